/* Numbers that studies will not have: for a key (what is measured) intervals of values, each with
 * the documents that leave out whoever has a value in it. A side file a segment (index/index.h),
 * small, so that a filter by a value reads no more than the lists of the intervals that hold it.
 * Who makes it says what the keys are; this room knows numbers.
 *
 *   file  := magic[8]="THLIM\r\n\x01" u64 hash u32 version u32 n_docs u32 n_limits u32 0
 *            limit{n_limits} list{n_limits}
 *   limit := u32 key u32 flags f64 low f64 high u64 list u32 n u32 0
 *   list  := varint doc, varint (doc - the one before){n - 1}
 *
 * hash: the XXH3-64 of everything behind it. Little-endian. flags: 1 low is in the interval, 2 high
 * is; an open side is an infinity. Limits stand by key, low, high, flags; list is an offset from
 * the start of the file; docs ascend. */
#ifndef TH_QUERY_LIMITS_H
#define TH_QUERY_LIMITS_H

#include "base/common.h"
#include "index/index.h"

/* The kind of the side file (index/index.h). */
#define TH_LIMITS_SIDE 0x4d494c54u /* "TLIM" */

enum { TH_LIMITS_VERSION = 1 };

typedef struct th_limit {
  uint32_t key;
  double low, high; /* -INFINITY, INFINITY: open */
  bool low_in, high_in;
} th_limit;

/* Values that differ by less than what conversions round are equal. */
bool th_limit_holds(const th_limit *limit, double value);

/* ---- writing ---- */

typedef struct th_limits_writer th_limits_writer;
th_limits_writer *th_limits_writer_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_limits_writer_free(th_limits_writer *w);
/* Documents in ascending order; one may have several limits, none twice. Errors: TH_ENOMEM. */
int th_limits_add(th_limits_writer *w, uint32_t doc, const th_limit *limit,
                  th_err *err) TH_MUST_USE;
/* The file into path, synced; the writer can be filled anew. */
int th_limits_write(th_limits_writer *w, const char *path, uint32_t n_docs,
                    th_err *err) TH_MUST_USE;

/* ---- reading ---- */

/* Clears the bits of the documents that leave out a value. bytes: a file, checked against its
 * manifest by th_snapshot_side; n_bits of bits. Errors: TH_ECORRUPT; TH_EINPUT for one of another
 * version. */
int th_limits_clear(const void *bytes, size_t n, uint32_t key, double value, uint64_t *bits,
                    uint32_t n_bits, th_err *err) TH_MUST_USE;
/* Whether a file is one that th_limits_clear can read, of a segment with n_docs documents; also
 * compares the hash. */
bool th_limits_fit(const void *bytes, size_t n, uint32_t n_docs);

#endif
