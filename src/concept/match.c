/* Mentions: the longest labels in a text. The text becomes an array of words first; then a walk
 * down the trie begins at each word that is not covered yet. A compound may go as its parts or as
 * its joined form. */
#include "concept/file.h"
#include "concept/key.h"
#include "text/token.h"

enum { SOFT, APART, BREAK }; /* what stands between two words */
#define NO_WORD UINT32_MAX

typedef struct word {
  uint32_t from, to; /* bytes */
  uint32_t id;       /* in the dictionary, or NO_WORD */
  uint32_t joined;   /* of the compound that begins here: its joined form, or NO_WORD */
  uint8_t n_joined;  /* words that the joined form covers */
  uint8_t gap;       /* in front of it */
  bool upper;        /* written in capitals, at least two bytes */
} word;

/* Words seen before, by their bytes: running text has few, and a look-up goes through memory that
 * is seldom near. */
enum { SEEN = 1 << 13, SEEN_BYTES = 16 };
typedef struct seen_word {
  char text[SEEN_BYTES]; /* padded with zero bytes; a word has none */
  uint32_t id;
  bool taken;
} seen_word;

struct th_concept_matcher {
  uint64_t opened; /* of the dictionary that the words were seen with */
  seen_word *seen;
  void *memo; /* the caller's */
  size_t memo_bytes;
  word *words;
  size_t n, cap;
  uint32_t *labels; /* of the mention given out */
  size_t cap_labels;
};

th_concept_matcher *th_concept_matcher_new(void) {
  th_concept_matcher *m = calloc(1, sizeof *m);
  if (m) m->seen = calloc(SEEN, sizeof *m->seen);
  if (m && m->seen) return m;
  free(m);
  return NULL;
}

/* What the words were says what the text was about (a patient's note): it does not stay behind. */
void th_concept_matcher_free(th_concept_matcher *m) {
  if (!m) return;
  explicit_bzero(m->seen, SEEN * sizeof *m->seen);
  if (m->words) explicit_bzero(m->words, m->cap * sizeof *m->words);
  if (m->labels) explicit_bzero(m->labels, m->cap_labels * sizeof *m->labels);
  if (m->memo) explicit_bzero(m->memo, m->memo_bytes);
  free(m->seen);
  free(m->memo);
  free(m->words);
  free(m->labels);
  free(m);
}

/* ---- the words of a text ---- */

static uint8_t gap_between(th_span text, uint32_t from, uint32_t to) {
  uint8_t gap = SOFT;
  unsigned lines = 0;
  for (uint32_t i = from; i < to; i++) {
    switch (text.p[i]) {
    case '.':
    case ';':
    case ':':
    case '?':
    case '!':
    case '|':
    case '*':
    case '=':
    case '<':
    case '>':
      return BREAK;
    case '\n':
      if (++lines > 1) return BREAK;
      break;
    case ',':
    case '(':
    case ')':
    case '[':
    case ']':
      gap = APART;
      break;
    case '-':
      if (lines) return BREAK; /* a bullet */
      break;
    case (char)0xE2: /* U+2022 and its like */
      if (i + 1 < to &&
          ((unsigned char)text.p[i + 1] == 0x80 ? i + 2 < to && (unsigned char)text.p[i + 2] == 0xA2
                                                : (unsigned char)text.p[i + 1] >= 0x86))
        return BREAK;
      break;
    default:
      break;
    }
  }
  return gap;
}

/* Capitals, and digits among them, but no small letter. */
static bool in_capitals(th_span text, uint32_t from, uint32_t to) {
  unsigned capitals = 0;
  for (uint32_t i = from; i < to; i++) {
    char c = text.p[i];
    if (c >= 'a' && c <= 'z') return i + 1 == to && c == 's' && capitals > 1; /* DMARDs */
    capitals += c >= 'A' && c <= 'Z';
  }
  return capitals > 0 && to - from > 1;
}

static int add_word(th_concept_matcher *m, th_err *err) {
  if (m->n < m->cap) return 0;
  size_t cap = m->cap ? m->cap * 2 : 1024;
  word *p = realloc(m->words, cap * sizeof *p);
  if (!p) return th_err_set(err, TH_ENOMEM, "out of memory looking for concepts");
  m->words = p;
  m->cap = cap;
  return 0;
}

/* Whether the key of a word may depend on the word in front of it. */
static bool may_be_roman(th_span w) {
  bool roman = w.n > 0 && w.n <= 4;
  for (size_t i = 0; i < w.n && roman; i++)
    roman = w.p[i] == 'i' || w.p[i] == 'v' || w.p[i] == 'x';
  return roman;
}

static uint32_t look_up(const th_concepts *d, th_span before, th_span text) {
  uint32_t id;
  char keys[2][TH_KEY_MAX];
  size_t n = before.n ? th_concept_key((th_span){0}, before, keys[0]) : 0;
  size_t len = th_concept_key((th_span){keys[0], n}, text, keys[1]);
  return th_concepts_word(d, (th_span){keys[1], len}, &id) ? id : NO_WORD;
}

static uint32_t look_up_seen(const th_concepts *d, th_concept_matcher *m, th_span text) {
  char padded[SEEN_BYTES] = {0};
  uint64_t half[2];
  if (text.n > SEEN_BYTES) return look_up(d, (th_span){0}, text);
  memcpy(padded, text.p, text.n);
  memcpy(half, padded, sizeof half);
  uint64_t hash = (half[0] ^ (half[1] << 29 | half[1] >> 35)) * UINT64_C(0x9E3779B97F4A7C15);
  seen_word *s = &m->seen[hash >> (64 - 13)];
  if (!s->taken || memcmp(s->text, padded, SEEN_BYTES) != 0) {
    memcpy(s->text, padded, SEEN_BYTES);
    s->id = look_up(d, (th_span){0}, text);
    s->taken = true;
  }
  return s->id;
}

/* Forgets the words of another dictionary. */
static void settle_on(const th_concepts *d, th_concept_matcher *m) {
  if (m->opened == d->opened) return;
  memset(m->seen, 0, SEEN * sizeof *m->seen);
  if (m->memo) memset(m->memo, 0, m->memo_bytes);
  m->opened = d->opened;
}

void *th_concept_matcher_memo(th_concept_matcher *m, const th_concepts *d, size_t bytes) {
  settle_on(d, m);
  if (!m->memo) m->memo = calloc(1, bytes);
  m->memo_bytes = m->memo ? bytes : 0;
  return m->memo;
}

/* A joined form covers the parts just given: as many as carry the flag. */
static void join_parts(th_concept_matcher *m, uint32_t from, uint32_t id) {
  size_t i = m->n;
  while (i > 0 && m->words[i - 1].from >= from)
    i--;
  if (i == m->n) return;
  m->words[i].joined = id;
  m->words[i].n_joined = (uint8_t)(m->n - i);
}

static int read_words(const th_concepts *d, th_concept_matcher *m, th_span text, th_err *err) {
  char last[TH_TOKEN_MAX];
  th_span before = {last, 0};
  th_tokens tokens;
  th_token tok;
  m->n = 0;
  settle_on(d, m);
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &tok)) {
    uint32_t id =
        may_be_roman(tok.text) ? look_up(d, before, tok.text) : look_up_seen(d, m, tok.text);
    if (tok.flags & TH_TOKEN_JOINED) {
      join_parts(m, tok.from, id);
      continue;
    }
    int rc = add_word(m, err);
    if (rc) return rc;
    uint32_t end = m->n ? m->words[m->n - 1].to : 0;
    m->words[m->n++] = (word){.from = tok.from,
                              .to = tok.to,
                              .id = id,
                              .joined = NO_WORD,
                              .gap = tok.from > end ? gap_between(text, end, tok.from) : SOFT,
                              .upper = in_capitals(text, tok.from, tok.to)};
    before.n = TH_MIN(tok.text.n, sizeof last);
    memcpy(last, tok.text.p, before.n);
  }
  return 0;
}

/* ---- walking ---- */

typedef struct walk {
  const th_concepts *d;
  const th_concept_matcher *m;
  unsigned flags;
  size_t start;
  bool upper; /* all words so far are in capitals */
  size_t end; /* behind the longest label so far; start when there is none */
  uint32_t node;
  bool apart, upper_at_end;
} walk;

static bool counts(const walk *w, const th_file_label *l, bool apart, bool upper) {
  if (apart && !(l->flags & TH_LABEL_COMMA)) return false;
  if ((l->flags & TH_LABEL_AMBIGUOUS) && !(w->flags & TH_MATCH_AMBIGUOUS)) return false;
  if (upper) return true;
  if (l->flags & TH_LABEL_COMMON) return false;
  return !(l->flags & TH_LABEL_UPPER) || (w->flags & TH_MATCH_ANY_CASE);
}

/* A long word in capitals right beside: where all is in capitals they say nothing. */
static bool is_shouted(const th_concept_matcher *m, size_t from, size_t end) {
  enum { LONG = 4 };
  const word *a = from > 0 ? &m->words[from - 1] : NULL, *b = end < m->n ? &m->words[end] : NULL;
  if (a && m->words[from].gap == SOFT && a->upper && a->to - a->from >= LONG) return true;
  return b && b->gap == SOFT && b->upper && b->to - b->from >= LONG;
}

static void note(walk *w, uint32_t node, size_t end, bool apart, bool upper) {
  uint32_t n;
  const uint32_t *hits = th_concepts_hits(w->d, node, &n);
  if (end <= w->end || n == 0) return;
  upper = upper && !is_shouted(w->m, w->start, end);
  for (uint32_t i = 0; i < n; i++) {
    if (hits[i] >= w->d->n_labels || !counts(w, &w->d->labels[hits[i]], apart, upper)) continue;
    w->end = end;
    w->node = node;
    w->apart = apart;
    w->upper_at_end = upper;
    return;
  }
}

static void go_on(walk *w, uint32_t node, size_t at, bool apart, bool upper, unsigned depth) {
  while (at < w->m->n && depth < TH_LABEL_WORDS_MAX) {
    const word *x = &w->m->words[at];
    if (at > w->start) {
      if (x->gap == BREAK) return;
      apart = apart || x->gap == APART;
    }
    if (x->joined != NO_WORD) {
      uint32_t next = th_concepts_step(w->d, node, x->joined);
      bool all = upper;
      for (unsigned k = 0; k < x->n_joined; k++) {
        const word *part = &w->m->words[at + k];
        all = all && (part->upper || part->to - part->from == 1 || part->id == NO_WORD);
      }
      if (next) {
        note(w, next, at + x->n_joined, apart, all);
        go_on(w, next, at + x->n_joined, apart, all, depth + 1);
      }
    }
    if (x->id == NO_WORD) return;
    node = th_concepts_step(w->d, node, x->id);
    if (node == 0) return;
    upper = upper && x->upper;
    depth++;
    note(w, node, ++at, apart, upper);
  }
}

/* Gathers the labels that count at the place found. */
static int give(walk *w, th_concept_matcher *m, th_mention_fn fn, void *ctx, th_err *err) {
  uint32_t n, kept = 0;
  const uint32_t *hits = th_concepts_hits(w->d, w->node, &n);
  if (n > m->cap_labels) {
    uint32_t *p = realloc(m->labels, n * sizeof *p);
    if (!p) return th_err_set(err, TH_ENOMEM, "out of memory looking for concepts");
    m->labels = p;
    m->cap_labels = n;
  }
  for (uint32_t i = 0; i < n; i++)
    if (hits[i] < w->d->n_labels && counts(w, &w->d->labels[hits[i]], w->apart, w->upper_at_end))
      m->labels[kept++] = hits[i];
  th_mention mention = {.from = m->words[w->start].from,
                        .to = m->words[w->end - 1].to,
                        .n_words = (uint32_t)(w->end - w->start),
                        .labels = m->labels,
                        .n_labels = kept};
  return fn(ctx, &mention);
}

int th_concepts_match(const th_concepts *d, th_concept_matcher *m, th_span text, unsigned flags,
                      th_mention_fn fn, void *ctx, th_err *err) {
  int rc = d->n_nodes ? read_words(d, m, text, err) : 0;
  if (rc || !d->n_nodes) return rc;
  for (size_t i = 0; !rc && i < m->n;) {
    if (m->words[i].id == NO_WORD && m->words[i].joined == NO_WORD) {
      i++;
      continue;
    }
    walk w = {.d = d, .m = m, .flags = flags, .start = i, .end = i};
    go_on(&w, 0, i, false, true, 0);
    if (w.end > i) rc = give(&w, m, fn, ctx, err);
    i = TH_MAX(w.end, i + 1);
  }
  return rc;
}
