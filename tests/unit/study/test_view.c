#include "../test.h"

#include "../shared.h"
#include "study/view.h"

#include <stdio.h>

static th_json_parser *parser;
static th_buf padded, out;

static th_json parse(const char *text) {
  th_json j;
  th_buf_clear(&padded);
  th_buf_str(&padded, text);
  assert_int_equal(th_json_parse(parser, th_buf_view(&padded), &j, NULL), 0);
  return j;
}

/* What was appended since the last call. */
static const char *said(void) {
  static char text[256];
  snprintf(text, sizeof text, "%.*s", (int)out.n, out.p ? out.p : "");
  th_buf_clear(&out);
  return text;
}

static void labels(void **state) {
  (void)state;
  static const struct {
    uint16_t field;
    const char *value, *label;
  } cases[] = {
      {TH_F_OverallStatus, "UNKNOWN", "Unknown"},
      {TH_F_OverallStatus, "ACTIVE_NOT_RECRUITING", "Active, not recruiting"},
      {TH_F_DesignAllocation, "NON_RANDOMIZED", "Non-Randomized"},
      {TH_F_DesignInterventionModel, "PARALLEL", "Parallel Assignment"},
      {TH_F_DesignMasking, "NONE", "None (Open label)"},
      {TH_F_DesignPrimaryPurpose, "TREATMENT", "Treatment"},
      {TH_F_InterventionType, "BIOLOGICAL", "Biological"},
      {TH_F_LeadSponsorClass, "OTHER", "Other"},
      {TH_F_LeadSponsorClass, "INDUSTRY", "Industry"},
      {TH_F_StartDateType, "ESTIMATED", "Anticipated"},
      {TH_F_Sex, "ALL", "All"},
      {TH_F_Sex, "X", NULL},
      {TH_F_BriefTitle, "ALL", NULL},
      {TH_F_NONE, "ALL", NULL},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    const char *label = th_view_label(cases[i].field, th_span_of(cases[i].value));
    assert_int_equal(!label, !cases[i].label);
    if (label) assert_string_equal(label, cases[i].label);
  }
  th_view_put_label(TH_F_Sex, TH_SPAN("X"), &out);
  assert_string_equal(said(), "X");
}

static void phases_and_masking(void **state) {
  (void)state;
  th_json j = parse("[\"PHASE1\",\"PHASE2\"]");
  th_view_phases(&j, 0, &out); /* node 0 stands for none */
  assert_string_equal(said(), "");
  j = parse("[[\"PHASE1\",\"PHASE2\"],[\"EARLY_PHASE1\"],[],[\"PARTICIPANT\",\"CARE_PROVIDER\"]]");
  uint32_t two = 1, one = j.nodes[two].next, empty = j.nodes[one].next, who = j.nodes[empty].next;
  th_view_phases(&j, two, &out);
  assert_string_equal(said(), "Phase 1/Phase 2");
  th_view_phases(&j, one, &out);
  assert_string_equal(said(), "Early Phase 1");
  th_view_phases(&j, empty, &out);
  assert_string_equal(said(), "");
  th_view_masking(&j, TH_SPAN("DOUBLE"), who, &out);
  assert_string_equal(said(), "Double (Participant, Care Provider)");
  th_view_masking(&j, TH_SPAN("NONE"), empty, &out);
  assert_string_equal(said(), "None (Open label)");
}

static void sentences(void **state) {
  (void)state;
  th_view_enrollment(100, TH_SPAN("ESTIMATED"), &out);
  assert_string_equal(said(), "100 estimated patients");
  th_view_enrollment(26, TH_SPAN(""), &out);
  assert_string_equal(said(), "26 patients");
  th_view_enrollment(1, TH_SPAN("Actual"), &out);
  assert_string_equal(said(), "1 patient");
  th_view_enrollment(5, TH_SPAN("anticipated"), &out);
  assert_string_equal(said(), "5 estimated patients");
  th_view_participants(100, 2, &out);
  assert_string_equal(said(), "100 participants in 2 patient groups");
  th_view_participants(1, 1, &out);
  assert_string_equal(said(), "1 participant in 1 patient group");
  th_view_participants(-1, 2, &out);
  assert_string_equal(said(), "2 patient groups");
  th_view_participants(7, 0, &out);
  assert_string_equal(said(), "7 participants");
  th_view_arm_type(TH_SPAN("EXPERIMENTAL"), &out);
  assert_string_equal(said(), "Experimental group");
  th_view_arm_type(TH_SPAN("ACTIVE_COMPARATOR"), &out);
  assert_string_equal(said(), "Active Comparator group");
  th_view_arm_type(TH_SPAN(""), &out);
  assert_string_equal(said(), "");
  assert_string_equal(th_view_volunteers(true), "Accepts Healthy Volunteers");
  assert_string_equal(th_view_volunteers(false), "No Healthy Volunteers");
  th_view_ages(TH_SPAN("1 Month"), TH_SPAN("18 Years"), &out);
  assert_string_equal(said(), "1 month to 18 years old");
  th_view_ages(TH_SPAN(""), TH_SPAN("N/A"), &out);
  assert_string_equal(said(), "All ages");
  th_view_ages(TH_SPAN("Child"), TH_SPAN("18 Years"), &out);
  assert_string_equal(said(), "Child to 18 Years");
  th_view_date(TH_SPAN("2004-01"), &out);
  assert_string_equal(said(), "January 2004");
  th_view_date(TH_SPAN("soon"), &out);
  assert_string_equal(said(), "soon");
}

/* The sentences of the two seed pages, made from their records, stand in the pages. */
static void seed_pages(void **state) {
  (void)state;
  static const char *const pages[] = {"data/seeds/000_16efcc62b725fa19.txt",
                                      "data/seeds/003_b78b3fbf242ec2c2.txt"};
  const char *path = shared_path("data/seeds/seeds.ndjson");
  th_buf records = {0};
  if (!path) skip();
  assert_int_equal(th_file_read(&records, path, NULL), 0);
  char *line = records.p;
  for (size_t i = 0; i < TH_COUNT(pages); i++) {
    char *end = memchr(line, '\n', (size_t)(records.p + records.n - line));
    if (!end) end = records.p + records.n;
    th_buf page = {0};
    assert_int_equal(th_file_read(&page, shared_path(pages[i]), NULL), 0);
    *end = 0;
    th_json j = parse(line);
    line = end + 1;
    uint32_t e = th_json_path(&j, 0, th_fields[TH_F_EligibilityModule].path);
    uint32_t d = th_json_path(&j, 0, th_fields[TH_F_DesignModule].path);
    uint32_t arms = th_json_path(&j, 0, th_fields[TH_F_ArmGroup].path);
    int64_t count = 0;
    assert_true(th_json_int(&j, th_json_path(&j, d, "enrollmentInfo.count"), &count));
    for (int what = 0; what < 5; what++) {
      if (what == 0)
        th_view_enrollment(count, th_json_path_text(&j, d, "enrollmentInfo.type"), &out);
      if (what == 1)
        th_view_ages(th_json_path_text(&j, e, "minimumAge"), th_json_path_text(&j, e, "maximumAge"),
                     &out);
      if (what == 2) th_view_participants(count, j.nodes[arms].n, &out);
      if (what == 3)
        th_buf_str(&out,
                   th_view_volunteers(
                       j.nodes[th_json_get(&j, e, TH_SPAN("healthyVolunteers"))].type == TH_JTRUE));
      if (what == 4)
        th_view_put_label(TH_F_OverallStatus,
                          th_json_path_text(&j, 0, "protocolSection.statusModule.overallStatus"),
                          &out);
      const char *text = said();
      if (th_span_find(th_buf_view(&page), th_span_of(text)) < 0) fail_msg("%s", text);
    }
    th_buf_dispose(&page);
  }
  th_buf_dispose(&records);
}

static int setup(void **state) {
  (void)state;
  parser = th_json_parser_new(1u << 20, 64);
  return parser ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  th_json_parser_free(parser);
  th_buf_dispose(&padded);
  th_buf_dispose(&out);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(labels),
      cmocka_unit_test(phases_and_masking),
      cmocka_unit_test(sentences),
      cmocka_unit_test(seed_pages),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
