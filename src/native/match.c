/* Studies for a patient: the record is the body, the answer nobody else's.
 *
 *   POST /match                       a note, a FHIR bundle or a form in; docs/guide/match.md out
 *   POST /fhir/ResearchStudy/$match   a FHIR Bundle in, or {"patientData": Bundle} as
 *                                     clinical-trial-matching-service sends it; a searchset out
 *
 * The searchset has an entry a study: a ResearchStudy of R4 (fhir_study.h), search.score in [0, 1],
 * and on the search the extensions match-grade
 * (http://hl7.org/fhir/StructureDefinition/match-grade: certain, probable, possible, certainly-not)
 * and, in words, what the grade rests on. */
#include <stdio.h>

#include "eligibility/json.h"
#include "match/explain.h"
#include "native/desk.h"
#include "native/fhir_study.h"
#include "native/internal.h"
#include "study/date.h"
#include "study/nct.h"

#define GRADE "http://hl7.org/fhir/StructureDefinition/match-grade"
#define EXPLANATION "urn:trialhead:match-explanation"

enum { DEPTH = 256 };

typedef struct visit {
  th_call *call;
  const th_seat *seat;
  th_patient patient;
  th_find_request request;
  th_find_result found;
} visit;

/* ---- what is asked ---- */

static bool has_type(th_span type, const char *name) {
  size_t n = strlen(name);
  return type.n >= n && th_span_eq_nocase((th_span){type.p, n}, (th_span){name, n}) &&
         (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

/* By the type that the client names; JSON and what has no type by content. */
static int read_type(const th_call *call, th_patient_form *out, th_err *err) {
  th_span type = call->rq->content_type;
  *out = TH_PATIENT_AUTO;
  if (has_type(type, "text/plain"))
    *out = TH_PATIENT_NOTE;
  else if (has_type(type, "application/fhir+json") || has_type(type, "application/fhir+ndjson"))
    *out = TH_PATIENT_FHIR;
  else if (type.n && !has_type(type, "application/json") &&
           !has_type(type, "application/octet-stream") &&
           !has_type(type, "application/x-www-form-urlencoded"))
    return th_err_set(err, TH_EUSAGE,
                      "The body is text/plain (a note), application/fhir+json (a FHIR bundle) or "
                      "application/json (a form)");
  return 0;
}

static int read_day(th_call *call, th_patient_options *out, th_err *err) {
  th_span text = th_call_text(call, "asOf");
  th_date date;
  if (!text.n) return 0;
  if (!th_date_parse(text, &date))
    return th_call_refuse(call, NULL, "asOf", err, "`asOf` must be a date as 2026-03-01");
  out->has_as_of = true;
  out->as_of = date.last_day;
  return 0;
}

static int read_filter(th_call *call, th_query **out, th_err *err) {
  th_ask *ask = th_arena_calloc(call->rq->arena, 1, sizeof *ask);
  if (!ask) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_call_ask(call, ask, err);
  if (rc < 0) return rc;
  th_query *parts[] = {(th_query *)(uintptr_t)ask->search.scored,
                       (th_query *)(uintptr_t)ask->search.filter};
  if (!parts[0] && !parts[1]) return 0;
  *out = th_query_and(call->rq->arena, parts, TH_COUNT(parts));
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

static int read_record(visit *v, th_span record, th_patient_form form, th_err *err) {
  th_patient_options options = th_seat_options(v->seat);
  options.form = form;
  int rc = read_day(v->call, &options, err);
  if (rc == 0 && !th_span_trim(record).n)
    rc = th_err_set(err, TH_EINPUT, "The body is empty: it is the patient's record");
  if (rc == 0 && !th_utf8_valid(record))
    rc = th_err_set(err, TH_EINPUT, "The record is not UTF-8 text");
  return rc < 0 ? rc : th_patient_read(&v->patient, record, &options, err);
}

static int find(visit *v, th_err *err) {
  th_call *call = v->call;
  v->request = (th_find_request){.patient = &v->patient,
                                 .order = th_call_choice(call, "order") ? TH_ELIGIBLE_FIRST
                                                                        : TH_BY_RELEVANCE,
                                 .presume = th_find_presume(&v->patient),
                                 .n = (uint32_t)th_call_number(call, "n"),
                                 .explain = true,
                                 .brief = th_call_choice(call, "explain") == 1,
                                 .questions = (uint32_t)th_call_number(call, "questions")};
  th_span presume = th_call_text(call, "presume");
  if (presume.n && !th_find_presume_parse(presume, &v->request.presume))
    return th_call_refuse(call, NULL, "presume", err, "`presume` is none, consent or silence");
  th_query *filter = NULL;
  int rc = read_filter(call, &filter, err);
  v->request.filter = filter;
  if (rc == 0)
    rc = th_find(v->seat->ranker, th_registry_store(call->native->registry), &v->request,
                 call->rq->arena, &v->found, err);
  return rc;
}

/* Opens, reads and finds; leave in any case. */
static int enter(visit *v, th_call *call, th_span record, th_patient_form form, th_err *err) {
  *v = (visit){.call = call};
  int rc = th_desk_take(call->native->desk, &v->seat, err);
  if (rc == 0) rc = read_record(v, record, form, err);
  return rc < 0 ? rc : find(v, err);
}

static void leave(visit *v) {
  th_find_dispose(&v->found);
  th_patient_dispose(&v->patient);
  if (v->seat) th_desk_give(v->call->native->desk, v->seat);
}

int th_native_match(th_call *call, th_err *err) {
  visit v = {0};
  th_jout w;
  th_patient_form form;
  int rc = read_type(call, &form, err);
  if (rc < 0) return rc;
  rc = enter(&v, call, call->rq->body, form, err);
  if (rc == 0) {
    th_jout_init(&w, &call->rs->body, false);
    th_jout_object(&w);
    th_explain_result(&v.found, &v.request, &w);
    th_jout_end_object(&w);
  }
  leave(&v);
  return rc;
}

/* ---- FHIR ---- */

/* certain: nothing is open and nothing presumed. */
static const char *grade_code(const th_verdict_trial *t) {
  if (t->grade == TH_GRADE_EXCLUDED) return "certainly-not";
  if (t->grade == TH_GRADE_POSSIBLE) return "possible";
  return t->open || t->presumed ? "probable" : "certain";
}

static void put_reason(const th_found *s, th_buf *out) {
  const th_verdict_trial *t = &s->trial;
  char id[TH_ELIG_ID_MAX];
  th_buf_printf(
      out, "%s: of %u criteria %u met, %u no obstacle, %u presumed, %u in the way, %u open",
      th_grade_name(t->grade), t->n, t->met, t->passed, t->presumed, t->violated, t->open);
  if (t->grade != TH_GRADE_EXCLUDED) return;
  if (t->by != TH_FIELD_TEXT || t->node == TH_NO_FACT || !s->verdicts.tree) {
    th_buf_printf(out, ". The study does not take this %s", th_field_name(t->by));
    return;
  }
  th_elig_id(s->verdicts.tree, t->node, id);
  th_buf_printf(out, ". %s: ", id);
  th_buf_span(out, th_elig_text(s->verdicts.tree, t->node));
}

static void put_search(th_jout *w, const th_found *s, double best) {
  th_buf reason;
  th_buf_init(&reason, 0);
  put_reason(s, &reason);
  th_jout_key(w, "search");
  th_jout_object(w);
  th_jout_key(w, "extension");
  th_jout_array(w);
  th_jout_object(w);
  th_jout_kv_str(w, "url", GRADE);
  th_jout_kv_str(w, "valueCode", grade_code(&s->trial));
  th_jout_end_object(w);
  th_jout_object(w);
  th_jout_kv_str(w, "url", EXPLANATION);
  th_jout_kv_text(w, "valueString", th_buf_view(&reason));
  th_jout_end_object(w);
  th_jout_end_array(w);
  th_jout_kv_str(w, "mode", "match");
  /* Those that nothing excludes above .5, the others below, so that scores alone order them too. */
  double share = best > 0 ? s->value / best : 0;
  bool out = s->trial.grade == TH_GRADE_EXCLUDED;
  th_jout_kv_double(w, "score", (out ? 0 : .5) + share * .5);
  th_jout_end_object(w);
  th_buf_dispose(&reason);
}

/* An entry; none for a study that has gone since it was found. */
static int put_entry(visit *v, th_json_parser *parser, const th_found *s, double best, th_jout *w,
                     uint32_t *n, th_err *err) {
  th_buf record;
  th_json j;
  th_err own = {0};
  char url[64];
  th_buf_init(&record, 0);
  int rc = th_registry_study(v->call->native->registry, s->ranked.nct, &record, NULL, NULL, &own);
  if (rc == 0) rc = th_json_parse(parser, th_buf_view(&record), &j, &own);
  if (rc == 0) {
    snprintf(url, sizeof url, "urn:uuid:4e435400-0000-8000-8000-%08u0000", s->ranked.nct);
    th_jout_object(w);
    th_jout_kv_str(w, "fullUrl", url);
    th_jout_key(w, "resource");
    th_fhir_study_put(w, &j, s->ranked.nct);
    put_search(w, s, best);
    th_jout_end_object(w);
    ++*n;
  }
  th_buf_dispose(&record);
  return rc == TH_ENOTFOUND ? 0 : rc < 0 ? th_err_set(err, rc, "%s", own.message) : 0;
}

static int put_entries(visit *v, th_jout *w, uint32_t *n, th_err *err) {
  th_json_parser *parser = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  double best = 0;
  int rc = parser ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  *n = 0;
  for (uint32_t i = 0; i < v->found.n; i++)
    best = TH_MAX(best, v->found.studies[i].value);
  for (uint32_t i = 0; rc == 0 && i < v->found.n; i++)
    rc = put_entry(v, parser, &v->found.studies[i], best, w, n, err);
  th_json_parser_free(parser);
  return rc;
}

/* {"patientData": Bundle}, or the Bundle as a string there: the bundle alone. */
static int unwrap(th_span body, th_arena *arena, th_span *out, th_err *err) {
  th_json j;
  th_json_parser *parser = th_json_parser_new(TH_DESK_BODY_MAX, DEPTH);
  *out = body;
  if (th_span_find(body, TH_SPAN("\"patientData\"")) < 0) {
    th_json_parser_free(parser);
    return 0;
  }
  int rc = parser ? th_json_parse(parser, body, &j, err) : th_err_set(err, TH_ENOMEM, "no memory");
  uint32_t inside = rc == 0 ? th_json_get(&j, 0, TH_SPAN("patientData")) : 0;
  bool text = inside && j.nodes[inside].type == TH_JSTRING;
  if (inside) *out = th_arena_dup(arena, text ? th_json_text(&j, inside) : th_json_raw(&j, inside));
  if (!out->p) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  th_json_parser_free_wiped(parser);
  return rc;
}

int th_native_fhir_match(th_call *call, th_err *err) {
  visit v = {0};
  th_jout w;
  th_span record;
  uint32_t n;
  int rc = unwrap(call->rq->body, call->rq->arena, &record, err);
  if (rc == 0) rc = enter(&v, call, record, TH_PATIENT_FHIR, err);
  if (rc == 0) {
    th_jout_init(&w, &call->rs->body, false);
    th_jout_object(&w);
    th_jout_kv_str(&w, "resourceType", "Bundle");
    th_jout_kv_str(&w, "type", "searchset");
    th_jout_key(&w, "entry");
    th_jout_array(&w);
    rc = put_entries(&v, &w, &n, err);
    th_jout_end_array(&w);
    th_jout_kv_i64(&w, "total", n);
    th_jout_end_object(&w);
  }
  leave(&v);
  return rc;
}
