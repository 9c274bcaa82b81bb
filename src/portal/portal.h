/* The portal: pages for people, rendered on the server, working without scripts.
 *
 *   /                  search box, ways in, what this installation holds
 *   /search?…          results with filters and counts (search_page.h)
 *   /study/{nct}/{title}  one study; without its title, or with another, a redirect there
 *   /study/{nct}/history  its versions; /{a}..{b} behind it: what changed from a to b
 *   /glossary          the words of clinical trials, explained
 *   /about             what this installation holds, how to cite it
 *   /search.csv|json|ris|atom?…  what the search finds, to take along or to follow
 *   /sitemap.xml, /robots.txt
 *   /places/…          where trials take place (/places?country=… by name)
 *   /condition/{slug}, /intervention/{slug}, /sponsor/{slug}  all there is on one; /conditions, …
 *   /assets/{file}     stylesheet and icon, named by their contents
 *
 * No cookie, no script, nothing from third parties; a strict Content-Security-Policy goes with
 * every answer outside of /api/. */
#ifndef TH_PORTAL_PORTAL_H
#define TH_PORTAL_PORTAL_H

#include <stdatomic.h>

#include "http/http.h"
#include "query/suggest.h"
#include "registry/registry.h"

typedef struct th_portal th_portal;
struct th_desk; /* native/desk.h */

/* Adds the portal's routes, its page for unknown paths and its headers to the router. suggester:
 * for words that were meant, may be NULL. desk: where patients are matched (native/desk.h). base:
 * the address that the world sees, "https://trials.example.org", NULL = what requests say in Host.
 * Registry and desk must outlive the portal, the portal the router's last request. Before any
 * request: it takes a worker slot. *out is owned by the caller. Errors: TH_ENOMEM, TH_ELIMIT (no
 * worker slot left). */
int th_portal_mount(th_portal **out, th_router *router, th_registry *registry,
                    th_suggester *suggester, struct th_desk *desk, const char *base,
                    th_err *err) TH_MUST_USE;
void th_portal_free(th_portal *portal);

/* Works out what many pages of the index's generation have in common (places, lists of topics, the
 * counts of the search for everything), until *stop becomes true: for a thread that has time, after
 * each new generation (query/warm.h). portal: a th_portal. */
void th_portal_ahead(void *portal, const atomic_bool *stop);

#endif
