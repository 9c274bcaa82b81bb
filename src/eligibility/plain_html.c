#include "eligibility/plain_html.h"

#include "text/plain_html.h"

static bool is_html(th_span text) {
  const char *p = text.p, *end = text.p + text.n;
  while (p < end && (p = memchr(p, '<', (size_t)(end - p)))) {
    th_span s = {p, (size_t)(end - p)};
    if (th_span_starts(s, TH_SPAN("<li>")) || th_span_starts(s, TH_SPAN("</p>")) ||
        th_span_starts(s, TH_SPAN("<LI>")) || th_span_starts(s, TH_SPAN("</P>")))
      return true;
    p++;
  }
  return false;
}

th_span th_elig_plain_html(th_span text, th_arena *arena) {
  if (!is_html(text)) return text;
  char *out = th_arena_alloc(arena, text.n + TH_PAD);
  if (!out) return (th_span){0};
  memcpy(out, text.p, text.n);
  memset(out + text.n, 0, TH_PAD);
  th_plain_html(out, text.n);
  return (th_span){out, text.n};
}
