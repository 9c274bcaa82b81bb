/* Saved cohorts. An input that begins with 'F' is a file whose hash, basis and version are made
 * right first, so that what stands behind them is reached; any other input is a file as it is,
 * without its first byte. A file that opens must be judged without harm. */
#define _GNU_SOURCE
#include "cohort_world.h"

#include <xxhash.h>

#include "criteria/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As src/cohort/file.c has its head: the attributes' and the dictionary's basis at these bytes. */
enum { ATTRIBUTES_AT = 24, DICTIONARY_AT = 32, HEAD = 112 };

static void make_right(uint8_t *file, size_t n) {
  th_criteria_basis basis;
  uint64_t dictionary = world_dict()->basis, hash;
  if (n < HEAD + sizeof hash) return;
  th_criteria_basis_now(&basis, world_dict());
  memcpy(file + ATTRIBUTES_AT, &basis.attributes, 8);
  memcpy(file + DICTIONARY_AT, &dictionary, 8);
  hash = XXH3_64bits(file, n - sizeof hash);
  memcpy(file + n - sizeof hash, &hash, sizeof hash);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char path[32];
  th_cohort *c;
  th_arena arena;
  th_err err = {0};
  if (len == 0) return 0;
  uint8_t *file = malloc(len);
  if (!file) return 0;
  memcpy(file, data + 1, len - 1);
  if (data[0] == 'F') make_right(file, len - 1);
  int fd = world_file(file, len - 1, path);
  free(file);
  int rc = th_cohort_open(&c, path, world_dict(), &err);
  if (rc < 0 && (c || !err.message[0])) abort();
  if (rc == 0) {
    th_arena_init(&arena, 0);
    world_judge(c, &arena);
    th_arena_dispose(&arena);
    th_cohort_free(c);
  }
  close(fd);
  return 0;
}
