#include "records.h"

#include <stdio.h>

#include "ingest/source.h"

static int take_batch(const th_batch *batch, bench_record_fn fn, void *context, th_err *err) {
  int rc = 0;
  for (size_t i = 0; i < batch->n_rejects; i++)
    fprintf(stderr, "# %s:%lld: %s\n", batch->rejects[i].file, (long long)batch->rejects[i].line,
            batch->rejects[i].reason);
  for (size_t i = 0; i < batch->n && rc == 0; i++)
    rc = fn(context, batch->records[i].bytes, err);
  return rc;
}

int bench_records(const char *path, bench_record_fn fn, void *context, th_err *err) {
  th_batch batch;
  th_batch_init(&batch);
  th_source *source = th_source_open(path, NULL, err);
  int rc = source ? 0 : err->code;
  for (bool more = true; more && rc == 0;) {
    rc = th_source_next(source, &batch, err);
    more = rc == 0 && batch.n + batch.n_rejects > 0;
    if (rc == 0) rc = take_batch(&batch, fn, context, err);
  }
  if (source) th_source_close(source);
  th_batch_dispose(&batch);
  return rc;
}
