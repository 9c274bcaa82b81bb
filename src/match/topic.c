#include "match/topic.h"

#include <math.h>

#include "match/demographic.h"
#include "match/polarity.h"
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

typedef struct mention {
  uint32_t from, to;
  uint32_t concept_id;
  uint8_t kind;
  bool absent;
} mention;

/* A word of the note before those of one stem are brought together. */
typedef struct raw {
  th_span stem;
  float weight;
  uint32_t n;
} raw;

typedef struct reader {
  th_topic *topic;
  th_span note;
  const th_concepts *dict;
  const th_match_tuning *tuning;
  const th_stretch *absent;
  uint32_t n_absent;
  mention *mentions;
  uint32_t n_mentions, cap_mentions;
  raw *raw;
  uint32_t n_raw, cap_raw;
  th_err *err;
} reader;

static int no_memory(reader *r) {
  return th_err_set(r->err, TH_ENOMEM, "out of memory for the note");
}

static bool is_common(th_span w) {
  if (w.n < 2) return true;
  for (size_t i = 0; i < TH_COUNT(common_words); i++)
    if (th_span_eq(w, th_span_of(common_words[i]))) return true;
  return false;
}

/* Room for one more in an array that lies in the arena. */
static void *grown(reader *r, void *array, uint32_t n, uint32_t *cap, size_t size) {
  if (n < *cap) return array;
  uint32_t wanted = *cap ? *cap * 2 : 64;
  void *p = th_arena_calloc(&r->topic->arena, wanted, size);
  if (p && n) memcpy(p, array, n * size);
  if (p) *cap = wanted;
  return p;
}

/* ---- concepts ---- */

/* The first label that is a concept of its own; a kind that says what it is before one that does
 * not. */
static int take_mention(void *ctx, const th_mention *m) {
  reader *r = ctx;
  th_label label;
  th_concept concept_;
  mention out = {.from = m->from, .to = m->to, .concept_id = UINT32_MAX};
  for (uint32_t i = 0; i < m->n_labels; i++) {
    if (!th_concepts_label(r->dict, m->labels[i], &label) || (label.flags & TH_LABEL_COMMON) ||
        !th_concepts_get(r->dict, label.concept_id, &concept_))
      continue;
    if (out.concept_id != UINT32_MAX && (out.kind || !concept_.kind)) continue;
    out.concept_id = label.concept_id;
    out.kind = (uint8_t)concept_.kind;
  }
  if (out.concept_id == UINT32_MAX) return 0;
  mention *list = grown(r, r->mentions, r->n_mentions, &r->cap_mentions, sizeof *list);
  if (!list) return no_memory(r);
  out.absent = th_stretch_holds(r->absent, r->n_absent, m->from);
  r->mentions = list;
  r->mentions[r->n_mentions++] = out;
  return 0;
}

static int find_mentions(reader *r) {
  if (!r->dict || !r->dict->n_concepts) return 0;
  th_concept_matcher *m = th_concept_matcher_new();
  if (!m) return no_memory(r);
  int rc = th_concepts_match(r->dict, m, r->note, 0, take_mention, r, r->err);
  th_concept_matcher_free(m);
  return rc;
}

static bool is_drug(unsigned kind) {
  return kind == TH_CONCEPT_DRUG || kind == TH_CONCEPT_DRUG_CLASS;
}

/* What stands first in a note is what it is about: 1 + early at its beginning, 1 at its end. */
static float by_place(const reader *r, uint32_t from) {
  return 1 + r->tuning->early * expf(-(float)from / 300.0f);
}

static float by_count(const reader *r, uint32_t n) {
  return 1 + r->tuning->again * log2f((float)n);
}

/* Larger weight first, then the earlier one. */
static int by_weight(const void *a, const void *b) {
  const th_topic_concept *x = a, *y = b;
  if (x->weight != y->weight) return x->weight > y->weight ? -1 : 1;
  return x->from < y->from ? -1 : x->from > y->from;
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
    while (k < n && list[k].concept_id != m->concept_id)
      k++;
    if (k == n) {
      th_span said = th_arena_dup(arena, (th_span){r->note.p + m->from, m->to - m->from});
      if (!said.p) return no_memory(r);
      list[n++] = (th_topic_concept){said, m->concept_id, m->kind, 0, 0, m->from, m->to};
    }
    list[k].n++;
  }
  for (uint32_t i = 0; i < n; i++) {
    float kind = list[i].kind == TH_CONCEPT_CONDITION ? 1
                 : is_drug(list[i].kind)              ? t->phrase_drug
                                                      : t->phrase_other;
    list[i].weight = kind * by_place(r, list[i].from) * by_count(r, list[i].n);
  }
  qsort(list, n, sizeof *list, by_weight);
  r->topic->concepts = list;
  r->topic->n_concepts = TH_MIN(n, (uint32_t)TH_TOPIC_CONCEPTS_MAX);
  return 0;
}

/* ---- words ---- */

/* What a word at that byte counts, by what it is part of. *at: a mention that is not behind it. */
static float word_weight(const reader *r, uint32_t from, uint32_t *at) {
  const th_match_tuning *t = r->tuning;
  while (*at < r->n_mentions && r->mentions[*at].to <= from)
    ++*at;
  float weight = t->plain;
  if (*at < r->n_mentions && r->mentions[*at].from <= from) {
    unsigned kind = r->mentions[*at].kind;
    weight = kind == TH_CONCEPT_CONDITION ? t->in_condition
             : is_drug(kind)              ? t->in_drug
                                          : t->in_other;
  }
  if (th_stretch_holds(r->absent, r->n_absent, from)) weight *= t->absent;
  return weight * by_place(r, from);
}

/* Numbers by themselves find studies by their doses and counts. */
static bool is_number(th_span w) {
  for (size_t i = 0; i < w.n; i++)
    if ((w.p[i] < '0' || w.p[i] > '9') && w.p[i] != '.') return false;
  return true;
}

static int gather_words(reader *r, th_stemmer *stemmer) {
  th_tokens tokens;
  th_token t;
  uint32_t at = 0;
  int rc = 0;
  th_tokens_init(&tokens, r->note);
  while (rc == 0 && th_token_next(&tokens, &t)) {
    if (is_common(t.text) || is_number(t.text)) continue;
    float weight = word_weight(r, t.from, &at);
    if (weight <= 0) continue;
    raw *list = grown(r, r->raw, r->n_raw, &r->cap_raw, sizeof *list);
    th_span stem = th_stem(stemmer, t.text);
    if (stem.p) stem = th_arena_dup(&r->topic->arena, stem);
    if (!list || !stem.p) {
      rc = no_memory(r);
      break;
    }
    r->raw = list;
    r->raw[r->n_raw++] = (raw){stem, weight, 1};
  }
  explicit_bzero(&tokens, sizeof tokens);
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
    words[n++] = (th_topic_word){r->raw[i].stem, r->raw[i].weight * by_count(r, next - i)};
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
  th_demographic d;
  th_stemmer *stemmer = th_stemmer_new();
  int rc = stemmer ? 0 : no_memory(r);
  th_demographic_read(&d, r->note);
  r->topic->sex = d.sex;
  r->topic->age_low = d.low;
  r->topic->age_high = d.high;
  if (rc == 0) rc = th_polarity_absent(r->note, &r->topic->arena, &r->absent, &r->n_absent, r->err);
  if (rc == 0) rc = find_mentions(r);
  if (rc == 0) rc = gather_concepts(r);
  if (rc == 0) rc = gather_words(r, stemmer);
  if (rc == 0) rc = join_words(r);
  th_stemmer_free(stemmer);
  return rc;
}

int th_topic_read(th_topic *out, th_span note, const th_concepts *dict,
                  const th_match_tuning *tuning, th_err *err) {
  reader r = {.topic = out,
              .note = note,
              .dict = dict,
              .tuning = tuning ? tuning : &th_match_tuning_default,
              .err = err};
  *out = (th_topic){.age_low = NAN, .age_high = NAN};
  th_arena_init(&out->arena, TH_TOPIC_MEMORY_MAX);
  if (note.n > TH_TOPIC_NOTE_MAX)
    return th_err_set(err, TH_ELIMIT, "the note is longer than %d bytes", TH_TOPIC_NOTE_MAX);
  return read_all(&r);
}

void th_topic_dispose(th_topic *topic) {
  th_arena_reset(&topic->arena, true);
  th_arena_dispose(&topic->arena);
  *topic = (th_topic){0};
}
