/* Where trials take place: all countries; in a country its states and cities; in a state its
 * cities; in a city its trials, those that recruit first.
 *
 *   /places/COUNTRY/STATE/CITY?page=n      slugs of their names; STATE "-": any
 *   /places?country=C&state=S&city=T       their names
 *
 * State, city and page may be absent. A country has one address, by its English name, however it
 * was asked for; names lead on to slugs. Of names of one slug the one with most studies has it; the
 * others are reached by their names. A state or city without a country is searched for. A study
 * counts for a place by sites of its own there: country, state and city are those of one and the
 * same site. The searches that a page leads to are exactly the studies it counts. */
#include "geo/geo.h"
#include "portal/counts.h"
#include "portal/internal.h"
#include "portal/map.h"
#include "portal/search_hit.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "query/names.h"
#include "query/search.h"
#include "study/catalogue.h"

#include <stdio.h>

enum { MOST_IN_COUNTRY = 60, MOST_IN_STATE = 600, FACTS = 16 };

typedef struct places_view {
  const th_portal *p;
  portal_worker *w;
  th_html *h;
  th_request *rq;
  const th_snapshot *snapshot;
  th_span country, state, city; /* as asked; then as most sites spell them */
  th_query *there;              /* studies with such a site; NULL = all */
  th_place_counts counts;       /* of the level below */
  uint32_t studies, recruiting; /* in the place itself */
  th_fact **facts;              /* FACTS, in use until the page is written */
} places_view;

/* ---- counting ---- */

static int make_query(places_view *v, th_err *err) {
  th_query *parts[3] = {NULL, NULL, NULL};
  size_t n = 0;
  th_arena *arena = v->rq->arena;
  if (!v->country.n) return TH_OK;
  th_span code = th_geo_country_code(v->country);
  parts[n++] = code.n ? th_query_keyword(arena, TH_F_LocationCountryCode, code)
                      : th_query_keyword(arena, TH_F_LocationCountry, v->country);
  if (v->state.n) parts[n++] = th_query_keyword(arena, TH_F_LocationState, v->state);
  if (v->city.n) parts[n++] = th_query_keyword(arena, TH_F_LocationCity, v->city);
  for (size_t i = 0; i < n; i++)
    if (!parts[i]) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  v->there = th_portal_same_site(arena, parts, n);
  return v->there ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a query");
}

/* Where what is in use until the page is written stands next; the last place is used again. */
static th_fact **next_fact(const places_view *v) {
  unsigned i = 0;
  while (i + 1 < FACTS && v->facts[i])
    i++;
  th_fact_release(v->facts[i]);
  v->facts[i] = NULL;
  return &v->facts[i];
}

/* Of all studies: state and city are those of sites in the country and state of the view. */
static int count_level(const places_view *v, th_place_level level, th_place_counts *out,
                       th_err *err) {
  const th_place_counts *counts;
  int rc = th_counts_places(v->p->known, v->snapshot, level, v->country, v->state, v->rq->arena,
                            next_fact(v), &counts, err);
  *out = rc ? (th_place_counts){0} : *counts;
  return rc;
}

static int count_world(const places_view *v, th_place_counts *out, th_err *err) {
  const th_span none = {0};
  const th_place_counts *counts;
  int rc = th_counts_places(v->p->known, v->snapshot, TH_PLACE_COUNTRY, none, none, v->rq->arena,
                            next_fact(v), &counts, err);
  *out = rc ? (th_place_counts){0} : *counts;
  return rc;
}

static const th_place *find_place(const th_place_counts *counts, th_span name) {
  char wanted[TH_NAME_MAX], other[TH_NAME_MAX];
  size_t n = th_name_fold(name, wanted);
  for (uint32_t i = 0; i < counts->n; i++)
    if (th_name_fold(counts->places[i].name, other) == n && memcmp(other, wanted, n) == 0)
      return &counts->places[i];
  return NULL;
}

/* The place's own counts and spelling. Nothing is found: its counts stay 0. */
static int look_at_place(places_view *v, th_err *err) {
  th_place_counts counts;
  int rc;
  v->studies = v->recruiting = 0;
  if (v->city.n) {
    rc = count_level(v, TH_PLACE_CITY, &counts, err);
    const th_place *found = rc ? NULL : find_place(&counts, v->city);
    if (!found) return rc;
    v->city = found->name;
    v->studies = found->studies;
    v->recruiting = found->recruiting;
    return TH_OK;
  }
  if (!v->country.n || v->state.n) {
    rc = count_level(v, v->state.n ? TH_PLACE_CITY : TH_PLACE_COUNTRY, &v->counts, err);
    v->studies = v->counts.studies;
    v->recruiting = v->counts.recruiting;
    return rc;
  }
  rc = count_world(v, &counts, err);
  const th_place *country = rc ? NULL : find_place(&counts, v->country);
  if (!country) return rc;
  v->country = country->name;
  v->studies = country->studies;
  v->recruiting = country->recruiting;
  return TH_OK;
}

/* ---- slugs ---- */

/* Words of the column with this slug, each once but for case and accents; at most max. */
static unsigned find_names(const places_view *v, uint16_t field, th_span slug, th_span *out,
                           unsigned max) {
  char a[TH_NAME_MAX], b[TH_NAME_MAX];
  unsigned n = 0;
  for (uint32_t s = 0; s < v->snapshot->n_segments; s++) {
    const th_column *c = th_segment_column(v->snapshot->segments[s], field);
    for (uint32_t o = 0; c && o < c->n_dict; o++) {
      th_span word = th_column_word(c, o);
      if (!th_slug_is(word, slug, &v->w->scratch)) continue;
      size_t len = th_name_fold(word, a);
      unsigned i = 0;
      while (i < n && !(th_name_fold(out[i], b) == len && memcmp(a, b, len) == 0))
        i++;
      if (i == n && n < max) out[n++] = word;
    }
  }
  return n;
}

/* The name that a slug stands for: of several the one with most studies. Not there: empty. */
static int name_of(const places_view *v, th_place_level level, th_span slug, th_span *out,
                   th_err *err) {
  enum { NAMES = 8 };
  static const uint16_t fields[] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity};
  th_span names[NAMES];
  th_place_counts counts;
  unsigned n = find_names(v, fields[level], slug, names, NAMES);
  *out = n ? names[0] : (th_span){0};
  if (n < 2) return TH_OK;
  int rc = count_level(v, level, &counts, err);
  for (uint32_t i = 0; !rc && i < counts.n; i++) {
    if (!th_slug_is(counts.places[i].name, slug, &v->w->scratch)) continue;
    *out = counts.places[i].name;
    break;
  }
  return rc;
}

/* The country of a slug or of a name. Not known as one, it is what records call so. */
static int read_country(const places_view *v, th_span asked, th_span *out, th_err *err) {
  th_span code = th_geo_country_code(asked);
  *out = asked;
  int rc = code.n ? TH_OK : name_of(v, TH_PLACE_COUNTRY, asked, out, err);
  if (!rc && out->n && !code.n) code = th_geo_country_code(*out);
  if (code.n) *out = th_geo_country_name(code);
  return rc;
}

/* The slug of a part of a path, which is one already but for strange capitals and blanks. */
static th_span slug_of(const places_view *v, th_span part) {
  th_buf *s = &v->w->scratch;
  size_t from = s->n;
  (void)th_slug_put(part, s);
  th_span slug = th_arena_dup(v->rq->arena, (th_span){s->p + from, s->n - from});
  th_buf_truncate(s, from);
  return slug;
}

/* Reads "/places/…" into country, state, city. *known: false when there is no such place. */
static int read_path(places_view *v, bool *known, th_err *err) {
  th_span *const names[] = {&v->country, &v->state, &v->city};
  size_t skip = strlen(th_lang_prefix(th_lang_of_path(v->rq->path))) + strlen("/places/");
  th_span rest = {v->rq->path.p + skip, v->rq->path.n - skip};
  int rc = TH_OK;
  *known = true;
  for (size_t i = 0; i < TH_COUNT(names) && rest.n && !rc && *known; i++) {
    const char *slash = memchr(rest.p, '/', rest.n);
    th_span part = {rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
    size_t used = part.n + (slash != NULL);
    rest = (th_span){rest.p + used, rest.n - used};
    if (i == 1 && th_span_eq(part, TH_SPAN("-"))) continue; /* any; alone it adds nothing */
    th_span slug = slug_of(v, part);
    if (slug.n)
      rc = i == 0 ? read_country(v, slug, names[i], err)
                  : name_of(v, (th_place_level)i, slug, names[i], err);
    *known = names[i]->n > 0;
  }
  return rc;
}

/* ---- parts of a page ---- */

static void put_key(th_buf *out, const char *key, th_span value) {
  if (!value.n) return;
  th_buf_printf(out, "%c%s=", th_span_find(th_buf_view(out), TH_SPAN("?")) < 0 ? '?' : '&', key);
  th_url_encode(out, value);
}

/* "/places/united-states/-/boston"; false, and nothing appended, when a name has no slug. */
static bool put_slugs(th_buf *s, th_span country, th_span state, th_span city) {
  const th_span names[] = {country, state, city};
  size_t from = s->n;
  bool good = true;
  th_buf_str(s, "/places");
  for (int i = 0; i < 3 && good; i++) {
    if (!names[i].n && (i != 1 || !city.n)) continue;
    th_buf_char(s, '/');
    if (names[i].n)
      good = th_slug_put(names[i], s) > 0;
    else
      th_buf_char(s, '-');
  }
  if (!good) th_buf_truncate(s, from);
  return good;
}

static th_span page_path(th_buf *s, th_span country, th_span state, th_span city) {
  if (put_slugs(s, country, state, city)) return th_buf_view(s);
  th_buf_str(s, "/places");
  put_key(s, "country", country);
  put_key(s, "state", state);
  put_key(s, "city", city);
  return th_buf_view(s);
}

/* What readers call the place: its country in their language. */
static th_span shown(const places_view *v, th_span name, bool country) {
  return country ? th_words_country(v->h->lang, name) : name;
}

/* A name with a comma in it is one name when a bar stands behind it. */
static th_span search_path(const places_view *v, const char *more) {
  static const char *const keys[] = {"country", "state", "city"};
  const th_span names[] = {v->country, v->state, v->city};
  th_buf *s = th_html_scratch(v->h);
  th_buf_str(s, "/search");
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    if (!names[i].n) continue;
    put_key(s, keys[i], names[i]);
    th_buf_str(s, "%7C");
  }
  th_buf_str(s, more);
  return th_buf_view(s);
}

/* World › country › state › city: where one is, and the way back. */
static void put_trail(const places_view *v) {
  if (!v->country.n) return;
  th_html_open(v->h, "nav", "trail");
  th_html_attr_str(v->h, "aria-label", M(place));
  th_html_open(v->h, "ol", NULL);
  th_html_open(v->h, "li", NULL);
  th_html_link_str(v->h, NULL, "/places", M(all_countries));
  th_html_close(v->h);
  const th_span none = {0}, names[] = {v->country, v->state, v->city};
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    if (!names[i].n) continue;
    bool last = i == 2 || (!v->city.n && (i == 1 || !v->state.n));
    th_html_open(v->h, "li", NULL);
    if (last) {
      th_html_open(v->h, "span", NULL);
      th_html_attr_str(v->h, "aria-current", "page");
      th_html_text(v->h, shown(v, names[i], i == 0));
      th_html_close(v->h);
    } else {
      th_span path = page_path(th_html_scratch(v->h), v->country, i ? v->state : none, none);
      th_html_link(v->h, NULL, path, shown(v, names[i], i == 0));
    }
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

/* "1,234 studies, 120 of them recruit here now." */
static void put_lead(const places_view *v) {
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->studies);
  th_html_str(v->h, v->studies == 1 ? M(tail_study) : M(tail_studies));
  th_html_str(v->h, ", ");
  th_html_open(v->h, "strong", NULL);
  th_html_i64(v->h, v->recruiting);
  th_html_str(v->h, v->recruiting == 1 ? M(tail_recruits_here) : M(tail_recruit_here));
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "ul", "steps");
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, search_path(v, ""), th_span_of(M(search_these_studies)));
  th_html_close(v->h);
  if (v->recruiting) {
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, search_path(v, "&status=recruiting"),
                 th_span_of(M(recruiting_studies_only)));
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

/* A place in a list. */
typedef struct entry {
  th_place place;
  th_span shown; /* its name for the reader */
} entry;

static void put_legend(const places_view *v) {
  th_html_open(v->h, "p", "legend");
  th_html_element_str(v->h, "span", "n", "12");
  th_html_str(v->h, M(tail_legend_studies));
  th_html_element_str(v->h, "span", "n open", "3");
  th_html_str(v->h, M(tail_legend_recruiting));
  th_html_close(v->h);
}

static void put_entry(const places_view *v, th_span url, const entry *e) {
  const th_place *place = &e->place;
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, url, e->shown);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, place->studies);
  th_html_element_str(v->h, "span", "hidden",
                      place->studies == 1 ? M(tail_study) : M(tail_studies));
  th_html_close(v->h);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", place->recruiting ? "n open" : "n");
  th_html_i64(v->h, place->recruiting);
  th_html_element_str(v->h, "span", "hidden", M(tail_recruiting));
  th_html_close_n(v->h, 2);
}

/* Names as readers look for them: without case and accents. */
static int by_name(const void *a, const void *b) {
  const entry *x = a, *y = b;
  char p[TH_NAME_MAX], q[TH_NAME_MAX];
  size_t n = th_name_fold(x->shown, p), m = th_name_fold(y->shown, q);
  int c = memcmp(p, q, TH_MIN(n, m));
  return c ? c : (n > m) - (n < m);
}

/* The first letter of a name, without its accent; '#' for what is none. */
static char letter_of(th_span name) {
  char folded[TH_NAME_MAX];
  size_t n = th_name_fold(name, folded);
  return n && folded[0] >= 'a' && folded[0] <= 'z' ? (char)(folded[0] - 32) : '#';
}

static void put_letter_nav(const places_view *v, const entry *places, uint32_t n, const char *of) {
  char id[24], text[2] = {0, 0};
  th_html_open(v->h, "nav", "letters");
  th_html_attr_str(v->h, "aria-label", M(by_letter));
  th_html_open(v->h, "ul", NULL);
  for (uint32_t i = 0; i < n; i++) {
    if (letter_of(places[i].shown) == text[0]) continue;
    text[0] = letter_of(places[i].shown);
    snprintf(id, sizeof id, "#%s-%c", of, text[0] == '#' ? '0' : text[0]);
    th_html_open(v->h, "li", NULL);
    th_html_link_str(v->h, NULL, id, text);
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

/* A new list under its letter, when the letter is another than before. */
static void begin_letter(const places_view *v, char *now, th_span name, const char *of,
                         const char *heading) {
  char id[24], text[2] = {letter_of(name), 0};
  if (text[0] == *now) return;
  if (*now) th_html_close(v->h);
  *now = text[0];
  snprintf(id, sizeof id, "%s-%c", of, text[0] == '#' ? '0' : text[0]);
  th_html_open(v->h, heading, "letter");
  th_html_attr_str(v->h, "id", id);
  th_html_str(v->h, text);
  th_html_close(v->h);
  th_html_open(v->h, "ul", "counts two wide");
}

static bool same_slug(const places_view *v, th_span a, th_span b) {
  th_buf *s = &v->w->scratch;
  size_t from = s->n, middle;
  (void)th_slug_put(a, s);
  middle = s->n;
  (void)th_slug_put(b, s);
  bool same = s->n > middle && th_span_eq((th_span){s->p + from, middle - from},
                                          (th_span){s->p + middle, s->n - middle});
  th_buf_truncate(s, from);
  return same;
}

/* Whether a neighbour of the same slug has more studies: the slug is that one's. */
static bool lost_slug(const places_view *v, const entry *places, uint32_t n, uint32_t at) {
  for (int side = -1; side <= 1; side += 2) {
    uint32_t i = at + (uint32_t)side;
    if (i >= n || !same_slug(v, places[i].place.name, places[at].place.name)) continue;
    if (places[i].place.studies > places[at].place.studies ||
        (places[i].place.studies == places[at].place.studies && side < 0))
      return true;
  }
  return false;
}

static th_span entry_path(const places_view *v, const entry *places, uint32_t n, uint32_t at,
                          th_place_level level) {
  const th_span none = {0}, name = places[at].place.name;
  bool by_name = lost_slug(v, places, n, at);
  th_buf *s = th_html_scratch(v->h);
  th_span country = level == TH_PLACE_COUNTRY ? name : v->country;
  th_span state = level == TH_PLACE_COUNTRY ? none : level == TH_PLACE_STATE ? name : v->state;
  th_span city = level == TH_PLACE_CITY ? name : none;
  if (!by_name) return page_path(s, country, state, city);
  th_buf_str(s, "/places");
  put_key(s, "country", country);
  put_key(s, "state", state);
  put_key(s, "city", city);
  return th_buf_view(s);
}

/* At most `most` places, those with most studies, in the order of their names; by letters when
 * there are many. heading: of a letter. */
static int put_list(const places_view *v, const th_place_counts *counts, th_place_level level,
                    uint32_t most, th_err *err) {
  enum { BY_LETTER = 100 };
  const char *of = level == TH_PLACE_STATE ? "states" : level == TH_PLACE_CITY ? "cities" : "all";
  uint32_t n = TH_MIN(counts->n, most);
  bool letters = n > BY_LETTER;
  char now = 0;
  entry *places = th_arena_calloc(v->rq->arena, (size_t)n + 1, sizeof *places);
  if (!places) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  for (uint32_t i = 0; i < n; i++) {
    places[i].place = counts->places[i];
    places[i].shown = shown(v, counts->places[i].name, level == TH_PLACE_COUNTRY);
  }
  qsort(places, n, sizeof *places, by_name);
  if (letters)
    put_letter_nav(v, places, n, of);
  else
    th_html_open(v->h, "ul", "counts two wide");
  for (uint32_t i = 0; i < n; i++) {
    if (letters) begin_letter(v, &now, places[i].shown, of, v->country.n ? "h3" : "h2");
    put_entry(v, entry_path(v, places, n, i, level), &places[i]);
  }
  th_html_close(v->h);
  if (counts->n <= most) return TH_OK;
  th_html_open(v->h, "p", "quiet");
  th_html_str(v->h, M(lead_and));
  th_html_i64(v->h, counts->n - most);
  th_html_str(v->h, M(tail_more_with_fewer_studies));
  th_html_close(v->h);
  return TH_OK;
}

static int put_section(const places_view *v, const char *title, const th_place_counts *counts,
                       th_place_level level, uint32_t most, th_err *err) {
  if (!counts->n) return TH_OK;
  th_html_element_str(v->h, "h2", NULL, title);
  return put_list(v, counts, level, most, err);
}

/* ---- maps ---- */

/* Shades: no studies, some, tens, hundreds, thousands of them that recruit. */
static const char *shade_of(uint32_t recruiting) {
  return recruiting == 0     ? "s0"
         : recruiting < 10   ? "s1"
         : recruiting < 100  ? "s2"
         : recruiting < 1000 ? "s3"
                             : "s4";
}

/* One country's shape. The list beside has the same links for the keyboard. */
static void put_shape(const places_view *v, const th_map_view *view, const th_place *place) {
  th_span code = th_geo_country_code(place->name);
  th_html_open(v->h, "a", shade_of(place->recruiting));
  th_buf *s = th_html_scratch(v->h);
  (void)th_html_href(v->h, page_path(s, place->name, (th_span){0}, (th_span){0}));
  th_html_attr_str(v->h, "tabindex", "-1");
  s = th_html_scratch(v->h);
  if (th_map_outline(view, code, s)) {
    th_html_open(v->h, "path", NULL);
    th_html_attr(v->h, "d", th_buf_view(s));
    th_html_open(v->h, "title", NULL);
    th_html_text(v->h, shown(v, place->name, true));
    th_html_str(v->h, ": ");
    s = th_html_scratch(v->h);
    th_words_number(v->h->lang, place->recruiting, s);
    th_say_put(v->h->lang, M(tail_recruiting), s);
    th_html_scratch_text(v->h);
    th_html_close_n(v->h, 2);
  }
  th_html_close(v->h);
}

static void put_world_map(const places_view *v) {
  static const char *const words[] = {"0",
                                      "1\xE2\x80\x93"
                                      "9",
                                      "10\xE2\x80\x93"
                                      "99",
                                      "100\xE2\x80\x93"
                                      "999",
                                      "1000+"};
  static const char *const shades[] = {"key s0", "key s1", "key s2", "key s3", "key s4"};
  th_map_view view;
  char size[64];
  if (!th_map_has_land()) return;
  th_map_world(&view);
  th_html_open(v->h, "figure", "map world");
  th_html_open(v->h, "div", "map-frame");
  th_html_open(v->h, "svg", NULL);
  snprintf(size, sizeof size, "0 0 %d %.0f", 2 * TH_MAP_WIDTH, 2 * view.height);
  th_html_attr_str(v->h, "viewBox", size);
  th_html_attr_str(v->h, "aria-hidden", "true");
  for (uint32_t i = 0; i < v->counts.n; i++)
    put_shape(v, &view, &v->counts.places[i]);
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "figcaption", "credit");
  th_html_str(v->h, M(map_of_world));
  th_html_str(v->h, ": ");
  for (size_t i = 0; i < TH_COUNT(shades); i++)
    th_html_element_str(v->h, "span", shades[i], words[i]);
  th_html_str(v->h, M(outlines_by));
  th_html_close_n(v->h, 2);
}

typedef struct places_map {
  const places_view *v;
  th_map_view view;
} places_map;

/* One town: its page. Several: closer, on the map of the search. */
static void put_map_link(const void *ctx, const th_map_cluster *c, th_buf *out) {
  const places_map *m = ctx;
  th_map_view closer;
  if (c->n == 1) {
    (void)page_path(out, m->v->country, m->v->state.n ? m->v->state : c->seed->state,
                    c->seed->city);
    return;
  }
  th_map_zoom(&m->view, c, &closer);
  th_buf_str(out, "/search/map?country=");
  th_url_encode(out, m->v->country);
  th_buf_str(out, "%7C");
  if (m->v->state.n) {
    th_buf_str(out, "&state=");
    th_url_encode(out, m->v->state);
    th_buf_str(out, "%7C");
  }
  th_buf_str(out, "&box=");
  th_map_write(&closer, out);
}

/* Nearly all of the places: a few far off, which may be slips of a record, do not set the view. */
static uint32_t trim_far(th_site_points *p) {
  uint64_t seen = 0;
  uint32_t n = 0;
  while (n < p->n && seen * 200 < p->sites * 199)
    seen += p->points[n++].sites;
  return n;
}

static int put_place_map(const places_view *v, const char *label, th_err *err) {
  places_map m = {.v = v};
  th_site_points points;
  th_map_clusters clusters;
  th_point_request wanted = {.country = v->country, .state = v->state};
  if (!th_map_has_land()) return TH_OK;
  th_map_world(&m.view);
  th_map_limits(&m.view, &wanted);
  int rc =
      th_counts_points(v->p->known, v->snapshot, &wanted, v->rq->arena, next_fact(v), &points, err);
  if (rc || !points.n) return rc;
  th_map_fit(&m.view, points.points, trim_far(&points));
  rc = th_map_cluster_points(&m.view, points.points, points.n, v->rq->arena, &clusters, err);
  if (rc) return rc;
  const th_map_drawing drawing = {&m.view, &clusters, label, put_map_link, &m};
  th_map_put(v->h, &drawing);
  return TH_OK;
}

/* ---- the levels ---- */

static int put_world(const places_view *v, th_err *err) {
  th_html_element_str(v->h, "h1", NULL, M(trials_by_location));
  th_html_open(v->h, "p", "lead");
  th_html_i64(v->h, v->counts.n);
  th_html_str(v->h, v->counts.n == 1 ? M(tail_country) : M(tail_countries));
  th_html_str(v->h, M(and_with_the_number_of_studies));
  th_html_close(v->h);
  put_world_map(v);
  put_legend(v);
  return put_list(v, &v->counts, TH_PLACE_COUNTRY, UINT32_MAX, err);
}

static int put_country(const places_view *v, th_err *err) {
  th_place_counts states, cities;
  int rc = count_level(v, TH_PLACE_STATE, &states, err);
  if (!rc) rc = count_level(v, TH_PLACE_CITY, &cities, err);
  if (!rc) rc = put_place_map(v, M(map_of_country), err);
  if (rc) return rc;
  put_legend(v);
  rc = put_section(v, M(states_and_regions), &states, TH_PLACE_STATE, MOST_IN_STATE, err);
  if (rc) return rc;
  return put_section(v, cities.n > MOST_IN_COUNTRY ? M(cities_with_most_studies) : M(cities),
                     &cities, TH_PLACE_CITY, MOST_IN_COUNTRY, err);
}

static int put_state(const places_view *v, th_err *err) {
  int rc = put_place_map(v, M(map_of_state), err);
  if (rc) return rc;
  put_legend(v);
  return put_section(v, M(cities), &v->counts, TH_PLACE_CITY, MOST_IN_STATE, err);
}

/* ---- a city's studies ---- */

static int search_part(const places_view *v, bool recruiting, uint32_t from, uint32_t size,
                       th_search_result *out, th_err *err) {
  th_arena *arena = v->rq->arena;
  int bit = th_enum_value(th_fields[TH_F_OverallStatus].enum_id, TH_SPAN("RECRUITING"));
  th_query *open = th_query_mask(arena, TH_F_OverallStatus, 1ull << bit);
  if (open && !recruiting) open = th_query_not(arena, open);
  th_query *const parts[] = {v->there, open};
  th_query *both = open ? th_query_and(arena, parts, 2) : NULL;
  if (!both) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  th_search_request rq = {.filter = both,
                          .sort = {{TH_F_StudyFirstPostDate, true}},
                          .n_sort = 1,
                          .from = from,
                          .size = size,
                          .count = true};
  return th_search(v->snapshot, &rq, arena, out, err);
}

static int put_hits(const places_view *v, const portal_state *s, const th_search_result *found,
                    th_err *err) {
  int rc = TH_OK;
  for (uint32_t i = 0; !rc && i < found->n_hits; i++)
    rc = th_portal_hit(v->p, v->w, v->h, s, &found->hits[i], err);
  return rc;
}

static void put_step(const places_view *v, unsigned page, const char *label) {
  th_buf *s = th_html_scratch(v->h);
  (void)page_path(s, v->country, v->state, v->city);
  bool asks = th_span_find(th_buf_view(s), TH_SPAN("?")) >= 0;
  if (page > 1) th_buf_printf(s, "%cpage=%u", asks ? '&' : '?', page);
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, "step", th_buf_view(s), th_span_of(label));
  th_html_close(v->h);
}

static void put_pager(const places_view *v, unsigned page, uint64_t total) {
  bool more = (uint64_t)page * PORTAL_PAGE_SIZE < total && page < PORTAL_LAST_PAGE;
  if (page == 1 && !more) return;
  th_html_open(v->h, "nav", "pager");
  th_html_attr_str(v->h, "aria-label", M(pages));
  th_html_open(v->h, "ul", NULL);
  if (page > 1) put_step(v, page - 1, M(previous));
  if (more) put_step(v, page + 1, M(next));
  th_html_close_n(v->h, 2);
}

static unsigned asked_page(const th_request *rq) {
  th_span text = th_span_trim(th_request_value(rq, "page"));
  unsigned page = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9' || page > PORTAL_LAST_PAGE) return 1;
    page = 10 * page + (unsigned)(text.p[i] - '0');
  }
  return page >= 1 && page <= PORTAL_LAST_PAGE ? page : 1;
}

/* Those that recruit come first; the list goes on with all others. */
static int put_city(const places_view *v, th_err *err) {
  th_search_result open, rest;
  portal_state s = {.rq = v->rq,
                    .snapshot = v->snapshot,
                    .at_country = v->country,
                    .at_state = v->state,
                    .at_city = v->city};
  unsigned page = asked_page(v->rq);
  uint32_t from = (page - 1) * PORTAL_PAGE_SIZE;
  int rc = search_part(v, true, from, PORTAL_PAGE_SIZE, &open, err);
  if (rc) return rc;
  uint32_t skip = from > open.total ? from - (uint32_t)open.total : 0;
  rc = search_part(v, false, skip, PORTAL_PAGE_SIZE - open.n_hits, &rest, err);
  if (rc) return rc;
  th_html_element_str(v->h, "h2", "hidden", M(studies));
  th_html_open(v->h, "ol", "hits");
  th_html_attr_u64(v->h, "start", (uint64_t)from + 1);
  s.heading = "h3";
  rc = put_hits(v, &s, &open, err);
  if (!rc) rc = put_hits(v, &s, &rest, err);
  th_html_close(v->h);
  put_pager(v, page, (uint64_t)(open.total + rest.total));
  return rc;
}

/* ---- the handler ---- */

static th_span place_title(const places_view *v) {
  const th_lang lang = th_lang_of_path(v->rq->path);
  const th_span names[] = {v->city, v->state, th_words_country(lang, v->country)};
  char *title = th_arena_printf(v->rq->arena, "%s", "");
  for (size_t i = 0; title && i < TH_COUNT(names); i++)
    if (names[i].n)
      title = th_arena_printf(v->rq->arena, "%s%s%.*s", title, *title ? ", " : "", (int)names[i].n,
                              names[i].p);
  return title ? th_span_of(title) : (th_span){0};
}

static int put_place(const places_view *v, th_err *err) {
  put_trail(v);
  if (!v->country.n) return put_world(v, err);
  th_html_element(v->h, "h1", NULL,
                  v->city.n    ? v->city
                  : v->state.n ? v->state
                               : shown(v, v->country, true));
  put_lead(v);
  return v->city.n ? put_city(v, err) : v->state.n ? put_state(v, err) : put_country(v, err);
}

static int write_page(places_view *v, th_response *rs, th_err *err) {
  th_page_frame frame = {.title = th_span_of(M(trials_by_location)),
                         .here = "/places",
                         .description = th_span_of(M(about_places))};
  if (v->country.n) frame.title = place_title(v);
  frame.no_index = th_request_value(v->rq, "page").n > 0;
  int rc = th_portal_frame(v->p, v->w, v->snapshot, v->rq->arena, &frame, err);
  if (rc) return rc;
  th_portal_begin(v->h, v->w, v->rq, rs);
  th_page_begin(v->h, &frame);
  th_html_open(v->h, "div", "places");
  rc = put_place(v, err);
  th_html_close(v->h);
  th_page_end(v->h, &frame);
  return rc ? rc : th_portal_end(v->h, rs, 200, err);
}

/* Whether the name has its slug: a smaller place of the same slug is reached by its name alone. */
static int has_slug(const places_view *v, th_place_level level, th_span name, bool *has,
                    th_err *err) {
  char a[TH_NAME_MAX], b[TH_NAME_MAX];
  th_span slug = slug_of(v, name), other = {0};
  *has = false;
  if (!slug.n) return TH_OK;
  int rc = name_of(v, level, slug, &other, err);
  size_t n = th_name_fold(name, a);
  *has = !rc && th_name_fold(other, b) == n && memcmp(a, b, n) == 0;
  return rc;
}

/* The page's one address, when it was asked for by another: NULL when it was not. In the arena. */
static int find_address(const places_view *v, bool by_path, const char **out, th_err *err) {
  bool has = v->country.n > 0;
  int rc = TH_OK;
  *out = NULL;
  if (!by_path && has && v->state.n) rc = has_slug(v, TH_PLACE_STATE, v->state, &has, err);
  if (!by_path && !rc && has && v->city.n) rc = has_slug(v, TH_PLACE_CITY, v->city, &has, err);
  if (rc || !has) return rc;
  th_buf *s = &v->w->scratch;
  size_t from = s->n;
  th_buf_str(s, th_lang_prefix(th_lang_of_path(v->rq->path)));
  has = put_slugs(s, v->country, v->state, v->city);
  if (has && !th_span_eq((th_span){s->p + from, s->n - from}, v->rq->path)) {
    unsigned page = asked_page(v->rq);
    if (page > 1) th_buf_printf(s, "?page=%u", page);
    *out = th_arena_printf(v->rq->arena, "%.*s", (int)(s->n - from), s->p + from);
    if (!*out) rc = th_err_set(err, TH_ENOMEM, "no memory for an answer");
  }
  th_buf_truncate(s, from);
  return rc;
}

/* "/places?city=Boston": which country is for the search to find. False when nothing is asked. */
static bool search_instead(th_request *rq, th_response *rs) {
  static const char *const keys[] = {"state", "city", "near"};
  th_buf s;
  th_buf_init(&s, 1 << 14);
  th_buf_printf(&s, "%s/search", th_lang_prefix(th_lang_of_path(rq->path)));
  size_t bare = s.n;
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    th_span value = th_span_trim(th_request_value(rq, keys[i]));
    if (!value.n) continue;
    th_buf_printf(&s, "%c%s=", s.n > bare ? '&' : '?', keys[i]);
    th_url_encode(&s, value);
  }
  char *to = s.n > bare && !s.error ? th_arena_printf(rq->arena, "%.*s", (int)s.n, s.p) : NULL;
  th_buf_dispose(&s);
  if (to) th_response_redirect(rs, 302, to);
  return to != NULL;
}

static int answer_place(places_view *v, bool by_path, th_response *rs, th_err *err) {
  bool known = true, asked = v->country.n > 0;
  const char *address = NULL;
  int rc = by_path        ? read_path(v, &known, err)
           : v->country.n ? read_country(v, v->country, &v->country, err)
                          : TH_OK;
  if ((by_path || asked) && !v->country.n) known = false;
  if (!rc) rc = make_query(v, err);
  if (!rc && known) rc = look_at_place(v, err);
  if (rc) return rc;
  if (!known || (v->country.n && !v->studies))
    return th_portal_sorry(v->p, v->rq, rs, 404, M(no_study_takes_place_there),
                           th_span_of(M(no_study_here_has_a)), err);
  rc = find_address(v, by_path, &address, err);
  if (rc || !address) return rc ? rc : write_page(v, rs, err);
  th_response_redirect(rs, 301, address);
  return TH_OK;
}

int th_portal_places(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_html h;
  th_fact *facts[FACTS] = {0};
  places_view v = {.p = ctx, .h = &h, .rq = rq, .facts = facts};
  bool by_path =
      rq->path.n > strlen(th_lang_prefix(th_lang_of_path(rq->path))) + strlen("/places/");
  if (!by_path) {
    v.country = th_span_trim(th_request_value(rq, "country"));
    if (!v.country.n && search_instead(rq, rs)) return TH_OK;
    v.state = v.country.n ? th_span_trim(th_request_value(rq, "state")) : (th_span){0};
    v.city = v.country.n ? th_span_trim(th_request_value(rq, "city")) : (th_span){0};
  }
  v.w = th_portal_worker(v.p, rq);
  if (!v.w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  v.snapshot = th_index_acquire(th_registry_index(v.p->registry));
  int rc = answer_place(&v, by_path, rs, err);
  for (unsigned i = 0; i < FACTS; i++)
    th_fact_release(facts[i]);
  th_index_release(th_registry_index(v.p->registry), v.snapshot);
  return rc;
}
