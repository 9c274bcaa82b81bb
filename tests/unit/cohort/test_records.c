/* The 60 synthetic FHIR patients against real studies. */
#include "compare.h"

#include <dirent.h>

#include "../study/shared.h"

enum { RECORDS = 60, STUDIES = 1200 };

static uint32_t read_records(const char *dir, th_patient *out) {
  DIR *d = opendir(dir);
  uint32_t n = 0;
  th_patient_options options = {.has_as_of = true, .as_of = AS_OF, .dict = &dictionary.dict};
  if (!d) return 0;
  for (struct dirent *e; n < RECORDS && (e = readdir(d));) {
    char path[4096];
    th_buf b;
    th_err err = {0};
    if (!strstr(e->d_name, ".json")) continue;
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    th_buf_init(&b, 0);
    assert_int_equal(th_file_read(&b, path, &err), 0);
    if (th_patient_read(&out[n++], th_buf_view(&b), &options, &err)) fail_msg("%s", err.message);
    th_buf_dispose(&b);
  }
  closedir(d);
  return n;
}

static bool unpack(char *dir) {
  char command[8192];
  const char *archive = shared_path("data/patients/synthea-60.tar.zst");
  if (!archive || !mkdtemp(dir)) return false;
  snprintf(command, sizeof command, "zstd -dcq '%s' | tar -xf - -C '%s'", archive, dir);
  if (system(command) == 0) return true;
  print_message("skipped: cannot unpack %s\n", archive);
  return false;
}

static void remove_dir(const char *dir) {
  char command[8192];
  snprintf(command, sizeof command, "rm -rf '%s'", dir);
  assert_int_equal(system(command), 0);
}

static th_verdict_study fields_of(const th_json *j) {
  th_verdict_study s = {0};
  uint32_t m = th_json_path(j, 0, "protocolSection.eligibilityModule");
  th_span sex = th_json_path_text(j, m, "sex");
  s.has_min = th_age_parse(th_json_path_text(j, m, "minimumAge"), &s.min);
  s.has_max = th_age_parse(th_json_path_text(j, m, "maximumAge"), &s.max);
  s.sex = th_span_eq(sex, TH_SPAN("MALE")) ? 'M' : th_span_eq(sex, TH_SPAN("FEMALE")) ? 'F' : 0;
  return s;
}

static void compare_studies(const th_cohort *c, const th_patient *const *patients, uint32_t n,
                            shared_lines *lines) {
  th_json_parser *parser = th_json_parser_new(64 << 20, 256);
  th_concept_matcher *matcher = th_concept_matcher_new();
  th_arena arena;
  th_span line;
  th_arena_init(&arena, 0);
  for (uint32_t i = 0; i < STUDIES && shared_lines_next(lines, &line); i++) {
    th_json j;
    th_elig_tree tree;
    char what[32];
    assert_int_equal(th_json_parse(parser, line, &j, NULL), 0);
    th_span text =
        th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
    assert_int_equal(th_elig_read_concepts(text, &dictionary.dict, matcher, &arena, &tree, NULL),
                     0);
    th_cohort_trial trial = {&tree, fields_of(&j)};
    snprintf(what, sizeof what, "study %u", i);
    compare(c, patients, n, &trial, (th_verdict_presume)(i % 3), what);
    th_arena_reset(&arena, false);
  }
  th_arena_dispose(&arena);
  th_concept_matcher_free(matcher);
  th_json_parser_free(parser);
}

static void test_records(void **state) {
  (void)state;
  char dir[] = "/tmp/trialhead-test-XXXXXX";
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  if (!lines) return;
  if (!unpack(dir)) {
    shared_lines_close(lines);
    return;
  }
  th_patient *records = calloc(RECORDS, sizeof *records);
  const th_patient *patients[RECORDS];
  uint32_t n = read_records(dir, records);
  remove_dir(dir);
  for (uint32_t i = 0; i < n; i++)
    patients[i] = &records[i];
  assert_int_equal(n, RECORDS);
  th_cohort *c = cohort_of(patients, n);
  compare_studies(c, patients, n, lines);
  th_cohort_free(c);
  for (uint32_t i = 0; i < n; i++)
    th_patient_dispose(&records[i]);
  free(records);
  shared_lines_close(lines);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_records)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
