/* All ids of the upstream against all studies of the store. Nothing is removed because a list lacks
 * it: the upstream is asked about each, and must say that it is gone or another's. */
#define _GNU_SOURCE /* memrchr */
#include "study/nct.h"
#include "sync/internal.h"

#include <stdio.h>

enum {
  BATCH = 100, /* missing studies asked for at once */
  NAMED = 10,  /* of a kind, in a sentence */
};

/* ---- what is missing here ---- */

static int live_ids(th_sync *s, th_hashes *out, th_err *err) {
  th_err local = {0};
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(s->registry), &local);
  int rc = reader ? th_store_hashes(reader, out, &local) : local.code;
  th_store_reader_release(reader);
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

static int fetch_batch(th_sync *s, const uint32_t *ncts, size_t n, th_err *err) {
  char name[TH_NCT_LEN + 1];
  th_sync_page page;
  size_t fresh;
  th_buf query;
  th_buf_init(&query, 1 << 16);
  for (size_t i = 0; i < n; i++)
    th_buf_printf(&query, "%s%s", i ? "%2C" : "&filter.ids=", th_nct_format(ncts[i], name));
  th_buf_char(&query, 0);
  int rc = query.error ? th_err_set(err, query.error, "out of memory")
                       : th_sync_page_get(s, query.p, (th_span){0}, BATCH, &page, err);
  if (rc == 0) rc = th_sync_take(s, &page, "missing studies", &fresh, err);
  th_buf_dispose(&query);
  return rc;
}

/* Fetches s->seen less the store, less what was rejected. */
static int fetch_missing(th_sync *s, const th_hashes *here, size_t *asked, th_err *err) {
  uint32_t batch[BATCH];
  size_t n = 0;
  int rc = 0;
  *asked = 0;
  for (uint32_t nct = th_ids_next(&s->seen, 1); nct && rc == 0;
       nct = th_ids_next(&s->seen, nct + 1)) {
    if (th_hashes_find(here, nct) || th_ids_has(&s->refused, nct)) continue;
    batch[n++] = nct;
    ++*asked;
    if (n < BATCH) continue;
    rc = fetch_batch(s, batch, n, err);
    n = 0;
  }
  return rc == 0 && n ? fetch_batch(s, batch, n, err) : rc;
}

static void add_name(th_buf *names, size_t i, uint32_t nct) {
  char name[TH_NCT_LEN + 1];
  if (i < NAMED) th_buf_printf(names, "%s%s", i ? ", " : "", th_nct_format(nct, name));
  if (i == NAMED) th_buf_str(names, ", \xE2\x80\xA6");
}

/* What the upstream lists and does not give. */
static void tell_missing(th_sync *s, const th_hashes *here) {
  size_t n = 0;
  th_buf names;
  th_buf_init(&names, 1 << 16);
  for (uint32_t nct = th_ids_next(&s->seen, 1); nct; nct = th_ids_next(&s->seen, nct + 1))
    if (!th_hashes_find(here, nct) && !th_ids_has(&s->refused, nct)) add_name(&names, n++, nct);
  if (n)
    th_sync_doubt(s, "the upstream lists %zu studies that it does not give: %.*s", n, (int)names.n,
                  names.p);
  th_buf_dispose(&names);
}

/* ---- what is too much here ---- */

typedef enum fate { STAYS, GONE, MERGED, UNCLEAR } fate;

/* The number at the end of a redirect's path. */
static uint32_t nct_of_location(const char *location) {
  uint32_t nct = 0;
  size_t n = strcspn(location, "?#");
  const char *p = memrchr(location, '/', n);
  if (!p || !th_nct_parse((th_span){p + 1, n - (size_t)(p + 1 - location)}, &nct)) return 0;
  return nct;
}

typedef struct study_check {
  th_sync *s;
  th_json json;
} study_check;

static int check_study(void *ctx, th_sync_reply *reply, th_err *err) {
  study_check *c = ctx;
  int rc = th_json_parse(c->s->pages, th_buf_view(&reply->body), &c->json, err);
  if (rc == 0 && !th_sync_study_nct(&c->json, 0))
    rc = th_err_set(err, TH_EINPUT, "the answer is no study");
  return rc;
}

static int ask_fate(th_sync *s, uint32_t nct, fate *out, uint32_t *current, th_err *err) {
  char url[1200], name[TH_NCT_LEN + 1];
  study_check check = {.s = s};
  th_sync_ask ask = {.url = url, .check = check_study, .ctx = &check};
  snprintf(url, sizeof url, "%s/studies/%s?format=json&fields=NCTId", s->from,
           th_nct_format(nct, name));
  *out = UNCLEAR;
  *current = 0;
  int rc = th_sync_get(s->client, &ask, false, &s->reply, err);
  if (rc) return rc;
  long status = s->reply.status;
  if (status == 404 || status == 410) *out = GONE;
  if (status == 200) *current = th_sync_study_nct(&check.json, 0);
  if (status >= 300 && status < 400) *current = nct_of_location(s->reply.location);
  if (*current) *out = *current == nct ? STAYS : MERGED;
  return 0;
}

static int remove_study(th_sync *s, uint32_t nct, uint32_t current, th_err *err) {
  int rc = th_store_remove(th_registry_store(s->registry), nct, NULL, err);
  if (rc) return rc;
  s->report->removed++;
  s->report->merged += current != 0;
  s->unpublished++;
  if (s->options->removed) s->options->removed(s->options->ctx, nct, current);
  return 0;
}

/* A study that is still there, but not among those that match: its newest record is taken, so that
 * it does not stand here as it was when it matched. */
static int refresh(th_sync *s, uint32_t nct, th_err *err) {
  return fetch_batch(s, &nct, 1, err);
}

static int settle_one(th_sync *s, uint32_t nct, uint64_t *unclear, th_err *err) {
  fate what;
  uint32_t current;
  int rc = ask_fate(s, nct, &what, &current, err);
  if (rc) return rc;
  if (what == GONE || what == MERGED) return remove_study(s, nct, current, err);
  if (what == STAYS && s->where[0]) return refresh(s, nct, err);
  ++*unclear;
  return 0;
}

/* Members here that the upstream's list lacks; *out is owned by the caller. */
static int list_vanished(th_sync *s, const th_hashes *here, uint32_t **out, size_t *n,
                         th_err *err) {
  th_ids members;
  *n = 0;
  int rc = th_sync_members_load(s, &members, err);
  *out = malloc((here->n + 1) * sizeof **out);
  if (rc == 0 && !*out) rc = th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t i = 0; i < here->n && rc == 0; i++)
    if (!th_ids_has(&s->seen, here->nct[i]) && th_ids_has(&members, here->nct[i]))
      (*out)[(*n)++] = here->nct[i];
  th_ids_dispose(&members);
  return rc;
}

static int settle_vanished(th_sync *s, const th_hashes *here, th_err *err) {
  uint32_t *list = NULL;
  size_t n = 0;
  uint64_t unclear = 0;
  int rc = list_vanished(s, here, &list, &n, err);
  if (rc == 0 && !s->options->allow_removals && !th_sync_plan_removals(n, here->n)) {
    th_sync_doubt(
        s,
        "%zu of the %zu studies here are not in the upstream's list: more than one in %d, "
        "so none is removed (--allow-removals)",
        n, here->n, TH_SYNC_REMOVALS_SHARE);
    n = 0;
  }
  for (size_t i = 0; i < n && rc == 0; i++)
    rc = settle_one(s, list[i], &unclear, err);
  if (unclear)
    th_sync_doubt(s,
                  "%llu studies here are not in the upstream's list, yet it does not say that they "
                  "are gone: they stay",
                  (unsigned long long)unclear);
  free(list);
  return rc;
}

int th_sync_see_store(th_sync *s, th_err *err) {
  th_hashes here = {0};
  int rc = live_ids(s, &here, err);
  th_ids_clear(&s->seen);
  for (size_t i = 0; i < here.n && rc == 0; i++)
    th_ids_add(&s->seen, here.nct[i]);
  th_hashes_dispose(&here);
  return rc;
}

int th_sync_reconcile(th_sync *s, th_err *err) {
  th_hashes here = {0};
  size_t asked = 0;
  int rc = live_ids(s, &here, err);
  if (rc == 0) rc = fetch_missing(s, &here, &asked, err);
  if (rc == 0 && asked) {
    th_hashes_dispose(&here);
    here = (th_hashes){0};
    rc = live_ids(s, &here, err);
    if (rc == 0) tell_missing(s, &here);
  }
  if (rc == 0) rc = settle_vanished(s, &here, err);
  th_hashes_dispose(&here);
  return rc;
}
