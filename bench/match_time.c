/* What matching one patient takes in a process that is warm, stage by stage, on one core.
 *
 *   match_time DATA [--order eligible|relevance] [--shown N] [--rounds N] [--out FILE] FILE…
 *
 * A FILE is notes as lines {"_id", "text"} (its name ends in .jsonl), or else one record. Each
 * round reads, matches and writes every patient; the first round is not counted. Prints one JSON
 * object: milliseconds of getting ready, of the first patient of all, and by stage the mean,
 * median, 99th percentile and most. FILE of --out gets all answers, one a line: two programs that
 * mean the same write the same. */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "match/explain.h"
#include "registry/concepts.h"

enum { PATIENTS_MAX = 4096, QUESTIONS = 8, RECORD_MAX = 1 << 28 };

typedef enum stage { READ, FIND, WRITE, ALL, N_STAGES } stage;
static const char *const stage_names[] = {"read", "find", "write", "all"};

typedef struct guest {
  th_span text;
  th_patient_form form;
} guest;

typedef struct bench {
  th_ranker *ranker;
  th_store *store;
  th_find_order order;
  uint32_t shown, rounds;
  const char *out;
  guest guests[PATIENTS_MAX];
  size_t n;
  double *times[N_STAGES]; /* ms of processor time */
  double *wall;
  size_t n_times;
  th_arena arena;
  th_buf answer;
} bench;

static bench b = {.order = TH_ELIGIBLE_FIRST, .shown = 100, .rounds = 3};

static void die(const th_err *err) {
  fprintf(stderr, "match_time: %s\n", err->message);
  exit(2);
}

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- patients ---- */

static void add(th_span text, th_patient_form form) {
  char *copy = calloc(1, text.n + TH_PAD);
  if (!copy || b.n == PATIENTS_MAX) abort();
  memcpy(copy, text.p, text.n);
  b.guests[b.n++] = (guest){{copy, text.n}, form};
}

static void add_notes(th_span all, th_err *err) {
  th_json_parser *parser = th_json_parser_new(1 << 24, 16);
  th_json json;
  if (!parser) abort();
  for (size_t at = 0, end; at < all.n; at = end + 1) {
    const char *nl = memchr(all.p + at, '\n', all.n - at);
    end = nl ? (size_t)(nl - all.p) : all.n;
    if (end == at) continue;
    if (th_json_parse(parser, (th_span){all.p + at, end - at}, &json, err) < 0) die(err);
    add(th_json_path_text(&json, 0, "text"), TH_PATIENT_NOTE);
  }
  th_json_parser_free(parser);
}

static void load(const char *path, th_err *err) {
  th_buf bytes;
  size_t n = strlen(path);
  th_buf_init(&bytes, RECORD_MAX);
  if (th_file_read(&bytes, path, err) < 0) die(err);
  if (n > 6 && !strcmp(path + n - 6, ".jsonl"))
    add_notes(th_buf_view(&bytes), err);
  else
    add(th_buf_view(&bytes), TH_PATIENT_AUTO);
  th_buf_dispose(&bytes);
}

/* ---- one patient ---- */

static void write_answer(const th_find_result *found, const th_find_request *request) {
  th_jout w;
  th_buf_clear(&b.answer);
  th_jout_init(&w, &b.answer, false);
  th_jout_object(&w);
  th_explain_result(found, request, &w);
  th_jout_end_object(&w);
}

static void match(const guest *g, double spent[N_STAGES], th_err *err) {
  th_patient patient;
  th_find_result found;
  th_patient_options options = {
      .form = g->form, .dict = th_ranker_concepts(b.ranker), .has_as_of = true, .as_of = 20000};
  double t[4] = {now(CLOCK_THREAD_CPUTIME_ID)};
  if (th_patient_read(&patient, g->text, &options, err) < 0) die(err);
  t[1] = now(CLOCK_THREAD_CPUTIME_ID);
  th_find_request request = {.patient = &patient,
                             .order = b.order,
                             .presume = th_find_presume(&patient),
                             .n = b.shown,
                             .explain = true,
                             .questions = QUESTIONS};
  if (th_find(b.ranker, b.store, &request, &b.arena, &found, err) < 0) die(err);
  t[2] = now(CLOCK_THREAD_CPUTIME_ID);
  write_answer(&found, &request);
  th_find_dispose(&found);
  th_patient_dispose(&patient);
  th_arena_reset(&b.arena, true);
  t[3] = now(CLOCK_THREAD_CPUTIME_ID);
  for (int s = READ; s <= WRITE; s++)
    spent[s] = t[s + 1] - t[s];
  spent[ALL] = t[3] - t[0];
}

static void run(double *first, th_err *err) {
  FILE *out = b.out ? fopen(b.out, "w") : NULL;
  size_t most = b.n * b.rounds + 1;
  b.wall = calloc(most, sizeof *b.wall);
  for (int s = 0; s < N_STAGES; s++)
    if (!(b.times[s] = calloc(most, sizeof *b.times[s]))) abort();
  if (!b.wall || (b.out && !out)) abort();
  for (uint32_t round = 0; round <= b.rounds; round++)
    for (size_t i = 0; i < b.n; i++) {
      double spent[N_STAGES], from = now(CLOCK_MONOTONIC);
      match(&b.guests[i], spent, err);
      double took = now(CLOCK_MONOTONIC) - from;
      if (round == 0 && i == 0) *first = took;
      if (round == 0 && out) fprintf(out, "%.*s\n", (int)b.answer.n, b.answer.p);
      if (round == 0) continue;
      for (int s = 0; s < N_STAGES; s++)
        b.times[s][b.n_times] = spent[s];
      b.wall[b.n_times++] = took;
    }
  if (out) fclose(out);
}

/* ---- figures ---- */

static int by_value(const void *x, const void *y) {
  double a = *(const double *)x, c = *(const double *)y;
  return (a > c) - (a < c);
}

static void show(const char *name, double *v, size_t n) {
  double sum = 0;
  qsort(v, n, sizeof *v, by_value);
  for (size_t i = 0; i < n; i++)
    sum += v[i];
  printf(",\"%s\":{\"mean\":%.3f,\"p50\":%.3f,\"p99\":%.3f,\"most\":%.3f}", name,
         n ? sum / (double)n : 0, n ? v[n / 2] : 0, n ? v[n * 99 / 100] : 0, n ? v[n - 1] : 0);
}

static const char *option(int argc, char **argv, int *i) {
  if (*i + 1 >= argc) fprintf(stderr, "match_time: %s: what?\n", argv[*i]), exit(2);
  return argv[++*i];
}

int main(int argc, char **argv) {
  th_err err = {0};
  th_registry *registry;
  th_concepts dict;
  double first = 0;
  if (argc < 3) return fprintf(stderr, "usage: match_time DATA [OPTION…] FILE…\n"), 2;
  for (int i = 2; i < argc; i++) {
    if (!strcmp(argv[i], "--shown"))
      b.shown = (uint32_t)strtoul(option(argc, argv, &i), NULL, 10);
    else if (!strcmp(argv[i], "--rounds"))
      b.rounds = (uint32_t)strtoul(option(argc, argv, &i), NULL, 10);
    else if (!strcmp(argv[i], "--order"))
      b.order = *option(argc, argv, &i) == 'r' ? TH_BY_RELEVANCE : TH_ELIGIBLE_FIRST;
    else if (!strcmp(argv[i], "--out"))
      b.out = option(argc, argv, &i);
    else
      load(argv[i], &err);
  }
  double from = now(CLOCK_MONOTONIC);
  if (th_registry_open(&registry, argv[1], TH_REGISTRY_READ, &err) < 0) die(&err);
  double opened = now(CLOCK_MONOTONIC);
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(registry));
  if (th_registry_concepts(snapshot, &dict, &err) < 0) die(&err);
  th_expander expander = th_registry_expander(&dict);
  b.store = th_registry_store(registry);
  b.ranker = th_ranker_new(snapshot, &dict, &expander, NULL, &err);
  if (!b.ranker) die(&err);
  double ready = now(CLOCK_MONOTONIC);
  th_arena_init(&b.arena, 0);
  th_buf_init(&b.answer, 0);
  run(&first, &err);
  printf("{\"patients\":%zu,\"open\":%.1f,\"ready\":%.1f,\"first\":%.1f", b.n, opened - from,
         ready - opened, first);
  for (int s = 0; s < N_STAGES; s++)
    show(stage_names[s], b.times[s], b.n_times);
  show("wall", b.wall, b.n_times);
  printf("}\n");
  th_ranker_free(b.ranker);
  th_arena_dispose(&b.arena);
  th_buf_dispose(&b.answer);
  th_index_release(th_registry_index(registry), snapshot);
  th_registry_close(registry);
  return 0;
}
