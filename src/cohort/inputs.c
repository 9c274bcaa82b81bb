#define _GNU_SOURCE
#include "cohort/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "cohort/memory.h"

enum { DEPTH_MAX = 16 };

static int out_of_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

static int add_file(th_inputs *in, const char *path, uint64_t size, th_err *err) {
  if (!th_wiped_room((void **)&in->paths, in->n, &in->cap, sizeof *in->paths) ||
      !th_wiped_room((void **)&in->sizes, in->n, &in->cap_sizes, sizeof *in->sizes))
    return out_of_memory(err);
  in->paths[in->n] = strdup(path);
  in->sizes[in->n] = size;
  if (!in->paths[in->n]) return out_of_memory(err);
  in->n++;
  return 0;
}

static int add_path(th_inputs *in, const char *path, unsigned depth, th_err *err);

static int is_shown(const struct dirent *e) {
  return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(th_inputs *in, const char *path, unsigned depth, th_err *err) {
  struct dirent **list = NULL;
  th_buf name;
  if (depth > DEPTH_MAX) return th_err_set(err, TH_ELIMIT, "%s: too many folders deep", path);
  int n = scandir(path, &list, is_shown, by_name), rc = 0;
  if (n < 0) return th_err_sys(err, "%s", path);
  th_buf_init(&name, 1 << 16);
  for (int i = 0; i < n; i++) {
    th_buf_clear(&name);
    th_buf_printf(&name, "%s/%s", path, list[i]->d_name);
    th_buf_char(&name, 0);
    if (rc == 0 && name.error) rc = out_of_memory(err);
    if (rc == 0) rc = add_path(in, name.p, depth + 1, err);
    free(list[i]);
  }
  free(list);
  th_buf_dispose(&name);
  return rc;
}

static int add_path(th_inputs *in, const char *path, unsigned depth, th_err *err) {
  struct stat st;
  if (depth == 0 && !strcmp(path, "-")) {
    in->standard = true;
    return add_file(in, path, 0, err);
  }
  if (stat(path, &st) < 0) {
    if (errno != ENOENT && errno != ENOTDIR) return th_err_sys(err, "%s", path);
    return th_err_set(err, TH_ENOTFOUND, "there is no file %s", path);
  }
  if (S_ISDIR(st.st_mode)) return add_folder(in, path, depth, err);
  if (depth && !S_ISREG(st.st_mode)) return 0;
  return add_file(in, path, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, err);
}

int th_inputs_find(th_inputs *out, const char *const *paths, size_t n, th_err *err) {
  int rc = 0;
  *out = (th_inputs){0};
  for (size_t i = 0; rc == 0 && i < n; i++)
    rc = add_path(out, paths[i], 0, err);
  return rc;
}

void th_inputs_dispose(th_inputs *in) {
  for (uint32_t i = 0; i < in->n; i++)
    free(in->paths[i]);
  free(in->paths);
  free(in->sizes);
}
