/* Notes that were copied out of a page. Only text with closing tags is taken for one: "Hb <10 and
 * >8" is none. */
#include "patient/internal.h"
#include "text/plain_html.h"

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

/* Whether a tag is closed somewhere: "</p>", "</td >". */
static bool is_page(const char *p, size_t n) {
  for (size_t i = 0; i + 3 < n; i++) {
    if (p[i] != '<' || p[i + 1] != '/' || !is_letter(p[i + 2])) continue;
    size_t end = i + 2;
    while (end < n && (is_letter(p[end]) || (p[end] >= '0' && p[end] <= '9') || p[end] == ' '))
      end++;
    if (end < n && p[end] == '>') return true;
  }
  return false;
}

void th_note_bare(char *p, size_t n) {
  if (is_page(p, n)) th_plain_html(p, n);
}
