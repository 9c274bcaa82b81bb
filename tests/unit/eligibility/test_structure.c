/* Sections, items and how they combine. */
#define _GNU_SOURCE
#include "../test.h"

#include <math.h>
#include <time.h>

#include "../shared.h"
#include "base/queue.h"
#include "cases.h"
#include "eligibility/headers.h"
#include "eligibility/json.h"
#include "eligibility/marks.h"
#include "eligibility/plain_html.h"

/* ---- header shapes, counted over the registry ---- */

static void test_headers(void **state) {
  (void)state;
  th_buf file;
  int n = 0;
  cases_load(&file, "headers.txt");
  for (char *p = file.p, *end = p + file.n; p < end;) {
    char *eol = memchr(p, '\n', (size_t)(end - p));
    char *tab = memchr(p, '\t', (size_t)(eol - p));
    if (*p != '#' && tab) {
      char *kind = tab + 1, got[32];
      char *line = (char *)memchr(kind, '\t', (size_t)(eol - kind)) + 1;
      th_elig_header h;
      bool is = th_elig_header_read((th_span){line, (size_t)(eol - line)}, false, &h);
      snprintf(got, sizeof got, "%s%s",
               !is       ? "-"
               : h.keeps ? "neutral"
                         : th_elig_kind_name(h.kind),
               is && h.cohort ? " cohort" : "");
      if (strncmp(got, kind, (size_t)(line - 1 - kind)) || got[line - 1 - kind])
        fail_msg("%.*s: %s", (int)(eol - kind), kind, got);
      n++;
    }
    p = eol + 1;
  }
  assert_true(n > 1000);
  th_buf_dispose(&file);
}

/* ---- trees ---- */

static void dump(const th_elig_tree *t, th_buf *out) {
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    const th_elig_node *n = &t->nodes[i];
    char id[TH_ELIG_ID_MAX];
    th_elig_id(t, i, id);
    if (i) th_buf_char(out, '\n');
    th_buf_printf(out, "%s ", id);
    if (n->flags & TH_ELIG_GROUP) {
      th_buf_printf(out, "[%s", th_elig_combine_name(n->combine));
      if (n->combine == TH_ELIG_AT_LEAST) th_buf_printf(out, " %u", n->at_least);
      th_buf_printf(out, "%s%s]", n->flags & TH_ELIG_COHORT ? " cohort" : "",
                    n->flags & TH_ELIG_OPTIONAL ? " examples" : "");
      continue;
    }
    bool blank = false;
    th_span s = th_elig_text(t, i);
    for (size_t k = 0; k < s.n; k++) {
      bool b = (unsigned char)s.p[k] <= ' ';
      if (!b || !blank) th_buf_char(out, b ? ' ' : s.p[k]);
      blank = b;
    }
  }
}

static void test_trees(void **state) {
  (void)state;
  th_buf file, got;
  th_arena arena;
  th_case c;
  int n = 0, bad = 0;
  cases_load(&file, "structure.txt");
  th_buf_init(&got, 0);
  th_arena_init(&arena, 0);
  for (size_t at = 0; cases_next(&file, &at, &c); n++) {
    th_elig_tree tree;
    th_err err = {0};
    th_arena_reset(&arena, false);
    th_buf_clear(&got);
    assert_int_equal(th_elig_read(c.text, &arena, &tree, &err), 0);
    dump(&tree, &got);
    if (th_span_eq(th_buf_view(&got), c.want)) continue;
    print_error("structure.txt:%d: %.*s\n%.*s\n", c.line, (int)c.name.n, c.name.p, (int)got.n,
                got.p);
    bad++;
  }
  assert_int_equal(bad, 0);
  assert_true(n > 20);
  th_arena_dispose(&arena);
  th_buf_dispose(&got);
  th_buf_dispose(&file);
}

/* ---- what holds for every text ---- */

static bool is_word_byte(char c) {
  return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9');
}

static bool has_words(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (is_word_byte(s.p[i])) return true;
  return false;
}

/* Words between the leaves are list signs or belong to a header. */
static void check_gap(th_span text, uint32_t from, uint32_t to) {
  th_span gap = {text.p + from, to - from};
  while (gap.n) {
    const char *eol = memchr(gap.p, '\n', gap.n);
    th_span line = th_span_trim((th_span){gap.p, eol ? (size_t)(eol - gap.p) : gap.n});
    th_elig_header h;
    th_elig_mark m = {0};
    bool marked = th_elig_mark_read(line, false, &m);
    th_span rest = {line.p + m.len, line.n - m.len};
    bool joint = rest.n <= 8;
    if (has_words(line) && !joint && !th_elig_header_read(rest, marked, &h))
      fail_msg("not covered: %.*s", (int)line.n, line.p);
    gap.n -= eol ? (size_t)(eol + 1 - gap.p) : gap.n;
    if (eol) gap.p = eol + 1;
  }
}

static void check_node(const th_elig_tree *t, uint32_t i) {
  const th_elig_node *n = &t->nodes[i];
  assert_true(n->from < n->to && n->to <= t->text.n);
  assert_true(n->next > i && n->next <= t->n_nodes);
  assert_true(n->depth <= TH_ELIG_DEPTH_MAX);
  if (!(n->flags & TH_ELIG_GROUP)) assert_int_equal(n->next, i + 1);
  uint32_t number = 0, end = n->from;
  for (uint32_t c = i + 1; c < n->next; c = t->nodes[c].next) {
    const th_elig_node *k = &t->nodes[c];
    assert_int_equal(k->kind, n->kind);
    assert_int_equal(k->depth, n->depth + 1);
    assert_true(k->from >= end && k->to <= n->to);
    end = k->to;
    if (k->number == 0)
      assert_int_equal(c, i + 1);
    else
      assert_int_equal(k->number, ++number);
  }
  if (n->combine == TH_ELIG_AT_LEAST) assert_true(n->at_least > 1);
}

static void check_tree(const th_elig_tree *t) {
  uint32_t at = 0, next = 0, counts[3] = {0};
  th_arena own;
  th_arena_init(&own, 0);
  th_span text = th_elig_plain_html(t->text, &own); /* tags are markup, too */
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    check_node(t, i);
    const th_elig_node *n = &t->nodes[i];
    if (i == next) {
      assert_int_equal(n->depth, 0);
      assert_int_equal(n->number, ++counts[n->kind]);
      next = n->next;
    }
    if (n->flags & TH_ELIG_GROUP) continue;
    assert_true(n->from >= at);
    check_gap(text, at, n->from);
    at = n->to;
  }
  check_gap(text, at, (uint32_t)t->text.n);
  th_arena_dispose(&own);
}

static void for_all_records(void (*check)(const th_elig_tree *, void *), void *ctx) {
  static const char *const files[] = {"data/studies.ndjson.zst",
                                      "data/trec/extra-documents.ndjson.zst"};
  th_json_parser *parser = th_json_parser_new(64u << 20, 256);
  th_arena arena;
  th_arena_init(&arena, 0);
  for (size_t f = 0; f < TH_COUNT(files); f++) {
    shared_lines *lines = shared_lines_open(files[f]);
    th_span line;
    while (lines && shared_lines_next(lines, &line)) {
      th_json j;
      th_elig_tree tree;
      th_err err = {0};
      assert_int_equal(th_json_parse(parser, line, &j, &err), 0);
      th_span text =
          th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
      th_arena_reset(&arena, false);
      assert_int_equal(th_elig_read(text, &arena, &tree, &err), 0);
      check(&tree, ctx);
    }
    if (lines) shared_lines_close(lines);
  }
  th_arena_dispose(&arena);
  th_json_parser_free(parser);
}

static void check_one(const th_elig_tree *t, void *ctx) {
  (void)ctx;
  check_tree(t);
}

static void test_all_records(void **state) {
  (void)state;
  for_all_records(check_one, NULL);
}

/* Under a bullet of another kind, and further in, the same items stand in the same places. */
static void rewrite(th_span text, char bullet, unsigned indent, th_buf *out) {
  bool start = true;
  th_buf_clear(out);
  for (size_t i = 0; i < text.n; i++) {
    if (start && text.p[i] != '\n') {
      size_t k = i;
      for (unsigned s = 0; s < indent; s++)
        th_buf_char(out, ' ');
      while (k < text.n && text.p[k] == ' ')
        th_buf_char(out, text.p[k++]);
      if (k + 1 < text.n && text.p[k] == '*' && text.p[k + 1] == ' ') {
        th_buf_char(out, bullet);
        k++;
      }
      i = k;
      if (i >= text.n) break;
    }
    th_buf_char(out, text.p[i]);
    start = text.p[i] == '\n';
  }
}

typedef struct again {
  th_buf text, a, b;
  th_arena arena;
  int n, same;
} again;

static void check_again(const th_elig_tree *t, void *ctx) {
  again *g = ctx;
  th_elig_tree other;
  th_buf_clear(&g->a);
  dump(t, &g->a);
  for (int way = 0; way < 2; way++) {
    rewrite(t->text, way ? '-' : '*', way ? 0 : 4, &g->text);
    th_arena_reset(&g->arena, false);
    assert_int_equal(th_elig_read(th_buf_view(&g->text), &g->arena, &other, NULL), 0);
    th_buf_clear(&g->b);
    dump(&other, &g->b);
    g->n++;
    g->same += th_span_eq(th_buf_view(&g->a), th_buf_view(&g->b));
  }
}

static void test_stable(void **state) {
  (void)state;
  again g = {0};
  th_arena_init(&g.arena, 0);
  for_all_records(check_again, &g);
  if (g.n) print_message("%d of %d rewritten texts give the same tree\n", g.same, g.n);
  assert_true(g.same >= g.n - g.n / 200);
  th_arena_dispose(&g.arena);
  th_buf_dispose(&g.text);
  th_buf_dispose(&g.a);
  th_buf_dispose(&g.b);
}

/* ---- hostile text ---- */

/* Of this thread: what else the machine does is not counted. */
static double own_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Reads and writes: both are in proportion to the text. The least of three, so that what disturbs
 * one does not count. */
static double read_repeated(const char *piece, size_t bytes) {
  double least = INFINITY;
  th_buf text;
  th_arena arena;
  th_elig_tree tree;
  th_buf json;
  th_jout w;
  th_buf_init(&text, 0);
  th_buf_init(&json, 0);
  th_arena_init(&arena, 0);
  while (text.n < bytes)
    th_buf_str(&text, piece);
  for (int round = 0; round < 3; round++) {
    th_arena_reset(&arena, false);
    double start = own_seconds();
    assert_int_equal(th_elig_read(th_buf_view(&text), &arena, &tree, NULL), 0);
    th_buf_clear(&json);
    th_jout_init(&w, &json, false);
    th_elig_json(&tree, NULL, &w);
    least = fmin(least, own_seconds() - start);
  }
  assert_int_equal(json.error, 0);
  check_tree(&tree);
  th_buf_dispose(&json);
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
  return least;
}

/* Eight times the text takes eight times the time; a square would take 64 times. */
static void test_linear(void **state) {
  (void)state;
  static const char *const pieces[] = {"1. ",
                                       "a) b) ",
                                       "Inclusion: ",
                                       "Exclusion Criteria: x ",
                                       "* x\n",
                                       "; a",
                                       "(",
                                       " or",
                                       "* x; or\n",
                                       "Any of the following:\n",
                                       "- a:\n  - b\n",
                                       "IV. IV) (i) ",
                                       "1.1.1 A\n",
                                       "1.",
                                       "1. A\n",
                                       "≥ ",
                                       "\n\n",
                                       "A. B. C. ",
                                       "AGE GROUP:\n",
                                       "eligible if:\n",
                                       "word ",
                                       "x\n OR\n",
                                       "  * a\n* b\n",
                                       "of the name ",
                                       "score > 3 and ",
                                       "a score of 3 or more on ",
                                       "class III failure of the heart ",
                                       "(AB) > 3 cm "};
  for (size_t i = 0; i < TH_COUNT(pieces); i++) {
    double small = read_repeated(pieces[i], 64 << 10), large = read_repeated(pieces[i], 512 << 10);
    if (large > 20 * small + 0.002)
      fail_msg("\"%s\": %.4f s, then %.4f s", pieces[i], small, large);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_headers),     cmocka_unit_test(test_trees),
      cmocka_unit_test(test_all_records), cmocka_unit_test(test_stable),
      cmocka_unit_test(test_linear),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
