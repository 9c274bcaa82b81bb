#include "match/rank.h"

#include <math.h>

#include "index/score.h"
#include "match/rank_private.h"
#include "study/age.h"
#include "study/catalogue.h"

enum { PHRASE_HITS = 3000 };

static const float LEAST = 1e-9f;

/* ---- the tables of a snapshot ---- */

static float field_weight(const th_match_tuning *t, uint16_t field) {
  switch (field) {
  case TH_F_BriefTitle:
  case TH_F_OfficialTitle:
  case TH_F_Acronym:
    return t->title;
  case TH_F_Condition:
    return t->condition;
  case TH_F_Keyword:
    return t->keyword;
  case TH_F_ConditionMeshTerm:
  case TH_F_ConditionAncestorTerm:
    return t->mesh;
  case TH_F_InterventionName:
  case TH_F_InterventionOtherName:
  case TH_F_InterventionMeshTerm:
    return t->intervention;
  case TH_F_BriefSummary:
    return t->summary;
  case TH_F_DetailedDescription:
    return t->description;
  case TH_F_EligibilityCriteria:
  case TH_F_StudyPopulation:
    return t->criteria;
  case TH_F_PrimaryOutcomeMeasure:
  case TH_F_PrimaryOutcomeDescription:
  case TH_F_SecondaryOutcomeMeasure:
  case TH_F_ArmGroupLabel:
  case TH_F_ArmGroupDescription:
  case TH_F_InterventionDescription:
    return t->outcome;
  default:
    return 0;
  }
}

enum { CLASSES_FREQUENT = 1 << 14 }; /* as in searches: nine of ten postings have one of these */

/* NULL: the segment is damaged, which its state tells, or memory is exhausted. */
static th_class_pair *weigh_classes(const th_match_tuning *t, const th_segment *s) {
  uint32_t n = th_segment_classes(s);
  float weight[TH_F_COUNT], *sum = calloc((size_t)n + 1, sizeof *sum);
  th_class_pair *made = NULL;
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    weight[f] = field_weight(t, f);
  if (sum && th_segment_weigh_classes(s, weight, sum))
    made = th_class_pair_make(sum, NULL, n, CLASSES_FREQUENT);
  free(sum);
  return made;
}

/* Weighted lengths into length_part; their sum. */
static double add_lengths(const th_match_tuning *t, const th_segment *s, th_rank_segment *out) {
  double sum = 0;
  for (unsigned f = 0; f < TH_F_COUNT; f++) {
    float w = field_weight(t, (uint16_t)f);
    if (w <= 0) continue;
    for (uint32_t d = 0; d < out->n_docs; d++)
      out->length_part[d] += w * (float)th_segment_length(s, d, (uint16_t)f);
  }
  for (uint32_t d = 0; d < out->n_docs; d++)
    sum += (double)out->length_part[d];
  return sum;
}

static int make_segment(th_ranker *r, uint32_t i, double *length, th_err *err) {
  const th_segment *s = r->snapshot->segments[i];
  th_rank_segment *out = &r->segments[i];
  out->n_docs = th_segment_docs(s);
  out->base = r->n_docs;
  r->n_docs += out->n_docs;
  out->weights = weigh_classes(&r->tuning, s);
  out->length_part = calloc((size_t)out->n_docs + 1, sizeof(float));
  int rc = th_snapshot_state(r->snapshot, err);
  if (rc < 0) return rc;
  if (!out->weights || !out->length_part)
    return th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  *length += add_lengths(&r->tuning, s, out);
  return 0;
}

static void finish_lengths(th_ranker *r, double length) {
  float average = r->n_docs && length > 0 ? (float)(length / r->n_docs) : 1;
  const th_match_tuning *t = &r->tuning;
  for (uint32_t i = 0; i < r->snapshot->n_segments; i++)
    for (uint32_t d = 0; d < r->segments[i].n_docs; d++)
      r->segments[i].length_part[d] =
          t->k1 * (1 - t->b + t->b * r->segments[i].length_part[d] / average);
}

th_ranker *th_ranker_new(const th_snapshot *snapshot, const th_concepts *dict,
                         const th_expander *expander, const th_match_tuning *tuning, th_err *err) {
  th_ranker *r = calloc(1, sizeof *r);
  double length = 0;
  int rc = 0;
  if (r) {
    r->snapshot = snapshot;
    r->segments = calloc((size_t)snapshot->n_segments + 1, sizeof *r->segments);
    r->shelf = th_shelf_new(TH_SHELF_BYTES);
  }
  if (!r || !r->segments || !r->shelf) {
    th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
    th_ranker_free(r);
    return NULL;
  }
  r->dict = dict;
  r->expander = expander;
  r->tuning = tuning ? *tuning : th_match_tuning_default;
  for (uint32_t i = 0; rc == 0 && i < snapshot->n_segments; i++)
    rc = make_segment(r, i, &length, err);
  if (rc == 0) rc = th_snapshot_state(snapshot, err);
  if (rc < 0) {
    th_ranker_free(r);
    return NULL;
  }
  finish_lengths(r, length);
  return r;
}

void th_ranker_free(th_ranker *r) {
  if (!r) return;
  for (uint32_t i = 0; r->segments && i < r->snapshot->n_segments; i++) {
    th_class_pair_free(r->segments[i].weights);
    free(r->segments[i].length_part);
  }
  free(r->segments);
  th_shelf_free(r->shelf);
  free(r);
}

const th_match_tuning *th_ranker_tuning(const th_ranker *r) {
  return &r->tuning;
}

const th_concepts *th_ranker_concepts(const th_ranker *r) {
  return r->dict;
}

const th_snapshot *th_ranker_snapshot(const th_ranker *r) {
  return r->snapshot;
}

th_shelf *th_ranker_shelf(const th_ranker *r) {
  return r->shelf;
}

uint32_t th_rank_segment_of(const th_ranker *r, uint32_t at) {
  uint32_t s = 0;
  while (s + 1 < r->snapshot->n_segments && r->segments[s + 1].base <= at)
    s++;
  return s;
}

/* ---- words ---- */

static void add_postings(const th_rank_segment *s, const th_term *term, float weight,
                         float *scores) {
  th_postings p;
  th_postings_init(&p, term);
  while (th_postings_next_block(&p)) {
    for (uint32_t i = 0; i < p.n; i++) {
      float tf = th_class_weight(&s->weights->wide, p.classes[i]);
      scores[p.docs[i]] += weight * tf / (tf + s->length_part[p.docs[i]]);
    }
  }
}

static void add_word(const th_ranker *r, const th_topic_word *word, float *scores) {
  enum { KEPT = 16 }; /* terms of the first segments are looked up once */
  th_term terms[KEPT], more;
  uint64_t df = 0;
  for (uint32_t s = 0; s < r->snapshot->n_segments; s++) {
    th_term *t = s < KEPT ? &terms[s] : &more;
    if (!th_segment_term(r->snapshot->segments[s], word->stem, t)) t->df = 0;
    df += t->df;
  }
  if (!df) return;
  float weight =
      word->weight * powf((float)th_score_idf(r->snapshot->n_docs, df), r->tuning.idf_power);
  for (uint32_t s = 0; s < r->snapshot->n_segments; s++) {
    th_term *t = s < KEPT ? &terms[s] : &more;
    if (s < KEPT ? t->df > 0 : th_segment_term(r->snapshot->segments[s], word->stem, t))
      add_postings(&r->segments[s], t, weight, scores + r->segments[s].base);
  }
}

int th_rank_add_words(const th_ranker *r, const th_topic_word *words, uint32_t n, float *scores,
                      th_err *err) {
  for (uint32_t i = 0; i < n; i++)
    add_word(r, &words[i], scores);
  return th_snapshot_state(r->snapshot, err);
}

/* Documents that are not kept get score 0. With a filter all that it keeps are found: those that
 * nothing was found in get a score that is less than any. */
static void keep_only(const th_ranker *r, uint64_t *const *keep, bool all, float *scores) {
  for (uint32_t s = 0; s < r->snapshot->n_segments; s++) {
    float *score = scores + r->segments[s].base;
    for (uint32_t d = 0; d < r->segments[s].n_docs; d++) {
      if (!all && d % 64 == 0 && keep[s][d / 64] == UINT64_MAX) {
        d += 63;
        continue;
      }
      if (!(keep[s][d / 64] >> (d % 64) & 1))
        score[d] = 0;
      else if (all && score[d] <= 0)
        score[d] = LEAST;
    }
  }
}

/* ---- age and sex ---- */

static bool age_limit(const th_column *c, uint32_t doc, double *years) {
  uint32_t first, end;
  if (!c) return false;
  th_column_row(c, doc, &first, &end);
  if (first >= end) return false;
  *years = (double)th_column_value(c, first) / (double)TH_AGE_YEAR_MIN;
  return true;
}

/* The columns of a segment that say who may join; NULL where it has none. */
typedef struct limits {
  const th_column *sex, *min, *max;
  int female, male; /* values of the enum */
} limits;

static limits limits_of(const th_segment *s) {
  uint16_t id = th_fields[TH_F_Sex].enum_id;
  limits l = {th_segment_column(s, TH_F_Sex), th_segment_column(s, TH_F_MinimumAge),
              th_segment_column(s, TH_F_MaximumAge), th_enum_value(id, TH_SPAN("FEMALE")),
              th_enum_value(id, TH_SPAN("MALE"))};
  if (l.sex && l.sex->kind != TH_COL_MASK) l.sex = NULL;
  return l;
}

static unsigned demotion(const th_topic *t, const limits *l, uint32_t doc) {
  unsigned out = 0;
  double limit;
  if (t->age_low == t->age_low) {
    if (age_limit(l->min, doc, &limit) && t->age_high <= limit) out |= TH_DEMOTED_YOUNG;
    /* "up to 65 years" takes who is 65. */
    if (age_limit(l->max, doc, &limit) && t->age_low >= limit + 1) out |= TH_DEMOTED_OLD;
  }
  if (t->sex && l->sex) {
    int other = t->sex == 'F' ? l->male : l->female;
    if (other >= 0 && th_column_mask(l->sex, doc) == 1ull << other) out |= TH_DEMOTED_SEX;
  }
  return out;
}

/* ---- the best ---- */

/* key: larger is better; scores above 0 are ordered as their bits are, equal ones by NCT number. */
typedef struct entry {
  uint64_t key;
  uint32_t at;
} entry;

static entry entry_of(float score, uint32_t nct, uint32_t at) {
  uint32_t bits;
  memcpy(&bits, &score, sizeof bits);
  return (entry){(uint64_t)bits << 32 | (uint32_t)~nct, at};
}

static float score_of(const entry *e) {
  uint32_t bits = (uint32_t)(e->key >> 32);
  float out;
  memcpy(&out, &bits, sizeof out);
  return out;
}

static int by_rank(const void *a, const void *b) {
  uint64_t x = ((const entry *)a)->key, y = ((const entry *)b)->key;
  return (x < y) - (x > y);
}

/* heap[0] is the worst that is kept. */
static void sift(entry *heap, uint32_t n, uint32_t i) {
  entry e = heap[i];
  for (uint32_t k; (k = 2 * i + 1) < n; i = k) {
    if (k + 1 < n && heap[k + 1].key < heap[k].key) k++;
    if (e.key <= heap[k].key) break;
    heap[i] = heap[k];
  }
  heap[i] = e;
}

typedef struct heap {
  entry *p;
  uint32_t most, n;
  float least; /* the worst score that is kept, once there are as many as may be */
} heap;

static void offer(heap *h, const entry *e) {
  if (h->n < h->most) {
    h->p[h->n++] = *e;
    if (h->n < h->most) return;
    for (uint32_t i = h->most / 2 + 1; i-- > 0;)
      sift(h->p, h->n, i);
  } else if (h->p[0].key < e->key) {
    h->p[0] = *e;
    sift(h->p, h->n, 0);
  }
  h->least = score_of(&h->p[0]);
}

/* A demotion only lowers a score: so it is looked for, which costs more than scoring did, only
 * where the score alone would do. */
static void offer_segment(const th_ranker *r, uint32_t segment, const th_topic *topic, float *score,
                          heap *h) {
  const th_segment *s = r->snapshot->segments[segment];
  limits l = limits_of(s);
  bool lowers = r->tuning.demoted <= 1;
  for (uint32_t d = 0; d < r->segments[segment].n_docs; d++) {
    if (score[d] <= 0 || (lowers && score[d] < h->least)) continue;
    if (topic && demotion(topic, &l, d)) score[d] *= r->tuning.demoted;
    if (score[d] <= 0 || score[d] < h->least) continue;
    entry e = entry_of(score[d], th_segment_nct(s, d), r->segments[segment].base + d);
    offer(h, &e);
  }
}

int th_rank_best(const th_ranker *r, const th_topic *topic, float *scores, uint32_t most,
                 th_arena *arena, uint32_t **out, uint32_t *n, th_err *err) {
  most = TH_MIN(most, r->n_docs);
  heap h = {.p = th_arena_alloc(arena, ((size_t)most + 1) * sizeof *h.p), .most = most};
  uint32_t *list = th_arena_alloc(arena, ((size_t)most + 1) * sizeof *list);
  if (!h.p || !list) return th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  for (uint32_t s = 0; most && s < r->snapshot->n_segments; s++)
    offer_segment(r, s, topic, scores + r->segments[s].base, &h);
  if (h.n) qsort(h.p, h.n, sizeof *h.p, by_rank);
  for (uint32_t i = 0; i < h.n; i++)
    list[i] = h.p[i].at;
  *out = list;
  *n = h.n;
  return 0;
}

/* ---- concepts ---- */

/* The concept's words as a phrase with its synonyms, in titles, conditions and keywords. */
static int search_concept(const th_ranker *r, const th_topic_concept *c, th_arena *arena,
                          th_search_result *out, th_err *err) {
  th_query *query = NULL;
  th_parse_options options = {th_area_by_param(TH_SPAN("cond")), "note", r->expander};
  th_span plain = th_query_escape(arena, c->said);
  *out = (th_search_result){0};
  if (!plain.p) return th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  char *quoted = th_arena_alloc(arena, plain.n + 2);
  if (!quoted) return th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  quoted[0] = quoted[plain.n + 1] = '"';
  memcpy(quoted + 1, plain.p, plain.n);
  int rc = th_query_parse_with(&query, arena, (th_span){quoted, plain.n + 2}, &options, err);
  if (rc < 0) return rc;
  th_search_request request = {.scored = query, .size = PHRASE_HITS};
  return th_search(r->snapshot, &request, arena, out, err);
}

typedef struct ranking {
  const th_ranker *ranker;
  const th_topic *topic;
  th_arena *arena;
  float *scores;
  uint64_t *about; /* a document: bit i = concept i is found in it */
  limits *limits;  /* a segment each */
  th_err *err;
} ranking;

static int add_concepts(ranking *k) {
  const th_ranker *r = k->ranker;
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < k->topic->n_concepts; i++) {
    const th_topic_concept *c = &k->topic->concepts[i];
    th_search_result found;
    rc = search_concept(r, c, k->arena, &found, k->err);
    for (uint32_t h = 0; rc == 0 && h < found.n_hits; h++) {
      uint32_t at = r->segments[found.hits[h].segment].base + found.hits[h].doc;
      k->scores[at] += r->tuning.phrase * c->weight * found.hits[h].score;
      k->about[at] |= 1ull << i;
    }
  }
  return rc;
}

/* ---- front ---- */

static void put_ranked(const ranking *k, uint32_t at, th_ranked *out) {
  const th_ranker *r = k->ranker;
  uint32_t s = th_rank_segment_of(r, at), doc = at - r->segments[s].base;
  *out = (th_ranked){th_segment_nct(r->snapshot->segments[s], doc), s,   doc, k->scores[at],
                     demotion(k->topic, &k->limits[s], doc),        {0}, 0};
  for (uint32_t i = 0; i < k->topic->n_concepts && out->n_why < TH_RANKED_WHY; i++)
    if (k->about[at] >> i & 1) out->why[out->n_why++] = (uint16_t)i;
}

int th_rank(const th_ranker *r, const th_topic *topic, const th_query *filter, uint32_t most,
            th_arena *arena, th_ranked **out, uint32_t *n, th_err *err) {
  ranking k = {.ranker = r, .topic = topic, .arena = arena, .err = err};
  uint32_t *best = NULL;
  uint64_t **keep = NULL;
  *n = 0;
  k.scores = th_arena_calloc(arena, (size_t)r->n_docs + 1, sizeof *k.scores);
  k.about = th_arena_calloc(arena, (size_t)r->n_docs + 1, sizeof *k.about);
  k.limits = th_arena_alloc(arena, ((size_t)r->snapshot->n_segments + 1) * sizeof *k.limits);
  if (!k.scores || !k.about || !k.limits)
    return th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  for (uint32_t s = 0; s < r->snapshot->n_segments; s++)
    k.limits[s] = limits_of(r->snapshot->segments[s]);
  int rc = th_rank_add_words(r, topic->words, topic->n_words, k.scores, err);
  if (rc == 0) rc = add_concepts(&k);
  if (rc == 0) rc = th_search_matches(r->snapshot, filter, arena, &keep, err);
  if (rc == 0) keep_only(r, keep, filter, k.scores);
  if (rc == 0) rc = th_rank_best(r, topic, k.scores, most, arena, &best, n, err);
  if (rc == 0 && !(*out = th_arena_calloc(arena, (size_t)*n + 1, sizeof **out)))
    rc = th_err_set(err, TH_ENOMEM, "out of memory for the ranking");
  for (uint32_t i = 0; rc == 0 && i < *n; i++)
    put_ranked(&k, best[i], &(*out)[i]);
  return rc == 0 ? th_snapshot_state(r->snapshot, err) : rc;
}
