#include "cli/match_text.h"

#include "cli/guest.h"
#include "match/explain.h"
#include "study/catalogue.h"
#include "study/markup.h"
#include "study/nct.h"
#include "study/view.h"

enum { INDENT = 13 };

static void put_line(th_buf *out, const th_tty *term, th_style style, th_buf *line) {
  th_buf_str(out, th_tty_style(term, style));
  if (line->n) th_tty_wrap(out, th_buf_view(line), term->width, INDENT, INDENT);
  th_buf_str(out, th_tty_style(term, TH_PLAIN));
  th_buf_clear(line);
}

static void put_count(th_buf *line, uint32_t n, const char *what) {
  if (n) th_buf_printf(line, ", %u %s", n, what);
}

/* "possible: 3 met, 5 do not stand against it, 4 presumed, 2 open. Recruiting" */
static void put_grade(const th_found *s, th_buf *line) {
  const th_verdict_trial *t = &s->trial;
  th_buf_str(line, th_grade_name(t->grade));
  th_buf_printf(line, ": of %u criteria %u met", t->n, t->met);
  put_count(line, t->passed, "no obstacle");
  put_count(line, t->presumed, "presumed no obstacle");
  put_count(line, t->violated, "in the way");
  put_count(line, t->open, "open");
  if (!s->shown.status.n) return;
  th_buf_str(line, ". ");
  th_view_put_label(TH_F_OverallStatus, s->shown.status, line);
}

static void put_criterion(const th_found *s, uint32_t node, const char *sign, th_buf *line) {
  char id[TH_ELIG_ID_MAX];
  th_elig_id(s->verdicts.tree, node, id);
  th_buf_printf(line, "%s %s ", sign, id);
  th_span text = th_span_trim(th_elig_text(s->verdicts.tree, node));
  bool cut = text.n > 300;
  while (cut && (text.n > 300 || (text.p[text.n] & 0xC0) == 0x80))
    text.n--;
  th_markup_unescape(text, line);
  if (cut) th_buf_str(line, "\xE2\x80\xA6");
}

/* What of the record it rests on. */
static void put_evidence(const th_find_result *r, const th_found *s, th_buf *line) {
  const th_elig_node *n = &s->verdicts.tree->nodes[s->trial.node];
  uint32_t end = s->verdicts.tree->nodes[s->trial.node].next;
  for (uint32_t i = s->trial.node; i < end; i++) {
    n = &s->verdicts.tree->nodes[i];
    for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
      const th_verdict_fact *v = &s->verdicts.facts[f];
      const th_patient_fact *p = th_explain_evidence(&r->ready, v);
      if (!p || v->basis == TH_BASIS_NONE) continue;
      th_buf_str(line, " \xE2\x80\x94 record: ");
      th_patient_fact_words(r->ready.p, p, line);
      return;
    }
  }
}

static void put_excluded(const th_find_result *r, const th_found *s, th_buf *line) {
  const th_verdict_trial *t = &s->trial;
  if (t->grade != TH_GRADE_EXCLUDED) return;
  if (t->by == TH_FIELD_TEXT && t->node != TH_NO_FACT && s->verdicts.tree) {
    put_criterion(s, t->node, "\xE2\x9C\x97", line);
    put_evidence(r, s, line);
  } else {
    th_buf_printf(line, "\xE2\x9C\x97 the study does not take this %s", th_field_name(t->by));
  }
}

static void put_why(const th_find_result *r, const th_found *s, th_buf *line) {
  for (uint32_t i = 0; i < s->ranked.n_why; i++) {
    th_buf_str(line, i ? ", " : "about ");
    th_buf_span(line, r->topic.concepts[s->ranked.why[i]].said);
  }
}

static void put_study(const th_find_result *r, const th_found *s, const th_tty *term, th_buf *out) {
  static const th_style styles[] = {
      [TH_GRADE_EXCLUDED] = TH_DIM, [TH_GRADE_POSSIBLE] = TH_YELLOW, [TH_GRADE_LIKELY] = TH_GREEN};
  char nct[TH_NCT_LEN + 1];
  th_buf line;
  th_guest_buf(&line, 1 << 16);
  th_nct_format(s->ranked.nct, nct);
  th_buf_printf(out, "%s%s%s  ", th_tty_style(term, TH_CYAN), nct, th_tty_style(term, TH_PLAIN));
  th_tty_wrap(out, s->shown.title, term->width, -INDENT, INDENT);
  put_grade(s, &line);
  put_line(out, term, styles[s->trial.grade], &line);
  put_excluded(r, s, &line);
  put_line(out, term, TH_PLAIN, &line);
  put_why(r, s, &line);
  put_line(out, term, TH_DIM, &line);
  th_buf_dispose(&line);
}

static void put_questions(const th_find_result *r, const th_tty *term, th_buf *out) {
  th_buf line;
  if (!r->n_questions) return;
  th_guest_buf(&line, 1 << 16);
  th_buf_printf(out, "\n%sWhat to ask next%s\n", th_tty_style(term, TH_BOLD),
                th_tty_style(term, TH_PLAIN));
  for (uint32_t i = 0; i < r->n_questions; i++) {
    const th_question *q = &r->questions[i];
    th_buf_span(&line, q->words);
    th_buf_printf(&line, " (open in %u %s)", q->n_studies, q->n_studies == 1 ? "study" : "studies");
    th_tty_wrap(out, th_buf_view(&line), term->width, 2, 4);
    th_buf_clear(&line);
  }
  th_buf_dispose(&line);
}

void th_cli_match_text(const th_find_result *r, const th_tty *term, th_buf *out) {
  if (!r->n) th_buf_str(out, "0 studies: none is about anything that was read in the record\n");
  for (uint32_t i = 0; i < r->n; i++)
    put_study(r, &r->studies[i], term, out);
  put_questions(r, term, out);
}
