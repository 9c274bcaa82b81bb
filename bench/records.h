/* Records of a file for the programs of the benchmarks: whatever an import takes, one after
 * another. */
#ifndef TH_BENCH_RECORDS_H
#define TH_BENCH_RECORDS_H

#include "base/common.h"

/* bytes: JSON with TH_PAD readable bytes behind it, valid during the call. A result below 0 ends
 * the reading. */
typedef int (*bench_record_fn)(void *context, th_span bytes, th_err *err);

/* Calls fn for each record of the file at path, plain, packed or zipped. What cannot be split is
 * named on standard error and passed over. */
int bench_records(const char *path, bench_record_fn fn, void *context, th_err *err);

#endif
