/* The registry's legacy XML (<clinical_study>, in use until 2024) as an API v2 record. */
#ifndef TH_INGEST_LEGACY_XML_H
#define TH_INGEST_LEGACY_XML_H

#include "base/buf.h"
#include "base/common.h"

typedef struct th_legacy_xml th_legacy_xml;

/* max_depth: deepest nesting of elements. A converter belongs to one thread and is used again. */
th_legacy_xml *th_legacy_xml_new(unsigned max_depth) TH_MUST_USE;
void th_legacy_xml_free(th_legacy_xml *x);
/* Appends to out the v2 record, one line of JSON without the newline, keys in the registry's order.
 * xml: one document, in any encoding that expat reads. Errors: TH_EINPUT with line and byte in
 * the document (not well-formed, an entity declaration, another root, nested too deeply, no NCT
 * number), TH_ENOMEM; then out is as before. */
int th_legacy_xml_convert(th_legacy_xml *x, th_span xml, th_buf *out, th_err *err) TH_MUST_USE;

#endif
