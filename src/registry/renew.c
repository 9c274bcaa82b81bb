/* An index made anew in DIR/index.new; one exchange of names then puts it in the old one's place.
 * Killed before that, the old index stands where it stood; what was made so far goes when the
 * directory is next written to. */
#define _GNU_SOURCE
#include "registry/internal.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Another process may have been first. */
static bool is_readable(const char *path) {
  th_index *index;
  if (th_index_open(&index, path, false, NULL)) return false;
  th_index_close(index);
  return true;
}

/* File systems that cannot exchange names have a moment without an index. */
static int exchange(const char *dir, const char *made, const char *place, th_err *err) {
  char aside[PATH_MAX + 8];
  bool done = th_file_exists(place)
                  ? renameat2(AT_FDCWD, made, AT_FDCWD, place, RENAME_EXCHANGE) == 0
                  : rename(made, place) == 0;
  if (!done && errno != EINVAL && errno != ENOSYS)
    return th_err_sys(err, "cannot put %s in place", made);
  snprintf(aside, sizeof aside, "%s.old", place);
  if (!done && (rename(place, aside) != 0 || rename(made, place) != 0 || rename(aside, made) != 0))
    return th_err_sys(err, "cannot put %s in place", made);
  return th_dir_sync(dir, err);
}

typedef struct remaking {
  bool unless_readable, merge_all;
  void (*progress)(void *ctx, uint64_t done, uint64_t total);
  void *ctx;
} remaking;

static int remake(const char *dir, const remaking *how, th_err *err) {
  char made[PATH_MAX], place[PATH_MAX];
  th_registry *r = NULL;
  int rc = th_registry_index_path(dir, true, made, err);
  if (rc == 0) rc = th_registry_index_path(dir, false, place, err);
  if (rc == 0) rc = th_registry_open(&r, dir, TH_REGISTRY_BESIDE, err);
  if (rc) return rc;
  if (!how->unless_readable || !is_readable(place)) {
    rc = th_registry_index_update(r, true, how->merge_all, how->progress, how->ctx, err);
    if (rc == 0) rc = exchange(dir, made, place, err);
  }
  th_index_close(r->index);
  r->index = NULL;
  /* What is left there is of no more use: the old index, or a part of a new one. */
  if (th_index_discard(made, NULL) == 0) rmdir(made);
  th_registry_close(r);
  return rc;
}

int th_registry_rebuild(const char *dir, bool merge_all,
                        void (*progress)(void *, uint64_t, uint64_t), void *ctx, th_err *err) {
  const remaking how = {.merge_all = merge_all, .progress = progress, .ctx = ctx};
  return remake(dir, &how, err);
}

int th_registry_renew(const char *dir, void (*progress)(void *, uint64_t, uint64_t), void *ctx,
                      th_err *err) {
  const remaking how = {.unless_readable = true, .progress = progress, .ctx = ctx};
  return remake(dir, &how, err);
}
