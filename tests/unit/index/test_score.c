#include "../test.h"

#include "index/feed.h"
#include "index/score.h"
#include "study/catalogue.h"

#include <math.h>

static void norms_are_near_and_monotone(void **state) {
  (void)state;
  uint8_t last = 0;
  for (float x = 0; x < 100000; x = x * 1.003f + 0.01f) {
    uint8_t n = th_norm_encode(x);
    assert_true(n >= last);
    last = n;
    assert_true(fabsf(th_norm_decode(n) - x) <= 0.024f * (1 + x));
  }
  for (unsigned n = 0; n < 256; n++)
    assert_int_equal(th_norm_encode(th_norm_decode((uint8_t)n)), n);
  assert_int_equal(th_norm_encode(1e9f), 255);
}

static void areas_have_weights_and_averages(void **state) {
  (void)state;
  assert_int_equal(th_score_areas(), TH_A_COUNT + 1);
  assert_int_equal(TH_AREA_ALL_TEXT, TH_A_COUNT);
  assert_true(fabsf(th_score_weight(TH_A_ConditionSearch, TH_F_Condition) - 0.95f) < 1e-6f);
  assert_true(th_score_weight(TH_A_ConditionSearch, TH_F_LocationCity) == 0);
  assert_true(th_score_weight(TH_AREA_ALL_TEXT, TH_F_LocationCity) == 1);
  assert_true(th_score_weight(1000, 0) == 0);
  for (unsigned a = 0; a < th_score_areas(); a++)
    assert_true(th_area_average(a) >= 1);
}

static void six_areas_have_bounds(void **state) {
  (void)state;
  unsigned seen = 0;
  for (unsigned a = 0; a < th_score_areas(); a++) {
    int i = th_score_bound_index(a);
    if (i >= 0) seen |= 1u << i;
  }
  assert_int_equal(seen, (1u << TH_BOUND_AREAS) - 1);
  assert_int_equal(th_score_bound_index(TH_A_BasicSearch), 0);
  assert_int_equal(th_score_bound_index(TH_AREA_ALL_TEXT), 5);
}

/* The formula of score.h in double, step by step. */
static void contributions_follow_the_formula(void **state) {
  (void)state;
  float table[256];
  th_score_length_table(TH_A_TitleSearch, table);
  for (unsigned n = 0; n < 256; n += 15) {
    double dl = th_norm_decode((uint8_t)n), wtf = 0.89 * 2,
           average = th_area_average(TH_A_TitleSearch);
    double sat = wtf / (wtf + 1.2 * (1 - 0.5 + 0.5 * dl / average));
    double idf = log(1 + (1000 - 30 + 0.5) / (30 + 0.5));
    double got = th_score_contribution(th_score_idf(1000, 30), (float)wtf, table[n]);
    assert_true(fabs(got - idf * sat * 65536) < 2);
  }
  assert_true(th_score_idf(10, 11) > 0);
}

static void fields_know_what_is_indexed_of_them(void **state) {
  (void)state;
  assert_true(th_feed_has_text(TH_F_BriefTitle) && th_feed_has_text(TH_F_NCTId));
  assert_true(th_feed_has_text(TH_F_Phase)); /* an enum of a search area */
  assert_false(th_feed_has_text(TH_F_EnrollmentCount));
  assert_int_equal(th_feed_column_kind(TH_F_Phase), TH_COL_MASK);
  assert_int_equal(th_feed_column_kind(TH_F_HealthyVolunteers), TH_COL_MASK);
  assert_int_equal(th_feed_column_kind(TH_F_StartDate), TH_COL_VALUES);
  assert_int_equal(th_feed_column_kind(TH_F_LocationCountry), TH_COL_KEYWORD);
  assert_int_equal(th_feed_column_kind(TH_F_BriefTitle), 0);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (th_fields[f].type == TH_FT_ENUM) assert_true(th_enums[th_fields[f].enum_id].n < 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(norms_are_near_and_monotone),
      cmocka_unit_test(areas_have_weights_and_averages),
      cmocka_unit_test(six_areas_have_bounds),
      cmocka_unit_test(contributions_follow_the_formula),
      cmocka_unit_test(fields_know_what_is_indexed_of_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
