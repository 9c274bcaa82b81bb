/* Facts in words for people. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/json.h"

void th_elig_number_words(double v, th_buf *out) {
  if (!isfinite(v)) return;
  if (fabs(v) < 1e15 && v == floor(v)) {
    th_buf_printf(out, "%.0f", v);
    return;
  }
  th_buf_printf(out, "%.6g", v);
}

static void put_reference(const th_elig_fact *f, th_buf *out) {
  static const char *const words[] = {"", " × ULN", " × LLN", " % of predicted"};
  th_buf_str(out, words[f->reference & 3]);
}

static void put_numeric(const th_elig_tree *t, const th_elig_fact *f, th_buf *out) {
  if (f->attribute == TH_ELIG_ATTRIBUTE_OTHER)
    th_buf_span(out, th_elig_measure_name(t, f));
  else
    th_buf_str(out, th_elig_attributes[f->attribute].key);
  th_buf_char(out, ' ');
  if (f->relation == TH_ELIG_BETWEEN) {
    th_elig_number_words(f->value, out);
    th_buf_str(out, " to ");
    th_elig_number_words(f->high, out);
  } else {
    th_buf_printf(out, "%s ", th_elig_relation_name(f->relation));
    th_elig_number_words(f->value, out);
    if (isfinite(f->high)) {
      th_buf_char(out, '-');
      th_elig_number_words(f->high, out);
    }
  }
  if (f->unit && f->reference == TH_ELIG_ABSOLUTE) th_buf_printf(out, " %s", f->unit);
  put_reference(f, out);
}

static void put_concept(const th_elig_fact *f, th_buf *out) {
  th_buf_printf(out, "%s: ", th_elig_category_name(f->category));
  th_buf_span(out, f->label);
  if (f->degree.n) th_buf_str(out, ", "), th_buf_span(out, f->degree);
  if (f->time != TH_ELIG_TIME_ANY) th_buf_printf(out, ", %s", th_elig_time_name(f->time));
  if (f->family) th_buf_str(out, ", family");
}

void th_elig_fact_words(const th_elig_tree *t, const th_elig_fact *f, th_buf *out) {
  if (f->negated) th_buf_str(out, "not ");
  if (f->type == TH_ELIG_NUMERIC)
    put_numeric(t, f, out);
  else
    put_concept(f, out);
  if (f->window.present) {
    th_buf_printf(out, ", %s ", th_elig_relation_name(f->window.relation));
    th_elig_number_words(f->window.value, out);
    if (isfinite(f->window.high)) th_buf_char(out, '-'), th_elig_number_words(f->window.high, out);
    th_buf_printf(out, " %s%s", f->window.unit,
                  f->window.forward ? " after"
                  : f->window.since ? " since"
                                    : "");
  }
  if (f->guard.kind) {
    th_buf_str(out, f->guard.kind == TH_ELIG_IF ? ", if " : ", unless ");
    th_buf_span(out, (th_span){t->text.p + f->guard.from, f->guard.to - f->guard.from});
  }
}
