/* The dictionary of concepts: what a thing is called, in every way that the records themselves and
 * imported vocabularies know, what kind of thing it is, and which codes stand for it.
 *
 * It is one file, derived (draft.h makes it), mapped and never changed; its grammar is in file.h.
 * A view of it is a plain value over borrowed bytes: opening costs a header. Three things are asked
 * of it: other wordings of what was typed (expand), mentions in running text (match), and codes.
 *
 * Words are compared by keys (key.h): folded, singular, in American spelling. */
#ifndef TH_CONCEPT_CONCEPT_H
#define TH_CONCEPT_CONCEPT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/common.h"

/* The kind of the side file (index/index.h) that holds it. */
#define TH_CONCEPTS_SIDE 0x43504354u /* "TCPC" */

typedef enum th_concept_kind {
  TH_CONCEPT_OTHER,
  TH_CONCEPT_CONDITION,
  TH_CONCEPT_DRUG,
  TH_CONCEPT_DRUG_CLASS,
  TH_CONCEPT_PROCEDURE,
  TH_CONCEPT_DEVICE,
  TH_CONCEPT_ORGANISM,
  TH_CONCEPT_GENE,
  TH_CONCEPT_KINDS
} th_concept_kind;

/* What a label is to its concept. */
typedef enum th_label_relation {
  TH_LABEL_PREFERRED,
  TH_LABEL_SYNONYM,
  TH_LABEL_ABBREVIATION,
  TH_LABEL_NARROWER, /* names something narrower than the concept */
  TH_LABEL_BROADER,
  TH_LABEL_RELATED,
  TH_LABEL_RELATIONS
} th_label_relation;

enum {
  TH_LABEL_UPPER = 1,     /* counts in running text only when written in capitals: AIDS, MS */
  TH_LABEL_COMMON = 2,    /* folded it is a word of everyday English: never an alternative */
  TH_LABEL_COMMA = 4,     /* its words may stand apart by a comma or parenthesis */
  TH_LABEL_AMBIGUOUS = 8, /* names several concepts, and this is not clearly the usual one */
};

/* "condition", "drug", "drug class", …; "preferred", "synonym", … */
const char *th_concept_kind_text(th_concept_kind kind);
bool th_concept_kind_parse(th_span text, th_concept_kind *out);
const char *th_label_relation_text(th_label_relation relation);

/* A view of a dictionary; borrows its bytes and needs no disposal. Zero is the empty dictionary.
 * Any number of threads may use one. */
typedef struct th_concepts {
  const char *strings;
  const struct th_file_source *sources;
  const struct th_file_concept *concepts;
  const struct th_file_label *labels;
  const struct th_file_code *codes;
  const uint32_t *code_order, *parents, *children, *words, *roots, *hits;
  const uint64_t *slots;
  const struct th_file_node *nodes;
  uint32_t n_strings, n_sources, n_concepts, n_labels, n_codes, n_parents, n_children, n_words,
      n_slots, n_nodes, n_hits;
  uint64_t basis;  /* hash of all that the dictionary was made from */
  uint64_t opened; /* another number for each opening in this process */
} th_concepts;

/* bytes: 8-byte aligned, borrowed as long as the view is used. verify: hash all of it (a generation
 * of the index has done so already for its side files). Errors: TH_ECORRUPT, TH_EINPUT for another
 * version. */
int th_concepts_open(th_concepts *out, const void *bytes, size_t n, bool verify,
                     th_err *err) TH_MUST_USE;

/* ---- what it holds; indexes out of range give an empty answer ---- */

typedef struct th_concept {
  th_span label; /* preferred, as it is written */
  th_concept_kind kind;
  uint32_t n_records; /* that name it in conditions, keywords or interventions */
  uint32_t first_label, n_labels, first_code, n_codes;
  const uint32_t *parents, *children; /* concepts right above and below */
  uint32_t n_parents, n_children;
} th_concept;
typedef struct th_label {
  th_span text; /* as it is written */
  uint32_t concept_id;
  th_label_relation relation;
  unsigned flags;
  float weight;       /* in (0, 1]: how sure the label is */
  uint32_t n_records; /* 0 when no record says it */
  uint32_t nct;       /* a record that does, 0 for none */
  uint32_t source;
} th_label;
typedef struct th_concept_source {
  th_span name;   /* "doid", "MeSH terms of the records" */
  th_span detail; /* version; may be empty */
  bool records;   /* of the records, not of an imported vocabulary */
} th_concept_source;
bool th_concepts_get(const th_concepts *dict, uint32_t concept_id, th_concept *out);
bool th_concepts_label(const th_concepts *dict, uint32_t label, th_label *out);
bool th_concepts_source(const th_concepts *dict, uint32_t source, th_concept_source *out);
/* "MESH:D003924". own: the code of one of the sources, not a cross reference. */
th_span th_concepts_code(const th_concepts *dict, uint32_t code, bool *own);
/* The concepts that a code stands for, own codes first: at most cap into out. Returns how many
 * there are. The prefix is compared in any case: "mesh:D003924", "SNOMEDCT:44054006". */
size_t th_concepts_by_code(const th_concepts *dict, th_span code, uint32_t *out, size_t cap);

/* The concepts of which a text is a label as a whole, in any case: at most cap into out. Returns
 * how many there are. */
size_t th_concepts_named(const th_concepts *dict, th_span text, uint32_t *out, size_t cap);

/* ---- other wordings ---- */

typedef struct th_alternative {
  th_span text;               /* the words as they are written, borrowed from the dictionary */
  th_label_relation relation; /* SYNONYM also for a preferred label; NARROWER for what is below */
  float weight;               /* in (0, 1]: how far to trust it */
  uint32_t concept_id, label; /* the alternative's */
  uint32_t typed;             /* the label that what was typed is */
  th_span source;             /* "doid", "abbreviation in NCT00000102 and 11 more"; in arena */
} th_alternative;

typedef struct th_expand_options {
  size_t most;   /* alternatives at most; 0 = 24 */
  float least;   /* weight at least; 0 = .3 */
  bool narrower; /* also the names of what is right below */
} th_expand_options;

/* Other wordings of a run of words that is a label as a whole; typed is the text as a person wrote
 * it (case decides about AIDS). *out in arena, best first, without the typed wording itself and
 * none twice. *n is 0 when it is no label. options may be NULL. Errors: TH_ENOMEM, TH_ELIMIT. */
int th_concepts_expand(const th_concepts *dict, th_span typed, const th_expand_options *options,
                       th_arena *arena, th_alternative **out, size_t *n, th_err *err) TH_MUST_USE;
/* The same for words that were folded already (text/token.h, parts of compounds as words of their
 * own); upper: they were typed in capitals. */
int th_concepts_expand_words(const th_concepts *dict, const th_span *words, size_t n_words,
                             bool upper, const th_expand_options *options, th_arena *arena,
                             th_alternative **out, size_t *n, th_err *err) TH_MUST_USE;
/* Why an alternative is one, as a sentence: '"heart attack" is a synonym of "myocardial infarction"
 * (doid 2018-07-05, DOID:5844)'. */
void th_concepts_why(const th_concepts *dict, const th_alternative *alternative, th_buf *out);

/* ---- mentions ---- */

typedef struct th_mention {
  uint32_t from, to; /* bytes of the text */
  uint32_t n_words;
  const uint32_t *labels; /* what the words are labels of, the most likely first */
  uint32_t n_labels;      /* at least 1 */
  bool again;             /* was refused, and no shorter label that begins here was taken */
} th_mention;
/* TH_MENTION_SHORTER: not this one, but a shorter label that begins at the same word. When none is
 * taken, the first comes again, and refused again leaves it to the words behind it. Anything else
 * but 0 ends the matching and is returned from it. The mention is borrowed.
 */
typedef int (*th_mention_fn)(void *ctx, const th_mention *mention);
enum { TH_MENTION_SHORTER = INT32_MIN }; /* no error, no count */
/* Whether a mention whose labels have no code says less than a shorter one: a list of things
 * ("cyclophosphamide, vincristine, and prednisone", as studies name regimens), a name with its
 * article ("an anti-PD-1 antibody"), with its short form ("chronic obstructive pulmonary disease
 * (COPD)"), a salt of a drug ("doxorubicin hydrochloride"). The last two only while it is not known
 * that no shorter label is there. */
bool th_mention_is_loose(th_span text, const th_mention *mention);

/* Memory that a thread uses again from text to text. */
typedef struct th_concept_matcher th_concept_matcher;
th_concept_matcher *th_concept_matcher_new(void) TH_MUST_USE; /* NULL: out of memory */
void th_concept_matcher_free(th_concept_matcher *m);
/* Memory of the caller's own that stays with the matcher: what the caller found out about labels of
 * this dictionary. Zero at first and whenever another dictionary comes; always the same number of
 * bytes. Owned by the matcher; NULL: out of memory. */
void *th_concept_matcher_memo(th_concept_matcher *m, const th_concepts *dict, size_t bytes);

enum {
  TH_MATCH_ANY_CASE = 1,  /* short texts that people type: capitals decide only for common words */
  TH_MATCH_AMBIGUOUS = 2, /* also labels that are AMBIGUOUS */
};
/* The longest labels in a text from left to right, none overlapping another. A label does not reach
 * over the end of a sentence, a semicolon, colon or empty line. Linear in the text: at each word no
 * more than TH_LABEL_WORDS_MAX words are looked at. Errors: TH_ENOMEM. */
int th_concepts_match(const th_concepts *dict, th_concept_matcher *m, th_span text, unsigned flags,
                      th_mention_fn fn, void *ctx, th_err *err) TH_MUST_USE;

enum {
  TH_LABEL_WORDS_MAX = 16,
  TH_CONCEPT_FILE_VERSION = 1,
};

#endif
