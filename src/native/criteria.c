/* The criteria of a study, read into logic. */
#include "registry/criteria.h"
#include "eligibility/json.h"
#include "native/internal.h"
#include "study/nct.h"

#define CRITERIA "protocolSection.eligibilityModule.eligibilityCriteria"

enum { DEPTH = 256 };

/* The record as stored; an obsolete number stands for the study that it belongs to now. */
static int get_record(th_call *call, uint32_t *nct, th_buf *record, th_record *found, th_err *err) {
  th_err own = {0}, ignored = {0};
  uint32_t current;
  char number[TH_NCT_LEN + 1];
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(call->native->registry), err);
  if (!reader) return err->code ? err->code : TH_EIO;
  int rc = th_store_get(reader, *nct, -1, record, found, &own);
  if (rc == TH_ENOTFOUND && th_store_alias(reader, *nct, &current, &ignored) == 0) {
    *nct = current;
    th_err_clear(&own);
    rc = th_store_get(reader, *nct, -1, record, found, &own);
  }
  th_store_reader_release(reader);
  if (rc == TH_ENOTFOUND) {
    call->parameter = "id";
    return th_err_set(err, rc, "There is no study %s", th_nct_format(*nct, number));
  }
  return rc ? th_err_set(err, rc, "%s", own.message) : TH_OK;
}

static int put_criteria(th_call *call, const th_snapshot *snapshot, const th_record *record,
                        th_err *err) {
  th_elig_tree tree;
  th_json json;
  th_jout w;
  char number[TH_NCT_LEN + 1];
  th_json_parser *parser = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  int rc = parser ? th_json_parse(parser, record->json, &json, err)
                  : th_err_set(err, TH_ENOMEM, "out of memory");
  if (!rc)
    rc = th_registry_criteria(snapshot, record, th_json_path_text(&json, 0, CRITERIA),
                              call->rq->arena, &tree, err);
  if (!rc) {
    th_jout_init(&w, &call->rs->body, false);
    th_elig_json(&tree, th_nct_format(record->nct, number), &w);
  }
  th_json_parser_free(parser);
  return rc;
}

int th_native_eligibility(th_call *call, th_err *err) {
  uint32_t nct;
  th_buf record;
  th_record found;
  if (!th_nct_parse(call->rq->segment, &nct))
    return th_call_refuse(call, NULL, "id", err, "`id` must be an NCT number");
  th_index *index = th_registry_index(call->native->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  th_buf_init(&record, 0);
  int rc = get_record(call, &nct, &record, &found, err);
  /* What was read depends on the record and on the book, which is of a generation. */
  if (!rc && !th_call_holds(call, found.version, snapshot->generation))
    rc = put_criteria(call, snapshot, &found, err);
  th_buf_dispose(&record);
  th_index_release(index, snapshot);
  return rc;
}
