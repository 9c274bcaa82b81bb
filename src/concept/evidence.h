/* What the records themselves say about names, counted: MeSH terms, conditions, keywords,
 * interventions and their other names, abbreviations that a record spells out (A. S. Schwartz and
 * M. A. Hearst, "A simple algorithm for identifying abbreviation definitions in biomedical text",
 * PSB 2003). A record can be counted and, in the version that was counted, taken out again, so that
 * the counts follow the store without reading it anew.
 *
 *   file  := magic[8]="THEVI\r\n\x01" u64 hash u64 applied_seq u64 applied_mark u64 n_records
 *            u64 n_items item{n_items}
 *   item  := varint shared varint rest byte{rest} varint count varint nct
 *
 * hash is the XXH3-64 of everything behind it. An item's key is a byte for its kind, a text, a zero
 * byte, another text; keys ascend, and share their first bytes with the key before. count: records
 * that say so; nct: the lowest number of one that did. */
#ifndef TH_CONCEPT_EVIDENCE_H
#define TH_CONCEPT_EVIDENCE_H

#include "base/json.h"
#include "concept/draft.h"

/* The kind of the side file that holds it. */
#define TH_EVIDENCE_SIDE 0x49564554u /* "TEVI" */

typedef struct th_evidence th_evidence;

th_evidence *th_evidence_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_evidence_free(th_evidence *e);
/* Counts a record in (sign 1) or out (sign -1). One thread at a time. */
int th_evidence_count(th_evidence *e, const th_json *record, uint32_t nct, int sign,
                      th_err *err) TH_MUST_USE;
/* Adds the counts of another. */
int th_evidence_merge(th_evidence *e, const th_evidence *other, th_err *err) TH_MUST_USE;
uint64_t th_evidence_records(const th_evidence *e);

typedef struct th_evidence_head {
  uint64_t applied_seq, applied_mark; /* of the store's log, as index/index.h has them */
} th_evidence_head;
/* Appends the file to out. */
int th_evidence_write(th_evidence *e, const th_evidence_head *head, th_buf *out,
                      th_err *err) TH_MUST_USE;
/* Adds a file's counts. Errors: TH_ECORRUPT, TH_ENOMEM. */
int th_evidence_read(th_evidence *e, th_span file, th_evidence_head *head, th_err *err) TH_MUST_USE;

/* Takes what is said often and unanimously enough into a draft, as sources of its own. */
int th_evidence_add(th_evidence *e, th_concept_draft *d, th_err *err) TH_MUST_USE;

/* Called for each abbreviation that a text spells out. */
typedef int (*th_abbreviation_fn)(void *ctx, th_span short_form, th_span long_form);
int th_abbreviations_each(th_span text, th_abbreviation_fn fn, void *ctx);

/* ---- what evidence.c and derive.c share ---- */

enum {
  TH_SAYS_MESH_CONDITION = 'a', /* id, term */
  TH_SAYS_MESH_INTERVENTION,
  TH_SAYS_CONDITION,    /* text */
  TH_SAYS_INTERVENTION, /* name, type */
  TH_SAYS_OTHER_NAME,   /* name, other name */
  TH_SAYS_KEYWORD,      /* text */
  TH_SAYS_SHORT,        /* short form, long form */
  TH_SAYS_PAIR,         /* the only condition of a record, the id of its only MeSH term */
};
typedef struct th_said {
  uint8_t kind;
  th_span a, b;
  uint32_t count, nct;
} th_said;
/* All that is said by at least one record, sorted by kind, a and b. *out is owned by the caller
 * (free); its spans are the evidence's. */
int th_evidence_sorted(th_evidence *e, th_said **out, size_t *n) TH_MUST_USE;

#endif
