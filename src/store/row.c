#include "store/ops.h"

#include <endian.h>
#include <xxhash.h>

enum { SEED_ROW = 1 };

uint64_t th_row_sum(const th_row *row) {
  uint64_t f[] = {row->seq,     row->nct,           row->version,    (uint64_t)row->kind,
                  row->prev,    (uint64_t)row->utc, row->len,        row->dict,
                  row->hash[0], row->hash[1],       row->packed_len, row->packed_sum};
  for (size_t i = 0; i < TH_COUNT(f); i++)
    f[i] = htole64(f[i]);
  return XXH3_64bits_withSeed(f, sizeof f, SEED_ROW);
}

uint64_t th_pair_sum(int seed, uint64_t a, uint64_t b) {
  uint64_t f[] = {htole64(a), htole64(b)};
  return XXH3_64bits_withSeed(f, sizeof f, (XXH64_hash_t)seed);
}

uint64_t th_bytes_sum(th_span bytes) {
  return XXH3_64bits(bytes.p, bytes.n);
}

uint64_t th_named_sum(th_span name, th_span value) {
  return th_pair_sum(4, th_bytes_sum(name), th_bytes_sum(value));
}

void th_store_hash(th_span json, uint64_t hash[2]) {
  XXH128_hash_t h = XXH3_128bits(json.p, json.n);
  hash[0] = h.high64;
  hash[1] = h.low64;
}

bool th_row_plan(th_row *row, const th_row *last, th_put *put, uint64_t seq, int64_t utc) {
  bool live = last->kind == TH_CHANGE_PUT;
  if (live && last->len == put->json.n && last->hash[0] == put->hash[0] &&
      last->hash[1] == put->hash[1]) {
    put->outcome = TH_PUT_UNCHANGED;
    put->version = last->version;
    put->seq = last->seq;
    return false;
  }
  *row = (th_row){.seq = seq,
                  .nct = put->nct,
                  .version = last->version + 1,
                  .kind = TH_CHANGE_PUT,
                  .prev = last->seq,
                  .utc = utc,
                  .len = put->json.n,
                  .dict = put->dict_id,
                  .hash = {put->hash[0], put->hash[1]},
                  .packed_len = put->packed.n,
                  .packed_sum = th_bytes_sum(put->packed)};
  row->sum = th_row_sum(row);
  put->outcome = live ? TH_PUT_CHANGED : TH_PUT_NEW;
  put->version = row->version;
  put->seq = seq;
  return true;
}

void th_row_plan_removal(th_row *row, const th_row *last, uint64_t seq, int64_t utc) {
  *row = (th_row){.seq = seq,
                  .nct = last->nct,
                  .version = last->version,
                  .kind = TH_CHANGE_REMOVE,
                  .prev = last->seq,
                  .utc = utc};
  row->sum = th_row_sum(row);
}

int th_row_corrupt(const th_row *row, const char *why, th_err *err) {
  return th_err_set(err, TH_ECORRUPT, "NCT%08u, entry %llu of the store: %s", row->nct,
                    (unsigned long long)row->seq, why);
}

int th_row_verify(const th_row *row, th_err *err) {
  if (row->sum != th_row_sum(row)) return th_row_corrupt(row, "the row does not check", err);
  return 0;
}
