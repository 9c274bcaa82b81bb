/* Messages of the Model Context Protocol, and bodies of the look-up by number. Input: the first
 * byte 'L': the rest is a body; else all of it is lines of messages. Over an empty registry, whose
 * answers go through the same code. */
#define _GNU_SOURCE
#include "mcp/mcp.h"

#include "base/json.h"
#include "native/native.h"

#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static th_registry *registry;
static th_mcp *mcp;
static th_router *router;

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at) {
  (void)st, (void)flag, (void)at;
  return remove(path);
}

static void clean(void) {
  th_mcp_free(mcp);
  th_registry_close(registry);
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void start(void) {
  static th_api *api;
  static th_native *native;
  static th_suggester *suggester;
  th_err err = {0};
  snprintf(folder, sizeof folder, "/tmp/th-fuzz-mcp-XXXXXX");
  router = th_router_new();
  if (!mkdtemp(folder) || !router || th_registry_open(&registry, folder, TH_REGISTRY_WRITE, &err) ||
      th_mcp_new(&mcp, registry, &err) || th_api_mount(&api, router, registry, &err) ||
      !(suggester = th_suggester_new(th_registry_index(registry))) ||
      th_native_mount(&native, router, registry, api, suggester, NULL, &err)) {
    fprintf(stderr, "%s\n", err.message);
    abort();
  }
  atexit(clean);
}

/* Every answer is JSON, one line. */
static void check_json(th_span text) {
  static th_json_parser *parser;
  th_json j;
  th_buf padded;
  if (!parser) parser = th_json_parser_new((size_t)64 << 20, 100);
  th_buf_init(&padded, 0);
  th_buf_span(&padded, text);
  if (!parser || (text.n && th_json_parse(parser, th_buf_view(&padded), &j, NULL))) abort();
  th_buf_dispose(&padded);
}

static void look_up(th_span body) {
  th_arena arena;
  th_response rs;
  th_err err = {0};
  char piece[4096];
  th_buf answer;
  th_arena_init(&arena, 0);
  th_buf_init(&answer, 0);
  th_response_init(&rs, 0);
  th_request rq = {.body = body};
  if (!th_request_parse(&rq, TH_SPAN("POST"), TH_SPAN(TH_NATIVE_PREFIX "/studies/lookup"), &arena,
                        &err) &&
      !th_router_dispatch(router, &rq, &rs, &err)) {
    ptrdiff_t n = 0;
    if (!rs.stream) th_buf_span(&answer, th_response_body(&rs));
    while (rs.stream && (n = rs.stream(rs.stream_ctx, piece, sizeof piece)) > 0)
      th_buf_put(&answer, piece, (size_t)n);
    if (n < 0 || rs.status >= 500) abort();
    check_json(th_buf_view(&answer));
  }
  th_response_dispose(&rs);
  th_buf_dispose(&answer);
  th_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_buf message, out;
  th_span rest = {(const char *)data, len};
  if (!mcp) start();
  th_buf_init(&message, 0);
  th_buf_init(&out, 0);
  if (len && data[0] == 'L') {
    th_buf_put(&message, data + 1, len - 1);
    look_up(th_buf_view(&message));
    rest.n = 0;
  }
  while (rest.n) {
    const char *end = memchr(rest.p, '\n', rest.n);
    size_t n = end ? (size_t)(end - rest.p) : rest.n;
    th_buf_clear(&message);
    th_buf_clear(&out);
    th_buf_put(&message, rest.p, n);
    if (n) /* serve.c passes over blank lines */
      th_mcp_answer(mcp, th_buf_view(&message), &out);
    if (out.n && out.p[out.n - 1] != '\n') abort();
    check_json(th_span_trim(th_buf_view(&out)));
    rest = end ? (th_span){end + 1, rest.n - n - 1} : (th_span){0};
  }
  th_buf_dispose(&message);
  th_buf_dispose(&out);
  return 0;
}
