/* What it costs to publish a few changes into a large index:
 *   micro_publish FOLDER [DOCUMENTS]   (an empty folder; 600,000 documents of one word) */
#include "../tests/unit/test.h"

#include <stdio.h>

#include "../tests/unit/index/small_segment.h"
#include "base/queue.h"
#include "index/index.h"

enum { CHANGES = 100, ROUNDS = 20 };

static void publish(th_index *index, uint32_t n_docs, uint32_t among, uint64_t *seed,
                    uint64_t *seq) {
  char path[4096];
  const char *added = path;
  small_docs d;
  th_err err = {0};
  small_init(&d, n_docs, 1);
  for (uint32_t i = 0; i < n_docs; i++) {
    d.nct[i] = n_docs == among ? i : small_draw(seed, among);
    d.seq[i] = ++*seq;
    small_add(&d, i, 0, 0, i % 1000, 0);
  }
  th_index_new_segment_path(index, path, sizeof path);
  small_write(&d, path);
  small_dispose(&d);
  double start = th_clock_mono();
  th_index_update u = {.added = &added, .n_added = 1, .applied_seq = *seq};
  if (th_index_publish(index, &u, &err)) {
    fprintf(stderr, "%s\n", err.message);
    exit(1);
  }
  printf("%u documents published in %.2f ms\n", n_docs, 1e3 * (th_clock_mono() - start));
}

int main(int argc, char **argv) {
  th_index *index;
  th_err err = {0};
  uint64_t seed = 1, seq = 0;
  uint32_t docs = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 600000, segment, doc;
  if (argc < 2 || docs == 0 || th_index_open(&index, argv[1], true, &err)) {
    fprintf(stderr, "usage: micro_publish FOLDER [DOCUMENTS] %s\n", err.message);
    return 2;
  }
  publish(index, docs, docs, &seed, &seq);
  for (int i = 0; i < ROUNDS; i++)
    publish(index, CHANGES, docs, &seed, &seq);
  const th_snapshot *s = th_index_acquire(index);
  double start = th_clock_mono();
  uint32_t found = 0, n = 100000;
  for (uint32_t i = 0; i < n; i++)
    found += th_snapshot_find(s, small_draw(&seed, docs), &segment, &doc);
  printf("a study found among %u segments in %.2f us\n", s->n_segments,
         1e6 * (th_clock_mono() - start) / n);
  if (found != n || s->n_live != docs) return 1;
  th_index_release(index, s);
  start = th_clock_mono();
  for (uint32_t i = 0; i < n; i++)
    th_index_release(index, th_index_acquire(index));
  printf("a snapshot taken and given back in %.0f ns\n", 1e9 * (th_clock_mono() - start) / n);
  th_index_close(index);
  return 0;
}
