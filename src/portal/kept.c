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

/* What a page depends on: host, path and query. */
static void put_address(const struct th_portal *portal, const th_request *rq, th_buf *out) {
  if (!portal->base[0]) th_buf_span(out, rq->host);
  th_buf_char(out, ' ');
  th_buf_span(out, rq->path);
  th_buf_char(out, '?');
  th_buf_span(out, rq->query);
}

static struct th_kept_slot *set_of(th_kept *kept, th_span address) {
  uint32_t hash = th_name_hash(address.p, address.n);
  return &kept->slot[(hash ^ hash >> 16) % (TH_KEPT_PAGES / TH_KEPT_SET) * TH_KEPT_SET];
}

static const struct th_kept_slot *find(th_kept *kept, th_span address) {
  const struct th_kept_slot *set = set_of(kept, address);
  for (unsigned i = 0; i < TH_KEPT_SET; i++)
    if (set[i].page.n && set[i].address == address.n &&
        memcmp(set[i].page.p, address.p, address.n) == 0)
      return &set[i];
  return NULL;
}

static void keep(th_kept *kept, th_span address, th_span body) {
  struct th_kept_slot *set = set_of(kept, address), *slot = NULL;
  for (unsigned i = 0; i < TH_KEPT_SET && !slot; i++)
    if (!set[i].page.n) slot = &set[i];
  if (!slot) slot = &set[kept->turn++ % TH_KEPT_SET];
  th_buf_clear(&slot->page);
  th_buf_span(&slot->page, address);
  slot->address = address.n;
  th_buf_span(&slot->page, body);
  if (slot->page.error) th_buf_clear(&slot->page);
}

static int answer_kept(const struct th_kept_slot *slot, th_response *rs, th_err *err) {
  th_buf_put(&rs->body, slot->page.p + slot->address, slot->page.n - slot->address);
  rs->status = 200;
  rs->type = "text/html; charset=UTF-8";
  return rs->body.error ? th_err_set(err, TH_ENOMEM, "no memory for a page") : TH_OK;
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
  th_buf_clear(&w->scratch);
  put_address(portal, rq, &w->scratch);
  th_span address = th_arena_dup(rq->arena, th_buf_view(&w->scratch));
  if (w->scratch.error || !address.p) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const struct th_kept_slot *slot = find(&w->kept, address);
  if (slot) return answer_kept(slot, rs, err);
  uint64_t generation = w->kept.generation;
  const char *etag = rs->etag;
  int rc = handler(portal, rq, rs, err);
  bool page = !rc && rs->status == 200 && rs->body.n;
  if (rs->status != 200)
    rs->etag = NULL;
  else if (page)
    rs->etag = etag;
  if (page && rs->body.n <= TH_KEPT_MAX && w->kept.generation == generation)
    keep(&w->kept, address, th_buf_view(&rs->body));
  return rc;
}
