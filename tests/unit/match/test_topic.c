/* A note as a topic: age and sex, what is denied, words and their weights. */
#include "../test.h"

#include <math.h>

#include "match/demographic.h"
#include "match/polarity.h"
#include "match/topic.h"

static void test_age_and_sex(void **state) {
  static const struct {
    const char *note;
    char sex;
    double low, high;
  } cases[] = {
      {"A 45-year-old man with asthma", 'M', 45, 46},
      {"45 year old woman", 'F', 45, 46},
      {"A 45 yo M presents", 'M', 45, 46},
      {"45 y/o female", 'F', 45, 46},
      {"45yo male", 'M', 45, 46},
      {"67F with cough", 'F', 67, 68},
      {"48 M with a h/o HTN", 'M', 48, 49},
      {"A 6-month-old girl", 'F', 0.5, 7 / 12.},
      {"a 3-week-old boy", 'M', 21 / 365.25, 28 / 365.25},
      {"A man in his 60s", 'M', 60, 70},
      {"The patient, aged 30, came alone. She coughs.", 'F', 30, 31},
      {"A boy of eight", 'M', NAN, NAN},
      {"Patient with pneumonia. He improved.", 'M', NAN, NAN},
      {"Treated for 10 years with insulin", 0, NAN, NAN},
      {"Temperature 39, pulse 110", 0, NAN, NAN},
      {"58 mmHg", 0, NAN, NAN},
      {"a 450-year-old tree", 0, NAN, NAN},
      {"", 0, NAN, NAN},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_demographic d;
    th_demographic_read(&d, th_span_of(cases[i].note));
    bool age = isnan(cases[i].low)
                   ? isnan(d.low)
                   : fabs(d.low - cases[i].low) < 1e-9 && fabs(d.high - cases[i].high) < 1e-9;
    if (d.sex != cases[i].sex || !age)
      fail_msg("%s: sex %d, [%g, %g)", cases[i].note, d.sex, d.low, d.high);
  }
}

/* The word that is asked about stands in brackets; '-' for absent. */
static void test_absent(void **state) {
  static const struct {
    const char *note;
    bool absent;
  } cases[] = {
      {"She denies [smoking]", true},
      {"She denies smoking, diabetes, or [asthma].", true},
      {"She denies smoking. She has [asthma].", false},
      {"No [fever] was seen", true},
      {"no evidence of [metastasis]", true},
      {"No fever but [cough]", false},
      {"Negative for HIV and [syphilis]", true},
      {"Negative for HIV; [syphilis] was found", false},
      {"[Pneumonia] was ruled out", true},
      {"He has cough. [Pneumonia] was ruled out", true},
      {"He has [cough]. Pneumonia was ruled out", false},
      {"Family history of [cancer]", true},
      {"His father had [gout].", true},
      {"His father brought him with [gout].", false},
      {"without [rash]", true},
      {"Known [diabetes]", false},
      {"A nodule of 3.5 cm, no [pain]", true},
      {"[Hypertension], no diabetes", false},
      {"no pain\n\n[Lungs] clear", false},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_arena arena;
    const th_stretch *list;
    uint32_t n;
    th_span note = th_span_of(cases[i].note);
    uint32_t at = (uint32_t)th_span_find(note, TH_SPAN("[")) + 1;
    th_arena_init(&arena, 0);
    assert_int_equal(th_polarity_absent(note, &arena, &list, &n, NULL), 0);
    for (uint32_t k = 0; k < n; k++) {
      assert_true(list[k].from < list[k].to && list[k].to <= note.n);
      assert_true(k == 0 || list[k - 1].to < list[k].from);
    }
    if (th_stretch_holds(list, n, at) != cases[i].absent) fail_msg("%s", cases[i].note);
    th_arena_dispose(&arena);
  }
}

static float weight_of(const th_topic *t, const char *stem) {
  for (uint32_t i = 0; i < t->n_words; i++)
    if (th_span_eq(t->words[i].stem, th_span_of(stem))) return t->words[i].weight;
  return 0;
}

static th_topic read_note(const char *note) {
  th_topic t;
  th_err err = {0};
  if (th_topic_read(&t, th_span_of(note), NULL, NULL, &err) < 0) fail_msg("%s", err.message);
  return t;
}

static void test_words(void **state) {
  (void)state;
  th_topic t = read_note("A 45-year-old man with severe asthma, asthma since 1990. Denies gout. "
                         "Later he also developed a rash.");
  assert_true(weight_of(&t, "asthma") > weight_of(&t, "sever")); /* said twice */
  assert_true(weight_of(&t, "sever") > weight_of(&t, "rash"));   /* stands earlier */
  assert_true(weight_of(&t, "rash") > 0);
  assert_true(weight_of(&t, "gout") == 0); /* denied */
  assert_true(weight_of(&t, "man") == 0 && weight_of(&t, "45") == 0 && weight_of(&t, "1990") == 0);
  for (uint32_t i = 1; i < t.n_words; i++)
    assert_true(th_span_cmp(t.words[i - 1].stem, t.words[i].stem) < 0);
  assert_int_equal(t.sex, 'M');
  th_topic_dispose(&t);
  th_topic_dispose(&t); /* twice is no harm */
  t = read_note("");
  assert_int_equal(t.n_words, 0);
  assert_int_equal(t.n_concepts, 0);
  th_topic_dispose(&t);
}

static void test_limits(void **state) {
  (void)state;
  th_topic t;
  th_err err = {0};
  size_t n = TH_TOPIC_NOTE_MAX + 1;
  char *note = malloc(n);
  assert_non_null(note);
  memset(note, 'a', n);
  assert_int_equal(th_topic_read(&t, (th_span){note, n}, NULL, NULL, &err), TH_ELIMIT);
  th_topic_dispose(&t);
  for (size_t i = 0; i < 100000; i++) /* 20,000 different words of four letters */
    note[i] = i % 5 == 4 ? ' '
                         : (char)('b' + (i / 5 /
                                         (i % 5 == 0   ? 1
                                          : i % 5 == 1 ? 20
                                                       : 400)) %
                                            20);
  err = (th_err){0};
  assert_int_equal(th_topic_read(&t, (th_span){note, 100000}, NULL, NULL, &err), 0);
  assert_int_equal(t.n_words, TH_TOPIC_WORDS_MAX);
  th_topic_dispose(&t);
  free(note);
}

/* Bytes of any kind are read, and twice the same. */
static void test_rubbish(void **state) {
  uint64_t seed = 20260901;
  char note[600];
  (void)state;
  for (int round = 0; round < 2000; round++) {
    size_t n = 0;
    for (; n < sizeof note - 8; n++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      note[n] = (seed >> 60) < 12 ? " no45myFold.;\n"[(seed >> 33) % 14] : (char)(seed >> 40);
    }
    th_topic a, b;
    assert_int_equal(th_topic_read(&a, (th_span){note, n}, NULL, NULL, NULL), 0);
    assert_int_equal(th_topic_read(&b, (th_span){note, n}, NULL, NULL, NULL), 0);
    assert_int_equal(a.n_words, b.n_words);
    for (uint32_t i = 0; i < a.n_words; i++)
      assert_true(th_span_eq(a.words[i].stem, b.words[i].stem) &&
                  a.words[i].weight == b.words[i].weight);
    th_topic_dispose(&a);
    th_topic_dispose(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_age_and_sex), cmocka_unit_test(test_absent),
      cmocka_unit_test(test_words),       cmocka_unit_test(test_limits),
      cmocka_unit_test(test_rubbish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
