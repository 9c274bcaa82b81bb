#include "eligibility/question.h"

#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/json.h"

/* The item's words without markup, line ends and the sign at the end. */
static void put_words(th_span s, th_buf *out) {
  while (s.n && memchr(" \t\r\n.;:,", s.p[s.n - 1], 8))
    s.n--;
  bool blank = true;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '\\' && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0x80) continue;
    if ((unsigned char)c <= ' ') {
      if (!blank) th_buf_char(out, ' ');
      blank = true;
    } else {
      th_buf_char(out, c);
      blank = false;
    }
  }
}

/* ---- numbers ---- */

/* Units as people say them; others stand as UCUM has them. */
static const char *unit_words(const char *ucum, double v) {
  static const struct {
    const char *ucum, *one, *many;
  } words[] = {{"a", "year", "years"},
               {"mo", "month", "months"},
               {"wk", "week", "weeks"},
               {"d", "day", "days"},
               {"h", "hour", "hours"},
               {"min", "minute", "minutes"},
               {"Cel",
                "\xC2\xB0"
                "C",
                "\xC2\xB0"
                "C"},
               {"mm[Hg]", "mmHg", "mmHg"},
               {"[lb_av]", "pound", "pounds"},
               {"[in_i]", "inch", "inches"},
               {"10*9/L", "billion per litre", "billion per litre"},
               {"kg/m2", "kg/m\xC2\xB2", "kg/m\xC2\xB2"},
               {"1", "", ""}};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (!strcmp(ucum, words[i].ucum)) return v == 1 ? words[i].one : words[i].many;
  return ucum[0] == '{' ? "" : ucum;
}

static void put_range(const th_elig_fact *f, th_buf *out) {
  static const char *const words[] = {"less than ", "at most ", "more than ",
                                      "at least ",  "",         "from "};
  th_buf_str(out, words[f->relation <= TH_ELIG_BETWEEN ? f->relation : TH_ELIG_EQ]);
  th_elig_number_words(f->value, out);
  if (isfinite(f->high)) {
    th_buf_str(out, " to ");
    th_elig_number_words(f->high, out);
  }
  if (f->reference == TH_ELIG_ULN) th_buf_str(out, " times the upper limit of normal");
  if (f->reference == TH_ELIG_LLN) th_buf_str(out, " times the lower limit of normal");
  if (f->reference == TH_ELIG_PREDICTED) th_buf_str(out, " % of what is expected for you");
  const char *unit =
      f->reference || !f->unit ? "" : unit_words(f->unit, isfinite(f->high) ? 2 : f->value);
  if (*unit) th_buf_printf(out, " %s", unit);
}

static bool same_attribute(const th_elig_tree *t, const th_elig_node *n) {
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++)
    if (t->facts[f].type != TH_ELIG_NUMERIC || t->facts[f].attribute != t->facts[n->fact].attribute)
      return false;
  return true;
}

/* Whether the words say little beside the numbers: then the attribute's own question does. */
static bool is_only_numbers(const th_elig_tree *t, const th_elig_node *n) {
  if (n->n_facts == 0 || !same_attribute(t, n)) return false;
  if (t->facts[n->fact].attribute == TH_ELIG_ATTRIBUTE_OTHER) return false;
  size_t words = 0, in_facts = 0;
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
    if (f > n->fact && t->facts[f].from < t->facts[f - 1].to) continue;
    in_facts += t->facts[f].to - t->facts[f].from;
    if (t->facts[f].negated) return false;
  }
  words = n->to - n->from;
  return words <= in_facts + 24;
}

/* "Is your ALT above the normal range?", where that is all that is asked. */
static bool put_limit_question(const th_elig_tree *t, const th_elig_node *n, th_buf *out) {
  static const char *const above[] = {"below the upper limit of normal", "no higher than normal",
                                      "above the normal range",
                                      "at or above the upper limit of normal"};
  static const char *const below[] = {"below the normal range",
                                      "no higher than the lower limit of normal",
                                      "above the lower limit of normal", "no lower than normal"};
  const th_elig_fact *f = &t->facts[n->fact];
  bool upper = f->reference == TH_ELIG_ULN, lower = f->reference == TH_ELIG_LLN;
  if (n->n_facts != 1 || !(upper || lower) || f->value != 1 || isfinite(f->high) || f->guard.kind ||
      f->relation > TH_ELIG_GE)
    return false;
  th_buf_printf(out, "Is your %s %s?", th_elig_attributes[f->attribute].name,
                (upper ? above : below)[f->relation]);
  return true;
}

static void put_number_question(const th_elig_tree *t, const th_elig_node *n, th_buf *out) {
  const th_elig_fact *first = &t->facts[n->fact];
  if (put_limit_question(t, n, out)) return;
  th_buf_printf(out, "%s (", th_elig_attributes[first->attribute].question);
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
    const th_elig_fact *fact = &t->facts[f];
    if (f > n->fact) th_buf_str(out, fact->guard.kind || fact[-1].guard.kind ? "; " : ", ");
    put_range(fact, out);
    if (fact->guard.kind) {
      th_buf_str(out, fact->guard.kind == TH_ELIG_IF ? " for: " : " unless: ");
      put_words((th_span){t->text.p + fact->guard.from, fact->guard.to - fact->guard.from}, out);
    }
  }
  th_buf_char(out, ')');
}

/* ---- categories ---- */

typedef struct plain {
  uint8_t category, time;
  const char *question;
} plain;

static const plain plains[] = {
    {TH_ELIG_PREGNANCY, TH_ELIG_CURRENT, "Are you pregnant?"},
    {TH_ELIG_PREGNANCY, TH_ELIG_PLANNED, "Do you plan to become pregnant?"},
    {TH_ELIG_LACTATION, TH_ELIG_CURRENT, "Are you breastfeeding?"},
    {TH_ELIG_CONSENT, TH_ELIG_TIME_ANY, "Would you sign an informed consent?"},
    {TH_ELIG_CAPACITY, TH_ELIG_TIME_ANY,
     "Can you understand what the study asks and decide for yourself?"},
    {TH_ELIG_SMOKING, TH_ELIG_CURRENT, "Do you smoke?"},
    {TH_ELIG_SMOKING, TH_ELIG_PAST, "Did you smoke in the past?"},
    {TH_ELIG_OTHER_TRIAL, TH_ELIG_CURRENT, "Are you taking part in another study?"},
};

/* An item that asks for one such thing and hardly more. */
static const char *plain_question(const th_elig_tree *t, const th_elig_node *n) {
  const th_elig_fact *f = &t->facts[n->fact];
  if (n->n_facts != 1 || f->type != TH_ELIG_CONCEPT || f->negated || f->window.present) return NULL;
  if (n->to - n->from > f->to - f->from + 30) return NULL;
  for (size_t i = 0; i < TH_COUNT(plains); i++)
    if (plains[i].category == f->category && plains[i].time == f->time) return plains[i].question;
  return NULL;
}

/* ---- leaves ---- */

void th_elig_question(const th_elig_tree *t, uint32_t node, th_buf *out) {
  const th_elig_node *n = &t->nodes[node];
  if (n->flags & TH_ELIG_GROUP || (n->number == 0 && n->n_facts == 0)) return;
  if (is_only_numbers(t, n)) {
    put_number_question(t, n, out);
    return;
  }
  const char *known = n->n_facts ? plain_question(t, n) : NULL;
  if (known) {
    th_buf_str(out, known);
    return;
  }
  th_buf_str(out, "Does this apply to you: \xE2\x80\x9C");
  put_words(th_elig_text(t, node), out);
  th_buf_str(out, "\xE2\x80\x9D?");
}

void th_elig_check(const th_elig_tree *t, uint32_t node, th_buf *out) {
  const th_elig_node *n = &t->nodes[node];
  if (n->flags & TH_ELIG_GROUP || (n->number == 0 && n->n_facts == 0)) return;
  th_buf_str(out, n->kind == TH_ELIG_EXCLUSION ? "Rule out: " : "Confirm: ");
  put_words(th_elig_text(t, node), out);
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
    th_buf_str(out, f == n->fact ? " [" : "; ");
    th_elig_fact_words(t, &t->facts[f], out);
  }
  if (n->n_facts) th_buf_char(out, ']');
}
