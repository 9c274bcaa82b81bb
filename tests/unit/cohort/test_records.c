/* The 60 synthetic FHIR patients against real studies. */
#include "compare.h"
#include "fields.h"

#include "../shared.h"

enum { RECORDS = 60, STUDIES = 1200 };

/* One file of the archive. */
static void read_record(th_span text, th_patient *out) {
  th_patient_options options = {.has_as_of = true, .as_of = AS_OF, .dict = &dictionary.dict};
  th_err err = {0};
  if (th_patient_read(out, text, &options, &err)) fail_msg("%s", err.message);
}

static bool unpack(th_buf *out) {
  const char *path = shared_path("data/patients/synthea-60.tar.zst");
  th_buf packed;
  if (!path) return false;
  th_buf_init(&packed, 0);
  assert_int_equal(th_file_read(&packed, path, NULL), 0);
  ZSTD_DStream *z = ZSTD_createDStream();
  ZSTD_inBuffer in = {packed.p, packed.n, 0};
  assert_non_null(z);
  while (in.pos < in.size) {
    size_t room = 1 << 20;
    char *p = th_buf_room(out, room);
    assert_non_null(p);
    ZSTD_outBuffer to = {p, room, 0};
    assert_false(ZSTD_isError(ZSTD_decompressStream(z, &to, &in)));
    th_buf_added(out, to.pos);
  }
  ZSTD_freeDStream(z);
  th_buf_dispose(&packed);
  return true;
}

/* ustar: a header of 512 bytes with the size in octal at 124, then the file in blocks of 512. */
static uint32_t read_records(const th_buf *tar, th_patient *out) {
  uint32_t n = 0;
  for (size_t at = 0; at + 512 <= tar->n && tar->p[at];) {
    const char *head = tar->p + at;
    size_t size = 0;
    for (size_t i = 124; i < 136 && head[i] >= '0' && head[i] <= '7'; i++)
      size = size * 8 + (size_t)(head[i] - '0');
    assert_true(size <= tar->n - at - 512);
    th_span text = {head + 512, size};
    bool file = head[156] == '0' || head[156] == 0;
    if (file && size && text.p[0] == '{' && n < RECORDS) read_record(text, &out[n++]);
    at += 512 + (size + 511) / 512 * 512;
  }
  return n;
}

static void compare_studies(const th_cohort *c, const th_patient *const *patients, uint32_t n,
                            shared_lines *lines) {
  th_json_parser *parser = th_json_parser_new(64 << 20, 256);
  th_concept_matcher *matcher = th_concept_matcher_new();
  th_arena arena;
  th_span line;
  th_arena_init(&arena, 0);
  for (uint32_t i = 0; i < STUDIES && shared_lines_next(lines, &line); i++) {
    th_json j;
    th_elig_tree tree;
    char what[32];
    assert_int_equal(th_json_parse(parser, line, &j, NULL), 0);
    th_span text =
        th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria");
    assert_int_equal(th_elig_read_concepts(text, &dictionary.dict, matcher, &arena, &tree, NULL),
                     0);
    th_cohort_trial trial = {&tree, fields_of(&j)};
    snprintf(what, sizeof what, "study %u", i);
    compare(c, patients, n, &trial, (th_verdict_presume)(i % 3), what);
    th_arena_reset(&arena, false);
  }
  th_arena_dispose(&arena);
  th_concept_matcher_free(matcher);
  th_json_parser_free(parser);
}

static void test_records(void **state) {
  (void)state;
  shared_lines *lines = shared_lines_open("data/studies.ndjson.zst");
  th_buf tar;
  if (!lines) return;
  th_buf_init(&tar, 0);
  if (!unpack(&tar)) {
    shared_lines_close(lines);
    return;
  }
  th_patient *records = calloc(RECORDS, sizeof *records);
  const th_patient *patients[RECORDS];
  uint32_t n = read_records(&tar, records);
  th_buf_dispose(&tar);
  for (uint32_t i = 0; i < n; i++)
    patients[i] = &records[i];
  assert_int_equal(n, RECORDS);
  th_cohort *c = cohort_of(patients, n);
  compare_studies(c, patients, n, lines);
  th_cohort_free(c);
  for (uint32_t i = 0; i < n; i++)
    th_patient_dispose(&records[i]);
  free(records);
  shared_lines_close(lines);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_records)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
