/* A merge writes, byte for byte, what a builder writes that was given the same documents. */
#include "../test.h"

#include "records.h"

#include "base/file.h"
#include "base/json.h"
#include "index/builder.h"
#include "index/merge.h"

#include <time.h>
#include <unistd.h>

enum { MOST_SEGMENTS = 5 };

typedef struct bench {
  char folder[32], path[MOST_SEGMENTS + 2][64];
  th_json_parser *parser;
  th_builder *parts, *whole;
  th_segment *segments[MOST_SEGMENTS];
  uint64_t *live[MOST_SEGMENTS];
} bench;

static void setup(bench *b) {
  memset(b, 0, sizeof *b);
  snprintf(b->folder, sizeof b->folder, "/tmp/th-merge-XXXXXX");
  assert_non_null(mkdtemp(b->folder));
  for (int i = 0; i < MOST_SEGMENTS + 2; i++)
    snprintf(b->path[i], sizeof b->path[i], "%s/%d.seg", b->folder, i);
  b->parser = th_json_parser_new(1 << 20, 64);
  b->parts = th_builder_new();
  b->whole = th_builder_new();
  assert_true(b->parser && b->parts && b->whole);
}

static void teardown(bench *b) {
  for (int i = 0; i < MOST_SEGMENTS; i++) {
    th_segment_close(b->segments[i]);
    free(b->live[i]);
  }
  for (int i = 0; i < MOST_SEGMENTS + 2; i++)
    unlink(b->path[i]);
  assert_int_equal(rmdir(b->folder), 0); /* nothing else was left in it */
  th_json_parser_free(b->parser);
  th_builder_free(b->parts);
  th_builder_free(b->whole);
}

static void add(bench *b, th_builder *to, const record *r) {
  th_buf json;
  th_json parsed;
  th_err err = {0};
  uint32_t doc;
  th_buf_init(&json, 0);
  record_json(r, &json);
  assert_int_equal(th_json_parse(b->parser, th_buf_view(&json), &parsed, &err), 0);
  assert_int_equal(th_builder_add(to, &parsed, r->nct, &doc, &err), 0);
  th_builder_set_seq(to, doc, r->seq);
  th_buf_dispose(&json);
}

/* Segment i of up to `most` records, of which `die` of ten are not live. Returns how many are. */
static unsigned make_segment(bench *b, int i, unsigned most, unsigned die) {
  unsigned n = 1 + record_random(most), n_live = 0;
  th_err err = {0};
  uint32_t written;
  b->live[i] = calloc(n / 64 + 1, sizeof **b->live);
  assert_non_null(b->live[i]);
  for (unsigned d = 0; d < n; d++) {
    record r;
    record_make(&r, 1 + record_random(5000), (uint64_t)i * 100000 + d + 1);
    add(b, b->parts, &r);
    if (record_random(10) < die) continue;
    b->live[i][d / 64] |= UINT64_C(1) << (d % 64);
    add(b, b->whole, &r);
    n_live++;
  }
  assert_int_equal(th_builder_flush(b->parts, b->path[i], &written, &err), 0);
  if (th_segment_open(&b->segments[i], b->path[i], true, &err)) fail_msg("%s", err.message);
  if (n_live == n && record_random(2)) {
    free(b->live[i]);
    b->live[i] = NULL; /* all live, said the other way */
  }
  return n_live;
}

static void compare_files(const char *a, const char *b) {
  th_map x, y;
  th_err err = {0};
  assert_int_equal(th_map_open(&x, a, &err), 0);
  assert_int_equal(th_map_open(&y, b, &err), 0);
  for (unsigned s = 0; s < TH_SEC_COUNT; s++) { /* says which section differs */
    uint64_t off, len;
    memcpy(&off, x.p + 48 + s * 32 + 8, 8);
    memcpy(&len, x.p + 48 + s * 32 + 16, 8);
    if (off + len > y.n || memcmp(x.p + off, y.p + off, len) != 0)
      fail_msg("section %u differs", s + 1);
  }
  assert_int_equal(x.n, y.n);
  assert_memory_equal(x.p, y.p, x.n);
  th_map_close(&x);
  th_map_close(&y);
}

static void merged(int n_segments, unsigned most, unsigned die) {
  bench b;
  th_err err = {0};
  uint32_t n;
  unsigned n_live = 0;
  setup(&b);
  for (int i = 0; i < n_segments; i++)
    n_live += make_segment(&b, i, most, die);
  const char *out = b.path[MOST_SEGMENTS], *expected = b.path[MOST_SEGMENTS + 1];
  int rc = th_segment_merge((const th_segment *const *)b.segments, (const uint64_t *const *)b.live,
                            (size_t)n_segments, out, NULL, &err);
  if (n_live == 0) {
    assert_int_equal(rc, TH_ENOTFOUND);
  } else {
    if (rc) fail_msg("%s", err.message);
    assert_int_equal(th_builder_flush(b.whole, expected, &n, &err), 0);
    assert_int_equal(n, n_live);
    compare_files(out, expected);
  }
  teardown(&b);
}

static void a_merge_is_what_one_builder_writes(void **state) {
  (void)state;
  record_random_state = (unsigned)time(NULL);
  print_message("seed %u\n", record_random_state);
  for (int i = 0; i < 12; i++)
    merged(1 + i % MOST_SEGMENTS, 40, (unsigned)i % 4 * 3);
  merged(3, 400, 2);
}

static void a_stopped_merge_leaves_nothing(void **state) {
  (void)state;
  bench b;
  th_err err = {0};
  _Atomic bool stop = true;
  setup(&b);
  make_segment(&b, 0, 30, 0);
  assert_int_equal(th_segment_merge((const th_segment *const *)b.segments, NULL, 1,
                                    b.path[MOST_SEGMENTS], &stop, &err),
                   TH_EBUSY);
  teardown(&b);
}

/* A source with any byte wrong gives an error or, where padding is hit, the same file: never
 * another. */
static void a_damaged_source_is_not_merged(void **state) {
  (void)state;
  bench b;
  th_err err = {0};
  th_buf good;
  setup(&b);
  record_random_state = 11;
  make_segment(&b, 0, 30, 0);
  th_buf_init(&good, 0);
  assert_int_equal(th_file_read(&good, b.path[0], &err), 0);
  assert_int_equal(th_segment_merge((const th_segment *const *)b.segments, NULL, 1,
                                    b.path[MOST_SEGMENTS], NULL, &err),
                   0);
  for (size_t at = 0; at < good.n; at += 1 + record_random(60)) {
    th_segment *s = NULL;
    th_err_clear(&err);
    good.p[at] ^= 4;
    assert_int_equal(th_file_replace(b.path[1], th_buf_view(&good), &err), 0);
    good.p[at] ^= 4;
    int rc = th_segment_open(&s, b.path[1], false, &err);
    if (!rc) {
      const th_segment *one = s;
      rc = th_segment_merge(&one, NULL, 1, b.path[2], NULL, &err);
      if (rc)
        assert_int_equal(rc, TH_ECORRUPT);
      else
        compare_files(b.path[2], b.path[MOST_SEGMENTS]);
    }
    th_segment_close(s);
  }
  th_buf_dispose(&good);
  teardown(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_merge_is_what_one_builder_writes),
      cmocka_unit_test(a_stopped_merge_leaves_nothing),
      cmocka_unit_test(a_damaged_source_is_not_merged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
