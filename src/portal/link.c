/* What the parameters of the registry's own pages mean. Sources: the registry's help pages on
 * searching, and links as people publish them; letters and digits of the classic site stood for the
 * boxes of its form in their order. */
#include "portal/link.h"

#include "geo/geo.h"
#include "http/http.h"
#include "query/params.h"
#include "study/catalogue.h"
#include "study/nct.h"

#include <stdio.h>

typedef struct reader {
  th_arena *arena;
  const th_request *rq;
  th_buf *out, *term, *agg, *unread;
} reader;

/* ---- the address ---- */

static bool starts_nocase(th_span s, const char *with) {
  size_t n = strlen(with);
  return s.n >= n && th_span_eq_nocase((th_span){s.p, n}, (th_span){with, n});
}

static th_span behind(th_span s, size_t n) {
  return (th_span){s.p + n, s.n - n};
}

/* The path and query of an address on the registry's host; empty when it is none. */
static th_span target_of(th_span text) {
  static const char host[] = "clinicaltrials.gov";
  static const char *const before[] = {"", "www.", "classic.", "beta."};
  text = th_span_trim(text);
  if (starts_nocase(text, "https://"))
    text = behind(text, 8);
  else if (starts_nocase(text, "http://"))
    text = behind(text, 7);
  for (size_t i = 0; i < TH_COUNT(before); i++) {
    size_t n = strlen(before[i]);
    if (!starts_nocase(text, before[i]) || !starts_nocase(behind(text, n), host)) continue;
    th_span rest = behind(text, n + sizeof host - 1);
    const char *hash = rest.n ? memchr(rest.p, '#', rest.n) : NULL;
    if (hash) rest.n = (size_t)(hash - rest.p);
    return rest.n && rest.p[0] == '/' ? rest : (th_span){0};
  }
  return (th_span){0};
}

bool th_link_is(th_span text) {
  th_span target = target_of(text);
  return target.n > 0 && !memchr(target.p, ' ', target.n);
}

/* ---- writing ---- */

static void put(reader *r, const char *name, th_span value) {
  value = th_span_trim(value);
  if (!value.n) return;
  if (r->out->n) th_buf_char(r->out, '&');
  th_buf_str(r->out, name);
  th_buf_char(r->out, '=');
  th_url_encode(r->out, value);
}

static void put_str(reader *r, const char *name, const char *value) {
  put(r, name, th_span_of(value));
}

static void put_unread(reader *r, th_span name) {
  if (r->unread->n) th_buf_char(r->unread, ',');
  th_buf_span(r->unread, name);
}

/* One more condition of the expression. */
static void put_term(reader *r, const char *field, th_span from, th_span to) {
  if (r->term->n) th_buf_str(r->term, " AND ");
  th_buf_printf(r->term, "AREA[%s]RANGE[%.*s, %.*s]", field, from.n ? (int)from.n : 3,
                from.n ? from.p : "MIN", to.n ? (int)to.n : 3, to.n ? to.p : "MAX");
}

static th_span param(const reader *r, const char *name) {
  return th_span_trim(th_request_value(r->rq, name));
}

/* ---- codes ---- */

/* A code of the registry and the value of our filter. */
typedef struct code {
  const char *code, *value;
} code;

static const code statuses[] = {
    {"rec", "recruiting"},
    {"not", "not_yet_recruiting"},
    {"act", "active_not_recruiting"},
    {"com", "completed"},
    {"ter", "terminated"},
    {"enr", "enrolling_by_invitation"},
    {"sus", "suspended"},
    {"wit", "withdrawn"},
    {"unk", "unknown"},
    {"ava", "available"},
    {"nla", "no_longer_available"},
    {"tna", "temporarily_not_available"},
    {"afm", "approved_for_marketing"},
    {NULL, NULL},
};
static const code phases[] = {{"0", "early"}, {"1", "1"},   {"2", "2"},  {"3", "3"},
                              {"4", "4"},     {"na", "na"}, {NULL, NULL}};
static const code types[] = {
    {"int", "interventional"}, {"obs", "observational"}, {"exp", "expanded_access"}, {NULL, NULL}};
static const code sexes[] = {{"f", "female"}, {"m", "male"}, {NULL, NULL}};
static const code groups[] = {
    {"child", "child"}, {"adult", "adult"}, {"older", "older"}, {NULL, NULL}};
static const code healthy[] = {{"y", "yes"}, {NULL, NULL}};
static const code results[] = {{"with", "with"}, {"without", "without"}, {NULL, NULL}};
static const code funders[] = {
    {"nih", "nih"}, {"fed", "fed"}, {"industry", "industry"}, {"other", "other"}, {NULL, NULL}};

/* The check boxes of aggFilters, and the filters that they are here. */
static const struct {
  const char *facet, *filter;
  const code *codes;
} facets[] = {
    {"status", "status", statuses},  {"phase", "phase", phases},
    {"studyType", "type", types},    {"sex", "sex", sexes},
    {"ages", "age", groups},         {"healthy", "healthy", healthy},
    {"results", "results", results}, {"funderType", "funder", funders},
};

/* Boxes of the classic form: one letter or digit each. */
static const code classic_statuses[] = {
    {"a", "recruiting"},
    {"b", "not_yet_recruiting"},
    {"c", "available"},
    {"d", "active_not_recruiting"},
    {"e", "completed"},
    {"f", "enrolling_by_invitation"},
    {"g", "suspended"},
    {"h", "terminated"},
    {"i", "withdrawn"},
    {"j", "no_longer_available"},
    {"k", "temporarily_not_available"},
    {"l", "approved_for_marketing"},
    {"m", "unknown"},
    {NULL, NULL},
};
static const code classic_phases[] = {{"4", "early"}, {"0", "1"},  {"1", "2"},  {"2", "3"},
                                      {"3", "4"},     {"5", "na"}, {NULL, NULL}};
static const code classic_ages[] = {{"0", "child"}, {"1", "adult"}, {"2", "older"}, {NULL, NULL}};
static const code classic_funders[] = {
    {"0", "nih"}, {"1", "fed"}, {"2", "industry"}, {"3", "other"}, {NULL, NULL}};
/* Words of the classic form. */
static const code classic_types[] = {{"Intr", "interventional"},
                                     {"Obsr", "observational"},
                                     {"Expn", "expanded_access"},
                                     {NULL, NULL}};
static const code classic_sexes[] = {{"Female", "female"}, {"Male", "male"}, {NULL, NULL}};
static const code classic_results[] = {{"With", "with"}, {"Without", "without"}, {NULL, NULL}};
static const code classic_open[] = {{"Open", "open"}, {NULL, NULL}};

static const char *find_code(const code *codes, th_span text) {
  for (; codes->code; codes++)
    if (th_span_eq_nocase(text, th_span_of(codes->code))) return codes->value;
  return NULL;
}

/* ---- check boxes ---- */

static bool next_word(th_span *rest, char end, th_span *word) {
  *rest = th_span_trim(*rest);
  if (!rest->n) return false;
  const char *at = memchr(rest->p, end, rest->n);
  *word = (th_span){rest->p, at ? (size_t)(at - rest->p) : rest->n};
  *rest = behind(*rest, word->n + (at != NULL));
  *word = th_span_trim(*word);
  return true;
}

/* The keys of one facet as values of our filter, when all of them have one. */
static bool join_keys(const code *codes, th_span keys, th_buf *out) {
  th_span key;
  bool all = true;
  while (all && next_word(&keys, ' ', &key)) {
    const char *value = find_code(codes, key);
    all = value != NULL;
    if (out->n) th_buf_char(out, '|');
    if (all) th_buf_str(out, value);
  }
  return all;
}

/* "facet:key key": what we have no filter for stays as it is, for the reader of aggFilters. */
static void read_facet(reader *r, th_span item) {
  const char *colon = item.n ? memchr(item.p, ':', item.n) : NULL;
  size_t n = colon ? (size_t)(colon - item.p) : item.n;
  th_buf values;
  bool known = false;
  th_buf_init(&values, 1 << 12);
  for (size_t i = 0; colon && i < TH_COUNT(facets) && !known; i++) {
    if (!th_span_eq((th_span){item.p, n}, th_span_of(facets[i].facet))) continue;
    known = join_keys(facets[i].codes, behind(item, n + 1), &values);
    if (known) put(r, facets[i].filter, th_buf_view(&values));
  }
  th_buf_dispose(&values);
  if (known) return;
  if (r->agg->n) th_buf_char(r->agg, ',');
  th_buf_span(r->agg, item);
}

static void read_boxes(reader *r, th_span text) {
  th_span item;
  while (next_word(&text, ',', &item))
    if (item.n) read_facet(r, item);
}

static void read_letters(reader *r, th_span name, const char *filter, const code *codes,
                         th_span text) {
  th_buf values;
  bool all = true;
  th_buf_init(&values, 1 << 12);
  for (size_t i = 0; i < text.n; i++) {
    const char *value = find_code(codes, (th_span){text.p + i, 1});
    all = all && value;
    if (value && values.n) th_buf_char(&values, '|');
    if (value) th_buf_str(&values, value);
  }
  put(r, filter, th_buf_view(&values));
  if (!all) put_unread(r, name);
  th_buf_dispose(&values);
}

/* ---- dates ---- */

/* The fields of dates: as today's site calls them, as the classic one begins their names, our
 * filter; NULL: none. */
static const struct {
  const char *name, *classic, *filter, *field;
} dates[] = {
    {"start", "strd", "start", "StartDate"},
    {"primComp", "prcd", NULL, "PrimaryCompletionDate"},
    {"studyComp", "cmpd", "completion", "CompletionDate"},
    {"firstPost", "sfpd", "posted", "StudyFirstPostDate"},
    {"resFirstPost", "rfpd", NULL, "ResultsFirstPostDate"},
    {"lastUpdPost", "lupd", "updated", "LastUpdatePostDate"},
};

static void put_dates(reader *r, size_t at, th_span from, th_span to) {
  if (!from.n && !to.n) return;
  if (!dates[at].filter) {
    put_term(r, dates[at].field, from, to);
    return;
  }
  char *both =
      th_arena_printf(r->arena, "%.*s..%.*s", (int)from.n, from.p, (int)to.n, to.n ? to.p : "");
  if (both) put_str(r, dates[at].filter, both);
}

/* "01/31/2020" as "2020-01-31"; all else as it is. */
static th_span classic_date(reader *r, th_span text) {
  unsigned month, day, year;
  char copy[16];
  if (text.n != 10 || text.p[2] != '/') return text;
  snprintf(copy, sizeof copy, "%.10s", text.p);
  if (sscanf(copy, "%2u/%2u/%4u", &month, &day, &year) != 3) return text;
  char *out = th_arena_printf(r->arena, "%04u-%02u-%02u", year, month, day);
  return out ? th_span_of(out) : text;
}

static void read_dates(reader *r) {
  for (size_t i = 0; i < TH_COUNT(dates); i++) {
    char from[16], to[16];
    th_span text = param(r, dates[i].name);
    const char *bar = text.n ? memchr(text.p, '_', text.n) : NULL;
    if (text.n && bar)
      put_dates(r, i, (th_span){text.p, (size_t)(bar - text.p)},
                behind(text, (size_t)(bar - text.p) + 1));
    else if (text.n)
      put_dates(r, i, text, (th_span){0});
    snprintf(from, sizeof from, "%s_s", dates[i].classic);
    snprintf(to, sizeof to, "%s_e", dates[i].classic);
    put_dates(r, i, classic_date(r, param(r, from)), classic_date(r, param(r, to)));
  }
}

static bool is_date_name(th_span name) {
  for (size_t i = 0; i < TH_COUNT(dates); i++) {
    th_span classic = th_span_of(dates[i].classic);
    if (th_span_eq(name, th_span_of(dates[i].name))) return true;
    if (th_span_starts(name, classic) && name.n == classic.n + 2) return true;
  }
  return false;
}

/* ---- places ---- */

static const code us_states[] = {
    {"AL", "Alabama"},
    {"AK", "Alaska"},
    {"AZ", "Arizona"},
    {"AR", "Arkansas"},
    {"CA", "California"},
    {"CO", "Colorado"},
    {"CT", "Connecticut"},
    {"DE", "Delaware"},
    {"DC", "District of Columbia"},
    {"FL", "Florida"},
    {"GA", "Georgia"},
    {"HI", "Hawaii"},
    {"ID", "Idaho"},
    {"IL", "Illinois"},
    {"IN", "Indiana"},
    {"IA", "Iowa"},
    {"KS", "Kansas"},
    {"KY", "Kentucky"},
    {"LA", "Louisiana"},
    {"ME", "Maine"},
    {"MD", "Maryland"},
    {"MA", "Massachusetts"},
    {"MI", "Michigan"},
    {"MN", "Minnesota"},
    {"MS", "Mississippi"},
    {"MO", "Missouri"},
    {"MT", "Montana"},
    {"NE", "Nebraska"},
    {"NV", "Nevada"},
    {"NH", "New Hampshire"},
    {"NJ", "New Jersey"},
    {"NM", "New Mexico"},
    {"NY", "New York"},
    {"NC", "North Carolina"},
    {"ND", "North Dakota"},
    {"OH", "Ohio"},
    {"OK", "Oklahoma"},
    {"OR", "Oregon"},
    {"PA", "Pennsylvania"},
    {"RI", "Rhode Island"},
    {"SC", "South Carolina"},
    {"SD", "South Dakota"},
    {"TN", "Tennessee"},
    {"TX", "Texas"},
    {"UT", "Utah"},
    {"VT", "Vermont"},
    {"VA", "Virginia"},
    {"WA", "Washington"},
    {"WV", "West Virginia"},
    {"WI", "Wisconsin"},
    {"WY", "Wyoming"},
    {"PR", "Puerto Rico"},
    {NULL, NULL},
};

static void put_name(reader *r, const char *filter, th_span name) {
  bool comma = name.n && memchr(name.p, ',', name.n) && !memchr(name.p, '|', name.n);
  char *marked = comma ? th_arena_printf(r->arena, "%.*s|", (int)name.n, name.p) : NULL;
  put(r, filter, marked ? th_span_of(marked) : name);
}

/* A point with a distance goes before the names of the place, as it does on the site; "distance"
 * alone is in miles, 50 when it is not given. */
static void read_place(reader *r) {
  th_span lat = param(r, "lat"), lng = param(r, "lng"), miles = param(r, "distance");
  th_span country = param(r, "country"), state = param(r, "state"), city = param(r, "city");
  th_span typed = param(r, "locStr");
  if (!country.n) country = param(r, "cntry");
  if (country.n == 2 && th_geo_country_name(country).n) country = th_geo_country_name(country);
  if (lat.n && lng.n) {
    char *near = th_arena_printf(r->arena, "%.*s,%.*s,%.*smi", (int)lat.n, lat.p, (int)lng.n, lng.p,
                                 miles.n ? (int)miles.n : 2, miles.n ? miles.p : "50");
    if (near) put_str(r, "near", near);
    return;
  }
  if (state.n > 3 && state.p[2] == ':') {
    const char *name = find_code(us_states, behind(state, 3));
    if (!name || !starts_nocase(state, "US:")) put_unread(r, TH_SPAN("state"));
    state = name && starts_nocase(state, "US:") ? th_span_of(name) : (th_span){0};
  }
  put_name(r, "country", country);
  put_name(r, "state", state);
  put_name(r, "city", city);
  if (!country.n && !state.n && !city.n) put(r, "locn", typed);
  if (param(r, "dist").n) put_unread(r, TH_SPAN("dist"));
}

/* ---- parameters ---- */

static void read_term(reader *r, th_span name, th_span text) {
  (void)name;
  if (r->term->n) th_buf_str(r->term, " AND ");
  th_buf_span(r->term, text);
}

static void read_order(reader *r, th_span text) {
  th_sort sort;
  if (!th_sort_parse(&sort, text, NULL)) put(r, "sort", text);
}

/* "AND"-ed to the expression that the address has; it is put into brackets then. */
static int bracket_term(reader *r, th_err *err) {
  th_buf whole;
  th_buf_init(&whole, 1 << 16);
  th_span typed = param(r, "term");
  if (!typed.n) typed = param(r, "query.term");
  if (typed.n) th_buf_printf(&whole, r->term->n ? "(%.*s) AND " : "%.*s", (int)typed.n, typed.p);
  th_buf_span(&whole, th_buf_view(r->term));
  put(r, "term", th_buf_view(&whole));
  int rc = whole.error;
  th_buf_dispose(&whole);
  return rc ? th_err_set(err, rc, "the link is too long") : TH_OK;
}

static bool read_classic(reader *r, th_span name, th_span value) {
  static const struct {
    const char *name, *filter;
    const code *codes;
    bool letters;
  } boxes[] = {
      {"recrs", "status", classic_statuses, true}, {"recr", "status", classic_open, false},
      {"phase", "phase", classic_phases, true},    {"age", "age", classic_ages, true},
      {"fund", "funder", classic_funders, true},   {"type", "type", classic_types, false},
      {"gndr", "sex", classic_sexes, false},       {"rslt", "results", classic_results, false},
      {"hlth", "healthy", healthy, false},
  };
  for (size_t i = 0; i < TH_COUNT(boxes); i++) {
    if (!th_span_eq(name, th_span_of(boxes[i].name))) continue;
    const char *word = boxes[i].letters ? NULL : find_code(boxes[i].codes, value);
    if (boxes[i].letters)
      read_letters(r, name, boxes[i].filter, boxes[i].codes, value);
    else if (word)
      put_str(r, boxes[i].filter, word);
    else if (!th_span_eq(value, TH_SPAN("All")))
      put_unread(r, name);
    return true;
  }
  return false;
}

/* What says how a page looks or where in the list one was, and what is read elsewhere. */
static bool is_no_condition(th_span name) {
  static const char *const names[] = {
      "page",  "limit",     "rank",     "draw",      "viewType", "checkSpell", "Search",
      "flds",  "count",     "lat",      "lng",       "distance", "country",    "cntry",
      "state", "city",      "locStr",   "dist",      "term",     "query.term", "tab",
      "view",  "show_flds", "pageSize", "pageToken", "format",   "fields",     "countTotal"};
  for (size_t i = 0; i < TH_COUNT(names); i++)
    if (th_span_eq(name, th_span_of(names[i]))) return true;
  return is_date_name(name) || th_span_starts(name, TH_SPAN("down_")) ||
         th_span_starts(name, TH_SPAN("utm_"));
}

static void read_param(reader *r, th_span name, th_span value) {
  th_span area = th_span_starts(name, TH_SPAN("query.")) ? behind(name, 6) : name;
  if (!value.n || is_no_condition(name)) return;
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (th_span_eq(area, th_span_of(th_text_params[i].name))) {
      put(r, th_text_params[i].name, value);
      return;
    }
  if (th_span_eq(name, TH_SPAN("aggFilters")))
    read_boxes(r, value);
  else if (th_span_eq(name, TH_SPAN("sort")))
    read_order(r, value);
  else if (th_span_eq(name, TH_SPAN("filter.overallStatus")))
    put(r, "status", value);
  else if (th_span_eq(name, TH_SPAN("filter.ids")))
    put(r, "ids", value);
  else if (th_span_eq(name, TH_SPAN("filter.advanced")))
    read_term(r, name, value);
  else if (th_span_eq(name, TH_SPAN("age_v")))
    put(r, "age", value);
  else if (th_span_starts(name, TH_SPAN("filter.geo")) &&
           th_span_starts(value, TH_SPAN("distance(")))
    put(r, "near", (th_span){value.p + 9, value.n - 9 - (value.p[value.n - 1] == ')')});
  else if (!read_classic(r, name, value))
    put_unread(r, name);
}

static int read_search(reader *r, th_err *err) {
  read_place(r);
  for (unsigned i = 0; i < r->rq->n_params; i++)
    read_param(r, r->rq->params[i].name, th_span_trim(r->rq->params[i].value));
  read_dates(r);
  int rc = bracket_term(r, err);
  put(r, "aggFilters", th_buf_view(r->agg));
  put(r, "unread", th_buf_view(r->unread));
  return rc;
}

int th_link_read(th_link *out, th_arena *arena, th_span text, th_err *err) {
  enum { MOST = 1 << 14 };
  th_request rq = {0};
  th_span match, target = target_of(text);
  th_buf parts[4];
  *out = (th_link){0};
  int rc = th_request_parse(&rq, TH_SPAN("GET"), target, arena, err);
  if (rc) return rc;
  if (th_nct_find(rq.path, 0, &match, &out->nct)) return TH_OK;
  out->nct = 0;
  for (size_t i = 0; i < TH_COUNT(parts); i++)
    th_buf_init(&parts[i], MOST);
  reader r = {arena, &rq, &parts[0], &parts[1], &parts[2], &parts[3]};
  rc = read_search(&r, err);
  for (size_t i = 0; !rc && i < TH_COUNT(parts); i++)
    if (parts[i].error) rc = th_err_set(err, parts[i].error, "the link is too long");
  if (!rc && parts[0].n) {
    out->query = th_arena_dup(arena, th_buf_view(&parts[0]));
    if (!out->query.p) rc = th_err_set(err, TH_ENOMEM, "no memory for a link");
  }
  for (size_t i = 0; i < TH_COUNT(parts); i++)
    th_buf_dispose(&parts[i]);
  return rc;
}
