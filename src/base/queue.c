#define _GNU_SOURCE
#include "base/queue.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

struct th_queue {
  pthread_mutex_t lock;
  pthread_cond_t not_full, not_empty;
  size_t capacity, first, n;
  bool closed;
  void *items[];
};

th_queue *th_queue_new(size_t capacity) {
  th_queue *q = calloc(1, sizeof *q + capacity * sizeof(void *));
  if (!q) return NULL;
  q->capacity = capacity;
  pthread_mutex_init(&q->lock, NULL);
  pthread_cond_init(&q->not_full, NULL);
  pthread_cond_init(&q->not_empty, NULL);
  return q;
}

void th_queue_free(th_queue *q) {
  if (!q) return;
  pthread_cond_destroy(&q->not_empty);
  pthread_cond_destroy(&q->not_full);
  pthread_mutex_destroy(&q->lock);
  free(q);
}

bool th_queue_push(th_queue *q, void *item) {
  pthread_mutex_lock(&q->lock);
  while (q->n == q->capacity && !q->closed)
    pthread_cond_wait(&q->not_full, &q->lock);
  bool taken = !q->closed;
  if (taken) {
    q->items[(q->first + q->n++) % q->capacity] = item;
    pthread_cond_signal(&q->not_empty);
  }
  pthread_mutex_unlock(&q->lock);
  return taken;
}

void *th_queue_pop(th_queue *q) {
  void *item = NULL;
  pthread_mutex_lock(&q->lock);
  while (q->n == 0 && !q->closed)
    pthread_cond_wait(&q->not_empty, &q->lock);
  if (q->n) {
    item = q->items[q->first];
    q->first = (q->first + 1) % q->capacity;
    q->n--;
    pthread_cond_signal(&q->not_full);
  }
  pthread_mutex_unlock(&q->lock);
  return item;
}

void th_queue_close(th_queue *q) {
  pthread_mutex_lock(&q->lock);
  q->closed = true;
  pthread_cond_broadcast(&q->not_full);
  pthread_cond_broadcast(&q->not_empty);
  pthread_mutex_unlock(&q->lock);
}

unsigned th_cpu_count(void) {
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return n > 0 ? (unsigned)n : 1;
}

double th_clock_mono(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t th_clock_utc(void) {
  return (int64_t)time(NULL);
}
