/* A record as an entry for reference managers (RIS).
 *
 *   entry := line("TY", "DBASE") line{…} line("ER", "")
 *   line  := tag "  - " text CR LF             a tag that stands for a list has a line for each
 *
 * Tags and their order are those of the registry's download; the text of a line has no line
 * breaks. */
#ifndef TH_API_RIS_H
#define TH_API_RIS_H

#include "base/json.h"

/* Bit i = tag i of the table. The list names tags, separated by commas or '|'; empty = all. Error:
 * TH_EUSAGE. */
int th_ris_tags_parse(uint32_t *out, th_span list, th_err *err) TH_MUST_USE;
/* Appends the entry with these tags, and always with TY and ER. retrieved: "2026-08-14T…", the day
 * is used. Errors: TH_ENOMEM; those of out show in it. */
int th_ris_put(th_buf *out, const th_json *j, uint32_t tags, const char *retrieved,
               th_err *err) TH_MUST_USE;

#endif
