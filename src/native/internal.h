/* Inside: one call, the table of endpoints that routes, checks and describes, and the stream of
 * records. */
#ifndef TH_NATIVE_INTERNAL_H
#define TH_NATIVE_INTERNAL_H

#include "api/ask.h"
#include "base/json.h"
#include "native/desk.h"
#include "native/native.h"

struct th_native {
  th_registry *registry;
  th_api *api;
  th_suggester *suggester;
  th_desk *desk;
  th_desk *own_desk; /* when none was given */
  th_cache *answers; /* of facets, by a hash of what was asked */
  struct th_binding *bindings;
};

typedef enum th_arg_kind {
  TH_ARG_TEXT,
  TH_ARG_INT,    /* whole number within [min, max] */
  TH_ARG_CHOICE, /* one of the words of `choices` */
  TH_ARG_LIST,   /* separated by commas or '|'; may be given several times */
  TH_ARG_SEARCH, /* a parameter of API v2's search, checked by its code */
  TH_ARG_SEARCH_LIST,
} th_arg_kind;

typedef struct th_arg {
  const char *name;
  th_arg_kind kind;
  const char *help, *example;
  bool required;
  uint64_t min, max, fallback; /* INT; fallback of a CHOICE: its place */
  const char *choices;         /* CHOICE: separated by blanks */
} th_arg;

typedef struct th_call th_call;

typedef struct th_endpoint {
  const char *method, *path; /* below the prefix */
  const char *name;          /* operationId */
  const char *summary, *text;
  int (*answer)(th_call *call, th_err *err);
  bool search; /* takes the parameters of a search too … */
  bool order;  /* … and sort */
  const th_arg *args;
  unsigned n_args;
  const char *type;   /* of the answer */
  const char *schema; /* of the answer, JSON */
  const char *body;   /* schema of the request's body, JSON; NULL = none */
  const char *bodies; /* types of the body, separated by blanks; NULL = application/json */
  size_t max_body;    /* bytes of the body; 0 = the server's limit. The body is then secret */
} th_endpoint;

extern const th_endpoint th_endpoints[];
extern const unsigned th_n_endpoints;
extern const th_arg th_search_args[], th_order_arg;
extern const unsigned th_n_search_args;

struct th_call {
  th_native *native;
  const th_endpoint *endpoint;
  th_request *rq;
  th_response *rs;
  const char *code;      /* of a fault; NULL: from the error's code */
  const char *parameter; /* at fault, or NULL */
};

/* ---- native.c ---- */
const th_arg *th_call_arg(const th_call *call, const char *name);
th_span th_call_text(const th_call *call, const char *name);
/* Of an INT; checked already. */
uint64_t th_call_number(const th_call *call, const char *name);
/* Place of a CHOICE's word. */
unsigned th_call_choice(const th_call *call, const char *name);
/* The values of a LIST joined by commas, in the request's arena. */
th_span th_call_list(const th_call *call, const char *name);
/* The search that was asked for; names the parameter at fault. */
int th_call_ask(th_call *call, th_ask *out, th_err *err) TH_MUST_USE;
/* Sets the tag of an answer that depends on the data alone. True: the client holds it. */
bool th_call_holds(th_call *call, uint64_t state, uint64_t generation);
/* An error of this parameter; returns TH_EUSAGE. */
int th_call_refuse(th_call *call, const char *code, const char *parameter, th_err *err,
                   const char *fmt, ...) TH_PRINTF(5, 6);

/* ---- records.c ---- */
typedef enum th_records_form { TH_RECORDS_LINES, TH_RECORDS_OBJECT } th_records_form;
typedef struct th_records {
  uint32_t *ncts; /* malloced, taken over */
  size_t n;
  th_records_form form; /* an object tells what is missing always */
  bool all;             /* no fields chosen */
  bool tell_missing;    /* what is not there is told; else left out */
  th_selection fields;
} th_records;
/* Makes the answer a stream of these records, in this order. Frees ncts in any case. */
int th_records_stream(th_call *call, const th_records *records, th_err *err) TH_MUST_USE;

/* ---- the endpoints ---- */
int th_native_facets(th_call *call, th_err *err);
int th_native_changes(th_call *call, th_err *err);
int th_native_explain(th_call *call, th_err *err);
int th_native_complete(th_call *call, th_err *err);
int th_native_places(th_call *call, th_err *err);
int th_native_suggest(th_call *call, th_err *err);
int th_native_lookup(th_call *call, th_err *err);
int th_native_studies(th_call *call, th_err *err);
int th_native_eligibility(th_call *call, th_err *err);
int th_native_match(th_call *call, th_err *err);
int th_native_fhir_match(th_call *call, th_err *err);
int th_native_document(th_call *call, th_err *err);

#endif
