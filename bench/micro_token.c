/* Bytes a second of the tokenizer over a file of text: micro_token FILE */
#include "base/buf.h"
#include "base/file.h"
#include "base/queue.h"
#include "text/token.h"

#include <stdio.h>

int main(int argc, char **argv) {
  th_err err = {0};
  th_buf text;
  th_buf_init(&text, 0);
  if (argc != 2 || th_file_read(&text, argv[1], &err)) {
    fprintf(stderr, "usage: micro_token FILE %s\n", err.message);
    return 2;
  }
  double best = 1e9;
  uint64_t n = 0;
  for (int round = 0; round < 5; round++) {
    th_tokens t;
    th_token tok;
    n = 0;
    double start = th_clock_mono();
    th_tokens_init(&t, th_buf_view(&text));
    while (th_token_next(&t, &tok))
      n++;
    double seconds = th_clock_mono() - start;
    if (seconds < best) best = seconds;
  }
  printf("%.1f MB, %llu tokens: %.0f MB/s, %.1f ns a token\n", (double)text.n / 1e6,
         (unsigned long long)n, (double)text.n / best / 1e6, best * 1e9 / (double)n);
  th_buf_dispose(&text);
  return 0;
}
