#include "eligibility/phrases.h"

#include <pthread.h>
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/categories.h"
#include "eligibility/units.h"

enum { SLOTS = 1 << 15, PHRASES = 12288, WORDS_MAX = 24, LENGTH_MAX = 200, STEPS = 1 << 17 };

typedef struct slot {
  uint64_t key;   /* 0 = free */
  uint32_t node;  /* from TH_ELIG_N_FAMILIES on; the roots are below */
  int16_t phrase; /* that ends here; -1 = none */
} slot;

static slot slots[SLOTS];
static th_elig_phrase phrases[PHRASES];
uint16_t th_elig_phrase_begins[TH_ELIG_BEGINS];
/* By hash of a step, whether it may lead on. */
static uint64_t steps[STEPS / 64];
/* By hash of a family and the first two words of a phrase: whether one begins so. */
static uint64_t pairs[STEPS / 64];
static uint32_t n_nodes = TH_ELIG_N_FAMILIES;
static int n_phrases, failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint64_t step_key(uint32_t node, uint64_t word) {
  uint64_t h = (word ^ ((uint64_t)node << 40 | node)) * 0x9E3779B97F4A7C15u;
  h ^= h >> 29;
  return h ? h : 1;
}

static slot *find(uint64_t key) {
  for (size_t i = (key >> 20) % SLOTS;; i = (i + 1) % SLOTS)
    if (slots[i].key == key || slots[i].key == 0) return &slots[i];
}

static uint64_t pair_key(th_elig_family family, uint64_t first, uint64_t second) {
  return step_key(family, first * 3 ^ second);
}

static void put_bit(uint64_t bits[STEPS / 64], uint64_t key) {
  bits[(key >> 20) % STEPS / 64] |= UINT64_C(1) << (key >> 20) % 64;
}
static bool has_bit(const uint64_t bits[STEPS / 64], uint64_t key) {
  return bits[(key >> 20) % STEPS / 64] >> (key >> 20) % 64 & 1;
}

/* Signs that stand for any word boundary. */
static bool is_soft(const th_elig_token *t) {
  return t->kind == TH_ELIG_SIGN && (t->key == '-' || t->key == '+' || t->key == '\'');
}

/* ---- building ---- */

static bool has_capital(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= 'A' && s.p[i] <= 'Z') return true;
  return false;
}

static void add_phrase(th_elig_family family, th_span words, int value, bool exact_allowed) {
  static th_elig_token room[WORDS_MAX * 4];
  th_elig_tokens v = {.p = room, .cap = TH_COUNT(room)};
  if (words.n == 0 || words.n > LENGTH_MAX || failure) return;
  th_elig_tokenize(words, 0, (uint32_t)words.n, &v);
  uint32_t node = family;
  slot *at = NULL;
  uint32_t used = 0;
  uint64_t first = 0;
  for (uint32_t i = 0; i < v.n; i++) {
    if (is_soft(&v.p[i])) continue;
    uint64_t word = th_elig_phrase_key(&v.p[i]), key = step_key(node, word);
    if (used == 0) *th_elig_phrase_begin(first = word) |= (uint16_t)(1 << family);
    if (used == 1) put_bit(pairs, pair_key(family, first, word));
    at = find(key);
    if (at->key == 0) {
      if (n_nodes > SLOTS / 4 * 3) {
        failure = TH_ENOMEM;
        return;
      }
      *at = (slot){key, n_nodes++, -1};
      put_bit(steps, key);
    }
    node = at->node;
    used++;
  }
  if (!at) return;
  if (used == 1) *th_elig_phrase_begin(first) |= (uint16_t)(1 << (TH_ELIG_N_FAMILIES + family));
  for (int p = at->phrase; p >= 0; p = phrases[p].next)
    if (phrases[p].value == value && !phrases[p].exact) return;
  if (n_phrases == PHRASES) {
    failure = TH_ENOMEM;
    return;
  }
  th_elig_phrase *p = &phrases[n_phrases];
  *p = (th_elig_phrase){.value = (int16_t)value, .next = at->phrase};
  if (exact_allowed && used == 1 && has_capital(words) && words.n < 16) {
    p->exact = words.p;
    p->exact_n = (uint8_t)words.n;
  }
  if (at->phrase < 0) {
    at->phrase = (int16_t)n_phrases;
  } else { /* the first one said stays the first */
    p->next = -1;
    int last = at->phrase;
    while (phrases[last].next >= 0)
      last = phrases[last].next;
    phrases[last].next = (int16_t)n_phrases;
  }
  n_phrases++;
}

static void add_list(th_elig_family family, const char *list, int value, bool exact_allowed) {
  while (*list) {
    size_t n = strcspn(list, "|");
    add_phrase(family, (th_span){list, n}, value, exact_allowed);
    list += n + (list[n] == '|');
  }
}

typedef struct wording {
  const char *list;
  int value;
} wording;

static const wording before[] = {
    {"<|less|less than|lower than|below|under|smaller than|younger than|fewer than|shorter than|"
     "inferior to|lesser than|not reaching|earlier than|poorer than|worse than or below|less "
     "then|younger then|lower then|fewer then|smaller then|aged under|aged below|aged less than",
     TH_ELIG_LT},
    {"<=|at most|no more than|not more than|not greater than|not exceed|not exceeding|no greater "
     "than|up to|maximum of|maximum|max|less than or equal to|not older than|no older than|not "
     "over|not above|no higher than|not higher than|equal to or less than|equal or less than|lower "
     "than or equal to|less or equal to|less than or equal|less or equal than|< or =|less "
     "than/equal "
     "to|not to exceed|no longer than|no larger than|not larger than|not longer than|maximum of "
     "up to|below or equal to|equal to or lower than|equal to or below|under or equal to|"
     "inferior or equal to|not superior to|up to and including|up to a maximum of|smaller than or "
     "equal to|fewer than or equal to|not exceeds|does not exceed|do not exceed|did not "
     "exceed|never "
     "exceeded|must not exceed|should not exceed|no worse than|younger than or equal to|lesser "
     "than "
     "or equal to|lower or equal to|lower or equal than|less than or equal to or|no more "
     "then|less or equal|less than equal to|=<|< =|= or <|= or less than|= or lower than|= or "
     "below|not worse than|equal or lower than|below or "
     "at|at "
     "or below|equal to or < |smaller or equal to|equal or inferior to|equal or below|no "
     "bigger than|not bigger than",
     TH_ELIG_LE},
    {">|greater than|more than|above|over|higher than|exceed|exceeding|exceeds|exceeded|older than|"
     "larger than|longer than|in excess of|superior to|bigger than|elevated above|older "
     "then|higher "
     "then|grater than|larger then|longer then|over than|above than|better "
     "than|elevated "
     "to more than|elevated to greater than|elevated >|more then|greater then|excess of|elevated "
     "more than|upper than|elevated over|heavier than|later than|beyond|greater|worse than",
     TH_ELIG_GT},
    {">=|at least|no less than|not less than|minimum of|minimum|min|not younger than|not below|not "
     "lower than|no lower than|no younger than|equal to or greater than|equal or greater than|"
     "greater than or equal to|greater or equal to|greater than or equal|more than or equal to|> "
     "or "
     "=|equal to or more than|not under|greater than/equal to|above or equal to|higher than or "
     "equal "
     "to|older than or equal to|no fewer than|not fewer than|equal or more than|superior or equal "
     "to|"
     "equal to or above|over or equal to|at a minimum|no shorter than|not shorter than|minimum of "
     "at least|equal to or higher than|more or equal to|more than or equal|greater or equal "
     "than|=>|larger "
     "than or equal to|equal or superior to|equal or higher than|higher or equal to|at least or "
     "more "
     "than|greater than equal to|no smaller than|not smaller than|longer than or equal to|greater "
     "than or "
     "equal to or|> =|equal or above|equal to or better than|equal or greater to|equal to or "
     "greater|equal or superior|better than or equal to|minimally|at "
     "or above|equal to or over|higher or equal "
     "than|more or equal than|older or equal to|starting at|starting from|greater or equal|a "
     "minimum of|as low as|= or >|= or greater than|= or more than|equals or greater than|more or "
     "equal|higher or equal|superior or equal|over or equal|above or equal|bigger or equal "
     "to|older or "
     "equal|> or equal to|> or equal|>= to|equal or >|equal to or >|= or higher than|larger or "
     "equal "
     "to|larger or equal|no lesser than|better than or equal to|equal to or better than|equal or "
     "better than|better or equal to",
     TH_ELIG_GE},
    {"=|equal to|equals|exactly|equal", TH_ELIG_EQ},
    {"between|between, and including,|in the range from|in a range from|in a range of|within a "
     "range of|bewteen|betwen|beetween|from|range of|in the range "
     "of|ranging from|ranging "
     "between|in the range|range|ranges "
     "from|ranged from|within the range of|in the range between|between and including|anywhere "
     "from|in range|within the range|inclusive between|within range|varying between|in "
     "between|between the range of|range from|range between|ranged between|ranging",
     TH_ELIG_BETWEEN},
};
static const wording behind[] = {
    {"or more|or greater|or higher|or above|or over|or older|or longer|and older|and above|and "
     "over|"
     "and up|or larger|and greater|or better|and more|or at least|and higher|or beyond|or older "
     "than "
     "that|and upwards|or up|upwards|years or older|minimum|at least|or upwards|or later|and "
     "upward|onwards|or elder|and beyond|and elder|or heavier|at minimum|and onwards|or over "
     "inclusive|or upward|and longer|or >|or greater than|or more than|or =|and/or older|old and "
     "above|or greater inclusive|and older inclusive|and greater than|plus|/older|or worse|or "
     "older at|and older at|and larger|or bigger",
     TH_ELIG_GE},
    {"or less|or below|or lower|or under|or younger|and below|and under|and younger|or fewer|or "
     "shorter|or smaller|and less|and lower|maximum|at most|or earlier|or within|or <|or less "
     "than|or sooner|at maximum|and fewer|and shorter|and smaller",
     TH_ELIG_LE},
};
static const wording limits[] = {
    {"uln|unl|iuln|upper limit of normal|upper limit of the normal|upper normal limit|upper limits "
     "of "
     "normal|upper limit of normal range|upper limit of the normal range|upper limit of reference "
     "range|upper limit of the reference range|normal upper limit|upper limit|upper normal|upper "
     "normal range|upper limit of norm|upper limit of the norm|upper limit of laboratory normal|"
     "upper limit of institutional normal|upper bound of normal|upper range of normal|upper "
     "reference "
     "limit|upper limit of normal value|upper level of normal|upper limit normal|upper limit of "
     "normality|upper value of normal|upper end of normal|upper limit of normal (uln)|upper limit "
     "of reference|upper limit of the laboratory normal range|upper limit of normal laboratory "
     "value|upper limit of normal for age|upper limit of local normal|upper normal value|upper "
     "boundary of normal|upper limits of the normal range|upper normal level|ulnr|upper limit of "
     "the normal reference range|upper limit of normal reference range|upper limit of the normal "
     "value|normal range upper limit|ul|upper limit of institution normal|upper limit of the "
     "institutional normal range|upper limit of institutional normal range|upper limit of "
     "institutional laboratory normal range|upper limit of laboratory normal range|upper level of "
     "the normal range|upper limit of laboratory reference range|upper limits of normal "
     "range|upper limits normal|upper limit range|high normal|high normal limit|highest normal "
     "value|maximum normal value|normal maximum|upper limit of the laboratory's normal range|upper "
     "value of the normal range|upper limit of the local laboratory normal range|upper limit of "
     "local laboratory normal range|lsn|lsvn|lsnl|ulnv|ulrr|url|urr|unv|lnsup|lns|upper reference "
     "value|upper limit reference|upper limits of the reference range|upper limit of the normal "
     "limit|upper limit of the normal values|upper limit of normal limits|upper level normal|upper "
     "normal limits|normal upper value|upper limit value|upper limit of normal reference|limite "
     "supérieure de la normale|limite superieure de la normale|limite supérieure "
     "normale|límite superior de la normalidad|límite superior normal|limite superior da "
     "normalidade|limite superior normal|ogn|onw|upper threshold of normal|upper end of the normal "
     "range|upper border of normal|top normal|normal superior limit|superior limit of "
     "normal|superior "
     "normal limit|superior limit of the normal",
     TH_ELIG_ULN},
    {"lln|lower limit of normal|lower limit of the normal|lower normal limit|lower limits of "
     "normal|"
     "lower limit of normal range|lower limit of the normal range|normal lower limit|lower "
     "limit|lower "
     "normal|lower limit of reference range|lower limit of the reference range|lower limit normal|"
     "lower limit of institutional normal|lower limit of laboratory normal|lower reference "
     "limit|lower bound of normal|lower limit of institution normal|lower limits of institutional "
     "normal|lower range of normal|lower limit of institutional normal range|lnl|lower normal "
     "range|lower limit of the normal value|lower limits of normal range|lin|lower end of "
     "normal|lower "
     "reference value|lower threshold of normal|inferior limit of normal|lower limits of the "
     "normal "
     "range|lower end of the normal range|limite inférieure de la normale",
     TH_ELIG_LLN},
    {"predicted|pred|expected|predicted normal|predicted value|predicted normal value|the "
     "predicted|"
     "predicted for age|expected value|normal predicted|expected normal|predicted normal "
     "fev1|predictive value|predicted values|predictive",
     TH_ELIG_PREDICTED},
    /* read as ULN behind "times" only */
    {"normal|normal value|normal limit|normal range|institutional normal|normal "
     "level|norm|reference "
     "range|the normal|reference value|reference limit|normal reference "
     "range|reference|normals|normal institutional limit|normal reference value|normal "
     "laboratory value|normal control",
     TH_ELIG_ABSOLUTE},
    {"control|control value|n", TH_ELIG_BEHIND_TIMES},
};
static const char *const nobody[] = {
    "childbearing age|child bearing age|reproductive age|school age|by age group|per age group|age "
    "appropriate|age "
    "adjusted|age "
    "matched|legal age|age of consent|age related|age of majority|fertile age|age range "
    "of "
    "consent|age specific|child-bearing-age|middle age|old age|age norms|age of "
    "maturity|appropriate for age|reproductive ages|age of reproduction|age and sex|age "
    "gender|age-corrected",
    "weight bearing|weight lifting|molecular weight|weight control|weight management|weight "
    "training|birthweight category|weight based|weight loss medications|weight loss drug|weight "
    "loss surgery|weight loss program|weight loss medication|low molecular weight "
    "heparin|overweight",
    "pain medication|pain management|pain clinic|pain relief|painkiller|chronic pain syndrome|pain "
    "killers",
    "tumor necrosis factor|tumor tissue|tumor biopsy|tumor sample|tumor marker|tumor lysis|tumor "
    "specimen|tumor assessment|tumor types|tumor type",
    "alcohol abuse|alcohol dependence|alcohol use disorder|alcohol withdrawal|alcohol free",
    "hepatitis b surface antigen positive|height loss",
    "lines of acuity|lines of vision|lines of visual acuity|lines of letters",
    /* other steroids than the dose of steroid_dose is told in */
    "dexamethasone|hydrocortisone|methylprednisolone|cortisone|betamethasone|triamcinolone|"
    "deflazacort",
};

static void add_wordings(th_elig_family family, const wording *w, size_t n) {
  for (size_t i = 0; i < n; i++)
    add_list(family, w[i].list, w[i].value, false);
}

static void build(void) {
  for (size_t i = 0; i < TH_COUNT(nobody); i++)
    add_list(TH_ELIG_F_ATTRIBUTE, nobody[i], -1, false);
  for (uint32_t i = 0; i < th_elig_n_attributes; i++) {
    if (i == TH_ELIG_ATTRIBUTE_OTHER) continue;
    add_phrase(TH_ELIG_F_ATTRIBUTE, th_span_of(th_elig_attributes[i].name), (int)i, false);
    add_list(TH_ELIG_F_ATTRIBUTE, th_elig_attributes[i].aliases, (int)i, true);
  }
  add_wordings(TH_ELIG_F_BEFORE, before, TH_COUNT(before));
  add_wordings(TH_ELIG_F_BEHIND, behind, TH_COUNT(behind));
  add_wordings(TH_ELIG_F_LIMIT, limits, TH_COUNT(limits));
  for (uint32_t i = 0; i < th_elig_n_unit_words; i++)
    add_list(TH_ELIG_F_UNIT, th_elig_unit_words[i].words, (int)i, true);
  for (uint32_t i = 0; i < th_elig_n_category_words; i++)
    add_list(TH_ELIG_F_CATEGORY, th_elig_category_words[i].words, (int)i, true);
}

int th_elig_phrases_ready(void) {
  if (pthread_once(&once, build) != 0) return TH_ENOMEM;
  return failure;
}

/* ---- looking up ---- */

const th_elig_phrase *th_elig_phrase_get(int index) {
  return &phrases[index];
}

static bool is_spelled(th_span text, const th_elig_token *t, const th_elig_phrase *p) {
  if (!p->exact) return true;
  return p->exact_n == t->to - t->from && !memcmp(p->exact, text.p + t->from, p->exact_n);
}

/* Whether a phrase of the family may be the token alone, or begin with it and the next. */
static bool may_lead_on(const th_elig_token *t, uint32_t n, uint32_t i, th_elig_family family) {
  uint64_t first = th_elig_phrase_key(&t[i]);
  if (*th_elig_phrase_begin(first) >> (TH_ELIG_N_FAMILIES + family) & 1) return true;
  do
    i++;
  while (i < n && is_soft(&t[i]));
  return i < n && has_bit(pairs, pair_key(family, first, th_elig_phrase_key(&t[i])));
}

int th_elig_phrase_walk(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                        th_elig_family family, uint32_t *end) {
  uint32_t node = family, first = i, words = 0;
  int best = -1;
  if (!may_lead_on(t, n, i, family)) return -1;
  for (; i < n && words <= WORDS_MAX; i++) {
    if (words > 0 && is_soft(&t[i])) continue;
    uint64_t key = step_key(node, th_elig_phrase_key(&t[i]));
    if (!has_bit(steps, key)) break;
    const slot *s = find(key);
    if (s->key == 0) break;
    node = s->node;
    words++;
    int p = s->phrase;
    while (p >= 0 && !is_spelled(text, &t[first], &phrases[p]))
      p = phrases[p].next;
    if (p >= 0) best = p, *end = i + 1;
  }
  return best;
}
