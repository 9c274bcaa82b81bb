#include "criteria/writer.h"

#include "base/file.h"
#include "criteria/encode.h"
#include "criteria/file.h"

struct th_criteria_writer {
  th_file_writer *file;
  th_criteria_basis basis;
  th_criteria_names names;
  th_buf tree, starts;
  uint32_t n_docs;
  th_err err;
};

th_criteria_writer *th_criteria_writer_new(const char *path, const th_criteria_basis *basis,
                                           th_err *err) {
  th_criteria_writer *w = calloc(1, sizeof *w);
  if (!w) {
    th_err_set(err, TH_ENOMEM, "out of memory");
    return NULL;
  }
  w->basis = *basis;
  w->file = th_file_writer_new(path, err);
  if (!w->file) {
    free(w);
    return NULL;
  }
  th_file_writer_put(w->file, TH_CRITERIA_MAGIC, TH_CRITERIA_HEAD);
  return w;
}

static void pad(th_criteria_writer *w, unsigned to) {
  static const char zeros[8];
  uint64_t at = th_file_writer_at(w->file);
  th_file_writer_put(w->file, zeros, (size_t)(-at & (to - 1)));
}

static int start_here(th_criteria_writer *w) {
  uint64_t unit = th_file_writer_at(w->file) / 4;
  uint32_t start = (uint32_t)unit;
  if (unit > UINT32_MAX)
    return th_err_set(&w->err, TH_ELIMIT, "the criteria of a segment take more than 16 GB");
  th_buf_put(&w->starts, &start, sizeof start);
  return w->starts.error ? th_err_set(&w->err, TH_ENOMEM, "out of memory") : 0;
}

int th_criteria_writer_add(th_criteria_writer *w, const th_elig_tree *tree, th_err *err) {
  if (!w->err.code && start_here(w) == 0 && tree) {
    th_buf_clear(&w->tree);
    if (!th_criteria_encode(tree, &w->names, &w->tree))
      th_err_set(&w->err, TH_EUSAGE, "not a tree as criteria are read into");
    else if (w->tree.error || w->names.failed)
      th_err_set(&w->err, TH_ENOMEM, "out of memory writing the criteria book");
    th_file_writer_put(w->file, w->tree.p, w->tree.n);
    pad(w, 4);
  }
  w->n_docs++;
  return w->err.code ? th_err_set(err, w->err.code, "%s", w->err.message) : 0;
}

static void put_section(th_criteria_writer *w, th_criteria_foot *foot, int which,
                        const th_buf *body) {
  pad(w, 8);
  foot->places[which] = (th_criteria_place){th_file_writer_at(w->file), body->n};
  if (body->n) th_file_writer_put(w->file, body->p, body->n);
}

static void put_rest(th_criteria_writer *w) {
  th_criteria_foot foot = {.version = TH_CRITERIA_VERSION, .n_docs = w->n_docs, .basis = w->basis};
  put_section(w, &foot, TH_CRITERIA_STARTS, &w->starts);
  put_section(w, &foot, TH_CRITERIA_STRINGS, &w->names.strings);
  put_section(w, &foot, TH_CRITERIA_CONCEPTS, &w->names.concepts);
  pad(w, 8);
  th_file_writer_put(w->file, &foot, offsetof(th_criteria_foot, hash));
  foot.hash = th_file_writer_hash(w->file);
  th_file_writer_put(w->file, &foot.hash, sizeof foot.hash);
}

int th_criteria_writer_finish(th_criteria_writer *w, bool commit, th_err *err) {
  if (!w->err.code && commit && start_here(w) == 0) put_rest(w);
  int rc = w->err.code ? th_err_set(err, w->err.code, "%s", w->err.message) : 0;
  int closed = th_file_writer_finish(w->file, commit && rc == 0, err);
  th_criteria_names_dispose(&w->names);
  th_buf_dispose(&w->tree);
  th_buf_dispose(&w->starts);
  free(w);
  return rc ? rc : closed;
}
