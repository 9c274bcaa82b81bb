/* The parameters of a search of studies, read and checked: a search request of query/. */
#ifndef TH_API_ASK_H
#define TH_API_ASK_H

#include "api/internal.h"
#include "query/search.h"

typedef struct th_ask {
  th_search_request search; /* in the request's arena */
  th_shape shape;
  bool by_score;       /* the order depends on scores */
  bool next_page;      /* a pageToken was given */
  uint64_t hash;       /* of what a next page must repeat */
  th_span asked;       /* what its total depends on, with the data; p NULL: too much */
  uint64_t generation; /* whose synonyms the words were read with */
  th_selection queried;
} th_ask;

/* Errors: TH_EUSAGE in the registry's words where they are known; TH_ENOMEM. The page token is
 * checked later, by th_ask_page. */
int th_ask_read(th_ask *out, th_api *api, const th_request *rq, th_err *err) TH_MUST_USE;
/* Where the page begins, from the token of the request, for the data of this generation. */
int th_ask_page(th_ask *ask, const th_request *rq, uint64_t generation, uint64_t applied_seq,
                th_err *err) TH_MUST_USE;
/* The token of the page behind this one. */
void th_ask_token(const th_ask *ask, uint64_t generation, uint64_t applied_seq, char out[64]);

/* "distance(lat,lon,N[km|mi])"; without a unit metres. False when it is not of this form. */
bool th_ask_geo(th_span text, double *lat, double *lon, double *km);
/* The sort parameter. Errors: TH_EUSAGE. */
int th_ask_sort(th_span list, th_sort out[2], unsigned *n, th_err *err) TH_MUST_USE;

#endif
