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

/* ASCII titles are compared as they stand; 1, 0, or -1 when that does not decide. */
static int is_plain_slug(th_span title, th_span slug) {
  size_t at = 0;
  bool gap = false;
  for (size_t i = 0; i < title.n; i++) {
    unsigned char c = (unsigned char)title.p[i];
    if (c >= 0x80) return -1;
    if (c >= 'A' && c <= 'Z') c |= 0x20;
    if (!is_word((char)c)) {
      gap = at > 0;
      continue;
    }
    if (gap && (at == slug.n || slug.p[at++] != '-')) return title.n > TH_SLUG_MAX ? -1 : 0;
    gap = false;
    if (at == slug.n || slug.p[at++] != (char)c) return title.n > TH_SLUG_MAX && at > 1 ? -1 : 0;
  }
  return at == slug.n && at > 0;
}

bool th_slug_is(th_span title, th_span slug, th_buf *scratch) {
  int plain = is_plain_slug(title, slug);
  if (plain >= 0) return plain;
  th_buf_clear(scratch);
  return th_slug_put(title, scratch) && th_span_eq(th_buf_view(scratch), slug);
}
