/* Patients as columns, between the files of this room.
 *
 * Everything that differs between patients stands once in a table: persons (sex and age), keys (an
 * attribute, or a concept as records name it), bases (a fact of a key without its number and its
 * days) and forms (a base with its number). A block of patients then has, for each key, who has it
 * and in which form. All records are of fixed size and without pointers, so that they can be
 * written and mapped as they are (file.c). */
#ifndef TH_COHORT_COLUMNS_H
#define TH_COHORT_COLUMNS_H

#include "base/file.h"
#include "cohort/cohort.h"

enum {
  TH_CO_BLOCK = 16384, /* patients of a block */
  TH_CO_WORDS = TH_CO_BLOCK / 64,
};

/* ---- tables ---- */

typedef struct th_co_person {
  int32_t birth_first, birth_last; /* days */
  int32_t as_of;
  uint8_t sex, has_birth, adult, zero;
  double age_low, age_high; /* NAN: not said; 0 with a birth date */
} th_co_person;

typedef struct th_co_text {
  uint32_t at, n; /* in the strings */
} th_co_text;

typedef struct th_co_key {
  uint8_t type, category, zero[2]; /* th_fact_type */
  int32_t attribute;
  uint32_t concept_id;
  th_co_text label, code;
} th_co_key;

typedef struct th_co_base {
  uint32_t key;
  uint8_t certainty, experiencer, time, relation, absent, flags;
  uint8_t has_begin, has_end, ended, future; /* before and after as_of */
  uint8_t begin_precision, end_precision;
  uint32_t begin_days, end_days; /* of the dates behind their first days */
  th_co_text degree, unit;
  double high, canonical_high, normal_low, normal_high;
} th_co_base;

typedef struct th_co_form {
  double value, canonical; /* NAN for concepts */
  uint32_t base, zero;
} th_co_form;

/* Different records of one size, numbered in the order in which they came. */
typedef struct th_co_set {
  size_t size;
  uint8_t *items; /* owned unless mapped */
  uint32_t n, cap;
  uint32_t *slots; /* item + 1; NULL when mapped */
  uint32_t n_slots;
} th_co_set;

/* The number of the record, which is added when it is new; UINT32_MAX: out of memory. */
uint32_t th_co_set_put(th_co_set *s, const void *item);
void th_co_set_free(th_co_set *s); /* overwritten first */

/* ---- blocks ---- */

/* Who has a key. At `at` of the block's data: who u16[n], padded to 4 bytes, form u32[n] (numbers
 * among the key's forms), begin i32[n] if has_begin, end i32[n] if has_end (first days). Ascending
 * by patient. */
typedef struct th_co_run {
  uint32_t key, n;
  uint32_t at;
  uint8_t has_begin, has_end;
  uint8_t single; /* nobody twice */
  uint8_t zero;
} th_co_run;

typedef struct th_co_block {
  uint32_t n, n_runs;
  uint64_t n_data;
  const th_co_run *runs; /* ascending by key */
  const uint8_t *data;
  const uint32_t *persons; /* n */
  const th_co_text *ids;   /* n, in names; NULL when none are kept */
  const uint8_t *names;    /* all five owned unless mapped */
  uint64_t n_names;
} th_co_block;

typedef struct th_co_columns {
  const uint16_t *who;
  const uint32_t *form;
  const int32_t *begin, *end; /* or NULL */
} th_co_columns;
th_co_columns th_co_columns_of(const th_co_block *b, const th_co_run *r);
/* The run of a key, NULL when nobody in the block has it. */
const th_co_run *th_co_run_find(const th_co_block *b, uint32_t key);

/* One thing that one patient has, while a block is filled. */
typedef struct th_co_entry {
  uint32_t key, form; /* form: among the key's */
  int32_t begin, end;
  uint16_t who, zero;
} th_co_entry;

struct th_cohort {
  const th_concepts *dict;
  bool sealed, mapped, has_ids;
  th_map map;
  uint64_t n;
  th_co_set persons, keys, bases, forms, texts; /* texts: th_co_text of all strings that differ */
  uint8_t *strings;                             /* owned unless mapped */
  uint32_t n_strings, cap_strings;
  uint32_t *text_slots; /* text + 1, by hash of the words */
  uint32_t n_text_slots;
  uint32_t *local; /* by form: its number among its key's forms */
  uint32_t cap_local;
  uint32_t *key_n; /* by key: its forms */
  uint32_t cap_key_n;
  th_co_block *blocks;
  uint32_t n_blocks, cap_blocks;
  /* the block being filled */
  th_co_entry *entries;
  uint32_t n_entries, cap_entries;
  uint32_t *filling;       /* persons */
  th_co_text *filling_ids; /* in filling_names */
  uint8_t *filling_names;
  uint32_t n_filling, n_filling_names, cap_filling_names;
  /* made by sealing */
  uint32_t *key_first; /* by key, and one more: its forms in key_form */
  uint32_t *key_form;
};

static inline const th_co_person *th_co_person_at(const th_cohort *c, uint32_t i) {
  return (const th_co_person *)c->persons.items + i;
}
static inline const th_co_key *th_co_key_at(const th_cohort *c, uint32_t i) {
  return (const th_co_key *)c->keys.items + i;
}
static inline const th_co_base *th_co_base_at(const th_cohort *c, uint32_t i) {
  return (const th_co_base *)c->bases.items + i;
}
static inline const th_co_form *th_co_form_at(const th_cohort *c, uint32_t i) {
  return (const th_co_form *)c->forms.items + i;
}

/* The person, without facts, and a fact, as the verdicts know them; spans are borrowed from the
 * cohort. */
void th_co_person_make(const th_cohort *c, uint32_t person, th_patient *out);
void th_co_key_make(const th_cohort *c, uint32_t key, th_patient_fact *out);
void th_co_fact_make(const th_cohort *c, uint32_t form, int32_t begin, int32_t end,
                     th_patient_fact *out);
/* By what a key's forms stand together (key_first, key_form). */
int th_co_order_forms(th_cohort *c, th_err *err) TH_MUST_USE;

#endif
