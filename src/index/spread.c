/* Classes of groups, taken apart. Whoever reads positions meets a class for each posting, those of
 * common words as a rule in a group, where the classes before it have to be decoded first. So a
 * segment that was asked for many gets a table of them, the more frequent classes first, as far as
 * its room goes. What does not fit is decoded as before; so is everything when memory is exhausted.
 */
#include "index/segment_private.h"

enum {
  ASKED = 4096,     /* classes decoded in their groups before it pays */
  ROOM = 2 << 20,   /* bytes of a table */
  FIRST = 64 << 10, /* bytes that it begins with */
};

typedef struct maker {
  th_spread *t;
  uint32_t most; /* classes */
  uint64_t room; /* bytes allocated */
  bool full;
} maker;

static bool make_room(maker *m, uint64_t wanted) {
  uint64_t room = m->room, starts = (m->t->n + UINT64_C(2)) * sizeof *m->t->start;
  if (wanted + starts > ROOM) return false;
  while (room < wanted)
    room = room ? room * 2 : FIRST;
  if (room == m->room) return true;
  uint8_t *grown = realloc(m->t->bytes, room);
  if (!grown) return false;
  m->t->bytes = grown;
  m->room = room;
  return true;
}

static bool see_class(void *ctx, uint32_t c, const uint8_t *at, const uint8_t *end) {
  maker *m = ctx;
  th_spread *t = m->t;
  if (c < TH_CLASSES_DIRECT) return true;
  uint32_t from = t->start[t->n], n = (uint32_t)(end - at);
  m->full = t->n == m->most || !make_room(m, (uint64_t)from + n);
  if (m->full) return false;
  memcpy(t->bytes + from, at, n);
  t->start[++t->n] = from + n;
  return true;
}

void th_spread_free(th_spread *t) {
  if (!t) return;
  free(t->start);
  free(t->bytes);
  free(t);
}

/* NULL: no memory, or the segment is damaged. */
static th_spread *make(const th_segment *s) {
  maker m = {.t = calloc(1, sizeof *m.t)};
  /* A class takes at least two bytes and a start. */
  m.most = TH_MIN(s->n_classes - TH_CLASSES_DIRECT, ROOM / 6u);
  if (m.t) m.t->start = calloc((size_t)m.most + 1, sizeof *m.t->start);
  if (m.t && m.t->start && (th_segment_scan_classes(s, see_class, &m) || m.full)) return m.t;
  th_spread_free(m.t);
  return NULL;
}

void th_spread_count(const th_segment *s) {
  th_spread_slot *slot = s->spread;
  uint32_t n = atomic_load_explicit(&slot->asked, memory_order_relaxed);
  atomic_store_explicit(&slot->asked, n + 1, memory_order_relaxed); /* losing some does no harm */
  if (n != ASKED) return;
  th_spread *made = make(s), *none = NULL;
  if (made && !atomic_compare_exchange_strong(&slot->made, &none, made))
    th_spread_free(made); /* another thread was first */
}
