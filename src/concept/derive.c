/* What the records say becomes concepts and labels: what is said often enough for the number of
 * records, and where several things are said, what most say. */
#include <stdio.h>

#include "concept/evidence.h"
#include "concept/label.h"

typedef struct derive {
  th_concept_draft *d;
  const th_said *said;
  size_t n;
  uint32_t support;                              /* records that must say a thing */
  int mesh, records, conditions, others, shorts; /* sources */
  th_err *err;
} derive;

/* [from, to) of a kind. */
static void range_of(const derive *x, uint8_t kind, size_t *from, size_t *to) {
  size_t i = 0;
  while (i < x->n && x->said[i].kind < kind)
    i++;
  *from = i;
  while (i < x->n && x->said[i].kind == kind)
    i++;
  *to = i;
}

/* ---- what can be a name ---- */

static bool has_word(th_span s, const char *const *words, size_t n) {
  for (size_t at = 0; at < s.n;) {
    size_t end = at;
    while (end < s.n && s.p[end] != ' ' && s.p[end] != '-' && s.p[end] != ',')
      end++;
    for (size_t i = 0; i < n; i++)
      if (th_span_eq_nocase((th_span){s.p + at, end - at}, th_span_of(words[i]))) return true;
    at = end + 1;
  }
  return false;
}

/* A condition that says nothing. */
static bool is_no_condition(th_span s) {
  static const char *const whole[] = {"disease", "diseases",        "condition", "none",
                                      "other",   "cancer patients", "oncology",  "cardiology",
                                      "surgery", "pediatrics"};
  static const char *const words[] = {"healthy", "volunteers", "subjects", "patients"};
  for (size_t i = 0; i < TH_COUNT(whole); i++)
    if (th_span_eq_nocase(s, th_span_of(whole[i]))) return true;
  return has_word(s, words, TH_COUNT(words));
}

/* An intervention's name that is a thing and not an arm, a dose or a sum of things. */
static bool is_clean_name(th_span s) {
  static const char *const words[] = {
      "placebo",   "arm",          "group",   "groups",  "control",    "standard",     "usual",
      "care",      "dose",         "mg",      "mcg",     "ml",         "sham",         "no",
      "treatment", "and",          "or",      "plus",    "with",       "versus",       "vs",
      "vs.",       "cohort",       "study",   "active",  "comparator", "experimental", "daily",
      "weekly",    "tablet",       "tablets", "capsule", "capsules",   "injection",    "oral",
      "only",      "intervention", "program", "training"};
  static const char *const sorts[] = {"biologic",    "biologics",       "biological",
                                      "biologicals", "biologic agents", "biological agents"};
  enum { WORDS = 5 };
  size_t blanks = 0;
  for (size_t i = 0; i < TH_COUNT(sorts); i++) /* of what kind it is, and no name */
    if (th_span_eq_nocase(s, th_span_of(sorts[i]))) return false;
  if (s.n < 3 || s.n > 80) return false;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    blanks += c == ' ';
    if (c == '+' || c == ';' || c == ':' || c == '%' || c == '=' || c == '&' || c == '/')
      return false;
  }
  return blanks < WORDS && !has_word(s, words, TH_COUNT(words));
}

static th_concept_kind kind_of_type(th_span type) {
  static const struct {
    const char *type;
    th_concept_kind kind;
  } kinds[] = {{"DRUG", TH_CONCEPT_DRUG},
               {"BIOLOGICAL", TH_CONCEPT_DRUG},
               {"DIETARY_SUPPLEMENT", TH_CONCEPT_DRUG},
               {"COMBINATION_PRODUCT", TH_CONCEPT_DRUG},
               {"DEVICE", TH_CONCEPT_DEVICE},
               {"PROCEDURE", TH_CONCEPT_PROCEDURE},
               {"RADIATION", TH_CONCEPT_PROCEDURE}};
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    if (th_span_eq(type, th_span_of(kinds[i].type))) return kinds[i].kind;
  return TH_CONCEPT_OTHER;
}

/* ---- MeSH ---- */

/* The records of a term as several spellings of it have them: the one most use. */
static int add_meshes(derive *x, uint8_t kind, th_concept_kind is) {
  size_t from, to;
  int rc = 0;
  char code[64];
  range_of(x, kind, &from, &to);
  for (size_t i = from, end; !rc && i < to; i = end) {
    const th_said *best = &x->said[i];
    uint32_t total = 0;
    for (end = i; end < to && th_span_eq(x->said[end].a, x->said[i].a); end++) {
      total += x->said[end].count;
      if (x->said[end].count > best->count) best = &x->said[end];
    }
    if (best->b.n == 0 || best->a.n > 32) continue;
    snprintf(code, sizeof code, "MESH:%.*s", (int)best->a.n, best->a.p);
    int id = th_concept_draft_concept(x->d, (unsigned)x->mesh, is, th_span_of(code), x->err);
    th_draft_label l = {.text = best->b,
                        .source = (unsigned)x->mesh,
                        .relation = TH_LABEL_PREFERRED,
                        .weight = 1.0F,
                        .n_records = total,
                        .nct = best->nct};
    rc = id < 0 ? id : th_concept_draft_label(x->d, id, &l, x->err);
  }
  return rc;
}

/* ---- conditions, keywords, interventions ---- */

/* An abbreviation is no name of its own: what it stands for is said where it is spelled out. */
static bool is_abbreviation(th_span s) {
  enum { MOST = 7 };
  if (s.n > MOST) return false;
  for (size_t i = 0; i < s.n; i++)
    if (!(s.p[i] >= 'A' && s.p[i] <= 'Z') && s.p[i] != '-') return false;
  return true;
}

static int name_of(derive *x, th_concept_kind kind, const th_said *s) {
  if (is_abbreviation(s->a)) return 0;
  int id = th_concept_draft_named(x->d, (unsigned)x->records, kind, s->a, s->count, s->nct, x->err);
  return id < TH_DRAFT_NONE ? id : 0;
}

static int add_conditions(derive *x) {
  size_t from, to;
  int rc = 0;
  range_of(x, TH_SAYS_CONDITION, &from, &to);
  for (size_t i = from; !rc && i < to; i++)
    if (x->said[i].count >= x->support && !is_no_condition(x->said[i].a))
      rc = name_of(x, TH_CONCEPT_CONDITION, &x->said[i]);
  return rc;
}

static int add_keywords(derive *x) {
  size_t from, to;
  int rc = 0;
  range_of(x, TH_SAYS_KEYWORD, &from, &to);
  for (size_t i = from; !rc && i < to; i++)
    if (x->said[i].count >= 3 * x->support + 1 && is_clean_name(x->said[i].a))
      rc = name_of(x, TH_CONCEPT_OTHER, &x->said[i]);
  return rc;
}

static int add_interventions(derive *x) {
  size_t from, to;
  int rc = 0;
  range_of(x, TH_SAYS_INTERVENTION, &from, &to);
  for (size_t i = from; !rc && i < to; i++)
    if (x->said[i].count >= x->support && is_clean_name(x->said[i].a))
      rc = name_of(x, kind_of_type(x->said[i].b), &x->said[i]);
  return rc;
}

/* How many records have an intervention of just this name. */
static uint32_t count_name(const derive *x, th_span name, size_t from, size_t to,
                           th_concept_kind *kind) {
  uint32_t n = 0, best = 0;
  size_t low = from, high = to;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (th_span_cmp(x->said[mid].a, name) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  *kind = TH_CONCEPT_OTHER;
  for (; low < to && th_span_eq(x->said[low].a, name); low++) {
    n += x->said[low].count;
    if (x->said[low].count > best) best = x->said[low].count, *kind = kind_of_type(x->said[low].b);
  }
  return n;
}

/* "Chemotherapy" has "cisplatin" among its other names: that is no synonym. An other name that is
 * often a name by itself must be said to be the same thing in its turn. */
static bool is_same_thing(uint32_t pairs, uint32_t names, uint32_t as_name) {
  if (as_name <= 3) return true;
  return pairs > 1 && pairs * 10 >= TH_MIN(names, as_name);
}

static int add_other_names(derive *x) {
  size_t from, to, first, last;
  int rc = 0;
  range_of(x, TH_SAYS_INTERVENTION, &first, &last);
  range_of(x, TH_SAYS_OTHER_NAME, &from, &to);
  for (size_t i = from; !rc && i < to; i++) {
    const th_said *s = &x->said[i];
    th_concept_kind kind, ignored;
    uint32_t names = count_name(x, s->a, first, last, &kind);
    if (kind == TH_CONCEPT_OTHER || !is_clean_name(s->a) || !is_clean_name(s->b)) continue;
    if (is_abbreviation(s->a)) continue;
    if (!is_same_thing(s->count, names, count_name(x, s->b, first, last, &ignored))) continue;
    int id = th_concept_draft_named(x->d, (unsigned)x->records, kind, s->a, names, s->nct, x->err);
    if (id == TH_DRAFT_NONE) continue;
    th_draft_label l = {.text = s->b,
                        .source = (unsigned)x->others,
                        .relation = TH_LABEL_SYNONYM,
                        .weight = s->count > 1 ? 0.85F : 0.65F,
                        .n_records = s->count,
                        .nct = s->nct};
    rc = id < 0 ? id : th_concept_draft_label(x->d, id, &l, x->err);
  }
  return rc;
}

/* ---- abbreviations ---- */

enum { MEANINGS = 64 };

typedef struct meaning {
  char key[TH_LABEL_BYTES_MAX];
  size_t n;
  const th_said *best;
  uint32_t count;
} meaning;

/* Long forms with the same keys are one meaning. */
static size_t gather_meanings(const th_said *s, size_t n, meaning *out) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    th_label_words w;
    char key[TH_LABEL_BYTES_MAX];
    size_t len = 0, k = 0;
    if (!th_label_split(s[i].b, false, &w)) continue;
    for (size_t j = 0; j < w.n && len + w.keys[j].n + 1 < sizeof key; j++) {
      memcpy(key + len, w.keys[j].p, w.keys[j].n);
      len += w.keys[j].n;
      key[len++] = ' ';
    }
    while (k < found && (out[k].n != len || memcmp(out[k].key, key, len) != 0))
      k++;
    if (k == MEANINGS) continue;
    if (k == found) {
      out[found].n = len;
      memcpy(out[found].key, key, len);
      out[found].best = &s[i];
      out[found++].count = 0;
    }
    out[k].count += s[i].count;
    if (s[i].count > out[k].best->count) out[k].best = &s[i];
  }
  return found;
}

static int add_short(derive *x, th_span short_form, const meaning *m, uint32_t total) {
  const float sure = 0.9F;
  int id = th_concept_draft_named(x->d, (unsigned)x->records, TH_CONCEPT_OTHER, m->best->b, 0, 0,
                                  x->err);
  if (id == TH_DRAFT_NONE) return 0;
  th_draft_label l = {.text = short_form,
                      .source = (unsigned)x->shorts,
                      .relation = TH_LABEL_ABBREVIATION,
                      .weight = sure * (float)m->count / (float)total,
                      .n_records = m->count,
                      .nct = m->best->nct};
  return id < 0 ? id : th_concept_draft_label(x->d, id, &l, x->err);
}

static int add_shorts(derive *x) {
  size_t from, to;
  int rc = 0;
  meaning *m = malloc(MEANINGS * sizeof *m);
  if (!m) return TH_ENOMEM;
  range_of(x, TH_SAYS_SHORT, &from, &to);
  for (size_t i = from, end; !rc && i < to; i = end) {
    uint32_t total = 0;
    for (end = i; end < to && th_span_eq(x->said[end].a, x->said[i].a); end++)
      total += x->said[end].count;
    size_t n = gather_meanings(x->said + i, end - i, m);
    for (size_t k = 0; !rc && k < n; k++)
      if (m[k].count >= x->support && m[k].count * 2 > total)
        rc = add_short(x, x->said[i].a, &m[k], total);
  }
  free(m);
  return rc;
}

/* ---- conditions and MeSH terms that say the same ---- */

static int by_mesh(const void *a, const void *b) {
  const th_said *const *x = a, *const *y = b;
  int c = th_span_cmp((*x)->b, (*y)->b);
  if (c) return c;
  if ((*x)->count != (*y)->count) return (*x)->count > (*y)->count ? -1 : 1;
  return th_span_cmp((*x)->a, (*y)->a);
}

/* Whether most records that have this condition alone have this term, within [from, to). */
static bool is_best_of_condition(const derive *x, const th_said *s, size_t from, size_t to) {
  uint32_t total = 0;
  size_t i = (size_t)(s - x->said);
  while (i > from && th_span_eq(x->said[i - 1].a, s->a))
    i--;
  for (; i < to && th_span_eq(x->said[i].a, s->a); i++)
    total += x->said[i].count;
  return s->count * 10 >= total * 7;
}

/* A term's most frequent condition, when that condition has mostly this term: two names of one
 * thing. */
static int add_pairs(derive *x) {
  size_t from, to;
  char code[64];
  int rc = 0;
  range_of(x, TH_SAYS_PAIR, &from, &to);
  const th_said **order = malloc((to - from + 1) * sizeof *order);
  if (!order) return TH_ENOMEM;
  for (size_t i = from; i < to; i++)
    order[i - from] = &x->said[i];
  if (to > from) qsort(order, to - from, sizeof *order, by_mesh);
  for (size_t i = 0; !rc && i < to - from; i++) {
    const th_said *s = order[i];
    if (i > 0 && th_span_eq(order[i - 1]->b, s->b)) continue;
    if (s->count < 2 * x->support + 1 || s->b.n > 32 || !is_best_of_condition(x, s, from, to))
      continue;
    snprintf(code, sizeof code, "MESH:%.*s", (int)s->b.n, s->b.p);
    int id = th_concept_draft_concept(x->d, (unsigned)x->conditions, TH_CONCEPT_CONDITION,
                                      th_span_of(code), x->err);
    th_draft_label l = {.text = s->a,
                        .source = (unsigned)x->conditions,
                        .relation = TH_LABEL_SYNONYM,
                        .weight = 0.8F,
                        .n_records = s->count,
                        .nct = s->nct};
    rc = id < 0 ? id : th_concept_draft_label(x->d, id, &l, x->err);
  }
  free(order);
  return rc;
}

/* ---- all ---- */

static int add_source(derive *x, const char *name, unsigned rank, bool records, int *out) {
  th_draft_source s = {.name = th_span_of(name), .rank = rank, .records = records};
  *out = th_concept_draft_source(x->d, &s, x->err);
  return *out < 0 ? *out : 0;
}

static uint32_t support_for(uint64_t records) {
  return records < 2000 ? 1 : records < 100000 ? 2 : 3;
}

int th_evidence_add(th_evidence *e, th_concept_draft *d, th_err *err) {
  derive x = {.d = d, .support = support_for(th_evidence_records(e)), .err = err};
  th_said *said = NULL;
  int rc = th_evidence_sorted(e, &said, &x.n);
  x.said = said;
  if (!rc) rc = add_source(&x, "MeSH terms of the records", 1, false, &x.mesh);
  if (!rc) rc = add_source(&x, "names in the records", 9, true, &x.records);
  if (!rc) rc = add_source(&x, "conditions of the records", 8, true, &x.conditions);
  if (!rc) rc = add_source(&x, "other names in the records", 9, true, &x.others);
  if (!rc) rc = add_source(&x, "abbreviations in the records", 9, true, &x.shorts);
  if (!rc) rc = add_meshes(&x, TH_SAYS_MESH_CONDITION, TH_CONCEPT_CONDITION);
  if (!rc) rc = add_meshes(&x, TH_SAYS_MESH_INTERVENTION, TH_CONCEPT_DRUG);
  if (!rc) rc = add_conditions(&x);
  if (!rc) rc = add_interventions(&x);
  if (!rc) rc = add_keywords(&x);
  if (!rc) rc = add_other_names(&x);
  if (!rc) rc = add_shorts(&x);
  if (!rc) rc = add_pairs(&x);
  free(said);
  return rc == TH_ENOMEM ? th_err_set(err, rc, "out of memory making the dictionary of concepts")
                         : rc;
}
