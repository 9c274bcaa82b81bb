/* Silence about what was not read. A criterion of which no fact was read still has words; where a
 * full note has none of them, nor a disease of the organs that they name, a reader takes it that
 * the criterion is not met. That is a presumption like others (th_verdict_presume): for exclusions
 * alone, and not for what a note would not tell anyhow: results of tests, pregnancy, and what is
 * not medicine. */
#include <pthread.h>
#include <stdlib.h>

#include "match/marks.h"
#include "match/verdict_private.h"

enum { STEM = 6, CONTENT_MAX = 64, REST_MAX = 2 };

enum { SIEVE_BITS = 13 };

struct th_verdict_words {
  uint64_t *stems; /* of the note, sorted */
  uint32_t n;
  uint64_t hints;                         /* th_doubt_hints */
  uint64_t sieve[(1 << SIEVE_BITS) / 64]; /* a bit for a hash of each stem */
  uint8_t *ill;                           /* by known word: 0 not asked yet, 1 no, 2 yes */
};

/* What a word of a criterion may be. */
enum { ORGAN_WORD, IDLE_WORD, HELD_WORD, ASKED_WORD, TURNS_WORD, RESULTS_WORD, WHO_WORD };

static const struct {
  uint8_t what;
  const char *code, *words;
} lists[] = {
#define IDLE(words) {IDLE_WORD, NULL, words},
#define HELD(words) {HELD_WORD, NULL, words},
#define ASKED(words) {ASKED_WORD, NULL, words},
#define TURNS(words) {TURNS_WORD, NULL, words},
#define WHO(words) {WHO_WORD, NULL, words},
#define RESULTS(words) {RESULTS_WORD, NULL, words},
#define ORGAN(code, words) {ORGAN_WORD, code, words},
#include "match/silence.def"
#undef IDLE
#undef HELD
#undef ASKED
#undef TURNS
#undef WHO
#undef RESULTS
#undef ORGAN
};

enum { KNOWN_MAX = 1024, SLOTS = 4096 };
static struct known {
  uint64_t stem;
  const char *code; /* of the organ's diseases, or NULL */
  uint8_t what;
} known[KNOWN_MAX];
static size_t n_known;
/* The first row of each stem, those of it stand together: by hash, its index plus 1; 0: free. */
static uint16_t slots[SLOTS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool is_word(char c) {
  static const bool letters[256] = {
      ['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, [0x80 ... 0xff] = true};
  return letters[(unsigned char)c];
}

static uint32_t hash_of(uint64_t stem, int bits) {
  return (uint32_t)(stem * 0x9E3779B97F4A7C15u >> (64 - bits));
}

/* The first letters of a word, in lower case, as one number. */
uint64_t th_words_stem(th_span w) {
  uint64_t key = 0;
  size_t n = w.n > 3 && (w.p[w.n - 1] | 32) == 's' ? w.n - 1 : w.n;
  for (size_t i = 0; i < n && i < STEM; i++) {
    char c = w.p[i];
    key = key << 8 | (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return key;
}

bool th_words_next(th_span *rest, th_span *word) {
  size_t i = 0;
  while (i < rest->n && !is_word(rest->p[i]))
    i++;
  size_t from = i;
  while (i < rest->n && is_word(rest->p[i]))
    i++;
  *word = (th_span){rest->p + from, i - from};
  *rest = (th_span){rest->p + i, rest->n - i};
  return word->n > 0;
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static int by_stem(const void *a, const void *b) {
  const struct known *x = a, *y = b;
  return (x->stem > y->stem) - (x->stem < y->stem);
}

static void know_words(void) {
  th_span w;
  for (size_t i = 0; i < TH_COUNT(lists); i++) {
    th_span rest = th_span_of(lists[i].words);
    while (th_words_next(&rest, &w) && n_known < KNOWN_MAX)
      known[n_known++] = (struct known){th_words_stem(w), lists[i].code, lists[i].what};
  }
  qsort(known, n_known, sizeof *known, by_stem);
  for (size_t i = 0; i < n_known; i++) {
    if (i && known[i].stem == known[i - 1].stem) continue;
    uint32_t at = hash_of(known[i].stem, 12);
    while (slots[at])
      at = (at + 1) % SLOTS;
    slots[at] = (uint16_t)(i + 1);
  }
}

/* The first row with the stem; NULL: none. Also asked for patients who were not listened to. */
static const struct known *known_word(uint64_t stem) {
  pthread_once(&once, know_words);
  for (uint32_t at = hash_of(stem, 12); slots[at]; at = (at + 1) % SLOTS)
    if (known[slots[at] - 1].stem == stem) return &known[slots[at] - 1];
  return NULL;
}

/* All that a word is, a bit each. */
static unsigned kinds_of(uint64_t stem) {
  unsigned out = 0;
  for (const struct known *k = known_word(stem); k && k < known + n_known && k->stem == stem; k++)
    out |= 1u << k->what;
  return out;
}

static bool is_listed(uint64_t stem, uint8_t what) {
  return kinds_of(stem) >> what & 1;
}

int th_verdict_listen(th_verdict_patient *v, th_arena *arena, th_err *err) {
  th_span rest = v->p->source, w;
  struct th_verdict_words *out;
  if (v->p->form != TH_PATIENT_NOTE) return 0;
  out = th_arena_calloc(arena, 1, sizeof *out);
  if (out) out->stems = th_arena_alloc(arena, (rest.n / 2 + 1) * sizeof *out->stems);
  if (out) out->ill = th_arena_calloc(arena, KNOWN_MAX, sizeof *out->ill);
  if (!out || !out->stems || !out->ill) return th_err_set(err, TH_ENOMEM, "out of memory");
  while (th_words_next(&rest, &w)) {
    uint64_t stem = th_words_stem(w);
    uint32_t bit = hash_of(stem, SIEVE_BITS);
    out->stems[out->n++] = stem;
    out->sieve[bit / 64] |= 1ull << (bit % 64);
  }
  qsort(out->stems, out->n, sizeof *out->stems, by_value);
  v->words = out;
  out->hints = th_doubt_hints(v);
  return 0;
}

/* ---- a criterion's words ---- */

bool th_words_said(const th_verdict_patient *v, uint64_t stem) {
  uint32_t bit = hash_of(stem, SIEVE_BITS);
  if (!(v->words->sieve[bit / 64] >> (bit % 64) & 1)) return false;
  return bsearch(&stem, v->words->stems, v->words->n, sizeof stem, by_value) != NULL;
}

static bool is_number(th_span w) {
  return w.p[0] >= '0' && w.p[0] <= '9';
}

/* Whether the patient has, or may have, a disease of an organ. */
static bool is_ill(const th_verdict_patient *v, const char *code) {
  uint32_t above;
  if (!v->dict || !th_concepts_by_code(v->dict, th_span_of(code), &above, 1)) return false;
  for (uint32_t k = 0; k < v->n_concepts; k++) {
    const th_patient_fact *f = &v->p->facts[v->concepts[k]];
    if (f->absent || f->experiencer != TH_OF_PATIENT || f->concept_id == TH_NO_CONCEPT ||
        f->certainty == TH_CERTAIN_HYPOTHETICAL || f->category > TH_ELIG_FINDING)
      continue;
    if (f->concept_id == above || th_concept_is_below(v->dict, f->concept_id, above)) return true;
  }
  return false;
}

/* Of one of the organs that the word names; asked of the dictionary once. */
bool th_words_ill(const th_verdict_patient *v, uint64_t stem) {
  for (const struct known *o = known_word(stem); o && o < known + n_known && o->stem == stem; o++) {
    uint8_t *ill = &v->words->ill[o - known];
    if (!o->code) continue;
    if (!*ill) *ill = is_ill(v, o->code) ? 2 : 1;
    if (*ill == 2) return true;
  }
  return false;
}

bool th_words_idle(uint64_t stem) {
  return is_listed(stem, IDLE_WORD);
}

bool th_words_organ(uint64_t stem) {
  return is_listed(stem, ORGAN_WORD);
}

bool th_words_asked(uint64_t stem) {
  return is_listed(stem, ASKED_WORD);
}

uint64_t th_words_hints(const th_verdict_patient *v) {
  return v->words ? v->words->hints : 0;
}

/* Facts of the leaf that silence may not speak for, or that the record speaks of. */
static bool is_spoken_of(const th_verdict_leaf *l) {
  for (uint32_t i = l->n->fact; i < l->n->fact + l->n->n_facts; i++) {
    const th_elig_fact *f = &l->tree->facts[i];
    const th_verdict_fact *r = &l->all[i];
    bool own = f->type == TH_ELIG_CONCEPT && f->category >= TH_ELIG_GENE;
    if (own || f->negated || f->guard.kind || r->patient != TH_NO_FACT ||
        r->rule == TH_RULE_STALE || r->flags & (TH_SAYS_DOUBTED | TH_SAYS_UNTESTED))
      return true;
  }
  return false;
}

/* ---- what was read ---- */

enum { FEW = 16 }; /* facts that are looked through for each word */

/* Bytes of the text. Lists of them are by their beginnings, and apart. */
struct th_leaf_span {
  uint32_t from, to;
};

void th_leaf_seen_dispose(th_leaf_seen *s) {
  free(s->read);
  free(s->numbers);
}

static int by_from(const void *a, const void *b) {
  const struct th_leaf_span *x = a, *y = b;
  return (x->from > y->from) - (x->from < y->from);
}

static void add_span(struct th_leaf_span *list, uint32_t *n, uint32_t from, uint32_t to) {
  if (from < to) list[(*n)++] = (struct th_leaf_span){from, to};
}

/* Sorts them, and makes one of those that meet. How many are left. */
static uint32_t unite(struct th_leaf_span *list, uint32_t n) {
  uint32_t kept = 0;
  if (n > 1) qsort(list, n, sizeof *list, by_from);
  for (uint32_t i = 0; i < n; i++) {
    if (kept && list[i].from <= list[kept - 1].to)
      list[kept - 1].to = TH_MAX(list[kept - 1].to, list[i].to);
    else
      list[kept++] = list[i];
  }
  return kept;
}

static bool in_spans(const struct th_leaf_span *list, uint32_t n, uint32_t byte) {
  uint32_t low = 0;
  while (low < n) {
    uint32_t mid = low + (n - low) / 2;
    if (byte >= list[mid].from && byte < list[mid].to) return true;
    if (byte < list[mid].from)
      n = mid;
    else
      low = mid + 1;
  }
  return false;
}

/* As is_read and in_number have it. */
static void add_fact_spans(const th_verdict_leaf *l, uint32_t i) {
  th_leaf_seen *s = l->seen;
  const th_elig_fact *f = &l->tree->facts[i];
  if (l->n->kind != TH_ELIG_EXCLUSION && i > l->n->fact && th_leaf_mark(l, i) & TH_MARK_LINKED)
    add_span(s->read, &s->n_read, f[-1].to, f->from);
  add_span(s->read, &s->n_read, f->from, f->to);
  if (f->guard.kind) add_span(s->read, &s->n_read, f->guard.from, f->guard.to);
  if (f->window.present) add_span(s->read, &s->n_read, f->window.from, f->window.to);
  if (f->type == TH_ELIG_NUMERIC) add_span(s->numbers, &s->n_numbers, f->from, f->to);
}

/* False: few facts, or no memory for lists of them; then each is looked at. */
static bool has_spans(const th_verdict_leaf *l) {
  enum { SPANS = 4 }; /* of a fact */
  th_leaf_seen *s = l->seen;
  size_t n = l->n->n_facts;
  if (n <= FEW) return false;
  if (s->spans_known) return s->read && s->numbers;
  s->spans_known = true;
  s->read = malloc(SPANS * n * sizeof *s->read);
  s->numbers = malloc(n * sizeof *s->numbers);
  if (!s->read || !s->numbers) return false;
  for (uint32_t i = l->n->fact; i < l->n->fact + l->n->n_facts; i++)
    add_fact_spans(l, i);
  s->n_read = unite(s->read, s->n_read);
  s->n_numbers = unite(s->numbers, s->n_numbers);
  return true;
}

static bool in_number(const th_verdict_leaf *l, const char *at) {
  const th_elig_tree *tree = l->tree;
  const th_elig_node *n = l->n;
  uint32_t byte = (uint32_t)(at - tree->text.p);
  if (has_spans(l)) return in_spans(l->seen->numbers, l->seen->n_numbers, byte);
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++)
    if (tree->facts[i].type == TH_ELIG_NUMERIC && byte >= tree->facts[i].from &&
        byte < tree->facts[i].to)
      return true;
  return false;
}

bool th_verdict_unsaid(const th_verdict_leaf *l) {
  const th_verdict_patient *v = l->v;
  const th_elig_tree *tree = l->tree;
  const th_elig_node *n = l->n;
  th_span rest, w;
  uint32_t content = 0;
  if (!v->words || !tree->text.p || n->kind != TH_ELIG_EXCLUSION || is_spoken_of(l)) return false;
  rest = (th_span){tree->text.p + n->from, n->to - n->from};
  while (th_words_next(&rest, &w)) {
    uint64_t stem = th_words_stem(w);
    unsigned kinds = kinds_of(stem);
    if (kinds & (1u << HELD_WORD | 1u << ASKED_WORD | 1u << RESULTS_WORD)) return false;
    if (w.n < 3 || is_number(w) || kinds >> IDLE_WORD & 1) continue;
    if (th_words_said(v, stem) || (kinds >> ORGAN_WORD & 1 && th_words_ill(v, stem))) return false;
    content += !in_number(l, w.p);
  }
  return content > 0 && content <= CONTENT_MAX;
}

/* ---- what was not read beside facts ---- */

static bool separates(th_span s, size_t i) {
  static const th_span words[] = {TH_SPAN(" or "), TH_SPAN(" and "), TH_SPAN(" and/or "),
                                  TH_SPAN(" but ")};
  if (s.p[i] != ' ') return strchr(",;:/\n", s.p[i]) != NULL;
  for (size_t k = 0; k < TH_COUNT(words); k++)
    if (i + words[k].n <= s.n && (s.p[i + 1] | 32) == words[k].p[1] &&
        th_span_eq_nocase((th_span){s.p + i, words[k].n}, words[k]))
      return true;
  return false;
}

/* The stretch of the leaf that belongs to an alternative: between the separators, or facts, around
 * it. */
static th_span alternative_of(const th_elig_tree *tree, const th_elig_node *n, uint32_t from,
                              uint32_t end) {
  uint32_t low = n->from, high = n->to;
  if (from > n->fact) low = TH_MAX(low, TH_MIN(tree->facts[from - 1].to, tree->facts[from].from));
  if (end < n->fact + n->n_facts)
    high = TH_MIN(high, TH_MAX(tree->facts[end].from, tree->facts[end - 1].to));
  th_span all = {tree->text.p, high};
  uint32_t a = tree->facts[from].from, b = tree->facts[end - 1].to;
  while (a > low && !separates(all, a - 1))
    a--;
  while (b < high && !separates(all, b))
    b++;
  return (th_span){tree->text.p + a, b - a};
}

static bool is_read(const th_verdict_leaf *l, const char *at) {
  const th_elig_tree *tree = l->tree;
  const th_elig_node *n = l->n;
  uint32_t byte = (uint32_t)(at - tree->text.p);
  bool alternatives = n->kind != TH_ELIG_EXCLUSION;
  if (has_spans(l)) return in_spans(l->seen->read, l->seen->n_read, byte);
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_elig_fact *f = &tree->facts[i];
    /* words between alternatives are those of others than the one that is met */
    if (alternatives && byte < f->from && i > n->fact && byte >= tree->facts[i - 1].to &&
        th_leaf_mark(l, i) & TH_MARK_LINKED)
      return true;
    if ((byte >= f->from && byte < f->to) ||
        (f->guard.kind && byte >= f->guard.from && byte < f->guard.to) ||
        (f->window.present && byte >= f->window.from && byte < f->window.to))
      return true;
  }
  return false;
}

/* Consent, being able to, and languages: the words around them say how it is given, and whether
 * it is read or spoken. */
static bool has_formal(const th_elig_tree *tree, const th_elig_node *n) {
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_elig_fact *f = &tree->facts[i];
    bool turned = n->kind != TH_ELIG_EXCLUSION || f->negated; /* there: refusal, inability */
    if (f->type == TH_ELIG_CONCEPT && turned &&
        (f->category == TH_ELIG_CONSENT || f->category == TH_ELIG_CAPACITY ||
         f->category == TH_ELIG_LANGUAGE))
      return true;
  }
  return false;
}

static bool is_formal(const th_verdict_leaf *l) {
  if (!l->seen->formal_known) l->seen->formal = has_formal(l->tree, l->n);
  l->seen->formal_known = true;
  return l->seen->formal;
}

/* Takes a stretch in parentheses off what is left: it explains. *closes: there may be one. */
static void skip_parentheses(th_span *rest, bool *closes) {
  size_t i = 0;
  while (i < rest->n && !is_word(rest->p[i]) && rest->p[i] != '(')
    i++;
  if (i == rest->n || rest->p[i] != '(' || !*closes) return;
  const char *close = memchr(rest->p + i, ')', rest->n - i);
  *closes = close != NULL;
  if (close) *rest = (th_span){close + 1, (size_t)(rest->p + rest->n - close - 1)};
}

/* A limit that was not read: "hypertension of > 170/100 mm of Hg". */
static bool has_unread_bound(const th_verdict_leaf *l, th_span s) {
  static const char *const signs[] = {
      "<", ">", "\xe2\x89\xa4", "\xe2\x89\xa5", "\xe2\x89\xa6", "\xe2\x89\xa7"};
  for (size_t i = 0; i < s.n; i++)
    for (size_t k = 0; k < TH_COUNT(signs) && strchr("<>\xe2", s.p[i]); k++) {
      size_t len = strlen(signs[k]);
      if (i + len <= s.n && !memcmp(s.p + i, signs[k], len) && !is_read(l, s.p + i)) return true;
    }
  return false;
}

/* Whether a word of the leaf that begins in the stretch is listed. */
static bool holds_word(const th_elig_tree *tree, const th_elig_node *n, th_span stretch,
                       uint8_t what) {
  const char *end = tree->text.p + n->to, *from = stretch.p;
  th_span rest, w;
  while (from > tree->text.p + n->from && from < end && is_word(from[-1]) && is_word(*from))
    from++;
  rest = (th_span){from, (size_t)(end - from)};
  while (th_words_next(&rest, &w) && w.p < stretch.p + stretch.n)
    if (is_listed(th_words_stem(w), what)) return true;
  return false;
}

bool th_words_turn(const th_elig_tree *tree, const th_elig_node *n, uint32_t from, uint32_t end) {
  return holds_word(tree, n, alternative_of(tree, n, from, end), TURNS_WORD);
}

bool th_words_results(const th_elig_tree *tree, const th_elig_node *n) {
  return holds_word(tree, n, (th_span){tree->text.p + n->from, n->to - n->from}, RESULTS_WORD);
}

/* "Women of childbearing potential must use contraception": of a woman who may have children the
 * words before say no more. */
static bool is_of_her(const th_verdict_leaf *l) {
  enum { OLDEST = 50 };
  double low, high;
  bool asked = false;
  for (uint32_t i = l->n->fact; i < l->n->fact + l->n->n_facts; i++)
    asked |= l->tree->facts[i].type == TH_ELIG_CONCEPT &&
             l->tree->facts[i].category == TH_ELIG_CONTRACEPTION;
  return asked && l->v->adult && l->v->p->sex == 'F' && th_age_completed(l->v, "a", &low, &high) &&
         high < OLDEST && !th_verdict_barren(l->v);
}

/* "Nulliparous women": only sex was read, so that one word more may be what is asked. */
static bool says_only_who(const th_verdict_leaf *l, uint32_t from, uint32_t end) {
  for (uint32_t i = from; i < end; i++)
    if (l->tree->facts[i].type != TH_ELIG_CONCEPT || l->tree->facts[i].category != TH_ELIG_SEX)
      return false;
  return true;
}

/* "Hypotension (systolic pressure < 90)": what was not read in front is explained by the bound. */
static bool is_explanation(const th_verdict_leaf *l, const char *begin, uint32_t from) {
  const th_elig_fact *f = &l->tree->facts[from];
  const char *at = l->tree->text.p + f->from;
  if (f->type != TH_ELIG_NUMERIC || at <= begin) return false;
  while (at > begin && at[-1] != '(' && at[-1] != ')')
    at--;
  return at > begin && at[-1] == '(';
}

th_verdict_truth th_verdict_rest(const th_verdict_leaf *l, uint32_t from, uint32_t end) {
  const th_verdict_patient *v = l->v;
  const th_elig_tree *tree = l->tree;
  const th_elig_node *n = l->n;
  th_span rest, w;
  bool exclusion = n->kind == TH_ELIG_EXCLUSION;
  uint32_t open = 0;
  bool silent = true, closes = true;
  if (!v->words || from >= end || !tree->text.p) return TH_MET;
  rest = exclusion ? alternative_of(tree, n, from, end)
                   : (th_span){tree->text.p + n->from, n->to - n->from};
  bool bound = exclusion && has_unread_bound(l, rest);
  if (exclusion && is_explanation(l, rest.p, from)) silent = false;
  if (is_formal(l)) return TH_MET;
  for (;;) {
    if (!exclusion) skip_parentheses(&rest, &closes);
    if (!th_words_next(&rest, &w)) break;
    if (w.n < 3 || is_number(w) || is_read(l, w.p)) continue;
    uint64_t stem = th_words_stem(w);
    unsigned kinds = kinds_of(stem);
    if (kinds >> HELD_WORD & 1) silent = false;
    if (kinds >> IDLE_WORD & 1 || th_words_said(v, stem)) continue;
    if (kinds >> WHO_WORD & 1 && is_of_her(l)) continue;
    open++;
  }
  uint32_t most = exclusion || says_only_who(l, from, end) ? 0 : REST_MAX - 1;
  if (open <= most) return bound ? TH_UNKNOWN : TH_MET;
  return exclusion && silent ? TH_NOT_MET : TH_UNKNOWN;
}

/* ---- tests ---- */

static bool is_test_word(th_span w) {
  static const th_span whole[] = {TH_SPAN("test"),     TH_SPAN("tests"), TH_SPAN("tested"),
                                  TH_SPAN("testing"),  TH_SPAN("scan"),  TH_SPAN("scans"),
                                  TH_SPAN("scanning"), TH_SPAN("spect"), TH_SPAN("mri")};
  static const th_span others[] = {TH_SPAN("program"), TH_SPAN("milligram"), TH_SPAN("kilogram")};
  static const th_span first[] = {TH_SPAN("radiogra"),   TH_SPAN("tomogra"),   TH_SPAN("imaging"),
                                  TH_SPAN("ultraso"),    TH_SPAN("telemetr"),  TH_SPAN("biops"),
                                  TH_SPAN("monitoring"), TH_SPAN("filtration")};
  static const th_span last[] = {TH_SPAN("graph"), TH_SPAN("graphy"), TH_SPAN("graphic"),
                                 TH_SPAN("gram"), TH_SPAN("scopy")};
  for (size_t i = 0; i < TH_COUNT(others); i++)
    if (th_span_eq_nocase(w, others[i])) return false;
  for (size_t i = 0; i < TH_COUNT(whole); i++)
    if (th_span_eq_nocase(w, whole[i])) return true;
  for (size_t i = 0; i < TH_COUNT(first); i++)
    if (w.n >= first[i].n && (w.p[0] | 32) == first[i].p[0] &&
        th_span_eq_nocase((th_span){w.p, first[i].n}, first[i]))
      return true;
  for (size_t i = 0; i < TH_COUNT(last); i++)
    if (w.n >= last[i].n && th_span_eq_nocase((th_span){w.p + w.n - last[i].n, last[i].n}, last[i]))
      return true;
  return false;
}

bool th_words_test(th_span label) {
  th_span w;
  while (th_words_next(&label, &w))
    if (is_test_word(w)) return true;
  return false;
}

bool th_verdict_untested(const th_verdict_patient *v, const th_elig_fact *f) {
  return v->words && f->type == TH_ELIG_CONCEPT && !f->negated && th_words_test(f->label) &&
         !th_doubt_done(v, f->label);
}

/* ---- beside a fact of the note ---- */

bool th_verdict_says_before(const th_verdict_patient *v, th_span words, const th_patient_fact *p) {
  th_span text = v->p->source;
  if (!v->words || p->from > text.n || words.n == 0) return false;
  th_span before = th_span_trim((th_span){text.p, p->from});
  return before.n >= words.n &&
         th_span_eq_nocase((th_span){before.p + before.n - words.n, words.n}, words);
}
