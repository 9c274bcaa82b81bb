/* Time of expressions: from the text to the count and the first ten studies.
 *
 *   expressions search FILE ROUNDS DATA    FILE: one expression a line, in the registry's language.
 * One JSON line each: {"line":,"us":,"own_us":,"total":}; us is the median over the rounds of
 * parsing and searching, one thread, warm; own_us that of the thread's own time, which a busy
 * machine does not change. Newest studies first, with an exact count. */
#define _GNU_SOURCE
#include "base/file.h"
#include "base/queue.h"
#include "query/search.h"
#include "registry/registry.h"
#include "study/catalogue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double own_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int ask(const th_snapshot *snapshot, th_arena *arena, th_span text, int64_t *total,
               th_err *err) {
  th_query *q = NULL;
  th_search_result found;
  th_arena_reset(arena, false);
  int rc = th_query_parse(&q, arena, text, TH_A_COUNT, "Other terms", err);
  if (rc) return rc;
  th_search_request request = {.filter = q, .size = 10, .count = true, .n_sort = 0};
  rc = th_search(snapshot, &request, arena, &found, err);
  *total = found.total;
  return rc;
}

static int measure(const th_snapshot *snapshot, FILE *in, unsigned rounds, th_err *err) {
  th_arena arena;
  char *line = NULL;
  size_t cap = 0;
  unsigned number = 0;
  int rc = 0;
  double *us = calloc(rounds, sizeof *us), *own = calloc(rounds, sizeof *own);
  th_arena_init(&arena, 0);
  if (!us || !own) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  while (!rc && getline(&line, &cap, in) > 0) {
    int64_t total = 0;
    th_span text = th_span_trim(th_span_of(line));
    number++;
    for (unsigned i = 0; i < rounds && !rc; i++) {
      double own_start = own_clock(), start = th_clock_mono();
      rc = ask(snapshot, &arena, text, &total, err);
      us[i] = (th_clock_mono() - start) * 1e6;
      own[i] = (own_clock() - own_start) * 1e6;
    }
    if (rc) {
      fprintf(stderr, "expressions: line %u: %s\n", number, err->message);
      break;
    }
    qsort(us, rounds, sizeof *us, by_value);
    qsort(own, rounds, sizeof *own, by_value);
    printf("{\"line\":%u,\"us\":%.2f,\"own_us\":%.2f,\"total\":%lld}\n", number, us[rounds / 2],
           own[rounds / 2], (long long)total);
  }
  th_arena_dispose(&arena);
  free(us);
  free(own);
  free(line);
  return rc;
}

int main(int argc, char **argv) {
  th_registry *registry = NULL;
  th_err err = {0};
  if (argc != 5 || strcmp(argv[1], "search") != 0) {
    fprintf(stderr, "usage: see the top of expressions.c\n");
    return 2;
  }
  FILE *in = fopen(argv[2], "r");
  int rc = in ? th_registry_open(&registry, argv[4], TH_REGISTRY_READ, &err)
              : th_err_sys(&err, "cannot read %s", argv[2]);
  if (rc == 0) {
    th_index *index = th_registry_index(registry);
    const th_snapshot *snapshot = th_index_acquire(index);
    unsigned rounds = (unsigned)strtoul(argv[3], NULL, 10);
    rc = measure(snapshot, in, rounds ? rounds : 1, &err);
    th_index_release(index, snapshot);
  }
  if (rc) fprintf(stderr, "expressions: %s\n", err.message);
  th_registry_close(registry);
  if (in) fclose(in);
  return rc ? 4 : 0;
}
