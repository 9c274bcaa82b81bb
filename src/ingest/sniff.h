/* What kind of bytes these are, by their beginning. */
#ifndef TH_INGEST_SNIFF_H
#define TH_INGEST_SNIFF_H

#include "base/common.h"

typedef enum th_format {
  TH_FORMAT_UNKNOWN,
  TH_FORMAT_EMPTY, /* nothing, or white space */
  TH_FORMAT_GZIP,
  TH_FORMAT_ZSTD,
  TH_FORMAT_ZIP,
  TH_FORMAT_JSON,
  TH_FORMAT_XML,
  TH_FORMAT_XML_WIDE, /* UTF-16 */
  TH_FORMAT_UTF16,    /* UTF-16 that is not XML */
} th_format;

/* head: the first 64 KiB, fewer only when the input is shorter. */
th_format th_sniff(th_span head);

#endif
