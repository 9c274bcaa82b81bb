#include "../test.h"

#include "base/arena.h"
#include "portal/lay_words.h"
#include "text/fold.h"

static th_arena arena;

static void check(const char *typed, const char *wanted) {
  th_span out = {0};
  bool found = th_lay_translate(th_span_of(typed), &arena, &out);
  if (!wanted) {
    if (found) fail_msg("%s: %.*s, wanted nothing", typed, (int)out.n, out.p);
    return;
  }
  if (!found || !th_span_eq(out, th_span_of(wanted)))
    fail_msg("%s: %.*s, wanted %s", typed, found ? (int)out.n : 0, found ? out.p : "", wanted);
}

static void what_people_type(void **state) {
  (void)state;
  check("asma", "asthma");
  check("ASMA", "asthma");
  check("Cáncer de mama", "breast cancer");
  check("cancer de mama triple negativo", "triple negative breast cancer");
  check("cáncer de mama Madrid", "breast cancer Madrid");
  check("cáncer de mama en Madrid", "breast cancer en Madrid"); /* the place's affair */
  check("asma, Madrid", "asthma, Madrid");
  check("niños con asma", "children asthma");
  check("vacuna para la gripe", "vaccine influenza");
  check("migraña y depresión", "migraine depression");
  check("metformina y diabetes tipo 2", "metformina type 2 diabetes");
  check("  epoc  ", "COPD");
}

/* Names that begin so before those with a word that does; accents are no matter. */
static void names_are_completed(void **state) {
  (void)state;
  static const struct {
    const char *typed, *first, *means;
  } cases[] = {{"migra",
                "migra\xC3\xB1"
                "a",
                "migraine"},
               {"c\xC3\xA1ncer de mam", "c\xC3\xA1ncer de mama", "breast cancer"},
               {"CANCER DE PROS", "c\xC3\xA1ncer de pr\xC3\xB3stata", "prostate cancer"},
               {"quistica", "fibrosis qu\xC3\xADstica", "cystic fibrosis"},
               {"xyz", NULL, NULL},
               {"", NULL, NULL}};
  const th_lay_word *found[4];
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    unsigned n = th_lay_complete(th_span_of(cases[i].typed), found, TH_COUNT(found));
    assert_int_equal(n > 0, cases[i].first != NULL);
    if (!n) continue;
    assert_string_equal(found[0]->shown, cases[i].first);
    assert_string_equal(found[0]->theirs, cases[i].means);
  }
  /* Never more than there is room for, each once, and all of them begin so. */
  for (unsigned max = 1; max <= TH_COUNT(found); max++) {
    unsigned n = th_lay_complete(TH_SPAN("can"), found, max);
    assert_int_equal(n, max);
    for (unsigned i = 0; i < n; i++) {
      assert_non_null(strstr(found[i]->ours, "can"));
      for (unsigned k = 0; k < i; k++)
        assert_ptr_not_equal(found[i], found[k]);
    }
  }
}

static void what_stays(void **state) {
  (void)state;
  check("", NULL);
  check("asthma", NULL);
  check("tumor", NULL); /* the same in both */
  check("pembrolizumab", NULL);
  check("NCT00000102", NULL);
  check("de la", NULL);
  char lengthy[260];
  memset(lengthy, 'a', sizeof lengthy - 1);
  memcpy(lengthy, "asma ", 5);
  lengthy[sizeof lengthy - 1] = 0;
  check(lengthy, NULL);
}

/* Each line of the table is found by its own key, which is folded as a typed word would be. */
static void every_line(void **state) {
  (void)state;
  assert_true(th_n_lay_words_es > 300);
  for (unsigned i = 0; i < th_n_lay_words_es; i++) {
    const th_lay_word *w = &th_lay_words_es[i];
    char folded[200];
    size_t n = th_text_fold(th_span_of(w->ours), folded, sizeof folded);
    assert_true(th_span_eq((th_span){folded, n}, th_span_of(w->ours)));
    if (strcasecmp(w->ours, w->theirs) != 0) check(w->ours, w->theirs);
    th_arena_reset(&arena, false);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_people_type),
      cmocka_unit_test(what_stays),
      cmocka_unit_test(names_are_completed),
      cmocka_unit_test(every_line),
  };
  th_arena_init(&arena, 0);
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  th_arena_dispose(&arena);
  return rc;
}
