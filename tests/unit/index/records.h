/* Made-up small records for the tests of the index: what is in them is known word by word, apart
 * from the code that analyses records. */
#ifndef TH_TEST_RECORDS_H
#define TH_TEST_RECORDS_H

#include "base/buf.h"
#include "study/catalogue.h"

#include <stdio.h>

enum { RECORD_TEXTS = 40, RECORD_SITES = 4 };

/* One value that is tokenised, in the order in which the record has it within its field. */
typedef struct record_text {
  uint16_t field;
  char text[160];
} record_text;

typedef struct record_site {
  const char *country, *city; /* "" = absent */
  int lat;                    /* degrees; 999 = no point */
  const char *status;
} record_site;

typedef struct record {
  uint32_t nct;
  uint64_t seq; /* 0 = is never set */
  record_text texts[RECORD_TEXTS];
  unsigned n_texts;
  int phase;      /* bits of the phases, 0 = absent */
  int volunteers; /* -1 = absent */
  int enrollment; /* -1 = absent */
  int start_year; /* 0 = absent */
  int min_age;    /* years, -1 = absent */
  record_site sites[RECORD_SITES];
  unsigned n_sites;
} record;

static unsigned record_random_state;
static unsigned record_random(unsigned below) {
  record_random_state = record_random_state * 1664525u + 1013904223u;
  return (record_random_state >> 8) % below;
}

/* Few words and many of their forms, compounds, numbers, accents. */
static const char *const record_words[] = {"cancer",
                                           "cancers",
                                           "Tumor",
                                           "tumors",
                                           "treat",
                                           "treated",
                                           "treating",
                                           "treatment",
                                           "a",
                                           "b-cell",
                                           "GM-CSF",
                                           "x-as",
                                           "as",
                                           "1.5",
                                           "100,000",
                                           "na\xC3\xAFve",
                                           "\xCE\xB2-blocker",
                                           "mg",
                                           "of",
                                           "the",
                                           "Disease",
                                           "diseases",
                                           "Crohn's",
                                           "anti-PD-1"};

static void record_sentence(char *out, size_t cap, unsigned most) {
  size_t n = 0;
  out[0] = 0;
  for (unsigned i = record_random(most + 1); i > 0; i--) {
    unsigned skewed = record_random(TH_COUNT(record_words)) *
                      record_random(TH_COUNT(record_words)) / (unsigned)TH_COUNT(record_words);
    int more = snprintf(out + n, cap - n, "%s%s", n ? " " : "", record_words[skewed]);
    if (more < 0 || (size_t)more >= cap - n) break;
    n += (size_t)more;
  }
  if (n < cap) out[n] = 0;
}

static void record_add_text(record *r, uint16_t field, const char *text) {
  if (r->n_texts == RECORD_TEXTS) return;
  record_text *t = &r->texts[r->n_texts++];
  t->field = field;
  snprintf(t->text, sizeof t->text, "%s", text);
}

static void record_make(record *r, uint32_t nct, uint64_t seq) {
  static const char *const countries[] = {"France", "United States", "", "Chad"};
  static const char *const cities[] = {"Paris", "Boston", "", "Lyon", "Chad"};
  static const char *const states[] = {"RECRUITING", "COMPLETED", ""};
  static const int lats[] = {48, -12, 999};
  char text[160];
  memset(r, 0, sizeof *r);
  r->nct = nct;
  r->seq = seq;
  r->phase = (int)record_random(4);
  r->volunteers = (int)record_random(3) - 1;
  r->enrollment = (int)record_random(400) - 1;
  r->start_year = record_random(3) ? 1990 + (int)record_random(40) : 0;
  r->min_age = (int)record_random(30) - 1;
  record_sentence(text, sizeof text, 8);
  record_add_text(r, TH_F_BriefTitle, text);
  record_sentence(text, sizeof text, 20);
  record_add_text(r, TH_F_BriefSummary, text);
  for (unsigned i = record_random(4); i > 0; i--) {
    record_sentence(text, sizeof text, 3);
    record_add_text(r, TH_F_Condition, text);
  }
  for (unsigned i = record_random(3); i > 0; i--) { /* two fields in turn, in one list */
    record_sentence(text, sizeof text, 3);
    record_add_text(r, TH_F_PrimaryOutcomeMeasure, text);
    record_sentence(text, sizeof text, 5);
    record_add_text(r, TH_F_PrimaryOutcomeDescription, text);
  }
  r->n_sites = record_random(RECORD_SITES + 1);
  for (unsigned i = 0; i < r->n_sites; i++)
    r->sites[i] = (record_site){
        countries[record_random(TH_COUNT(countries))], cities[record_random(TH_COUNT(cities))],
        lats[record_random(TH_COUNT(lats))], states[record_random(TH_COUNT(states))]};
}

/* ---- as JSON ---- */

static void record_list(const record *r, th_buf *out, uint16_t field) {
  bool first = true;
  for (unsigned i = 0; i < r->n_texts; i++) {
    if (r->texts[i].field != field) continue;
    th_buf_printf(out, "%s\"%s\"", first ? "" : ",", r->texts[i].text);
    first = false;
  }
}

static void record_outcomes(const record *r, th_buf *out) {
  bool first = true;
  for (unsigned i = 0; i + 1 < r->n_texts; i++) {
    if (r->texts[i].field != TH_F_PrimaryOutcomeMeasure) continue;
    th_buf_printf(out, "%s{\"measure\":\"%s\",\"description\":\"%s\"}", first ? "" : ",",
                  r->texts[i].text, r->texts[i + 1].text);
    first = false;
  }
}

static void record_site_json(const record_site *s, th_buf *out) {
  th_buf_str(out, "{\"contacts\":[]");
  if (*s->status) th_buf_printf(out, ",\"status\":\"%s\"", s->status);
  if (*s->city) th_buf_printf(out, ",\"city\":\"%s\"", s->city);
  if (*s->country) th_buf_printf(out, ",\"country\":\"%s\"", s->country);
  if (s->lat != 999) th_buf_printf(out, ",\"geoPoint\":{\"lat\":%d.25,\"lon\":-7.5}", s->lat);
  th_buf_char(out, '}');
}

static void record_json(const record *r, th_buf *out) {
  th_buf_printf(out,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"%s\"},\"statusModule\":{",
                r->nct, r->texts[0].text);
  if (r->start_year) th_buf_printf(out, "\"startDateStruct\":{\"date\":\"%d-03\"}", r->start_year);
  th_buf_printf(out, "},\"descriptionModule\":{\"briefSummary\":\"%s\"},", r->texts[1].text);
  th_buf_str(out, "\"conditionsModule\":{\"conditions\":[");
  record_list(r, out, TH_F_Condition);
  th_buf_str(out, "]},\"designModule\":{");
  if (r->phase)
    th_buf_printf(out, "\"phases\":[%s%s%s]%s", r->phase & 1 ? "\"PHASE1\"" : "",
                  r->phase == 3 ? "," : "", r->phase & 2 ? "\"PHASE2\"" : "",
                  r->enrollment >= 0 ? "," : "");
  if (r->enrollment >= 0) th_buf_printf(out, "\"enrollmentInfo\":{\"count\":%d}", r->enrollment);
  th_buf_str(out, "},\"outcomesModule\":{\"primaryOutcomes\":[");
  record_outcomes(r, out);
  th_buf_str(out, "]},\"eligibilityModule\":{");
  if (r->volunteers >= 0)
    th_buf_printf(out, "\"healthyVolunteers\":%s%s", r->volunteers ? "true" : "false",
                  r->min_age >= 0 ? "," : "");
  if (r->min_age >= 0) th_buf_printf(out, "\"minimumAge\":\"%d Years\"", r->min_age);
  th_buf_str(out, "},\"contactsLocationsModule\":{\"locations\":[");
  for (unsigned i = 0; i < r->n_sites; i++) {
    if (i) th_buf_char(out, ',');
    record_site_json(&r->sites[i], out);
  }
  th_buf_str(out, "]}}}");
}

/* Every tokenised value of the record, those of enums, sites and the number included. Returns their
 * number. */
static inline unsigned record_all_texts(const record *r, record_text *out) {
  record all = *r;
  char nct[16];
  snprintf(nct, sizeof nct, "NCT%08u", r->nct);
  record_add_text(&all, TH_F_NCTId, nct);
  if (r->phase & 1) {
    record_add_text(&all, TH_F_Phase, "Phase 1");
    record_add_text(&all, TH_F_Phase, "PHASE1");
  }
  if (r->phase & 2) {
    record_add_text(&all, TH_F_Phase, "Phase 2");
    record_add_text(&all, TH_F_Phase, "PHASE2");
  }
  for (unsigned i = 0; i < r->n_sites; i++) {
    const char *status = r->sites[i].status;
    if (*status)
      record_add_text(&all, TH_F_LocationStatus, *status == 'R' ? "Recruiting" : "Completed");
    if (*r->sites[i].city) record_add_text(&all, TH_F_LocationCity, r->sites[i].city);
    if (*r->sites[i].country) record_add_text(&all, TH_F_LocationCountry, r->sites[i].country);
  }
  memcpy(out, all.texts, all.n_texts * sizeof *out);
  return all.n_texts;
}

#endif
