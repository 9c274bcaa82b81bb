/* Tables that are asked for often: their slots, counts and room. */
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "query/asked.h"

enum { SLOTS = 16 };

typedef struct table {
  th_asked_table head;
  uint64_t holds; /* twice the key */
} table;

static _Atomic int alive;

static th_asked_table *make(uint64_t key, uint64_t bytes) {
  table *t = malloc(sizeof *t);
  assert_non_null(t);
  *t = (table){{key, bytes}, 2 * key};
  alive++;
  return &t->head;
}

static void drop(th_asked_table *t) {
  free(t);
  alive--;
}

static void counts_and_keeps(void **state) {
  th_asked_slot slots[SLOTS] = {0};
  th_asked a = {.slots = slots, .n = SLOTS, .room = UINT64_MAX};
  unsigned slot, again;
  (void)state;
  assert_null(th_asked_find(&a, 7, &slot));
  assert_int_equal(th_asked_count(&a, slot, 7, 1), 1);
  assert_null(th_asked_find(&a, 7, &again));
  assert_int_equal(slot, again);
  assert_int_equal(th_asked_count(&a, slot, 7, 41), 42);
  /* Another key that takes the slot begins at 0, and so does the first when it comes back. */
  assert_int_equal(th_asked_count(&a, slot, 8, 1), 1);
  assert_int_equal(th_asked_count(&a, slot, 7, 3), 3);
  /* What is counted never looks like a refusal. */
  assert_int_equal(th_asked_count(&a, slot, 7, UINT32_MAX), TH_ASKED_REFUSED - 1);
  th_asked_refuse(&a, slot);
  assert_true(th_asked_count(&a, slot, 7, 1) == TH_ASKED_REFUSED);
  a.room = 100;
  assert_true(th_asked_take_room(&a, 100));
  th_asked_table *t = make(7, 100);
  assert_true(th_asked_keep(&a, slot, t));
  assert_ptr_equal(th_asked_find(&a, 7, &slot), t);
  assert_false(th_asked_take_room(&a, 1));
  assert_int_equal(a.bytes, 100);
  /* The slot is taken: a second table is refused and its room given back. */
  a.room = 200;
  assert_true(th_asked_take_room(&a, 50));
  th_asked_table *late = make(9, 50);
  assert_false(th_asked_keep(&a, slot, late));
  assert_int_equal(a.bytes, 100);
  drop(late);
  th_asked_dispose(&a, drop);
  assert_int_equal(alive, 0);
}

static void room_is_bounded(void **state) {
  (void)state;
  assert_int_equal(th_asked_room(16, 0, 1000, 5000), 1000);
  assert_int_equal(th_asked_room(16, 100, 1000, 5000), 1600);
  assert_int_equal(th_asked_room(16, UINT32_MAX, 1000, 5000), 5000);
}

/* More keys than slots: what has a table is found, others find no slot or one without a table. */
static void slots_run_out(void **state) {
  th_asked_slot slots[SLOTS] = {0};
  th_asked a = {.slots = slots, .n = SLOTS, .room = UINT64_MAX};
  unsigned slot, kept = 0, without = 0;
  (void)state;
  for (uint64_t key = 1; key <= 200; key++) {
    assert_null(th_asked_find(&a, key, &slot));
    if (slot == TH_ASKED_NO_SLOT) {
      without++;
      continue;
    }
    assert_true(slot < SLOTS);
    assert_true(th_asked_take_room(&a, 1));
    assert_true(th_asked_keep(&a, slot, make(key, 1)));
    kept++;
  }
  assert_int_equal(kept, SLOTS);
  assert_int_equal(without, 200 - SLOTS);
  unsigned found = 0;
  for (uint64_t key = 1; key <= 200; key++) {
    const table *t = th_asked_find(&a, key, &slot);
    if (t) assert_int_equal(t->holds, 2 * key);
    found += t != NULL;
  }
  assert_int_equal(found, SLOTS);
  th_asked_dispose(&a, drop);
  assert_int_equal(alive, 0);
}

enum { THREADS = 4, ROUNDS = 20000, KEYS = 64, OFTEN = 7, ROOM = 3, AFTER = 10 };

typedef struct shared {
  th_asked a;
  _Atomic uint64_t wrong;
} shared;

static void *play(void *ctx) {
  shared *s = ctx;
  for (uint64_t i = 0; i < ROUNDS; i++) {
    /* A few keys are asked for again and again, others now and then. */
    uint64_t key = i % 16 ? 1 + i * i % OFTEN : 1 + i * 2654435761u % KEYS;
    unsigned slot;
    const table *t = th_asked_find(&s->a, key, &slot);
    if (t) {
      s->wrong += t->head.key != key || t->holds != 2 * key;
      continue;
    }
    if (slot == TH_ASKED_NO_SLOT) continue;
    uint32_t asked = th_asked_count(&s->a, slot, key, 1);
    if (asked == TH_ASKED_REFUSED || asked < AFTER) continue;
    th_asked_refuse(&s->a, slot);
    if (!th_asked_take_room(&s->a, 1)) continue;
    th_asked_table *made = make(key, 1);
    if (!th_asked_keep(&s->a, slot, made)) drop(made);
  }
  return NULL;
}

static void threads_share_them(void **state) {
  static th_asked_slot slots[SLOTS];
  shared s = {.a = {.slots = slots, .n = SLOTS, .room = ROOM}};
  pthread_t threads[THREADS];
  (void)state;
  for (unsigned i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, play, &s), 0);
  for (unsigned i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  assert_int_equal(s.wrong, 0);
  assert_true(s.a.bytes <= ROOM);
  assert_int_equal(s.a.bytes, alive);
  assert_true(alive > 0);
  th_asked_dispose(&s.a, drop);
  assert_int_equal(alive, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_and_keeps),
      cmocka_unit_test(room_is_bounded),
      cmocka_unit_test(slots_run_out),
      cmocka_unit_test(threads_share_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
