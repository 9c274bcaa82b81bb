/* Bytes as a tree; the grammar is in book.h. Whatever the bytes are, nothing outside of them is
 * read, and what comes out is a tree: nodes inside what holds them, facts that leaves have. */
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

static void get_concept_name(cursor *c, th_span *label, th_span *code) {
  uint32_t pair[2];
  uint64_t at = get(c);
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
  f->category = category & 127;
  f->value = f->high = f->low_canonical = f->high_canonical = NAN;
  get_concept_name(c, &f->label, &f->code);
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
  f->name_from = f->name_to = f->value_from = f->value_to = f->from;
  if (head & 1) return;
  get_place(c, f->from, &f->name_from, &f->name_to);
  get_place(c, f->from, &f->value_from, &f->value_to);
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
    get_concept_name(c, &name->label, &name->code);
    get_place(c, base, &name->from, &name->to);
    base = name->from;
    c->bad |= name->category >= TH_ELIG_N_CATEGORIES || name->why >= TH_ELIG_N_NAMINGS;
  }
}

/* ---- nodes ---- */

typedef struct builder {
  cursor c;
  th_elig_node *nodes;
  th_elig_fact *facts;
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
  *n = (th_elig_node){
      .kind = one & 3, .combine = one >> 2 & 3, .depth = one >> 4, .flags = two & 15};
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

static void get_all(builder *b) {
  uint32_t base = 0;
  for (uint32_t i = 0; i < b->n_nodes && !b->c.bad; i++) {
    get_node(b, i, base);
    base = b->nodes[i].flags & TH_ELIG_GROUP ? b->nodes[i].from : b->nodes[i].to;
  }
  b->c.bad |= b->facts_given != b->n_facts;
  for (uint32_t i = 0; i < b->n_nodes && !b->c.bad; i++) {
    const th_elig_node *n = &b->nodes[i];
    base = n->from;
    for (uint32_t k = n->fact; k < n->fact + n->n_facts && !b->c.bad; k++) {
      get_fact(&b->c, base, &b->facts[k]);
      base = b->facts[k].from;
    }
  }
}

int th_criteria_decode(const th_criteria_file *file, th_span bytes, th_arena *arena,
                       th_elig_tree *out, th_err *err) {
  const uint8_t *p = (const uint8_t *)bytes.p;
  builder b = {.c = {.file = file, .p = p, .end = p + bytes.n}};
  *out = (th_elig_tree){0};
  uint64_t n_nodes = get(&b.c), n_facts = get(&b.c);
  if (b.c.bad || n_nodes > bytes.n || n_facts > bytes.n)
    return th_err_set(err, TH_ECORRUPT, "a tree of the criteria book is damaged");
  b.n_nodes = (uint32_t)n_nodes;
  b.n_facts = (uint32_t)n_facts;
  b.nodes = th_arena_alloc(arena, (n_nodes + 1) * sizeof *b.nodes);
  b.facts = th_arena_alloc(arena, (n_facts + 1) * sizeof *b.facts);
  if (!b.nodes || !b.facts) return th_err_set(err, TH_ENOMEM, "out of memory");
  get_all(&b);
  uint64_t n_names = b.c.bad ? 0 : get(&b.c);
  if (n_names > bytes.n) b.c.bad = true, n_names = 0;
  th_elig_name *names = th_arena_alloc(arena, (n_names + 1) * sizeof *names);
  if (!names) return th_err_set(err, TH_ENOMEM, "out of memory");
  get_names(&b.c, b.nodes, b.n_nodes, names, (uint32_t)n_names);
  if (b.c.bad || b.c.end - b.c.p > 3)
    return th_err_set(err, TH_ECORRUPT, "a tree of the criteria book is damaged");
  *out = (th_elig_tree){.nodes = b.nodes,
                        .n_nodes = b.n_nodes,
                        .facts = b.facts,
                        .n_facts = b.n_facts,
                        .names = names,
                        .n_names = (uint32_t)n_names};
  return 0;
}
