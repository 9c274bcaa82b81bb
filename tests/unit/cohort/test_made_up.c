/* Made-up patients with whole records, as forms and as FHIR, against studies from all over the
 * registry: counts of each criterion, and each patient's verdict on it, are those of the
 * single-patient matcher. The dictionary is the one that comes with the program. */
#include "compare.h"
#include "count.h"
#include "fields.h"

#include "../shared.h"
#include "concept/common.h"
#include "demo/patient.h"

enum { PATIENTS = 360, STUDIES = 300, EVERY = 47, JUDGED = 90 };

typedef struct crowd {
  th_patient records[PATIENTS];
  const th_patient *patients[PATIENTS];
  th_cohort *cohort;
} crowd;

static int setup_common(void **state) {
  th_err err = {0};
  th_concept_draft *d = th_concept_draft_new();
  (void)state;
  assert_int_equal(th_concept_common_add(d, &err), 0);
  th_buf_init(&dictionary.bytes, 0);
  assert_int_equal(th_concept_draft_write(d, 1, &dictionary.bytes, &err), 0);
  th_concept_draft_free(d);
  if (th_concepts_open(&dictionary.dict, dictionary.bytes.p, dictionary.bytes.n, true, &err))
    fail_msg("%s", err.message);
  return 0;
}

static void make_crowd(crowd *c) {
  th_patient_options options = {.has_as_of = true, .as_of = AS_OF, .dict = &dictionary.dict};
  th_buf text;
  th_buf_init(&text, 0);
  for (uint32_t i = 0; i < PATIENTS; i++) {
    th_err err = {0};
    th_buf_clear(&text);
    th_demo_patient(3, i, i % 2, &text);
    if (th_patient_read(&c->records[i], th_buf_view(&text), &options, &err))
      fail_msg("patient %u: %s", i, err.message);
    c->patients[i] = &c->records[i];
  }
  th_buf_dispose(&text);
  c->cohort = cohort_of(c->patients, PATIENTS);
}

static void forget_crowd(crowd *c) {
  th_cohort_free(c->cohort);
  for (uint32_t i = 0; i < PATIENTS; i++)
    th_patient_dispose(&c->records[i]);
  free(c);
}

/* How many of the steps decide something for somebody. */
static uint32_t check_study(const crowd *c, const th_cohort_trial *trial, uint32_t i,
                            th_arena *arena) {
  static const th_verdict_presume modes[] = {TH_PRESUME_NONE, TH_PRESUME_NONE, TH_PRESUME_CONSENT,
                                             TH_PRESUME_SILENCE};
  th_verdict_presume mode = modes[i % TH_COUNT(modes)];
  th_cohort_options options = {.presume = mode, .threads = 1};
  th_cohort_result got;
  uint32_t deciding = 0;
  char what[32];
  assert_int_equal(th_cohort_run(c->cohort, trial, 1, &options, &got, arena, NULL), 0);
  check_result(&got, trial, c->patients, PATIENTS, mode);
  snprintf(what, sizeof what, "study %u", i);
  if (i % 3 == 0) compare(c->cohort, c->patients, JUDGED, trial, mode, what);
  for (uint32_t k = 0; k < got.n_steps; k++)
    deciding += got.steps[k].field == TH_FIELD_TEXT && got.steps[k].against > 0;
  return deciding;
}

static void test_made_up(void **state) {
  (void)state;
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  if (!lines) return;
  crowd *c = calloc(1, sizeof *c);
  th_json_parser *parser = th_json_parser_new(64 << 20, 256);
  th_concept_matcher *matcher = th_concept_matcher_new();
  th_arena arena;
  th_span line;
  uint32_t studies = 0, deciding = 0;
  th_arena_init(&arena, 0);
  make_crowd(c);
  for (uint32_t i = 0; studies < STUDIES && shared_lines_next(lines, &line); i++) {
    th_json j;
    th_elig_tree tree;
    if (i % EVERY) continue;
    assert_int_equal(th_json_parse(parser, line, &j, NULL), 0);
    th_span text =
        th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
    assert_int_equal(th_elig_read_concepts(text, &dictionary.dict, matcher, &arena, &tree, NULL),
                     0);
    th_cohort_trial trial = {&tree, fields_of(&j)};
    deciding += check_study(c, &trial, studies++, &arena);
    th_arena_reset(&arena, false);
  }
  print_message("%u studies, %u criteria that exclude somebody\n", studies, deciding);
  assert_int_equal(studies, STUDIES);
  assert_true(deciding > STUDIES); /* else nothing was compared */
  forget_crowd(c);
  th_arena_dispose(&arena);
  th_concept_matcher_free(matcher);
  th_json_parser_free(parser);
  shared_lines_close(lines);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_made_up)};
  return cmocka_run_group_tests(tests, setup_common, teardown);
}
