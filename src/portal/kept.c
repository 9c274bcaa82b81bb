#include "portal/kept.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "portal/internal.h"
#include "query/names.h"

struct th_kept_page {
  atomic_uint users;               /* the slot is one of them */
  uint32_t address, packed, plain; /* bytes */
  char bytes[];                    /* address, packed page */
};

struct th_kept {
  pthread_mutex_t lock; /* of all that follows; held for a look at a set */
  th_kept_state state;
  size_t bytes;
  unsigned turn, hand;
  th_kept_page *slot[TH_KEPT_PAGES];
};

th_kept *th_kept_new(void) {
  th_kept *kept = calloc(1, sizeof *kept);
  if (kept) pthread_mutex_init(&kept->lock, NULL);
  return kept;
}

void th_kept_release(th_kept_page *page) {
  if (page && atomic_fetch_sub(&page->users, 1) == 1) free(page);
}

static size_t size_of(const th_kept_page *page) {
  return sizeof *page + page->address + page->packed;
}

static void drop(th_kept *kept, unsigned at) {
  if (!kept->slot[at]) return;
  kept->bytes -= size_of(kept->slot[at]);
  th_kept_release(kept->slot[at]);
  kept->slot[at] = NULL;
}

void th_kept_free(th_kept *kept) {
  if (!kept) return;
  for (unsigned i = 0; i < TH_KEPT_PAGES; i++)
    drop(kept, i);
  pthread_mutex_destroy(&kept->lock);
  free(kept);
}

static bool is_state(const th_kept_state *a, const th_kept_state *b) {
  return a->generation == b->generation && a->applied_seq == b->applied_seq && a->day == b->day;
}

/* The first slot of the address's set. */
static unsigned set_of(th_span address) {
  uint32_t hash = th_name_hash(address.p, address.n);
  return (hash ^ hash >> 16) % (TH_KEPT_PAGES / TH_KEPT_SET) * TH_KEPT_SET;
}

static bool is_of(const th_kept_page *page, th_span address) {
  return page && page->address == address.n && memcmp(page->bytes, address.p, address.n) == 0;
}

th_kept_page *th_kept_find(th_kept *kept, const th_kept_state *state, th_span address) {
  unsigned set = set_of(address);
  th_kept_page *found = NULL;
  pthread_mutex_lock(&kept->lock);
  if (!is_state(&kept->state, state)) {
    for (unsigned i = 0; i < TH_KEPT_PAGES; i++)
      drop(kept, i);
    kept->state = *state;
  }
  for (unsigned i = set; i < set + TH_KEPT_SET && !found; i++)
    if (is_of(kept->slot[i], address)) found = kept->slot[i];
  if (found) atomic_fetch_add(&found->users, 1);
  pthread_mutex_unlock(&kept->lock);
  return found;
}

static th_kept_page *pack(th_span address, th_span page, th_worker *worker) {
  th_err ignored = {0};
  th_buf packed;
  th_kept_page *made = NULL;
  th_buf_init(&packed, 0);
  bool good = page.n <= UINT32_MAX && th_gzip(worker, page, &packed, &ignored) == TH_OK;
  if (good && packed.n >= TH_KEPT_LEAST && packed.n <= TH_KEPT_MAX)
    made = malloc(sizeof *made + address.n + packed.n);
  if (made) {
    atomic_init(&made->users, 1);
    made->address = (uint32_t)address.n;
    made->packed = (uint32_t)packed.n;
    made->plain = (uint32_t)page.n;
    memcpy(made->bytes, address.p, address.n);
    memcpy(made->bytes + address.n, packed.p, packed.n);
  }
  th_buf_dispose(&packed);
  return made;
}

/* Puts the page into its set: where the address is, a free slot, else one by turns. */
static void put(th_kept *kept, th_kept_page *page) {
  unsigned set = set_of((th_span){page->bytes, page->address}), at = TH_KEPT_PAGES;
  for (unsigned i = set; i < set + TH_KEPT_SET; i++)
    if (is_of(kept->slot[i], (th_span){page->bytes, page->address})) at = i;
  for (unsigned i = set; i < set + TH_KEPT_SET && at == TH_KEPT_PAGES; i++)
    if (!kept->slot[i]) at = i;
  if (at == TH_KEPT_PAGES) at = set + kept->turn++ % TH_KEPT_SET;
  drop(kept, at);
  while (kept->bytes + size_of(page) > TH_KEPT_MOST)
    drop(kept, kept->hand++ % TH_KEPT_PAGES);
  kept->slot[at] = page;
  kept->bytes += size_of(page);
  atomic_fetch_add(&page->users, 1);
}

void th_kept_keep(th_kept *kept, const th_kept_state *state, th_span address, th_span page,
                  th_worker *worker, th_kept_page **out) {
  *out = address.n <= TH_KEPT_MAX ? pack(address, page, worker) : NULL;
  if (!*out) return;
  pthread_mutex_lock(&kept->lock);
  if (is_state(&kept->state, state)) put(kept, *out);
  pthread_mutex_unlock(&kept->lock);
}

th_span th_kept_packed(const th_kept_page *page) {
  return (th_span){page->bytes + page->address, page->packed};
}

int th_kept_unpack(const th_kept_page *page, th_buf *out, th_err *err) {
  struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
  char *to = d ? th_buf_room(out, page->plain) : NULL;
  th_span packed = th_kept_packed(page);
  bool good = to && libdeflate_gzip_decompress(d, packed.p, packed.n, to, page->plain, NULL) ==
                        LIBDEFLATE_SUCCESS;
  if (good) th_buf_added(out, page->plain);
  libdeflate_free_decompressor(d);
  return good ? TH_OK : th_err_set(err, TH_ENOMEM, "no memory for a page");
}

size_t th_kept_bytes(th_kept *kept) {
  pthread_mutex_lock(&kept->lock);
  size_t bytes = kept->bytes;
  pthread_mutex_unlock(&kept->lock);
  return bytes;
}

/* ---- answers ---- */

/* What a page depends on: host, path and query. */
static void put_address(const struct th_portal *portal, const th_request *rq, th_buf *out) {
  if (!portal->base[0]) th_buf_span(out, rq->host);
  th_buf_char(out, ' ');
  th_buf_span(out, rq->path);
  th_buf_char(out, '?');
  th_buf_span(out, rq->query);
}

static void release_page(void *page) {
  th_kept_release(page);
}

/* The page goes out as it is kept to those that take it packed; it is given back in any case. */
static int answer_page(th_kept_page *page, const th_request *rq, th_response *rs, th_err *err) {
  rs->status = 200;
  rs->type = "text/html; charset=UTF-8";
  if (!th_accepts_gzip(rq->accept_encoding)) {
    int rc = rs->body.n ? TH_OK : th_kept_unpack(page, &rs->body, err);
    th_kept_release(page);
    return rc;
  }
  th_buf_dispose(&rs->body);
  th_buf_init(&rs->body, 0);
  rs->fixed = rs->fixed_gzip = th_kept_packed(page);
  rs->release = release_page;
  rs->release_ctx = page;
  return TH_OK;
}

/* The handler's page, kept when it is one. */
static int answer_anew(struct th_portal *portal, th_handler_fn handler, const th_kept_state *state,
                       th_span address, th_request *rq, th_response *rs, th_err *err) {
  const char *etag = rs->etag;
  th_kept_page *page = NULL;
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  w->partial = false;
  int rc = handler(portal, rq, rs, err);
  if (rc || rs->status != 200 || w->partial) {
    rs->etag = NULL;
    return rc;
  }
  if (!rs->body.n || rs->body.error) return rc;
  rs->etag = etag;
  th_kept_keep(portal->kept, state, address, th_buf_view(&rs->body), rq->worker, &page);
  return page ? answer_page(page, rq, rs, err) : TH_OK;
}

int th_kept_answer(struct th_portal *portal, th_handler_fn handler, th_request *rq, th_response *rs,
                   th_err *err) {
  th_index *index = th_registry_index(portal->registry);
  portal_worker *w = th_portal_worker(portal, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  const th_snapshot *snapshot = th_index_acquire(index);
  const th_kept_state state = {snapshot->generation, snapshot->applied_seq, th_clock_utc() / 86400};
  bool unchanged = th_portal_unchanged(rq, snapshot, rs);
  th_index_release(index, snapshot);
  if (unchanged) return TH_OK;
  th_buf_clear(&w->scratch);
  put_address(portal, rq, &w->scratch);
  th_span address = th_arena_dup(rq->arena, th_buf_view(&w->scratch));
  if (w->scratch.error || !address.p) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_kept_page *page = th_kept_find(portal->kept, &state, address);
  return page ? answer_page(page, rq, rs, err)
              : answer_anew(portal, handler, &state, address, rq, rs, err);
}
