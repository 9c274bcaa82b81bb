/* Numbers, units, guards, windows, categories. */
#include "../test.h"

#include <math.h>

#include "../shared.h"
#include "base/file.h"
#include "base/queue.h"
#include "cases.h"
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "eligibility/phrases.h"
#include "eligibility/question.h"
#include "eligibility/units.h"

/* ---- the tables ---- */

static void test_attributes(void **state) {
  (void)state;
  assert_int_equal(th_elig_phrases_ready(), 0);
  assert_true(th_elig_n_attributes >= 250);
  for (uint32_t i = 0; i < th_elig_n_attributes; i++) {
    const th_elig_attribute *a = &th_elig_attributes[i];
    th_elig_measure m;
    assert_int_equal(th_elig_attribute_find(th_span_of(a->key)), i);
    if (!th_elig_ucum_read(th_span_of(a->unit), &m)) fail_msg("%s: unit %s", a->key, a->unit);
    if (!(a->low < a->high)) fail_msg("%s: range", a->key);
    if (!a->name[0] || a->question[strlen(a->question) - 1] != '?') fail_msg("%s: texts", a->key);
    if (a->loinc && !strchr(a->loinc, '-')) fail_msg("%s: LOINC %s", a->key, a->loinc);
    for (const char *u = a->units; *u;) {
      size_t n = strcspn(u, "|");
      if (!th_elig_ucum_read((th_span){u, n}, &m)) fail_msg("%s: unit %.*s", a->key, (int)n, u);
      u += n + (u[n] == '|');
    }
  }
  for (uint32_t i = 0; i < th_elig_n_conversions; i++) {
    const th_elig_conversion *c = &th_elig_conversions[i];
    if (th_elig_attribute_find(th_span_of(c->key)) < 0) fail_msg("%s: no attribute", c->key);
    assert_true(c->source[0]);
  }
}

/* Figures of laboratory tables: value, its unit, the value in the attribute's own unit. */
static const struct {
  const char *key, *unit;
  double value, want;
} conversions[] = {{"creatinine", "umol/L", 88.4, 1.0},
                   {"creatinine", "mmol/L", 0.0884, 1.0},
                   {"glucose", "mmol/L", 5.55, 100},
                   {"bilirubin", "umol/L", 17.1, 1.0},
                   {"hemoglobin", "g/L", 120, 12},
                   {"hemoglobin", "mmol/L", 7.45, 12},
                   {"calcium", "mmol/L", 2.5, 10.02},
                   {"calcium", "meq/L", 5, 10.02},
                   {"potassium", "meq/L", 5, 5},
                   {"magnesium", "meq/L", 2, 2.43},
                   {"cholesterol", "mmol/L", 5, 193.3},
                   {"triglycerides", "mmol/L", 1.7, 150.6},
                   {"uric_acid", "umol/L", 357, 6.0},
                   {"vitamin_d", "nmol/L", 50, 20.03},
                   {"testosterone", "nmol/L", 1.7, 49.03},
                   {"platelets", "/uL", 100000, 100},
                   {"platelets", "/mm3", 100000, 100},
                   {"platelets", "10*3/uL", 100, 100},
                   {"wbc", "{cells}/mm3", 4000, 4},
                   {"hba1c", "mmol/mol", 53, 7.0},
                   {"temperature", "[degF]", 100.4, 38},
                   {"pao2", "kPa", 8, 60.005},
                   {"weight", "[lb_av]", 110, 49.895},
                   {"height", "[in_i]", 60, 152.4},
                   {"height", "m", 1.5, 150},
                   {"age", "mo", 6, 0.5},
                   {"insulin", "pmol/L", 60, 10},
                   {"prolactin", "m[iU]/L", 424, 20},
                   {"factor_viii", "[iU]/dL", 1, 1},
                   {"alt", "ukat/L", 1, 60},
                   {"uacr", "mg/mmol", 3, 26.5},
                   {"pvr", "dyn.s/cm5", 240, 3.0},
                   {"egfr", "mL/s", 1, 60},
                   {"proteinuria", "mg/(24.h)", 3500, 3.5},
                   {"tumor_size", "mm", 20, 2},
                   {"tsh", "u[iU]/mL", 4, 4}};

static void test_conversions(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(conversions); i++) {
    th_elig_unit u;
    double got = NAN;
    int a = th_elig_attribute_find(th_span_of(conversions[i].key));
    assert_true(a >= 0);
    snprintf(u.ucum, sizeof u.ucum, "%s", conversions[i].unit);
    if (!th_elig_ucum_read(th_span_of(u.ucum), &u.m)) fail_msg("%s", u.ucum);
    bool ok = th_elig_convert((uint32_t)a, conversions[i].value, &u, &got);
    if (!ok || fabs(got - conversions[i].want) > 0.005 * conversions[i].want)
      fail_msg("%s %g %s: %g", conversions[i].key, conversions[i].value, u.ucum, got);
  }
}

/* Units that lead nowhere near the attribute. */
static void test_no_conversion(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"creatinine", "kg"}, {"platelets", "mg/dL"},    {"age", "mg"},
      {"crp", "[iU]/L"},    {"alt", "mmol/L"},         {"cd4", "mm[Hg]"},
      {"weight", "cm"},     {"vitamin_b12", "mm[Hg]"}, {"calcium", "{drink}/wk"},
      {"ferritin", "meq/L"}};
  for (size_t i = 0; i < TH_COUNT(pairs); i++) {
    th_elig_unit u;
    double got;
    snprintf(u.ucum, sizeof u.ucum, "%s", pairs[i][1]);
    assert_true(th_elig_ucum_read(th_span_of(u.ucum), &u.m));
    uint32_t a = (uint32_t)th_elig_attribute_find(th_span_of(pairs[i][0]));
    if (th_elig_convert(a, 1, &u, &got)) fail_msg("%s in %s: %g", pairs[i][0], pairs[i][1], got);
  }
}

static void test_ucum(void **state) {
  (void)state;
  static const char *const bad[] = {"",      "/",   "mg/", "xyz", "mg//dL", "(mg",
                                    "mg)",   "10*", "..",  "{a",  "kmin",   "10*999",
                                    "((g))", "g.",  "]",   "m[",  "mg dL"};
  th_elig_measure m;
  for (size_t i = 0; i < TH_COUNT(bad); i++)
    if (th_elig_ucum_read(th_span_of(bad[i]), &m)) fail_msg("\"%s\" is no unit", bad[i]);
  assert_true(th_elig_ucum_read(TH_SPAN("mL/min/{1.73_m2}"), &m));
  assert_int_equal(m.d[1], 3);
  assert_int_equal(m.d[2], -1);
  assert_true(th_elig_ucum_read(TH_SPAN("mg/(24.h)"), &m));
  assert_true(fabs(m.factor - 1e-3 / 86400) < 1e-12);
}

/* ---- cases ---- */

static void put_bound(th_buf *out, double v) {
  if (isfinite(v)) th_elig_number_words(v, out);
}

static void dump_fact(const th_elig_tree *t, const th_elig_fact *f, th_buf *out) {
  if (out->n) th_buf_char(out, '\n');
  th_elig_fact_words(t, f, out);
  if (f->type != TH_ELIG_NUMERIC || !f->canonical_unit) return;
  if (f->unit && !strcmp(f->unit, f->canonical_unit)) return; /* says nothing new */
  if (!f->unit && f->canonical_unit[0] == '{') return;
  th_buf_str(out, " | ");
  th_buf_char(out, f->low_inclusive ? '[' : '(');
  put_bound(out, f->low_canonical);
  th_buf_str(out, ", ");
  put_bound(out, f->high_canonical);
  th_buf_char(out, f->high_inclusive ? ']' : ')');
  th_buf_printf(out, " %s", f->canonical_unit);
}

static int run_cases(const char *name) {
  th_buf file, got;
  th_arena arena;
  th_case c;
  int n = 0, bad = 0;
  cases_load(&file, name);
  th_buf_init(&got, 0);
  th_arena_init(&arena, 0);
  for (size_t at = 0; cases_next(&file, &at, &c); n++) {
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    th_buf_clear(&got);
    assert_int_equal(th_elig_read(c.text, &arena, &tree, NULL), 0);
    for (uint32_t i = 0; i < tree.n_facts; i++)
      dump_fact(&tree, &tree.facts[i], &got);
    if (th_span_eq(th_buf_view(&got), c.want)) continue;
    print_error("%s:%d: %.*s\n%.*s\n--\n%.*s\n", name, c.line, (int)c.name.n, c.name.p,
                (int)c.text.n, c.text.p, (int)got.n, got.p ? got.p : "");
    bad++;
  }
  assert_int_equal(bad, 0);
  th_arena_dispose(&arena);
  th_buf_dispose(&got);
  th_buf_dispose(&file);
  return n;
}

static void test_cases(void **state) {
  (void)state;
  static const char *const files[] = {"numbers.txt", "values.txt", "people.txt", "guards.txt",
                                      "categories.txt"};
  int n = 0;
  for (size_t i = 0; i < TH_COUNT(files); i++)
    n += run_cases(files[i]);
  print_message("%d cases\n", n);
  assert_true(n >= 300);
}

/* ---- the two studies that the project starts from ---- */

static const char *const seeds[][2] = {
    {"NCT09990001", "age_at_diagnosis < 18 a"},
    {"NCT05640687", "consent: informed consent\nsex: all\nage >= 18 a\nage <= 75 a\n"
                    "anti_gm_csf > 5 ug/mL\npao2 < 65 mm[Hg]\naa_gradient > 40 mm[Hg]\n"
                    "shunt > 10-12 %\ncreatinine > 1.5 \xC3\x97 ULN\nalt > 2 \xC3\x97 ULN\n"
                    "ast > 2 \xC3\x97 ULN\nbilirubin > 2 \xC3\x97 ULN\n"
                    "not capacity: capacity to decide\nnot consent: informed consent"}};

static void check_seed(const th_json *j, th_arena *arena, th_buf *got) {
  th_elig_tree tree;
  th_span nct = th_json_path_text(j, 0, "protocolSection.identificationModule.nctId");
  th_span text = th_json_path_text(j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
  th_buf_clear(got);
  assert_int_equal(th_elig_read(text, arena, &tree, NULL), 0);
  for (uint32_t i = 0; i < tree.n_facts; i++)
    dump_fact(&tree, &tree.facts[i], got);
  for (size_t i = 0; i < TH_COUNT(seeds); i++) {
    if (!th_span_eq(nct, th_span_of(seeds[i][0]))) continue;
    if (!th_span_eq(th_buf_view(got), th_span_of(seeds[i][1])))
      fail_msg("%s:\n%.*s", seeds[i][0], (int)got->n, got->p);
    return;
  }
  fail_msg("%.*s is not known", (int)nct.n, nct.p);
}

static void test_seeds(void **state) {
  (void)state;
  char path[4096];
  th_buf file, line, got;
  th_arena arena;
  th_json_parser *parser = th_json_parser_new(1u << 24, 256);
  const char *shared = getenv("TRIALHEAD_SHARED");
  if (shared)
    snprintf(path, sizeof path, "%s/data/seeds/seeds.ndjson", shared);
  else
    snprintf(path, sizeof path, "%s/../shared/data/seeds/seeds.ndjson", TH_SOURCE_ROOT);
  th_arena_init(&arena, 0);
  th_buf_init(&file, 0);
  th_buf_init(&line, 0);
  th_buf_init(&got, 0);
  if (th_file_read(&file, path, NULL) < 0) print_message("%s is not there: skipped\n", path);
  for (size_t i = 0; i < file.n;) {
    char *eol = memchr(file.p + i, '\n', file.n - i);
    size_t n = eol ? (size_t)(eol - file.p) - i : file.n - i;
    th_json j;
    th_buf_clear(&line);
    th_buf_put(&line, file.p + i, n);
    assert_int_equal(th_json_parse(parser, th_buf_view(&line), &j, NULL), 0);
    check_seed(&j, &arena, &got);
    i += n + 1;
  }
  th_json_parser_free(parser);
  th_arena_dispose(&arena);
  th_buf_dispose(&file);
  th_buf_dispose(&line);
  th_buf_dispose(&got);
}

/* ---- what holds for every text ---- */

static void check_numeric(const th_elig_fact *f) {
  assert_true(f->attribute < th_elig_n_attributes);
  assert_true(isfinite(f->value));
  assert_true(f->relation <= TH_ELIG_BETWEEN && f->reference <= TH_ELIG_PREDICTED);
  if (f->relation == TH_ELIG_BETWEEN) assert_true(isfinite(f->high) && f->value <= f->high);
  if (!f->canonical_unit) {
    assert_true(isnan(f->low_canonical) && isnan(f->high_canonical));
    return;
  }
  bool low = isfinite(f->low_canonical), high = isfinite(f->high_canonical);
  assert_true(low || high);
  if (low && high) assert_true(f->low_canonical <= f->high_canonical);
  if (f->relation == TH_ELIG_GT || f->relation == TH_ELIG_GE) assert_true(low && !high);
  if (f->relation == TH_ELIG_LT || f->relation == TH_ELIG_LE) assert_true(high && !low);
  if (f->relation == TH_ELIG_GT) assert_false(f->low_inclusive);
  if (f->relation == TH_ELIG_LT) assert_false(f->high_inclusive);
  if (!low) assert_false(f->low_inclusive);
  if (!high) assert_false(f->high_inclusive);
}

static void check_facts(const th_elig_tree *t) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    const th_elig_node *n = &t->nodes[i];
    if (n->flags & TH_ELIG_GROUP) {
      assert_int_equal(n->n_facts, 0);
      continue;
    }
    if (n->n_facts == 0) continue;
    assert_int_equal(n->fact, next);
    next += n->n_facts;
    for (uint32_t k = n->fact; k < next; k++) {
      const th_elig_fact *f = &t->facts[k];
      assert_true(f->from >= n->from && f->from < f->to && f->to <= n->to);
      if (k > n->fact) assert_true(f->from >= f[-1].from);
      if (f->guard.kind)
        assert_true(f->guard.from >= n->from && f->guard.from < f->guard.to &&
                    f->guard.to <= n->to);
      if (f->window.present) {
        assert_true(f->window.from >= n->from && f->window.to <= n->to && f->window.unit);
        assert_true(isfinite(f->window.value));
      }
      if (f->type == TH_ELIG_NUMERIC)
        check_numeric(f);
      else
        assert_true(f->label.n > 0 && f->category < TH_ELIG_N_CATEGORIES);
    }
  }
  assert_int_equal(next, t->n_facts);
}

static void test_all_records(void **state) {
  (void)state;
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  th_json_parser *parser = th_json_parser_new(64u << 20, 256);
  th_arena arena;
  th_span line;
  size_t facts = 0;
  th_arena_init(&arena, 0);
  while (lines && shared_lines_next(lines, &line)) {
    th_json j;
    th_elig_tree tree;
    th_err err = {0};
    assert_int_equal(th_json_parse(parser, line, &j, &err), 0);
    th_arena_reset(&arena, false);
    assert_int_equal(
        th_elig_read(
            th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria"),
            &arena, &tree, &err),
        0);
    check_facts(&tree);
    facts += tree.n_facts;
  }
  if (lines) {
    print_message("%zu facts\n", facts);
    assert_true(facts > 80000);
    shared_lines_close(lines);
  }
  th_arena_dispose(&arena);
  th_json_parser_free(parser);
}

/* Random words of the reader's own vocabulary: any order of them gives a tree that holds. */
static void test_random(void **state) {
  (void)state;
  static const char *const words[] = {"age ",
                                      "\xE2\x89\xA5",
                                      "18",
                                      " 75",
                                      "-",
                                      " to ",
                                      " years ",
                                      "ALT ",
                                      "AST ",
                                      "x ",
                                      "ULN ",
                                      "10^9/L ",
                                      "platelets ",
                                      "< ",
                                      "> ",
                                      "100,000",
                                      "/mm3 ",
                                      "(",
                                      ") ",
                                      ", ",
                                      "; ",
                                      ". ",
                                      "if ",
                                      "unless ",
                                      "men ",
                                      "women ",
                                      "for ",
                                      "NYHA ",
                                      "class ",
                                      "III",
                                      " or ",
                                      "IV ",
                                      "between ",
                                      "and ",
                                      "not ",
                                      "no ",
                                      "more than ",
                                      "at least ",
                                      "%",
                                      " of predicted ",
                                      "FEV1 ",
                                      "within ",
                                      "6 ",
                                      "months ",
                                      "prior ",
                                      "ECOG ",
                                      "0-2 ",
                                      "1.5",
                                      "\xC3\x97",
                                      "10",
                                      "\xE2\x81\xB9",
                                      "/L ",
                                      "Child-Pugh ",
                                      "B7 ",
                                      "stage ",
                                      "IIIB ",
                                      "\n* ",
                                      "\n",
                                      "pregnant ",
                                      "smoker ",
                                      "\xC2\xB1",
                                      "50",
                                      ".000",
                                      "e9 ",
                                      "mg/dL ",
                                      "\xC2\xB5mol/L ",
                                      "*",
                                      "140/90 ",
                                      "mmHg ",
                                      "or older ",
                                      "one "};
  uint64_t seed = 0x9E3779B97F4A7C15u ^ (uint64_t)(th_clock_mono() * 1e6);
  print_message("seed %llu\n", (unsigned long long)seed);
  th_arena arena;
  th_buf text;
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  for (int round = 0; round < 20000; round++) {
    th_elig_tree tree;
    th_buf_clear(&text);
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    for (uint64_t n = seed >> 59, i = 0; i <= n; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      th_buf_str(&text, words[(seed >> 33) % TH_COUNT(words)]);
    }
    th_arena_reset(&arena, false);
    assert_int_equal(th_elig_read(th_buf_view(&text), &arena, &tree, NULL), 0);
    check_facts(&tree);
  }
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

/* ---- questions ---- */

static void check_question(const char *text, const char *question, const char *check) {
  th_arena arena;
  th_buf out;
  th_elig_tree t;
  th_arena_init(&arena, 0);
  th_buf_init(&out, 0);
  assert_int_equal(th_elig_read(th_span_of(text), &arena, &t, NULL), 0);
  uint32_t leaf = t.n_nodes - 1;
  th_elig_question(&t, leaf, &out);
  if (!th_span_eq(th_buf_view(&out), th_span_of(question))) fail_msg("%.*s", (int)out.n, out.p);
  th_buf_clear(&out);
  th_elig_check(&t, leaf, &out);
  if (!th_span_eq(th_buf_view(&out), th_span_of(check))) fail_msg("%.*s", (int)out.n, out.p);
  th_buf_dispose(&out);
  th_arena_dispose(&arena);
}

static void test_questions(void **state) {
  (void)state;
  check_question("Inclusion:\n* Age 18 to 75 years", "How old are you? (from 18 to 75 years)",
                 "Confirm: Age 18 to 75 years [age 18 to 75 a]");
  check_question("Exclusion:\n* Serum creatinine > 2 mg/dL",
                 "What was your last serum creatinine? (more than 2 mg/dL)",
                 "Rule out: Serum creatinine > 2 mg/dL [creatinine > 2 mg/dL]");
  check_question("Exclusion:\n* Asthma attack last night",
                 "Does this apply to you: \xE2\x80\x9C"
                 "Asthma attack last night\xE2\x80\x9D?",
                 "Rule out: Asthma attack last night");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_attributes),    cmocka_unit_test(test_conversions),
      cmocka_unit_test(test_no_conversion), cmocka_unit_test(test_ucum),
      cmocka_unit_test(test_cases),         cmocka_unit_test(test_seeds),
      cmocka_unit_test(test_all_records),   cmocka_unit_test(test_random),
      cmocka_unit_test(test_questions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
