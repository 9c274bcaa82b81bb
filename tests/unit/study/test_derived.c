/* The table of counted and computed fields against the catalogue. */
#include "../test.h"

#include "study/derived.h"

/* Every indexed-only field is the count of a list, a year, a sum, or one of three that the feed
 * works out by itself; and nothing else is. */
static void every_indexed_only_field_is_derived(void **state) {
  bool made[TH_F_COUNT] = {false};
  (void)state;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    uint16_t count = th_derived_count_field(f), year = th_derived_year_field(f);
    bool list = th_fields[f].flags & TH_FF_LIST;
    assert_int_equal(count != TH_F_NONE, list);
    if (count != TH_F_NONE) {
      assert_false(made[count]);
      made[count] = true;
      if (count != f) {
        assert_int_equal(th_fields[count].type, TH_FT_INT);
        /* It stands behind the list that it counts, in the same struct. */
        assert_int_equal(th_fields[count].parent, th_fields[f].parent);
        assert_true(count > f);
      }
    }
    if (year != TH_F_NONE) {
      assert_int_equal(th_fields[f].type, TH_FT_DATE);
      made[year] = true;
    }
  }
  for (unsigned i = 0; i < th_n_derived_sums; i++)
    made[th_derived_sums[i].sum] = true;
  made[TH_F_NumCollaboratorsPlusLead] = made[TH_F_NumUniqueLocationCountries] = true;
  made[TH_F_LocationCountryCode] = true;
  unsigned n = 0;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    bool own = th_derived_count_field(f) == f; /* a list of structs that counts itself */
    bool indexed_only = th_fields[f].flags & TH_FF_INDEXED_ONLY;
    if (made[f] != (indexed_only || own)) fail_msg("%s", th_fields[f].piece);
    n += indexed_only;
  }
  assert_int_equal(n, 77);
}

static void countries_have_codes(void **state) {
  static const struct {
    const char *name, *code;
  } cases[] = {{"United States", "US"},
               {"Turkey (Türkiye)", "TR"},
               {"Turkey", "TR"},
               {"Korea, Republic of", "KR"},
               {"South Korea", "KR"},
               {"Côte d’Ivoire", "CI"},
               {"Afghanistan", "AF"},
               {"Åland Islands", "AX"},
               {"Zimbabwe ", "ZW"},
               {"Nowhere", ""},
               {"", ""}};
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_span code = th_country_code(th_span_of(cases[i].name));
    if (!th_span_eq(code, th_span_of(cases[i].code)))
      fail_msg("%s: %.*s", cases[i].name, (int)code.n, code.p ? code.p : "");
  }
}

/* The look-up is by halves: the names must be in order. */
static void countries_are_in_order(void **state) {
  static const char *const names[] = {
#define COUNTRY(name, code) name,
#include "study/countries.def"
#undef COUNTRY
  };
  (void)state;
  for (size_t i = 1; i < TH_COUNT(names); i++)
    if (strcmp(names[i - 1], names[i]) >= 0)
      fail_msg("%s stands before %s", names[i - 1], names[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_indexed_only_field_is_derived),
      cmocka_unit_test(countries_have_codes),
      cmocka_unit_test(countries_are_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
