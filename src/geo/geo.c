/* The tables, single places, countries. */
#include "geo/tables.h"

#include "geo/distance.h"
#include "text/fold.h"

#include <math.h>
#include <stdlib.h>

extern const char th_geo_data[] __attribute__((visibility("hidden")));

static uint32_t u32_at(const char *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

th_geo_tables th_geo_open(void) {
  const char *p = th_geo_data;
  th_geo_tables t = {.n_places = u32_at(p + 8),
                     .n_others = u32_at(p + 12),
                     .n_countries = u32_at(p + 16),
                     .n_regions = u32_at(p + 20),
                     .n_languages = u32_at(p + 24),
                     .n_keys = u32_at(p + 28)};
  const uint32_t *at = (const uint32_t *)(const void *)(p + 36);
  t.lat = (const int32_t *)at, at += t.n_places;
  t.lon = (const int32_t *)at, at += t.n_places;
  t.population = at, at += t.n_places;
  t.name = at, at += t.n_places;
  t.other_key = at, at += t.n_others;
  t.other_place = at, at += t.n_others;
  t.country_names = at, at += t.n_countries;
  t.region_names = at, at += t.n_regions;
  t.translations = at, at += (size_t)t.n_languages * t.n_countries;
  t.key = at, at += t.n_keys;
  t.region = (const uint16_t *)at;
  t.country = t.region + t.n_places;
  t.country_of_region = t.country + t.n_places;
  t.country_of_key = t.country_of_region + t.n_regions;
  t.codes = (const char *)(t.country_of_key + t.n_keys);
  t.languages = t.codes + 2 * (size_t)t.n_countries;
  t.strings = t.languages + 2 * (size_t)t.n_languages;
  return t;
}

/* ---- keys ---- */

static size_t end_word(char *out, size_t from, size_t n) {
  if (n - from != 5 || memcmp(out + from, "saint", 5) != 0) return n;
  memcpy(out + from, "st", 2);
  return from + 2;
}

size_t th_geo_key(th_span name, char out[TH_GEO_KEY_MAX]) {
  const uint8_t *p = (const uint8_t *)name.p, *end = p + name.n;
  size_t n = 0, word = 0;
  bool gap = false;
  while (p < end) {
    unsigned len;
    th_span folded;
    th_char_kind kind = th_char_classify(p, end, &len, &folded);
    p += len;
    if (kind == TH_CHAR_MARK || kind == TH_CHAR_APOSTROPHE) continue;
    if (kind != TH_CHAR_LETTER && kind != TH_CHAR_IDEOGRAPH) {
      gap = true;
      continue;
    }
    if (gap && n) n = end_word(out, word, n);
    if (n + folded.n + 1 > TH_GEO_KEY_MAX) break;
    if (gap && n) out[n++] = ' ', word = n;
    gap = false;
    memcpy(out + n, folded.p, folded.n);
    n += folded.n;
  }
  return end_word(out, word, n);
}

static bool next_name(th_span *rest, th_span *name) {
  if (!rest->n) return false;
  const char *bar = memchr(rest->p, '|', rest->n);
  size_t n = bar ? (size_t)(bar - rest->p) : rest->n;
  *name = (th_span){rest->p, n};
  n += bar != NULL;
  *rest = (th_span){rest->p + n, rest->n - n};
  return true;
}

th_span th_geo_first(th_span names) {
  th_span name = {0};
  (void)next_name(&names, &name);
  return name;
}

bool th_geo_is_named(th_span names, th_span key) {
  char other[TH_GEO_KEY_MAX];
  th_span name;
  while (next_name(&names, &name))
    if (th_span_eq((th_span){other, th_geo_key(name, other)}, key)) return true;
  return false;
}

/* ---- places and countries ---- */

uint32_t th_geo_places(void) {
  return th_geo_open().n_places;
}

void th_geo_at(uint32_t id, th_geo_place *out) {
  th_geo_tables t = th_geo_open();
  uint16_t country = t.country[id], region = t.region[id];
  *out = (th_geo_place){.id = id,
                        .name = th_geo_string(&t, t.name[id]),
                        .country = th_geo_first(th_geo_string(&t, t.country_names[country])),
                        .lat = t.lat[id] * 1e-5,
                        .lon = t.lon[id] * 1e-5,
                        .population = t.population[id]};
  memcpy(out->code, t.codes + 2 * (size_t)country, 2);
  if (region) out->region = th_geo_first(th_geo_string(&t, t.region_names[region - 1]));
}

static th_span code_of(const th_geo_tables *t, uint32_t country) {
  return (th_span){t->codes + 2 * (size_t)country, 2};
}

static char upper(char c) {
  return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* Number of a country by its two letters, in any case; n_countries when there is none. */
static uint32_t country_at(const th_geo_tables *t, th_span code) {
  uint32_t low = 0, high = t->n_countries;
  if (code.n != 2) return t->n_countries;
  const char wanted[2] = {upper(code.p[0]), upper(code.p[1])};
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = memcmp(t->codes + 2 * (size_t)mid, wanted, 2);
    if (c == 0) return mid;
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return t->n_countries;
}

th_span th_geo_country_code(th_span name) {
  char folded[TH_GEO_KEY_MAX];
  th_geo_tables t = th_geo_open();
  name = th_span_trim(name);
  uint32_t lettered = name.n == 2 ? country_at(&t, name) : t.n_countries;
  if (lettered < t.n_countries) return code_of(&t, lettered);
  const th_span key = {folded, th_geo_key(name, folded)};
  uint32_t low = 0, high = t.n_keys;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = th_span_cmp(th_geo_string(&t, t.key[mid]), key);
    if (c == 0) return code_of(&t, t.country_of_key[mid]);
    if (c < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return (th_span){0};
}

th_span th_geo_country_names(th_span code) {
  th_geo_tables t = th_geo_open();
  uint32_t at = country_at(&t, code);
  return at < t.n_countries ? th_geo_string(&t, t.country_names[at]) : (th_span){0};
}

th_span th_geo_country_name(th_span code) {
  return th_geo_first(th_geo_country_names(code));
}

th_span th_geo_country_name_in(th_span code, th_span language) {
  th_geo_tables t = th_geo_open();
  uint32_t at = country_at(&t, code), l = 0;
  if (at == t.n_countries) return (th_span){0};
  while (l < t.n_languages && !th_span_eq((th_span){t.languages + 2 * (size_t)l, 2}, language))
    l++;
  th_span name = {0};
  if (l < t.n_languages) name = th_geo_string(&t, t.translations[(size_t)l * t.n_countries + at]);
  return name.n ? name : th_geo_first(th_geo_string(&t, t.country_names[at]));
}

static void put_part(th_span part, const th_geo_place *place, th_buf *out) {
  if (!part.n || th_span_eq(part, place->name)) return;
  th_buf_str(out, ", ");
  th_buf_span(out, part);
}

void th_geo_label_in(const th_geo_place *place, th_span language, th_buf *out) {
  th_buf_span(out, place->name);
  put_part(place->region, place, out);
  put_part(th_geo_country_name_in((th_span){place->code, 2}, language), place, out);
}

void th_geo_label(const th_geo_place *place, th_buf *out) {
  th_geo_label_in(place, TH_SPAN("en"), out);
}

bool th_geo_nearest(double lat, double lon, double km, uint32_t population, th_geo_place *out) {
  th_geo_tables t = th_geo_open();
  double best = km, box = km / 111.0 + 0.01;
  int32_t south = (int32_t)((lat - box) * 1e5), north = (int32_t)((lat + box) * 1e5);
  int64_t found = -1;
  for (uint32_t i = 0; i < t.n_places; i++) {
    if (t.lat[i] < south || t.lat[i] > north || t.population[i] < population) continue;
    double d = th_distance_km(lat, lon, t.lat[i] * 1e-5, t.lon[i] * 1e-5);
    if (d > best || (d == best && found >= 0)) continue;
    best = d;
    found = i;
  }
  if (found >= 0) th_geo_at((uint32_t)found, out);
  return found >= 0;
}
