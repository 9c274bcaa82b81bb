/* The dictionary and the day of these tests. */
#ifndef TH_TEST_COHORT_WORLD_H
#define TH_TEST_COHORT_WORLD_H

#include "../dictionary.h"

#include "cohort/cohort.h"

#define AS_OF 20605
#define CASES TH_SOURCE_ROOT "/tests/cases/match/dictionary.txt"

static words dictionary;

__attribute__((unused)) static int setup(void **state) {
  (void)state;
  words_open(&dictionary, CASES);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  words_close(&dictionary);
  return 0;
}

#endif
