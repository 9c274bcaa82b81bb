#include "../test.h"

#include "portal/html.h"
#include "portal/words.h"
#include "study/catalogue.h"

#include <stdio.h>

static const char *text_of(th_buf *out) {
  static char text[512];
  snprintf(text, sizeof text, "%.*s", (int)out->n, out->p ? out->p : "");
  th_buf_clear(out);
  return text;
}

static void messages_are_said_in_the_language(void **state) {
  (void)state;
  assert_string_equal(th_say_str(TH_LANG_EN, M(search_studies)), "Search studies");
  assert_string_equal(th_say_str(TH_LANG_ES, M(search_studies)), "Buscar estudios");
  /* The same words that are no message stay as they are: a title of a study, say. */
  assert_string_equal(th_say_str(TH_LANG_ES, "Search studies"), "Search studies");
  assert_string_equal(th_say_label(TH_LANG_ES, "Recruiting"), "Recluta");
  assert_string_equal(th_say_label(TH_LANG_EN, "Recruiting"), "Recruiting");
  assert_string_equal(th_say_label(TH_LANG_ES, "no such label"), "no such label");
}

static void a_page_speaks_one_language(void **state) {
  (void)state;
  th_buf out, scratch;
  th_html h;
  th_buf_init(&out, 0);
  th_buf_init(&scratch, 0);
  th_html_init(&h, TH_LANG_ES, &out, &scratch);
  th_html_open(&h, "form", NULL);
  th_html_action(&h, "/search");
  th_html_attr_str(&h, "aria-label", M(order));
  th_html_link_str(&h, NULL, "/places", M(trials_by_location));
  th_html_link_str(&h, NULL, "/api/v2/version", "Order");
  th_html_close(&h);
  assert_string_equal(text_of(&out), "\n<form action=\"/es/search\" aria-label=\"Orden\">"
                                     "<a href=\"/es/places\">Ensayos por lugar</a>"
                                     "<a href=\"/api/v2/version\">Order</a></form>");
  th_buf_dispose(&out);
  th_buf_dispose(&scratch);
}

static void paths_name_the_language(void **state) {
  (void)state;
  static const struct {
    const char *path;
    th_lang lang;
  } cases[] = {{"/", TH_LANG_EN},      {"/es", TH_LANG_ES},    {"/es/", TH_LANG_ES},
               {"/es/a", TH_LANG_ES},  {"/essay", TH_LANG_EN}, {"", TH_LANG_EN},
               {"/study", TH_LANG_EN}, {"/x/es/", TH_LANG_EN}};
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_int_equal(th_lang_of_path(th_span_of(cases[i].path)), cases[i].lang);
}

static void records_are_worded(void **state) {
  (void)state;
  static const struct {
    const char *low, *high, *english, *spanish;
  } ages[] = {{"18 Years", "75 Years", "18 to 75 years old", "De 18 a 75 a\xC3\xB1os"},
              {"1 Month", "18 Years", "1 month to 18 years old", "De 1 mes a 18 a\xC3\xB1os"},
              {"18 Years", "", "18 years and older", "18 a\xC3\xB1os o m\xC3\xA1s"},
              {"", "17 Years", "up to 17 years old", "Hasta 17 a\xC3\xB1os"},
              {"", "", "All ages", "Todas las edades"},
              {"Child", "N/A", "Child to N/A", "Child to N/A"}};
  static const struct {
    const char *date, *english, *spanish;
  } dates[] = {{"2004-01-05", "January 5, 2004", "5 de enero de 2004"},
               {"2004-12", "December 2004", "diciembre de 2004"},
               {"2004", "2004", "2004"},
               {"soon", "soon", "soon"}};
  th_buf out;
  th_buf_init(&out, 0);
  for (size_t i = 0; i < TH_COUNT(ages); i++) {
    th_span low = th_span_of(ages[i].low), high = th_span_of(ages[i].high);
    th_words_ages(TH_LANG_EN, low, high, &out);
    assert_string_equal(text_of(&out), ages[i].english);
    th_words_ages(TH_LANG_ES, low, high, &out);
    assert_string_equal(text_of(&out), ages[i].spanish);
  }
  for (size_t i = 0; i < TH_COUNT(dates); i++) {
    th_words_date(TH_LANG_EN, th_span_of(dates[i].date), &out);
    assert_string_equal(text_of(&out), dates[i].english);
    th_words_date(TH_LANG_ES, th_span_of(dates[i].date), &out);
    assert_string_equal(text_of(&out), dates[i].spanish);
  }
  th_words_participants(TH_LANG_ES, 12345, 2, &out);
  assert_string_equal(text_of(&out), "12.345 participantes en 2 grupos de pacientes");
  th_words_enrollment(TH_LANG_ES, 1, TH_SPAN("ESTIMATED"), &out);
  assert_string_equal(text_of(&out), "1 paciente (previstos)");
  th_words_number(TH_LANG_EN, -1234567, &out);
  assert_string_equal(text_of(&out), "-1,234,567");
  th_words_number(TH_LANG_ES, 1234, &out);
  assert_string_equal(text_of(&out), "1234");
  th_buf_dispose(&out);
}

/* Tables stand in the order of th_lang; a prefix is the code behind a slash. */
static void one_list_of_languages(void **state) {
  (void)state;
#define CODE(id, code, name, prefix) code,
  static const char *const codes[] = {TH_LANGS(CODE)};
  for (int lang = 0; lang < TH_LANG_COUNT; lang++) {
    const char *prefix = th_lang_prefix((th_lang)lang);
    assert_string_equal(th_message_tables[lang].code, codes[lang]);
    if (lang == TH_LANG_EN) continue;
    assert_int_equal(prefix[0], '/');
    assert_string_equal(prefix + 1, codes[lang]);
  }
}

static void what_programs_read_stands_once(void **state) {
  (void)state;
  static const struct {
    const char *path;
    bool once;
  } cases[] = {{"/", false},
               {"/search", false},
               {"/search?term=a", false},
               {"/search.csv", true},
               {"/api/v2/x", true},
               {"/assets/style.css", true},
               {"/sitemap.xml", true},
               {"/study/{nct}/history/{versions}", false}};
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_int_equal(th_lang_stands_once(th_span_of(cases[i].path)), cases[i].once);
}

static void decimals(void **state) {
  (void)state;
  static const struct {
    const char *text, *en, *es;
  } cases[] = {{"5734", "5,734", "5734"},
               {"1628.14", "1,628.14", "1628,14"},
               {"12345.60", "12,345.60", "12.345,60"},
               {"0.05", "0.05", "0,05"},
               {"-3.2", "-3.2", "-3,2"},
               {"0", "0", "0"},
               {"<0.001", "<0.001", "<0.001"},
               {"007", "007", "007"},
               {"1.", "1.", "1."},
               {".5", ".5", ".5"},
               {"NA", "NA", "NA"},
               {"", "", ""},
               {"1.2.3", "1.2.3", "1.2.3"},
               {"-", "-", "-"}};
  th_buf out = {0};
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    for (int lang = 0; lang < 2; lang++) {
      const char *wanted = lang == TH_LANG_ES ? cases[i].es : cases[i].en;
      th_buf_clear(&out);
      th_words_decimal((th_lang)lang, th_span_of(cases[i].text), &out);
      if (!th_span_eq(th_buf_view(&out), th_span_of(wanted)))
        fail_msg("%s: %.*s, wanted %s", cases[i].text, (int)out.n, out.p, wanted);
    }
  th_buf_dispose(&out);
}

static void terms_are_said_without_case(void **state) {
  (void)state;
  static const struct {
    const char *english, *spanish; /* NULL: none of the terms */
  } cases[] = {{"Participants", "Participantes"},
               {"participants", "participantes"},
               {"years", "a\xC3\xB1os"},
               {"LOST TO FOLLOW-UP", "Perdido en el seguimiento"},
               {"Race (NIH/OMB)", "Raza (NIH/OMB)"},
               {"t-test, 2 sided", "prueba t bilateral"},
               {"Participants who", NULL},
               {"Part", NULL},
               {"", NULL}};
  th_buf out = {0};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_buf_clear(&out);
    bool said = th_say_term(TH_LANG_ES, th_span_of(cases[i].english), &out);
    assert_int_equal(said, cases[i].spanish != NULL);
    if (said && !th_span_eq(th_buf_view(&out), th_span_of(cases[i].spanish)))
      fail_msg("%s: %.*s", cases[i].english, (int)out.n, out.p);
    if (!said) assert_int_equal(out.n, 0);
  }
  for (size_t i = 1; i < th_message_tables[TH_LANG_ES].n_terms; i++) {
    const th_message_label *two = &th_message_tables[TH_LANG_ES].terms[i - 1];
    assert_true(strcmp(two[0].english, two[1].english) < 0);
  }
  th_buf_dispose(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decimals),
      cmocka_unit_test(terms_are_said_without_case),
      cmocka_unit_test(one_list_of_languages),
      cmocka_unit_test(what_programs_read_stands_once),
      cmocka_unit_test(messages_are_said_in_the_language),
      cmocka_unit_test(a_page_speaks_one_language),
      cmocka_unit_test(paths_name_the_language),
      cmocka_unit_test(records_are_worded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
