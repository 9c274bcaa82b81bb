/* Markup. */
#include "../test.h"

#include "../shared.h"
#include "base/queue.h"
#include "study/catalogue.h"
#include "study/markup.h"
#include "study/walk.h"

#include <stdio.h>
#include <time.h>

static char *render(const char *markup, bool html) {
  th_buf b = {0};
  th_err err = {0};
  int rc = html ? th_markup_to_html(th_span_of(markup), &b, &err)
                : th_markup_to_text(th_span_of(markup), &b, &err);
  if (rc) fail_msg("%s", err.message);
  th_buf_char(&b, 0);
  return b.p;
}

static void markup_both_ways(void **state) {
  (void)state;
  static const struct {
    const char *markup, *text, *html;
  } cases[] = {
      {"", "", ""},
      {"PaO2 \\<65 & x\\>5", "PaO2 <65 & x>5", "<p>PaO2 &lt;65 &amp; x&gt;5</p>\n"},
      {"a\nb\r\n\r\nc", "a b\n\nc", "<p>a\nb</p>\n<p>c</p>\n"},
      {"* a\n* b", "• a\n• b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"},
      {"* a\n\n* b", "• a\n• b", "<ul>\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ul>\n"},
      {"Such as:\n\n1. a:\n\n   1. x\n   2. y\n2. b\n\nEnd.",
       "Such as:\n\n1. a:\n  1. x\n  2. y\n2. b\n\nEnd.",
       "<p>Such "
       "as:</p>\n<ol>\n<li><p>a:</p>\n<ol>\n<li>x</li>\n<li>y</li>\n</ol>\n</li>\n<li><p>b</p>"
       "\n</li>\n</ol>\n<p>End.</p>\n"},
      {"4) d\n5) e", "4. d\n5. e", "<ol start=\"4\">\n<li>d</li>\n<li>e</li>\n</ol>\n"},
      {"* a\n\n  more", "• a\n  more", "<ul>\n<li><p>a</p>\n<p>more</p>\n</li>\n</ul>\n"},
      {"**x** _y_ `z`", "x y z", "<p><strong>x</strong> <em>y</em> <code>z</code></p>\n"},
      {"a  \nb", "a\nb", "<p>a<br>\nb</p>\n"},
      /* what is shared indentation is not code */
      {"    * a\n      * b", "• a\n  • b", "<ul>\n<li>a<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>\n"},
      {"a\n\n    b\n    c", "a\n\nb\nc", "<p>a</p>\n<p>b<br>\nc</p>\n"},
      /* a sign that the author did not escape is not lost */
      {"> 18 years", "> 18 years", "<p>&gt; 18 years</p>\n"},
      {"# of days", "of days", "<p><strong>of days</strong></p>\n"},
      {"<script>alert(1)</script>", "<script>alert(1)</script>",
       "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
      {"a <b onclick=\"x\">c</b>", "a <b onclick=\"x\">c</b>",
       "<p>a &lt;b onclick=&quot;x&quot;&gt;c&lt;/b&gt;</p>\n"},
      {"[x](https://a.example/?a=1&b=2)", "x (https://a.example/?a=1&b=2)",
       "<p><a rel=\"nofollow noopener\" href=\"https://a.example/?a=1&amp;b=2\">x</a></p>\n"},
      {"<https://a.example/>", "https://a.example/",
       "<p><a rel=\"nofollow noopener\" href=\"https://a.example/\">https://a.example/</a></p>\n"},
      {"<a@b.example>", "a@b.example",
       "<p><a rel=\"nofollow noopener\" href=\"mailto:a@b.example\">a@b.example</a></p>\n"},
      {"[x](javascript:alert(1))", "x", "<p>x</p>\n"},
      {"[x](data:text/html,y)", "x", "<p>x</p>\n"},
      {"[x](//a.example)", "x", "<p>x</p>\n"},
      {"[x](https:\"onload=)", "x", "<p>x</p>\n"},
      {"![x](https://a.example/i.png) y", "x y", "<p>x y</p>\n"},
      {"&lt;script&gt; &amp; &eacute;", "<script> & \xC3\xA9",
       "<p>&lt;script&gt; &amp; \xC3\xA9</p>\n"},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    char *text = render(cases[i].markup, false), *html = render(cases[i].markup, true);
    assert_string_equal(text, cases[i].text);
    assert_string_equal(html, cases[i].html);
    free(text);
    free(html);
  }
}

static void unescape(void **state) {
  (void)state;
  static const struct {
    const char *in, *out;
  } cases[] = {{"", ""},       {"a\\<b\\>c", "a<b>c"}, {"\\\\a", "\\a"},  {"a\\", "a\\"},
               {"\\a", "\\a"}, {"x\\*\\*", "x**"},     {"plain", "plain"}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_buf b = {0};
    th_markup_unescape(th_span_of(cases[i].in), &b);
    th_buf_char(&b, 0);
    assert_string_equal(b.p, cases[i].out);
    th_buf_dispose(&b);
  }
}

/* The tags of our HTML nest, and there are no others. */
static void check_html(const char *p) {
  static const char *const known[] = {"p", "ul", "ol", "li", "em", "strong", "code", "a"};
  size_t stack_max = 4096, depth = 0;
  uint8_t *stack = malloc(stack_max);
  for (; *p; p++) {
    assert_true(*p != '>' && *p != '"' && *p != '\'');
    if (*p != '<') continue;
    bool closing = p[1] == '/';
    const char *name = p + 1 + closing;
    size_t n = strcspn(name, " >"), k = 0;
    p = name + n;
    if (*p == ' ') {
      /* attributes: rel and href of a, start of ol; values in quotes without < > */
      assert_true(n == 1 || n == 2);
      while (*p && *p != '>')
        p++;
    }
    if (n == 2 && !memcmp(name, "br", 2)) continue;
    while (k < TH_COUNT(known) && (strlen(known[k]) != n || memcmp(known[k], name, n)))
      k++;
    assert_true(k < TH_COUNT(known));
    if (!closing) {
      assert_true(depth < stack_max);
      stack[depth++] = (uint8_t)k;
    } else {
      assert_true(depth > 0 && stack[--depth] == k);
    }
  }
  assert_int_equal(depth, 0);
  free(stack);
}

static void random_markup(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "* ",         "1. ",       "\n",    "\n\n", "  ",  "    ",     "a",
      "**",         "_",         "[",     "](",   ")",   "<",        ">",
      "`",          "\\",        "http:", "\t",   "\"",  "'",        "&lt;",
      "\r\n",       "!",         "# ",    "```",  "---", "<b>",      "<!--",
      "-->",        "\xC3\xA9",  "\xFF",  "2) ",  "> ",  "x\n===\n", "[a]: http://b \"c\"\n",
      "<http://a>", "https://x)"};
  uint64_t seed = (uint64_t)time(NULL);
  const char *given = getenv("TRIALHEAD_SEED");
  if (given) seed = strtoull(given, NULL, 10);
  print_message("seed %llu\n", (unsigned long long)seed);
  for (int i = 0; i < 20000; i++) {
    th_buf b = {0};
    for (int k = 0; k < 40; k++) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      th_buf_str(&b, pieces[(seed >> 33) % TH_COUNT(pieces)]);
    }
    th_buf_char(&b, 0);
    char *text = render(b.p, false), *html = render(b.p, true);
    check_html(html);
    free(text);
    free(html);
    th_buf_dispose(&b);
  }
}

/* Each of these makes a careless reader slow or deep. A megabyte of it has to go through in a time
 * that a doubled length at most doubles, roughly: the bound is generous for slow machines. */
static void hostile_markup(void **state) {
  (void)state;
  static const char *const pieces[] = {
      "[",     "*",     "_",    "**a ",    "`",        "> ",   "* ",          "![l",
      "<",     "<!--",  "<?",   "a](",     "\\",       "1. ",  "&",           "*a **b ",
      "[a](b", "((((",  "\n  ", "- - ",    "[a]: b\n", "\t",   "x\n    ",     "> *\n",
      "`a``b", "]",     "<a@",  "http://", "* a\n",    "    ", "\n\n* a\n  ", "|",
      "*.",    "*.**.", "`.",   "****",    "-- * - ",  "_*",   "``` ",
  };
  double slowest = 0;
  for (size_t i = 0; i < TH_COUNT(pieces); i++)
    for (size_t size = 16384; size <= 1u << 21; size *= 2) {
      th_buf b = {0}, out = {0};
      while (b.n < size)
        th_buf_str(&b, pieces[i]);
      double from = th_clock_mono();
      assert_int_equal(th_markup_to_html(th_buf_view(&b), &out, NULL), 0);
      th_buf_clear(&out);
      assert_int_equal(th_markup_to_text(th_buf_view(&b), &out, NULL), 0);
      double seconds = th_clock_mono() - from;
      slowest = TH_MAX(slowest, seconds);
      /* Quadratic time would be minutes; sanitizers and a busy machine are a few seconds. */
      if (seconds > 20) fail_msg("%zu bytes of \"%s\": %.1f s", size, pieces[i], seconds);
      th_buf_dispose(&b);
      th_buf_dispose(&out);
    }
  print_message("slowest %.3f s\n", slowest);
  /* deeper at each line */
  th_buf b = {0}, out = {0};
  for (int depth = 0; depth < 1200; depth++) {
    for (int k = 0; k < depth; k++)
      th_buf_str(&b, "  ");
    th_buf_str(&b, "* a\n");
  }
  assert_int_equal(th_markup_to_html(th_buf_view(&b), &out, NULL), 0);
  th_buf_char(&out, 0);
  check_html(out.p);
  th_buf_dispose(&b);
  th_buf_dispose(&out);
}

static void a_full_buffer_is_an_error(void **state) {
  (void)state;
  th_buf b;
  th_err err = {0};
  th_buf_init(&b, 10);
  assert_int_equal(th_markup_to_html(TH_SPAN("* a\n* b\n* c"), &b, &err), TH_ELIMIT);
  assert_int_equal(err.code, TH_ELIMIT);
  th_buf_dispose(&b);
}

/* ---- real records ---- */

typedef struct tally {
  const th_json *j;
  th_buf out;
  double seconds, unescape_seconds;
  size_t n, bytes;
} tally;

static void read_markup(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  tally *t = ctx;
  (void)item;
  if (th_fields[field].type != TH_FT_MARKUP) return;
  th_span s = th_json_text(t->j, node);
  double from = th_clock_mono();
  th_buf_clear(&t->out);
  assert_int_equal(th_markup_to_text(s, &t->out, NULL), 0);
  t->seconds += th_clock_mono() - from;
  from = th_clock_mono();
  th_buf_clear(&t->out);
  th_markup_unescape(s, &t->out);
  t->unescape_seconds += th_clock_mono() - from;
  t->n++, t->bytes += s.n;
  if (t->n % 16 == 0) {
    th_buf_clear(&t->out);
    assert_int_equal(th_markup_to_html(s, &t->out, NULL), 0);
    th_buf_char(&t->out, 0);
    check_html(t->out.p);
  }
}

static void real_markup(void **state) {
  (void)state;
  static const th_study_visitor visitor = {.value = read_markup};
  shared_lines *l = shared_lines_open("data/studies.ndjson.zst");
  if (!l) skip();
  th_json_parser *parser = th_json_parser_new(64u << 20, 64);
  tally t = {0};
  th_span line;
  for (int n = 0; shared_lines_next(l, &line); n++) {
    th_json j;
    if (n % 4) continue;
    assert_int_equal(th_json_parse(parser, line, &j, NULL), 0);
    t.j = &j;
    assert_int_equal(th_study_walk(&j, &visitor, &t, NULL), 0);
  }
  print_message("%zu texts, %.1f MB; to text %.0f MB/s, unescape %.0f MB/s\n", t.n,
                (double)t.bytes / 1e6, (double)t.bytes / t.seconds / 1e6,
                (double)t.bytes / t.unescape_seconds / 1e6);
  th_buf_dispose(&t.out);
  th_json_parser_free(parser);
  shared_lines_close(l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(markup_both_ways),
      cmocka_unit_test(unescape),
      cmocka_unit_test(random_markup),
      cmocka_unit_test(hostile_markup),
      cmocka_unit_test(a_full_buffer_is_an_error),
      cmocka_unit_test(real_markup),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
