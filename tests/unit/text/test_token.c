#include "../test.h"

#include "base/buf.h"
#include "text/fold.h"
#include "text/plain.h"
#include "text/token.h"

#include <time.h>

/* "text|expected": tokens as text@position, '+' in front of a joined form. */
static const struct {
  const char *text, *expected;
} cases[] = {
    {"", ""},
    {"  ,.; ", ""},
    {"Hello World", "hello@0 world@1"},
    {"Crohn's disease", "crohn@0 disease@1"},
    {"Crohn\u2019s", "crohn@0"},
    {"O'Brien don't", "o@0 brien@1 don@2 t@3"},
    {"1.5 mg, 0.05; .5 (p<.001)", "1.5@0 mg@1 0.05@2 0.5@3 p@4 0.001@5"},
    {"a.5 v1.2", "a@0 5@1 v1@2 2@3"},
    {"18.", "18@0"},
    {"100,000 1,234,567.89 1,2 1,2345 1234,567",
     "100000@0 1234567.89@1 1@2 2@3 1@4 2345@5 1234@6 567@7"},
    {"GM-CSF", "gm@0 csf@1 +gmcsf@1"},
    {"anti-PD-1 therapy", "anti@0 pd@1 1@2 +antipd1@2 therapy@3"},
    {"HER2/neu", "her2@0 neu@1 +her2neu@1"},
    {"IL-6R 5-FU", "il@0 6r@1 +il6r@1 5@2 fu@3 +5fu@3"},
    {"P(A-a)O2", "p@0 a@1 a@2 o2@3 +paao2@3"},
    {"post-COVID", "post@0 covid@1 +postcovid@1"},
    {"group(s) (FDA)approved", "group@0 s@1 +groups@1 fda@2 approved@3"},
    {"a/b/c/d/e/f g", "a@0 b@1 c@2 d@3 e@4 f@5 g@6"},
    {"1.5-2.5 18-65", "1.5@0 2.5@1 18@2 65@3 +1865@3"},
    {"IL\\-6 \\>5", "il@0 6@1 +il6@1 5@2"},
    {"well- being -x- y", "well@0 being@1 x@2 y@3"},
    {"na\u00EFve r\u00E9sum\u00E9 STRA\u00DFE", "naive@0 resume@1 strasse@2"},
    {"e\u0301tude so\u00ADft", "etude@0 soft@1"},
    {"\u00B5g \u03BCg", "\u03BCg@0 \u03BCg@1"},
    {"\u03B2-blocker", "\u03B2@0 blocker@1 +\u03B2blocker@1"},
    {"\u039F\u0394\u03A5\u03A3\u03A3\u0395\u03A5\u03A3",
     "\u03BF\u03B4\u03C5\u03C3\u03C3\u03B5\u03C5\u03C3@0"},
    {"\u0401\u043B\u043A\u0430", "\u0435\u043B\u043A\u0430@0"},
    {"kg/m\u00B2 m\u00B2", "kg@0 m2@1 +kgm2@1 m2@2"},
    {"\uFB01nding \uFF21\uFF22\uFF11", "finding@0 ab1@1"},
    {"\u764C\u75C7 cancer", "\u764C@0 \u75C7@1 cancer@2"},
    {"age\u226518\u201365", "age@0 18@1 65@2 +1865@2"},
    {"CD4+ HbA1c>7.5%", "cd4@0 hba1c@1 7.5@2"},
    {"NCT00001234", "nct00001234@0"},
    {"bad\xFFutf \xE2\x82", "bad@0 utf@1"},
    {"*bold*_under_#head", "bold@0 under@1 head@2"},
};

static void show(th_buf *out, th_tokens *t) {
  th_token tok;
  while (th_token_next(t, &tok)) {
    if (out->n) th_buf_char(out, ' ');
    if (tok.flags & TH_TOKEN_JOINED) th_buf_char(out, '+');
    th_buf_span(out, tok.text);
    th_buf_char(out, '@');
    th_buf_u64(out, tok.position);
  }
}

static void words_of_texts(void **state) {
  (void)state;
  th_buf out;
  th_buf_init(&out, 0);
  /* With blanks behind, the fast way reads them; in a buffer of just their size, the slow one. */
  for (int padded = 0; padded < 2; padded++) {
    for (size_t i = 0; i < TH_COUNT(cases); i++) {
      size_t n = strlen(cases[i].text), room = n + (padded ? 100 : 0);
      char *copy = malloc(room ? room : 1);
      memset(copy, ' ', room);
      memcpy(copy, cases[i].text, n);
      th_tokens t;
      th_tokens_init(&t, (th_span){copy, room});
      th_buf_clear(&out);
      th_buf_str(&out, "");
      show(&out, &t);
      th_buf_char(&out, 0);
      assert_string_equal(out.p, cases[i].expected);
      free(copy);
    }
  }
  th_buf_dispose(&out);
}

static void tokens_know_their_source(void **state) {
  (void)state;
  const char *text = "The Crohn's P(A-a)O2 of na\u00EFve 1,000 \u764C";
  th_tokens t;
  th_token tok;
  th_tokens_init(&t, th_span_of(text));
  const char *sources[] = {"The",      "Crohn", "P",          "A",     "a",     "O2",
                           "P(A-a)O2", "of",    "na\u00EFve", "1,000", "\u764C"};
  const uint32_t flags[] = {0,
                            0,
                            TH_TOKEN_PART,
                            TH_TOKEN_PART,
                            TH_TOKEN_PART,
                            TH_TOKEN_PART | TH_TOKEN_DIGIT,
                            TH_TOKEN_JOINED | TH_TOKEN_DIGIT,
                            0,
                            0,
                            TH_TOKEN_DIGIT,
                            TH_TOKEN_NONASCII};
  for (size_t i = 0; i < TH_COUNT(sources); i++) {
    assert_true(th_token_next(&t, &tok));
    th_span source = {text + tok.from, tok.to - tok.from};
    assert_true(th_span_eq(source, th_span_of(sources[i])));
    assert_int_equal(tok.flags, flags[i]);
  }
  assert_false(th_token_next(&t, &tok));
  assert_false(th_token_next(&t, &tok));
}

static void long_runs_are_cut_and_count_once(void **state) {
  (void)state;
  char text[1000];
  memset(text, 'x', sizeof text);
  text[500] = ' ';
  th_tokens t;
  th_token tok;
  th_tokens_init(&t, (th_span){text, sizeof text});
  for (uint32_t i = 0; i < 2; i++) {
    assert_true(th_token_next(&t, &tok));
    assert_int_equal(tok.text.n, TH_TOKEN_MAX);
    assert_int_equal(tok.position, i);
    assert_true(tok.flags & TH_TOKEN_CUT);
  }
  assert_false(th_token_next(&t, &tok));
}

/* Whatever the bytes: the iterator ends, goes forward, and gives the same tokens wherever the text
 * lies and whether or not more text stands behind a blank. */
/* Plain words taken where there are some, from a text with blanks behind it: as without. */
static void padded_is_the_same(th_span text) {
  th_tokens t, p;
  th_token tok, other;
  th_plain_word w;
  char *padded = malloc(text.n + TH_PAD);
  assert_non_null(padded);
  if (text.n) memcpy(padded, text.p, text.n);
  memset(padded + text.n, ' ', TH_PAD);
  th_tokens_init(&t, text);
  th_tokens_init_padded(&p, (th_span){padded, text.n});
  while (th_token_next(&t, &tok)) {
    if (th_token_plain(&p, &w)) {
      const uint64_t both[2] = {w.a, w.b};
      char whole[16] = {0};
      assert_true(tok.text.n < sizeof whole && tok.text.n == w.len);
      memcpy(whole, tok.text.p, tok.text.n);
      assert_memory_equal(whole, both, sizeof both);
      assert_int_equal(tok.from, w.from);
      assert_int_equal(tok.position, w.position);
      assert_int_equal(tok.flags, w.digit ? TH_TOKEN_DIGIT : 0);
    } else {
      assert_true(th_token_next(&p, &other));
      assert_true(th_span_eq(tok.text, other.text));
      assert_true(tok.from == other.from && tok.to == other.to);
      assert_true(tok.position == other.position && tok.flags == other.flags);
    }
  }
  assert_false(th_token_plain(&p, &w));
  assert_false(th_token_next(&p, &other));
  assert_int_equal(t.position, p.position);
  free(padded);
}

static void random_bytes(void **state) {
  (void)state;
  static const char *const pieces[] = {"a",      "B",
                                       "word",   "7",
                                       "12",     ".",
                                       ",",      "-",
                                       "/",      "(",
                                       ")",      "'s",
                                       "\\",     " ",
                                       "\u00E9", "\u2019",
                                       "\u2013", "\u764C",
                                       "\u0301", "\xFF",
                                       "\xC3",   "averyveryverylongword",
                                       "*"};
  unsigned seed = (unsigned)time(NULL);
  print_message("seed %u\n", seed);
  srand(seed);
  th_buf text, a, b;
  th_buf_init(&text, 0), th_buf_init(&a, 0), th_buf_init(&b, 0);
  for (int round = 0; round < 20000; round++) {
    th_buf_clear(&text), th_buf_clear(&a), th_buf_clear(&b);
    for (int i = rand() % 24; i >= 0; i--)
      th_buf_str(&text, pieces[(size_t)rand() % TH_COUNT(pieces)]);
    size_t n = text.n;
    char *exact = malloc(n);
    memcpy(exact, text.p, n);
    for (int i = 0; i < 100; i++)
      th_buf_char(&text, ' ');
    th_tokens t;
    th_token tok;
    th_tokens_init(&t, (th_span){exact, n});
    show(&a, &t);
    th_tokens_init(&t, th_buf_view(&text));
    show(&b, &t);
    assert_int_equal(a.n, b.n);
    if (a.n) assert_memory_equal(a.p, b.p, a.n);
    padded_is_the_same(th_buf_view(&text));
    th_tokens_init(&t, (th_span){exact, n});
    uint32_t last = 0, positions = 0;
    while (th_token_next(&t, &tok)) {
      assert_true(tok.to <= n && tok.from < tok.to && tok.text.n > 0);
      if (!(tok.flags & TH_TOKEN_JOINED)) {
        assert_true(tok.from >= last);
        assert_int_equal(tok.position, positions);
        positions++;
        last = tok.to;
      }
    }
    assert_int_equal(t.position, positions);
    free(exact);
  }
  th_buf_dispose(&text), th_buf_dispose(&a), th_buf_dispose(&b);
}

static void whole_texts_fold(void **state) {
  (void)state;
  char out[64];
  size_t n = th_text_fold(th_span_of("C\u00F4te d\u2019Ivoire (A-1)"), out, sizeof out);
  assert_true(th_span_eq((th_span){out, n}, th_span_of("cote d\u2019ivoire (a-1)")));
  assert_int_equal(th_text_fold(th_span_of("\u03B1\u03B1"), out, 3), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_of_texts),
      cmocka_unit_test(tokens_know_their_source),
      cmocka_unit_test(long_runs_are_cut_and_count_once),
      cmocka_unit_test(random_bytes),
      cmocka_unit_test(whole_texts_fold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
