#include "portal/words.h"

#include "geo/geo.h"
#include "study/age.h"
#include "study/view.h"

void th_words_label(th_lang lang, uint16_t field, th_span value, th_buf *out) {
  const char *label = th_view_label(field, value);
  if (label)
    th_buf_str(out, th_say_label(lang, label));
  else
    th_buf_span(out, value);
}

void th_words_phases(th_lang lang, const th_json *j, uint32_t node, th_buf *out) {
  bool first = true;
  if (!node || j->nodes[node].type != TH_JARRAY) return;
  for (th_json_each(j, node, e)) {
    if (!first) th_buf_char(out, '/');
    th_words_label(lang, TH_F_Phase, th_json_text(j, e), out);
    first = false;
  }
}

th_span th_words_country(th_lang lang, th_span name) {
  th_span code = th_geo_country_code(name);
  return code.n ? th_geo_country_name_in(code, th_span_of(th_message_tables[lang].code)) : name;
}

void th_words_number(th_lang lang, int64_t v, th_buf *out) {
  static const char signs[TH_LANG_COUNT] = {',', '.'};
  char digits[32];
  size_t at = sizeof digits;
  uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  /* Spanish leaves numbers of four digits whole. */
  bool grouped = lang != TH_LANG_ES || u >= 10000;
  for (int n = 0; n == 0 || u; n++, u /= 10) {
    if (grouped && n && n % 3 == 0) digits[--at] = signs[lang];
    digits[--at] = (char)('0' + u % 10);
  }
  if (v < 0) digits[--at] = '-';
  th_buf_span(out, (th_span){digits + at, sizeof digits - at});
}

void th_words_decimal(th_lang lang, th_span text, th_buf *out) {
  size_t whole = 0, at = text.n && text.p[0] == '-';
  size_t start = at;
  while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9')
    at++;
  whole = at - start;
  size_t point = at;
  at += at < text.n && text.p[at] == '.';
  while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9')
    at++;
  bool plain = at == text.n && whole && whole <= 15 && at != point + 1 &&
               (whole == 1 || text.p[start] != '0');
  if (!plain) {
    th_buf_span(out, text);
    return;
  }
  int64_t n = 0;
  for (size_t i = start; i < start + whole; i++)
    n = n * 10 + (text.p[i] - '0');
  if (start) th_buf_char(out, '-');
  th_words_number(lang, n, out);
  if (point == text.n) return;
  th_buf_char(out, lang == TH_LANG_ES ? ',' : '.');
  th_buf_span(out, (th_span){text.p + point + 1, text.n - point - 1});
}

void th_words_enrollment(th_lang lang, int64_t count, th_span type, th_buf *out) {
  bool estimated =
      type.n && th_enum_value(TH_E_EnrollmentType, type) == TH_EnrollmentType_ESTIMATED;
  th_words_number(lang, count, out);
  if (lang == TH_LANG_EN) { /* the word stands between the number and its noun */
    th_buf_printf(out, "%s patient%s", estimated ? " estimated" : "", count == 1 ? "" : "s");
    return;
  }
  th_say_put(lang, count == 1 ? M(tail_patient) : M(tail_patients), out);
  if (estimated) th_say_put(lang, M(tail_estimated_count), out);
}

void th_words_participants(th_lang lang, int64_t count, size_t groups, th_buf *out) {
  if (count >= 0) {
    th_words_number(lang, count, out);
    th_say_put(lang, count == 1 ? M(tail_participant) : M(tail_participants), out);
  }
  if (count >= 0 && groups) th_say_put(lang, M(tail_in), out);
  if (!groups) return;
  th_words_number(lang, (int64_t)groups, out);
  th_say_put(lang, groups == 1 ? M(tail_patient_group) : M(tail_patient_groups), out);
}

void th_words_arm_type(th_lang lang, th_span type, th_buf *out) {
  if (lang == TH_LANG_EN || type.n == 0) {
    th_view_arm_type(type, out);
    return;
  }
  th_say_put(lang, M(lead_group_of_type), out);
  th_words_label(lang, TH_F_ArmGroupType, type, out);
}

/* ---- ages ---- */

static const char *unit_name(const th_age *age, bool one) {
  switch ((th_age_unit)age->unit) {
  case TH_AGE_MINUTES:
    return one ? M(tail_minute) : M(tail_minutes);
  case TH_AGE_HOURS:
    return one ? M(tail_hour) : M(tail_hours);
  case TH_AGE_DAYS:
    return one ? M(tail_day) : M(tail_days);
  case TH_AGE_WEEKS:
    return one ? M(tail_week) : M(tail_weeks);
  case TH_AGE_MONTHS:
    return one ? M(tail_month) : M(tail_months);
  case TH_AGE_YEARS:
    break;
  }
  return one ? M(tail_year) : M(tail_years);
}

static void put_age(th_lang lang, const th_age *age, th_buf *out) {
  th_words_number(lang, age->amount, out);
  th_say_put(lang, unit_name(age, age->amount == 1), out);
}

void th_words_ages(th_lang lang, th_span minimum, th_span maximum, th_buf *out) {
  th_age min, max;
  bool has_min = th_age_parse(minimum, &min), has_max = th_age_parse(maximum, &max);
  bool odd = (!has_min && !th_age_is_none(minimum)) || (!has_max && !th_age_is_none(maximum));
  if (lang == TH_LANG_EN || odd) {
    th_view_ages(minimum, maximum, out);
  } else if (!has_min && !has_max) {
    th_say_put(lang, M(all_ages), out);
  } else if (has_min && has_max && min.minutes == max.minutes) {
    put_age(lang, &min, out);
  } else if (!has_min) {
    th_say_put(lang, M(lead_up_to), out);
    put_age(lang, &max, out);
  } else {
    th_say_put(lang, has_max ? M(lead_ages_from) : M(lead_ages_at_least), out);
    if (has_max && min.unit == max.unit)
      th_words_number(lang, min.amount, out);
    else
      put_age(lang, &min, out);
    th_say_put(lang, has_max ? M(tail_to) : M(tail_and_older), out);
    if (has_max) put_age(lang, &max, out);
  }
}

/* ---- dates ---- */

static const char *month_name(unsigned month) {
  switch (month) {
  case 1:
    return M(january);
  case 2:
    return M(february);
  case 3:
    return M(march);
  case 4:
    return M(april);
  case 5:
    return M(may);
  case 6:
    return M(june);
  case 7:
    return M(july);
  case 8:
    return M(august);
  case 9:
    return M(september);
  case 10:
    return M(october);
  case 11:
    return M(november);
  default:
    return M(december);
  }
}

/* "5 de enero de 2004", "enero de 2004", "2004". */
void th_words_day(th_lang lang, const th_date *date, th_buf *out) {
  int year;
  unsigned month, day;
  if (lang == TH_LANG_EN) {
    th_date_english(date, out);
    return;
  }
  th_date_civil(date->first_day, &year, &month, &day);
  if (date->precision == TH_DATE_DAY) {
    th_buf_u64(out, day);
    th_say_put(lang, M(tail_of_month), out);
  }
  if (date->precision != TH_DATE_YEAR) {
    th_say_put(lang, month_name(month), out);
    th_say_put(lang, M(tail_of_year), out);
  }
  th_buf_i64(out, year);
}

void th_words_date(th_lang lang, th_span text, th_buf *out) {
  th_date d;
  if (th_date_parse(text, &d))
    th_words_day(lang, &d, out);
  else
    th_buf_span(out, text);
}

void th_words_masking(th_lang lang, const th_json *j, th_span masking, uint32_t masked,
                      th_buf *out) {
  const char *before = " (";
  th_words_label(lang, TH_F_DesignMasking, masking, out);
  if (!masked || j->nodes[masked].type != TH_JARRAY) return;
  for (th_json_each(j, masked, e)) {
    th_buf_str(out, before);
    th_words_label(lang, TH_F_DesignWhoMasked, th_json_text(j, e), out);
    before = ", ";
  }
  if (before[0] == ',') th_buf_char(out, ')');
}
