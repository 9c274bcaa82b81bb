#include "transcript.h"

#include "../test.h"

#include <stdio.h>
#include <unistd.h>

static void put_batch(th_buf *records, th_buf *rejects, const th_batch *b) {
  for (size_t i = 0; i < b->n; i++) {
    const th_raw_record *r = &b->records[i];
    th_buf_printf(records, "R %lld %lld ", (long long)r->line, (long long)r->offset);
    if (r->entry) th_buf_printf(records, "[%s] ", r->entry);
    th_buf_span(records, r->bytes);
    th_buf_char(records, '\n');
    volatile char pad = 0; /* the padding must be readable */
    for (int k = 0; k < TH_PAD; k++)
      pad = (char)(pad + r->bytes.p[r->bytes.n + (size_t)k]);
  }
  for (size_t i = 0; i < b->n_rejects; i++) {
    const th_reject *r = &b->rejects[i];
    th_buf_printf(rejects, "X %lld %s", (long long)r->line, r->id);
    if (r->entry) th_buf_printf(rejects, " [%s]", r->entry);
    th_buf_printf(rejects, " %s\n", r->reason);
  }
}

static void read_all(th_source *s, th_buf *records, th_buf *rejects) {
  th_batch b;
  th_err err = {0};
  th_batch_init(&b);
  do {
    if (th_source_next(s, &b, &err)) fail_msg("%s", err.message);
    put_batch(records, rejects, &b);
  } while (b.n);
  uint64_t at, total;
  th_source_progress(s, &at, &total);
  assert_int_equal(at, total);
  th_batch_dispose(&b);
}

static th_source *open_file(th_span bytes, const th_source_limits *limits, char *path) {
  th_err err = {0};
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes.p, bytes.n), bytes.n);
  close(fd);
  th_source *s = th_source_open(path, limits, &err);
  if (!s) fail_msg("%s", err.message);
  return s;
}

void transcript(th_buf *out, th_span bytes, const th_source_limits *limits, bool through_file) {
  char path[] = "/tmp/trialhead-ingest-XXXXXX";
  th_buf rejects;
  th_err err = {0};
  th_buf_init(&rejects, 0);
  th_source *s = through_file ? open_file(bytes, limits, path)
                              : th_source_open_memory("memory", bytes, limits, &err);
  assert_non_null(s);
  read_all(s, out, &rejects);
  th_source_close(s);
  if (through_file) unlink(path);
  th_buf_span(out, th_buf_view(&rejects));
  th_buf_dispose(&rejects);
}
