/* Writes the files of corpus/criteria_book anew, for when the format has changed:
 *   ninja -C build fuzz/make_books && build/fuzz/make_books fuzz/corpus/criteria_book
 * Books of a few criteria of the case files, and the bytes of single trees (tree*). */
#include <stdio.h>

#include "../tests/unit/dictionary.h"
#include "../tests/unit/eligibility/cases.h"
#include "criteria/encode.h"
#include "criteria/writer.h"

static const char *const files[] = {"concepts.txt", "structure.txt", "numbers.txt",
                                    "people.txt",   "guards.txt",    "categories.txt"};

static void read_case(th_span text, const words *w, th_arena *arena, th_elig_tree *out) {
  th_arena_reset(arena, false);
  assert_int_equal(th_elig_read_concepts(text, &w->dict, w->matcher, arena, out, NULL), 0);
}

static void write_tree(const char *path, const th_elig_tree *tree) {
  th_criteria_names names = {0};
  th_buf bytes;
  th_buf_init(&bytes, 0);
  assert_true(th_criteria_encode(tree, &names, &bytes));
  FILE *f = fopen(path, "wb");
  assert_true(f && fwrite(bytes.p, 1, bytes.n, f) == bytes.n && fclose(f) == 0);
  th_criteria_names_dispose(&names);
  th_buf_dispose(&bytes);
}

/* Every step-th case of a file; the first of them also as a tree alone. */
static void write_book(const char *folder, size_t which, size_t step, const words *w) {
  char path[4096];
  th_buf cases;
  th_arena arena;
  th_case c;
  th_criteria_basis basis;
  size_t at = 0, n = 0;
  th_arena_init(&arena, 0);
  cases_load(&cases, files[which]);
  th_criteria_basis_now(&basis, &w->dict);
  snprintf(path, sizeof path, "%s/book%zu", folder, which);
  th_criteria_writer *book = th_criteria_writer_new(path, &basis, NULL);
  assert_non_null(book);
  while (cases_next(&cases, &at, &c)) {
    th_elig_tree tree;
    if (n++ % step) continue;
    read_case(c.text, w, &arena, &tree);
    assert_int_equal(th_criteria_writer_add(book, n % (3 * step) == 1 ? NULL : &tree, NULL), 0);
    snprintf(path, sizeof path, "%s/tree%zu", folder, which);
    if (n == step + 1) write_tree(path, &tree);
  }
  assert_int_equal(th_criteria_writer_finish(book, true, NULL), 0);
  th_arena_dispose(&arena);
  th_buf_dispose(&cases);
}

int main(int argc, char **argv) {
  words w;
  if (argc != 2) return 1;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  for (size_t i = 0; i < TH_COUNT(files); i++)
    write_book(argv[1], i, 4, &w);
  words_close(&w);
  return 0;
}
