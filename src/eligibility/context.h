/* What the words around a mention say of it: denied, past, planned, of a relative, an allergen, an
 * exception. After W. W. Chapman, D. Chu, J. N. Dowling, "ConText: an algorithm for identifying
 * contextual features from clinical text", BioNLP 2007: a trigger holds from its place to the end
 * of the sentence or to a word that ends it; here it also ends where a new cue of its sort begins.
 *
 * One pass: the caller goes from mention to mention in the order of the text. */
#ifndef TH_ELIGIBILITY_CONTEXT_H
#define TH_ELIGIBILITY_CONTEXT_H

#include "eligibility/leaf.h"

typedef enum th_elig_role {
  TH_ELIG_PLAIN_ROLE,
  TH_ELIG_ALLERGEN,         /* "allergy to X" */
  TH_ELIG_CONTRAINDICATION, /* "contraindication to X" */
  TH_ELIG_RISK,             /* "risk of X" */
  TH_ELIG_EXCEPTION,        /* "except X", "unless X": not asked for itself */
} th_elig_role;

typedef enum th_elig_tail {
  TH_ELIG_NO_TAIL,
  TH_ELIG_TAIL,       /* up to the next joint: "except X treated with …" */
  TH_ELIG_TAIL_WHOLE, /* of all that is named: "other than those associated with …" */
} th_elig_tail;

/* A cue: the token it stands at, and up to where it holds. */
typedef struct th_elig_cue {
  uint32_t at, until;
  uint8_t value;
  bool on;
} th_elig_cue;

typedef struct th_elig_context {
  const th_elig_leaf *leaf;
  uint32_t at;          /* first token that was not looked at */
  uint32_t mentions;    /* since the denial began */
  uint32_t parenthesis; /* token of the one that is open; UINT32_MAX = none */
  int8_t judges;        /* whether a word says what is allowed or excluded; -1 = not looked */
  uint32_t last;        /* behind the last mention */
  uint32_t seen;     /* named since the denial began, also what says too little to be asked for */
  uint32_t excepted; /* mentions since the exception began */
  uint8_t tail;      /* of the exception: what qualifies it began (th_elig_tail) */
  bool timed;        /* of the exception: a time was said of it */
  bool clause;       /* "no drugs that may …": what qualifies what is denied */
  uint8_t means;     /* "no abnormality in …": by what it would be found; 1 = to the next joint */
  bool purpose;      /* inside "treatment for" */
  th_elig_cue negation, time, family, role;
} th_elig_context;

typedef struct th_elig_setting {
  bool negated, family;
  bool allowed;  /* "… is allowed": asks for nothing */
  bool eligible; /* allowed, in words that say who may join and no more */
  bool purpose;  /* "treatment for X": what something else is for */
  bool tail;     /* with TH_ELIG_EXCEPTION: qualifies what is excepted */
  bool intake;   /* denied by "unable to take": what is taken or done alone is */
  bool means;    /* behind a denied mention: a test would find that, and is not denied */
  bool clause;   /* behind a denied mention: what that would do */
  uint8_t time;  /* th_elig_time */
  uint8_t role;  /* th_elig_role */
  uint32_t role_at;
  uint32_t degree, degree_end; /* tokens of the words of degree before it; equal = none */
} th_elig_setting;

/* Tokens that a denial reaches at most; TH_ELIG_ONE: a single word behind it; TH_ELIG_INTAKE: what
 * is taken or undergone. */
enum { TH_ELIG_FAR = 40, TH_ELIG_ONE = 41, TH_ELIG_INTAKE = 42 };

/* Whether token i lies in one of the leaf's stretches of time. */
static inline bool th_elig_in_window(const th_elig_leaf *l, uint32_t i) {
  for (uint32_t k = 0; k < l->n_whens; k++)
    if (i >= l->whens[k].first && i < l->whens[k].end) return true;
  return false;
}

/* Whether a thought of its own begins at token i, or on a new line behind it, that no sign tells.
 */
bool th_elig_begins_anew(const th_elig_context *c, uint32_t i);
/* "but", "if", "unless": whether the thought before token i ends with it. */
bool th_elig_ends_thought(const th_elig_context *c, uint32_t i);

/* behind.c: what is said behind the mention that ends before token `end`. */
void th_elig_look_behind(th_elig_context *c, uint32_t end, th_elig_setting *s);

/* denial.c: how many tokens behind token i, which may deny, are denied; 0 when none are. */
uint32_t th_elig_reach_of_denial(const th_elig_context *c, uint32_t i);

void th_elig_context_start(th_elig_context *c, const th_elig_leaf *leaf);
/* All of the leaf is an exception to what stands above it. */
void th_elig_context_except(th_elig_context *c);
/* What the leaf's last words begin and leave open, for the list that they introduce:
 * th_elig_under. No mention is asked for afterwards. */
uint8_t th_elig_context_open(th_elig_context *c);
/* The setting of the mention in tokens [first, end), not before the one asked for last. */
th_elig_setting th_elig_context_at(th_elig_context *c, uint32_t first, uint32_t end);

#endif
