/* The versions of a study that are kept here, and what changed between any two of them.
 *
 *   /study/{nct}/history              the versions
 *   /study/{nct}/history?from=1&to=2  leads to
 *   /study/{nct}/history/1..2         the difference
 */
#include "portal/internal.h"
#include "portal/slug.h"
#include "portal/study_diff.h"
#include "portal/study_page.h"
#include "portal/words.h"
#include "study/catalogue.h"
#include "study/nct.h"

#include <stdio.h>

enum { MOST_VERSIONS = 500, MOST_READ = 20 };

typedef struct version {
  uint32_t number;
  int64_t stored_utc;
  bool removed;
  char posted[16]; /* the record's own date, when it was read for this page; else empty */
} version;

typedef struct history {
  const th_portal *portal;
  portal_worker *w;
  th_request *rq;
  th_store_reader *reader;
  uint32_t nct, last; /* the newest version */
  size_t n, all;
  version versions[MOST_VERSIONS]; /* newest first */
  th_span title;
  bool made_up;
} history;

/* ---- reading ---- */

static int take_entry(void *ctx, const th_record *record) {
  history *y = ctx;
  y->all++;
  if (record->kind == TH_CHANGE_PUT && record->version > y->last) y->last = record->version;
  if (y->n < MOST_VERSIONS)
    y->versions[y->n++] =
        (version){record->version, record->stored_utc, record->kind == TH_CHANGE_REMOVE, ""};
  return 0;
}

static int read_version(history *y, uint32_t number, th_buf *into, th_json_parser *parser,
                        th_json *out, th_err *err) {
  th_record record;
  int rc = th_store_get(y->reader, y->nct, (int)number, into, &record, err);
  if (rc) return rc;
  rc = th_json_parse(parser, record.json, out, err);
  return rc == TH_EINPUT ? TH_ECORRUPT : rc;
}

static th_span title_of(const th_json *j) {
  return th_json_path_text(j, 0, "protocolSection.identificationModule.briefTitle");
}

static int read_title(history *y, th_err *err) {
  th_json j;
  int rc = y->last ? read_version(y, y->last, &y->w->record, y->w->parser, &j, err) : TH_OK;
  if (rc || !y->last) return rc;
  y->made_up = th_study_is_made_up(&j);
  y->title = th_arena_dup(y->rq->arena, title_of(&j));
  return y->title.p || !y->title.n ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a page");
}

static th_span posted_of(const th_json *j) {
  return th_json_path_text(j, 0, "protocolSection.statusModule.lastUpdatePostDateStruct.date");
}

static void note_posted(history *y, uint32_t number, const th_json *j) {
  th_span date = posted_of(j);
  for (size_t i = 0; i < y->n; i++)
    if (y->versions[i].number == number && date.n < sizeof y->versions[i].posted)
      snprintf(y->versions[i].posted, sizeof y->versions[i].posted, "%.*s", (int)date.n, date.p);
}

/* ---- writing ---- */

static void put_day(th_html *h, int64_t utc) {
  th_date day = {.precision = TH_DATE_DAY};
  day.first_day = day.last_day = (int32_t)(utc / 86400);
  th_words_day(h->lang, &day, th_html_scratch(h));
  th_html_scratch_text(h);
}

/* The day that readers know a version by: the record's, else the one it came here. */
static void put_version_day(th_html *h, const version *v) {
  if (!v->posted[0]) {
    put_day(h, v->stored_utc);
    return;
  }
  th_words_date(h->lang, th_span_of(v->posted), th_html_scratch(h));
  th_html_scratch_text(h);
}

static const version *find_version(const history *y, uint32_t number) {
  for (size_t i = 0; i < y->n; i++)
    if (y->versions[i].number == number && !y->versions[i].removed) return &y->versions[i];
  return NULL;
}

static th_buf *history_path(const history *y, th_html *h) {
  char number[TH_NCT_LEN + 1];
  th_buf *s = th_html_scratch(h);
  th_buf_printf(s, "/study/%s/history", th_nct_format(y->nct, number));
  return s;
}

static void put_compare_link(const history *y, th_html *h, uint32_t from, uint32_t to,
                             const char *text) {
  th_html_open(h, "a", NULL);
  th_buf *s = history_path(y, h);
  th_buf_printf(s, "/%u..%u", from, to);
  (void)th_html_href(h, th_buf_view(s));
  th_html_str(h, text);
  th_html_close(h);
}

static void put_head(const history *y, th_html *h, const char *title) {
  th_html_element_str(h, "h1", NULL, title);
  th_html_open(h, "p", "lead");
  th_html_open(h, "a", NULL);
  th_buf *s = th_html_scratch(h);
  th_slug_study_path(y->nct, y->title, s);
  (void)th_html_href(h, th_buf_view(s));
  char number[TH_NCT_LEN + 1];
  th_html_text(h, y->title.n ? y->title : th_span_of(th_nct_format(y->nct, number)));
  th_html_close_n(h, 2);
}

/* The record's own date and status, of the newest versions: each is a record to be read. */
static int put_facts(history *y, th_html *h, uint32_t number, th_err *err) {
  th_json j;
  int rc = read_version(y, number, &y->w->record, y->w->parser, &j, err);
  if (rc) return rc;
  th_html_open(h, "td", NULL);
  note_posted(y, number, &j);
  th_words_date(h->lang, posted_of(&j), th_html_scratch(h));
  th_html_scratch_text(h);
  th_html_close(h);
  th_span status = th_json_path_text(&j, 0, "protocolSection.statusModule.overallStatus");
  if (status.n)
    th_page_status(h, "td", TH_F_OverallStatus, status);
  else
    th_html_element_str(h, "td", NULL, "");
  return TH_OK;
}

static int put_row(history *y, th_html *h, size_t i, size_t read, th_err *err) {
  const version *v = &y->versions[i];
  int rc = TH_OK;
  th_html_open(h, "tr", NULL);
  th_html_open(h, "th", NULL);
  th_html_attr_str(h, "scope", "row");
  th_html_i64(h, v->number);
  th_html_close(h);
  th_html_open(h, "td", NULL);
  put_day(h, v->stored_utc);
  th_html_close(h);
  if (!v->removed && read < MOST_READ) {
    rc = put_facts(y, h, v->number, err);
  } else {
    th_html_element_str(h, "td", NULL, "");
    th_html_element_str(h, "td", NULL, v->removed ? M(removed) : "");
  }
  th_html_open(h, "td", NULL);
  if (!v->removed && v->number > 1)
    put_compare_link(y, h, v->number - 1, v->number, M(what_changed));
  th_html_close_n(h, 2);
  return rc;
}

static void put_choice(const history *y, th_html *h, const char *name, const char *label,
                       uint32_t chosen) {
  char *id = th_arena_printf(y->rq->arena, "version-%s", name);
  th_html_open(h, "div", "field");
  th_html_open(h, "label", NULL);
  th_html_attr_str(h, "for", id ? id : name);
  th_html_str(h, label);
  th_html_close(h);
  th_html_open(h, "select", NULL);
  th_html_attr_str(h, "id", id ? id : name);
  th_html_attr_str(h, "name", name);
  for (size_t i = 0; i < y->n; i++) {
    if (y->versions[i].removed) continue;
    th_html_open(h, "option", NULL);
    th_html_attr_u64(h, "value", y->versions[i].number);
    if (y->versions[i].number == chosen) th_html_flag(h, "selected");
    th_html_i64(h, y->versions[i].number);
    th_html_str(h, ", ");
    put_version_day(h, &y->versions[i]);
    th_html_close(h);
  }
  th_html_close_n(h, 2);
}

/* Any two versions, without a script. */
static void put_form(const history *y, th_html *h, uint32_t from, uint32_t to) {
  if (y->last < 2) return;
  th_html_open(h, "form", "versions");
  th_buf *s = history_path(y, h);
  th_buf_char(s, 0);
  th_html_action(h, s->p ? s->p : "/");
  put_choice(y, h, "from", M(from_version), from);
  put_choice(y, h, "to", M(to_version), to);
  th_html_submit(h, NULL, M(compare));
  th_html_close(h);
}

static int put_versions(history *y, th_html *h, th_err *err) {
  static const char *const columns[] = {M(version), M(kept_since), M(last_update_posted), M(status),
                                        M(difference)};
  int rc = TH_OK;
  size_t read = 0;
  th_html_open(h, "section", "scroll");
  th_html_attr_str(h, "aria-label", M(versions));
  th_html_attr_str(h, "tabindex", "0");
  th_html_open(h, "table", NULL);
  th_html_open(h, "thead", NULL);
  th_html_open(h, "tr", NULL);
  for (size_t i = 0; i < TH_COUNT(columns); i++) {
    th_html_open(h, "th", NULL);
    th_html_attr_str(h, "scope", "col");
    th_html_str(h, columns[i]);
    th_html_close(h);
  }
  th_html_close_n(h, 2);
  th_html_open(h, "tbody", NULL);
  for (size_t i = 0; !rc && i < y->n; i++)
    rc = put_row(y, h, i, read++, err);
  th_html_close_n(h, 3);
  return rc;
}

static int put_list(history *y, th_html *h, th_err *err) {
  put_head(y, h, M(history_of_the_study));
  th_html_element_str(h, "p", NULL, y->all == 1 ? M(history_one_version) : M(history_about));
  int rc = put_versions(y, h, err);
  if (rc) return rc;
  if (y->all > y->n) th_html_element_str(h, "p", "quiet", M(older_versions_are_left_out));
  put_form(y, h, y->last - 1, y->last);
  return TH_OK;
}

static void put_span_of_time(const history *y, th_html *h, uint32_t from, uint32_t to) {
  const version *a = find_version(y, from), *b = find_version(y, to);
  th_html_open(h, "p", "quiet");
  th_html_str(h, M(lead_version));
  th_html_i64(h, from);
  if (a) th_html_str(h, ", ");
  if (a) put_version_day(h, a);
  th_html_str(h, " \xE2\x86\x92 ");
  th_html_str(h, M(lead_version));
  th_html_i64(h, to);
  if (b) th_html_str(h, ", ");
  if (b) put_version_day(h, b);
  th_html_close(h);
}

static void put_neighbours(const history *y, th_html *h, uint32_t from, uint32_t to) {
  th_html_open(h, "nav", "neighbours");
  th_html_attr_str(h, "aria-label", M(versions));
  if (from > 1) put_compare_link(y, h, from - 1, from, M(the_change_before));
  th_html_str(h, " ");
  if (to < y->last) put_compare_link(y, h, to, to + 1, M(the_change_after));
  th_html_str(h, " ");
  th_html_link(h, NULL, th_buf_view(history_path(y, h)), th_span_of(M(all_versions)));
  th_html_close(h);
}

static int put_difference(history *y, th_html *h, uint32_t from, uint32_t to, th_err *err) {
  th_json a, b;
  unsigned changes = 0;
  if (!y->w->other) y->w->other = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  if (!y->w->other) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  int rc = read_version(y, from, &y->w->older, y->w->other, &a, err);
  if (!rc) rc = read_version(y, to, &y->w->record, y->w->parser, &b, err);
  if (rc) return rc;
  note_posted(y, from, &a);
  note_posted(y, to, &b);
  put_head(y, h, M(what_changed));
  put_span_of_time(y, h, from, to);
  th_html_open(h, "p", "legend");
  th_html_element_str(h, "del", NULL, M(taken_away));
  th_html_str(h, " ");
  th_html_element_str(h, "ins", NULL, M(added));
  th_html_close(h);
  rc = th_study_diff(h, &a, &b, y->rq->arena, &changes, err);
  if (rc) return rc;
  if (changes == 0) th_html_element_str(h, "p", NULL, M(nothing_that_pages_show_has_changed));
  if (changes > TH_STUDY_DIFF_SHOWN) {
    th_html_open(h, "p", "quiet");
    th_html_str(h, M(lead_further_changes));
    th_html_i64(h, changes - TH_STUDY_DIFF_SHOWN);
    th_html_close(h);
  }
  put_neighbours(y, h, from, to);
  put_form(y, h, from, to);
  return TH_OK;
}

/* ---- asked for ---- */

static bool parse_number(th_span s, uint32_t *out) {
  uint32_t v = 0;
  if (s.n == 0 || s.n > 7) return false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return false;
    v = v * 10 + (uint32_t)(s.p[i] - '0');
  }
  *out = v;
  return v > 0;
}

/* "1..2" */
static bool parse_range(th_span s, uint32_t *from, uint32_t *to) {
  ptrdiff_t dots = th_span_find(s, TH_SPAN(".."));
  if (dots < 0) return false;
  size_t at = (size_t)dots;
  return parse_number((th_span){s.p, at}, from) &&
         parse_number((th_span){s.p + at + 2, s.n - at - 2}, to);
}

static int write_page(history *y, th_response *rs, uint32_t from, uint32_t to, th_err *err) {
  th_html h;
  char number[TH_NCT_LEN + 1];
  th_page_frame frame = {.made_up = y->made_up, .no_index = to != 0};
  char *path = th_arena_printf(y->rq->arena, "/study/%s/history", th_nct_format(y->nct, number));
  th_lang lang = th_lang_of_path(y->rq->path);
  char *title =
      th_arena_printf(y->rq->arena, "%s: %s",
                      th_say_str(lang, to ? M(what_changed) : M(history_of_the_study)), number);
  if (!path || !title) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  frame.title = th_span_of(title);
  frame.canonical = to ? NULL : path;
  frame.description = th_span_of(M(history_about));
  th_portal_begin(&h, y->w, y->rq, rs);
  th_page_begin(&h, &frame);
  th_html_open(&h, "article", "history");
  int rc = to ? put_difference(y, &h, from, to, err) : put_list(y, &h, err);
  if (rc) return rc;
  th_html_close(&h);
  th_page_end(&h, &frame);
  return th_portal_end(&h, rs, 200, err);
}

/* What the form asks for has an address of its own. */
static int redirect_form(history *y, th_response *rs, bool *done, th_err *err) {
  char number[TH_NCT_LEN + 1];
  uint32_t from, to;
  if (!parse_number(th_request_value(y->rq, "from"), &from) ||
      !parse_number(th_request_value(y->rq, "to"), &to))
    return TH_OK;
  char *path = th_arena_printf(y->rq->arena, "/study/%s/history/%u..%u",
                               th_nct_format(y->nct, number), from, to);
  if (path) path = th_portal_path(y->rq, path);
  if (!path) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_response_redirect(rs, 302, path);
  *done = true;
  return TH_OK;
}

static int answer(history *y, th_response *rs, th_err *err) {
  uint32_t from = 0, to = 0;
  bool done = false;
  int rc = th_store_history(y->reader, y->nct, take_entry, y, err);
  if (rc == TH_ENOTFOUND) return th_portal_no_study(y->portal, y->rq, rs, y->nct, err);
  if (!rc) rc = redirect_form(y, rs, &done, err);
  if (rc || done) return rc;
  if (y->rq->segment2.n &&
      (!parse_range(y->rq->segment2, &from, &to) || from > y->last || to > y->last))
    return th_portal_sorry(y->portal, y->rq, rs, 404, M(there_are_no_such_versions),
                           th_span_of(M(versions_are_numbered)), err);
  rc = read_title(y, err);
  return rc ? rc : write_page(y, rs, from, to, err);
}

int th_portal_history(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  uint32_t nct;
  if (!th_nct_parse(th_span_trim(rq->segment), &nct))
    return th_portal_sorry(p, rq, rs, 404, M(that_is_no_study_number),
                           th_span_of(M(a_studys_number_is_nct)), err);
  history *y = th_arena_calloc(rq->arena, 1, sizeof *y);
  portal_worker *w = th_portal_worker(p, rq);
  if (!y || !w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  *y = (history){.portal = p, .w = w, .rq = rq, .nct = nct};
  y->reader = th_store_reader_acquire(th_registry_store(p->registry), err);
  if (!y->reader) return err && err->code ? err->code : TH_EIO;
  int rc = answer(y, rs, err);
  th_store_reader_release(y->reader);
  return rc;
}
