#include "study/catalogue.h"

/* ---- the rows ---- */

/* The flag names of fields.def. */
enum {
  SYNONYMS = TH_FF_SYNONYMS,
  INDEXED_ONLY = TH_FF_INDEXED_ONLY,
  HISTORIC = TH_FF_HISTORIC,
  NESTED = TH_FF_NESTED,
  FACET = TH_FF_FACET,
};

static th_field table[TH_F_COUNT] = {
#define F(depth_, piece_, name_, kind_, type_, flags_, source_, alt_, title_)                      \
  [TH_F_##piece_] = {.piece = #piece_,                                                             \
                     .name = (name_),                                                              \
                     .title = (title_),                                                            \
                     .type_name = (type_),                                                         \
                     .source = (source_),                                                          \
                     .alt = (alt_),                                                                \
                     .link_label = "",                                                             \
                     .link_url = "",                                                               \
                     .flags = (flags_),                                                            \
                     .type = TH_FT_##kind_,                                                        \
                     .depth = (depth_),                                                            \
                     .name_len = sizeof(name_) - 1},
#include "study/fields.def"
#undef F
};
const th_field *const th_fields = table;

#define PROTOCOL "https://clinicaltrials.gov/policy/protocol-definitions"
#define RESULTS "https://clinicaltrials.gov/policy/results-definitions"
static const struct {
  uint16_t field;
  const char *label, *url;
} links[] = {
#define D(piece, label, url) {TH_F_##piece, label, url},
#include "study/definitions.def"
#undef D
};

#define EXCEPT(type, value, piece, label)
#define VALUE(type, value, label) #value,
#define ENUM(type) static const char *const values_##type[] = {
#define END(type)                                                                                  \
  }                                                                                                \
  ;
#include "study/enums.def"
#undef VALUE
#undef ENUM
#define VALUE(type, value, label) label,
#define ENUM(type) static const char *const labels_##type[] = {
#include "study/enums.def"
#undef VALUE
#undef ENUM
#undef END
#define VALUE(type, value, label)
#define ENUM(type) [TH_E_##type] = {#type, values_##type, labels_##type, TH_##type##_COUNT},
#define END(type)
const th_enum th_enums[TH_E_COUNT] = {
#include "study/enums.def"
};
#undef EXCEPT
#undef ENUM
#define ENUM(type)
#define EXCEPT(type, value, piece, label) {TH_E_##type, TH_##type##_##value, TH_F_##piece, label},
const th_enum_except th_enum_excepts[] = {
#include "study/enums.def"
};
const size_t th_enum_excepts_n = TH_COUNT(th_enum_excepts);
#undef EXCEPT
#undef VALUE
#undef ENUM
#undef END

#define PART(piece, weight) {TH_F_##piece, weight},
#define AREA(name, param, label) static const th_area_part parts_##name[] = {
#define END(name)                                                                                  \
  }                                                                                                \
  ;
#include "study/areas.def"
#undef PART
#undef AREA
#undef END
#define PART(piece, weight)
#define AREA(name, param, label)                                                                   \
  [TH_A_##name] = {#name, param, label, parts_##name, TH_COUNT(parts_##name)},
#define END(name)
const th_area th_areas[TH_A_COUNT] = {
#include "study/areas.def"
};
#undef PART
#undef AREA
#undef END

const th_csv_column th_csv_columns[TH_CSV_COLUMN_COUNT] = {
#define COLUMN(title, pieces) {title, pieces},
#include "study/columns.def"
#undef COLUMN
};

/* ---- look-up tables, built before main ---- */

/* Open addressing with linear probing, at most a quarter full; a slot holds 0 for free. Both tables
 * compare the whole name: the hash only says where to begin. */
enum { CHILD_SLOTS = 2048, NAME_SLOTS = 8192, PATH_BYTES = 64 * 1024, TYPE_BYTES = 8 * 1024 };

static uint16_t child_slots[CHILD_SLOTS]; /* field id + 1 */
static struct {
  const char *p;
  uint16_t n, field;
  bool path; /* a dotted path, else a piece name */
} name_slots[NAME_SLOTS];
static char path_bytes[PATH_BYTES], type_bytes[TYPE_BYTES];
static size_t path_used, type_used;

static inline uint64_t load64(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static inline uint32_t load32(const char *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

/* Both ends of the key and its length: keys under one parent differ there. */
static inline uint32_t hash_key(uint16_t parent, const char *p, size_t n) {
  uint64_t a, b;
  if (n >= 8)
    a = load64(p), b = load64(p + n - 8);
  else if (n >= 4)
    a = load32(p), b = load32(p + n - 4);
  else
    a = n ? (unsigned char)p[0] : 0, b = n ? (unsigned char)p[n - 1] : 0;
  uint64_t h = (a ^ ((uint64_t)parent << 32 | n)) * 0x9E3779B97F4A7C15u;
  h = (h ^ (h >> 29) ^ b) * 0xBF58476D1CE4E5B9u;
  return (uint32_t)(h >> 40);
}

static uint32_t hash_name(const char *p, size_t n) {
  uint64_t h = n;
  for (size_t i = 0; i < n; i++)
    h = (h ^ (unsigned char)p[i]) * 0x100000001B3u;
  return (uint32_t)(h ^ (h >> 32));
}

uint16_t th_field_child(uint16_t parent, th_span key) {
  for (uint32_t s = hash_key(parent, key.p, key.n);; s++) {
    uint16_t slot = child_slots[s % CHILD_SLOTS];
    if (!slot) return TH_F_NONE;
    const th_field *f = &table[slot - 1];
    if (f->parent == parent && f->name_len == key.n && !memcmp(f->name, key.p, key.n)) return f->id;
  }
}

static uint16_t find_name(th_span name, bool paths) {
  for (uint32_t s = hash_name(name.p, name.n);; s++) {
    uint32_t at = s % NAME_SLOTS;
    if (!name_slots[at].p) return TH_F_NONE;
    if (name_slots[at].n == name.n && (paths || !name_slots[at].path) &&
        !memcmp(name_slots[at].p, name.p, name.n))
      return name_slots[at].field;
  }
}

uint16_t th_field_by_piece(th_span name) {
  return name.n ? find_name(name, false) : TH_F_NONE;
}

uint16_t th_field_by_path(th_span name) {
  return name.n ? find_name(name, true) : TH_F_NONE;
}

static void add_name(const char *p, size_t n, uint16_t field, bool path) {
  uint32_t s = hash_name(p, n);
  while (name_slots[s % NAME_SLOTS].p)
    s++;
  s %= NAME_SLOTS;
  name_slots[s].p = p;
  name_slots[s].n = (uint16_t)n;
  name_slots[s].field = field;
  name_slots[s].path = path;
}

static void add_names(const th_field *f) {
  add_name(f->piece, strlen(f->piece), f->id, false);
  add_name(f->path, f->path_len, f->id, true);
  for (const char *p = f->alt; *p;) {
    size_t n = strcspn(p, " ");
    add_name(p, n, f->id, false);
    p += n + (p[n] == ' ');
  }
  uint32_t s = hash_key(f->parent, f->name, f->name_len);
  while (child_slots[s % CHILD_SLOTS])
    s++;
  child_slots[s % CHILD_SLOTS] = (uint16_t)(f->id + 1);
}

/* A row that does not fit stops the program where it starts, which every test would show. */
static char *take(char *bytes, size_t *used, size_t max, size_t n) {
  if (*used + n > max) abort();
  char *p = bytes + *used;
  *used += n;
  return p;
}

static void set_path(th_field *f) {
  const th_field *up = f->parent == TH_F_NONE ? NULL : &table[f->parent];
  size_t head = up ? up->path_len + 1u : 0, n = head + f->name_len;
  char *p = take(path_bytes, &path_used, PATH_BYTES, n + 1);
  if (up) memcpy(p, up->path, up->path_len), p[head - 1] = '.';
  memcpy(p + head, f->name, f->name_len + 1u);
  if (n > UINT8_MAX) abort();
  f->path = p;
  f->path_len = (uint8_t)n;
}

/* "Phase[]" becomes "Phase" and a flag. */
static void set_type(th_field *f) {
  size_t n = strlen(f->type_name);
  if (n > 2 && f->type_name[n - 1] == ']') {
    char *p = take(type_bytes, &type_used, TYPE_BYTES, n - 1);
    memcpy(p, f->type_name, n - 2);
    f->type_name = p;
    f->flags |= TH_FF_LIST;
  }
  f->enum_id = TH_E_NONE;
  if (f->type != TH_FT_ENUM) return;
  for (uint16_t e = 0; e < TH_E_COUNT; e++)
    if (!strcmp(th_enums[e].type, f->type_name)) f->enum_id = e;
  if (f->enum_id == TH_E_NONE) abort();
}

static void set_links(uint16_t id) {
  th_field *f = &table[id];
  f->id = id;
  f->first_child = f->next_sibling = f->parent = TH_F_NONE;
  f->end = (uint16_t)(id + 1);
  while (f->end < TH_F_COUNT && table[f->end].depth > f->depth)
    f->end++;
  if (f->end > id + 1) f->first_child = (uint16_t)(id + 1);
  if (f->end < TH_F_COUNT && table[f->end].depth == f->depth) f->next_sibling = f->end;
  for (int up = id - 1; up >= 0 && f->depth && f->parent == TH_F_NONE; up--)
    if (table[up].depth < f->depth) f->parent = (uint16_t)up;
}

static void set_list(th_field *f) {
  f->list = f->parent == TH_F_NONE ? TH_F_NONE : table[f->parent].list;
  if (f->list == TH_F_NONE && f->type == TH_FT_STRUCT && (f->flags & TH_FF_LIST)) f->list = f->id;
}

/* Before all other constructors: they may rest on it. */
__attribute__((constructor(101))) static void build_catalogue(void) {
  for (uint16_t id = 0; id < TH_F_COUNT; id++) {
    set_links(id);
    set_type(&table[id]);
    set_path(&table[id]);
    set_list(&table[id]);
    add_names(&table[id]);
  }
  for (size_t i = 0; i < TH_COUNT(links); i++) {
    table[links[i].field].link_label = links[i].label;
    table[links[i].field].link_url = links[i].url;
  }
}

/* ---- enums and areas ---- */

int th_enum_value(uint16_t enum_id, th_span s) {
  if (enum_id >= TH_E_COUNT) return -1;
  const th_enum *e = &th_enums[enum_id];
  for (int i = 0; i < e->n && s.n; i++)
    if (e->values[i][0] == s.p[0] && th_span_eq(th_span_of(e->values[i]), s)) return i;
  for (int i = 0; i < e->n; i++)
    if (th_span_eq_nocase(th_span_of(e->values[i]), s) ||
        th_span_eq_nocase(th_span_of(e->labels[i]), s))
      return i;
  for (size_t i = 0; i < th_enum_excepts_n; i++)
    if (th_enum_excepts[i].enum_id == enum_id &&
        th_span_eq_nocase(th_span_of(th_enum_excepts[i].label), s))
      return th_enum_excepts[i].value;
  return -1;
}

const char *th_enum_name(uint16_t enum_id, int i) {
  if (enum_id >= TH_E_COUNT || i < 0 || i >= th_enums[enum_id].n) return NULL;
  return th_enums[enum_id].values[i];
}

const char *th_enum_legacy(uint16_t enum_id, int i, uint16_t field) {
  if (enum_id >= TH_E_COUNT || i < 0 || i >= th_enums[enum_id].n) return NULL;
  for (size_t k = 0; k < th_enum_excepts_n; k++) {
    const th_enum_except *x = &th_enum_excepts[k];
    if (x->field == field && x->enum_id == enum_id && x->value == i) return x->label;
  }
  return th_enums[enum_id].labels[i];
}

uint16_t th_area_by_name(th_span name) {
  for (uint16_t a = 0; a < TH_A_COUNT; a++)
    if (th_span_eq(th_span_of(th_areas[a].name), name)) return a;
  return TH_A_NONE;
}

uint16_t th_area_by_param(th_span param) {
  for (uint16_t a = 0; a < TH_A_COUNT && param.n; a++)
    if (th_span_eq(th_span_of(th_areas[a].param), param)) return a;
  return TH_A_NONE;
}
