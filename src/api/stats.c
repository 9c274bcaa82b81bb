#define _GNU_SOURCE
#include "api/stats.h"

#include "api/stats_work.h"
#include "base/queue.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FIELD_WORDS = (TH_F_COUNT + 63) / 64 };

/* What is known of one state of the data; a part that is there never changes. */
typedef struct known {
  uint64_t seq;
  th_buf values[TH_F_COUNT], sizes[TH_F_COUNT], studies; /* empty: not there yet */
} known;

struct th_stats {
  th_registry *registry;
  th_gate *gate;
  pthread_mutex_t lock; /* all below */
  known *now, *before;  /* before: complete enough to be worth showing; NULL when there is none */
  uint64_t want_values[FIELD_WORDS], want_sizes[FIELD_WORDS];
  bool want_studies;
  bool working; /* the thread runs, or has ended and is to be joined when it does not */
  bool to_join;
  pthread_t thread;
  double pass_seconds; /* of the pass done last */
  th_err failed;       /* of the work done last, for those who wait */
  atomic_bool stop;
};

th_stats *th_stats_new(th_registry *registry) {
  th_stats *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->registry = registry;
  s->gate = th_gate_new();
  pthread_mutex_init(&s->lock, NULL);
  if (s->gate) return s;
  th_stats_free(s);
  return NULL;
}

static void free_known(known *k) {
  if (!k) return;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    th_buf_dispose(&k->values[f]);
    th_buf_dispose(&k->sizes[f]);
  }
  th_buf_dispose(&k->studies);
  free(k);
}

void th_stats_free(th_stats *s) {
  if (!s) return;
  atomic_store(&s->stop, true);
  if (s->to_join) pthread_join(s->thread, NULL);
  free_known(s->now);
  free_known(s->before);
  th_gate_free(s->gate);
  pthread_mutex_destroy(&s->lock);
  free(s);
}

th_gate *th_stats_gate(th_stats *s) {
  return s->gate;
}

/* ---- the work ---- */

typedef enum task { NOTHING, STUDIES, SIZES, COLUMN, PASS } task;

/* What is to be done next, the quick things first. Under the lock. */
static task next_task(const th_stats *s, uint16_t *field) {
  bool pass = false;
  if (s->want_studies && !s->now->studies.n) return STUDIES;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    *field = f;
    if ((s->want_sizes[f / 64] >> (f % 64) & 1) && !s->now->sizes[f].n) return SIZES;
    if (!(s->want_values[f / 64] >> (f % 64) & 1) || s->now->values[f].n) continue;
    if (th_stats_from_column(f)) return COLUMN;
    pass = true;
  }
  return pass ? PASS : NOTHING;
}

/* Moves what was worked out into what is known, unless the state is another by now. */
static void publish(th_stats *s, known *of, th_buf *to, th_buf *from) {
  pthread_mutex_lock(&s->lock);
  if (s->now == of && !to->n) {
    *to = *from;
    th_buf_init(from, 0);
  }
  pthread_mutex_unlock(&s->lock);
  th_buf_dispose(from);
  th_buf_init(from, 0);
}

static int do_pass(th_stats *s, known *of, const th_snapshot *snapshot, th_err *err) {
  double begun = th_clock_mono();
  th_buf *out = calloc(TH_F_COUNT, sizeof *out);
  if (!out) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_stats_pass(s->registry, snapshot, out, &s->stop, err);
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    if (!rc && out[f].n) publish(s, of, &of->values[f], &out[f]);
    th_buf_dispose(&out[f]);
  }
  free(out);
  pthread_mutex_lock(&s->lock);
  s->pass_seconds = th_clock_mono() - begun;
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static int do_task(th_stats *s, known *of, task what, uint16_t field, const th_snapshot *snapshot,
                   th_err *err) {
  th_buf out;
  int rc;
  th_buf_init(&out, 0);
  switch (what) {
  case STUDIES:
    rc = th_stats_study_sizes(s->registry, snapshot, &out, &s->stop, err);
    if (!rc) publish(s, of, &of->studies, &out);
    break;
  case SIZES:
    rc = th_stats_column_sizes(snapshot, field, &out, err);
    if (!rc) publish(s, of, &of->sizes[field], &out);
    break;
  case COLUMN:
    rc = th_stats_column_values(snapshot, field, &out, err);
    if (!rc) publish(s, of, &of->values[field], &out);
    break;
  default:
    rc = do_pass(s, of, snapshot, err);
  }
  if (!rc && out.error) rc = th_err_set(err, out.error, "out of memory");
  th_buf_dispose(&out);
  return rc;
}

/* The state to work on: that of a snapshot, which may be newer than who asked thought. */
static void take_state(th_stats *s, const th_snapshot *snapshot) {
  if (s->now->seq == snapshot->applied_seq) return;
  bool empty = !s->now->studies.n;
  for (uint16_t f = 0; f < TH_F_COUNT && empty; f++)
    empty = !s->now->values[f].n && !s->now->sizes[f].n;
  if (empty) s->now->seq = snapshot->applied_seq;
}

/* Works on one state until nothing is wanted of it. */
static int work_on(th_stats *s, const th_snapshot *snapshot, th_err *err) {
  int rc = TH_OK;
  task what = PASS;
  while (!rc && what != NOTHING) {
    uint16_t field = 0;
    pthread_mutex_lock(&s->lock);
    take_state(s, snapshot);
    known *of = s->now;
    what =
        atomic_load(&s->stop) || of->seq != snapshot->applied_seq ? NOTHING : next_task(s, &field);
    if (what == NOTHING) s->working = false;
    pthread_mutex_unlock(&s->lock);
    if (what == NOTHING) break;
    rc = do_task(s, of, what, field, snapshot, err);
    th_gate_open(s->gate);
  }
  return rc;
}

static void *work(void *arg) {
  th_stats *s = arg;
  th_err err = {0};
  th_index *index = th_registry_index(s->registry);
  /* Requests go first. On Linux the priority is the thread's own. */
  (void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc =
      snapshot ? work_on(s, snapshot, &err) : th_err_set(&err, TH_EIO, "the index cannot be read");
  if (snapshot) th_index_release(index, snapshot);
  if (rc) { /* else work_on has ended the work already, and start_work may hold the lock */
    pthread_mutex_lock(&s->lock);
    s->failed = err;
    s->working = false;
    pthread_mutex_unlock(&s->lock);
  }
  th_gate_open(s->gate);
  return NULL;
}

/* Under the lock. */
static int start_work(th_stats *s, th_err *err) {
  if (s->working) return TH_OK;
  if (s->to_join) pthread_join(s->thread, NULL); /* it takes the lock no more */
  s->to_join = false;
  s->working = true;
  if (pthread_create(&s->thread, NULL, work, s) != 0) {
    s->working = false;
    return th_err_set(err, TH_EIO, "cannot start a thread");
  }
  s->to_join = true;
  return TH_OK;
}

/* ---- asking ---- */

static const th_buf *part_of(const known *k, const th_stats_ask *ask, size_t i) {
  switch (ask->what) {
  case TH_STATS_VALUES:
    return &k->values[ask->fields[i]];
  case TH_STATS_SIZES:
    return &k->sizes[ask->fields[i]];
  default:
    return &k->studies;
  }
}

static bool has_all(const known *k, const th_stats_ask *ask) {
  size_t n = ask->what == TH_STATS_STUDIES ? 1 : ask->n;
  if (!k) return false;
  for (size_t i = 0; i < n; i++)
    if (!part_of(k, ask, i)->n) return false;
  return true;
}

static void put_all(const known *k, const th_stats_ask *ask, th_buf *out) {
  bool list = ask->what != TH_STATS_STUDIES && !ask->one;
  size_t n = ask->what == TH_STATS_STUDIES ? 1 : ask->n;
  if (list) th_buf_char(out, '[');
  for (size_t i = 0; i < n; i++) {
    if (i) th_buf_char(out, ',');
    th_buf_span(out, th_buf_view(part_of(k, ask, i)));
  }
  if (list) th_buf_char(out, ']');
}

static void note_wanted(th_stats *s, const th_stats_ask *ask) {
  uint64_t *bits = ask->what == TH_STATS_SIZES ? s->want_sizes : s->want_values;
  if (ask->what == TH_STATS_STUDIES) s->want_studies = true;
  for (size_t i = 0; ask->what != TH_STATS_STUDIES && i < ask->n; i++)
    bits[ask->fields[i] / 64] |= (uint64_t)1 << (ask->fields[i] % 64);
}

/* Begins with the newest state when nobody works on another. What was known of the one before stays
 * when it took long. */
static int follow_state(th_stats *s, uint64_t seq, th_err *err) {
  if (s->working || (s->now && s->now->seq >= seq)) return TH_OK;
  known *fresh = calloc(1, sizeof *fresh);
  if (!fresh) return th_err_set(err, TH_ENOMEM, "out of memory");
  fresh->seq = seq;
  if (s->now && s->pass_seconds > TH_STATS_PATIENCE) {
    free_known(s->before);
    s->before = s->now;
  } else {
    free_known(s->now);
  }
  s->now = fresh;
  memset(s->want_values, 0, sizeof s->want_values);
  memset(s->want_sizes, 0, sizeof s->want_sizes);
  s->want_studies = false;
  return TH_OK;
}

int th_stats_get(th_stats *s, const th_stats_ask *ask, uint64_t seq, th_buf *out, bool *ready,
                 uint64_t *state, th_err *err) {
  pthread_mutex_lock(&s->lock);
  int rc = follow_state(s, seq, err);
  const known *from = NULL;
  *ready = false;
  if (!rc && s->failed.code) {
    rc = th_err_set(err, s->failed.code, "%s", s->failed.message);
    s->failed = (th_err){0};
  }
  if (rc) goto done;
  if (has_all(s->now, ask) && s->now->seq >= seq)
    from = s->now;
  else if (s->pass_seconds > TH_STATS_PATIENCE && has_all(s->now, ask))
    from = s->now;
  else if (has_all(s->before, ask))
    from = s->before;
  if (from != s->now || !from) {
    note_wanted(s, ask);
    rc = start_work(s, err);
  }
  if (!rc && from) {
    put_all(from, ask, out);
    *state = from->seq;
    *ready = true;
  }
done:
  pthread_mutex_unlock(&s->lock);
  return rc;
}
