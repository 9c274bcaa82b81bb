/* Names of tests that tell an infection: one table for criteria and for notes.
 *
 *   name   := ["anti" "-"] virus { "," | "and" | "or" | "/" type } { word }
 *   virus  := "HIV" | "human immunodeficiency virus" | "HCV" | "hepatitis" type | "HBsAg"
 *           | "RPR" | "QuantiFERON" | "H. pylori" | "C. difficile" | "SARS-CoV-2" | …
 *   type   := "B" | "C"                     "hepatitis B and C serologies"
 *   word   := "surface" | "antigen" | "Ag/Ab" | "RNA" | "serology" | "1/2" | "viral load" …
 *
 * What a positive result comes to: HBsAg, HBeAg or the virus itself tell hepatitis B; antibodies
 * against the core or the surface only that somebody met the virus or the vaccine (Terrault NA and
 * others, AASLD 2018 hepatitis B guidance, Hepatology 67:1560), as antibodies do of SARS-CoV-2. A
 * release of interferon, or a skin test, is a latent tuberculosis. */
#ifndef TH_ELIGIBILITY_INFECTIONS_H
#define TH_ELIGIBILITY_INFECTIONS_H

#include "eligibility/tokens.h"

typedef enum th_elig_infection {
  TH_ELIG_HIV,
  TH_ELIG_HEPATITIS_B,
  TH_ELIG_HEPATITIS_C,
  TH_ELIG_SYPHILIS,
  TH_ELIG_LATENT_TUBERCULOSIS,
  TH_ELIG_HELICOBACTER,
  TH_ELIG_DIFFICILE,
  TH_ELIG_COVID,
  TH_ELIG_INFLUENZA,
  TH_ELIG_N_INFECTIONS
} th_elig_infection;

/* Their names in the vocabulary of our own (concept/common.def). */
extern const char *const th_elig_infection_names[TH_ELIG_N_INFECTIONS];

typedef struct th_elig_infection_test {
  uint32_t end;   /* token behind the name */
  unsigned which; /* bits 1 << th_elig_infection */
  bool tests;     /* words of a test are there: not the infection's bare name */
  bool amount; /* how much there is of a virus that stays ("RNA", HBeAg): none does not deny it */
  bool immune; /* only that somebody met it: "hepatitis B core antibody" */
} th_elig_infection_test;

/* The name that begins at token i of t[0..n); false when none does. */
bool th_elig_infection_at(const th_elig_token *t, uint32_t n, uint32_t i,
                          th_elig_infection_test *out) TH_MUST_USE;

#endif
