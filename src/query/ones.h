/* Bits that are set. Where the compiler may use the processor's instruction it makes this one
 * instruction; where it may not, a library call would take its place. */
#ifndef TH_QUERY_ONES_H
#define TH_QUERY_ONES_H

#include <stdint.h>

static inline uint32_t th_ones(uint64_t v) {
  v -= v >> 1 & UINT64_C(0x5555555555555555);
  v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
  v = (v + (v >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
  return (uint32_t)(v * UINT64_C(0x0101010101010101) >> 56);
}

#endif
