/* A page's studies into the store, in one transaction; and the list of those that came. */
#include "study/nct.h"
#include "study/walk.h"
#include "sync/internal.h"

#include <stdio.h>

static void reject(th_sync *s, const char *place, int64_t offset, uint32_t nct, th_span record,
                   const th_err *why) {
  th_reject r = {.file = place, .offset = offset};
  if (nct)
    th_nct_format(nct, r.id);
  else
    th_record_guess_id(record, r.id);
  snprintf(r.reason, sizeof r.reason, "%.199s", why->message);
  if (!nct && !th_nct_parse(th_span_of(r.id), &nct)) nct = 0;
  if (nct) {
    th_ids_add(&s->seen, nct);
    th_ids_add(&s->refused, nct);
  }
  s->report->rejected++;
  if (s->options->reject) s->options->reject(s->options->ctx, &r);
}

static int read_aliases(th_sync *s, const th_json *j, th_put *put) {
  uint32_t list = th_json_path(j, 0, "protocolSection.identificationModule.nctIdAliases");
  if (!list || j->nodes[list].type != TH_JARRAY || j->nodes[list].n == 0) return 0;
  uint32_t *aliases = th_arena_calloc(&s->arena, j->nodes[list].n, sizeof *aliases);
  if (!aliases) return TH_ENOMEM;
  for (th_json_each(j, list, e))
    if (th_nct_parse(th_json_text(j, e), &aliases[put->n_aliases])) put->n_aliases++;
  put->aliases = aliases;
  return 0;
}

/* Checks one record and makes the put of it. TH_EINPUT, TH_ELIMIT: it is to be rejected. */
static int check_record(th_sync *s, th_span bytes, th_put *put, th_err *why) {
  th_json j;
  *put = (th_put){.json = bytes};
  int rc = th_json_parse(s->records, bytes, &j, why);
  if (rc == 0) rc = th_study_check(&j, &put->nct, why);
  if (rc == 0 && read_aliases(s, &j, put)) rc = th_err_set(why, TH_ENOMEM, "out of memory");
  if (rc == 0) th_store_hash(bytes, put->hash);
  return rc;
}

static int make_room(th_sync *s, size_t n, th_err *err) {
  if (n <= s->cap_puts) return 0;
  th_put *p = n <= SIZE_MAX / sizeof *p ? realloc(s->puts, n * sizeof *p) : NULL;
  if (!p) return th_err_set(err, TH_ENOMEM, "out of memory");
  s->puts = p;
  s->cap_puts = n;
  return 0;
}

/* A new store gets its dictionary from the first page that is long enough. */
static int train(th_sync *s, size_t n, th_err *err) {
  enum { LEAST = 100 };
  uint32_t dict;
  th_store *store = th_registry_store(s->registry);
  if (n < LEAST || th_store_dict(store)) return 0;
  th_span *samples = malloc(n * sizeof *samples);
  if (!samples) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t i = 0; i < n; i++)
    samples[i] = s->puts[i].json;
  int rc = th_store_train(store, samples, n, &dict, err);
  free(samples);
  return rc;
}

static void count_outcomes(th_sync *s, size_t n) {
  uint64_t before = s->report->added + s->report->changed;
  for (size_t i = 0; i < n; i++) {
    s->report->added += s->puts[i].outcome == TH_PUT_NEW;
    s->report->changed += s->puts[i].outcome == TH_PUT_CHANGED;
    s->report->unchanged += s->puts[i].outcome == TH_PUT_UNCHANGED;
  }
  s->unpublished += s->report->added + s->report->changed - before;
}

int th_sync_take(th_sync *s, const th_sync_page *page, const char *place, size_t *fresh,
                 th_err *err) {
  const th_json *j = &page->json;
  size_t n = 0, known = s->seen.n;
  th_arena_reset(&s->arena, false);
  int rc = make_room(s, page->n + 1, err);
  if (rc) return rc;
  for (th_json_each(j, page->studies, study)) {
    th_err why = {0};
    th_span bytes = th_json_raw(j, study);
    th_put *put = &s->puts[n];
    s->report->read++;
    rc = check_record(s, bytes, put, &why);
    if (rc == TH_ENOMEM) return th_err_set(err, rc, "out of memory");
    if (rc) {
      reject(s, place, j->nodes[study].off, put->nct, bytes, &why);
      continue;
    }
    th_ids_add(&s->seen, put->nct);
    n++;
  }
  *fresh = s->seen.n - known;
  rc = train(s, n, err);
  if (rc == 0 && n) rc = th_store_put(th_registry_store(s->registry), s->puts, n, err);
  if (rc == 0) count_outcomes(s, n);
  if (rc == 0 && s->unpublished >= TH_SYNC_PUBLISH) rc = th_sync_publish(s, err);
  return rc;
}

int th_sync_members_load(th_sync *s, th_ids *out, th_err *err) {
  int rc = th_ids_init(out, err);
  if (rc) return rc;
  return th_sync_members_read(th_registry_store(s->registry), s->from, s->where, out, err);
}

int th_sync_members_save(th_sync *s, bool keep, th_err *err) {
  th_ids members = {0};
  th_store *store = th_registry_store(s->registry);
  if (!keep) return th_sync_members_write(store, s->from, s->where, &s->seen, err);
  int rc = th_sync_members_load(s, &members, err);
  for (uint32_t nct = th_ids_next(&s->seen, 1); nct && rc == 0;
       nct = th_ids_next(&s->seen, nct + 1))
    th_ids_add(&members, nct);
  if (rc == 0) rc = th_sync_members_write(store, s->from, s->where, &members, err);
  th_ids_dispose(&members);
  return rc;
}
