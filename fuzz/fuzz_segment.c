/* A segment file of any bytes: opened without its checksums, so that the decoders are reached, and
 * asked everything; then checked in depth. And opened as a reader does, where it must be refused or
 * answer without harm. */
#include "../tests/unit/index/segment_walk.h"
#include "index/segment_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_segment *s;
  th_err err = {0};
  for (int trust = 0; trust < 2; trust++) {
    if (th_segment_open_bytes(&s, data, len, "fuzz.seg", trust, NULL)) continue;
    (void)segment_walk(s);
    int rc = th_segment_verify_deep(s, &err);
    if (rc && !err.message[0]) __builtin_trap(); /* an error without words */
    th_err_clear(&err);
    th_segment_close(s);
  }
  return 0;
}
