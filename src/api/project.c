#include "api/project.h"

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

/* ^[a-zA-Z][a-zA-Z0-9\-. ]*$ */
static bool name_formed(th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.' || c == ' ')))
      return false;
  }
  return s.n > 0;
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
    } else if (!name_formed(items.item)) {
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

static void cut_object(th_buf *out, const th_json *j, uint32_t node, uint16_t field,
                       const th_selection *s);

/* A struct on the way to something chosen: an object, or a list of them. */
static void cut_value(th_buf *out, const th_json *j, uint32_t node, uint16_t field,
                      const th_selection *s) {
  if (j->nodes[node].type != TH_JARRAY) {
    cut_object(out, j, node, field, s);
    return;
  }
  th_buf_char(out, '[');
  for (th_json_each(j, node, child)) {
    if (child != node + 1) th_buf_char(out, ',');
    if (j->nodes[child].type == TH_JOBJECT)
      cut_object(out, j, child, field, s);
    else
      th_json_compact(out, th_json_raw(j, child));
  }
  th_buf_char(out, ']');
}

static void cut_object(th_buf *out, const th_json *j, uint32_t node, uint16_t field,
                       const th_selection *s) {
  bool first = true;
  th_buf_char(out, '{');
  for (th_json_members(j, node, key)) {
    uint16_t child = th_field_child(field, th_json_text(j, key));
    if (child == TH_F_NONE || !(has(s->whole, child) || has(s->path, child))) continue;
    uint8_t type = j->nodes[key + 1].type;
    bool whole = has(s->whole, child);
    if (!whole && type != TH_JOBJECT && type != TH_JARRAY) continue;
    if (!first) th_buf_char(out, ',');
    first = false;
    th_buf_span(out, th_json_raw(j, key));
    th_buf_char(out, ':');
    if (whole)
      th_json_compact(out, th_json_raw(j, key + 1));
    else
      cut_value(out, j, key + 1, child, s);
  }
  th_buf_char(out, '}');
}

void th_project(th_buf *out, const th_json *j, const th_selection *selection) {
  if (j->nodes[0].type == TH_JOBJECT)
    cut_object(out, j, 0, TH_F_NONE, selection);
  else
    th_buf_str(out, "{}");
}
