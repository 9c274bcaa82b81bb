#include "query/points.h"

#include "geo/geo.h"
#include "study/catalogue.h"

enum { CELLS = TH_GRID_ROWS * TH_GRID_COLUMNS };

/* ---- spots ---- */

/* A spot in the making; lat and lon as records have them until it is placed. */
typedef struct known_spot {
  th_spot spot;
  int32_t lat, lon;
} known_spot;

typedef struct maker {
  const th_sites *sites;
  const th_column *country, *state, *city;
  const th_column *overall;
  uint32_t n_docs;
  known_spot *known;
  uint32_t n, cap;
  uint32_t *slot;  /* 2 * cap, a power of two: spot + 1, 0 = free */
  char (*code)[2]; /* of a country by its ordinal; known once it was asked for */
  uint8_t *code_known;
  th_spots *out;
} maker;

static th_span word_of(const th_column *c, uint32_t ordinal) {
  return c && ordinal && ordinal <= c->n_dict ? th_column_word(c, ordinal - 1) : (th_span){0};
}

static uint32_t hash_of(const known_spot *k) {
  uint64_t h = (k->spot.city * 0x9E3779B97F4A7C15ull) ^ (k->spot.state * 0xC2B2AE3D27D4EB4Full) ^
               k->spot.country;
  h = (h ^ h >> 29 ^ ((uint64_t)(uint32_t)k->lat << 32 | (uint32_t)k->lon)) * 0xFF51AFD7ED558CCDull;
  return (uint32_t)(h >> 32);
}

static bool is_same(const known_spot *a, const known_spot *b) {
  return a->spot.city == b->spot.city && a->spot.state == b->spot.state &&
         a->spot.country == b->spot.country && a->lat == b->lat && a->lon == b->lon;
}

static bool grow(maker *m) {
  uint32_t cap = m->cap ? 2 * m->cap : 1024;
  known_spot *known = realloc(m->known, cap * sizeof *known);
  if (known) m->known = known;
  uint32_t *slot = known ? calloc(2 * (size_t)cap, sizeof *slot) : NULL;
  if (!slot) return false;
  for (uint32_t i = 0; i < m->n; i++) {
    uint32_t at = hash_of(&known[i]) & (2 * cap - 1);
    while (slot[at])
      at = (at + 1) & (2 * cap - 1);
    slot[at] = i + 1;
  }
  free(m->slot);
  m->slot = slot;
  m->cap = cap;
  return true;
}

/* The number of a site's spot; UINT32_MAX when memory is exhausted. */
static uint32_t find_spot(maker *m, uint32_t site) {
  const th_sites *s = m->sites;
  bool has = s->lat[site] != TH_NO_POINT && s->lon[site] != TH_NO_POINT;
  const known_spot wanted = {
      {.country = s->country[site], .state = s->state[site], .city = s->city[site]},
      has ? s->lat[site] : TH_NO_POINT,
      has ? s->lon[site] : TH_NO_POINT};
  if (m->n == m->cap && !grow(m)) return UINT32_MAX;
  uint32_t mask = 2 * m->cap - 1, at = hash_of(&wanted) & mask;
  for (; m->slot[at]; at = (at + 1) & mask)
    if (is_same(&m->known[m->slot[at] - 1], &wanted)) return m->slot[at] - 1;
  m->known[m->n] = wanted;
  m->slot[at] = ++m->n;
  return m->n - 1;
}

static bool find_spots(maker *m) {
  static const th_span recruiting = {"RECRUITING", 10};
  int of_site = th_enum_value(th_fields[TH_F_LocationStatus].enum_id, recruiting);
  int of_study = th_enum_value(th_fields[TH_F_OverallStatus].enum_id, recruiting);
  const th_sites *s = m->sites;
  for (uint32_t d = 0; d < m->n_docs; d++) {
    bool study = m->overall && (th_column_mask(m->overall, d) >> of_study & 1);
    for (uint32_t i = s->start[d]; i < s->start[d + 1] && i < s->n; i++) {
      uint32_t spot = find_spot(m, i);
      if (spot >= TH_SITE_RECRUITS) return false;
      bool recruits = s->status[i] ? s->status[i] == of_site + 1 : study;
      m->out->of[i] = spot | (recruits ? TH_SITE_RECRUITS : 0);
    }
  }
  return true;
}

/* ---- spots without a point ---- */

static th_span code_of(maker *m, uint32_t country) {
  th_span name = word_of(m->country, country);
  if (!name.n) return name;
  if (!m->code_known[country]) {
    th_span code = th_geo_country_code(name);
    if (code.n) memcpy(m->code[country], code.p, 2);
    m->code_known[country] = code.n ? 1 : 2;
  }
  return (th_span){m->code[country], m->code_known[country] == 1 ? 2 : 0};
}

static void place_spot(maker *m, known_spot *k) {
  th_geo_place place;
  th_span code = code_of(m, k->spot.country), city = word_of(m->city, k->spot.city);
  if (!code.n || !city.n || !th_geo_site(city, word_of(m->state, k->spot.state), code, &place))
    return;
  k->lat = (int32_t)(place.lat * 1e6 + (place.lat < 0 ? -0.5 : 0.5));
  k->lon = (int32_t)(place.lon * 1e6 + (place.lon < 0 ? -0.5 : 0.5));
  k->spot.placed = 1;
}

/* ---- points ---- */

static uint32_t cell_of(int32_t lat, int32_t lon) {
  int32_t row = (lat + 90000000) / 1000000, column = (lon + 180000000) / 1000000;
  row = row < 0 ? 0 : row >= TH_GRID_ROWS ? TH_GRID_ROWS - 1 : row;
  column = column < 0 ? 0 : column >= TH_GRID_COLUMNS ? TH_GRID_COLUMNS - 1 : column;
  return (uint32_t)(row * TH_GRID_COLUMNS + column);
}

/* A spot on its way to its point. */
typedef struct located {
  uint32_t cell, spot;
  int32_t lat, lon;
} located;

static int by_point(const void *a, const void *b) {
  const located *x = a, *y = b;
  if (x->cell != y->cell) return x->cell < y->cell ? -1 : 1;
  if (x->lat != y->lat) return x->lat < y->lat ? -1 : 1;
  if (x->lon != y->lon) return x->lon < y->lon ? -1 : 1;
  return (x->spot > y->spot) - (x->spot < y->spot);
}

/* Numbers the distinct points, cell by cell. */
static void number_points(maker *m, const located *all, uint32_t n) {
  th_spots *t = m->out;
  uint32_t cell = 0;
  for (uint32_t i = 0; i < n; i++) {
    const located *l = &all[i];
    if (!i || l->lat != l[-1].lat || l->lon != l[-1].lon) {
      while (cell <= l->cell)
        t->start[cell++] = t->n_points;
      t->point[t->n_points++] = (th_point){.lat = l->lat, .lon = l->lon};
    }
    t->spot[l->spot].point = t->n_points;
  }
  while (cell <= CELLS)
    t->start[cell++] = t->n_points;
  t->point[t->n_points] = (th_point){.lat = TH_NO_POINT, .lon = TH_NO_POINT};
}

static bool make_points(maker *m) {
  th_spots *t = m->out;
  uint32_t n = 0;
  located *all = malloc(((size_t)m->n + 1) * sizeof *all);
  t->n_spots = m->n;
  t->spot = malloc(((size_t)m->n + 1) * sizeof *t->spot);
  t->point = malloc(((size_t)m->n + 1) * sizeof *t->point);
  t->start = calloc(CELLS + 1, sizeof *t->start);
  bool good = all && t->spot && t->point && t->start;
  for (uint32_t i = 0; good && i < m->n; i++) {
    known_spot *k = &m->known[i];
    if (k->lat == TH_NO_POINT) place_spot(m, k);
    t->spot[i] = k->spot;
    if (k->lat != TH_NO_POINT) all[n++] = (located){cell_of(k->lat, k->lon), i, k->lat, k->lon};
  }
  if (good && n) qsort(all, n, sizeof *all, by_point);
  if (good) number_points(m, all, n);
  free(all);
  return good;
}

/* ---- studies by point ---- */

/* Calls for each study of each point and kind once: counts them (docs NULL), else places them at
 * next, which moves. last: 2 * n_points, cleared. */
static void each_listed(const maker *m, uint32_t *next, uint32_t *docs, uint32_t *last) {
  const th_sites *s = m->sites;
  for (uint32_t d = 0; d < m->n_docs; d++) {
    for (uint32_t i = s->start[d]; i < s->start[d + 1] && i < s->n; i++) {
      const th_spot *spot = th_spots_of(m->out, i);
      if (!spot->point) continue;
      uint32_t list = 2 * (spot->point - 1) + spot->placed;
      if (last[list] == d + 1) continue;
      last[list] = d + 1;
      if (docs) docs[next[list]] = d;
      next[list]++;
    }
  }
}

static bool list_docs(maker *m) {
  th_spots *t = m->out;
  size_t lists = 2 * (size_t)t->n_points;
  uint32_t *last = calloc(lists + 1, sizeof *last), *next = calloc(lists + 1, sizeof *next);
  bool good = last && next;
  if (good) each_listed(m, next, NULL, last);
  for (size_t k = 0; good && k < lists; k++) {
    uint32_t n = next[k], *begin = k % 2 ? &t->point[k / 2].placed : &t->point[k / 2].from;
    *begin = next[k] = t->n_listed;
    t->n_listed += n;
  }
  if (good) {
    t->point[t->n_points].from = t->point[t->n_points].placed = t->n_listed;
    memset(last, 0, lists * sizeof *last);
    t->doc = malloc(((size_t)t->n_listed + 1) * sizeof *t->doc);
    good = t->doc != NULL;
  }
  if (good) each_listed(m, next, t->doc, last);
  free(last);
  free(next);
  return good;
}

/* ---- doors ---- */

th_spots *th_spots_make(const th_segment *s) {
  maker m = {.sites = th_segment_sites(s),
             .country = th_segment_column(s, TH_F_LocationCountry),
             .state = th_segment_column(s, TH_F_LocationState),
             .city = th_segment_column(s, TH_F_LocationCity),
             .overall = th_segment_column(s, TH_F_OverallStatus),
             .n_docs = th_segment_docs(s),
             .out = calloc(1, sizeof *m.out)};
  size_t countries = (m.country ? (size_t)m.country->n_dict : 0) + 1;
  bool good = m.out && m.sites;
  if (good) {
    m.out->n_sites = m.sites->n;
    m.out->of = calloc((size_t)m.sites->n + 1, sizeof *m.out->of);
    m.code = calloc(countries, sizeof *m.code);
    m.code_known = calloc(countries, 1);
    good = m.out->of && m.code && m.code_known && grow(&m) && find_spots(&m) && make_points(&m) &&
           list_docs(&m);
  }
  free(m.known);
  free(m.slot);
  free(m.code);
  free(m.code_known);
  if (good) return m.out;
  th_spots_free(m.out);
  return NULL;
}

void th_spots_free(th_spots *t) {
  if (!t) return;
  free(t->of);
  free(t->spot);
  free(t->start);
  free(t->point);
  free(t->doc);
  free(t);
}

uint64_t th_spots_bytes(const th_spots *t) {
  return sizeof *t + 4 * ((uint64_t)t->n_sites + t->n_listed + CELLS + 3) +
         ((uint64_t)t->n_spots + 1) * (sizeof *t->spot + sizeof *t->point);
}
