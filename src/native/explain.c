/* Why a study matches a search, or why not. */
#include "query/explain.h"

#include "native/internal.h"
#include "study/nct.h"

static void put_fields(th_jout *w, const th_explain_part *p) {
  th_jout_key(w, "fields");
  th_jout_array(w);
  for (uint32_t i = 0; i < p->n_fields; i++) {
    th_jout_object(w);
    th_jout_kv_str(w, "field", th_fields[p->fields[i].field].piece);
    th_jout_kv_str(w, "path", th_fields[p->fields[i].field].path);
    th_jout_kv_i64(w, "times", p->fields[i].n);
    th_jout_kv_double(w, "weight", (double)p->fields[i].weight);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void put_part(th_jout *w, const th_explain_part *p) {
  static const char *const kinds[] = {"word", "phrase", "filter"};
  th_jout_object(w);
  th_jout_kv_str(w, "kind", kinds[p->kind]);
  th_jout_kv_text(w, "text", p->text);
  th_jout_kv_text(w, "area", p->area);
  th_jout_kv_bool(w, "matched", p->matched);
  th_jout_kv_bool(w, "counted", p->counted);
  th_jout_kv_double(w, "score", (double)p->score);
  if (p->instead.n) th_jout_kv_text(w, "synonymOf", p->instead);
  if (p->source.n) th_jout_kv_text(w, "source", p->source);
  put_fields(w, p);
  th_jout_end_object(w);
}

static int explain(th_call *call, const th_snapshot *snapshot, const th_ask *ask, uint32_t nct,
                   th_err *err) {
  const th_query *asked[2] = {ask->search.scored, ask->search.filter};
  th_explanation said[2] = {{.matched = true}, {.matched = true}};
  uint32_t segment, doc;
  th_jout w;
  char number[TH_NCT_LEN + 1];
  int rc = TH_OK;
  if (!th_snapshot_find(snapshot, nct, &segment, &doc)) {
    call->parameter = "id";
    return th_err_set(err, TH_ENOTFOUND, "There is no study %s", th_nct_format(nct, number));
  }
  for (unsigned i = 0; !rc && i < 2; i++)
    if (asked[i])
      rc = th_query_explain(snapshot, asked[i], segment, doc, call->rq->arena, &said[i], err);
  if (rc) return rc;
  th_jout_init(&w, &call->rs->body, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "nctId", th_nct_format(nct, number));
  th_jout_kv_bool(&w, "matched", said[0].matched && said[1].matched);
  th_jout_kv_double(&w, "score", (double)said[0].score);
  th_jout_key(&w, "parts");
  th_jout_array(&w);
  for (unsigned i = 0; i < 2; i++)
    for (uint32_t k = 0; k < said[i].n; k++)
      put_part(&w, &said[i].parts[k]);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  return TH_OK;
}

/* An obsolete number stands for the study that it belongs to now. */
static uint32_t current_number(th_call *call, uint32_t nct) {
  th_err ignored = {0};
  uint32_t current;
  th_store_reader *reader =
      th_store_reader_acquire(th_registry_store(call->native->registry), &ignored);
  if (!reader) return nct;
  if (th_store_alias(reader, nct, &current, &ignored) == 0) nct = current;
  th_store_reader_release(reader);
  return nct;
}

int th_native_explain(th_call *call, th_err *err) {
  uint32_t nct;
  if (!th_nct_parse(th_call_text(call, "id"), &nct))
    return th_call_refuse(call, NULL, "id", err, "`id` must be an NCT number");
  th_ask *ask = th_arena_calloc(call->rq->arena, 1, sizeof *ask);
  if (!ask) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_call_ask(call, ask, err);
  if (rc) return rc;
  nct = current_number(call, nct);
  th_index *index = th_registry_index(call->native->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (!th_call_holds(call, snapshot->applied_seq, snapshot->generation))
    rc = explain(call, snapshot, ask, nct, err);
  th_index_release(index, snapshot);
  return rc;
}
