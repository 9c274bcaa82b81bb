/* Statistics of the fields that no column has: one pass over the store, and another look at the
 * studies that have the most frequent values, for their texts. */
#include "api/stats_work.h"

#include "base/json.h"
#include "study/derived.h"
#include "study/walk.h"

enum { RANGE = 1000000, MAX_DEPTH = 64 }; /* numbers read in one state of the store */

/* A value whose text is wanted, and the study to find it in. */
typedef struct wanted_text {
  uint32_t nct;
  uint16_t field;
  th_tally_entry entry;
  th_span text; /* owned */
} wanted_text;

typedef struct pass_run {
  const th_snapshot *snapshot;
  const atomic_bool *stop;
  th_json_parser *parser;
  const th_json *json; /* of the study being walked */
  th_tally *tallies;   /* TH_F_COUNT */
  bool counted[TH_F_COUNT];
  uint32_t *ncts; /* of the studies counted, in their order */
  uint32_t n, cap;
  wanted_text *wanted;       /* by study, then field */
  size_t n_wanted, from, to; /* from … to: of the study being walked */
  int error;
} pass_run;

/* ---- the pass ---- */

static void count_value(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  pass_run *r = ctx;
  th_date date;
  (void)item;
  if (!r->counted[field]) return;
  th_tally *t = &r->tallies[field];
  th_span text = th_json_text(r->json, node);
  int64_t whole;
  double number;
  switch (th_fields[field].type) {
  case TH_FT_DATETIME:
    if (th_date_parse(text, &date)) th_tally_date(t, r->n, &date);
    break;
  case TH_FT_INT:
    if (th_json_int(r->json, node, &whole)) th_tally_int(t, r->n, whole);
    break;
  case TH_FT_NUMBER:
    if (th_json_number(r->json, node, &number)) th_tally_number(t, r->n, number);
    break;
  default:
    th_tally_text(t, r->n, text);
  }
  if (t->error) r->error = t->error;
}

/* Lengths of lists that stand in other lists. */
static void count_list(void *ctx, uint16_t field, uint32_t node) {
  pass_run *r = ctx;
  uint16_t counter = th_derived_count_field(field);
  uint32_t n = r->json->nodes[node].n;
  if (counter == TH_F_NONE || !r->counted[counter] || !n) return;
  th_tally_int(&r->tallies[counter], r->n, n);
}

static int count_study(void *ctx, const th_record *record) {
  static const th_study_visitor visitor = {.value = count_value, .list = count_list};
  pass_run *r = ctx;
  th_json json;
  th_err ignored = {0};
  uint32_t s, doc;
  if (atomic_load_explicit(r->stop, memory_order_relaxed)) return TH_EBUSY;
  if (!th_snapshot_find(r->snapshot, record->nct, &s, &doc)) return 0;
  if (r->n == r->cap) return 0; /* newer than the generation */
  int rc = th_json_parse(r->parser, record->json, &json, &ignored);
  if (rc) return rc;
  r->ncts[r->n++] = record->nct;
  r->json = &json;
  /* A value of another type than its field's ends this study's walk: import admits none. */
  rc = th_study_walk(&json, &visitor, r, &ignored);
  return r->error ? r->error : rc == TH_ENOMEM ? rc : 0;
}

/* ---- texts ---- */

static int want_top(pass_run *r, uint16_t field, th_err *err) {
  th_tally_entry top[2 * TH_TALLY_TOP];
  uint32_t n = th_tally_top(&r->tallies[field], TH_TALLY_TOP, top);
  wanted_text *grown = realloc(r->wanted, (r->n_wanted + n + 1) * sizeof *grown);
  if (!grown || (!n && r->tallies[field].n)) {
    if (grown) r->wanted = grown;
    return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  r->wanted = grown;
  for (uint32_t i = 0; i < n; i++)
    r->wanted[r->n_wanted++] =
        (wanted_text){.nct = r->ncts[top[i].last - 1], .field = field, .entry = top[i]};
  return TH_OK;
}

static int by_study(const void *a, const void *b) {
  const wanted_text *x = a, *y = b;
  if (x->nct != y->nct) return x->nct < y->nct ? -1 : 1;
  return (x->field > y->field) - (x->field < y->field);
}

static int by_field(const void *a, const void *b) {
  const wanted_text *x = a, *y = b;
  return (x->field > y->field) - (x->field < y->field);
}

static void find_text(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  pass_run *r = ctx;
  uint64_t hash = 0;
  (void)item;
  for (size_t i = r->from; i < r->to; i++) {
    wanted_text *w = &r->wanted[i];
    if (w->field != field || w->text.p) continue;
    th_span text = th_json_text(r->json, node);
    if (!hash) hash = th_tally_hash(text);
    if (w->entry.hash != hash) continue;
    char *copy = malloc(text.n + 1);
    if (!copy) {
      r->error = TH_ENOMEM;
      return;
    }
    memcpy(copy, text.p, text.n);
    w->text = (th_span){copy, text.n};
  }
}

/* A study that is another now, or gone, gives no texts: its values are left out. */
static int find_texts(pass_run *r, th_store_reader *reader, th_err *err) {
  static const th_study_visitor visitor = {.value = find_text};
  th_buf record;
  int rc = TH_OK;
  th_buf_init(&record, 0);
  if (r->n_wanted) qsort(r->wanted, r->n_wanted, sizeof *r->wanted, by_study);
  for (r->from = 0; r->from < r->n_wanted && !rc; r->from = r->to) {
    th_json json;
    th_err own = {0};
    r->to = r->from + 1;
    while (r->to < r->n_wanted && r->wanted[r->to].nct == r->wanted[r->from].nct)
      r->to++;
    if (atomic_load(r->stop)) rc = TH_EBUSY;
    if (!rc) rc = th_store_get(reader, r->wanted[r->from].nct, -1, &record, NULL, &own);
    if (!rc) rc = th_json_parse(r->parser, th_buf_view(&record), &json, &own);
    r->json = &json;
    if (!rc && th_study_walk(&json, &visitor, r, &own) == TH_ENOMEM) rc = TH_ENOMEM;
    if (!rc) rc = r->error;
    if (rc == TH_ENOTFOUND) rc = TH_OK;
    if (rc) th_err_set(err, rc, "%s", own.message);
  }
  th_buf_dispose(&record);
  return rc;
}

/* ---- the whole ---- */

static int put_field(pass_run *r, uint16_t field, size_t *at, th_buf *out, th_err *err) {
  const th_tally *t = &r->tallies[field];
  th_top_value top[2 * TH_TALLY_TOP];
  uint32_t n = 0;
  for (; *at < r->n_wanted && r->wanted[*at].field == field; ++*at)
    if (r->wanted[*at].text.p) top[n++] = (th_top_value){r->wanted[*at].entry, r->wanted[*at].text};
  th_stats_put_values(&out[field], field, t, r->snapshot->n_live, top, n,
                      t->longest_study ? r->ncts[t->longest_study - 1] : 0);
  return out[field].error ? th_err_set(err, out[field].error, "out of memory") : TH_OK;
}

static int run_pass(pass_run *r, th_store_reader *reader, th_buf *out, th_err *err) {
  int rc = TH_OK;
  th_err own = {0};
  for (uint32_t first = 0; first <= 99999999 && !rc; first += RANGE)
    rc = th_store_scan(reader, first, first + RANGE - 1, count_study, r, &own);
  for (uint16_t f = 0; f < TH_F_COUNT && !rc; f++)
    if (r->counted[f]) rc = want_top(r, f, &own);
  if (!rc) rc = find_texts(r, reader, &own);
  if (r->n_wanted) qsort(r->wanted, r->n_wanted, sizeof *r->wanted, by_field);
  size_t at = 0;
  for (uint16_t f = 0; f < TH_F_COUNT && !rc; f++)
    if (r->counted[f]) rc = put_field(r, f, &at, out, &own);
  return rc ? th_err_set(err, rc, "%s", own.message[0] ? own.message : "stopped") : TH_OK;
}

int th_stats_pass(th_registry *registry, const th_snapshot *snapshot, th_buf *out,
                  const atomic_bool *stop, th_err *err) {
  pass_run r = {.snapshot = snapshot, .stop = stop, .cap = snapshot->n_live};
  int rc = TH_OK;
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(registry), err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  r.parser = th_json_parser_new(TH_STORE_RECORD_MAX, MAX_DEPTH);
  r.tallies = calloc(TH_F_COUNT, sizeof *r.tallies);
  r.ncts = calloc((size_t)r.cap + 1, sizeof *r.ncts);
  for (uint16_t f = 0; f < TH_F_COUNT; f++)
    r.counted[f] = th_stats_has_values(f) && !th_stats_from_column(f);
  if (!r.parser || !r.tallies || !r.ncts)
    rc = th_err_set(err, TH_ENOMEM, "out of memory");
  else
    rc = run_pass(&r, reader, out, err);
  for (size_t i = 0; i < r.n_wanted; i++)
    free((char *)(uintptr_t)r.wanted[i].text.p);
  for (uint16_t f = 0; r.tallies && f < TH_F_COUNT; f++)
    th_tally_dispose(&r.tallies[f]);
  free(r.wanted);
  free(r.tallies);
  free(r.ncts);
  th_json_parser_free(r.parser);
  th_store_reader_release(reader);
  return rc;
}
