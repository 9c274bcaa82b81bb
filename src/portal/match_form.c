#include "portal/match_form.h"

#include <math.h>

#include "base/json.h"
#include "eligibility/attributes.h"
#include "eligibility/json.h"

enum { FIELDS_MAX = 200 };

/* ---- the body ---- */

typedef struct fields {
  th_param p[FIELDS_MAX];
  uint32_t n;
} fields;

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

static int add_field(fields *f, th_arena *arena, th_span name, th_span value, th_err *err) {
  if (f->n == FIELDS_MAX) return th_err_set(err, TH_ELIMIT, "The form has too many fields");
  th_param *p = &f->p[f->n];
  *p = (th_param){th_arena_dup(arena, name), th_arena_dup(arena, value)};
  if (!p->name.p || !p->value.p) return no_memory(err);
  f->n++;
  return 0;
}

static int read_urlencoded(fields *f, const th_request *rq, th_err *err) {
  th_request inner = {0};
  char *target = th_arena_alloc(rq->arena, rq->body.n + 3);
  if (!target) return no_memory(err);
  memcpy(target, "/?", 2);
  if (rq->body.n) memcpy(target + 2, rq->body.p, rq->body.n);
  int rc =
      th_request_parse(&inner, TH_SPAN("GET"), (th_span){target, rq->body.n + 2}, rq->arena, err);
  for (unsigned i = 0; rc == 0 && i < inner.n_params; i++)
    rc = add_field(f, rq->arena, inner.params[i].name, inner.params[i].value, err);
  return rc;
}

/* The value of name="…" in a header line. */
static th_span quoted(th_span line, const char *name) {
  ptrdiff_t at = th_span_find(line, th_span_of(name));
  if (at < 0) return (th_span){0};
  th_span rest = {line.p + at + strlen(name), line.n - (size_t)at - strlen(name)};
  const char *end = rest.n ? memchr(rest.p, '"', rest.n) : NULL;
  return end ? (th_span){rest.p, (size_t)(end - rest.p)} : (th_span){0};
}

static int read_part(fields *f, th_span part, th_arena *arena, th_err *err) {
  ptrdiff_t end = th_span_find(part, TH_SPAN("\r\n\r\n"));
  if (end < 0) return th_err_set(err, TH_EINPUT, "A part of the form has no end of its header");
  th_span head = {part.p, (size_t)end};
  th_span body = {part.p + end + 4, part.n - (size_t)end - 4};
  th_span name = quoted(head, "; name=\"");
  return name.n ? add_field(f, arena, name, body, err) : 0;
}

/* Parts between lines "--boundary". */
static int read_multipart(fields *f, const th_request *rq, th_span boundary, th_err *err) {
  char *mark = th_arena_printf(rq->arena, "\r\n--%.*s", (int)boundary.n, boundary.p);
  th_span rest = rq->body;
  if (!mark) return no_memory(err);
  th_span first = {mark + 2, strlen(mark) - 2}, next = th_span_of(mark);
  if (!th_span_starts(rest, first))
    return th_err_set(err, TH_EINPUT, "The form does not begin with its boundary");
  rest = (th_span){rest.p + first.n, rest.n - first.n};
  while (th_span_starts(rest, TH_SPAN("\r\n"))) {
    rest = (th_span){rest.p + 2, rest.n - 2};
    ptrdiff_t end = th_span_find(rest, next);
    if (end < 0) return th_err_set(err, TH_EINPUT, "The form is cut off");
    int rc = read_part(f, (th_span){rest.p, (size_t)end}, rq->arena, err);
    if (rc < 0) return rc;
    rest = (th_span){rest.p + end + next.n, rest.n - (size_t)end - next.n};
  }
  return 0;
}

static int read_fields(fields *f, const th_request *rq, th_err *err) {
  th_span type = rq->content_type;
  if (!th_span_starts(type, TH_SPAN("multipart/form-data"))) return read_urlencoded(f, rq, err);
  ptrdiff_t at = th_span_find(type, TH_SPAN("boundary="));
  th_span boundary = {0};
  if (at >= 0) boundary = (th_span){type.p + at + 9, type.n - (size_t)at - 9};
  if (boundary.n > 1 && boundary.p[0] == '"') boundary = (th_span){boundary.p + 1, boundary.n - 2};
  if (!boundary.n || boundary.n > 70)
    return th_err_set(err, TH_EINPUT, "The form has no boundary between its parts");
  return read_multipart(f, rq, boundary, err);
}

/* ---- fields ---- */

static int category_of(th_span name) {
  for (int c = 0; c < TH_ELIG_N_CATEGORIES; c++)
    if (th_span_eq(name, th_span_of(th_elig_category_name((uint8_t)c)))) return c;
  return -1;
}

/* "v.KEY" or "q.CATEGORY.LABEL". */
static void take_answer(th_match_form *f, const th_param *p) {
  th_match_answer a = {p->name, {p->name.p + 2, p->name.n - 2}, -1, th_span_trim(p->value)};
  if (f->n_answers == TH_MATCH_ANSWERS_MAX || a.value.n > 100) return;
  if (p->name.p[0] == 'q') {
    const char *dot = memchr(a.what.p, '.', a.what.n);
    if (!dot) return;
    a.category = category_of((th_span){a.what.p, (size_t)(dot - a.what.p)});
    if (a.category < 0) return;
    a.what = (th_span){dot + 1, a.what.n - (size_t)(dot + 1 - a.what.p)};
  } else if (th_elig_attribute_find(a.what) < 0) {
    return;
  }
  for (uint32_t i = 0; i < f->n_answers; i++)
    if (th_span_eq(f->answers[i].name, a.name)) return;
  f->answers[f->n_answers++] = a;
}

static void take_field(th_match_form *f, const th_param *p) {
  const struct {
    const char *name;
    th_span *to;
  } texts[] = {{"age", &f->age},
               {"sex", &f->sex},
               {"conditions", &f->conditions},
               {"medications", &f->medications},
               {"values", &f->values},
               {"near", &f->near},
               {"order", &f->order}};
  if (th_span_eq(p->name, TH_SPAN("open"))) f->open_only = true;
  if (p->name.n > 2 && p->name.p[1] == '.' && (p->name.p[0] == 'v' || p->name.p[0] == 'q'))
    take_answer(f, p);
  for (size_t i = 0; i < TH_COUNT(texts); i++)
    if (th_span_eq(p->name, th_span_of(texts[i].name))) *texts[i].to = th_span_trim(p->value);
}

/* A file goes before what is pasted, and both before what came with the page. */
static void take_record(th_match_form *f, const fields *all) {
  static const char *const names[] = {"kept", "record", "file"};
  for (size_t i = 0; i < TH_COUNT(names); i++)
    for (uint32_t k = 0; k < all->n; k++) {
      if (!th_span_eq(all->p[k].name, th_span_of(names[i]))) continue;
      if (!th_span_trim(all->p[k].value).n) continue;
      f->record = all->p[k].value;
      f->kept = i == 0;
    }
}

int th_match_form_read(th_match_form *out, const th_request *rq, th_err *err) {
  fields *all = th_arena_calloc(rq->arena, 1, sizeof *all);
  *out = (th_match_form){0};
  if (!all) return no_memory(err);
  int rc = read_fields(all, rq, err);
  for (uint32_t i = 0; rc == 0 && i < all->n; i++) {
    if (!th_utf8_valid(all->p[i].value) || !th_utf8_valid(all->p[i].name))
      return th_err_set(err, TH_EINPUT, "The record is not UTF-8 text");
    take_field(out, &all->p[i]);
  }
  if (rc == 0) take_record(out, all);
  return rc;
}

static bool has_fields(const th_match_form *f) {
  if (f->age.n || f->sex.n || f->conditions.n || f->medications.n || f->values.n) return true;
  for (uint32_t i = 0; i < f->n_answers; i++)
    if (f->answers[i].value.n) return true;
  return false;
}

bool th_match_form_says(const th_match_form *f) {
  return f->record.n || has_fields(f);
}

/* ---- as a form's JSON ---- */

typedef struct lines {
  th_span rest;
} lines;

static bool next_line(lines *l, th_span *out) {
  while (l->rest.n) {
    const char *nl = memchr(l->rest.p, '\n', l->rest.n);
    size_t n = nl ? (size_t)(nl - l->rest.p) : l->rest.n;
    *out = th_span_trim((th_span){l->rest.p, n});
    n += nl ? 1 : 0;
    l->rest = (th_span){l->rest.p + n, l->rest.n - n};
    if (out->n) return true;
  }
  return false;
}

static void put_names(th_jout *w, th_span text) {
  lines l = {text};
  th_span name;
  while (next_line(&l, &name))
    th_jout_text(w, name);
}

/* Answers of these categories, as objects of a list. */
static void put_answered(th_jout *w, const th_match_form *f, const int *categories) {
  for (uint32_t i = 0; i < f->n_answers; i++) {
    const th_match_answer *a = &f->answers[i];
    bool here = false;
    for (const int *c = categories; *c >= 0; c++)
      here |= *c == a->category;
    if (!here || !a->value.n) continue;
    th_jout_object(w);
    th_jout_kv_text(w, "name", a->what);
    th_jout_kv_str(w, "status", th_span_eq(a->value, TH_SPAN("yes")) ? "current" : "absent");
    th_jout_end_object(w);
  }
}

static void put_list(th_jout *w, const char *key, th_span text, const th_match_form *f,
                     const int *categories) {
  th_jout_key(w, key);
  th_jout_array(w);
  put_names(w, text);
  put_answered(w, f, categories);
  th_jout_end_array(w);
}

static bool is_number_byte(char c) {
  return (c >= '0' && c <= '9') || c == '.' || c == '<' || c == '>' || c == '=' || c == ',';
}

/* "HbA1c 7.2 %": the name up to the last number that blanks stand around, the number, the unit. */
static void put_value_line(th_jout *w, th_span line) {
  size_t at = line.n;
  for (size_t i = 0; i < line.n; i++)
    if ((i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == ':') && is_number_byte(line.p[i]))
      at = i;
  size_t end = at;
  while (end < line.n && is_number_byte(line.p[end]))
    end++;
  th_span name = th_span_trim((th_span){line.p, at});
  while (name.n && (name.p[name.n - 1] == ':' || name.p[name.n - 1] == '='))
    name = th_span_trim((th_span){name.p, name.n - 1});
  th_span unit = th_span_trim((th_span){line.p + end, line.n - end});
  th_jout_object(w);
  th_jout_kv_text(w, "name", name);
  th_jout_kv_text(w, "value", (th_span){line.p + at, end - at});
  if (unit.n) th_jout_kv_text(w, "unit", unit);
  th_jout_end_object(w);
}

static void put_values(th_jout *w, const th_match_form *f) {
  lines l = {f->values};
  th_span line;
  th_jout_key(w, "values");
  th_jout_array(w);
  while (next_line(&l, &line))
    put_value_line(w, line);
  for (uint32_t i = 0; i < f->n_answers; i++) {
    const th_match_answer *a = &f->answers[i];
    if (a->category >= 0 || !a->value.n || th_span_eq(a->what, TH_SPAN("age"))) continue;
    th_jout_object(w);
    th_jout_kv_text(w, "attribute", a->what);
    th_jout_kv_text(w, "value", a->value);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static th_span answer_to(const th_match_form *f, int category, const char *key) {
  for (uint32_t i = 0; i < f->n_answers; i++)
    if (f->answers[i].category == category &&
        (category >= 0 || th_span_eq(f->answers[i].what, th_span_of(key))))
      return f->answers[i].value;
  return (th_span){0};
}

static void put_flag(th_jout *w, const char *key, th_span answer) {
  if (answer.n) th_jout_kv_bool(w, key, th_span_eq(answer, TH_SPAN("yes")));
}

static void put_age(th_jout *w, th_span age) {
  char *end = NULL, digits[24] = "";
  if (!age.n) return;
  if (age.n < sizeof digits) memcpy(digits, age.p, age.n);
  double years = strtod(digits, &end);
  if (digits[0] && *end == 0)
    th_jout_kv_double(w, "age", years);
  else
    th_jout_kv_text(w, "age", age);
}

void th_match_form_json(const th_match_form *f, th_buf *out) {
  th_jout w;
  th_span sex = f->sex.n ? f->sex : answer_to(f, TH_ELIG_SEX, NULL);
  if (!has_fields(f)) return;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  put_age(&w, f->age.n ? f->age : answer_to(f, -1, "age"));
  if (sex.n) th_jout_kv_text(&w, "sex", sex);
  put_flag(&w, "pregnant", answer_to(f, TH_ELIG_PREGNANCY, NULL));
  put_flag(&w, "breastfeeding", answer_to(f, TH_ELIG_LACTATION, NULL));
  put_flag(&w, "smoking", answer_to(f, TH_ELIG_SMOKING, NULL));
  put_list(&w, "conditions", f->conditions, f,
           (const int[]){TH_ELIG_CONDITION, TH_ELIG_ORGANISM, -1});
  put_list(&w, "medications", f->medications, f, (const int[]){TH_ELIG_DRUG, -1});
  put_list(&w, "procedures", (th_span){0}, f, (const int[]){TH_ELIG_PROCEDURE, -1});
  put_list(&w, "findings", (th_span){0}, f, (const int[]){TH_ELIG_FINDING, TH_ELIG_GENE, -1});
  put_list(&w, "allergies", (th_span){0}, f, (const int[]){TH_ELIG_ALLERGY, -1});
  put_values(&w, f);
  th_jout_end_object(&w);
}

/* ---- as a patient ---- */

/* What the form has no member for: consent, language, other studies … */
static bool is_loose(const th_match_answer *a) {
  switch (a->category) {
  case TH_ELIG_CONTRACEPTION:
  case TH_ELIG_CONSENT:
  case TH_ELIG_LANGUAGE:
  case TH_ELIG_CAPACITY:
  case TH_ELIG_ALCOHOL:
  case TH_ELIG_OTHER_TRIAL:
    return a->value.n > 0;
  default:
    return false;
  }
}

static th_patient_fact loose_fact(const th_match_answer *a) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
  f.category = (uint8_t)a->category;
  f.time = TH_ELIG_CURRENT;
  f.absent = !th_span_eq(a->value, TH_SPAN("yes"));
  f.label = a->what.n ? a->what : th_span_of(th_elig_category_name((uint8_t)a->category));
  return f;
}

/* Adds the facts of b, without their places, and the loose answers to a; b's age and sex count. */
static int join(th_patient *a, const th_patient *b, const th_match_form *f, th_err *err) {
  size_t most = (size_t)a->n_facts + b->n_facts + f->n_answers + 1;
  th_patient_fact *all = th_arena_calloc(&a->arena, most, sizeof *all);
  uint32_t n = a->n_facts;
  if (!all) return no_memory(err);
  if (n) memcpy(all, a->facts, n * sizeof *all);
  for (uint32_t i = 0; i < b->n_facts; i++) {
    all[n] = b->facts[i];
    all[n].from = all[n].to = all[n].note_from = all[n].note_to = 0;
    n++;
  }
  for (uint32_t i = 0; i < f->n_answers; i++)
    if (is_loose(&f->answers[i])) all[n++] = loose_fact(&f->answers[i]);
  a->facts = all;
  a->n_facts = n;
  if (b->sex) a->sex = b->sex;
  if (b->form != TH_PATIENT_AUTO && b->age_low == b->age_low) {
    a->age_low = b->age_low, a->age_high = b->age_high;
    a->has_birth = b->has_birth, a->birth = b->birth;
  }
  return 0;
}

int th_match_form_patient(const th_match_form *f, const th_patient_options *options,
                          th_patient *out, th_patient *other, th_err *err) {
  th_buf json;
  th_patient_options by_content = *options, as_form = *options;
  *out = *other = (th_patient){0};
  th_buf_init(&json, 0);
  json.secret = true;
  th_match_form_json(f, &json);
  by_content.form = TH_PATIENT_AUTO;
  as_form.form = TH_PATIENT_JSON;
  int rc = json.error ? no_memory(err) : 0;
  th_patient *fields_of = f->record.n ? other : out;
  if (rc == 0 && f->record.n) rc = th_patient_read(out, f->record, &by_content, err);
  if (rc == 0 && (json.n || !f->record.n))
    rc = th_patient_read(fields_of, json.n ? th_buf_view(&json) : TH_SPAN("{}"), &as_form, err);
  if (rc == 0) rc = join(out, other, f, err);
  th_buf_dispose(&json);
  return rc;
}
