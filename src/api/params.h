/* Parameters of the registry's API: which ones an endpoint has, and lists inside their values. The
 * sentences of refusal are the registry's own. */
#ifndef TH_API_PARAMS_H
#define TH_API_PARAMS_H

#include "http/http.h"

/* Refuses parameters that are not in the table of n names, and one that is given twice unless its
 * name is in the blank-separated text `lists`. Errors: TH_EUSAGE. */
int th_params_check(const th_request *rq, const char *const *names, size_t n, const char *lists,
                    th_err *err) TH_MUST_USE;
/* The values of a list parameter joined by '|' in the request's arena when it is given several
 * times; empty when absent. */
th_span th_params_list(const th_request *rq, const char *name);

/* Items of a list, separated by comma or '|'. An empty list has no items; otherwise an empty item
 * is one like others. */
typedef struct th_items {
  th_span rest, item;
  unsigned n; /* items so far: the number of this one, from 1 */
  bool ended;
} th_items;
bool th_items_next(th_items *items);
/* "Item 2 in parameter `x` has incorrect format"; returns TH_EUSAGE. */
int th_items_refuse(const th_items *items, const char *param, th_err *err);

/* ^[a-zA-Z][a-zA-Z0-9\-. ]*$: how names of fields are formed. */
bool th_name_formed(th_span name);
/* "Parameter `x` has incorrect format"; returns TH_EUSAGE. */
int th_param_refuse(const char *param, th_err *err);
/* "Invalid value in parameter `x`: `v`"; returns TH_EUSAGE. */
int th_param_refuse_value(const char *param, th_span value, th_err *err);
/* "true" / "false"; empty leaves *out. */
int th_param_bool(const th_request *rq, const char *name, bool *out, th_err *err) TH_MUST_USE;
/* 0 to 2^31 - 1; empty leaves *out. */
int th_param_int(const th_request *rq, const char *name, uint32_t *out, th_err *err) TH_MUST_USE;
/* Place of the value among n words; empty = 0. */
int th_param_choice(const th_request *rq, const char *name, const char *const *words, unsigned n,
                    unsigned *out, th_err *err) TH_MUST_USE;

#endif
