/* Words right beside what was read of a criterion that turn it, and that its facts do not have:
 * "methotrexate-naive" is nobody who took it, and an infarction of years ago is no "recent" one. */
#include "match/verdict_private.h"

enum { RECENT_DAYS = 365, NEW_DAYS = 31 };

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool word_is(th_span w, const char *const *list, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (th_span_eq_nocase(w, th_span_of(list[i]))) return true;
  return false;
}

static th_span word_behind(const th_elig_tree *tree, uint32_t at) {
  while (at < tree->text.n && (tree->text.p[at] == ' ' || tree->text.p[at] == '-'))
    at++;
  uint32_t end = at;
  while (end < tree->text.n && is_letter(tree->text.p[end]))
    end++;
  return (th_span){tree->text.p + at, end - at};
}

static th_span word_before(const th_elig_tree *tree, uint32_t at) {
  while (at > 0 && tree->text.p[at - 1] == ' ')
    at--;
  uint32_t from = at;
  while (from > 0 && is_letter(tree->text.p[from - 1]))
    from--;
  return (th_span){tree->text.p + from, at - from};
}

unsigned th_verdict_turn(const th_elig_tree *tree, const th_elig_fact *f) {
  static const char *const naive[] = {"naive", "na\xc3\xafve"};
  static const char *const recent[] = {"recent", "recently"};
  unsigned out = 0;
  if (!tree->text.p || f->type != TH_ELIG_CONCEPT || f->to > tree->text.n) return 0;
  bool done = f->category == TH_ELIG_DRUG || f->category == TH_ELIG_PROCEDURE;
  if (done && !f->negated && word_is(word_behind(tree, f->to), naive, TH_COUNT(naive)))
    out |= TH_TURN_NAIVE;
  if (!f->window.present && word_is(word_before(tree, f->from), recent, TH_COUNT(recent)))
    out |= TH_TURN_RECENT;
  return out;
}

/* Nobody calls an event of more than a year ago recent, and everybody one of the last month;
 * between, and of one without a day, it is not said. What lasts is left as it is. */
static void ask_recent(const th_verdict_patient *v, th_verdict_fact *out) {
  double least, most;
  if (out->truth != TH_MET || out->patient == TH_NO_FACT) return;
  const th_patient_fact *p = &v->p->facts[out->patient];
  if (!th_is_event(p->category, p->label)) return;
  bool dated = th_fact_days_ago(v->p, p, &least, &most);
  if (dated && most <= NEW_DAYS) return;
  if (!dated && p->time != TH_ELIG_PAST && !(p->flags & TH_FACT_HISTORY)) return;
  out->truth = out->presumed = dated && least > RECENT_DAYS ? TH_NOT_MET : TH_UNKNOWN;
  out->basis = out->truth == TH_NOT_MET ? TH_BASIS_DERIVED : TH_BASIS_NONE;
  out->rule = TH_RULE_RECENT;
}

void th_verdict_take_turn(const th_verdict_patient *v, unsigned turn, th_verdict_fact *out) {
  if (turn & TH_TURN_RECENT) ask_recent(v, out);
  if (!(turn & TH_TURN_NAIVE)) return;
  out->truth = TH_MET - out->truth;
  out->presumed = TH_MET - out->presumed;
  out->flags |= TH_SAYS_NEGATED;
}
