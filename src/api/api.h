/* The registry's API v2 over a registry of ours (docs/guide/api.md): mounts its routes. */
#ifndef TH_API_API_H
#define TH_API_API_H

#include "http/http.h"
#include "registry/registry.h"

typedef struct th_api th_api;

/* Adds to the router:
 *   GET /api/v2/version, /api/v2/studies, /api/v2/studies/{nctId}
 * and, below /api/, plain errors and the headers that let browsers of any origin read. The registry
 * (opened for reading or writing) and *out must outlive the server. Errors: TH_ENOMEM, TH_ELIMIT.
 */
int th_api_mount(th_api **out, th_router *router, th_registry *registry, th_err *err) TH_MUST_USE;
/* After the server has stopped. NULL is allowed. */
void th_api_free(th_api *api);

#endif
