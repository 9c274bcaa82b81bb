/* Conditions, interventions and sponsors: pages of their own, found by a readable address. */
#ifndef TH_PORTAL_TOPIC_H
#define TH_PORTAL_TOPIC_H

#include "portal/internal.h"
#include "query/search.h"

typedef enum th_topic_kind {
  TH_TOPIC_CONDITION,
  TH_TOPIC_INTERVENTION,
  TH_TOPIC_SPONSOR,
  TH_TOPIC_KINDS
} th_topic_kind;

typedef struct th_topic_info {
  const char *path;     /* "/condition/" */
  const char *all_path; /* "/conditions" */
  const char *filter;   /* of the search: "condition" */
  const char *param;    /* text of the search: "cond" */
  uint16_t field, also; /* whose words are its names */
  const char *title;    /* messages: all of them; the kind of one */
  const char *all;      /* way back */
  const char *lead;     /* below the title of all */
} th_topic_info;
extern const th_topic_info th_topic_infos[TH_TOPIC_KINDS];

/* Appends "/condition/{slug}"; false, with nothing appended, when the name has no letter or digit
 * that a slug could be made of. */
bool th_topic_path(th_topic_kind kind, th_span name, th_buf *out);

enum { TH_TOPIC_NAMES = 32 };
/* The names that have this slug, folded names once: at most TH_TOPIC_NAMES, borrowed from the
 * snapshot. One pass over the words of the kind's two columns. *n is 0 when there are none. Errors:
 * TH_ENOMEM, TH_ECORRUPT. */
int th_topic_find(const th_snapshot *snapshot, th_topic_kind kind, th_span slug,
                  th_span out[TH_TOPIC_NAMES], size_t *n, th_err *err) TH_MUST_USE;
/* Studies with any of the names in either of the fields. NULL when memory is out. */
th_query *th_topic_query(th_topic_kind kind, const th_span *names, size_t n, th_arena *arena);

/* Works the lists of all topics out ahead. Errors: as th_search. */
int th_topics_ahead(th_known *known, const th_snapshot *snapshot, th_err *err) TH_MUST_USE;

#endif
