#include "eligibility/line_words.h"

static bool is_of_word(char c) {
  return th_is_line_letter(c) || th_is_line_digit(c);
}

bool th_line_words_split(th_span s, int most, th_line_words *out) {
  out->n = 0;
  out->before[0] = 0;
  for (size_t i = 0; i < s.n;) {
    size_t from = i;
    while (i < s.n && is_of_word(s.p[i]))
      i++;
    if (i > from) {
      if (out->n == most) return false;
      out->w[out->n++] = (th_span){s.p + from, i - from};
      out->before[out->n] = 0;
    } else {
      if (s.p[i] != ' ' && s.p[i] != '*' && s.p[i] != '_') out->before[out->n] = s.p[i];
      i++;
    }
  }
  return out->n > 0;
}

bool th_line_word_is(th_span word, const char *list) {
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, " ");
    if (th_span_eq_nocase(word, (th_span){p, n})) return true;
    p += n + (p[n] == ' ');
  }
  return false;
}

int th_line_words_find(const th_line_words *w, const char *list, int from) {
  for (int i = from; i < w->n; i++)
    if (th_line_word_is(w->w[i], list)) return i;
  return -1;
}
