/* Whom a note is about: age in all its spellings, and sex.
 *
 *   birth := ("born" | "dob" | "date of birth" | "geb") ("on" | ':')* date
 *   age := number '-'? unit '-'? "old"       58-year-old, six-month-old, 58 years old, 3 days of
 * age | number ("yo" | "y/o" | "y.o.")    58 yo, 58yo | number ("M" | "F" | man | …)      45M, 45 M
 * at the beginning, a 61 woman | ("aged" | "age") number unit? | "in" ("his" | "her" | "their")
 * ("early" | "mid" | "late")? tens 's'
 *
 * The first one that is the patient's counts; ages of relatives and ages at which something
 * happened ("at 12 years of age", "diagnosed at age 50") are none. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "patient/note.h"

enum {
  EARLY = 15,   /* words from the beginning in which a bare "45 M" is an age */
  OLDEST = 120, /* years */
};

typedef struct age {
  uint32_t first, behind; /* tokens */
  double low, high;       /* in the unit; high is NAN unless it is a range */
  const char *unit;       /* UCUM */
  char sex;               /* 'F', 'M' when it is part of the age, else 0 */
} age;

static const struct {
  const char *words, *ucum;
} age_units[] = {{"year years yr yrs y", "a"},
                 {"month months mo mos mth", "mo"},
                 {"week weeks wk wks", "wk"},
                 {"day days d", "d"},
                 {"hour hours hr hrs", "h"}};

static const char *unit_at(const th_note *note, uint32_t i) {
  for (size_t k = 0; k < TH_COUNT(age_units); k++)
    if (th_note_among(note, i, age_units[k].words)) return age_units[k].ucum;
  return NULL;
}

static uint32_t past_hyphen(const th_note *note, uint32_t i) {
  return i + th_note_sign(note, i, '-');
}

/* "yo", "y/o", "y.o.", "y o"; the token behind, 0 when there is none. */
static uint32_t yo_at(const th_note *note, uint32_t i) {
  if (th_note_among(note, i, "yo yro yrold yearold yom yof")) return i + 1;
  if (!th_note_among(note, i, "y yr yrs")) return 0;
  uint32_t k = i + 1 +
               (th_note_sign(note, i + 1, '/') || th_note_sign(note, i + 1, '.') ||
                th_note_sign(note, i + 1, '-'));
  if (!th_note_is(note, k, "o")) return 0;
  return k + 1 + th_note_sign(note, k + 1, '.');
}

static char person_at(const th_note *note, uint32_t i, uint32_t *end) {
  int sex = th_lex_find(TH_LEX_PERSON, note->text, note->v.p, note->v.n, i, false, end);
  return sex < 0 ? 0 : (char)sex;
}

static char letter_sex(const th_note *note, uint32_t i) {
  if (i >= note->v.n || note->v.p[i].kind != TH_ELIG_WORD ||
      note->v.p[i].to - note->v.p[i].from != 1)
    return 0;
  char c = note->text.p[note->v.p[i].from];
  return c == 'M' || c == 'F' ? c : c == 'm' ? 'M' : c == 'f' ? 'F' : 0;
}

/* "2 years and 3 months old" */
static void add_months(const th_note *note, age *a, uint32_t *at) {
  uint32_t k = *at + (th_note_is(note, *at, "and") || th_note_sign(note, *at, ','));
  if (strcmp(a->unit, "a") || !th_note_number(note, k) ||
      !th_note_among(note, k + 1, "month months mo"))
    return;
  if (!th_note_is(note, past_hyphen(note, k + 2), "old")) return;
  a->low = a->low * 12 + note->v.p[k].value;
  a->unit = "mo";
  *at = k + 2;
}

/* number unit "old", or the person right behind the unit. */
static bool unit_age(const th_note *note, age *a) {
  uint32_t k = past_hyphen(note, a->first + 1), end;
  uint32_t yo = yo_at(note, k);
  a->unit = "a";
  if (th_note_among(note, k, "yom")) a->sex = 'M';
  if (th_note_among(note, k, "yof")) a->sex = 'F';
  if (yo) return a->behind = yo, true;
  if (!(a->unit = unit_at(note, k))) return false;
  k++;
  if (th_note_sign(note, k, '.') && past_hyphen(note, k + 1) < note->v.n) k++;
  add_months(note, a, &k);
  uint32_t old = past_hyphen(note, k);
  if (th_note_among(note, old, "old olds")) return a->behind = old + 1, true;
  if (th_note_is(note, old, "of") && th_note_is(note, old + 1, "age"))
    return a->behind = old + 2, true;
  a->behind = k;
  return old < note->v.n &&
         (person_at(note, old, &end) || (letter_sex(note, old) && a->first < EARLY));
}

static bool starts_sentence(const th_note *note, uint32_t i) {
  for (uint32_t k = 0; k < note->n_sentences && note->sentences[k].from <= i; k++)
    if (note->sentences[k].from == i) return true;
  return false;
}

/* "40/M", "M/40" */
static bool slash_age(const th_note *note, age *a) {
  uint32_t i = a->first;
  const th_elig_token *t = &note->v.p[i];
  bool behind = th_note_sign(note, i + 1, '/') && letter_sex(note, i + 2);
  bool before = i > 1 && th_note_sign(note, i - 1, '/') && letter_sex(note, i - 2);
  uint32_t letter = behind ? i + 2 : i - 2;
  if (!behind == !before || !(t->flags & TH_ELIG_INTEGER) || t->value > 115) return false;
  if (!(note->v.p[letter].flags & TH_ELIG_UPPER) || !starts_sentence(note, behind ? i : letter))
    return false;
  a->unit = "a";
  a->sex = letter_sex(note, letter);
  if (before) a->first = letter;
  a->behind = behind ? i + 3 : i + 1;
  return true;
}

/* "50ish": give or take half a decade. */
static bool about_age(const th_note *note, age *a) {
  uint32_t k = past_hyphen(note, a->first + 1), end;
  const th_elig_token *t = &note->v.p[a->first];
  if (!th_note_is(note, k, "ish") || !(t->flags & TH_ELIG_INTEGER) || t->value > 115) return false;
  if (!letter_sex(note, k + 1) && !person_at(note, k + 1, &end) && !yo_at(note, k + 1))
    return false;
  a->low = t->value - 5, a->high = t->value + 5;
  a->unit = "a";
  a->sex = letter_sex(note, k + 1);
  a->behind = k + 1;
  return true;
}

/* "45M", "48 M with", "61 woman": a number and a sex. */
static bool sex_age(const th_note *note, age *a) {
  uint32_t k = past_hyphen(note, a->first + 1), end = k + 1;
  if (k >= note->v.n) return false;
  const th_elig_token *t = &note->v.p[a->first];
  char sex = letter_sex(note, k);
  bool attached = !(note->v.p[k].flags & TH_ELIG_SPACE_BEFORE);
  if (sex && !(note->v.p[k].flags & TH_ELIG_UPPER)) sex = 0;
  if (!sex) sex = person_at(note, k, &end);
  if (!sex || !(t->flags & TH_ELIG_INTEGER) || t->value > 115) return false;
  bool start =
      a->first < EARLY &&
      (a->first == 0 || th_note_among(note, a->first - 1, "a an is patient pt this the was") ||
       th_note_sign(note, a->first - 1, '.') || th_note_sign(note, a->first - 1, ':'));
  bool sentence = starts_sentence(note, a->first);
  if (!start && !(attached && (a->first < EARLY || sentence))) return false;
  a->unit = "a";
  a->sex = sex;
  a->behind = end;
  return true;
}

/* "aged 58", "age 58", "age: 58 years", "age is 58"; not "at age 12". */
static bool aged_age(const th_note *note, age *a) {
  uint32_t k = a->first;
  while (k > 0 && a->first - k < 2 &&
         (th_note_sign(note, k - 1, ':') || th_note_sign(note, k - 1, '=') ||
          th_note_among(note, k - 1, "of is")))
    k--;
  if (k == 0 || !th_note_among(note, k - 1, "age aged")) return false;
  if (k > 1 && th_note_among(note, k - 2, "at since by from until before after the")) return false;
  const char *unit = unit_at(note, a->first + 1);
  a->unit = unit ? unit : "a";
  a->behind = a->first + 1 + (unit != NULL);
  return true;
}

/* "in his 60s", "in her late thirties". */
static bool decade_age(const th_note *note, uint32_t i, age *a) {
  static const char tens[] =
      "teens twenties thirties forties fifties sixties seventies eighties nineties";
  uint32_t k = i + 2;
  double low = 0, from = 0, to = 10;
  if (!th_note_is(note, i, "in") || !th_note_among(note, i + 1, "his her their the")) return false;
  if (th_note_is(note, k, "early"))
    to = 4, k++;
  else if (th_note_among(note, k, "mid middle"))
    from = 3, to = 7, k++;
  else if (th_note_is(note, k, "late"))
    from = 6, k++;
  k = past_hyphen(note, k);
  if (th_note_number(note, k) && note->v.p[k].value >= 10 && note->v.p[k].value <= 100 &&
      fmod(note->v.p[k].value, 10) == 0 && note->v.p[k].flags & TH_ELIG_INTEGER) {
    uint32_t s = k + 1 + th_note_sign(note, k + 1, '\'');
    if (!th_note_is(note, s, "s")) return false;
    low = note->v.p[k].value;
    a->behind = s + 1;
  } else {
    const char *w = tens;
    for (low = 10; *w; low += 10) {
      size_t n = strcspn(w, " ");
      char one[16] = "";
      memcpy(one, w, n);
      if (th_note_is(note, k, one)) break;
      w += n + (w[n] == ' ');
    }
    if (!*w) return false;
    a->behind = k + 1;
  }
  a->first = i;
  a->low = low + from, a->high = low + to;
  a->unit = "a";
  return true;
}

/* "newborn", "neonate": the first four weeks. */
static bool newborn_age(const th_note *note, uint32_t i, age *a) {
  if (i > EARLY || !th_note_among(note, i, "newborn neonate")) return false;
  *a = (age){i, i + 1, 0, 28, "d", 0};
  return true;
}

/* "80+ years", "an 80+ year old" */
static bool open_age(const th_note *note, age *a) {
  uint32_t k = a->first + 1;
  if (!th_note_sign(note, k, '+') || note->v.p[k].flags & TH_ELIG_SPACE_BEFORE) return false;
  k = past_hyphen(note, k + 1);
  uint32_t yo = yo_at(note, k);
  if (!yo && !th_note_among(note, k, "year years")) return false;
  a->unit = "a";
  a->high = OLDEST;
  a->behind = yo ? yo : k + 1;
  return true;
}

/* "Mr. Smith, 69, with": a title, at most three names, a comma and a number. */
static bool titled_age(const th_note *note, age *a) {
  uint32_t i = a->first, end;
  const th_elig_token *t = &note->v.p[i];
  bool alone = i + 1 >= note->v.n || th_note_sign(note, i + 1, ',') ||
               (th_note_sign(note, i + 1, '.') && !th_note_number(note, i + 2)) ||
               th_note_among(note, i + 1, "with has is was who presents presented comes came");
  if (i < 3 || i > EARLY || !alone || !th_note_sign(note, i - 1, ',')) return false;
  if (!(t->flags & TH_ELIG_INTEGER) || t->value > 115 || t->value < 1) return false;
  for (uint32_t k = i - 1; k-- > 0 && i - k < 7;) {
    bool title = th_note_among(note, k, "mr mrs ms miss herr frau");
    if (title) {
      a->unit = "a";
      a->behind = i + 1;
      return true;
    }
    if (!th_note_sign(note, k, '.') && note->v.p[k].kind != TH_ELIG_WORD) return false;
    if (th_lex_find(TH_LEX_RELATIVE, note->text, note->v.p, note->v.n, k, true, &end) >= 0)
      return false;
  }
  return false;
}

/* "F 47y", "M, 58": the letter in front, where a note begins. */
static bool letter_age(const th_note *note, age *a) {
  uint32_t i = a->first, k = i && th_note_sign(note, i - 1, ',') ? i - 1 : i;
  const th_elig_token *t = &note->v.p[i];
  if (k == 0 || i > EARLY || !starts_sentence(note, k - 1)) return false;
  char sex = letter_sex(note, k - 1);
  const char *unit = unit_at(note, i + 1);
  bool alone =
      i + 1 >= note->v.n || th_note_sign(note, i + 1, ',') || th_note_sign(note, i + 1, '.');
  if (!sex || !(note->v.p[k - 1].flags & TH_ELIG_UPPER) || !(unit || alone)) return false;
  if (!(t->flags & TH_ELIG_INTEGER) || t->value > 115) return false;
  a->unit = unit ? unit : "a";
  a->sex = sex;
  a->first = k - 1;
  a->behind = i + 1 + (unit != NULL);
  return true;
}

/* "Man, 50,", "Boy, 14 months,", "Woman of 66": a person who begins the sentence where a note
 * begins. */
static bool person_age(const th_note *note, age *a) {
  uint32_t i = a->first, end, k = i > 1 ? i - 2 : 0;
  const th_elig_token *t = &note->v.p[i];
  if (i < 2 || i > EARLY || !(th_note_sign(note, i - 1, ',') || th_note_is(note, i - 1, "of")))
    return false;
  char sex = person_at(note, k, &end);
  bool begins = starts_sentence(note, k) ||
                (k > 0 && starts_sentence(note, k - 1) && th_note_among(note, k - 1, "a an the"));
  if (!sex || end != i - 1 || !begins || !(t->flags & TH_ELIG_INTEGER) || t->value > 115)
    return false;
  const char *unit = unit_at(note, i + 1);
  uint32_t behind = i + 1 + (unit != NULL);
  bool alone = behind >= note->v.n || note->v.p[behind].kind == TH_ELIG_SIGN ||
               th_note_among(note, behind, "with has is was who presents presented old on and");
  if (!alone || th_note_sign(note, behind, '%') || th_note_sign(note, behind, '/')) return false;
  a->unit = unit ? unit : "a";
  a->sex = sex;
  a->first = k;
  a->behind = behind + th_note_is(note, behind, "old");
  return true;
}

static bool age_at(const th_note *note, uint32_t i, age *a) {
  const th_elig_token *t = &note->v.p[i];
  *a = (age){.first = i, .high = NAN};
  if (t->kind == TH_ELIG_WORD) return decade_age(note, i, a) || newborn_age(note, i, a);
  if (t->kind != TH_ELIG_NUM || t->flags & TH_ELIG_SUPERSCRIPT ||
      !(t->value >= 0 && t->value < 400))
    return false;
  a->low = t->value;
  return about_age(note, a) || open_age(note, a) || unit_age(note, a) || aged_age(note, a) ||
         sex_age(note, a) || slash_age(note, a) || titled_age(note, a) || letter_age(note, a) ||
         person_age(note, a);
}

/* An age of somebody else, or at which something happened. */
static bool is_others(const th_note *note, const age *a) {
  uint32_t end;
  for (uint32_t k = a->behind; k < a->behind + 4 && k < note->v.n; k++) {
    if (th_note_sign(note, k, '.') || th_note_sign(note, k, ',') || person_at(note, k, &end)) break;
    if (th_lex_find(TH_LEX_RELATIVE, note->text, note->v.p, note->v.n, k, true, &end) >= 0)
      return true;
  }
  for (uint32_t k = a->first, n = 0; k-- > 0 && n < 4; n++) {
    if (th_note_sign(note, k, '.')) break;
    for (uint32_t b = k; b < a->first; b++)
      if (th_lex_find(TH_LEX_RELATIVE, note->text, note->v.p, a->first, b, true, &end) >= 0)
        return true;
    if (n == 0 && th_note_among(note, k, "at since until from by before after was")) {
      bool was = th_note_is(note, k, "was");
      if (!was || (k > 1 && th_note_among(note, k - 2, "when"))) return true;
    }
  }
  return false;
}

static void add_age(th_note *note, const age *a) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
  f.attribute = th_elig_attribute_find(TH_SPAN("age"));
  f.value = a->low;
  if (isfinite(a->high)) f.relation = TH_ELIG_BETWEEN, f.high = a->high;
  f.unit = th_span_of(a->unit);
  f.time = TH_ELIG_CURRENT;
  th_note_place(note, &f, note->v.p[a->first].from, note->v.p[a->behind - 1].to);
  th_measure_canonical(&f);
  th_reading_add(note->r, &f);
}

/* ---- sex ---- */

static char sex_behind(const th_note *note, const age *a) {
  uint32_t end;
  if (a->sex) return a->sex;
  for (uint32_t k = a->behind; k < a->behind + 9 && k < note->v.n; k++) {
    if (th_note_sign(note, k, '.')) break;
    char sex = person_at(note, k, &end);
    if (!sex && k <= a->behind + 2) sex = letter_sex(note, k);
    if (sex) return sex;
    if (th_lex_find(TH_LEX_RELATIVE, note->text, note->v.p, note->v.n, k, true, &end) >= 0) break;
  }
  return 0;
}

/* "The patient is male", "pt is a 3-week-old girl". */
static char sex_said(const th_note *note) {
  uint32_t end;
  for (uint32_t i = 0; i + 2 < note->v.n; i++) {
    if (!th_note_among(note, i, "patient pt subject") || !th_note_among(note, i + 1, "is was"))
      continue;
    char sex = person_at(note, i + 2 + th_note_among(note, i + 2, "a an"), &end);
    if (sex) return sex;
  }
  return 0;
}

/* "sex: female", or the first word for a person in the two first sentences. */
static char sex_named(const th_note *note) {
  uint32_t end, to = note->n_sentences ? note->sentences[TH_MIN(note->n_sentences, 2u) - 1].to : 0;
  for (uint32_t i = 0; i < note->v.n; i++)
    if (th_note_among(note, i, "sex gender patient pt") && th_note_sign(note, i + 1, ':')) {
      char sex = person_at(note, i + 2, &end);
      if (!sex) sex = letter_sex(note, i + 2);
      if (sex) return sex;
    }
  for (uint32_t i = 0; i < to; i++) {
    char sex = person_at(note, i, &end);
    if (sex && !(note->cues[i] & 1u << TH_CUE_FAMILY)) return sex;
  }
  return 0;
}

/* "Ms.", which in small letters is a unit of time. */
static bool is_ms(const th_note *note, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  return t->to - t->from == 2 && !memcmp(note->text.p + t->from, "Ms", 2);
}

static char sex_of_pronouns(const th_note *note) {
  unsigned she = 0, he = 0;
  for (uint32_t i = 0; i < note->v.n; i++) {
    if (note->cues[i] & 1u << TH_CUE_FAMILY) continue;
    she += th_note_among(note, i, "she her hers herself mrs");
    she += is_ms(note, i);
    he += th_note_among(note, i, "he his him himself mr");
  }
  return she > he ? 'F' : he > she ? 'M' : 0;
}

/* What only one sex has; the weakest sign. */
static char sex_of_conditions(const th_note *note) {
  for (uint32_t i = 0; i < note->v.n; i++) {
    if (note->cues[i] & 1u << TH_CUE_FAMILY) continue;
    if (th_note_among(note, i,
                      "pregnant gravida pregnancy hysterectomy ovarian menopausal "
                      "postmenopausal menarche vaginal uterine lmp"))
      return 'F';
    if (th_note_among(note, i, "prostate prostatectomy testicular scrotal bph penile")) return 'M';
  }
  return 0;
}

/* "G2P1", "G3 P0": pregnancies and births. */
static bool is_gravida(const th_note *note, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  th_span s = {note->text.p + t->from, t->to - t->from};
  return t->kind == TH_ELIG_WORD && s.n >= 4 && (s.p[0] == 'G' || s.p[0] == 'g') && s.p[1] >= '0' &&
         s.p[1] <= '9' && memchr("Pp", s.p[s.n - 2], 2) && s.p[s.n - 1] >= '0' &&
         s.p[s.n - 1] <= '9';
}

/* Who is pregnant; a child's note tells of its own birth. */
static char sex_of_gestation(const th_note *note, const age *a, bool has) {
  if (has && (strcmp(a->unit, "a") || a->low < 12)) return 0;
  for (uint32_t i = 0; i < note->v.n; i++) {
    if (note->cues[i] & 1u << TH_CUE_FAMILY) continue;
    if (is_gravida(note, i) || th_note_among(note, i, "gestation gestational hcg")) return 'F';
  }
  return 0;
}

/* ---- birth ---- */

/* "12.03.1951" is a day before a month, "3/12/1951" a month before a day unless it cannot be,
 * "1951-03-12" a year first. */
static bool read_birth(th_span s, th_date *out) {
  unsigned n[3] = {0}, k = 0;
  size_t i = 0, from = 0;
  while (i < s.n && (s.p[i] == ' ' || s.p[i] == ':' || s.p[i] == '*'))
    i++;
  char sign = 0;
  size_t digits[3] = {0};
  for (from = i; i < s.n && k < 3; i++) {
    if (s.p[i] >= '0' && s.p[i] <= '9') {
      if (++digits[k] > 4) return false;
      n[k] = n[k] * 10 + (unsigned)(s.p[i] - '0');
    } else if (k < 2 && digits[k] && memchr("./-", s.p[i], 3) && (!sign || sign == s.p[i])) {
      sign = s.p[i];
      k++;
    } else {
      break;
    }
  }
  if (k != 2 || i == from || !digits[2]) return false;
  unsigned year = n[2], month = n[1], day = n[0];
  if (digits[0] == 4)
    year = n[0], month = n[1], day = n[2];
  else if (digits[2] != 4)
    return false;
  else if (sign == '/' && n[0] <= 12)
    month = n[0], day = n[1];
  char iso[16];
  int len = snprintf(iso, sizeof iso, "%04u-%02u-%02u", year, month, day);
  return len == 10 && th_date_parse((th_span){iso, 10}, out);
}

static void read_births(th_note *note) {
  th_patient *p = note->r->p;
  for (uint32_t i = 0; i < note->v.n && !p->has_birth; i++) {
    uint32_t k = i + 1;
    th_date date;
    bool born = th_note_among(note, i, "born dob geb geboren");
    if (th_note_is(note, i, "date") && th_note_is(note, i + 1, "of") &&
        th_note_is(note, i + 2, "birth"))
      born = true, k = i + 3;
    if (!born || note->cues[i] & 1u << TH_CUE_FAMILY) continue;
    while (th_note_sign(note, k, '.') || th_note_sign(note, k, ':') || th_note_is(note, k, "on") ||
           th_note_is(note, k, "am"))
      k++;
    if (k >= note->v.n) return;
    th_span rest = {note->text.p + note->v.p[k].from, note->text.n - note->v.p[k].from};
    uint32_t end;
    if (!read_birth(rest, &date) && !th_note_date(note, k, &date, &end)) continue;
    if (date.first_day > p->as_of) continue;
    p->has_birth = true;
    p->birth = date;
    for (uint32_t from = note->v.p[k].from; k < note->v.n && note->v.p[k].from < from + 12; k++)
      note->spent[k] = true;
  }
}

void th_note_person(th_note *note) {
  age a = {0};
  bool has = false;
  read_births(note);
  for (uint32_t i = 0; i < note->v.n && !has; i++)
    has = age_at(note, i, &a) && !is_others(note, &a);
  if (has) add_age(note, &a);
  char sex = has ? sex_behind(note, &a) : 0;
  if (!sex) sex = sex_named(note);
  if (!sex) sex = sex_said(note);
  if (!sex) sex = sex_of_pronouns(note);
  if (!sex) sex = sex_of_conditions(note);
  if (!sex) sex = sex_of_gestation(note, &a, has);
  if (!note->r->p->sex) note->r->p->sex = sex;
}
