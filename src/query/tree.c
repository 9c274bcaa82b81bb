/* Making nodes, and showing a tree. */
#include "query/tree.h"

#include <inttypes.h>

#include "study/nct.h"

th_query *th_node_new(th_arena *arena, th_node_kind kind) {
  th_query *node = th_arena_calloc(arena, 1, sizeof *node);
  if (!node) return NULL;
  node->kind = (uint8_t)kind;
  if (kind == TH_N_TERM) node->term.weight = 1;
  return node;
}

/* AND of ANDs, OR of ORs and the best of bests are one node: evaluation of flat lists is the fast
 * one, and a run of a thousand words must not become a thousand levels. */
static bool absorbs(th_node_kind kind, const th_query *part) {
  return (kind == TH_N_AND || kind == TH_N_OR || kind == TH_N_EITHER) && part->kind == kind;
}

const th_query *th_node_join(th_arena *arena, th_node_kind kind, const th_query *const *parts,
                             size_t n) {
  size_t total = 0, at = 0;
  if (n == 1 && kind != TH_N_NOT) return parts[0];
  for (size_t i = 0; i < n; i++)
    total += absorbs(kind, parts[i]) ? parts[i]->n : 1;
  th_query *node = th_node_new(arena, kind);
  const th_query **all = th_arena_calloc(arena, total ? total : 1, sizeof *all);
  if (!node || !all || total > UINT32_MAX) return NULL;
  for (size_t i = 0; i < n; i++) {
    if (!absorbs(kind, parts[i])) {
      all[at++] = parts[i];
      continue;
    }
    for (uint32_t k = 0; k < parts[i]->n; k++)
      all[at++] = parts[i]->parts[k];
  }
  node->parts = all;
  node->n = (uint32_t)total;
  return node;
}

th_query *th_query_and(th_arena *arena, th_query *const *parts, size_t n) {
  const th_query **kept = th_arena_calloc(arena, n ? n : 1, sizeof *kept);
  size_t n_kept = 0;
  if (!kept) return NULL;
  for (size_t i = 0; i < n; i++)
    if (parts[i]) kept[n_kept++] = parts[i];
  if (n_kept == 0) return th_node_new(arena, TH_N_ALL);
  return (th_query *)(uintptr_t)th_node_join(arena, TH_N_AND, kept, n_kept);
}

th_query *th_query_or(th_arena *arena, th_query *const *parts, size_t n) {
  const th_query **kept = th_arena_calloc(arena, n ? n : 1, sizeof *kept);
  size_t n_kept = 0;
  if (!kept) return NULL;
  for (size_t i = 0; i < n; i++)
    if (parts[i]) kept[n_kept++] = parts[i];
  return (th_query *)(uintptr_t)th_node_join(arena, TH_N_OR, kept, n_kept);
}

th_query *th_query_not(th_arena *arena, th_query *part) {
  const th_query *parts[1] = {part};
  return part ? (th_query *)(uintptr_t)th_node_join(arena, TH_N_NOT, parts, 1) : NULL;
}

th_query *th_query_mask(th_arena *arena, uint16_t field, uint64_t mask) {
  th_query *node = th_node_new(arena, TH_N_MASK);
  if (!node) return NULL;
  node->field = field;
  node->mask = mask;
  return node;
}

th_query *th_query_range(th_arena *arena, uint16_t field, int64_t low, int64_t high, bool missing) {
  th_query *node = th_node_new(arena, TH_N_RANGE);
  if (!node) return NULL;
  node->field = field;
  node->missing = missing;
  node->range.low = low;
  node->range.high = high;
  return node;
}

th_query *th_query_keyword(th_arena *arena, uint16_t field, th_span word) {
  th_query *node = th_node_new(arena, TH_N_KEYWORD);
  if (!node) return NULL;
  node->field = field;
  node->word = th_arena_dup(arena, word);
  return node->word.p ? node : NULL;
}

th_query *th_query_near(th_arena *arena, double lat, double lon, double km, uint64_t site_status) {
  th_query *node = th_node_new(arena, TH_N_NEAR);
  if (!node) return NULL;
  node->near.lat = lat;
  node->near.lon = lon;
  node->near.km = km;
  node->near.site_status = site_status;
  return node;
}

th_query *th_query_near_placed(th_arena *arena, double lat, double lon, double km) {
  th_query *node = th_query_near(arena, lat, lon, km, 0);
  if (node) node->near.placed = true;
  return node;
}

th_query *th_query_limit(th_arena *arena, uint32_t key, double value) {
  th_query *node = th_node_new(arena, TH_N_LIMIT);
  if (!node) return NULL;
  node->limit.key = key;
  node->limit.value = value;
  return node;
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

th_query *th_query_ids(th_arena *arena, const uint32_t *ncts, size_t n) {
  th_query *node = th_node_new(arena, TH_N_IDS);
  uint32_t *sorted = th_arena_calloc(arena, n ? n : 1, sizeof *sorted);
  size_t kept = 0;
  if (!node || !sorted || n > UINT32_MAX) return NULL;
  if (n) {
    memcpy(sorted, ncts, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_u32);
  }
  for (size_t i = 0; i < n; i++)
    if (!kept || sorted[kept - 1] != sorted[i]) sorted[kept++] = sorted[i];
  node->ncts = sorted;
  node->n = (uint32_t)kept;
  return node;
}

/* ---- showing ---- */

static void dump_scope(unsigned scope, th_buf *out) {
  if (th_scope_is_field(scope))
    th_buf_str(out, th_fields[th_scope_field(scope)].piece);
  else
    th_buf_str(out,
               th_scope_area(scope) < TH_A_COUNT ? th_areas[th_scope_area(scope)].name : "AllText");
  if (scope & TH_SCOPE_SYNONYMS) th_buf_str(out, "+");
}

/* Coded dates as days, and behind the first one how precise a date must be. */
static void dump_limit(const th_query *q, bool first, th_buf *out) {
  int64_t v = first ? q->range.low : q->range.high;
  uint8_t type = th_fields[q->field].type;
  bool date =
      q->coded && (type == TH_FT_DATE || type == TH_FT_PARTIAL_DATE || type == TH_FT_DATETIME);
  if (v == INT64_MIN)
    th_buf_str(out, "MIN");
  else if (v == INT64_MAX)
    th_buf_str(out, "MAX");
  else
    th_buf_i64(out, date ? v >> 2 : v);
  if (first && date && v & 3) th_buf_str(out, (v & 3) == 1 ? ":month" : ":day");
}

static void dump_mask(const th_query *q, th_buf *out) {
  const th_field *f = &th_fields[q->field];
  th_buf_printf(out, "(mask %s", f->piece);
  for (int i = 0; i < 64; i++) {
    if (!(q->mask >> i & 1)) continue;
    const char *name = f->enum_id != TH_E_NONE ? th_enum_name(f->enum_id, i) : i ? "true" : "false";
    th_buf_printf(out, " %s", name ? name : "?");
  }
  th_buf_char(out, ')');
}

static void dump_leaf(const th_query *q, th_buf *out) {
  char number[TH_NCT_LEN + 1];
  switch (q->kind) {
  case TH_N_ALL:
    th_buf_str(out, "all");
    break;
  case TH_N_TERM:
    dump_scope(q->scope, out);
    th_buf_printf(out, ":%.*s", (int)q->term.stem.n, q->term.stem.p);
    if (q->term.weight != 1) th_buf_printf(out, "^%g", (double)q->term.weight);
    break;
  case TH_N_MASK:
    dump_mask(q, out);
    break;
  case TH_N_RANGE:
    th_buf_printf(out, "(range %s ", th_fields[q->field].piece);
    dump_limit(q, true, out);
    th_buf_char(out, ' ');
    dump_limit(q, false, out);
    th_buf_str(out, q->missing ? " or missing)" : ")");
    break;
  case TH_N_KEYWORD:
    th_buf_printf(out, "(keyword %s \"%.*s\")", th_fields[q->field].piece, (int)q->word.n,
                  q->word.p);
    break;
  case TH_N_NEAR:
    th_buf_printf(out, "(near %g %g %gkm", q->near.lat, q->near.lon, q->near.km);
    if (q->near.site_status) th_buf_printf(out, " status %" PRIx64, q->near.site_status);
    if (q->near.placed) th_buf_str(out, " placed");
    th_buf_char(out, ')');
    break;
  case TH_N_IDS:
    th_buf_str(out, "(ids");
    for (uint32_t i = 0; i < q->n; i++)
      th_buf_printf(out, " %s", th_nct_format(q->ncts[i], number));
    th_buf_char(out, ')');
    break;
  case TH_N_LIMIT:
    th_buf_printf(out, "(limit %08x %g)", q->limit.key, q->limit.value);
    break;
  case TH_N_MISSING:
    th_buf_str(out, "(missing ");
    dump_scope(q->scope, out);
    th_buf_char(out, ')');
    break;
  default:
    th_buf_char(out, '?');
  }
}

void th_query_dump(const th_query *q, th_buf *out) {
  static const char *const names[] = {
      [TH_N_AND] = "and",  [TH_N_OR] = "or",         [TH_N_EITHER] = "either",
      [TH_N_NOT] = "not",  [TH_N_PHRASE] = "phrase", [TH_N_SITES] = "sites",
      [TH_N_TILT] = "tilt"};
  static const char *const anchors[] = {"", "-starts", "-ends", "-full"};
  if (q->kind >= TH_COUNT(names) || !names[q->kind]) {
    dump_leaf(q, out);
    return;
  }
  th_buf_printf(out, "(%s%s%s", names[q->kind], q->exact ? "-exact" : "", anchors[q->anchor & 3]);
  if (q->kind == TH_N_TILT) th_buf_printf(out, " %s", th_fields[q->field].piece);
  for (uint32_t i = 0; i < q->n; i++) {
    th_buf_char(out, ' ');
    th_query_dump(q->parts[i], out);
    if (q->kind == TH_N_PHRASE && q->parts[i]->term.at != i)
      th_buf_printf(out, "@%u", q->parts[i]->term.at);
  }
  th_buf_char(out, ')');
}
