/* Kept pages: what goes in comes out, packed and plain; nothing outlives the state it holds for;
 * all together stay below their bound, and a page in use stays. */
#include "../test.h"

#include "../chance.h"

#include <stdio.h>

#include "base/queue.h"
#include "portal/kept.h"

/* A page of its own for each number: text that packs to some kilobytes. */
static void write_page(uint32_t number, size_t n, th_buf *out) {
  uint64_t own = number;
  th_buf_clear(out);
  th_buf_printf(out, "page %u ", number);
  while (out->n < n)
    th_buf_printf(out, "%08x ", random_below(&own, UINT32_MAX));
}

static th_span address_of(uint32_t number, char text[32]) {
  snprintf(text, 32, "x /search?page=%u", number);
  return th_span_of(text);
}

static bool is_page(const th_kept_page *page, th_span want) {
  th_buf plain;
  th_err err = {0};
  th_buf_init(&plain, 0);
  bool same = page && th_kept_unpack(page, &plain, &err) == 0 &&
              th_span_eq(th_buf_view(&plain), want) && th_kept_packed(page).n < want.n;
  th_buf_dispose(&plain);
  return same;
}

static void pages_come_back(void **state) {
  (void)state;
  const th_kept_state now = {1, 2, 3}, later = {1, 3, 3};
  th_kept *kept = th_kept_new();
  th_kept_page *page, *held;
  th_buf text;
  char address[32];
  assert_non_null(kept);
  th_buf_init(&text, 0);
  write_page(7, 9000, &text);
  assert_null(th_kept_find(kept, &now, address_of(7, address)));
  th_kept_keep(kept, &now, address_of(7, address), th_buf_view(&text), NULL, &page);
  assert_true(is_page(page, th_buf_view(&text)));
  th_kept_release(page);
  held = th_kept_find(kept, &now, address_of(7, address));
  assert_true(is_page(held, th_buf_view(&text)));
  assert_null(th_kept_find(kept, &now, address_of(8, address)));
  /* Another state: forgotten, but not under whoever holds it; and none of the old state comes in.
   */
  assert_null(th_kept_find(kept, &later, address_of(7, address)));
  assert_int_equal(th_kept_bytes(kept), 0);
  assert_true(is_page(held, th_buf_view(&text)));
  th_kept_release(held);
  th_kept_keep(kept, &now, address_of(7, address), th_buf_view(&text), NULL, &page);
  th_kept_release(page);
  assert_null(th_kept_find(kept, &later, address_of(7, address)));
  th_buf_dispose(&text);
  th_kept_free(kept);
}

static void small_and_large_are_not_kept(void **state) {
  (void)state;
  static const size_t sizes[] = {100, 1000, 400 * 1024};
  const th_kept_state now = {1, 1, 1};
  th_kept *kept = th_kept_new();
  th_kept_page *page;
  th_buf text;
  char address[32];
  assert_non_null(kept);
  th_buf_init(&text, 0);
  (void)th_kept_find(kept, &now, address_of(0, address));
  for (size_t i = 0; i < TH_COUNT(sizes); i++) {
    write_page((uint32_t)i, sizes[i], &text);
    th_kept_keep(kept, &now, address_of((uint32_t)i, address), th_buf_view(&text), NULL, &page);
    assert_null(page);
  }
  assert_int_equal(th_kept_bytes(kept), 0);
  th_buf_dispose(&text);
  th_kept_free(kept);
}

static void bounded(void **state) {
  (void)state;
  const th_kept_state now = {1, 1, 1};
  th_kept *kept = th_kept_new();
  th_buf text;
  char address[32];
  uint32_t found = 0;
  assert_non_null(kept);
  th_buf_init(&text, 0);
  (void)th_kept_find(kept, &now, address_of(0, address));
  for (uint32_t i = 0; i < 1500; i++) {
    th_kept_page *page;
    write_page(i % 1200, 60000, &text);
    th_kept_keep(kept, &now, address_of(i % 1200, address), th_buf_view(&text), NULL, &page);
    assert_non_null(page);
    th_kept_release(page);
    assert_true(th_kept_bytes(kept) <= TH_KEPT_MOST);
    uint32_t any = random_below(&seed, 1200);
    page = th_kept_find(kept, &now, address_of(any, address));
    if (!page) continue;
    found++;
    write_page(any, 60000, &text);
    assert_true(is_page(page, th_buf_view(&text)));
    th_kept_release(page);
  }
  assert_true(th_kept_bytes(kept) > TH_KEPT_MOST / 2);
  assert_true(found > 100);
  th_buf_dispose(&text);
  th_kept_free(kept);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pages_come_back),
      cmocka_unit_test(small_and_large_are_not_kept),
      cmocka_unit_test(bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
