#include "../test.h"

#include "../chance.h"

#include "text/stem.h"

#include <libstemmer.h>

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

/* What highlights rely on: a word and its stem begin with the same byte. Over random words of
 * letters that stemming cares about, and the words it has exceptions for. */
static void stems_begin_as_their_words(void **state) {
  (void)state;
  static const char *const odd[] = {
      "skis",   "skies",   "dying",   "lying",   "tying",  "idly",    "gently",   "ugly",
      "early",  "only",    "singly",  "yes",     "youth",  "sky",     "news",     "inning",
      "outing", "herring", "canning", "proceed", "exceed", "succeed", "generate", "arsenal"};
  static const char letters[] = "aeiouyysstldnrgbcfhkmpvwxz";
  seed = random_start(20261122);
  th_stemmer *s = th_stemmer_new();
  assert_non_null(s);
  for (size_t i = 0; i < TH_COUNT(odd); i++)
    assert_int_equal(th_stem(s, th_span_of(odd[i])).p[0], odd[i][0]);
  for (unsigned round = 0; round < 200000; round++) {
    char word[16];
    size_t n = 1 + below(sizeof word - 1);
    for (size_t i = 0; i < n; i++)
      word[i] = letters[below(sizeof letters - 1)];
    th_span stem = th_stem(s, (th_span){word, n});
    if (!stem.n || stem.p[0] != word[0]) fail_msg("%.*s: %.*s", (int)n, word, (int)stem.n, stem.p);
  }
  th_stemmer_free(s);
}

/* Words whose end no rule knows are not given to the library: it must leave them as they are. */
static void stems_are_those_of_the_library(void **state) {
  (void)state;
  static const char *const ends[] = {
      "",   "ed", "ing", "er", "or", "ant",   "ent", "ist", "ion", "ism",  "ic", "ad", "ug", "ar",
      "at", "an", "um",  "oc", "en", "ogist", "ogy", "tor", "ful", "ness", "a",  "k",  "z"};
  static const char letters[] = "aeiouyysstldnrgbcfhkmpvwxzjq";
  seed = random_start(20261123);
  th_stemmer *s = th_stemmer_new();
  struct sb_stemmer *library = sb_stemmer_new("english", NULL);
  assert_non_null(s);
  assert_non_null(library);
  for (unsigned round = 0; round < 300000; round++) {
    char word[24];
    const char *end = ends[below(TH_COUNT(ends))];
    size_t n = 3 + below(8);
    for (size_t i = 0; i < n; i++)
      word[i] = letters[below(sizeof letters - 1)];
    memcpy(word + n, end, strlen(end));
    n += strlen(end);
    const char *expected = (const char *)sb_stemmer_stem(library, (const sb_symbol *)word, (int)n);
    th_span stem = th_stem(s, (th_span){word, n}),
            right = {expected, (size_t)sb_stemmer_length(library)};
    if (!th_span_eq(stem, right))
      fail_msg("%.*s: %.*s, not %.*s", (int)n, word, (int)stem.n, stem.p, (int)right.n, right.p);
  }
  sb_stemmer_delete(library);
  th_stemmer_free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(stems),
                                     cmocka_unit_test(stems_begin_as_their_words),
                                     cmocka_unit_test(stems_are_those_of_the_library)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
