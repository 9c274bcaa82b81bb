/* Trialhead's own API over a registry of ours, below /api/trialhead/v1 (docs/guide/native-api.md).
 */
#ifndef TH_NATIVE_NATIVE_H
#define TH_NATIVE_NATIVE_H

#include "api/api.h"
#include "http/http.h"
#include "query/search.h"
#include "query/suggest.h"
#include "registry/registry.h"

#define TH_NATIVE_PREFIX "/api/trialhead/v1"

typedef struct th_native th_native;
struct th_desk; /* desk.h */

/* Adds its routes, answers for unknown paths and headers to the router. Everything given must
 * outlive the server; api: mounted on the same registry; desk: where patients are
 * matched (desk.h), NULL for one of its own. Mount it behind the API: its headers go
 * before those. Errors: TH_ENOMEM, TH_ELIMIT. */
int th_native_mount(th_native **out, th_router *router, th_registry *registry, th_api *api,
                    th_suggester *suggester, struct th_desk *desk, th_err *err) TH_MUST_USE;
/* After the server has stopped. NULL is allowed. */
void th_native_free(th_native *native);

/* The document that describes it: OpenAPI 3.1, JSON. */
void th_native_openapi(th_buf *out);

/* A facet as it is asked for: "Phase", "LocationCountry:20", "StartDate:year", "StartDate:month",
 * "EnrollmentCount:0-50-100" (ranges between these bounds and above the last). */
typedef struct th_facet_spec {
  uint16_t field;
  enum { TH_FACET_VALUES, TH_FACET_YEARS, TH_FACET_MONTHS, TH_FACET_RANGES } form;
  uint32_t most;         /* VALUES */
  const int64_t *bounds; /* else: n + 1, in arena */
  const th_span *labels; /* RANGES: the bounds as given */
  uint32_t n;
} th_facet_spec;

enum { TH_FACETS_MAX = 64 };

/* Reads a list of facets, separated by commas; empty: the usual ones. Errors: TH_EUSAGE with the
 * byte in the list, TH_ENOMEM. */
int th_facets_read(th_facet_spec out[TH_FACETS_MAX], unsigned *n, th_span list, th_arena *arena,
                   th_err *err) TH_MUST_USE;
/* Appends {"totalCount", "facets": […]} for the studies that the query matches (NULL: all). */
int th_facets_put(const th_snapshot *snapshot, const th_query *query, const th_facet_spec *facets,
                  unsigned n, th_arena *arena, th_buf *out, th_err *err) TH_MUST_USE;

/* Appends {"since", "lastSeq", "nextSince", "more", "changes": […]}: the log of changes behind
 * `since`, at most limit entries; records: each with the record of its version. TH_EUSAGE when
 * since is beyond the last change: the log is another one. */
int th_changes_put(th_registry *registry, uint64_t since, size_t limit, bool records, th_buf *out,
                   th_err *err) TH_MUST_USE;

/* Appends the answers of /complete and /suggest. kinds: bit set of th_name_kind. */
int th_completions_put(th_suggester *suggester, th_span text, uint32_t kinds, unsigned n,
                       th_arena *arena, th_buf *out, th_err *err) TH_MUST_USE;
int th_spelling_put(th_suggester *suggester, th_span text, th_arena *arena, th_buf *out,
                    th_err *err) TH_MUST_USE;
/* "condition,sponsor" → bit set; empty: all. TH_EUSAGE names the one that is none. */
int th_name_kinds_read(uint32_t *out, th_span list, th_err *err) TH_MUST_USE;

#endif
