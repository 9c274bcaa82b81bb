#include "eligibility/lexicon.h"

#include <pthread.h>

enum { SLOTS = 1 << 13, ENDING_MAX = 12, LETTERS_MAX = 40 };

static struct slot {
  uint64_t key;
  uint32_t classes;
} slots[SLOTS];
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

static void build(void) {
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
#define WORDS(classes, list) add_words(classes, list);
#include "eligibility/lexicon.def"
#undef WORDS
}

/* ---- by how a word ends ---- */

typedef struct ending {
  const char *text;
  uint8_t least; /* letters of the word */
} ending;

static const ending conditions[] = {
    {"itis", 7},    {"osis", 7},   {"oma", 7},       {"opathy", 9},  {"emia", 7},
    {"uria", 7},    {"algia", 8},  {"plegia", 9},    {"paresis", 9}, {"penia", 8},
    {"rrhea", 8},   {"rrhoea", 8}, {"rrhage", 9},    {"rrhagia", 9}, {"megaly", 9},
    {"trophy", 8},  {"phobia", 8}, {"ectasia", 9},   {"edema", 8},   {"lithiasis", 11},
    {"philia", 9},  {"plasia", 8}, {"spasm", 8},     {"oedema", 8},  {"ectasis", 9},
    {"cytosis", 9}, {"iasis", 8},  {"paralysis", 9},
};
static const ending procedures[] = {
    {"ectomy", 9}, {"otomy", 8},     {"ostomy", 8},    {"oscopy", 8}, {"plasty", 9},
    {"graphy", 9}, {"centesis", 10}, {"pheresis", 10}, {"desis", 9},
};
static const ending adjectives[] = {
    {"al", 5},  {"ic", 5},  {"ar", 6},  {"ary", 6},   {"ous", 6},
    {"oid", 6}, {"ile", 6}, {"ive", 7}, {"atric", 7}, {"genic", 7},
};
static const ending stems[] = {
    {"mab", 6},        {"tinib", 8},      {"ciclib", 9},    {"statin", 9},    {"pril", 7},
    {"sartan", 8},     {"olol", 7},       {"dipine", 9},    {"prazole", 9},   {"gliptin", 9},
    {"gliflozin", 11}, {"glutide", 9},    {"parin", 8},     {"xaban", 8},     {"gatran", 9},
    {"cycline", 9},    {"cillin", 8},     {"floxacin", 10}, {"mycin", 8},     {"conazole", 10},
    {"ciclovir", 9},   {"navir", 7},      {"tegravir", 10}, {"buvir", 8},     {"asvir", 8},
    {"previr", 8},     {"fovir", 8},      {"oxetine", 9},   {"triptan", 8},   {"setron", 8},
    {"dronate", 9},    {"barbital", 9},   {"azepam", 8},    {"zolam", 7},     {"caine", 8},
    {"curium", 9},     {"terol", 8},      {"lukast", 9},    {"platin", 8},    {"rubicin", 10},
    {"taxel", 8},      {"glitazone", 11}, {"leukin", 9},    {"grastim", 9},   {"poetin", 8},
    {"rafenib", 9},    {"metinib", 9},    {"zomib", 8},     {"parib", 8},     {"lisib", 8},
    {"degib", 8},      {"trexate", 9},    {"trexed", 9},    {"citabine", 10}, {"fungin", 9},
    {"lamide", 9},     {"semide", 9},     {"thiazide", 9},  {"afil", 7},      {"profen", 8},
    {"coxib", 7},      {"dopa", 8},       {"peridol", 9},   {"peridone", 9},  {"tidine", 8},
    {"zosin", 7},      {"steride", 8},    {"relix", 8},     {"relin", 8},     {"tecan", 7},
    {"limus", 8},      {"nib", 8},        {"cept", 9},      {"sone", 9},      {"solone", 9},
    {"onide", 8},      {"gepant", 9},     {"racetam", 9},   {"bamate", 9},    {"pidem", 8},
    {"pressin", 9},    {"oxaban", 8},     {"vudine", 8},    {"citinib", 9},
};

static bool ends_in(th_span w, const ending *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    size_t len = strlen(list[i].text);
    if (w.n >= list[i].least && list[i].text[len - 1] == w.p[w.n - 1] &&
        !memcmp(w.p + w.n - len, list[i].text, len))
      return true;
  }
  return false;
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
  if (n > 6 && !memcmp(out + n - 5, "pathie", 5)) out[n - 2] = 'y', n--;
  return (th_span){out, n};
}

static uint32_t by_ending(th_span word, uint32_t known) {
  static const char *const no_condition[] = {
      "diagnosis", "prognosis", "osmosis", "hypnosis", "apoptosis", "mitosis",  "academia",
      "diploma",   "overdosis", "stroma",  "aroma",    "genoma",    "symbiosis"};
  char letters[LETTERS_MAX];
  th_span w = lower(word, letters);
  uint32_t classes = 0;
  if (w.n == 0) return 0;
  for (size_t i = 0; i < TH_COUNT(no_condition); i++)
    if (th_span_eq(w, th_span_of(no_condition[i]))) return 0;
  if (ends_in(w, conditions, TH_COUNT(conditions))) return TH_ELIG_W_TERM;
  if (ends_in(w, procedures, TH_COUNT(procedures))) return TH_ELIG_W_PROCEDURE;
  if (!(known & (TH_ELIG_W_NO_STEM | TH_ELIG_W_PLAIN | TH_ELIG_W_SITE)) &&
      ends_in(w, stems, TH_COUNT(stems)))
    return TH_ELIG_W_SUBSTANCE;
  if (!(known & TH_ELIG_W_PLAIN) && ends_in(w, adjectives, TH_COUNT(adjectives)))
    classes |= TH_ELIG_W_ADJECTIVE;
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
