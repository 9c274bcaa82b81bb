/* Places by name as JSON: what the last words of a text may become. */
#include "geo/geo.h"
#include "native/internal.h"

enum {
  MOST_WORDS = 4,
  LEAST_LETTERS = 3,
  AROUND_KM = 50,
  LARGE = 300000,
  ASKED = 64,
  COUNTED = 12
};

static bool is_listed(const th_geo_place *list, unsigned n, uint32_t id) {
  for (unsigned i = 0; i < n; i++)
    if (list[i].id == id) return true;
  return false;
}

static bool begins_so(const th_geo_place *place, th_span tail) {
  char a[TH_GEO_KEY_MAX], b[TH_GEO_KEY_MAX];
  size_t n = th_geo_key(tail, a), m = th_geo_key(place->name, b);
  return n <= m && memcmp(a, b, n) == 0;
}

/* A large place that the words name as they are ("München": Munich), then those whose own name
 * begins so, largest first. False when there are none. */
static bool look_at(th_span text, size_t from, th_geo_place found[COUNTED], unsigned *n) {
  th_geo_place more[ASKED];
  th_span tail = {text.p + from, text.n - from};
  *n = 0;
  if (from && tail.n < LEAST_LETTERS) return false;
  if (tail.n >= LEAST_LETTERS) *n = th_geo_find(tail, found, 1);
  if (*n && found[0].population < LARGE) *n = 0;
  unsigned n_more = th_geo_complete(tail, more, ASKED);
  for (unsigned i = 0; i < n_more && *n < COUNTED; i++)
    if (begins_so(&more[i], tail) && !is_listed(found, *n, more[i].id)) found[(*n)++] = more[i];
  return *n > 0;
}

/* Cuts the text before the longest last words that begin a name; *n 0 when none do. */
static size_t cut_at(th_span text, th_geo_place *found, unsigned *n) {
  size_t starts[MOST_WORDS + 1], k = 0;
  *n = 0;
  for (size_t i = text.n; i-- > 0 && k < MOST_WORDS;)
    if (i == 0 || text.p[i - 1] == ' ') starts[k++] = i;
  while (k--)
    if (look_at(text, starts[k], found, n)) return starts[k];
  return 0;
}

static int count_near(const th_snapshot *snapshot, const th_geo_place *place, th_arena *arena,
                      int64_t *out, th_err *err) {
  th_search_result found;
  th_search_request rq = {.count = true};
  rq.filter = th_query_near_placed(arena, place->lat, place->lon, AROUND_KM);
  if (!rq.filter) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_search(snapshot, &rq, arena, &found, err);
  *out = rc ? 0 : found.total;
  return rc;
}

static void put_place(th_jout *w, const th_geo_place *place, int64_t studies) {
  th_jout_object(w);
  th_jout_kv_text(w, "name", place->name);
  th_jout_kv_text(w, "region", place->region);
  th_jout_kv_text(w, "country", place->country);
  th_jout_kv_str(w, "countryCode", place->code);
  th_jout_kv_double(w, "lat", place->lat);
  th_jout_kv_double(w, "lon", place->lon);
  th_jout_kv_i64(w, "population", place->population);
  th_jout_kv_i64(w, "count", studies);
  th_jout_end_object(w);
}

/* Those that have studies around them: at most `most`. */
static int put_places(th_call *call, const th_geo_place *found, unsigned n, uint64_t most,
                      th_jout *w, th_err *err) {
  th_index *index = th_registry_index(call->native->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = TH_OK;
  for (unsigned i = 0; !rc && i < n && most; i++) {
    int64_t studies = 0;
    rc = count_near(snapshot, &found[i], call->rq->arena, &studies, err);
    if (rc || !studies) continue;
    put_place(w, &found[i], studies);
    most--;
  }
  th_index_release(index, snapshot);
  return rc;
}

int th_native_places(th_call *call, th_err *err) {
  th_geo_place found[COUNTED];
  unsigned n = 0;
  th_jout w;
  th_span text = th_span_trim(th_call_text(call, "q"));
  size_t at = cut_at(text, found, &n);
  th_jout_init(&w, &call->rs->body, false);
  th_jout_object(&w);
  th_jout_kv_text(&w, "q", text);
  th_jout_kv_text(&w, "before", th_span_trim((th_span){text.p, at}));
  th_jout_key(&w, "places");
  th_jout_array(&w);
  int rc = put_places(call, found, n, th_call_number(call, "n"), &w, err);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  return rc;
}
