/* OBO Graphs JSON (github.com/geneontology/obographs): graphs of nodes with labels, synonyms and
 * cross references, and edges, of which is_a is of use. */
#define _GNU_SOURCE
#include <xxhash.h>

#include "base/json.h"
#include "concept/vocab_build.h"

#define NONE UINT32_MAX

typedef struct node {
  th_span id;
  uint32_t at;     /* in the document */
  uint32_t parent; /* the first, or NONE */
} node;

typedef struct graph {
  const th_json *j;
  th_vocab *v;
  node *nodes;
  uint32_t n, *slots, n_slots;
  uint32_t *edges; /* child, parent */
  size_t n_edges;
} graph;

static uint32_t *slot_of(graph *g, th_span id) {
  uint32_t at = (uint32_t)XXH3_64bits(id.p, id.n) & (g->n_slots - 1);
  while (g->slots[at] && !th_span_eq(g->nodes[g->slots[at] - 1].id, id))
    at = (at + 1) & (g->n_slots - 1);
  return &g->slots[at];
}

static int read_nodes(graph *g, uint32_t list) {
  uint32_t n = g->j->nodes[list].n;
  g->n_slots = 16;
  while (g->n_slots < n * 2 && g->n_slots < UINT32_MAX / 2)
    g->n_slots *= 2;
  g->nodes = calloc((size_t)n + 1, sizeof *g->nodes);
  g->slots = calloc(g->n_slots, sizeof *g->slots);
  if (!g->nodes || !g->slots) return TH_ENOMEM;
  for (th_json_each(g->j, list, at)) {
    th_span id = th_json_path_text(g->j, at, "id");
    if (id.n == 0) {
      th_vocab_reject(g->v, 0, g->j->nodes[at].off, "a node without an id");
      continue;
    }
    uint32_t *slot = slot_of(g, id);
    if (*slot) continue; /* said twice */
    g->nodes[g->n] = (node){id, at, NONE};
    *slot = ++g->n;
  }
  return 0;
}

static int read_edges(graph *g, uint32_t list) {
  g->edges = malloc(((size_t)g->j->nodes[list].n * 2 + 2) * sizeof *g->edges);
  if (!g->edges) return TH_ENOMEM;
  for (th_json_each(g->j, list, at)) {
    th_span pred = th_json_path_text(g->j, at, "pred");
    if (!th_span_eq(pred, TH_SPAN("is_a")) && !th_span_eq(pred, TH_SPAN("subClassOf"))) continue;
    uint32_t child = *slot_of(g, th_json_path_text(g->j, at, "sub"));
    uint32_t parent = *slot_of(g, th_json_path_text(g->j, at, "obj"));
    if (!child || !parent) continue;
    if (g->nodes[child - 1].parent == NONE) g->nodes[child - 1].parent = parent - 1;
    g->edges[g->n_edges++] = child - 1;
    g->edges[g->n_edges++] = parent - 1;
  }
  return 0;
}

static th_span root_label(const graph *g, uint32_t i) {
  enum { STEPS = 64 };
  for (int k = 0; k < STEPS && g->nodes[i].parent != NONE; k++)
    i = g->nodes[i].parent;
  return th_json_path_text(g->j, g->nodes[i].at, "lbl");
}

/* Branches that hold no things a trial is about. */
static bool is_aside(th_span root) {
  static const char *const names[] = {"obsolete_class", "geography", "inheritance", "age of onset",
                                      "epidemiology"};
  for (size_t i = 0; i < TH_COUNT(names); i++)
    if (th_span_eq_nocase(root, th_span_of(names[i]))) return true;
  return false;
}

static th_label_relation relation_of(th_span pred) {
  if (th_span_find(pred, TH_SPAN("Exact")) >= 0) return TH_LABEL_SYNONYM;
  if (th_span_find(pred, TH_SPAN("Narrow")) >= 0) return TH_LABEL_NARROWER;
  if (th_span_find(pred, TH_SPAN("Broad")) >= 0) return TH_LABEL_BROADER;
  return TH_LABEL_RELATED;
}

static bool is_list(const th_json *j, uint32_t at) {
  return at && j->nodes[at].type == TH_JARRAY;
}

static void read_meta(graph *g, uint32_t at) {
  const th_json *j = g->j;
  uint32_t list = th_json_path(j, at, "meta.synonyms");
  if (is_list(j, list))
    for (th_json_each(j, list, s))
      th_vocab_label(g->v, relation_of(th_json_path_text(j, s, "pred")),
                     th_json_path_text(j, s, "val"));
  list = th_json_path(j, at, "meta.xrefs");
  if (is_list(j, list))
    for (th_json_each(j, list, x))
      th_vocab_code(g->v, false, th_json_path_text(j, x, "val"));
  list = th_json_path(j, at, "meta.basicPropertyValues");
  if (is_list(j, list))
    for (th_json_each(j, list, p)) {
      th_span pred = th_json_path_text(j, p, "pred");
      if (th_span_find(pred, TH_SPAN("hasAlternativeId")) >= 0)
        th_vocab_code(g->v, true, th_json_path_text(j, p, "val"));
    }
  uint32_t deprecated = th_json_path(j, at, "meta.deprecated");
  if (deprecated && j->nodes[deprecated].type == TH_JTRUE) g->v->skip = true;
}

static void read_node(graph *g, uint32_t i, size_t *edge) {
  const th_json *j = g->j;
  uint32_t at = g->nodes[i].at, label = th_json_get(j, at, TH_SPAN("lbl"));
  th_span type = th_json_path_text(j, at, "type"), root = root_label(g, i);
  th_vocab_begin(g->v);
  th_vocab_id(g->v, g->nodes[i].id);
  th_vocab_name(g->v, label ? th_json_text(j, label) : (th_span){0});
  if (type.n && !th_span_eq(type, TH_SPAN("CLASS"))) g->v->skip = true;
  if (is_aside(root)) g->v->skip = true;
  if (!g->v->options->has_kind && th_span_eq_nocase(root, TH_SPAN("genetic material")))
    g->v->kind = TH_CONCEPT_GENE;
  read_meta(g, at);
  for (; *edge < g->n_edges && g->edges[*edge] <= i; *edge += 2)
    if (g->edges[*edge] == i) th_vocab_parent(g->v, g->nodes[g->edges[*edge + 1]].id);
  if (label && j->nodes[label].type != TH_JSTRING)
    th_vocab_reject(g->v, 0, j->nodes[label].off, "a label that is no text");
  else
    th_vocab_end(g->v);
}

static int by_child(const void *a, const void *b) {
  const uint32_t *x = a, *y = b;
  if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
  return (x[1] > y[1]) - (x[1] < y[1]);
}

static void read_about(graph *g, uint32_t at) {
  const th_json *j = g->j;
  th_vocab_called(g->v, th_json_path_text(j, at, "id"));
  uint32_t list = th_json_path(j, at, "meta.basicPropertyValues");
  uint32_t end = is_list(j, list) ? j->nodes[list].next : list + 1;
  for (uint32_t p = list + 1; p < end; p = j->nodes[p].next) {
    th_span pred = th_json_path_text(j, p, "pred"), value = th_json_path_text(j, p, "val");
    if (th_span_find(pred, TH_SPAN("versionInfo")) >= 0) th_vocab_version(g->v, value);
    if (th_span_find(pred, TH_SPAN("icense")) >= 0 || th_span_find(value, TH_SPAN("icense")) >= 0)
      th_vocab_licence(g->v, value);
  }
  th_vocab_version(g->v, th_json_path_text(j, at, "meta.version"));
}

static int read_graph(graph *g, uint32_t at) {
  uint32_t nodes = th_json_get(g->j, at, TH_SPAN("nodes"));
  uint32_t edges = th_json_get(g->j, at, TH_SPAN("edges"));
  size_t edge = 0;
  if (!is_list(g->j, nodes)) return 0;
  read_about(g, at);
  int rc = read_nodes(g, nodes);
  if (!rc && is_list(g->j, edges)) rc = read_edges(g, edges);
  if (!rc && g->n_edges) qsort(g->edges, g->n_edges / 2, 2 * sizeof *g->edges, by_child);
  for (uint32_t i = 0; !rc && !g->v->error && i < g->n; i++)
    read_node(g, i, &edge);
  free(g->nodes);
  free(g->slots);
  free(g->edges);
  return rc;
}

int th_vocab_read_graphs(th_vocab *v, th_span text, th_err *err) {
  enum { DEPTH = 64 };
  th_json j;
  th_json_parser *parser = th_json_parser_new((size_t)1 << 30, DEPTH);
  int rc = parser ? th_json_parse(parser, text, &j, err)
                  : th_err_set(err, TH_ENOMEM, "out of memory reading %s", v->file);
  uint32_t list = rc ? 0 : th_json_get(&j, 0, TH_SPAN("graphs"));
  if (!rc && !is_list(&j, list))
    rc = th_err_set(err, TH_EINPUT, "%s is JSON, but no OBO Graphs document", v->file);
  if (!rc)
    for (th_json_each(&j, list, at)) {
      graph g = {.j = &j, .v = v};
      if (!rc) rc = read_graph(&g, at);
    }
  th_json_parser_free(parser);
  if (!rc) rc = v->error;
  return rc ? th_err_set(err, rc, "out of memory reading %s", v->file) : 0;
}
