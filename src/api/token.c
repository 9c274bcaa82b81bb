#include "api/token.h"

#include <xxhash.h>

enum { VERSION = 1, RAW_LEN = 25, CHECKED_LEN = 21 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put_number(uint8_t *to, uint64_t v, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    to[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_number(const uint8_t *from, unsigned n) {
  uint64_t v = 0;
  for (unsigned i = 0; i < n; i++)
    v |= (uint64_t)from[i] << (8 * i);
  return v;
}

static uint32_t check_of(const uint8_t *raw) {
  return (uint32_t)XXH3_64bits(raw, CHECKED_LEN);
}

void th_token_write(const th_token *token, char out[TH_TOKEN_LEN + 1]) {
  uint8_t raw[RAW_LEN + 2] = {VERSION};
  put_number(raw + 1, token->from, 4);
  put_number(raw + 5, token->state, 8);
  put_number(raw + 13, token->ask, 8);
  put_number(raw + CHECKED_LEN, check_of(raw), 4);
  for (unsigned i = 0; i < TH_TOKEN_LEN; i++) {
    unsigned bit = i * 6, byte = bit / 8;
    unsigned pair = (unsigned)raw[byte] << 8 | raw[byte + 1];
    out[i] = digits[pair >> (10 - bit % 8) & 63];
  }
  out[TH_TOKEN_LEN] = 0;
}

bool th_token_read(th_span text, th_token *out) {
  uint8_t raw[RAW_LEN + 2] = {0};
  if (text.n != TH_TOKEN_LEN) return false;
  for (unsigned i = 0; i < TH_TOKEN_LEN; i++) {
    const char *digit = memchr(digits, text.p[i], 64);
    if (!digit) return false;
    unsigned bit = i * 6, byte = bit / 8;
    unsigned pair = (unsigned)(digit - digits) << (10 - bit % 8);
    raw[byte] |= (uint8_t)(pair >> 8);
    raw[byte + 1] |= (uint8_t)pair;
  }
  if (raw[0] != VERSION || raw[RAW_LEN] != 0 || get_number(raw + CHECKED_LEN, 4) != check_of(raw))
    return false;
  *out = (th_token){.from = (uint32_t)get_number(raw + 1, 4),
                    .state = get_number(raw + 5, 8),
                    .ask = get_number(raw + 13, 8)};
  return true;
}
