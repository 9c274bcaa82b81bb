/* The small JSON form (docs/formats/patient.md has it as a grammar and with examples).
 *
 *   form := { "id", "madeUp", "age", "birthDate", "sex", "asOf", "pregnant", "breastfeeding",
 * "smoking", "conditions", "medications", "procedures", "allergies", "familyHistory", "findings":
 *             [ name | {"name","code","status","date","end","degree"} ],
 *             "values": [ {"attribute" | "name","value","unit","date","low","high"} ], "notes" }
 *
 * A member that is not known is an error: a misspelt one would otherwise be lost. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "patient/internal.h"
#include "study/age.h"

typedef struct form {
  th_reading *r;
  const th_json *j;
} form;

static int bad(form *f, uint32_t node, const char *pointer, const char *what) {
  th_err_set(f->r->err, TH_EINPUT, "%s: %s", pointer, what);
  th_err_at(f->r->err, f->j->nodes[node].off, 0);
  return f->r->rc = TH_EINPUT;
}

static th_patient_fact fact_of(form *f, th_fact_type type, uint32_t node, const char *pointer) {
  th_patient_fact fact = th_patient_fact_new(type);
  fact.resource = th_reading_text(f->r, th_span_of(pointer));
  fact.from = f->j->nodes[node].off;
  fact.to = f->j->nodes[node].end;
  fact.time = TH_ELIG_CURRENT;
  return fact;
}

static bool is_null(const form *f, uint32_t node) {
  return f->j->nodes[node].type == TH_JNULL;
}

/* ---- age, sex ---- */

/* 58, "58", "6 months", "3 weeks". */
static int take_age(form *f, uint32_t node, const char *pointer) {
  static const char *const units[] = {"min", "h", "d", "wk", "mo", "a"};
  th_patient_fact fact = fact_of(f, TH_FACT_VALUE, node, pointer);
  th_age age;
  th_span text = th_span_trim(th_json_text(f->j, node));
  fact.unit = TH_SPAN("a");
  if (th_age_parse(text, &age)) {
    fact.value = age.amount;
    fact.unit = th_span_of(units[age.unit]);
  } else if (text.n && text.n < 8) {
    char digits[8] = "", *end;
    memcpy(digits, text.p, text.n);
    fact.value = strtod(digits, &end);
    if (*end) return bad(f, node, pointer, "an age is a number of years, or as \"6 months\"");
  } else if (!th_json_number(f->j, node, &fact.value)) {
    return bad(f, node, pointer, "an age is a number of years, or as \"6 months\"");
  }
  fact.attribute = th_elig_attribute_find(TH_SPAN("age"));
  th_measure_canonical(&fact);
  if (fact.flags & TH_FACT_IMPLAUSIBLE) return bad(f, node, pointer, "no age of a person");
  th_reading_add(f->r, &fact);
  return 0;
}

static int take_birth(form *f, uint32_t node, const char *pointer) {
  th_patient *p = f->r->p;
  p->has_birth = th_patient_date(th_json_text(f->j, node), &p->birth);
  return p->has_birth ? 0 : bad(f, node, pointer, "a date is written 2001-02-03");
}

static int take_sex(form *f, uint32_t node, const char *pointer) {
  th_span s = th_json_text(f->j, node);
  static const struct {
    const char *word;
    char sex;
  } words[] = {{"female", 'F'}, {"f", 'F'},     {"woman", 'F'}, {"male", 'M'}, {"m", 'M'},
               {"man", 'M'},    {"other", 'O'}, {"unknown", 0}, {"", 0}};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (th_span_eq_nocase(s, th_span_of(words[i].word)) && f->j->nodes[node].type == TH_JSTRING)
      return f->r->p->sex = words[i].sex, 0;
  return bad(f, node, pointer, "female, male, other or unknown");
}

/* ---- yes and no ---- */

static int take_flag(form *f, uint32_t node, const char *pointer, th_elig_category category,
                     const char *label) {
  uint8_t type = f->j->nodes[node].type;
  th_span s = th_json_text(f->j, node);
  th_patient_fact fact = fact_of(f, TH_FACT_CONCEPT, node, pointer);
  fact.category = (uint8_t)category;
  fact.label = th_span_of(label);
  if (th_span_eq(s, TH_SPAN("unknown")) || (type == TH_JSTRING && s.n == 0)) return 0;
  if (th_span_eq(s, TH_SPAN("former")))
    fact.time = TH_ELIG_PAST;
  else if (type == TH_JFALSE || th_span_eq(s, TH_SPAN("no")) || th_span_eq(s, TH_SPAN("never")))
    fact.absent = true;
  else if (type != TH_JTRUE && !th_span_eq(s, TH_SPAN("yes")) && !th_span_eq(s, TH_SPAN("current")))
    return bad(f, node, pointer, "true, false or \"unknown\"");
  th_reading_add(f->r, &fact);
  return 0;
}

static int take_pregnant(form *f, uint32_t node, const char *pointer) {
  return take_flag(f, node, pointer, TH_ELIG_PREGNANCY, "pregnancy");
}
static int take_breastfeeding(form *f, uint32_t node, const char *pointer) {
  return take_flag(f, node, pointer, TH_ELIG_LACTATION, "breastfeeding");
}
static int take_smoking(form *f, uint32_t node, const char *pointer) {
  return take_flag(f, node, pointer, TH_ELIG_SMOKING, "smoking");
}

/* ---- lists of names ---- */

static int take_status(form *f, uint32_t node, const char *pointer, th_patient_fact *fact) {
  th_span s = th_json_text(f->j, node);
  if (th_span_eq(s, TH_SPAN("past")) || th_span_eq(s, TH_SPAN("resolved")) ||
      th_span_eq(s, TH_SPAN("stopped")))
    fact->time = TH_ELIG_PAST;
  else if (th_span_eq(s, TH_SPAN("planned")))
    fact->time = TH_ELIG_PLANNED;
  else if (th_span_eq(s, TH_SPAN("suspected")))
    fact->certainty = TH_CERTAIN_SUSPECTED;
  else if (th_span_eq(s, TH_SPAN("no")) || th_span_eq(s, TH_SPAN("absent")))
    fact->absent = true;
  else if (!th_span_eq(s, TH_SPAN("current")) && !th_span_eq(s, TH_SPAN("active")))
    return bad(f, node, pointer, "a status is current, past, planned, suspected or absent");
  fact->flags |= TH_FACT_STATED_NOW;
  return 0;
}

static int take_part(form *f, uint32_t key, const char *pointer, th_patient_fact *fact,
                     th_span *name) {
  th_span k = th_json_text(f->j, key);
  uint32_t node = key + 1;
  th_span s = th_json_text(f->j, node);
  if (is_null(f, node)) return 0;
  if (f->j->nodes[node].type != TH_JSTRING) return bad(f, node, pointer, "its members are strings");
  if (th_span_eq(k, TH_SPAN("name"))) return *name = s, 0;
  if (th_span_eq(k, TH_SPAN("status"))) return s.n ? take_status(f, node, pointer, fact) : 0;
  if (th_span_eq(k, TH_SPAN("degree"))) return fact->degree = th_reading_text(f->r, s), 0;
  if (th_span_eq(k, TH_SPAN("code"))) {
    fact->code = th_reading_text(f->r, s);
    fact->concept_id = th_terms_by_code(f->r, s);
    return 0;
  }
  bool begin = th_span_eq(k, TH_SPAN("date")), end = th_span_eq(k, TH_SPAN("end"));
  if (!begin && !end)
    return bad(f, key, pointer, "members are name, code, status, date, end and degree");
  if (s.n == 0) return 0;
  bool is = th_patient_date(s, begin ? &fact->begin : &fact->end);
  if (!is) return bad(f, node, pointer, "a date is written 2001-02-03");
  if (begin)
    fact->has_begin = true;
  else
    fact->has_end = true;
  return 0;
}

static int take_name(form *f, uint32_t node, const char *pointer, th_elig_category category,
                     bool family) {
  th_patient_fact fact = fact_of(f, TH_FACT_CONCEPT, node, pointer);
  th_span name = th_span_trim(th_json_text(f->j, node));
  fact.category = (uint8_t)category;
  if (family) fact.experiencer = TH_OF_FAMILY;
  if (category == TH_ELIG_PROCEDURE) fact.time = TH_ELIG_PAST;
  if (f->j->nodes[node].type == TH_JOBJECT) {
    for (th_json_members(f->j, node, key)) {
      int rc = take_part(f, key, pointer, &fact, &name);
      if (rc < 0) return rc;
    }
  } else if (f->j->nodes[node].type != TH_JSTRING) {
    return bad(f, node, pointer, "a name, or an object with one");
  }
  name = th_span_trim(name);
  if (name.n == 0 && fact.code.n == 0) return 0; /* a field left empty */
  th_terms_name(f->r, name.n ? name : fact.code, &fact);
  fact.label = th_reading_text(f->r, fact.label);
  if (fact.has_end && fact.time == TH_ELIG_CURRENT && fact.end.last_day < f->r->p->as_of)
    fact.time = TH_ELIG_PAST;
  th_reading_add(f->r, &fact);
  return 0;
}

static const struct {
  const char *key;
  uint8_t category;
  bool family;
} lists[] = {{"conditions", TH_ELIG_CONDITION, false},   {"medications", TH_ELIG_DRUG, false},
             {"procedures", TH_ELIG_PROCEDURE, false},   {"allergies", TH_ELIG_ALLERGY, false},
             {"familyHistory", TH_ELIG_CONDITION, true}, {"findings", TH_ELIG_FINDING, false}};

static int take_list(form *f, uint32_t node, const char *pointer, size_t list) {
  char place[96];
  unsigned i = 0;
  if (f->j->nodes[node].type != TH_JARRAY) return bad(f, node, pointer, "must be an array");
  for (th_json_each(f->j, node, at)) {
    snprintf(place, sizeof place, "%s/%u", pointer, i++);
    int rc = take_name(f, at, place, lists[list].category, lists[list].family);
    if (rc < 0) return rc;
  }
  return 0;
}

/* ---- values ---- */

/* A number, also as a string with a relation: 1.2, "1.2", "< 0.5". */
static bool number_of(const form *f, uint32_t node, double *value, uint8_t *relation) {
  char text[40] = "", *end;
  th_span s = th_span_trim(th_json_text(f->j, node));
  *relation = TH_ELIG_EQ;
  if (f->j->nodes[node].type != TH_JSTRING) return th_json_number(f->j, node, value);
  if (s.n && (s.p[0] == '<' || s.p[0] == '>')) {
    *relation = s.p[0] == '<' ? TH_ELIG_LT : TH_ELIG_GT;
    s = (th_span){s.p + 1, s.n - 1};
    if (s.n && s.p[0] == '=')
      *relation = *relation == TH_ELIG_LT ? TH_ELIG_LE : TH_ELIG_GE, s.p++, s.n--;
    s = th_span_trim(s);
  }
  if (s.n == 0 || s.n >= sizeof text || !memchr("0123456789.-+", s.p[0], 13)) return false;
  memcpy(text, s.p, s.n);
  *value = strtod(text, &end);
  return *end == 0 && isfinite(*value);
}

static int take_value_part(form *f, uint32_t key, const char *pointer, th_patient_fact *fact,
                           th_span *name, double limits[2]) {
  th_span k = th_json_text(f->j, key), s = th_json_text(f->j, key + 1);
  uint32_t node = key + 1;
  uint8_t relation;
  if (is_null(f, node)) return 0;
  if (th_span_eq(k, TH_SPAN("attribute")) || th_span_eq(k, TH_SPAN("name"))) return *name = s, 0;
  if (th_span_eq(k, TH_SPAN("unit"))) return fact->unit = th_reading_text(f->r, th_span_trim(s)), 0;
  if (th_span_eq(k, TH_SPAN("value")))
    return number_of(f, node, &fact->value, &fact->relation)
               ? 0
               : bad(f, node, pointer, "a value is a number");
  if (th_span_eq(k, TH_SPAN("low")) || th_span_eq(k, TH_SPAN("high")))
    return number_of(f, node, &limits[k.p[0] == 'h'], &relation)
               ? 0
               : bad(f, node, pointer, "a limit of normal is a number");
  if (!th_span_eq(k, TH_SPAN("date")))
    return bad(f, key, pointer, "members are attribute or name, value, unit, date, low and high");
  if (s.n == 0) return 0;
  fact->has_begin = th_patient_date(s, &fact->begin);
  return fact->has_begin ? 0 : bad(f, node, pointer, "a date is written 2001-02-03");
}

static int take_value(form *f, uint32_t node, const char *pointer) {
  th_patient_fact fact = fact_of(f, TH_FACT_VALUE, node, pointer);
  th_span name = {0};
  double limits[2] = {NAN, NAN};
  char what[128];
  if (f->j->nodes[node].type != TH_JOBJECT) return bad(f, node, pointer, "a value is an object");
  for (th_json_members(f->j, node, key)) {
    int rc = take_value_part(f, key, pointer, &fact, &name, limits);
    if (rc < 0) return rc;
  }
  if (isnan(fact.value)) return bad(f, node, pointer, "a value without \"value\"");
  fact.attribute = th_measure_of_name(name);
  if (fact.attribute < 0) {
    snprintf(what, sizeof what, "value that no attribute stands for: %.*s",
             (int)TH_MIN(name.n, (size_t)60), name.p ? name.p : "");
    size_t n = strlen(what);
    while (!th_utf8_valid((th_span){what, n}))
      n--;
    th_reading_skip(f->r, (th_span){what, n}, th_span_of(pointer));
    return f->r->rc;
  }
  th_measure_canonical(&fact);
  if (isnan(fact.canonical)) return bad(f, node, pointer, "the unit is none of this attribute's");
  fact.normal_low = th_measure_other(&fact, limits[0]);
  fact.normal_high = th_measure_other(&fact, limits[1]);
  th_reading_add(f->r, &fact);
  return 0;
}

static int take_values(form *f, uint32_t node, const char *pointer) {
  char place[96];
  unsigned i = 0;
  if (f->j->nodes[node].type != TH_JARRAY) return bad(f, node, pointer, "must be an array");
  for (th_json_each(f->j, node, at)) {
    snprintf(place, sizeof place, "%s/%u", pointer, i++);
    int rc = take_value(f, at, place);
    if (rc < 0) return rc;
  }
  return 0;
}

/* ---- notes ---- */

/* The note's facts point into the form's bytes; where the string has escapes, to the whole of it.
 */
static int take_notes(form *f, uint32_t node, const char *pointer) {
  th_span s = th_json_text(f->j, node);
  const th_jnode *n = &f->j->nodes[node];
  uint32_t first = f->r->n_facts;
  if (n->type != TH_JSTRING) return bad(f, node, pointer, "must be a string");
  th_span copy = th_reading_text(f->r, s);
  int rc = copy.n ? th_patient_read_note(f->r, copy, n->off + 1, th_span_of("notes")) : f->r->rc;
  if (n->end - n->off != s.n + 2)
    for (uint32_t i = first; i < f->r->n_facts; i++)
      f->r->facts[i].from = n->off, f->r->facts[i].to = n->end;
  return rc;
}

static int take_as_of(form *f, uint32_t node, const char *pointer) {
  th_date d;
  if (!th_patient_date(th_json_text(f->j, node), &d))
    return bad(f, node, pointer, "a date is written 2001-02-03");
  f->r->p->as_of = d.last_day;
  return 0;
}

/* What the sender calls the patient, and whether it is made up: no facts. */
static int take_name_of(form *f, uint32_t node, const char *pointer) {
  if (f->j->nodes[node].type != TH_JSTRING) return bad(f, node, pointer, "must be a string");
  f->r->p->id = th_reading_text(f->r, th_json_text(f->j, node));
  return f->r->rc;
}
static int take_made_up(form *f, uint32_t node, const char *pointer) {
  uint8_t type = f->j->nodes[node].type;
  return type == TH_JTRUE || type == TH_JFALSE ? 0 : bad(f, node, pointer, "true or false");
}

static const struct {
  const char *key;
  int (*take)(form *f, uint32_t node, const char *pointer);
} members[] = {
    {"age", take_age},         {"birthDate", take_birth},   {"sex", take_sex},
    {"asOf", take_as_of},      {"pregnant", take_pregnant}, {"breastfeeding", take_breastfeeding},
    {"smoking", take_smoking}, {"values", take_values},     {"notes", take_notes},
    {"id", take_name_of},      {"madeUp", take_made_up}};

static int take_member(form *f, uint32_t key) {
  th_span k = th_json_text(f->j, key);
  char pointer[64];
  if (is_null(f, key + 1)) return 0;
  for (size_t i = 0; i < TH_COUNT(members); i++)
    if (th_span_eq(k, th_span_of(members[i].key))) {
      snprintf(pointer, sizeof pointer, "/%s", members[i].key);
      return members[i].take(f, key + 1, pointer);
    }
  for (size_t i = 0; i < TH_COUNT(lists); i++)
    if (th_span_eq(k, th_span_of(lists[i].key))) {
      snprintf(pointer, sizeof pointer, "/%s", lists[i].key);
      return take_list(f, key + 1, pointer, i);
    }
  return bad(f, key, "/", "a member that is not known: docs/formats/patient.md lists them");
}

/* The day first: ends of conditions are compared with it. */
int th_patient_read_form(th_reading *r, const th_json *j) {
  form f = {r, j};
  if (j->nodes[0].type != TH_JOBJECT) return bad(&f, 0, "/", "a form is an object");
  uint32_t day = th_json_get(j, 0, TH_SPAN("asOf"));
  int rc = day && !is_null(&f, day) ? take_as_of(&f, day, "/asOf") : 0;
  for (int notes = 0; notes < 2; notes++)
    for (th_json_members(j, 0, key)) {
      if (th_span_eq(th_json_text(j, key), TH_SPAN("notes")) != notes) continue;
      if (rc == 0) rc = take_member(&f, key);
    }
  return rc < 0 ? rc : r->rc;
}
