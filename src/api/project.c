#include "api/project.h"

#include "api/classic.h"
#include "api/params.h"

static bool has(const uint64_t *set, uint16_t field) {
  return set[field / 64] >> (field % 64) & 1;
}
static void put(uint64_t *set, uint16_t field) {
  set[field / 64] |= (uint64_t)1 << (field % 64);
}

void th_selection_add(th_selection *selection, uint16_t field) {
  put(selection->whole, field);
  for (uint16_t f = th_fields[field].parent; f != TH_F_NONE; f = th_fields[f].parent)
    put(selection->path, f);
}

static bool in_records(uint16_t field) {
  return !(th_fields[field].flags & (TH_FF_INDEXED_ONLY | TH_FF_HISTORIC));
}

void th_selection_add_area(th_selection *selection, uint16_t area) {
  for (unsigned i = 0; i < th_areas[area].n_parts; i++)
    if (in_records(th_areas[area].parts[i].field))
      th_selection_add(selection, th_areas[area].parts[i].field);
}

static bool add_named(th_selection *selection, th_span name) {
  uint16_t field = th_field_by_path(name);
  if (field != TH_F_NONE && in_records(field)) {
    th_selection_add(selection, field);
    return true;
  }
  uint16_t area = field == TH_F_NONE ? th_area_by_name(name) : TH_A_NONE;
  if (area == TH_A_NONE) return false;
  th_selection_add_area(selection, area);
  return true;
}

int th_selection_parse(th_selection *selection, th_span list, const th_selection *asked,
                       th_err *err) {
  th_items items = {.rest = list};
  while (th_items_next(&items)) {
    if (asked && th_span_eq(items.item, TH_SPAN("@query"))) {
      for (unsigned i = 0; i < TH_FIELD_WORDS; i++) {
        selection->whole[i] |= asked->whole[i];
        selection->path[i] |= asked->path[i];
      }
    } else if (!th_name_formed(items.item)) {
      return th_items_refuse(&items, "fields", err);
    } else if (!add_named(selection, items.item)) {
      return th_err_set(err, TH_EUSAGE, "Parameter 'fields' contains invalid field name: '%.*s'",
                        (int)TH_MIN(items.item.n, 200), items.item.p);
    }
  }
  return TH_OK;
}

/* ---- cutting ---- */

void th_json_compact(th_buf *out, th_span json) {
  if (json.n == 0 || (!memchr(json.p, '\n', json.n) && !memchr(json.p, '\r', json.n))) {
    th_buf_span(out, json);
    return;
  }
  bool quoted = false;
  size_t from = 0;
  for (size_t i = 0; i < json.n; i++) {
    char c = json.p[i];
    if (quoted) {
      if (c == '\\') i++;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      th_buf_put(out, json.p + from, i - from);
      from = i + 1;
    }
  }
  th_buf_put(out, json.p + from, json.n - from);
}

typedef struct cutter {
  th_buf *out;
  const th_json *j;
  const th_selection *s; /* NULL = everything */
  bool legacy;
} cutter;

static void cut_object(const cutter *c, uint32_t node, uint16_t field, bool whole);

static void put_legacy(const cutter *c, uint32_t node) {
  th_buf text;
  th_buf_init(&text, 0);
  th_classic_put(&text, th_json_text(c->j, node));
  if (text.error)
    c->out->error = text.error;
  else
    th_json_quote(c->out, th_buf_view(&text));
  th_buf_dispose(&text);
}

/* One value of a field that is chosen whole, or on the way to something chosen. */
static void cut_value(const cutter *c, uint32_t node, uint16_t field, bool whole) {
  uint8_t type = c->j->nodes[node].type;
  if (whole && !c->legacy) {
    th_json_compact(c->out, th_json_raw(c->j, node));
  } else if (type == TH_JARRAY) {
    th_buf_char(c->out, '[');
    for (th_json_each(c->j, node, child)) {
      if (child != node + 1) th_buf_char(c->out, ',');
      cut_value(c, child, field, whole);
    }
    th_buf_char(c->out, ']');
  } else if (type == TH_JOBJECT && th_fields[field].type == TH_FT_STRUCT) {
    cut_object(c, node, field, whole);
  } else if (type == TH_JSTRING && th_fields[field].type == TH_FT_MARKUP) {
    put_legacy(c, node);
  } else {
    th_json_compact(c->out, th_json_raw(c->j, node));
  }
}

static void cut_object(const cutter *c, uint32_t node, uint16_t field, bool whole) {
  const th_json *j = c->j;
  bool first = true;
  th_buf_char(c->out, '{');
  for (th_json_members(j, node, key)) {
    uint16_t child = th_field_child(field, th_json_text(j, key));
    bool known = child != TH_F_NONE;
    bool child_whole = whole || (known && has(c->s->whole, child));
    bool on_the_way = known && !child_whole && has(c->s->path, child) &&
                      (j->nodes[key + 1].type == TH_JOBJECT || j->nodes[key + 1].type == TH_JARRAY);
    if (!child_whole && !on_the_way) continue;
    if (!first) th_buf_char(c->out, ',');
    first = false;
    th_buf_span(c->out, th_json_raw(j, key));
    th_buf_char(c->out, ':');
    if (known)
      cut_value(c, key + 1, child, child_whole);
    else
      th_json_compact(c->out, th_json_raw(j, key + 1));
  }
  th_buf_char(c->out, '}');
}

void th_project(th_buf *out, const th_json *j, const th_selection *selection, bool legacy) {
  cutter c = {.out = out, .j = j, .s = selection, .legacy = legacy};
  if (j->nodes[0].type == TH_JOBJECT)
    cut_object(&c, 0, TH_F_NONE, selection == NULL);
  else
    th_buf_str(out, "{}");
}
