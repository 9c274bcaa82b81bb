/* Finding the shared folder with the published specification and the real records. */
#ifndef TH_TEST_SHARED_H
#define TH_TEST_SHARED_H

#include "base/file.h"
#include "base/json.h"

#include <stdio.h>

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

#endif
