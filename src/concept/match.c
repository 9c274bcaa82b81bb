/* Mentions: the longest labels in a text. The text becomes an array of words first; then what they
 * are is looked up; then a walk down the trie begins at each word that is not covered yet. A
 * compound may go as its parts or as its joined form.
 *
 * The dictionary is larger than the near memory, and most of the time is spent waiting for it. So
 * what was found is kept in small tables that go with the matcher, and what will be asked next is
 * fetched ahead. */
#include "concept/file.h"
#include "concept/key.h"
#include "text/plain.h"

enum { SOFT, APART, BREAK }; /* what stands between two words */
#define NO_WORD UINT32_MAX

enum { ENDS = 1, GOES_ON = 2 }; /* of a word: a label is it alone; begins with it */

typedef struct word {
  uint64_t text[2];  /* of a short word, until it is looked up: folded, zeros behind it */
  uint32_t from, to; /* bytes */
  uint32_t id;       /* in the dictionary, or NO_WORD */
  uint32_t root;     /* node below the top, 0 for none */
  uint16_t sorts;    /* of the labels that end at root */
  uint32_t joined;   /* of the compound that begins here: its joined form, or NO_WORD */
  uint8_t n_joined;  /* words that the joined form covers */
  uint8_t gap;       /* in front of it */
  uint8_t begins;    /* ENDS, GOES_ON */
  bool upper;        /* written in capitals, at least two bytes */
  bool pending;      /* to be looked up */
} word;

/* Labels of a node differ in what they count for by their flags alone: a bit for each combination
 * of flags that one of them has. */
enum {
  SORTS = 16,
  MATCHES = (TH_MATCH_ANY_CASE | TH_MATCH_AMBIGUOUS) + 1,
  SORT_FLAGS = TH_LABEL_UPPER | TH_LABEL_COMMON | TH_LABEL_COMMA | TH_LABEL_AMBIGUOUS
};
_Static_assert((int)SORT_FLAGS < (int)SORTS, "a bit for each combination of flags");

/* Words seen before, by their bytes: running text has few. Those of one place lie in one line of
 * the near memory, the last seen first. The table is small for a short text, and large once so many
 * words were not in it. */
enum { SEEN_BITS = 12, SEEN_BITS_MOST = 14, SEEN_WAYS = 2, SEEN_BYTES = 16 };
typedef struct seen_word {
  uint64_t text[2]; /* as in word; a word has no zero byte, so a free place has no word's text */
  uint32_t id, root;
  uint16_t sorts;
  uint8_t begins;
  uint8_t room[5];
} seen_word;
_Static_assert(sizeof(seen_word) * SEEN_WAYS == 64, "a place lies in one line of the near memory");

/* Steps taken before: from a node by a word. */
enum { STEPS = 1 << 13, SHORT_TEXT = 2048 };
typedef struct seen_step {
  uint32_t node, word, next; /* node 0: a free place */
  uint16_t sorts;            /* of the labels that end at next */
  uint16_t room;
} seen_step;

struct th_concept_matcher {
  uint64_t opened; /* of the dictionary that the words were seen with */
  seen_word *seen;
  unsigned seen_bits; /* of the number of its places */
  uint32_t n_unseen;  /* words that were not in it */
  seen_step *steps;
  void *memo; /* the caller's */
  size_t memo_bytes;
  word *words;
  size_t n, cap;
  char text[SHORT_TEXT + TH_PAD];
  uint32_t *labels; /* of the mention given out */
  /* By TH_MATCH_…, then 2 * apart + upper: the sorts of labels that count. */
  uint16_t counting[MATCHES][4];
  size_t cap_labels;
};

/* flags: of a label; match: TH_MATCH_…; apart: a comma stands among its words. */
static bool counts(unsigned flags, unsigned match, bool apart, bool upper) {
  if (apart && !(flags & TH_LABEL_COMMA)) return false;
  if ((flags & TH_LABEL_AMBIGUOUS) && !(match & TH_MATCH_AMBIGUOUS)) return false;
  if (upper) return true;
  if (flags & TH_LABEL_COMMON) return false;
  return !(flags & TH_LABEL_UPPER) || (match & TH_MATCH_ANY_CASE);
}

static void set_counting(th_concept_matcher *m) {
  for (unsigned match = 0; match < MATCHES; match++)
    for (unsigned i = 0; i < 4; i++)
      for (unsigned flags = 0; flags < SORTS; flags++)
        if (counts(flags, match, i >> 1, i & 1)) m->counting[match][i] |= (uint16_t)(1u << flags);
}

static size_t seen_bytes(unsigned bits) {
  return ((size_t)SEEN_WAYS << bits) * sizeof(seen_word);
}

/* An empty table instead of the one there is. What the words were says what the text was about (a
 * patient's note): it does not stay behind. False, and all is as before, when memory is exhausted.
 */
static bool make_seen(th_concept_matcher *m, unsigned bits) {
  seen_word *seen = aligned_alloc(64, seen_bytes(bits));
  if (!seen) return false;
  memset(seen, 0, seen_bytes(bits));
  if (m->seen) explicit_bzero(m->seen, seen_bytes(m->seen_bits));
  free(m->seen);
  m->seen = seen;
  m->seen_bits = bits;
  return true;
}

th_concept_matcher *th_concept_matcher_new(void) {
  th_concept_matcher *m = calloc(1, sizeof *m);
  if (!m) return NULL;
  m->steps = calloc(STEPS, sizeof *m->steps);
  if (make_seen(m, SEEN_BITS) && m->steps) {
    set_counting(m);
    return m;
  }
  free(m->seen);
  free(m->steps);
  free(m);
  return NULL;
}

void th_concept_matcher_free(th_concept_matcher *m) {
  if (!m) return;
  explicit_bzero(m->seen, seen_bytes(m->seen_bits));
  explicit_bzero(m->steps, STEPS * sizeof *m->steps);
  explicit_bzero(m->text, sizeof m->text);
  if (m->words) explicit_bzero(m->words, m->cap * sizeof *m->words);
  if (m->labels) explicit_bzero(m->labels, m->cap_labels * sizeof *m->labels);
  if (m->memo) explicit_bzero(m->memo, m->memo_bytes);
  free(m->seen);
  free(m->steps);
  free(m->memo);
  free(m->words);
  free(m->labels);
  free(m);
}

/* ---- the words of a text ---- */

/* "St. John's wort": the stop of a short form ends no sentence. */
static bool is_saint(th_span text, uint32_t stop) {
  return stop >= 2 && (text.p[stop - 2] | 32) == 's' && text.p[stop - 1] == 't' &&
         (stop == 2 || text.p[stop - 3] == ' ' || text.p[stop - 3] == '(');
}

static uint8_t gap_between(th_span text, uint32_t from, uint32_t to) {
  uint8_t gap = SOFT;
  unsigned lines = 0;
  for (uint32_t i = from; i < to; i++) {
    switch (text.p[i]) {
    case '.':
      if (is_saint(text, i)) break;
      return BREAK;
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

static int make_room(th_concept_matcher *m, th_err *err) {
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

static uint16_t sorts_at(const th_concepts *d, uint32_t node) {
  uint32_t n, sorts = 0;
  const uint32_t *hits = th_concepts_hits(d, node, &n);
  for (uint32_t i = 0; i < n; i++)
    if (hits[i] < d->n_labels) sorts |= 1u << (d->labels[hits[i]].flags & SORT_FLAGS);
  return (uint16_t)sorts;
}

/* Where a word leads to by itself. */
static void set_word(const th_concepts *d, word *w, uint32_t id) {
  uint32_t n;
  w->id = id;
  w->root = id == NO_WORD ? 0 : th_concepts_step(d, 0, id);
  w->begins = 0;
  w->sorts = 0;
  if (!w->root) return;
  w->sorts = sorts_at(d, w->root);
  th_concepts_hits(d, w->root, &n);
  bool on = d->nodes[w->root].first_child != d->nodes[w->root + 1].first_child;
  w->begins = (uint8_t)((n ? ENDS : 0) | (on ? GOES_ON : 0));
}

static seen_word *place_of(const th_concept_matcher *m, const uint64_t text[2]) {
  uint64_t hash = (text[0] ^ (text[1] << 29 | text[1] >> 35)) * UINT64_C(0x9E3779B97F4A7C15);
  return &m->seen[(hash >> (64 - m->seen_bits)) * SEEN_WAYS];
}

static void look_up_seen(const th_concepts *d, th_concept_matcher *m, word *w) {
  seen_word *s = place_of(m, w->text);
  for (unsigned i = 0; i < SEEN_WAYS; i++) {
    if (s[i].text[0] != w->text[0] || s[i].text[1] != w->text[1]) continue;
    w->id = s[i].id;
    w->root = s[i].root;
    w->sorts = s[i].sorts;
    w->begins = s[i].begins;
    return;
  }
  char text[SEEN_BYTES];
  memcpy(text, w->text, sizeof text);
  set_word(d, w, look_up(d, (th_span){0}, (th_span){text, strnlen(text, SEEN_BYTES)}));
  if (++m->n_unseen >> SEEN_BITS_MOST && m->seen_bits < SEEN_BITS_MOST &&
      make_seen(m, SEEN_BITS_MOST))
    s = place_of(m, w->text);
  memmove(s + 1, s, (SEEN_WAYS - 1) * sizeof *s);
  *s = (seen_word){.text = {w->text[0], w->text[1]},
                   .id = w->id,
                   .root = w->root,
                   .sorts = w->sorts,
                   .begins = w->begins};
}

/* The node below a node by a word, and the sorts of labels that end there; 0 when there is none. */
static uint32_t step(const th_concepts *d, const th_concept_matcher *m, uint32_t node, uint32_t id,
                     uint16_t *sorts) {
  uint64_t hash = ((uint64_t)node << 32 | id) * UINT64_C(0x9E3779B97F4A7C15);
  seen_step *s = &m->steps[hash >> (64 - 13)], top;
  if (node == 0) s = &top, top.node = 1;
  if (s->node != node || s->word != id) {
    *s = (seen_step){.node = node, .word = id, .next = th_concepts_step(d, node, id)};
    if (s->next) s->sorts = sorts_at(d, s->next);
  }
  *sorts = s->sorts;
  return s->next;
}

/* Forgets the words of another dictionary. */
static void settle_on(const th_concepts *d, th_concept_matcher *m) {
  if (m->opened == d->opened) return;
  memset(m->seen, 0, seen_bytes(m->seen_bits));
  memset(m->steps, 0, STEPS * sizeof *m->steps);
  if (m->memo) memset(m->memo, 0, m->memo_bytes);
  m->opened = d->opened;
}

void *th_concept_matcher_memo(th_concept_matcher *m, const th_concepts *d, size_t bytes) {
  settle_on(d, m);
  if (!m->memo) m->memo = calloc(1, bytes);
  m->memo_bytes = m->memo ? bytes : 0;
  return m->memo;
}

/* Short texts are copied to where blanks stand behind them: they are read faster so. */
static void start_tokens(th_concept_matcher *m, th_tokens *t, th_span text) {
  if (text.n > SHORT_TEXT) {
    th_tokens_init(t, text);
    return;
  }
  if (text.n) memcpy(m->text, text.p, text.n);
  memset(m->text + text.n, ' ', TH_PAD);
  th_tokens_init_padded(t, (th_span){m->text, text.n});
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

static int add_word(th_concept_matcher *m, th_span text, const word *w, th_err *err) {
  int rc = make_room(m, err);
  if (rc) return rc;
  uint32_t end = m->n ? m->words[m->n - 1].to : 0;
  word *p = &m->words[m->n++];
  *p = *w;
  p->joined = NO_WORD;
  p->gap = w->from > end ? gap_between(text, end, w->from) : SOFT;
  p->upper = in_capitals(text, w->from, w->to);
  if (p->pending) __builtin_prefetch(place_of(m, p->text));
  return 0;
}

/* A word that is not a plain one, or whose key the word before may change. */
static int add_token(const th_concepts *d, th_concept_matcher *m, th_span text, const th_token *tok,
                     th_span before, th_err *err) {
  word w = {.from = tok->from, .to = tok->to};
  if (may_be_roman(tok->text)) {
    set_word(d, &w, look_up(d, before, tok->text));
  } else if (tok->text.n <= SEEN_BYTES) {
    memcpy(w.text, tok->text.p, tok->text.n);
    w.pending = true;
  } else {
    set_word(d, &w, look_up(d, (th_span){0}, tok->text));
  }
  if (!(tok->flags & TH_TOKEN_JOINED)) return add_word(m, text, &w, err);
  if (w.pending) look_up_seen(d, m, &w);
  join_parts(m, tok->from, w.id);
  return 0;
}
static int add_plain(const th_concepts *d, th_concept_matcher *m, th_span text,
                     const th_plain_word *p, th_span before, th_err *err) {
  word w = {.text = {p->a, p->b}, .from = p->from, .to = p->from + p->len, .pending = true};
  th_span self = {(const char *)w.text, p->len};
  if (may_be_roman(self)) {
    set_word(d, &w, look_up(d, before, self));
    w.pending = false;
  }
  return add_word(m, text, &w, err);
}

static int read_words(const th_concepts *d, th_concept_matcher *m, th_span text, th_err *err) {
  char last[TH_TOKEN_MAX];
  th_span before = {last, 0};
  th_tokens tokens;
  int rc = 0;
  m->n = 0;
  start_tokens(m, &tokens, text);
  while (!rc) {
    th_plain_word p;
    th_token tok;
    if (th_token_plain(&tokens, &p)) {
      rc = add_plain(d, m, text, &p, before, err);
      memcpy(last, &p.a, sizeof p.a);
      memcpy(last + sizeof p.a, &p.b, sizeof p.b);
      before.n = p.len;
    } else if (th_token_next(&tokens, &tok)) {
      rc = add_token(d, m, text, &tok, before, err);
      if (tok.flags & TH_TOKEN_JOINED) continue;
      before.n = TH_MIN(tok.text.n, sizeof last);
      memcpy(last, tok.text.p, before.n);
    } else {
      break;
    }
  }
  return rc;
}

static void look_up_words(const th_concepts *d, th_concept_matcher *m) {
  for (size_t i = 0; i < m->n; i++) {
    word *w = &m->words[i];
    if (w->pending) look_up_seen(d, m, w);
    if (w->begins) __builtin_prefetch(&d->nodes[w->root]);
  }
}

/* ---- walking ---- */

typedef struct walk {
  const th_concepts *d;
  const th_concept_matcher *m;
  size_t start;
  const uint16_t *counting; /* of the matcher, for this match */
  size_t end;               /* behind the longest label so far; start when there is none */
  size_t most;              /* where a label may end at most */
  uint32_t node;
  bool apart, upper_at_end;
} walk;

/* A long word in capitals right beside: where all is in capitals they say nothing. */
static bool is_shouted(const th_concept_matcher *m, size_t from, size_t end) {
  enum { LONG = 4 };
  const word *a = from > 0 ? &m->words[from - 1] : NULL, *b = end < m->n ? &m->words[end] : NULL;
  if (a && m->words[from].gap == SOFT && a->upper && a->to - a->from >= LONG) return true;
  return b && b->gap == SOFT && b->upper && b->to - b->from >= LONG;
}

static void note(walk *w, uint32_t node, uint16_t sorts, size_t end, bool apart, bool upper) {
  if (end <= w->end || end > w->most || !sorts) return;
  upper = upper && !is_shouted(w->m, w->start, end);
  if (!(sorts & w->counting[2 * apart + upper])) return;
  w->end = end;
  w->node = node;
  w->apart = apart;
  w->upper_at_end = upper;
}

static void go_on(walk *w, uint32_t node, size_t at, bool apart, bool upper, unsigned depth) {
  while (at < w->m->n && depth < TH_LABEL_WORDS_MAX) {
    const word *x = &w->m->words[at];
    uint16_t sorts = x->sorts;
    if (at > w->start) {
      if (x->gap == BREAK) return;
      apart = apart || x->gap == APART;
    }
    if (x->joined != NO_WORD) {
      uint32_t next = step(w->d, w->m, node, x->joined, &sorts);
      bool all = upper;
      for (unsigned k = 0; k < x->n_joined; k++) {
        const word *part = &w->m->words[at + k];
        all = all && (part->upper || part->to - part->from == 1 || part->id == NO_WORD);
      }
      if (next) {
        note(w, next, sorts, at + x->n_joined, apart, all);
        go_on(w, next, at + x->n_joined, apart, all, depth + 1);
      }
    }
    if (x->id == NO_WORD) return;
    if (node)
      node = step(w->d, w->m, node, x->id, &sorts);
    else
      node = x->root, sorts = x->sorts;
    if (node == 0) return;
    upper = upper && x->upper;
    depth++;
    note(w, node, sorts, ++at, apart, upper);
  }
}

/* Gathers the labels that count at the place found. */
static int give(walk *w, th_concept_matcher *m, bool again, th_mention_fn fn, void *ctx,
                th_err *err) {
  uint32_t n, kept = 0, counting = w->counting[2 * w->apart + w->upper_at_end];
  const uint32_t *hits = th_concepts_hits(w->d, w->node, &n);
  if (n > m->cap_labels) {
    uint32_t *p = realloc(m->labels, n * sizeof *p);
    if (!p) return th_err_set(err, TH_ENOMEM, "out of memory looking for concepts");
    m->labels = p;
    m->cap_labels = n;
  }
  for (uint32_t i = 0; i < n; i++)
    if (hits[i] < w->d->n_labels && counting >> (w->d->labels[hits[i]].flags & SORT_FLAGS) & 1)
      m->labels[kept++] = hits[i];
  th_mention mention = {.from = m->words[w->start].from,
                        .to = m->words[w->end - 1].to,
                        .n_words = (uint32_t)(w->end - w->start),
                        .labels = m->labels,
                        .n_labels = kept,
                        .again = again};
  return fn(ctx, &mention);
}

/* Whether a label may begin at a word: most words are told from what is known of them alone. */
static bool may_begin(const th_concept_matcher *m, size_t i) {
  const word *w = &m->words[i], *next = w + 1;
  if (w->joined != NO_WORD || w->begins & ENDS) return true;
  return w->begins && i + 1 < m->n && next->gap != BREAK &&
         (next->id != NO_WORD || next->joined != NO_WORD);
}

/* The longest label from a word that ends at `most` at the latest; false when there is none. */
static bool find_longest(walk *w, size_t at, size_t most) {
  w->start = w->end = at;
  w->most = most;
  go_on(w, 0, at, false, true, 0);
  return w->end > at;
}

/* The longest label at a word that the caller takes. *at: behind it, or the next word. */
static int give_longest(walk *w, th_concept_matcher *m, size_t *at, th_mention_fn fn, void *ctx,
                        th_err *err) {
  int rc = TH_MENTION_SHORTER;
  size_t most = m->n, refused = 0;
  while (rc == TH_MENTION_SHORTER && find_longest(w, *at, most)) {
    rc = give(w, m, false, fn, ctx, err);
    refused = TH_MAX(refused, w->end);
    most = w->end - 1;
  }
  if (rc == TH_MENTION_SHORTER && find_longest(w, *at, refused))
    rc = give(w, m, true, fn, ctx, err);
  *at = rc == TH_MENTION_SHORTER ? *at + 1 : w->end;
  return rc == TH_MENTION_SHORTER ? 0 : rc;
}

int th_concepts_match(const th_concepts *d, th_concept_matcher *m, th_span text, unsigned flags,
                      th_mention_fn fn, void *ctx, th_err *err) {
  if (!d->n_nodes) return 0;
  settle_on(d, m);
  walk w = {.d = d, .m = m, .counting = m->counting[flags % MATCHES]};
  int rc = read_words(d, m, text, err);
  if (!rc) look_up_words(d, m);
  for (size_t i = 0; !rc && i < m->n;) {
    if (may_begin(m, i))
      rc = give_longest(&w, m, &i, fn, ctx, err);
    else
      i++;
  }
  return rc;
}
