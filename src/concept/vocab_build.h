/* What the readers of vocabularies write into: one entry after another. */
#ifndef TH_CONCEPT_VOCAB_BUILD_H
#define TH_CONCEPT_VOCAB_BUILD_H

#include "concept/vocabulary.h"

typedef struct th_vocab {
  th_vocabulary *out;
  const th_vocabulary_options *options;
  const char *file, *entry;
  int error; /* sticky: TH_ENOMEM, TH_ELIMIT */
  /* the entry under way */
  th_buf id, name, labels, codes, parents;
  uint32_t n_labels, n_codes, n_parents;
  th_concept_kind kind;
  bool skip;
} th_vocab;

void th_vocab_init(th_vocab *v, th_vocabulary *out, const th_vocabulary_options *options,
                   const char *file);
void th_vocab_dispose(th_vocab *v);

/* An entry: begin, what it says in any order, end. The last id and name count. */
void th_vocab_begin(th_vocab *v);
void th_vocab_id(th_vocab *v, th_span id);
void th_vocab_name(th_vocab *v, th_span name);
void th_vocab_label(th_vocab *v, th_label_relation relation, th_span text);
void th_vocab_code(th_vocab *v, bool own, th_span code);
void th_vocab_parent(th_vocab *v, th_span code);
/* Keeps the entry, or skips it when it says so or has neither a name nor a code. */
void th_vocab_end(th_vocab *v);
/* Counts and reports an entry that is not what the format asks for; it is dropped. */
void th_vocab_reject(th_vocab *v, int64_t line, int64_t offset, const char *reason);

/* Fills in what the file says of itself, unless an option or an earlier word has. */
void th_vocab_called(th_vocab *v, th_span name);
void th_vocab_version(th_vocab *v, th_span version);
void th_vocab_licence(th_vocab *v, th_span licence);
/* What kind the codes of a prefix are ("DOID:…": conditions); OTHER when it is not known. */
th_concept_kind th_vocab_kind_of(th_span code);
/* And those of a tree number of MeSH. */
th_concept_kind th_vocab_kind_of_tree(th_span number);

/* The next line without its end; false behind the last. */
bool th_vocab_line(th_span text, size_t *at, th_span *line);

/* The readers. An error is the machine's or, TH_EINPUT, the file's as a whole. */
int th_vocab_read_obo(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
int th_vocab_read_graphs(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
int th_vocab_read_mesh_xml(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
int th_vocab_read_tree(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
int th_vocab_read_sssom(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
int th_vocab_read_table(th_vocab *v, th_span text, th_err *err) TH_MUST_USE;
/* Whether the first lines are those of the format. */
bool th_vocab_is_tree(th_span text);
bool th_vocab_is_sssom(th_span text);
bool th_vocab_is_table(th_span text);

#endif
