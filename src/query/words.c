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
} unit;
#define NO_WORD UINT32_MAX

typedef struct words {
  th_arena *arena;
  unsigned scope;
  th_span *stems;
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
  th_span stem = th_stem(stemmer, text);
  if (!stem.p || !grow(w->arena, &w->stems, w->n_stems, &w->cap_stems, sizeof *w->stems))
    return false;
  stem = th_arena_dup(w->arena, stem);
  if (!stem.p) return false;
  w->stems[w->n_stems++] = stem;
  return true;
}

static bool add_unit(words *w, uint32_t first, uint32_t n, uint32_t joined) {
  if (!grow(w->arena, &w->units, w->n_units, &w->cap_units, sizeof *w->units)) return false;
  w->units[w->n_units++] = (unit){first, n, joined};
  return true;
}

/* Stems and units of the text; *too_many when it holds more than `most` words. */
static bool analyse(words *w, th_span text, uint32_t most, bool *too_many) {
  th_thread *thread = th_thread_get();
  th_tokens tokens;
  th_token t;
  uint32_t parts_from = 0, parts = 0;
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
      if (parts++ == 0) parts_from = at;
    } else if (t.flags & TH_TOKEN_JOINED) {
      if (!add_unit(w, parts_from, parts, at)) return false;
      parts = 0;
    } else if (!add_unit(w, at, 1, NO_WORD)) {
      return false;
    }
  }
  return true;
}

static const th_query *term_node(words *w, uint32_t word, uint32_t at) {
  th_query *node = th_node_new(w->arena, TH_N_TERM);
  if (!node) return NULL;
  node->scope = (uint16_t)w->scope;
  node->term.stem = w->stems[word];
  node->term.at = at;
  return node;
}

/* The units from..to as one phrase; bit i of choice: the i-th compound in its joined form. */
static const th_query *phrase_node(words *w, uint32_t from, uint32_t to, unsigned choice) {
  uint32_t n = 0, compound = 0;
  const th_query **terms = th_arena_calloc(w->arena, w->n_stems, sizeof *terms);
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
  if (n == 1) return terms[0];
  th_query *node = th_node_new(w->arena, TH_N_PHRASE);
  if (!node) return NULL;
  node->scope = (uint16_t)w->scope;
  node->parts = terms;
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

static const th_query *all_units_node(words *w) {
  const th_query **parts = th_arena_calloc(w->arena, w->n_units, sizeof *parts);
  if (!parts) return NULL;
  for (uint32_t i = 0; i < w->n_units; i++)
    if (!(parts[i] = spellings_node(w, i, i + 1))) return NULL;
  return th_node_join(w->arena, TH_N_AND, parts, w->n_units);
}

int th_words_node(const th_query **out, th_arena *arena, th_span text, bool quoted, unsigned scope,
                  uint32_t *n_terms, th_err *err) {
  words w = {.arena = arena, .scope = scope};
  bool too_many = false;
  uint32_t most = *n_terms < TH_QUERY_MAX_WORDS ? TH_QUERY_MAX_WORDS - *n_terms : 0;
  *out = NULL;
  if (!analyse(&w, text, most, &too_many)) return th_err_set(err, TH_ENOMEM, "out of memory");
  if (too_many)
    return th_err_set(err, TH_EUSAGE, "more than %d words, phrases and ranges", TH_QUERY_MAX_WORDS);
  *n_terms += w.n_stems;
  if (w.n_units == 0)
    *out = th_node_join(arena, TH_N_OR, NULL, 0);
  else if (quoted)
    *out = spellings_node(&w, 0, w.n_units);
  else
    *out = all_units_node(&w);
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
    int rc = th_words_node(&part, arena, piece, quoted, area, &n_terms, err);
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
