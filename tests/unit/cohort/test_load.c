/* Patients out of files: the same patients as forms, as Bundles and as a bulk export give the same
 * cohort, however many threads and passes; what is broken is named and the rest goes on. */
#define _GNU_SOURCE
#include "slow.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cohort/load.h"
#include "demo/patient.h"

enum { PATIENTS = 400 };

static char dir[64];

/* ---- files ---- */

static void make_dir(void) {
  snprintf(dir, sizeof dir, "/tmp/trialhead-load-XXXXXX");
  assert_non_null(mkdtemp(dir));
}

static const char *path_of(const char *name) {
  static char path[160];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  return path;
}

static void append(const char *name, th_span text) {
  FILE *f = fopen(path_of(name), "ab");
  assert_non_null(f);
  assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
  assert_int_equal(fputc('\n', f), '\n');
  assert_int_equal(fclose(f), 0);
}

/* Each entry into the file of its type, as bulk exports have them. */
static void append_bulk(th_span bundle) {
  th_json j;
  th_json_parser *parser = th_json_parser_new(16 << 20, 64);
  assert_int_equal(th_json_parse(parser, bundle, &j, NULL), 0);
  for (th_json_each(&j, th_json_get(&j, 0, TH_SPAN("entry")), at)) {
    char name[80];
    uint32_t resource = th_json_get(&j, at, TH_SPAN("resource"));
    th_span type = th_json_path_text(&j, resource, "resourceType");
    snprintf(name, sizeof name, "bulk/%.*s.ndjson", (int)type.n, type.p);
    append(name, th_json_raw(&j, resource));
  }
  th_json_parser_free(parser);
}

static void make_files(void) {
  th_buf text;
  th_buf_init(&text, 0);
  make_dir();
  assert_int_equal(th_dir_make(path_of("bulk"), NULL), 0);
  for (uint32_t i = 0; i < PATIENTS; i++) {
    th_buf_clear(&text);
    th_demo_patient(7, i, false, &text);
    append("forms.ndjson", th_buf_view(&text));
    th_buf_clear(&text);
    th_demo_patient(7, i, true, &text);
    append("bundles.ndjson", th_buf_view(&text));
    append_bulk(th_buf_view(&text));
  }
  th_buf_dispose(&text);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
  (void)st, (void)kind, (void)ftw;
  return remove(path);
}

static void remove_files(void) {
  assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- loading ---- */

typedef struct seen {
  unsigned n;
  int64_t line;
  char file[160], reason[200];
} seen;

static void on_reject(void *ctx, const th_reject *r) {
  seen *s = ctx;
  s->n++;
  s->line = r->line;
  snprintf(s->file, sizeof s->file, "%s", r->file);
  snprintf(s->reason, sizeof s->reason, "%s", r->reason);
}

static th_cohort *load(const char *name, unsigned threads, size_t memory, th_cohort_report *report,
                       seen *s) {
  th_err err = {0};
  const char *path = path_of(name);
  th_cohort_load_options options = {.has_as_of = true,
                                    .as_of = AS_OF,
                                    .threads = threads,
                                    .memory_max = memory,
                                    .reject = on_reject,
                                    .ctx = s};
  th_cohort *c = th_cohort_new(&dictionary.dict);
  memset(s, 0, sizeof *s);
  assert_non_null(c);
  if (th_cohort_load(c, &path, 1, &options, report, &err) < 0) fail_msg("%s", err.message);
  assert_int_equal(th_cohort_seal(c, NULL), 0);
  return c;
}

static const char criteria[] =
    "Inclusion Criteria:\n\n* Age 18 to 70 years\n* Diabetes mellitus\n* Creatinine < 1.3 mg/dL\n"
    "* Hemoglobin > 11 g/dL within 12 months\n\nExclusion Criteria:\n\n* Pregnancy\n* Asthma\n"
    "* Current smoker\n* Warfarin\n* Family history of breast cancer\n* Hysterectomy\n"
    "* ALT > 2 times ULN\n* Allergy to penicillin\n* Myocardial infarction within 5 years\n";

static void ask(const th_cohort *c, th_arena *arena, th_cohort_result *out) {
  th_elig_tree tree;
  th_cohort_options options = {.presume = TH_PRESUME_NONE, .threads = 2};
  assert_int_equal(
      th_elig_read_concepts(th_span_of(criteria), &dictionary.dict, NULL, arena, &tree, NULL), 0);
  th_cohort_trial trial = {&tree, {.sex = 'F'}};
  assert_int_equal(th_cohort_run(c, &trial, 1, &options, out, arena, NULL), 0);
}

static void same(const th_cohort_result *a, const th_cohort_result *b) {
  assert_int_equal(a->n_steps, b->n_steps);
  assert_int_equal(a->likely, b->likely);
  assert_int_equal(a->possible, b->possible);
  assert_int_equal(a->excluded, b->excluded);
  for (uint32_t i = 0; i < a->n_steps; i++)
    if (memcmp(&a->steps[i], &b->steps[i], sizeof *a->steps)) fail_msg("step %u", i);
}

static void test_forms(void **state) {
  (void)state;
  static const struct {
    const char *name;
    unsigned threads;
    size_t memory;
    unsigned passes;
  } cases[] = {{"bundles.ndjson", 1, 0, 1},
               {"bundles.ndjson", 4, 0, 1},
               {"bulk", 1, 0, 1},
               {"bulk", 3, 0, 1},
               {"bulk", 3, 300000, 0}};
  th_cohort_report report;
  th_cohort_result want, got;
  th_arena arena;
  seen s;
  th_arena_init(&arena, 0);
  make_files();
  th_cohort *c = load("forms.ndjson", 2, 0, &report, &s);
  ask(c, &arena, &want);
  assert_int_equal(report.patients, PATIENTS);
  assert_int_equal(report.rejected, 0);
  assert_true(want.excluded > 0 && want.possible > 0);
  for (uint32_t i = 0; i < want.n_steps; i++)
    if (!want.steps[i].against && !want.steps[i].open) fail_msg("step %u touches nobody", i);
  th_cohort_free(c);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    c = load(cases[i].name, cases[i].threads, cases[i].memory, &report, &s);
    if (report.patients != PATIENTS || report.rejected || report.orphans)
      fail_msg("%s: %llu patients, %llu rejected (%s), %llu orphans", cases[i].name,
               (unsigned long long)report.patients, (unsigned long long)report.rejected, s.reason,
               (unsigned long long)report.orphans);
    if (cases[i].passes) assert_int_equal(report.passes, cases[i].passes);
    if (!cases[i].passes) assert_true(report.passes > 2);
    ask(c, &arena, &got);
    same(&want, &got);
    th_cohort_free(c);
  }
  remove_files();
  th_arena_dispose(&arena);
}

/* ---- what is broken ---- */

static void test_broken(void **state) {
  (void)state;
  th_cohort_report report;
  seen s;
  make_dir();
  append("in.ndjson", TH_SPAN("{\"age\": 40, \"sex\": \"female\"}"));
  append("in.ndjson", TH_SPAN("{\"age\": 40, \"sexx\": \"female\"}"));
  append("in.ndjson",
         TH_SPAN("{\"resourceType\": \"Patient\", \"id\": \"a\", \"gender\": \"male\"}"));
  append("in.ndjson", TH_SPAN("{\"resourceType\": \"Patient\", \"id\": \"b\", "
                              "\"deceasedBoolean\": true}"));
  append("in.ndjson", TH_SPAN("{\"resourceType\": \"Condition\", \"subject\": {\"reference\": "
                              "\"Patient/c\"}, \"code\": {\"text\": \"asthma\"}}"));
  append("in.ndjson", TH_SPAN("{\"resourceType\": \"Claim\", \"patient\": {\"reference\": "
                              "\"Patient/a\"}}"));
  append("in.ndjson", TH_SPAN("{\"resourceType\": \"MedicationRequest\", \"status\": \"active\", "
                              "\"subject\": {\"reference\": \"https://x.example/fhir/Patient/a\"}, "
                              "\"medicationReference\": {\"reference\": \"Medication/m\"}}"));
  append("in.ndjson", TH_SPAN("{\"resourceType\": \"Medication\", \"id\": \"m\", \"code\": "
                              "{\"text\": \"Warfarin\"}}"));
  th_cohort *c = load("in.ndjson", 2, 0, &report, &s);
  assert_int_equal(report.patients, 2);
  assert_int_equal(report.deceased, 1);
  assert_int_equal(report.orphans, 1);
  assert_int_equal(report.other, 1);
  assert_int_equal(report.rejected, 1);
  assert_int_equal(s.line, 2);
  assert_non_null(strstr(s.reason, "not known"));
  bool warfarin = false;
  for (uint32_t i = 0; i < c->keys.n; i++) {
    th_patient_fact f;
    th_co_key_make(c, i, &f);
    warfarin |= f.category == TH_ELIG_DRUG && th_span_eq_nocase(f.label, TH_SPAN("warfarin"));
  }
  assert_true(warfarin);
  th_cohort_free(c);
  remove_files();
}

static void test_nothing(void **state) {
  (void)state;
  th_cohort_report report;
  th_err err = {0};
  const char *path = "/nonexistent/patients";
  th_cohort *c = th_cohort_new(NULL);
  assert_int_equal(th_cohort_load(c, &path, 1, NULL, &report, &err), TH_ENOTFOUND);
  th_cohort_free(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_broken),
                                     cmocka_unit_test(test_nothing)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
