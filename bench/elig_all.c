/* Reads the criteria of all records of a file: elig_all FILE [ROUNDS [DIR]]. Prints
 * studies, bytes, items, facts, user time, and the largest arena.
 * With DIR also the concepts of that data directory's dictionary. ROUNDS "print": instead prints
 * all that is read, so that two states of the reader can be compared byte for byte. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "base/json.h"
#include "eligibility/eligibility.h"
#include "eligibility/json.h"
#include "eligibility/question.h"
#include "registry/concepts.h"

#include "records.h"

static double user_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec * 1e-6;
}

typedef struct texts {
  th_json_parser *parser;
  th_buf bytes;
  uint32_t *ends;
  size_t n, cap;
} texts;

static void keep(texts *t, th_span s) {
  if (t->n == t->cap) {
    t->cap = t->cap ? t->cap * 2 : 4096;
    t->ends = realloc(t->ends, t->cap * sizeof *t->ends);
    if (!t->ends) abort();
  }
  th_buf_span(&t->bytes, s);
  t->ends[t->n++] = (uint32_t)t->bytes.n;
}

static int take_record(void *context, th_span bytes, th_err *err) {
  texts *t = context;
  th_json j;
  int rc = th_json_parse(t->parser, bytes, &j, err);
  if (rc == 0)
    keep(t, th_json_path_text(&j, 0, "protocolSection.eligibilityModule.eligibilityCriteria"));
  return rc;
}

/* The tree as JSON, then what JSON leaves out. */
static void print(const th_elig_tree *tree, th_buf *out) {
  th_jout w;
  th_buf_clear(out);
  th_jout_init(&w, out, false);
  th_elig_json(tree, NULL, &w);
  for (uint32_t i = 0; i < tree->n_nodes; i++) {
    const th_elig_node *n = &tree->nodes[i];
    th_buf_printf(out, "\n%u %u %u %u %u ", n->next, n->fact, n->n_facts, n->depth, n->flags);
    th_elig_check(tree, i, out);
  }
  for (uint32_t i = 0; i < tree->n_facts; i++) {
    const th_elig_fact *f = &tree->facts[i];
    th_buf_printf(out, "\n%u %g %g %u %u %c %g %g %u %u ", f->links, f->low_canonical,
                  f->high_canonical, f->window.from, f->window.to,
                  f->guard.sex ? f->guard.sex : '-', f->guard.age_low, f->guard.age_high,
                  f->guard.from, f->guard.to);
    th_elig_fact_words(tree, f, out);
  }
  th_buf_str(out, "\n");
  fwrite(out->p, 1, out->n, stdout);
}

int main(int argc, char **argv) {
  texts t = {0};
  th_err err = {0};
  th_buf_init(&t.bytes, 0);
  t.parser = th_json_parser_new(64 << 20, 256);
  if (argc < 2 || !t.parser || bench_records(argv[1], take_record, &t, &err) < 0) {
    fprintf(stderr, "usage: elig_all FILE [ROUNDS [DIR]] %s\n", err.message);
    return 2;
  }
  th_arena arena;
  th_arena_init(&arena, 0);
  bool printing = argc > 2 && !strcmp(argv[2], "print");
  int rounds = printing || argc < 3 ? 1 : (int)strtol(argv[2], NULL, 10);
  th_registry *registry = NULL;
  const th_snapshot *snapshot = NULL;
  th_concepts dict = {0};
  th_concept_matcher *matcher = th_concept_matcher_new();
  if (argc > 3) {
    if (th_registry_open(&registry, argv[3], TH_REGISTRY_READ, &err) < 0) abort();
    snapshot = th_index_acquire(th_registry_index(registry));
    if (th_registry_concepts(snapshot, &dict, &err) < 0) abort();
  }
  th_buf printed;
  th_buf_init(&printed, 0);
  double best = 1e9;
  size_t items = 0, facts = 0, most = 0, leaves_with = 0;
  for (int round = 0; round < rounds; round++) {
    double start = user_seconds();
    items = facts = leaves_with = 0;
    for (size_t i = 0; i < t.n; i++) {
      uint32_t from = i ? t.ends[i - 1] : 0;
      th_elig_tree tree;
      th_arena_reset(&arena, false);
      th_span text = {t.bytes.p + from, t.ends[i] - from};
      if (th_elig_read_concepts(text, &dict, matcher, &arena, &tree, &err) < 0) abort();
      for (uint32_t n = 0; n < tree.n_nodes; n++) {
        items += !(tree.nodes[n].flags & TH_ELIG_GROUP);
        leaves_with += tree.nodes[n].n_facts > 0;
      }
      facts += tree.n_facts;
      if (printing) print(&tree, &printed);
      most = TH_MAX(most, arena.used);
    }
    best = TH_MIN(best, user_seconds() - start);
  }
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  if (printing) goto done;
  printf("%zu texts, %zu bytes, %zu items, %zu with facts, %zu facts\n", t.n, t.bytes.n, items,
         leaves_with, facts);
  printf("%.3f s user, %.2f us an item, %.1f MB/s; largest tree %zu bytes; peak %ld kB\n", best,
         best * 1e6 / (double)(items ? items : 1), (double)t.bytes.n / best / 1e6, most,
         u.ru_maxrss);
done:
  if (snapshot) th_index_release(th_registry_index(registry), snapshot);
  th_registry_close(registry);
  th_concept_matcher_free(matcher);
  th_arena_dispose(&arena);
  th_buf_dispose(&t.bytes);
  th_json_parser_free(t.parser);
  th_buf_dispose(&printed);
  free(t.ends);
  return 0;
}
