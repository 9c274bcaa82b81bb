/* JSON text in every arrangement, and its packings. The last byte says how the second pass is cut.
 */
#include "source_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len > 1 << 15) return 0;
  check_source((th_span){(const char *)data, len}, len ? data[len - 1] % 70 + 1 : 1);
  return 0;
}
