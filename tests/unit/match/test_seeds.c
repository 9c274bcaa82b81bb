/* The two studies that the project starts from, with patients in words on both sides of every
 * criterion: tests/cases/match/seeds.txt. The studies' text is read from the shared folder. */
#include "../test.h"

#include <stdio.h>

#include "../shared.h"
#include "cases.h"
#include "match/verdict.h"

enum { CRITERIA_MAX = 64 };

static th_arena arena;
static th_buf studies;

/* Which verdicts a criterion has had, a bit each; `never` are those that it cannot have. */
static struct seen {
  char nct[16], id[TH_ELIG_ID_MAX];
  unsigned had, never;
} seen[CRITERIA_MAX];
static size_t n_seen;

static int setup(void **state) {
  th_arena_init(&arena, 0);
  return open_words(state);
}
static int teardown(void **state) {
  th_arena_dispose(&arena);
  th_buf_dispose(&studies);
  return close_words(state);
}

/* ---- a study ---- */

static th_span member(const th_json *j, const char *name) {
  char path[128];
  snprintf(path, sizeof path, "protocolSection.%s", name);
  return th_arena_dup(&arena, th_json_path_text(j, 0, path));
}

static bool read_line(const th_json *j, th_span nct, th_elig_tree *tree, th_verdict_study *study) {
  if (!th_span_eq(member(j, "identificationModule.nctId"), nct)) return false;
  *study = (th_verdict_study){0};
  study->has_min = th_age_parse(member(j, "eligibilityModule.minimumAge"), &study->min);
  study->has_max = th_age_parse(member(j, "eligibilityModule.maximumAge"), &study->max);
  th_span text = member(j, "eligibilityModule.eligibilityCriteria");
  assert_int_equal(th_elig_read_concepts(text, &w.dict, NULL, &arena, tree, NULL), 0);
  return true;
}

static void read_study(th_span nct, th_elig_tree *tree, th_verdict_study *study) {
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  th_span rest = th_buf_view(&studies);
  bool found = false;
  th_buf padded;
  th_buf_init(&padded, 0);
  while (rest.n && !found) {
    th_json j;
    th_buf_clear(&padded);
    th_buf_span(&padded, cut(&rest, "\n"));
    assert_non_null(th_buf_room(&padded, TH_PAD));
    assert_int_equal(th_json_parse(parser, th_buf_view(&padded), &j, NULL), 0);
    found = read_line(&j, nct, tree, study);
  }
  if (!found) fail_msg("no study %.*s", (int)nct.n, nct.p);
  th_buf_dispose(&padded);
  th_json_parser_free(parser);
}

/* ---- a case ---- */

static struct seen *seen_of(th_span nct, th_span id) {
  for (size_t i = 0; i < n_seen; i++)
    if (th_span_eq(nct, th_span_of(seen[i].nct)) && th_span_eq(id, th_span_of(seen[i].id)))
      return &seen[i];
  assert_true(n_seen < CRITERIA_MAX);
  snprintf(seen[n_seen].nct, sizeof seen->nct, "%.*s", (int)nct.n, nct.p);
  snprintf(seen[n_seen].id, sizeof seen->id, "%.*s", (int)id.n, id.p);
  return &seen[n_seen++];
}

static unsigned bit_of(th_span word) {
  for (uint8_t t = 0; t <= TH_MET; t++)
    if (th_span_eq(word, th_span_of(th_verdict_name(t)))) return 1u << t;
  fail_msg("no verdict: %.*s", (int)word.n, word.p);
  return 0;
}

/* For who has to find out why. */
static void print_facts(const th_verdicts *v, const th_elig_node *n) {
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_elig_fact *f = &v->tree->facts[i];
    print_message("    %.*s: %s, presumed %s\n", (int)(f->to - f->from), v->tree->text.p + f->from,
                  th_verdict_name(v->facts[i].truth), th_verdict_name(v->facts[i].presumed));
  }
}

/* What a line asks for: the study's grade, or a criterion. */
static const char *answer(const th_verdicts *v, const th_verdict_trial *t, th_span id,
                          const th_elig_node **node) {
  char got[TH_ELIG_ID_MAX];
  *node = NULL;
  if (th_span_eq(id, TH_SPAN("grade"))) return th_grade_name(t->grade);
  for (uint32_t i = 0; i < v->tree->n_nodes; i++) {
    th_elig_id(v->tree, i, got);
    if (!th_span_eq(id, th_span_of(got))) continue;
    *node = &v->tree->nodes[i];
    return th_verdict_name(v->nodes[i].verdict);
  }
  fail_msg("no criterion %.*s", (int)id.n, id.p);
  return "";
}

static int check_line(th_span name, const th_verdicts *v, const th_verdict_trial *t, th_span nct,
                      th_span line) {
  th_span id = th_span_trim(cut(&line, "|")), want = th_span_trim(line);
  const th_elig_node *node;
  const char *got = answer(v, t, id, &node);
  bool grade = th_span_eq(id, TH_SPAN("grade"));
  if (!grade) seen_of(nct, id)->had |= bit_of(want);
  if (th_span_eq(want, th_span_of(got))) return 0;
  print_message("%.*s: %.*s is %s, not %.*s\n", (int)name.n, name.p, (int)id.n, id.p, got,
                (int)want.n, want.p);
  if (node) print_facts(v, node);
  return 1;
}

/* "NCT…" on a line of its own says of which study the lines below are. */
static int check_case(th_span text) {
  th_span name = cut(&text, "\n"), record = cut(&text, "\n--\n"), nct = {0};
  th_patient_options o = {.has_as_of = true, .as_of = th_date_days(2026, 6, 15), .dict = &w.dict};
  th_patient p;
  th_verdict_patient ready;
  th_elig_tree tree;
  th_verdict_study study;
  th_verdicts v;
  th_verdict_trial t;
  th_err err = {0};
  int wrong = 0;
  th_arena_reset(&arena, true);
  record = th_arena_dup(&arena, record);
  if (th_patient_read(&p, record, &o, &err)) fail_msg("%s", err.message);
  assert_int_equal(th_verdict_prepare(&ready, &p, &w.dict, &arena, NULL), 0);
  assert_int_equal(th_verdict_listen(&ready, &arena, NULL), 0);
  while (text.n) {
    th_span line = th_span_trim(cut(&text, "\n"));
    if (!line.n || line.p[0] == '#') continue;
    if (!memchr(line.p, '|', line.n)) {
      nct = line;
      read_study(nct, &tree, &study);
      assert_int_equal(
          th_verdict_read(&v, &tree, &ready, presume_of(name, TH_PRESUME_CONSENT), &arena, NULL),
          0);
      th_verdict_sum(&t, &v, &ready, &study);
    } else {
      assert_true(nct.n > 0);
      wrong += check_line(name, &v, &t, nct, line);
    }
  }
  th_patient_dispose(&p);
  return wrong;
}

/* The head of the file: "# never | NCT… | E9 | met". */
static void read_never(th_span head) {
  while (head.n) {
    th_span line = th_span_trim(cut(&head, "\n"));
    if (!th_span_eq(th_span_trim(cut(&line, "|")), TH_SPAN("# never"))) continue;
    th_span nct = th_span_trim(cut(&line, "|")), id = th_span_trim(cut(&line, "|"));
    seen_of(nct, id)->never |= bit_of(th_span_trim(line));
  }
}

static void test_cases(void **state) {
  (void)state;
  const char *path = shared_path("data/seeds/seeds.ndjson");
  th_buf file;
  int wrong = 0;
  if (!path) return;
  th_buf_init(&studies, 0);
  th_buf_init(&file, 0);
  assert_int_equal(th_file_read(&studies, path, NULL), 0);
  assert_int_equal(th_file_read(&file, CASES "seeds.txt", NULL), 0);
  th_span all = th_buf_view(&file);
  read_never(cut(&all, "\n== "));
  while (all.n)
    wrong += check_case(cut(&all, "\n== "));
  for (size_t i = 0; i < n_seen; i++) {
    if ((seen[i].had | seen[i].never) == 7 && !(seen[i].had & seen[i].never)) continue;
    print_message("%s %s: had %u, never %u of 7\n", seen[i].nct, seen[i].id, seen[i].had,
                  seen[i].never);
    wrong++;
  }
  th_buf_dispose(&file);
  if (wrong) fail_msg("%d are wrong", wrong);
  assert_int_equal(n_seen, 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
