#include "api/meta.h"

#include "api/oas.h"
#include "base/json.h"
#include "study/catalogue.h"

#include <stdio.h>

struct th_meta {
  th_doc fields[4]; /* by the two flags */
  th_doc areas, enums, oas;
};

/* ---- fields ---- */

static void put_type(th_jout *w, const th_field *f) {
  char type[128];
  snprintf(type, sizeof type, "%s%s", f->type_name, f->flags & TH_FF_LIST ? "[]" : "");
  th_jout_kv_str(w, "type", type);
}

static bool shown(uint16_t field, uint16_t hidden) {
  return !(th_fields[field].flags & hidden);
}

static void put_fields(th_jout *w, uint16_t first, uint16_t hidden);

/* What the registry says of who fills a field in. */
static const struct {
  uint16_t field;
  const char *text;
} rules[] = {{TH_F_ResultsFirstSubmitDate, "System generated"}};

static void put_rules(th_jout *w, uint16_t field) {
  for (size_t i = 0; i < TH_COUNT(rules); i++)
    if (rules[i].field == field) th_jout_kv_str(w, "rules", rules[i].text);
}

/* A key that does not apply is left out, as a flag that is false. */
static void put_field(th_jout *w, const th_field *f, uint16_t hidden) {
  th_jout_object(w);
  th_jout_kv_str(w, "name", f->name);
  th_jout_kv_str(w, "piece", f->piece);
  if (f->flags & TH_FF_NESTED) th_jout_kv_bool(w, "nested", true);
  if (f->title[0]) th_jout_kv_str(w, "title", f->title);
  th_jout_kv_str(w, "sourceType", f->source);
  put_type(w, f);
  if (f->flags & TH_FF_INDEXED_ONLY) th_jout_kv_bool(w, "indexedOnly", true);
  if (f->flags & TH_FF_HISTORIC) th_jout_kv_bool(w, "historicOnly", true);
  if (f->type == TH_FT_ENUM) th_jout_kv_bool(w, "isEnum", true);
  put_rules(w, f->id);
  if (f->flags & TH_FF_SYNONYMS) th_jout_kv_bool(w, "synonyms", true);
  if (f->alt[0]) th_jout_kv_words(w, "altPieceNames", f->alt);
  if (f->link_url[0]) {
    th_jout_key(w, "dedLink");
    th_jout_object(w);
    th_jout_kv_str(w, "label", f->link_label);
    th_jout_kv_str(w, "url", f->link_url);
    th_jout_end_object(w);
  }
  if (f->first_child != TH_F_NONE) {
    th_jout_key(w, "children");
    put_fields(w, f->first_child, hidden);
  }
  th_jout_end_object(w);
}

static void put_fields(th_jout *w, uint16_t first, uint16_t hidden) {
  th_jout_array(w);
  for (uint16_t f = first; f != TH_F_NONE; f = th_fields[f].next_sibling)
    if (shown(f, hidden)) put_field(w, &th_fields[f], hidden);
  th_jout_end_array(w);
}

void th_meta_fields(th_buf *out, bool indexed_only, bool historic_only) {
  th_jout w;
  th_jout_init(&w, out, false);
  unsigned hidden = (indexed_only ? 0 : TH_FF_INDEXED_ONLY) | (historic_only ? 0 : TH_FF_HISTORIC);
  put_fields(&w, 0, (uint16_t)hidden);
}

/* ---- search areas ---- */

/* Numbers that others give are never widened, whatever the field's own flag. */
static bool takes_synonyms(uint16_t field) {
  bool number = field == TH_F_OrgStudyId || field == TH_F_SecondaryId || field == TH_F_NCTIdAlias;
  return !number && (th_fields[field].flags & TH_FF_SYNONYMS);
}

static bool same_part(const th_area_part *a, const th_area_part *b) {
  const th_field *x = &th_fields[a->field], *y = &th_fields[b->field];
  return a->weight == b->weight && strcmp(x->type_name, y->type_name) == 0 &&
         takes_synonyms(a->field) == takes_synonyms(b->field);
}

/* Neighbours of equal weight and kind share a part; returns how many. */
static unsigned put_part(th_jout *w, const th_area_part *parts, unsigned most) {
  const th_field *f = &th_fields[parts->field];
  char weight[16];
  unsigned n = 0;
  th_jout_object(w);
  th_jout_key(w, "pieces");
  th_jout_array(w);
  for (; n < most && same_part(parts, &parts[n]); n++)
    th_jout_str(w, th_fields[parts[n].field].piece);
  th_jout_end_array(w);
  th_jout_kv_str(w, "type", f->type_name);
  th_jout_kv_bool(w, "isEnum", f->type == TH_FT_ENUM);
  th_jout_kv_bool(w, "isSynonyms", takes_synonyms(parts->field));
  int len = snprintf(weight, sizeof weight, "%.3g", (double)parts->weight);
  if (!strchr(weight, '.')) snprintf(weight + len, sizeof weight - (size_t)len, ".0");
  th_jout_key(w, "weight");
  th_jout_raw(w, th_span_of(weight));
  th_jout_end_object(w);
  return n;
}

static void put_area(th_jout *w, const th_area *a) {
  th_jout_object(w);
  th_jout_kv_str(w, "name", a->name);
  if (a->param[0]) th_jout_kv_str(w, "param", a->param);
  if (a->label[0]) th_jout_kv_str(w, "uiLabel", a->label);
  th_jout_key(w, "parts");
  th_jout_array(w);
  for (unsigned i = 0; i < a->n_parts;)
    i += put_part(w, &a->parts[i], a->n_parts - i);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

void th_meta_areas(th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_array(&w);
  th_jout_object(&w);
  th_jout_kv_str(&w, "name", "Study");
  th_jout_key(&w, "areas");
  th_jout_array(&w);
  for (unsigned a = 0; a < TH_A_COUNT; a++)
    put_area(&w, &th_areas[a]);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  th_jout_end_array(&w);
}

/* ---- enums ---- */

static void put_exceptions(th_jout *w, uint16_t enum_id, int value) {
  bool any = false;
  for (size_t i = 0; i < th_enum_excepts_n; i++) {
    const th_enum_except *x = &th_enum_excepts[i];
    if (x->enum_id != enum_id || x->value != value) continue;
    if (!any) {
      th_jout_key(w, "exceptions");
      th_jout_object(w);
    }
    any = true;
    th_jout_kv_str(w, th_fields[x->field].piece, x->label);
  }
  if (any) th_jout_end_object(w);
}

static void put_enum(th_jout *w, uint16_t enum_id) {
  const th_enum *e = &th_enums[enum_id];
  th_jout_object(w);
  th_jout_kv_str(w, "type", e->type);
  th_jout_key(w, "values");
  th_jout_array(w);
  for (int i = 0; i < e->n; i++) {
    th_jout_object(w);
    th_jout_kv_str(w, "value", e->values[i]);
    th_jout_kv_str(w, "legacyValue", e->labels[i]);
    put_exceptions(w, enum_id, i);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_key(w, "pieces");
  th_jout_array(w);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (th_fields[f].enum_id == enum_id) th_jout_str(w, th_fields[f].piece);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

void th_meta_enums(th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_array(&w);
  for (uint16_t e = 0; e < TH_E_COUNT; e++)
    put_enum(&w, e);
  th_jout_end_array(&w);
}

/* ---- documents ---- */

static int finish(th_doc *doc, th_buf *compact, th_err *err) {
  th_json_spread(&doc->plain, th_buf_view(compact));
  if (compact->error) return th_err_set(err, compact->error, "no memory for a document");
  th_buf_clear(compact);
  return th_doc_finish(doc, err);
}

int th_meta_new(th_meta **out, th_err *err) {
  th_buf compact;
  int rc = TH_OK;
  th_meta *meta = calloc(1, sizeof *meta);
  if (!meta) return th_err_set(err, TH_ENOMEM, "no memory for the API");
  th_buf_init(&compact, 0);
  for (unsigned i = 0; !rc && i < TH_COUNT(meta->fields); i++) {
    th_meta_fields(&compact, i & 1, i & 2);
    rc = finish(&meta->fields[i], &compact, err);
  }
  if (!rc) {
    th_meta_areas(&compact);
    rc = finish(&meta->areas, &compact, err);
  }
  if (!rc) {
    th_meta_enums(&compact);
    rc = finish(&meta->enums, &compact, err);
  }
  if (!rc) {
    th_oas_put(&compact);
    rc = finish(&meta->oas, &compact, err);
  }
  th_buf_dispose(&compact);
  if (rc) {
    th_meta_free(meta);
    meta = NULL;
  }
  *out = meta;
  return rc;
}

void th_meta_free(th_meta *meta) {
  if (!meta) return;
  for (unsigned i = 0; i < TH_COUNT(meta->fields); i++)
    th_doc_dispose(&meta->fields[i]);
  th_doc_dispose(&meta->areas);
  th_doc_dispose(&meta->enums);
  th_doc_dispose(&meta->oas);
  free(meta);
}

const th_doc *th_meta_fields_doc(const th_meta *meta, bool indexed_only, bool historic_only) {
  return &meta->fields[(indexed_only ? 1 : 0) | (historic_only ? 2 : 0)];
}
const th_doc *th_meta_areas_doc(const th_meta *meta) {
  return &meta->areas;
}
const th_doc *th_meta_enums_doc(const th_meta *meta) {
  return &meta->enums;
}
const th_doc *th_meta_oas_doc(const th_meta *meta) {
  return &meta->oas;
}
