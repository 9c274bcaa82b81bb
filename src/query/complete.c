/* Completion: tables of names, made for one state of the index, and looking into them.
 *
 * Making them takes one pass over the dictionaries and rows of the keyword columns and one over the
 * terms: about two seconds for 600,000 studies. Looking something up is two binary searches and a
 * walk through the maxima of blocks of counts. */
#include "query/suggest.h"

#include <pthread.h>

#include "query/names.h"
#include "query/suggest_private.h"
#include "study/catalogue.h"
#include "text/fold.h"

enum {
  FIELDS_MAX = 2,
  WORDS_IN_NAME = 12, /* beginnings of a name that are entries */
  WORDS_MAX = 400000, /* of the table of words; the rarest are left out */
};

const char *const th_name_kinds[TH_NAME_KINDS] = {"condition", "intervention", "keyword",
                                                  "sponsor",   "country",      "state",
                                                  "city",      "facility",     "word"};

th_name_kind th_name_kind_of(th_span word) {
  unsigned k = 0;
  while (k < TH_NAME_KINDS && !th_span_eq(word, th_span_of(th_name_kinds[k])))
    k++;
  return (th_name_kind)k;
}

static const uint16_t kind_fields[TH_NAME_WORD][FIELDS_MAX] = {
    {TH_F_Condition, TH_F_NONE},       {TH_F_InterventionName, TH_F_InterventionOtherName},
    {TH_F_Keyword, TH_F_NONE},         {TH_F_LeadSponsorName, TH_F_CollaboratorName},
    {TH_F_LocationCountry, TH_F_NONE}, {TH_F_LocationState, TH_F_NONE},
    {TH_F_LocationCity, TH_F_NONE},    {TH_F_LocationFacility, TH_F_NONE},
};

struct th_suggester {
  th_index *index;
  pthread_mutex_t lock; /* held for moments, never while a table is made */
  pthread_cond_t made;
  th_lexicon *current;
  bool making, has_thread;
  pthread_t thread;
};

/* ---- keys ---- */

static bool word_byte(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

size_t th_name_key(th_span text, char out[TH_KEY_MAX]) {
  char folded[TH_KEY_MAX];
  size_t n = th_text_fold(text, folded, sizeof folded - 1), len = 0;
  for (size_t i = 0; i < n; i++) {
    if (word_byte((unsigned char)folded[i])) {
      /* A typographic apostrophe, when folding has left it as it is. */
      if (i + 2 < n && memcmp(folded + i, "\xE2\x80\x99", 3) == 0)
        i += 2;
      else
        out[len++] = folded[i];
    } else if (folded[i] != '\'' && len && out[len - 1] != ' ') {
      out[len++] = ' ';
    }
  }
  out[len] = 0;
  return len;
}

/* ---- making a table ---- */

typedef struct maker {
  const th_snapshot *snapshot;
  th_buf pool;
  /* Names so far: key and spelling in the pool, found again by hash. */
  uint32_t *key, *spelling, *count, *most, *last;
  uint32_t n, cap;
  uint32_t *slot; /* name + 1; 0 = free */
  uint32_t mask;
} maker;

static void maker_dispose(maker *m) {
  th_buf_dispose(&m->pool);
  free(m->key);
  free(m->spelling);
  free(m->count);
  free(m->most);
  free(m->last);
  free(m->slot);
}

static bool grow_array(uint32_t **array, uint32_t n) {
  uint32_t *grown = realloc(*array, (size_t)n * sizeof *grown);
  if (grown) *array = grown;
  return grown != NULL;
}

static bool grow_names(maker *m) {
  uint32_t cap = m->cap ? m->cap * 2 : 1024;
  if (!grow_array(&m->key, cap) || !grow_array(&m->spelling, cap) || !grow_array(&m->count, cap) ||
      !grow_array(&m->most, cap) || !grow_array(&m->last, cap))
    return false;
  m->cap = cap;
  return true;
}

static bool rehash(maker *m) {
  uint32_t slots = (m->mask + 1) * 2;
  uint32_t *grown = calloc(slots, sizeof *grown);
  if (!grown) return false;
  for (uint32_t i = 0; i < m->n; i++) {
    const char *key = m->pool.p + m->key[i];
    uint32_t at = th_name_hash(key, strlen(key)) & (slots - 1);
    while (grown[at])
      at = (at + 1) & (slots - 1);
    grown[at] = i + 1;
  }
  free(m->slot);
  m->slot = grown;
  m->mask = slots - 1;
  return true;
}

static bool add_text(maker *m, th_span text, uint32_t *at) {
  if (m->pool.n > UINT32_MAX - text.n - 1) return false;
  *at = (uint32_t)m->pool.n;
  th_buf_span(&m->pool, text);
  th_buf_char(&m->pool, 0);
  return m->pool.error == 0;
}

/* The name with this key; UINT32_MAX when memory is exhausted. */
static uint32_t name_of(maker *m, th_span key, th_span spelling) {
  if (m->n == m->cap && !grow_names(m)) return UINT32_MAX;
  if ((m->n + 1) * (uint64_t)2 > m->mask && !rehash(m)) return UINT32_MAX;
  uint32_t at = th_name_hash(key.p, key.n) & m->mask;
  for (; m->slot[at]; at = (at + 1) & m->mask)
    if (strcmp(m->pool.p + m->key[m->slot[at] - 1], key.p) == 0) return m->slot[at] - 1;
  uint32_t i = m->n;
  if (!add_text(m, key, &m->key[i])) return UINT32_MAX;
  m->spelling[i] = m->key[i];
  if (!th_span_eq(key, spelling) && !add_text(m, spelling, &m->spelling[i])) return UINT32_MAX;
  m->count[i] = m->most[i] = m->last[i] = 0;
  m->slot[at] = ++m->n;
  return i;
}

/* The rows of a column. */
typedef struct rows {
  const th_column *c;
  uint32_t *name;  /* of each word of the dictionary; UINT32_MAX = none */
  uint32_t *count; /* values that spell it so */
} rows;

static bool rows_begin(maker *m, rows *r, const th_segment *s, uint16_t field) {
  char key[TH_KEY_MAX];
  *r = (rows){.c = field == TH_F_NONE ? NULL : th_segment_column(s, field)};
  if (r->c && r->c->kind != TH_COL_KEYWORD) r->c = NULL;
  if (!r->c) return true;
  r->name = calloc((size_t)r->c->n_dict + 1, sizeof *r->name);
  r->count = calloc((size_t)r->c->n_dict + 1, sizeof *r->count);
  if (!r->name || !r->count) return false;
  for (uint32_t o = 0; o < r->c->n_dict; o++) {
    th_span word = th_span_trim(th_column_word(r->c, o));
    size_t n = th_name_key(word, key);
    if (n && key[n - 1] == ' ') key[--n] = 0;
    r->name[o] = n ? name_of(m, (th_span){key, n}, word) : UINT32_MAX;
    if (n && r->name[o] == UINT32_MAX) return false;
  }
  return true;
}

static void rows_end(rows *r) {
  free(r->name);
  free(r->count);
}

/* Counts the names of one live document; each once a document. mark: another one a document. */
static void count_row(maker *m, rows *r, uint32_t doc, bool live, uint32_t mark) {
  const th_column *c = r->c;
  if (!c) return;
  uint32_t from = 0, to = 0;
  if (live) th_column_row(c, doc, &from, &to);
  for (uint32_t i = from; i < to && i < c->n_values; i++) {
    uint64_t o = (uint64_t)th_column_value(c, i);
    if (o >= c->n_dict || r->name[o] == UINT32_MAX) continue;
    uint32_t name = r->name[o];
    r->count[o]++;
    if (m->last[name] == mark) continue;
    m->last[name] = mark;
    m->count[name]++;
  }
}

/* A name is shown in the spelling that is the most frequent in any one segment. */
static bool choose_spellings(maker *m, const rows *r) {
  for (uint32_t o = 0; r->c && o < r->c->n_dict; o++) {
    uint32_t name = r->name[o];
    if (name == UINT32_MAX || r->count[o] <= m->most[name]) continue;
    m->most[name] = r->count[o];
    th_span word = th_span_trim(th_column_word(r->c, o));
    const char *now = m->pool.p + m->spelling[name];
    if (strlen(now) == word.n && memcmp(now, word.p, word.n) == 0) continue;
    if (!add_text(m, word, &m->spelling[name])) return false;
  }
  return true;
}

static bool count_segment(maker *m, uint32_t segment, const uint16_t fields[FIELDS_MAX],
                          uint32_t *mark) {
  const th_segment *s = m->snapshot->segments[segment];
  const uint64_t *live = m->snapshot->live ? m->snapshot->live[segment] : NULL;
  rows r[FIELDS_MAX] = {{0}};
  bool good = true;
  for (unsigned f = 0; good && f < FIELDS_MAX; f++)
    good = rows_begin(m, &r[f], s, fields[f]);
  for (uint32_t d = 0, n = th_segment_docs(s); good && d < n; d++) {
    ++*mark;
    bool lives = !live || (live[d / 64] >> (d % 64) & 1);
    for (unsigned f = 0; f < FIELDS_MAX; f++)
      count_row(m, &r[f], d, lives, *mark);
  }
  for (unsigned f = 0; f < FIELDS_MAX; f++) {
    good = good && choose_spellings(m, &r[f]);
    rows_end(&r[f]);
  }
  return good;
}

/* ---- words ---- */

static bool plain_word(th_span w) {
  if (w.n < 3) return false;
  for (size_t i = 0; i < w.n; i++)
    if (w.p[i] >= '0' && w.p[i] <= '9') return false;
  return true;
}

/* The least of the cursors' terms, its documents in all segments and its most frequent form. */
typedef struct term_merge {
  th_term_cursor *cursors;
  bool *open;
  uint32_t n;
} term_merge;

static bool next_term(term_merge *t, char form[TH_TERM_MAX + 1], th_span *out, uint32_t *df) {
  th_span least = {0};
  char stem[TH_TERM_MAX + 1];
  uint32_t most = 0;
  for (uint32_t i = 0; i < t->n; i++) {
    th_span here = {t->cursors[i].text, t->cursors[i].len};
    if (t->open[i] && (!least.p || th_span_cmp(here, least) < 0)) least = here;
  }
  if (!least.p) return false;
  memcpy(stem, least.p, least.n);
  least.p = stem;
  *df = 0;
  *out = (th_span){0};
  for (uint32_t i = 0; i < t->n; i++) {
    th_term_cursor *c = &t->cursors[i];
    if (!t->open[i] || !th_span_eq((th_span){c->text, c->len}, least)) continue;
    *df += c->term.df;
    if (c->term.df > most) {
      most = c->term.df;
      *out = th_term_form(&c->term, least, 0, form);
    }
    t->open[i] = th_term_next(c);
  }
  return true;
}

/* A word that one study of many has is more often a slip than a word. */
static uint32_t least_df(uint32_t n_live) {
  return n_live < 1000 ? 1 : n_live < 10000 ? 2 : 3;
}

static bool count_words(maker *m) {
  const th_snapshot *snapshot = m->snapshot;
  uint32_t n = snapshot->n_segments, least = least_df(snapshot->n_live), df;
  char form[TH_TERM_MAX + 1];
  th_span text;
  term_merge t = {calloc((size_t)n + 1, sizeof *t.cursors), calloc((size_t)n + 1, sizeof *t.open),
                  n};
  bool good = t.cursors && t.open;
  for (uint32_t i = 0; good && i < n; i++)
    t.open[i] = th_term_seek(&t.cursors[i], snapshot->segments[i], (th_span){"", 0}) &&
                th_term_next(&t.cursors[i]);
  while (good && next_term(&t, form, &text, &df)) {
    if (df < least || !plain_word(text)) continue;
    form[text.n] = 0;
    uint32_t name = name_of(m, text, text);
    good = name != UINT32_MAX;
    if (good) m->count[name] += df;
  }
  free(t.cursors);
  free(t.open);
  return good;
}

/* ---- a table from what was counted ---- */

typedef struct entry {
  uint64_t head; /* the first eight bytes */
  uint32_t at, name;
} entry;

static uint64_t head_of(const char *text) {
  uint64_t v = 0;
  for (unsigned i = 0; i < 8; i++) {
    v = v << 8 | (unsigned char)*text;
    if (*text) text++;
  }
  return v;
}

static _Thread_local const char *sort_pool;

static int by_text(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->head != y->head) return x->head < y->head ? -1 : 1;
  int c = strcmp(sort_pool + x->at, sort_pool + y->at);
  return c ? c : (x->name > y->name) - (x->name < y->name);
}

static bool small_word(const char *at) {
  static const char *const small[] = {"of ", "the ", "and ", "in ", "with ", "to ", "for ", "or "};
  for (size_t i = 0; i < TH_COUNT(small); i++)
    if (strncmp(at, small[i], strlen(small[i])) == 0) return true;
  return false;
}

/* The entries of a name: its key, and from each further word on when several studies have it. */
static uint32_t put_entries(const maker *m, uint32_t name, bool words, entry *out) {
  const char *pool = m->pool.p, *key = pool + m->key[name];
  uint32_t n = 0;
  for (const char *at = key; n < WORDS_IN_NAME;) {
    if (at == key || !small_word(at)) out[n++] = (entry){head_of(at), (uint32_t)(at - pool), name};
    at = words && m->count[name] > 1 ? strchr(at, ' ') : NULL;
    if (!at++) break;
  }
  return n;
}

/* Names rarer than this are left out, so that at most `most` stay. */
static uint32_t floor_of(const maker *m, uint32_t most) {
  uint32_t by_count[64] = {0}, left = m->n, floor = 1;
  for (uint32_t i = 0; i < m->n; i++)
    by_count[TH_MIN(m->count[i], 63)]++;
  left -= by_count[0];
  while (floor < 63 && left > most)
    left -= by_count[floor++];
  return floor;
}

static bool fill_names(th_names *out, maker *m, const entry *entries, uint32_t n) {
  out->n = n;
  out->at = calloc((size_t)n + 1, sizeof *out->at);
  out->name = calloc((size_t)n + 1, sizeof *out->name);
  out->count = calloc((size_t)n + 1, sizeof *out->count);
  out->block_max = calloc((size_t)n / TH_NAME_BLOCK + 1, sizeof *out->block_max);
  if (!out->at || !out->name || !out->count || !out->block_max) return false;
  for (uint32_t i = 0; i < n; i++) {
    out->at[i] = entries[i].at;
    out->name[i] = m->spelling[entries[i].name];
    out->count[i] = m->count[entries[i].name];
    uint32_t *max = &out->block_max[i / TH_NAME_BLOCK];
    *max = TH_MAX(*max, out->count[i]);
  }
  out->pool = m->pool.p; /* owned from here on */
  th_buf_init(&m->pool, 0);
  return true;
}

static bool make_names(maker *m, th_names *out, bool words) {
  uint32_t floor = floor_of(m, words ? UINT32_MAX : WORDS_MAX), kept = 0, n = 0;
  uint64_t cap = 0;
  for (uint32_t i = 0; i < m->n; i++) {
    if (m->count[i] < floor) continue;
    kept++;
    cap += words && m->count[i] > 1 ? WORDS_IN_NAME : 1;
  }
  if (kept == 0) return true;
  entry *entries = cap < UINT32_MAX ? malloc(cap * sizeof *entries) : NULL;
  if (!entries) return false;
  for (uint32_t i = 0; i < m->n; i++)
    if (m->count[i] >= floor) n += put_entries(m, i, words, entries + n);
  sort_pool = m->pool.p;
  qsort(entries, n, sizeof *entries, by_text);
  bool good = fill_names(out, m, entries, n);
  free(entries);
  return good;
}

static bool make_kind(const th_snapshot *snapshot, unsigned kind, th_names *out) {
  maker m = {.snapshot = snapshot, .mask = 2047};
  uint32_t mark = 0;
  m.slot = calloc((size_t)m.mask + 1, sizeof *m.slot);
  th_buf_init(&m.pool, 0);
  bool good = m.slot != NULL;
  for (uint32_t s = 0; good && kind != TH_NAME_WORD && s < snapshot->n_segments; s++)
    good = count_segment(&m, s, kind_fields[kind], &mark);
  if (kind == TH_NAME_WORD) good = good && count_words(&m);
  good = good && make_names(&m, out, kind != TH_NAME_WORD);
  maker_dispose(&m);
  return good;
}

static void lexicon_free(th_lexicon *l) {
  for (unsigned k = 0; l && k < TH_NAME_KINDS; k++) {
    free(l->of[k].pool);
    free(l->of[k].at);
    free(l->of[k].name);
    free(l->of[k].count);
    free(l->of[k].block_max);
  }
  free(l);
}

static int lexicon_make(th_index *index, th_lexicon **out, th_err *err) {
  const th_snapshot *snapshot = th_index_acquire(index);
  th_lexicon *l = calloc(1, sizeof *l);
  bool good = l != NULL;
  for (unsigned k = 0; good && k < TH_NAME_KINDS; k++)
    good = make_kind(snapshot, k, &l->of[k]);
  int rc = good ? th_snapshot_state(snapshot, err)
                : th_err_set(err, TH_ENOMEM, "no memory for the table of names");
  if (!rc) {
    l->applied_seq = snapshot->applied_seq;
    l->n_live = snapshot->n_live;
  } else {
    lexicon_free(l);
    l = NULL;
  }
  th_index_release(index, snapshot);
  *out = l;
  return rc;
}

/* ---- keeping it ---- */

th_suggester *th_suggester_new(th_index *index) {
  th_suggester *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->index = index;
  pthread_mutex_init(&s->lock, NULL);
  pthread_cond_init(&s->made, NULL);
  return s;
}

void th_suggester_free(th_suggester *s) {
  if (!s) return;
  if (s->has_thread) pthread_join(s->thread, NULL);
  lexicon_free(s->current);
  pthread_mutex_destroy(&s->lock);
  pthread_cond_destroy(&s->made);
  free(s);
}

th_index *th_suggester_index(th_suggester *s) {
  return s->index;
}

/* Under the lock. */
static void drop_user(th_lexicon *l) {
  if (l && --l->users == 0) lexicon_free(l);
}

/* Makes new tables and puts them in place; making is set, the lock is not held. */
static int remake(th_suggester *s, th_err *err) {
  th_lexicon *made = NULL;
  int rc = lexicon_make(s->index, &made, err);
  pthread_mutex_lock(&s->lock);
  if (made) {
    made->users = 1;
    drop_user(s->current);
    s->current = made;
  }
  s->making = false;
  pthread_cond_broadcast(&s->made);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

static void *remake_thread(void *ctx) {
  th_err ignored = {0}; /* the tables at hand stay; the next who asks tries again */
  (void)!remake(ctx, &ignored);
  return NULL;
}

static bool is_current(const th_suggester *s, const th_snapshot *now) {
  return s->current && s->current->applied_seq == now->applied_seq &&
         s->current->n_live == now->n_live;
}

/* Under the lock: a thread that makes new tables, unless one does. */
static void start_remake(th_suggester *s) {
  if (s->making) return;
  if (s->has_thread) pthread_join(s->thread, NULL); /* it has ended */
  s->making = true;
  s->has_thread = pthread_create(&s->thread, NULL, remake_thread, s) == 0;
  if (!s->has_thread) s->making = false;
}

/* Leaves the lock held. wait: tables of the state now, else those at hand do. */
static int bring_up(th_suggester *s, bool wait, th_err *err) {
  const th_snapshot *now = th_index_acquire(s->index);
  int rc = TH_OK;
  pthread_mutex_lock(&s->lock);
  while (s->making && (wait || !s->current))
    pthread_cond_wait(&s->made, &s->lock);
  if (!is_current(s, now)) {
    if (s->current && !wait) {
      start_remake(s);
    } else {
      s->making = true;
      pthread_mutex_unlock(&s->lock);
      rc = remake(s, err);
      pthread_mutex_lock(&s->lock);
    }
  }
  th_index_release(s->index, now);
  return rc;
}

int th_suggester_update(th_suggester *s, th_err *err) {
  int rc = bring_up(s, true, err);
  pthread_mutex_unlock(&s->lock);
  return rc;
}

bool th_suggester_ready(th_suggester *s) {
  pthread_mutex_lock(&s->lock);
  bool ready = s->current != NULL;
  pthread_mutex_unlock(&s->lock);
  return ready;
}

int th_lexicon_acquire(th_suggester *s, th_lexicon **out, th_err *err) {
  int rc = bring_up(s, false, err);
  *out = rc ? NULL : s->current;
  if (*out) (*out)->users++;
  pthread_mutex_unlock(&s->lock);
  return rc;
}

void th_lexicon_release(th_suggester *s, th_lexicon *lexicon) {
  pthread_mutex_lock(&s->lock);
  drop_user(lexicon);
  pthread_mutex_unlock(&s->lock);
}

/* ---- looking up ---- */

/* The first entry that is not below the key; past: nor begins with it. */
static uint32_t bound(const th_names *names, th_span key, bool past) {
  uint32_t low = 0, high = names->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int c = strncmp(names->pool + names->at[mid], key.p, key.n);
    if (c < 0 || (past && c == 0))
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

void th_names_range(const th_names *names, th_span key, uint32_t *from, uint32_t *to) {
  *from = bound(names, key, false);
  *to = bound(names, key, true);
}

/* The best entries so far, most frequent first. */
typedef struct best {
  uint32_t entry[TH_COMPLETIONS_MAX], n, most;
} best;

static void offer(best *b, const th_names *names, uint32_t i) {
  uint32_t at = b->n;
  for (uint32_t k = 0; k < b->n; k++)
    if (names->name[b->entry[k]] == names->name[i]) return; /* by another of its words */
  while (at > 0 && names->count[b->entry[at - 1]] < names->count[i])
    at--;
  if (at == b->most) return;
  if (b->n < b->most) b->n++;
  memmove(b->entry + at + 1, b->entry + at, (b->n - at - 1) * sizeof b->entry[0]);
  b->entry[at] = i;
}

static void collect(best *b, const th_names *names, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to;) {
    uint32_t end = TH_MIN(to, (i / TH_NAME_BLOCK + 1) * TH_NAME_BLOCK);
    uint32_t least = b->n < b->most ? 0 : names->count[b->entry[b->n - 1]];
    if (names->block_max[i / TH_NAME_BLOCK] > least)
      for (; i < end; i++)
        if (names->count[i] > least) offer(b, names, i);
    i = end;
  }
}

static bool copy_out(const th_names *names, const best *b, th_name_kind kind, th_arena *arena,
                     th_completion *to) {
  for (uint32_t k = 0; k < b->n; k++) {
    th_span text = th_span_of(names->pool + names->name[b->entry[k]]);
    to[k] = (th_completion){th_arena_dup(arena, text), names->count[b->entry[k]], kind};
    if (!to[k].text.p) return false;
  }
  return true;
}

int th_complete(th_suggester *s, th_span text, uint32_t kinds, unsigned n, th_arena *arena,
                th_completions *out, th_err *err) {
  char key[TH_KEY_MAX];
  th_lexicon *l;
  *out = (th_completions){0};
  n = TH_MIN(n, (unsigned)TH_COMPLETIONS_MAX);
  th_completion *items = th_arena_calloc(arena, (size_t)n * TH_NAME_KINDS + 1, sizeof *items);
  if (!items) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_lexicon_acquire(s, &l, err);
  if (rc) return rc;
  th_span wanted = {key, th_name_key(text, key)};
  for (unsigned k = 0; !rc && n && k < TH_NAME_KINDS; k++) {
    const th_names *names = &l->of[k];
    best b = {.most = n};
    uint32_t from, to;
    if (!(kinds >> k & 1) || !names->n) continue;
    th_names_range(names, wanted, &from, &to);
    collect(&b, names, from, to);
    if (!copy_out(names, &b, (th_name_kind)k, arena, items + out->n))
      rc = th_err_set(err, TH_ENOMEM, "out of memory");
    out->n += b.n;
  }
  out->items = items;
  th_lexicon_release(s, l);
  return rc;
}
