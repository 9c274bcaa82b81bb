#include "eligibility/sections.h"

static bool is_sign(char c) {
  return memchr(" \t\r\n*_#-+>\\:.;", c, 15) != NULL;
}

th_span th_elig_header_line(th_span *rest) {
  enum { SHORTEST = 5 }; /* numbers and letters of items are shorter */
  while (rest->n) {
    const char *eol = memchr(rest->p, '\n', rest->n);
    size_t n = eol ? (size_t)(eol - rest->p) : rest->n;
    th_span line = {rest->p, n};
    *rest = (th_span){rest->p + n + (eol != NULL), rest->n - n - (eol != NULL)};
    while (line.n && is_sign(line.p[0]))
      line.p++, line.n--;
    while (line.n && is_sign(line.p[line.n - 1]))
      line.n--;
    if (line.n >= SHORTEST) return line;
  }
  return (th_span){0};
}

/* A group that a header made: the header is its lead. */
static bool is_headed(const th_elig_tree *t, uint32_t at) {
  const th_elig_node *n = &t->nodes[at];
  return n->flags & TH_ELIG_HEADING && at + 2 < n->next && n[1].number == 0 && n[1].n_facts == 0 &&
         !(n[1].flags & TH_ELIG_GROUP);
}

/* The first node behind `first` of another kind, or with a header before it. */
static uint32_t section_end(const th_elig_tree *t, uint32_t first) {
  uint32_t end = first, behind = t->nodes[first].from;
  for (; end < t->n_nodes; end = t->nodes[end].next) {
    const th_elig_node *n = &t->nodes[end];
    th_span gap = {t->text.p + behind, n->from - behind};
    if (end > first && (n->kind != t->nodes[first].kind || n->flags & TH_ELIG_HEADING ||
                        th_elig_header_line(&gap).n))
      break;
    behind = n->to;
  }
  return end;
}

/* Behind a header its colon and marks go, and blank lines; the indentation of a line stays. */
static uint32_t body_start(th_span text, uint32_t from, bool header) {
  while (header && from < text.n && memchr(":;.*_ \t\r", text.p[from], 8))
    from++;
  for (uint32_t i = from; i < text.n && memchr(" \t\r\n", text.p[i], 4); i++)
    if (text.p[i] == '\n') from = i + 1;
  return from;
}

bool th_elig_section_next(const th_elig_tree *t, th_elig_section *s) {
  uint32_t first = s->end, behind = s->to;
  if (first >= t->n_nodes) return false;
  *s =
      (th_elig_section){.kind = t->nodes[first].kind, .first = first, .end = section_end(t, first)};
  th_span gap = {t->text.p + behind, t->nodes[first].from - behind}, next;
  const char *gap_start = gap.p;
  while ((next = th_elig_header_line(&gap)).n)
    s->header = next;
  if (s->header.n) {
    s->before = (th_span){gap_start, (size_t)(s->header.p - gap_start)};
    behind = (uint32_t)(s->header.p + s->header.n - t->text.p);
  } else if (is_headed(t, first)) {
    s->header = th_elig_text(t, first + 1);
    s->end = t->nodes[first].next;
    s->first = first + 2;
    behind = t->nodes[first + 1].to;
  }
  s->from = body_start(t->text, behind, s->header.n > 0);
  for (uint32_t i = s->first; i < s->end; i = t->nodes[i].next)
    s->to = t->nodes[i].to;
  s->from = TH_MIN(s->from, s->to);
  return true;
}
