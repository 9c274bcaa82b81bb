#include "query/thread.h"

#include <pthread.h>

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool have_key;
static __thread th_thread *mine;

static void thread_free(void *p) {
  th_thread *t = p;
  if (!t) return;
  th_stemmer_free(t->stemmer);
  for (uint32_t i = 0; i < t->n_levels; i++)
    free(t->levels[i]);
  free(t->levels);
  free(t->picked);
  free(t->queue);
  free(t->bound);
  free(t->word_most);
  free(t->candidates);
  free(t->places[0]);
  free(t->places[1]);
  free(t);
  mine = NULL;
}

/* The main thread ends without running the destructors of keys. */
static void at_end(void) {
  thread_free(mine);
}

static void make_key(void) {
  have_key = pthread_key_create(&key, thread_free) == 0;
  atexit(at_end);
}

th_thread *th_thread_get(void) {
  if (mine) return mine;
  pthread_once(&once, make_key);
  th_thread *t = have_key ? calloc(1, sizeof *t) : NULL;
  if (!t) return NULL;
  t->stemmer = th_stemmer_new();
  t->picked = malloc(TH_WINDOW * sizeof *t->picked);
  t->queue = malloc(TH_WINDOW * sizeof *t->queue);
  t->bound = malloc(TH_STRETCH * sizeof *t->bound);
  t->word_most = malloc(TH_STRETCH / 64 * sizeof *t->word_most);
  t->candidates = malloc(TH_POOL * sizeof *t->candidates);
  if (!t->stemmer || !t->picked || !t->queue || !t->bound || !t->word_most || !t->candidates ||
      !th_thread_more_places(t, 0) || !th_thread_more_places(t, 1) ||
      pthread_setspecific(key, t) != 0) {
    thread_free(t);
    return NULL;
  }
  return mine = t;
}

static bool levels_grow(th_thread *t, uint32_t n) {
  th_level **grown = realloc(t->levels, n * sizeof *grown);
  if (!grown) return false;
  t->levels = grown;
  for (; t->n_levels < n; t->n_levels++)
    grown[t->n_levels] = NULL;
  return true;
}

th_level *th_thread_level(th_thread *t, uint32_t i) {
  if (i >= t->n_levels && !levels_grow(t, i + 8)) return NULL;
  if (!t->levels[i]) t->levels[i] = calloc(1, sizeof *t->levels[i]);
  return t->levels[i];
}

bool th_thread_more_places(th_thread *t, unsigned which) {
  uint32_t n = t->n_places[which] ? t->n_places[which] * 2 : 256;
  th_occurrence *grown = realloc(t->places[which], n * sizeof *grown);
  if (!grown) return false;
  t->places[which] = grown;
  t->n_places[which] = n;
  return true;
}

void th_thread_wipe(th_thread *t) {
  for (uint32_t i = 0; i < t->n_levels; i++)
    if (t->levels[i]) memset(t->levels[i], 0, sizeof *t->levels[i]);
}
