#include "../test.h"

#include "index/intern.h"
#include "index/pool.h"

#include <stdio.h>
#include <time.h>

/* Streams written in turn against plain buffers. */
static void streams_hold_what_was_put(void **state) {
  (void)state;
  enum { STREAMS = 300, PUTS = 60000 };
  unsigned seed = (unsigned)time(NULL);
  print_message("seed %u\n", seed);
  srand(seed);
  static th_pool pool;
  static th_stream streams[STREAMS];
  static th_buf expected[STREAMS];
  th_pool_init(&pool);
  for (int round = 0; round < 2; round++) {
    memset(streams, 0, sizeof streams);
    for (int i = 0; i < PUTS; i++) {
      uint8_t bytes[300];
      size_t n = (size_t)(rand() % 10 ? rand() % 12 : rand() % 300), s = (size_t)(rand() % STREAMS);
      s = s * s / STREAMS; /* some grow long */
      for (size_t k = 0; k < n; k++)
        bytes[k] = (uint8_t)rand();
      assert_int_equal(th_pool_reserve(&pool, n, 1), 0);
      th_pool_put(&pool, &streams[s], bytes, n);
      th_buf_put(&expected[s], bytes, n);
    }
    for (int s = 0; s < STREAMS; s++) {
      th_buf out;
      th_buf_init(&out, 0);
      th_pool_read(&pool, &streams[s], &out);
      assert_int_equal(out.n, expected[s].n);
      if (out.n) assert_memory_equal(out.p, expected[s].p, out.n);
      th_buf_dispose(&out);
      th_buf_dispose(&expected[s]);
    }
    th_pool_clear(&pool);
  }
  assert_int_equal(th_pool_reserve(&pool, (size_t)3 << 30, 1), TH_ELIMIT);
  th_pool_dispose(&pool);
}

static void strings_get_one_number_each(void **state) {
  (void)state;
  th_intern t;
  char text[16];
  bool fresh;
  th_intern_init(&t);
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < 5000; i++) {
      int n = snprintf(text, sizeof text, "w%u", i * 7);
      assert_int_equal(th_intern_put(&t, (th_span){text, (size_t)n}, &fresh), i);
      assert_true(fresh);
    }
    assert_int_equal(th_intern_put(&t, (th_span){NULL, 0}, &fresh), 5000);
    for (uint32_t i = 0; i < 5000; i++) {
      int n = snprintf(text, sizeof text, "w%u", i * 7);
      assert_int_equal(th_intern_put(&t, (th_span){text, (size_t)n}, &fresh), i);
      assert_false(fresh);
      assert_true(th_span_eq(th_intern_text(&t, i), (th_span){text, (size_t)n}));
    }
    th_intern_clear(&t);
  }
  th_intern_dispose(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(streams_hold_what_was_put),
                                     cmocka_unit_test(strings_get_one_number_each)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
