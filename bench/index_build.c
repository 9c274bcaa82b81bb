/* How fast one thread makes a segment of a file of records, and what it holds:
 *   index_build RECORDS.ndjson [SEGMENT]   (the segment is removed when no name is given) */
#include "base/file.h"
#include "base/json.h"
#include "base/queue.h"
#include "index/builder.h"
#include "index/format.h"

#include <stdio.h>
#include <unistd.h>

static const char *const section_names[TH_SEC_COUNT + 1] = {
    "",         "documents", "lengths", "norms", "classes",  "terms",
    "postings", "positions", "columns", "sites", "checksums"};

static void show_sections(const char *path) {
  th_map map;
  th_err err = {0};
  if (th_map_open(&map, path, &err)) return;
  for (unsigned i = 1; i <= TH_SEC_COUNT; i++) {
    uint64_t len;
    memcpy(&len, map.p + 48 + (i - 1) * 32 + 16, sizeof len);
    printf("  %-10s %11llu bytes %5.1f %%\n", section_names[i], (unsigned long long)len,
           100.0 * (double)len / (double)map.n);
  }
  printf("  %-10s %11zu bytes\n", "file", map.n);
  th_map_close(&map);
}

static int add_all(th_builder *b, th_span all, th_err *err) {
  th_json_parser *parser = th_json_parser_new(64 << 20, 64);
  uint32_t n = 0, doc;
  int rc = parser ? 0 : TH_ENOMEM;
  for (size_t at = 0; at < all.n && !rc;) {
    const char *end = memchr(all.p + at, '\n', all.n - at);
    size_t len = end ? (size_t)(end - all.p) - at : all.n - at;
    th_json json;
    rc = len ? th_json_parse(parser, (th_span){all.p + at, len}, &json, err) : 0;
    if (!rc && len) rc = th_builder_add(b, &json, ++n, &doc, err);
    if (!rc && len) th_builder_set_seq(b, doc, n);
    at += len + 1;
  }
  th_json_parser_free(parser);
  return rc;
}

int main(int argc, char **argv) {
  th_err err = {0};
  th_buf all;
  th_buf_init(&all, 0);
  th_builder *b = th_builder_new();
  const char *path = argc > 2 ? argv[2] : "index_build.seg";
  if (argc < 2 || !b || th_file_read(&all, argv[1], &err)) {
    fprintf(stderr, "usage: index_build RECORDS.ndjson [SEGMENT] %s\n", err.message);
    return 2;
  }
  double start = th_clock_mono();
  int rc = add_all(b, th_buf_view(&all), &err);
  double added = th_clock_mono();
  size_t memory = th_builder_memory(b);
  uint32_t n = 0;
  if (!rc) rc = th_builder_flush(b, path, &n, &err);
  double flushed = th_clock_mono();
  if (rc) {
    fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  double mb = (double)all.n / 1e6;
  printf("%u records, %.1f MB: parse and add %.2f s (%.0f MB/s), flush %.2f s, in all %.0f "
         "records/s\n",
         n, mb, added - start, mb / (added - start), flushed - added, n / (flushed - start));
  printf("builder's memory %.1f MB\n", (double)memory / 1e6);
  show_sections(path);
  if (argc < 3) unlink(path);
  th_builder_free(b);
  th_buf_dispose(&all);
  return 0;
}
