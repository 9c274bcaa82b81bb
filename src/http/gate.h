/* Inside the server: who waits at a gate (http.h). */
#ifndef TH_HTTP_GATE_H
#define TH_HTTP_GATE_H

#include "http/http.h"

/* Stands in the list of the gate it waits at; wake is called once, under the gate's lock. */
typedef struct th_gate_waiter {
  struct th_gate_waiter *prev, *next;
  void (*wake)(void *ctx);
  void *ctx;
  bool listed;
} th_gate_waiter;

/* False, and nothing listed, when the gate was opened since its count was `count`. */
bool th_gate_wait(th_gate *gate, uint64_t count, th_gate_waiter *waiter) TH_MUST_USE;
/* Takes the waiter out of the list; false when it is not there (any more): it was woken. */
bool th_gate_cancel(th_gate *gate, th_gate_waiter *waiter);

#endif
