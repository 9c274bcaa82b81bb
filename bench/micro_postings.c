/* The reader of a segment, one thread: opening, hashing, looking up terms, decoding lists.
 *   micro_postings SEGMENT   (index_build makes one) */
#include "index/codec.h"
#include "index/segment.h"

#include <stdio.h>
#include <time.h>

enum { LOOKUPS = 200000, ROUNDS = 5 };

typedef struct word {
  th_span text; /* owned */
  uint32_t df;
} word;

static word *words;
static uint32_t n_words;

static void collect(const th_segment *s) {
  th_term_cursor c;
  size_t cap = 0;
  if (!th_term_seek(&c, s, TH_SPAN(""))) return;
  while (th_term_next(&c)) {
    if (n_words == cap) words = realloc(words, (cap = cap ? 2 * cap : 1024) * sizeof *words);
    char *copy = malloc(c.len);
    if (!words || !copy) exit(1);
    memcpy(copy, c.text, c.len);
    words[n_words++] = (word){{copy, c.len}, c.term.df};
  }
}

/* Of this process, so that a busy machine counts for less. */
static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double best(double *seconds) {
  double least = seconds[0];
  for (int i = 1; i < ROUNDS; i++)
    least = TH_MIN(least, seconds[i]);
  return least;
}

static void time_open(const char *path) {
  double opened[ROUNDS], looked[ROUNDS], verified[ROUNDS];
  th_term t;
  uint64_t bytes = 0;
  for (int i = 0; i < ROUNDS; i++) {
    th_segment *s;
    double start = cpu_seconds();
    if (th_segment_open(&s, path, false, NULL)) exit(1);
    opened[i] = cpu_seconds() - start;
    start = cpu_seconds();
    (void)th_segment_term(s, TH_SPAN("cancer"), &t);
    looked[i] = cpu_seconds() - start;
    start = cpu_seconds();
    if (th_segment_verify(s, NULL)) exit(1);
    verified[i] = cpu_seconds() - start;
    bytes = th_segment_bytes(s);
    th_segment_close(s);
  }
  printf("open %.0f us, first look-up %.0f us, hash all %.1f ms (%.1f GB/s)\n", 1e6 * best(opened),
         1e6 * best(looked), 1e3 * best(verified), (double)bytes / 1e9 / best(verified));
}

static void time_lookups(const th_segment *s) {
  double seconds[ROUNDS];
  uint32_t *order = malloc(LOOKUPS * sizeof *order);
  uint64_t state = 88172645463325252u, found = 0;
  for (uint32_t i = 0; order && i < LOOKUPS; i++) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    order[i] = (uint32_t)(state % n_words);
  }
  for (int r = 0; order && r < ROUNDS; r++) {
    double start = cpu_seconds();
    for (uint32_t i = 0; i < LOOKUPS; i++) {
      th_term t;
      found += th_segment_term(s, words[order[i]].text, &t);
    }
    seconds[r] = cpu_seconds() - start;
  }
  if (found != (uint64_t)LOOKUPS * ROUNDS) exit(1);
  printf("look-up of one of %u terms: %.0f ns\n", n_words, 1e9 * best(seconds) / LOOKUPS);
  free(order);
}

static void time_lists(const th_segment *s, uint32_t from_df, uint32_t below_df) {
  double seconds[ROUNDS];
  uint64_t n = 0, sum = 0;
  uint32_t n_terms = 0;
  th_term *terms = malloc(n_words * sizeof *terms);
  if (!terms) exit(1);
  for (uint32_t i = 0; i < n_words; i++)
    if (words[i].df >= from_df && words[i].df < below_df &&
        th_segment_term(s, words[i].text, &terms[n_terms]))
      n_terms++;
  for (int r = 0; r < ROUNDS; r++) {
    double start = cpu_seconds();
    n = 0;
    for (uint32_t i = 0; i < n_terms; i++) {
      th_postings p;
      th_postings_init(&p, &terms[i]);
      while (th_postings_next_block(&p)) {
        n += p.n;
        sum += p.docs[0] + p.classes[p.n - 1];
      }
    }
    seconds[r] = cpu_seconds() - start;
  }
  printf("%u terms with df %u to %u: %.1f M postings, %.2f G/s (%llu)\n", n_terms, from_df,
         below_df - 1, (double)n / 1e6, (double)n / 1e9 / best(seconds),
         (unsigned long long)sum % 10);
  free(terms);
}

static void time_positions(const th_segment *s) {
  th_occurrence out[256];
  uint64_t n = 0, postings = 0;
  double start = cpu_seconds();
  for (uint32_t i = 0; i < n_words; i++) {
    th_postings p;
    th_term t;
    if (words[i].df < 1000 || !th_segment_term(s, words[i].text, &t)) continue;
    th_postings_init(&p, &t);
    while (th_postings_next_block(&p))
      for (uint32_t k = 0; k < p.n; k++) {
        n += th_postings_positions(s, &p, k, NULL, out, TH_COUNT(out));
        postings++;
      }
  }
  double seconds = cpu_seconds() - start;
  printf("positions of terms with df >= 1000: %.1f M of %.1f M postings, %.1f ns a posting\n",
         (double)n / 1e6, (double)postings / 1e6, 1e9 * seconds / (double)postings);
}

int main(int argc, char **argv) {
  th_segment *s;
  th_err err = {0};
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc != 2 || th_segment_open(&s, argv[1], true, &err)) {
    fprintf(stderr, "usage: micro_postings SEGMENT %s\n", err.message);
    return 2;
  }
  time_open(argv[1]);
  collect(s);
  if (n_words == 0) return 1;
  time_lookups(s);
  for (int scalar = 0; scalar < 2; scalar++) {
    if (scalar) printf("scalar: "), (void)th_codec_force(TH_CODEC_SCALAR);
    time_lists(s, 1000, UINT32_MAX);
  }
  (void)th_codec_force(TH_CODEC_BEST);
  time_lists(s, TH_BLOCK, 1000);
  time_lists(s, 2, TH_BLOCK);
  time_positions(s);
  double start = cpu_seconds();
  int rc = th_segment_verify_deep(s, &err);
  printf("deep check %.2f s: %s\n", cpu_seconds() - start, rc ? err.message : "good");
  th_segment_close(s);
  return rc != 0;
}
