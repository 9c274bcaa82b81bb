/* Writing a zip archive from front to back: one JSON file a study, "NCT########.json".
 *
 * Bounded memory: what the directory at the end needs is 24 bytes a file; all else is gone once it
 * was taken. Archives beyond 4 GB or 65,535 files are written as zip64 (APPNOTE 6.3.4 section 4.3);
 * a single file is below 4 GB always (TH_STORE_RECORD_MAX). */
#ifndef TH_API_ZIP_OUT_H
#define TH_API_ZIP_OUT_H

#include "base/buf.h"
#include "base/common.h"

typedef struct th_zip th_zip;

/* level: libdeflate's, 1 to 12. time: of all files, seconds since 1970 UTC. NULL: no memory. */
th_zip *th_zip_new(int level, int64_t time) TH_MUST_USE;
void th_zip_free(th_zip *zip);
/* Appends a file to out. Errors: TH_ENOMEM. */
int th_zip_add(th_zip *zip, uint32_t nct, th_span json, th_buf *out, th_err *err) TH_MUST_USE;
/* Appends the next part of the directory, at most `most` files of it and behind the last the end of
 * the archive; *done is set with that. Errors show in out. */
void th_zip_directory(th_zip *zip, uint32_t most, th_buf *out, bool *done);

#endif
