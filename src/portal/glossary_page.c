#include "portal/glossary.h"
#include "portal/internal.h"
#include "study/catalogue.h"

const th_glossary_entry *th_glossary_find(const char *label) {
  /* Compared as numbers: labels may be no messages. */
  uintptr_t at = (uintptr_t)label - (uintptr_t)th_messages_en;
  if (at >= TH_MESSAGES_EN_LEN) return NULL;
  for (unsigned i = 0; i < th_n_glossary; i++)
    if (th_glossary[i].label == (int)at) return &th_glossary[i];
  return NULL;
}

static void put_hint(th_html *h, const th_glossary_entry *e, const char *label) {
  th_html_open(h, "details", "term");
  th_html_open(h, "summary", NULL);
  th_html_open(h, "span", NULL);
  th_html_attr_str(h, "aria-hidden", "true");
  th_html_str(h, "?");
  th_html_close(h);
  th_html_open(h, "span", "hidden");
  th_html_str(h, M(lead_what_is));
  th_html_str(h, label);
  th_html_close_n(h, 2);
  th_html_element_str(h, "span", "meaning", e->in[h->lang].text);
  th_html_close(h);
}

void th_glossary_hint(th_html *h, const char *label) {
  const th_glossary_entry *e = th_glossary_find(label);
  if (e) put_hint(h, e, label);
}

void th_glossary_value_hint(th_html *h, uint16_t field, th_span value) {
  uint16_t id = th_fields[field].enum_id;
  int place = id == TH_E_NONE ? -1 : th_enum_value(id, value);
  for (unsigned i = 0; place >= 0 && i < th_n_glossary; i++)
    if (th_glossary[i].enum_id == id && th_glossary[i].value == place) {
      put_hint(h, &th_glossary[i], th_glossary[i].in[h->lang].term);
      return;
    }
}

int th_portal_glossary(void *ctx, th_request *rq, th_response *rs, th_err *err) {
  const th_portal *p = ctx;
  th_html h;
  th_page_frame frame = {.title = th_span_of(M(words_of_clinical_trials)),
                         .canonical = "/glossary",
                         .description = th_span_of(M(glossary_about))};
  portal_worker *w = th_portal_worker(p, rq);
  if (!w) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  th_portal_begin(&h, w, rq, rs);
  th_page_begin(&h, &frame);
  th_html_open(&h, "article", "words");
  th_html_element_str(&h, "h1", NULL, M(words_of_clinical_trials));
  th_html_element_str(&h, "p", "lead", M(glossary_about));
  th_html_open(&h, "dl", "glossary");
  for (unsigned i = 0; i < th_n_glossary; i++) {
    const th_glossary_entry *e = &th_glossary[i];
    th_html_open(&h, "div", NULL);
    th_html_attr_str(&h, "id", e->key);
    th_html_open(&h, "dt", NULL);
    th_html_element_str(&h, "dfn", NULL, e->in[h.lang].term);
    th_html_close(&h);
    th_html_element_str(&h, "dd", NULL, e->in[h.lang].text);
    th_html_close(&h);
  }
  th_html_close_n(&h, 2);
  th_page_end(&h, &frame);
  return th_portal_end(&h, rs, 200, err);
}
