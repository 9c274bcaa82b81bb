/* /api/rss: what a search has had in new or changed studies in the last fourteen days, as RSS 2.0
 * (https://www.rssboard.org/rss-specification). Days count back from the data's own. */
#include "api/agg.h"
#include "api/internal.h"
#include "api/params.h"
#include "query/params.h"
#include "query/search.h"
#include "study/date.h"
#include "study/nct.h"
#include "study/view.h"

#include <stdio.h>
#include <time.h>

enum { DAYS = 14, MOST_ITEMS = 1000, MOST_PARTS = 24 };

#define SITE "https://clinicaltrials.gov"

static const char *const names[] = {"cond", "term",   "intr",       "titles",   "outc",    "spons",
                                    "lead", "id",     "locn",       "patient",  "country", "state",
                                    "city", "locStr", "aggFilters", "dateField"};

typedef struct feed {
  const th_request *rq;
  th_query *parts[MOST_PARTS];
  size_t n;
  uint16_t date_field;
  int32_t today;
  const char *base; /* of links: "http://host" */
  th_buf *out;
  th_span query; /* what links carry on: the request's parameters but dateField */
} feed;

static int add(feed *f, th_query *part, th_err *err) {
  if (!part) return th_err_set(err, TH_ENOMEM, "out of memory");
  if (f->n == MOST_PARTS) return th_err_set(err, TH_EUSAGE, "The request has too many parts");
  f->parts[f->n++] = part;
  return TH_OK;
}

static int read_texts(feed *f, th_err *err) {
  int rc = TH_OK;
  for (unsigned i = 0; i < th_n_text_params && !rc; i++) {
    const th_text_param *p = &th_text_params[i];
    th_span text = th_span_trim(th_request_value(f->rq, p->name));
    th_query *part = NULL;
    if (!text.n) continue;
    rc = th_query_parse(&part, f->rq->arena, text, p->area, p->label, err);
    if (!rc) rc = add(f, part, err);
  }
  return rc;
}

static int read_places(feed *f, th_err *err) {
  static const char *const places[] = {"country", "state", "city"};
  th_query *part = NULL;
  int rc = TH_OK;
  for (size_t i = 0; i < TH_COUNT(places) && !rc; i++) {
    th_span text = th_span_trim(th_request_value(f->rq, places[i]));
    if (!text.n) continue;
    rc = th_filter_parse(&part, f->rq->arena, th_span_of(places[i]), text, err);
    if (!rc) rc = add(f, part, err);
  }
  th_span typed = th_span_trim(th_request_value(f->rq, "locStr"));
  if (rc || !typed.n) return rc;
  rc = th_query_typed(&part, f->rq->arena, typed, TH_A_LocationSearch, err);
  return rc ? rc : add(f, part, err);
}

static int read_feed(feed *f, th_err *err) {
  static const char *const fields[] = {"StudyFirstPostDate", "LastUpdatePostDate"};
  unsigned choice;
  th_query *boxes = NULL;
  int rc = th_params_check(f->rq, names, TH_COUNT(names), "", err);
  if (!rc) rc = th_param_choice(f->rq, "dateField", fields, TH_COUNT(fields), &choice, err);
  if (!rc) rc = read_texts(f, err);
  if (!rc) rc = read_places(f, err);
  if (!rc) rc = th_agg_parse(&boxes, f->rq->arena, th_request_value(f->rq, "aggFilters"), err);
  if (!rc && boxes) rc = add(f, boxes, err);
  if (rc) return rc;
  f->date_field = choice ? TH_F_LastUpdatePostDate : TH_F_StudyFirstPostDate;
  return add(f, th_query_range(f->rq->arena, f->date_field, f->today - DAYS, f->today + 1, false),
             err);
}

/* ---- XML ---- */

/* Text with what XML does not allow left out. */
static void put_text(th_buf *out, th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '&')
      th_buf_str(out, "&amp;");
    else if (c == '<')
      th_buf_str(out, "&lt;");
    else if (c == '>')
      th_buf_str(out, "&gt;");
    else if ((unsigned char)c >= 0x20 || c == '\n' || c == '\t')
      th_buf_char(out, c);
  }
}

static void put_element(th_buf *out, const char *name, th_span text) {
  th_buf_printf(out, "<%s>", name);
  put_text(out, text);
  th_buf_printf(out, "</%s>", name);
}

/* "Thu, 15 Aug 2024 00:00:00 GMT" (RFC 822 with four digits of the year). */
static void put_date(th_buf *out, const char *element, int64_t utc) {
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  time_t t = (time_t)utc;
  struct tm tm;
  if (!gmtime_r(&t, &tm)) return;
  th_buf_printf(out, "<%s>%s, %02d %s %04d %02d:%02d:%02d GMT</%s>", element, days[tm.tm_wday % 7],
                tm.tm_mday, months[tm.tm_mon % 12], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                tm.tm_sec, element);
}

/* ---- items ---- */

/* A line of the description, HTML inside XML: "<b>Conditions</b>: a; b<br/>". */
static void put_line(th_buf *html, const char *label, th_span text) {
  if (!text.n) return;
  th_buf_printf(html, "<b>%s</b>: ", label);
  put_text(html, text);
  th_buf_str(html, "<br/>");
}

static void put_list(th_buf *html, const th_json *j, const char *label, const char *path,
                     const char *key) {
  uint32_t list = th_json_path(j, 0, path);
  th_buf all;
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  th_buf_init(&all, 0);
  for (th_json_each(j, list, item)) {
    th_span text = key ? th_json_path_text(j, item, key) : th_json_text(j, item);
    if (text.n && all.n) th_buf_str(&all, "; ");
    th_buf_span(&all, text);
  }
  put_line(html, label, th_buf_view(&all));
  if (all.error) html->error = all.error;
  th_buf_dispose(&all);
}

static void put_description(th_buf *out, const th_json *j) {
  th_buf html;
  th_buf_init(&html, 0);
  th_span status = th_json_path_text(j, 0, th_fields[TH_F_OverallStatus].path);
  const char *label = th_view_label(TH_F_OverallStatus, status);
  put_list(&html, j, "Conditions", th_fields[TH_F_Condition].path, NULL);
  put_list(&html, j, "Interventions", th_fields[TH_F_Intervention].path, "name");
  put_line(&html, "Sponsors", th_json_path_text(j, 0, th_fields[TH_F_LeadSponsorName].path));
  put_list(&html, j, "Collaborators", th_fields[TH_F_Collaborator].path, "name");
  put_line(&html, "Status", label ? th_span_of(label) : status);
  put_element(out, "description", th_buf_view(&html));
  if (html.error) out->error = html.error;
  th_buf_dispose(&html);
}

static void put_item(feed *f, const th_json *j, uint32_t nct) {
  char number[TH_NCT_LEN + 1];
  th_buf *out = f->out;
  th_date day;
  th_buf_str(out, "<item>");
  put_element(out, "title", th_json_path_text(j, 0, th_fields[TH_F_BriefTitle].path));
  th_nct_format(nct, number);
  th_buf_printf(out, "<link>%s/study/%s", f->base, number);
  if (f->query.n) th_buf_char(out, '?');
  put_text(out, f->query);
  th_buf_str(out, "</link>");
  put_description(out, j);
  th_buf_printf(out, "<guid isPermaLink=\"false\">%s</guid>", number);
  if (th_date_parse(th_json_path_text(j, 0, th_fields[f->date_field].path), &day))
    put_date(out, "pubDate", (int64_t)day.first_day * 86400);
  th_buf_str(out, "</item>\n");
}

static int put_items(feed *f, th_api *api, th_desk *desk, const th_search_result *found,
                     th_err *err) {
  for (uint32_t i = 0; i < found->n_hits; i++) {
    th_span json;
    th_json parsed;
    uint32_t current;
    th_err own = {0};
    int rc = th_desk_record(api, desk, found->hits[i].nct, false, &json, NULL, &current, &own);
    if (rc == TH_ENOTFOUND) continue;
    if (!rc) rc = th_desk_parse(desk, json, &parsed, &own);
    if (rc) return th_err_set(err, TH_ECORRUPT, "%s", own.message);
    put_item(f, &parsed, found->hits[i].nct);
  }
  return TH_OK;
}

/* ---- the feed ---- */

/* "http://host" when the client named a host that can stand in an address, else the registry's. */
static const char *base_of(const th_request *rq) {
  th_span host = rq->host;
  bool good = host.n > 0 && host.n < 256;
  for (size_t i = 0; i < host.n && good; i++) {
    char c = host.p[i];
    good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(".-:[]", c));
  }
  const char *base = good ? th_arena_printf(rq->arena, "http://%.*s", (int)host.n, host.p) : SITE;
  return base ? base : SITE;
}

/* The parameters of the search, encoded anew. */
static th_span carried_on(const th_request *rq) {
  th_buf b;
  th_buf_init(&b, 0);
  for (unsigned i = 0; i < rq->n_params; i++) {
    const th_param *p = &rq->params[i];
    if (!p->value.n || th_span_eq(p->name, TH_SPAN("dateField"))) continue;
    if (b.n) th_buf_char(&b, '&');
    th_url_encode(&b, p->name);
    th_buf_char(&b, '=');
    th_url_encode(&b, p->value);
  }
  th_span copy = b.n ? th_arena_dup(rq->arena, th_buf_view(&b)) : (th_span){0};
  th_buf_dispose(&b);
  return copy;
}

static void begin_feed(feed *f, const th_desk *desk) {
  th_buf *out = f->out;
  th_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" "
                  "xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel>\n");
  put_element(out, "title",
              f->date_field == TH_F_LastUpdatePostDate
                  ? TH_SPAN("ClinicalTrials.gov: studies updated in the last 14 days")
                  : TH_SPAN("ClinicalTrials.gov: studies first posted in the last 14 days"));
  th_buf_printf(out, "<link>%s/search", f->base);
  if (f->query.n) th_buf_char(out, '?');
  put_text(out, f->query);
  th_buf_str(out, "</link>");
  put_element(out, "description", TH_SPAN("Studies that a search finds, as they come"));
  th_buf_printf(out, "<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"%s/api/rss",
                f->base);
  if (f->query.n) th_buf_char(out, '?');
  put_text(out, f->query);
  th_buf_str(out, "\"/><language>en-us</language>");
  put_date(out, "lastBuildDate", desk->data_utc);
  th_buf_str(out, "<ttl>1440</ttl>\n");
}

static int answer(feed *f, th_api *api, th_desk *desk, const th_snapshot *snapshot, th_err *err) {
  th_search_result found;
  f->today = (int32_t)(desk->data_utc / 86400);
  int rc = read_feed(f, err);
  th_search_request ask = {.sort = {{f->date_field, true}}, .n_sort = 1, .size = MOST_ITEMS};
  if (!rc) {
    ask.filter = th_query_and(f->rq->arena, f->parts, f->n);
    rc = ask.filter ? th_search(snapshot, &ask, f->rq->arena, &found, err)
                    : th_err_set(err, TH_ENOMEM, "out of memory");
  }
  if (rc) return rc;
  f->base = base_of(f->rq);
  f->query = carried_on(f->rq);
  begin_feed(f, desk);
  rc = put_items(f, api, desk, &found, err);
  th_buf_str(f->out, "</channel></rss>\n");
  return rc;
}

int th_api_rss(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_api *api = ctx;
  feed f = {.rq = rq, .out = &rs->body};
  th_index *index = th_registry_index(api->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (!snapshot) return th_err_set(err, TH_EIO, "the index cannot be read");
  th_desk *desk = th_desk_open(api, rq, snapshot->applied_seq, err);
  int rc = desk ? answer(&f, api, desk, snapshot, err) : TH_ENOMEM;
  th_index_release(index, snapshot);
  rs->type = "application/rss+xml; charset=UTF-8";
  if (!rc) th_desk_tag(desk, rq, rs);
  return rc;
}
