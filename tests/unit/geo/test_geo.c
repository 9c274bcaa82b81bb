/* The gazetteer: what people and records write, case by case; the order of its tables; nearest
 * places against a plain look at all of them. All of it is skipped in a build without places. */
#include "../test.h"

#include "geo/distance.h"
#include "geo/geo.h"
#include "geo/tables.h"

#include <stdio.h>
#include <stdlib.h>

static void need_places(void) {
  if (th_geo_places()) return;
  print_message("skipped: this build has no places by name (./dev setup places)\n");
  skip();
}

static FILE *open_cases(const char *name) {
  char path[4096];
  const char *folder = getenv("TH_CASES");
  snprintf(path, sizeof path, "%s/%s", folder ? folder : "tests/cases/geo", name);
  FILE *file = fopen(path, "r");
  if (!file) fail_msg("no cases: %s", path);
  return file;
}

/* The next case: what stands before " => " and behind it. False at the end. */
static bool next_case(FILE *file, char line[512], th_span *ask, th_span *answer) {
  while (fgets(line, 512, file)) {
    char *at = strstr(line, " => ");
    if (line[0] == '#' || !at) continue;
    *ask = (th_span){line, (size_t)(at - line)};
    *answer = th_span_trim(th_span_of(at + 4));
    return true;
  }
  return false;
}

static void expect_label(th_span ask, bool found, const th_geo_place *place, th_span wanted) {
  th_buf label;
  th_buf_init(&label, 0);
  if (found)
    th_geo_label(place, &label);
  else
    th_buf_str(&label, "-");
  if (!th_span_eq(th_buf_view(&label), wanted))
    fail_msg("%.*s: %.*s, wanted %.*s", (int)ask.n, ask.p, (int)label.n, label.p, (int)wanted.n,
             wanted.p);
  th_buf_dispose(&label);
}

static void finds_what_people_write(void **state) {
  (void)state;
  need_places();
  char line[512];
  th_span ask, wanted;
  th_geo_place place;
  unsigned n = 0;
  FILE *file = open_cases("places.txt");
  while (next_case(file, line, &ask, &wanted)) {
    expect_label(ask, th_geo_find(ask, &place, 1) == 1, &place, wanted);
    n++;
  }
  fclose(file);
  assert_true(n > 20);
}

static void places_sites_without_a_point(void **state) {
  (void)state;
  need_places();
  char line[512];
  th_span ask, wanted, part[3];
  th_geo_place place;
  unsigned n = 0;
  FILE *file = open_cases("sites.txt");
  while (next_case(file, line, &ask, &wanted)) {
    th_span rest = ask;
    for (int i = 0; i < 3; i++) {
      const char *bar = memchr(rest.p, '|', rest.n);
      size_t len = bar ? (size_t)(bar - rest.p) : rest.n;
      part[i] = th_span_trim((th_span){rest.p, len});
      len += bar != NULL;
      rest = (th_span){rest.p + len, rest.n - len};
    }
    expect_label(ask, th_geo_site(part[0], part[1], part[2], &place), &place, wanted);
    n++;
  }
  fclose(file);
  assert_true(n > 10);
}

/* Binary search rests on it: the folding of the generator is that of the program. */
static void tables_are_in_order(void **state) {
  (void)state;
  need_places();
  char keys[2][TH_GEO_KEY_MAX];
  th_geo_tables t = th_geo_open();
  th_span before = {0};
  for (uint32_t i = 0; i < t.n_places; i++) {
    char *out = keys[i % 2];
    th_span key = {out, th_geo_key(th_geo_string(&t, t.name[i]), out)};
    if (i && th_span_cmp(before, key) > 0) fail_msg("out of order: %.*s", (int)key.n, key.p);
    assert_true(key.n > 0);
    before = key;
  }
  before = (th_span){0};
  for (uint32_t i = 0; i < t.n_others; i++) {
    th_span key = th_geo_string(&t, t.other_key[i]);
    th_span again = {keys[0], th_geo_key(key, keys[0])};
    assert_true(th_span_eq(key, again));
    assert_true(th_span_cmp(before, key) <= 0);
    assert_true(t.other_place[i] < t.n_places);
    before = key;
  }
}

static bool holds(const th_geo_place *list, unsigned n, uint32_t id) {
  for (unsigned i = 0; i < n; i++)
    if (list[i].id == id) return true;
  return false;
}

static void every_place_is_found_by_its_name(void **state) {
  (void)state;
  need_places();
  th_geo_place place, found[64];
  for (uint32_t id = 0; id < th_geo_places(); id += 61) {
    th_geo_at(id, &place);
    unsigned n = th_geo_find(place.name, found, 64);
    for (unsigned i = 1; i < n; i++)
      assert_true(found[i - 1].population >= found[i].population);
    if (memchr(place.name.p, ',', place.name.n)) continue;
    if (n < 64 && !holds(found, n, id))
      fail_msg("%.*s is not found", (int)place.name.n, place.name.p);
    th_span begin = {place.name.p, TH_MIN(place.name.n, (size_t)8)};
    while (begin.n < place.name.n && (place.name.p[begin.n] & 0xC0) == 0x80)
      begin.n++;
    n = th_geo_complete(begin, found, 64);
    if (n && n < 64 && !holds(found, n, id))
      fail_msg("%.*s is not completed", (int)place.name.n, place.name.p);
  }
}

static void nearest_is_the_nearest(void **state) {
  (void)state;
  need_places();
  static const struct {
    double lat, lon, km;
    uint32_t population;
  } points[] = {{42.36, -71.06, 50, 100000}, {48.85, 2.35, 30, 0},   {-33.9, 151.2, 20, 1000},
                {0.1, 179.95, 400, 0},       {64.1, -21.9, 40, 500}, {0, -140, 100, 0}};
  for (size_t k = 0; k < TH_COUNT(points); k++) {
    th_geo_place found, p;
    double best = points[k].km;
    bool any = false;
    for (uint32_t id = 0; id < th_geo_places(); id++) {
      th_geo_at(id, &p);
      double km = th_distance_km(points[k].lat, points[k].lon, p.lat, p.lon);
      if (p.population < points[k].population || km > best) continue;
      any = true;
      best = km;
    }
    bool has =
        th_geo_nearest(points[k].lat, points[k].lon, points[k].km, points[k].population, &found);
    assert_int_equal(has, any);
    if (has)
      assert_true(th_distance_km(points[k].lat, points[k].lon, found.lat, found.lon) <=
                  best + 1e-9);
  }
}

static void countries_have_names_and_codes(void **state) {
  (void)state;
  static const struct {
    const char *name, *code, *shown;
  } cases[] = {{"United Kingdom", "GB", "United Kingdom"},
               {"uk", "GB", "United Kingdom"},
               {"España", "ES", "Spain"},
               {"Korea, Republic of", "KR", "South Korea"},
               {"USA", "US", "United States"},
               {"de", "DE", "Germany"},
               {"Turkey (Türkiye)", "TR", "Turkey"},
               {"Czech Republic", "CZ", "Czechia"},
               {"Macedonia, The Former Yugoslav Republic of", "MK", "North Macedonia"},
               {"russian  federation", "RU", "Russia"},
               {"Atlantis", "", ""}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_span code = th_geo_country_code(th_span_of(cases[i].name));
    assert_true(th_span_eq(code, th_span_of(cases[i].code)));
    if (code.n) assert_true(th_span_eq(th_geo_country_name(code), th_span_of(cases[i].shown)));
  }
}

/* Every name of the table leads to its country, and keys stand in order for the search. */
static void countries_are_found_by_every_name(void **state) {
  (void)state;
  char folded[TH_GEO_KEY_MAX];
  th_geo_tables t = th_geo_open();
  assert_true(t.n_keys > t.n_countries);
  for (uint32_t i = 0; i < t.n_keys; i++) {
    th_span key = th_geo_string(&t, t.key[i]);
    if (i) assert_true(th_span_cmp(th_geo_string(&t, t.key[i - 1]), key) < 0);
    assert_true(th_span_eq(key, (th_span){folded, th_geo_key(key, folded)}));
    assert_true(t.country_of_key[i] < t.n_countries);
  }
  for (uint32_t i = 0; i < t.n_countries; i++) {
    th_span code = {t.codes + 2 * (size_t)i, 2}, names = th_geo_country_names(code);
    for (size_t n; names.n; names = (th_span){names.p + n, names.n - n}) {
      const char *bar = memchr(names.p, '|', names.n);
      n = bar ? (size_t)(bar - names.p) : names.n;
      th_span found = th_geo_country_code((th_span){names.p, n});
      if (n > 2 && !th_span_eq(found, code)) fail_msg("%.*s", (int)n, names.p);
      n += bar != NULL;
    }
  }
}

static void countries_have_names_in_other_languages(void **state) {
  (void)state;
  const th_span es = TH_SPAN("es");
  /* Of our own list: there in every build. */
  assert_true(th_span_eq(th_geo_country_name_in(TH_SPAN("CI"), es), TH_SPAN("Costa de Marfil")));
  assert_true(th_span_eq(th_geo_country_code(TH_SPAN("Costa de Marfil")), TH_SPAN("CI")));
  assert_true(th_span_eq(th_geo_country_name_in(TH_SPAN("CI"), TH_SPAN("xx")),
                         th_geo_country_name(TH_SPAN("CI"))));
  assert_int_equal(th_geo_country_name_in(TH_SPAN("??"), es).n, 0);
  need_places();
  static const char *const cases[][2] = {{"US", "Estados Unidos"}, {"GB", "Reino Unido"},
                                         {"HK", "Hong Kong"},      {"TR", "Turquía"},
                                         {"PS", "Palestina"},      {"MD", "Moldavia"}};
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_true(
        th_span_eq(th_geo_country_name_in(th_span_of(cases[i][0]), es), th_span_of(cases[i][1])));
  assert_true(th_span_eq(th_geo_country_code(TH_SPAN("Países Bajos")), TH_SPAN("NL")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_what_people_write),
      cmocka_unit_test(places_sites_without_a_point),
      cmocka_unit_test(tables_are_in_order),
      cmocka_unit_test(every_place_is_found_by_its_name),
      cmocka_unit_test(nearest_is_the_nearest),
      cmocka_unit_test(countries_have_names_and_codes),
      cmocka_unit_test(countries_are_found_by_every_name),
      cmocka_unit_test(countries_have_names_in_other_languages),
  };
  return cmocka_run_group_tests_name("geo", tests, NULL, NULL);
}
