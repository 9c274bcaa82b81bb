#include "portal/portal.h"

#include "base/queue.h"
#include "portal/assets.h"
#include "portal/internal.h"
#include "portal/link.h"
#include "portal/slug.h"
#include "portal/study_page.h"
#include "registry/criteria.h"
#include "store/store.h"
#include "study/catalogue.h"
#include "study/date.h"
#include "study/nct.h"

#include <stdio.h>

/* ---- threads ---- */

static void drop_worker(void *object) {
  portal_worker *w = object;
  if (!w) return;
  th_json_parser_free(w->parser);
  th_json_parser_free(w->other);
  th_buf_dispose(&w->record);
  th_buf_dispose(&w->older);
  th_buf_dispose(&w->scratch);
  for (size_t i = 0; i < PORTAL_COMPARED; i++) {
    th_json_parser_free(w->compared[i].parser);
    th_buf_dispose(&w->compared[i].record);
  }
  free(w);
}

static portal_worker *new_worker(void) {
  portal_worker *w = calloc(1, sizeof *w);
  if (!w) return NULL;
  w->parser = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  if (!w->parser) {
    free(w);
    return NULL;
  }
  th_buf_init(&w->record, 0);
  th_buf_init(&w->older, 0);
  th_buf_init(&w->scratch, 0);
  for (size_t i = 0; i < PORTAL_COMPARED; i++)
    th_buf_init(&w->compared[i].record, 0);
  return w;
}

portal_worker *th_portal_worker(const th_portal *portal, th_request *rq) {
  if (!rq->worker) rq->worker = th_worker_current();
  portal_worker *w = th_worker_get(rq->worker, portal->slot);
  if (!w && (w = new_worker())) th_worker_put(rq->worker, portal->slot, w);
  if (w) w->base = th_portal_base(portal, rq);
  return w;
}

/* ---- what the index holds ---- */

static int look_at(const th_portal *portal, portal_worker *w, const th_snapshot *snapshot,
                   th_arena *arena, th_err *err) {
  th_search_result found;
  th_search_request rq = {.count = true};
  char stamp[20];
  th_date day;
  rq.filter = th_query_keyword(arena, TH_F_Keyword, TH_SPAN("made-up record"));
  if (!rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  int rc = th_search(snapshot, &rq, arena, &found, err);
  if (rc) return rc;
  w->made_up = found.total > 0 && 2 * found.total > (int64_t)snapshot->n_live;
  th_registry_timestamp(portal->registry, stamp);
  w->data_utc = 0;
  if (th_date_parse((th_span){stamp, 10}, &day)) w->data_utc = (int64_t)day.first_day * 86400;
  w->known = true;
  w->generation = snapshot->generation;
  w->applied_seq = snapshot->applied_seq;
  return TH_OK;
}

int th_portal_frame(const th_portal *portal, portal_worker *w, const th_snapshot *snapshot,
                    th_arena *arena, th_page_frame *frame, th_err *err) {
  int rc = TH_OK;
  if (!w->known || w->generation != snapshot->generation || w->applied_seq != snapshot->applied_seq)
    rc = look_at(portal, w, snapshot, arena, err);
  if (rc) return rc;
  frame->made_up = w->made_up;
  frame->data_age = w->data_utc > 0 ? (int)((th_clock_utc() - w->data_utc) / 86400) : 0;
  return TH_OK;
}

const char *th_portal_base(const th_portal *portal, const th_request *rq) {
  if (portal->base[0]) return portal->base;
  char *base = th_arena_printf(rq->arena, "http://%.*s", (int)TH_MIN(rq->host.n, 255), rq->host.p);
  return base ? base : "";
}

/* ---- answers ---- */

char *th_portal_path(const th_request *rq, const char *path) {
  return th_arena_printf(rq->arena, "%s%s", th_lang_prefix(th_lang_of_path(rq->path)), path);
}

/* The address as it was asked for; a page that memory cannot name has no link to itself. */
static th_span page_address(const th_request *rq, th_lang lang) {
  th_buf out;
  th_span path = rq->path, kept = {0};
  size_t prefix = strlen(th_lang_prefix(lang));
  th_buf_init(&out, 1 << 16);
  for (size_t i = TH_MIN(prefix, path.n); i < path.n; i++)
    if (path.p[i] == '/')
      th_buf_char(&out, '/');
    else
      th_url_encode(&out, (th_span){path.p + i, 1});
  if (out.n == 0) th_buf_char(&out, '/');
  if (rq->query.n) th_buf_char(&out, '?');
  th_buf_span(&out, rq->query);
  if (!out.error) kept = th_arena_dup(rq->arena, th_buf_view(&out));
  th_buf_dispose(&out);
  return kept;
}

void th_portal_begin(th_html *h, portal_worker *w, const th_request *rq, th_response *rs) {
  th_lang lang = th_lang_of_path(rq->path);
  th_buf_clear(&w->scratch);
  th_html_init(h, lang, &rs->body, &w->scratch);
  h->here = page_address(rq, lang);
  h->base = th_span_of(w->base);
}

static uint64_t hash_on(uint64_t hash, th_span text) { /* FNV-1a */
  for (size_t i = 0; i < text.n; i++)
    hash = (hash ^ (unsigned char)text.p[i]) * 0x100000001b3ull;
  return (hash ^ '?') * 0x100000001b3ull;
}

bool th_portal_unchanged(const th_request *rq, const th_snapshot *snapshot, th_response *rs) {
  uint64_t address = hash_on(hash_on(0xcbf29ce484222325ull, rq->path), rq->query);
  rs->etag = th_arena_printf(rq->arena, "%016llx-%llx-%llx-%llx-%s", (unsigned long long)address,
                             (unsigned long long)snapshot->generation,
                             (unsigned long long)snapshot->applied_seq,
                             (unsigned long long)(th_clock_utc() / 86400), th_assets_etag);
  rs->cache = "no-cache";
  return rs->etag && th_request_holds(rq, rs->etag);
}

int th_portal_end(th_html *h, th_response *rs, unsigned status, th_err *err) {
  rs->status = status;
  rs->type = "text/html; charset=UTF-8";
  if (!rs->secret) rs->cache = "no-cache";
  if (status != 200) rs->etag = NULL;
  return th_html_finish(h, err);
}

int th_portal_sorry(const th_portal *portal, th_request *rq, th_response *rs, unsigned status,
                    const char *title, th_span text, th_err *err) {
  th_html h;
  th_page_frame frame = {.title = th_span_of(title), .no_index = true};
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_portal_begin(&h, w, rq, rs);
  th_page_begin(&h, &frame);
  th_html_open(&h, "div", "sorry");
  th_html_element_str(&h, "h1", NULL, title);
  th_html_element(&h, "p", NULL, text);
  th_html_open(&h, "p", NULL);
  th_html_link_str(&h, "button", "/search", M(search_all_studies));
  th_html_close_n(&h, 2);
  th_page_end(&h, &frame);
  return th_portal_end(&h, rs, status, err);
}

/* "/search/": the address without what stands too much at its end. NULL when there is none such. */
static const char *without_slashes(const th_request *rq) {
  size_t n = rq->path.n;
  while (n && rq->path.p[n - 1] == '/')
    n--;
  if (n == rq->path.n || n == 0) return NULL;
  th_buf out;
  const char *to = NULL;
  th_buf_init(&out, 1 << 16);
  for (size_t i = 0; i < n; i++)
    if (rq->path.p[i] == '/' && i && rq->path.p[i - 1] != '/')
      th_buf_char(&out, '/');
    else if (rq->path.p[i] != '/')
      th_url_encode(&out, (th_span){rq->path.p + i, 1});
  if (!out.error)
    to = th_arena_printf(rq->arena, "/%.*s%s%.*s", (int)out.n, out.p, rq->query.n ? "?" : "",
                         (int)rq->query.n, rq->query.p);
  th_buf_dispose(&out);
  return to;
}

/* Addresses of the registry's own site under our name: "/ct2/show/NCT…", "/ct2/results?cond=…". */
static const char *as_of_the_registry(const th_request *rq) {
  char number[TH_NCT_LEN + 1];
  th_span found;
  uint32_t nct;
  if (th_nct_find(rq->path, 0, &found, &nct))
    return th_arena_printf(rq->arena, "%s/study/%s", th_lang_prefix(th_lang_of_path(rq->path)),
                           th_nct_format(nct, number));
  if (!th_span_eq(rq->path, TH_SPAN("/ct2/results"))) return NULL;
  th_link link;
  th_err ignored = {0};
  char *text = th_arena_printf(rq->arena, "clinicaltrials.gov/ct2/results?%.*s", (int)rq->query.n,
                               rq->query.p);
  if (!text || th_link_read(&link, rq->arena, th_span_of(text), &ignored)) return NULL;
  return th_arena_printf(rq->arena, "/search%s%.*s", link.query.n ? "?" : "", (int)link.query.n,
                         link.query.p);
}

/* Addresses that people guess. */
static const char *as_guessed(const th_request *rq) {
  static const char *const guessed[][2] = {
      {"/condition", "/conditions"}, {"/intervention", "/interventions"},
      {"/sponsor", "/sponsors"},     {"/treatments", "/interventions"},
      {"/study", "/search"},         {"/studies", "/search"},
      {"/trials", "/search"},        {"/place", "/places"},
      {"/locations", "/places"},     {"/home", "/"},
      {"/index.html", "/"},          {"/help", "/about"}};
  const char *prefix = th_lang_prefix(th_lang_of_path(rq->path));
  size_t skip = strlen(prefix), n = rq->path.n;
  while (n > skip && rq->path.p[n - 1] == '/')
    n--;
  for (size_t i = 0; i < TH_COUNT(guessed); i++)
    if (th_span_eq_nocase((th_span){rq->path.p + skip, n - skip}, th_span_of(guessed[i][0])))
      return th_arena_printf(rq->arena, "%s%s%s%.*s", prefix, guessed[i][1], rq->query.n ? "?" : "",
                             (int)rq->query.n, rq->query.p);
  return NULL;
}

static int answer_unknown(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const char *to = as_of_the_registry(rq);
  if (!to) to = as_guessed(rq);
  if (!to) to = without_slashes(rq);
  if (to) {
    th_response_redirect(rs, 301, to);
    return TH_OK;
  }
  return th_portal_sorry(ctx, rq, rs, 404, M(there_is_no_such_page),
                         th_span_of(M(the_address_may_be_mistyped)), err);
}

/* The path has the contents' hash in it, so it may be kept for ever. */
static int answer_asset(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  for (unsigned i = 0; i < th_n_assets; i++) {
    const th_asset *a = &th_assets[i];
    if (!th_span_eq(rq->path, th_span_of(a->path))) continue;
    rs->type = a->type;
    rs->fixed = a->body;
    rs->fixed_gzip = a->gzip;
    rs->etag = a->etag;
    rs->cache = "public, max-age=31536000, immutable";
    return TH_OK;
  }
  return answer_unknown(ctx, rq, rs, err);
}

static void add_headers(void *ctx, const th_request *rq, th_response *rs) {
  (void)ctx;
  if (th_span_starts(rq->path, TH_SPAN("/api/"))) return;
  th_response_header(rs, "Content-Security-Policy",
                     "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                     "img-src 'self' data:; form-action 'self'; base-uri 'none'; "
                     "frame-ancestors 'none'");
  th_response_header(rs, "X-Content-Type-Options", "nosniff");
  if (!rs->secret) th_response_header(rs, "Referrer-Policy", "same-origin");
  th_response_header(rs, "Cross-Origin-Opener-Policy", "same-origin");
}

/* ---- one study ---- */

int th_portal_no_study(const th_portal *p, th_request *rq, th_response *rs, uint32_t nct,
                       th_err *err) {
  char number[TH_NCT_LEN + 1];
  th_lang lang = th_lang_of_path(rq->path);
  char *text =
      th_arena_printf(rq->arena, "%s%s%s", th_say_str(lang, M(lead_no_study_with_number)),
                      th_nct_format(nct, number), th_say_str(lang, M(number_may_have_a_mistake)));
  if (!text) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_err_clear(err);
  return th_portal_sorry(p, rq, rs, 404, M(no_study_has_this_number), th_span_of(text), err);
}

static int redirect_to(th_request *rq, th_response *rs, uint32_t nct, th_err *err) {
  char number[TH_NCT_LEN + 1];
  char *path = th_arena_printf(rq->arena, "%s/study/%s", th_lang_prefix(th_lang_of_path(rq->path)),
                               th_nct_format(nct, number));
  if (!path) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_response_redirect(rs, 301, path);
  return TH_OK;
}

/* Whether the study's page was asked for by its full address. *path (in the arena): that address
 * without the prefix of a language when it was, with it when it was not; NULL when memory is out.
 */
static bool is_path_of(th_request *rq, uint32_t nct, const th_json *j, char **path) {
  th_buf out;
  th_lang lang = th_lang_of_path(rq->path);
  th_buf_init(&out, 1 << 12);
  th_slug_study_path(
      nct, th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle"), &out);
  const char *prefix = th_lang_prefix(lang);
  th_span asked = {rq->path.p + strlen(prefix), rq->path.n - strlen(prefix)};
  bool same = th_span_eq(asked, th_buf_view(&out));
  *path = out.error ? NULL
                    : th_arena_printf(rq->arena, "%s%.*s", same ? "" : prefix, (int)out.n, out.p);
  th_buf_dispose(&out);
  return same && *path;
}

/* The page of a parsed record, with what the criteria book of the snapshot says of it. */
static int put_study(const th_snapshot *snapshot, const th_record *record, const th_json *j,
                     th_study_context *context, th_html *h, th_err *err) {
  static const char path[] = "protocolSection.eligibilityModule.eligibilityCriteria";
  th_elig_tree tree;
  int rc = th_registry_criteria(snapshot, record, th_json_path_text(j, 0, path), context->arena,
                                &tree, err);
  context->criteria = &tree;
  return rc ? rc : th_study_page(h, j, context, err);
}

static int write_study(const th_portal *p, portal_worker *w, th_request *rq, th_response *rs,
                       const th_record *record, const th_snapshot *snapshot, th_err *err) {
  char number[TH_NCT_LEN + 1], *path = NULL;
  th_html h;
  th_json j;
  th_study_context context = {
      .arena = rq->arena, .versions = record->version, .stored_utc = record->stored_utc};
  th_similar_list similar;
  int64_t today = th_clock_utc() / 86400;
  /* The timeline has a mark of the day; similar studies and what is read of the criteria come and
   * go with the index. */
  th_geo_place near;
  context.near_text = th_span_trim(th_request_value(rq, "near"));
  if (context.near_text.n && th_geo_find(context.near_text, &near, 1)) context.near = &near;
  char *etag = th_arena_printf(
      rq->arena, "%s-%016llx-%u-%llx-%llx-%s-%llx",
      th_message_tables[th_lang_of_path(rq->path)].code, (unsigned long long)record->hash[0],
      record->version, (unsigned long long)today, (unsigned long long)snapshot->generation,
      th_assets_etag, (unsigned long long)hash_on(0xcbf29ce484222325ull, context.near_text));
  context.json =
      th_arena_printf(rq->arena, "/api/v2/studies/%s", th_nct_format(record->nct, number));
  if (!etag || !context.json) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  rs->etag = etag;
  rs->cache = "no-cache";
  if (th_request_holds(rq, etag)) return TH_OK;
  int rc = th_json_parse(w->parser, record->json, &j, err);
  if (rc) return rc == TH_EINPUT ? TH_ECORRUPT : rc;
  if (!is_path_of(rq, record->nct, &j, &path)) {
    if (!path) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
    rs->etag = NULL;
    if (rq->query.n)
      path = th_arena_printf(rq->arena, "%s?%.*s", path, (int)rq->query.n, rq->query.p);
    if (!path) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
    th_response_redirect(rs, 301, path);
    return TH_OK;
  }
  if (!w->other) w->other = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  if (!w->other) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  rc = th_similar_find(p->registry, &j, record->nct, &w->older, w->other, rq->arena, &similar, err);
  if (rc) return rc;
  context.similar = &similar;
  context.today = (int32_t)today;
  context.path = path;
  context.base = th_portal_base(p, rq);
  if (w->known && w->data_utc > 0) context.data_age = (int)((th_clock_utc() - w->data_utc) / 86400);
  th_portal_begin(&h, w, rq, rs);
  rc = put_study(snapshot, record, &j, &context, &h, err);
  if (rc) return rc;
  rs->type = "text/html; charset=UTF-8";
  return TH_OK;
}

int th_portal_study(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  uint32_t nct, current = 0;
  th_record record;
  th_span match, typed = th_span_trim(rq->segment);
  if (!th_nct_parse(typed, &nct) && !(th_nct_find(typed, 0, &match, &nct) && match.n == typed.n))
    return th_portal_sorry(p, rq, rs, 404, M(that_is_no_study_number),
                           th_span_of(M(a_studys_number_is_nct)), err);
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_buf_clear(&w->record);
  int rc = th_registry_study(p->registry, nct, &w->record, &record, &current, err);
  if (rc == TH_ENOTFOUND && current) {
    th_err_clear(err);
    return redirect_to(rq, rs, current, err);
  }
  if (rc == TH_ENOTFOUND) return th_portal_no_study(p, rq, rs, nct, err);
  if (rc) return rc;
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  rc = write_study(p, w, rq, rs, &record, snapshot, err);
  th_index_release(index, snapshot);
  return rc;
}

/* ---- pages that a thread keeps ---- */

#define KEPT(name)                                                                                 \
  static int kept_##name(void *ctx, th_request *rq, th_response *rs, th_err *err) {                \
    return th_kept_answer(ctx, th_portal_##name, rq, rs, err);                                     \
  }
KEPT(home)
KEPT(places)
KEPT(search)
KEPT(study)
KEPT(conditions)
KEPT(interventions)
KEPT(sponsors)
KEPT(condition)
KEPT(intervention)
KEPT(sponsor)

/* ---- mounting ---- */

static const struct {
  const char *pattern;
  th_handler_fn fn;
} routes[] = {
    {"/", kept_home},
    {"/search", kept_search},
    {"/search.csv", th_portal_csv},
    {"/search.json", th_portal_json},
    {"/search.ris", th_portal_ris},
    {"/search.atom", th_portal_atom},
    {"/search/map", th_portal_search_map},
    {"/map/land.svg", th_portal_land},
    {"/complete", th_portal_complete},
    {"/places", kept_places},
    {"/places/{country}", kept_places},
    {"/places/{country}/{state}", kept_places},
    {"/places/{country}/{state}/{city}", kept_places},
    {"/study/{nct}", th_portal_study},
    {"/study/{nct}/history", th_portal_history}, /* no title's slug is "history" */
    {"/study/{nct}/history/{versions}", th_portal_history},
    {"/study/{nct}/{title}", kept_study},
    {"/saved", th_portal_saved},
    {"/compare", th_portal_compare},
    {"/about", th_portal_about},
    {"/match", th_portal_match},
    {"/glossary", th_portal_glossary},
    {"/conditions", kept_conditions},
    {"/interventions", kept_interventions},
    {"/sponsors", kept_sponsors},
    {"/condition/{slug}", kept_condition},
    {"/intervention/{slug}", kept_intervention},
    {"/sponsor/{slug}", kept_sponsor},
    {"/robots.txt", th_portal_robots},
    {"/sitemap.xml", th_portal_sitemap},
    {"/sitemap/{part}", th_portal_sitemap},
    {"/assets/{file}", answer_asset},
};

/* A page's route in one more language, under its prefix; the pattern is the portal's. */
static int add_in(th_portal *p, th_router *router, th_lang lang, const char *pattern,
                  th_handler_fn fn, th_err *err) {
  const char *prefix = th_lang_prefix(lang);
  size_t n = strlen(prefix) + strlen(pattern) + 1;
  char *own = malloc(n);
  if (!own) return th_err_set(err, TH_ENOMEM, "no memory for a route");
  snprintf(own, n, "%s%s", prefix, pattern);
  p->patterns[p->n_patterns++] = own;
  return th_router_add(router, "GET", own, fn, p, err);
}

/* What is sent to /match, in every language. */
static int add_match(th_portal *p, th_router *router, th_err *err) {
  int rc = TH_OK;
  for (int lang = 0; !rc && lang < TH_LANG_COUNT; lang++) {
    const char *path = NULL;
    if (lang == TH_LANG_EN) path = "/match";
    for (size_t i = 0; i < p->n_patterns && !path; i++) {
      size_t n = strlen(th_lang_prefix((th_lang)lang));
      if (strncmp(p->patterns[i], th_lang_prefix((th_lang)lang), n) == 0 &&
          strcmp(p->patterns[i] + n, "/match") == 0)
        path = p->patterns[i];
    }
    if (!path) continue;
    rc = th_router_add(router, "POST", path, th_portal_match_sent, p, err);
    if (!rc) rc = th_router_body(router, path, TH_DESK_BODY_MAX, err);
  }
  return rc;
}

/* Every route as it stands, and those of pages once more for each further language. */
static int add_routes(th_portal *p, th_router *router, th_err *err) {
  int rc = TH_OK;
  p->patterns = calloc(TH_COUNT(routes) * TH_LANG_COUNT, sizeof *p->patterns);
  if (!p->patterns) return th_err_set(err, TH_ENOMEM, "no memory for the portal");
  for (size_t i = 0; !rc && i < TH_COUNT(routes); i++) {
    rc = th_router_add(router, "GET", routes[i].pattern, routes[i].fn, p, err);
    if (th_lang_stands_once(th_span_of(routes[i].pattern))) continue;
    for (int lang = TH_LANG_EN + 1; !rc && lang < TH_LANG_COUNT; lang++)
      rc = add_in(p, router, (th_lang)lang, routes[i].pattern, routes[i].fn, err);
  }
  for (int lang = TH_LANG_EN + 1; !rc && lang < TH_LANG_COUNT; lang++)
    rc = th_router_add(router, "GET", th_lang_prefix((th_lang)lang), kept_home, p, err);
  return rc;
}

int th_portal_mount(th_portal **out, th_router *router, th_registry *registry,
                    th_suggester *suggester, th_desk *desk, const char *base, th_err *err) {
  th_portal *p = calloc(1, sizeof *p);
  int rc = TH_OK;
  *out = NULL;
  if (!p) return th_err_set(err, TH_ENOMEM, "no memory for the portal");
  p->registry = registry;
  p->suggester = suggester;
  p->desk = desk;
  p->kept = th_kept_new();
  p->known = th_known_new();
  if (!p->kept || !p->known) rc = th_err_set(err, TH_ENOMEM, "no memory for the portal");
  if (base && snprintf(p->base, sizeof p->base, "%s", base) >= (int)sizeof p->base)
    rc = th_err_set(err, TH_EUSAGE, "the public address is too long");
  for (size_t n = strlen(p->base); n && p->base[n - 1] == '/'; n--)
    p->base[n - 1] = 0;
  p->slot = th_worker_slot(drop_worker);
  if (!rc && p->slot < 0) rc = th_err_set(err, TH_ELIMIT, "no worker slot is left for the portal");
  if (!rc) rc = add_routes(p, router, err);
  if (!rc) rc = add_match(p, router, err);
  if (!rc) rc = th_router_fallback(router, "/", answer_unknown, p, err);
  if (!rc) rc = th_router_hook(router, "/", add_headers, p, err);
  if (rc)
    th_portal_free(p);
  else
    *out = p;
  return rc;
}

void th_portal_free(th_portal *portal) {
  if (!portal) return;
  for (size_t i = 0; i < portal->n_patterns; i++)
    free(portal->patterns[i]);
  free(portal->patterns);
  th_kept_free(portal->kept);
  th_known_free(portal->known);
  free(portal);
}
