/* One run: what is there to do, do it, and look whether the upstream stood still meanwhile. */
#include "base/queue.h"
#include "sync/internal.h"
#include "sync/pace.h"
#include "sync/url.h"

#include <stdarg.h>
#include <stdio.h>

/* Of reading behind an upstream that changes in the middle. */
enum { MOST_ROUNDS = 6 };

void th_sync_notice(th_sync *s, const char *fmt, ...) {
  char text[1600];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  if (s->options->notice) s->options->notice(s->options->ctx, text);
}

void th_sync_doubt(th_sync *s, const char *fmt, ...) {
  char text[1600];
  va_list args;
  va_start(args, fmt);
  vsnprintf(text, sizeof text, fmt, args);
  va_end(args);
  s->doubted = true;
  if (s->options->notice) s->options->notice(s->options->ctx, text);
}

int th_sync_save(th_sync *s, th_err *err) {
  return th_sync_state_save(th_registry_store(s->registry), s->from, s->where, &s->state, err);
}

int th_sync_publish(th_sync *s, th_err *err) {
  uint64_t behind = 0;
  int rc = th_registry_behind(s->registry, &behind, err);
  if (rc == 0 && behind) rc = th_registry_index_update(s->registry, false, false, NULL, NULL, err);
  if (rc == 0) s->unpublished = 0;
  return rc;
}

/* ---- /version ---- */

typedef struct version {
  char timestamp[20], etag[200];
} version;

typedef struct version_check {
  th_sync *s;
  char *timestamp;
} version_check;

static int check_version(void *ctx, th_sync_reply *reply, th_err *err) {
  version_check *c = ctx;
  return th_sync_version_read(c->s->pages, th_buf_view(&reply->body), c->timestamp, err);
}

/* known: an ETag that, when it still holds, means the state that is wholly here; or NULL. */
static int ask_version(th_sync *s, const char *known, version *out, th_err *err) {
  char url[1100];
  th_err local = {0};
  *out = (version){0};
  version_check check = {s, out->timestamp};
  th_sync_ask ask = {.url = url, .if_none_match = known, .check = check_version, .ctx = &check};
  snprintf(url, sizeof url, "%s/version", s->from);
  int rc = th_sync_get(s->client, &ask, true, &s->reply, &local);
  if (rc == TH_EINPUT)
    return th_err_set(err, rc, "%.300s: %s (is this an API v2?)", url, local.message);
  if (rc) return th_err_set(err, rc, "%s", local.message);
  if (s->reply.status == 304 && known) {
    memcpy(out->timestamp, s->state.data_timestamp, sizeof out->timestamp);
    memcpy(out->etag, s->state.etag, sizeof out->etag);
  } else if (s->reply.status == 200) {
    memcpy(out->etag, s->reply.etag, sizeof out->etag);
  } else {
    return th_sync_unexpected(url, &s->reply, err);
  }
  memcpy(s->report->data_timestamp, out->timestamp, sizeof out->timestamp);
  return 0;
}

/* Only when nothing but a new state would give us anything to do. */
static const char *known_etag(const th_sync *s) {
  const th_sync_options *o = s->options;
  bool idle =
      s->state.data_timestamp[0] && s->state.etag[0] && !o->full && !o->whole && !s->state.gaps;
  return idle ? s->state.etag : NULL;
}

static bool same_state(const version *a, const version *b) {
  return strcmp(a->timestamp, b->timestamp) == 0;
}

/* ---- reading ---- */

/* What reading came to. */
typedef struct outcome {
  bool sure;  /* everything the upstream counts came */
  bool whole; /* s->seen holds all ids */
} outcome;

static void begin_walk(th_sync *s, const th_sync_plan *plan, const version *now) {
  if (plan->resume) return;
  memset(&s->state.walk, 0, sizeof s->state.walk);
  s->state.walk.kind = plan->read;
  memcpy(s->state.walk.since, plan->since, sizeof plan->since);
  memcpy(s->state.walk.data_timestamp, now->timestamp, sizeof now->timestamp);
}

static void tell_difference(th_sync *s, const th_sync_walk *w) {
  if (w->total >= 0 && w->studies != (uint64_t)w->total)
    th_sync_notice(s, "the upstream counts %lld %s and gives %llu", (long long)w->total, w->unit,
                   (unsigned long long)w->studies);
}

static int read_pages(th_sync *s, const th_sync_plan *plan, const version *now, outcome *out,
                      th_err *err) {
  th_buf query;
  th_sync_walk walk = {.unit = "studies", .keep = true};
  th_buf_init(&query, 1 << 20);
  th_sync_query(s, plan->read == TH_SYNC_CHANGES ? plan->since : NULL, &query);
  th_buf_char(&query, 0);
  walk.query = query.p;
  begin_walk(s, plan, now);
  int rc = query.error ? th_err_set(err, query.error, "the expression is too long")
                       : th_sync_walk_run(s, &walk, err);
  if (rc == 0) {
    tell_difference(s, &walk);
    out->sure = walk.total < 0 || walk.studies == (uint64_t)walk.total;
    out->whole = plan->read == TH_SYNC_WHOLE && !walk.resumed && walk.total >= 0 && out->sure;
  }
  /* A place from which an upstream leads us in a circle is not one to go on from. */
  if (rc == 0 || rc == TH_EINPUT) memset(&s->state.walk, 0, sizeof s->state.walk);
  if (rc == TH_EINPUT) {
    th_err ignored = {0};
    (void)(th_sync_save(s, &ignored) == 0);
  }
  th_buf_dispose(&query);
  return rc;
}

static int count_here(th_sync *s, uint64_t *out, th_err *err) {
  th_err local = {0};
  th_store_counts counts = {0};
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(s->registry), &local);
  int rc = reader ? th_store_stats(reader, &counts, &local) : local.code;
  th_store_reader_release(reader);
  *out = counts.studies;
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

/* The archive, when there is one: sure when as many studies are here then as the upstream counts.
 */
static int read_download(th_sync *s, const version *now, bool *available, outcome *out,
                         th_err *err) {
  int64_t total = -1;
  uint64_t here = 0;
  int rc = th_sync_download(s, now->timestamp, available, err);
  if (rc || !*available) return rc;
  rc = th_sync_count(s, "", &total, err);
  if (rc == 0) rc = count_here(s, &here, err);
  out->sure = total >= 0 && here == (uint64_t)total;
  if (rc == 0 && out->sure) { /* as many here as there: they are all its own */
    out->whole = true;
    rc = th_sync_see_store(s, err);
  }
  return rc;
}

static int read_all(th_sync *s, const th_sync_plan *plan, const version *now, outcome *out,
                    th_err *err) {
  bool available = false;
  *out = (outcome){0};
  if (plan->download) {
    int rc = read_download(s, now, &available, out, err);
    if (rc || available) return rc;
    th_sync_notice(s, "the upstream has no download: page by page");
  }
  return read_pages(s, plan, now, out, err);
}

/* The upstream's state `now` is here, but for what an id walk may find. */
static void advance(th_sync *s, const version *now, bool gaps) {
  memcpy(s->state.data_timestamp, now->timestamp, sizeof now->timestamp);
  memcpy(s->state.etag, now->etag, sizeof now->etag);
  s->state.checked = th_clock_utc();
  s->state.gaps |= gaps;
}

/* What is here of it is what the upstream has, id for id. */
static int ids_are_compared(th_sync *s, th_err *err) {
  s->state.gaps = false;
  s->state.ids_walked = th_clock_utc();
  return th_sync_members_save(s, false, err);
}

/* Reads, and decides by what the upstream says afterwards whether that was all of one state. */
static int read_round(th_sync *s, const th_sync_plan *plan, version *now, th_err *err) {
  outcome got;
  version then = {0};
  int rc = read_all(s, plan, now, &got, err);
  if (rc == 0) rc = ask_version(s, NULL, &then, err);
  if (rc) return rc;
  bool still = same_state(now, &then);
  if (!still) th_sync_notice(s, "the upstream changed while it was read");
  if (plan->read == TH_SYNC_WHOLE) {
    /* What the pages shifted past us while they changed is found by its id. */
    advance(s, now, !still || !got.sure);
    if (still && got.whole) {
      rc = th_sync_reconcile(s, err);
      if (rc == 0) rc = ids_are_compared(s, err);
    }
  } else if (still) {
    advance(s, now, !got.sure); /* a count that is wrong: the ids will tell */
    rc = th_sync_members_save(s, true, err);
  }
  *now = then;
  return rc ? rc : th_sync_save(s, err);
}

/* Walks the ids and settles what differs. *settled false: the upstream changed meanwhile, or is
 * doubted. */
static int ids_round(th_sync *s, version *now, bool *settled, th_err *err) {
  version then = {0};
  th_buf query;
  th_sync_walk walk = {.unit = "ids", .ids = true};
  bool before = s->doubted;
  th_buf_init(&query, 1 << 20);
  th_sync_query(s, NULL, &query);
  th_buf_str(&query, "&fields=NCTId");
  th_buf_char(&query, 0);
  walk.query = query.p;
  s->doubted = false;
  int rc = query.error ? th_err_set(err, query.error, "the expression is too long")
                       : th_sync_walk_run(s, &walk, err);
  if (rc == 0) rc = ask_version(s, NULL, &then, err);
  bool still = rc == 0 && same_state(now, &then);
  if (rc == 0 && !still)
    th_sync_notice(s, "the upstream changed while its ids were read");
  else if (rc == 0 && walk.total >= 0 && walk.studies != (uint64_t)walk.total)
    th_sync_doubt(s, "the upstream counts %lld ids and gives %llu: none is removed",
                  (long long)walk.total, (unsigned long long)walk.studies);
  if (rc == 0 && still && !s->doubted) rc = th_sync_reconcile(s, err);
  *settled = rc == 0 && still && !s->doubted;
  s->doubted |= before;
  if (*settled) rc = ids_are_compared(s, err);
  if (rc == 0) *now = then;
  if (rc == 0) rc = th_sync_save(s, err);
  th_buf_dispose(&query);
  return rc;
}

/* ---- the run ---- */

static void tell_plan(th_sync *s, const th_sync_plan *plan) {
  static const char *const words[] = {"nothing", "whole", "changes"};
  s->report->plan = words[plan->read];
  s->report->ids = plan->ids;
  memcpy(s->report->since, plan->since, sizeof plan->since);
}

static int dry_run(th_sync *s, const th_sync_plan *plan, th_err *err) {
  int64_t total = 0;
  th_buf query;
  if (plan->read == TH_SYNC_NONE && !plan->ids) return 0;
  th_buf_init(&query, 1 << 20);
  th_sync_query(s, plan->read == TH_SYNC_CHANGES ? plan->since : NULL, &query);
  th_buf_char(&query, 0);
  int rc = query.error ? th_err_set(err, query.error, "the expression is too long")
                       : th_sync_count(s, query.p, &total, err);
  if (plan->read != TH_SYNC_NONE && total > 0) s->report->expected = (uint64_t)total;
  th_buf_dispose(&query);
  return rc;
}

/* Nothing to do, which is worth remembering. */
static int note_checked(th_sync *s, const version *now, th_err *err) {
  memcpy(s->state.etag, now->etag, sizeof now->etag);
  s->state.checked = th_clock_utc();
  return th_sync_save(s, err);
}

/* One round may be followed by another: because the upstream changed meanwhile, or because what
 * was read shows that ids must be compared. */
static int run_rounds(th_sync *s, th_err *err) {
  version now;
  th_sync_options want = *s->options; /* what is left of it */
  int rc = ask_version(s, known_etag(s), &now, err);
  for (unsigned round = 0; rc == 0 && !s->doubted; round++) {
    th_sync_plan plan =
        th_sync_plan_make(&s->state, now.timestamp, now.etag, &want, th_clock_utc());
    if (round == 0) tell_plan(s, &plan);
    if (s->options->dry_run) return dry_run(s, &plan, err);
    if (plan.read == TH_SYNC_NONE && !plan.ids) return note_checked(s, &now, err);
    if (round == MOST_ROUNDS) {
      th_sync_doubt(s, "the upstream does not stand still long enough to be read, or contradicts "
                       "itself: the next sync goes on from what is here");
    } else if (plan.read != TH_SYNC_NONE) {
      want.whole = false;
      rc = read_round(s, &plan, &now, err);
      want.full = plan.ids && !(rc == 0 && plan.read == TH_SYNC_WHOLE && !s->state.gaps);
    } else {
      bool settled = false;
      rc = ids_round(s, &now, &settled, err);
      want.full = !settled;
    }
  }
  return rc;
}

static int prepare(th_sync *s, th_err *err) {
  th_buf base;
  th_buf_init(&base, sizeof s->from - 1);
  int rc = th_sync_url_base(&base, s->options->from ? s->options->from : TH_SYNC_UPSTREAM, err);
  if (rc == 0 && base.error) rc = th_err_set(err, TH_EUSAGE, "the address is too long");
  if (rc == 0) memcpy(s->from, base.p, base.n);
  th_buf_dispose(&base);
  if (rc) return rc;
  s->where = s->options->where ? s->options->where : "";
  s->client = th_sync_client_new(s->options, s->report, err);
  if (!s->client) return err && err->code ? err->code : TH_ENOMEM;
  s->pages = th_json_parser_new(TH_SYNC_PAGE_MAX, TH_SYNC_RECORD_DEPTH + 2);
  s->records = th_json_parser_new(TH_SYNC_RECORD_MAX, TH_SYNC_RECORD_DEPTH);
  if (!s->pages || !s->records) return th_err_set(err, TH_ENOMEM, "out of memory");
  rc = th_ids_init(&s->seen, err);
  return rc ? rc : th_ids_init(&s->refused, err);
}

static int open_registry(th_sync *s, th_err *err) {
  th_err local = {0};
  th_registry_mode mode = s->options->dry_run ? TH_REGISTRY_READ : TH_REGISTRY_WRITE;
  int rc = th_registry_open(&s->registry, s->dir, mode, &local);
  if (rc == TH_ENOTFOUND && s->options->dry_run) return 0;
  if (rc) return th_err_set(err, rc, "%s", local.message);
  return th_sync_state_load(th_registry_store(s->registry), s->from, s->where, &s->state, err);
}

static int publish_last(th_sync *s, int rc, th_err *err) {
  th_err local = {0};
  if (!s->registry || s->options->dry_run) return rc;
  int later = th_sync_publish(s, &local);
  if (rc || later == 0) return rc;
  return th_err_set(err, later, "%s", local.message);
}

static void dispose(th_sync *s) {
  th_registry_close(s->registry);
  th_sync_client_free(s->client);
  th_json_parser_free(s->pages);
  th_json_parser_free(s->records);
  th_sync_reply_dispose(&s->reply);
  th_ids_dispose(&s->seen);
  th_ids_dispose(&s->refused);
  th_arena_dispose(&s->arena);
  free(s->puts);
}

int th_sync_run(const char *dir, const th_sync_options *options, th_sync_report *report,
                th_err *err) {
  th_sync s = {.options = options, .report = report, .dir = dir};
  th_err local = {0};
  double start = th_clock_mono();
  *report = (th_sync_report){.plan = "nothing"};
  th_sync_reply_init(&s.reply, TH_SYNC_PAGE_MAX);
  th_arena_init(&s.arena, 0);
  int rc = prepare(&s, &local);
  if (rc == 0) rc = open_registry(&s, &local);
  if (rc == 0) rc = run_rounds(&s, &local);
  rc = publish_last(&s, rc, &local);
  report->complete = rc == 0 && !s.doubted;
  report->seconds = th_clock_mono() - start;
  if (rc == 0 && s.doubted)
    rc = th_err_set(&local, TH_EINPUT, "the mirror may lack something of %s; see above", s.from);
  if (rc == 0 && report->rejected)
    rc = th_err_set(&local, TH_EINPUT, "%llu records were rejected",
                    (unsigned long long)report->rejected);
  dispose(&s);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}
