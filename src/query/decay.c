/* geoDecay: relevance falls with the distance of a study's nearest site. The three shapes are those
 * known from search servers as decay functions: each leaves `decay` of a score at `scale` beyond
 * `offset`, all of it within `offset`. */
#include "query/decay.h"

#include <math.h>

#include "query/exec.h"

/* ---- reading ---- */

static bool take(th_span *s, const char *word) {
  th_span w = th_span_of(word);
  if (!th_span_starts(*s, w)) return false;
  *s = (th_span){s->p + w.n, s->n - w.n};
  return true;
}

/* Digits with at most one point between them. */
static bool take_number(th_span *s, double *out) {
  size_t n = 0, points = 0;
  while (n < s->n && ((s->p[n] >= '0' && s->p[n] <= '9') || s->p[n] == '.'))
    points += s->p[n++] == '.';
  if (n == 0 || points > 1 || s->p[0] == '.' || s->p[n - 1] == '.') return false;
  if (!th_decimal_parse((th_span){s->p, n}, out)) return false;
  *s = (th_span){s->p + n, s->n - n};
  return true;
}

static bool take_km(th_span *s, double *out) {
  if (!take_number(s, out)) return false;
  if (take(s, "km")) return true;
  *out *= 1.609344;
  return take(s, "mi");
}

bool th_decay_parse(th_span s, th_decay *out) {
  static const char *const shapes[] = {"exp", "gauss", "linear"};
  th_decay d = *out;
  int shape = -1;
  if (!take(&s, "func:")) return false;
  for (int i = 0; i < 3 && shape < 0; i++)
    if (take(&s, shapes[i])) shape = i;
  if (shape < 0) return false;
  d.shape = (th_decay_shape)shape;
  if (!take(&s, ",scale:") || !take_km(&s, &d.scale_km) || !take(&s, ",offset:") ||
      !take_km(&s, &d.offset_km) || !take(&s, ",decay:") || !take_number(&s, &d.decay) || s.n)
    return false;
  *out = d;
  return true;
}

/* ---- what is left ---- */

double th_decay_factor(const th_decay *d, double km) {
  double far = km - d->offset_km, left = d->decay > 1 ? 1 : d->decay;
  if (km < 0) return 0;
  if (far <= 0) return 1;
  if (d->scale_km <= 0) return 0;
  far /= d->scale_km;
  switch (d->shape) {
  case TH_DECAY_GAUSS:
    return pow(left, far * far);
  case TH_DECAY_LINEAR:
    return TH_MAX(0, 1 - (1 - left) * far);
  default:
    return pow(left, far);
  }
}

/* ---- searching ---- */

typedef struct ranked {
  th_hit hit;
  uint32_t rank; /* before */
} ranked;

static int best_first(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->hit.score != y->hit.score) return x->hit.score > y->hit.score ? -1 : 1;
  return (x->rank > y->rank) - (x->rank < y->rank);
}

static int worst_first(const void *a, const void *b) {
  const ranked *x = a, *y = b;
  if (x->hit.score != y->hit.score) return x->hit.score < y->hit.score ? -1 : 1;
  return (x->rank > y->rank) - (x->rank < y->rank);
}

static int reorder(const th_snapshot *snapshot, const th_search_request *request, th_arena *arena,
                   th_search_result *out, th_err *err) {
  const th_decay *d = request->decay;
  ranked *all = th_arena_calloc(arena, out->n_hits + 1, sizeof *all);
  th_hit *hits = th_arena_calloc(arena, out->n_hits + 1, sizeof *hits);
  bool rising = request->n_sort && !request->sort[0].descending;
  if (!all || !hits) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < out->n_hits; i++) {
    const th_sites *sites = th_segment_sites(snapshot->segments[out->hits[i].segment]);
    double km = sites ? th_nearest_site_km(sites, out->hits[i].doc, d->lat, d->lon) : -1;
    all[i] = (ranked){out->hits[i], i};
    all[i].hit.score = (float)(all[i].hit.score * th_decay_factor(d, km));
  }
  qsort(all, out->n_hits, sizeof *all, rising ? worst_first : best_first);
  uint64_t end = (uint64_t)request->from + request->size;
  out->more = out->n_hits > end;
  uint32_t from = TH_MIN(request->from, out->n_hits);
  out->n_hits = (uint32_t)(TH_MIN(end, (uint64_t)out->n_hits) - from);
  for (uint32_t i = 0; i < out->n_hits; i++)
    hits[i] = all[from + i].hit;
  out->hits = hits;
  if (!request->count) out->total = -1;
  return 0;
}

bool th_decay_applies(const th_search_request *r) {
  return r->decay && r->scored && (r->n_sort == 0 || r->sort[0].field == TH_SORT_RELEVANCE);
}

int th_decay_search(const th_snapshot *snapshot, const th_search_request *request, th_arena *arena,
                    th_search_result *out, th_err *err) {
  th_search_request all = *request;
  all.decay = NULL;
  all.from = 0;
  all.size = TH_DECAY_MOST;
  all.count = true;
  int rc = th_search(snapshot, &all, arena, out, err);
  if (!rc && out->total <= TH_DECAY_MOST) rc = reorder(snapshot, request, arena, out, err);
  if (!rc && out->total > TH_DECAY_MOST) {
    all.from = request->from;
    all.size = request->size;
    all.count = request->count;
    rc = th_search(snapshot, &all, arena, out, err);
  }
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++)
    rc = th_segment_state(snapshot->segments[s], err);
  if (rc) *out = (th_search_result){.total = -1};
  return rc;
}
