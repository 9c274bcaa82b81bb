/* What a reader sees of a page that we wrote, and whether it is well made. Not a general HTML
 * parser: it wants every element closed, as th_html closes them. */
#ifndef TH_TEST_EXTRACT_H
#define TH_TEST_EXTRACT_H

#include "base/buf.h"

/* Appends the text, a line a block, blanks run together, entities resolved. Items of lists inside
 * class "prose" begin with "• " or "1. ", indented by two blanks a level. Header of the site,
 * contents of the page and <head> are left out. */
void extract_text(th_span html, th_buf *out);

/* NULL when the page is well made, else what is wrong (static text, overwritten by the next call):
 * elements closed in order, ids unique, links to "#…" lead somewhere, one h1 and no level of
 * heading passed over, only known attributes of links, no script, no style, no handler. */
const char *extract_fault(th_span html);

#endif
