/* A patient as a topic: words and their weights, what is denied, records without a note. */
#include "../test.h"

#include <math.h>

#include "match/topic.h"

static float weight_of(const th_topic *t, const char *stem) {
  for (uint32_t i = 0; i < t->n_words; i++)
    if (th_span_eq(t->words[i].stem, th_span_of(stem))) return t->words[i].weight;
  return 0;
}

static int read_span(th_topic *t, th_span record, th_err *err) {
  th_patient p;
  th_patient_options options = {.has_as_of = true, .as_of = 20000};
  *t = (th_topic){0};
  int rc = th_patient_read(&p, record, &options, err);
  if (rc == 0) rc = th_topic_read(t, &p, NULL, NULL, err);
  th_patient_dispose(&p);
  return rc;
}

static th_topic read_note(const char *note) {
  th_topic t;
  th_err err = {0};
  if (read_span(&t, th_span_of(note), &err) < 0) fail_msg("%s", err.message);
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

/* A form: names that it lists, what is of now before what was, nothing that it denies. */
static void test_listed(void **state) {
  (void)state;
  th_topic t =
      read_note("{\"age\":8,\"sex\":\"male\",\"conditions\":[{\"name\":\"gout\",\"status\":"
                "\"absent\"},{\"name\":\"migraine\",\"status\":\"past\"},\"asthma\"],"
                "\"familyHistory\":[\"eczema\"],\"values\":[{\"attribute\":\"creatinine\","
                "\"value\":1.1}],\"notes\":\"He has a rash.\\nNo cough.\"}");
  assert_true(weight_of(&t, "asthma") > weight_of(&t, "migrain"));
  assert_true(weight_of(&t, "migrain") > 0 && weight_of(&t, "rash") > 0);
  assert_true(weight_of(&t, "gout") == 0 && weight_of(&t, "eczema") == 0);
  assert_true(weight_of(&t, "creatinin") == 0 && weight_of(&t, "cough") == 0);
  assert_int_equal(t.n_concepts, 3);
  assert_true(th_span_eq_nocase(t.concepts[0].said, TH_SPAN("asthma")));
  assert_int_equal(t.sex, 'M');
  assert_true(t.age_low == 8 && t.age_high == 9);
  th_topic_dispose(&t);
  t = read_note("{\"birthDate\":\"2006-10-04\"}"); /* 18 on that day: neither younger nor older */
  assert_true(t.age_high > t.age_low);
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
  assert_int_equal(read_span(&t, (th_span){note, n}, &err), TH_ELIMIT);
  th_topic_dispose(&t);
  for (size_t i = 0; i < 100000; i++) /* 20,000 different words of four letters */
    note[i] = i % 5 == 4 ? ' '
                         : (char)('b' + (i / 5 /
                                         (i % 5 == 0   ? 1
                                          : i % 5 == 1 ? 20
                                                       : 400)) %
                                            20);
  err = (th_err){0};
  assert_int_equal(read_span(&t, (th_span){note, 100000}, &err), 0);
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
    note[0] = 'x'; /* no JSON */
    assert_int_equal(read_span(&a, (th_span){note, n}, NULL), 0);
    assert_int_equal(read_span(&b, (th_span){note, n}, NULL), 0);
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
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_listed),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_rubbish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
