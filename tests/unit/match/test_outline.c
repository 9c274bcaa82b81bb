/* Verdicts on outlines of a criteria book, with what is kept of a patient and of concepts, beside
 * verdicts on whole trees without either: for every patient and all criteria of the case files. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "../dictionary.h"
#include "../eligibility/cases.h"

#include "criteria/writer.h"
#include "match/kin.h"
#include "match/marks.h"

#define CASES TH_SOURCE_ROOT "/tests/cases/match/"

enum { MOST = 1024, PATH = 64 };

/* The words of a patient, and the criteria beside them as one text. */
static struct {
  th_span note;
  th_buf criteria;
} cases[MOST];
static size_t n_cases, n_patients;

static th_span next_line(th_span *rest) {
  const char *nl = memchr(rest->p, '\n', rest->n);
  size_t n = nl ? (size_t)(nl - rest->p) : rest->n;
  th_span line = {rest->p, n};
  rest->p += n + (nl != NULL);
  rest->n -= n + (nl != NULL);
  return line;
}

static void add_criterion(th_buf *out, th_span line, bool *exclusions) {
  bool exclusion = th_span_starts(line, TH_SPAN("exclusion"));
  (void)next_part(&line);
  (void)next_part(&line);
  if (!out->n) th_buf_str(out, "Inclusion Criteria:\n\n");
  if (exclusion && !*exclusions) th_buf_str(out, "\nExclusion Criteria:\n\n");
  *exclusions |= exclusion;
  th_buf_str(out, "* ");
  th_buf_span(out, th_span_trim(line));
  th_buf_str(out, "\n");
}

static void load(th_buf *file) {
  th_err err = {0};
  th_buf_init(file, 0);
  if (th_file_read(file, CASES "verdicts.txt", &err)) fail_msg("%s", err.message);
  th_span rest = th_buf_view(file);
  bool in_note = false, exclusions = false;
  while (rest.n) {
    th_span line = next_line(&rest);
    if (th_span_starts(line, TH_SPAN("== "))) {
      assert_true(n_cases < MOST);
      cases[n_cases].note = (th_span){rest.p, 0};
      th_buf_init(&cases[n_cases++].criteria, 0);
      in_note = true;
      exclusions = false;
    } else if (th_span_eq(line, TH_SPAN("--"))) {
      in_note = false;
    } else if (n_cases && in_note) {
      cases[n_cases - 1].note.n = (size_t)(line.p + line.n - cases[n_cases - 1].note.p);
    } else if (n_cases && memchr(line.p, '|', line.n)) {
      add_criterion(&cases[n_cases - 1].criteria, line, &exclusions);
    }
  }
  n_patients = n_cases;
  assert_true(n_patients > 15);
}

/* What the reader of criteria is tested with: criteria that no patient stands beside. */
static void load_more(void) {
  static const char *const names[] = {"concepts.txt", "numbers.txt", "people.txt", "guards.txt",
                                      "categories.txt"};
  for (size_t i = 0; i < TH_COUNT(names); i++) {
    th_buf file;
    th_case c;
    size_t at = 0;
    cases_load(&file, names[i]);
    while (n_cases < MOST && cases_next(&file, &at, &c)) {
      th_buf_init(&cases[n_cases].criteria, 0);
      th_buf_span(&cases[n_cases++].criteria, c.text);
    }
    th_buf_dispose(&file);
  }
}

static void write_book(const words *w, th_buf *out) {
  char path[PATH];
  th_arena arena;
  th_err err = {0};
  th_elig_tree tree;
  th_criteria_basis basis;
  snprintf(path, sizeof path, "/tmp/th-outline-%d", (int)getpid());
  th_arena_init(&arena, 0);
  th_criteria_basis_now(&basis, &w->dict);
  th_criteria_writer *file = th_criteria_writer_new(path, &basis, &err);
  assert_non_null(file);
  for (size_t i = 0; i < n_cases; i++) {
    assert_int_equal(
        th_elig_read_concepts(th_buf_view(&cases[i].criteria), &w->dict, NULL, &arena, &tree, &err),
        0);
    assert_int_equal(th_criteria_writer_add(file, &tree, &err), 0);
  }
  assert_int_equal(th_criteria_writer_finish(file, true, &err), 0);
  th_buf_init(out, 0);
  assert_int_equal(th_file_read(out, path, &err), 0);
  unlink(path);
  th_arena_dispose(&arena);
}

static void check_same(const th_verdicts *want, const th_verdicts *got, bool places, size_t at) {
  const th_elig_tree *tree = want->tree;
  for (uint32_t i = 0; i < tree->n_facts; i++) {
    th_verdict_fact a = want->facts[i], b = got->facts[i];
    if (!places) b.from = a.from, b.to = a.to;
    if (memcmp(&a, &b, sizeof a))
      fail_msg("fact %u of case %zu: %s, want %s", i, at, th_verdict_name(b.truth),
               th_verdict_name(a.truth));
  }
  for (uint32_t i = 0; i < tree->n_nodes; i++)
    if (memcmp(&want->nodes[i], &got->nodes[i], sizeof want->nodes[i]))
      fail_msg("node %u of case %zu", i, at);
}

typedef struct world {
  words w;
  th_criteria_file file;
  th_arena arena;
  th_lore *lore;
  uint32_t facts;
} world;

/* The tree as it was read, with and without its text, and both as outlines. */
static void compare(world *x, const th_verdict_patient *slow, const th_verdict_patient *quick,
                    th_verdict_presume mode, uint32_t doc, bool text) {
  th_criteria_outline o;
  th_elig_tree tree;
  th_verdicts want, got;
  th_span criteria = th_buf_view(&cases[doc].criteria);
  assert_int_equal(th_criteria_file_tree(&x->file, doc, &x->arena, &tree, NULL), 0);
  assert_int_equal(th_criteria_file_outline(&x->file, 0, doc, &x->arena, &o, NULL), 0);
  if (text) {
    assert_int_equal(th_criteria_set_text(&tree, criteria, NULL), 0);
    assert_int_equal(th_criteria_outline_facts(&o, &x->arena, NULL), 0);
    assert_int_equal(th_criteria_set_text(&o.tree, criteria, NULL), 0);
  }
  assert_int_equal(th_verdict_read(&want, &tree, slow, mode, &x->arena, NULL), 0);
  assert_int_equal(th_verdict_read_outline(&got, &o, quick, mode, &x->arena, NULL), 0);
  check_same(&want, &got, text, doc);
  if (text) { /* with marks that were found before */
    o.marks = th_marks_read(&o.tree, &x->arena);
    assert_non_null(o.marks);
    assert_int_equal(th_verdict_read_outline(&got, &o, quick, mode, &x->arena, NULL), 0);
    check_same(&want, &got, text, doc);
  }
  x->facts += tree.n_facts;
}

static void compare_all(world *x, size_t patient, th_verdict_presume mode) {
  th_patient p;
  th_arena own;
  th_verdict_patient slow, quick;
  th_patient_options options = {
      .form = TH_PATIENT_NOTE, .dict = &x->w.dict, .has_as_of = true, .as_of = 20513};
  assert_int_equal(th_patient_read(&p, cases[patient].note, &options, NULL), 0);
  th_arena_init(&own, 0);
  assert_int_equal(th_verdict_prepare(&slow, &p, &x->w.dict, &own, NULL), 0);
  assert_int_equal(th_verdict_listen(&slow, &own, NULL), 0);
  quick = slow;
  quick.lore = x->lore;
  assert_int_equal(th_kin_make(&quick.kin, &quick, &own, NULL), 0);
  for (uint32_t doc = 0; doc < n_cases; doc++) {
    th_arena_reset(&x->arena, false);
    compare(x, &slow, &quick, mode, doc, false);
    compare(x, &slow, &quick, mode, doc, true);
  }
  for (uint32_t doc = 0; doc < n_cases; doc++) { /* what was kept with a text says nothing more */
    th_arena_reset(&x->arena, false);
    compare(x, &slow, &quick, mode, doc, false);
  }
  th_arena_dispose(&own);
  th_patient_dispose(&p);
}

/* What is worked out for a record, before anybody listened to a note, holds for notes as well. */
static void work_out_for_a_record(world *x) {
  static const th_span record = TH_SPAN("{\"age\": 50, \"sex\": \"female\"}");
  th_patient p;
  th_arena own;
  th_verdict_patient quick;
  th_verdicts got;
  th_criteria_outline o;
  th_patient_options options = {.form = TH_PATIENT_JSON, .dict = &x->w.dict};
  assert_int_equal(th_patient_read(&p, record, &options, NULL), 0);
  th_arena_init(&own, 0);
  assert_int_equal(th_verdict_prepare(&quick, &p, &x->w.dict, &own, NULL), 0);
  quick.lore = x->lore;
  assert_int_equal(th_kin_make(&quick.kin, &quick, &own, NULL), 0);
  for (uint32_t doc = 0; doc < n_cases; doc++) {
    assert_int_equal(th_criteria_file_outline(&x->file, 0, doc, &own, &o, NULL), 0);
    assert_int_equal(th_verdict_read_outline(&got, &o, &quick, TH_PRESUME_SILENCE, &own, NULL), 0);
  }
  th_arena_dispose(&own);
  th_patient_dispose(&p);
}

static world all;
static th_buf case_file, book;

static int open_world(void **state) {
  (void)state;
  th_err err = {0};
  load(&case_file);
  load_more();
  words_open(&all.w, CASES "dictionary.txt");
  write_book(&all.w, &book);
  assert_int_equal(th_criteria_file_open(&all.file, book.p, book.n, true, &err), 0);
  return 0;
}

static int close_world(void **state) {
  (void)state;
  words_close(&all.w);
  th_buf_dispose(&book);
  th_buf_dispose(&case_file);
  for (size_t i = 0; i < n_cases; i++)
    th_buf_dispose(&cases[i].criteria);
  return 0;
}

static void same_as_of_trees(void **state) {
  (void)state;
  th_arena_init(&all.arena, 0);
  all.lore = th_lore_new();
  assert_non_null(all.lore);
  work_out_for_a_record(&all);
  for (size_t i = 0; i < n_patients; i++)
    compare_all(&all, i, i % 4 ? TH_PRESUME_SILENCE : (th_verdict_presume)(i / 4 % 3));
  print_message("%u facts\n", all.facts);
  assert_true(all.facts > 10000);
  th_lore_free(all.lore);
  th_arena_dispose(&all.arena);
}

/* ---- several matches at once on one lore ---- */

enum { THREADS = 4 };

/* All of a patient's verdicts on all criteria as one number. */
static uint64_t sum_of(size_t patient, th_lore *lore) {
  th_patient p;
  th_arena arena;
  th_verdict_patient v;
  th_criteria_outline o;
  th_verdicts got;
  uint64_t sum = 0;
  th_patient_options options = {
      .form = TH_PATIENT_NOTE, .dict = &all.w.dict, .has_as_of = true, .as_of = 20513};
  th_arena_init(&arena, 0);
  int rc = th_patient_read(&p, cases[patient].note, &options, NULL);
  if (rc == 0) rc = th_verdict_prepare(&v, &p, &all.w.dict, &arena, NULL);
  if (rc == 0) rc = th_verdict_listen(&v, &arena, NULL);
  v.lore = lore;
  if (rc == 0) rc = th_kin_make(&v.kin, &v, &arena, NULL);
  for (uint32_t doc = 0; rc == 0 && doc < n_cases; doc++) {
    rc = th_criteria_file_outline(&all.file, 0, doc, &arena, &o, NULL);
    if (rc == 0) rc = th_verdict_read_outline(&got, &o, &v, TH_PRESUME_SILENCE, &arena, NULL);
    for (uint32_t i = 0; rc == 0 && i < o.tree.n_nodes; i++)
      sum = sum * 31 + got.nodes[i].verdict * 4u + got.nodes[i].basis;
  }
  th_arena_dispose(&arena);
  th_patient_dispose(&p);
  return rc < 0 ? 0 : sum | 1;
}

typedef struct worker {
  pthread_t thread;
  th_lore *lore;
  size_t first;
  uint64_t *sums;
} worker;

/* Each begins with another patient, so that concepts are met first by now the one, now the other.
 */
static void *work(void *arg) {
  worker *w = arg;
  for (size_t i = 0; i < n_patients; i++) {
    size_t at = (i + w->first) % n_patients;
    w->sums[at] = sum_of(at, w->lore);
  }
  return NULL;
}

static void one_lore_for_many(void **state) {
  (void)state;
  worker w[THREADS];
  uint64_t *alone = calloc(n_patients, sizeof *alone);
  th_lore *lore = th_lore_new();
  assert_true(alone && lore);
  for (size_t i = 0; i < n_patients; i++)
    alone[i] = sum_of(i, NULL);
  for (size_t i = 0; i < THREADS; i++) {
    w[i] = (worker){.lore = lore, .first = i * n_patients / THREADS};
    w[i].sums = calloc(n_patients, sizeof *w[i].sums);
    assert_non_null(w[i].sums);
    assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_join(w[i].thread, NULL), 0);
    for (size_t k = 0; k < n_patients; k++)
      if (!alone[k] || w[i].sums[k] != alone[k]) fail_msg("patient %zu of thread %zu", k, i);
    free(w[i].sums);
  }
  free(alone);
  th_lore_free(lore);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_of_trees),
                                     cmocka_unit_test(one_lore_for_many)};
  return cmocka_run_group_tests(tests, open_world, close_world);
}
