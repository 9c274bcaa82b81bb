/* The builder against a slow and obvious index: an array of occurrences. */
#include "../test.h"

#include "records.h"

#include "base/file.h"
#include "base/json.h"
#include "index/builder.h"
#include "index/score.h"
#include "index/segment.h"
#include "study/date.h"
#include "text/stem.h"
#include "text/token.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

typedef struct occurrence {
  char stem[72], form[72];
  uint32_t doc, position;
  uint16_t field;
} occurrence;

typedef struct reference {
  occurrence *all;
  size_t n, cap;
  uint32_t (*lengths)[TH_F_COUNT];
} reference;

static void add_occurrence(reference *ref, const occurrence *o) {
  for (size_t i = 0; i < ref->n; i++) { /* once at a position */
    const occurrence *x = &ref->all[ref->n - 1 - i];
    if (x->doc != o->doc || i > 8) break;
    if (x->field == o->field && x->position == o->position && !strcmp(x->stem, o->stem)) return;
  }
  if (ref->n == ref->cap) {
    ref->cap = ref->cap * 2 + 1000;
    ref->all = realloc(ref->all, ref->cap * sizeof *ref->all);
    assert_non_null(ref->all);
  }
  ref->all[ref->n++] = *o;
}

static void add_record(reference *ref, th_stemmer *stemmer, const record *r, uint32_t doc) {
  record_text texts[RECORD_TEXTS];
  unsigned n = record_all_texts(r, texts);
  for (unsigned i = 0; i < n; i++) {
    uint32_t *length = &ref->lengths[doc][texts[i].field], base = *length ? *length + 1 : 0;
    th_tokens t;
    th_token tok;
    th_tokens_init(&t, th_span_of(texts[i].text));
    while (th_token_next(&t, &tok)) {
      occurrence o = {.doc = doc, .position = base + tok.position, .field = texts[i].field};
      memcpy(o.form, tok.text.p, tok.text.n);
      th_span stem = th_stem(stemmer, tok.text);
      memcpy(o.stem, stem.p, stem.n);
      add_occurrence(ref, &o);
    }
    if (t.position) *length = base + t.position;
  }
}

static int by_everything(const void *a, const void *b) {
  const occurrence *x = a, *y = b;
  int c = strcmp(x->stem, y->stem);
  if (c) return c;
  if (x->doc != y->doc) return x->doc < y->doc ? -1 : 1;
  if (x->field != y->field) return x->field < y->field ? -1 : 1;
  return (x->position > y->position) - (x->position < y->position);
}

/* ---- comparing ---- */

static void compare_lists(const th_segment *s, const reference *ref) {
  static th_postings p;
  th_term_cursor c;
  size_t at = 0;
  uint64_t *class_counts = calloc(th_segment_classes(s) + 1, sizeof *class_counts);
  assert_true(th_term_seek(&c, s, TH_SPAN("")));
  while (th_term_next(&c)) {
    uint32_t df = 0, last_doc = UINT32_MAX;
    uint64_t cf = 0, form_counts[64] = {0};
    th_postings_init(&p, &c.term);
    while (th_postings_next_block(&p)) {
      for (uint32_t i = 0; i < p.n; i++) {
        th_occurrence occ[200];
        unsigned n = th_postings_positions(s, &p, i, NULL, occ, TH_COUNT(occ));
        class_counts[p.classes[i]]++;
        for (unsigned k = 0; k < n; k++, at++) {
          char text[TH_TERM_MAX + 1];
          const occurrence *o = &ref->all[at];
          assert_true(at < ref->n);
          assert_string_equal(c.text, o->stem);
          assert_int_equal(p.docs[i], o->doc);
          assert_int_equal(occ[k].field, o->field);
          assert_int_equal(occ[k].position, o->position);
          th_span form = th_term_form(&c.term, (th_span){c.text, c.len}, occ[k].form, text);
          assert_true(th_span_eq(form, th_span_of(o->form)));
          form_counts[occ[k].form]++;
        }
        assert_true(last_doc == UINT32_MAX || p.docs[i] > last_doc);
        last_doc = p.docs[i];
        cf += n;
        df++;
      }
    }
    assert_int_equal(df, c.term.df);
    assert_int_equal(cf, c.term.cf);
    for (uint32_t i = 0; i < c.term.n_forms; i++) {
      assert_true(form_counts[i] > 0);
      assert_true(i == 0 || form_counts[i] <= form_counts[i - 1]);
    }
  }
  assert_int_equal(at, ref->n);
  for (uint32_t i = 0; i < th_segment_classes(s); i++)
    assert_true(class_counts[i] > 0 && (i == 0 || class_counts[i] <= class_counts[i - 1]));
  free(class_counts);
}

/* Every posting of a full block keeps below the block's bound. */
static void compare_bounds(const th_segment *s) {
  static th_postings p;
  th_term_cursor c;
  uint32_t checked = 0;
  assert_true(th_term_seek(&c, s, TH_SPAN("")));
  while (th_term_next(&c)) {
    th_postings_init(&p, &c.term);
    while (th_postings_next_block(&p) && p.block < p.n_blocks) {
      for (unsigned a = 0; a < th_score_areas(); a++) {
        int b = th_score_bound_index(a);
        float table[256], most = 0;
        if (b < 0) continue;
        th_score_length_table(a, table);
        for (uint32_t i = 0; i < p.n; i++) {
          th_class_field fields[64];
          float wtf = 0;
          unsigned n = th_segment_class(s, p.classes[i], fields, TH_COUNT(fields));
          for (unsigned k = 0; k < n; k++)
            wtf += th_score_weight(a, fields[k].field) * (float)fields[k].tf;
          float sat = wtf / (wtf + table[th_segment_norms(s, a)[p.docs[i]]]);
          if (sat > most) most = sat;
        }
        float bound = (float)p.bounds[p.block * TH_BOUND_AREAS + (unsigned)b] / 255.0f;
        assert_true(bound >= most && bound <= most + 0.0041f);
        checked++;
      }
    }
  }
  assert_true(checked > 0);
}

static void compare_columns(const th_segment *s, const record *r, uint32_t doc) {
  const th_column *phase = th_segment_column(s, TH_F_Phase);
  const th_column *volunteers = th_segment_column(s, TH_F_HealthyVolunteers);
  const th_column *count = th_segment_column(s, TH_F_EnrollmentCount);
  const th_column *start = th_segment_column(s, TH_F_StartDate);
  const th_column *age = th_segment_column(s, TH_F_MinimumAge);
  const th_column *country = th_segment_column(s, TH_F_LocationCountry);
  const th_column *city = th_segment_column(s, TH_F_LocationCity);
  uint32_t first, end;
  uint64_t mask = (r->phase & 1 ? UINT64_C(1) << TH_Phase_PHASE1 : 0) |
                  (r->phase & 2 ? UINT64_C(1) << TH_Phase_PHASE2 : 0);
  assert_int_equal(th_column_mask(phase, doc), mask);
  assert_int_equal(th_column_mask(volunteers, doc), r->volunteers < 0 ? 0 : 1 << r->volunteers);
  th_column_row(count, doc, &first, &end);
  assert_int_equal(end - first, r->enrollment >= 0);
  if (end > first) assert_int_equal(th_column_value(count, first), r->enrollment);
  th_column_row(start, doc, &first, &end);
  assert_int_equal(end - first, r->start_year != 0);
  if (end > first)
    assert_int_equal(th_column_value(start, first), th_date_days(r->start_year, 3, 1) * 4 + 1);
  th_column_row(age, doc, &first, &end);
  assert_int_equal(end - first, r->min_age >= 0);
  if (end > first) assert_int_equal(th_column_value(age, first), r->min_age * 525960);
  const th_sites *sites = th_segment_sites(s);
  assert_int_equal(sites->start[doc + 1] - sites->start[doc], r->n_sites);
  for (unsigned i = 0; i < r->n_sites; i++) {
    uint32_t k = sites->start[doc] + i;
    const record_site *x = &r->sites[i];
    assert_int_equal(sites->lat[k], x->lat == 999
                                        ? TH_NO_POINT
                                        : x->lat * 1000000 + (x->lat < 0 ? -250000 : 250000));
    assert_int_equal(sites->lon[k], x->lat == 999 ? TH_NO_POINT : -7500000);
    assert_int_equal(sites->country[k] != 0, *x->country != 0);
    assert_int_equal(sites->city[k] != 0, *x->city != 0);
    assert_int_equal(sites->status[k] != 0, *x->status != 0);
    if (*x->country)
      assert_true(
          th_span_eq(th_column_word(country, sites->country[k] - 1), th_span_of(x->country)));
    if (*x->city) {
      assert_true(th_span_eq(th_column_word(city, sites->city[k] - 1), th_span_of(x->city)));
      bool listed = false;
      th_column_row(city, doc, &first, &end);
      for (uint32_t v = first; v < end; v++) {
        assert_true(v == first || th_column_value(city, v) > th_column_value(city, v - 1));
        listed |= th_column_value(city, v) == sites->city[k] - 1;
      }
      assert_true(listed);
    }
  }
}

static void compare_lengths(const th_segment *s, const reference *ref) {
  uint8_t *norms = calloc(th_segment_docs(s) + 1, 1);
  assert_non_null(norms);
  for (uint32_t d = 0; d < th_segment_docs(s); d++) {
    for (uint16_t f = 0; f < TH_F_COUNT; f++)
      assert_int_equal(th_segment_length(s, d, f), ref->lengths[d][f]);
  }
  for (unsigned a = 0; a < th_score_areas(); a++) {
    th_segment_copy_norms(s, a, norms);
    assert_int_equal(th_segment_norms(s, a) != NULL, th_score_bound_index(a) >= 0);
    for (uint32_t d = 0; d < th_segment_docs(s); d++) {
      float length = 0;
      for (uint16_t f = 0; f < TH_F_COUNT; f++)
        length += th_score_weight(a, f) * (float)ref->lengths[d][f];
      assert_int_equal(norms[d], th_norm_encode(length));
    }
  }
  free(norms);
}

/* ---- tests ---- */

static void add_json(th_builder *b, th_json_parser *parser, const record *r) {
  th_buf json;
  th_json parsed;
  th_err err = {0};
  uint32_t doc;
  th_buf_init(&json, 0);
  record_json(r, &json);
  assert_int_equal(th_json_parse(parser, th_buf_view(&json), &parsed, &err), 0);
  if (th_builder_add(b, &parsed, r->nct, &doc, &err)) fail_msg("%s", err.message);
  if (r->seq) th_builder_set_seq(b, doc, r->seq);
  th_buf_dispose(&json);
}

static void built_and_read_back(unsigned n_records, bool drop) {
  char path[] = "/tmp/th-builder-XXXXXX";
  int fd = mkstemp(path);
  th_err err = {0};
  th_builder *b = th_builder_new();
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  th_stemmer *stemmer = th_stemmer_new();
  record *records = calloc(n_records, sizeof *records);
  reference ref = {.lengths = calloc(n_records, sizeof *ref.lengths)};
  assert_true(fd >= 0 && b && parser && stemmer && records && ref.lengths);
  close(fd);
  uint32_t kept = 0, n = 0;
  for (unsigned i = 0; i < n_records; i++) {
    bool dropped = drop && record_random(4) == 0;
    record_make(&records[i], 1000 - i, dropped ? 0 : 5 + i);
    add_json(b, parser, &records[i]);
    if (!dropped) add_record(&ref, stemmer, &records[i], kept++);
  }
  qsort(ref.all, ref.n, sizeof *ref.all, by_everything);
  if (th_builder_flush(b, path, &n, &err)) fail_msg("%s", err.message);
  assert_int_equal(n, kept);
  assert_int_equal(th_builder_docs(b), 0);
  th_segment *s;
  if (th_segment_open(&s, path, true, &err)) fail_msg("%s", err.message);
  assert_int_equal(th_segment_docs(s), kept);
  compare_lists(s, &ref);
  if (n_records >= 300) compare_bounds(s);
  compare_lengths(s, &ref);
  for (unsigned i = 0, doc = 0; i < n_records; i++) {
    if (!records[i].seq) continue;
    assert_int_equal(th_segment_nct(s, doc), records[i].nct);
    assert_int_equal(th_segment_seq(s, doc), records[i].seq);
    compare_columns(s, &records[i], doc++);
  }
  if (th_segment_state(s, &err)) fail_msg("%s", err.message);
  th_segment_close(s);
  unlink(path);
  free(records);
  free(ref.all);
  free(ref.lengths);
  th_stemmer_free(stemmer);
  th_json_parser_free(parser);
  th_builder_free(b);
}

static void what_is_built_reads_back(void **state) {
  (void)state;
  record_random_state = (unsigned)time(NULL);
  print_message("seed %u\n", record_random_state);
  for (int i = 0; i < 6; i++)
    built_and_read_back(20, false);
  built_and_read_back(700, false);
}

static void documents_without_a_number_are_left_out(void **state) {
  (void)state;
  record_random_state = (unsigned)time(NULL);
  print_message("seed %u\n", record_random_state);
  for (int i = 0; i < 6; i++)
    built_and_read_back(20, true);
  built_and_read_back(700, true);
}

/* A record of the wrong type leaves no trace, and the builder goes on. */
static void a_bad_record_changes_nothing(void **state) {
  (void)state;
  char a[] = "/tmp/th-builder-XXXXXX", c[] = "/tmp/th-builder-XXXXXX";
  th_err err = {0};
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  th_builder *b = th_builder_new();
  th_buf bad, files[2];
  th_json json;
  uint32_t doc = 77, n;
  close(mkstemp(a));
  close(mkstemp(c));
  th_buf_init(&bad, 0);
  th_buf_str(&bad, "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000001\","
                   "\"briefTitle\":\"zebra zebra\",\"acronym\":17}}}");
  for (int with_bad = 0; with_bad < 2; with_bad++) {
    record_random_state = 5;
    for (unsigned i = 0; i < 10; i++) {
      record r;
      record_make(&r, 10 + i, 1 + i);
      add_json(b, parser, &r);
      if (!with_bad) continue;
      assert_int_equal(th_json_parse(parser, th_buf_view(&bad), &json, &err), 0);
      assert_int_equal(th_builder_add(b, &json, 1, &doc, &err), TH_EINPUT);
      th_err_clear(&err);
    }
    assert_int_equal(th_builder_docs(b), 10);
    assert_int_equal(th_builder_flush(b, with_bad ? c : a, &n, &err), 0);
    th_buf_init(&files[with_bad], 0);
    assert_int_equal(th_file_read(&files[with_bad], with_bad ? c : a, &err), 0);
  }
  assert_int_equal(doc, 77);
  assert_true(th_span_eq(th_buf_view(&files[0]), th_buf_view(&files[1])));
  unlink(a);
  unlink(c);
  th_buf_dispose(&files[0]);
  th_buf_dispose(&files[1]);
  th_buf_dispose(&bad);
  th_builder_free(b);
  th_json_parser_free(parser);
}

static void nothing_to_write_writes_nothing(void **state) {
  (void)state;
  th_err err = {0};
  uint32_t n = 5;
  th_builder *b = th_builder_new();
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  record r;
  record_make(&r, 4, 0);
  add_json(b, parser, &r);
  assert_int_equal(th_builder_flush(b, "/tmp/th-builder-none.seg", &n, &err), 0);
  assert_int_equal(n, 0);
  assert_false(th_file_exists("/tmp/th-builder-none.seg"));
  add_json(b, parser, &r);
  th_builder_set_seq(b, 0, 9);
  assert_int_equal(th_builder_flush(b, "/nonexistent/folder/x.seg", &n, &err), TH_EIO);
  assert_int_equal(th_builder_docs(b), 0);
  th_builder_free(b);
  th_json_parser_free(parser);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_built_reads_back),
      cmocka_unit_test(documents_without_a_number_are_left_out),
      cmocka_unit_test(a_bad_record_changes_nothing),
      cmocka_unit_test(nothing_to_write_writes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
