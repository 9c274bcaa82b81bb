/* Places by name, offline: about 200,000 towns and cities with their region, country, point and
 * population, from GeoNames (CC BY 4.0), in the program itself. A build without that table knows
 * countries and regions and finds no place; every function then says so by finding nothing.
 *
 * Names are compared by their keys: without case, accents and punctuation, "Saint" as "St". */
#ifndef TH_GEO_GEO_H
#define TH_GEO_GEO_H

#include "base/buf.h"
#include "base/common.h"

#define TH_GEO_CREDIT "GeoNames, CC BY 4.0"

/* Spans are borrowed from the program's constants. */
typedef struct th_geo_place {
  uint32_t id; /* 0 … th_geo_places() - 1, by key */
  th_span name;
  th_span region;  /* first-level region, as read in English; empty where none is told apart */
  th_span country; /* as current records name it */
  char code[3];    /* of the country, ISO 3166-1 */
  double lat, lon; /* degrees */
  uint32_t population;
} th_geo_place;

enum { TH_GEO_KEY_MAX = 200 }; /* bytes of a key; longer names are cut */
/* The key of a name; its length. Linear. */
size_t th_geo_key(th_span name, char out[TH_GEO_KEY_MAX]);

uint32_t th_geo_places(void);
/* id must be below th_geo_places(). */
void th_geo_at(uint32_t id, th_geo_place *out);

/* Places that the text names, largest population first: "Boston", "Boston, MA", "Paris, Texas",
 * "Boston, UK", "London Ontario", "Köln". What stands behind the name (after a comma, or as last
 * words when nothing has the whole text as its name) must be the place's region or country, by
 * name, abbreviation or two letters. At most max are written; returns how many. */
unsigned th_geo_find(th_span text, th_geo_place *out, unsigned max);
/* Places with a name that begins so, largest first; for completion. At least two bytes of key. */
unsigned th_geo_complete(th_span prefix, th_geo_place *out, unsigned max);
/* The place nearest to a point among those with at least so many people, within km; false when
 * there is none. Linear in all places (about 0.2 ms). */
bool th_geo_nearest(double lat, double lon, double km, uint32_t population, th_geo_place *out);

/* The point of a site that has none, by what its record says. The rule: the country is known; the
 * city's name, or the same without brackets and postal endings ("Milano (Milan)", "Paris cedex
 * 13"), names places there; when the state is a region of the country, only places in it; these are
 * one place, or the largest has at least five times the people of any other (places within 25 km of
 * it aside). False when that does not decide. */
bool th_geo_site(th_span city, th_span state, th_span country, th_geo_place *out);

/* Two letters of ISO 3166-1 of a country by any of its names, now or in older records, in English
 * or a language of the pages, or by the letters; empty: unknown. One binary search. */
th_span th_geo_country_code(th_span name);
/* The name that current records have for a country by its two letters; empty: unknown. */
th_span th_geo_country_name(th_span code);

/* The name of a country in a language (two letters of ISO 639-1), from Unicode's CLDR; where the
 * build has none in that language, th_geo_country_name. */
th_span th_geo_country_name_in(th_span code, th_span language);
/* All English names of a country by its two letters, apart by '|'; empty: unknown. */
th_span th_geo_country_names(th_span code);

/* All names of a first-level region of a country (two letters) by one of them, apart by '|', the
 * one to show first: "Massachusetts|MA|Mass."; empty: unknown. */
th_span th_geo_region_names(th_span country, th_span name);

/* Appends "Springfield, Illinois, United States"; what names region and country as the place itself
 * is not repeated. */
void th_geo_label(const th_geo_place *place, th_buf *out);
/* The same with the country as th_geo_country_name_in has it. */
void th_geo_label_in(const th_geo_place *place, th_span language, th_buf *out);

#endif
