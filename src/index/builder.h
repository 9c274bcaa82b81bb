/* Documents in memory becoming a segment. One builder belongs to one thread. */
#ifndef TH_INDEX_BUILDER_H
#define TH_INDEX_BUILDER_H

#include "base/common.h"
#include "base/json.h"

typedef struct th_builder th_builder;

th_builder *th_builder_new(void) TH_MUST_USE;
void th_builder_free(th_builder *b);

/* Analyses a parsed record (already checked by th_study_check) and adds it as the next document;
 * *doc is its number. The json is not kept. Errors: TH_ENOMEM; TH_EINPUT for a record whose types
 * are wrong; after either the builder holds what it held before. */
int th_builder_add(th_builder *b, const th_json *json, uint32_t nct, uint32_t *doc,
                   th_err *err) TH_MUST_USE;
/* The change-log number of a document, known when the store has accepted it. A document whose
 * number is never set is left out of the segment. */
void th_builder_set_seq(th_builder *b, uint32_t doc, uint64_t seq);
uint32_t th_builder_docs(const th_builder *b);
size_t th_builder_memory(const th_builder *b); /* bytes held, for the flush decision */

/* Writes the segment to path (synced, renamed into place) and empties the builder, also when it
 * fails. *n_docs: how many documents it holds; when 0 no file is written. */
int th_builder_flush(th_builder *b, const char *path, uint32_t *n_docs, th_err *err) TH_MUST_USE;

/* The analysis this build of the program makes; see format.h. */
uint64_t th_index_fingerprint(void);

#endif
