/* Readable addresses: "/study/NCT00000102/congenital-adrenal-hyperplasia-calcium". The words are
 * for people; the number alone says which study it is. */
#ifndef TH_PORTAL_SLUG_H
#define TH_PORTAL_SLUG_H

#include "base/buf.h"
#include "base/common.h"

enum { TH_SLUG_MAX = 80 };

/* Appends the words of a title, folded to lower-case ASCII and joined by '-', at most TH_SLUG_MAX
 * bytes, cut between words; nothing when no letter or digit is left. Returns the bytes appended. */
size_t th_slug_put(th_span title, th_buf *out);
/* Whether th_slug_put makes this slug of the title. Most titles are told apart without folding. */
bool th_slug_is(th_span title, th_span slug, th_buf *scratch);
/* Appends "/study/NCT…" with the title's slug behind it when there is one that is not
 * "history", which is another page. */
void th_slug_study_path(uint32_t nct, th_span title, th_buf *out);

#endif
