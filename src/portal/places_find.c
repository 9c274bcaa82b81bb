/* From an address to a place, its studies counted, and back to its address. */
#include "geo/geo.h"
#include "portal/places_view.h"
#include "portal/search_state.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "query/names.h"
#include "study/catalogue.h"

/* ---- counting ---- */

int th_places_make_query(places_view *v, th_err *err) {
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

th_fact **th_places_fact(const places_view *v) {
  unsigned i = 0;
  while (i + 1 < TH_PLACES_FACTS && v->facts[i])
    i++;
  th_fact_release(v->facts[i]);
  v->facts[i] = NULL;
  return &v->facts[i];
}

int th_places_count(const places_view *v, th_place_level level, th_place_counts *out, th_err *err) {
  const th_place_counts *counts;
  int rc = th_counts_places(v->p->known, v->snapshot, level, v->country, v->state, v->rq->arena,
                            th_places_fact(v), &counts, err);
  *out = rc ? (th_place_counts){0} : *counts;
  return rc;
}

static int count_world(const places_view *v, th_place_counts *out, th_err *err) {
  const th_span none = {0};
  const th_place_counts *counts;
  int rc = th_counts_places(v->p->known, v->snapshot, TH_PLACE_COUNTRY, none, none, v->rq->arena,
                            th_places_fact(v), &counts, err);
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

int th_places_look(places_view *v, th_err *err) {
  th_place_counts counts;
  int rc;
  v->studies = v->recruiting = 0;
  if (v->city.n) {
    rc = th_places_count(v, TH_PLACE_CITY, &counts, err);
    const th_place *found = rc ? NULL : find_place(&counts, v->city);
    if (!found) return rc;
    v->city = found->name;
    v->studies = found->studies;
    v->recruiting = found->recruiting;
    return TH_OK;
  }
  if (!v->country.n || v->state.n) {
    rc = th_places_count(v, v->state.n ? TH_PLACE_CITY : TH_PLACE_COUNTRY, &v->counts, err);
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
  int rc = th_places_count(v, level, &counts, err);
  for (uint32_t i = 0; !rc && i < counts.n; i++) {
    if (!th_slug_is(counts.places[i].name, slug, &v->w->scratch)) continue;
    *out = counts.places[i].name;
    break;
  }
  return rc;
}

int th_places_read_country(const places_view *v, th_span asked, th_span *out, th_err *err) {
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

int th_places_read_path(places_view *v, bool *known, th_err *err) {
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
      rc = i == 0 ? th_places_read_country(v, slug, names[i], err)
                  : name_of(v, (th_place_level)i, slug, names[i], err);
    *known = names[i]->n > 0;
  }
  return rc;
}

/* ---- addresses ---- */

void th_places_put_key(th_buf *out, const char *key, th_span value) {
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

th_span th_places_path(th_buf *s, th_span country, th_span state, th_span city) {
  if (put_slugs(s, country, state, city)) return th_buf_view(s);
  th_buf_str(s, "/places");
  th_places_put_key(s, "country", country);
  th_places_put_key(s, "state", state);
  th_places_put_key(s, "city", city);
  return th_buf_view(s);
}

unsigned th_places_asked_page(const th_request *rq) {
  th_span text = th_span_trim(th_request_value(rq, "page"));
  unsigned page = 0;
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9' || page > PORTAL_LAST_PAGE) return 1;
    page = 10 * page + (unsigned)(text.p[i] - '0');
  }
  return page >= 1 && page <= PORTAL_LAST_PAGE ? page : 1;
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

int th_places_find_address(const places_view *v, bool by_path, const char **out, th_err *err) {
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
    unsigned page = th_places_asked_page(v->rq);
    if (page > 1) th_buf_printf(s, "?page=%u", page);
    *out = th_arena_printf(v->rq->arena, "%.*s", (int)(s->n - from), s->p + from);
    if (!*out) rc = th_err_set(err, TH_ENOMEM, "no memory for an answer");
  }
  th_buf_truncate(s, from);
  return rc;
}

th_span th_places_shown(const places_view *v, th_span name, bool country) {
  return country ? th_words_country(v->h->lang, name) : name;
}
