#include "portal/html.h"

#include "portal/words.h"
#include "study/markup.h"

void th_html_init(th_html *h, th_lang lang, th_buf *out, th_buf *scratch) {
  *h = (th_html){.lang = lang, .out = out, .scratch = scratch};
}

int th_html_finish(th_html *h, th_err *err) {
  int rc = h->error ? h->error : h->out->error ? h->out->error : h->scratch->error;
  if (!rc && (h->lost || h->depth || h->in_tag)) rc = TH_EUSAGE;
  return rc ? th_err_set(err, rc, "the page could not be written") : TH_OK;
}

/* ---- elements ---- */

/* Tags are compared as numbers: a page opens thousands of elements. */
enum { TAG = 8 };

static bool is_among(const char (*tags)[TAG], size_t n, const char *tag) {
  uint64_t wanted = 0, one;
  size_t len = strnlen(tag, TAG);
  if (len == TAG) return false;
  memcpy(&wanted, tag, len);
  for (size_t i = 0; i < n; i++) {
    memcpy(&one, tags[i], sizeof one);
    if (one == wanted) return true;
  }
  return false;
}

static bool is_void(const char *tag) {
  static const char tags[][TAG] = {"input", "br", "link", "meta", "img", "hr", "col"};
  return is_among(tags, TH_COUNT(tags), tag);
}

/* Whether a line break in front of the tag changes nothing that a reader sees. */
static bool is_block(const char *tag) {
  static const char tags[][TAG] = {
      "html", "head", "title", "meta",  "link",   "body",  "header", "main", "footer",  "nav",
      "div",  "p",    "ul",    "ol",    "li",     "dl",    "dt",     "dd",   "section", "aside",
      "form", "h1",   "h2",    "h3",    "h4",     "table", "thead",  "tr",   "tbody",   "details",
      "h5",   "th",   "td",    "tfoot", "select", "label", "article"};
  return is_among(tags, TH_COUNT(tags), tag);
}

static void end_tag_start(th_html *h) {
  if (h->in_tag) th_buf_char(h->out, '>');
  h->in_tag = false;
}

void th_html_open(th_html *h, const char *tag, const char *class) {
  end_tag_start(h);
  if (is_block(tag)) th_buf_char(h->out, '\n');
  th_buf_char(h->out, '<');
  th_buf_str(h->out, tag);
  h->in_tag = true;
  if (h->depth < TH_HTML_DEPTH)
    h->open[h->depth] = tag;
  else
    h->lost = true;
  h->depth++;
  if (class) th_html_attr_str(h, "class", class);
}

void th_html_close(th_html *h) {
  end_tag_start(h);
  if (h->depth <= 0) {
    h->lost = true;
    return;
  }
  if (--h->depth >= TH_HTML_DEPTH || is_void(h->open[h->depth])) return;
  th_buf_str(h->out, "</");
  th_buf_str(h->out, h->open[h->depth]);
  th_buf_char(h->out, '>');
}

void th_html_close_n(th_html *h, int n) {
  while (n-- > 0)
    th_html_close(h);
}

/* ---- attributes ---- */

static void attr_start(th_html *h, const char *name) {
  if (!h->in_tag) h->lost = true;
  th_buf_char(h->out, ' ');
  th_buf_str(h->out, name);
  th_buf_str(h->out, "=\"");
}

void th_html_attr(th_html *h, const char *name, th_span value) {
  attr_start(h, name);
  th_html_escape(th_say(h->lang, value), h->out);
  th_buf_char(h->out, '"');
}

void th_html_attr_str(th_html *h, const char *name, const char *value) {
  th_html_attr(h, name, th_span_of(value));
}

void th_html_attr_u64(th_html *h, const char *name, uint64_t value) {
  attr_start(h, name);
  th_buf_u64(h->out, value);
  th_buf_char(h->out, '"');
}

void th_html_foreign(th_html *h) {
  if (h->lang != TH_LANG_EN) th_html_attr_str(h, "lang", "en");
}

void th_html_words(th_html *h, th_span words) {
  if (h->lang != TH_LANG_EN && th_say_term(h->lang, words, th_html_scratch(h))) {
    th_html_scratch_text(h);
    return;
  }
  if (words.n) th_html_foreign(h);
  th_html_text(h, words);
}

void th_html_flag(th_html *h, const char *name) {
  if (!h->in_tag) h->lost = true;
  th_buf_char(h->out, ' ');
  th_buf_str(h->out, name);
}

static bool starts_nocase(th_span s, const char *prefix) {
  size_t n = strlen(prefix);
  return s.n > n && th_span_eq_nocase((th_span){s.p, n}, (th_span){prefix, n});
}

static bool is_external(th_span url) {
  return starts_nocase(url, "http://") || starts_nocase(url, "https://");
}

bool th_html_is_safe_url(th_span url) {
  if (url.n == 0) return false;
  for (size_t i = 0; i < url.n; i++)
    if ((unsigned char)url.p[i] < 0x20 || url.p[i] == '\\') return false;
  if (url.p[0] == '/') return url.n == 1 || url.p[1] != '/';
  if (url.p[0] == '#') return true;
  return is_external(url) || starts_nocase(url, "mailto:") || starts_nocase(url, "tel:");
}

/* Pages stand once a language; what programs read stands once. */
static void put_prefix(th_html *h, th_span path) {
  if (path.p[0] == '/' && !th_lang_stands_once(path)) th_buf_str(h->out, th_lang_prefix(h->lang));
}

void th_html_action(th_html *h, const char *path) {
  attr_start(h, "action");
  put_prefix(h, th_span_of(path));
  th_html_escape(th_span_of(path), h->out);
  th_buf_char(h->out, '"');
}

bool th_html_href(th_html *h, th_span url) {
  if (!th_html_is_safe_url(url)) return false;
  attr_start(h, "href");
  put_prefix(h, url);
  th_html_escape(url, h->out);
  th_buf_char(h->out, '"');
  if (is_external(url)) th_html_attr_str(h, "rel", "noopener nofollow");
  return true;
}

/* ---- text ---- */

void th_html_text(th_html *h, th_span text) {
  end_tag_start(h);
  th_html_escape(th_say(h->lang, text), h->out);
}

void th_html_str(th_html *h, const char *text) {
  th_html_text(h, th_span_of(text));
}

void th_html_i64(th_html *h, int64_t v) {
  end_tag_start(h);
  th_words_number(h->lang, v, h->out);
}

void th_html_markup(th_html *h, th_span markup) {
  end_tag_start(h);
  int rc = th_markup_to_html(markup, h->out, NULL);
  if (rc && !h->error) h->error = rc;
}

/* In JSON these can stand in strings only, where their escapes mean the same: nothing in the page
 * can be taken for a tag, an entity or the end of an attribute. */
void th_html_json(th_html *h, th_span json) {
  end_tag_start(h);
  for (size_t i = 0; i < json.n; i++) {
    char c = json.p[i];
    bool escaped = c == '\\' && i + 1 < json.n;
    if (c == '<' || c == '>' || c == '&')
      th_buf_printf(h->out, "\\u%04x", (unsigned)c);
    else if (escaped && json.p[i + 1] == '"')
      th_buf_str(h->out, "\\u0022");
    else
      th_buf_span(h->out, (th_span){json.p + i, 1 + (size_t)escaped});
    i += escaped;
  }
}

void th_html_marked(th_html *h, th_span text, const th_mark *marks, size_t n) {
  size_t at = 0;
  for (size_t i = 0; i < n; i++) {
    size_t from = TH_MIN(marks[i].from, text.n), to = TH_MIN(marks[i].to, text.n);
    if (from < at || to <= from) continue;
    th_html_text(h, (th_span){text.p + at, from - at});
    th_html_element(h, "mark", NULL, (th_span){text.p + from, to - from});
    at = to;
  }
  th_html_text(h, (th_span){text.p + at, text.n - at});
}

/* ---- together ---- */

void th_html_element(th_html *h, const char *tag, const char *class, th_span text) {
  th_html_open(h, tag, class);
  th_html_text(h, text);
  th_html_close(h);
}

void th_html_element_str(th_html *h, const char *tag, const char *class, const char *text) {
  th_html_element(h, tag, class, th_span_of(text));
}

void th_html_link(th_html *h, const char *class, th_span url, th_span text) {
  bool safe = th_html_is_safe_url(url);
  th_html_open(h, safe ? "a" : "span", class);
  if (safe) (void)th_html_href(h, url);
  th_html_text(h, text);
  th_html_close(h);
}

void th_html_link_str(th_html *h, const char *class, const char *url, const char *text) {
  th_html_link(h, class, th_span_of(url), th_span_of(text));
}

void th_html_submit(th_html *h, const char *class, const char *text) {
  th_html_open(h, "button", class);
  th_html_attr_str(h, "type", "submit");
  th_html_str(h, text);
  th_html_close(h);
}

th_buf *th_html_scratch(th_html *h) {
  int error = h->scratch->error;
  th_buf_clear(h->scratch);
  h->scratch->error = error;
  return h->scratch;
}

void th_html_scratch_text(th_html *h) {
  th_html_text(h, th_buf_view(h->scratch));
}

void th_html_scratch_element(th_html *h, const char *tag, const char *class) {
  th_html_element(h, tag, class, th_buf_view(h->scratch));
}
