/* A sync now and then on a thread of its own, beside a server that goes on answering. */
#define _GNU_SOURCE
#include "base/queue.h"
#include "sync/internal.h"
#include "sync/url.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum {
  RETRY_FIRST_S = 60, /* behind a run that failed; doubled each time */
  RETRY_MOST_S = 3600,
};

struct th_sync_daemon {
  pthread_t thread;
  th_sync_options options;
  char *dir; /* owned */
  uint64_t every_s;
  void (*log)(void *ctx, const char *line);
  void *ctx;
  atomic_bool stop;
};

static void say(const th_sync_daemon *d, const char *fmt, ...) TH_PRINTF(2, 3);
static void say(const th_sync_daemon *d, const char *fmt, ...) {
  char line[2000];
  va_list args;
  va_start(args, fmt);
  vsnprintf(line, sizeof line, fmt, args);
  va_end(args);
  d->log(d->ctx, line);
}

static void on_notice(void *ctx, const char *text) {
  say(ctx, "sync: %s", text);
}

static void on_reject(void *ctx, const th_reject *r) {
  say(ctx, "sync: rejected %s: %s", r->id[0] ? r->id : "a record", r->reason);
}

/* Seconds until the last complete run is every_s old; 0 when it is, or nothing is known. */
static uint64_t due_in(const th_sync_daemon *d) {
  th_err ignored = {0};
  th_store *store = NULL;
  th_sync_state state = {0};
  th_buf base;
  uint64_t wait = 0;
  th_buf_init(&base, 1000);
  const char *from = d->options.from ? d->options.from : TH_SYNC_UPSTREAM;
  int rc = th_sync_url_base(&base, from, &ignored);
  th_buf_char(&base, 0);
  if (rc == 0 && !base.error) rc = th_store_open(&store, d->dir, TH_STORE_READ, &ignored);
  if (rc == 0)
    rc = th_sync_state_load(store, base.p, d->options.where ? d->options.where : "", &state,
                            &ignored);
  int64_t age = th_clock_utc() - state.checked;
  if (rc == 0 && state.checked && age >= 0 && (uint64_t)age < d->every_s)
    wait = d->every_s - (uint64_t)age;
  th_store_close(store);
  th_buf_dispose(&base);
  return wait;
}

static bool sleep_s(const th_sync_daemon *d, uint64_t s) {
  double until = th_clock_mono() + (double)s;
  while (!atomic_load(&d->stop) && th_clock_mono() < until)
    nanosleep(&(struct timespec){0, 100000000}, NULL);
  return !atomic_load(&d->stop);
}

static bool run_once(th_sync_daemon *d) {
  th_sync_report r;
  th_err err = {0};
  int rc = th_sync_run(d->dir, &d->options, &r, &err);
  if (atomic_load(&d->stop)) return false;
  if (rc) say(d, "sync: %s", err.message);
  if (r.read || r.removed || rc == 0)
    say(d,
        "sync: %" PRIu64 " read, %" PRIu64 " new, %" PRIu64 " changed, %" PRIu64
        " removed; data of %s",
        r.read, r.added, r.changed, r.removed, r.data_timestamp);
  /* Rejected records do not get better by asking at once again. */
  return rc == 0 || (rc == TH_EINPUT && r.complete) || r.rejected;
}

static void *daemon_loop(void *arg) {
  th_sync_daemon *d = arg;
  uint64_t wait = due_in(d), retry = RETRY_FIRST_S;
  while (sleep_s(d, wait)) {
    bool done = run_once(d);
    wait = done ? d->every_s : TH_MIN(retry, d->every_s);
    retry = done ? RETRY_FIRST_S : TH_MIN(retry * 2, (uint64_t)RETRY_MOST_S);
  }
  return NULL;
}

int th_sync_daemon_start(th_sync_daemon **out, const char *dir, const th_sync_options *options,
                         uint64_t every_s, void (*log)(void *ctx, const char *line), void *ctx,
                         th_err *err) {
  *out = NULL;
  th_sync_daemon *d = calloc(1, sizeof *d);
  if (d) d->dir = strdup(dir);
  if (!d || !d->dir) {
    free(d);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  d->options = *options;
  d->options.stop = &d->stop;
  d->options.notice = on_notice;
  d->options.reject = on_reject;
  d->options.removed = NULL;
  d->options.progress = NULL;
  d->options.ctx = d;
  d->every_s = every_s;
  d->log = log;
  d->ctx = ctx;
  if (pthread_create(&d->thread, NULL, daemon_loop, d) != 0) {
    free(d->dir);
    free(d);
    return th_err_set(err, TH_ENOMEM, "cannot start a thread");
  }
  *out = d;
  return 0;
}

bool th_sync_daemon_stop(th_sync_daemon *d, unsigned wait_s) {
  struct timespec until;
  if (!d) return true;
  atomic_store(&d->stop, true);
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += wait_s;
  if (pthread_timedjoin_np(d->thread, NULL, &until) != 0) return false;
  free(d->dir);
  free(d);
  return true;
}
