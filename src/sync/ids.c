#include "sync/ids.h"

#include "study/nct.h"

#include <xxhash.h>

enum { WORDS = TH_NCT_MAX / 64 + 1 };

int th_ids_init(th_ids *ids, th_err *err) {
  *ids = (th_ids){.bits = calloc(WORDS, sizeof *ids->bits)};
  return ids->bits ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

void th_ids_dispose(th_ids *ids) {
  free(ids->bits);
  *ids = (th_ids){0};
}

void th_ids_clear(th_ids *ids) {
  for (uint32_t at = 0; ids->n && (at = th_ids_next(ids, at)) != 0; ids->n--)
    ids->bits[at / 64] &= ~((uint64_t)1 << (at % 64));
}

bool th_ids_add(th_ids *ids, uint32_t nct) {
  uint64_t bit = (uint64_t)1 << (nct % 64);
  if (ids->bits[nct / 64] & bit) return false;
  ids->bits[nct / 64] |= bit;
  ids->n++;
  return true;
}

bool th_ids_has(const th_ids *ids, uint32_t nct) {
  return nct <= TH_NCT_MAX && (ids->bits[nct / 64] >> (nct % 64) & 1);
}

uint32_t th_ids_next(const th_ids *ids, uint32_t from) {
  if (from > TH_NCT_MAX) return 0;
  uint32_t word = from / 64;
  uint64_t left = ids->bits[word] & (UINT64_MAX << (from % 64));
  while (left == 0 && ++word < WORDS)
    left = ids->bits[word];
  return left ? word * 64 + (uint32_t)__builtin_ctzll(left) : 0;
}

void th_ids_write(const th_ids *ids, th_buf *out) {
  size_t from = out->n;
  uint32_t last = 0;
  for (uint32_t at = th_ids_next(ids, 1); at; last = at, at = th_ids_next(ids, at + 1))
    th_buf_varint(out, at - last);
  uint64_t sum = out->error ? 0 : XXH3_64bits(out->p ? out->p + from : "", out->n - from);
  for (int i = 0; i < 8; i++)
    th_buf_char(out, (char)(sum >> (8 * i)));
}

int th_ids_read(th_ids *ids, th_span bytes, th_err *err) {
  uint64_t nct = 0, step, sum = 0;
  if (bytes.n < 8) return th_err_set(err, TH_ECORRUPT, "a list of studies is cut");
  const uint8_t *at = (const uint8_t *)bytes.p, *end = at + bytes.n - 8;
  for (int i = 0; i < 8; i++)
    sum |= (uint64_t)end[i] << (8 * i);
  if (sum != XXH3_64bits(at, bytes.n - 8))
    return th_err_set(err, TH_ECORRUPT, "a list of studies does not check");
  while (at < end) {
    if (!th_varint_read(&at, end, &step) || step == 0 || step > TH_NCT_MAX - nct)
      return th_err_set(err, TH_ECORRUPT, "a list of studies is no such list");
    nct += step;
    th_ids_add(ids, (uint32_t)nct);
  }
  return 0;
}
