#include "eligibility/lexicon.h"

#include <pthread.h>

enum { SLOTS = 1 << 13, ENDING_MAX = 12, LETTERS_MAX = 40 };

static struct slot {
  uint64_t key;
  uint32_t classes;
} slots[SLOTS];
enum { CONDITIONS = 1, PROCEDURES = 2, ADJECTIVES = 4, STEMS = 8 }; /* lists of endings */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static struct slot *find(uint64_t key) {
  size_t i = (key * 0x9E3779B97F4A7C15u) >> (64 - 13);
  while (slots[i].key && slots[i].key != key)
    i = (i + 1) % SLOTS;
  return &slots[i];
}

static void add_words(uint32_t classes, const char *list) {
  while (*list) {
    size_t n = strcspn(list, "|");
    struct slot *s = find(th_elig_word_key((th_span){list, n}));
    s->key = th_elig_word_key((th_span){list, n});
    s->classes |= classes;
    list += n + (list[n] == '|');
  }
}

static void note_endings(void);

static void build(void) {
  note_endings();
#define HEAD TH_ELIG_W_HEAD
#define TUMOR TH_ELIG_W_TUMOR
#define VAGUE TH_ELIG_W_VAGUE
#define TERM TH_ELIG_W_TERM
#define SITE TH_ELIG_W_SITE
#define PLAIN TH_ELIG_W_PLAIN
#define REACTION TH_ELIG_W_REACTION
#define AGENT TH_ELIG_W_AGENT
#define DOSED TH_ELIG_W_DOSED
#define DRUGLIKE TH_ELIG_W_DRUGLIKE
#define DRUG TH_ELIG_W_DRUG
#define NO_STEM TH_ELIG_W_NO_STEM
#define PROCEDURE TH_ELIG_W_PROCEDURE
#define EVERYDAY TH_ELIG_W_EVERYDAY
#define WEAK TH_ELIG_W_WEAK
#define TEST TH_ELIG_W_TEST
#define RESULT TH_ELIG_W_RESULT
#define ASIDE TH_ELIG_W_ASIDE
#define WORDS(classes, list) add_words(classes, list);
#include "eligibility/lexicon.def"
#undef WORDS
}

/* ---- by how a word ends ---- */

typedef struct ending {
  const char *text;
  uint8_t n;
  uint8_t least; /* letters of the word */
} ending;

#define E(text, least)                                                                             \
  { text, sizeof(text) - 1, least }

static const ending conditions[] = {
    E("itis", 7),    E("osis", 7),   E("oma", 7),       E("opathy", 9),  E("emia", 7),
    E("uria", 7),    E("algia", 8),  E("plegia", 9),    E("paresis", 9), E("penia", 8),
    E("rrhea", 8),   E("rrhoea", 8), E("rrhage", 9),    E("rrhagia", 9), E("megaly", 9),
    E("trophy", 8),  E("phobia", 8), E("ectasia", 9),   E("edema", 8),   E("lithiasis", 11),
    E("philia", 9),  E("plasia", 8), E("spasm", 8),     E("oedema", 8),  E("ectasis", 9),
    E("cytosis", 9), E("iasis", 8),  E("paralysis", 9),
};
static const ending procedures[] = {
    E("ectomy", 9), E("otomy", 8),     E("ostomy", 8),    E("oscopy", 8), E("plasty", 9),
    E("graphy", 9), E("centesis", 10), E("pheresis", 10), E("desis", 9),
};
static const ending adjectives[] = {
    E("al", 5),  E("ic", 5),  E("ar", 6),  E("ary", 6),   E("ous", 6),
    E("oid", 6), E("ile", 6), E("ive", 7), E("atric", 7), E("genic", 7),
};
static const ending stems[] = {
    E("mab", 6),        E("tinib", 8),      E("ciclib", 9),    E("statin", 9),    E("pril", 7),
    E("sartan", 8),     E("olol", 7),       E("dipine", 9),    E("prazole", 9),   E("gliptin", 9),
    E("gliflozin", 11), E("glutide", 9),    E("parin", 8),     E("xaban", 8),     E("gatran", 9),
    E("cycline", 9),    E("cillin", 8),     E("floxacin", 10), E("mycin", 8),     E("conazole", 10),
    E("ciclovir", 9),   E("navir", 7),      E("tegravir", 10), E("buvir", 8),     E("asvir", 8),
    E("previr", 8),     E("fovir", 8),      E("oxetine", 9),   E("triptan", 8),   E("setron", 8),
    E("dronate", 9),    E("barbital", 9),   E("azepam", 8),    E("zolam", 7),     E("caine", 8),
    E("curium", 9),     E("terol", 8),      E("lukast", 9),    E("platin", 8),    E("rubicin", 10),
    E("taxel", 8),      E("glitazone", 11), E("leukin", 9),    E("grastim", 9),   E("poetin", 8),
    E("rafenib", 9),    E("metinib", 9),    E("zomib", 8),     E("parib", 8),     E("lisib", 8),
    E("degib", 8),      E("trexate", 9),    E("trexed", 9),    E("citabine", 10), E("fungin", 9),
    E("lamide", 9),     E("semide", 9),     E("thiazide", 9),  E("afil", 7),      E("profen", 8),
    E("coxib", 7),      E("dopa", 8),       E("peridol", 9),   E("peridone", 9),  E("tidine", 8),
    E("zosin", 7),      E("steride", 8),    E("relix", 8),     E("relin", 8),     E("tecan", 7),
    E("limus", 8),      E("nib", 8),        E("cept", 9),      E("sone", 9),      E("solone", 9),
    E("onide", 8),      E("gepant", 9),     E("racetam", 9),   E("bamate", 9),    E("pidem", 8),
    E("pressin", 9),    E("oxaban", 8),     E("vudine", 8),    E("citinib", 9),
};

/* All endings, those with the same last two letters one behind another. */
enum { ENDINGS_MAX = 200 };
static struct {
  ending e;
  uint8_t list, next; /* next: 1 + its number; 0 = none */
} endings[ENDINGS_MAX];
static uint8_t tails[26 * 26]; /* 1 + the first of them; 0 = none */

static uint8_t *tail_of(const char *p, size_t n) {
  return &tails[(p[n - 2] - 'a') * 26 + (p[n - 1] - 'a')];
}

static void note_endings(void) {
  static const struct {
    const ending *list;
    size_t n;
    uint8_t bit;
  } all[] = {{conditions, TH_COUNT(conditions), CONDITIONS},
             {procedures, TH_COUNT(procedures), PROCEDURES},
             {adjectives, TH_COUNT(adjectives), ADJECTIVES},
             {stems, TH_COUNT(stems), STEMS}};
  _Static_assert(TH_COUNT(conditions) + TH_COUNT(procedures) + TH_COUNT(adjectives) +
                         TH_COUNT(stems) <=
                     ENDINGS_MAX,
                 "all endings find room");
  uint8_t n = 0;
  for (size_t k = 0; k < TH_COUNT(all); k++) {
    for (size_t i = 0; i < all[k].n; i++) {
      uint8_t *tail = tail_of(all[k].list[i].text, all[k].list[i].n);
      endings[n].e = all[k].list[i];
      endings[n].list = all[k].bit;
      endings[n].next = *tail;
      *tail = ++n;
    }
  }
}

/* The lists that have an ending of the word, a bit each. */
static unsigned lists_of(th_span w) {
  unsigned lists = 0;
  for (uint8_t k = *tail_of(w.p, w.n); k; k = endings[k - 1].next) {
    const ending *e = &endings[k - 1].e;
    if (w.n >= e->least && !memcmp(w.p + w.n - e->n, e->text, e->n)) lists |= endings[k - 1].list;
  }
  return lists;
}

/* Whether an ending ends as the word does, without the "s" of several: most words are told by it.
 */
static bool may_end(th_span w) {
  size_t n = w.n;
  if (n < 5 || n > LETTERS_MAX) return false;
  if (n > 6 && (w.p[n - 1] | 32) == 's' && !memchr("sui", w.p[n - 2] | 32, 3)) n--;
  if (n > 6 && (w.p[n - 1] | 32) == 'e' && (w.p[n - 2] | 32) == 'i') return true; /* -pathie */
  char last[2] = {(char)(w.p[n - 2] | 32), (char)(w.p[n - 1] | 32)};
  bool letters = last[0] >= 'a' && last[0] <= 'z' && last[1] >= 'a' && last[1] <= 'z';
  return letters && *tail_of(last, 2);
}

/* The word in small letters, without the "s" of several; empty when it has other signs. */
static th_span lower(th_span w, char out[LETTERS_MAX]) {
  size_t n = 0;
  if (w.n < 5 || w.n > LETTERS_MAX) return (th_span){0};
  for (size_t i = 0; i < w.n; i++) {
    char c = (char)(w.p[i] | 32);
    if (c < 'a' || c > 'z') return (th_span){0};
    out[n++] = c;
  }
  if (out[n - 1] == 's' && n > 6 && !memchr("sui", out[n - 2], 3)) n--;
  if (n > 6 && !memcmp(out + n - 6, "pathie", 6)) out[n - 2] = 'y', n--;
  return (th_span){out, n};
}

static uint32_t by_ending(th_span word, uint32_t known) {
  static const char *const no_condition[] = {
      "diagnosis", "prognosis", "osmosis", "hypnosis", "apoptosis", "mitosis",  "academia",
      "diploma",   "overdosis", "stroma",  "aroma",    "genoma",    "symbiosis"};
  char letters[LETTERS_MAX];
  uint32_t classes = 0;
  if (!may_end(word)) return 0;
  th_span w = lower(word, letters);
  if (w.n == 0) return 0;
  unsigned lists = lists_of(w);
  if (lists & CONDITIONS) {
    for (size_t i = 0; i < TH_COUNT(no_condition); i++)
      if (th_span_eq(w, th_span_of(no_condition[i]))) return 0;
    return TH_ELIG_W_TERM;
  }
  if (lists & PROCEDURES) return TH_ELIG_W_PROCEDURE;
  if (lists & STEMS && !(known & (TH_ELIG_W_NO_STEM | TH_ELIG_W_PLAIN | TH_ELIG_W_SITE)))
    return TH_ELIG_W_SUBSTANCE;
  if (lists & ADJECTIVES && !(known & TH_ELIG_W_PLAIN)) classes |= TH_ELIG_W_ADJECTIVE;
  return classes;
}

/* "malignancies" as "malignancy". */
static uint32_t of_several(th_span word) {
  char one[LETTERS_MAX];
  if (word.n < 6 || word.n > LETTERS_MAX || memcmp(word.p + word.n - 3, "ies", 3)) return 0;
  memcpy(one, word.p, word.n - 3);
  one[word.n - 3] = 'y';
  return find(th_elig_word_key((th_span){one, word.n - 2}))->classes;
}

uint32_t th_elig_word_classes(th_span text, const th_elig_token *t) {
  pthread_once(&once, build);
  if (t->kind != TH_ELIG_WORD) return 0;
  th_span word = {text.p + t->from, t->to - t->from};
  uint32_t known = find(t->key)->classes;
  if (!known) known = of_several(word);
  uint32_t told = TH_ELIG_W_TERM | TH_ELIG_W_PROCEDURE | TH_ELIG_W_DRUG | TH_ELIG_W_HEAD;
  return known & told ? known : known | by_ending(word, known);
}
