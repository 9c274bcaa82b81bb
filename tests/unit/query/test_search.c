/* th_search against the slow and obvious search of naive.c: random small registries in several
 * segments with dead documents, random expressions, filters, orders, facets; everything must be
 * equal, to the last bit of a score. With pruning and without, with vectors and without. */
#include "../test.h"

#include "../chance.h"
#include "../shared.h"
#include "naive.h"

#include <pthread.h>
#include <stdio.h>

#include "query/params.h"
#include "query/sets.h"

/* ---- records ---- */

static const char *const words[] = {
    "heart",  "attack", "cancer",  "lung", "trial",  "study",  "patients",  "GM-CSF",  "GMCSF",
    "IL-6",   "dose",   "running", "runs", "asthma", "breast", "treatment", "placebo", "x",
    "Müller", "5-FU",   "type",    "2",    "of",     "the",    "and",       "therapy", "pain",
};
static const char *const countries[] = {"France",        "United States", "South Korea",
                                        "Côte d’Ivoire", "FRANCE",        "North Korea"};
static const char *const statuses[] = {"RECRUITING", "COMPLETED", "UNKNOWN", "WITHDRAWN"};
static const char *const phases[] = {"PHASE1", "PHASE2", "PHASE3", "NA"};
static const char *const dates[] = {"2019",       "2020-05",    "2020-05-17", "2021-12-31",
                                    "2020-02-29", "1999-01-01", "2020-06"};
static const char *const ages[] = {"18 Years", "6 Months", "65 Years", "2 Days", "12 Months"};

/* Words are drawn unevenly: the first ones often, the last ones seldom. */
static const char *word(void) {
  uint32_t n = TH_COUNT(words);
  return words[below(1 + below(n))];
}

static void put_text(th_buf *b, uint32_t most) {
  uint32_t n = below(most + 1);
  th_buf_char(b, '"');
  for (uint32_t i = 0; i < n; i++)
    th_buf_printf(b, "%s%s", i ? chance(10) ? ", " : " " : "", word());
  th_buf_char(b, '"');
}

static void put_list(th_buf *b, const char *key, uint32_t most) {
  uint32_t n = below(most + 1);
  th_buf_printf(b, "\"%s\":[", key);
  for (uint32_t i = 0; i < n; i++) {
    if (i) th_buf_char(b, ',');
    put_text(b, 4);
  }
  th_buf_char(b, ']');
}

static void put_locations(th_buf *b) {
  uint32_t n = below(4);
  th_buf_str(b, "\"contactsLocationsModule\":{\"locations\":[");
  for (uint32_t i = 0; i < n; i++) {
    th_buf_printf(b, "%s{\"facility\":\"%s clinic\",\"status\":\"%s\",\"country\":\"%s\"",
                  i ? "," : "", word(), PICK(statuses), PICK(countries));
    if (chance(70))
      th_buf_printf(b, ",\"geoPoint\":{\"lat\":%d.%u,\"lon\":%d.%u}", (int)below(178) - 89,
                    below(1000), (int)below(358) - 179, below(1000));
    th_buf_char(b, '}');
  }
  th_buf_str(b, "]}");
}

static void put_record(th_buf *b, uint32_t nct) {
  th_buf_printf(
      b,
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":", nct);
  put_text(b, 8);
  th_buf_str(b, ",\"officialTitle\":");
  put_text(b, 12);
  th_buf_printf(b, "},\"statusModule\":{\"overallStatus\":\"%s\"", PICK(statuses));
  if (chance(80)) th_buf_printf(b, ",\"startDateStruct\":{\"date\":\"%s\"}", PICK(dates));
  th_buf_str(b, "},\"sponsorCollaboratorsModule\":{\"leadSponsor\":{\"name\":\"Sponsor ");
  th_buf_printf(b, "%s\"}},\"descriptionModule\":{\"briefSummary\":", word());
  put_text(b, 60);
  th_buf_str(b, "},\"conditionsModule\":{");
  put_list(b, "conditions", 3);
  th_buf_char(b, ',');
  put_list(b, "keywords", 3);
  th_buf_str(b, "},\"designModule\":{\"studyType\":\"INTERVENTIONAL\"");
  if (chance(70)) th_buf_printf(b, ",\"phases\":[\"%s\"]", PICK(phases));
  if (chance(60)) th_buf_printf(b, ",\"enrollmentInfo\":{\"count\":%u}", below(50));
  th_buf_str(b, "},\"eligibilityModule\":{\"eligibilityCriteria\":");
  put_text(b, 40);
  if (chance(70)) th_buf_printf(b, ",\"minimumAge\":\"%s\"", PICK(ages));
  if (chance(50)) th_buf_printf(b, ",\"maximumAge\":\"%s\"", PICK(ages));
  if (chance(50)) th_buf_printf(b, ",\"healthyVolunteers\":%s", chance(50) ? "true" : "false");
  th_buf_str(b, "},");
  put_locations(b);
  th_buf_printf(b, "},\"hasResults\":%s}", chance(20) ? "true" : "false");
}

static void make_corpus(corpus *c, uint32_t n_docs, uint32_t segments) {
  const corpus_plan plan = {
      .n_docs = n_docs, .segments = segments, .dead = below(2) ? 20 : 0, .put_record = put_record};
  corpus_make(c, &plan, &seed);
}

/* ---- queries ---- */

static void put_expression(th_buf *b, uint32_t depth);

static void put_words(th_buf *b) {
  uint32_t n = 1 + below(3);
  if (chance(25)) {
    th_buf_printf(b, "\"%s", word());
    for (uint32_t i = 0; i < n; i++)
      th_buf_printf(b, " %s", word());
    th_buf_char(b, '"');
    return;
  }
  for (uint32_t i = 0; i < n; i++)
    th_buf_printf(b, "%s%s", i ? " " : "", word());
}

static void put_area(th_buf *b, uint32_t depth) {
  static const char *const areas[] = {"AREA[BriefTitle]",        "AREA[ConditionSearch]",
                                      "AREA[Condition]",         "AREA[EligibilitySearch]",
                                      "AREA[DescriptionModule]", "AREA[LocationSearch]",
                                      "AREA[SponsorSearch]"};
  static const char *const whole[] = {
      "AREA[Phase]PHASE2",
      "AREA[Phase](PHASE1 OR NA)",
      "AREA[StartDate]RANGE[2020-05-10, MAX]",
      "AREA[StartDate]2020",
      "AREA[StartDate]RANGE[MIN, 2020-05-16]",
      "AREA[MaximumAge]MISSING",
      "AREA[Keyword]MISSING",
      "AREA[LocationGeoPoint]DISTANCE[10, 10, 4000km]",
      "AREA[EnrollmentCount]RANGE[10, 20]",
      "AREA[MinimumAge]RANGE[MIN, 1 year]",
      "AREA[LocationCountry]South Korea",
      "ALL",
  };
  if (chance(40)) {
    th_buf_str(b, PICK(whole));
    return;
  }
  th_buf_str(b, PICK(areas));
  th_buf_char(b, '(');
  put_expression(b, depth - 1);
  th_buf_char(b, ')');
}

static void put_expression(th_buf *b, uint32_t depth) {
  uint32_t kind = depth ? below(10) : 0, n = 2 + below(3);
  if (kind < 4) {
    put_words(b);
  } else if (kind < 8) {
    const char *op = kind < 6 ? " AND " : " OR ";
    th_buf_char(b, '(');
    for (uint32_t i = 0; i < n; i++) {
      if (i) th_buf_str(b, op);
      put_expression(b, depth - 1);
    }
    th_buf_char(b, ')');
  } else if (kind == 8) {
    th_buf_str(b, "NOT ");
    put_expression(b, depth - 1);
  } else {
    put_area(b, depth);
  }
}

static void put_flat(th_buf *b) {
  const char *op = chance(60) ? " OR " : " AND ";
  uint32_t n = 1 + below(5);
  for (uint32_t i = 0; i < n; i++)
    th_buf_printf(b, "%s%s", i ? op : "", word());
}

static const unsigned areas[] = {TH_A_BasicSearch,       TH_A_ConditionSearch, TH_A_TitleSearch,
                                 TH_A_EligibilitySearch, TH_A_COUNT,           TH_A_LocationSearch};

static th_query *random_query(th_arena *arena, th_buf *text) {
  th_query *q = NULL;
  th_err err = {0};
  th_buf_clear(text);
  if (chance(50))
    put_flat(text);
  else
    put_expression(text, 3);
  if (th_query_parse(&q, arena, th_buf_view(text), PICK(areas), "x", &err))
    fail_msg("%.*s: %s", (int)text->n, text->p, err.message);
  return q;
}

static th_query *random_filter(th_arena *arena, th_buf *text) {
  static const char *const filters[][2] = {
      {"status", "recruiting,completed"},
      {"status", "withdrawn"},
      {"phase", "2,3"},
      {"age", "30"},
      {"age", "1 month"},
      {"healthy", "yes"},
      {"near", "0,0,5000mi"},
      {"near", "60,170,3000km"},
      {"near", "89,0,2000km"},
      {"country", "france"},
      {"country", "Cote d'Ivoire|north korea"},
      {"country", "Côte d’Ivoire"},
      {"start", "2020-05-18.."},
      {"start", "2020-05..2020"},
      {"start", "..2019-06"},
      {"results", "with"},
      {"sponsor", "sponsor HEART"},
      {"condition", "Cancer"},
      {"ids", "NCT1,NCT2,NCT3,NCT4,NCT5,NCT6,NCT9"},
  };
  th_query *parts[3] = {NULL, NULL, NULL};
  th_err err = {0};
  for (uint32_t i = 0, n = below(3); i < n; i++) {
    uint32_t k = below(TH_COUNT(filters));
    th_buf_printf(text, " --%s %s", filters[k][0], filters[k][1]);
    if (th_filter_parse(&parts[i], arena, th_span_of(filters[k][0]), th_span_of(filters[k][1]),
                        &err))
      fail_msg("%s", err.message);
    if (chance(15)) parts[i] = th_query_not(arena, parts[i]);
  }
  if (chance(10)) {
    th_buf_str(text, " filter ");
    th_buf own;
    th_buf_init(&own, 0);
    parts[2] = random_query(arena, &own);
    th_buf_span(text, th_buf_view(&own));
    th_buf_dispose(&own);
  }
  return parts[0] || parts[2] ? th_query_and(arena, parts, 3) : NULL;
}

static void random_order(th_search_request *r, th_buf *text) {
  static const char *const sorts[] = {"relevance",           "newest",          "start",
                                      "enrollment",          "distance",        "StartDate:asc",
                                      "EnrollmentCount:asc", "MinimumAge:desc", "relevance:asc",
                                      "distance:desc"};
  th_err err = {0};
  r->point_lat = 10.5;
  r->point_lon = -70;
  if (chance(60)) return;
  r->n_sort = 1 + below(2);
  for (unsigned i = 0; i < r->n_sort; i++) {
    const char *name = PICK(sorts);
    th_buf_printf(text, " sort %s", name);
    assert_int_equal(th_sort_parse(&r->sort[i], th_span_of(name), &err), 0);
  }
}

static void try_one(const corpus *c, uint64_t case_seed) {
  static const th_facet_request facets[] = {
      {TH_F_OverallStatus, 20},
      {TH_F_LocationCountry, 3},
      {TH_F_HealthyVolunteers, 5},
      {TH_F_Condition, 1000},
  };
  th_arena arena;
  th_buf text;
  th_search_request r = {0};
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  if (chance(85)) r.scored = random_query(&arena, &text);
  if (chance(50)) r.filter = random_filter(&arena, &text);
  random_order(&r, &text);
  r.size = chance(80) ? 1 + below(12) : chance(50) ? 0 : 1000;
  r.from = chance(70) ? 0 : below(20);
  r.count = chance(30);
  r.facets = facets;
  r.n_facets = chance(20) ? 1 + below(4) : 0;
  r.exhaustive = chance(20);
  r.scores = chance(50);
  th_kernels_force_scalar(chance(20));
  th_buf_printf(&text, " from %u size %u count %d facets %u exhaustive %d (seed %llu)", r.from,
                r.size, r.count, r.n_facets, r.exhaustive, (unsigned long long)case_seed);
  th_buf_char(&text, 0);
  corpus_compare(c, &r, text.p);
  th_kernels_force_scalar(false);
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

static void compare_results(const th_search_result *a, const th_search_result *b,
                            const char *what) {
  if (a->n_hits != b->n_hits) fail_msg("%s: %u hits, not %u", what, a->n_hits, b->n_hits);
  for (uint32_t i = 0; i < a->n_hits; i++)
    if (a->hits[i].nct != b->hits[i].nct || a->hits[i].score != b->hits[i].score)
      fail_msg("%s: hit %u is %u, not %u", what, i, a->hits[i].nct, b->hits[i].nct);
}

static void compare_facets(const th_facet *a, const th_facet *b, const char *what) {
  if (a->n != b->n || a->missing != b->missing)
    fail_msg("%s: facet of %u, not %u", what, a->n, b->n);
  for (uint32_t v = 0; v < a->n; v++)
    if (a->values[v].count != b->values[v].count ||
        !th_span_eq(a->values[v].value, b->values[v].value))
      fail_msg("%s: facet value %u", what, v);
}

/* Sets made together hold what searches one by one find; within them hits, facets and choices are
 * the same. */
static void try_sets(const corpus *c, uint64_t case_seed) {
  enum { SETS = 4 };
  static const th_facet_request wanted[] = {{TH_F_OverallStatus, 20}, {TH_F_Condition, 4}};
  th_arena arena;
  th_buf text;
  th_err err = {0};
  uint64_t **sets[SETS];
  const th_query *filters[SETS] = {NULL};
  uint32_t chosen[SETS];
  th_search_result one, within;
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  th_query *q = chance(85) ? random_query(&arena, &text) : NULL;
  for (int i = 1; i < SETS; i++)
    filters[i] = random_filter(&arena, &text);
  th_buf_printf(&text, " (sets, seed %llu)", (unsigned long long)case_seed);
  th_buf_char(&text, 0);
  assert_int_equal(th_sets_make(&c->snapshot, q, filters, SETS, &arena, sets, &err), 0);
  assert_int_equal(th_set_counts(&c->snapshot, sets[0], filters, SETS, chosen, &err), 0);
  for (int i = 0; i < SETS; i++) {
    th_facet facets[TH_COUNT(wanted)];
    th_search_request r = {.scored = q,
                           .filter = filters[i],
                           .size = 10,
                           .count = true,
                           .facets = wanted,
                           .n_facets = 2};
    assert_int_equal(th_search(&c->snapshot, &r, &arena, &one, &err), 0);
    assert_int_equal(th_set_size(&c->snapshot, sets[i]), one.total);
    assert_int_equal(chosen[i], one.total);
    assert_int_equal(th_set_facets(&c->snapshot, sets[i], wanted, 2, &arena, facets, &err), 0);
    for (size_t f = 0; f < TH_COUNT(wanted); f++)
      compare_facets(&facets[f], &one.facets[f], text.p);
    th_search_request known = {.scored = q, .within = sets[i], .size = 10};
    assert_int_equal(th_search(&c->snapshot, &known, &arena, &within, &err), 0);
    compare_results(&within, &one, text.p);
  }
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

static void test_sets(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 8; i++) {
    corpus c;
    make_corpus(&c, i == 7 ? 5000 : 1 + below(200), 1 + below(4));
    for (uint32_t k = 0; k < 60; k++)
      try_sets(&c, seed);
    corpus_dispose(&c);
  }
}

static void run_random(uint32_t corpora, uint32_t n_docs, uint32_t queries) {
  for (uint32_t i = 0; i < corpora; i++) {
    corpus c;
    make_corpus(&c, 1 + below(n_docs), 1 + below(4));
    for (uint32_t k = 0; k < queries; k++) {
      uint64_t case_seed = seed;
      try_one(&c, case_seed);
    }
    corpus_dispose(&c);
  }
}

static void test_random_small(void **state) {
  (void)state;
  run_random(12, 60, 150);
}

/* Longer than a block and than a window: bounds, skipping and paging over edges. */
static void test_random_large(void **state) {
  (void)state;
  run_random(2, 1500, 150);
  corpus c;
  make_corpus(&c, 9000, 2);
  for (uint32_t k = 0; k < 60; k++) {
    uint64_t case_seed = seed;
    try_one(&c, case_seed);
  }
  corpus_dispose(&c);
}

static void test_empty(void **state) {
  (void)state;
  th_snapshot none = {0};
  th_search_request r = {.size = 10, .count = true};
  th_search_result out;
  th_arena arena;
  th_err err = {0};
  th_arena_init(&arena, 0);
  assert_int_equal(th_search(&none, &r, &arena, &out, &err), 0);
  assert_int_equal(out.n_hits, 0);
  assert_int_equal(out.total, 0);
  assert_false(out.more);
  th_arena_dispose(&arena);
}

/* Pages put together are the whole order. */
static void test_pages(void **state) {
  (void)state;
  corpus c;
  th_arena arena;
  th_buf text;
  th_err err = {0};
  th_search_result whole, page;
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  make_corpus(&c, 300, 3);
  th_search_request r = {.size = 1000};
  assert_int_equal(
      th_query_typed((th_query **)&r.scored, &arena, TH_SPAN("heart"), TH_A_BasicSearch, &err), 0);
  assert_int_equal(th_search(&c.snapshot, &r, &arena, &whole, &err), 0);
  assert_true(whole.n_hits > 50 && !whole.more);
  r.size = 7;
  for (r.from = 0; r.from < whole.n_hits; r.from += 7) {
    assert_int_equal(th_search(&c.snapshot, &r, &arena, &page, &err), 0);
    assert_int_equal(page.n_hits, TH_MIN(7, whole.n_hits - r.from));
    assert_int_equal(page.more, r.from + 7 < whole.n_hits);
    for (uint32_t i = 0; i < page.n_hits; i++)
      assert_int_equal(page.hits[i].nct, whole.hits[r.from + i].nct);
  }
  r.from = UINT32_MAX;
  r.size = UINT32_MAX;
  assert_int_equal(th_search(&c.snapshot, &r, &arena, &page, &err), 0);
  assert_int_equal(page.n_hits, 0);
  corpus_dispose(&c);
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

/* An arena that ends anywhere gives TH_ENOMEM and leaves the thread's scratch clean. */
static void test_no_memory(void **state) {
  (void)state;
  corpus c;
  th_query *q, *phrase;
  th_err err = {0};
  th_arena own;
  th_facet_request facet = {TH_F_LocationCountry, 5};
  make_corpus(&c, 200, 2);
  th_arena_init(&own, 0);
  assert_int_equal(th_query_parse(&q, &own,
                                  TH_SPAN("(heart OR (lung AND \"trial study\")) NOT GM-CSF"),
                                  TH_A_BasicSearch, "x", &err),
                   0);
  assert_int_equal(
      th_query_parse(&phrase, &own, TH_SPAN("heart cancer"), TH_A_BasicSearch, "x", &err), 0);
  th_search_request r = {.scored = q, .size = 5, .count = true, .facets = &facet, .n_facets = 1};
  th_search_request plain = {.scored = phrase, .size = 5};
  int rc = -1;
  for (size_t limit = 64; rc; limit += 256) {
    th_arena arena;
    th_search_result out;
    th_err e = {0};
    th_arena_init(&arena, limit);
    rc = th_search(&c.snapshot, &r, &arena, &out, &e);
    if (rc) assert_int_equal(rc, TH_ENOMEM);
    th_arena_dispose(&arena);
    assert_true(limit < 4 << 20);
  }
  corpus_compare(&c, &r, "after failures");
  corpus_compare(&c, &plain, "after failures");
  th_arena_dispose(&own);
  corpus_dispose(&c);
}

/* All variants of the inner loops on the same random input. */
static void test_kernels(void **state) {
  (void)state;
  enum { CLASSES = 3000, DOCS = 300 };
  static const uint32_t distincts[] = {0, 320, CLASSES};
  uint32_t met_long = 0, met_wide = 0, met_pair = 0, met_apart = 0;
  float wide[CLASSES], narrow[CLASSES], of_norm[256], length[DOCS];
  uint8_t norms[DOCS];
  for (uint32_t round = 0; round < 2000; round++) {
    uint32_t distinct = PICK(distincts); /* one byte a code, with long ones, two bytes */
    uint32_t docs[TH_BLOCK], classes[TH_BLOCK], n = below(TH_BLOCK + 1), acc[64];
    uint32_t out[2][2][TH_BLOCK + 8], scope[TH_BLOCK + 8], m[2];
    uint8_t seen[64];
    uint64_t bits[2][2];
    for (uint32_t i = 0; i < CLASSES; i++)
      wide[i] = chance(30) ? 0 : (float)below(i < distinct ? 1000 : 90) / 37;
    bool two = chance(50);
    for (uint32_t i = 0; i < CLASSES; i++) /* few differ, so that pairs are as rare as weights */
      narrow[i] = chance(2) ? wide[i] / 2 : chance(2) ? 0 : wide[i];
    for (uint32_t i = 0; i < 256; i++)
      of_norm[i] = 0.6f + (float)below(1000) / 99;
    for (uint32_t i = 0; i < DOCS; i++) {
      norms[i] = (uint8_t)below(256);
      length[i] = of_norm[norms[i]];
    }
    uint32_t way = below(3); /* lengths by document, by norm, none */
    for (uint32_t i = 0; i < n; i++)
      docs[i] = below(DOCS), classes[i] = below(CLASSES);
    for (uint32_t i = 0; i < 64; i++)
      acc[i] = chance(50) ? below(100) : below(INT32_MAX),
      seen[i] = (uint8_t)(chance(50) ? below(256) : 0);
    th_class_pair *pair =
        th_class_pair_make(wide, two ? narrow : NULL, CLASSES, chance(50) ? 64 : 0);
    assert_non_null(pair);
    assert_true(pair->wide.width == 1 || distinct);
    met_long += pair->wide.n_long > 0;
    met_wide += pair->wide.width == 2;
    met_pair += pair->narrow.in != NULL;
    met_apart += pair->apart != NULL;
    assert_true(th_class_pair_bytes(pair) > CLASSES / 8);
    const th_class_weights *other = th_class_pair_narrow(pair);
    assert_int_equal(other != &pair->wide, two);
    for (uint32_t i = 0; i < CLASSES; i++) {
      assert_true(th_class_weight(&pair->wide, i) == wide[i]);
      if (two) assert_true(th_class_weight(other, i) == narrow[i]);
    }
    th_weights w = {chance(50) ? other : &pair->wide, way ? NULL : length, way < 2 ? norms : NULL,
                    of_norm, -1};
    float idf = (float)below(10000) / 700;
    uint32_t least = 1 + (chance(50) ? below(100) : below(INT32_MAX));
    for (int k = 0; k < 2; k++) {
      th_kernels_force_scalar(k == 0);
      m[k] = th_kernels_now->score(docs, classes, n, &w, idf, out[k][0], out[k][1]);
      assert_int_equal(th_kernels_now->scope(docs, classes, n, &w, scope), m[k]);
      assert_memory_equal(scope, out[k][0], m[k] * 4);
      bits[k][0] = th_kernels_now->above(acc, least);
      bits[k][1] = th_kernels_now->bytes(seen);
    }
    assert_int_equal(m[0], m[1]);
    assert_memory_equal(out[0][0], out[1][0], m[0] * 4);
    assert_memory_equal(out[0][1], out[1][1], m[0] * 4);
    assert_true(bits[0][0] == bits[1][0] && bits[0][1] == bits[1][1]);
    for (uint32_t i = 0; i < 64; i++) {
      assert_true((bits[0][0] >> i & 1) == (acc[i] >= least));
      assert_true((bits[0][1] >> i & 1) == (seen[i] != 0));
    }
    th_class_pair_free(pair);
  }
  assert_true(met_long && met_wide && met_pair && met_apart);
}

static uint32_t value_at(const uint8_t *values, unsigned width, unsigned i) {
  uint32_t v = 0;
  memcpy(&v, values + (size_t)width * i, width);
  return v;
}

static void test_value_kernels(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 2000; round++) {
    static const unsigned widths[] = {1, 2, 4};
    unsigned kind = below(3), width = widths[kind];
    uint32_t most = width == 4 ? UINT32_MAX : (1u << (8 * width)) - 1;
    uint32_t within =
        chance(50) ? TH_MIN(most, 300u) : most; /* few values, so that some are equal */
    uint8_t values[64 * 4];
    for (unsigned i = 0; i < 64; i++) {
      uint32_t v = within == UINT32_MAX ? below(65536) << 16 | below(65536) : below(within + 1);
      memcpy(values + (size_t)width * i, &v, width);
    }
    th_value_test t = {.low = value_at(values, width, below(64)), .mask = 1u << below(8 * width)};
    t.span = (most - t.low) / (1 + below(9));
    t.a = chance(50) ? value_at(values, width, below(64)) : t.low;
    t.b = chance(50) ? value_at(values, width, below(64)) : t.low;
    if (chance(30)) t.mask |= 5;
    for (int k = 0; k < 2; k++) {
      th_kernels_force_scalar(k == 0);
      uint64_t range = th_kernels_now->range[kind](values, &t);
      uint64_t mask = th_kernels_now->mask[kind](values, &t), sum = 0;
      for (unsigned i = 0; i < 64; i++) {
        uint32_t v = value_at(values, width, i);
        bool in = (v >= t.low && v - t.low <= t.span) || v == t.a || v == t.b;
        assert_int_equal(range >> i & 1, in);
        assert_int_equal(mask >> i & 1, (v & t.mask) != 0);
        sum += (range >> i & 1) + (mask >> i & 1);
      }
      uint64_t both[2] = {range, mask};
      assert_int_equal(th_kernels_now->count(both, 2), sum);
      uint64_t spread = 0;
      for (unsigned b = 0, taken = 0; b < 64; b++)
        if (both[0] >> b & 1) spread |= (both[1] >> taken++ & 1) << b;
      assert_int_equal(th_kernels_now->deposit(both[1], both[0]), spread);
    }
  }
}

/* Ascending numbers out of a range, the last one `most`; returns how many. */
static uint32_t ascending(uint32_t *out, uint32_t wanted, uint32_t range, uint32_t most) {
  uint32_t n = 0;
  for (uint32_t v = below(range); v < most && n + 1 < wanted; v += 1 + below(range))
    out[n++] = v;
  out[n++] = most;
  return n;
}

static void test_common(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 4000; round++) {
    uint32_t a[TH_BLOCK], b[TH_BLOCK], most = 1 + below(chance(50) ? 300 : 5000), found = 0;
    uint8_t at[2][2][TH_BLOCK];
    uint32_t m = ascending(b, 1 + below(TH_BLOCK), 1 + below(40), most);
    uint32_t n = ascending(a, 1 + below(TH_BLOCK), 1 + below(40), b[below(m)]), got[2];
    for (int k = 0; k < 2; k++) {
      th_kernels_force_scalar(k == 0);
      got[k] = th_kernels_now->common(a, n, b, m, at[k][0], at[k][1]);
    }
    for (uint32_t i = 0; i < n; i++)
      for (uint32_t k = 0; k < m; k++)
        found += a[i] == b[k];
    assert_int_equal(got[0], found);
    assert_int_equal(got[1], found);
    for (uint32_t i = 0; i < found; i++) {
      assert_int_equal(a[at[0][0][i]], b[at[0][1][i]]);
      assert_int_equal(at[0][0][i], at[1][0][i]);
      assert_int_equal(at[0][1][i], at[1][1][i]);
    }
  }
}

/* ---- impacts ---- */

/* The bounds of 64 neighbours: never below what the tables say, 0 where a word of an AND is not. */
static void check_bounds(const th_rough *tables, uint32_t n, bool all, uint32_t from) {
  uint16_t bound[3][64], largest[2];
  for (uint32_t i = 0; i < 64; i++)
    bound[0][i] = bound[1][i] = bound[2][i] = (uint16_t)(chance(50) ? 0 : below(10000));
  for (int k = 0; k < 2; k++) {
    th_kernels_force_scalar(k == 0);
    largest[k] = th_kernels_now->bounds(tables, n, all, from, bound[k]);
  }
  assert_memory_equal(bound[0], bound[1], sizeof bound[0]);
  assert_int_equal(largest[0], largest[1]);
  for (uint32_t i = 0; i < 64; i++) {
    double exact = bound[2][i];
    bool everything = true;
    for (uint32_t k = 0; k < n; k++) {
      uint8_t b = tables[k].most[from + i];
      if (b) exact += tables[k].base + (double)tables[k].step * b / 256;
      everything &= b != 0;
    }
    assert_true(bound[0][i] <= largest[0]);
    if (all && !everything)
      assert_int_equal(bound[0][i], 0);
    else
      assert_true(bound[0][i] <= exact && bound[0][i] + n >= exact);
  }
  uint16_t least = chance(10) ? 65535 : (uint16_t)below(largest[0] + 2u);
  uint64_t reached[2], want = 0;
  for (int k = 0; k < 2; k++) {
    th_kernels_force_scalar(k == 0);
    reached[k] = th_kernels_now->reach(bound[0], least);
  }
  for (uint32_t i = 0; i < 64; i++)
    want |= (uint64_t)(bound[0][i] >= least) << i;
  assert_true(reached[0] == want && reached[1] == want);
}

static void test_impact_kernels(void **state) {
  (void)state;
  enum { DOCS = 256, WORDS = 5 };
  for (uint32_t round = 0; round < 3000; round++) {
    uint8_t most[WORDS][DOCS + 4];
    th_rough tables[WORDS];
    uint32_t docs[TH_BLOCK], n = below(TH_BLOCK + 1);
    uint32_t sum[2][TH_BLOCK];
    for (uint32_t k = 0; k < WORDS; k++) {
      tables[k] = (th_rough){most[k], (uint16_t)below(1000), (uint16_t)below(50000 / WORDS)};
      for (uint32_t d = 0; d < DOCS + 4; d++)
        most[k][d] = (uint8_t)(chance(20) ? 0 : chance(5) ? 255 : below(256));
    }
    for (uint32_t i = 0; i < n; i++) {
      docs[i] = below(DOCS);
      sum[0][i] = sum[1][i] = chance(20) ? 0 : below(1 << 30);
    }
    float base = (float)below(65536) / 3, step = (float)below(10000) / 30;
    bool all = chance(50);
    for (int k = 0; k < 2; k++) {
      th_kernels_force_scalar(k == 0);
      th_kernels_now->sieve(docs, n, most[0], base, step, all, sum[k]);
    }
    assert_memory_equal(sum[0], sum[1], n * 4);
    check_bounds(tables, 1 + below(WORDS), chance(50), 64 * below(DOCS / 64));
  }
}

static void test_shorten(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 300; round++) {
    uint16_t of[300];
    uint8_t out[2][300];
    uint32_t n = below(301), least = 1 + below(60000), span = 1 + below(65535 - least);
    uint32_t factor = (254u << 16) / span;
    for (uint32_t i = 0; i < n; i++)
      of[i] = (uint16_t)(chance(20) ? 0 : least + below(span + 1));
    for (int k = 0; k < 2; k++) {
      th_kernels_force_scalar(k == 0);
      th_kernels_now->shorten(of, n, (uint16_t)least, factor, out[k]);
    }
    for (uint32_t i = 0; i < n; i++) {
      uint32_t b = out[0][i];
      assert_int_equal(b, out[1][i]);
      assert_int_equal(b == 0, of[i] == 0);
      if (b) assert_true((b - 1.0) * 65536 / factor >= of[i] - least);
    }
  }
}

static bool has_impacts(const corpus *c, const char *stem) {
  th_term term;
  th_weights w;
  const th_segment *s = c->snapshot.segments[0];
  return th_segment_term(s, th_span_of(stem), &term) && th_cache_weights(s, TH_A_BasicSearch, &w) &&
         th_cache_impacts(s, &term, TH_A_BasicSearch, &w);
}

/* The same ANDs and ORs again and again, until their words have tables: always what nothing pruned
 * gives. */
static void try_impacts(const corpus *c, uint32_t n_queries, uint32_t rounds) {
  th_arena arena;
  th_buf text;
  th_err err = {0};
  th_search_result plain, best;
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  for (uint32_t i = 0; i < n_queries; i++) {
    uint32_t n = 1 + below(4);
    bool any = chance(40);
    th_query *q = NULL, *f = NULL;
    th_arena_reset(&arena, false);
    th_buf_clear(&text);
    for (uint32_t k = 0; k < n; k++)
      th_buf_printf(&text, !any && chance(20) ? "%s\"%s %s\"" : "%s%s",
                    k == 0 ? ""
                    : any  ? " OR "
                           : " AND ",
                    word(), word());
    if (th_query_parse(&q, &arena, th_buf_view(&text), TH_A_BasicSearch, "x", &err))
      fail_msg("%s", err.message);
    if (chance(30)) f = random_filter(&arena, &text);
    th_buf_char(&text, 0);
    th_search_request r = {.scored = q, .filter = f, .size = 1 + below(chance(80) ? 12 : 400)};
    r.exhaustive = true;
    assert_int_equal(th_search(&c->snapshot, &r, &arena, &plain, &err), 0);
    r.exhaustive = false;
    for (uint32_t k = 0; k < rounds; k++) {
      th_kernels_force_scalar(chance(30));
      assert_int_equal(th_search(&c->snapshot, &r, &arena, &best, &err), 0);
      compare_results(&best, &plain, text.p);
    }
    th_kernels_force_scalar(false);
  }
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

static void test_impacts(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 6; i++) {
    corpus c;
    make_corpus(&c, i == 0 ? 17500 : 1 + below(700), 1 + below(3));
    assert_false(i == 0 && has_impacts(&c, "heart"));
    try_impacts(&c, 80, 6);
    assert_true(i > 0 || has_impacts(&c, "heart"));
    corpus_dispose(&c);
  }
}

/* Many threads at once over segments whose tables nobody has made yet. */
typedef struct shared_run {
  const corpus *c;
  uint32_t nct[10], n;
} shared_run;

static void *search_alone(void *ctx) {
  shared_run *run = ctx;
  th_arena arena;
  th_err err = {0};
  th_search_result r;
  th_query *q, *f;
  th_facet_request facet = {TH_F_Condition, 5};
  th_arena_init(&arena, 0);
  if (th_query_parse(&q, &arena, TH_SPAN("heart OR \"lung trial\""), TH_A_BasicSearch, "x", &err) ==
          0 &&
      th_filter_parse(&f, &arena, TH_SPAN("country"), TH_SPAN("france|South Korea"), &err) == 0) {
    th_search_request request = {
        .scored = q, .filter = f, .size = 10, .facets = &facet, .n_facets = 1};
    if (th_search(&run->c->snapshot, &request, &arena, &r, &err) == 0)
      for (run->n = 0; run->n < r.n_hits; run->n++)
        run->nct[run->n] = r.hits[run->n].nct;
  }
  th_arena_dispose(&arena);
  return NULL;
}

/* A facet cut short is the beginning of the whole one, however often it was cut on the way. */
static void test_facet_most(void **state) {
  (void)state;
  corpus c;
  th_arena arena;
  th_err err = {0};
  static const uint32_t most[] = {0, 1, 5, 32, 33, 64, 200, 1000000};
  th_facet_request facets[TH_COUNT(most)];
  th_search_result r;
  make_corpus(&c, 2000, 3);
  th_arena_init(&arena, 0);
  for (size_t i = 0; i < TH_COUNT(most); i++)
    facets[i] = (th_facet_request){TH_F_Condition, most[i]};
  th_search_request request = {.facets = facets, .n_facets = TH_COUNT(most)};
  assert_int_equal(th_search(&c.snapshot, &request, &arena, &r, &err), 0);
  const th_facet *whole = &r.facets[TH_COUNT(most) - 1];
  assert_true(whole->n > 500);
  for (size_t i = 0; i < TH_COUNT(most); i++) {
    assert_int_equal(r.facets[i].n, TH_MIN(most[i], whole->n));
    for (uint32_t v = 0; v < r.facets[i].n; v++) {
      assert_int_equal(r.facets[i].values[v].count, whole->values[v].count);
      assert_true(th_span_eq(r.facets[i].values[v].value, whole->values[v].value));
    }
  }
  th_arena_dispose(&arena);
  corpus_dispose(&c);
}

static void test_threads(void **state) {
  (void)state;
  for (int round = 0; round < 10; round++) {
    corpus c;
    pthread_t threads[8];
    shared_run runs[9] = {0};
    make_corpus(&c, 200, 3);
    for (int i = 0; i < 9; i++)
      runs[i].c = &c;
    for (int i = 0; i < 8; i++)
      assert_int_equal(pthread_create(&threads[i], NULL, search_alone, &runs[i]), 0);
    for (int i = 0; i < 8; i++)
      pthread_join(threads[i], NULL);
    search_alone(&runs[8]);
    assert_true(runs[8].n > 0);
    for (int i = 0; i < 8; i++)
      assert_memory_equal(&runs[i], &runs[8], sizeof runs[8]);
    corpus_dispose(&c);
  }
}

/* Real records, where there are some: words that stand in them, in the ways people ask. */
static void put_real_query(th_buf *b, const corpus *c) {
  uint32_t n = 1 + below(4);
  const char *op = chance(50) ? " OR " : chance(50) ? " AND " : " ";
  for (uint32_t i = 0; i < n; i++) {
    const naive_doc *d = &c->docs[below(c->n_docs)];
    if (!d->n_words) continue;
    uint32_t at = below(d->n_words), k = 1 + below(3);
    bool quoted = chance(30);
    if (i) th_buf_str(b, op);
    if (quoted) th_buf_char(b, '"');
    /* Stems in place of words: most are their own stems. */
    for (uint32_t w = at; w < at + k && w < d->n_words; w++)
      th_buf_printf(b, "%s%.*s", w > at ? " " : "", (int)d->words[w].stem.n, d->words[w].stem.p);
    if (quoted) th_buf_char(b, '"');
  }
}

/* Every third record of the file, 1,200 of them; false when there is no file. */
static bool read_real(corpus *c) {
  shared_lines *in = shared_lines_open("data/studies.ndjson.zst");
  th_span line;
  if (!in) return false;
  corpus_init(c);
  for (uint32_t i = 0; c->n_docs < 1200 && shared_lines_next(in, &line); i++)
    if (i % 3 == 0 && corpus_add(c, line, i + 1) && c->n_docs % 500 == 0) corpus_flush(c);
  shared_lines_close(in);
  return true;
}

static void test_real(void **state) {
  (void)state;
  th_arena arena;
  th_buf text;
  th_query *q, *f;
  th_err err = {0};
  corpus c;
  if (!read_real(&c)) skip();
  corpus_finish(&c, &seed, 10);
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  for (int i = 0; i < 200; i++) {
    th_buf_clear(&text);
    th_arena_reset(&arena, false);
    put_real_query(&text, &c);
    if (th_query_typed(&q, &arena, th_buf_view(&text), PICK(areas), &err))
      fail_msg("%s", err.message);
    if (chance(50) && th_query_parse(&q, &arena, th_buf_view(&text), PICK(areas), "x", &err))
      th_err_clear(&err); /* a stem that is an operator */
    if (!q) continue;
    f = NULL;
    if (chance(30))
      assert_int_equal(th_filter_parse(&f, &arena, TH_SPAN("status"), TH_SPAN("completed"), &err),
                       0);
    th_search_request r = {.scored = q, .filter = f, .size = 10, .count = chance(30)};
    th_buf_char(&text, 0);
    corpus_compare(&c, &r, text.p);
  }
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
  corpus_dispose(&c);
}

int main(void) {
  seed = random_start(20261121);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_small), cmocka_unit_test(test_random_large),
      cmocka_unit_test(test_empty),        cmocka_unit_test(test_pages),
      cmocka_unit_test(test_no_memory),    cmocka_unit_test(test_kernels),
      cmocka_unit_test(test_common),       cmocka_unit_test(test_value_kernels),
      cmocka_unit_test(test_facet_most),   cmocka_unit_test(test_threads),
      cmocka_unit_test(test_sets),         cmocka_unit_test(test_real),
      cmocka_unit_test(test_impacts),      cmocka_unit_test(test_impact_kernels),
      cmocka_unit_test(test_shorten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
