/* An OpenAPI 3.0.3 document of the registry's API as it is served here, written from the tables
 * that the API itself is driven by: fields, enums, endpoints. */
#ifndef TH_API_OAS_H
#define TH_API_OAS_H

#include "base/buf.h"

/* Appends the document, compact JSON (which is YAML too). */
void th_oas_put(th_buf *out);

#endif
