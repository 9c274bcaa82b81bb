#include "match/pairs.h"

#include <string.h>

#include "base/json.h"
#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "match/verdict_private.h"

enum { LINE_MAX_BYTES = 64 << 20, DEPTH_MAX = 32, ARENA_MAX = 512 << 20 };

struct th_pairs {
  th_pairs_options options;
  th_json_parser *json;
  th_concept_matcher *matcher;
  th_patient patient; /* of the note read last */
  bool has_patient;
  th_verdict_patient ready; /* in patient_arena */
  th_arena patient_arena, arena;
};

/* The members of a line; borrowed from the parser. */
typedef struct pair {
  th_json json;
  uint32_t id;
  th_span note, criterion;
  th_elig_kind kind;
} pair;

th_pairs *th_pairs_new(const th_pairs_options *options) {
  th_pairs *x = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->options = *options;
  th_arena_init(&x->arena, ARENA_MAX);
  th_arena_init(&x->patient_arena, ARENA_MAX);
  x->json = th_json_parser_new(LINE_MAX_BYTES, DEPTH_MAX);
  x->matcher = th_concept_matcher_new();
  if (x->json && x->matcher) return x;
  th_pairs_free(x);
  return NULL;
}

static void forget_patient(th_pairs *x) {
  if (x->has_patient) th_patient_dispose(&x->patient);
  x->has_patient = false;
  th_arena_reset(&x->patient_arena, true);
}

void th_pairs_free(th_pairs *x) {
  if (!x) return;
  forget_patient(x);
  th_arena_reset(&x->arena, true);
  th_arena_dispose(&x->patient_arena);
  th_arena_dispose(&x->arena);
  if (x->json) th_json_parser_free_wiped(x->json);
  th_concept_matcher_free(x->matcher);
  free(x);
}

/* ---- a line ---- */

static int text_member(const pair *p, const char *key, th_span *out, th_err *err) {
  uint32_t i = th_json_get(&p->json, 0, th_span_of(key));
  if (!i || p->json.nodes[i].type != TH_JSTRING)
    return th_err_set(err, TH_EINPUT, "no \"%s\" that is a text", key);
  *out = th_json_text(&p->json, i);
  return 0;
}

static int read_kind(const pair *p, th_elig_kind *out, th_err *err) {
  th_span kind = {0};
  int rc = text_member(p, "kind", &kind, err);
  if (rc < 0) return rc;
  if (th_span_eq(kind, TH_SPAN("inclusion")))
    *out = TH_ELIG_INCLUSION;
  else if (th_span_eq(kind, TH_SPAN("exclusion")))
    *out = TH_ELIG_EXCLUSION;
  else
    return th_err_set(err, TH_EINPUT, "\"kind\" is \"inclusion\" or \"exclusion\"");
  return 0;
}

static int read_pair(th_pairs *x, th_span line, pair *out, th_err *err) {
  int rc = th_json_parse(x->json, line, &out->json, err);
  if (rc < 0) return rc;
  out->id = th_json_get(&out->json, 0, TH_SPAN("id"));
  uint8_t type = out->id ? out->json.nodes[out->id].type : TH_JNULL;
  if (type != TH_JSTRING && type != TH_JINT)
    return th_err_set(err, TH_EINPUT, "no \"id\" that is a text or a whole number");
  rc = text_member(out, "note", &out->note, err);
  if (rc == 0) rc = text_member(out, "criterion", &out->criterion, err);
  return rc < 0 ? rc : read_kind(out, &out->kind, err);
}

/* ---- reading both sides ---- */

static int read_patient(th_pairs *x, th_span note, th_err *err) {
  if (x->has_patient && th_span_eq(x->patient.source, note)) return 0;
  forget_patient(x);
  th_patient_options o = {
      .has_as_of = x->options.has_as_of, .as_of = x->options.as_of, .dict = x->options.dict};
  x->has_patient = true; /* to be disposed of, also after an error */
  int rc = th_patient_read(&x->patient, note, &o, err);
  if (rc == 0)
    rc = th_verdict_prepare(&x->ready, &x->patient, x->options.dict, &x->patient_arena, err);
  if (rc == 0) rc = th_verdict_listen(&x->ready, &x->patient_arena, err);
  if (rc < 0) forget_patient(x);
  return rc;
}

/* The criterion stands alone, and its header is in "kind": it is read under a header all the same,
 * which is then cut off, so that spans are those of the criterion. */
static th_span under_header(th_arena *arena, const pair *p, uint32_t *header) {
  const char *words =
      p->kind == TH_ELIG_INCLUSION ? "Inclusion Criteria:\n" : "Exclusion Criteria:\n";
  *header = (uint32_t)strlen(words);
  char *text = th_arena_alloc(arena, *header + p->criterion.n + TH_PAD);
  if (!text) return (th_span){0};
  memcpy(text, words, *header);
  if (p->criterion.n) memcpy(text + *header, p->criterion.p, p->criterion.n);
  memset(text + *header + p->criterion.n, 0, TH_PAD);
  return (th_span){text, *header + p->criterion.n};
}

static void move_back(uint32_t *from, uint32_t *to, uint32_t by) {
  *from -= TH_MIN(*from, by);
  *to -= TH_MIN(*to, by);
}

static int cut_header(th_elig_tree *tree, uint32_t header, th_arena *arena) {
  th_elig_node *nodes = th_arena_calloc(arena, (size_t)tree->n_nodes + 1, sizeof *nodes);
  th_elig_fact *facts = th_arena_calloc(arena, (size_t)tree->n_facts + 1, sizeof *facts);
  if (!nodes || !facts) return TH_ENOMEM;
  for (uint32_t i = 0; i < tree->n_nodes; i++) {
    nodes[i] = tree->nodes[i];
    move_back(&nodes[i].from, &nodes[i].to, header);
  }
  for (uint32_t i = 0; i < tree->n_facts; i++) {
    facts[i] = tree->facts[i];
    move_back(&facts[i].from, &facts[i].to, header);
    move_back(&facts[i].guard.from, &facts[i].guard.to, header);
    move_back(&facts[i].window.from, &facts[i].window.to, header);
    move_back(&facts[i].name_from, &facts[i].name_to, header);
    move_back(&facts[i].value_from, &facts[i].value_to, header);
  }
  tree->text.p += header;
  tree->text.n -= header;
  tree->nodes = nodes;
  tree->facts = facts;
  return 0;
}

static int read_criterion(th_pairs *x, const pair *p, th_elig_tree *tree, th_err *err) {
  uint32_t header;
  th_span text = under_header(&x->arena, p, &header);
  if (!text.p) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_elig_read_concepts(text, x->options.dict, x->matcher, &x->arena, tree, err);
  if (rc == 0 && cut_header(tree, header, &x->arena) < 0)
    rc = th_err_set(err, TH_ENOMEM, "out of memory");
  return rc;
}

/* ---- out ---- */

static void put_span(th_jout *w, const char *key, uint32_t from, uint32_t to) {
  th_jout_key(w, key);
  th_jout_array(w);
  th_jout_i64(w, from);
  th_jout_i64(w, to);
  th_jout_end_array(w);
}

/* The patient's fact behind an evidence: also the age, which is no fact of its own there. */
static const th_patient_fact *behind(const th_verdict_patient *v, const th_verdict_fact *f) {
  uint32_t i = f->patient;
  int age = th_elig_attribute_find(TH_SPAN("age"));
  if (i == TH_NO_FACT && f->rule == TH_RULE_AGE && age >= 0) i = v->value[age];
  return i == TH_NO_FACT ? NULL : &v->p->facts[i];
}

static void put_words(th_jout *w, const th_patient *p, const th_patient_fact *f) {
  if (f && f->from < f->to) {
    th_jout_kv_text(w, "text", th_patient_words(p, f));
    put_span(w, "span", f->from, f->to);
    return;
  }
  th_jout_kv_str(w, "text", NULL);
  th_jout_kv_str(w, "span", NULL);
}

static const char *word_or_null(const char *s) {
  return *s ? s : NULL;
}

static void put_evidence(th_jout *w, const th_verdict_patient *v, const th_elig_tree *tree,
                         uint32_t i, const th_verdict_fact *f) {
  const th_elig_fact *c = &tree->facts[i];
  bool presumed = f->basis == TH_BASIS_PRESUMED;
  th_jout_object(w);
  put_words(w, v->p, behind(v, f));
  th_jout_kv_text(w, "criterion", (th_span){tree->text.p + c->from, c->to - c->from});
  put_span(w, "criterionSpan", c->from, c->to);
  th_jout_kv_str(w, "verdict", th_verdict_name(presumed ? f->presumed : f->truth));
  th_jout_kv_str(w, "basis", word_or_null(th_basis_name(f->basis)));
  bool named = f->basis != TH_BASIS_STATED;
  th_jout_kv_str(w, "rule", named ? word_or_null(th_rule_name(f->rule)) : NULL);
  th_jout_end_object(w);
}

/* What a leaf as a whole was judged by. */
static void put_leaf_evidence(th_jout *w, const th_elig_tree *tree, uint32_t i,
                              const th_verdict_node *r) {
  th_jout_object(w);
  put_words(w, NULL, NULL);
  th_jout_kv_text(w, "criterion", th_elig_text(tree, i));
  put_span(w, "criterionSpan", tree->nodes[i].from, tree->nodes[i].to);
  th_jout_kv_str(w, "verdict", th_verdict_name(r->verdict));
  th_jout_kv_str(w, "basis", word_or_null(th_basis_name(r->basis)));
  th_jout_kv_str(w, "rule", th_rule_name(r->rule));
  th_jout_end_object(w);
}

static void put_answer(th_jout *w, const th_pairs *x, const pair *p, const th_verdicts *v,
                       const th_verdict_node *all) {
  th_jout_object(w);
  th_jout_key(w, "id");
  th_jout_raw(w, th_json_raw(&p->json, p->id));
  th_jout_kv_str(w, "verdict", th_verdict_name(all->verdict));
  th_jout_kv_str(w, "basis", word_or_null(th_basis_name(all->basis)));
  th_jout_key(w, "evidence");
  th_jout_array(w);
  for (uint32_t i = 0; i < v->tree->n_facts; i++) {
    const th_verdict_fact *f = &v->facts[i];
    if (f->basis != TH_BASIS_NONE || f->rule != TH_RULE_NONE || f->patient != TH_NO_FACT)
      put_evidence(w, &x->ready, v->tree, i, f);
  }
  for (uint32_t i = 0; i < v->tree->n_nodes; i++)
    if (v->nodes[i].rule) put_leaf_evidence(w, v->tree, i, &v->nodes[i]);
  th_jout_end_array(w);
  th_jout_key(w, "reading");
  th_elig_nodes_json(v->tree, w);
  th_jout_end_object(w);
}

static th_verdict_presume mode_of(const th_pairs *x) {
  if (x->options.presume != TH_PRESUME_BY_FORM) return x->options.presume;
  return x->patient.form == TH_PATIENT_NOTE ? TH_PRESUME_SILENCE : TH_PRESUME_CONSENT;
}

int th_pairs_line(th_pairs *x, th_span line, th_buf *out, th_pair_result *result, th_err *err) {
  pair p;
  th_elig_tree tree;
  th_verdicts v;
  th_arena_reset(&x->arena, true);
  int rc = read_pair(x, line, &p, err);
  if (rc == 0) rc = read_patient(x, p.note, err);
  if (rc == 0) rc = read_criterion(x, &p, &tree, err);
  if (rc == 0) rc = th_verdict_read(&v, &tree, &x->ready, mode_of(x), &x->arena, err);
  if (rc < 0) return rc;
  th_verdict_node all = th_verdict_whole(&v, p.kind);
  if (result) {
    bool text = p.json.nodes[p.id].type == TH_JSTRING;
    result->id = text ? th_json_text(&p.json, p.id) : th_json_raw(&p.json, p.id);
    result->verdict = all.verdict;
    result->basis = all.basis;
  }
  if (!out) return 0;
  th_jout w;
  th_jout_init(&w, out, false);
  put_answer(&w, x, &p, &v, &all);
  return out->error ? th_err_set(err, out->error, "out of memory") : 0;
}
