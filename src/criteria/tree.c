/* Bytes as a tree, or as an outline; the grammar is in book.h. Whatever the bytes are, nothing
 * outside of them is read, and what comes out is a tree: nodes inside what holds them, facts that
 * leaves have. */
#include "criteria/tree.h"
#include "base/buf.h"
#include "eligibility/attributes.h"

#include <math.h>

typedef struct cursor {
  const th_criteria_file *file;
  const uint8_t *p, *end;
  bool bad;
} cursor;

static uint64_t get(cursor *c) {
  uint64_t v;
  if (c->p < c->end && *c->p < 0x80) return *c->p++;
  if (c->bad || !th_varint_read(&c->p, c->end, &v)) {
    c->bad = true;
    return 0;
  }
  return v;
}

static uint8_t get_byte(cursor *c) {
  if (c->p < c->end) return *c->p++;
  c->bad = true;
  return 0;
}

static int64_t unzigzag(uint64_t z) {
  return (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
}

/* from, to: a place counted from base. */
static void get_place(cursor *c, uint32_t base, uint32_t *from, uint32_t *to) {
  int64_t at, delta = unzigzag(get(c));
  uint64_t n = get(c), end;
  if (__builtin_add_overflow(delta, (int64_t)base, &at) || at < 0 ||
      __builtin_add_overflow((uint64_t)at, n, &end) || end > TH_ELIG_TEXT_MAX) {
    c->bad = true;
    at = 0, end = 0;
  }
  *from = (uint32_t)at;
  *to = (uint32_t)end;
}

static double get_number(cursor *c, double value, double high) {
  static const double tens[] = {1, 10, 100, 1000};
  double v = NAN;
  uint64_t t = get(c);
  switch (t) {
  case 0:
    return NAN;
  case 1:
    if ((size_t)(c->end - c->p) < sizeof v) {
      c->bad = true;
      return NAN;
    }
    memcpy(&v, c->p, sizeof v);
    c->p += sizeof v;
    return v;
  case 2:
    return INFINITY;
  case 3:
    return value;
  case 4:
    return high;
  default:
    return (double)unzigzag((t - 5) >> 2) / tens[(t - 5) & 3];
  }
}

/* NUL-terminated. */
static th_span string_at(cursor *c, uint64_t at) {
  const th_criteria_file *f = c->file;
  uint32_t n;
  if (f->n_strings < 5 || at > f->n_strings - 5) return c->bad = true, TH_SPAN("");
  memcpy(&n, f->strings + at, sizeof n);
  if (n > f->n_strings - 5 - at || f->strings[at + 4 + n]) return c->bad = true, TH_SPAN("");
  return (th_span){(const char *)f->strings + at + 4, n};
}

static const char *get_string(cursor *c) {
  return string_at(c, get(c)).p;
}

/* ---- facts ---- */

static void get_guard(cursor *c, th_elig_fact *f) {
  uint8_t head = get_byte(c);
  th_elig_guard *g = &f->guard;
  g->kind = head & 3;
  g->sex = "\0FM"[(head >> 2 & 3) % 3];
  g->has_age = head >> 4 & 1;
  if (g->has_age) {
    g->age_low = get_number(c, NAN, NAN);
    g->age_high = get_number(c, NAN, NAN);
  }
  get_place(c, f->from, &g->from, &g->to);
}

static void get_window(cursor *c, th_elig_fact *f) {
  uint8_t head = get_byte(c);
  th_elig_window *w = &f->window;
  w->present = true;
  w->relation = head & 7;
  w->forward = head >> 3 & 1;
  w->since = head >> 6 & 1;
  w->value = get_number(c, NAN, NAN);
  w->high = head >> 4 & 1 ? get_number(c, NAN, NAN) : NAN;
  if (head >> 5 & 1) w->unit = get_string(c);
  get_place(c, f->from, &w->from, &w->to);
}

/* The second byte's highest bit: the fact has links. */
static bool get_numeric(cursor *c, uint8_t head, th_elig_fact *f) {
  uint8_t how = get_byte(c);
  f->type = TH_ELIG_NUMERIC;
  f->relation = how & 7;
  f->reference = how >> 3 & 3;
  f->low_inclusive = how >> 5 & 1;
  f->high_inclusive = how >> 6 & 1;
  uint64_t attribute = get(c);
  if (attribute >= th_elig_n_attributes) c->bad = true, attribute = 0;
  f->attribute = (uint16_t)attribute;
  f->value = get_number(c, NAN, NAN);
  if (head >> 4 & 1) f->unit = get_string(c);
  f->high = head >> 5 & 1 ? get_number(c, f->value, NAN) : NAN;
  f->low_canonical = f->high_canonical = NAN;
  if (!(head >> 6 & 1)) return how >> 7;
  f->low_canonical = get_number(c, f->value, f->high);
  f->high_canonical = get_number(c, f->value, f->high);
  f->canonical_unit = head >> 7 & 1 ? get_string(c) : th_elig_attributes[attribute].unit;
  return how >> 7;
}

static void name_concept(cursor *c, uint64_t at, th_span *label, th_span *code) {
  uint32_t pair[2];
  if (at >= c->file->n_concepts / 8) {
    c->bad = true;
    return;
  }
  memcpy(pair, c->file->concepts + at * 8, sizeof pair);
  *label = string_at(c, pair[0]);
  *code = string_at(c, pair[1]);
}

static bool get_concept(cursor *c, uint8_t head, th_elig_fact *f) {
  uint8_t category = get_byte(c);
  f->type = TH_ELIG_CONCEPT;
  f->family = head >> 4 & 1;
  f->time = head >> 6;
  f->category = category & 31;
  f->name_to = category >> 6 & 1; /* they follow; see get_fact */
  f->value_to = category >> 5 & 1;
  f->value = f->high = f->low_canonical = f->high_canonical = NAN;
  name_concept(c, get(c), &f->label, &f->code);
  if (c->bad || f->category >= TH_ELIG_N_CATEGORIES) {
    c->bad = true;
    return false;
  }
  if (head >> 5 & 1) f->degree = string_at(c, get(c));
  return category >> 7;
}

static void get_fact(cursor *c, uint32_t base, th_elig_fact *f) {
  uint8_t head = get_byte(c);
  *f = (th_elig_fact){.negated = head >> 1 & 1, .window.high = 0};
  bool linked = head & 1 ? get_concept(c, head, f) : get_numeric(c, head, f);
  get_place(c, base, &f->from, &f->to);
  if (linked) f->links = get_byte(c);
  if (head >> 2 & 1) get_guard(c, f);
  if (head >> 3 & 1) get_window(c, f);
  bool numeric = !(head & 1), named = f->name_to || numeric, valued = f->value_to || numeric;
  f->name_from = f->name_to = f->value_from = f->value_to = f->from;
  if (named) get_place(c, f->from, &f->name_from, &f->name_to);
  if (valued) get_place(c, f->from, &f->value_from, &f->value_to);
}

/* ---- names ---- */

static void get_names(cursor *c, const th_elig_node *nodes, uint32_t n_nodes, th_elig_name *out,
                      uint32_t n) {
  uint32_t node = 0, base = 0;
  for (uint32_t i = 0; i < n && !c->bad; i++) {
    th_elig_name *name = &out[i];
    uint64_t step = get(c);
    if (step >= n_nodes - node) {
      c->bad = true;
      return;
    }
    if (i == 0 || step) base = nodes[node + step].from;
    node += (uint32_t)step;
    uint8_t category = get_byte(c);
    *name = (th_elig_name){.node = node, .category = category & 127, .negated = category >> 7};
    name->why = get_byte(c);
    name_concept(c, get(c), &name->label, &name->code);
    get_place(c, base, &name->from, &name->to);
    base = name->from;
    c->bad |= name->category >= TH_ELIG_N_CATEGORIES || name->why >= TH_ELIG_N_NAMINGS;
  }
}

/* ---- nodes ---- */

typedef struct builder {
  cursor c;
  th_elig_node *nodes;
  uint32_t n_nodes, n_facts, facts_given;
  uint32_t last[TH_ELIG_DEPTH_MAX + 2][4];
  uint32_t ends[TH_ELIG_DEPTH_MAX + 2]; /* where the groups that are open end */
  uint32_t n_open;
} builder;

/* A node may not reach over the group that holds it. */
static bool nests(builder *b, uint32_t i, uint32_t next) {
  while (b->n_open && b->ends[b->n_open - 1] <= i)
    b->n_open--;
  if (next > (b->n_open ? b->ends[b->n_open - 1] : b->n_nodes)) return false;
  if (next == i + 1) return true;
  if (b->n_open == TH_COUNT(b->ends)) return false;
  b->ends[b->n_open++] = next;
  return true;
}

static void get_node(builder *b, uint32_t i, uint32_t base) {
  cursor *c = &b->c;
  th_elig_node *n = &b->nodes[i];
  uint8_t one = get_byte(c), two = get_byte(c);
  unsigned how = two >> 4 & 3;
  *n = (th_elig_node){.kind = one & 3,
                      .combine = one >> 2 & 3,
                      .depth = one >> 4,
                      .flags = (uint8_t)((two & 15) | (two >> 7) << 4)};
  get_place(c, base, &n->from, &n->to);
  if (n->depth > TH_ELIG_DEPTH_MAX || n->kind > TH_ELIG_EXCLUSION || how == 3) {
    c->bad = true;
    return;
  }
  n->number = how == 0 ? (uint32_t)get(c) : how == 1 ? 0 : b->last[n->depth][n->kind] + 1;
  if (two >> 6 & 1) n->at_least = (uint16_t)get(c);
  b->last[n->depth][n->kind] = n->number;
  memset(b->last[n->depth + 1], 0, sizeof b->last[0]);
  uint64_t count = get(c);
  n->next = i + 1;
  if (n->flags & TH_ELIG_GROUP) {
    if (count > b->n_nodes - i - 1) c->bad = true;
    n->next += c->bad ? 0 : (uint32_t)count;
  } else {
    if (count > b->n_facts - b->facts_given) c->bad = true, count = 0;
    n->fact = b->facts_given;
    n->n_facts = (uint32_t)count;
    b->facts_given += n->n_facts;
  }
  c->bad |= !nests(b, i, n->next);
}

static void get_nodes(builder *b) {
  uint32_t base = 0;
  for (uint32_t i = 0; i < b->n_nodes && !b->c.bad; i++) {
    get_node(b, i, base);
    base = b->nodes[i].flags & TH_ELIG_GROUP ? b->nodes[i].from : b->nodes[i].to;
  }
  b->c.bad |= b->facts_given != b->n_facts;
}

static int damaged(th_err *err) {
  return th_err_set(err, TH_ECORRUPT, "a tree of the criteria book is damaged");
}

/* The counts and all nodes. */
static int begin(builder *b, const th_criteria_file *file, th_span bytes, th_arena *arena,
                 th_err *err) {
  const uint8_t *p = (const uint8_t *)bytes.p;
  *b = (builder){.c = {.file = file, .p = p, .end = p + bytes.n}};
  uint64_t n_nodes = get(&b->c), n_facts = get(&b->c);
  if (b->c.bad || n_nodes > bytes.n || n_facts > bytes.n) return damaged(err);
  b->n_nodes = (uint32_t)n_nodes;
  b->n_facts = (uint32_t)n_facts;
  b->nodes = th_arena_alloc(arena, (n_nodes + 1) * sizeof *b->nodes);
  if (!b->nodes) return th_err_set(err, TH_ENOMEM, "out of memory");
  get_nodes(b);
  return 0;
}

/* ---- outlines ---- */

static uint64_t mix(uint64_t h, uint64_t v) {
  __uint128_t product = (__uint128_t)(h ^ v) * 0x9E3779B97F4A7C15u;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* What was passed over since `from`. */
static uint64_t mix_bytes(uint64_t h, const uint8_t *from, const cursor *c) {
  size_t n = (size_t)(c->p - from);
  h = mix(h, n + 1);
  for (; n; from += TH_MIN(n, (size_t)8), n -= TH_MIN(n, (size_t)8)) {
    uint64_t v = 0;
    if (c->end - from >= 8) {
      memcpy(&v, from, 8);
      if (n < 8) v &= ((uint64_t)1 << 8 * n) - 1;
    } else {
      memcpy(&v, from, n);
    }
    h = mix(h, v);
  }
  return h;
}

static void pass_number(cursor *c) {
  if (get(c) != 1) return;
  if (c->end - c->p < 8)
    c->bad = true;
  else
    c->p += 8;
}

static void pass_place(cursor *c) {
  (void)get(c);
  (void)get(c);
}

/* True: links follow. */
static bool pass_numeric(cursor *c, uint8_t head, th_criteria_ref *out) {
  uint8_t how = get_byte(c);
  uint64_t attribute = get(c);
  out->type = TH_ELIG_NUMERIC;
  out->name = (uint32_t)attribute;
  c->bad |= attribute >= th_elig_n_attributes;
  uint8_t relation = how & 7, reference = how >> 3 & 3;
  out->beyond = ((relation == TH_ELIG_GT && reference == TH_ELIG_ULN) ||
                 (relation == TH_ELIG_LT && reference == TH_ELIG_LLN));
  out->beyond &= get_number(c, NAN, NAN) == 1;
  if (head >> 4 & 1) (void)get(c);
  if (head >> 5 & 1) pass_number(c);
  if (!(head >> 6 & 1)) return how >> 7;
  pass_number(c);
  pass_number(c);
  if (head >> 7 & 1) (void)get(c);
  return how >> 7;
}

static bool pass_concept(cursor *c, uint8_t head, th_criteria_ref *out) {
  uint8_t category = get_byte(c);
  uint64_t concept = get(c);
  out->type = TH_ELIG_CONCEPT;
  out->category = category & 31;
  out->name = (uint32_t) concept;
  out->has_degree = head >> 5 & 1;
  c->bad |= concept >= c->file->n_concepts / 8 || out->category >= TH_ELIG_N_CATEGORIES;
  if (out->has_degree) (void)get(c);
  return category >> 7;
}

static uint64_t pass_guard(cursor *c, uint64_t h) {
  const uint8_t *from = c->p;
  if (get_byte(c) >> 4 & 1) {
    pass_number(c);
    pass_number(c);
  }
  h = mix_bytes(h, from, c);
  pass_place(c);
  return h;
}

static uint64_t pass_window(cursor *c, uint64_t h) {
  const uint8_t *from = c->p;
  uint8_t head = get_byte(c);
  pass_number(c);
  if (head >> 4 & 1) pass_number(c);
  if (head >> 5 & 1) (void)get(c);
  h = mix_bytes(h, from, c);
  pass_place(c);
  return h;
}

/* As get_fact reads it; *base becomes its place. */
static void pass_fact(cursor *c, uint64_t seed, uint32_t *base, th_criteria_ref *out) {
  *out = (th_criteria_ref){.at = c->p, .base = *base};
  uint8_t head = get_byte(c);
  out->negated = head >> 1 & 1;
  out->guarded = head >> 2 & 1;
  bool linked = head & 1 ? pass_concept(c, head, out) : pass_numeric(c, head, out);
  uint64_t h = mix_bytes(seed, out->at, c);
  *base += (uint32_t)unzigzag(get(c));
  (void)get(c);
  if (linked) (void)get_byte(c);
  if (head >> 2 & 1) h = pass_guard(c, h);
  if (head >> 3 & 1) h = pass_window(c, h);
  out->says = h;
  unsigned places = head & 1 ? out->at[1] >> 5 & 3 : 3; /* its value's, its name's */
  if (places & 2) pass_place(c);
  if (places & 1) pass_place(c);
}

static void pass_facts(builder *b, uint64_t seed, th_criteria_ref *refs) {
  for (uint32_t i = 0; i < b->n_nodes && !b->c.bad; i++) {
    const th_elig_node *n = &b->nodes[i];
    uint32_t base = n->from;
    for (uint32_t k = n->fact; k < n->fact + n->n_facts && !b->c.bad; k++)
      pass_fact(&b->c, seed, &base, &refs[k]);
  }
}

int th_criteria_outline_read(const th_criteria_file *file, th_span bytes, uint32_t segment,
                             th_arena *arena, th_criteria_outline *out, th_err *err) {
  builder b;
  *out = (th_criteria_outline){0};
  int rc = begin(&b, file, bytes, arena, err);
  if (rc < 0) return rc;
  th_criteria_ref *refs = th_arena_alloc(arena, ((size_t)b.n_facts + 1) * sizeof *refs);
  if (!refs) return th_err_set(err, TH_ENOMEM, "out of memory");
  pass_facts(&b, segment + 1, refs);
  if (b.c.bad) return damaged(err);
  *out =
      (th_criteria_outline){.tree = {.nodes = b.nodes, .n_nodes = b.n_nodes, .n_facts = b.n_facts},
                            .refs = refs,
                            .file = file,
                            .segment = segment,
                            .names = b.c.p,
                            .end = b.c.end};
  return 0;
}

int th_criteria_file_concept(const th_criteria_file *file, uint32_t concept, th_span *label,
                             th_span *code, th_err *err) {
  cursor c = {.file = file};
  *label = *code = (th_span){0};
  name_concept(&c, concept, label, code);
  return c.bad ? damaged(err) : 0;
}

int th_criteria_outline_fact(const th_criteria_outline *o, uint32_t i, th_elig_fact *out,
                             th_err *err) {
  cursor c = {.file = o->file, .p = o->refs[i].at, .end = o->end};
  get_fact(&c, o->refs[i].base, out);
  return c.bad ? damaged(err) : 0;
}

/* ---- whole trees ---- */

/* What stands behind the facts. */
static int read_names(th_criteria_outline *o, th_arena *arena, th_err *err) {
  cursor c = {.file = o->file, .p = o->names, .end = o->end};
  uint64_t n = get(&c);
  if (c.bad || n > (uint64_t)(o->end - o->names)) return damaged(err);
  th_elig_name *names = th_arena_alloc(arena, (n + 1) * sizeof *names);
  if (!names) return th_err_set(err, TH_ENOMEM, "out of memory");
  get_names(&c, o->tree.nodes, o->tree.n_nodes, names, (uint32_t)n);
  if (c.bad || c.end - c.p > 3) return damaged(err);
  o->tree.names = names;
  o->tree.n_names = (uint32_t)n;
  return 0;
}

/* What facts are called lies anywhere in the file. It is asked for in two rounds before any is
 * read, so that the waiting for one goes on beside that for the others. */
static void fetch_ahead(const th_criteria_outline *o) {
  const th_criteria_file *f = o->file;
  const size_t n = f->n_concepts / 8;
  for (uint32_t i = 0; i < o->tree.n_facts; i++)
    if (o->refs[i].type == TH_ELIG_CONCEPT && o->refs[i].name < n)
      __builtin_prefetch(f->concepts + (size_t)o->refs[i].name * 8);
  for (uint32_t i = 0; i < o->tree.n_facts; i++) {
    uint32_t pair[2];
    if (o->refs[i].type != TH_ELIG_CONCEPT || o->refs[i].name >= n) continue;
    memcpy(pair, f->concepts + (size_t)o->refs[i].name * 8, sizeof pair);
    for (int k = 0; k < 2; k++)
      if (pair[k] < f->n_strings) __builtin_prefetch(f->strings + pair[k]);
  }
}

int th_criteria_outline_facts(th_criteria_outline *o, th_arena *arena, th_err *err) {
  int rc = 0;
  th_elig_fact *facts = th_arena_alloc(arena, ((size_t)o->tree.n_facts + 1) * sizeof *facts);
  if (!facts) return th_err_set(err, TH_ENOMEM, "out of memory");
  fetch_ahead(o);
  for (uint32_t i = 0; rc == 0 && i < o->tree.n_facts; i++)
    rc = th_criteria_outline_fact(o, i, &facts[i], err);
  if (rc == 0) rc = read_names(o, arena, err);
  if (rc == 0) o->tree.facts = facts;
  return rc;
}

int th_criteria_decode(const th_criteria_file *file, th_span bytes, th_arena *arena,
                       th_elig_tree *out, th_err *err) {
  th_criteria_outline o;
  int rc = th_criteria_outline_read(file, bytes, 0, arena, &o, err);
  if (rc == 0) rc = th_criteria_outline_facts(&o, arena, err);
  *out = rc == 0 ? o.tree : (th_elig_tree){0};
  return rc;
}
