/* Limits: a file against what went into it, damage, other versions. */
#include "../test.h"

#include "../chance.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "query/limits.h"

enum { DOCS = 300, ROWS = 700 };

typedef struct entry {
  uint32_t doc;
  th_limit limit;
} entry;

static th_limit some_limit(uint64_t *state) {
  th_limit l = {.key = (uint32_t)(random_next(state) % 5)};
  l.low = random_next(state) % 3 ? (double)(random_next(state) % 20) : -INFINITY;
  l.high = random_next(state) % 3 ? l.low + 1 + (double)(random_next(state) % 9) : INFINITY;
  if (isinf(l.low) && random_next(state) % 2) l.high = (double)(random_next(state) % 20);
  l.low_in = isfinite(l.low) && random_next(state) % 2;
  l.high_in = isfinite(l.high) && random_next(state) % 2;
  return l;
}

static void path_of(char path[64]) {
  snprintf(path, 64, "/tmp/th-limits-%d", (int)getpid());
}

static void make(const entry *rows, size_t n, th_buf *out) {
  char path[64];
  th_err err = {0};
  th_limits_writer *w = th_limits_writer_new();
  path_of(path);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(th_limits_add(w, rows[i].doc, &rows[i].limit, &err), 0);
  assert_int_equal(th_limits_write(w, path, DOCS, &err), 0);
  th_limits_writer_free(w);
  th_buf_init(out, 0);
  assert_int_equal(th_file_read(out, path, &err), 0);
  unlink(path);
}

static void fill(entry rows[ROWS], uint64_t *state) {
  uint32_t doc = 0;
  for (size_t i = 0; i < ROWS; i++) {
    rows[i] = (entry){doc, some_limit(state)};
    if (random_next(state) % 5 < 2 && doc + 1 < DOCS) doc++;
  }
}

static void a_file_says_what_went_in(void **state) {
  (void)state;
  static entry rows[ROWS];
  seed = random_start((uint64_t)time(NULL));
  th_buf b;
  fill(rows, &seed);
  make(rows, ROWS, &b);
  assert_true(th_limits_fit(b.p, b.n, DOCS));
  assert_false(th_limits_fit(b.p, b.n, DOCS + 1));
  for (int round = 0; round < 500; round++) {
    uint64_t bits[DOCS / 64 + 1], want[DOCS / 64 + 1];
    uint32_t key = (uint32_t)(random_next(&seed) % 6);
    double v = (double)(random_next(&seed) % 60) / 2 - 1;
    memset(bits, 0xFF, sizeof bits);
    memset(want, 0xFF, sizeof want);
    for (size_t i = 0; i < ROWS; i++)
      if (rows[i].limit.key == key && th_limit_holds(&rows[i].limit, v))
        want[rows[i].doc / 64] &= ~(UINT64_C(1) << rows[i].doc % 64);
    assert_int_equal(th_limits_clear(b.p, b.n, key, v, bits, DOCS, NULL), 0);
    assert_memory_equal(bits, want, sizeof bits);
  }
  th_buf_dispose(&b);
}

static void ends_are_in_or_out(void **state) {
  (void)state;
  th_limit l = {.low = 1.5, .high = INFINITY};
  assert_false(th_limit_holds(&l, 1.5));
  assert_false(th_limit_holds(&l, 1.5 + 1e-12)); /* what a conversion leaves */
  assert_true(th_limit_holds(&l, 1.6));
  l.low_in = true;
  assert_true(th_limit_holds(&l, 1.5));
  assert_false(th_limit_holds(&l, 1.4));
  l = (th_limit){.low = -INFINITY, .high = 0, .high_in = true};
  assert_true(th_limit_holds(&l, 0));
  assert_true(th_limit_holds(&l, -1e300));
}

static void damage_is_no_read_outside(void **state) {
  (void)state;
  static entry rows[ROWS];
  seed = 12345;
  th_buf b;
  fill(rows, &seed);
  make(rows, 60, &b);
  for (size_t i = 0; i < b.n * 8; i++) {
    uint64_t bits[DOCS / 64 + 1];
    b.p[i / 8] ^= (char)(1u << i % 8);
    assert_false(th_limits_fit(b.p, b.n, DOCS));
    for (uint32_t key = 0; key < 5; key++) {
      memset(bits, 0xFF, sizeof bits);
      int rc = th_limits_clear(b.p, b.n, key, 7, bits, DOCS, NULL);
      assert_true(rc == 0 || rc == TH_ECORRUPT || rc == TH_EINPUT);
    }
    b.p[i / 8] ^= (char)(1u << i % 8);
  }
  for (size_t n = 0; n < b.n; n++)
    assert_false(th_limits_fit(b.p, n, DOCS));
  th_buf_dispose(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_says_what_went_in),
      cmocka_unit_test(ends_are_in_or_out),
      cmocka_unit_test(damage_is_no_read_outside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
