/* What a search finds, to take along: /search.csv, /search.json, /search.ris, the whole of it, and
 * /search.atom, the FEED studies that changed last. The address is that of the results page. */
#include "api/csv.h"
#include "api/project.h"
#include "api/record_stream.h"
#include "api/ris.h"
#include "portal/internal.h"
#include "portal/search_state.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "study/catalogue.h"
#include "study/markup.h"
#include "study/nct.h"

enum { FEED = 50, DEPTH = 256, SUMMARY = 600 };
#define PIECE ((size_t)128 << 10)

typedef enum form { FORM_CSV, FORM_JSON, FORM_RIS } form;

typedef struct export {
  form form;
  th_json_parser *parser;
  char retrieved[20];
  size_t sent;
}
export;

static void drop(void *ctx) {
  export *e = ctx;
  th_json_parser_free(e->parser);
  free(e);
}

static void begin(void *ctx, th_buf *out) {
  export *e = ctx;
  if (e->form == FORM_CSV) th_csv_header(out, UINT32_MAX);
  if (e->form == FORM_JSON) th_buf_str(out, "[\n");
}

static int put(void *ctx, uint32_t nct, th_span json, th_buf *out, th_err *err) {
  export *e = ctx;
  th_json j;
  (void)nct;
  if (e->form == FORM_JSON) {
    if (e->sent++) th_buf_str(out, ",\n");
    th_json_compact(out, json);
    return TH_OK;
  }
  int rc = th_json_parse(e->parser, json, &j, err);
  if (rc) return rc;
  if (e->form == FORM_CSV)
    th_csv_row(out, &j, UINT32_MAX);
  else
    rc = th_ris_put(out, &j, UINT32_MAX, e->retrieved, err);
  return rc;
}

static bool end(void *ctx, th_buf *out) {
  export *e = ctx;
  if (e->form == FORM_JSON) th_buf_str(out, "\n]\n");
  return true;
}

static const th_record_form records = {
    .piece = PIECE, .begin = begin, .put = put, .end = end, .drop = drop};

/* ---- searching ---- */

/* order NULL: the page's own. A state with errors is not searched. */
static int find(const th_portal *p, th_request *rq, portal_state *s, uint32_t most,
                const th_sort *order, th_search_result *found, th_err *err) {
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_state_read(s, rq, snapshot, p->known, err);
  th_search_request wanted = {.scored = s->scored,
                              .filter = th_portal_state_filter(s, 0),
                              .sort = {order ? *order : s->order},
                              .n_sort = 1,
                              .point_lat = s->lat,
                              .point_lon = s->lon,
                              .placed = true,
                              .size = most ? most : snapshot->n_live};
  if (!rc && !s->n_errors) rc = th_search(snapshot, &wanted, rq->arena, found, err);
  th_index_release(index, snapshot);
  return rc;
}

/* A search with a mistake in it has a page that says so, and no export. */
static int refuse(const th_portal *p, th_request *rq, th_response *rs, const portal_state *s,
                  th_err *err) {
  return th_portal_sorry(p, rq, rs, 400, M(this_search_needs_a_change),
                         th_span_of(s->errors[0].message), err);
}

static int start_export(const th_portal *p, th_response *rs, form f, const th_search_result *found,
                        th_err *err) {
  static const struct {
    const char *type, *disposition;
  } forms[] = {{"text/csv; charset=UTF-8", "attachment; filename=\"studies.csv\""},
               {"application/json", "attachment; filename=\"studies.json\""},
               {"application/x-research-info-systems", "attachment; filename=\"studies.ris\""}};
  export *e = calloc(1, sizeof *e);
  uint32_t *ncts = malloc(((size_t)found->n_hits + 1) * sizeof *ncts);
  if (e) *e = (export){.form = f, .parser = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH)};
  if (!e || !e->parser || !ncts) {
    if (e) drop(e);
    free(ncts);
    return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  }
  for (size_t i = 0; i < found->n_hits; i++)
    ncts[i] = found->hits[i].nct;
  th_registry_timestamp(p->registry, e->retrieved);
  rs->type = forms[f].type;
  rs->cache = "no-cache";
  th_response_header(rs, "Content-Disposition", forms[f].disposition);
  return th_record_stream(rs, p->registry, ncts, found->n_hits, &records, e, err);
}

static int answer_export(void *ctx, th_request *rq, th_response *rs, form f, th_err *err) {
  const th_portal *p = ctx;
  portal_state s;
  th_search_result found;
  int rc = find(p, rq, &s, 0, NULL, &found, err);
  if (rc) return rc;
  return s.n_errors ? refuse(p, rq, rs, &s, err) : start_export(p, rs, f, &found, err);
}

int th_portal_csv(void *portal, th_request *rq, th_response *rs, th_err *err) {
  return answer_export(portal, rq, rs, FORM_CSV, err);
}
int th_portal_json(void *portal, th_request *rq, th_response *rs, th_err *err) {
  return answer_export(portal, rq, rs, FORM_JSON, err);
}
int th_portal_ris(void *portal, th_request *rq, th_response *rs, th_err *err) {
  return answer_export(portal, rq, rs, FORM_RIS, err);
}

/* ---- Atom (RFC 4287) ---- */

/* Only the characters that XML 1.0 knows; others are blanks. */
static void put_xml(th_buf *out, th_span text) {
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    size_t n = 1;
    while (i + n < text.n && ((unsigned char)text.p[i + n] & 0xC0) == 0x80)
      n++;
    bool known = c >= 0x20 || c == '\n' || c == '\t';
    /* U+FFFE and U+FFFF */
    if (n == 3 && c == 0xEF && (unsigned char)text.p[i + 1] == 0xBF &&
        (unsigned char)text.p[i + 2] >= 0xBE)
      known = false;
    th_html_escape(known ? (th_span){text.p + i, n} : TH_SPAN(" "), out);
    i += n - 1;
  }
}

static void put_element(th_buf *out, const char *name, th_span text) {
  th_buf_printf(out, "<%s>", name);
  put_xml(out, text);
  th_buf_printf(out, "</%s>\n", name);
}

/* "2026-08-14" as a moment; what is less exact counts from its first day. */
static void put_time(th_buf *out, const char *name, th_span date) {
  th_date d;
  th_buf_printf(out, "<%s>", name);
  if (th_date_parse(date, &d)) {
    th_date day = {.first_day = d.first_day, .last_day = d.first_day, .precision = TH_DATE_DAY};
    th_date_iso(&day, out);
  } else {
    th_buf_str(out, "1970-01-01");
  }
  th_buf_printf(out, "T00:00:00Z</%s>\n", name);
}

static void put_entry(th_buf *out, const char *base, uint32_t nct, const th_json *j) {
  th_span title = th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle");
  th_span summary = th_json_path_text(j, 0, "protocolSection.descriptionModule.briefSummary");
  th_buf path;
  th_buf_init(&path, 1 << 12);
  th_slug_study_path(nct, title, &path);
  th_buf_str(out, "<entry>\n");
  put_element(out, "title", title.n ? title : TH_SPAN("Study"));
  th_buf_printf(out, "<id>%s/study/NCT%08u</id>\n<link href=\"%s%.*s\"/>\n", base, nct, base,
                (int)path.n, path.p);
  put_time(out, "updated",
           th_json_path_text(j, 0, "protocolSection.statusModule.lastUpdatePostDateStruct.date"));
  th_buf_clear(&path);
  th_markup_unescape((th_span){summary.p, TH_MIN(summary.n, (size_t)SUMMARY)}, &path);
  put_element(out, "summary", th_buf_view(&path));
  th_buf_str(out, "</entry>\n");
  th_buf_dispose(&path);
}

static int put_entries(const th_portal *p, portal_worker *w, th_buf *out, const char *base,
                       const th_search_result *found, th_err *err) {
  for (uint32_t i = 0; i < found->n_hits; i++) {
    th_record record;
    th_json j;
    uint32_t current = 0;
    th_err local = {0};
    int rc =
        th_registry_study(p->registry, found->hits[i].nct, &w->record, &record, &current, &local);
    if (rc == TH_ENOTFOUND) continue;
    if (!rc) rc = th_json_parse(w->parser, record.json, &j, &local);
    if (rc) return th_err_set(err, rc, "%s", local.message);
    put_entry(out, base, found->hits[i].nct, &j);
  }
  return TH_OK;
}

/* "/search.atom?…" is the feed of "/search?…". */
static void put_address(th_buf *out, const char *base, const char *path, const portal_state *s) {
  th_buf url;
  th_buf_init(&url, 1 << 16);
  th_portal_state_url(s, "sort", -1, NULL, (th_span){0}, 1, &url);
  put_xml(out, th_span_of(base));
  th_buf_str(out, path);
  if (url.n > 7) put_xml(out, (th_span){url.p + 7, url.n - 7}); /* behind "/search" */
  th_buf_dispose(&url);
}

/* What is searched for, behind the title of a feed. */
static void put_words(th_buf *out, const portal_state *s) {
  const char *before = ": ";
  for (unsigned i = 0; i < th_n_text_params && i < PORTAL_TEXTS; i++) {
    if (!s->text[i].n) continue;
    th_buf_str(out, before);
    th_html_escape(s->text[i], out);
    before = ", ";
  }
}

int th_portal_atom(void *portal, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = portal;
  portal_state s;
  th_search_result found;
  char stamp[20];
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a feed");
  static const th_sort newest = {TH_F_LastUpdatePostDate, true};
  int rc = find(p, rq, &s, FEED, &newest, &found, err);
  if (rc) return rc;
  if (s.n_errors) return refuse(p, rq, rs, &s, err);
  const char *base = th_portal_base(p, rq);
  th_registry_timestamp(p->registry, stamp);
  th_buf *out = &rs->body;
  th_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<feed xmlns=\"http://www.w3.org/2005/Atom\">\n<title>Trialhead");
  put_words(out, &s);
  th_buf_str(out, "</title>\n<id>");
  put_address(out, base, "/search", &s);
  th_buf_str(out, "</id>\n<link rel=\"self\" href=\"");
  put_address(out, base, "/search.atom", &s);
  th_buf_str(out, "\"/>\n<link href=\"");
  put_address(out, base, "/search", &s);
  th_buf_printf(out,
                "\"/>\n<author><name>ClinicalTrials.gov</name></author>\n<updated>%sZ</updated>\n",
                stamp);
  rc = put_entries(p, w, out, base, &found, err);
  th_buf_str(out, "</feed>\n");
  rs->type = "application/atom+xml; charset=UTF-8";
  rs->cache = "no-cache";
  return rc;
}
