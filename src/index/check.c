/* The check of a whole index folder: manifest, segments, bitmaps, and that they agree. */
#include <stdarg.h>
#include <stdio.h>

#include "index/index_private.h"

typedef struct version {
  uint32_t nct;
  bool live;
  uint64_t seq;
} version;

typedef struct checker {
  const char *dir;
  bool deep;
  void (*problem)(void *ctx, const char *text);
  void *ctx;
  uint64_t found;
  version *versions; /* of all documents of the segments that could be read */
  size_t n, cap;
} checker;

static void tell(checker *c, const char *fmt, ...) TH_PRINTF(2, 3);
static void tell(checker *c, const char *fmt, ...) {
  char text[400];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  c->found++;
  if (c->problem) c->problem(c->ctx, text);
}

/* Damage is told and gone on from; a lack of memory ends the check. */
static int told(checker *c, const th_err *why, th_err *err) {
  if (why->code == TH_ENOMEM) return th_err_set(err, TH_ENOMEM, "%s", why->message);
  tell(c, "%s", why->message);
  return 0;
}

static int keep_versions(checker *c, const th_segment *s, const th_live *live, th_err *err) {
  uint32_t docs = th_segment_docs(s);
  if (c->cap - c->n < docs) {
    size_t cap = 2 * c->cap + docs;
    version *more = realloc(c->versions, cap * sizeof *more);
    if (!more) return th_err_set(err, TH_ENOMEM, "out of memory checking the index");
    c->versions = more;
    c->cap = cap;
  }
  for (uint32_t d = 0; d < docs; d++)
    c->versions[c->n++] = (version){.nct = th_segment_nct(s, d),
                                    .live = !live || (live->words[d / 64] >> (d % 64) & 1),
                                    .seq = th_segment_seq(s, d)};
  return 0;
}

static int check_entry(checker *c, const th_manifest_entry *e, th_err *err) {
  th_part *part = NULL;
  th_live *live = NULL;
  th_err why = {0};
  int rc = th_part_open(&part, c->dir, e->number, true, &why);
  if (!rc && c->deep) rc = th_segment_verify_deep(part->segment, &why);
  if (rc)
    rc = told(c, &why, err);
  else if (part->head_hash != e->head_hash || th_segment_bytes(part->segment) != e->bytes ||
           th_segment_docs(part->segment) != e->n_docs)
    tell(c, "segment %06llu.seg is not the one that the manifest names",
         (unsigned long long)e->number);
  if (!rc && !e->live_generation && e->n_live != e->n_docs)
    tell(c, "the manifest counts %u live documents in %06llu.seg, which has no bitmap", e->n_live,
         (unsigned long long)e->number);
  if (!rc && e->live_generation) {
    why = (th_err){0};
    if (th_live_read(&live, c->dir, e, &why)) rc = told(c, &why, err);
  }
  if (!rc && part && th_segment_docs(part->segment) == e->n_docs && (live || !e->live_generation))
    rc = keep_versions(c, part->segment, live, err);
  th_live_release(live);
  th_part_release(part);
  return rc;
}

static int by_version(const void *a, const void *b) {
  const version *x = a, *y = b;
  if (x->nct != y->nct) return x->nct < y->nct ? -1 : 1;
  if (x->seq != y->seq) return x->seq < y->seq ? -1 : 1;
  return x->live - y->live;
}

/* Of the versions of a study only the newest may be live. */
static void check_versions(checker *c, uint64_t applied_seq) {
  if (c->n) qsort(c->versions, c->n, sizeof *c->versions, by_version);
  for (size_t i = 0; i < c->n; i++) {
    const version *v = &c->versions[i];
    if (v->live && i + 1 < c->n && v[1].nct == v->nct)
      tell(c, "NCT%08u: change %llu is live although the index holds change %llu", v->nct,
           (unsigned long long)v->seq, (unsigned long long)v[1].seq);
    if (v->seq > applied_seq)
      tell(c, "NCT%08u: change %llu is indexed, the manifest has applied only %llu", v->nct,
           (unsigned long long)v->seq, (unsigned long long)applied_seq);
  }
}

static void check_numbers(checker *c, const th_manifest *m) {
  for (uint32_t i = 0; i < m->n; i++) {
    if (m->entries[i].number >= m->next_number)
      tell(c, "the manifest names segment %06llu, which is still to come",
           (unsigned long long)m->entries[i].number);
    for (uint32_t k = 0; k < i; k++)
      if (m->entries[k].number == m->entries[i].number)
        tell(c, "the manifest names segment %06llu twice",
             (unsigned long long)m->entries[i].number);
  }
}

static int check_side(checker *c, const th_manifest *m, const th_manifest_side *e, th_err *err) {
  th_side_file *side = NULL;
  th_err why = {0};
  bool owned = e->owner == 0;
  for (uint32_t i = 0; i < m->n; i++)
    owned = owned || m->entries[i].number == e->owner;
  if (!owned || e->number >= m->next_number)
    tell(c, "the manifest names side file %06llu, which belongs to nothing",
         (unsigned long long)e->number);
  int rc = th_side_open(&side, c->dir, e, &why);
  if (!rc) rc = th_side_verify(side, &why);
  th_side_release(side);
  return rc ? told(c, &why, err) : 0;
}

static int check_once(checker *c, uint64_t *hash, th_err *err) {
  th_manifest m;
  th_err why = {0};
  int rc = th_manifest_read(&m, c->dir, &why);
  *hash = rc ? 0 : m.hash;
  if (rc == TH_ENOTFOUND) return th_err_set(err, rc, "%s", why.message);
  if (rc)
    rc = told(c, &why, err);
  else
    check_numbers(c, &m);
  for (uint32_t i = 0; !rc && i < m.n; i++)
    rc = check_entry(c, &m.entries[i], err);
  for (uint32_t i = 0; !rc && i < m.n_sides; i++)
    rc = check_side(c, &m, &m.sides[i], err);
  if (!rc && !why.code) check_versions(c, m.applied_seq);
  th_manifest_dispose(&m);
  return rc;
}

/* Problems are kept back, each ended by a zero byte, until it is sure that they are some. */
static void keep_problem(void *ctx, const char *text) {
  th_buf_put(ctx, text, strlen(text) + 1);
}

static void pass_on(const th_buf *kept, void (*problem)(void *ctx, const char *text), void *ctx) {
  for (size_t at = 0; problem && at < kept->n; at += strlen(kept->p + at) + 1)
    problem(ctx, kept->p + at);
}

/* What one look finds wrong may be the work of a writer that published meanwhile and removed what
 * the older manifest names: then the newer one is looked at. */
int th_index_check(const char *dir, bool deep, void (*problem)(void *ctx, const char *text),
                   void *ctx, th_err *err) {
  enum { TRIES = 20 };
  checker c = {.dir = dir, .deep = deep, .problem = keep_problem};
  th_buf kept;
  uint64_t hash;
  int rc;
  th_buf_init(&kept, 0);
  c.ctx = &kept;
  for (int tries = 1;; tries++) {
    th_buf_clear(&kept);
    c.found = c.n = 0;
    rc = check_once(&c, &hash, err);
    bool moved = hash && th_manifest_peek(dir) != hash;
    if (rc || !c.found || !moved || tries == TRIES) break;
  }
  pass_on(&kept, problem, ctx);
  if (!rc && kept.error) rc = th_err_set(err, kept.error, "out of memory checking the index");
  if (!rc && c.found)
    rc = th_err_set(err, TH_ECORRUPT, "the index in %s has %llu problems", dir,
                    (unsigned long long)c.found);
  th_buf_dispose(&kept);
  free(c.versions);
  return rc;
}
