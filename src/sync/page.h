/* The answers that a mirror reads: a page of studies, /version. */
#ifndef TH_SYNC_PAGE_H
#define TH_SYNC_PAGE_H

#include "base/json.h"

#define TH_SYNC_TOKEN_MAX 2000 /* bytes; the registry's have about 50 */

/* Borrowed from the parser and the body, as th_json. */
typedef struct th_sync_page {
  th_json json;
  uint32_t studies; /* the array's node */
  size_t n;
  int64_t total; /* totalCount, -1 when not sent */
  th_span token; /* nextPageToken, n 0 on the last page */
} th_sync_page;

/* TH_EINPUT: no JSON (HTML is called that), no array "studies", a member of a wrong type. */
int th_sync_page_read(th_json_parser *parser, th_span body, th_sync_page *out,
                      th_err *err) TH_MUST_USE;
/* The NCT number of a study, in its place in the record; 0 when there is none. */
uint32_t th_sync_study_nct(const th_json *j, uint32_t study);
/* dataTimestamp of an answer of /version, which must be a time. TH_EINPUT. */
int th_sync_version_read(th_json_parser *parser, th_span body, char out[20],
                         th_err *err) TH_MUST_USE;

#endif
