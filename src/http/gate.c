#include "http/gate.h"

#include <pthread.h>

struct th_gate {
  pthread_mutex_t lock;
  uint64_t count;
  th_gate_waiter *first;
};

th_gate *th_gate_new(void) {
  th_gate *gate = calloc(1, sizeof *gate);
  if (gate) pthread_mutex_init(&gate->lock, NULL);
  return gate;
}

void th_gate_free(th_gate *gate) {
  if (!gate) return;
  pthread_mutex_destroy(&gate->lock);
  free(gate);
}

uint64_t th_gate_count(th_gate *gate) {
  pthread_mutex_lock(&gate->lock);
  uint64_t count = gate->count;
  pthread_mutex_unlock(&gate->lock);
  return count;
}

static void unlist(th_gate *gate, th_gate_waiter *w) {
  if (w->prev) w->prev->next = w->next;
  if (w->next) w->next->prev = w->prev;
  if (gate->first == w) gate->first = w->next;
  w->prev = w->next = NULL;
  w->listed = false;
}

void th_gate_open(th_gate *gate) {
  pthread_mutex_lock(&gate->lock);
  gate->count++;
  while (gate->first) {
    th_gate_waiter *w = gate->first;
    unlist(gate, w);
    w->wake(w->ctx);
  }
  pthread_mutex_unlock(&gate->lock);
}

bool th_gate_wait(th_gate *gate, uint64_t count, th_gate_waiter *w) {
  pthread_mutex_lock(&gate->lock);
  bool waits = gate->count == count;
  if (waits) {
    w->prev = NULL;
    w->next = gate->first;
    if (w->next) w->next->prev = w;
    gate->first = w;
    w->listed = true;
  }
  pthread_mutex_unlock(&gate->lock);
  return waits;
}

bool th_gate_cancel(th_gate *gate, th_gate_waiter *w) {
  pthread_mutex_lock(&gate->lock);
  bool listed = w->listed;
  if (listed) unlist(gate, w);
  pthread_mutex_unlock(&gate->lock);
  return listed;
}
