#include "cli/cohort_text.h"

#include "study/markup.h"
#include "study/nct.h"

enum { NUMBER = 12 };

static void put_number(th_buf *out, uint64_t n) {
  th_buf text;
  th_buf_init(&text, 64);
  th_tty_count(&text, n);
  th_buf_printf(out, "%*s", (int)(text.n < NUMBER ? NUMBER - text.n : 1), "");
  th_buf_span(out, th_buf_view(&text));
  th_buf_dispose(&text);
}

static void put_counted(th_buf *out, uint64_t n, const char *what) {
  th_tty_count(out, n);
  th_buf_printf(out, " %s", what);
}

void th_cohort_text_step(const th_cohort_trial *trial, const th_cohort_step *s, char *id,
                         th_buf *out) {
  th_buf words;
  th_buf_init(&words, 0);
  th_cohort_step_words(trial, s, id, &words);
  th_markup_unescape(th_buf_view(&words), out);
  if (words.error && !out->error) out->error = words.error;
  th_buf_dispose(&words);
}

/* The criterion on what is left of the line. */
static void put_step(th_buf *out, const th_tty *term, const th_cohort_trial *trial,
                     const th_cohort_step *s, bool most) {
  char id[TH_ELIG_ID_MAX];
  th_buf words;
  unsigned taken = 4 * NUMBER + 2;
  th_buf_init(&words, 0);
  th_cohort_text_step(trial, s, id, &words);
  put_number(out, s->left);
  put_number(out, s->against);
  if (most) th_buf_str(out, th_tty_style(term, TH_YELLOW));
  put_number(out, s->alone);
  if (most) th_buf_str(out, th_tty_style(term, TH_PLAIN));
  put_number(out, s->asks);
  th_buf_printf(out, "  %s%s%s%s", th_tty_style(term, TH_BOLD), id, th_tty_style(term, TH_PLAIN),
                id[0] ? " " : "");
  if (id[0]) taken += (unsigned)strlen(id) + 1;
  th_tty_pad(out, th_buf_view(&words), term->width > taken + 24 ? term->width - taken : 24);
  while (out->n && out->p[out->n - 1] == ' ')
    th_buf_truncate(out, out->n - 1);
  th_buf_char(out, '\n');
  th_buf_dispose(&words);
}

static void put_costliest(th_buf *out, const th_cohort_trial *trial, const th_cohort_result *r) {
  const th_cohort_step *most = th_cohort_costliest(r);
  char id[TH_ELIG_ID_MAX];
  th_buf words;
  if (!most) return;
  th_buf_init(&words, 0);
  th_cohort_text_step(trial, most, id, &words);
  th_buf_str(out, "\nCosts most: ");
  if (id[0])
    th_buf_str(out, id);
  else
    th_tty_clean(out, th_buf_view(&words));
  th_buf_str(out, ". Without it ");
  put_counted(out, most->alone, "more could join.\n");
  th_buf_dispose(&words);
}

void th_cohort_text_study(th_buf *out, const th_tty *term, const char *nct, th_span title,
                          const th_cohort_trial *trial, const th_cohort_result *r) {
  if (nct) {
    th_buf_printf(out, "%s%s%s  ", th_tty_style(term, TH_CYAN), nct, th_tty_style(term, TH_PLAIN));
    th_tty_wrap(out, title, term->width, -13, 13);
  }
  put_counted(out, r->likely + r->possible + r->excluded, "patients: ");
  put_counted(out, r->likely, "likely, ");
  put_counted(out, r->possible, "possible, ");
  put_counted(out, r->excluded, "excluded\n\n");
  th_buf_printf(out, "%s%*s%*s%*s%*s%s\n", th_tty_style(term, TH_DIM), NUMBER, "left", NUMBER,
                "excluded", NUMBER, "by it alone", NUMBER, "to ask", th_tty_style(term, TH_PLAIN));
  for (uint32_t i = 0; i < r->n_steps; i++)
    put_step(out, term, trial, &r->steps[i], &r->steps[i] == th_cohort_costliest(r));
  put_costliest(out, trial, r);
}

void th_cohort_text_rows(th_buf *out, const th_tty *term, const th_cohort_row *rows, size_t n) {
  char nct[TH_NCT_LEN + 1];
  th_buf_printf(out, "%s%-11s%*s%*s  %s%s\n", th_tty_style(term, TH_DIM), "study", NUMBER, "likely",
                NUMBER, "possible", "title; what costs most", th_tty_style(term, TH_PLAIN));
  for (size_t i = 0; i < n; i++) {
    unsigned taken = 11 + 2 * NUMBER + 2;
    unsigned rest = term->width > taken + 24 ? term->width - taken : 24;
    th_nct_format(rows[i].nct, nct);
    th_buf_printf(out, "%s%s%s", th_tty_style(term, TH_CYAN), nct, th_tty_style(term, TH_PLAIN));
    put_number(out, rows[i].likely);
    put_number(out, rows[i].possible);
    th_buf_str(out, "  ");
    th_tty_pad(out, rows[i].title, rest);
    th_buf_char(out, '\n');
    if (!rows[i].alone) continue;
    th_buf_printf(out, "%*s%s", (int)taken, "", th_tty_style(term, TH_DIM));
    th_tty_count(out, rows[i].alone);
    th_buf_str(out, " more without ");
    th_tty_pad(out, rows[i].costliest, rest > 40 ? rest - 26 : rest);
    th_buf_printf(out, "%s\n", th_tty_style(term, TH_PLAIN));
  }
}

void th_cohort_text_who(th_buf *out, const th_tty *term, const th_cohort_row *row) {
  char nct[TH_NCT_LEN + 1];
  th_nct_format(row->nct, nct);
  th_buf_printf(out, "\n%s%s%s  ", th_tty_style(term, TH_CYAN), nct, th_tty_style(term, TH_PLAIN));
  th_tty_wrap(out, row->title, term->width, -13, 13);
}

static void put_open(th_buf *out, const th_cohort_trial *trial, const th_cohort_step *s) {
  char id[TH_ELIG_ID_MAX];
  th_buf words;
  th_buf_init(&words, 0);
  th_cohort_step_words(trial, s, id, &words);
  th_buf_printf(out, " %s", id[0] ? id : s->field == TH_FIELD_AGE ? "age" : "sex");
  th_buf_dispose(&words);
}

void th_cohort_text_member(th_buf *out, const th_tty *term, const th_cohort_trial *trial,
                           const th_cohort_result *r, const th_cohort_member *m) {
  th_buf_printf(out, "  %-9s ", th_grade_name(m->grade));
  if (m->id.n)
    th_tty_clean(out, m->id);
  else
    th_buf_printf(out, "#%llu", (unsigned long long)m->number);
  if (m->n_open) th_buf_printf(out, "%s  to ask:", th_tty_style(term, TH_DIM));
  for (uint32_t i = 0; i < m->n_open; i++)
    put_open(out, trial, &r->steps[m->open[i]]);
  if (m->n_open) th_buf_str(out, th_tty_style(term, TH_PLAIN));
  th_buf_char(out, '\n');
}
