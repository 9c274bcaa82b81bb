/* Notes that were copied out of a page. A tag becomes blanks, or a line end where it breaks one; an
 * entity its sign and blanks. Only text with closing tags is taken for a page: "Hb <10 and >8" is
 * none.
 */
#include "patient/internal.h"

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* The length of the tag at p, 0 when there is none: "<p>", "</td >", "<br/>", "<a href=...>". */
static size_t tag_at(const char *p, size_t n) {
  enum { LONGEST = 400 };
  size_t i = 1 + (n > 1 && p[1] == '/');
  if (n < 3 || p[0] != '<' || !is_letter(p[i])) return 0;
  for (n = TH_MIN(n, (size_t)LONGEST); i < n && p[i] != '<'; i++)
    if (p[i] == '>') return i + 1;
  return 0;
}

static bool is_page(const char *p, size_t n) {
  for (size_t i = 0; i + 3 < n; i++)
    if (p[i] == '<' && p[i + 1] == '/' && tag_at(p + i, n - i)) return true;
  return false;
}

static bool breaks_line(const char *tag) {
  static const char *const names[] = {"p",  "br",    "div", "li", "ul", "ol",
                                      "tr", "table", "h1",  "h2", "h3", "h4"};
  size_t i = 1 + (tag[1] == '/'), n = 0;
  while (is_letter(tag[i + n]) || (tag[i + n] >= '0' && tag[i + n] <= '9'))
    n++;
  for (size_t k = 0; k < TH_COUNT(names); k++)
    if (th_span_eq_nocase((th_span){tag + i, n}, th_span_of(names[k]))) return true;
  return false;
}

static const struct {
  const char *name, *shows;
} entities[] = {{"&nbsp;", " "},
                {"&lt;", "<"},
                {"&gt;", ">"},
                {"&amp;", "&"},
                {"&quot;", "\""},
                {"&#39;", "'"},
                {"&#160;", " "},
                {"&le;", "\xe2\x89\xa4"},
                {"&ge;", "\xe2\x89\xa5"},
                {"&deg;", "\xc2\xb0"},
                {"&micro;", "\xc2\xb5"}};

static size_t entity_at(char *p, size_t n) {
  for (size_t k = 0; k < TH_COUNT(entities); k++) {
    size_t from = strlen(entities[k].name), to = strlen(entities[k].shows);
    if (n < from || memcmp(p, entities[k].name, from)) continue;
    memcpy(p, entities[k].shows, to);
    memset(p + to, ' ', from - to);
    return from;
  }
  return 1;
}

void th_note_bare(char *p, size_t n) {
  if (!n || !is_page(p, n)) return;
  for (size_t i = 0; i < n;) {
    size_t tag = tag_at(p + i, n - i);
    if (tag) {
      bool line = breaks_line(p + i);
      memset(p + i, ' ', tag);
      if (line) p[i] = '\n';
      i += tag;
    } else {
      i += p[i] == '&' ? entity_at(p + i, n - i) : 1;
    }
  }
}
