/* Top 10 of words, any of them and all of them, over everything a record says; one thread.
 *
 *   topk queries RECORDS.ndjson QUERIES     draws queries of 1 to 4 words from titles and
 * conditions topk search QUERIES ROUNDS SEGMENT…     one JSON line a kind: microseconds topk each
 * QUERIES ROUNDS SEGMENT…       line number and microseconds of each query topk hits QUERIES
 * SEGMENT…              line number, rank, NCT number, score of every hit
 *
 * A query is a line "OR|AND TAB stem stem …": the stems are those of the index, so that other
 * engines can be asked for the very same words. The first round only warms. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/json.h"
#include "base/queue.h"
#include "query/exec.h"
#include "text/token.h"

#include <stdio.h>
#include <time.h>

enum { QUERIES = 1000, WORDS_MAX = 4 };

static int fail(const char *what, const th_err *err) {
  fprintf(stderr, "topk: %s %s\n", what, err ? err->message : "");
  return 4;
}

/* ---- drawing ---- */

static uint64_t random_next(uint64_t *state) { /* splitmix64 */
  uint64_t z = (*state += 0x9E3779B97F4A7C15ull);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  return z ^ z >> 31;
}

/* Words of a text as stems, at most `most`, each once. */
static unsigned stems_of(th_span text, char out[][TH_TOKEN_MAX + 1], unsigned n, unsigned most) {
  th_tokens tokens;
  th_token t;
  th_tokens_init(&tokens, text);
  while (n < most && th_token_next(&tokens, &t)) {
    th_span stem = th_stem(th_thread_get()->stemmer, t.text);
    bool known = t.flags & TH_TOKEN_JOINED || stem.n > TH_TOKEN_MAX;
    for (unsigned i = 0; i < n && !known; i++)
      known = th_span_eq(th_span_of(out[i]), stem);
    if (known) continue;
    memcpy(out[n], stem.p, stem.n);
    out[n++][stem.n] = 0;
  }
  return n;
}

static void draw(const th_json *j, uint64_t *state, char line[1024]) {
  static char stems[256][TH_TOKEN_MAX + 1];
  unsigned n = stems_of(th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle"),
                        stems, 0, 256);
  uint32_t list = th_json_path(j, 0, "protocolSection.conditionsModule.conditions");
  for (th_json_each(j, list, c)) {
    if (!list) break;
    n = stems_of(th_json_text(j, c), stems, n, 256);
  }
  unsigned wanted = 1 + (unsigned)(random_next(state) >> 33) % WORDS_MAX, at = 0;
  line[0] = 0;
  for (unsigned k = 0; k < wanted && n; k++) {
    unsigned i = (unsigned)(random_next(state) >> 33) % n;
    at += (unsigned)snprintf(line + at, 1024 - at, "%s%s", k ? " " : "", stems[i]);
    memcpy(stems[i], stems[--n], sizeof stems[0]);
  }
}

static int write_queries(const char *records, const char *path) {
  th_err err = {0};
  th_buf all;
  th_json json;
  th_buf_init(&all, 0);
  if (th_file_read(&all, records, &err)) return fail("", &err);
  th_json_parser *parser = th_json_parser_new(64 << 20, 64);
  FILE *out = fopen(path, "w");
  if (!parser || !out) return fail("cannot write", NULL);
  uint64_t state = 42;
  char line[1024];
  for (unsigned n = 0; n < QUERIES;) {
    size_t at = random_next(&state) % all.n;
    const char *start = memrchr(all.p, '\n', at);
    start = start ? start + 1 : all.p;
    const char *end = memchr(start, '\n', (size_t)(all.p + all.n - start));
    size_t len = end ? (size_t)(end - start) : (size_t)(all.p + all.n - start);
    if (!len || th_json_parse(parser, (th_span){start, len}, &json, &err)) continue;
    draw(&json, &state, line);
    if (!line[0]) continue;
    fprintf(out, "OR\t%s\nAND\t%s\n", line, line);
    n++;
  }
  fclose(out);
  th_json_parser_free(parser);
  th_buf_dispose(&all);
  return 0;
}

/* ---- searching ---- */

typedef struct bench {
  th_snapshot snapshot;
  th_segment *segments[64];
  th_arena queries, each;
  const th_query *list[2 * QUERIES + 16];
  unsigned n;
} bench;

static int open_segments(bench *b, char **paths, int n) {
  th_err err = {0};
  for (int i = 0; i < n && i < 64; i++) {
    if (th_segment_open(&b->segments[i], paths[i], true, &err)) return fail("", &err);
    b->snapshot.n_docs += th_segment_docs(b->segments[i]);
    b->snapshot.n_segments++;
  }
  b->snapshot.n_live = b->snapshot.n_docs;
  b->snapshot.segments = b->segments;
  return 0;
}

static const th_query *query_of(bench *b, const char *kind, char *words) {
  const th_query *parts[64];
  size_t n = 0;
  for (char *w = strtok_r(words, " \n", &words); w && n < 64; w = strtok_r(NULL, " \n", &words)) {
    th_query *t = th_node_new(&b->queries, TH_N_TERM);
    t->scope = TH_A_COUNT;
    t->term.stem = th_arena_dup(&b->queries, th_span_of(w));
    t->term.weight = 1;
    parts[n++] = t;
  }
  return th_node_join(&b->queries, strcmp(kind, "OR") == 0 ? TH_N_OR : TH_N_AND, parts, n);
}

static int read_queries(bench *b, const char *path, const char *kind) {
  char *line = NULL;
  size_t cap = 0;
  FILE *in = fopen(path, "r");
  if (!in) return fail("cannot read the queries", NULL);
  b->n = 0;
  while (b->n < TH_COUNT(b->list) && getline(&line, &cap, in) > 0) {
    char *tab = strchr(line, '\t');
    if (!tab) continue;
    *tab = 0;
    if (!kind || strcmp(line, kind) == 0) b->list[b->n++] = query_of(b, line, tab + 1);
  }
  free(line);
  fclose(in);
  return 0;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Microseconds of this thread's own time: on a machine that is busy with other things. */
static double own_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* Hits and scores of a result, mixed into a sum that two ways of searching must have in common. */
static uint64_t mix_hits(uint64_t sum, const th_search_result *r) {
  for (uint32_t i = 0; i < r->n_hits; i++) {
    uint32_t score;
    memcpy(&score, &r->hits[i].score, sizeof score);
    sum = (sum ^ r->hits[i].nct) * 0x9E3779B97F4A7C15u;
    sum = (sum ^ score) * 0x9E3779B97F4A7C15u;
  }
  return sum;
}

static int run(bench *b, const char *kind, unsigned rounds, bool exhaustive, bool count) {
  th_search_result r;
  th_err err = {0};
  size_t n = 0, most = (size_t)b->n * rounds;
  uint64_t hits = 0, sum_of_hits = 0;
  bool own = getenv("TOPK_CPU_TIME");
  double *us = calloc(most + 1, sizeof *us), sum = 0;
  for (unsigned round = 0; us && round < rounds; round++) {
    for (unsigned i = 0; i < b->n; i++) {
      th_search_request q = {
          .scored = b->list[i], .size = 10, .exhaustive = exhaustive, .count = count};
      double start = own ? own_us() : th_clock_mono() * 1e6;
      th_arena_reset(&b->each, false);
      if (th_search(&b->snapshot, &q, &b->each, &r, &err)) return fail("", &err);
      if (round || rounds == 1) us[n++] = (own ? own_us() : th_clock_mono() * 1e6) - start;
      if (!round) hits += r.n_hits;
      if (round + 1 == rounds) sum_of_hits = mix_hits(sum_of_hits, &r);
    }
  }
  if (!us || !n) return fail("no queries", NULL);
  qsort(us, n, sizeof *us, by_value);
  for (size_t i = 0; i < n; i++)
    sum += us[i];
  printf("{\"peer\":\"trialhead\",\"kind\":\"%s\"%s%s,\"queries\":%u,\"mean_us\":%.1f,"
         "\"p50_us\":%.1f,\"p99_us\":%.1f,\"hits\":%llu,\"sum\":\"%llx\"}\n",
         kind, exhaustive ? ",\"exhaustive\":true" : "", count ? ",\"count\":true" : "", b->n,
         sum / (double)n, us[n / 2], us[n * 99 / 100], (unsigned long long)hits,
         (unsigned long long)sum_of_hits);
  free(us);
  return 0;
}

static int search(bench *b, const char *queries, unsigned rounds) {
  static const char *const kinds[] = {"OR", "AND"};
  int rc = 0;
  for (int k = 0; k < 2 && !rc; k++) {
    rc = read_queries(b, queries, kinds[k]);
    if (rc || b->n == 0) continue;
    rc = run(b, kinds[k], rounds, false, false);
    if (!rc && !getenv("TOPK_PRUNED")) rc = run(b, kinds[k], rounds, true, false);
    if (!rc && !getenv("TOPK_PRUNED")) rc = run(b, kinds[k], rounds, false, true);
  }
  return rc;
}

/* What each query takes: microseconds of this thread's time, in the middle of all rounds but the
 * first. */
static int show_each(bench *b, const char *queries, unsigned rounds) {
  th_search_result r;
  th_err err = {0};
  int rc = read_queries(b, queries, NULL);
  double *us = calloc((size_t)rounds * b->n + 1, sizeof *us);
  if (!rc && !us) rc = fail("out of memory", NULL);
  for (unsigned round = 0; !rc && round < rounds; round++) {
    for (unsigned i = 0; i < b->n; i++) {
      th_search_request q = {.scored = b->list[i], .size = 10};
      double start = own_us();
      th_arena_reset(&b->each, false);
      if ((rc = th_search(&b->snapshot, &q, &b->each, &r, &err))) break;
      us[(size_t)i * rounds + round] = round ? own_us() - start : 0;
    }
  }
  for (unsigned i = 0; !rc && i < b->n; i++) {
    double *of = us + (size_t)i * rounds;
    qsort(of, rounds, sizeof *of, by_value);
    printf("%u\t%.1f\n", i + 1, of[(rounds + 1) / 2]);
  }
  free(us);
  return rc ? fail("", &err) : 0;
}

static int show_hits(bench *b, const char *queries) {
  th_search_result r;
  th_err err = {0};
  int rc = read_queries(b, queries, NULL);
  for (unsigned i = 0; i < b->n && !rc; i++) {
    th_search_request q = {.scored = b->list[i], .size = 10};
    th_arena_reset(&b->each, false);
    if ((rc = th_search(&b->snapshot, &q, &b->each, &r, &err))) return fail("", &err);
    for (uint32_t k = 0; k < r.n_hits; k++)
      printf("%u\t%u\tNCT%08u\t%.6f\n", i + 1, k + 1, r.hits[k].nct, (double)r.hits[k].score);
  }
  return rc;
}

int main(int argc, char **argv) {
  static bench b;
  th_arena_init(&b.queries, 0);
  th_arena_init(&b.each, 0);
  int rc = 2;
  if (argc == 4 && strcmp(argv[1], "queries") == 0)
    rc = write_queries(argv[2], argv[3]);
  else if (argc > 4 && strcmp(argv[1], "search") == 0)
    rc = open_segments(&b, argv + 4, argc - 4);
  else if (argc > 4 && strcmp(argv[1], "each") == 0)
    rc = open_segments(&b, argv + 4, argc - 4);
  else if (argc > 3 && strcmp(argv[1], "hits") == 0)
    rc = open_segments(&b, argv + 3, argc - 3);
  if (rc == 2) fprintf(stderr, "usage: see the top of topk.c\n");
  if (!rc && strcmp(argv[1], "search") == 0)
    rc = search(&b, argv[2], (unsigned)strtoul(argv[3], NULL, 10));
  if (!rc && strcmp(argv[1], "each") == 0)
    rc = show_each(&b, argv[2], (unsigned)strtoul(argv[3], NULL, 10));
  if (!rc && strcmp(argv[1], "hits") == 0) rc = show_hits(&b, argv[2]);
  for (uint32_t i = 0; i < b.snapshot.n_segments; i++)
    th_segment_close(b.segments[i]);
  th_arena_dispose(&b.queries);
  th_arena_dispose(&b.each);
  return rc;
}
