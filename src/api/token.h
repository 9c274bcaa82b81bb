/* Page tokens: where the next page begins, bound to the data and to the parameters.
 *
 *   token := base64url( u8 version=1, u32 from, u64 state, u64 ask, u32 check )   little-endian
 *
 * 34 characters of [A-Za-z0-9_-]. state: names the data that the first page was cut from; ask: a
 * hash of all parameters that a next page must repeat; check: tells a damaged token from an old
 * one. */
#ifndef TH_API_TOKEN_H
#define TH_API_TOKEN_H

#include "base/common.h"

enum { TH_TOKEN_LEN = 34 };

typedef struct th_token {
  uint32_t from; /* hits before this page */
  uint64_t state, ask;
} th_token;

void th_token_write(const th_token *token, char out[TH_TOKEN_LEN + 1]);
/* False when it is none of ours. */
bool th_token_read(th_span text, th_token *out) TH_MUST_USE;

#endif
