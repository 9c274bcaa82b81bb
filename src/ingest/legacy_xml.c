/* The modules of a legacy record, in the order of v2, out of its XML tree. Names of elements are
 * those of the registry's public.xsd. */
#include "ingest/legacy_xml.h"

#include "ingest/legacy.h"
#include "study/age.h"

struct th_legacy_xml {
  th_legacy lx;
};

#define TREE_LIMIT ((size_t)512 << 20) /* memory of one document's tree */

th_legacy_xml *th_legacy_xml_new(unsigned max_depth) {
  th_legacy_xml *x = calloc(1, sizeof *x);
  if (!x) return NULL;
  th_arena_init(&x->lx.arena, TREE_LIMIT);
  th_buf_init(&x->lx.scratch, 0);
  x->lx.max_depth = max_depth;
  return x;
}

void th_legacy_xml_free(th_legacy_xml *x) {
  if (!x) return;
  th_arena_dispose(&x->lx.arena);
  th_buf_dispose(&x->lx.scratch);
  free(x);
}

/* ---- identification and status ---- */

/* The class of the sponsor that has the name of the source. */
static th_span class_of_source(const th_xml_node *study, th_span source) {
  const th_xml_node *sponsors = th_xml_child(study, "sponsors");
  for (const th_xml_node *s = sponsors ? sponsors->first : NULL; s; s = s->next)
    if (th_span_eq(th_xml_text(s, "agency"), source)) return th_xml_text(s, "agency_class");
  return (th_span){0};
}

static void put_class(th_legacy *x, th_span s) {
  th_legacy_enum(x, "class", TH_E_AgencyClass,
                 th_span_eq_nocase(s, TH_SPAN("U.S. Fed")) ? TH_SPAN("FED") : s);
}

static void put_objects_with_id(th_legacy *x, const char *key, const th_xml_node *parent,
                                const char *name) {
  th_legacy_mark list = th_legacy_open(x, key, '[');
  for (th_xml_each(parent, name, e)) {
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    th_legacy_text(x, "id", th_span_trim(e->text));
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
}

static void identification(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row titles[] = {{"briefTitle", "brief_title", LX_TEXT, 0},
                                         {"officialTitle", "official_title", LX_TEXT, 0},
                                         {"acronym", "acronym", LX_TEXT, 0}};
  static const th_legacy_row ids[] = {{"nctId", "nct_id", LX_TEXT, 0},
                                      {"nctIdAliases", "nct_alias", LX_TEXTS, 0}};
  static const th_legacy_row org_id[] = {{"id", "org_study_id", LX_TEXT, 0}};
  const th_xml_node *info = th_xml_child(study, "id_info");
  th_span source = th_xml_text(study, "source");
  th_legacy_mark m = th_legacy_open(x, "identificationModule", '{');
  th_legacy_rows(x, info, LX_ROWS(ids));
  th_legacy_object(x, "orgStudyIdInfo", info, LX_ROWS(org_id));
  put_objects_with_id(x, "secondaryIdInfos", info, "secondary_id");
  th_legacy_mark org = th_legacy_open(x, "organization", '{');
  th_legacy_text(x, "fullName", source);
  put_class(x, class_of_source(study, source));
  th_legacy_close(x, org);
  th_legacy_rows(x, study, LX_ROWS(titles));
  th_legacy_close(x, m);
}

static void status(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row first[] = {
      {"statusVerifiedDate", "verification_date", LX_DATE, 0},
      {"overallStatus", "overall_status", LX_ENUM, TH_E_Status},
      {"lastKnownStatus", "last_known_status", LX_ENUM, TH_E_Status},
      {"whyStopped", "why_stopped", LX_TEXT, 0}};
  static const th_legacy_row access[] = {{"hasExpandedAccess", "has_expanded_access", LX_BOOL, 0}};
  static const th_legacy_row dates[] = {
      {"startDateStruct", "start_date", LX_DATE_STRUCT, 0},
      {"primaryCompletionDateStruct", "primary_completion_date", LX_DATE_STRUCT, 0},
      {"completionDateStruct", "completion_date", LX_DATE_STRUCT, 0},
      {"studyFirstSubmitDate", "study_first_submitted|firstreceived_date", LX_DATE, 0},
      {"studyFirstSubmitQcDate", "study_first_submitted_qc", LX_DATE, 0},
      {"studyFirstPostDateStruct", "study_first_posted", LX_DATE_STRUCT, 0},
      {"resultsFirstSubmitDate", "results_first_submitted|firstreceived_results_date", LX_DATE, 0},
      {"resultsFirstSubmitQcDate", "results_first_submitted_qc", LX_DATE, 0},
      {"resultsFirstPostDateStruct", "results_first_posted", LX_DATE_STRUCT, 0},
      {"dispFirstSubmitDate", "disposition_first_submitted|firstreceived_results_disposition_date",
       LX_DATE, 0},
      {"dispFirstSubmitQcDate", "disposition_first_submitted_qc", LX_DATE, 0},
      {"dispFirstPostDateStruct", "disposition_first_posted", LX_DATE_STRUCT, 0},
      {"lastUpdateSubmitDate", "last_update_submitted|lastchanged_date", LX_DATE, 0},
      {"lastUpdatePostDateStruct", "last_update_posted", LX_DATE_STRUCT, 0}};
  th_legacy_mark m = th_legacy_open(x, "statusModule", '{');
  th_legacy_rows(x, study, LX_ROWS(first));
  th_legacy_object(x, "expandedAccessInfo", study, LX_ROWS(access));
  th_legacy_rows(x, study, LX_ROWS(dates));
  th_legacy_close(x, m);
}

static void sponsor(th_legacy *x, const char *key, const th_xml_node *e) {
  th_legacy_mark o = th_legacy_open(x, key, '{');
  th_legacy_text(x, "name", th_xml_text(e, "agency"));
  put_class(x, th_xml_text(e, "agency_class"));
  th_legacy_close(x, o);
}

static void sponsors(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row party[] = {
      {"type", "responsible_party_type", LX_ENUM, TH_E_ResponsiblePartyType},
      {"investigatorFullName", "investigator_full_name", LX_TEXT, 0},
      {"investigatorTitle", "investigator_title", LX_TEXT, 0},
      {"investigatorAffiliation", "investigator_affiliation", LX_TEXT, 0},
      {"oldNameTitle", "name_title", LX_TEXT, 0},
      {"oldOrganization", "organization", LX_TEXT, 0}};
  const th_xml_node *all = th_xml_child(study, "sponsors");
  th_legacy_mark m = th_legacy_open(x, "sponsorCollaboratorsModule", '{');
  th_legacy_object(x, "responsibleParty", th_xml_child(study, "responsible_party"), LX_ROWS(party));
  sponsor(x, "leadSponsor", th_xml_child(all, "lead_sponsor"));
  th_legacy_mark list = th_legacy_open(x, "collaborators", '[');
  for (th_xml_each(all, "collaborator", c))
    sponsor(x, NULL, c);
  th_legacy_close(x, list);
  th_legacy_close(x, m);
}

static void texts(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row oversight[] = {
      {"oversightHasDmc", "has_dmc", LX_BOOL, 0},
      {"isFdaRegulatedDrug", "is_fda_regulated_drug", LX_BOOL, 0},
      {"isFdaRegulatedDevice", "is_fda_regulated_device", LX_BOOL, 0},
      {"isUnapprovedDevice", "is_unapproved_device", LX_BOOL, 0},
      {"isPpsd", "is_ppsd", LX_BOOL, 0},
      {"isUsExport", "is_us_export", LX_BOOL, 0}};
  static const th_legacy_row description[] = {
      {"briefSummary", "brief_summary/textblock", LX_MARKUP, 0},
      {"detailedDescription", "detailed_description/textblock", LX_MARKUP, 0}};
  static const th_legacy_row conditions[] = {{"conditions", "condition", LX_TEXTS, 0},
                                             {"keywords", "keyword", LX_TEXTS, 0}};
  th_legacy_object(x, "oversightModule", th_xml_child(study, "oversight_info"), LX_ROWS(oversight));
  th_legacy_object(x, "descriptionModule", study, LX_ROWS(description));
  th_legacy_object(x, "conditionsModule", study, LX_ROWS(conditions));
}

/* ---- design ---- */

static bool takes(th_span *s, const char *separator, th_span *part) {
  if (s->n == 0) return false;
  ptrdiff_t at = th_span_find(*s, th_span_of(separator));
  size_t n = at < 0 ? s->n : (size_t)at, used = at < 0 ? s->n : n + strlen(separator);
  *part = th_span_trim((th_span){s->p, n});
  s->p += used;
  s->n -= used;
  return true;
}

/* "Phase 1/Phase 2" is two phases; "N/A" is one. */
static void phases(th_legacy *x, const th_xml_node *study) {
  th_span all = th_xml_text(study, "phase"), one;
  th_legacy_mark list = th_legacy_open(x, "phases", '[');
  if (th_span_eq_nocase(all, TH_SPAN("N/A")))
    th_legacy_enum(x, NULL, TH_E_Phase, TH_SPAN("NA"));
  else
    while (takes(&all, "/", &one))
      th_legacy_enum(x, NULL, TH_E_Phase, one);
  th_legacy_close(x, list);
}

/* "Double (Participant, Investigator)". */
static void masking(th_legacy *x, const th_xml_node *info) {
  th_span all = th_xml_text(info, "masking"), who = {0}, one;
  bool open = th_span_eq_nocase(all, TH_SPAN("Open Label")) ||
              th_span_eq_nocase(all, TH_SPAN("No masking")) || th_span_starts(all, TH_SPAN("None"));
  ptrdiff_t bracket = th_span_find(all, TH_SPAN("("));
  if (bracket > 0 && all.p[all.n - 1] == ')')
    who = (th_span){all.p + bracket + 1, all.n - (size_t)bracket - 2};
  size_t word = 0; /* "Double", "Double-Blind", "Double (…)" */
  while (word < all.n && !strchr(" -(", all.p[word]))
    word++;
  all.n = word;
  th_legacy_mark m = th_legacy_open(x, "maskingInfo", '{');
  th_legacy_enum(x, "masking", TH_E_DesignMasking, open ? TH_SPAN("NONE") : all);
  th_legacy_text(x, "maskingDescription", th_xml_text(info, "masking_description"));
  th_legacy_mark list = th_legacy_open(x, "whoMasked", '[');
  while (!open && takes(&who, ",", &one))
    th_legacy_enum(x, NULL, TH_E_WhoMasked, one);
  th_legacy_close(x, list);
  th_legacy_close(x, m);
}

static void design_info(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row rows[] = {
      {"allocation", "allocation", LX_ENUM, TH_E_DesignAllocation},
      {"interventionModel", "intervention_model", LX_ENUM, TH_E_InterventionalAssignment},
      {"interventionModelDescription", "intervention_model_description", LX_TEXT, 0},
      {"primaryPurpose", "primary_purpose", LX_ENUM, TH_E_PrimaryPurpose},
      {"observationalModel", "observational_model", LX_ENUM, TH_E_ObservationalModel},
      {"timePerspective", "time_perspective", LX_ENUM, TH_E_DesignTimePerspective}};
  const th_xml_node *info = th_xml_child(study, "study_design_info");
  th_legacy_mark m = th_legacy_open(x, "designInfo", '{');
  th_legacy_rows(x, info, LX_ROWS(rows));
  masking(x, info);
  th_legacy_close(x, m);
}

static void enrollment(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row count[] = {{"count", "enrollment", LX_INT, 0}};
  th_span type = th_xml_attribute(th_xml_child(study, "enrollment"), "type");
  if (th_span_eq_nocase(type, TH_SPAN("Anticipated"))) type = TH_SPAN("ESTIMATED");
  th_legacy_mark m = th_legacy_open(x, "enrollmentInfo", '{');
  th_legacy_rows(x, study, LX_ROWS(count));
  th_legacy_enum(x, "type", TH_E_EnrollmentType, type);
  th_legacy_close(x, m);
}

static void design(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row access[] = {
      {"individual", "expanded_access_type_individual", LX_BOOL, 0},
      {"intermediate", "expanded_access_type_intermediate", LX_BOOL, 0},
      {"treatment", "expanded_access_type_treatment", LX_BOOL, 0}};
  static const th_legacy_row duration[] = {{"targetDuration", "target_duration", LX_TEXT, 0}};
  static const th_legacy_row specimens[] = {
      {"retention", "biospec_retention", LX_ENUM, TH_E_BioSpecRetention},
      {"description", "biospec_descr/textblock", LX_MARKUP, 0}};
  th_span type = th_xml_text(study, "study_type");
  ptrdiff_t bracket = th_span_find(type, TH_SPAN("["));
  bool registry = th_span_find(type, TH_SPAN("[Patient Registry]")) >= 0;
  if (bracket > 0) type = th_span_trim((th_span){type.p, (size_t)bracket});
  th_legacy_mark m = th_legacy_open(x, "designModule", '{');
  th_legacy_enum(x, "studyType", TH_E_StudyType, type);
  th_legacy_object(x, "expandedAccessTypes", th_xml_child(study, "expanded_access_info"),
                   LX_ROWS(access));
  if (registry) th_legacy_bool(x, "patientRegistry", true);
  th_legacy_rows(x, study, LX_ROWS(duration));
  if (!th_span_starts(type, TH_SPAN("Observational"))) phases(x, study);
  design_info(x, study);
  th_legacy_object(x, "bioSpec", study, LX_ROWS(specimens));
  enrollment(x, study);
  th_legacy_close(x, m);
}

/* ---- arms, outcomes, eligibility ---- */

/* "Drug: IMU-838" for each intervention that names the arm. */
static void names_of_arm(th_legacy *x, const th_xml_node *study, th_span arm) {
  th_legacy_mark list = th_legacy_open(x, "interventionNames", '[');
  for (th_xml_each(study, "intervention", i)) {
    for (th_xml_each(i, "arm_group_label", label)) {
      if (!th_span_eq(th_span_trim(label->text), arm)) continue;
      th_buf_clear(&x->scratch);
      th_buf_span(&x->scratch, th_xml_text(i, "intervention_type"));
      th_buf_str(&x->scratch, ": ");
      th_buf_span(&x->scratch, th_xml_text(i, "intervention_name"));
      th_legacy_text(x, NULL, th_buf_view(&x->scratch));
      break;
    }
  }
  th_legacy_close(x, list);
}

static void arms(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row group[] = {{"label", "arm_group_label", LX_TEXT, 0},
                                        {"type", "arm_group_type", LX_ENUM, TH_E_ArmGroupType},
                                        {"description", "description", LX_TEXT, 0}};
  static const th_legacy_row rows[] = {
      {"type", "intervention_type", LX_ENUM, TH_E_InterventionType},
      {"name", "intervention_name", LX_TEXT, 0},
      {"description", "description", LX_TEXT, 0},
      {"armGroupLabels", "arm_group_label", LX_TEXTS, 0},
      {"otherNames", "other_name", LX_TEXTS, 0}};
  th_legacy_mark m = th_legacy_open(x, "armsInterventionsModule", '{');
  th_legacy_mark list = th_legacy_open(x, "armGroups", '[');
  for (th_xml_each(study, "arm_group", a)) {
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    th_legacy_rows(x, a, LX_ROWS(group));
    names_of_arm(x, study, th_xml_text(a, "arm_group_label"));
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
  list = th_legacy_open(x, "interventions", '[');
  for (th_xml_each(study, "intervention", i))
    th_legacy_object(x, NULL, i, LX_ROWS(rows));
  th_legacy_close(x, list);
  th_legacy_close(x, m);
}

static void objects(th_legacy *x, const char *key, const th_xml_node *parent, const char *name,
                    const th_legacy_row *rows, size_t n) {
  th_legacy_mark list = th_legacy_open(x, key, '[');
  for (th_xml_each(parent, name, e))
    th_legacy_object(x, NULL, e, rows, n);
  th_legacy_close(x, list);
}

static void outcomes(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row rows[] = {{"measure", "measure", LX_TEXT, 0},
                                       {"description", "description", LX_TEXT, 0},
                                       {"timeFrame", "time_frame", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "outcomesModule", '{');
  objects(x, "primaryOutcomes", study, "primary_outcome", LX_ROWS(rows));
  objects(x, "secondaryOutcomes", study, "secondary_outcome", LX_ROWS(rows));
  objects(x, "otherOutcomes", study, "other_outcome", LX_ROWS(rows));
  th_legacy_close(x, m);
}

static void age(th_legacy *x, const char *key, th_span s) {
  if (!th_age_is_none(s)) th_legacy_text(x, key, s);
}

/* Child: under 18 years; adult: 18 to 64; older adult: 65 and over. A study takes those groups that
 * its limits touch; a maximum of whole years goes to the end of that year. */
static void standard_ages(th_legacy *x, th_span least, th_span most) {
  th_age min = {0}, max = {0};
  bool has_min = th_age_parse(least, &min), has_max = th_age_parse(most, &max);
  const int64_t adult = 18 * (int64_t)TH_AGE_YEAR_MIN, older = 65 * (int64_t)TH_AGE_YEAR_MIN;
  int64_t low = has_min ? min.minutes : 0, high = has_max ? max.minutes : INT64_MAX;
  th_legacy_mark list = th_legacy_open(x, "stdAges", '[');
  if (low < adult) th_legacy_text(x, NULL, TH_SPAN("CHILD"));
  if (low < older && high >= adult) th_legacy_text(x, NULL, TH_SPAN("ADULT"));
  if (high >= older) th_legacy_text(x, NULL, TH_SPAN("OLDER_ADULT"));
  th_legacy_close(x, list);
}

static void eligibility(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row criteria[] = {
      {"eligibilityCriteria", "criteria/textblock", LX_MARKUP, 0}};
  static const th_legacy_row sex[] = {{"genderBased", "gender_based", LX_BOOL, 0},
                                      {"genderDescription", "gender_description", LX_TEXT, 0}};
  static const th_legacy_row people[] = {
      {"studyPopulation", "study_pop/textblock", LX_MARKUP, 0},
      {"samplingMethod", "sampling_method", LX_ENUM, TH_E_SamplingMethod}};
  const th_xml_node *e = th_xml_child(study, "eligibility");
  if (!e) return;
  th_span volunteers = th_xml_text(e, "healthy_volunteers"), gender = th_xml_text(e, "gender");
  th_span least = th_xml_text(e, "minimum_age"), most = th_xml_text(e, "maximum_age");
  th_legacy_mark m = th_legacy_open(x, "eligibilityModule", '{');
  th_legacy_rows(x, e, LX_ROWS(criteria));
  if (volunteers.n) th_legacy_bool(x, "healthyVolunteers", volunteers.p[0] != 'N');
  th_legacy_enum(x, "sex", TH_E_Sex,
                 th_span_eq_nocase(gender, TH_SPAN("Both")) ? TH_SPAN("ALL") : gender);
  th_legacy_rows(x, e, LX_ROWS(sex));
  age(x, "minimumAge", least);
  age(x, "maximumAge", most);
  standard_ages(x, least, most);
  th_legacy_rows(x, e, LX_ROWS(people));
  th_legacy_close(x, m);
}

/* ---- contacts, places, references ---- */

/* "First Middle Last, degrees"; most records have the whole name in <last_name>. */
static void person(th_legacy *x, const th_xml_node *p) {
  static const char *const parts[] = {"first_name", "middle_name", "last_name"};
  th_buf_clear(&x->scratch);
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span s = th_xml_text(p, parts[i]);
    if (s.n && x->scratch.n) th_buf_char(&x->scratch, ' ');
    th_buf_span(&x->scratch, s);
  }
  th_span degrees = th_xml_text(p, "degrees");
  if (degrees.n && x->scratch.n) th_buf_str(&x->scratch, ", ");
  th_buf_span(&x->scratch, degrees);
  th_legacy_text(x, "name", th_buf_view(&x->scratch));
}

static void contact(th_legacy *x, const th_xml_node *c, const char *role) {
  static const th_legacy_row rows[] = {{"phone", "phone", LX_TEXT, 0},
                                       {"phoneExt", "phone_ext", LX_TEXT, 0},
                                       {"email", "email", LX_TEXT, 0}};
  if (!c) return;
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  person(x, c);
  th_span said = th_xml_text(c, "role");
  th_legacy_enum(x, "role", TH_E_ContactRole, said.n ? said : th_span_of(role));
  th_legacy_rows(x, c, LX_ROWS(rows));
  th_legacy_close(x, o);
}

static void location(th_legacy *x, const th_xml_node *l) {
  static const th_legacy_row rows[] = {{"facility", "facility/name", LX_TEXT, 0},
                                       {"status", "status", LX_ENUM, TH_E_RecruitmentStatus},
                                       {"city", "facility/address/city", LX_TEXT, 0},
                                       {"state", "facility/address/state", LX_TEXT, 0},
                                       {"zip", "facility/address/zip", LX_TEXT, 0},
                                       {"country", "facility/address/country", LX_TEXT, 0}};
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  th_legacy_rows(x, l, LX_ROWS(rows));
  th_legacy_mark list = th_legacy_open(x, "contacts", '[');
  contact(x, th_xml_child(l, "contact"), "CONTACT");
  contact(x, th_xml_child(l, "contact_backup"), "CONTACT");
  for (th_xml_each(l, "investigator", i))
    contact(x, i, "");
  th_legacy_close(x, list);
  th_legacy_close(x, o);
}

static void official(th_legacy *x, const th_xml_node *p) {
  static const th_legacy_row rows[] = {{"affiliation", "affiliation", LX_TEXT, 0},
                                       {"role", "role", LX_ENUM, TH_E_OfficialRole}};
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  person(x, p);
  th_legacy_rows(x, p, LX_ROWS(rows));
  th_legacy_close(x, o);
}

static void contacts(th_legacy *x, const th_xml_node *study) {
  th_legacy_mark m = th_legacy_open(x, "contactsLocationsModule", '{');
  th_legacy_mark list = th_legacy_open(x, "centralContacts", '[');
  contact(x, th_xml_child(study, "overall_contact"), "CONTACT");
  contact(x, th_xml_child(study, "overall_contact_backup"), "CONTACT");
  th_legacy_close(x, list);
  list = th_legacy_open(x, "overallOfficials", '[');
  for (th_xml_each(study, "overall_official", p))
    official(x, p);
  th_legacy_close(x, list);
  list = th_legacy_open(x, "locations", '[');
  for (th_xml_each(study, "location", l))
    location(x, l);
  th_legacy_close(x, list);
  th_legacy_close(x, m);
}

static void reference(th_legacy *x, const th_xml_node *r, const char *type) {
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  th_legacy_text(x, "pmid", th_xml_text(r, "PMID"));
  th_legacy_text(x, "type", th_span_of(type));
  th_legacy_text(x, "citation", th_xml_text(r, "citation"));
  th_legacy_close(x, o);
}

static void references(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row link[] = {{"label", "description", LX_TEXT, 0},
                                       {"url", "url", LX_TEXT, 0}};
  static const th_legacy_row ipd[] = {{"id", "doc_id", LX_TEXT, 0},
                                      {"type", "doc_type", LX_TEXT, 0},
                                      {"url", "doc_url", LX_TEXT, 0},
                                      {"comment", "doc_comment", LX_TEXT, 0}};
  th_legacy_mark m = th_legacy_open(x, "referencesModule", '{');
  th_legacy_mark list = th_legacy_open(x, "references", '[');
  for (th_xml_each(study, "reference", r))
    reference(x, r, "BACKGROUND");
  for (th_xml_each(study, "results_reference", r))
    reference(x, r, "RESULT");
  th_legacy_close(x, list);
  objects(x, "seeAlsoLinks", study, "link", LX_ROWS(link));
  objects(x, "availIpds", th_xml_child(study, "study_docs"), "study_doc", LX_ROWS(ipd));
  th_legacy_close(x, m);
}

static void sharing(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row rows[] = {
      {"ipdSharing", "sharing_ipd", LX_ENUM, TH_E_IpdSharing},
      {"description", "ipd_description", LX_TEXT, 0},
      {"infoTypes", "ipd_info_type", LX_ENUMS, TH_E_IpdSharingInfoType},
      {"timeFrame", "ipd_time_frame", LX_TEXT, 0},
      {"accessCriteria", "ipd_access_criteria", LX_TEXT, 0},
      {"url", "ipd_url", LX_TEXT, 0}};
  th_legacy_object(x, "ipdSharingStatementModule", th_xml_child(study, "patient_data"),
                   LX_ROWS(rows));
}

/* ---- the other sections ---- */

/* ".../Prot_SAP_000.pdf": the file name, and before its number the kind. */
static void document(th_legacy *x, const th_xml_node *d) {
  static const th_legacy_row rows[] = {{"hasProtocol", "document_has_protocol", LX_BOOL, 0},
                                       {"hasSap", "document_has_sap", LX_BOOL, 0},
                                       {"hasIcf", "document_has_icf", LX_BOOL, 0},
                                       {"label", "document_type", LX_TEXT, 0},
                                       {"date", "document_date", LX_DATE, 0}};
  th_span name = th_xml_text(d, "document_url"), part;
  for (th_span rest = name; takes(&rest, "/", &part);)
    name = part;
  size_t n = name.n;
  while (n && name.p[n - 1] != '_')
    n--;
  th_legacy_mark o = th_legacy_open(x, NULL, '{');
  if (n > 1) th_legacy_text(x, "typeAbbrev", (th_span){name.p, n - 1});
  th_legacy_rows(x, d, LX_ROWS(rows));
  th_legacy_text(x, "filename", name);
  th_legacy_close(x, o);
}

static void documents(th_legacy *x, const th_xml_node *study) {
  th_legacy_mark section = th_legacy_open(x, "documentSection", '{');
  th_legacy_mark module = th_legacy_open(x, "largeDocumentModule", '{');
  th_legacy_mark list = th_legacy_open(x, "largeDocs", '[');
  for (th_xml_each(th_xml_child(study, "provided_document_section"), "provided_document", d))
    document(x, d);
  th_legacy_close(x, list);
  th_legacy_close(x, module);
  th_legacy_close(x, section);
}

/* Submissions of results that were not posted yet, one event each. */
static void pending(th_legacy *x, const th_xml_node *study) {
  static const struct {
    const char *name, *type;
  } kinds[] = {
      {"submitted", "RELEASE"}, {"returned", "RESET"}, {"submission_canceled", "UNRELEASE"}};
  static const th_legacy_row date[] = {{"date", ".", LX_DATE, 0}};
  const th_xml_node *p = th_xml_child(study, "pending_results");
  th_legacy_mark section = th_legacy_open(x, "annotationSection", '{');
  th_legacy_mark module = th_legacy_open(x, "annotationModule", '{');
  th_legacy_mark note = th_legacy_open(x, "unpostedAnnotation", '{');
  th_legacy_mark list = th_legacy_open(x, "unpostedEvents", '[');
  for (const th_xml_node *e = p ? p->first : NULL; e; e = e->next) {
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    for (size_t i = 0; i < TH_COUNT(kinds); i++)
      if (strcmp(e->name, kinds[i].name) == 0) th_legacy_text(x, "type", th_span_of(kinds[i].type));
    th_legacy_rows(x, e, LX_ROWS(date));
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
  th_legacy_close(x, note);
  th_legacy_close(x, module);
  th_legacy_close(x, section);
}

/* The XML has the terms of MeSH but not their numbers. */
static void meshes(th_legacy *x, const char *key, const th_xml_node *browse) {
  th_legacy_mark m = th_legacy_open(x, key, '{');
  th_legacy_mark list = th_legacy_open(x, "meshes", '[');
  for (th_xml_each(browse, "mesh_term", t)) {
    th_legacy_mark o = th_legacy_open(x, NULL, '{');
    th_legacy_text(x, "term", th_span_trim(t->text));
    th_legacy_close(x, o);
  }
  th_legacy_close(x, list);
  th_legacy_close(x, m);
}

static void derived(th_legacy *x, const th_xml_node *study) {
  static const th_legacy_row removed[] = {{"removedCountries", "country", LX_TEXTS, 0}};
  th_legacy_mark m = th_legacy_open(x, "derivedSection", '{');
  th_legacy_object(x, "miscInfoModule", th_xml_child(study, "removed_countries"), LX_ROWS(removed));
  meshes(x, "conditionBrowseModule", th_xml_child(study, "condition_browse"));
  meshes(x, "interventionBrowseModule", th_xml_child(study, "intervention_browse"));
  th_legacy_close(x, m);
}

static void protocol(th_legacy *x, const th_xml_node *study) {
  static void (*const modules[])(th_legacy *, const th_xml_node *) = {
      identification, status,      sponsors, texts,      design, arms,
      outcomes,       eligibility, contacts, references, sharing};
  th_legacy_mark m = th_legacy_open(x, "protocolSection", '{');
  for (size_t i = 0; i < TH_COUNT(modules); i++)
    modules[i](x, study);
  th_legacy_close(x, m);
}

static int check_root(const th_xml_node *root, th_err *err) {
  if (strcmp(root->name, "clinical_study") != 0)
    return th_err_set(err, TH_EINPUT, "the root element <%.60s> is not <clinical_study>",
                      root->name);
  th_span id = th_xml_text(root, "id_info/nct_id");
  if (id.n == 0)
    return th_err_set(err, TH_EINPUT, "the record has no NCT number (<id_info><nct_id>)");
  return 0;
}

int th_legacy_xml_convert(th_legacy_xml *converter, th_span xml, th_buf *out, th_err *err) {
  th_legacy *x = &converter->lx;
  const th_xml_node *root = NULL;
  size_t from = out->n;
  th_arena_reset(&x->arena, false);
  int rc = th_xml_parse(xml, x->max_depth, &x->arena, &root, err);
  if (!rc) rc = check_root(root, err);
  if (rc) return rc;
  const th_xml_node *results = th_xml_child(root, "clinical_results");
  th_jout_init(&x->w, out, false);
  th_legacy_mark all = th_legacy_open(x, NULL, '{');
  protocol(x, root);
  if (results) th_legacy_results(x, results);
  documents(x, root);
  pending(x, root);
  derived(x, root);
  th_legacy_bool(x, "hasResults", results != NULL);
  th_legacy_close(x, all);
  rc = out->error ? out->error : x->scratch.error;
  if (!rc) return 0;
  th_buf_truncate(out, from);
  return th_err_set(err, rc, "%s", th_code_text(rc));
}
