#include "portal/study_diff.h"

#include "portal/diff.h"
#include "portal/words.h"
#include "study/catalogue.h"
#include "study/markup.h"

enum { CRUMBS = 12, CONTEXT = 14, LONGEST_SAME = 40, MOST_PAIRED = 4000 };

typedef struct pair {
  const th_json *a, *b;
} pair;

typedef struct comparer {
  th_html *h;
  pair j;
  th_arena *arena;
  size_t budget;
  unsigned changes;
  const char *section; /* heading of the module, until it is written */
  bool open;           /* a section is */
  uint32_t groups;     /* of `j.b`: titles of groups by their id; 0 = none */
  int n_crumbs;
  th_span crumbs[CRUMBS]; /* messages and foreign text */
  int rc;
  th_err *err;
} comparer;

static const struct {
  uint16_t field;
  const char *label;
} labels[] = {
    {TH_F_IdentificationModule, M(titles_and_numbers)},
    {TH_F_NCTId, M(nct_number)},
    {TH_F_NCTIdAlias, M(former_numbers)},
    {TH_F_OrgStudyIdInfo, M(sponsors_number)},
    {TH_F_SecondaryIdInfo, M(other_numbers)},
    {TH_F_BriefTitle, M(title)},
    {TH_F_OfficialTitle, M(official_title)},
    {TH_F_Acronym, M(acronym)},
    {TH_F_Organization, M(organization)},
    {TH_F_StatusModule, M(status_and_dates)},
    {TH_F_StatusVerifiedDate, M(last_verified)},
    {TH_F_OverallStatus, M(status)},
    {TH_F_LastKnownStatus, M(last_known_status)},
    {TH_F_DelayedPosting, M(delayed_posting)},
    {TH_F_WhyStopped, M(why_it_stopped)},
    {TH_F_ExpandedAccessInfo, M(expanded_access)},
    {TH_F_StartDateStruct, M(study_start)},
    {TH_F_PrimaryCompletionDateStruct, M(primary_completion)},
    {TH_F_CompletionDateStruct, M(study_completion)},
    {TH_F_StudyFirstSubmitDate, M(first_submitted)},
    {TH_F_StudyFirstSubmitQCDate, M(passed_review)},
    {TH_F_StudyFirstPostDateStruct, M(first_posted)},
    {TH_F_ResultsWaived, M(results_waived)},
    {TH_F_ResultsFirstSubmitDate, M(results_first_submitted)},
    {TH_F_ResultsFirstSubmitQCDate, M(results_passed_review)},
    {TH_F_ResultsFirstPostDateStruct, M(results_first_posted)},
    {TH_F_DispFirstSubmitDate, M(delay_asked_for)},
    {TH_F_DispFirstSubmitQCDate, M(delay_passed_review)},
    {TH_F_DispFirstPostDateStruct, M(delayed_results_first_posted)},
    {TH_F_LastUpdateSubmitDate, M(last_update_submitted)},
    {TH_F_LastUpdatePostDateStruct, M(last_update_posted)},
    {TH_F_SponsorCollaboratorsModule, M(sponsor_and_collaborators)},
    {TH_F_ResponsibleParty, M(responsible_party)},
    {TH_F_LeadSponsor, M(sponsor)},
    {TH_F_Collaborator, M(collaborators)},
    {TH_F_OversightModule, M(oversight)},
    {TH_F_OversightHasDMC, M(data_monitoring_committee)},
    {TH_F_IsFDARegulatedDrug, M(drug_regulated_by_the_us)},
    {TH_F_IsFDARegulatedDevice, M(device_regulated_by_the_us)},
    {TH_F_IsUnapprovedDevice, M(device_not_yet_approved)},
    {TH_F_IsPPSD, M(pediatric_surveillance_after_marketing)},
    {TH_F_IsUSExport, M(exported_from_the_us)},
    {TH_F_FDAAA801Violation, M(violation_of_fdaaa_801)},
    {TH_F_DescriptionModule, M(about)},
    {TH_F_BriefSummary, M(brief_summary)},
    {TH_F_DetailedDescription, M(detailed_description)},
    {TH_F_ConditionsModule, M(conditions_and_keywords)},
    {TH_F_Condition, M(conditions)},
    {TH_F_Keyword, M(keywords)},
    {TH_F_DesignModule, M(trial_design)},
    {TH_F_StudyType, M(study_type)},
    {TH_F_ExpandedAccessTypes, M(expanded_access)},
    {TH_F_ExpAccTypeIndividual, M(individual_patients)},
    {TH_F_ExpAccTypeIntermediate, M(intermediate_size_population)},
    {TH_F_ExpAccTypeTreatment, M(treatment_indprotocol)},
    {TH_F_NPtrsToThisExpAccNCTId, M(studies)},
    {TH_F_PatientRegistry, M(patient_registry)},
    {TH_F_TargetDuration, M(target_follow_up)},
    {TH_F_Phase, M(phase)},
    {TH_F_DesignAllocation, M(allocation)},
    {TH_F_DesignInterventionModel, M(interventional_model)},
    {TH_F_DesignInterventionModelDescription, M(about_the_model)},
    {TH_F_DesignPrimaryPurpose, M(primary_purpose)},
    {TH_F_DesignObservationalModel, M(observational_model)},
    {TH_F_DesignTimePerspective, M(time_perspective)},
    {TH_F_DesignMasking, M(masking)},
    {TH_F_DesignMaskingDescription, M(about_the_masking)},
    {TH_F_DesignWhoMasked, M(who_is_masked)},
    {TH_F_BioSpec, M(biospecimens)},
    {TH_F_EnrollmentInfo, M(enrollment)},
    {TH_F_ArmsInterventionsModule, M(arms_and_treatments)},
    {TH_F_ArmGroup, M(arm)},
    {TH_F_ArmGroupType, M(kind)},
    {TH_F_ArmGroupDescription, M(description)},
    {TH_F_ArmGroupInterventionName, M(treatments)},
    {TH_F_Intervention, M(treatment)},
    {TH_F_InterventionType, M(kind)},
    {TH_F_InterventionDescription, M(description)},
    {TH_F_InterventionArmGroupLabel, M(arms)},
    {TH_F_InterventionOtherName, M(also_known_as)},
    {TH_F_OutcomesModule, M(what_the_study_measures)},
    {TH_F_PrimaryOutcome, M(primary_outcomes)},
    {TH_F_PrimaryOutcomeDescription, M(description)},
    {TH_F_PrimaryOutcomeTimeFrame, M(time_frame)},
    {TH_F_SecondaryOutcome, M(secondary_outcomes)},
    {TH_F_SecondaryOutcomeDescription, M(description)},
    {TH_F_SecondaryOutcomeTimeFrame, M(time_frame)},
    {TH_F_OtherOutcome, M(other_outcomes)},
    {TH_F_OtherOutcomeDescription, M(description)},
    {TH_F_OtherOutcomeTimeFrame, M(time_frame)},
    {TH_F_EligibilityModule, M(who_may_join)},
    {TH_F_EligibilityCriteria, M(eligibility_criteria)},
    {TH_F_HealthyVolunteers, M(accepts_healthy_volunteers)},
    {TH_F_Sex, M(sex)},
    {TH_F_GenderBased, M(based_on_gender)},
    {TH_F_GenderDescription, M(gender)},
    {TH_F_MinimumAge, M(minimum_age)},
    {TH_F_MaximumAge, M(maximum_age)},
    {TH_F_StdAge, M(age_groups)},
    {TH_F_StudyPopulation, M(study_population)},
    {TH_F_SamplingMethod, M(sampling_method)},
    {TH_F_ContactsLocationsModule, M(contacts_and_locations)},
    {TH_F_CentralContact, M(central_contacts)},
    {TH_F_OverallOfficial, M(study_officials)},
    {TH_F_Location, M(place)},
    {TH_F_LocationStatus, M(status)},
    {TH_F_LocationContact, M(contact)},
    {TH_F_LocationGeoPoint, M(coordinates)},
    {TH_F_ReferencesModule, M(publications_and_links)},
    {TH_F_Reference, M(publications)},
    {TH_F_SeeAlsoLink, M(see_also)},
    {TH_F_AvailIPD, M(data_and_documents_to_be_had)},
    {TH_F_IPDSharingStatementModule, M(sharing_of_participants_data)},
    {TH_F_IPDSharing, M(plan_to_share)},
    {TH_F_IPDSharingDescription, M(plan)},
    {TH_F_IPDSharingInfoType, M(also_shared)},
    {TH_F_IPDSharingTimeFrame, M(time_frame)},
    {TH_F_IPDSharingAccessCriteria, M(access)},
    {TH_F_IPDSharingURL, M(address)},
    {TH_F_ParticipantFlowModule, M(participant_flow)},
    {TH_F_FlowGroup, M(group)},
    {TH_F_FlowPeriod, M(period)},
    {TH_F_FlowDropWithdraw, M(reasons_for_not_completing)},
    {TH_F_BaselineCharacteristicsModule, M(baseline_characteristics)},
    {TH_F_BaselineGroup, M(group)},
    {TH_F_BaselineMeasure, M(characteristic)},
    {TH_F_OutcomeMeasuresModule, M(outcome_measures)},
    {TH_F_OutcomeMeasure, M(outcome)},
    {TH_F_OutcomeMeasureTimeFrame, M(time_frame)},
    {TH_F_OutcomeMeasureDescription, M(description)},
    {TH_F_OutcomeGroup, M(group)},
    {TH_F_OutcomeAnalysis, M(statistical_analyses)},
    {TH_F_OutcomeAnalysisPValue, M(p_value)},
    {TH_F_OutcomeAnalysisStatisticalMethod, M(method)},
    {TH_F_AdverseEventsModule, M(adverse_events)},
    {TH_F_EventsFrequencyThreshold, M(reported_from_a_frequency_of)},
    {TH_F_EventsTimeFrame, M(time_frame)},
    {TH_F_EventGroup, M(group)},
    {TH_F_SeriousEvent, M(serious_adverse_events)},
    {TH_F_OtherEvent, M(other_adverse_events)},
    {TH_F_MoreInfoModule, M(more_about_the_results)},
    {TH_F_LimitationsAndCaveats, M(limitations_and_caveats)},
    {TH_F_CertainAgreement, M(agreements_with_investigators)},
    {TH_F_PointOfContact, M(contact_for_the_results)},
    {TH_F_AnnotationModule, M(notes_of_the_registry)},
    {TH_F_LargeDocumentModule, M(documents)},
};

const char *th_study_diff_label(uint16_t field) {
  for (size_t i = 0; i < TH_COUNT(labels); i++)
    if (labels[i].field == field) return labels[i].label;
  return NULL;
}

/* ---- crumbs: what it is that has changed ---- */

static int enter(comparer *c, th_span crumb) {
  int before = c->n_crumbs;
  if (crumb.n && c->n_crumbs < CRUMBS) c->crumbs[c->n_crumbs++] = crumb;
  return before;
}

static int enter_field(comparer *c, uint16_t field) {
  const char *label = th_study_diff_label(field);
  return enter(c, label ? th_span_of(label) : (th_span){0});
}

static void leave(comparer *c, int before) {
  c->n_crumbs = before;
}

/* ---- writing ---- */

/* False when enough has been written. */
static bool begin_change(comparer *c) {
  if (c->changes++ >= TH_STUDY_DIFF_SHOWN) return false;
  if (!c->open) {
    th_html_open(c->h, "section", "changes");
    th_html_element_str(c->h, "h2", NULL, c->section);
    th_html_open(c->h, "dl", NULL);
    c->open = true;
  }
  th_html_open(c->h, "div", NULL);
  th_html_open(c->h, "dt", NULL);
  if (c->n_crumbs == 0) th_html_str(c->h, c->section);
  for (int i = 0; i < c->n_crumbs; i++) {
    if (i) th_html_str(c->h, " \xE2\x80\xBA ");
    th_html_text(c->h, c->crumbs[i]);
  }
  th_html_close(c->h);
  th_html_open(c->h, "dd", "diff");
  return true;
}

static void end_change(comparer *c) {
  th_html_close_n(c->h, 2);
}

/* Text without its trailing white space in the element, that space behind it. */
static void put_piece(comparer *c, th_diff_kind kind, th_span text) {
  static const char *const tags[] = {NULL, "del", "ins"};
  if (!tags[kind]) {
    th_html_text(c->h, text);
    return;
  }
  size_t n = text.n;
  while (n && (unsigned char)text.p[n - 1] <= ' ')
    n--;
  if (n) th_html_element(c->h, tags[kind], NULL, (th_span){text.p, n});
  th_html_text(c->h, n < text.n ? (th_span){text.p + n, text.n - n} : TH_SPAN(" "));
}

/* Of a long stretch that stayed, its ends. */
static void put_same(comparer *c, const th_diff_part *part, bool first, bool last) {
  th_span t = part->text;
  if (part->words <= LONGEST_SAME) {
    th_html_text(c->h, t);
    return;
  }
  size_t head = first ? 0 : th_diff_words_end(t, CONTEXT);
  size_t tail = last ? t.n : th_diff_words_begin(t, CONTEXT);
  th_html_text(c->h, (th_span){t.p, head});
  th_html_element_str(c->h, "span", "quiet", head ? " \xE2\x80\xA6 " : "\xE2\x80\xA6 ");
  th_html_text(c->h, (th_span){t.p + tail, t.n - tail});
}

static void put_parts(comparer *c, const th_diff_part *parts, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (parts[i].kind == TH_DIFF_SAME)
      put_same(c, &parts[i], i == 0, i + 1 == n);
    else
      put_piece(c, parts[i].kind, parts[i].text);
}

/* ---- values ---- */

static bool is_words(uint8_t type) {
  return type == TH_FT_TEXT || type == TH_FT_MARKUP;
}

static void append_value(th_html *h, const th_json *j, uint32_t node, uint16_t field, th_buf *out) {
  const th_field *f = &th_fields[field];
  th_span text = th_json_text(j, node);
  uint8_t type = j->nodes[node].type;
  if (type == TH_JTRUE || type == TH_JFALSE)
    th_say_put(h->lang, type == TH_JTRUE ? M(yes) : M(no), out);
  else if (type != TH_JSTRING)
    th_buf_span(out, th_json_raw(j, node));
  else if (f->type == TH_FT_ENUM)
    th_words_label(h->lang, field, text, out);
  else if (f->type == TH_FT_DATE || f->type == TH_FT_PARTIAL_DATE)
    th_words_date(h->lang, text, out);
  else if (f->type == TH_FT_MARKUP)
    th_markup_unescape(text, out);
  else
    th_buf_span(out, text);
}

static bool is_composite(const th_json *j, uint32_t node) {
  return j->nodes[node].type == TH_JOBJECT || j->nodes[node].type == TH_JARRAY;
}

/* All that is in a value, in the order of the record, on one line. */
static void append_all(th_html *h, const th_json *j, uint32_t node, uint16_t field, th_buf *out) {
  if (j->nodes[node].type == TH_JARRAY) {
    for (th_json_each(j, node, e))
      append_all(h, j, e, field, out);
  } else if (j->nodes[node].type == TH_JOBJECT) {
    for (th_json_members(j, node, key)) {
      uint16_t child = th_field_child(field, th_json_text(j, key));
      if (child != TH_F_NONE) append_all(h, j, key + 1, child, out);
    }
  } else {
    if (out->n) th_buf_str(out, "; ");
    append_value(h, j, node, field, out);
  }
}

/* The text of a value, in the arena; empty for node 0. */
static th_span value_text(comparer *c, const th_json *j, uint32_t node, uint16_t field) {
  if (!node) return (th_span){0};
  th_buf *s = th_html_scratch(c->h);
  if (is_composite(j, node))
    append_all(c->h, j, node, field, s);
  else
    append_value(c->h, j, node, field, s);
  th_span kept = th_arena_dup(c->arena, th_buf_view(s));
  if (!kept.p && s->n) c->rc = th_err_set(c->err, TH_ENOMEM, "no memory to compare");
  return kept;
}

static void diff_text(comparer *c, th_span old, th_span new) {
  th_diff_part *parts;
  size_t n = 0;
  c->rc = th_diff_words(old, new, &c->budget, c->arena, &parts, &n, c->err);
  if (c->rc || (n <= 1 && (n == 0 || parts[0].kind == TH_DIFF_SAME)) || !begin_change(c)) return;
  put_parts(c, parts, n);
  end_change(c);
}

/* One of the nodes may be 0: added or taken away. Values that read the same are no change. */
static void diff_value(comparer *c, uint16_t field, uint32_t a, uint32_t b) {
  th_span old = value_text(c, c->j.a, a, field), new = value_text(c, c->j.b, b, field);
  if (c->rc || th_span_eq(old, new)) return;
  if (a && b && is_words(th_fields[field].type)) {
    diff_text(c, old, new);
    return;
  }
  if (!begin_change(c)) return;
  if (old.n) put_piece(c, TH_DIFF_DELETE, old);
  if (old.n && new.n) th_html_str(c->h, " ");
  if (new.n) put_piece(c, TH_DIFF_INSERT, new);
  end_change(c);
}

/* ---- lists ---- */

/* What names a member of a list, best first. */
static th_span name_of(const th_json *j, uint32_t node) {
  static const char *const keys[] = {"groupId", "pmid", "facility", "measure", "term",
                                     "label",   "name", "filename", "title",   "id",
                                     "units",   "type", "citation", "url"};
  for (size_t i = 0; j->nodes[node].type == TH_JOBJECT && i < TH_COUNT(keys); i++) {
    uint32_t found = th_json_get(j, node, th_span_of(keys[i]));
    if (found && j->nodes[found].type == TH_JSTRING) return th_json_text(j, found);
  }
  return (th_span){0};
}

/* Of two sites of one name the city is part of it. */
static th_span city_of(const th_json *j, uint32_t node) {
  return j->nodes[node].type == TH_JOBJECT ? th_json_path_text(j, node, "city") : (th_span){0};
}

static th_span group_title(const comparer *c, th_span id) {
  if (c->groups)
    for (th_json_each(c->j.b, c->groups, e))
      if (th_span_eq(th_json_path_text(c->j.b, e, "id"), id))
        return th_json_path_text(c->j.b, e, "title");
  return id;
}

/* How a reader knows a member: a group's measurement by the group's title. */
static th_span crumb_of(comparer *c, const th_json *j, uint32_t node) {
  th_span name = name_of(j, node), city = city_of(j, node);
  uint32_t group = th_json_get(j, node, TH_SPAN("groupId"));
  if (group) return group_title(c, name);
  if (!city.n) return name;
  th_buf *s = th_html_scratch(c->h);
  th_buf_span(s, name);
  th_buf_str(s, name.n ? ", " : "");
  th_buf_span(s, city);
  return th_arena_dup(c->arena, th_buf_view(s));
}

typedef struct member {
  uint32_t node;
  bool done;
  uint64_t raw, name; /* hashes: most that differ are told apart by them */
} member;

typedef struct list {
  const th_json *j;
  member *of;
  size_t n;
} list;

/* FNV-1a; what it finds equal is compared. */
static uint64_t hash_of(uint64_t hash, th_span s) {
  for (size_t i = 0; i < s.n; i++)
    hash = (hash ^ (unsigned char)s.p[i]) * 0x100000001b3u;
  return hash;
}

static bool list_of(comparer *c, const th_json *j, uint32_t node, list *out) {
  *out = (list){.j = j};
  out->of = th_arena_calloc(c->arena, (node ? j->nodes[node].n : 0) + (size_t)1, sizeof *out->of);
  if (!out->of) {
    c->rc = th_err_set(c->err, TH_ENOMEM, "no memory to compare");
    return false;
  }
  if (node)
    for (th_json_each(j, node, e)) {
      uint64_t start = 0xcbf29ce484222325u;
      out->of[out->n++] = (member){e, false, hash_of(start, th_json_raw(j, e)),
                                   hash_of(hash_of(start, name_of(j, e)), city_of(j, e))};
    }
  return true;
}

static bool is_same(const list *a, size_t i, const list *b, size_t k) {
  return a->of[i].raw == b->of[k].raw &&
         th_span_eq(th_json_raw(a->j, a->of[i].node), th_json_raw(b->j, b->of[k].node));
}

/* Strings may be spelt with escapes or without. */
static bool reads_same(const list *a, size_t i, const list *b, size_t k) {
  uint32_t x = a->of[i].node, y = b->of[k].node;
  bool strings = a->j->nodes[x].type == TH_JSTRING && b->j->nodes[y].type == TH_JSTRING;
  return strings ? th_span_eq(th_json_text(a->j, x), th_json_text(b->j, y)) : is_same(a, i, b, k);
}

static bool is_named_alike(const list *a, size_t i, const list *b, size_t k) {
  uint32_t x = a->of[i].node, y = b->of[k].node;
  return a->of[i].name == b->of[k].name && th_span_eq(name_of(a->j, x), name_of(b->j, y)) &&
         th_span_eq(city_of(a->j, x), city_of(b->j, y));
}

/* Pairs members that are alike, looking first where the last pair was: lists mostly keep their
 * order. partner[k]: member of a for member k of b, plus one. */
static void pair_up(list *a, list *b, size_t *partner,
                    bool (*alike)(const list *, size_t, const list *, size_t)) {
  size_t next = 0;
  for (size_t k = 0; k < b->n; k++) {
    if (b->of[k].done) continue;
    for (size_t tried = 0; tried < TH_MIN(a->n, (size_t)MOST_PAIRED); tried++) {
      size_t i = (next + tried) % a->n;
      if (a->of[i].done || !alike(a, i, b, k)) continue;
      a->of[i].done = b->of[k].done = true;
      partner[k] = i + 1;
      next = i + 1;
      break;
    }
  }
}

static size_t count_left(const list *l) {
  size_t left = 0;
  for (size_t i = 0; i < l->n; i++)
    left += !l->of[i].done;
  return left;
}

static bool is_anything(const list *a, size_t i, const list *b, size_t k) {
  (void)a, (void)i, (void)b, (void)k;
  return true;
}

static void diff_node(comparer *c, uint16_t field, uint32_t a, uint32_t b);

static void diff_structs(comparer *c, uint16_t field, uint32_t node_a, uint32_t node_b) {
  list a, b;
  if (!list_of(c, c->j.a, node_a, &a) || !list_of(c, c->j.b, node_b, &b)) return;
  size_t *partner = th_arena_calloc(c->arena, b.n + 1, sizeof *partner);
  if (!partner) {
    c->rc = th_err_set(c->err, TH_ENOMEM, "no memory to compare");
    return;
  }
  pair_up(&a, &b, partner, is_same);
  memset(partner, 0, b.n * sizeof *partner);
  pair_up(&a, &b, partner, is_named_alike);
  if (count_left(&a) == count_left(&b)) pair_up(&a, &b, partner, is_anything);
  for (size_t k = 0; !c->rc && k < b.n; k++) {
    if (b.of[k].done && !partner[k]) continue;
    int before = enter(c, crumb_of(c, c->j.b, b.of[k].node));
    if (partner[k])
      diff_node(c, field, a.of[partner[k] - 1].node, b.of[k].node);
    else
      diff_value(c, field, 0, b.of[k].node);
    leave(c, before);
  }
  for (size_t i = 0; !c->rc && i < a.n; i++) {
    if (a.of[i].done) continue;
    int before = enter(c, crumb_of(c, c->j.a, a.of[i].node));
    diff_value(c, field, a.of[i].node, 0);
    leave(c, before);
  }
}

/* A list of words: all of it, with what has come and gone. */
static void diff_words_list(comparer *c, uint16_t field, uint32_t node_a, uint32_t node_b) {
  list a, b;
  th_diff_run *runs;
  size_t n = 0;
  if (!list_of(c, c->j.a, node_a, &a) || !list_of(c, c->j.b, node_b, &b)) return;
  uint32_t *ids = th_arena_calloc(c->arena, a.n + b.n + 1, sizeof *ids);
  if (!ids) {
    c->rc = th_err_set(c->err, TH_ENOMEM, "no memory to compare");
    return;
  }
  for (size_t i = 0; i < a.n; i++)
    ids[i] = (uint32_t)i;
  for (size_t k = 0; k < b.n; k++) {
    ids[a.n + k] = (uint32_t)(a.n + k);
    for (size_t i = 0; i < TH_MIN(a.n, (size_t)MOST_PAIRED); i++)
      if (reads_same(&a, i, &b, k)) ids[a.n + k] = ids[i];
  }
  c->rc = th_diff_ids(ids, a.n, ids + a.n, b.n, &c->budget, c->arena, &runs, &n, c->err);
  if (c->rc || (n == 1 && runs[0].kind == TH_DIFF_SAME) || !begin_change(c)) return;
  for (size_t r = 0; !c->rc && r < n; r++)
    for (size_t i = 0; i < runs[r].n; i++) {
      const list *from = runs[r].kind == TH_DIFF_DELETE ? &a : &b;
      if (r || i) th_html_str(c->h, "; ");
      put_piece(c, runs[r].kind, value_text(c, from->j, from->of[runs[r].from + i].node, field));
    }
  end_change(c);
}

static void diff_list(comparer *c, uint16_t field, uint32_t a, uint32_t b) {
  if (th_fields[field].type == TH_FT_STRUCT)
    diff_structs(c, field, a, b);
  else
    diff_words_list(c, field, a, b);
}

/* ---- structs ---- */

/* Keys that the catalogue does not know: a newer registry's. */
static void diff_unknown(comparer *c, uint16_t field, const th_json *j, uint32_t node,
                         const th_json *other, uint32_t other_node, bool added) {
  for (th_json_members(j, node, key)) {
    th_span name = th_json_text(j, key);
    if (th_field_child(field, name) != TH_F_NONE) continue;
    uint32_t twin = other_node ? th_json_get(other, other_node, name) : 0;
    if (twin && (!added || th_span_eq(th_json_raw(j, key + 1), th_json_raw(other, twin)))) continue;
    int before = enter(c, name);
    if (begin_change(c)) {
      if (added && twin) put_piece(c, TH_DIFF_DELETE, th_json_raw(other, twin));
      put_piece(c, added ? TH_DIFF_INSERT : TH_DIFF_DELETE, th_json_raw(j, key + 1));
      end_change(c);
    }
    leave(c, before);
  }
}

static void diff_struct(comparer *c, uint16_t field, uint32_t a, uint32_t b) {
  uint32_t outer = c->groups, groups = th_json_get(c->j.b, b, TH_SPAN("groups"));
  if (!groups) groups = th_json_get(c->j.b, b, TH_SPAN("eventGroups"));
  if (groups && c->j.b->nodes[groups].type == TH_JARRAY) c->groups = groups;
  for (uint16_t f = th_fields[field].first_child; !c->rc && f != TH_F_NONE;
       f = th_fields[f].next_sibling) {
    th_span name = {th_fields[f].name, th_fields[f].name_len};
    uint32_t x = th_json_get(c->j.a, a, name), y = th_json_get(c->j.b, b, name);
    if (!x && !y) continue;
    int before = enter_field(c, f);
    diff_node(c, f, x, y);
    leave(c, before);
  }
  diff_unknown(c, field, c->j.b, b, c->j.a, a, true);
  diff_unknown(c, field, c->j.a, a, c->j.b, b, false);
  c->groups = outer;
}

static uint8_t type_of(const th_json *j, uint32_t node) {
  return node ? j->nodes[node].type : TH_JNULL;
}

static void diff_node(comparer *c, uint16_t field, uint32_t a, uint32_t b) {
  uint8_t x = type_of(c->j.a, a), y = type_of(c->j.b, b);
  if (a && b && th_span_eq(th_json_raw(c->j.a, a), th_json_raw(c->j.b, b))) return;
  if (x == TH_JOBJECT && y == TH_JOBJECT)
    diff_struct(c, field, a, b);
  else if ((!a || x == TH_JARRAY) && (!b || y == TH_JARRAY))
    diff_list(c, field, a, b);
  else
    diff_value(c, field, a, b);
}

/* ---- the whole ---- */

/* A module that came or went as a whole has its fields one by one all the same. */
static void diff_module(comparer *c, uint16_t module, uint32_t a, uint32_t b) {
  const char *label = th_study_diff_label(module);
  c->section = label ? label : M(other_data);
  c->open = false;
  if (a && b && th_span_eq(th_json_raw(c->j.a, a), th_json_raw(c->j.b, b))) return;
  if (type_of(c->j.a, a) == TH_JOBJECT && type_of(c->j.b, b) == TH_JOBJECT) {
    diff_struct(c, module, a, b);
  } else if (a && b) {
    diff_value(c, module, a, b);
  } else {
    for (uint16_t f = th_fields[module].first_child; !c->rc && f != TH_F_NONE;
         f = th_fields[f].next_sibling) {
      th_span name = {th_fields[f].name, th_fields[f].name_len};
      uint32_t x = a ? th_json_get(c->j.a, a, name) : 0, y = b ? th_json_get(c->j.b, b, name) : 0;
      int before = enter_field(c, f);
      if (x || y) diff_node(c, f, x, y);
      leave(c, before);
    }
  }
  if (c->open) th_html_close_n(c->h, 2);
}

int th_study_diff(th_html *h, const th_json *from, const th_json *to, th_arena *arena,
                  unsigned *changes, th_err *err) {
  static const uint16_t sections[] = {TH_F_ProtocolSection, TH_F_ResultsSection,
                                      TH_F_AnnotationSection, TH_F_DocumentSection};
  comparer c = {.h = h, .j = {from, to}, .arena = arena, .budget = TH_STUDY_DIFF_STEPS, .err = err};
  for (size_t i = 0; i < TH_COUNT(sections); i++) {
    const th_field *s = &th_fields[sections[i]];
    uint32_t a = th_json_get(from, 0, th_span_of(s->name));
    uint32_t b = th_json_get(to, 0, th_span_of(s->name));
    for (uint16_t m = s->first_child; !c.rc && m != TH_F_NONE; m = th_fields[m].next_sibling) {
      th_span name = th_span_of(th_fields[m].name);
      uint32_t x = a ? th_json_get(from, a, name) : 0, y = b ? th_json_get(to, b, name) : 0;
      if (x || y) diff_module(&c, m, x, y);
    }
  }
  *changes = c.changes;
  return c.rc;
}
