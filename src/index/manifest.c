/* The manifest, the live bitmaps and the names of the index's files; the formats are at the top of
 * index_private.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "index/builder.h"
#include "index/index_private.h"

#define MANIFEST_MAGIC "THMAN\r\n\x01"
#define LIVE_MAGIC "THLIV\r\n\x01"

enum {
  HASHED_FROM = 16,
  MANIFEST_HEAD = 72,
  MANIFEST_ENTRY = 48,
  MANIFEST_SIDE = 48,
  LIVE_HEAD = 40,
  READ_STEP = 64 << 10, /* th_file_read asks for this much room behind what it holds */
  MANIFEST_MAX =
      MANIFEST_HEAD + TH_INDEX_SEGMENTS_MAX * MANIFEST_ENTRY + TH_INDEX_SIDES_MAX * MANIFEST_SIDE,
};

static uint32_t get32(const char *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static uint64_t get64(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static void put32(th_buf *b, uint32_t v) {
  th_buf_put(b, &v, sizeof v);
}
static void put64(th_buf *b, uint64_t v) {
  th_buf_put(b, &v, sizeof v);
}

/* ---- names ---- */

static void join(const char *dir, const char *name, char out[TH_INDEX_PATH_MAX]) {
  snprintf(out, TH_INDEX_PATH_MAX, "%s/%s", dir, name);
}

void th_index_segment_path(const char *dir, uint64_t number, char out[TH_INDEX_PATH_MAX]) {
  snprintf(out, TH_INDEX_PATH_MAX, "%s/%06llu.seg", dir, (unsigned long long)number);
}

void th_index_live_path(const char *dir, uint64_t number, uint64_t generation,
                        char out[TH_INDEX_PATH_MAX]) {
  snprintf(out, TH_INDEX_PATH_MAX, "%s/%06llu-%06llu.live", dir, (unsigned long long)number,
           (unsigned long long)generation);
}

void th_index_manifest_path(const char *dir, char out[TH_INDEX_PATH_MAX]) {
  join(dir, "manifest", out);
}

static bool read_number(const char **at, uint64_t *out) {
  char *end;
  if (**at < '0' || **at > '9') return false;
  errno = 0;
  *out = strtoull(*at, &end, 10);
  bool good = errno == 0 && end - *at >= 6;
  *at = end;
  return good;
}

bool th_index_file_number(const char *name, uint64_t *number, uint64_t *live_generation) {
  *live_generation = 0;
  if (!read_number(&name, number)) return false;
  if (strcmp(name, ".seg") == 0) return true;
  return *name == '-' && (name++, read_number(&name, live_generation)) &&
         strcmp(name, ".live") == 0;
}

bool th_index_side_number(const char *name, uint64_t *number) {
  return read_number(&name, number) && strcmp(name, ".side") == 0;
}

/* ---- sweeping ---- */

static bool is_named(const th_manifest *m, uint64_t number, uint64_t live_generation) {
  for (uint32_t i = 0; m && i < m->n; i++)
    if (m->entries[i].number == number)
      return live_generation == 0 || m->entries[i].live_generation == live_generation;
  return false;
}

static bool is_named_side(const th_manifest *m, uint64_t number) {
  for (uint32_t i = 0; m && i < m->n_sides; i++)
    if (m->sides[i].number == number) return true;
  return false;
}

/* What a writer that was killed may leave: a number, then anything that ends in .tmp. */
static bool is_temporary(const char *name) {
  size_t n = strlen(name);
  bool ours = (name[0] >= '0' && name[0] <= '9') || strncmp(name, "manifest.", 9) == 0;
  return ours && n > 4 && strcmp(name + n - 4, ".tmp") == 0;
}

int th_index_sweep(const char *dir, const th_manifest *m, uint64_t *highest, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  uint64_t number, live_generation;
  *highest = 0;
  DIR *folder = opendir(dir);
  if (!folder) return th_err_sys(err, "cannot read the folder %s", dir);
  for (struct dirent *e; (e = readdir(folder));) {
    bool ours = th_index_file_number(e->d_name, &number, &live_generation);
    bool side = !ours && th_index_side_number(e->d_name, &number);
    if (ours || side) *highest = TH_MAX(*highest, number);
    if (side && is_named_side(m, number)) continue;
    if (ours ? is_named(m, number, live_generation) : !side && !is_temporary(e->d_name)) continue;
    join(dir, e->d_name, path);
    unlink(path); /* what stays is swept by the next writer */
  }
  closedir(folder);
  return 0;
}

/* ---- the manifest ---- */

static int bad_manifest(const char *dir, th_err *err, const char *what) {
  return th_err_set(err, TH_ECORRUPT, "%s/manifest %s", dir, what);
}

static void decode_entry(const char *p, th_manifest_entry *e) {
  *e = (th_manifest_entry){.number = get64(p),
                           .bytes = get64(p + 8),
                           .head_hash = get64(p + 16),
                           .n_docs = get32(p + 24),
                           .n_live = get32(p + 28),
                           .live_generation = get64(p + 32),
                           .live_hash = get64(p + 40)};
}

static void decode_side(const char *p, th_manifest_side *s) {
  *s = (th_manifest_side){.kind = get32(p),
                          .number = get64(p + 8),
                          .bytes = get64(p + 16),
                          .hash = get64(p + 24),
                          .owner = get64(p + 32),
                          .basis = get64(p + 40)};
}

static int decode_manifest(th_manifest *m, const th_buf *b, const char *dir, th_err *err) {
  const char *p = b->p;
  if (b->n < MANIFEST_HEAD || memcmp(p, MANIFEST_MAGIC, 8) != 0)
    return bad_manifest(dir, err, "is not a manifest");
  *m = (th_manifest){.hash = get64(p + 8),
                     .n = get32(p + 20),
                     .generation = get64(p + 24),
                     .fingerprint = get64(p + 32),
                     .applied_seq = get64(p + 40),
                     .next_number = get64(p + 48),
                     .applied_mark = get64(p + 56),
                     .n_sides = get32(p + 64)};
  if (XXH3_64bits(p + HASHED_FROM, b->n - HASHED_FROM) != m->hash)
    return bad_manifest(dir, err, "does not match its checksum");
  if (get32(p + 16) != TH_INDEX_VERSION || m->fingerprint != th_index_fingerprint())
    return th_err_set(err, TH_EINPUT, "the index in %s was made by another version", dir);
  const char *sides = p + MANIFEST_HEAD + (size_t)m->n * MANIFEST_ENTRY;
  if (m->n > TH_INDEX_SEGMENTS_MAX || m->n_sides > TH_INDEX_SIDES_MAX ||
      b->n != MANIFEST_HEAD + (size_t)m->n * MANIFEST_ENTRY + (size_t)m->n_sides * MANIFEST_SIDE)
    return bad_manifest(dir, err, "has the wrong length");
  m->entries = calloc(m->n + 1, sizeof *m->entries);
  m->sides = calloc(m->n_sides + 1, sizeof *m->sides);
  if (!m->entries || !m->sides)
    return th_err_set(err, TH_ENOMEM, "out of memory reading %s/manifest", dir);
  for (uint32_t i = 0; i < m->n; i++)
    decode_entry(p + MANIFEST_HEAD + (size_t)i * MANIFEST_ENTRY, &m->entries[i]);
  for (uint32_t i = 0; i < m->n_sides; i++)
    decode_side(sides + (size_t)i * MANIFEST_SIDE, &m->sides[i]);
  return 0;
}

int th_manifest_read(th_manifest *out, const char *dir, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_buf b;
  *out = (th_manifest){0};
  th_index_manifest_path(dir, path);
  th_buf_init(&b, MANIFEST_MAX + READ_STEP);
  int rc = th_file_read(&b, path, err);
  if (!rc) rc = decode_manifest(out, &b, dir, err);
  if (rc) th_manifest_dispose(out);
  th_buf_dispose(&b);
  return rc;
}

static void encode_manifest(const th_manifest *m, th_buf *b) {
  put32(b, TH_INDEX_VERSION);
  put32(b, m->n);
  put64(b, m->generation);
  put64(b, m->fingerprint);
  put64(b, m->applied_seq);
  put64(b, m->next_number);
  put64(b, m->applied_mark);
  put32(b, m->n_sides);
  put32(b, 0);
  for (uint32_t i = 0; i < m->n; i++) {
    const th_manifest_entry *e = &m->entries[i];
    put64(b, e->number);
    put64(b, e->bytes);
    put64(b, e->head_hash);
    put32(b, e->n_docs);
    put32(b, e->n_live);
    put64(b, e->live_generation);
    put64(b, e->live_hash);
  }
  for (uint32_t i = 0; i < m->n_sides; i++) {
    const th_manifest_side *s = &m->sides[i];
    put32(b, s->kind);
    put32(b, 0);
    put64(b, s->number);
    put64(b, s->bytes);
    put64(b, s->hash);
    put64(b, s->owner);
    put64(b, s->basis);
  }
}

/* Puts the magic and the hash in front of the body, replaces the file. */
static int write_hashed(const char *path, const char *magic, const th_buf *body, uint64_t *hash,
                        th_err *err) {
  th_buf b;
  th_buf_init(&b, 0);
  *hash = XXH3_64bits(body->p, body->n);
  th_buf_put(&b, magic, 8);
  put64(&b, *hash);
  th_buf_put(&b, body->p, body->n);
  int rc = body->error ? body->error : b.error;
  if (rc)
    th_err_set(err, rc, "out of memory writing %s", path);
  else
    rc = th_file_replace(path, th_buf_view(&b), err);
  th_buf_dispose(&b);
  return rc;
}

int th_manifest_write(th_manifest *m, const char *dir, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_buf b;
  th_buf_init(&b, MANIFEST_MAX);
  encode_manifest(m, &b);
  th_index_manifest_path(dir, path);
  int rc = write_hashed(path, MANIFEST_MAGIC, &b, &m->hash, err);
  th_buf_dispose(&b);
  return rc;
}

void th_manifest_dispose(th_manifest *m) {
  free(m->entries);
  free(m->sides);
  *m = (th_manifest){0};
}

uint64_t th_manifest_peek(const char *dir) {
  char path[TH_INDEX_PATH_MAX], head[HASHED_FROM];
  th_index_manifest_path(dir, path);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = pread(fd, head, sizeof head, 0);
  close(fd);
  return n == (ssize_t)sizeof head && memcmp(head, MANIFEST_MAGIC, 8) == 0 ? get64(head + 8) : 0;
}

/* ---- live bitmaps ---- */

size_t th_live_words(uint32_t n_docs) {
  return n_docs / 64 + (n_docs % 64 != 0);
}

static th_live *new_live(uint64_t number, uint64_t generation, uint32_t n_docs) {
  th_live *live = calloc(1, sizeof *live + th_live_words(n_docs) * sizeof(uint64_t));
  if (!live) return NULL;
  atomic_init(&live->refs, 1);
  live->number = number;
  live->generation = generation;
  live->n_docs = n_docs;
  return live;
}

th_live *th_live_new(uint64_t number, uint64_t generation, uint32_t n_docs, const th_live *from) {
  size_t words = th_live_words(n_docs);
  th_live *live = new_live(number, generation, n_docs);
  if (!live) return NULL;
  if (from)
    memcpy(live->words, from->words, words * sizeof(uint64_t));
  else
    memset(live->words, 0xFF, words * sizeof(uint64_t));
  if (!from && n_docs % 64) live->words[words - 1] = (UINT64_C(1) << (n_docs % 64)) - 1;
  live->n_live = from ? from->n_live : n_docs;
  return live;
}

static int bad_live(const th_manifest_entry *e, th_err *err, const char *what) {
  return th_err_set(err, TH_ECORRUPT, "live bitmap %06llu-%06llu %s", (unsigned long long)e->number,
                    (unsigned long long)e->live_generation, what);
}

static uint32_t count_bits(const uint64_t *words, size_t n) {
  uint32_t bits = 0;
  for (size_t i = 0; i < n; i++)
    bits += (uint32_t)__builtin_popcountll(words[i]);
  return bits;
}

static int decode_live(th_live **out, const th_buf *b, const th_manifest_entry *e, th_err *err) {
  const char *p = b->p;
  size_t words = th_live_words(e->n_docs);
  if (b->n != LIVE_HEAD + words * 8 || memcmp(p, LIVE_MAGIC, 8) != 0)
    return bad_live(e, err, "has the wrong length or is none");
  if (XXH3_64bits(p + HASHED_FROM, b->n - HASHED_FROM) != get64(p + 8))
    return bad_live(e, err, "does not match its checksum");
  if (get64(p + 8) != e->live_hash || get64(p + 16) != e->number ||
      get64(p + 24) != e->live_generation || get32(p + 32) != e->n_docs ||
      get32(p + 36) != e->n_live)
    return bad_live(e, err, "is not the one that the manifest names");
  th_live *live = new_live(e->number, e->live_generation, e->n_docs);
  if (!live) return th_err_set(err, TH_ENOMEM, "out of memory reading a live bitmap");
  memcpy(live->words, p + LIVE_HEAD, words * 8);
  live->hash = e->live_hash;
  live->n_live = e->n_live;
  bool behind = e->n_docs % 64 && live->words[words - 1] >> (e->n_docs % 64);
  if (behind || count_bits(live->words, words) != e->n_live) {
    th_live_release(live);
    return bad_live(e, err, "does not count what it says");
  }
  *out = live;
  return 0;
}

int th_live_read(th_live **out, const char *dir, const th_manifest_entry *entry, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_buf b;
  *out = NULL;
  th_index_live_path(dir, entry->number, entry->live_generation, path);
  th_buf_init(&b, LIVE_HEAD + TH_SEGMENT_MAX_DOCS / 8 + READ_STEP);
  int rc = th_file_read(&b, path, err);
  if (!rc) rc = decode_live(out, &b, entry, err);
  th_buf_dispose(&b);
  return rc;
}

int th_live_write(th_live *live, const char *dir, th_err *err) {
  char path[TH_INDEX_PATH_MAX];
  th_buf b;
  th_buf_init(&b, 0);
  put64(&b, live->number);
  put64(&b, live->generation);
  put32(&b, live->n_docs);
  put32(&b, live->n_live);
  th_buf_put(&b, live->words, th_live_words(live->n_docs) * sizeof(uint64_t));
  th_index_live_path(dir, live->number, live->generation, path);
  int rc = write_hashed(path, LIVE_MAGIC, &b, &live->hash, err);
  th_buf_dispose(&b);
  return rc;
}

th_live *th_live_hold(th_live *live) {
  if (live) atomic_fetch_add_explicit(&live->refs, 1, memory_order_relaxed);
  return live;
}

void th_live_release(th_live *live) {
  if (live && atomic_fetch_sub_explicit(&live->refs, 1, memory_order_acq_rel) == 1) free(live);
}
