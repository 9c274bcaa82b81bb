/* Parts with a lock each, chosen by a hash of the document. What goes is found by a clock's hand
 * (F. J. Corbató, A Paging Experiment with the Multics System, 1968): it passes over what was asked
 * for since it came by last. */
#include "match/shelf.h"

#include <pthread.h>

enum { PIECES = 4, PARTS = 16, BUCKETS = 1024, OVERHEAD = 32 /* of an allocation, at most */ };

typedef struct item {
  struct item *next;      /* in the bucket */
  struct item *on, *back; /* around the clock */
  uint64_t key;
  uint32_t n[PIECES]; /* bytes of title, status, criteria, marks */
  bool asked;
  char bytes[];
} item;

typedef struct part {
  pthread_mutex_t lock;
  item *buckets[BUCKETS];
  item *hand;
  size_t bytes;
} part;

struct th_shelf {
  th_lore *lore;
  size_t part_bytes;
  part parts[PARTS];
};

th_shelf *th_shelf_new(size_t bytes) {
  th_shelf *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->lore = th_lore_new();
  if (!s->lore) {
    free(s);
    return NULL;
  }
  s->part_bytes = bytes > sizeof *s ? (bytes - sizeof *s) / PARTS : 0;
  for (int i = 0; i < PARTS; i++)
    pthread_mutex_init(&s->parts[i].lock, NULL);
  return s;
}

static uint64_t key_of(uint32_t segment, uint32_t doc) {
  return (uint64_t)segment << 32 | doc;
}

static uint64_t hash_of(uint64_t key) {
  key *= 0x9E3779B97F4A7C15u;
  return key ^ key >> 29;
}

static part *part_of(th_shelf *s, uint64_t key) {
  return &s->parts[hash_of(key) % PARTS];
}

static item **bucket_of(part *p, uint64_t key) {
  return &p->buckets[hash_of(key) / PARTS % BUCKETS];
}

static size_t bytes_of(const item *i) {
  return sizeof *i + OVERHEAD + i->n[0] + i->n[1] + i->n[2] + i->n[3];
}

/* ---- under the part's lock ---- */

static item *find(part *p, uint64_t key) {
  item *i = *bucket_of(p, key);
  while (i && i->key != key)
    i = i->next;
  return i;
}

static void drop(part *p, item *i) {
  item **link = bucket_of(p, i->key);
  while (*link != i)
    link = &(*link)->next;
  *link = i->next;
  p->hand = i->on == i ? NULL : i->on;
  i->on->back = i->back;
  i->back->on = i->on;
  p->bytes -= bytes_of(i);
  free(i);
}

static void make_room(part *p, size_t bytes, size_t most) {
  while (p->hand && p->bytes + bytes > most) {
    if (!p->hand->asked) {
      drop(p, p->hand);
      continue;
    }
    p->hand->asked = false;
    p->hand = p->hand->on;
  }
}

/* Behind the hand: it comes by last. */
static void add(part *p, item *i) {
  item **bucket = bucket_of(p, i->key);
  i->next = *bucket;
  *bucket = i;
  i->on = p->hand ? p->hand : i;
  i->back = p->hand ? p->hand->back : i;
  i->back->on = i;
  i->on->back = i;
  if (!p->hand) p->hand = i;
  p->bytes += bytes_of(i);
}

/* ---- from outside ---- */

void th_shelf_free(th_shelf *s) {
  if (!s) return;
  for (int i = 0; i < PARTS; i++) {
    while (s->parts[i].hand)
      drop(&s->parts[i], s->parts[i].hand);
    pthread_mutex_destroy(&s->parts[i].lock);
  }
  th_lore_free(s->lore);
  free(s);
}

bool th_shelf_take(th_shelf *s, uint32_t segment, uint32_t doc, th_arena *arena, th_shelf_item *out,
                   bool *failed) {
  uint64_t key = key_of(segment, doc);
  part *p = part_of(s, key);
  th_span all = {0};
  uint32_t n[PIECES] = {0};
  *failed = false;
  pthread_mutex_lock(&p->lock);
  item *i = find(p, key);
  if (i) {
    i->asked = true;
    memcpy(n, i->n, sizeof n);
    all = th_arena_dup(arena, (th_span){i->bytes, (size_t)n[0] + n[1] + n[2] + n[3]});
    *failed = !all.p;
  }
  pthread_mutex_unlock(&p->lock);
  if (!all.p) return false;
  th_span *const spans[PIECES] = {&out->title, &out->status, &out->criteria, &out->marks};
  for (int k = 0; k < PIECES; all.p += n[k++])
    *spans[k] = (th_span){all.p, n[k]};
  return true;
}

static size_t length_of(const th_shelf_item *i) {
  return i->title.n + i->status.n + i->criteria.n + i->marks.n;
}

static item *copy_of(uint64_t key, const th_shelf_item *from) {
  const th_span *spans[PIECES] = {&from->title, &from->status, &from->criteria, &from->marks};
  size_t bytes = sizeof(item) + length_of(from), at = 0;
  item *i = malloc(bytes);
  if (!i) return NULL;
  *i = (item){.key = key};
  for (int k = 0; k < PIECES; k++) {
    i->n[k] = (uint32_t)spans[k]->n;
    if (spans[k]->n) memcpy(i->bytes + at, spans[k]->p, spans[k]->n);
    at += spans[k]->n;
  }
  return i;
}

void th_shelf_put(th_shelf *s, uint32_t segment, uint32_t doc, const th_shelf_item *from) {
  uint64_t key = key_of(segment, doc);
  part *p = part_of(s, key);
  if (length_of(from) > s->part_bytes / 8) return;
  item *i = copy_of(key, from);
  if (!i) return;
  pthread_mutex_lock(&p->lock);
  bool there = find(p, key) != NULL;
  if (!there) {
    make_room(p, bytes_of(i), s->part_bytes);
    add(p, i);
  }
  pthread_mutex_unlock(&p->lock);
  if (there) free(i);
}

th_lore *th_shelf_lore(th_shelf *s) {
  return s->lore;
}

size_t th_shelf_bytes(th_shelf *s) {
  size_t bytes = sizeof *s;
  for (int i = 0; i < PARTS; i++) {
    pthread_mutex_lock(&s->parts[i].lock);
    bytes += s->parts[i].bytes;
    pthread_mutex_unlock(&s->parts[i].lock);
  }
  return bytes;
}
