/* What a source gives, as text: a line for each record and each reject, in two lists.
 *
 *   R file-line offset [entry] bytes
 *   X file-line id [entry] reason
 */
#ifndef TH_TEST_TRANSCRIPT_H
#define TH_TEST_TRANSCRIPT_H

#include "ingest/source.h"

/* Reads bytes through memory (through_file false) or a temporary file and appends all records, then
 * all rejects, to out. Aborts the test on an error of the machine. */
void transcript(th_buf *out, th_span bytes, const th_source_limits *limits, bool through_file);

#endif
