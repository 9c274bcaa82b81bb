#define _DEFAULT_SOURCE
/* Legacy XML against records that others converted, value by value; and its parts by themselves. */
#include "../test.h"

#include "base/file.h"
#include "base/json.h"
#include "ingest/legacy.h"
#include "ingest/legacy_xml.h"
#include "ingest/source.h"

#include <stdio.h>

/* ---- text blocks ---- */

static const struct {
  const char *in, *out;
} blocks[] = {
    {"", ""},
    {"\n      One line\n      and its rest.\n    ", "One line and its rest."},
    {"\n      One.\n\n      Two.\n", "One.\n\nTwo."},
    {"\n      List:\n\n        -  first\n           goes on\n\n        -  second\n\n      End",
     "List:\n\n* first goes on\n* second\n\nEnd"},
    {"\n      A\n\n        1. one\n\n             -  deep\n\n             -  deep too\n\n        "
     "2. two\n",
     "A\n\n1. one\n\n  * deep\n  * deep too\n2. two"},
    {"\n      A\n\n        9. nine\n\n       10. ten\n", "A\n\n9. nine\n10. ten"},
    {"\n      a < b [c] d*e_f^2 ~ g > h # i\n", "a \\< b \\[c\\] d\\*e\\_f\\^2 \\~ g \\> h # i"},
    {"\n      Weeks 1 and\n      2. Then more.\n", "Weeks 1 and 2. Then more."},
    {"\n      None:\n\n      - one dash\n", "None:\n\n* one dash"},
    {"\r\n      CR\r\n      LF\r\n", "CR LF"},
};

static void text_blocks(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(blocks); i++) {
    th_buf out;
    th_buf_init(&out, 0);
    th_legacy_markup(th_span_of(blocks[i].in), &out);
    th_buf_char(&out, 0);
    assert_string_equal(out.p, blocks[i].out);
    th_buf_dispose(&out);
  }
}

/* ---- single parts of a record: a piece of XML inside <clinical_study>, a path, its JSON ---- */

static const struct {
  const char *xml, *path, *json;
} parts[] = {
    {"<phase>Phase 1/Phase 2</phase><study_type>Interventional</study_type>",
     "protocolSection.designModule.phases", "[\"PHASE1\",\"PHASE2\"]"},
    {"<phase>N/A</phase><study_type>Interventional</study_type>",
     "protocolSection.designModule.phases", "[\"NA\"]"},
    {"<phase>N/A</phase><study_type>Observational [Patient Registry]</study_type>",
     "protocolSection.designModule", "{\"studyType\":\"OBSERVATIONAL\",\"patientRegistry\":true}"},
    {"<start_date type=\"Anticipated\">January 5, 2004</start_date>",
     "protocolSection.statusModule.startDateStruct",
     "{\"date\":\"2004-01-05\",\"type\":\"ESTIMATED\"}"},
    {"<verification_date>July 2007</verification_date>",
     "protocolSection.statusModule.statusVerifiedDate", "\"2007-07\""},
    {"<study_design_info><masking>Double (Participant, Outcomes "
     "Assessor)</masking></study_design_info>",
     "protocolSection.designModule.designInfo.maskingInfo",
     "{\"masking\":\"DOUBLE\",\"whoMasked\":[\"PARTICIPANT\",\"OUTCOMES_ASSESSOR\"]}"},
    {"<study_design_info><masking>None (Open Label)</masking></study_design_info>",
     "protocolSection.designModule.designInfo.maskingInfo", "{\"masking\":\"NONE\"}"},
    {"<enrollment type=\"Actual\">25</enrollment>", "protocolSection.designModule.enrollmentInfo",
     "{\"count\":25,\"type\":\"ACTUAL\"}"},
    {"<eligibility><gender>Both</gender><minimum_age>6 Months</minimum_age><maximum_age>17 Years"
     "</maximum_age><healthy_volunteers>Accepts Healthy "
     "Volunteers</healthy_volunteers></eligibility>",
     "protocolSection.eligibilityModule",
     "{\"healthyVolunteers\":true,\"sex\":\"ALL\",\"minimumAge\":\"6 Months\",\"maximumAge\":\"17 "
     "Years\",\"stdAges\":[\"CHILD\"]}"},
    {"<eligibility><minimum_age>18 Years</minimum_age><maximum_age>N/A</maximum_age></eligibility>",
     "protocolSection.eligibilityModule",
     "{\"minimumAge\":\"18 Years\",\"stdAges\":[\"ADULT\",\"OLDER_ADULT\"]}"},
    {"<overall_contact><first_name>A</first_name><middle_name>B</middle_name><last_name>C</"
     "last_name>"
     "<degrees>MD</degrees></overall_contact>",
     "protocolSection.contactsLocationsModule.centralContacts",
     "[{\"name\":\"A B C, MD\",\"role\":\"CONTACT\"}]"},
    {"<pending_results><submitted>November 19, 2015</submitted><returned>December 23, "
     "2015</returned>"
     "</pending_results>",
     "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents",
     "[{\"type\":\"RELEASE\",\"date\":\"2015-11-19\"},{\"type\":\"RESET\",\"date\":\"2015-12-23\"}"
     "]"},
    {"<provided_document_section><provided_document><document_type>Study Protocol</document_type>"
     "<document_has_protocol>Yes</document_has_protocol><document_date>March 3, "
     "2021</document_date>"
     "<document_url>https://x/88/NCT1/Prot_SAP_000.pdf</document_url></provided_document>"
     "</provided_document_section>",
     "documentSection.largeDocumentModule.largeDocs",
     "[{\"typeAbbrev\":\"Prot_SAP\",\"hasProtocol\":true,\"label\":\"Study "
     "Protocol\",\"date\":\"2021-03-03\","
     "\"filename\":\"Prot_SAP_000.pdf\"}]"},
    {"<clinical_results><participant_flow><group_list><group "
     "group_id=\"P2\"><title>B</title></group>"
     "</group_list><period_list><period><title>All</"
     "title><milestone_list><milestone><title>STARTED</title>"
     "<participants_list><participants group_id=\"P2\" count=\"7\">of "
     "9</participants></participants_list>"
     "</milestone></milestone_list></period></period_list></participant_flow></clinical_results>",
     "resultsSection.participantFlowModule",
     "{\"groups\":[{\"id\":\"FG001\",\"title\":\"B\"}],\"periods\":[{\"title\":\"All\","
     "\"milestones\":[{\"type\":"
     "\"STARTED\",\"achievements\":[{\"groupId\":\"FG001\",\"comment\":\"of "
     "9\",\"numSubjects\":\"7\"}]}]}]}"},
    {"<clinical_results><reported_events><group_list><group "
     "group_id=\"E1\"><title>A</title></group>"
     "</group_list><serious_events><default_vocab>V</"
     "default_vocab><category_list><category><title>Total</title>"
     "<event_list><event><sub_title>Total, serious adverse events</sub_title><counts "
     "group_id=\"E1\" "
     "subjects_affected=\"3\" "
     "subjects_at_risk=\"9\"/></event></event_list></category><category><title>Heart"
     "</title><event_list><event><sub_title vocab=\"W\">Attack</sub_title><counts group_id=\"E1\" "
     "events=\"4\" "
     "subjects_affected=\"3\" "
     "subjects_at_risk=\"9\"/></event></event_list></category></category_list>"
     "</serious_events></reported_events></clinical_results>",
     "resultsSection.adverseEventsModule",
     "{\"eventGroups\":[{\"id\":\"EG000\",\"title\":\"A\",\"seriousNumAffected\":3,"
     "\"seriousNumAtRisk\":9}],"
     "\"seriousEvents\":[{\"term\":\"Attack\",\"organSystem\":\"Heart\",\"sourceVocabulary\":\"W\","
     "\"stats\":[{"
     "\"groupId\":\"EG000\",\"numEvents\":4,\"numAffected\":3,\"numAtRisk\":9}]}]}"},
    {"<clinical_results><certain_agreements><pi_employee>Principal Investigators are NOT employed "
     "by the "
     "organization sponsoring the study.</pi_employee><restrictive_agreement>The only disclosure "
     "restriction on the PI is that the sponsor can embargo for more than 60 "
     "days</restrictive_agreement>"
     "</certain_agreements></clinical_results>",
     "resultsSection.moreInfoModule.certainAgreement",
     "{\"piSponsorEmployee\":false,\"restrictionType\":\"GT60\",\"restrictiveAgreement\":true}"},
};

static void parts_of_a_record(void **state) {
  (void)state;
  th_legacy_xml *x = th_legacy_xml_new(256);
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_buf xml, out;
    th_err err = {0};
    th_json j;
    th_buf_init(&xml, 0), th_buf_init(&out, 0);
    th_buf_printf(
        &xml, "<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info>%s</clinical_study>",
        parts[i].xml);
    assert_int_equal(th_legacy_xml_convert(x, th_buf_view(&xml), &out, &err), 0);
    assert_int_equal(th_json_parse(parser, th_buf_view(&out), &j, &err), 0);
    uint32_t at = th_json_path(&j, 0, parts[i].path);
    th_span got = at ? th_json_raw(&j, at) : TH_SPAN("nothing");
    if (!th_span_eq(got, th_span_of(parts[i].json)))
      fail_msg("%s:\n%.*s\nnot\n%s", parts[i].path, (int)got.n, got.p, parts[i].json);
    th_buf_dispose(&xml), th_buf_dispose(&out);
  }
  th_json_parser_free(parser);
  th_legacy_xml_free(x);
}

/* ---- against converted records ---- */

typedef struct ours {
  char id[16];
  th_buf json;
  bool compared;
} ours;

typedef struct tally {
  size_t same, known, other, records;
  th_json_parser *left, *right;
  ours *list;
  size_t n;
} tally;

/* Values that cannot agree: numbers of MeSH are not in the XML; telephone numbers were replaced,
 * and not alike; in a few texts the other conversion took a line that begins with a number, in the
 * middle of a paragraph, for the item of a list. */
static bool is_known(const char *path) {
  static const char *const ends[] = {".meshes[].id", ".phone", ".briefSummary",
                                     ".detailedDescription", ".eligibilityCriteria"};
  size_t n = strlen(path);
  for (size_t i = 0; i < TH_COUNT(ends); i++) {
    size_t m = strlen(ends[i]);
    if (n >= m && strcmp(path + n - m, ends[i]) == 0) return true;
  }
  return false;
}

static void differ(tally *t, const char *path, const char *id) {
  if (is_known(path))
    t->known++;
  else if (t->other++ < 20)
    printf("%s %s differs\n", id, path);
}

/* Every value of theirs must be in ours; what the XML has beyond theirs (documents, dispositions)
 * is not counted. */
static void compare(tally *t, const th_json *a, uint32_t i, const th_json *b, uint32_t k,
                    const char *path, const char *id) {
  char below[256];
  uint8_t type = b->nodes[k].type;
  if (!i && k) {
    differ(t, path, id);
  } else if (type == TH_JOBJECT && a->nodes[i].type == TH_JOBJECT) {
    for (th_json_members(b, k, key)) {
      th_span name = th_json_text(b, key);
      snprintf(below, sizeof below, "%s.%.*s", path, (int)name.n, name.n ? name.p : "");
      compare(t, a, th_json_get(a, i, name), b, key + 1, below, id);
    }
  } else if (type == TH_JARRAY && a->nodes[i].type == TH_JARRAY) {
    uint32_t at = i + 1;
    snprintf(below, sizeof below, "%s[]", path);
    if (a->nodes[i].n != b->nodes[k].n) differ(t, path, id);
    for (th_json_each(b, k, e)) {
      if (at >= a->nodes[i].next) break;
      compare(t, a, at, b, e, below, id);
      at = a->nodes[at].next;
    }
  } else if (type == a->nodes[i].type &&
             (type == TH_JSTRING ? th_span_eq(th_json_text(a, i), th_json_text(b, k))
                                 : th_span_eq(th_json_raw(a, i), th_json_raw(b, k)))) {
    t->same++;
  } else {
    differ(t, path, id);
  }
}

typedef void take_fn(tally *t, const th_raw_record *r);

static size_t read_source(const char *shared, const char *name, tally *t, take_fn *take) {
  char path[512];
  th_err err = {0};
  th_batch b;
  size_t rejects = 0;
  snprintf(path, sizeof path, "%s/data/%s", shared, name);
  th_source *s = th_source_open(path, NULL, &err);
  if (!s) fail_msg("%s", err.message);
  th_batch_init(&b);
  do {
    if (th_source_next(s, &b, &err)) fail_msg("%s", err.message);
    for (size_t i = 0; i < b.n; i++)
      take(t, &b.records[i]);
    rejects += b.n_rejects;
  } while (b.n);
  th_batch_dispose(&b);
  th_source_close(s);
  return rejects;
}

static void keep(tally *t, const th_raw_record *r) {
  ours *list = reallocarray(t->list, t->n + 1, sizeof *list);
  assert_non_null(list);
  t->list = list;
  ours *o = &list[t->n++];
  *o = (ours){0};
  th_record_guess_id(r->bytes, o->id);
  th_buf_span(&o->json, r->bytes);
}

static void match(tally *t, const th_raw_record *r) {
  char id[16];
  th_err err = {0};
  th_json a, b;
  th_record_guess_id(r->bytes, id);
  for (size_t i = 0; i < t->n; i++) {
    if (strcmp(t->list[i].id, id) != 0) continue;
    assert_int_equal(th_json_parse(t->left, th_buf_view(&t->list[i].json), &a, &err), 0);
    assert_int_equal(th_json_parse(t->right, r->bytes, &b, &err), 0);
    compare(t, &a, 0, &b, 0, "", id);
    t->records++;
    return;
  }
}

static void agrees_with_converted_records(void **state) {
  (void)state;
  const char *shared = getenv("TRIALHEAD_SHARED");
  char probe[512];
  if (!shared) shared = TH_SHARED;
  snprintf(probe, sizeof probe, "%s/data/legacy-xml-500.zip", shared);
  if (!th_file_exists(probe)) {
    printf("skipped: %s is not there\n", probe);
    skip();
  }
  tally t = {.left = th_json_parser_new(64 << 20, 256), .right = th_json_parser_new(64 << 20, 256)};
  assert_int_equal(read_source(shared, "legacy-xml-500.zip", &t, keep), 1);
  assert_int_equal(t.n, 499);
  assert_int_equal(read_source(shared, "studies.ndjson.zst", &t, match), 0);
  double agreement = (double)t.same / (double)(t.same + t.known + t.other);
  printf("%zu records, %zu values alike, %zu known differences, %zu others: %.2f %%\n", t.records,
         t.same, t.known, t.other, 100 * agreement);
  assert_int_equal(t.records, 499);
  assert_int_equal(t.other, 0);
  assert_true(t.known <= 1379 + 598 + 14);
  assert_true(agreement > 0.965);
  for (size_t i = 0; i < t.n; i++)
    th_buf_dispose(&t.list[i].json);
  free(t.list);
  th_json_parser_free(t.left);
  th_json_parser_free(t.right);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_blocks),
                                     cmocka_unit_test(parts_of_a_record),
                                     cmocka_unit_test(agrees_with_converted_records)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
