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

th_span th_stem(th_stemmer *s, th_span word) {
  if (!has_stem(word)) return word;
  const sb_symbol *stem = sb_stemmer_stem(s->snowball, (const sb_symbol *)word.p, (int)word.n);
  if (!stem) return (th_span){NULL, 0};
  th_span out = {(const char *)stem, (size_t)sb_stemmer_length(s->snowball)};
  return out;
}
