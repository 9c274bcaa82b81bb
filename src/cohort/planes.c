/* Facts of the criteria over a block: answers as bytes, then as planes. */
#include "cohort/planes.h"

#include "cohort/memory.h"

enum { CHUNK = 32 };

#define ALL8                                                                                       \
  UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX
#define ALL64 ALL8, ALL8, ALL8, ALL8, ALL8, ALL8, ALL8, ALL8
const uint64_t th_plane_none[TH_CO_WORDS];
const uint64_t th_plane_all[TH_CO_WORDS] = {ALL64, ALL64, ALL64, ALL64};
_Static_assert(TH_CO_WORDS == 4 * 64, "th_plane_all has as many words");

/* ---- memory ---- */

uint64_t *th_co_pool_plane(th_co_pool *p) {
  uint32_t chunk = p->used / CHUNK;
  if (chunk == p->n_chunks) {
    uint64_t *more = malloc(sizeof *more * TH_CO_WORDS * CHUNK);
    if (!more || !th_wiped_room((void **)&p->chunks, p->n_chunks, &p->cap, sizeof *p->chunks)) {
      free(more);
      p->failed = true;
      return p->spare;
    }
    p->chunks[p->n_chunks++] = more;
  }
  return p->chunks[chunk] + (size_t)(p->used++ % CHUNK) * TH_CO_WORDS;
}

void th_co_pool_dispose(th_co_pool *p) {
  for (uint32_t i = 0; i < p->n_chunks; i++)
    th_wiped_free(p->chunks[i], sizeof **p->chunks * TH_CO_WORDS * CHUNK);
  free(p->chunks);
}

int th_co_work_init(th_co_work *w, const th_co_facts *facts, th_err *err) {
  *w = (th_co_work){.facts = facts};
  w->said = malloc(((size_t)facts->n + 1) * sizeof *w->said);
  w->fields = malloc(((size_t)facts->n_fields + 1) * sizeof *w->fields);
  return w->said && w->fields ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

void th_co_work_dispose(th_co_work *w) {
  th_co_judge_dispose(&w->judge);
  th_co_pool_dispose(&w->kept);
  th_co_pool_dispose(&w->brief);
  free(w->said);
  free(w->fields);
  free(w->bearers);
  explicit_bzero(w->answers, sizeof w->answers);
}

void th_co_work_begin(th_co_work *w, const th_co_block *block) {
  w->block = block;
  w->kept.used = w->brief.used = 0;
  memset(w->said, 0, w->facts->n * sizeof *w->said);
  memset(w->fields, 0, w->facts->n_fields * sizeof *w->fields);
}

/* ---- bytes to planes ---- */

/* Bit `bit` of eight bytes, the first byte's lowest. */
static uint64_t gather(uint64_t x, unsigned bit) {
  return (x >> bit & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080) >> 56;
}

/* The lane that stands in bits [bit, bit + 2) of the answers. */
static th_co_lane pack(th_co_work *w, unsigned bit) {
  uint64_t *met = th_co_pool_plane(&w->kept), *not_met = th_co_pool_plane(&w->kept);
  for (uint32_t i = 0; i < TH_CO_WORDS; i++) {
    uint64_t low = 0, high = 0, x;
    for (unsigned k = 0; k < 8; k++) {
      memcpy(&x, w->answers + i * 64 + k * 8, 8);
      low |= gather(x, bit) << k * 8;
      high |= gather(x, bit + 1) << k * 8;
    }
    met[i] = high;
    not_met[i] = ~(low | high);
  }
  return (th_co_lane){met, not_met};
}

static bool lanes_differ(const th_co_work *w) {
  uint64_t differ = 0, x;
  for (uint32_t i = 0; i < TH_CO_BLOCK; i += 8) {
    memcpy(&x, w->answers + i, 8);
    differ |= (x ^ x >> 2) & UINT64_C(0x0303030303030303);
  }
  return differ;
}

static th_co_lane constant(unsigned truth) {
  return truth == TH_MET ? TH_LANE_MET : truth == TH_UNKNOWN ? TH_LANE_UNKNOWN : TH_LANE_NOT_MET;
}

/* ---- what bears on a fact in this block ---- */

typedef struct th_co_bearer {
  const th_co_bearing *bearing;
  const th_co_run *run;
  th_co_columns columns;
  uint32_t at; /* entries before it are behind us */
} th_co_bearer;

static uint32_t find_bearers(th_co_work *w, const th_co_fact *f) {
  uint32_t n = 0;
  if (f->n_bears > w->cap_bearers) {
    th_co_bearer *more = malloc(f->n_bears * sizeof *more);
    if (!more) return w->failed = true, 0;
    free(w->bearers);
    w->bearers = more;
    w->cap_bearers = f->n_bears;
  }
  for (uint32_t i = 0; i < f->n_bears; i++) {
    const th_co_run *run = th_co_run_find(w->block, f->bears[i].key);
    if (run)
      w->bearers[n++] = (th_co_bearer){&f->bears[i], run, th_co_columns_of(w->block, run), 0};
  }
  return n;
}

static bool add_entry(th_co_work *w, const th_co_bearer *b, uint32_t i) {
  return th_co_judge_add(&w->judge, w->facts->c, b->run->key, b->columns.form[i],
                         b->columns.begin ? b->columns.begin[i] : 0,
                         b->columns.end ? b->columns.end[i] : 0);
}

/* The answer for the one thing that bears on it. */
static uint8_t answer_one(th_co_work *w, const th_co_fact *f, const th_co_bearer *b, uint32_t i) {
  uint32_t person = w->block->persons[b->columns.who[i]];
  uint8_t *memo = b->bearing->memo, a;
  if (memo) {
    size_t form = b->columns.form[i];
    memo += f->by_kind ? form * TH_PERSON_KINDS + w->facts->kind[person] : form;
    a = __atomic_load_n(memo, __ATOMIC_RELAXED);
    if (a != TH_ANSWER_NONE) return a;
  }
  w->judge.n = 0;
  a = add_entry(w, b, i) ? th_co_judge_ask(&w->judge, w->facts, f, person) : TH_ANSWER_NONE;
  if (a == TH_ANSWER_NONE)
    w->failed = true;
  else if (memo)
    __atomic_store_n(memo, a, __ATOMIC_RELAXED);
  return a;
}

static bool bit_of(const uint64_t *plane, uint32_t i) {
  return plane[i / 64] >> (i % 64) & 1;
}

static void answer_singles(th_co_work *w, const th_co_fact *f, const th_co_bearer *b, bool all) {
  for (uint32_t i = 0; i < b->run->n; i++)
    if (all || !bit_of(w->twice, b->columns.who[i]))
      w->answers[b->columns.who[i]] = answer_one(w, f, b, i);
}

/* Patients of whom several things bear on it: all of them together are judged. */
static void answer_several(th_co_work *w, const th_co_fact *f, uint32_t n) {
  for (uint32_t word = 0; word < TH_CO_WORDS; word++) {
    for (uint64_t bits = w->twice[word]; bits; bits &= bits - 1) {
      uint32_t who = word * 64 + (uint32_t)__builtin_ctzll(bits);
      bool ok = true;
      w->judge.n = 0;
      for (uint32_t k = 0; k < n; k++) {
        th_co_bearer *b = &w->bearers[k];
        while (b->at < b->run->n && b->columns.who[b->at] < who)
          b->at++;
        for (; b->at < b->run->n && b->columns.who[b->at] == who; b->at++)
          ok = ok && add_entry(w, b, b->at);
      }
      w->answers[who] =
          ok ? th_co_judge_ask(&w->judge, w->facts, f, w->block->persons[who]) : TH_ANSWER_NONE;
      if (w->answers[who] == TH_ANSWER_NONE) w->failed = true;
    }
  }
}

static void answer_bearers(th_co_work *w, const th_co_fact *f, uint32_t n) {
  bool several = n > 1 || (n == 1 && !w->bearers[0].run->single);
  if (several) {
    memset(w->once, 0, sizeof w->once);
    memset(w->twice, 0, sizeof w->twice);
    for (uint32_t k = 0; k < n; k++)
      for (uint32_t i = 0; i < w->bearers[k].run->n; i++) {
        uint32_t who = w->bearers[k].columns.who[i];
        w->twice[who / 64] |= w->once[who / 64] & UINT64_C(1) << (who % 64);
        w->once[who / 64] |= UINT64_C(1) << (who % 64);
      }
  }
  for (uint32_t k = 0; k < n; k++)
    answer_singles(w, f, &w->bearers[k], !several);
  if (several) answer_several(w, f, n);
}

static void answer_base(th_co_work *w, const th_co_fact *f) {
  const uint32_t *persons = w->block->persons;
  if (f->by_person)
    for (uint32_t i = 0; i < w->block->n; i++)
      w->answers[i] = f->by_person[persons[i]];
  else if (f->by_kind)
    for (uint32_t i = 0; i < w->block->n; i++)
      w->answers[i] = f->base[w->facts->kind[persons[i]]];
  else
    memset(w->answers, f->base[0], w->block->n);
  memset(w->answers + w->block->n, 0, TH_CO_BLOCK - w->block->n);
}

const th_co_said *th_co_work_fact(th_co_work *w, uint32_t i) {
  const th_co_fact *f = &w->facts->facts[i];
  th_co_said *said = &w->said[i];
  if (said->truth.plain.met) return said;
  uint32_t n = find_bearers(w, f);
  if (n == 0 && !f->by_person && !f->by_kind) {
    uint8_t a = f->base[0];
    said->truth.plain = constant(TH_ANSWER_TRUTH(a));
    said->truth.presumed = constant(TH_ANSWER_PRESUMED(a));
    said->guard = constant(TH_ANSWER_GUARD(a));
    return said;
  }
  answer_base(w, f);
  answer_bearers(w, f, n);
  said->truth.plain = pack(w, 0);
  said->truth.presumed = lanes_differ(w) ? pack(w, 2) : said->truth.plain;
  said->guard = f->f->guard.kind == TH_ELIG_NO_GUARD ? TH_LANE_MET : pack(w, 4);
  w->failed |= w->kept.failed;
  return said;
}

const th_co_said *th_co_work_field(th_co_work *w, uint32_t i) {
  const th_co_field *f = &w->facts->fields[i];
  th_co_said *said = &w->fields[i];
  if (said->truth.plain.met) return said;
  for (uint32_t k = 0; k < w->block->n; k++)
    w->answers[k] = f->by_person[w->block->persons[k]];
  memset(w->answers + w->block->n, 0, TH_CO_BLOCK - w->block->n);
  said->truth.plain = pack(w, 0);
  said->truth.presumed = pack(w, 2);
  w->failed |= w->kept.failed;
  return said;
}
