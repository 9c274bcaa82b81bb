/* The endpoints as OpenAPI describes them. */
#ifndef TH_API_OAS_ENDPOINTS_H
#define TH_API_OAS_ENDPOINTS_H

#include "base/common.h"

typedef enum th_oas_kind {
  TH_OAS_TEXT,    /* any text; more: nothing */
  TH_OAS_PATTERN, /* text; more: its pattern */
  TH_OAS_WORD,    /* one of the words in more, the first is the default */
  TH_OAS_LIST,    /* by comma or '|'; more: pattern of an item */
  TH_OAS_WORDS,   /* the same; more: the words that an item may be */
  TH_OAS_STATUS,  /* the same; items are of the enum Status */
  TH_OAS_BOOL,
  TH_OAS_COUNT,
} th_oas_kind;

typedef struct th_oas_param {
  const char *name;
  th_oas_kind kind;
  const char *more, *description;
  bool in_path;
} th_oas_param;

enum { TH_OAS_PARAMS = 32, TH_OAS_TYPES = 6 };

typedef struct th_oas_endpoint {
  const char *path, *id, *tag, *summary;
  /* What a 200 carries: media types, each with the name of its schema. */
  struct {
    const char *media, *schema;
  } types[TH_OAS_TYPES];
  bool redirects, may_miss; /* 301; 404 */
  const th_oas_param *params;
  unsigned n_params;
} th_oas_endpoint;

extern const th_oas_endpoint th_oas_endpoints[];
extern const unsigned th_n_oas_endpoints;

#endif
