/* Concepts in items, read with a small dictionary (tests/cases/eligibility/dictionary.txt). */
#include <malloc.h>
#include <time.h>

#include "../dictionary.h"
#include "../shared.h"
#include "base/queue.h"
#include "cases.h"
#include "eligibility/eligibility.h"
#include "eligibility/json.h"

static void dump(const th_elig_tree *t, th_buf *out) {
  for (uint32_t i = 0; i < t->n_facts; i++) {
    if (out->n) th_buf_char(out, '\n');
    th_elig_fact_words(t, &t->facts[i], out);
  }
}

static void dump_names(const th_elig_tree *t, th_buf *out) {
  for (uint32_t i = 0; i < t->n_names; i++) {
    const th_elig_name *n = &t->names[i];
    th_buf_printf(out, "%s%s: %s%s: %.*s", out->n ? "\n" : "", th_elig_naming_name(n->why),
                  n->negated ? "not " : "", th_elig_category_name(n->category), (int)n->label.n,
                  n->label.p);
  }
}

/* A line a fact that says what is measured and what is asked of it: "name | value". */
static void dump_spans(const th_elig_tree *t, th_buf *out) {
  for (uint32_t i = 0; i < t->n_facts; i++) {
    const th_elig_fact *f = &t->facts[i];
    if (f->value_to == 0) continue;
    th_buf_printf(out, "%s%.*s | %.*s", out->n ? "\n" : "", (int)(f->name_to - f->name_from),
                  t->text.p + f->name_from, (int)(f->value_to - f->value_from),
                  t->text.p + f->value_from);
  }
}

static void check_names(const th_elig_tree *t) {
  for (uint32_t i = 0; i < t->n_names; i++) {
    const th_elig_name *n = &t->names[i], *before = i ? n - 1 : NULL;
    assert_true(n->node < t->n_nodes && n->label.n > 0);
    assert_true(n->from >= t->nodes[n->node].from && n->from < n->to);
    assert_true(n->to <= t->nodes[n->node].to);
    if (before) assert_true(n->node > before->node || n->from >= before->to);
  }
}

static void check_spans(const th_elig_tree *t) {
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    const th_elig_node *n = &t->nodes[i];
    uint32_t behind = n->from;
    for (uint32_t k = n->fact; k < n->fact + n->n_facts; k++) {
      const th_elig_fact *f = &t->facts[k];
      assert_true(f->from >= n->from && f->from < f->to && f->to <= n->to);
      if (f->type != TH_ELIG_CONCEPT || f->category == TH_ELIG_SEX) continue;
      assert_true(f->label.n > 0 && f->category < TH_ELIG_N_CATEGORIES);
      assert_true(f->from >= behind); /* none overlaps another */
      behind = f->to;
    }
  }
}

static void run_cases(const char *name, void (*write)(const th_elig_tree *, th_buf *), int least) {
  th_buf file, got;
  th_arena arena;
  th_case c;
  words w;
  int n = 0, bad = 0;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  cases_load(&file, name);
  th_buf_init(&got, 0);
  th_arena_init(&arena, 0);
  for (size_t at = 0; cases_next(&file, &at, &c); n++) {
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    th_buf_clear(&got);
    assert_int_equal(th_elig_read_concepts(c.text, &w.dict, w.matcher, &arena, &tree, NULL), 0);
    write(&tree, &got);
    check_spans(&tree);
    check_names(&tree);
    if (th_span_eq(th_buf_view(&got), c.want)) continue;
    print_error("%s:%d: %.*s\n%.*s\n--\n%.*s\n", name, c.line, (int)c.name.n, c.name.p,
                (int)c.text.n, c.text.p, (int)got.n, got.p ? got.p : "");
    bad++;
  }
  assert_int_equal(bad, 0);
  assert_true(n >= least);
  th_arena_dispose(&arena);
  th_buf_dispose(&got);
  th_buf_dispose(&file);
  words_close(&w);
}

static void test_cases(void **state) {
  (void)state;
  run_cases("concepts.txt", dump, 80);
}

/* What an item names and does not ask for. */
static void test_names(void **state) {
  (void)state;
  run_cases("names.txt", dump_names, 10);
}

/* Exact bytes, code, and how the facts of a leaf combine. */
/* Which words name what is measured, and which its value. */
static void test_words(void **state) {
  (void)state;
  run_cases("spans.txt", dump_spans, 20);
}

static void test_exact(void **state) {
  (void)state;
  static const char text[] = "Inclusion:\n* Moderate asthma or type 2 diabetes";
  words w;
  th_arena arena;
  th_elig_tree t;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_arena_init(&arena, 0);
  assert_int_equal(th_elig_read_concepts(th_span_of(text), &w.dict, NULL, &arena, &t, NULL), 0);
  assert_int_equal(t.n_facts, 2);
  const th_elig_fact *f = t.facts;
  assert_true(th_span_eq((th_span){text + f[0].from, f[0].to - f[0].from}, TH_SPAN("asthma")));
  assert_true(
      th_span_eq((th_span){text + f[1].from, f[1].to - f[1].from}, TH_SPAN("type 2 diabetes")));
  assert_true(th_span_eq(f[1].code, TH_SPAN("MESH:D003924")));
  assert_int_equal(t.nodes[t.n_nodes - 1].combine, TH_ELIG_ANY);
  assert_int_equal(th_elig_read_concepts(th_span_of(text), NULL, NULL, &arena, &t, NULL), 0);
  assert_int_equal(t.n_facts, 0); /* without a dictionary no concepts */
  th_arena_dispose(&arena);
  words_close(&w);
}

/* Any order of triggers, mentions and signs gives facts that hold. */
static void test_random(void **state) {
  (void)state;
  static const char *const parts[] = {"no ",
                                      "not ",
                                      "asthma",
                                      " type 2 diabetes ",
                                      "history of ",
                                      "except ",
                                      "(",
                                      ") ",
                                      ", ",
                                      "; ",
                                      ". ",
                                      "allergy to ",
                                      "penicillin ",
                                      "family history ",
                                      "BRAF V600E ",
                                      "wild-type ",
                                      "or ",
                                      "and ",
                                      "within 6 months ",
                                      "ECOG 0-2 ",
                                      "creatinine > 2 mg/dL ",
                                      "unless ",
                                      "risk of ",
                                      "is allowed ",
                                      "\n* ",
                                      "severe ",
                                      "-",
                                      "aspirin ",
                                      "pregnant ",
                                      "current or past ",
                                      "\xC3",
                                      "contraindication to ",
                                      "cancer ",
                                      "planned ",
                                      "surgery ",
                                      "exon 19 ",
                                      "EGFR ",
                                      "other than "};
  uint64_t seed = (uint64_t)(th_clock_mono() * 1e6) | 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  words w;
  th_buf text;
  th_arena arena;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_buf_init(&text, 0);
  th_arena_init(&arena, 0);
  for (int round = 0; round < 20000; round++) {
    th_elig_tree t;
    th_buf_clear(&text);
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    for (uint64_t n = seed >> 59, i = 0; i <= n; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      th_buf_str(&text, parts[(seed >> 33) % TH_COUNT(parts)]);
    }
    th_arena_reset(&arena, false);
    assert_int_equal(
        th_elig_read_concepts(th_buf_view(&text), &w.dict, w.matcher, &arena, &t, NULL), 0);
    check_spans(&t);
    check_names(&t);
  }
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
  words_close(&w);
}

/* ---- long texts ---- */

/* Of this thread: what else the machine does is not counted. */
static double own_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The shortest of a few readings of the first n bytes of a text, and the arena that one takes. */
static double read_time(const words *w, th_span text, size_t n, size_t *memory) {
  th_arena arena;
  double best = 1e9;
  text.n = n;
  th_arena_init(&arena, 0);
  for (int i = 0; i < 3; i++) {
    th_elig_tree t;
    th_arena_reset(&arena, false);
    double start = own_seconds();
    assert_int_equal(th_elig_read_concepts(text, &w->dict, w->matcher, &arena, &t, NULL), 0);
    best = TH_MIN(best, own_seconds() - start);
    check_spans(&t);
  }
  *memory = arena.used;
  th_arena_dispose(&arena);
  return best;
}

/* Four times the text takes four times the time and memory; what grows with the square takes
 * sixteen times. Time is asked again when it says otherwise: a busy machine does not say so each
 * time. */
static void test_linear(void **state) {
  (void)state;
  static const char *const pieces[] = {"asthma ",
                                       "asthma, ",
                                       "renal or ",
                                       "liver or renal disease, ",
                                       "asthma or heart failure or ",
                                       "renal ",
                                       "anti-",
                                       "a-b-c-",
                                       "chronic renal failure of the ",
                                       "strong CYP3A4 inhibitors ",
                                       "positive HIV ",
                                       "no ",
                                       "history of ",
                                       "allergy to ",
                                       "except asthma ",
                                       "asthma (",
                                       "within 3 months ",
                                       "asthma within 3 months ",
                                       "blood pressure ",
                                       "creatinine < 2 or ",
                                       "age > 3 ",
                                       "stage i ",
                                       "EGFR mutation ",
                                       "x",
                                       "or asthma. "};
  enum { SMALL = 48 << 10, TRIES = 6 };
  words w;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  for (size_t i = 0; i < TH_COUNT(pieces); i++) {
    th_buf text;
    size_t little = 0, much = 0;
    double small = 1, large = 1e9;
    th_buf_init(&text, 0);
    while (text.n < 4 * SMALL)
      th_buf_str(&text, pieces[i]);
    for (int k = 0; k < TRIES && large > 8 * small; k++) {
      small = read_time(&w, th_buf_view(&text), SMALL, &little);
      large = read_time(&w, th_buf_view(&text), 4 * SMALL, &much);
    }
    if (large > 8 * small) fail_msg("\"%s\": %.4f s, then %.4f s", pieces[i], small, large);
    if (much > 6 * little) fail_msg("\"%s\": %zu bytes, then %zu", pieces[i], little, much);
    th_buf_dispose(&text);
  }
  words_close(&w);
}

/* Facts of an item that is longer than what is read at once: none is lost, none stands twice. */
static void test_long_item(void **state) {
  (void)state;
  words w;
  th_buf text;
  th_arena arena;
  th_elig_tree t;
  const uint32_t n = 600;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  th_buf_init(&text, 0);
  th_arena_init(&arena, 0);
  th_buf_str(&text, "Inclusion Criteria:\n\n* asthma");
  for (uint32_t i = 1; i < n; i++)
    th_buf_str(&text, " and then nothing of any kind at all but asthma");
  assert_int_equal(th_elig_read_concepts(th_buf_view(&text), &w.dict, w.matcher, &arena, &t, NULL),
                   0);
  assert_int_equal(t.n_nodes, 1);
  assert_int_equal(t.nodes[0].n_facts, n);
  check_spans(&t);
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
  words_close(&w);
}

/* ---- all records ---- */

/* One matcher serves any number of records, each read within a megabyte: behind the first ones
 * nothing is held that was not before. */
static void test_flat(void **state) {
  (void)state;
  enum { WARM = 2000, ROOM = 64 << 10, LIMIT = 1 << 20 };
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  if (!lines) skip();
  th_json_parser *parser = th_json_parser_new(64u << 20, 256);
  words w;
  th_span line;
  size_t held = 0, n = 0;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  while (shared_lines_next(lines, &line)) {
    th_json j;
    th_elig_tree t;
    assert_int_equal(th_json_parse(parser, line, &j, NULL), 0);
    th_span text =
        th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
    size_t before = mallinfo2().uordblks;
    th_arena arena;
    th_arena_init(&arena, LIMIT);
    assert_int_equal(th_elig_read_concepts(text, &w.dict, w.matcher, &arena, &t, NULL), 0);
    th_arena_dispose(&arena);
    if (n++ >= WARM) held += mallinfo2().uordblks - before;
  }
  assert_true(n > WARM);
  assert_true((ptrdiff_t)held < ROOM);
  shared_lines_close(lines);
  th_json_parser_free(parser);
  words_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),     cmocka_unit_test(test_exact),
      cmocka_unit_test(test_random),    cmocka_unit_test(test_linear),
      cmocka_unit_test(test_long_item), cmocka_unit_test(test_flat),
      cmocka_unit_test(test_names),     cmocka_unit_test(test_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
