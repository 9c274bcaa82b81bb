/* The dates of a study. The main ones as a drawing: a row a date, its place on one axis of time.
 * The words stand beside the drawing as text, for screen readers, for large type and for narrow
 * screens; the drawing has places in per cent and no words of its own. Dates of the record's own
 * affairs follow as a list. */
#include "portal/study_parts.h"

enum { MOST = 8, ROW = 16, NARROWEST = 30 /* days that the axis has at least */ };

typedef struct moment {
  const char *label;
  th_date date;
  bool estimated, today;
} moment;

typedef struct axis {
  int32_t from, to;         /* days */
  int32_t run_from, run_to; /* from start to completion; run_from > run_to: not known */
  int32_t today;            /* 0 = not drawn */
  size_t n;
  moment moments[MOST];
} axis;

static void add(axis *x, moment m) {
  if (x->n == MOST) return;
  x->moments[x->n++] = m;
  x->from = x->n == 1 ? m.date.first_day : TH_MIN(x->from, m.date.first_day);
  x->to = x->n == 1 ? m.date.last_day : TH_MAX(x->to, m.date.last_day);
}

static int by_day(const void *a, const void *b) {
  const moment *x = a, *y = b;
  if (x->date.first_day != y->date.first_day) return x->date.first_day < y->date.first_day ? -1 : 1;
  return (x->label > y->label) - (x->label < y->label);
}

static const char *const drawn[][2] = {{M(study_start), "startDateStruct"},
                                       {M(primary_completion), "primaryCompletionDateStruct"},
                                       {M(study_completion), "completionDateStruct"},
                                       {M(first_posted), "studyFirstPostDateStruct"},
                                       {M(results_first_posted), "resultsFirstPostDateStruct"},
                                       {M(last_update_posted), "lastUpdatePostDateStruct"}};
static const char *const listed[][2] = {
    {M(first_submitted), "studyFirstSubmitDate"},
    {M(results_first_submitted), "resultsFirstSubmitDate"},
    {M(delayed_results_first_posted), "dispFirstPostDateStruct"},
    {M(last_update_submitted), "lastUpdateSubmitDate"},
    {M(last_verified), "statusVerifiedDate"}};

static void read_dates(const th_study_view *v, axis *x) {
  for (size_t i = 0; i < TH_COUNT(drawn); i++) {
    uint32_t node = th_part_object(v, v->status, drawn[i][1]);
    moment m = {.label = drawn[i][0]};
    if (!th_date_parse(th_part_text(v, node, "date"), &m.date)) continue;
    m.estimated = th_span_eq(th_part_text(v, node, "type"), TH_SPAN("ESTIMATED"));
    if (i == 0) x->run_from = m.date.first_day;
    if (i == 2) x->run_to = m.date.last_day;
    add(x, m);
  }
}

/* "37.5%" as an attribute. */
static void put_percent(th_html *h, const char *name, int32_t days, int32_t of) {
  char text[24];
  int64_t tenths = of > 0 ? (int64_t)days * 1000 / of : 0;
  size_t at = sizeof text;
  uint64_t u = (uint64_t)TH_MIN(TH_MAX(tenths, 0), 1000);
  text[--at] = '%';
  text[--at] = (char)('0' + u % 10);
  text[--at] = '.';
  for (u /= 10;; u /= 10) {
    text[--at] = (char)('0' + u % 10);
    if (u < 10) break;
  }
  th_html_attr(h, name, (th_span){text + at, sizeof text - at});
}

static void put_line(th_html *h, const char *class) {
  th_html_open(h, "line", class);
  th_html_attr_str(h, "x1", "0");
  th_html_attr_str(h, "x2", "100%");
  th_html_attr_u64(h, "y1", ROW / 2);
  th_html_attr_u64(h, "y2", ROW / 2);
  th_html_close(h);
}

static void put_today(th_html *h, const axis *x) {
  if (!x->today) return;
  th_html_open(h, "line", "now");
  put_percent(h, "x1", x->today - x->from, x->to - x->from);
  put_percent(h, "x2", x->today - x->from, x->to - x->from);
  th_html_attr_u64(h, "y1", 0);
  th_html_attr_u64(h, "y2", ROW);
  th_html_close(h);
}

static void put_run(th_html *h, const axis *x) {
  if (x->run_from > x->run_to) return;
  th_html_open(h, "rect", "run");
  put_percent(h, "x", x->run_from - x->from, x->to - x->from);
  put_percent(h, "width", x->run_to - x->run_from, x->to - x->from);
  th_html_attr_u64(h, "y", 0);
  th_html_attr_u64(h, "height", ROW);
  th_html_close(h);
}

static void put_moment(const th_study_view *v, const axis *x, const moment *m) {
  th_html *h = v->h;
  th_html_open(h, "li", m->today ? "is-today" : NULL);
  th_html_open(h, "div", NULL);
  th_html_open(h, "span", "when");
  th_html_str(h, m->label);
  th_html_str(h, ": ");
  th_html_close(h);
  th_buf *s = th_html_scratch(h);
  th_words_day(h->lang, &m->date, s);
  if (m->estimated) th_say_put(h->lang, M(tail_estimated), s);
  th_html_scratch_text(h);
  th_glossary_hint(h, m->label);
  th_html_close(h);
  th_html_open(h, "svg", NULL);
  th_html_attr_str(h, "aria-hidden", "true");
  th_html_attr_str(h, "width", "100%");
  th_html_attr_u64(h, "height", ROW);
  put_run(h, x);
  put_line(h, "axis");
  put_today(h, x);
  if (!m->today) {
    th_html_open(h, "circle", m->estimated ? "dot planned" : "dot");
    int32_t middle = m->date.first_day + (m->date.last_day - m->date.first_day) / 2;
    put_percent(h, "cx", middle - x->from, x->to - x->from);
    th_html_attr_u64(h, "cy", ROW / 2);
    th_html_attr_u64(h, "r", 5);
    th_html_close(h);
  }
  th_html_close_n(h, 2);
}

/* False when there is nothing to draw: no two dates that can be read. */
static bool put_drawing(const th_study_view *v) {
  axis x = {.run_from = INT32_MAX, .today = v->context->today};
  read_dates(v, &x);
  if (x.n < 2) return false;
  bool known = x.run_to && x.run_from <= x.run_to;
  if (!known) x.run_from = 1, x.run_to = 0;
  if (x.today) {
    moment now = {.label = M(today), .date = {x.today, x.today, 0, TH_DATE_DAY}, .today = true};
    add(&x, now);
  }
  if (x.to - x.from < NARROWEST) x.to = x.from + NARROWEST;
  /* Room for the dots at both ends. */
  int32_t edge = (x.to - x.from) / 50 + 1;
  x.from -= edge, x.to += edge;
  qsort(x.moments, x.n, sizeof x.moments[0], by_day);
  th_html_open(v->h, "ol", "timeline");
  for (size_t i = 0; i < x.n; i++)
    put_moment(v, &x, &x.moments[i]);
  th_html_close(v->h);
  return true;
}

static void put_date(const th_study_view *v, const char *label, const char *name) {
  uint32_t node = th_part_object(v, v->status, name);
  th_part_fact_date(v, label,
                    node ? th_part_text(v, node, "date") : th_part_text(v, v->status, name),
                    th_part_text(v, node, "type"));
}

static bool has_any(const th_study_view *v, const char *const dates[][2], size_t n) {
  for (size_t i = 0; i < n; i++)
    if (th_json_get(v->j, v->status, th_span_of(dates[i][1]))) return true;
  return false;
}

bool th_part_has_timeline(const th_study_view *v) {
  return v->status && (has_any(v, drawn, TH_COUNT(drawn)) || has_any(v, listed, TH_COUNT(listed)));
}

void th_part_timeline(const th_study_view *v) {
  if (!th_part_has_timeline(v)) return;
  th_part_section(v, "timeline", M(dates));
  bool done = put_drawing(v);
  if (!done || has_any(v, listed, TH_COUNT(listed))) {
    th_html_open(v->h, "dl", "grid");
    for (size_t i = 0; !done && i < TH_COUNT(drawn); i++)
      put_date(v, drawn[i][0], drawn[i][1]);
    for (size_t i = 0; i < TH_COUNT(listed); i++)
      put_date(v, listed[i][0], listed[i][1]);
    th_html_close(v->h);
  }
  th_part_section_end(v);
}
