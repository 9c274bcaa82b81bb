/* From what people and records write to places. */
#include "geo/distance.h"
#include "geo/tables.h"

enum { QUALIFIERS = 3, CANDIDATES = 512 };

/* What a text asks for: a name, and what the place's region or country must be. All are keys. */
typedef struct wanted {
  th_span name, qualifier[QUALIFIERS];
  unsigned n;
  th_span code; /* of the country; empty = any */
} wanted;

/* ---- names ---- */

static int key_cmp(const th_geo_tables *t, bool other, uint32_t at, th_span key, bool prefix) {
  char folded[TH_GEO_KEY_MAX];
  th_span have;
  if (other) {
    have = th_geo_string(t, t->other_key[at]);
  } else {
    have.n = th_geo_key(th_geo_string(t, t->name[at]), folded);
    have.p = folded;
  }
  if (prefix && have.n > key.n) have.n = key.n;
  return th_span_cmp(have, key);
}

/* First and one past the last entry of a table whose key equals the key, or begins with it. */
static void range_of(const th_geo_tables *t, bool other, th_span key, bool prefix, uint32_t *from,
                     uint32_t *to) {
  for (int end = 0; end < 2; end++) {
    uint32_t low = 0, high = other ? t->n_others : t->n_places;
    while (low < high) {
      uint32_t mid = low + (high - low) / 2;
      int c = key_cmp(t, other, mid, key, prefix);
      if (c < 0 || (end && c == 0))
        low = mid + 1;
      else
        high = mid;
    }
    *(end ? to : from) = low;
  }
}

/* The most populous so far, each once. */
typedef struct best_list {
  uint32_t *ids;
  unsigned n, max;
} best_list;

static void take(const th_geo_tables *t, best_list *b, uint32_t id) {
  unsigned at = b->n;
  for (unsigned i = 0; i < b->n; i++)
    if (b->ids[i] == id) return;
  while (at && t->population[b->ids[at - 1]] < t->population[id])
    at--;
  if (at == b->max) return;
  if (b->n < b->max) b->n++;
  memmove(b->ids + at + 1, b->ids + at, (b->n - at - 1) * sizeof *b->ids);
  b->ids[at] = id;
}

static bool is_in(const th_geo_tables *t, uint32_t id, th_span qualifier) {
  uint16_t country = t->country[id], region = t->region[id];
  const char *code = t->codes + 2 * (size_t)country;
  if (qualifier.n == 2 && th_span_eq_nocase(qualifier, (th_span){code, 2})) return true;
  return th_geo_is_named(th_geo_string(t, t->country_names[country]), qualifier) ||
         (region && th_geo_is_named(th_geo_string(t, t->region_names[region - 1]), qualifier));
}

static void collect(const th_geo_tables *t, const wanted *w, bool prefix, best_list *b) {
  for (int other = 0; other < 2; other++) {
    uint32_t from = 0, to = 0;
    range_of(t, other, w->name, prefix, &from, &to);
    for (uint32_t i = from; i < to; i++) {
      uint32_t id = other ? t->other_place[i] : i;
      bool fits = b->n < b->max || t->population[id] > t->population[b->ids[b->n - 1]];
      if (w->code.n) fits &= memcmp(w->code.p, t->codes + 2 * (size_t)t->country[id], 2) == 0;
      for (unsigned k = 0; k < w->n && fits; k++)
        fits = is_in(t, id, w->qualifier[k]);
      if (fits) take(t, b, id);
    }
  }
}

/* Whether the place's own name, not a further one, is the key. */
static bool is_own(const th_geo_tables *t, uint32_t id, th_span key) {
  char own[TH_GEO_KEY_MAX];
  return th_span_eq((th_span){own, th_geo_key(th_geo_string(t, t->name[id]), own)}, key);
}

/* A further name counts for places that are larger than all that have it as their own, and not much
 * smaller than the largest: Köln is Cologne, but Newton is not Cambridge. */
static void drop_lesser(const th_geo_tables *t, th_span key, best_list *b) {
  enum { TIMES = 50 };
  unsigned n = 0;
  bool own = false;
  for (unsigned i = 0; i < b->n; i++) {
    uint32_t id = b->ids[i];
    bool is = is_own(t, id, key);
    uint64_t people = (uint64_t)t->population[id] * TIMES;
    if (!is && (own || people < t->population[b->ids[0]])) continue;
    own |= is;
    b->ids[n++] = id;
  }
  b->n = n;
}

static unsigned copy_out(const best_list *b, th_geo_place *out) {
  for (unsigned i = 0; i < b->n; i++)
    th_geo_at(b->ids[i], &out[i]);
  return b->n;
}

/* "boston ma": no place has this name; one of the name before the last words is in what they say.
 */
static void collect_bare(const th_geo_tables *t, th_span key, best_list *b) {
  for (size_t at = key.n; at-- > 1 && b->n == 0;) {
    if (key.p[at] != ' ') continue;
    wanted w = {.name = {key.p, at}, .qualifier = {{key.p + at + 1, key.n - at - 1}}, .n = 1};
    collect(t, &w, false, b);
    drop_lesser(t, w.name, b);
  }
}

unsigned th_geo_find(th_span text, th_geo_place *out, unsigned max) {
  char keys[QUALIFIERS + 1][TH_GEO_KEY_MAX];
  uint32_t ids[64];
  th_geo_tables t = th_geo_open();
  best_list b = {ids, 0, (unsigned)TH_COUNT(ids)};
  wanted w = {0};
  for (unsigned i = 0; text.n && i <= QUALIFIERS; i++) {
    const char *comma = memchr(text.p, ',', text.n);
    size_t n = comma ? (size_t)(comma - text.p) : text.n;
    th_span key = {keys[i], th_geo_key((th_span){text.p, n}, keys[i])};
    if (i == 0)
      w.name = key;
    else if (key.n)
      w.qualifier[w.n++] = key;
    n += comma != NULL;
    text = (th_span){text.p + n, text.n - n};
  }
  if (!w.name.n || !max) return 0;
  collect(&t, &w, false, &b);
  drop_lesser(&t, w.name, &b);
  if (!b.n && !w.n) collect_bare(&t, w.name, &b);
  b.n = TH_MIN(b.n, max);
  return copy_out(&b, out);
}

unsigned th_geo_complete(th_span prefix, th_geo_place *out, unsigned max) {
  char key[TH_GEO_KEY_MAX];
  uint32_t ids[64];
  th_geo_tables t = th_geo_open();
  best_list b = {ids, 0, TH_MIN(max, (unsigned)TH_COUNT(ids))};
  wanted w = {.name = {key, th_geo_key(prefix, key)}};
  if (w.name.n < 2 || !b.max) return 0;
  collect(&t, &w, true, &b);
  return copy_out(&b, out);
}

/* ---- sites ---- */

/* The key without its last word when that is of an address: "14", "cedex", "cedex 13", "sw1x". */
static bool drop_postal(th_span *key) {
  size_t at = key->n;
  bool digit = false;
  while (at && key->p[at - 1] != ' ')
    digit |= key->p[at - 1] >= '0' && key->p[at - 1] <= '9', at--;
  th_span last = {key->p + at, key->n - at};
  if (at < 2 || (!digit && !th_span_eq(last, TH_SPAN("cedex")))) return false;
  key->n = at - 1;
  return true;
}

th_span th_geo_region_names(th_span country, th_span name) {
  char folded[TH_GEO_KEY_MAX];
  th_geo_tables t = th_geo_open();
  const th_span key = {folded, th_geo_key(name, folded)};
  for (uint32_t i = 0; key.n && country.n == 2 && i < t.n_regions; i++) {
    if (memcmp(t.codes + 2 * (size_t)t.country_of_region[i], country.p, 2) != 0) continue;
    th_span names = th_geo_string(&t, t.region_names[i]);
    if (th_geo_is_named(names, key)) return names;
  }
  return (th_span){0};
}

/* One place, or one that is by far the largest. */
static bool decides(const th_geo_tables *t, const best_list *b) {
  enum { TIMES = 5, SAME_KM = 25 };
  if (!b->n) return false;
  uint32_t first = b->ids[0];
  for (unsigned i = 1; i < b->n; i++) {
    uint32_t id = b->ids[i];
    if ((uint64_t)t->population[id] * TIMES <= t->population[first] && t->population[first])
      continue;
    if (th_distance_km(t->lat[first] * 1e-5, t->lon[first] * 1e-5, t->lat[id] * 1e-5,
                       t->lon[id] * 1e-5) > SAME_KM)
      return false;
  }
  return true;
}

bool th_geo_site(th_span city, th_span state, th_span country, th_geo_place *out) {
  char key[TH_GEO_KEY_MAX], region[TH_GEO_KEY_MAX];
  uint32_t ids[CANDIDATES];
  th_geo_tables t = th_geo_open();
  best_list b = {ids, 0, CANDIDATES};
  th_span code = th_geo_country_code(country);
  /* "Milano (Milan)" */
  const char *bracket = city.n ? memchr(city.p, '(', city.n) : NULL;
  if (bracket && bracket > city.p) city.n = (size_t)(bracket - city.p);
  wanted w = {.name = {key, th_geo_key(city, key)}, .code = code};
  if (!code.n || !w.name.n) return false;
  th_span where = {region, th_geo_key(state, region)};
  if (th_geo_region_names(code, state).n) w.qualifier[w.n++] = where;
  do
    collect(&t, &w, false, &b);
  while (!b.n && drop_postal(&w.name));
  drop_lesser(&t, w.name, &b);
  if (!decides(&t, &b)) return false;
  th_geo_at(ids[0], out);
  return true;
}
