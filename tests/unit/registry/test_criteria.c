/* The criteria book beside the index: made, taken over, made anew. */
#define _GNU_SOURCE
#include <glob.h>

#include "../test.h"

#include "../criteria/same.h"
#include "base/json.h"
#include "criteria/accepts.h"
#include "criteria/sure.h"
#include "criteria/writer.h"
#include "folder.h"
#include "registry/concepts.h"
#include "registry/criteria.h"

static const char *const criteria[] = {
    "Inclusion Criteria:\\n\\n* Age 18 to 75 years\\n* Asthma\\n* ECOG 0-1\\n\\nExclusion "
    "Criteria:\\n\\n* Creatinine > 1.5 mg/dL\\n* Grubel syndrome\\n* Pregnant women",
    "* Hemoglobin at least 9 g/dL, unless severe asthma",
    "",
    "Inclusion Criteria:\\n\\n* Any of the following:\\n  * PaO2 < 65 mmHg\\n  * history of asthma "
    "within 6 months",
};

/* which: of the criteria; none when there are no so many. */
static void record(th_buf *out, unsigned nct, const char *condition, size_t which) {
  th_buf_printf(out,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"Study %u\"},\"statusModule\":{\"overallStatus\":\"RECRUITING\"},"
                "\"conditionsModule\":{\"conditions\":[\"%s\"]}",
                nct, nct, condition);
  if (which < TH_COUNT(criteria))
    th_buf_printf(out, ",\"eligibilityModule\":{\"eligibilityCriteria\":\"%s\"}", criteria[which]);
  th_buf_str(out, "}}\n");
}

static void import_range(th_registry *r, unsigned first, unsigned last, const char *condition,
                         size_t shift) {
  th_buf b;
  th_buf_init(&b, 0);
  for (unsigned i = first; i <= last; i++)
    record(&b, i, condition, (i + shift) % (TH_COUNT(criteria) + 1));
  import_all(r, &b);
  th_buf_dispose(&b);
}

typedef struct seen {
  th_registry *r;
  const th_snapshot *s;
  th_concepts dict;
  th_arena arena;
  th_json_parser *parser;
  th_buf json;
  uint32_t trees, facts, concepts;
} seen;

/* A tree of the book is what reading the record now gives. */
static int expect_same(void *ctx, uint32_t nct, uint32_t segment, uint32_t doc,
                       const th_elig_tree *tree) {
  seen *v = ctx;
  th_json j;
  th_record found;
  th_err err = {0};
  th_elig_tree want, whole;
  (void)segment, (void)doc;
  th_arena_reset(&v->arena, false);
  th_buf_clear(&v->json);
  assert_int_equal(th_registry_study(v->r, nct, &v->json, &found, NULL, &err), 0);
  assert_int_equal(th_json_parse(v->parser, found.json, &j, &err), 0);
  th_span text = th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
  assert_int_equal(th_elig_read_concepts(text, &v->dict, NULL, &v->arena, &want, &err), 0);
  if (!same_tree(&want, tree)) fail_msg("NCT%08u is not what it was read as", nct);
  assert_int_equal(th_registry_criteria(v->s, &found, text, &v->arena, &whole, &err), 0);
  assert_true(same_tree(&want, &whole) && whole.text.n == text.n);
  v->trees++;
  v->facts += tree->n_facts;
  for (uint32_t i = 0; i < tree->n_facts; i++)
    v->concepts += tree->facts[i].type == TH_ELIG_CONCEPT && tree->facts[i].category <= 1;
  return 0;
}

static seen expect_sound(th_registry *r, uint32_t studies) {
  seen v = {.r = r};
  th_err err = {0};
  th_arena arena, trees;
  th_criteria_book book;
  th_arena_init(&arena, 0);
  th_arena_init(&trees, 0);
  th_arena_init(&v.arena, 0);
  th_buf_init(&v.json, 0);
  v.parser = th_json_parser_new(1 << 20, 64);
  v.s = th_index_acquire(th_registry_index(r));
  assert_int_equal(th_registry_concepts(v.s, &v.dict, &err), 0);
  assert_int_equal(th_criteria_book_open(&book, v.s, &arena, &err), 0);
  assert_int_equal(book.n_missing, 0);
  assert_int_equal(th_criteria_book_each(&book, &trees, expect_same, &v, &err), 0);
  assert_int_equal(v.trees, studies);
  th_index_release(th_registry_index(r), v.s);
  th_json_parser_free(v.parser);
  th_buf_dispose(&v.json);
  th_arena_dispose(&v.arena);
  th_arena_dispose(&trees);
  th_arena_dispose(&arena);
  return v;
}

static void every_study_has_a_tree(void **state) {
  (void)state;
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import_range(r, 1, 500, "Asthma", 0);
  seen v = expect_sound(r, 500);
  assert_true(v.facts > 500 && v.concepts > 100);
  th_registry_close(r);
}

static void changes_and_new_names_reach_it(void **state) {
  (void)state;
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import_range(r, 1, 300, "Asthma", 0);
  seen before = expect_sound(r, 300);
  import_range(r, 100, 400, "Asthma", 1); /* the same names */
  expect_sound(r, 400);
  import_range(r, 401, 402, "Grubel syndrome", 0); /* a new one, for all studies */
  seen after = expect_sound(r, 402);
  assert_true(after.concepts > before.concepts * 402 / 300);
  th_registry_close(r);
}

static void a_merge_keeps_it(void **state) {
  (void)state;
  th_err err = {0};
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  for (unsigned i = 0; i < 5; i++)
    import_range(r, 1 + i * 20, 40 + i * 20, "Asthma", i);
  expect_sound(r, 120);
  assert_int_equal(th_registry_index_update(r, false, true, NULL, NULL, &err), 0);
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  assert_int_equal(s->n_segments, 1);
  th_index_release(th_registry_index(r), s);
  expect_sound(r, 120);
  assert_int_equal(th_registry_index_update(r, true, false, NULL, NULL, &err), 0);
  expect_sound(r, 120);
  th_registry_close(r);
}

/* In the place of the book of the first segment: one of another reader. */
static void put_foreign_book(th_registry *r) {
  char side[4096], segment[4096];
  th_err err = {0};
  th_criteria_basis basis;
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  th_criteria_basis_now(&basis, NULL);
  basis.reader[0]++;
  th_index_new_side_path(th_registry_index(r), side, sizeof side);
  th_index_path_of(th_registry_index(r), s, 0, segment, sizeof segment);
  th_criteria_writer *w = th_criteria_writer_new(side, &basis, &err);
  assert_non_null(w);
  assert_int_equal(th_criteria_writer_finish(w, true, &err), 0);
  th_index_side one = {.kind = TH_CRITERIA_SIDE, .path = side, .segment = segment};
  assert_int_equal(th_index_publish_sides(th_registry_index(r), &one, 1, &err), 0);
  th_index_release(th_registry_index(r), s);
}

static void another_readers_is_made_anew(void **state) {
  (void)state;
  th_err err = {0};
  th_arena arena;
  th_criteria_book book;
  th_elig_tree tree;
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import_range(r, 1, 50, "Asthma", 0);
  put_foreign_book(r);
  th_arena_init(&arena, 0);
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  assert_int_equal(th_criteria_book_open(&book, s, &arena, &err), 0);
  assert_int_equal(book.n_missing, 1);
  uint32_t nct = th_segment_nct(s->segments[0], 0);
  assert_int_equal(th_criteria_book_tree(&book, nct, &arena, &tree, &err), TH_ENOTFOUND);
  th_err_clear(&err);
  th_record record = {.nct = nct, .seq = th_segment_seq(s->segments[0], 0)};
  assert_int_equal(
      th_registry_criteria(s, &record, TH_SPAN("* Age > 18 years"), &arena, &tree, &err), 0);
  assert_int_equal(tree.n_facts, 1);
  th_index_release(th_registry_index(r), s);
  assert_int_equal(th_registry_index_update(r, false, false, NULL, NULL, &err), 0);
  expect_sound(r, 50);
  th_arena_dispose(&arena);
  th_registry_close(r);
}

/* ---- searching by values ---- */

typedef struct asked {
  uint32_t attribute;
  double value;
  const th_search_result *found;
  uint32_t n;
} asked;

static int expect_found(void *ctx, uint32_t nct, uint32_t segment, uint32_t doc,
                        const th_elig_tree *tree) {
  asked *a = ctx;
  bool found = false;
  (void)segment, (void)doc;
  for (uint32_t i = 0; i < a->found->n_hits && !found; i++)
    found = a->found->hits[i].nct == nct;
  if (found == th_criteria_refuses(tree, a->attribute, a->value))
    fail_msg("NCT%08u is wrongly %s", nct, found ? "found" : "left out");
  a->n += found;
  return 0;
}

static uint32_t expect_filter(th_registry *r, const char *name, const char *value) {
  th_err err = {0};
  th_arena arena, trees;
  th_criteria_book book;
  th_query *q;
  th_search_result result;
  asked a = {.found = &result};
  char text[128];
  th_arena_init(&arena, 0);
  th_arena_init(&trees, 0);
  snprintf(text, sizeof text, "ACCEPTS[%s]%s", name, value);
  const th_parse_options options = {.label = "test", .accepts = th_criteria_accepts};
  assert_int_equal(th_query_parse_with(&q, &arena, th_span_of(text), &options, &err), 0);
  const th_snapshot *s = th_index_acquire(th_registry_index(r));
  const th_search_request request = {.filter = q, .size = 10000, .count = true};
  assert_int_equal(th_search(s, &request, &arena, &result, &err), 0);
  a.attribute = (uint32_t)th_criteria_attribute(th_span_of(name));
  assert_int_equal(th_criteria_value(a.attribute, th_span_of(value), &a.value, &err), 0);
  assert_int_equal(th_criteria_book_open(&book, s, &arena, &err), 0);
  assert_int_equal(th_criteria_book_each(&book, &trees, expect_found, &a, &err), 0);
  assert_int_equal(a.n, result.n_hits);
  th_index_release(th_registry_index(r), s);
  th_arena_dispose(&trees);
  th_arena_dispose(&arena);
  return a.n;
}

static void a_filter_by_a_value_is_the_slow_one(void **state) {
  (void)state;
  th_err err = {0};
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import_range(r, 1, 300, "Asthma", 0);
  import_range(r, 200, 500, "Asthma", 1);
  for (int merged = 0; merged < 2; merged++) {
    uint32_t all = expect_filter(r, "potassium", "4 mmol/L");
    assert_int_equal(all, 500);
    assert_true(expect_filter(r, "creatinine", "1.8 mg/dL") < all);
    assert_int_equal(expect_filter(r, "creatinine", "1.2 mg/dL"), all);
    assert_true(expect_filter(r, "ecog", "2") < all);
    assert_true(expect_filter(r, "age", "0.5") < all);
    assert_true(expect_filter(r, "age", "80 years") < all);
    assert_int_equal(expect_filter(r, "age", "40"), all);
    assert_int_equal(expect_filter(r, "hemoglobin", "7 g/dL"), all); /* unless … */
    assert_int_equal(th_registry_index_update(r, false, true, NULL, NULL, &err), 0);
  }
  th_registry_close(r);
}

static void without_accepts_it_is_refused(void **state) {
  (void)state;
  th_err err = {0};
  th_arena arena;
  th_query *q;
  th_arena_init(&arena, 0);
  assert_int_equal(th_query_parse(&q, &arena, TH_SPAN("ACCEPTS[ecog]2"), 0, "test", &err),
                   TH_EUSAGE);
  th_err_clear(&err);
  /* without the bracket it is a word like any other */
  assert_int_equal(th_query_parse(&q, &arena, TH_SPAN("accepts ACCEPTS"), 0, "test", &err), 0);
  th_arena_dispose(&arena);
}

static void count_problem(void *ctx, const char *text) {
  (void)text;
  ++*(unsigned *)ctx;
}

/* The newest side file of the folder is that of the last segment's book. */
static void newest_side(char path[256]) {
  char pattern[128];
  glob_t found;
  snprintf(pattern, sizeof pattern, "%s/data/index/*.side", folder);
  assert_int_equal(glob(pattern, 0, NULL, &found), 0);
  snprintf(path, 256, "%s", found.gl_pathv[found.gl_pathc - 1]);
  globfree(&found);
}

static void a_damaged_one_is_found_and_mended(void **state) {
  (void)state;
  th_err err = {0};
  unsigned problems = 0;
  char path[256] = "", dir[80];
  snprintf(dir, sizeof dir, "%s/data", folder);
  th_registry *r = open_data(TH_REGISTRY_WRITE);
  import_range(r, 1, 50, "Asthma", 0);
  th_registry_close(r);
  assert_int_equal(th_registry_check(dir, true, count_problem, &problems, &err), 0);
  newest_side(path);
  FILE *f = fopen(path, "r+b");
  assert_non_null(f);
  fseek(f, 100, SEEK_SET);
  int c = fgetc(f);
  fseek(f, 100, SEEK_SET);
  fputc(c ^ 4, f);
  fclose(f);
  assert_int_equal(th_registry_check(dir, false, count_problem, &problems, &err), TH_ECORRUPT);
  assert_true(problems > 0);
  r = open_data(TH_REGISTRY_WRITE);
  th_err_clear(&err);
  assert_int_equal(th_registry_index_update(r, true, false, NULL, NULL, &err), 0);
  expect_sound(r, 50);
  th_registry_close(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_FOLDER(every_study_has_a_tree),
      IN_FOLDER(changes_and_new_names_reach_it),
      IN_FOLDER(a_merge_keeps_it),
      IN_FOLDER(another_readers_is_made_anew),
      IN_FOLDER(a_damaged_one_is_found_and_mended),
      IN_FOLDER(a_filter_by_a_value_is_the_slow_one),
      cmocka_unit_test(without_accepts_it_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
