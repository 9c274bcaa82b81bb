#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
/* Nothing of a note is left in memory that is given back: free and realloc are ours here, and look
 * through every block before it goes. */
#include "../test.h"

#include "../query/naive.h"

#include <malloc.h>

#include "match/rank.h"

#define SECRET "zebrafishpox"

/* volatile: the compiler takes free for a function that looks at nothing of ours. */
static volatile unsigned leaks;
static volatile bool looking;

static void look(void *p) {
  if (looking && p && memmem(p, malloc_usable_size(p), SECRET, sizeof SECRET - 1)) leaks++;
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p) {
  look(p);
  __real_free(p);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n) {
  look(p);
  return __real_realloc(p, n);
}

/* The look itself finds what is left. */
static void test_looks(void **state) {
  (void)state;
  char *p = malloc(100);
  assert_non_null(p);
  memcpy(p, SECRET, sizeof SECRET);
  __asm__ volatile("" : : "r"(p) : "memory"); /* a store before free is not left out */
  looking = true;
  leaks = 0;
  free(p);
  looking = false;
  assert_int_equal(leaks, 1);
}

static void test_note(void **state) {
  static const char study[] =
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000100\",\"briefTitle\":"
      "\"Asthma\"},\"conditionsModule\":{\"conditions\":[\"Asthma\"]}}}";
  corpus c;
  uint64_t seed = 1;
  th_err err = {0};
  th_arena arena;
  th_patient patient;
  th_topic topic;
  th_ranked *list;
  uint32_t n;
  (void)state;
  corpus_init(&c);
  assert_true(corpus_add(&c, (th_span){study, sizeof study - 1}, 100));
  corpus_finish(&c, &seed, 0);
  th_arena_init(&arena, 0);
  th_ranker *r = th_ranker_new(&c.snapshot, NULL, NULL, NULL, &err);
  assert_non_null(r);
  leaks = 0;
  looking = true;
  assert_int_equal(
      th_patient_read(&patient, TH_SPAN("asthma and " SECRET ". No " SECRET "."), NULL, &err), 0);
  assert_int_equal(th_topic_read(&topic, &patient, NULL, NULL, &err), 0);
  assert_int_equal(th_rank(r, &topic, NULL, 10, &arena, &list, &n, &err), 0);
  assert_int_equal(n, 1);
  th_topic_dispose(&topic);
  th_patient_dispose(&patient);
  th_arena_reset(&arena, true);
  th_arena_dispose(&arena);
  looking = false;
  assert_int_equal(leaks, 0);
  th_ranker_free(r);
  corpus_dispose(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_looks), cmocka_unit_test(test_note)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
