/* The tools: each asks our own API and says the answer in a few words. */
#include "api/project.h"
#include "mcp/internal.h"

/* A study's parts longer than this are refused with a hint: an assistant reads them as a whole. */
#define STUDY_MAX ((size_t)400 << 10)

/* ---- search_studies ---- */

static void put_text_of(th_jout *w, const char *key, const th_json *j, uint32_t study,
                        const char *path) {
  th_span s = th_json_path_text(j, study, path);
  if (s.n) th_jout_kv_text(w, key, s);
}

/* The first few texts of a list, of its elements or of their member. */
static void put_list_of(th_jout *w, const char *key, const th_json *j, uint32_t study,
                        const char *path, const char *member) {
  enum { FEW = 8 };
  uint32_t list = th_json_path(j, study, path);
  unsigned n = 0;
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  th_jout_key(w, key);
  th_jout_array(w);
  for (th_json_each(j, list, i)) {
    th_span s = member ? th_json_path_text(j, i, member) : th_json_text(j, i);
    if (s.n && n++ < FEW) th_jout_text(w, s);
  }
  th_jout_end_array(w);
}

#define P "protocolSection."

static void put_hit(th_jout *w, const th_json *j, uint32_t s) {
  int64_t people;
  th_jout_object(w);
  put_text_of(w, "nctId", j, s, P "identificationModule.nctId");
  put_text_of(w, "title", j, s, P "identificationModule.briefTitle");
  put_text_of(w, "status", j, s, P "statusModule.overallStatus");
  put_list_of(w, "phases", j, s, P "designModule.phases", NULL);
  put_list_of(w, "conditions", j, s, P "conditionsModule.conditions", NULL);
  put_list_of(w, "interventions", j, s, P "armsInterventionsModule.interventions", "name");
  put_text_of(w, "sponsor", j, s, P "sponsorCollaboratorsModule.leadSponsor.name");
  put_text_of(w, "startDate", j, s, P "statusModule.startDateStruct.date");
  uint32_t count = th_json_path(j, s, P "designModule.enrollmentInfo.count");
  if (count && th_json_int(j, count, &people)) th_jout_kv_i64(w, "enrollment", people);
  th_jout_end_object(w);
}

static void say_hit(th_buf *text, const th_json *j, uint32_t s) {
  th_span id = th_json_path_text(j, s, P "identificationModule.nctId");
  th_span title = th_json_path_text(j, s, P "identificationModule.briefTitle");
  th_span status = th_json_path_text(j, s, P "statusModule.overallStatus");
  th_buf_printf(text, "\n%.*s %.*s (%.*s)", (int)id.n, id.p ? id.p : "", (int)title.n,
                title.p ? title.p : "", (int)status.n, status.p ? status.p : "");
}

static void put_search(const th_tool_call *call, const th_json *j) {
  th_jout w;
  int64_t total = -1;
  uint32_t count = th_json_get(j, 0, TH_SPAN("totalCount"));
  uint32_t studies = th_json_get(j, 0, TH_SPAN("studies"));
  th_span token = th_json_path_text(j, 0, "nextPageToken");
  uint32_t shown = studies ? j->nodes[studies].n : 0;
  th_jout_init(&w, call->data, false);
  th_jout_object(&w);
  if (count && th_json_int(j, count, &total)) {
    th_jout_kv_i64(&w, "totalCount", total);
    th_buf_printf(call->text, "%lld studies, %u shown", (long long)total, shown);
  } else {
    th_buf_printf(call->text, "%u further studies", shown);
  }
  if (token.n) th_jout_kv_text(&w, "nextPageToken", token);
  th_jout_key(&w, "studies");
  th_jout_array(&w);
  if (studies) {
    for (th_json_each(j, studies, s)) {
      put_hit(&w, j, s);
      say_hit(call->text, j, s);
    }
  }
  th_jout_end_array(&w);
  th_jout_end_object(&w);
}

static int search_studies(th_tool_call *call, th_err *err) {
  th_buf target, body;
  th_json j;
  th_buf_init(&body, 0);
  th_target_begin(&target, "/api/v2/studies");
  th_target_add(&target, "fields",
                TH_SPAN("NCTId,BriefTitle,OverallStatus,Phase,Condition,InterventionName,"
                        "LeadSponsorName,StartDate,EnrollmentCount"));
  th_target_add(&target, "countTotal", TH_SPAN("true"));
  th_target_add_number(&target, "pageSize", th_tool_int(call, "page_size", 10));
  th_target_add(&target, "pageToken", th_tool_text(call, "page_token"));
  th_target_add(&target, "sort", th_tool_text(call, "sort"));
  int rc = th_target_add_search(call, &target, err);
  if (!rc && target.error) rc = th_err_set(err, TH_EUSAGE, "The arguments are too long");
  if (!rc) rc = th_mcp_get(call->mcp, th_buf_view(&target), &body, &j, err);
  if (!rc) put_search(call, &j);
  th_buf_dispose(&target);
  th_buf_dispose(&body);
  return rc;
}

/* ---- get_study ---- */

static const char *const sections[][2] = {
    {"summary", "NCTId,BriefTitle,OfficialTitle,Acronym,OverallStatus,WhyStopped,StartDate,"
                "CompletionDate,LeadSponsorName,BriefSummary,Condition,StudyType,Phase,"
                "EnrollmentCount,InterventionType,InterventionName,HasResults"},
    {"identification", P "identificationModule"},
    {"status", P "statusModule"},
    {"sponsors", P "sponsorCollaboratorsModule," P "oversightModule"},
    {"description", P "descriptionModule"},
    {"conditions", P "conditionsModule"},
    {"design", P "designModule"},
    {"arms", P "armsInterventionsModule"},
    {"outcomes", P "outcomesModule"},
    {"eligibility", P "eligibilityModule"},
    {"locations", P "contactsLocationsModule"},
    {"references", P "referencesModule"},
    {"data_sharing", P "ipdSharingStatementModule"},
    {"participant_flow", "resultsSection.participantFlowModule"},
    {"baseline", "resultsSection.baselineCharacteristicsModule"},
    {"results", "resultsSection.outcomeMeasuresModule"},
    {"adverse_events", "resultsSection.adverseEventsModule"},
    {"documents", "documentSection"},
    {"mesh", "derivedSection"},
};
#define SECTIONS                                                                                   \
  "summary identification status sponsors description conditions design arms outcomes "            \
  "eligibility locations references data_sharing participant_flow baseline results "               \
  "adverse_events documents mesh"

static const char *fields_of(th_span section) {
  for (size_t i = 0; i < TH_COUNT(sections); i++)
    if (th_span_eq(section, th_span_of(sections[i][0]))) return sections[i][1];
  return "";
}

static void put_fields(const th_tool_call *call, th_buf *out) {
  uint32_t node = th_tool_arg_node(call, "sections");
  th_buf_str(out, "NCTId");
  if (!node || call->j->nodes[node].n == 0) {
    th_buf_printf(out, ",%s", sections[0][1]);
    return;
  }
  for (th_json_each(call->j, node, i))
    th_buf_printf(out, ",%s", fields_of(th_json_text(call->j, i)));
}

static int put_study(const th_tool_call *call, const th_json *j, th_err *err) {
  uint32_t studies = th_json_get(j, 0, TH_SPAN("studies"));
  if (!studies || j->nodes[studies].n == 0)
    return th_err_set(err, TH_EUSAGE, "There is no such study in this registry");
  th_span record = th_json_raw(j, studies + 1);
  if (record.n > STUDY_MAX)
    return th_err_set(err, TH_EUSAGE,
                      "These sections are %zu bytes, more than can be read at once: choose fewer",
                      record.n);
  th_json_compact(call->data, record);
  th_buf_span(call->text, th_buf_view(call->data));
  return TH_OK;
}

static int get_study(th_tool_call *call, th_err *err) {
  th_buf target, body, fields;
  th_json j;
  th_buf_init(&body, 0);
  th_buf_init(&fields, 0);
  put_fields(call, &fields);
  th_target_begin(&target, "/api/v2/studies");
  th_target_add(&target, "filter.ids", th_tool_text(call, "nct_id"));
  th_target_add(&target, "fields", th_buf_view(&fields));
  int rc = target.error ? th_err_set(err, TH_EUSAGE, "The arguments are too long") : TH_OK;
  if (!rc) rc = th_mcp_get(call->mcp, th_buf_view(&target), &body, &j, err);
  if (!rc) rc = put_study(call, &j, err);
  th_buf_dispose(&target);
  th_buf_dispose(&body);
  th_buf_dispose(&fields);
  return rc;
}

/* ---- count_facets ---- */

static void say_bucket(th_buf *text, const th_json *j, uint32_t v) {
  th_span value = th_json_path_text(j, v, "value");
  uint32_t from = th_json_get(j, v, TH_SPAN("from")), to = th_json_get(j, v, TH_SPAN("to"));
  uint32_t count = th_json_get(j, v, TH_SPAN("count"));
  if (from)
    th_buf_span(text, th_json_raw(j, from));
  else
    th_buf_span(text, value);
  if (to && j->nodes[to].type != TH_JNULL) {
    th_buf_str(text, "-<");
    th_buf_span(text, th_json_raw(j, to));
  } else if (to) {
    th_buf_str(text, "+");
  }
  th_buf_char(text, ' ');
  if (count) th_buf_span(text, th_json_raw(j, count));
}

static void say_facets(th_buf *text, const th_json *j) {
  enum { FEW = 40 };
  uint32_t total = th_json_get(j, 0, TH_SPAN("totalCount"));
  uint32_t facets = th_json_get(j, 0, TH_SPAN("facets"));
  if (!total || !facets) return;
  th_buf_span(text, th_json_raw(j, total));
  th_buf_str(text, " studies");
  for (th_json_each(j, facets, f)) {
    th_span field = th_json_path_text(j, f, "field");
    uint32_t values = th_json_get(j, f, TH_SPAN("values"));
    unsigned n = 0;
    th_buf_printf(text, "\n%.*s:", (int)field.n, field.p);
    if (!values) continue;
    /* Of words the most frequent come first; of years the latest are the ones to show. */
    bool years = !th_span_eq(th_json_path_text(j, f, "type"), TH_SPAN("text"));
    unsigned all = j->nodes[values].n, first = years && all > FEW ? all - FEW : 0;
    if (first) th_buf_str(text, " …");
    for (th_json_each(j, values, v)) {
      if (n++ < first) continue;
      if (n > first + FEW) break;
      th_buf_str(text, n > 1 ? ", " : " ");
      say_bucket(text, j, v);
    }
    if (all > first + FEW) th_buf_str(text, ", …");
  }
}

/* Asks and passes the answer on as it is. */
static int pass_on(th_tool_call *call, th_buf *target, void (*say)(th_buf *text, const th_json *j),
                   th_err *err) {
  th_buf body;
  th_json j;
  th_buf_init(&body, 0);
  int rc = target->error ? th_err_set(err, TH_EUSAGE, "The arguments are too long") : TH_OK;
  if (!rc) rc = th_mcp_get(call->mcp, th_buf_view(target), &body, &j, err);
  if (!rc) {
    th_buf_span(call->data, th_buf_view(&body));
    say(call->text, &j);
  }
  th_buf_dispose(&body);
  th_buf_dispose(target);
  return rc;
}

static int count_facets(th_tool_call *call, th_err *err) {
  th_buf target, list;
  th_target_begin(&target, TH_NATIVE_PREFIX "/facets");
  th_buf_init(&list, 0);
  th_tool_join_texts(call, "facets", ",", &list);
  th_target_add(&target, "facets", th_buf_view(&list));
  th_buf_dispose(&list);
  int rc = th_target_add_search(call, &target, err);
  if (!rc) return pass_on(call, &target, say_facets, err);
  th_buf_dispose(&target);
  return rc;
}

/* ---- explain_match ---- */

static void say_part(th_buf *text, const th_json *j, uint32_t p) {
  th_span what = th_json_path_text(j, p, "text"), area = th_json_path_text(j, p, "area");
  th_span of = th_json_path_text(j, p, "synonymOf");
  uint32_t matched = th_json_get(j, p, TH_SPAN("matched")), n = 0;
  uint32_t fields = th_json_get(j, p, TH_SPAN("fields"));
  bool has = matched && j->nodes[matched].type == TH_JTRUE;
  if (of.n && !has) return; /* synonyms that do not stand there are no news */
  th_buf_printf(text, "\n%s %.*s in %.*s", has ? "+" : "-", (int)what.n, what.p ? what.p : "",
                (int)area.n, area.p ? area.p : "");
  if (of.n) th_buf_printf(text, " (for %.*s)", (int)of.n, of.p);
  if (!fields) return;
  for (th_json_each(j, fields, f)) {
    th_span field = th_json_path_text(j, f, "field");
    th_buf_printf(text, "%s%.*s ", n++ ? ", " : ": ", (int)field.n, field.p);
    th_buf_span(text, th_json_raw(j, th_json_get(j, f, TH_SPAN("times"))));
  }
}

static void say_match(th_buf *text, const th_json *j) {
  uint32_t matched = th_json_get(j, 0, TH_SPAN("matched")),
           parts = th_json_get(j, 0, TH_SPAN("parts"));
  th_buf_str(text, matched && j->nodes[matched].type == TH_JTRUE ? "Matches" : "Does not match");
  if (!parts) return;
  for (th_json_each(j, parts, p))
    say_part(text, j, p);
}

static int explain_match(th_tool_call *call, th_err *err) {
  th_buf target;
  th_target_begin(&target, TH_NATIVE_PREFIX "/explain");
  th_target_add(&target, "id", th_tool_text(call, "nct_id"));
  int rc = th_target_add_search(call, &target, err);
  if (!rc) return pass_on(call, &target, say_match, err);
  th_buf_dispose(&target);
  return rc;
}

/* ---- match_patient ---- */

static void say_found(th_buf *text, const th_json *j, uint32_t s) {
  static const char *const members[] = {"nctId", "grade", "overallStatus", "briefTitle"};
  for (size_t i = 0; i < TH_COUNT(members); i++) {
    th_span v = th_json_path_text(j, s, members[i]);
    th_buf_printf(text, "%s%.*s", i ? ", " : "\n", (int)v.n, v.p ? v.p : "");
  }
  th_span why = th_json_path_text(j, s, "excludedBy.text");
  if (!why.n) why = th_json_path_text(j, s, "excludedBy.field");
  if (why.n) th_buf_printf(text, " (excluded by: %.*s)", (int)TH_MIN(why.n, 300), why.p);
}

static void say_patient(th_buf *text, const th_json *j) {
  uint32_t studies = th_json_get(j, 0, TH_SPAN("studies"));
  uint32_t questions = th_json_get(j, 0, TH_SPAN("nextQuestions"));
  if (!studies || !questions) return;
  th_buf_printf(text, "%u studies. No grade is a promise: the study's own staff decide.",
                j->nodes[studies].n);
  for (th_json_each(j, studies, s))
    say_found(text, j, s);
  if (j->nodes[questions].n) th_buf_str(text, "\nWhat to ask next:");
  for (th_json_each(j, questions, q)) {
    th_buf_str(text, "\n- ");
    th_buf_span(text, th_json_path_text(j, q, "question"));
  }
}

static int match_patient(th_tool_call *call, th_err *err) {
  th_buf target, body;
  th_json j;
  th_span explain = th_tool_text(call, "explain"), order = th_tool_text(call, "order");
  th_buf_init(&body, 0);
  body.secret = true;
  th_target_begin(&target, TH_NATIVE_PREFIX "/match");
  th_target_add_number(&target, "n", th_tool_int(call, "count", 5));
  th_target_add(&target, "order", order.n ? order : TH_SPAN("eligible"));
  th_target_add(&target, "explain", explain.n ? explain : TH_SPAN("brief"));
  th_target_add(&target, "presume", th_tool_text(call, "presume"));
  th_target_add(&target, "asOf", th_tool_text(call, "as_of"));
  int rc = th_target_add_search(call, &target, err);
  if (!rc && target.error) rc = th_err_set(err, target.error, "The arguments are too long");
  if (!rc)
    rc = th_mcp_post(call->mcp, th_buf_view(&target), th_tool_text(call, "record"), &body, &j, err);
  if (!rc) {
    th_buf_span(call->data, th_buf_view(&body));
    say_patient(call->text, &j);
  }
  th_buf_dispose(&body);
  th_buf_dispose(&target);
  return rc;
}

/* ---- names and changes ---- */

static void say_names(th_buf *text, const th_json *j) {
  uint32_t list = th_json_get(j, 0, TH_SPAN("completions"));
  if (!list || j->nodes[list].n == 0) {
    th_buf_str(text, "No name begins so");
    return;
  }
  for (th_json_each(j, list, i)) {
    th_span kind = th_json_path_text(j, i, "kind"), name = th_json_path_text(j, i, "text");
    th_buf_printf(text, "%s%.*s: %.*s, ", text->n ? "\n" : "", (int)kind.n, kind.p, (int)name.n,
                  name.p);
    th_buf_span(text, th_json_raw(j, th_json_get(j, i, TH_SPAN("count"))));
  }
}

static int complete_name(th_tool_call *call, th_err *err) {
  th_buf target, list;
  th_target_begin(&target, TH_NATIVE_PREFIX "/complete");
  th_buf_init(&list, 0);
  th_tool_join_texts(call, "kinds", ",", &list);
  th_target_add(&target, "kinds", th_buf_view(&list));
  th_buf_dispose(&list);
  th_target_add(&target, "q", th_tool_text(call, "text"));
  th_target_add_number(&target, "n", th_tool_int(call, "count", 10));
  return pass_on(call, &target, say_names, err);
}

static void say_spelling(th_buf *text, const th_json *j) {
  th_span better = th_json_path_text(j, 0, "suggestion");
  th_buf_str(text, better.n ? "Perhaps: " : "Every word stands in some study");
  th_buf_span(text, better);
}

static int suggest_spelling(th_tool_call *call, th_err *err) {
  th_buf target;
  th_target_begin(&target, TH_NATIVE_PREFIX "/suggest");
  th_target_add(&target, "q", th_tool_text(call, "text"));
  return pass_on(call, &target, say_spelling, err);
}

static void say_changes(th_buf *text, const th_json *j) {
  uint32_t list = th_json_get(j, 0, TH_SPAN("changes"));
  uint32_t last = th_json_get(j, 0, TH_SPAN("lastSeq"));
  if (!list || !last) return;
  th_buf_printf(text, "%u changes; the last of all is number ", j->nodes[list].n);
  th_buf_span(text, th_json_raw(j, last));
  for (th_json_each(j, list, i)) {
    th_span id = th_json_path_text(j, i, "nctId"), kind = th_json_path_text(j, i, "kind");
    th_span when = th_json_path_text(j, i, "storedAt");
    th_buf_printf(text, "\n%.*s %.*s %.*s", (int)when.n, when.p, (int)id.n, id.p, (int)kind.n,
                  kind.p);
  }
}

static int get_changes(th_tool_call *call, th_err *err) {
  th_buf target;
  th_target_begin(&target, TH_NATIVE_PREFIX "/changes");
  th_target_add_number(&target, "since", th_tool_int(call, "since", 0));
  th_target_add_number(&target, "limit", th_tool_int(call, "limit", 50));
  return pass_on(call, &target, say_changes, err);
}

/* ---- the table ---- */

#define SEARCH_ARGS                                                                                \
  {.name = "condition",                                                                            \
   .kind = TH_TOOL_TEXT,                                                                           \
   .help = "Disease or condition; words, \"phrases\", AND, OR, NOT"},                              \
      {.name = "intervention",                                                                     \
       .kind = TH_TOOL_TEXT,                                                                       \
       .help = "Drug, device, procedure or other treatment"},                                      \
      {.name = "terms",                                                                            \
       .kind = TH_TOOL_TEXT,                                                                       \
       .help = "Any other words, looked for in the whole record"},                                 \
      {.name = "title", .kind = TH_TOOL_TEXT, .help = "Words of the title or the acronym"},        \
      {.name = "location", .kind = TH_TOOL_TEXT, .help = "Country, state, city or facility"},      \
      {.name = "sponsor", .kind = TH_TOOL_TEXT, .help = "Sponsor or collaborator"},                \
      {.name = "outcome", .kind = TH_TOOL_TEXT, .help = "Outcome measure"},                        \
      {.name = "statuses",                                                                         \
       .kind = TH_TOOL_TEXTS,                                                                      \
       .help = "Only studies in one of these states",                                              \
       .choices = "ACTIVE_NOT_RECRUITING COMPLETED ENROLLING_BY_INVITATION NOT_YET_RECRUITING "    \
                  "RECRUITING "                                                                    \
                  "SUSPENDED TERMINATED WITHDRAWN AVAILABLE NO_LONGER_AVAILABLE "                  \
                  "TEMPORARILY_NOT_AVAILABLE "                                                     \
                  "APPROVED_FOR_MARKETING WITHHELD UNKNOWN"},                                      \
      {.name = "phases",                                                                           \
       .kind = TH_TOOL_TEXTS,                                                                      \
       .help = "Only studies of one of these phases",                                              \
       .choices = "NA EARLY_PHASE1 PHASE1 PHASE2 PHASE3 PHASE4"},                                  \
      {.name = "study_type",                                                                       \
       .kind = TH_TOOL_TEXT,                                                                       \
       .help = "Only studies of this type",                                                        \
       .choices = "EXPANDED_ACCESS INTERVENTIONAL OBSERVATIONAL"},                                 \
      {.name = "filter",                                                                           \
       .kind = TH_TOOL_TEXT,                                                                       \
       .help =                                                                                     \
           "An expression of the registry's language, as AREA[StartDate]RANGE[2024-01-01,MAX]"},   \
      {.name = "near",                                                                             \
       .kind = TH_TOOL_TEXT,                                                                       \
       .help = "A place by name, as Boston, MA: a site near it, within miles (30 unless told)"},   \
      {.name = "latitude",                                                                         \
       .kind = TH_TOOL_NUMBER,                                                                     \
       .help = "With longitude and miles: a site near this point",                                 \
       .min = -90,                                                                                 \
       .max = 90},                                                                                 \
      {.name = "longitude",                                                                        \
       .kind = TH_TOOL_NUMBER,                                                                     \
       .help = "See latitude",                                                                     \
       .min = -180,                                                                                \
       .max = 180},                                                                                \
  {                                                                                                \
    .name = "miles", .kind = TH_TOOL_NUMBER, .help = "How far from near or from the point",        \
    .min = 0, .max = 12500                                                                         \
  }

static const th_tool_arg search_args[] = {
    SEARCH_ARGS,
    {.name = "sort",
     .kind = TH_TOOL_TEXT,
     .help = "Field and direction, as LastUpdatePostDate:desc; without it by relevance"},
    {.name = "page_size",
     .kind = TH_TOOL_INT,
     .help = "Studies in the answer, 10 unless told",
     .min = 1,
     .max = 100},
    {.name = "page_token",
     .kind = TH_TOOL_TEXT,
     .help = "nextPageToken of the page before, all else the same"},
};
static const th_tool_arg match_args[] = {
    {.name = "record",
     .kind = TH_TOOL_TEXT,
     .help =
         "The patient: a clinical note in English, or the JSON text of a FHIR bundle or of a form "
         "(age, sex, conditions, medications, values …)",
     .required = true},
    {.name = "order",
     .kind = TH_TOOL_TEXT,
     .help = "Without it those first that nothing excludes",
     .choices = "relevance eligible"},
    {.name = "count", .kind = TH_TOOL_INT, .help = "Studies, 5 unless told", .min = 1, .max = 50},
    {.name = "explain",
     .kind = TH_TOOL_TEXT,
     .help = "full: a verdict on each criterion, with its words and what of the record it rests on",
     .choices = "brief full"},
    {.name = "presume",
     .kind = TH_TOOL_TEXT,
     .help = "What may be taken for granted; silence for notes, consent for records unless told",
     .choices = "none consent silence"},
    {.name = "as_of",
     .kind = TH_TOOL_TEXT,
     .help = "The day that ages are counted from: 2026-03-01"},
    SEARCH_ARGS,
};
static const th_tool_arg study_args[] = {
    {.name = "nct_id",
     .kind = TH_TOOL_TEXT,
     .help = "NCT number, as NCT04280705",
     .required = true},
    {.name = "sections",
     .kind = TH_TOOL_TEXTS,
     .help = "Parts of the record; the summary unless told",
     .choices = SECTIONS},
};
static const th_tool_arg facet_args[] = {
    SEARCH_ARGS,
    {.name = "facets",
     .kind = TH_TOOL_TEXTS,
     .help = "Fields to count by, as Phase, LocationCountry:20, StartDate:year, "
             "EnrollmentCount:0-50-100; the "
             "usual ones unless told"},
};
static const th_tool_arg explain_args[] = {
    {.name = "nct_id", .kind = TH_TOOL_TEXT, .help = "NCT number of the study", .required = true},
    SEARCH_ARGS,
};
static const th_tool_arg complete_args[] = {
    {.name = "text",
     .kind = TH_TOOL_TEXT,
     .help = "Beginning of a name or of a word in it",
     .required = true},
    {.name = "kinds",
     .kind = TH_TOOL_TEXTS,
     .help = "Kinds of names; all unless told",
     .choices = "condition intervention keyword sponsor country state city facility word"},
    {.name = "count",
     .kind = TH_TOOL_INT,
     .help = "Most of a kind, 10 unless told",
     .min = 1,
     .max = 100},
};
static const th_tool_arg suggest_args[] = {
    {.name = "text", .kind = TH_TOOL_TEXT, .help = "What was typed", .required = true},
};
static const th_tool_arg change_args[] = {
    {.name = "since",
     .kind = TH_TOOL_INT,
     .help = "Number of the last change that is known, 0 unless told",
     .min = 0,
     .max = INT64_MAX},
    {.name = "limit",
     .kind = TH_TOOL_INT,
     .help = "Most changes, 50 unless told",
     .min = 1,
     .max = 1000},
};

#define ARGS(array) .args = (array), .n_args = TH_COUNT(array)
#define ANY_OBJECT "{\"type\":\"object\"}"
#define LIST_OF_OBJECTS "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"

const th_tool th_tools[] = {
    {.name = "search_studies",
     .title = "Search clinical studies",
     .help = "Finds studies of the registry and gives, for each, number, title, status, phases, "
             "conditions, "
             "interventions, sponsor, start and enrollment, a page at a time.",
     ARGS(search_args),
     .result =
         "{\"type\":\"object\",\"required\":[\"studies\"],\"properties\":{\"totalCount\":{\"type\":"
         "\"integer\"},\"nextPageToken\":{\"type\":\"string\"},\"studies\":" LIST_OF_OBJECTS "}}",
     .run = search_studies},
    {.name = "get_study",
     .title = "Read one study",
     .help = "Gives the record of a study, or the sections of it that are asked for. Without "
             "sections: a summary.",
     ARGS(study_args),
     .result = ANY_OBJECT,
     .run = get_study},
    {.name = "count_facets",
     .title = "Count studies by field",
     .help = "How the studies of a search spread over statuses, phases, countries, years and other "
             "fields.",
     ARGS(facet_args),
     .result = "{\"type\":\"object\",\"required\":[\"totalCount\",\"facets\"],\"properties\":{"
               "\"totalCount\":"
               "{\"type\":\"integer\"},\"facets\":" LIST_OF_OBJECTS "}}",
     .run = count_facets},
    {.name = "explain_match",
     .title = "Explain a match",
     .help =
         "Why a study matches a search or not: each word and filter, with the fields that have it.",
     ARGS(explain_args),
     .result =
         "{\"type\":\"object\",\"required\":[\"nctId\",\"matched\",\"score\",\"parts\"],"
         "\"properties\":"
         "{\"nctId\":{\"type\":\"string\"},\"matched\":{\"type\":\"boolean\"},\"score\":{\"type\":"
         "\"number\"},\"parts\":" LIST_OF_OBJECTS "}}",
     .run = explain_match},
    {.name = "match_patient",
     .title = "Match a patient",
     .help =
         "Studies for a patient: a clinical note, a FHIR bundle or a form in; graded studies, what "
         "excludes, how many criteria are met or open, and what to ask next out. Nothing of the "
         "record is kept.",
     ARGS(match_args),
     .result = "{\"type\":\"object\",\"required\":[\"patient\",\"studies\",\"nextQuestions\"],"
               "\"properties\":{\"patient\":{\"type\":\"object\"},\"studies\":" LIST_OF_OBJECTS
               ",\"nextQuestions\":" LIST_OF_OBJECTS "}}",
     .run = match_patient},
    {.name = "complete_name",
     .title = "Complete a name",
     .help = "Conditions, interventions, sponsors, places and words of the studies that begin so, "
             "most frequent "
             "first.",
     ARGS(complete_args),
     .result = "{\"type\":\"object\",\"required\":[\"completions\"],\"properties\":{"
               "\"completions\":" LIST_OF_OBJECTS "}}",
     .run = complete_name},
    {.name = "suggest_spelling",
     .title = "Mend spelling",
     .help = "Words that no study has, with words near to them.",
     ARGS(suggest_args),
     .result = "{\"type\":\"object\",\"required\":[\"suggestion\",\"words\"],\"properties\":{"
               "\"suggestion\":"
               "{\"type\":[\"string\",\"null\"]},\"words\":" LIST_OF_OBJECTS "}}",
     .run = suggest_spelling},
    {.name = "get_changes",
     .title = "List changes",
     .help = "New versions and removals of studies in the order in which they came in.",
     ARGS(change_args),
     .result =
         "{\"type\":\"object\",\"required\":[\"changes\",\"nextSince\",\"lastSeq\"],\"properties\":"
         "{\"changes\":" LIST_OF_OBJECTS
         ",\"nextSince\":{\"type\":\"integer\"},\"lastSeq\":{\"type\":"
         "\"integer\"}}}",
     .run = get_changes},
};
const unsigned th_n_tools = TH_COUNT(th_tools);
