/* Fixed wordings of notes, found by longest match over the words of eligibility/tokens.h: the
 * built-in terms, cues of context, section headers, relatives. One trie of several families, built
 * once from the tables of this room.
 *
 * In the tables alternatives are separated by '|'. One with a capital letter stands for that very
 * spelling. Hyphens do not count. */
#ifndef TH_PATIENT_LEXICON_H
#define TH_PATIENT_LEXICON_H

#include "eligibility/tokens.h"

typedef enum th_lex_family {
  TH_LEX_TERM,     /* value: row of th_lex_terms */
  TH_LEX_CUE,      /* value: row of th_lex_cues */
  TH_LEX_SECTION,  /* value: th_section */
  TH_LEX_RELATIVE, /* mother, brother, roommate …; value: 'F', 'M' or 0, the relative's sex */
  TH_LEX_PERSON,   /* a word for the patient that tells the sex; value: 'F' or 'M' */
  TH_LEX_FAMILIES
} th_lex_family;

enum { TH_TERM_ABSENT = 1, TH_TERM_PAST = 2 }; /* the term itself says so */

typedef struct th_lex_term {
  uint8_t category; /* th_elig_category */
  uint8_t flags;
  const char *label, *aliases;
} th_lex_term;

/* What a cue says of the terms in its reach. */
typedef enum th_cue {
  TH_CUE_ABSENT,
  TH_CUE_SUSPECT,
  TH_CUE_HISTORY, /* "history of": was or still is */
  TH_CUE_PAST,    /* "prior": no longer */
  TH_CUE_PLANNED,
  TH_CUE_HYPO, /* "if", "risk of" */
  TH_CUE_FAMILY,
  TH_CUE_ALLERGY,
  TH_CUE_STOP,    /* ends every reach */
  TH_CUE_NOTHING, /* looks like a cue and is none: "not only" */
} th_cue;

enum {                       /* th_lex_cue.reach */
       TH_REACH_FORWARD = 1, /* to the end of the clause */
       TH_REACH_BACK = 2,
       TH_REACH_NEAR = 4,  /* forward no further than the next comma */
       TH_REACH_PAST = 16, /* and says so of the history: TH_CUE_HISTORY as well */
       TH_REACH_LIST = 8,  /* over a comma only when an "or" follows, or from a sentence's start */
};

typedef struct th_lex_cue {
  uint8_t cue, reach;
  const char *aliases;
} th_lex_cue;

typedef enum th_section {
  TH_SECTION_CURRENT,
  TH_SECTION_PAST,
  TH_SECTION_FAMILY,
  TH_SECTION_SOCIAL,
  TH_SECTION_DRUGS,
  TH_SECTION_ALLERGIES,
  TH_SECTION_PLAN,
} th_section;

extern const th_lex_term th_lex_terms[]; /* label NULL at the end */
extern const th_lex_cue th_lex_cues[];

/* Builds the trie; any number of calls from any thread. TH_ENOMEM. */
int th_lex_ready(void) TH_MUST_USE;
/* The longest wording of the family from token i on: its value, *end the token behind it; -1 when
 * there is none. any_case: capitals of the tables do not decide. */
int th_lex_find(th_lex_family family, th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                bool any_case, uint32_t *end);

#endif
