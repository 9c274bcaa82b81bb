#define _GNU_SOURCE
#include "registry/gather.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "registry/internal.h"

enum { HELD = 256 << 10 }; /* bytes of a worker that are not in its file yet */

typedef struct gatherer {
  th_evidence *evidence;
  th_buf held;
  uint64_t in_file;
  int fd; /* -1: nothing is kept */
} gatherer;

typedef struct text {
  uint64_t seq, at;
  uint32_t len;
  uint16_t worker;
} text;

typedef struct counted {
  uint64_t seq;
  uint32_t nct;
} counted;

struct th_gather {
  unsigned n_workers;
  gatherer *workers;
  pthread_mutex_t lock; /* everything below */
  th_evidence *out;     /* taken out again */
  text *texts;          /* by seq, once sealed */
  counted *counted;     /* by nct, once sealed */
  size_t n_texts, cap_texts, n_counted, cap_counted;
};

th_gather *th_gather_new(const char *dir, unsigned n_workers) {
  th_gather *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  pthread_mutex_init(&g->lock, NULL);
  g->out = th_evidence_new();
  g->workers = calloc(n_workers + 1, sizeof *g->workers);
  bool good = g->out && g->workers;
  for (; good && g->n_workers < n_workers; g->n_workers++) {
    gatherer *w = &g->workers[g->n_workers];
    th_buf_init(&w->held, 0);
    w->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); /* not every file system has them */
    w->evidence = th_evidence_new();
    good = w->evidence;
  }
  if (good) return g;
  th_gather_free(g);
  return NULL;
}

void th_gather_free(th_gather *g) {
  if (!g) return;
  for (unsigned i = 0; i < g->n_workers; i++) {
    if (g->workers[i].fd >= 0) close(g->workers[i].fd);
    th_buf_dispose(&g->workers[i].held);
    th_evidence_free(g->workers[i].evidence);
  }
  pthread_mutex_destroy(&g->lock);
  th_evidence_free(g->out);
  free(g->workers);
  free(g->texts);
  free(g->counted);
  free(g);
}

/* ---- while records come ---- */

/* From then on nothing more is kept. */
static void give_up(gatherer *w) {
  close(w->fd);
  w->fd = -1;
}

static void keep_text(gatherer *w, th_span criteria, th_note *note) {
  if (w->fd < 0 || criteria.n > UINT32_MAX) return;
  note->at = w->in_file + w->held.n;
  note->len = (uint32_t)criteria.n;
  th_buf_span(&w->held, criteria);
  if (w->held.error)
    give_up(w);
  else if (w->held.n >= HELD && th_fd_write(w->fd, w->held.p, w->held.n, NULL))
    give_up(w);
  if (w->fd < 0) return;
  note->kept = true;
  if (w->held.n < HELD) return;
  w->in_file += w->held.n;
  th_buf_clear(&w->held);
}

int th_gather_record(th_gather *g, unsigned worker, const th_json *json, uint32_t nct, bool count,
                     th_note *note, th_err *err) {
  gatherer *w = &g->workers[worker];
  *note = (th_note){.worker = (uint16_t)worker, .counted = count};
  keep_text(w, th_json_path_text(json, 0, TH_CRITERIA_PATH), note);
  return count ? th_evidence_count(w->evidence, json, nct, 1, err) : 0;
}

static int take_out(th_gather *g, uint32_t nct, th_span bytes, th_err *err) {
  th_json json;
  th_json_parser *parser = th_json_parser_new(TH_RECORD_MAX, TH_RECORD_DEPTH);
  if (!parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_json_parse(parser, bytes, &json, err);
  if (rc == 0) rc = th_evidence_count(g->out, &json, nct, -1, err);
  th_json_parser_free(parser);
  return rc;
}

static void *grown(void *array, size_t *cap, size_t n, size_t size) {
  if (n < *cap) return array;
  size_t wanted = *cap ? *cap * 2 : 256;
  void *p = realloc(array, wanted * size);
  if (p) *cap = wanted;
  return p;
}

static int settle_text(th_gather *g, const th_note *note, uint64_t seq) {
  text *p = grown(g->texts, &g->cap_texts, g->n_texts, sizeof *p);
  if (!p) return TH_ENOMEM;
  g->texts = p;
  g->texts[g->n_texts++] = (text){seq, note->at, note->len, note->worker};
  return 0;
}

static int settle_count(th_gather *g, uint32_t nct, uint64_t seq) {
  counted *p = grown(g->counted, &g->cap_counted, g->n_counted, sizeof *p);
  if (!p) return TH_ENOMEM;
  g->counted = p;
  g->counted[g->n_counted++] = (counted){seq, nct};
  return 0;
}

int th_gather_settle(th_gather *g, const th_note *note, uint32_t nct, uint64_t seq, bool fresh,
                     th_span json, th_err *err) {
  int rc = 0;
  pthread_mutex_lock(&g->lock);
  if (note->kept && seq) rc = settle_text(g, note, seq);
  if (rc == 0 && note->counted && fresh && seq) rc = settle_count(g, nct, seq);
  if (rc) th_err_set(err, rc, "out of memory");
  if (rc == 0 && note->counted && !(fresh && seq)) rc = take_out(g, nct, json, err);
  pthread_mutex_unlock(&g->lock);
  return rc;
}

/* ---- afterwards ---- */

static int by_seq(const void *a, const void *b) {
  const text *x = a, *y = b;
  return (x->seq > y->seq) - (x->seq < y->seq);
}
static int by_nct(const void *a, const void *b) {
  const counted *x = a, *y = b;
  return (x->nct > y->nct) - (x->nct < y->nct);
}

void th_gather_seal(th_gather *g) {
  if (g->n_texts) qsort(g->texts, g->n_texts, sizeof *g->texts, by_seq);
  if (g->n_counted) qsort(g->counted, g->n_counted, sizeof *g->counted, by_nct);
}

int th_gather_evidence(const th_gather *g, th_evidence *into, th_err *err) {
  int rc = g ? th_evidence_merge(into, g->out, err) : 0;
  for (unsigned i = 0; g && rc == 0 && i < g->n_workers; i++)
    rc = th_evidence_merge(into, g->workers[i].evidence, err);
  return rc;
}

uint64_t th_gather_counted(const th_gather *g, uint32_t nct) {
  const counted key = {.nct = nct}, *found = NULL;
  if (g && g->n_counted) found = bsearch(&key, g->counted, g->n_counted, sizeof key, by_nct);
  return found ? found->seq : 0;
}

static bool read_at(int fd, char *to, size_t n, uint64_t at) {
  while (n) {
    ssize_t got = pread(fd, to, n, (off_t)at);
    if (got <= 0) return false;
    to += got;
    at += (uint64_t)got;
    n -= (size_t)got;
  }
  return true;
}

int th_gather_text(const th_gather *g, uint64_t seq, th_arena *arena, th_span *out) {
  const text key = {.seq = seq}, *t = NULL;
  if (g && g->n_texts) t = bsearch(&key, g->texts, g->n_texts, sizeof key, by_seq);
  if (!t) return TH_ENOTFOUND;
  const gatherer *w = &g->workers[t->worker];
  if (w->fd < 0) return TH_ENOTFOUND;
  char *p = th_arena_alloc(arena, (size_t)t->len + 1);
  if (!p) return TH_ENOMEM;
  if (t->at >= w->in_file)
    memcpy(p, w->held.p ? w->held.p + (t->at - w->in_file) : p, t->len);
  else if (!read_at(w->fd, p, t->len, t->at))
    return TH_ENOTFOUND;
  *out = (th_span){p, t->len};
  return 0;
}
