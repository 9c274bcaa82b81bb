/* What lies on the shelf: the same bytes again, never more than it may hold, what was asked for
 * stays longest, many threads at once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../test.h"

#include "../chance.h"

#include "match/shelf.h"

enum { BYTES = 1 << 20, THREADS = 4, STEPS = 20000 };

/* The item of a document, worked out from its number. */
static th_shelf_item make(uint32_t doc, char *room) {
  size_t n = (size_t)snprintf(room, 64, "title %u", doc), more = doc % 700;
  memset(room + n, 'a' + (char)(doc % 26), more);
  return (th_shelf_item){{room, n}, {room, n / 2}, {room + n, more}, {room + 1, doc % 5}};
}

static void check(uint32_t doc, const th_shelf_item *got) {
  char room[1024];
  th_shelf_item want = make(doc, room);
  assert_true(th_span_eq(got->title, want.title));
  assert_true(th_span_eq(got->status, want.status));
  assert_true(th_span_eq(got->criteria, want.criteria));
  assert_true(th_span_eq(got->marks, want.marks));
}

static bool take(th_shelf *s, uint32_t doc, th_arena *arena) {
  th_shelf_item got;
  bool failed;
  th_arena_reset(arena, false);
  bool there = th_shelf_take(s, doc % 3, doc, arena, &got, &failed);
  assert_false(failed);
  if (there) check(doc, &got);
  return there;
}

static void put(th_shelf *s, uint32_t doc) {
  char room[1024];
  th_shelf_item item = make(doc, room);
  th_shelf_put(s, doc % 3, doc, &item);
}

static void test_bounded(void **state) {
  (void)state;
  th_arena arena;
  th_shelf *s = th_shelf_new(BYTES);
  uint32_t kept = 0, lost = 0;
  th_arena_init(&arena, 0);
  for (uint32_t doc = 0; doc < 8000; doc++) {
    assert_false(take(s, doc, &arena));
    put(s, doc);
    put(s, doc); /* a second time makes no difference */
    assert_true(take(s, doc, &arena));
    for (uint32_t h = 0; h < TH_MIN(doc, 20u); h++)
      if (!take(s, h, &arena)) put(s, h), lost++; /* asked for again and again */
    assert_true(th_shelf_bytes(s) <= BYTES);
  }
  for (uint32_t doc = 0; doc < 8000; doc++)
    kept += take(s, doc, &arena);
  assert_true(kept > 1000 && kept < 7000);
  assert_true(lost < 8000); /* of 160,000 times */
  assert_false(take(s, 9000, &arena));
  th_shelf_free(s);
  th_arena_dispose(&arena);
}

static void test_limits(void **state) {
  (void)state;
  char room[1024];
  th_shelf_item item = make(650, room), got;
  bool failed;
  th_arena arena;
  th_shelf *s = th_shelf_new(BYTES);
  th_arena_init(&arena, 0);
  th_shelf_item large = item;
  large.criteria = (th_span){calloc(1, BYTES), BYTES};
  th_shelf_put(s, 0, 1, &large); /* larger than its share */
  assert_false(th_shelf_take(s, 0, 1, &arena, &got, &failed));
  th_shelf_put(s, 0, 2, &item);
  th_arena_init(&arena, 16);
  assert_false(th_shelf_take(s, 0, 2, &arena, &got, &failed));
  assert_true(failed);
  free((void *)(uintptr_t)large.criteria.p);
  th_shelf_free(s);
  th_shelf_free(NULL);
  s = th_shelf_new(1); /* holds nothing */
  th_shelf_put(s, 0, 2, &item);
  assert_false(th_shelf_take(s, 0, 2, &arena, &got, &failed));
  th_shelf_free(s);
  th_arena_dispose(&arena);
}

static void *walk(void *arg) {
  th_shelf *s = arg;
  th_arena arena;
  uint64_t own = (uintptr_t)&arena;
  th_arena_init(&arena, 0);
  for (int i = 0; i < STEPS; i++) {
    uint32_t doc = random_below(&own, 6000);
    if (!take(s, doc, &arena)) put(s, doc);
  }
  th_arena_dispose(&arena);
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  th_shelf *s = th_shelf_new(BYTES);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, walk, s), 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  assert_true(th_shelf_bytes(s) <= BYTES);
  th_shelf_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_bounded), cmocka_unit_test(test_limits),
                                     cmocka_unit_test(test_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
