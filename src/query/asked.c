#include "query/asked.h"

enum { PROBES = 4 }; /* slots that a key may have */

uint64_t th_asked_room(uint64_t a_doc, uint32_t n_docs, uint64_t least, uint64_t most) {
  return TH_MAX(TH_MIN(a_doc * n_docs, most), least);
}

const void *th_asked_find(th_asked *a, uint64_t key, unsigned *slot) {
  unsigned first = (unsigned)((key * 0x9E3779B97F4A7C15u) >> 40);
  unsigned own = TH_ASKED_NO_SLOT, empty = TH_ASKED_NO_SLOT, other = TH_ASKED_NO_SLOT;
  for (unsigned i = 0; i < PROBES; i++) {
    unsigned at = (first + i) % a->n;
    const th_asked_table *t = atomic_load_explicit(&a->slots[at].table, memory_order_acquire);
    if (t && t->key == key) return t;
    if (t) continue;
    uint64_t there = atomic_load_explicit(&a->slots[at].key, memory_order_relaxed);
    if (there == key)
      own = at;
    else if (!there)
      empty = at;
    else
      other = at;
  }
  *slot = own != TH_ASKED_NO_SLOT ? own : empty != TH_ASKED_NO_SLOT ? empty : other;
  return NULL;
}

uint32_t th_asked_count(th_asked *a, unsigned slot, uint64_t key, uint32_t times) {
  th_asked_slot *s = &a->slots[slot];
  uint32_t asked = atomic_load_explicit(&s->asked, memory_order_relaxed);
  if (atomic_load_explicit(&s->key, memory_order_relaxed) != key) {
    atomic_store_explicit(&s->key, key, memory_order_relaxed);
    asked = 0;
  }
  if (asked == TH_ASKED_REFUSED) return asked;
  asked = TH_ASKED_REFUSED - asked > times ? asked + times : TH_ASKED_REFUSED - 1;
  atomic_store_explicit(&s->asked, asked, memory_order_relaxed);
  return asked;
}

void th_asked_refuse(th_asked *a, unsigned slot) {
  atomic_store_explicit(&a->slots[slot].asked, TH_ASKED_REFUSED, memory_order_relaxed);
}

bool th_asked_take_room(th_asked *a, uint64_t bytes) {
  if (atomic_fetch_add(&a->bytes, bytes) + bytes <= a->room) return true;
  th_asked_give_room(a, bytes);
  return false;
}

void th_asked_give_room(th_asked *a, uint64_t bytes) {
  atomic_fetch_sub(&a->bytes, bytes);
}

bool th_asked_keep(th_asked *a, unsigned slot, th_asked_table *table) {
  th_asked_table *none = NULL;
  if (atomic_compare_exchange_strong(&a->slots[slot].table, &none, table)) return true;
  th_asked_give_room(a, table->bytes);
  return false;
}

void th_asked_dispose(th_asked *a, void (*free_table)(th_asked_table *)) {
  for (unsigned i = 0; i < a->n; i++) {
    th_asked_table *t = atomic_load(&a->slots[i].table);
    if (t) free_table(t);
  }
}
