/* Documents in memory. A document is staged first: its postings (stage.c), the rows of its columns,
 * its sites. Then room is made for all of it, and only then is it committed, which cannot fail. The
 * way to the file is in flush.c. */
#include "index/builder.h"

#include "index/builder_private.h"
#include "index/format.h"
#include "index/order.h"
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
  th_lexicon_init(&b->forms);
  th_intern_init(&b->stems);
  th_lexicon_init(&b->classes);
  th_intern_init(&b->words);
  th_log_init(&b->log);
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
  th_lexicon_dispose(&b->forms);
  th_intern_dispose(&b->stems);
  th_lexicon_dispose(&b->classes);
  th_intern_dispose(&b->words);
  th_log_dispose(&b->log);
  th_build_stage_dispose(&b->stage);
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++)
    th_buf_dispose(&b->columns[f].rows);
  th_buf_dispose(&b->lengths);
  th_buf_dispose(&b->sites);
  free(b->terms);
  free(b->docs);
  free(b);
}

void th_builder_clear(th_builder *b) {
  th_lexicon_clear(&b->forms);
  th_intern_clear(&b->stems);
  th_lexicon_clear(&b->classes);
  th_intern_clear(&b->words);
  th_log_clear(&b->log);
  memset(b->direct, 0, sizeof b->direct);
  b->n_postings = 0;
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++) {
    th_buf_clear(&b->columns[f].rows);
    b->columns[f].before = 0;
  }
  th_buf_clear(&b->lengths);
  th_buf_clear(&b->sites);
  b->n_docs = 0;
}

uint32_t th_builder_docs(const th_builder *b) {
  return b->n_docs;
}

void th_builder_set_seq(th_builder *b, uint32_t doc, uint64_t seq) {
  if (doc < b->n_docs) b->docs[doc].seq = seq;
}

/* With what flush needs beyond the log while it deals the postings out. */
size_t th_builder_memory(const th_builder *b) {
  size_t n = sizeof *b + th_lexicon_memory(&b->forms) + th_intern_memory(&b->stems) +
             th_lexicon_memory(&b->classes) + th_intern_memory(&b->words);
  n += th_log_memory(&b->log) + b->n_postings * 2 * sizeof(uint32_t);
  n += b->cap_terms * sizeof *b->terms;
  n += b->cap_docs * sizeof *b->docs;
  for (unsigned f = 0; f < TH_COLUMN_COUNT; f++)
    n += b->columns[f].rows.n;
  return n + b->lengths.n + b->sites.n;
}

bool th_build_grow(void **items, size_t *cap, size_t n, size_t size) {
  if (n <= *cap) return true;
  size_t more = TH_MAX(n, *cap * 2 + 64);
  void *p = more > SIZE_MAX / size ? NULL : realloc(*items, more * size);
  if (!p) return false;
  *items = p;
  *cap = more;
  return true;
}

/* ---- columns and sites ---- */

/* The values as numbers, ascending, none twice; *n: how many they are then. They stand in the stage
 * until the next call. NULL when memory is exhausted. */
static int64_t *order_values(th_build_stage *s, const th_feed_value *v, size_t *n) {
  if (!TH_BUILD_GROW(s, numbers, 2 * *n)) return NULL;
  for (size_t i = 0; i < *n; i++)
    s->numbers[i] = v[i].value;
  th_order_numbers(s->numbers, *n, s->numbers + *n);
  size_t distinct = 1;
  for (size_t i = 1; i < *n; i++)
    if (s->numbers[i] != s->numbers[distinct - 1]) s->numbers[distinct++] = s->numbers[i];
  *n = distinct;
  return s->numbers;
}

static uint64_t zigzag(int64_t v) {
  return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static uint8_t *put_mask(uint8_t *at, const th_feed_value *v, size_t n) {
  uint64_t mask = 0;
  for (size_t i = 0; i < n; i++)
    mask |= UINT64_C(1) << v[i].value;
  return th_varint_put(at, mask);
}

static inline uint8_t *put_difference(uint8_t *at, int64_t value, int64_t before) {
  return th_varint_put(at, zigzag((int64_t)((uint64_t)value - (uint64_t)before)));
}

/* Breaks tell of value by value; other values ascend, none twice. NULL when memory is exhausted. */
static uint8_t *put_values(th_builder *b, uint8_t *at, const th_feed_value *v, size_t n) {
  int64_t before = 0;
  if (v->field >= TH_COLUMN_BREAKS) {
    at = th_varint_put(at, n);
    for (size_t i = 0; i < n; before = v[i++].value)
      at = put_difference(at, v[i].value, before);
    return at;
  }
  const int64_t *numbers = order_values(&b->stage, v, &n);
  if (!numbers) return NULL;
  at = th_varint_put(at, n);
  for (size_t i = 0; i < n; before = numbers[i++])
    at = put_difference(at, numbers[i], before);
  return at;
}

/* One row: document delta, then a mask, or the number of values and their differences. */
static bool stage_row(th_builder *b, const th_feed_value *v, size_t n) {
  th_build_column *c = &b->columns[v->field];
  uint8_t *room = (uint8_t *)th_buf_room(&c->rows, 20 + 10 * n), *at = room;
  if (!room) {
    c->rows.error = 0;
    return false;
  }
  at = th_varint_put(at, b->n_docs + 1 - c->before);
  at = v->kind == TH_COL_MASK ? put_mask(at, v, n) : put_values(b, at, v, n);
  if (!at) return false;
  c->undo = c->rows.n;
  c->staged = true;
  th_buf_added(&c->rows, (size_t)(at - room));
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
  int rc = th_build_stage_texts(b, err);
  if (rc) return rc;
  if (b->feed.error || !TH_BUILD_GROW(b, docs, (size_t)b->n_docs + 1) || !stage_rows(b) ||
      !stage_sites(b) || b->lengths.error)
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
  b->docs[b->n_docs] = (th_build_doc){.seq = TH_BUILD_NO_SEQ,
                                      .nct = nct,
                                      .lengths_end = (uint32_t)b->lengths.n,
                                      .sites_end = (uint32_t)(b->sites.n / sizeof(th_build_site))};
  th_build_commit_texts(b, &b->docs[b->n_docs]);
  *doc = b->n_docs++;
  return 0;
}
