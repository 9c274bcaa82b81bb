#include "http/http.h"

#include <pthread.h>
#include <stdatomic.h>

/* The gzip compressor has its own place: response.c asks for it by th_worker_slot like any other.
 */
struct th_worker {
  void *objects[TH_WORKER_SLOTS];
};

static void (*_Atomic slot_drop[TH_WORKER_SLOTS])(void *object);
static atomic_int slots_taken;
static pthread_key_t worker_key;
static pthread_once_t worker_once = PTHREAD_ONCE_INIT;
static bool worker_key_made;

int th_worker_slot(void (*drop)(void *object)) {
  int slot = atomic_fetch_add(&slots_taken, 1);
  if (slot >= TH_WORKER_SLOTS) {
    atomic_fetch_sub(&slots_taken, 1);
    return -1;
  }
  atomic_store(&slot_drop[slot], drop);
  return slot;
}

void *th_worker_get(th_worker *worker, int slot) {
  if (!worker || slot < 0 || slot >= TH_WORKER_SLOTS) return NULL;
  return worker->objects[slot];
}

void th_worker_put(th_worker *worker, int slot, void *object) {
  if (!worker || slot < 0 || slot >= TH_WORKER_SLOTS) return;
  worker->objects[slot] = object;
}

static void worker_free(void *p) {
  th_worker *worker = p;
  for (int i = 0; i < TH_WORKER_SLOTS; i++) {
    void (*drop)(void *) = atomic_load(&slot_drop[i]);
    if (worker->objects[i] && drop) drop(worker->objects[i]);
  }
  free(worker);
}

static void make_key(void) {
  worker_key_made = pthread_key_create(&worker_key, worker_free) == 0;
}

th_worker *th_worker_current(void) {
  pthread_once(&worker_once, make_key);
  if (!worker_key_made) return NULL;
  th_worker *worker = pthread_getspecific(worker_key);
  if (worker) return worker;
  worker = calloc(1, sizeof *worker);
  if (worker && pthread_setspecific(worker_key, worker) != 0) {
    free(worker);
    worker = NULL;
  }
  return worker;
}

void th_worker_end(void) {
  pthread_once(&worker_once, make_key);
  if (!worker_key_made) return;
  th_worker *worker = pthread_getspecific(worker_key);
  if (!worker) return;
  pthread_setspecific(worker_key, NULL);
  worker_free(worker);
}
