/* The whole as one archive: /studies/download into a file of the data directory, then an ordinary
 * import. The file survives a kill; it grows on where it ended when the upstream's ETag says that
 * it is still the same. */
#define _GNU_SOURCE
#include "base/file.h"
#include "study/nct.h"
#include "sync/internal.h"
#include "sync/url.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DOWNLOAD_MAX ((uint64_t)64 << 30)
enum { MOST_REDIRECTS = 3 };

typedef struct download {
  th_sync *s;
  char path[PATH_MAX];
  int fd;
  uint64_t size;  /* of the file */
  uint64_t whole; /* what it will be, 0 = not told */
  bool begun;     /* this attempt's first bytes are written */
  bool refused;   /* the file system did: trying again does not help */
} download;

static void show(const download *d) {
  const th_sync_options *o = d->s->options;
  double part = d->whole ? (double)d->size / (double)d->whole : -1;
  if (o->progress) o->progress(o->ctx, "MB", d->size >> 20, part);
}

/* The first bytes say what file this is. */
static int begin(download *d, const th_sync_reply *head, th_err *err) {
  th_sync *s = d->s;
  if (head->status == 206 && head->part_from != d->size)
    return th_err_set(err, TH_EINPUT, "the upstream continues at byte %llu, not %llu",
                      (unsigned long long)head->part_from, (unsigned long long)d->size);
  if (head->status == 200) d->size = 0;
  if (ftruncate(d->fd, (off_t)d->size) != 0 || lseek(d->fd, (off_t)d->size, SEEK_SET) < 0) {
    d->refused = true;
    return th_err_sys(err, "%s", d->path);
  }
  d->whole = head->status == 206 ? head->whole : 0;
  d->begun = true;
  if (head->status == 206 || strcmp(s->state.download.etag, head->etag) == 0) return 0;
  memcpy(s->state.download.etag, head->etag, sizeof s->state.download.etag);
  return th_sync_save(s, err);
}

static int on_bytes(void *ctx, const th_sync_reply *head, th_span bytes, th_err *err) {
  download *d = ctx;
  int rc = d->begun ? 0 : begin(d, head, err);
  if (rc == 0 && d->size + bytes.n > DOWNLOAD_MAX)
    rc = th_err_set(err, TH_ELIMIT, "the download is larger than 64 GB");
  if (rc == 0 && (rc = th_fd_write(d->fd, bytes.p, bytes.n, err)) != 0) d->refused = true;
  if (rc == 0) d->size += bytes.n;
  show(d);
  return rc;
}

/* A weak tag does not promise the same bytes. */
static bool can_continue(const download *d) {
  const char *etag = d->s->state.download.etag;
  return d->size > 0 && etag[0] == '"';
}

static int attempt(download *d, const char *url, th_err *err) {
  th_sync *s = d->s;
  th_sync_ask ask = {.url = url, .write = on_bytes, .ctx = d};
  d->begun = false;
  if (can_continue(d)) {
    ask.from = d->size;
    ask.if_range = s->state.download.etag;
  }
  int rc = th_sync_try(s->client, &ask, &s->reply, err);
  if (rc == 0 && s->reply.status == 416) { /* not the file that we have the beginning of */
    d->size = 0;
    s->state.download.etag[0] = 0;
    s->reply.again = true;
    rc = th_err_set(err, TH_EIO, "%.300s: the upstream refuses the rest of the file", url);
  }
  /* What ended in the middle may go on; what the disk refuses may not. */
  if (rc && d->begun && rc != TH_EBUSY && rc != TH_ELIMIT && !d->refused) s->reply.again = true;
  return rc;
}

static bool has_it(long status) {
  return status == 200 || status == 206;
}

/* Until the file is whole, or the upstream shows that it has no such thing. */
static int fetch(download *d, bool *available, th_err *err) {
  th_sync *s = d->s;
  char url[1100];
  unsigned failures = 0, redirects = 0;
  snprintf(url, sizeof url, "%s/studies/download?format=json.zip", s->from);
  for (;;) {
    th_err local = {0};
    uint64_t before = d->size;
    int rc = attempt(d, url, &local);
    if (rc == 0 && s->reply.location[0] && redirects++ < MOST_REDIRECTS &&
        th_sync_url_may_follow(url, s->reply.location)) {
      snprintf(url, sizeof url, "%s", s->reply.location);
      continue;
    }
    *available = rc == 0 && has_it(s->reply.status) && d->begun;
    if (rc == 0) return 0;
    if (d->size > before) failures = 0; /* it goes on: patience is for standing still */
    rc = th_sync_wait(s->client, &s->reply, ++failures, &local);
    if (rc == 0) continue;
    /* Nothing came at all: pages may. */
    if (rc == TH_EIO && d->size == 0 && !d->refused) {
      th_sync_notice(s, "%s", local.message);
      return 0;
    }
    return th_err_set(err, rc, "%s", local.message);
  }
}

static bool is_archive(const download *d) {
  char head[4] = {0};
  return pread(d->fd, head, 4, 0) == 4 && memcmp(head, "PK", 2) == 0;
}

static void forget(download *d) {
  if (unlink(d->path) != 0) d->refused = true; /* it is overwritten by the next */
  memset(&d->s->state.download, 0, sizeof d->s->state.download);
}

static int open_file(download *d, const char *timestamp, th_err *err) {
  th_sync *s = d->s;
  char key[24];
  struct stat st;
  th_sync_state_key(s->from, s->where, key);
  if (snprintf(d->path, sizeof d->path, "%s/sync-%s.zip", s->dir, key + 5) >= PATH_MAX)
    return th_err_set(err, TH_EUSAGE, "the name of the data directory is too long");
  d->fd = open(d->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (d->fd < 0 || fstat(d->fd, &st) != 0) return th_err_sys(err, "%s", d->path);
  if (strcmp(s->state.download.data_timestamp, timestamp) == 0) {
    d->size = (uint64_t)st.st_size;
    return 0;
  }
  memset(&s->state.download, 0, sizeof s->state.download);
  memcpy(s->state.download.data_timestamp, timestamp, 20);
  if (ftruncate(d->fd, 0) != 0) return th_err_sys(err, "%s", d->path);
  return th_sync_save(s, err);
}

/* ---- the import ---- */

static void on_reject(void *ctx, const th_reject *reject) {
  th_sync *s = ctx;
  uint32_t nct = 0;
  th_reject r = *reject;
  r.file = "download";
  if (th_nct_parse(th_span_of(r.id), &nct)) th_ids_add(&s->refused, nct);
  s->report->rejected++;
  if (s->options->reject) s->options->reject(s->options->ctx, &r);
}

static void on_progress(void *ctx, const th_import_report *r, uint64_t done, uint64_t total) {
  th_sync *s = ctx;
  double part = total ? (double)done / (double)total : -1;
  if (s->options->progress) s->options->progress(s->options->ctx, "studies", r->read, part);
}

static int import_file(download *d, uint64_t *taken, th_err *err) {
  th_sync *s = d->s;
  th_import_report r = {0};
  th_import_options options = {.reject = on_reject, .progress = on_progress, .ctx = s};
  const char *paths[] = {d->path};
  int rc = th_registry_import(s->registry, paths, 1, &options, &r, err);
  s->report->read += r.read;
  s->report->added += r.added;
  s->report->changed += r.changed;
  s->report->unchanged += r.unchanged;
  *taken = r.added + r.changed + r.unchanged;
  if (rc == TH_EINPUT) { /* each was named */
    th_err_clear(err);
    return 0;
  }
  return rc;
}

static int finish(download *d, bool *available, th_err *err) {
  th_sync *s = d->s;
  uint64_t taken = 0;
  if (!s->state.download.done) {
    if (fsync(d->fd) != 0) return th_err_sys(err, "%s", d->path);
    s->state.download.done = true;
    int rc = th_sync_save(s, err);
    if (rc) return rc;
  }
  int rc = import_file(d, &taken, err);
  if (rc) return rc;
  *available = taken > 0;
  forget(d);
  return th_sync_save(s, err);
}

int th_sync_download(th_sync *s, const char *timestamp, bool *available, th_err *err) {
  download d = {.s = s, .fd = -1};
  *available = true;
  int rc = open_file(&d, timestamp, err);
  if (rc == 0 && !s->state.download.done) {
    rc = fetch(&d, available, err);
    if (rc == 0 && *available && !is_archive(&d)) {
      th_sync_notice(s, "what the upstream gives for download is no zip archive");
      *available = false;
    }
  }
  if (rc == 0 && *available)
    rc = finish(&d, available, err);
  else if (rc == 0)
    forget(&d);
  if (d.fd >= 0) close(d.fd);
  return rc;
}
