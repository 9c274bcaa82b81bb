/* Store, index, and that the index says what the store says. */
#define _GNU_SOURCE
#include "criteria/book.h"
#include "query/limits.h"
#include "registry/internal.h"

#include <stdio.h>

typedef struct check {
  void (*problem)(void *ctx, const char *text);
  void *ctx;
  uint64_t found;
  const th_snapshot *snapshot;
  uint64_t studies; /* live in the store */
} check;

static void tell(check *c, const char *text) {
  c->found++;
  if (c->problem) c->problem(c->ctx, text);
}

static void store_problem(void *ctx, uint32_t nct, const char *text) {
  char line[1024];
  (void)nct;
  snprintf(line, sizeof line, "store: %s", text);
  tell(ctx, line);
}

static void index_problem(void *ctx, const char *text) {
  char line[1024];
  snprintf(line, sizeof line, "index: %s", text);
  tell(ctx, line);
}

typedef struct entry {
  uint32_t nct;
  bool seen;
  uint64_t seq;
} entry;

static int by_nct(const void *a, const void *b) {
  const entry *x = a, *y = b;
  return (x->nct > y->nct) - (x->nct < y->nct);
}

/* The live documents of the index by NCT number. */
static int live_entries(const th_snapshot *s, entry **out, size_t *n, th_err *err) {
  *n = 0;
  *out = malloc((s->n_live + 1) * sizeof **out);
  if (!*out) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < s->n_segments; i++)
    for (uint32_t d = 0; d < th_segment_docs(s->segments[i]); d++) {
      if (s->live[i] && !(s->live[i][d / 64] >> (d % 64) & 1)) continue;
      if (*n < s->n_live)
        (*out)[(*n)++] = (entry){.nct = th_segment_nct(s->segments[i], d),
                                 .seq = th_segment_seq(s->segments[i], d)};
    }
  qsort(*out, *n, sizeof **out, by_nct);
  return 0;
}

typedef struct compare {
  check *c;
  entry *entries;
  size_t n;
  uint64_t applied_seq;
} compare;

static int compare_change(void *ctx, const th_record *record) {
  compare *k = ctx;
  char line[160];
  entry key = {.nct = record->nct};
  if (record->seq > k->applied_seq) return 0; /* not indexed yet: not wrong */
  entry *e = k->n ? bsearch(&key, k->entries, k->n, sizeof key, by_nct) : NULL;
  if (record->kind == TH_CHANGE_PUT && e && e->seq == record->seq)
    e->seen = true;
  else if (e && record->seq > e->seq) {
    snprintf(line, sizeof line,
             "index: NCT%08u is indexed as of change %llu, the store has change %llu", record->nct,
             (unsigned long long)e->seq, (unsigned long long)record->seq);
    tell(k->c, line);
  } else if (!e && record->kind == TH_CHANGE_PUT) {
    k->c->studies++; /* counted; decided below: it may have been removed later */
  }
  return 0;
}

static int newest_is_indexed(void *ctx, const th_record *record) {
  compare *k = ctx;
  char line[160];
  entry key = {.nct = record->nct};
  entry *e = k->n ? bsearch(&key, k->entries, k->n, sizeof key, by_nct) : NULL;
  if (!e && record->seq <= k->applied_seq) {
    snprintf(line, sizeof line, "index: NCT%08u is in the store but not in the index", record->nct);
    tell(k->c, line);
  }
  return 0;
}

static int check_agreement(check *c, th_registry *r, th_err *err) {
  compare k = {.c = c};
  char line[160];
  const th_snapshot *s = th_index_acquire(r->index);
  th_store_reader *reader = th_store_reader_acquire(r->store, err);
  int rc =
      reader ? live_entries(s, &k.entries, &k.n, err) : (err && err->code ? err->code : TH_EIO);
  k.applied_seq = s->applied_seq;
  if (rc == 0) rc = th_store_changes(reader, 0, SIZE_MAX, compare_change, &k, err);
  for (size_t i = 0; rc == 0 && i < k.n; i++)
    if (!k.entries[i].seen) {
      snprintf(line, sizeof line, "index: NCT%08u (change %llu) is not what the store has",
               k.entries[i].nct, (unsigned long long)k.entries[i].seq);
      tell(c, line);
    }
  if (rc == 0 && c->studies) rc = th_store_scan(reader, 0, UINT32_MAX, newest_is_indexed, &k, err);
  free(k.entries);
  th_store_reader_release(reader);
  th_index_release(r->index, s);
  return rc;
}

static int ignore_tree(void *ctx, uint32_t nct, uint32_t segment, uint32_t doc,
                       const th_elig_tree *tree) {
  (void)ctx, (void)nct, (void)segment, (void)doc, (void)tree;
  return 0;
}

/* The criteria book: that its files are those of their segments; deep: that each tree is one. */
static int check_criteria(check *c, th_registry *r, bool deep, th_err *err) {
  th_criteria_book book;
  char line[1024];
  th_arena arena;
  th_err why = {0};
  th_arena_init(&arena, 0);
  th_arena trees;
  th_arena_init(&trees, 0);
  const th_snapshot *s = th_index_acquire(r->index);
  int rc = th_criteria_book_open(&book, s, &arena, &why);
  if (rc == 0 && deep) rc = th_criteria_book_each(&book, &trees, ignore_tree, NULL, &why);
  for (uint32_t i = 0; rc == 0 && i < s->n_segments; i++) {
    th_side side;
    rc = th_snapshot_side(s, TH_LIMITS_SIDE, i, &side, &why);
    if (rc == 0 && side.p && !th_limits_fit(side.p, side.n, th_segment_docs(s->segments[i])))
      tell(c, "index: the limits of a segment are not its own");
  }
  if (rc == TH_ECORRUPT) {
    snprintf(line, sizeof line, "index: %s", why.message);
    tell(c, line);
  } else if (rc) {
    th_err_set(err, rc, "%s", why.message);
  }
  th_index_release(r->index, s);
  th_arena_dispose(&trees);
  th_arena_dispose(&arena);
  return rc;
}

static int check_store(check *c, const char *dir, bool deep, th_err *err) {
  th_store *store;
  th_err local = {0};
  int rc = th_store_open(&store, dir, TH_STORE_READ, &local);
  if (rc == TH_ECORRUPT) {
    store_problem(c, 0, local.message);
    return rc;
  }
  if (rc) return th_err_set(err, rc, "%s", local.message);
  th_store_reader *reader = th_store_reader_acquire(store, &local);
  rc = reader ? th_store_check(reader, deep, store_problem, c, &local) : local.code;
  if (rc == TH_ECORRUPT && c->found == 0) store_problem(c, 0, local.message);
  if (rc && rc != TH_ECORRUPT) th_err_set(err, rc, "%s", local.message);
  th_store_reader_release(reader);
  th_store_close(store);
  return rc;
}

/* The two together; also says what is missing of them. */
static int check_both(check *c, const char *dir, bool deep, th_err *err) {
  th_registry *r = NULL;
  th_err local = {0};
  int rc = th_registry_open(&r, dir, TH_REGISTRY_READ, &local);
  if (rc == 0) rc = check_agreement(c, r, &local);
  if (rc == 0) rc = check_criteria(c, r, deep, &local);
  th_registry_close(r);
  if (rc == TH_ECORRUPT && c->found == 0) tell(c, local.message);
  return rc && rc != TH_ECORRUPT ? th_err_set(err, rc, "%s", local.message) : rc;
}

int th_registry_check(const char *dir, bool deep, void (*problem)(void *ctx, const char *text),
                      void *ctx, th_err *err) {
  check c = {.problem = problem, .ctx = ctx};
  char path[PATH_MAX];
  th_err local = {0};
  if (snprintf(path, sizeof path, "%s/index", dir) >= (int)sizeof path)
    return th_err_set(err, TH_EUSAGE, "the name of the data directory is too long");
  int rc = check_store(&c, dir, deep, &local);
  if (rc == TH_ECORRUPT || rc == 0) {
    th_err_clear(&local);
    rc = th_index_check(path, deep, index_problem, &c, &local);
  }
  /* What is not there at all is judged by what else is there. */
  if ((rc == 0 || rc == TH_ENOTFOUND) && c.found == 0) {
    th_err_clear(&local);
    rc = check_both(&c, dir, deep, &local);
  }
  if (c.found)
    return th_err_set(err, TH_ECORRUPT, "%llu problems found", (unsigned long long)c.found);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}
