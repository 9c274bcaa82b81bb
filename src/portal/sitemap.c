/* For search engines: what they may read, and the addresses of all studies.
 *
 *   /robots.txt
 *   /sitemap.xml          the parts
 *   /sitemap/N.xml        PART_STUDIES studies, newest numbers first
 *   /sitemap/condition.xml, intervention.xml, sponsor.xml
 *                         pages of the names that at least LEAST_STUDIES studies have, at most
 *                         MOST_TOPICS of a kind, those with most studies
 *
 * All are final addresses: the record of each study of a part is read for its title, 0.07 ms each.
 */
#include "portal/slug.h"
#include "portal/topic.h"
#include "registry/registry.h"
#include "study/markup.h"

enum { PART_STUDIES = 2500, MOST_TOPICS = 20000, LEAST_STUDIES = 3 };

static int finish(th_response *rs, const char *type, th_err *err) {
  rs->type = type;
  rs->cache = "public, max-age=3600";
  return rs->body.error ? th_err_set(err, rs->body.error, "no memory for an answer") : TH_OK;
}

int th_portal_robots(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  th_buf_str(&rs->body, "User-agent: *\nDisallow: /api/\nAllow: /\n\nSitemap: ");
  th_buf_str(&rs->body, th_portal_base(ctx, rq));
  th_buf_str(&rs->body, "/sitemap.xml\n");
  return finish(rs, "text/plain; charset=UTF-8", err);
}

static void put_xml(th_buf *out, const char *text) {
  th_html_escape(th_span_of(text), out);
}

static void write_index(th_buf *out, const char *base, uint64_t studies) {
  th_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
  for (uint64_t part = 0; part * PART_STUDIES < studies || part == 0; part++) {
    th_buf_str(out, "<sitemap><loc>");
    put_xml(out, base);
    th_buf_printf(out, "/sitemap/%llu.xml</loc></sitemap>\n", (unsigned long long)part + 1);
  }
  for (unsigned kind = 0; kind < TH_TOPIC_KINDS; kind++) {
    th_buf_str(out, "<sitemap><loc>");
    put_xml(out, base);
    th_buf_printf(out, "/sitemap/%s.xml</loc></sitemap>\n", th_topic_infos[kind].filter);
  }
  th_buf_str(out, "</sitemapindex>\n");
}

/* Appends the study's address; one that is gone by now has none. */
static int put_study(const th_portal *p, portal_worker *w, const char *base, uint32_t nct,
                     th_buf *out, th_err *err) {
  th_json j;
  th_record record;
  uint32_t current = 0;
  th_err local = {0};
  th_buf_clear(&w->record);
  int rc = th_registry_study(p->registry, nct, &w->record, &record, &current, &local);
  if (rc == TH_ENOTFOUND) return TH_OK;
  if (rc) return th_err_set(err, rc, "%s", local.message);
  rc = th_json_parse(w->parser, record.json, &j, err);
  if (rc) return rc == TH_EINPUT ? TH_ECORRUPT : rc;
  th_buf_str(out, "<url><loc>");
  put_xml(out, base);
  th_slug_study_path(
      nct, th_json_path_text(&j, 0, "protocolSection.identificationModule.briefTitle"), out);
  th_buf_str(out, "</loc></url>\n");
  return TH_OK;
}

static int write_part(const th_portal *p, portal_worker *w, const char *base,
                      const th_search_result *found, bool first, th_buf *out, th_err *err) {
  static const char *const pages[] = {"/",           "/search",        "/places",
                                      "/conditions", "/interventions", "/sponsors",
                                      "/about",      "/glossary"};
  th_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
  for (size_t i = 0; first && i < TH_COUNT(pages); i++) {
    th_buf_str(out, "<url><loc>");
    put_xml(out, base);
    th_buf_printf(out, "%s</loc></url>\n", pages[i]);
  }
  int rc = TH_OK;
  for (uint32_t i = 0; !rc && i < found->n_hits; i++)
    rc = put_study(p, w, base, found->hits[i].nct, out, err);
  th_buf_str(out, "</urlset>\n");
  return rc;
}

/* "3.xml" → 3; 0 when it is none. */
static uint32_t part_of(th_span segment) {
  uint32_t n = 0;
  size_t i = 0;
  while (i < segment.n && i < 6 && segment.p[i] >= '0' && segment.p[i] <= '9')
    n = n * 10 + (uint32_t)(segment.p[i++] - '0');
  return th_span_eq((th_span){segment.p + i, segment.n - i}, TH_SPAN(".xml")) ? n : 0;
}

static int answer_part(const th_portal *p, th_request *rq, th_response *rs,
                       const th_snapshot *snapshot, th_err *err) {
  uint32_t part = part_of(rq->segment);
  th_search_request wanted = {.from = (part - 1) * PART_STUDIES, .size = PART_STUDIES};
  th_search_result found = {0};
  int rc = TH_OK;
  if (part) rc = th_search(snapshot, &wanted, rq->arena, &found, err);
  if (rc) return rc;
  if (!part || (part > 1 && !found.n_hits))
    return th_portal_sorry(p, rq, rs, 404, M(there_is_no_such_page),
                           th_span_of(M(the_address_may_be_mistyped)), err);
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  rc = write_part(p, w, th_portal_base(p, rq), &found, part == 1, &rs->body, err);
  return rc ? rc : finish(rs, "application/xml; charset=UTF-8", err);
}

/* ---- topics ---- */

static int by_text(const void *a, const void *b) {
  return th_span_cmp(*(const th_span *)a, *(const th_span *)b);
}

/* The paths of the names' pages, each once: spellings share a page. */
static uint32_t list_paths(th_topic_kind kind, const th_facet *names, th_arena *arena,
                           th_span *out) {
  th_buf path;
  uint32_t n = 0, kept = 0;
  th_buf_init(&path, 1 << 12);
  for (uint32_t i = 0; i < names->n && names->values[i].count >= LEAST_STUDIES; i++) {
    th_buf_clear(&path);
    if (!th_topic_path(kind, names->values[i].value, &path)) continue;
    out[n] = th_arena_dup(arena, th_buf_view(&path));
    n += out[n].p != NULL;
  }
  th_buf_dispose(&path);
  if (n) qsort(out, n, sizeof *out, by_text);
  for (uint32_t i = 0; i < n; i++)
    if (!kept || !th_span_eq(out[kept - 1], out[i])) out[kept++] = out[i];
  return kept;
}

static int answer_topics(const th_portal *p, th_topic_kind kind, th_request *rq, th_response *rs,
                         const th_snapshot *snapshot, th_err *err) {
  th_facet_request wanted = {th_topic_infos[kind].field, MOST_TOPICS};
  th_search_request all = {.facets = &wanted, .n_facets = 1};
  th_search_result found;
  const char *base = th_portal_base(p, rq);
  int rc = th_search(snapshot, &all, rq->arena, &found, err);
  if (rc) return rc;
  th_span *paths = th_arena_calloc(rq->arena, MOST_TOPICS, sizeof *paths);
  if (!paths) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  uint32_t n = found.n_facets ? list_paths(kind, &found.facets[0], rq->arena, paths) : 0;
  th_buf_str(&rs->body, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
  for (uint32_t i = 0; i < n; i++) {
    th_buf_str(&rs->body, "<url><loc>");
    put_xml(&rs->body, base);
    th_html_escape(paths[i], &rs->body);
    th_buf_str(&rs->body, "</loc></url>\n");
  }
  th_buf_str(&rs->body, "</urlset>\n");
  return finish(rs, "application/xml; charset=UTF-8", err);
}

/* "condition.xml": TH_TOPIC_KINDS when it is none. */
static th_topic_kind kind_of(th_span segment) {
  unsigned kind = 0;
  for (; kind < TH_TOPIC_KINDS; kind++) {
    th_span name = th_span_of(th_topic_infos[kind].filter);
    if (th_span_starts(segment, name) &&
        th_span_eq((th_span){segment.p + name.n, segment.n - name.n}, TH_SPAN(".xml")))
      break;
  }
  return (th_topic_kind)kind;
}

int th_portal_sitemap(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  int rc = TH_OK;
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  th_topic_kind kind = kind_of(rq->segment);
  if (kind < TH_TOPIC_KINDS) {
    rc = answer_topics(p, kind, rq, rs, snapshot, err);
  } else if (rq->segment.n) {
    rc = answer_part(p, rq, rs, snapshot, err);
  } else {
    write_index(&rs->body, th_portal_base(p, rq), snapshot->n_live);
    rc = finish(rs, "application/xml; charset=UTF-8", err);
  }
  th_index_release(index, snapshot);
  return rc;
}
