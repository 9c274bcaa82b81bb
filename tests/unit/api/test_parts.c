/* Small parts of the API: classic text, pretty tables, archives, counting. */
#include "../test.h"

#include "api/classic.h"
#include "api/doc.h"
#include "api/meta.h"
#include "api/oas.h"
#include "api/tally.h"
#include "api/totals.h"
#include "api/zip_out.h"
#include "base/json.h"
#include "ingest/legacy.h"

#include <libdeflate.h>
#include <stdio.h>
#include <time.h>

static const char *text_of(th_buf *b) {
  th_buf_char(b, 0);
  assert_int_equal(b->error, 0);
  return b->p;
}

/* ---- totals ---- */

static void test_totals(void **state) {
  (void)state;
  th_totals *t = th_totals_new();
  static char longest[4096];
  int64_t total = -1;
  assert_non_null(t);
  memset(longest, 'a', sizeof longest);
  th_totals_keep(t, TH_SPAN("query.cond=1:a"), 7, 12);
  th_totals_keep(t, (th_span){longest, sizeof longest}, 7, 5);
  assert_true(th_totals_find(t, TH_SPAN("query.cond=1:a"), 7, &total));
  assert_int_equal(total, 12);
  assert_false(th_totals_find(t, TH_SPAN("query.cond=1:a"), 8, &total)); /* newer data */
  assert_false(th_totals_find(t, TH_SPAN("query.cond=1:b"), 7, &total));
  assert_false(th_totals_find(t, (th_span){longest, sizeof longest}, 7, &total));
  assert_false(th_totals_find(t, TH_SPAN(""), 7, &total));
  /* Many more than there is room for: what is found is what was kept. */
  uint32_t found = 0;
  for (int i = 0; i < 5000; i++) {
    char asked[32];
    int n = snprintf(asked, sizeof asked, "%d", i);
    th_totals_keep(t, (th_span){asked, (size_t)n}, 9, i);
  }
  for (int i = 0; i < 5000; i++) {
    char asked[32];
    int n = snprintf(asked, sizeof asked, "%d", i);
    if (!th_totals_find(t, (th_span){asked, (size_t)n}, 9, &total)) continue;
    assert_int_equal(total, i);
    found++;
  }
  assert_true(found > 100);
  th_totals_free(t);
}

/* ---- classic text ---- */

static const struct {
  const char *markup, *classic;
} classics[] = {
    {"", ""},
    {"One line.", "One line."},
    {"a \\< b\\_c", "a < b_c"},
    {"Inclusion Criteria:\n\n* Age \\> 18\n* Consent\n\nExclusion Criteria:\n\n* None",
     "Inclusion Criteria:\r\n\r\n  -  Age > 18\r\n\r\n  -  Consent\r\n\r\nExclusion "
     "Criteria:\r\n\r\n"
     "  -  None"},
    {"* one of\n\n  1. this\n  2. that\n* two",
     "  -  one of\r\n\r\n       1. this\r\n\r\n       2. that\r\n\r\n  -  two"},
    {"1. a\n   * b\n     * c\n2. d",
     "  1. a\r\n\r\n       -  b\r\n\r\n            -  c\r\n\r\n  2. d"},
    {"first\nsecond", "first\r\nsecond"},
    {"* item\n\n  more of it\n\nparagraph", "  -  item\r\n\r\n     more of it\r\n\r\nparagraph"},
    {"-no item\n\n3 is a number\n\n* ", "-no item\r\n\r\n3 is a number\r\n\r\n*"},
};

static void classic_text(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(classics); i++) {
    th_buf out;
    th_buf_init(&out, 0);
    th_classic_put(&out, th_span_of(classics[i].markup));
    assert_string_equal(text_of(&out), classics[i].classic);
    th_buf_dispose(&out);
  }
}

static unsigned dice(uint64_t *seed, unsigned sides) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(*seed >> 33) % sides;
}

/* A text of paragraphs and lists, as import writes it from classic text. */
static void make_markup(th_buf *b, uint64_t *seed) {
  unsigned blocks = 1 + dice(seed, 6);
  for (unsigned i = 0; i < blocks; i++) {
    if (b->n) th_buf_str(b, "\n\n");
    th_buf_printf(b, "Paragraph %u with \\<signs\\> and a\\_b.", i);
    unsigned items = dice(seed, 5), level = 0;
    for (unsigned k = 0; k < items; k++) {
      unsigned next = k ? dice(seed, level + 2) : 0;
      th_buf_str(b, k && next <= level ? "\n" : "\n\n");
      level = next;
      for (unsigned l = 0; l < level; l++)
        th_buf_str(b, "  ");
      if (dice(seed, 2))
        th_buf_printf(b, "%u. item", k + 1);
      else
        th_buf_str(b, "* item");
      th_buf_printf(b, " \\[%u\\]", dice(seed, 100));
    }
  }
}

/* Classic text read as such is the markup again. */
static void classic_text_reads_back(void **state) {
  (void)state;
  uint64_t seed = (uint64_t)time(NULL), first = seed;
  for (int round = 0; round < 2000; round++) {
    th_buf markup, classic, again;
    th_buf_init(&markup, 0);
    th_buf_init(&classic, 0);
    th_buf_init(&again, 0);
    make_markup(&markup, &seed);
    th_classic_put(&classic, th_buf_view(&markup));
    th_legacy_markup(th_buf_view(&classic), &again);
    if (!th_span_eq(th_buf_view(&markup), th_buf_view(&again)))
      fail_msg("seed %llu, round %d:\n%s\n---\n%s\n---\n%s", (unsigned long long)first, round,
               text_of(&markup), text_of(&classic), text_of(&again));
    th_buf_dispose(&markup);
    th_buf_dispose(&classic);
    th_buf_dispose(&again);
  }
}

/* ---- tables ---- */

static const char *const spreads[][2] = {
    {"{}", "{ }"},
    {"[]", "[ ]"},
    {"{\"a\":1}", "{\n  \"a\" : 1\n}"},
    {"[1,\"b,c\"]", "[ 1, \"b,c\" ]"},
    {"[{\"a\":[],\"b\":{}},{\"c\":\"\\\"{\"}]",
     "[ {\n  \"a\" : [ ],\n  \"b\" : { }\n}, {\n  \"c\" : \"\\\"{\"\n} ]"},
    {"{\"a\":[{\"b\":[1,2]}]}", "{\n  \"a\" : [ {\n    \"b\" : [ 1, 2 ]\n  } ]\n}"},
};

static void tables_are_spread(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(spreads); i++) {
    th_buf out;
    th_buf_init(&out, 0);
    th_json_spread(&out, th_span_of(spreads[i][0]));
    assert_string_equal(text_of(&out), spreads[i][1]);
    th_buf_dispose(&out);
  }
}

static void check_json(void (*put)(th_buf *out), size_t least) {
  th_json_parser *parser = th_json_parser_new(8 << 20, 64);
  th_buf compact, spread;
  th_json j;
  th_err err = {0};
  th_buf_init(&compact, 0);
  th_buf_init(&spread, 0);
  put(&compact);
  assert_true(compact.n > least);
  assert_int_equal(th_json_parse(parser, th_buf_view(&compact), &j, &err), TH_OK);
  uint32_t n = j.n_nodes;
  th_json_spread(&spread, th_buf_view(&compact));
  assert_int_equal(th_json_parse(parser, th_buf_view(&spread), &j, &err), TH_OK);
  assert_int_equal(j.n_nodes, n);
  th_buf_dispose(&compact);
  th_buf_dispose(&spread);
  th_json_parser_free(parser);
}

static void all_fields(th_buf *out) {
  th_meta_fields(out, true, true);
}

static void documents_are_json(void **state) {
  (void)state;
  check_json(all_fields, 50000);
  check_json(th_meta_areas, 5000);
  check_json(th_meta_enums, 5000);
  check_json(th_oas_put, 40000);
}

/* ---- archives ---- */

static uint64_t number_at(const th_buf *b, size_t at, unsigned bytes) {
  uint64_t v = 0;
  for (unsigned i = 0; i < bytes; i++)
    v |= (uint64_t)(uint8_t)b->p[at + i] << (8 * i);
  return v;
}

/* An archive of n files; every file is found from the directory and unpacks to what went in. */
static void check_archive(uint32_t n, bool wide) {
  th_buf out;
  th_err err = {0};
  bool done = false;
  char text[64], plain[64];
  th_buf_init(&out, 0);
  th_zip *zip = th_zip_new(6, 1700000000);
  for (uint32_t i = 1; i <= n; i++) {
    snprintf(text, sizeof text, "{\"n\":%u,\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaa\"}", i);
    assert_int_equal(th_zip_add(zip, i, th_span_of(text), &out, &err), TH_OK);
  }
  size_t directory = out.n;
  while (!done)
    th_zip_directory(zip, 1000, &out, &done);
  th_zip_free(zip);
  size_t end = out.n - 22;
  assert_int_equal(number_at(&out, end, 4), 0x06054b50);
  assert_int_equal(number_at(&out, end + 10, 2), wide ? 0xffff : n);
  if (wide) {
    assert_int_equal(number_at(&out, end - 20, 4), 0x07064b50);
    size_t end64 = number_at(&out, end - 12, 8);
    assert_int_equal(number_at(&out, end64, 4), 0x06064b50);
    assert_int_equal(number_at(&out, end64 + 32, 8), n);
    assert_int_equal(number_at(&out, end64 + 48, 8), directory);
  } else {
    assert_int_equal(number_at(&out, end + 16, 4), directory);
  }
  struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
  for (uint32_t i = 1; i <= n; i++, directory += 46 + 16) {
    assert_int_equal(number_at(&out, directory, 4), 0x02014b50);
    size_t at = number_at(&out, directory + 42, 4), got = 0;
    int len = snprintf(text, sizeof text, "{\"n\":%u,\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaa\"}", i);
    char name[20];
    snprintf(name, sizeof name, "NCT%08u.json", i);
    assert_memory_equal(out.p + directory + 46, name, 16);
    assert_int_equal(number_at(&out, directory + 16, 4), libdeflate_crc32(0, text, (size_t)len));
    assert_int_equal(libdeflate_deflate_decompress(d, out.p + at + 46, number_at(&out, at + 18, 4),
                                                   plain, sizeof plain, &got),
                     0);
    assert_int_equal(got, len);
    assert_memory_equal(plain, text, got);
  }
  libdeflate_free_decompressor(d);
  th_buf_dispose(&out);
}

static void archives(void **state) {
  (void)state;
  check_archive(0, false);
  check_archive(3, false);
  check_archive(70000, true);
}

/* ---- counting ---- */

static void tallies_are_exact_while_small(void **state) {
  (void)state;
  th_tally t = {0};
  th_tally_entry top[2 * TH_TALLY_TOP];
  /* Value v stands in every v-th study, twice in each. */
  for (uint32_t study = 1; study <= 3000; study++)
    for (uint32_t v = 1; v <= 1000; v++)
      for (int twice = 0; twice < 2; twice++)
        if (study % v == 0) {
          char text[16];
          int n = snprintf(text, sizeof text, "value %u", v);
          th_tally_text(&t, study, (th_span){text, (size_t)n});
        }
  assert_int_equal(t.error, 0);
  assert_int_equal(th_tally_unique(&t), 1000);
  assert_int_equal(t.studies, 3000);
  uint32_t n = th_tally_top(&t, TH_TALLY_TOP, top);
  assert_true(n >= TH_TALLY_TOP && n <= 2 * TH_TALLY_TOP);
  for (uint32_t v = 1; v <= TH_TALLY_TOP; v++)
    assert_int_equal(top[v - 1].count, 3000 / v);
  assert_int_equal(t.longest_len, 10);
  th_tally_dispose(&t);
}

/* Many rare values round a few frequent ones: these stay right, the number is estimated. */
static void tallies_are_bounded(void **state) {
  (void)state;
  th_tally t = {0};
  th_tally_entry top[2 * TH_TALLY_TOP];
  const uint32_t studies = 200000, rare = 5;
  for (uint32_t study = 1; study <= studies; study++) {
    for (uint32_t v = 0; v < rare; v++) {
      uint64_t id = ((uint64_t)study * rare + v) * 0x9E3779B97F4A7C15u;
      th_tally_hashed(&t, study, th_tally_hash((th_span){(char *)&id, sizeof id}));
    }
    th_tally_text(&t, study, TH_SPAN("in all"));
    if (study % 10 == 0) th_tally_text(&t, study, TH_SPAN("in a tenth"));
  }
  assert_int_equal(t.error, 0);
  assert_true(t.cap <= 2 * TH_TALLY_VALUES);
  double unique = (double)th_tally_unique(&t), really = studies * (double)rare + 2;
  assert_true(unique > 0.96 * really && unique < 1.04 * really);
  assert_true(th_tally_top(&t, TH_TALLY_TOP, top) > 2);
  assert_int_equal(top[0].count, studies);
  assert_true(top[1].count > studies / 10 - 20 && top[1].count <= studies / 10);
  th_tally_dispose(&t);
}

static void tallies_of_dates_and_numbers(void **state) {
  (void)state;
  th_tally t = {0};
  static const char *const days[] = {"2020-05", "2020-05-01", "1999", "2020-05-01T10:00"};
  for (uint32_t i = 0; i < TH_COUNT(days); i++) {
    th_date date;
    assert_true(th_date_parse(th_span_of(days[i]), &date));
    th_tally_date(&t, i + 1, &date);
  }
  th_buf b;
  th_buf_init(&b, 0);
  th_date_iso(&t.first, &b);
  th_buf_char(&b, ' ');
  th_date_iso(&t.last_date, &b);
  assert_string_equal(text_of(&b), "1999 2020-05-01T10:00");
  assert_int_equal(t.precisions, 15);
  for (int64_t v = -5; v <= 7; v++)
    th_tally_int(&t, 9, v);
  assert_int_equal(t.low_int, -5);
  assert_int_equal(t.high_int, 7);
  assert_true(t.sum / (double)t.numbers == 1);
  th_buf_dispose(&b);
  th_tally_dispose(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_totals),
      cmocka_unit_test(classic_text),
      cmocka_unit_test(classic_text_reads_back),
      cmocka_unit_test(tables_are_spread),
      cmocka_unit_test(documents_are_json),
      cmocka_unit_test(archives),
      cmocka_unit_test(tallies_are_exact_while_small),
      cmocka_unit_test(tallies_are_bounded),
      cmocka_unit_test(tallies_of_dates_and_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
