#include "eligibility/keys.h"

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Threads that come first together write the same keys. */
static uint32_t fill(th_elig_set *set) {
  uint64_t mask[TH_COUNT(set->mask)] = {0};
  uint32_t n = 0;
  for (const char *p = set->words; *p && n < TH_ELIG_SET_MAX;) {
    size_t len = strcspn(p, "|");
    uint64_t key =
        len == 1 && !is_letter(*p) ? (unsigned char)*p : th_elig_word_key((th_span){p, len});
    unsigned bit = (unsigned)(key * 0x9E3779B97F4A7C15u >> 56);
    mask[bit / 64] |= UINT64_C(1) << bit % 64;
    __atomic_store_n(&set->keys[n++], key, __ATOMIC_RELAXED);
    p += len + (p[len] == '|');
  }
  for (size_t i = 0; i < TH_COUNT(mask); i++)
    __atomic_store_n(&set->mask[i], mask[i], __ATOMIC_RELAXED);
  __atomic_store_n(&set->n, n, __ATOMIC_RELEASE);
  return n;
}

bool th_elig_is_key(th_elig_set *set, uint64_t key) {
  uint32_t n = __atomic_load_n(&set->n, __ATOMIC_ACQUIRE);
  if (n == 0) n = fill(set);
  for (uint32_t i = 0; i < n; i++)
    if (__atomic_load_n(&set->keys[i], __ATOMIC_RELAXED) == key) return true;
  return false;
}

/* Threads that come first together write the same. */
void th_elig_sets_fill(th_elig_sets *sets) {
  uint64_t mask[TH_COUNT(sets->mask)] = {0};
  for (size_t i = 0; i < TH_COUNT(sets->sets) && sets->sets[i]; i++) {
    th_elig_set *set = sets->sets[i];
    if (__atomic_load_n(&set->n, __ATOMIC_ACQUIRE) == 0) fill(set);
    for (size_t k = 0; k < TH_COUNT(mask); k++)
      mask[k] |= __atomic_load_n(&set->mask[k], __ATOMIC_RELAXED);
  }
  for (size_t k = 0; k < TH_COUNT(mask); k++)
    __atomic_store_n(&sets->mask[k], mask[k], __ATOMIC_RELAXED);
  __atomic_store_n(&sets->known, true, __ATOMIC_RELEASE);
}
