#include "index/lexicon.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* ---- words ---- */

/* Ones where a text of so many bytes stands, for both halves. */
static const uint64_t low_mask[TH_WORD_INLINE + 1] = {
    0,          0xFF,         0xFFFF,         0xFFFFFF,
    0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF,
    UINT64_MAX, UINT64_MAX,   UINT64_MAX,     UINT64_MAX,
    UINT64_MAX, UINT64_MAX,   UINT64_MAX,     UINT64_MAX,
    UINT64_MAX,
};
static const uint64_t high_mask[TH_WORD_INLINE + 1] = {
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0xFF,
    0xFFFF,
    0xFFFFFF,
    UINT32_MAX,
    0xFFFFFFFFFF,
    0xFFFFFFFFFFFF,
    0xFFFFFFFFFFFFFF,
    UINT64_MAX,
};

static inline th_word word_of(const char *text, size_t len) {
  th_word w = {.len = (uint32_t)len};
  memcpy(&w.a, text, 8);
  memcpy(&w.b, text + 8, 8);
  if (TH_LIKELY(len <= TH_WORD_INLINE)) {
    w.a &= low_mask[len];
    w.b &= high_mask[len];
  } else {
    w.b = XXH3_64bits(text, len);
  }
  w.hash = th_word_hash(w.a, w.b);
  return w;
}

th_word th_word_of(const char *text, size_t len) {
  return word_of(text, len);
}

static inline uint64_t slot_of(uint32_t hash, uint32_t number) {
  return (uint64_t)hash << 32 | (number + 1);
}

/* ---- the words of a document ---- */

void th_doc_words_init(th_doc_words *d) {
  *d = (th_doc_words){0};
}

void th_doc_words_dispose(th_doc_words *d) {
  free(d->slots);
  free(d->words);
  th_buf_dispose(&d->long_texts);
  th_doc_words_init(d);
}

/* n empty slots. */
static bool make_slots(th_doc_words *d, uint32_t n) {
  if (n > d->cap_slots) {
    uint64_t *slots = malloc(n * sizeof *slots);
    if (!slots) return false;
    free(d->slots);
    d->slots = slots;
    d->cap_slots = n;
  }
  memset(d->slots, 0, n * sizeof *d->slots);
  d->n_slots = n;
  return true;
}

bool th_doc_words_begin(th_doc_words *d, size_t n) {
  uint32_t wanted = 1024;
  while (wanted < 2 * n && wanted < 1u << 16)
    wanted *= 2;
  d->n = 0;
  th_buf_clear(&d->long_texts);
  return make_slots(d, wanted);
}

static bool grow_doc_words(th_doc_words *d) {
  if (d->n == d->cap) {
    uint32_t cap = d->cap ? d->cap * 2 : 1024;
    th_word *words = d->cap > 1u << 29 ? NULL : realloc(d->words, cap * sizeof *words);
    if (!words) return false;
    d->words = words;
    d->cap = cap;
  }
  if (d->n * 2 < d->n_slots) return true;
  if (!make_slots(d, d->n_slots * 2)) return false;
  uint32_t mask = d->n_slots - 1;
  for (uint32_t i = 0; i < d->n; i++) {
    uint32_t at = d->words[i].hash & mask;
    while (d->slots[at])
      at = (at + 1) & mask;
    d->slots[at] = slot_of(d->words[i].hash, i);
  }
  return true;
}

uint32_t th_doc_words_put(th_doc_words *d, th_word *w, const char *text) {
  if (TH_UNLIKELY(d->n == d->cap || d->n * 2 >= d->n_slots) && !grow_doc_words(d))
    return TH_WORD_FULL;
  uint32_t mask = d->n_slots - 1, at = w->hash & mask;
  while (d->slots[at])
    at = (at + 1) & mask;
  if (TH_UNLIKELY(w->len > TH_WORD_INLINE)) {
    w->text = (uint32_t)d->long_texts.n;
    th_buf_put(&d->long_texts, text, w->len);
    if (d->long_texts.error || d->long_texts.n > UINT32_MAX) return TH_WORD_FULL;
  }
  w->count = 1;
  d->slots[at] = slot_of(w->hash, d->n);
  d->words[d->n] = *w;
  return d->n++;
}

uint32_t th_doc_words_add(th_doc_words *d, const char *text, size_t len) {
  th_word w = word_of(text, len);
  uint32_t mask = d->n_slots - 1, at = w.hash & mask;
  for (uint64_t slot; (slot = d->slots[at]); at = (at + 1) & mask) {
    if (slot >> 32 != w.hash) continue;
    uint32_t number = (uint32_t)slot - 1;
    th_word *known = &d->words[number];
    if (known->a != w.a || known->b != w.b || known->len != w.len) continue;
    if (TH_UNLIKELY(len > TH_WORD_INLINE) && memcmp(d->long_texts.p + known->text, text, len))
      continue;
    known->count++;
    return number;
  }
  return th_doc_words_put(d, &w, text);
}

/* ---- all words ---- */

void th_lexicon_init(th_lexicon *x) {
  *x = (th_lexicon){0};
}

void th_lexicon_dispose(th_lexicon *x) {
  free(x->slots);
  free(x->lexemes);
  th_buf_dispose(&x->long_texts);
  th_lexicon_init(x);
}

void th_lexicon_clear(th_lexicon *x) {
  if (x->n_slots) memset(x->slots, 0, x->n_slots * sizeof *x->slots);
  th_buf_clear(&x->long_texts);
  x->n = 0;
}

size_t th_lexicon_memory(const th_lexicon *x) {
  return x->n_slots * sizeof *x->slots + x->n * sizeof *x->lexemes + x->long_texts.cap;
}

static bool grow_slots(th_lexicon *x, uint32_t n) {
  uint64_t *slots = n > 1u << 30 ? NULL : th_large_alloc(n * sizeof *slots);
  if (!slots) return false;
  memset(slots, 0, n * sizeof *slots);
  uint32_t mask = n - 1;
  for (uint32_t i = 0; i < x->n_slots; i++) {
    if (!x->slots[i]) continue;
    uint32_t at = (uint32_t)(x->slots[i] >> 32) & mask;
    while (slots[at])
      at = (at + 1) & mask;
    slots[at] = x->slots[i];
  }
  free(x->slots);
  x->slots = slots;
  x->n_slots = n;
  return true;
}

static bool grow_lexemes(th_lexicon *x, uint32_t cap) {
  th_lexeme *lexemes = th_large_alloc(cap * sizeof *lexemes);
  if (!lexemes) return false;
  if (x->n) memcpy(lexemes, x->lexemes, x->n * sizeof *lexemes);
  free(x->lexemes);
  x->lexemes = lexemes;
  x->cap = cap;
  return true;
}

/* Room for n more words, so that nothing moves while they are looked up. The words' own grows by
 * large steps: what is not used yet of it takes no memory. */
static bool reserve(th_lexicon *x, uint32_t n) {
  size_t need = (size_t)x->n + n, slots = x->n_slots ? x->n_slots : 1024;
  size_t cap = x->cap ? x->cap : 512;
  while (slots < 2 * need)
    slots *= 2;
  while (cap < need)
    cap *= 4;
  if (slots > 1u << 30) return false;
  if (cap != x->cap && !grow_lexemes(x, (uint32_t)cap)) return false;
  return slots == x->n_slots || grow_slots(x, (uint32_t)slots);
}

static uint32_t add(th_lexicon *x, const th_word *w, const th_buf *long_texts, uint32_t at) {
  th_lexeme *lexeme = &x->lexemes[x->n];
  *lexeme = (th_lexeme){w->a, w->b, 0, w->len, {UINT32_MAX, UINT32_MAX}};
  if (w->len > TH_WORD_INLINE) {
    if (x->long_texts.n + w->len > UINT32_MAX) return TH_WORD_FULL;
    lexeme->text = (uint32_t)x->long_texts.n;
    th_buf_put(&x->long_texts, long_texts->p + w->text, w->len);
    if (x->long_texts.error) {
      x->long_texts.error = 0; /* nothing was put: what is there stays usable */
      return TH_WORD_FULL;
    }
  }
  x->slots[at] = slot_of(w->hash, x->n);
  return x->n++;
}

static inline uint32_t find(th_lexicon *x, const th_word *w, const th_buf *long_texts) {
  uint32_t mask = x->n_slots - 1, at = w->hash & mask;
  for (uint64_t slot; (slot = x->slots[at]); at = (at + 1) & mask) {
    if (slot >> 32 != w->hash) continue;
    const th_lexeme *known = &x->lexemes[(uint32_t)slot - 1];
    if (known->a != w->a || known->b != w->b || known->len != w->len) continue;
    if (TH_UNLIKELY(w->len > TH_WORD_INLINE) &&
        memcmp(x->long_texts.p + known->text, long_texts->p + w->text, w->len))
      continue;
    return (uint32_t)slot - 1;
  }
  return add(x, w, long_texts, at);
}

enum { AT_A_TIME = 16 };

/* The memory's latency is paid for several words at once: first their slots are asked for, then the
 * words that the first slots name, and only then they are compared. */
bool th_lexicon_find(th_lexicon *x, const th_word *words, uint32_t n, const th_buf *long_texts,
                     uint32_t *ids) {
  if (!reserve(x, n)) return false;
  uint32_t mask = x->n_slots - 1;
  for (uint32_t from = 0, to; from < n; from = to) {
    to = TH_MIN(n, from + AT_A_TIME);
    for (uint32_t i = from; i < to; i++)
      __builtin_prefetch(&x->slots[words[i].hash & mask]);
    for (uint32_t i = from; i < to; i++) {
      uint32_t next = (uint32_t)x->slots[words[i].hash & mask];
      __builtin_prefetch(&x->lexemes[next - (next > 0)]);
    }
    for (uint32_t i = from; i < to; i++) {
      ids[i] = find(x, &words[i], long_texts);
      if (ids[i] == TH_WORD_FULL) return false;
    }
  }
  return true;
}
