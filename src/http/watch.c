#define _GNU_SOURCE
#include "http/conn.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

enum { ROUND_MS = 200 };

struct th_watch {
  pthread_mutex_t lock; /* list, stopping: taken at open and close, never a request */
  pthread_cond_t wake;
  pthread_t thread;
  th_conn head; /* of the ring, oldest connection first */
  unsigned max_open;
  bool stopping;
  atomic_uint n_open;
  atomic_ullong n_total;
};

int64_t th_watch_now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The other side sees the end of the connection; its thread sees it as closed and cleans up. */
static void shut(th_conn *conn) {
  shutdown(conn->fd, SHUT_RDWR);
  atomic_store_explicit(&conn->deadline_ms, INT64_MAX, memory_order_relaxed);
  atomic_store_explicit(&conn->waiting, false, memory_order_relaxed);
}

static int by_deadline(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* The deadline behind which a waiting connection need not be closed to get rid of n of them. */
static int64_t deadline_of_nth(th_watch *w, unsigned n) {
  unsigned open = 0;
  for (th_conn *c = w->head.next; c != &w->head; c = c->next)
    open++;
  int64_t *all = calloc(open + 1, sizeof *all), found = INT64_MIN;
  unsigned waiting = 0;
  for (th_conn *c = w->head.next; all && c != &w->head; c = c->next)
    if (atomic_load_explicit(&c->waiting, memory_order_relaxed))
      all[waiting++] = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);
  if (waiting) {
    qsort(all, waiting, sizeof *all, by_deadline);
    found = all[TH_MIN(n, waiting) - 1];
  }
  free(all);
  return found;
}

static void look_round(th_watch *w) {
  int64_t now = th_watch_now_ms(), crowded = INT64_MIN;
  unsigned open = atomic_load(&w->n_open), excess = 0;
  if (open > w->max_open - w->max_open / 8) {
    excess = open - (w->max_open - w->max_open / 4);
    crowded = deadline_of_nth(w, excess);
  }
  for (th_conn *c = w->head.next; c != &w->head; c = c->next) {
    int64_t deadline = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);
    bool waiting = atomic_load_explicit(&c->waiting, memory_order_relaxed);
    if (deadline < now) {
      shut(c);
    } else if (excess && waiting && deadline <= crowded) {
      shut(c);
      excess--;
    }
  }
}

/* A client that ended its side while it has no request under way: libmicrohttpd 0.9.75 can miss
 * that end when it comes together with the request. Seen in two rounds with the same deadline, that
 * is with no answer in between, the connection is shut. */
static void shut_half_closed(th_watch *w) {
  size_t most = atomic_load(&w->n_open) + 16, n = 0, i = 0;
  struct pollfd *all = calloc(most, sizeof *all);
  if (!all) return; /* their deadline ends them later */
  for (th_conn *c = w->head.next; c != &w->head && n < most; c = c->next) {
    bool waiting = atomic_load_explicit(&c->waiting, memory_order_relaxed);
    all[n++] = (struct pollfd){.fd = waiting ? c->fd : -1, .events = POLLRDHUP};
  }
  if (n && poll(all, n, 0) > 0)
    for (th_conn *c = w->head.next; c != &w->head && i < n; c = c->next, i++) {
      if (!(all[i].revents & POLLRDHUP)) continue;
      int64_t deadline = atomic_load_explicit(&c->deadline_ms, memory_order_relaxed);
      if (deadline == c->ended_at_deadline)
        shut(c);
      else
        c->ended_at_deadline = deadline;
    }
  free(all);
}

static void *watch_main(void *arg) {
  th_watch *w = arg;
  pthread_mutex_lock(&w->lock);
  while (!w->stopping) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += ROUND_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) until.tv_sec++, until.tv_nsec -= 1000000000L;
    pthread_cond_timedwait(&w->wake, &w->lock, &until);
    if (w->stopping) break;
    look_round(w);
    shut_half_closed(w);
  }
  pthread_mutex_unlock(&w->lock);
  return NULL;
}

th_watch *th_watch_start(unsigned max_open, th_err *err) {
  th_watch *w = calloc(1, sizeof *w);
  if (!w) {
    th_err_set(err, TH_ENOMEM, "no memory for the server");
    return NULL;
  }
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&w->wake, &attr);
  pthread_condattr_destroy(&attr);
  pthread_mutex_init(&w->lock, NULL);
  w->head.prev = w->head.next = &w->head;
  w->max_open = max_open;
  if (pthread_create(&w->thread, NULL, watch_main, w) != 0) {
    th_err_set(err, TH_EIO, "cannot start a thread");
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
    return NULL;
  }
  return w;
}

void th_watch_stop(th_watch *w) {
  if (!w) return;
  pthread_mutex_lock(&w->lock);
  w->stopping = true;
  pthread_cond_signal(&w->wake);
  pthread_mutex_unlock(&w->lock);
  pthread_join(w->thread, NULL);
  pthread_cond_destroy(&w->wake);
  pthread_mutex_destroy(&w->lock);
  free(w);
}

th_conn *th_watch_open(th_watch *w, int fd, int64_t deadline_ms, size_t max_target,
                       size_t max_body) {
  th_conn *conn = calloc(1, sizeof *conn);
  if (!conn) return NULL;
  conn->fd = fd;
  atomic_store(&conn->deadline_ms, deadline_ms);
  atomic_store(&conn->waiting, true);
  th_buf_init(&conn->target, max_target);
  th_buf_init(&conn->body, max_body);
  pthread_mutex_lock(&w->lock);
  conn->prev = w->head.prev;
  conn->next = &w->head;
  conn->prev->next = conn->next->prev = conn;
  pthread_mutex_unlock(&w->lock);
  atomic_fetch_add(&w->n_open, 1);
  atomic_fetch_add(&w->n_total, 1);
  return conn;
}

void th_watch_close(th_watch *w, th_conn *conn) {
  if (!conn) return;
  pthread_mutex_lock(&w->lock);
  conn->prev->next = conn->next;
  conn->next->prev = conn->prev;
  pthread_mutex_unlock(&w->lock);
  atomic_fetch_sub(&w->n_open, 1);
  th_buf_dispose(&conn->target);
  th_buf_dispose(&conn->body);
  free(conn);
}

unsigned th_watch_count(const th_watch *w) {
  return atomic_load(&w->n_open);
}
uint64_t th_watch_total(const th_watch *w) {
  return atomic_load(&w->n_total);
}
