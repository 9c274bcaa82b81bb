/* The conditions, interventions and sponsors with most studies, by name. */
#include "portal/topic.h"
#include "study/catalogue.h"

#include <stdio.h>
#include <strings.h>

enum { MOST_TOPICS = 150 };

/* A page's spellings among the most frequent names. */
typedef struct topic {
  th_span path, names[TH_TOPIC_NAMES]; /* the first is the one that most studies have */
  size_t n_names;
  uint32_t count;
} topic;

static int by_name(const void *a, const void *b) {
  const topic *x = a, *y = b;
  th_span p = x->names[0], q = y->names[0];
  int c = strncasecmp(p.p, q.p, TH_MIN(p.n, q.n));
  return c ? c : (p.n > q.n) - (p.n < q.n);
}

static topic *find_topic(topic *list, uint32_t n, th_span path) {
  for (uint32_t i = 0; i < n; i++)
    if (th_span_eq(list[i].path, path)) return &list[i];
  return NULL;
}

/* As the page of the topic counts: by both of its fields. */
static int count_studies(const th_snapshot *snapshot, th_topic_kind kind, th_arena *arena, topic *t,
                         th_err *err) {
  th_search_result r;
  th_search_request rq = {.filter = th_topic_query(kind, t->names, t->n_names, arena),
                          .count = true};
  if (!rq.filter) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  int rc = th_search(snapshot, &rq, arena, &r, err);
  t->count = rc ? 0 : (uint32_t)r.total;
  return rc;
}

/* Names with one slug become one topic. */
static int add_name(topic *list, uint32_t *n, th_topic_kind kind, th_span name, th_buf *scratch,
                    th_arena *arena, th_err *err) {
  th_buf_clear(scratch);
  if (!th_topic_path(kind, name, scratch)) return TH_OK;
  topic *t = find_topic(list, *n, th_buf_view(scratch));
  if (!t) {
    t = &list[(*n)++];
    t->path = th_arena_dup(arena, th_buf_view(scratch));
    if (!t->path.p) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  }
  if (t->n_names < TH_TOPIC_NAMES) t->names[t->n_names++] = name;
  return TH_OK;
}

static int list_topics(const th_snapshot *snapshot, th_topic_kind kind, th_buf *scratch,
                       th_arena *arena, topic **out, uint32_t *n, th_err *err) {
  th_search_result found;
  th_facet_request wanted = {th_topic_infos[kind].field, MOST_TOPICS};
  th_search_request rq = {.facets = &wanted, .n_facets = 1};
  int rc = th_search(snapshot, &rq, arena, &found, err);
  if (rc) return rc;
  uint32_t n_names = found.n_facets ? found.facets[0].n : 0;
  *n = 0;
  *out = th_arena_calloc(arena, (size_t)n_names + 1, sizeof **out);
  if (!*out) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  for (uint32_t i = 0; !rc && i < n_names; i++)
    rc = add_name(*out, n, kind, found.facets[0].values[i].value, scratch, arena, err);
  for (uint32_t i = 0; !rc && i < *n; i++)
    rc = count_studies(snapshot, kind, arena, &(*out)[i], err);
  if (*n) qsort(*out, *n, sizeof **out, by_name);
  return rc;
}

/* The topics of a kind, as they are kept for all threads. */
typedef struct topic_list {
  const topic *topics;
  uint32_t n;
} topic_list;

static int make_list(void *ctx, const th_snapshot *snapshot, th_arena *scratch, th_arena *keep,
                     const void **value, th_err *err) {
  th_buf text;
  topic *found = NULL, *topics;
  topic_list *list = th_arena_calloc(keep, 1, sizeof *list);
  if (!list) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_buf_init(&text, 1 << 12);
  int rc =
      list_topics(snapshot, *(const th_topic_kind *)ctx, &text, scratch, &found, &list->n, err);
  th_buf_dispose(&text);
  if (rc) return rc;
  list->topics = topics = th_arena_calloc(keep, (size_t)list->n + 1, sizeof *topics);
  for (uint32_t i = 0; topics && i < list->n; i++) {
    topics[i] = (topic){.path = th_arena_dup(keep, found[i].path), .count = found[i].count};
    topics[i].names[0] = th_arena_dup(keep, found[i].names[0]); /* the one that is shown */
    topics[i].n_names = 1;
    if (!topics[i].path.p || !topics[i].names[0].p) topics = NULL;
  }
  *value = list;
  return topics ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a page");
}

static int get_list(th_known *known, const th_snapshot *snapshot, th_topic_kind kind,
                    th_arena *scratch, th_fact **hold, th_err *err) {
  char name[8];
  snprintf(name, sizeof name, "t%d", (int)kind);
  return th_known_get(known, snapshot, th_span_of(name), make_list, &kind, scratch, hold, err);
}

int th_topics_ahead(th_known *known, const th_snapshot *snapshot, th_err *err) {
  int rc = TH_OK;
  for (unsigned k = 0; !rc && k < TH_TOPIC_KINDS; k++) {
    th_fact *hold = NULL;
    th_arena scratch;
    th_arena_init(&scratch, 0);
    rc = get_list(known, snapshot, (th_topic_kind)k, &scratch, &hold, err);
    th_fact_release(hold);
    th_arena_dispose(&scratch);
  }
  return rc;
}

static void put_topics(th_html *h, const topic *topics, uint32_t n) {
  th_html_open(h, "ul", "counts wide");
  for (uint32_t i = 0; i < n; i++) {
    th_html_open(h, "li", NULL);
    th_html_link(h, NULL, topics[i].path, topics[i].names[0]);
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
  th_fact *hold = NULL;
  th_page_frame frame = {.title = th_span_of(info->title),
                         .canonical = info->all_path,
                         .description = th_span_of(info->lead)};
  th_index *index = th_registry_index(p->registry);
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  if (!rc) rc = get_list(p->known, snapshot, kind, rq->arena, &hold, err);
  if (!rc) {
    const topic_list *list = th_fact_value(hold);
    th_portal_begin(&h, w, rq, rs);
    th_page_begin(&h, &frame);
    th_html_open(&h, "div", "places");
    th_html_element_str(&h, "h1", NULL, info->title);
    th_html_element_str(&h, "p", "lead", info->lead);
    put_other_kinds(&h, kind);
    put_topics(&h, list->topics, list->n);
    th_html_close(&h);
    th_page_end(&h, &frame);
    rc = th_portal_end(&h, rs, 200, err);
  }
  th_fact_release(hold);
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
