/* The endpoints: what they are called, take and give. Routing, checking and the OpenAPI document
 * come from here. */
#include "native/internal.h"

#define S(parameter, says, shows)                                                                  \
  { .name = parameter, .kind = TH_ARG_SEARCH, .help = says, .example = shows }
#define SL(parameter, says, shows)                                                                 \
  { .name = parameter, .kind = TH_ARG_SEARCH_LIST, .help = says, .example = shows }

const th_arg th_search_args[] = {
    S("query.cond", "Conditions or disease", "asthma"),
    S("query.term", "Other terms: an expression over all of a study", "steroid AND child"),
    S("query.locn", "Location terms", "Boston"),
    S("query.titles", "Title or acronym", "\"heart failure\""),
    S("query.intr", "Intervention or treatment", "metformin"),
    S("query.outc", "Outcome measure", "mortality"),
    S("query.spons", "Sponsor or collaborator", "Medical Research Council"),
    S("query.lead", "Lead sponsor's name", "Pfizer"),
    S("query.id", "Study ids", "NCT04280705"),
    S("query.patient", "Words of a patient", "woman 52 years breast cancer"),
    S("filter.geo", "distance(latitude,longitude,radius)", "distance(42.36,-71.06,50mi)"),
    SL("filter.overallStatus", "Statuses", "RECRUITING,NOT_YET_RECRUITING"),
    SL("filter.ids", "NCT numbers", "NCT04280705,NCT04368728"),
    S("filter.advanced", "An expression", "AREA[StartDate]RANGE[2020-01-01,MAX]"),
    S("aggFilters", "Check boxes of the search page", "phase:2 3,sex:f"),
    {.name = "near",
     .kind = TH_ARG_TEXT,
     .help = "A place by name, or latitude,longitude: studies with a site near it. A site whose "
             "record has no point counts as at its city's",
     .example = "42.36,-71.06"},
    {.name = "within",
     .kind = TH_ARG_TEXT,
     .help = "How far from near, in mi or km. Absent: 50km",
     .example = "50km"},
    {.name = "accepts",
     .kind = TH_ARG_LIST,
     .help = "What is measured, and a value: studies whose criteria do not surely leave it out",
     .example = "creatinine=1.8 mg/dL"},
    S("geoDecay", "How distance weakens relevance", "func:exp,scale:10km,offset:0km,decay:0.5"),
};
const unsigned th_n_search_args = TH_COUNT(th_search_args);

const th_arg th_order_arg =
    SL("sort", "Field and direction, up to two; or @relevance", "LastUpdatePostDate:desc");

static const th_arg facets_args[] = {
    {.name = "facets",
     .kind = TH_ARG_LIST,
     .help = "Fields to count by: enums, booleans, names (with :N, so many values), dates (:year, "
             ":month), numbers and ages in years (:0-10-100, ranges from each bound on). Absent: "
             "the usual ones",
     .example = "OverallStatus,Phase,LocationCountry:20,StartDate:year,EnrollmentCount:0-50-100"},
};
static const th_arg changes_args[] = {
    {.name = "since",
     .kind = TH_ARG_INT,
     .help = "Number of the last change that is known: those behind it are given",
     .example = "0",
     .max = INT64_MAX},
    {.name = "limit",
     .kind = TH_ARG_INT,
     .help = "Most entries; with records 1,000 at most",
     .example = "100",
     .min = 1,
     .max = 10000,
     .fallback = 100},
    {.name = "include",
     .kind = TH_ARG_CHOICE,
     .help = "Each version with its record",
     .example = "record",
     .choices = "record"},
};
static const th_arg explain_args[] = {
    {.name = "id",
     .kind = TH_ARG_TEXT,
     .help = "NCT number of the study",
     .example = "NCT04280705",
     .required = true},
};
static const th_arg complete_args[] = {
    {.name = "q", .kind = TH_ARG_TEXT, .help = "What was typed so far", .example = "breast c"},
    {.name = "kinds",
     .kind = TH_ARG_LIST,
     .help = "condition, intervention, keyword, sponsor, country, state, city, facility, word. "
             "Absent: all",
     .example = "condition,intervention"},
    {.name = "n",
     .kind = TH_ARG_INT,
     .help = "Most of a kind",
     .example = "5",
     .min = 1,
     .max = TH_COMPLETIONS_MAX,
     .fallback = 10},
};
static const th_arg places_args[] = {
    {.name = "q",
     .kind = TH_ARG_TEXT,
     .help = "What was typed so far",
     .example = "asthma bos",
     .required = true},
    {.name = "n",
     .kind = TH_ARG_INT,
     .help = "Most places",
     .example = "5",
     .min = 1,
     .max = 20,
     .fallback = 5},
};
static const th_arg suggest_args[] = {
    {.name = "q",
     .kind = TH_ARG_TEXT,
     .help = "Words or an expression, as typed",
     .example = "hypertenson",
     .required = true},
};
static const th_arg lookup_args[] = {
    {.name = "format",
     .kind = TH_ARG_CHOICE,
     .help = "One JSON document, or a line a study",
     .example = "ndjson",
     .choices = "json ndjson"},
};
static const th_arg studies_args[] = {
    {.name = "fields",
     .kind = TH_ARG_LIST,
     .help = "Parts of the records: pieces, paths or areas. Absent: whole records",
     .example = "NCTId,BriefTitle,OverallStatus"},
};

static const th_arg match_args[] = {
    {.name = "order",
     .kind = TH_ARG_CHOICE,
     .help = "By relevance, or those first that nothing excludes",
     .example = "eligible",
     .choices = "relevance eligible"},
    {.name = "n",
     .kind = TH_ARG_INT,
     .help = "Most studies",
     .example = "20",
     .min = 1,
     .max = TH_DESK_STUDIES_MAX,
     .fallback = 10},
    {.name = "presume",
     .kind = TH_ARG_CHOICE,
     .help = "What may be taken for granted. Absent: silence for notes, consent for records",
     .example = "consent",
     .choices = "none consent silence"},
    {.name = "asOf",
     .kind = TH_ARG_TEXT,
     .help = "The day that ages and times are counted from. Absent: today",
     .example = "2026-03-01"},
    {.name = "explain",
     .kind = TH_ARG_CHOICE,
     .help = "With a verdict on each criterion, or in brief: grade, counts and what excludes",
     .example = "brief",
     .choices = "full brief"},
    {.name = "questions",
     .kind = TH_ARG_INT,
     .help = "Most questions to ask next",
     .example = "5",
     .max = 50,
     .fallback = 8},
};

#define COUNTED "{\"type\":\"integer\",\"minimum\":0}"
#define TEXT "{\"type\":\"string\"}"
#define NUMBER "{\"type\":\"string\",\"pattern\":\"^NCT[0-9]{8}$\"}"
#define OBJECT(required, properties)                                                               \
  "{\"type\":\"object\",\"required\":[" required "],\"properties\":{" properties "}}"
#define LIST(items) "{\"type\":\"array\",\"items\":" items "}"
#define MAYBE(type) "{\"type\":[\"" type "\",\"null\"]}"

#define MATCHED                                                                                    \
  OBJECT("\"nctId\",\"briefTitle\",\"overallStatus\",\"score\",\"why\",\"grade\",\"counts\","      \
         "\"fields\"",                                                                             \
         "\"nctId\":" NUMBER ",\"briefTitle\":" TEXT ",\"overallStatus\":" TEXT                    \
         ",\"score\":{\"type\":\"number\"},\"why\":" LIST(TEXT) ",\"demoted\":" LIST(              \
             TEXT) ",\"grade\":{\"enum\":[\"likely\",\"possible\",\"excluded\"]},\"excludedBy\":"  \
                   "{\"type\":\"object\"},\"counts\":{\"type\":\"object\"},\"fields\":{\"type\":"  \
                   "\"object\"},\"criteria\":" LIST("{\"type\":\"object\"}"))

#define FACET_VALUE                                                                                \
  OBJECT("\"count\"",                                                                              \
         "\"value\":" TEXT ",\"from\":" COUNTED ",\"to\":" MAYBE("integer") ",\"count\":" COUNTED)
#define FACET                                                                                      \
  OBJECT("\"field\",\"path\",\"type\",\"missing\",\"values\"",                                     \
         "\"field\":" TEXT ",\"path\":" TEXT                                                       \
         ",\"type\":{\"enum\":[\"enum\",\"boolean\",\"text\",\"year\",\"month\",\"range\"]},"      \
         "\"missing\":" COUNTED ",\"values\":" LIST(FACET_VALUE))
#define CHANGE                                                                                     \
  OBJECT("\"seq\",\"nctId\",\"kind\",\"storedAt\"",                                                \
         "\"seq\":" COUNTED ",\"nctId\":" NUMBER ",\"kind\":{\"enum\":[\"version\",\"removal\"]}," \
         "\"storedAt\":{\"type\":\"string\",\"format\":\"date-time\"},\"version\":" COUNTED        \
         ",\"bytes\":" COUNTED ",\"hash\":" TEXT ",\"record\":{\"type\":\"object\"}")
#define COMPLETION                                                                                 \
  OBJECT("\"kind\",\"text\",\"count\"", "\"kind\":" TEXT ",\"text\":" TEXT ",\"count\":" COUNTED)
#define PLACE                                                                                      \
  OBJECT(                                                                                          \
      "\"name\",\"region\",\"country\",\"countryCode\",\"lat\",\"lon\",\"population\",\"count\"",  \
      "\"name\":" TEXT ",\"region\":" TEXT ",\"country\":" TEXT ",\"countryCode\":" TEXT           \
      ",\"lat\":{\"type\":\"number\"},\"lon\":{\"type\":\"number\"},\"population\":" COUNTED       \
      ",\"count\":" COUNTED)
#define CANDIDATE OBJECT("\"text\",\"count\"", "\"text\":" TEXT ",\"count\":" COUNTED)
#define MISSPELT                                                                                   \
  OBJECT("\"word\",\"position\",\"count\",\"candidates\"",                                         \
         "\"word\":" TEXT ",\"position\":" COUNTED ",\"count\":" COUNTED                           \
         ",\"candidates\":" LIST(CANDIDATE))

#define EXPLAINED_FIELD                                                                            \
  OBJECT("\"field\",\"path\",\"times\",\"weight\"",                                                \
         "\"field\":" TEXT ",\"path\":" TEXT ",\"times\":" COUNTED                                 \
         ",\"weight\":{\"type\":\"number\"}")
#define PART                                                                                       \
  OBJECT("\"kind\",\"text\",\"area\",\"matched\",\"counted\",\"score\",\"fields\"",                \
         "\"kind\":{\"enum\":[\"word\",\"phrase\",\"filter\"]},\"text\":" TEXT ",\"area\":" TEXT   \
         ",\"matched\":{\"type\":\"boolean\"},\"counted\":{\"type\":\"boolean\"},"                 \
         "\"score\":{\"type\":\"number\"},\"synonymOf\":" TEXT ",\"source\":" TEXT                 \
         ",\"fields\":" LIST(EXPLAINED_FIELD))

#define ARGS(array) .args = (array), .n_args = TH_COUNT(array)

const th_endpoint th_endpoints[] = {
    {.method = "GET",
     .path = "/facets",
     .name = "countFacets",
     .summary = "How the studies of a search spread over the values of fields",
     .text = "Counts for any search in one request. A study counts once for a value; `missing` is "
             "how many of the studies lack the field.",
     .answer = th_native_facets,
     .search = true,
     ARGS(facets_args),
     .type = "application/json",
     .schema =
         OBJECT("\"totalCount\",\"facets\"", "\"totalCount\":" COUNTED ",\"facets\":" LIST(FACET))},
    {.method = "GET",
     .path = "/changes",
     .name = "listChanges",
     .summary = "What has changed since, in order",
     .text = "The log of the store: every new version and every removal has a number, without "
             "gaps. Ask again with `since` = `nextSince`. A `since` beyond the last change is an "
             "error (since_beyond_end): the log is not the one that it came from.",
     .answer = th_native_changes,
     ARGS(changes_args),
     .type = "application/json",
     .schema = OBJECT("\"since\",\"lastSeq\",\"changes\",\"nextSince\",\"more\"",
                      "\"since\":" COUNTED ",\"lastSeq\":" COUNTED ",\"nextSince\":" COUNTED
                      ",\"more\":{\"type\":\"boolean\"},\"changes\":" LIST(CHANGE))},
    {.method = "GET",
     .path = "/explain",
     .name = "explain",
     .summary = "Why a study matches a search, or why not",
     .text = "Each word, phrase and filter of the search: whether the study has it, in which "
             "fields, how often, and what it adds to the score; for a synonym, of what it is one "
             "and where it comes from. Of spellings of one thing the best alone is counted.",
     .answer = th_native_explain,
     .search = true,
     ARGS(explain_args),
     .type = "application/json",
     .schema = OBJECT("\"nctId\",\"matched\",\"score\",\"parts\"",
                      "\"nctId\":" NUMBER ",\"matched\":{\"type\":\"boolean\"},\"score\":"
                      "{\"type\":\"number\"},\"parts\":" LIST(PART))},
    {.method = "GET",
     .path = "/complete",
     .name = "complete",
     .summary = "Names that what was typed may become",
     .text = "Conditions, interventions, keywords, sponsors, places and words of the studies, with "
             "the number of studies, most first. Case, accents and punctuation do not count.",
     .answer = th_native_complete,
     ARGS(complete_args),
     .type = "application/json",
     .schema = OBJECT("\"q\",\"completions\"", "\"q\":" TEXT ",\"completions\":" LIST(COMPLETION))},
    {.method = "GET",
     .path = "/places",
     .name = "completePlace",
     .summary = "Towns and cities that the last words may become",
     .text = "Places whose name begins with the longest last words of `q` that begin one, largest "
             "first; `before` is what stands before these words, `count` the studies with a site "
             "within 50 km. Places without any are left out.",
     .answer = th_native_places,
     ARGS(places_args),
     .type = "application/json",
     .schema = OBJECT("\"q\",\"before\",\"places\"",
                      "\"q\":" TEXT ",\"before\":" TEXT ",\"places\":" LIST(PLACE))},
    {.method = "GET",
     .path = "/suggest",
     .name = "suggest",
     .summary = "What may have been meant",
     .text = "Words that no study has, with words near to them; `suggestion` is the text with the "
             "likeliest in place, null when nothing is to be mended.",
     .answer = th_native_suggest,
     ARGS(suggest_args),
     .type = "application/json",
     .schema =
         OBJECT("\"q\",\"suggestion\",\"words\"",
                "\"q\":" TEXT ",\"suggestion\":" MAYBE("string") ",\"words\":" LIST(MISSPELT))},
    {.method = "POST",
     .path = "/studies/lookup",
     .name = "lookUp",
     .summary = "Up to 10,000 studies by number",
     .text = "Studies come in the order of `ids`. Numbers that are no study's stand in `missing` "
             "(ndjson: as a line with `error`), obsolete ones in `aliases` with the study that "
             "was given.",
     .answer = th_native_lookup,
     ARGS(lookup_args),
     .type = "application/json",
     .schema = OBJECT(
         "\"studies\",\"missing\",\"aliases\"",
         "\"studies\":" LIST("{\"type\":\"object\"}") ",\"missing\":" LIST(
             NUMBER) ",\"aliases\":{\"type\":\"object\",\"additionalProperties\":" NUMBER "}"),
     .body = "{\"type\":\"object\",\"required\":[\"ids\"],\"additionalProperties\":false,"
             "\"properties\":{\"ids\":{\"type\":\"array\",\"maxItems\":10000,\"items\":"
             "{\"type\":\"string\",\"pattern\":\"^[Nn][Cc][Tt]0*[1-9][0-9]{0,7}$\"}},"
             "\"fields\":{\"type\":\"array\",\"maxItems\":1000,\"items\":{\"type\":\"string\"}}}}"},
    {.method = "GET",
     .path = "/studies.ndjson",
     .name = "streamStudies",
     .summary = "All studies of a search, a line each",
     .text = "Without pages and without limit, as fast as it is taken. The order is that of API "
             "v2. A stream that ends without its last chunk is not whole.",
     .answer = th_native_studies,
     .search = true,
     .order = true,
     ARGS(studies_args),
     .type = "application/x-ndjson",
     .schema = "{\"type\":\"string\"}"},
    {.method = "GET",
     .path = "/studies/{id}/eligibility",
     .name = "readEligibility",
     .summary = "The criteria of a study, read into logic",
     .text = "A tree of items with the facts that were read in each: values with attribute, unit "
             "and bounds, concepts with denial, time and degree. `span` counts bytes of the "
             "record's eligibilityCriteria. What was not understood is an item without facts.",
     .answer = th_native_eligibility,
     .type = "application/json",
     .schema = OBJECT("\"nctId\",\"reader\",\"criteria\"",
                      "\"nctId\":" NUMBER ",\"reader\":" TEXT
                      ",\"criteria\":" LIST("{\"$ref\":\"#/components/schemas/Criterion\"}"))},
    {.method = "POST",
     .path = "/match",
     .name = "matchPatient",
     .summary = "Studies for a patient, with a verdict on each criterion",
     .text =
         "The body is the patient's record: a clinical note (text/plain, English), a FHIR R4 or "
         "R5 bundle, or a form. The parameters of a search narrow the studies down. Nothing of "
         "the record is logged or written, and the answer is not to be kept (no-store).",
     .answer = th_native_match,
     .search = true,
     ARGS(match_args),
     .type = "application/json",
     .schema =
         OBJECT("\"patient\",\"order\",\"presume\",\"judged\",\"grades\",\"studies\","
                "\"nextQuestions\"",
                "\"patient\":{\"type\":\"object\"},\"order\":" TEXT ",\"presume\":" TEXT
                ",\"judged\":" COUNTED ",\"grades\":" OBJECT(
                    "\"likely\",\"possible\",\"excluded\"",
                    "\"likely\":" COUNTED ",\"possible\":" COUNTED
                    ",\"excluded\":" COUNTED) ",\"studies\":" LIST(MATCHED) ",\"nextQuestions\""
                                                                            ":" LIST(OBJECT(
                                                                                "\"ques"
                                                                                "tion\""
                                                                                ",\"wei"
                                                                                "ght\","
                                                                                "\"stud"
                                                                                "ies\","
                                                                                "\"crit"
                                                                                "eria"
                                                                                "\"",
                                                                                "\"ques"
                                                                                "tion\""
                                                                                ":" TEXT ",\"att"
                                                                                "ribute"
                                                                                "\""
                                                                                ":" TEXT ",\"uni"
                                                                                "t\""
                                                                                ":" TEXT ",\"cat"
                                                                                "egory"
                                                                                "\""
                                                                                ":" TEXT ",\"lab"
                                                                                "el\""
                                                                                ":" TEXT ",\"cod"
                                                                                "e\""
                                                                                ":" TEXT ",\"wei"
                                                                                "ght\":"
                                                                                "{\"typ"
                                                                                "e\":"
                                                                                "\"numb"
                                                                                "er\"},"
                                                                                "\"stud"
                                                                                "ies\""
                                                                                ":" COUNTED ",\"cri"
                                                                                "teria"
                                                                                "\""
                                                                                ":" COUNTED))),
     .body = "{\"type\":\"object\"}",
     .bodies = "text/plain application/fhir+json application/json",
     .max_body = TH_DESK_BODY_MAX},
    {.method = "POST",
     .path = "/fhir/ResearchStudy/$match",
     .name = "matchPatientFhir",
     .summary = "Studies for a patient, FHIR in and out",
     .text = "A Bundle of the patient's record in (or {\"patientData\": Bundle}), a searchset of "
             "ResearchStudy out: search.score, the extension match-grade (certain, probable, "
             "possible, certainly-not), and in words what it rests on.",
     .answer = th_native_fhir_match,
     .search = true,
     ARGS(match_args),
     .type = "application/fhir+json",
     .schema = OBJECT("\"resourceType\",\"type\",\"total\",\"entry\"",
                      "\"resourceType\":{\"const\":\"Bundle\"},\"type\":{\"const\":\"searchset\"},"
                      "\"total\":" COUNTED ",\"entry\":" LIST("{\"type\":\"object\"}")),
     .body = "{\"type\":\"object\"}",
     .bodies = "application/fhir+json application/json",
     .max_body = TH_DESK_BODY_MAX},
    {.method = "GET",
     .path = "/openapi.json",
     .name = "describe",
     .summary = "This document",
     .text = "",
     .answer = th_native_document,
     .type = "application/json",
     .schema = "{\"type\":\"object\"}"},
};
const unsigned th_n_endpoints = TH_COUNT(th_endpoints);
