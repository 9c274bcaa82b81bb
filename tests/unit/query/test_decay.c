/* geoDecay: its form, what it leaves of a score, and that a search is ranked by what is left. */
#include "../test.h"

#include "naive.h"

#include <math.h>
#include <stdio.h>

#include "demo/demo.h"
#include "query/decay.h"

static void test_forms(void **state) {
  static const struct {
    const char *text;
    bool ok;
    th_decay_shape shape;
    double scale, offset, decay;
  } cases[] = {
      {"func:exp,scale:300mi,offset:0mi,decay:0.5", true, TH_DECAY_EXP, 482.8032, 0, 0.5},
      {"func:gauss,scale:10km,offset:2.5km,decay:0.25", true, TH_DECAY_GAUSS, 10, 2.5, 0.25},
      {"func:linear,scale:1mi,offset:1km,decay:0", true, TH_DECAY_LINEAR, 1.609344, 1, 0},
      {"func:cubic,scale:10km,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"func:exp,scale:10,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"func:exp,scale:10km,offset:0km", false, 0, 0, 0, 0},
      {"func:exp,scale:10km,offset:0km,decay:0.5x", false, 0, 0, 0, 0},
      {"func:exp,scale:-1km,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"func:exp,scale:nankm,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"func:exp, scale:1km,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"func:exp,scale:1.km,offset:0km,decay:0.5", false, 0, 0, 0, 0},
      {"", false, 0, 0, 0, 0},
  };
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_decay d = TH_DECAY_DEFAULT;
    bool ok = th_decay_parse(th_span_of(cases[i].text), &d);
    if (ok != cases[i].ok) fail_msg("%s", cases[i].text);
    if (!ok) continue;
    assert_int_equal(d.shape, cases[i].shape);
    assert_true(fabs(d.scale_km - cases[i].scale) < 1e-9);
    assert_true(fabs(d.offset_km - cases[i].offset) < 1e-9);
    assert_true(fabs(d.decay - cases[i].decay) < 1e-9);
  }
}

/* Each shape leaves everything up to the offset and `decay` at scale behind it, and only falls. */
static void test_factor(void **state) {
  (void)state;
  for (int shape = TH_DECAY_EXP; shape <= TH_DECAY_LINEAR; shape++) {
    const th_decay d = {(th_decay_shape)shape, 0, 0, 100, 20, 0.4};
    double before = 1;
    assert_true(th_decay_factor(&d, 0) == 1 && th_decay_factor(&d, 20) == 1);
    assert_true(fabs(th_decay_factor(&d, 120) - 0.4) < 1e-12);
    assert_true(th_decay_factor(&d, -1) == 0);
    for (double km = 0; km < 20000; km += 37) {
      double factor = th_decay_factor(&d, km);
      assert_true(factor <= before && factor >= 0);
      before = factor;
    }
  }
  const th_decay half[] = {{TH_DECAY_EXP, 0, 0, 10, 0, 0.5},
                           {TH_DECAY_GAUSS, 0, 0, 10, 0, 0.5},
                           {TH_DECAY_LINEAR, 0, 0, 10, 0, 0.5}};
  assert_true(fabs(th_decay_factor(&half[0], 20) - 0.25) < 1e-12);
  assert_true(fabs(th_decay_factor(&half[1], 20) - 0.0625) < 1e-12);
  assert_true(th_decay_factor(&half[2], 20) == 0);
  const th_decay none = {TH_DECAY_EXP, 0, 0, 0, 0, 0.5};
  assert_true(th_decay_factor(&none, 0) == 1 && th_decay_factor(&none, 1) == 0);
}

/* Every hit has its old score times the factor, in falling order, page by page. */
static void test_search(void **state) {
  const th_decay decay = {TH_DECAY_EXP, 48.85, 2.35, 500, 10, 0.5};
  uint64_t seed = 20261124;
  corpus c;
  th_arena arena;
  th_err err = {0};
  th_query *q, *near;
  th_search_result plain, ranked, page;
  th_demo *demo = th_demo_new(7);
  (void)state;
  corpus_init(&c);
  for (uint32_t i = 0; i < 200; i++) {
    th_buf json;
    th_buf_init(&json, 0);
    th_demo_record(demo, i, &json);
    assert_true(corpus_add(&c, th_buf_view(&json), i + 1));
    if (i == 90) corpus_flush(&c);
    th_buf_dispose(&json);
  }
  th_demo_free(demo);
  corpus_finish(&c, &seed, 5);
  th_arena_init(&arena, 0);
  assert_int_equal(
      th_query_parse(&q, &arena, TH_SPAN("study OR treatment"), TH_A_BasicSearch, "x", &err), 0);
  near = th_query_near(&arena, 48.85, 2.35, 9000, 0);
  th_search_request r = {.scored = q, .filter = near, .size = 200, .count = true};
  assert_int_equal(th_search(&c.snapshot, &r, &arena, &plain, &err), 0);
  r.decay = &decay;
  assert_int_equal(th_search(&c.snapshot, &r, &arena, &ranked, &err), 0);
  assert_int_equal(plain.total, ranked.total);
  assert_int_equal(plain.n_hits, ranked.n_hits);
  assert_true(plain.n_hits > 20);
  unsigned moved = 0;
  for (uint32_t i = 0; i < ranked.n_hits; i++) {
    const th_hit *hit = &ranked.hits[i], *before = NULL;
    for (uint32_t k = 0; k < plain.n_hits; k++)
      if (plain.hits[k].nct == hit->nct) before = &plain.hits[k];
    assert_non_null(before);
    const th_sites *sites = th_segment_sites(c.segments[hit->segment]);
    double km = th_nearest_site_km(sites, hit->doc, 48.85, 2.35);
    assert_true(hit->score == (float)(before->score * th_decay_factor(&decay, km)));
    assert_true(i == 0 || hit->score <= ranked.hits[i - 1].score);
    moved += hit->nct != plain.hits[i].nct;
  }
  assert_true(moved > 5);
  r.from = 7;
  r.size = 5;
  r.count = false;
  assert_int_equal(th_search(&c.snapshot, &r, &arena, &page, &err), 0);
  assert_int_equal(page.n_hits, 5);
  assert_int_equal(page.total, -1);
  assert_true(page.more);
  for (uint32_t i = 0; i < 5; i++)
    assert_int_equal(page.hits[i].nct, ranked.hits[7 + i].nct);
  th_arena_dispose(&arena);
  corpus_dispose(&c);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_forms), cmocka_unit_test(test_factor),
                                     cmocka_unit_test(test_search)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
