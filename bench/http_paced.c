/* Requests at a steady rate: what bench/portal measures the time of pages with.
 *
 *   http_paced PORT CONNECTIONS RATE SECONDS < PATHS     one path a line, each in its turn
 *
 * Request i is due at i / RATE seconds, whatever became of those before; it goes out over a free
 * one of the connections, which stay open, or waits for one. Its time runs from when it was due to
 * the last byte of its answer. Prints how many there were, how many failed (a status other than 200
 * or 301), the rate that was held, and microseconds: p50, p90, p99, the longest. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_MAX = 8192, PATHS_MAX = 1000000, CONNECTIONS_MAX = 1024 };

typedef struct connection {
  int fd;
  int64_t due; /* of the request under way, ns; 0: none is */
  char head[HEAD_MAX + 1];
  size_t n_head;
  size_t left; /* bytes of the body that are to come */
  bool in_body;
} connection;

static connection connections[CONNECTIONS_MAX];
/* Those without a request under way, each in its turn. */
static connection *idle[CONNECTIONS_MAX];
static unsigned first_idle, n_idle;
static char *paths[PATHS_MAX];
static size_t n_paths, n_asked;
static uint32_t *times; /* µs */
static size_t n_times, n_failed;
static int64_t last_end;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void put_idle(connection *c) {
  idle[(first_idle + n_idle++) % CONNECTIONS_MAX] = c;
}

static connection *take_idle(void) {
  connection *c = idle[first_idle];
  first_idle = (first_idle + 1) % CONNECTIONS_MAX;
  n_idle--;
  return c;
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void read_paths(void) {
  char line[16384];
  while (n_paths < PATHS_MAX && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    if (line[0] && !(paths[n_paths++] = strdup(line))) die("paths");
  }
  if (!n_paths) exit(2);
}

static void open_connections(unsigned n, unsigned port, int set) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (unsigned i = 0; i < n; i++) {
    connection *c = &connections[i];
    int one = 1;
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = c};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&at, sizeof at)) die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(set, EPOLL_CTL_ADD, c->fd, &wanted)) die("epoll_ctl");
    put_idle(c);
  }
}

static void ask(connection *c, int64_t due) {
  char text[16600];
  int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n",
                   paths[n_asked++ % n_paths]);
  c->due = due;
  c->n_head = 0;
  c->in_body = false;
  if (write(c->fd, text, (size_t)n) != n) die("write");
}

static void finish(connection *c) {
  last_end = now_ns();
  times[n_times++] = (uint32_t)((last_end - c->due) / 1000);
  c->due = 0;
  put_idle(c);
}

/* The head is whole: how much follows. Returns bytes of the body that came with it. */
static size_t begin_body(connection *c, char *end) {
  size_t came = c->n_head - (size_t)(end + 4 - c->head);
  *end = 0;
  const char *length = strcasestr(c->head, "\r\ncontent-length:");
  n_failed += strncmp(c->head + 9, "200", 3) != 0 && strncmp(c->head + 9, "301", 3) != 0;
  c->left = length ? strtoul(length + 17, NULL, 10) : 0;
  c->in_body = true;
  return came;
}

static void take(connection *c) {
  static char body[1 << 18];
  ssize_t n = c->in_body ? read(c->fd, body, sizeof body)
                         : read(c->fd, c->head + c->n_head, HEAD_MAX - c->n_head);
  if (n <= 0) die("the server closed a connection");
  size_t came = (size_t)n;
  if (!c->in_body) {
    c->n_head += came;
    c->head[c->n_head] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end && c->n_head == HEAD_MAX) die("a long head");
    if (!end) return;
    came = begin_body(c, end);
  }
  c->left -= came < c->left ? came : c->left;
  if (!c->left && c->due) finish(c);
}

static int by_time(const void *a, const void *b) {
  const uint32_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  unsigned n = (unsigned)strtoul(argv[2], NULL, 10);
  double rate = strtod(argv[3], NULL), seconds = strtod(argv[4], NULL);
  size_t total = (size_t)(rate * seconds), sent = 0;
  int set = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event tick = {.events = EPOLLIN}, events[64];
  if (!n || n > CONNECTIONS_MAX || !total || set < 0 || timer < 0) return 2;
  times = calloc(total, sizeof *times);
  if (!times || epoll_ctl(set, EPOLL_CTL_ADD, timer, &tick)) die("start");
  read_paths();
  open_connections(n, (unsigned)strtoul(argv[1], NULL, 10), set);
  int64_t start = now_ns();
  while (n_times < total) {
    int64_t now = now_ns(), due = start + (int64_t)((double)sent * 1e9 / rate);
    for (; sent < total && n_idle && due <= now;
         due = start + (int64_t)((double)++sent * 1e9 / rate))
      ask(take_idle(), due);
    struct itimerspec at = {.it_value = {due / 1000000000, due % 1000000000}};
    if (sent < total && n_idle) timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    int ready = epoll_wait(set, events, 64, 1000);
    for (int i = 0; i < ready; i++) {
      uint64_t ticks;
      if (events[i].data.ptr)
        take(events[i].data.ptr);
      else
        (void)!read(timer, &ticks, sizeof ticks);
    }
  }
  qsort(times, total, sizeof *times, by_time);
  printf("%zu %zu %.0f %u %u %u %u\n", total, n_failed,
         (double)total * 1e9 / (double)(last_end - start), times[total / 2], times[total * 9 / 10],
         times[total * 99 / 100], times[total - 1]);
  return 0;
}
