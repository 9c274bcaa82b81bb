#include "index/merge.h"
#include "index/classes.h"
#include "index/feed.h"

#include "index/lists.h"
#include "index/segment_private.h"
#include "study/catalogue.h"

#include <stdatomic.h>
#include <stdio.h>

typedef struct source {
  const th_segment *s;
  uint32_t *new_doc;   /* UINT32_MAX: not live */
  uint32_t *new_class; /* first the number in merge.classes, then that of the new segment */
  uint32_t *class_sum; /* occurrences of a class */
  th_term_cursor cursor;
  bool has_term;   /* the cursor stands on a term */
  bool takes_part; /* in the term being merged */
  uint32_t *words; /* of the column being merged: by ordinal, number in merge.words or NONE */
  uint16_t *form_numbers; /* of the term being merged: by form code, number among all forms */
  size_t cap_form_numbers;
} source;

typedef struct merge {
  source *sources;
  size_t n;
  uint32_t n_docs;
  th_encoder *e;
  const _Atomic bool *stop;
  th_intern classes;
  uint64_t *class_counts;
  th_lists lists;
  th_postings postings;
  th_buf form_texts, form_lengths; /* TH_TERM_MAX bytes each; u16 each */
  th_occurrence *occurrences;
  size_t cap_occurrences;
  th_intern words;
  th_rows rows;
  int code; /* of a failure that is not the encoder's or a source's */
} merge;

#define NONE UINT32_MAX

static void *array(size_t n, size_t size) {
  return n < SIZE_MAX / size - 1 ? calloc(n + 1, size) : NULL;
}
static bool no_memory(merge *m) {
  m->code = TH_ENOMEM;
  return false;
}
/* False when the merge cannot go on: stopped, or the output failed. */
static bool goes_on(merge *m) {
  if (m->stop && atomic_load_explicit(m->stop, memory_order_relaxed)) m->code = TH_EBUSY;
  return !m->code && !th_encoder_failed(m->e);
}
static bool grow(void **items, size_t *cap, size_t n, size_t size) {
  if (n <= *cap) return true;
  void *p = realloc(*items, n * 2 * size);
  if (!p) return false;
  *items = p;
  *cap = n * 2;
  return true;
}

/* ---- documents ---- */

static bool number_docs(merge *m, const uint64_t *const *live) {
  uint64_t n = 0;
  for (size_t i = 0; i < m->n; i++) {
    source *src = &m->sources[i];
    uint32_t n_docs = th_segment_docs(src->s);
    const uint64_t *bits = live ? live[i] : NULL;
    src->new_doc = array(n_docs, sizeof *src->new_doc);
    if (!src->new_doc) return no_memory(m);
    for (uint32_t d = 0; d < n_docs; d++)
      src->new_doc[d] = !bits || (bits[d / 64] >> (d % 64) & 1) ? (uint32_t)n++ : NONE;
  }
  if (n == 0) m->code = TH_ENOTFOUND;
  if (n > TH_SEGMENT_MAX_DOCS) m->code = TH_ELIMIT;
  m->n_docs = (uint32_t)n;
  return !m->code;
}

static bool encode_docs(merge *m) {
  uint32_t *nct = array(m->n_docs, sizeof *nct), *start = array(m->n_docs, sizeof *start);
  uint64_t *seq = array(m->n_docs, sizeof *seq);
  th_buf bytes;
  th_buf_init(&bytes, UINT32_MAX);
  bool good = nct && seq && start;
  for (size_t i = 0; good && i < m->n; i++) {
    const source *src = &m->sources[i];
    for (uint32_t d = 0; d < th_segment_docs(src->s); d++) {
      const uint8_t *at = NULL, *end = NULL;
      uint32_t n = src->new_doc[d];
      if (n == NONE) continue;
      nct[n] = th_segment_nct(src->s, d);
      seq[n] = th_segment_seq(src->s, d);
      if (th_segment_length_bytes(src->s, d, &at, &end)) th_buf_put(&bytes, at, (size_t)(end - at));
      start[n + 1] = (uint32_t)bytes.n;
    }
    good = th_segment_state(src->s, NULL) == 0;
  }
  if (bytes.error) m->code = bytes.error;
  if (!nct || !seq || !start) no_memory(m);
  good = good && !m->code;
  if (good) {
    th_encode_docs(m->e, nct, seq);
    th_encode_lengths(m->e, start, (const uint8_t *)bytes.p);
  }
  free(nct);
  free(start);
  free(seq);
  th_buf_dispose(&bytes);
  return good;
}

/* ---- classes ---- */

typedef struct class_reader {
  merge *m;
  source *src;
} class_reader;

static bool read_class(void *ctx, uint32_t c, const uint8_t *at, const uint8_t *end) {
  const class_reader *r = ctx;
  uint32_t field = UINT32_MAX, tf, *sum = &r->src->class_sum[c];
  bool fresh;
  th_span bytes = {(const char *)at, (size_t)(end - at)};
  r->src->new_class[c] = th_intern_put(&r->m->classes, bytes, &fresh);
  if (r->src->new_class[c] == TH_INTERN_FULL) return no_memory(r->m);
  while (th_segment_next_pair(r->src->s, TH_SEC_CLASSES, &at, end, &field, &tf))
    if (__builtin_add_overflow(*sum, tf, sum)) return false;
  return at == end;
}

/* Numbers a source's classes among those of all. */
static bool read_classes(merge *m, source *src) {
  uint32_t n = th_segment_classes(src->s);
  src->new_class = array(n, sizeof *src->new_class);
  src->class_sum = array(n, sizeof *src->class_sum);
  if (!src->new_class || !src->class_sum) return no_memory(m);
  class_reader r = {m, src};
  return th_segment_scan_classes(src->s, read_class, &r);
}

static bool count_classes(merge *m, const source *src) {
  th_term_cursor c;
  bool more = th_term_seek(&c, src->s, (th_span){"", 0});
  for (uint32_t n = 0; more && th_term_next(&c); n++) {
    th_postings_init(&m->postings, &c.term);
    while (th_postings_next_block(&m->postings))
      for (uint32_t i = 0; i < m->postings.n; i++)
        m->class_counts[src->new_class[m->postings.classes[i]]] +=
            src->new_doc[m->postings.docs[i]] != NONE;
    if (n % 256 == 0 && !goes_on(m)) return false;
  }
  return th_segment_state(src->s, NULL) == 0;
}

static bool order_classes(merge *m) {
  uint32_t *number = array(m->classes.n, sizeof *number);
  th_class_use *uses = array(m->classes.n, sizeof *uses);
  for (uint32_t c = 0; uses && c < m->classes.n; c++)
    uses[c] = (th_class_use){th_intern_text(&m->classes, c), m->class_counts[c]};
  if (!number || !uses || !th_classes_encode(m->e, uses, m->classes.n, number)) no_memory(m);
  for (size_t i = 0; !m->code && i < m->n; i++)
    for (uint32_t c = 0; c < th_segment_classes(m->sources[i].s); c++)
      m->sources[i].new_class[c] = number[m->sources[i].new_class[c]];
  free(number);
  free(uses);
  return !m->code;
}

static bool merge_classes(merge *m) {
  for (size_t i = 0; i < m->n; i++)
    if (!read_classes(m, &m->sources[i])) return false;
  m->class_counts = array(m->classes.n, sizeof *m->class_counts);
  if (!m->class_counts) return no_memory(m);
  for (size_t i = 0; i < m->n; i++)
    if (!count_classes(m, &m->sources[i])) return false;
  return order_classes(m);
}

/* ---- terms ---- */

/* The smallest term that any source stands on; those that stand on it take part. */
static bool next_stem(merge *m, th_span *stem) {
  bool found = false;
  for (size_t i = 0; i < m->n; i++) {
    const source *src = &m->sources[i];
    th_span text = {src->cursor.text, src->cursor.len};
    if (src->has_term && (!found || th_span_cmp(text, *stem) < 0)) *stem = text, found = true;
  }
  for (size_t i = 0; found && i < m->n; i++) {
    source *src = &m->sources[i];
    th_span text = {src->cursor.text, src->cursor.len};
    src->takes_part = src->has_term && th_span_eq(text, *stem);
  }
  return found;
}

/* Number of a form among those of all sources. Forms of one stem are few. */
static bool number_form(merge *m, th_span form, uint16_t *out) {
  size_t n = m->form_lengths.n / sizeof(uint16_t);
  const uint16_t *lengths = (const uint16_t *)(const void *)m->form_lengths.p;
  char text[TH_TERM_MAX] = {0};
  uint16_t len = (uint16_t)form.n;
  for (size_t i = 0; i < n; i++) {
    if (lengths[i] != len || memcmp(m->form_texts.p + i * TH_TERM_MAX, form.p, len) != 0) continue;
    *out = (uint16_t)i;
    return true;
  }
  if (n >= TH_FORMS_MAX) m->code = TH_ELIMIT;
  memcpy(text, form.p, form.n);
  th_buf_put(&m->form_texts, text, sizeof text);
  th_buf_put(&m->form_lengths, &len, sizeof len);
  if (m->form_texts.error || m->form_lengths.error) return no_memory(m);
  *out = (uint16_t)n;
  return !m->code;
}

static bool gather_forms(merge *m, th_span stem) {
  char text[TH_TERM_MAX + 1];
  th_buf_clear(&m->form_texts);
  th_buf_clear(&m->form_lengths);
  for (size_t i = 0; i < m->n; i++) {
    source *src = &m->sources[i];
    if (!src->takes_part) continue;
    uint32_t n = src->cursor.term.n_forms;
    if (!grow((void **)&src->form_numbers, &src->cap_form_numbers, n, sizeof(uint16_t)))
      return no_memory(m);
    for (uint32_t f = 0; f < n; f++) {
      th_span form = th_term_form(&src->cursor.term, stem, f, text);
      if (!form.p) return false;
      if (!number_form(m, form, &src->form_numbers[f])) return false;
    }
  }
  return true;
}

static bool gather_posting(merge *m, source *src, uint32_t i) {
  uint32_t doc = src->new_doc[m->postings.docs[i]], class_id = m->postings.classes[i];
  uint32_t n = src->class_sum[class_id];
  if (doc == NONE) return true;
  if (!grow((void **)&m->occurrences, &m->cap_occurrences, n, sizeof *m->occurrences))
    return no_memory(m);
  if (th_postings_positions(src->s, &m->postings, i, NULL, m->occurrences, n) != n) return false;
  bool listed = m->lists.n_forms > 1;
  th_encode_posting posting = {.doc = doc,
                               .class_id = src->new_class[class_id],
                               .n = n,
                               .form = listed ? TH_FORMS_LISTED : 0};
  posting.bits = th_postings_bits(&m->postings, &posting.first_bit, &posting.n_bits);
  uint16_t *forms = th_lists_posting(&m->lists, &posting);
  if (!forms) return no_memory(m);
  for (uint32_t k = 0; listed && k < n; k++)
    forms[k] = src->form_numbers[m->occurrences[k].form];
  return true;
}

static bool gather_postings(merge *m, source *src) {
  th_postings_init(&m->postings, &src->cursor.term);
  while (th_postings_next_block(&m->postings)) {
    for (uint32_t i = 0; i < m->postings.n; i++)
      if (!gather_posting(m, src, i)) return false;
    if (!goes_on(m)) return false;
  }
  return th_segment_state(src->s, NULL) == 0;
}

static bool encode_term(merge *m, th_span stem) {
  uint32_t n_forms = (uint32_t)(m->form_lengths.n / sizeof(uint16_t));
  const uint16_t *lengths = (const uint16_t *)(const void *)m->form_lengths.p;
  th_span few[32], *texts = n_forms <= TH_COUNT(few) ? few : array(n_forms, sizeof *texts);
  if (!texts) return no_memory(m);
  for (uint32_t i = 0; i < n_forms; i++)
    texts[i] = (th_span){m->form_texts.p + (size_t)i * TH_TERM_MAX, lengths[i]};
  bool good = th_lists_encode(&m->lists, m->e, stem, texts);
  if (texts != few) free(texts);
  return good || no_memory(m);
}

static bool merge_term(merge *m, th_span stem) {
  if (!gather_forms(m, stem)) return false;
  th_lists_clear(&m->lists, (uint32_t)(m->form_lengths.n / sizeof(uint16_t)));
  for (size_t i = 0; i < m->n; i++)
    if (m->sources[i].takes_part && !gather_postings(m, &m->sources[i])) return false;
  return encode_term(m, stem);
}

static bool merge_terms(merge *m) {
  char copy[TH_TERM_MAX + 1];
  th_span stem = {0};
  for (size_t i = 0; i < m->n; i++) {
    source *src = &m->sources[i];
    src->has_term =
        th_term_seek(&src->cursor, src->s, (th_span){"", 0}) && th_term_next(&src->cursor);
  }
  while (next_stem(m, &stem)) {
    memcpy(copy, stem.p, stem.n);
    if (!goes_on(m) || !merge_term(m, (th_span){copy, stem.n})) return false;
    for (size_t i = 0; i < m->n; i++)
      if (m->sources[i].takes_part) m->sources[i].has_term = th_term_next(&m->sources[i].cursor);
  }
  for (size_t i = 0; i < m->n; i++)
    if (th_segment_state(m->sources[i].s, NULL)) return false;
  th_encode_terms_end(m->e);
  return true;
}

/* ---- columns ---- */

static bool number_word(merge *m, source *src, const th_column *c, uint32_t ordinal) {
  bool fresh;
  if (src->words[ordinal] != NONE) return true;
  src->words[ordinal] = th_intern_put(&m->words, th_column_word(c, ordinal), &fresh);
  return src->words[ordinal] != TH_INTERN_FULL || no_memory(m);
}

static bool gather_row(merge *m, source *src, const th_column *c, const th_row *row, uint32_t doc) {
  for (uint32_t i = row->first; i < row->end; i++) {
    int64_t value = th_column_value(c, i);
    if (c->kind == TH_COL_KEYWORD) {
      if (!number_word(m, src, c, (uint32_t)value)) return false;
      value = src->words[value];
    }
    th_rows_value(&m->rows, value);
  }
  th_rows_end(&m->rows, doc);
  return true;
}

static bool gather_column(merge *m, source *src, const th_column *c) {
  if (c->kind == TH_COL_MASK) {
    for (uint32_t d = 0; d < c->n_docs; d++) {
      uint64_t mask = th_column_mask(c, d);
      if (mask == 0 || src->new_doc[d] == NONE) continue;
      th_rows_value(&m->rows, (int64_t)mask);
      th_rows_end(&m->rows, src->new_doc[d]);
    }
    return true;
  }
  if (c->kind == TH_COL_KEYWORD) {
    src->words = array(c->n_dict, sizeof *src->words);
    if (!src->words) return no_memory(m);
    for (uint32_t i = 0; i < c->n_dict; i++)
      src->words[i] = NONE;
  }
  for (th_row row = {0}; th_column_next(c, &row);) {
    uint32_t doc = src->new_doc[row.doc];
    if (doc != NONE && !gather_row(m, src, c, &row, doc)) return false;
  }
  return true;
}

/* ---- sites ---- */

typedef struct merged_sites {
  uint32_t *start, *word[4]; /* country, state, city, facility */
  int32_t *lat, *lon;
  uint8_t *status;
  uint32_t n;
} merged_sites;

static const uint16_t site_fields[4] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity,
                                        TH_F_LocationFacility};

static bool allocate_sites(merge *m, merged_sites *out) {
  uint64_t n = 0;
  for (size_t i = 0; i < m->n; i++) {
    const th_sites *s = th_segment_sites(m->sources[i].s);
    if (!s) return false;
    n += s->n;
  }
  if (n >= UINT32_MAX) m->code = TH_ELIMIT;
  if (m->code) return false;
  bool good = (out->start = array(m->n_docs, sizeof *out->start)) &&
              (out->lat = array(n, sizeof *out->lat)) && (out->lon = array(n, sizeof *out->lon)) &&
              (out->status = array(n, 1));
  for (int k = 0; k < 4 && good; k++)
    good = (out->word[k] = array(n, sizeof *out->word[k]));
  return good || no_memory(m);
}

static bool gather_sites(merge *m, merged_sites *out) {
  if (!allocate_sites(m, out)) return false;
  for (size_t i = 0; i < m->n; i++) {
    const th_sites *s = th_segment_sites(m->sources[i].s);
    for (uint32_t d = 0; d < th_segment_docs(m->sources[i].s); d++) {
      uint32_t doc = m->sources[i].new_doc[d];
      if (doc == NONE) continue;
      for (uint32_t k = s->start[d]; k < s->start[d + 1]; k++, out->n++) {
        out->lat[out->n] = s->lat[k];
        out->lon[out->n] = s->lon[k];
        out->status[out->n] = s->status[k];
        out->word[0][out->n] = s->country[k];
        out->word[1][out->n] = s->state[k];
        out->word[2][out->n] = s->city[k];
        out->word[3][out->n] = s->facility[k];
      }
      out->start[doc + 1] = out->n;
    }
  }
  return true;
}

/* Ordinals of the sources' dictionaries become those of the new column. */
static bool renumber_sites(merge *m, uint16_t field, const uint32_t *ordinals,
                           merged_sites *sites) {
  uint32_t at = 0, k = 0;
  while (k < 4 && site_fields[k] != field)
    k++;
  if (k == 4) return true;
  for (size_t i = 0; i < m->n; i++) {
    const source *src = &m->sources[i];
    const th_sites *s = th_segment_sites(src->s);
    const th_column *c = th_segment_column(src->s, field);
    for (uint32_t d = 0; d < th_segment_docs(src->s); d++) {
      if (src->new_doc[d] == NONE) continue;
      for (uint32_t n = s->start[d + 1] - s->start[d]; n > 0; n--, at++) {
        uint32_t *word = &sites->word[k][at];
        if (*word == 0) continue;
        if (!c || *word > c->n_dict || src->words[*word - 1] == NONE) {
          th_segment_damaged(src->s, TH_DAMAGE_VALUE, TH_SEC_SITES, 0);
          return false;
        }
        *word = ordinals[src->words[*word - 1]];
      }
    }
  }
  return true;
}

static bool merge_column(merge *m, uint16_t field, merged_sites *sites) {
  uint8_t kind = 0;
  uint32_t *ordinals = NULL;
  bool good = true;
  th_rows_clear(&m->rows);
  th_intern_clear(&m->words);
  for (size_t i = 0; i < m->n && good; i++) {
    const th_column *c = th_segment_column(m->sources[i].s, field);
    if (!c) continue;
    good = (!kind || kind == c->kind) && gather_column(m, &m->sources[i], c);
    kind = c->kind;
  }
  if (good && kind) {
    ordinals = array(m->words.n, sizeof *ordinals);
    good = (ordinals && th_rows_encode(&m->rows, m->e, field, kind, &m->words, ordinals)) ||
           no_memory(m);
    if (good && kind == TH_COL_KEYWORD) good = renumber_sites(m, field, ordinals, sites);
  }
  free(ordinals);
  for (size_t i = 0; i < m->n; i++) {
    free(m->sources[i].words);
    m->sources[i].words = NULL;
  }
  return good;
}

static bool merge_columns(merge *m) {
  merged_sites sites = {0};
  bool good = gather_sites(m, &sites);
  for (uint16_t field = 0; good && field < TH_COLUMN_COUNT; field++)
    good = goes_on(m) && merge_column(m, field, &sites);
  for (size_t i = 0; i < m->n && good; i++)
    good = th_segment_state(m->sources[i].s, NULL) == 0;
  if (good) {
    const th_sites out = {.n = sites.n,
                          .start = sites.start,
                          .lat = sites.lat,
                          .lon = sites.lon,
                          .country = sites.word[0],
                          .state = sites.word[1],
                          .city = sites.word[2],
                          .facility = sites.word[3],
                          .status = sites.status};
    th_encode_sites(m->e, &out);
  }
  free(sites.start);
  free(sites.lat);
  free(sites.lon);
  free(sites.status);
  for (int k = 0; k < 4; k++)
    free(sites.word[k]);
  return good;
}

/* ---- the whole ---- */

static void merge_dispose(merge *m) {
  for (size_t i = 0; i < m->n && m->sources; i++) {
    free(m->sources[i].new_doc);
    free(m->sources[i].new_class);
    free(m->sources[i].class_sum);
    free(m->sources[i].form_numbers);
  }
  free(m->sources);
  free(m->class_counts);
  free(m->occurrences);
  th_intern_dispose(&m->classes);
  th_intern_dispose(&m->words);
  th_lists_dispose(&m->lists);
  th_rows_dispose(&m->rows);
  th_buf_dispose(&m->form_texts);
  th_buf_dispose(&m->form_lengths);
}

/* Why the merge did not come to its end: a damaged source, or what is in code. */
static int explain(const merge *m, const char *path, th_err *err) {
  static const char *const words[] = {[-TH_ENOMEM] = "out of memory",
                                      [-TH_ELIMIT] = "too much for one segment",
                                      [-TH_ENOTFOUND] = "no document is live",
                                      [-TH_EBUSY] = "stopped"};
  for (size_t i = 0; i < m->n && !m->code; i++) {
    int rc = th_segment_state(m->sources[i].s, err);
    if (rc) return rc;
  }
  if (!m->code) return th_err_set(err, TH_ECORRUPT, "merging to %s: a source is damaged", path);
  size_t word = (size_t)-m->code;
  return th_err_set(err, m->code, "merging to %s: %s", path,
                    word < TH_COUNT(words) && words[word] ? words[word] : th_code_text(m->code));
}

int th_segment_merge(const th_segment *const *segments, const uint64_t *const *live, size_t n,
                     const char *path, const _Atomic bool *stop, th_err *err) {
  merge m = {.n = n, .stop = stop, .sources = calloc(n + 1, sizeof *m.sources)};
  bool good = false;
  int rc = 0;
  th_intern_init(&m.classes);
  th_intern_init(&m.words);
  th_lists_init(&m.lists);
  th_rows_init(&m.rows);
  if (!m.sources) {
    rc = th_err_set(err, TH_ENOMEM, "out of memory merging to %s", path);
    goto done;
  }
  for (size_t i = 0; i < n; i++)
    m.sources[i].s = segments[i];
  if (!number_docs(&m, live)) {
    rc = explain(&m, path, err);
    goto done;
  }
  m.e = th_encoder_new(path, m.n_docs, err);
  if (!m.e) {
    rc = err && err->code ? err->code : TH_EIO;
    goto done;
  }
  good = encode_docs(&m) && merge_classes(&m) && merge_terms(&m) && merge_columns(&m);
  if (!good && !th_encoder_failed(m.e)) rc = explain(&m, path, err);
  int written = th_encoder_finish(m.e, good, err);
  if (!rc) rc = written;
done:
  merge_dispose(&m);
  return rc;
}
