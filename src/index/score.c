#include "index/score.h"

#include "index/format.h"
#include "study/catalogue.h"

#include <math.h>

/* Weighted length of the average document in each area, over the documents that have text in it.
 * Measured by bench/area_averages over 14,504 public records of ClinicalTrials.gov. They scale
 * lengths, nothing else: they need no care when the registry grows. An area that is not named here
 * counts as 10 positions. */
static float averages[TH_A_COUNT + 1] = {
#define AVERAGE(area, length) [TH_A_##area] = length,
#include "index/averages.def"
#undef AVERAGE
};

static float weights[TH_A_COUNT + 1][TH_F_COUNT];
static float norm_values[256];
static float lengths[TH_A_COUNT + 1][256];

__attribute__((constructor)) static void fill_tables(void) {
  for (unsigned a = 0; a < TH_A_COUNT; a++)
    for (unsigned p = 0; p < th_areas[a].n_parts; p++)
      weights[a][th_areas[a].parts[p].field] = th_areas[a].parts[p].weight;
  for (unsigned f = 0; f < TH_F_COUNT; f++)
    weights[TH_A_COUNT][f] = 1;
  averages[TH_A_COUNT] = TH_ALL_TEXT_AVERAGE;
  for (unsigned a = 0; a <= TH_A_COUNT; a++)
    if (averages[a] <= 0) averages[a] = 10;
  /* 15 steps to the doubling of 1 + length: up to 131,000, each within 2.4 % of its neighbours'
   * middle. */
  for (unsigned n = 0; n < 256; n++)
    norm_values[n] = (float)(exp2(n / 15.0) - 1);
  for (unsigned a = 0; a <= TH_A_COUNT; a++)
    th_score_length_table(a, lengths[a]);
}

unsigned th_score_areas(void) {
  return TH_A_COUNT + 1;
}

int th_score_bound_index(unsigned area) {
  static const unsigned bounded[TH_BOUND_AREAS] = {TH_A_BasicSearch,        TH_A_ConditionSearch,
                                                   TH_A_InterventionSearch, TH_A_TitleSearch,
                                                   TH_A_LocationSearch,     TH_A_COUNT};
  for (int i = 0; i < TH_BOUND_AREAS; i++)
    if (bounded[i] == area) return i;
  return -1;
}

float th_score_weight(unsigned area, uint16_t field) {
  return area <= TH_A_COUNT && field < TH_F_COUNT ? weights[area][field] : 0;
}

float th_area_average(unsigned area) {
  return area <= TH_A_COUNT ? averages[area] : 10;
}

uint8_t th_norm_encode(float weighted_length) {
  unsigned low = 0, high = 255; /* the nearest value lies in between */
  while (high - low > 1) {
    unsigned middle = (low + high) / 2;
    if (norm_values[middle] <= weighted_length)
      low = middle;
    else
      high = middle;
  }
  bool up = weighted_length - norm_values[low] > norm_values[high] - weighted_length;
  return (uint8_t)(up ? high : low);
}

float th_norm_decode(uint8_t norm) {
  return norm_values[norm];
}

float th_score_idf(uint64_t n_docs, uint64_t df) {
  double n = (double)(n_docs > df ? n_docs : df), d = (double)df;
  return (float)log(1 + (n - d + 0.5) / (d + 0.5));
}

void th_score_length_table(unsigned area, float out[256]) {
  float average = th_area_average(area);
  for (unsigned n = 0; n < 256; n++)
    out[n] = TH_SCORE_K1 * (1 - TH_SCORE_B + TH_SCORE_B * norm_values[n] / average);
}

const float *th_score_lengths(unsigned area) {
  return lengths[TH_MIN(area, (unsigned)TH_A_COUNT)];
}
