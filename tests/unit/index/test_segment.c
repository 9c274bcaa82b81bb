/* The reader of segments against what a slow writer put into them, and against damage. */
#include "../test.h"

#include <stdio.h>
#include <time.h>

#include "index/segment_private.h"
#include "segment_walk.h"
#include "small_segment.h"
#include "study/catalogue.h"

static uint64_t seed;

/* Memory of exactly the file's size, so that a sanitizer sees every read behind it. */
typedef struct file {
  uint8_t *p;
  size_t n;
} file;

static file encode(const small_docs *d) {
  th_buf b;
  th_buf_init(&b, 0);
  small_encode(d, &b);
  file f = {malloc(b.n), b.n};
  assert_non_null(f.p);
  memcpy(f.p, b.p, b.n);
  th_buf_dispose(&b);
  return f;
}

static int open_file(th_segment **s, file f, bool trust, th_err *err) {
  return th_segment_open_bytes(s, f.p, f.n, "000001.seg", trust, err);
}

/* ---- what was written comes back ---- */

static bool same_stem(const small_docs *d, size_t i, uint32_t stem) {
  return d->words[i].stem == stem;
}

/* All occurrences of a stem, in the order of documents, from reader and from the words. */
static void check_list(const small_docs *d, const th_segment *s, uint32_t stem, const th_term *t) {
  th_postings p;
  char text[TH_TERM_MAX];
  size_t at = 0;
  uint32_t df = 0;
  uint64_t cf = 0;
  th_postings_init(&p, t);
  while (th_postings_next_block(&p)) {
    for (uint32_t i = 0; i < p.n; i++) {
      th_occurrence out[256];
      th_class_field fields[SMALL_FIELDS];
      unsigned n = th_postings_positions(s, &p, i, NULL, out, TH_COUNT(out)), tf = 0;
      unsigned n_fields = th_segment_class(s, p.classes[i], fields, SMALL_FIELDS);
      for (unsigned f = 0; f < n_fields; f++)
        tf += fields[f].tf;
      assert_int_equal(tf, n);
      assert_true(n > 0);
      for (unsigned k = 0; k < n; k++) {
        while (at < d->n_words && !same_stem(d, at, stem))
          at++;
        assert_true(at < d->n_words);
        const small_word *w = &d->words[at++];
        assert_int_equal(p.docs[i], w->doc);
        assert_int_equal(out[k].field, small_fields[w->field]);
        assert_int_equal(out[k].position, w->position);
        th_span stem_text = small_stem(stem);
        th_span form = th_term_form(t, stem_text, out[k].form, text);
        assert_int_equal(form.n, stem_text.n + w->form);
        assert_int_equal(th_term_find_form(t, stem_text, form), out[k].form);
      }
      df++;
      cf += n;
    }
  }
  while (at < d->n_words && !same_stem(d, at, stem))
    at++;
  assert_int_equal(at, d->n_words);
  assert_int_equal(df, t->df);
  assert_int_equal(cf, t->cf);
}

static void check_terms(const small_docs *d, const th_segment *s) {
  th_term_cursor c;
  bool more = th_term_seek(&c, s, TH_SPAN(""));
  for (uint32_t stem = 0; stem < d->n_stems; stem++) {
    th_term t;
    bool present = false;
    for (size_t i = 0; i < d->n_words && !present; i++)
      present = same_stem(d, i, stem);
    assert_int_equal(th_segment_term(s, small_stem(stem), &t), present);
    if (!present) continue;
    check_list(d, s, stem, &t);
    assert_true(more && th_term_next(&c));
    assert_true(th_span_eq((th_span){c.text, c.len}, small_stem(stem)));
    assert_ptr_equal(c.term.postings, t.postings);
    assert_ptr_equal(c.term.positions_end, t.positions_end);
    th_term_cursor from;
    assert_true(th_term_seek(&from, s, small_stem(stem)) && th_term_next(&from));
    assert_true(th_span_eq((th_span){from.text, from.len}, small_stem(stem)));
  }
  assert_false(more && th_term_next(&c));
  assert_false(th_term_seek(&c, s, TH_SPAN("zzz")) && th_term_next(&c));
  th_term t;
  assert_false(th_segment_term(s, TH_SPAN(""), &t));
  assert_false(th_segment_term(s, TH_SPAN("word"), &t));
}

static void check_docs(const small_docs *d, const th_segment *s) {
  assert_int_equal(th_segment_docs(s), d->n_docs);
  for (uint32_t doc = 0; doc < d->n_docs; doc++) {
    uint32_t first, end;
    assert_int_equal(th_segment_nct(s, doc), d->nct[doc]);
    assert_int_equal(th_segment_seq(s, doc), d->seq[doc]);
    th_segment_find_nct(s, d->nct[doc], &first, &end);
    assert_int_equal(end - first, 1);
    assert_int_equal(th_segment_by_nct(s, first), doc);
  }
  for (uint32_t doc = 0; doc < d->n_docs && doc < 50; doc++) {
    for (uint8_t f = 0; f < SMALL_FIELDS; f++)
      assert_int_equal(th_segment_length(s, doc, small_fields[f]), small_length(d, doc, f));
    assert_int_equal(th_segment_length(s, doc, 0), 0);
  }
}

static void check_columns(const small_docs *d, const th_segment *s) {
  const th_column *mask = th_segment_column(s, TH_F_OverallStatus);
  const th_column *dates = th_segment_column(s, TH_F_StartDate);
  const th_column *words = th_segment_column(s, TH_F_Condition);
  const th_sites *sites = th_segment_sites(s);
  assert_null(th_segment_column(s, TH_F_NCTId));
  assert_non_null(mask);
  assert_non_null(sites);
  for (uint32_t doc = 0; doc < d->n_docs; doc++) {
    int64_t days[3];
    uint32_t ordinals[3], first, end;
    assert_int_equal(th_column_mask(mask, doc), small_mask(doc));
    th_column_row(dates, doc, &first, &end);
    assert_int_equal(end - first, small_dates(doc, days));
    for (uint32_t i = first; i < end; i++)
      assert_int_equal(th_column_value(dates, i), days[i - first]);
    th_column_row(words, doc, &first, &end);
    assert_int_equal(end - first, small_words(doc, ordinals));
    for (uint32_t i = first; i < end; i++) {
      int64_t ordinal = th_column_value(words, i);
      assert_int_equal(ordinal, ordinals[i - first]);
      th_span word = th_column_word(words, (uint32_t)ordinal);
      assert_true(th_span_eq(word, small_stem((uint32_t)ordinal)));
      assert_int_equal(th_column_find(words, word), ordinal);
    }
    assert_int_equal(sites->start[doc + 1] - sites->start[doc], small_sites(doc));
  }
  assert_int_equal(th_column_find(words, TH_SPAN("aaa")), -1);
  assert_int_equal(th_column_find(words, TH_SPAN("zzz")), -1);
  assert_null(th_column_word(words, 17).p);
}

static void what_was_written_comes_back(void **state) {
  static const uint32_t sizes[][2] = {{1, 3},    {2, 40},   {127, 64},
                                      {128, 65}, {130, 33}, {3000, 200}};
  (void)state;
  for (size_t i = 0; i < TH_COUNT(sizes); i++) {
    small_docs d;
    th_segment *s;
    th_err err = {0};
    small_random(&d, &seed, sizes[i][0], sizes[i][1], 100, 7);
    file f = encode(&d);
    if (open_file(&s, f, false, &err)) fail_msg("%s", err.message);
    check_docs(&d, s);
    check_terms(&d, s);
    check_columns(&d, s);
    if (th_segment_verify(s, &err)) fail_msg("%s", err.message);
    if (th_segment_verify_deep(s, &err)) fail_msg("%s", err.message);
    th_segment_close(s);
    free(f.p);
    small_dispose(&d);
  }
}

/* Skipping by target finds the same documents as reading through. */
static void seeking_finds_what_reading_finds(void **state) {
  small_docs d;
  th_segment *s;
  th_term t;
  (void)state;
  small_random(&d, &seed, 20000, 12, 1, 1);
  file f = encode(&d);
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  for (uint32_t stem = 0; stem < d.n_stems; stem++) {
    uint8_t *has = calloc(d.n_docs, 1);
    for (size_t i = 0; i < d.n_words; i++)
      if (d.words[i].stem == stem) has[d.words[i].doc] = 1;
    for (int round = 0; round < 30; round++) {
      th_postings p;
      assert_true(th_segment_term(s, small_stem(stem), &t));
      th_postings_init(&p, &t);
      uint32_t target = small_draw(&seed, 300);
      for (;;) {
        uint32_t expected = target;
        while (expected < d.n_docs && !has[expected])
          expected++;
        bool found = th_postings_seek_block(&p, target);
        assert_int_equal(found, expected < d.n_docs);
        if (!found) break;
        uint32_t i = 0;
        while (p.docs[i] < target)
          i++;
        assert_true(i < p.n);
        assert_int_equal(p.docs[i], expected);
        target = expected + 1 + small_draw(&seed, round < 15 ? 5 : 6000);
      }
      assert_false(th_postings_next_block(&p));
    }
    free(has);
  }
  th_segment_close(s);
  free(f.p);
  small_dispose(&d);
}

/* Positions asked for in any order, in chosen fields only, and cut at max. */
static void positions_in_any_order(void **state) {
  small_docs d;
  th_segment *s;
  th_term t;
  th_postings p;
  (void)state;
  small_random(&d, &seed, 300, 20, 1, 1);
  file f = encode(&d);
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  assert_true(th_segment_term(s, small_stem(0), &t));
  th_postings_init(&p, &t);
  while (th_postings_next_block(&p))
    for (unsigned round = 0; round < 200; round++) {
      uint32_t i = small_draw(&seed, p.n);
      uint64_t want[(TH_F_COUNT + 63) / 64] = {0};
      uint16_t field = small_fields[small_draw(&seed, SMALL_FIELDS)];
      th_occurrence all[256], some[256];
      want[field / 64] |= UINT64_C(1) << (field % 64);
      unsigned n = th_postings_positions(s, &p, i, NULL, all, TH_COUNT(all));
      unsigned m = th_postings_positions(s, &p, i, want, some, TH_COUNT(some)), k = 0;
      for (unsigned j = 0; j < n; j++)
        if (all[j].field == field) assert_memory_equal(&all[j], &some[k++], sizeof *all);
      assert_int_equal(k, m);
      assert_int_equal(th_postings_positions(s, &p, i, NULL, some, 1), 1);
      assert_memory_equal(some, all, sizeof *all);
      assert_int_equal(th_postings_positions(s, &p, p.n, NULL, some, 1), 0);
    }
  assert_int_equal(th_segment_state(s, NULL), 0);
  th_segment_close(s);
  free(f.p);
  small_dispose(&d);
}

/* Positions of single fields, read one after the other and back and forth, are those of the whole.
 */
static void places_are_the_positions_of_their_fields(void **state) {
  small_docs d;
  th_segment *s;
  th_term t;
  th_postings p;
  (void)state;
  small_random(&d, &seed, 300, 20, 1, 1);
  file f = encode(&d);
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  assert_true(th_segment_term(s, small_stem(0), &t));
  th_postings_init(&p, &t);
  while (th_postings_next_block(&p))
    for (unsigned round = 0, i = 0; round < 600; round++) {
      uint64_t want[(TH_F_COUNT + 63) / 64] = {0};
      th_occurrence all[256], some[256];
      i = small_draw(&seed, 3) ? TH_MIN(i + small_draw(&seed, 4), p.n - 1) : small_draw(&seed, p.n);
      for (unsigned n = small_draw(&seed, 3) + 1; n > 0; n--) {
        uint16_t field = small_fields[small_draw(&seed, SMALL_FIELDS)];
        want[field / 64] |= UINT64_C(1) << (field % 64);
      }
      unsigned m = th_postings_places(s, &p, i, want, some, TH_COUNT(some)), k = 0;
      if (small_draw(&seed, 2)) continue; /* what comes next goes on from there */
      th_postings whole;
      th_postings_init(&whole, &t);
      while (th_postings_next_block(&whole) && whole.block != p.block) {
      }
      unsigned n = th_postings_positions(s, &whole, i, want, all, TH_COUNT(all));
      assert_int_equal(n, m);
      for (; k < n; k++) {
        assert_int_equal(all[k].field, some[k].field);
        assert_int_equal(all[k].position, some[k].position);
        assert_int_equal(some[k].form, 0);
      }
    }
  assert_int_equal(th_segment_state(s, NULL), 0);
  th_segment_close(s);
  free(f.p);
  small_dispose(&d);
}

enum {
  CLASSES = TH_CLASSES_DIRECT + 700,
  OFTEN = 6
}; /* a word stands below OFTEN times in a field */

/* Document d holds the only word in field f as often as digit f of d + 1 to the base OFTEN. */
static void check_classes(const th_segment *s, const th_postings *p) {
  for (uint32_t i = 0; i < p->n; i++) {
    th_class_field fields[SMALL_FIELDS];
    unsigned n = th_segment_class(s, p->classes[i], fields, SMALL_FIELDS), k = 0;
    for (uint32_t f = 0, left = p->docs[i] + 1; f < SMALL_FIELDS; f++, left /= OFTEN) {
      if (left % OFTEN == 0) continue;
      assert_true(k < n);
      assert_int_equal(fields[k].field, small_fields[f]);
      assert_int_equal(fields[k++].tf, left % OFTEN);
    }
    assert_int_equal(k, n);
  }
}

/* More than once, so that they are read from their groups, then from the table made of them. */
static void classes_of_groups_come_back(void **state) {
  small_docs d;
  th_segment *s;
  th_term t;
  (void)state;
  small_init(&d, CLASSES, 1);
  for (uint32_t doc = 0; doc < CLASSES; doc++) {
    d.nct[doc] = doc + 1;
    d.seq[doc] = doc + 1;
    for (uint32_t f = 0, left = doc + 1; f < SMALL_FIELDS; f++, left /= OFTEN)
      for (uint32_t k = 0; k < left % OFTEN; k++)
        small_add(&d, doc, (uint8_t)f, 2 * k, 0, 0);
  }
  file f = encode(&d);
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  assert_int_equal(th_segment_classes(s), CLASSES);
  assert_true(th_segment_term(s, small_stem(0), &t));
  for (unsigned round = 0; round < 8; round++) {
    th_postings p;
    th_postings_init(&p, &t);
    while (th_postings_next_block(&p))
      check_classes(s, &p);
    assert_int_equal(th_spread_of(s) != NULL, round >= 5); /* 700 are asked for in each */
  }
  assert_int_equal(th_spread_of(s)->n, CLASSES - TH_CLASSES_DIRECT);
  assert_int_equal(th_segment_state(s, NULL), 0);
  th_segment_close(s);
  free(f.p);
  small_dispose(&d);
}

/* ---- damage ---- */

/* Every answer under a flip is the right one or the segment says that it is damaged; and the check
 * of the whole finds the flip. */
static void flip(file f, size_t at, uint64_t right) {
  th_segment *s;
  uint8_t was = f.p[at];
  f.p[at] ^= (uint8_t)(1u << small_draw(&seed, 8));
  if (open_file(&s, f, false, NULL) == 0) {
    uint64_t sum = segment_walk(s);
    th_err err = {0};
    if (sum != right && th_segment_state(s, &err) == 0)
      fail_msg("a wrong answer was passed on: byte %zu of %zu", at, f.n);
    assert_int_equal(err.code == 0 || err.message[0], 1);
    th_segment_close(s);
    assert_int_equal(open_file(&s, f, false, NULL), 0);
    if (th_segment_verify(s, &err) != TH_ECORRUPT) fail_msg("flip not found: byte %zu", at);
    th_segment_close(s);
  }
  f.p[at] = was;
}

static uint64_t right_sum(file f) {
  th_segment *s;
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  uint64_t sum = segment_walk(s);
  assert_int_equal(th_segment_state(s, NULL), 0);
  th_segment_close(s);
  return sum;
}

static void every_flip_is_found(void **state) {
  small_docs d;
  (void)state;
  small_random(&d, &seed, 12, 40, 100, 7);
  file f = encode(&d);
  uint64_t right = right_sum(f);
  for (size_t at = 0; at < f.n; at++)
    flip(f, at, right);
  free(f.p);
  small_dispose(&d);
}

static void flips_in_many_chunks_are_found(void **state) {
  small_docs d;
  (void)state;
  small_random(&d, &seed, 2500, 60, 100, 7);
  file f = encode(&d);
  uint64_t right = right_sum(f);
  assert_true(f.n > 3 * (size_t)TH_CHUNK);
  for (int i = 0; i < 40; i++)
    flip(f, (size_t)small_draw(&seed, (uint32_t)f.n), right);
  free(f.p);
  small_dispose(&d);
}

static void no_cut_file_opens(void **state) {
  small_docs d;
  (void)state;
  small_random(&d, &seed, 12, 40, 100, 7);
  file f = encode(&d);
  for (size_t n = 0; n < f.n; n++) {
    th_segment *s;
    file cut = {malloc(n + 1), n};
    memcpy(cut.p, f.p, n);
    assert_int_equal(open_file(&s, cut, false, NULL), TH_ECORRUPT);
    assert_null(s);
    free(cut.p);
  }
  free(f.p);
  small_dispose(&d);
}

/* Checksums aside: changed bytes never make a reader run outside, loop or pass on numbers out of
 * range. The sanitizers look. */
static void decoders_stand_on_their_own(void **state) {
  static const uint32_t sizes[][2] = {{12, 40}, {300, 5}};
  (void)state;
  for (size_t k = 0; k < TH_COUNT(sizes); k++) {
    small_docs d;
    small_random(&d, &seed, sizes[k][0], sizes[k][1], 100, 7);
    file f = encode(&d);
    uint8_t *whole = malloc(f.n);
    memcpy(whole, f.p, f.n);
    for (int i = 0; i < (k ? 300 : 3000); i++) {
      th_segment *s;
      for (uint32_t n = 1 + small_draw(&seed, 4); n; n--)
        f.p[small_draw(&seed, (uint32_t)f.n)] = (uint8_t)small_draw(&seed, 256);
      if (open_file(&s, f, true, NULL) == 0) {
        (void)segment_walk(s);
        (void)!th_segment_verify_deep(s, NULL);
        th_segment_close(s);
      }
      memcpy(f.p, whole, f.n);
    }
    free(whole);
    free(f.p);
    small_dispose(&d);
  }
}

static void messages_name_section_and_place(void **state) {
  small_docs d;
  th_segment *s;
  th_err err = {0};
  (void)state;
  small_random(&d, &seed, 200, 10, 100, 7);
  file f = encode(&d);
  assert_int_equal(open_file(&s, f, false, NULL), 0);
  f.p[s->section[TH_SEC_POSTINGS].p - f.p + 5] ^= 1;
  assert_int_equal(th_segment_verify(s, &err), TH_ECORRUPT);
  assert_non_null(strstr(err.message, "000001.seg"));
  assert_non_null(strstr(err.message, "POSTINGS"));
  assert_true(err.has_offset);
  th_segment_close(s);
  free(f.p);
  small_dispose(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_written_comes_back),
      cmocka_unit_test(seeking_finds_what_reading_finds),
      cmocka_unit_test(positions_in_any_order),
      cmocka_unit_test(places_are_the_positions_of_their_fields),
      cmocka_unit_test(classes_of_groups_come_back),
      cmocka_unit_test(every_flip_is_found),
      cmocka_unit_test(flips_in_many_chunks_are_found),
      cmocka_unit_test(no_cut_file_opens),
      cmocka_unit_test(decoders_stand_on_their_own),
      cmocka_unit_test(messages_name_section_and_place),
  };
  const char *given = getenv("TH_TEST_SEED");
  seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  print_message("seed %llu (set TH_TEST_SEED to repeat)\n", (unsigned long long)seed);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
