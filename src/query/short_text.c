#include "query/short_text.h"

#include "text/token.h"

void th_short_text_init(th_short_text *w, th_stemmer *stemmer) {
  *w = (th_short_text){.stemmer = stemmer};
  th_buf_init(&w->bytes, 0);
}

void th_short_text_dispose(th_short_text *w) {
  th_buf_dispose(&w->bytes);
  free(w->words);
}

static bool add(th_short_text *w, const th_token *token, th_span stem) {
  if (w->n == w->cap) {
    uint32_t cap = w->cap ? w->cap * 2 : 64;
    th_text_word *grown = realloc(w->words, cap * sizeof *grown);
    if (!grown) return false;
    w->words = grown;
    w->cap = cap;
  }
  th_text_word *word = &w->words[w->n++];
  *word = (th_text_word){.stem = (uint32_t)w->bytes.n,
                         .stem_n = (uint32_t)stem.n,
                         .form_n = (uint32_t)token->text.n,
                         .position = token->position};
  th_buf_put(&w->bytes, stem.p, stem.n);
  word->form = (uint32_t)w->bytes.n;
  th_buf_put(&w->bytes, token->text.p, token->text.n);
  return w->bytes.error == 0;
}

bool th_short_text_read(th_short_text *w, th_span text) {
  th_tokens tokens;
  th_token token;
  th_buf_clear(&w->bytes);
  w->n = 0;
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &token)) {
    th_span stem = th_stem(w->stemmer, token.text);
    if (stem.p && add(w, &token, stem)) continue;
    w->failed = true;
    return false;
  }
  w->length = tokens.position;
  return true;
}

static bool word_is(const th_short_text *w, const th_text_word *word, const th_query *term,
                    bool exact) {
  const char *p = w->bytes.p;
  if (exact && !th_span_eq((th_span){p + word->form, word->form_n}, term->term.form)) return false;
  return th_span_eq((th_span){p + word->stem, word->stem_n}, term->term.stem);
}

static bool word_at(const th_short_text *w, uint32_t position, const th_query *term, bool exact) {
  for (uint32_t i = 0; i < w->n; i++)
    if (w->words[i].position == position && word_is(w, &w->words[i], term, exact)) return true;
  return false;
}

static bool phrase_from(const th_short_text *w, uint32_t position, const th_query *q) {
  uint32_t width = q->parts[q->n - 1]->term.at + 1;
  if (q->anchor & TH_ANCHOR_START && position != 0) return false;
  if (q->anchor & TH_ANCHOR_END && position + width != w->length) return false;
  for (uint32_t k = 1; k < q->n; k++)
    if (!word_at(w, position + q->parts[k]->term.at, q->parts[k], q->exact)) return false;
  return true;
}

bool th_short_text_find(const th_short_text *w, const th_query *q) {
  const th_query *first = q->kind == TH_N_TERM ? q : q->parts[0];
  for (uint32_t i = 0; i < w->n; i++)
    if (word_is(w, &w->words[i], first, q->exact) &&
        (q->kind == TH_N_TERM || phrase_from(w, w->words[i].position, q)))
      return true;
  return false;
}

bool th_short_text_holds(th_short_text *w, th_span text, const th_query *q) {
  return th_short_text_read(w, text) && th_short_text_find(w, q);
}
