#include "query/limits.h"

#include <math.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/file.h"

#define MAGIC "THLIM\r\n\x01"

typedef struct head {
  char magic[8];
  uint64_t hash;
  uint32_t version, n_docs, n_limits, zero;
} head;

typedef struct row {
  uint32_t key, flags;
  double low, high;
  uint64_t list;
  uint32_t n, zero;
} row;
_Static_assert(sizeof(head) == 32 && sizeof(row) == 40, "no gaps");

enum { HASHED_FROM = 16, LOW_IN = 1, HIGH_IN = 2 };

static bool near(double a, double b) {
  return a == b || (isfinite(b) && fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b)));
}

bool th_limit_holds(const th_limit *l, double v) {
  bool above = near(v, l->low) ? l->low_in : v > l->low;
  bool below = near(v, l->high) ? l->high_in : v < l->high;
  return above && below;
}

/* ---- writing ---- */

typedef struct entry {
  row row; /* row.list: not known before all is written */
  uint32_t last;
  th_buf docs;
} entry;

struct th_limits_writer {
  entry *entries;
  size_t n, cap;
  uint32_t *slots; /* open addressing: entry + 1 */
  size_t n_slots;
};

th_limits_writer *th_limits_writer_new(void) {
  return calloc(1, sizeof(th_limits_writer));
}

static void clear(th_limits_writer *w) {
  for (size_t i = 0; i < w->n; i++)
    th_buf_dispose(&w->entries[i].docs);
  free(w->entries);
  free(w->slots);
  *w = (th_limits_writer){0};
}

void th_limits_writer_free(th_limits_writer *w) {
  if (w) clear(w);
  free(w);
}

static uint64_t hash_of(const row *r) {
  return XXH3_64bits(r, offsetof(row, list));
}

static bool same(const row *a, const row *b) {
  return memcmp(a, b, offsetof(row, list)) == 0;
}

static bool grow_slots(th_limits_writer *w) {
  size_t n = w->n_slots ? w->n_slots * 2 : 1024;
  uint32_t *slots = calloc(n, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < w->n; i++) {
    size_t at = hash_of(&w->entries[i].row) & (n - 1);
    while (slots[at])
      at = (at + 1) & (n - 1);
    slots[at] = (uint32_t)i + 1;
  }
  free(w->slots);
  w->slots = slots;
  w->n_slots = n;
  return true;
}

static entry *find_entry(th_limits_writer *w, const row *r) {
  if (w->n * 2 >= w->n_slots && !grow_slots(w)) return NULL;
  size_t at = hash_of(r) & (w->n_slots - 1);
  for (; w->slots[at]; at = (at + 1) & (w->n_slots - 1))
    if (same(&w->entries[w->slots[at] - 1].row, r)) return &w->entries[w->slots[at] - 1];
  if (w->n == w->cap) {
    size_t cap = w->cap ? w->cap * 2 : 256;
    entry *p = realloc(w->entries, cap * sizeof *p);
    if (!p) return NULL;
    w->entries = p;
    w->cap = cap;
  }
  entry *e = &w->entries[w->n++];
  *e = (entry){.row = *r};
  w->slots[at] = (uint32_t)w->n;
  return e;
}

int th_limits_add(th_limits_writer *w, uint32_t doc, const th_limit *l, th_err *err) {
  row r = {.key = l->key,
           .flags = (l->low_in ? LOW_IN : 0u) | (l->high_in ? HIGH_IN : 0u),
           .low = l->low + 0.0, /* no negative zero */
           .high = l->high + 0.0};
  entry *e = find_entry(w, &r);
  if (!e) return th_err_set(err, TH_ENOMEM, "out of memory");
  th_buf_varint(&e->docs, e->row.n ? doc - e->last : doc);
  e->row.n++;
  e->last = doc;
  return e->docs.error ? th_err_set(err, TH_ENOMEM, "out of memory") : 0;
}

static int by_row(const void *a, const void *b) {
  const row *x = &((const entry *)a)->row, *y = &((const entry *)b)->row;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  if (x->low != y->low) return x->low < y->low ? -1 : 1;
  if (x->high != y->high) return x->high < y->high ? -1 : 1;
  return (x->flags > y->flags) - (x->flags < y->flags);
}

static void lay_out(th_limits_writer *w, uint32_t n_docs, th_buf *out) {
  head h = {.version = TH_LIMITS_VERSION, .n_docs = n_docs, .n_limits = (uint32_t)w->n};
  uint64_t at = sizeof h + w->n * sizeof(row);
  memcpy(h.magic, MAGIC, sizeof h.magic);
  th_buf_put(out, &h, sizeof h);
  for (size_t i = 0; i < w->n; i++) {
    w->entries[i].row.list = at;
    th_buf_put(out, &w->entries[i].row, sizeof(row));
    at += w->entries[i].docs.n;
  }
  for (size_t i = 0; i < w->n; i++)
    th_buf_span(out, th_buf_view(&w->entries[i].docs));
  if (out->error) return;
  h.hash = XXH3_64bits(out->p + HASHED_FROM, out->n - HASHED_FROM);
  memcpy(out->p, &h, sizeof h);
}

int th_limits_write(th_limits_writer *w, const char *path, uint32_t n_docs, th_err *err) {
  th_buf out;
  th_buf_init(&out, 0);
  if (w->n) qsort(w->entries, w->n, sizeof *w->entries, by_row);
  lay_out(w, n_docs, &out);
  int rc = out.error ? th_err_set(err, TH_ENOMEM, "out of memory")
                     : th_file_replace(path, th_buf_view(&out), err);
  th_buf_dispose(&out);
  clear(w);
  return rc;
}

/* ---- reading ---- */

static int bad(th_err *err) {
  return th_err_set(err, TH_ECORRUPT, "the limits of a segment are damaged");
}

static int read_head(const void *bytes, size_t n, head *h, th_err *err) {
  if (n < sizeof *h) return bad(err);
  memcpy(h, bytes, sizeof *h);
  if (memcmp(h->magic, MAGIC, sizeof h->magic) != 0) return bad(err);
  if (h->version != TH_LIMITS_VERSION)
    return th_err_set(err, TH_EINPUT, "the limits of a segment are of another version");
  return h->n_limits <= (n - sizeof *h) / sizeof(row) ? 0 : bad(err);
}

static row row_at(const void *bytes, uint32_t i) {
  row r;
  memcpy(&r, (const char *)bytes + sizeof(head) + (size_t)i * sizeof r, sizeof r);
  return r;
}

/* The first limit of the key. */
static uint32_t first_of(const void *bytes, const head *h, uint32_t key) {
  uint32_t low = 0, high = h->n_limits;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (row_at(bytes, mid).key < key)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static bool clear_list(const void *bytes, size_t n, const row *r, uint64_t *bits, uint32_t n_bits) {
  if (r->list > n) return false;
  const uint8_t *at = (const uint8_t *)bytes + r->list, *end = (const uint8_t *)bytes + n;
  uint64_t doc = 0, delta;
  for (uint32_t i = 0; i < r->n; i++) {
    if (at < end && *at < 0x80)
      delta = *at++;
    else if (!th_varint_read(&at, end, &delta))
      return false;
    if (delta >= n_bits || (doc += delta) >= n_bits) return false;
    bits[doc / 64] &= ~(UINT64_C(1) << doc % 64);
  }
  return true;
}

int th_limits_clear(const void *bytes, size_t n, uint32_t key, double value, uint64_t *bits,
                    uint32_t n_bits, th_err *err) {
  head h;
  int rc = read_head(bytes, n, &h, err);
  if (rc) return rc;
  for (uint32_t i = first_of(bytes, &h, key); i < h.n_limits; i++) {
    row r = row_at(bytes, i);
    th_limit limit = {r.key, r.low, r.high, r.flags & LOW_IN, r.flags & HIGH_IN};
    if (r.key != key) break;
    if (th_limit_holds(&limit, value) && !clear_list(bytes, n, &r, bits, n_bits)) return bad(err);
  }
  return 0;
}

bool th_limits_fit(const void *bytes, size_t n, uint32_t n_docs) {
  head h;
  return read_head(bytes, n, &h, NULL) == 0 && h.n_docs == n_docs &&
         XXH3_64bits((const char *)bytes + HASHED_FROM, n - HASHED_FROM) == h.hash;
}
