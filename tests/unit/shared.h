/* Finding the shared folder with the published specification and the real records. */
#ifndef TH_TEST_SHARED_H
#define TH_TEST_SHARED_H

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>
#include <zstd.h>

/* Path of a file there, in a static buffer; NULL, with a notice, when it is absent. */
static inline const char *shared_path(const char *name) {
  static char path[4096];
  const char *root = getenv("TRIALHEAD_SHARED");
  if (root)
    snprintf(path, sizeof path, "%s/%s", root, name);
  else
    snprintf(path, sizeof path, "%s/../shared/%s", TH_SOURCE_ROOT, name);
  if (th_file_exists(path)) return path;
  print_message("skipped: no %s\n", path);
  return NULL;
}

/* A JSON file parsed; free both afterwards. */
typedef struct shared_json {
  th_buf text;
  th_json_parser *parser;
  th_json j;
} shared_json;

static inline bool shared_json_open(shared_json *s, const char *name) {
  const char *path = shared_path(name);
  th_err err = {0};
  if (!path) return false;
  th_buf_init(&s->text, 0);
  s->parser = th_json_parser_new(64u << 20, 64);
  if (th_file_read(&s->text, path, &err) ||
      th_json_parse(s->parser, th_buf_view(&s->text), &s->j, &err))
    fail_msg("%s: %s", path, err.message);
  return true;
}

static inline void shared_json_close(shared_json *s) {
  th_json_parser_free(s->parser);
  th_buf_dispose(&s->text);
}

/* The lines of a .zst file, one after the other; each has TH_PAD readable bytes behind it. */
typedef struct shared_lines {
  FILE *f;
  ZSTD_DStream *z;
  ZSTD_inBuffer in;
  char packed[1 << 16];
  th_buf text;
  size_t at;
} shared_lines;

static inline shared_lines *shared_lines_open(const char *name) {
  const char *path = shared_path(name);
  shared_lines *l = path ? calloc(1, sizeof *l) : NULL;
  if (!l) return NULL;
  l->f = fopen(path, "rb");
  l->z = ZSTD_createDStream();
  l->in.src = l->packed;
  th_buf_init(&l->text, 0);
  if (!l->f || !l->z) fail_msg("%s cannot be read", path);
  return l;
}

static inline bool shared_lines_more(shared_lines *l) {
  if (l->in.pos == l->in.size) {
    l->in.size = fread(l->packed, 1, sizeof l->packed, l->f);
    l->in.pos = 0;
    if (!l->in.size) return false;
  }
  size_t room = 1 << 18;
  char *p = th_buf_room(&l->text, room);
  ZSTD_outBuffer out = {p, room, 0};
  assert_non_null(p);
  assert_false(ZSTD_isError(ZSTD_decompressStream(l->z, &out, &l->in)));
  th_buf_added(&l->text, out.pos);
  return true;
}

static inline bool shared_lines_next(shared_lines *l, th_span *line) {
  if (l->at) memmove(l->text.p, l->text.p + l->at, l->text.n - l->at);
  th_buf_truncate(&l->text, l->text.n - l->at);
  l->at = 0;
  for (size_t seen = 0;;) {
    char *p = l->text.n > seen ? memchr(l->text.p + seen, '\n', l->text.n - seen) : NULL;
    if (p) {
      *line = (th_span){l->text.p, (size_t)(p - l->text.p)};
      l->at = line->n + 1;
      return true;
    }
    for (seen = l->text.n; l->text.n == seen;)
      if (!shared_lines_more(l)) return false;
  }
}

static inline void shared_lines_close(shared_lines *l) {
  ZSTD_freeDStream(l->z);
  fclose(l->f);
  th_buf_dispose(&l->text);
  free(l);
}

#endif
