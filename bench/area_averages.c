/* Prints the average weighted length of each search area over a file of records, as
 * src/index/averages.def has it: area_averages RECORDS.ndjson */
#include "base/file.h"
#include "base/json.h"
#include "index/feed.h"
#include "index/score.h"
#include "text/token.h"

#include <stdio.h>

static void measure(const th_feed *feed, double *sums, uint64_t *counts) {
  float lengths[TH_A_COUNT + 1] = {0};
  uint32_t base = 0;
  for (size_t i = 0; i < feed->n_texts; i++) {
    th_tokens t;
    th_token tok;
    uint16_t field = feed->texts[i].field;
    if (i && feed->texts[i - 1].field != field) base = 0;
    th_tokens_init(&t, feed->texts[i].text);
    while (th_token_next(&t, &tok)) {
    }
    if (t.position == 0) continue;
    for (unsigned a = 0; a <= TH_A_COUNT; a++)
      lengths[a] += th_score_weight(a, field) * (float)(t.position + (base != 0));
    base += t.position + 1;
  }
  for (unsigned a = 0; a <= TH_A_COUNT; a++) {
    sums[a] += lengths[a];
    counts[a] += lengths[a] > 0;
  }
}

int main(int argc, char **argv) {
  th_err err = {0};
  th_buf all;
  th_buf_init(&all, 0);
  th_feed feed;
  th_feed_init(&feed);
  th_json_parser *parser = th_json_parser_new(64 << 20, 64);
  double sums[TH_A_COUNT + 1] = {0};
  uint64_t counts[TH_A_COUNT + 1] = {0}, records = 0;
  if (argc != 2 || !parser || th_file_read(&all, argv[1], &err)) {
    fprintf(stderr, "usage: area_averages RECORDS.ndjson %s\n", err.message);
    return 2;
  }
  for (size_t at = 0; at < all.n;) {
    const char *end = memchr(all.p + at, '\n', all.n - at);
    size_t n = end ? (size_t)(end - all.p) - at : all.n - at;
    th_json json;
    if (n && (th_json_parse(parser, (th_span){all.p + at, n}, &json, &err) ||
              th_feed_read(&feed, &json, &err))) {
      fprintf(stderr, "record %llu: %s\n", (unsigned long long)records + 1, err.message);
      return 1;
    }
    if (n) measure(&feed, sums, counts), records++;
    at += n + 1;
  }
  printf("/* AVERAGE(area, weighted length); the output of bench/area_averages over %llu records, "
         "see\n"
         " * score.c. */\n",
         (unsigned long long)records);
  for (unsigned a = 0; a < TH_A_COUNT; a++)
    if (counts[a]) printf("AVERAGE(%s, %.2f)\n", th_areas[a].name, sums[a] / (double)counts[a]);
  printf("#define TH_ALL_TEXT_AVERAGE %.1f\n", sums[TH_A_COUNT] / (double)counts[TH_A_COUNT]);
  th_json_parser_free(parser);
  th_feed_dispose(&feed);
  th_buf_dispose(&all);
  return 0;
}
