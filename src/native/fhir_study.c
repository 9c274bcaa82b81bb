#include "native/fhir_study.h"

#include <stdio.h>

#include "api/fhir_put.h"
#include "study/age.h"
#include "study/catalogue.h"
#include "study/nct.h"
#include "study/view.h"

#define P "protocolSection."
#define NCT_SYSTEM "http://clinicaltrials.gov/" /* as the readers of these answers look for it */

typedef struct study {
  th_jout *w;
  const th_json *j;
  uint32_t nct;
} study;

/* ---- small pieces ---- */

static th_span text_at(const study *s, const char *path) {
  return th_json_path_text(s->j, 0, path);
}

static void text(study *s, const char *key, const char *path) {
  th_span words = text_at(s, path);
  if (words.n) th_jout_kv_text(s->w, key, words);
}

/* A reference to a resource that is contained; i < 0: there is one of the kind. */
static void reference(study *s, const char *kind, int i, const char *type, th_span display) {
  char to[48];
  if (i < 0)
    snprintf(to, sizeof to, "#%s", kind);
  else
    snprintf(to, sizeof to, "#%s-%d", kind, i);
  th_jout_object(s->w);
  th_jout_kv_str(s->w, "reference", to);
  th_jout_kv_str(s->w, "type", type);
  if (display.n) th_jout_kv_text(s->w, "display", display);
  th_jout_end_object(s->w);
}

static void open_contained(study *s, const char *type, const char *kind, int i) {
  char id[48];
  if (i < 0)
    snprintf(id, sizeof id, "%s", kind);
  else
    snprintf(id, sizeof id, "%s-%d", kind, i);
  th_jout_object(s->w);
  th_jout_kv_str(s->w, "resourceType", type);
  th_jout_kv_str(s->w, "id", id);
}

/* ---- who may join ---- */

static void contained_group(study *s) {
  open_contained(s, "Group", "eligibility", -1);
  th_jout_kv_str(s->w, "type", "person");
  th_jout_kv_bool(s->w, "actual", false);
  th_jout_kv_str(s->w, "name", "Eligibility criteria");
  th_fhir_put_characteristics(s->w, s->j);
  th_jout_end_object(s->w);
}

/* R4 has no place for criteria as text but the words of this reference. */
static void enrollment(study *s) {
  th_jout_key(s->w, "enrollment");
  th_jout_array(s->w);
  reference(s, "eligibility", -1, "Group", text_at(s, P "eligibilityModule.eligibilityCriteria"));
  th_jout_end_array(s->w);
}

/* ---- by whom, and where ---- */

static void telecom(study *s, uint32_t contact) {
  static const char *const systems[] = {"phone", "email"};
  for (size_t i = 0; i < TH_COUNT(systems); i++) {
    th_span value = th_json_path_text(s->j, contact, systems[i]);
    if (!value.n) continue;
    th_jout_object(s->w);
    th_jout_kv_str(s->w, "system", systems[i]);
    th_jout_kv_text(s->w, "value", value);
    th_jout_kv_str(s->w, "use", "work");
    th_jout_end_object(s->w);
  }
}

static bool can_be_reached(const study *s, uint32_t contact) {
  return th_json_path_text(s->j, contact, "phone").n || th_json_path_text(s->j, contact, "email").n;
}

static void contacts(study *s) {
  uint32_t list = th_fhir_list_at(s->j, P "contactsLocationsModule.centralContacts");
  if (!list) return;
  th_jout_key(s->w, "contact");
  th_jout_array(s->w);
  for (th_json_each(s->j, list, item)) {
    th_span name = th_json_path_text(s->j, item, "name");
    if (!name.n && !can_be_reached(s, item)) continue;
    th_jout_object(s->w);
    if (name.n) th_jout_kv_text(s->w, "name", name);
    if (can_be_reached(s, item)) {
      th_jout_key(s->w, "telecom");
      th_jout_array(s->w);
      telecom(s, item);
      th_jout_end_array(s->w);
    }
    th_jout_end_object(s->w);
  }
  th_jout_end_array(s->w);
}

static th_span investigator(const study *s) {
  uint32_t list = th_fhir_list_at(s->j, P "contactsLocationsModule.overallOfficials");
  if (list)
    for (th_json_each(s->j, list, item))
      if (th_span_eq(th_json_path_text(s->j, item, "role"), TH_SPAN("PRINCIPAL_INVESTIGATOR")))
        return th_json_path_text(s->j, item, "name");
  return (th_span){0};
}

static void contained_people(study *s) {
  th_span sponsor = text_at(s, P "sponsorCollaboratorsModule.leadSponsor.name");
  th_span head = investigator(s);
  if (sponsor.n) {
    open_contained(s, "Organization", "sponsor", -1);
    th_jout_kv_text(s->w, "name", sponsor);
    th_jout_end_object(s->w);
  }
  if (head.n) {
    open_contained(s, "Practitioner", "investigator", -1);
    th_jout_key(s->w, "name");
    th_jout_array(s->w);
    th_jout_object(s->w);
    th_jout_kv_text(s->w, "text", head);
    th_jout_end_object(s->w);
    th_jout_end_array(s->w);
    th_jout_end_object(s->w);
  }
}

static void people(study *s) {
  th_span sponsor = text_at(s, P "sponsorCollaboratorsModule.leadSponsor.name");
  th_span head = investigator(s);
  if (sponsor.n) {
    th_jout_key(s->w, "sponsor");
    reference(s, "sponsor", -1, "Organization", sponsor);
  }
  if (head.n) {
    th_jout_key(s->w, "principalInvestigator");
    reference(s, "investigator", -1, "Practitioner", head);
  }
}

static void site_contacts(study *s, uint32_t site) {
  uint32_t list = th_json_get(s->j, site, TH_SPAN("contacts"));
  bool any = false;
  if (!list || s->j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(s->j, list, item)) {
    if (!can_be_reached(s, item)) continue;
    if (!any) {
      th_jout_key(s->w, "telecom");
      th_jout_array(s->w);
    }
    any = true;
    telecom(s, item);
  }
  if (any) th_jout_end_array(s->w);
}

static void contained_site(study *s, int i, uint32_t site) {
  static const th_fhir_coding states[] = {{"RECRUITING", "active"},
                                          {"ENROLLING_BY_INVITATION", "active"},
                                          {"ACTIVE_NOT_RECRUITING", "active"},
                                          {"AVAILABLE", "active"},
                                          {"SUSPENDED", "suspended"},
                                          {"NOT_YET_RECRUITING", "inactive"},
                                          {"COMPLETED", "inactive"},
                                          {"TERMINATED", "inactive"},
                                          {"WITHDRAWN", "inactive"}};
  const char *status =
      th_fhir_code_of(states, TH_COUNT(states), th_json_path_text(s->j, site, "status"));
  th_span name = th_json_path_text(s->j, site, "facility");
  open_contained(s, "Location", "site", i);
  if (status) th_jout_kv_str(s->w, "status", status);
  if (name.n) th_jout_kv_text(s->w, "name", name);
  site_contacts(s, site);
  th_fhir_put_address(s->w, s->j, site, "work");
  th_fhir_put_position(s->w, s->j, site);
  th_jout_end_object(s->w);
}

static void sites(study *s, bool contained) {
  uint32_t list = th_fhir_list_at(s->j, P "contactsLocationsModule.locations");
  int i = 0;
  if (!list) return;
  if (!contained) {
    th_jout_key(s->w, "site");
    th_jout_array(s->w);
  }
  for (th_json_each(s->j, list, item)) {
    if (contained)
      contained_site(s, i++, item);
    else
      reference(s, "site", i++, "Location", th_json_path_text(s->j, item, "facility"));
  }
  if (!contained) th_jout_end_array(s->w);
}

/* ---- what it is ---- */

static void identifiers(study *s) {
  char number[TH_NCT_LEN + 1];
  th_span own = text_at(s, P "identificationModule.orgStudyIdInfo.id");
  th_jout_key(s->w, "identifier");
  th_jout_array(s->w);
  th_jout_object(s->w);
  th_jout_kv_str(s->w, "system", NCT_SYSTEM);
  th_jout_kv_str(s->w, "value", th_nct_format(s->nct, number));
  th_jout_end_object(s->w);
  if (own.n) {
    th_jout_object(s->w);
    th_jout_kv_text(s->w, "value", own);
    th_jout_end_object(s->w);
  }
  th_jout_end_array(s->w);
}

/* R4 wants a status; of what the registry does not know it says "in-review", as that service. */
static void status(study *s) {
  static const th_fhir_coding states[] = {
      {"RECRUITING", "active"},
      {"ENROLLING_BY_INVITATION", "active"},
      {"AVAILABLE", "active"},
      {"NOT_YET_RECRUITING", "approved"},
      {"ACTIVE_NOT_RECRUITING", "closed-to-accrual"},
      {"NO_LONGER_AVAILABLE", "closed-to-accrual"},
      {"SUSPENDED", "temporarily-closed-to-accrual"},
      {"TEMPORARILY_NOT_AVAILABLE", "temporarily-closed-to-accrual"},
      {"COMPLETED", "completed"},
      {"APPROVED_FOR_MARKETING", "completed"},
      {"TERMINATED", "administratively-completed"},
      {"WITHDRAWN", "withdrawn"},
  };
  const char *code =
      th_fhir_code_of(states, TH_COUNT(states), text_at(s, P "statusModule.overallStatus"));
  th_jout_kv_str(s->w, "status", code ? code : "in-review");
}

/* "Study Type: Interventional", as that service words its categories. */
static void categories(study *s) {
  static const struct {
    uint16_t field;
    const char *path, *name;
  } parts[] = {
      {TH_F_StudyType, P "designModule.studyType", "Study Type"},
      {TH_F_DesignInterventionModel, P "designModule.designInfo.interventionModel",
       "Intervention Model"},
      {TH_F_DesignPrimaryPurpose, P "designModule.designInfo.primaryPurpose", "Primary Purpose"},
      {TH_F_DesignMasking, P "designModule.designInfo.maskingInfo.masking", "Masking"},
      {TH_F_DesignAllocation, P "designModule.designInfo.allocation", "Allocation"},
      {TH_F_DesignTimePerspective, P "designModule.designInfo.timePerspective", "Time Perspective"},
      {TH_F_DesignObservationalModel, P "designModule.designInfo.observationalModel",
       "Observation Model"},
  };
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span value = text_at(s, parts[i].path);
    th_buf words;
    if (!value.n) continue;
    if (!any) {
      th_jout_key(s->w, "category");
      th_jout_array(s->w);
    }
    any = true;
    th_buf_init(&words, 0);
    th_buf_printf(&words, "%s: ", parts[i].name);
    th_buf_span(&words, th_fhir_label_of(parts[i].field, value));
    th_fhir_put_concept(s->w, NULL, NULL, th_buf_view(&words));
    th_buf_dispose(&words);
  }
  if (any) th_jout_end_array(s->w);
}

/* A list of texts as CodeableConcepts; key: of the text in each item, NULL: the item itself. */
static void concepts(study *s, const char *name, const char *path, const char *key) {
  uint32_t list = th_fhir_list_at(s->j, path);
  bool any = false;
  if (!list) return;
  for (th_json_each(s->j, list, item)) {
    th_span words = key ? th_json_path_text(s->j, item, key) : th_json_text(s->j, item);
    if (!words.n) continue;
    if (!any) {
      th_jout_key(s->w, name);
      th_jout_array(s->w);
    }
    any = true;
    th_fhir_put_concept(s->w, NULL, NULL, words);
  }
  if (any) th_jout_end_array(s->w);
}

static void objectives(study *s) {
  static const th_fhir_coding kinds[] = {{P "outcomesModule.primaryOutcomes", "primary"},
                                         {P "outcomesModule.secondaryOutcomes", "secondary"},
                                         {P "outcomesModule.otherOutcomes", "exploratory"}};
  bool any = false;
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    uint32_t list = th_fhir_list_at(s->j, kinds[i].value);
    if (!list) continue;
    for (th_json_each(s->j, list, item)) {
      th_span name = th_json_path_text(s->j, item, "measure");
      if (!name.n) continue;
      if (!any) {
        th_jout_key(s->w, "objective");
        th_jout_array(s->w);
      }
      any = true;
      th_jout_object(s->w);
      th_jout_kv_text(s->w, "name", name);
      th_jout_key(s->w, "type");
      th_fhir_put_concept(s->w, TH_FHIR_TERMS "research-study-objective-type", kinds[i].code,
                          (th_span){0});
      th_jout_end_object(s->w);
    }
  }
  if (any) th_jout_end_array(s->w);
}

static void reason_stopped(study *s) {
  th_span why = text_at(s, P "statusModule.whyStopped");
  if (!why.n) return;
  th_jout_key(s->w, "reasonStopped");
  th_fhir_put_concept(s->w, NULL, NULL, why);
}

void th_fhir_study_put(th_jout *w, const th_json *record, uint32_t nct) {
  study s = {.w = w, .j = record, .nct = nct};
  char number[TH_NCT_LEN + 1];
  th_jout_object(w);
  th_jout_kv_str(w, "resourceType", "ResearchStudy");
  th_jout_kv_str(w, "id", th_nct_format(nct, number));
  th_jout_key(w, "contained");
  th_jout_array(w);
  contained_group(&s);
  contained_people(&s);
  sites(&s, true);
  th_jout_end_array(w);
  identifiers(&s);
  if (text_at(&s, P "identificationModule.briefTitle").n)
    text(&s, "title", P "identificationModule.briefTitle");
  else
    text(&s, "title", P "identificationModule.officialTitle");
  status(&s);
  th_fhir_put_purpose(s.w, s.j);
  th_fhir_put_phase(s.w, s.j);
  categories(&s);
  concepts(&s, "focus", P "armsInterventionsModule.interventions", "name");
  concepts(&s, "condition", P "conditionsModule.conditions", NULL);
  contacts(&s);
  concepts(&s, "keyword", P "conditionsModule.keywords", NULL);
  text(&s, "description", P "descriptionModule.briefSummary");
  enrollment(&s);
  th_fhir_put_period(s.w, s.j);
  people(&s);
  sites(&s, false);
  reason_stopped(&s);
  th_fhir_put_arms(s.w, s.j, "arm");
  objectives(&s);
  th_jout_end_object(w);
}
