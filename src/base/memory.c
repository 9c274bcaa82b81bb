#include "base/memory.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
/* Bytes of the process that are in memory and of no file; 0 when that is not known. */
static uint64_t resident_own(void) {
  unsigned long size, resident, shared;
  FILE *f = fopen("/proc/self/statm", "re");
  int n = f ? fscanf(f, "%lu %lu %lu", &size, &resident, &shared) : 0;
  if (f) fclose(f);
  return n == 3 && resident > shared
             ? (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE)
             : 0;
}

bool th_memory_trim(uint64_t most) {
  struct mallinfo2 info = mallinfo2();
  uint64_t used = (uint64_t)info.uordblks + info.hblkhd;
  if (resident_own() <= used + most) return false;
  malloc_trim(0);
  return true;
}
#else
bool th_memory_trim(uint64_t most) {
  (void)most;
  return false;
}
#endif

void th_memory_hold(void) {
#ifdef __GLIBC__
  /* A thread's heap is 64 MB at most: so it is made in one piece. */
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
}
