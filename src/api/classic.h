/* Markup as the classic system set it (markupFormat=legacy): no backslashes, paragraphs and list
 * items between empty lines, lines ended by CR LF.
 *
 *   text := block { CRLF CRLF block }
 *   item := 2 + 5 * level blanks, "-" and two blanks or "N. ", the item's text
 *
 * The classic system also broke lines near column 90; here a paragraph stays one line, so that
 * nothing about where its author broke lines is made up. Reading it as classic text
 * (ingest/legacy.h) gives the markup back. */
#ifndef TH_API_CLASSIC_H
#define TH_API_CLASSIC_H

#include "base/buf.h"

/* Appends the classic form of a record's markup. Linear. Errors show in out. */
void th_classic_put(th_buf *out, th_span markup);

#endif
