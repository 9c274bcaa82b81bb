/* What a character beyond ASCII is to the tokenizer, and what it folds to: case, accents, width,
 * ligatures, superscripts. From a generated table (tools/make_fold_table.py). */
#ifndef TH_TEXT_FOLD_H
#define TH_TEXT_FOLD_H

#include "base/common.h"

typedef enum th_char_kind {
  TH_CHAR_SEPARATOR,
  TH_CHAR_LETTER,     /* a letter or digit; folded text is given */
  TH_CHAR_MARK,       /* belongs to the word, but is dropped: accents apart, soft hyphen */
  TH_CHAR_IDEOGRAPH,  /* Han, Kana: a word of its own */
  TH_CHAR_CONNECTOR,  /* as '-' or '/' */
  TH_CHAR_APOSTROPHE, /* as '\'' */
} th_char_kind;

/* The character at p (p < end). *len: its bytes; *folded: what it folds to, borrowed from the table
 * or the source, set for letters and ideographs. Bytes that are no UTF-8 are separators of one
 * byte. ASCII is answered too, but the tokenizer asks only for what lies beyond. */
th_char_kind th_char_classify(const uint8_t *p, const uint8_t *end, unsigned *len, th_span *folded);

/* Folds a whole text, keeping what stands between words: for comparing names. Writes at most cap
 * bytes, never half a character; returns the bytes written. */
size_t th_text_fold(th_span text, char *out, size_t cap);

#endif
