/* Pages of a record that says anything: the study page, its line in a list of results, and the
 * difference to a second record (behind a line feed; else to the empty one), in both languages.
 *
 * Whatever the record holds, what comes out is well made of our own tags and attributes: nothing of
 * the record's text is read as one. */
#include "portal/search_hit.h"
#include "portal/study_diff.h"
#include "portal/study_page.h"
#include "query/search.h"
#include "study/catalogue.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* ---- a strict reader of what th_html writes ---- */

static const char tags[] =
    " !DOCTYPE html head meta title link script body a header div span form label input button nav "
    "main article h1 h2 h3 h4 h5 p aside dl dt dd details summary small ul li section table thead "
    "tr th tbody td caption ol svg rect line circle path g text footer br fieldset legend select "
    "option mark em strong code del ins time noscript figure figcaption dfn ";
static const char empty_tags[] = " !DOCTYPE meta link input br ";
static const char attributes[] =
    " html lang charset name content rel href type src hreflang property class aria-hidden action "
    "role for id placeholder autocomplete data-kinds data-places aria-label data-saved-count "
    "data-save "
    "aria-pressed hidden data-copied aria-labelledby aria-describedby tabindex scope open colspan "
    "rowspan width height x y x1 x2 y1 y2 cx cy r d viewBox start value aria-current form "
    "datetime title list checked ";

static void fail(const char *what, th_span where) {
  fprintf(stderr, "fuzz_page: %s at: %.*s\n", what, (int)TH_MIN(where.n, 200), where.p);
  abort();
}

static bool is_listed(const char *list, th_span name) {
  char wanted[40];
  if (name.n == 0 || name.n > 32) return false;
  snprintf(wanted, sizeof wanted, " %.*s ", (int)name.n, name.p);
  return strstr(list, wanted) != NULL;
}

static th_span rest_at(th_span html, size_t at) {
  return (th_span){html.p + at, html.n - at};
}

static size_t word_at(th_span html, size_t at) {
  size_t n = 0;
  while (at + n < html.n && !memchr(" \n\t=>\"'/<", html.p[at + n], 9))
    n++;
  return n;
}

static void check_address(th_span url) {
  static const char *const schemes[] = {"/", "#", "https://", "http://", "mailto:", "tel:"};
  bool known = false;
  for (size_t i = 0; i < TH_COUNT(schemes); i++) {
    size_t n = strlen(schemes[i]);
    known = known || (url.n >= n && th_span_eq_nocase((th_span){url.p, n}, th_span_of(schemes[i])));
  }
  if (!known || th_span_starts(url, TH_SPAN("//"))) fail("an unsafe address", url);
}

/* The attributes of a start tag; returns the place behind its '>'. */
static size_t read_attributes(th_span html, size_t at) {
  while (at < html.n && html.p[at] != '>') {
    if (html.p[at++] != ' ') fail("no blank before an attribute", rest_at(html, at - 1));
    size_t n = word_at(html, at);
    th_span name = {html.p + at, n};
    if (!is_listed(attributes, name)) fail("an attribute that is not ours", rest_at(html, at));
    at += n;
    if (at >= html.n || html.p[at] != '=') continue;
    if (at + 1 >= html.n || html.p[at + 1] != '"') fail("an unquoted value", rest_at(html, at));
    const char *value = html.p + at + 2;
    const char *end = memchr(value, '"', html.n - at - 2);
    if (!end) fail("a value without end", rest_at(html, at));
    th_span text = {value, (size_t)(end - value)};
    if (memchr(text.p, '<', text.n) || memchr(text.p, '>', text.n)) fail("unescaped value", text);
    if (th_span_eq(name, TH_SPAN("href")) || th_span_eq(name, TH_SPAN("src")) ||
        th_span_eq(name, TH_SPAN("action")))
      check_address(text);
    at = (size_t)(end - html.p) + 1;
  }
  if (at >= html.n) fail("a tag without end", (th_span){0});
  return at + 1;
}

static void check_html(th_span html) {
  enum { DEPTH = 512 };
  static th_span open[DEPTH];
  size_t depth = 0;
  for (size_t at = 0; at < html.n;) {
    if (html.p[at] != '<') {
      at++;
      continue;
    }
    bool end = at + 1 < html.n && html.p[at + 1] == '/';
    th_span name = {html.p + at + 1 + end, word_at(html, at + 1 + end)};
    if (!is_listed(tags, name)) fail("a tag that is not ours", rest_at(html, at));
    size_t behind = at + 1 + end + name.n;
    if (end) {
      if (behind >= html.n || html.p[behind] != '>') fail("an end tag", rest_at(html, at));
      if (!depth || !th_span_eq(open[--depth], name))
        fail("closed out of order", rest_at(html, at));
      at = behind + 1;
      continue;
    }
    at = read_attributes(html, behind);
    if (is_listed(empty_tags, name)) continue;
    if (depth == DEPTH) fail("too deep", rest_at(html, at));
    open[depth++] = name;
  }
  if (depth) fail("left open", open[depth - 1]);
}

/* ---- the pages ---- */

typedef struct pages {
  th_json_parser *parsers[2];
  th_buf padded[2], out, scratch;
  th_arena arena;
} pages;

static bool parse(pages *p, int at, th_span text, th_json *out) {
  th_buf *b = &p->padded[at];
  th_buf_clear(b);
  th_buf_span(b, text);
  for (size_t i = 0; i < TH_PAD; i++)
    th_buf_char(b, 0);
  if (b->error) abort();
  return th_json_parse(p->parsers[at], (th_span){b->p, text.n}, out, NULL) == 0 &&
         out->nodes[0].type == TH_JOBJECT;
}

static void begin(pages *p, th_html *h, th_lang lang) {
  th_buf_clear(&p->out);
  th_buf_clear(&p->scratch);
  th_html_init(h, lang, &p->out, &p->scratch);
}

static void check_study(pages *p, const th_json *j, th_lang lang) {
  th_html h;
  th_study_context context = {.arena = &p->arena, .versions = 2, .base = "https://example.org"};
  begin(p, &h, lang);
  if (th_study_page(&h, j, &context, NULL)) return; /* markup that is no UTF-8, say */
  check_html(th_buf_view(&p->out));
}

static void check_hit(pages *p, const th_json *j, th_lang lang) {
  th_html h;
  th_query *q = NULL;
  th_err err = {0};
  th_request rq = {.arena = &p->arena};
  if (th_query_parse(&q, &p->arena, TH_SPAN("script OR study OR \"<b>\""), TH_A_BasicSearch, "x",
                     &err))
    abort();
  portal_state s = {.rq = &rq, .scored = q, .pick = true, .has_near = true, .lat = 48, .lon = 11};
  begin(p, &h, lang);
  th_hit hit = {.nct = 102, .distance_km = -1};
  th_portal_hit_of(&h, j, &s, &hit);
  if (th_html_finish(&h, NULL)) return;
  check_html(th_buf_view(&p->out));
}

static void check_diff(pages *p, const th_json *a, const th_json *b, th_lang lang) {
  th_html h;
  unsigned changes;
  begin(p, &h, lang);
  if (th_study_diff(&h, a, b, &p->arena, &changes, NULL) || th_html_finish(&h, NULL)) return;
  check_html(th_buf_view(&p->out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len > 1 << 16) return 0;
  pages p = {.parsers = {th_json_parser_new(1 << 17, 256), th_json_parser_new(1 << 17, 256)}};
  th_json one, two;
  const char *cut = len ? memchr(data, '\n', len) : NULL;
  th_span text = {(const char *)data, cut ? (size_t)(cut - (const char *)data) : len};
  th_span other = cut ? (th_span){cut + 1, len - text.n - 1} : (th_span){"{}", 2};
  if (!p.parsers[0] || !p.parsers[1]) abort();
  th_arena_init(&p.arena, 0);
  for (int i = 0; i < 2; i++)
    th_buf_init(&p.padded[i], 0);
  th_buf_init(&p.out, 0);
  th_buf_init(&p.scratch, 0);
  if (parse(&p, 0, text, &one)) {
    bool both = parse(&p, 1, other, &two) || parse(&p, 1, TH_SPAN("{}"), &two);
    for (int lang = 0; lang < TH_LANG_COUNT; lang++) {
      check_study(&p, &one, (th_lang)lang);
      check_hit(&p, &one, (th_lang)lang);
      if (both) check_diff(&p, &one, &two, (th_lang)lang);
    }
  }
  for (int i = 0; i < 2; i++) {
    th_buf_dispose(&p.padded[i]);
    th_json_parser_free(p.parsers[i]);
  }
  th_buf_dispose(&p.out);
  th_buf_dispose(&p.scratch);
  th_arena_dispose(&p.arena);
  return 0;
}
