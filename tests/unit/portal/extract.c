#include "extract.h"

#include <stdio.h>

enum { DEPTH = 64, IDS = 400 };

typedef struct tag {
  char name[16];
  th_span whole; /* between < and > */
  bool end;
} tag;

static bool is_in(const char *name, const char *list) {
  size_t n = strlen(name);
  for (const char *p = list; (p = strstr(p, name)); p += n)
    if (p[-1] == ' ' && p[n] == ' ') return true;
  return false;
}

static bool is_void(const char *name) {
  return is_in(name, " input br link meta img hr !DOCTYPE ");
}

static bool is_block(const char *name) {
  return is_in(name, " p div li ul ol dl dt dd h1 h2 h3 h4 h5 section article header footer main "
                     "aside nav details summary table tr td th caption br body form label ");
}

/* The tag at *at; *at moves behind it. */
static bool read_tag(th_span html, size_t *at, tag *t) {
  const char *from = html.p + *at + 1, *end = memchr(from, '>', html.n - *at - 1);
  if (!end) return false;
  t->whole = (th_span){from, (size_t)(end - from)};
  t->end = t->whole.n && *from == '/';
  size_t n = 0, skip = t->end;
  while (skip + n < t->whole.n && n < sizeof t->name - 1 && !strchr(" \n", from[skip + n]))
    n++;
  memcpy(t->name, from + skip, n);
  t->name[n] = 0;
  *at = (size_t)(end - html.p) + 1;
  return true;
}

static th_span attribute(th_span whole, const char *name) {
  char key[32];
  int n = snprintf(key, sizeof key, " %s=\"", name);
  ptrdiff_t at = th_span_find(whole, (th_span){key, (size_t)n});
  if (at < 0) return (th_span){0};
  const char *from = whole.p + at + n, *end = memchr(from, '"', whole.n - (size_t)at - (size_t)n);
  return (th_span){from, end ? (size_t)(end - from) : 0};
}

/* ---- text ---- */

typedef struct reader {
  th_buf *out;
  size_t line;   /* where the line began */
  size_t marked; /* the line has nothing but a list's sign up to here */
  int depth, skip_from, prose_from, lists;
  int number[DEPTH]; /* of the next item, 0 in a list without numbers */
} reader;

static void new_line(reader *r) {
  th_buf *o = r->out;
  if (o->n == r->line || o->n == r->marked) return;
  while (o->n > r->line && o->p[o->n - 1] == ' ')
    th_buf_truncate(o, o->n - 1);
  if (o->n > r->line) th_buf_char(o, '\n');
  r->line = o->n;
  r->marked = 0;
}

static void put_char(reader *r, char c) {
  th_buf *o = r->out;
  bool blank = c == ' ' || c == '\n' || c == '\t';
  if (blank && (o->n == r->line || o->p[o->n - 1] == ' ')) return;
  th_buf_char(o, blank ? ' ' : c);
}

static size_t put_entity(reader *r, th_span rest) {
  static const char *const names[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
  for (size_t i = 0; i < TH_COUNT(names); i++)
    if (th_span_starts(rest, th_span_of(names[i]))) {
      put_char(r, "&<>\"'"[i]);
      return strlen(names[i]);
    }
  put_char(r, '&');
  return 1;
}

static void put_item_sign(reader *r) {
  if (!r->prose_from || !r->lists) return;
  for (int i = 0; i < r->lists; i++)
    th_buf_str(r->out, "  ");
  if (r->number[r->lists])
    th_buf_printf(r->out, "%d. ", r->number[r->lists]++);
  else
    th_buf_str(r->out, "\xE2\x80\xA2 ");
  r->marked = r->out->n;
}

static void enter(reader *r, const tag *t) {
  th_span class = attribute(t->whole, "class");
  bool skip = !strcmp(t->name, "head") || th_span_eq(class, TH_SPAN("contents")) ||
              (!strcmp(t->name, "header") && th_span_eq(class, TH_SPAN("site")));
  r->depth++;
  if (skip && !r->skip_from) r->skip_from = r->depth;
  if (th_span_starts(class, TH_SPAN("prose")) && !r->prose_from) r->prose_from = r->depth;
  bool ordered = !strcmp(t->name, "ol");
  if (r->prose_from && (ordered || !strcmp(t->name, "ul"))) r->number[++r->lists] = ordered;
  if (!strcmp(t->name, "li")) put_item_sign(r);
}

static void leave(reader *r, const tag *t) {
  if (r->prose_from && (!strcmp(t->name, "ol") || !strcmp(t->name, "ul"))) r->lists--;
  if (r->skip_from == r->depth) r->skip_from = 0;
  if (r->prose_from == r->depth) r->prose_from = 0;
  r->depth--;
}

void extract_text(th_span html, th_buf *out) {
  reader r = {.out = out, .line = out->n};
  for (size_t at = 0; at < html.n;) {
    tag t;
    if (html.p[at] == '<' && read_tag(html, &at, &t)) {
      if (is_block(t.name)) new_line(&r);
      if (is_void(t.name)) continue;
      if (t.end)
        leave(&r, &t);
      else
        enter(&r, &t);
      continue;
    }
    if (r.skip_from)
      at++;
    else if (html.p[at] == '&')
      at += put_entity(&r, (th_span){html.p + at, html.n - at});
    else
      put_char(&r, html.p[at++]);
  }
  new_line(&r);
}

/* ---- faults ---- */

static char fault_text[256];

static const char *fault(const char *what, th_span where) {
  snprintf(fault_text, sizeof fault_text, "%s: %.*s", what, (int)TH_MIN(where.n, 150), where.p);
  return fault_text;
}

static const char *attribute_fault(const tag *t) {
  static const char *const schemes[] = {"/", "#", "https://", "http://", "mailto:", "tel:"};
  th_span href = attribute(t->whole, "href");
  bool safe = href.n == 0;
  for (size_t i = 0; i < TH_COUNT(schemes); i++)
    safe = safe || th_span_starts(href, th_span_of(schemes[i]));
  if (!safe || th_span_starts(href, TH_SPAN("//"))) return fault("an unsafe link", t->whole);
  bool data = !strcmp(t->name, "script") &&
              th_span_eq(attribute(t->whole, "type"), TH_SPAN("application/ld+json"));
  bool ours = !strcmp(t->name, "script") &&
              th_span_eq(attribute(t->whole, "type"), TH_SPAN("module")) &&
              th_span_starts(attribute(t->whole, "src"), TH_SPAN("/assets/"));
  if (!data && !ours && is_in(t->name, " script style iframe object embed "))
    return fault("forbidden", t->whole);
  for (size_t i = 0; i + 3 < t->whole.n; i++) /* outside of values there are only our own words */
    if (!strncmp(t->whole.p + i, " on", 3) && memchr(t->whole.p + i, '"', t->whole.n - i) == NULL)
      return fault("a handler", t->whole);
  if (attribute(t->whole, "style").p) return fault("an inline style", t->whole);
  return NULL;
}

static const char *link_fault(th_span html, const th_span *ids, size_t n_ids) {
  for (size_t at = 0; at < html.n;) {
    tag t;
    if (html.p[at] != '<' || !read_tag(html, &at, &t)) {
      at++;
      continue;
    }
    th_span href = attribute(t.whole, "href"), label = attribute(t.whole, "aria-labelledby");
    if (href.n > 1 && href.p[0] == '#') label = (th_span){href.p + 1, href.n - 1};
    bool found = label.n == 0;
    for (size_t i = 0; i < n_ids; i++)
      found = found || th_span_eq(ids[i], label);
    if (!found) return fault("leads nowhere", t.whole);
  }
  return NULL;
}

const char *extract_fault(th_span html) {
  char open[DEPTH][16];
  th_span ids[IDS];
  size_t depth = 0, n_ids = 0;
  int level = 0, heads = 0;
  const char *wrong = NULL;
  for (size_t at = 0; at < html.n && !wrong;) {
    tag t;
    if (html.p[at] != '<') {
      at++;
      continue;
    }
    if (!read_tag(html, &at, &t)) return fault("a tag without end", html);
    if (t.end) {
      if (!depth || strcmp(open[--depth], t.name)) return fault("closed out of order", t.whole);
      continue;
    }
    wrong = attribute_fault(&t);
    if (!is_void(t.name)) {
      if (depth == DEPTH) return fault("too deep", t.whole);
      memcpy(open[depth++], t.name, sizeof t.name);
    }
    th_span id = attribute(t.whole, "id");
    for (size_t i = 0; i < n_ids; i++)
      if (id.n && th_span_eq(ids[i], id)) return fault("an id twice", t.whole);
    if (id.n && n_ids < IDS) ids[n_ids++] = id;
    if (t.name[0] == 'h' && t.name[1] >= '1' && t.name[1] <= '6' && !t.name[2]) {
      int to = t.name[1] - '0';
      heads += to == 1;
      if (to > level + 1) return fault("a level of heading is passed over", t.whole);
      level = to;
    }
  }
  if (!wrong && depth) return fault("left open", th_span_of(open[depth - 1]));
  if (!wrong && heads != 1) return fault("not one h1", TH_SPAN(""));
  return wrong ? wrong : link_fault(html, ids, n_ids);
}
