/* The criteria book of a data directory: criteria_book DIR [ROUNDS]. Prints studies, bytes of the
 * files, user time of reading every tree, and of a filter by each of some values. */
#include <stdio.h>
#include <sys/resource.h>

#include "criteria/accepts.h"
#include "criteria/book.h"
#include "query/limits.h"
#include "registry/registry.h"

static double user_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec * 1e-6;
}

typedef struct sums {
  size_t trees, nodes, facts, arena;
  th_arena *a;
} sums;

static int add(void *ctx, uint32_t nct, uint32_t segment, uint32_t doc, const th_elig_tree *tree) {
  sums *s = ctx;
  (void)nct, (void)segment, (void)doc;
  s->trees++;
  s->nodes += tree->n_nodes;
  s->facts += tree->n_facts;
  s->arena += s->a->used;
  return 0;
}

static size_t bytes_of(const th_snapshot *s, uint32_t kind) {
  size_t n = 0;
  for (uint32_t i = 0; i < s->n_segments; i++) {
    th_side side;
    if (th_snapshot_side(s, kind, i, &side, NULL) == 0) n += side.n;
  }
  return n;
}

static void filter(const th_snapshot *s, const char *pair, int rounds) {
  th_arena arena;
  th_query *q;
  th_err err = {0};
  th_search_result result = {0};
  double best = 1e9;
  th_arena_init(&arena, 0);
  for (int i = 0; i < rounds; i++) {
    th_arena_reset(&arena, false);
    if (th_criteria_accepts_pair(&q, &arena, th_span_of(pair), &err)) abort();
    th_search_request request = {.filter = q, .size = 10, .count = true};
    double from = user_seconds();
    for (int k = 0; k < 20; k++)
      if (th_search(s, &request, &arena, &result, &err)) abort();
    best = TH_MIN(best, (user_seconds() - from) / 20);
  }
  printf("%-24s %8lld studies  %7.0f us\n", pair, (long long)result.total, best * 1e6);
  th_arena_dispose(&arena);
}

int main(int argc, char **argv) {
  static const char *const pairs[] = {
      "creatinine=1.8 mg/dL", "ecog=2", "age=0.5", "age=40", "bmi=42", "platelets=50000/uL"};
  th_registry *r;
  th_err err = {0};
  th_arena arena, trees;
  th_criteria_book book;
  double best = 1e9;
  sums s = {0};
  if (argc < 2 || th_registry_open(&r, argv[1], TH_REGISTRY_READ, &err)) {
    fprintf(stderr, "usage: criteria_book DIR [ROUNDS] %s\n", err.message);
    return 2;
  }
  int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
  th_arena_init(&arena, 0);
  th_arena_init(&trees, 0);
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(r));
  if (th_criteria_book_open(&book, snapshot, &arena, &err)) abort();
  for (int i = 0; i < rounds; i++) {
    s = (sums){.a = &trees};
    double from = user_seconds();
    if (th_criteria_book_each(&book, &trees, add, &s, &err)) abort();
    best = TH_MIN(best, user_seconds() - from);
  }
  size_t bytes = bytes_of(snapshot, TH_CRITERIA_SIDE), limits = bytes_of(snapshot, TH_LIMITS_SIDE);
  double n = (double)TH_MAX(s.trees, 1u);
  printf("%zu studies, %zu nodes, %zu facts; %u segments without a file\n", s.trees, s.nodes,
         s.facts, book.n_missing);
  printf("book %zu bytes, %.0f a study; limits %zu bytes, %.1f a study\n", bytes, (double)bytes / n,
         limits, (double)limits / n);
  printf("a tree in %.2f us, %.0f bytes of arena\n", best * 1e6 / n, (double)s.arena / n);
  for (size_t i = 0; i < TH_COUNT(pairs); i++)
    filter(snapshot, pairs[i], rounds);
  th_index_release(th_registry_index(r), snapshot);
  th_registry_close(r);
  th_arena_dispose(&trees);
  th_arena_dispose(&arena);
  return 0;
}
