/* Legacy XML documents, one or many behind one another, out of a stream:
 *
 *   stream   = [BOM] { document } ;
 *   document = { "<?" … "?>" | "<!--" … "-->" | "<!DOCTYPE" … ">" }
 *              "<clinical_study" … "</clinical_study" [ blanks ] ">" ;
 *
 * Whether a document is well-formed is the XML parser's affair; here only its ends are found. A
 * document with another root is a reject, and so is one in which the next begins; splitting goes
 * on with the next "<?xml" or "<clinical_study". */
#define _GNU_SOURCE
#include "ingest/split.h"

#include "ingest/batch.h"

#include <stdio.h>

enum { PROLOG, BODY, DROP, RESYNC };

#define PROLOG_MAX ((size_t)1 << 20)
#define TAG_AHEAD 256 /* longest tag that is looked for, with blanks in it */

static const char root[] = "clinical_study";

void th_xml_split_init(th_xml_split *s, const th_source_limits *limits, bool whole) {
  *s = (th_xml_split){.max_record = limits->max_record, .whole = whole, .line = 1};
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t index_of(const th_window *w, int64_t offset) {
  return (size_t)(offset - w->base);
}

static void advance(th_xml_split *s, const th_window *w, size_t to) {
  size_t from = index_of(w, s->at);
  for (const char *p = w->p + from; (p = memchr(p, '\n', (size_t)(w->p + to - p))); p++)
    s->line++;
  s->at = w->base + (int64_t)to;
}

static bool starts(const th_window *w, size_t i, const char *text) {
  size_t n = strlen(text);
  return w->n - i >= n && memcmp(w->p + i, text, n) == 0;
}

static bool is_root_tag(const th_window *w, size_t i) {
  size_t end = i + sizeof root; /* "<" and the name */
  return end < w->n && starts(w, i + 1, root) && (is_blank(w->p[end]) || w->p[end] == '>');
}

/* A new document begins at the "<" at i. */
static bool is_start(const th_window *w, size_t i) {
  return is_root_tag(w, i) || (starts(w, i, "<?xml") && i + 5 < w->n && is_blank(w->p[i + 5]));
}

/* Index behind the end tag that begins at i, 0 when there is none. */
static size_t end_tag(const th_window *w, size_t i) {
  if (!starts(w, i, "</") || !starts(w, i + 2, root)) return 0;
  i += 2 + sizeof root - 1;
  while (i < w->n && is_blank(w->p[i]))
    i++;
  return i < w->n && w->p[i] == '>' ? i + 1 : 0;
}

static th_split_what give_reject(th_xml_split *s, th_piece *out) {
  *out = (th_piece){.start = s->start, .end = s->at, .line = s->start_line};
  memcpy(out->id, s->id, sizeof out->id);
  memcpy(out->reason, s->reason, sizeof out->reason);
  s->id[0] = s->reason[0] = 0;
  s->keep = s->at;
  return TH_SPLIT_REJECT;
}

static void note(th_xml_split *s, const th_window *w, size_t to, const char *reason) {
  size_t from = index_of(w, TH_MAX(s->start, w->base));
  if (to > from) th_record_guess_id((th_span){w->p + from, to - from}, s->id);
  th_reason_copy(s->reason, sizeof s->reason, reason);
}

static th_split_what reject(th_xml_split *s, const th_window *w, size_t to, const char *reason,
                            int state, th_piece *out) {
  note(s, w, to, reason);
  advance(s, w, to);
  s->state = state;
  return give_reject(s, out);
}

/* ---- the prolog ---- */

static size_t behind(const th_window *w, size_t i, const char *end) {
  const char *at = i < w->n ? memmem(w->p + i, w->n - i, end, strlen(end)) : NULL;
  return at ? (size_t)(at - w->p) + strlen(end) : 0;
}

/* Index behind a DOCTYPE with or without an internal subset; 0 when it does not end. */
static size_t behind_doctype(const th_window *w, size_t i) {
  int depth = 0;
  char quote = 0;
  for (; i < w->n; i++) {
    char c = w->p[i];
    if (quote)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else if (c == '<' || c == '[')
      depth++;
    else if (c == ']')
      depth--;
    else if (c == '>' && --depth == 0)
      return i + 1;
  }
  return 0;
}

/* Index of the root's "<"; w->n when it is not in the window. */
static size_t find_root(const th_window *w, size_t i) {
  for (;;) {
    while (i < w->n && is_blank(w->p[i]))
      i++;
    if (w->n - i < 9 && !w->ended) return w->n;
    if (starts(w, i, "<?"))
      i = behind(w, i, "?>");
    else if (starts(w, i, "<!--"))
      i = behind(w, i + 4, "-->");
    else if (starts(w, i, "<!DOCTYPE"))
      i = behind_doctype(w, i);
    else
      return i;
    if (i == 0) return w->n;
  }
}

static th_split_what other_root(th_xml_split *s, const th_window *w, size_t i, th_piece *out) {
  char name[64], text[160];
  size_t n = 0;
  while (n < sizeof name - 1 && i + 1 + n < w->n && !strchr(" \t\r\n/>", w->p[i + 1 + n])) {
    unsigned char c = (unsigned char)w->p[i + 1 + n];
    name[n++] = c >= ' ' && c < 127 ? (char)c : '?';
  }
  name[n] = 0;
  bool tag = w->p[i] == '<' && n;
  if (tag)
    snprintf(text, sizeof text, "the root element <%s> is not <%s>", name, root);
  else
    snprintf(text, sizeof text, "the text is not XML");
  return reject(s, w, i + 1, text, RESYNC, out);
}

static th_split_what in_prolog(th_xml_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  if (s->at == 0 && starts(w, i, "\xEF\xBB\xBF")) i += 3;
  while (i < w->n && is_blank(w->p[i]))
    i++;
  advance(s, w, i);
  s->start = s->keep = s->at;
  s->start_line = s->line;
  *wait = !w->ended && w->n - i < 4;
  if (*wait) return TH_SPLIT_MORE;
  if (i >= w->n) return TH_SPLIT_END;
  size_t at = find_root(w, i);
  bool cut = at >= w->n;
  size_t seen = w->n - i;
  if ((cut || w->n - at < TAG_AHEAD) && !w->ended && seen < PROLOG_MAX) {
    *wait = true;
    return TH_SPLIT_MORE;
  }
  if (cut) {
    th_split_what r = reject(s, w, w->n, "no root element is found", RESYNC, out);
    out->at_end = w->ended;
    return r;
  }
  if (starts(w, at, "</")) { /* of a root that was refused before */
    s->state = RESYNC;
    advance(s, w, at + 2);
    return TH_SPLIT_MORE;
  }
  if (!is_root_tag(w, at)) return other_root(s, w, at, out);
  s->state = BODY;
  s->seek = w->base + (int64_t)at + 1;
  return TH_SPLIT_MORE;
}

/* ---- the body ---- */

/* The next end or start of a document from `from` on; *end is behind an end tag, else 0. Returns
 * the index to go on from when neither is in the window. */
static size_t seek_end(const th_window *w, size_t from, size_t *end, bool *begins) {
  size_t stop = w->ended ? w->n : w->n > TAG_AHEAD ? w->n - TAG_AHEAD : 0;
  while (from < stop) {
    const char *tag = memchr(w->p + from, '<', stop - from);
    if (!tag) return stop;
    size_t i = (size_t)(tag - w->p);
    char c = i + 1 < w->n ? w->p[i + 1] : 0;
    if (c == '/' && (*end = end_tag(w, i))) return i;
    if ((c == root[0] || c == '?') && is_start(w, i)) {
      *begins = true;
      return i;
    }
    from = i + 1;
  }
  return from;
}

static th_split_what body_ended(th_xml_split *s, const th_window *w, size_t end, th_piece *out) {
  bool dropped = s->state == DROP;
  advance(s, w, end);
  s->state = PROLOG;
  if (dropped) return give_reject(s, out);
  *out = (th_piece){.start = s->start, .end = s->at, .line = s->start_line};
  s->keep = s->at;
  return TH_SPLIT_RECORD;
}

static th_split_what in_body(th_xml_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t end = 0, i;
  bool begins = false;
  i = seek_end(w, index_of(w, s->seek), &end, &begins);
  s->seek = w->base + (int64_t)i;
  int64_t length = (end ? w->base + (int64_t)end : s->seek) - s->start;
  if (s->state == BODY && length > (int64_t)s->max_record) {
    char text[96];
    snprintf(text, sizeof text, "the record is longer than the limit of %zu bytes", s->max_record);
    note(s, w, i, text);
    s->state = DROP;
  }
  if (end) return body_ended(s, w, end, out);
  if (begins) {
    if (s->state == BODY) note(s, w, i, "the document is not closed before the next one begins");
    advance(s, w, i);
    s->state = PROLOG;
    return give_reject(s, out);
  }
  if (s->state == DROP) advance(s, w, i);
  s->keep = s->state == DROP ? s->at : s->start;
  *wait = !w->ended;
  if (!w->ended) return TH_SPLIT_MORE;
  if (s->state == BODY) note(s, w, w->n, "the input ends inside the record");
  advance(s, w, w->n);
  s->state = PROLOG;
  give_reject(s, out);
  out->at_end = true;
  return TH_SPLIT_REJECT;
}

static th_split_what in_resync(th_xml_split *s, const th_window *w, bool *wait) {
  size_t i = index_of(w, s->at), stop = w->n;
  if (!w->ended) stop = w->n > TAG_AHEAD ? w->n - TAG_AHEAD : 0;
  while (i < stop) {
    const char *tag = memchr(w->p + i, '<', stop - i);
    i = tag ? (size_t)(tag - w->p) : stop;
    if (tag && is_start(w, i)) {
      s->state = PROLOG;
      break;
    }
    if (tag) i++;
  }
  if (i > index_of(w, s->at)) advance(s, w, i);
  s->keep = s->at;
  if (s->state == PROLOG) return TH_SPLIT_MORE;
  *wait = !w->ended;
  return w->ended ? TH_SPLIT_END : TH_SPLIT_MORE;
}

/* The whole stream is one document. */
static th_split_what in_whole(th_xml_split *s, const th_window *w, th_piece *out, bool *wait) {
  bool long_one = s->reason[0] != 0;
  if (!long_one && w->base == 0 && w->n > s->max_record) {
    snprintf(s->reason, sizeof s->reason, "the record is longer than the limit of %zu bytes",
             s->max_record);
    long_one = true;
  }
  s->start_line = 1;
  *wait = !w->ended;
  if (long_one) s->at = s->keep = w->base + (int64_t)w->n;
  if (!w->ended) return TH_SPLIT_MORE;
  if (s->seek) return TH_SPLIT_END;
  s->seek = 1;
  s->at = w->base + (int64_t)w->n;
  if (long_one) return give_reject(s, out);
  *out = (th_piece){.start = 0, .end = s->at, .line = 1};
  s->keep = s->at;
  return w->n ? TH_SPLIT_RECORD : TH_SPLIT_END;
}

th_split_what th_xml_split_next(th_xml_split *s, const th_window *w, th_piece *out) {
  for (;;) {
    bool wait = false;
    th_split_what r;
    if (s->whole)
      r = in_whole(s, w, out, &wait);
    else if (s->state == PROLOG)
      r = in_prolog(s, w, out, &wait);
    else if (s->state == RESYNC)
      r = in_resync(s, w, &wait);
    else
      r = in_body(s, w, out, &wait);
    if (r != TH_SPLIT_MORE || wait) return r;
  }
}
