/* What was found for a patient, for people at a terminal. */
#ifndef TH_CLI_MATCH_TEXT_H
#define TH_CLI_MATCH_TEXT_H

#include "cli/tty.h"
#include "match/find.h"

/* A paragraph a study: title, grade, how many criteria are settled, what excludes; then the
 * questions to ask next. */
void th_cli_match_text(const th_find_result *r, const th_tty *term, th_buf *out);

#endif
