#include "portal/kept.h"

#include "base/queue.h"
#include "portal/internal.h"
#include "query/names.h"

void th_kept_init(th_kept *kept) {
  *kept = (th_kept){0};
  for (size_t i = 0; i < TH_KEPT_PAGES; i++)
    th_buf_init(&kept->slot[i].page, 2 * TH_KEPT_MAX);
}

void th_kept_dispose(th_kept *kept) {
  for (size_t i = 0; i < TH_KEPT_PAGES; i++)
    th_buf_dispose(&kept->slot[i].page);
}

/* Forgets all pages when the index or the day is another. */
static void renew(th_kept *kept, const th_snapshot *snapshot) {
  int64_t day = th_clock_utc() / 86400;
  if (kept->generation == snapshot->generation && kept->applied_seq == snapshot->applied_seq &&
      kept->day == day)
    return;
  for (size_t i = 0; i < TH_KEPT_PAGES; i++)
    th_buf_clear(&kept->slot[i].page);
  kept->generation = snapshot->generation;
  kept->applied_seq = snapshot->applied_seq;
  kept->day = day;
}

static void keep(th_buf *page, size_t *address, th_span path, th_span query, th_span body) {
  th_buf_clear(page);
  th_buf_span(page, path);
  th_buf_char(page, '?');
  th_buf_span(page, query);
  *address = page->n;
  th_buf_span(page, body);
  if (page->error) th_buf_clear(page);
}

static bool is_of(const th_buf *page, size_t address, th_span path, th_span query) {
  return page->n && address == path.n + 1 + query.n && memcmp(page->p, path.p, path.n) == 0 &&
         page->p[path.n] == '?' &&
         (!query.n || memcmp(page->p + path.n + 1, query.p, query.n) == 0);
}

int th_kept_answer(struct th_portal *portal, th_handler_fn handler, th_request *rq, th_response *rs,
                   th_err *err) {
  th_index *index = th_registry_index(portal->registry);
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const th_snapshot *snapshot = th_index_acquire(index);
  renew(&w->kept, snapshot);
  bool unchanged = th_portal_unchanged(rq, snapshot, rs);
  th_index_release(index, snapshot);
  if (unchanged) return TH_OK;
  uint32_t hash = th_name_hash(rq->path.p, rq->path.n);
  if (rq->query.n) hash = 31 * hash + th_name_hash(rq->query.p, rq->query.n);
  unsigned at = (hash ^ hash >> 16) % TH_KEPT_PAGES;
  th_buf *page = &w->kept.slot[at].page;
  size_t *address = &w->kept.slot[at].address;
  if (is_of(page, *address, rq->path, rq->query)) {
    th_buf_put(&rs->body, page->p + *address, page->n - *address);
    rs->status = 200;
    rs->type = "text/html; charset=UTF-8";
    rs->cache = "no-cache";
    return rs->body.error ? th_err_set(err, TH_ENOMEM, "no memory for a page") : TH_OK;
  }
  uint64_t generation = w->kept.generation;
  int rc = handler(portal, rq, rs, err);
  if (rs->status != 200) rs->etag = NULL;
  if (!rc && rs->status == 200 && rs->body.n <= TH_KEPT_MAX && w->kept.generation == generation)
    keep(page, address, rq->path, rq->query, th_buf_view(&rs->body));
  return rc;
}
