#include "api/classic.h"

#include "study/markup.h"

enum { MAX_LEVELS = 32 };

typedef struct state {
  th_buf *out;
  size_t from;                /* where this text begins in out */
  size_t indents[MAX_LEVELS]; /* of the list items that the line may stand in */
  unsigned n;
  bool gap; /* an empty line stood before this one */
} state;

/* Bytes of a list marker with the blanks behind it; 0 when the line does not begin with one. */
static size_t marker_of(th_span s) {
  size_t i = 0, digits;
  if (s.n > 1 && (s.p[0] == '*' || s.p[0] == '-' || s.p[0] == '+')) {
    i = 1;
  } else {
    while (i < s.n && i < 9 && s.p[i] >= '0' && s.p[i] <= '9')
      i++;
    digits = i;
    if (!digits || i == s.n || (s.p[i] != '.' && s.p[i] != ')')) return 0;
    i++;
  }
  size_t blanks = 0;
  while (i + blanks < s.n && s.p[i + blanks] == ' ')
    blanks++;
  return blanks && i + blanks < s.n ? i + blanks : 0;
}

/* The list level of an item that stands so far in. */
static unsigned level_of(state *s, size_t indent) {
  while (s->n && s->indents[s->n - 1] > indent)
    s->n--;
  if ((!s->n || s->indents[s->n - 1] < indent) && s->n < MAX_LEVELS) s->indents[s->n++] = indent;
  return s->n ? s->n - 1 : 0;
}

static void put_blanks(th_buf *out, unsigned n) {
  while (n--)
    th_buf_char(out, ' ');
}

static void begin_block(state *s) {
  if (s->out->n > s->from) th_buf_str(s->out, "\r\n\r\n");
}

static void put_item(state *s, size_t indent, th_span line, size_t marker) {
  unsigned level = level_of(s, indent);
  th_span rest = {line.p + marker, line.n - marker};
  begin_block(s);
  put_blanks(s->out, 2 + 5 * level);
  if (line.p[0] >= '0' && line.p[0] <= '9') {
    size_t digits = 0;
    while (line.p[digits] >= '0' && line.p[digits] <= '9')
      digits++;
    th_buf_put(s->out, line.p, digits);
    th_buf_str(s->out, ". ");
  } else {
    th_buf_str(s->out, "-  ");
  }
  th_markup_unescape(rest, s->out);
}

/* Text that is no item: a paragraph, or one inside an item when it is indented. */
static void put_paragraph(state *s, size_t indent, th_span line) {
  if (s->gap && !indent) s->n = 0;
  if (s->gap || s->out->n == s->from)
    begin_block(s);
  else
    th_buf_str(s->out, "\r\n");
  if (s->n) put_blanks(s->out, 5 * s->n);
  th_markup_unescape(line, s->out);
}

void th_classic_put(th_buf *out, th_span markup) {
  state s = {.out = out, .from = out->n};
  while (markup.n) {
    const char *end = memchr(markup.p, '\n', markup.n);
    size_t n = end ? (size_t)(end - markup.p) : markup.n, indent = 0;
    th_span line = {markup.p, n};
    markup.p += end ? n + 1 : n;
    markup.n -= end ? n + 1 : n;
    while (indent < line.n && line.p[indent] == ' ')
      indent++;
    line = th_span_trim(line);
    size_t marker = marker_of(line);
    if (line.n && marker)
      put_item(&s, indent, line, marker);
    else if (line.n)
      put_paragraph(&s, indent, line);
    s.gap = line.n == 0;
  }
}
