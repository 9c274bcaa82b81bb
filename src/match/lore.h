/* What can be said of a concept of the criteria whoever the patient is: hashes by which it is found
 * among those of a patient (kin.h), and whether it is one of the few that a note is asked more
 * about. Worked out when a concept is first met, and kept for all requests: nearly none of the
 * facts of a study has to do with a patient, and so they need not even be read. */
#ifndef TH_MATCH_LORE_H
#define TH_MATCH_LORE_H

#include "criteria/book.h"

/* Of one snapshot; for any number of threads. Eight bytes for each concept of its criteria books
 * that was met, by pages. */
typedef struct th_lore th_lore;

th_lore *th_lore_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_lore_free(th_lore *lore);       /* NULL is allowed */

enum {
  TH_LORE_BITS = 20, /* of each hash */
  TH_LORE_HASHES = 3,
  TH_LORE_SEGMENTS = 512, /* of segments behind these, and without memory, nothing is known */
};

/* Three hashes of TH_LORE_BITS, and above them: */
#define TH_LORE_KNOWN (1ull << 60)
#define TH_LORE_SPECIAL (1ull << 61) /* a patient of whom it says nothing may still be asked */
#define TH_LORE_HINTED (1ull << 62)  /* what a note says may raise it (HINT rows of doubt.def) */

/* The lore of a fact's concept; 0: not known. */
uint64_t th_lore_of(th_lore *lore, const th_criteria_outline *outline, uint32_t fact);

/* Has the lore of all facts of an outline brought near, so that the waiting for one goes on beside
 * that for the others. */
void th_lore_fetch(const th_lore *lore, const th_criteria_outline *outline);

/* A hash of a label or a code in any case; never 0. The uppermost bits are those of lore. */
typedef enum th_lore_kind { TH_LORE_LABEL = 1, TH_LORE_CODE = 2 } th_lore_kind;
uint64_t th_lore_hash(th_span s, th_lore_kind kind);

#endif
