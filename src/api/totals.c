#include "api/totals.h"

#include <pthread.h>
#include <xxhash.h>

enum { SLOTS = 512, LONGEST = 1024 };

typedef struct slot {
  uint64_t state;
  int64_t total;
  uint32_t n;
  char asked[LONGEST];
} slot;

struct th_totals {
  pthread_mutex_t lock; /* held for a comparison or a copy of LONGEST bytes */
  slot *slots[SLOTS];   /* NULL as long as nobody came here */
};

th_totals *th_totals_new(void) {
  th_totals *t = calloc(1, sizeof *t);
  if (t && pthread_mutex_init(&t->lock, NULL)) {
    free(t);
    t = NULL;
  }
  return t;
}

void th_totals_free(th_totals *t) {
  if (!t) return;
  for (unsigned i = 0; i < SLOTS; i++)
    free(t->slots[i]);
  pthread_mutex_destroy(&t->lock);
  free(t);
}

static slot **place_of(th_totals *t, th_span asked) {
  return &t->slots[XXH3_64bits(asked.p, asked.n) % SLOTS];
}

bool th_totals_find(th_totals *t, th_span asked, uint64_t state, int64_t *total) {
  if (asked.n > LONGEST) return false;
  pthread_mutex_lock(&t->lock);
  const slot *s = *place_of(t, asked);
  bool known = s && s->state == state && th_span_eq((th_span){s->asked, s->n}, asked);
  if (known) *total = s->total;
  pthread_mutex_unlock(&t->lock);
  return known;
}

void th_totals_keep(th_totals *t, th_span asked, uint64_t state, int64_t total) {
  if (asked.n > LONGEST) return;
  pthread_mutex_lock(&t->lock);
  slot **place = place_of(t, asked);
  if (!*place) *place = malloc(sizeof **place);
  if (*place) {
    (*place)->state = state;
    (*place)->total = total;
    (*place)->n = (uint32_t)asked.n;
    if (asked.n) memcpy((*place)->asked, asked.p, asked.n);
  }
  pthread_mutex_unlock(&t->lock);
}
