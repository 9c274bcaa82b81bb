/* A file of the criteria book: what goes in comes out, damage is found, and no bytes lead outside.
 */
#include <stdio.h>
#include <unistd.h>

#include "../dictionary.h"
#include "../eligibility/cases.h"
#include "criteria/writer.h"
#include "eligibility/json.h"
#include "same.h"

enum { MOST = 2048 };

typedef struct texts {
  th_buf files[8];
  size_t n_files, n;
  th_span text[MOST];
} texts;

/* All criteria of the case files, and a few of no use. */
static void texts_load(texts *t) {
  static const char *const names[] = {"concepts.txt", "structure.txt", "numbers.txt",
                                      "people.txt",   "guards.txt",    "categories.txt"};
  t->n_files = TH_COUNT(names);
  t->n = 0;
  t->text[t->n++] = (th_span){0};
  t->text[t->n++] = TH_SPAN("\n \n");
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    th_case c;
    size_t at = 0;
    cases_load(&t->files[i], names[i]);
    while (cases_next(&t->files[i], &at, &c) && t->n < MOST)
      t->text[t->n++] = c.text;
  }
  assert_true(t->n > 400);
}

static void texts_dispose(texts *t) {
  for (size_t i = 0; i < t->n_files; i++)
    th_buf_dispose(&t->files[i]);
}

static char *temporary(void) {
  static char path[64];
  snprintf(path, sizeof path, "/tmp/th-criteria-%d", (int)getpid());
  return path;
}

/* Every third document has no tree. */
static bool has_tree(size_t doc) {
  return doc % 3 != 1;
}

static void write_book(const texts *t, size_t n, const words *w, th_buf *out) {
  th_arena arena;
  th_err err = {0};
  th_criteria_basis basis;
  th_arena_init(&arena, 0);
  th_criteria_basis_now(&basis, w ? &w->dict : NULL);
  th_criteria_writer *file = th_criteria_writer_new(temporary(), &basis, &err);
  assert_non_null(file);
  for (size_t i = 0; i < n; i++) {
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    assert_int_equal(
        th_elig_read_concepts(t->text[i], w ? &w->dict : NULL, NULL, &arena, &tree, &err), 0);
    int rc = th_criteria_writer_add(file, has_tree(i) ? &tree : NULL, &err);
    if (rc) fail_msg("%s: %.*s", err.message, (int)t->text[i].n, t->text[i].p);
  }
  assert_int_equal(th_criteria_writer_finish(file, true, &err), 0);
  th_buf_init(out, 0);
  assert_int_equal(th_file_read(out, temporary(), &err), 0);
  unlink(temporary());
  th_arena_dispose(&arena);
}

enum { SAID = 1 << 13 };
static struct {
  uint64_t says;
  th_elig_fact f;
} said[SAID];

/* Facts of the same hash are the same but for places and links. */
static void same_for_all(uint64_t says, const th_elig_fact *f) {
  size_t at = says % SAID;
  while (said[at].says && said[at].says != says)
    at = (at + 1) % SAID;
  th_elig_fact before = said[at].says ? said[at].f : *f, now = *f;
  said[at].says = says;
  said[at].f = *f;
  before.links = now.links;
  if (f->type == TH_ELIG_CONCEPT)
    assert_int_equal(before.name_to > before.name_from, now.name_to > now.name_from);
  before.from = now.from, before.to = now.to;
  before.name_from = now.name_from, before.name_to = now.name_to;
  before.guard.from = now.guard.from, before.guard.to = now.guard.to;
  before.window.from = now.window.from, before.window.to = now.window.to;
  assert_true(same_fact(&before, &now));
}

/* The outline says of each fact what it is, and gives the very tree. */
static void same_by_outline(const th_criteria_file *file, uint32_t doc, const th_elig_tree *tree,
                            th_arena *arena) {
  th_criteria_outline o;
  th_span label, code;
  assert_int_equal(th_criteria_file_outline(file, 7, doc, arena, &o, NULL), 0);
  assert_int_equal(o.tree.n_facts, tree->n_facts);
  assert_null(o.tree.facts);
  for (uint32_t i = 0; i < o.tree.n_facts; i++) {
    const th_criteria_ref *r = &o.refs[i];
    const th_elig_fact *f = &tree->facts[i];
    assert_int_equal(r->type, f->type);
    assert_int_equal(r->negated, f->negated);
    assert_int_equal(r->guarded, f->guard.kind != 0);
    same_for_all(r->says, f);
    if (f->type == TH_ELIG_NUMERIC) {
      assert_int_equal(r->name, f->attribute);
      continue;
    }
    assert_int_equal(r->category, f->category);
    assert_int_equal(r->has_degree, f->degree.n > 0);
    assert_int_equal(th_criteria_file_concept(file, r->name, &label, &code, NULL), 0);
    assert_true(th_span_eq(label, f->label) && th_span_eq(code, f->code));
  }
  assert_int_equal(th_criteria_outline_facts(&o, arena, NULL), 0);
  assert_true(same_tree(tree, &o.tree));
}

static void what_goes_in_comes_out(void **state) {
  (void)state;
  static texts t;
  words w;
  th_buf bytes;
  th_err err = {0};
  th_arena arena;
  th_criteria_file file;
  size_t facts = 0, guards = 0, windows = 0, degrees = 0;
  texts_load(&t);
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_arena_init(&arena, 0);
  write_book(&t, t.n, &w, &bytes);
  assert_int_equal(th_criteria_file_open(&file, bytes.p, bytes.n, true, &err), 0);
  assert_int_equal(file.n_docs, t.n);
  for (uint32_t i = 0; i < t.n; i++) {
    th_elig_tree want, got;
    th_arena_reset(&arena, false);
    int rc = th_criteria_file_tree(&file, i, &arena, &got, &err);
    if (!has_tree(i)) {
      assert_int_equal(rc, TH_ENOTFOUND);
      th_err_clear(&err);
      continue;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(th_elig_read_concepts(t.text[i], &w.dict, NULL, &arena, &want, &err), 0);
    if (!same_tree(&want, &got)) fail_msg("not the same: %.*s", (int)t.text[i].n, t.text[i].p);
    same_by_outline(&file, i, &got, &arena);
    assert_int_equal(th_criteria_set_text(&got, t.text[i], &err), 0);
    facts += got.n_facts;
    for (uint32_t k = 0; k < got.n_facts; k++) {
      guards += got.facts[k].guard.kind != 0;
      windows += got.facts[k].window.present;
      degrees += got.facts[k].degree.n != 0;
    }
  }
  assert_true(facts > 400 && guards > 10 && windows > 10 && degrees > 0);
  assert_int_equal(th_criteria_file_tree(&file, (uint32_t)t.n, &arena, &(th_elig_tree){0}, NULL),
                   TH_ENOTFOUND);
  th_arena_dispose(&arena);
  th_buf_dispose(&bytes);
  words_close(&w);
  texts_dispose(&t);
}

static void the_same_trees_give_the_same_bytes(void **state) {
  (void)state;
  static texts t;
  th_buf a, b;
  texts_load(&t);
  write_book(&t, 200, NULL, &a);
  write_book(&t, 200, NULL, &b);
  assert_int_equal(a.n, b.n);
  assert_memory_equal(a.p, b.p, a.n);
  th_buf_dispose(&a);
  th_buf_dispose(&b);
  texts_dispose(&t);
}

static int read_outline(const th_criteria_file *file, uint32_t doc, th_arena *arena) {
  th_criteria_outline o;
  int rc = th_criteria_file_outline(file, 0, doc, arena, &o, NULL);
  return rc < 0 ? rc : th_criteria_outline_facts(&o, arena, NULL);
}

/* Whatever the tree is, it is one: every node ends inside of what holds it. */
static void walk(const th_elig_tree *tree) {
  uint32_t facts = 0;
  for (uint32_t i = 0; i < tree->n_nodes; i++) {
    const th_elig_node *n = &tree->nodes[i];
    assert_true(n->next > i && n->next <= tree->n_nodes && n->from <= n->to);
    for (uint32_t k = i + 1; k < n->next; k = tree->nodes[k].next)
      assert_true(tree->nodes[k].next <= n->next);
    facts += n->n_facts;
    assert_true((uint64_t)n->fact + n->n_facts <= tree->n_facts);
  }
  assert_int_equal(facts, tree->n_facts);
  for (uint32_t k = 0; k < tree->n_facts; k++) {
    const th_elig_fact *f = &tree->facts[k];
    assert_true(f->from <= f->to && f->guard.from <= f->guard.to);
    if (f->unit) assert_true(strlen(f->unit) < 1u << 20);
    if (f->type == TH_ELIG_CONCEPT) assert_int_equal(f->label.p[f->label.n], 0);
  }
}

static void every_flipped_bit_is_found(void **state) {
  (void)state;
  static texts t;
  words w;
  th_buf bytes;
  th_arena arena;
  texts_load(&t);
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_arena_init(&arena, 0);
  write_book(&t, 40, &w, &bytes);
  for (size_t i = 0; i < bytes.n * 8; i++) {
    th_criteria_file file;
    th_elig_tree tree;
    bytes.p[i / 8] ^= (char)(1u << i % 8);
    int rc = th_criteria_file_open(&file, bytes.p, bytes.n, true, NULL);
    assert_int_equal(rc, TH_ECORRUPT);
    /* behind the checksum's back: wrong answers perhaps, never a read outside */
    if (th_criteria_file_open(&file, bytes.p, bytes.n, false, NULL) == 0)
      for (uint32_t d = 0; d < file.n_docs; d++) {
        th_arena_reset(&arena, false);
        if (th_criteria_file_tree(&file, d, &arena, &tree, NULL) == 0) walk(&tree);
        (void)read_outline(&file, d, &arena);
      }
    bytes.p[i / 8] ^= (char)(1u << i % 8);
  }
  th_arena_dispose(&arena);
  th_buf_dispose(&bytes);
  words_close(&w);
  texts_dispose(&t);
}

static void a_cut_file_is_refused(void **state) {
  (void)state;
  static texts t;
  th_buf bytes;
  th_criteria_file file;
  texts_load(&t);
  write_book(&t, 10, NULL, &bytes);
  for (size_t n = 0; n < bytes.n; n++)
    assert_int_not_equal(th_criteria_file_open(&file, bytes.p, n, true, NULL), 0);
  th_buf_dispose(&bytes);
  texts_dispose(&t);
}

static void another_reader_is_told(void **state) {
  (void)state;
  th_err err = {0};
  th_buf bytes;
  th_criteria_file file;
  th_criteria_basis basis;
  for (int which = 0; which < 2; which++) {
    th_criteria_basis_now(&basis, NULL);
    assert_true(th_criteria_basis_fits(&basis));
    if (which)
      basis.attributes++;
    else
      basis.reader[0]++;
    th_criteria_writer *w = th_criteria_writer_new(temporary(), &basis, &err);
    assert_non_null(w);
    assert_int_equal(th_criteria_writer_finish(w, true, &err), 0);
    th_buf_init(&bytes, 0);
    assert_int_equal(th_file_read(&bytes, temporary(), &err), 0);
    assert_int_equal(th_criteria_file_open(&file, bytes.p, bytes.n, true, NULL), TH_EINPUT);
    th_buf_dispose(&bytes);
    unlink(temporary());
  }
}

static void the_dictionary_is_told_by_its_names(void **state) {
  (void)state;
  words w;
  th_criteria_basis with, without, again;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_criteria_basis_now(&with, &w.dict);
  th_criteria_basis_now(&again, &w.dict);
  th_criteria_basis_now(&without, NULL);
  assert_true(with.dictionary && with.dictionary == again.dictionary && !without.dictionary);
  words_close(&w);
}

static void what_is_no_tree_is_refused(void **state) {
  (void)state;
  th_err err = {0};
  th_criteria_basis basis;
  th_elig_node nodes[2] = {{.to = 5, .next = 2, .flags = TH_ELIG_GROUP}, {.to = 5, .next = 3}};
  th_elig_tree tree = {.nodes = nodes, .n_nodes = 2};
  th_criteria_basis_now(&basis, NULL);
  th_criteria_writer *w = th_criteria_writer_new(temporary(), &basis, &err);
  assert_non_null(w);
  assert_int_equal(th_criteria_writer_add(w, &tree, &err), TH_EUSAGE);
  assert_int_equal(th_criteria_writer_finish(w, true, NULL), TH_EUSAGE);
  assert_false(th_file_exists(temporary()));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_goes_in_comes_out),
      cmocka_unit_test(the_same_trees_give_the_same_bytes),
      cmocka_unit_test(every_flipped_bit_is_found),
      cmocka_unit_test(a_cut_file_is_refused),
      cmocka_unit_test(another_reader_is_told),
      cmocka_unit_test(the_dictionary_is_told_by_its_names),
      cmocka_unit_test(what_is_no_tree_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
