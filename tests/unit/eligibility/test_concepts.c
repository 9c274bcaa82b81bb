/* Concepts in items, read with a small dictionary (tests/cases/eligibility/dictionary.txt). */
#include "../dictionary.h"
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

static void test_cases(void **state) {
  (void)state;
  th_buf file, got;
  th_arena arena;
  th_case c;
  words w;
  int n = 0, bad = 0;
  words_open(&w, TH_SOURCE_ROOT "/tests/cases/eligibility/dictionary.txt");
  cases_load(&file, "concepts.txt");
  th_buf_init(&got, 0);
  th_arena_init(&arena, 0);
  for (size_t at = 0; cases_next(&file, &at, &c); n++) {
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    th_buf_clear(&got);
    assert_int_equal(th_elig_read_concepts(c.text, &w.dict, w.matcher, &arena, &tree, NULL), 0);
    dump(&tree, &got);
    check_spans(&tree);
    if (th_span_eq(th_buf_view(&got), c.want)) continue;
    print_error("concepts.txt:%d: %.*s\n%.*s\n--\n%.*s\n", c.line, (int)c.name.n, c.name.p,
                (int)c.text.n, c.text.p, (int)got.n, got.p ? got.p : "");
    bad++;
  }
  assert_int_equal(bad, 0);
  assert_true(n >= 80);
  th_arena_dispose(&arena);
  th_buf_dispose(&got);
  th_buf_dispose(&file);
  words_close(&w);
}

/* Exact bytes, code, and how the facts of a leaf combine. */
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
  }
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
  words_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),
      cmocka_unit_test(test_exact),
      cmocka_unit_test(test_random),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
