#include "query/hot.h"

enum {
  ROOM = 4 << 20, /* most bytes for the lists of a segment, … */
  ROOM_MIN = 64 << 10,
  ROOM_A_DOC = 256,     /* … so many for each document of a small one */
  SHARE = 4,            /* of which one word may take so much: one in SHARE */
  PROBES = 4,           /* slots that a word may have */
  PLACES_MIN = 1024,    /* of a posting: room for so many at first; */
  PLACES_MAX = 1 << 18, /* more than so many, and the word has no list */
  VARINT_MAX = 5,
};

/* ---- making ---- */

typedef struct maker {
  th_flat *flat;
  uint64_t n, cap, most; /* bytes */
  th_occurrence *places;
  uint32_t n_places; /* room */
} maker;

static bool make_room(maker *m, uint64_t more) {
  if (m->n + more > m->most) return false;
  if (m->n + more <= m->cap) return true;
  uint64_t cap = TH_MAX(2 * m->cap, m->n + more);
  uint8_t *grown = realloc(m->flat->bytes, cap);
  if (!grown) return false;
  m->flat->bytes = grown;
  m->cap = cap;
  return true;
}

static uint8_t *put(uint8_t *at, uint32_t v) {
  for (; v >= 0x80; v >>= 7)
    *at++ = (uint8_t)(v | 0x80);
  *at++ = (uint8_t)v;
  return at;
}

static uint32_t varint_len(uint32_t v) {
  uint32_t n = 1;
  for (; v >= 0x80; v >>= 7)
    n++;
  return n;
}

/* The run of one field: n places. */
static uint8_t *put_run(uint8_t *at, uint32_t field_before, const th_occurrence *places,
                        uint32_t n) {
  uint32_t bytes = 0, before = 0;
  for (uint32_t i = 0; i < n; before = places[i++].position)
    bytes += varint_len(places[i].position - before);
  at = put(put(at, places[0].field - field_before), bytes);
  before = 0;
  for (uint32_t i = 0; i < n; before = places[i++].position)
    at = put(at, places[i].position - before);
  return at;
}

/* The places of a posting, all of them; 0: damaged, or no room. */
static uint32_t read_places(maker *m, const th_segment *s, th_postings *p, uint32_t i) {
  for (;;) {
    uint32_t n = m->n_places ? th_postings_positions(s, p, i, NULL, m->places, m->n_places) : 0;
    if (n < m->n_places) return n;
    uint32_t room = m->n_places ? 2 * m->n_places : PLACES_MIN;
    th_occurrence *grown = room <= PLACES_MAX ? realloc(m->places, room * sizeof *grown) : NULL;
    if (!grown) return 0;
    m->places = grown;
    m->n_places = room;
  }
}

static bool put_posting(maker *m, const th_segment *s, th_postings *p, uint32_t i) {
  uint32_t n = read_places(m, s, p, i), field = 0;
  if (n == 0 || !make_room(m, 3 * VARINT_MAX * (uint64_t)n)) return false;
  uint8_t *at = m->flat->bytes + m->n;
  for (uint32_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && m->places[to].field == m->places[from].field;)
      to++;
    at = put_run(at, field, m->places + from, to - from);
    field = m->places[from].field;
  }
  m->n = (uint64_t)(at - m->flat->bytes);
  return true;
}

static bool fill(maker *m, const th_segment *s, const th_term *term) {
  th_postings p;
  uint32_t at = 0;
  th_postings_init(&p, term);
  while (th_postings_next_block(&p)) {
    for (uint32_t i = 0; i < p.n; i++) {
      if (!put_posting(m, s, &p, i)) return false;
      m->flat->start[++at] = (uint32_t)m->n;
    }
  }
  return at == term->df && !th_segment_state(s, NULL);
}

static void flat_free(th_flat *flat) {
  if (!flat) return;
  free(flat->start);
  free(flat->bytes);
  free(flat);
}

/* NULL: damaged, or no room. *bytes: what it takes. */
static th_flat *make(const th_segment *s, const th_term *term, uint64_t most, uint64_t *bytes) {
  uint64_t starts = 4 * ((uint64_t)term->df + 1);
  maker m = {.most = most};
  if (starts >= most) return NULL;
  m.most -= starts;
  m.flat = calloc(1, sizeof *m.flat);
  if (m.flat) m.flat->start = calloc((size_t)term->df + 1, sizeof *m.flat->start);
  bool good = m.flat && m.flat->start && fill(&m, s, term);
  free(m.places);
  if (!good) {
    flat_free(m.flat);
    return NULL;
  }
  uint8_t *less = realloc(m.flat->bytes, m.n + TH_PAD);
  if (less) m.flat->bytes = less;
  m.flat->term = term->postings;
  *bytes = starts + m.n;
  return m.flat;
}

/* ---- keeping ---- */

static uint64_t room_of(const th_segment *s) {
  uint64_t room = ROOM_A_DOC * (uint64_t)th_segment_docs(s);
  return TH_MAX(TH_MIN(room, (uint64_t)ROOM), (uint64_t)ROOM_MIN);
}

static const th_flat *keep(th_hot *hot, unsigned slot, const th_segment *s, const th_term *term) {
  uint64_t bytes = 0, room = room_of(s);
  uint64_t taken = atomic_load_explicit(&hot->bytes, memory_order_relaxed);
  uint64_t left = taken < room ? room - taken : 0;
  atomic_store_explicit(&hot->slot[slot].asked, UINT32_MAX, memory_order_relaxed);
  th_flat *made = make(s, term, TH_MIN(left, room / SHARE), &bytes), *none = NULL;
  if (!made) return NULL;
  /* Threads that make lists at one time may pass the limit by theirs together: then the last goes.
   */
  if (atomic_fetch_add(&hot->bytes, bytes) + bytes <= room &&
      atomic_compare_exchange_strong(&hot->slot[slot].flat, &none, made))
    return made;
  atomic_fetch_sub(&hot->bytes, bytes);
  flat_free(made);
  return NULL;
}

static const th_flat *count(th_hot *hot, unsigned slot, const th_segment *s, const th_term *term,
                            uint32_t asked) {
  const uint8_t *holder = atomic_load_explicit(&hot->slot[slot].term, memory_order_relaxed);
  uint32_t before = atomic_load_explicit(&hot->slot[slot].asked, memory_order_relaxed);
  if (holder != term->postings) {
    atomic_store_explicit(&hot->slot[slot].term, term->postings, memory_order_relaxed);
    before = 0;
  }
  if (before == UINT32_MAX) return NULL;
  if (before + (uint64_t)asked >= term->df) return keep(hot, slot, s, term);
  atomic_store_explicit(&hot->slot[slot].asked, before + asked, memory_order_relaxed);
  return NULL;
}

const th_flat *th_hot_find(th_hot *hot, const th_segment *s, const th_term *term, uint32_t asked) {
  unsigned first = (unsigned)(((uintptr_t)term->postings * 0x9E3779B97F4A7C15u) >> 40);
  unsigned own = UINT32_MAX, other = UINT32_MAX;
  for (unsigned i = 0; i < PROBES; i++) {
    unsigned slot = (first + i) % TH_HOT_SLOTS;
    const th_flat *flat = atomic_load_explicit(&hot->slot[slot].flat, memory_order_acquire);
    if (flat && flat->term == term->postings) return flat;
    if (flat) continue;
    if (atomic_load_explicit(&hot->slot[slot].term, memory_order_relaxed) == term->postings)
      own = slot;
    else
      other = slot;
  }
  if (own == UINT32_MAX) own = other;
  return asked && own != UINT32_MAX ? count(hot, own, s, term, asked) : NULL;
}

void th_hot_dispose(th_hot *hot) {
  for (unsigned i = 0; i < TH_HOT_SLOTS; i++)
    flat_free(atomic_load(&hot->slot[i].flat));
}

/* ---- reading ---- */

static inline const uint8_t *get(const uint8_t *at, uint32_t *v) {
  uint32_t n = *at++;
  if (TH_UNLIKELY(n >= 0x80)) {
    n &= 0x7F;
    for (unsigned shift = 7;; shift += 7) {
      uint32_t b = *at++;
      n |= (b & 0x7F) << shift;
      if (b < 0x80) break;
    }
  }
  *v = n;
  return at;
}

uint32_t th_flat_places(const th_flat *flat, uint32_t i, const uint64_t *want, th_occurrence *out,
                        uint32_t max) {
  const uint8_t *at = flat->bytes + flat->start[i], *end = flat->bytes + flat->start[i + 1];
  uint32_t field = 0, n = 0, v, bytes;
  while (at < end) {
    at = get(at, &v);
    at = get(at, &bytes);
    field += v;
    const uint8_t *next = at + bytes;
    if (want[field / 64] >> (field % 64) & 1) {
      for (uint32_t position = 0; at < next && n < max; n++) {
        at = get(at, &v);
        position += v;
        out[n] = (th_occurrence){.field = (uint16_t)field, .position = position};
      }
    }
    at = next;
  }
  return n;
}
