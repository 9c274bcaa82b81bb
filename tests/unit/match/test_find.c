/* Studies for a patient over a small data directory: both orders, what excludes, the filter, what
 * is asked next, forms without a note, the same answer twice. */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../test.h"

#include "../chance.h"
#include "../registry/folder.h"
#include "base/file.h"
#include "match/explain.h"
#include "query/params.h"
#include "registry/concepts.h"

static const struct {
  uint32_t nct;
  const char *limits, *criteria;
} studies[] = {
    {1, "\"minimumAge\":\"18 Years\"",
     "Inclusion Criteria:\\n- Diagnosis of asthma\\n- HbA1c below 9 %\\n- ECOG 0 to "
     "1\\n\\nExclusion Criteria:\\n- "
     "Pregnancy"},
    {2, "\"sex\":\"MALE\"", "Inclusion Criteria:\\n- Diagnosis of asthma"},
    {3, "\"maximumAge\":\"17 Years\"", "Inclusion Criteria:\\n- Diagnosis of asthma"},
    {4, "\"minimumAge\":\"18 Years\"",
     "Inclusion Criteria:\\n- Diagnosis of asthma\\n\\nExclusion Criteria:\\n- Body mass index "
     "above 30 kg/m2"},
    {5, "\"minimumAge\":\"18 Years\"",
     "Inclusion Criteria:\\n- Age 18 to 65 years\\n- Diagnosis of asthma"},
    {6, "\"minimumAge\":\"18 Years\"",
     "Inclusion Criteria:\\n- Wheezing\\n\\nExclusion Criteria:\\n- Prior asthma"},
};

static const char note[] = "A 40-year-old woman with asthma. BMI 34.";
static const char form[] = "{\"age\":40,\"sex\":\"female\",\"conditions\":[\"asthma\"],"
                           "\"values\":[{\"attribute\":\"bmi\",\"value\":34}]}";

typedef struct place {
  th_registry *registry;
  const th_snapshot *snapshot;
  th_concepts dict;
  th_expander expander;
  th_ranker *ranker;
  th_arena arena;
  th_patient patient;
  th_find_result found;
} place;

static void open_place(place *p, const th_buf *records) {
  th_err err = {0};
  memset(p, 0, sizeof *p);
  p->registry = open_data(TH_REGISTRY_WRITE);
  import_all(p->registry, records);
  p->snapshot = th_index_acquire(th_registry_index(p->registry));
  assert_int_equal(th_registry_concepts(p->snapshot, &p->dict, &err), 0);
  p->expander = th_registry_expander(&p->dict);
  p->ranker = th_ranker_new(p->snapshot, &p->dict, &p->expander, NULL, &err);
  assert_non_null(p->ranker);
  th_arena_init(&p->arena, 0);
}

static void fill(place *p) {
  th_buf records;
  th_buf_init(&records, 0);
  for (size_t i = 0; i < TH_COUNT(studies); i++)
    th_buf_printf(
        &records,
        "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":"
        "\"Asthma %u\"},\"statusModule\":{\"overallStatus\":\"%s\"},\"conditionsModule\":{"
        "\"conditions\":[\"Asthma\"]},\"eligibilityModule\":{\"eligibilityCriteria\":\"%s\",%s}}}"
        "\n",
        studies[i].nct, studies[i].nct, i % 2 ? "COMPLETED" : "RECRUITING", studies[i].criteria,
        studies[i].limits);
  open_place(p, &records);
  th_buf_dispose(&records);
}

static void forget(place *p) {
  th_find_dispose(&p->found);
  th_patient_dispose(&p->patient);
  th_arena_reset(&p->arena, true);
}

static void leave(place *p) {
  th_ranker_free(p->ranker);
  th_index_release(th_registry_index(p->registry), p->snapshot);
  th_registry_close(p->registry);
  th_arena_dispose(&p->arena);
}

static void find(place *p, const char *record, th_find_order order, const char *status) {
  th_err err = {0};
  th_query *filter = NULL;
  th_patient_options options = {.dict = &p->dict, .has_as_of = true, .as_of = 20000};
  if (status)
    assert_int_equal(
        th_filter_parse(&filter, &p->arena, TH_SPAN("status"), th_span_of(status), &err), 0);
  if (th_patient_read(&p->patient, th_span_of(record), &options, &err)) fail_msg("%s", err.message);
  th_find_request q = {.patient = &p->patient,
                       .filter = filter,
                       .order = order,
                       .presume = th_find_presume(&p->patient),
                       .n = 10,
                       .explain = true,
                       .questions = 5};
  int rc = th_find(p->ranker, th_registry_store(p->registry), &q, &p->arena, &p->found, &err);
  if (rc) fail_msg("%s", err.message);
}

static const th_found *study(const place *p, uint32_t nct, uint32_t *rank) {
  for (uint32_t i = 0; i < p->found.n; i++) {
    if (p->found.studies[i].ranked.nct != nct) continue;
    if (rank) *rank = i;
    return &p->found.studies[i];
  }
  fail_msg("study %u is not found", nct);
  return NULL;
}

static void check_verdicts(const place *p) {
  uint32_t rank;
  char id[TH_ELIG_ID_MAX];
  assert_int_equal(p->found.n, TH_COUNT(studies));
  assert_int_equal(study(p, 2, NULL)->trial.by, TH_FIELD_SEX);
  assert_int_equal(study(p, 3, NULL)->trial.by, TH_FIELD_AGE);
  const th_found *heavy = study(p, 4, &rank);
  assert_int_equal(heavy->trial.grade, TH_GRADE_EXCLUDED);
  assert_int_equal(heavy->trial.by, TH_FIELD_TEXT);
  th_elig_id(heavy->verdicts.tree, heavy->trial.node, id);
  assert_string_equal(id, "E1");
  assert_true(th_span_eq(heavy->shown.title, TH_SPAN("Asthma 4")));
  assert_int_equal(study(p, 5, NULL)->trial.grade, TH_GRADE_LIKELY);
  assert_int_equal(study(p, 1, NULL)->trial.grade, TH_GRADE_POSSIBLE);
  assert_int_equal(p->found.grades[TH_GRADE_EXCLUDED], 3);
}

static void check_questions(const place *p) {
  bool sugar = false, weight = false;
  assert_true(p->found.n_questions > 0);
  for (uint32_t i = 0; i < p->found.n_questions; i++) {
    const th_question *q = &p->found.questions[i];
    assert_true(q->words.n > 5 && q->n_criteria >= q->n_studies && q->n_studies > 0);
    if (i) assert_true(p->found.questions[i - 1].weight >= q->weight);
    sugar |= q->attribute >= 0 && th_span_find(q->words, TH_SPAN("HbA1c")) >= 0;
    weight |= th_span_find(q->words, TH_SPAN("mass index")) >= 0;
  }
  assert_true(sugar);
  assert_false(weight); /* the record says it */
}

static void test_orders(void **state) {
  (void)state;
  place p;
  fill(&p);
  for (int structured = 0; structured < 2; structured++) {
    uint32_t order[8];
    const char *record = structured ? form : note;
    find(&p, record, TH_BY_RELEVANCE, NULL);
    check_verdicts(&p);
    for (uint32_t i = 1; i < p.found.n; i++)
      assert_true(p.found.studies[i - 1].ranked.score >= p.found.studies[i].ranked.score);
    forget(&p);
    for (int again = 0; again < 2; again++) {
      find(&p, record, TH_ELIGIBLE_FIRST, NULL);
      check_verdicts(&p);
      check_questions(&p);
      for (uint32_t i = 0; i < p.found.n; i++) {
        bool out = p.found.studies[i].trial.grade == TH_GRADE_EXCLUDED;
        assert_int_equal(out, i >= 3);
        if (again) assert_int_equal(order[i], p.found.studies[i].ranked.nct);
        order[i] = p.found.studies[i].ranked.nct;
      }
      assert_int_equal(order[0], 5); /* all that it asks is known */
      uint32_t rank = 0;
      const th_found *own = study(&p, 6, &rank); /* seems to exclude what it is about: not sunk */
      assert_true(rank < 3 && own->trial.violated == 1);
      assert_int_equal(own->trial.grade, TH_GRADE_POSSIBLE);
      forget(&p);
    }
  }
  leave(&p);
}

/* A filter keeps what it matches, also where nothing of the record is found. */
static void test_filter(void **state) {
  (void)state;
  place p;
  fill(&p);
  find(&p, note, TH_ELIGIBLE_FIRST, "recruiting");
  assert_int_equal(p.found.n, 3);
  forget(&p);
  find(&p, "{\"age\":40}", TH_BY_RELEVANCE, "recruiting");
  assert_int_equal(p.found.n, 3);
  assert_true(p.found.n_questions > 0);
  forget(&p);
  find(&p, "{\"age\":40}", TH_BY_RELEVANCE, NULL);
  assert_int_equal(p.found.n, 0);
  forget(&p);
  leave(&p);
}

static void test_json(void **state) {
  (void)state;
  place p;
  th_buf out;
  th_jout w;
  th_json j;
  th_err err = {0};
  fill(&p);
  find(&p, note, TH_ELIGIBLE_FIRST, NULL);
  th_buf_init(&out, 0);
  th_jout_init(&w, &out, false);
  th_find_request q = {.patient = &p.patient, .order = TH_ELIGIBLE_FIRST, .explain = true};
  th_jout_object(&w);
  th_explain_result(&p.found, &q, &w);
  th_jout_end_object(&w);
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  if (th_json_parse(parser, th_buf_view(&out), &j, &err)) fail_msg("%s", err.message);
  assert_true(th_span_eq(th_json_path_text(&j, 0, "patient.sex"), TH_SPAN("female")));
  assert_true(
      th_span_find(th_buf_view(&out), TH_SPAN("\"evidence\":{\"fact\":\"body mass index 34")) > 0);
  assert_true(th_span_find(th_buf_view(&out),
                           TH_SPAN("\"excludedBy\":{\"field\":\"text\",\"criterion\":\"E1\"")) > 0);
  th_json_parser_free(parser);
  th_buf_dispose(&out);
  forget(&p);
  leave(&p);
}

/* ---- candidates are judged no further than they can matter ---- */

static void fill_many(place *p, uint32_t n) {
  static const char *const inclusions[] = {"Diagnosis of asthma", "Age 18 to 65 years",
                                           "HbA1c below 9 %",     "Body mass index above 30 kg/m2",
                                           "History of stroke",   "ECOG 0 to 1",
                                           "Currently smoking",   "Willing to come back"};
  static const char *const exclusions[] = {"Pregnancy", "Body mass index above 33 kg/m2",
                                           "Prior asthma attack", "Lung diseases",
                                           "Age above 39 years"};
  th_buf records;
  th_buf_init(&records, 0);
  for (uint32_t i = 1; i <= n; i++) {
    th_buf_printf(
        &records,
        "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":"
        "\"%s %u\"},\"statusModule\":{\"overallStatus\":\"RECRUITING\"},\"descriptionModule\":{"
        "\"briefSummary\":\"",
        i, chance(50) ? "Asthma" : "Wheezing", i);
    for (uint32_t k = below(30); k; k--)
      th_buf_str(&records, chance(20) ? "asthma " : "breath ");
    th_buf_printf(&records,
                  "\"},\"conditionsModule\":{\"conditions\":[\"%s\"]},\"eligibilityModule\":{%s"
                  "\"eligibilityCriteria\":\"Inclusion Criteria:",
                  chance(70) ? "Asthma" : "Respiratory Sounds",
                  chance(20) ? "\"sex\":\"MALE\"," : "");
    for (uint32_t k = 1 + below(4); k; k--)
      th_buf_printf(&records, "\\n- %s", PICK(inclusions));
    th_buf_str(&records, "\\n\\nExclusion Criteria:");
    for (uint32_t k = 1 + below(2); k; k--)
      th_buf_printf(&records, "\\n- %s", PICK(exclusions));
    th_buf_str(&records, "\"}}}\n");
  }
  open_place(p, &records);
  th_buf_dispose(&records);
}

static void check_same(const th_find_result *x, const th_find_result *y) {
  assert_int_equal(x->n, y->n);
  for (uint32_t i = 0; i < x->n; i++) {
    assert_int_equal(x->studies[i].ranked.nct, y->studies[i].ranked.nct);
    assert_int_equal(x->studies[i].trial.grade, y->studies[i].trial.grade);
    assert_true(x->studies[i].value == y->studies[i].value);
  }
  assert_int_equal(x->n_questions, y->n_questions);
  for (uint32_t i = 0; i < x->n_questions; i++)
    assert_true(th_span_eq(x->questions[i].words, y->questions[i].words) &&
                x->questions[i].weight == y->questions[i].weight);
}

static void test_no_further(void **state) {
  (void)state;
  place p;
  th_err err = {0};
  uint32_t spared = 0;
  seed = random_start(20261122);
  fill_many(&p, 400);
  th_patient_options options = {.dict = &p.dict, .has_as_of = true, .as_of = 20000};
  assert_int_equal(th_patient_read(&p.patient, th_span_of(note), &options, &err), 0);
  for (uint32_t round = 0; round < 24; round++) {
    th_find_result lazy, whole;
    th_find_request q = {.patient = &p.patient,
                         .order = TH_ELIGIBLE_FIRST,
                         .presume = (th_verdict_presume)(round % 3),
                         .n = (uint32_t[]){1, 5, 40, 200, 400}[below(5)],
                         .explain = chance(50),
                         .questions = below(2) * 6};
    assert_int_equal(th_find(p.ranker, th_registry_store(p.registry), &q, &p.arena, &lazy, &err),
                     0);
    q.all = true;
    assert_int_equal(th_find(p.ranker, th_registry_store(p.registry), &q, &p.arena, &whole, &err),
                     0);
    check_same(&lazy, &whole);
    assert_true(lazy.n_judged <= whole.n_judged);
    spared += whole.n_judged - lazy.n_judged;
    th_find_dispose(&lazy);
    th_find_dispose(&whole);
  }
  assert_true(spared > 0);
  forget(&p);
  leave(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {IN_FOLDER(test_orders), IN_FOLDER(test_no_further),
                                     IN_FOLDER(test_filter), IN_FOLDER(test_json)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
