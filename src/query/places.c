/* How many studies have a site in each place, straight from the segments' sites: a site names its
 * country, state and city together, so a city is counted only in the country it lies in.
 *
 * Spellings that differ in case and accents are one place, and all names of a country. A word is
 * folded once a segment, when its first site is met. Which place a site lies in is worked out once
 * a spot (points.h), so a site costs two look-ups. */
#include "query/cache.h"
#include "query/exec.h"

#include "geo/geo.h"

typedef struct place {
  th_span folded;
  uint32_t hash;
  th_span name;        /* the spelling that most sites of one segment have */
  uint32_t name_sites; /* so many of them */
} place;

/* Of a place. */
typedef struct tally {
  uint32_t studies, recruiting;
  uint32_t last, last_recruiting; /* document + 1 of the segment at hand that was counted last */
} tally;

typedef struct counter {
  th_plan *plan;
  const th_place_request *request;
  place *places;
  tally *tallies; /* as places */
  uint32_t n, cap;
  uint32_t *slot; /* 2 * cap, a power of two: place + 1, 0 = free */
  uint32_t studies, recruiting, unnamed;
  /* The segment at hand. */
  const th_sites *sites;
  const th_spots *spots;
  const th_column *names; /* of the level; NULL = no site has one */
  th_wanted country, state;
  uint32_t *place_of; /* an ordinal: place + 1, 0 = not met yet */
  uint32_t *sites_of; /* an ordinal: sites that were counted */
  uint32_t *in;       /* a spot: FIRST + its place, or one of those below */
  uint32_t *sites_in; /* a spot: sites that were counted */
} counter;

enum { UNKNOWN, ELSEWHERE, UNNAMED, FIRST };

/* ---- places ---- */

static void put_slot(counter *c, uint32_t i) {
  uint32_t mask = 2 * c->cap - 1, at = c->places[i].hash & mask;
  while (c->slot[at])
    at = (at + 1) & mask;
  c->slot[at] = i + 1;
}

static bool grow(counter *c) {
  uint32_t cap = c->cap ? c->cap * 2 : 64;
  place *places = th_arena_calloc(c->plan->arena, cap, sizeof *places);
  tally *tallies = th_arena_calloc(c->plan->arena, cap, sizeof *tallies);
  uint32_t *slot = th_arena_calloc(c->plan->arena, 2 * (size_t)cap, sizeof *slot);
  if (!places || !tallies || !slot) return false;
  if (c->n) memcpy(places, c->places, c->n * sizeof *places);
  if (c->n) memcpy(tallies, c->tallies, c->n * sizeof *tallies);
  c->places = places;
  c->tallies = tallies;
  c->slot = slot;
  c->cap = cap;
  for (uint32_t i = 0; i < c->n; i++)
    put_slot(c, i);
  return true;
}

/* The place of a name + 1, made when it is new; 0 when memory is exhausted. */
static uint32_t find_place(counter *c, th_span name) {
  char folded[TH_NAME_MAX];
  size_t len = th_name_fold(name, folded);
  uint32_t hash = th_name_hash(folded, len);
  if (c->n == c->cap && !grow(c)) return 0;
  uint32_t mask = 2 * c->cap - 1;
  for (uint32_t at = hash & mask; c->slot[at]; at = (at + 1) & mask) {
    const place *p = &c->places[c->slot[at] - 1];
    if (p->hash == hash && th_span_eq(p->folded, (th_span){folded, len})) return c->slot[at];
  }
  th_span kept = th_arena_dup(c->plan->arena, (th_span){folded, len});
  if (!kept.p) return 0;
  c->places[c->n] = (place){.folded = kept, .hash = hash};
  put_slot(c, c->n);
  return ++c->n;
}

/* ---- a segment ---- */

static int want_word(const th_plan *p, uint16_t field, th_span word, th_wanted *out) {
  enum { SPELLINGS_MAX = 64 };
  uint32_t set[SPELLINGS_MAX];
  int n = th_cache_find_folded(p->segment, field, word, set, SPELLINGS_MAX);
  if (n < 0) return th_err_set(p->err, TH_ENOMEM, "out of memory");
  if (n > SPELLINGS_MAX) return th_err_set(p->err, TH_ELIMIT, "too many spellings of one name");
  for (int i = 0; i < n; i++)
    out->has[set[i] + 1] = 1;
  return 0;
}

int th_wanted_make(const th_plan *p, uint16_t field, th_span word, bool absent, th_wanted *out) {
  const th_column *c = th_segment_column(p->segment, field);
  *out = (th_wanted){.n = (c ? c->n_dict : 0) + 1};
  if (word.n == 0 && !absent) return 0;
  out->has = th_arena_calloc(p->arena, out->n, 1);
  if (!out->has) return th_err_set(p->err, TH_ENOMEM, "out of memory");
  out->has[0] = absent;
  int rc = absent ? 0 : want_word(p, field, word, out);
  th_span names = {0};
  if (field == TH_F_LocationCountry && !absent)
    names = th_geo_country_names(th_geo_country_code(word));
  for (size_t n; !rc && names.n; names = (th_span){names.p + n, names.n - n}) {
    const char *bar = memchr(names.p, '|', names.n);
    n = bar ? (size_t)(bar - names.p) : names.n;
    rc = want_word(p, field, (th_span){names.p, n}, out);
    n += bar != NULL;
  }
  return rc;
}

static int begin_segment(counter *c) {
  static const uint16_t fields[] = {TH_F_LocationCountry, TH_F_LocationState, TH_F_LocationCity};
  const th_place_request *r = c->request;
  th_plan *p = c->plan;
  c->sites = th_segment_sites(p->segment);
  c->spots = c->sites ? th_cache_spots(p->segment) : NULL;
  c->names = th_segment_column(p->segment, fields[r->level]);
  if (!c->spots) return c->sites ? th_plan_no_memory(p) : 0; /* damaged: its state says so */
  size_t words = (c->names ? (size_t)c->names->n_dict : 0) + 1;
  size_t spots = (size_t)c->spots->n_spots + 1;
  c->place_of = th_arena_calloc(p->arena, words, sizeof *c->place_of);
  c->sites_of = th_arena_calloc(p->arena, words, sizeof *c->sites_of);
  c->in = th_arena_calloc(p->arena, spots, sizeof *c->in);
  c->sites_in = th_arena_calloc(p->arena, spots, sizeof *c->sites_in);
  if (!c->place_of || !c->sites_of || !c->in || !c->sites_in) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < c->n; i++)
    c->tallies[i].last = c->tallies[i].last_recruiting = 0;
  int rc = th_wanted_make(p, TH_F_LocationCountry, r->country, false, &c->country);
  return rc ? rc : th_wanted_make(p, TH_F_LocationState, r->state, r->no_state, &c->state);
}

/* What a word of the level stands for: a country has one name, however records spell it. */
static th_span place_name(const counter *c, uint32_t ordinal) {
  th_span word = th_span_trim(th_column_word(c->names, ordinal));
  if (c->request->level != TH_PLACE_COUNTRY) return word;
  th_span name = th_geo_country_name(th_geo_country_code(word));
  return name.n ? name : word;
}

/* The ordinal + 1 of what a spot is called on the level; 0 = it has no name. */
static uint32_t level_of(const counter *c, const th_spot *s) {
  uint32_t word = c->request->level == TH_PLACE_COUNTRY ? s->country
                  : c->request->level == TH_PLACE_STATE ? s->state
                                                        : s->city;
  return c->names && word <= c->names->n_dict ? word : 0;
}

/* Sites by spelling; each place has the one that most of them have. */
static void name_places(counter *c) {
  for (uint32_t i = 0; i < c->spots->n_spots; i++)
    if (c->sites_in[i] && c->in[i] >= FIRST)
      c->sites_of[level_of(c, &c->spots->spot[i]) - 1] += c->sites_in[i];
  for (uint32_t o = 0; c->names && o < c->names->n_dict; o++) {
    if (!c->place_of[o]) continue;
    place *p = &c->places[c->place_of[o] - 1];
    th_span word = place_name(c, o);
    if (c->sites_of[o] < p->name_sites) continue;
    if (c->sites_of[o] == p->name_sites && th_span_cmp(word, p->name) >= 0) continue;
    p->name = word;
    p->name_sites = c->sites_of[o];
  }
}

/* Where a spot that is met for the first time counts; UNKNOWN when memory is exhausted. */
static uint32_t place_of_spot(counter *c, uint32_t spot) {
  const th_spot *s = &c->spots->spot[spot];
  if (!th_wanted_has(&c->country, s->country) || !th_wanted_has(&c->state, s->state))
    return ELSEWHERE;
  uint32_t word = level_of(c, s);
  if (!word) return UNNAMED;
  uint32_t *known = &c->place_of[word - 1];
  if (!*known) *known = find_place(c, place_name(c, word - 1));
  return *known ? FIRST + *known - 1 : UNKNOWN;
}

static void count(tally *t, uint32_t doc, bool recruits) {
  t->studies += t->last != doc + 1;
  t->last = doc + 1;
  if (!recruits) return;
  t->recruiting += t->last_recruiting != doc + 1;
  t->last_recruiting = doc + 1;
}

/* The sites of one document. False when memory is exhausted. */
static bool count_doc(counter *c, uint32_t doc) {
  const uint32_t *start = c->sites->start;
  uint32_t end = TH_MIN(start[doc + 1], c->spots->n_sites);
  bool any = false, any_recruits = false, unnamed = false;
  for (uint32_t i = start[doc]; i < end; i++) {
    uint32_t spot = c->spots->of[i] & ~TH_SITE_RECRUITS, *in = &c->in[spot];
    bool recruits = c->spots->of[i] & TH_SITE_RECRUITS;
    if (*in == ELSEWHERE) continue;
    if (*in == UNKNOWN && (*in = place_of_spot(c, spot)) <= ELSEWHERE) {
      if (*in == UNKNOWN) return false;
      continue;
    }
    any = true;
    any_recruits |= recruits;
    unnamed |= *in == UNNAMED;
    c->sites_in[spot]++;
    if (*in >= FIRST) count(&c->tallies[*in - FIRST], doc, recruits);
  }
  c->studies += any;
  c->recruiting += any_recruits;
  c->unnamed += unnamed;
  return true;
}

static int count_segment(counter *c) {
  th_plan *p = c->plan;
  uint64_t *keep;
  int rc = begin_segment(c);
  if (!rc) rc = th_match_keep(p, &keep);
  for (uint32_t w = 0; !rc && c->spots && w < p->n_words; w++)
    for (uint64_t bits = keep[w]; bits && !rc; bits &= bits - 1)
      if (!count_doc(c, 64 * w + (uint32_t)__builtin_ctzll(bits))) rc = th_plan_no_memory(p);
  if (!rc && c->spots) name_places(c);
  int state = th_segment_state(p->segment, p->err);
  return state ? state : rc;
}

/* ---- results ---- */

static int by_studies(const void *a, const void *b) {
  const th_place *x = a, *y = b;
  if (x->studies != y->studies) return x->studies > y->studies ? -1 : 1;
  return th_span_cmp(x->name, y->name);
}

static int finish(const counter *c, th_place_counts *out) {
  th_place *places = th_arena_calloc(c->plan->arena, (size_t)c->n + 1, sizeof *places);
  if (!places) return th_plan_no_memory(c->plan);
  for (uint32_t i = 0; i < c->n; i++)
    places[i] = (th_place){c->places[i].name, c->tallies[i].studies, c->tallies[i].recruiting};
  qsort(places, c->n, sizeof *places, by_studies);
  *out = (th_place_counts){.n = c->n,
                           .places = places,
                           .studies = c->studies,
                           .recruiting = c->recruiting,
                           .unnamed = c->unnamed};
  return 0;
}

int th_place_count(const th_snapshot *snapshot, const th_place_request *request, th_arena *arena,
                   th_place_counts *out, th_err *err) {
  th_search_request search = {.filter = request->filter, .within = request->within};
  th_plan plan = {.snapshot = snapshot, .request = &search, .arena = arena, .err = err};
  counter c = {.plan = &plan, .request = request};
  *out = (th_place_counts){0};
  plan.thread = th_thread_get();
  if (!plan.thread) return th_plan_no_memory(&plan);
  int rc = th_plan_make(&plan);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    th_plan_segment(&plan, s);
    rc = count_segment(&c);
  }
  return rc ? rc : finish(&c, out);
}
