#include "../test.h"

#include "portal/slug.h"

#include <stdio.h>
#include <time.h>

static void slugs_are_recognised(void **state) {
  (void)state;
  static const struct {
    const char *title, *slug;
    bool is;
  } cases[] = {
      {"Breast Cancer", "breast-cancer", true},
      {"breast  cancer", "breast-cancer", true},
      {"(Breast) Cancer.", "breast-cancer", true},
      {"Crohn's Disease", "crohn-s-disease", true},
      {"Sj\xC3\xB6gren Syndrome", "sjogren-syndrome", true},
      {"Sj\xC3\xB6gren Syndrome", "sjgren-syndrome", false},
      {"Breast Cancers", "breast-cancer", false},
      {"Breast", "breast-cancer", false},
      {"BreastCancer", "breast-cancer", false},
      {"", "", false},
      {"...", "", false},
  };
  th_buf scratch;
  th_buf_init(&scratch, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    if (th_slug_is(th_span_of(cases[i].title), th_span_of(cases[i].slug), &scratch) != cases[i].is)
      fail_msg("%s is%s %s", cases[i].title, cases[i].is ? " not" : "", cases[i].slug);
  th_buf_dispose(&scratch);
}

/* Against making the slug and comparing, over random titles, their own slugs and those of others.
 */
static void slugs_agree_with_making_them(void **state) {
  (void)state;
  static const char *const parts[] = {"a",
                                      "B",
                                      "7",
                                      " ",
                                      "-",
                                      "'",
                                      ",",
                                      "\xC3\xA9",
                                      "word",
                                      "longerword",
                                      "(",
                                      "  ",
                                      "\xE2\x80\x93",
                                      "\xC3\x9F"};
  unsigned seed = (unsigned)time(NULL);
  print_message("seed %u\n", seed);
  th_buf scratch, slug, other;
  th_buf_init(&scratch, 0);
  th_buf_init(&slug, 0);
  th_buf_init(&other, 0);
  for (int round = 0; round < 20000; round++) {
    char title[400] = "";
    size_t n = 0, pieces = (size_t)rand_r(&seed) % 24;
    for (size_t i = 0; i < pieces; i++)
      n += (size_t)snprintf(title + n, sizeof title - n, "%s",
                            parts[(size_t)rand_r(&seed) % TH_COUNT(parts)]);
    th_buf_clear(&slug);
    th_slug_put((th_span){title, n}, &slug);
    bool own = slug.n > 0;
    if (th_slug_is((th_span){title, n}, th_buf_view(&slug), &scratch) != own)
      fail_msg("\"%s\" and its slug %.*s", title, (int)slug.n, slug.p);
    bool same = own && th_span_eq(th_buf_view(&slug), th_buf_view(&other));
    if (th_slug_is((th_span){title, n}, th_buf_view(&other), &scratch) != same)
      fail_msg("\"%s\" and %.*s", title, (int)other.n, other.p);
    if (rand_r(&seed) % 4 == 0) {
      th_buf_clear(&other);
      th_buf_span(&other, th_buf_view(&slug));
    }
  }
  th_buf_dispose(&scratch);
  th_buf_dispose(&slug);
  th_buf_dispose(&other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slugs_are_recognised),
      cmocka_unit_test(slugs_agree_with_making_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
