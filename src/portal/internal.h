/* Inside the portal: what its pages share. */
#ifndef TH_PORTAL_INTERNAL_H
#define TH_PORTAL_INTERNAL_H

#include "base/json.h"
#include "native/desk.h"
#include "portal/kept.h"
#include "portal/known.h"
#include "portal/page.h"
#include "portal/portal.h"
#include "query/suggest.h"

struct th_portal {
  th_registry *registry;
  th_suggester *suggester; /* NULL = no suggestions */
  th_desk *desk;           /* where patients are matched; owned */
  int slot;                /* of portal_worker */
  th_kept *kept;           /* pages; owned */
  th_known *known;         /* what pages have in common; owned */
  char base[256];          /* public address, "" = by the Host header */
  char **patterns;         /* of routes under a language's prefix: owned */
  size_t n_patterns;
};

enum { PORTAL_COMPARED = 4 }; /* studies side by side */

/* What a thread keeps between requests. */
typedef struct portal_worker {
  th_json_parser *parser, *other; /* other: made when first wanted */
  th_buf record, older, scratch;
  struct {
    th_json_parser *parser; /* made when first wanted */
    th_buf record;
  } compared[PORTAL_COMPARED];
  /* Worked out for one generation of the index, and kept until there is another: */
  bool known, made_up;
  int64_t data_utc; /* when the data was last brought up; 0 = never */
  uint64_t generation, applied_seq;
  const char *base; /* th_portal_base of the request at hand */
  bool partial;     /* the page at hand lacks something that the next one will have: not kept */
} portal_worker;

/* The calling thread's; NULL when memory is out. */
portal_worker *th_portal_worker(const th_portal *portal, th_request *rq);

/* Begins a page in the answer's body; ends it: headers, errors. */
void th_portal_begin(th_html *h, portal_worker *w, const th_request *rq, th_response *rs);
int th_portal_end(th_html *h, th_response *rs, unsigned status, th_err *err) TH_MUST_USE;
/* A page that says what is missing and what to do about it: 404, 400. */
int th_portal_sorry(const th_portal *portal, th_request *rq, th_response *rs, unsigned status,
                    const char *title, th_span text, th_err *err) TH_MUST_USE;

/* The page for a number that no study here has: 404. */
int th_portal_no_study(const th_portal *portal, th_request *rq, th_response *rs, uint32_t nct,
                       th_err *err) TH_MUST_USE;

/* What the frame of every page says about the data of this generation: whether most of it says of
 * itself that it is made up, and how old it is. */
int th_portal_frame(const th_portal *portal, portal_worker *w, const th_snapshot *snapshot,
                    th_arena *arena, th_page_frame *frame, th_err *err) TH_MUST_USE;
/* "https://example.org", without a slash at its end: as configured, else by the Host header. */
const char *th_portal_base(const th_portal *portal, const th_request *rq);

/* Gives the page a tag of its address, its language, what the index holds and the day, so that a
 * browser that has it is told so (304). True: it has it, and there is nothing to do. A page that
 * turns out to be no 200 drops the tag (th_portal_end does). */
bool th_portal_unchanged(const th_request *rq, const th_snapshot *snapshot, th_response *rs);

/* A path of ours with the prefix of the request's language, in its arena; NULL when memory is out.
 */
char *th_portal_path(const th_request *rq, const char *path);

/* The study numbers of the parameters "ids", separated by commas or blanks, each once: at most
 * `most`. Returns how many there are; what is no number is passed over. */
unsigned th_portal_ids(const th_request *rq, uint32_t *out, unsigned most);

/* Works out ahead what the home page shows. Errors: as th_search. */
int th_portal_home_ahead(th_known *known, const th_snapshot *snapshot, th_err *err) TH_MUST_USE;

/* The handlers: th_handler_fn with the portal as ctx. */
int th_portal_csv(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_json(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_ris(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_atom(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_saved(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_compare(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_about(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_robots(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_sitemap(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_home(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_search(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_places(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_search_map(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_land(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_complete(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_glossary(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_history(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_condition(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_intervention(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_sponsor(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_conditions(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_interventions(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_sponsors(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_match(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_match_sent(void *portal, th_request *rq, th_response *rs, th_err *err);
int th_portal_study(void *portal, th_request *rq, th_response *rs, th_err *err);

#endif
