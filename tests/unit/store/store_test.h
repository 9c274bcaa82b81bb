/* What the store's tests share: a folder of their own and made-up records. */
#ifndef TH_STORE_TEST_H
#define TH_STORE_TEST_H

#include "../test.h"

#include "store/store.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* xorshift64*: the same sequence on every machine for the same seed. */
static inline uint64_t test_random(uint64_t *state) {
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545F4914F6CDD1DULL;
}

/* A record whose text depends on nct and variant, of about len bytes. */
static inline void test_record(th_buf *out, uint32_t nct, uint32_t variant, size_t len) {
  static const char *const words[] = {"patients", "asthma",   "randomized", "placebo",
                                      "dose",     "trial",    "children",   "outcome",
                                      "baseline", "tolerance"};
  uint64_t state = nct * 7919ull + variant * 104729ull + 1;
  th_buf_printf(out, "{\"nctId\":\"NCT%08u\",\"variant\":%u,\"text\":\"", nct, variant);
  while (out->n < len && !out->error)
    th_buf_printf(out, "%s %u ", words[test_random(&state) % 10],
                  (unsigned)(test_random(&state) % 1000));
  th_buf_str(out, "\"}");
}

static inline void test_remove_folder(const char *folder) {
  char path[600];
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (e->d_name[0] != '.') unlink(path);
  }
  if (d) closedir(d);
  rmdir(folder);
}

#endif
