/* Adverse events as bars: what share of each group had the events that were most frequent in any of
 * them. The words beside the bars say the same; all events stand in the tables below. */
#include "portal/study_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_EVENTS = 8, MOST_GROUPS = 6, BAR = 12 /* units high */ };

typedef struct event {
  double most; /* largest share of a group */
  uint32_t node;
  bool serious;
} event;

double th_part_share(const th_study_view *v, uint32_t node, const char *n, const char *of) {
  th_span affected = th_part_value(v, node, n), risk = th_part_value(v, node, of);
  char a[16], b[16];
  if (!affected.n || !risk.n || affected.n >= sizeof a || risk.n >= sizeof b) return -1;
  snprintf(a, sizeof a, "%.*s", (int)affected.n, affected.p);
  snprintf(b, sizeof b, "%.*s", (int)risk.n, risk.p);
  char *end_a, *end_b;
  double x = strtod(a, &end_a), y = strtod(b, &end_b);
  return *end_a || *end_b || !(y > 0 && x >= 0 && x <= y) ? -1 : x / y;
}

void th_part_percent(const th_study_view *v, double share) {
  char text[24];
  snprintf(text, sizeof text, share > 0 && share < 0.0005 ? "<0.1" : "%.1f", share * 100);
  char *point = v->h->lang == TH_LANG_EN ? NULL : strchr(text, '.');
  if (point) *point = ',';
  th_buf_printf(th_html_scratch(v->h), "%s%s", text, v->h->lang == TH_LANG_EN ? "%" : "\xC2\xA0%");
  th_html_scratch_text(v->h);
}

void th_part_bar(const th_study_view *v, double share, double full) {
  char width[24];
  snprintf(width, sizeof width, "%.1f%%", TH_MIN(share / full, 1.0) * 100);
  th_html_open(v->h, "svg", "bar");
  th_html_attr_str(v->h, "aria-hidden", "true");
  th_html_attr_str(v->h, "width", "100%");
  th_html_attr_u64(v->h, "height", BAR);
  th_html_open(v->h, "rect", "all");
  th_html_attr_str(v->h, "width", "100%");
  th_html_attr_u64(v->h, "height", BAR);
  th_html_close(v->h);
  th_html_open(v->h, "rect", "part");
  th_html_attr_str(v->h, "width", width);
  th_html_attr_u64(v->h, "height", BAR);
  th_html_close_n(v->h, 2);
}

/* Keeps the most frequent ones, in falling order; of equals the first. */
static void take(event *list, unsigned *n, event e) {
  unsigned at = *n;
  if (at < MOST_EVENTS)
    (*n)++;
  else if (list[--at].most >= e.most)
    return;
  for (; at && list[at - 1].most < e.most; at--)
    list[at] = list[at - 1];
  list[at] = e;
}

static void find_events(const th_study_view *v, uint32_t events, bool serious, event *list,
                        unsigned *n) {
  if (!events) return;
  for (th_json_each(v->j, events, e)) {
    uint32_t stats = th_part_array(v, e, "stats");
    event one = {.node = e, .serious = serious};
    if (!stats) continue;
    for (th_json_each(v->j, stats, s)) {
      double share = th_part_share(v, s, "numAffected", "numAtRisk");
      if (share > one.most) one.most = share;
    }
    if (one.most > 0) take(list, n, one);
  }
}

static void put_group(const th_study_view *v, uint32_t group, uint32_t event_node, double full) {
  th_span id = th_part_text(v, group, "id");
  uint32_t stats = th_part_array(v, event_node, "stats");
  for (th_json_each(v->j, stats, s)) {
    if (!th_span_eq(th_part_text(v, s, "groupId"), id)) continue;
    double share = th_part_share(v, s, "numAffected", "numAtRisk");
    if (share < 0) return;
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "span", NULL);
    th_html_words(v->h, th_part_text(v, group, "title"));
    th_html_close(v->h);
    th_html_str(v->h, " ");
    th_part_bar(v, share, full);
    th_html_open(v->h, "span", "share");
    th_part_percent(v, share);
    th_html_close_n(v->h, 2);
    return;
  }
}

/* The next round share above the largest: bars are compared with each other first. */
static double full_bar(double most) {
  static const double steps[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5};
  for (size_t i = 0; i < TH_COUNT(steps); i++)
    if (most <= steps[i]) return steps[i];
  return 1;
}

void th_part_event_chart(const th_study_view *v, uint32_t groups, uint32_t serious,
                         uint32_t other) {
  event list[MOST_EVENTS];
  unsigned n = 0;
  if (!groups || v->j->nodes[groups].n > MOST_GROUPS) return;
  find_events(v, serious, true, list, &n);
  find_events(v, other, false, list, &n);
  if (n < 2) return;
  double full = full_bar(list[0].most);
  th_html_open(v->h, "figure", "events");
  th_html_open(v->h, "figcaption", NULL);
  th_html_element_str(v->h, "h4", NULL, M(most_frequent_events));
  th_html_open(v->h, "p", "quiet");
  th_html_str(v->h, M(lead_full_bar));
  th_part_percent(v, full);
  th_html_str(v->h, M(tail_full_bar));
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "ol", NULL);
  for (unsigned i = 0; i < n; i++) {
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "p", "event");
    th_part_words(v, th_part_text(v, list[i].node, "term"));
    if (list[i].serious) {
      th_html_str(v->h, " ");
      th_html_element_str(v->h, "span", "kind", M(serious));
    }
    th_html_close(v->h);
    th_html_open(v->h, "ul", NULL);
    for (th_json_each(v->j, groups, g))
      put_group(v, g, list[i].node, full);
    th_html_close_n(v->h, 2);
  }
  th_html_close_n(v->h, 2);
}
