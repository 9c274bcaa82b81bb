#include "text/fold.h"

#include "text/fold_table.h"

enum { FOLDS = 8 }; /* from here on a page's entry is FOLDS + a place in the pool */

/* Code point of a well-formed sequence, -1 for anything else; *len its bytes. */
static int32_t decode(const uint8_t *p, const uint8_t *end, unsigned *len) {
  *len = 1;
  if (p[0] < 0x80) return p[0];
  unsigned more = p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : 1;
  if (p[0] < 0xC2 || p[0] > 0xF4 || (size_t)(end - p) <= more) return -1;
  int32_t cp = p[0] & (0x3F >> more);
  for (unsigned i = 1; i <= more; i++) {
    if ((p[i] & 0xC0) != 0x80) return -1;
    cp = cp << 6 | (p[i] & 0x3F);
  }
  static const int32_t least[] = {0, 0x80, 0x800, 0x10000};
  if (cp < least[more] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) return -1;
  *len = more + 1;
  return cp;
}

static th_char_kind ascii_kind(uint8_t c) {
  if ((uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10) return TH_CHAR_LETTER;
  if (c == '-' || c == '/') return TH_CHAR_CONNECTOR;
  return c == '\'' ? TH_CHAR_APOSTROPHE : TH_CHAR_SEPARATOR;
}

static th_char_kind high_kind(int32_t cp) {
  if (cp >= 0x20000) return cp < 0x40000 ? TH_CHAR_IDEOGRAPH : TH_CHAR_SEPARATOR;
  for (size_t i = 0; i < TH_COUNT(fold_high_letters); i += 2)
    if (cp <= (int32_t)fold_high_letters[i + 1])
      return cp >= (int32_t)fold_high_letters[i] ? TH_CHAR_LETTER : TH_CHAR_SEPARATOR;
  return TH_CHAR_SEPARATOR;
}

static const char ascii_folded[] =
    "0123456789.......abcdefghijklmnopqrstuvwxyz......abcdefghijklmnopqrstuvwxyz";

th_char_kind th_char_classify(const uint8_t *p, const uint8_t *end, unsigned *len,
                              th_span *folded) {
  int32_t cp = decode(p, end, len);
  *folded = (th_span){(const char *)p, *len};
  if (cp < 0) return TH_CHAR_SEPARATOR;
  if (cp < 0x80) {
    th_char_kind kind = ascii_kind((uint8_t)cp);
    if (kind == TH_CHAR_LETTER) folded->p = ascii_folded + (cp - '0');
    return kind;
  }
  if (cp >= 0x10000) return high_kind(cp);
  uint16_t v = fold_pages[fold_page_of[cp >> 6] * 64 + (cp & 63)];
  if (v < FOLDS) return (th_char_kind)v;
  const uint8_t *pool = fold_pool + (v - FOLDS);
  *folded = (th_span){(const char *)pool + 1, pool[0]};
  return TH_CHAR_LETTER;
}

size_t th_text_fold(th_span text, char *out, size_t cap) {
  const uint8_t *p = (const uint8_t *)text.p, *end = p + text.n;
  size_t n = 0;
  while (p < end) {
    unsigned len;
    th_span folded;
    th_char_kind kind = th_char_classify(p, end, &len, &folded);
    p += len;
    if (kind == TH_CHAR_MARK) continue;
    if (folded.n > cap - n) break;
    memcpy(out + n, folded.p, folded.n);
    n += folded.n;
  }
  return n;
}
