/* What this installation holds, from when, how to cite it, and what it does with its visitors. */
#include "portal/internal.h"
#include "portal/words.h"

static void put_fact(th_html *h, const char *label) {
  th_html_open(h, "div", NULL);
  th_html_element_str(h, "dt", NULL, label);
  th_html_open(h, "dd", NULL);
}

static void put_count(th_html *h, const char *label, uint64_t n) {
  put_fact(h, label);
  th_html_i64(h, (int64_t)n);
  th_html_close_n(h, 2);
}

static void put_day(th_html *h, int64_t utc) {
  th_date day = {.precision = TH_DATE_DAY};
  day.first_day = day.last_day = (int32_t)(utc / 86400);
  th_words_day(h->lang, &day, th_html_scratch(h));
  th_html_scratch_text(h);
}

static void put_holdings(th_html *h, const th_store_counts *counts, int64_t data_utc) {
  th_html_element_str(h, "h2", NULL, M(what_this_site_holds));
  th_html_open(h, "dl", "grid");
  put_count(h, M(studies), counts->studies);
  put_count(h, M(versions_kept), counts->versions);
  if (data_utc > 0) {
    put_fact(h, M(data_of));
    put_day(h, data_utc);
    th_html_close_n(h, 2);
  }
  put_fact(h, M(software));
  th_html_str(h, "Trialhead " TH_VERSION);
  th_html_close_n(h, 3);
}

static void put_citation(th_html *h, const th_page_frame *frame, int64_t data_utc,
                         const char *base) {
  th_html_element_str(h, "h2", NULL, M(where_it_comes_from));
  th_html_element_str(h, "p", NULL, frame->made_up ? M(about_made_up_text) : M(about_source_text));
  if (frame->made_up) return;
  th_html_element_str(h, "h2", NULL, M(how_to_cite));
  th_html_open(h, "p", "quiet");
  th_html_str(h, M(cite_lead));
  th_html_str(h, TH_VERSION);
  if (data_utc > 0) {
    th_html_str(h, M(cite_data_of));
    put_day(h, data_utc);
  }
  th_html_str(h, M(cite_at));
  th_html_str(h, base);
  th_html_str(h, ".");
  th_html_close(h);
}

static void put_programs(th_html *h) {
  th_html_element_str(h, "h2", NULL, M(for_programs));
  th_html_open(h, "ul", NULL);
  th_html_open(h, "li", NULL);
  th_html_link_str(h, NULL, "/api/oas/v2", M(api_of_the_registry));
  th_html_close(h);
  th_html_open(h, "li", NULL);
  th_html_link_str(h, NULL, "/api/trialhead/v1/openapi.json", M(own_api));
  th_html_close_n(h, 2);
  th_html_element_str(h, "h2", NULL, M(privacy));
  th_html_element_str(h, "p", NULL, M(about_privacy_text));
}

static int read_counts(const th_portal *p, th_store_counts *counts, th_err *err) {
  th_store_reader *reader = th_store_reader_acquire(th_registry_store(p->registry), err);
  if (!reader) return err && err->code ? err->code : TH_EIO;
  int rc = th_store_stats(reader, counts, err);
  th_store_reader_release(reader);
  return rc;
}

int th_portal_about(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  th_store_counts counts;
  th_page_frame frame = {.title = th_span_of(M(about_this_site)),
                         .canonical = "/about",
                         .description = th_span_of(M(about_about))};
  th_html h;
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_index *index = th_registry_index(p->registry);
  const th_snapshot *snapshot = th_index_acquire(index);
  int rc = th_portal_frame(p, w, snapshot, rq->arena, &frame, err);
  th_index_release(index, snapshot);
  if (!rc) rc = read_counts(p, &counts, err);
  if (rc) return rc;
  th_portal_begin(&h, w, rq, rs);
  th_page_begin(&h, &frame);
  th_html_open(&h, "article", "about");
  th_html_element_str(&h, "h1", NULL, M(about_this_site));
  put_holdings(&h, &counts, w->data_utc);
  put_citation(&h, &frame, w->data_utc, th_portal_base(p, rq));
  put_programs(&h);
  th_html_close(&h);
  th_page_end(&h, &frame);
  return th_portal_end(&h, rs, 200, err);
}
