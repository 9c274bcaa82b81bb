#include "eligibility/line_words.h"

static bool is_of_word(char c) {
  static const bool words[256] = {
      ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, [0x80 ... 0xFF] = true};
  return words[(unsigned char)c];
}

static uint8_t sort_of(th_span word) {
  unsigned first = word.p[0] & 31u, last = word.p[word.n - 1] & 31u;
  return (uint8_t)((first * 5 + last * 11 + word.n * 3) % 64);
}

bool th_line_words_split(th_span s, int most, th_line_words *out) {
  out->n = 0;
  out->before[0] = 0;
  out->sorts = 0;
  for (size_t i = 0; i < s.n;) {
    size_t from = i;
    while (i < s.n && is_of_word(s.p[i]))
      i++;
    if (i > from) {
      if (out->n == most) return false;
      th_span word = {s.p + from, i - from};
      out->sort[out->n] = sort_of(word);
      out->sorts |= UINT64_C(1) << out->sort[out->n];
      out->w[out->n++] = word;
      out->before[out->n] = 0;
    } else {
      if (s.p[i] != ' ' && s.p[i] != '*' && s.p[i] != '_') out->before[out->n] = s.p[i];
      i++;
    }
  }
  return out->n > 0;
}

/* Threads that come first together write the same. */
static uint64_t sorts_of(th_line_list *list) {
  uint64_t sorts = __atomic_load_n(&list->sorts, __ATOMIC_RELAXED);
  if (sorts) return sorts;
  for (const char *p = list->words; *p;) {
    size_t n = strcspn(p, " ");
    sorts |= UINT64_C(1) << sort_of((th_span){p, n});
    p += n + (p[n] == ' ');
  }
  __atomic_store_n(&list->sorts, sorts, __ATOMIC_RELAXED);
  return sorts;
}

static bool is_listed(th_span word, const char *list) {
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, " ");
    if (th_span_eq_nocase(word, (th_span){p, n})) return true;
    p += n + (p[n] == ' ');
  }
  return false;
}

bool th_line_word_is(const th_line_words *w, int i, th_line_list *list) {
  return sorts_of(list) >> w->sort[i] & 1 && is_listed(w->w[i], list->words);
}

int th_line_words_find(const th_line_words *w, th_line_list *list, int from) {
  uint64_t sorts = sorts_of(list);
  for (int i = from; sorts & w->sorts && i < w->n; i++)
    if (sorts >> w->sort[i] & 1 && is_listed(w->w[i], list->words)) return i;
  return -1;
}
