/* Addresses of an upstream. */
#ifndef TH_SYNC_URL_H
#define TH_SYNC_URL_H

#include "base/buf.h"
#include "base/common.h"

/* Appends the base address in its one form: http or https, no name or password, no query, no
 * fragment, no slash at the end; an address without a path gets /api/v2. TH_EUSAGE. */
int th_sync_url_base(th_buf *out, const char *text, th_err *err) TH_MUST_USE;
/* Appends s as it may stand in a query: all but A-Z a-z 0-9 - . _ ~ as %XX (RFC 3986, 2.3). */
void th_sync_url_escape(th_buf *out, th_span s);
/* May an answer from `from` send us to `to`? Only to the same host, never from https to http, and
 * to another port only along with the step from http to https. */
bool th_sync_url_may_follow(const char *from, const char *to);

#endif
