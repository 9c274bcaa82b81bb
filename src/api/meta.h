/* The tables behind the records, as the registry publishes them: fields, search areas, enums. */
#ifndef TH_API_META_H
#define TH_API_META_H

#include "api/doc.h"
#include "http/http.h"

typedef struct th_meta th_meta;

/* Writes all documents; th_meta_free gives them back. */
int th_meta_new(th_meta **out, th_err *err) TH_MUST_USE;
void th_meta_free(th_meta *meta);

/* Appends the tree of fields, compact; without the flags, fields that stand in records only. */
void th_meta_fields(th_buf *out, bool indexed_only, bool historic_only);
void th_meta_areas(th_buf *out);
void th_meta_enums(th_buf *out);

/* The documents, for the answers of api.c. */
const th_doc *th_meta_fields_doc(const th_meta *meta, bool indexed_only, bool historic_only);
const th_doc *th_meta_areas_doc(const th_meta *meta);
const th_doc *th_meta_enums_doc(const th_meta *meta);
const th_doc *th_meta_oas_doc(const th_meta *meta); /* the OpenAPI document */

#endif
