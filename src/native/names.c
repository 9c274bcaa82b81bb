/* Completion and spelling as JSON. */
#include "native/internal.h"

int th_name_kinds_read(uint32_t *out, th_span list, th_err *err) {
  size_t from = 0;
  *out = 0;
  if (list.n == 0) *out = (1u << TH_NAME_KINDS) - 1;
  while (list.n && from <= list.n) {
    size_t to = from;
    while (to < list.n && list.p[to] != ',' && list.p[to] != '|')
      to++;
    th_span word = {list.p + from, to - from};
    th_name_kind kind = th_name_kind_of(word);
    if (kind == TH_NAME_KINDS) {
      th_err_set(err, TH_EUSAGE,
                 "`%.*s` is no kind of name: condition, intervention, keyword, sponsor, country, "
                 "state, city, facility, word",
                 (int)TH_MIN(word.n, 60), word.p);
      th_err_at(err, (int64_t)from, 0);
      return TH_EUSAGE;
    }
    *out |= 1u << kind;
    from = to + 1;
  }
  return TH_OK;
}

int th_completions_put(th_suggester *suggester, th_span text, uint32_t kinds, unsigned n,
                       th_arena *arena, th_buf *out, th_err *err) {
  th_completions found;
  th_jout w;
  int rc = th_complete(suggester, text, kinds, n, arena, &found, err);
  if (rc) return rc;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_text(&w, "q", text);
  th_jout_key(&w, "completions");
  th_jout_array(&w);
  for (uint32_t i = 0; i < found.n; i++) {
    th_jout_object(&w);
    th_jout_kv_str(&w, "kind", th_name_kinds[found.items[i].kind]);
    th_jout_kv_text(&w, "text", found.items[i].text);
    th_jout_kv_i64(&w, "count", found.items[i].count);
    th_jout_end_object(&w);
  }
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  return TH_OK;
}

static void put_misspelt(th_jout *w, th_span text, const th_misspelt *m) {
  th_jout_object(w);
  th_jout_kv_text(w, "word", (th_span){text.p + m->from, m->to - m->from});
  th_jout_kv_i64(w, "position", m->from);
  th_jout_kv_i64(w, "count", m->count);
  th_jout_key(w, "candidates");
  th_jout_array(w);
  for (uint32_t k = 0; k < m->n; k++) {
    th_jout_object(w);
    th_jout_kv_text(w, "text", m->words[k]);
    th_jout_kv_i64(w, "count", m->counts[k]);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
  th_jout_end_object(w);
}

int th_spelling_put(th_suggester *suggester, th_span text, th_arena *arena, th_buf *out,
                    th_err *err) {
  th_spelling found;
  th_jout w;
  int rc = th_suggest(suggester, text, arena, &found, err);
  if (rc) return rc;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_text(&w, "q", text);
  th_jout_key(&w, "suggestion");
  if (found.n)
    th_jout_text(&w, found.text);
  else
    th_jout_null(&w);
  th_jout_key(&w, "words");
  th_jout_array(&w);
  for (uint32_t i = 0; i < found.n; i++)
    put_misspelt(&w, text, &found.words[i]);
  th_jout_end_array(&w);
  th_jout_end_object(&w);
  return TH_OK;
}

int th_native_complete(th_call *call, th_err *err) {
  uint32_t kinds;
  int rc = th_name_kinds_read(&kinds, th_call_list(call, "kinds"), err);
  if (rc) {
    call->parameter = "kinds";
    return rc;
  }
  return th_completions_put(call->native->suggester, th_call_text(call, "q"), kinds,
                            (unsigned)th_call_number(call, "n"), call->rq->arena, &call->rs->body,
                            err);
}

int th_native_suggest(th_call *call, th_err *err) {
  return th_spelling_put(call->native->suggester, th_call_text(call, "q"), call->rq->arena,
                         &call->rs->body, err);
}
