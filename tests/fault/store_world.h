/* A small world of batches for the fault and kill tests of the store: what batch b holds follows
 * from b alone, so that a store can be judged by which batches were acknowledged. */
#ifndef TH_STORE_WORLD_H
#define TH_STORE_WORLD_H

#include "../unit/store/store_test.h"

/* PROBE: a batch that comes after all others, to see that the store still takes some. */
enum { BATCH = 5, RECORD_LEN = 1500, PROBE = 900000 };

typedef struct world {
  char folder[64];
  th_buf text, got;
} world;

static inline void world_init(world *w) {
  snprintf(w->folder, sizeof w->folder, "/tmp/th-world-XXXXXX");
  assert_non_null(mkdtemp(w->folder));
  th_buf_init(&w->text, 0);
  th_buf_init(&w->got, 0);
}

static inline void world_dispose(world *w) {
  test_remove_folder(w->folder);
  th_buf_dispose(&w->text);
  th_buf_dispose(&w->got);
}

/* Batch b, from 1: BATCH new studies, and a further version of one that eight batches share. */
static inline uint32_t batch_nct(uint32_t b, uint32_t i) {
  return i < BATCH ? b * 10 + i : b / 8 * 10 + 9;
}
static inline uint32_t batch_variant(uint32_t b, uint32_t i) {
  return i < BATCH ? 1 : b;
}

static inline int world_put(th_store *store, uint32_t b, th_err *err) {
  th_put puts[BATCH + 1] = {0};
  th_buf text[BATCH + 1];
  int rc = 0;
  for (uint32_t i = 0; i <= BATCH; i++) {
    puts[i].nct = batch_nct(b, i);
    th_buf_init(&text[i], 0);
    test_record(&text[i], puts[i].nct, batch_variant(b, i), RECORD_LEN);
    if (text[i].error) rc = text[i].error;
    puts[i].json = th_buf_view(&text[i]);
    th_store_hash(puts[i].json, puts[i].hash);
  }
  if (!rc) rc = th_store_put(store, puts, BATCH + 1, err);
  for (uint32_t i = 0; i <= BATCH; i++)
    th_buf_dispose(&text[i]);
  return rc;
}

/* Whether some version of the study is that variant. */
static inline bool world_has(world *w, th_store_reader *r, uint32_t nct, uint32_t variant) {
  th_buf_clear(&w->text);
  test_record(&w->text, nct, variant, RECORD_LEN);
  for (int version = 1;; version++) {
    th_err err = {0};
    int rc = th_store_get(r, nct, version, &w->got, NULL, &err);
    if (rc == TH_ENOTFOUND) return false;
    if (rc) fail_msg("NCT%08u: %s", nct, err.message);
    if (th_span_eq(th_buf_view(&w->got), th_buf_view(&w->text))) return true;
    /* A study of one batch has one version. */
    if (nct % 10 < BATCH) fail_msg("NCT%08u: not what was stored", nct);
  }
}

/* Whether batch b is there; half a batch fails the test. */
static inline bool world_has_batch(world *w, th_store_reader *r, uint32_t b) {
  size_t have = 0;
  for (uint32_t i = 0; i <= BATCH; i++)
    have += world_has(w, r, batch_nct(b, i), batch_variant(b, i));
  if (have && have != BATCH + 1) fail_msg("half of batch %u is there: %zu", b, have);
  return have == BATCH + 1;
}

static inline void world_problem(void *ctx, uint32_t nct, const char *text) {
  (void)ctx;
  print_message("NCT%08u: %s\n", nct, text);
}

/* Opens the store for writing as if nothing had happened, and judges it: the batches acknowledged
 * are there, the others whole or not at all, everything checks, and a further batch is taken.
 * Returns the last batch there. */
static inline uint32_t world_judge(world *w, const bool *acknowledged, uint32_t last) {
  th_err err = {0};
  th_store *store;
  uint32_t newest = 0;
  if (th_store_open(&store, w->folder, TH_STORE_WRITE, &err))
    fail_msg("does not open again: %s", err.message);
  th_store_reader *r = th_store_reader_acquire(store, &err);
  if (!r) fail_msg("%s", err.message);
  for (uint32_t b = 1; b <= last; b++) {
    bool there = world_has_batch(w, r, b);
    if (acknowledged[b] && !there) fail_msg("batch %u was acknowledged and is gone", b);
    if (there) newest = b;
  }
  if (th_store_check(r, true, world_problem, NULL, &err)) fail_msg("%s", err.message);
  if (world_put(store, PROBE, &err)) fail_msg("takes nothing more: %s", err.message);
  if (th_store_check(r, true, world_problem, NULL, &err)) fail_msg("%s", err.message);
  th_store_reader_release(r);
  th_store_close(store);
  return newest;
}

#endif
