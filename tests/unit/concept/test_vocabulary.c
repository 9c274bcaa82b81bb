/* The readers of vocabularies: small texts of each format, good and bad, and the real files when
 * they are there. */
#define _GNU_SOURCE
#include "../test.h"

#include <dirent.h>
#include <stdio.h>

#include "concept/draft.h"
#include "concept/vocabulary.h"

static char said[4096];

static void keep(void *ctx, const th_vocabulary_reject *r) {
  size_t at = strlen(said);
  (void)ctx;
  snprintf(said + at, sizeof said - at, "%lld:%s;", (long long)r->line, r->reason);
}

static int read_text(th_vocabulary *v, const char *text, th_err *err) {
  th_buf b;
  th_vocabulary_options o = {.reject = keep};
  said[0] = 0;
  th_buf_init(&b, 0);
  th_buf_str(&b, text);
  th_buf_span(&b, TH_SPAN(""));
  int rc = th_vocabulary_read_bytes(v, "folder/Small.List.csv", th_buf_view(&b), &o, err);
  th_buf_dispose(&b);
  return rc;
}

/* What a text gives, as one line: name|version|licence|format|read kept skipped rejected, then the
 * labels of each concept. */
static void describe(const th_vocabulary *v, th_buf *out) {
  th_err err = {0};
  th_buf file;
  th_concepts d;
  th_concept_draft *draft = th_concept_draft_new();
  th_draft_source s = {.name = th_span_of(v->name)};
  th_buf_printf(out, "%s|%s|%s|%s|%u %u %u %u", v->name, v->version, v->licence, v->format,
                (unsigned)v->read, (unsigned)v->kept, (unsigned)v->skipped, (unsigned)v->rejected);
  th_buf_init(&file, 0);
  assert_int_equal(th_concept_draft_source(draft, &s, &err), 0);
  if (th_vocabulary_add(draft, 0, th_buf_view(&v->body), &err)) fail_msg("%s", err.message);
  assert_int_equal(th_concept_draft_write(draft, 0, &file, &err), 0);
  assert_int_equal(th_concepts_open(&d, file.p, file.n, true, &err), 0);
  for (uint32_t i = 0; i < d.n_concepts; i++) {
    th_concept c;
    th_label l;
    assert_true(th_concepts_get(&d, i, &c));
    th_buf_printf(out, "\n%s", th_concept_kind_text(c.kind));
    for (uint32_t k = 0; k < c.n_labels; k++) {
      assert_true(th_concepts_label(&d, c.first_label + k, &l));
      th_buf_printf(out, " [%s %.*s]", th_label_relation_text(l.relation), (int)l.text.n, l.text.p);
    }
    for (uint32_t k = 0; k < c.n_codes; k++) {
      bool own;
      th_span code = th_concepts_code(&d, c.first_code + k, &own);
      th_buf_printf(out, " %s%.*s", own ? "=" : "~", (int)code.n, code.p);
    }
    for (uint32_t k = 0; k < c.n_parents; k++)
      th_buf_printf(out, " <%u", c.parents[k]);
  }
  th_concept_draft_free(draft);
  th_buf_dispose(&file);
}

static const struct {
  const char *text, *wanted, *rejects;
} cases[] = {
    {"format-version: 1.2\ndata-version: releases/2018-07-05\nontology: doid\n"
     "remark: Licensed under CC0\n\n"
     "[Term]\nid: DOID:1\nname: lung disease ! comment\n\n"
     "[Term]\nid: DOID:2\nname: asthma\nalt_id: DOID:3\nsynonym: \"bronchial \\\"asthma\\\"\" "
     "EXACT []\n"
     "synonym: \"wheezing\" RELATED []\nexact_synonym: \"old form\" []\nxref: MSH:D001249\n"
     "xref: SNOMEDCT_US_2018_03_01:195967001\nis_a: DOID:1 ! lung disease\n\n"
     "[Term]\nid: DOID:9\nname: gone\nis_obsolete: true\n\n[Typedef]\nid: part_of\nname: part of\n",
     "doid|2018-07-05|Licensed under CC0|OBO|3 2 1 0\n"
     "condition [preferred lung disease] =DOID:1\n"
     "condition [preferred asthma] [synonym bronchial \"asthma\"] [synonym old form] [related "
     "wheezing] =DOID:2 =DOID:3 ~MESH:D001249 ~SNOMEDCT:195967001 <0",
     ""},
    {"[Term]\nid: A:1\n\n[Term]\nname: nameless\n\n[Term]\nid: A:2\nname: two\nsynonym: "
     "unquoted\n\n"
     "[Term]\nid: A:3\nname: three\nno tag here\n\n[Term]\nid: A:4\nname: four words\n",
     "small||"
     "|OBO|5 1 0 4\nother [preferred four words] =A:4",
     "1:a term without a name;4:a term without an id;10:a synonym without quotes;15:a line without "
     "a "
     "tag;"},
    {"{\"graphs\":[{\"id\":\"http://x/obo/doid.owl\",\"meta\":{\"version\":\"http://x/2018-07-05/"
     "doid.owl\"},"
     "\"nodes\":[{\"id\":\"http://x/obo/"
     "DOID_2\",\"lbl\":\"asthma\",\"type\":\"CLASS\",\"meta\":{\"synonyms\":"
     "[{\"pred\":\"hasExactSynonym\",\"val\":\"bronchial "
     "asthma\"}],\"xrefs\":[{\"val\":\"MESH:D001249\"}]}},"
     "{\"id\":\"http://x/obo/DOID_1\",\"lbl\":\"lung "
     "disease\"},{\"id\":\"http://x/obo/DOID_7\",\"lbl\":5},"
     "{\"lbl\":\"no id\"},{\"id\":\"http://x/p\",\"lbl\":\"part of\",\"type\":\"PROPERTY\"},"
     "{\"id\":\"http://x/obo/DOID_3\",\"lbl\":\"old\",\"meta\":{\"deprecated\":true}}],"
     "\"edges\":[{\"sub\":\"http://x/obo/DOID_2\",\"pred\":\"is_a\",\"obj\":\"http://x/obo/"
     "DOID_1\"}]}]}",
     "doid|2018-07-05||OBO Graphs JSON|6 2 2 2\n"
     "condition [preferred asthma] [synonym bronchial asthma] =DOID:2 ~MESH:D001249 <1\n"
     "condition [preferred lung disease] =DOID:1",
     "0:a node without an id;0:a label that is no text;"},
    {"<?xml "
     "version=\"1.0\"?><DescriptorRecordSet><DescriptorRecord><DescriptorUI>D001249</DescriptorUI>"
     "<DescriptorName><String>Asthma</String></DescriptorName>"
     "<PharmacologicalActionList><PharmacologicalAction><DescriptorReferredTo>"
     "<DescriptorUI>D9</DescriptorUI><DescriptorName><String>Other</String></DescriptorName>"
     "</DescriptorReferredTo></PharmacologicalAction></PharmacologicalActionList>"
     "<TreeNumberList><TreeNumber>C08.127.108</TreeNumber></TreeNumberList><ConceptList>"
     "<Concept PreferredConceptYN=\"Y\"><TermList><Term "
     "IsPermutedTermYN=\"N\"><String>Asthma</String></Term>"
     "<Term IsPermutedTermYN=\"Y\"><String>Asthma, Bronchial</String></Term>"
     "<Term IsPermutedTermYN=\"N\"><String>Bronchial Asthma</String></Term></TermList></Concept>"
     "<Concept PreferredConceptYN=\"N\"><ConceptRelationList><ConceptRelation "
     "RelationName=\"NRW\"/>"
     "</ConceptRelationList><TermList><Term><String>Cardiac "
     "Asthma</String></Term></TermList></Concept>"
     "</ConceptList></DescriptorRecord><DescriptorRecord><DescriptorUI>D2</DescriptorUI></"
     "DescriptorRecord>"
     "</DescriptorRecordSet>",
     "mesh||U.S. National Library of Medicine, MeSH terms and conditions|MeSH XML|2 1 0 1\n"
     "condition [preferred Asthma] [synonym Bronchial Asthma] [narrower Cardiac Asthma] "
     "=MESH:D001249 =MESHTREE:C08.127.108",
     "1:a record without a name;"},
    {"C08\tRespiratory Tract "
     "Diseases\nC08.127.108\tAsthma\nnonsense\nC20.543\tAsthma\nC08.127\tBronchial "
     "Diseases\nE07\tEquipment\n",
     "mesh-trees|||MeSH trees|5 4 0 1\n"
     "condition [preferred Asthma] =MESHTREE:C08.127.108 =MESHTREE:C20.543 <1\n"
     "condition [preferred Bronchial Diseases] =MESHTREE:C08.127 <3\n"
     "device [preferred Equipment] =MESHTREE:E07\n"
     "condition [preferred Respiratory Tract Diseases] =MESHTREE:C08",
     "3:not a tree number and a term;"},
    {"Body Regions;A01\nBreast;A01.236\n",
     "mesh-trees|||MeSH trees|2 2 0 0\nother [preferred Body Regions] =MESHTREE:A01\n"
     "other [preferred Breast] =MESHTREE:A01.236 <0",
     ""},
    {"# license: CC0\n# mapping_set_id: http://x/mondo_mesh.sssom.tsv\n"
     "subject_id\tsubject_label\tpredicate_id\tobject_id\n"
     "MONDO:1\tone thing\tskos:exactMatch\tmesh:D1\nMONDO:2\ttwo\tskos:broadMatch\tmesh:D2\n"
     "MONDO:3\tthree\tskos:exactMatch\n\tfour\tskos:exactMatch\tmesh:D4\n",
     "mondo_mesh||CC0|SSSOM|4 1 1 2\ncondition [preferred one thing] =MONDO:1 ~MESH:D1",
     "6:3 columns instead of 4;7:a mapping without subject or object;"},
    {"DrugBank ID,Common name,CAS,Synonyms\nDB1,Lepirudin,138068-37-8,Hirudin variant-1 | "
     "Lepirudin\n"
     "DB2,\"Quoted, \"\"name\"\"\",,\nDB3,short\nDB4,,,\n",
     "small|||table|4 2 0 2\n"
     "drug [preferred Lepirudin] [synonym Hirudin variant-1] =DRUGBANK:DB1 ~CAS:138068-37-8\n"
     "drug [preferred Quoted, \"name\"] [synonym \"name\" Quoted] =DRUGBANK:DB2",
     "4:2 columns instead of 4;5:a row without a name;"},
    {"mesh_id\tmesh_name\r\nD000001\tCalcimycin\r\n",
     "small|||table|1 1 0 0\nother [preferred Calcimycin] =MESH:D000001", ""},
    {"code;name;abbreviation\n17;forced vital capacity;FVC\n",
     "small|||table|1 1 0 0\nother [preferred forced vital capacity] [abbreviation FVC] =SMALL:17",
     ""},
};

static void formats(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_vocabulary v;
    th_err err = {0};
    th_buf out;
    th_buf_init(&out, 0);
    if (read_text(&v, cases[i].text, &err)) fail_msg("case %zu: %s", i, err.message);
    describe(&v, &out);
    th_buf_char(&out, 0);
    assert_string_equal(out.p, cases[i].wanted);
    assert_string_equal(said, cases[i].rejects);
    th_buf_dispose(&out);
    th_vocabulary_dispose(&v);
  }
}

/* Refused by name, with a word about what it is. */
static void refusals(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"", "empty"},
      {"hello world\nthis is a text\n", "unknown format"},
      {"a,b\n1,2\n", "unknown format"},
      {"{\"studies\":[]}", "no OBO Graphs"},
      {"{\"graphs\":[", "json"},
      {"<rdf:RDF xmlns:rdf=\"x\"></rdf:RDF>", "RDF"},
      {"<html></html>", "another kind"},
      {"[Term]\nid: A:1\n", "nothing"},
      {"name,code\n", "nothing"},
      {"<!DOCTYPE a [<!ENTITY b \"c\">]><DescriptorRecordSet/>", "nothing"},
      {"format-version: 1.2\n", "nothing"},
  };
  for (size_t i = 0; i < TH_COUNT(texts); i++) {
    th_vocabulary v;
    th_err err = {0};
    if (read_text(&v, texts[i][0], &err) != TH_EINPUT) fail_msg("%s", texts[i][0]);
    if (!strcasestr(err.message, texts[i][1])) fail_msg("%s: %s", texts[i][1], err.message);
    th_vocabulary_dispose(&v);
  }
}

/* Every beginning of every text is read without harm. */
static void cut_off(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    for (size_t n = 0; n < strlen(cases[i].text); n += 3) {
      char *part = strndup(cases[i].text, n);
      th_vocabulary v;
      th_err err = {0};
      int rc = read_text(&v, part, &err);
      assert_true(rc == 0 || rc == TH_EINPUT);
      th_vocabulary_dispose(&v);
      free(part);
    }
}

static void real_files(void **state) {
  (void)state;
  const char *shared = getenv("TRIALHEAD_SHARED");
  char folder[512], path[1024];
  snprintf(folder, sizeof folder, "%s/data/vocabulary", shared ? shared : SOURCE_ROOT "/../shared");
  DIR *d = opendir(folder);
  if (!d) {
    print_message("no %s: skipped\n", folder);
    skip();
  }
  th_vocabulary_options o = {.reject = keep};
  for (struct dirent *e; (e = readdir(d));) {
    th_vocabulary v;
    th_err err = {0};
    if (e->d_name[0] == '.') continue;
    said[0] = 0;
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (th_vocabulary_read(&v, path, &o, &err)) fail_msg("%s: %s", path, err.message);
    print_message(
        "%s: %s %s, %s: read %u kept %u skipped %u rejected %u, %u labels, %zu bytes %s\n",
        e->d_name, v.name, v.version, v.format, (unsigned)v.read, (unsigned)v.kept,
        (unsigned)v.skipped, (unsigned)v.rejected, (unsigned)v.labels, v.body.n, said);
    assert_int_equal(v.rejected, 0);
    assert_int_equal(v.read, v.kept + v.skipped);
    assert_true(v.kept > 1000);
    th_vocabulary_dispose(&v);
  }
  closedir(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(formats), cmocka_unit_test(refusals),
                                     cmocka_unit_test(cut_off), cmocka_unit_test(real_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
