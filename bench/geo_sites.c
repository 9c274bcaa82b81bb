/* Points of sites by their cities' names (th_geo_site), against the points that records have:
 * geo_sites FILE. Prints how many sites get a point, and of the distinct cities with a point of
 * their own how many lie elsewhere. */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "geo/distance.h"
#include "geo/geo.h"

#include "records.h"

enum { FAR_KM = 30, WORST = 10 };

typedef struct city {
  th_span country, state, name;
  double lat, lon, km; /* its record's point; how far off ours is */
} city;

typedef struct tally {
  th_json_parser *parser;
  th_arena arena;
  city *cities;
  size_t n, cap;
  uint64_t records, sites, placed;
} tally;

static int by_name(const void *a, const void *b) {
  const city *x = a, *y = b;
  int c = th_span_cmp(x->country, y->country);
  if (!c) c = th_span_cmp(x->state, y->state);
  return c ? c : th_span_cmp(x->name, y->name);
}

static int by_distance(const void *a, const void *b) {
  const city *x = a, *y = b;
  return (x->km < y->km) - (x->km > y->km);
}

static void keep(tally *t, const city *c) {
  if (t->n == t->cap) {
    t->cap = t->cap ? 2 * t->cap : 4096;
    t->cities = realloc(t->cities, t->cap * sizeof *t->cities);
    if (!t->cities) abort();
  }
  t->cities[t->n++] = (city){.country = th_arena_dup(&t->arena, c->country),
                             .state = th_arena_dup(&t->arena, c->state),
                             .name = th_arena_dup(&t->arena, c->name),
                             .lat = c->lat,
                             .lon = c->lon,
                             .km = c->km};
}

static void add_site(tally *t, const th_json *j, uint32_t e) {
  th_geo_place place;
  city c = {.country = th_json_path_text(j, e, "country"),
            .state = th_json_path_text(j, e, "state"),
            .name = th_json_path_text(j, e, "city"),
            .km = -1};
  uint32_t lat = th_json_path(j, e, "geoPoint.lat"), lon = th_json_path(j, e, "geoPoint.lon");
  bool placed = th_geo_site(c.name, c.state, c.country, &place);
  t->sites++;
  t->placed += placed;
  if (!lat || !lon || !th_json_number(j, lat, &c.lat) || !th_json_number(j, lon, &c.lon)) return;
  if (placed) c.km = th_distance_km(c.lat, c.lon, place.lat, place.lon);
  keep(t, &c);
}

static int take_record(void *context, th_span bytes, th_err *err) {
  tally *t = context;
  th_json j;
  int rc = th_json_parse(t->parser, bytes, &j, err);
  uint32_t list = rc ? 0 : th_json_path(&j, 0, "protocolSection.contactsLocationsModule.locations");
  t->records++;
  if (list && j.nodes[list].type == TH_JARRAY)
    for (th_json_each(&j, list, e))
      add_site(t, &j, e);
  return rc;
}

/* Distinct cities that we place, and the farthest of them. */
static void compare(tally *t) {
  size_t n = 0, far = 0;
  if (t->n) qsort(t->cities, t->n, sizeof *t->cities, by_name);
  for (size_t i = 0; i < t->n; i++) {
    if (t->cities[i].km < 0 || (n && by_name(&t->cities[n - 1], &t->cities[i]) == 0)) continue;
    far += t->cities[i].km > FAR_KM;
    t->cities[n++] = t->cities[i];
  }
  printf("%zu distinct cities with a point of their own: %zu (%.1f %%) lie more than %d km off\n",
         n, far, n ? 100.0 * (double)far / (double)n : 0, FAR_KM);
  if (n) qsort(t->cities, n, sizeof *t->cities, by_distance);
  for (size_t i = 0; i < n && i < WORST && t->cities[i].km > FAR_KM; i++)
    printf("  %6.0f km  %.*s, %.*s, %.*s\n", t->cities[i].km, (int)t->cities[i].name.n,
           t->cities[i].name.p, (int)t->cities[i].state.n, t->cities[i].state.p,
           (int)t->cities[i].country.n, t->cities[i].country.p);
}

int main(int argc, char **argv) {
  th_err err = {0};
  tally t = {0};
  if (argc != 2) {
    fprintf(stderr, "usage: geo_sites FILE\n");
    return 2;
  }
  th_arena_init(&t.arena, 0);
  t.parser = th_json_parser_new(64 << 20, 256);
  if (!t.parser || bench_records(argv[1], take_record, &t, &err)) {
    fprintf(stderr, "geo_sites: %s\n", err.message);
    return 1;
  }
  printf("%llu sites of %llu records: %llu (%.1f %%) get a point\n", (unsigned long long)t.sites,
         (unsigned long long)t.records, (unsigned long long)t.placed,
         t.sites ? 100.0 * (double)t.placed / (double)t.sites : 0);
  compare(&t);
  th_arena_dispose(&t.arena);
  th_json_parser_free(t.parser);
  free(t.cities);
  return 0;
}
