/* The saved list. It is kept by web/keep.js in the reader's browser, which asks for the page with
 * the list in its address: nothing is stored here. */
#include "portal/internal.h"
#include "portal/search_hit.h"
#include "study/nct.h"

enum { SAVED_MOST = 100 };

unsigned th_portal_ids(const th_request *rq, uint32_t *out, unsigned most) {
  unsigned n = 0;
  for (unsigned i = 0; i < rq->n_params; i++) {
    th_span text = rq->params[i].value, match;
    uint32_t nct;
    if (!th_span_eq(rq->params[i].name, TH_SPAN("ids"))) continue;
    for (size_t at = 0; n < most && th_nct_find(text, at, &match, &nct);
         at = (size_t)(match.p - text.p) + match.n) {
      unsigned k = 0;
      while (k < n && out[k] != nct)
        k++;
      if (k == n) out[n++] = nct;
    }
  }
  return n;
}

static void put_empty(th_html *h) {
  th_html_open(h, "div", "nothing");
  th_html_flag(h, "data-saved-empty");
  th_html_element_str(h, "p", NULL, M(nothing_saved_yet));
  th_html_open(h, "noscript", NULL);
  th_html_element_str(h, "p", NULL, M(saving_needs_scripts));
  th_html_close(h);
  th_html_open(h, "p", NULL);
  th_html_link_str(h, "button", "/search", M(search_all_studies));
  th_html_close_n(h, 2);
}

static void put_take(th_html *h, const char *form, const char *label, const uint32_t *ids,
                     unsigned n) {
  char number[TH_NCT_LEN + 1];
  th_buf *s = th_html_scratch(h);
  th_buf_printf(s, "/search.%s?ids=", form);
  for (unsigned i = 0; i < n; i++)
    th_buf_printf(s, "%s%s", i ? "," : "", th_nct_format(ids[i], number));
  th_html_open(h, "li", NULL);
  th_html_link(h, NULL, th_buf_view(s), th_span_of(label));
  th_html_close(h);
}

static int put_list(const th_portal *p, portal_worker *w, th_html *h, const th_request *rq,
                    const uint32_t *ids, unsigned n, th_err *err) {
  portal_state state = {.rq = rq, .page = 1, .pick = true};
  int rc = TH_OK;
  th_html_open(h, "form", NULL);
  th_html_action(h, "/compare");
  th_html_open(h, "ol", "hits");
  for (unsigned i = 0; !rc && i < n; i++) {
    th_hit hit = {.nct = ids[i], .distance_km = -1};
    rc = th_portal_hit(p, w, h, &state, &hit, err);
  }
  th_html_close(h);
  th_html_open(h, "p", "tools");
  th_html_submit(h, NULL, M(compare_chosen));
  th_html_open(h, "button", "save");
  th_html_attr_str(h, "type", "button");
  th_html_flag(h, "data-forget");
  th_html_flag(h, "hidden");
  th_html_str(h, M(forget_the_list));
  th_html_close_n(h, 3);
  th_html_open(h, "nav", "takes");
  th_html_attr_str(h, "aria-label", M(take_along));
  th_html_open(h, "ul", NULL);
  put_take(h, "csv", M(as_table_csv), ids, n);
  put_take(h, "json", M(as_data_json), ids, n);
  put_take(h, "ris", M(as_references_ris), ids, n);
  th_html_close_n(h, 2);
  return rc;
}

int th_portal_saved(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  portal_worker *w = th_portal_worker(p, rq);
  uint32_t ids[SAVED_MOST];
  unsigned n = th_portal_ids(rq, ids, SAVED_MOST);
  th_html h;
  th_page_frame frame = {.title = th_span_of(M(saved_studies)), .here = "/saved", .no_index = true};
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  th_index_release(index, snapshot);
  if (rc) return rc;
  th_portal_begin(&h, w, rq, rs);
  th_page_begin(&h, &frame);
  th_html_open(&h, "div", "saved");
  th_html_element_str(&h, "h1", NULL, M(saved_studies));
  th_html_element_str(&h, "p", "lead", M(saved_here_only));
  if (n)
    rc = put_list(p, w, &h, rq, ids, n, err);
  else
    put_empty(&h);
  th_html_close(&h);
  th_page_end(&h, &frame);
  return rc ? rc : th_portal_end(&h, rs, 200, err);
}
