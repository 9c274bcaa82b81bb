/* Points of sites: those that a record lacks, and the grid in which circles are looked for. */
#include "query/points.h"

#include "geo/geo.h"
#include "study/catalogue.h"

/* ---- sites without a point ---- */

/* Country, state and city of a site, and the point that follows from them. */
typedef struct known_city {
  uint32_t country, state, city; /* ordinals + 1; city 0 = a free slot */
  int32_t lat, lon;
} known_city;

typedef struct placer {
  const th_sites *sites;
  const th_column *country, *state, *city;
  known_city *slot; /* mask + 1 of them, at most half in use */
  uint32_t mask, n;
  char (*code)[2]; /* of a country by its ordinal; known once it was asked for */
  uint8_t *code_known;
} placer;

static th_span word_of(const th_column *c, uint32_t ordinal) {
  return c && ordinal && ordinal <= c->n_dict ? th_column_word(c, ordinal - 1) : (th_span){0};
}

static uint32_t hash_of(uint32_t country, uint32_t state, uint32_t city) {
  uint64_t h = (city * 0x9E3779B97F4A7C15ull) ^ (state * 0xC2B2AE3D27D4EB4Full) ^ country;
  h *= 0xFF51AFD7ED558CCDull;
  return (uint32_t)(h >> 32);
}

static th_span code_of(placer *p, uint32_t country) {
  th_span name = word_of(p->country, country);
  if (!name.n) return name;
  if (!p->code_known[country]) {
    th_span code = th_geo_country_code(name);
    if (code.n) memcpy(p->code[country], code.p, 2);
    p->code_known[country] = code.n ? 1 : 2;
  }
  return (th_span){p->code[country], p->code_known[country] == 1 ? 2 : 0};
}

static void ask_city(placer *p, known_city *k) {
  th_geo_place place;
  th_span code = code_of(p, k->country);
  k->lat = k->lon = TH_NO_POINT;
  if (!code.n || !th_geo_site(word_of(p->city, k->city), word_of(p->state, k->state), code, &place))
    return;
  k->lat = (int32_t)(place.lat * 1e6 + (place.lat < 0 ? -0.5 : 0.5));
  k->lon = (int32_t)(place.lon * 1e6 + (place.lon < 0 ? -0.5 : 0.5));
}

static bool grow(placer *p) {
  uint32_t old = p->slot ? p->mask + 1 : 0, slots = old ? 2 * old : 1024;
  known_city *more = calloc(slots, sizeof *more);
  if (!more) return false;
  for (uint32_t i = 0; i < old; i++) {
    const known_city *k = &p->slot[i];
    if (!k->city) continue;
    uint32_t at = hash_of(k->country, k->state, k->city) & (slots - 1);
    while (more[at].city)
      at = (at + 1) & (slots - 1);
    more[at] = *k;
  }
  free(p->slot);
  p->slot = more;
  p->mask = slots - 1;
  return true;
}

/* NULL when memory is exhausted. */
static const known_city *find_city(placer *p, uint32_t site) {
  uint32_t country = p->sites->country[site], state = p->sites->state[site];
  uint32_t city = p->sites->city[site];
  if ((!p->slot || 2 * p->n > p->mask) && !grow(p)) return NULL;
  uint32_t at = hash_of(country, state, city) & p->mask;
  for (; p->slot[at].city; at = (at + 1) & p->mask) {
    const known_city *k = &p->slot[at];
    if (k->city == city && k->state == state && k->country == country) return k;
  }
  p->slot[at] = (known_city){.country = country, .state = state, .city = city};
  p->n++;
  ask_city(p, &p->slot[at]);
  return &p->slot[at];
}

static bool has_point(const th_sites *sites, uint32_t i) {
  return sites->lat[i] != TH_NO_POINT && sites->lon[i] != TH_NO_POINT;
}

static bool place_all(placer *p, th_placed *out) {
  for (uint32_t i = 0; i < p->sites->n; i++) {
    out->lat[i] = p->sites->lat[i];
    out->lon[i] = p->sites->lon[i];
    if (has_point(p->sites, i) || !p->sites->city[i] || !p->sites->country[i]) continue;
    const known_city *k = find_city(p, i);
    if (!k) return false;
    out->lat[i] = k->lat;
    out->lon[i] = k->lon;
  }
  return true;
}

th_placed *th_placed_make(const th_segment *s) {
  const th_sites *sites = th_segment_sites(s);
  placer p = {.sites = sites,
              .country = th_segment_column(s, TH_F_LocationCountry),
              .state = th_segment_column(s, TH_F_LocationState),
              .city = th_segment_column(s, TH_F_LocationCity)};
  th_placed *made = calloc(1, sizeof *made);
  size_t countries = (p.country ? (size_t)p.country->n_dict : 0) + 1;
  bool good = made && sites;
  if (good) {
    made->sites = *sites;
    made->lat = malloc(((size_t)sites->n + 1) * sizeof *made->lat);
    made->lon = malloc(((size_t)sites->n + 1) * sizeof *made->lon);
    made->sites.lat = made->lat;
    made->sites.lon = made->lon;
  }
  p.code = calloc(countries, sizeof *p.code);
  p.code_known = calloc(countries, 1);
  good = good && made->lat && made->lon && p.code && p.code_known && place_all(&p, made);
  free(p.slot);
  free(p.code);
  free(p.code_known);
  if (good) return made;
  th_placed_free(made);
  return NULL;
}

void th_placed_free(th_placed *p) {
  if (!p) return;
  free(p->lat);
  free(p->lon);
  free(p);
}

uint64_t th_placed_bytes(const th_placed *p) {
  return sizeof *p + 2 * sizeof *p->lat * ((uint64_t)p->sites.n + 1);
}

/* ---- the grid ---- */

static uint32_t cell_of(int32_t lat, int32_t lon) {
  int32_t row = (lat + 90000000) / 1000000, column = (lon + 180000000) / 1000000;
  row = row < 0 ? 0 : row >= TH_GRID_ROWS ? TH_GRID_ROWS - 1 : row;
  column = column < 0 ? 0 : column >= TH_GRID_COLUMNS ? TH_GRID_COLUMNS - 1 : column;
  return (uint32_t)(row * TH_GRID_COLUMNS + column);
}

/* A site on its way into the grid. */
typedef struct placed_site {
  uint64_t key; /* orders points within a cell */
  uint32_t site, doc;
} placed_site;

static int by_point(const void *a, const void *b) {
  const placed_site *x = a, *y = b;
  if (x->key != y->key) return x->key < y->key ? -1 : 1;
  return (x->site > y->site) - (x->site < y->site);
}

/* Counting sort of the sites by cell; start becomes where the cells begin among them. */
static void place_sites(uint32_t *start, const th_sites *sites, uint32_t n_docs,
                        placed_site *placed) {
  uint32_t cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  for (uint32_t i = 0; i < sites->n; i++)
    if (has_point(sites, i)) start[cell_of(sites->lat[i], sites->lon[i]) + 1]++;
  for (uint32_t c = 0; c < cells; c++)
    start[c + 1] += start[c];
  for (uint32_t d = n_docs; d-- > 0;) {
    for (uint32_t i = sites->start[d + 1]; i-- > sites->start[d];) {
      if (!has_point(sites, i)) continue;
      /* The ends of the cells move down to their starts. */
      uint32_t at = --start[cell_of(sites->lat[i], sites->lon[i]) + 1];
      uint64_t lat = (uint32_t)sites->lat[i], lon = (uint32_t)sites->lon[i];
      placed[at] = (placed_site){lat << 32 | lon, i, d};
    }
  }
  /* start[c + 1] is now where cell c begins: move down by one. */
  memmove(start, start + 1, cells * sizeof *start);
}

/* The sites of a cell, point by point. */
static void fill_cell(th_site_grid *g, const th_sites *sites, placed_site *placed, uint32_t from,
                      uint32_t to) {
  qsort(placed + from, to - from, sizeof *placed, by_point);
  for (uint32_t k = from; k < to; k++) {
    const placed_site *s = &placed[k];
    if (k == from || s->key != s[-1].key)
      g->point[g->n_points++] = (th_point){sites->lat[s->site], sites->lon[s->site], k};
    g->site[k] = s->site;
    g->point_of[s->site] = g->n_points;
    g->doc[k] = s->doc;
  }
}

static bool fill_grid(th_site_grid *g, const th_sites *sites, uint32_t n_docs) {
  uint32_t cells = TH_GRID_ROWS * TH_GRID_COLUMNS, n = 0;
  for (uint32_t i = 0; i < sites->n; i++)
    n += has_point(sites, i);
  placed_site *placed = malloc(((size_t)n + 1) * sizeof *placed);
  if (!placed) return false;
  place_sites(g->start, sites, n_docs, placed);
  for (uint32_t c = 0; c < cells; c++) {
    uint32_t from = g->start[c], to = c + 1 < cells ? g->start[c + 1] : n;
    g->start[c] = g->n_points;
    if (to > from) fill_cell(g, sites, placed, from, to);
  }
  g->start[cells] = g->n_points;
  g->point[g->n_points] = (th_point){TH_NO_POINT, TH_NO_POINT, n};
  th_point *less = realloc(g->point, ((size_t)g->n_points + 1) * sizeof *less);
  if (less) g->point = less;
  free(placed);
  return true;
}

void th_site_grid_free(th_site_grid *g) {
  if (!g) return;
  free(g->start);
  free(g->point);
  free(g->site);
  free(g->doc);
  free(g->point_of);
  free(g);
}

th_site_grid *th_site_grid_make(const th_sites *sites, uint32_t n_docs) {
  uint32_t n = sites ? sites->n : 0, cells = TH_GRID_ROWS * TH_GRID_COLUMNS;
  th_site_grid *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->n_sites = n;
  g->start = calloc(cells + 1, sizeof *g->start);
  g->point = calloc((size_t)n + 1, sizeof *g->point);
  g->site = calloc((size_t)n + 1, sizeof *g->site);
  g->doc = calloc((size_t)n + 1, sizeof *g->doc);
  g->point_of = calloc((size_t)n + 1, sizeof *g->point_of);
  if (g->start && g->point && g->site && g->doc && g->point_of &&
      (!n || fill_grid(g, sites, n_docs)))
    return g;
  th_site_grid_free(g);
  return NULL;
}

uint64_t th_site_grid_bytes(const th_site_grid *g) {
  return sizeof *g + 4 * (TH_GRID_ROWS * TH_GRID_COLUMNS + 1 + 3 * ((uint64_t)g->n_sites + 1)) +
         ((uint64_t)g->n_points + 1) * sizeof *g->point;
}
