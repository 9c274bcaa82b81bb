#include "portal/slug.h"
#include "portal/topic.h"
#include "query/names.h"
#include "study/catalogue.h"

const th_topic_info th_topic_infos[TH_TOPIC_KINDS] = {
    [TH_TOPIC_CONDITION] = {"/condition/", "/conditions", "condition", "cond", TH_F_Condition,
                            TH_F_ConditionMeshTerm, M(conditions_with_most_studies),
                            M(all_conditions), M(lead_all_conditions)},
    [TH_TOPIC_INTERVENTION] = {"/intervention/", "/interventions", "intervention", "intr",
                               TH_F_InterventionName, TH_F_InterventionMeshTerm,
                               M(interventions_with_most_studies), M(all_interventions),
                               M(lead_all_interventions)},
    [TH_TOPIC_SPONSOR] = {"/sponsor/", "/sponsors", "sponsor", "spons", TH_F_LeadSponsorName,
                          TH_F_CollaboratorName, M(sponsors_with_most_studies), M(all_sponsors),
                          M(lead_all_sponsors)},
};

bool th_topic_path(th_topic_kind kind, th_span name, th_buf *out) {
  size_t before = out->n;
  th_buf_str(out, th_topic_infos[kind].path);
  if (th_slug_put(name, out)) return true;
  th_buf_truncate(out, before);
  return false;
}

/* Adds a name unless it is there in another case or with other accents. */
static void add_name(th_span name, th_span out[TH_TOPIC_NAMES], size_t *n) {
  char a[TH_NAME_MAX], b[TH_NAME_MAX];
  size_t len = th_name_fold(name, a);
  for (size_t i = 0; i < *n; i++)
    if (th_name_fold(out[i], b) == len && memcmp(a, b, len) == 0) return;
  if (*n < TH_TOPIC_NAMES) out[(*n)++] = name;
}

static void find_in(const th_segment *segment, uint16_t field, th_span slug, th_buf *scratch,
                    th_span out[TH_TOPIC_NAMES], size_t *n) {
  const th_column *c = th_segment_column(segment, field);
  for (uint32_t o = 0; c && o < c->n_dict; o++) {
    th_span word = th_column_word(c, o);
    if (th_slug_is(word, slug, scratch)) add_name(word, out, n);
  }
}

int th_topic_find(const th_snapshot *snapshot, th_topic_kind kind, th_span slug,
                  th_span out[TH_TOPIC_NAMES], size_t *n, th_err *err) {
  th_buf scratch;
  *n = 0;
  if (slug.n == 0 || slug.n > TH_SLUG_MAX) return TH_OK;
  th_buf_init(&scratch, 1 << 12);
  for (uint32_t s = 0; s < snapshot->n_segments; s++) {
    find_in(snapshot->segments[s], th_topic_infos[kind].field, slug, &scratch, out, n);
    find_in(snapshot->segments[s], th_topic_infos[kind].also, slug, &scratch, out, n);
  }
  int rc = scratch.error ? th_err_set(err, TH_ENOMEM, "no memory for a name")
                         : th_snapshot_state(snapshot, err);
  th_buf_dispose(&scratch);
  return rc;
}

th_query *th_topic_query(th_topic_kind kind, const th_span *names, size_t n, th_arena *arena) {
  th_query *parts[2 * TH_TOPIC_NAMES];
  const th_topic_info *info = &th_topic_infos[kind];
  n = TH_MIN(n, (size_t)TH_TOPIC_NAMES);
  for (size_t i = 0; i < n; i++) {
    parts[2 * i] = th_query_keyword(arena, info->field, names[i]);
    parts[2 * i + 1] = th_query_keyword(arena, info->also, names[i]);
    if (!parts[2 * i] || !parts[2 * i + 1]) return NULL;
  }
  return th_query_or(arena, parts, 2 * n);
}
