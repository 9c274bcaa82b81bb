#include "query/warm.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "geo/geo.h"
#include "query/exec.h"

enum {
  LOOK_MS = 1000,
  NICER = 4,
  HELD_MOST = 8 << 20, /* bytes that were freed and may stay with the process */
};

struct th_warmer {
  th_index *index;
  th_suggester *suggester;
  th_warm_more more;
  pthread_t thread;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  atomic_bool stop;
};

/* The weights of areas that boxes search; with synonyms where any field takes them. */
static bool warm_areas(const th_segment *s, const unsigned *areas, size_t n) {
  th_weights w;
  for (size_t i = 0; i < n; i++) {
    unsigned scope = areas[i] | TH_SCOPE_SYNONYMS;
    bool any = false;
    for (uint16_t f = 0; f < TH_F_COUNT && !any; f++)
      any = th_scope_weight(scope, f) > 0;
    if (!th_cache_weights(s, areas[i], &w) || (any && !th_cache_weights(s, scope, &w)))
      return false;
  }
  return true;
}

static void warm_names(const th_segment *s, const uint16_t *names, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const th_column *c = th_segment_column(s, names[i]);
    if (!c) continue;
    (void)th_cache_folded(s, c);
    (void)th_cache_inverted(s, c);
  }
}

void th_warm_segment(const th_segment *s, th_warm_part part) {
  static const unsigned first[] = {TH_A_BasicSearch, TH_A_ConditionSearch};
  static const unsigned then[] = {TH_A_InterventionSearch, TH_A_TitleSearch, TH_A_SponsorSearch,
                                  TH_A_LocationSearch};
  /* Those that pages ask for most come first: lists have a room of their own. */
  static const uint16_t names[] = {
      TH_F_Condition,       TH_F_ConditionMeshTerm,    TH_F_LocationCountryCode,
      TH_F_LeadSponsorName, TH_F_InterventionMeshTerm, TH_F_InterventionName,
      TH_F_LocationState,   TH_F_CollaboratorName,     TH_F_LocationCity,
      TH_F_LocationCountry};
  static const uint16_t columns[] = {TH_F_OverallStatus,
                                     TH_F_Phase,
                                     TH_F_Sex,
                                     TH_F_StudyType,
                                     TH_F_HasResults,
                                     TH_F_HealthyVolunteers,
                                     TH_F_StartDate,
                                     TH_F_StudyFirstPostDate,
                                     TH_F_LastUpdatePostDate};
  if (part != TH_WARM_REST) {
    if (!warm_areas(s, first, TH_COUNT(first))) return;
    for (size_t i = 0; i < TH_COUNT(columns); i++)
      (void)th_segment_column(s, columns[i]);
    warm_names(s, names, TH_COUNT(names));
  }
  if (part == TH_WARM_FIRST || !warm_areas(s, then, TH_COUNT(then))) return;
  (void)th_cache_spots(s);
}

/* ---- phrases ---- */

static int make_phrase(th_plan *p, const th_query *phrase) {
  th_op op, *one = &op;
  th_conj *c;
  int rc = th_op_unscored(p, phrase, &op);
  if (!rc) rc = th_conj_make(p, &one, 1, &c);
  th_arena_reset(p->arena, false);
  return rc;
}

static int make_phrases(th_plan *p, const th_query *q, const atomic_bool *stop) {
  int rc = 0;
  switch (q->kind) {
  case TH_N_PHRASE:
    return make_phrase(p, q);
  case TH_N_AND:
  case TH_N_OR:
  case TH_N_EITHER:
  case TH_N_NOT:
  case TH_N_TILT:
    for (uint32_t i = 0; !rc && i < q->n && !atomic_load(stop); i++)
      rc = make_phrases(p, q->parts[i], stop);
    return rc;
  default: /* places within a site are looked up by themselves */
    return 0;
  }
}

/* While the lists of a segment are made. */
enum { HOT_ROOM = 32 << 20 /* bytes */, HOT_SLOTS = 4096 };

static int make_in_segment(th_plan *p, th_warm_next_fn *next, void *ctx, const atomic_bool *stop) {
  int rc = 0;
  th_asked_slot *slots = calloc(HOT_SLOTS, sizeof *slots);
  if (!slots) return th_plan_no_memory(p);
  th_asked hot = {slots, HOT_SLOTS, HOT_ROOM, 0};
  p->hot = &hot;
  for (size_t i = 0; !rc && !atomic_load(stop); i++) {
    const th_query *q = NULL;
    rc = next(ctx, i, &q, p->err);
    if (!rc && q) rc = make_phrases(p, q, stop);
  }
  p->hot = NULL;
  th_hot_dispose(&hot);
  free(slots);
  int state = th_segment_state(p->segment, p->err);
  if (state) return state;
  return rc == TH_ENOTFOUND ? 0 : rc;
}

int th_warm_phrases(const th_snapshot *snapshot, th_warm_next_fn *next, void *ctx,
                    const atomic_bool *stop, th_err *err) {
  static const th_search_request nothing;
  th_arena arena;
  th_arena_init(&arena, 0);
  th_plan p = {.snapshot = snapshot,
               .request = &nothing,
               .arena = &arena,
               .err = err,
               .thread = th_thread_get(),
               .ahead = true};
  int rc = p.thread ? 0 : th_plan_no_memory(&p);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments && !atomic_load(stop); s++) {
    th_plan_segment(&p, s);
    rc = make_in_segment(&p, next, ctx, stop);
  }
  th_arena_dispose(&arena);
  return rc;
}

/* ---- the thread ---- */

static bool is_stopped(th_warmer *w) {
  return atomic_load(&w->stop);
}

/* Waits until it is time to look again. */
static void rest(th_warmer *w) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += LOOK_MS / 1000;
  pthread_mutex_lock(&w->lock);
  if (!is_stopped(w)) pthread_cond_timedwait(&w->wake, &w->lock, &until);
  pthread_mutex_unlock(&w->lock);
}

static void warm_generation(th_warmer *w, const th_snapshot *snapshot) {
  for (unsigned part = TH_WARM_FIRST; part <= TH_WARM_REST; part++)
    for (uint32_t s = 0; s < snapshot->n_segments && !is_stopped(w); s++)
      th_warm_segment(snapshot->segments[s], part);
}

void th_warm_snapshot(void *ctx, const th_snapshot *snapshot) {
  (void)ctx;
  for (uint32_t s = 0; s < snapshot->n_segments; s++)
    th_warm_segment(snapshot->segments[s], TH_WARM_ALL);
}

/* Failures are left to whoever asks next: they are reported there. */
static void *run(void *ctx) {
  th_warmer *w = ctx;
  uint64_t generation = UINT64_MAX, seq = UINT64_MAX;
  th_geo_place place;
  setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICER); /* of this thread alone, on Linux */
  (void)th_geo_find(TH_SPAN("Boston"), &place, 1);
  while (!is_stopped(w)) {
    const th_snapshot *snapshot = th_index_acquire(w->index);
    bool is_new = snapshot->generation != generation || snapshot->applied_seq != seq;
    generation = snapshot->generation;
    seq = snapshot->applied_seq;
    if (is_new) warm_generation(w, snapshot);
    th_index_release(w->index, snapshot);
    if (is_new && w->more.fn && !is_stopped(w)) w->more.fn(w->more.ctx, &w->stop);
    th_err ignored = {0};
    if (is_new && w->suggester && !is_stopped(w))
      (void)!th_suggester_update(w->suggester, &ignored);
    /* Tables are made, kept and given up in pieces of megabytes between those of requests. */
    (void)th_memory_trim(HELD_MOST);
    rest(w);
  }
  return NULL;
}

int th_warmer_start(th_warmer **out, th_index *index, th_suggester *suggester,
                    const th_warm_more *more, th_err *err) {
  th_warmer *w = *out = calloc(1, sizeof *w);
  if (!w) return th_err_set(err, TH_ENOMEM, "out of memory");
  w->index = index;
  w->suggester = suggester;
  if (more) w->more = *more;
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->wake, NULL);
  if (pthread_create(&w->thread, NULL, run, w) == 0) return TH_OK;
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->wake);
  free(w);
  *out = NULL;
  return th_err_set(err, TH_EIO, "no thread to prepare searches with");
}

void th_warmer_stop(th_warmer *w) {
  if (!w) return;
  pthread_mutex_lock(&w->lock);
  atomic_store(&w->stop, true);
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->lock);
  pthread_join(w->thread, NULL);
  pthread_mutex_destroy(&w->lock);
  pthread_cond_destroy(&w->wake);
  free(w);
}
