/* Random calls against the store and against a plain model in memory: both must always agree. */
#include "store_test.h"

#include <time.h>

enum { STUDIES = 40, ENTRIES_MAX = 20000, LEN = 300 };

typedef struct model_entry {
  uint32_t nct, version, variant; /* variant: of the record; 0 for a removal */
  uint64_t prev;
} model_entry;

typedef struct model {
  model_entry log[ENTRIES_MAX + 1]; /* by seq */
  uint64_t last_seq;
  uint64_t newest[STUDIES + 1]; /* seq, 0 for none */
} model;

typedef struct game {
  uint64_t random;
  char folder[64];
  th_store *store;
  th_store_reader *reader;
  model m;
  th_buf text, got;
} game;

static uint32_t pick(game *g, uint32_t n) {
  return (uint32_t)(test_random(&g->random) % n);
}

static int model_put(model *m, uint32_t nct, uint32_t variant) {
  uint64_t prev = m->newest[nct];
  const model_entry *last = &m->log[prev];
  if (prev && last->variant == variant) return TH_PUT_UNCHANGED;
  m->log[++m->last_seq] = (model_entry){nct, prev ? last->version + 1 : 1, variant, prev};
  m->newest[nct] = m->last_seq;
  return prev && last->variant ? TH_PUT_CHANGED : TH_PUT_NEW;
}

static void open_store(game *g) {
  th_err err = {0};
  if (th_store_open(&g->store, g->folder, TH_STORE_WRITE, &err)) fail_msg("%s", err.message);
  g->reader = th_store_reader_acquire(g->store, &err);
  assert_non_null(g->reader);
}

static void close_store(game *g) {
  th_store_reader_release(g->reader);
  th_store_close(g->store);
}

static void play_put(game *g) {
  th_err err = {0};
  th_put puts[8] = {0};
  size_t n = 1 + pick(g, 8), at[9];
  uint32_t variants[8];
  th_buf_clear(&g->text);
  for (size_t i = 0; i < n; i++) {
    puts[i].nct = 1 + pick(g, STUDIES);
    variants[i] = 1 + pick(g, 3);
    at[i] = g->text.n;
    test_record(&g->text, puts[i].nct, variants[i], g->text.n + LEN);
  }
  at[n] = g->text.n;
  for (size_t i = 0; i < n; i++) {
    puts[i].json = (th_span){g->text.p + at[i], at[i + 1] - at[i]};
    th_store_hash(puts[i].json, puts[i].hash);
  }
  if (th_store_put(g->store, puts, n, &err)) fail_msg("%s", err.message);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(puts[i].outcome, model_put(&g->m, puts[i].nct, variants[i]));
    if (i + 1 == n) assert_int_equal(puts[i].seq, g->m.newest[puts[i].nct]);
  }
}

static void play_remove(game *g) {
  uint32_t nct = 1 + pick(g, STUDIES);
  uint64_t prev = g->m.newest[nct], seq = 0;
  const model_entry *last = &g->m.log[prev];
  int rc = th_store_remove(g->store, nct, &seq, NULL);
  assert_int_equal(rc, prev && last->variant ? 0 : TH_ENOTFOUND);
  if (rc) return;
  g->m.log[++g->m.last_seq] = (model_entry){nct, last->version, 0, prev};
  g->m.newest[nct] = g->m.last_seq;
  assert_int_equal(seq, g->m.last_seq);
}

static void play_get(game *g) {
  th_err err = {0};
  th_record record;
  uint32_t nct = 1 + pick(g, STUDIES);
  int version = pick(g, 2) ? -1 : (int)pick(g, 12) + 1;
  uint64_t seq = g->m.newest[nct];
  while (version > 0 && seq &&
         (g->m.log[seq].version != (uint32_t)version || !g->m.log[seq].variant))
    seq = g->m.log[seq].prev;
  uint32_t variant = seq ? g->m.log[seq].variant : 0;
  int rc = th_store_get(g->reader, nct, version, &g->got, &record, &err);
  if (!variant) {
    assert_int_equal(rc, TH_ENOTFOUND);
    return;
  }
  if (rc) fail_msg("%s", err.message);
  th_buf_clear(&g->text);
  test_record(&g->text, nct, variant, LEN);
  assert_true(th_span_eq(record.json, th_buf_view(&g->text)));
  assert_int_equal(record.seq, seq);
  assert_int_equal(record.version, g->m.log[seq].version);
}

static int match_change(void *ctx, const th_record *record) {
  game *g = ctx;
  const model_entry *e = &g->m.log[record->seq];
  assert_int_equal(record->nct, e->nct);
  assert_int_equal(record->version, e->version);
  assert_int_equal(record->kind, e->variant ? TH_CHANGE_PUT : TH_CHANGE_REMOVE);
  g->text.n++; /* counts */
  return 0;
}

static void play_changes(game *g) {
  th_err err = {0};
  uint64_t since = pick(g, (uint32_t)g->m.last_seq + 2);
  size_t limit = pick(g, 100);
  uint64_t left = since < g->m.last_seq ? g->m.last_seq - since : 0;
  th_buf_clear(&g->text);
  if (th_store_changes(g->reader, since, limit, match_change, g, &err)) fail_msg("%s", err.message);
  assert_int_equal(g->text.n, TH_MIN((uint64_t)limit, left));
}

static void play_history(game *g) {
  uint32_t nct = 1 + pick(g, STUDIES);
  size_t n = 0;
  for (uint64_t seq = g->m.newest[nct]; seq; seq = g->m.log[seq].prev)
    n++;
  th_buf_clear(&g->text);
  int rc = th_store_history(g->reader, nct, match_change, g, NULL);
  assert_int_equal(rc, n ? 0 : TH_ENOTFOUND);
  assert_int_equal(g->text.n, n);
}

static void play_hashes(game *g) {
  th_err err = {0};
  th_hashes h;
  size_t live = 0;
  if (th_store_hashes(g->reader, &h, &err)) fail_msg("%s", err.message);
  for (uint32_t nct = 1; nct <= STUDIES; nct++) {
    uint32_t variant = g->m.log[g->m.newest[nct]].variant;
    const uint64_t *have = th_hashes_find(&h, nct);
    assert_int_equal(have != NULL, variant != 0);
    if (!have) continue;
    uint64_t want[2];
    live++;
    th_buf_clear(&g->text);
    test_record(&g->text, nct, variant, LEN);
    th_store_hash(th_buf_view(&g->text), want);
    assert_memory_equal(have, want, sizeof want);
  }
  assert_int_equal(h.n, live);
  th_hashes_dispose(&h);
}

static void report_problem(void *ctx, uint32_t nct, const char *text) {
  (void)ctx;
  print_message("NCT%08u: %s\n", nct, text);
}

static void play_one(game *g) {
  th_err err = {0};
  uint32_t move = pick(g, 100);
  if (move < 30)
    play_put(g);
  else if (move < 38)
    play_remove(g);
  else if (move < 75)
    play_get(g);
  else if (move < 85)
    play_changes(g);
  else if (move < 92)
    play_history(g);
  else if (move < 96)
    play_hashes(g);
  else if (move < 98)
    assert_int_equal(th_store_checkpoint(g->store, &err), 0);
  else {
    close_store(g);
    open_store(g);
  }
}

static void store_and_model_agree(void **state) {
  (void)state;
  const char *given = getenv("TRIALHEAD_SEED"), *full = getenv("TH_FULL");
  uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  game *g = calloc(1, sizeof *g);
  th_err err = {0};
  print_message("seed %llu (set TRIALHEAD_SEED to repeat)\n", (unsigned long long)seed);
  g->random = seed * 2 + 1;
  snprintf(g->folder, sizeof g->folder, "/tmp/th-model-XXXXXX");
  assert_non_null(mkdtemp(g->folder));
  th_buf_init(&g->text, 0);
  th_buf_init(&g->got, 0);
  open_store(g);
  for (int i = 0; i < (full ? 10000 : 1500); i++)
    play_one(g);
  if (th_store_check(g->reader, true, report_problem, NULL, &err)) fail_msg("%s", err.message);
  close_store(g);
  test_remove_folder(g->folder);
  th_buf_dispose(&g->text);
  th_buf_dispose(&g->got);
  free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(store_and_model_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
