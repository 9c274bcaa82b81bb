#include "query/parse_private.h"

#include <stdio.h>

#include "study/nct.h"

/* The field that a RANGE or DISTANCE stands in; its type must be one of those. */
const th_field *th_parse_field(const th_parser *p) {
  return th_scope_is_field(p->in.scope) ? &th_fields[th_scope_field(p->in.scope)] : NULL;
}

bool th_parse_has_range(const th_parser *p, const th_field *f) {
  return f && (p->in.size || th_ftype_is_ordered(f->type));
}

/* The size of a list of structs is a number, whatever the field. */
int th_parse_value(const th_parser *p, const th_field *field, th_span text, bool whole,
                   int64_t *low, int64_t *high, th_err *err) {
  th_field number = *field;
  if (p->in.size) number.type = TH_FT_INT;
  return th_value_parse(&number, text, whole, low, high, err);
}

int th_parse_range_node(th_parser *p, const th_field *field, int64_t low, int64_t high,
                        const th_query **out) {
  th_query *node = th_query_range(p->arena, field->id, low, high, false);
  if (!node) return th_parse_fail_memory(p);
  node->coded = true;
  *out = node;
  return 0;
}

static int enum_values_message(th_parser *p, const th_field *field, uint32_t at) {
  char text[640];
  const th_enum *e = &th_enums[field->enum_id];
  int n = snprintf(text, sizeof text, "Allowed values for enum field `%s` are ", field->path);
  for (unsigned i = 0; i < e->n && n > 0 && (size_t)n < sizeof text; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "%s`%s`", i ? ", " : "", e->values[i]);
  return th_parse_fail(p, at, text);
}

static int enum_term(th_parser *p, const th_field *field, th_span text, uint32_t at,
                     const th_query **out) {
  int value = th_enum_value(field->enum_id, text);
  if (value < 0 || value > 63) return enum_values_message(p, field, at);
  *out = th_query_mask(p->arena, field->id, 1ull << value);
  return *out ? 0 : th_parse_fail_memory(p);
}

static int bool_term(th_parser *p, const th_field *field, th_span text, uint32_t at,
                     const th_query **out) {
  bool yes = th_span_eq_nocase(text, TH_SPAN("true")),
       no = th_span_eq_nocase(text, TH_SPAN("false"));
  if (!yes && !no) {
    char message[256];
    snprintf(message, sizeof message, "Allowed values for boolean field `%s` are `true`, `false`",
             field->path);
    return th_parse_fail(p, at, message);
  }
  *out = th_query_mask(p->arena, field->id, yes ? 2 : 1);
  return *out ? 0 : th_parse_fail_memory(p);
}

static int value_term(th_parser *p, const th_field *field, th_span text, uint32_t at,
                      const th_query **out) {
  int64_t low, high;
  th_err inner = {0};
  int rc = th_parse_value(p, field, text, true, &low, &high, &inner);
  if (rc) return th_parse_fail_inner(p, rc, &inner, at);
  return th_parse_range_node(p, field, low, high, out);
}

/* ---- words and their synonyms ---- */

static bool takes_synonyms(unsigned scope) {
  if (!th_scope_is_field(scope)) return true;
  const th_field *f = &th_fields[th_scope_field(scope)];
  for (uint16_t i = f->id; i < f->end; i++)
    if (th_fields[i].flags & TH_FF_SYNONYMS) return true;
  return false;
}

/* How the words stand together; *level: what is left of the expansion asked for. */
static th_words_request wording_of(const th_parser *p, bool quoted, th_parse_expansion *level) {
  *level = p->in.expansion;
  if (p->in.covered && *level == EXPAND_LOSSY) *level = EXPAND_RELAXATION;
  if ((quoted || p->in.anchor) && *level > EXPAND_CONCEPT) *level = EXPAND_CONCEPT;
  return (th_words_request){.wording = *level == EXPAND_LOSSY        ? TH_WORDS_ANY
                                       : *level == EXPAND_RELAXATION ? TH_WORDS_ALL
                                                                     : TH_WORDS_PHRASE,
                            .scope = p->in.scope,
                            .anchor = p->in.anchor,
                            .exact = *level == EXPAND_NONE,
                            .weight = 1};
}

static int words_term(th_parser *p, th_span text, bool quoted, uint32_t at, const th_query **out) {
  th_err inner = {0};
  th_parse_expansion level;
  th_words_request how = wording_of(p, quoted, &level);
  bool expand =
      p->expander && level >= EXPAND_CONCEPT && !p->in.sites && takes_synonyms(p->in.scope);
  th_expansion with = {p->arena, expand ? p->expander : NULL, &p->n_terms, &p->n_synonym_words};
  int rc = th_expand_words(out, &with, text, &how, &inner);
  return rc ? th_parse_fail_inner(p, rc, &inner, at) : 0;
}

int th_parse_text(th_parser *p, th_span text, bool quoted, uint32_t at, const th_query **out) {
  char number[TH_NCT_LEN + 1];
  uint32_t nct;
  const th_field *field = th_parse_field(p);
  if (field && field->type == TH_FT_NCT && th_nct_parse(text, &nct))
    text = th_span_of(th_nct_format(nct, number));
  if (field && field->type == TH_FT_KEYWORD) {
    *out = th_query_keyword(p->arena, field->id, text);
    return *out ? th_parse_count_term(p) : th_parse_fail_memory(p);
  }
  /* Places are searched by their whole name: "South Korea" is not South Africa and North Korea. */
  if (field && (field->type == TH_FT_GEO_NAME || field->id == TH_F_LocationCountry)) quoted = true;
  return words_term(p, text, quoted, at, out);
}

int th_parse_term(th_parser *p, th_span text, bool quoted, uint32_t at, const th_query **out) {
  const th_field *field = th_parse_field(p);
  if (!text.p) return th_parse_fail_memory(p);
  if (field &&
      (field->type == TH_FT_ENUM || field->type == TH_FT_BOOL || th_parse_has_range(p, field))) {
    int rc = th_parse_count_term(p);
    if (rc) return rc;
  }
  if (p->in.size) return value_term(p, field, text, at, out);
  if (field && field->type == TH_FT_ENUM) return enum_term(p, field, text, at, out);
  if (field && field->type == TH_FT_BOOL) return bool_term(p, field, text, at, out);
  if (th_parse_has_range(p, field)) return value_term(p, field, text, at, out);
  if (field && field->type == TH_FT_GEO_POINT)
    return th_parse_fail(p, at,
                         "a geo point is searched with DISTANCE[latitude, longitude, radius]");
  return th_parse_text(p, text, quoted, at, out);
}
