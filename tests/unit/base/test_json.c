#include "../test.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static th_buf padded;

static int parse(th_json_parser *p, const char *text, th_json *out, th_err *err) {
  th_buf_clear(&padded);
  th_buf_str(&padded, text);
  return th_json_parse(p, th_buf_view(&padded), out, err);
}

static void tree_and_raw_bytes(void **state) {
  (void)state;
  th_json_parser *p = th_json_parser_new(1 << 20, 64);
  th_json j;
  th_err err = {0};
  const char *text = " {\"a\" : [1, -2.50, \"x\\n\\u00e9\" ,true,null,{}],\"b\":{\"c\":\"d,:{\"} , "
                     "\"a\\\"\":1e3} ";
  assert_int_equal(parse(p, text, &j, &err), 0);
  assert_int_equal(j.nodes[0].n, 3);
  assert_int_equal(j.nodes[0].next, j.n_nodes);
  uint32_t a = th_json_get(&j, 0, TH_SPAN("a"));
  assert_int_equal(j.nodes[a].n, 6);
  const char *raw[] = {"1", "-2.50", "\"x\\n\\u00e9\"", "true", "null", "{}"};
  int n = 0;
  for (th_json_each(&j, a, e))
    assert_true(th_span_eq(th_json_raw(&j, e), th_span_of(raw[n++])));
  assert_int_equal(n, 6);
  assert_true(th_span_eq(th_json_text(&j, a + 3), TH_SPAN("x\n\xC3\xA9")));
  assert_true(th_span_eq(th_json_path_text(&j, 0, "b.c"), TH_SPAN("d,:{")));
  assert_int_equal(th_json_path(&j, 0, "b.x"), 0);
  int64_t i;
  double d;
  assert_true(th_json_int(&j, a + 1, &i) && i == 1);
  assert_true(th_json_number(&j, a + 2, &d) && d == -2.5);
  assert_false(th_json_int(&j, a + 2, &i));
  th_json_parser_free(p);
}

static void errors_name_the_byte(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int code;
    int64_t at;
  } cases[] = {
      {"{\"a\":1,}", TH_EINPUT, 7}, {"[1,2", TH_EINPUT, 4},
      {"{\"a\" 1}", TH_EINPUT, 5},  {"[\"a\xFF\"]", TH_EINPUT, 3},
      {"[tru]", TH_EINPUT, 1},      {"", TH_EINPUT, 0},
      {"[1] 2", TH_EINPUT, 3},      {"[[[[[[[[[[[[[[[[]", TH_ELIMIT, -1},
      {"[\"a", TH_EINPUT, 3},       {"[01]", TH_EINPUT, 2},
  };
  th_json_parser *p = th_json_parser_new(1 << 20, 8);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_json j;
    th_err err = {0};
    assert_int_equal(parse(p, cases[i].text, &j, &err), cases[i].code);
    if (cases[i].at >= 0 && err.offset != cases[i].at)
      fail_msg("%s: at %d, expected %d", cases[i].text, (int)err.offset, (int)cases[i].at);
  }
  th_json_parser_free(p);
}

static void what_is_written_reads_back(void **state) {
  (void)state;
  th_buf b;
  th_jout w;
  th_buf_init(&b, 0);
  for (int pretty = 0; pretty < 2; pretty++) {
    th_buf_clear(&b);
    th_jout_init(&w, &b, pretty);
    th_jout_object(&w);
    th_jout_kv_text(&w, "t", TH_SPAN("a\"\\\n\x01\xC3\xA9\xFFz"));
    th_jout_key(&w, "list");
    th_jout_array(&w);
    th_jout_i64(&w, -5);
    th_jout_double(&w, 0.1);
    th_jout_double(&w, 42.3601);
    th_jout_bool(&w, true);
    th_jout_null(&w);
    th_jout_array(&w);
    th_jout_end_array(&w);
    th_jout_end_array(&w);
    th_jout_kv_str(&w, "none", NULL);
    th_jout_kv_words(&w, "words", "a bc d");
    th_jout_kv_words(&w, "no words", "");
    th_jout_end_object(&w);
    if (!pretty)
      assert_string_equal(
          b.p,
          "{\"t\":\"a\\\"\\\\\\n\\u0001\xC3\xA9\xEF\xBF\xBDz\",\"list\":[-5,0.1,"
          "42.3601,true,null,[]],\"none\":null,\"words\":[\"a\",\"bc\",\"d\"],\"no words\":[]}");
    th_json_parser *p = th_json_parser_new(1 << 20, 8);
    th_json j;
    assert_int_equal(th_json_parse(p, th_buf_view(&b), &j, NULL), 0);
    assert_int_equal(j.nodes[th_json_get(&j, 0, TH_SPAN("list"))].n, 6);
    th_json_parser_free(p);
  }
  th_buf_dispose(&b);
}

static void what_says_the_same(void **state) {
  (void)state;
  static const struct {
    const char *a, *b;
    bool same;
  } rows[] = {
      {"{\"a\":[1,\"x\"],\"b\":null}", " {\n \"b\" : null , \"a\" : [ 1, \"\\u0078\" ]}", true},
      {"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
      {"{\"a\":1,\"c\":2}", "{\"a\":1,\"b\":2}", false},
      {"[1,2]", "[2,1]", false},
      {"{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2}", false},
      {"{\"w\":0,\"x\":1,\"w\":0}", "{\"w\":0,\"x\":1,\"x\":9}", false},
      {"{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}", true},
      {"[1,2]", "[1]", false},
      {"1", "1.0", false},
      {"\"1\"", "1", false},
      {"true", "false", false},
      {"{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":[]}}", false},
      {"\"\\u00e9\"", "\"\xC3\xA9\"", true},
  };
  th_json_parser *p = th_json_parser_new(1 << 20, 64), *q = th_json_parser_new(1 << 20, 64);
  for (size_t i = 0; i < TH_COUNT(rows); i++) {
    th_buf other;
    th_json a, b;
    th_err err = {0};
    th_buf_init(&other, 0);
    th_buf_str(&other, rows[i].b);
    assert_int_equal(parse(p, rows[i].a, &a, &err), 0);
    assert_int_equal(th_json_parse(q, th_buf_view(&other), &b, &err), 0);
    if (th_json_same(&a, 0, &b, 0) != rows[i].same || th_json_same(&b, 0, &a, 0) != rows[i].same)
      fail_msg("%s and %s", rows[i].a, rows[i].b);
    th_buf_dispose(&other);
  }
  th_json_parser_free(p);
  th_json_parser_free(q);
}

static void utf8(void **state) {
  (void)state;
  assert_true(th_utf8_valid(TH_SPAN("a\xC3\xA9")));
  assert_false(th_utf8_valid(TH_SPAN("a\xC3")));
  assert_false(th_utf8_valid(TH_SPAN("\xED\xA0\x80")));
}

/* Byte for byte, as it was first written. */
static void quote_slowly(th_buf *out, th_span s) {
  th_buf_char(out, '"');
  for (size_t i = 0; i < s.n; i++) {
    unsigned char c = (unsigned char)s.p[i];
    if (c == '"' || c == '\\')
      th_buf_printf(out, "\\%c", c);
    else if (c == '\n')
      th_buf_str(out, "\\n");
    else if (c < 0x20 && c != '\t' && c != '\r' && c != '\b' && c != '\f')
      th_buf_printf(out, "\\u%04x", c);
    else
      th_buf_char(out, (char)c);
  }
  th_buf_char(out, '"');
}

static void test_quote_all_places(void **state) {
  static const unsigned char others[] = {'"', '\\', '\n', 1, 0x1f, 0x20, 0x7f};
  (void)state;
  th_buf got, want;
  th_buf_init(&got, 0);
  th_buf_init(&want, 0);
  for (size_t n = 0; n < 40; n++)
    for (size_t at = 0; at <= n; at++)
      for (size_t k = 0; k < sizeof others; k++) {
        char text[64];
        memset(text, 'a' + (int)k, sizeof text);
        if (at < n) text[at] = (char)others[k];
        if (at < n && n > 2) text[(at * 7 + k) % n] = (char)others[(k + at) % sizeof others];
        th_buf_clear(&got);
        th_buf_clear(&want);
        th_json_quote(&got, (th_span){text, n});
        quote_slowly(&want, (th_span){text, n});
        assert_true(th_span_eq(th_buf_view(&got), th_buf_view(&want)));
      }
  th_buf_dispose(&got);
  th_buf_dispose(&want);
}

/* As few digits as give the same number again, each tried. */
static void test_shortest_numbers(void **state) {
  (void)state;
  uint64_t seed = 0x2545F4914F6CDD1Du;
  th_buf out;
  th_buf_init(&out, 0);
  for (int round = 0; round < 20000; round++) {
    double v;
    char want[40];
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    memcpy(&v, &seed, sizeof v);
    if (round % 4 == 1) v = (double)(float)(seed >> 40) / 1000;
    if (round % 4 == 2) v = ldexp(1, (int)(seed % 2000) - 1000);
    if (round % 4 == 3) v = (double)((float)(seed >> 40) / 77);
    if (!isfinite(v)) continue;
    for (int digits = 6; digits <= 17; digits++) {
      snprintf(want, sizeof want, "%.*g", digits, v);
      if (strtod(want, NULL) == v) break;
    }
    th_jout w;
    th_buf_clear(&out);
    th_jout_init(&w, &out, false);
    th_jout_double(&w, v);
    if (!th_span_eq(th_buf_view(&out), th_span_of(want))) fail_msg("%s, want %s", out.p, want);
  }
  th_buf_dispose(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quote_all_places),      cmocka_unit_test(test_shortest_numbers),
      cmocka_unit_test(tree_and_raw_bytes),         cmocka_unit_test(errors_name_the_byte),
      cmocka_unit_test(what_is_written_reads_back), cmocka_unit_test(utf8),
      cmocka_unit_test(what_says_the_same),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  th_buf_dispose(&padded);
  return failed;
}
