/* The whole registry as one archive, made while it goes out: /studies/download?format=json.zip.
 * Only the numbers of the studies and a row for each in the archive's directory are held: 28 bytes
 * a study. */
#include "api/internal.h"
#include "api/params.h"
#include "api/zip_out.h"

/* Packed while others wait for the same thread: quickly rather than small. */
enum { ZIP_LEVEL = 4, DIRECTORY_ROWS = 1000 };
/* Buffers that a long record made larger than this are given back. */
#define BUFFER_KEPT ((size_t)1 << 20)

typedef struct download {
  th_api *api;
  th_zip *zip;
  uint32_t *ncts; /* ascending */
  size_t n, next;
  th_buf record, compact, out; /* out: made and not taken yet, from `taken` on */
  size_t taken;
  bool ended;
} download;

static void drop_download(void *ctx) {
  download *d = ctx;
  th_zip_free(d->zip);
  free(d->ncts);
  th_buf_dispose(&d->record);
  th_buf_dispose(&d->compact);
  th_buf_dispose(&d->out);
  free(d);
}

static void empty(th_buf *b) {
  if (b->cap > BUFFER_KEPT) {
    th_buf_dispose(b);
    th_buf_init(b, 0);
  }
  th_buf_clear(b);
}

/* A study that was removed meanwhile is left out. */
static int add_study(download *d, uint32_t nct) {
  th_err err = {0};
  th_record record;
  empty(&d->record);
  empty(&d->compact);
  int rc = th_registry_study(d->api->registry, nct, &d->record, &record, NULL, &err);
  if (rc == TH_ENOTFOUND) return TH_OK;
  if (rc) return rc;
  th_json_compact(&d->compact, th_buf_view(&d->record));
  if (d->compact.error) return d->compact.error;
  return th_zip_add(d->zip, nct, th_buf_view(&d->compact), &d->out, &err);
}

static ptrdiff_t read_download(void *ctx, char *to, size_t max) {
  download *d = ctx;
  while (d->taken == d->out.n) {
    if (d->ended) return 0;
    empty(&d->out);
    d->taken = 0;
    int rc = TH_OK;
    if (d->next < d->n)
      rc = add_study(d, d->ncts[d->next++]);
    else
      th_zip_directory(d->zip, DIRECTORY_ROWS, &d->out, &d->ended);
    if (rc || d->out.error) return rc ? rc : d->out.error;
  }
  size_t n = TH_MIN(max, d->out.n - d->taken);
  memcpy(to, d->out.p + d->taken, n);
  d->taken += n;
  return (ptrdiff_t)n;
}

static int by_number(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The numbers of all live studies. */
static int list_studies(download *d, const th_snapshot *snapshot, th_err *err) {
  d->ncts = calloc((size_t)snapshot->n_live + 1, sizeof *d->ncts);
  if (!d->ncts) return th_err_set(err, TH_ENOMEM, "no memory for a download");
  for (uint32_t s = 0; s < snapshot->n_segments; s++) {
    const uint64_t *live = snapshot->live[s];
    uint32_t n = th_segment_docs(snapshot->segments[s]);
    for (uint32_t doc = 0; doc < n && d->n < snapshot->n_live; doc++)
      if (!live || (live[doc / 64] >> (doc % 64) & 1))
        d->ncts[d->n++] = th_segment_nct(snapshot->segments[s], doc);
  }
  qsort(d->ncts, d->n, sizeof *d->ncts, by_number);
  return th_snapshot_state(snapshot, err);
}

static int begin(th_api *api, const th_desk *desk, const th_snapshot *snapshot, th_response *rs,
                 th_err *err) {
  download *d = calloc(1, sizeof *d);
  if (!d) return th_err_set(err, TH_ENOMEM, "no memory for a download");
  d->api = api;
  th_buf_init(&d->record, 0);
  th_buf_init(&d->compact, 0);
  th_buf_init(&d->out, 0);
  rs->stream = read_download;
  rs->stream_ctx = d;
  rs->stream_drop = drop_download;
  d->zip = th_zip_new(ZIP_LEVEL, desk->data_utc);
  return d->zip ? list_studies(d, snapshot, err)
                : th_err_set(err, TH_ENOMEM, "no memory for a download");
}

int th_api_download(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  static const char *const names[] = {"format"}, *const forms[] = {"json.zip"};
  th_api *api = ctx;
  unsigned form;
  int rc = th_params_check(rq, names, TH_COUNT(names), "", err);
  if (!rc) rc = th_param_choice(rq, "format", forms, TH_COUNT(forms), &form, err);
  if (rc) return rc;
  const th_snapshot *snapshot = th_index_acquire(th_registry_index(api->registry));
  if (!snapshot) return th_err_set(err, TH_EIO, "the index cannot be read");
  th_desk *desk = th_desk_open(api, rq, snapshot->applied_seq, err);
  rc = desk ? TH_OK : TH_ENOMEM;
  rs->type = "application/zip";
  if (!rc && !th_desk_tag(desk, rq, rs)) {
    th_response_header(rs, "Content-Disposition", "attachment; filename=\"ctg-studies.json.zip\"");
    rc = begin(api, desk, snapshot, rs, err);
  }
  th_index_release(th_registry_index(api->registry), snapshot);
  return rc;
}
