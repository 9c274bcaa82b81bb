#include "cli/page.h"

#include "eligibility/sections.h"
#include "study/markup.h"
#include "study/view.h"

#define PROTOCOL "protocolSection."
#define STATUS PROTOCOL "statusModule."
#define DESIGN PROTOCOL "designModule."
#define ELIGIBILITY PROTOCOL "eligibilityModule."
#define ARMS PROTOCOL "armsInterventionsModule."
#define OUTCOMES PROTOCOL "outcomesModule."

enum { LABEL = 22 }; /* columns of a fact's label */

typedef struct page {
  const th_json *j;
  const th_tty *term;
  th_buf *out, text;
  int rc;
  th_err *err;
} page;

static th_span text_at(const page *p, const char *path) {
  return th_json_path_text(p->j, 0, path);
}

static void styled(page *p, th_style style, th_span text, int first) {
  th_buf_str(p->out, th_tty_style(p->term, style));
  th_tty_wrap(p->out, text, p->term->width, first, (unsigned)first);
  th_buf_str(p->out, th_tty_style(p->term, TH_PLAIN));
}

static void heading(page *p, const char *text) {
  th_buf_char(p->out, '\n');
  styled(p, TH_BOLD, th_span_of(text), 0);
}

/* "Label        value wrapped behind it"; nothing for an empty value. */
static void fact(page *p, const char *label, th_span value) {
  if (value.n == 0) return;
  th_buf_str(p->out, th_tty_style(p->term, TH_CYAN));
  th_tty_pad(p->out, th_span_of(label), LABEL);
  th_buf_str(p->out, th_tty_style(p->term, TH_PLAIN));
  th_tty_wrap(p->out, value, p->term->width, -LABEL, LABEL);
}

static void fact_label(page *p, const char *label, uint16_t field, const char *path) {
  th_buf_clear(&p->text);
  th_view_put_label(field, text_at(p, path), &p->text);
  fact(p, label, th_buf_view(&p->text));
}

static void fact_date(page *p, const char *label, const char *path) {
  th_buf_clear(&p->text);
  th_span date = text_at(p, path);
  if (date.n) th_view_date(date, &p->text);
  fact(p, label, th_buf_view(&p->text));
}

/* The texts of a list, or of `key` in a list of objects, joined. */
static void fact_list(page *p, const char *label, const char *path, const char *key) {
  uint32_t list = th_json_path(p->j, 0, path);
  th_buf_clear(&p->text);
  if (list)
    for (th_json_each(p->j, list, e)) {
      if (p->text.n) th_buf_str(&p->text, "; ");
      th_buf_span(&p->text, key ? th_json_path_text(p->j, e, key) : th_json_text(p->j, e));
    }
  fact(p, label, th_buf_view(&p->text));
}

/* A line of th_markup_to_text: its depth and its sign stay, what is behind wraps below the text. */
static void markup_line(page *p, th_span line, unsigned indent) {
  size_t blanks = 0, sign;
  while (blanks < line.n && line.p[blanks] == ' ')
    blanks++;
  th_span rest = {line.p + blanks, line.n - blanks};
  unsigned at = indent + 2 * (unsigned)blanks; /* deeper than th_markup_to_text has it */
  if (rest.n == 0) {
    th_buf_char(p->out, '\n');
    return;
  }
  sign = th_span_starts(rest, TH_SPAN("\xE2\x80\xA2 ")) ? 4 : 0;
  size_t digits = 0;
  while (digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9')
    digits++;
  if (digits && digits + 1 < rest.n && rest.p[digits + 1] == ' ') sign = digits + 2;
  unsigned hang = at + th_tty_cells((th_span){rest.p, sign});
  for (unsigned i = 0; i < at; i++)
    th_buf_char(p->out, ' ');
  th_buf_put(p->out, rest.p, sign);
  th_tty_wrap(p->out, (th_span){rest.p + sign, rest.n - sign}, p->term->width, -(int)hang, hang);
}

static void markup(page *p, th_span source, unsigned indent) {
  if (source.n == 0 || p->rc < 0) return;
  th_buf_clear(&p->text);
  p->rc = th_markup_to_text(source, &p->text, p->err);
  th_span left = th_buf_view(&p->text);
  while (p->rc == 0 && left.n) {
    const char *end = memchr(left.p, '\n', left.n);
    th_span line = {left.p, end ? (size_t)(end - left.p) : left.n};
    markup_line(p, line, indent);
    size_t used = line.n + (end != NULL);
    left.p += used, left.n -= used;
  }
}

/* ---- sections ---- */

static void top(page *p) {
  styled(p, TH_BOLD, text_at(p, PROTOCOL "identificationModule.briefTitle"), 0);
  th_buf_char(p->out, '\n');
  fact(p, "Sponsor", text_at(p, PROTOCOL "sponsorCollaboratorsModule.leadSponsor.name"));
  fact_list(p, "Collaborators", PROTOCOL "sponsorCollaboratorsModule.collaborators", "name");
  fact_label(p, "Status", TH_F_OverallStatus, STATUS "overallStatus");
  fact(p, "Why stopped", text_at(p, STATUS "whyStopped"));
  th_buf_clear(&p->text);
  th_view_phases(p->j, th_json_path(p->j, 0, DESIGN "phases"), &p->text);
  fact(p, "Phase", th_buf_view(&p->text));
  fact_list(p, "Conditions", PROTOCOL "conditionsModule.conditions", NULL);
  th_buf_clear(&p->text);
  uint32_t list = th_json_path(p->j, 0, ARMS "interventions");
  if (list)
    for (th_json_each(p->j, list, e)) {
      if (p->text.n) th_buf_str(&p->text, "; ");
      th_view_put_label(TH_F_InterventionType, th_json_path_text(p->j, e, "type"), &p->text);
      th_buf_str(&p->text, ": ");
      th_buf_span(&p->text, th_json_path_text(p->j, e, "name"));
    }
  fact(p, "Treatments", th_buf_view(&p->text));
  fact_label(p, "Study type", TH_F_StudyType, DESIGN "studyType");
  fact_label(p, "Funder types", TH_F_LeadSponsorClass,
             PROTOCOL "sponsorCollaboratorsModule.leadSponsor.class");
}

static void identifiers(page *p) {
  uint32_t list = th_json_path(p->j, 0, PROTOCOL "identificationModule.secondaryIdInfos");
  th_buf_clear(&p->text);
  th_buf_span(&p->text, text_at(p, PROTOCOL "identificationModule.nctId"));
  th_span own = text_at(p, PROTOCOL "identificationModule.orgStudyIdInfo.id");
  if (own.n) th_buf_str(&p->text, "; "), th_buf_span(&p->text, own);
  if (list)
    for (th_json_each(p->j, list, e)) {
      th_buf_str(&p->text, "; ");
      th_buf_span(&p->text, th_json_path_text(p->j, e, "id"));
    }
  fact(p, "Identifiers", th_buf_view(&p->text));
  fact(p, "Acronym", text_at(p, PROTOCOL "identificationModule.acronym"));
  fact(p, "Official title", text_at(p, PROTOCOL "identificationModule.officialTitle"));
}

static void dates(page *p) {
  fact_date(p, "Start", STATUS "startDateStruct.date");
  fact_date(p, "Primary completion", STATUS "primaryCompletionDateStruct.date");
  fact_date(p, "Completion", STATUS "completionDateStruct.date");
  fact_date(p, "First posted", STATUS "studyFirstPostDateStruct.date");
  fact_date(p, "Results posted", STATUS "resultsFirstPostDateStruct.date");
  fact_date(p, "Last update posted", STATUS "lastUpdatePostDateStruct.date");
}

static void about(page *p) {
  th_span summary = text_at(p, PROTOCOL "descriptionModule.briefSummary");
  th_span detail = text_at(p, PROTOCOL "descriptionModule.detailedDescription");
  if (summary.n) heading(p, "About"), markup(p, summary, 0);
  if (detail.n) heading(p, "Full description"), markup(p, detail, 0);
}

static void who_can_join(page *p) {
  int64_t count = -1;
  bool counted = th_json_int(p->j, th_json_path(p->j, 0, DESIGN "enrollmentInfo.count"), &count);
  uint32_t healthy = th_json_path(p->j, 0, ELIGIBILITY "healthyVolunteers");
  heading(p, "Patient eligibility");
  th_buf_clear(&p->text);
  if (counted) th_view_enrollment(count, text_at(p, DESIGN "enrollmentInfo.type"), &p->text);
  fact(p, "Enrollment", th_buf_view(&p->text));
  fact_label(p, "Sex", TH_F_Sex, ELIGIBILITY "sex");
  th_buf_clear(&p->text);
  th_view_ages(text_at(p, ELIGIBILITY "minimumAge"), text_at(p, ELIGIBILITY "maximumAge"),
               &p->text);
  fact(p, "Ages", th_buf_view(&p->text));
  if (healthy)
    fact(p, "Volunteers", th_span_of(th_view_volunteers(p->j->nodes[healthy].type == TH_JTRUE)));
  fact(p, "Study population", text_at(p, ELIGIBILITY "studyPopulation"));
}

static void section(page *p, const th_elig_tree *t, const th_elig_section *s) {
  static const char *const names[] = {"Criteria", "Inclusion criteria", "Exclusion criteria"};
  bool own = s->kind == TH_ELIG_UNKNOWN && s->header.n;
  th_buf_char(p->out, '\n');
  styled(p, TH_BOLD, own ? s->header : th_span_of(names[s->kind]), 0);
  markup(p, (th_span){t->text.p + s->from, s->to - s->from}, 2);
}

static void criteria(page *p) {
  th_arena arena;
  th_elig_tree tree;
  th_elig_section s = {0};
  th_arena_init(&arena, 0);
  if (p->rc == 0)
    p->rc = th_elig_read(text_at(p, ELIGIBILITY "eligibilityCriteria"), &arena, &tree, p->err);
  while (p->rc == 0 && th_elig_section_next(&tree, &s))
    section(p, &tree, &s);
  th_arena_dispose(&arena);
}

static void arm(page *p, uint32_t node) {
  th_span label = th_json_path_text(p->j, node, "label");
  th_buf_char(p->out, '\n');
  styled(p, TH_GREEN, label, 2);
  th_buf_clear(&p->text);
  th_view_arm_type(th_json_path_text(p->j, node, "type"), &p->text);
  if (p->text.n) th_tty_wrap(p->out, th_buf_view(&p->text), p->term->width, 4, 4);
  markup(p, th_json_path_text(p->j, node, "description"), 4);
  uint32_t names = th_json_get(p->j, node, TH_SPAN("interventionNames"));
  if (!names) return;
  for (th_json_each(p->j, names, e)) {
    th_buf_clear(&p->text);
    th_buf_str(&p->text, "Treatment: ");
    th_buf_span(&p->text, th_json_text(p->j, e));
    th_tty_wrap(p->out, th_buf_view(&p->text), p->term->width, 4, 6);
  }
}

static void trial_design(page *p) {
  uint32_t groups = th_json_path(p->j, 0, ARMS "armGroups");
  uint32_t masked = th_json_path(p->j, 0, DESIGN "designInfo.maskingInfo.whoMasked");
  th_span masking = text_at(p, DESIGN "designInfo.maskingInfo.masking");
  int64_t count = -1;
  if (!th_json_int(p->j, th_json_path(p->j, 0, DESIGN "enrollmentInfo.count"), &count)) count = -1;
  heading(p, "Trial design");
  fact_label(p, "Primary purpose", TH_F_DesignPrimaryPurpose, DESIGN "designInfo.primaryPurpose");
  fact_label(p, "Allocation", TH_F_DesignAllocation, DESIGN "designInfo.allocation");
  fact_label(p, "Interventional model", TH_F_DesignInterventionModel,
             DESIGN "designInfo.interventionModel");
  fact_label(p, "Observational model", TH_F_DesignObservationalModel,
             DESIGN "designInfo.observationalModel");
  fact_label(p, "Time perspective", TH_F_DesignTimePerspective,
             DESIGN "designInfo.timePerspective");
  th_buf_clear(&p->text);
  if (masking.n) th_view_masking(p->j, masking, masked, &p->text);
  fact(p, "Masking", th_buf_view(&p->text));
  th_buf_clear(&p->text);
  th_view_participants(count, groups ? p->j->nodes[groups].n : 0, &p->text);
  if (p->text.n)
    th_buf_char(p->out, '\n'), th_tty_wrap(p->out, th_buf_view(&p->text), p->term->width, 0, 0);
  if (groups)
    for (th_json_each(p->j, groups, e))
      arm(p, e);
}

static void outcome_list(page *p, const char *title, const char *path) {
  uint32_t list = th_json_path(p->j, 0, path);
  if (!list) return;
  heading(p, title);
  for (th_json_each(p->j, list, e)) {
    th_span frame = th_json_path_text(p->j, e, "timeFrame");
    th_buf_clear(&p->text);
    th_buf_span(&p->text, th_json_path_text(p->j, e, "measure"));
    if (frame.n) {
      th_buf_str(&p->text, " (");
      th_buf_span(&p->text, frame);
      th_buf_char(&p->text, ')');
    }
    th_buf_str(p->out, "  \xE2\x80\xA2 ");
    th_tty_wrap(p->out, th_buf_view(&p->text), p->term->width, -4, 4);
  }
}

/* "Boston, Massachusetts, United States: Hospital (Recruiting)" */
static void site(page *p, uint32_t node) {
  static const char *const keys[] = {"city", "state", "country"};
  th_buf_clear(&p->text);
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    th_span part = th_json_path_text(p->j, node, keys[i]);
    if (part.n && p->text.n) th_buf_str(&p->text, ", ");
    th_buf_span(&p->text, part);
  }
  th_span facility = th_json_path_text(p->j, node, "facility"),
          status = th_json_path_text(p->j, node, "status");
  if (facility.n) th_buf_str(&p->text, p->text.n ? ": " : ""), th_buf_span(&p->text, facility);
  if (status.n) {
    th_buf_str(&p->text, " (");
    th_view_put_label(TH_F_LocationStatus, status, &p->text);
    th_buf_char(&p->text, ')');
  }
  th_buf_str(p->out, "  \xE2\x80\xA2 ");
  th_tty_wrap(p->out, th_buf_view(&p->text), p->term->width, -4, 4);
}

static void contact(page *p, uint32_t node) {
  static const char *const keys[] = {"name", "phone", "email"};
  th_buf_clear(&p->text);
  for (size_t i = 0; i < TH_COUNT(keys); i++) {
    th_span part = th_json_path_text(p->j, node, keys[i]);
    if (part.n && p->text.n) th_buf_str(&p->text, ", ");
    th_buf_span(&p->text, part);
  }
  fact(p, "Contact", th_buf_view(&p->text));
}

static void contacts_and_locations(page *p) {
  uint32_t sites = th_json_path(p->j, 0, PROTOCOL "contactsLocationsModule.locations");
  uint32_t contacts = th_json_path(p->j, 0, PROTOCOL "contactsLocationsModule.centralContacts");
  th_buf_char(p->out, '\n');
  th_buf_clear(&p->text);
  th_buf_printf(&p->text, "Trial contacts and locations: %u", sites ? p->j->nodes[sites].n : 0);
  styled(p, TH_BOLD, th_buf_view(&p->text), 0);
  if (contacts)
    for (th_json_each(p->j, contacts, e))
      contact(p, e);
  if (sites)
    for (th_json_each(p->j, sites, e))
      site(p, e);
}

int th_cli_page(const th_json *record, const th_tty *term, th_buf *out, th_err *err) {
  page p = {.j = record, .term = term, .out = out, .err = err};
  th_buf_init(&p.text, 0);
  top(&p);
  identifiers(&p);
  dates(&p);
  about(&p);
  who_can_join(&p);
  criteria(&p);
  trial_design(&p);
  outcome_list(&p, "Primary outcomes", OUTCOMES "primaryOutcomes");
  outcome_list(&p, "Secondary outcomes", OUTCOMES "secondaryOutcomes");
  outcome_list(&p, "Other outcomes", OUTCOMES "otherOutcomes");
  contacts_and_locations(&p);
  th_buf_str(out, "\nData sourced from clinicaltrials.gov\n");
  if (p.rc == 0 && (p.text.error || out->error))
    p.rc = th_err_set(err, out->error ? out->error : p.text.error, "study page");
  th_buf_dispose(&p.text);
  return p.rc;
}
