/* Criteria that somebody wrote as HTML into a field of plain text: five of 14,504 records. */
#ifndef TH_ELIG_PLAIN_HTML_H
#define TH_ELIG_PLAIN_HTML_H

#include "base/arena.h"
#include "base/common.h"

/* The text with its tags as line ends, indentation and bullets, and its entities as signs, blanks
 * in place of the rest: as long as before, so that places in it are places in the text. The text
 * itself when no list and no paragraph is marked up in it. p NULL: no memory. Linear. */
th_span th_elig_plain_html(th_span text, th_arena *arena);

#endif
