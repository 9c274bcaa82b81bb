#include "portal/lay_words.h"

#include "text/fold.h"

enum { MOST_WORDS = 24, MOST_BYTES = 200, LONGEST = 6 /* words of a name */ };

typedef struct word {
  th_span typed;
  char folded[64];
  size_t n;
} word;

/* A word's letters; what stands around them (a comma, a full stop) is no part of a name. */
static bool read_word(th_span *rest, word *out) {
  while (rest->n && rest->p[0] == ' ')
    rest->p++, rest->n--;
  size_t n = 0;
  while (n < rest->n && rest->p[n] != ' ')
    n++;
  if (!n) return false;
  out->typed = (th_span){rest->p, n};
  out->n = th_text_fold(out->typed, out->folded, sizeof out->folded - 1);
  while (out->n && memchr(",.;:?!", out->folded[out->n - 1], 6))
    out->n--;
  *rest = (th_span){rest->p + n, rest->n - n};
  return true;
}

static bool ends_clause(const word *w) {
  return w->typed.n && memchr(",.;:?!", w->typed.p[w->typed.n - 1], 6);
}

static const char *find_name(const char *key) {
  size_t low = 0, high = th_n_lay_words_es;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int c = strcmp(th_lay_words_es[middle].ours, key);
    if (c == 0) return th_lay_words_es[middle].theirs;
    if (c < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* The longest name that begins here; *used: its words. */
static const char *name_at(const word *words, unsigned n, unsigned *used) {
  const char *found = NULL;
  char key[MOST_BYTES + LONGEST];
  size_t len = 0;
  for (unsigned i = 0; i < n && i < LONGEST; i++) {
    if (!words[i].n || len + words[i].n + 2 > sizeof key) break;
    if (i) key[len++] = ' ';
    memcpy(key + len, words[i].folded, words[i].n);
    len += words[i].n;
    key[len] = 0;
    const char *name = find_name(key);
    if (name) found = name, *used = i + 1;
    if (ends_clause(&words[i])) break;
  }
  return found;
}

static bool is_joint(const word *w) {
  static const char *const joints[] = {"a",   "al", "con", "de", "del",  "el",  "la",
                                       "las", "lo", "los", "o",  "para", "por", "y"};
  for (size_t i = 0; i < TH_COUNT(joints); i++)
    if (th_span_eq((th_span){w->folded, w->n}, th_span_of(joints[i]))) return true;
  return false;
}

bool th_lay_translate(th_span text, th_arena *arena, th_span *out) {
  word *words = th_arena_calloc(arena, MOST_WORDS, sizeof *words);
  char *to = th_arena_alloc(arena, MOST_BYTES * 8);
  unsigned n = 0, used = 0;
  size_t len = 0;
  bool any = false, beside = false;
  th_span rest = text;
  if (!words || !to || text.n > MOST_BYTES) return false;
  while (n < MOST_WORDS && read_word(&rest, &words[n]))
    n++;
  if (th_span_trim(rest).n) return false;
  for (unsigned i = 0; i < n; i += used) {
    const char *name = name_at(&words[i], n - i, &used);
    th_span put = name ? th_span_of(name) : words[i].typed;
    bool comma = name && ends_clause(&words[i + used - 1]);
    if (!name) used = 1;
    /* A joint goes when a name stands before it or behind it. */
    unsigned behind = 0;
    bool joint = !name && is_joint(&words[i]);
    if (joint && (beside || (i + 1 < n && name_at(&words[i + 1], n - i - 1, &behind)))) continue;
    if (len + put.n + 3 > MOST_BYTES * 8) return false;
    if (len) to[len++] = ' ';
    memcpy(to + len, put.p, put.n);
    len += put.n;
    if (comma) to[len++] = words[i + used - 1].typed.p[words[i + used - 1].typed.n - 1];
    beside = name != NULL;
    any = any || name;
  }
  *out = (th_span){to, len};
  return any && !th_span_eq_nocase(*out, th_span_trim(text));
}

/* 0: the name begins with the text; 1: a word of it does; 2: neither. */
static unsigned rank_of(const char *name, const char *text, size_t n) {
  if (strncmp(name, text, n) == 0) return 0;
  for (const char *at = strchr(name, ' '); at; at = strchr(at + 1, ' '))
    if (strncmp(at + 1, text, n) == 0) return 1;
  return 2;
}

unsigned th_lay_complete(th_span text, const th_lay_word **out, unsigned max) {
  char folded[MOST_BYTES + 1];
  unsigned n = 0;
  text = th_span_trim(text);
  if (!text.n || text.n > MOST_BYTES / 2) return 0;
  size_t len = th_text_fold(text, folded, sizeof folded - 1);
  folded[len] = 0;
  for (unsigned rank = 0; rank < 2; rank++) {
    unsigned first = n;
    for (unsigned i = 0; i < th_n_lay_words_es; i++) {
      const th_lay_word *name = &th_lay_words_es[i];
      if (rank_of(name->ours, folded, len) != rank) continue;
      /* By length, as they come among equals. */
      unsigned at = n;
      while (at > first && strlen(out[at - 1]->ours) > strlen(name->ours))
        at--;
      if (at == max) continue;
      unsigned last = n < max ? n++ : n - 1;
      memmove(out + at + 1, out + at, (last - at) * sizeof *out);
      out[at] = name;
    }
  }
  return n;
}
