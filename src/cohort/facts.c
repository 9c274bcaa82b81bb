/* Different facts, what bears on them, and the asking of the judge. */
#include "cohort/facts.h"

#include <math.h>
#include <xxhash.h>

#include "cohort/memory.h"
#include "eligibility/attributes.h"

/* ---- which facts are the same ---- */

static void say_text(th_buf *b, th_span s) {
  th_buf_varint(b, s.n);
  th_buf_span(b, s);
}

static void say_number(th_buf *b, double v) {
  if (isnan(v)) v = (double)NAN;
  th_buf_put(b, &v, sizeof v);
}

static void say_guard(th_buf *b, const th_elig_tree *tree, const th_elig_guard *g) {
  th_buf_char(b, (char)g->kind);
  if (g->kind == TH_ELIG_NO_GUARD) return;
  th_buf_char(b, g->sex);
  th_buf_char(b, (char)g->has_age);
  say_number(b, g->has_age ? g->age_low : 0);
  say_number(b, g->has_age ? g->age_high : 0);
  say_text(b, (th_span){tree->text.p + g->from, g->to - g->from});
}

static void say_window(th_buf *b, const th_elig_window *w) {
  th_buf_char(b, (char)w->present);
  if (!w->present) return;
  th_buf_char(b, (char)w->relation);
  th_buf_char(b, (char)w->forward);
  th_buf_char(b, (char)w->since);
  say_number(b, w->value);
  say_number(b, w->high);
  say_text(b, th_span_of(w->unit));
}

/* All that a verdict may depend on; facts that say the same get the same answers. */
static void say(th_buf *b, const th_elig_tree *tree, const th_elig_fact *f) {
  const uint8_t small[] = {f->type,    f->relation, f->reference,     f->category,      f->time,
                           f->negated, f->family,   f->low_inclusive, f->high_inclusive};
  th_buf_put(b, small, sizeof small);
  th_buf_varint(b, f->attribute);
  say_number(b, f->value);
  say_number(b, f->high);
  say_text(b, th_span_of(f->unit));
  say_number(b, f->low_canonical);
  say_number(b, f->high_canonical);
  say_guard(b, tree, &f->guard);
  say_window(b, &f->window);
  say_text(b, f->label);
  say_text(b, f->code);
  say_text(b, f->degree);
  th_buf_char(b, (char)th_verdict_turn(tree, f));
}

static th_span said(const void *facts, uint32_t i) {
  const th_co_facts *s = facts;
  uint32_t from = i ? s->says_at[i - 1] : 0;
  return (th_span){s->says.p + from, s->says_at[i] - from};
}

static bool add_fact(th_co_facts *s, const th_elig_tree *tree, const th_elig_fact *f) {
  if (!th_wiped_room((void **)&s->facts, s->n, &s->cap, sizeof *s->facts) ||
      !th_wiped_room((void **)&s->says_at, s->n, &s->cap_says, sizeof *s->says_at))
    return false;
  s->facts[s->n] = (th_co_fact){.tree = tree, .f = f, .needs = th_verdict_needs(tree, f)};
  s->facts[s->n].by_kind = s->facts[s->n].needs & (TH_NEEDS_SEX | TH_NEEDS_ADULT);
  s->says_at[s->n++] = (uint32_t)s->says.n;
  return true;
}

uint32_t th_co_facts_put(th_co_facts *s, const th_elig_tree *tree, const th_elig_fact *f) {
  size_t from = s->says.n;
  if (!th_slots_room(&s->slots, &s->n_slots, s->n, said, s)) return UINT32_MAX;
  say(&s->says, tree, f);
  if (s->says.error) return UINT32_MAX;
  th_span mine = {s->says.p + from, s->says.n - from};
  uint32_t at = (uint32_t)XXH3_64bits(mine.p, mine.n) & (s->n_slots - 1);
  for (; s->slots[at]; at = (at + 1) & (s->n_slots - 1)) {
    if (!th_span_eq(said(s, s->slots[at] - 1), mine)) continue;
    th_buf_truncate(&s->says, from);
    return s->slots[at] - 1;
  }
  if (!add_fact(s, tree, f)) return UINT32_MAX;
  s->slots[at] = s->n;
  return s->n - 1;
}

static bool same_age(bool has_a, const th_age *a, bool has_b, const th_age *b) {
  return has_a == has_b && (!has_a || (a->amount == b->amount && a->unit == b->unit));
}

uint32_t th_co_fields_put(th_co_facts *s, const th_verdict_study *study) {
  for (uint32_t i = 0; i < s->n_fields; i++) {
    const th_verdict_study *o = &s->fields[i].study;
    if (o->sex == study->sex && same_age(o->has_min, &o->min, study->has_min, &study->min) &&
        same_age(o->has_max, &o->max, study->has_max, &study->max))
      return i;
  }
  if (!th_wiped_room((void **)&s->fields, s->n_fields, &s->cap_fields, sizeof *s->fields))
    return UINT32_MAX;
  s->fields[s->n_fields] = (th_co_field){.study = *study};
  s->fields[s->n_fields].by_person = malloc((size_t)s->c->persons.n + 1);
  if (!s->fields[s->n_fields].by_person) return UINT32_MAX;
  return s->n_fields++;
}

/* ---- beginning and end ---- */

static uint8_t kind_of(const th_co_person *p) {
  uint8_t sex = p->sex == 'F' ? 1 : p->sex == 'M' ? 2 : p->sex ? 3 : 0;
  return (uint8_t)(sex * 2 + (p->adult != 0));
}

int th_co_facts_init(th_co_facts *s, const th_cohort *c, th_verdict_presume presume, th_err *err) {
  *s = (th_co_facts){.c = c, .presume = presume};
  th_buf_init(&s->says, UINT32_MAX);
  s->kind = malloc((size_t)c->persons.n + 1);
  s->keys = calloc((size_t)c->keys.n + 1, sizeof *s->keys);
  if (!s->kind || !s->keys) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (unsigned k = 0; k < TH_PERSON_KINDS; k++)
    s->kind_person[k] = UINT32_MAX;
  for (uint32_t i = c->persons.n; i-- > 0;) {
    s->kind[i] = kind_of(th_co_person_at(c, i));
    s->kind_person[s->kind[i]] = i;
  }
  for (uint32_t i = 0; i < c->keys.n; i++)
    th_co_key_make(c, i, &s->keys[i]);
  return 0;
}

void th_co_facts_dispose(th_co_facts *s) {
  for (uint32_t i = 0; i < s->n; i++) {
    for (uint32_t k = 0; k < s->facts[i].n_bears; k++)
      free(s->facts[i].bears[k].memo);
    free(s->facts[i].bears);
    free(s->facts[i].by_person);
  }
  for (uint32_t i = 0; i < s->n_fields; i++)
    free(s->fields[i].by_person);
  free(s->facts);
  free(s->fields);
  free(s->slots);
  free(s->says_at);
  free(s->kind);
  free(s->keys);
  th_buf_dispose(&s->says);
}

/* ---- the judge ---- */

void th_co_judge_dispose(th_co_judge *j) {
  th_wiped_free(j->facts, (size_t)j->cap * sizeof *j->facts);
  free(j->value);
  free(j->concepts);
  free(j->bears);
}

bool th_co_judge_add(th_co_judge *j, const th_cohort *c, uint32_t key, uint32_t local,
                     int32_t begin, int32_t end) {
  if (!th_wiped_room((void **)&j->facts, j->n, &j->cap, sizeof *j->facts)) return false;
  th_co_fact_make(c, c->key_form[c->key_first[key] + local], begin, end, &j->facts[j->n++]);
  return true;
}

/* The patient with the facts that were added, made ready: as th_verdict_prepare does, but that of
 * an attribute's values only the one that counts is there, and that of per cent of what is
 * predicted. The table by attribute is used again. */
static bool ready(th_co_judge *j, const th_cohort *c, uint32_t person, th_patient *p,
                  th_verdict_patient *v) {
  size_t n = th_elig_n_attributes * sizeof *j->value;
  if (!j->value) {
    if (!(j->value = malloc(n))) return false;
    memset(j->value, 0xff, n); /* TH_NO_FACT */
  }
  if (j->n > j->cap_concepts) {
    free(j->concepts);
    j->cap_concepts = j->cap;
    if (!(j->concepts = malloc(j->cap * sizeof *j->concepts))) return j->cap_concepts = 0, false;
  }
  th_co_person_make(c, person, p);
  p->facts = j->facts;
  p->n_facts = j->n;
  *v = (th_verdict_patient){.p = p,
                            .dict = c->dict,
                            .value = j->value,
                            .concepts = j->concepts,
                            .adult = th_co_person_at(c, person)->adult};
  if (!j->types_known) {
    th_verdict_types(v);
    memcpy(j->types, v->types, sizeof j->types);
    j->types_known = true;
  }
  memcpy(v->types, j->types, sizeof v->types);
  for (uint32_t i = 0; i < j->n; i++) {
    if (j->facts[i].type == TH_FACT_VALUE && isnan(j->facts[i].canonical))
      continue; /* th_verdict_percent finds it */
    if (j->facts[i].type == TH_FACT_VALUE)
      j->value[j->facts[i].attribute] = i;
    else
      j->concepts[v->n_concepts++] = i;
  }
  return true;
}

static void forget(th_co_judge *j) {
  for (uint32_t i = 0; i < j->n; i++)
    if (j->facts[i].type == TH_FACT_VALUE) j->value[j->facts[i].attribute] = TH_NO_FACT;
  j->n = 0;
}

static uint8_t ask(const th_co_facts *s, const th_co_fact *f, const th_verdict_patient *v) {
  th_verdict_fact out;
  th_verdict_judge(&out, f->tree, f->f, v, s->presume);
  return TH_ANSWER(out.truth, out.presumed, out.guard);
}

uint8_t th_co_judge_ask(th_co_judge *j, const th_co_facts *s, const th_co_fact *f,
                        uint32_t person) {
  th_patient p;
  th_verdict_patient v;
  uint8_t a = ready(j, s->c, person, &p, &v) ? ask(s, f, &v) : TH_ANSWER_NONE;
  if (j->value) forget(j);
  return a;
}

/* ---- what bears on a fact, and what is said without it ---- */

static bool add_bearing(th_co_fact *f, const th_cohort *c, uint32_t key) {
  th_co_bearing *b = &f->bears[f->n_bears];
  uint32_t forms = c->key_first[key + 1] - c->key_first[key];
  *b = (th_co_bearing){.key = key};
  if (!(f->needs & (TH_NEEDS_DATES | TH_NEEDS_AGE)) && forms <= TH_MEMO_FORMS) {
    size_t n = (size_t)forms * (f->by_kind ? TH_PERSON_KINDS : 1);
    if (!(b->memo = malloc(n + 1))) return false;
    memset(b->memo, TH_ANSWER_NONE, n);
  }
  f->n_bears++;
  return true;
}

static int find_bearing(th_co_facts *s, th_co_fact *f, th_co_judge *j, th_err *err) {
  uint32_t n = 0, keys = s->c->keys.n;
  if (!j->bears && !(j->bears = malloc((size_t)keys + 1)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  th_verdict_bears(j->bears, s->c->dict, f->tree, f->f, s->keys, keys);
  for (uint32_t k = 0; k < keys; k++)
    n += j->bears[k];
  if (n && !(f->bears = calloc(n, sizeof *f->bears)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t k = 0; k < keys; k++)
    if (j->bears[k] && !add_bearing(f, s->c, k)) return th_err_set(err, TH_ENOMEM, "out of memory");
  return 0;
}

int th_co_facts_bear(th_co_facts *s, uint32_t i, th_co_judge *j, th_err *err) {
  th_co_fact *f = &s->facts[i];
  int rc = find_bearing(s, f, j, err);
  if (rc == 0 && f->needs & TH_NEEDS_AGE) {
    f->by_person = malloc((size_t)s->c->persons.n + 1);
    return f->by_person ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  }
  for (unsigned k = 0; rc == 0 && k < TH_PERSON_KINDS; k++) {
    if (s->kind_person[k] == UINT32_MAX) continue;
    j->n = 0;
    f->base[k] = th_co_judge_ask(j, s, f, s->kind_person[k]);
    if (f->base[k] == TH_ANSWER_NONE) rc = th_err_set(err, TH_ENOMEM, "out of memory");
    if (f->by_kind) continue;
    memset(f->base, f->base[k], sizeof f->base);
    break;
  }
  return rc;
}

/* Age and sex are judged by the sum of a study without criteria. */
static void judge_field(const th_co_field *f, const th_verdict_patient *v, uint32_t person) {
  static const th_elig_tree nothing;
  th_verdicts none = {.tree = &nothing};
  th_verdict_trial t;
  th_verdict_sum(&t, &none, v, &f->study);
  f->by_person[person] = TH_ANSWER(t.field[TH_FIELD_AGE], t.field[TH_FIELD_SEX], TH_MET);
}

int th_co_facts_persons(th_co_facts *s, uint32_t from, uint32_t to, th_co_judge *j, th_err *err) {
  th_patient p;
  th_verdict_patient v;
  for (uint32_t i = from; i < to; i++) {
    j->n = 0;
    if (!ready(j, s->c, i, &p, &v)) return th_err_set(err, TH_ENOMEM, "out of memory");
    for (uint32_t k = 0; k < s->n; k++)
      if (s->facts[k].by_person) s->facts[k].by_person[i] = ask(s, &s->facts[k], &v);
    for (uint32_t k = 0; k < s->n_fields; k++)
      judge_field(&s->fields[k], &v, i);
  }
  return 0;
}
