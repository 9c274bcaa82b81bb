#include "eligibility/ellipsis.h"

#include "eligibility/keys.h"
#include "eligibility/meaning.h"

enum { NAME_MAX = 96, MEMBERS = 4 };

typedef struct reader {
  th_elig_leaf *l;
  th_elig_lexicon *x;
  size_t n;       /* bytes of the name that is looked up */
  th_elig_term t; /* what it means; category of no use where label is empty */
} reader;

static bool is_joint(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&|and/or");
  return i < l->tokens.n && th_elig_among(&joints, &l->tokens.p[i]);
}

/* "B", "2": one character that may tell a sort. */
static bool is_type(const th_elig_leaf *l, uint32_t i) {
  if (i >= l->tokens.n) return false;
  const th_elig_token *t = &l->tokens.p[i];
  char c = l->text.p[t->from];
  return t->to == t->from + 1 && ((c >= 'A' && c <= 'Z') || (c >= '1' && c <= '9'));
}

static bool same_sort(const th_elig_leaf *l, uint32_t i, uint32_t k) {
  bool digit = l->text.p[l->tokens.p[i].from] <= '9';
  return digit == (l->text.p[l->tokens.p[k].from] <= '9');
}

static int take_whole(void *ctx, const th_mention *m) {
  reader *r = ctx;
  if (m->from != 0 || m->to != r->n) return 0;
  th_elig_meaning meant = th_elig_meaning_of(r->x, m);
  if (meant.category < 0) return 0;
  r->t.category = (uint8_t)meant.category;
  r->t.label = meant.name;
  r->t.code = meant.code;
  return 0;
}

/* The name of a term with the type at token `at` instead of the one at token `own`. */
static int look_up(reader *r, const th_elig_term *t, uint32_t own, uint32_t at, th_err *err) {
  char name[NAME_MAX];
  r->t = (th_elig_term){.first = at,
                        .end = at + 1,
                        .head = at,
                        .from = r->l->tokens.p[at].from,
                        .to = r->l->tokens.p[at].to};
  r->n = t->to - t->from;
  if (r->n > sizeof name) return 0;
  memcpy(name, r->l->text.p + t->from, r->n);
  name[r->l->tokens.p[own].from - t->from] = r->l->text.p[r->l->tokens.p[at].from];
  return th_concepts_match(r->x->dict, r->x->matcher, (th_span){name, r->n}, 0, take_whole, r, err);
}

static int add(reader *r, const th_elig_term *like, uint32_t own, uint32_t at, th_err *err) {
  int rc = look_up(r, like, own, at, err);
  if (rc < 0 || !r->t.label.n) return rc;
  th_elig_term *t = th_elig_terms_add(&r->x->terms, r->l->facts->arena);
  if (!t) return th_err_set(err, TH_ENOMEM, "out of memory reading concepts");
  *t = r->t;
  return 0;
}

/* "hepatitis A, B or C": types behind the one that the term ends in. */
static int read_behind(reader *r, const th_elig_term *t, uint32_t stop, th_err *err) {
  const th_elig_leaf *l = r->l;
  uint32_t own = t->end - 1, i = t->end;
  if (t->end == t->first + 1 || !is_type(l, own)) return 0;
  for (uint32_t n = 0; n < MEMBERS; n++) {
    uint32_t at = i;
    while (is_joint(l, at) && at < i + 2)
      at++;
    if (at == i || at >= stop || !is_type(l, at) || !same_sort(l, own, at)) return 0;
    int rc = add(r, t, own, at, err);
    if (rc < 0) return rc;
    if (!r->t.label.n) return 0;
    i = at + 1;
  }
  return 0;
}

/* "type 1 or type 2 diabetes", "type 1 or 2 diabetes": the type before the one that the term has.
 */
static int read_before(reader *r, const th_elig_term *t, uint32_t floor, th_err *err) {
  static th_elig_set word = TH_ELIG_SET("type|grade|stage|group|class|serotype|subtype");
  const th_elig_leaf *l = r->l;
  uint32_t own = t->first;
  if (own + 1 < t->end && th_elig_among(&word, &l->tokens.p[own])) own++;
  if (own + 1 >= t->end || !is_type(l, own)) return 0;
  uint32_t i = t->first;
  while (i > floor && is_joint(l, i - 1) && t->first - i < 2)
    i--;
  if (i == t->first || i == floor || !is_type(l, i - 1) || !same_sort(l, own, i - 1)) return 0;
  return add(r, t, own, i - 1, err);
}

int th_elig_read_ellipses(th_elig_leaf *l, th_elig_lexicon *x, th_err *err) {
  reader r = {.l = l, .x = x};
  uint32_t n = x->terms.n, floor = 0;
  int rc = 0;
  for (uint32_t k = 0; k < n && rc >= 0; k++) {
    const th_elig_term t = x->terms.p[k];
    uint32_t stop = k + 1 < n ? x->terms.p[k + 1].first : l->tokens.n;
    rc = read_behind(&r, &t, stop, err);
    if (rc >= 0) rc = read_before(&r, &t, floor, err);
    floor = t.end;
  }
  return rc < 0 ? rc : 0;
}

int th_elig_name_members(th_elig_leaf *l, th_elig_lexicon *x, th_err *err) {
  int rc = 0;
  for (uint32_t k = 0; k < x->terms.n && rc >= 0; k++) {
    th_elig_term *t = &x->terms.p[k];
    if (!t->whole_to || t->code.n || t->category > TH_ELIG_FINDING) continue;
    reader r = {.l = l, .x = x, .n = t->label.n};
    rc = th_concepts_match(x->dict, x->matcher, t->label, 0, take_whole, &r, err);
    if (rc < 0 || !r.t.label.n) continue;
    t->category = r.t.category;
    t->label = r.t.label;
    t->code = r.t.code;
  }
  return rc < 0 ? rc : 0;
}
