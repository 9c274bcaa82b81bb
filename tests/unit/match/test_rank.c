/* The ranking beside a slow one that reads the words of every study, and what it promises: the same
 * list however the studies lie in segments, limits of age and sex, only live studies. */
#include "../test.h"

#include "../query/naive.h"

#include <math.h>
#include <stdio.h>

#include "demo/demo.h"
#include "index/score.h"
#include "match/rank.h"

enum { STUDIES = 220 };

static const char *const notes[] = {
    "A 58-year-old woman with asthma and chronic cough. She denies diabetes.",
    "45 M with type 2 diabetes, hypertension and kidney disease on metformin",
    "A 6-month-old girl with fever and bronchitis",
    "Breast cancer with metastases, chemotherapy",
    "depression, insomnia and pain",
};

/* Studies 0 … STUDIES of a seed, in segments of `size`. */
static void fill(corpus *c, uint64_t seed, uint32_t size, unsigned dead) {
  th_demo *demo = th_demo_new(7);
  th_buf json;
  assert_non_null(demo);
  corpus_init(c);
  th_buf_init(&json, 0);
  for (uint32_t i = 0; i < STUDIES; i++) {
    th_buf_clear(&json);
    th_demo_record(demo, i, &json);
    assert_true(corpus_add(c, th_buf_view(&json), TH_DEMO_FIRST_NCT + i));
    if (i % size == size - 1) corpus_flush(c);
  }
  corpus_finish(c, &seed, dead);
  th_buf_dispose(&json);
  th_demo_free(demo);
}

static uint32_t rank_note(const corpus *c, const char *note, const th_match_tuning *tuning,
                          th_arena *arena, th_topic *topic, th_ranked **out) {
  th_err err = {0};
  uint32_t n;
  th_ranker *r = th_ranker_new(&c->snapshot, NULL, NULL, tuning, &err);
  assert_non_null(r);
  th_patient p;
  assert_int_equal(th_patient_read(&p, th_span_of(note), NULL, &err), 0);
  assert_int_equal(th_topic_read(topic, &p, NULL, tuning, &err), 0);
  th_patient_dispose(&p);
  assert_int_equal(th_rank(r, topic, NULL, STUDIES, arena, out, &n, &err), 0);
  th_ranker_free(r);
  return n;
}

/* However they lie: one segment, or many. */
static void test_segments(void **state) {
  corpus one, many;
  (void)state;
  fill(&one, 1, STUDIES, 0);
  fill(&many, 1, 17, 0);
  assert_true(many.n_segments > 5 && one.n_segments == 1);
  for (size_t i = 0; i < TH_COUNT(notes); i++) {
    th_arena arena;
    th_topic a, b;
    th_ranked *x, *y;
    th_arena_init(&arena, 0);
    uint32_t n = rank_note(&one, notes[i], NULL, &arena, &a, &x);
    assert_int_equal(rank_note(&many, notes[i], NULL, &arena, &b, &y), n);
    assert_true(n > 0);
    for (uint32_t k = 0; k < n; k++) {
      assert_int_equal(x[k].nct, y[k].nct);
      assert_true(fabsf(x[k].score - y[k].score) <= 1e-4f * x[k].score);
      assert_int_equal(x[k].demoted, y[k].demoted);
      if (k)
        assert_true(x[k - 1].score > x[k].score ||
                    (x[k - 1].score == x[k].score && x[k - 1].nct < x[k].nct));
    }
    th_topic_dispose(&a);
    th_topic_dispose(&b);
    th_arena_dispose(&arena);
  }
  corpus_dispose(&one);
  corpus_dispose(&many);
}

/* ---- the slow one: only titles count, without lengths ---- */

static uint32_t title_count(const naive_doc *d, th_span stem) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < d->n_words; i++)
    n += (d->words[i].field == TH_F_BriefTitle || d->words[i].field == TH_F_OfficialTitle ||
          d->words[i].field == TH_F_Acronym) &&
         th_span_eq(d->words[i].stem, stem);
  return n;
}

static uint32_t df_of(const corpus *c, th_span stem) {
  for (uint32_t i = 0; i < c->n_dfs; i++)
    if (th_span_eq(c->dfs[i].stem, stem)) return c->dfs[i].df;
  return 0;
}

static double slow_score(const corpus *c, const naive_doc *d, const th_topic *t,
                         const th_match_tuning *tuning) {
  double score = 0;
  if (!d->live) return 0;
  for (uint32_t i = 0; i < t->n_words; i++) {
    uint32_t df = df_of(c, t->words[i].stem);
    if (!df) continue;
    double tf = (double)tuning->title * title_count(d, t->words[i].stem);
    double idf =
        pow(log(1 + (c->snapshot.n_docs - df + .5) / (df + .5)), (double)tuning->idf_power);
    score += (double)t->words[i].weight * idf * tf / (tf + (double)tuning->k1);
  }
  return score;
}

static void test_scores(void **state) {
  corpus c;
  th_match_tuning t = th_match_tuning_default;
  (void)state;
  t.condition = t.keyword = t.mesh = t.intervention = t.summary = t.description = 0;
  t.criteria = t.outcome = t.b = t.phrase = 0;
  t.demoted = 1;
  fill(&c, 3, 50, 10);
  assert_true(c.n_live < c.n_docs);
  for (size_t i = 0; i < TH_COUNT(notes); i++) {
    th_arena arena;
    th_topic topic;
    th_ranked *list;
    uint32_t found = 0;
    th_arena_init(&arena, 0);
    uint32_t n = rank_note(&c, notes[i], &t, &arena, &topic, &list);
    for (uint32_t d = 0; d < c.n_docs; d++) {
      double wanted = slow_score(&c, &c.docs[d], &topic, &t);
      uint32_t k = 0;
      while (k < n && list[k].nct != c.docs[d].nct)
        k++;
      if ((wanted > 0) != (k < n)) fail_msg("note %zu, study %u", i, c.docs[d].nct);
      if (k == n) continue;
      found++;
      assert_true(fabs((double)list[k].score - wanted) < 1e-4 * wanted);
    }
    assert_int_equal(found, n);
    th_topic_dispose(&topic);
    th_arena_dispose(&arena);
  }
  corpus_dispose(&c);
}

/* ---- age and sex ---- */

static void add_study(corpus *c, uint32_t nct, const char *limits) {
  th_buf json;
  th_buf_init(&json, 0);
  th_buf_printf(
      &json,
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":"
      "\"Asthma\"},\"conditionsModule\":{\"conditions\":[\"Asthma\"]},"
      "\"eligibilityModule\":{%s}}}",
      nct, limits);
  assert_true(corpus_add(c, th_buf_view(&json), nct));
  th_buf_dispose(&json);
}

static void test_demotion(void **state) {
  static const char *const limits[] = {
      "\"sex\":\"ALL\",\"minimumAge\":\"18 Years\",\"maximumAge\":\"65 Years\"",
      "\"sex\":\"FEMALE\"",
      "\"sex\":\"MALE\",\"minimumAge\":\"6 Months\"",
      "\"maximumAge\":\"17 Years\"",
  };
  static const struct {
    const char *note;
    unsigned demoted[TH_COUNT(limits)];
  } cases[] = {
      {"asthma", {0, 0, 0, 0}},
      {"18-year-old man, asthma", {0, TH_DEMOTED_SEX, 0, TH_DEMOTED_OLD}},
      {"17-year-old boy, asthma", {TH_DEMOTED_YOUNG, TH_DEMOTED_SEX, 0, 0}},
      {"65-year-old woman, asthma", {0, 0, TH_DEMOTED_SEX, TH_DEMOTED_OLD}},
      {"66-year-old woman, asthma", {TH_DEMOTED_OLD, 0, TH_DEMOTED_SEX, TH_DEMOTED_OLD}},
      {"5-month-old girl, asthma", {TH_DEMOTED_YOUNG, 0, TH_DEMOTED_SEX | TH_DEMOTED_YOUNG, 0}},
      {"4-month-old boy, asthma", {TH_DEMOTED_YOUNG, TH_DEMOTED_SEX, TH_DEMOTED_YOUNG, 0}},
      {"6-month-old boy, asthma", {TH_DEMOTED_YOUNG, TH_DEMOTED_SEX, 0, 0}},
      {"man in his 60s, asthma", {0, TH_DEMOTED_SEX, 0, TH_DEMOTED_OLD}},
  };
  corpus c;
  uint64_t seed = 1;
  (void)state;
  corpus_init(&c);
  for (uint32_t i = 0; i < TH_COUNT(limits); i++)
    add_study(&c, 100 + i, limits[i]);
  corpus_finish(&c, &seed, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_arena arena;
    th_topic topic;
    th_ranked *list;
    th_arena_init(&arena, 0);
    assert_int_equal(rank_note(&c, cases[i].note, NULL, &arena, &topic, &list), TH_COUNT(limits));
    for (uint32_t k = 0; k < TH_COUNT(limits); k++) {
      if (list[k].demoted != cases[i].demoted[list[k].nct - 100])
        fail_msg("%s: study %u demoted %u", cases[i].note, list[k].nct, list[k].demoted);
      assert_true(k == 0 || !list[k - 1].demoted || list[k].demoted); /* later */
    }
    th_topic_dispose(&topic);
    th_arena_dispose(&arena);
  }
  corpus_dispose(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_segments),
      cmocka_unit_test(test_scores),
      cmocka_unit_test(test_demotion),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
