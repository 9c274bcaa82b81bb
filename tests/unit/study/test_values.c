/* Dates, ages and NCT numbers. */
#include "../test.h"

#include "study/age.h"
#include "study/date.h"
#include "study/nct.h"

#include <stdio.h>
#include <time.h>

static uint64_t seed;
static uint32_t next_random(void) {
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(seed >> 33);
}
static void new_seed(void) {
  const char *given = getenv("TRIALHEAD_SEED");
  seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  print_message("seed %llu\n", (unsigned long long)seed);
}

/* Bytes of the kind that the readers look at, with some of any kind among them; exactly as long as
 * its allocation, so that the address sanitizer sees a step over the end. */
static th_span random_text(const char *alphabet) {
  size_t n = next_random() % 28, letters = strlen(alphabet);
  char *p = malloc(n ? n : 1);
  for (size_t i = 0; i < n; i++)
    p[i] = next_random() % 16 ? alphabet[next_random() % letters] : (char)next_random();
  return (th_span){p, n};
}

/* ---- dates ---- */

static void dates(void **state) {
  (void)state;
  static const struct {
    const char *text, *first, *last, *english; /* first NULL: refused */
  } cases[] = {
      {"2004", "2004-01-01", "2004-12-31", "2004"},
      {"2004-02", "2004-02-01", "2004-02-29", "February 2004"},
      {"1900-02", "1900-02-01", "1900-02-28", "February 1900"},
      {"2004-01-05", "2004-01-05", "2004-01-05", "January 5, 2004"},
      {"2099-12-31", "2099-12-31", "2099-12-31", "December 31, 2099"},
      {"0001-01-01", "0001-01-01", "0001-01-01", "January 1, 1"},
      {"9999-12", "9999-12-01", "9999-12-31", "December 9999"},
      {"2023-07-09T13:05", "2023-07-09", "2023-07-09", "July 9, 2023, 13:05"},
      {"01/05/2004", "2004-01-05", "2004-01-05", "January 5, 2004"},
      {"1/5/2004", "2004-01-05", "2004-01-05", "January 5, 2004"},
      {"January 5, 2004", "2004-01-05", "2004-01-05", "January 5, 2004"},
      {"january 05 2004", "2004-01-05", "2004-01-05", "January 5, 2004"},
      {"January 2004", "2004-01-01", "2004-01-31", "January 2004"},
      {"Sep 30, 2010", "2010-09-30", "2010-09-30", "September 30, 2010"},
      {"2001-02-29"},
      {"2001-13"},
      {"2001-00-10"},
      {"2001-1-1"},
      {"0000"},
      {"13/01/2004"},
      {"2004-01-05T24:00"},
      {"2004-01-05T1:00"},
      {"2004-"},
      {"20045"},
      {"January"},
      {"Janu 2004"},
      {"January 32, 2004"},
      {"January 5,2004"},
      {" 2004"},
      {"2004-01-05 "},
      {""},
      {"N/A"},
      {"2004/01/05"},
      {"February 30, 2004"},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_date d, first, last;
    bool good = th_date_parse(th_span_of(cases[i].text), &d);
    if (good != !!cases[i].first) fail_msg("%s", cases[i].text);
    if (!good) continue;
    assert_true(th_date_parse(th_span_of(cases[i].first), &first));
    assert_true(th_date_parse(th_span_of(cases[i].last), &last));
    assert_int_equal(d.first_day, first.first_day);
    assert_int_equal(d.last_day, last.first_day);
    th_buf b = {0};
    th_date_english(&d, &b);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].english);
    th_buf_dispose(&b);
  }
}

/* Every day of the calendar in turn, counted the slow way. */
static void calendar_day_by_day(void **state) {
  (void)state;
  static const unsigned lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int32_t day = th_date_days(1, 1, 1);
  assert_int_equal(th_date_days(1970, 1, 1), 0);
  assert_int_equal(th_date_days(2000, 3, 1), 11017);
  for (int y = 1; y <= 9999; y++)
    for (unsigned m = 1; m <= 12; m++) {
      bool leap = y % 400 == 0 || (y % 4 == 0 && y % 100 != 0);
      for (unsigned d = 1; d <= lengths[m - 1] + (m == 2 && leap); d++, day++) {
        int ry;
        unsigned rm, rd;
        th_date_civil(day, &ry, &rm, &rd);
        if (th_date_days(y, m, d) != day || ry != y || rm != m || rd != d)
          fail_msg("%d-%u-%u", y, m, d);
      }
    }
  assert_int_equal(day, th_date_days(10000, 1, 1));
}

static void years_between(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
    int years;
  } cases[] = {{"2000-02-29", "2001-02-28", 0},
               {"2000-02-29", "2001-03-01", 1},
               {"1980-05-05", "2020-05-04", 39},
               {"1980-05-05", "2020-05-05", 40},
               {"1980-05-05", "1980-05-05", 0}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_date a, b;
    assert_true(th_date_parse(th_span_of(cases[i].from), &a));
    assert_true(th_date_parse(th_span_of(cases[i].to), &b));
    assert_int_equal(th_date_years_between(a.first_day, b.first_day), cases[i].years);
  }
}

static void random_dates(void **state) {
  (void)state;
  new_seed();
  unsigned good = 0;
  for (int i = 0; i < 300000; i++) {
    th_span s = random_text(i & 1 ? "0123456789--T:" : "0012/ ,JanuaryMay");
    th_date d, again;
    if (th_date_parse(s, &d)) {
      th_buf b = {0};
      good++;
      th_date_iso(&d, &b);
      assert_true(th_date_parse(th_buf_view(&b), &again));
      assert_memory_equal(&d.first_day, &again.first_day, 2 * sizeof d.first_day);
      assert_true(d.precision == again.precision && d.minute == again.minute);
      assert_true(d.first_day <= d.last_day && d.last_day - d.first_day <= 365);
      if (d.precision < TH_DATE_MINUTE) {
        th_buf_clear(&b);
        th_date_english(&d, &b);
        if (b.n > 4 && d.first_day >= th_date_days(1000, 1, 1))
          assert_true(th_date_parse(th_buf_view(&b), &again) && again.first_day == d.first_day);
      }
      th_buf_dispose(&b);
    }
    free((void *)s.p);
  }
  assert_true(good > 0);
}

/* ---- ages ---- */

static void ages(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t minutes; /* -1: refused */
    const char *back;
  } cases[] = {
      {"18 Years", 18 * 525960LL, "18 years"},
      {"1 Month", 43830, "1 month"},
      {"12 Months", 525960, "12 months"},
      {"6 Weeks", 6 * 10080LL, "6 weeks"},
      {"10 Days", 14400, "10 days"},
      {"12 Hours", 720, "12 hours"},
      {"5 Minutes", 5, "5 minutes"},
      {"0 Years", 0, "0 years"},
      {"1 years", 525960, "1 year"},
      {"2 YEAR", 2 * 525960LL, "2 years"},
      {"18d", 18 * 1440LL, "18 days"},
      {"64y", 64 * 525960LL, "64 years"},
      {"3m", 3 * 43830LL, "3 months"},
      {"6 meses", 6 * 43830LL, "6 months"},
      {"10 días", 10 * 1440LL, "10 days"},
      {"3 min", 3, "3 minutes"},
      {" 7  w ", 7 * 10080LL, "7 weeks"},
      {"999999999 Years", 999999999 * 525960LL, "999999999 years"},
      {"1000000000 Years", -1, NULL},
      {"N/A", -1, NULL},
      {"", -1, NULL},
      {"18", -1, NULL},
      {"Years", -1, NULL},
      {"18 Yearss", -1, NULL},
      {"18 Decades", -1, NULL},
      {"-1 Years", -1, NULL},
      {"1.5 Years", -1, NULL},
      {"18 Years old", -1, NULL},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_age a;
    bool good = th_age_parse(th_span_of(cases[i].text), &a);
    if (good != (cases[i].minutes >= 0)) fail_msg("%s", cases[i].text);
    if (!good) continue;
    assert_int_equal(a.minutes, cases[i].minutes);
    th_buf b = {0};
    th_age_text(&a, &b);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].back);
    th_buf_dispose(&b);
  }
  assert_true(th_age_is_none(TH_SPAN("n/a")) && th_age_is_none(TH_SPAN(" ")));
  assert_false(th_age_is_none(TH_SPAN("18")));
}

static void age_ranges(void **state) {
  (void)state;
  static const struct {
    const char *min, *max, *text;
  } cases[] = {
      {"1 Month", "18 Years", "1 month to 18 years old"},
      {"18 Years", "75 Years", "18 to 75 years old"},
      {"0 Years", "1 Year", "0 to 1 year old"},
      {"18 Years", "18 Years", "18 years old"},
      {"18 Years", "", "18 years and older"},
      {"1 Day", "N/A", "1 day and older"},
      {"", "17 Years", "up to 17 years old"},
      {"", "", "All ages"},
      {"N/A", "N/A", "All ages"},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_age min, max;
    bool has_min = th_age_parse(th_span_of(cases[i].min), &min);
    bool has_max = th_age_parse(th_span_of(cases[i].max), &max);
    th_buf b = {0};
    th_age_range_text(has_min ? &min : NULL, has_max ? &max : NULL, &b);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].text);
    th_buf_dispose(&b);
  }
}

static void random_ages(void **state) {
  (void)state;
  new_seed();
  for (int i = 0; i < 200000; i++) {
    th_span s = random_text("0123459  YEARSmonthsdw");
    th_age a, again;
    if (th_age_parse(s, &a)) {
      th_buf b = {0};
      th_age_text(&a, &b);
      assert_true(th_age_parse(th_buf_view(&b), &again));
      assert_true(a.minutes == again.minutes && a.unit == again.unit && a.amount == again.amount);
      th_buf_dispose(&b);
    }
    free((void *)s.p);
  }
}

/* ---- NCT numbers ---- */

static void nct_numbers(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint32_t nct; /* 0: refused */
  } cases[] = {
      {"NCT00000102", 102},
      {"nct102", 102},
      {"nCt1", 1},
      {"NCT99999999", 99999999},
      {"NCT0000000000000000000000102", 102},
      {"NCT100000000", 0},
      {"NCT00000000", 0},
      {"NCT", 0},
      {"NCT ", 0},
      {" NCT00000102", 0},
      {"NCT00000102 ", 0},
      {"NCT 00000102", 0},
      {"NCT-102", 0},
      {"NCT10a", 0},
      {"XCT102", 0},
      {"", 0},
      {"102", 0},
      {"NCT00000102\n", 0},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    uint32_t nct = 0;
    char text[TH_NCT_LEN + 1];
    assert_int_equal(th_nct_parse(th_span_of(cases[i].text), &nct), cases[i].nct != 0);
    assert_int_equal(nct, cases[i].nct);
    if (!nct) continue;
    assert_true(th_nct_parse(th_span_of(th_nct_format(nct, text)), &nct));
    assert_int_equal(nct, cases[i].nct);
    assert_int_equal(strlen(text), TH_NCT_LEN);
  }
}

static void nct_numbers_in_text(void **state) {
  (void)state;
  static const struct {
    const char *text, *found; /* numbers, each with a blank behind it */
  } cases[] = {
      {"NCT00000102", "102 "},
      {"see NCT00000102, nct 00000105 and NCT-7.", "102 105 7 "},
      {"(NCT#00000102); NCT: 00000105", "102 105 "},
      {"https://clinicaltrials.gov/study/NCT00000102?term=x", "102 "},
      {"XNCT00000102 NCT00000102x NCT1234567890 NCT", ""},
      {"NCT NCT 5", "5 "},
      {"NCT00000000", ""},
      {"incT 5 nct\xC3\xA9", ""},
      {"", ""},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_span text = th_span_of(cases[i].text), match;
    th_buf b = {0};
    uint32_t nct;
    for (size_t at = 0; th_nct_find(text, at, &match, &nct);
         at = (size_t)(match.p - text.p) + match.n)
      th_buf_printf(&b, "%u ", nct);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].found);
    th_buf_dispose(&b);
  }
}

static void random_nct_numbers(void **state) {
  (void)state;
  new_seed();
  for (int i = 0; i < 200000; i++) {
    th_span s = random_text("NCTnct0000123 -"), match;
    uint32_t nct = 0, again = 0;
    if (th_nct_parse(s, &nct)) assert_true(nct >= 1 && nct <= TH_NCT_MAX);
    if (th_nct_find(s, 0, &match, &again)) {
      assert_true(match.p >= s.p && match.p + match.n <= s.p + s.n && again >= 1);
      if (nct && match.n == s.n) assert_int_equal(nct, again);
    }
    free((void *)s.p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates),
      cmocka_unit_test(calendar_day_by_day),
      cmocka_unit_test(years_between),
      cmocka_unit_test(random_dates),
      cmocka_unit_test(ages),
      cmocka_unit_test(age_ranges),
      cmocka_unit_test(random_ages),
      cmocka_unit_test(nct_numbers),
      cmocka_unit_test(nct_numbers_in_text),
      cmocka_unit_test(random_nct_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
