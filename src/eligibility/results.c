#include "eligibility/results.h"

#include "eligibility/infections.h"
#include "eligibility/keys.h"
#include "eligibility/lexicon.h"
#include "eligibility/numeric.h"
#include "eligibility/phrases.h"
#include "eligibility/signs.h"

enum { REACH = 8, MEMBERS = 8, VERBS = 5, SHORT = 4 };

typedef struct tester {
  th_elig_leaf *l;
  th_elig_terms *v;
  uint32_t floor;      /* no name begins before this token */
  uint32_t first, end; /* tokens of the result's words */
  const char *result;  /* what they come to */
  th_span word;        /* that, or the one word that says it */
  bool absent;         /* "negative", "not detectable" */
  bool polar;          /* positive or negative: of infections too */
  uint32_t from, to;   /* bytes of the result's words */
} tester;

static const th_elig_token *token(const tester *c, uint32_t i) {
  return &c->l->tokens.p[i];
}

static bool among(const tester *c, uint32_t i, th_elig_set *set) {
  return i < c->l->tokens.n && th_elig_among(set, token(c, i));
}

static bool sign(const tester *c, uint32_t i, char s) {
  return i < c->l->tokens.n && th_elig_sign(token(c, i), s);
}

/* ---- the words of a result ---- */

static const struct {
  const char *word, *result;
  bool absent, polar;
} results[] = {
    {"positive", "positive", false, true},
    {"positivity", "positive", false, true},
    {"seropositive", "positive", false, true},
    {"seropositivity", "positive", false, true},
    {"reactive", "positive", false, true},
    {"negative", "positive", true, true},
    {"negativity", "positive", true, true},
    {"seronegative", "positive", true, true},
    {"nonreactive", "positive", true, true},
    {"detectable", "detectable", false, true},
    {"undetectable", "detectable", true, true},
    {"suppressed", "detectable", true, false},
    {"elevated", "high", false, false},
    {"increased", "high", false, false},
    {"raised", "high", false, false},
    {"high", "high", false, false},
    {"above", "high", false, false},
    {"exceeding", "high", false, false},
    {"over", "high", false, false},
    {"decreased", "low", false, false},
    {"reduced", "low", false, false},
    {"low", "low", false, false},
    {"below", "low", false, false},
    {"under", "low", false, false},
    {"normal", "normal", false, false},
    {"adequate", "normal", false, false},
    {"within", "normal", false, false},
    {"in", "normal", false, false},
    {"good", "normal", false, false},
    {"sufficient", "normal", false, false},
    {"acceptable", "normal", false, false},
    {"satisfactory", "normal", false, false},
    {"preserved", "normal", false, false},
    {"intact", "normal", false, false},
    {"diminished", "low", false, false},
    {"subnormal", "low", false, false},
    {"stable", "stable", false, false},
};

static size_t row_of(th_span word) {
  for (size_t i = 0; i < TH_COUNT(results); i++)
    if (th_span_eq_nocase(word, th_span_of(results[i].word))) return i;
  return TH_COUNT(results);
}

const char *th_elig_result_name(th_span words) {
  size_t n = 0;
  while (n < words.n && (words.p[n] == '(' || words.p[n] == ' '))
    n++;
  if (n < words.n && (words.p[n] == '+' || words.p[n] == '-' || words.p[n] == '\xE2'))
    return "positive"; /* a plus, any sign for a minus */
  n = 0;
  if (words.n > 4 && th_span_eq_nocase((th_span){words.p, 4}, TH_SPAN("not ")))
    words.p += 4, words.n -= 4;
  while (n < words.n && (unsigned char)words.p[n] > ' ')
    n++;
  size_t row = row_of((th_span){words.p, n});
  return row < TH_COUNT(results) ? results[row].result : "abnormal";
}

/* "within the normal limits" around the token of "normal". */
static void widen(tester *c, uint32_t i) {
  static th_elig_set normal = TH_ELIG_SET("normal");
  static th_elig_set fill =
      TH_ELIG_SET("the|of|institutional|laboratory|local|limit|reference|range");
  static th_elig_set before = TH_ELIG_SET("within|in|outside|above|below|out|exceeding|over|under");
  static th_elig_set range = TH_ELIG_SET("limit|range|value|reference|interval");
  uint32_t first = i, end = i + 1;
  if (!among(c, i, &normal)) return;
  while (first > c->floor && i - first < 4 && among(c, first - 1, &fill))
    first--;
  if (first == c->floor || !among(c, first - 1, &before)) return;
  while (end < i + 4 && among(c, end, &range))
    end++;
  if (end == i + 1 && first == i) return;
  c->first = first - 1;
  c->end = end;
}

static void read_words(tester *c, uint32_t i) {
  static th_elig_set not_ = TH_ELIG_SET("not");
  c->first = i;
  c->end = i + 1;
  widen(c, i);
  c->result = th_elig_result_name(th_elig_words_of(c->l, c->first, c->end));
  size_t row = row_of(th_elig_words_of(c->l, i, i + 1));
  if (row < TH_COUNT(results)) c->absent = results[row].absent, c->polar = results[row].polar;
  if (c->first > c->floor && among(c, c->first - 1, &not_)) {
    c->first--;
    c->absent = !c->absent;
  }
  c->word = c->absent || c->end > i + 1 ? th_span_of(c->result) : th_elig_words_of(c->l, i, i + 1);
  c->from = token(c, c->first)->from;
  c->to = token(c, c->end - 1)->to;
}

/* ---- the names of tests ---- */

bool th_elig_names_infection(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set words = TH_ELIG_SET("hiv|hbv|hcv|hepatitis|htlv|cmv|ebv|syphilis|tuberculosis|"
                                         "tb|toxoplasmosis|rubella|covid|sars|"
                                         "influenza|pylori|chlamydia|immunodeficiency|virus|vdrl|"
                                         "rpr|igra|quantiferon|mrsa|hpv|hsv|vzv|"
                                         "gonorrhea|malaria|hbsag|hcvab|hbcab|cytomegalovirus");
  return i < l->tokens.n && th_elig_among(&words, &l->tokens.p[i]);
}

static bool is_infection(const tester *c, uint32_t i) {
  return c->polar && th_elig_names_infection(c->l, i);
}

/* "B", "C", "1", "IV" behind the name of an infection. */
static bool is_type(const tester *c, uint32_t i) {
  if (i == 0 || i >= c->l->tokens.n) return false;
  const th_elig_token *t = token(c, i);
  bool letter = t->kind == TH_ELIG_WORD && t->flags & TH_ELIG_ALL_UPPER && t->to - t->from <= 2;
  bool number = t->kind == TH_ELIG_NUM && t->flags & TH_ELIG_INTEGER && t->value < 10;
  return letter || number;
}

/* Whether a word ends the name of a test; the name of a disease is read as that. */
static bool is_test(const tester *c, uint32_t i) {
  static th_elig_set none = TH_ELIG_SET("pregnancy|pregnant|gestation|age|stage|grade|postpartum");
  if (i >= c->l->tokens.n || token(c, i)->kind != TH_ELIG_WORD) return false;
  if (is_infection(c, i)) return true;
  const th_elig_term *t = th_elig_term_at(c->l, c->v, i);
  if (t && t->category == TH_ELIG_CONDITION) return false;
  return th_elig_classes_at(c->l, c->v, i) & TH_ELIG_W_TEST ||
         (c->l->taken[i] && !among(c, i, &none));
}

static bool may_name(const tester *c, uint32_t i) {
  static th_elig_set also =
      TH_ELIG_SET("pregnancy|screening|surface|organ|mental|core|human|lead|anti|resistant|x|wall");
  static th_elig_set joints = TH_ELIG_SET("and|or");
  if (i >= c->l->tokens.n) return false; /* a short form may end the item */
  if (among(c, i, &joints)) return false;
  uint32_t w = th_elig_classes_at(c->l, c->v, i);
  if (w & (TH_ELIG_W_PLAIN | TH_ELIG_W_RESULT) || sign(c, i, '(') || sign(c, i, ')')) return false;
  return w & (TH_ELIG_W_TEST | TH_ELIG_W_SITE | TH_ELIG_W_ADJECTIVE | TH_ELIG_W_DRUG |
              TH_ELIG_W_DRUGLIKE) ||
         th_elig_term_at(c->l, c->v, i) || th_elig_is_symbol(c->l, i) || c->l->taken[i] ||
         among(c, i, &also);
}

/* "(TSH)": the token behind it, `i` when no short form stands there. */
static uint32_t over_short(const tester *c, uint32_t i) {
  if (!sign(c, i, '(')) return i;
  for (uint32_t k = i + 1; k < i + 2 + SHORT && k < c->l->tokens.n; k++)
    if (th_elig_sign(token(c, k), ')')) return k > i + 1 ? k + 1 : i;
  return i;
}

/* The first token of the short form that ends before `at`, `at` when there is none. */
static uint32_t before_short(const tester *c, uint32_t at) {
  if (at < 3 || !sign(c, at - 1, ')')) return at;
  for (uint32_t k = at - 1; k-- > c->floor && at - k < 3 + SHORT;)
    if (th_elig_sign(token(c, k), '(')) return k;
  return at;
}

/* "HIV 1/2 antibodies": where the name of an infection's test begins that ends where another does.
 */
static uint32_t infection_from(const tester *c, uint32_t first, uint32_t end) {
  th_elig_infection_test test;
  for (uint32_t i = first; c->polar && i > c->floor && first - i < REACH; i--)
    if (th_elig_infection_at(c->l->tokens.p, c->l->tokens.n, i - 1, &test) && test.end == end)
      return i - 1;
  return first;
}

/* The name of the test that ends before `at`: [*first, *end); false when there is none. */
static bool name_before(const tester *c, uint32_t at, uint32_t *first, uint32_t *end) {
  if (at > c->floor && sign(c, at - 1, '-')) at--;
  at = before_short(c, at);
  *first = *end = at;
  uint32_t last = at;
  while (last > c->floor && is_type(c, last - 1) && last + 1 > at)
    last--;
  if (last == c->floor || !is_test(c, last - 1)) {
    last = at;
    if (at == c->floor || !is_test(c, at - 1)) return false;
  }
  for (uint32_t n = 0; n<REACH && * first> c->floor; n++) {
    uint32_t p = *first - 1;
    if (th_elig_sign(token(c, p), '-') && p > c->floor) p--;
    if (!may_name(c, p) && !(p + 1 == *first && p + 1 > last && is_type(c, p))) break;
    *first = p;
  }
  while (*first < *end && sign(c, *first, '-'))
    ++*first;
  *first = infection_from(c, *first, *end);
  return *first < *end;
}

/* "serology | for | HIV", "antibodies to hepatitis C": the token of the word between. */
static bool is_tested_for(const tester *c, uint32_t i) {
  static th_elig_set to = TH_ELIG_SET("for|to|against");
  static th_elig_set tests =
      TH_ELIG_SET("test|screen|screening|serology|antibody|antibodie|antigen|culture|"
                  "pcr|assay|immunoassay|titer|serum|smear");
  static th_elig_set the = TH_ELIG_SET("the");
  uint32_t k = i + 1 + among(c, i + 1, &the);
  return i > 0 && among(c, i, &to) && among(c, i - 1, &tests) &&
         (is_infection(c, k) || is_infection(c, k + 1));
}

/* The name of the test that begins at `at`: the token behind it, `at` when there is none. Parts of
 * the body joined by "and" share what they are tested for: *joint is then the token behind it. */
static uint32_t name_behind(const tester *c, uint32_t at, uint32_t *joint) {
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&"), the = TH_ELIG_SET("the");
  uint32_t end = at, i = at;
  *joint = 0;
  for (uint32_t n = 0; n < REACH && i < c->l->tokens.n; n++, i++) {
    if (th_elig_sign(token(c, i), '-') && i > at) continue;
    if (i > at && over_short(c, i) > i && may_name(c, over_short(c, i)) &&
        !among(c, over_short(c, i), &joints)) {
      i = over_short(c, i) - 1;
      continue;
    }
    if (end == at && i > at && among(c, i, &joints) &&
        th_elig_classes_at(c->l, c->v, i - 1) & TH_ELIG_W_SITE) {
      while (among(c, i + 1, &joints))
        i++;
      *joint = i + 1;
      continue;
    }
    if (end == i && i > at && is_tested_for(c, i)) i += 1 + among(c, i + 1, &the);
    bool type = i > at && end == i && is_infection(c, i - 1) && is_type(c, i);
    if (!may_name(c, i) && !type && !is_infection(c, i)) break;
    if (is_test(c, i) || type) end = i + 1;
  }
  if (*joint >= end) *joint = 0;
  return end;
}

/* ---- terms ---- */

/* What the words of a test say of an infection: one that tests tell (infections.h), else what the
 * dictionary knows there, the infection before its cause. label empty: nothing, as of a test that
 * only shows that somebody met the virus. */
static th_elig_term infection_of(const tester *c, uint32_t first, uint32_t end) {
  th_elig_infection_test test;
  th_elig_term cause = {0};
  for (uint32_t i = first; c->polar && i < end; i++) {
    if (th_elig_infection_at(c->l->tokens.p, c->l->tokens.n, i, &test)) {
      uint32_t k = (uint32_t)__builtin_ctz(test.which);
      const th_elig_named *known = c->v->infections ? &c->v->infections[k] : NULL;
      if (test.immune || (c->absent && test.amount)) return (th_elig_term){0};
      if (known && known->label.n && !(test.which & (test.which - 1)))
        return (th_elig_term){
            .category = TH_ELIG_CONDITION, .label = known->label, .code = known->code};
    }
    const th_elig_term *t = is_infection(c, i) ? th_elig_term_at(c->l, c->v, i) : NULL;
    if (t && t->category == TH_ELIG_CONDITION) return *t;
    if (t && t->category == TH_ELIG_ORGANISM) cause = *t;
  }
  return cause;
}

/* Whether how much of a virus there is was measured: who has none of it in the blood may still have
 * the infection ("HIV viral load undetectable"). */
static bool is_amount(const tester *c, uint32_t first, uint32_t end) {
  static th_elig_set amounts = TH_ELIG_SET("load|rna|dna|viremia");
  bool amount = false;
  for (uint32_t i = first; i < end; i++)
    amount |= among(c, i, &amounts);
  return amount;
}

/* "liver function abnormal": the result in small letters. */
static char *label_of(const tester *c, th_span test) {
  char *label = th_arena_alloc(c->l->facts->arena, test.n + c->word.n + 2);
  if (!label) return NULL;
  memcpy(label, test.p, test.n);
  label[test.n] = ' ';
  for (size_t i = 0; i < c->word.n; i++)
    label[test.n + 1 + i] =
        c->word.p[i] >= 'A' && c->word.p[i] <= 'Z' ? (char)(c->word.p[i] | 32) : c->word.p[i];
  label[test.n + 1 + c->word.n] = 0;
  return label;
}

/* Whether a result is one of the test that ends with token `last`: what is acceptable or intact may
 * be anything ("an acceptable antibody", "a sufficient sample"), so these say only how something
 * works, or how much of it there is. */
static bool suits(const tester *c, uint32_t last) {
  static th_elig_set wide = TH_ELIG_SET(
      "sufficient|acceptable|satisfactory|preserved|intact|compromised|diminished|subnormal");
  static th_elig_set works = TH_ELIG_SET(
      "function|reserve|status|parameter|profile|value|count|level|motility|contractility|"
      "perfusion|acuity|motion|fraction|lvef|chemistry|hematology|intelligence|vision|hearing");
  static th_elig_set adjective = TH_ELIG_SET("pathological");
  static th_elig_set looked_at = TH_ELIG_SET("examination|exam|analysis|biopsy");
  uint32_t word = c->end - 1;
  if (among(c, word, &adjective)) return !among(c, last, &looked_at);
  return !among(c, word, &wide) || among(c, last, &works);
}

/* The term of tokens [first, end) about the test [name, name_end). */
static void put(tester *c, uint32_t first, uint32_t end, uint32_t name, uint32_t name_end) {
  static th_elig_set pregnancy = TH_ELIG_SET("pregnancy|hcg");
  th_span test = th_elig_words_of(c->l, name, name_end);
  th_elig_term with = {0};
  if (!suits(c, name_end - 1)) return;
  if (!(c->absent && is_amount(c, name, name_end))) with = infection_of(c, first, end);
  bool pregnant = false;
  for (uint32_t i = name; i < name_end; i++)
    pregnant |= c->polar && among(c, i, &pregnancy);
  for (uint32_t i = first; i < end; i++)
    if (c->v->owner[i]) c->v->p[c->v->owner[i] - 1].drop = true;
  for (uint32_t k = c->v->n; k > 0 && c->v->p[k - 1].first >= first; k--)
    if (c->v->p[k - 1].end <= end) c->v->p[k - 1].drop = true; /* named by itself before */
  const char *label = label_of(c, test);
  th_elig_term *t = label ? th_elig_terms_add(c->v, c->l->facts->arena) : NULL;
  if (!t) {
    c->v->failed = true;
    return;
  }
  *t = (th_elig_term){.first = first,
                      .end = end,
                      .head = first,
                      .from = token(c, first)->from,
                      .to = token(c, end - 1)->to,
                      .category = TH_ELIG_FINDING,
                      .absent = c->absent,
                      .label = th_span_of(label),
                      .test_from = token(c, name)->from,
                      .test_to = token(c, name_end - 1)->to,
                      .value_from = c->from,
                      .value_to = c->to};
  if (with.label.n) t->category = with.category, t->label = with.label, t->code = with.code;
  if (pregnant) t->category = TH_ELIG_PREGNANCY, t->label = TH_SPAN("pregnancy");
}

/* "result test, test and test": the members behind the first one. */
static uint32_t put_further(tester *c, uint32_t end) {
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&");
  for (uint32_t n = 0; n < MEMBERS; n++) {
    uint32_t i = over_short(c, end), shared, from = i;
    while (i < from + 3 && among(c, i, &joints))
      i++;
    if (i == from || among(c, i, &joints)) return end;
    uint32_t behind = name_behind(c, i, &shared);
    if (behind == i) return end;
    if (th_elig_classes_at(c->l, c->v, i) & TH_ELIG_W_RESULT) return end;
    put(c, i, behind, i, behind);
    end = behind;
  }
  return end;
}

/* "test, test and test result": the members before the one that begins at `first`. */
static void put_earlier(tester *c, uint32_t first) {
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&");
  for (uint32_t n = 0; n < MEMBERS; n++) {
    uint32_t i = first, name, name_end;
    while (i > c->floor && first - i < 3 && among(c, i - 1, &joints))
      i--;
    if (i == first || !name_before(c, i, &name, &name_end)) return;
    put(c, name, name_end, name, name_end);
    first = name;
  }
}

/* "positive | result on screening for | HIV": the token behind the words before an infection. */
static uint32_t over_testing(const tester *c, uint32_t i) {
  enum { WORDS = 6 };
  static th_elig_set words =
      TH_ELIG_SET("test|testing|screening|screen|serology|serological|result|"
                  "finding|laboratory|on|in|the|a|an|any|diagnostic");
  static th_elig_set to = TH_ELIG_SET("for|to|on|of");
  uint32_t behind = i;
  for (uint32_t k = i; k < i + WORDS && (among(c, k, &words) || among(c, k, &to)); k++)
    if (among(c, k, &to)) behind = k + 1;
  th_elig_infection_test test;
  bool found = th_elig_infection_at(c->l->tokens.p, c->l->tokens.n, behind, &test);
  return found ? behind : i;
}

static uint32_t put_behind(tester *c, uint32_t i) {
  static th_elig_set for_ = TH_ELIG_SET("for|to|on|of|result|level|amount");
  static th_elig_set the = TH_ELIG_SET("the|a|an|any|of|for|in");
  static th_elig_set after_only = TH_ELIG_SET("reactive|high|low|poor");
  uint32_t begin = c->end, shared, over = over_testing(c, begin);
  if (among(c, begin, &for_)) begin++;
  while (begin < c->end + 4 && among(c, begin, &the))
    begin++;
  if (over > begin && name_behind(c, begin, &shared) <= over) begin = over;
  const th_elig_term *t = th_elig_term_at(c->l, c->v, begin);
  th_elig_infection_test test;
  bool disease = t && t->category == TH_ELIG_CONDITION && !is_infection(c, begin) &&
                 !th_elig_infection_at(c->l->tokens.p, c->l->tokens.n, begin, &test);
  uint32_t end = name_behind(c, begin, &shared);
  if (end == begin || (disease && (c->polar || among(c, i, &after_only)))) return i + 1;
  if (shared) {
    static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&");
    uint32_t before = shared;
    while (among(c, before - 1, &joints))
      before--;
    put(c, c->first, before, begin, end);
    put(c, shared, end, shared, end);
  } else {
    put(c, c->first, end, begin, end);
  }
  return put_further(c, end);
}

/* "HIV, HBV and HCV negative": infections that were named by themselves belong to the result. */
static uint32_t before_infections(const tester *c, uint32_t floor) {
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&|-");
  while (floor > 0 &&
         (is_infection(c, floor - 1) || is_type(c, floor - 1) || among(c, floor - 1, &joints)))
    floor--;
  return floor;
}

/* "COVID-19-positive": the dictionary's name of an infection that ends right before token `at`,
 * when its last token says of itself nothing. */
static bool infection_ends_at(const tester *c, uint32_t at, uint32_t *first, uint32_t *end) {
  uint32_t behind = at - (at > 0 && sign(c, at - 1, '-'));
  const th_elig_term *t = behind > 0 ? th_elig_term_at(c->l, c->v, behind - 1) : NULL;
  bool whole = c->polar && t && t->category == TH_ELIG_CONDITION && t->end == behind;
  if (!whole || !is_infection(c, t->first) || is_test(c, behind - 1) || is_type(c, behind - 1))
    return false;
  *first = t->first;
  *end = t->end;
  return true;
}

/* "HIV positive" as a name of the dictionary: what it is and what it is found to be are two spans
 * of it. */
static void split_named(tester *c, th_elig_term *t) {
  if (t->category != TH_ELIG_CONDITION || c->first <= t->first || c->end != t->end) return;
  uint32_t behind = c->first - sign(c, c->first - 1, '-');
  t->test_from = token(c, t->first)->from;
  t->test_to = token(c, behind - 1)->to;
  t->value_from = c->from;
  t->value_to = c->to;
}

uint32_t th_elig_compose_result(th_elig_leaf *l, th_elig_terms *v, uint32_t floor, uint32_t i) {
  static th_elig_set verb = TH_ELIG_SET(
      "is|are|was|were|be|been|must|should|result|:|-|tested|testing|level|value|status|to|known|"
      "remain|remained|has|have");
  tester c = {.l = l, .v = v, .floor = floor};
  uint32_t owner = v->owner[i];
  th_elig_term *own = owner ? &v->p[owner - 1] : NULL;
  read_words(&c, i);
  if (own && own->end - own->first > 1) {
    if (c.polar && is_infection(&c, own->first)) split_named(&c, own);
    return i + 1;
  }
  uint32_t at = c.first, first, end;
  if (infection_ends_at(&c, at, &first, &end)) {
    put(&c, first, c.end, first, end);
    return c.end;
  }
  c.floor = before_infections(&c, floor);
  while (at > c.floor && c.first - at < VERBS && among(&c, at - 1, &verb) && !l->taken[at - 1])
    at--;
  bool before = name_before(&c, at, &first, &end);
  if (!before && at < c.first) before = name_before(&c, c.first, &first, &end);
  if (!before) return put_behind(&c, i);
  put(&c, first, c.end, first, end);
  put_earlier(&c, first);
  return c.end;
}

/* ---- signs ---- */

/* Whether the name that ends with token `last` is of something that is found or not, so that a plus
 * behind it is no "and". */
static bool is_found(const tester *c, uint32_t last) {
  static th_elig_set tests = TH_ELIG_SET(
      "hbsag|hbeag|hbcab|hbsab|hbeab|hbcag|hbc|hbs|hbe|hbvsag|hbvcab|hcvab|antibody|antigen|ab|ag|"
      "antihcv|antihbc|antihbs|antihiv|antihbcag|antihbsag|pcr|rna|dna|igg|igm|ana|anca|rf|acpa|"
      "ccp|hcg|tppa|ppd|tst|igra|naat|quantiferon|virus|serology|culture|smear|test|autoantibody|"
      "hhv8");
  return among(c, last, &tests) || is_infection(c, last);
}

/* "HCV-", whose name was composed just before: its term is told what it is found to be. */
static bool put_on_composed(tester *c) {
  th_elig_term *t = c->v->n ? &c->v->p[c->v->n - 1] : NULL;
  bool drug = t && t->category == TH_ELIG_DRUG; /* "anti-HCV antibody" */
  if (!t || t->end != c->first || t->drop || !(drug || t->category == TH_ELIG_CONDITION))
    return false;
  const char *label = drug ? label_of(c, th_elig_words_of(c->l, t->first, t->end)) : NULL;
  if (drug && !label) return false;
  if (drug) t->category = TH_ELIG_FINDING, t->label = th_span_of(label), t->code = (th_span){0};
  t->test_from = t->from;
  t->test_to = t->to;
  t->value_from = c->from;
  t->value_to = t->to = c->to;
  t->absent = c->absent;
  t->end = c->end;
  return true;
}

uint32_t th_elig_compose_sign(th_elig_leaf *l, th_elig_terms *v, uint32_t floor, uint32_t i) {
  tester c = {.l = l, .v = v, .floor = floor, .first = i, .polar = true, .result = "positive"};
  uint32_t first, end;
  if (th_elig_term_at(l, v, i) || !th_elig_sign_of_result(l, i, &c.end, &c.absent)) return i + 1;
  const th_elig_term *named = th_elig_term_at(l, v, i - 1);
  bool found = is_found(&c, i - 1) || (i > 1 && sign(&c, i - 1, ')') && is_found(&c, i - 2));
  for (uint32_t k = named ? named->first : i; !found && k < i; k++)
    found = is_infection(&c, k); /* "COVID-19" */
  if (!found) return i + 1;
  c.word = TH_SPAN("positive");
  c.from = token(&c, i)->from;
  c.to = token(&c, c.end - 1)->to;
  if (i <= floor) return put_on_composed(&c) ? c.end : i + 1;
  if (named && named->end == i && named->first >= floor)
    first = infection_from(&c, named->first, i), end = i;
  else if (!name_before(&c, i, &first, &end))
    return i + 1;
  put(&c, first, c.end, first, end);
  return c.end;
}

/* ---- criteria by name ---- */

/* "DSM-IV criteria", "Rome III diagnostic criteria": the first token of the name that ends before
 * token `end`; `end` when no name stands there. A name has a capital inside the item. */
static uint32_t criteria_name(const tester *c, uint32_t end) {
  static th_elig_set sorts = TH_ELIG_SET("diagnostic|diagnosis|classification|consensus|research|"
                                         "revised|modified|workshop|-|/");
  static th_elig_set none = TH_ELIG_SET(
      "inclusion|exclusion|eligibility|entry|selection|other|general|key|main|all|the|following|"
      "these|subject|patient|participant|study|trial|screening|withdrawal|meet|meets|fulfill");
  uint32_t first = end;
  bool named = false;
  for (uint32_t i = end; i > 0 && end - i < REACH; i--) {
    const th_elig_token *t = token(c, i - 1);
    bool upper = t->kind == TH_ELIG_WORD && t->flags & TH_ELIG_UPPER;
    bool number = t->kind == TH_ELIG_NUM && t->flags & TH_ELIG_INTEGER;
    if (among(c, i - 1, &none) || c->v->owner[i - 1] || c->l->taken[i - 1]) break;
    if (!upper && !number && !among(c, i - 1, &sorts)) break;
    if (upper && (i > 1 || t->flags & TH_ELIG_ALL_UPPER)) named = true;
    if (upper || (number && i > 1 && !(t->flags & TH_ELIG_SPACE_BEFORE))) first = i - 1;
  }
  return named ? first : end;
}

static void put_criteria(tester *c, uint32_t i) {
  uint32_t first = criteria_name(c, i);
  th_elig_term *term = first < i ? th_elig_terms_add(c->v, c->l->facts->arena) : NULL;
  if (!term) return;
  *term = (th_elig_term){.first = first,
                         .end = i + 1,
                         .head = first,
                         .from = token(c, first)->from,
                         .to = token(c, i)->to,
                         .category = TH_ELIG_FINDING,
                         .aside = 1 + TH_ELIG_NAMED_MEASURE,
                         .label = th_elig_words_of(c->l, first, i + 1)};
}

static th_elig_set criteria = TH_ELIG_SET("criteria|criterion");

bool th_elig_has_criteria(const th_elig_leaf *l) {
  for (uint32_t i = 1; i < l->tokens.n; i++)
    if (th_elig_among(&criteria, &l->tokens.p[i])) return true;
  return false;
}

void th_elig_compose_criteria(th_elig_leaf *l, th_elig_terms *v) {
  tester c = {.l = l, .v = v};
  for (uint32_t i = 1; i < l->tokens.n && !v->failed; i++)
    if (among(&c, i, &criteria)) put_criteria(&c, i);
}
