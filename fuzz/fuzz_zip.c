/* Zip archives: by their directory as a source, and by their local headers as from a pipe. */
#include "ingest/zip.h"
#include "source_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_as_stream(th_span in) {
  th_source_limits limits = {.max_unpacked = 1 << 22, .max_ratio = 200};
  th_err err = {0};
  th_stream *stream = th_stream_memory(in, &err);
  th_zip *zip = stream ? th_zip_open_stream(stream, &limits, &err) : NULL;
  bool more = zip != NULL;
  size_t turns = 0;
  while (more) {
    th_zip_entry e;
    char bytes[512];
    size_t got = 1;
    if (th_zip_next(zip, &e, &more, &err)) break;
    while (more && e.stream && got &&
           th_stream_read(e.stream, bytes, sizeof bytes, &got, &err) == 0)
      ;
    th_err_clear(&err);
    if (turns++ > in.n) abort(); /* every entry takes at least a byte */
  }
  th_zip_close(zip);
  th_stream_free(stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (len > 1 << 16) return 0;
  th_span in = {(const char *)data, len};
  read_as_stream(in);
  check_source(in, len ? data[len - 1] % 70 + 1 : 1);
  return 0;
}
