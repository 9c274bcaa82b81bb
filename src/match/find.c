/* Candidates are judged twice. First from the criteria book, without the texts: what the words
 * between two facts say is not known then, nor guards that are words, so an item may seem to
 * exclude that does not. So a study that its text excludes is given out only when it has been
 * judged with the text, and until then stands where it would if nothing excluded it. Only those
 * that reach the front cost a look into the store. And no more are judged than may come to the
 * front: what a verdict can add to a score is bounded. */
#include "match/find.h"

#include "match/kin.h"

typedef struct finding {
  const th_find_request *request;
  const th_snapshot *snapshot;
  const th_match_tuning *tuning;
  th_find_result *out;
  th_study_reader *reader;
  th_arena *arena;  /* the caller's */
  th_arena scratch; /* of one study */
  th_found *all;
  th_found **order; /* of them: those that are judged, by the request's order; the rest by score */
  uint32_t n, n_judged;
  th_err *err;
} finding;

/* ---- words ---- */

static const char *const presumes[] = {"none", "consent", "silence"};
static const char *const orders[] = {"relevance", "eligible"};

static int word_of(th_span word, const char *const *words, int n) {
  while (n-- > 0 && !th_span_eq(word, th_span_of(words[n]))) {
  }
  return n;
}

th_verdict_presume th_find_presume(const th_patient *p) {
  return p->form == TH_PATIENT_NOTE ? TH_PRESUME_SILENCE : TH_PRESUME_CONSENT;
}

bool th_find_presume_parse(th_span word, th_verdict_presume *out) {
  int i = word_of(word, presumes, TH_COUNT(presumes));
  if (i >= 0) *out = (th_verdict_presume)i;
  return i >= 0;
}

bool th_find_order_parse(th_span word, th_find_order *out) {
  int i = word_of(word, orders, TH_COUNT(orders));
  if (i >= 0) *out = (th_find_order)i;
  return i >= 0;
}

const char *th_find_presume_name(th_verdict_presume presume) {
  return presumes[presume];
}

const char *th_find_order_name(th_find_order order) {
  return orders[order];
}

/* ---- verdicts ---- */

/* What the inclusions say for the study: those that are met, and less those that ask for what the
 * record does not have, as shares of them. */
static double speaking(const finding *k, const th_verdict_trial *t) {
  if (!t->inclusions) return 0;
  return ((double)k->tuning->met * t->had - (double)k->tuning->lacking * t->lacking) /
         t->inclusions;
}

/* Surely: age or sex, a number, or the very concept that is asked for. */
static bool is_sure(const th_verdict_trial *t) {
  return t->against[TH_GROUND_FIELD] || t->against[TH_GROUND_PERSON] ||
         t->against[TH_GROUND_NUMBER] || t->against[TH_GROUND_SAME];
}

static double lowered(const finding *k, const th_found *s) {
  const uint16_t *a = s->trial.against;
  double out = 1;
  if (s->firm && a[TH_GROUND_KIND]) out *= (double)k->tuning->kind_against;
  if (s->firm && a[TH_GROUND_LOOSE]) out *= (double)k->tuning->loose_against;
  return out;
}

static void settle(const finding *k, th_found *s, const th_verdicts *v) {
  th_verdict_sum(&s->trial, v, &k->out->ready, &s->limits);
  if (s->trial.grade == TH_GRADE_EXCLUDED && !is_sure(&s->trial))
    s->trial.grade = TH_GRADE_POSSIBLE;
  s->value = (double)s->ranked.score;
  if (k->request->order == TH_ELIGIBLE_FIRST)
    s->value *= (1 + speaking(k, &s->trial)) * lowered(k, s);
}

/* What the study is about, as far as the patient has it. */
static void set_subject(finding *k, const th_found *s) {
  k->out->ready.subject = 0;
  for (uint8_t i = 0; i < s->ranked.n_why; i++)
    k->out->ready.subject |= (uint64_t)1 << s->ranked.why[i];
}

_Static_assert(TH_TOPIC_CONCEPTS_MAX <= 64, "a bit each");

/* Which concept of the topic a fact is, for set_subject. */
static int know_subjects(finding *k) {
  const th_verdict_patient *v = &k->out->ready;
  const th_topic *t = &k->out->topic;
  uint8_t *about = th_arena_calloc(k->arena, (size_t)v->p->n_facts + 1, sizeof *about);
  if (!about) return th_err_set(k->err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < v->n_concepts; i++) {
    const th_patient_fact *f = &v->p->facts[v->concepts[i]];
    for (uint32_t c = 0; c < t->n_concepts && f->concept_id != TH_NO_CONCEPT; c++)
      if (t->concepts[c].concept_id == f->concept_id) about[v->concepts[i]] = (uint8_t)(c + 1);
  }
  k->out->ready.about = about;
  return 0;
}

/* What the scratch holds says nothing of the patient but for verdicts. */
static void wipe_verdicts(const th_verdicts *v) {
  explicit_bzero((void *)(uintptr_t)v->nodes, v->tree->n_nodes * sizeof *v->nodes);
  explicit_bzero((void *)(uintptr_t)v->facts, v->tree->n_facts * sizeof *v->facts);
}

static int read_criteria(finding *k, const th_found *s, th_study_depth depth,
                         th_criteria_outline *out, bool *firm) {
  th_arena_reset(&k->scratch, false);
  return th_study_criteria(k->reader, s->ranked.segment, s->ranked.doc, depth, &k->scratch, out,
                           firm, k->err);
}

static int judge(finding *k, th_found *s, th_study_depth depth) {
  th_criteria_outline criteria;
  th_verdicts v;
  int rc = read_criteria(k, s, depth, &criteria, &s->firm);
  set_subject(k, s);
  if (rc == 0)
    rc = th_verdict_read_outline(&v, &criteria, &k->out->ready, k->request->presume, &k->scratch,
                                 k->err);
  if (rc < 0) return rc;
  settle(k, s, &v);
  wipe_verdicts(&v);
  return 0;
}

/* With its text, to be shown. */
static int explain(finding *k, th_found *s) {
  int rc = th_study_show(k->reader, s->ranked.segment, s->ranked.doc, k->arena, &s->shown, k->err);
  set_subject(k, s);
  if (rc == 0)
    rc = th_verdict_read_outline(&s->verdicts, &s->shown.criteria, &k->out->ready,
                                 k->request->presume, k->arena, k->err);
  s->firm = true;
  if (rc == 0) settle(k, s, &s->verdicts);
  return rc;
}

/* ---- order ---- */

/* Surely excluded, as far as it is known. */
static bool is_out(const th_found *s) {
  return s->trial.grade == TH_GRADE_EXCLUDED && (s->firm || s->trial.against[TH_GROUND_FIELD]);
}

static int eligible_first(const th_found *x, const th_found *y) {
  if (is_out(x) != is_out(y)) return is_out(x) ? 1 : -1;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return x->ranked.nct < y->ranked.nct ? -1 : x->ranked.nct > y->ranked.nct;
}

/* Brings the one at i to where it belongs among the others that are judged, which are in order. */
static void replace_one(finding *k, uint32_t i) {
  th_found **list = k->order, *one = list[i];
  uint32_t to = i;
  while (to > 0 && eligible_first(one, list[to - 1]) < 0)
    to--;
  memmove(&list[to + 1], &list[to], (i - to) * sizeof(th_found *));
  list[to] = one;
  if (to < i) return;
  while (to + 1 < k->n_judged && eligible_first(list[to + 1], one) < 0)
    to++;
  memmove(&list[i], &list[i + 1], (to - i) * sizeof(th_found *));
  list[to] = one;
}

/* The most that a study with this score may come to; a little more, so that rounding is no matter.
 */
static double most_of(const finding *k, const th_found *s) {
  const th_match_tuning *w = k->tuning;
  double most = (1 + TH_MAX((double)w->met, 0) + TH_MAX(-(double)w->lacking, 0)) *
                TH_MAX((double)w->kind_against, 1) * TH_MAX((double)w->loose_against, 1);
  return (double)s->ranked.score * most * (1 + 1e-9);
}

static int judge_next(finding *k) {
  th_found *s = k->order[k->n_judged];
  if (k->n_judged + 1 < k->n) {
    const th_ranked *next = &k->order[k->n_judged + 1]->ranked;
    th_study_fetch(k->reader, next->segment, next->doc);
  }
  th_study_limits(&s->limits, k->snapshot->segments[s->ranked.segment], s->ranked.doc);
  int rc = judge(k, s, TH_STUDY_OUTLINE);
  if (rc == 0) replace_one(k, k->n_judged++);
  return rc;
}

/* Makes sure of what stands at i: candidates come by their scores, so those that have no verdicts
 * yet are judged until none of them may come before it. */
static int settle_place(finding *k, uint32_t i) {
  int rc = 0;
  while (rc == 0 && k->n_judged < k->n &&
         (k->request->all || i >= k->n_judged || is_out(k->order[i]) ||
          most_of(k, k->order[k->n_judged]) >= k->order[i]->value))
    rc = judge_next(k);
  return rc;
}

/* Judged as it is given out: with its text, and for good. */
static bool is_done(const finding *k, const th_found *s) {
  return k->request->explain ? s->verdicts.nodes != NULL : s->firm;
}

/* What is given out is judged with its text. Where that changes a study's place another comes in
 * its stead, maybe one that is not judged yet. */
static int make_firm(finding *k) {
  bool eligible = k->request->order == TH_ELIGIBLE_FIRST;
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < TH_MIN(k->n, k->request->n);) {
    if (eligible) rc = settle_place(k, i);
    if (rc < 0) break;
    th_found *s = k->order[i];
    if (is_done(k, s)) {
      i++;
      continue;
    }
    rc = k->request->explain ? explain(k, s) : judge(k, s, TH_STUDY_TEXT);
    if (eligible) replace_one(k, i);
  }
  return rc;
}

/* ---- questions ---- */

static int ask_about(finding *k, th_asker *asker, th_found *s, uint32_t rank) {
  th_criteria_outline criteria;
  th_verdicts v = s->verdicts;
  bool firm;
  int rc = 0;
  if (!v.tree) {
    rc = read_criteria(k, s, TH_STUDY_FACTS, &criteria, &firm);
    if (rc == 0)
      rc = th_verdict_read_outline(&v, &criteria, &k->out->ready, k->request->presume, &k->scratch,
                                   k->err);
  }
  if (rc < 0) return rc;
  th_asker_add(asker, &v, &s->trial, rank);
  if (!s->verdicts.tree) wipe_verdicts(&v);
  return 0;
}

static int ask(finding *k) {
  th_asker asker;
  uint32_t rank = 0;
  int rc = th_asker_init(&asker, k->arena, k->err);
  for (uint32_t i = 0; rc == 0 && i < k->n && rank < TH_FIND_ASKED; i++) {
    if (k->request->order == TH_ELIGIBLE_FIRST) rc = settle_place(k, i);
    if (rc == 0 && k->order[i]->trial.grade != TH_GRADE_EXCLUDED)
      rc = ask_about(k, &asker, k->order[i], ++rank);
  }
  if (rc == 0)
    rc = th_asker_best(&asker, k->request->questions, &k->out->questions, &k->out->n_questions,
                       k->err);
  return rc;
}

/* ---- front ---- */

/* The candidates: by relevance no more than what is shown or asked about needs verdicts. */
static uint32_t n_candidates(const th_find_request *q) {
  if (q->order == TH_ELIGIBLE_FIRST) return TH_MAX(q->n, (uint32_t)TH_FIND_CANDIDATES);
  return q->questions ? TH_MAX(q->n, 2 * (uint32_t)TH_FIND_ASKED) : q->n;
}

static int rank(finding *k, const th_ranker *ranker) {
  th_ranked *list = NULL;
  const th_find_request *q = k->request;
  int rc =
      th_rank(ranker, &k->out->topic, q->filter, n_candidates(q), k->arena, &list, &k->n, k->err);
  if (rc < 0) return rc;
  k->all = th_arena_alloc(k->arena, ((size_t)k->n + 1) * sizeof *k->all);
  k->order = th_arena_alloc(k->arena, ((size_t)k->n + 1) * sizeof(th_found *));
  if (!k->all || !k->order) return th_err_set(k->err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < k->n; i++) {
    k->all[i] = (th_found){.ranked = list[i], .value = (double)list[i].score};
    k->order[i] = &k->all[i];
  }
  return 0;
}

/* By relevance: nothing but a score is needed when nothing is explained and nothing asked. */
static int judge_all(finding *k) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < k->n; i++) {
    th_found *s = &k->all[i];
    th_study_limits(&s->limits, k->snapshot->segments[s->ranked.segment], s->ranked.doc);
    if (k->request->questions) rc = judge(k, s, TH_STUDY_OUTLINE);
  }
  if (k->request->questions) k->n_judged = k->n;
  return rc;
}

/* By relevance those that were explained are the first ones. */
static void count_grades(finding *k) {
  const th_find_request *q = k->request;
  if (q->order == TH_BY_RELEVANCE && q->explain)
    k->n_judged = TH_MAX(k->n_judged, TH_MIN(k->n, q->n));
  k->out->n_judged = k->n_judged;
  for (uint32_t i = 0; i < k->n_judged; i++)
    k->out->grades[k->order[i]->trial.grade]++;
}

/* The best, one behind the other. */
static int give_out(finding *k) {
  th_find_result *out = k->out;
  out->n = TH_MIN(k->n, k->request->n);
  out->studies = th_arena_alloc(k->arena, ((size_t)out->n + 1) * sizeof *out->studies);
  if (!out->studies) return th_err_set(k->err, TH_ENOMEM, "out of memory");
  for (uint32_t i = 0; i < out->n; i++) {
    th_found *s = &out->studies[i];
    *s = *k->order[i];
    s->verdicts.tree = s->verdicts.nodes ? &s->shown.criteria.tree : NULL;
  }
  return 0;
}

static int run(finding *k, const th_ranker *ranker) {
  const th_find_request *q = k->request;
  th_find_result *out = k->out;
  const th_concepts *dict = th_ranker_concepts(ranker);
  int rc = th_topic_read(&out->topic, q->patient, dict, k->tuning, k->err);
  if (rc == 0) rc = th_verdict_prepare(&out->ready, q->patient, dict, k->arena, k->err);
  if (rc == 0) rc = th_verdict_listen(&out->ready, k->arena, k->err);
  out->ready.lore = th_shelf_lore(th_ranker_shelf(ranker));
  if (rc == 0) rc = th_kin_make(&out->ready.kin, &out->ready, k->arena, k->err);
  if (rc == 0) rc = know_subjects(k);
  if (rc == 0) rc = rank(k, ranker);
  if (rc == 0 && q->order == TH_BY_RELEVANCE) rc = judge_all(k);
  if (rc < 0) return rc;
  if (q->explain || q->order == TH_ELIGIBLE_FIRST) rc = make_firm(k);
  if (rc == 0 && q->questions) rc = ask(k);
  if (rc < 0) return rc;
  count_grades(k);
  rc = give_out(k);
  return rc < 0 ? rc : th_snapshot_state(k->snapshot, k->err);
}

int th_find(const th_ranker *ranker, th_store *store, const th_find_request *request,
            th_arena *arena, th_find_result *out, th_err *err) {
  finding k = {.request = request,
               .snapshot = th_ranker_snapshot(ranker),
               .tuning = th_ranker_tuning(ranker),
               .out = out,
               .arena = arena,
               .err = err};
  th_err own = {0};
  *out = (th_find_result){.presume = request->presume};
  if (request->n > TH_FIND_MOST) return th_err_set(err, TH_ELIMIT, "too many studies wanted");
  k.reader = th_study_reader_new(k.snapshot, th_ranker_concepts(ranker), store,
                                 th_ranker_shelf(ranker), &own);
  if (!k.reader) return th_err_set(err, own.code, "%s", own.message);
  th_arena_init(&k.scratch, (size_t)256 << 20);
  int rc = run(&k, ranker);
  th_study_reader_free(k.reader);
  th_arena_reset(&k.scratch, true);
  th_arena_dispose(&k.scratch);
  return rc;
}

void th_find_dispose(th_find_result *r) {
  th_topic_dispose(&r->topic);
}
