/* The gazetteer's tables, as they lie in the program. Made by tools/make_gazetteer.py:
 *
 *   gazetteer  = head places others countries regions translations keys letters strings
 *   head       = "THGEO\0\0\2" n_places:u32 n_others:u32 n_countries:u32 n_regions:u32
 *                n_languages:u32 n_keys:u32 n_string_bytes:u32
 *   places     = lat:i32* lon:i32* population:u32* name:u32*     n_places each, in 1e-5 degrees;
 *                by key of the name bytewise, then falling population
 *   others     = key:u32* place:u32*      n_others each: further names, by key, then falling
 *                population of the place
 *   countries  = names:u32*               n_countries, by code
 *   regions    = names:u32*               n_regions
 *   translations = (name_of_country:u32*)*   n_countries each, n_languages times; "" none
 *   keys       = key:u32*                 n_keys: every name of a country, by key bytewise
 *   letters    = region_of_place:u16* (1 + region, 0 none) country_of_place:u16*
 *                country_of_region:u16* country_of_key:u16* code_of_country:char[2]*
 *                code_of_language:char[2]*
 *   strings    = bytes, each string ends with NUL; names = name ("|" name)*, the one to show first
 *
 * Strings are named by their offset in `strings`. Little-endian, columns without gaps. */
#ifndef TH_GEO_TABLES_H
#define TH_GEO_TABLES_H

#include "geo/geo.h"

typedef struct th_geo_tables {
  uint32_t n_places, n_others, n_countries, n_regions, n_languages, n_keys;
  const int32_t *lat, *lon;
  const uint32_t *population, *name, *other_key, *other_place, *country_names, *region_names,
      *translations, *key;
  const uint16_t *region, *country, *country_of_region, *country_of_key;
  const char *codes, *languages, *strings;
} th_geo_tables;

/* Those of the program. */
th_geo_tables th_geo_open(void);
static inline th_span th_geo_string(const th_geo_tables *t, uint32_t at) {
  return th_span_of(t->strings + at);
}
/* Whether a key is that of one of the names. */
bool th_geo_is_named(th_span names, th_span key);
/* The first of names. */
th_span th_geo_first(th_span names);

#endif
