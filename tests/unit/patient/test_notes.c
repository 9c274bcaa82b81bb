/* Notes: what is read of each text in tests/cases/patient/notes.txt, and of any bytes. */
#include "../test.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "patient/internal.h"
#include "patient/patient.h"

static int by_place(const void *x, const void *y) {
  const th_patient_fact *a = x, *b = y;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  if (a->type != b->type) return a->type < b->type ? -1 : 1;
  return (a->attribute > b->attribute) - (a->attribute < b->attribute);
}

static void put_fact(const th_patient_fact *f, th_buf *out) {
  if (f->experiencer == TH_OF_FAMILY) th_buf_str(out, "family ");
  if (f->absent) th_buf_str(out, "no ");
  if (f->certainty != TH_CERTAIN_STATED) th_buf_printf(out, "%s ", th_certainty_name(f->certainty));
  if (f->type == TH_FACT_VALUE) {
    th_buf_printf(out, "%s %s ", th_elig_attributes[f->attribute].key,
                  th_elig_relation_name(f->relation));
    if (!isfinite(f->canonical)) { /* per cent of what is predicted */
      th_elig_number_words(f->value, out);
      th_buf_char(out, ' ');
      th_buf_span(out, f->unit);
      return;
    }
    th_elig_number_words(f->canonical, out);
    if (isfinite(f->canonical_high))
      th_buf_char(out, '-'), th_elig_number_words(f->canonical_high, out);
    th_buf_printf(out, " %s", f->canonical_unit);
    if (f->has_begin && !(f->flags & TH_FACT_DERIVED))
      th_buf_str(out, " @"), th_date_iso(&f->begin, out);
    return;
  }
  if (f->time == TH_ELIG_PAST || f->time == TH_ELIG_PLANNED)
    th_buf_printf(out, "%s ", th_elig_time_name(f->time));
  else if (f->flags & TH_FACT_HISTORY)
    th_buf_str(out, "history ");
  th_buf_printf(out, "%s: ", th_elig_category_name(f->category));
  th_buf_span(out, f->label);
  if (f->degree.n) th_buf_str(out, ", "), th_buf_span(out, f->degree);
  if (f->has_begin) th_buf_str(out, " @"), th_date_iso(&f->begin, out);
}

/* Sex and age, then a line a fact in the order of the text. */
static void dump(th_span text, th_buf *out) {
  th_patient p;
  th_err err = {0};
  th_patient_options options = {
      .form = TH_PATIENT_NOTE, .has_as_of = true, .as_of = th_date_days(2026, 3, 1)};
  if (th_patient_read(&p, text, &options, &err)) fail_msg("%s", err.message);
  th_patient_fact *facts = malloc((p.n_facts + 1) * sizeof *facts);
  assert_non_null(facts);
  if (p.n_facts) memcpy(facts, p.facts, p.n_facts * sizeof *facts);
  qsort(facts, p.n_facts, sizeof *facts, by_place);
  if (p.sex) th_buf_char(out, p.sex);
  for (uint32_t i = 0; i < p.n_facts; i++) {
    assert_true(facts[i].from <= facts[i].to && facts[i].to <= text.n);
    if (out->n) th_buf_char(out, '\n');
    put_fact(&facts[i], out);
  }
  free(facts);
  th_patient_dispose(&p);
}

/* Cases: "== name", the note, "--", what is read. TRIALHEAD_PRINT=1 prints the file anew. */
static void test_cases(void **state) {
  (void)state;
  th_buf file, got;
  th_err err = {0};
  int n = 0, wrong = 0;
  bool print = getenv("TRIALHEAD_PRINT") != NULL;
  th_buf_init(&file, 0);
  th_buf_init(&got, 0);
  if (th_file_read(&file, TH_SOURCE_ROOT "/tests/cases/patient/notes.txt", &err))
    fail_msg("%s", err.message);
  th_buf_char(&file, 0);
  for (char *p = strstr(file.p, "\n== "); p; n++) {
    p++;
    char *eol = strchr(p, '\n'), *mid = strstr(eol, "\n--\n"), *next = strstr(eol, "\n\n== ");
    assert_non_null(mid);
    th_span name = {p, (size_t)(eol - p)}, text = {eol + 1, (size_t)(mid - eol) - 1};
    th_span want = {mid + 4, 0};
    want.n = next && next < mid + 4 ? 0 : (size_t)((next ? next : file.p + file.n - 1) - want.p);
    want = th_span_trim(want);
    th_buf_clear(&got);
    dump(text, &got);
    if (print) {
      printf("%.*s\n%.*s\n--\n%.*s\n\n", (int)name.n, name.p, (int)text.n, text.p, (int)got.n,
             got.p ? got.p : "");
    } else if (!th_span_eq(th_buf_view(&got), want)) {
      wrong++;
      print_error("%.*s\n%.*s\n-- got\n%.*s\n-- want\n%.*s\n\n", (int)name.n, name.p, (int)text.n,
                  text.p, (int)got.n, got.p ? got.p : "", (int)want.n, want.p);
    }
    p = next ? next + 1 : NULL;
  }
  assert_true(n >= 120);
  assert_int_equal(wrong, 0);
  th_buf_dispose(&file);
  th_buf_dispose(&got);
}

/* Any bytes are a note; a long one without an end takes time linear in its length. */
static void test_any_bytes(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "no ",      "denies ", "58-year-old ",  ", ",           "(",    ")",           "mother had ",
      "HTN ",     "\n",      "PMH:",          "creatinine ",  "1.2 ", "mg/dL ",      "\xFF",
      "\xE2\x89", "or ",     "was negative ", "3 years ago ", ": ",   "in his 60s ", "; "};
  th_buf text, out;
  uint64_t seed = 20260301;
  th_buf_init(&text, 0);
  th_buf_init(&out, 0);
  for (int round = 0; round < 300; round++) {
    th_buf_clear(&text);
    th_buf_clear(&out);
    for (int i = 0; i < 60; i++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      th_buf_str(&text, pieces[(seed >> 33) % TH_COUNT(pieces)]);
    }
    dump(th_buf_view(&text), &out);
  }
  th_buf_clear(&text);
  while (text.n < 2000000)
    th_buf_str(&text, "no HTN, mother had (DM and was negative denies creatinine ");
  th_patient p;
  th_patient_options options = {.form = TH_PATIENT_NOTE};
  assert_int_equal(th_patient_read(&p, th_buf_view(&text), &options, NULL), 0);
  assert_true(p.n_facts > 1000);
  th_patient_dispose(&p);
  th_buf_dispose(&text);
  th_buf_dispose(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                     cmocka_unit_test(test_any_bytes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
