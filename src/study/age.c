#include "study/age.h"

static const struct {
  const char *name; /* plural with an s */
  int64_t minutes;
  const char *others[6]; /* short, and in Spanish, as people type them */
} units[] = {
    [TH_AGE_MINUTES] = {"minute", 1, {"min", "mins", "minuto", "minutos"}},
    [TH_AGE_HOURS] = {"hour", 60, {"h", "hr", "hrs", "hora", "horas"}},
    [TH_AGE_DAYS] = {"day", 1440, {"d", "día", "días", "dia", "dias"}},
    [TH_AGE_WEEKS] = {"week", 10080, {"w", "wk", "wks", "semana", "semanas"}},
    [TH_AGE_MONTHS] = {"month", TH_AGE_MONTH_MIN, {"m", "mo", "mos", "mes", "meses"}},
    [TH_AGE_YEARS] = {"year", TH_AGE_YEAR_MIN, {"y", "yr", "yrs", "año", "años"}},
};

static bool is_unit(th_span word, int u) {
  th_span name = th_span_of(units[u].name), one = word;
  if (one.n == name.n + 1 && (one.p[one.n - 1] | 32) == 's') one.n--;
  if (th_span_eq_nocase(one, name)) return true;
  for (size_t i = 0; i < TH_COUNT(units[u].others) && units[u].others[i]; i++)
    if (th_span_eq_nocase(word, th_span_of(units[u].others[i]))) return true;
  return false;
}

bool th_age_parse(th_span s, th_age *out) {
  uint32_t amount = 0;
  size_t i = 0;
  s = th_span_trim(s);
  for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
    if (i == 9) return false;
    amount = amount * 10 + (uint32_t)(s.p[i] - '0');
  }
  if (i == 0) return false;
  th_span word = th_span_trim((th_span){s.p + i, s.n - i});
  for (int u = 0; u < (int)TH_COUNT(units); u++) {
    if (!is_unit(word, u)) continue;
    *out = (th_age){amount * units[u].minutes, amount, (uint8_t)u};
    return true;
  }
  return false;
}

bool th_age_is_none(th_span s) {
  s = th_span_trim(s);
  return s.n == 0 || th_span_eq_nocase(s, TH_SPAN("N/A")) || th_span_eq_nocase(s, TH_SPAN("NA")) ||
         th_span_eq_nocase(s, TH_SPAN("None"));
}

static void put_unit(const th_age *age, th_buf *out) {
  th_buf_printf(out, " %s%s", units[age->unit].name, age->amount == 1 ? "" : "s");
}

void th_age_text(const th_age *age, th_buf *out) {
  th_buf_u64(out, age->amount);
  put_unit(age, out);
}

void th_age_range_text(const th_age *min, const th_age *max, th_buf *out) {
  if (!min && !max) {
    th_buf_str(out, "All ages");
  } else if (!max) {
    th_age_text(min, out);
    th_buf_str(out, " and older");
  } else {
    if (!min) {
      th_buf_str(out, "up to ");
    } else if (min->unit != max->unit) {
      th_age_text(min, out);
      th_buf_str(out, " to ");
    } else if (min->amount != max->amount) {
      th_buf_u64(out, min->amount);
      th_buf_str(out, " to ");
    }
    th_age_text(max, out);
    th_buf_str(out, " old");
  }
}
