/* Text that somebody wrote as HTML, or copied out of a page, into a place for plain text. */
#ifndef TH_TEXT_PLAIN_HTML_H
#define TH_TEXT_PLAIN_HTML_H

#include "base/common.h"

/* Tags become line ends, indentation and bullets, entities their signs, blanks take the place of
 * the rest: as long as before, so that places in it are places in the text. Names that are none of
 * HTML stay as they are. Whether it is HTML at all the caller knows. Linear. */
void th_plain_html(char *p, size_t length);

#endif
