/* What a person sends to be matched: a record that is pasted or chosen as a file, a few fields, and
 * answers to questions. All of it comes with each request and goes back into the page's form, so
 * that nothing is kept here in between. */
#ifndef TH_PORTAL_MATCH_FORM_H
#define TH_PORTAL_MATCH_FORM_H

#include "http/http.h"
#include "match/find.h"

enum { TH_MATCH_ANSWERS_MAX = 64, TH_MATCH_TEXT_MAX = 1 << 16 };

/* "v.creatinine" = "1.2", or "q.condition.Asthma" = "yes", "no". */
typedef struct th_match_answer {
  th_span name;  /* as above */
  th_span what;  /* an attribute's key, or a label */
  int category;  /* th_elig_category, -1: a value */
  th_span value; /* empty: not answered */
} th_match_answer;

typedef struct th_match_form {
  th_span record; /* a note, FHIR or JSON */
  bool kept;      /* it came with the page as what was sent before: it is not shown again */
  th_span age, sex, conditions, medications, values; /* lists: one a line */
  th_span near, order;
  bool open_only; /* studies that recruit or soon will */
  th_match_answer answers[TH_MATCH_ANSWERS_MAX];
  uint32_t n_answers;
} th_match_form;

/* Reads the body: multipart/form-data (RFC 7578) or application/x-www-form-urlencoded. Fields that
 * are not known are passed over. All in the request's arena. Errors: TH_EINPUT (not such a body),
 * TH_ELIMIT, TH_ENOMEM. */
int th_match_form_read(th_match_form *out, const th_request *rq, th_err *err) TH_MUST_USE;
/* Whether it says anything of a patient. */
bool th_match_form_says(const th_match_form *f);
/* The fields and answers as the JSON form of a patient; out is secret. Nothing when no field is
 * filled in. */
void th_match_form_json(const th_match_form *f, th_buf *out);
/* Reads both: the record's facts and those of the fields, which count for age and sex. *out is
 * always left so that it may be disposed; *other holds what some of its facts borrow and is
 * disposed behind it. Errors as th_patient_read. */
int th_match_form_patient(const th_match_form *f, const th_patient_options *options,
                          th_patient *out, th_patient *other, th_err *err) TH_MUST_USE;

#endif
