/* The check of a whole store: what each read compares, over everything, and what only the whole can
 * show: a log without gaps, whole chains of versions, pointers that lead to the last entries. */
#include "store/front.h"

#include <stdio.h>

/* After so many problems the rest is not worth listing. */
#define PROBLEMS_MAX 1000

/* The last entry of a study, as the log says. */
typedef struct study_end {
  uint32_t nct; /* 0: a free place */
  uint32_t version;
  uint64_t seq;
  int kind;
} study_end;

typedef struct check_state {
  th_store_reader *reader;
  bool deep;
  th_problem_fn fn;
  void *ctx;
  size_t problems;
  bool gaps;     /* entries could not be read: chains cannot be compared */
  uint64_t next; /* the entry that comes now */
  th_buf json;
  bool dict_used[TH_DICTS_MAX], dict_there[TH_DICTS_MAX];
  study_end *ends; /* open addressing, a power of two */
  size_t n, cap;
  th_err err; /* why the check itself ended */
} check_state;

static void report(check_state *c, uint32_t nct, const char *text) {
  if (c->problems++ < PROBLEMS_MAX) c->fn(c->ctx, nct, text);
}

static void report_entry(check_state *c, const th_row *row, const char *why) {
  th_err err = {0};
  th_row_corrupt(row, why, &err);
  report(c, row->nct, err.message);
}

static void report_structure(void *ctx, uint32_t nct, const char *text) {
  report(ctx, nct, text);
}

/* A corrupt part is reported and the check goes on; anything else ends it. */
static int settle(check_state *c, int rc, th_err *err) {
  if (rc == TH_ECORRUPT) {
    report(c, 0, err->code ? err->message : th_code_text(rc));
    rc = 0;
  } else if (rc) {
    th_err_set(&c->err, rc, "%s", err->code ? err->message : th_code_text(rc));
  }
  th_err_clear(err);
  return rc;
}

/* ---- the ends of the chains ---- */

/* The study's place, or the free one where it belongs. */
static study_end *place_of(const check_state *c, uint32_t nct) {
  size_t i = (nct * (size_t)0x9E3779B1u) & (c->cap - 1);
  while (c->ends[i].nct && c->ends[i].nct != nct)
    i = (i + 1) & (c->cap - 1);
  return &c->ends[i];
}

static int grow_ends(check_state *c) {
  size_t old_cap = c->cap;
  study_end *old = c->ends;
  study_end *ends = calloc(old_cap ? old_cap * 2 : 1024, sizeof *ends);
  if (!ends) return th_err_set(&c->err, TH_ENOMEM, "out of memory checking the store");
  c->ends = ends;
  c->cap = old_cap ? old_cap * 2 : 1024;
  for (size_t i = 0; i < old_cap; i++)
    if (old[i].nct) *place_of(c, old[i].nct) = old[i];
  free(old);
  return 0;
}

/* ---- the log ---- */

static void check_chain(check_state *c, const th_row *row, const study_end *end) {
  bool put = row->kind == TH_CHANGE_PUT;
  if (!put && row->kind != TH_CHANGE_REMOVE)
    report_entry(c, row, "of unknown kind");
  else if (c->gaps)
    return;
  else if (row->prev != end->seq)
    report_entry(c, row, "does not follow the study's last entry");
  else if (row->version != end->version + put)
    report_entry(c, row, "out of turn");
  else if (!put && end->kind != TH_CHANGE_PUT)
    report_entry(c, row, "removes what is not there");
}

static int check_body(check_state *c, const th_row *row, th_span packed) {
  th_err err = {0};
  if (row->kind == TH_CHANGE_REMOVE) {
    if (packed.n) report_entry(c, row, "a removal with a record");
    return 0;
  }
  c->dict_used[row->dict % TH_DICTS_MAX] = true;
  if (!c->deep) {
    if (packed.n != row->packed_len || th_bytes_sum(packed) != row->packed_sum)
      report_entry(c, row, "the packed record does not check");
    return 0;
  }
  th_buf_clear(&c->json);
  int rc = store_unpack(c->reader, row, packed, &c->json, &err);
  if (rc == TH_ECORRUPT) {
    report(c, row->nct, err.message);
    return 0;
  }
  return rc ? th_err_set(&c->err, rc, "%s", err.message) : 0;
}

static int check_entry(void *ctx, const th_row *row, th_span packed) {
  check_state *c = ctx;
  char text[96];
  if (row->seq != c->next) {
    snprintf(text, sizeof text, "entries %llu to %llu are missing from the log",
             (unsigned long long)c->next, (unsigned long long)row->seq - 1);
    report(c, 0, text);
    c->gaps = true;
  }
  c->next = row->seq + 1;
  if (row->nct == 0) {
    report_entry(c, row, "of no study");
    return 0;
  }
  if (2 * (c->n + 1) > c->cap && grow_ends(c)) return c->err.code;
  study_end *end = place_of(c, row->nct);
  check_chain(c, row, end);
  if (!end->nct) c->n++;
  *end = (study_end){row->nct, row->version, row->seq, row->kind};
  return check_body(c, row, packed);
}

/* Where an entry cannot be read the walk starts again behind it. */
static int check_log(check_state *c) {
  const th_store_ops *ops = c->reader->store->ops;
  th_err err = {0};
  uint64_t last = 0;
  int rc = ops->last_seq(c->reader->back, &last, &err);
  c->gaps = rc != 0;
  rc = settle(c, rc, &err);
  c->next = 1;
  while (!rc && c->next <= last && c->problems < PROBLEMS_MAX) {
    rc = ops->log(c->reader->back, c->next - 1, SIZE_MAX, true, check_entry, c, &err);
    if (rc == 0) break;
    if (c->err.code) return c->err.code;
    rc = settle(c, rc, &err);
    c->gaps = true;
    c->next++;
  }
  return rc;
}

/* ---- pointers, aliases, values ---- */

typedef struct pointer_walk {
  check_state *c;
  size_t n;
} pointer_walk;

static int check_pointer(void *ctx, uint64_t nct, uint64_t seq, uint64_t sum) {
  pointer_walk *w = ctx;
  check_state *c = w->c;
  th_row named = {.nct = (uint32_t)nct, .seq = seq};
  w->n++;
  if (sum != th_pair_sum(TH_PAIR_NEWEST, nct, seq))
    report_entry(c, &named, "the pointer to it does not check");
  else if (!c->gaps && (!c->cap || place_of(c, (uint32_t)nct)->seq != seq))
    report_entry(c, &named, "is not the study's last");
  return 0;
}

static int check_alias(void *ctx, uint64_t old, uint64_t nct, uint64_t sum) {
  check_state *c = ctx;
  th_row named = {.nct = (uint32_t)nct};
  if (sum != th_pair_sum(TH_PAIR_ALIAS, old, nct))
    report_entry(c, &named, "an alias is damaged");
  else if (!c->gaps && (!c->cap || !place_of(c, (uint32_t)nct)->nct))
    report_entry(c, &named, "an alias leads to no study");
  return 0;
}

static int check_named(void *ctx, th_span name, th_span value, uint64_t sum) {
  check_state *c = ctx;
  char text[300];
  if (sum == th_named_sum(name, value)) return 0;
  snprintf(text, sizeof text, "the stored value %.*s does not check",
           (int)TH_MIN(name.n, (size_t)200), name.p);
  report(c, 0, text);
  return 0;
}

static int check_dict(void *ctx, th_span name, th_span value, uint64_t sum) {
  check_state *c = ctx;
  if (sum != th_named_sum(name, value)) report(c, 0, "a dictionary does not check");
  if (name.n == sizeof(uint32_t)) c->dict_there[(uint8_t)name.p[0]] = true;
  return 0;
}

/* Records may name dictionaries only that are there; 0 stands for none. */
static void check_dicts_used(check_state *c) {
  char text[64];
  for (size_t id = 1; id < TH_DICTS_MAX; id++) {
    if (!c->dict_used[id] || c->dict_there[id]) continue;
    snprintf(text, sizeof text, "dictionary %zu is missing", id);
    report(c, 0, text);
  }
}

static int check_tables(check_state *c) {
  const th_store_ops *ops = c->reader->store->ops;
  void *back = c->reader->back;
  th_err err = {0};
  pointer_walk w = {.c = c};
  size_t before = c->problems;
  int rc = settle(c, ops->pairs(back, TH_PAIR_NEWEST, check_pointer, &w, &err), &err);
  if (!rc && c->problems == before && !c->gaps && w.n != c->n)
    report(c, 0, "studies of the log are missing from the table of newest entries");
  if (!rc) rc = settle(c, ops->pairs(back, TH_PAIR_ALIAS, check_alias, c, &err), &err);
  if (!rc) rc = settle(c, ops->meta(back, NULL, check_named, c, &err), &err);
  if (!rc) rc = settle(c, ops->dict(back, 0, check_dict, c, &err), &err);
  if (!rc) check_dicts_used(c);
  return rc;
}

/* A connection of its own: one that has been used may hold pages that it would not read again. */
int th_store_check(th_store_reader *reader, bool deep, th_problem_fn fn, void *ctx, th_err *err) {
  check_state c = {.deep = deep, .fn = fn, .ctx = ctx};
  th_err why = {0};
  th_buf_init(&c.json, 0);
  int rc = settle(&c, store_reader_new(&c.reader, reader->store, &why), &why);
  if (rc || !c.reader) goto done;
  const th_store_ops *ops = c.reader->store->ops;
  rc = settle(&c, ops->snapshot(c.reader->back, true, &why), &why);
  if (!rc) rc = settle(&c, ops->check(c.reader->back, deep, report_structure, &c, &why), &why);
  if (!rc) rc = check_log(&c);
  if (!rc) rc = check_tables(&c);
done:
  store_reader_free(c.reader);
  th_buf_dispose(&c.json);
  free(c.ends);
  if (rc) return th_err_set(err, rc, "%s", c.err.message);
  if (c.problems)
    return th_err_set(err, TH_ECORRUPT, "the store has %zu problem%s", c.problems,
                      c.problems == 1 ? "" : "s");
  return 0;
}
