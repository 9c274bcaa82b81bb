/* Studies like one study. */
#ifndef TH_PORTAL_STUDY_SIMILAR_H
#define TH_PORTAL_STUDY_SIMILAR_H

#include "base/arena.h"
#include "base/json.h"
#include "registry/registry.h"

enum { TH_SIMILAR = 5 };

typedef struct th_similar {
  uint32_t nct;
  th_span title, status; /* in arena */
} th_similar;
typedef struct th_similar_list {
  size_t n;
  th_similar of[TH_SIMILAR];
} th_similar_list;

/* The studies that share most with a record: ranked by its conditions, their MeSH terms, its
 * treatments and the longer words of its title; none when it has no condition. buf and parser are
 * used for other records. Errors: those of th_search and th_registry_study; TH_ECORRUPT. */
int th_similar_find(th_registry *registry, const th_json *record, uint32_t nct, th_buf *buf,
                    th_json_parser *parser, th_arena *arena, th_similar_list *out,
                    th_err *err) TH_MUST_USE;

#endif
