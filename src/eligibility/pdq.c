#include "eligibility/pdq.h"

#include "eligibility/inline.h"

static const char *const sections[] = {"DISEASE CHARACTERISTICS",  "PATIENT CHARACTERISTICS",
                                       "PRIOR CONCURRENT THERAPY", "PRIOR/CONCURRENT THERAPY",
                                       "PRIOR/CURRENT THERAPY",    "PRIOR THERAPY"};

/* What the items below are about. */
static const char *const topics[] = {
    "Hematopoietic",   "Hematologic",  "Hematological",     "Hepatic",      "Renal",
    "Cardiovascular",  "Cardiac",      "Pulmonary",         "Neurologic",   "Neurological",
    "Immunologic",     "Metabolic",    "Gastrointestinal",  "Other",        "Biologic therapy",
    "Biology therapy", "Chemotherapy", "Endocrine therapy", "Radiotherapy", "Surgery"};
/* These are part of what is asked: "Age: 18 and over". */
static const char *const asking[] = {
    "Age", "Performance status",     "Life expectancy", "Menopausal status",
    "Sex", "Hormone receptor status"};

/* Capitalised in the middle of a line, these begin an item. */
static const char *const starts[] = {"No",
                                     "Not",
                                     "Must",
                                     "May",
                                     "At least",
                                     "More than",
                                     "Prior",
                                     "Concurrent",
                                     "Recovered",
                                     "See",
                                     "Fertile",
                                     "HIV",
                                     "Histologically",
                                     "Cytologically",
                                     "Patients",
                                     "Negative",
                                     "Able",
                                     "Bilirubin",
                                     "Creatinine",
                                     "SGOT",
                                     "SGPT",
                                     "AST",
                                     "ALT",
                                     "Platelet",
                                     "Platelets",
                                     "Hemoglobin",
                                     "Hematocrit",
                                     "Absolute",
                                     "Granulocyte",
                                     "Granulocytes",
                                     "WBC",
                                     "ANC",
                                     "Measurable",
                                     "Evaluable",
                                     "Bidimensionally",
                                     "Adequate",
                                     "Willing",
                                     "Female",
                                     "Male",
                                     "LVEF",
                                     "DLCO",
                                     "Alkaline",
                                     "Albumin",
                                     "Calcium",
                                     "BUN",
                                     "Any",
                                     "All",
                                     "Only",
                                     "Effective",
                                     "Failed",
                                     "Ineligible",
                                     "Eligible",
                                     "Refractory",
                                     "Recurrent",
                                     "Relapsed",
                                     "Newly",
                                     "Previously"};
/* Behind these a capital goes on with what was begun. */
static const char *const open_words[] = {
    "or",   "and",    "of",     "the",    "a",         "an",   "to",  "for", "with",
    "in",   "by",     "from",   "than",   "as",        "no",   "not", "if",  "non",
    "plus", "unless", "except", "either", "including", "when", "on",  "has", "have"};

static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static bool starts_with(th_span s, const char *word) {
  size_t n = strlen(word);
  return s.n >= n && !memcmp(s.p, word, n) && (s.n == n || !is_letter(s.p[n]));
}

/* Bytes of the first of the names that the words begin with, 0 when none does. */
static size_t name_at(th_span s, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (names[i][0] == s.p[0] && starts_with(s, names[i])) return strlen(names[i]);
  return 0;
}

/* The same with a colon behind it, which is counted. */
static size_t heading_at(th_span s, const char *const *names, size_t n) {
  size_t name = s.n ? name_at(s, names, n) : 0;
  return name && name < s.n && s.p[name] == ':' ? name + 1 : 0;
}

bool th_elig_pdq_section(th_span line) {
  return heading_at(line, sections, TH_COUNT(sections)) > 0;
}

static th_span without_signs(th_span s) {
  s = th_span_trim(s);
  while (s.n && memchr(".:;* \t", s.p[s.n - 1], 6))
    s.n--;
  return s;
}

bool th_elig_pdq_topic(th_span words) {
  enum { LONGEST = 17 }; /* of the topics */
  if (words.n > 2 * LONGEST) return false;
  th_span s = without_signs(words);
  return s.n && name_at(s, topics, TH_COUNT(topics)) == s.n;
}

bool th_elig_pdq_nothing(th_span words) {
  static const char *const nothing[] = {"not specified",
                                        "none specified",
                                        "see disease characteristics",
                                        "see patient characteristics",
                                        "see prior concurrent therapy",
                                        "see chemotherapy",
                                        "see surgery",
                                        "see general eligibility criteria"};
  if (words.n > 80) return false;
  th_span s = without_signs(words);
  bool headed = s.n && memchr(s.p, ':', s.n);
  size_t topic = headed ? heading_at(s, topics, TH_COUNT(topics)) : 0;
  if (!topic && headed) topic = heading_at(s, asking, TH_COUNT(asking));
  s = th_span_trim((th_span){s.p + topic, s.n - topic});
  for (size_t i = 0; i < TH_COUNT(nothing); i++)
    if (th_span_eq_nocase(s, th_span_of(nothing[i]))) return true;
  return false;
}

/* ---- a section without line breaks ---- */

typedef struct cutter {
  th_span text;
  uint32_t from, to;
  th_elig_piece *out;
  size_t n;
} cutter;

static void put(cutter *c, uint32_t from, uint32_t to, uint8_t level, uint8_t flags) {
  while (from < to && memchr(" \t\r\n;", c->text.p[from], 5))
    from++;
  while (to > from && memchr(" \t\r\n", c->text.p[to - 1], 4))
    to--;
  bool word = false;
  for (uint32_t i = from; i < to && !word; i++)
    word = is_letter(c->text.p[i]) || (c->text.p[i] >= '0' && c->text.p[i] <= '9');
  if (!word || c->n == TH_ELIG_PIECES_MAX) {
    if (c->n && to > from) c->out[c->n - 1].to = to;
    return;
  }
  c->out[c->n++] = (th_elig_piece){.from = from, .to = to, .level = level, .flags = flags};
}

static bool is_open(const cutter *c, uint32_t at) {
  uint32_t to = at;
  while (to > c->from && c->text.p[to - 1] == ' ')
    to--;
  uint32_t from = to;
  while (from > c->from && is_letter(c->text.p[from - 1]))
    from--;
  if (from == to) return to > c->from && memchr("(,/-<>=:", c->text.p[to - 1], 8) != NULL;
  for (size_t i = 0; i < TH_COUNT(open_words); i++)
    if (th_span_eq_nocase((th_span){c->text.p + from, to - from}, th_span_of(open_words[i])))
      return true;
  return false;
}

/* Whether an item begins at i, where a word with a capital stands. */
static bool begins_item(const cutter *c, uint32_t i) {
  th_span rest = {c->text.p + i, c->to - i};
  char before = c->text.p[i - 2];
  if (before == '.' || before == ';') return true;
  return name_at(rest, starts, TH_COUNT(starts)) && !is_open(c, i);
}

/* The items from `at` on. */
static void put_items(cutter *c, uint32_t at) {
  int depth = 0;
  for (uint32_t i = at; i < c->to; i++) {
    char ch = c->text.p[i];
    depth += (ch == '(' || ch == '[') - ((ch == ')' || ch == ']') && depth > 0);
    if (depth > 0 || i < c->from + 2 || c->text.p[i - 1] != ' ' || ch < 'A' || ch > 'Z') continue;
    th_span rest = {c->text.p + i, c->to - i};
    size_t topic = heading_at(rest, topics, TH_COUNT(topics));
    if (topic) {
      put(c, at, i, 1, 0);
      put(c, i, i + (uint32_t)topic, 1, TH_ELIG_OPTIONAL);
      at = i + (uint32_t)topic;
      i = at - 1;
    } else if (heading_at(rest, asking, TH_COUNT(asking)) || begins_item(c, i)) {
      put(c, at, i, 1, 0);
      at = i;
    }
  }
  put(c, at, c->to, 1, 0);
}

size_t th_elig_pdq_split(th_span text, uint32_t from, uint32_t to, struct th_elig_piece *out) {
  cutter c = {.text = text, .from = from, .to = to, .out = out};
  size_t head = heading_at((th_span){text.p + from, to - from}, sections, TH_COUNT(sections));
  if (!head || th_span_trim((th_span){text.p + from + head, to - from - head}).n == 0) return 0;
  put(&c, from, from + (uint32_t)head, 0, 0);
  put_items(&c, from + (uint32_t)head);
  return c.n;
}
