/* Spelling: words of the studies near to a word that is not.
 *
 * The table of words is walked as a trie: entries that share a beginning stand together, and a row
 * of the matrix of optimal string alignment distances is worked out once for all of them. A
 * beginning from which every way costs too much is left with all that follows it. */
#include "query/suggest.h"

#include "query/suggest_private.h"
#include "query/thread.h"
#include "text/token.h"

enum {
  WORDS_DOUBTED = 64, /* of one text */
  SHORTEST = 4,       /* letters of a word that is looked at */
  TWO_EDITS_FROM = 6, /* letters of a word that may have two */
  EDIT_WEIGHT = 60,   /* a slip makes a word so much less likely */
  RARE = 5,           /* studies that may have a slip in common … */
  FAR_MORE = 100,     /* … when so many times as many have the word one edit away */
};

typedef struct finder {
  const th_names *names;
  th_span word;
  uint32_t edits; /* at most */
  uint8_t row[TH_TOKEN_MAX + 4][TH_TOKEN_MAX + 1];
  char path[TH_TOKEN_MAX + 4];
  uint32_t best[TH_SPELLINGS_MAX], n;
  uint8_t distance[TH_SPELLINGS_MAX];
  double score[TH_SPELLINGS_MAX];
} finder;

static void offer(finder *f, uint32_t entry, uint8_t distance) {
  double score = f->names->count[entry];
  for (uint8_t d = 0; d < distance; d++)
    score /= EDIT_WEIGHT;
  uint32_t at = f->n;
  while (at > 0 && f->score[at - 1] < score)
    at--;
  if (at == TH_SPELLINGS_MAX) return;
  if (f->n < TH_SPELLINGS_MAX) f->n++;
  for (uint32_t k = f->n - 1; k > at; k--) {
    f->best[k] = f->best[k - 1];
    f->score[k] = f->score[k - 1];
    f->distance[k] = f->distance[k - 1];
  }
  f->best[at] = entry;
  f->score[at] = score;
  f->distance[at] = distance;
}

/* The row behind one more letter; returns its least value. */
static uint8_t next_row(finder *f, uint32_t depth, char c) {
  const uint8_t *above = f->row[depth];
  uint8_t *row = f->row[depth + 1], least = (uint8_t)(depth + 1);
  row[0] = (uint8_t)(depth + 1);
  for (uint32_t j = 1; j <= f->word.n; j++) {
    uint8_t v = (uint8_t)(above[j - 1] + (f->word.p[j - 1] != c));
    v = TH_MIN(v, (uint8_t)(above[j] + 1));
    v = TH_MIN(v, (uint8_t)(row[j - 1] + 1));
    if (depth > 0 && j > 1 && c == f->word.p[j - 2] && f->path[depth - 1] == f->word.p[j - 1])
      v = TH_MIN(v, (uint8_t)(f->row[depth - 1][j - 2] + 1));
    row[j] = v;
    least = TH_MIN(least, v);
  }
  return least;
}

static char letter(const finder *f, uint32_t entry, uint32_t depth) {
  return f->names->pool[f->names->at[entry] + depth];
}

/* First entry of [from, to) whose letter at depth is above c. */
static uint32_t group_end(const finder *f, uint32_t from, uint32_t to, uint32_t depth, char c) {
  uint32_t step = 1, low = from, high;
  while (low + step < to && letter(f, low + step, depth) == c)
    low += step, step *= 2;
  high = TH_MIN(low + step, to);
  low++;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (letter(f, mid, depth) == c)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

/* Entries [from, to) share their first `depth` letters, which are in path. */
static void walk(finder *f, uint32_t from, uint32_t to, uint32_t depth) {
  while (from < to) {
    char c = letter(f, from, depth);
    if (c == 0) {
      uint8_t distance = f->row[depth][f->word.n];
      if (distance <= f->edits && distance > 0) offer(f, from, distance);
      from++;
      continue;
    }
    uint32_t end = group_end(f, from, to, depth, c);
    uint8_t least = next_row(f, depth, c);
    f->path[depth] = c;
    if (least <= f->edits && depth + 1 < f->word.n + f->edits + 1) walk(f, from, end, depth + 1);
    from = end;
  }
}

static void find_near(finder *f, const th_names *names, th_span word) {
  f->names = names;
  f->word = word;
  f->edits = word.n < TWO_EDITS_FROM ? 1 : 2;
  f->n = 0;
  for (uint32_t j = 0; j <= word.n; j++)
    f->row[0][j] = (uint8_t)j;
  walk(f, 0, names->n, 0);
}

/* Studies with the word's stem, in all segments. False: memory. */
static bool count_studies(const th_snapshot *snapshot, th_span word, uint32_t *out) {
  th_thread *thread = th_thread_get();
  th_span stem = thread ? th_stem(thread->stemmer, word) : (th_span){0};
  th_term term;
  *out = 0;
  if (!stem.p) return false;
  for (uint32_t s = 0; s < snapshot->n_segments; s++)
    if (th_segment_term(snapshot->segments[s], stem, &term)) *out += term.df;
  return true;
}

/* Words of the expression language, as they stand in the text. */
static bool is_operator(th_span w) {
  static const char *const words[] = {"AND",       "OR",      "NOT",      "AREA",
                                      "SEARCH",    "RANGE",   "DISTANCE", "ALL",
                                      "EXPANSION", "MISSING", "TILT",     "COVERAGE"};
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (th_span_eq(w, th_span_of(words[i]))) return true;
  return false;
}

/* Whether the token is to be looked at; *depth: of brackets, up to *at. */
static bool worth_a_look(th_span text, const th_token *t, uint32_t *at, int *depth) {
  for (; *at < t->from; ++*at)
    *depth += (text.p[*at] == '[') - (text.p[*at] == ']' && *depth > 0);
  if (*depth || (t->flags & (TH_TOKEN_JOINED | TH_TOKEN_DIGIT | TH_TOKEN_CUT))) return false;
  return t->text.n >= SHORTEST && !is_operator((th_span){text.p + t->from, t->to - t->from});
}

static int note(th_misspelt *m, const finder *f, const th_token *t, uint32_t count,
                th_arena *arena) {
  *m = (th_misspelt){.from = t->from, .to = t->to, .count = count};
  for (uint32_t k = 0; k < f->n; k++) {
    if (f->names->count[f->best[k]] <= count) continue;
    th_span text = th_span_of(f->names->pool + f->names->name[f->best[k]]);
    m->words[m->n] = th_arena_dup(arena, text);
    m->counts[m->n] = f->names->count[f->best[k]];
    if (!m->words[m->n++].p) return TH_ENOMEM;
  }
  return TH_OK;
}

static bool doubtful(const finder *f, uint32_t count) {
  if (f->n == 0) return false;
  if (count == 0) return true;
  return f->distance[0] == 1 && f->names->count[f->best[0]] >= (uint64_t)count * FAR_MORE;
}

/* The text with the likeliest word in each place. */
static bool mend(th_span text, const th_misspelt *words, uint32_t n, th_arena *arena,
                 th_span *out) {
  size_t len = text.n, at = 0;
  for (uint32_t i = 0; i < n; i++)
    len += words[i].words[0].n;
  char *to = th_arena_alloc(arena, len + 1), *p = to;
  if (!to) return false;
  for (uint32_t i = 0; i < n; i++) {
    memcpy(p, text.p + at, words[i].from - at);
    p += words[i].from - at;
    memcpy(p, words[i].words[0].p, words[i].words[0].n);
    p += words[i].words[0].n;
    at = words[i].to;
  }
  if (text.n > at) memcpy(p, text.p + at, text.n - at);
  p += text.n - at;
  *p = 0;
  *out = (th_span){to, (size_t)(p - to)};
  return true;
}

static int look(const th_snapshot *snapshot, const th_names *names, th_span text, th_arena *arena,
                th_misspelt *words, th_spelling *out, finder *f) {
  th_tokens tokens;
  th_token t;
  uint32_t at = 0, looked = 0;
  int depth = 0;
  th_tokens_init(&tokens, text);
  while (looked < WORDS_DOUBTED && th_token_next(&tokens, &t)) {
    uint32_t count;
    if (!worth_a_look(text, &t, &at, &depth)) continue;
    looked++;
    if (!count_studies(snapshot, t.text, &count)) return TH_ENOMEM;
    if (count > RARE) continue;
    find_near(f, names, t.text);
    if (!doubtful(f, count)) continue;
    int rc = note(&words[out->n], f, &t, count, arena);
    if (rc) return rc;
    out->n += words[out->n].n > 0;
  }
  return mend(text, words, out->n, arena, &out->text) ? TH_OK : TH_ENOMEM;
}

int th_suggest(th_suggester *s, th_span text, th_arena *arena, th_spelling *out, th_err *err) {
  th_lexicon *l;
  *out = (th_spelling){.text = text};
  th_misspelt *words = th_arena_calloc(arena, WORDS_DOUBTED, sizeof *words);
  finder *f = th_arena_alloc(arena, sizeof *f);
  if (!words || !f) return th_err_set(err, TH_ENOMEM, "out of memory");
  out->words = words;
  int rc = th_lexicon_acquire(s, &l, err);
  if (rc) return rc;
  th_index *index = th_suggester_index(s);
  const th_snapshot *snapshot = th_index_acquire(index);
  rc = look(snapshot, &l->of[TH_NAME_WORD], text, arena, words, out, f);
  if (rc) th_err_set(err, rc, "out of memory");
  if (!rc) rc = th_snapshot_state(snapshot, err);
  th_index_release(index, snapshot);
  th_lexicon_release(s, l);
  return rc;
}
