/* From the builder's memory to a segment file: documents without a change-log number are left out,
 * terms and words sorted, classes and forms numbered by frequency. */
#include "index/builder_private.h"
#include "index/classes.h"
#include "index/deal.h"
#include "index/lists.h"
#include "study/catalogue.h"

typedef struct flush {
  th_builder *b;
  th_encoder *e;
  uint32_t *new_doc;   /* UINT32_MAX: left out */
  uint32_t *new_class; /* by the builder's class */
  uint32_t n_docs;
  th_class_use *classes; /* by the builder's numbers */
  th_ordered *order;     /* stems bytewise */
  th_deal deal;
  uint32_t *form_ids, *next_forms; /* forms by stem in that order; of each by code */
  uint32_t *form_start;            /* of each stem */
  th_lists lists;
  th_buf form_texts;
} flush;

static void *array(size_t n, size_t size) {
  return n < SIZE_MAX / size - 1 ? calloc(n + 1, size) : NULL;
}

static uint64_t get_varint64(const uint8_t **at) {
  uint64_t v = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint64_t b = *(*at)++;
    v |= (b & 0x7F) << shift;
    if (b < 0x80) return v;
  }
}
static int64_t unzigzag(uint64_t v) {
  return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* ---- documents ---- */

static bool number_docs(flush *f) {
  f->new_doc = array(f->b->n_docs, sizeof *f->new_doc);
  if (!f->new_doc) return false;
  for (uint32_t d = 0; d < f->b->n_docs; d++)
    f->new_doc[d] = f->b->docs[d].seq == TH_BUILD_NO_SEQ ? UINT32_MAX : f->n_docs++;
  return true;
}

static bool encode_docs(flush *f) {
  const th_builder *b = f->b;
  uint32_t *nct = array(f->n_docs, sizeof *nct), *start = array(f->n_docs, sizeof *start);
  uint64_t *seq = array(f->n_docs, sizeof *seq);
  th_buf bytes;
  th_buf_init(&bytes, 0);
  for (uint32_t d = 0, n = 0; nct && start && seq && d < b->n_docs; d++) {
    uint32_t from = d ? b->docs[d - 1].lengths_end : 0;
    if (f->new_doc[d] == UINT32_MAX) continue;
    nct[n] = b->docs[d].nct;
    seq[n] = b->docs[d].seq;
    th_buf_put(&bytes, b->lengths.p + from, b->docs[d].lengths_end - from);
    start[++n] = (uint32_t)bytes.n;
  }
  bool good = nct && start && seq && !bytes.error;
  if (good) {
    th_encode_docs(f->e, nct, seq);
    th_encode_lengths(f->e, start, (const uint8_t *)bytes.p);
  }
  free(nct);
  free(start);
  free(seq);
  th_buf_dispose(&bytes);
  return good;
}

/* ---- classes ---- */

/* Documents that are left out were counted when they came. */
static void discount_postings(flush *f, uint32_t d) {
  th_builder *b = f->b;
  const uint8_t *at = th_log_at(&b->log, b->docs[d].postings);
  for (uint32_t i = 0; i < b->docs[d].n_postings; i++) {
    uint32_t head[2];
    memcpy(head, at, sizeof head);
    const uint8_t *end = th_log_end(at + sizeof head);
    f->classes[head[1] >> 1].count--;
    b->terms[head[0]].df--;
    b->terms[head[0]].bytes -= (uint64_t)(end - at);
    at = end;
  }
}

static bool count_classes(flush *f) {
  const th_builder *b = f->b;
  f->classes = th_large_alloc(((size_t)b->classes.n + 1) * sizeof *f->classes);
  if (!f->classes) return false;
  for (uint32_t c = 0; c < b->classes.n; c++) {
    uint32_t count = b->classes.lexemes[c].value[TH_CLASS_COUNT];
    /* A class may have come with a document that failed. */
    f->classes[c] =
        (th_class_use){th_lexicon_text(&b->classes, c), count == UINT32_MAX ? 0 : count};
  }
  for (uint32_t d = 0; d < b->n_docs; d++)
    if (f->new_doc[d] == UINT32_MAX) discount_postings(f, d);
  return true;
}

static bool encode_classes(flush *f) {
  uint32_t n = f->b->classes.n;
  f->new_class = th_large_alloc(((size_t)n + 1) * sizeof *f->new_class);
  return f->new_class && count_classes(f) && th_classes_encode(f->e, f->classes, n, f->new_class);
}

/* ---- terms ---- */

static bool order_stems(flush *f) {
  const th_intern *stems = &f->b->stems;
  f->order = th_large_alloc(((size_t)stems->n + 1) * sizeof *f->order);
  th_ordered *scratch = th_large_alloc(((size_t)stems->n + 1) * sizeof *scratch);
  for (uint32_t i = 0; f->order && i < stems->n; i++) {
    th_span text = th_intern_text(stems, i);
    f->order[i] = (th_ordered){0, text.p, (uint32_t)text.n, i};
  }
  if (f->order && scratch) th_order_texts(f->order, stems->n, scratch);
  free(scratch);
  return f->order && scratch;
}

static bool group_forms(flush *f) {
  const th_builder *b = f->b;
  f->form_start = th_large_alloc(((size_t)b->stems.n + 1) * sizeof *f->form_start);
  f->form_ids = array(b->forms.n, sizeof *f->form_ids);
  if (!f->form_start || !f->form_ids) return false;
  uint32_t at = 0;
  for (uint32_t i = 0; i < b->stems.n; i++) {
    f->form_start[f->order[i].id] = at;
    at += b->terms[f->order[i].id].n_forms;
  }
  for (uint32_t i = 0; i < b->forms.n; i++) {
    const uint32_t *value = b->forms.lexemes[i].value;
    if (value[TH_FORM_TERM] != UINT32_MAX)
      f->form_ids[f->form_start[value[TH_FORM_TERM]] + value[TH_FORM_CODE]] = i;
  }
  f->next_forms = f->form_ids;
  return true;
}

static bool list_posting(flush *f, const uint8_t *place) {
  th_dealt p;
  th_deal_posting(place, &p);
  const th_encode_posting posting = {.doc = p.doc,
                                     .class_id = p.class_id,
                                     .bits = p.bits,
                                     .n_bits = p.n_bits,
                                     .n = p.n,
                                     .form = p.coded ? TH_FORMS_LISTED : 0};
  uint16_t *forms = th_lists_posting(&f->lists, &posting);
  for (uint32_t i = 0; forms && p.coded && i < p.n; i++)
    forms[i] = (uint16_t)th_log_varint(&p.forms);
  return forms;
}

/* first, end: of the stem's places in the bucket. */
static bool encode_term(flush *f, const th_ordered *stem, uint32_t first, uint32_t end) {
  uint32_t n = f->b->terms[stem->id].n_forms;
  th_buf_clear(&f->form_texts);
  th_span *texts = (th_span *)(void *)th_buf_room(&f->form_texts, n * sizeof *texts);
  if (!texts) return false;
  for (uint32_t i = 0; i < n; i++)
    texts[i] = th_lexicon_text(&f->b->forms, f->next_forms[i]);
  f->next_forms += n;
  th_lists_clear(&f->lists, n);
  for (uint32_t i = first; i < end; i++)
    if (!list_posting(f, f->deal.places[i])) return false;
  return th_lists_encode(&f->lists, f->e, (th_span){stem->text, stem->len}, texts);
}

enum { LOOK_AHEAD = 10 };

/* What the stem some places further on will need lies far away, in the order of appearance. */
static void look_at_stem(const flush *f, const th_ordered *stem) {
  const uint32_t *forms = f->next_forms + LOOK_AHEAD;
  if (stem + LOOK_AHEAD < f->order + f->b->stems.n) {
    __builtin_prefetch(&f->b->terms[stem[LOOK_AHEAD].id]);
    __builtin_prefetch(stem[LOOK_AHEAD].text);
  }
  if (forms < f->form_ids + f->b->forms.n) __builtin_prefetch(&f->b->forms.lexemes[*forms]);
}

static bool encode_bucket(flush *f, uint32_t bucket) {
  const th_bucket *k = &f->deal.buckets[bucket];
  if (!th_deal_open(&f->deal, bucket)) return false;
  for (uint32_t i = 0; i < k->n_stems && !th_encoder_failed(f->e); i++) {
    const th_ordered *stem = &f->order[k->first_stem + i];
    look_at_stem(f, stem);
    if (!encode_term(f, stem, i ? f->deal.stems[i - 1] : 0, f->deal.stems[i])) return false;
  }
  return true;
}

static bool encode_terms(flush *f) {
  bool good = group_forms(f) && th_deal_make(&f->deal, f->b, f->order, f->new_doc, f->new_class);
  for (uint32_t i = 0; good && i < f->deal.n; i++)
    good = encode_bucket(f, i);
  if (good) th_encode_terms_end(f->e);
  return good;
}

/* ---- columns and sites ---- */

static void decode_rows(const flush *f, uint16_t field, uint8_t kind, th_rows *r) {
  const th_buf *rows = &f->b->columns[field].rows;
  const uint8_t *at = (const uint8_t *)rows->p, *end = at + rows->n;
  th_rows_clear(r);
  for (uint32_t doc = UINT32_MAX; at < end;) {
    doc += th_log_varint(&at);
    bool kept = f->new_doc[doc] != UINT32_MAX;
    uint64_t n = kind == TH_COL_MASK ? 1 : get_varint64(&at);
    int64_t value = 0;
    for (uint64_t i = 0; i < n; i++) {
      uint64_t v = get_varint64(&at);
      value = kind == TH_COL_MASK ? (int64_t)v : (int64_t)((uint64_t)value + (uint64_t)unzigzag(v));
      if (kept) th_rows_value(r, value);
    }
    if (kept) th_rows_end(r, f->new_doc[doc]);
  }
}

typedef struct site_arrays {
  uint32_t *start, *word[4]; /* country, state, city, facility */
  int32_t *lat, *lon;
  uint8_t *status;
  uint32_t n;
} site_arrays;

static const uint16_t site_fields[4] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity,
                                        TH_F_LocationFacility};

static bool gather_sites(const flush *f, site_arrays *s) {
  const th_builder *b = f->b;
  const th_build_site *sites = (const th_build_site *)(const void *)b->sites.p;
  size_t most = b->sites.n / sizeof *sites;
  bool good = (s->start = array(f->n_docs, sizeof *s->start)) &&
              (s->lat = array(most, sizeof *s->lat)) && (s->lon = array(most, sizeof *s->lon)) &&
              (s->status = array(most, 1));
  for (int k = 0; k < 4 && good; k++)
    good = (s->word[k] = array(most, sizeof *s->word[k]));
  for (uint32_t d = 0, n = 0; good && d < b->n_docs; d++) {
    if (f->new_doc[d] == UINT32_MAX) continue;
    for (uint32_t i = d ? b->docs[d - 1].sites_end : 0; i < b->docs[d].sites_end; i++) {
      s->lat[s->n] = sites[i].lat;
      s->lon[s->n] = sites[i].lon;
      s->status[s->n] = (uint8_t)sites[i].status;
      s->word[0][s->n] = sites[i].country;
      s->word[1][s->n] = sites[i].state;
      s->word[2][s->n] = sites[i].city;
      s->word[3][s->n++] = sites[i].facility;
    }
    s->start[++n] = s->n;
  }
  return good;
}

/* The words of a location column give the sites' numbers their meaning. */
static void number_site_words(const uint32_t *ordinals, uint16_t field, site_arrays *s) {
  for (int k = 0; k < 4; k++)
    for (uint32_t i = 0; site_fields[k] == field && i < s->n; i++)
      if (s->word[k][i]) s->word[k][i] = ordinals[s->word[k][i] - 1];
}

static bool encode_column(flush *f, uint16_t field, th_rows *rows, uint32_t *ordinals,
                          site_arrays *s) {
  uint8_t kind = th_feed_column_kind(field);
  decode_rows(f, field, kind, rows);
  if (!th_rows_encode(rows, f->e, field, kind, &f->b->words, ordinals)) return false;
  number_site_words(ordinals, field, s);
  th_rows_forget(rows, ordinals);
  return true;
}

static void free_sites(site_arrays *s) {
  free(s->start);
  free(s->lat);
  free(s->lon);
  free(s->status);
  for (int k = 0; k < 4; k++)
    free(s->word[k]);
}

static bool encode_columns(flush *f) {
  th_rows rows;
  site_arrays s = {0};
  uint32_t *ordinals = array(f->b->words.n, sizeof *ordinals);
  th_rows_init(&rows);
  bool good = ordinals && gather_sites(f, &s);
  for (uint16_t field = 0; good && field < TH_COLUMN_COUNT; field++)
    if (f->b->columns[field].rows.n) good = encode_column(f, field, &rows, ordinals, &s);
  if (good) {
    const th_sites sites = {.n = s.n,
                            .start = s.start,
                            .lat = s.lat,
                            .lon = s.lon,
                            .country = s.word[0],
                            .state = s.word[1],
                            .city = s.word[2],
                            .facility = s.word[3],
                            .status = s.status};
    th_encode_sites(f->e, &sites);
  }
  free_sites(&s);
  free(ordinals);
  th_rows_dispose(&rows);
  return good;
}

/* ---- the whole ---- */

static void flush_dispose(flush *f) {
  th_lists_dispose(&f->lists);
  th_buf_dispose(&f->form_texts);
  free(f->new_doc);
  free(f->new_class);
  free(f->classes);
  free(f->order);
  th_deal_dispose(&f->deal);
  free(f->form_start);
  free(f->form_ids);
}

int th_builder_flush(th_builder *b, const char *path, uint32_t *n_docs, th_err *err) {
  flush f = {.b = b};
  int rc = TH_ENOMEM;
  *n_docs = 0;
  if (!number_docs(&f)) {
    th_err_set(err, rc, "out of memory writing %s", path);
    goto done;
  }
  rc = 0;
  if (f.n_docs > 0) {
    f.e = th_encoder_new(path, f.n_docs, err);
    if (!f.e) {
      rc = err && err->code ? err->code : TH_EIO;
      goto done;
    }
    bool good = encode_docs(&f) && encode_classes(&f) && order_stems(&f) && encode_terms(&f) &&
                encode_columns(&f);
    rc = th_encoder_finish(f.e, good, err);
    if (!good && !rc) rc = th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
  }
  if (rc == 0) *n_docs = f.n_docs;
done:
  flush_dispose(&f);
  th_builder_clear(b);
  return rc;
}
