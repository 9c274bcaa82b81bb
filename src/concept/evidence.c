#define _GNU_SOURCE
#include "concept/evidence.h"

#include <endian.h>
#include <xxhash.h>

#include "concept/draft_private.h"

#define MAGIC "THEVI\r\n\x01"

enum { HEAD = 48, HASHED_FROM = 16, TEXT_MAX = 160, KEY_MAX = 2 * TEXT_MAX + 2 };

typedef struct item {
  int32_t count;
  uint32_t nct;
  uint32_t seen; /* the record that counted it last: a record counts once */
} item;

struct th_evidence {
  th_distinct keys;
  item *items; /* by key */
  size_t cap_items;
  int64_t n_records;
  uint32_t pass;
  struct place *order; /* of what was counted, by key; NULL when it must be made */
  size_t n_ordered;
};

th_evidence *th_evidence_new(void) {
  return calloc(1, sizeof(th_evidence));
}

void th_evidence_free(th_evidence *e) {
  if (!e) return;
  th_distinct_dispose(&e->keys);
  free(e->items);
  free(e->order);
  free(e);
}

uint64_t th_evidence_records(const th_evidence *e) {
  return e->n_records > 0 ? (uint64_t)e->n_records : 0;
}

/* The item of a key, made when there is none; it is going to be counted. */
static item *find_item(th_evidence *e, th_span key) {
  uint32_t at, before = e->keys.n;
  if (TH_UNLIKELY(e->order)) {
    free(e->order);
    e->order = NULL;
  }
  if (th_distinct_add(&e->keys, key, &at)) return NULL;
  if (e->keys.n == before) return &e->items[at];
  item *p = th_draft_grown(e->items, &e->cap_items, at, sizeof *p);
  if (!p) return NULL;
  e->items = p;
  e->items[at] = (item){0};
  return &e->items[at];
}

typedef struct count {
  th_evidence *e;
  uint32_t nct;
  int sign;
  int error;
} count;

static void say(count *c, uint8_t kind, th_span a, th_span b) {
  char key[KEY_MAX];
  a = th_span_trim(a);
  b = th_span_trim(b);
  if (c->error || a.n == 0 || a.n > TEXT_MAX || b.n > TEXT_MAX || memchr(a.p, 0, a.n)) return;
  key[0] = (char)kind;
  memcpy(key + 1, a.p, a.n);
  key[1 + a.n] = 0;
  if (b.n) memcpy(key + 2 + a.n, b.p, b.n);
  item *i = find_item(c->e, (th_span){key, 2 + a.n + b.n});
  if (!i) {
    c->error = TH_ENOMEM;
    return;
  }
  if (i->seen == c->e->pass) return;
  i->seen = c->e->pass;
  i->count += c->sign;
  if (c->sign > 0 && (i->nct == 0 || c->nct < i->nct)) i->nct = c->nct;
}

/* ---- the parts of a record ---- */

static bool is_list(const th_json *j, uint32_t at) {
  return at && j->nodes[at].type == TH_JARRAY;
}

static void say_meshes(count *c, const th_json *j, const char *path, uint8_t kind) {
  uint32_t list = th_json_path(j, 0, path);
  if (!is_list(j, list)) return;
  for (th_json_each(j, list, m))
    say(c, kind, th_json_path_text(j, m, "id"), th_json_path_text(j, m, "term"));
}

static void say_texts(count *c, const th_json *j, uint32_t list, uint8_t kind) {
  if (!is_list(j, list)) return;
  for (th_json_each(j, list, t))
    say(c, kind, th_json_text(j, t), (th_span){0});
}

static void say_interventions(count *c, const th_json *j) {
  uint32_t list = th_json_path(j, 0, "protocolSection.armsInterventionsModule.interventions");
  if (!is_list(j, list)) return;
  for (th_json_each(j, list, i)) {
    th_span name = th_json_path_text(j, i, "name");
    uint32_t others = th_json_get(j, i, TH_SPAN("otherNames"));
    say(c, TH_SAYS_INTERVENTION, name, th_json_path_text(j, i, "type"));
    if (!is_list(j, others)) continue;
    for (th_json_each(j, others, o))
      say(c, TH_SAYS_OTHER_NAME, name, th_json_text(j, o));
  }
}

static int say_short(void *ctx, th_span short_form, th_span long_form) {
  char lower[TEXT_MAX];
  if (long_form.n > sizeof lower) return 0;
  for (size_t i = 0; i < long_form.n; i++) {
    char ch = long_form.p[i];
    lower[i] = (char)(ch >= 'A' && ch <= 'Z' ? ch + 32 : ch);
    if ((unsigned char)ch < 0x20) lower[i] = ' ';
  }
  say(ctx, TH_SAYS_SHORT, short_form, (th_span){lower, long_form.n});
  return 0;
}

static void say_abbreviations(count *c, const th_json *j) {
  enum { LEAST = 8 };
  uint32_t from = th_json_get(j, 0, TH_SPAN("protocolSection"));
  for (uint32_t i = from; from && i < j->nodes[from].next; i++) {
    if (j->nodes[i].type != TH_JSTRING || j->nodes[i].n < LEAST) continue;
    th_abbreviations_each(th_json_text(j, i), say_short, c);
  }
}

/* One condition and one MeSH term: candidates for two names of one thing. */
static void say_pair(count *c, const th_json *j, uint32_t conditions) {
  uint32_t meshes = th_json_path(j, 0, "derivedSection.conditionBrowseModule.meshes");
  if (!is_list(j, conditions) || !is_list(j, meshes)) return;
  if (j->nodes[conditions].n != 1 || j->nodes[meshes].n != 1) return;
  say(c, TH_SAYS_PAIR, th_json_text(j, conditions + 1), th_json_path_text(j, meshes + 1, "id"));
}

int th_evidence_count(th_evidence *e, const th_json *j, uint32_t nct, int sign, th_err *err) {
  count c = {.e = e, .nct = nct, .sign = sign};
  uint32_t conditions = th_json_path(j, 0, "protocolSection.conditionsModule.conditions");
  e->pass++;
  e->n_records += sign;
  say_meshes(&c, j, "derivedSection.conditionBrowseModule.meshes", TH_SAYS_MESH_CONDITION);
  say_meshes(&c, j, "derivedSection.conditionBrowseModule.ancestors", TH_SAYS_MESH_CONDITION);
  say_meshes(&c, j, "derivedSection.interventionBrowseModule.meshes", TH_SAYS_MESH_INTERVENTION);
  say_meshes(&c, j, "derivedSection.interventionBrowseModule.ancestors", TH_SAYS_MESH_INTERVENTION);
  say_texts(&c, j, conditions, TH_SAYS_CONDITION);
  say_texts(&c, j, th_json_path(j, 0, "protocolSection.conditionsModule.keywords"),
            TH_SAYS_KEYWORD);
  say_interventions(&c, j);
  say_pair(&c, j, conditions);
  say_abbreviations(&c, j);
  return c.error ? th_err_set(err, c.error, "out of memory counting names") : 0;
}

int th_evidence_merge(th_evidence *e, const th_evidence *other, th_err *err) {
  for (uint32_t i = 0; i < other->keys.n; i++) {
    item *to = find_item(e, other->keys.items[i]);
    if (!to) return th_err_set(err, TH_ENOMEM, "out of memory counting names");
    to->count += other->items[i].count;
    uint32_t nct = other->items[i].nct;
    if (nct && (to->nct == 0 || nct < to->nct)) to->nct = nct;
  }
  e->n_records += other->n_records;
  return 0;
}

/* ---- in order ---- */

/* Most keys are told apart by their first bytes, without going to where they are. */
typedef struct place {
  uint64_t start; /* the first 8 bytes, as a number in their order; what is missing is 0 */
  uint32_t item;
} place;

static uint64_t start_of(th_span key) {
  uint64_t v = 0;
  memcpy(&v, key.p, TH_MIN(key.n, sizeof v));
  return be64toh(v);
}

static int by_key(const void *a, const void *b, void *ctx) {
  const place *x = a, *y = b;
  const th_evidence *e = ctx;
  if (x->start != y->start) return x->start < y->start ? -1 : 1;
  return th_span_cmp(e->keys.items[x->item], e->keys.items[y->item]);
}

static int sort_keys(th_evidence *e) {
  free(e->order);
  e->n_ordered = 0;
  e->order = malloc(((size_t)e->keys.n + 1) * sizeof *e->order);
  if (!e->order) return TH_ENOMEM;
  for (uint32_t i = 0; i < e->keys.n; i++)
    if (e->items[i].count > 0) e->order[e->n_ordered++] = (place){start_of(e->keys.items[i]), i};
  if (e->n_ordered) qsort_r(e->order, e->n_ordered, sizeof *e->order, by_key, e);
  return 0;
}

/* Sorted once as long as nothing is counted. NULL when memory is exhausted. */
static const place *sorted_keys(th_evidence *e, size_t *n) {
  if (!e->order && sort_keys(e)) return NULL;
  *n = e->n_ordered;
  return e->order;
}

int th_evidence_sorted(th_evidence *e, th_said **out, size_t *n) {
  const place *order = sorted_keys(e, n);
  *out = order ? malloc((*n + 1) * sizeof **out) : NULL;
  for (size_t i = 0; *out && i < *n; i++) {
    const item *one = &e->items[order[i].item];
    th_span key = e->keys.items[order[i].item];
    const char *zero = memchr(key.p + 1, 0, key.n - 1);
    size_t a = (size_t)(zero - key.p) - 1;
    (*out)[i] = (th_said){.kind = (uint8_t)key.p[0],
                          .a = {key.p + 1, a},
                          .b = {zero + 1, key.n - a - 2},
                          .count = (uint32_t)one->count,
                          .nct = one->nct};
  }
  return *out ? 0 : TH_ENOMEM;
}

/* ---- the file ---- */

static void put64(th_buf *b, uint64_t v) {
  th_buf_put(b, &v, sizeof v);
}

static size_t shared_bytes(th_span a, th_span b) {
  size_t n = 0;
  while (n < a.n && n < b.n && a.p[n] == b.p[n])
    n++;
  return n;
}

int th_evidence_write(th_evidence *e, const th_evidence_head *head, th_buf *out, th_err *err) {
  size_t n = 0, from = out->n;
  const place *order = sorted_keys(e, &n);
  if (!order) return th_err_set(err, TH_ENOMEM, "out of memory counting names");
  th_buf_put(out, MAGIC, 8);
  put64(out, 0);
  put64(out, head->applied_seq);
  put64(out, head->applied_mark);
  put64(out, th_evidence_records(e));
  put64(out, n);
  th_span before = {0};
  for (size_t i = 0; i < n; i++) {
    const item *one = &e->items[order[i].item];
    th_span key = e->keys.items[order[i].item];
    size_t same = shared_bytes(before, key);
    th_buf_varint(out, same);
    th_buf_varint(out, key.n - same);
    th_buf_put(out, key.p + same, key.n - same);
    th_buf_varint(out, (uint64_t)one->count);
    th_buf_varint(out, one->nct);
    before = key;
  }
  if (out->error) return th_err_set(err, out->error, "out of memory counting names");
  uint64_t hash = XXH3_64bits(out->p + from + HASHED_FROM, out->n - from - HASHED_FROM);
  memcpy(out->p + from + 8, &hash, sizeof hash);
  return 0;
}

static uint64_t get64(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* Reads an item into key; its length is kept from item to item. */
static int read_item(th_evidence *e, const uint8_t **at, const uint8_t *end, char *key,
                     size_t *len) {
  uint64_t same, rest, n, nct;
  if (!th_varint_read(at, end, &same) || !th_varint_read(at, end, &rest)) return TH_ECORRUPT;
  if (same > *len || rest > KEY_MAX - same || rest > (uint64_t)(end - *at)) return TH_ECORRUPT;
  memcpy(key + same, *at, rest);
  *at += rest;
  *len = same + rest;
  if (!th_varint_read(at, end, &n) || !th_varint_read(at, end, &nct)) return TH_ECORRUPT;
  if (*len < 3 || !memchr(key + 1, 0, *len - 1) || n > INT32_MAX || nct > UINT32_MAX)
    return TH_ECORRUPT;
  item *i = find_item(e, (th_span){key, *len});
  if (!i) return TH_ENOMEM;
  i->count += (int32_t)n;
  if (nct && (i->nct == 0 || nct < i->nct)) i->nct = (uint32_t)nct;
  return 0;
}

int th_evidence_read(th_evidence *e, th_span file, th_evidence_head *head, th_err *err) {
  char key[KEY_MAX];
  size_t len = 0;
  int rc = 0;
  if (file.n < HEAD || memcmp(file.p, MAGIC, 8) != 0 ||
      XXH3_64bits(file.p + HASHED_FROM, file.n - HASHED_FROM) != get64(file.p + 8))
    return th_err_set(err, TH_ECORRUPT, "the counts of names do not check");
  *head = (th_evidence_head){get64(file.p + 16), get64(file.p + 24)};
  e->n_records += (int64_t)get64(file.p + 32);
  const uint8_t *at = (const uint8_t *)file.p + HEAD, *end = (const uint8_t *)file.p + file.n;
  for (uint64_t n = get64(file.p + 40); !rc && n > 0; n--)
    rc = read_item(e, &at, end, key, &len);
  if (!rc && at != end) rc = TH_ECORRUPT;
  if (rc == TH_ECORRUPT) return th_err_set(err, rc, "the counts of names are damaged");
  return rc ? th_err_set(err, rc, "out of memory counting names") : 0;
}
