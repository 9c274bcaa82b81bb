#include "../test.h"

#include "text/stem.h"

static void stems(void **state) {
  (void)state;
  static const struct {
    const char *word, *stem;
  } cases[] = {
      {"diseases", "diseas"},
      {"disease", "diseas"},
      {"randomized", "random"},
      {"running", "run"},
      {"is", "is"},
      {"as", "as"},
      {"il6s", "il6s"},
      {"2s", "2s"},
      {"\u03B2s", "\u03B2s"},
      {"1.5", "1.5"},
      {"", ""},
      {"skies", "sky"},
  };
  th_stemmer *s = th_stemmer_new();
  assert_non_null(s);
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_true(th_span_eq(th_stem(s, th_span_of(cases[i].word)), th_span_of(cases[i].stem)));
  th_stemmer_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(stems)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
