#include "portal/known.h"

#include <pthread.h>
#include <stdatomic.h>

#include "query/names.h"

struct th_fact {
  atomic_uint users; /* the entry is one of them */
  th_arena arena;    /* the fact itself is not in it */
  const void *value;
  th_span name; /* in arena */
};

struct th_known {
  pthread_mutex_t lock; /* of all that follows; held for a look */
  uint64_t generation, applied_seq;
  size_t bytes;
  unsigned hand;                   /* the entry that makes room next: the oldest */
  uint32_t hash[TH_KNOWN_ENTRIES]; /* of the entries' names */
  th_fact *entry[TH_KNOWN_ENTRIES];
};

th_known *th_known_new(void) {
  th_known *k = calloc(1, sizeof *k);
  if (k) pthread_mutex_init(&k->lock, NULL);
  return k;
}

void th_fact_release(th_fact *fact) {
  if (!fact || atomic_fetch_sub(&fact->users, 1) != 1) return;
  th_arena_dispose(&fact->arena);
  free(fact);
}

const void *th_fact_value(const th_fact *fact) {
  return fact->value;
}

static size_t size_of(const th_fact *fact) {
  return sizeof *fact + fact->arena.used;
}

static void drop(th_known *k, unsigned at) {
  if (!k->entry[at]) return;
  k->bytes -= size_of(k->entry[at]);
  th_fact_release(k->entry[at]);
  k->entry[at] = NULL;
}

void th_known_free(th_known *k) {
  if (!k) return;
  for (unsigned i = 0; i < TH_KNOWN_ENTRIES; i++)
    drop(k, i);
  pthread_mutex_destroy(&k->lock);
  free(k);
}

/* Under the lock. */
static bool is_state(const th_known *k, const th_snapshot *s) {
  return k->generation == s->generation && k->applied_seq == s->applied_seq;
}

/* Under the lock; counted for the caller. */
static th_fact *find(th_known *k, uint32_t hash, th_span name) {
  for (unsigned i = 0; i < TH_KNOWN_ENTRIES; i++) {
    th_fact *f = k->entry[i];
    if (k->hash[i] != hash || !f || !th_span_eq(f->name, name)) continue;
    atomic_fetch_add(&f->users, 1);
    return f;
  }
  return NULL;
}

/* What held for another state is forgotten. */
static th_fact *look_up(th_known *k, const th_snapshot *s, uint32_t hash, th_span name) {
  pthread_mutex_lock(&k->lock);
  for (unsigned i = 0; i < TH_KNOWN_ENTRIES && !is_state(k, s); i++)
    drop(k, i);
  k->generation = s->generation;
  k->applied_seq = s->applied_seq;
  th_fact *found = find(k, hash, name);
  pthread_mutex_unlock(&k->lock);
  return found;
}

bool th_known_has(th_known *k, const th_snapshot *snapshot, th_span name) {
  th_fact *found = look_up(k, snapshot, th_name_hash(name.p, name.n), name);
  th_fact_release(found);
  return found != NULL;
}

/* Keeps a fact, unless it would take half of all room, or another thread has made it meanwhile. The
 * entry after the last is the oldest. */
static void keep(th_known *k, const th_snapshot *s, th_fact *fact, uint32_t hash) {
  if (size_of(fact) > TH_KNOWN_MOST / 2) return;
  pthread_mutex_lock(&k->lock);
  th_fact *other = is_state(k, s) ? find(k, hash, fact->name) : NULL;
  if (is_state(k, s) && !other) {
    unsigned at = k->hand;
    drop(k, at);
    for (unsigned i = 1; k->bytes + size_of(fact) > TH_KNOWN_MOST && i < TH_KNOWN_ENTRIES; i++)
      drop(k, (at + i) % TH_KNOWN_ENTRIES);
    atomic_fetch_add(&fact->users, 1);
    k->entry[at] = fact;
    k->hash[at] = hash;
    k->bytes += size_of(fact);
    k->hand = (at + 1) % TH_KNOWN_ENTRIES;
  }
  pthread_mutex_unlock(&k->lock);
  th_fact_release(other);
}

int th_known_get(th_known *k, const th_snapshot *snapshot, th_span name, th_known_make make,
                 void *ctx, th_arena *scratch, th_fact **out, th_err *err) {
  uint32_t hash = th_name_hash(name.p, name.n);
  *out = look_up(k, snapshot, hash, name);
  if (*out) return TH_OK;
  th_fact *made = calloc(1, sizeof *made);
  if (!made) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_arena_init(&made->arena, TH_KNOWN_MOST);
  atomic_init(&made->users, 1);
  made->name = th_arena_dup(&made->arena, name);
  int rc = made->name.p ? make(ctx, snapshot, scratch, &made->arena, &made->value, err)
                        : th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (rc) {
    th_fact_release(made);
    return rc;
  }
  keep(k, snapshot, made, hash);
  *out = made;
  return TH_OK;
}

size_t th_known_bytes(th_known *k) {
  pthread_mutex_lock(&k->lock);
  size_t bytes = k->bytes;
  pthread_mutex_unlock(&k->lock);
  return bytes;
}
