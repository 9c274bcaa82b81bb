#include "study/markup.h"

#include "base/arena.h"

#include <cmark.h>
#include <setjmp.h>

/* ---- plain parts ---- */

/* ASCII punctuation, as CommonMark has it. */
static bool is_punctuation(char c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

static bool is_escape(const char *p, const char *end) {
  return *p == '\\' && p + 1 < end && is_punctuation(p[1]);
}

void th_markup_unescape(th_span s, th_buf *out) {
  const char *p = s.p, *end = s.p + s.n;
  while (p < end) {
    const char *stop = memchr(p, '\\', (size_t)(end - p));
    if (!stop) stop = end;
    th_buf_put(out, p, (size_t)(stop - p));
    p = stop;
    if (p == end) break;
    if (is_escape(p, end)) p++;
    th_buf_char(out, *p++);
  }
}

void th_html_escape(th_span s, th_buf *out) {
  static const char *const names[256] = {
      ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;"};
  size_t from = 0;
  for (size_t i = 0; i < s.n; i++) {
    const char *name = names[(unsigned char)s.p[i]];
    if (!name) continue;
    th_buf_put(out, s.p + from, i - from);
    th_buf_str(out, name);
    from = i + 1;
  }
  if (s.n > from) th_buf_put(out, s.p + from, s.n - from);
}

/* ---- what libcmark is given ---- */

enum { MAX_SIGNS = 4096, MAX_INDENT = 160, MAX_LINE_SIGNS = 48 };

/* SIGN: may open or close something inside a line. LEAD: may open a container at a line's start. */
enum { SIGN = 1, LEAD = 2 };
static const uint8_t sign_class[256] = {
    ['['] = SIGN, [']'] = SIGN, ['*'] = SIGN | LEAD, ['_'] = SIGN, ['`'] = SIGN, ['<'] = SIGN,
    ['!'] = SIGN, ['&'] = SIGN, ['('] = SIGN,        ['>'] = LEAD, ['-'] = LEAD, ['+'] = LEAD,
    ['.'] = LEAD, [')'] = LEAD, ['0'] = LEAD,        ['1'] = LEAD, ['2'] = LEAD, ['3'] = LEAD,
    ['4'] = LEAD, ['5'] = LEAD, ['6'] = LEAD,        ['7'] = LEAD, ['8'] = LEAD, ['9'] = LEAD,
};

/* Whether reading takes time in proportion: libcmark's worst cases need very many brackets, stars,
 * backticks and the like, or containers nested very deep, and grow with the square of those. */
static bool is_tame(th_span s) {
  size_t signs = 0, indent = 0, lead = 0;
  bool at_start = true;
  if (s.n > TH_MARKUP_MAX) return false;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\n';
    uint8_t class = sign_class[(unsigned char)c];
    if (c == '\n' || c == '\r') {
      at_start = true;
      indent = lead = 0;
      continue;
    }
    at_start = at_start && (c == ' ' || c == '\t' || (class & LEAD));
    if (at_start) {
      bool opens = (class & LEAD) && (c == '>' || next <= ' ');
      indent += c == '\t' ? 4 : c == ' ';
      lead += opens;
      if (indent > MAX_INDENT || lead > MAX_LINE_SIGNS) return false;
      if (opens) continue;
    }
    /* a run of stars is one sign, as "-----" is one line */
    bool run = (c == '*' || c == '_' || c == '`') && c == next;
    if (c == '\\')
      i++;
    else if ((class & SIGN) && !run && ++signs > MAX_SIGNS)
      return false;
  }
  return true;
}

static size_t line_end(th_span s, size_t at) {
  const char *p = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
  return p ? (size_t)(p - s.p) + 1 : s.n;
}

/* Blanks that all lines with text begin with. */
static size_t common_indent(th_span s) {
  size_t least = SIZE_MAX;
  for (size_t at = 0; at < s.n && least; at = line_end(s, at)) {
    size_t i = at;
    while (i < s.n && s.p[i] == ' ')
      i++;
    if (i < s.n && s.p[i] != '\n' && s.p[i] != '\r') least = TH_MIN(least, i - at);
  }
  return least == SIZE_MAX ? 0 : least;
}

static void put_dedented(th_span s, size_t indent, th_buf *out) {
  for (size_t at = 0; at < s.n;) {
    size_t end = line_end(s, at), from = at;
    while (from < end && from - at < indent && s.p[from] == ' ')
      from++;
    th_buf_put(out, s.p + from, end - from);
    at = end;
  }
}

/* ---- libcmark's memory: one arena a call, so that running out of it is an error of ours ---- */

/* libcmark's allocator has no argument of its own, hence one of these a thread. */
typedef struct memory {
  th_arena arena;
  jmp_buf full;
} memory;
static _Thread_local memory mem;

enum { HEAD = 16 }; /* the size of a piece stands in front of it, for realloc */

static void *take(size_t len) {
  char *p = len <= SIZE_MAX - HEAD ? th_arena_alloc(&mem.arena, len + HEAD) : NULL;
  if (!p) longjmp(mem.full, 1);
  memcpy(p, &len, sizeof len);
  return p + HEAD;
}
static void *mem_calloc(size_t n, size_t size) {
  size_t len;
  if (__builtin_mul_overflow(n, size, &len)) longjmp(mem.full, 1);
  return memset(take(len), 0, len);
}
static void *mem_realloc(void *old, size_t len) {
  size_t had = 0;
  if (old) memcpy(&had, (char *)old - HEAD, sizeof had);
  if (old && had >= len) return old;
  void *p = take(len);
  if (had) memcpy(p, old, had);
  return p;
}
static void mem_free(void *p) {
  (void)p;
}

/* ---- out ---- */

typedef struct render {
  th_buf *out;
  size_t start; /* of our text in out */
  bool html;
  bool quoted;    /* a block quote's sign is due before the next text */
  bool fresh;     /* text: the line has its bullet or is empty, no break is due */
  unsigned depth; /* lists we are in */
  unsigned images;
} render;

static bool in_tight_item(cmark_node *p) {
  cmark_node *item = cmark_node_parent(p), *list = item ? cmark_node_parent(item) : NULL;
  return list && cmark_node_get_type(item) == CMARK_NODE_ITEM && cmark_node_get_list_tight(list);
}

static void put_text(render *r, th_span s) {
  if (r->quoted && s.n) {
    th_buf_str(r->out, r->html ? "&gt; " : "> ");
    r->quoted = false;
  }
  if (r->html)
    th_html_escape(s, r->out);
  else
    th_buf_span(r->out, s);
}

static void put_tag(render *r, const char *html) {
  if (r->html) th_buf_str(r->out, html);
}

static void put_indent(render *r, unsigned levels) {
  for (unsigned i = 0; i < levels; i++)
    th_buf_str(r->out, "  ");
}

/* Text: the next block begins on a new line, top-level blocks with a blank one before them. */
static void break_line(render *r, bool blank) {
  if (r->html || r->fresh) return;
  if (r->out->n > r->start) th_buf_str(r->out, blank ? "\n\n" : "\n");
  put_indent(r, r->depth);
}

static void open_paragraph(render *r, cmark_node *node) {
  if (r->html) {
    if (!in_tight_item(node))
      th_buf_str(r->out, "<p>");
    else if (cmark_node_previous(node))
      th_buf_str(r->out, "<br>");
    return;
  }
  break_line(r, r->depth == 0);
  r->fresh = false;
}

static void close_paragraph(render *r, cmark_node *node) {
  r->quoted = false;
  if (!in_tight_item(node)) put_tag(r, "</p>\n");
}

static void put_list(render *r, cmark_node *node, bool enter) {
  bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
  int first = cmark_node_get_list_start(node);
  if (r->html && enter) {
    if (!ordered)
      th_buf_str(r->out, "<ul>\n");
    else if (first == 1)
      th_buf_str(r->out, "<ol>\n");
    else
      th_buf_printf(r->out, "<ol start=\"%d\">\n", first);
  }
  if (!enter) put_tag(r, ordered ? "</ol>\n" : "</ul>\n");
  if (!r->html && enter && r->depth == 0 && r->out->n > r->start) th_buf_char(r->out, '\n');
  r->depth += enter ? 1 : -1u;
}

static void put_item(render *r, cmark_node *node, bool enter, int number) {
  if (r->html) {
    th_buf_str(r->out, enter ? "<li>" : "</li>\n");
  } else if (enter) {
    if (r->out->n > r->start) th_buf_char(r->out, '\n');
    put_indent(r, r->depth - 1);
    if (cmark_node_get_list_type(cmark_node_parent(node)) == CMARK_ORDERED_LIST)
      th_buf_printf(r->out, "%d. ", number);
    else
      th_buf_str(r->out, "\xE2\x80\xA2 ");
  }
  r->fresh = enter;
}

/* Code and HTML blocks: text with its line breaks. */
static void put_literal_block(render *r, cmark_node *node) {
  th_span s = th_span_of(cmark_node_get_literal(node));
  while (s.n && s.p[s.n - 1] == '\n')
    s.n--;
  break_line(r, r->depth == 0);
  r->fresh = false;
  put_tag(r, "<p>");
  for (size_t at = 0; at < s.n;) {
    size_t end = line_end(s, at), text_end = end - (s.p[end - 1] == '\n');
    put_text(r, th_span_trim((th_span){s.p + at, text_end - at}));
    if (end < s.n) {
      if (r->html)
        th_buf_str(r->out, "<br>\n");
      else
        break_line(r, false);
    }
    at = end;
  }
  r->quoted = false;
  put_tag(r, "</p>\n");
}

static bool is_safe_link(const char *url) {
  static const char *const schemes[] = {"http://", "https://", "mailto:"};
  for (size_t i = 0; i < TH_COUNT(schemes); i++) {
    th_span scheme = th_span_of(schemes[i]);
    if (strlen(url) > scheme.n && th_span_eq_nocase((th_span){url, scheme.n}, scheme)) return true;
  }
  return false;
}

/* Text readers get the address behind the words, unless it is the words. */
static void put_link(render *r, cmark_node *node, bool enter) {
  const char *url = cmark_node_get_url(node);
  if (!url || !is_safe_link(url) || r->images) return;
  if (r->html && enter) {
    th_buf_str(r->out, "<a rel=\"nofollow noopener\" href=\"");
    th_html_escape(th_span_of(url), r->out);
    th_buf_str(r->out, "\">");
  } else if (r->html) {
    th_buf_str(r->out, "</a>");
  } else if (!enter) {
    th_span u = th_span_of(url), words = {r->out->p, r->out->n};
    if (th_span_starts(u, TH_SPAN("mailto:"))) u.p += 7, u.n -= 7;
    if (words.n >= u.n && !memcmp(words.p + words.n - u.n, u.p, u.n)) return;
    th_buf_str(r->out, " (");
    th_buf_span(r->out, u);
    th_buf_char(r->out, ')');
  }
}

static void render_inline(render *r, cmark_node *node, bool enter) {
  switch (cmark_node_get_type(node)) {
  case CMARK_NODE_TEXT:
  case CMARK_NODE_HTML_INLINE:
    put_text(r, th_span_of(cmark_node_get_literal(node)));
    break;
  case CMARK_NODE_SOFTBREAK:
    th_buf_char(r->out, r->html ? '\n' : ' ');
    break;
  case CMARK_NODE_LINEBREAK:
    if (r->html)
      th_buf_str(r->out, "<br>\n");
    else
      break_line(r, false);
    break;
  case CMARK_NODE_CODE:
    put_tag(r, "<code>");
    put_text(r, th_span_of(cmark_node_get_literal(node)));
    put_tag(r, "</code>");
    break;
  case CMARK_NODE_EMPH:
    put_tag(r, enter ? "<em>" : "</em>");
    break;
  case CMARK_NODE_STRONG:
    put_tag(r, enter ? "<strong>" : "</strong>");
    break;
  case CMARK_NODE_LINK:
    put_link(r, node, enter);
    break;
  case CMARK_NODE_IMAGE:
    r->images += enter ? 1 : -1u;
    break;
  default:
    break;
  }
}

static void render_node(render *r, cmark_node *node, bool enter, int number) {
  switch (cmark_node_get_type(node)) {
  case CMARK_NODE_PARAGRAPH:
    if (enter)
      open_paragraph(r, node);
    else
      close_paragraph(r, node);
    break;
  case CMARK_NODE_HEADING:
    if (enter) open_paragraph(r, node);
    put_tag(r, enter ? "<strong>" : "</strong>");
    if (!enter) close_paragraph(r, node);
    break;
  case CMARK_NODE_BLOCK_QUOTE:
    r->quoted = enter;
    break;
  case CMARK_NODE_LIST:
    put_list(r, node, enter);
    break;
  case CMARK_NODE_ITEM:
    put_item(r, node, enter, number);
    break;
  case CMARK_NODE_CODE_BLOCK:
  case CMARK_NODE_HTML_BLOCK:
    put_literal_block(r, node);
    break;
  default:
    render_inline(r, node, enter);
  }
}

/* Numbers of the items of the lists we are in are kept, not counted anew for each item. */
static void render_tree(render *r, cmark_node *root) {
  cmark_iter *it = cmark_iter_new(root);
  for (cmark_event_type ev; (ev = cmark_iter_next(it)) != CMARK_EVENT_DONE;) {
    cmark_node *node = cmark_iter_get_node(it);
    int number = 0;
    if (ev == CMARK_EVENT_ENTER && !r->html && cmark_node_get_type(node) == CMARK_NODE_ITEM) {
      cmark_node *before = cmark_node_previous(node);
      number = before ? (int)(intptr_t)cmark_node_get_user_data(before) + 1
                      : cmark_node_get_list_start(cmark_node_parent(node));
      cmark_node_set_user_data(node, (void *)(intptr_t)number);
    }
    render_node(r, node, ev == CMARK_EVENT_ENTER, number);
  }
}

/* ---- the two ways ---- */

/* Paragraphs at blank lines, nothing else. */
static void render_plain(render *r, th_span s) {
  th_buf plain;
  th_buf_init(&plain, 0);
  th_markup_unescape(s, &plain);
  th_span text = th_buf_view(&plain);
  bool open = false;
  for (size_t at = 0; at < text.n;) {
    size_t end = line_end(text, at);
    th_span line = th_span_trim((th_span){text.p + at, end - at});
    at = end;
    if (line.n == 0) {
      if (open) put_tag(r, "</p>\n");
      open = false;
      continue;
    }
    if (!r->html)
      break_line(r, !open);
    else
      th_buf_str(r->out, open ? "<br>\n" : "<p>");
    put_text(r, line);
    open = true;
  }
  if (open) put_tag(r, "</p>\n");
  if (plain.error && !r->out->error) r->out->error = plain.error;
  th_buf_dispose(&plain);
}

static bool render_parsed(render *r, th_span s) {
  static cmark_mem functions = {mem_calloc, mem_realloc, mem_free};
  if (setjmp(mem.full)) return false;
  cmark_parser *parser = cmark_parser_new_with_mem(CMARK_OPT_VALIDATE_UTF8, &functions);
  cmark_parser_feed(parser, s.p, s.n);
  render_tree(r, cmark_parser_finish(parser));
  return true;
}

static int render_tame(render *r, th_span s) {
  th_arena_init(&mem.arena, 0);
  bool parsed = render_parsed(r, s);
  th_arena_dispose(&mem.arena);
  return parsed ? TH_OK : TH_ENOMEM;
}

static int render_markup(th_span markup, th_buf *out, bool html, th_err *err) {
  render r = {.out = out, .start = out->n, .html = html};
  th_buf dedented;
  int rc = TH_OK;
  size_t indent = common_indent(markup);
  th_buf_init(&dedented, 0);
  if (markup.n == 0) goto done;
  if (!is_tame(markup)) {
    render_plain(&r, markup);
    goto done;
  }
  if (indent) {
    put_dedented(markup, indent, &dedented);
    rc = dedented.error;
    markup = th_buf_view(&dedented);
  }
  if (!rc && markup.n) rc = render_tame(&r, markup);
done:
  th_buf_dispose(&dedented);
  if (!rc) rc = out->error;
  return rc ? th_err_set(err, rc, "markup of %zu bytes cannot be shown", markup.n) : TH_OK;
}

int th_markup_to_text(th_span markup, th_buf *out, th_err *err) {
  return render_markup(markup, out, false, err);
}

int th_markup_to_html(th_span markup, th_buf *out, th_err *err) {
  return render_markup(markup, out, true, err);
}
