#include "match/topic.h"

#include <math.h>

#include "text/stem.h"
#include "text/token.h"

/* Words that stand in every note and say nothing of what it is about; folded. */
static const char *const common_words[] = {
    "a",        "about",   "after",       "ago",     "all",       "also",      "am",
    "an",       "and",     "any",         "are",     "as",        "at",        "be",
    "been",     "before",  "being",       "both",    "brought",   "but",       "by",
    "came",     "can",     "care",        "clinic",  "could",     "day",       "days",
    "did",      "do",      "does",        "due",     "during",    "emergency", "er",
    "ed",       "exam",    "examination", "except",  "few",       "for",       "found",
    "from",     "given",   "had",         "has",     "have",      "having",    "he",
    "her",      "here",    "him",         "his",     "history",   "hospital",  "hour",
    "hours",    "however", "if",          "in",      "into",      "is",        "it",
    "its",      "last",    "man",         "may",     "me",        "month",     "months",
    "more",     "most",    "ms",          "mr",      "mrs",       "multiple",  "new",
    "no",       "normal",  "not",         "noted",   "now",       "of",        "old",
    "on",       "one",     "only",        "or",      "other",     "out",       "over",
    "past",     "patient", "patients",    "per",     "present",   "presented", "presenting",
    "presents", "prior",   "pt",          "reports", "reported",  "s",         "seen",
    "several",  "she",     "showed",      "shows",   "since",     "so",        "some",
    "status",   "such",    "than",        "that",    "the",       "their",     "them",
    "then",     "there",   "these",       "they",    "this",      "those",     "three",
    "to",       "today",   "took",        "two",     "until",     "up",        "very",
    "was",      "we",      "week",        "weeks",   "well",      "were",      "when",
    "where",    "which",   "while",       "who",     "will",      "with",      "within",
    "without",  "woman",   "would",       "year",    "years",     "yo",        "you",
    "male",     "female",  "boy",         "girl",    "admission", "admitted",  "h",
    "m",        "f",       "t",           "x",       "mg",        "ml",        "dl",
};

/* A thing that the record says. place: how far from the beginning, bytes of a note; what a record
 * without a note lists is put into an order that does for it. */
typedef struct mention {
  th_span text; /* the words */
  uint32_t place;
  uint32_t from, to; /* bytes of the note; equal: not of it */
  uint32_t concept_id;
  uint8_t kind; /* th_concept_kind */
  bool absent, finding;
} mention;

/* A word before those of one stem are brought together. */
typedef struct raw {
  th_span stem;
  float weight;
  uint32_t n;
} raw;

typedef struct reader {
  th_topic *topic;
  const th_patient *p;
  const th_concepts *dict;
  const th_match_tuning *tuning;
  mention *mentions; /* those of the note in front, in its order */
  uint32_t n_mentions, n_said;
  raw *raw;
  uint32_t n_raw, cap_raw;
  th_stemmer *stemmer;
  th_err *err;
} reader;

enum { LISTED = 40 }; /* bytes of a note that a listed fact stands for */

static int no_memory(reader *r) {
  return th_err_set(r->err, TH_ENOMEM, "out of memory for the note");
}

static bool is_common(th_span w) {
  if (w.n < 2) return true;
  for (size_t i = 0; i < TH_COUNT(common_words); i++)
    if (th_span_eq(w, th_span_of(common_words[i]))) return true;
  return false;
}

/* ---- mentions ---- */

/* What it is by the dictionary, else by what the record says it is. */
static uint8_t kind_of(const reader *r, const th_patient_fact *f) {
  th_concept concept_;
  if (r->dict && f->concept_id != TH_NO_CONCEPT &&
      th_concepts_get(r->dict, f->concept_id, &concept_) && concept_.kind)
    return (uint8_t)concept_.kind;
  switch (f->category) {
  case TH_ELIG_CONDITION:
    return TH_CONCEPT_CONDITION;
  case TH_ELIG_DRUG:
    return TH_CONCEPT_DRUG;
  case TH_ELIG_PROCEDURE:
    return TH_CONCEPT_PROCEDURE;
  default:
    return TH_CONCEPT_OTHER;
  }
}

static bool is_said(const th_patient_fact *f) {
  return f->note_from < f->note_to;
}

/* What is not the patient's own and so is nothing to look for. */
static bool is_absent(const th_patient_fact *f) {
  bool derived = f->flags & TH_FACT_DERIVED; /* its words are not the note's */
  return derived || f->absent || f->experiencer != TH_OF_PATIENT ||
         f->certainty == TH_CERTAIN_HYPOTHETICAL;
}

/* Of a record without a note: conditions and drugs, and what was found or done, of now before of
 * then. */
static unsigned rank_of(const th_patient_fact *f) {
  unsigned kind = f->category == TH_ELIG_CONDITION ? 0 : f->category == TH_ELIG_DRUG ? 1 : 2;
  return kind + (f->time == TH_ELIG_PAST ? 3 : 0);
}

static int by_list(const void *a, const void *b) {
  const th_patient_fact *x = *(const th_patient_fact *const *)a;
  const th_patient_fact *y = *(const th_patient_fact *const *)b;
  if (rank_of(x) != rank_of(y)) return rank_of(x) < rank_of(y) ? -1 : 1;
  int32_t dx = x->has_begin ? x->begin.last_day : INT32_MIN;
  int32_t dy = y->has_begin ? y->begin.last_day : INT32_MIN;
  if (dx != dy) return dx > dy ? -1 : 1;
  return th_span_cmp(x->label, y->label);
}

static int by_place(const void *a, const void *b) {
  const mention *x = a, *y = b;
  return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_listed(const th_patient_fact *f) {
  return f->type == TH_FACT_CONCEPT && !is_said(f) && !is_absent(f) && f->label.n &&
         f->category <= TH_ELIG_GENE;
}

static void add_mention(reader *r, const th_patient_fact *f, th_span text, uint32_t place) {
  r->mentions[r->n_mentions++] = (mention){.text = text,
                                           .place = place,
                                           .from = f->note_from,
                                           .to = f->note_to,
                                           .concept_id = f->concept_id,
                                           .kind = kind_of(r, f),
                                           .absent = is_absent(f),
                                           .finding = f->category == TH_ELIG_FINDING};
}

/* The facts of the note in its order, then those that are listed beside it. */
static int find_mentions(reader *r) {
  const th_patient *p = r->p;
  th_arena *arena = &r->topic->arena;
  const th_patient_fact **listed = th_arena_calloc(arena, (size_t)p->n_facts + 1, sizeof *listed);
  uint32_t n = 0;
  r->mentions = th_arena_calloc(arena, (size_t)p->n_facts + 1, sizeof *r->mentions);
  if (!r->mentions || !listed) return no_memory(r);
  for (uint32_t i = 0; i < p->n_facts; i++) {
    const th_patient_fact *f = &p->facts[i];
    if (is_listed(f)) listed[n++] = f;
    if (f->type == TH_FACT_CONCEPT && is_said(f))
      add_mention(r, f, (th_span){p->note.p + f->note_from, f->note_to - f->note_from},
                  f->note_from);
  }
  r->n_said = r->n_mentions;
  if (r->n_said) qsort(r->mentions, r->n_said, sizeof *r->mentions, by_place);
  if (n) qsort(listed, n, sizeof *listed, by_list);
  for (uint32_t i = 0; i < n; i++)
    add_mention(r, listed[i], listed[i]->label, i * LISTED);
  return 0;
}

/* ---- concepts ---- */

static bool is_drug(unsigned kind) {
  return kind == TH_CONCEPT_DRUG || kind == TH_CONCEPT_DRUG_CLASS;
}

/* What stands first in a note is what it is about: 1 + early at its beginning, 1 at its end. */
static float place_weight(const reader *r, uint32_t place) {
  return 1 + r->tuning->early * expf(-(float)place / 300.0f);
}

static float count_weight(const reader *r, uint32_t n) {
  return 1 + r->tuning->again * log2f((float)n);
}

/* Larger weight first, then the earlier one. */
static int by_weight(const void *a, const void *b) {
  const th_topic_concept *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static bool is_same(const th_topic_concept *c, const mention *m) {
  if (m->concept_id != TH_NO_CONCEPT) return c->concept_id == m->concept_id;
  return c->concept_id == TH_NO_CONCEPT && th_span_eq_nocase(c->said, m->text);
}

static float finding_weight(const reader *r, const mention *m) {
  return m->finding ? r->tuning->finding : 1;
}

static int gather_concepts(reader *r) {
  const th_match_tuning *t = r->tuning;
  th_arena *arena = &r->topic->arena;
  th_topic_concept *list = th_arena_calloc(arena, (size_t)r->n_mentions + 1, sizeof *list);
  uint32_t n = 0;
  if (!list) return no_memory(r);
  for (uint32_t i = 0; i < r->n_mentions; i++) {
    const mention *m = &r->mentions[i];
    uint32_t k = 0;
    if (m->absent) continue;
    while (k < n && !is_same(&list[k], m))
      k++;
    if (k == n) {
      th_span said = th_arena_dup(arena, m->text);
      if (!said.p) return no_memory(r);
      list[n++] =
          (th_topic_concept){said, m->concept_id, m->kind, finding_weight(r, m), 0, m->place};
    }
    list[k].n++;
  }
  for (uint32_t i = 0; i < n; i++) {
    float kind = list[i].kind == TH_CONCEPT_CONDITION ? 1
                 : is_drug(list[i].kind)              ? t->phrase_drug
                                                      : t->phrase_other;
    list[i].weight *= kind * place_weight(r, list[i].place) * count_weight(r, list[i].n);
  }
  if (n) qsort(list, n, sizeof *list, by_weight);
  r->topic->concepts = list;
  r->topic->n_concepts = TH_MIN(n, (uint32_t)TH_TOPIC_CONCEPTS_MAX);
  return 0;
}

/* ---- words ---- */

static float kind_weight(const reader *r, unsigned kind) {
  const th_match_tuning *t = r->tuning;
  return kind == TH_CONCEPT_CONDITION ? t->in_condition : is_drug(kind) ? t->in_drug : t->in_other;
}

/* What a word of the note at that byte counts, by what it is part of. *at: a mention that is not
 * behind it. */
static float word_weight(const reader *r, uint32_t from, uint32_t *at) {
  while (*at < r->n_said && r->mentions[*at].to <= from)
    ++*at;
  bool inside = *at < r->n_said && r->mentions[*at].from <= from;
  float weight = inside ? kind_weight(r, r->mentions[*at].kind) : r->tuning->plain;
  if (inside ? r->mentions[*at].absent : th_patient_is_aside(r->p, from))
    weight *= r->tuning->absent;
  if (inside) weight *= finding_weight(r, &r->mentions[*at]);
  return weight * place_weight(r, from);
}

/* Numbers by themselves find studies by their doses and counts. */
static bool is_number(th_span w) {
  for (size_t i = 0; i < w.n; i++)
    if ((w.p[i] < '0' || w.p[i] > '9') && w.p[i] != '.') return false;
  return true;
}

static int add_word(reader *r, th_span word, float weight) {
  if (weight <= 0) return 0;
  if (r->n_raw == r->cap_raw) {
    uint32_t cap = r->cap_raw ? r->cap_raw * 2 : 64;
    raw *list = th_arena_calloc(&r->topic->arena, cap, sizeof *list);
    if (!list) return no_memory(r);
    if (r->n_raw) memcpy(list, r->raw, r->n_raw * sizeof *list);
    r->raw = list, r->cap_raw = cap;
  }
  th_span stem = th_stem(r->stemmer, word);
  if (stem.p) stem = th_arena_dup(&r->topic->arena, stem);
  if (!stem.p) return no_memory(r);
  r->raw[r->n_raw++] = (raw){stem, weight, 1};
  return 0;
}

/* Words of a text: of the note, or (m) of what is listed. */
static int gather_words(reader *r, th_span text, const mention *m) {
  th_tokens tokens;
  th_token t;
  uint32_t at = 0;
  int rc = 0;
  th_tokens_init(&tokens, text);
  while (rc == 0 && th_token_next(&tokens, &t)) {
    if (is_common(t.text) || is_number(t.text)) continue;
    float weight =
        m ? kind_weight(r, m->kind) * place_weight(r, m->place) : word_weight(r, t.from, &at);
    rc = add_word(r, t.text, weight);
  }
  explicit_bzero(&tokens, sizeof tokens);
  return rc;
}

/* Words of the preferred name of a concept, where the record calls it otherwise. */
static int add_name(reader *r, const th_topic_concept *c) {
  th_tokens tokens;
  th_token t;
  th_concept concept_;
  int rc = 0;
  if (!r->dict || c->concept_id == TH_NO_CONCEPT || c->kind != TH_CONCEPT_CONDITION ||
      !th_concepts_get(r->dict, c->concept_id, &concept_) ||
      th_span_eq_nocase(concept_.label, c->said))
    return 0;
  float weight = r->tuning->name * r->tuning->in_condition * place_weight(r, c->place);
  th_tokens_init(&tokens, concept_.label);
  while (rc == 0 && th_token_next(&tokens, &t))
    if (!is_common(t.text) && !is_number(t.text)) rc = add_word(r, t.text, weight);
  explicit_bzero(&tokens, sizeof tokens);
  return rc;
}

static int gather_all_words(reader *r) {
  int rc = gather_words(r, r->p->note, NULL);
  for (uint32_t i = 0; rc == 0 && i < r->topic->n_concepts; i++)
    rc = add_name(r, &r->topic->concepts[i]);
  for (uint32_t i = r->n_said; rc == 0 && i < r->n_mentions; i++)
    rc = gather_words(r, r->mentions[i].text, &r->mentions[i]);
  return rc;
}

/* By stem, the heavier first. */
static int by_stem(const void *a, const void *b) {
  const raw *x = a, *y = b;
  int c = th_span_cmp(x->stem, y->stem);
  return c ? c : (x->weight < y->weight) - (x->weight > y->weight);
}

static int heavier(const void *a, const void *b) {
  const th_topic_word *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return th_span_cmp(x->stem, y->stem);
}

static int word_by_stem(const void *a, const void *b) {
  return th_span_cmp(((const th_topic_word *)a)->stem, ((const th_topic_word *)b)->stem);
}

/* Each stem once, with its heaviest place and how often it is said. */
static int join_words(reader *r) {
  th_topic_word *words = th_arena_calloc(&r->topic->arena, (size_t)r->n_raw + 1, sizeof *words);
  uint32_t n = 0;
  if (!words) return no_memory(r);
  if (r->n_raw) qsort(r->raw, r->n_raw, sizeof *r->raw, by_stem);
  for (uint32_t i = 0, next; i < r->n_raw; i = next) {
    for (next = i + 1; next < r->n_raw && th_span_eq(r->raw[next].stem, r->raw[i].stem);)
      next++;
    words[n++] = (th_topic_word){r->raw[i].stem, r->raw[i].weight * count_weight(r, next - i)};
  }
  if (n > TH_TOPIC_WORDS_MAX) {
    qsort(words, n, sizeof *words, heavier);
    n = TH_TOPIC_WORDS_MAX;
    qsort(words, n, sizeof *words, word_by_stem);
  }
  r->topic->words = words;
  r->topic->n_words = n;
  return 0;
}

/* ---- front ---- */

static int read_all(reader *r) {
  const th_patient *p = r->p;
  th_topic *t = r->topic;
  t->sex = p->sex == 'F' || p->sex == 'M' ? p->sex : 0;
  t->age_low = p->age_low;
  t->age_high = p->age_high > p->age_low ? p->age_high : nextafter(p->age_low, INFINITY);
  r->stemmer = th_stemmer_new();
  int rc = r->stemmer ? find_mentions(r) : no_memory(r);
  if (rc == 0) rc = gather_concepts(r);
  if (rc == 0) rc = gather_all_words(r);
  if (rc == 0) rc = join_words(r);
  th_stemmer_free(r->stemmer);
  return rc;
}

int th_topic_read(th_topic *out, const th_patient *p, const th_concepts *dict,
                  const th_match_tuning *tuning, th_err *err) {
  reader r = {.topic = out,
              .p = p,
              .dict = dict,
              .tuning = tuning ? tuning : &th_match_tuning_default,
              .err = err};
  *out = (th_topic){.age_low = NAN, .age_high = NAN};
  th_arena_init(&out->arena, TH_TOPIC_MEMORY_MAX);
  if (p->note.n > TH_TOPIC_NOTE_MAX)
    return th_err_set(err, TH_ELIMIT, "the note is longer than %d bytes", TH_TOPIC_NOTE_MAX);
  return read_all(&r);
}

void th_topic_dispose(th_topic *topic) {
  th_arena_reset(&topic->arena, true);
  th_arena_dispose(&topic->arena);
  *topic = (th_topic){0};
}
