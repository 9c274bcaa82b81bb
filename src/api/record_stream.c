#include "api/record_stream.h"

/* Buffers that a long record made larger than this are given back. */
#define BUFFER_KEPT ((size_t)1 << 20)

typedef struct stream {
  th_registry *registry;
  const th_record_form *form;
  void *ctx;
  uint32_t *ncts;
  size_t n, at;
  th_buf record, out; /* out: made and not taken yet, from `taken` on */
  size_t taken;
  bool begun, ended;
} stream;

static void stream_drop(void *ctx) {
  stream *s = ctx;
  free(s->ncts);
  th_buf_dispose(&s->record);
  th_buf_dispose(&s->out);
  s->form->drop(s->ctx);
  free(s);
}

static void empty(th_buf *b) {
  if (b->cap > BUFFER_KEPT) {
    th_buf_dispose(b);
    th_buf_init(b, 0);
  }
  th_buf_clear(b);
}

static int next_record(stream *s, th_store_reader *reader, th_err *err) {
  th_err own = {0};
  uint32_t nct = s->ncts[s->at++];
  empty(&s->record);
  int rc = th_store_get(reader, nct, -1, &s->record, NULL, &own);
  if (rc == TH_ENOTFOUND && s->form->missing) {
    own = (th_err){0};
    rc = s->form->missing(s->ctx, reader, nct, &s->record, &s->out, &own);
  }
  if (rc == TH_ENOTFOUND) return TH_OK;
  if (!rc) rc = s->form->put(s->ctx, nct, th_buf_view(&s->record), &s->out, &own);
  return rc ? th_err_set(err, rc, "%s", own.message) : TH_OK;
}

/* Makes the next piece. */
static int refill(stream *s, th_err *err) {
  const th_record_form *f = s->form;
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(s->registry), err);
  if (!reader) return err->code ? err->code : TH_EIO;
  int rc = TH_OK;
  empty(&s->out);
  s->taken = 0;
  if (!s->begun && f->begin) f->begin(s->ctx, &s->out);
  s->begun = true;
  while (!rc && s->at < s->n && s->out.n < f->piece)
    rc = next_record(s, reader, err);
  th_store_reader_release(reader);
  while (!rc && s->at == s->n && !s->ended && s->out.n < f->piece && !s->out.error)
    s->ended = !f->end || f->end(s->ctx, &s->out);
  if (!rc && s->out.error) rc = th_err_set(err, s->out.error, "out of memory");
  return rc;
}

static ptrdiff_t stream_read(void *ctx, char *to, size_t max) {
  stream *s = ctx;
  while (s->taken == s->out.n && !s->ended) {
    th_err err = {0};
    int rc = refill(s, &err);
    if (rc) return rc;
  }
  size_t n = TH_MIN(max, s->out.n - s->taken);
  if (n) memcpy(to, s->out.p + s->taken, n);
  s->taken += n;
  return (ptrdiff_t)n;
}

int th_record_stream(th_response *rs, th_registry *registry, uint32_t *ncts, size_t n,
                     const th_record_form *form, void *ctx, th_err *err) {
  stream *s = calloc(1, sizeof *s);
  if (!s) {
    free(ncts);
    form->drop(ctx);
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  *s = (stream){.registry = registry, .form = form, .ctx = ctx, .ncts = ncts, .n = n};
  th_buf_init(&s->record, 0);
  th_buf_init(&s->out, 0);
  rs->stream = stream_read;
  rs->stream_ctx = s;
  rs->stream_drop = stream_drop;
  return TH_OK;
}
