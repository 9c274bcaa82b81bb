/* A tree as bytes; the grammar is in book.h. */
#include "criteria/encode.h"

#include <math.h>
#include <xxhash.h>

#include "eligibility/attributes.h"

/* A new field of these must find its place in the grammar (book.h), here and in tree.c. */
_Static_assert(sizeof(th_elig_node) == 32, "the criteria book does not know this node");
_Static_assert(sizeof(th_elig_guard) == 32, "the criteria book does not know this guard");
_Static_assert(sizeof(th_elig_window) == 40, "the criteria book does not know this window");
_Static_assert(sizeof(th_elig_fact) == 208, "the criteria book does not know this fact");
_Static_assert(TH_ELIG_N_CATEGORIES <= 32, "a category has five bits");

/* ---- names ---- */

/* A string is told by its hash and its bytes, a concept by its two strings. */
typedef struct th_criteria_slot {
  uint64_t hash;
  uint32_t at; /* offset or place, plus 1; 0 = free */
  bool is_concept;
} th_criteria_slot;

void th_criteria_names_dispose(th_criteria_names *names) {
  th_buf_dispose(&names->strings);
  th_buf_dispose(&names->concepts);
  free(names->slots);
  *names = (th_criteria_names){0};
}

static bool grow(th_criteria_names *names) {
  size_t cap = names->cap ? names->cap * 2 : 1024;
  th_criteria_slot *slots = calloc(cap, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < names->cap; i++) {
    if (!names->slots[i].at) continue;
    size_t at = names->slots[i].hash & (cap - 1);
    while (slots[at].at)
      at = (at + 1) & (cap - 1);
    slots[at] = names->slots[i];
  }
  free(names->slots);
  names->slots = slots;
  names->cap = cap;
  return true;
}

static bool same_string(const th_criteria_names *names, uint32_t at, th_span s) {
  uint32_t n;
  memcpy(&n, names->strings.p + at, sizeof n);
  return n == s.n && (n == 0 || memcmp(names->strings.p + at + 4, s.p, n) == 0);
}

static bool same_concept(const th_criteria_names *names, uint32_t at, const uint32_t pair[2]) {
  return memcmp(names->concepts.p + (size_t)at * 8, pair, 8) == 0;
}

/* The slot of a string, or of a pair when pair is not NULL; a free one when it is new. NULL: no
 * memory. */
static th_criteria_slot *find(th_criteria_names *names, uint64_t hash, th_span s,
                              const uint32_t *pair) {
  if (names->failed || (names->n * 2 >= names->cap && !grow(names))) {
    names->failed = true;
    return NULL;
  }
  for (size_t at = hash & (names->cap - 1);; at = (at + 1) & (names->cap - 1)) {
    th_criteria_slot *slot = &names->slots[at];
    if (!slot->at) {
      *slot = (th_criteria_slot){.hash = hash, .is_concept = pair != NULL};
      return slot;
    }
    if (slot->hash != hash || slot->is_concept != (pair != NULL)) continue;
    if (pair ? same_concept(names, slot->at - 1, pair) : same_string(names, slot->at - 1, s))
      return slot;
  }
}

uint32_t th_criteria_name_string(th_criteria_names *names, th_span s) {
  th_criteria_slot *slot = find(names, XXH3_64bits(s.p, s.n), s, NULL);
  if (!slot) return 0;
  if (slot->at) return slot->at - 1;
  uint32_t n = (uint32_t)s.n;
  size_t at = names->strings.n;
  th_buf_put(&names->strings, &n, sizeof n);
  th_buf_span(&names->strings, s);
  th_buf_char(&names->strings, 0);
  names->failed |= names->strings.error != 0 || at >= UINT32_MAX - 1 || s.n >= UINT32_MAX - 8;
  slot->at = (uint32_t)at + 1;
  names->n++;
  return (uint32_t)at;
}

uint32_t th_criteria_name_concept(th_criteria_names *names, th_span label, th_span code) {
  const uint32_t pair[2] = {th_criteria_name_string(names, label),
                            th_criteria_name_string(names, code)};
  th_criteria_slot *slot = find(names, XXH3_64bits(pair, sizeof pair), (th_span){0}, pair);
  if (!slot) return 0;
  if (slot->at) return slot->at - 1;
  size_t at = names->concepts.n / 8;
  th_buf_put(&names->concepts, pair, sizeof pair);
  names->failed |= names->concepts.error != 0 || at >= UINT32_MAX - 1;
  slot->at = (uint32_t)at + 1;
  names->n++;
  return (uint32_t)at;
}

/* ---- numbers ---- */

static void put_signed(th_buf *b, int64_t v) {
  th_buf_varint(b, ((uint64_t)v << 1) ^ (uint64_t)(v >> 63));
}

static bool same_bits(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

/* value, high: what the number may be said to be the same as; NAN for none. */
static void put_number(th_buf *b, double v, double value, double high) {
  static const double tens[] = {1, 10, 100, 1000};
  if (isnan(v)) return th_buf_varint(b, 0);
  if (v == INFINITY) return th_buf_varint(b, 2);
  if (same_bits(v, value)) return th_buf_varint(b, 3);
  if (same_bits(v, high)) return th_buf_varint(b, 4);
  for (unsigned d = 0; d < TH_COUNT(tens); d++) {
    double m = round(v * tens[d]);
    if (fabs(m) > 0x1p50 || !same_bits(m / tens[d], v)) continue;
    int64_t whole = (int64_t)m;
    uint64_t z = ((uint64_t)whole << 1) ^ (uint64_t)(whole >> 63);
    return th_buf_varint(b, z * 4 + d + 5);
  }
  th_buf_varint(b, 1);
  th_buf_put(b, &v, sizeof v);
}

static void put_string(th_buf *b, th_criteria_names *names, const char *s) {
  th_buf_varint(b, th_criteria_name_string(names, th_span_of(s)));
}

/* ---- facts ---- */

static void put_within(th_buf *b, uint32_t base, uint32_t from, uint32_t to) {
  put_signed(b, (int64_t)from - base);
  th_buf_varint(b, to - from);
}

static void put_guard(th_buf *b, const th_elig_fact *f) {
  const th_elig_guard *g = &f->guard;
  unsigned sex = g->sex == 'F' ? 1 : g->sex == 'M' ? 2 : 0;
  th_buf_char(b, (char)(g->kind | sex << 2 | (unsigned)g->has_age << 4));
  if (g->has_age) {
    put_number(b, g->age_low, NAN, NAN);
    put_number(b, g->age_high, NAN, NAN);
  }
  put_within(b, f->from, g->from, g->to);
}

static void put_window(th_buf *b, th_criteria_names *names, const th_elig_fact *f) {
  const th_elig_window *w = &f->window;
  bool high = !isnan(w->high);
  th_buf_char(b, (char)(w->relation | (unsigned)w->forward << 3 | (unsigned)high << 4 |
                        (unsigned)(w->unit != NULL) << 5 | (unsigned)w->since << 6));
  put_number(b, w->value, NAN, NAN);
  if (high) put_number(b, w->high, NAN, NAN);
  if (w->unit) put_string(b, names, w->unit);
  put_within(b, f->from, w->from, w->to);
}

static void put_numeric(th_buf *b, th_criteria_names *names, const th_elig_fact *f) {
  bool high = !isnan(f->high), canonical = f->canonical_unit != NULL;
  bool other = canonical && strcmp(f->canonical_unit, th_elig_attributes[f->attribute].unit);
  th_buf_char(b, (char)((unsigned)f->negated << 1 | (unsigned)(f->guard.kind != 0) << 2 |
                        (unsigned)f->window.present << 3 | (unsigned)(f->unit != NULL) << 4 |
                        (unsigned)high << 5 | (unsigned)canonical << 6 | (unsigned)other << 7));
  th_buf_char(b,
              (char)(f->relation | (unsigned)f->reference << 3 | (unsigned)f->low_inclusive << 5 |
                     (unsigned)f->high_inclusive << 6 | (unsigned)(f->links != 0) << 7));
  th_buf_varint(b, f->attribute);
  put_number(b, f->value, NAN, NAN);
  if (f->unit) put_string(b, names, f->unit);
  if (high) put_number(b, f->high, f->value, NAN);
  if (!canonical) return;
  put_number(b, f->low_canonical, f->value, f->high);
  put_number(b, f->high_canonical, f->value, f->high);
  if (other) put_string(b, names, f->canonical_unit);
}

static void put_concept(th_buf *b, th_criteria_names *names, const th_elig_fact *f) {
  th_buf_char(b, (char)(1u | (unsigned)f->negated << 1 | (unsigned)(f->guard.kind != 0) << 2 |
                        (unsigned)f->window.present << 3 | (unsigned)f->family << 4 |
                        (unsigned)(f->degree.n != 0) << 5 | (unsigned)f->time << 6));
  th_buf_char(b,
              (char)(f->category | (unsigned)(f->value_to > f->value_from) << 5 |
                     (unsigned)(f->name_to > f->name_from) << 6 | (unsigned)(f->links != 0) << 7));
  th_buf_varint(b, th_criteria_name_concept(names, f->label, f->code));
  if (f->degree.n) th_buf_varint(b, th_criteria_name_string(names, f->degree));
}

/* base: where the fact's place is counted from. */
static bool put_fact(th_buf *b, th_criteria_names *names, const th_elig_fact *f, uint32_t base) {
  bool numeric = f->type == TH_ELIG_NUMERIC;
  if (f->from > f->to || f->relation > 7 || f->reference > 3 || f->time > 3 || f->guard.kind > 3 ||
      f->guard.from > f->guard.to || f->window.from > f->window.to || f->window.relation > 7 ||
      f->name_from > f->name_to || f->value_from > f->value_to ||
      (numeric && f->attribute >= th_elig_n_attributes))
    return false;
  if (numeric)
    put_numeric(b, names, f);
  else
    put_concept(b, names, f);
  put_within(b, base, f->from, f->to);
  if (f->links) th_buf_char(b, (char)f->links);
  if (f->guard.kind) put_guard(b, f);
  if (f->window.present) put_window(b, names, f);
  if (numeric || f->name_to > f->name_from) put_within(b, f->from, f->name_from, f->name_to);
  if (!numeric && f->value_to == f->value_from) return true;
  put_within(b, f->from, f->value_from, f->value_to);
  return true;
}

static bool put_facts(th_buf *b, th_criteria_names *names, const th_elig_tree *t) {
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    const th_elig_node *n = &t->nodes[i];
    uint32_t base = n->from;
    for (uint32_t k = 0; k < n->n_facts; k++) {
      const th_elig_fact *f = &t->facts[n->fact + k];
      if (!put_fact(b, names, f, base)) return false;
      base = f->from;
    }
  }
  return true;
}

/* ---- names ---- */

static bool put_names(th_buf *b, th_criteria_names *names, const th_elig_tree *t) {
  uint32_t node = 0, base = 0;
  th_buf_varint(b, t->n_names);
  for (uint32_t i = 0; i < t->n_names; i++) {
    const th_elig_name *n = &t->names[i];
    if (n->node < node || n->node >= t->n_nodes || n->from > n->to ||
        n->category >= TH_ELIG_N_CATEGORIES || n->why >= TH_ELIG_N_NAMINGS)
      return false;
    if (i == 0 || n->node != node) base = t->nodes[n->node].from;
    th_buf_varint(b, n->node - node);
    th_buf_char(b, (char)(n->category | (unsigned)n->negated << 7));
    th_buf_char(b, (char)n->why);
    th_buf_varint(b, th_criteria_name_concept(names, n->label, n->code));
    put_within(b, base, n->from, n->to);
    node = n->node;
    base = n->from;
  }
  return true;
}

/* ---- nodes ---- */

/* The last number by depth and kind, from which the next one follows. */
typedef struct counts {
  uint32_t last[TH_ELIG_DEPTH_MAX + 2][4];
} counts;

static unsigned how_numbered(const counts *c, const th_elig_node *n) {
  if (n->number == 0) return 1;
  return n->number == c->last[n->depth][n->kind] + 1 ? 2 : 0;
}

static void count_node(counts *c, const th_elig_node *n) {
  c->last[n->depth][n->kind] = n->number;
  memset(c->last[n->depth + 1], 0, sizeof c->last[0]);
}

static bool is_sound(const th_elig_tree *t, uint32_t i, uint32_t first_fact) {
  const th_elig_node *n = &t->nodes[i];
  bool group = n->flags & TH_ELIG_GROUP;
  if (n->kind > 3 || n->combine > 3 || n->depth > TH_ELIG_DEPTH_MAX || n->flags > 31 ||
      n->from > n->to || n->next <= i || n->next > t->n_nodes)
    return false;
  if (group) return n->n_facts == 0;
  return n->next == i + 1 && n->fact == first_fact && n->n_facts <= t->n_facts - first_fact;
}

static void put_node(th_buf *b, const th_elig_node *n, uint32_t i, uint32_t base, unsigned how) {
  bool some = n->at_least != 0;
  th_buf_char(b, (char)(n->kind | n->combine << 2 | n->depth << 4));
  th_buf_char(b, (char)((n->flags & 15) | how << 4 | (unsigned)some << 6 | (n->flags & 16u) << 3));
  put_signed(b, (int64_t)n->from - base);
  th_buf_varint(b, n->to - n->from);
  if (how == 0) th_buf_varint(b, n->number);
  if (some) th_buf_varint(b, n->at_least);
  th_buf_varint(b, n->flags & TH_ELIG_GROUP ? n->next - i - 1 : n->n_facts);
}

bool th_criteria_encode(const th_elig_tree *t, th_criteria_names *names, th_buf *out) {
  counts c = {0};
  uint32_t base = 0, facts = 0;
  th_buf_varint(out, t->n_nodes);
  th_buf_varint(out, t->n_facts);
  for (uint32_t i = 0; i < t->n_nodes; i++) {
    const th_elig_node *n = &t->nodes[i];
    if (!is_sound(t, i, facts)) return false;
    put_node(out, n, i, base, how_numbered(&c, n));
    count_node(&c, n);
    base = n->flags & TH_ELIG_GROUP ? n->from : n->to;
    facts += n->n_facts;
  }
  return facts == t->n_facts && put_facts(out, names, t) && put_names(out, names, t);
}
