#include "query/phrases.h"

uint64_t th_phrases_room(const th_segment *s) {
  return th_asked_room(16, th_segment_docs(s), 64 << 10, 2 << 20);
}

uint64_t th_phrase_name_key(const th_phrase_name *name) {
  uint64_t key = name->scope + 1;
  for (uint32_t i = 0; i < name->n; i++) {
    key = (key ^ (uintptr_t)name->words[i].postings) * 0x9E3779B97F4A7C15u;
    key = ((key ^ key >> 29) + name->words[i].at) * 0xBF58476D1CE4E5B9u;
    key ^= key >> 32;
  }
  return key ? key : 1;
}

static bool same_name(const th_phrase_name *a, const th_phrase_name *b) {
  if (a->scope != b->scope || a->n != b->n) return false;
  for (uint32_t i = 0; i < a->n; i++)
    if (a->words[i].postings != b->words[i].postings || a->words[i].at != b->words[i].at)
      return false;
  return true;
}

const th_phrase_list *th_phrases_find(th_asked *set, const th_phrase_name *name, unsigned *slot) {
  const th_phrase_list *list = th_asked_find(set, name->key, slot);
  if (!list || same_name(&list->name, name)) return list;
  *slot = TH_ASKED_NO_SLOT; /* another phrase of the same key */
  return NULL;
}

/* ---- making ---- */

static uint32_t varint_len(uint32_t v) {
  uint32_t n = 1;
  for (; v >= 0x80; v >>= 7)
    n++;
  return n;
}

/* Documents, and the bytes of their differences. */
static void measure(const uint64_t *docs, uint32_t n_words, uint32_t *n, uint64_t *bytes) {
  uint32_t before = UINT32_MAX;
  *n = 0;
  *bytes = 0;
  for (uint32_t w = 0; w < n_words; w++)
    for (uint64_t bits = docs[w]; bits; bits &= bits - 1, ++*n) {
      uint32_t doc = 64 * w + (uint32_t)__builtin_ctzll(bits);
      *bytes += varint_len(doc - before);
      before = doc;
    }
}

static void put_varints(const uint64_t *docs, uint32_t n_words, uint8_t *at) {
  uint32_t before = UINT32_MAX;
  for (uint32_t w = 0; w < n_words; w++)
    for (uint64_t bits = docs[w]; bits; bits &= bits - 1) {
      uint32_t doc = 64 * w + (uint32_t)__builtin_ctzll(bits), v = doc - before;
      for (; v >= 0x80; v >>= 7)
        *at++ = (uint8_t)(v | 0x80);
      *at++ = (uint8_t)v;
      before = doc;
    }
}

static void list_free(th_asked_table *table) {
  free(table);
}

const th_phrase_list *th_phrases_keep(th_asked *set, unsigned slot, const th_segment *s,
                                      const th_phrase_name *name, const uint64_t *docs) {
  uint32_t n_words = (th_segment_docs(s) + 63) / 64, n;
  uint64_t bytes, as_bits = 8 * (uint64_t)n_words;
  measure(docs, n_words, &n, &bytes);
  bool bits = as_bits < bytes;
  if (bits) bytes = as_bits;
  uint64_t words_at = (sizeof(th_phrase_list) + bytes + 7) / 8 * 8;
  uint64_t whole = words_at + name->n * sizeof *name->words;
  if (!th_asked_take_room(set, whole)) return NULL;
  th_phrase_list *list = malloc(whole);
  if (!list) {
    th_asked_give_room(set, whole);
    return NULL;
  }
  *list = (th_phrase_list){.table = {name->key, whole},
                           .name = *name,
                           .n_docs = n,
                           .n_bytes = (uint32_t)bytes,
                           .bits = bits};
  list->name.words = (th_phrase_word *)(void *)((uint8_t *)list + words_at);
  memcpy(list->name.words, name->words, name->n * sizeof *name->words);
  if (bits)
    memcpy(list->bytes, docs, bytes);
  else
    put_varints(docs, n_words, list->bytes);
  if (th_asked_keep(set, slot, &list->table)) return list;
  free(list);
  return NULL;
}

/* ---- reading ---- */

void th_phrase_list_read(const th_phrase_list *list, uint64_t *docs) {
  const uint8_t *at = list->bytes;
  uint32_t doc = UINT32_MAX;
  if (list->bits) {
    for (uint32_t w = 0; w < list->n_bytes / 8; w++) {
      uint64_t word;
      memcpy(&word, at + 8 * (size_t)w, 8);
      docs[w] |= word;
    }
    return;
  }
  for (uint32_t i = 0; i < list->n_docs; i++) {
    uint32_t v = *at++;
    if (TH_UNLIKELY(v >= 0x80)) {
      v &= 0x7F;
      for (unsigned shift = 7;; shift += 7) {
        uint32_t b = *at++;
        v |= (b & 0x7F) << shift;
        if (b < 0x80) break;
      }
    }
    doc += v;
    docs[doc / 64] |= 1ull << (doc % 64);
  }
}

void th_phrases_dispose(th_asked *set) {
  th_asked_dispose(set, list_free);
}
