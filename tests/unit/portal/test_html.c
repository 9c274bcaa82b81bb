#include "../test.h"

#include "portal/html.h"

#include <stdio.h>

static th_buf out, scratch;
static th_html h;

static void start(void) {
  th_buf_clear(&out);
  th_html_init(&h, TH_LANG_EN, &out, &scratch);
}

static const char *written(void) {
  static char text[2048];
  snprintf(text, sizeof text, "%.*s", (int)out.n, out.p ? out.p : "");
  return text;
}

static void texts_are_escaped(void **state) {
  (void)state;
  static const struct {
    const char *text, *html;
  } cases[] = {
      {"plain", "<p class=\"a\" title=\"plain\">plain</p>"},
      {"<script>alert(1)</script>",
       "<p class=\"a\" title=\"&lt;script&gt;alert(1)&lt;/script&gt;\">"
       "&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
      {"\" onload=\"x", "<p class=\"a\" title=\"&quot; onload=&quot;x\">&quot; onload=&quot;x</p>"},
      {"' & <b>", "<p class=\"a\" title=\"&#39; &amp; &lt;b&gt;\">&#39; &amp; &lt;b&gt;</p>"},
      {"&lt;", "<p class=\"a\" title=\"&amp;lt;\">&amp;lt;</p>"},
      {"", "<p class=\"a\" title=\"\"></p>"},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    start();
    th_html_open(&h, "p", "a");
    th_html_attr_str(&h, "title", cases[i].text);
    th_html_str(&h, cases[i].text);
    th_html_close(&h);
    assert_int_equal(th_html_finish(&h, NULL), 0);
    assert_string_equal(written() + 1, cases[i].html); /* behind the line break */
  }
}

static void links_lead_to_safe_places(void **state) {
  (void)state;
  static const struct {
    const char *url;
    bool safe;
  } cases[] = {
      {"/study/NCT00000102", true},
      {"/", true},
      {"#more", true},
      {"https://example.org/?a=b&c=d", true},
      {"HTTP://example.org", true},
      {"mailto:a@example.org", true},
      {"tel:+15550100", true},
      {"", false},
      {"//example.org", false},
      {"/\\example.org", false},
      {"javascript:alert(1)", false},
      {"JavaScript:alert(1)", false},
      {" javascript:alert(1)", false},
      {"java\nscript:alert(1)", false},
      {"https:\n//example.org", false},
      {"data:text/html,x", false},
      {"vbscript:x", false},
      {"http:", false},
      {"www.example.org", false},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    start();
    th_html_link_str(&h, NULL, cases[i].url, "there");
    assert_int_equal(th_html_finish(&h, NULL), 0);
    if (!!strstr(written(), "<a href=\"") != cases[i].safe) fail_msg("%s", cases[i].url);
    assert_non_null(strstr(written(), ">there</"));
  }
  start();
  th_html_link_str(&h, NULL, "https://example.org/\"x", "there");
  assert_string_equal(
      written(), "<a href=\"https://example.org/&quot;x\" rel=\"noopener nofollow\">there</a>");
}

static void elements_close_in_order(void **state) {
  (void)state;
  start();
  th_html_open(&h, "ul", NULL);
  th_html_open(&h, "li", NULL);
  th_html_open(&h, "input", NULL);
  th_html_attr_u64(&h, "value", 12);
  th_html_flag(&h, "disabled");
  th_html_close(&h);
  th_html_element_str(&h, "b", NULL, "x");
  th_html_close_n(&h, 2);
  assert_int_equal(th_html_finish(&h, NULL), 0);
  assert_string_equal(written(), "\n<ul>\n<li><input value=\"12\" disabled><b>x</b></li></ul>");

  start();
  th_html_open(&h, "p", NULL);
  assert_int_equal(th_html_finish(&h, NULL), TH_EUSAGE); /* left open */
  start();
  th_html_close(&h);
  assert_int_equal(th_html_finish(&h, NULL), TH_EUSAGE); /* closed once too often */
  start();
  th_html_attr_str(&h, "a", "b");
  assert_int_equal(th_html_finish(&h, NULL), TH_EUSAGE); /* no tag to put it in */
  start();
  for (int i = 0; i < TH_HTML_DEPTH + 5; i++)
    th_html_open(&h, "b", NULL);
  th_html_close_n(&h, TH_HTML_DEPTH + 5);
  assert_int_equal(th_html_finish(&h, NULL), TH_EUSAGE); /* too deep, but never out of bounds */
}

static void numbers_have_groups(void **state) {
  (void)state;
  static const struct {
    int64_t v;
    const char *text;
  } cases[] = {{0, "0"},
               {999, "999"},
               {1000, "1,000"},
               {-12345, "-12,345"},
               {1234567, "1,234,567"},
               {INT64_MIN, "-9,223,372,036,854,775,808"}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    start();
    th_html_i64(&h, cases[i].v);
    assert_string_equal(written(), cases[i].text);
  }
}

static void marks_stand_in_escaped_text(void **state) {
  (void)state;
  th_mark marks[] = {{2, 5}, {4, 6}, {7, 7}, {8, 99}};
  start();
  th_html_marked(&h, TH_SPAN("a <b>& c>"), marks, TH_COUNT(marks));
  assert_int_equal(th_html_finish(&h, NULL), 0);
  assert_string_equal(written(), "a <mark>&lt;b&gt;</mark>&amp; c<mark>&gt;</mark>");
  start();
  th_html_marked(&h, TH_SPAN(""), NULL, 0);
  assert_string_equal(written(), "");
}

static void markup_is_tamed(void **state) {
  (void)state;
  start();
  th_html_open(&h, "div", NULL);
  th_html_markup(&h, TH_SPAN("<img src=x onerror=alert(1)> [a](javascript:x) \\<65"));
  th_html_close(&h);
  assert_int_equal(th_html_finish(&h, NULL), 0);
  assert_null(strstr(written(), "<img"));
  assert_null(strstr(written(), "href"));
  assert_non_null(strstr(written(), "&lt;65"));
}

static void failures_are_kept(void **state) {
  (void)state;
  th_buf small;
  th_buf_init(&small, 16);
  th_html_init(&h, TH_LANG_EN, &small, &scratch);
  th_html_element_str(&h, "p", NULL, "more than sixteen bytes of text");
  assert_int_equal(th_html_finish(&h, NULL), TH_ELIMIT);
  th_buf_dispose(&small);
}

static int teardown(void **state) {
  (void)state;
  th_buf_dispose(&out);
  th_buf_dispose(&scratch);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts_are_escaped),           cmocka_unit_test(links_lead_to_safe_places),
      cmocka_unit_test(elements_close_in_order),     cmocka_unit_test(numbers_have_groups),
      cmocka_unit_test(marks_stand_in_escaped_text), cmocka_unit_test(markup_is_tamed),
      cmocka_unit_test(failures_are_kept),
  };
  return cmocka_run_group_tests(tests, NULL, teardown);
}
