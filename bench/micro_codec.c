/* Integers a second of the block codec's variants: micro_codec [ROUNDS] */
#include "base/queue.h"
#include "index/codec.h"

#include <stdio.h>

enum { BLOCKS = 512, ROUNDS = 30 };

static const struct {
  th_codec id;
  const char *name;
} variants[] = {{TH_CODEC_SCALAR, "scalar"}, {TH_CODEC_SSE2, "sse2"}, {TH_CODEC_AVX2, "avx2"}};

static double measure(const uint8_t *packed, unsigned bits, bool sum, unsigned rounds) {
  uint32_t out[TH_BLOCK], used = 0;
  double start = th_clock_mono();
  for (unsigned r = 0; r < rounds; r++) {
    for (unsigned b = 0; b < BLOCKS; b++) {
      const uint8_t *block = packed + b * th_packed_size(bits);
      if (sum)
        th_unpack_sum(block, bits, used, out);
      else
        th_unpack(block, bits, out);
      used += out[TH_BLOCK - 1];
    }
  }
  double seconds = th_clock_mono() - start;
  if (used == 42) printf(" "); /* the work is not thrown away */
  return (double)rounds * BLOCKS * TH_BLOCK / seconds / 1e9;
}

int main(int argc, char **argv) {
  static const unsigned widths[] = {1, 3, 5, 8, 11, 16, 20};
  static uint8_t packed[BLOCKS * 4 * TH_BLOCK + TH_PAD];
  unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 20;
  printf("10^9 integers a second\n%-8s %6s %8s %8s\n", "variant", "bits", "unpack", "and sum");
  for (size_t v = 0; v < TH_COUNT(variants); v++) {
    if (!th_codec_force(variants[v].id)) continue;
    for (size_t w = 0; w < TH_COUNT(widths); w++) {
      uint32_t values[TH_BLOCK];
      for (unsigned b = 0; b < BLOCKS; b++) {
        for (unsigned i = 0; i < TH_BLOCK; i++)
          values[i] = (i * 2654435761u + b * 40503u) >> (32 - widths[w]);
        th_pack(values, widths[w], packed + b * th_packed_size(widths[w]));
      }
      double unpack = 0, sum = 0;
      for (int round = 0; round < ROUNDS; round++) { /* the best: others may use the machine */
        unpack = TH_MAX(unpack, measure(packed, widths[w], false, rounds));
        sum = TH_MAX(sum, measure(packed, widths[w], true, rounds));
      }
      printf("%-8s %6u %8.2f %8.2f\n", variants[v].name, widths[w], unpack, sum);
    }
  }
  return 0;
}
