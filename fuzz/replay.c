/* Runs a fuzz target over the files of a corpus folder, without a fuzzer: every input that once
 * taught us something is a test under any compiler. Each file is given whole, and also cut off at a
 * few places, in memory of exactly its size so that a sanitizer sees every read behind it. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned n_passed, n_failed;

static void run_cut(const uint8_t *data, size_t len) {
  uint8_t *copy = calloc(len ? len : 1, 1);
  if (!copy) {
    n_failed++;
    return;
  }
  memcpy(copy, data, len);
  LLVMFuzzerTestOneInput(copy, len);
  free(copy);
}

static void run_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) {
    fprintf(stderr, "replay: cannot read %s\n", path);
    n_failed++;
    if (file) fclose(file);
    return;
  }
  long len = ftell(file);
  rewind(file);
  uint8_t *data = malloc(len > 0 ? (size_t)len : 1);
  if (!data || len < 0 || fread(data, 1, (size_t)len, file) != (size_t)len) {
    fprintf(stderr, "replay: cannot read %s\n", path);
    n_failed++;
  } else {
    for (int eighth = 1; eighth <= 8; eighth++)
      run_cut(data, (size_t)len * (size_t)eighth / 8);
    n_passed++;
  }
  free(data);
  fclose(file);
}

int main(int argc, char **argv) {
  run_cut((const uint8_t *)"", 0);
  for (int i = 1; i < argc; i++) {
    DIR *folder = opendir(argv[i]);
    if (!folder) {
      fprintf(stderr, "replay: no folder %s\n", argv[i]);
      return 1;
    }
    for (struct dirent *entry; (entry = readdir(folder));) {
      if (entry->d_name[0] == '.') continue;
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
      run_file(path);
    }
    closedir(folder);
  }
  if (n_passed == 0) n_failed++; /* an empty corpus proves nothing */
  printf("%u passed, %u failed\n", n_passed, n_failed);
  return n_failed ? 1 : 0;
}
