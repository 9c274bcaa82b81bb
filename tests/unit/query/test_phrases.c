/* Lists of phrases: searches with synonyms that ask for the same phrases again and again, in
 * several segments with dead documents, against the slow search of naive.c, before the lists are
 * there, while they come and afterwards; lists made ahead; failing memory; threads. */
#include "../test.h"

#include "../chance.h"
#include "naive.h"

#include <pthread.h>

#include "query/warm.h"

static const char *const words[] = {"lung", "disease", "acute", "pain", "of", "type", "2", "heart"};

/* Drawn unevenly, so that some phrases are frequent and some are not. */
static const char *word(void) {
  return words[below(1 + below(TH_COUNT(words)))];
}

static void put_text(th_buf *b, uint32_t most) {
  uint32_t n = 1 + below(most);
  th_buf_char(b, '"');
  for (uint32_t i = 0; i < n; i++)
    th_buf_printf(b, "%s%s", i ? " " : "", word());
  th_buf_char(b, '"');
}

static void put_record(th_buf *b, uint32_t nct) {
  th_buf_printf(
      b,
      "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\",\"briefTitle\":", nct);
  put_text(b, 5);
  th_buf_str(b, "},\"statusModule\":{\"overallStatus\":\"RECRUITING\"},\"descriptionModule\":{"
                "\"briefSummary\":");
  put_text(b, 20);
  th_buf_str(b, "},\"conditionsModule\":{\"conditions\":[");
  put_text(b, 3);
  th_buf_char(b, ',');
  put_text(b, 3);
  th_buf_str(b, "]}}}");
}

static void make_corpus(corpus *c, uint32_t n_docs, uint32_t segments) {
  const corpus_plan plan = {
      .n_docs = n_docs, .segments = segments, .even = true, .dead = 20, .put_record = put_record};
  corpus_make(c, &plan, &seed);
}

/* Synonyms of any text: phrases that depend on its length alone. */
static int expand(void *ctx, th_span text, th_arena *arena, const th_synonym **out, size_t *n,
                  th_err *err) {
  static const char *const others[] = {
      "lung disease", "acute lung disease", "pain of heart", "disease of lung", "type 2", "heart"};
  (void)ctx;
  th_synonym *s = th_arena_calloc(arena, 3, sizeof *s);
  *out = s;
  *n = text.n % 4;
  if (!s) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t i = 0; i < *n; i++)
    s[i] = (th_synonym){.text = th_span_of(others[(text.n + i) % TH_COUNT(others)]),
                        .source = TH_SPAN("test"),
                        .weight = .95F - .1F * (float)i};
  return 0;
}

static th_query *query_of(th_arena *arena, th_span text, unsigned area) {
  const th_expander expander = {expand, NULL};
  const th_parse_options options = {area, "x", &expander, NULL};
  th_err err = {0};
  th_query *q = NULL;
  if (th_query_parse_with(&q, arena, text, &options, &err)) fail_msg("%s", err.message);
  return q;
}

static void put_query(th_buf *b) {
  uint32_t n = 1 + below(3);
  for (uint32_t i = 0; i < n; i++) {
    const char *before = i == 0 ? "" : chance(50) ? " AND " : chance(50) ? " OR " : " ";
    th_buf_str(b, before);
    if (i && chance(15)) th_buf_str(b, "NOT ");
    if (chance(50))
      th_buf_printf(b, "\"%s %s%s%s\"", word(), word(), chance(50) ? " " : "", word());
    else
      th_buf_str(b, word());
  }
}

static uint64_t lists_bytes(const corpus *c, uint32_t segment) {
  return th_cache_phrases(c->snapshot.segments[segment])->bytes;
}

static void try_one(const corpus *c) {
  static const unsigned areas[] = {TH_A_BasicSearch, TH_A_ConditionSearch, TH_A_COUNT};
  uint64_t case_seed = seed;
  th_arena arena;
  th_buf text;
  th_search_request r = {0};
  th_arena_init(&arena, 0);
  th_buf_init(&text, 0);
  put_query(&text);
  r.scored = query_of(&arena, th_buf_view(&text), PICK(areas));
  if (chance(30)) {
    th_buf_str(&text, " filter ");
    size_t from = text.n;
    put_query(&text);
    th_span own = th_buf_view(&text);
    r.filter = query_of(&arena, (th_span){own.p + from, own.n - from}, PICK(areas));
  }
  r.size = chance(80) ? 1 + below(12) : 2 * c->n_docs;
  r.from = chance(70) ? 0 : below(20);
  r.count = chance(40);
  r.exhaustive = chance(10);
  th_kernels_force_scalar(chance(20));
  th_buf_printf(&text, " from %u size %u count %d exhaustive %d (seed %llu)", r.from, r.size,
                r.count, r.exhaustive, (unsigned long long)case_seed);
  th_buf_char(&text, 0);
  corpus_compare(c, &r, text.p);
  th_kernels_force_scalar(false);
  th_buf_dispose(&text);
  th_arena_dispose(&arena);
}

/* Few phrases are possible, so they are asked for again and again. */
static void test_random(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 3; i++) {
    corpus c;
    make_corpus(&c, 900 + below(600), 1 + i);
    assert_int_equal(lists_bytes(&c, 0), 0);
    for (uint32_t k = 0; k < 250; k++)
      try_one(&c);
    for (uint32_t s = 0; s < c.n_segments; s++)
      assert_true(lists_bytes(&c, s) > 0);
    corpus_dispose(&c);
  }
}

/* ---- ahead ---- */

static const char *const names[] = {"\"lung disease\"", "\"type 2\" OR NOT \"pain of heart\"",
                                    "heart AND \"acute lung disease\"", "lung"};

typedef struct wanted {
  th_arena *arena;
  int fails; /* instead of the last */
} wanted;

static int next_name(void *ctx, size_t i, const th_query **q, th_err *err) {
  wanted *w = ctx;
  if (i == TH_COUNT(names)) return w->fails ? th_err_set(err, w->fails, "so") : TH_ENOTFOUND;
  if (i == 1) return 0; /* there is nothing to be made of this one */
  *q = query_of(w->arena, th_span_of(names[i]), TH_A_BasicSearch);
  return 0;
}

static void test_ahead(void **state) {
  corpus c;
  th_arena arena;
  th_err err = {0};
  wanted w = {&arena, 0};
  atomic_bool stop = true;
  (void)state;
  th_arena_init(&arena, 0);
  make_corpus(&c, 1500, 3);
  assert_int_equal(th_warm_phrases(&c.snapshot, next_name, &w, &stop, &err), 0);
  assert_int_equal(lists_bytes(&c, 0), 0);
  stop = false;
  w.fails = TH_EIO;
  assert_int_equal(th_warm_phrases(&c.snapshot, next_name, &w, &stop, &err), TH_EIO);
  assert_true(lists_bytes(&c, 0) > 0);
  assert_int_equal(lists_bytes(&c, 1), 0);
  w.fails = 0;
  assert_int_equal(th_warm_phrases(&c.snapshot, next_name, &w, &stop, &err), 0);
  for (uint32_t s = 0; s < c.n_segments; s++) {
    uint64_t bytes = lists_bytes(&c, s);
    assert_true(bytes > 0);
    assert_int_equal(th_warm_phrases(&c.snapshot, next_name, &w, &stop, &err), 0);
    assert_int_equal(lists_bytes(&c, s), bytes); /* they are there */
  }
  for (uint32_t k = 0; k < 200; k++)
    try_one(&c);
  corpus_dispose(&c);
  th_arena_dispose(&arena);
}

/* ---- lists by themselves ---- */

static th_phrase_name name_of(th_phrase_word *two, uint32_t number) {
  static const uint8_t postings[2];
  two[0] = (th_phrase_word){postings, 0};
  two[1] = (th_phrase_word){postings + 1, 1 + number};
  th_phrase_name name = {.scope = 7, .n = 2, .words = two};
  name.key = th_phrase_name_key(&name);
  return name;
}

/* Any documents are read as they were written, also all, none, and the last one. */
static void test_lists(void **state) {
  corpus c;
  (void)state;
  make_corpus(&c, 3000, 1);
  const th_segment *s = c.snapshot.segments[0];
  uint32_t n_docs = th_segment_docs(s), n_words = (n_docs + 63) / 64, bits = 0, varints = 0;
  th_asked *set = th_cache_phrases(s);
  uint64_t *docs = calloc(n_words, 8), *back = calloc(n_words, 8);
  assert_true(docs && back);
  for (uint32_t i = 0; i < 60; i++) {
    th_phrase_word two[2];
    th_phrase_name name = name_of(two, i);
    unsigned slot;
    uint32_t per_mille = i == 0 ? 0 : i == 1 ? 1000 : below(chance(50) ? 1000 : 20);
    memset(docs, 0, n_words * 8);
    memset(back, 0, n_words * 8);
    for (uint32_t d = 0; d < n_docs; d++)
      if (below(1000) < per_mille || (i == 2 && d + 1 == n_docs)) th_bit_set(docs, d);
    assert_null(th_phrases_find(set, &name, &slot));
    th_asked_refuse(set, slot);
    const th_phrase_list *list = th_phrases_keep(set, slot, s, &name, docs);
    assert_non_null(list);
    assert_ptr_equal(th_phrases_find(set, &name, &slot), list);
    th_phrase_list_read(list, back);
    assert_memory_equal(docs, back, n_words * 8);
    bits += list->bits;
    varints += !list->bits;
    /* Another phrase that had the same key would not get this one's documents. */
    two[1].at++;
    assert_null(th_phrases_find(set, &name, &slot));
    assert_true(slot == TH_ASKED_NO_SLOT);
  }
  assert_true(bits > 5 && varints > 5);
  /* Until there is no more room. */
  uint32_t kept = 0;
  memset(docs, 0xAA, n_words * 8 - 8);
  for (uint32_t i = 100; i < 1000; i++) {
    th_phrase_word two[2];
    th_phrase_name name = name_of(two, i);
    unsigned slot;
    assert_null(th_phrases_find(set, &name, &slot));
    kept += slot != TH_ASKED_NO_SLOT && th_phrases_keep(set, slot, s, &name, docs);
  }
  assert_true(kept > 10 && kept < 900);
  assert_true(set->bytes <= th_phrases_room(s));
  free(docs);
  free(back);
  corpus_dispose(&c);
}

/* ---- failing memory, threads ---- */

static void test_no_memory(void **state) {
  corpus c;
  th_arena own;
  th_err err = {0};
  int rc = -1;
  (void)state;
  th_arena_init(&own, 0);
  make_corpus(&c, 1200, 2);
  th_search_request r = {.scored =
                             query_of(&own, TH_SPAN("\"lung disease\" AND lung"), TH_A_BasicSearch),
                         .size = 5,
                         .count = true};
  for (size_t limit = 64; rc; limit += 512) {
    th_arena arena;
    th_search_result out;
    th_arena_init(&arena, limit);
    rc = th_search(&c.snapshot, &r, &arena, &out, &err);
    if (rc) assert_int_equal(rc, TH_ENOMEM);
    th_arena_dispose(&arena);
    assert_true(limit < 4 << 20);
  }
  for (uint32_t i = 0; i < 20; i++)
    corpus_compare(&c, &r, "after failures");
  corpus_dispose(&c);
  th_arena_dispose(&own);
}

enum { THREADS = 6, ROUNDS = 30 };

typedef struct shared_run {
  const corpus *c;
  uint32_t nct[10], n;
  int64_t total;
  bool same;
} shared_run;

static bool search_once(shared_run *run, th_arena *arena, bool first) {
  th_err err = {0};
  th_search_result r;
  th_arena_reset(arena, false);
  th_search_request rq = {
      .scored = query_of(arena, TH_SPAN("\"lung disease\" OR \"pain of heart\""), TH_A_BasicSearch),
      .size = 10,
      .count = true};
  if (th_search(&run->c->snapshot, &rq, arena, &r, &err)) return false;
  if (first) {
    run->n = r.n_hits;
    run->total = r.total;
  }
  bool same = run->n == r.n_hits && run->total == r.total;
  for (uint32_t i = 0; same && i < r.n_hits; i++) {
    if (first) run->nct[i] = r.hits[i].nct;
    same = run->nct[i] == r.hits[i].nct;
  }
  return same;
}

static void *search_alone(void *ctx) {
  shared_run *run = ctx;
  th_arena arena;
  th_arena_init(&arena, 0);
  run->same = true;
  for (int i = 0; i < ROUNDS; i++)
    run->same &= search_once(run, &arena, i == 0);
  th_arena_dispose(&arena);
  return NULL;
}

static void test_threads(void **state) {
  corpus c;
  pthread_t threads[THREADS];
  shared_run runs[THREADS] = {0};
  (void)state;
  make_corpus(&c, 1000, 2);
  for (int i = 0; i < THREADS; i++) {
    runs[i].c = &c;
    assert_int_equal(pthread_create(&threads[i], NULL, search_alone, &runs[i]), 0);
  }
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  for (int i = 0; i < THREADS; i++) {
    assert_true(runs[i].same && runs[i].n > 0);
    assert_int_equal(runs[i].total, runs[0].total);
    assert_memory_equal(runs[i].nct, runs[0].nct, sizeof runs[0].nct);
  }
  assert_true(lists_bytes(&c, 0) > 0);
  corpus_dispose(&c);
}

int main(void) {
  seed = random_start(20261122);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random),  cmocka_unit_test(test_ahead),
      cmocka_unit_test(test_lists),   cmocka_unit_test(test_no_memory),
      cmocka_unit_test(test_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
