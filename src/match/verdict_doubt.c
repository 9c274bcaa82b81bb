/* Doubts about a note: where its silence is no denial, and where a wide word is not surely meant
 * for what it tells. All of it is about notes that were listened to (th_verdict_listen); a record
 * of codes is taken as it stands. */
#include <pthread.h>

#include "eligibility/attributes.h"
#include "match/verdict_private.h"

static const struct hint {
  const char *said, *key; /* words, or an attribute */
  uint8_t relation;
  double bound;
  const char *asks;
} hints[] = {
#define HINT(said, asks) {said, NULL, 0, 0, asks},
#define VALUE(key, relation, bound, asks) {"", key, relation, bound, asks},
#include "match/doubt.def"
};

static const char *const wide[] = {
#define WIDE(code) code,
#include "match/doubt.def"
};

static const char *const tests[] = {
#define TEST(words) words,
#include "match/doubt.def"
};

static const char *const parts[] = {
#define PART(name) name,
#include "match/doubt.def"
};

_Static_assert(TH_COUNT(hints) <= 64, "one bit a row");

/* First letters of a few words. */
enum { STEMS_MAX = 48 };
typedef struct stems {
  uint64_t at[STEMS_MAX];
  uint32_t n;
} stems;

/* By so many letters words of hints are compared: "proteinuria" is not "proteinosis". */
static uint64_t key_of(th_span w) {
  uint64_t key = 0;
  size_t n = w.n > 3 && (w.p[w.n - 1] | 32) == 's' ? w.n - 1 : w.n;
  for (size_t i = 0; i < n && i < sizeof key; i++) {
    char c = w.p[i];
    key = key << 8 | (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return key;
}

static void add_words(stems *s, th_span text, uint64_t (*stem)(th_span word)) {
  th_span w;
  while (s->n < STEMS_MAX && th_words_next(&text, &w))
    s->at[s->n++] = stem(w);
}

static bool holds(const stems *s, uint64_t stem) {
  for (uint32_t i = 0; i < s->n; i++)
    if (s->at[i] == stem) return true;
  return false;
}

/* Whether all words of some alternative are there. */
static bool holds_some(const stems *s, const char *alternatives) {
  for (const char *p = alternatives; *p;) {
    size_t n = strcspn(p, "|");
    th_span rest = {p, n}, w;
    bool all = true;
    while (all && th_words_next(&rest, &w))
      all = holds(s, key_of(w));
    if (all) return true;
    p += n + (p[n] == '|');
  }
  return false;
}

/* ---- hints ---- */

enum { PHRASE_MAX = 4, PHRASES_MAX = 256 };

/* What a note may say, by its words' stems. */
static struct phrase {
  uint64_t stem[PHRASE_MAX];
  uint8_t n, row;
} phrases[PHRASES_MAX];
static size_t n_phrases;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The words of each TEST row. */
static stems test_words[TH_COUNT(tests)];

static void know_phrases(void) {
  for (size_t i = 0; i < TH_COUNT(tests); i++)
    add_words(&test_words[i], th_span_of(tests[i]), th_words_stem);
  for (size_t i = 0; i < TH_COUNT(hints); i++)
    for (const char *p = hints[i].said; *p && n_phrases < PHRASES_MAX;) {
      struct phrase *x = &phrases[n_phrases++];
      size_t n = strcspn(p, "|");
      th_span rest = {p, n}, w;
      x->row = (uint8_t)i;
      while (x->n < PHRASE_MAX && th_words_next(&rest, &w))
        x->stem[x->n++] = key_of(w);
      p += n + (p[n] == '|');
    }
}

/* Denied, of relatives, or only what may come. */
static bool is_aside(const th_verdict_patient *v, const char *at) {
  const th_patient *p = v->p;
  size_t byte = (size_t)(at - p->note.p);
  for (uint32_t i = 0; i < p->n_asides; i++)
    if (byte >= p->asides[i].from && byte < p->asides[i].to) return true;
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *f = &p->facts[v->concepts[i]];
    bool not_so =
        f->absent || f->experiencer != TH_OF_PATIENT || f->certainty == TH_CERTAIN_HYPOTHETICAL;
    if (not_so && byte >= f->note_from && byte < f->note_to) return true;
  }
  return false;
}

/* The rows that the last words end a phrase of; last[0] is the newest. */
static uint64_t ended_by(const uint64_t last[PHRASE_MAX]) {
  uint64_t out = 0;
  for (size_t i = 0; i < n_phrases; i++) {
    const struct phrase *x = &phrases[i];
    uint8_t k = 0;
    while (k < x->n && x->stem[x->n - 1 - k] == last[k])
      k++;
    if (k == x->n) out |= (uint64_t)1 << x->row;
  }
  return out;
}

/* What a drug is for, or what a complaint comes from, is told: then nothing else need be thought
 * of. */
static bool is_told(const th_verdict_patient *v, const char *asks) {
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *f = &v->p->facts[v->concepts[i]];
    stems label = {.n = 0};
    if (f->category != TH_ELIG_CONDITION || f->absent || f->experiencer != TH_OF_PATIENT ||
        f->certainty != TH_CERTAIN_STATED)
      continue;
    add_words(&label, f->label, key_of);
    if (holds_some(&label, asks)) return true;
  }
  return false;
}

static bool is_beyond(double value, uint8_t relation, double bound) {
  switch (relation) {
  case TH_ELIG_GT:
    return value > bound;
  case TH_ELIG_GE:
    return value >= bound;
  case TH_ELIG_LT:
    return value < bound;
  default:
    return value <= bound;
  }
}

/* Whether the record's value that counts is one of the row's. */
static bool has_value(const th_verdict_patient *v, const struct hint *h) {
  int attribute = h->key ? th_elig_attribute_find(th_span_of(h->key)) : -1;
  uint32_t at = attribute < 0 ? TH_NO_FACT : v->value[attribute];
  return at != TH_NO_FACT && is_beyond(v->p->facts[at].canonical, h->relation, h->bound);
}

uint64_t th_doubt_hints(const th_verdict_patient *v) {
  uint64_t out = 0, last[PHRASE_MAX] = {0};
  th_span rest = v->p->note, w;
  pthread_once(&once, know_phrases);
  while (th_words_next(&rest, &w)) {
    memmove(last + 1, last, sizeof last - sizeof *last);
    last[0] = key_of(w);
    uint64_t rows = ended_by(last);
    if (rows && !is_aside(v, w.p)) out |= rows;
  }
  for (size_t i = 0; i < TH_COUNT(hints); i++)
    if (has_value(v, &hints[i])) out |= (uint64_t)1 << i;
  for (size_t i = 0; out && i < TH_COUNT(hints); i++)
    if (out >> i & 1 && is_told(v, hints[i].asks)) out &= ~((uint64_t)1 << i);
  return out;
}

/* ---- silence ---- */

/* "heart, lung, kidney": an organ named for its diseases. */
static bool names_organ(th_span label) {
  for (size_t i = 0; i < TH_COUNT(parts); i++)
    if (th_span_eq_nocase(label, th_span_of(parts[i]))) return true;
  return false;
}

/* And the patient has one. */
static bool names_ill_organ(const th_verdict_patient *v, th_span label) {
  return names_organ(label) && th_words_ill(v, th_words_stem(label));
}

static bool is_asked(const stems *label) {
  for (uint32_t i = 0; i < label->n; i++)
    if (th_words_asked(label->at[i])) return true;
  return false;
}

static bool is_hinted_at(const th_verdict_patient *v, const th_elig_fact *f) {
  uint64_t rows = th_words_hints(v);
  stems label = {.n = 0};
  if (!rows || f->time == TH_ELIG_PAST || f->time == TH_ELIG_PLANNED || f->window.present ||
      f->family)
    return false;
  add_words(&label, f->label, key_of);
  add_words(&label, f->degree, key_of);
  for (size_t i = 0; i < TH_COUNT(hints); i++)
    if (rows >> i & 1 && holds_some(&label, hints[i].asks)) return true;
  return false;
}

bool th_doubt_silence(const th_verdict_patient *v, const th_elig_fact *f) {
  stems label = {.n = 0};
  if (!v->words) return false;
  add_words(&label, f->label, th_words_stem);
  return is_asked(&label) || names_ill_organ(v, f->label) || is_hinted_at(v, f);
}

bool th_doubt_always(th_span label) {
  stems words = {.n = 0};
  add_words(&words, label, th_words_stem);
  return is_asked(&words) || names_organ(label);
}

bool th_doubt_by_hint(th_span label) {
  stems words = {.n = 0};
  add_words(&words, label, key_of);
  for (size_t i = 0; i < TH_COUNT(hints); i++)
    if (holds_some(&words, hints[i].asks)) return true;
  return false;
}

bool th_doubt_wide(const th_elig_fact *f) {
  for (size_t i = 0; f->code.n && i < TH_COUNT(wide); i++)
    if (th_span_eq(f->code, th_span_of(wide[i]))) return true;
  return false;
}

bool th_doubt_done(const th_verdict_patient *v, th_span test) {
  stems label = {.n = 0};
  add_words(&label, test, th_words_stem);
  pthread_once(&once, know_phrases);
  for (size_t i = 0; i < TH_COUNT(tests); i++) {
    const stems *names = &test_words[i];
    bool same = false, said = false;
    for (uint32_t k = 0; k < label.n; k++)
      same |= holds(names, label.at[k]);
    for (uint32_t k = 0; same && k < names->n; k++)
      said |= th_words_said(v, names->at[k]);
    if (said) return true;
  }
  return false;
}
