#include "../test.h"

#include "records.h"

#include <math.h>
#include <stdio.h>

#include "index/score.h"
#include "query/thread.h"
#include "study/age.h"
#include "study/date.h"
#include "study/derived.h"
#include "study/nct.h"
#include "text/token.h"

/* ---- reading ---- */

static bool in_some_area(uint16_t field) {
  for (unsigned a = 0; a < TH_A_COUNT; a++)
    for (unsigned p = 0; p < th_areas[a].n_parts; p++)
      if (th_areas[a].parts[p].field == field) return true;
  return false;
}

static void read_words(rec_leaf *leaf, th_arena *arena) {
  th_stemmer *stemmer = th_thread_get()->stemmer;
  th_tokens tokens;
  th_token t;
  leaf->words = th_arena_calloc(arena, 2 * leaf->text.n + 2, sizeof *leaf->words);
  assert_non_null(leaf->words);
  th_tokens_init(&tokens, leaf->text);
  while (th_token_next(&tokens, &t)) {
    th_span form = th_arena_dup(arena, t.text);
    th_span stem = th_arena_dup(arena, th_stem(stemmer, form));
    /* A stem stands once at a position. */
    const rec_word *last = leaf->n_words ? &leaf->words[leaf->n_words - 1] : NULL;
    if (last && last->position == t.position && th_span_eq(last->stem, stem)) continue;
    leaf->words[leaf->n_words++] = (rec_word){stem, form, t.position};
  }
  leaf->length = tokens.position;
  leaf->searched = true;
}

static void add_leaf(record *r, th_arena *arena, rec_leaf leaf, bool words) {
  if (words) read_words(&leaf, arena);
  if (r->n_leaves == r->cap_leaves) {
    r->cap_leaves = r->cap_leaves * 2 + 32;
    rec_leaf *grown = th_arena_calloc(arena, r->cap_leaves, sizeof *grown);
    assert_non_null(grown);
    if (r->n_leaves) memcpy(grown, r->leaves, r->n_leaves * sizeof *grown);
    r->leaves = grown;
  }
  r->leaves[r->n_leaves++] = leaf;
}

static void add_count(record *r, th_arena *arena, uint16_t list, uint32_t n) {
  if (r->n_counts == r->cap_counts) {
    r->cap_counts = r->cap_counts * 2 + 32;
    rec_count *grown = th_arena_calloc(arena, r->cap_counts, sizeof *grown);
    assert_non_null(grown);
    if (r->n_counts) memcpy(grown, r->counts, r->n_counts * sizeof *grown);
    r->counts = grown;
  }
  r->counts[r->n_counts++] = (rec_count){list, n};
}

static void add_value(record *r, th_arena *arena, const th_json *j, uint32_t node, uint16_t field,
                      int site) {
  uint8_t type = th_fields[field].type;
  rec_leaf leaf = {.field = field, .site = site, .type = (th_jtype)j->nodes[node].type};
  leaf.text = th_arena_dup(arena, th_json_text(j, node));
  if (!th_json_number(j, node, &leaf.number)) leaf.number = 0;
  if (type == TH_FT_GEO_POINT) {
    th_json_number(j, th_json_get(j, node, TH_SPAN("lat")), &leaf.lat);
    th_json_number(j, th_json_get(j, node, TH_SPAN("lon")), &leaf.lon);
  }
  if (type == TH_FT_ENUM && in_some_area(field)) {
    /* An enum is searched by its label, and by its value where that has other words. */
    int v = th_enum_value(th_fields[field].enum_id, leaf.text);
    assert_true(v >= 0);
    leaf.text = th_span_of(th_enum_legacy(th_fields[field].enum_id, v, field));
    add_leaf(r, arena, leaf, true);
    leaf.text = th_span_of(th_enum_name(th_fields[field].enum_id, v));
    add_leaf(r, arena, leaf, true);
    return;
  }
  add_leaf(r, arena, leaf,
           type == TH_FT_TEXT || type == TH_FT_MARKUP || type == TH_FT_NCT ||
               type == TH_FT_GEO_NAME);
}

static void read_node(record *r, th_arena *arena, const th_json *j, uint32_t node, const char *path,
                      int site) {
  for (th_json_members(j, node, key)) {
    char inner[512];
    th_span name = th_json_text(j, key);
    uint32_t value = key + 1;
    snprintf(inner, sizeof inner, "%s%s%.*s", path, *path ? "." : "", (int)name.n, name.p);
    uint16_t field = th_field_by_path(th_span_of(inner));
    if (field == TH_F_NONE || j->nodes[value].type == TH_JNULL) continue;
    if (j->nodes[value].type == TH_JARRAY) {
      int at = 0;
      if (j->nodes[value].n) add_count(r, arena, field, j->nodes[value].n);
      for (th_json_each(j, value, element)) {
        int own = field == TH_F_Location ? at++ : site;
        if (field == TH_F_Location) r->n_sites++;
        if (th_fields[field].type == TH_FT_STRUCT)
          read_node(r, arena, j, element, inner, own);
        else
          add_value(r, arena, j, element, field, own);
      }
    } else if (th_fields[field].type == TH_FT_STRUCT) {
      read_node(r, arena, j, value, inner, site);
    } else {
      add_value(r, arena, j, value, field, site);
    }
  }
}

void record_read(record *r, const th_json *json, th_arena *arena) {
  *r = (record){0};
  read_node(r, arena, json, 0, "", -1);
  for (uint32_t i = 0; i < r->n_leaves; i++)
    if (r->leaves[i].field == TH_F_NCTId) assert_true(th_nct_parse(r->leaves[i].text, &r->nct));
}

/* ---- what holds where ---- */

typedef struct where {
  uint16_t area, field; /* one of them is NONE */
  bool size;
  unsigned coverage;
  bool covered;
  expr_level level;
  int site; /* the site at hand, -1: the whole study */
} where;

static bool in_scope(const where *w, uint16_t f) {
  if (w->field != TH_F_NONE) return f >= w->field && f < th_fields[w->field].end;
  for (unsigned p = 0; p < th_areas[w->area].n_parts; p++)
    if (th_areas[w->area].parts[p].field == f) return true;
  return false;
}

static bool of_sites(uint16_t f) {
  return f > TH_F_Location && f < th_fields[TH_F_Location].end;
}

/* Whether the scope has fields of a site that are looked at site by site. */
static bool scope_has_sites(const where *w) {
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (of_sites(f) && in_scope(w, f)) return true;
  return false;
}

/* Leaves that count: in the scope and, inside of SEARCH[Location], at the site. */
static bool counts(const where *w, const rec_leaf *l) {
  if (!in_scope(w, l->field)) return false;
  if (w->site < 0 || !scope_has_sites(w)) return true;
  return l->site == w->site && of_sites(l->field);
}

/* ---- words ---- */

enum { MOST_UNITS = 64 };

/* A word as typed: its parts, and their joined form when it is a compound. */
typedef struct unit {
  rec_word parts[8], joined;
  unsigned n;
  bool compound;
} unit;

typedef struct typed {
  unit units[MOST_UNITS];
  unsigned n;
  char bytes[8192];
} typed;

static th_span keep(typed *t, size_t *used, th_span s) {
  assert_true(*used + s.n < sizeof t->bytes);
  memcpy(t->bytes + *used, s.p, s.n);
  *used += s.n;
  return (th_span){t->bytes + *used - s.n, s.n};
}

static void read_typed(typed *t, th_span text) {
  th_stemmer *stemmer = th_thread_get()->stemmer;
  th_tokens tokens;
  th_token token;
  size_t used = 0;
  bool open = false;
  memset(t, 0, sizeof *t);
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &token)) {
    rec_word w = {.form = keep(t, &used, token.text)};
    w.stem = keep(t, &used, th_stem(stemmer, w.form));
    if (!open) {
      assert_true(t->n < MOST_UNITS);
      t->n++;
    }
    unit *u = &t->units[t->n - 1];
    if (token.flags & TH_TOKEN_JOINED) {
      u->joined = w;
      u->compound = true;
      open = false;
    } else {
      u->parts[u->n++] = w;
      open = token.flags & TH_TOKEN_PART;
    }
  }
}

static bool stands_at(const rec_leaf *l, uint32_t position, const rec_word *word, bool exact) {
  for (uint32_t i = 0; i < l->n_words; i++)
    if (l->words[i].position == position && th_span_eq(l->words[i].stem, word->stem) &&
        (!exact || th_span_eq(l->words[i].form, word->form)))
      return true;
  return false;
}

/* Units k.. next to each other from the position on; *end: behind the last. Only the first three
 * compounds of a phrase are tried in both spellings. */
static bool goes_on(const rec_leaf *l, const typed *t, unsigned k, unsigned last, uint32_t position,
                    unsigned compounds, const where *w, bool exact) {
  if (k == last) return !(w->coverage & 2) || position == l->length;
  const unit *u = &t->units[k];
  bool parts = true;
  for (unsigned i = 0; i < u->n && parts; i++)
    parts = stands_at(l, position + i, &u->parts[i], exact);
  if (parts && goes_on(l, t, k + 1, last, position + u->n, compounds + u->compound, w, exact))
    return true;
  return u->compound && compounds < 3 && stands_at(l, position, &u->joined, exact) &&
         goes_on(l, t, k + 1, last, position + 1, compounds + 1, w, exact);
}

static bool phrase_stands(const record *r, const where *w, const typed *t, unsigned from,
                          unsigned to, bool exact) {
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (!l->searched || !counts(w, l)) continue;
    for (uint32_t at = 0; at < l->length; at++) {
      if (w->coverage & 1 && at != 0) break;
      if (goes_on(l, t, from, to, at, 0, w, exact)) return true;
    }
  }
  return false;
}

static bool words_match(const record *r, const where *w, th_span text, bool quoted) {
  typed t;
  char number[TH_NCT_LEN + 1];
  uint32_t nct;
  expr_level level = w->level;
  const th_field *f = w->field == TH_F_NONE ? NULL : &th_fields[w->field];
  if (f && f->type == TH_FT_NCT && th_nct_parse(text, &nct))
    text = th_span_of(th_nct_format(nct, number));
  if (f && (f->type == TH_FT_GEO_NAME || f->id == TH_F_LocationCountry)) quoted = true;
  read_typed(&t, text);
  if (t.n == 0) return false;
  if (w->covered && level == L_LOSSY) level = L_RELAXATION;
  if ((quoted || w->coverage) && level > L_CONCEPT) level = L_CONCEPT;
  if (level <= L_CONCEPT) return phrase_stands(r, w, &t, 0, t.n, level == L_NONE);
  bool all = true, any = false;
  for (unsigned k = 0; k < t.n; k++) {
    bool one = phrase_stands(r, w, &t, k, k + 1, false);
    all &= one;
    any |= one;
  }
  return level == L_LOSSY ? any : all;
}

/* ---- values ---- */

/* A value of a field as a number that can be compared; false when it is none. Dates: the day, and
 * how precise. */
static bool value_of(const rec_leaf *l, uint16_t as, double *out, unsigned *precision) {
  th_date date;
  th_age age;
  *precision = 0;
  switch (th_fields[as].type) {
  case TH_FT_INT:
    *out = l->number;
    return l->type == TH_JINT;
  case TH_FT_NUMBER:
    *out = l->number;
    return l->type == TH_JINT || l->type == TH_JNUMBER;
  case TH_FT_AGE:
    if (!th_age_parse(l->text, &age)) return false;
    *out = (double)age.minutes;
    return true;
  default:
    if (!th_date_parse(l->text, &date)) return false;
    *out = date.first_day;
    *precision = date.precision;
    return true;
  }
}

/* Counts, years and sums that no record holds. */
static unsigned derived_values(const record *r, uint16_t field, double *out, unsigned most) {
  unsigned n = 0;
  double sum = 0;
  bool any = false;
  for (uint32_t i = 0; i < r->n_counts; i++) {
    uint16_t list = r->counts[i].list;
    bool part = th_derived_count_field(list) == field;
    if (part && n < most) out[n++] = r->counts[i].n;
    bool summed =
        (field == TH_F_NumOutcomes &&
         (list == TH_F_PrimaryOutcome || list == TH_F_SecondaryOutcome ||
          list == TH_F_OtherOutcome)) ||
        (field == TH_F_NumEvents && (list == TH_F_SeriousEvent || list == TH_F_OtherEvent)) ||
        (field == TH_F_NumRetractionsAllRefs && list == TH_F_Retraction) ||
        (field == TH_F_NumCollaboratorsPlusLead && list == TH_F_Collaborator);
    if (summed) sum += r->counts[i].n, any = true;
  }
  for (uint32_t i = 0; i < r->n_leaves && !n; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (field == TH_F_NumCollaboratorsPlusLead && l->field == TH_F_LeadSponsorName)
      sum++, any = true;
    if (th_derived_year_field(l->field) == field) {
      th_date date;
      int year;
      unsigned month, day;
      if (!th_date_parse(l->text, &date)) continue;
      th_date_civil(date.first_day, &year, &month, &day);
      out[n++] = year;
    }
    if (field == TH_F_NumUniqueLocationCountries && l->field == TH_F_LocationCountry) {
      bool before = false;
      for (uint32_t k = 0; k < i; k++)
        before |= r->leaves[k].field == l->field && th_span_eq(r->leaves[k].text, l->text);
      if (!before) sum++, any = true;
    }
  }
  if (any && n == 0) out[n++] = sum;
  return n;
}

static bool limit(uint16_t field, bool size, th_span text, bool high, double *out,
                  unsigned *precision) {
  th_date date;
  th_age age;
  char digits[64];
  *precision = 0;
  if (th_span_eq(text, TH_SPAN("MIN")) || th_span_eq(text, TH_SPAN("MAX"))) {
    *out = th_span_eq(text, TH_SPAN("MIN")) ? -INFINITY : INFINITY;
    return true;
  }
  uint8_t type = size ? TH_FT_INT : th_fields[field].type;
  if (type == TH_FT_INT || type == TH_FT_NUMBER) {
    assert_true(text.n < sizeof digits);
    memcpy(digits, text.p, text.n);
    digits[text.n] = 0;
    *out = strtod(digits, NULL);
    return true;
  }
  if (type == TH_FT_AGE) {
    assert_true(th_age_parse(text, &age));
    *out = (double)age.minutes;
    return true;
  }
  assert_true(th_date_parse(text, &date));
  *out = high ? date.last_day : date.first_day;
  *precision = date.precision;
  return true;
}

/* Any value in [low, high]; alone: a single date as typed, which only dates as precise satisfy. */
static bool range_matches(const record *r, const where *w, th_span low, th_span high, bool alone) {
  double a, b, values[4096];
  unsigned precise, unused;
  uint16_t field = w->field;
  limit(field, w->size, low, false, &a, &precise);
  limit(field, w->size, high, true, &b, &unused);
  unsigned n = derived_values(r, field, values, TH_COUNT(values));
  for (unsigned i = 0; i < n; i++)
    if (values[i] >= a && values[i] <= b) return true;
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    double v;
    unsigned p;
    if (r->leaves[i].field != field || !value_of(&r->leaves[i], field, &v, &p)) continue;
    if (v < a || v > b) continue;
    if (!alone || v > a || p >= precise) return true;
  }
  return false;
}

static bool enum_matches(const record *r, const where *w, th_span text) {
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (l->field != w->field ||
        (w->site >= 0 && w->field == TH_F_LocationStatus && l->site != w->site))
      continue;
    uint16_t e = th_fields[w->field].enum_id;
    if (th_enum_value(e, l->text) == th_enum_value(e, text)) return true;
  }
  return false;
}

static bool bool_matches(const record *r, const where *w, th_span text) {
  bool wanted = th_span_eq_nocase(text, TH_SPAN("true"));
  for (uint32_t i = 0; i < r->n_leaves; i++)
    if (r->leaves[i].field == w->field && (r->leaves[i].type == TH_JTRUE) == wanted) return true;
  return false;
}

static bool code_matches(const record *r, const where *w, th_span text) {
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (l->field != TH_F_LocationCountry || (w->site >= 0 && l->site != w->site)) continue;
    if (th_span_eq_nocase(th_country_code(l->text), text) && text.n) return true;
  }
  return false;
}

static bool near_matches(const record *r, const where *w, const expr *e) {
  const double rad = 3.14159265358979323846 / 180;
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (l->field != TH_F_LocationGeoPoint || (w->site >= 0 && l->site != w->site)) continue;
    double lat = (double)lround(l->lat * 1e6) * 1e-6, lon = (double)lround(l->lon * 1e6) * 1e-6;
    double a = sin((lat - e->lat) * rad / 2), b = sin((lon - e->lon) * rad / 2);
    double h = a * a + cos(e->lat * rad) * cos(lat * rad) * b * b;
    if (2 * 6371.0088 * asin(sqrt(h < 1 ? h : 1)) <= e->km) return true;
  }
  return false;
}

/* Whether a leaf counts as something that stands there. */
static bool is_something(const rec_leaf *l) {
  const th_field *f = &th_fields[l->field];
  double v;
  unsigned p;
  if (th_ftype_is_ordered(f->type)) return value_of(l, l->field, &v, &p);
  switch (f->type) {
  case TH_FT_ENUM:
  case TH_FT_BOOL:
  case TH_FT_GEO_POINT:
    return true;
  default:
    /* Names have columns; of other texts the words count. */
    if (f->flags & TH_FF_FACET) return l->text.n > 0;
    if (of_sites(l->field)) return true;
    return l->n_words > 0;
  }
}

static bool missing_matches(const record *r, const where *w) {
  double values[4096];
  bool by_site = w->site >= 0 && scope_has_sites(w);
  for (uint32_t i = 0; i < r->n_leaves; i++) {
    const rec_leaf *l = &r->leaves[i];
    if (by_site && (l->field == TH_F_LocationContactRole)) continue;
    if (counts(w, l) && is_something(l)) return false;
  }
  if (by_site) {
    for (uint32_t i = 0; in_scope(w, TH_F_LocationCountryCode) && i < r->n_leaves; i++)
      if (r->leaves[i].field == TH_F_LocationCountry && r->leaves[i].site == w->site &&
          th_country_code(r->leaves[i].text).n)
        return false;
    return true;
  }
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    if (in_scope(w, f) && derived_values(r, f, values, TH_COUNT(values))) return false;
  for (uint32_t i = 0; in_scope(w, TH_F_LocationCountryCode) && i < r->n_leaves; i++)
    if (r->leaves[i].field == TH_F_LocationCountry && th_country_code(r->leaves[i].text).n)
      return false;
  return true;
}

/* ---- the tree ---- */

static bool has_values(const where *w) {
  return w->field != TH_F_NONE && (w->size || th_ftype_is_ordered(th_fields[w->field].type));
}

static bool term_matches(const record *r, const where *w, const expr *e) {
  if (w->field != TH_F_NONE && !w->size) {
    if (th_fields[w->field].type == TH_FT_ENUM) return enum_matches(r, w, e->text);
    if (th_fields[w->field].type == TH_FT_BOOL) return bool_matches(r, w, e->text);
    if (th_fields[w->field].type == TH_FT_KEYWORD) return code_matches(r, w, e->text);
  }
  if (has_values(w)) return range_matches(r, w, e->text, e->text, true);
  return words_match(r, w, e->text, e->kind == E_PHRASE);
}

static bool holds(const record *r, const expr *e, where w) {
  switch (e->kind) {
  case E_OR:
    for (unsigned i = 0; i < e->n; i++)
      if (holds(r, e->parts[i], w)) return true;
    return false;
  case E_AND:
    for (unsigned i = 0; i < e->n; i++)
      if (!holds(r, e->parts[i], w)) return false;
    return true;
  case E_NOT:
    return !holds(r, e->parts[0], w);
  case E_AREA:
    w.area = e->area;
    w.field = e->field;
    w.size = e->size;
    return holds(r, e->parts[0], w);
  case E_SITES:
    if (w.site >= 0) return holds(r, e->parts[0], w);
    for (uint32_t i = 0; i < r->n_sites; i++) {
      w.site = (int)i;
      if (holds(r, e->parts[0], w)) return true;
    }
    return false;
  case E_COVERAGE:
    w.coverage = e->coverage;
    w.covered = true;
    return holds(r, e->parts[0], w);
  case E_EXPANSION:
    w.level = e->level;
    return holds(r, e->parts[0], w);
  case E_TILT:
    return holds(r, e->parts[0], w);
  case E_WORDS:
  case E_PHRASE:
    return term_matches(r, &w, e);
  case E_RANGE:
    return range_matches(r, &w, e->low, e->high, false);
  case E_NEAR:
    return near_matches(r, &w, e);
  case E_MISSING:
    return missing_matches(r, &w);
  default:
    return true;
  }
}

bool record_matches(const record *r, const expr *e, uint16_t area) {
  const where w = {.area = area, .field = TH_F_NONE, .level = L_RELAXATION, .site = -1};
  return holds(r, e, w);
}
