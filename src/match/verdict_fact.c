/* One fact of the criteria and a patient: judged, found among what was judged before, and what it
 * asks of a patient at all. */
#include "criteria/book.h"
#include "eligibility/attributes.h"
#include "match/kin.h"
#include "match/marks.h"
#include "match/verdict_private.h"

/* ---- how sure ---- */

static uint8_t ground_of_concept(const th_verdict_patient *v, const th_elig_fact *f,
                                 const th_verdict_fact *r) {
  if (f->category == TH_ELIG_SEX) return TH_GROUND_PERSON;
  if (f->category == TH_ELIG_PREGNANCY || f->category == TH_ELIG_LACTATION ||
      f->category == TH_ELIG_CONTRACEPTION || r->patient == TH_NO_FACT)
    return TH_GROUND_LOOSE;
  const th_patient_fact *p = &v->p->facts[r->patient];
  bool today = p->time != TH_ELIG_PAST && !(p->flags & TH_FACT_HISTORY);
  if (f->time == TH_ELIG_PAST && today && !p->absent) return TH_GROUND_LOOSE;
  return r->basis == TH_BASIS_STATED ? TH_GROUND_SAME : TH_GROUND_KIND;
}

static uint8_t ground_of(const th_verdict_patient *v, const th_elig_fact *f,
                         const th_verdict_fact *r) {
  if (f->type != TH_ELIG_NUMERIC) return ground_of_concept(v, f, r);
  if (th_is_age(f->attribute)) return TH_GROUND_PERSON;
  return r->basis == TH_BASIS_STATED ? TH_GROUND_NUMBER : TH_GROUND_KIND;
}

/* ---- judging ---- */

bool th_verdict_idle(const th_elig_fact *f) {
  return f->type == TH_ELIG_CONCEPT && f->category == TH_ELIG_SEX &&
         th_span_eq(f->label, TH_SPAN("all"));
}

bool th_verdict_ability(const th_elig_fact *f) {
  return f->type == TH_ELIG_CONCEPT && !f->negated &&
         (f->category == TH_ELIG_CONSENT || f->category == TH_ELIG_CAPACITY);
}

static uint16_t flags_of(const th_verdict_patient *v, const th_elig_fact *f,
                         const th_verdict_fact *r) {
  unsigned out = r->flags;
  if (f->type == TH_ELIG_NUMERIC && th_is_age(f->attribute)) {
    out |= TH_SAYS_AGE;
    if (f->relation == TH_ELIG_EQ) out |= TH_SAYS_ONE_VALUE;
    if (!isnan(f->low_canonical) && !isnan(f->high_canonical)) out |= TH_SAYS_RANGE;
  }
  if (th_verdict_idle(f)) out |= TH_SAYS_IDLE;
  if (th_verdict_ability(f)) out |= TH_SAYS_ABILITY;
  if (f->negated) return (uint16_t)(out | TH_SAYS_NEGATED);
  if (v->words && r->rule == TH_RULE_NARROWER && !f->degree.n && th_doubt_wide(f))
    out |= TH_SAYS_WIDE; /* in the degree that is asked for it does matter */
  if (r->patient == TH_NO_FACT && th_verdict_untested(v, f)) out |= TH_SAYS_UNTESTED;
  return (uint16_t)out;
}

void th_verdict_judge(th_verdict_fact *out, const th_elig_tree *tree, const th_elig_fact *f,
                      const th_verdict_patient *v, th_verdict_presume mode) {
  *out = (th_verdict_fact){.truth = TH_UNKNOWN,
                           .presumed = TH_UNKNOWN,
                           .patient = TH_NO_FACT,
                           .from = f->from,
                           .to = f->to};
  out->guard = (uint8_t)th_judge_guard(v, tree, &f->guard);
  if (f->type == TH_ELIG_NUMERIC)
    th_judge_number(v, f, mode, out);
  else
    th_judge_concept(v, f, mode, out);
  out->guard = (uint8_t)th_judge_exception(v, tree, f, out);
  out->flags = flags_of(v, f, out);
  if (out->truth != TH_UNKNOWN) out->ground = ground_of(v, f, out);
  unsigned turn = th_verdict_turn(tree, f);
  if (turn) th_verdict_take_turn(v, turn, out);
  if (!f->negated) return;
  out->truth = TH_MET - out->truth;
  out->presumed = TH_MET - out->presumed;
}

/* A guard of words is told by the text alone. */
static bool has_worded_guard(const th_elig_fact *f) {
  return f->guard.kind != TH_ELIG_NO_GUARD && !f->guard.sex && !f->guard.has_age;
}

/* As it was judged for another study, or read and judged now. apart: th_kin_plain. */
static int judge_once(th_verdict_fact *out, const th_criteria_outline *o, uint32_t i,
                      const th_verdict_patient *v, th_verdict_presume mode, bool apart,
                      th_err *err) {
  bool known = false;
  th_elig_fact own;
  th_verdict_patient stranger;
  const th_elig_fact *f = o->tree.facts ? &o->tree.facts[i] : &own;
  th_verdict_fact *kept =
      v->kin && o->refs ? th_kin_verdict(v->kin, o->refs[i].says, &known) : NULL;
  if (known) *out = *kept;
  if (known && !o->tree.facts) return 0;
  int rc = o->tree.facts ? 0 : th_criteria_outline_fact(o, i, &own, err);
  if (rc < 0) return rc;
  if (apart && !known) {
    stranger = *v;
    stranger.kin = &th_kin_none;
    v = &stranger;
  }
  bool worded = has_worded_guard(f);
  if (!known) {
    th_verdict_judge(out, &o->tree, f, v, mode);
  } else if (worded) {
    out->guard = (uint8_t)th_judge_guard(v, &o->tree, &f->guard);
    out->guard = (uint8_t)th_judge_exception(v, &o->tree, f, out);
  }
  if (kept && !known) *kept = *out;
  if (kept && worded) kept->guard = TH_UNKNOWN;
  return 0;
}

int th_verdict_judge_outlined(th_verdict_fact *out, const th_criteria_outline *o, uint32_t i,
                              const th_verdict_patient *v, th_verdict_presume mode, th_err *err) {
  int rc = 0;
  bool apart = false;
  bool turned = o->marks && o->marks[o->tree.n_nodes + i] & TH_MARK_TURNED;
  const th_verdict_fact *plain =
      v->kin && o->refs && !turned ? th_kin_plain(v->kin, o, i, mode, &apart) : NULL;
  if (turned)
    th_verdict_judge(out, &o->tree, &o->tree.facts[i], v, mode);
  else if (plain)
    *out = *plain;
  else
    rc = judge_once(out, o, i, v, mode, apart, err);
  if (rc < 0 || !o->tree.facts) return rc;
  out->from = o->tree.facts[i].from;
  out->to = o->tree.facts[i].to;
  return 0;
}

/* ---- what a fact asks of a patient ---- */

unsigned th_verdict_needs(const th_elig_tree *tree, const th_elig_fact *f) {
  unsigned needs = f->window.present || th_verdict_turn(tree, f) ? TH_NEEDS_DATES : 0;
  bool carries = f->category == TH_ELIG_PREGNANCY || f->category == TH_ELIG_LACTATION;
  if (f->guard.kind != TH_ELIG_NO_GUARD)
    needs |= f->guard.sex ? TH_NEEDS_SEX : f->guard.has_age ? TH_NEEDS_AGE : 0;
  bool number = f->type == TH_ELIG_NUMERIC;
  if (th_definition_exists(number ? f->attribute : UINT32_MAX, number ? (th_span){0} : f->label))
    needs |= TH_NEEDS_SEX | TH_NEEDS_ADULT | TH_NEEDS_DATES;
  if (f->type == TH_ELIG_NUMERIC) {
    if (th_is_age(f->attribute)) needs |= TH_NEEDS_AGE;
    if (f->reference == TH_ELIG_ULN || f->reference == TH_ELIG_LLN)
      needs |= TH_NEEDS_SEX | TH_NEEDS_ADULT;
  } else if (f->category == TH_ELIG_SEX || carries) {
    needs |= TH_NEEDS_SEX | (carries ? TH_NEEDS_AGE : 0);
  }
  return needs;
}

void th_verdict_bears(bool *out, const th_concepts *dict, const th_elig_tree *tree,
                      const th_elig_fact *f, const th_patient_fact *facts, uint32_t n) {
  th_concepts_bear(out, dict, tree, f, facts, n);
  for (uint32_t i = 0; i < n; i++)
    if (facts[i].type == TH_FACT_VALUE)
      out[i] = f->type == TH_ELIG_NUMERIC
                   ? facts[i].attribute == f->attribute
                   : th_definition_names((uint32_t)facts[i].attribute, f->label) ||
                         th_degree_asks((uint32_t)facts[i].attribute, f);
}
