#include "study/view.h"

#include "study/age.h"
#include "study/date.h"

/* Where pages word a value otherwise than the classic label does. */
static const struct {
  uint16_t enum_id;
  int value;
  const char *label;
} wordings[] = {
    {TH_E_Status, TH_Status_UNKNOWN, "Unknown"},
    {TH_E_DesignMasking, TH_DesignMasking_NONE, "None (Open label)"},
    {TH_E_AgencyClass, TH_AgencyClass_NIH, "NIH"},
    {TH_E_AgencyClass, TH_AgencyClass_FED, "Other U.S. Federal agency"},
    {TH_E_AgencyClass, TH_AgencyClass_OTHER_GOV, "Other government agency"},
    {TH_E_AgencyClass, TH_AgencyClass_INDIV, "Individual"},
    {TH_E_AgencyClass, TH_AgencyClass_INDUSTRY, "Industry"},
    {TH_E_AgencyClass, TH_AgencyClass_NETWORK, "Network"},
    {TH_E_AgencyClass, TH_AgencyClass_AMBIG, "Ambiguous"},
    {TH_E_AgencyClass, TH_AgencyClass_OTHER, "Other"},
    {TH_E_AgencyClass, TH_AgencyClass_UNKNOWN, "Unknown"},
    {TH_E_ReferenceType, TH_ReferenceType_BACKGROUND, "Background"},
    {TH_E_ReferenceType, TH_ReferenceType_RESULT, "Result"},
    {TH_E_ReferenceType, TH_ReferenceType_DERIVED, "Derived"},
};

const char *th_view_label(uint16_t field, th_span value) {
  if (field >= TH_F_COUNT) return NULL;
  uint16_t enum_id = th_fields[field].enum_id;
  int v = th_enum_value(enum_id, value);
  for (size_t i = 0; v >= 0 && i < TH_COUNT(wordings); i++)
    if (wordings[i].enum_id == enum_id && wordings[i].value == v) return wordings[i].label;
  return th_enum_legacy(enum_id, v, field);
}

void th_view_put_label(uint16_t field, th_span value, th_buf *out) {
  const char *label = th_view_label(field, value);
  if (label)
    th_buf_str(out, label);
  else
    th_buf_span(out, value);
}

void th_view_phases(const th_json *j, uint32_t node, th_buf *out) {
  bool first = true;
  if (!node || j->nodes[node].type != TH_JARRAY) return;
  for (th_json_each(j, node, e)) {
    if (!first) th_buf_char(out, '/');
    th_view_put_label(TH_F_Phase, th_json_text(j, e), out);
    first = false;
  }
}

void th_view_enrollment(int64_t count, th_span type, th_buf *out) {
  bool estimated =
      type.n && th_enum_value(TH_E_EnrollmentType, type) == TH_EnrollmentType_ESTIMATED;
  th_buf_i64(out, count);
  th_buf_printf(out, "%s patient%s", estimated ? " estimated" : "", count == 1 ? "" : "s");
}

void th_view_participants(int64_t count, size_t groups, th_buf *out) {
  if (count >= 0) {
    th_buf_i64(out, count);
    th_buf_str(out, count == 1 ? " participant" : " participants");
  }
  if (count >= 0 && groups) th_buf_str(out, " in ");
  if (groups) th_buf_printf(out, "%zu patient group%s", groups, groups == 1 ? "" : "s");
}

void th_view_arm_type(th_span type, th_buf *out) {
  if (type.n == 0) return;
  th_view_put_label(TH_F_ArmGroupType, type, out);
  th_buf_str(out, " group");
}

const char *th_view_volunteers(bool accepts) {
  return accepts ? "Accepts Healthy Volunteers" : "No Healthy Volunteers";
}

void th_view_ages(th_span minimum, th_span maximum, th_buf *out) {
  th_age min, max;
  bool has_min = th_age_parse(minimum, &min), has_max = th_age_parse(maximum, &max);
  bool odd = (!has_min && !th_age_is_none(minimum)) || (!has_max && !th_age_is_none(maximum));
  if (!odd) {
    th_age_range_text(has_min ? &min : NULL, has_max ? &max : NULL, out);
    return;
  }
  th_buf_span(out, minimum);
  th_buf_str(out, " to ");
  th_buf_span(out, maximum);
}

void th_view_date(th_span text, th_buf *out) {
  th_date d;
  if (th_date_parse(text, &d))
    th_date_english(&d, out);
  else
    th_buf_span(out, text);
}

void th_view_masking(const th_json *j, th_span masking, uint32_t masked, th_buf *out) {
  const char *before = " (";
  th_view_put_label(TH_F_DesignMasking, masking, out);
  if (!masked || j->nodes[masked].type != TH_JARRAY) return;
  for (th_json_each(j, masked, e)) {
    th_buf_str(out, before);
    th_view_put_label(TH_F_DesignWhoMasked, th_json_text(j, e), out);
    before = ", ";
  }
  if (before[0] == ',') th_buf_char(out, ')');
}
