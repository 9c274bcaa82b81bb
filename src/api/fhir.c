#include "api/fhir.h"
#include "api/fhir_put.h"

#include "study/age.h"
#include "study/catalogue.h"
#include "study/nct.h"
#include "study/view.h"

#include <stdio.h>

#define P "protocolSection."
#define PROFILE "http://hl7.org/fhir/uv/ebm/StructureDefinition/study-registry-record"

/* The kinds of entries, as they stand in their addresses. */
enum { STUDY, GROUP, SPONSOR, COLLABORATOR, SITE };

typedef struct bundle {
  th_jout w;
  const th_json *j;
  uint32_t nct;
} bundle;

/* ---- small pieces ---- */

static const char *address(const bundle *b, unsigned kind, unsigned i, char out[64]) {
  snprintf(out, 64, "urn:uuid:4e435400-%04x-8000-8000-%08u%04x", kind, b->nct, i & 0xffff);
  return out;
}

static void reference(bundle *b, const char *key, unsigned kind, unsigned i, th_span display) {
  char to[64];
  if (key) th_jout_key(&b->w, key);
  th_jout_object(&b->w);
  th_jout_kv_str(&b->w, "reference", address(b, kind, i, to));
  if (display.n) th_jout_kv_text(&b->w, "display", display);
  th_jout_end_object(&b->w);
}

static th_span text_at(const bundle *b, const char *path) {
  return th_json_path_text(b->j, 0, path);
}

/* Member `key` with the text at the path, when there is one. */
static void text(bundle *b, const char *key, const char *path) {
  th_span s = text_at(b, path);
  if (s.n) th_jout_kv_text(&b->w, key, s);
}

static void member(bundle *b, const char *key, uint32_t node, const char *path) {
  th_span s = th_json_path_text(b->j, node, path);
  if (s.n) th_jout_kv_text(&b->w, key, s);
}

static void open_entry(bundle *b, unsigned kind, unsigned i, const char *type) {
  char url[64];
  th_jout_object(&b->w);
  th_jout_kv_str(&b->w, "fullUrl", address(b, kind, i, url));
  th_jout_key(&b->w, "resource");
  th_jout_object(&b->w);
  th_jout_kv_str(&b->w, "resourceType", type);
  th_jout_kv_str(&b->w, "id", url + strlen("urn:uuid:"));
}

static void close_entry(bundle *b) {
  th_jout_end_object(&b->w);
  th_jout_end_object(&b->w);
}

/* ---- the study ---- */

static void identifier(bundle *b, const char *system, th_span value, th_span type) {
  if (!value.n) return;
  th_jout_object(&b->w);
  if (type.n) {
    th_jout_key(&b->w, "type");
    th_fhir_put_concept(&b->w, NULL, NULL, type);
  }
  if (system) th_jout_kv_str(&b->w, "system", system);
  th_jout_kv_text(&b->w, "value", value);
  th_jout_end_object(&b->w);
}

static void identifiers(bundle *b) {
  char number[TH_NCT_LEN + 1];
  uint32_t list = th_fhir_list_at(b->j, P "identificationModule.secondaryIdInfos");
  th_jout_key(&b->w, "identifier");
  th_jout_array(&b->w);
  identifier(b, "https://clinicaltrials.gov", th_span_of(th_nct_format(b->nct, number)),
             TH_SPAN("ClinicalTrials.gov Identifier"));
  identifier(b, NULL, text_at(b, P "identificationModule.orgStudyIdInfo.id"),
             TH_SPAN("Organization's Unique Protocol ID"));
  if (list)
    for (th_json_each(b->j, list, item))
      identifier(b, NULL, th_json_path_text(b->j, item, "id"),
                 th_fhir_label_of(TH_F_SecondaryIdType, th_json_path_text(b->j, item, "type")));
  th_jout_end_array(&b->w);
}

static void labels(bundle *b) {
  static const struct {
    const char *path, *code;
  } titles[] = {{P "identificationModule.officialTitle", "official"},
                {P "identificationModule.acronym", "acronym"}};
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(titles); i++) {
    th_span s = text_at(b, titles[i].path);
    if (!s.n) continue;
    if (!any) {
      th_jout_key(&b->w, "label");
      th_jout_array(&b->w);
    }
    any = true;
    th_jout_object(&b->w);
    th_jout_key(&b->w, "type");
    th_fhir_put_concept(&b->w, "http://hl7.org/fhir/title-type", titles[i].code, (th_span){0});
    th_jout_kv_text(&b->w, "value", s);
    th_jout_end_object(&b->w);
  }
  if (any) th_jout_end_array(&b->w);
}

static void study_design(bundle *b) {
  static const struct {
    uint16_t field;
    const char *path;
  } parts[] = {
      {TH_F_StudyType, P "designModule.studyType"},
      {TH_F_DesignAllocation, P "designModule.designInfo.allocation"},
      {TH_F_DesignInterventionModel, P "designModule.designInfo.interventionModel"},
      {TH_F_DesignObservationalModel, P "designModule.designInfo.observationalModel"},
      {TH_F_DesignTimePerspective, P "designModule.designInfo.timePerspective"},
      {TH_F_DesignMasking, P "designModule.designInfo.maskingInfo.masking"},
  };
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span value = text_at(b, parts[i].path);
    if (!value.n) continue;
    if (!any) {
      th_jout_key(&b->w, "studyDesign");
      th_jout_array(&b->w);
    }
    any = true;
    th_fhir_put_concept(&b->w, NULL, NULL, th_fhir_label_of(parts[i].field, value));
  }
  if (any) th_jout_end_array(&b->w);
}

/* A list of texts as CodeableConcepts. */
static void concepts(bundle *b, const char *key, const char *path) {
  uint32_t list = th_fhir_list_at(b->j, path);
  if (!list) return;
  th_jout_key(&b->w, key);
  th_jout_array(&b->w);
  for (th_json_each(b->j, list, item))
    th_fhir_put_concept(&b->w, NULL, NULL, th_json_text(b->j, item));
  th_jout_end_array(&b->w);
}

/* Interventions are what the study looks at. */
static void focus(bundle *b) {
  uint32_t list = th_fhir_list_at(b->j, P "armsInterventionsModule.interventions");
  if (!list) return;
  th_jout_key(&b->w, "focus");
  th_jout_array(&b->w);
  for (th_json_each(b->j, list, item)) {
    th_buf words;
    th_buf_init(&words, 0);
    th_view_put_label(TH_F_InterventionType, th_json_path_text(b->j, item, "type"), &words);
    th_buf_str(&words, ": ");
    th_buf_span(&words, th_json_path_text(b->j, item, "name"));
    th_jout_object(&b->w);
    th_jout_key(&b->w, "concept");
    th_fhir_put_concept(&b->w, NULL, NULL, th_buf_view(&words));
    th_jout_end_object(&b->w);
    th_buf_dispose(&words);
  }
  th_jout_end_array(&b->w);
}

/* ---- who takes part in it ---- */

static void party(bundle *b, const char *role, th_span name, int kind, unsigned i) {
  th_jout_object(&b->w);
  if (name.n) th_jout_kv_text(&b->w, "name", name);
  th_jout_key(&b->w, "role");
  th_fhir_put_concept(&b->w, "http://hl7.org/fhir/research-study-party-role", role, (th_span){0});
  if (kind >= 0) reference(b, "party", (unsigned)kind, i, name);
  th_jout_end_object(&b->w);
}

static void parties(bundle *b) {
  static const th_fhir_coding roles[] = {{"STUDY_CHAIR", "study-chair"},
                                         {"STUDY_DIRECTOR", "study-director"},
                                         {"PRINCIPAL_INVESTIGATOR", "primary-investigator"},
                                         {"SUB_INVESTIGATOR", "sub-investigator"}};
  th_span sponsor = text_at(b, P "sponsorCollaboratorsModule.leadSponsor.name");
  uint32_t collaborators = th_fhir_list_at(b->j, P "sponsorCollaboratorsModule.collaborators");
  uint32_t officials = th_fhir_list_at(b->j, P "contactsLocationsModule.overallOfficials");
  uint32_t contacts = th_fhir_list_at(b->j, P "contactsLocationsModule.centralContacts");
  unsigned i = 0;
  if (!sponsor.n && !collaborators && !officials && !contacts) return;
  th_jout_key(&b->w, "associatedParty");
  th_jout_array(&b->w);
  if (sponsor.n) party(b, "lead-sponsor", sponsor, SPONSOR, 0);
  if (collaborators)
    for (th_json_each(b->j, collaborators, item))
      party(b, "collaborator", th_json_path_text(b->j, item, "name"), COLLABORATOR, i++);
  if (officials)
    for (th_json_each(b->j, officials, item)) {
      const char *role =
          th_fhir_code_of(roles, TH_COUNT(roles), th_json_path_text(b->j, item, "role"));
      th_span name = th_json_path_text(b->j, item, "name");
      if (name.n) party(b, role ? role : "sub-investigator", name, -1, 0);
    }
  if (contacts)
    for (th_json_each(b->j, contacts, item)) {
      th_span name = th_json_path_text(b->j, item, "name");
      if (name.n) party(b, "recruitment-contact", name, -1, 0);
    }
  th_jout_end_array(&b->w);
}

static void progress(bundle *b) {
  static const th_fhir_coding states[] = {
      {"ACTIVE_NOT_RECRUITING", "active-but-not-recruiting"},
      {"COMPLETED", "completed"},
      {"ENROLLING_BY_INVITATION", "enrolling-by-invitation"},
      {"NOT_YET_RECRUITING", "not-yet-recruiting"},
      {"RECRUITING", "recruiting"},
      {"SUSPENDED", "temporarily-closed-to-accrual"},
      {"TERMINATED", "administratively-completed"},
      {"WITHDRAWN", "withdrawn"},
      {"AVAILABLE", "active"},
      {"APPROVED_FOR_MARKETING", "approved"},
      {"TEMPORARILY_NOT_AVAILABLE", "temporarily-closed-to-accrual"},
      {"NO_LONGER_AVAILABLE", "closed-to-accrual"},
  };
  th_span value = text_at(b, P "statusModule.overallStatus");
  if (!value.n) return;
  th_jout_key(&b->w, "progressStatus");
  th_jout_array(&b->w);
  th_jout_object(&b->w);
  th_jout_key(&b->w, "state");
  th_fhir_put_concept(&b->w, "http://hl7.org/fhir/research-study-status",
                      th_fhir_code_of(states, TH_COUNT(states), value),
                      th_fhir_label_of(TH_F_OverallStatus, value));
  th_jout_end_object(&b->w);
  th_jout_end_array(&b->w);
}

static void recruitment(bundle *b) {
  int64_t count;
  uint32_t node = th_json_path(b->j, 0, P "designModule.enrollmentInfo.count");
  bool counted = node && th_json_int(b->j, node, &count) && count >= 0 && count <= INT32_MAX;
  bool actual = th_span_eq(text_at(b, P "designModule.enrollmentInfo.type"), TH_SPAN("ACTUAL"));
  th_jout_key(&b->w, "recruitment");
  th_jout_object(&b->w);
  if (counted) th_jout_kv_i64(&b->w, actual ? "actualNumber" : "targetNumber", count);
  reference(b, "eligibility", GROUP, 0, (th_span){0});
  th_jout_end_object(&b->w);
}

/* ---- outcomes and sites ---- */

/* The description with the time frame behind it. */
static void outcome(bundle *b, uint32_t item, const char *code) {
  th_span description = th_json_path_text(b->j, item, "description");
  th_span frame = th_json_path_text(b->j, item, "timeFrame");
  th_buf words;
  th_buf_init(&words, 0);
  th_buf_span(&words, description);
  if (frame.n) {
    th_buf_str(&words, words.n ? "\n\nTime frame: " : "Time frame: ");
    th_buf_span(&words, frame);
  }
  th_jout_object(&b->w);
  member(b, "name", item, "measure");
  th_jout_key(&b->w, "type");
  th_jout_array(&b->w);
  th_fhir_put_concept(&b->w, TH_FHIR_TERMS "research-study-objective-type", code, (th_span){0});
  th_jout_end_array(&b->w);
  if (words.n) th_jout_kv_text(&b->w, "description", th_buf_view(&words));
  th_jout_end_object(&b->w);
  th_buf_dispose(&words);
}

static void outcomes(bundle *b) {
  static const struct {
    const char *path, *code;
  } kinds[] = {{P "outcomesModule.primaryOutcomes", "primary"},
               {P "outcomesModule.secondaryOutcomes", "secondary"},
               {P "outcomesModule.otherOutcomes", "exploratory"}};
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    uint32_t list = th_fhir_list_at(b->j, kinds[i].path);
    if (!list) continue;
    if (!any) {
      th_jout_key(&b->w, "outcomeMeasure");
      th_jout_array(&b->w);
    }
    any = true;
    for (th_json_each(b->j, list, item))
      outcome(b, item, kinds[i].code);
  }
  if (any) th_jout_end_array(&b->w);
}

static void sites(bundle *b) {
  uint32_t list = th_fhir_list_at(b->j, P "contactsLocationsModule.locations");
  unsigned i = 0;
  if (!list) return;
  th_jout_key(&b->w, "site");
  th_jout_array(&b->w);
  for (th_json_each(b->j, list, item))
    reference(b, NULL, SITE, i++, th_json_path_text(b->j, item, "facility"));
  th_jout_end_array(&b->w);
}

static void study(bundle *b) {
  char url[64], number[TH_NCT_LEN + 1];
  th_jout *w = &b->w;
  th_span stopped = text_at(b, P "statusModule.whyStopped");
  open_entry(b, STUDY, 0, "ResearchStudy");
  th_jout_key(w, "meta");
  th_jout_object(w);
  th_jout_key(w, "profile");
  th_jout_array(w);
  th_jout_str(w, PROFILE);
  th_jout_end_array(w);
  th_jout_end_object(w);
  snprintf(url, sizeof url, "https://clinicaltrials.gov/study/%s", th_nct_format(b->nct, number));
  th_jout_kv_str(w, "url", url);
  identifiers(b);
  text(b, "title", P "identificationModule.briefTitle");
  labels(b);
  th_jout_kv_str(w, "status", "active");
  th_fhir_put_purpose(&b->w, b->j);
  th_fhir_put_phase(&b->w, b->j);
  study_design(b);
  focus(b);
  concepts(b, "condition", P "conditionsModule.conditions");
  concepts(b, "keyword", P "conditionsModule.keywords");
  text(b, "date", P "statusModule.lastUpdatePostDateStruct.date");
  text(b, "descriptionSummary", P "descriptionModule.briefSummary");
  text(b, "description", P "descriptionModule.detailedDescription");
  th_fhir_put_period(w, b->j);
  sites(b);
  parties(b);
  progress(b);
  if (stopped.n) {
    th_jout_key(w, "whyStopped");
    th_fhir_put_concept(&b->w, NULL, NULL, stopped);
  }
  recruitment(b);
  th_fhir_put_arms(w, b->j, "comparisonGroup");
  outcomes(b);
  close_entry(b);
}

/* ---- whom it may enrol ---- */

static void group(bundle *b) {
  open_entry(b, GROUP, 0, "Group");
  th_jout_kv_str(&b->w, "name", "Eligibility criteria");
  text(b, "description", P "eligibilityModule.eligibilityCriteria");
  th_jout_kv_str(&b->w, "type", "person");
  th_jout_kv_str(&b->w, "membership", "definitional");
  th_fhir_put_characteristics(&b->w, b->j);
  close_entry(b);
}

/* ---- where and by whom ---- */

static void organization(bundle *b, unsigned kind, unsigned i, uint32_t node) {
  open_entry(b, kind, i, "Organization");
  member(b, "name", node, "name");
  th_span type = th_json_path_text(b->j, node, "class");
  if (type.n) {
    th_jout_key(&b->w, "type");
    th_jout_array(&b->w);
    th_fhir_put_concept(&b->w, NULL, NULL, th_fhir_label_of(TH_F_LeadSponsorClass, type));
    th_jout_end_array(&b->w);
  }
  close_entry(b);
}

static void site(bundle *b, unsigned i, uint32_t node) {
  open_entry(b, SITE, i, "Location");
  member(b, "name", node, "facility");
  th_fhir_put_address(&b->w, b->j, node, NULL);
  th_fhir_put_position(&b->w, b->j, node);
  close_entry(b);
}

static void others(bundle *b) {
  uint32_t sponsor = th_json_path(b->j, 0, P "sponsorCollaboratorsModule.leadSponsor");
  uint32_t collaborators = th_fhir_list_at(b->j, P "sponsorCollaboratorsModule.collaborators");
  uint32_t locations = th_fhir_list_at(b->j, P "contactsLocationsModule.locations");
  unsigned i = 0;
  if (sponsor && th_json_path_text(b->j, sponsor, "name").n) organization(b, SPONSOR, 0, sponsor);
  if (collaborators)
    for (th_json_each(b->j, collaborators, item))
      organization(b, COLLABORATOR, i++, item);
  i = 0;
  if (locations)
    for (th_json_each(b->j, locations, item))
      site(b, i++, item);
}

void th_fhir_put(th_buf *out, const th_json *j, uint32_t nct) {
  bundle b = {.j = j, .nct = nct};
  th_jout_init(&b.w, out, false);
  th_jout_object(&b.w);
  th_jout_kv_str(&b.w, "resourceType", "Bundle");
  th_jout_kv_str(&b.w, "type", "collection");
  th_jout_key(&b.w, "entry");
  th_jout_array(&b.w);
  study(&b);
  group(&b);
  others(&b);
  th_jout_end_array(&b.w);
  th_jout_end_object(&b.w);
}
