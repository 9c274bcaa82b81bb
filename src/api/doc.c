#include "api/doc.h"

int th_doc_finish(th_doc *doc, th_err *err) {
  if (doc->plain.error) return th_err_set(err, doc->plain.error, "no memory for a document");
  th_buf_clear(&doc->packed);
  return th_gzip(NULL, th_buf_view(&doc->plain), &doc->packed, err);
}

void th_doc_dispose(th_doc *doc) {
  th_buf_dispose(&doc->plain);
  th_buf_dispose(&doc->packed);
}

void th_doc_answer(const th_doc *doc, th_response *rs, void (*release)(void *ctx), void *ctx) {
  rs->fixed = th_buf_view(&doc->plain);
  if (doc->packed.n) rs->fixed_gzip = th_buf_view(&doc->packed);
  rs->no_gzip = doc->packed.n == 0;
  rs->release = release;
  rs->release_ctx = ctx;
}

static void new_line(th_buf *out, unsigned depth) {
  th_buf_char(out, '\n');
  for (unsigned i = 0; i < depth; i++)
    th_buf_str(out, "  ");
}

/* The length of the string that begins at s.p[i], quotes included. */
static size_t string_len(th_span s, size_t i) {
  size_t from = i++;
  while (i < s.n && s.p[i] != '"')
    i += s.p[i] == '\\' ? 2 : 1;
  return TH_MIN(i + 1, s.n) - from;
}

void th_json_spread(th_buf *out, th_span s) {
  uint64_t arrays = 0; /* bit d: level d is an array */
  unsigned depth = 0;
  for (size_t i = 0; i < s.n;) {
    char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
    size_t n = c == '"' ? string_len(s, i) : 1;
    if (c == '{' || c == '[') {
      arrays = c == '[' ? arrays << 1 | 1 : arrays << 1;
      depth += c == '{';
      th_buf_char(out, c);
      if (c == '{' && next != '}') new_line(out, depth);
      if (c == '[') th_buf_char(out, ' ');
    } else if (c == '}' || c == ']') {
      arrays >>= 1;
      depth -= c == '}';
      bool empty = i && (s.p[i - 1] == '{' || s.p[i - 1] == '[');
      if (c == '}' && !empty) new_line(out, depth);
      if ((c == ']' && !empty) || (c == '}' && empty)) th_buf_char(out, ' ');
      th_buf_char(out, c);
    } else if (c == ',') {
      th_buf_char(out, ',');
      if (arrays & 1)
        th_buf_char(out, ' ');
      else
        new_line(out, depth);
    } else if (c == ':') {
      th_buf_str(out, " : ");
    } else {
      th_buf_put(out, s.p + i, n);
    }
    i += n;
  }
}
