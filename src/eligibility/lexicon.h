/* What a word does in a name of a condition, a drug or a procedure (lexicon.def), and what is told
 * by how a word ends: conditions (-itis, -emia), procedures (-ectomy), substances by the stems of
 * their nonproprietary names. Source of the stems: World Health Organization, "The use of stems in
 * the selection of International Nonproprietary Names (INN) for pharmaceutical substances", 2018.
 */
#ifndef TH_ELIGIBILITY_LEXICON_H
#define TH_ELIGIBILITY_LEXICON_H

#include "eligibility/tokens.h"

enum {                              /* classes of a word */
       TH_ELIG_W_HEAD = 1,          /* "renal insufficiency": says what is wrong */
       TH_ELIG_W_TUMOR = 2,         /* "lung cancer" */
       TH_ELIG_W_VAGUE = 4,         /* says too little alone */
       TH_ELIG_W_TERM = 8,          /* a condition in one word */
       TH_ELIG_W_SITE = 16,         /* where, or of what sort */
       TH_ELIG_W_PLAIN = 32,        /* an adjective that is no part of a name */
       TH_ELIG_W_REACTION = 64,     /* allergy, intolerance */
       TH_ELIG_W_AGENT = 128,       /* "inhibitor" */
       TH_ELIG_W_DOSED = 256,       /* "medication" */
       TH_ELIG_W_DRUGLIKE = 512,    /* "antihypertensive" */
       TH_ELIG_W_DRUG = 1024,       /* a sort of drug in one word */
       TH_ELIG_W_NO_STEM = 2048,    /* ends like a substance and is none */
       TH_ELIG_W_PROCEDURE = 4096,  /* "surgery" */
       TH_ELIG_W_EVERYDAY = 8192,   /* in dictionaries, but not meant here */
       TH_ELIG_W_WEAK = 16384,      /* DRUGLIKE, and says too little before a head */
       TH_ELIG_W_ADJECTIVE = 32768, /* by its ending */
       TH_ELIG_W_SUBSTANCE = 65536, /* by its stem */
       TH_ELIG_W_TEST = 131072,   /* what is found normal, positive … : "antibody", "function" */
       TH_ELIG_W_RESULT = 262144, /* "positive", "elevated" */
       TH_ELIG_W_ASIDE = 524288,  /* may be named and not asked for: "medication", "healthy" */
};

/* The classes of a token; 0 when it is no word. */
uint32_t th_elig_word_classes(th_span text, const th_elig_token *t);

#endif
