/* Criteria written as HTML: what stands in the place of tags, at the same bytes; rubbish. */
#include "../test.h"

#include "../chance.h"

#include "eligibility/plain_html.h"

static void check(th_arena *arena, const char *html, const char *want) {
  th_span got = th_elig_plain_html(th_span_of(html), arena);
  assert_int_equal(got.n, strlen(html));
  if (!th_span_eq(got, th_span_of(want))) fail_msg("%s\n%.*s\n%s", html, (int)got.n, got.p, want);
}

static void test_tags(void **state) {
  (void)state;
  th_arena arena;
  th_arena_init(&arena, 0);
  check(&arena, "Age < 3 & <b>old</b>", "Age < 3 & <b>old</b>"); /* no list, no paragraph */
  check(&arena, "<p>Inclusion</p>", "  \nInclusion   \n");
  check(&arena, "<ul><li>A</li><li>B</li></ul>", "     \n* A      \n* B         \n");
  check(&arena, "<ul><li>A<ul><li>B</li></ul></li></ul>",
        "     \n* A   \n  * B                   \n");
  check(&arena, "<li>x &lt; 2 &le; 3</li>", " \n* x    < 2  ≤ 3    \n");
  check(&arena, "<li>a <b>b</b> <br/>c <x>", " \n* a    b         \nc <x>");
  check(&arena, "<LI CLASS=\"x\">a", "<LI CLASS=\"x\">a");
  th_arena_dispose(&arena);
}

/* Whether the byte at i is between a "<" and a ">" of one line, as what a tag says of itself. */
static bool in_brackets(const char *html, size_t i) {
  size_t from = i, to = i;
  while (from > 0 && !memchr("<>\n", html[from - 1], 3))
    from--;
  while (html[to] && !memchr("<>\n", html[to], 3))
    to++;
  return from > 0 && html[from - 1] == '<' && html[to] == '>';
}

/* As long as before, and outside of tags and entities the same bytes. */
static void test_rubbish(void **state) {
  (void)state;
  static const char *const parts[] = {"<li>", "</li>", "<ul>", "</ul>", "<p>",   "</p>", "<br/>",
                                      "<",    ">",     "&lt;", "&",     "a",     " ",    "\n",
                                      "≥",    "<b>",   "</",   "<li",   "&#x2F;"};
  seed = random_start(20261122);
  for (int round = 0; round < 3000; round++) {
    char html[400] = "";
    size_t n = 0;
    th_arena arena;
    th_arena_init(&arena, 0);
    while (n + 8 < sizeof html && chance(97)) {
      const char *part = PICK(parts);
      memcpy(html + n, part, strlen(part) + 1);
      n += strlen(part);
    }
    th_span got = th_elig_plain_html((th_span){html, n}, &arena);
    assert_int_equal(got.n, n);
    for (size_t i = 0; i < n; i++)
      if (html[i] == '\n' || (html[i] == 'a' && !in_brackets(html, i)))
        if (got.p[i] != html[i]) fail_msg("%zu in %s\n-> %.*s", i, html, (int)n, got.p);
    th_arena_dispose(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_tags), cmocka_unit_test(test_rubbish)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
