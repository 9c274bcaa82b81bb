/* What criteria ask beside diseases, drugs and numbers: pregnancy, consent, language, smoking … */
#ifndef TH_ELIGIBILITY_CATEGORIES_H
#define TH_ELIGIBILITY_CATEGORIES_H

#include "eligibility/eligibility.h"

enum {                      /* th_elig_category_word.flags */
       TH_ELIG_NEGATED = 1, /* the words say no: "nonsmoker" */
       TH_ELIG_IS_PAST = 2,
       TH_ELIG_IS_PLANNED = 4,
       TH_ELIG_IS_CURRENT = 8,
       TH_ELIG_BLOCKED = 16, /* the words look like it and are not: "nursing home" */
       TH_ELIG_SPOKEN = 32,  /* a language, when the item speaks of speaking or reading */
};

typedef struct th_elig_category_word {
  uint8_t category; /* th_elig_category */
  const char *label;
  const char *words; /* spellings, separated by '|' */
  uint8_t flags;
} th_elig_category_word;

extern const th_elig_category_word th_elig_category_words[];
extern const uint32_t th_elig_n_category_words;

/* Whether the phrase (phrases.h) only keeps its words from being read as a category. */
bool th_elig_category_blocks(int phrase);

#endif
