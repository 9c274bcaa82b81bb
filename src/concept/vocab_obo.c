/* OBO flat files, 1.2 and 1.4 (owlcollab.github.io/oboformat/doc/obo-syntax.html): stanzas of lines
 * "tag: value". Only [Term] stanzas are of use; their names, synonyms, codes and is_a. */
#include "concept/vocab_build.h"

typedef struct obo {
  th_vocab *v;
  bool in_term, named, identified, bad;
  int64_t line, begun;
} obo;

static void end_term(obo *o) {
  if (!o->in_term) return;
  o->in_term = false;
  if (o->bad) return;
  if (!o->identified)
    th_vocab_reject(o->v, o->begun, -1, "a term without an id");
  else if (!o->named && !o->v->skip)
    th_vocab_reject(o->v, o->begun, -1, "a term without a name");
  else
    th_vocab_end(o->v);
}

static void reject_line(obo *o, const char *reason) {
  if (!o->bad) th_vocab_reject(o->v, o->line, -1, reason);
  o->bad = true;
}

/* A trailing "! comment" and "{modifiers}" go. */
static th_span value_of(th_span s) {
  for (size_t i = 1; i < s.n; i++)
    if (s.p[i] == '!' && s.p[i - 1] == ' ') s.n = i;
  s = th_span_trim(s);
  if (s.n && s.p[s.n - 1] == '}') {
    size_t i = s.n;
    while (i > 0 && s.p[i - 1] != '{')
      i--;
    if (i > 1) s = th_span_trim((th_span){s.p, i - 1});
  }
  return s;
}

/* Takes the backslashes out of a value; out has its length. */
static th_span unescaped(th_span s, th_buf *out) {
  th_buf_clear(out);
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\\' && i + 1 < s.n) {
      i++;
      th_buf_char(out, s.p[i] == 'n' || s.p[i] == 't' || s.p[i] == 'W' ? ' ' : s.p[i]);
    } else {
      th_buf_char(out, s.p[i]);
    }
  }
  return th_buf_view(out);
}

static th_label_relation scope_of(th_span rest) {
  static const struct {
    const char *word;
    th_label_relation relation;
  } scopes[] = {{"EXACT", TH_LABEL_SYNONYM},
                {"NARROW", TH_LABEL_NARROWER},
                {"BROAD", TH_LABEL_BROADER},
                {"RELATED", TH_LABEL_RELATED}};
  rest = th_span_trim(rest);
  for (size_t i = 0; i < TH_COUNT(scopes); i++)
    if (th_span_starts(rest, th_span_of(scopes[i].word))) return scopes[i].relation;
  return TH_LABEL_RELATED; /* the format's default */
}

/* "text" SCOPE type [xrefs] */
static void read_synonym(obo *o, th_span value, th_label_relation fixed, th_buf *scratch) {
  size_t end = 1;
  if (value.n < 2 || value.p[0] != '"') {
    reject_line(o, "a synonym without quotes");
    return;
  }
  while (end < value.n && value.p[end] != '"')
    end += value.p[end] == '\\' ? 2 : 1;
  if (end >= value.n) {
    reject_line(o, "a synonym without its closing quote");
    return;
  }
  th_span rest = {value.p + end + 1, value.n - end - 1};
  th_label_relation relation = fixed < TH_LABEL_RELATIONS ? fixed : scope_of(rest);
  th_vocab_label(o->v, relation, unescaped((th_span){value.p + 1, end - 1}, scratch));
}

static void read_term_line(obo *o, th_span tag, th_span value, th_buf *scratch) {
  if (th_span_eq(tag, TH_SPAN("id"))) {
    th_vocab_id(o->v, value_of(value));
    o->identified = true;
  } else if (th_span_eq(tag, TH_SPAN("name"))) {
    th_span name = unescaped(value_of(value), scratch);
    th_vocab_name(o->v, name);
    o->named = name.n > 0;
    if (th_span_starts(name, TH_SPAN("obsolete "))) o->v->skip = true;
  } else if (th_span_eq(tag, TH_SPAN("synonym"))) {
    read_synonym(o, value, TH_LABEL_RELATIONS, scratch);
  } else if (th_span_eq(tag, TH_SPAN("exact_synonym"))) {
    read_synonym(o, value, TH_LABEL_SYNONYM, scratch);
  } else if (th_span_eq(tag, TH_SPAN("narrow_synonym"))) {
    read_synonym(o, value, TH_LABEL_NARROWER, scratch);
  } else if (th_span_eq(tag, TH_SPAN("broad_synonym"))) {
    read_synonym(o, value, TH_LABEL_BROADER, scratch);
  } else if (th_span_eq(tag, TH_SPAN("related_synonym"))) {
    read_synonym(o, value, TH_LABEL_RELATED, scratch);
  } else if (th_span_eq(tag, TH_SPAN("alt_id"))) {
    th_vocab_code(o->v, true, value_of(value));
  } else if (th_span_eq(tag, TH_SPAN("xref"))) {
    const char *quote = value.n ? memchr(value.p, '"', value.n) : NULL;
    if (quote) value.n = (size_t)(quote - value.p);
    th_vocab_code(o->v, false, unescaped(value_of(value), scratch));
  } else if (th_span_eq(tag, TH_SPAN("is_a"))) {
    th_vocab_parent(o->v, value_of(value));
  } else if (th_span_eq(tag, TH_SPAN("is_obsolete"))) {
    if (th_span_starts(value_of(value), TH_SPAN("true"))) o->v->skip = true;
  }
}

static void read_head_line(obo *o, th_span tag, th_span value) {
  value = th_span_trim(value);
  if (th_span_eq(tag, TH_SPAN("ontology")))
    th_vocab_called(o->v, value);
  else if (th_span_eq(tag, TH_SPAN("data-version")) || th_span_eq(tag, TH_SPAN("date")))
    th_vocab_version(o->v, value);
  else if (th_span_find(value, TH_SPAN("icense")) >= 0)
    th_vocab_licence(o->v, value);
}

static void read_line(obo *o, th_span line, bool *in_head, th_buf *scratch) {
  const char *colon = memchr(line.p, ':', line.n);
  if (!colon) {
    if (o->in_term)
      reject_line(o, "a line without a tag");
    else if (*in_head)
      th_vocab_reject(o->v, o->line, -1, "a line without a tag");
    return;
  }
  th_span tag = {line.p, (size_t)(colon - line.p)};
  th_span value = th_span_trim((th_span){colon + 1, line.n - tag.n - 1});
  if (o->in_term)
    read_term_line(o, tag, value, scratch);
  else if (*in_head)
    read_head_line(o, tag, value);
}

int th_vocab_read_obo(th_vocab *v, th_span text, th_err *err) {
  obo o = {.v = v};
  bool in_head = true;
  th_span line;
  th_buf scratch;
  th_buf_init(&scratch, 1 << 20);
  for (size_t at = 0; !v->error && th_vocab_line(text, &at, &line);) {
    o.line++;
    line = th_span_trim(line);
    if (line.n == 0 || line.p[0] == '!') continue;
    if (line.p[0] != '[') {
      read_line(&o, line, &in_head, &scratch);
      continue;
    }
    end_term(&o);
    in_head = false;
    if (!th_span_starts(line, TH_SPAN("[Term]"))) continue;
    o = (obo){.v = v, .in_term = true, .line = o.line, .begun = o.line};
    th_vocab_begin(v);
  }
  end_term(&o);
  th_buf_dispose(&scratch);
  return v->error ? th_err_set(err, v->error, "out of memory reading %s", v->file) : 0;
}
