#include "portal/meta.h"

#include "portal/words.h"
#include "study/markup.h"

enum { DESCRIPTION = 200 };

static void put_meta(th_html *h, const char *kind, const char *name, th_span content) {
  if (content.n == 0) return;
  th_html_open(h, "meta", NULL);
  th_html_attr_str(h, kind, name);
  th_html_attr(h, "content", content);
  th_html_close(h);
}

/* The beginning of the summary as plain text, cut between words. */
static th_span description(const th_study_view *v) {
  th_buf *s = th_html_scratch(v->h);
  th_markup_unescape(th_part_text(v, v->description, "briefSummary"), s);
  for (size_t i = 0; i < s->n; i++)
    if ((unsigned char)s->p[i] <= ' ') s->p[i] = ' ';
  th_span text = th_span_trim(th_buf_view(s));
  if (text.n > DESCRIPTION) {
    text.n = DESCRIPTION;
    while (text.n && text.p[text.n - 1] != ' ')
      text.n--;
  }
  return th_arena_dup(v->context->arena, th_span_trim(text));
}

/* ---- schema.org ---- */

static const char *schema_status(th_span status) {
  static const struct {
    const char *value, *schema;
  } known[] = {{"RECRUITING", "https://schema.org/Recruiting"},
               {"NOT_YET_RECRUITING", "https://schema.org/NotYetRecruiting"},
               {"ENROLLING_BY_INVITATION", "https://schema.org/EnrollingByInvitation"},
               {"ACTIVE_NOT_RECRUITING", "https://schema.org/ActiveNotRecruiting"},
               {"COMPLETED", "https://schema.org/Completed"},
               {"SUSPENDED", "https://schema.org/Suspended"},
               {"TERMINATED", "https://schema.org/Terminated"},
               {"WITHDRAWN", "https://schema.org/Withdrawn"}};
  for (size_t i = 0; i < TH_COUNT(known); i++)
    if (th_span_eq(status, th_span_of(known[i].value))) return known[i].schema;
  return NULL;
}

static void put_text(th_jout *w, const char *key, th_span text) {
  if (text.n) th_jout_kv_text(w, key, text);
}

static void put_named(th_jout *w, const char *type, th_span name) {
  th_jout_object(w);
  th_jout_kv_str(w, "@type", type);
  th_jout_kv_text(w, "name", name);
  th_jout_end_object(w);
}

static void put_conditions(const th_study_view *v, th_jout *w) {
  uint32_t list = th_part_array(v, v->conditions, "conditions");
  if (!list) return;
  th_jout_key(w, "healthCondition");
  th_jout_array(w);
  for (th_json_each(v->j, list, e))
    put_named(w, "MedicalCondition", th_json_text(v->j, e));
  th_jout_end_array(w);
}

static void put_sponsors(const th_study_view *v, th_jout *w) {
  th_span lead = th_part_text(v, v->sponsors, "leadSponsor.name");
  if (!lead.n) return;
  th_jout_key(w, "sponsor");
  put_named(w, "Organization", lead);
}

static void put_places(const th_study_view *v, th_jout *w) {
  enum { MOST = 20 }; /* a page of a study with 1,000 places need not name them twice */
  uint32_t list = th_part_array(v, v->places, "locations"), n = 0;
  if (!list) return;
  th_jout_key(w, "studyLocation");
  th_jout_array(w);
  for (th_json_each(v->j, list, e)) {
    if (n++ == MOST) break;
    th_jout_object(w);
    th_jout_kv_str(w, "@type", "AdministrativeArea");
    put_text(w, "name", th_part_text(v, e, "facility"));
    th_jout_key(w, "address");
    th_jout_object(w);
    th_jout_kv_str(w, "@type", "PostalAddress");
    put_text(w, "addressLocality", th_part_text(v, e, "city"));
    put_text(w, "addressRegion", th_part_text(v, e, "state"));
    put_text(w, "addressCountry", th_part_text(v, e, "country"));
    th_jout_end_object(w);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void put_phase(const th_study_view *v, th_jout *w, th_buf *s) {
  uint32_t phases = th_part_array(v, v->design, "phases");
  size_t from = s->n;
  if (!phases) return;
  th_words_phases(TH_LANG_EN, v->j, phases, s);
  th_jout_kv_text(w, "phase", (th_span){s->p + from, s->n - from});
}

static void write_schema(const th_study_view *v, th_span url, th_span about, th_buf *out) {
  th_jout w;
  th_buf words;
  bool trial = th_span_eq(th_part_text(v, v->design, "studyType"), TH_SPAN("INTERVENTIONAL"));
  const char *status = schema_status(th_part_text(v, v->status, "overallStatus"));
  th_buf_init(&words, 1 << 12);
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "@context", "https://schema.org");
  th_jout_kv_str(&w, "@type", trial ? "MedicalTrial" : "MedicalStudy");
  put_text(&w, "name", th_part_text(v, v->id, "briefTitle"));
  put_text(&w, "alternateName", th_part_text(v, v->id, "officialTitle"));
  put_text(&w, "identifier", v->nct);
  put_text(&w, "url", url);
  put_text(&w, "description", about);
  if (status) th_jout_kv_str(&w, "status", status);
  if (trial) put_phase(v, &w, &words);
  put_conditions(v, &w);
  put_sponsors(v, &w);
  put_places(v, &w);
  th_jout_end_object(&w);
  th_buf_dispose(&words);
}

/* A data block: no browser runs it. '<' is written as an escape, so that no text can end it. */
static void put_schema(const th_study_view *v, th_span url, th_span about) {
  th_buf json;
  th_buf_init(&json, 1 << 20);
  write_schema(v, url, about, &json);
  if (!json.error) {
    th_html_open(v->h, "script", NULL);
    th_html_attr_str(v->h, "type", "application/ld+json");
    th_html_json(v->h, th_buf_view(&json));
    th_html_close(v->h);
  } else if (json.error == TH_ENOMEM) {
    v->h->error = TH_ENOMEM;
  }
  th_buf_dispose(&json);
}

void th_meta_put(const th_study_view *v, th_span url) {
  th_span about = description(v), title = th_part_text(v, v->id, "briefTitle");
  put_meta(v->h, "name", "description", about);
  put_meta(v->h, "property", "og:type", TH_SPAN("article"));
  put_meta(v->h, "property", "og:site_name", TH_SPAN("Trialhead"));
  put_meta(v->h, "property", "og:title", title);
  put_meta(v->h, "property", "og:description", about);
  put_meta(v->h, "property", "og:url", url);
  put_schema(v, url, about);
}
