/* The quick no in front of comparing concepts: with it and without it every verdict is the same,
 * for facts of patients and of criteria drawn from the same few names, codes and spellings. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../chance.h"
#include "../dictionary.h"

#include "match/kin.h"

#define CASES TH_SOURCE_ROOT "/tests/cases/match/"

enum { ROUNDS = 3000, FACTS = 4, ASKED = 12 };

/* A name of the dictionary, a built-in one or none of either, now and then in capitals. */
static th_span some_label(const th_concepts *d, th_arena *arena) {
  static const char *const others[] = {"obese",
                                       "obesity",
                                       "HTN",
                                       "hypertension",
                                       "",
                                       "tachycardia",
                                       "a thing that nobody named before"};
  th_label l = {.text = th_span_of(others[below(TH_COUNT(others))])};
  if (below(3)) assert_true(th_concepts_label(d, below(d->n_labels), &l));
  th_span out = th_arena_dup(arena, l.text);
  if (below(4) == 0)
    for (size_t i = 0; i < out.n; i++)
      if (out.p[i] >= 'a' && out.p[i] <= 'z') ((char *)(uintptr_t)out.p)[i] -= 32;
  return out;
}

static th_span some_code(const th_concepts *d, th_arena *arena) {
  th_span code = below(3) ? th_concepts_code(d, below(d->n_codes), NULL) : (th_span){0};
  if (!code.n || below(4)) return code;
  th_span lower = th_arena_dup(arena, code);
  for (size_t i = 0; i < lower.n && lower.p[i] != ':'; i++)
    if (lower.p[i] >= 'A' && lower.p[i] <= 'Z') ((char *)(uintptr_t)lower.p)[i] += 32;
  return lower;
}

static void make_patient(const th_concepts *d, th_arena *arena, th_patient *p,
                         th_patient_fact facts[FACTS]) {
  *p = (th_patient){.facts = facts, .age_low = NAN, .age_high = NAN};
  for (p->n_facts = 0; p->n_facts < below(FACTS + 1); p->n_facts++)
    facts[p->n_facts] =
        (th_patient_fact){.type = TH_FACT_CONCEPT,
                          .category = (uint8_t)below(TH_ELIG_GENE),
                          .attribute = -1,
                          .concept_id = below(2) ? below(d->n_concepts) : TH_NO_CONCEPT,
                          .label = some_label(d, arena),
                          .code = some_code(d, arena),
                          .absent = below(3) == 0};
}

/* How many of the facts the quick look lets through. */
static uint32_t compare(const th_verdict_patient *v, const th_kin *kin, th_arena *arena) {
  static const th_elig_tree none;
  th_verdict_patient with = *v;
  uint32_t let = 0;
  with.kin = kin;
  for (int i = 0; i < ASKED; i++) {
    th_elig_fact f = {.type = TH_ELIG_CONCEPT,
                      .category = (uint8_t)below(TH_ELIG_GENE),
                      .label = some_label(v->dict, arena),
                      .code = some_code(v->dict, arena)};
    th_verdict_fact slowly, quick;
    th_verdict_judge(&slowly, &none, &f, v, TH_PRESUME_SILENCE);
    th_verdict_judge(&quick, &none, &f, &with, TH_PRESUME_SILENCE);
    if (memcmp(&slowly, &quick, sizeof slowly))
      fail_msg("%.*s (%.*s): %s, slowly %s", (int)f.label.n, f.label.p, (int)f.code.n, f.code.p,
               th_verdict_name(quick.truth), th_verdict_name(slowly.truth));
    let += th_kin_may(kin, &f);
  }
  return let;
}

static void test_same_verdicts(void **state) {
  (void)state;
  words w;
  th_arena arena;
  uint32_t let = 0;
  words_open(&w, CASES "dictionary.txt");
  th_arena_init(&arena, 0);
  seed = random_start((uint64_t)time(NULL));
  for (int round = 0; round < ROUNDS; round++) {
    th_patient p;
    th_patient_fact facts[FACTS];
    th_verdict_patient v;
    const th_kin *kin;
    th_arena_reset(&arena, false);
    make_patient(&w.dict, &arena, &p, facts);
    assert_int_equal(th_verdict_prepare(&v, &p, &w.dict, &arena, NULL), 0);
    assert_int_equal(th_kin_make(&kin, &v, &arena, NULL), 0);
    let += compare(&v, kin, &arena);
  }
  print_message("let through: %u of %u\n", let, ROUNDS * ASKED);
  assert_true(let > ROUNDS * ASKED / 50 && let < ROUNDS * ASKED / 2);
  th_arena_dispose(&arena);
  words_close(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_verdicts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
