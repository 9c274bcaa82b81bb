/* Other words for the words of a query. Who knows some gives them to the parser through this; the
 * query room itself knows none. */
#ifndef TH_QUERY_EXPAND_H
#define TH_QUERY_EXPAND_H

#include "base/arena.h"
#include "base/common.h"
#include "query/search.h"

/* Another way to say a text: searched as a phrase, beside the text itself. */
typedef struct th_synonym {
  th_span text;   /* "myocardial infarction" */
  th_span source; /* who says so: "MeSH", "records", the name of a vocabulary; for explanations */
  float weight;   /* of a match, 0 < weight <= 1, beside that of the text itself */
} th_synonym;

/* th_expander of search.h */
struct th_expander {
  /* Alternatives of a whole text (a run of bare words or a phrase, escapes undone), the best first.
   * *out and what it points to live as long as the arena. No alternatives is n = 0 and no error.
   * Errors: TH_ENOMEM. May be called by many threads at once. */
  int (*expand)(void *ctx, th_span text, th_arena *arena, const th_synonym **out, size_t *n,
                th_err *err);
  void *ctx; /* borrowed */
};

#endif
