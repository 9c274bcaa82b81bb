#include "../test.h"

#include "../shared.h"
#include "base/queue.h"
#include "study/age.h"
#include "study/date.h"
#include "study/nct.h"
#include "study/walk.h"

#include <stdio.h>

static th_json_parser *parser;
static th_buf padded;

static th_json parse(const char *text) {
  th_json j;
  th_err err = {0};
  th_buf_clear(&padded);
  th_buf_str(&padded, text);
  if (th_json_parse(parser, th_buf_view(&padded), &j, &err)) fail_msg("%s: %s", text, err.message);
  return j;
}

/* Writes down what the visitor sees. */
typedef struct notes {
  const th_json *j;
  th_buf out;
} notes;

static void note_value(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  notes *n = ctx;
  th_span raw = th_json_raw(n->j, node);
  th_buf_printf(&n->out, "%s[%u]=%.*s ", th_fields[field].piece, item, (int)raw.n, raw.p);
}
static void note_enter(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  notes *n = ctx;
  assert_int_equal(n->j->nodes[node].type, TH_JOBJECT);
  th_buf_printf(&n->out, "<%s[%u] ", th_fields[field].piece, item);
}
static void note_leave(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  notes *n = ctx;
  (void)node;
  th_buf_printf(&n->out, "%s[%u]> ", th_fields[field].piece, item);
}
static void note_odd(void *ctx, th_odd what, uint16_t field, uint32_t node) {
  notes *n = ctx;
  static const char *const words[] = {"key", "null", "enum"};
  th_span raw = th_json_raw(n->j, node);
  th_buf_printf(&n->out, "odd-%s:%s:%.*s ", words[what],
                field == TH_F_NONE ? "" : th_fields[field].piece, (int)raw.n, raw.p);
}
static const th_study_visitor note_all = {note_value, note_enter, note_leave, note_odd};
static const th_study_visitor note_values = {.value = note_value, .odd = note_odd};

static void order_of_visits(void **state) {
  (void)state;
  static const struct {
    const th_study_visitor *visitor;
    const char *text, *seen;
  } cases[] = {
      {&note_all, "{}", ""},
      {&note_all, "{\"hasResults\":true}", "HasResults[0]=true "},
      {&note_all, "{\"protocolSection\":{\"designModule\":{\"phases\":[\"PHASE1\",\"X\"]}}}",
       "<ProtocolSection[0] <DesignModule[0] Phase[0]=\"PHASE1\" odd-enum:Phase:\"X\" "
       "Phase[0]=\"X\" DesignModule[0]> ProtocolSection[0]> "},
      {&note_values,
       "{\"protocolSection\":{\"contactsLocationsModule\":{\"locations\":[{\"city\":\"A\"},"
       "{\"city\":\"B\",\"contacts\":[{\"name\":\"c\"},{\"name\":\"d\"}],\"geoPoint\":{\"lat\":1,"
       "\"lon\":2.5}}]}}}",
       "LocationCity[0]=\"A\" LocationCity[1]=\"B\" LocationContactName[1]=\"c\" "
       "LocationContactName[1]=\"d\" LocationGeoPoint[1]={\"lat\":1,\"lon\":2.5} "},
      {&note_all,
       "{\"protocolSection\":{\"armsInterventionsModule\":{\"armGroups\":[{},{\"interventionNames\""
       ":[\"a\",\"b\"]}]}}}",
       "<ProtocolSection[0] <ArmsInterventionsModule[0] <ArmGroup[0] ArmGroup[0]> <ArmGroup[1] "
       "ArmGroupInterventionName[1]=\"a\" ArmGroupInterventionName[1]=\"b\" ArmGroup[1]> "
       "ArmsInterventionsModule[0]> ProtocolSection[0]> "},
      {&note_values, "{\"x\":[{}],\"hasResults\":null,\"protocolSection\":{\"y\":1}}",
       "odd-key::\"x\" odd-null:HasResults:null odd-key:ProtocolSection:\"y\" "},
      /* computed fields have no place in a record */
      {&note_values, "{\"protocolSection\":{\"conditionsModule\":{\"numConditions\":\"x\"}}}",
       "odd-key:ConditionsModule:\"numConditions\" "},
      {&note_values, "{\"protocolSection\":{\"conditionsModule\":{\"conditions\":[null,\"a\"]}}}",
       "odd-null:Condition:null Condition[0]=\"a\" "},
      {&note_values,
       "{\"derivedSection\":{\"conditionBrowseModule\":{\"browseLeaves\":[{\"id\":\"M1\",\"name\":"
       "\"n\",\"asFound\":\"f\",\"relevance\":\"LOW\"}],\"browseBranches\":[{\"abbrev\":\"BC\","
       "\"name\":\"b\"}]}}}",
       "ConditionBrowseLeafId[0]=\"M1\" ConditionBrowseLeafName[0]=\"n\" "
       "ConditionBrowseLeafAsFound[0]=\"f\" ConditionBrowseLeafRelevance[0]=\"LOW\" "
       "ConditionBrowseBranchAbbrev[0]=\"BC\" ConditionBrowseBranchName[0]=\"b\" "},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_json j = parse(cases[i].text);
    notes n = {.j = &j};
    th_err err = {0};
    assert_int_equal(th_study_walk(&j, cases[i].visitor, &n, &err), 0);
    th_buf_char(&n.out, 0);
    assert_string_equal(n.out.p, cases[i].seen);
    th_buf_dispose(&n.out);
  }
}

#define ID "\"identificationModule\":{\"nctId\":\"NCT00000102\"}"

static void wrong_types(void **state) {
  (void)state;
  static const struct {
    const char *text, *message;
    uint32_t nct;
  } cases[] = {
      {"@[]", "a study record is an object, not an array", 0},
      {"@\"x\"", "a study record is an object, not text", 0},
      {"{}", "protocolSection.identificationModule.nctId is missing", 0},
      {"{\"protocolSection\":@[]}", "protocolSection: an object is due, not an array", 0},
      {"{\"protocolSection\":{" ID ",\"designModule\":{\"phases\":@\"PHASE1\"}}}",
       "protocolSection.designModule.phases: an array is due, not text", 102},
      {"{\"protocolSection\":{" ID ",\"designModule\":{\"phases\":[@1]}}}",
       "protocolSection.designModule.phases: text is due, not a number", 102},
      {"{\"protocolSection\":{" ID ",\"designModule\":{\"enrollmentInfo\":{\"count\":@\"12\"}}}}",
       "protocolSection.designModule.enrollmentInfo.count: a whole number is due, not text", 102},
      {"{\"protocolSection\":{" ID ",\"designModule\":{\"enrollmentInfo\":{\"count\":@1.5}}}}",
       "protocolSection.designModule.enrollmentInfo.count: a whole number is due, not a number",
       102},
      {"{\"protocolSection\":{" ID ",\"descriptionModule\":{\"briefSummary\":@{}}}}",
       "protocolSection.descriptionModule.briefSummary: text is due, not an object", 102},
      {"{\"protocolSection\":{" ID "},\"hasResults\":@\"yes\"}",
       "hasResults: true or false is due, not text", 102},
      {"{\"protocolSection\":{" ID ",\"contactsLocationsModule\":{\"locations\":[{\"geoPoint\":"
       "@{\"lat\":1}}]}}}",
       "protocolSection.contactsLocationsModule.locations.geoPoint: a point with lat and lon is "
       "due, not an object",
       102},
      {"{\"protocolSection\":{\"identificationModule\":{\"nctId\":@\"NCT0\"}}}",
       "protocolSection.identificationModule.nctId: \"NCT0\" is no NCT number", 0},
      {"{\"protocolSection\":{\"identificationModule\":{\"nctId\":@12}}}",
       "protocolSection.identificationModule.nctId: text is due, not a number", 0},
      {"{\"protocolSection\":{\"identificationModule\":{\"nctId\":@null}}}",
       "protocolSection.identificationModule.nctId: null is no NCT number", 0},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    char text[512];
    const char *at = strchr(cases[i].text, '@'); /* marks the place of the error */
    int64_t offset = at ? at - cases[i].text : -1;
    snprintf(text, sizeof text, "%.*s%s", (int)(at ? offset : 0), cases[i].text,
             at ? at + 1 : cases[i].text);
    th_json j = parse(text);
    th_err err = {0};
    uint32_t nct = 7;
    assert_int_equal(th_study_check(&j, &nct, &err), TH_EINPUT);
    assert_string_equal(err.message, cases[i].message);
    assert_int_equal(err.has_offset ? err.offset : -1, offset);
    assert_int_equal(nct, cases[i].nct);
  }
  th_json j = parse("{\"protocolSection\":{" ID "}}");
  uint32_t nct = 0;
  th_err err = {0};
  assert_int_equal(th_study_check(&j, &nct, &err), 0);
  assert_int_equal(nct, 102);
}

static void geo_points(void **state) {
  (void)state;
  static const struct {
    const char *text;
    bool good;
  } cases[] = {
      {"{\"lat\":45.5,\"lon\":-73}", true},
      {"{\"lat\":91,\"lon\":0}", false},
      {"{\"lat\":0,\"lon\":-180.5}", false},
      {"{\"lat\":\"1\",\"lon\":2}", false},
      {"{\"lon\":2}", false},
      {"[1,2]", false},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_json j = parse(cases[i].text);
    double lat, lon;
    assert_int_equal(th_study_geo(&j, 0, &lat, &lon), cases[i].good);
    if (cases[i].good) assert_true(lat == 45.5 && lon == -73);
  }
}

/* ---- every real record passes ---- */

typedef struct counts {
  const th_json *j;
  uint64_t values, structs, odds[3], unread;
  uint32_t depth;
} counts;

/* Dates, ages and numbers in the records are of the forms that the readers know. */
static void check_text(counts *c, uint16_t field, th_span text) {
  th_date date;
  th_age age;
  uint32_t nct;
  switch (th_fields[field].type) {
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
    c->unread += !th_date_parse(text, &date);
    break;
  case TH_FT_AGE:
    c->unread += !th_age_parse(text, &age);
    break;
  case TH_FT_NCT:
    c->unread += !th_nct_parse(text, &nct);
    break;
  default:
    return;
  }
  if (c->unread && c->unread < 10)
    print_message("%s: %.*s\n", th_fields[field].piece, (int)text.n, text.p);
}

static void count_value(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  counts *c = ctx;
  (void)item;
  c->values++;
  if (th_fields[field].flags & TH_FF_INDEXED_ONLY) fail();
  if (c->j->nodes[node].type == TH_JARRAY) fail();
  check_text(c, field, th_json_text(c->j, node));
}
static void count_enter(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  counts *c = ctx;
  (void)node, (void)item;
  if (c->depth++ != th_fields[field].depth) fail();
  c->structs++;
}
static void count_leave(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  (void)field, (void)node, (void)item;
  ((counts *)ctx)->depth--;
}
static void count_odd(void *ctx, th_odd what, uint16_t field, uint32_t node) {
  (void)field, (void)node;
  ((counts *)ctx)->odds[what]++;
}
static const th_study_visitor counter = {count_value, count_enter, count_leave, count_odd};

static void real_records_pass(void **state) {
  (void)state;
  shared_lines *l = shared_lines_open("data/studies.ndjson.zst");
  if (!l) skip();
  th_span line;
  counts c = {0};
  size_t n = 0, bytes = 0;
  double seconds = 0;
  while (shared_lines_next(l, &line)) {
    th_json j;
    th_err err = {0};
    uint32_t nct = 0;
    if (th_json_parse(parser, line, &j, &err)) fail_msg("record %zu: %s", n, err.message);
    double from = th_clock_mono();
    int rc = th_study_check(&j, &nct, &err);
    seconds += th_clock_mono() - from;
    if (rc) fail_msg("record %zu, NCT%08u: %s", n, nct, err.message);
    c.j = &j;
    if (th_study_walk(&j, &counter, &c, &err)) fail_msg("record %zu: %s", n, err.message);
    assert_int_equal(c.depth, 0);
    n++, bytes += line.n;
  }
  shared_lines_close(l);
  assert_int_equal(n, 14504);
  assert_int_equal(c.odds[TH_ODD_NULL], 0);
  assert_int_equal(c.odds[TH_ODD_ENUM], 6);
  assert_int_equal(c.unread, 0);
  print_message("%zu records, %llu values, %llu unknown keys; check %.2f us a record, %.1f GB/s\n",
                n, (unsigned long long)c.values, (unsigned long long)c.odds[TH_ODD_KEY],
                seconds / (double)n * 1e6, (double)bytes / seconds / 1e9);
}

static int setup(void **state) {
  (void)state;
  parser = th_json_parser_new(64u << 20, 64);
  return parser ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  th_json_parser_free(parser);
  th_buf_dispose(&padded);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(order_of_visits),
      cmocka_unit_test(wrong_types),
      cmocka_unit_test(geo_points),
      cmocka_unit_test(real_records_pass),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
