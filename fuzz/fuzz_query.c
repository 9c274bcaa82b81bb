/* Query text from outside: parsed, planned and run over a small segment. First byte: area, order
 * and what else is asked; the rest: the expression. What was parsed must run, and pruning must not
 * change the answer. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "index/builder.h"
#include "query/params.h"
#include "query/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const records[] = {
    "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000001\",\"briefTitle\":\"GM-"
    "CSF "
    "for a heart attack\"},\"statusModule\":{\"overallStatus\":\"RECRUITING\",\"startDateStruct\":{"
    "\"date\":\"2020-05\"}},\"conditionsModule\":{\"conditions\":[\"Heart attack\",\"Pain\"]},"
    "\"designModule\":{\"phases\":[\"PHASE2\"],\"enrollmentInfo\":{\"count\":20}},"
    "\"contactsLocationsModule\":{\"locations\":[{\"city\":\"Boston\",\"country\":\"United "
    "States\","
    "\"status\":\"RECRUITING\",\"geoPoint\":{\"lat\":42.36,\"lon\":-71.06}},{\"facility\":\"Mass "
    "General\",\"zip\":\"02114\",\"contacts\":[{\"name\":\"A Smith\"},{\"name\":\"B "
    "Jones\"}]}]}}}",
    "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000002\",\"briefTitle\":"
    "\"Asthma "
    "and the heart\"},\"statusModule\":{\"overallStatus\":\"COMPLETED\"},\"conditionsModule\":{"
    "\"conditions\":[\"Asthma\"]},\"eligibilityModule\":{\"minimumAge\":\"18 Years\"}},"
    "\"hasResults\":true}",
    "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT00000003\",\"briefTitle\":\"\"}"
    "}}",
};

static th_segment *make_segment(void) {
  char path[] = "/tmp/th-fuzz-query-XXXXXX";
  int fd = mkstemp(path);
  th_builder *b = th_builder_new();
  th_json_parser *parser = th_json_parser_new(1 << 20, 64);
  th_segment *s = NULL;
  th_err err = {0};
  uint32_t doc, n;
  if (fd < 0 || !b || !parser) abort();
  for (uint32_t i = 0; i < TH_COUNT(records); i++) {
    char text[2048] = {0};
    th_json json;
    size_t len = strlen(records[i]);
    memcpy(text, records[i], len);
    if (th_json_parse(parser, (th_span){text, len}, &json, &err) ||
        th_builder_add(b, &json, i + 1, &doc, &err))
      abort();
    th_builder_set_seq(b, doc, i + 1);
  }
  if (th_builder_flush(b, path, &n, &err) || th_segment_open(&s, path, true, &err)) abort();
  unlink(path);
  close(fd);
  th_builder_free(b);
  th_json_parser_free(parser);
  return s;
}

static void search(const th_snapshot *snapshot, uint8_t how, const th_query *q, th_arena *arena) {
  static const th_facet_request facets[] = {{TH_F_OverallStatus, 5}, {TH_F_Condition, 5}};
  th_search_result a, b;
  th_err err = {0};
  th_search_request r = {.size = 2, .from = how & 1, .count = how & 2, .facets = facets};
  if (how & 4) r.n_facets = 2;
  if (how & 8) r.filter = q;
  if (!(how & 8) || how & 16) r.scored = q;
  if (how & 32) r.sort[r.n_sort++] = (th_sort){TH_F_EnrollmentCount, how & 1};
  int rc = th_search(snapshot, &r, arena, &a, &err);
  if (rc == TH_ELIMIT || rc == TH_ENOMEM) return;
  if (rc) abort();
  r.exhaustive = true;
  if (th_search(snapshot, &r, arena, &b, &err) || a.n_hits != b.n_hits || a.total != b.total)
    abort();
  for (uint32_t i = 0; i < a.n_hits; i++)
    if (a.hits[i].nct != b.hits[i].nct || a.hits[i].score != b.hits[i].score) abort();
}

static void show(const th_query *q, th_span text, th_arena *arena) {
  const th_mark *marks;
  unsigned n = th_query_highlight(q, TH_F_BriefTitle, text, arena, &marks);
  for (unsigned i = 0; i < n; i++)
    if (marks[i].from >= marks[i].to || marks[i].to > text.n) abort();
  th_span p = th_query_passage(q, TH_F_BriefTitle, text, 40, arena);
  if (p.n && (p.p < text.p || p.p + p.n > text.p + text.n)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  static th_segment *segment;
  if (!segment) segment = make_segment();
  if (len == 0) return 0;
  uint32_t n = th_segment_docs(segment);
  th_snapshot snapshot = {
      .n_segments = 1, .n_docs = n, .n_live = n, .segments = &segment, .live_docs = &n};
  th_span text = {(const char *)data + 1, len - 1};
  th_arena arena;
  th_buf dump;
  th_query *q;
  th_err err = {0};
  th_arena_init(&arena, 64 << 20);
  th_buf_init(&dump, 16 << 20);
  int rc = data[0] & 64 ? th_query_typed(&q, &arena, text, data[0] % 8, &err)
                        : th_query_parse(&q, &arena, text, data[0] % 8, "x", &err);
  if (rc == 0) {
    th_query_dump(q, &dump);
    search(&snapshot, data[0], q, &arena);
    show(q, text, &arena);
  } else if (!err.message[0]) {
    abort();
  }
  /* The same text as the value of a filter and as an order. */
  const th_filter_param *f = &th_filter_params[data[0] % th_n_filter_params];
  th_sort sort;
  if (th_filter_parse(&q, &arena, th_span_of(f->name), text, &err) == 0)
    search(&snapshot, data[0] | 8, q, &arena);
  if (th_sort_parse(&sort, text, &err)) th_err_clear(&err);
  th_buf_dispose(&dump);
  th_arena_dispose(&arena);
  return 0;
}
