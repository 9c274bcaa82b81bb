#include "study/walk.h"

#include "study/nct.h"

typedef struct walk {
  const th_json *j;
  const th_study_visitor *v;
  void *ctx;
  th_err *err;
} walk;

static const char *type_word(uint8_t jtype) {
  static const char *const words[] = {
      [TH_JNULL] = "null",      [TH_JFALSE] = "a boolean", [TH_JTRUE] = "a boolean",
      [TH_JINT] = "a number",   [TH_JNUMBER] = "a number", [TH_JSTRING] = "text",
      [TH_JARRAY] = "an array", [TH_JOBJECT] = "an object"};
  return jtype < TH_COUNT(words) ? words[jtype] : "something else";
}

static const char *due_word(const th_field *f, bool element) {
  if ((f->flags & TH_FF_LIST) && !element) return "an array";
  switch (f->type) {
  case TH_FT_STRUCT:
    return "an object";
  case TH_FT_BOOL:
    return "true or false";
  case TH_FT_INT:
    return "a whole number";
  case TH_FT_NUMBER:
    return "a number";
  case TH_FT_GEO_POINT:
    return "a point with lat and lon";
  default:
    return "text";
  }
}

static int wrong_type(const walk *w, const th_field *f, uint32_t node, bool element) {
  int rc = th_err_set(w->err, TH_EINPUT, "%s: %s is due, not %s", f->path, due_word(f, element),
                      type_word(w->j->nodes[node].type));
  th_err_at(w->err, w->j->nodes[node].off, 0);
  return rc;
}

static void odd(const walk *w, th_odd what, uint16_t field, uint32_t node) {
  if (w->v->odd) w->v->odd(w->ctx, what, field, node);
}

/* The JSON types that a leaf may have, one bit each. */
static unsigned leaf_types(uint8_t ftype) {
  switch (ftype) {
  case TH_FT_BOOL:
    return 1u << TH_JFALSE | 1u << TH_JTRUE;
  case TH_FT_INT:
    return 1u << TH_JINT;
  case TH_FT_NUMBER:
    return 1u << TH_JINT | 1u << TH_JNUMBER;
  case TH_FT_GEO_POINT:
    return 1u << TH_JOBJECT;
  default:
    return 1u << TH_JSTRING;
  }
}

static bool point_is_typed(const th_json *j, uint32_t node) {
  uint32_t lat = th_json_get(j, node, TH_SPAN("lat")), lon = th_json_get(j, node, TH_SPAN("lon"));
  double d;
  return lat && lon && th_json_number(j, lat, &d) && th_json_number(j, lon, &d);
}

static int visit_leaf(const walk *w, const th_field *f, uint32_t node, uint32_t row, bool element) {
  uint8_t type = w->j->nodes[node].type;
  if (TH_UNLIKELY(type == TH_JNULL)) return odd(w, TH_ODD_NULL, f->id, node), TH_OK;
  if (TH_UNLIKELY(!(leaf_types(f->type) >> type & 1))) return wrong_type(w, f, node, element);
  if (f->type == TH_FT_GEO_POINT && !point_is_typed(w->j, node))
    return wrong_type(w, f, node, element);
  if (f->type == TH_FT_ENUM && w->v->odd && th_enum_value(f->enum_id, th_json_text(w->j, node)) < 0)
    odd(w, TH_ODD_ENUM, f->id, node);
  if (w->v->value) w->v->value(w->ctx, f->id, node, row);
  return TH_OK;
}

static int visit_members(const walk *w, uint16_t parent, uint32_t node, uint32_t row);

static int visit_struct(const walk *w, const th_field *f, uint32_t node, uint32_t item,
                        uint32_t row, bool element) {
  uint8_t type = w->j->nodes[node].type;
  if (TH_UNLIKELY(type == TH_JNULL)) return odd(w, TH_ODD_NULL, f->id, node), TH_OK;
  if (TH_UNLIKELY(type != TH_JOBJECT)) return wrong_type(w, f, node, element);
  if (w->v->enter) w->v->enter(w->ctx, f->id, node, item);
  int rc = visit_members(w, f->id, node, row);
  if (rc == TH_OK && w->v->leave) w->v->leave(w->ctx, f->id, node, item);
  return rc;
}

static int visit_list(const walk *w, const th_field *f, uint32_t node, uint32_t row) {
  uint32_t item = 0;
  int rc = TH_OK;
  if (TH_UNLIKELY(w->j->nodes[node].type == TH_JNULL))
    return odd(w, TH_ODD_NULL, f->id, node), TH_OK;
  if (TH_UNLIKELY(w->j->nodes[node].type != TH_JARRAY)) return wrong_type(w, f, node, false);
  if (w->v->list) w->v->list(w->ctx, f->id, node);
  for (th_json_each(w->j, node, e)) {
    if (f->type == TH_FT_STRUCT)
      rc = visit_struct(w, f, e, item, f->list == f->id ? item : row, true);
    else
      rc = visit_leaf(w, f, e, row, true);
    if (rc) break;
    item++;
  }
  return rc;
}

/* Goes down as deep as the catalogue does, however deep the document is. */
static int visit_members(const walk *w, uint16_t parent, uint32_t node, uint32_t row) {
  int rc = TH_OK;
  for (th_json_members(w->j, node, key)) {
    uint16_t id = th_field_child(parent, th_json_text(w->j, key));
    if (TH_UNLIKELY(id == TH_F_NONE || (th_fields[id].flags & TH_FF_INDEXED_ONLY))) {
      odd(w, TH_ODD_KEY, parent, key);
      continue;
    }
    const th_field *f = &th_fields[id];
    if (f->flags & TH_FF_LIST)
      rc = visit_list(w, f, key + 1, row);
    else if (f->type == TH_FT_STRUCT)
      rc = visit_struct(w, f, key + 1, 0, row, false);
    else
      rc = visit_leaf(w, f, key + 1, row, false);
    if (rc) break;
  }
  return rc;
}

int th_study_walk(const th_json *j, const th_study_visitor *visitor, void *ctx, th_err *err) {
  const walk w = {j, visitor, ctx, err};
  if (j->nodes[0].type != TH_JOBJECT) {
    int rc = th_err_set(err, TH_EINPUT, "a study record is an object, not %s",
                        type_word(j->nodes[0].type));
    th_err_at(err, j->nodes[0].off, 0);
    return rc;
  }
  return visit_members(&w, TH_F_NONE, 0, 0);
}

int th_study_check(const th_json *j, uint32_t *nct, th_err *err) {
  static const th_study_visitor nobody;
  uint32_t number = 0;
  uint32_t node = th_json_path(j, 0, th_fields[TH_F_NCTId].path);
  bool known = node && th_nct_parse(th_json_text(j, node), &number);
  if (nct) *nct = number;
  int rc = th_study_walk(j, &nobody, NULL, err);
  if (rc || known) return rc;
  if (!node) return th_err_set(err, TH_EINPUT, "%s is missing", th_fields[TH_F_NCTId].path);
  th_span raw = th_json_raw(j, node);
  rc = th_err_set(err, TH_EINPUT, "%s: %.*s is no NCT number", th_fields[TH_F_NCTId].path,
                  (int)TH_MIN(raw.n, 60), raw.p);
  th_err_at(err, j->nodes[node].off, 0);
  return rc;
}

bool th_study_geo(const th_json *j, uint32_t node, double *lat, double *lon) {
  uint32_t a = th_json_get(j, node, TH_SPAN("lat")), o = th_json_get(j, node, TH_SPAN("lon"));
  if (!a || !o || !th_json_number(j, a, lat) || !th_json_number(j, o, lon)) return false;
  return *lat >= -90 && *lat <= 90 && *lon >= -180 && *lon <= 180;
}
