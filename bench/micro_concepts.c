/* Look-ups, and text matched, with the dictionary of a data directory:
 * micro_concepts DIR FILE */
#include <stdio.h>

#include "base/file.h"
#include "base/queue.h"
#include "registry/concepts.h"

enum { ROUNDS = 5, LOOKUPS = 200000 };

static int count(void *ctx, const th_mention *m) {
  (void)m;
  ++*(uint64_t *)ctx;
  return 0;
}

static int match_text(const th_concepts *d, th_span text, th_err *err) {
  th_concept_matcher *m = th_concept_matcher_new();
  double best = 1e9;
  uint64_t n = 0;
  int rc = m ? 0 : TH_ENOMEM;
  for (int i = 0; !rc && i < ROUNDS; i++) {
    double start = th_clock_mono();
    n = 0;
    rc = th_concepts_match(d, m, text, 0, count, &n, err);
    best = TH_MIN(best, th_clock_mono() - start);
  }
  printf("match: %.1f MB, %llu mentions, %.0f MB/s\n", (double)text.n / 1e6, (unsigned long long)n,
         (double)text.n / best / 1e6);
  th_concept_matcher_free(m);
  return rc;
}

/* Labels all over the dictionary, as if typed. */
static int expand_labels(const th_concepts *d, th_err *err) {
  th_arena arena;
  uint64_t found = 0;
  int rc = 0;
  th_arena_init(&arena, 0);
  double start = th_clock_mono();
  for (uint32_t i = 0; !rc && d->n_labels && i < LOOKUPS; i++) {
    th_label l;
    th_alternative *list;
    size_t n = 0;
    if (!th_concepts_label(d, (uint32_t)((uint64_t)i * 7919 % d->n_labels), &l)) continue;
    rc = th_concepts_expand(d, l.text, NULL, &arena, &list, &n, err);
    found += n;
    th_arena_reset(&arena, false);
  }
  printf("expand: %.2f us, %.1f alternatives\n", (th_clock_mono() - start) * 1e6 / LOOKUPS,
         (double)found / LOOKUPS);
  th_arena_dispose(&arena);
  return rc;
}

int main(int argc, char **argv) {
  th_err err = {0};
  th_registry *r = NULL;
  th_concepts d;
  th_buf text;
  th_buf_init(&text, 0);
  if (argc != 3) {
    fprintf(stderr, "usage: micro_concepts DIR FILE\n");
    return 2;
  }
  int rc = th_registry_open(&r, argv[1], TH_REGISTRY_READ, &err);
  if (!rc) rc = th_file_read(&text, argv[2], &err);
  if (!rc) {
    const th_snapshot *s = th_index_acquire(th_registry_index(r));
    double start = th_clock_mono();
    rc = th_registry_concepts(s, &d, &err);
    printf("open: %.2f ms; %u concepts, %u labels, %u words\n", (th_clock_mono() - start) * 1e3,
           d.n_concepts, d.n_labels, d.n_words);
    if (!rc) rc = expand_labels(&d, &err);
    if (!rc) rc = match_text(&d, th_buf_view(&text), &err);
    th_index_release(th_registry_index(r), s);
  }
  if (rc) fprintf(stderr, "micro_concepts: %s\n", err.message);
  th_registry_close(r);
  th_buf_dispose(&text);
  return rc ? 1 : 0;
}
