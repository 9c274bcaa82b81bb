#include "../test.h"

#include "../chance.h"
#include "naive.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "geo/geo.h"
#include "index/builder.h"
#include "index/codec.h"
#include "study/date.h"
#include "text/fold.h"
#include "text/token.h"

/* ---- building ---- */

void corpus_init(corpus *c) {
  *c = (corpus){0};
  snprintf(c->dir, sizeof c->dir, "/tmp/th-query-XXXXXX");
  assert_non_null(mkdtemp(c->dir));
  th_arena_init(&c->arena, 0);
  c->builder = th_builder_new();
  c->parser = th_json_parser_new(64 << 20, 256);
  assert_true(c->builder && c->parser);
  th_feed_init(&c->feed);
}

static bool same_word(const naive_word *w, uint32_t n, uint16_t field, uint32_t position,
                      th_span stem) {
  for (uint32_t i = n; i-- > 0 && w[i].field == field && w[i].position == position;)
    if (th_span_eq(w[i].stem, stem)) return true;
  return false;
}

static void add_words(corpus *c, naive_doc *d) {
  th_stemmer *stemmer = th_thread_get()->stemmer;
  uint32_t cap = 0;
  for (size_t i = 0; i < c->feed.n_texts; i++)
    cap += (uint32_t)c->feed.texts[i].text.n + 1;
  naive_word *words = malloc((cap + 1) * sizeof *words);
  assert_non_null(words);
  for (size_t i = 0; i < c->feed.n_texts; i++) {
    uint16_t field = c->feed.texts[i].field;
    uint32_t base = d->length[field] ? d->length[field] + 1 : 0;
    th_tokens tokens;
    th_token t;
    th_tokens_init(&tokens, c->feed.texts[i].text);
    while (th_token_next(&tokens, &t)) {
      th_span stem = th_stem(stemmer, t.text);
      if (same_word(words, d->n_words, field, base + t.position, stem)) continue;
      words[d->n_words++] = (naive_word){field, base + t.position, th_arena_dup(&c->arena, stem)};
    }
    if (tokens.position) d->length[field] = base + tokens.position;
  }
  d->words = th_arena_calloc(&c->arena, d->n_words + 1, sizeof *d->words);
  memcpy(d->words, words, d->n_words * sizeof *words);
  free(words);
}

static void add_norms(corpus *c, naive_doc *d) {
  d->norms = th_arena_calloc(&c->arena, th_score_areas(), 1);
  for (unsigned a = 0; a < th_score_areas(); a++) {
    float length = 0;
    for (uint16_t f = 0; f < TH_F_COUNT; f++)
      length += th_score_weight(a, f) * (float)d->length[f];
    d->norms[a] = th_norm_encode(length);
  }
}

static void add_values(corpus *c, naive_doc *d) {
  d->n_values = (uint32_t)c->feed.n_values;
  d->values = th_arena_calloc(&c->arena, d->n_values + 1, sizeof *d->values);
  for (uint32_t i = 0; i < d->n_values; i++) {
    d->values[i] = c->feed.values[i];
    d->values[i].word = th_arena_dup(&c->arena, d->values[i].word);
  }
  d->n_sites = (uint32_t)c->feed.n_sites;
  d->sites = th_arena_calloc(&c->arena, d->n_sites + 1, sizeof *d->sites);
  for (uint32_t i = 0; i < d->n_sites; i++) {
    th_feed_site *s = &d->sites[i];
    *s = c->feed.sites[i];
    s->country = th_arena_dup(&c->arena, s->country);
    s->state = th_arena_dup(&c->arena, s->state);
    s->city = th_arena_dup(&c->arena, s->city);
    s->facility = th_arena_dup(&c->arena, s->facility);
  }
}

bool corpus_add(corpus *c, th_span json, uint32_t nct) {
  char *padded = calloc(1, json.n + TH_PAD);
  uint32_t doc;
  th_json parsed;
  th_err err = {0};
  bool taken = false;
  memcpy(padded, json.p, json.n);
  if (th_json_parse(c->parser, (th_span){padded, json.n}, &parsed, &err) == 0 &&
      th_builder_add(c->builder, &parsed, nct, &doc, &err) == 0) {
    assert_int_equal(th_feed_read(&c->feed, &parsed, &err), 0);
    th_builder_set_seq(c->builder, doc, c->n_docs + 1);
    if (c->n_docs == c->cap_docs) {
      c->cap_docs = c->cap_docs * 2 + 64;
      c->docs = realloc(c->docs, c->cap_docs * sizeof *c->docs);
    }
    naive_doc *d = &c->docs[c->n_docs++];
    *d = (naive_doc){.nct = nct, .segment = c->n_segments, .doc = doc};
    add_words(c, d);
    add_norms(c, d);
    add_values(c, d);
    taken = true;
  }
  if (!taken && err.code != TH_EINPUT) fail_msg("record not taken: %s", err.message);
  free(padded);
  return taken;
}

void corpus_flush(corpus *c) {
  char path[128];
  uint32_t n;
  th_err err = {0};
  snprintf(path, sizeof path, "%s/%u.seg", c->dir, c->n_segments);
  if (th_builder_flush(c->builder, path, &n, &err)) fail_msg("flush: %s", err.message);
  if (n == 0) return;
  if (th_segment_open(&c->segments[c->n_segments], path, true, &err))
    fail_msg("open: %s", err.message);
  c->n_segments++;
  assert_true(c->n_segments < 16);
}

static int by_stem(const void *a, const void *b) {
  return th_span_cmp(*(const th_span *)a, *(const th_span *)b);
}

static void count_dfs(corpus *c) {
  uint32_t n = 0, all = 0;
  for (uint32_t i = 0; i < c->n_docs; i++)
    all += c->docs[i].n_words;
  th_span *every = malloc((all + 1) * sizeof *every);
  for (uint32_t i = 0; i < c->n_docs; i++) {
    uint32_t k = c->docs[i].n_words, from = n;
    th_span *own = malloc((k + 1) * sizeof *own);
    for (uint32_t w = 0; w < k; w++)
      own[w] = c->docs[i].words[w].stem;
    qsort(own, k, sizeof *own, by_stem);
    for (uint32_t w = 0; w < k; w++)
      if (n == from || !th_span_eq(every[n - 1], own[w])) every[n++] = own[w];
    free(own);
  }
  qsort(every, n, sizeof *every, by_stem);
  c->dfs = calloc(n + 1, sizeof *c->dfs);
  for (uint32_t i = 0; i < n; i++) {
    if (!c->n_dfs || !th_span_eq(c->dfs[c->n_dfs - 1].stem, every[i]))
      c->dfs[c->n_dfs++].stem = every[i];
    c->dfs[c->n_dfs - 1].df++;
  }
  free(every);
}

void corpus_finish(corpus *c, uint64_t *state, unsigned dead) {
  corpus_flush(c);
  for (uint32_t s = 0; s < c->n_segments; s++)
    c->live[s] = calloc(th_segment_docs(c->segments[s]) / 64 + 1, 8);
  for (uint32_t i = 0; i < c->n_docs; i++) {
    naive_doc *d = &c->docs[i];
    d->live = random_below(state, 100) >= dead;
    for (uint32_t k = i + 1; d->live && k < c->n_docs; k++)
      if (c->docs[k].nct == d->nct) d->live = false;
    if (!d->live) continue;
    c->live[d->segment][d->doc / 64] |= 1ull << (d->doc % 64);
    c->live_docs[d->segment]++;
    c->n_live++;
  }
  /* A segment without dead documents may have no bitmap. */
  for (uint32_t s = 0; s < c->n_segments; s++) {
    if (c->live_docs[s] != th_segment_docs(c->segments[s])) continue;
    free(c->live[s]);
    c->live[s] = NULL;
  }
  count_dfs(c);
  c->snapshot = (th_snapshot){.generation = 1,
                              .n_segments = c->n_segments,
                              .n_docs = c->n_docs,
                              .n_live = c->n_live,
                              .segments = c->segments,
                              .live = (const uint64_t *const *)c->live,
                              .live_docs = c->live_docs};
}

void corpus_make(corpus *c, const corpus_plan *plan, uint64_t *state) {
  uint32_t n = plan->n_docs;
  th_buf b;
  th_buf_init(&b, 0);
  corpus_init(c);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t nct = 1 + random_below(state, n * 2);
    th_buf_clear(&b);
    plan->put_record(&b, nct);
    assert_int_equal(b.error, 0);
    assert_true(corpus_add(c, th_buf_view(&b), nct));
    bool end = plan->even ? (i + 1) % (n / plan->segments) == 0
                          : plan->segments > 1 && random_below(state, n) < plan->segments;
    if (end && c->n_segments + 1 < plan->segments) corpus_flush(c);
  }
  corpus_finish(c, state, plan->dead);
  th_buf_dispose(&b);
}

void corpus_dispose(corpus *c) {
  char path[128];
  for (uint32_t s = 0; s < c->n_segments; s++) {
    th_segment_close(c->segments[s]);
    free(c->live[s]);
    snprintf(path, sizeof path, "%s/%u.seg", c->dir, s);
    unlink(path);
  }
  rmdir(c->dir);
  th_builder_free(c->builder);
  th_json_parser_free(c->parser);
  th_feed_dispose(&c->feed);
  th_arena_dispose(&c->arena);
  free(c->docs);
  free(c->dfs);
}

/* ---- searching ---- */

static uint32_t df_of(const corpus *c, th_span stem) {
  const naive_df *d = bsearch(&stem, c->dfs, c->n_dfs, sizeof *c->dfs, by_stem);
  return d ? d->df : 0;
}

static float weight_of(unsigned scope, uint16_t field) {
  if (scope & TH_SCOPE_SYNONYMS && !(th_fields[field].flags & TH_FF_SYNONYMS)) return 0;
  if (!th_scope_is_field(scope)) return th_score_weight(th_scope_area(scope), field);
  uint16_t f = th_scope_field(scope);
  return field >= f && field < th_fields[f].end ? 1 : 0;
}

static bool term_matches(const corpus *c, const naive_doc *d, const th_query *q, uint64_t *score) {
  uint32_t tf[TH_F_COUNT] = {0};
  float wtf = 0, length = TH_SCORE_K1;
  for (uint32_t i = 0; i < d->n_words; i++)
    if (th_span_eq(d->words[i].stem, q->term.stem)) tf[d->words[i].field]++;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (tf[f]) wtf += weight_of(q->scope, f) * (float)tf[f];
  unsigned area = th_scope_area(q->scope);
  if (!th_scope_is_field(q->scope))
    length = TH_SCORE_K1 *
             (1 - TH_SCORE_B + TH_SCORE_B * th_norm_decode(d->norms[area]) / th_area_average(area));
  float idf = q->term.weight * th_score_idf(c->n_docs, df_of(c, q->term.stem));
  *score = wtf > 0 ? th_score_contribution(idf, wtf, length) : 0;
  return wtf > 0;
}

static bool word_at(const naive_doc *d, uint16_t field, uint32_t position, th_span stem) {
  for (uint32_t i = 0; i < d->n_words; i++)
    if (d->words[i].field == field && d->words[i].position == position &&
        th_span_eq(d->words[i].stem, stem))
      return true;
  return false;
}

static bool phrase_at(const naive_doc *d, const th_query *q, uint16_t field, uint32_t position) {
  for (uint32_t k = 0; k < q->n; k++)
    if (!word_at(d, field, position + q->parts[k]->term.at, q->parts[k]->term.stem)) return false;
  return true;
}

static bool phrase_matches(const corpus *c, const naive_doc *d, const th_query *q,
                           uint64_t *score) {
  bool found = false;
  for (uint32_t i = 0; i < d->n_words && !found; i++)
    found = weight_of(q->scope, d->words[i].field) > 0 &&
            th_span_eq(d->words[i].stem, q->parts[0]->term.stem) &&
            phrase_at(d, q, d->words[i].field, d->words[i].position);
  *score = 0;
  for (uint32_t k = 0; found && k < q->n; k++) {
    uint64_t one;
    term_matches(c, d, q->parts[k], &one);
    *score += one;
  }
  return found;
}

/* Whether any day of a value lies in the range. */
static bool value_in(uint16_t field, int64_t value, int64_t low, int64_t high) {
  uint8_t type = th_fields[field].type;
  if (type != TH_FT_DATE && type != TH_FT_PARTIAL_DATE && type != TH_FT_DATETIME)
    return value >= low && value <= high;
  int64_t first = value >> 2, last = first;
  int year;
  unsigned month, day;
  th_date_civil((int32_t)first, &year, &month, &day);
  if ((value & 3) == TH_DATE_YEAR) last = th_date_days(year + 1, 1, 1) - 1;
  if ((value & 3) == TH_DATE_MONTH)
    last = (month == 12 ? th_date_days(year + 1, 1, 1) : th_date_days(year, month + 1, 1)) - 1;
  return last >= low && first <= high;
}

static bool fold_equal(th_span a, th_span b) {
  char x[1024], y[1024];
  size_t n = th_text_fold(th_span_trim(a), x, sizeof x),
         m = th_text_fold(th_span_trim(b), y, sizeof y);
  return n == m && memcmp(x, y, n) == 0;
}

static bool filter_matches(const naive_doc *d, const th_query *q) {
  bool any = false;
  for (uint32_t i = 0; i < d->n_values; i++) {
    const th_feed_value *v = &d->values[i];
    if (v->field != q->field) continue;
    any = true;
    if (q->kind == TH_N_MASK && (q->mask >> v->value & 1)) return true;
    if (q->kind == TH_N_RANGE &&
        (q->coded ? v->value >= q->range.low && v->value <= q->range.high
                  : value_in(q->field, v->value, q->range.low, q->range.high)))
      return true;
    if (q->kind == TH_N_KEYWORD && fold_equal(v->word, q->word)) return true;
  }
  return q->kind == TH_N_RANGE && q->missing && !any;
}

static double site_km(const th_feed_site *s, double lat, double lon) {
  const double rad = 3.14159265358979323846 / 180;
  double a = sin((s->lat * 1e-6 - lat) * rad / 2), b = sin((s->lon * 1e-6 - lon) * rad / 2);
  double h = a * a + cos(lat * rad) * cos(s->lat * 1e-6 * rad) * b * b;
  return 2 * 6371.0088 * asin(sqrt(h < 1 ? h : 1));
}

static bool near_matches(const naive_doc *d, const th_query *q) {
  for (uint32_t i = 0; i < d->n_sites; i++) {
    th_feed_site placed = d->sites[i], *s = &placed;
    th_geo_place place;
    if (s->lat == TH_NO_POINT && q->near.placed && s->country.n &&
        th_geo_site(s->city, s->state, s->country, &place)) {
      s->lat = (int32_t)lround(place.lat * 1e6);
      s->lon = (int32_t)lround(place.lon * 1e6);
    }
    if (s->lat == TH_NO_POINT) continue;
    if (q->near.site_status && (!s->status || !(q->near.site_status >> (s->status - 1) & 1)))
      continue;
    if (site_km(s, q->near.lat, q->near.lon) <= q->near.km) return true;
  }
  return false;
}

static bool missing_matches(const naive_doc *d, const th_query *q) {
  for (uint32_t i = 0; i < d->n_values; i++)
    if (weight_of(q->scope, d->values[i].field) > 0) return false;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (d->length[f] && weight_of(q->scope, f) > 0) return false;
  return true;
}

static bool matches(const corpus *c, const naive_doc *d, const th_query *q, uint64_t *score) {
  bool all = true, any = false;
  uint64_t sum = 0, most = 0, one;
  *score = 0;
  switch (q->kind) {
  case TH_N_ALL:
    return true;
  case TH_N_TERM:
    return term_matches(c, d, q, score);
  case TH_N_PHRASE:
    return phrase_matches(c, d, q, score);
  case TH_N_NOT:
    return !matches(c, d, q->parts[0], &one);
  case TH_N_NEAR:
    return near_matches(d, q);
  case TH_N_MISSING:
    return missing_matches(d, q);
  case TH_N_IDS:
    for (uint32_t i = 0; i < q->n; i++)
      any |= q->ncts[i] == d->nct;
    return any;
  case TH_N_MASK:
  case TH_N_RANGE:
  case TH_N_KEYWORD:
    return filter_matches(d, q);
  default:
    break;
  }
  for (uint32_t i = 0; i < q->n; i++) {
    bool m = matches(c, d, q->parts[i], &one);
    all &= m;
    any |= m;
    if (m) sum += one, most = TH_MAX(most, one);
  }
  bool m = q->kind == TH_N_AND ? all : any;
  if (m) *score = q->kind == TH_N_EITHER ? most : sum;
  return m;
}

static int64_t sort_key(const naive_doc *d, const th_sort *s, const th_search_request *r,
                        uint64_t score) {
  int64_t best = INT64_MIN;
  if (s->field == TH_SORT_RELEVANCE) return s->descending ? (int64_t)score : -(int64_t)score;
  if (s->field == TH_SORT_DISTANCE) {
    double km = -1;
    for (uint32_t i = 0; i < d->n_sites; i++) {
      if (d->sites[i].lat == TH_NO_POINT) continue;
      double one = site_km(&d->sites[i], r->point_lat, r->point_lon);
      if (km < 0 || one < km) km = one;
    }
    if (km < 0) return INT64_MIN;
    int64_t metres = llround(km * 1000);
    return s->descending ? metres : -metres;
  }
  for (uint32_t i = 0; i < d->n_values; i++) {
    if (d->values[i].field != s->field) continue;
    int64_t key = s->descending ? d->values[i].value : -d->values[i].value;
    best = TH_MAX(best, key);
  }
  return best;
}

static int by_order(const void *a, const void *b) {
  const naive_hit *x = a, *y = b;
  for (int i = 0; i < 2; i++)
    if (x->key[i] != y->key[i]) return x->key[i] > y->key[i] ? -1 : 1;
  return x->doc->nct < y->doc->nct ? -1 : x->doc->nct > y->doc->nct;
}

static bool scores_anything(const th_query *q) {
  if (!q) return false;
  if (q->kind == TH_N_TERM || q->kind == TH_N_PHRASE) return true;
  if (q->kind != TH_N_AND && q->kind != TH_N_OR && q->kind != TH_N_EITHER) return false;
  for (uint32_t i = 0; i < q->n; i++)
    if (scores_anything(q->parts[i])) return true;
  return false;
}

/* An order without scores, and nobody asked for them. */
static bool leaves_scores_out(const th_search_request *r) {
  bool relevance = r->n_sort == 0;
  for (unsigned k = 0; k < r->n_sort; k++)
    relevance |= r->sort[k].field == TH_SORT_RELEVANCE;
  return !r->scores && !relevance;
}

uint32_t naive_search(const corpus *c, const th_search_request *r, th_arena *arena,
                      naive_hit **out) {
  naive_hit *hits = th_arena_calloc(arena, c->n_docs + 1, sizeof *hits);
  uint32_t n = 0;
  bool scored = scores_anything(r->scored);
  bool plain = r->n_sort == 0 || (r->n_sort == 1 && r->sort[0].field == TH_SORT_RELEVANCE &&
                                  r->sort[0].descending && !scored);
  for (uint32_t i = 0; i < c->n_docs; i++) {
    const naive_doc *d = &c->docs[i];
    uint64_t score = 0, unused;
    if (!d->live || (r->filter && !matches(c, d, r->filter, &unused))) continue;
    if (r->scored && !matches(c, d, r->scored, &score)) continue;
    hits[n] = (naive_hit){.doc = d, .score = score};
    if (plain)
      hits[n].key[0] = scored ? (int64_t)score : d->nct;
    else
      for (unsigned k = 0; k < r->n_sort; k++)
        hits[n].key[k] = sort_key(d, &r->sort[k], r, score);
    if (leaves_scores_out(r)) hits[n].score = 0;
    n++;
  }
  qsort(hits, n, sizeof *hits, by_order);
  *out = hits;
  return n;
}

static void compare_facet(const th_search_request *r, const th_facet *f,
                          const th_facet_request *wanted, const naive_hit *hits, uint32_t n,
                          const char *what) {
  uint32_t missing = 0;
  (void)r;
  assert_int_equal(f->field, wanted->field);
  assert_true(f->n <= wanted->most);
  for (uint32_t i = 0; i < n; i++) {
    bool any = false;
    for (uint32_t k = 0; k < hits[i].doc->n_values; k++)
      any |= hits[i].doc->values[k].field == f->field;
    missing += !any;
  }
  if (missing != f->missing) fail_msg("%s: facet misses %u, not %u", what, f->missing, missing);
  for (uint32_t v = 0; v < f->n; v++) {
    uint32_t count = 0;
    if (v) assert_true(f->values[v].count <= f->values[v - 1].count);
    for (uint32_t i = 0; i < n; i++) {
      bool has = false;
      for (uint32_t k = 0; k < hits[i].doc->n_values; k++) {
        const th_feed_value *x = &hits[i].doc->values[k];
        if (x->field != f->field) continue;
        th_span word = x->word;
        if (x->kind == TH_COL_MASK) {
          uint16_t e = th_fields[f->field].enum_id;
          const char *name =
              e == TH_E_NONE ? (x->value ? "true" : "false") : th_enum_name(e, (int)x->value);
          word = th_span_of(name ? name : "(unknown)");
        }
        has |= th_span_eq(word, f->values[v].value);
      }
      count += has;
    }
    if (count != f->values[v].count)
      fail_msg("%s: facet value %.*s counts %u, not %u", what, (int)f->values[v].value.n,
               f->values[v].value.p, f->values[v].count, count);
  }
}

void corpus_compare(const corpus *c, const th_search_request *r, const char *what) {
  th_arena arena;
  th_search_result got;
  th_err err = {0};
  naive_hit *want;
  th_arena_init(&arena, 0);
  uint32_t n = naive_search(c, r, &arena, &want);
  if (th_search(&c->snapshot, r, &arena, &got, &err)) fail_msg("%s: %s", what, err.message);
  uint32_t from = TH_MIN(r->from, n),
           to = (uint32_t)TH_MIN((uint64_t)n, (uint64_t)r->from + r->size);
  if (r->size == 0) to = from;
  if (got.n_hits != to - from) fail_msg("%s: %u hits, not %u", what, got.n_hits, to - from);
  if (r->size && got.more != (n > to)) fail_msg("%s: more is wrong", what);
  if (got.total != (r->count ? (int64_t)n : -1))
    fail_msg("%s: total %lld, not %u", what, (long long)got.total, n);
  for (uint32_t i = 0; i < got.n_hits; i++) {
    const naive_hit *w = &want[from + i];
    const th_hit *h = &got.hits[i];
    if (h->nct != w->doc->nct || h->score != (float)w->score / 65536.0f ||
        h->segment != w->doc->segment || h->doc != w->doc->doc)
      fail_msg("%s: hit %u is %u with %g, not %u with %g", what, from + i, h->nct, (double)h->score,
               w->doc->nct, (double)w->score / 65536);
  }
  assert_int_equal(got.n_facets, r->n_facets);
  for (unsigned i = 0; i < r->n_facets; i++)
    compare_facet(r, &got.facets[i], &r->facets[i], want, n, what);
  th_arena_dispose(&arena);
}
