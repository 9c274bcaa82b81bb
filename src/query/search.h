/* Searching a generation of the index: what people typed, filters, order — ranked studies out.
 *
 * A request is built with th_query_* in an arena and run with th_search. Everything in a result is
 * in the arena given to th_search. A snapshot must stay acquired while a result's spans are used.
 */
#ifndef TH_QUERY_SEARCH_H
#define TH_QUERY_SEARCH_H

#include "base/arena.h"
#include "base/common.h"
#include "index/index.h"

/* ---- what is asked ---- */

typedef struct th_query th_query; /* an expression tree in an arena */

/* Reads an expression: words, "phrases", AND OR NOT (upper case), parentheses, comma as AND, a run
 * of bare words = all of them; precedence NOT > AND > OR. area: where words without another area
 * are looked for (index of th_areas, or TH_AREA_ALL_TEXT). label names the parameter in messages.
 * Also AREA, SEARCH, COVERAGE, EXPANSION and TILT, RANGE, DISTANCE, MISSING and ALL
 * (docs/guide/search.md). An empty text matches everything. Errors: TH_EUSAGE with the byte of the
 * offence in err; the message is the registry's ("Error parsing query in Other terms: …"). */
int th_query_parse(th_query **out, th_arena *arena, th_span text, unsigned area, const char *label,
                   th_err *err) TH_MUST_USE;

typedef struct th_expander th_expander; /* query/expand.h */
/* What ACCEPTS[name]value asks: studies that do not surely leave out whoever has the value. Who
 * knows what studies measure gives one (criteria/accepts.h). *out in arena. Errors: TH_EUSAGE with
 * a sentence, TH_ENOMEM. */
typedef int (*th_accepts_fn)(th_query **out, th_arena *arena, th_span name, th_span value,
                             th_err *err);
typedef struct th_parse_options {
  unsigned area;               /* as above */
  const char *label;           /* as above */
  const th_expander *expander; /* synonyms; NULL = none */
  th_accepts_fn accepts;       /* NULL: there is no ACCEPTS */
} th_parse_options;
int th_query_parse_with(th_query **out, th_arena *arena, th_span text,
                        const th_parse_options *options, th_err *err) TH_MUST_USE;
/* An expression that means the text's own words, whatever stands in it: marks, quotes and operator
 * words get a backslash. For text that people type, to be put into an expression of a program's.
 * In arena; p is NULL when memory is exhausted. */
th_span th_query_escape(th_arena *arena, th_span text);
/* A text that holds nothing but study numbers, separated by commas or blanks: *out (in arena) and
 * *n of them as typed, else *n is 0. Such an expression means any of these studies (th_query_parse
 * does so), and the registry then ignores all filters. Error: TH_ENOMEM. */
int th_query_numbers(th_span text, th_arena *arena, uint32_t **out, size_t *n,
                     th_err *err) TH_MUST_USE;
/* Words and phrases as a person types them into one box: every character is text, quotes make
 * phrases; nothing is an operator, nothing an error. */
int th_query_typed(th_query **out, th_arena *arena, th_span text, unsigned area,
                   th_err *err) TH_MUST_USE;
/* All of them must match; NULLs are skipped; n 0 = everything. */
th_query *th_query_and(th_arena *arena, th_query *const *parts, size_t n);
/* Any of them; NULLs are skipped; n 0 = nothing. */
th_query *th_query_or(th_arena *arena, th_query *const *parts, size_t n);
th_query *th_query_not(th_arena *arena, th_query *part);

/* Filters: they take part in what matches, never in the score. Values as the catalogue has them. */
/* Enum or boolean field holds any of the values; bit i of mask = enum value i (boolean: 0 no, 1
 * yes). */
th_query *th_query_mask(th_arena *arena, uint16_t field, uint64_t mask);
/* Integer, date (days) or age (minutes) field within [low, high]; a partial date counts when any of
 * its days lies in the range. INT64_MIN / INT64_MAX leave a side open. missing: also studies that
 * lack the field (an age without a limit). */
th_query *th_query_range(th_arena *arena, uint16_t field, int64_t low, int64_t high, bool missing);
/* Keyword field (country, sponsor, condition …) equals the word; compared folded (case, accents).
 */
th_query *th_query_keyword(th_arena *arena, uint16_t field, th_span word);
/* Any site within km of the point; site_status: bit set of the site's own status values that count,
 * 0 = any. Great circle. */
th_query *th_query_near(th_arena *arena, double lat, double lon, double km, uint64_t site_status);
/* The same where a site without a point counts as at its city's, when country, state and city name
 * one (th_geo_site): for people. The registry's own language knows the records' points only. */
th_query *th_query_near_placed(th_arena *arena, double lat, double lon, double km);
/* Not left out by a limit of this key that holds the value (query/limits.h). Documents of segments
 * without such limits match. */
th_query *th_query_limit(th_arena *arena, uint32_t key, double value);
th_query *th_query_ids(th_arena *arena, const uint32_t *ncts, size_t n);

#define TH_SORT_RELEVANCE 0xFFFF
#define TH_SORT_DISTANCE 0xFFFE /* nearest site to request.point */
typedef struct th_sort {
  uint16_t field; /* catalogue id of a date, number, age; or one of the above */
  bool descending;
} th_sort;

typedef enum th_decay_shape { TH_DECAY_EXP, TH_DECAY_GAUSS, TH_DECAY_LINEAR } th_decay_shape;
/* How relevance falls with the distance of the nearest site from a point (query/decay.h). */
typedef struct th_decay {
  th_decay_shape shape;
  double lat, lon, scale_km, offset_km, decay;
} th_decay;

typedef struct th_facet_request {
  uint16_t field; /* MASK or KEYWORD column */
  uint32_t most;  /* values returned, by falling count */
} th_facet_request;

typedef struct th_search_request {
  const th_query *scored; /* NULL = everything; takes part in ranking */
  const th_query *filter; /* NULL = none */
  /* Only these, a bitmap a segment (th_search_matches, query/sets.h); NULL = all. */
  uint64_t *const *within;
  th_sort sort[2];
  unsigned
      n_sort; /* 0: by relevance when there is something scored, else by NCT number descending */
  double point_lat, point_lon; /* for TH_SORT_DISTANCE */
  bool placed;                 /* distances count sites as th_query_near_placed does */
  uint32_t from, size;         /* hits [from, from + size) of the order */
  bool count;                  /* exact total wanted */
  bool scores;                 /* hits' scores are wanted even when the order does not need them */
  bool exhaustive;             /* for tests: skip nothing; the result is the same */
  const th_facet_request *facets;
  unsigned n_facets;
  /* NULL = none. Scores are multiplied, and the order by relevance follows, when no more than
   * TH_DECAY_MOST studies are found. */
  const th_decay *decay;
} th_search_request;

/* ---- what comes out ---- */

typedef struct th_hit {
  uint32_t nct;
  uint32_t segment, doc; /* in the snapshot */
  float score;           /* 0 when nothing was scored, or the order did without (`scores`) */
  double distance_km;    /* to the nearest site when sorted by distance, else -1 */
} th_hit;

typedef struct th_facet_value {
  th_span value; /* v2 enum name, "true"/"false", or the word */
  uint32_t count;
} th_facet_value;
typedef struct th_facet {
  uint16_t field;
  uint32_t n, missing; /* missing: matching studies without the field */
  const th_facet_value *values;
} th_facet;

typedef struct th_search_result {
  uint32_t n_hits;
  const th_hit *hits;
  int64_t total; /* -1 when it was not asked for */
  bool more;     /* there are hits behind from + size */
  uint32_t n_facets;
  const th_facet *facets;
} th_search_result;

/* Errors: TH_ENOMEM, TH_ELIMIT, TH_ECORRUPT (a segment does not check: nothing wrong is passed on).
 */
int th_search(const th_snapshot *snapshot, const th_search_request *request, th_arena *arena,
              th_search_result *out, th_err *err) TH_MUST_USE;

/* The live studies that the query matches (NULL: all), a bitmap a segment of the snapshot, in
 * arena; bits beyond the last document are 0. For rankings of their own. Errors: as above. */
int th_search_matches(const th_snapshot *snapshot, const th_query *query, th_arena *arena,
                      uint64_t ***out, th_err *err) TH_MUST_USE;

/* ---- where studies take place ---- */

typedef enum th_place_level { TH_PLACE_COUNTRY, TH_PLACE_STATE, TH_PLACE_CITY } th_place_level;
typedef struct th_place_request {
  const th_query *filter;  /* which studies; NULL = all */
  uint64_t *const *within; /* only these, as in th_search_request */
  th_place_level level;    /* what is listed */
  th_span country, state;  /* only sites there, the country by any name; compared folded; empty =
                            * anywhere */
  bool no_state;           /* only sites without a state; state is not read */
} th_place_request;

typedef struct th_place {
  /* Of its spellings the one that most sites have, of a country th_geo_country_name; borrowed from
   * the snapshot or the program. */
  th_span name;
  uint32_t studies;
  /* Studies with a site here that recruits: by its own status, or by the study's when the site has
   * none. */
  uint32_t recruiting;
} th_place;
typedef struct th_place_counts {
  uint32_t n;
  const th_place *places;       /* by falling number of studies, then by name */
  uint32_t studies, recruiting; /* with any site in the country and state asked for */
  uint32_t unnamed; /* of these studies: with a site there that lacks the level's name */
} th_place_counts;
/* The places of a level with the number of studies in each. State and city are those of the site
 * itself: a city is counted under a country only for sites that lie in it. A study counts once for
 * a place. Spellings that differ in case and accents are one place, all names of a country are one
 * country. Linear in the sites of the
 * studies. Errors as th_search. */
int th_place_count(const th_snapshot *snapshot, const th_place_request *request, th_arena *arena,
                   th_place_counts *out, th_err *err) TH_MUST_USE;

/* The site of a study that is nearest to a point, of sites with a point as th_query_near_placed has
 * them. */
typedef struct th_near_site {
  uint32_t at; /* its place in the record's list of sites */
  double km;
  bool placed;     /* the point is that of its city, not the record's */
  bool recruiting; /* by its own status, or by the study's when it has none */
} th_near_site;
/* segment, doc: those of a hit. recruiting: only sites that recruit. False when no site will do. */
bool th_nearest_site(const th_snapshot *snapshot, uint32_t segment, uint32_t doc, double lat,
                     double lon, bool recruiting, th_near_site *out);

typedef struct th_point_request {
  const th_query *scored, *filter;  /* which studies; NULL = all */
  int32_t south, west, north, east; /* only sites in this box, in 1e-6 degrees */
  th_span country, state;           /* only sites there; compared folded; empty = anywhere */
} th_point_request;
typedef struct th_site_point {
  int32_t lat, lon; /* 1e-6 degrees */
  uint32_t sites, recruiting;
  th_span city, state, country; /* of one of its sites; borrowed from the snapshot */
} th_site_point;
typedef struct th_site_points {
  uint32_t n;
  const th_site_point *points; /* by falling number of sites, then north to south */
  uint64_t sites, recruiting;  /* of all points */
  uint64_t elsewhere;          /* sites of the studies outside of the box */
  uint64_t unplaced;           /* sites of the studies whose point is not known */
} th_site_points;
/* Where the sites of the studies lie, by point; points as th_query_near_placed has them. A site is
 * in exactly one point, or elsewhere, or unplaced. Linear in the sites of the studies. Errors as
 * th_search. */
int th_points_count(const th_snapshot *snapshot, const th_point_request *request, th_arena *arena,
                    th_site_points *out, th_err *err) TH_MUST_USE;

/* ---- explaining ---- */

/* Parts of a text (of the given field) that the query's words match, ascending and apart; for
 * highlights. */
typedef struct th_mark {
  uint32_t from, to;
} th_mark;
unsigned th_query_highlight(const th_query *query, uint16_t field, th_span text, th_arena *arena,
                            const th_mark **out);
/* The passage of the text that shows most of the query's words, about `width` bytes, cut at words.
 */
th_span th_query_passage(const th_query *query, uint16_t field, th_span text, size_t width,
                         th_arena *arena);

#endif
