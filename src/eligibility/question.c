#include "eligibility/question.h"

#include "eligibility/json.h"

/* The item's words without markup, line ends and the sign at the end. */
static void put_words(th_span s, th_buf *out) {
  while (s.n && memchr(" \t\r\n.;:,", s.p[s.n - 1], 8))
    s.n--;
  bool blank = true;
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (c == '\\' && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0x80) continue;
    if ((unsigned char)c <= ' ') {
      if (!blank) th_buf_char(out, ' ');
      blank = true;
    } else {
      th_buf_char(out, c);
      blank = false;
    }
  }
}

void th_elig_question(const th_elig_tree *t, uint32_t node, th_buf *out) {
  const th_elig_node *n = &t->nodes[node];
  if (n->flags & TH_ELIG_GROUP || (n->number == 0 && n->n_facts == 0)) return;
  th_buf_str(out, "Does this apply to you: \xE2\x80\x9C");
  put_words(th_elig_text(t, node), out);
  th_buf_str(out, "\xE2\x80\x9D?");
}

void th_elig_check(const th_elig_tree *t, uint32_t node, th_buf *out) {
  const th_elig_node *n = &t->nodes[node];
  if (n->flags & TH_ELIG_GROUP || (n->number == 0 && n->n_facts == 0)) return;
  th_buf_str(out, n->kind == TH_ELIG_EXCLUSION ? "Rule out: " : "Confirm: ");
  put_words(th_elig_text(t, node), out);
  for (uint32_t f = n->fact; f < n->fact + n->n_facts; f++) {
    th_buf_str(out, f == n->fact ? " [" : "; ");
    th_elig_fact_words(t, &t->facts[f], out);
  }
  if (n->n_facts) th_buf_char(out, ']');
}
