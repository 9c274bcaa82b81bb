/* Legacy XML: as a source, and as one document given to the converter. What the converter accepts
 * must be JSON. */
#include "ingest/legacy_xml.h"
#include "source_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_converter(th_span xml) {
  static th_legacy_xml *converter;
  static th_json_parser *parser;
  th_buf out;
  th_json doc;
  if (!converter) converter = th_legacy_xml_new(64);
  if (!parser) parser = th_json_parser_new(1 << 26, 256);
  th_buf_init(&out, 0);
  if (th_legacy_xml_convert(converter, xml, &out, NULL) == 0 &&
      th_json_parse(parser, th_buf_view(&out), &doc, NULL) != 0)
    abort();
  th_buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len > 1 << 15) return 0;
  th_span in = {(const char *)data, len};
  check_converter(in);
  check_source(in, len ? data[len - 1] % 70 + 1 : 1);
  return 0;
}
