#include "concept/key.h"

typedef struct ending {
  const char *from, *to;
  uint8_t from_n, to_n;
  uint8_t least; /* letters of the word */
} ending;

#define E(from, to, least)                                                                         \
  { from, to, sizeof(from) - 1, sizeof(to) - 1, least }

/* The first that fits. An ending that becomes itself keeps the word from those behind it. */
static const ending plurals[] = {
    E("sses", "ss", 5), E("xes", "x", 5),    E("shes", "sh", 6),  E("uses", "us", 7),
    E("sis", "se", 6),  E("eies", "eie", 5), E("aies", "aie", 5), E("ies", "y", 5),
    E("aes", "ae", 5),  E("ees", "ee", 5),   E("oes", "oe", 5),   E("ss", "ss", 2),
    E("us", "us", 2),   E("is", "is", 2),    E("s", "", 4),
};
static const ending spellings[] = {
    E("isation", "ization", 9), E("our", "or", 6),  E("oural", "oral", 7),
    E("tre", "ter", 5),         E("bre", "ber", 5),
};

static size_t replace_ending(char *p, size_t n, const ending *list, size_t n_list) {
  for (size_t i = 0; i < n_list; i++) {
    const ending *e = &list[i];
    size_t len = e->from_n;
    if (p[n - 1] != e->from[len - 1] || n < e->least || n <= len) continue;
    if (memcmp(p + n - len, e->from, len) != 0) continue;
    memcpy(p + n - len, e->to, e->to_n);
    return n - len + e->to_n;
  }
  return n;
}

/* oedema, anaemia, sulphate, leucocyte. */
static size_t replace_inside(char *p, size_t n) {
  size_t out = 0;
  for (size_t i = 0; i < n; i++) {
    bool pair = i + 1 < n;
    if (pair && p[i + 1] == 'e' && (p[i] == 'a' || p[i] == 'o') && n >= 6) continue;
    if (pair && p[i] == 'p' && p[i + 1] == 'h' && i >= 3 && memcmp(p + i - 3, "sul", 3) == 0) {
      p[out++] = 'f';
      i++;
      continue;
    }
    p[out++] = p[i];
  }
  if (out >= 5 && memcmp(p, "leuco", 5) == 0) p[3] = 'k';
  return out;
}

static bool is_plain(th_span word) {
  for (size_t i = 0; i < word.n; i++)
    if (word.p[i] < 'a' || word.p[i] > 'z') return false;
  return true;
}

/* Two bytes of UTF-8 that are one small Greek letter. */
static const char *greek_name(th_span word) {
  static const char *const names[] = {
      "alpha", "beta",   "gamma",   "delta", "epsilon", "zeta",    "eta",  "theta", "iota",
      "kappa", "lambda", "mu",      "nu",    "xi",      "omicron", "pi",   "rho",   "sigma",
      "sigma", "tau",    "upsilon", "phi",   "chi",     "psi",     "omega"};
  if (word.n != 2) return NULL;
  unsigned c = ((unsigned char)word.p[0] & 0x1Fu) << 6 | ((unsigned char)word.p[1] & 0x3Fu);
  return c >= 0x3B1 && c <= 0x3C9 ? names[c - 0x3B1] : NULL;
}

static const char *roman_value(th_span before, th_span word) {
  static const char *const ahead[] = {"type",  "stage", "grade",  "class",
                                      "phase", "group", "factor", "level"};
  static const char *const numbers[] = {"i",   "ii",   "iii", "iv", "v",  "vi",
                                        "vii", "viii", "ix",  "x",  "xi", "xii"};
  static const char *const values[] = {"1", "2", "3", "4",  "5",  "6",
                                       "7", "8", "9", "10", "11", "12"};
  if (word.n > 4 || !strchr("ivx", word.p[0])) return NULL;
  bool follows = false;
  for (size_t i = 0; i < TH_COUNT(ahead) && !follows; i++)
    follows = th_span_eq(before, th_span_of(ahead[i]));
  for (size_t i = 0; i < TH_COUNT(numbers) && follows; i++)
    if (th_span_eq(word, th_span_of(numbers[i]))) return values[i];
  return NULL;
}

size_t th_concept_key(th_span before, th_span word, char out[TH_KEY_MAX]) {
  size_t n = TH_MIN(word.n, (size_t)TH_TOKEN_MAX);
  if (n == 0) return 0;
  const char *whole = n == 2 ? greek_name(word) : NULL;
  if (!whole && n <= 4) whole = roman_value(before, word);
  if (whole) {
    memcpy(out, whole, strlen(whole));
    return strlen(whole);
  }
  memcpy(out, word.p, n);
  if (n < 4 || !is_plain((th_span){out, n})) return n;
  n = replace_ending(out, n, plurals, TH_COUNT(plurals));
  n = replace_ending(out, n, spellings, TH_COUNT(spellings));
  return replace_inside(out, n);
}

/* Sorted, as keys. What stands here may still be a label, but only of a vocabulary, and in running
 * text only in capitals. */
static const char *const common[] = {
    "a",      "able",  "about",  "above",  "act",    "active",    "add",     "after", "age",
    "aid",    "aim",   "air",    "all",    "also",   "am",        "an",      "and",   "any",
    "apt",    "arc",   "are",    "arm",    "art",    "as",        "at",      "bad",   "bar",
    "base",   "be",    "bed",    "been",   "before", "below",     "best",    "bid",   "big",
    "bit",    "body",  "both",   "but",    "by",     "can",       "cap",     "car",   "care",
    "case",   "cat",   "change", "chip",   "class",  "come",      "control", "cost",  "could",
    "cup",    "cut",   "data",   "date",   "day",    "death",     "did",     "do",    "doe",
    "dose",   "down",  "drug",   "due",    "each",   "eat",       "effect",  "end",   "even",
    "event",  "ever",  "face",   "fact",   "fall",   "far",       "fast",    "few",   "first",
    "fish",   "fit",   "flag",   "for",    "form",   "free",      "from",    "full",  "gap",
    "get",    "give",  "go",     "good",   "grade",  "group",     "had",     "has",   "have",
    "he",     "help",  "her",    "here",   "high",   "him",       "his",     "hit",   "home",
    "hope",   "hour",  "how",    "i",      "if",     "impact",    "in",      "into",  "it",
    "item",   "job",   "just",   "keep",   "key",    "kid",       "know",    "lap",   "large",
    "last",   "late",  "lead",   "least",  "led",    "left",      "less",    "let",   "level",
    "life",   "light", "like",   "line",   "list",   "live",      "long",    "lot",   "low",
    "made",   "make",  "man",    "map",    "march",  "mark",      "mass",    "may",   "me",
    "mean",   "men",   "met",    "mild",   "mind",   "month",     "more",    "most",  "move",
    "much",   "must",  "my",     "name",   "need",   "net",       "new",     "next",  "no",
    "none",   "nor",   "not",    "now",    "of",     "off",       "often",   "old",   "on",
    "once",   "one",   "only",   "open",   "or",     "other",     "our",     "out",   "over",
    "own",    "pace",  "pain",   "part",   "past",   "path",      "patient", "per",   "pet",
    "phase",  "pi",    "pill",   "plan",   "plus",   "point",     "post",    "race",  "ran",
    "rate",   "rest",  "rise",   "risk",   "run",    "said",      "same",    "save",  "say",
    "scan",   "score", "see",    "self",   "set",    "sex",       "share",   "she",   "short",
    "should", "side",  "since",  "site",   "six",    "small",     "smart",   "so",    "some",
    "spot",   "stage", "star",   "start",  "step",   "stop",      "study",   "such",  "sum",
    "tab",    "take",  "tell",   "ten",    "term",   "test",      "than",    "that",  "the",
    "their",  "them",  "then",   "there",  "these",  "they",      "thing",   "this",  "time",
    "tip",    "to",    "told",   "top",    "treat",  "treatment", "trial",   "try",   "two",
    "type",   "under", "unit",   "up",     "upon",   "us",        "use",     "used",  "very",
    "visit",  "vs",    "war",    "was",    "way",    "we",        "web",     "week",  "well",
    "were",   "what",  "when",   "where",  "which",  "while",     "who",     "whole", "why",
    "will",   "wish",  "with",   "within", "would",  "year",      "yet",     "you",   "your",
};

static int compare_common(const void *key, const void *item) {
  return th_span_cmp(*(const th_span *)key, th_span_of(*(const char *const *)item));
}

bool th_concept_is_common(th_span key) {
  return bsearch(&key, common, TH_COUNT(common), sizeof *common, compare_common) != NULL;
}
