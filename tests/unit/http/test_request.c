#include "../test.h"

#include "http/http.h"

#include <libdeflate.h>
#include <stdio.h>

static th_arena arena;

static int parse(th_request *rq, const char *target) {
  static th_err err;
  th_err_clear(&err);
  th_arena_reset(&arena, false);
  *rq = (th_request){0};
  return th_request_parse(rq, TH_SPAN("GET"), th_span_of(target), &arena, &err);
}

/* The target, and its path and parameters as "name=value;" pairs; NULL = refused. */
static const struct {
  const char *target, *path, *params;
} targets[] = {
    {"/", "/", ""},
    {"/a/b?x=1&y=2", "/a/b", "x=1;y=2;"},
    {"/a?x=1&&y=2&", "/a", "x=1;y=2;"},
    {"/a?", "/a", ""},
    {"/a?x", "/a", "x=;"},
    {"/a?x=", "/a", "x=;"},
    {"/a?=v", "/a", "=v;"},
    {"/a?x=1=2", "/a", "x=1=2;"},
    {"/a?x=%20+b%2B", "/a", "x=  b+;"},
    {"/a+b%20c", "/a+b c", ""},
    {"/a?q=AREA[Phase]x%7Cy|z", "/a", "q=AREA[Phase]x|y|z;"},
    {"/a?q=%C3%A9", "/a", "q=\xC3\xA9;"},
    {"/a?x=1?y=2", "/a", "x=1?y=2;"},
    {"http://host:80/a?x=1", "/a", "x=1;"},
    {"https://host", "/", ""},
    {"/a?x=%", NULL, NULL},
    {"/a?x=%2", NULL, NULL},
    {"/a?x=%GG", NULL, NULL},
    {"/a?%zz=1", NULL, NULL},
    {"/a?x=%00", NULL, NULL},
    {"/a%00b", NULL, NULL},
    {"/a%0Ab", NULL, NULL},
    {"/a%7F", NULL, NULL},
    {"/a?x=%FF", NULL, NULL},
    {"/a?x=%C0%AF", NULL, NULL},
    {"/a?x=%ED%A0%80", NULL, NULL},
    {"/%E9", NULL, NULL},
    {"", NULL, NULL},
    {"*", NULL, NULL},
    {"a/b", NULL, NULL},
    {"?x=1", NULL, NULL},
};

static void targets_are_decoded_or_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(targets); i++) {
    th_request rq;
    int rc = parse(&rq, targets[i].target);
    if (!targets[i].path) {
      if (rc != TH_EUSAGE) fail_msg("%s: %d", targets[i].target, rc);
      continue;
    }
    if (rc) fail_msg("%s: refused", targets[i].target);
    char text[256] = "";
    size_t n = 0;
    for (unsigned k = 0; k < rq.n_params; k++)
      n += (size_t)snprintf(text + n, sizeof text - n, "%s=%s;", rq.params[k].name.p,
                            rq.params[k].value.p);
    assert_string_equal(rq.path.p, targets[i].path);
    assert_string_equal(text, targets[i].params);
  }
}

static void parameters_have_a_limit(void **state) {
  (void)state;
  char target[1000] = "/a?";
  th_request rq;
  for (int i = 0; i < 200; i++)
    memcpy(target + 3 + i * 4, "a=1&", 5);
  target[3 + 199 * 4 + 3] = 0;
  assert_int_equal(parse(&rq, target), TH_OK);
  assert_int_equal(rq.n_params, 200);
  memcpy(target + 3 + 199 * 4 + 3, "&b", 3);
  assert_int_equal(parse(&rq, target), TH_EUSAGE);
}

static void the_arena_limits_a_request(void **state) {
  (void)state;
  th_arena small;
  th_err err = {0};
  th_arena_init(&small, 64);
  th_request rq = {0};
  int rc = th_request_parse(&rq, TH_SPAN("GET"),
                            TH_SPAN("/a?aaaaaaaaaaaaaaaaa=bbbbbbbbbbbbbbbb&c=d"), &small, &err);
  assert_int_equal(rc, TH_ELIMIT);
  th_arena_dispose(&small);
}

static void encoding_and_decoding_agree(void **state) {
  (void)state;
  th_buf b;
  th_buf_init(&b, 0);
  th_buf_str(&b, "/p?v=");
  const char *text = "a b+c&d=e%f\xC3\xA9/~[x]";
  th_url_encode(&b, th_span_of(text));
  th_buf_char(&b, 0);
  th_request rq;
  assert_int_equal(parse(&rq, b.p), TH_OK);
  assert_string_equal(th_request_value(&rq, "v").p, text);
  assert_null(th_request_param(&rq, "w"));
  th_buf_dispose(&b);
}

/* ---- conditional requests and compression ---- */

static const struct {
  const char *header;
  bool admitted;
} encodings[] = {
    {"", false},           {"gzip", true},          {"GZIP", true},
    {"x-gzip", true},      {"gzip, deflate", true}, {"deflate, br", false},
    {"gzip;q=0", false},   {"gzip;q=0.001", true},  {"gzip; q=1.0", true},
    {"*", true},           {"*;q=0", false},        {"gzip;q=0, *", false},
    {"identity", false},   {", ,", false},          {"br, *;q=0.1", true},
    {"gzip;q=0.0", false}, {"gzipx", false},
};

static void gzip_only_where_admitted(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(encodings); i++)
    if (th_accepts_gzip(th_span_of(encodings[i].header)) != encodings[i].admitted)
      fail_msg("%s", encodings[i].header);
}

static const struct {
  const char *header;
  bool holds;
} tags[] = {
    {"", false},
    {"\"a/b\"", true},
    {"W/\"a/b\"", true},
    {"\"a/b-gzip\"", true},
    {"\"x\", \"a/b\"", true},
    {"*", true},
    {"a/b", false},
    {"\"a/b", false},
    {"\"a\"", false},
    {"\"a/b-gzi\"", false},
    {"\"x,y\",\"a/b\"", true},
    {"\"a/b-gzip-gzip\"", false},
};

static void if_none_match_is_understood(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(tags); i++) {
    th_request rq = {.if_none_match = th_span_of(tags[i].header)};
    if (th_request_holds(&rq, "a/b") != tags[i].holds) fail_msg("%s", tags[i].header);
  }
}

static const char *header_of(const th_response *rs, const char *name) {
  for (unsigned i = 0; i < rs->n_headers; i++)
    if (strcmp(rs->headers[i].name, name) == 0) return rs->headers[i].value;
  return "";
}

static void long_text_goes_out_packed(void **state) {
  (void)state;
  char text[5000];
  memset(text, 'x', sizeof text);
  for (int fixed = 0; fixed < 2; fixed++) {
    th_response rs;
    th_err err = {0};
    th_request rq = {.accept_encoding = TH_SPAN("gzip"), .arena = &arena};
    th_response_init(&rs, 0);
    rs.type = "text/css";
    rs.etag = "t";
    if (fixed)
      rs.fixed = (th_span){text, sizeof text};
    else
      th_buf_put(&rs.body, text, sizeof text);
    assert_int_equal(th_response_finish(&rs, &rq, &err), TH_OK);
    assert_string_equal(header_of(&rs, "Content-Encoding"), "gzip");
    assert_string_equal(header_of(&rs, "Vary"), "Accept-Encoding");
    assert_string_equal(header_of(&rs, "ETag"), "\"t-gzip\"");
    char back[5000];
    size_t n = 0;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    th_span body = th_response_body(&rs);
    assert_int_equal(libdeflate_gzip_decompress(d, body.p, body.n, back, sizeof back, &n), 0);
    libdeflate_free_decompressor(d);
    assert_int_equal(n, sizeof text);
    assert_memory_equal(back, text, n);
    th_response_dispose(&rs);
  }
}

static void short_or_unpackable_bodies_stay(void **state) {
  (void)state;
  char text[3000];
  unsigned seed = 12345;
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
  for (int kind = 0; kind < 3; kind++) {
    th_response rs;
    th_err err = {0};
    th_request rq = {.accept_encoding = TH_SPAN("gzip"), .arena = &arena};
    th_response_init(&rs, 0);
    rs.type = kind == 2 ? "application/zip" : "text/plain";
    th_buf_put(&rs.body, text, kind == 0 ? 100 : sizeof text);
    assert_int_equal(th_response_finish(&rs, &rq, &err), TH_OK);
    assert_string_equal(header_of(&rs, "Content-Encoding"), "");
    assert_memory_equal(th_response_body(&rs).p, text, th_response_body(&rs).n);
    th_response_dispose(&rs);
  }
}

static unsigned released;
static void count_release(void *ctx) {
  (void)ctx;
  released++;
}

static void a_borrowed_body_is_released_once(void **state) {
  (void)state;
  th_response rs;
  th_err err = {0};
  th_request rq = {.if_none_match = TH_SPAN("\"t\""), .arena = &arena};
  released = 0;
  th_response_init(&rs, 0);
  rs.fixed = TH_SPAN("abc");
  rs.release = count_release;
  rs.etag = "t";
  assert_int_equal(th_response_finish(&rs, &rq, &err), TH_OK);
  assert_int_equal(rs.status, 304);
  assert_int_equal(th_response_body(&rs).n, 0);
  th_response_dispose(&rs);
  assert_int_equal(released, 1);
}

/* ---- routes ---- */

static int say(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)err;
  th_response_text(rs, 200, "%s:%s", (const char *)ctx, rq->segment.p ? rq->segment.p : "");
  if (rq->segment2.n) th_buf_char(&rs->body, '+');
  th_buf_span(&rs->body, rq->segment2);
  return TH_OK;
}
static int refuse(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)rq;
  th_buf_str(&rs->body, "half an answer");
  return th_err_set(err, *(int *)ctx, "because");
}
static void stamp(void *ctx, const th_request *rq, th_response *rs) {
  (void)rq;
  th_response_header(rs, "X-Stamp", ctx);
}

static const struct {
  const char *method, *path;
  unsigned status;
  const char *body, *allow, *stamp;
} dispatches[] = {
    {"GET", "/", 200, "home:", "", ""},
    {"HEAD", "/", 200, "home:", "", ""},
    {"GET", "/api/studies", 200, "list:", "", "api"},
    {"GET", "/api/studies/NCT1", 200, "one:NCT1", "", "api"},
    {"GET", "/api/studies/size", 200, "size:", "", "api"},
    {"GET", "/api/studies/a%20b", 200, "one:a b", "", "api"},
    {"GET", "/api/studies/", 404, "none:", "", "api"},
    {"GET", "/api/studies/a/b", 404, "none:", "", "api"},
    {"GET", "/study/7/print", 200, "print:7", "", ""},
    {"GET", "/study/7/prints", 404, "There is nothing here", "", ""},
    {"GET", "/study/7/history/12", 200, "version:7+12", "", ""},
    {"GET", "/study/7/history/", 404, "There is nothing here", "", ""},
    {"GET", "/study/7/history/1/2", 404, "There is nothing here", "", ""},
    {"GET", "/study/7/history", 404, "There is nothing here", "", ""},
    {"GET", "/study//print", 404, "There is nothing here", "", ""},
    {"POST", "/api/studies", 405, "The method POST is not allowed here", "GET, HEAD, OPTIONS",
     "api"},
    {"DELETE", "/form", 405, "The method DELETE is not allowed here", "GET, HEAD, POST, OPTIONS",
     ""},
    {"OPTIONS", "/form", 204, "", "GET, HEAD, POST, OPTIONS", ""},
    {"POST", "/form", 200, "posted:", "", ""},
    {"GET", "/bad", 400, "because", "", ""},
    {"GET", "/broken", 500, "The request could not be answered", "", ""},
    {"PUT", "/nowhere", 404, "There is nothing here", "", ""},
};

static int none(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  int rc = say(ctx, rq, rs, err);
  rs->status = 404;
  return rc;
}

/* A context that is only read. */
#define TEXT(s) ((void *)(uintptr_t)(s))

static th_router *make_router(void) {
  static int usage = TH_EUSAGE, corrupt = TH_ECORRUPT;
  const struct {
    const char *method, *pattern;
    th_handler_fn fn;
    void *ctx;
  } routes[] = {
      {"GET", "/", say, TEXT("home")},
      {"GET", "/api/studies/{id}", say, TEXT("one")},
      {"GET", "/api/studies/size", say, TEXT("size")},
      {"GET", "/api/studies", say, TEXT("list")},
      {"GET", "/study/{id}/print", say, TEXT("print")},
      {"GET", "/study/{id}/history/{version}", say, TEXT("version")},
      {"GET", "/form", say, TEXT("form")},
      {"POST", "/form", say, TEXT("posted")},
      {"GET", "/bad", refuse, &usage},
      {"GET", "/broken", refuse, &corrupt},
  };
  th_err err = {0};
  th_router *router = th_router_new();
  assert_non_null(router);
  for (size_t i = 0; i < TH_COUNT(routes); i++)
    assert_int_equal(th_router_add(router, routes[i].method, routes[i].pattern, routes[i].fn,
                                   routes[i].ctx, &err),
                     TH_OK);
  assert_int_equal(th_router_hook(router, "/api/", stamp, TEXT("api"), &err), TH_OK);
  assert_int_equal(th_router_fallback(router, "/api/", none, TEXT("none"), &err), TH_OK);
  return router;
}

static void requests_find_their_handler(void **state) {
  (void)state;
  th_router *router = make_router();
  for (size_t i = 0; i < TH_COUNT(dispatches); i++) {
    th_request rq = {0};
    th_response rs;
    th_err err = {0};
    th_arena_reset(&arena, false);
    th_response_init(&rs, 0);
    assert_int_equal(th_request_parse(&rq, th_span_of(dispatches[i].method),
                                      th_span_of(dispatches[i].path), &arena, &err),
                     TH_OK);
    int rc = th_router_dispatch(router, &rq, &rs, &err);
    assert_int_equal(rc, dispatches[i].status == 500 ? TH_ECORRUPT : TH_OK);
    th_span body = th_response_body(&rs);
    if (rs.status != dispatches[i].status || !th_span_eq(body, th_span_of(dispatches[i].body)))
      fail_msg("%s %s: %u %.*s", dispatches[i].method, dispatches[i].path, rs.status, (int)body.n,
               body.p);
    assert_string_equal(header_of(&rs, "Allow"), dispatches[i].allow);
    assert_string_equal(header_of(&rs, "X-Stamp"), dispatches[i].stamp);
    th_response_dispose(&rs);
  }
  th_router_free(router);
}

static void bad_patterns_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",   "a", "/{a", "/a}", "/a{b}", "/{a}b", "/{a}/{b}/{c}/{d}",
                                    "/{}"};
  th_router *router = th_router_new();
  for (size_t i = 0; i < TH_COUNT(bad); i++) {
    th_err err = {0};
    if (th_router_add(router, "GET", bad[i], say, NULL, &err) != TH_EUSAGE) fail_msg("%s", bad[i]);
  }
  th_router_free(router);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(targets_are_decoded_or_refused),
      cmocka_unit_test(parameters_have_a_limit),
      cmocka_unit_test(the_arena_limits_a_request),
      cmocka_unit_test(encoding_and_decoding_agree),
      cmocka_unit_test(gzip_only_where_admitted),
      cmocka_unit_test(if_none_match_is_understood),
      cmocka_unit_test(long_text_goes_out_packed),
      cmocka_unit_test(short_or_unpackable_bodies_stay),
      cmocka_unit_test(a_borrowed_body_is_released_once),
      cmocka_unit_test(requests_find_their_handler),
      cmocka_unit_test(bad_patterns_are_refused),
  };
  th_arena_init(&arena, 0);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  th_arena_dispose(&arena);
  return failed;
}
