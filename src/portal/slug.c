#include "portal/slug.h"

#include "study/nct.h"
#include "text/fold.h"

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

size_t th_slug_put(th_span title, th_buf *out) {
  char folded[1024];
  size_t n =
      th_text_fold((th_span){title.p, TH_MIN(title.n, sizeof folded)}, folded, sizeof folded);
  size_t length = 0;
  for (size_t i = 0; i < n;) {
    size_t from = i;
    while (i < n && is_word(folded[i]))
      i++;
    size_t word = TH_MIN(i - from, (size_t)TH_SLUG_MAX);
    if (word) {
      if (length + word + (length > 0) > TH_SLUG_MAX) break;
      if (length) th_buf_char(out, '-');
      th_buf_span(out, (th_span){folded + from, word});
      length += word + (length > 0);
    }
    if (i < n && !is_word(folded[i])) i++;
  }
  return length;
}

void th_slug_study_path(uint32_t nct, th_span title, th_buf *out) {
  char number[TH_NCT_LEN + 1];
  th_buf_printf(out, "/study/%s", th_nct_format(nct, number));
  th_buf_char(out, '/');
  size_t n = th_slug_put(title, out);
  if (out->error) return;
  /* "history" is a page of its own. */
  if (n == 7 && memcmp(out->p + out->n - n, "history", n) == 0) out->n -= n, n = 0;
  if (n == 0) out->n--;
}
