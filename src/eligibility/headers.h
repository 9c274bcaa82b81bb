/* Lines that say whether what follows lets people in or keeps them out. */
#ifndef TH_ELIGIBILITY_HEADERS_H
#define TH_ELIGIBILITY_HEADERS_H

#include "eligibility/eligibility.h"

typedef struct th_elig_header {
  uint8_t kind;      /* th_elig_kind */
  bool keeps;        /* says neither and changes nothing within a block ("Eligibility criteria:") */
  bool cohort;       /* names a group that it holds for */
  bool following;    /* ends in a lead of its own ("must meet all of the following criteria:") */
  uint32_t from, to; /* the words, without marks and colon; offsets in the line */
  uint32_t rest;     /* offset of what follows on the line; its length when nothing does */
} th_elig_header;

/* Whether the line is a section header. marked: it stands behind a list sign, where sentences that
 * only mean as much as a header are items. */
bool th_elig_header_read(th_span line, bool marked, th_elig_header *out);
/* Whether a line names what it heads, inclusion or exclusion (or both: kind unknown). *header: its
 * words; *rest: offset in the line of what follows the header (the line's length when nothing
 * does). */
bool th_elig_plain_header(th_span line, uint8_t *kind, th_span *header, size_t *rest);
/* Offset of a header that stands behind other words of the line ("… years. Exclusion Criteria:"),
 * or the line's length. */
size_t th_elig_header_inside(th_span line);

#endif
