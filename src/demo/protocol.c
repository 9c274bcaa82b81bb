/* protocolSection: the modules in the registry's order. */
#include "demo/plan.h"

static void kv_date(th_demo *d, const char *key, int day, bool month) {
  th_buf_clear(&d->text);
  demo_date(&d->text, day, month);
  th_jout_kv_text(&d->out, key, th_buf_view(&d->text));
}

/* {"date":…,"type":…}: a day in the past is actual. */
static void date_struct(th_demo *d, const char *key, int day, bool month) {
  th_jout_key(&d->out, key);
  th_jout_object(&d->out);
  kv_date(d, "date", day, month);
  th_jout_kv_str(&d->out, "type", day <= DEMO_TODAY ? "ACTUAL" : "ESTIMATED");
  th_jout_end_object(&d->out);
}

static void party(th_demo *d, const demo_sponsor *sponsor) {
  th_jout_object(&d->out);
  th_jout_kv_str(&d->out, "name", sponsor->name);
  th_jout_kv_str(&d->out, "class", sponsor->type);
  th_jout_end_object(&d->out);
}

static const char *brief_title(const demo_plan *p) {
  if (p->type == DEMO_EXPANDED) return "Expanded Access to {drug} for {Who} With {cond}";
  if (p->type == DEMO_OBSERVATIONAL)
    return "[{cond} in Daily Practice: A Registry|Long-Term Outcomes of {cond}|Biomarkers and "
           "Course of {cond} in {Who}|{drug} for {cond} in Routine Care]";
  switch (p->control) {
  case DEMO_PLACEBO:
    return "[{drug} for {Who} With {cond}|{drug} Versus Placebo in {cond}|A Study of {drug} in "
           "{Who} With {cond}|Efficacy and Safety of {drug} in {cond}]";
  case DEMO_ACTIVE:
    return "[{drug} Versus {comp} in {cond}|Comparison of {drug} and {comp} for {Who} With "
           "{cond}|{drug} or {comp} as First Treatment of {cond}]";
  case DEMO_DOSES:
    return "[Two Doses of {drug} in {Who} With {cond}|Dose-Ranging Study of {drug} in {cond}]";
  case DEMO_USUAL_CARE:
    return "[{drug} Added to Usual Care in {cond}|Effect of {drug} on {cond}]";
  default:
    return "[{drug} in {Who} With {cond}|Safety of {drug} in {cond}|{drug} After Failure of "
           "Standard Treatment in {cond}]";
  }
}

static void identification(th_demo *d) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  char nct[12] = "NCT00000000";
  uint32_t rest = p->nct;
  for (int i = 10; i > 2; i--, rest /= 10)
    nct[i] = (char)('0' + rest % 10);
  th_jout_key(w, "identificationModule");
  th_jout_object(w);
  th_jout_kv_str(w, "nctId", nct);
  th_jout_key(w, "orgStudyIdInfo");
  th_jout_object(w);
  th_jout_kv_str(w, "id", p->org_id);
  th_jout_end_object(w);
  th_jout_key(w, "organization");
  th_jout_object(w);
  th_jout_kv_str(w, "fullName", p->sponsor->name);
  th_jout_kv_str(w, "class", p->sponsor->type);
  th_jout_end_object(w);
  demo_text(d, "briefTitle", brief_title(p));
  if (p->type == DEMO_INTERVENTIONAL)
    demo_text(d, "officialTitle",
              p->randomized
                  ? "A [Randomized|Multicenter, Randomized|Prospective Randomized], "
                    "[Controlled|Parallel-Group] [Trial|Study] of {drug} in {Who} With {cond}[| "
                    "Who Did Not Respond to Previous Treatment| at High Risk of Progression]"
                  : "An [Open-Label|Single-Arm, Open-Label] [Trial|Study] of {drug} in {Who} With "
                    "[|Relapsed or Refractory |Newly Diagnosed |Chronic ]{cond}");
  if (p->acronym[0]) th_jout_kv_str(w, "acronym", p->acronym);
  th_jout_end_object(w);
}

static void why_stopped(th_demo *d) {
  if (strcmp(d->plan.status, "TERMINATED") == 0 || strcmp(d->plan.status, "SUSPENDED") == 0)
    demo_text(d, "whyStopped",
              "[Slow recruitment|Decision of the sponsor|Futility at the interim analysis|Lack of "
              "funding|The data monitoring committee recommended to stop|Supply of {drug} was "
              "interrupted]");
  if (d->plan.withdrawn)
    demo_text(d, "whyStopped",
              "[No participants enrolled|Funding was not obtained|The investigator left the "
              "institution]");
}

static void status(th_demo *d) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  bool month = demo_chance(&p->rng, 30);
  th_jout_key(w, "statusModule");
  th_jout_object(w);
  kv_date(d, "statusVerifiedDate", p->last_update, true);
  th_jout_kv_str(w, "overallStatus", p->status);
  if (strcmp(p->status, "UNKNOWN") == 0) th_jout_kv_str(w, "lastKnownStatus", "RECRUITING");
  why_stopped(d);
  th_jout_key(w, "expandedAccessInfo");
  th_jout_object(w);
  th_jout_kv_bool(w, "hasExpandedAccess", false);
  th_jout_end_object(w);
  if (p->type != DEMO_EXPANDED) {
    date_struct(d, "startDateStruct", p->start, month);
    date_struct(d, "primaryCompletionDateStruct", p->primary_end, month);
    date_struct(d, "completionDateStruct", p->end, month);
  }
  kv_date(d, "studyFirstSubmitDate", p->first_submit, false);
  kv_date(d, "studyFirstSubmitQcDate", p->first_submit + 2, false);
  date_struct(d, "studyFirstPostDateStruct", p->first_submit + 5, false);
  if (p->has_results) {
    kv_date(d, "resultsFirstSubmitDate", p->results_submit, false);
    kv_date(d, "resultsFirstSubmitQcDate", p->results_submit + 21, false);
    date_struct(d, "resultsFirstPostDateStruct", p->results_submit + 30, false);
  }
  kv_date(d, "lastUpdateSubmitDate", p->last_update, false);
  date_struct(d, "lastUpdatePostDateStruct", p->last_update + 3, false);
  th_jout_end_object(w);
}

static void sponsors(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  bool industry = strcmp(p->sponsor->type, "INDUSTRY") == 0;
  th_jout_key(w, "sponsorCollaboratorsModule");
  th_jout_object(w);
  th_jout_key(w, "responsibleParty");
  th_jout_object(w);
  th_jout_kv_str(w, "type", industry ? "SPONSOR" : "PRINCIPAL_INVESTIGATOR");
  if (!industry) {
    demo_text(d, "investigatorFullName", "Example Investigator {10-99}");
    demo_text(d, "investigatorTitle", "[Professor|Associate Professor|Consultant|Head] of {field}");
    th_jout_kv_str(w, "investigatorAffiliation", p->sponsor->name);
  }
  th_jout_end_object(w);
  th_jout_key(w, "leadSponsor");
  party(d, p->sponsor);
  if (p->collaborator) {
    th_jout_key(w, "collaborators");
    th_jout_array(w);
    party(d, p->collaborator);
    th_jout_end_array(w);
  }
  th_jout_end_object(w);
  th_jout_key(w, "oversightModule");
  th_jout_object(w);
  th_jout_kv_bool(w, "oversightHasDmc", p->randomized);
  th_jout_kv_bool(w, "isFdaRegulatedDrug",
                  industry && th_span_eq(p->treatment.type, TH_SPAN("DRUG")));
  th_jout_kv_bool(w, "isFdaRegulatedDevice",
                  industry && th_span_eq(p->treatment.type, TH_SPAN("DEVICE")));
  th_jout_end_object(w);
}

static void description(th_demo *d) {
  th_jout_key(&d->out, "descriptionModule");
  th_jout_object(&d->out);
  demo_text(
      d, "briefSummary",
      d->plan.type == DEMO_OBSERVATIONAL
          ? "This is a made-up record for demonstration; no such study exists. [{cond} varies "
            "widely from person to person|Little is known about the long-term course of {cond}]. "
            "The study follows {who} with {cond} for up to {weeks} weeks and [records treatment, "
            "symptoms and quality of life|collects blood samples and questionnaires|describes how "
            "{drug} is used in routine care]. The main question is [which patients do best|how "
            "often the disease gets worse|how well treatment is tolerated]."
          : "This is a made-up record for demonstration; no such study exists. The goal of this "
            "study is to learn whether {drug} [works|is safe and works|improves the outcome] in "
            "{who} with {cond}. Participants will [receive|be given] {drug} [for {weeks} weeks|for "
            "up to {weeks} weeks or until the disease gets worse] and [will visit the clinic every "
            "{2-8/2} weeks|will be followed by telephone and at the clinic|will keep a diary of "
            "their symptoms]. Researchers will compare the groups to see [how many participants "
            "improve|how the disease changes|whether side effects differ].");
  demo_text(d, "detailedDescription",
            "[Background: |]{cond} is [a frequent cause of disability|a leading cause of hospital "
            "admission|still without a satisfying treatment in many patients]. {drug} belongs to "
            "the class of {class}. [Earlier work in {10-80} patients suggested a benefit, but the "
            "evidence is limited.|In a pilot study the treatment was feasible and well "
            "tolerated.|Its place next to {comp} has not been established.]\n\n[Methods: |]After a "
            "screening period of up to {2-6} weeks, eligible participants are [enrolled|allocated] "
            "and followed until week {weeks}, with a further safety visit {2-8/2} weeks later. "
            "[Assessments include physical examination, laboratory tests, {field} assessments and "
            "questionnaires.|Visits take place at baseline, at weeks 2, 4 and 8, and every "
            "{4-12/4} weeks thereafter.]\n\n[Statistics: |]With about {n} participants the study "
            "has a power of {80-90/5} % to show [the expected difference|a clinically relevant "
            "effect] at a two-sided level of 5 %[|, allowing for a drop-out rate of {5-20/5} %].");
  th_jout_end_object(&d->out);
}

static void conditions(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  th_jout_key(w, "conditionsModule");
  th_jout_object(w);
  th_jout_key(w, "conditions");
  th_jout_array(w);
  th_jout_str(w, p->condition->name);
  if (p->second) th_jout_str(w, p->second->name);
  th_jout_end_array(w);
  th_jout_key(w, "keywords");
  th_jout_array(w);
  for (unsigned i = 0; i < demo_lines(p->condition->keywords); i++)
    th_jout_text(w, demo_line(p->condition->keywords, i));
  th_jout_text(w, p->treatment.other);
  th_jout_str(w, "made-up record");
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void masking(th_demo *d) {
  static const char *const names[] = {"NONE", "SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"};
  static const char *const who[] = {"PARTICIPANT", "INVESTIGATOR", "CARE_PROVIDER",
                                    "OUTCOMES_ASSESSOR"};
  th_jout *w = &d->out;
  th_jout_key(w, "maskingInfo");
  th_jout_object(w);
  th_jout_kv_str(w, "masking", names[d->plan.masking]);
  if (d->plan.masking == 1) {
    th_jout_key(w, "whoMasked");
    th_jout_array(w);
    th_jout_str(w, who[3]);
    th_jout_end_array(w);
  } else if (d->plan.masking) {
    th_jout_key(w, "whoMasked");
    th_jout_array(w);
    for (unsigned i = 0; i < d->plan.masking; i++)
      th_jout_str(w, who[i]);
    th_jout_end_array(w);
  }
  th_jout_end_object(w);
}

static void design_info(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  th_jout_key(w, "designInfo");
  th_jout_object(w);
  if (p->type == DEMO_OBSERVATIONAL) {
    th_jout_kv_str(w, "observationalModel", p->n_arms > 1 ? "CASE_CONTROL" : "COHORT");
    th_jout_kv_str(w, "timePerspective", p->begun && p->over ? "RETROSPECTIVE" : "PROSPECTIVE");
  } else {
    bool vaccine =
        p->condition->field == INFECTION && th_span_eq(p->treatment.type, TH_SPAN("BIOLOGICAL"));
    bool test = th_span_eq(p->treatment.type, TH_SPAN("DIAGNOSTIC_TEST"));
    th_jout_kv_str(w, "allocation",
                   p->single_group ? "NA"
                   : p->randomized ? "RANDOMIZED"
                                   : "NON_RANDOMIZED");
    th_jout_kv_str(w, "interventionModel",
                   p->single_group ? "SINGLE_GROUP"
                   : p->crossover  ? "CROSSOVER"
                                   : "PARALLEL");
    th_jout_kv_str(w, "primaryPurpose", vaccine ? "PREVENTION" : test ? "DIAGNOSTIC" : "TREATMENT");
    masking(d);
  }
  th_jout_end_object(w);
}

static void design(th_demo *d) {
  static const char *const types[] = {"INTERVENTIONAL", "OBSERVATIONAL", "EXPANDED_ACCESS"};
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  th_jout_key(w, "designModule");
  th_jout_object(w);
  th_jout_kv_str(w, "studyType", types[p->type]);
  if (p->type == DEMO_EXPANDED) {
    th_jout_key(w, "expandedAccessTypes");
    th_jout_object(w);
    th_jout_kv_bool(w, "intermediate", true);
    th_jout_end_object(w);
    th_jout_end_object(w);
    return;
  }
  if (p->type == DEMO_OBSERVATIONAL) th_jout_kv_bool(w, "patientRegistry", false);
  if (p->type == DEMO_INTERVENTIONAL) {
    th_jout_key(w, "phases");
    th_jout_array(w);
    th_span names = th_span_of(demo_phases[p->phase]);
    const char *blank = memchr(names.p, ' ', names.n);
    size_t first = blank ? (size_t)(blank - names.p) : names.n;
    th_jout_text(w, (th_span){names.p, first});
    if (blank) th_jout_text(w, (th_span){blank + 1, names.n - first - 1});
    th_jout_end_array(w);
  }
  design_info(d);
  th_jout_key(w, "enrollmentInfo");
  th_jout_object(w);
  th_jout_kv_i64(w, "count", p->enrolled);
  th_jout_kv_str(w, "type", p->over ? "ACTUAL" : "ESTIMATED");
  th_jout_end_object(w);
  th_jout_end_object(w);
}

/* ---- arms and interventions: every arm names interventions that name the arm ---- */

static const char *arm_type(const demo_plan *p, unsigned i) {
  if (i + 1 < p->n_arms || p->n_arms == 1) return "EXPERIMENTAL";
  switch (p->control) {
  case DEMO_PLACEBO:
  case DEMO_DOSES:
    return "PLACEBO_COMPARATOR";
  case DEMO_SHAM:
    return "SHAM_COMPARATOR";
  case DEMO_ACTIVE:
    return "ACTIVE_COMPARATOR";
  default:
    return "NO_INTERVENTION";
  }
}

/* "Drug: Metformin", as arms refer to interventions. */
static void intervention_name(th_demo *d, th_span type, const char *name) {
  bool up = true;
  th_buf_clear(&d->text);
  for (size_t i = 0; i < type.n; i++) {
    char c = type.p[i];
    th_buf_char(&d->text, c == '_' ? ' ' : up ? c : (char)(c | 0x20));
    up = c == '_';
  }
  th_buf_str(&d->text, ": ");
  demo_phrase(&d->plan, &d->text, th_span_of(name));
  th_jout_text(&d->out, th_buf_view(&d->text));
}

static bool has_control_intervention(const demo_plan *p) {
  return p->type == DEMO_INTERVENTIONAL && p->n_arms > 1 && p->control != DEMO_USUAL_CARE;
}

static const char *control_name(const demo_plan *p) {
  return p->control == DEMO_ACTIVE ? "{comp}" : p->control == DEMO_SHAM ? "Sham {drug}" : "Placebo";
}

static void arm(th_demo *d, unsigned i) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  bool last = i && i + 1 == p->n_arms, treated = !last;
  th_jout_object(w);
  th_jout_kv_text(w, "label", th_buf_view(&p->arm[i]));
  if (p->type == DEMO_INTERVENTIONAL) th_jout_kv_str(w, "type", arm_type(p, i));
  if (p->type == DEMO_OBSERVATIONAL)
    demo_text(d, "description",
              treated ? "{Who} with {cond}[| seen at the participating centers]."
                      : "A group for comparison, [matched for age and sex|from the same centers].");
  else if (treated)
    demo_text(
        d, "description",
        "Participants receive {drug}, {dose}[, on top of standard care|, for {weeks} weeks|].");
  else if (p->control == DEMO_ACTIVE)
    demo_text(d, "description", "Participants receive {comp}, {compdose}.");
  else if (p->control == DEMO_USUAL_CARE)
    demo_text(d, "description", "Participants receive the care that is usual at their center.");
  else
    demo_text(d, "description",
              "Participants receive a [matching|similar-looking] control for {weeks} weeks.");
  if (p->type != DEMO_OBSERVATIONAL && (treated || has_control_intervention(p))) {
    th_jout_key(w, "interventionNames");
    th_jout_array(w);
    if (treated)
      intervention_name(d, p->treatment.type, "{drug}");
    else
      intervention_name(d, p->control == DEMO_ACTIVE ? p->comparator.type : p->treatment.type,
                        control_name(p));
    th_jout_end_array(w);
  }
  th_jout_end_object(w);
}

static void arm_labels(th_demo *d, unsigned from, unsigned to) {
  if (d->plan.type == DEMO_EXPANDED) return;
  th_jout_key(&d->out, "armGroupLabels");
  th_jout_array(&d->out);
  for (unsigned i = from; i < to; i++)
    th_jout_text(&d->out, th_buf_view(&d->plan.arm[i]));
  th_jout_end_array(&d->out);
}

static void interventions(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  unsigned treated = p->n_arms > 1 ? p->n_arms - 1 : 1;
  th_jout_key(w, "interventions");
  th_jout_array(w);
  th_jout_object(w);
  th_jout_kv_text(w, "type", p->treatment.type);
  th_jout_kv_text(w, "name", p->treatment.name);
  demo_text(d, "description", "{drug}, {dose}.");
  if (p->type != DEMO_OBSERVATIONAL) arm_labels(d, 0, treated);
  th_jout_key(w, "otherNames");
  th_jout_array(w);
  th_jout_text(w, p->treatment.other);
  th_jout_end_array(w);
  th_jout_end_object(w);
  if (has_control_intervention(p)) {
    th_jout_object(w);
    th_jout_kv_text(w, "type", p->control == DEMO_ACTIVE ? p->comparator.type : p->treatment.type);
    demo_text(d, "name", control_name(p));
    demo_text(d, "description",
              p->control == DEMO_ACTIVE ? "{comp}, {compdose}."
                                        : "Given like {drug}, without the active part.");
    arm_labels(d, treated, p->n_arms);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void arms_interventions(th_demo *d) {
  th_jout *w = &d->out;
  th_jout_key(w, "armsInterventionsModule");
  th_jout_object(w);
  if (d->plan.type != DEMO_EXPANDED) {
    th_jout_key(w, "armGroups");
    th_jout_array(w);
    for (unsigned i = 0; i < d->plan.n_arms; i++)
      arm(d, i);
    th_jout_end_array(w);
  }
  interventions(d);
  th_jout_end_object(w);
}

static void outcomes(th_demo *d) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  if (p->type == DEMO_EXPANDED) return;
  th_jout_key(w, "outcomesModule");
  th_jout_object(w);
  for (unsigned i = 0; i < p->n_outcomes; i++) {
    if (i < 2) {
      if (i) th_jout_end_array(w);
      th_jout_key(w, i ? "secondaryOutcomes" : "primaryOutcomes");
      th_jout_array(w);
    }
    th_jout_object(w);
    th_jout_kv_text(w, "measure", demo_part(p->outcome[i], 0));
    th_jout_kv_text(w, "description", demo_part(p->outcome[i], 1));
    demo_text(d, "timeFrame", "[Baseline to week {weeks}|Week {weeks}|Baseline and week {weeks}]");
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void ages(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  unsigned high = p->max_age ? p->max_age : 200;
  th_buf_clear(&d->text);
  if (p->neonates) {
    th_jout_kv_str(w, "minimumAge", "0 Days");
    th_jout_kv_str(w, "maximumAge", "3 Days");
    high = 0;
  } else {
    th_buf_printf(&d->text, "%u Year%s", p->min_age, p->min_age == 1 ? "" : "s");
    th_jout_kv_text(w, "minimumAge", th_buf_view(&d->text));
  }
  if (p->max_age && !p->neonates) {
    th_buf_clear(&d->text);
    th_buf_printf(&d->text, "%u Years", p->max_age);
    th_jout_kv_text(w, "maximumAge", th_buf_view(&d->text));
  }
  unsigned low = p->neonates ? 0 : p->min_age;
  th_jout_key(w, "stdAges");
  th_jout_array(w);
  if (low < 18) th_jout_str(w, "CHILD");
  if (high >= 18 && low < 65) th_jout_str(w, "ADULT");
  if (high >= 65) th_jout_str(w, "OLDER_ADULT");
  th_jout_end_array(w);
}

static void eligibility(th_demo *d) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  th_jout_key(w, "eligibilityModule");
  th_jout_object(w);
  th_buf_clear(&d->text);
  demo_criteria(p, &d->text);
  th_jout_kv_text(w, "eligibilityCriteria", th_buf_view(&d->text));
  th_jout_kv_bool(w, "healthyVolunteers", p->type == DEMO_OBSERVATIONAL && p->n_arms > 1);
  th_jout_kv_str(w, "sex", p->sex);
  ages(d);
  if (p->type == DEMO_OBSERVATIONAL) {
    demo_text(d, "studyPopulation",
              "{Who} with {cond} [seen at the participating centers|identified from health "
              "records|invited by their physicians].");
    th_jout_kv_str(w, "samplingMethod",
                   demo_chance(&p->rng, 80) ? "NON_PROBABILITY_SAMPLE" : "PROBABILITY_SAMPLE");
  }
  th_jout_end_object(w);
}

/* ---- places and people: names, numbers and addresses of nobody ---- */

static void contact(th_demo *d, const char *name) {
  th_jout *w = &d->out;
  th_jout_object(w);
  demo_text(d, "name", name);
  th_jout_kv_str(w, "role", "CONTACT");
  demo_text(d, "phone", "+1 555 01{10-99}");
  th_jout_kv_str(w, "email", "contact@example.org");
  th_jout_end_object(w);
}

static void location(th_demo *d, const demo_city *city, bool recruiting) {
  th_jout *w = &d->out;
  th_jout_object(w);
  th_buf_clear(&d->text);
  demo_phrase(&d->plan, &d->text,
              TH_SPAN("[Demonstration University Hospital|Example General Hospital|Demonstration "
                      "Clinical Research Center|Example Medical Center] "));
  th_buf_str(&d->text, city->name);
  th_jout_kv_text(w, "facility", th_buf_view(&d->text));
  if (!d->plan.over)
    th_jout_kv_str(w, "status",
                   recruiting      ? "RECRUITING"
                   : d->plan.begun ? "ACTIVE_NOT_RECRUITING"
                                   : "NOT_YET_RECRUITING");
  th_jout_kv_str(w, "city", city->name);
  if (city->state[0]) th_jout_kv_str(w, "state", city->state);
  if (city->zip[0]) th_jout_kv_str(w, "zip", city->zip);
  th_jout_kv_str(w, "country", city->country);
  if (recruiting) {
    th_jout_key(w, "contacts");
    th_jout_array(w);
    contact(d, "Example Coordinator {10-99}");
    th_jout_end_array(w);
  }
  th_jout_key(w, "geoPoint");
  th_jout_object(w);
  th_jout_kv_double(w, "lat", city->lat);
  th_jout_kv_double(w, "lon", city->lon);
  th_jout_end_object(w);
  th_jout_end_object(w);
}

static void places(th_demo *d) {
  th_jout *w = &d->out;
  demo_plan *p = &d->plan;
  bool recruiting = strcmp(p->status, "RECRUITING") == 0;
  th_jout_key(w, "contactsLocationsModule");
  th_jout_object(w);
  if (!p->over) {
    th_jout_key(w, "centralContacts");
    th_jout_array(w);
    contact(d, "Example Study Office {10-99}");
    th_jout_end_array(w);
  }
  th_jout_key(w, "overallOfficials");
  th_jout_array(w);
  th_jout_object(w);
  demo_text(d, "name", "Example Investigator {10-99}, [MD|MD, PhD|PhD]");
  th_jout_kv_str(w, "affiliation", p->sponsor->name);
  th_jout_kv_str(w, "role", demo_chance(&p->rng, 70) ? "PRINCIPAL_INVESTIGATOR" : "STUDY_DIRECTOR");
  th_jout_end_object(w);
  th_jout_end_array(w);
  if (p->n_sites) {
    th_jout_key(w, "locations");
    th_jout_array(w);
    for (unsigned i = 0; i < p->n_sites; i++)
      location(d, &demo_cities[p->sites[i]], recruiting && (i == 0 || demo_chance(&p->rng, 80)));
    th_jout_end_array(w);
  }
  th_jout_end_object(w);
}

static void references(th_demo *d) {
  th_jout *w = &d->out;
  if (!demo_chance(&d->plan.rng, 40)) return;
  th_jout_key(w, "referencesModule");
  th_jout_object(w);
  th_jout_key(w, "references");
  th_jout_array(w);
  unsigned n = 1 + demo_below(&d->plan.rng, 3);
  for (unsigned i = 0; i < n; i++) {
    th_jout_object(w);
    th_jout_kv_str(w, "type", d->plan.has_results && i == 0 ? "RESULT" : "BACKGROUND");
    demo_text(d, "citation",
              "Example A, Sample B, et al. [{drug} in {cond}: a review|The course of {cond} in "
              "{who}|{class} for {cond}]. Journal of Made-Up Medicine. "
              "{2001-2025};{1-60}({1-12}):{100-400}-{401-420}.");
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void sharing(th_demo *d) {
  th_jout *w = &d->out;
  unsigned dice = demo_below(&d->plan.rng, 100);
  if (dice < 30) return;
  th_jout_key(w, "ipdSharingStatementModule");
  th_jout_object(w);
  th_jout_kv_str(w, "ipdSharing", dice < 70 ? "NO" : dice < 85 ? "UNDECIDED" : "YES");
  if (dice >= 85) {
    demo_text(d, "description",
              "De-identified data will be shared [on request|with qualified researchers].");
    th_jout_key(w, "infoTypes");
    th_jout_array(w);
    th_jout_str(w, "STUDY_PROTOCOL");
    th_jout_str(w, "SAP");
    th_jout_end_array(w);
    demo_text(d, "timeFrame", "From {6-12/6} months to {3-10} years after publication.");
  }
  th_jout_end_object(w);
}

void demo_protocol(th_demo *d) {
  th_jout_key(&d->out, "protocolSection");
  th_jout_object(&d->out);
  identification(d);
  status(d);
  sponsors(d);
  description(d);
  conditions(d);
  design(d);
  arms_interventions(d);
  outcomes(d);
  eligibility(d);
  places(d);
  references(d);
  sharing(d);
  th_jout_end_object(&d->out);
}
