/* The conditions, interventions and sponsors with most studies, by name. */
#include "portal/topic.h"
#include "study/catalogue.h"

#include <strings.h>

enum { MOST_TOPICS = 150 };

static int by_name(const void *a, const void *b) {
  const th_facet_value *x = a, *y = b;
  int c = strncasecmp(x->value.p, y->value.p, TH_MIN(x->value.n, y->value.n));
  return c ? c : (x->value.n > y->value.n) - (x->value.n < y->value.n);
}

/* As the page of the topic counts: by both of its fields. */
static int count_studies(const th_snapshot *snapshot, th_topic_kind kind, th_span name,
                         th_arena *arena, uint32_t *out, th_err *err) {
  th_search_result r;
  th_search_request rq = {.filter = th_topic_query(kind, &name, 1, arena), .count = true};
  if (!rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  int rc = th_search(snapshot, &rq, arena, &r, err);
  *out = rc ? 0 : (uint32_t)r.total;
  return rc;
}

static int list_topics(const th_snapshot *snapshot, th_topic_kind kind, th_arena *arena,
                       th_facet_value **out, uint32_t *n, th_err *err) {
  th_search_result found;
  th_facet_request wanted = {th_topic_infos[kind].field, MOST_TOPICS};
  th_search_request rq = {.facets = &wanted, .n_facets = 1};
  int rc = th_search(snapshot, &rq, arena, &found, err);
  if (rc) return rc;
  *n = found.n_facets ? found.facets[0].n : 0;
  *out = th_arena_calloc(arena, (size_t)*n + 1, sizeof **out);
  if (!*out) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  if (*n) memcpy(*out, found.facets[0].values, *n * sizeof **out);
  for (uint32_t i = 0; !rc && i < *n; i++)
    rc = count_studies(snapshot, kind, (*out)[i].value, arena, &(*out)[i].count, err);
  qsort(*out, *n, sizeof **out, by_name);
  return rc;
}

static bool is_same_path(th_topic_kind kind, th_span a, th_span b, th_buf *scratch) {
  th_buf_clear(scratch);
  bool there = th_topic_path(kind, a, scratch);
  size_t n = scratch->n;
  if (!there || !th_topic_path(kind, b, scratch) || scratch->n != 2 * n) return false;
  return memcmp(scratch->p, scratch->p + n, n) == 0;
}

static void put_topics(th_html *h, th_topic_kind kind, const th_facet_value *topics, uint32_t n) {
  th_html_open(h, "ul", "counts wide");
  for (uint32_t i = 0; i < n; i++) {
    /* Spellings with one page stand next to each other, and have one entry. */
    if (i && is_same_path(kind, topics[i - 1].value, topics[i].value, h->scratch)) continue;
    th_buf *s = th_html_scratch(h);
    if (!th_topic_path(kind, topics[i].value, s)) continue;
    th_html_open(h, "li", NULL);
    th_html_link(h, NULL, th_buf_view(s), topics[i].value);
    th_html_str(h, " ");
    th_html_open(h, "span", "n");
    th_html_i64(h, topics[i].count);
    th_html_close_n(h, 2);
  }
  th_html_close(h);
}

static void put_other_kinds(th_html *h, th_topic_kind kind) {
  th_html_open(h, "ul", "steps");
  for (unsigned k = 0; k < TH_TOPIC_KINDS; k++) {
    if (k == (unsigned)kind) continue;
    th_html_open(h, "li", NULL);
    th_html_link_str(h, NULL, th_topic_infos[k].all_path, th_topic_infos[k].title);
    th_html_close(h);
  }
  th_html_close(h);
}

static int answer(const th_portal *p, th_topic_kind kind, th_request *rq, th_response *rs,
                  th_err *err) {
  const th_topic_info *info = &th_topic_infos[kind];
  th_html h;
  th_facet_value *topics = NULL;
  uint32_t n = 0;
  th_page_frame frame = {.title = th_span_of(info->title),
                         .canonical = info->all_path,
                         .description = th_span_of(info->lead)};
  th_index *index = th_registry_index(p->registry);
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  if (!rc) rc = list_topics(snapshot, kind, rq->arena, &topics, &n, err);
  if (!rc) {
    th_portal_begin(&h, w, rq, rs);
    th_page_begin(&h, &frame);
    th_html_open(&h, "div", "places");
    th_html_element_str(&h, "h1", NULL, info->title);
    th_html_element_str(&h, "p", "lead", info->lead);
    put_other_kinds(&h, kind);
    put_topics(&h, kind, topics, n);
    th_html_close(&h);
    th_page_end(&h, &frame);
    rc = th_portal_end(&h, rs, 200, err);
  }
  th_index_release(index, snapshot);
  return rc;
}

int th_portal_conditions(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_CONDITION, rq, rs, err);
}

int th_portal_interventions(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_INTERVENTION, rq, rs, err);
}

int th_portal_sponsors(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  return answer(ctx, TH_TOPIC_SPONSOR, rq, rs, err);
}
