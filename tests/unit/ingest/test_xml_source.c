/* Legacy XML as a source: one document, many, broken ones, in pieces of every size, packed. */
#include "../test.h"

#include "pack.h"
#include "transcript.h"

#include <stdio.h>

#define DOC(id) "<clinical_study><id_info><nct_id>" id "</nct_id></id_info></clinical_study>"
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a > comment -->\n"
#define JSON(id)                                                                                   \
  "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"" id "\"}},\"hasResults\":false}\n"
#define ONE JSON("NCT00000001")
#define TWO JSON("NCT00000002")

typedef struct text_case {
  const char *name, *in, *out;
} text_case;

static const text_case cases[] = {
    {"one", DOC("NCT00000001"), "R 1 0 " ONE},
    {"with a head and a mark", "\xEF\xBB\xBF" HEAD DOC("NCT00000001") "\n", "R 1 3 " ONE},
    {"many", HEAD DOC("NCT00000001") "\n" HEAD DOC("NCT00000002") DOC("NCT00000001") "\n\n",
     "R 1 0 " ONE "R 4 141 " TWO "R 6 281 " ONE},
    {"a blank in the end tag",
     "<clinical_study\nrank=\"1\">"
     "<id_info><nct_id>NCT00000001</nct_id></id_info>"
     "</clinical_study \n>" DOC("NCT00000002"),
     "R 1 0 " ONE "R 3 91 " TWO},
    {"document type without entities",
     "<!DOCTYPE clinical_study [ <!ELEMENT x (#PCDATA)> ]>" DOC("NCT00000001"), "R 1 0 " ONE},
    {"another root",
     "<?xml version=\"1.0\"?><search_results count=\"3\"><study/></search_results>\n",
     "X 1  the root element <search_results> is not <clinical_study>\n"},
    {"another root before a study", "<html><p></html>\n" DOC("NCT00000001"),
     "R 2 17 " ONE "X 1  the root element <html> is not <clinical_study>\n"},
    {"studies within another root",
     "<studies>\n" DOC("NCT00000001") "\n" DOC("NCT00000002") "\n</studies>\n",
     "R 2 10 " ONE "R 3 91 " TWO "X 1  the root element <studies> is not <clinical_study>\n"},
    {"a document that is cut",
     "<clinical_study><id_info><nct_id>NCT00000001</nct_id>\n" HEAD DOC("NCT00000002"),
     "R 2 54 " TWO "X 1 NCT00000001 the document is not closed before the next one begins\n"},
    {"the last is cut", DOC("NCT00000001") "\n<clinical_study><nct_id>NCT00000002</nct_id>",
     "R 1 0 " ONE "X 2 NCT00000002 the input ends inside the record\n"},
    {"not well-formed",
     "<clinical_study>\n<a></b><nct_id>NCT00000001</nct_id></clinical_study>" DOC("NCT00000002"),
     "R 2 69 " TWO "X 2 NCT00000001 not well-formed XML: mismatched tag\n"},
    {"no number", "<clinical_study><a/></clinical_study>" DOC("NCT00000002"),
     "R 1 37 " TWO "X 1  the record has no NCT number (<id_info><nct_id>)\n"},
    {"an entity bomb",
     "<!DOCTYPE b [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;\">]>\n"
     "<clinical_study>&b;<nct_id>NCT00000001</nct_id></clinical_study>" DOC("NCT00000002"),
     "R 2 133 " TWO "X 1 NCT00000001 the document declares entities, which are not read\n"},
    {"an entity from a file",
     "<!DOCTYPE b [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n"
     "<clinical_study><id_info><nct_id>&a;</nct_id></id_info></clinical_study>",
     "X 1  the document declares entities, which are not read\n"},
    {"a head without an end", "<?xml version=\"1.0\"", "X 1  no root element is found\n"},
    {"Latin-1",
     "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><clinical_study><id_info><nct_id>NCT00000001"
     "</nct_id></id_info><acronym>caf\xE9</acronym></clinical_study>",
     "R 1 0 "
     "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000001\",\"acronym\":"
     "\"caf\xC3\xA9\"}},"
     "\"hasResults\":false}\n"},
    {"bytes that are not UTF-8",
     "<clinical_study><acronym>\xFF</acronym><nct_id>NCT00000001</nct_id></clinical_study>",
     "X 1 NCT00000001 not well-formed XML: not well-formed (invalid token)\n"},
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

static void forms_of_xml(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    check(cases[i].name, th_span_of(cases[i].in), NULL, false, cases[i].out);
}

static void any_pieces_give_the_same(void **state) {
  (void)state;
  static const size_t chunks[] = {1, 2, 3, 7, 64, 255};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    for (size_t k = 0; k < TH_COUNT(chunks); k++) {
      th_source_limits l = {
          .read_chunk = chunks[k], .batch_records = 1 + k % 2, .batch_bytes = 1100};
      check(cases[i].name, th_span_of(cases[i].in), &l, k % 2, cases[i].out);
    }
  }
}

static void packed_and_zipped(void **state) {
  (void)state;
  th_buf gz, zip;
  th_buf_init(&gz, 0), th_buf_init(&zip, 0);
  pack_gzip(&gz, TH_SPAN(HEAD DOC("NCT00000001") DOC("NCT00000002")));
  check("gzip", th_buf_view(&gz), NULL, false, "R 1 0 " ONE "R 3 140 " TWO);
  pack_zip z;
  pack_zip_init(&z);
  pack_zip_add(&z, "a.xml", TH_SPAN(DOC("NCT00000001")), PACK_DEFLATE);
  pack_zip_add(&z, "b.xml", TH_SPAN("<search_results/>"), 0);
  pack_zip_add(&z, "c.json", TH_SPAN("{}"), 0);
  pack_zip_finish(&z, true, &zip);
  check("zip", th_buf_view(&zip), NULL, false,
        "R 1 0 [a.xml] " ONE "R 1 0 [c.json] {}\n"
        "X 1  [b.xml] the root element <search_results> is not <clinical_study>\n");
  th_buf_dispose(&gz), th_buf_dispose(&zip);
}

/* UTF-16 of both orders, with and without its mark. */
static void wide(void **state) {
  (void)state;
  static const char text[] = DOC("NCT00000001");
  for (int how = 0; how < 3; how++) {
    th_buf in;
    th_buf_init(&in, 0);
    bool big = how == 1;
    th_buf_put(&in, big ? "\xFE\xFF" : "\xFF\xFE", 2);
    for (const char *p = text; *p; p++) {
      if (big) th_buf_char(&in, 0);
      th_buf_char(&in, *p);
      if (!big) th_buf_char(&in, 0);
    }
    th_source_limits l = {.read_chunk = how == 2 ? 3 : 0};
    check("wide", th_buf_view(&in), &l, how == 2, "R 1 0 " ONE);
    th_buf_dispose(&in);
  }
}

static void limits_hold(void **state) {
  (void)state;
  th_buf in;
  th_buf_init(&in, 0);
  th_source_limits l = {.max_record = 10000};
  th_buf_str(&in, "<clinical_study><id_info><nct_id>NCT00000001</nct_id></id_info><a>");
  for (int i = 0; i < 200000; i++)
    th_buf_str(&in, "long ");
  th_buf_str(&in, "</a></clinical_study>\n" DOC("NCT00000002"));
  check("long", th_buf_view(&in), &l, false,
        "R 2 1000088 " TWO "X 1 NCT00000001 the record is longer than the limit of 10000 bytes\n");
  th_buf_clear(&in);
  th_buf_str(&in, "<clinical_study>");
  for (int i = 0; i < 1000; i++)
    th_buf_str(&in, "<a>");
  th_buf_str(&in, "</clinical_study>" DOC("NCT00000002"));
  check("deep", th_buf_view(&in), NULL, false,
        "R 1 3033 " TWO "X 1  elements are nested too deeply\n");
  th_buf_dispose(&in);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forms_of_xml),      cmocka_unit_test(any_pieces_give_the_same),
      cmocka_unit_test(packed_and_zipped), cmocka_unit_test(wide),
      cmocka_unit_test(limits_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
