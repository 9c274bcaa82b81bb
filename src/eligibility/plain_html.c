#include "eligibility/plain_html.h"

#include "text/plain_html.h"

static bool is_html(th_span text) {
  return th_span_find(text, TH_SPAN("<li>")) >= 0 || th_span_find(text, TH_SPAN("</p>")) >= 0 ||
         th_span_find(text, TH_SPAN("<LI>")) >= 0 || th_span_find(text, TH_SPAN("</P>")) >= 0;
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
