/* Names that say less whole than by their parts, as studies write them. */
#include "concept/concept.h"

static bool is_list(th_span words) {
  static const char plus[] = " plus ";
  bool is = memchr(words.p, ',', words.n) || memchr(words.p, '+', words.n);
  for (size_t i = 0; !is && i + sizeof plus - 1 <= words.n; i++)
    is = th_span_eq_nocase((th_span){words.p + i, sizeof plus - 1}, th_span_of(plus));
  return is;
}

static bool is_salt(th_span words) {
  static const char *const salts[] = {
      " hydrochloride", " sulfate",  " sulphate", " mesylate",  " citrate",    " acetate",
      " phosphate",     " maleate",  " malate",   " tartrate",  " fumarate",   " succinate",
      " hydrobromide",  " tosylate", " besylate", " carbonate", " glucuronate"};
  for (size_t k = 0; k < TH_COUNT(salts); k++) {
    size_t n = strlen(salts[k]);
    if (words.n > n &&
        th_span_eq_nocase((th_span){words.p + words.n - n, n}, (th_span){salts[k], n}))
      return true;
  }
  return false;
}

static bool has_article(th_span words) {
  static const char *const articles[] = {"a ", "an ", "the "};
  for (size_t k = 0; k < TH_COUNT(articles); k++) {
    size_t n = strlen(articles[k]);
    if (words.n > n && th_span_eq_nocase((th_span){words.p, n}, th_span_of(articles[k])))
      return true;
  }
  return false;
}

bool th_mention_is_loose(th_span text, const th_mention *m) {
  th_span words = {text.p + m->from, m->to - m->from};
  if (m->n_words < 2) return false;
  if (is_list(words) || has_article(words)) return true;
  return !m->again && (memchr(words.p, '(', words.n) || is_salt(words));
}
