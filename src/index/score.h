/* Scores: BM25F over weighted fields (S. Robertson, H. Zaragoza, M. Taylor: Simple BM25 extension
 * to multiple weighted fields, CIKM 2004), in integers so that sums do not depend on order.
 *
 * For a term t, a document d and an area A with field weights w:
 *   wtf = sum over fields f of A of w[f] * tf(t, d, f)
 *   dl  = sum over fields f of A of w[f] * length(d, f)         (kept as a one-byte norm)
 *   sat = wtf / (wtf + k1 * (1 - b + b * dl / avgdl[A]))         0 <= sat < 1
 *   idf = ln(1 + (N - df + 0.5) / (df + 0.5))                     over all documents of the
 * generation contribution = round(idf * sat * 2^16) The score of a document is the sum of its
 * terms' contributions / 2^16. k1 = 1.2, b = 0.5. avgdl is a constant an area (th_area_average):
 * scores of a document do not drift when others are added, and block bounds stay true for ever.
 * Ties: the smaller NCT number first. */
#ifndef TH_INDEX_SCORE_H
#define TH_INDEX_SCORE_H

#include "base/common.h"

#define TH_SCORE_K1 1.2f
#define TH_SCORE_B 0.5f
#define TH_SCORE_ONE 65536.0f

/* Scored areas: the registry's areas in the catalogue's order, then all text with weight 1. */
unsigned th_score_areas(void);
#define TH_AREA_ALL_TEXT (th_score_areas() - 1)
/* Index among the bounded areas (format.h), or -1. */
int th_score_bound_index(unsigned area);
/* Weight of a field in an area, 0 when it is not part of it. */
float th_score_weight(unsigned area, uint16_t field);
float th_area_average(unsigned area);

/* One byte for a weighted length, about 3 % steps, monotone; and back (the value used in scores).
 */
uint8_t th_norm_encode(float weighted_length);
float th_norm_decode(uint8_t norm);

float th_score_idf(uint64_t n_docs, uint64_t df);
/* k1 * (1 - b + b * dl / avgdl) for each norm byte. */
void th_score_length_table(unsigned area, float out[256]);
/* The same, 256 of them, static. */
const float *th_score_lengths(unsigned area);
static inline uint32_t th_score_contribution(float idf, float wtf, float length_part) {
  float sat = wtf / (wtf + length_part);
  return (uint32_t)(idf * sat * TH_SCORE_ONE + 0.5f);
}

#endif
