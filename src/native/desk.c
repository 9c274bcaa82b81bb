#include "native/desk.h"

#include <pthread.h>

#include "registry/concepts.h"

struct th_desk {
  th_registry *registry;
  pthread_mutex_t lock; /* held while a seat is made ready */
  th_seat *now;         /* of the newest generation that was asked for; the desk holds it too */
};

th_desk *th_desk_new(th_registry *registry) {
  th_desk *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->registry = registry;
  pthread_mutex_init(&d->lock, NULL);
  return d;
}

/* Under the lock. */
static void drop(th_desk *d, th_seat *seat) {
  if (!seat || --seat->held) return;
  th_ranker_free(seat->ranker);
  th_index_release(th_registry_index(d->registry), seat->snapshot);
  free(seat);
}

void th_desk_free(th_desk *d) {
  if (!d) return;
  drop(d, d->now);
  pthread_mutex_destroy(&d->lock);
  free(d);
}

/* Takes over the snapshot. */
static int make_seat(th_desk *d, const th_snapshot *snapshot, th_seat **out, th_err *err) {
  th_seat *s = calloc(1, sizeof *s);
  int rc = s ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) {
    s->snapshot = snapshot;
    rc = th_registry_concepts(snapshot, &s->dict, err);
  }
  if (rc == 0) {
    s->expander = th_registry_expander(&s->dict);
    s->ranker = th_ranker_new(snapshot, &s->dict, &s->expander, NULL, err);
    if (!s->ranker) rc = err->code;
  }
  if (rc < 0) {
    th_index_release(th_registry_index(d->registry), snapshot);
    free(s);
    return rc;
  }
  s->held = 1;
  *out = s;
  return 0;
}

int th_desk_take(th_desk *d, const th_seat **out, th_err *err) {
  th_index *index = th_registry_index(d->registry);
  th_err own = {0};
  int rc = 0;
  pthread_mutex_lock(&d->lock);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (d->now && d->now->snapshot == snapshot) {
    th_index_release(index, snapshot);
  } else {
    th_seat *fresh = NULL;
    rc = make_seat(d, snapshot, &fresh, &own);
    if (rc == 0) {
      drop(d, d->now);
      d->now = fresh;
    }
  }
  if (rc == 0) d->now->held++;
  *out = rc == 0 ? d->now : NULL;
  pthread_mutex_unlock(&d->lock);
  return rc < 0 ? th_err_set(err, rc, "%s", own.message) : 0;
}

void th_desk_give(th_desk *d, const th_seat *seat) {
  pthread_mutex_lock(&d->lock);
  drop(d, (th_seat *)(uintptr_t)seat);
  pthread_mutex_unlock(&d->lock);
}

th_patient_options th_seat_options(const th_seat *seat) {
  return (th_patient_options){.dict = &seat->dict, .memory_max = TH_DESK_MEMORY_MAX};
}
