/* Words of an expression as the index has them: tokenised, folded and stemmed by the same code.
 *
 * A text becomes units: a word, or a compound ("GM-CSF") whose parts and joined form ("gmcsf") the
 * tokenizer gives. A compound is either its parts next to each other or the joined form, whichever
 * a study uses. In a phrase that makes one phrase for each way to write its compounds. */
#include "query/thread.h"
#include "query/tree.h"
#include "text/token.h"

enum {
  PHRASE_CHOICES = 3, /* compounds of a phrase that are tried both ways: 2^3 phrases at most */
};

typedef struct unit {
  uint32_t first, n; /* words of its parts */
  uint32_t joined;   /* word of the joined form, or NO_WORD */
  uint32_t from, to; /* bytes of the text */
} unit;
#define NO_WORD UINT32_MAX

typedef struct word {
  th_span stem, form;
} word;

typedef struct words {
  th_arena *arena;
  const th_words_request *how;
  th_span text;
  word *stems;
  uint32_t n_stems, cap_stems;
  unit *units;
  uint32_t n_units, cap_units;
} words;

static bool grow(th_arena *arena, void *array, uint32_t n, uint32_t *cap, size_t size) {
  void *old, *grown;
  if (n < *cap) return true;
  uint32_t wanted = *cap ? *cap * 2 : 8;
  memcpy(&old, array, sizeof old);
  grown = th_arena_calloc(arena, wanted, size);
  if (!grown) return false;
  if (n) memcpy(grown, old, n * size);
  memcpy(array, &grown, sizeof grown);
  *cap = wanted;
  return true;
}

static bool add_stem(words *w, th_stemmer *stemmer, th_span text) {
  th_span form = th_arena_dup(w->arena, text), stem = th_stem(stemmer, text);
  if (!stem.p || !form.p || !grow(w->arena, &w->stems, w->n_stems, &w->cap_stems, sizeof *w->stems))
    return false;
  stem = th_arena_dup(w->arena, stem);
  if (!stem.p) return false;
  w->stems[w->n_stems++] = (word){stem, form};
  return true;
}

static bool add_unit(words *w, const unit *u) {
  if (!grow(w->arena, &w->units, w->n_units, &w->cap_units, sizeof *w->units)) return false;
  w->units[w->n_units++] = *u;
  return true;
}

/* Stems and units of the text; *too_many when it holds more than `most` words. */
static bool analyse(words *w, th_span text, uint32_t most, bool *too_many) {
  th_thread *thread = th_thread_get();
  th_tokens tokens;
  th_token t;
  uint32_t parts_from = 0, parts = 0, from = 0;
  if (!thread) return false;
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &t)) {
    if (w->n_stems >= most) {
      *too_many = true;
      return true;
    }
    if (!add_stem(w, thread->stemmer, t.text)) return false;
    uint32_t at = w->n_stems - 1;
    if (t.flags & TH_TOKEN_PART) {
      if (parts++ == 0) parts_from = at, from = t.from;
    } else if (t.flags & TH_TOKEN_JOINED) {
      if (!add_unit(w, &(unit){parts_from, parts, at, from, t.to})) return false;
      parts = 0;
    } else if (!add_unit(w, &(unit){at, 1, NO_WORD, t.from, t.to})) {
      return false;
    }
  }
  return true;
}

/* The source of the units from..to. */
static th_span source_of(const words *w, uint32_t from, uint32_t to) {
  return (th_span){w->text.p + w->units[from].from, w->units[to - 1].to - w->units[from].from};
}

static th_query *term_node(words *w, uint32_t number, uint32_t at) {
  th_query *node = th_node_new(w->arena, TH_N_TERM);
  if (!node) return NULL;
  node->scope = (uint16_t)w->how->scope;
  node->origin = w->how->origin;
  node->term.stem = w->stems[number].stem;
  node->term.form = w->stems[number].form;
  node->term.at = at;
  node->term.weight = w->how->weight;
  return node;
}

/* The units from..to as one phrase; bit i of choice: the i-th compound in its joined form. */
static const th_query *phrase_node(words *w, uint32_t from, uint32_t to, unsigned choice) {
  uint32_t n = 0, compound = 0;
  th_query **terms = th_arena_calloc(w->arena, w->n_stems, sizeof *terms);
  if (!terms) return NULL;
  for (uint32_t i = from; i < to; i++) {
    const unit *u = &w->units[i];
    bool join = false;
    if (u->joined != NO_WORD) {
      join = compound < PHRASE_CHOICES && (choice >> compound & 1);
      compound++;
    }
    for (uint32_t k = 0; k < (join ? 1 : u->n); k++, n++)
      if (!(terms[n] = term_node(w, join ? u->joined : u->first + k, n))) return NULL;
  }
  if (n == 1 && !w->how->anchor && !w->how->exact) {
    terms[0]->typed = source_of(w, from, to);
    return terms[0];
  }
  th_query *node = th_node_new(w->arena, TH_N_PHRASE);
  if (!node) return NULL;
  node->scope = (uint16_t)w->how->scope;
  node->anchor = w->how->anchor;
  node->exact = w->how->exact;
  node->origin = w->how->origin;
  node->typed = source_of(w, from, to);
  node->parts = (const th_query *const *)terms;
  node->n = n;
  return node;
}

static const th_query *spellings_node(words *w, uint32_t from, uint32_t to) {
  const th_query *ways[1u << PHRASE_CHOICES];
  unsigned compounds = 0;
  for (uint32_t i = from; i < to; i++)
    compounds += w->units[i].joined != NO_WORD;
  unsigned n = 1u << TH_MIN(compounds, PHRASE_CHOICES);
  for (unsigned choice = 0; choice < n; choice++)
    if (!(ways[choice] = phrase_node(w, from, to, choice))) return NULL;
  return th_node_join(w->arena, TH_N_EITHER, ways, n);
}

/* The units apart: as an AND or an OR. */
static const th_query *units_node(words *w, th_node_kind kind) {
  const th_query **parts = th_arena_calloc(w->arena, w->n_units, sizeof *parts);
  if (!parts) return NULL;
  for (uint32_t i = 0; i < w->n_units; i++)
    if (!(parts[i] = spellings_node(w, i, i + 1))) return NULL;
  return th_node_join(w->arena, kind, parts, w->n_units);
}

int th_words_node(const th_query **out, th_arena *arena, th_span text, const th_words_request *how,
                  uint32_t *n_terms, uint32_t most, th_err *err) {
  words w = {.arena = arena, .how = how, .text = th_arena_dup(arena, text)};
  bool too_many = false;
  *out = NULL;
  if (!w.text.p || !analyse(&w, text, *n_terms < most ? most - *n_terms : 0, &too_many))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  if (too_many) return th_err_set(err, TH_EUSAGE, "more than %u words, phrases and ranges", most);
  *n_terms += w.n_stems;
  if (w.n_units == 0)
    *out = th_node_join(arena, TH_N_OR, NULL, 0);
  else if (how->wording == TH_WORDS_PHRASE)
    *out = spellings_node(&w, 0, w.n_units);
  else
    *out = units_node(&w, how->wording == TH_WORDS_ALL ? TH_N_AND : TH_N_OR);
  return *out ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* Text up to the next quote that is closed, or the quoted text itself. */
static th_span typed_piece(th_span rest, bool *quoted, size_t *taken) {
  const char *open = rest.n ? memchr(rest.p, '"', rest.n) : NULL;
  *quoted = false;
  *taken = rest.n;
  if (!open) return rest;
  const char *close = memchr(open + 1, '"', (size_t)(rest.p + rest.n - open - 1));
  if (!close) return rest;
  if (open > rest.p) {
    *taken = (size_t)(open - rest.p);
    return (th_span){rest.p, *taken};
  }
  *quoted = true;
  *taken = (size_t)(close + 1 - rest.p);
  return (th_span){open + 1, (size_t)(close - open - 1)};
}

int th_query_typed(th_query **out, th_arena *arena, th_span text, unsigned area, th_err *err) {
  const th_query *both[2], *root = NULL;
  th_words_request how = {.scope = area, .weight = 1};
  uint32_t n_terms = 0, n_pieces = 0;
  *out = NULL;
  if (text.n > TH_QUERY_MAX_BYTES)
    return th_err_set(err, TH_ELIMIT, "longer than %d bytes", TH_QUERY_MAX_BYTES);
  while (text.n) {
    bool quoted;
    size_t taken;
    const th_query *part;
    th_span piece = typed_piece(text, &quoted, &taken);
    text.p += taken;
    text.n -= taken;
    if (th_span_trim(piece).n == 0) continue;
    /* "a" "b" "c" … would join pair by pair, in square time, without an end to the pieces. */
    if (++n_pieces > TH_QUERY_MAX_WORDS)
      return th_err_set(err, TH_EUSAGE, "more than %d phrases", TH_QUERY_MAX_WORDS);
    how.wording = quoted ? TH_WORDS_PHRASE : TH_WORDS_ALL;
    int rc = th_words_node(&part, arena, piece, &how, &n_terms, TH_QUERY_MAX_WORDS, err);
    if (rc) return rc;
    if (part->kind == TH_N_OR && part->n == 0 && root) continue; /* nothing but punctuation */
    both[0] = root;
    both[1] = part;
    root = root && !(root->kind == TH_N_OR && root->n == 0) ? th_node_join(arena, TH_N_AND, both, 2)
                                                            : part;
    if (!root) return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  if (!root && !(root = th_node_new(arena, TH_N_ALL)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  *out = (th_query *)(uintptr_t)root;
  return 0;
}
