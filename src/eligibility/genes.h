/* Genes, their proteins as markers, and variants: told by their spelling, which the dictionary's
 * folding loses (MET is a gene, "met" is not).
 *
 *   mention := gene (variant | state)*  |  gene
 *   variant := letter digits letter ("V600E") | "exon" number ("deletion" | "insertion" …)?
 *   state   := mutation | mutant | positive | amplified | fusion | wild-type | negative | … | "+" |
 * "-" (signs.h) */
#ifndef TH_ELIGIBILITY_GENES_H
#define TH_ELIGIBILITY_GENES_H

#include "eligibility/leaf.h"

enum { TH_ELIG_GENE_MAX = 64 };

typedef struct th_elig_gene {
  uint32_t first, end;           /* tokens */
  uint32_t name_end;             /* behind the gene's own name */
  const char *name;              /* as it is called officially (HGNC) */
  uint32_t variant, variant_end; /* tokens; equal = none */
  bool absent;                   /* wild type, negative */
} th_elig_gene;

/* The mention that starts at token i. */
bool th_elig_gene_at(const th_elig_leaf *leaf, uint32_t i, th_elig_gene *out);
/* "BRAF V600E"; in out. */
th_span th_elig_gene_label(const th_elig_leaf *leaf, const th_elig_gene *gene,
                           char out[TH_ELIG_GENE_MAX]);

#endif
