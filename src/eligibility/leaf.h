/* One item while its facts are read: its tokens, what of the tables they name, its quantities. All
 * readers of facts work on this; a reader of further facts (concepts) is one more function over it.
 *
 * Order: numeric facts (numeric.c), stretches of time and who the facts hold for (guards.c), then
 * the categories of their own (categories.c). Facts are then put into the order of the text. */
#ifndef TH_ELIGIBILITY_LEAF_H
#define TH_ELIGIBILITY_LEAF_H

#include "eligibility/keys.h"
#include "eligibility/quantities.h"

typedef struct th_elig_mention {
  uint32_t first, end; /* tokens */
  int phrase;          /* its attributes: th_elig_phrase_get(phrase) and those behind it */
} th_elig_mention;

/* A stretch of time that belongs to no attribute: it says when something else is, or was. */
typedef struct th_elig_when {
  uint32_t first, end; /* tokens */
  th_elig_window window;
} th_elig_when;

typedef struct th_elig_facts {
  th_arena *arena;
  th_elig_fact *p;
  uint32_t n, cap;
  bool failed;
} th_elig_facts;

typedef struct th_elig_names {
  th_elig_name *p;
  uint32_t n, cap;
} th_elig_names;

/* What the words that introduce a list say of its items. */
typedef enum th_elig_under {
  TH_ELIG_UNDER_NOTHING,
  TH_ELIG_UNDER_DENIAL,    /* "No history of any of the following:" */
  TH_ELIG_UNDER_EXCEPTION, /* "Malignancy, except:" */
} th_elig_under;

typedef struct th_elig_leaf {
  th_span text;
  uint32_t from, to;
  uint8_t kind; /* th_elig_kind */
  int topic;    /* phrase of the attribute that the words above the item end in; -1 = none */
  th_elig_tokens tokens;
  uint32_t sentences; /* that end in it */
  uint64_t words[4];  /* a bit for each token's key, as th_elig_set.mask */
  bool *taken;        /* a token that is part of a mention */
  th_elig_mention *mentions;
  th_elig_quantity *quantities;
  th_elig_when *whens;
  uint32_t n_mentions, n_quantities, n_whens, cap; /* cap: of the four arrays */
  th_elig_facts *facts;
  uint32_t first_fact; /* of this leaf in facts */
  uint8_t under, open; /* th_elig_under: what it stands under; what its last words begin */
  uint32_t node;       /* the leaf's place in the tree */
  th_elig_names *names;
  uint32_t *fact_token; /* first and behind-last token of each fact of the leaf, two a fact */
} th_elig_leaf;

/* Tokens, mentions and quantities of text[from, to). */
void th_elig_leaf_scan(th_elig_leaf *leaf, uint32_t from, uint32_t to);

/* One more fact that was read from the tokens [first, end); NULL when memory is exhausted. */
th_elig_fact *th_elig_leaf_add(th_elig_leaf *leaf, uint32_t first, uint32_t end);

/* One more name of the leaf, in the arena of its facts; label and code are copied. */
void th_elig_leaf_name(th_elig_leaf *leaf, const th_elig_name *name);

void th_elig_read_numbers(th_elig_leaf *leaf);
/* Fills leaf->whens with the stretches of time that no fact has used. */
void th_elig_read_windows(th_elig_leaf *leaf);
/* Conditions and groups of people, and the windows, for the numeric facts. */
void th_elig_read_guards(th_elig_leaf *leaf);
/* Denies numbers that are refused, demanded of who is kept out, or failed. */
void th_elig_turn_numbers(th_elig_leaf *leaf);
void th_elig_read_categories(th_elig_leaf *leaf);
/* The links of all facts, which are in the order of the text. */
void th_elig_read_links(th_elig_leaf *leaf);

/* The window for what stands in tokens [first, end): the nearest of its sentence, NULL when there
 * is none. */
const th_elig_when *th_elig_window_near(const th_elig_leaf *leaf, uint32_t first, uint32_t end);
/* Puts the leaf's facts into the order of the text. */
void th_elig_leaf_sort(th_elig_leaf *leaf);

/* Whether the name of a measure may end before token `end`, so that it is whole: "high sodium" but
 * not "high sodium diet". */
bool th_elig_measure_ends(const th_elig_leaf *leaf, uint32_t end);

/* Whether the quantity is a stretch of time. */
bool th_elig_is_time(const th_elig_quantity *q);
/* False when no token of the leaf is in the set. */
static inline bool th_elig_leaf_may_have(const th_elig_leaf *leaf, const th_elig_set *set) {
  uint64_t both = 0;
  for (size_t k = 0; k < TH_COUNT(leaf->words); k++)
    both |= leaf->words[k] & __atomic_load_n(&set->mask[k], __ATOMIC_RELAXED);
  return both != 0;
}

/* Whether a sentence ends in tokens [a, b): a semicolon, a full stop. */
static inline bool th_elig_is_broken(const th_elig_leaf *leaf, uint32_t a, uint32_t b) {
  uint32_t n = leaf->tokens.n;
  if (a >= b || a >= n) return false;
  return (b < n ? leaf->tokens.p[b].sentence : leaf->sentences) != leaf->tokens.p[a].sentence;
}

#endif
