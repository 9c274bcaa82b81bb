#include "eligibility/json.h"

#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/question.h"
#include "eligibility/results.h"

#define NAME(table, i) ((i) < TH_COUNT(table) ? table[i] : "")

const char *th_elig_kind_name(uint8_t i) {
  static const char *const names[] = {"unknown", "inclusion", "exclusion"};
  return NAME(names, i);
}
const char *th_elig_combine_name(uint8_t i) {
  static const char *const names[] = {"all", "any", "atleast"};
  return NAME(names, i);
}
const char *th_elig_relation_name(uint8_t i) {
  static const char *const names[] = {"<", "<=", ">", ">=", "=", "between"};
  return NAME(names, i);
}
const char *th_elig_reference_name(uint8_t i) {
  static const char *const names[] = {"absolute", "uln", "lln", "predicted"};
  return NAME(names, i);
}
const char *th_elig_category_name(uint8_t i) {
  static const char *const names[] = {
      "condition", "drug",      "procedure", "finding",       "allergy", "organism",
      "gene",      "pregnancy", "lactation", "contraception", "consent", "language",
      "capacity",  "smoking",   "alcohol",   "other trial",   "sex"};
  return NAME(names, i);
}
const char *th_elig_time_name(uint8_t i) {
  static const char *const names[] = {"any", "current", "past", "planned"};
  return NAME(names, i);
}

static void put_span(th_jout *w, uint32_t from, uint32_t to) {
  th_jout_key(w, "span");
  th_jout_array(w);
  th_jout_i64(w, from);
  th_jout_i64(w, to);
  th_jout_end_array(w);
}

/* Null for what has no words. */
static void put_part(th_jout *w, const char *key, uint32_t from, uint32_t to) {
  th_jout_key(w, key);
  if (from >= to) {
    th_jout_null(w);
    return;
  }
  th_jout_array(w);
  th_jout_i64(w, from);
  th_jout_i64(w, to);
  th_jout_end_array(w);
}

/* A number, or null for one that is none. */
static void put_number(th_jout *w, const char *key, double v) {
  th_jout_key(w, key);
  if (isfinite(v))
    th_jout_double(w, v);
  else
    th_jout_null(w);
}

static void put_source(th_jout *w, const th_elig_tree *t, const char *key, uint32_t from,
                       uint32_t to) {
  th_jout_kv_text(w, key, (th_span){t->text.p + from, to - from});
}

static void put_guard(th_jout *w, const th_elig_tree *t, const th_elig_guard *g) {
  th_jout_key(w, "guard");
  if (g->kind == TH_ELIG_NO_GUARD) {
    th_jout_null(w);
    return;
  }
  th_jout_object(w);
  th_jout_kv_str(w, "when", g->kind == TH_ELIG_IF ? "if" : "unless");
  put_source(w, t, "text", g->from, g->to);
  th_jout_kv_str(w, "sex", g->sex == 'F' ? "female" : g->sex == 'M' ? "male" : NULL);
  put_number(w, "minAge", g->has_age ? g->age_low : NAN);
  put_number(w, "maxAge", g->has_age ? g->age_high : NAN);
  put_span(w, g->from, g->to);
  th_jout_end_object(w);
}

static void put_window(th_jout *w, const th_elig_tree *t, const th_elig_window *v) {
  th_jout_key(w, "window");
  if (!v->present) {
    th_jout_null(w);
    return;
  }
  th_jout_object(w);
  th_jout_kv_str(w, "relation", th_elig_relation_name(v->relation));
  put_number(w, "value", v->value);
  put_number(w, "high", v->high);
  th_jout_kv_str(w, "unit", v->unit);
  th_jout_kv_str(w, "direction", v->forward ? "after" : "before");
  put_source(w, t, "text", v->from, v->to);
  put_span(w, v->from, v->to);
  th_jout_end_object(w);
}

static void put_canonical(th_jout *w, const th_elig_fact *f) {
  th_jout_key(w, "canonical");
  if (!f->canonical_unit) {
    th_jout_null(w);
    return;
  }
  bool low = isfinite(f->low_canonical), high = isfinite(f->high_canonical);
  th_jout_object(w);
  put_number(w, "low", f->low_canonical);
  th_jout_key(w, "lowInclusive");
  low ? th_jout_bool(w, f->low_inclusive) : th_jout_null(w);
  put_number(w, "high", f->high_canonical);
  th_jout_key(w, "highInclusive");
  high ? th_jout_bool(w, f->high_inclusive) : th_jout_null(w);
  th_jout_kv_str(w, "unit", f->canonical_unit);
  th_jout_end_object(w);
}

static void put_numeric(th_jout *w, const th_elig_tree *t, const th_elig_fact *f) {
  const th_elig_attribute *a = &th_elig_attributes[f->attribute];
  th_jout_kv_str(w, "type", "numeric");
  th_jout_kv_str(w, "attribute", a->key);
  th_jout_kv_text(w, "label", th_elig_measure_name(t, f));
  th_jout_kv_str(w, "loinc", a->loinc);
  th_jout_kv_str(w, "relation", th_elig_relation_name(f->relation));
  put_number(w, "value", f->value);
  put_number(w, "high", f->high);
  th_jout_kv_str(w, "unit", f->unit);
  put_canonical(w, f);
  th_jout_kv_str(w, "reference", th_elig_reference_name(f->reference));
}

static void put_concept(th_jout *w, const th_elig_fact *f) {
  th_jout_kv_str(w, "type", "concept");
  th_jout_kv_str(w, "category", th_elig_category_name(f->category));
  th_jout_kv_text(w, "label", f->label);
  th_jout_key(w, "code");
  f->code.n ? th_jout_text(w, f->code) : th_jout_null(w);
}

/* What a test is found to be, and its words. */
static void put_result(th_jout *w, const th_elig_tree *t, const th_elig_fact *f) {
  bool found = f->value_to > f->value_from;
  th_span words = {t->text.p + f->value_from, f->value_to - f->value_from};
  th_jout_kv_str(w, "result", found ? th_elig_result_name(words) : NULL);
  put_part(w, "valueSpan", f->value_from, f->value_to);
}

th_span th_elig_measure_name(const th_elig_tree *t, const th_elig_fact *f) {
  if (f->attribute == TH_ELIG_ATTRIBUTE_OTHER && f->name_to > f->name_from)
    return (th_span){t->text.p + f->name_from, f->name_to - f->name_from};
  return th_span_of(th_elig_attributes[f->attribute].name);
}

void th_elig_fact_json(const th_elig_tree *t, const th_elig_fact *f, th_jout *w) {
  th_jout_object(w);
  if (f->type == TH_ELIG_NUMERIC)
    put_numeric(w, t, f);
  else
    put_concept(w, f);
  th_jout_kv_bool(w, "negated", f->negated);
  if (f->type == TH_ELIG_CONCEPT) {
    th_jout_kv_str(w, "time", th_elig_time_name(f->time));
    th_jout_kv_str(w, "experiencer", f->family ? "family" : "patient");
    th_jout_key(w, "degree");
    f->degree.n ? th_jout_text(w, f->degree) : th_jout_null(w);
    put_part(w, "nameSpan", f->name_from, f->name_to);
    put_result(w, t, f);
  }
  put_guard(w, t, &f->guard);
  put_window(w, t, &f->window);
  if (f->type == TH_ELIG_NUMERIC) {
    put_part(w, "nameSpan", f->name_from, f->name_to);
    put_part(w, "valueSpan", f->value_from, f->value_to);
  }
  put_span(w, f->from, f->to);
  th_jout_end_object(w);
}

const char *th_elig_naming_name(uint8_t i) {
  static const char *const names[TH_ELIG_N_NAMINGS] = {"exception", "allowed", "guard",  "part",
                                                       "people",    "wide",    "measure"};
  return i < TH_COUNT(names) ? names[i] : NULL;
}

static void put_names(const th_elig_tree *t, uint32_t node, th_jout *w) {
  th_jout_key(w, "named");
  th_jout_array(w);
  for (uint32_t i = th_elig_first_name(t, node); i < t->n_names && t->names[i].node == node; i++) {
    const th_elig_name *n = &t->names[i];
    th_jout_object(w);
    th_jout_kv_str(w, "why", th_elig_naming_name(n->why));
    th_jout_kv_str(w, "category", th_elig_category_name(n->category));
    th_jout_kv_text(w, "label", n->label);
    th_jout_key(w, "code");
    n->code.n ? th_jout_text(w, n->code) : th_jout_null(w);
    th_jout_kv_bool(w, "negated", n->negated);
    put_span(w, n->from, n->to);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

/* `id` holds n_id bytes of the id of the group around the node. */
static void put_node(const th_elig_tree *t, uint32_t i, char *id, size_t n_id, th_buf *scratch,
                     th_jout *w) {
  const th_elig_node *n = &t->nodes[i];
  n_id = th_elig_id_add(n, n_id, id);
  th_jout_object(w);
  th_jout_kv_str(w, "id", id);
  th_jout_kv_str(w, "kind", th_elig_kind_name(n->kind));
  th_jout_kv_text(w, "text", th_elig_text(t, i));
  put_span(w, n->from, n->to);
  th_jout_kv_str(w, "combine", th_elig_combine_name(n->combine));
  th_jout_key(w, "atLeast");
  n->combine == TH_ELIG_AT_LEAST ? th_jout_i64(w, n->at_least) : th_jout_null(w);
  th_jout_key(w, "items");
  th_jout_array(w);
  for (uint32_t c = i + 1; c < n->next; c = t->nodes[c].next)
    put_node(t, c, id, n_id, scratch, w);
  th_jout_end_array(w);
  th_jout_key(w, "facts");
  th_jout_array(w);
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++)
    th_elig_fact_json(t, &t->facts[f], w);
  th_jout_end_array(w);
  put_names(t, i, w);
  th_buf_clear(scratch);
  th_elig_question(t, i, scratch);
  th_jout_key(w, "question");
  scratch->n ? th_jout_text(w, th_buf_view(scratch)) : th_jout_null(w);
  th_jout_end_object(w);
}

void th_elig_nodes_json(const th_elig_tree *tree, th_jout *w) {
  th_buf scratch;
  char id[TH_ELIG_ID_MAX];
  th_buf_init(&scratch, 0);
  th_jout_array(w);
  for (uint32_t i = 0; i < tree->n_nodes; i = tree->nodes[i].next)
    put_node(tree, i, id, 0, &scratch, w);
  th_jout_end_array(w);
  if (scratch.error && !w->out->error) w->out->error = scratch.error;
  th_buf_dispose(&scratch);
}

void th_elig_json(const th_elig_tree *tree, const char *nct_id, th_jout *w) {
  th_jout_object(w);
  th_jout_kv_str(w, "nctId", nct_id);
  th_jout_kv_str(w, "reader", TH_ELIG_READER);
  th_jout_key(w, "criteria");
  th_elig_nodes_json(tree, w);
  th_jout_end_object(w);
}
