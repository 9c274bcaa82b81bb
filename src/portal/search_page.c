/* Results: the form, what is asked for as chips, the studies, the filters with their counts. One
 * form holds it all; the filters stand outside of it in the page and belong to it by id. */
#include "portal/internal.h"
#include "portal/lay_words.h"
#include "portal/link.h"
#include "portal/search_hit.h"
#include "portal/search_place.h"
#include "portal/search_view.h"
#include "portal/words.h"
#include "query/tree.h"
#include "study/catalogue.h"
#include "study/nct.h"
#include "study/view.h"

#include <ctype.h>

/* ---- the form ---- */

static bool is_shown(th_span name) {
  if (th_portal_shows_filter(name)) return true;
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (th_span_eq(name, th_span_of(th_text_params[i].name))) return true;
  return th_span_eq(name, TH_SPAN("page")) || th_span_eq(name, TH_SPAN("within"));
}

/* What the address asks for and no field shows goes along unseen. */
static void put_hidden(const search_view *v) {
  for (unsigned i = 0; i < v->s->rq->n_params; i++) {
    const th_param *p = &v->s->rq->params[i];
    if (!th_portal_state_counts(p) || is_shown(p->name)) continue;
    th_html_open(v->h, "input", NULL);
    th_html_attr_str(v->h, "type", "hidden");
    th_html_attr(v->h, "name", p->name);
    th_html_attr(v->h, "value", p->value);
    th_html_close(v->h);
  }
}

static void put_form(const search_view *v) {
  bool open = false;
  th_html_open(v->h, "form", "search");
  th_html_attr_str(v->h, "id", "search");
  th_html_action(v->h, "/search");
  th_html_attr_str(v->h, "role", "search");
  th_html_open(v->h, "div", "search-main");
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (strcmp(th_text_params[i].name, "term") == 0)
      th_portal_put_input(v, "term", M(search_studies), M(condition_treatment_sponsor_nct_number),
                          v->s->text[i], NULL);
    else
      open = open || v->s->text[i].n;
  th_html_submit(v->h, NULL, M(search));
  th_html_close(v->h);
  th_html_open(v->h, "details", "search-more");
  if (open) th_html_flag(v->h, "open");
  th_html_element_str(v->h, "summary", NULL, M(search_by_condition_treatment_place));
  th_html_open(v->h, "div", "search-fields");
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (strcmp(th_text_params[i].name, "term") != 0)
      th_portal_put_input(v, th_text_params[i].name,
                          th_say_label(v->h->lang, th_text_params[i].label), NULL, v->s->text[i],
                          NULL);
  th_html_close_n(v->h, 2);
  put_hidden(v);
  th_html_close(v->h);
}

/* ---- chips ---- */

static bool put_values(th_lang lang, const th_query *q, th_buf *out) {
  if (!q || q->kind != TH_N_MASK || th_fields[q->field].enum_id == TH_E_NONE) return false;
  bool first = true;
  for (int i = 0; i < th_enums[th_fields[q->field].enum_id].n; i++) {
    if (!(q->mask >> i & 1)) continue;
    if (!first) th_buf_str(out, ", ");
    th_words_label(lang, q->field, th_span_of(th_enum_name(th_fields[q->field].enum_id, i)), out);
    first = false;
  }
  return !first;
}

static const char *label_of(th_span name, bool *is_text) {
  *is_text = false;
  for (unsigned i = 0; i < th_n_filter_params; i++)
    if (th_span_eq(name, th_span_of(th_filter_params[i].name))) return th_filter_params[i].label;
  *is_text = true;
  for (unsigned i = 0; i < th_n_text_params; i++)
    if (th_span_eq(name, th_span_of(th_text_params[i].name))) return th_text_params[i].label;
  return th_span_eq(name, TH_SPAN("aggFilters")) ? M(further_filters) : NULL;
}

static void put_chip(const search_view *v, unsigned at) {
  const th_param *p = &v->s->rq->params[at];
  th_query *q = NULL;
  th_err ignored = {0};
  bool is_text;
  const char *label = label_of(p->name, &is_text);
  th_html_open(v->h, "li", NULL);
  th_html_open(v->h, "a", NULL);
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, NULL, (int)at, NULL, (th_span){0}, 1, s);
  (void)th_html_href(v->h, th_buf_view(s));
  th_html_element_str(v->h, "span", "hidden", M(lead_remove));
  th_html_str(v->h, th_say_label(v->h->lang, label));
  th_html_str(v->h, ": ");
  s = th_html_scratch(v->h);
  if (is_text || th_filter_parse(&q, v->s->rq->arena, p->name, p->value, &ignored) ||
      !put_values(v->h->lang, q, s)) {
    th_span name = th_portal_one_name(p->value);
    bool country = th_span_eq(p->name, TH_SPAN("country"));
    th_buf_span(s, country ? th_words_country(v->h->lang, name) : name);
  }
  th_html_scratch_text(v->h);
  th_html_open(v->h, "span", "x");
  th_html_attr_str(v->h, "aria-hidden", "true");
  th_html_str(v->h, "\xC3\x97");
  th_html_close_n(v->h, 3);
}

static void put_chips(const search_view *v) {
  unsigned n = 0;
  for (unsigned i = 0; i < v->s->rq->n_params; i++) {
    const th_param *p = &v->s->rq->params[i];
    bool is_text;
    if (!th_portal_state_counts(p) || !label_of(p->name, &is_text)) continue;
    if (th_span_eq(p->name, TH_SPAN("term"))) continue;
    if (n++ == 0) {
      th_html_open(v->h, "ul", "chips");
      th_html_attr_str(v->h, "aria-label", M(chosen_filters));
    }
    put_chip(v, i);
  }
  if (n > 1) {
    th_html_open(v->h, "li", NULL);
    th_html_open(v->h, "a", "clear");
    int term = -1;
    for (unsigned i = 0; i < th_n_text_params; i++)
      if (strcmp(th_text_params[i].name, "term") == 0) term = (int)i;
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/search");
    if (term >= 0 && v->s->text[term].n) {
      th_buf_str(s, "?term=");
      th_url_encode(s, v->s->text[term]);
    }
    (void)th_html_href(v->h, th_buf_view(s));
    th_html_str(v->h, M(remove_all));
    th_html_close_n(v->h, 2);
  }
  if (n) th_html_close(v->h);
}

/* ---- order and pages ---- */

static void put_sorts(const search_view *v) {
  static const struct {
    const char *name, *label;
  } sorts[] = {{"relevance", M(best_match)},
               {"newest", M(newest)},
               {"updated", M(last_updated)},
               {"enrollment", M(most_patients)},
               {"distance", M(nearest)}};
  th_span now = v->s->sort;
  if (now.n == 0) now = v->s->has_text ? TH_SPAN("relevance") : TH_SPAN("newest");
  th_html_open(v->h, "nav", "sorts");
  th_html_attr_str(v->h, "aria-label", M(order));
  for (size_t i = 0; i < TH_COUNT(sorts); i++) {
    th_span name = th_span_of(sorts[i].name);
    if (i == 0 && !v->s->has_text) continue;
    if (th_span_eq(name, TH_SPAN("distance")) && !v->s->has_near) continue;
    th_buf *s = th_html_scratch(v->h);
    th_portal_state_url(v->s, "sort", -1, "sort", name, 1, s);
    th_html_open(v->h, "a", NULL);
    (void)th_html_href(v->h, th_buf_view(s));
    if (th_span_eq(name, now)) th_html_attr_str(v->h, "aria-current", "true");
    th_html_str(v->h, sorts[i].label);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_page_link(const search_view *v, unsigned page, const char *label) {
  bool here = !label && page == v->s->page;
  th_html_open(v->h, "li", NULL);
  th_html_open(v->h, "a", label ? "step" : NULL);
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, NULL, -1, NULL, (th_span){0}, page, s);
  (void)th_html_href(v->h, th_buf_view(s));
  if (here) th_html_attr_str(v->h, "aria-current", "page");
  if (label) {
    th_html_str(v->h, label);
  } else {
    th_html_element_str(v->h, "span", "hidden", M(lead_page));
    th_html_i64(v->h, page);
  }
  th_html_close_n(v->h, 2);
}

static void put_pager(const search_view *v) {
  int64_t pages = (v->result.total + PORTAL_PAGE_SIZE - 1) / PORTAL_PAGE_SIZE;
  int64_t here = v->s->page, from = TH_MAX(1, here - 2);
  pages = TH_MIN(pages, PORTAL_LAST_PAGE);
  if (pages <= 1) return;
  th_html_open(v->h, "nav", "pager");
  th_html_attr_str(v->h, "aria-label", M(pages));
  th_html_open(v->h, "ul", NULL);
  if (here > 1) put_page_link(v, (unsigned)here - 1, M(previous));
  if (from > 1) put_page_link(v, 1, NULL);
  for (int64_t i = from; i <= TH_MIN(pages, here + 2); i++)
    put_page_link(v, (unsigned)i, NULL);
  if (here < pages) put_page_link(v, (unsigned)here + 1, M(next));
  th_html_close_n(v->h, 2);
}

/* "/search.csv?…" of this search: whose words they are goes along, since that path has no language.
 */
static void put_take(const search_view *v, const char *form, const char *label) {
  bool said = false;
  for (unsigned i = 0; i < PORTAL_TEXTS; i++)
    said = said || v->s->said[i].n;
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, said ? "words" : NULL, -1, said ? "words" : NULL, TH_SPAN("es"), 1, s);
  char *url = th_arena_printf(v->s->rq->arena, "/search.%s%.*s", form, (int)(s->n - 7), s->p + 7);
  th_html_open(v->h, "li", NULL);
  if (url) th_html_link_str(v->h, NULL, url, label);
  th_html_close(v->h);
}

static void put_takes(const search_view *v) {
  th_html_open(v->h, "nav", "takes");
  th_html_attr_str(v->h, "aria-label", M(take_along));
  th_html_open(v->h, "ul", NULL);
  put_take(v, "csv", M(as_table_csv));
  put_take(v, "json", M(as_data_json));
  put_take(v, "ris", M(as_references_ris));
  put_take(v, "atom", M(follow_as_feed));
  th_html_open(v->h, "li", NULL);
  th_page_copy_button(v->h);
  th_html_close(v->h);
  th_html_close_n(v->h, 2);
}

/* ---- what may have been meant ---- */

/* What a pasted link asked for and this search cannot do: names of parameters, and nothing else. */
static void put_unread(const search_view *v) {
  th_span names = th_request_value(v->s->rq, "unread");
  size_t n = 0;
  while (n < names.n && n < 120 &&
         (isalnum((unsigned char)names.p[n]) || strchr("_.,", names.p[n])))
    n++;
  if (!n) return;
  th_html_open(v->h, "p", "hint");
  th_html_str(v->h, M(lead_the_link_also_asks_for));
  th_html_element(v->h, "strong", NULL, (th_span){names.p, n});
  th_html_str(v->h, M(tail_this_search_cannot_do));
  th_html_close(v->h);
}

/* What was searched for instead of what was typed, and the way back. */
static void put_said(const search_view *v) {
  bool any = false;
  for (unsigned i = 0; i < th_n_text_params && i < PORTAL_TEXTS; i++) {
    if (!v->s->said[i].n) continue;
    if (!any) th_html_open(v->h, "p", "hint");
    th_html_str(v->h, any ? ", " : M(lead_searched_as));
    bool cut =
        strcmp(th_text_params[i].name, "term") == 0 && v->s->words.n; /* a place behind them */
    th_html_element(v->h, "strong", NULL, cut ? v->s->words : v->s->said[i]);
    any = true;
  }
  if (!any) return;
  th_html_str(v->h, M(tail_searched_as));
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, "words", -1, "words", TH_SPAN("typed"), 1, s);
  th_html_link(v->h, NULL, th_buf_view(s), th_span_of(M(search_as_typed)));
  th_html_close(v->h);
}

/* A spelling, or the registry's name, that finds more, where hardly anything was found. */
static void put_meant_link(const search_view *v, unsigned at, th_span text) {
  th_html_open(v->h, "p", "hint");
  th_html_str(v->h, M(lead_did_you_mean));
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, th_text_params[at].name, -1, th_text_params[at].name, text, 1, s);
  th_html_link(v->h, NULL, th_buf_view(s), text);
  th_html_str(v->h, "?");
  th_html_close(v->h);
}

/* Right after a start the tables that this takes are not there yet. Those of a large registry take
 * seconds: the page goes without, and is not kept. */
static int put_meant(const search_view *v, th_suggester *suggester, portal_worker *w, th_err *err) {
  enum { FEW = 4, LARGE = 50000 };
  unsigned at = 0;
  th_spelling meant;
  while (at < th_n_text_params && !v->s->text[at].n)
    at++;
  if (at == th_n_text_params || v->result.total > FEW) return TH_OK;
  th_span text = th_portal_state_text(v->s, at), said;
  if (th_lay_translate(text, v->s->rq->arena, &said)) {
    put_meant_link(v, at, said);
    return TH_OK;
  }
  if (!suggester) return TH_OK;
  if (v->s->snapshot->n_live >= LARGE && !th_suggester_ready(suggester)) {
    w->partial = true;
    return TH_OK;
  }
  int rc = th_suggest(suggester, text, v->s->rq->arena, &meant, err);
  if (rc || !meant.n || th_span_eq(meant.text, text)) return rc;
  put_meant_link(v, at, meant.text);
  return TH_OK;
}

/* ---- the list ---- */

static void put_advice_link(const search_view *v, const char *url, const char *text) {
  th_html_open(v->h, "li", NULL);
  th_html_link_str(v->h, NULL, url, text);
  th_html_close(v->h);
}

static void put_page_advice(const search_view *v, unsigned page, const char *label) {
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, NULL, -1, NULL, (th_span){0}, page, s);
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, th_buf_view(s), th_span_of(label));
  th_html_close(v->h);
}

/* Studies are found, but not so many that there were this page. */
static void put_beyond(const search_view *v) {
  int64_t last = (v->result.total + PORTAL_PAGE_SIZE - 1) / PORTAL_PAGE_SIZE;
  th_html_open(v->h, "div", "nothing");
  th_html_element_str(v->h, "p", NULL, M(the_list_ends_before));
  th_html_open(v->h, "ul", NULL);
  put_page_advice(v, 1, M(go_to_the_first_page));
  if (last > 1)
    put_page_advice(v, (unsigned)TH_MIN(last, PORTAL_LAST_PAGE), M(go_to_the_last_page));
  th_html_close_n(v->h, 2);
}

static void put_nothing(const search_view *v) {
  th_html_open(v->h, "div", "nothing");
  th_html_element_str(v->h, "p", NULL, M(what_may_help_colon));
  th_html_open(v->h, "ul", NULL);
  if (v->s->has_text) {
    th_html_element_str(v->h, "li", NULL, M(look_for_a_slip_in));
    th_html_element_str(v->h, "li", NULL, M(use_another_name_the_medical));
  }
  if (v->s->has_filter) th_html_element_str(v->h, "li", NULL, M(take_away_one_of_the));
  if (v->s->page > 1) put_page_advice(v, 1, M(go_to_the_first_page));
  put_advice_link(v, "/search", M(see_all_studies));
  put_advice_link(v, "/places", M(see_where_trials_take_place));
  th_html_close_n(v->h, 2);
}

static void put_heading(const search_view *v) {
  int64_t total = v->result.total;
  th_html_open(v->h, "div", "results-head");
  th_html_open(v->h, "h1", NULL);
  if (v->s->bad) {
    th_html_str(v->h, M(this_search_needs_a_change));
  } else if (total == 0) {
    th_html_str(v->h, M(no_study_matches));
  } else {
    th_html_i64(v->h, total);
    th_html_str(v->h, total == 1 ? M(tail_study) : M(tail_studies));
  }
  th_html_close(v->h);
  if (!v->s->bad && total > 0) {
    put_sorts(v);
    th_portal_put_views(v->h, v->s, false);
    th_html_link_str(v->h, "to-filters", "#filters", M(filters));
  }
  th_html_close(v->h);
  if (!v->s->n_errors) return;
  th_html_open(v->h, "div", "messages");
  th_html_attr_str(v->h, "role", "alert");
  th_html_open(v->h, "ul", NULL);
  for (unsigned i = 0; i < v->s->n_errors; i++)
    th_html_element_str(v->h, "li", NULL, v->s->errors[i].message);
  if (v->s->plain_words && !v->s->bad)
    th_html_element_str(v->h, "li", NULL, M(shown_is_what_the_plain));
  th_html_close_n(v->h, 2);
}

/* Most who search want to join: one step to what recruits, when no status is chosen yet. */
static void put_recruiting(const search_view *v) {
  unsigned at = 0;
  uint32_t open = 0;
  while (at < GROUPS && th_portal_groups[at].field != TH_F_OverallStatus)
    at++;
  if (v->s->bad || at == GROUPS || v->s->filter[th_portal_filter_place("status")].n) return;
  const th_facet *f = &v->facets[at];
  for (uint32_t i = 0; i < f->n; i++)
    if (th_span_eq(f->values[i].value, TH_SPAN("RECRUITING"))) open = f->values[i].count;
  if (!open || open == v->result.total) return;
  th_html_open(v->h, "p", "recruiting-only");
  th_html_open(v->h, "a", NULL);
  th_buf *s = th_html_scratch(v->h);
  th_portal_state_url(v->s, "status", -1, "status", TH_SPAN("recruiting"), 1, s);
  (void)th_html_href(v->h, th_buf_view(s));
  th_html_str(v->h, M(lead_only_recruiting));
  th_html_i64(v->h, open);
  th_html_close_n(v->h, 2);
}

static int put_hits(const th_portal *p, portal_worker *w, search_view *v, th_err *err) {
  int rc = TH_OK;
  th_html_open(v->h, "ol", "hits");
  th_html_attr_u64(v->h, "start", (uint64_t)(v->s->page - 1) * PORTAL_PAGE_SIZE + 1);
  for (uint32_t i = 0; !rc && i < v->result.n_hits; i++)
    rc = th_portal_hit(p, w, v->h, v->s, &v->result.hits[i], err);
  th_html_close(v->h);
  return rc;
}

static int write_page(const th_portal *p, portal_worker *w, search_view *v, th_page_frame frame,
                      th_response *rs, th_err *err) {
  int rc = TH_OK;
  /* Filters make pages without end: search engines get what words find. */
  frame.no_index = v->s->has_filter || v->s->n_errors || v->s->page > 1;
  th_page_begin(v->h, &frame);
  put_form(v);
  th_html_open(v->h, "div", "results");
  th_html_open(v->h, "div", "results-list");
  put_heading(v);
  put_said(v);
  th_portal_put_place(v);
  put_unread(v);
  rc = put_meant(v, p->suggester, w, err);
  put_chips(v);
  put_recruiting(v);
  if (!v->s->bad && v->result.n_hits) {
    if (!rc) rc = put_hits(p, w, v, err);
    put_pager(v);
    put_takes(v);
  } else if (!v->s->bad && v->result.total > 0) {
    put_beyond(v);
  } else {
    put_nothing(v);
  }
  th_html_close(v->h);
  th_portal_put_filters(v);
  th_html_close(v->h);
  th_page_end(v->h, &frame);
  return rc ? rc : th_portal_end(v->h, rs, v->s->n_errors ? 400 : 200, err);
}

/* ---- the handler ---- */

/* A browser's form sends its empty fields, too: an address without them is fit to be passed on. */
static bool has_empty(const th_request *rq) {
  for (unsigned i = 0; i < rq->n_params; i++)
    if (th_span_trim(rq->params[i].value).n == 0) return true;
  return false;
}

static int redirect(th_request *rq, th_response *rs, th_span to, th_err *err) {
  th_span kept = th_arena_dup(rq->arena, to);
  if (!kept.p) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_response_redirect(rs, 302, kept.p);
  return TH_OK;
}

/* Nothing but one study's number typed into the box: the study. */
static int redirect_elsewhere(const portal_state *s, portal_worker *w, th_request *rq,
                              th_response *rs, bool *done, th_err *err) {
  char number[TH_NCT_LEN + 1];
  uint32_t nct;
  th_span match, term = th_span_trim(th_request_value(rq, "term"));
  *done = true;
  th_buf_clear(&w->scratch);
  if (has_empty(rq)) {
    th_buf_str(&w->scratch, th_lang_prefix(th_lang_of_path(rq->path)));
    th_portal_state_url(s, NULL, -1, NULL, (th_span){0}, s->page, &w->scratch);
    return redirect(rq, rs, th_buf_view(&w->scratch), err);
  }
  if (rq->n_params == 1 && th_nct_find(term, 0, &match, &nct) && match.n == term.n) {
    th_buf_printf(&w->scratch, "%s/study/%s", th_lang_prefix(th_lang_of_path(rq->path)),
                  th_nct_format(nct, number));
    return redirect(rq, rs, th_buf_view(&w->scratch), err);
  }
  *done = false;
  return TH_OK;
}

/* A link of the registry pasted into the box. */
static int redirect_link(th_request *rq, th_response *rs, th_span text, th_err *err) {
  th_link link;
  th_err local = {0};
  char number[TH_NCT_LEN + 1];
  const char *prefix = th_lang_prefix(th_lang_of_path(rq->path));
  int rc = th_link_read(&link, rq->arena, text, &local);
  if (rc && rc != TH_EUSAGE && rc != TH_ELIMIT) return th_err_set(err, rc, "%s", local.message);
  if (rc) link = (th_link){0};
  char *to =
      link.nct ? th_arena_printf(rq->arena, "%s/study/%s", prefix, th_nct_format(link.nct, number))
               : th_arena_printf(rq->arena, "%s/search%s%.*s", prefix, link.query.n ? "?" : "",
                                 (int)link.query.n, link.query.p);
  if (!to) return th_err_set(err, TH_ENOMEM, "no memory for an answer");
  th_response_redirect(rs, 302, to);
  return TH_OK;
}

int th_portal_search(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  portal_worker *w = th_portal_worker(p, rq);
  portal_state state;
  th_html h;
  bool done = false;
  th_page_frame frame = {.title = th_span_of(M(search)),
                         .here = "/search",
                         .script = "filter.js",
                         .no_box = true,
                         .description = th_span_of(M(about_search))};
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  if (th_portal_unchanged(rq, snapshot, rs)) {
    th_index_release(index, snapshot);
    return TH_OK;
  }
  done = th_link_is(th_request_value(rq, "term"));
  int rc = done ? redirect_link(rq, rs, th_request_value(rq, "term"), err)
                : th_portal_state_read(&state, rq, snapshot, p->known, err);
  if (!rc && !done) rc = redirect_elsewhere(&state, w, rq, rs, &done, err);
  if (!rc && !done) {
    th_portal_begin(&h, w, rq, rs);
    search_view v = {.h = &h, .s = &state};
    if (!state.bad) rc = th_portal_count(&v, p->known, snapshot, err);
    if (!rc) rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
    if (!rc) rc = write_page(p, w, &v, frame, rs, err);
    th_fact_release(v.hits);
    th_fact_release(v.counts);
  }
  if (done) rs->etag = NULL;
  th_index_release(index, snapshot);
  return rc;
}
