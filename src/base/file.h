/* Files: read whole, mapped read-only, replaced atomically and durably. Paths are NUL-terminated.
 */
#ifndef TH_BASE_FILE_H
#define TH_BASE_FILE_H

#include "base/buf.h"
#include "base/common.h"

/* A read-only mapping; an empty file maps to n = 0. The mapping stays valid when the file is
 * renamed or removed. */
typedef struct th_map {
  const uint8_t *p;
  size_t n;
} th_map;

int th_map_open(th_map *out, const char *path, th_err *err) TH_MUST_USE;
void th_map_close(th_map *map);
/* Gives the pages that were read back to the system: they count no longer as this process's, and
 * come again when they are read. For whoever read a whole file and will read little of it from now
 * on. */
void th_map_forget(const th_map *map);

/* Appends the file's bytes to out (whose maximum is the limit). */
int th_file_read(th_buf *out, const char *path, th_err *err) TH_MUST_USE;
/* read(2) until the end; EINTR is retried. name stands in messages. */
int th_fd_read(int fd, const char *name, th_buf *out, th_err *err) TH_MUST_USE;
/* Writes the bytes beside path, syncs, renames over path and syncs the folder: after a crash the
 * file holds the old contents or the new, whole. */
int th_file_replace(const char *path, th_span contents, th_err *err) TH_MUST_USE;
/* write(2) until all is written; EINTR is retried. */
int th_fd_write(int fd, const void *p, size_t n, th_err *err) TH_MUST_USE;
int th_dir_sync(const char *path, th_err *err) TH_MUST_USE;
/* mkdir -p with mode 0700. */
int th_dir_make(const char *path, th_err *err) TH_MUST_USE;
bool th_file_exists(const char *path);

/* A file written from front to back, with a running XXH3-64 of all bytes. Sticky: errors show in
 * finish. Bytes go to path + ".tmp"; finish syncs and renames. */
typedef struct th_file_writer th_file_writer;
th_file_writer *th_file_writer_new(const char *path, th_err *err) TH_MUST_USE;
/* The same for what is nobody else's: readable for its owner alone whatever stood there before, and
 * without a name until finish, so that a process that is killed leaves nothing of it (where the
 * file system has no such files: path + ".tmp", made anew). The writer's own memory is overwritten.
 */
th_file_writer *th_file_writer_new_private(const char *path, th_err *err) TH_MUST_USE;
void th_file_writer_put(th_file_writer *w, const void *p, size_t n);
uint64_t th_file_writer_at(const th_file_writer *w);   /* bytes so far */
uint64_t th_file_writer_hash(const th_file_writer *w); /* XXH3-64 of the bytes so far */
/* Frees w in any case; on failure, or when commit is false, nothing is left behind. One failure is
 * special: when the folder cannot be synced behind the rename, the new file stands. */
int th_file_writer_finish(th_file_writer *w, bool commit, th_err *err) TH_MUST_USE;

#endif
