/* What pages have in common: made once a state, by name; bounded; what is in use stays; threads
 * that ask for the same at once get the same. */
#include "../test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "portal/known.h"

typedef struct job {
  uint32_t number;
  size_t bytes;
  atomic_uint made;
  int fails;
} job;

/* A value of `bytes` bytes that says its number all over. */
static int make(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                const void **value, th_err *err) {
  job *j = ctx;
  (void)snapshot, (void)scratch;
  atomic_fetch_add(&j->made, 1);
  if (j->fails) return th_err_set(err, TH_ECORRUPT, "damaged");
  uint32_t *p = th_arena_alloc(keep, j->bytes);
  if (!p) return th_err_set(err, TH_ENOMEM, "no memory");
  for (size_t i = 0; i < j->bytes / sizeof *p; i++)
    p[i] = j->number;
  *value = p;
  return 0;
}

static th_fact *get(th_known *k, const th_snapshot *s, const char *name, job *j) {
  th_fact *fact = NULL;
  th_err err = {0};
  assert_int_equal(th_known_get(k, s, th_span_of(name), make, j, NULL, &fact, &err), 0);
  return fact;
}

static uint32_t number_of(const th_fact *fact) {
  return *(const uint32_t *)th_fact_value(fact);
}

static void made_once_a_state(void **state) {
  (void)state;
  th_snapshot first = {.generation = 1, .applied_seq = 5}, later = first;
  later.applied_seq = 6;
  th_known *k = th_known_new();
  job one = {.number = 1, .bytes = 64}, two = {.number = 2, .bytes = 64};
  th_fact *a = get(k, &first, "a", &one), *again = get(k, &first, "a", &one);
  th_fact *b = get(k, &first, "b", &two);
  assert_ptr_equal(a, again);
  assert_int_equal(one.made, 1);
  assert_int_equal(number_of(a), 1);
  assert_int_equal(number_of(b), 2);
  assert_true(th_known_has(k, &first, TH_SPAN("a")));
  assert_false(th_known_has(k, &first, TH_SPAN("c")));
  th_fact *fresh = get(k, &later, "a", &two);
  assert_int_equal(number_of(fresh), 2);
  assert_int_equal(number_of(a), 1); /* in use: stays as it was */
  /* A reader of the state before gets what is of it. */
  th_fact *old = get(k, &first, "a", &one);
  assert_int_equal(number_of(old), 1);
  th_fact *const all[] = {a, again, b, fresh, old};
  for (size_t i = 0; i < TH_COUNT(all); i++)
    th_fact_release(all[i]);
  th_known_free(k);
}

static void failures_are_told_and_not_kept(void **state) {
  (void)state;
  th_snapshot s = {.generation = 1};
  th_known *k = th_known_new();
  th_fact *fact = NULL;
  th_err err = {0};
  job bad = {.number = 1, .bytes = 64, .fails = 1};
  for (int i = 0; i < 2; i++)
    assert_int_equal(th_known_get(k, &s, TH_SPAN("a"), make, &bad, NULL, &fact, &err), TH_ECORRUPT);
  assert_int_equal(bad.made, 2);
  assert_null(fact);
  assert_int_equal(th_known_bytes(k), 0);
  th_known_free(k);
}

static void the_oldest_make_room(void **state) {
  (void)state;
  th_snapshot s = {.generation = 1};
  th_known *k = th_known_new();
  char name[32];
  th_fact *held = NULL;
  for (uint32_t i = 0; i < 3000; i++) {
    job j = {.number = i, .bytes = 64 + i * 7919 % 60000};
    snprintf(name, sizeof name, "n%u", i);
    th_fact *fact = get(k, &s, name, &j);
    assert_int_equal(number_of(fact), i);
    assert_true(th_known_bytes(k) <= TH_KNOWN_MOST);
    assert_true(th_known_has(k, &s, th_span_of(name)));
    if (i == 10)
      held = fact;
    else
      th_fact_release(fact);
  }
  assert_false(th_known_has(k, &s, TH_SPAN("n10")));
  assert_int_equal(number_of(held), 10);
  assert_true(th_known_bytes(k) > TH_KNOWN_MOST / 4);
  job huge = {.number = 9, .bytes = TH_KNOWN_MOST - 4096};
  th_fact *large = get(k, &s, "huge", &huge);
  assert_int_equal(number_of(large), 9);
  assert_false(th_known_has(k, &s, TH_SPAN("huge")));
  th_fact_release(large);
  th_fact_release(held);
  th_known_free(k);
}

static th_known *shared;

static void *ask_all(void *ctx) {
  unsigned wrong = 0;
  for (uint32_t i = 0; i < 4000; i++) {
    th_snapshot s = {.generation = 1 + i / 1000};
    uint32_t number = i * 31 % 97;
    job j = {.number = number, .bytes = 256};
    char name[16];
    th_fact *fact = NULL;
    th_err err = {0};
    snprintf(name, sizeof name, "%u", number);
    wrong += th_known_get(shared, &s, th_span_of(name), make, &j, NULL, &fact, &err) != 0;
    if (fact) wrong += number_of(fact) != number;
    th_fact_release(fact);
  }
  *(unsigned *)ctx = wrong;
  return NULL;
}

static void threads_agree(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t thread[THREADS];
  unsigned wrong[THREADS];
  shared = th_known_new();
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&thread[i], NULL, ask_all, &wrong[i]), 0);
  for (int i = 0; i < THREADS; i++) {
    pthread_join(thread[i], NULL);
    assert_int_equal(wrong[i], 0);
  }
  th_known_free(shared);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(made_once_a_state),
      cmocka_unit_test(failures_are_told_and_not_kept),
      cmocka_unit_test(the_oldest_make_room),
      cmocka_unit_test(threads_agree),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
