#include "portal/search_place.h"

#include "study/catalogue.h"

enum { MOST_WORDS = 4 };

/* Something other than plain words: the registry's language, which means what it says. */
static bool is_expression(th_arena *arena, th_span text) {
  return !th_span_eq(th_query_escape(arena, text), text);
}

static size_t last_blank(th_span text) {
  size_t at = text.n;
  while (at && text.p[at - 1] != ' ')
    at--;
  return at;
}

/* "in", "near", "at", "en" before a place belong to neither part. */
static th_span without_joint(th_span head) {
  static const char *const joints[] = {"in", "near", "at", "around", "en", "cerca de"};
  head = th_span_trim(head);
  for (size_t i = 0; i < TH_COUNT(joints); i++) {
    th_span joint = th_span_of(joints[i]);
    if (head.n > joint.n + 1 && head.p[head.n - joint.n - 1] == ' ' &&
        th_span_eq_nocase((th_span){head.p + head.n - joint.n, joint.n}, joint))
      return th_span_trim((th_span){head.p, head.n - joint.n});
  }
  return head;
}

static int count(const th_snapshot *snapshot, th_arena *arena, th_query *q, int64_t *out,
                 th_err *err) {
  th_search_result r;
  th_search_request rq = {.filter = q, .count = true};
  int rc = th_search(snapshot, &rq, arena, &r, err);
  *out = rc ? 0 : r.total;
  return rc;
}

/* "reading" and "mobile" are words first, "boston" is a city: who writes small and says no "in"
 * means the place when it is a place in many more studies than a word of titles. */
static int is_mostly_place(const th_snapshot *snapshot, th_arena *arena, th_query *where,
                           th_span place, bool *out, th_err *err) {
  enum { MORE = 4 };
  th_query *titles = NULL;
  th_err local = {0};
  int64_t as_place = 0, as_word = 0;
  *out = false;
  if (th_query_typed(&titles, arena, place, TH_A_TitleSearch, &local)) return TH_OK;
  int rc = count(snapshot, arena, where, &as_place, err);
  if (!rc && as_place) rc = count(snapshot, arena, titles, &as_word, err);
  *out = !rc && as_place > MORE * as_word;
  return rc;
}

static int try_place(portal_state *s, const th_snapshot *snapshot, unsigned at, th_span head,
                     th_span place, uint16_t field, bool said, bool *found, th_err *err) {
  const th_text_param *t = &th_text_params[at];
  th_arena *arena = s->rq->arena;
  th_query *words = NULL, *where = th_query_keyword(arena, field, place);
  th_search_result r;
  th_err local = {0};
  *found = false;
  if (!where) return th_err_set(err, TH_ENOMEM, "no memory for a query");
  if (th_query_typed(&words, arena, head, t->area, &local)) return TH_OK;
  th_search_request rq = {.scored = words, .filter = where, .size = 1};
  int rc = th_search(snapshot, &rq, arena, &r, err);
  if (rc) return rc;
  bool means = r.n_hits > 0;
  if (!rc && means && !said) rc = is_mostly_place(snapshot, arena, where, place, &means, err);
  if (rc || !means) return rc;
  *found = true;
  s->place = place;
  s->place_filter = where;
  s->words = head;
  return TH_OK;
}

static int split_at(portal_state *s, const th_snapshot *snapshot, unsigned at, size_t from,
                    bool *found, th_err *err) {
  static const uint16_t fields[] = {TH_F_LocationCity, TH_F_LocationState, TH_F_LocationCountry};
  th_span text = th_span_trim(s->text[at]);
  th_span place = {text.p + from, text.n - from};
  th_span head = without_joint((th_span){text.p, from});
  bool said =
      head.n < th_span_trim((th_span){text.p, from}).n || (place.p[0] >= 'A' && place.p[0] <= 'Z');
  int rc = TH_OK;
  if (!head.n) return TH_OK;
  for (size_t i = 0; i < TH_COUNT(fields) && !rc && !*found; i++)
    rc = try_place(s, snapshot, at, head, place, fields[i], said, found, err);
  return rc;
}

int th_portal_find_place(portal_state *s, const th_snapshot *snapshot, th_err *err) {
  unsigned at = 0;
  bool found = false;
  int rc = TH_OK;
  size_t starts[MOST_WORDS], n = 0;
  while (at < th_n_text_params && strcmp(th_text_params[at].name, "term") != 0)
    at++;
  if (at == th_n_text_params || s->n_errors || is_expression(s->rq->arena, s->text[at]))
    return TH_OK;
  if (th_span_eq(th_request_value(s->rq, "place"), TH_SPAN("no"))) return TH_OK;
  th_span text = th_span_trim(s->text[at]);
  for (th_span rest = text; n < MOST_WORDS; n++) {
    size_t from = last_blank(rest);
    if (!from) break;
    starts[n] = from;
    rest = th_span_trim((th_span){text.p, from});
  }
  while (n-- && !rc && !found)
    rc = split_at(s, snapshot, at, starts[n], &found, err);
  return rc;
}
