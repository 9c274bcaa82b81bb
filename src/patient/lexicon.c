#include "patient/lexicon.h"

#include <pthread.h>

enum { SLOTS = 1 << 14, PHRASES_MAX = 8192, TOKENS_MAX = 128, NONE = 0xFFFF };

typedef struct slot {
  uint64_t key;    /* 0 = free */
  uint32_t node;   /* the roots are the families' numbers */
  uint16_t phrase; /* the first that ends here, or NONE */
} slot;

typedef struct phrase {
  int16_t value;
  uint16_t next; /* another with the same words, or NONE */
  th_span exact; /* the spelling that it stands for; empty = any case */
} phrase;

const th_lex_term th_lex_terms[] = {
#define T(category, label, aliases) {TH_ELIG_##category, 0, label, aliases},
#define N(category, label, aliases) {TH_ELIG_##category, TH_TERM_ABSENT, label, aliases},
#define P(category, label, aliases) {TH_ELIG_##category, TH_TERM_PAST, label, aliases},
#include "patient/terms.def"
#undef T
#undef N
#undef P
    {0}};

const th_lex_cue th_lex_cues[] = {
#define X(cue, reach, aliases) {TH_CUE_##cue, reach, aliases},
#include "patient/cues.def"
#undef X
};

typedef struct wording {
  int value;
  const char *aliases;
} wording;

static const wording sections[] = {
    {TH_SECTION_CURRENT,
     "history of present illness|hpi|present illness|chief complaint|cc|reason for visit|reason "
     "for "
     "admission|presenting complaint|hospital course|brief hospital course|physical exam|physical "
     "examination|exam|examination|pe|review of systems|ros|labs|laboratory|laboratory data|lab "
     "results|laboratory results|laboratory values|pertinent results|vital signs|vitals|imaging|"
     "radiology|assessment|impression|diagnosis|diagnoses|final diagnosis|discharge diagnosis|"
     "active problems|problem list|problems|findings|subjective|objective|studies|pathology|"
     "echocardiogram|ekg|ecg|mri|ct|summary|interval history|oncologic history|microbiology|"
     "general|heent|neck|lungs|chest|heart|cardiovascular|abdomen|extremities|skin|neuro|"
     "neurologic|neurological|current diagnosis|secondary diagnoses|demographics"},
    {TH_SECTION_PAST,
     "past medical history|pmh|pmhx|past history|medical history|previous medical history|past "
     "surgical history|psh|pshx|surgical history|past medical and surgical history|past "
     "medical/surgical history|prior medical history|past psychiatric history|obstetric history|"
     "past obstetric history|gynecologic history|past gynecologic history|history|other history"},
    {TH_SECTION_FAMILY, "family history|fh|fhx|fam hx|family medical history|family hx"},
    {TH_SECTION_SOCIAL, "social history|sh|shx|soc hx|habits|social hx|substance use"},
    {TH_SECTION_DRUGS,
     "medications|medication|meds|current medications|home medications|home meds|medications on "
     "admission|admission medications|discharge medications|outpatient medications|current meds|"
     "drugs|treatment|current treatment|medication list"},
    {TH_SECTION_ALLERGIES, "allergies|allergy|drug allergies|allergies/adverse reactions|adverse "
                           "reactions|allergies and intolerances"},
    {TH_SECTION_PLAN, "plan|assessment and plan|assessment/plan|a/p|recommendations|follow up|"
                      "disposition|discharge instructions|instructions|treatment plan"}};

static const wording relatives[] = {
    {'F', "mother|mom|sister|aunt|grandmother|daughter|niece|wife|girlfriend|stepmother"},
    {'M', "father|dad|brother|uncle|grandfather|son|nephew|husband|boyfriend|stepfather"},
    {0, "parents|parent|sibling|siblings|cousin|grandparents|grandparent|relative|relatives|family "
        "member|family members|spouse|partner|roommate|coworker|neighbor|caregiver|twin|half "
        "brother|half sister|first degree relative|donor|close contact"}};

static const wording persons[] = {
    {'F', "woman|female|girl|lady|housewife|primigravida|multigravida|nulliparous|primiparous|"
          "gravida|schoolgirl|transgender man|widow|waitress|actress"},
    {'M', "man|male|boy|gentleman|gent|schoolboy|transgender woman|widower|msm"}};

static slot slots[SLOTS];
static phrase phrases[PHRASES_MAX];
static uint32_t n_nodes = TH_LEX_FAMILIES;
static uint32_t n_phrases;
static int failure;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_soft(const th_elig_token *t) {
  return t->kind == TH_ELIG_SIGN && (t->key == '-' || t->key == '\'');
}

/* Numbers are words here, too: "factor 8", "stage 3". */
static uint64_t word_of(const th_elig_token *t) {
  uint64_t bits;
  if (t->kind == TH_ELIG_WORD) return t->key;
  if (t->kind == TH_ELIG_SIGN) return t->key & 255;
  if (t->kind == TH_ELIG_REL) return 256u + t->relation;
  memcpy(&bits, &t->value, sizeof bits);
  return bits | 512;
}

static uint64_t step_key(uint32_t node, uint64_t word) {
  uint64_t h = (word ^ ((uint64_t)node << 32 | (node + 1))) * 0x9E3779B97F4A7C15u;
  h ^= h >> 31;
  return h ? h : 1;
}

static slot *slot_of(uint64_t key) {
  for (size_t i = key % SLOTS;; i = (i + 1) % SLOTS)
    if (slots[i].key == key || slots[i].key == 0) return &slots[i];
}

static bool has_capital(th_span s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] >= 'A' && s.p[i] <= 'Z') return true;
  return false;
}

static void add_phrase(th_lex_family family, th_span words, int value) {
  th_elig_token room[TOKENS_MAX];
  th_elig_tokens v = {.p = room, .cap = TOKENS_MAX};
  slot *at = NULL;
  uint32_t node = family;
  if (words.n == 0 || words.n > TOKENS_MAX) return;
  th_elig_tokenize(words, 0, (uint32_t)words.n, &v);
  for (uint32_t i = 0; i < v.n; i++) {
    if (is_soft(&v.p[i])) continue;
    uint64_t key = step_key(node, word_of(&v.p[i]));
    at = slot_of(key);
    if (at->key == 0) {
      if (n_nodes > SLOTS / 2) failure = TH_ENOMEM;
      if (failure) return;
      *at = (slot){key, n_nodes++, NONE};
    }
    node = at->node;
  }
  if (!at) return;
  if (n_phrases == PHRASES_MAX) {
    failure = TH_ENOMEM;
    return;
  }
  phrases[n_phrases] = (phrase){(int16_t)value, at->phrase, {0}};
  if (has_capital(words)) phrases[n_phrases].exact = words;
  at->phrase = (uint16_t)n_phrases++;
}

static void add_list(th_lex_family family, const char *list, int value) {
  while (*list) {
    size_t n = strcspn(list, "|");
    add_phrase(family, (th_span){list, n}, value);
    list += n + (list[n] == '|');
  }
}

/* The label in lower case: a label's capital ("Crohn disease") asks for none. */
static void add_label(const char *label, int value) {
  static char room[1 << 16];
  static size_t used;
  size_t n = strlen(label);
  if (used + n > sizeof room) {
    failure = TH_ENOMEM;
    return;
  }
  for (size_t i = 0; i < n; i++)
    room[used + i] = label[i] >= 'A' && label[i] <= 'Z' ? (char)(label[i] | 32) : label[i];
  add_phrase(TH_LEX_TERM, (th_span){room + used, n}, value);
  used += n;
}

static void build(void) {
  for (size_t i = 0; th_lex_terms[i].label; i++) {
    if (!th_lex_terms[i].flags) add_label(th_lex_terms[i].label, (int)i);
    add_list(TH_LEX_TERM, th_lex_terms[i].aliases, (int)i);
  }
  for (size_t i = 0; i < TH_COUNT(th_lex_cues); i++)
    add_list(TH_LEX_CUE, th_lex_cues[i].aliases, (int)i);
  for (size_t i = 0; i < TH_COUNT(sections); i++)
    add_list(TH_LEX_SECTION, sections[i].aliases, sections[i].value);
  for (size_t i = 0; i < TH_COUNT(relatives); i++)
    add_list(TH_LEX_RELATIVE, relatives[i].aliases, relatives[i].value);
  for (size_t i = 0; i < TH_COUNT(persons); i++)
    add_list(TH_LEX_PERSON, persons[i].aliases, persons[i].value);
}

int th_lex_ready(void) {
  pthread_once(&once, build);
  return failure;
}

static int fitting(const slot *s, th_span said, bool any_case) {
  int best = -1;
  for (uint16_t p = s->phrase; p != NONE; p = phrases[p].next) {
    if (phrases[p].exact.n && th_span_eq(phrases[p].exact, said)) return phrases[p].value;
    if (!phrases[p].exact.n || any_case) best = phrases[p].value;
  }
  return best;
}

int th_lex_find(th_lex_family family, th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                bool any_case, uint32_t *end) {
  int best = -1;
  uint32_t node = family, from = i;
  for (; i < n; i++) {
    if (i > from && is_soft(&t[i])) continue;
    const slot *s = slot_of(step_key(node, word_of(&t[i])));
    if (s->key == 0) break;
    node = s->node;
    int value = fitting(s, (th_span){text.p + t[from].from, t[i].to - t[from].from}, any_case);
    if (value < 0) continue;
    best = value;
    *end = i + 1;
  }
  return best;
}
