/* The study page: a record in the order and words that readers know from study pages, then all else
 * that the registry holds. What a record does not have is not there: no empty headings. */
#ifndef TH_PORTAL_STUDY_PAGE_H
#define TH_PORTAL_STUDY_PAGE_H

#include "base/arena.h"
#include "base/json.h"
#include "eligibility/eligibility.h"
#include "geo/geo.h"
#include "portal/html.h"
#include "portal/study_similar.h"

/* What the page knows besides the record. */
typedef struct th_study_context {
  th_arena *arena;    /* for sorting places; reset by the caller */
  unsigned versions;  /* how many of this record are kept; 0 = unknown */
  int64_t stored_utc; /* when the newest came, seconds since 1970; 0 = unknown */
  const char *path;   /* of the page, without the prefix of a language; NULL = /study/NCT… */
  const char *base;   /* "https://example.org" of this installation, NULL = unknown */
  int data_age;       /* see th_page_frame */
  int32_t today;      /* days since 1970, for the timeline; 0 = leave its mark out */
  const th_similar_list *similar; /* NULL = none */
  const th_elig_tree *criteria;   /* what was read of them, with its text; NULL = the page reads */
  th_span near_text;              /* the place that sites are to be near, as asked; empty = none */
  const th_geo_place *near;       /* the same, found; NULL = none, or not known */
  const char *json;               /* path of the record as data, NULL = none */
} th_study_context;

/* Writes the whole page of a v2 record (node 0 its root object). A record of any shape is written:
 * what is of another type than the catalogue says counts as absent. Errors: see th_html_finish. */
int th_study_page(th_html *h, const th_json *record, const th_study_context *context,
                  th_err *err) TH_MUST_USE;
/* Whether the record says of itself that it is made up (keyword "made-up record"). */
bool th_study_is_made_up(const th_json *record);

#endif
