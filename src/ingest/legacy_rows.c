#include "ingest/legacy.h"

#include "study/date.h"

/* ---- a writer that takes back what is empty ---- */

th_legacy_mark th_legacy_open(th_legacy *x, const char *key, char kind) {
  th_jout *w = &x->w;
  th_legacy_mark m = {
      .from = w->out->n, .need_comma = w->need_comma, .after_key = w->after_key, .kind = kind};
  if (key) th_jout_key(w, key);
  if (kind == '{')
    th_jout_object(w);
  else
    th_jout_array(w);
  m.begin = w->out->n;
  return m;
}

void th_legacy_close(th_legacy *x, th_legacy_mark m) {
  th_jout *w = &x->w;
  bool empty = w->out->n == m.begin;
  if (m.kind == '{')
    th_jout_end_object(w);
  else
    th_jout_end_array(w);
  if (!empty) return;
  th_buf_truncate(w->out, m.from);
  w->need_comma = m.need_comma;
  w->after_key = m.after_key;
}

static void put_key(th_legacy *x, const char *key) {
  if (key) th_jout_key(&x->w, key);
}

void th_legacy_text(th_legacy *x, const char *key, th_span s) {
  if (s.n == 0) return;
  put_key(x, key);
  th_jout_text(&x->w, s);
}

void th_legacy_bool(th_legacy *x, const char *key, bool v) {
  put_key(x, key);
  th_jout_bool(&x->w, v);
}

/* ---- values ---- */

/* A label that no enum has: upper case, one underscore for each run of other characters. */
static void spell(th_buf *out, th_span s) {
  th_buf_clear(out);
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c >= 'a' && c <= 'z')
      th_buf_char(out, (char)(c - 'a' + 'A'));
    else if (letter)
      th_buf_char(out, c);
    else if (out->n && out->p[out->n - 1] != '_')
      th_buf_char(out, '_');
  }
  if (out->n && out->p[out->n - 1] == '_') th_buf_truncate(out, out->n - 1);
}

void th_legacy_enum(th_legacy *x, const char *key, uint16_t enum_id, th_span s) {
  if (s.n == 0) return;
  if (th_span_eq_nocase(s, TH_SPAN("N/A"))) s = TH_SPAN("NA");
  int v = th_enum_value(enum_id, s);
  if (v < 0) {
    spell(&x->scratch, s);
    s = th_buf_view(&x->scratch);
    v = th_enum_value(enum_id, s);
  }
  th_legacy_text(x, key, v >= 0 ? th_span_of(th_enum_name(enum_id, v)) : s);
}

/* What is no date stays as it is, for the record's check to name. */
static void put_date(th_legacy *x, const char *key, th_span s) {
  th_date d;
  if (s.n == 0) return;
  if (th_date_parse(s, &d)) {
    th_buf_clear(&x->scratch);
    th_date_iso(&d, &x->scratch);
    s = th_buf_view(&x->scratch);
  }
  th_legacy_text(x, key, s);
}

static void put_date_struct(th_legacy *x, const char *key, const th_xml_node *e) {
  th_span type = th_xml_attribute(e, "type");
  if (th_span_eq_nocase(type, TH_SPAN("Anticipated")) ||
      th_span_eq_nocase(type, TH_SPAN("Estimate")))
    type = TH_SPAN("ESTIMATED");
  th_legacy_mark m = th_legacy_open(x, key, '{');
  put_date(x, "date", th_span_trim(e->text));
  th_legacy_enum(x, "type", TH_E_DateType, type);
  th_legacy_close(x, m);
}

static void put_bool(th_legacy *x, const char *key, th_span s) {
  if (th_span_eq_nocase(s, TH_SPAN("Yes")))
    th_legacy_bool(x, key, true);
  else if (th_span_eq_nocase(s, TH_SPAN("No")))
    th_legacy_bool(x, key, false);
}

static void put_int(th_legacy *x, const char *key, th_span s) {
  int64_t v = 0;
  if (s.n == 0 || s.n > 15) return;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return;
    v = v * 10 + (s.p[i] - '0');
  }
  put_key(x, key);
  th_jout_i64(&x->w, v);
}

static void put_list(th_legacy *x, const th_legacy_row *row, const th_xml_node *e) {
  th_legacy_mark m = th_legacy_open(x, row->key, '[');
  for (; e; e = th_xml_again(e)) {
    th_span s = th_span_trim(e->text);
    if (row->kind == LX_ENUMS)
      th_legacy_enum(x, NULL, row->enum_id, s);
    else
      th_legacy_text(x, NULL, s);
  }
  th_legacy_close(x, m);
}

static void put_markup(th_legacy *x, const char *key, th_span s) {
  th_buf_clear(&x->scratch);
  th_legacy_markup(s, &x->scratch);
  th_legacy_text(x, key, th_buf_view(&x->scratch));
}

static void put_row(th_legacy *x, const th_legacy_row *row, const th_xml_node *e) {
  th_span s = th_span_trim(e->text);
  switch (row->kind) {
  case LX_TEXT:
    th_legacy_text(x, row->key, s);
    break;
  case LX_MARKUP:
    put_markup(x, row->key, e->text);
    break;
  case LX_ENUM:
    th_legacy_enum(x, row->key, row->enum_id, s);
    break;
  case LX_DATE:
    put_date(x, row->key, s);
    break;
  case LX_DATE_STRUCT:
    put_date_struct(x, row->key, e);
    break;
  case LX_BOOL:
    put_bool(x, row->key, s);
    break;
  case LX_INT:
    put_int(x, row->key, s);
    break;
  default:
    put_list(x, row, e);
    break;
  }
}

void th_legacy_rows(th_legacy *x, const th_xml_node *node, const th_legacy_row *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const th_xml_node *e = strcmp(rows[i].path, ".") == 0 ? node : th_xml_at(node, rows[i].path);
    if (e) put_row(x, &rows[i], e);
  }
}

void th_legacy_object(th_legacy *x, const char *key, const th_xml_node *node,
                      const th_legacy_row *rows, size_t n) {
  th_legacy_mark m = th_legacy_open(x, key, '{');
  th_legacy_rows(x, node, rows, n);
  th_legacy_close(x, m);
}
