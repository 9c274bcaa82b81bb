#include "query/names.h"

#include "text/fold.h"

/* ---- folded ---- */

size_t th_name_fold(th_span name, char out[TH_NAME_MAX]) {
  return th_text_fold(th_span_trim(name), out, TH_NAME_MAX);
}

uint32_t th_name_hash(const char *folded, size_t n) { /* FNV-1a */
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < n; i++)
    h = (h ^ (uint8_t)folded[i]) * 16777619u;
  return h;
}

th_folded *th_folded_make(const th_column *column) {
  char folded[TH_NAME_MAX];
  size_t slots = 16;
  while (slots < (size_t)column->n_dict * 2)
    slots *= 2;
  th_folded *t = calloc(1, sizeof *t + slots * sizeof t->slot[0]);
  if (!t) return NULL;
  t->mask = (uint32_t)(slots - 1);
  for (uint32_t i = 0; i < column->n_dict; i++) {
    uint32_t at = th_name_hash(folded, th_name_fold(th_column_word(column, i), folded)) & t->mask;
    while (t->slot[at])
      at = (at + 1) & t->mask;
    t->slot[at] = i + 1;
  }
  return t;
}

uint64_t th_folded_bytes(const th_folded *t) {
  return sizeof *t + ((uint64_t)t->mask + 1) * sizeof t->slot[0];
}

unsigned th_folded_find(const th_folded *t, const th_column *column, th_span word, uint32_t *out,
                        unsigned max) {
  char wanted[TH_NAME_MAX], folded[TH_NAME_MAX];
  unsigned n = 0;
  size_t len = th_name_fold(word, wanted);
  for (uint32_t at = th_name_hash(wanted, len) & t->mask; t->slot[at]; at = (at + 1) & t->mask) {
    uint32_t ordinal = t->slot[at] - 1;
    if (th_name_fold(th_column_word(column, ordinal), folded) != len || memcmp(folded, wanted, len))
      continue;
    if (n < max) out[n] = ordinal;
    n++;
  }
  return n;
}

/* ---- inverted ---- */

/* Calls for each word of each document once: counts (docs NULL: start[o + 2]++), then places at
 * start[o + 1], which moves from the beginning of a word's list to its end. last: cleared. */
static void each_value(const th_column *c, uint32_t n_docs, uint32_t *start, uint32_t *docs,
                       uint32_t *last) {
  for (th_row r = {0}; th_column_next(c, &r);) {
    for (uint32_t i = r.first; i < r.end && r.doc < n_docs; i++) {
      uint64_t o = (uint64_t)th_column_value(c, i);
      if (o >= c->n_dict || last[o] == r.n) continue;
      last[o] = r.n;
      if (docs)
        docs[start[o + 1]++] = r.doc;
      else
        start[o + 2]++;
    }
  }
}

th_inverted *th_inverted_make(const th_column *column, uint32_t n_docs) {
  size_t n = column->n_dict;
  th_inverted *v = calloc(1, sizeof *v);
  uint32_t *last = calloc(n + 1, sizeof *last);
  bool good = false;
  if (!v || !last) goto done;
  v->n = column->n_dict;
  v->start = calloc(n + 2, sizeof *v->start);
  if (!v->start) goto done;
  each_value(column, n_docs, v->start, NULL, last);
  for (size_t o = 1; o <= n; o++)
    v->start[o + 1] += v->start[o];
  v->docs = malloc(((size_t)v->start[n + 1] + 1) * sizeof *v->docs);
  if (!v->docs) goto done;
  memset(last, 0, n * sizeof *last);
  each_value(column, n_docs, v->start, v->docs, last);
  good = true;
done:
  free(last);
  if (good) return v;
  th_inverted_free(v);
  return NULL;
}

void th_inverted_free(th_inverted *v) {
  if (!v) return;
  free(v->start);
  free(v->docs);
  free(v);
}

uint64_t th_inverted_bytes(const th_inverted *v) {
  return sizeof *v + sizeof *v->start * ((uint64_t)v->n + 3 + v->start[v->n]);
}

uint64_t th_inverted_most_bytes(const th_column *column) {
  return sizeof(th_inverted) + sizeof(uint32_t) * ((uint64_t)column->n_dict + 3 + column->n_values);
}
