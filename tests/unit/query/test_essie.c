/* The expression language held to its meaning: random expressions over everything that the grammar
 * has, made of what stands in records, evaluated by the index and by records.c over the records
 * themselves. The studies found must be the same. */
#include "../test.h"

#include "../chance.h"
#include "../shared.h"
#include "naive.h"
#include "records.h"

#include <ctype.h>
#include <stdio.h>

#include "demo/demo.h"
#include "query/explain.h"
#include "query/lex.h"
#include "study/derived.h"

/* ---- registries ---- */

typedef struct registry {
  corpus corpus;
  th_arena arena;
  record *records; /* as corpus.docs */
  uint32_t n, cap;
} registry;

static void registry_init(registry *g) {
  *g = (registry){0};
  corpus_init(&g->corpus);
  th_arena_init(&g->arena, 0);
}

/* nct: under which number the index has it. */
static void registry_add(registry *g, th_span json, uint32_t nct) {
  th_json parsed;
  th_err err = {0};
  char *padded = calloc(1, json.n + TH_PAD);
  memcpy(padded, json.p, json.n);
  if (corpus_add(&g->corpus, json, nct)) {
    if (g->n == g->cap) {
      g->cap = g->cap * 2 + 64;
      g->records = realloc(g->records, g->cap * sizeof *g->records);
    }
    assert_int_equal(th_json_parse(g->corpus.parser, (th_span){padded, json.n}, &parsed, &err), 0);
    record_read(&g->records[g->n], &parsed, &g->arena);
    g->records[g->n++].nct = nct;
  }
  free(padded);
}

static void registry_dispose(registry *g) {
  corpus_dispose(&g->corpus);
  th_arena_dispose(&g->arena);
  free(g->records);
}

/* ---- making expressions ---- */

typedef struct maker {
  const registry *g;
  th_arena *arena;
  th_buf *out;     /* the expression as text */
  const record *r; /* of which things are taken */
  uint16_t field;  /* the field that the words to come are looked for in, or NONE: an area */
  bool size, sites;
} maker;

static expr *make(maker *m, unsigned depth);

static expr *node(maker *m, expr_kind kind) {
  expr *e = th_arena_calloc(m->arena, 1, sizeof *e);
  assert_non_null(e);
  e->kind = kind;
  e->area = e->field = TH_F_NONE;
  return e;
}

static const rec_leaf *some_leaf(const record *r, uint16_t field) {
  const rec_leaf *found = NULL;
  uint32_t n = 0;
  for (uint32_t i = 0; i < r->n_leaves; i++)
    if (field == TH_F_NONE
            ? r->leaves[i].searched
            : r->leaves[i].field >= field && r->leaves[i].field < th_fields[field].end)
      if (below(++n) == 0) found = &r->leaves[i];
  return found;
}

static const record *some_record(const maker *m) {
  return &m->g->records[below(m->g->n)];
}

/* One to four words that follow each other in a text; now and then a changed one. */
static th_span some_words(const rec_leaf *l) {
  th_span s = l ? l->text : TH_SPAN("heart study");
  size_t from = s.n ? below((uint32_t)s.n) : 0, n = 1 + below(4), to;
  if (chance(40)) from = 0;
  while (from && !th_is_blank(s.p[from - 1]))
    from--;
  for (to = from; to < s.n && n; to++)
    if (th_is_blank(s.p[to]) && --n == 0) break;
  if (chance(15)) /* the end of it */
    for (from = to = s.n, n = 1 + below(3); from && n; from--)
      if (th_is_blank(s.p[from - 1]) && --n == 0) break;
  if (chance(8)) from = 0, to = s.n;
  if (to - from > 200) to = from;
  return th_span_trim((th_span){s.p + from, to - from});
}

static bool holds_a_letter(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (isalnum((unsigned char)s.p[i])) return true;
  return false;
}

static void put_quoted(th_buf *out, th_span s) {
  th_buf_char(out, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"' || s.p[i] == '\\') th_buf_char(out, '\\');
    th_buf_char(out, s.p[i]);
  }
  th_buf_char(out, '"');
}

static expr *words_of(maker *m, th_span text, bool quoted) {
  expr *e = node(m, quoted ? E_PHRASE : E_WORDS);
  e->text = th_arena_dup(m->arena, text);
  if (quoted) {
    put_quoted(m->out, text);
  } else {
    th_span escaped = th_query_escape(m->arena, text);
    th_buf_put(m->out, escaped.p, escaped.n);
  }
  return e;
}

static expr *make_words(maker *m) {
  const rec_leaf *l = some_leaf(m->r, m->field);
  bool quoted = chance(40);
  if (l && !l->searched) l = NULL;
  if (chance(20)) l = some_leaf(some_record(m), m->field);
  th_span text = some_words(l);
  if (!holds_a_letter(text)) text = TH_SPAN("study");
  return words_of(m, text, quoted);
}

static expr *make_value(maker *m) {
  const th_field *f = &th_fields[m->field];
  const rec_leaf *l = some_leaf(chance(70) ? m->r : some_record(m), m->field);
  char text[64];
  if (m->size || f->type == TH_FT_INT || f->type == TH_FT_NUMBER) {
    long long v = below(12);
    if (l && !m->size) v = (long long)l->number;
    if (strstr(f->piece, "Year")) v = 2000 + below(26);
    snprintf(text, sizeof text, "%lld", v);
    return words_of(m, th_span_of(text), false);
  }
  if (f->type == TH_FT_ENUM) {
    int v = (int)below(th_enums[f->enum_id].n);
    if (l && chance(80)) v = th_enum_value(f->enum_id, l->text);
    const char *name =
        chance(50) ? th_enum_name(f->enum_id, v) : th_enum_legacy(f->enum_id, v, f->id);
    return words_of(m, th_span_of(name), chance(30));
  }
  if (f->type == TH_FT_BOOL) return words_of(m, th_span_of(chance(50) ? "true" : "false"), false);
  if (f->type == TH_FT_KEYWORD) {
    static const char *const codes[] = {"US", "fr", "DE", "GB", "JP", "zz"};
    return words_of(m, th_span_of(PICK(codes)), false);
  }
  if (f->type == TH_FT_AGE) {
    static const char *const ages[] = {"18 years", "6 Months", "18d", "64y", "3 Weeks", "65 Years"};
    return words_of(m, l && chance(70) ? l->text : th_span_of(PICK(ages)), false);
  }
  if (!l || chance(20)) {
    snprintf(text, sizeof text, "%d-%02d-%02d", 2000 + (int)below(26), 1 + (int)below(12),
             1 + (int)below(28));
    l = NULL;
  } else {
    snprintf(text, sizeof text, "%.*s", (int)TH_MIN(l->text.n, 10), l->text.p);
  }
  if (chance(50)) text[chance(50) ? 4 : TH_MIN(strlen(text), 7)] = 0; /* a year, a month */
  return words_of(m, th_span_of(text), false);
}

static th_span some_limit(maker *m, bool high) {
  size_t from = m->out->n;
  if (chance(25)) {
    th_buf_str(m->out, high ? "MAX" : "MIN");
  } else {
    make_value(m);
  }
  return th_arena_dup(m->arena, (th_span){m->out->p + from, m->out->n - from});
}

static expr *make_range(maker *m) {
  expr *e = node(m, E_RANGE);
  th_buf_str(m->out, "RANGE[");
  e->low = some_limit(m, false);
  th_buf_str(m->out, chance(50) ? ", " : ",");
  e->high = some_limit(m, true);
  th_buf_char(m->out, ']');
  return e;
}

static expr *make_near(maker *m) {
  const rec_leaf *l = some_leaf(m->r, TH_F_LocationGeoPoint);
  expr *e = node(m, E_NEAR);
  char text[128];
  double radius = 1 + below(4000) / 10.0;
  bool miles = chance(50);
  snprintf(text, sizeof text, "DISTANCE[%.3f, %.3f, %.1f%s]",
           l ? l->lat + (double)below(200) / 1000 - 0.1 : 48.85, l ? l->lon : 2.35, radius,
           miles ? "mi" : "km");
  assert_int_equal(sscanf(text, "DISTANCE[%lf, %lf", &e->lat, &e->lon), 2);
  e->km = radius * (miles ? 1.609344 : 1);
  th_buf_str(m->out, text);
  return e;
}

static bool has_range(const maker *m) {
  return m->field != TH_F_NONE && (m->size || th_ftype_is_ordered(th_fields[m->field].type));
}

static expr *make_source(maker *m, unsigned depth) {
  if (depth && chance(35)) {
    th_buf_char(m->out, '(');
    expr *e = make(m, depth - 1);
    th_buf_char(m->out, ')');
    return e;
  }
  bool sex = m->field != TH_F_NONE && th_fields[m->field].enum_id == TH_E_Sex && !m->size;
  if (chance(7)) {
    th_buf_str(m->out, "MISSING");
    return node(m, E_MISSING);
  }
  if (chance(3) && !sex) {
    th_buf_str(m->out, "ALL");
    return node(m, E_ALL);
  }
  if (m->field == TH_F_NONE) return make_words(m);
  if (th_fields[m->field].type == TH_FT_GEO_POINT) return make_near(m);
  if (has_range(m)) return chance(60) ? make_range(m) : make_value(m);
  switch (th_fields[m->field].type) {
  case TH_FT_ENUM:
  case TH_FT_BOOL:
  case TH_FT_KEYWORD:
    return make_value(m);
  default:
    return make_words(m);
  }
}

static const char *some_name(uint16_t field) {
  static char alt[128];
  const th_field *f = &th_fields[field];
  if (chance(30)) return f->path;
  if (!*f->alt || chance(60)) return f->piece;
  snprintf(alt, sizeof alt, "%.*s", (int)strcspn(f->alt, " "), f->alt);
  return alt;
}

/* Fields of the record at hand, mostly; in a site, mostly those of sites. */
static uint16_t some_field(maker *m) {
  static const uint16_t of_sites[] = {
      TH_F_LocationCity,         TH_F_LocationCountry,  TH_F_LocationFacility,
      TH_F_LocationState,        TH_F_LocationStatus,   TH_F_LocationZip,
      TH_F_LocationContactName,  TH_F_LocationGeoPoint, TH_F_LocationCountryCode,
      TH_F_LocationContactPhone, TH_F_Location,         TH_F_LocationContact};
  if (m->sites && chance(80)) return PICK(of_sites);
  if (chance(15)) return (uint16_t)below(TH_F_COUNT);
  return m->r->leaves[below(m->r->n_leaves)].field;
}

static expr *make_area(maker *m, unsigned depth) {
  static const uint16_t areas[] = {TH_A_BasicSearch,    TH_A_ConditionSearch, TH_A_TitleSearch,
                                   TH_A_LocationSearch, TH_A_SponsorSearch,   TH_A_OutcomeSearch,
                                   TH_A_PatientSearch,  TH_A_ContactSearch};
  maker inner = *m;
  expr *e = node(m, E_AREA);
  inner.size = false;
  if (chance(30)) {
    e->area = chance(70) ? PICK(areas) : (uint16_t)below(TH_A_COUNT);
    inner.field = TH_F_NONE;
    th_buf_printf(m->out, "AREA[%s]", th_areas[e->area].name);
  } else if (chance(12) && m->r->n_counts) {
    uint16_t list = m->r->counts[below(m->r->n_counts)].list;
    e->size = inner.size = true;
    inner.field = e->field = th_derived_count_field(list);
    th_buf_printf(m->out, "AREA[%s:size]", some_name(list));
  } else {
    inner.field = e->field = some_field(m);
    th_buf_printf(m->out, "AREA[%s]", some_name(e->field));
  }
  if (chance(20)) th_buf_char(m->out, ' ');
  e->parts[e->n++] = make_source(&inner, TH_MIN(depth, 1));
  return e;
}

static expr *make_context(maker *m, unsigned depth) {
  static const char *const coverages[] = {"Contains", "StartsWith", "EndsWith", "FullMatch"};
  static const char *const levels[] = {"None", "Term", "Concept", "Relaxation", "Lossy"};
  expr *e;
  if (chance(50)) {
    e = node(m, E_COVERAGE);
    e->coverage = below(4);
    th_buf_printf(m->out, "%s[%s]", chance(30) ? "COVER" : "COVERAGE", coverages[e->coverage]);
  } else {
    e = node(m, E_EXPANSION);
    e->level = (expr_level)below(5);
    th_buf_printf(m->out, "EXPANSION[%s]", levels[e->level]);
  }
  e->parts[e->n++] = chance(60) ? make_area(m, depth) : make_source(m, depth);
  return e;
}

static expr *make_op(maker *m, unsigned depth) {
  uint32_t which = below(100);
  expr *e;
  if (which < 8) {
    e = node(m, E_NOT);
    th_buf_str(m->out, "NOT ");
    e->parts[e->n++] = make_op(m, depth);
  } else if (which < 45) {
    e = make_area(m, depth);
  } else if (which < 55 && depth) {
    maker inner = *m;
    bool location = chance(85);
    e = node(m, location ? E_SITES : E_TILT); /* SEARCH[Study] changes nothing, as TILT */
    inner.sites |= location;
    inner.r = chance(50) ? m->r : some_record(m);
    th_buf_printf(m->out, "SEARCH[%s](", location ? "Location" : "Study");
    e->parts[e->n++] = make(&inner, depth - 1);
    th_buf_char(m->out, ')');
  } else if (which < 72) {
    e = make_context(m, depth);
  } else if (which < 76) {
    e = node(m, E_TILT);
    th_buf_str(m->out, chance(50) ? "TILT[StartDate]" : "TILT[LastUpdatePostDate]");
    e->parts[e->n++] = make_source(m, depth);
  } else {
    e = make_source(m, depth);
  }
  return e;
}

/* Words side by side are one term, so that an AND must stand between two of them. */
static expr *make_and(maker *m, unsigned depth) {
  static const char *const glue[] = {" AND ", ", ", ","};
  unsigned n = 1 + (depth && chance(45)) + chance(10);
  if (n == 1) return make_op(m, depth);
  expr *e = node(m, E_AND);
  for (unsigned i = 0; i < n; i++) {
    if (i) th_buf_str(m->out, PICK(glue));
    if (chance(20)) m->r = some_record(m);
    e->parts[e->n++] = make_op(m, depth ? depth - 1 : 0);
  }
  return e;
}

static expr *make(maker *m, unsigned depth) {
  unsigned n = 1 + (depth && chance(40)) + chance(10);
  if (n == 1) return make_and(m, depth);
  expr *e = node(m, E_OR);
  for (unsigned i = 0; i < n; i++) {
    if (i) th_buf_str(m->out, " OR ");
    e->parts[e->n++] = make_and(m, depth ? depth - 1 : 0);
  }
  return e;
}

/* ---- comparing ---- */

/* The best few, where phrases are looked at last and only when they matter, are the first of all.
 */
static void expect_best(const corpus *c, const th_query *q, const char *text, th_arena *arena) {
  for (uint32_t size = 1; size <= 9; size += 4) {
    th_search_result all, best;
    th_err err = {0};
    th_search_request request = {.scored = q, .size = size, .exhaustive = true};
    if (th_search(&c->snapshot, &request, arena, &all, &err)) fail_msg("%s: %s", text, err.message);
    request.exhaustive = false;
    if (th_search(&c->snapshot, &request, arena, &best, &err))
      fail_msg("%s: %s", text, err.message);
    if (best.n_hits != all.n_hits)
      fail_msg("%s\n  %u of the best, not %u", text, best.n_hits, all.n_hits);
    for (uint32_t i = 0; i < best.n_hits; i++)
      if (best.hits[i].nct != all.hits[i].nct || best.hits[i].score != all.hits[i].score)
        fail_msg("%s\n  hit %u is study %u with %f, not %u with %f", text, i, best.hits[i].nct,
                 (double)best.hits[i].score, all.hits[i].nct, (double)all.hits[i].score);
  }
}

static void expect(const registry *g, const expr *e, const char *text, uint16_t area) {
  const corpus *c = &g->corpus;
  th_arena arena;
  th_err err = {0};
  th_query *q;
  th_search_result result;
  th_arena_init(&arena, 0);
  if (th_query_parse(&q, &arena, th_span_of(text), area, "x", &err))
    fail_msg("%s: %s", text, err.message);
  uint8_t *found = th_arena_calloc(&arena, g->n, 1);
  for (int scored = 0; scored < 2; scored++) {
    th_search_request request = {.size = g->n, .count = true};
    *(scored ? &request.scored : &request.filter) = q;
    if (th_search(&c->snapshot, &request, &arena, &result, &err))
      fail_msg("%s: %s", text, err.message);
    memset(found, 0, g->n);
    for (uint32_t i = 0; i < result.n_hits; i++)
      for (uint32_t k = 0; k < g->n; k++)
        if (c->docs[k].segment == result.hits[i].segment && c->docs[k].doc == result.hits[i].doc)
          found[k] = 1;
    for (uint32_t k = 0; k < g->n; k++) {
      bool wanted = c->docs[k].live && record_matches(&g->records[k], e, area);
      if (found[k] != wanted)
        fail_msg("%s\n  study %u (record %u) is %s", text, c->docs[k].nct, k,
                 wanted ? "not found" : "found wrongly");
    }
    assert_int_equal(result.total, result.n_hits);
    /* What explains a hit is what the search says. */
    for (uint32_t i = 0; scored && i < TH_MIN(result.n_hits, 2); i++) {
      th_explanation why;
      const th_hit *hit = &result.hits[i];
      if (th_query_explain(&c->snapshot, q, hit->segment, hit->doc, &arena, &why, &err))
        fail_msg("%s: %s", text, err.message);
      if (!why.matched || why.score != hit->score)
        fail_msg("%s\n  study %u: explained %d %f, found %f", text, hit->nct, why.matched,
                 (double)why.score, (double)hit->score);
    }
  }
  expect_best(c, q, text, &arena);
  th_arena_dispose(&arena);
}

static void run(const registry *g, unsigned rounds) {
  static const uint16_t areas[] = {TH_A_BasicSearch, TH_A_ConditionSearch, TH_A_LocationSearch,
                                   TH_A_BasicSearch};
  unsigned some = 0;
  for (unsigned i = 0; i < rounds; i++) {
    th_arena arena;
    th_buf text;
    th_arena_init(&arena, 0);
    th_buf_init(&text, 0);
    maker m = {.g = g, .arena = &arena, .out = &text, .field = TH_F_NONE};
    m.r = some_record(&m);
    expr *e = make(&m, below(4));
    uint16_t area = PICK(areas);
    th_buf_char(&text, 0);
    expect(g, e, text.p, area);
    for (uint32_t k = 0; k < g->n; k++)
      if (record_matches(&g->records[k], e, area)) {
        some++;
        break;
      }
    th_buf_dispose(&text);
    th_arena_dispose(&arena);
  }
  /* Most of them find something, or nothing was tested. */
  printf("%u of %u expressions find something\n", some, rounds);
  assert_true(some > rounds / 2);
}

static unsigned rounds_of(unsigned usual) {
  return getenv("TH_FULL") ? 10 * usual : usual;
}

static void test_demo(void **state) {
  registry g;
  th_demo *demo = th_demo_new(7);
  (void)state;
  assert_non_null(demo);
  registry_init(&g);
  for (uint32_t i = 0; i < 150; i++) {
    th_buf json;
    th_buf_init(&json, 0);
    th_demo_record(demo, i, &json);
    registry_add(&g, th_buf_view(&json), 1 + i % 140); /* some are newer versions of others */
    if (i % 60 == 59) corpus_flush(&g.corpus);
    th_buf_dispose(&json);
  }
  th_demo_free(demo);
  corpus_finish(&g.corpus, &seed, 5);
  run(&g, rounds_of(3000));
  registry_dispose(&g);
}

/* Every 17th record of the file, 250 of them; false when there is no file. */
static bool read_real(registry *g) {
  shared_lines *in = shared_lines_open("data/studies.ndjson.zst");
  th_span line;
  if (!in) return false;
  registry_init(g);
  for (uint32_t i = 0; g->n < 250 && shared_lines_next(in, &line); i++) {
    if (i % 17 || line.n > 200000) continue;
    registry_add(g, line, i + 1);
    if (g->n % 100 == 0) corpus_flush(&g->corpus);
  }
  shared_lines_close(in);
  return true;
}

static void test_real(void **state) {
  registry g;
  (void)state;
  if (!read_real(&g)) skip();
  corpus_finish(&g.corpus, &seed, 5);
  run(&g, rounds_of(1000));
  registry_dispose(&g);
}

int main(void) {
  seed = random_start(20261123);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_demo), cmocka_unit_test(test_real)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
