/* A folder of its own for each test, and a registry in it. */
#ifndef TH_TEST_FOLDER_H
#define TH_TEST_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "registry/registry.h"

static char folder[64];

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at) {
  (void)st, (void)flag, (void)at;
  return remove(path);
}

static inline int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof folder, "/tmp/th-registry-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state) {
  (void)state;
  return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline th_registry *open_data(th_registry_mode mode) {
  th_registry *r;
  th_err err = {0};
  char dir[80];
  snprintf(dir, sizeof dir, "%s/data", folder);
  if (th_registry_open(&r, dir, mode, &err)) fail_msg("%s", err.message);
  return r;
}

/* The path of a file in the folder that holds these bytes; valid until the next call. */
static inline const char *write_input(const char *name, const th_buf *bytes) {
  static char path[128];
  th_err err = {0};
  snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_int_equal(th_file_replace(path, th_buf_view(bytes), &err), 0);
  return path;
}

static inline void import_all(th_registry *r, const th_buf *records) {
  th_err err = {0};
  th_import_report report;
  const char *path = write_input("in.json", records);
  if (th_registry_import(r, &path, 1, NULL, &report, &err)) fail_msg("%s", err.message);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

#endif
