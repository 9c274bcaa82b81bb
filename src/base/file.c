#define _GNU_SOURCE
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

int th_map_open(th_map *out, const char *path, th_err *err) {
  int rc = 0;
  struct stat st;
  *out = (th_map){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return th_err_set(err, TH_ENOTFOUND, "%s does not exist", path);
    return th_err_sys(err, "cannot open %s", path);
  }
  if (fstat(fd, &st) != 0) {
    rc = th_err_sys(err, "cannot read the size of %s", path);
  } else if (st.st_size > 0) {
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
      rc = th_err_sys(err, "cannot map %s", path);
    else
      *out = (th_map){p, (size_t)st.st_size};
  }
  close(fd);
  return rc;
}

void th_map_forget(const th_map *map) {
  if (map->p)
    madvise((void *)(uintptr_t)map->p, map->n, MADV_DONTNEED); /* an advice: may be refused */
}

void th_map_close(th_map *map) {
  if (map->p) munmap((void *)(uintptr_t)map->p, map->n);
  *map = (th_map){0};
}

int th_fd_read(int fd, const char *name, th_buf *out, th_err *err) {
  for (;;) {
    char *to = th_buf_room(out, 64 << 10);
    if (!to) return th_err_set(err, out->error, "%s: %s", name, th_code_text(out->error));
    ssize_t n = read(fd, to, 64 << 10);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return th_err_sys(err, "cannot read %s", name);
    if (n == 0) return 0;
    th_buf_added(out, (size_t)n);
  }
}

int th_file_read(th_buf *out, const char *path, th_err *err) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT) return th_err_set(err, TH_ENOTFOUND, "%s does not exist", path);
    return th_err_sys(err, "cannot open %s", path);
  }
  int rc = th_fd_read(fd, path, out, err);
  close(fd);
  return rc;
}

int th_fd_write(int fd, const void *p, size_t n, th_err *err) {
  const char *at = p;
  while (n) {
    ssize_t done = write(fd, at, n);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return th_err_sys(err, "cannot write");
    at += done;
    n -= (size_t)done;
  }
  return 0;
}

int th_dir_sync(const char *path, th_err *err) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return th_err_sys(err, "cannot open the folder %s", path);
  int rc = fsync(fd) == 0 ? 0 : th_err_sys(err, "cannot sync the folder %s", path);
  close(fd);
  return rc;
}

int th_dir_make(const char *path, th_err *err) {
  char part[PATH_MAX];
  size_t n = strlen(path);
  if (n == 0 || n >= sizeof part) return th_err_set(err, TH_EUSAGE, "bad folder name");
  for (size_t i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != 0) continue;
    memcpy(part, path, i);
    part[i] = 0;
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
      return th_err_sys(err, "cannot make the folder %s", part);
  }
  return 0;
}

bool th_file_exists(const char *path) {
  return access(path, F_OK) == 0;
}

/* ---- the writer ---- */

struct th_file_writer {
  int fd;
  th_err err;
  uint64_t at;
  size_t held;
  XXH3_state_t *hash;
  bool is_private;
  char link[40]; /* of a file that has no name yet; else empty */
  char path[PATH_MAX], temporary[PATH_MAX];
  char held_bytes[256 << 10];
};

static int open_private(th_file_writer *w) {
  char folder[PATH_MAX];
  memcpy(folder, w->path, sizeof folder);
  int fd = open(dirname(folder), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd >= 0) snprintf(w->link, sizeof w->link, "/proc/self/fd/%d", fd);
  if (fd >= 0 && access(w->link, F_OK) == 0) return fd;
  if (fd >= 0) close(fd);
  w->link[0] = 0;
  unlink(w->temporary);
  return open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

static th_file_writer *new_writer(const char *path, bool is_private, th_err *err) {
  th_file_writer *w = malloc(sizeof *w);
  if (!w) {
    th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
    return NULL;
  }
  w->err = (th_err){0};
  w->at = w->held = 0;
  w->is_private = is_private;
  w->link[0] = 0;
  w->hash = XXH3_createState();
  int n = snprintf(w->path, sizeof w->path, "%s", path);
  int m = snprintf(w->temporary, sizeof w->temporary, "%s.tmp", path);
  w->fd = -1;
  if (!w->hash || XXH3_64bits_reset(w->hash) != XXH_OK)
    th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
  else if (n < 0 || m < 0 || (size_t)m >= sizeof w->temporary)
    th_err_set(err, TH_EUSAGE, "the name %s is too long", path);
  else if ((w->fd = is_private
                        ? open_private(w)
                        : open(w->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
    th_err_sys(err, "cannot write %s", w->temporary);
  if (w->fd >= 0) return w;
  XXH3_freeState(w->hash);
  free(w);
  return NULL;
}

th_file_writer *th_file_writer_new(const char *path, th_err *err) {
  return new_writer(path, false, err);
}

th_file_writer *th_file_writer_new_private(const char *path, th_err *err) {
  return new_writer(path, true, err);
}

static void drain(th_file_writer *w) {
  if (w->held && !w->err.code) {
    if (th_fd_write(w->fd, w->held_bytes, w->held, &w->err)) w->held = 0;
  }
  w->held = 0;
}

void th_file_writer_put(th_file_writer *w, const void *p, size_t n) {
  if (w->err.code || n == 0) return;
  XXH3_64bits_update(w->hash, p, n);
  w->at += n;
  if (n > sizeof w->held_bytes - w->held) drain(w);
  if (n > sizeof w->held_bytes) {
    if (!w->err.code && th_fd_write(w->fd, p, n, &w->err)) return;
    return;
  }
  memcpy(w->held_bytes + w->held, p, n);
  w->held += n;
}

uint64_t th_file_writer_at(const th_file_writer *w) {
  return w->at;
}
uint64_t th_file_writer_hash(const th_file_writer *w) {
  return XXH3_64bits_digest(w->hash);
}

/* Gives a file without a name the name it is written for; false: the other, to be renamed, because
 * a file of that name is there. */
static bool give_name(th_file_writer *w) {
  if (linkat(AT_FDCWD, w->link, AT_FDCWD, w->path, AT_SYMLINK_FOLLOW) == 0) return true;
  unlink(w->temporary);
  if (linkat(AT_FDCWD, w->link, AT_FDCWD, w->temporary, AT_SYMLINK_FOLLOW) != 0)
    th_err_sys(&w->err, "cannot name %s", w->temporary);
  else
    w->link[0] = 0;
  return false;
}

int th_file_writer_finish(th_file_writer *w, bool commit, th_err *err) {
  char folder[PATH_MAX];
  bool named = false;
  int rc;
  drain(w);
  if (commit && !w->err.code && fsync(w->fd) != 0) th_err_sys(&w->err, "cannot sync %s", w->path);
  if (commit && !w->err.code && w->link[0]) named = give_name(w);
  if (close(w->fd) != 0) th_err_sys(&w->err, "cannot close %s", w->path);
  if (commit && !named && !w->err.code && rename(w->temporary, w->path) != 0)
    th_err_sys(&w->err, "cannot rename to %s", w->path);
  if ((!commit || w->err.code) && !w->link[0]) unlink(w->temporary);
  if (commit && !w->err.code) {
    /* On failure the file stays: it may stand in the place of another, which is gone. */
    memcpy(folder, w->path, sizeof folder);
    rc = th_dir_sync(dirname(folder), &w->err);
  }
  rc = w->err.code;
  if (rc) th_err_set(err, rc, "%s", w->err.message);
  XXH3_freeState(w->hash);
  if (w->is_private) explicit_bzero(w->held_bytes, sizeof w->held_bytes);
  free(w);
  return rc;
}

int th_file_replace(const char *path, th_span contents, th_err *err) {
  th_file_writer *w = th_file_writer_new(path, err);
  if (!w) return err && err->code ? err->code : TH_EIO;
  th_file_writer_put(w, contents.p, contents.n);
  return th_file_writer_finish(w, true, err);
}
