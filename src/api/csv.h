/* Records as rows of the registry's CSV form: 30 columns in a fixed order (study/columns.def).
 * Cells are quoted as RFC 4180 says; lines end with a line feed. */
#ifndef TH_API_CSV_H
#define TH_API_CSV_H

#include "base/json.h"
#include "study/catalogue.h"

/* Bit i = column i. The list names columns by title, separated by commas or '|'; empty = all.
 * Error: TH_EUSAGE in the registry's words. */
int th_csv_columns_parse(uint32_t *out, th_span list, th_err *err) TH_MUST_USE;
void th_csv_header(th_buf *out, uint32_t columns);
/* One row of a record. Errors show in out. */
void th_csv_row(th_buf *out, const th_json *j, uint32_t columns);

#endif
