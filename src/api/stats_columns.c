/* Statistics that the index and the log of changes can give. */
#include "api/stats_work.h"

#include "base/json.h"
#include "index/codec.h"
#include "index/feed.h"
#include "study/derived.h"
#include "study/nct.h"

#include <stdio.h>

bool th_stats_from_column(uint16_t field) {
  const th_field *f = &th_fields[field];
  uint8_t type = f->type;
  /* Of these the column has another form than the record, */
  if (type == TH_FT_AGE || type == TH_FT_DATETIME) return false;
  /* and of numbers that stand in lists each only once a study: no average can be had from that. */
  if ((type == TH_FT_INT || type == TH_FT_NUMBER) && f->list != TH_F_NONE) return false;
  return th_stats_has_values(field) && th_feed_column_kind(field) != 0;
}

static bool is_live(const th_snapshot *snapshot, uint32_t s, uint32_t doc) {
  const uint64_t *live = snapshot->live[s];
  return !live || (live[doc / 64] >> (doc % 64) & 1);
}

/* ---- values ---- */

static void add_value(th_tally *t, uint16_t field, uint32_t study, int64_t value) {
  th_date date = {0};
  switch (th_stats_type(field)[0]) {
  case 'D':
    date.first_day = date.last_day = (int32_t)(value >> 2);
    date.precision = (uint8_t)(value & 3);
    th_tally_date(t, study, &date);
    break;
  case 'N':
    th_tally_number(t, study, th_double_of_key(value));
    break;
  default:
    th_tally_int(t, study, value);
  }
}

/* Hashes of a dictionary's words, so that each is hashed once. */
static uint64_t *hash_words(const th_column *c) {
  uint64_t *hashes = calloc((size_t)c->n_dict + 1, sizeof *hashes);
  for (uint32_t i = 0; hashes && i < c->n_dict; i++)
    hashes[i] = th_tally_hash(th_column_word(c, i));
  return hashes;
}

typedef struct column_run {
  const th_snapshot *snapshot;
  uint16_t field;
  th_tally tally;
  uint64_t bits[64]; /* MASK: studies of each value */
} column_run;

static void run_masks(column_run *r, const th_column *c, uint32_t s) {
  uint32_t n = th_segment_docs(r->snapshot->segments[s]);
  for (uint32_t doc = 0; doc < n; doc++) {
    uint64_t mask = is_live(r->snapshot, s, doc) ? th_column_mask(c, doc) : 0;
    if (!mask) continue;
    r->tally.studies++;
    if (th_fields[r->field].type == TH_FT_BOOL) {
      r->tally.falses += mask & 1;
      r->tally.trues += mask >> 1 & 1;
    }
    for (; mask; mask &= mask - 1)
      r->bits[__builtin_ctzll(mask)]++;
  }
}

static int run_rows(column_run *r, const th_column *c, uint32_t s, uint32_t first_study,
                    th_err *err) {
  uint64_t *hashes = c->kind == TH_COL_KEYWORD ? hash_words(c) : NULL;
  if (c->kind == TH_COL_KEYWORD && !hashes) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (th_row row = {0}; th_column_next(c, &row);) {
    if (!is_live(r->snapshot, s, row.doc)) continue;
    for (uint32_t i = row.first; i < row.end; i++) {
      int64_t value = th_column_value(c, i);
      if (!hashes) {
        add_value(&r->tally, r->field, first_study + row.doc, value);
      } else if (value >= 0 && value < c->n_dict) {
        th_tally_hashed(&r->tally, first_study + row.doc, hashes[value]);
      }
    }
  }
  free(hashes);
  return r->tally.error ? th_err_set(err, r->tally.error, "out of memory") : TH_OK;
}

/* The longest word that a live study has. */
static void find_longest(column_run *r, const th_column *c, uint32_t s, uint32_t first_study) {
  th_tally *t = &r->tally;
  for (th_row row = {0}; th_column_next(c, &row);) {
    if (!is_live(r->snapshot, s, row.doc)) continue;
    for (uint32_t i = row.first; i < row.end; i++) {
      th_span word = th_column_word(c, (uint32_t)th_column_value(c, i));
      th_tally_longest(t, first_study + row.doc, word);
    }
  }
}

/* Texts of the most frequent words: looked up in the row of the study that had each last. */
static uint32_t name_words(column_run *r, const th_tally_entry *entries, uint32_t n,
                           th_top_value *top) {
  uint32_t named = 0;
  for (uint32_t e = 0; e < n; e++) {
    uint32_t s = 0, doc = entries[e].last - 1;
    while (s < r->snapshot->n_segments && doc >= th_segment_docs(r->snapshot->segments[s]))
      doc -= th_segment_docs(r->snapshot->segments[s++]);
    const th_column *c =
        s < r->snapshot->n_segments ? th_segment_column(r->snapshot->segments[s], r->field) : NULL;
    uint32_t from = 0, to = 0;
    if (c) th_column_row(c, doc, &from, &to);
    for (uint32_t i = from; i < to; i++) {
      th_span word = th_column_word(c, (uint32_t)th_column_value(c, i));
      if (th_tally_hash(word) != entries[e].hash) continue;
      top[named++] = (th_top_value){entries[e], word};
      break;
    }
  }
  return named;
}

/* The study of a number counted over all segments. */
static uint32_t nct_of(const th_snapshot *snapshot, uint32_t study) {
  uint32_t s = 0, doc = study - 1;
  if (!study) return 0;
  while (s < snapshot->n_segments && doc >= th_segment_docs(snapshot->segments[s]))
    doc -= th_segment_docs(snapshot->segments[s++]);
  return s < snapshot->n_segments ? th_segment_nct(snapshot->segments[s], doc) : 0;
}

/* An enum's values; one that the catalogue does not know counts as a value without a name. */
static uint32_t name_masks(column_run *r, th_top_value *top) {
  uint16_t enum_id = th_fields[r->field].enum_id;
  uint32_t n = 0;
  for (int v = 0; v < 64; v++) {
    const char *name = th_enum_name(enum_id, v);
    if (!r->bits[v]) continue;
    r->tally.n++;
    if (name)
      top[n++] = (th_top_value){{.hash = 1, .count = (uint32_t)r->bits[v]}, th_span_of(name)};
  }
  return n;
}

static int run_columns(column_run *r, th_err *err) {
  uint32_t first_study = 1;
  int rc = TH_OK;
  for (uint32_t s = 0; s < r->snapshot->n_segments && !rc; s++) {
    const th_segment *segment = r->snapshot->segments[s];
    const th_column *c = th_segment_column(segment, r->field);
    if (c && c->kind == TH_COL_MASK) {
      run_masks(r, c, s);
    } else if (c) {
      rc = run_rows(r, c, s, first_study, err);
      if (!rc && c->kind == TH_COL_KEYWORD) find_longest(r, c, s, first_study);
    }
    first_study += th_segment_docs(segment);
  }
  return rc ? rc : th_snapshot_state(r->snapshot, err);
}

int th_stats_column_values(const th_snapshot *snapshot, uint16_t field, th_buf *out, th_err *err) {
  column_run r = {.snapshot = snapshot, .field = field};
  uint32_t n = 0;
  th_tally_entry *entries = calloc(2 * TH_TALLY_TOP, sizeof *entries);
  th_top_value *top = calloc(2 * TH_TALLY_TOP, sizeof *top);
  int rc = entries && top ? run_columns(&r, err) : th_err_set(err, TH_ENOMEM, "out of memory");
  if (!rc && th_fields[field].type == TH_FT_ENUM) {
    n = name_masks(&r, top);
  } else if (!rc) {
    n = th_tally_top(&r.tally, TH_TALLY_TOP, entries);
    if (!n && r.tally.n) rc = th_err_set(err, TH_ENOMEM, "out of memory");
    n = name_words(&r, entries, n, top);
  }
  if (!rc)
    th_stats_put_values(out, field, &r.tally, snapshot->n_live, top, n,
                        nct_of(snapshot, r.tally.longest_study));
  th_tally_dispose(&r.tally);
  free(entries);
  free(top);
  return rc;
}

/* ---- lengths of lists ---- */

static void put_sizes(th_buf *out, uint16_t field, const th_tally *t, const th_tally_entry *top,
                      uint32_t n) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "piece", th_fields[field].piece);
  th_jout_kv_str(&w, "field", th_fields[field].path);
  th_jout_kv_i64(&w, "uniqueSizesCount", (int64_t)th_tally_unique(t));
  if (t->numbers) {
    th_jout_kv_i64(&w, "minSize", t->low_int);
    th_jout_kv_i64(&w, "maxSize", t->high_int);
    th_jout_key(&w, "topSizes");
    th_jout_array(&w);
    for (uint32_t i = 0; i < n && i < TH_TALLY_TOP; i++) {
      th_jout_object(&w);
      th_jout_kv_i64(&w, "size", (int64_t)top[i].hash);
      th_jout_kv_i64(&w, "studiesCount", top[i].count);
      th_jout_end_object(&w);
    }
    th_jout_end_array(&w);
  }
  th_jout_end_object(&w);
}

int th_stats_column_sizes(const th_snapshot *snapshot, uint16_t field, th_buf *out, th_err *err) {
  uint16_t counter = th_derived_count_field(field);
  th_tally t = {0};
  uint32_t first_study = 1, n = 0;
  th_tally_entry *top = calloc(2 * TH_TALLY_TOP, sizeof *top);
  if (!top) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t s = 0; s < snapshot->n_segments && counter != TH_F_NONE; s++) {
    const th_column *c = th_segment_column(snapshot->segments[s], counter);
    for (th_row row = {0}; c && th_column_next(c, &row);) {
      for (uint32_t i = row.first; i < row.end && is_live(snapshot, s, row.doc); i++) {
        int64_t size = th_column_value(c, i);
        th_tally_int(&t, first_study + row.doc, size);
        if (size > 0) th_tally_hashed(&t, first_study + row.doc, (uint64_t)size);
      }
    }
    first_study += th_segment_docs(snapshot->segments[s]);
  }
  n = th_tally_top(&t, TH_TALLY_TOP, top);
  int rc = th_snapshot_state(snapshot, err);
  if (!rc && t.error) rc = th_err_set(err, t.error, "out of memory");
  if (!rc) put_sizes(out, field, &t, top, n);
  th_tally_dispose(&t);
  free(top);
  return rc;
}

/* ---- sizes of studies ---- */

typedef struct study_size {
  uint32_t nct;
  uint64_t bytes;
} study_size;

typedef struct size_run {
  const th_snapshot *snapshot;
  const atomic_bool *stop;
  study_size *all; /* of live studies */
  uint32_t n;
  uint64_t seq; /* read so far */
} size_run;

static int note_size(void *ctx, const th_record *record) {
  size_run *r = ctx;
  uint32_t s, doc;
  r->seq = record->seq;
  if (record->kind != TH_CHANGE_PUT || r->n == r->snapshot->n_live) return 0;
  if (!th_snapshot_find(r->snapshot, record->nct, &s, &doc)) return 0;
  if (th_segment_seq(r->snapshot->segments[s], doc) == record->seq)
    r->all[r->n++] = (study_size){record->nct, record->len};
  return 0;
}

static int read_sizes(th_registry *registry, size_run *r, th_err *err) {
  enum { BATCH = 20000 };
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(registry), err);
  int rc = reader ? TH_OK : TH_EIO;
  while (!rc && r->seq < r->snapshot->applied_seq) {
    uint64_t before = r->seq;
    rc = th_store_changes(reader, before, BATCH, note_size, r, err);
    if (!rc && atomic_load(r->stop)) rc = th_err_set(err, TH_EBUSY, "stopped");
    if (r->seq == before) break;
  }
  th_store_reader_release(reader);
  return rc;
}

static int by_size(const void *a, const void *b) {
  const study_size *x = a, *y = b;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return (x->nct < y->nct) - (x->nct > y->nct);
}

/* Bounds of the ranges in KiB. */
static const unsigned bounds[] = {0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

static void put_ranges(th_jout *w, const size_run *r) {
  char label[40];
  uint32_t i = 0;
  th_jout_key(w, "ranges");
  th_jout_array(w);
  for (unsigned b = 0; b < TH_COUNT(bounds); b++) {
    bool last = b + 1 == TH_COUNT(bounds);
    uint32_t from = i;
    while (i < r->n && (last || r->all[i].bytes < (uint64_t)bounds[b + 1] << 10))
      i++;
    if (i == from) continue;
    if (last)
      snprintf(label, sizeof label, ">= %u KB", bounds[b]);
    else
      snprintf(label, sizeof label, "%u - %u KB", bounds[b], bounds[b + 1]);
    th_jout_object(w);
    th_jout_kv_str(w, "sizeRange", label);
    th_jout_kv_i64(w, "studiesCount", i - from);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void put_study_sizes(th_buf *out, const size_run *r) {
  static const unsigned percents[] = {5, 10, 25, 50, 75, 90, 95, 99};
  char text[TH_NCT_LEN + 1];
  uint64_t sum = 0;
  th_jout w;
  for (uint32_t i = 0; i < r->n; i++)
    sum += r->all[i].bytes;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_i64(&w, "averageSizeBytes", r->n ? (int64_t)(sum / r->n) : 0);
  th_jout_key(&w, "largestStudies");
  th_jout_array(&w);
  for (uint32_t i = 0; i < 10 && i < r->n; i++) {
    const study_size *s = &r->all[r->n - 1 - i];
    th_jout_object(&w);
    th_jout_kv_str(&w, "id", th_nct_format(s->nct, text));
    th_jout_kv_i64(&w, "sizeBytes", (int64_t)s->bytes);
    th_jout_end_object(&w);
  }
  th_jout_end_array(&w);
  th_jout_key(&w, "percentiles");
  th_jout_object(&w);
  for (unsigned i = 0; r->n && i < TH_COUNT(percents); i++) {
    snprintf(text, sizeof text, "%uth", percents[i]);
    th_jout_kv_i64(&w, text, (int64_t)r->all[(uint64_t)(r->n - 1) * percents[i] / 100].bytes);
  }
  th_jout_end_object(&w);
  put_ranges(&w, r);
  th_jout_kv_i64(&w, "totalStudies", r->n);
  th_jout_end_object(&w);
}

int th_stats_study_sizes(th_registry *registry, const th_snapshot *snapshot, th_buf *out,
                         const atomic_bool *stop, th_err *err) {
  size_run r = {.snapshot = snapshot, .stop = stop};
  r.all = calloc((size_t)snapshot->n_live + 1, sizeof *r.all);
  if (!r.all) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = read_sizes(registry, &r, err);
  qsort(r.all, r.n, sizeof *r.all, by_size);
  if (!rc) put_study_sizes(out, &r);
  free(r.all);
  return rc;
}
