/* Protocol abstracts of the National Cancer Institute's PDQ, which one in seven of the records at
 * hand has for its criteria. Three headings, all conditions that must hold, in a fixed form:
 *
 *   abstract := section*
 *   section  := ("DISEASE CHARACTERISTICS" | "PATIENT CHARACTERISTICS" | "PRIOR CONCURRENT THERAPY"
 * | …) ":" (topic ":" item* | item*) topic    := "Age" | "Performance status" | "Hepatic" |
 * "Chemotherapy" | …
 *
 * In half of them the line breaks are lost, so an item ends where a word begins that only begins
 * items ("No", "Must", "Bilirubin"). */
#ifndef TH_ELIGIBILITY_PDQ_H
#define TH_ELIGIBILITY_PDQ_H

#include "base/common.h"

struct th_elig_piece; /* inline.h */

/* Whether the line begins with the heading of a section, in capitals, with its colon. */
bool th_elig_pdq_section(th_span line);
/* Cuts into at most TH_ELIG_PIECES_MAX pieces text[from, to) that is a whole section on one line:
 * its heading, its items inside; topics that ask for nothing are items of their own,
 * TH_ELIG_OPTIONAL. 0 when it is none. Linear. */
size_t th_elig_pdq_split(th_span text, uint32_t from, uint32_t to, struct th_elig_piece *out);
/* Whether the words are a topic and nothing else ("Chemotherapy:"): they ask for nothing. */
bool th_elig_pdq_topic(th_span words);
/* "Not specified", "Life expectancy: See Disease Characteristics": an item that asks for nothing.
 */
bool th_elig_pdq_nothing(th_span words);

#endif
