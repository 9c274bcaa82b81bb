#include "index/sections.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

/* ---- spools ---- */

void th_spool_init(th_spool *s, const char *path, size_t limit) {
  *s = (th_spool){.path = path, .limit = limit, .fd = -1};
  th_buf_init(&s->held, 0);
}

void th_spool_dispose(th_spool *s) {
  th_buf_dispose(&s->held);
  if (s->fd >= 0) close(s->fd);
  s->fd = -1;
}

static void spill(th_spool *s) {
  char name[PATH_MAX];
  if (s->fd < 0) {
    int n = snprintf(name, sizeof name, "%s.spool-XXXXXX", s->path);
    if (n < 0 || (size_t)n >= sizeof name) {
      th_err_set(&s->err, TH_EUSAGE, "the name %s is too long", s->path);
      return;
    }
    s->fd = mkstemp(name);
    if (s->fd < 0) {
      th_err_sys(&s->err, "cannot write %s", name);
      return;
    }
    unlink(name);
  }
  if (th_fd_write(s->fd, s->held.p, s->held.n, &s->err) == 0) s->in_file += s->held.n;
  th_buf_clear(&s->held);
}

char *th_spool_room(th_spool *s, size_t n) {
  if (s->err.code) return NULL;
  char *room = th_buf_room(&s->held, n);
  if (!room) th_err_set(&s->err, s->held.error, "out of memory writing %s", s->path);
  return room;
}

void th_spool_added(th_spool *s, size_t n) {
  th_buf_added(&s->held, n);
  s->n += n;
  if (s->held.n > s->limit) spill(s);
}

void th_spool_put(th_spool *s, const void *p, size_t n) {
  char *room = th_spool_room(s, n);
  if (!room) return;
  if (n) memcpy(room, p, n);
  th_spool_added(s, n);
}

void th_spool_align(th_spool *s, unsigned unit) {
  static const char zeros[64];
  unsigned over = (unsigned)(s->n % unit);
  if (over) th_spool_put(s, zeros, unit - over);
}

/* ---- the file ---- */

typedef struct section_entry {
  uint64_t offset, len, hash;
} section_entry;

struct th_sections {
  int fd;
  th_err err;
  unsigned section; /* being written, 0 = none */
  uint64_t at;      /* bytes of the file, those held included */
  section_entry entries[TH_SEC_COUNT + 1];
  th_buf chunk_hashes;
  size_t first_hash; /* of this section, in chunk_hashes */
  size_t held;
  char path[PATH_MAX], temporary[PATH_MAX];
  char chunk[TH_CHUNK];
};

enum {
  ENTRY = 32,
  HEAD_FIXED = 8 + 4 + 4 + 3 * 8 + 4 + 4,
  HEAD = HEAD_FIXED + TH_SEC_COUNT * ENTRY + 8
};

static void raw_put(th_sections *w, const void *p, size_t n) {
  if (!w->err.code && th_fd_write(w->fd, p, n, &w->err) == 0) w->at += n;
}

static void pad_to(th_sections *w, uint64_t unit) {
  static const char zeros[512];
  uint64_t over = w->at % unit;
  if (over) raw_put(w, zeros, (size_t)(unit - over));
}

th_sections *th_sections_new(const char *path, th_err *err) {
  th_sections *w = malloc(sizeof *w);
  if (!w) {
    th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
    return NULL;
  }
  memset(w, 0, offsetof(th_sections, chunk));
  th_buf_init(&w->chunk_hashes, 0);
  int n = snprintf(w->path, sizeof w->path, "%s", path);
  int m = snprintf(w->temporary, sizeof w->temporary, "%s.tmp", path);
  w->fd = -1;
  if (n < 0 || m < 0 || (size_t)m >= sizeof w->temporary)
    th_err_set(err, TH_EUSAGE, "the name %s is too long", path);
  else if ((w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
    th_err_sys(err, "cannot write %s", w->temporary);
  if (w->fd < 0) {
    free(w);
    return NULL;
  }
  char room[(HEAD + 63) / 64 * 64] = {0};
  raw_put(w, room, HEAD);
  return w;
}

void th_sections_fail(th_sections *w, const th_err *err) {
  th_err_set(&w->err, err->code, "%s", err->message);
}
int th_sections_state(const th_sections *w) {
  return w->err.code;
}
uint64_t th_sections_len(const th_sections *w, th_section_id id) {
  return w->entries[id].len;
}

void th_section_begin(th_sections *w, th_section_id id) {
  pad_to(w, 64);
  w->section = id;
  w->entries[id] = (section_entry){.offset = w->at};
  w->first_hash = w->chunk_hashes.n;
  w->held = 0;
}

static void end_chunk(th_sections *w) {
  if (w->held == 0) return;
  uint64_t hash = XXH3_64bits(w->chunk, w->held);
  th_buf_put(&w->chunk_hashes, &hash, sizeof hash);
  if (w->chunk_hashes.error) th_err_set(&w->err, TH_ENOMEM, "out of memory writing %s", w->path);
  raw_put(w, w->chunk, w->held);
  w->entries[w->section].len += w->held;
  w->held = 0;
}

void th_section_put(th_sections *w, const void *p, size_t n) {
  const char *from = p;
  while (n && !w->err.code) {
    size_t part = TH_MIN(n, sizeof w->chunk - w->held);
    memcpy(w->chunk + w->held, from, part);
    w->held += part;
    from += part;
    n -= part;
    if (w->held == sizeof w->chunk) end_chunk(w);
  }
}

void th_section_u32(th_sections *w, uint32_t v) {
  th_section_put(w, &v, sizeof v);
}
void th_section_u64(th_sections *w, uint64_t v) {
  th_section_put(w, &v, sizeof v);
}

void th_section_spool(th_sections *w, th_spool *s) {
  char part[16 << 10];
  if (s->err.code) th_sections_fail(w, &s->err);
  for (uint64_t at = 0; at < s->in_file && !w->err.code;) {
    ssize_t n =
        pread(s->fd, part, (size_t)TH_MIN((uint64_t)sizeof part, s->in_file - at), (off_t)at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) th_err_sys(&w->err, "cannot read back a part of %s", w->path);
    if (n == 0) th_err_set(&w->err, TH_EIO, "a part of %s has been cut off", w->path);
    if (n <= 0) return;
    th_section_put(w, part, (size_t)n);
    at += (uint64_t)n;
  }
  th_section_put(w, s->held.p, s->held.n);
}

void th_section_end(th_sections *w) {
  end_chunk(w);
  if (w->section) {
    size_t n = w->chunk_hashes.n - w->first_hash;
    w->entries[w->section].hash =
        XXH3_64bits(n ? w->chunk_hashes.p + w->first_hash : "", w->err.code ? 0 : n);
  }
  w->section = 0;
}

/* The chunk hashes as the last section, and the padding behind it. */
static void write_chunks(th_sections *w) {
  static const char zeros[TH_PAD];
  pad_to(w, 64);
  section_entry *e = &w->entries[TH_SEC_CHUNKS];
  *e = (section_entry){.offset = w->at, .len = w->chunk_hashes.n};
  e->hash = XXH3_64bits(e->len ? w->chunk_hashes.p : "", e->len);
  raw_put(w, w->chunk_hashes.p, w->chunk_hashes.n);
  raw_put(w, zeros, sizeof zeros);
}

static void put64(uint8_t **at, uint64_t v) {
  memcpy(*at, &v, 8);
  *at += 8;
}
static void put32(uint8_t **at, uint32_t v) {
  memcpy(*at, &v, 4);
  *at += 4;
}

static void write_head(th_sections *w, const th_sections_head *head) {
  uint8_t bytes[HEAD], *at = bytes;
  memcpy(at, TH_SEGMENT_MAGIC, 8);
  at += 8;
  put32(&at, TH_SEGMENT_VERSION);
  put32(&at, head->n_docs);
  put64(&at, head->fingerprint);
  put64(&at, head->first_seq);
  put64(&at, head->last_seq);
  put32(&at, TH_SEC_COUNT);
  put32(&at, 0);
  for (uint32_t id = 1; id <= TH_SEC_COUNT; id++) {
    put32(&at, id);
    put32(&at, 0);
    put64(&at, w->entries[id].offset);
    put64(&at, w->entries[id].len);
    put64(&at, w->entries[id].hash);
  }
  put64(&at, XXH3_64bits(bytes, HEAD - 8));
  if (w->err.code) return;
  if (lseek(w->fd, 0, SEEK_SET) != 0)
    th_err_sys(&w->err, "cannot write %s", w->temporary);
  else
    raw_put(w, bytes, sizeof bytes);
}

int th_sections_finish(th_sections *w, const th_sections_head *head, th_err *err) {
  char folder[PATH_MAX];
  if (head) {
    write_chunks(w);
    write_head(w, head);
  }
  if (head && !w->err.code && fsync(w->fd) != 0) th_err_sys(&w->err, "cannot sync %s", w->path);
  if (close(w->fd) != 0) th_err_sys(&w->err, "cannot close %s", w->path);
  if (head && !w->err.code && rename(w->temporary, w->path) != 0)
    th_err_sys(&w->err, "cannot rename to %s", w->path);
  if (!head || w->err.code) unlink(w->temporary);
  if (head && !w->err.code) {
    memcpy(folder, w->path, sizeof folder);
    if (th_dir_sync(dirname(folder), &w->err)) unlink(w->path);
  }
  int rc = w->err.code;
  if (rc) th_err_set(err, rc, "%s", w->err.message);
  th_buf_dispose(&w->chunk_hashes);
  free(w);
  return rc;
}
