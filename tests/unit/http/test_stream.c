/* Answers that are made while they go out, and requests that wait for something. */
#define _GNU_SOURCE
#include "../test.h"

#include "http/server.h"

#include <arpa/inet.h>
#include <libdeflate.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static th_router *router;
static th_gate *gate;
static atomic_bool ready;
static atomic_int asked, dropped;

static void sleep_ms(int ms) {
  nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

/* Counts from 0 on, a number a line, at most `lines`; breaks off after `breaks`. */
typedef struct counter {
  unsigned next, lines, breaks;
} counter;

static ptrdiff_t count_on(void *ctx, char *to, size_t max) {
  counter *c = ctx;
  size_t n = 0;
  if (c->breaks && c->next >= c->breaks) return TH_EIO;
  while (c->next < c->lines && max - n > 16)
    n += (size_t)snprintf(to + n, max - n, "%u\n", c->next++);
  return (ptrdiff_t)n;
}

static void drop_counter(void *ctx) {
  atomic_fetch_add(&dropped, 1);
  free(ctx);
}

static int numbers(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)err;
  counter *c = calloc(1, sizeof *c);
  if (!c) return TH_ENOMEM;
  c->lines = (unsigned)strtoul(th_request_value(rq, "n").p, NULL, 10);
  if (th_request_value(rq, "breaks").n)
    c->breaks = (unsigned)strtoul(th_request_value(rq, "breaks").p, NULL, 10);
  rs->type = "text/plain";
  rs->stream = count_on;
  rs->stream_ctx = c;
  rs->stream_drop = drop_counter;
  return TH_OK;
}

static int patient(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  (void)ctx, (void)rq, (void)err;
  uint64_t count = th_gate_count(gate);
  atomic_fetch_add(&asked, 1);
  if (atomic_load(&ready)) {
    th_response_text(rs, 200, "here");
  } else {
    rs->gate = gate;
    rs->gate_count = count;
  }
  return TH_OK;
}

static th_server *start(th_server_config config) {
  th_server *server = NULL;
  th_err err = {0};
  config.listen = "127.0.0.1:0";
  config.threads = 2;
  if (th_server_start(&server, &config, router, &err)) fail_msg("%s", err.message);
  return server;
}

static int dial(const th_server *server, const char *target, const char *headers) {
  struct sockaddr_in at = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)th_server_port(server))};
  char text[512];
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval most = {.tv_sec = 20};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
  assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
  int n = snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n",
                   target, headers);
  assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
  return fd;
}

static void drain(int fd, th_buf *out) {
  char part[65536];
  ssize_t n;
  while ((n = recv(fd, part, sizeof part, 0)) > 0)
    th_buf_put(out, part, (size_t)n);
  close(fd);
}

/* The body of a chunked answer in place of its chunks; false when its end is missing. */
static bool unchunk(th_buf *b) {
  char *at = memmem(b->p, b->n, "\r\n\r\n", 4), *end = b->p + b->n;
  size_t n = 0;
  if (!at) return false;
  for (at += 4; at < end;) {
    char *after;
    size_t size = strtoul(at, &after, 16);
    if (after + 2 > end) return false;
    at = after + 2;
    if (size == 0) {
      b->n = n;
      return true;
    }
    if (size > (size_t)(end - at)) return false;
    memmove(b->p + n, at, size);
    n += size;
    at += size + 2;
  }
  return false;
}

static void check_numbers(const char *p, size_t n, unsigned lines) {
  unsigned next = 0;
  for (const char *end = p + n; p < end; next++) {
    char *after;
    assert_int_equal(strtoul(p, &after, 10), next);
    assert_true(*after == '\n');
    p = after + 1;
  }
  assert_int_equal(next, lines);
}

static void streams_come_whole(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  unsigned sizes[] = {0, 1, 1000, 300000};
  for (size_t i = 0; i < TH_COUNT(sizes); i++)
    for (int packed = 0; packed < 2; packed++) {
      char target[64];
      th_buf b;
      th_buf_init(&b, 0);
      snprintf(target, sizeof target, "GET /numbers?n=%u", sizes[i]);
      drain(dial(server, target, packed ? "Accept-Encoding: gzip\r\n" : ""), &b);
      char *plain = calloc(1, 4 << 20);
      size_t n = 0;
      assert_non_null(plain);
      assert_int_equal(memmem(b.p, b.n, "Content-Encoding: gzip", 22) != NULL, packed);
      assert_true(unchunk(&b));
      if (packed) {
        struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
        assert_int_equal(libdeflate_gzip_decompress(d, b.p, b.n, plain, (4 << 20) - 1, &n), 0);
        libdeflate_free_decompressor(d);
      } else {
        memcpy(plain, b.p, n = b.n);
      }
      check_numbers(plain, n, sizes[i]);
      free(plain);
      th_buf_dispose(&b);
    }
  th_server_stop(server);
  assert_int_equal(atomic_exchange(&dropped, 0), 2 * TH_COUNT(sizes));
}

static void a_broken_stream_shows(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  for (int packed = 0; packed < 2; packed++) {
    th_buf b;
    th_buf_init(&b, 0);
    drain(dial(server, "GET /numbers?n=300000&breaks=100000",
               packed ? "Accept-Encoding: gzip\r\n" : ""),
          &b);
    assert_false(unchunk(&b));
    th_buf_dispose(&b);
  }
  th_server_stop(server);
  assert_int_equal(atomic_exchange(&dropped, 0), 2);
}

/* Nobody reads: the stream ends with its block's time, and is dropped. */
static void a_stream_that_nobody_takes_ends(void **state) {
  (void)state;
  th_server *server = start((th_server_config){.block_ms = 500});
  int fd = dial(server, "GET /numbers?n=100000000", "");
  for (int i = 0; i < 100 && atomic_load(&dropped) == 0; i++)
    sleep_ms(50);
  assert_int_equal(atomic_exchange(&dropped, 0), 1);
  close(fd);
  th_server_stop(server);
}

static void those_who_wait_are_answered(void **state) {
  (void)state;
  enum { WAITING = 40 };
  int fds[WAITING];
  th_server *server = start((th_server_config){0});
  atomic_store(&ready, false);
  atomic_store(&asked, 0);
  for (int i = 0; i < WAITING; i++)
    fds[i] = dial(server, "GET /patient", "");
  while (atomic_load(&asked) < WAITING)
    sleep_ms(1);
  th_gate_open(gate); /* for nothing: they wait on */
  while (atomic_load(&asked) < 2 * WAITING)
    sleep_ms(1);
  th_buf b;
  th_buf_init(&b, 0);
  drain(dial(server, "GET /numbers?n=10", ""), &b); /* others are served meanwhile */
  assert_true(unchunk(&b));
  atomic_store(&ready, true);
  th_gate_open(gate);
  for (int i = 0; i < WAITING; i++) {
    th_buf_clear(&b);
    drain(fds[i], &b);
    assert_non_null(memmem(b.p, b.n, "\r\n\r\nhere", 8));
  }
  th_buf_dispose(&b);
  th_server_stop(server);
}

static void too_many_may_not_wait(void **state) {
  (void)state;
  th_server *server = start((th_server_config){.max_parked = 2});
  int fds[3];
  th_buf b;
  th_buf_init(&b, 0);
  atomic_store(&ready, false);
  atomic_store(&asked, 0);
  for (int i = 0; i < 3; i++) {
    fds[i] = dial(server, "GET /patient", "");
    while (atomic_load(&asked) < i + 1)
      sleep_ms(1);
  }
  drain(fds[2], &b);
  assert_non_null(memmem(b.p, b.n, "HTTP/1.1 503", 12));
  assert_non_null(memmem(b.p, b.n, "Retry-After: 5", 14));
  /* The end does not wait for what never comes. */
  th_server_stop(server);
  th_buf_clear(&b);
  drain(fds[0], &b);
  assert_non_null(memmem(b.p, b.n, "HTTP/1.1 503", 12));
  close(fds[1]);
  th_buf_dispose(&b);
}

static void *open_now_and_then(void *stop) {
  while (!atomic_load((atomic_bool *)stop))
    th_gate_open(gate);
  return NULL;
}

/* A gate opened all the time, from another thread: no wake-up is lost, nothing is woken twice. */
static void gates_and_waiters_race(void **state) {
  (void)state;
  th_server *server = start((th_server_config){0});
  atomic_bool stop = false;
  pthread_t opener;
  atomic_store(&ready, false);
  assert_int_equal(pthread_create(&opener, NULL, open_now_and_then, &stop), 0);
  for (int round = 0; round < 20; round++) {
    int fds[10];
    atomic_store(&asked, 0);
    for (int i = 0; i < 10; i++)
      fds[i] = dial(server, "GET /patient", "");
    while (atomic_load(&asked) < 100)
      sleep_ms(1);
    atomic_store(&ready, true);
    for (int i = 0; i < 10; i++) {
      th_buf b;
      th_buf_init(&b, 0);
      drain(fds[i], &b);
      assert_non_null(memmem(b.p, b.n, "here", 4));
      th_buf_dispose(&b);
    }
    atomic_store(&ready, false);
  }
  atomic_store(&stop, true);
  pthread_join(opener, NULL);
  th_server_stop(server);
}

static int set_up(void **state) {
  (void)state;
  th_err err = {0};
  router = th_router_new();
  gate = th_gate_new();
  if (!router || !gate) return -1;
  int rc = th_router_add(router, "GET", "/numbers", numbers, NULL, &err);
  return rc ? rc : th_router_add(router, "GET", "/patient", patient, NULL, &err);
}

static int tear_down(void **state) {
  (void)state;
  th_router_free(router);
  th_gate_free(gate);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(streams_come_whole),
      cmocka_unit_test(a_broken_stream_shows),
      cmocka_unit_test(a_stream_that_nobody_takes_ends),
      cmocka_unit_test(those_who_wait_are_answered),
      cmocka_unit_test(too_many_may_not_wait),
      cmocka_unit_test(gates_and_waiters_race),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
