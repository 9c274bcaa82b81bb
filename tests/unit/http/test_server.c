/* The server over real sockets: what it answers to whole, half, huge and broken requests. */
#include "../test.h"

#include "http/server.h"

#include "base/queue.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static th_router *router;
static atomic_bool in_slow;

static void sleep_ms(int ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static int echo(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)err;
  th_response_text(rs, 200, "%s", "");
  th_buf_span(&rs->body, th_request_value(rq, "v"));
  th_buf_span(&rs->body, rq->body);
  return TH_OK;
}

/* Which thread answers. */
static int who(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  th_response_text(rs, 200, "thread %p;", (void *)th_worker_current());
  return TH_OK;
}

static int slow(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  atomic_store(&in_slow, true);
  sleep_ms(300);
  th_response_text(rs, 200, "at last");
  return TH_OK;
}

static int big(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  rs->type = "text/plain";
  char *p = th_buf_room(&rs->body, 8 << 20);
  if (!p) return TH_ENOMEM;
  memset(p, 'b', 8 << 20);
  th_buf_added(&rs->body, 8 << 20);
  return TH_OK;
}

static th_server *start(th_server_config config) {
  th_server *server = NULL;
  th_err err = {0};
  if (!config.listen) config.listen = "127.0.0.1:0";
  if (!config.threads) config.threads = 2;
  if (th_server_start(&server, &config, router, &err)) fail_msg("%s", err.message);
  assert_true(th_server_port(server) > 0);
  return server;
}

static int dial(const th_server *server) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)th_server_port(server))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval most = {.tv_sec = 20};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  return fd;
}

static void put(int fd, const char *p, size_t n) {
  while (n) {
    ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
    if (sent <= 0) return; /* closed on us: the answer tells */
    p += sent, n -= (size_t)sent;
  }
}

/* All that comes until the other side closes; text stays valid until the next call. */
static char received[1 << 16];
static size_t drain(int fd) {
  size_t n = 0;
  char sink[4096];
  for (;;) {
    ssize_t got = recv(fd, sink, sizeof sink, 0);
    if (got <= 0) break;
    size_t room = sizeof received - 1 - TH_MIN(n, sizeof received - 1);
    if (room) memcpy(received + n, sink, TH_MIN((size_t)got, room));
    n += (size_t)got;
  }
  received[TH_MIN(n, sizeof received - 1)] = 0;
  close(fd);
  return n;
}

/* Sends text on a connection of its own and gives the status of the answer; 0 = closed without. */
static unsigned ask(const th_server *server, const char *text, size_t n) {
  int fd = dial(server);
  put(fd, text, n);
  shutdown(fd, SHUT_WR);
  size_t got = drain(fd);
  return got > 12 ? (unsigned)strtoul(received + 9, NULL, 10) : 0;
}

static unsigned get(const th_server *server, const char *target) {
  char text[512];
  int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                   target);
  int fd = dial(server);
  put(fd, text, (size_t)n);
  size_t got = drain(fd);
  return got > 12 ? (unsigned)strtoul(received + 9, NULL, 10) : 0;
}

static void alive(const th_server *server) {
  assert_int_equal(get(server, "/echo?v=here"), 200);
  assert_non_null(strstr(received, "\r\n\r\nhere"));
}

static void answers_arrive(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  assert_int_equal(get(server, "/echo?v=a%20b"), 200);
  assert_non_null(strstr(received, "\r\n\r\na b"));
  assert_non_null(strstr(received, "Content-Type: text/plain; charset=UTF-8"));
  assert_int_equal(get(server, "/nowhere"), 404);
  assert_int_equal(get(server, "/echo?v=%FF"), 400);
  const char *head = "HEAD /echo?v=abc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  assert_int_equal(ask(server, head, strlen(head)), 200);
  assert_non_null(strstr(received, "Content-Length: 3"));
  assert_null(strstr(received, "abc"));
  const char *post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody";
  assert_int_equal(ask(server, post, strlen(post)), 200);
  assert_non_null(strstr(received, "\r\n\r\nbody"));
  th_server_stop(server);
}

/* Connections opened together, as browsers and proxies do, come to all threads alike. */
static void threads_share_connections(void **state) {
  (void)state;
  enum { THREADS = 4, MANY = 32 };
  th_server *server = start((th_server_config){.threads = THREADS});
  char answers[MANY][64] = {{0}};
  unsigned threads = 0;
  int fd[MANY];
  for (unsigned i = 0; i < MANY; i++)
    fd[i] = dial(server);
  th_server_counts counts = {0};
  for (int tries = 0; counts.open < MANY && tries < 1000; tries++) {
    th_server_count(server, &counts);
    sleep_ms(5);
  }
  static const char request[] = "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (unsigned i = 0; i < MANY; i++) {
    put(fd[i], request, sizeof request - 1);
    drain(fd[i]);
    const char *body = strstr(received, "thread ");
    assert_non_null(body);
    snprintf(answers[i], sizeof answers[i], "%.60s", body);
  }
  for (unsigned i = 0; i < MANY; i++) {
    unsigned same = 0;
    for (unsigned k = 0; k < MANY; k++)
      same += strcmp(answers[i], answers[k]) == 0;
    assert_int_equal(same, MANY / THREADS);
    threads += strcmp(answers[i], answers[0]) != 0;
  }
  assert_int_equal(threads, MANY - MANY / THREADS);
  th_server_stop(server);
}

static void a_connection_serves_many(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  int fd = dial(server);
  char text[128];
  for (int i = 0; i < 500; i++) {
    int n = snprintf(text, sizeof text, "GET /echo?v=n%03d HTTP/1.1\r\nHost: x\r\n\r\n", i);
    put(fd, text, (size_t)n);
    char answer[1024];
    size_t got = 0;
    while (got < sizeof answer - 1) {
      ssize_t r = recv(fd, answer + got, sizeof answer - 1 - got, 0);
      assert_true(r > 0);
      got += (size_t)r;
      answer[got] = 0;
      if (strstr(answer, "\r\n\r\nn") && strlen(strstr(answer, "\r\n\r\nn")) == 8) break;
    }
    assert_int_equal(strtol(strstr(answer, "\r\n\r\nn") + 5, NULL, 10), i);
  }
  close(fd);
  th_server_stop(server);
}

/* What each of these gets: one of two statuses; 0 = a close without an answer will do. */
static const struct {
  const char *what, *text;
  unsigned status, or_status;
} broken[] = {
    {"nothing", "", 0, 0},
    {"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 0, 400},
    {"half a line", "GET /echo", 0, 0},
    {"half a header", "GET /echo?v=1 HTTP/1.1\r\nHos", 0, 0},
    {"half a body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 0, 0},
    {"body too long", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nabc", 413,
     413},
    {"bad length", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabc", 400, 0},
    {"bad chunk", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
     400, 0},
    {"bad escape", "GET /echo?v=%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 400},
    {"no path", "GET * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 400, 400},
    {"odd method", "BREW /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405, 405},
};

/* The end of the client's side may come together with its request. */
static void half_closed_connections_end(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  const char *text = "GET /echo?v=1 HTTP/1.1\r\nHost: x\r\n\r\n";
  double begun = th_clock_mono();
  for (int i = 0; i < 12; i++)
    assert_int_equal(ask(server, text, strlen(text)), 200);
  assert_true(th_clock_mono() - begun < 10);
  th_server_stop(server);
}

static void broken_requests_harm_nobody(void **state) {
  (void)state;
  th_server *server = start((th_server_config){.request_ms = 1000});
  for (size_t i = 0; i < TH_COUNT(broken); i++) {
    unsigned status = ask(server, broken[i].text, strlen(broken[i].text));
    if (status != broken[i].status && status != broken[i].or_status)
      fail_msg("%s: status %u", broken[i].what, status);
    alive(server);
  }
  th_server_stop(server);
}

static unsigned ask_long(const th_server *server, const char *begin, const char *part,
                         unsigned times, const char *end) {
  th_buf b;
  th_buf_init(&b, 0);
  th_buf_str(&b, begin);
  for (unsigned i = 0; i < times; i++)
    th_buf_str(&b, part);
  th_buf_str(&b, end);
  unsigned status = ask(server, b.p, b.n);
  th_buf_dispose(&b);
  return status;
}

static void sizes_are_limited(void **state) {
  (void)state;
  const char *end = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  th_server *server = start((th_server_config){.request_ms = 2000});
  assert_int_equal(ask_long(server, "GET /echo?v=", "0123456789abcdef", 1000, end), 200);
  assert_int_equal(ask_long(server, "GET /echo?v=1", "&a=1", 190, end), 200);
  assert_int_equal(ask_long(server, "GET /echo?v=", "0123456789abcdef", 1100, end), 414);
  unsigned status = ask_long(server, "GET /echo?v=", "0123456789abcdef", 100000, end);
  assert_true(status == 414 || status == 0);
  const char *start_line = "GET /echo?v=1 HTTP/1.1\r\nHost: x\r\n",
             *close = "Connection: close\r\n\r\n";
  assert_int_equal(ask_long(server, start_line, "A: b\r\n", 60, close), 200);
  assert_int_equal(ask_long(server, start_line, "A: b\r\n", 70, close), 431);
  status = ask_long(server, start_line, "Flood: 0123456789abcdef\r\n", 100000, close);
  assert_true(status == 431 || status == 0);
  alive(server);
  th_server_stop(server);
}

static void slow_clients_are_let_go(void **state) {
  (void)state;
  th_server *server = start((th_server_config){.request_ms = 600, .answer_ms = 800});
  int idle = dial(server), dripping = dial(server), unread = dial(server);
  put(unread, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", 31);
  double begun = th_clock_mono();
  for (int i = 0; i < 12; i++) { /* a byte now and then keeps no connection alive */
    put(dripping, &"GET /echo?v=12345678"[i], 1);
    sleep_ms(100);
  }
  alive(server);
  assert_int_equal(drain(idle), 0);
  assert_int_equal(drain(dripping), 0);
  sleep_ms(400);
  assert_true(drain(unread) < 8u << 20);
  assert_true(th_clock_mono() - begun < 6);
  th_server_counts counts;
  th_server_count(server, &counts);
  assert_int_equal(counts.under_way, 0);
  th_server_stop(server);
}

static void idle_crowds_make_place(void **state) {
  (void)state;
  enum { CROWD = 400 };
  th_server *server = start((th_server_config){.max_connections = 100, .request_ms = 20000});
  int fds[CROWD];
  for (int i = 0; i < CROWD; i++)
    fds[i] = dial(server);
  double begun = th_clock_mono();
  for (int i = 0; i < 5; i++)
    alive(server);
  assert_true(th_clock_mono() - begun < 10); /* long before the idle ones' own time is over */
  th_server_counts counts;
  th_server_count(server, &counts);
  assert_true(counts.open <= 100);
  for (int i = 0; i < CROWD; i++)
    close(fds[i]);
  th_server_stop(server);
}

static void *get_slow(void *server) {
  static unsigned status;
  int fd = dial(server);
  put(fd, "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", 32);
  char text[512];
  size_t n = 0;
  for (ssize_t got; n < sizeof text - 1 && (got = recv(fd, text + n, sizeof text - 1 - n, 0)) > 0;)
    n += (size_t)got;
  text[n] = 0;
  close(fd);
  status = strstr(text, "at last") ? 200 : 0;
  return &status;
}

static void stopping_lets_requests_end(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  pthread_t client;
  void *status;
  atomic_store(&in_slow, false);
  assert_int_equal(pthread_create(&client, NULL, get_slow, server), 0);
  while (!atomic_load(&in_slow))
    sleep_ms(1);
  th_server_stop(server);
  pthread_join(client, &status);
  assert_int_equal(*(unsigned *)status, 200);
}

static const struct {
  const char *listen;
  int rc;
  const char *url; /* its beginning */
} addresses[] = {
    {"127.0.0.1:0", TH_OK, "http://127.0.0.1:"},
    {":0", TH_OK, "http://127.0.0.1:"},
    {"*:0", TH_OK, "http://127.0.0.1:"},
    {"0.0.0.0:0", TH_OK, "http://127.0.0.1:"},
    {"localhost:0", TH_OK, "http://localhost:"},
    {"127.0.0.1", TH_EUSAGE, ""},
    {"127.0.0.1:", TH_EUSAGE, ""},
    {"127.0.0.1:x", TH_EUSAGE, ""},
    {"127.0.0.1:99999", TH_EUSAGE, ""},
    {"::1:80", TH_EUSAGE, ""},
    {"", TH_EUSAGE, ""},
    {"127.0.0.1:-1", TH_EUSAGE, ""},
    {"192.0.2.1:0", TH_EIO, ""},
};

static void addresses_are_read(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(addresses); i++) {
    th_server *server = NULL;
    th_err err = {0};
    th_server_config config = {.listen = addresses[i].listen, .threads = 1};
    int rc = th_server_start(&server, &config, router, &err);
    if (rc != addresses[i].rc) fail_msg("%s: %d %s", addresses[i].listen, rc, err.message);
    if (rc) continue;
    assert_true(th_span_starts(th_span_of(th_server_url(server)), th_span_of(addresses[i].url)));
    alive(server);
    th_server_stop(server);
  }
}

static void ipv6_is_served(void **state) {
  (void)state;
  th_server *server = NULL;
  th_err err = {0};
  if (th_server_start(&server, &(th_server_config){.listen = "[::1]:0", .threads = 2}, router,
                      &err))
    skip(); /* no IPv6 on this machine */
  assert_true(th_span_starts(th_span_of(th_server_url(server)), TH_SPAN("http://[::1]:")));
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  at.sin6_port = htons((uint16_t)th_server_port(server));
  int fd = socket(AF_INET6, SOCK_STREAM, 0);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  put(fd, "GET /echo?v=six HTTP/1.0\r\n\r\n", 28);
  assert_true(drain(fd) > 0);
  assert_non_null(strstr(received, "six"));
  th_server_stop(server);
}

static void a_taken_port_is_an_error(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0}), *second = NULL;
  char listen[64];
  th_err err = {0};
  snprintf(listen, sizeof listen, "127.0.0.1:%u", th_server_port(server));
  assert_int_equal(th_server_start(&second, &(th_server_config){.listen = listen}, router, &err),
                   TH_EIO);
  assert_non_null(strstr(err.message, "in use"));
  assert_null(second);
  th_server_stop(server);
}

static void *many_requests(void *server) {
  static unsigned all_well, not_well = 1;
  char text[64];
  for (int i = 0; i < 60; i++) {
    int n = snprintf(text, sizeof text, "GET /echo?v=%d HTTP/1.0\r\n\r\n", i);
    int fd = dial(server);
    put(fd, text, (size_t)n);
    char answer[512];
    size_t have = 0;
    for (ssize_t got; have < sizeof answer - 1 &&
                      (got = recv(fd, answer + have, sizeof answer - 1 - have, 0)) > 0;)
      have += (size_t)got;
    close(fd);
    answer[have] = 0;
    const char *body = strstr(answer, "\r\n\r\n");
    if (!body || strtol(body + 4, NULL, 10) != i) return &not_well;
  }
  return &all_well;
}

static void clients_do_not_mix(void **state) {
  (void)state;
  enum { CLIENTS = 8 };
  th_server *server = start((th_server_config){0});
  pthread_t clients[CLIENTS];
  for (int i = 0; i < CLIENTS; i++)
    assert_int_equal(pthread_create(&clients[i], NULL, many_requests, server), 0);
  for (int i = 0; i < CLIENTS; i++) {
    void *result;
    pthread_join(clients[i], &result);
    assert_int_equal(*(const unsigned *)result, 0);
  }
  th_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answers_arrive),
      cmocka_unit_test(threads_share_connections),
      cmocka_unit_test(a_connection_serves_many),
      cmocka_unit_test(half_closed_connections_end),
      cmocka_unit_test(broken_requests_harm_nobody),
      cmocka_unit_test(sizes_are_limited),
      cmocka_unit_test(slow_clients_are_let_go),
      cmocka_unit_test(idle_crowds_make_place),
      cmocka_unit_test(stopping_lets_requests_end),
      cmocka_unit_test(addresses_are_read),
      cmocka_unit_test(ipv6_is_served),
      cmocka_unit_test(a_taken_port_is_an_error),
      cmocka_unit_test(clients_do_not_mix),
  };
  th_err err = {0};
  router = th_router_new();
  if (!router || th_router_add(router, "GET", "/echo", echo, NULL, &err) ||
      th_router_add(router, "POST", "/echo", echo, NULL, &err) ||
      th_router_add(router, "GET", "/who", who, NULL, &err) ||
      th_router_add(router, "GET", "/slow", slow, NULL, &err) ||
      th_router_add(router, "GET", "/big", big, NULL, &err))
    return 1;
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  th_router_free(router);
  th_worker_end();
  return failed;
}
