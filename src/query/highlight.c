/* Where a query's words stand in a text. The text is tokenised and stemmed as for the index, so
 * what is marked is what matched: other forms of a word, compounds in either spelling, phrases only
 * whole. Words under a NOT are not looked for. */
#include "query/cache.h"
#include "query/thread.h"
#include "query/tree.h"
#include "text/token.h"

/* A word or a phrase of the query. */
typedef struct needle {
  const th_query *first; /* TERM: itself; PHRASE: its first word */
  const th_query *phrase;
  uint32_t hash; /* of the first word's stem */
} needle;

typedef struct place {
  uint32_t from, to, needle;
} place;

typedef struct text_word {
  th_span stem;
  uint32_t hash, from, to, position;
} text_word;

typedef struct finder {
  th_arena *arena;
  uint16_t field;
  needle *needles;
  uint32_t n_needles, cap_needles;
  text_word *words;
  uint32_t n_words, cap_words;
  place *places;
  uint32_t n_places, cap_places;
  bool begins[256]; /* first bytes of the stems that are looked for */
  bool failed;      /* memory */
} finder;

static bool grow(finder *f, void *array, uint32_t n, uint32_t *cap, size_t size) {
  void *old, *grown;
  if (n < *cap) return true;
  memcpy(&old, array, sizeof old);
  grown = th_arena_calloc(f->arena, *cap ? *cap * 2ul : 32, size);
  if (!grown) {
    f->failed = true;
    return false;
  }
  if (n) memcpy(grown, old, n * size);
  memcpy(array, &grown, sizeof grown);
  *cap = *cap ? *cap * 2 : 32;
  return true;
}

static uint32_t hash_of(th_span s) { /* FNV-1a */
  uint32_t h = 2166136261u;
  for (size_t i = 0; i < s.n; i++)
    h = (h ^ (uint8_t)s.p[i]) * 16777619u;
  return h;
}

static bool scope_holds(unsigned scope, uint16_t field) {
  uint64_t fields[(TH_F_COUNT + 63) / 64];
  if (field >= TH_F_COUNT) return true;
  th_scope_fields(scope, fields);
  return fields[field / 64] >> (field % 64) & 1;
}

static void note_begin(finder *f, th_span stem) {
  if (stem.n) f->begins[(uint8_t)stem.p[0]] = true;
}

static void gather(finder *f, const th_query *q) {
  if (!q || f->failed) return;
  if (q->kind == TH_N_TERM || q->kind == TH_N_PHRASE) {
    const th_query *first = q->kind == TH_N_TERM ? q : q->parts[0];
    if (!scope_holds(first->scope, f->field) ||
        !grow(f, &f->needles, f->n_needles, &f->cap_needles, sizeof *f->needles))
      return;
    for (uint32_t i = 0; q->kind == TH_N_PHRASE && i < q->n; i++)
      note_begin(f, q->parts[i]->term.stem);
    note_begin(f, first->term.stem);
    f->needles[f->n_needles++] =
        (needle){first, q->kind == TH_N_PHRASE ? q : NULL, hash_of(first->term.stem)};
  } else if (q->kind == TH_N_AND || q->kind == TH_N_OR || q->kind == TH_N_EITHER ||
             q->kind == TH_N_TILT) {
    for (uint32_t i = 0; i < q->n; i++)
      gather(f, q->parts[i]);
  }
}

/* A word and its stem begin with the same letter: words with another than those that are looked for
 * need no stem, which is most of the work. */
static void read_words(finder *f, th_span text) {
  th_thread *thread = th_thread_get();
  th_tokens tokens;
  th_token t;
  f->failed |= !thread;
  th_tokens_init(&tokens, text);
  while (!f->failed && th_token_next(&tokens, &t)) {
    if (!grow(f, &f->words, f->n_words, &f->cap_words, sizeof *f->words)) return;
    bool wanted = t.text.n && f->begins[(uint8_t)t.text.p[0]];
    th_span stem = wanted ? th_stem(thread->stemmer, t.text) : TH_SPAN("");
    if (wanted && stem.p) stem = th_arena_dup(f->arena, stem);
    f->failed |= !stem.p;
    f->words[f->n_words++] = (text_word){stem, hash_of(stem), t.from, t.to, t.position};
  }
}

/* The word number `at` of the text or one beside it that stands at the position with this stem: a
 * joined form stands behind the last part, at its position. */
static const text_word *word_with(const finder *f, uint32_t at, uint32_t position, th_span stem) {
  for (; at < f->n_words && f->words[at].position <= position; at++)
    if (f->words[at].position == position && th_span_eq(f->words[at].stem, stem))
      return &f->words[at];
  return NULL;
}

/* Whether the phrase begins with word `at`; *to: where it ends. */
static bool phrase_begins(const finder *f, const th_query *phrase, uint32_t at, uint32_t *to) {
  for (uint32_t k = 1; k < phrase->n; k++) {
    const th_query *part = phrase->parts[k];
    const text_word *w = word_with(f, at, f->words[at].position + part->term.at, part->term.stem);
    if (!w) return false;
    *to = TH_MAX(*to, w->to);
  }
  return true;
}

static void find_at(finder *f, uint32_t at) {
  const text_word *w = &f->words[at];
  for (uint32_t i = 0; i < f->n_needles; i++) {
    const needle *n = &f->needles[i];
    uint32_t to = w->to;
    if (n->hash != w->hash || !th_span_eq(n->first->term.stem, w->stem)) continue;
    if (n->phrase && !phrase_begins(f, n->phrase, at, &to)) continue;
    if (!grow(f, &f->places, f->n_places, &f->cap_places, sizeof *f->places)) return;
    f->places[f->n_places++] = (place){w->from, to, i};
  }
}

static int by_place(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->to > y->to) - (x->to < y->to);
}

static bool find(finder *f, const th_query *query, uint16_t field, th_span text, th_arena *arena) {
  *f = (finder){.arena = arena, .field = field};
  gather(f, query);
  if (f->n_needles == 0 || f->failed) return false;
  read_words(f, text);
  for (uint32_t at = 0; at < f->n_words && !f->failed; at++)
    find_at(f, at);
  if (f->failed || f->n_places == 0) return false;
  qsort(f->places, f->n_places, sizeof *f->places, by_place);
  return true;
}

unsigned th_query_highlight(const th_query *query, uint16_t field, th_span text, th_arena *arena,
                            const th_mark **out) {
  finder f;
  unsigned n = 0;
  *out = NULL;
  if (!find(&f, query, field, text, arena)) return 0;
  th_mark *marks = th_arena_calloc(arena, f.n_places, sizeof *marks);
  if (!marks) return 0;
  for (uint32_t i = 0; i < f.n_places; i++) {
    if (n && f.places[i].from <= marks[n - 1].to)
      marks[n - 1].to = TH_MAX(marks[n - 1].to, f.places[i].to);
    else
      marks[n++] = (th_mark){f.places[i].from, f.places[i].to};
  }
  *out = marks;
  return n;
}

/* ---- passages ---- */

typedef struct run {
  uint32_t first, last; /* places */
  uint32_t value;       /* words of the query in it, then how often they stand there */
} run;

/* The run of places that fits the width and shows most different words. */
static run best_run(finder *f, size_t width) {
  run best = {0, 0, 0};
  uint32_t distinct = 0, first = 0;
  uint32_t *seen = th_arena_calloc(f->arena, f->n_needles, sizeof *seen);
  if (!seen) return best;
  for (uint32_t last = 0; last < f->n_places; last++) {
    distinct += seen[f->places[last].needle]++ == 0;
    while (first < last && f->places[last].to - f->places[first].from > width)
      distinct -= --seen[f->places[first++].needle] == 0;
    uint32_t value = (distinct << 16) + TH_MIN(last - first, 0xFFFFu) + 1;
    if (value > best.value) best = (run){first, last, value};
  }
  return best;
}

static bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool inside_character(th_span s, size_t at) {
  return at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80;
}

/* [from, to) drawn in to whole words, but not into [keep_from, keep_to). */
static th_span cut(th_span text, size_t from, size_t to, size_t keep_from, size_t keep_to) {
  size_t start = from, end = to;
  while (start > 0 && start < keep_from && !is_blank(text.p[start - 1]))
    start++;
  while (end < text.n && end > keep_to && !is_blank(text.p[end]))
    end--;
  if (start >= end) start = from, end = to; /* one word longer than the width */
  while (start < end && inside_character(text, start))
    start++;
  while (end > start && inside_character(text, end))
    end--;
  return th_span_trim((th_span){text.p + start, end - start});
}

th_span th_query_passage(const th_query *query, uint16_t field, th_span text, size_t width,
                         th_arena *arena) {
  finder f;
  if (text.n <= width) return th_span_trim(text);
  if (!find(&f, query, field, text, arena)) return cut(text, 0, width, 0, 0);
  run r = best_run(&f, width);
  size_t from = f.places[r.first].from, to = f.places[r.first].to;
  for (uint32_t i = r.first; i <= r.last; i++)
    to = TH_MAX(to, (size_t)f.places[i].to);
  size_t spare = to - from < width ? width - (to - from) : 0;
  size_t start = from > spare / 2 ? from - spare / 2 : 0;
  if (start + width > text.n) start = text.n > width ? text.n - width : 0;
  size_t end = TH_MIN(text.n, TH_MAX(start + width, to));
  return cut(text, start, end, from, to);
}
