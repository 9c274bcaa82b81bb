/* Ranks a collection of notes over a data directory: bench/match gives it weights and scores what
 * comes out. The weight order=1 asks for the order with eligible studies first; shown=N gives out N
 * studies, each explained, and questions, as a person would ask. dump=1 writes, instead of a run,
 * what the order with eligible studies first knows of each candidate, judged with its text, in the
 * order by relevance:
 *
 *   TOPIC NCT SCORE INCLUSIONS MET LACKING AGAINST…      (a count for each ground)
 *
 *   match_run DATA NOTES.jsonl RUN [NOTES.jsonl RUN …] [-- NAME=VALUE …]
 *
 * Standard input "NAME=VALUE …" lines instead of arguments (with -- -) rank again for each line,
 * and answer "ok" and the milliseconds a note when the runs are written. */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "match/find.h"
#include "registry/concepts.h"
#include "study/nct.h"

enum { NOTES_MAX = 4096, DEPTH = 500 };

typedef struct notes {
  th_buf bytes, text;
  struct {
    char id[64];
    th_span text;
  } note[NOTES_MAX];
  size_t n;
  const char *run;
} notes;

static notes collections[8];
static size_t n_collections;
static uint32_t shown; /* 0: a run without explanations */
static bool dump;

static void die(const th_err *err) {
  fprintf(stderr, "match_run: %s\n", err->message);
  exit(2);
}

static void load(notes *out, const char *path, const char *run, th_err *err) {
  th_json_parser *parser = th_json_parser_new(1 << 24, 16);
  th_json json;
  th_buf_init(&out->bytes, 1 << 28);
  out->run = run;
  if (!parser || th_file_read(&out->bytes, path, err) < 0) die(err);
  for (size_t at = 0, end; at < out->bytes.n && out->n < NOTES_MAX; at = end + 1) {
    char *nl = memchr(out->bytes.p + at, '\n', out->bytes.n - at);
    end = nl ? (size_t)(nl - out->bytes.p) : out->bytes.n;
    if (end == at) continue;
    if (th_json_parse(parser, (th_span){out->bytes.p + at, end - at}, &json, err) < 0) die(err);
    th_span id = th_json_path_text(&json, 0, "_id"), text = th_json_path_text(&json, 0, "text");
    snprintf(out->note[out->n].id, sizeof out->note[0].id, "%.*s", (int)id.n, id.p);
    char *copy = calloc(1, text.n + TH_PAD);
    if (!copy) abort();
    memcpy(copy, text.p, text.n);
    out->note[out->n++].text = (th_span){copy, text.n};
  }
  th_json_parser_free(parser);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Milliseconds of processor time. */
static double rank_note(const th_ranker *ranker, th_store *store, th_find_order order, th_span text,
                        th_arena *arena, th_find_result *out, th_err *err) {
  th_patient patient;
  th_patient_options options = {.form = TH_PATIENT_NOTE, .dict = th_ranker_concepts(ranker)};
  th_find_request request = {.patient = &patient,
                             .order = order,
                             .presume = TH_PRESUME_SILENCE,
                             .n = dump    ? TH_FIND_CANDIDATES
                                  : shown ? shown
                                          : DEPTH,
                             .explain = dump || shown,
                             .questions = shown ? 8 : 0};
  double from = now();
  int rc = th_patient_read(&patient, text, &options, err);
  if (rc == 0) rc = th_find(ranker, store, &request, arena, out, err);
  if (rc < 0) die(err);
  th_patient_dispose(&patient);
  return now() - from;
}

static void put_ranked(FILE *f, const char *topic, const char *nct, uint32_t k) {
  fprintf(f, "%s Q0 %s %u %u trialhead\n", topic, nct, k + 1, DEPTH - k);
}

static void put_candidate(FILE *f, const char *topic, const char *nct, const th_found *s) {
  const th_verdict_trial *t = &s->trial;
  fprintf(f, "%s %s %.9g %u %u %u", topic, nct, (double)s->ranked.score, t->inclusions, t->had,
          t->lacking);
  for (size_t g = 0; g < TH_N_GROUNDS; g++)
    fprintf(f, " %u", t->against[g]);
  fputc('\n', f);
}

static double rank_all(const notes *c, const th_ranker *ranker, th_store *store,
                       th_find_order order, th_err *err) {
  FILE *f = fopen(c->run, "w");
  th_arena arena;
  double spent = 0;
  if (!f) abort();
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < c->n; i++) {
    th_find_result found;
    char nct[TH_NCT_LEN + 1];
    spent += rank_note(ranker, store, order, c->note[i].text, &arena, &found, err);
    for (uint32_t k = 0; k < found.n; k++) {
      th_nct_format(found.studies[k].ranked.nct, nct);
      if (dump)
        put_candidate(f, c->note[i].id, nct, &found.studies[k]);
      else
        put_ranked(f, c->note[i].id, nct, k);
    }
    th_find_dispose(&found);
    th_arena_reset(&arena, true);
  }
  th_arena_dispose(&arena);
  fclose(f);
  return spent;
}

static void rank_with(const th_snapshot *snapshot, const th_concepts *dict,
                      const th_expander *expander, th_store *store, char *weights) {
  th_match_tuning tuning = th_match_tuning_default;
  th_err err = {0};
  th_find_order order = TH_BY_RELEVANCE;
  double spent = 0;
  size_t n = 0;
  shown = 0, dump = false;
  for (char *w = strtok_r(weights, " \n", &weights); w; w = strtok_r(NULL, " \n", &weights)) {
    char *eq = strchr(w, '=');
    if (!strncmp(w, "shown=", 6)) {
      shown = (uint32_t)strtoul(w + 6, NULL, 10);
      continue;
    }
    if (!strcmp(w, "dump=1")) {
      dump = true;
      continue;
    }
    if (!strncmp(w, "order=", 6)) {
      order = w[6] == '1' ? TH_ELIGIBLE_FIRST : TH_BY_RELEVANCE;
      continue;
    }
    if (!eq || !th_match_tuning_set(&tuning, (th_span){w, (size_t)(eq - w)}, strtof(eq + 1, NULL)))
      fprintf(stderr, "match_run: no weight %s\n", w), exit(2);
  }
  th_ranker *ranker = th_ranker_new(snapshot, dict, expander, &tuning, &err);
  if (!ranker) die(&err);
  for (size_t i = 0; i < n_collections; i++, n += collections[i - 1].n)
    spent += rank_all(&collections[i], ranker, store, order, &err);
  th_ranker_free(ranker);
  printf("ok %.3f\n", n ? spent / (double)n : 0);
  fflush(stdout);
}

int main(int argc, char **argv) {
  th_err err = {0};
  th_registry *registry;
  th_concepts dict;
  char line[4096] = "";
  int i = 2;
  if (argc < 4) return fprintf(stderr, "usage: match_run DATA NOTES RUN … [-- WEIGHTS|-]\n"), 2;
  if (th_registry_open(&registry, argv[1], TH_REGISTRY_READ, &err) < 0) die(&err);
  for (; i + 1 < argc && strcmp(argv[i], "--") && n_collections < TH_COUNT(collections); i += 2)
    load(&collections[n_collections++], argv[i], argv[i + 1], &err);
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(registry));
  if (th_registry_concepts(snapshot, &dict, &err) < 0) die(&err);
  th_expander expander = th_registry_expander(&dict);
  if (i + 1 < argc && !strcmp(argv[i + 1], "-")) {
    while (fgets(line, sizeof line, stdin))
      rank_with(snapshot, &dict, &expander, th_registry_store(registry), line);
  } else {
    for (i++; i < argc; i++)
      snprintf(line + strlen(line), sizeof line - strlen(line), "%s ", argv[i]);
    rank_with(snapshot, &dict, &expander, th_registry_store(registry), line);
  }
  th_index_release(th_registry_index(registry), snapshot);
  th_registry_close(registry);
  return 0;
}
