/* Writes the segments of corpus/segment anew, for when the format has changed:
 *   ninja -C build fuzz/make_segments && build/fuzz/make_segments fuzz/corpus/segment */
#include "../tests/unit/test.h"

#include <stdio.h>

#include "../tests/unit/index/small_segment.h"

int main(int argc, char **argv) {
  static const uint32_t sizes[][2] = {{1, 1}, {3, 8}, {40, 60}, {300, 2}}; /* documents, stems */
  uint64_t seed = 42;
  char path[4096];
  for (size_t i = 0; argc == 2 && i < TH_COUNT(sizes); i++) {
    small_docs d;
    small_random(&d, &seed, sizes[i][0], sizes[i][1], 100, 7);
    snprintf(path, sizeof path, "%s/small%zu.seg", argv[1], i);
    small_write(&d, path);
    small_dispose(&d);
  }
  return argc != 2;
}
