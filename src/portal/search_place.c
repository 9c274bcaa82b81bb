#include "portal/search_place.h"
#include "portal/words.h"

#include "study/catalogue.h"

#include <math.h>
#include <stdio.h>

/* A place of more than PLAIN_WORDS words has a comma: "New York City, New York". */
enum { PLAIN_WORDS = 4, MOST_WORDS = 8 };
enum { SAME_NAME = 6, LARGE = 1000000, KNOWN = 100000, TOWN = 15000 };

#define MILE_KM 1.609344

/* ---- distances ---- */

/* How far around a place: the first one when nothing is said. */
static const char *const miles[] = {"30mi", "10mi", "60mi", "120mi", "300mi"};
static const char *const kilometres[] = {"50km", "20km", "100km", "200km", "500km"};

static const char *const *reaches(th_lang lang) {
  return lang == TH_LANG_EN ? miles : kilometres;
}

void th_portal_words_km(th_lang lang, double km, th_buf *out) {
  double n = lang == TH_LANG_EN ? km / MILE_KM : km;
  char text[32];
  /* Points are those of towns more often than those of doors. */
  if (n < 0.95)
    snprintf(text, sizeof text, "<\xC2\xA0%d", 1);
  else
    snprintf(text, sizeof text, "%.*f", n < 9.95 ? 1 : 0, n);
  char *point = lang == TH_LANG_EN ? NULL : strchr(text, '.');
  if (point) *point = ',';
  th_buf_printf(out, "%s\xC2\xA0%s", text, lang == TH_LANG_EN ? "mi" : "km");
}

static th_lang lang_of(const portal_state *s) {
  return th_lang_of_path(s->rq->path);
}

static th_span within_of(const portal_state *s) {
  return s->within.n ? s->within : th_span_of(reaches(lang_of(s))[0]);
}

int th_portal_read_near(portal_state *s, th_span value, th_query **out, th_err *err) {
  th_span whole = th_near_within(s->rq->arena, value, within_of(s));
  if (!whole.n) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  th_near alone; /* whether the value has a distance of its own: else "within" is the reader's to
                    choose */
  int rc = th_near_parse(&alone, value, err);
  if (!rc) rc = th_near_parse(&s->near, whole, err);
  if (rc) return rc;
  s->near.has_km = alone.has_km;
  *out = th_query_near_placed(s->rq->arena, s->near.lat, s->near.lon, s->near.km);
  if (!*out) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  s->has_near = true;
  s->lat = s->near.lat;
  s->lon = s->near.lon;
  if (!s->near.named) return TH_OK;
  s->n_spots = th_geo_find(s->near.where, s->spots, PORTAL_SPOTS);
  return TH_OK;
}

/* ---- the box ---- */

/* What is typed, cut in two. */
typedef struct split {
  th_span head, place;
  bool joint, capital, comma; /* "in" before it; a capital letter; "Boston, MA" */
} split;

bool th_portal_is_expression(th_span text) {
  static const char *const operators[] = {"AND",      "OR",        "NOT",  "AREA",  "SEARCH",
                                          "COVERAGE", "EXPANSION", "TILT", "RANGE", "DISTANCE"};
  for (size_t i = 0; i < text.n; i++)
    if (memchr("()[]\"\\", text.p[i], 6)) return true;
  for (size_t i = 0; i < TH_COUNT(operators); i++)
    if (th_span_find(text, th_span_of(operators[i])) >= 0) return true;
  return false;
}

static size_t last_blank(th_span text) {
  size_t at = text.n;
  while (at && text.p[at - 1] != ' ')
    at--;
  return at;
}

/* "in", "near", "at", "en" before a place belong to neither part. */
static th_span without_joint(th_span head) {
  static const char *const joints[] = {"in", "near", "at", "around", "en", "cerca de"};
  head = th_span_trim(head);
  for (size_t i = 0; i < TH_COUNT(joints); i++) {
    th_span joint = th_span_of(joints[i]);
    if (head.n > joint.n + 1 && head.p[head.n - joint.n - 1] == ' ' &&
        th_span_eq_nocase((th_span){head.p + head.n - joint.n, joint.n}, joint))
      return th_span_trim((th_span){head.p, head.n - joint.n});
  }
  return head;
}

/* False when the end from `from` on cannot be a place. Alone it is one only with a comma. */
static bool cut_at(th_span text, size_t from, split *out) {
  th_span head = th_span_trim((th_span){text.p, from});
  *out = (split){.head = without_joint(head), .place = {text.p + from, text.n - from}};
  out->joint = out->head.n < head.n;
  out->capital = out->place.p[0] >= 'A' && out->place.p[0] <= 'Z';
  out->comma = memchr(out->place.p, ',', out->place.n) != NULL;
  return out->head.n ? !memchr(out->head.p, ',', out->head.n) : out->comma;
}

static int count(const th_snapshot *snapshot, th_arena *arena, const th_query *scored,
                 const th_query *filter, int64_t *out, th_err *err) {
  th_search_result r;
  th_search_request rq = {.scored = scored, .filter = filter, .count = true};
  int rc = th_search(snapshot, &rq, arena, &r, err);
  *out = rc ? 0 : r.total;
  return rc;
}

/* Studies whose titles have the words of a place: "reading" and "mobile" are words first. */
static int count_titles(const th_snapshot *snapshot, th_arena *arena, th_span place, int64_t *out,
                        th_err *err) {
  th_query *titles = NULL;
  th_err local = {0};
  *out = 0;
  if (th_query_typed(&titles, arena, place, TH_A_TitleSearch, &local)) return TH_OK;
  return count(snapshot, arena, NULL, titles, out, err);
}

typedef struct finder {
  portal_state *s;
  const th_snapshot *snapshot;
  th_known *known;
  const split *cut;
  th_query *words; /* of the head */
  int64_t titles;
} finder;

static void take_filter(finder *f, th_query *where) {
  f->s->place = f->cut->place;
  f->s->place_filter = where;
  f->s->words = f->cut->head;
}

/* A filter by name: the words before it must find a study there. */
static int try_filter(finder *f, th_query *where, bool sure, bool *found, th_err *err) {
  enum { MORE = 4 };
  int64_t as_place = 0, both = 0;
  th_arena *arena = f->s->rq->arena;
  if (!where) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  int rc = count(f->snapshot, arena, NULL, where, &as_place, err);
  if (rc || !as_place || (!sure && as_place <= MORE * f->titles)) return rc;
  rc = count(f->snapshot, arena, f->words, where, &both, err);
  *found = !rc && both > 0;
  if (*found) take_filter(f, where);
  return rc;
}

/* "Granada" is a country in Spanish, and a city before that. */
static bool is_city_elsewhere(th_span name, th_span code) {
  th_geo_place place;
  return th_geo_find(name, &place, 1) && place.population >= KNOWN &&
         !th_span_eq((th_span){place.code, 2}, code);
}

static int try_country(finder *f, bool *found, th_err *err) {
  th_span code = th_geo_country_code(f->cut->place);
  if (!code.n || (f->cut->place.n < 4 && !f->cut->capital)) return TH_OK;
  if (is_city_elsewhere(f->cut->place, code)) return TH_OK;
  th_arena *arena = f->s->rq->arena;
  return try_filter(f, th_query_keyword(arena, TH_F_LocationCountryCode, code), true, found, err);
}

static int try_name(finder *f, uint16_t field, bool *found, th_err *err) {
  bool sure = f->cut->joint || f->cut->capital;
  return try_filter(f, th_query_keyword(f->s->rq->arena, field, f->cut->place), sure, found, err);
}

/* Whether a name of the gazetteer is meant as a place, where people write so much in words. */
static bool means_place(const finder *f, const th_geo_place *largest, int64_t registered) {
  enum { MORE = 4 };
  const split *c = f->cut;
  if (c->comma || (c->capital && c->joint)) return true;
  if (registered && (c->capital || c->joint)) return true;
  if (registered > MORE * f->titles) return true;
  if (c->capital && largest->population >= KNOWN) return registered >= f->titles;
  return f->titles == 0 && (c->capital || c->joint || largest->population >= TOWN);
}

/* What the registry holds of a name that the gazetteer has. */
typedef struct place_fact {
  int64_t registered; /* studies with a site in a city of that name */
  unsigned best;      /* of places of the name, the one with most studies at such sites */
} place_fact;

static int count_places(const finder *f, const th_snapshot *snapshot, th_arena *scratch,
                        place_fact *out, th_err *err) {
  enum { AROUND_KM = 30 };
  const portal_state *s = f->s;
  int64_t most = 0, n = 0;
  th_query *both[2] = {th_query_keyword(scratch, TH_F_LocationCity, f->cut->place)};
  if (!both[0]) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  int rc = count(snapshot, scratch, NULL, both[0], &out->registered, err);
  for (unsigned i = 0; !rc && out->registered && s->n_spots > 1 && i < s->n_spots; i++) {
    both[1] = th_query_near_placed(scratch, s->spots[i].lat, s->spots[i].lon, AROUND_KM);
    th_query *q = both[1] ? th_portal_same_site(scratch, both, 2) : NULL;
    if (!q) return th_err_set(err, TH_ENOMEM, "no memory for a query");
    rc = count(snapshot, scratch, NULL, q, &n, err);
    if (n > most) most = n, out->best = i;
  }
  return rc;
}

static int make_place_fact(void *ctx, const th_snapshot *snapshot, th_arena *scratch,
                           th_arena *keep, const void **value, th_err *err) {
  place_fact *fact = th_arena_calloc(keep, 1, sizeof *fact);
  *value = fact;
  if (!fact) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  return count_places(ctx, snapshot, scratch, fact, err);
}

/* As people type the same places again and again, it is kept. */
static int look_up_place(finder *f, place_fact *out, th_err *err) {
  th_arena *arena = f->s->rq->arena;
  th_fact *hold = NULL;
  char *name = th_arena_printf(arena, "typed place %.*s", (int)f->cut->place.n, f->cut->place.p);
  *out = (place_fact){0};
  if (!name) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc =
      th_known_get(f->known, f->snapshot, th_span_of(name), make_place_fact, f, arena, &hold, err);
  if (!rc) *out = *(const place_fact *)th_fact_value(hold);
  th_fact_release(hold);
  return rc;
}

static void put_first(portal_state *s, unsigned best) {
  th_geo_place first = s->spots[best];
  memmove(s->spots + 1, s->spots, best * sizeof *s->spots);
  s->spots[0] = first;
}

static int try_city(finder *f, bool *found, th_err *err) {
  portal_state *s = f->s;
  th_arena *arena = s->rq->arena;
  int64_t both = 0;
  place_fact known;
  th_near reach;
  th_query *where;
  s->n_spots = th_geo_find(f->cut->place, s->spots, PORTAL_SPOTS);
  if (!s->n_spots) return try_name(f, TH_F_LocationCity, found, err);
  int rc = look_up_place(f, &known, err);
  if (!rc && !means_place(f, &s->spots[0], known.registered)) s->n_spots = 0;
  if (rc || !s->n_spots) return rc;
  put_first(s, known.best);
  char *at = th_arena_printf(arena, "%.6f,%.6f", s->spots[0].lat, s->spots[0].lon);
  th_span value = at ? th_near_within(arena, th_span_of(at), within_of(s)) : (th_span){0};
  /* A "within" that is none is told where the filters are read. */
  th_err local = {0};
  if (!value.n || th_near_parse(&reach, value, &local)) reach.km = 50;
  where = th_query_near_placed(arena, s->spots[0].lat, s->spots[0].lon, reach.km);
  if (!where) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  rc = count(f->snapshot, arena, f->words, where, &both, err);
  /* Nothing there: the place stands all the same when it was said to be one. */
  *found = !rc && (both > 0 || f->cut->comma || (f->cut->joint && f->cut->capital));
  if (!*found) {
    s->n_spots = 0;
    return rc;
  }
  take_filter(f, where);
  s->near = (th_near){.lat = s->spots[0].lat, .lon = s->spots[0].lon, .km = reach.km};
  s->has_near = true;
  s->lat = s->near.lat;
  s->lon = s->near.lon;
  return rc;
}

static bool is_large_city(th_span name) {
  th_geo_place place;
  return th_geo_find(name, &place, 1) && place.population >= LARGE;
}

static int split_at(const finder *all, unsigned at, size_t from, bool *found, th_err *err) {
  split cut;
  th_err local = {0};
  finder f = *all;
  portal_state *s = f.s;
  const th_snapshot *snapshot = f.snapshot;
  f.cut = &cut;
  if (!cut_at(th_span_trim(th_portal_state_text(s, at)), from, &cut)) return TH_OK;
  if (cut.head.n &&
      th_query_typed(&f.words, s->rq->arena, cut.head, th_text_params[at].area, &local))
    return TH_OK;
  int rc = count_titles(snapshot, s->rq->arena, cut.place, &f.titles, err);
  if (!rc && !cut.comma) rc = try_country(&f, found, err);
  if (!rc && !*found && !cut.comma && !is_large_city(cut.place))
    rc = try_name(&f, TH_F_LocationState, found, err);
  if (!rc && !*found) rc = try_city(&f, found, err);
  if (!rc && !*found && !cut.comma) rc = try_name(&f, TH_F_LocationCountry, found, err);
  return rc;
}

int th_portal_find_place(portal_state *s, const th_snapshot *snapshot, th_known *known,
                         th_err *err) {
  const finder f = {.s = s, .snapshot = snapshot, .known = known};
  unsigned at = 0;
  bool found = false;
  int rc = TH_OK;
  size_t starts[MOST_WORDS], n = 0;
  while (at < th_n_text_params && strcmp(th_text_params[at].name, "term") != 0)
    at++;
  if (at == th_n_text_params || s->n_errors || th_portal_is_expression(s->text[at])) return TH_OK;
  if (th_span_eq(th_request_value(s->rq, "place"), TH_SPAN("no"))) return TH_OK;
  th_span text = th_span_trim(th_portal_state_text(s, at));
  if (!text.n) return TH_OK;
  for (th_span rest = text; n < MOST_WORDS; n++) {
    size_t from = last_blank(rest);
    starts[n] = from;
    if (!from) {
      n++;
      break;
    }
    rest = th_span_trim((th_span){text.p, from});
  }
  while (n-- && !rc && !found) {
    bool comma = memchr(text.p + starts[n], ',', text.n - starts[n]) != NULL;
    if (comma || (n < PLAIN_WORDS && starts[n])) rc = split_at(&f, at, starts[n], &found, err);
  }
  return rc;
}

/* ---- what the page says ---- */

static bool is_typed(const portal_state *s) {
  return s->place.n > 0;
}

/* The address of this search with another distance. */
static void put_reach_url(const portal_state *s, th_span reach, th_buf *out) {
  if (is_typed(s) || !s->near.has_km || s->within.n) {
    th_portal_state_url(s, "within", -1, "within", reach, 1, out);
    return;
  }
  char *value = th_arena_printf(s->rq->arena, "%.*s, %.*s", (int)s->near.where.n, s->near.where.p,
                                (int)reach.n, reach.p);
  th_portal_state_url(s, "near", -1, "near", value ? th_span_of(value) : s->near.where, 1, out);
}

static void put_reaches(const search_view *v) {
  const char *const *list = reaches(v->h->lang);
  static const unsigned order[] = {1, 0, 2, 3, 4}; /* by distance */
  th_html_open(v->h, "ul", "reaches");
  th_html_attr_str(v->h, "aria-label", M(how_far));
  for (size_t i = 0; i < TH_COUNT(order); i++) {
    th_span reach = th_span_of(list[order[i]]);
    th_near one;
    th_err ignored = {0};
    char *text = th_arena_printf(v->s->rq->arena, "0,0,%s", list[order[i]]);
    if (!text || th_near_parse(&one, th_span_of(text), &ignored)) continue;
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "a", NULL);
    th_buf *s = th_html_scratch(v->h);
    put_reach_url(v->s, reach, s);
    (void)th_html_href(v->h, th_buf_view(s));
    if (fabs(one.km - v->s->near.km) < 0.01) th_html_attr_str(v->h, "aria-current", "true");
    s = th_html_scratch(v->h);
    th_buf_span(s, (th_span){reach.p, reach.n - 2});
    th_buf_str(s, "\xC2\xA0");
    th_buf_span(s, (th_span){reach.p + reach.n - 2, 2});
    th_html_scratch_text(v->h);
    th_html_close_n(v->h, 2);
  }
  th_html_close(v->h);
}

/* The same search around another place of the name. */
static void put_other(const search_view *v, const th_geo_place *place) {
  th_buf label;
  th_buf_init(&label, 1 << 10);
  th_geo_label_in(place, th_span_of(th_message_tables[v->h->lang].code), &label);
  th_span name = th_arena_dup(v->s->rq->arena, th_buf_view(&label));
  th_buf_dispose(&label);
  if (!name.p) return;
  th_html_open(v->h, "li", NULL);
  th_html_open(v->h, "a", NULL);
  th_buf *s = th_html_scratch(v->h);
  if (is_typed(v->s)) {
    th_buf_str(s, "/search?");
    if (v->s->words.n) {
      th_buf_str(s, "term=");
      th_url_encode(s, v->s->words);
      th_buf_char(s, '&');
    }
    th_buf_str(s, "near=");
    th_url_encode(s, name);
  } else {
    th_portal_state_url(v->s, "near", -1, "near", name, 1, s);
  }
  (void)th_html_href(v->h, th_buf_view(s));
  th_html_text(v->h, name);
  th_html_close_n(v->h, 2);
}

static void put_others(const search_view *v) {
  if (v->s->n_spots < 2) return;
  th_html_open(v->h, "details", NULL);
  th_html_element_str(v->h, "summary", NULL, M(other_places_of_the_name));
  th_html_open(v->h, "ul", "others");
  for (unsigned i = 1; i < v->s->n_spots && i < 5; i++)
    put_other(v, &v->s->spots[i]);
  th_html_close_n(v->h, 2);
}

static void put_spot(const search_view *v) {
  th_html_open(v->h, "p", "hint");
  th_html_str(v->h, M(lead_within));
  th_buf *s = th_html_scratch(v->h);
  th_portal_words_km(v->h->lang, v->s->near.km, s);
  th_html_scratch_text(v->h);
  th_html_str(v->h, M(tail_of_the_place));
  s = th_html_scratch(v->h);
  if (v->s->n_spots)
    th_geo_label_in(&v->s->spots[0], th_span_of(th_message_tables[v->h->lang].code), s);
  else
    th_buf_printf(s, "%.3f, %.3f", v->s->near.lat, v->s->near.lon);
  th_html_scratch_element(v->h, "strong", NULL);
  th_html_str(v->h, ". ");
}

static void put_words_instead(const search_view *v) {
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, NULL, -1, "place", TH_SPAN("no"), 1, s);
  th_html_link(v->h, NULL, th_buf_view(s), th_span_of(M(search_all_words_instead)));
}

void th_portal_put_place(const search_view *v) {
  if (!v->s->has_near && !is_typed(v->s)) return;
  th_html_open(v->h, "div", "place");
  if (v->s->has_near) {
    put_spot(v);
  } else {
    th_html_open(v->h, "p", "hint");
    th_html_str(v->h, M(lead_in_the_place));
    th_html_element(v->h, "strong", NULL, v->s->place);
    th_html_str(v->h, ". ");
  }
  if (is_typed(v->s)) put_words_instead(v);
  th_html_close(v->h);
  if (v->s->has_near) put_reaches(v);
  put_others(v);
  if (v->s->n_spots) {
    th_html_open(v->h, "p", "credit");
    th_html_str(v->h, M(lead_places_by_name));
    th_html_str(v->h, TH_GEO_CREDIT);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_within(const search_view *v) {
  static const unsigned order[] = {1, 0, 2, 3, 4};
  const char *const *list = reaches(v->h->lang);
  th_span now = within_of(v->s);
  bool listed = false;
  th_html_open(v->h, "div", "field");
  th_html_open(v->h, "label", NULL);
  th_html_attr_str(v->h, "for", "in-within");
  th_html_str(v->h, M(how_far));
  th_html_close(v->h);
  th_html_open(v->h, "select", NULL);
  th_html_attr_str(v->h, "id", "in-within");
  th_html_attr_str(v->h, "name", "within");
  th_html_attr_str(v->h, "form", "search");
  for (size_t i = 0; i <= TH_COUNT(order); i++) {
    bool last = i == TH_COUNT(order);
    th_span value = last ? now : th_span_of(list[order[i]]);
    bool chosen = th_span_eq_nocase(value, now);
    if (last && listed) break;
    listed |= chosen;
    th_html_open(v->h, "option", NULL);
    /* The language's own distance need not be said in the address. */
    th_html_attr(v->h, "value", !last && order[i] == 0 ? (th_span){"", 0} : value);
    if (chosen) th_html_flag(v->h, "selected");
    /* "50 km", where it is a number and a unit of two letters. */
    th_buf *s = th_html_scratch(v->h);
    th_buf_span(s, last ? value : (th_span){value.p, value.n - 2});
    if (!last) th_buf_printf(s, "\xC2\xA0%s", value.p + value.n - 2);
    th_html_scratch_text(v->h);
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

void th_portal_put_near(const search_view *v) {
  int place = th_portal_filter_place("near");
  th_portal_put_input(v, "near", M(near_a_place), M(hint_boston_ma), v->s->filter[place], "search");
  if (!v->s->near.has_km || v->s->within.n) put_within(v);
}
