/* A tree in sections, for showing it: items of one kind under one header. */
#ifndef TH_ELIGIBILITY_SECTIONS_H
#define TH_ELIGIBILITY_SECTIONS_H

#include "eligibility/eligibility.h"

typedef struct th_elig_section {
  uint8_t kind;        /* th_elig_kind */
  th_span header;      /* its words, without signs; empty when there is none */
  th_span before;      /* what stands before the header: empty, or headers of nothing */
  uint32_t first, end; /* nodes at one depth */
  uint32_t from, to;   /* bytes: list signs and all */
} th_elig_section;

/* The next section; *s is zero for the first. A group that a header made (a cohort, a part) is a
 * section of its own, its lead the header. False behind the last: s->to is then the end of the last
 * item, and what follows in the text are headers of nothing. The tree has its text. */
bool th_elig_section_next(const th_elig_tree *tree, th_elig_section *s);
/* The words of the next line that has any, without signs; *rest moves behind it. Empty at the end.
 */
th_span th_elig_header_line(th_span *rest);

#endif
