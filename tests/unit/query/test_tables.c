/* What is worked out from a segment's columns and sites, against the plain reading of the records:
 * documents by word, places with their studies. Random registries in several segments. */
#include "../test.h"

#include "../chance.h"
#include "naive.h"
#include "study/derived.h"

#include <stdio.h>

#include "query/cache.h"
#include "query/search.h"

/* ---- records ---- */

static const char *const countries[] = {"France",  "United States",    "Côte d’Ivoire",
                                        "FRANCE",  "Cote d'Ivoire",    "Turkey",
                                        "Türkiye", "Turkey (Türkiye)", "Atlantis"};
static const char *const states[] = {"Texas", "texas", "Île-de-France", "Maine"};
static const char *const cities[] = {"Paris", "Houston", "PARIS", "Springfield", "Saint-Denis"};
static const char *const statuses[] = {"RECRUITING", "COMPLETED", "NOT_YET_RECRUITING"};

static void put_site(th_buf *b) {
  th_buf_printf(b, "{\"facility\":\"Clinic %u\"", below(5));
  if (chance(60)) th_buf_printf(b, ",\"status\":\"%s\"", PICK(statuses));
  if (chance(80)) th_buf_printf(b, ",\"city\":\"%s\"", PICK(cities));
  if (chance(60)) th_buf_printf(b, ",\"state\":\"%s\"", PICK(states));
  if (chance(90)) th_buf_printf(b, ",\"country\":\"%s\"", PICK(countries));
  th_buf_char(b, '}');
}

static void put_record(th_buf *b, uint32_t nct) {
  th_buf_printf(b,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"Study %u\"},\"statusModule\":{\"overallStatus\":\"%s\"},"
                "\"contactsLocationsModule\":{\"locations\":[",
                nct, below(9), PICK(statuses));
  for (uint32_t i = 0, n = below(7); i < n; i++) {
    if (i) th_buf_char(b, ',');
    put_site(b);
  }
  th_buf_str(b, "]}}}");
}

static void make_corpus(corpus *c, uint32_t n_docs, uint32_t segments) {
  const corpus_plan plan = {.n_docs = n_docs,
                            .segments = segments,
                            .dead = chance(50) ? 20 : 0,
                            .put_record = put_record};
  corpus_make(c, &plan, &seed);
}

/* ---- documents by word ---- */

static bool holds(const corpus *c, uint32_t segment, uint32_t doc, uint16_t field, th_span word) {
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    if (d->segment != segment || d->doc != doc) continue;
    for (uint32_t k = 0; k < d->n_values; k++)
      if (d->values[k].field == field && th_span_eq(d->values[k].word, word)) return true;
  }
  return false;
}

static void check_lists(const corpus *c, uint32_t segment, uint16_t field) {
  const th_segment *s = c->segments[segment];
  const th_column *column = th_segment_column(s, field);
  if (!column) return;
  const th_inverted *v = th_cache_inverted(s, column);
  assert_non_null(v);
  assert_ptr_equal(v, th_cache_inverted(s, column));
  assert_int_equal(v->n, column->n_dict);
  assert_true(th_inverted_bytes(v) <= th_inverted_most_bytes(column));
  for (uint32_t o = 0; o < v->n; o++) {
    uint32_t k = v->start[o];
    for (uint32_t doc = 0; doc < th_segment_docs(s); doc++) {
      if (!holds(c, segment, doc, field, th_column_word(column, o))) continue;
      assert_true(k < v->start[o + 1]);
      assert_int_equal(v->docs[k++], doc);
    }
    assert_int_equal(k, v->start[o + 1]);
  }
}

static void test_lists(void **state) {
  static const uint16_t fields[] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity,
                                    TH_F_LocationFacility};
  (void)state;
  for (uint32_t round = 0; round < 10; round++) {
    corpus c;
    make_corpus(&c, 1 + below(60), 1 + below(3));
    for (uint32_t s = 0; s < c.n_segments; s++) {
      uint64_t before = th_cache_kept_bytes(c.segments[s]);
      for (size_t f = 0; f < TH_COUNT(fields); f++)
        check_lists(&c, s, fields[f]);
      assert_true(th_cache_kept_bytes(c.segments[s]) > before ||
                  !th_segment_column(c.segments[s], fields[0]));
    }
    corpus_dispose(&c);
  }
}

/* Words found in the column itself, without lists: the documents that the lists name. */
static void check_ordinals(const corpus *c, uint32_t segment, uint16_t field) {
  static const th_search_request everything;
  const th_segment *s = c->segments[segment];
  const th_column *column = th_segment_column(s, field);
  const th_inverted *lists = column ? th_cache_inverted(s, column) : NULL;
  th_err err = {0};
  th_arena arena;
  if (!column) return;
  assert_non_null(lists);
  th_arena_init(&arena, 0);
  th_plan p = {.snapshot = &c->snapshot, .request = &everything, .arena = &arena, .err = &err};
  th_plan_segment(&p, segment);
  for (unsigned n = 1; n <= 9; n++) {
    uint32_t set[9];
    uint64_t *found = th_bitmap_new(&p, false), *want = th_bitmap_new(&p, false);
    assert_true(found && want);
    for (unsigned i = 0; i < n; i++) {
      set[i] = below(column->n_dict);
      for (uint32_t k = lists->start[set[i]]; k < lists->start[set[i] + 1]; k++)
        th_bit_set(want, lists->docs[k]);
    }
    th_kernels_force_scalar(chance(30));
    th_match_ordinals(&p, column, set, n, found);
    th_kernels_force_scalar(false);
    assert_memory_equal(found, want, p.n_words * sizeof *found);
  }
  th_arena_dispose(&arena);
}

static void test_ordinals(void **state) {
  static const uint16_t fields[] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity,
                                    TH_F_LocationFacility, TH_F_LocationCountryCode};
  (void)state;
  for (uint32_t round = 0; round < 12; round++) {
    corpus c;
    make_corpus(&c, 1 + below(round < 6 ? 400 : 60), 1 + below(3));
    for (uint32_t s = 0; s < c.n_segments; s++)
      for (size_t f = 0; f < TH_COUNT(fields); f++)
        check_ordinals(&c, s, fields[f]);
    corpus_dispose(&c);
  }
}

/* A column too large for the room of its segment is not inverted, and the room is given back. */
static void test_lists_room(void **state) {
  (void)state;
  corpus c;
  make_corpus(&c, 30, 1);
  const th_column *column = th_segment_column(c.segments[0], TH_F_LocationCity);
  assert_non_null(column);
  th_column large = *column;
  large.n_values = 1 << 20;
  assert_null(th_cache_inverted(c.segments[0], &large));
  assert_non_null(th_cache_inverted(c.segments[0], column));
  corpus_dispose(&c);
}

/* ---- places of hot words ---- */

static void check_places_of(const th_segment *s, const th_term *t, const th_flat *flat) {
  th_postings p;
  th_postings_init(&p, t);
  while (th_postings_next_block(&p)) {
    for (uint32_t i = 0; i < p.n; i++) {
      uint64_t want[(TH_F_COUNT + 63) / 64];
      th_occurrence right[64], hot[64];
      for (size_t w = 0; w < TH_COUNT(want); w++)
        want[w] = chance(30) ? UINT64_MAX : (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
      uint32_t max = chance(80) ? TH_COUNT(hot) : 1 + below(3);
      uint32_t n = th_postings_positions(s, &p, i, want, right, TH_COUNT(right));
      uint32_t m = th_flat_places(flat, p.block * TH_BLOCK + i, want, hot, max);
      assert_int_equal(m, TH_MIN(n, max));
      for (uint32_t k = 0; k < m; k++) {
        assert_int_equal(hot[k].field, right[k].field);
        assert_int_equal(hot[k].position, right[k].position);
        assert_int_equal(hot[k].form, 0);
      }
    }
  }
}

/* Words that were asked for often enough get a list, in whatever order they ask; others do not. */
static void test_hot(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 20; round++) {
    corpus c;
    static th_term_cursor at;
    make_corpus(&c, 1 + below(400), 1);
    const th_segment *s = c.segments[0];
    uint64_t before = 0;
    uint32_t kept = 0;
    assert_true(th_term_seek(&at, s, TH_SPAN("")));
    while (th_term_next(&at)) {
      const th_term *t = &at.term;
      assert_null(th_cache_flat(s, t, 0));
      if (!before) before = th_cache_kept_bytes(s);
      if (t->df > 1) assert_null(th_cache_flat(s, t, t->df - 1));
      const th_flat *flat = th_cache_flat(s, t, 1);
      if (!flat) continue; /* its slots are taken */
      assert_ptr_equal(th_cache_flat(s, t, 0), flat);
      check_places_of(s, t, flat);
      kept++;
    }
    assert_true(kept > 0);
    assert_true(th_cache_kept_bytes(s) > before);
    assert_int_equal(th_segment_state(s, NULL), 0);
    corpus_dispose(&c);
  }
}

/* ---- places ---- */

static bool same_name(th_span a, th_span b) {
  char x[TH_NAME_MAX], y[TH_NAME_MAX];
  size_t n = th_name_fold(a, x), m = th_name_fold(b, y);
  return n == m && memcmp(x, y, n) == 0;
}

/* A country is the same under all its names. */
static bool same_place(th_place_level level, th_span a, th_span b) {
  th_span one = th_country_code(a), other = th_country_code(b);
  if (level == TH_PLACE_COUNTRY && one.n && th_span_eq(one, other)) return true;
  return same_name(a, b);
}

static bool asked_for(const th_place_request *r, const th_feed_site *s) {
  if (r->country.n && !same_place(TH_PLACE_COUNTRY, r->country, s->country)) return false;
  if (r->no_state) return s->state.n == 0;
  return r->state.n == 0 || same_name(r->state, s->state);
}

static th_span level_name(const th_place_request *r, const th_feed_site *s) {
  return r->level == TH_PLACE_COUNTRY ? s->country
         : r->level == TH_PLACE_STATE ? s->state
                                      : s->city;
}

static int64_t value_of(const naive_doc *d, uint16_t field) {
  for (uint32_t i = 0; i < d->n_values; i++)
    if (d->values[i].field == field) return d->values[i].value;
  return -1;
}

/* Studies with a site that is asked for; named: and has this name at the level; unnamed: and has
 * none; recruits: and recruits. */
static uint32_t count_naive(const corpus *c, const th_place_request *r, int64_t only,
                            const th_span *named, bool unnamed, bool recruits) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    int64_t overall = value_of(d, TH_F_OverallStatus);
    bool any = false;
    if (!d->live || (only >= 0 && overall != only)) continue;
    for (uint32_t k = 0; k < d->n_sites; k++) {
      const th_feed_site *s = &d->sites[k];
      bool open = s->status ? s->status - 1 == TH_RecruitmentStatus_RECRUITING
                            : overall == TH_Status_RECRUITING;
      if (!asked_for(r, s) || (recruits && !open)) continue;
      if (named && (!level_name(r, s).n || !same_place(r->level, *named, level_name(r, s))))
        continue;
      if (unnamed && level_name(r, s).n) continue;
      any = true;
    }
    n += any;
  }
  return n;
}

/* Every name that stands in a site asked for is in the list, once. */
static void check_complete(const corpus *c, const th_place_request *r, int64_t only,
                           const th_place_counts *got) {
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    if (!d->live || (only >= 0 && value_of(d, TH_F_OverallStatus) != only)) continue;
    for (uint32_t k = 0; k < d->n_sites; k++) {
      th_span name = level_name(r, &d->sites[k]);
      uint32_t times = 0;
      if (!asked_for(r, &d->sites[k]) || !name.n) continue;
      for (uint32_t p = 0; p < got->n; p++)
        times += same_place(r->level, got->places[p].name, name);
      assert_int_equal(times, 1);
    }
  }
}

static void check_places(const corpus *c, const th_place_request *r, int64_t only) {
  th_arena arena;
  th_place_counts got;
  th_err err = {0};
  th_place_request wanted = *r;
  th_arena_init(&arena, 0);
  if (only >= 0) wanted.filter = th_query_mask(&arena, TH_F_OverallStatus, 1ull << only);
  if (th_place_count(&c->snapshot, &wanted, &arena, &got, &err)) fail_msg("%s", err.message);
  assert_int_equal(got.studies, count_naive(c, r, only, NULL, false, false));
  assert_int_equal(got.recruiting, count_naive(c, r, only, NULL, false, true));
  assert_int_equal(got.unnamed, count_naive(c, r, only, NULL, true, false));
  for (uint32_t i = 0; i < got.n; i++) {
    const th_place *p = &got.places[i];
    assert_true(p->name.n > 0 && p->studies > 0);
    assert_int_equal(p->studies, count_naive(c, r, only, &p->name, false, false));
    assert_int_equal(p->recruiting, count_naive(c, r, only, &p->name, false, true));
    if (i) assert_true(p->studies <= p[-1].studies);
  }
  check_complete(c, r, only, &got);
  th_arena_dispose(&arena);
}

static void test_places(void **state) {
  (void)state;
  for (uint32_t round = 0; round < 15; round++) {
    corpus c;
    make_corpus(&c, 1 + below(80), 1 + below(4));
    for (uint32_t k = 0; k < 40; k++) {
      th_place_request r = {.level = (th_place_level)below(3)};
      if (chance(60)) r.country = th_span_of(chance(5) ? "Nowhere" : PICK(countries));
      if (chance(30)) r.state = th_span_of(PICK(states));
      r.no_state = chance(20);
      check_places(&c, &r, chance(30) ? TH_Status_RECRUITING : -1);
    }
    corpus_dispose(&c);
  }
}

static void test_places_no_memory(void **state) {
  (void)state;
  corpus c;
  th_place_request r = {.level = TH_PLACE_CITY, .country = TH_SPAN("france")};
  int rc = -1;
  make_corpus(&c, 50, 2);
  for (size_t limit = 64; rc; limit += 256) {
    th_arena arena;
    th_place_counts got;
    th_err err = {0};
    th_arena_init(&arena, limit);
    rc = th_place_count(&c.snapshot, &r, &arena, &got, &err);
    if (rc) assert_int_equal(rc, TH_ENOMEM);
    th_arena_dispose(&arena);
    assert_true(limit < 1 << 20);
  }
  corpus_dispose(&c);
}

int main(void) {
  seed = random_start(20261122);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lists),    cmocka_unit_test(test_lists_room),
      cmocka_unit_test(test_ordinals), cmocka_unit_test(test_hot),
      cmocka_unit_test(test_places),   cmocka_unit_test(test_places_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
