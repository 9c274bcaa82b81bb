#include "api/oas_endpoints.h"

#define FIELD_NAME "^[a-zA-Z][a-zA-Z0-9\\-. ]*$"
#define NCT_ID "^[Nn][Cc][Tt]0*[1-9]\\d{0,7}$"
#define QUERY "An expression of the search language; it takes part in ranking. Area: "
#define MARKUP_WORDS "Of fields with markup in JSON: CommonMark, or the classic system's text."
#define GEO_PATTERN "^distance\\(-?\\d+(\\.\\d+)?,-?\\d+(\\.\\d+)?,\\d+(\\.\\d+)?(km|mi)?\\)$"
#define DECAY_PATTERN                                                                              \
  "^func:(gauss|exp|linear),scale:(\\d+(\\.\\d+)?)(km|mi),offset:(\\d+(\\.\\d+)?)(km|mi),"         \
  "decay:(\\d+(\\.\\d+)?)$"
#define FILTERS(prefix)                                                                            \
  {prefix "overallStatus", TH_OAS_STATUS, "", "Any of these statuses."},                           \
      {prefix "geo", TH_OAS_PATTERN, GEO_PATTERN,                                                  \
       "A site within the radius; without a unit it is in metres."},                               \
      {prefix "ids", TH_OAS_LIST, NCT_ID, "These studies, by current or obsolete number."},        \
      {prefix "advanced", TH_OAS_TEXT, "", "An expression that does not take part in ranking."}, { \
    prefix "synonyms", TH_OAS_LIST, "^[^:,|]+:[^:,|]+$", "Accepted; has no effect here."           \
  }

static const th_oas_param search_params[] = {
    {"format", TH_OAS_WORD, "json csv", "JSON, a study a line; or CSV."},
    {"markupFormat", TH_OAS_WORD, "markdown legacy", MARKUP_WORDS},
    {"query.cond", TH_OAS_TEXT, "", QUERY "ConditionSearch."},
    {"query.term", TH_OAS_TEXT, "", QUERY "BasicSearch."},
    {"query.locn", TH_OAS_TEXT, "", QUERY "LocationSearch."},
    {"query.titles", TH_OAS_TEXT, "", QUERY "TitleSearch."},
    {"query.intr", TH_OAS_TEXT, "", QUERY "InterventionSearch."},
    {"query.outc", TH_OAS_TEXT, "", QUERY "OutcomeSearch."},
    {"query.spons", TH_OAS_TEXT, "", QUERY "SponsorSearch."},
    {"query.lead", TH_OAS_TEXT, "", QUERY "LeadSponsorName."},
    {"query.id", TH_OAS_TEXT, "", QUERY "IdSearch."},
    {"query.patient", TH_OAS_TEXT, "", QUERY "PatientSearch."},
    FILTERS("filter."),
    FILTERS("postFilter."),
    {"aggFilters", TH_OAS_TEXT, "", "Check boxes of the site: `facet:key key,facet:key`."},
    {"geoDecay", TH_OAS_PATTERN, DECAY_PATTERN, "How rank falls with distance from filter.geo."},
    {"fields", TH_OAS_LIST, "^(([a-zA-Z][a-zA-Z0-9\\-. ]*)|(@query))$",
     "Pieces, paths, branches, search areas or @query; in CSV titles of columns."},
    {"sort", TH_OAS_LIST, "^(([a-zA-Z][a-zA-Z0-9\\-. ]*)|(@relevance))(:(asc|desc))?$",
     "At most two fields of dates, numbers or ages, or @relevance."},
    {"countTotal", TH_OAS_BOOL, "", "Whether the first page says how many studies there are."},
    {"pageSize", TH_OAS_COUNT, "", "Studies a page; 0 means 10, more than 1000 means 1000."},
    {"pageToken", TH_OAS_PATTERN, "^[A-Za-z0-9_-]{1,60}$", "nextPageToken of the page before."},
};
_Static_assert(sizeof search_params / sizeof search_params[0] <= TH_OAS_PARAMS, "params");

static const th_oas_param study_params[] = {
    {"nctId", TH_OAS_PATTERN, NCT_ID, "The study's number.", true},
    {"format", TH_OAS_WORD, "json csv json.zip fhir.json ris", "The form of the answer."},
    {"markupFormat", TH_OAS_WORD, "markdown legacy", MARKUP_WORDS},
    {"fields", TH_OAS_LIST, FIELD_NAME,
     "Pieces, paths, branches or search areas; titles of columns for csv, tags for ris; not for "
     "fhir.json."},
};
static const th_oas_param metadata_params[] = {
    {"includeIndexedOnly", TH_OAS_BOOL, "", "Also fields that stand in no record."},
    {"includeHistoricOnly", TH_OAS_BOOL, "", "Also fields of past versions only."},
};
static const th_oas_param values_params[] = {
    {"types", TH_OAS_WORDS, "ENUM STRING DATE INTEGER NUMBER BOOLEAN", "Only of these types."},
    {"fields", TH_OAS_LIST, FIELD_NAME, "Only these fields, or those inside these."},
};
static const th_oas_param sizes_params[] = {
    {"fields", TH_OAS_LIST, FIELD_NAME, "Only these lists, or those inside these."},
};
static const th_oas_param one_field[] = {
    {"field", TH_OAS_PATTERN, FIELD_NAME, "The field.", true},
};
static const th_oas_param download_params[] = {
    {"format", TH_OAS_WORD, "json.zip", "The form of the answer."},
};

#define PARAMS(table) .params = (table), .n_params = TH_COUNT(table)
#define JSON(schema) .types = {{"application/json", schema}}

const th_oas_endpoint th_oas_endpoints[] = {
    {"/studies", "listStudies", "Studies", "Search, page by page",
     .types = {{"application/json", "PagedStudies"}, {"text/csv", "Csv"}}, PARAMS(search_params)},
    {"/studies/{nctId}", "fetchStudy", "Studies", "One study",
     .types = {{"application/json", "Study"},
               {"text/csv", "Csv"},
               {"application/zip", "Zip"},
               {"application/fhir+json", "Fhir"},
               {"application/x-research-info-systems", "Ris"}},
     .redirects = true, .may_miss = true, PARAMS(study_params)},
    {"/studies/metadata", "studiesMetadata", "Studies", "Fields of a record", JSON("FieldNodeList"),
     PARAMS(metadata_params)},
    {"/studies/search-areas", "searchAreas", "Studies", "Search areas and their weights",
     JSON("SearchDocumentList")},
    {"/studies/enums", "enums", "Studies", "Enums and their values", JSON("EnumInfoList")},
    {"/studies/download", "downloadStudies", "Studies", "All studies as one archive",
     .types = {{"application/zip", "Zip"}}, PARAMS(download_params)},
    {"/stats/size", "sizeStats", "Stats", "Sizes of studies", JSON("SizeStats")},
    {"/stats/field/values", "fieldValuesStats", "Stats", "Values of fields",
     JSON("FieldValuesStatsList"), .may_miss = true, PARAMS(values_params)},
    {"/stats/field/sizes", "listFieldSizesStats", "Stats", "Lengths of lists",
     JSON("ListSizesList"), .may_miss = true, PARAMS(sizes_params)},
    {"/stats/fieldValues/{field}", "fieldValuesOf", "Stats", "Values of one field",
     JSON("FieldValuesStats"), .may_miss = true, PARAMS(one_field)},
    {"/stats/listSizes/{field}", "listSizesOf", "Stats", "Lengths of one list", JSON("ListSizes"),
     .may_miss = true, PARAMS(one_field)},
    {"/version", "version", "Version", "Version of the API and of the data", JSON("Version")},
};
const unsigned th_n_oas_endpoints = TH_COUNT(th_oas_endpoints);
