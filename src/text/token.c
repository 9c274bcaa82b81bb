#include "text/token.h"

#include "text/fold.h"

#include "text/plain.h"

enum {
  PLAIN = TH_TC_PLAIN,
  ALPHA = TH_TC_ALPHA,
  DIGIT = TH_TC_DIGIT,
  HIGH = TH_TC_HIGH,
  CONNECT = TH_TC_CONNECT,
  OPEN = TH_TC_OPEN,
  CLOSE = TH_TC_CLOSE,
  QUOTE = TH_TC_QUOTE,
  ESCAPE = TH_TC_ESCAPE,
  POINT = TH_TC_POINT,
};

const uint8_t th_token_classes[256] = {
    ['0' ... '9'] = DIGIT, ['A' ... 'Z'] = ALPHA, ['a' ... 'z'] = ALPHA, [0x80 ... 0xFF] = HIGH,
    ['-'] = CONNECT,       ['/'] = CONNECT,       ['('] = OPEN,          [')'] = CLOSE,
    ['\''] = QUOTE,        ['\\'] = ESCAPE,       ['.'] = POINT,         [','] = POINT,
};
#define class_of th_token_classes

const uint8_t th_plain_keep[32] = {[0 ... 15] = 0xFF};

/* Bytes that a wide step may look at: a window, and a word at its end. */
enum { WIDE = TH_TOKENS_WINDOW + 16 };
_Static_assert((int)TH_TOKENS_WINDOW <= (int)TH_PAD, "blanks behind a padded text");

void th_tokens_init(th_tokens *t, th_span text) {
  t->src = (const uint8_t *)text.p;
  t->n = text.n > UINT32_MAX - 64 ? UINT32_MAX - 64 : (uint32_t)text.n;
  t->at = 0;
  t->fast_end = t->n < WIDE ? 0 : t->n - WIDE + 1;
  t->position = 0;
  t->chain_at = UINT32_MAX;
  t->queued = t->given = 0;
  t->window = UINT32_MAX - 64; /* none: behind every text */
}

void th_tokens_init_padded(th_tokens *t, th_span text) {
  th_tokens_init(t, text);
  t->fast_end = t->n;
}

static inline uint8_t class_at(const th_tokens *t, uint32_t at) {
  return at < t->n ? class_of[t->src[at]] : PLAIN;
}
static inline bool is_word(uint8_t class) {
  return class == ALPHA || class == DIGIT;
}

static th_char_kind kind_at(const th_tokens *t, uint32_t at, unsigned *len, th_span *folded) {
  *len = 0;
  if (at >= t->n) return TH_CHAR_SEPARATOR;
  return th_char_classify(t->src + at, t->src + t->n, len, folded);
}

static bool letter_at(const th_tokens *t, uint32_t at) {
  unsigned len;
  th_span folded;
  uint8_t class = class_at(t, at);
  return is_word(class) || (class == HIGH && kind_at(t, at, &len, &folded) == TH_CHAR_LETTER);
}

/* ---- one part ---- */

static void append(th_token *part, char *out, const char *p, size_t n) {
  if (part->text.n + n > TH_TOKEN_MAX) {
    part->flags |= TH_TOKEN_CUT;
    return;
  }
  if (part->flags & TH_TOKEN_CUT) return;
  memcpy(out + part->text.n, p, n);
  part->text.n += n;
}

/* Digits from t->at, with points and without the commas between thousands. */
static void scan_number(th_tokens *t, th_token *part, char *out) {
  uint32_t group = t->at;
  bool point = false;
  if (t->at > 0 && t->src[t->at - 1] == '.' && !(t->at > 1 && class_at(t, t->at - 2) == HIGH) &&
      !(t->at > 1 && is_word(class_at(t, t->at - 2)))) {
    append(part, out, "0.", 2);
    point = true;
  }
  for (;; t->at++) {
    uint8_t class = class_at(t, t->at);
    if (class == DIGIT) {
      append(part, out, (const char *)t->src + t->at, 1);
    } else if (class == POINT && class_at(t, t->at + 1) == DIGIT) {
      bool comma = t->src[t->at] == ',';
      if (comma && (point || t->at - group > 3 || t->at == group)) break;
      if (comma && (class_at(t, t->at + 2) != DIGIT || class_at(t, t->at + 3) != DIGIT ||
                    class_at(t, t->at + 4) == DIGIT))
        break;
      if (!comma) append(part, out, ".", 1), point = true;
      group = t->at + 1;
    } else {
      break;
    }
  }
  part->flags |= TH_TOKEN_DIGIT;
}

/* Whether "'s" ends the word at `at`; *skip the bytes of it. */
static bool possessive_at(const th_tokens *t, uint32_t at, unsigned quote_len, unsigned *skip) {
  if (at + quote_len >= t->n || (t->src[at + quote_len] | 0x20) != 's') return false;
  if (letter_at(t, at + quote_len + 1)) return false;
  *skip = quote_len + 1;
  return true;
}

/* A character beyond ASCII inside or at the start of a part. False when the part ends before it. */
static bool scan_high(th_tokens *t, th_token *part, char *out, bool *alone) {
  unsigned len, skip;
  th_span folded;
  th_char_kind kind = kind_at(t, t->at, &len, &folded);
  bool first = part->text.n == 0;
  if (kind == TH_CHAR_APOSTROPHE && !first && possessive_at(t, t->at, len, &skip)) {
    part->to = t->at;
    t->at += skip;
    return false;
  }
  if (kind == TH_CHAR_IDEOGRAPH && first) *alone = true;
  if (kind == TH_CHAR_MARK && !first) return t->at += len, true;
  if (kind != TH_CHAR_LETTER && !*alone) return false;
  append(part, out, folded.p, folded.n);
  t->at += len;
  if ((unsigned char)folded.p[0] >= 0x80)
    part->flags |= TH_TOKEN_NONASCII;
  else if (folded.p[0] <= '9')
    part->flags |= TH_TOKEN_DIGIT;
  return !*alone;
}

/* A part from t->at on, folded into out. False when there is none; t->at stands behind it. *alone:
 * it is an ideograph, which no connector binds. */
static bool scan_part(th_tokens *t, th_token *part, char *out, bool *alone) {
  *part = (th_token){.text = {out, 0}, .from = t->at, .to = UINT32_MAX};
  if (class_at(t, t->at) == DIGIT) scan_number(t, part, out);
  while (t->at < t->n) {
    uint8_t c = t->src[t->at], class = class_of[c];
    unsigned skip;
    if (is_word(class)) {
      char folded = (char)(c | 0x20);
      append(part, out, &folded, 1);
      if (class == DIGIT) part->flags |= TH_TOKEN_DIGIT;
      t->at++;
    } else if (class == HIGH) {
      if (!scan_high(t, part, out, alone)) break;
    } else {
      if (class == QUOTE && part->text.n && possessive_at(t, t->at, 1, &skip)) {
        part->to = t->at;
        t->at += skip;
      }
      break;
    }
  }
  if (part->to == UINT32_MAX) part->to = t->at;
  return part->text.n != 0;
}

/* ---- compounds ---- */

/* Steps over a connector that binds what stands before t->at to a letter behind it. */
static bool scan_connector(th_tokens *t, unsigned *open) {
  unsigned len = 1;
  th_span folded;
  uint32_t at = t->at + (class_at(t, t->at) == ESCAPE);
  switch (class_at(t, at)) {
  case CONNECT:
    break;
  case OPEN:
    ++*open;
    break;
  case CLOSE:
    if (*open == 0) return false;
    --*open;
    break;
  case HIGH:
    if (kind_at(t, at, &len, &folded) != TH_CHAR_CONNECTOR) return false;
    break;
  default:
    return false;
  }
  if (!letter_at(t, at + len)) return false;
  t->at = at + len;
  return true;
}

static bool joinable(const th_token *parts, unsigned n, size_t len) {
  if (n < 2 || n > TH_TOKEN_PARTS_MAX || len > TH_TOKEN_JOINED_MAX) return false;
  for (unsigned i = 0; i < n; i++)
    if (memchr(parts[i].text.p, '.', parts[i].text.n)) return false;
  return true;
}

static void queue_joined(th_tokens *t, unsigned n, size_t len) {
  th_token *joined = &t->queue[n];
  *joined = (th_token){.text = {t->text, len},
                       .from = t->queue[0].from,
                       .to = t->queue[n - 1].to,
                       .position = t->position - 1,
                       .flags = TH_TOKEN_JOINED};
  for (unsigned i = 0; i < n; i++) {
    joined->flags |= t->queue[i].flags & (TH_TOKEN_DIGIT | TH_TOKEN_NONASCII);
    t->queue[i].flags |= TH_TOKEN_PART;
  }
  t->queued = n + 1;
}

/* Fills the queue with the parts from t->at on and their joined form. False, past the offending
 * character, when no word begins there. */
static bool scan_compound(th_tokens *t) {
  unsigned n = 0, open = 0;
  size_t len = 0;
  bool alone = false, bound = false, chained = t->chain_at == t->at;
  t->given = t->queued = 0;
  do {
    if (!scan_part(t, &t->queue[n], t->text + len, &alone)) break;
    len += t->queue[n].text.n;
    t->queue[n++].position = t->position++;
    bound = !alone && scan_connector(t, &open);
  } while (bound && n <= TH_TOKEN_PARTS_MAX);
  if (n == 0) {
    unsigned skip;
    th_span folded;
    kind_at(t, t->at, &skip, &folded);
    t->at += skip;
    return false;
  }
  t->queued = n;
  if (bound)
    t->chain_at = t->at;
  else if (!chained && joinable(t->queue, n, len))
    queue_joined(t, n, len);
  return true;
}

/* ---- steps ---- */

static inline bool give_plain(th_tokens *t, const th_plain_word *w, th_token *tok) {
  memcpy(t->text, &w->a, 8);
  memcpy(t->text + 8, &w->b, 8);
  *tok = (th_token){.text = {t->text, w->len},
                    .from = w->from,
                    .to = w->from + w->len,
                    .position = w->position,
                    .flags = w->digit ? TH_TOKEN_DIGIT : 0};
  return true;
}

bool th_token_next(th_tokens *t, th_token *tok) {
  th_plain_word w;
  if (t->given < t->queued) {
    *tok = t->queue[t->given++];
    return true;
  }
  for (;;) {
    if (TH_LIKELY(th_plain_skip(t))) {
      if (TH_LIKELY(t->chain_at != t->at) && th_plain_scan(t, &w)) return give_plain(t, &w, tok);
    } else {
      while (t->at < t->n && !is_word(class_of[t->src[t->at]]) && class_of[t->src[t->at]] != HIGH)
        t->at++;
      if (t->at >= t->n) return false;
    }
    if (scan_compound(t)) {
      *tok = t->queue[t->given++];
      return true;
    }
  }
}
