/* Inside of a draft: what draft.c gathers, cluster.c brings together and write.c lays out. */
#ifndef TH_CONCEPT_DRAFT_PRIVATE_H
#define TH_CONCEPT_DRAFT_PRIVATE_H

#include "concept/draft.h"
#include "concept/file.h"

/* Distinct byte strings, numbered from 0 in the order in which they came. */
typedef struct th_distinct {
  th_arena arena;
  th_span *items;
  uint32_t n, cap;
  uint64_t *slots; /* half of the hash, item + 1 */
  uint32_t n_slots;
} th_distinct;

typedef struct d_source {
  uint32_t name, detail; /* of texts */
  unsigned rank;
  bool records, own;
} d_source;
typedef struct d_concept {
  uint32_t source;
  uint32_t cluster;   /* after th_draft_cluster: number of the dictionary's concept */
  uint32_t preferred; /* phrase of its first preferred label, or UINT32_MAX */
  th_concept_kind kind;
} d_concept;
typedef struct d_label {
  uint32_t text, concept_id, phrase, joined; /* joined: a second phrase or UINT32_MAX */
  uint32_t n_records, nct;
  uint16_t source;
  uint8_t relation, flags;
  float weight;
} d_label;
typedef struct d_code {
  uint32_t code, concept_id;
  bool own;
} d_code;

struct th_concept_draft {
  th_distinct texts, codes, words;
  th_distinct phrases; /* the bytes are arrays of u32 words */
  d_source sources[TH_DRAFT_SOURCES_MAX];
  unsigned n_sources;
  d_concept *concepts;
  size_t n_concepts, cap_concepts;
  d_label *labels;
  size_t n_labels, cap_labels;
  d_code *xrefs, *parents;
  size_t n_xrefs, cap_xrefs, n_parents, cap_parents;
  uint32_t *named; /* by phrase: a concept of the records + 1 */
  size_t cap_named;
  uint32_t n_clusters;
};

int th_distinct_add(th_distinct *s, th_span text, uint32_t *out) TH_MUST_USE;
/* UINT32_MAX when it is not there. */
uint32_t th_distinct_find(const th_distinct *s, th_span text);
void th_distinct_dispose(th_distinct *s);
/* Room for one more item in an array that doubles. */
void *th_draft_grown(void *array, size_t *cap, size_t n, size_t size);

/* Numbers the clusters. */
int th_draft_cluster(th_concept_draft *d, th_err *err) TH_MUST_USE;

#endif
