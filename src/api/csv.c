#include "api/csv.h"

#include "api/params.h"

#define ALL_COLUMNS ((1u << TH_CSV_COLUMN_COUNT) - 1)

int th_csv_columns_parse(uint32_t *out, th_span list, th_err *err) {
  th_items items = {.rest = list};
  *out = 0;
  while (th_items_next(&items)) {
    unsigned i = 0;
    while (i < TH_CSV_COLUMN_COUNT && !th_span_eq(items.item, th_span_of(th_csv_columns[i].title)))
      i++;
    if (i == TH_CSV_COLUMN_COUNT)
      return th_err_set(err, TH_EUSAGE,
                        "Parameter 'fields' contains invalid CSV column name: '%.*s'",
                        (int)TH_MIN(items.item.n, 200), items.item.p);
    *out |= 1u << i;
  }
  if (!*out) *out = ALL_COLUMNS;
  return TH_OK;
}

/* ---- cells: their text without quotes goes to out ---- */

static void put_text(th_buf *out, const th_json *j, uint32_t node) {
  if (!node) return;
  if (j->nodes[node].type == TH_JSTRING)
    th_buf_span(out, th_json_text(j, node));
  else
    th_buf_span(out, th_json_raw(j, node));
}

static void put_path(th_buf *out, const th_json *j, const char *path) {
  put_text(out, j, th_json_path(j, 0, path));
}

/* The strings of a list. */
static void put_list(th_buf *out, const th_json *j, const char *path, const char *between) {
  uint32_t list = th_json_path(j, 0, path);
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, item)) {
    if (item != list + 1) th_buf_str(out, between);
    put_text(out, j, item);
  }
}

/* Of each struct of a list, the members that it has, joined. keys: separated by blanks. */
static void put_structs(th_buf *out, const th_json *j, const char *path, const char *keys,
                        const char *between) {
  uint32_t list = th_json_path(j, 0, path);
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, item)) {
    if (item != list + 1) th_buf_char(out, '|');
    size_t before = out->n;
    for (const char *key = keys; *key;) {
      size_t n = strcspn(key, " ");
      uint32_t value = th_json_get(j, item, (th_span){key, n});
      if (value && out->n > before) th_buf_str(out, between);
      put_text(out, j, value);
      key += n + (key[n] == ' ');
    }
  }
}

static void put_outcomes(th_buf *out, const th_json *j, const char *path) {
  put_structs(out, j, path, "measure description timeFrame", ", ");
}

static void put_labelled(th_buf *out, const th_json *j, size_t from, const char *label,
                         const char *path) {
  uint32_t node = th_json_path(j, 0, path);
  if (!node) return;
  if (out->n > from) th_buf_char(out, '|');
  th_buf_str(out, label);
  put_text(out, j, node);
}

/* "Allocation: RANDOMIZED|…|Masking: DOUBLE (PARTICIPANT, INVESTIGATOR)|…": what the study has. */
static void put_design(th_buf *out, const th_json *j) {
#define INFO "protocolSection.designModule.designInfo."
  size_t from = out->n;
  put_labelled(out, j, from, "Allocation: ", INFO "allocation");
  put_labelled(out, j, from, "Intervention Model: ", INFO "interventionModel");
  put_labelled(out, j, from, "Observational Model: ", INFO "observationalModel");
  put_labelled(out, j, from, "Time Perspective: ", INFO "timePerspective");
  put_labelled(out, j, from, "Masking: ", INFO "maskingInfo.masking");
  if (th_json_path(j, 0, INFO "maskingInfo.whoMasked")) {
    th_buf_str(out, " (");
    put_list(out, j, INFO "maskingInfo.whoMasked", ", ");
    th_buf_char(out, ')');
  }
  put_labelled(out, j, from, "Primary Purpose: ", INFO "primaryPurpose");
#undef INFO
}

static void put_other_ids(th_buf *out, const th_json *j) {
  size_t from = out->n;
  put_path(out, j, "protocolSection.identificationModule.orgStudyIdInfo.id");
  uint32_t list = th_json_path(j, 0, "protocolSection.identificationModule.secondaryIdInfos");
  if (!list || j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(j, list, item)) {
    uint32_t id = th_json_get(j, item, TH_SPAN("id"));
    if (id && out->n > from) th_buf_char(out, '|');
    put_text(out, j, id);
  }
}

static void put_documents(th_buf *out, const th_json *j) {
  uint32_t list = th_json_path(j, 0, "documentSection.largeDocumentModule.largeDocs");
  th_span nct = th_json_path_text(j, 0, "protocolSection.identificationModule.nctId");
  if (!list || j->nodes[list].type != TH_JARRAY || nct.n < 2) return;
  for (th_json_each(j, list, item)) {
    if (item != list + 1) th_buf_char(out, '|');
    put_text(out, j, th_json_get(j, item, TH_SPAN("label")));
    th_buf_str(out, ", https://cdn.clinicaltrials.gov/large-docs/");
    th_buf_put(out, nct.p + nct.n - 2, 2);
    th_buf_char(out, '/');
    th_buf_span(out, nct);
    th_buf_char(out, '/');
    put_text(out, j, th_json_get(j, item, TH_SPAN("filename")));
  }
}

static void put_url(th_buf *out, const th_json *j) {
  th_buf_str(out, "https://clinicaltrials.gov/study/");
  put_path(out, j, "protocolSection.identificationModule.nctId");
}

static void put_has_results(th_buf *out, const th_json *j) {
  uint32_t node = th_json_get(j, 0, TH_SPAN("hasResults"));
  th_buf_str(out, node && j->nodes[node].type == TH_JTRUE ? "YES" : "NO");
}

/* How each column is made, in the order of study/columns.def: one of the three. */
#define P "protocolSection."
static const struct {
  const char *path;                                                /* a single value … */
  const char *list, *keys, *between;                               /* … a list … */
  void (*put)(th_buf *out, const th_json *j);                      /* … something else … */
  void (*put_at)(th_buf *out, const th_json *j, const char *path); /* … or that of a path */
} cells[TH_CSV_COLUMN_COUNT] = {
    {.path = P "identificationModule.nctId"},
    {.path = P "identificationModule.briefTitle"},
    {.put = put_url},
    {.path = P "identificationModule.acronym"},
    {.path = P "statusModule.overallStatus"},
    {.path = P "descriptionModule.briefSummary"},
    {.put = put_has_results},
    {.list = P "conditionsModule.conditions", .between = "|"},
    {.list = P "armsInterventionsModule.interventions", .keys = "type name", .between = ": "},
    {.put_at = put_outcomes, .path = P "outcomesModule.primaryOutcomes"},
    {.put_at = put_outcomes, .path = P "outcomesModule.secondaryOutcomes"},
    {.put_at = put_outcomes, .path = P "outcomesModule.otherOutcomes"},
    {.path = P "sponsorCollaboratorsModule.leadSponsor.name"},
    {.list = P "sponsorCollaboratorsModule.collaborators", .keys = "name", .between = ""},
    {.path = P "eligibilityModule.sex"},
    {.list = P "eligibilityModule.stdAges", .between = ", "},
    {.list = P "designModule.phases", .between = "|"},
    {.path = P "designModule.enrollmentInfo.count"},
    {.path = P "sponsorCollaboratorsModule.leadSponsor.class"},
    {.path = P "designModule.studyType"},
    {.put = put_design},
    {.put = put_other_ids},
    {.path = P "statusModule.startDateStruct.date"},
    {.path = P "statusModule.primaryCompletionDateStruct.date"},
    {.path = P "statusModule.completionDateStruct.date"},
    {.path = P "statusModule.studyFirstPostDateStruct.date"},
    {.path = P "statusModule.resultsFirstPostDateStruct.date"},
    {.path = P "statusModule.lastUpdatePostDateStruct.date"},
    {.list = P "contactsLocationsModule.locations",
     .keys = "facility city state zip country",
     .between = ", "},
    {.put = put_documents},
};
#undef P

static void put_cell(th_buf *out, const th_json *j, unsigned column) {
  if (cells[column].put)
    cells[column].put(out, j);
  else if (cells[column].put_at)
    cells[column].put_at(out, j, cells[column].path);
  else if (cells[column].path)
    put_path(out, j, cells[column].path);
  else if (cells[column].keys)
    put_structs(out, j, cells[column].list, cells[column].keys, cells[column].between);
  else
    put_list(out, j, cells[column].list, cells[column].between);
}

/* Puts quotes round what was appended from byte `from` on, when it needs them. */
static void quote_from(th_buf *out, size_t from) {
  size_t quotes = 0;
  bool needed = false;
  if (out->error) return;
  for (size_t i = from; i < out->n; i++) {
    char c = out->p[i];
    quotes += c == '"';
    needed = needed || c == '"' || c == ',' || c == '\n' || c == '\r';
  }
  if (!needed) return;
  size_t read = out->n, write = out->n + quotes + 2;
  if (!th_buf_room(out, quotes + 2)) return;
  th_buf_added(out, quotes + 2);
  out->p[--write] = '"';
  while (read > from) {
    char c = out->p[--read];
    out->p[--write] = c;
    if (c == '"') out->p[--write] = '"';
  }
  out->p[--write] = '"';
}

static void put_row(th_buf *out, const th_json *j, uint32_t columns) {
  bool first = true;
  for (unsigned i = 0; i < TH_CSV_COLUMN_COUNT; i++) {
    if (!(columns >> i & 1)) continue;
    if (!first) th_buf_char(out, ',');
    first = false;
    size_t from = out->n;
    if (j)
      put_cell(out, j, i);
    else
      th_buf_str(out, th_csv_columns[i].title);
    quote_from(out, from);
  }
  th_buf_char(out, '\n');
}

void th_csv_header(th_buf *out, uint32_t columns) {
  put_row(out, NULL, columns);
}

void th_csv_row(th_buf *out, const th_json *j, uint32_t columns) {
  put_row(out, j, columns);
}
