/* A made-up registry: study records that look like those of a real one and say that they are not.
 *
 * Each record carries the keyword "made-up record", a first sentence in its summary that says so,
 * sponsors named "… (made up)", and an NCT number from NCT90000001 on, far above those in use.
 * Record `index` of a seed is always the same bytes, on every machine, whichever others are made.
 */
#ifndef TH_DEMO_DEMO_H
#define TH_DEMO_DEMO_H

#include "base/buf.h"
#include "base/common.h"

#define TH_DEMO_FIRST_NCT 90000001u
#define TH_DEMO_MOST 9999999u /* records of one seed */

typedef struct th_demo th_demo;

/* For one thread at a time. NULL when memory is exhausted. */
th_demo *th_demo_new(uint64_t seed) TH_MUST_USE;
void th_demo_free(th_demo *demo);
/* Appends record index (from 0, below TH_DEMO_MOST) as compact API v2 JSON without a line end. What
 * can go wrong is memory: see out->error. */
void th_demo_record(th_demo *demo, uint32_t index, th_buf *out);

#endif
