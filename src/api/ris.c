#include "api/ris.h"

#include "api/params.h"
#include "study/catalogue.h"
#include "study/markup.h"
#include "study/view.h"

#define P "protocolSection."
#define ID P "identificationModule."
#define STATUS P "statusModule."

typedef struct entry {
  th_buf *out;
  const th_json *j;
  const char *tag; /* of the line being written */
  const char *retrieved;
  th_err *err;
  int rc;
} entry;

/* A line, its blanks and line breaks as single blanks; none for empty text. */
static void put_line(entry *e, th_span text) {
  bool blank = false;
  text = th_span_trim(text);
  if (text.n == 0) return;
  th_buf_str(e->out, e->tag);
  th_buf_str(e->out, "  - ");
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    bool white = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!white) {
      if (blank) th_buf_char(e->out, ' ');
      th_buf_char(e->out, c);
    }
    blank = white;
  }
  th_buf_str(e->out, "\r\n");
}

static void put_path(entry *e, const char *path) {
  put_line(e, th_json_path_text(e->j, 0, path));
}

static void put_number(entry *e, const char *unused) {
  (void)unused;
  put_path(e, ID "nctId");
}

/* "id (type)", or "id" alone. */
static void put_secondary_ids(entry *e, const char *path) {
  uint32_t list = th_json_path(e->j, 0, path);
  if (!list || e->j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(e->j, list, item)) {
    th_buf line;
    th_buf_init(&line, 0);
    th_span type = th_json_path_text(e->j, item, "type");
    th_buf_span(&line, th_json_path_text(e->j, item, "id"));
    if (type.n && line.n) {
      th_buf_str(&line, " (");
      th_view_put_label(TH_F_SecondaryIdType, type, &line);
      th_buf_char(&line, ')');
    }
    put_line(e, th_buf_view(&line));
    th_buf_dispose(&line);
  }
}

static void put_summary(entry *e, const char *path) {
  th_buf text;
  th_buf_init(&text, 0);
  e->rc = th_markup_to_text(th_json_path_text(e->j, 0, path), &text, e->err);
  put_line(e, th_buf_view(&text));
  th_buf_dispose(&text);
}

static void put_short_title(entry *e, const char *path) {
  th_buf line;
  th_buf_init(&line, 0);
  th_span acronym = th_json_path_text(e->j, 0, ID "acronym");
  th_span title = th_json_path_text(e->j, 0, path);
  th_buf_span(&line, title);
  if (acronym.n && th_span_find(title, acronym) < 0)
    th_buf_printf(&line, " (%.*s)", (int)acronym.n, acronym.p);
  put_line(e, th_buf_view(&line));
  th_buf_dispose(&line);
}

static void put_names(entry *e, const char *path) {
  uint32_t list = th_json_path(e->j, 0, path);
  if (!list || e->j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(e->j, list, item))
    put_line(e, th_json_path_text(e->j, item, "name"));
}

static void put_study_type(entry *e, const char *path) {
  static const struct {
    const char *key, *words;
  } kinds[] = {{"individual", "individual patients"},
               {"intermediate", "intermediate-size population"},
               {"treatment", "treatment IND/protocol"}};
  th_buf line;
  th_buf_init(&line, 0);
  th_view_put_label(TH_F_StudyType, th_json_path_text(e->j, 0, path), &line);
  uint32_t types = th_json_path(e->j, 0, P "designModule.expandedAccessTypes");
  bool any = false;
  for (size_t i = 0; types && i < TH_COUNT(kinds); i++) {
    uint32_t node = th_json_get(e->j, types, th_span_of(kinds[i].key));
    if (!node || e->j->nodes[node].type != TH_JTRUE) continue;
    th_buf_printf(&line, "%s%s", any ? ", " : ": ", kinds[i].words);
    any = true;
  }
  uint32_t registry = th_json_path(e->j, 0, P "designModule.patientRegistry");
  if (registry && e->j->nodes[registry].type == TH_JTRUE) th_buf_str(&line, " [Patient Registry]");
  put_line(e, th_buf_view(&line));
  th_buf_dispose(&line);
}

static void put_status(entry *e, const char *path) {
  th_span status = th_json_path_text(e->j, 0, path);
  const char *label = th_view_label(TH_F_OverallStatus, status);
  put_line(e, label ? th_span_of(label) : status);
}

static void put_results(entry *e, const char *path) {
  uint32_t node = th_json_path(e->j, 0, path);
  bool yes = node && e->j->nodes[node].type == TH_JTRUE;
  put_line(e, yes ? TH_SPAN("Has Results") : TH_SPAN("No Results Posted"));
}

static void put_documents(entry *e, const char *path) {
  uint32_t list = th_json_path(e->j, 0, path);
  if (!list || e->j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(e->j, list, item))
    put_line(e, th_json_path_text(e->j, item, "label"));
}

/* "name, phone, e-mail" of each. */
static void put_contacts(entry *e, const char *path) {
  static const char *const keys[] = {"name", "phone", "email"};
  uint32_t list = th_json_path(e->j, 0, path);
  if (!list || e->j->nodes[list].type != TH_JARRAY) return;
  for (th_json_each(e->j, list, item)) {
    th_buf line;
    th_buf_init(&line, 0);
    for (size_t i = 0; i < TH_COUNT(keys); i++) {
      th_span text = th_json_path_text(e->j, item, keys[i]);
      if (text.n && line.n) th_buf_str(&line, ", ");
      th_buf_span(&line, text);
    }
    put_line(e, th_buf_view(&line));
    th_buf_dispose(&line);
  }
}

static void put_retrieved(entry *e, const char *unused) {
  (void)unused;
  put_line(e, (th_span){e->retrieved, TH_MIN(strlen(e->retrieved), 10)});
}

static void put_url(entry *e, const char *base) {
  th_buf line;
  th_buf_init(&line, 0);
  th_buf_str(&line, base);
  th_buf_span(&line, th_json_path_text(e->j, 0, ID "nctId"));
  put_line(e, th_buf_view(&line));
  th_buf_dispose(&line);
}

static void put_fixed(entry *e, const char *text) {
  put_line(e, th_span_of(text));
}

/* The tags in their order, each with who writes it and of what. */
static const struct {
  const char *tag;
  void (*put)(entry *e, const char *of);
  const char *of;
} tags_of[] = {
    {"TY", put_fixed, "DBASE"},
    {"DP", put_fixed, "National Library of Medicine (US)"},
    {"PP", put_fixed, "Bethesda (MD)"},
    {"ID", put_number, ""},
    {"AN", put_number, ""},
    {"U1", put_secondary_ids, ID "secondaryIdInfos"},
    {"AB", put_summary, P "descriptionModule.briefSummary"},
    {"SF", put_fixed, "ClinicalTrials.gov"},
    {"ST", put_short_title, ID "briefTitle"},
    {"TI", put_path, ID "officialTitle"},
    {"Y1", put_path, STATUS "studyFirstSubmitDate"},
    {"Y2", put_path, STATUS "startDateStruct.date"},
    {"A2", put_names, P "sponsorCollaboratorsModule.collaborators"},
    {"C1", put_path, P "sponsorCollaboratorsModule.leadSponsor.name"},
    {"C2", put_status, STATUS "overallStatus"},
    {"C3", put_path, STATUS "lastUpdatePostDateStruct.date"},
    {"C4", put_path, STATUS "lastUpdateSubmitDate"},
    {"C5", put_study_type, P "designModule.studyType"},
    {"C6", put_results, "hasResults"},
    {"C7", put_documents, "documentSection.largeDocumentModule.largeDocs"},
    {"C8", put_contacts, P "contactsLocationsModule.centralContacts"},
    {"RD", put_retrieved, ""},
    {"UR", put_url, "https://clinicaltrials.gov/study/"},
};
_Static_assert(sizeof tags_of / sizeof tags_of[0] <= 32, "a bit a tag");

int th_ris_tags_parse(uint32_t *out, th_span list, th_err *err) {
  th_items items = {.rest = list};
  *out = list.n ? 0 : UINT32_MAX;
  while (th_items_next(&items)) {
    size_t i = 0;
    while (i < TH_COUNT(tags_of) && !th_span_eq(items.item, th_span_of(tags_of[i].tag)))
      i++;
    if (i == TH_COUNT(tags_of))
      return th_err_set(err, TH_EUSAGE, "Parameter 'fields' contains invalid RIS tag: '%.*s'",
                        (int)TH_MIN(items.item.n, 200), items.item.p);
    *out |= 1u << i;
  }
  return TH_OK;
}

int th_ris_put(th_buf *out, const th_json *j, uint32_t tags, const char *retrieved, th_err *err) {
  entry e = {.out = out, .j = j, .retrieved = retrieved, .err = err};
  for (size_t i = 0; i < TH_COUNT(tags_of) && !e.rc; i++) {
    e.tag = tags_of[i].tag;
    if (i == 0 || (tags >> i & 1)) tags_of[i].put(&e, tags_of[i].of);
  }
  th_buf_str(out, "ER  - \r\n");
  return e.rc;
}
