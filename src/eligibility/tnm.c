/* Stages of growths by tumour, nodes and metastases.
 *
 *   tnm    := part+                     "T2b-T3, N0, M0", "cT1-2N0", "T 1-4, any N, M0"
 *   part   := prefix? letter values
 *   prefix := c | p | yp | r | a | u    clinical, by the pathologist, after therapy …
 *   letter := T | N | M
 *   values := value ((-|to|or|and|/|,) letter? value)*
 *   value  := digit small-letter?       X and "any" say nothing; Ta, Tis are 0
 *
 * Values of one letter that are joined are one range, as those of stages are; a letter behind the
 * digit is worth a tenth (T2b 2.2), a digit alone reaches to its last tenth. */
#include <math.h>

#include "eligibility/attributes.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"

typedef struct part {
  char letter;      /* T, N, M */
  double low, high; /* canonical */
  int first_digit, last_digit;
  bool known;          /* says a value */
  uint32_t first, end; /* tokens */
  uint8_t relation;
} part;

enum { PARTS_MAX = 24 };

typedef struct parts {
  part p[PARTS_MAX];
  uint32_t n;
} parts;

static void take(part *p, int digit, char small) {
  double low = digit + (small ? (small - 'a' + 1) / 10.0 : 0);
  double high = small ? low : digit + 0.9;
  if (digit == 0 && !small) high = 0;
  if (!p->known || low < p->low) p->low = low, p->first_digit = digit;
  if (!p->known || high > p->high) p->high = high, p->last_digit = digit;
  p->known = true;
}

/* One value at w[i]: digit and small letter, "is", "a", "X"; the index behind it, i when there is
 * none. */
static size_t value_at(th_span w, size_t i, part *p) {
  if (i >= w.n) return i;
  char c = w.p[i];
  if (c >= '0' && c <= '4') {
    char small = i + 1 < w.n && w.p[i + 1] >= 'a' && w.p[i + 1] <= 'd' ? w.p[i + 1] : 0;
    take(p, c - '0', small);
    return i + 1 + (small != 0);
  }
  if ((c | 32) == 'x') return i + 1;
  if (p->letter == 'T' && i + 1 < w.n && (w.p[i] | 32) == 'i' && (w.p[i + 1] | 32) == 's') {
    take(p, 0, 0);
    return i + 2;
  }
  if (p->letter == 'T' && c == 'a') {
    take(p, 0, 0);
    return i + 1;
  }
  return i;
}

/* Parts written as one word: "T2b", "cT3", "T1N0M0". False when it is no such word. */
static bool parts_of_word(th_span w, part *out, uint32_t *n) {
  size_t i = 0;
  *n = 0;
  while (i < w.n && i < 2 && memchr("cpyrau", w.p[i], 6))
    i++;
  for (; i < w.n && *n < 3; ++*n) {
    while (i < w.n && *n && memchr("cp", w.p[i], 2))
      i++;
    if (i >= w.n || !memchr("TNM", w.p[i], 3)) return false;
    out[*n] = (part){.letter = w.p[i]};
    size_t end = value_at(w, i + 1, &out[*n]);
    if (end == i + 1) return false;
    i = end;
  }
  return i == w.n && *n > 0;
}

/* Whether a word has its first letter where one of a part may stand: most have none there. */
static bool has_letter(th_span w) {
  for (size_t i = 0; i < w.n && i < 3; i++)
    if (w.p[i] == 'T' || w.p[i] == 'N' || w.p[i] == 'M') return true;
  return false;
}

static th_span word_of(const th_elig_binder *s, uint32_t i) {
  return (th_span){s->l->text.p + s->t[i].from, s->t[i].to - s->t[i].from};
}

static bool is_letter_alone(const th_elig_binder *s, uint32_t i) {
  th_span w = word_of(s, i);
  return s->t[i].kind == TH_ELIG_WORD && w.n == 1 && memchr("TNM", w.p[0], 3);
}

/* A bare further value: "T1-4", "T2b-c"; only behind a joint. */
static bool bare_value(const th_elig_binder *s, uint32_t i, part *p) {
  if (i >= s->n) return false;
  th_span w = word_of(s, i);
  if (s->t[i].kind == TH_ELIG_NUM && s->t[i].flags & TH_ELIG_INTEGER && w.n == 1 && w.p[0] <= '4') {
    take(p, w.p[0] - '0', 0);
    return true;
  }
  if (s->t[i].kind == TH_ELIG_NUM && i + 1 < s->n) return false;
  if (s->t[i].kind != TH_ELIG_WORD || w.n != 1 || w.p[0] < 'a' || w.p[0] > 'd') return false;
  if (s->t[i].flags & TH_ELIG_SPACE_BEFORE) return false;
  take(p, p->last_digit, w.p[0]);
  return true;
}

/* What is joined to the values of p from token i on. */
static uint32_t joined(const th_elig_binder *s, uint32_t i, part *p) {
  static th_elig_set joints = TH_ELIG_SET("-|to|or|and|/|,|&|~");
  static th_elig_set tight = TH_ELIG_SET("-|to|/|~");
  while (th_elig_at(s, i, &joints)) {
    part more[3];
    uint32_t n, k = i + 1;
    bool close = th_elig_at(s, i, &tight);
    if (th_elig_at(s, k, &joints)) k++;
    if (k >= s->n) return i;
    if (close && bare_value(s, k, p)) {
      i = k + 1;
      continue;
    }
    if (s->t[k].kind != TH_ELIG_WORD || !parts_of_word(word_of(s, k), more, &n) || n != 1 ||
        more[0].letter != p->letter)
      return i;
    if (more[0].known) {
      if (!p->known || more[0].low < p->low)
        p->low = more[0].low, p->first_digit = more[0].first_digit;
      if (!p->known || more[0].high > p->high)
        p->high = more[0].high, p->last_digit = more[0].last_digit;
      p->known = true;
    }
    i = k + 1;
  }
  return i;
}

/* The part or parts that start at token i; the token behind them, i when there are none. */
static uint32_t read_part(const th_elig_binder *s, uint32_t i, parts *all) {
  part found[3];
  uint32_t n = 0, end = i + 1;
  if (s->t[i].kind != TH_ELIG_WORD || all->n + 3 > PARTS_MAX || !has_letter(word_of(s, i)))
    return i;
  if (is_letter_alone(s, i)) { /* "T 1-4" */
    found[0] = (part){.letter = s->l->text.p[s->t[i].from]};
    if (!bare_value(s, i + 1, &found[0]) || s->t[i + 1].kind != TH_ELIG_NUM) return i;
    n = 1;
    end = i + 2;
  } else if (!parts_of_word(word_of(s, i), found, &n)) {
    return i;
  }
  end = joined(s, end, &found[n - 1]);
  for (uint32_t k = 0; k < n; k++) {
    found[k].first = i;
    found[k].end = end;
    found[k].relation = TH_ELIG_BETWEEN;
    if (found[k].known) all->p[all->n++] = found[k];
  }
  return end;
}

/* "T4" is also a hormone, a vertebra, a sort of picture; a growth must be meant. */
static bool growth_is_meant(const th_elig_binder *s, const parts *all) {
  static th_elig_set stage = TH_ELIG_SET(
      "stage|staged|staging|tnm|ajcc|uicc|cancer|tumor|carcinoma|adenocarcinoma|melanoma|disease|"
      "clinical|"
      "pathologic|pathological|nsclc|resectable|unresectable|node|nodal|lesion|invasive|malignancy|"
      "metastatic|any|category|nx|mx");
  static th_elig_set not_meant =
      TH_ELIG_SET("thyroid|tsh|thyroxine|triiodothyronine|free|total|weighted|vertebra|vertebrae|"
                  "vertebral|spinal|spine|"
                  "level|image|mri|relaxation|hormone|sequence|mapping|dermatome|injury|thoracic|"
                  "hr|time|visit|fab|"
                  "levothyroxine|leukemia|hyperthyroidism|hypothyroidism|flair|l1|c7");
  bool letters[3] = {false}, word = false;
  for (uint32_t i = 0; i < all->n; i++)
    letters[all->p[i].letter == 'T' ? 0 : all->p[i].letter == 'N' ? 1 : 2] = true;
  if (letters[0] + letters[1] + letters[2] > 1) return true;
  for (uint32_t i = 0; i < s->n; i++) {
    if (th_elig_at(s, i, &not_meant)) return false;
    word |=
        th_elig_at(s, i, &stage) || th_elig_word_classes(s->l->text, &s->t[i]) & TH_ELIG_W_TUMOR;
  }
  return word;
}

/* ">= T2", "T3 or higher" */
static void read_relation(const th_elig_binder *s, part *p) {
  uint32_t end;
  if (p->first_digit != p->last_digit) return;
  for (uint32_t back = 1; back <= 4 && back <= p->first; back++) {
    int w = th_elig_phrase_at(s->l->text, s->t, s->n, p->first - back, TH_ELIG_F_BEFORE, &end);
    if (w < 0 || end != p->first) continue;
    uint8_t r = (uint8_t)th_elig_phrase_get(w)->value;
    if (r == TH_ELIG_EQ || r == TH_ELIG_BETWEEN) continue;
    uint32_t first = p->first - back;
    for (uint32_t more = back + 1; more <= 5 && more <= p->first; more++) { /* "no greater than" */
      w = th_elig_phrase_at(s->l->text, s->t, s->n, p->first - more, TH_ELIG_F_BEFORE, &end);
      if (w < 0 || end != p->first) continue;
      r = (uint8_t)th_elig_phrase_get(w)->value;
      first = p->first - more;
    }
    p->relation = r;
    p->first = first;
    return;
  }
  int w = th_elig_phrase_at(s->l->text, s->t, s->n, p->end, TH_ELIG_F_BEHIND, &end);
  if (w < 0 || (end < s->n && s->t[end].kind == TH_ELIG_NUM)) return;
  p->relation = (uint8_t)th_elig_phrase_get(w)->value;
  p->end = end;
}

static void add(th_elig_binder *s, const part *p) {
  const th_elig_known *known = &th_elig_known_attributes;
  int a = p->letter == 'T' ? known->tnm_t : p->letter == 'N' ? known->tnm_n : known->tnm_m;
  th_elig_fact *f = th_elig_leaf_add(s->l, p->first, p->end);
  if (!f) return;
  bool one = p->first_digit == p->last_digit;
  f->type = TH_ELIG_NUMERIC;
  f->attribute = (uint16_t)a;
  f->negated = th_elig_is_negated(s, p->first);
  f->value = p->first_digit;
  f->high = NAN;
  f->relation = p->relation;
  if (p->relation == TH_ELIG_BETWEEN) {
    f->relation = one ? TH_ELIG_EQ : TH_ELIG_BETWEEN;
    if (!one) f->high = p->last_digit;
    th_elig_set_bounds(f, p->low, true, p->high, true);
  } else {
    bool upper = p->relation == TH_ELIG_GT || p->relation == TH_ELIG_LE;
    th_elig_put_bounds(f, upper ? p->high : p->low, NAN);
  }
  f->canonical_unit = th_elig_attributes[a].unit;
  th_elig_set_value(s, f, p->first, p->end);
}

void th_elig_read_tnm(th_elig_binder *s) {
  parts all;
  all.n = 0;
  for (uint32_t i = 0; i < s->n;) {
    uint32_t end = s->l->taken[i] ? i : read_part(s, i, &all);
    i = end > i ? end : i + 1;
  }
  if (all.n == 0 || !growth_is_meant(s, &all)) return;
  for (uint32_t i = 0; i < all.n; i++) {
    read_relation(s, &all.p[i]);
    add(s, &all.p[i]);
    for (uint32_t k = 0; k < s->l->n_quantities; k++) {
      th_elig_quantity *q = &s->l->quantities[k];
      if (q->first < all.p[i].end && all.p[i].first < q->end) q->use = TH_ELIG_AS_FACT;
    }
    for (uint32_t k = all.p[i].first; k < all.p[i].end; k++)
      s->l->taken[k] = true;
  }
}
