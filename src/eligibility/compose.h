/* Names that no dictionary has whole, put together by a small grammar over what words do in names
 * (lexicon.h) and what the dictionary found:
 *
 *   condition := of* head                   "bleeding disorders", "hepatic insufficiency"
 *              | of* head "of" ["the"] of+  "carcinoma of the skin"
 *              | of* term                   "diabetic retinopathy", "claustrophobia"
 *              | of+ (conj of+)* head       two conditions of one head: "liver or renal disease"
 *   drug      := like* (agent | class)      "strong CYP3A4 inhibitors", "oral corticosteroids"
 *              | like+ dosed                "antihypertensive medication", "interferon therapy"
 *              | substance                  "olaparib"
 *   procedure := of* procedure              "bone marrow biopsy"
 *
 *   finding   := of* test [verb] result     "anti-HCV antibody is positive"
 *              | result ["for"] of* test    "abnormal liver function"
 *
 *   short     := condition | drug | procedure, "(" abbreviation ")"     known from there on
 *
 * The longer of two overlapping names stands. A name that ends where the dictionary's does keeps
 * the dictionary's label and code; what it has more is said as its degree. */
#ifndef TH_ELIGIBILITY_COMPOSE_H
#define TH_ELIGIBILITY_COMPOSE_H

#include "eligibility/leaf.h"

typedef struct th_elig_term {
  uint32_t first, end; /* tokens */
  uint32_t from, to;   /* bytes */
  uint32_t whole_to;   /* where a head ends that it shares: "liver or renal disease"; 0 = none */
  uint32_t head;       /* first token of what label and code are of; the rest is its degree */
  uint8_t category;    /* th_elig_category */
  bool absent;         /* "negative": the label says what it is not */
  bool drop;           /* covered by another */
  uint8_t aside;       /* 1 + th_elig_naming: named and not asked for */
  bool reaction;       /* "allergy", "contraindication": to what stands behind it */
  th_span label, code; /* borrowed or in the arena of the leaf's facts */
  /* of a result: bytes of what is tested and of what it is found to be; else empty */
  uint32_t test_from, test_to, value_from, value_to;
} th_elig_term;

/* A name's short form, as the text explains it: "bladder outlet obstruction (BOO)". */
typedef struct th_elig_short {
  uint64_t key; /* of its token */
  uint8_t category;
  th_span label, code;
} th_elig_short;

/* What the dictionary calls something. */
typedef struct th_elig_named {
  th_span label, code; /* borrowed; empty: it does not know it */
} th_elig_named;

enum { TH_ELIG_SHORTS_MAX = 32 }; /* of one text; further ones are not kept */

typedef struct th_elig_terms {
  th_elig_term *p;
  uint32_t n, cap;
  uint32_t *owner;   /* of each token: 1 + the term of the dictionary that holds it, 0 = none */
  uint32_t *classes; /* of each token (lexicon.h) */
  uint32_t cap_owner;
  const th_elig_named *infections; /* by th_elig_infection; NULL: no dictionary */
  th_elig_short shorts[TH_ELIG_SHORTS_MAX];
  uint32_t n_shorts;
  bool failed;
} th_elig_terms;

/* The dictionary's term that holds token i; NULL: none, or no such token. */
static inline const th_elig_term *th_elig_term_at(const th_elig_leaf *leaf, const th_elig_terms *v,
                                                  uint32_t i) {
  uint32_t k = i < leaf->tokens.n ? v->owner[i] : 0;
  return k ? &v->p[k - 1] : NULL;
}

/* What token i does in names (lexicon.h); 0 when there is no such token. */
static inline uint32_t th_elig_classes_at(const th_elig_leaf *leaf, const th_elig_terms *v,
                                          uint32_t i) {
  return i < leaf->tokens.n ? v->classes[i] : 0;
}

/* The text of tokens [first, end). */
static inline th_span th_elig_words_of(const th_elig_leaf *leaf, uint32_t first, uint32_t end) {
  const th_elig_token *t = leaf->tokens.p;
  return (th_span){leaf->text.p + t[first].from, t[end - 1].to - t[first].from};
}

/* "CYP3A4", "PD-1", "5": what a sort of drug or test is called by. i: a token. */
bool th_elig_is_symbol(const th_elig_leaf *leaf, uint32_t i);

/* One more term; NULL when memory is exhausted. Memory of the terms: from arena, used again. */
th_elig_term *th_elig_terms_add(th_elig_terms *v, th_arena *arena);

/* The classes of all tokens of the leaf into v; false when memory is exhausted. */
bool th_elig_classify(th_elig_leaf *leaf, th_elig_terms *v);

/* After th_elig_classify: v holds the dictionary's terms in the order of the text; composed ones
 * are added, and all are put into order, without those that others cover. */
void th_elig_compose(th_elig_leaf *leaf, th_elig_terms *v);

#endif
