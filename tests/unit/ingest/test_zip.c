#include "../test.h"

#include "pack.h"
#include "transcript.h"

#include <stdio.h>

#define P(id) "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"" id "\"}}}"
#define A P("NCT00000001")
#define B P("NCT00000002")
#define C P("NCT00000003")

static void expect(const char *name, th_buf *zip, const th_source_limits *l, const char *want) {
  th_buf got;
  th_buf_init(&got, 0);
  transcript(&got, th_buf_view(zip), l, l && l->read_chunk);
  th_buf_char(&got, 0);
  if (strcmp(got.p, want) != 0) fail_msg("%s:\n--- got\n%s--- want\n%s", name, got.p, want);
  th_buf_dispose(&got);
}

/* Three good entries among a folder and a readme, each way of packing. */
static void build(th_buf *out, unsigned flags, bool directory) {
  pack_zip z;
  pack_zip_init(&z);
  pack_zip_add(&z, "all/", TH_SPAN(""), 0);
  pack_zip_add(&z, "all/NCT00000001.json", TH_SPAN(A), flags);
  pack_zip_add(&z, "README", TH_SPAN("Downloaded from the registry.\n"), flags);
  pack_zip_add(&z, "two.json", TH_SPAN("[" B ",\n" C "]"), flags);
  pack_zip_finish(&z, directory, out);
}

#define GOOD                                                                                       \
  "R 1 0 [all/NCT00000001.json] " A "\nR 1 1 [two.json] " B "\nR 2 71 [two.json] " C               \
  "\nX 0  [README] the entry is no study record (neither JSON nor XML)\n"

static void every_way_of_packing(void **state) {
  (void)state;
  static const unsigned ways[] = {0,
                                  PACK_DEFLATE,
                                  PACK_ZIP64,
                                  PACK_DEFLATE | PACK_ZIP64,
                                  PACK_DEFLATE | PACK_DESCRIPTOR,
                                  PACK_DEFLATE | PACK_DESCRIPTOR | PACK_ZIP64};
  for (size_t i = 0; i < TH_COUNT(ways); i++) {
    th_buf zip, gz;
    th_buf_init(&zip, 0), th_buf_init(&gz, 0);
    build(&zip, ways[i], true);
    char name[16];
    snprintf(name, sizeof name, "way %zu", i);
    expect(name, &zip, NULL, GOOD);
    th_source_limits l = {.read_chunk = 1 + i, .batch_bytes = 1500, .batch_records = 1};
    expect(name, &zip, &l, GOOD);
    pack_gzip(&gz, th_buf_view(&zip)); /* no file to map: read by local headers */
    expect(name, &gz, NULL, GOOD);
    expect(name, &gz, &l, GOOD);
    th_buf_dispose(&zip), th_buf_dispose(&gz);
  }
}

#define NOTICE                                                                                     \
  "the archive has no directory that checks (cut off?); its entries are read one after another\n"

static void without_a_directory(void **state) {
  (void)state;
  th_buf zip;
  th_buf_init(&zip, 0);
  build(&zip, PACK_DEFLATE | PACK_DESCRIPTOR, false);
  expect("no directory", &zip, NULL,
         "R 1 0 [all/NCT00000001.json] " A "\nR 1 1 [two.json] " B "\nR 2 71 [two.json] " C
         "\nX 0  " NOTICE "X 0  [README] the entry is no study record (neither JSON nor XML)\n");
  th_buf_clear(&zip);
  build(&zip, PACK_DEFLATE, false);
  th_buf_truncate(&zip, zip.n - 10);
  th_buf got;
  th_buf_init(&got, 0);
  transcript(&got, th_buf_view(&zip), NULL, false);
  th_buf_char(&got, 0);
  assert_non_null(strstr(got.p, "R 1 0 [all/NCT00000001.json] " A "\n"));
  assert_non_null(strstr(got.p, "[two.json] deflate data is cut off at byte"));
  th_buf_dispose(&got), th_buf_dispose(&zip);
}

static void what_is_wrong_with_an_entry(void **state) {
  (void)state;
  static const struct {
    unsigned flags;
    const char *want;
  } t[] = {
      {PACK_DEFLATE | PACK_WRONG_CRC, "X 0  [bad] the entry does not match its checksum\n"},
      {PACK_DEFLATE | PACK_WRONG_SIZE, "X 0  [bad] the entry has another length than stated\n"},
      {PACK_DEFLATE | PACK_ENCRYPTED, "X 0  [bad] the entry is encrypted\n"},
      {PACK_METHOD_99, "X 0  [bad] the entry is packed by method 99, which is not understood\n"},
      {PACK_OVERLAP, "X 0  [bad] the entry overlaps another one\n"},
  };
  for (size_t i = 0; i < TH_COUNT(t); i++) {
    th_buf zip;
    pack_zip z;
    char want[512];
    th_buf_init(&zip, 0);
    pack_zip_init(&z);
    pack_zip_add(&z, "a", TH_SPAN(A), 0);
    pack_zip_add(&z, "bad", TH_SPAN(B), t[i].flags);
    pack_zip_add(&z, "c", TH_SPAN(C), PACK_DEFLATE);
    pack_zip_finish(&z, true, &zip);
    snprintf(want, sizeof want, "R 1 0 [a] " A "\nR 1 0 [c] " C "\n%s", t[i].want);
    expect(t[i].want, &zip, NULL, want);
    th_buf_dispose(&zip);
  }
}

/* Records before the fault of a stored or streamed entry are given; the fault is told behind them.
 */
static void faults_of_streamed_entries(void **state) {
  (void)state;
  th_buf zip, gz;
  pack_zip z;
  th_buf_init(&zip, 0), th_buf_init(&gz, 0);
  pack_zip_init(&z);
  pack_zip_add(&z, "bad", TH_SPAN(A), PACK_DEFLATE | PACK_WRONG_CRC);
  pack_zip_add(&z, "c", TH_SPAN(C), PACK_DEFLATE);
  pack_zip_finish(&z, true, &zip);
  pack_gzip(&gz, th_buf_view(&zip));
  expect("streamed", &gz, NULL,
         "R 1 0 [bad] " A "\nR 1 0 [c] " C "\nX 0  [bad] the entry does not match its checksum\n");
  th_buf_dispose(&zip), th_buf_dispose(&gz);
}

static void bombs(void **state) {
  (void)state;
  th_buf zip, big, got;
  pack_zip z;
  th_buf_init(&zip, 0), th_buf_init(&big, 0), th_buf_init(&got, 0);
  memset(th_buf_room(&big, 40 << 20), ' ', 40 << 20);
  th_buf_added(&big, 40 << 20);
  for (int lie = 0; lie < 2; lie++) {
    pack_zip_init(&z);
    pack_zip_add(&z, "bomb", th_buf_view(&big), PACK_DEFLATE | (lie ? PACK_DESCRIPTOR : 0));
    pack_zip_add(&z, "c", TH_SPAN(C), PACK_DEFLATE);
    pack_zip_finish(&z, !lie, &zip);
    transcript(&got, th_buf_view(&zip), NULL, false);
    th_buf_char(&got, 0);
    assert_non_null(strstr(got.p, "[bomb] the entry unpacks to too many times its size"));
    assert_non_null(strstr(got.p, "R 1 0 [c] " C "\n"));
    th_buf_clear(&zip), th_buf_clear(&got);
  }
  th_source_limits l = {.max_unpacked = 1 << 20};
  pack_zip_init(&z);
  pack_zip_add(&z, "big", th_buf_view(&big), PACK_DEFLATE);
  pack_zip_finish(&z, true, &zip);
  transcript(&got, th_buf_view(&zip), &l, false);
  th_buf_char(&got, 0);
  assert_string_equal(got.p, "X 0  [big] the entry unpacks to more than is allowed\n");
  th_buf_dispose(&zip), th_buf_dispose(&big), th_buf_dispose(&got);
}

/* An entry larger than what is unpacked in one go, and packed entries inside the archive. */
static void large_and_nested_entries(void **state) {
  (void)state;
  th_buf zip, big, gz, got;
  pack_zip z;
  th_buf_init(&zip, 0), th_buf_init(&big, 0), th_buf_init(&gz, 0), th_buf_init(&got, 0);
  unsigned r = 1;
  for (int i = 0; i < 20000; i++) {
    th_buf_printf(&big, "{\"nctId\":\"NCT%08d\",\"x\":\"", i);
    for (int k = 0; k < 190; k++)
      th_buf_printf(&big, "%x", (r = r * 1103515245 + 12345) >> 12);
    th_buf_str(&big, "\"}\n");
  }
  pack_gzip(&gz, TH_SPAN(B));
  pack_zip_init(&z);
  pack_zip_add(&z, "big", th_buf_view(&big), PACK_DEFLATE);
  pack_zip_add(&z, "b.gz", th_buf_view(&gz), 0);
  pack_zip_finish(&z, true, &zip);
  transcript(&got, th_buf_view(&zip), NULL, false);
  th_buf_char(&got, 0);
  assert_true(big.n > (size_t)16 << 20);
  assert_non_null(strstr(got.p, "NCT00019999"));
  assert_non_null(strstr(got.p, "R 1 0 [b.gz] " B "\n"));
  assert_null(strstr(got.p, "\nX "));
  th_buf outer;
  th_buf_init(&outer, 0);
  pack_zip_init(&z);
  pack_zip_add(&z, "inner.zip", th_buf_view(&zip), 0);
  pack_zip_finish(&z, true, &outer);
  expect("zip in zip", &outer, NULL,
         "X 0  [inner.zip] a zip archive inside a zip archive is not read\n");
  th_buf_dispose(&zip), th_buf_dispose(&big), th_buf_dispose(&gz), th_buf_dispose(&got);
  th_buf_dispose(&outer);
}

/* A JSON record stays where it is while the XML of a later entry needs the room. */
static void json_and_xml_in_one_batch(void **state) {
  (void)state;
  th_buf zip, xml;
  pack_zip z;
  th_buf_init(&zip, 0), th_buf_init(&xml, 0);
  th_buf_str(&xml, "<clinical_study><id_info><nct_id>NCT00000002</nct_id></id_info><x>");
  for (int i = 0; i < 1000; i++)
    th_buf_str(&xml, "0123456789");
  th_buf_str(&xml, "</x></clinical_study>");
  pack_zip_init(&z);
  pack_zip_add(&z, "a.json", TH_SPAN(A), 0);
  pack_zip_add(&z, "b.xml", th_buf_view(&xml), PACK_DEFLATE);
  pack_zip_finish(&z, true, &zip);
  th_source_limits l = {.batch_bytes = 2000, .read_chunk = 100};
  expect("mixed", &zip, &l,
         "R 1 0 [a.json] " A "\nR 1 0 [b.xml] {\"protocolSection\":{\"identificationModule\":{"
         "\"nctId\":\"NCT00000002\"}},\"hasResults\":false}\n");
  th_buf_dispose(&zip), th_buf_dispose(&xml);
}

/* Every byte of a small archive changed, and every length: no crash, and no record that differs
 * from one that was put in unless its entry is stored without being looked at again. */
static void every_flip_and_every_cut(void **state) {
  (void)state;
  th_buf zip, copy, got;
  th_buf_init(&zip, 0), th_buf_init(&copy, 0), th_buf_init(&got, 0);
  build(&zip, PACK_DEFLATE, true);
  for (size_t i = 0; i < zip.n; i++) {
    for (int how = 0; how < 3; how++) {
      th_buf_clear(&copy), th_buf_clear(&got);
      th_buf_put(&copy, zip.p, how == 2 ? i : zip.n);
      if (how < 2) copy.p[i] = (char)(copy.p[i] ^ (how ? 0xFF : 0x01));
      transcript(&got, th_buf_view(&copy), NULL, false);
      th_buf_char(&got, 0);
      for (char *p = got.p; (p = strstr(p, "\"nctId\":\"")); p++)
        assert_memory_equal(p + 9, "NCT0000000", 10);
      assert_true(got.n < 4000); /* and nothing is told over and over */
    }
  }
  th_buf_dispose(&zip), th_buf_dispose(&copy), th_buf_dispose(&got);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_way_of_packing),
      cmocka_unit_test(without_a_directory),
      cmocka_unit_test(what_is_wrong_with_an_entry),
      cmocka_unit_test(faults_of_streamed_entries),
      cmocka_unit_test(bombs),
      cmocka_unit_test(large_and_nested_entries),
      cmocka_unit_test(every_flip_and_every_cut),
      cmocka_unit_test(json_and_xml_in_one_batch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
