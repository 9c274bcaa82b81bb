/* Analysis and inversion in memory. A document is staged first: its texts tokenised, its postings
 * written down one after the other. Then room is made for all of it, and only then is it committed,
 * which cannot fail. The way to the file is in flush.c. */
#include "index/builder.h"

#include "index/builder_private.h"
#include "index/format.h"
#include "index/score.h"
#include "study/catalogue.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Raise it when the tokenizer, the stemmer or the feed change in what they give. */
enum { ANALYSIS = 2 };

static uint64_t hash_text(uint64_t seed, const char *s) {
  return XXH3_64bits_withSeed(s, strlen(s), seed);
}

uint64_t th_index_fingerprint(void) {
  uint64_t h = TH_SEGMENT_VERSION * 1000u + ANALYSIS;
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    const uint16_t kinds[] = {th_fields[f].type, th_fields[f].flags, th_fields[f].depth};
    h = hash_text(h, th_fields[f].piece);
    h = XXH3_64bits_withSeed(kinds, sizeof kinds, h);
  }
  for (unsigned i = 0; i < TH_E_COUNT; i++)
    for (unsigned v = 0; v < th_enums[i].n; v++)
      h = hash_text(hash_text(h, th_enums[i].values[v]), th_enums[i].labels[v]);
  for (unsigned a = 0; a < th_score_areas(); a++) {
    float table[256];
    th_score_length_table(a, table);
    h = XXH3_64bits_withSeed(table, sizeof table, h);
    for (uint16_t f = 0; f < TH_F_COUNT; f++) {
      float weight = th_score_weight(a, f);
      h = XXH3_64bits_withSeed(&weight, sizeof weight, h);
    }
  }
  return h;
}

/* ---- life ---- */

th_builder *th_builder_new(void) {
  th_builder *b = calloc(1, sizeof *b);
  if (!b) return NULL;
  th_feed_init(&b->feed);
  th_intern_init(&b->forms);
  th_intern_init(&b->stems);
  th_intern_init(&b->classes);
  th_intern_init(&b->words);
  th_pool_init(&b->pool);
  b->stemmer = th_stemmer_new();
  if (!b->stemmer) {
    th_builder_free(b);
    return NULL;
  }
  return b;
}

void th_builder_free(th_builder *b) {
  if (!b) return;
  th_feed_dispose(&b->feed);
  th_stemmer_free(b->stemmer);
  th_intern_dispose(&b->forms);
  th_intern_dispose(&b->stems);
  th_intern_dispose(&b->classes);
  th_intern_dispose(&b->words);
  th_pool_dispose(&b->pool);
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++)
    th_buf_dispose(&b->columns[f].rows);
  th_buf_dispose(&b->lengths);
  th_buf_dispose(&b->sites);
  th_buf_dispose(&b->stage);
  free(b->form_infos);
  free(b->terms);
  free(b->class_counts);
  free(b->docs);
  free(b->occurrences);
  free(b->touched);
  free(b->spots);
  free(b->spot_forms);
  free(b->spot_bits);
  free(b);
}

void th_builder_clear(th_builder *b) {
  th_intern_clear(&b->forms);
  th_intern_clear(&b->stems);
  th_intern_clear(&b->classes);
  th_intern_clear(&b->words);
  th_pool_clear(&b->pool);
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++) {
    th_buf_clear(&b->columns[f].rows);
    b->columns[f].before = 0;
  }
  th_buf_clear(&b->lengths);
  th_buf_clear(&b->sites);
  b->n_docs = 0;
  b->stamp = 0;
}

uint32_t th_builder_docs(const th_builder *b) {
  return b->n_docs;
}

void th_builder_set_seq(th_builder *b, uint32_t doc, uint64_t seq) {
  if (doc < b->n_docs) b->docs[doc].seq = seq;
}

size_t th_builder_memory(const th_builder *b) {
  size_t n = sizeof *b + th_intern_memory(&b->forms) + th_intern_memory(&b->stems) +
             th_intern_memory(&b->classes) + th_intern_memory(&b->words);
  n += (size_t)b->pool.chunk * TH_POOL_CHUNK + b->pool.used;
  n += b->cap_form_infos * sizeof *b->form_infos + b->cap_terms * sizeof *b->terms;
  n += b->cap_class_counts * sizeof *b->class_counts + b->cap_docs * sizeof *b->docs;
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++)
    n += b->columns[f].rows.n;
  return n + b->lengths.n + b->sites.n;
}

/* Room for at least n items; false when memory is exhausted. */
static bool grow(void **items, size_t *cap, size_t n, size_t size) {
  if (TH_LIKELY(n <= *cap)) return true;
  size_t more = TH_MAX(n, *cap * 2 + 64);
  void *p = more > SIZE_MAX / size ? NULL : realloc(*items, more * size);
  if (!p) return false;
  *items = p;
  *cap = more;
  return true;
}
#define GROW(b, name, n) grow((void **)&(b)->name, &(b)->cap_##name, (n), sizeof *(b)->name)

/* ---- words ---- */

/* A form seen for the first time gets its stem. Its place must be ready before it is interned. */
static bool add_form(th_builder *b, uint32_t id) {
  bool fresh;
  th_span stem = th_stem(b->stemmer, th_intern_text(&b->forms, id));
  if (!stem.p || !GROW(b, terms, (size_t)b->stems.n + 1)) return false;
  uint32_t term = th_intern_put(&b->stems, stem, &fresh);
  if (term == TH_INTERN_FULL) return false;
  if (fresh) b->terms[term] = (th_build_term){0};
  b->form_infos[id] = (th_build_form){term, b->terms[term].n_forms++};
  return true;
}

/* Words of a value on their way in: their places in the tables are asked for ahead of use, so that
 * the memory's latency is paid for many words at once. */
enum { AHEAD = 16 };
typedef struct ahead {
  th_intern_key key[AHEAD];
  uint32_t position[AHEAD], form[AHEAD];
  uint8_t len[AHEAD];
  char text[AHEAD][TH_TOKEN_MAX + 16];
  unsigned n;
} ahead;

static inline void take_token(th_builder *b, ahead *a, const th_token *token) {
  unsigned i = a->n++;
  a->position[i] = token->position;
  a->len[i] = (uint8_t)token->text.n;
  memcpy(a->text[i], token->text.p, token->text.n);
  a->key[i] = th_intern_key_of(token->text);
  th_intern_prefetch(&b->forms, &a->key[i]);
}

/* Number of the form of a word, with a stem; TH_INTERN_FULL when memory is exhausted. */
static inline uint32_t form_of(th_builder *b, const th_intern_key *key, th_span text) {
  bool fresh;
  if (!GROW(b, form_infos, (size_t)b->forms.n + 1)) return TH_INTERN_FULL;
  uint32_t id = th_intern_put_key(&b->forms, key, text, &fresh);
  if (id == TH_INTERN_FULL) return id;
  if (fresh) b->form_infos[id].term = UINT32_MAX;
  /* One that failed on the way to its stem is tried again. */
  if (TH_UNLIKELY(b->form_infos[id].term == UINT32_MAX) && !add_form(b, id)) return TH_INTERN_FULL;
  return id;
}

/* Appends an occurrence to its term's chain in the document being staged. A term stands but once at
 * a position of a field: a joined form with the stem of its last part is dropped. */
static bool add_occurrence(th_builder *b, const th_build_form *form, uint16_t field,
                           uint32_t position) {
  th_build_term *t = &b->terms[form->term];
  uint32_t i = b->n_occurrences;
  if (t->stamp == b->stamp) {
    const th_build_occurrence *last = &b->occurrences[t->tail];
    if (last->field == field && last->position == position) return true;
  }
  if (!GROW(b, occurrences, (size_t)i + 1)) return false;
  if (t->stamp == b->stamp) {
    b->occurrences[t->tail].next = i;
  } else {
    if (!GROW(b, touched, (size_t)b->n_touched + 1)) return false;
    b->touched[b->n_touched++].term = form->term;
    t->stamp = b->stamp;
    t->head = i;
  }
  t->tail = i;
  b->occurrences[i] = (th_build_occurrence){UINT32_MAX, position, field, (uint16_t)form->code};
  b->n_occurrences++;
  return true;
}

/* The words gathered become occurrences at base and behind. */
static int stage_ahead(th_builder *b, ahead *a, uint16_t field, uint32_t base, th_err *err) {
  for (unsigned i = 0; i < a->n; i++) {
    a->form[i] = form_of(b, &a->key[i], (th_span){a->text[i], a->len[i]});
    if (a->form[i] == TH_INTERN_FULL)
      return th_err_set(err, TH_ENOMEM, "out of memory indexing a record");
    __builtin_prefetch(&b->terms[b->form_infos[a->form[i]].term]);
  }
  for (unsigned i = 0; i < a->n; i++) {
    const th_build_form *form = &b->form_infos[a->form[i]];
    if (!add_occurrence(b, form, field, base + a->position[i]))
      return th_err_set(err, TH_ENOMEM, "out of memory indexing a record");
    if (TH_UNLIKELY(form->code >= TH_FORMS_MAX))
      return th_err_set(err, TH_ELIMIT, "a stem has more than %d forms", TH_FORMS_MAX);
  }
  a->n = 0;
  return 0;
}

/* Words of text i; *length is that of the field so far, with one position free between values. */
static int stage_text(th_builder *b, size_t i, uint32_t *length, th_err *err) {
  uint16_t field = b->feed.texts[i].field;
  th_tokens tokens;
  th_token token;
  ahead a;
  a.n = 0;
  uint32_t base = *length ? *length + 1 : 0;
  int rc = 0;
  th_tokens_init(&tokens, b->feed.texts[i].text);
  while (!rc && th_token_next(&tokens, &token)) {
    take_token(b, &a, &token);
    if (a.n == AHEAD) rc = stage_ahead(b, &a, field, base, err);
  }
  if (!rc) rc = stage_ahead(b, &a, field, base, err);
  if (tokens.position) *length = base + tokens.position;
  th_feed_break(&b->feed, i, tokens.position);
  return rc;
}

static void stage_length(th_builder *b, uint16_t field, uint16_t *before, uint32_t length) {
  if (length == 0) return;
  b->field_lengths[field] = length;
  th_buf_varint(&b->lengths, field - *before);
  th_buf_varint(&b->lengths, length);
  *before = field;
}

static int stage_texts(th_builder *b, th_err *err) {
  const th_feed *f = &b->feed;
  uint16_t before = 0;
  uint32_t length = 0;
  int rc = 0;
  b->stamp++;
  b->n_occurrences = b->n_touched = 0;
  for (size_t i = 0; i < f->n_texts && !rc; i++) {
    rc = stage_text(b, i, &length, err);
    if (i + 1 < f->n_texts && f->texts[i + 1].field == f->texts[i].field) continue;
    stage_length(b, f->texts[i].field, &before, length);
    length = 0;
  }
  return rc;
}

/* ---- postings ---- */

static inline uint8_t *put_varint(uint8_t *at, uint32_t v) {
  while (v >= 0x80) {
    *at++ = (uint8_t)(v | 0x80);
    v >>= 7;
  }
  *at++ = (uint8_t)v;
  return at;
}

/* Class of the chain: its fields and how often it stands in each. n: length of the chain. */
static uint32_t class_of(th_builder *b, uint32_t head, uint32_t *n) {
  uint8_t bytes[TH_F_COUNT * 8], *at = bytes;
  uint32_t before = 0;
  bool fresh;
  *n = 0;
  for (uint32_t i = head; i != UINT32_MAX;) {
    uint16_t field = b->occurrences[i].field;
    uint32_t tf = 0;
    for (; i != UINT32_MAX && b->occurrences[i].field == field; i = b->occurrences[i].next)
      tf++;
    at = put_varint(at, field - before);
    at = put_varint(at, tf);
    before = field;
    *n += tf;
  }
  if (!GROW(b, class_counts, (size_t)b->classes.n + 1)) return TH_INTERN_FULL;
  uint32_t id =
      th_intern_put(&b->classes, (th_span){(const char *)bytes, (size_t)(at - bytes)}, &fresh);
  if (id != TH_INTERN_FULL && fresh) b->class_counts[id] = 0;
  return id;
}

/* The positions of a chain, coded; their forms are left in b->spot_forms. Room was made. */
static void code_positions(th_builder *b, uint32_t head, th_bit_sink *sink, bool *coded) {
  *coded = false;
  b->n_spots = 0;
  for (uint32_t i = head; i != UINT32_MAX;) {
    uint16_t field = b->occurrences[i].field;
    uint32_t first = b->n_spots;
    for (; i != UINT32_MAX && b->occurrences[i].field == field; i = b->occurrences[i].next) {
      b->spots[b->n_spots] = b->occurrences[i].position;
      b->spot_forms[b->n_spots++] = b->occurrences[i].form;
      *coded |= b->occurrences[i].form != 0;
    }
    th_positions_write(sink, b->spots + first, b->n_spots - first, b->field_lengths[field]);
  }
}

/* One posting as flush reads it: document delta, class, twice the number of bits of the positions
 * (odd when form codes other than 0 follow), the bits, the forms. */
static bool stage_posting(th_builder *b, th_build_touched *touched) {
  const th_build_term *t = &b->terms[touched->term];
  uint32_t n;
  bool coded;
  touched->class_id = class_of(b, t->head, &n);
  if (touched->class_id == TH_INTERN_FULL || !GROW(b, spots, n) || !GROW(b, spot_forms, n) ||
      !GROW(b, spot_bits, th_occurrences_room(n)))
    return false;
  th_bit_sink sink = {b->spot_bits, 0, 0};
  code_positions(b, t->head, &sink, &coded);
  uint32_t n_bits = (uint32_t)(sink.p - b->spot_bits) * 8 + sink.n;
  size_t n_bytes = (n_bits + 7) / 8;
  uint8_t *room = (uint8_t *)th_buf_room(&b->stage, n_bytes + (coded ? (size_t)n * 3 : 0) + 15);
  uint8_t *at = room;
  if (!room) return false;
  at = put_varint(at, b->n_docs + 1 - t->next_doc);
  at = put_varint(at, touched->class_id);
  at = put_varint(at, n_bits << 1 | coded);
  memcpy(at, b->spot_bits, n_bytes);
  at += n_bytes;
  for (uint32_t i = 0; coded && i < n; i++)
    at = put_varint(at, b->spot_forms[i]);
  touched->n = (uint32_t)(at - room);
  th_buf_added(&b->stage, touched->n);
  return true;
}

static int stage_postings(th_builder *b, th_err *err) {
  bool good = true;
  th_buf_clear(&b->stage);
  for (uint32_t i = 0; i < b->n_touched && good; i++)
    good = stage_posting(b, &b->touched[i]);
  int rc = good ? th_pool_reserve(&b->pool, b->stage.n, b->n_touched) : TH_ENOMEM;
  if (rc == TH_ELIMIT) return th_err_set(err, rc, "more than 4 GB of postings in one builder");
  return rc ? th_err_set(err, rc, "out of memory indexing a record") : 0;
}

static void commit_postings(th_builder *b) {
  const uint8_t *at = (const uint8_t *)b->stage.p;
  for (uint32_t i = 0; i < b->n_touched; i++) {
    th_build_term *t = &b->terms[b->touched[i].term];
    th_pool_put(&b->pool, &t->stream, at, b->touched[i].n);
    t->next_doc = b->n_docs + 1;
    b->class_counts[b->touched[i].class_id]++;
    at += b->touched[i].n;
  }
}

/* ---- columns and sites ---- */

static int by_value(const void *a, const void *b) {
  const th_feed_value *x = a, *y = b;
  return (x->value > y->value) - (x->value < y->value);
}

static uint64_t zigzag(int64_t v) {
  return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

/* One row: document delta, then a mask, or the number of values and their differences. Values
 * ascend, none twice. */
static bool stage_row(th_builder *b, th_feed_value *v, size_t n) {
  th_build_column *c = &b->columns[v->field];
  if (!th_buf_room(&c->rows, 20 + 10 * n)) {
    c->rows.error = 0;
    return false;
  }
  c->undo = c->rows.n;
  c->staged = true;
  th_buf_varint(&c->rows, b->n_docs + 1 - c->before);
  if (v->kind == TH_COL_MASK) {
    uint64_t mask = 0;
    for (size_t i = 0; i < n; i++)
      mask |= UINT64_C(1) << v[i].value;
    th_buf_varint(&c->rows, mask);
    return true;
  }
  size_t distinct = 1;
  int64_t before = 0;
  if (v->field < TH_COLUMN_BREAKS) {
    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 1; i < n; i++)
      if (v[i].value != v[distinct - 1].value) v[distinct++] = v[i];
  } else {
    distinct = n; /* breaks tell of value by value */
  }
  th_buf_varint(&c->rows, distinct);
  for (size_t i = 0; i < distinct; i++) {
    th_buf_varint(&c->rows, zigzag((int64_t)((uint64_t)v[i].value - (uint64_t)before)));
    before = v[i].value;
  }
  return true;
}

/* Keywords become numbers of the common table of words. */
static bool number_words(th_builder *b) {
  bool fresh;
  for (size_t i = 0; i < b->feed.n_values; i++) {
    th_feed_value *v = &b->feed.values[i];
    if (v->kind != TH_COL_KEYWORD) continue;
    v->value = th_intern_put(&b->words, v->word, &fresh);
    if (v->value == TH_INTERN_FULL) return false;
  }
  return true;
}

static bool stage_rows(th_builder *b) {
  if (!number_words(b)) return false;
  for (size_t i = 0, end; i < b->feed.n_values; i = end) {
    for (end = i + 1; end < b->feed.n_values; end++)
      if (b->feed.values[end].field != b->feed.values[i].field) break;
    if (!stage_row(b, &b->feed.values[i], end - i)) return false;
  }
  return true;
}

/* Word + 1, 0 for none. */
static bool site_word(th_builder *b, th_span word, uint32_t *out) {
  bool fresh;
  *out = 0;
  if (word.n == 0) return true;
  uint32_t id = th_intern_put(&b->words, word, &fresh);
  *out = id + 1;
  return id != TH_INTERN_FULL;
}

static bool stage_sites(th_builder *b) {
  for (size_t i = 0; i < b->feed.n_sites; i++) {
    const th_feed_site *s = &b->feed.sites[i];
    th_build_site site = {.lat = s->lat, .lon = s->lon, .status = s->status};
    if (!site_word(b, s->country, &site.country) || !site_word(b, s->state, &site.state) ||
        !site_word(b, s->city, &site.city) || !site_word(b, s->facility, &site.facility))
      return false;
    th_buf_put(&b->sites, &site, sizeof site);
  }
  return b->sites.error == 0;
}

/* Ends the staging of rows: they stay, or the columns become what they were. */
static void end_rows(th_builder *b, bool keep) {
  for (size_t i = 0; i < b->feed.n_values; i++) {
    th_build_column *c = &b->columns[b->feed.values[i].field];
    if (!c->staged) continue;
    c->staged = false;
    if (keep)
      c->before = b->n_docs + 1;
    else
      th_buf_truncate(&c->rows, c->undo);
  }
}

/* ---- documents ---- */

static int stage(th_builder *b, th_err *err) {
  int rc = stage_texts(b, err);
  if (!rc) rc = stage_postings(b, err);
  if (rc) return rc;
  if (b->feed.error || !GROW(b, docs, (size_t)b->n_docs + 1) || !stage_rows(b) || !stage_sites(b) ||
      b->lengths.error)
    return th_err_set(err, TH_ENOMEM, "out of memory indexing a record");
  if (b->n_docs >= TH_SEGMENT_MAX_DOCS || b->lengths.n > UINT32_MAX)
    return th_err_set(err, TH_ELIMIT, "too many documents in one builder");
  return 0;
}

int th_builder_add(th_builder *b, const th_json *json, uint32_t nct, uint32_t *doc, th_err *err) {
  size_t lengths = b->lengths.n, sites = b->sites.n;
  int rc = th_feed_read(&b->feed, json, err);
  if (rc) return rc;
  rc = stage(b, err);
  end_rows(b, rc == 0);
  if (rc) {
    b->lengths.error = b->sites.error = 0;
    th_buf_truncate(&b->lengths, lengths);
    th_buf_truncate(&b->sites, sites);
    return rc;
  }
  commit_postings(b);
  b->docs[b->n_docs] = (th_build_doc){.seq = TH_BUILD_NO_SEQ,
                                      .nct = nct,
                                      .lengths_end = (uint32_t)b->lengths.n,
                                      .sites_end = (uint32_t)(b->sites.n / sizeof(th_build_site))};
  *doc = b->n_docs++;
  return 0;
}
