/* Names that an import counts while it parses are those that the store's records say. */
#define _GNU_SOURCE
#include <time.h>

#include "../test.h"

#include "concept/draft_private.h"
#include "concept/evidence.h"
#include "folder.h"
#include "registry/concepts.h"
#include "registry/gather.h"

static const char *const names[] = {"Asthma",  "Gout",       "Grubel syndrome",
                                    "Measles", "Rare thing", "Common thing"};

static void record(th_buf *out, unsigned nct, unsigned which) {
  th_buf_printf(out,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"Study %u of %s\"},\"statusModule\":{\"overallStatus\":"
                "\"RECRUITING\"},\"conditionsModule\":{\"conditions\":[\"%s\"],\"keywords\":"
                "[\"key %u\"]},\"eligibilityModule\":{\"eligibilityCriteria\":\"* Age > %u\"}}}\n",
                nct, nct, names[which % TH_COUNT(names)], names[which % TH_COUNT(names)], which,
                which + 10);
}

/* What the index's counts say, a line each. */
static void list_counts(th_registry *r, th_buf *out) {
  th_side side;
  th_err err = {0};
  th_said *said;
  size_t n;
  th_evidence_head head;
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  assert_int_equal(th_snapshot_side(s, TH_EVIDENCE_SIDE, TH_SIDE_WHOLE, &side, &err), 0);
  th_evidence *e = th_evidence_new();
  assert_int_equal(th_evidence_read(e, (th_span){side.p, side.n}, &head, &err), 0);
  assert_int_equal(head.applied_seq, s->applied_seq);
  assert_int_equal(th_evidence_sorted(e, &said, &n), 0);
  th_buf_printf(out, "%u records\n", (unsigned)th_evidence_records(e));
  for (size_t i = 0; i < n; i++)
    th_buf_printf(out, "%c %.*s|%.*s %u\n", said[i].kind, (int)said[i].a.n, said[i].a.p,
                  (int)said[i].b.n, said[i].b.p, said[i].count);
  free(said);
  th_evidence_free(e);
  th_index_release(th_registry_index(r), s);
}

/* The same counts come of all records read from the store. */
static void expect_right_counts(th_registry *r, unsigned records) {
  th_buf got, want;
  th_err err = {0};
  char first[40];
  th_buf_init(&got, 0);
  th_buf_init(&want, 0);
  list_counts(r, &got);
  assert_int_equal(th_registry_concepts_update(r, true, NULL, &err), 0);
  list_counts(r, &want);
  th_buf_char(&got, 0);
  th_buf_char(&want, 0);
  assert_string_equal(got.p, want.p);
  int n = snprintf(first, sizeof first, "%u records\n", records);
  assert_memory_equal(got.p, first, (size_t)n);
  th_buf_dispose(&got);
  th_buf_dispose(&want);
}

/* New studies, some of them twice, with the same bytes or others. */
static void one_run_may_change_what_it_counted(void **state) {
  (void)state;
  th_buf b;
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  th_buf_init(&b, 0);
  for (unsigned i = 1; i <= 40; i++)
    record(&b, i, i);
  for (unsigned i = 10; i <= 20; i++)
    record(&b, i, i); /* as they are */
  for (unsigned i = 15; i <= 25; i++)
    record(&b, i, i + 1);
  for (unsigned i = 24; i <= 25; i++)
    record(&b, i, i); /* back again */
  import_all(r, &b);
  expect_right_counts(r, 40);
  th_buf_dispose(&b);
  th_registry_close(r);
}

static void later_runs_change_what_earlier_ones_counted(void **state) {
  (void)state;
  th_buf b;
  const char *given = getenv("TH_TEST_SEED");
  unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
  print_message("seed %u (set TH_TEST_SEED to repeat)\n", seed);
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  th_buf_init(&b, 0);
  for (unsigned run = 0, last = 0; run < 6; run++) {
    th_buf_clear(&b);
    for (unsigned i = 0; i < 60; i++) {
      unsigned nct = 1 + (unsigned)rand_r(&seed) % (last + 10);
      record(&b, nct, nct + (unsigned)rand_r(&seed) % 3);
    }
    last += 10;
    for (unsigned i = 1; i <= last; i++)
      if (rand_r(&seed) % 2 || run == 0) record(&b, i, i);
    import_all(r, &b);
    const th_snapshot *s = th_index_acquire(th_registry_index(r));
    unsigned live = (unsigned)s->n_live;
    th_index_release(th_registry_index(r), s);
    expect_right_counts(r, live);
  }
  th_buf_dispose(&b);
  th_registry_close(r);
}

/* ---- by itself ---- */

static void expect_text(th_gather *g, uint64_t seq, const char *want) {
  th_arena arena;
  th_span text;
  th_arena_init(&arena, 0);
  if (want) {
    assert_int_equal(th_gather_text(g, seq, &arena, &text), 0);
    assert_true(th_span_eq(text, th_span_of(want)));
  } else {
    assert_int_equal(th_gather_text(g, seq, &arena, &text), TH_ENOTFOUND);
  }
  th_arena_dispose(&arena);
}

static void add(th_gather *g, unsigned worker, const char *criteria, uint32_t nct, uint64_t seq) {
  th_buf b;
  th_json json;
  th_note note;
  th_err err = {0};
  th_json_parser *parser = th_json_parser_new(1 << 22, 64);
  th_buf_init(&b, 0);
  th_buf_printf(&b,
                "{\"protocolSection\":{\"eligibilityModule\":{\"eligibilityCriteria\":\"%s\"}}}",
                criteria);
  char *padded = th_buf_room(&b, TH_PAD);
  assert_non_null(padded);
  assert_int_equal(th_json_parse(parser, th_buf_view(&b), &json, &err), 0);
  assert_int_equal(th_gather_record(g, worker, &json, nct, true, &note, &err), 0);
  assert_int_equal(th_gather_settle(g, &note, nct, seq, seq % 2, th_buf_view(&b), &err), 0);
  th_buf_dispose(&b);
  th_json_parser_free(parser);
}

static void texts_come_back_from_file_and_memory(void **state) {
  (void)state;
  static char longer[300 << 10];
  memset(longer, 'x', sizeof longer - 1);
  th_gather *g = th_gather_new(folder, 2);
  assert_non_null(g);
  add(g, 1, "second", 2, 7);
  add(g, 0, longer, 1, 5);
  add(g, 0, "behind it", 3, 8);
  add(g, 1, "", 4, 9);
  add(g, 1, "stored nowhere", 6, 0);
  th_gather_seal(g);
  expect_text(g, 5, longer);
  expect_text(g, 7, "second");
  expect_text(g, 8, "behind it");
  expect_text(g, 9, "");
  expect_text(g, 0, NULL);
  expect_text(g, 6, NULL);
  assert_int_equal(th_gather_counted(g, 1), 5);
  assert_int_equal(th_gather_counted(g, 3), 0); /* not fresh: taken out again */
  assert_int_equal(th_gather_counted(g, 6), 0);
  th_evidence *e = th_evidence_new();
  assert_int_equal(th_gather_evidence(g, e, NULL), 0);
  assert_int_equal(th_evidence_records(e), 3);
  th_evidence_free(e);
  th_gather_free(g);
}

static void without_a_folder_nothing_is_kept(void **state) {
  (void)state;
  th_gather *g = th_gather_new("/nowhere/at/all", 1);
  assert_non_null(g);
  add(g, 0, "text", 1, 1);
  th_gather_seal(g);
  expect_text(g, 1, NULL);
  assert_int_equal(th_gather_counted(g, 1), 1);
  th_gather_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(one_run_may_change_what_it_counted),
      IN_FOLDER(later_runs_change_what_earlier_ones_counted),
      IN_FOLDER(texts_come_back_from_file_and_memory),
      IN_FOLDER(without_a_folder_nothing_is_kept),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
