/* For search engines: what they may read, and the addresses of all studies.
 *
 *   /robots.txt
 *   /sitemap.xml          the parts
 *   /sitemap/N.xml        PART_STUDIES studies, newest numbers first */
#include "portal/internal.h"

#include "portal/slug.h"
#include "study/markup.h"
#include "study/nct.h"

enum { PART_STUDIES = 10000 };

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
  th_buf_str(out, "</sitemapindex>\n");
}

static void write_part(th_buf *out, const char *base, const th_search_result *found, bool first) {
  static const char *const pages[] = {"/", "/places", "/about"};
  th_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
  for (size_t i = 0; first && i < TH_COUNT(pages); i++) {
    th_buf_str(out, "<url><loc>");
    put_xml(out, base);
    th_buf_printf(out, "%s</loc></url>\n", pages[i]);
  }
  for (uint32_t i = 0; i < found->n_hits; i++) {
    char number[TH_NCT_LEN + 1];
    th_buf_str(out, "<url><loc>");
    put_xml(out, base);
    th_buf_printf(out, "/study/%s</loc></url>\n", th_nct_format(found->hits[i].nct, number));
  }
  th_buf_str(out, "</urlset>\n");
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
  write_part(&rs->body, th_portal_base(p, rq), &found, part == 1);
  return finish(rs, "application/xml; charset=UTF-8", err);
}

int th_portal_sitemap(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  int rc = TH_OK;
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (rq->segment.n) {
    rc = answer_part(p, rq, rs, snapshot, err);
  } else {
    write_index(&rs->body, th_portal_base(p, rq), snapshot->n_live);
    rc = finish(rs, "application/xml; charset=UTF-8", err);
  }
  th_index_release(index, snapshot);
  return rc;
}
