#include "query/hot.h"

enum {
  SHARE = 4,            /* one word may take so much of the room: one in SHARE */
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

static void flat_free(th_asked_table *table) {
  th_flat *flat = (th_flat *)table;
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
    flat_free(m.flat ? &m.flat->table : NULL);
    return NULL;
  }
  uint8_t *less = realloc(m.flat->bytes, m.n + TH_PAD);
  if (less) m.flat->bytes = less;
  *bytes = starts + m.n;
  return m.flat;
}

/* ---- keeping ---- */

uint64_t th_hot_room(const th_segment *s) {
  return th_asked_room(256, th_segment_docs(s), 64 << 10, 1 << 20);
}

static const th_flat *keep(th_asked *hot, unsigned slot, uint64_t key, const th_segment *s,
                           const th_term *term) {
  uint64_t bytes = 0;
  uint64_t taken = atomic_load_explicit(&hot->bytes, memory_order_relaxed);
  uint64_t left = taken < hot->room ? hot->room - taken : 0;
  th_asked_refuse(hot, slot);
  th_flat *made = make(s, term, TH_MIN(left, hot->room / SHARE), &bytes);
  if (!made) return NULL;
  made->table = (th_asked_table){key, bytes};
  /* Threads that make lists at one time may pass the limit by theirs together: then the last goes.
   */
  if (th_asked_take_room(hot, bytes) && th_asked_keep(hot, slot, &made->table)) return made;
  flat_free(&made->table);
  return NULL;
}

const th_flat *th_hot_find(th_asked *hot, const th_segment *s, const th_term *term,
                           uint32_t asked) {
  unsigned slot;
  uint64_t key = (uintptr_t)term->postings;
  const th_flat *flat = th_asked_find(hot, key, &slot);
  if (flat || !asked || slot == TH_ASKED_NO_SLOT) return flat;
  uint32_t by_now = th_asked_count(hot, slot, key, asked);
  return by_now != TH_ASKED_REFUSED && by_now >= term->df ? keep(hot, slot, key, s, term) : NULL;
}

void th_hot_dispose(th_asked *hot) {
  th_asked_dispose(hot, flat_free);
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
