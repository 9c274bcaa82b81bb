/* From the builder's memory to a segment file: documents without a change-log number are left out,
 * terms and words sorted, classes and forms numbered by frequency. */
#include "index/builder_private.h"
#include "index/classes.h"
#include "index/lists.h"
#include "study/catalogue.h"

typedef struct flush {
  th_builder *b;
  th_encoder *e;
  uint32_t *new_doc;   /* UINT32_MAX: left out */
  uint32_t *new_class; /* by the builder's class */
  uint32_t n_docs;
  uint32_t *class_start; /* n_classes + 1 places in class_tf */
  uint32_t *class_tf, *class_sum;
  uint32_t *form_start, *form_ids; /* forms of each term, by code */
  th_buf bytes;                    /* one stream */
  th_lists lists;
  th_buf form_texts;
} flush;

static void *array(size_t n, size_t size) {
  return n < SIZE_MAX / size - 1 ? calloc(n + 1, size) : NULL;
}

static inline uint32_t get_varint(const uint8_t **at) {
  uint32_t v = *(*at)++;
  if (TH_LIKELY(v < 0x80)) return v;
  v &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    uint32_t b = *(*at)++;
    v |= (b & 0x7F) << shift;
    if (b < 0x80) return v;
  }
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

static bool decode_classes(flush *f) {
  const th_intern *classes = &f->b->classes;
  f->class_start = array(classes->n, sizeof *f->class_start);
  f->class_tf = array(classes->bytes.n / 2, sizeof *f->class_tf);
  f->class_sum = array(classes->n, sizeof *f->class_sum);
  if (!f->class_start || !f->class_tf || !f->class_sum) return false;
  uint32_t n = 0;
  for (uint32_t c = 0; c < classes->n; c++) {
    th_span s = th_intern_text(classes, c);
    const uint8_t *at = (const uint8_t *)s.p, *end = at + s.n;
    f->class_start[c] = n;
    while (at < end) {
      get_varint(&at);
      f->class_tf[n] = get_varint(&at);
      f->class_sum[c] += f->class_tf[n++];
    }
  }
  f->class_start[classes->n] = n;
  return true;
}

/* The occurrences of one posting as stage_posting left them; *at goes behind them. forms may be
 * NULL. */
static void read_spots(const flush *f, const uint8_t **at, uint32_t class_id,
                       th_encode_spots *spots) {
  uint32_t head = get_varint(at);
  *spots = (th_encode_spots){*at, 0, head >> 1, NULL, f->class_sum[class_id]};
  *at += (spots->n_bits + 7) / 8;
}

static void read_forms(const uint8_t **at, bool coded, uint32_t n, uint16_t *forms) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t form = coded ? get_varint(at) : 0;
    if (forms) forms[i] = (uint16_t)form;
  }
}

/* Steps over one posting behind its class, or takes it. */
static bool read_posting(flush *f, const uint8_t **at, uint32_t class_id, uint32_t doc) {
  const uint8_t *head = *at;
  bool coded = *head & 1;
  th_encode_spots spots;
  uint16_t *forms = NULL;
  read_spots(f, at, class_id, &spots);
  if (doc != UINT32_MAX) {
    forms = th_lists_posting(&f->lists, doc, f->new_class[class_id], &spots);
    if (!forms) return false;
  }
  if (coded || forms) read_forms(at, coded, spots.n, forms);
  return true;
}

/* Only when documents are left out: otherwise the counts kept while adding are right. */
static bool recount_classes(flush *f) {
  th_builder *b = f->b;
  memset(b->class_counts, 0, b->classes.n * sizeof *b->class_counts);
  for (uint32_t t = 0; t < b->stems.n; t++) {
    th_buf_clear(&f->bytes);
    th_pool_read(&b->pool, &b->terms[t].stream, &f->bytes);
    if (f->bytes.error) return false;
    const uint8_t *at = (const uint8_t *)f->bytes.p, *end = at + f->bytes.n;
    for (uint32_t doc = UINT32_MAX; at < end;) {
      doc += get_varint(&at);
      uint32_t class_id = get_varint(&at);
      b->class_counts[class_id] += f->new_doc[doc] != UINT32_MAX;
      if (!read_posting(f, &at, class_id, UINT32_MAX)) return false;
    }
  }
  return true;
}

typedef struct named {
  th_span text;
  uint32_t id;
} named;

static bool encode_classes(flush *f) {
  const th_intern *classes = &f->b->classes;
  if (!decode_classes(f) || (f->n_docs < f->b->n_docs && !recount_classes(f))) return false;
  f->new_class = array(classes->n, sizeof *f->new_class);
  return f->new_class && th_classes_encode(f->e, classes, f->b->class_counts, f->new_class);
}

/* ---- terms ---- */

typedef struct term_order {
  uint64_t prefix; /* the first eight bytes, as a number in their order */
  uint32_t id;
} term_order;

static uint64_t prefix_of(th_span s) {
  uint64_t v = 0;
  memcpy(&v, s.p, TH_MIN(s.n, sizeof v));
  return __builtin_bswap64(v);
}

static bool group_forms(flush *f) {
  const th_builder *b = f->b;
  f->form_start = array((size_t)b->stems.n + 1, sizeof *f->form_start);
  f->form_ids = array(b->forms.n, sizeof *f->form_ids);
  if (!f->form_start || !f->form_ids) return false;
  for (uint32_t t = 0; t < b->stems.n; t++)
    f->form_start[t + 1] = f->form_start[t] + b->terms[t].n_forms;
  for (uint32_t i = 0; i < b->forms.n; i++) {
    const th_build_form *form = &b->form_infos[i];
    if (form->term != UINT32_MAX) f->form_ids[f->form_start[form->term] + form->code] = i;
  }
  return true;
}

static bool decode_term(flush *f, const th_build_term *t) {
  th_buf_clear(&f->bytes);
  th_pool_read(&f->b->pool, &t->stream, &f->bytes);
  th_lists_clear(&f->lists, t->n_forms);
  if (f->bytes.error) return false;
  const uint8_t *at = (const uint8_t *)f->bytes.p, *end = at + f->bytes.n;
  for (uint32_t doc = UINT32_MAX; at < end;) {
    doc += get_varint(&at);
    uint32_t class_id = get_varint(&at);
    if (!read_posting(f, &at, class_id, f->new_doc[doc])) return false;
  }
  return true;
}

static bool encode_term(flush *f, uint32_t term) {
  const th_build_term *t = &f->b->terms[term];
  th_buf_clear(&f->form_texts);
  for (uint32_t i = 0; i < t->n_forms; i++) {
    th_span text = th_intern_text(&f->b->forms, f->form_ids[f->form_start[term] + i]);
    th_buf_put(&f->form_texts, &text, sizeof text);
  }
  return !f->form_texts.error && decode_term(f, t) &&
         th_lists_encode(&f->lists, f->e, th_intern_text(&f->b->stems, term),
                         (const th_span *)(const void *)f->form_texts.p);
}

static int by_prefix(const void *a, const void *b) {
  const term_order *x = a, *y = b;
  return (x->prefix > y->prefix) - (x->prefix < y->prefix);
}
static int by_text(const void *a, const void *b) {
  return th_span_cmp(((const named *)a)->text, ((const named *)b)->text);
}

/* Runs of one prefix are put in order by their whole texts. */
static bool order_runs(const th_intern *stems, term_order *order, uint32_t n) {
  for (uint32_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && order[end].prefix == order[i].prefix; end++) {
    }
    if (end - i == 1) continue;
    named *run = array(end - i, sizeof *run);
    if (!run) return false;
    for (uint32_t k = i; k < end; k++)
      run[k - i] = (named){th_intern_text(stems, order[k].id), order[k].id};
    qsort(run, end - i, sizeof *run, by_text);
    for (uint32_t k = i; k < end; k++)
      order[k].id = run[k - i].id;
    free(run);
  }
  return true;
}

static bool encode_terms(flush *f) {
  const th_intern *stems = &f->b->stems;
  term_order *order = array(stems->n, sizeof *order);
  if (!order) return false;
  for (uint32_t i = 0; i < stems->n; i++)
    order[i] = (term_order){prefix_of(th_intern_text(stems, i)), i};
  qsort(order, stems->n, sizeof *order, by_prefix);
  bool good = group_forms(f) && order_runs(stems, order, stems->n);
  for (uint32_t i = 0; good && i < stems->n && !th_encoder_failed(f->e); i++)
    good = encode_term(f, order[i].id);
  free(order);
  if (good) th_encode_terms_end(f->e);
  return good;
}

/* ---- columns and sites ---- */

static void decode_rows(const flush *f, uint16_t field, uint8_t kind, th_rows *r) {
  const th_buf *rows = &f->b->columns[field].rows;
  const uint8_t *at = (const uint8_t *)rows->p, *end = at + rows->n;
  th_rows_clear(r);
  for (uint32_t doc = UINT32_MAX; at < end;) {
    doc += get_varint(&at);
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
  th_buf_dispose(&f->bytes);
  th_buf_dispose(&f->form_texts);
  free(f->new_doc);
  free(f->new_class);
  free(f->class_start);
  free(f->class_tf);
  free(f->class_sum);
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
    bool good = encode_docs(&f) && encode_classes(&f) && encode_terms(&f) && encode_columns(&f);
    rc = th_encoder_finish(f.e, good, err);
    if (!good && !rc) rc = th_err_set(err, TH_ENOMEM, "out of memory writing %s", path);
  }
  if (rc == 0) {
    *n_docs = f.n_docs;
    th_builder_clear(b);
  }
done:
  flush_dispose(&f);
  return rc;
}
