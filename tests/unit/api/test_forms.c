/* What the API makes of a record, and how it reads its parameters: no registry needed. */
#include "../test.h"

#include "api/agg.h"
#include "api/ask.h"
#include "api/cache.h"
#include "api/csv.h"
#include "api/params.h"
#include "api/project.h"
#include "api/token.h"
#include "query/tree.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

static th_arena arena;

/* A small record with what the forms have to cope with: lists of structs, markup, an unknown key,
 * order of its own, blanks and line breaks between tokens. */
static const char record[] =
    "{\n  \"protocolSection\": {\n"
    "    \"identificationModule\": {\"organization\":{\"fullName\":\"Org, "
    "Inc.\",\"class\":\"OTHER\"},"
    "\"nctId\":\"NCT00000102\",\"orgStudyIdInfo\":{\"id\":\"A-1\"},\"secondaryIdInfos\":[{\"id\":"
    "\"B\"},"
    "{\"type\":\"NIH\",\"id\":\"C\"}],\"briefTitle\":\"A \\\"quoted\\\" title\"},\n"
    "    "
    "\"statusModule\":{\"overallStatus\":\"COMPLETED\",\"startDateStruct\":{\"date\":\"2001-02\"}},"
    "\n"
    "    \"sponsorCollaboratorsModule\":{\"leadSponsor\":{\"name\":\"S\",\"class\":\"NIH\"},"
    "\"collaborators\":[{\"name\":\"X\"},{\"name\":\"Y\",\"class\":\"INDUSTRY\"}]},\n"
    "    \"descriptionModule\":{\"briefSummary\":\"one\\ntwo \\\\< three\"},\n"
    "    \"conditionsModule\":{\"conditions\":[\"Flu\",\"Cold\"]},\n"
    "    \"designModule\":{\"studyType\":\"INTERVENTIONAL\",\"phases\":[\"PHASE2\",\"PHASE3\"],"
    "\"designInfo\":{\"allocation\":\"RANDOMIZED\",\"interventionModel\":\"PARALLEL\","
    "\"primaryPurpose\":\"TREATMENT\",\"maskingInfo\":{\"masking\":\"DOUBLE\",\"whoMasked\":"
    "[\"PARTICIPANT\",\"INVESTIGATOR\"]}},\"enrollmentInfo\":{\"count\":30}},\n"
    "    \"armsInterventionsModule\":{\"interventions\":[{\"type\":\"DRUG\",\"name\":\"a\"},"
    "{\"type\":\"DEVICE\",\"name\":\"b\"}]},\n"
    "    \"outcomesModule\":{\"primaryOutcomes\":[{\"measure\":\"m\",\"description\":\"d\","
    "\"timeFrame\":\"t\"},{\"measure\":\"m2\",\"timeFrame\":\"t2\"}]},\n"
    "    \"eligibilityModule\":{\"sex\":\"ALL\",\"stdAges\":[\"ADULT\",\"OLDER_ADULT\"]},\n"
    "    "
    "\"contactsLocationsModule\":{\"locations\":[{\"facility\":\"F\",\"city\":\"Paris\","
    "\"country\":"
    "\"France\",\"geoPoint\":{\"lat\":48.85,\"lon\":2.35}},{\"city\":\"Oslo\",\"country\":"
    "\"Norway\"}]},\n"
    "    \"houseModule\": {\"unknown\": [1, 2]}\n  },\n"
    "  "
    "\"documentSection\":{\"largeDocumentModule\":{\"largeDocs\":[{\"label\":\"Plan\",\"filename\":"
    "\"P_000.pdf\"}]}},\n"
    "  \"hasResults\": false\n}\n";

static th_json_parser *parser;
static th_json json;
static th_buf source;

/* Appends NUL and gives the text. */
static const char *text_of(th_buf *b) {
  assert_int_equal(b->error, 0);
  th_buf_char(b, 0);
  return b->p;
}

#define P "{\"protocolSection\":{"
static const struct {
  const char *fields, *expected; /* NULL: refused with message */
  const char *message;
} projections[] = {
    {"NCTId", P "\"identificationModule\":{\"nctId\":\"NCT00000102\"}}}", NULL},
    {"HasResults", "{\"hasResults\":false}", NULL},
    {"hasResults", "{\"hasResults\":false}", NULL},
    {"BriefTitle|NCTId,HasResults",
     P "\"identificationModule\":{\"nctId\":\"NCT00000102\",\"briefTitle\":\"A \\\"quoted\\\" "
       "title\"}},"
       "\"hasResults\":false}",
     NULL},
    {"OrgFullName", P "\"identificationModule\":{\"organization\":{\"fullName\":\"Org, Inc.\"}}}}",
     NULL},
    {"protocolSection.statusModule",
     P "\"statusModule\":{\"overallStatus\":\"COMPLETED\",\"startDateStruct\":{\"date\":\"2001-"
       "02\"}}}}",
     NULL},
    {"ConditionsModule", P "\"conditionsModule\":{\"conditions\":[\"Flu\",\"Cold\"]}}}", NULL},
    {"Gender", P "\"eligibilityModule\":{\"sex\":\"ALL\"}}}", NULL},
    {"LocationCity",
     P "\"contactsLocationsModule\":{\"locations\":[{\"city\":\"Paris\"},{\"city\":\"Oslo\"}]}}}",
     NULL},
    {"LocationGeoPoint",
     P "\"contactsLocationsModule\":{\"locations\":[{\"geoPoint\":{\"lat\":48.85,\"lon\":2.35}},{}]"
       "}}}",
     NULL},
    {"SecondaryIdType",
     P "\"identificationModule\":{\"secondaryIdInfos\":[{},{\"type\":\"NIH\"}]}}}", NULL},
    {"WhyStopped", P "\"statusModule\":{}}}", NULL},
    {"Location|LocationCity",
     P "\"contactsLocationsModule\":{\"locations\":[{\"facility\":\"F\",\"city\":"
       "\"Paris\",\"country\":\"France\",\"geoPoint\":{\"lat\":48.85,\"lon\":2.35}},{\"city\":"
       "\"Oslo\","
       "\"country\":\"Norway\"}]}}}",
     NULL},
    {"NCTIdSearch", P "\"identificationModule\":{\"nctId\":\"NCT00000102\"}}}", NULL},
    {"ResultsSection", "{}", NULL},
    {"@query", P "\"conditionsModule\":{\"conditions\":[\"Flu\",\"Cold\"]}}}", NULL},
    {"nctid", NULL, "Parameter 'fields' contains invalid field name: 'nctid'"},
    {"StudyDesign", NULL, "Parameter 'fields' contains invalid field name: 'StudyDesign'"},
    {"NumArmGroups", NULL, "Parameter 'fields' contains invalid field name: 'NumArmGroups'"},
    {"NCTId,", NULL, "Item 2 in parameter `fields` has incorrect format"},
    {"NCTId, BriefTitle", NULL, "Item 2 in parameter `fields` has incorrect format"},
    {"1a", NULL, "Item 1 in parameter `fields` has incorrect format"},
    {"@rank", NULL, "Item 1 in parameter `fields` has incorrect format"},
};

static void fields_are_cut_out(void **state) {
  (void)state;
  th_selection asked = {0};
  th_selection_add(&asked, TH_F_Condition);
  for (size_t i = 0; i < TH_COUNT(projections); i++) {
    th_selection s = {0};
    th_err err = {0};
    int rc = th_selection_parse(&s, th_span_of(projections[i].fields), &asked, &err);
    if (!projections[i].expected) {
      assert_int_equal(rc, TH_EUSAGE);
      assert_string_equal(err.message, projections[i].message);
      continue;
    }
    if (rc) fail_msg("%s: %s", projections[i].fields, err.message);
    th_buf out;
    th_buf_init(&out, 0);
    th_project(&out, &json, &s, false);
    assert_string_equal(text_of(&out), projections[i].expected);
    th_buf_dispose(&out);
  }
  th_selection s = {0};
  assert_int_equal(th_selection_parse(&s, TH_SPAN("@query"), NULL, &(th_err){0}), TH_EUSAGE);
}

/* Without blanks between tokens, character by character. */
static void strip(const char *from, th_buf *to) {
  bool quoted = false;
  for (const char *p = from; *p; p++) {
    if (*p == '"' && (p == from || p[-1] != '\\')) quoted = !quoted;
    if (quoted || !strchr(" \n\r\t", *p)) th_buf_char(to, *p);
  }
}

static void all_fields_are_the_record(void **state) {
  (void)state;
  th_buf expected, out, whole;
  th_buf_init(&expected, 0), th_buf_init(&out, 0), th_buf_init(&whole, 0);
  strip(record, &expected);
  th_json_compact(&out, th_span_of(record));
  th_project(&whole, &json, NULL, false);
  const char *text = text_of(&expected);
  assert_string_equal(text_of(&out), text);
  assert_string_equal(text_of(&whole), text);
  th_buf_dispose(&expected), th_buf_dispose(&out), th_buf_dispose(&whole);
}

static void compact_text_stays_byte_by_byte(void **state) {
  (void)state;
  static const char *const texts[] = {"", "{}", "{\"a\": 1}", "[\"\\n \\\" x\"]"};
  for (size_t i = 0; i < TH_COUNT(texts); i++) {
    th_buf out;
    th_buf_init(&out, 0);
    th_json_compact(&out, th_span_of(texts[i]));
    assert_string_equal(text_of(&out), texts[i]);
    th_buf_dispose(&out);
  }
}

static void legacy_markup_has_no_escapes(void **state) {
  (void)state;
  th_selection s = {0};
  th_selection_add(&s, TH_F_BriefSummary);
  for (int all = 0; all < 2; all++) {
    th_buf out;
    th_buf_init(&out, 0);
    th_project(&out, &json, all ? NULL : &s, true);
    assert_non_null(strstr(text_of(&out), "\"briefSummary\":\"one\\r\\ntwo < three\""));
    if (all) assert_non_null(strstr(out.p, "\"unknown\": [1, 2]"));
    th_buf_dispose(&out);
  }
}

/* ---- CSV ---- */

static const char *const csv_cells[][2] = {
    {"NCT Number", "NCT00000102"},
    {"Study Title", "\"A \"\"quoted\"\" title\""},
    {"Study URL", "https://clinicaltrials.gov/study/NCT00000102"},
    {"Acronym", ""},
    {"Study Status", "COMPLETED"},
    {"Brief Summary", "\"one\ntwo \\< three\""},
    {"Study Results", "NO"},
    {"Conditions", "Flu|Cold"},
    {"Interventions", "DRUG: a|DEVICE: b"},
    {"Primary Outcome Measures", "\"m, d, t|m2, t2\""},
    {"Secondary Outcome Measures", ""},
    {"Sponsor", "S"},
    {"Collaborators", "X|Y"},
    {"Age", "\"ADULT, OLDER_ADULT\""},
    {"Phases", "PHASE2|PHASE3"},
    {"Enrollment", "30"},
    {"Funder Type", "NIH"},
    {"Study Design",
     "\"Allocation: RANDOMIZED|Intervention Model: PARALLEL|Masking: DOUBLE (PARTICIPANT, "
     "INVESTIGATOR)|Primary Purpose: TREATMENT\""},
    {"Other IDs", "A-1|B|C"},
    {"Start Date", "2001-02"},
    {"Completion Date", ""},
    {"Locations", "\"F, Paris, France|Oslo, Norway\""},
    {"Study Documents",
     "\"Plan, https://cdn.clinicaltrials.gov/large-docs/02/NCT00000102/P_000.pdf\""},
};

static void csv_cells_are_formed(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(csv_cells); i++) {
    uint32_t columns;
    th_buf out;
    char expected[400];
    th_buf_init(&out, 0);
    assert_int_equal(th_csv_columns_parse(&columns, th_span_of(csv_cells[i][0]), &(th_err){0}),
                     TH_OK);
    th_csv_header(&out, columns);
    th_csv_row(&out, &json, columns);
    snprintf(expected, sizeof expected, "%s\n%s\n", csv_cells[i][0], csv_cells[i][1]);
    assert_string_equal(text_of(&out), expected);
    th_buf_dispose(&out);
  }
}

static void csv_columns_keep_their_order(void **state) {
  (void)state;
  uint32_t columns;
  th_err err = {0};
  th_buf out;
  th_buf_init(&out, 0);
  assert_int_equal(th_csv_columns_parse(&columns, TH_SPAN("Conditions|NCT Number,Study URL"), &err),
                   TH_OK);
  th_csv_header(&out, columns);
  assert_string_equal(text_of(&out), "NCT Number,Study URL,Conditions\n");
  th_buf_clear(&out);
  assert_int_equal(th_csv_columns_parse(&columns, TH_SPAN(""), &err), TH_OK);
  th_csv_row(&out, &json, columns);
  unsigned commas = 0;
  bool quoted = false;
  for (size_t i = 0; i < out.n; i++) {
    if (out.p[i] == '"') quoted = !quoted;
    commas += !quoted && out.p[i] == ',';
  }
  assert_int_equal(commas, 29);
  assert_int_equal(th_csv_columns_parse(&columns, TH_SPAN("NCTId"), &err), TH_EUSAGE);
  assert_string_equal(err.message, "Parameter 'fields' contains invalid CSV column name: 'NCTId'");
  th_buf_dispose(&out);
}

/* ---- tokens ---- */

static uint64_t random_state;
static uint64_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 7,
      random_state ^= random_state << 17;
  return random_state;
}

static void tokens_come_back(void **state) {
  (void)state;
  uint64_t seed = random_state = (uint64_t)time(NULL) | 1;
  for (int i = 0; i < 2000; i++) {
    th_token t = {(uint32_t)next_random(), next_random(), next_random()}, back;
    char text[TH_TOKEN_LEN + 1];
    th_token_write(&t, text);
    assert_int_equal(
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        TH_TOKEN_LEN);
    if (!th_token_read(th_span_of(text), &back) || back.from != t.from || back.state != t.state ||
        back.ask != t.ask)
      fail_msg("seed %llu: %s", (unsigned long long)seed, text);
    size_t at = next_random() % TH_TOKEN_LEN;
    char other = "AQgw9_-z"[next_random() % 8];
    if (text[at] == other) continue;
    text[at] = other;
    if (th_token_read(th_span_of(text), &back))
      fail_msg("seed %llu: damaged %s", (unsigned long long)seed, text);
  }
  th_token none;
  assert_false(th_token_read(TH_SPAN(""), &none));
  assert_false(th_token_read(TH_SPAN("ZVt07c"), &none));
  assert_false(th_token_read(TH_SPAN("++++++++++++++++++++++++++++++++++"), &none));
}

/* ---- parameters ---- */

static const struct {
  const char *query, *message; /* NULL: accepted */
} checks[] = {
    {"filter.phase=PHASE3", "`filter.phase` is unknown parameter"},
    {"query.recrs=COMPLETED", "`query.recrs` is unknown parameter"},
    {"bogusParam=1", "`bogusParam` is unknown parameter"},
    {"foo.cond=x", "Invalid prefix in parameter name: foo.cond"},
    {"query.cond=x&filter.ids=NCT1&filter.ids=NCT2", NULL},
    {"query.cond=x&query.cond=y", "Parameter `query.cond` is given more than once"},
    {"Query.cond=x", "Invalid prefix in parameter name: Query.cond"},
    {"query.=x", "`query.` is unknown parameter"},
    {".=x", "Invalid prefix in parameter name: ."},
    {"=x", "`` is unknown parameter"},
    {"&&query.cond=x", NULL},
};

static th_request request_of(const char *query) {
  th_request rq = {0};
  th_err err = {0};
  char target[400];
  snprintf(target, sizeof target, "/?%s", query);
  assert_int_equal(th_request_parse(&rq, TH_SPAN("GET"), th_span_of(target), &arena, &err), TH_OK);
  return rq;
}

static void unknown_parameters_are_refused(void **state) {
  (void)state;
  static const char *const names[] = {"query.cond", "filter.ids", "pageSize"};
  for (size_t i = 0; i < TH_COUNT(checks); i++) {
    th_request rq = request_of(checks[i].query);
    th_err err = {0};
    int rc = th_params_check(&rq, names, TH_COUNT(names), "filter.ids", &err);
    assert_int_equal(rc, checks[i].message ? TH_EUSAGE : TH_OK);
    assert_string_equal(err.message, checks[i].message ? checks[i].message : "");
  }
  th_request rq = request_of("filter.ids=NCT1&x=&filter.ids=NCT2,NCT3");
  assert_string_equal(th_params_list(&rq, "filter.ids").p, "NCT1|NCT2,NCT3");
}

static void numbers_and_booleans(void **state) {
  (void)state;
  static const struct {
    const char *query;
    int rc;
    uint32_t value;
  } cases[] = {
      {"n=0", TH_OK, 0},
      {"n=1000", TH_OK, 1000},
      {"n=2147483647", TH_OK, 2147483647},
      {"n=2147483648", TH_EUSAGE, 0},
      {"n=-1", TH_EUSAGE, 0},
      {"n=1.5", TH_EUSAGE, 0},
      {"n=x", TH_EUSAGE, 0},
      {"n=", TH_OK, 7},
      {"", TH_OK, 7},
      {"n=99999999999999999999999999", TH_EUSAGE, 0},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_request rq = request_of(cases[i].query);
    uint32_t value = 7;
    th_err err = {0};
    assert_int_equal(th_param_int(&rq, "n", &value, &err), cases[i].rc);
    if (cases[i].rc)
      assert_string_equal(err.message, "Parameter `n` has incorrect format");
    else
      assert_int_equal(value, cases[i].value);
  }
  bool b = false;
  th_request rq = request_of("b=true&c=TRUE");
  assert_int_equal(th_param_bool(&rq, "b", &b, &(th_err){0}), TH_OK);
  assert_true(b);
  assert_int_equal(th_param_bool(&rq, "c", &b, &(th_err){0}), TH_EUSAGE);
}

static const struct {
  const char *text;
  bool ok;
  double km;
} geos[] = {
    {"distance(39.0035707,-77.1013313,50mi)", true, 80.4672},
    {"distance(1,2,50km)", true, 50},
    {"distance(-1,-2,500)", true, 0.5},
    {"distance(1,2,0.5km)", true, 0.5},
    {"near Seattle", false, 0},
    {"distance(1, 2,50km)", false, 0},
    {"distance(1,2,50m)", false, 0},
    {"distance(1,2,50kmmi)", false, 0},
    {"distance(1,2,-5km)", false, 0},
    {"distance(1,2)", false, 0},
    {"distance(1.,2,5km)", false, 0},
    {"distance(.5,2,5km)", false, 0},
    {"distance(91,2,5km)", false, 0},
    {"distance(1,181,5km)", false, 0},
    {"distance(1,2,5km) ", false, 0},
    {"distance[1,2,5km]", false, 0},
};

static void places_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(geos); i++) {
    double lat, lon, km = 0;
    bool ok = th_ask_geo(th_span_of(geos[i].text), &lat, &lon, &km);
    if (ok != geos[i].ok || (ok && (km - geos[i].km > 1e-9 || geos[i].km - km > 1e-9)))
      fail_msg("%s", geos[i].text);
  }
}

static const struct {
  const char *text, *message;
  unsigned n;
  uint16_t field;
  bool descending;
} sorts[] = {
    {"", NULL, 0, 0, false},
    {"LastUpdatePostDate", NULL, 1, TH_F_LastUpdatePostDate, true},
    {"EnrollmentCount", NULL, 1, TH_F_EnrollmentCount, false},
    {"EnrollmentCount:desc,NumArmGroups", NULL, 2, TH_F_EnrollmentCount, true},
    {"protocolSection.statusModule.lastUpdateSubmitDate:asc", NULL, 1, TH_F_LastUpdateSubmitDate,
     false},
    {"@relevance", NULL, 1, TH_SORT_RELEVANCE, true},
    {"@relevance|StartDate", NULL, 2, TH_SORT_RELEVANCE, true},
    {"EnrollmentCount:descending", "Item 1 in parameter `sort` has incorrect format", 0, 0, false},
    {"A:desc, B:asc", "Item 2 in parameter `sort` has incorrect format", 0, 0, false},
    {"A:DESC", "Item 1 in parameter `sort` has incorrect format", 0, 0, false},
    {"@rank", "Item 1 in parameter `sort` has incorrect format", 0, 0, false},
    {"Bogus:desc", "Unknown sort field", 0, 0, false},
    {"BriefTitle:desc", "Unsupported sort field type: text", 0, 0, false},
    {"A:desc,B:desc,C:desc", "Parameter `sort` must contain no more than 2 items", 0, 0, false},
};

static void sort_orders_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(sorts); i++) {
    th_sort sort[2];
    unsigned n;
    th_err err = {0};
    int rc = th_ask_sort(th_span_of(sorts[i].text), sort, &n, &err);
    assert_int_equal(rc, sorts[i].message ? TH_EUSAGE : TH_OK);
    assert_string_equal(err.message, sorts[i].message ? sorts[i].message : "");
    if (rc) continue;
    assert_int_equal(n, sorts[i].n);
    if (n == 0) continue;
    assert_int_equal(sort[0].field, sorts[i].field);
    assert_int_equal(sort[0].descending, sorts[i].descending);
  }
}

static const struct {
  const char *text, *message; /* message NULL: accepted */
} aggs[] = {
    {"", NULL},
    {"results:with,status:com", NULL},
    {"status:not rec,sex:f,healthy:y", NULL},
    {"phase:na", NULL},
    {"studyType:obs_patreg exp_indiv|docs:prot", NULL},
    {"bogus:x", "Unknown facet in parameter `aggFilters`: `bogus`"},
    {"phase:2,3", "Item 2 in parameter `aggFilters` has incorrect format"},
    {"phase", "Item 1 in parameter `aggFilters` has incorrect format"},
};

static void check_boxes_become_filters(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(aggs); i++) {
    th_query *q;
    th_err err = {0};
    int rc = th_agg_parse(&q, &arena, th_span_of(aggs[i].text), &err);
    assert_int_equal(rc, aggs[i].message ? TH_EUSAGE : TH_OK);
    assert_string_equal(err.message, aggs[i].message ? aggs[i].message : "");
  }
}

static const th_query *agg_of(const char *text) {
  th_query *q;
  assert_int_equal(th_agg_parse(&q, &arena, th_span_of(text), &(th_err){0}), TH_OK);
  assert_non_null(q);
  return q;
}

static void check_boxes_mean_what_they_say(void **state) {
  (void)state;
  const th_query *q = agg_of("status:not rec");
  assert_int_equal(q->kind, TH_N_MASK);
  assert_int_equal(q->field, TH_F_OverallStatus);
  assert_int_equal(q->mask, 1 << TH_Status_NOT_YET_RECRUITING | 1 << TH_Status_RECRUITING);
  q = agg_of("phase:1,phase:4"); /* the last of a facet counts */
  assert_int_equal(q->mask, 1 << TH_Phase_PHASE4);
  q = agg_of("phase:na");
  assert_int_equal(q->kind, TH_N_OR);
  assert_int_equal(q->n, 0); /* nothing */
  q = agg_of("studyType:obs_patreg");
  assert_int_equal(q->kind, TH_N_AND);
  q = agg_of("funderType:nih");
  assert_int_equal(q->kind, TH_N_OR);
  assert_int_equal(q->n, 2);
}

/* ---- cache ---- */

static bool is_record(const th_cached *c, uint32_t nct) {
  for (size_t i = 0; i < c->json.n; i++)
    if ((unsigned char)c->json.p[i] != nct % 251) return false;
  return c->json.n == 100 + nct;
}

static void cache_keeps_within_its_bytes(void **state) {
  (void)state;
  enum { BYTES = 1 << 20, RECORDS = 1500 };
  uint64_t seed = random_state = (uint64_t)time(NULL) | 1;
  th_cache *cache = th_cache_new(BYTES);
  char bytes[3000];
  th_cached held = {0};
  unsigned found_again = 0;
  for (uint32_t i = 0; i < 20000; i++) {
    uint32_t nct = (uint32_t)(next_random() % RECORDS);
    th_cached c;
    memset(bytes, (int)(nct % 251), sizeof bytes);
    if (th_cache_find(cache, nct, 1, &c))
      found_again++;
    else if (!th_cache_put(cache, nct, 1, (th_span){bytes, 100 + nct}, &c))
      fail_msg("seed %llu: not put", (unsigned long long)seed);
    if (!is_record(&c, nct) || th_cache_bytes(cache) > BYTES)
      fail_msg("seed %llu, step %u", (unsigned long long)seed, i);
    if (i == 50)
      held = c;
    else
      th_cache_drop(c.entry);
  }
  assert_true(found_again > 4000); /* more than half of the records have room */
  uint32_t nct = (uint32_t)held.json.n - 100;
  th_cached c;
  assert_false(th_cache_find(cache, nct, 2, &c)); /* other data: the shard is emptied */
  assert_false(th_cache_find(cache, nct, 1, &c)); /* and does not go back */
  assert_false(th_cache_put(cache, 1, 2, (th_span){bytes, BYTES}, &c));
  th_cache_free(cache);
  assert_true(is_record(&held, nct)); /* readable while held */
  th_cache_drop(held.entry);
}

static void cache_keeps_the_packed_form(void **state) {
  (void)state;
  th_cache *cache = th_cache_new(1 << 20);
  th_cached first, second;
  assert_true(th_cache_put(cache, 7, 1, TH_SPAN("a\nb"), &first));
  assert_false(first.one_line);
  assert_null(first.packed.p);
  th_cache_set_packed(cache, 7, &first, TH_SPAN("packed"));
  th_cache_set_packed(cache, 7, &first, TH_SPAN("another")); /* the first stays */
  assert_true(th_cache_find(cache, 7, 1, &second));
  assert_true(th_span_eq(second.packed, TH_SPAN("packed")));
  th_cache_drop(first.entry);
  th_cache_drop(second.entry);
  th_cache_free(cache);
}

typedef struct sharer {
  th_cache *cache;
  uint64_t seed;
  unsigned wrong, found;
} sharer;

static void *share(void *arg) {
  sharer *s = arg;
  char bytes[400];
  for (uint32_t i = 0; i < 20000; i++) {
    s->seed = s->seed * 6364136223846793005u + 1442695040888963407u;
    uint32_t nct = (uint32_t)(s->seed >> 33) % 300;
    th_cached c;
    memset(bytes, (int)(nct % 251), sizeof bytes);
    if (th_cache_find(s->cache, nct, i / 5000, &c))
      s->found++;
    else if (!th_cache_put(s->cache, nct, i / 5000, (th_span){bytes, 100 + nct}, &c))
      continue;
    if (!is_record(&c, nct)) s->wrong++;
    if (i % 7 == 0) th_cache_set_packed(s->cache, nct, &c, (th_span){bytes, nct});
    if (c.packed.p && c.packed.n != nct) s->wrong++;
    th_cache_drop(c.entry);
  }
  return NULL;
}

static void cache_is_shared_by_threads(void **state) {
  (void)state;
  th_cache *cache = th_cache_new(100000); /* small: things give way all the time */
  pthread_t threads[4];
  sharer sharers[4];
  unsigned found = 0;
  for (unsigned i = 0; i < 4; i++) {
    sharers[i] = (sharer){.cache = cache, .seed = i};
    assert_int_equal(pthread_create(&threads[i], NULL, share, &sharers[i]), 0);
  }
  for (unsigned i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(sharers[i].wrong, 0);
    found += sharers[i].found;
  }
  assert_true(found > 1000);
  th_cache_free(cache);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_cut_out),
      cmocka_unit_test(all_fields_are_the_record),
      cmocka_unit_test(compact_text_stays_byte_by_byte),
      cmocka_unit_test(legacy_markup_has_no_escapes),
      cmocka_unit_test(csv_cells_are_formed),
      cmocka_unit_test(csv_columns_keep_their_order),
      cmocka_unit_test(tokens_come_back),
      cmocka_unit_test(unknown_parameters_are_refused),
      cmocka_unit_test(numbers_and_booleans),
      cmocka_unit_test(places_are_read),
      cmocka_unit_test(sort_orders_are_read),
      cmocka_unit_test(check_boxes_become_filters),
      cmocka_unit_test(check_boxes_mean_what_they_say),
      cmocka_unit_test(cache_keeps_within_its_bytes),
      cmocka_unit_test(cache_keeps_the_packed_form),
      cmocka_unit_test(cache_is_shared_by_threads),
  };
  th_arena_init(&arena, 0);
  th_buf_init(&source, 0);
  th_buf_str(&source, record);
  parser = th_json_parser_new(1 << 20, 64);
  if (!parser || th_json_parse(parser, th_buf_view(&source), &json, &(th_err){0})) return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  th_json_parser_free(parser);
  th_buf_dispose(&source);
  th_arena_dispose(&arena);
  return failed;
}
