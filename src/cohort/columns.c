/* Patients into columns. */
#include "cohort/columns.h"

#include <math.h>
#include <xxhash.h>

#include "cohort/memory.h"
#include "eligibility/attributes.h"

th_cohort *th_cohort_new(const th_concepts *dict) {
  th_cohort *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->dict = dict;
  c->persons.size = sizeof(th_co_person);
  c->keys.size = sizeof(th_co_key);
  c->bases.size = sizeof(th_co_base);
  c->forms.size = sizeof(th_co_form);
  c->texts.size = sizeof(th_co_text);
  return c;
}

static void free_block(th_co_block *b) {
  th_wiped_free((void *)b->runs, b->n_runs * sizeof *b->runs);
  th_wiped_free((void *)b->data, b->n_data);
  th_wiped_free((void *)b->persons, b->n * sizeof *b->persons);
  th_wiped_free((void *)b->ids, b->ids ? b->n * sizeof *b->ids : 0);
  th_wiped_free((void *)b->names, b->n_names);
}

static void free_owned(th_cohort *c) {
  th_co_set_free(&c->persons);
  th_co_set_free(&c->keys);
  th_co_set_free(&c->bases);
  th_co_set_free(&c->forms);
  th_co_set_free(&c->texts);
  th_wiped_free(c->strings, c->cap_strings);
  for (uint32_t i = 0; i < c->n_blocks; i++)
    free_block(&c->blocks[i]);
}

void th_cohort_free(th_cohort *c) {
  if (!c) return;
  if (!c->mapped) free_owned(c);
  free(c->blocks);
  free(c->text_slots);
  free(c->local);
  free(c->key_n);
  th_wiped_free(c->entries, (size_t)c->cap_entries * sizeof *c->entries);
  th_wiped_free(c->filling, c->filling ? TH_CO_BLOCK * sizeof *c->filling : 0);
  th_wiped_free(c->filling_ids, c->filling_ids ? TH_CO_BLOCK * sizeof *c->filling_ids : 0);
  th_wiped_free(c->filling_names, c->cap_filling_names);
  free(c->key_first);
  free(c->key_form);
  if (c->mapped) th_map_close(&c->map);
  free(c);
}

void th_cohort_keep_ids(th_cohort *c) {
  c->has_ids = true;
}

bool th_cohort_has_ids(const th_cohort *c) {
  return c->has_ids;
}

uint64_t th_cohort_size(const th_cohort *c) {
  return c->n;
}

static uint64_t set_bytes(const th_co_set *s) {
  return (uint64_t)s->n * s->size + (uint64_t)s->n_slots * 4;
}

uint64_t th_cohort_bytes(const th_cohort *c) {
  uint64_t n = set_bytes(&c->persons) + set_bytes(&c->keys) + set_bytes(&c->bases) +
               set_bytes(&c->forms) + set_bytes(&c->texts) + c->n_strings;
  if (c->mapped) return c->map.n;
  for (uint32_t i = 0; i < c->n_blocks; i++) {
    const th_co_block *b = &c->blocks[i];
    n += b->n_data + b->n_runs * sizeof *b->runs + b->n * sizeof *b->persons + b->n_names;
    if (b->ids) n += b->n * sizeof *b->ids;
  }
  return n + (uint64_t)c->forms.n * 8; /* their order */
}

/* ---- strings ---- */

static th_span words_of(const th_cohort *c, th_co_text t) {
  return (th_span){(const char *)c->strings + t.at, t.n};
}

static bool more_texts(th_cohort *c) {
  uint32_t n = c->n_text_slots ? c->n_text_slots * 2 : 256;
  uint32_t *slots = n ? calloc(n, sizeof *slots) : NULL;
  if (!slots) return false;
  for (uint32_t i = 0; i < c->texts.n; i++) {
    th_span s = words_of(c, ((th_co_text *)c->texts.items)[i]);
    uint32_t at = (uint32_t)XXH3_64bits(s.p, s.n) & (n - 1);
    while (slots[at])
      at = (at + 1) & (n - 1);
    slots[at] = i + 1;
  }
  free(c->text_slots);
  c->text_slots = slots;
  c->n_text_slots = n;
  return true;
}

static bool room_for_words(th_cohort *c, size_t n) {
  if (n > UINT32_MAX / 2 || c->n_strings > UINT32_MAX / 2 - n) return false;
  while (c->cap_strings - c->n_strings < n)
    if (!th_wiped_room((void **)&c->strings, c->cap_strings, &c->cap_strings, 1)) return false;
  return true;
}

/* Where the words stand, each once. */
static bool put_words(th_cohort *c, th_span s, th_co_text *out) {
  *out = (th_co_text){0};
  if (s.n == 0) return true;
  if (c->texts.n >= c->n_text_slots / 2 && !more_texts(c)) return false;
  uint32_t at = (uint32_t)XXH3_64bits(s.p, s.n) & (c->n_text_slots - 1);
  for (; c->text_slots[at]; at = (at + 1) & (c->n_text_slots - 1)) {
    *out = ((th_co_text *)c->texts.items)[c->text_slots[at] - 1];
    if (th_span_eq(words_of(c, *out), s)) return true;
  }
  if (!room_for_words(c, s.n)) return false;
  *out = (th_co_text){c->n_strings, (uint32_t)s.n};
  memcpy(c->strings + c->n_strings, s.p, s.n);
  c->n_strings += (uint32_t)s.n;
  c->text_slots[at] = c->texts.n + 1;
  return th_co_set_put(&c->texts, out) != UINT32_MAX;
}

/* ---- one fact ---- */

/* What differs only in the bits of a number that is none is the same. */
static double plain(double v) {
  return isnan(v) ? (double)NAN : v;
}

static uint32_t put_key(th_cohort *c, const th_patient_fact *f) {
  th_co_key k;
  memset(&k, 0, sizeof k);
  k.type = f->type;
  k.attribute = -1;
  k.concept_id = TH_NO_CONCEPT;
  if (f->type == TH_FACT_VALUE) {
    k.attribute = f->attribute;
  } else {
    k.category = f->category;
    k.concept_id = f->concept_id;
    if (!put_words(c, f->label, &k.label) || !put_words(c, f->code, &k.code)) return UINT32_MAX;
  }
  uint32_t n = c->keys.n, at = th_co_set_put(&c->keys, &k);
  if (at != n || at == UINT32_MAX) return at;
  if (!th_wiped_room((void **)&c->key_n, n, &c->cap_key_n, sizeof *c->key_n)) return UINT32_MAX;
  c->key_n[at] = 0;
  return at;
}

static uint32_t put_base(th_cohort *c, const th_patient_fact *f, int32_t as_of, uint32_t key) {
  th_co_base b;
  memset(&b, 0, sizeof b);
  b.key = key;
  b.certainty = f->certainty;
  b.experiencer = f->experiencer;
  b.time = f->time;
  b.relation = f->relation;
  b.absent = f->absent;
  b.flags = f->flags;
  b.has_begin = f->has_begin;
  b.has_end = f->has_end;
  if (f->has_begin) {
    b.future = f->begin.last_day > as_of;
    b.begin_precision = f->begin.precision;
    b.begin_days = (uint32_t)f->begin.last_day - (uint32_t)f->begin.first_day;
  }
  if (f->has_end) {
    b.ended = f->end.last_day < as_of;
    b.end_precision = f->end.precision;
    b.end_days = (uint32_t)f->end.last_day - (uint32_t)f->end.first_day;
  }
  b.high = plain(f->high);
  b.canonical_high = plain(f->canonical_high);
  b.normal_low = plain(f->normal_low);
  b.normal_high = plain(f->normal_high);
  if (!put_words(c, f->degree, &b.degree) || !put_words(c, f->unit, &b.unit)) return UINT32_MAX;
  return th_co_set_put(&c->bases, &b);
}

static uint32_t put_form(th_cohort *c, const th_patient_fact *f, uint32_t key, uint32_t base) {
  th_co_form form;
  memset(&form, 0, sizeof form);
  form.base = base;
  form.value = plain(f->value);
  form.canonical = plain(f->canonical);
  uint32_t n = c->forms.n, at = th_co_set_put(&c->forms, &form);
  if (at == UINT32_MAX) return at;
  if (at == n) {
    if (!th_wiped_room((void **)&c->local, n, &c->cap_local, sizeof *c->local)) return UINT32_MAX;
    c->local[at] = c->key_n[key]++;
  }
  return c->local[at];
}

static bool put_fact(th_cohort *c, const th_patient_fact *f, int32_t as_of) {
  th_co_entry e = {.who = (uint16_t)c->n_filling};
  if (f->has_begin) e.begin = f->begin.first_day;
  if (f->has_end) e.end = f->end.first_day;
  e.key = put_key(c, f);
  uint32_t base = e.key == UINT32_MAX ? UINT32_MAX : put_base(c, f, as_of, e.key);
  if (base == UINT32_MAX) return false;
  e.form = put_form(c, f, e.key, base);
  if (e.form == UINT32_MAX ||
      !th_wiped_room((void **)&c->entries, c->n_entries, &c->cap_entries, sizeof *c->entries))
    return false;
  c->entries[c->n_entries++] = e;
  return true;
}

static bool is_age(const th_patient_fact *f) {
  return !strcmp(th_elig_attributes[f->attribute].key, "age");
}

/* Of the values those that count; the value of an age only where the patient's age does not say it
 * (match/verdict_number.c). */
static bool put_facts(th_cohort *c, const th_verdict_patient *v) {
  const th_patient *p = v->p;
  bool aged = (p->has_birth && p->birth.last_day <= p->as_of) ||
              (!isnan(p->age_low) && !isnan(p->age_high));
  for (uint32_t i = 0; i < p->n_facts; i++) {
    const th_patient_fact *f = &p->facts[i];
    if (f->type != TH_FACT_VALUE || f->attribute < 0 ||
        (uint32_t)f->attribute >= th_elig_n_attributes)
      continue;
    bool percent = isnan(f->canonical) && th_verdict_percent(v, (uint32_t)f->attribute) == i;
    if (v->value[f->attribute] != i && !percent) continue;
    if (!(aged && is_age(f)) && !put_fact(c, f, p->as_of)) return false;
  }
  for (uint32_t i = 0; i < v->n_concepts; i++)
    if (!put_fact(c, &p->facts[v->concepts[i]], p->as_of)) return false;
  return true;
}

static uint32_t put_person(th_cohort *c, const th_verdict_patient *v) {
  const th_patient *p = v->p;
  th_co_person person;
  memset(&person, 0, sizeof person);
  person.as_of = p->as_of;
  person.sex = (uint8_t)p->sex;
  person.adult = v->adult;
  person.has_birth = p->has_birth;
  if (p->has_birth) {
    person.birth_first = p->birth.first_day;
    person.birth_last = p->birth.last_day;
  }
  bool counts = p->has_birth && p->birth.last_day <= p->as_of;
  person.age_low = counts ? 0 : plain(p->age_low);
  person.age_high = counts ? 0 : plain(p->age_high);
  return th_co_set_put(&c->persons, &person);
}

/* ---- blocks ---- */

static int cmp_entry(const th_co_entry *a, const th_co_entry *b) {
  if (a->form != b->form) return a->form < b->form ? -1 : 1;
  if (a->begin != b->begin) return a->begin < b->begin ? -1 : 1;
  return (a->end > b->end) - (a->end < b->end);
}

/* Entries of one patient and key, ordered and each once; returns how many are left. */
static uint32_t settle_group(th_co_entry *e, uint32_t n) {
  uint32_t kept = 0;
  for (uint32_t i = 1; i < n; i++) {
    th_co_entry x = e[i];
    uint32_t k = i;
    for (; k && cmp_entry(&e[k - 1], &x) > 0; k--)
      e[k] = e[k - 1];
    e[k] = x;
  }
  for (uint32_t i = 0; i < n; i++)
    if (i == 0 || cmp_entry(&e[kept - 1], &e[i])) e[kept++] = e[i];
  return kept;
}

/* Entries by key; those of a key stay in the order in which their patients came. */
static bool sort_entries(th_cohort *c) {
  size_t bytes = (size_t)c->cap_entries * sizeof *c->entries;
  uint32_t *at = calloc((size_t)c->keys.n + 1, sizeof *at);
  th_co_entry *to = malloc(bytes ? bytes : 1);
  if (!at || !to) return free(at), free(to), false;
  for (uint32_t i = 0; i < c->n_entries; i++)
    at[c->entries[i].key + 1]++;
  for (uint32_t k = 0; k < c->keys.n; k++)
    at[k + 1] += at[k];
  for (uint32_t i = 0; i < c->n_entries; i++)
    to[at[c->entries[i].key]++] = c->entries[i];
  th_wiped_free(c->entries, bytes);
  free(at);
  c->entries = to;
  uint32_t kept = 0;
  for (uint32_t i = 0, n; i < c->n_entries; i += n) {
    for (n = 1; i + n < c->n_entries && to[i + n].key == to[i].key && to[i + n].who == to[i].who;)
      n++;
    uint32_t left = settle_group(to + i, n);
    memmove(to + kept, to + i, left * sizeof *to);
    kept += left;
  }
  c->n_entries = kept;
  return true;
}

static size_t run_bytes(const th_co_run *r) {
  size_t n = r->n;
  return ((n * 2 + 3) & ~(size_t)3) + n * 4 * (1u + r->has_begin + r->has_end);
}

th_co_columns th_co_columns_of(const th_co_block *b, const th_co_run *r) {
  const uint8_t *p = b->data + r->at;
  th_co_columns out = {.who = (const uint16_t *)p};
  p += ((size_t)r->n * 2 + 3) & ~(size_t)3;
  out.form = (const uint32_t *)p;
  p += (size_t)r->n * 4;
  if (r->has_begin) out.begin = (const int32_t *)p, p += (size_t)r->n * 4;
  if (r->has_end) out.end = (const int32_t *)p;
  return out;
}

const th_co_run *th_co_run_find(const th_co_block *b, uint32_t key) {
  uint32_t low = 0, high = b->n_runs;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (b->runs[mid].key < key)
      low = mid + 1;
    else
      high = mid;
  }
  return low < b->n_runs && b->runs[low].key == key ? &b->runs[low] : NULL;
}

static uint32_t make_runs(const th_cohort *c, th_co_run *runs) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n_entries; i++) {
    const th_co_entry *e = &c->entries[i];
    if (!n || runs[n - 1].key != e->key)
      runs[n++] = (th_co_run){.key = e->key, .single = 1};
    else if (e[-1].who == e->who)
      runs[n - 1].single = 0;
    runs[n - 1].n++;
    runs[n - 1].has_begin |= e->begin != 0;
    runs[n - 1].has_end |= e->end != 0;
  }
  return n;
}

static void fill_run(const th_co_block *b, const th_co_run *r, const th_co_entry *e) {
  th_co_columns to = th_co_columns_of(b, r);
  for (uint32_t i = 0; i < r->n; i++) {
    ((uint16_t *)to.who)[i] = e[i].who;
    ((uint32_t *)to.form)[i] = e[i].form;
    if (to.begin) ((int32_t *)to.begin)[i] = e[i].begin;
    if (to.end) ((int32_t *)to.end)[i] = e[i].end;
  }
}

/* The ids of the block that ends, and their names. */
static bool end_ids(th_cohort *c, th_co_block *b) {
  if (!c->has_ids) return true;
  th_co_text *ids = malloc(b->n * sizeof *ids);
  uint8_t *names = malloc((size_t)c->n_filling_names + 1);
  b->ids = ids;
  b->names = names;
  if (!ids || !names) return false;
  memcpy(ids, c->filling_ids, b->n * sizeof *ids);
  if (c->n_filling_names) memcpy(names, c->filling_names, c->n_filling_names);
  b->n_names = c->n_filling_names;
  c->n_filling_names = 0;
  return true;
}

static int end_block(th_cohort *c, th_err *err) {
  th_co_block b = {.n = c->n_filling};
  th_co_run *runs = NULL;
  uint64_t bytes = 0;
  if (b.n == 0) return 0;
  if (!sort_entries(c) ||
      !th_wiped_room((void **)&c->blocks, c->n_blocks, &c->cap_blocks, sizeof *c->blocks) ||
      !(runs = malloc((size_t)(c->n_entries + 1) * sizeof *runs)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  b.n_runs = make_runs(c, runs);
  for (uint32_t i = 0; i < b.n_runs; i++) {
    runs[i].at = (uint32_t)bytes;
    bytes += run_bytes(&runs[i]);
  }
  b.n_data = bytes;
  b.runs = malloc(b.n_runs * sizeof *runs + 1);
  b.data = calloc(1, bytes + 1);
  b.persons = malloc(b.n * sizeof *b.persons);
  bool ok = b.runs && b.data && b.persons && bytes <= UINT32_MAX && end_ids(c, &b);
  if (ok) {
    memcpy((void *)b.runs, runs, b.n_runs * sizeof *runs);
    memcpy((void *)b.persons, c->filling, b.n * sizeof *b.persons);
    for (uint32_t i = 0, at = 0; i < b.n_runs; at += runs[i++].n)
      fill_run(&b, &runs[i], c->entries + at);
    c->blocks[c->n_blocks++] = b;
    c->n_filling = c->n_entries = 0;
  } else {
    free((void *)b.runs), free((void *)b.data), free((void *)b.persons);
    free((void *)b.ids), free((void *)b.names);
  }
  free(runs);
  return ok ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* The id of the patient that comes next in the block. */
static bool put_id(th_cohort *c, th_span id) {
  if (!c->has_ids) return true;
  if (!c->filling_ids && !(c->filling_ids = malloc(TH_CO_BLOCK * sizeof *c->filling_ids)))
    return false;
  if (id.n > TH_COHORT_ID_MAX) id.n = 0;
  while (c->cap_filling_names - c->n_filling_names < id.n)
    if (!th_wiped_room((void **)&c->filling_names, c->cap_filling_names, &c->cap_filling_names, 1))
      return false;
  c->filling_ids[c->n_filling] = (th_co_text){c->n_filling_names, (uint32_t)id.n};
  if (id.n) memcpy(c->filling_names + c->n_filling_names, id.p, id.n);
  c->n_filling_names += (uint32_t)id.n;
  return true;
}

int th_cohort_add(th_cohort *c, const th_verdict_patient *patient, th_err *err) {
  if (!c->filling && !(c->filling = malloc(TH_CO_BLOCK * sizeof *c->filling)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  uint32_t person = put_person(c, patient), before = c->n_entries;
  if (person == UINT32_MAX || !put_facts(c, patient) || !put_id(c, patient->p->id)) {
    c->n_entries = before;
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  c->filling[c->n_filling++] = person;
  c->n++;
  return c->n_filling == TH_CO_BLOCK ? end_block(c, err) : 0;
}

int th_co_order_forms(th_cohort *c, th_err *err) {
  c->key_first = calloc((size_t)c->keys.n + 1, sizeof *c->key_first);
  c->key_form = malloc(((size_t)c->forms.n + 1) * sizeof *c->key_form);
  if (!c->key_first || !c->key_form) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < c->forms.n; i++)
    c->key_first[th_co_base_at(c, th_co_form_at(c, i)->base)->key + 1]++;
  for (uint32_t k = 0; k < c->keys.n; k++)
    c->key_first[k + 1] += c->key_first[k];
  uint32_t *at = malloc(((size_t)c->keys.n + 1) * sizeof *at);
  if (!at) return th_err_set(err, TH_ENOMEM, "out of memory");
  memcpy(at, c->key_first, ((size_t)c->keys.n + 1) * sizeof *at);
  for (uint32_t i = 0; i < c->forms.n; i++)
    c->key_form[at[th_co_base_at(c, th_co_form_at(c, i)->base)->key]++] = i;
  free(at);
  return 0;
}

int th_cohort_seal(th_cohort *c, th_err *err) {
  int rc = end_block(c, err);
  if (rc == 0) rc = th_co_order_forms(c, err);
  if (rc == 0) c->sealed = true;
  return rc;
}

/* ---- back to facts ---- */

void th_co_person_make(const th_cohort *c, uint32_t i, th_patient *out) {
  const th_co_person *p = th_co_person_at(c, i);
  *out = (th_patient){.as_of = p->as_of,
                      .sex = (char)p->sex,
                      .has_birth = p->has_birth,
                      .birth = {p->birth_first, p->birth_last, 0, TH_DATE_DAY},
                      .age_low = p->age_low,
                      .age_high = p->age_high};
}

void th_co_key_make(const th_cohort *c, uint32_t i, th_patient_fact *out) {
  const th_co_key *k = th_co_key_at(c, i);
  *out = (th_patient_fact){.type = k->type,
                           .category = k->category,
                           .attribute = k->attribute,
                           .concept_id = k->concept_id,
                           .label = words_of(c, k->label),
                           .code = words_of(c, k->code)};
  if (k->attribute >= 0) {
    out->label = th_span_of(th_elig_attributes[k->attribute].name);
    out->canonical_unit = th_elig_attributes[k->attribute].unit;
  }
}

void th_co_fact_make(const th_cohort *c, uint32_t form, int32_t begin, int32_t end,
                     th_patient_fact *out) {
  const th_co_form *f = th_co_form_at(c, form);
  const th_co_base *b = th_co_base_at(c, f->base);
  th_co_key_make(c, b->key, out);
  out->certainty = b->certainty;
  out->experiencer = b->experiencer;
  out->time = b->time;
  out->relation = b->relation;
  out->absent = b->absent;
  out->flags = b->flags;
  out->value = f->value;
  out->high = b->high;
  out->canonical = f->canonical;
  out->canonical_high = b->canonical_high;
  out->normal_low = b->normal_low;
  out->normal_high = b->normal_high;
  out->unit = words_of(c, b->unit);
  out->degree = words_of(c, b->degree);
  out->has_begin = b->has_begin;
  out->has_end = b->has_end;
  if (b->has_begin)
    out->begin = (th_date){begin, begin + (int32_t)b->begin_days, 0, b->begin_precision};
  if (b->has_end) out->end = (th_date){end, end + (int32_t)b->end_days, 0, b->end_precision};
}
