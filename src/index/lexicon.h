/* Words told apart: the words of one document, and those of all.
 *
 * A word of at most 16 bytes is wholly in two numbers, so that nearly all comparisons are of
 * registers. A document has far fewer words than tokens: its own table stays in the nearest cache,
 * and the large one is asked once for each of its words, for many at a time. */
#ifndef TH_INDEX_LEXICON_H
#define TH_INDEX_LEXICON_H

#include "base/buf.h"
#include "base/common.h"

#define TH_WORD_FULL UINT32_MAX
#define TH_FORM_NO_TERM UINT32_MAX

enum { TH_WORD_INLINE = 16 };

/* The last byte of a word is not zero: else it could not be told from a shorter one. */
typedef struct th_word {
  uint64_t a, b; /* the text, zeros behind it; longer than 16: its first 8 bytes, a hash of all */
  uint32_t hash;
  uint32_t text; /* longer than 16: where it stands among the long texts */
  uint32_t count;
  uint32_t len;
} th_word;

/* text has 16 readable bytes; 1 <= len <= 255. `text` and `count` are left 0. */
th_word th_word_of(const char *text, size_t len);

/* ---- the words of a document ---- */

typedef struct th_doc_words {
  uint64_t *slots; /* hash in the high half, number + 1 in the low one */
  uint32_t n_slots, cap_slots;
  th_word *words;
  uint32_t n, cap;
  th_buf long_texts;
} th_doc_words;

void th_doc_words_init(th_doc_words *d);
void th_doc_words_dispose(th_doc_words *d);
/* Empties the table; n: about how many words will come. False when memory is exhausted. */
bool th_doc_words_begin(th_doc_words *d, size_t n);
/* Counts a word and gives its number, from 0 in order of appearance; TH_WORD_FULL when memory is
 * exhausted. */
uint32_t th_doc_words_add(th_doc_words *d, const char *text, size_t len);
/* The same for a word that is not among those it knows. */
uint32_t th_doc_words_put(th_doc_words *d, th_word *word, const char *text);

static inline uint32_t th_word_hash(uint64_t a, uint64_t b) {
  unsigned __int128 m =
      (unsigned __int128)(a ^ UINT64_C(0x9E3779B97F4A7C15)) * (b ^ UINT64_C(0xD6E8FEB86659FD93));
  uint64_t h = (uint64_t)m ^ (uint64_t)(m >> 64);
  return (uint32_t)(h ^ h >> 32);
}

/* The same for a word of at most TH_WORD_INLINE bytes, as th_word has it. */
static inline uint32_t th_doc_words_add_short(th_doc_words *d, uint64_t a, uint64_t b,
                                              uint32_t len) {
  uint32_t hash = th_word_hash(a, b), mask = d->n_slots - 1;
  for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
    uint64_t slot = d->slots[at];
    if (slot == 0) break;
    th_word *known = &d->words[(uint32_t)slot - 1];
    if (slot >> 32 != hash || known->a != a || known->b != b || known->len != len) continue;
    known->count++;
    return (uint32_t)slot - 1;
  }
  th_word w = {.a = a, .b = b, .hash = hash, .len = len};
  return th_doc_words_put(d, &w, NULL);
}
/* ---- all words ---- */

typedef struct th_lexeme {
  uint64_t a, b; /* as in th_word */
  uint32_t text, len;
  uint32_t value[2]; /* the caller's; UINT32_MAX at first */
} th_lexeme;

typedef struct th_lexicon {
  uint64_t *slots; /* owned; as above; at most half full */
  uint32_t n_slots;
  th_lexeme *lexemes; /* owned; by number, in order of appearance */
  uint32_t n, cap;
  th_buf long_texts;
} th_lexicon;

void th_lexicon_init(th_lexicon *x);
void th_lexicon_dispose(th_lexicon *x);
/* Forgets all words, keeps the memory. */
void th_lexicon_clear(th_lexicon *x);
/* Numbers of n words, whose long texts stand in long_texts; new ones are added. False when memory
 * (or 4 GB of long words) is exhausted; what was added until then stays. */
bool th_lexicon_find(th_lexicon *x, const th_word *words, uint32_t n, const th_buf *long_texts,
                     uint32_t *ids);
/* Borrowed until the next find. */
static inline th_span th_lexicon_text(const th_lexicon *x, uint32_t id) {
  const th_lexeme *w = &x->lexemes[id];
  return (th_span){w->len > TH_WORD_INLINE ? x->long_texts.p + w->text : (const char *)&w->a,
                   w->len};
}
size_t th_lexicon_memory(const th_lexicon *x);

#endif
