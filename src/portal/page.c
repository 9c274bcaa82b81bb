#include "portal/page.h"
#include "portal/topic.h"

#include "geo/geo.h"
#include "portal/assets.h"
#include "portal/words.h"
#include "study/view.h"

const char *th_asset_path(const char *name) {
  for (unsigned i = 0; i < th_n_assets; i++)
    if (strcmp(th_assets[i].name, name) == 0) return th_assets[i].path;
  return "/";
}

enum { OLD_DATA = 7 }; /* days */

static const struct {
  const char *path, *label;
} nav_entries[] = {{"/search", M(find_clinical_trials)},
                   {"/match", M(match_nav)},
                   {"/places", M(trials_by_location)},
                   {"/saved", M(saved_studies)}};

static void put_meta(th_html *h, const char *name, const char *content) {
  th_html_open(h, "meta", NULL);
  th_html_attr_str(h, "name", name);
  th_html_attr_str(h, "content", content);
  th_html_close(h);
}

/* href with all that leads there, for search engines. */
static void put_whole_address(th_html *h, th_lang lang, th_span path) {
  th_buf *s = th_html_scratch(h);
  th_buf_span(s, h->base);
  th_buf_str(s, th_lang_prefix(lang));
  th_buf_span(s, path);
  th_html_attr(h, "href", th_buf_view(s));
}

/* The same page in the other languages. */
static void put_alternates(th_html *h) {
  for (int lang = 0; h->here.n && lang < TH_LANG_COUNT; lang++) {
    th_html_open(h, "link", NULL);
    th_html_attr_str(h, "rel", "alternate");
    th_html_attr_str(h, "hreflang", th_message_tables[lang].code);
    put_whole_address(h, (th_lang)lang, h->here);
    th_html_close(h);
  }
}

static void put_script(th_html *h, const char *name) {
  th_html_open(h, "script", NULL);
  th_html_attr_str(h, "type", "module");
  th_html_attr_str(h, "src", th_asset_path(name));
  th_html_close(h);
}

static void put_head(th_html *h, const th_page_frame *frame) {
  th_html_open(h, "head", NULL);
  th_html_open(h, "meta", NULL);
  th_html_attr_str(h, "charset", "utf-8");
  th_html_close(h);
  th_html_open(h, "title", NULL);
  if (frame->title.n) {
    th_html_text(h, frame->title);
    th_html_str(h, " \xC2\xB7 ");
  }
  th_html_str(h, "Trialhead");
  th_html_close(h);
  put_meta(h, "viewport", "width=device-width, initial-scale=1");
  put_meta(h, "color-scheme", "light dark");
  if (frame->no_index) put_meta(h, "robots", "noindex");
  if (frame->description.n) {
    th_html_open(h, "meta", NULL);
    th_html_attr_str(h, "name", "description");
    th_html_attr(h, "content", frame->description);
    th_html_close(h);
  }
  th_html_open(h, "link", NULL);
  th_html_attr_str(h, "rel", "stylesheet");
  th_html_attr_str(h, "href", th_asset_path("style.css"));
  th_html_close(h);
  th_html_open(h, "link", NULL);
  th_html_attr_str(h, "rel", "icon");
  th_html_attr_str(h, "href", th_asset_path("icon.svg"));
  th_html_attr_str(h, "type", "image/svg+xml");
  th_html_close(h);
  put_script(h, "complete.js");
  put_script(h, "keep.js");
  if (frame->script) put_script(h, frame->script);
  if (frame->canonical) {
    th_html_open(h, "link", NULL);
    th_html_attr_str(h, "rel", "canonical");
    put_whole_address(h, h->lang, th_span_of(frame->canonical));
    th_html_close(h);
  }
  put_alternates(h);
  if (frame->head) frame->head(frame->head_ctx);
  th_html_close(h);
}

static void put_search_box(th_html *h) {
  th_html_open(h, "form", "site-search");
  th_html_action(h, "/search");
  th_html_attr_str(h, "role", "search");
  th_html_open(h, "label", "hidden");
  th_html_attr_str(h, "for", "site-term");
  th_html_str(h, M(search_studies));
  th_html_close(h);
  th_html_open(h, "input", NULL);
  th_html_attr_str(h, "id", "site-term");
  th_html_attr_str(h, "name", "term");
  th_html_attr_str(h, "type", "search");
  th_html_attr_str(h, "placeholder", M(condition_treatment_nct_number));
  th_html_attr_str(h, "autocomplete", "off");
  th_page_completes(h, "term");
  th_html_close(h);
  th_html_submit(h, NULL, M(search));
  th_html_close(h);
}

/* Filled by web/keep.js. */
static void put_saved_count(th_html *h) {
  th_html_str(h, " ");
  th_html_open(h, "span", NULL);
  th_html_flag(h, "data-saved-count");
  th_html_close(h);
}

static void put_header(th_html *h, const th_page_frame *frame) {
  th_html_open(h, "header", "site");
  th_html_open(h, "div", "wrap");
  th_html_open(h, "a", "brand");
  (void)th_html_href(h, TH_SPAN("/"));
  th_html_open(h, "span", "brand-mark");
  th_html_attr_str(h, "aria-hidden", "true");
  th_html_close(h);
  th_html_str(h, "Trialhead");
  th_html_close(h);
  if (!frame->no_box) put_search_box(h);
  th_html_open(h, "nav", NULL);
  th_html_attr_str(h, "aria-label", M(site));
  for (size_t i = 0; i < TH_COUNT(nav_entries); i++) {
    th_html_open(h, "a", NULL);
    (void)th_html_href(h, th_span_of(nav_entries[i].path));
    if (frame->here && strcmp(frame->here, nav_entries[i].path) == 0)
      th_html_attr_str(h, "aria-current", "page");
    th_html_str(h, nav_entries[i].label);
    if (strcmp(nav_entries[i].path, "/saved") == 0) put_saved_count(h);
    th_html_close(h);
  }
  th_html_close_n(h, 3);
}

/* "Español" on an English page: the same page in the other language. */
static void put_languages(th_html *h) {
  if (h->here.n == 0) return;
  th_html_open(h, "nav", "languages");
  th_html_attr_str(h, "aria-label", M(language));
  for (int lang = 0; lang < TH_LANG_COUNT; lang++) {
    if (lang == (int)h->lang) continue;
    th_html_open(h, "a", NULL);
    th_html_attr_str(h, "lang", th_message_tables[lang].code);
    th_html_attr_str(h, "hreflang", th_message_tables[lang].code);
    th_buf *s = th_html_scratch(h);
    th_buf_str(s, th_lang_prefix((th_lang)lang));
    th_buf_span(s, h->here);
    th_html_attr(h, "href", th_buf_view(s));
    th_html_str(h, th_lang_name((th_lang)lang));
    th_html_close(h);
  }
  th_html_close(h);
}

/* Whoever looks for a trial must know when it may have closed meanwhile. */
static void put_age(th_html *h, int days) {
  th_html_open(h, "aside", "banner");
  th_html_attr_str(h, "aria-label", M(about_the_data));
  th_html_open(h, "p", "wrap");
  th_html_str(h, M(lead_data_is_old));
  th_html_i64(h, days);
  th_html_str(h, M(tail_days_old));
  th_html_close_n(h, 2);
}

void th_page_begin(th_html *h, const th_page_frame *frame) {
  th_buf_str(h->out, "<!DOCTYPE html>");
  th_html_open(h, "html", NULL);
  th_html_attr_str(h, "lang", th_message_tables[h->lang].code);
  put_head(h, frame);
  th_html_open(h, "body", NULL);
  th_html_open(h, "a", "skip");
  th_html_attr_str(h, "href", "#main");
  th_html_str(h, M(skip_to_the_contents));
  th_html_close(h);
  if (frame->made_up) {
    th_html_open(h, "aside", "banner");
    th_html_attr_str(h, "aria-label", M(about_the_data));
    th_html_open(h, "p", "wrap");
    th_html_element_str(h, "strong", NULL, M(made_up_data));
    th_html_str(h, M(tail_these_records_are_a_demonstration));
    th_html_close_n(h, 2);
  }
  if (!frame->made_up && frame->data_age > OLD_DATA) put_age(h, frame->data_age);
  put_header(h, frame);
  th_html_open(h, "main", "wrap");
  th_html_attr_str(h, "id", "main");
}

void th_page_end(th_html *h, const th_page_frame *frame) {
  th_html_close(h);
  th_html_open(h, "footer", "site");
  th_html_open(h, "div", "wrap");
  th_html_open(h, "p", NULL);
  if (frame->made_up) {
    th_html_str(h, M(made_up_records_in_the));
  } else {
    th_html_str(h, M(lead_data_sourced_from));
    th_html_link_str(h, NULL, "https://clinicaltrials.gov/", "clinicaltrials.gov");
  }
  th_html_close(h);
  th_html_open(h, "nav", NULL);
  th_html_attr_str(h, "aria-labelledby", "foot-nav");
  th_html_open(h, "h2", NULL);
  th_html_attr_str(h, "id", "foot-nav");
  th_html_str(h, M(clinical_trials));
  th_html_close(h);
  th_html_open(h, "ul", NULL);
  for (size_t i = 0; i < TH_COUNT(nav_entries); i++) {
    th_html_open(h, "li", NULL);
    th_html_link_str(h, NULL, nav_entries[i].path, nav_entries[i].label);
    th_html_close(h);
  }
  for (size_t i = 0; i < TH_TOPIC_KINDS; i++) {
    th_html_open(h, "li", NULL);
    th_html_link_str(h, NULL, th_topic_infos[i].all_path, th_topic_infos[i].all);
    th_html_close(h);
  }
  th_html_open(h, "li", NULL);
  th_html_link_str(h, NULL, "/about", M(about_this_site));
  th_html_close(h);
  th_html_open(h, "li", NULL);
  th_html_link_str(h, NULL, "/glossary", M(words_of_clinical_trials));
  th_html_close(h);
  th_html_close_n(h, 2);
  put_languages(h);
  th_html_element_str(h, "p", "quiet", M(a_study_being_listed_here));
  th_html_close_n(h, 4);
}

/* ---- what scripts make use of ---- */

void th_page_completes(th_html *h, const char *input) {
  static const struct {
    const char *input, *kinds;
  } completed[] = {
      {"term", "condition,intervention,sponsor"},
      {"cond", "condition"},
      {"condition", "condition"},
      {"intr", "intervention"},
      {"intervention", "intervention"},
      {"spons", "sponsor"},
      {"lead", "sponsor"},
      {"sponsor", "sponsor"},
      {"locn", "country,state,city"},
      {"country", "country"},
      {"state", "state"},
      {"city", "city"},
  };
  /* Places of the gazetteer: behind other words, or alone. */
  static const char *const placed[] = {"term", "near"};
  for (size_t i = 0; i < TH_COUNT(completed); i++)
    if (strcmp(input, completed[i].input) == 0)
      th_html_attr_str(h, "data-kinds", completed[i].kinds);
  for (size_t i = 0; i < TH_COUNT(placed) && th_geo_places(); i++)
    if (strcmp(input, placed[i]) == 0) th_html_flag(h, "data-places");
}

void th_page_save_button(th_html *h, th_span nct) {
  th_html_open(h, "button", "save");
  th_html_attr_str(h, "type", "button");
  th_html_attr(h, "data-save", nct);
  th_html_attr_str(h, "aria-pressed", "false");
  th_html_flag(h, "hidden");
  th_html_str(h, M(save));
  th_html_str(h, " ");
  th_html_element(h, "span", "hidden", nct);
  th_html_close(h);
}

void th_page_copy_button(th_html *h) {
  th_html_open(h, "button", "copy");
  th_html_attr_str(h, "type", "button");
  th_html_attr_str(h, "data-copied", M(link_copied));
  th_html_flag(h, "hidden");
  th_html_str(h, M(copy_link));
  th_html_close(h);
}

/* ---- status ---- */

static const char *status_class(th_span status) {
  static const struct {
    const char *value, *class;
  } kinds[] = {
      {"RECRUITING", "status open"},          {"AVAILABLE", "status open"},
      {"NOT_YET_RECRUITING", "status soon"},  {"ENROLLING_BY_INVITATION", "status soon"},
      {"ACTIVE_NOT_RECRUITING", "status on"}, {"COMPLETED", "status done"},
      {"SUSPENDED", "status stopped"},        {"TERMINATED", "status stopped"},
      {"WITHDRAWN", "status stopped"},
  };
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    if (th_span_eq(status, th_span_of(kinds[i].value))) return kinds[i].class;
  return "status done";
}

void th_page_badge(th_html *h, uint16_t field, th_span status) {
  th_html_open(h, "span", status_class(status));
  th_words_label(h->lang, field, status, th_html_scratch(h));
  th_html_scratch_text(h);
  th_html_close(h);
}

void th_page_status(th_html *h, const char *tag, uint16_t field, th_span status) {
  th_html_open(h, tag, "status-line");
  th_page_badge(h, field, status);
  th_html_close(h);
}
