#include "concept/label.h"

#include "text/token.h"

/* ---- cleaning ---- */

/* What classifications hang behind a name and nobody writes. */
static const char *const tails[] = {
    " (disorder)",
    " (finding)",
    " (procedure)",
    " (substance)",
    " (product)",
    " (organism)",
    " (situation)",
    " (body structure)",
    " (qualifier value)",
    " (morphologic abnormality)",
    " (observable entity)",
    " (context-dependent category)",
    " (nos)",
    ", nos",
    " nos",
    " [nos]",
    " [ambiguous]",
};

static size_t cut_tails(const char *p, size_t n) {
  for (size_t i = 0; i < TH_COUNT(tails); i++) {
    size_t len = strlen(tails[i]);
    if (n > len && th_span_eq_nocase((th_span){p + n - len, len}, th_span_of(tails[i]))) {
      n -= len;
      i = (size_t)-1; /* from the start: "… (disorder) NOS" */
    }
  }
  return n;
}

size_t th_label_clean(th_span text, char out[TH_LABEL_BYTES_MAX]) {
  size_t n = 0;
  text = th_span_trim(text);
  for (size_t i = 0; i < text.n; i++) {
    unsigned char c = (unsigned char)text.p[i];
    if (c < 0x20 || c == 0x7F) c = ' ';
    if (c == ' ' && (n == 0 || out[n - 1] == ' ')) continue;
    if (n == TH_LABEL_BYTES_MAX) return 0;
    out[n++] = (char)c;
  }
  while (n && (out[n - 1] == ' ' || out[n - 1] == '.' || out[n - 1] == ',' || out[n - 1] == ';'))
    n--;
  return cut_tails(out, n);
}

static bool holds_word(th_span s, const char *word) {
  size_t len = strlen(word);
  for (size_t i = 0; i + len <= s.n; i++) {
    bool begins = i == 0 || s.p[i - 1] == ' ', over = i + len == s.n || s.p[i + len] == ' ';
    if (begins && over && th_span_eq_nocase((th_span){s.p + i, len}, th_span_of(word))) return true;
  }
  return false;
}

/* Lists are no inversions: "Ear, Nose and Throat Diseases". */
static bool is_list(th_span s) {
  static const char *const words[] = {"and", "or", "with", "without", "due", "by", "of", "in"};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (holds_word(s, words[i])) return true;
  return false;
}

size_t th_label_uninvert(th_span text, char out[TH_LABEL_BYTES_MAX]) {
  size_t n = 0, end = text.n, commas = 0;
  if (text.n >= TH_LABEL_BYTES_MAX || is_list(text)) return 0;
  for (size_t i = text.n; i-- > 0;) {
    if (text.p[i] != ',' || i + 1 >= text.n || text.p[i + 1] != ' ') continue;
    if (++commas > 3 || i + 2 >= end) return 0;
    memcpy(out + n, text.p + i + 2, end - i - 2);
    n += end - i - 2;
    out[n++] = ' ';
    end = i;
  }
  if (!commas || end == 0) return 0;
  memcpy(out + n, text.p, end);
  return n + end;
}

/* ---- words ---- */

bool th_label_split(th_span text, bool joined, th_label_words *out) {
  th_tokens tokens;
  th_token tok;
  size_t parts = 0, used = 0;
  char key[TH_KEY_MAX];
  out->n = 0;
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &tok)) {
    if (tok.flags & TH_TOKEN_JOINED) {
      if (!joined) continue;
      out->n -= TH_MIN(parts, out->n);
    }
    parts = tok.flags & TH_TOKEN_PART ? parts + 1 : 0;
    th_span before = out->n ? out->keys[out->n - 1] : (th_span){0};
    size_t n = th_concept_key(before, tok.text, key);
    if (out->n == TH_LABEL_WORDS_MAX || used + n > sizeof out->text) return false;
    memcpy(out->text + used, key, n);
    out->keys[out->n++] = (th_span){out->text + used, n};
    used += n;
  }
  return out->n > 0;
}

bool th_label_split_digits(const th_label_words *one, th_label_words *out) {
  enum { LETTERS_MAX = 5, REST_MAX = 5 };
  size_t letters = 0;
  if (one->n != 1) return false;
  th_span w = one->keys[0];
  while (letters < w.n && w.p[letters] >= 'a' && w.p[letters] <= 'z')
    letters++;
  if (letters == 0 || letters > LETTERS_MAX || letters == w.n || w.n - letters > REST_MAX)
    return false;
  if (w.p[letters] < '0' || w.p[letters] > '9') return false;
  memcpy(out->text, w.p, w.n);
  out->keys[0] = (th_span){out->text, letters};
  out->keys[1] = (th_span){out->text + letters, w.n - letters};
  out->n = 2;
  return true;
}

/* ---- judging ---- */

static bool has_letter(const th_label_words *w) {
  for (size_t i = 0; i < w->n; i++)
    for (size_t k = 0; k < w->keys[i].n; k++)
      if ((w->keys[i].p[k] >= 'a' && w->keys[i].p[k] <= 'z') ||
          (unsigned char)w->keys[i].p[k] >= 0x80)
        return true;
  return false;
}

/* Capitals (and what is no letter), at least two. */
static bool is_capitals(th_span text) {
  size_t capitals = 0;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if ((c >= 'a' && c <= 'z') && !(i + 1 == text.n && c == 's')) return false;
    if ((unsigned char)c >= 0x80) return false;
    capitals += c >= 'A' && c <= 'Z';
  }
  return capitals >= 2;
}

static bool has_digit(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= '0' && s.p[i] <= '9') return true;
  return false;
}

bool th_label_judge(th_span text, const th_label_words *w, th_concept_kind kind, bool vocabulary,
                    th_label_relation *relation, unsigned *flags) {
  *flags = memchr(text.p, ',', text.n) || memchr(text.p, '(', text.n) ? TH_LABEL_COMMA : 0;
  size_t bytes = 0;
  for (size_t i = 0; i < w->n; i++)
    bytes += w->keys[i].n;
  if (!has_letter(w) || bytes < 2) return false;
  bool capitals = is_capitals(text), one = w->n == 1;
  bool is_short = capitals && text.n <= 8 && w->n <= 2;
  if (is_short && *relation == TH_LABEL_SYNONYM) *relation = TH_LABEL_ABBREVIATION;
  bool everyday = one && th_concept_is_common(w->keys[0]);
  if (is_short && text.n <= 4 && !has_digit(text)) *flags |= TH_LABEL_UPPER;
  if (bytes < 3 && !capitals) return false;
  if (!everyday) return true;
  if (capitals)
    *flags |= TH_LABEL_UPPER | TH_LABEL_COMMON;
  else if (!vocabulary || *relation != TH_LABEL_PREFERRED)
    return false;
  else if (kind != TH_CONCEPT_CONDITION)
    *flags |= TH_LABEL_COMMON;
  return true;
}
