/* The filters of command line, API and portal: one table of names, one reader a kind. */
#include "query/params.h"

#include <ctype.h>
#include <stdio.h>

#include "query/tree.h"
#include "study/age.h"
#include "study/date.h"
#include "study/nct.h"

const th_text_param th_text_params[] = {
    {"cond", "Conditions or disease", TH_A_ConditionSearch},
    {"intr", "Intervention / treatment", TH_A_InterventionSearch},
    {"term", "Other terms", TH_A_BasicSearch},
    {"titles", "Title / acronym", TH_A_TitleSearch},
    {"locn", "Location terms", TH_A_LocationSearch},
    {"spons", "Sponsor / collaborator", TH_A_SponsorSearch},
    {"outc", "Outcome measure", TH_A_OutcomeSearch},
    {"id", "Study IDs", TH_A_IdSearch},
    {"lead", "Lead sponsor name", TH_SCOPE_FIELD | TH_F_LeadSponsorName},
    {"patient", "Patient", TH_A_PatientSearch},
};
const unsigned th_n_text_params = TH_COUNT(th_text_params);

/* How the value of a filter is read. */
typedef struct filter {
  th_filter_param shown;
  int (*read)(th_query **out, th_arena *arena, const struct filter *f, th_span value, th_err *err);
  uint16_t field, also; /* also: a second field in which the value may stand instead */
} filter;

static int fail_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory");
}

static int fail_value(const filter *f, th_span value, th_err *err) {
  return th_err_set(err, TH_EUSAGE, "%s: \"%.*s\" is not allowed; values: %s", f->shown.name,
                    (int)TH_MIN(value.n, 80), value.p, f->shown.values);
}

/* The next item of a list separated by sep characters; trimmed. False at the end. */
static bool next_item(th_span *rest, const char *separators, th_span *item) {
  if (!rest->p) return false;
  size_t n = 0;
  while (n < rest->n && !strchr(separators, rest->p[n]))
    n++;
  *item = th_span_trim((th_span){rest->p, n});
  if (n < rest->n)
    *rest = (th_span){rest->p + n + 1, rest->n - n - 1};
  else
    *rest = (th_span){NULL, 0};
  return true;
}

static int either_field(th_query **out, th_arena *arena, th_query *a, th_query *b, th_err *err) {
  th_query *both[2] = {a, b};
  *out = th_query_or(arena, both, 2);
  return *out ? 0 : fail_memory(err);
}

/* ---- enums ---- */

/* Letters and digits only, so that "not yet recruiting", "NOT_YET_RECRUITING" and "Not-yet
 * recruiting" are one. */
static size_t bare(th_span s, char *out, size_t cap) {
  size_t n = 0;
  for (size_t i = 0; i < s.n && n < cap; i++)
    if (isalnum((unsigned char)s.p[i])) out[n++] = (char)tolower((unsigned char)s.p[i]);
  return n;
}

static bool same_bare(th_span a, th_span b) {
  char x[96], y[96];
  size_t n = bare(a, x, sizeof x), m = bare(b, y, sizeof y);
  return n && n == m && memcmp(x, y, n) == 0;
}

static uint64_t enum_mask(uint16_t field, th_span item) {
  uint16_t id = th_fields[field].enum_id;
  int value = th_enum_value(id, item);
  for (int i = 0; value < 0 && i < th_enums[id].n; i++)
    if (same_bare(item, th_span_of(th_enum_name(id, i))) ||
        same_bare(item, th_span_of(th_enum_legacy(id, i, field))))
      value = i;
  return value < 0 || value > 63 ? 0 : 1ull << value;
}

/* Short words for values or groups of values. */
typedef struct short_word {
  const char *word;
  uint16_t field;
  uint64_t mask;
} short_word;

#define BIT(value) (1ull << TH_##value)
static const short_word short_words[] = {
    {"0", TH_F_Phase, BIT(Phase_EARLY_PHASE1)},
    {"early", TH_F_Phase, BIT(Phase_EARLY_PHASE1)},
    {"1", TH_F_Phase, BIT(Phase_PHASE1)},
    {"2", TH_F_Phase, BIT(Phase_PHASE2)},
    {"3", TH_F_Phase, BIT(Phase_PHASE3)},
    {"4", TH_F_Phase, BIT(Phase_PHASE4)},
    {"open", TH_F_OverallStatus, BIT(Status_RECRUITING) | BIT(Status_NOT_YET_RECRUITING)},
    {"active", TH_F_OverallStatus, BIT(Status_ACTIVE_NOT_RECRUITING)},
    {"int", TH_F_StudyType, BIT(StudyType_INTERVENTIONAL)},
    {"obs", TH_F_StudyType, BIT(StudyType_OBSERVATIONAL)},
    {"exp", TH_F_StudyType, BIT(StudyType_EXPANDED_ACCESS)},
    /* Studies that a woman or a man may join: also those open to all. */
    {"female", TH_F_Sex, BIT(Sex_FEMALE) | BIT(Sex_ALL)},
    {"f", TH_F_Sex, BIT(Sex_FEMALE) | BIT(Sex_ALL)},
    {"male", TH_F_Sex, BIT(Sex_MALE) | BIT(Sex_ALL)},
    {"m", TH_F_Sex, BIT(Sex_MALE) | BIT(Sex_ALL)},
    {"child", TH_F_StdAge, BIT(StandardAge_CHILD)},
    {"adult", TH_F_StdAge, BIT(StandardAge_ADULT)},
    {"older", TH_F_StdAge, BIT(StandardAge_OLDER_ADULT)},
    /* Everyone else, as the registry groups its funders. */
    {"other", TH_F_LeadSponsorClass,
     BIT(AgencyClass_OTHER) | BIT(AgencyClass_INDIV) | BIT(AgencyClass_NETWORK) |
         BIT(AgencyClass_OTHER_GOV) | BIT(AgencyClass_UNKNOWN) | BIT(AgencyClass_AMBIG)},
};

static uint64_t item_mask(uint16_t field, th_span item) {
  for (size_t i = 0; i < TH_COUNT(short_words); i++)
    if (short_words[i].field == field && same_bare(item, th_span_of(short_words[i].word)))
      return short_words[i].mask;
  return enum_mask(field, item);
}

static int read_enum(th_query **out, th_arena *arena, const filter *f, th_span value, th_err *err) {
  uint64_t mask = 0;
  th_span item;
  while (next_item(&value, ",|", &item)) {
    uint64_t m = item_mask(f->field, item);
    if (!m) return fail_value(f, item, err);
    mask |= m;
  }
  *out = th_query_mask(arena, f->field, mask);
  if (!*out) return fail_memory(err);
  return f->also == TH_F_NONE
             ? 0
             : either_field(out, arena, *out, th_query_mask(arena, f->also, mask), err);
}

static int read_bool(th_query **out, th_arena *arena, const filter *f, th_span value, th_err *err) {
  static const char *const yes[] = {"yes", "true", "y", "with", "1"};
  static const char *const no[] = {"no", "false", "n", "without", "0"};
  uint64_t mask = 0;
  for (size_t i = 0; i < TH_COUNT(yes); i++) {
    if (th_span_eq_nocase(value, th_span_of(yes[i]))) mask = 2;
    if (th_span_eq_nocase(value, th_span_of(no[i]))) mask = 1;
  }
  if (!mask) return fail_value(f, value, err);
  *out = th_query_mask(arena, f->field, mask);
  return *out ? 0 : fail_memory(err);
}

/* ---- numbers ---- */

/* "child|adult": 0 when anything else is among them. */
static uint64_t age_groups(th_span value) {
  uint64_t mask = 0, one;
  th_span item;
  while (next_item(&value, ",|", &item)) {
    if (!(one = item_mask(TH_F_StdAge, item))) return 0;
    mask |= one;
  }
  return mask;
}

/* "45" is 45 years; "6 months", "18d" as ages are written. A study takes the age when it lies
 * within its limits; no limit is no obstacle. */
static int read_age(th_query **out, th_arena *arena, const filter *f, th_span value, th_err *err) {
  th_age age;
  double years;
  uint64_t group = age_groups(value);
  if (group) {
    *out = th_query_mask(arena, TH_F_StdAge, group);
    return *out ? 0 : fail_memory(err);
  }
  if (!th_age_parse(value, &age)) {
    if (!th_decimal_parse(value, &years) || years < 0 || years > 150)
      return fail_value(f, value, err);
    age.minutes = (int64_t)(years * TH_AGE_YEAR_MIN);
  }
  th_query *parts[2] = {
      th_query_range(arena, TH_F_MinimumAge, INT64_MIN, age.minutes, true),
      th_query_range(arena, TH_F_MaximumAge, age.minutes, INT64_MAX, true),
  };
  if (!parts[0] || !parts[1]) return fail_memory(err);
  *out = th_query_and(arena, parts, 2);
  return *out ? 0 : fail_memory(err);
}

/* ---- circles ---- */

enum { NEAR_KM = 50 }; /* when nothing is said */

/* What stands behind the last comma when it is a distance with a unit: cut off. */
static bool cut_distance(th_span *value, double *km) {
  size_t at = value->n;
  while (at && value->p[at - 1] != ',')
    at--;
  th_span last = th_span_trim((th_span){value->p + at, value->n - at});
  double plain;
  if (!at || th_decimal_parse(last, &plain) || !th_distance_parse(last, 1, km)) return false;
  *value = th_span_trim((th_span){value->p, at - 1});
  return true;
}

static bool read_point(th_span value, th_near *out) {
  th_span item[3] = {{0}}, rest = value;
  unsigned n = 0;
  while (n < 3 && next_item(&rest, ",", &item[n]))
    n++;
  out->has_km |= n == 3;
  return n >= 2 && !rest.p && th_decimal_parse(item[0], &out->lat) &&
         th_decimal_parse(item[1], &out->lon) && out->lat >= -90 && out->lat <= 90 &&
         out->lon >= -180 && out->lon <= 180 &&
         (n == 2 || th_distance_parse(item[2], 1.609344, &out->km));
}

int th_near_parse(th_near *out, th_span value, th_err *err) {
  *out = (th_near){.km = NEAR_KM};
  value = th_span_trim(value);
  out->has_km = cut_distance(&value, &out->km);
  out->where = value;
  if (read_point(value, out)) return 0;
  if (th_geo_find(value, &out->place, 1)) {
    out->named = true;
    out->lat = out->place.lat;
    out->lon = out->place.lon;
    return 0;
  }
  bool number = value.n && strchr("+-.0123456789", value.p[0]);
  if (value.n && !number && !th_geo_places())
    return th_err_set(err, TH_EUSAGE, "near: \"%.*s\": this build knows no places by name",
                      (int)TH_MIN(value.n, 80), value.p);
  return th_err_set(err, TH_EUSAGE, "near: \"%.*s\" %s; values: %s", (int)TH_MIN(value.n, 80),
                    value.p, number ? "is not allowed" : "is no place that is known",
                    TH_NEAR_VALUES);
}

th_span th_near_within(th_arena *arena, th_span near, th_span within) {
  double km;
  th_span bare = near = th_span_trim(near);
  within = th_span_trim(within);
  if (!within.n || !near.n || cut_distance(&bare, &km)) return near;
  double plain;
  bool unit = !th_decimal_parse(within, &plain);
  return th_span_of(th_arena_printf(arena, "%.*s,%.*s%s", (int)near.n, near.p, (int)within.n,
                                    within.p, unit ? "" : "mi"));
}

static int read_near(th_query **out, th_arena *arena, const filter *f, th_span value, th_err *err) {
  th_near near;
  (void)f;
  int rc = th_near_parse(&near, value, err);
  if (rc) return rc;
  *out = th_query_near_placed(arena, near.lat, near.lon, near.km);
  return *out ? 0 : fail_memory(err);
}

/* Cuts "from..to" or "from_to"; a value without either is both sides. */
static void split_span(th_span value, th_span *from, th_span *to) {
  ptrdiff_t at = th_span_find(value, TH_SPAN("..")), skip = 2;
  if (at < 0) at = th_span_find(value, TH_SPAN("_")), skip = 1;
  *from = *to = value;
  if (at < 0) return;
  *from = th_span_trim((th_span){value.p, (size_t)at});
  *to = th_span_trim((th_span){value.p + at + skip, value.n - (size_t)(at + skip)});
}

static int read_dates(th_query **out, th_arena *arena, const filter *f, th_span value,
                      th_err *err) {
  th_span from, to;
  th_date date;
  int64_t low = INT64_MIN, high = INT64_MAX;
  split_span(value, &from, &to);
  if (from.n == 0 && to.n == 0) return fail_value(f, value, err);
  if (from.n) {
    if (!th_date_parse(from, &date)) return fail_value(f, value, err);
    low = date.first_day;
  }
  if (to.n) {
    if (!th_date_parse(to, &date)) return fail_value(f, value, err);
    high = date.last_day;
  }
  if (low > high)
    return th_err_set(err, TH_EUSAGE, "%s: \"%.*s\" ends before it begins", f->shown.name,
                      (int)TH_MIN(value.n, 80), value.p);
  *out = th_query_range(arena, f->field, low, high, false);
  return *out ? 0 : fail_memory(err);
}

/* ---- names ---- */

static int add_word(th_query **sum, th_arena *arena, const filter *f, th_span word, th_err *err) {
  th_query *parts[3] = {*sum, th_query_keyword(arena, f->field, word), NULL};
  if (!parts[1]) return fail_memory(err);
  if (f->also != TH_F_NONE && !(parts[2] = th_query_keyword(arena, f->also, word)))
    return fail_memory(err);
  *sum = th_query_or(arena, parts, 3);
  return *sum ? 0 : fail_memory(err);
}

/* Names hold commas themselves ("Carcinoma, Renal Cell"), so a value with a comma and without '|'
 * is tried whole, too. */
static int read_words(th_query **out, th_arena *arena, const filter *f, th_span value,
                      th_err *err) {
  th_span item, rest = value;
  bool bars = value.n && memchr(value.p, '|', value.n);
  unsigned n = 0;
  int rc = 0;
  *out = NULL;
  if (!bars && memchr(value.p, ',', value.n)) rc = add_word(out, arena, f, value, err);
  while (!rc && next_item(&rest, bars ? "|" : ",", &item)) {
    if (item.n == 0) continue;
    if (++n > 100) return th_err_set(err, TH_EUSAGE, "%s: more than 100 values", f->shown.name);
    rc = add_word(out, arena, f, item, err);
  }
  if (!rc && !*out) rc = fail_value(f, value, err);
  return rc;
}

/* Countries by any of their names: records spell some of them in several ways. What is no country
 * that is known is looked for as it is written. */
static int read_countries(th_query **out, th_arena *arena, const filter *f, th_span value,
                          th_err *err) {
  th_span item, rest = value;
  th_query *parts[2] = {NULL};
  unsigned n = 0;
  bool whole = value.n && !memchr(value.p, '|', value.n) && th_geo_country_code(value).n;
  const char *apart = whole ? "|" : value.n && memchr(value.p, '|', value.n) ? "|" : ",";
  *out = NULL;
  while (next_item(&rest, apart, &item)) {
    th_span code = th_geo_country_code(item);
    if (item.n == 0) continue;
    if (++n > 100) return th_err_set(err, TH_EUSAGE, "%s: more than 100 values", f->shown.name);
    parts[0] = *out;
    parts[1] = code.n ? th_query_keyword(arena, TH_F_LocationCountryCode, code)
                      : th_query_keyword(arena, f->field, item);
    *out = parts[1] ? th_query_or(arena, parts, 2) : NULL;
    if (!*out) return fail_memory(err);
  }
  return *out ? 0 : fail_value(f, value, err);
}

static int read_ids(th_query **out, th_arena *arena, const filter *f, th_span value, th_err *err) {
  size_t n = 0, most = value.n / 4 + 1;
  uint32_t *ncts = th_arena_calloc(arena, most, sizeof *ncts);
  th_span item;
  if (!ncts) return fail_memory(err);
  while (next_item(&value, ",| ", &item)) {
    if (item.n == 0) continue;
    if (!th_nct_parse(item, &ncts[n])) return fail_value(f, item, err);
    n++;
  }
  *out = th_query_ids(arena, ncts, n);
  return *out ? 0 : fail_memory(err);
}

/* ---- the table ---- */

#define DATES "a date, from..to, from.. or ..to; dates are yyyy, yyyy-MM or yyyy-MM-dd"
#define NAMES "names as the registry has them, separated by '|' or commas"
#define FILTERS(X)                                                                                 \
  X("status", "Status",                                                                            \
    "recruiting, not_yet_recruiting, open (both), active_not_recruiting, completed, "              \
    "enrolling_by_invitation, suspended, terminated, withdrawn, unknown, available, "              \
    "no_longer_available, temporarily_not_available, approved_for_marketing",                      \
    "recruiting,not_yet_recruiting", read_enum, TH_F_OverallStatus, TH_F_NONE)                     \
  X("phase", "Phase", "early, 1, 2, 3, 4, na", "2,3", read_enum, TH_F_Phase, TH_F_NONE)            \
  X("type", "Study type", "interventional, observational, expanded_access", "interventional",      \
    read_enum, TH_F_StudyType, TH_F_NONE)                                                          \
  X("age", "Age", "an age (45, 6 months, 10d) that the study takes, or child, adult, older", "45", \
    read_age, TH_F_MinimumAge, TH_F_NONE)                                                          \
  X("sex", "Sex", "female, male (each with the studies open to all), all", "female", read_enum,    \
    TH_F_Sex, TH_F_NONE)                                                                           \
  X("healthy", "Healthy volunteers", "yes, no", "yes", read_bool, TH_F_HealthyVolunteers,          \
    TH_F_NONE)                                                                                     \
  X("near", "Distance", TH_NEAR_VALUES, "Boston, MA, 50mi", read_near, TH_F_LocationGeoPoint,      \
    TH_F_NONE)                                                                                     \
  X("country", "Country", NAMES, "France|Germany", read_countries, TH_F_LocationCountry,           \
    TH_F_NONE)                                                                                     \
  X("state", "State", NAMES, "Massachusetts", read_words, TH_F_LocationState, TH_F_NONE)           \
  X("city", "City", NAMES, "Boston", read_words, TH_F_LocationCity, TH_F_NONE)                     \
  X("condition", "Condition", NAMES, "Asthma", read_words, TH_F_Condition, TH_F_ConditionMeshTerm) \
  X("intervention", "Intervention", NAMES, "Metformin", read_words, TH_F_InterventionName,         \
    TH_F_InterventionMeshTerm)                                                                     \
  X("sponsor", "Sponsor", NAMES, "Pfizer", read_words, TH_F_LeadSponsorName,                       \
    TH_F_CollaboratorName)                                                                         \
  X("funder", "Funder type",                                                                       \
    "nih, fed, industry, network, indiv, other_gov, other (all the rest)", "industry", read_enum,  \
    TH_F_LeadSponsorClass, TH_F_CollaboratorClass)                                                 \
  X("results", "Results", "with, without", "with", read_bool, TH_F_HasResults, TH_F_NONE)          \
  X("start", "Study start", DATES, "2020..2022-06", read_dates, TH_F_StartDate, TH_F_NONE)         \
  X("completion", "Study completion", DATES, "2025..", read_dates, TH_F_CompletionDate, TH_F_NONE) \
  X("posted", "First posted", DATES, "2024-01-01..", read_dates, TH_F_StudyFirstPostDate,          \
    TH_F_NONE)                                                                                     \
  X("updated", "Last update posted", DATES, "2024-06..", read_dates, TH_F_LastUpdatePostDate,      \
    TH_F_NONE)                                                                                     \
  X("ids", "Study numbers", "NCT numbers", "NCT00000102,NCT00000105", read_ids, TH_F_NCTId,        \
    TH_F_NONE)

#define SHOWN(name, label, values, example, read, field, also) {name, label, values, example},
#define READER(name, label, values, example, read, field, also)                                    \
  {{name, label, values, example}, read, field, also},
const th_filter_param th_filter_params[] = {FILTERS(SHOWN)};
static const filter filters[] = {FILTERS(READER)};
const unsigned th_n_filter_params = TH_COUNT(th_filter_params);

int th_filter_parse(th_query **out, th_arena *arena, th_span name, th_span value, th_err *err) {
  *out = NULL;
  value = th_span_trim(value);
  for (size_t i = 0; i < TH_COUNT(filters); i++) {
    if (!th_span_eq(name, th_span_of(filters[i].shown.name))) continue;
    if (value.n == 0) return fail_value(&filters[i], value, err);
    return filters[i].read(out, arena, &filters[i], value, err);
  }
  return th_err_set(err, TH_ENOTFOUND, "there is no filter \"%.*s\"", (int)TH_MIN(name.n, 80),
                    name.p);
}

/* ---- order ---- */

static const struct {
  const char *name;
  th_sort sort;
} orders[] = {
    {"relevance", {TH_SORT_RELEVANCE, true}},    {"@relevance", {TH_SORT_RELEVANCE, true}},
    {"newest", {TH_F_StudyFirstPostDate, true}}, {"updated", {TH_F_LastUpdatePostDate, true}},
    {"start", {TH_F_StartDate, true}},           {"enrollment", {TH_F_EnrollmentCount, true}},
    {"distance", {TH_SORT_DISTANCE, false}},
};

static int field_order(th_sort *out, th_span name, th_err *err) {
  uint16_t field = th_field_by_path(name);
  if (field == TH_F_NONE) return th_err_set(err, TH_EUSAGE, "Unknown sort field");
  switch (th_fields[field].type) {
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
    *out = (th_sort){field, true};
    return 0;
  case TH_FT_INT:
  case TH_FT_NUMBER:
  case TH_FT_AGE:
    *out = (th_sort){field, false};
    return 0;
  default:
    return th_err_set(err, TH_EUSAGE, "Unsupported sort field type: %s",
                      th_fields[field].type_name);
  }
}

int th_sort_parse(th_sort *out, th_span text, th_err *err) {
  const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
  th_span name = {text.p, colon ? (size_t)(colon - text.p) : text.n};
  th_span way = {colon ? colon + 1 : NULL, colon ? text.n - name.n - 1 : 0};
  bool down = th_span_eq(way, TH_SPAN("desc")), up = th_span_eq(way, TH_SPAN("asc"));
  int rc = -1;
  if (colon && !up && !down)
    return th_err_set(err, TH_EUSAGE, "the order of a sort is :asc or :desc, not \":%.*s\"",
                      (int)TH_MIN(way.n, 40), way.p);
  for (size_t i = 0; rc && i < TH_COUNT(orders); i++) {
    if (!th_span_eq(name, th_span_of(orders[i].name))) continue;
    *out = orders[i].sort;
    rc = 0;
  }
  if (rc) rc = field_order(out, name, err);
  if (!rc && (up || down)) out->descending = down;
  return rc;
}
