/* From page to page to the end of an answer, whatever the upstream does. */
#include "base/queue.h"
#include "sync/internal.h"
#include "sync/url.h"

#include <stdio.h>

enum {
  MOST_BARREN = 10,  /* pages in a row that bring nothing new */
  MOST_RESTARTS = 3, /* of one walk, when its token is refused */
  PAGE_SIZE = 1000,
};

void th_sync_query(const th_sync *s, const char *since, th_buf *out) {
  th_buf e;
  th_buf_init(&e, 0);
  if (since) th_buf_printf(&e, "AREA[LastUpdatePostDate]RANGE[%s, MAX]", since);
  if (since && s->where[0]) th_buf_str(&e, " AND (");
  th_buf_str(&e, s->where);
  if (since && s->where[0]) th_buf_char(&e, ')');
  if (e.n) {
    th_buf_str(out, "&filter.advanced=");
    th_sync_url_escape(out, th_buf_view(&e));
  }
  if (since) th_buf_str(out, "&sort=LastUpdatePostDate%3Aasc");
  if (e.error && !out->error) out->error = e.error;
  th_buf_dispose(&e);
}

/* ---- one page ---- */

typedef struct page_check {
  th_sync *s;
  th_sync_page *page;
} page_check;

static int check_page(void *ctx, th_sync_reply *reply, th_err *err) {
  page_check *c = ctx;
  return th_sync_page_read(c->s->pages, th_buf_view(&reply->body), c->page, err);
}

static int get_page(th_sync *s, const char *url, th_sync_page *page, th_err *err) {
  page_check check = {s, page};
  th_err local = {0};
  th_sync_ask ask = {.url = url, .check = check_page, .ctx = &check};
  int rc = th_sync_get(s->client, &ask, true, &s->reply, &local);
  if (rc == TH_EINPUT) /* the check does not know the address */
    return th_err_set(err, rc, "%.300s: %s", url, local.message);
  if (rc) return th_err_set(err, rc, "%s", local.message);
  return s->reply.status == 200 ? 0 : th_sync_unexpected(url, &s->reply, err);
}

int th_sync_page_get(th_sync *s, const char *query, th_span token, unsigned size,
                     th_sync_page *page, th_err *err) {
  th_buf url;
  th_buf_init(&url, 1 << 20);
  th_buf_printf(&url, "%s/studies?format=json%s&pageSize=%u", s->from, query, size);
  if (token.n) {
    th_buf_str(&url, "&pageToken=");
    th_sync_url_escape(&url, token);
  } else {
    th_buf_str(&url, "&countTotal=true");
  }
  th_buf_char(&url, 0);
  int rc = url.error ? th_err_set(err, url.error, "the address is too long")
                     : get_page(s, url.p, page, err);
  th_buf_dispose(&url);
  return rc;
}

int th_sync_count(th_sync *s, const char *query, int64_t *total, th_err *err) {
  th_sync_page page;
  char q[64];
  th_buf all;
  th_buf_init(&all, 1 << 20);
  snprintf(q, sizeof q, "&fields=NCTId");
  th_buf_str(&all, query);
  th_buf_str(&all, q);
  th_buf_char(&all, 0);
  int rc = all.error ? th_err_set(err, all.error, "out of memory")
                     : th_sync_page_get(s, all.p, (th_span){0}, 1, &page, err);
  *total = rc == 0 ? page.total : -1;
  th_buf_dispose(&all);
  return rc;
}

/* ---- the walk ---- */

/* Where a walk stands. The token is a copy: pages come and go. */
typedef struct steps {
  char token[TH_SYNC_TOKEN_MAX + 1];
  size_t token_n;
  uint64_t pages;
  unsigned barren;
  /* R. Brent's way to find a cycle, "An improved Monte Carlo factorization algorithm" (1980): one
   * remembered token, replaced at every power of two. */
  char mark[TH_SYNC_TOKEN_MAX + 1];
  size_t mark_n;
  uint64_t power, since_mark;
} steps;

static bool goes_round(steps *at, th_span token) {
  if (at->mark_n == token.n && memcmp(at->mark, token.p, token.n) == 0) return true;
  if (++at->since_mark >= at->power) {
    memcpy(at->mark, token.p, token.n);
    at->mark_n = token.n;
    at->power = at->power ? at->power * 2 : 1;
    at->since_mark = 0;
  }
  return false;
}

/* Numbers only. */
static void take_ids(th_sync *s, const th_sync_page *page, size_t *fresh) {
  size_t known = s->seen.n, bad = 0;
  for (th_json_each(&page->json, page->studies, study)) {
    uint32_t nct = th_sync_study_nct(&page->json, study);
    if (nct)
      th_ids_add(&s->seen, nct);
    else
      bad++;
  }
  *fresh = s->seen.n - known;
  if (bad) th_sync_doubt(s, "%zu studies in a page of ids have no NCT number", bad);
}

static int take_page(th_sync *s, const th_sync_walk *walk, const steps *at,
                     const th_sync_page *page, size_t *fresh, th_err *err) {
  char place[1100];
  if (walk->ids) {
    take_ids(s, page, fresh);
    return 0;
  }
  snprintf(place, sizeof place, "%s page %llu", s->from, (unsigned long long)at->pages + 1);
  return th_sync_take(s, page, place, fresh, err);
}

static int keep_place(th_sync *s, const th_sync_walk *walk, const steps *at, th_err *err) {
  if (!walk->keep) return 0;
  memcpy(s->state.walk.token, at->token, at->token_n);
  s->state.walk.token[at->token_n] = 0;
  s->state.walk.pages = at->pages;
  s->state.walk.studies = walk->studies;
  s->state.walk.total = walk->total;
  return th_sync_save(s, err);
}

static void show(th_sync *s, const th_sync_walk *walk) {
  double part = walk->total > 0 ? (double)walk->studies / (double)walk->total : -1;
  if (s->options->progress) s->options->progress(s->options->ctx, walk->unit, walk->studies, part);
}

/* One page further. at->token_n is 0 behind the last. */
static int step(th_sync *s, th_sync_walk *walk, steps *at, th_err *err) {
  th_sync_page page;
  size_t fresh = 0;
  unsigned size = s->options->page_size ? s->options->page_size : PAGE_SIZE;
  th_span token = {at->token, at->token_n};
  int rc = th_sync_page_get(s, walk->query, token, size, &page, err);
  if (rc) return rc;
  if (token.n == 0) walk->total = page.total;
  uint64_t rejected = s->report->rejected;
  rc = take_page(s, walk, at, &page, &fresh, err);
  if (rc) return rc;
  rejected = s->report->rejected - rejected;
  if (page.n > fresh + rejected) walk->repeated += page.n - fresh - rejected;
  walk->studies += fresh;
  at->pages++;
  at->barren = fresh ? 0 : at->barren + 1;
  if (page.token.n && goes_round(at, page.token))
    return th_err_set(err, TH_EINPUT, "%s: page tokens repeat: the pages go round in a circle",
                      s->from);
  if (page.token.n && at->barren >= MOST_BARREN)
    return th_err_set(err, TH_EINPUT, "%s: %d pages in a row bring nothing new", s->from,
                      MOST_BARREN);
  if (page.token.n && memchr(page.token.p, 0, page.token.n))
    return th_err_set(err, TH_EINPUT, "%s: a page token holds a NUL", s->from);
  if (page.token.n) memcpy(at->token, page.token.p, page.token.n);
  at->token_n = page.token.n;
  show(s, walk);
  return at->token_n ? keep_place(s, walk, at, err) : 0;
}

static void begin(th_sync *s, th_sync_walk *walk, steps *at) {
  memset(at, 0, sizeof *at);
  th_ids_clear(&s->seen);
  walk->studies = walk->repeated = 0;
  walk->total = -1;
  walk->resumed = false;
}

static void go_on(th_sync *s, th_sync_walk *walk, steps *at) {
  begin(s, walk, at);
  if (!walk->keep || !s->state.walk.token[0]) return;
  at->token_n = strlen(s->state.walk.token);
  memcpy(at->token, s->state.walk.token, at->token_n);
  at->pages = s->state.walk.pages;
  walk->studies = s->state.walk.studies;
  walk->total = s->state.walk.total;
  walk->resumed = true;
}

int th_sync_walk_run(th_sync *s, th_sync_walk *walk, th_err *err) {
  unsigned restarts = 0;
  steps *at = malloc(sizeof *at);
  int rc = at ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) go_on(s, walk, at);
  while (rc == 0) {
    th_err local = {0};
    rc = step(s, walk, at, &local);
    /* A token of another state of the data, or one that was forgotten. */
    bool stale = rc == TH_EINPUT && s->reply.status == 400 && at->token_n;
    if (stale && restarts++ < MOST_RESTARTS) {
      th_sync_notice(
          s, "the upstream no longer takes our place among its pages: from the first again");
      begin(s, walk, at);
      rc = 0;
      continue;
    }
    if (rc) th_err_set(err, rc, "%s", local.message);
    if (rc == 0 && at->token_n == 0) break;
  }
  free(at);
  if (rc == 0 && walk->repeated)
    th_sync_notice(s, "the upstream gave %llu %s more than once",
                   (unsigned long long)walk->repeated, walk->unit);
  return rc;
}
