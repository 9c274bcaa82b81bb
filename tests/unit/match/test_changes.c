/* What must not change a verdict: sentences that say nothing of the criterion, their order, units;
 * and with less said no more is decided. Over the cases of tests/cases/match/verdicts.txt and over
 * structured records. Then leaves whose facts belong together, against all possible worlds. */
#include "../test.h"

#include "../chance.h"

#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "cases.h"
#include "match/verdict.h"

/* ---- notes ---- */

enum { SENTENCES = 12 };

/* The note cut behind full stops that a blank or the end follows. */
static uint32_t sentences(th_span note, th_span out[SENTENCES]) {
  uint32_t n = 0;
  size_t from = 0;
  for (size_t i = 0; i < note.n && n < SENTENCES; i++)
    if (note.p[i] == '.' && (i + 1 == note.n || note.p[i + 1] == ' ')) {
      out[n++] = th_span_trim((th_span){note.p + from, i + 1 - from});
      from = i + 1;
    }
  return n;
}

typedef struct change {
  th_pairs *x;
  th_span kind, criterion;
  th_pair_result before;
  const char *name;
} change;

static th_pair_result judged(const change *c, const th_buf *note) {
  return judge(c->x, th_buf_view(note), c->kind, c->criterion, NULL);
}

static void expect_same(const change *c, const th_buf *note) {
  th_pair_result got = judged(c, note);
  if (got.verdict != c->before.verdict || got.basis != c->before.basis)
    fail_msg("%s: \"%.*s\" of \"%.*s\": %s, before %s", c->name, (int)c->criterion.n,
             c->criterion.p, (int)note->n, note->p, th_verdict_name(got.verdict),
             th_verdict_name(c->before.verdict));
}

static void put_sentence(th_buf *out, th_span s) {
  if (out->n) th_buf_char(out, ' ');
  th_buf_span(out, s);
}

/* The first sentence says who it is about and stays in front. */
static void try_changes(change *c, const th_span *s, uint32_t n, bool less) {
  th_buf note;
  th_buf_init(&note, 0);
  for (uint32_t i = 0; i < n; i++)
    put_sentence(&note, s[i]);
  c->before = judged(c, &note);
  put_sentence(&note, TH_SPAN("Quibbles were zonked yesterday."));
  c->name = "beside it";
  expect_same(c, &note);
  th_buf_clear(&note);
  put_sentence(&note, s[0]);
  for (uint32_t i = n; i-- > 1;)
    put_sentence(&note, s[i]);
  c->name = "another order";
  expect_same(c, &note);
  for (uint32_t gone = 1; less && gone < n; gone++) {
    th_buf_clear(&note);
    for (uint32_t i = 0; i < n; i++)
      if (i != gone) put_sentence(&note, s[i]);
    if (c->before.verdict == TH_UNKNOWN)
      assert_int_equal(judged(c, &note).verdict, TH_UNKNOWN); /* less is said */
  }
  th_buf_dispose(&note);
}

static void try_line(void *ctx, const case_line *line) {
  uint32_t *n = ctx;
  th_span s[SENTENCES];
  uint32_t n_sentences = sentences(line->note, s);
  if (n_sentences < 2) return;
  for (int mode = TH_PRESUME_NONE; mode <= TH_PRESUME_SILENCE; mode++) {
    change c = {pairs_for((th_verdict_presume)mode), line->kind, line->criterion, {{0}, 0, 0}, ""};
    try_changes(&c, s, n_sentences, mode == TH_PRESUME_NONE);
    th_pairs_free(c.x);
    ++*n;
  }
}

static void test_notes(void **state) {
  (void)state;
  uint32_t n = 0;
  each_case(try_line, &n);
  assert_true(n > 60);
}

/* ---- structured records ---- */

static uint8_t of_record(const char *record, const char *kind, const char *criterion) {
  th_pairs *x = pairs_for(TH_PRESUME_CONSENT);
  uint8_t verdict =
      judge(x, th_span_of(record), th_span_of(kind), th_span_of(criterion), NULL).verdict;
  th_pairs_free(x);
  return verdict;
}

/* The same value in other units, against bounds in other units. */
static void test_units(void **state) {
  (void)state;
  static const struct {
    const char *attribute, *values[3], *criteria[3];
    uint8_t want;
  } cases[] = {
      {"creatinine",
       {"1.6,\"unit\":\"mg/dL\"", "141.44,\"unit\":\"umol/L\"", "0.14144,\"unit\":\"mmol/L\""},
       {"Creatinine ≤ 2 mg/dL", "Creatinine ≤ 176.8 µmol/L", "Serum creatinine < 150 umol/L"},
       TH_MET},
      {"glucose",
       {"126,\"unit\":\"mg/dL\"", "7,\"unit\":\"mmol/L\"", "1.26,\"unit\":\"g/L\""},
       {"Glucose > 120 mg/dL", "Glucose > 6.6 mmol/L", "Glucose ≥ 6.9 mmol/L"},
       TH_MET},
      {"hemoglobin",
       {"9,\"unit\":\"g/dL\"", "90,\"unit\":\"g/L\"", "5.586,\"unit\":\"mmol/L\""},
       {"Hemoglobin ≥ 10 g/dL", "Hemoglobin ≥ 100 g/L", "Hemoglobin > 95 g/L"},
       TH_NOT_MET},
      {"platelets",
       {"120,\"unit\":\"10*9/L\"", "120000,\"unit\":\"/uL\"", "120000,\"unit\":\"/mm3\""},
       {"Platelets ≥ 100 x 10^9/L", "Platelets ≥ 100,000/mm3", "Platelet count > 100000/µL"},
       TH_MET},
      {"weight",
       {"80,\"unit\":\"kg\"", "176.37,\"unit\":\"lb\"", "80000,\"unit\":\"g\""},
       {"Weight < 100 kg", "Body weight < 200 lb", "Weight ≤ 80.1 kg"},
       TH_MET},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    for (size_t v = 0; v < 3; v++)
      for (size_t c = 0; c < 3; c++) {
        char record[256];
        snprintf(record, sizeof record,
                 "{\"age\":50,\"sex\":\"female\",\"values\":[{\"attribute\":\"%s\",\"value\":%s}]}",
                 cases[i].attribute, cases[i].values[v]);
        uint8_t got = of_record(record, "inclusion", cases[i].criteria[c]);
        if (got != cases[i].want)
          fail_msg("%s, %s: %s", record, cases[i].criteria[c], th_verdict_name(got));
      }
}

static void test_order(void **state) {
  (void)state;
  static const char *const records[] = {
      "{\"age\":50,\"sex\":\"male\",\"conditions\":[\"asthma\",{\"name\":\"stroke\",\"status\":"
      "\"past\"}],\"medications\":[\"metformin\",\"aspirin\"]}",
      "{\"medications\":[\"aspirin\",\"metformin\"],\"conditions\":[{\"name\":\"stroke\","
      "\"status\":\"past\"},\"asthma\"],\"sex\":\"male\",\"age\":50}"};
  static const char *const criteria[] = {"Asthma",         "Stroke within 3 months",
                                         "COPD or asthma", "Metformin",
                                         "Warfarin",       "Asthma with stroke"};
  for (size_t i = 0; i < TH_COUNT(criteria); i++)
    assert_int_equal(of_record(records[0], "exclusion", criteria[i]),
                     of_record(records[1], "exclusion", criteria[i]));
}

/* ---- facts that belong together, against all possible worlds ---- */

enum { FACTS = 6 };
static const struct joint {
  const char *words;
  bool alternative, both; /* linked in an inclusion; in an exclusion */
} joints[] = {{" or ", true, false},   {" and ", false, false},      {" with ", false, true},
              {"; ", false, false},    {" caused by ", false, true}, {" (meaning ", false, true},
              {" (or ", false, false}, {" and/or ", false, false}};

typedef struct sample {
  char text[256];
  th_elig_fact f[FACTS];
  bool linked[FACTS];
  uint32_t n;
} sample;

static void make_sample(sample *s, bool exclusion) {
  static const char *const names[FACTS] = {"a1", "b2", "c3", "d4", "e5", "f6"};
  size_t at = 0;
  *s = (sample){.n = 1 + below(FACTS)};
  for (uint32_t i = 0; i < s->n; i++) {
    const struct joint *j = &joints[below(TH_COUNT(joints))];
    if (i) at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%s", j->words);
    s->linked[i] = i && (exclusion ? j->both : j->alternative);
    s->f[i] = (th_elig_fact){.type = TH_ELIG_CONCEPT,
                             .category = TH_ELIG_CONDITION,
                             .label = th_span_of(names[i]),
                             .from = (uint32_t)at};
    at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%s", names[i]);
    s->f[i].to = (uint32_t)at;
  }
}

/* Groups of neighbours; any of a group in an inclusion and all groups, the other way round in an
 * exclusion. */
static bool world(const sample *s, bool exclusion, uint32_t so) {
  bool whole = !exclusion;
  for (uint32_t i = 0; i < s->n;) {
    bool group = so >> i & 1;
    for (i++; i < s->n && s->linked[i]; i++)
      group = exclusion ? group && (so >> i & 1) : group || (so >> i & 1);
    whole = exclusion ? whole || group : whole && group;
  }
  return whole;
}

static uint8_t slow(const sample *s, bool exclusion, const int *known) {
  bool seen[2] = {false, false};
  for (uint32_t so = 0; so < 1u << s->n; so++) {
    bool possible = true;
    for (uint32_t i = 0; i < s->n; i++)
      possible &= known[i] < 0 || known[i] == (int)(so >> i & 1);
    if (possible) seen[world(s, exclusion, so)] = true;
  }
  return seen[0] && seen[1] ? TH_UNKNOWN : seen[1] ? TH_MET : TH_NOT_MET;
}

static void test_links(void **state) {
  (void)state;
  th_arena arena;
  th_arena_init(&arena, 0);
  seed = random_start(0xA0761D6478BD642Fu);
  for (int round = 0; round < 4000; round++) {
    bool exclusion = round & 1;
    sample s;
    int known[FACTS];
    th_patient_fact facts[FACTS];
    th_patient p = {.facts = facts, .age_low = NAN, .age_high = NAN};
    make_sample(&s, exclusion);
    for (uint32_t i = 0; i < s.n; i++)
      if ((known[i] = (int)below(3) - 1) >= 0)
        facts[p.n_facts++] = (th_patient_fact){.type = TH_FACT_CONCEPT,
                                               .category = TH_ELIG_CONDITION,
                                               .attribute = -1,
                                               .concept_id = TH_NO_CONCEPT,
                                               .label = s.f[i].label,
                                               .absent = !known[i]};
    th_elig_node n = {.to = (uint32_t)strlen(s.text),
                      .next = 1,
                      .n_facts = s.n,
                      .number = 1,
                      .kind = exclusion ? TH_ELIG_EXCLUSION : TH_ELIG_INCLUSION,
                      .combine = exclusion ? TH_ELIG_ANY : TH_ELIG_ALL};
    th_elig_tree tree = {th_span_of(s.text), &n, 1, s.f, s.n};
    th_verdict_patient ready;
    th_verdicts v;
    th_arena_reset(&arena, false);
    assert_int_equal(th_verdict_prepare(&ready, &p, NULL, &arena, NULL), 0);
    assert_int_equal(th_verdict_read(&v, &tree, &ready, TH_PRESUME_NONE, &arena, NULL), 0);
    uint8_t want = slow(&s, exclusion, known);
    if (v.nodes[0].verdict != want)
      fail_msg("round %d, %s \"%s\": %s, slowly %s", round, exclusion ? "exclusion" : "inclusion",
               s.text, th_verdict_name(v.nodes[0].verdict), th_verdict_name(want));
  }
  th_arena_dispose(&arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_notes),
      cmocka_unit_test(test_units),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_links),
  };
  return cmocka_run_group_tests(tests, open_words, close_words);
}
