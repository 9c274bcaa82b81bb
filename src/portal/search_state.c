#include "portal/search_state.h"
#include "api/agg.h"
#include "criteria/accepts.h"
#include "geo/geo.h"
#include "portal/lay_words.h"
#include "portal/message.h"
#include "portal/search_place.h"

#include "query/tree.h"
#include "registry/concepts.h"

static bool is_named(const th_param *p, const char *name) {
  return th_span_eq(p->name, th_span_of(name));
}

static int text_place(const th_param *p) {
  for (unsigned i = 0; i < th_n_text_params && i < PORTAL_TEXTS; i++)
    if (is_named(p, th_text_params[i].name)) return (int)i;
  return -1;
}

int th_portal_filter_place(const char *name) {
  for (unsigned i = 0; i < th_n_filter_params && i < PORTAL_FILTERS; i++)
    if (strcmp(th_filter_params[i].name, name) == 0) return (int)i;
  return -1;
}

static int filter_place(const th_param *p) {
  for (unsigned i = 0; i < th_n_filter_params && i < PORTAL_FILTERS; i++)
    if (is_named(p, th_filter_params[i].name)) return (int)i;
  return -1;
}

bool th_portal_state_counts(const th_param *p) {
  if (th_span_trim(p->value).n == 0) return false;
  return text_place(p) >= 0 || filter_place(p) >= 0 || is_named(p, "sort") || is_named(p, "page") ||
         is_named(p, "place") || is_named(p, "within") || is_named(p, "words") ||
         is_named(p, "aggFilters");
}

/* ---- errors ---- */

/* What was typed into a filter, and what can be, in the reader's words; NULL: in those of the
 * filter itself. */
static const char *wrong_value(const portal_state *s, int filter) {
  static const struct {
    const char *filter, *message;
  } typed[] = {{"age", M(wrong_age)},         {"near", M(wrong_near)},
               {"start", M(wrong_date)},      {"posted", M(wrong_date)},
               {"completion", M(wrong_date)}, {"updated", M(wrong_date)}};
  th_lang lang = th_lang_of_path(s->rq->path);
  const char *message = lang == TH_LANG_EN ? NULL : M(wrong_value);
  const char *name = th_filter_params[filter].name;
  if (strcmp(name, "near") == 0 && !th_geo_places()) return NULL;
  for (size_t i = 0; i < TH_COUNT(typed); i++)
    if (strcmp(name, typed[i].filter) == 0) message = typed[i].message;
  return message ? th_arena_printf(s->rq->arena, "%s: \"%.*s\"%s",
                                   th_say_label(lang, th_filter_params[filter].label),
                                   (int)TH_MIN(s->filter[filter].n, 80), s->filter[filter].p,
                                   th_say_str(lang, message))
                 : NULL;
}

/* The name of the parameter in front of a message becomes the label that the page has for it. */
static const char *put_label(const portal_state *s, const char *name, const char *message) {
  int place = th_portal_filter_place(name);
  size_t n = strlen(name);
  bool named = place >= 0 && strncmp(message, name, n) == 0 && message[n] == ':';
  const char *own = named ? wrong_value(s, place) : NULL;
  if (own) return own;
  return th_arena_printf(s->rq->arena, "%s%s", named ? th_filter_params[place].label : "",
                         named ? message + n : message);
}

static int add_error(portal_state *s, const char *name, const char *message, th_err *err) {
  const char *kept = put_label(s, name, message);
  if (!kept) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  s->bad = true;
  if (s->n_errors < PORTAL_ERRORS) s->errors[s->n_errors++] = (portal_error){name, kept};
  return TH_OK;
}

const char *th_portal_state_error(const portal_state *s, const char *name) {
  for (unsigned i = 0; i < s->n_errors; i++)
    if (strcmp(s->errors[i].name, name) == 0) return s->errors[i].message;
  return NULL;
}

/* A failure of ours goes on; a mistake in what was asked becomes a message of the page. */
static int settle(portal_state *s, const char *name, int rc, th_err *local, th_err *err) {
  if (rc == TH_EUSAGE || rc == TH_EINPUT || rc == TH_ELIMIT)
    return add_error(s, name, local->message, err);
  return rc ? th_err_set(err, rc, "%s", local->message) : TH_OK;
}

/* ---- reading ---- */

static int join_value(const portal_state *s, th_span *value, th_span more, th_err *err) {
  more = th_span_trim(more);
  if (value->n == 0) {
    *value = more;
    return TH_OK;
  }
  char *joined =
      th_arena_printf(s->rq->arena, "%.*s|%.*s", (int)value->n, value->p, (int)more.n, more.p);
  if (!joined) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  *value = th_span_of(joined);
  return TH_OK;
}

static int read_page(portal_state *s, th_span value, th_err *err) {
  unsigned page = 0;
  for (size_t i = 0; i < value.n && page <= PORTAL_LAST_PAGE; i++) {
    if (value.p[i] < '0' || value.p[i] > '9')
      return add_error(s, "page", M(that_is_no_page_number), err);
    page = 10 * page + (unsigned)(value.p[i] - '0');
  }
  if (page < 1 || page > PORTAL_LAST_PAGE)
    return add_error(s, "page", M(results_can_be_paged_through), err);
  s->page = page;
  return TH_OK;
}

static int collect(portal_state *s, th_err *err) {
  int rc = TH_OK;
  for (unsigned i = 0; !rc && i < s->rq->n_params; i++) {
    const th_param *p = &s->rq->params[i];
    th_span value = th_span_trim(p->value);
    int text = text_place(p), filter = filter_place(p);
    if (value.n == 0) continue;
    if (text >= 0 && s->text[text].n == 0) s->text[text] = value;
    if (filter >= 0) rc = join_value(s, &s->filter[filter], value, err);
    if (is_named(p, "sort")) s->sort = value;
    if (is_named(p, "within")) s->within = value;
    if (is_named(p, "page")) rc = read_page(s, value, err);
  }
  return rc;
}

th_span th_portal_state_text(const portal_state *s, unsigned at) {
  return s->said[at].n ? s->said[at] : s->text[at];
}

/* Texts in people's words, where the reader's language is not the registry's. */
static void put_in_words(portal_state *s) {
  static const char *const texts[] = {"term", "cond", "intr"};
  th_span words = th_span_trim(th_request_value(s->rq, "words"));
  bool spanish =
      words.n ? th_span_eq(words, TH_SPAN("es")) : th_lang_of_path(s->rq->path) == TH_LANG_ES;
  for (unsigned i = 0; spanish && i < th_n_text_params && i < PORTAL_TEXTS; i++)
    for (size_t k = 0; k < TH_COUNT(texts); k++)
      if (strcmp(th_text_params[i].name, texts[k]) == 0 && !th_portal_is_expression(s->text[i]) &&
          !th_lay_translate(s->text[i], s->rq->arena, &s->said[i]))
        s->said[i] = (th_span){0};
}

/* An expression that cannot be read is searched as the plain words in it, and the page says so. */
static int read_text(portal_state *s, unsigned at, const th_expander *expander, th_query **out,
                     th_err *err) {
  const th_text_param *t = &th_text_params[at];
  const th_parse_options options = {t->area, t->label, expander, th_criteria_accepts};
  th_err local = {0};
  th_span text =
      s->words.n && strcmp(t->name, "term") == 0 ? s->words : th_portal_state_text(s, at);
  int rc = th_query_parse_with(out, s->rq->arena, text, &options, &local);
  if (rc != TH_EUSAGE) return settle(s, t->name, rc, &local, err);
  bool was_bad = s->bad;
  th_lang lang = th_lang_of_path(s->rq->path);
  const char *message =
      lang == TH_LANG_EN
          ? local.message
          : th_arena_printf(s->rq->arena, "%s%s", th_say_str(lang, M(lead_wrong_expression)),
                            local.message);
  if (!message) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  rc = add_error(s, t->name, message, err);
  if (rc) return rc;
  s->bad = was_bad;
  s->plain_words = true;
  th_err_clear(&local);
  rc = th_query_typed(out, s->rq->arena, text, t->area, &local);
  return settle(s, t->name, rc, &local, err);
}

static int read_texts(portal_state *s, const th_snapshot *snapshot, th_err *err) {
  th_query *parts[PORTAL_TEXTS];
  th_concepts dict;
  size_t n = 0;
  int known = th_registry_concepts(snapshot, &dict, err);
  if (known) return known;
  const th_expander expander = th_registry_expander(&dict);
  for (unsigned i = 0; i < th_n_text_params && i < PORTAL_TEXTS; i++) {
    bool term = strcmp(th_text_params[i].name, "term") == 0;
    if (s->text[i].n == 0 || (term && s->place.n && !s->words.n)) continue;
    parts[n] = NULL;
    int rc = read_text(s, i, &expander, &parts[n++], err);
    if (rc) return rc;
  }
  s->has_text = n > 0;
  if (n == 0) return TH_OK;
  s->scored = th_query_and(s->rq->arena, parts, n);
  return s->scored ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a query");
}

static int read_filters(portal_state *s, th_err *err) {
  for (unsigned i = 0; i < th_n_filter_params && i < PORTAL_FILTERS; i++) {
    th_err local = {0};
    const char *name = th_filter_params[i].name;
    if (s->filter[i].n == 0) continue;
    bool near = strcmp(name, "near") == 0;
    int rc = near ? th_portal_read_near(s, s->filter[i], &s->filters[i], &local)
                  : th_filter_parse(&s->filters[i], s->rq->arena, th_span_of(name), s->filter[i],
                                    &local);
    rc = settle(s, name, rc, &local, err);
    if (rc) return rc;
    s->has_filter = true;
  }
  return TH_OK;
}

static int read_boxes(portal_state *s, th_err *err) {
  th_err local = {0};
  th_span text = th_span_trim(th_request_value(s->rq, "aggFilters"));
  int rc = text.n ? th_agg_parse(&s->boxes, s->rq->arena, text, &local) : TH_OK;
  s->has_filter = s->has_filter || s->boxes;
  return settle(s, "aggFilters", rc, &local, err);
}

static int read_sort(portal_state *s, th_err *err) {
  th_err local = {0};
  th_span asked = s->sort;
  if (asked.n == 0) asked = s->has_text ? TH_SPAN("relevance") : TH_SPAN("newest");
  int rc = th_sort_parse(&s->order, asked, &local);
  if (rc) return settle(s, "sort", rc, &local, err);
  if (s->order.field == TH_SORT_DISTANCE && !s->has_near)
    return add_error(s, "sort", M(to_sort_by_distance_say), err);
  return TH_OK;
}

int th_portal_state_read(portal_state *s, const th_request *rq, const th_snapshot *snapshot,
                         th_known *known, th_err *err) {
  *s = (portal_state){.rq = rq, .snapshot = snapshot, .page = 1};
  int rc = collect(s, err);
  if (!rc) put_in_words(s);
  if (!rc) rc = th_portal_find_place(s, snapshot, known, err);
  if (!rc) rc = read_texts(s, snapshot, err);
  if (!rc) rc = read_filters(s, err);
  if (!rc) rc = read_boxes(s, err);
  if (!rc) rc = read_sort(s, err);
  return rc;
}

th_query *th_portal_same_site(th_arena *arena, th_query *const *parts, size_t n) {
  th_query *all = th_query_and(arena, parts, n);
  if (n < 2 || !all) return all;
  th_query *q = th_node_new(arena, TH_N_SITES);
  const th_query **part = th_arena_alloc(arena, sizeof *part);
  if (!q || !part) return NULL;
  *part = all;
  q->parts = part;
  q->n = 1;
  return q;
}

static bool is_place(int filter) {
  static const char *const names[] = {"country", "state", "city"};
  for (size_t i = 0; i < TH_COUNT(names); i++)
    if (strcmp(th_filter_params[filter].name, names[i]) == 0) return true;
  return false;
}

th_query *th_portal_state_filter(const portal_state *s, uint32_t without) {
  th_query *parts[PORTAL_FILTERS + 3], *places[PORTAL_FILTERS];
  size_t n = 0, n_places = 0;
  for (int i = 0; i < PORTAL_FILTERS; i++) {
    if (!s->filters[i] || (without >> i & 1)) continue;
    if (is_place(i))
      places[n_places++] = s->filters[i];
    else
      parts[n++] = s->filters[i];
  }
  /* Out of memory for the one: the parts alone are asked for, which finds a little more. */
  th_query *place = n_places ? th_portal_same_site(s->rq->arena, places, n_places) : NULL;
  if (place) parts[n++] = place;
  if (s->place_filter) parts[n++] = s->place_filter;
  if (s->boxes) parts[n++] = s->boxes;
  return n ? th_query_and(s->rq->arena, parts, n) : NULL;
}

/* ---- addresses ---- */

static void put_param(th_buf *out, bool *first, th_span name, th_span value) {
  th_buf_char(out, *first ? '?' : '&');
  *first = false;
  th_url_encode(out, name);
  th_buf_char(out, '=');
  th_url_encode(out, value);
}

void th_portal_state_url(const portal_state *s, const char *drop, int drop_at, const char *name,
                         th_span value, unsigned page, th_buf *out) {
  bool first = true;
  th_buf_str(out, "/search");
  for (unsigned i = 0; i < s->rq->n_params; i++) {
    const th_param *p = &s->rq->params[i];
    if (!th_portal_state_counts(p) || is_named(p, "page") || (int)i == drop_at) continue;
    if (drop && is_named(p, drop)) continue;
    put_param(out, &first, p->name, th_span_trim(p->value));
  }
  if (name) put_param(out, &first, th_span_of(name), value);
  if (page > 1) th_buf_printf(out, "%cpage=%u", first ? '?' : '&', page);
}
