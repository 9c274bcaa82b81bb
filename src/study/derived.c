#include "study/derived.h"

/* The lists that have a field of their own for their length. */
#define COUNTS(X)                                                                                  \
  X(NCTIdAlias, NumNCTAliases)                                                                     \
  X(SecondaryIdInfo, NumSecondaryIds)                                                              \
  X(Collaborator, NumCollaborators)                                                                \
  X(Condition, NumConditions)                                                                      \
  X(Keyword, NumKeywords)                                                                          \
  X(Phase, NumPhases)                                                                              \
  X(DesignWhoMasked, NumDesignWhoMaskeds)                                                          \
  X(ArmGroupInterventionName, NumArmGroupInterventionNames)                                        \
  X(ArmGroup, NumArmGroups)                                                                        \
  X(InterventionArmGroupLabel, NumInterventionArmGroupLabels)                                      \
  X(InterventionOtherName, NumInterventionOtherNames)                                              \
  X(Intervention, NumInterventions)                                                                \
  X(PrimaryOutcome, NumPrimaryOutcomes)                                                            \
  X(SecondaryOutcome, NumSecondaryOutcomes)                                                        \
  X(OtherOutcome, NumOtherOutcomes)                                                                \
  X(StdAge, NumStdAges)                                                                            \
  X(CentralContact, NumCentralContacts)                                                            \
  X(OverallOfficial, NumOverallOfficials)                                                          \
  X(LocationContact, NumLocationContacts)                                                          \
  X(Location, NumLocations)                                                                        \
  X(Retraction, NumRetractionsForRef)                                                              \
  X(Reference, NumReferences)                                                                      \
  X(SeeAlsoLink, NumSeeAlsoLinks)                                                                  \
  X(AvailIPD, NumAvailIPDs)                                                                        \
  X(IPDSharingInfoType, NumIPDSharingInfoTypes)                                                    \
  X(FlowGroup, NumFlowGroups)                                                                      \
  X(FlowAchievement, NumFlowAchievements)                                                          \
  X(FlowMilestone, NumFlowMilestones)                                                              \
  X(FlowReason, NumFlowReasons)                                                                    \
  X(FlowDropWithdraw, NumFlowDropWithdraws)                                                        \
  X(FlowPeriod, NumFlowPeriods)                                                                    \
  X(BaselineGroup, NumBaselineGroups)                                                              \
  X(BaselineDenom, NumBaselineDenoms)                                                              \
  X(BaselineMeasureDenom, NumBaselineMeasureDenoms)                                                \
  X(BaselineMeasurement, NumBaselineMeasurements)                                                  \
  X(BaselineCategory, NumBaselineCategories)                                                       \
  X(BaselineClass, NumBaselineClasses)                                                             \
  X(BaselineMeasure, NumBaselineMeasures)                                                          \
  X(OutcomeGroup, NumOutcomeGroups)                                                                \
  X(OutcomeDenom, NumOutcomeDenoms)                                                                \
  X(OutcomeMeasurement, NumOutcomeMeasurements)                                                    \
  X(OutcomeCategory, NumOutcomeCategories)                                                         \
  X(OutcomeClass, NumOutcomeClasses)                                                               \
  X(OutcomeAnalysisGroupId, NumOutcomeAnalysisGroupIds)                                            \
  X(OutcomeAnalysis, NumOutcomeAnalyses)                                                           \
  X(OutcomeMeasure, NumOutcomeMeasures)                                                            \
  X(EventGroup, NumEventGroups)                                                                    \
  X(SeriousEventStats, NumSeriousEventStatss)                                                      \
  X(SeriousEvent, NumSeriousEvents)                                                                \
  X(OtherEventStats, NumOtherEventStatss)                                                          \
  X(OtherEvent, NumOtherEvents)                                                                    \
  X(UnpostedEvent, NumUnpostedEvents)                                                              \
  X(ViolationEvent, NumViolationEvents)                                                            \
  X(LargeDoc, NumLargeDocs)                                                                        \
  X(RemovedCountry, NumRemovedCountries)                                                           \
  X(ConditionMesh, NumConditionMeshes)                                                             \
  X(ConditionAncestor, NumConditionAncestors)                                                      \
  X(ConditionBrowseLeaf, NumConditionBrowseLeafs)                                                  \
  X(ConditionBrowseBranch, NumConditionBrowseBranches)                                             \
  X(InterventionMesh, NumInterventionMeshes)                                                       \
  X(InterventionAncestor, NumInterventionAncestors)                                                \
  X(InterventionBrowseLeaf, NumInterventionBrowseLeafs)                                            \
  X(InterventionBrowseBranch, NumInterventionBrowseBranches)

#define YEARS(X)                                                                                   \
  X(StudyFirstSubmitDate, StudyFirstSubmitYear)                                                    \
  X(StudyFirstPostDate, StudyFirstPostYear)                                                        \
  X(ResultsFirstSubmitDate, ResultsFirstSubmitYear)                                                \
  X(ResultsFirstPostDate, ResultsFirstPostYear)                                                    \
  X(DispFirstSubmitDate, DispFirstSubmitYear)                                                      \
  X(DispFirstPostDate, DispFirstPostYear)                                                          \
  X(LastUpdateSubmitDate, LastUpdateSubmitYear)                                                    \
  X(LastUpdatePostDate, LastUpdatePostYear)

/* Field + 1, 0 for none. */
#define PAIR(from, to) [TH_F_##from] = TH_F_##to + 1,
static const uint16_t count_of[TH_F_COUNT] = {COUNTS(PAIR)};
static const uint16_t year_of[TH_F_COUNT] = {YEARS(PAIR)};

const th_derived_sum th_derived_sums[] = {
    {TH_F_NumOutcomes, {TH_F_NumPrimaryOutcomes, TH_F_NumSecondaryOutcomes, TH_F_NumOtherOutcomes}},
    {TH_F_NumRetractionsAllRefs, {TH_F_NumRetractionsForRef, TH_F_NONE, TH_F_NONE}},
    {TH_F_NumEvents, {TH_F_NumSeriousEvents, TH_F_NumOtherEvents, TH_F_NONE}},
};
const unsigned th_n_derived_sums = TH_COUNT(th_derived_sums);

uint16_t th_derived_count_field(uint16_t list) {
  if (list >= TH_F_COUNT || !(th_fields[list].flags & TH_FF_LIST)) return TH_F_NONE;
  if (count_of[list]) return (uint16_t)(count_of[list] - 1);
  return th_fields[list].type == TH_FT_STRUCT ? list : TH_F_NONE;
}

uint16_t th_derived_year_field(uint16_t date) {
  return date < TH_F_COUNT && year_of[date] ? (uint16_t)(year_of[date] - 1) : TH_F_NONE;
}

static const struct {
  const char *name, *code;
} countries[] = {
#define COUNTRY(name, code) {name, code},
#include "study/countries.def"
#undef COUNTRY
};

th_span th_country_code(th_span name) {
  size_t low = 0, high = TH_COUNT(countries);
  name = th_span_trim(name);
  while (low < high) {
    size_t mid = (low + high) / 2;
    int order = th_span_cmp(th_span_of(countries[mid].name), name);
    if (order == 0) return th_span_of(countries[mid].code);
    if (order < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return (th_span){0};
}
