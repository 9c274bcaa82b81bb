/* Chance in tests: a run says where it starts, TH_SEED=… starts another there. */
#ifndef TH_TEST_CHANCE_H
#define TH_TEST_CHANCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
 * Any state will do. */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}
static inline uint32_t random_below(uint64_t *state, uint32_t n) {
  return (uint32_t)(random_next(state) >> 33) % n;
}

/* Where a run starts: TH_SEED, else `otherwise`. Says it. */
static inline uint64_t random_start(uint64_t otherwise) {
  const char *given = getenv("TH_SEED");
  uint64_t state = given ? strtoull(given, NULL, 0) : otherwise;
  printf("seed %llu (TH_SEED sets it)\n", (unsigned long long)state);
  return state;
}

/* The state of a test with one thread. */
static uint64_t seed;

static inline uint32_t below(uint32_t n) {
  return random_below(&seed, n);
}
static inline bool chance(uint32_t percent) {
  return below(100) < percent;
}
#define PICK(list) (list)[below(TH_COUNT(list))]

#endif
