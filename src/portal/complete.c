/* Names in the reader's language that complete what is typed, for scripts (web/complete.js): what
 * people call conditions and treatments, with the name that records have, and countries with the
 * studies that take place there. Pages in English have all names from the API.
 *
 *   /es/complete?q=TEXT&kinds=KIND,KIND
 *   {"completions":[{"text":"cáncer de mama","means":"breast
 * cancer"},{"text":"Francia","count":9}]}
 */
#include "base/json.h"
#include "portal/counts.h"
#include "portal/internal.h"
#include "portal/lay_words.h"
#include "portal/words.h"
#include "query/names.h"

enum { MOST = 4 };

static bool asks(const th_request *rq, const char *kind) {
  th_span rest = th_request_value(rq, "kinds"), wanted = th_span_of(kind);
  while (rest.n) {
    const char *comma = memchr(rest.p, ',', rest.n);
    th_span one = {rest.p, comma ? (size_t)(comma - rest.p) : rest.n};
    if (th_span_eq(th_span_trim(one), wanted)) return true;
    size_t used = one.n + (comma != NULL);
    rest = (th_span){rest.p + used, rest.n - used};
  }
  return false;
}

static void put_lay_words(th_span text, th_jout *w) {
  const th_lay_word *found[MOST];
  unsigned n = th_lay_complete(text, found, MOST);
  for (unsigned i = 0; i < n; i++) {
    th_jout_object(w);
    th_jout_kv_str(w, "text", found[i]->shown);
    th_jout_kv_str(w, "means", found[i]->theirs);
    th_jout_end_object(w);
  }
}

/* Whether the name, or a word of it, begins with the folded text. */
static bool begins(th_span name, const char *text, size_t n) {
  char folded[TH_NAME_MAX];
  size_t len = th_name_fold(name, folded);
  for (size_t at = 0; at + n <= len; at++)
    if ((at == 0 || folded[at - 1] == ' ') && memcmp(folded + at, text, n) == 0) return true;
  return false;
}

/* Countries come by falling number of studies. */
static int put_countries(const th_portal *p, th_request *rq, th_lang lang, th_span text, th_jout *w,
                         th_err *err) {
  char folded[TH_NAME_MAX];
  const th_span none = {0};
  const th_place_counts *counts;
  th_fact *hold = NULL;
  size_t n = th_name_fold(text, folded);
  if (!n) return TH_OK;
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_counts_places(p->known, snapshot, TH_PLACE_COUNTRY, none, none, rq->arena, &hold,
                            &counts, err);
  for (uint32_t i = 0, put = 0; !rc && i < counts->n && put < MOST; i++) {
    th_span name = th_words_country(lang, counts->places[i].name);
    if (!begins(name, folded, n)) continue;
    th_jout_object(w);
    th_jout_kv_text(w, "text", name);
    th_jout_kv_i64(w, "count", counts->places[i].studies);
    th_jout_end_object(w);
    put++;
  }
  th_fact_release(hold);
  th_index_release(index, snapshot);
  return rc;
}

int th_portal_complete(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_lang lang = th_lang_of_path(rq->path);
  th_span text = th_span_trim(th_request_value(rq, "q"));
  th_jout w;
  int rc = TH_OK;
  rs->type = "application/json";
  rs->cache = "no-cache";
  th_jout_init(&w, &rs->body, false);
  th_jout_object(&w);
  th_jout_key(&w, "completions");
  th_jout_array(&w);
  if (lang == TH_LANG_ES && asks(rq, "condition")) put_lay_words(text, &w);
  if (lang != TH_LANG_EN && asks(rq, "country")) rc = put_countries(ctx, rq, lang, text, &w, err);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  return rc;
}
