/* An index that another version of the program made is made anew in DIR/index.new; one exchange of
 * names then puts it in the other's place. Killed before that, the old index stands where it stood;
 * what was made so far goes when the next one is begun. */
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
  if (renameat2(AT_FDCWD, made, AT_FDCWD, place, RENAME_EXCHANGE) != 0) {
    char aside[PATH_MAX + 8];
    if (errno != EINVAL && errno != ENOSYS) return th_err_sys(err, "cannot put %s in place", made);
    snprintf(aside, sizeof aside, "%s.old", place);
    if (rename(place, aside) != 0 || rename(made, place) != 0 || rename(aside, made) != 0)
      return th_err_sys(err, "cannot put %s in place", made);
  }
  return th_dir_sync(dir, err);
}

int th_registry_renew(const char *dir, void (*progress)(void *, uint64_t, uint64_t), void *ctx,
                      th_err *err) {
  char made[PATH_MAX], place[PATH_MAX];
  th_registry *r = NULL;
  int rc = th_registry_index_path(dir, true, made, err);
  if (rc == 0) rc = th_registry_index_path(dir, false, place, err);
  if (rc == 0) rc = th_registry_open(&r, dir, TH_REGISTRY_BESIDE, err);
  if (rc) return rc;
  if (!is_readable(place)) {
    rc = th_registry_index_update(r, true, false, progress, ctx, err);
    if (rc == 0) rc = exchange(dir, made, place, err);
  }
  th_index_close(r->index);
  r->index = NULL;
  /* What is left there is of no more use: the old index, or a part of a new one. */
  if (th_index_discard(made, NULL) == 0) rmdir(made);
  th_registry_close(r);
  return rc;
}
