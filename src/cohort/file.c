/* Cohorts as files: written only when somebody asks for it, mapped and never changed.
 *
 *   file    := head person{…} key{…} base{…} form{…} string{…} place{n_blocks} block{n_blocks}
 *              u64 hash
 *   head    := th_co_head: magic "THCOH\r\n\x01", the counts, and where each section starts
 *   block   := run{n_runs} u32 person{n} byte data{n_data} (text id{n} byte name{n_names})?
 *              place says where each of them starts; ids are there when head.has_ids
 *
 * Records are those of columns.h as they stand in memory, little-endian; sections start at
 * multiples of 16, with zeros between. hash is the XXH3-64 of all before it. attributes and
 * dictionary are of what the patients were read with: facts name rows of the one and concepts of
 * the other. */
#include <stdio.h>
#include <xxhash.h>

#include "cohort/columns.h"
#include "criteria/book.h"
#include "eligibility/attributes.h"

#define MAGIC "THCOH\r\n\x01"

enum { VERSION = 2, SECTIONS = 6 };

typedef struct th_co_head {
  char magic[8];
  uint32_t version, n_blocks;
  uint64_t n_patients, attributes, dictionary;
  uint32_t n_persons, n_keys, n_bases, n_forms, n_strings, has_ids;
  uint64_t starts[SECTIONS]; /* persons, keys, bases, forms, strings, places */
} th_co_head;

typedef struct th_co_place {
  uint32_t n, n_runs;
  uint64_t n_data, n_names, runs, persons, data, ids, names;
} th_co_place;

static uint64_t aligned(uint64_t n) {
  return (n + 15) & ~(uint64_t)15;
}

/* ---- writing ---- */

static void put_aligned(th_file_writer *w, const void *p, size_t n) {
  static const char zeros[16];
  if (n) th_file_writer_put(w, p, n);
  th_file_writer_put(w, zeros, (size_t)(aligned(n) - n));
}

static void place_blocks(const th_cohort *c, uint64_t at, th_co_place *places) {
  at += aligned(c->n_blocks * sizeof *places);
  for (uint32_t i = 0; i < c->n_blocks; i++) {
    const th_co_block *b = &c->blocks[i];
    places[i] = (th_co_place){
        .n = b->n, .n_runs = b->n_runs, .n_data = b->n_data, .n_names = b->n_names, .runs = at};
    at += aligned(b->n_runs * sizeof *b->runs);
    places[i].persons = at;
    at += aligned(b->n * sizeof *b->persons);
    places[i].data = at;
    at += aligned(b->n_data);
    if (!c->has_ids) continue;
    places[i].ids = at;
    at += aligned(b->n * sizeof *b->ids);
    places[i].names = at;
    at += aligned(b->n_names);
  }
}

int th_cohort_save(const th_cohort *c, const char *path, th_err *err) {
  th_criteria_basis basis;
  th_criteria_basis_now(&basis, c->dict);
  th_co_head h = {.version = VERSION,
                  .n_blocks = c->n_blocks,
                  .n_patients = c->n,
                  .attributes = basis.attributes,
                  .dictionary = c->dict ? c->dict->basis : 0,
                  .n_persons = c->persons.n,
                  .n_keys = c->keys.n,
                  .n_bases = c->bases.n,
                  .n_forms = c->forms.n,
                  .n_strings = c->n_strings,
                  .has_ids = c->has_ids};
  const th_co_set *sets[] = {&c->persons, &c->keys, &c->bases, &c->forms};
  uint64_t at = aligned(sizeof h);
  if (!c->sealed) return th_err_set(err, TH_EUSAGE, "the cohort is not complete");
  th_co_place *places = calloc((size_t)c->n_blocks + 1, sizeof *places);
  th_file_writer *w = places ? th_file_writer_new_private(path, err) : NULL;
  if (!w) return free(places), th_err_set(err, TH_ENOMEM, "out of memory");
  memcpy(h.magic, MAGIC, sizeof h.magic);
  for (unsigned i = 0; i < TH_COUNT(sets); i++) {
    h.starts[i] = at;
    at += aligned((uint64_t)sets[i]->n * sets[i]->size);
  }
  h.starts[4] = at;
  h.starts[5] = at + aligned(c->n_strings);
  place_blocks(c, h.starts[5], places);
  put_aligned(w, &h, sizeof h);
  for (unsigned i = 0; i < TH_COUNT(sets); i++)
    put_aligned(w, sets[i]->items, sets[i]->n * sets[i]->size);
  put_aligned(w, c->strings, c->n_strings);
  put_aligned(w, places, c->n_blocks * sizeof *places);
  for (uint32_t i = 0; i < c->n_blocks; i++) {
    put_aligned(w, c->blocks[i].runs, c->blocks[i].n_runs * sizeof(th_co_run));
    put_aligned(w, c->blocks[i].persons, c->blocks[i].n * sizeof(uint32_t));
    put_aligned(w, c->blocks[i].data, c->blocks[i].n_data);
    if (!c->has_ids) continue;
    put_aligned(w, c->blocks[i].ids, c->blocks[i].n * sizeof(th_co_text));
    put_aligned(w, c->blocks[i].names, c->blocks[i].n_names);
  }
  uint64_t hash = th_file_writer_hash(w);
  th_file_writer_put(w, &hash, sizeof hash);
  free(places);
  return th_file_writer_finish(w, true, err);
}

/* ---- opening ---- */

static int corrupt(const char *path, th_err *err) {
  return th_err_set(err, TH_ECORRUPT, "%s is damaged", path);
}

/* Whether n records of a size stand at an offset. */
static bool stands(const th_map *m, uint64_t at, uint64_t n, size_t size) {
  return at % 16 == 0 && at <= m->n - 8 && n <= (m->n - 8 - at) / size;
}

static bool take_set(th_cohort *c, th_co_set *s, uint64_t at, uint32_t n) {
  if (!stands(&c->map, at, n, s->size)) return false;
  s->items = (uint8_t *)c->map.p + at;
  s->n = s->cap = n;
  return true;
}

static bool take_ids(const th_cohort *c, const th_co_place *p, th_co_block *b) {
  if (!stands(&c->map, p->ids, p->n, sizeof *b->ids) || !stands(&c->map, p->names, p->n_names, 1))
    return false;
  b->ids = (const th_co_text *)(c->map.p + p->ids);
  b->names = c->map.p + p->names;
  b->n_names = p->n_names;
  for (uint32_t i = 0; i < b->n; i++)
    if (b->ids[i].at > b->n_names || b->ids[i].n > b->n_names - b->ids[i].at ||
        b->ids[i].n > TH_COHORT_ID_MAX)
      return false;
  return true;
}

static bool take_block(th_cohort *c, const th_co_place *p, th_co_block *b) {
  if (p->n == 0 || p->n > TH_CO_BLOCK || !stands(&c->map, p->runs, p->n_runs, sizeof *b->runs) ||
      !stands(&c->map, p->persons, p->n, sizeof *b->persons) ||
      !stands(&c->map, p->data, p->n_data, 1))
    return false;
  *b = (th_co_block){.n = p->n,
                     .n_runs = p->n_runs,
                     .n_data = p->n_data,
                     .runs = (const th_co_run *)(c->map.p + p->runs),
                     .data = c->map.p + p->data,
                     .persons = (const uint32_t *)(c->map.p + p->persons)};
  for (uint32_t i = 0; i < b->n; i++)
    if (b->persons[i] >= c->persons.n) return false;
  return !c->has_ids || take_ids(c, p, b);
}

static bool is_text(const th_cohort *c, th_co_text t) {
  return t.at <= c->n_strings && t.n <= c->n_strings - t.at;
}

static bool tables_fit(const th_cohort *c) {
  for (uint32_t i = 0; i < c->keys.n; i++) {
    const th_co_key *k = th_co_key_at(c, i);
    if (!is_text(c, k->label) || !is_text(c, k->code) || k->type > TH_FACT_CONCEPT) return false;
    if (k->category >= TH_ELIG_N_CATEGORIES) return false;
    if (k->concept_id != TH_NO_CONCEPT && (!c->dict || k->concept_id >= c->dict->n_concepts))
      return false;
    if ((k->type == TH_FACT_VALUE) != (k->attribute >= 0) ||
        (k->attribute >= 0 && (uint32_t)k->attribute >= th_elig_n_attributes))
      return false;
  }
  for (uint32_t i = 0; i < c->bases.n; i++) {
    const th_co_base *b = th_co_base_at(c, i);
    if (b->key >= c->keys.n || !is_text(c, b->degree) || !is_text(c, b->unit)) return false;
  }
  for (uint32_t i = 0; i < c->forms.n; i++)
    if (th_co_form_at(c, i)->base >= c->bases.n) return false;
  return true;
}

static bool run_fits(const th_cohort *c, const th_co_block *b, const th_co_run *r) {
  uint64_t n = r->n, bytes = ((n * 2 + 3) & ~(uint64_t)3) + n * 4;
  if (r->has_begin > 1 || r->has_end > 1 || r->key >= c->keys.n || r->at % 4) return false;
  bytes += n * 4 * (r->has_begin + r->has_end);
  if (r->at > b->n_data || bytes > b->n_data - r->at) return false;
  th_co_columns v = th_co_columns_of(b, r);
  uint32_t forms = c->key_first[r->key + 1] - c->key_first[r->key];
  for (uint32_t i = 0; i < r->n; i++)
    if (v.who[i] >= b->n || v.form[i] >= forms || (i && v.who[i] < v.who[i - 1])) return false;
  return true;
}

static bool blocks_fit(const th_cohort *c) {
  for (uint32_t i = 0; i < c->n_blocks; i++) {
    const th_co_block *b = &c->blocks[i];
    for (uint32_t k = 0; k < b->n_runs; k++)
      if ((k && b->runs[k].key <= b->runs[k - 1].key) || !run_fits(c, b, &b->runs[k])) return false;
  }
  return true;
}

static int take_sections(th_cohort *c, const th_co_head *h, const char *path, th_err *err) {
  uint64_t patients = 0;
  bool ok = take_set(c, &c->persons, h->starts[0], h->n_persons) &&
            take_set(c, &c->keys, h->starts[1], h->n_keys) &&
            take_set(c, &c->bases, h->starts[2], h->n_bases) &&
            take_set(c, &c->forms, h->starts[3], h->n_forms) &&
            stands(&c->map, h->starts[4], h->n_strings, 1) &&
            stands(&c->map, h->starts[5], h->n_blocks, sizeof(th_co_place));
  if (!ok) return corrupt(path, err);
  c->strings = (uint8_t *)c->map.p + h->starts[4];
  c->n_strings = h->n_strings;
  c->has_ids = h->has_ids;
  c->blocks = calloc((size_t)h->n_blocks + 1, sizeof *c->blocks);
  if (!c->blocks) return th_err_set(err, TH_ENOMEM, "out of memory");
  const th_co_place *places = (const th_co_place *)(c->map.p + h->starts[5]);
  for (; ok && c->n_blocks < h->n_blocks; c->n_blocks++) {
    ok = take_block(c, &places[c->n_blocks], &c->blocks[c->n_blocks]);
    if (ok) patients += c->blocks[c->n_blocks].n;
  }
  if (!ok || patients != h->n_patients || !tables_fit(c)) return corrupt(path, err);
  c->n = patients;
  int rc = th_co_order_forms(c, err);
  return rc < 0 || blocks_fit(c) ? rc : corrupt(path, err);
}

static int check_head(const th_cohort *c, const th_co_head *h, const char *path, th_err *err) {
  th_criteria_basis basis;
  uint64_t hash;
  if (h->version != VERSION || h->has_ids > 1)
    return th_err_set(err, TH_EINPUT, "%s was saved by another version of trialhead", path);
  memcpy(&hash, c->map.p + c->map.n - sizeof hash, sizeof hash);
  if (hash != XXH3_64bits(c->map.p, c->map.n - sizeof hash)) return corrupt(path, err);
  th_criteria_basis_now(&basis, c->dict);
  if (h->attributes != basis.attributes || h->dictionary != (c->dict ? c->dict->basis : 0))
    return th_err_set(err, TH_EINPUT,
                      "%s was saved with another dictionary of concepts: read the patients anew",
                      path);
  return 0;
}

int th_cohort_open(th_cohort **out, const char *path, const th_concepts *dict, th_err *err) {
  th_co_head h;
  th_cohort *c = th_cohort_new(dict);
  *out = NULL;
  if (!c) return th_err_set(err, TH_ENOMEM, "out of memory");
  c->mapped = true;
  int rc = th_map_open(&c->map, path, err);
  if (rc == 0 && (c->map.n < sizeof h + 8 || memcmp(c->map.p, MAGIC, sizeof h.magic)))
    rc = th_err_set(err, TH_EINPUT, "%s is no saved cohort", path);
  if (rc == 0) {
    memcpy(&h, c->map.p, sizeof h);
    rc = check_head(c, &h, path, err);
  }
  if (rc == 0) rc = take_sections(c, &h, path, err);
  if (rc < 0) {
    th_cohort_free(c);
    return rc;
  }
  c->sealed = true;
  *out = c;
  return 0;
}

bool th_cohort_is_file(const char *path) {
  char magic[8];
  FILE *f = strcmp(path, "-") ? fopen(path, "rb") : NULL;
  bool is =
      f && fread(magic, 1, sizeof magic, f) == sizeof magic && !memcmp(magic, MAGIC, sizeof magic);
  if (f) fclose(f);
  return is;
}
