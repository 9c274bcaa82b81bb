#define _GNU_SOURCE
#include "sync/client.h"

#include "base/queue.h"
#include "sync/pace.h"
#include "sync/url.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
  MOST_REDIRECTS = 3,
  LEAST_BASE_MS = 100,     /* of the back-off, also without a pause */
  LEAST_SPEED = 1000,      /* bytes a second of a download, over timeout_s */
  HEADER_BYTES = 64 << 10, /* of one answer */
};

struct th_sync_client {
  const th_sync_options *options;
  th_sync_report *report;
  CURL *curl;
  double next_s; /* when the next request may begin, by the monotonic clock */
  uint64_t chance;
  unsigned pause_ms;
  char agent[256], why[CURL_ERROR_SIZE];
};

/* One attempt on its way. */
typedef struct attempt {
  th_sync_client *client;
  const th_sync_ask *ask;
  th_sync_reply *reply;
  size_t header_bytes;
  bool too_long;
  th_err err; /* of write */
} attempt;

/* "Trialhead/VERSION (+ADDRESS)": who asks, and where that is told. */
static int name_agent(th_sync_client *c, th_err *err) {
  const char *contact = c->options->contact ? c->options->contact : TH_HOMEPAGE;
  for (const char *p = contact; *p; p++)
    if (*p <= ' ' || *p >= 0x7F || p - contact >= 200)
      return th_err_set(err, TH_EUSAGE, "the contact address is too long or has blanks");
  snprintf(c->agent, sizeof c->agent, contact[0] ? "Trialhead/%s (+%s)" : "Trialhead/%s",
           TH_VERSION, contact);
  return 0;
}

static void start_curl(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

th_sync_client *th_sync_client_new(const th_sync_options *options, th_sync_report *report,
                                   th_err *err) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, start_curl);
  th_sync_client *c = calloc(1, sizeof *c);
  if (c) c->curl = curl_easy_init();
  if (!c || !c->curl) {
    free(c);
    th_err_set(err, TH_ENOMEM, "out of memory");
    return NULL;
  }
  c->options = options;
  c->report = report;
  c->pause_ms = options->pause_ms || options->hasty ? options->pause_ms : 1000;
  c->chance = (uint64_t)time(NULL) * 0x9E3779B97F4A7C15u ^ (uint64_t)getpid() << 32 ^
              (uint64_t)(uintptr_t)c;
  if (name_agent(c, err)) {
    th_sync_client_free(c);
    return NULL;
  }
  return c;
}

void th_sync_client_free(th_sync_client *c) {
  if (!c) return;
  curl_easy_cleanup(c->curl);
  free(c);
}

void th_sync_reply_init(th_sync_reply *reply, size_t max_body) {
  *reply = (th_sync_reply){0};
  th_buf_init(&reply->body, max_body);
}

void th_sync_reply_dispose(th_sync_reply *reply) {
  th_buf_dispose(&reply->body);
}

bool th_sync_stopped(const th_sync_client *c) {
  return c->options->stop && atomic_load(c->options->stop);
}

/* xorshift64*: chance enough to keep many mirrors apart. */
static uint64_t next_chance(th_sync_client *c) {
  uint64_t x = c->chance | 1;
  x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
  c->chance = x;
  return x * 0x2545F4914F6CDD1Du >> 11;
}

static int sleep_until(th_sync_client *c, double when, th_err *err) {
  for (;;) {
    if (th_sync_stopped(c)) return th_err_set(err, TH_EBUSY, "stopped");
    double left = when - th_clock_mono();
    if (left <= 0) return 0;
    long ns = (long)(TH_MIN(left, 0.1) * 1e9);
    nanosleep(&(struct timespec){0, ns}, NULL);
  }
}

/* ---- what curl calls ---- */

static size_t on_body(char *p, size_t size, size_t n, void *ctx) {
  attempt *a = ctx;
  long status = 0;
  (void)size;
  a->client->report->bytes += n;
  curl_easy_getinfo(a->client->curl, CURLINFO_RESPONSE_CODE, &status);
  a->reply->status = status;
  if (a->ask->write && (status == 200 || status == 206))
    return a->ask->write(a->ask->ctx, a->reply, (th_span){p, n}, &a->err) ? 0 : n;
  th_buf_put(&a->reply->body, p, n);
  a->too_long = a->reply->body.error == TH_ELIMIT;
  return a->reply->body.error ? 0 : n;
}

static void keep_value(th_span v, char *out, size_t cap) {
  out[0] = 0;
  if (v.n >= cap) return;
  for (size_t i = 0; i < v.n; i++)
    if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7F) return;
  memcpy(out, v.p, v.n);
  out[v.n] = 0;
}

/* "bytes 100-199/4000", "bytes 100-199" + "/" + "*" */
static void read_part(th_span v, th_sync_reply *reply) {
  char text[100];
  unsigned long long from = 0, to = 0, whole = 0;
  keep_value(v, text, sizeof text);
  if (sscanf(text, "bytes %llu-%llu/%llu", &from, &to, &whole) < 2) return;
  reply->part_from = from;
  reply->whole = whole;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx) {
  attempt *a = ctx;
  th_sync_reply *r = a->reply;
  char text[100];
  (void)size;
  a->header_bytes += n;
  if (a->header_bytes > HEADER_BYTES) return 0;
  const char *colon = memchr(p, ':', n);
  if (!colon) return n;
  th_span name = {p, (size_t)(colon - p)};
  th_span v = th_span_trim((th_span){colon + 1, n - name.n - 1});
  if (th_span_eq_nocase(name, TH_SPAN("etag"))) keep_value(v, r->etag, sizeof r->etag);
  if (th_span_eq_nocase(name, TH_SPAN("content-type"))) keep_value(v, r->type, sizeof r->type);
  if (th_span_eq_nocase(name, TH_SPAN("content-range"))) read_part(v, r);
  if (th_span_eq_nocase(name, TH_SPAN("retry-after"))) {
    keep_value(v, text, sizeof text);
    r->has_retry_after = th_sync_retry_after(text, th_clock_utc(), &r->retry_after_ms);
  }
  return n;
}

static int on_progress(void *ctx, curl_off_t total, curl_off_t now, curl_off_t up, curl_off_t ups) {
  const attempt *a = ctx;
  (void)total, (void)now, (void)up, (void)ups;
  return th_sync_stopped(a->client);
}

/* ---- one attempt ---- */

static bool put_header(struct curl_slist **list, const char *name, const char *value) {
  char line[300];
  if (snprintf(line, sizeof line, "%s: %s", name, value) >= (int)sizeof line) return true;
  struct curl_slist *p = curl_slist_append(*list, line);
  if (p) *list = p;
  return p != NULL;
}

static void set_limits(th_sync_client *c, const th_sync_ask *ask) {
  const th_sync_options *o = c->options;
  long timeout = o->timeout_s ? (long)o->timeout_s : 300;
  curl_easy_setopt(c->curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c->curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 2L);
  if (o->ca) curl_easy_setopt(c->curl, CURLOPT_CAINFO, o->ca);
  curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT, o->connect_s ? (long)o->connect_s : 20L);
  if (ask->write) { /* hours may be right, standing still is not */
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_LIMIT, (long)LEAST_SPEED);
    curl_easy_setopt(c->curl, CURLOPT_LOW_SPEED_TIME, timeout);
  } else {
    curl_easy_setopt(c->curl, CURLOPT_TIMEOUT, timeout);
    curl_easy_setopt(c->curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  }
}

static bool set_request(th_sync_client *c, attempt *a, struct curl_slist **headers) {
  const th_sync_ask *ask = a->ask;
  char range[40];
  bool ok = put_header(headers, "Accept", ask->write ? "*/*" : "application/json");
  if (ask->if_none_match) ok &= put_header(headers, "If-None-Match", ask->if_none_match);
  if (ask->write && ask->from) {
    snprintf(range, sizeof range, "bytes=%llu-", (unsigned long long)ask->from);
    ok &= put_header(headers, "Range", range);
    if (ask->if_range) ok &= put_header(headers, "If-Range", ask->if_range);
  }
  curl_easy_reset(c->curl);
  set_limits(c, ask);
  curl_easy_setopt(c->curl, CURLOPT_URL, ask->url);
  curl_easy_setopt(c->curl, CURLOPT_USERAGENT, c->agent);
  curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, *headers);
  curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->why);
  curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, a);
  curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, a);
  curl_easy_setopt(c->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(c->curl, CURLOPT_XFERINFODATA, a);
  curl_easy_setopt(c->curl, CURLOPT_NOPROGRESS, 0L);
  c->why[0] = 0;
  return ok;
}

/* Does another try make sense behind this failure? */
static bool may_pass(CURLcode code) {
  switch (code) {
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CACERT_BADFILE:
    return false;
  default:
    return true;
  }
}

static int failed(attempt *a, CURLcode code, th_err *err) {
  const th_sync_client *c = a->client;
  const char *url = a->ask->url, *why = c->why[0] ? c->why : curl_easy_strerror(code);
  if (th_sync_stopped(c)) return th_err_set(err, TH_EBUSY, "stopped");
  if (a->err.code) return th_err_set(err, a->err.code, "%s", a->err.message);
  if (a->too_long)
    return th_err_set(err, TH_ELIMIT, "%.300s: an answer of more than %zu MB", url,
                      a->reply->body.max >> 20);
  if (a->reply->body.error) return th_err_set(err, TH_ENOMEM, "out of memory");
  a->reply->again = may_pass(code);
  /* Out of memory is what curl also says of a header line beyond its limit: an answer like others.
   */
  return th_err_set(err, TH_EIO, "%.300s: %s", url, why);
}

static bool is_refusal(long status) {
  return status == 408 || status == 429 || status >= 500;
}

static int answered(attempt *a, th_err *err) {
  th_sync_reply *r = a->reply;
  char *location = NULL;
  curl_easy_getinfo(a->client->curl, CURLINFO_RESPONSE_CODE, &r->status);
  curl_easy_getinfo(a->client->curl, CURLINFO_REDIRECT_URL, &location);
  if (location) keep_value(th_span_of(location), r->location, sizeof r->location);
  if (is_refusal(r->status)) {
    r->again = true;
    return th_err_set(err, TH_EIO, "%.300s: the upstream answers %ld", a->ask->url, r->status);
  }
  if (r->status != 200 || !a->ask->check) return 0;
  int rc = a->ask->check(a->ask->ctx, r, err);
  r->again = rc == TH_EINPUT;
  return rc;
}

static void clear_reply(th_sync_reply *r) {
  th_buf_clear(&r->body);
  th_buf body = r->body;
  *r = (th_sync_reply){.body = body};
}

int th_sync_try(th_sync_client *c, const th_sync_ask *ask, th_sync_reply *reply, th_err *err) {
  attempt a = {.client = c, .ask = ask, .reply = reply};
  struct curl_slist *headers = NULL;
  clear_reply(reply);
  int rc = sleep_until(c, c->next_s, err);
  if (rc) return rc;
  c->next_s = th_clock_mono() + c->pause_ms / 1000.0;
  if (!set_request(c, &a, &headers)) {
    curl_slist_free_all(headers);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  c->report->requests++;
  CURLcode code = curl_easy_perform(c->curl);
  rc = code == CURLE_OK ? answered(&a, err) : failed(&a, code, err);
  curl_slist_free_all(headers);
  return rc;
}

/* ---- again ---- */

static void add_words(th_err *err, const char *fmt, unsigned long long n) {
  size_t at = strlen(err->message);
  snprintf(err->message + at, sizeof err->message - at, fmt, n);
}

int th_sync_wait(th_sync_client *c, const th_sync_reply *reply, unsigned failures, th_err *err) {
  unsigned tries = c->options->tries ? c->options->tries : 6;
  uint64_t ms =
      th_sync_backoff_ms(TH_MAX(c->pause_ms, (unsigned)LEAST_BASE_MS), failures, next_chance(c));
  if (!reply->again) return err->code;
  if (reply->has_retry_after) ms = TH_MAX(ms, reply->retry_after_ms);
  if (ms > TH_SYNC_RETRY_AFTER_MAX_MS) {
    add_words(err, " and asks to be left alone for %llu s", (unsigned long long)ms / 1000);
    return err->code;
  }
  if (failures >= tries) {
    if (failures > 1) add_words(err, " (%llu tries)", failures);
    return err->code;
  }
  th_err stopped = {0};
  if (sleep_until(c, th_clock_mono() + (double)ms / 1000, &stopped)) {
    *err = stopped;
    return stopped.code;
  }
  th_err_clear(err);
  return 0;
}

static int get_one(th_sync_client *c, const th_sync_ask *ask, th_sync_reply *reply, th_err *err) {
  th_err local = {0};
  int rc;
  for (unsigned failures = 0;;) {
    rc = th_sync_try(c, ask, reply, &local);
    if (rc == 0) return 0;
    rc = th_sync_wait(c, reply, ++failures, &local);
    if (rc) return th_err_set(err, rc, "%s", local.message);
  }
}

static bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

int th_sync_get(th_sync_client *c, const th_sync_ask *ask, bool follow, th_sync_reply *reply,
                th_err *err) {
  char url[sizeof reply->location];
  th_sync_ask next = *ask;
  for (unsigned i = 0;; i++) {
    int rc = get_one(c, &next, reply, err);
    if (rc || !follow || !is_redirect(reply->status)) return rc;
    if (i == MOST_REDIRECTS)
      return th_err_set(err, TH_EINPUT, "%.300s: more than %d redirects", ask->url, MOST_REDIRECTS);
    if (!th_sync_url_may_follow(next.url, reply->location))
      return th_err_set(err, TH_EINPUT,
                        "%.300s sends us to '%.300s': only redirects on the same host are followed",
                        next.url, reply->location);
    snprintf(url, sizeof url, "%s", reply->location);
    next.url = url;
  }
}

int th_sync_unexpected(const char *url, const th_sync_reply *reply, th_err *err) {
  char words[161];
  size_t n = 0;
  for (size_t i = 0; i < reply->body.n && n + 1 < sizeof words; i++) {
    unsigned char ch = (unsigned char)reply->body.p[i];
    words[n++] = ch < ' ' || ch >= 0x7F ? ' ' : (char)ch;
  }
  words[n] = 0;
  return th_err_set(err, TH_EINPUT, "%.300s: the upstream answers %ld%s%s", url, reply->status,
                    n ? ": " : "", words);
}
