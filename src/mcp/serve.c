/* Lines in, lines out. */
#include "mcp/internal.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { STEP = 64 << 10 };

typedef struct pipe_state {
  th_mcp *mcp;
  int from, to;
  th_buf in, line, out;
  bool ended, passing_over; /* passing over: the rest of a line that was refused */
} pipe_state;

/* Reads what is there; waits for it when `wait`. */
static int take(pipe_state *p, bool wait, th_err *err) {
  struct pollfd ready = {.fd = p->from, .events = POLLIN};
  while (!p->ended) {
    if (!wait && poll(&ready, 1, 0) <= 0) return TH_OK;
    char *room = th_buf_room(&p->in, STEP);
    if (!room) return th_err_set(err, TH_ENOMEM, "out of memory");
    ssize_t n = read(p->from, room, STEP);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return th_err_sys(err, "cannot read");
    p->ended = n == 0;
    th_buf_added(&p->in, (size_t)n);
    return TH_OK;
  }
  return TH_OK;
}

/* Requests that wait in the input and whose cancellation waits there too are not begun. */
static void note_cancelled(pipe_state *p, size_t from) {
  th_span rest = {p->in.p + from, p->in.n - from};
  const th_span name = TH_SPAN("\"notifications/cancelled\"");
  while (rest.n) {
    const char *end = memchr(rest.p, '\n', rest.n);
    if (!end) return;
    th_span text = {rest.p, (size_t)(end - rest.p)};
    rest = (th_span){end + 1, rest.n - text.n - 1};
    if (text.n > STEP || th_span_find(text, name) < 0) continue;
    th_json j;
    th_err ignored = {0};
    th_buf_clear(&p->line);
    th_buf_span(&p->line, text);
    if (p->line.error || th_json_parse(p->mcp->messages, th_buf_view(&p->line), &j, &ignored))
      continue;
    uint32_t id = th_json_path(&j, 0, "params.requestId");
    if (id && th_span_eq(th_json_path_text(&j, 0, "method"), TH_SPAN("notifications/cancelled")))
      th_mcp_cancel(p->mcp, th_json_raw(&j, id));
  }
}

static int answer_line(pipe_state *p, th_span text, th_err *err) {
  text = th_span_trim(text);
  if (text.n == 0) return TH_OK;
  th_buf_clear(&p->line);
  th_buf_clear(&p->out);
  th_buf_span(&p->line, text);
  if (p->line.error) return th_err_set(err, p->line.error, "out of memory");
  th_mcp_answer(p->mcp, th_buf_view(&p->line), &p->out);
  if (p->out.error) return th_err_set(err, p->out.error, "out of memory");
  return p->out.n ? th_fd_write(p->to, p->out.p, p->out.n, err) : TH_OK;
}

static int refuse_line(pipe_state *p, th_err *err) {
  static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,"
                             "\"message\":\"The message is longer than 4 MiB\"}}\n";
  p->passing_over = true;
  return th_fd_write(p->to, text, sizeof text - 1, err);
}

static void drop_front(th_buf *b, size_t n) {
  size_t left = b->n - n;
  if (left) memmove(b->p, b->p + n, left);
  th_buf_truncate(b, left);
}

/* Answers the whole lines of the input. */
static int answer_all(pipe_state *p, th_err *err) {
  size_t from = 0;
  int rc = TH_OK;
  while (!rc && from < p->in.n) {
    const char *end = memchr(p->in.p + from, '\n', p->in.n - from);
    if (!end && !p->ended) break;
    size_t to = end ? (size_t)(end - p->in.p) : p->in.n;
    th_span text = {p->in.p + from, to - from};
    if (!p->passing_over && text.n > TH_MCP_LINE_MAX) {
      rc = refuse_line(p, err);
    } else if (!p->passing_over) {
      note_cancelled(p, TH_MIN(to + 1, p->in.n));
      rc = answer_line(p, text, err);
    }
    p->passing_over = false;
    from = TH_MIN(to + 1, p->in.n);
    if (!rc && p->in.n - from < 4 * STEP) rc = take(p, false, err);
  }
  drop_front(&p->in, from);
  if (!rc && p->in.n > TH_MCP_LINE_MAX) { /* the beginning of a line without end */
    if (!p->passing_over) rc = refuse_line(p, err);
    th_buf_clear(&p->in);
  }
  return rc;
}

int th_mcp_serve(th_mcp *mcp, int from, int to, th_err *err) {
  pipe_state p = {.mcp = mcp, .from = from, .to = to};
  int rc = TH_OK;
  th_buf_init(&p.in, 0);
  th_buf_init(&p.line, 0);
  th_buf_init(&p.out, 0);
  while (!rc && !p.ended) {
    bool changed;
    th_err ignored = {0};
    rc = take(&p, true, err);
    /* An import by another process shows as a new generation. */
    if (!rc) (void)!th_index_refresh(th_registry_index(mcp->registry), &changed, &ignored);
    if (!rc) rc = answer_all(&p, err);
  }
  th_buf_dispose(&p.in);
  th_buf_dispose(&p.line);
  th_buf_dispose(&p.out);
  return rc;
}
