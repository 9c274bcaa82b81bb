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
  uint32_t joined;   /* of the compound that begins here: its joined form, or NO_WORD */
  uint8_t n_joined;  /* words that the joined form covers */
  uint8_t gap;       /* in front of it */
  uint8_t begins;    /* ENDS, GOES_ON */
  bool upper;        /* written in capitals, at least two bytes */
  bool pending;      /* to be looked up */
} word;

/* Words seen before, by their bytes: running text has few. */
enum { SEEN = 1 << 13, SEEN_BYTES = 16 };
typedef struct seen_word {
  uint64_t text[2]; /* as in word; a word has no zero byte, so a free place has no word's text */
  uint32_t id, root;
  uint8_t begins;
  uint8_t room[7];
} seen_word;
_Static_assert(sizeof(seen_word) == 32, "a seen word lies in one line of the near memory");

/* Steps taken before: from a node by a word. */
enum { STEPS = 1 << 13, SHORT_TEXT = 2048 };
typedef struct seen_step {
  uint32_t node, word, next; /* node 0: a free place */
} seen_step;

struct th_concept_matcher {
  uint64_t opened; /* of the dictionary that the words were seen with */
  seen_word *seen;
  seen_step *steps;
  void *memo; /* the caller's */
  size_t memo_bytes;
  word *words;
  size_t n, cap;
  char text[SHORT_TEXT + TH_PAD];
  uint32_t *labels; /* of the mention given out */
  size_t cap_labels;
};

th_concept_matcher *th_concept_matcher_new(void) {
  th_concept_matcher *m = calloc(1, sizeof *m);
  if (!m) return NULL;
  m->seen = aligned_alloc(64, SEEN * sizeof *m->seen);
  m->steps = calloc(STEPS, sizeof *m->steps);
  if (m->seen && m->steps) {
    memset(m->seen, 0, SEEN * sizeof *m->seen);
    return m;
  }
  free(m->seen);
  free(m->steps);
  free(m);
  return NULL;
}

/* What the words were says what the text was about (a patient's note): it does not stay behind. */
void th_concept_matcher_free(th_concept_matcher *m) {
  if (!m) return;
  explicit_bzero(m->seen, SEEN * sizeof *m->seen);
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

/* Where a word leads to by itself. */
static void set_word(const th_concepts *d, word *w, uint32_t id) {
  uint32_t n;
  w->id = id;
  w->root = id == NO_WORD ? 0 : th_concepts_step(d, 0, id);
  w->begins = 0;
  if (!w->root) return;
  th_concepts_hits(d, w->root, &n);
  bool on = d->nodes[w->root].first_child != d->nodes[w->root + 1].first_child;
  w->begins = (uint8_t)((n ? ENDS : 0) | (on ? GOES_ON : 0));
}

static seen_word *place_of(const th_concept_matcher *m, const uint64_t text[2]) {
  uint64_t hash = (text[0] ^ (text[1] << 29 | text[1] >> 35)) * UINT64_C(0x9E3779B97F4A7C15);
  return &m->seen[hash >> (64 - 13)];
}

static void look_up_seen(const th_concepts *d, th_concept_matcher *m, word *w) {
  seen_word *s = place_of(m, w->text);
  if (s->text[0] == w->text[0] && s->text[1] == w->text[1]) {
    w->id = s->id;
    w->root = s->root;
    w->begins = s->begins;
    return;
  }
  char text[SEEN_BYTES];
  memcpy(text, w->text, sizeof text);
  set_word(d, w, look_up(d, (th_span){0}, (th_span){text, strnlen(text, SEEN_BYTES)}));
  *s = (seen_word){
      .text = {w->text[0], w->text[1]}, .id = w->id, .root = w->root, .begins = w->begins};
}

/* The node below a node by a word; 0 when there is none. */
static uint32_t step(const th_concepts *d, const th_concept_matcher *m, uint32_t node,
                     uint32_t id) {
  uint64_t hash = ((uint64_t)node << 32 | id) * UINT64_C(0x9E3779B97F4A7C15);
  seen_step *s = &m->steps[hash >> (64 - 13)];
  if (node == 0) return th_concepts_step(d, 0, id);
  if (s->node != node || s->word != id)
    *s = (seen_step){.node = node, .word = id, .next = th_concepts_step(d, node, id)};
  return s->next;
}

/* Forgets the words of another dictionary. */
static void settle_on(const th_concepts *d, th_concept_matcher *m) {
  if (m->opened == d->opened) return;
  memset(m->seen, 0, SEEN * sizeof *m->seen);
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
      uint32_t next = step(w->d, w->m, node, x->joined);
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
    node = node ? step(w->d, w->m, node, x->id) : x->root;
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

/* Whether a label may begin at a word: most words are told from what is known of them alone. */
static bool may_begin(const th_concept_matcher *m, size_t i) {
  const word *w = &m->words[i], *next = w + 1;
  if (w->joined != NO_WORD || w->begins & ENDS) return true;
  return w->begins && i + 1 < m->n && next->gap != BREAK &&
         (next->id != NO_WORD || next->joined != NO_WORD);
}

int th_concepts_match(const th_concepts *d, th_concept_matcher *m, th_span text, unsigned flags,
                      th_mention_fn fn, void *ctx, th_err *err) {
  if (!d->n_nodes) return 0;
  settle_on(d, m);
  int rc = read_words(d, m, text, err);
  if (!rc) look_up_words(d, m);
  for (size_t i = 0; !rc && i < m->n;) {
    if (!may_begin(m, i)) {
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
