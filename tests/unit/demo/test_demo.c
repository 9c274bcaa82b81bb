#include "../test.h"

#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "demo/demo.h"
#include "study/catalogue.h"
#include "study/nct.h"
#include "study/walk.h"

enum { RECORDS = 3000, RECORD_MAX = 1 << 20 };

/* Records of a seed, parsed one after another. */
typedef struct reader {
  th_demo *demo;
  th_json_parser *parser;
  th_buf text;
  th_json json;
} reader;

static void open_reader(reader *r, uint64_t seed) {
  r->demo = th_demo_new(seed);
  r->parser = th_json_parser_new(RECORD_MAX, 64);
  th_buf_init(&r->text, RECORD_MAX);
  assert_non_null(r->demo);
  assert_non_null(r->parser);
}

static void close_reader(reader *r) {
  th_demo_free(r->demo);
  th_json_parser_free(r->parser);
  th_buf_dispose(&r->text);
}

static void read_record(reader *r, uint32_t index) {
  th_err err = {0};
  th_buf_clear(&r->text);
  th_demo_record(r->demo, index, &r->text);
  assert_int_equal(r->text.error, 0);
  if (th_json_parse(r->parser, th_buf_view(&r->text), &r->json, &err) < 0)
    fail_msg("record %u: %s", index, err.message);
}

/* ---- every record is a study as the catalogue knows it ---- */

typedef struct faults {
  const th_json *json;
  uint32_t index;
  unsigned n;
} faults;

static void on_odd(void *ctx, th_odd what, uint16_t field, uint32_t node) {
  faults *f = ctx;
  th_span raw = th_json_raw(f->json, node);
  print_error("record %u: odd %d in %s: %.*s\n", f->index, what,
              field == TH_F_NONE ? "the record" : th_fields[field].path, (int)raw.n, raw.p);
  f->n++;
}

/* Nothing of a template is left in a text: braces, brackets, doubled or bordering blanks. */
static void on_value(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  faults *f = ctx;
  (void)item;
  th_span s = th_json_text(f->json, node);
  bool bad = f->json->nodes[node].type == TH_JSTRING && s.n == 0;
  for (size_t i = 0; i < s.n; i++)
    bad |= strchr("{}[]|", s.p[i]) != NULL;
  if (s.n) bad |= s.p[0] == ' ' || s.p[s.n - 1] == ' ';
  if (!bad) return;
  print_error("record %u: %s: %.*s\n", f->index, th_fields[field].path, (int)s.n, s.p);
  f->n++;
}

static void test_records_are_studies(void **state) {
  (void)state;
  static const th_study_visitor visitor = {.value = on_value, .odd = on_odd};
  reader r;
  open_reader(&r, 1);
  faults f = {.json = &r.json};
  for (f.index = 0; f.index < RECORDS; f.index++) {
    th_err err = {0};
    uint32_t nct = 0;
    read_record(&r, f.index);
    if (th_study_check(&r.json, &nct, &err) < 0) fail_msg("record %u: %s", f.index, err.message);
    assert_int_equal(nct, TH_DEMO_FIRST_NCT + f.index);
    assert_int_equal(th_study_walk(&r.json, &visitor, &f, &err), 0);
  }
  assert_int_equal(f.n, 0);
  close_reader(&r);
}

/* ---- every record says what it is ---- */

static void test_records_are_marked(void **state) {
  (void)state;
  reader r;
  open_reader(&r, 2);
  for (uint32_t i = 0; i < 500; i++) {
    read_record(&r, i);
    th_span summary =
        th_json_path_text(&r.json, 0, "protocolSection.descriptionModule.briefSummary");
    th_span sponsor = th_json_path_text(
        &r.json, 0, "protocolSection.sponsorCollaboratorsModule.leadSponsor.name");
    th_span org =
        th_json_path_text(&r.json, 0, "protocolSection.identificationModule.organization.fullName");
    assert_true(th_span_starts(summary, TH_SPAN("This is a made-up record")));
    assert_true(th_span_find(sponsor, TH_SPAN("(made up)")) > 0);
    assert_true(th_span_find(org, TH_SPAN("(made up)")) > 0);
    uint32_t keywords = th_json_path(&r.json, 0, "protocolSection.conditionsModule.keywords");
    bool marked = false;
    for (th_json_each(&r.json, keywords, k))
      marked |= th_span_eq(th_json_text(&r.json, k), TH_SPAN("made-up record"));
    assert_true(marked);
  }
  close_reader(&r);
}

/* ---- what belongs together agrees ---- */

static int64_t text_number(const th_json *j, uint32_t node) {
  char digits[24] = {0};
  th_span s = th_json_text(j, node);
  assert_true(s.n > 0 && s.n < sizeof digits);
  memcpy(digits, s.p, s.n);
  return strtoll(digits, NULL, 10);
}

/* Started = completed + not completed, for each group; returns the sum of those who started. */
static int64_t check_flow(const th_json *j) {
  int64_t numbers[3][8] = {{0}}, total = 0;
  unsigned m = 0, groups = 0;
  uint32_t periods = th_json_path(j, 0, "resultsSection.participantFlowModule.periods");
  uint32_t milestones = th_json_get(j, periods + 1, TH_SPAN("milestones"));
  for (th_json_each(j, milestones, stone)) {
    groups = 0;
    for (th_json_each(j, th_json_get(j, stone, TH_SPAN("achievements")), a))
      numbers[m][groups++] = text_number(j, th_json_get(j, a, TH_SPAN("numSubjects")));
    m++;
  }
  assert_int_equal(m, 3);
  for (unsigned g = 0; g < groups; g++) {
    assert_int_equal(numbers[0][g], numbers[1][g] + numbers[2][g]);
    total += numbers[0][g];
  }
  return total;
}

static int64_t int_member(const th_json *j, uint32_t object, const char *key) {
  int64_t v = -1;
  assert_true(th_json_int(j, th_json_get(j, object, th_span_of(key)), &v));
  return v;
}

static void check_events(const th_json *j) {
  uint32_t module = th_json_path(j, 0, "resultsSection.adverseEventsModule");
  static const struct {
    const char *list, *affected;
  } kinds[] = {{"seriousEvents", "seriousNumAffected"}, {"otherEvents", "otherNumAffected"}};
  for (unsigned k = 0; k < 2; k++) {
    uint32_t list = th_json_get(j, module, th_span_of(kinds[k].list));
    if (!list) continue;
    for (th_json_each(j, list, event)) {
      uint32_t group = th_json_get(j, module, TH_SPAN("eventGroups")) + 1;
      for (th_json_each(j, th_json_get(j, event, TH_SPAN("stats")), stat)) {
        int64_t affected = int_member(j, stat, "numAffected");
        assert_true(affected <= int_member(j, stat, "numAtRisk"));
        assert_true(affected <= int_member(j, stat, "numEvents"));
        assert_true(affected <= int_member(j, group, kinds[k].affected));
        group = j->nodes[group].next;
      }
    }
  }
}

static void test_results_agree(void **state) {
  (void)state;
  unsigned with_results = 0;
  reader r;
  open_reader(&r, 3);
  for (uint32_t i = 0; i < RECORDS; i++) {
    read_record(&r, i);
    if (!th_json_get(&r.json, 0, TH_SPAN("resultsSection"))) continue;
    with_results++;
    uint32_t enrolled = th_json_path(&r.json, 0, "protocolSection.designModule.enrollmentInfo");
    assert_int_equal(check_flow(&r.json), int_member(&r.json, enrolled, "count"));
    check_events(&r.json);
    assert_true(
        th_json_path(&r.json, 0, "protocolSection.statusModule.resultsFirstPostDateStruct"));
  }
  assert_in_range(with_results, RECORDS / 20, RECORDS / 2);
  close_reader(&r);
}

/* Each arm names only interventions that there are, and the other way round. */
static void test_arms_agree(void **state) {
  (void)state;
  reader r;
  open_reader(&r, 4);
  for (uint32_t i = 0; i < RECORDS; i++) {
    read_record(&r, i);
    uint32_t module = th_json_path(&r.json, 0, "protocolSection.armsInterventionsModule");
    uint32_t arms = th_json_get(&r.json, module, TH_SPAN("armGroups"));
    for (th_json_each(&r.json, th_json_get(&r.json, module, TH_SPAN("interventions")), v)) {
      uint32_t labels = th_json_get(&r.json, v, TH_SPAN("armGroupLabels"));
      if (!labels) continue;
      for (th_json_each(&r.json, labels, label)) {
        bool found = false;
        for (th_json_each(&r.json, arms, arm))
          found |=
              th_span_eq(th_json_text(&r.json, label), th_json_path_text(&r.json, arm, "label"));
        if (!found) fail_msg("record %u: an intervention names an arm that is not there", i);
      }
    }
  }
  close_reader(&r);
}

static void test_dates_agree(void **state) {
  (void)state;
  reader r;
  open_reader(&r, 5);
  for (uint32_t i = 0; i < RECORDS; i++) {
    read_record(&r, i);
    uint32_t module = th_json_path(&r.json, 0, "protocolSection.statusModule");
    th_span submit = th_json_path_text(&r.json, module, "studyFirstSubmitDate");
    th_span posted = th_json_path_text(&r.json, module, "studyFirstPostDateStruct.date");
    th_span updated = th_json_path_text(&r.json, module, "lastUpdateSubmitDate");
    th_span start = th_json_path_text(&r.json, module, "startDateStruct.date");
    th_span primary = th_json_path_text(&r.json, module, "primaryCompletionDateStruct.date");
    th_span end = th_json_path_text(&r.json, module, "completionDateStruct.date");
    assert_true(th_span_cmp(submit, posted) < 0);
    assert_true(th_span_cmp(submit, updated) <= 0);
    assert_true(th_span_cmp(start, primary) <= 0 && th_span_cmp(primary, end) <= 0);
    assert_true(th_span_cmp(updated, TH_SPAN("2026-06-01")) < 0);
  }
  close_reader(&r);
}

/* ---- the same for the same seed, everywhere and in any order ---- */

static void test_same_bytes(void **state) {
  (void)state;
  th_demo *a = th_demo_new(7), *b = th_demo_new(7), *other = th_demo_new(8);
  th_buf one, two, three;
  th_buf_init(&one, RECORD_MAX);
  th_buf_init(&two, RECORD_MAX);
  th_buf_init(&three, RECORD_MAX);
  for (uint32_t i = 0; i < 50; i++)
    th_demo_record(a, i, &one); /* in order */
  th_buf_clear(&one);
  th_demo_record(a, 123456, &one);
  th_demo_record(b, 123456, &two); /* at once */
  th_demo_record(other, 123456, &three);
  assert_true(th_span_eq(th_buf_view(&one), th_buf_view(&two)));
  assert_false(th_span_eq(th_buf_view(&one), th_buf_view(&three)));
  th_buf_dispose(&one);
  th_buf_dispose(&two);
  th_buf_dispose(&three);
  th_demo_free(a);
  th_demo_free(b);
  th_demo_free(other);
}

/* Changes whenever a text or a table of the demo does: then put the new value here. It shows that
 * compilers, sanitizers and machines agree. */
#define HASH_OF_SEED_1 UINT64_C(0x3b20331f7d384038)

static void test_known_bytes(void **state) {
  (void)state;
  th_demo *demo = th_demo_new(1);
  th_buf text;
  th_buf_init(&text, 1 << 24);
  for (uint32_t i = 0; i < 500; i++)
    th_demo_record(demo, i, &text);
  assert_int_equal(text.error, 0);
  uint64_t hash = XXH3_64bits(text.p, text.n);
  if (hash != HASH_OF_SEED_1) fail_msg("hash is now UINT64_C(0x%016llx)", (unsigned long long)hash);
  th_buf_dispose(&text);
  th_demo_free(demo);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_records_are_studies), cmocka_unit_test(test_records_are_marked),
      cmocka_unit_test(test_results_agree),       cmocka_unit_test(test_arms_agree),
      cmocka_unit_test(test_dates_agree),         cmocka_unit_test(test_same_bytes),
      cmocka_unit_test(test_known_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
