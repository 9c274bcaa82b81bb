#include "../test.h"

#include "../shared.h"
#include "base/arena.h"
#include "extract.h"
#include "geo/geo.h"
#include "portal/study_page.h"

static th_json_parser *parser;
static th_arena arena;
static th_buf padded, page, scratch, text;
static int32_t today;
static const th_geo_place *near;
static th_lang lang;
static const th_elig_tree *criteria;

/* The page of a record, in `page`. */
static void render(th_span record) {
  th_err err = {0};
  th_html h;
  th_json j;
  th_study_context context = {.arena = &arena, .versions = 3, .stored_utc = 1780000000};
  context.today = today;
  context.near = near;
  context.criteria = criteria;
  context.json = "/api/v2/studies/NCT00000102";
  th_buf_clear(&padded);
  th_buf_span(&padded, record);
  if (th_json_parse(parser, th_buf_view(&padded), &j, &err)) fail_msg("%s", err.message);
  th_arena_reset(&arena, false);
  th_buf_clear(&page);
  th_html_init(&h, lang, &page, &scratch);
  if (th_study_page(&h, &j, &context, &err)) fail_msg("%s", err.message);
  th_buf_clear(&text);
  extract_text(th_buf_view(&page), &text);
}

static bool shows(const char *words) {
  return th_span_find(th_buf_view(&text), th_span_of(words)) >= 0;
}

/* ---- the two seed pages ---- */

/* Lines of a seed page that are its publisher's own, no facts of the study. */
static bool is_brand(th_span line) {
  static const char *const lines[] = {"ClinicalTrials.Veeva", "Menu", "Sun Yat-sen University logo",
                                      "G", "Loading..."};
  for (size_t i = 0; i < TH_COUNT(lines); i++)
    if (th_span_eq(line, th_span_of(lines[i]))) return true;
  return th_span_starts(line, TH_SPAN("\xC2\xA9 Copyright"));
}

static bool next_line(th_span *rest, th_span *line) {
  if (rest->n == 0) return false;
  const char *end = memchr(rest->p, '\n', rest->n);
  size_t n = end ? (size_t)(end - rest->p) : rest->n;
  *line = (th_span){rest->p, n};
  n += end != NULL;
  *rest = (th_span){rest->p + n, rest->n - n};
  return true;
}

static bool is_item(th_span trimmed) {
  if (th_span_starts(trimmed, TH_SPAN("\xE2\x80\xA2 "))) return true;
  size_t digits = 0;
  while (digits < trimmed.n && trimmed.p[digits] >= '0' && trimmed.p[digits] <= '9')
    digits++;
  return digits && digits < trimmed.n && trimmed.p[digits] == '.';
}

/* Indentation counts for items of lists, as it shows their nesting, and nowhere else. */
static th_span fact_of(th_span line) {
  th_span trimmed = th_span_trim(line);
  if (!is_item(trimmed)) return trimmed;
  return (th_span){line.p, (size_t)(trimmed.p + trimmed.n - line.p)};
}

/* Facts of the seed page stand in ours as whole lines, in their order. */
static unsigned expect_facts(th_span seed, th_span ours) {
  th_span line, found;
  unsigned facts = 0;
  while (next_line(&seed, &line)) {
    th_span fact = fact_of(line), also = {0};
    if (fact.n == 0 || is_brand(fact)) continue;
    if (th_span_eq(fact, TH_SPAN("Find clinical trialsTrials by location"))) {
      fact = TH_SPAN("Find clinical trials");
      also = TH_SPAN("Trials by location");
    }
    while (fact.n) {
      bool here = false;
      while (!here && next_line(&ours, &found))
        here = th_span_eq(fact_of(found), fact);
      if (!here) fail_msg("missing or out of order: %.*s", (int)fact.n, fact.p);
      facts++;
      fact = also;
      also = (th_span){0};
    }
  }
  return facts;
}

static void seed_pages(void **state) {
  (void)state;
  static const struct {
    const char *page;
    unsigned facts;
  } seeds[] = {{"data/seeds/000_16efcc62b725fa19.txt", 55},
               {"data/seeds/003_b78b3fbf242ec2c2.txt", 50}};
  const char *path = shared_path("data/seeds/seeds.ndjson");
  th_buf records = {0}, seed = {0};
  if (!path) skip();
  assert_int_equal(th_file_read(&records, path, NULL), 0);
  th_span rest = th_buf_view(&records), record;
  for (size_t i = 0; i < TH_COUNT(seeds); i++) {
    assert_true(next_line(&rest, &record));
    th_buf_clear(&seed);
    assert_int_equal(th_file_read(&seed, shared_path(seeds[i].page), NULL), 0);
    render(record);
    unsigned facts = expect_facts(th_buf_view(&seed), th_buf_view(&text));
    assert_true(facts >= seeds[i].facts);
    assert_null(extract_fault(th_buf_view(&page)));
  }
  th_buf_dispose(&records);
  th_buf_dispose(&seed);
}

/* ---- other records ---- */

#define RECORD(id, rest)                                                                           \
  "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000102\"," id "}," rest "}}"

static void hostile_records(void **state) {
  (void)state;
  static const char evil[] = RECORD(
      "\"briefTitle\":\"</title><script>alert(1)</script>\",\"acronym\":\"<b>\\\"'\","
      "\"secondaryIdInfos\":[{\"id\":\"x\",\"link\":\"javascript:alert(2)\"}]",
      "\"conditionsModule\":{\"conditions\":[\"\\\" onmouseover=\\\"alert(3)\"]},"
      "\"eligibilityModule\":{\"eligibilityCriteria\":\"Inclusion Criteria:\\n\\n* <img src=x "
      "onerror=alert(4)>\\n* [a](javascript:alert(5))\\n* PaO2 \\\\<65\"},"
      "\"referencesModule\":{\"seeAlsoLinks\":[{\"label\":\"l\",\"url\":"
      "\"JAVASCRIPT:alert(6)\"},{\"label\":\"ok\",\"url\":\"https://example.org/\\\"><i>\"}],"
      "\"references\":[{\"pmid\":\"1/../../x?<\",\"citation\":\"<i>c</i>\"}]},"
      "\"contactsLocationsModule\":{\"centralContacts\":[{\"name\":\"<i>\",\"email\":"
      "\"a@b.c\\\" x=\\\"\",\"phone\":\"javascript:1\"}]}");
  render(th_span_of(evil));
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  th_span html = th_buf_view(&page);
  static const char *const never[] = {"<script>", "<img",  "href=\"javascript", "href=\"JAVASCRIPT",
                                      "<i>",      "\" x=", "\" onmouseover=\""};
  for (size_t i = 0; i < TH_COUNT(never); i++)
    if (th_span_find(html, th_span_of(never[i])) >= 0) fail_msg("unescaped: %s", never[i]);
  assert_true(shows("</title><script>alert(1)</script>"));
  assert_true(shows("\xE2\x80\xA2 PaO2 <65"));
}

/* What is of the wrong type counts as absent; nothing breaks. */
static void odd_records(void **state) {
  (void)state;
  static const char *const records[] = {
      "{}",
      "[]",
      "null",
      "{\"protocolSection\":[]}",
      "{\"protocolSection\":{\"identificationModule\":7,\"designModule\":\"x\"}}",
      RECORD("\"briefTitle\":7", "\"designModule\":{\"phases\":\"PHASE1\",\"enrollmentInfo\":{"
                                 "\"count\":\"x\"}},\"conditionsModule\":{\"conditions\":{}}"),
      RECORD("\"briefTitle\":\"t\"",
             "\"armsInterventionsModule\":{\"armGroups\":[1,null,[],{}],\"interventions\":[{}]}"),
      RECORD(
          "\"briefTitle\":\"t\"",
          "\"contactsLocationsModule\":{\"locations\":[null,{\"country\":1},{\"contacts\":[3]}]}"),
      "{\"resultsSection\":{\"participantFlowModule\":{\"groups\":[{}],\"periods\":[{},4]},"
      "\"adverseEventsModule\":{\"eventGroups\":[1],\"seriousEvents\":[{\"stats\":[2]}]},"
      "\"baselineCharacteristicsModule\":{\"groups\":[{}],\"measures\":[{\"classes\":[{"
      "\"categories\":"
      "[{\"measurements\":[9]}]}]}]},\"outcomeMeasuresModule\":{\"outcomeMeasures\":[0]}}}",
  };
  for (size_t i = 0; i < TH_COUNT(records); i++) {
    render(th_span_of(records[i]));
    const char *fault = extract_fault(th_buf_view(&page));
    if (fault) fail_msg("%s: %s", records[i], fault);
  }
}

static bool has(const char *html) {
  return th_span_find(th_buf_view(&page), th_span_of(html)) >= 0;
}

/* What was read of the criteria is marked and said; what was not is said too. */
static void criteria_say_what_was_read(void **state) {
  (void)state;
  static const char record[] = RECORD(
      "\"briefTitle\":\"t\"",
      "\"eligibilityModule\":{\"eligibilityCriteria\":\"Key Inclusion Criteria for part 2:\\n\\n1. "
      "Creatinine \\\\<1.5 mg/dL\\n2. Any of:\\n   * Age 18 to 75 years, unless a brother\\n   * "
      "Likes *music*\\n\\nExclusion Criteria:\\n\\n* ALT \\u003e 3 x ULN within 6 weeks\\n* "
      "Pregnant women\"}");
  render(th_span_of(record));
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  assert_true(has("<h3>Key Inclusion Criteria for part 2</h3>"));
  assert_true(has("<h3>Exclusion criteria</h3>"));
  assert_true(has("<ol class=\"items\">\n<li value=\"1\">"));
  assert_true(has("<a class=\"read\" href=\"#read-1\">Creatinine &lt;1.5 mg/dL</a>"));
  assert_true(shows("serum creatinine below 1.5 mg/dL"));
  assert_true(shows("age from 18 to 75 years, unless: \xE2\x80\x9C"));
  assert_true(shows("times the upper limit of normal, when: \xE2\x80\x9C"));
  assert_true(has("<em>music</em>"));
  assert_true(shows("Nothing was read here."));
  assert_true(shows("This program read something in 4 of 5 criteria."));
  assert_false(shows("\\"));
}

/* A name that an item does not ask for stands with why, in the language of the page. */
static void criteria_say_what_they_name(void **state) {
  (void)state;
  static const char record[] =
      RECORD("\"briefTitle\":\"t\"",
             "\"eligibilityModule\":{\"eligibilityCriteria\":\"* Cancer, except of the skin\"}");
  const th_span words = TH_SPAN("* Cancer, except of the skin");
  static const struct {
    th_lang lang;
    const char *wanted;
  } cases[] = {{TH_LANG_EN, "except for: condition: Skin Neoplasms"},
               {TH_LANG_ES, "salvo: afecci\xC3\xB3n: Skin Neoplasms"}};
  th_elig_tree tree;
  th_err err = {0};
  th_arena own;
  th_arena_init(&own, 0);
  assert_int_equal(th_elig_read(words, &own, &tree, &err), 0);
  uint32_t leaf = 0;
  while (leaf < tree.n_nodes && tree.nodes[leaf].flags & TH_ELIG_GROUP)
    leaf++;
  const th_elig_name name = {.node = leaf,
                             .from = 10,
                             .to = 28,
                             .category = TH_ELIG_CONDITION,
                             .why = TH_ELIG_NAMED_EXCEPTION,
                             .label = TH_SPAN("Skin Neoplasms")};
  tree.names = &name;
  tree.n_names = 1;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    criteria = &tree;
    lang = cases[i].lang;
    render(th_span_of(record));
    criteria = NULL;
    lang = TH_LANG_EN;
    if (!shows(cases[i].wanted)) fail_msg("lacks %s", cases[i].wanted);
    assert_true(has("<li class=\"named\">"));
  }
  th_arena_dispose(&own);
}

/* A few records have HTML for criteria, and texts that were escaped once too often. */
static void slips_of_records(void **state) {
  (void)state;
  static const char record[] = RECORD(
      "\"briefTitle\":\"Dose &#x2F; response &amp; &#8805; 2 &#xZZ; &lt;script&gt;\"",
      "\"eligibilityModule\":{\"eligibilityCriteria\":\"<p>Inclusion Criteria:</p><ul><li>Men or "
      "women &gt;18 years of age</li><li><p>Diagnosis of one "
      "of:</p><ul><li>asthma</li><li>gout</li>"
      "</ul></li></ul><p>Exclusion Criteria:</p><ul><li>Pregnant women</li></ul>\"}");
  render(th_span_of(record));
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  assert_true(shows("Dose / response & \xE2\x89\xA5 2 &#xZZ; <script>"));
  assert_false(has("<script>\xE2"));
  assert_true(has("<h3>Inclusion criteria</h3>"));
  assert_true(has("<h3>Exclusion criteria</h3>"));
  assert_true(shows("Men or women >18 years of age"));
  assert_true(shows("Diagnosis of one of:"));
  assert_false(shows("<li>"));
  assert_false(shows("</p>"));
  th_span rest = th_buf_view(&page);
  ptrdiff_t out = th_span_find(rest, TH_SPAN("criteria out"));
  ptrdiff_t pregnant = th_span_find(rest, TH_SPAN("Pregnant"));
  assert_true(out >= 0 && pregnant > out);
}

static void what_is_absent_is_not_there(void **state) {
  (void)state;
  static const char *const absent[] = {"Conditions", "Treatments", "Trial design", "Results",
                                       "Enrollment", "Phase",      "Dates",        "Publications"};
  render(th_span_of(RECORD("\"briefTitle\":\"T\"", "\"statusModule\":{}")));
  for (size_t i = 0; i < TH_COUNT(absent); i++)
    if (shows(absent[i])) fail_msg("%s", absent[i]);
  assert_true(shows("NCT00000102"));
}

static void all_else_that_readers_want(void **state) {
  (void)state;
  static const char record[] =
      RECORD("\"briefTitle\":\"T\",\"officialTitle\":\"Official\",\"acronym\":\"ACRO\"",
             "\"statusModule\":{\"overallStatus\":\"TERMINATED\",\"whyStopped\":\"No money\","
             "\"startDateStruct\":{\"date\":\"2004-01\",\"type\":\"ESTIMATED\"}},"
             "\"conditionsModule\":{\"keywords\":[\"made-up record\"]},"
             "\"sponsorCollaboratorsModule\":{\"leadSponsor\":{\"name\":\"S\",\"class\":\"NIH\"},"
             "\"collaborators\":[{\"name\":\"C\",\"class\":\"INDUSTRY\"},{\"name\":\"D\",\"class\":"
             "\"NIH\"}]},"
             "\"contactsLocationsModule\":{\"locations\":["
             "{\"facility\":\"F1\",\"country\":\"Chad\",\"status\":\"COMPLETED\"},"
             "{\"facility\":\"F2\",\"country\":\"Peru\",\"status\":\"RECRUITING\"},"
             "{\"facility\":\"F3\",\"country\":\"Chad\"}]}");
  static const char *const order[] = {"ACRO",
                                      "Terminated",
                                      "No money",
                                      "Funder types",
                                      "NIH",
                                      "Industry",
                                      "January 2004 (estimated)",
                                      "3",
                                      "Peru",
                                      "Recruiting",
                                      "Chad",
                                      "F1",
                                      "F3",
                                      "Collaborators",
                                      "Official",
                                      "3 versions are kept here"};
  render(th_span_of(record));
  th_span rest = th_buf_view(&text);
  for (size_t i = 0; i < TH_COUNT(order); i++) {
    ptrdiff_t at = th_span_find(rest, th_span_of(order[i]));
    if (at < 0) fail_msg("missing or out of order: %s", order[i]);
    rest = (th_span){rest.p + at, rest.n - (size_t)at};
  }
  assert_true(shows("Made-up data."));
  assert_false(shows("Data sourced from"));
}

/* Words that many tables of results have in common are said in Spanish, all else is marked as
 * English; the same record in English has neither. */
static void results_in_spanish(void **state) {
  (void)state;
  static const char record[] =
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000102\",\"briefTitle\":"
      "\"T\"},"
      "\"armsInterventionsModule\":{\"armGroups\":[{\"label\":\"Placebo\",\"interventionNames\":["
      "\"Drug: "
      "Sugar\"]}]}},\"resultsSection\":{\"participantFlowModule\":{\"groups\":[{\"id\":\"FG0\","
      "\"title\":\"Total\"}],\"periods\":[{\"title\":\"Overall Study\",\"milestones\":[{\"type\":"
      "\"STARTED\"}],\"dropWithdraws\":[{\"type\":\"Lost to "
      "Follow-up\"},{\"type\":\"Relocation\"}]}]},"
      "\"baselineCharacteristicsModule\":{\"groups\":[{\"id\":\"BG0\",\"title\":\"Arm "
      "A\"}],\"denoms\":["
      "{\"units\":\"Participants\"}],\"measures\":[{\"title\":\"Age, "
      "Continuous\",\"paramType\":\"MEAN\","
      "\"unitOfMeasure\":\"years\"},{\"title\":\"Region of "
      "Enrollment\",\"unitOfMeasure\":\"furlongs\","
      "\"classes\":[{\"title\":\"Germany\",\"categories\":[{}]}]}]},\"adverseEventsModule\":{"
      "\"eventGroups\":[{\"id\":\"EG0\",\"title\":\"Arm "
      "A\"}],\"seriousEvents\":[{\"term\":\"Rash\","
      "\"organSystem\":\"Eye disorders\"}]}}}";
  static const char *const spanish[] = {
      "Medicamento: ",  "Todo el estudio",    "Perdido en el seguimiento", "Participantes",
      "Edad, continua", "Media, a\xC3\xB1os", "Trastornos oculares"};
  static const char *const marked[] = {
      "<th scope=\"row\" lang=\"en\">Relocation</th>", "<th scope=\"col\" lang=\"en\">Arm A</th>",
      "<span lang=\"en\">furlongs</span>", "<th scope=\"row\" lang=\"en\">Rash</th>",
      "<span lang=\"en\">Sugar</span>"};
  lang = TH_LANG_ES;
  render(th_span_of(record));
  lang = TH_LANG_EN;
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  for (size_t i = 0; i < TH_COUNT(spanish); i++)
    if (!shows(spanish[i])) fail_msg("lacks %s", spanish[i]);
  for (size_t i = 0; i < TH_COUNT(marked); i++)
    if (!has(marked[i])) fail_msg("lacks %s", marked[i]);
  assert_int_equal(shows("Alemania"), th_geo_places() > 0); /* of a build with places */
  assert_false(shows("Eye disorders") || shows("Lost to Follow-up"));
  render(th_span_of(record));
  assert_true(shows("Eye disorders") && shows("Drug: Sugar") && shows("Mean, years"));
  assert_false(has("lang=\"en\">Rash"));
}

/* Sections stand in the order in which people read: who may join before where, history last. */
static void sections_in_order(void **state) {
  (void)state;
  static const char record[] = RECORD(
      "\"briefTitle\":\"T\"",
      "\"statusModule\":{\"startDateStruct\":{\"date\":\"2004-01\"},\"completionDateStruct\":{"
      "\"date\":\"2005-02-03\"},\"statusVerifiedDate\":\"2006\"},"
      "\"descriptionModule\":{\"briefSummary\":\"s\"},"
      "\"designModule\":{\"designInfo\":{\"allocation\":\"RANDOMIZED\"}},"
      "\"outcomesModule\":{\"primaryOutcomes\":[{\"measure\":\"m\"}]},"
      "\"sponsorCollaboratorsModule\":{\"leadSponsor\":{\"name\":\"S\"}},"
      "\"contactsLocationsModule\":{\"locations\":[{\"city\":\"Boston\",\"country\":"
      "\"United States\",\"status\":\"RECRUITING\"}]},"
      "\"referencesModule\":{\"references\":[{\"citation\":\"c\"}]}},\"resultsSection\":{"
      "\"participantFlowModule\":{\"recruitmentDetails\":\"r\"}");
  static const char *const order[] = {"details", "design", "outcomes", "timeline", "places",
                                      "people",  "papers", "results",  "more"};
  render(th_span_of(record));
  th_span rest = th_buf_view(&page);
  for (size_t i = 0; i < TH_COUNT(order); i++) {
    char heading[40], link[40];
    snprintf(heading, sizeof heading, "<h2 id=\"%s\">", order[i]);
    snprintf(link, sizeof link, "<a href=\"#%s\">", order[i]);
    if (!has(link)) fail_msg("not among the contents: %s", order[i]);
    ptrdiff_t at = th_span_find(rest, th_span_of(heading));
    if (at < 0) fail_msg("missing or out of order: %s", order[i]);
    rest = (th_span){rest.p + at, rest.n - (size_t)at};
  }
  assert_true(has("<ol class=\"timeline\">"));
  assert_true(shows("Last verified"));
}

/* A site near what was asked for comes before one in a country with more, and says how far it is.
 */
static void nearest_sites_first(void **state) {
  (void)state;
  static const char record[] =
      RECORD("\"briefTitle\":\"T\"",
             "\"contactsLocationsModule\":{\"locations\":["
             "{\"facility\":\"Far\",\"city\":\"Lyon\",\"country\":\"France\",\"status\":"
             "\"RECRUITING\",\"geoPoint\":{\"lat\":45.75,\"lon\":4.85}},"
             "{\"facility\":\"Over\",\"city\":\"Boston\",\"country\":\"United States\","
             "\"status\":\"COMPLETED\",\"geoPoint\":{\"lat\":42.36,\"lon\":-71.06}},"
             "{\"facility\":\"Close\",\"city\":\"Salem\",\"country\":\"United States\","
             "\"status\":\"RECRUITING\",\"geoPoint\":{\"lat\":42.52,\"lon\":-70.9}}]}");
  static const char *const order[] = {"Nearest to Boston", "Close", "mi", "Far", "Over", "France"};
  const th_geo_place boston = {
      .name = TH_SPAN("Boston"), .country = TH_SPAN("United States"), .lat = 42.36, .lon = -71.06};
  near = &boston;
  render(th_span_of(record));
  near = NULL;
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  th_span rest = th_buf_view(&text);
  for (size_t i = 0; i < TH_COUNT(order); i++) {
    ptrdiff_t at = th_span_find(rest, th_span_of(order[i]));
    if (at < 0) fail_msg("missing or out of order: %s", order[i]);
    rest = (th_span){rest.p + at, rest.n - (size_t)at};
  }
}

/* Many sites of a country are told apart by state, with those that recruit counted. */
static void many_sites_by_state(void **state) {
  (void)state;
  th_buf record = {0};
  th_buf_str(&record, "{\"protocolSection\":{\"contactsLocationsModule\":{\"locations\":[");
  for (unsigned i = 0; i < 60; i++)
    th_buf_printf(&record,
                  "%s{\"facility\":\"F%u\",\"city\":\"C\",\"state\":\"%s\",\"country\":\"United "
                  "States\",\"status\":\"%s\"}",
                  i ? "," : "", i, i % 3 ? "Texas" : "Ohio", i % 4 ? "COMPLETED" : "RECRUITING");
  th_buf_str(&record, "]}}}");
  render(th_buf_view(&record));
  th_buf_dispose(&record);
  const char *fault = extract_fault(th_buf_view(&page));
  if (fault) fail_msg("%s", fault);
  assert_true(shows("60"));
  assert_true(shows("places, 15 recruiting"));
  assert_true(has("<summary>Ohio <span class=\"n\">20</span> <span class=\"n open\">5<"));
  assert_true(has("<summary>Texas <span class=\"n\">40</span> <span class=\"n open\">10<"));
  assert_true(has("<div id=\"in-united-states\">"));
}

/* Every fortieth real record makes a well-made page that shows its title. */
static void real_records(void **state) {
  (void)state;
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  th_span line;
  unsigned n = 0;
  if (!lines) skip();
  while (shared_lines_next(lines, &line)) {
    if (n++ % 40 && th_span_find(line, TH_SPAN("\"resultsSection\"")) < 0) continue;
    render(line);
    const char *fault = extract_fault(th_buf_view(&page));
    if (fault) fail_msg("record %u: %s", n, fault);
    th_json j;
    th_buf_clear(&padded);
    th_buf_span(&padded, line);
    assert_int_equal(th_json_parse(parser, th_buf_view(&padded), &j, NULL), 0);
    th_span nct = th_json_path_text(&j, 0, "protocolSection.identificationModule.nctId");
    assert_true(nct.n && th_span_find(th_buf_view(&text), nct) > 0);
  }
  shared_lines_close(lines);
  assert_true(n > 10000);
}

/* Dates in their order with today among them; each row is drawn. */
static void timeline(void **state) {
  (void)state;
  static const char *const rows[] = {"Study start: January 2024", "First posted: February 2, 2024",
                                     "Today: June 1, 2026",
                                     "Study completion: December 2027 (estimated)"};
  today = 20605; /* 1 June 2026 */
  render(th_span_of(RECORD("\"briefTitle\":\"T\"",
                           "\"statusModule\":{\"startDateStruct\":{\"date\":\"2024-01\"},"
                           "\"completionDateStruct\":{\"date\":\"2027-12\",\"type\":"
                           "\"ESTIMATED\"},\"studyFirstPostDateStruct\":{\"date\":"
                           "\"2024-02-02\"},\"lastUpdatePostDateStruct\":{\"date\":\"?\"}}")));
  today = 0;
  th_span rest = th_buf_view(&text), html = th_buf_view(&page);
  for (size_t i = 0; i < TH_COUNT(rows); i++) {
    ptrdiff_t at = th_span_find(rest, th_span_of(rows[i]));
    if (at < 0) fail_msg("missing or out of order: %s", rows[i]);
    rest = (th_span){rest.p + at, rest.n - (size_t)at};
  }
  size_t dots = 0;
  for (ptrdiff_t at; (at = th_span_find(html, TH_SPAN("<circle "))) >= 0; dots++)
    html = (th_span){html.p + at + 1, html.n - (size_t)at - 1};
  assert_int_equal(dots, 3);
  assert_null(extract_fault(th_buf_view(&page)));
  render(th_span_of(RECORD("\"briefTitle\":\"T\"",
                           "\"statusModule\":{\"startDateStruct\":{\"date\":\"2024-01\"}}")));
  assert_true(th_span_find(th_buf_view(&page), TH_SPAN("<svg")) < 0);
}

static int setup(void **state) {
  (void)state;
  parser = th_json_parser_new(64u << 20, 256);
  th_arena_init(&arena, 0);
  return parser ? 0 : -1;
}

static int teardown(void **state) {
  (void)state;
  th_json_parser_free(parser);
  th_arena_dispose(&arena);
  th_buf_dispose(&padded);
  th_buf_dispose(&page);
  th_buf_dispose(&scratch);
  th_buf_dispose(&text);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(seed_pages),
      cmocka_unit_test(hostile_records),
      cmocka_unit_test(odd_records),
      cmocka_unit_test(criteria_say_what_was_read),
      cmocka_unit_test(criteria_say_what_they_name),
      cmocka_unit_test(what_is_absent_is_not_there),
      cmocka_unit_test(all_else_that_readers_want),
      cmocka_unit_test(timeline),
      cmocka_unit_test(slips_of_records),
      cmocka_unit_test(results_in_spanish),
      cmocka_unit_test(sections_in_order),
      cmocka_unit_test(nearest_sites_first),
      cmocka_unit_test(many_sites_by_state),
      cmocka_unit_test(real_records),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
