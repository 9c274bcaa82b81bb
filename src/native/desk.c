#include "native/desk.h"

#include <pthread.h>

#include "registry/concepts.h"

struct th_desk {
  th_registry *registry;
  pthread_mutex_t lock; /* held while a seat is made ready */
  th_seat *now;         /* of the newest generation that was asked for; the desk holds it too */
  pthread_mutex_t warm_lock;
  pthread_t warmer;
  bool has_warmer;      /* to be joined; by who calls th_desk_warm, under warm_lock */
  _Atomic bool warming; /* it has not ended yet */
  uint64_t warmed;      /* the generation that it was started for, + 1 */
};

th_desk *th_desk_new(th_registry *registry) {
  th_desk *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->registry = registry;
  pthread_mutex_init(&d->lock, NULL);
  pthread_mutex_init(&d->warm_lock, NULL);
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
  if (d->has_warmer) pthread_join(d->warmer, NULL);
  drop(d, d->now);
  pthread_mutex_destroy(&d->lock);
  pthread_mutex_destroy(&d->warm_lock);
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

/* ---- before anybody asks ---- */

/* A patient whom nobody sent, with words that are in many studies: reads what any match reads. */
static int match_nobody(th_desk *d, const th_seat *seat, th_err *err) {
  static const char note[] =
      "A 58-year-old man with hypertension, type 2 diabetes mellitus, asthma, heart failure, "
      "depression and breast cancer in the family. He takes metformin and aspirin. Creatinine "
      "1.1 mg/dL, BMI 31, ECOG 1.";
  th_patient patient;
  th_arena arena;
  th_find_result found = {0};
  th_patient_options options = th_seat_options(seat);
  options.form = TH_PATIENT_NOTE;
  th_arena_init(&arena, TH_DESK_MEMORY_MAX);
  int rc = th_patient_read(&patient, TH_SPAN(note), &options, err);
  th_find_request request = {.patient = &patient,
                             .order = TH_ELIGIBLE_FIRST,
                             .presume = TH_PRESUME_SILENCE,
                             .n = TH_DESK_STUDIES_MAX,
                             .explain = true,
                             .questions = 1};
  if (rc == 0)
    rc = th_find(seat->ranker, th_registry_store(d->registry), &request, &arena, &found, err);
  th_find_dispose(&found);
  th_patient_dispose(&patient);
  th_arena_dispose(&arena);
  return rc;
}

/* What fails here fails again, and is said, when somebody asks. */
static void *warm(void *arg) {
  th_desk *d = arg;
  const th_seat *seat = NULL;
  th_err err = {0};
  if (th_desk_take(d, &seat, &err) == 0) {
    (void)match_nobody(d, seat, &err);
    th_desk_give(d, seat);
  }
  d->warming = false;
  return NULL;
}

void th_desk_warm(th_desk *d) {
  th_index *index = th_registry_index(d->registry);
  const th_snapshot *s = th_index_acquire(index);
  uint64_t generation = s->generation;
  bool any = s->n_segments > 0;
  th_index_release(index, s);
  pthread_mutex_lock(&d->warm_lock);
  if (any && d->warmed != generation + 1 && !d->warming) {
    if (d->has_warmer) pthread_join(d->warmer, NULL);
    d->warming = true;
    d->has_warmer = pthread_create(&d->warmer, NULL, warm, d) == 0;
    d->warming = d->warming && d->has_warmer;
    if (d->has_warmer) d->warmed = generation + 1;
  }
  pthread_mutex_unlock(&d->warm_lock);
}
