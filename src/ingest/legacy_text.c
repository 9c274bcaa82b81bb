/* A text block of legacy XML as the markup of v2 records.
 *
 * The XML sets a block in lines of about 90 columns, indented as a whole; paragraphs and list items
 * are parted by empty lines:
 *
 *   item = indent ( "-" blanks | number ". " ) text { newline deeper-indent text } ;
 *
 * Each level of a list stands five columns further in than the one around it; the outermost item of
 * the block is the first level. The first line counts as not indented, as in the records that were
 * converted from XML by others. In v2 a paragraph is one line between empty lines; an item is one
 * line, "* " or "1. " behind two blanks for each level, and follows the item before it at once
 * unless the list begins or goes deeper. What Markdown would read as markup has a backslash before
 * it. */
#include "ingest/legacy.h"

typedef struct line {
  th_span text; /* without indent and trailing blanks */
  size_t indent;
} line;

static bool next_line(th_span *rest, line *out) {
  if (rest->n == 0) return false;
  const char *nl = memchr(rest->p, '\n', rest->n);
  size_t n = nl ? (size_t)(nl - rest->p) : rest->n;
  th_span s = {rest->p, n};
  size_t indent = 0;
  while (indent < s.n && s.p[indent] == ' ')
    indent++;
  *out = (line){th_span_trim(s), indent};
  rest->p += n + (nl ? 1 : 0);
  rest->n -= n + (nl ? 1 : 0);
  return true;
}

/* Columns the marker of an item takes, 0 when the line is none. */
static size_t marker_width(th_span s) {
  size_t i = 0;
  if (s.n > 2 && s.p[0] == '-' && s.p[1] == ' ') return s.p[2] == ' ' ? 3 : 2;
  while (i < s.n && i < 4 && s.p[i] >= '0' && s.p[i] <= '9')
    i++;
  return i && i + 2 < s.n && s.p[i] == '.' && s.p[i + 1] == ' ' ? i + 2 : 0;
}

/* The indent of the outermost item. */
static size_t outermost(th_span block) {
  size_t least = SIZE_MAX;
  bool in_text = false;
  line l;
  while (next_line(&block, &l)) {
    if (l.text.n && !in_text && marker_width(l.text) && l.indent < least) least = l.indent;
    in_text = l.text.n > 0;
  }
  return least == SIZE_MAX ? 0 : least;
}

static void put_escaped(th_buf *out, th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    if (strchr("<>[]*_^~", s.p[i]) && s.p[i]) th_buf_char(out, '\\');
    th_buf_char(out, s.p[i]);
  }
}

typedef struct state {
  th_buf *out;
  size_t base, from; /* base: indent of the outermost item; from: where this output begins */
  bool in_text;      /* the line before goes on */
  bool was_item;
  size_t level; /* columns of output indent of the item before */
} state;

static void begin_item(state *s, const line *l, size_t width) {
  size_t level = (l->indent - s->base) / 5 * 2;
  if (s->out->n > s->from) th_buf_str(s->out, s->was_item && level <= s->level ? "\n" : "\n\n");
  for (size_t i = 0; i < level; i++)
    th_buf_char(s->out, ' ');
  if (l->text.p[0] == '-')
    th_buf_str(s->out, "* ");
  else
    th_buf_put(s->out, l->text.p, width);
  th_span rest = {l->text.p + width, l->text.n - width};
  put_escaped(s->out, th_span_trim(rest));
  s->was_item = true;
  s->level = level;
}

static void put_line(state *s, const line *l) {
  size_t width = s->in_text ? 0 : marker_width(l->text);
  if (s->in_text) {
    th_buf_char(s->out, ' ');
    put_escaped(s->out, l->text);
  } else if (width) {
    begin_item(s, l, width);
  } else {
    if (s->out->n > s->from) th_buf_str(s->out, "\n\n");
    put_escaped(s->out, l->text);
    s->was_item = false;
  }
  s->in_text = true;
}

void th_legacy_markup(th_span block, th_buf *out) {
  block = th_span_trim(block);
  state s = {.out = out, .base = outermost(block), .from = out->n};
  line l;
  while (next_line(&block, &l)) {
    if (l.text.n)
      put_line(&s, &l);
    else
      s.in_text = false;
  }
}
