/* Documents that are the same for everybody: made once, packed once, sent without a copy. */
#ifndef TH_API_DOC_H
#define TH_API_DOC_H

#include "http/http.h"

/* Owned bytes; zero-initialise. */
typedef struct th_doc {
  th_buf plain, packed; /* packed: gzip form, empty when it would not be smaller */
} th_doc;

/* Packs what stands in doc->plain. Errors: TH_ENOMEM, also of the buffer. */
int th_doc_finish(th_doc *doc, th_err *err) TH_MUST_USE;
void th_doc_dispose(th_doc *doc);
/* Makes it the body. It must outlive the answer: release (may be NULL) is called with ctx when it
 * was sent. */
void th_doc_answer(const th_doc *doc, th_response *rs, void (*release)(void *ctx), void *ctx);

/* Appends compact JSON as the registry prints its tables: a member a line, indented by two blanks
 * for each object round it, " : " between key and value, elements of arrays one behind the other
 * with blanks between. */
void th_json_spread(th_buf *out, th_span compact);

#endif
