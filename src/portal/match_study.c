/* What was found for a patient: what was understood of the record, and studies with a light for
 * each criterion. */
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "match/explain.h"
#include "portal/match_view.h"
#include "portal/search_hit.h"
#include "portal/slug.h"
#include "portal/words.h"
#include "study/catalogue.h"
#include "study/nct.h"

#include <math.h>

enum { EVIDENCE_MAX = 200 };

typedef struct light {
  const char *class, *sign, *word;
} light;

static light light_of(uint8_t kind, const th_verdict_node *n) {
  static const light met = {"light good", "\xE2\x9C\x93", M(match_met)};
  static const light not_met = {"light bad", "\xE2\x9C\x97", M(match_not_met)};
  static const light clear = {"light good", "\xE2\x9C\x93", M(match_no_obstacle)};
  static const light presumed = {"light good", "\xE2\x9C\x93", M(match_presumed)};
  static const light in_the_way = {"light bad", "\xE2\x9C\x97", M(match_in_the_way)};
  static const light open = {"light open", "?", M(match_open)};
  static const light applies = {"light", "\xE2\x80\xA2", M(match_applies)};
  static const light applies_not = {"light", "\xE2\x80\xA2", M(match_applies_not)};
  if (n->verdict == TH_UNKNOWN) return open;
  if (kind == TH_ELIG_UNKNOWN) return n->verdict == TH_MET ? applies : applies_not;
  if (kind == TH_ELIG_EXCLUSION) {
    if (n->verdict == TH_MET) return in_the_way;
    return n->basis == TH_BASIS_PRESUMED ? presumed : clear;
  }
  return n->verdict == TH_MET ? met : not_met;
}

static void put_light(th_html *h, light l) {
  th_html_open(h, "span", l.class);
  th_html_open(h, "span", NULL);
  th_html_attr_str(h, "aria-hidden", "true");
  th_html_str(h, l.sign);
  th_html_str(h, " ");
  th_html_close(h);
  th_html_str(h, l.word);
  th_html_close(h);
}

/* What of the record a leaf rests on: the first that decides. */
static void put_evidence(match_view *p, const th_verdicts *v, const th_elig_node *n) {
  th_html *h = &p->h;
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_verdict_fact *f = &v->facts[i];
    const th_patient_fact *e = th_explain_evidence(&p->found.ready, f);
    if (!e || (f->basis != TH_BASIS_STATED && f->basis != TH_BASIS_DERIVED)) continue;
    th_html_open(h, "span", "evidence");
    th_html_str(h, M(match_lead_record));
    th_buf *s = th_html_scratch(h);
    th_patient_fact_words(&p->patient, e, s);
    while (s->n > EVIDENCE_MAX && (s->p[s->n - 1] & 0x80))
      th_buf_truncate(s, s->n - 1);
    if (s->n > EVIDENCE_MAX) th_buf_truncate(s, EVIDENCE_MAX);
    th_html_scratch_text(h);
    th_html_close(h);
    return;
  }
}

/* The words without the backslashes of the registry's markup. */
static void put_words(th_html *h, th_span text) {
  th_buf *s = th_html_scratch(h);
  for (size_t i = 0; i < text.n; i++)
    if (text.p[i] != '\\' || i + 1 == text.n) th_buf_char(s, text.p[i]);
  th_html_scratch_text(h);
}

static void put_nodes(match_view *p, const th_verdicts *v, uint32_t from, uint32_t to, int kind) {
  th_html *h = &p->h;
  th_html_open(h, "ul", "criteria");
  for (uint32_t i = from; i < to; i = v->tree->nodes[i].next) {
    const th_elig_node *n = &v->tree->nodes[i];
    bool group = n->flags & TH_ELIG_GROUP;
    if (kind >= 0 && n->kind != kind) continue;
    th_html_open(h, "li", NULL);
    put_light(h, light_of(n->kind, &v->nodes[i]));
    th_html_str(h, " ");
    if (!group) put_words(h, th_span_trim(th_elig_text(v->tree, i)));
    if (!group) put_evidence(p, v, n);
    if (group && h->depth + 8 < TH_HTML_DEPTH) put_nodes(p, v, i + 1, n->next, -1);
    th_html_close(h);
  }
  th_html_close(h);
}

static bool has_kind(const th_verdicts *v, int kind) {
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next)
    if (v->tree->nodes[i].kind == kind) return true;
  return false;
}

static void put_criteria(match_view *p, const th_found *s) {
  static const struct {
    int kind;
    const char *label;
  } kinds[] = {{TH_ELIG_INCLUSION, M(match_inclusion)},
               {TH_ELIG_EXCLUSION, M(match_exclusion)},
               {TH_ELIG_UNKNOWN, M(match_other_criteria)}};
  th_html *h = &p->h;
  if (!s->verdicts.tree || !s->verdicts.tree->n_nodes) return;
  th_html_open(h, "details", "criteria-list");
  th_html_element_str(h, "summary", NULL, M(match_criterion_by_criterion));
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    if (!has_kind(&s->verdicts, kinds[i].kind)) continue;
    th_html_element_str(h, "h4", NULL, kinds[i].label);
    put_nodes(p, &s->verdicts, 0, s->verdicts.tree->n_nodes, kinds[i].kind);
  }
  th_html_close(h);
}

static void put_count(th_html *h, uint32_t n, const char *one, const char *many, bool *any) {
  if (!n) return;
  th_html_str(h, *any ? ", " : " ");
  if (!*any) th_html_str(h, M(match_lead_criteria));
  if (!*any) th_html_str(h, " ");
  th_html_i64(h, n);
  th_html_str(h, " ");
  th_html_str(h, n == 1 ? one : many);
  *any = true;
}

static void put_grade(match_view *p, const th_found *s) {
  static const light grades[] = {
      [TH_GRADE_EXCLUDED] = {"light bad", "\xE2\x9C\x97", M(match_grade_excluded)},
      [TH_GRADE_POSSIBLE] = {"light open", "?", M(match_grade_possible)},
      [TH_GRADE_LIKELY] = {"light good", "\xE2\x9C\x93", M(match_grade_likely)}};
  const th_verdict_trial *t = &s->trial;
  th_html *h = &p->h;
  bool any = false;
  th_html_open(h, "p", "grade");
  put_light(h, grades[t->grade]);
  put_count(h, t->met, M(match_met), M(match_many_met), &any);
  put_count(h, t->passed, M(match_no_obstacle), M(match_many_no_obstacle), &any);
  put_count(h, t->presumed, M(match_presumed), M(match_many_presumed), &any);
  put_count(h, t->violated, M(match_in_the_way), M(match_many_in_the_way), &any);
  put_count(h, t->open, M(match_open), M(match_many_open), &any);
  th_html_close(h);
}

static void put_excluded(match_view *p, const th_found *s) {
  const th_verdict_trial *t = &s->trial;
  th_html *h = &p->h;
  if (t->grade != TH_GRADE_EXCLUDED) return;
  th_html_open(h, "p", "excluded");
  if (t->by != TH_FIELD_TEXT || t->node == TH_NO_FACT || !s->verdicts.tree) {
    th_html_str(h, t->by == TH_FIELD_SEX ? M(match_other_sex) : M(match_other_age));
  } else {
    th_span text = th_span_trim(th_elig_text(s->verdicts.tree, t->node));
    bool cut = text.n > 400;
    while (cut && (text.n > 400 || (text.p[text.n] & 0xC0) == 0x80))
      text.n--;
    th_html_str(h, M(match_lead_because));
    put_words(h, text);
    if (cut) th_html_str(h, "\xE2\x80\xA6");
  }
  th_html_close(h);
}

/* Who may join and where, as in results of a search; the nearest place when one is asked for. */
static int put_where(match_view *p, const th_found *s, th_err *err) {
  const th_hit hit = {.nct = s->ranked.nct, .segment = s->ranked.segment, .doc = s->ranked.doc};
  const portal_state state = {.rq = p->rq,
                              .snapshot = p->seat->snapshot,
                              .has_near = p->has_spot,
                              .lat = p->lat,
                              .lon = p->lon};
  return th_portal_hit_facts(p->portal, p->worker, &p->h, &state, &hit, err);
}

static int put_study(match_view *p, const th_found *s, th_err *err) {
  th_html *h = &p->h;
  char nct[TH_NCT_LEN + 1];
  th_nct_format(s->ranked.nct, nct);
  th_html_open(h, "li", "hit");
  th_html_open(h, "h3", NULL);
  th_html_foreign(h);
  th_buf *path = th_html_scratch(h);
  th_slug_study_path(s->ranked.nct, s->shown.title, path);
  char *kept = th_arena_printf(p->rq->arena, "%.*s", (int)path->n, path->p ? path->p : "");
  th_html_link(h, NULL, th_span_of(kept), s->shown.title.n ? s->shown.title : th_span_of(nct));
  th_html_close(h);
  th_html_open(h, "p", "hit-line");
  if (s->shown.status.n) th_page_status(h, "span", TH_F_OverallStatus, s->shown.status);
  th_html_str(h, " ");
  th_html_element_str(h, "span", "quiet", nct);
  th_page_save_button(h, th_span_of(nct));
  th_html_close(h);
  put_grade(p, s);
  put_excluded(p, s);
  int rc = put_where(p, s, err);
  put_criteria(p, s);
  th_html_close(h);
  return rc;
}

/* ---- what was understood ---- */

enum { FACTS_SHOWN = 60, FACT_MAX = 120 };

/* A number in the reader's way. */
static void put_number(th_html *h, double v, th_buf *out) {
  char digits[40];
  size_t from = out->n;
  th_elig_number_words(v, out);
  size_t n = TH_MIN(out->n - from, sizeof digits);
  if (n) memcpy(digits, out->p + from, n);
  th_buf_truncate(out, from);
  th_words_decimal(h->lang, (th_span){digits, n}, out);
}

/* UCUM as people read it: "mg/dL", "mmHg", "mL/min/1.73 m2"; of scores nothing. */
static void put_unit(th_span unit, th_buf *out) {
  bool inside = false, number = false, first = true;
  if (th_span_eq(unit, TH_SPAN("1"))) return;
  for (size_t i = 0; i < unit.n; i++) {
    char c = unit.p[i];
    if (c == '{') number = i + 1 < unit.n && unit.p[i + 1] >= '0' && unit.p[i + 1] <= '9';
    if (c == '{' || c == '}') inside = c == '{';
    if (strchr("{}[]", c) || (inside && !number)) continue;
    if (first) th_buf_char(out, ' ');
    first = false;
    th_buf_char(out, c == '_' ? ' ' : c);
  }
}

/* "8.4 %", "< 0.5 mg/dL", "140–160 mmHg" */
static void put_amount(th_html *h, const th_patient_fact *f, th_buf *out) {
  static const char *const signs[] = {"< ", "\xE2\x89\xA4 ", "> ", "\xE2\x89\xA5 ", "", ""};
  th_buf_char(out, ' ');
  if (f->relation < TH_COUNT(signs)) th_buf_str(out, signs[f->relation]);
  put_number(h, f->value, out);
  if (!isnan(f->high)) {
    th_buf_str(out, "\xE2\x80\x93");
    put_number(h, f->high, out);
  }
  put_unit(f->unit.n ? f->unit : th_span_of(f->canonical_unit ? f->canonical_unit : ""), out);
}

/* A fact of the record: its name in the reader's language where that is known. */
static void put_fact(match_view *p, const th_patient_fact *f) {
  const char *const times[] = {"", "", M(fact_in_the_past), M(fact_planned)};
  th_html *h = &p->h;
  th_span label = {f->label.p, TH_MIN(f->label.n, (size_t)FACT_MAX)};
  while (label.n < f->label.n && label.n && ((uint8_t)label.p[label.n] & 0xC0) == 0x80)
    label.n--;
  th_html_open(h, "li", f->absent ? "absent" : NULL);
  if (f->absent) th_html_str(h, M(match_lead_absent));
  th_html_open(h, "span", NULL);
  th_html_words(h, label);
  th_html_close(h);
  th_buf *s = th_html_scratch(h);
  if (f->type == TH_FACT_VALUE) put_amount(h, f, s);
  if (f->degree.n && f->degree.n < FACT_MAX) th_buf_str(s, ", "), th_buf_span(s, f->degree);
  th_say_put(h->lang, times[f->time & 3], s);
  if (f->certainty == TH_CERTAIN_SUSPECTED) th_say_put(h->lang, M(match_tail_suspected), s);
  th_html_scratch_text(h);
  th_html_close(h);
}

/* Of facts of one name the newest stands, which is the first of them; what may be but is not, and
 * what is of relatives, is no fact of the patient. */
static bool is_shown(const th_patient *patient, uint32_t at) {
  const th_patient_fact *f = &patient->facts[at];
  if (f->certainty == TH_CERTAIN_HYPOTHETICAL || f->experiencer != TH_OF_PATIENT) return false;
  if (f->attribute >= 0 && strcmp(th_elig_attributes[f->attribute].key, "age") == 0) return false;
  for (uint32_t i = at; i-- > 0;) {
    const th_patient_fact *b = &patient->facts[i];
    if (b->type != f->type || b->attribute != f->attribute || b->category != f->category) break;
    if (b->certainty == f->certainty && b->experiencer == f->experiencer &&
        th_span_eq_nocase(b->label, f->label))
      return false;
  }
  return true;
}

/* Age and sex stand in the record, not among its facts. */
static void put_person(match_view *p) {
  const th_patient *patient = &p->patient;
  th_html *h = &p->h;
  if (patient->sex == 'F' || patient->sex == 'M') {
    th_html_element_str(h, "li", NULL, patient->sex == 'F' ? M(match_female) : M(match_male));
  }
  if (!isnan(patient->age_low)) {
    th_html_open(h, "li", NULL);
    th_html_str(h, M(match_age));
    th_html_str(h, " ");
    th_html_i64(h, (int64_t)floor(patient->age_low));
    th_html_close(h);
  }
}

void th_match_put_understood(match_view *p) {
  const th_patient *patient = &p->patient;
  th_html *h = &p->h;
  uint32_t shown = 0, more = 0;
  if (!patient->n_facts && !patient->sex && isnan(patient->age_low)) return;
  th_html_open(h, "details", "understood");
  th_html_flag(h, "open");
  th_html_element_str(h, "summary", NULL, M(match_understood));
  th_html_open(h, "ul", "chips");
  put_person(p);
  for (uint32_t i = 0; i < patient->n_facts; i++) {
    if (!is_shown(patient, i)) continue;
    if (shown++ < FACTS_SHOWN)
      put_fact(p, &patient->facts[i]);
    else
      more++;
  }
  th_html_close(h);
  th_html_open(h, "p", "quiet");
  if (more) {
    th_html_i64(h, more);
    th_html_str(h, M(tail_more));
    th_html_str(h, ". ");
  }
  th_html_str(h, M(match_understood_hint));
  th_html_close_n(h, 2);
}

/* ---- the list ---- */

int th_match_put_results(match_view *p, th_err *err) {
  th_html *h = &p->h;
  int rc = TH_OK;
  th_html_open(h, "section", "match-results");
  th_html_attr_str(h, "aria-labelledby", "results");
  th_html_open(h, "h2", NULL);
  th_html_attr_str(h, "id", "results");
  th_html_str(h, M(match_studies_for_this_patient));
  th_html_close(h);
  if (!p->found.n) {
    th_html_element_str(h, "p", NULL, M(match_nothing_found));
  } else {
    th_html_open(h, "p", "quiet");
    th_html_str(h, M(match_no_grade_is_a_promise));
    if (th_match_has_questions(p)) {
      th_html_str(h, " ");
      th_html_link_str(h, "to-asks", "#asks", M(match_to_the_questions));
    }
    th_html_close(h);
    th_html_open(h, "ol", "hits");
    for (uint32_t i = 0; rc == TH_OK && i < p->found.n; i++)
      rc = put_study(p, &p->found.studies[i], err);
    th_html_close(h);
  }
  th_html_close(h);
  return rc;
}
