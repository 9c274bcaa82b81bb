#include "match/ask.h"

#include <math.h>

#include "eligibility/attributes.h"

enum { SLOTS = 2 * TH_ASK_THINGS_MAX, OPEN_MAX = 64 /* things that one criterion lacks */ };

/* What an answer is worth where the text does not say on which side the criterion stands: it helps
 * a reader, and settles nothing. */
static const float NO_SIDE = 0.5f;

typedef struct th_thing {
  bool used;
  uint64_t hash;
  th_question q;
  uint32_t last_study; /* rank of the study that it was seen in last */
  bool current;        /* all that ask mean now */
} th_thing;

/* The things that one criterion lacks. */
typedef struct lacks {
  th_thing *p[OPEN_MAX];
  uint32_t n;
} lacks;

int th_asker_init(th_asker *a, th_arena *arena, th_err *err) {
  *a = (th_asker){.arena = arena};
  a->things = th_arena_calloc(arena, SLOTS, sizeof *a->things);
  return a->things ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* ---- things ---- */

/* FNV-1a over the label's letters in one case. */
static uint64_t hash_of(int32_t attribute, uint8_t category, th_span label) {
  uint64_t h = 14695981039346656037u ^ (uint64_t)(attribute + 1) << 8 ^ category;
  for (size_t i = 0; i < label.n; i++) {
    char c = label.p[i];
    h = (h ^ (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c)) * 1099511628211u;
  }
  return h ^ h >> 29;
}

/* What is asked in the same words whatever the label. */
static bool says_all(uint8_t category) {
  switch (category) {
  case TH_ELIG_PREGNANCY:
  case TH_ELIG_LACTATION:
  case TH_ELIG_CONTRACEPTION:
  case TH_ELIG_CONSENT:
  case TH_ELIG_CAPACITY:
  case TH_ELIG_SMOKING:
  case TH_ELIG_ALCOHOL:
  case TH_ELIG_OTHER_TRIAL:
  case TH_ELIG_SEX:
    return true;
  default:
    return false;
  }
}

static th_thing *thing_of(th_asker *a, int32_t attribute, uint8_t category, th_span label,
                          th_span code) {
  if (attribute >= 0 || says_all(category)) label = code = (th_span){0};
  uint64_t hash = hash_of(attribute, category, label);
  uint32_t at = (uint32_t)(hash % SLOTS);
  for (; a->things[at].used; at = (at + 1) % SLOTS) {
    th_thing *t = &a->things[at];
    if (t->hash == hash && t->q.attribute == attribute && t->q.category == category &&
        th_span_eq_nocase(t->q.label, label))
      return t;
  }
  if (a->n == TH_ASK_THINGS_MAX) return NULL;
  th_span own = th_arena_dup(a->arena, label), own_code = th_arena_dup(a->arena, code);
  if (!own.p || !own_code.p) {
    a->failed = true;
    return NULL;
  }
  a->n++;
  a->things[at] = (th_thing){.used = true, .hash = hash, .current = true};
  a->things[at].q =
      (th_question){.attribute = attribute, .category = category, .label = own, .code = own_code};
  return &a->things[at];
}

static void add_lack(lacks *l, th_thing *t) {
  for (uint32_t i = 0; i < l->n; i++)
    if (l->p[i] == t) return;
  if (t && l->n < OPEN_MAX) l->p[l->n++] = t;
}

/* ---- what a criterion lacks ---- */

/* What the record says something about already, and what was said is not too old, is no thing to
 * ask for: it would be said again. */
static bool is_lacking(const th_verdict_fact *f) {
  if (f->truth != TH_UNKNOWN || f->guard == TH_NOT_MET) return false;
  return f->patient == TH_NO_FACT || f->rule == TH_RULE_STALE;
}

static void gather(th_asker *a, const th_verdicts *v, const th_elig_node *n, lacks *out) {
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    const th_elig_fact *f = &v->tree->facts[i];
    if (f->family || !is_lacking(&v->facts[i])) continue;
    bool number = f->type == TH_ELIG_NUMERIC;
    if (number && f->attribute == TH_ELIG_ATTRIBUTE_OTHER)
      continue; /* many things, no one question */
    th_thing *t = number ? thing_of(a, f->attribute, 0, (th_span){0}, (th_span){0})
                         : thing_of(a, -1, f->category, f->label, f->code);
    if (t && !number && f->time != TH_ELIG_CURRENT) t->current = false;
    add_lack(out, t);
  }
}

/* How much of a whole answer one is: what nearly everybody answers alike settles little that was
 * not taken for granted. A study's own staff ask it anyhow. */
static float telling(const th_question *q) {
  if (q->attribute >= 0) return 1;
  switch (q->category) {
  case TH_ELIG_CONSENT:
  case TH_ELIG_CAPACITY:
    return 0.02f;
  case TH_ELIG_CONTRACEPTION:
  case TH_ELIG_LANGUAGE:
    return 0.05f;
  case TH_ELIG_OTHER_TRIAL:
  case TH_ELIG_LACTATION:
    return 0.2f;
  case TH_ELIG_PREGNANCY:
    return 0.5f;
  default:
    return 1;
  }
}

static void credit(lacks *l, uint32_t rank, float worth) {
  float points = worth / (log2f((float)rank + 1) * (float)(l->n ? l->n : 1));
  for (uint32_t i = 0; i < l->n; i++) {
    th_thing *t = l->p[i];
    t->q.weight += points * telling(&t->q);
    t->q.n_criteria++;
    t->q.n_studies += t->last_study != rank;
    t->last_study = rank;
  }
}

static void add_field(th_asker *a, const th_verdict_trial *trial, uint8_t field, uint32_t rank) {
  lacks l = {0};
  int age = th_elig_attribute_find(TH_SPAN("age"));
  if (trial->field[field] != TH_UNKNOWN) return;
  if (field == TH_FIELD_AGE)
    add_lack(&l, thing_of(a, age, 0, (th_span){0}, (th_span){0}));
  else
    add_lack(&l, thing_of(a, -1, TH_ELIG_SEX, (th_span){0}, (th_span){0}));
  credit(&l, rank, 1);
}

/* The leaves of an open criterion that are open themselves, each for its own. */
static void add_leaves(th_asker *a, const th_verdicts *v, uint32_t at, uint32_t rank) {
  for (uint32_t i = at; i < v->tree->nodes[at].next; i++) {
    const th_elig_node *n = &v->tree->nodes[i];
    lacks l = {0};
    if (n->flags & (TH_ELIG_OPTIONAL | TH_ELIG_COHORT)) {
      i = n->next - 1;
      continue;
    }
    if (n->flags & TH_ELIG_GROUP || v->nodes[i].verdict != TH_UNKNOWN) continue;
    gather(a, v, n, &l);
    credit(&l, rank, n->kind == TH_ELIG_UNKNOWN ? NO_SIDE : 1);
  }
}

void th_asker_add(th_asker *a, const th_verdicts *v, const th_verdict_trial *trial, uint32_t rank) {
  add_field(a, trial, TH_FIELD_AGE, rank);
  add_field(a, trial, TH_FIELD_SEX, rank);
  for (uint32_t i = 0; i < v->tree->n_nodes; i = v->tree->nodes[i].next)
    if (v->nodes[i].verdict == TH_UNKNOWN) add_leaves(a, v, i, rank);
}

/* ---- words ---- */

static void put_words(const th_thing *t, th_buf *out) {
  static const struct {
    const char *before, *now; /* now: when all that ask mean the present; NULL: the same */
    const char *behind;
  } forms[TH_ELIG_N_CATEGORIES] = {
      [TH_ELIG_CONDITION] = {"Do you have, or have you had, ", "Do you have ", "?"},
      [TH_ELIG_DRUG] = {"Do you take, or have you taken, ", "Do you take ", "?"},
      [TH_ELIG_PROCEDURE] = {"Have you had this: ", NULL, "?"},
      [TH_ELIG_FINDING] = {"Do you have, or have you had, ", "Do you have ", "?"},
      [TH_ELIG_ALLERGY] = {"Are you allergic to ", NULL, "?"},
      [TH_ELIG_ORGANISM] = {"Do you have, or have you had, an infection with ",
                            "Do you have an infection with ", "?"},
      [TH_ELIG_GENE] = {"Was this found in a test of your genes or of your tumour: ", NULL, "?"},
      [TH_ELIG_PREGNANCY] = {"Are you pregnant?", NULL, ""},
      [TH_ELIG_LACTATION] = {"Are you breastfeeding?", NULL, ""},
      [TH_ELIG_CONTRACEPTION] = {"Would you use reliable contraception during a study?", NULL, ""},
      [TH_ELIG_CONSENT] = {"Would you sign an informed consent?", NULL, ""},
      [TH_ELIG_LANGUAGE] = {"Do you speak and read this language: ", NULL, "?"},
      [TH_ELIG_CAPACITY] = {"Can you understand what a study asks and decide for yourself?", NULL,
                            ""},
      [TH_ELIG_SMOKING] = {"Do you smoke, or did you?", NULL, ""},
      [TH_ELIG_ALCOHOL] = {"Do you drink more alcohol than is good for you?", NULL, ""},
      [TH_ELIG_OTHER_TRIAL] = {"Do you take part in another study, or did you lately?", NULL, ""},
      [TH_ELIG_SEX] = {"Are you female or male?", NULL, ""},
  };
  if (t->q.attribute >= 0) {
    th_buf_str(out, th_elig_attributes[t->q.attribute].question);
    return;
  }
  uint8_t c = t->q.category < TH_ELIG_N_CATEGORIES ? t->q.category : (uint8_t)TH_ELIG_FINDING;
  th_buf_str(out, t->current && forms[c].now ? forms[c].now : forms[c].before);
  th_buf_span(out, t->q.label);
  th_buf_str(out, forms[c].behind);
}

/* ---- the best ---- */

static int heavier(const void *a, const void *b) {
  const th_thing *x = *(th_thing *const *)a, *y = *(th_thing *const *)b;
  if (x->q.weight != y->q.weight) return x->q.weight > y->q.weight ? -1 : 1;
  if (x->q.attribute != y->q.attribute) return x->q.attribute < y->q.attribute ? -1 : 1;
  if (x->q.category != y->q.category) return x->q.category < y->q.category ? -1 : 1;
  return th_span_cmp(x->q.label, y->q.label);
}

static int put_question(th_asker *a, const th_thing *t, th_question *out) {
  th_buf words;
  th_buf_init(&words, 0);
  put_words(t, &words);
  *out = t->q;
  out->words = th_arena_dup(a->arena, th_buf_view(&words));
  if (words.p) explicit_bzero(words.p, words.n);
  th_buf_dispose(&words);
  return out->words.p && !words.error ? 0 : TH_ENOMEM;
}

int th_asker_best(th_asker *a, uint32_t most, const th_question **out, uint32_t *n, th_err *err) {
  th_thing **list = th_arena_calloc(a->arena, (size_t)a->n + 1, sizeof *list);
  uint32_t found = 0;
  *n = 0;
  if (!list || a->failed) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < SLOTS && found < a->n; i++)
    if (a->things[i].used) list[found++] = &a->things[i];
  if (found) qsort(list, found, sizeof(th_thing *), heavier);
  most = TH_MIN(most, found);
  th_question *best = th_arena_calloc(a->arena, (size_t)most + 1, sizeof *best);
  if (!best) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < most; i++)
    if (put_question(a, list[i], &best[i]) < 0) return th_err_set(err, TH_ENOMEM, "out of memory");
  *out = best;
  *n = most;
  return 0;
}
