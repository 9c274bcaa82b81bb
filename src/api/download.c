/* The whole registry as one archive, made while it goes out: /studies/download?format=json.zip.
 * Only the numbers of the studies and a row for each in the archive's directory are held: 28 bytes
 * a study. */
#include "api/internal.h"
#include "api/params.h"
#include "api/record_stream.h"
#include "api/zip_out.h"

/* Packed while others wait for the same thread: quickly rather than small. */
enum { ZIP_LEVEL = 4, DIRECTORY_ROWS = 1000 };
#define PIECE ((size_t)32 << 10)

typedef struct download {
  th_zip *zip;
  th_buf compact;
} download;

static void drop(void *ctx) {
  download *d = ctx;
  th_zip_free(d->zip);
  th_buf_dispose(&d->compact);
  free(d);
}

static int put_study(void *ctx, uint32_t nct, th_span json, th_buf *out, th_err *err) {
  download *d = ctx;
  th_buf_clear(&d->compact);
  th_json_compact(&d->compact, json);
  if (d->compact.error) return th_err_set(err, d->compact.error, "out of memory");
  return th_zip_add(d->zip, nct, th_buf_view(&d->compact), out, err);
}

static bool put_directory(void *ctx, th_buf *out) {
  download *d = ctx;
  bool done = false;
  th_zip_directory(d->zip, DIRECTORY_ROWS, out, &done);
  return done;
}

static const th_record_form archive = {
    .piece = PIECE, .put = put_study, .end = put_directory, .drop = drop};

static int by_number(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* The numbers of all live studies, ascending; malloced. NULL: no memory. */
static uint32_t *list_studies(const th_snapshot *snapshot, size_t *n) {
  uint32_t *out = calloc((size_t)snapshot->n_live + 1, sizeof *out);
  *n = 0;
  for (uint32_t s = 0; out && s < snapshot->n_segments; s++) {
    const uint64_t *live = snapshot->live[s];
    uint32_t docs = th_segment_docs(snapshot->segments[s]);
    for (uint32_t doc = 0; doc < docs && *n < snapshot->n_live; doc++)
      if (!live || (live[doc / 64] >> (doc % 64) & 1))
        out[(*n)++] = th_segment_nct(snapshot->segments[s], doc);
  }
  if (out) qsort(out, *n, sizeof *out, by_number);
  return out;
}

static int begin(th_api *api, const th_desk *desk, const th_snapshot *snapshot, th_response *rs,
                 th_err *err) {
  size_t n;
  uint32_t *ncts = list_studies(snapshot, &n);
  download *d = calloc(1, sizeof *d);
  if (d) {
    th_buf_init(&d->compact, 0);
    d->zip = th_zip_new(ZIP_LEVEL, desk->data_utc);
  }
  int rc = ncts && d && d->zip ? th_snapshot_state(snapshot, err)
                               : th_err_set(err, TH_ENOMEM, "no memory for a download");
  if (!rc) return th_record_stream(rs, api->registry, ncts, n, &archive, d, err);
  if (d) drop(d);
  free(ncts);
  return rc;
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
