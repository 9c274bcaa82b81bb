#include "ingest/legacy_xml.h"

struct th_legacy_xml {
  unsigned max_depth;
};

th_legacy_xml *th_legacy_xml_new(unsigned max_depth) {
  th_legacy_xml *x = calloc(1, sizeof *x);
  if (x) x->max_depth = max_depth;
  return x;
}

void th_legacy_xml_free(th_legacy_xml *x) {
  free(x);
}

int th_legacy_xml_convert(th_legacy_xml *x, th_span xml, th_buf *out, th_err *err) {
  (void)x, (void)xml, (void)out;
  return th_err_set(err, TH_EINPUT, "legacy XML is not read yet");
}
