/* Inside the API: one mounted API, and what each worker thread keeps for it. */
#ifndef TH_API_INTERNAL_H
#define TH_API_INTERNAL_H

#include "api/api.h"
#include "api/cache.h"
#include "api/meta.h"
#include "api/project.h"
#include "api/stats.h"
#include "api/totals.h"
#include "base/json.h"

struct th_api {
  th_registry *registry;
  th_cache *cache;
  th_meta *meta;
  th_stats *stats;
  th_totals *totals;
  int slot; /* of the workers' th_desk */
};

/* What a thread keeps between requests. */
typedef struct th_desk {
  const th_api *api;    /* the tag belongs to this one … */
  uint64_t applied_seq; /* … and this state of its data */
  char timestamp[20], etag[64];
  int64_t data_utc; /* the timestamp in seconds since 1970 */
  th_json_parser *parser;
  th_buf record;        /* one record, when it is not in the cache */
  th_cache_entry *held; /* or the cache's */
} th_desk;

/* The place of desks among what workers keep; -1: none is left. */
int th_desk_slot(void);
/* The thread's desk, brought to the state of the data that searches see now. NULL: TH_ENOMEM. */
th_desk *th_desk_open(th_api *api, th_request *rq, uint64_t applied_seq, th_err *err) TH_MUST_USE;

/* The same for the generation that stands now. NULL also when the index cannot be read. */
th_desk *th_desk_now(th_api *api, th_request *rq, th_err *err) TH_MUST_USE;
/* Sets the answer's tag; true when the client holds this state already: nothing is left to do. */
bool th_desk_tag(const th_desk *desk, const th_request *rq, th_response *rs);

/* The bytes of a study: borrowed until the desk's next record. *cached (may be NULL): how the cache
 * holds the record, its entry NULL when it does not. keep: put it into the cache when it is not
 * there. Errors: TH_ENOTFOUND, with *current as in th_registry_study; the store's. */
int th_desk_record(th_api *api, th_desk *desk, uint32_t nct, bool keep, th_span *json,
                   th_cached *cached, uint32_t *current, th_err *err) TH_MUST_USE;
/* The entry goes over to who called th_desk_record, to be dropped by that one. */
void th_desk_take_entry(th_desk *desk);
/* Parses it; *out is borrowed until the desk's next parse. */
int th_desk_parse(th_desk *desk, th_span json, th_json *out, th_err *err) TH_MUST_USE;

/* Parameters and forms that the study endpoints share. */
typedef enum th_form {
  TH_FORM_JSON,
  TH_FORM_CSV,
  TH_FORM_ZIP, /* these three of one study only */
  TH_FORM_FHIR,
  TH_FORM_RIS,
} th_form;
typedef struct th_shape {
  th_form form;
  bool legacy;         /* markup as in the classic system */
  bool all;            /* no fields chosen */
  th_selection fields; /* JSON, zip */
  uint32_t columns;    /* CSV; RIS: tags */
} th_shape;
/* Reads format, markupFormat and fields. asked: the fields of @query, NULL where that is unknown.
 */
int th_shape_read(th_shape *out, const th_request *rq, const th_selection *asked,
                  th_err *err) TH_MUST_USE;
/* Appends a record in its shape: JSON without line breaks (also for zip), a CSV row, an entry of
 * FHIR or RIS. */
int th_shape_put(const th_shape *shape, th_desk *desk, uint32_t nct, th_span json, th_buf *out,
                 th_err *err) TH_MUST_USE;
const char *th_shape_type(const th_shape *shape); /* Content-Type */

int th_api_version(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_study(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_studies(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_metadata(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_search_areas(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_stats_size(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_stats_values(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_stats_sizes(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_stats_values_of(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_stats_sizes_of(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_history(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_history_version(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_study_with_history(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_download(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_oas(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_rss(void *ctx, th_request *rq, th_response *rs, th_err *err);
int th_api_enums(void *ctx, th_request *rq, th_response *rs, th_err *err);

#endif
