/* Every form of JSON text that a source understands and every way in which it may be broken; then
 * the same inputs cut into pieces of every size. */
#include "../test.h"

#include "pack.h"
#include "transcript.h"

#include <stdio.h>

#define P(id) "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"" id "\"}}}"
#define A P("NCT00000001")
#define B P("NCT00000002")
#define C P("NCT00000003")
#define CUT(id) "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"" id "\"}"
#define QUOTE(id) "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"" id "}}}"
#define PRETTY(id)                                                                                 \
  "{\n  \"protocolSection\": {\n    \"identificationModule\": {\n      \"nctId\": \"" id           \
  "\",\n      \"list\": [\n        {\n          \"x\": \"}{\\\"\"\n        }\n      ]\n    }\n  "  \
  "}\n}"

typedef struct text_case {
  const char *name, *in, *out;
} text_case;

static const text_case cases[] = {
    {"nothing", "", ""},
    {"blanks", " \r\n\t\n", ""},
    {"one", A, "R 1 0 " A "\n"},
    {"one, pretty", PRETTY("NCT00000001") "\n", "R 1 0 " PRETTY("NCT00000001") "\n"},
    {"ndjson", A "\n" B "\n" C "\n", "R 1 0 " A "\nR 2 69 " B "\nR 3 138 " C "\n"},
    {"ndjson, blank lines, CRLF, mark, no last newline", "\xEF\xBB\xBF" A "\r\n\r\n  " B "\r\n" C,
     "R 1 3 " A "\nR 3 77 " B "\nR 4 147 " C "\n"},
    {"one behind the other", A B " " C, "R 1 0 " A "\nR 1 68 " B "\nR 1 137 " C "\n"},
    {"pretty, one behind the other", PRETTY("NCT00000001") PRETTY("NCT00000002"),
     "R 1 0 " PRETTY("NCT00000001") "\nR 12 162 " PRETTY("NCT00000002") "\n"},
    {"text sequence", "\x1E" A "\n\x1E" B "\n", "R 1 1 " A "\nR 2 71 " B "\n"},
    {"a mark in the middle", A "\n\xEF\xBB\xBF" B "\n", "R 1 0 " A "\nR 2 72 " B "\n"},
    {"array", "[" A "," B "]", "R 1 1 " A "\nR 1 70 " B "\n"},
    {"empty array", "[]\n", ""},
    {"array, by lines", "[\n" A ",\n" B "\n]\n", "R 2 2 " A "\nR 3 72 " B "\n"},
    {"array, pretty", "[\n  " PRETTY("NCT00000001") ",\n  " A "\n]",
     "R 2 4 " PRETTY("NCT00000001") "\nR 14 170 " A "\n"},
    {"page", "{\"totalCount\":2,\"studies\":[" A "," B "],\"nextPageToken\":\"a]}b\"}",
     "R 1 27 " A "\nR 1 96 " B "\n"},
    {"page, pretty", "{\n \"nextPageToken\" : \"x\",\n \"studies\" : [ " A " ]\n}\n",
     "R 3 41 " A "\n"},
    {"empty page", "{\"studies\":[]}", ""},
    {"pages by lines", "{\"studies\":[" A "]}\n{\"studies\":[" B "],\"nextPageToken\":\"x\"}\n",
     "R 1 12 " A "\nR 2 95 " B "\n"},
    {"array of pages", "[{\"studies\":[" A "]},{\"studies\":[" B "]}]",
     "R 1 13 " A "\nR 1 96 " B "\n"},
    {"page whose studies are none: a record", "{\"studies\":7}", "R 1 0 {\"studies\":7}\n"},
    {"a study as a member", "{\"capturedOn\":\"2020\",\"study\":" A "}\n" B,
     "R 1 0 {\"capturedOn\":\"2020\",\"study\":" A "}\nR 2 99 " B "\n"},
    /* ---- broken ---- */
    {"a cut line", CUT("NCT00000001") "\n" B "\n",
     "R 2 67 " B "\nX 1 NCT00000001 the record is not closed before the next one begins\n"},
    {"a cut line at the end", A "\n" CUT("NCT00000002"),
     "R 1 0 " A "\nX 2 NCT00000002 the input ends inside the record\n"},
    {"a cut line before any record that begins a line", "{\"a\":{\"b\":1\n{\"c\":2}\n",
     "R 2 12 {\"c\":2}\nX 1  the record is not closed before the next one begins\n"},
    {"a string without its end", QUOTE("NCT00000001") "\n" B "\n",
     "R 2 68 " B "\nX 1 NCT00000001 a line ends inside a string\n"},
    {"text behind a record is part of its line", A "}\n" B "\n" A " x\n" C "\n",
     "R 1 0 " A "}\nR 2 70 " B "\nR 3 139 " A " x\nR 4 210 " C "\n"},
    {"a line that is not JSON", A "\nhello NCT00000009\n" B "\n",
     "R 1 0 " A "\nR 3 87 " B "\nX 2  the line is not JSON\n"},
    {"the first line is not JSON", "hello\n" A "\n", "R 2 6 " A "\nX 1  the line is not JSON\n"},
    {"a number as a line", "{}\n17\n" A "\n", "R 1 0 {}\nR 3 6 " A "\nX 2  the line is not JSON\n"},
    {"a broken pretty record is told once",
     "{\n  \"protocolSection\": {\n    \"x\": \"abc\n    \"nctId\": \"NCT00000001\"\n  }\n}\n" B
     "\n",
     "R 7 72 " B "\nX 1  a line ends inside a string\n"},
    {"an element that is cut", "[" CUT("NCT00000001") "," B "," C "]",
     "R 1 68 " B "\nR 1 137 " C
     "\nX 1 NCT00000001 the record is not closed before the next one begins\n"},
    {"an element with a string without its end", "[" QUOTE("NCT00000001") "," B "," C "]",
     "R 1 69 " B "\nR 1 138 " C
     "\nX 1 NCT00000001 the record is not closed before the next one begins\n"},
    {"an element that is closed early", "[{\"protocolSection\":{}},\"x\":1}," B "]",
     "R 1 31 " B "\nX 1  the record is closed before its end\n"},
    {"elements that are no records", "[1, null," A ",\"x\"," B "]",
     "R 1 9 " A "\nR 1 82 " B
     "\nX 1  a list of records holds something that is no record\nX 1  a list of "
     "records holds something that is no record\nX 1  a list of records holds something that is no "
     "record\n"},
    {"a string before an object that is none of the registry's", "[\"x\\\",\" ,{\"a\":1},\"]\"]",
     "R 1 9 {\"a\":1}\nX 1  a list of records holds something that is no record\nX 1  a list of "
     "records holds something that is no record\n"},
    {"a page that is cut", "{\"studies\":[" A "," CUT("NCT00000002"),
     "R 1 12 " A "\nX 1 NCT00000002 the input ends inside the record\n"},
    {"a list that is cut", "[" A ",",
     "R 1 1 " A "\nX 1  the input ends inside a list of records\n"},
    {"a page that is not closed", "{\"studies\":[" A "],\"nextPageToken\":\"",
     "R 1 12 " A "\nX 1  the input ends before the page is closed\n"},
    {"lists nested too deeply", "[[[[[[[[[[[[[" A,
     "R 1 13 " A "\nX 1  lists are nested too deeply\n"},
    {"lists nested too deeply, by lines",
     "[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]\n" A "\nno JSON\n",
     "R 2 41 " A "\nX 1  lists are nested too deeply\nX 3  the line is not JSON\n"},
    {"no format", "hello, world\n",
     "X 0  the format is not known (neither JSON, XML, gzip, zstd nor zip)\n"},
    {"UTF-16", "\xFF\xFE{\0\"\0", "X 0  the text is UTF-16; JSON must be UTF-8\n"},
};

static void check(const char *name, th_span in, const th_source_limits *limits, bool file,
                  const char *want) {
  th_buf got;
  th_buf_init(&got, 0);
  transcript(&got, in, limits, file);
  th_buf_char(&got, 0);
  if (strcmp(got.p, want) != 0) fail_msg("%s:\n--- got\n%s--- want\n%s", name, got.p, want);
  th_buf_dispose(&got);
}

static size_t case_length(const text_case *c) {
  return strcmp(c->name, "UTF-16") ? strlen(c->in) : 6;
}

static void forms_of_json(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    check(cases[i].name, (th_span){cases[i].in, case_length(&cases[i])}, NULL, false, cases[i].out);
}

/* Sizes of reads, and of batches, that put every boundary everywhere. */
static void any_pieces_give_the_same(void **state) {
  (void)state;
  static const size_t chunks[] = {1, 2, 3, 7, 63, 64, 65, 257};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    for (size_t k = 0; k < TH_COUNT(chunks); k++) {
      th_source_limits l = {
          .read_chunk = chunks[k], .batch_records = 1 + k % 3, .batch_bytes = 1100};
      th_span in = {cases[i].in, case_length(&cases[i])};
      check(cases[i].name, in, &l, k % 2, cases[i].out);
    }
  }
}

static void wrap(th_buf *out, th_span in, int how) {
  th_buf inner;
  th_buf_init(&inner, 0);
  size_t half = in.n / 2;
  switch (how) {
  case 0:
    pack_gzip(out, in);
    break;
  case 1: /* many members, padded */
    pack_gzip(out, (th_span){in.p, half});
    pack_gzip(out, (th_span){in.p + half, in.n - half});
    th_buf_put(out, "\0\0\0", 3);
    break;
  case 2:
    pack_zstd(out, in);
    break;
  case 3: /* many frames, and one to skip */
    pack_zstd(out, (th_span){in.p, half});
    th_buf_put(out, "\x51\x2A\x4D\x18\x03\0\0\0abc", 11);
    pack_zstd(out, (th_span){in.p + half, in.n - half});
    break;
  default: /* twice over */
    pack_zstd(&inner, in);
    pack_gzip(out, th_buf_view(&inner));
  }
  th_buf_dispose(&inner);
}

static void packed_gives_the_same(void **state) {
  (void)state;
  for (int how = 0; how < 5; how++) {
    for (size_t i = 0; i < TH_COUNT(cases); i++) {
      th_buf packed;
      th_buf_init(&packed, 0);
      wrap(&packed, (th_span){cases[i].in, case_length(&cases[i])}, how);
      th_source_limits l = {.read_chunk = 1 + i % 5, .batch_bytes = 2000};
      check(cases[i].name, th_buf_view(&packed), NULL, false, cases[i].out);
      check(cases[i].name, th_buf_view(&packed), &l, true, cases[i].out);
      th_buf_dispose(&packed);
    }
  }
}

/* What stands before the cut is given, then one reject names the byte. */
static void cut_streams(void **state) {
  (void)state;
  for (int how = 0; how < 3; how += 2) {
    th_buf text, packed, got;
    th_buf_init(&text, 0), th_buf_init(&packed, 0), th_buf_init(&got, 0);
    unsigned r = 7;
    for (int i = 0; i < 3000; i++) {
      th_buf_printf(&text, "{\"protocolSection\":{\"nctId\":\"NCT%08d\",\"x\":\"", i);
      for (int k = 0; k < 40; k++)
        th_buf_printf(&text, "%x", (r = r * 1103515245 + 12345) >> 16);
      th_buf_str(&text, "\"}}\n");
    }
    wrap(&packed, th_buf_view(&text), how);
    size_t cut = packed.n / 2;
    transcript(&got, (th_span){packed.p, cut}, NULL, true);
    th_buf_char(&got, 0);
    char want[64], *x = strstr(got.p, "\nX ");
    snprintf(want, sizeof want, "%s data is cut off at byte %zu", how ? "zstd" : "gzip", cut);
    assert_non_null(x);
    assert_non_null(strstr(x, want));
    assert_null(strstr(x + 1, "\nX "));
    int n = 0;
    for (const char *p = got.p; (p = strstr(p, "R ")); p++)
      n++;
    assert_in_range(n, 1000, 1600);
    /* One wrong byte in the middle: the same, or the checksum at the end tells. */
    th_buf_clear(&got);
    packed.p[cut] ^= 0x10;
    transcript(&got, th_buf_view(&packed), NULL, false);
    th_buf_char(&got, 0);
    assert_non_null(strstr(got.p, "\nX "));
    th_buf_dispose(&text), th_buf_dispose(&packed), th_buf_dispose(&got);
  }
}

/* A string of `n` bytes in a record between two good ones, through gzip so that it is never whole
 * in memory here either. */
static void long_record(size_t n, const char *open, char fill, const char *close, th_buf *gz) {
  th_buf part;
  th_buf_init(&part, 0);
  th_buf_str(&part, A "\n" CUT("NCT00000002"));
  th_buf_str(&part, open);
  pack_gzip(gz, th_buf_view(&part));
  th_buf_clear(&part);
  size_t piece = 1 << 20;
  memset(th_buf_room(&part, piece), fill, piece);
  th_buf_added(&part, piece);
  th_buf one;
  th_buf_init(&one, 0);
  pack_gzip(&one, th_buf_view(&part));
  for (size_t i = 0; i < n; i += piece)
    th_buf_span(gz, th_buf_view(&one));
  th_buf_clear(&part);
  th_buf_str(&part, close);
  th_buf_str(&part, "\n" C "\n");
  pack_gzip(gz, th_buf_view(&part));
  th_buf_dispose(&part);
  th_buf_dispose(&one);
}

static void a_record_over_the_limit_is_passed_over(void **state) {
  (void)state;
  static const struct {
    const char *open, *close, *reason;
    char fill;
  } kinds[] = {
      {",\"x\":\"", "\"}}", "the record is longer than the limit of 1000000 bytes", 'a'},
      {",\"x\":\"", "\"}}", "the record is longer than the limit of 1000000 bytes", '\\'},
      {",\"x\":\"", "", "the record is longer than the limit of 1000000 bytes", 'a'},
      {",\"x\":", "", "the record is nested deeper than the limit of 256 levels", '['},
  };
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    th_buf gz, got;
    th_buf_init(&gz, 0), th_buf_init(&got, 0);
    long_record(64 << 20, kinds[i].open, kinds[i].fill, kinds[i].close, &gz);
    th_source_limits l = {.max_record = 1000000};
    transcript(&got, th_buf_view(&gz), &l, false);
    th_buf_char(&got, 0);
    char want[256];
    snprintf(want, sizeof want, "\nX 2 NCT00000002 %s\n", kinds[i].reason);
    if (strncmp(got.p, "R 1 0 " A "\nR 3 ", 79) || !strstr(got.p, C "\nX 2") ||
        !strstr(got.p, want))
      fail_msg("%zu: %s", i, got.p);
    th_buf_dispose(&gz), th_buf_dispose(&got);
  }
}

/* The 2 GB string, within bounded memory: the window of the batch stays small. */
static void memory_does_not_follow_the_input(void **state) {
  (void)state;
  th_buf gz;
  th_err err = {0};
  th_batch b;
  th_buf_init(&gz, 0);
  long_record((size_t)200 << 20, ",\"x\":\"", 'a', "\"}}", &gz);
  th_source_limits l = {.max_record = 2 << 20};
  th_source *s = th_source_open_memory("m", th_buf_view(&gz), &l, &err);
  th_batch_init(&b);
  size_t n = 0, rejects = 0;
  do {
    assert_int_equal(th_source_next(s, &b, &err), 0);
    n += b.n;
    rejects += b.n_rejects;
    assert_true(b.window.cap < (size_t)32 << 20);
  } while (b.n);
  assert_int_equal(n, 2);
  assert_int_equal(rejects, 1);
  th_batch_dispose(&b);
  th_source_close(s);
  th_buf_dispose(&gz);
}

static void a_batch_outlives_its_source(void **state) {
  (void)state;
  th_err err = {0};
  th_batch b;
  th_batch_init(&b);
  th_source *s = th_source_open_memory("name", TH_SPAN(A "\nx\n" B), NULL, &err);
  assert_int_equal(th_source_next(s, &b, &err), 0);
  th_source_close(s);
  assert_int_equal(b.n, 2);
  assert_string_equal(b.records[0].file, "name");
  assert_true(th_span_eq(b.records[1].bytes, TH_SPAN(B)));
  assert_int_equal(b.n_rejects, 1);
  th_batch_dispose(&b);
}

static void garbage_does_not_go_on_for_ever(void **state) {
  (void)state;
  th_buf in, got;
  th_buf_init(&in, 0), th_buf_init(&got, 0);
  for (int i = 0; i < 1000; i++)
    th_buf_str(&in, "x\n");
  th_buf_str(&in, A "\n");
  th_source_limits l = {.max_rejects = 100};
  transcript(&got, th_buf_view(&in), &l, false);
  th_buf_char(&got, 0);
  assert_non_null(strstr(got.p, "too many broken pieces"));
  assert_null(strstr(got.p, A));
  th_buf_dispose(&in), th_buf_dispose(&got);
}

static void ids_are_guessed(void **state) {
  (void)state;
  static const struct {
    const char *in, *id;
  } t[] = {
      {"", ""},
      {"\"nctId\" : \n \"NCT01234567\"", "NCT01234567"},
      {"\"nctId\":\"NCT0123456\"", ""},
      {"\"nctId\":\"NCT012345678\"", "NCT01234567"},
      {"\"nctId\":null,\"nctId\":\"NCT00000005", "NCT00000005"},
      {"<id><nct_id> NCT00000006</nct_id>", "NCT00000006"},
      {"NCT00000007", ""},
  };
  for (size_t i = 0; i < TH_COUNT(t); i++) {
    char id[16];
    th_record_guess_id(th_span_of(t[i].in), id);
    assert_string_equal(id, t[i].id);
  }
}

static void files_that_do_not_open(void **state) {
  (void)state;
  th_err err = {0};
  assert_null(th_source_open("/nowhere/at/all", NULL, &err));
  assert_int_equal(err.code, TH_ENOTFOUND);
  th_err_clear(&err);
  assert_null(th_source_open("/tmp", NULL, &err));
  assert_int_equal(err.code, TH_EUSAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forms_of_json),
      cmocka_unit_test(any_pieces_give_the_same),
      cmocka_unit_test(packed_gives_the_same),
      cmocka_unit_test(cut_streams),
      cmocka_unit_test(a_record_over_the_limit_is_passed_over),
      cmocka_unit_test(memory_does_not_follow_the_input),
      cmocka_unit_test(a_batch_outlives_its_source),
      cmocka_unit_test(garbage_does_not_go_on_for_ever),
      cmocka_unit_test(ids_are_guessed),
      cmocka_unit_test(files_that_do_not_open),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
