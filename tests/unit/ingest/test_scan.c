/* The scan against its reference, and against a slow and obvious version of itself. */
#include "../test.h"

#include "ingest/scan.h"

#include <stdio.h>
#include <time.h>

static uint64_t seed;
static unsigned random_u(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 33);
}

static void fill(char *p, size_t n) {
  static const char bytes[] = "\"\"\\\\{}[]\n ab:,\x7F\xFB\xDB\x80";
  for (size_t i = 0; i < n; i++)
    p[i] = bytes[random_u() % (sizeof bytes - 1)];
}

static void masks_agree(void **state) {
  (void)state;
  for (int i = 0; i < 20000; i++) {
    char block[64];
    th_scan_masks a, b;
    fill(block, sizeof block);
    th_scan_block(block, &a);
    th_scan_block_plain(block, &b);
    assert_memory_equal(&a, &b, sizeof a);
  }
}

/* Where the object open at the start ends, byte by byte. */
static th_scan_what slow(const char *p, size_t n, size_t *at) {
  bool in = false, escaped = false;
  int depth = 1;
  for (size_t i = 0; i < n; i++) {
    char c = p[i];
    if (escaped) {
      escaped = false;
      if (c == '\n' && in) {
        *at = i;
        return TH_SCAN_NEWLINE;
      }
      if (c == '"' || c == '\\') continue;
    } else if (c == '\\') {
      escaped = true;
      continue;
    }
    if (c == '"')
      in = !in;
    else if (in && c == '\n') {
      *at = i;
      return TH_SCAN_NEWLINE;
    } else if (!in && (c == '{' || c == '['))
      depth++;
    else if (!in && (c == '}' || c == ']') && --depth == 0) {
      *at = i + 1;
      return TH_SCAN_END;
    }
  }
  *at = n;
  return TH_SCAN_MORE;
}

static void ends_agree(void **state) {
  (void)state;
  for (int round = 0; round < 50000; round++) {
    char text[600];
    size_t n = random_u() % sizeof text, want_at, at = 0;
    fill(text, n);
    for (size_t i = 0; i < n; i++) /* fewer closing brackets and newlines: longer runs */
      if ((text[i] == '}' || text[i] == '\n') && random_u() % 4) text[i] = 'x';
    th_scan_what want = slow(text, n, &want_at);
    th_scan s;
    th_scan_begin(&s, 1, false);
    size_t step = 1 + random_u() % 400;
    th_scan_what got = TH_SCAN_MORE;
    for (size_t have = 0; got == TH_SCAN_MORE && have < n;) {
      have = TH_MIN(n, have + step);
      got = th_scan_run(&s, text, &at, have, have == n);
    }
    if (got != want || at != want_at)
      fail_msg("got %d at %zu, want %d at %zu in %.*s", got, at, want, want_at, (int)n, text);
  }
}

int main(void) {
  seed = (uint64_t)time(NULL);
  const char *given = getenv("TRIALHEAD_SEED");
  if (given) seed = strtoull(given, NULL, 10);
  printf("seed %llu\n", (unsigned long long)seed);
  const struct CMUnitTest tests[] = {cmocka_unit_test(masks_agree), cmocka_unit_test(ends_agree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
