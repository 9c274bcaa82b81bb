#include "text/stem.h"

#include <libstemmer.h>

struct th_stemmer {
  struct sb_stemmer *snowball;
};

th_stemmer *th_stemmer_new(void) {
  th_stemmer *s = malloc(sizeof *s);
  if (!s) return NULL;
  s->snowball = sb_stemmer_new("english", NULL);
  if (!s->snowball) {
    free(s);
    return NULL;
  }
  return s;
}

void th_stemmer_free(th_stemmer *s) {
  if (!s) return;
  sb_stemmer_delete(s->snowball);
  free(s);
}

static bool has_stem(th_span word) {
  if (word.n < 3) return false;
  for (size_t i = 0; i < word.n; i++)
    if (word.p[i] < 'a' || word.p[i] > 'z') return false;
  return true;
}

/* Whether a rule of the stemmer begins at the word's end: -s -e -y -i -l, -ed, -ing, -er -or, -ent
 * -ant, -ist, -ion, -ism, -ic. No other word changes. */
static bool may_change(th_span word) {
  char before = word.p[word.n - 2];
  switch (word.p[word.n - 1]) {
  case 's':
  case 'e':
  case 'y':
  case 'i':
  case 'l':
    return true;
  case 'd':
    return before == 'e';
  case 'g':
    return before == 'n';
  case 'r':
    return before == 'e' || before == 'o';
  case 't':
    return before == 'n' || before == 's';
  case 'n':
    return before == 'o';
  case 'm':
    return before == 's';
  case 'c':
    return before == 'i';
  default:
    return false;
  }
}

th_span th_stem(th_stemmer *s, th_span word) {
  if (!has_stem(word) || !may_change(word)) return word;
  const sb_symbol *stem = sb_stemmer_stem(s->snowball, (const sb_symbol *)word.p, (int)word.n);
  if (!stem) return (th_span){NULL, 0};
  th_span out = {(const char *)stem, (size_t)sb_stemmer_length(s->snowball)};
  return out;
}
