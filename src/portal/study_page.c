#include "portal/study_page.h"

#include "http/http.h"
#include "portal/glossary.h"
#include "portal/meta.h"
#include "portal/study_parts.h"
#include "portal/topic.h"

/* ---- reading ---- */

static uint32_t typed(const th_study_view *v, uint32_t node, const char *path, th_jtype type) {
  uint32_t found = node ? th_json_path(v->j, node, path) : 0;
  return found && v->j->nodes[found].type == type ? found : 0;
}

/* "&lt;", "&#x2F;" …: the code point, and in *len its bytes; 0 when it is none of these. */
static uint32_t entity_at(th_span s, size_t *len) {
  static const struct {
    const char *name;
    uint32_t point;
  } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
  const char *end = memchr(s.p, ';', TH_MIN(s.n, (size_t)10));
  uint32_t point = 0;
  if (!end || end - s.p < 3) return 0;
  th_span name = {s.p + 1, (size_t)(end - s.p) - 1};
  *len = name.n + 2;
  for (size_t i = 0; i < TH_COUNT(named); i++)
    if (th_span_eq_nocase(name, th_span_of(named[i].name))) return named[i].point;
  if (name.p[0] != '#') return 0;
  bool hex = name.p[1] == 'x' || name.p[1] == 'X';
  if (name.n < 2u + hex) return 0;
  for (size_t i = 1u + hex; i < name.n; i++) {
    int c = name.p[i] | 0x20, digit = c >= 'a' && c <= 'f' && hex ? c - 'a' + 10 : name.p[i] - '0';
    if (digit < 0 || digit > (hex ? 15 : 9)) return 0;
    point = point * (hex ? 16 : 10) + (uint32_t)digit;
  }
  return point >= 0x20 && point < 0x10ffff && (point < 0xd800 || point > 0xdfff) ? point : 0;
}

static size_t put_point(uint32_t point, char *out) {
  if (point < 0x80) return *out = (char)point, 1;
  size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i; i--, point >>= 6)
    out[i] = (char)(0x80 | (point & 0x3f));
  out[0] = (char)((0xf00 >> n & 0xff) | point);
  return n;
}

/* Some records were escaped once too often: people see the signs that were meant. They are escaped
 * where they are written, as all text is. */
static th_span unescaped(const th_study_view *v, th_span s) {
  size_t n = 0, len = 0;
  const char *first = s.n ? memchr(s.p, '&', s.n) : NULL;
  char *out = first && memchr(first, ';', s.n - (size_t)(first - s.p))
                  ? th_arena_alloc(v->context->arena, s.n)
                  : NULL;
  if (!out) return s;
  for (size_t i = 0; i < s.n;) {
    uint32_t point = s.p[i] == '&' ? entity_at((th_span){s.p + i, s.n - i}, &len) : 0;
    if (point)
      n += put_point(point, out + n), i += len;
    else
      out[n++] = s.p[i++];
  }
  return n == s.n ? s : (th_span){out, n};
}

th_span th_part_text(const th_study_view *v, uint32_t node, const char *path) {
  uint32_t found = typed(v, node, path, TH_JSTRING);
  return found ? unescaped(v, th_span_trim(th_json_text(v->j, found))) : (th_span){0};
}

uint32_t th_part_array(const th_study_view *v, uint32_t node, const char *path) {
  uint32_t found = typed(v, node, path, TH_JARRAY);
  return found && v->j->nodes[found].n ? found : 0;
}

uint32_t th_part_object(const th_study_view *v, uint32_t node, const char *path) {
  return typed(v, node, path, TH_JOBJECT);
}

int th_part_bool(const th_study_view *v, uint32_t node, const char *path) {
  if (typed(v, node, path, TH_JTRUE)) return 1;
  return typed(v, node, path, TH_JFALSE) ? 0 : -1;
}

th_span th_part_value(const th_study_view *v, uint32_t node, const char *path) {
  uint32_t found = node ? th_json_path(v->j, node, path) : 0;
  if (!found) return (th_span){0};
  uint8_t type = v->j->nodes[found].type;
  if (type == TH_JINT || type == TH_JNUMBER) return th_json_raw(v->j, found);
  return type == TH_JSTRING ? unescaped(v, th_span_trim(th_json_text(v->j, found))) : (th_span){0};
}

/* ---- writing ---- */

void th_part_section(const th_study_view *v, const char *id, const char *title) {
  th_html_open(v->h, "section", NULL);
  th_html_attr_str(v->h, "aria-labelledby", id);
  th_html_open(v->h, "h2", NULL);
  th_html_attr_str(v->h, "id", id);
  th_html_str(v->h, title);
  th_html_close(v->h);
}

void th_part_section_end(const th_study_view *v) {
  th_html_close(v->h);
}

void th_part_heading(const th_study_view *v, const char *text) {
  th_html_open(v->h, "div", "heading");
  th_html_element_str(v->h, "h3", NULL, text);
  th_glossary_hint(v->h, text);
  th_html_close(v->h);
}

void th_part_fact(const th_study_view *v, const char *label) {
  th_html_open(v->h, "div", NULL);
  th_html_open(v->h, "dt", NULL);
  th_html_str(v->h, label);
  th_glossary_hint(v->h, label);
  th_html_close(v->h);
}

void th_part_fact_end(const th_study_view *v) {
  th_html_close(v->h);
}

void th_part_fact_text(const th_study_view *v, const char *label, th_span value) {
  if (value.n == 0) return;
  th_part_fact(v, label);
  th_html_element(v->h, "dd", NULL, value);
  th_part_fact_end(v);
}

void th_part_words(const th_study_view *v, th_span words) {
  if (v->h->lang != TH_LANG_EN) th_html_open(v->h, "span", NULL);
  th_html_words(v->h, words);
  if (v->h->lang != TH_LANG_EN) th_html_close(v->h);
}

void th_part_fact_words(const th_study_view *v, const char *label, th_span value) {
  if (value.n == 0) return;
  th_part_fact(v, label);
  th_html_open(v->h, "dd", NULL);
  th_html_words(v->h, value);
  th_html_close(v->h);
  th_part_fact_end(v);
}

static void fact_scratch(const th_study_view *v, const char *label) {
  if (v->h->scratch->n == 0) return;
  th_part_fact(v, label);
  th_html_scratch_element(v->h, "dd", NULL);
  th_part_fact_end(v);
}

void th_part_fact_enum(const th_study_view *v, const char *label, uint16_t field, th_span value) {
  if (value.n == 0) return;
  th_words_label(v->h->lang, field, value, th_html_scratch(v->h));
  if (v->h->scratch->n == 0) return;
  th_part_fact(v, label);
  th_html_open(v->h, "dd", NULL);
  th_words_label(v->h->lang, field, value, th_html_scratch(v->h));
  th_html_scratch_text(v->h);
  th_glossary_value_hint(v->h, field, value);
  th_html_close(v->h);
  th_part_fact_end(v);
}

void th_part_fact_bool(const th_study_view *v, const char *label, int value) {
  if (value >= 0) th_part_fact_text(v, label, value ? th_span_of(M(yes)) : th_span_of(M(no)));
}

void th_part_fact_date(const th_study_view *v, const char *label, th_span date, th_span type) {
  if (date.n == 0) return;
  th_buf *s = th_html_scratch(v->h);
  th_words_date(v->h->lang, date, s);
  if (th_span_eq(type, TH_SPAN("ESTIMATED"))) th_say_put(v->h->lang, M(tail_estimated), s);
  fact_scratch(v, label);
}

void th_part_fact_markup(const th_study_view *v, const char *label, th_span markup) {
  if (markup.n == 0) return;
  th_part_fact(v, label);
  th_html_open(v->h, "dd", "prose");
  th_html_foreign(v->h);
  th_html_markup(v->h, markup);
  th_html_close(v->h);
  th_part_fact_end(v);
}

void th_part_markup(const th_study_view *v, const char *heading, th_span markup) {
  if (markup.n == 0) return;
  th_html_element_str(v->h, "h3", NULL, heading);
  th_html_open(v->h, "div", "prose");
  th_html_foreign(v->h);
  th_html_markup(v->h, markup);
  th_html_close(v->h);
}

/* The page of the words' own, when they are of a kind that has pages and letters for an address. */
static bool put_topic_path(const char *param, th_span words, th_buf *out) {
  for (unsigned kind = 0; kind < TH_TOPIC_KINDS; kind++)
    if (strcmp(param, th_topic_infos[kind].param) == 0)
      return th_topic_path((th_topic_kind)kind, words, out);
  return false;
}

/* Else the words as one phrase of the search language: quotes in them would end it. */
void th_part_search_link(const th_study_view *v, const char *param, th_span words, th_span shown) {
  th_buf *s = th_html_scratch(v->h);
  if (put_topic_path(param, words, s)) {
    th_html_link(v->h, NULL, th_buf_view(s), shown);
    return;
  }
  th_buf_printf(s, "/search?%s=%%22", param);
  for (size_t at = 0; at < words.n;) {
    const char *quote = memchr(words.p + at, '"', words.n - at);
    size_t end = quote ? (size_t)(quote - words.p) : words.n;
    th_url_encode(s, (th_span){words.p + at, end - at});
    at = end + 1;
  }
  th_buf_str(s, "%22");
  th_html_link(v->h, NULL, th_buf_view(s), shown);
}

static void reach(const th_study_view *v, const char *scheme, th_span address, th_span extension) {
  if (address.n == 0) return;
  th_buf *s = th_html_scratch(v->h);
  th_buf_str(s, scheme);
  if (scheme[0] == 'm')
    th_buf_span(s, address);
  else
    for (size_t i = 0; i < address.n; i++)
      if ((address.p[i] >= '0' && address.p[i] <= '9') || address.p[i] == '+')
        th_buf_char(s, address.p[i]);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "reach");
  th_html_link(v->h, NULL, th_buf_view(s), address);
  if (extension.n) {
    th_html_str(v->h, M(tail_ext));
    th_html_text(v->h, extension);
  }
  th_html_close(v->h);
}

void th_part_contact(const th_study_view *v, uint32_t contact) {
  th_span role = th_part_text(v, contact, "role");
  th_html_open(v->h, "li", NULL);
  th_html_element(v->h, "span", "name", th_part_text(v, contact, "name"));
  if (role.n && !th_span_eq(role, TH_SPAN("CONTACT"))) {
    th_html_str(v->h, ", ");
    th_words_label(v->h->lang, TH_F_CentralContactRole, role, th_html_scratch(v->h));
    th_html_scratch_text(v->h);
  }
  reach(v, "tel:", th_part_text(v, contact, "phone"), th_part_text(v, contact, "phoneExt"));
  reach(v, "mailto:", th_part_text(v, contact, "email"), (th_span){0});
  th_html_close(v->h);
}

/* ---- the head and its facts ---- */

static void put_title(const th_study_view *v) {
  th_span title = th_part_text(v, v->id, "briefTitle"), acronym = th_part_text(v, v->id, "acronym");
  th_span sponsor = th_part_text(v, v->sponsors, "leadSponsor.name");
  if (title.n == 0) title = th_part_text(v, v->id, "officialTitle");
  th_html_open(v->h, "header", "study-head");
  th_html_open(v->h, "h1", NULL);
  th_html_foreign(v->h);
  th_html_text(v->h, title.n ? title : v->nct);
  th_html_close(v->h);
  if (acronym.n) th_html_element(v->h, "p", "acronym", acronym);
  if (sponsor.n) {
    th_html_open(v->h, "p", "sponsor");
    th_part_search_link(v, "spons", sponsor, sponsor);
    th_html_close(v->h);
  }
  th_part_glance(v);
  th_html_open(v->h, "p", "tools");
  th_page_save_button(v->h, v->nct);
  th_page_copy_button(v->h);
  th_html_close(v->h);
  th_html_close(v->h);
}

static void put_status(const th_study_view *v) {
  th_span status = th_part_text(v, v->status, "overallStatus");
  th_span known = th_part_text(v, v->status, "lastKnownStatus");
  uint32_t phases = th_part_array(v, v->design, "phases");
  if (!status.n && !phases) return;
  th_part_fact(v, !phases ? M(status) : status.n ? M(status_and_phase) : M(phase));
  if (status.n) {
    th_html_open(v->h, "dd", "status-line");
    th_page_badge(v->h, TH_F_OverallStatus, status);
    th_glossary_value_hint(v->h, TH_F_OverallStatus, status);
    th_html_close(v->h);
  }
  if (phases) {
    th_words_phases(v->h->lang, v->j, phases, th_html_scratch(v->h));
    th_html_open(v->h, "dd", NULL);
    th_html_scratch_text(v->h);
    for (th_json_each(v->j, phases, e))
      th_glossary_value_hint(v->h, TH_F_Phase, th_json_text(v->j, e));
    th_html_close(v->h);
  }
  if (known.n) {
    th_buf *s = th_html_scratch(v->h);
    th_say_put(v->h->lang, M(lead_last_known), s);
    th_words_label(v->h->lang, TH_F_LastKnownStatus, known, s);
    th_html_scratch_element(v->h, "dd", "quiet");
  }
  th_part_fact_end(v);
}

static void put_conditions(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->conditions, "conditions");
  if (!list) return;
  th_part_fact(v, M(conditions));
  for (th_json_each(v->j, list, e)) {
    th_html_open(v->h, "dd", NULL);
    th_part_search_link(v, "cond", th_json_text(v->j, e), th_json_text(v->j, e));
    th_html_close(v->h);
  }
  th_part_fact_end(v);
}

/* Whether a type was explained before on this list; notes it. */
static bool hinted(uint64_t *hints, th_span type) {
  int value = th_enum_value(TH_E_InterventionType, type);
  bool before = value < 0 || (*hints >> value & 1);
  if (value >= 0) *hints |= 1ull << value;
  return before;
}

static void put_treatments(const th_study_view *v) {
  uint64_t hints = 0;
  uint32_t list = th_part_array(v, v->arms, "interventions");
  if (!list) return;
  th_part_fact(v, M(treatments));
  for (th_json_each(v->j, list, e)) {
    th_span name = th_part_text(v, e, "name"), type = th_part_text(v, e, "type");
    th_html_open(v->h, "dd", NULL);
    if (type.n) {
      th_words_label(v->h->lang, TH_F_InterventionType, type, th_html_scratch(v->h));
      th_html_scratch_text(v->h);
      th_html_str(v->h, ": ");
    }
    th_part_search_link(v, "intr", name, name);
    if (type.n && !hinted(&hints, type)) th_glossary_value_hint(v->h, TH_F_InterventionType, type);
    th_html_close(v->h);
  }
  th_part_fact_end(v);
}

/* Each kind of sponsor once, the lead's first. */
static void put_funders(const th_study_view *v) {
  uint64_t shown = 0;
  th_span class = th_part_text(v, v->sponsors, "leadSponsor.class");
  uint32_t list = th_part_array(v, v->sponsors, "collaborators");
  if (!class.n && !list) return;
  th_part_fact(v, M(funder_types));
  if (class.n) {
    int value = th_enum_value(TH_E_AgencyClass, class);
    if (value >= 0) shown |= 1ull << value;
    th_words_label(v->h->lang, TH_F_LeadSponsorClass, class, th_html_scratch(v->h));
    th_html_scratch_element(v->h, "dd", NULL);
  }
  if (list)
    for (th_json_each(v->j, list, e)) {
      class = th_part_text(v, e, "class");
      int value = th_enum_value(TH_E_AgencyClass, class);
      if (value < 0 || (shown >> value & 1)) continue;
      shown |= 1ull << value;
      th_words_label(v->h->lang, TH_F_CollaboratorClass, class, th_html_scratch(v->h));
      th_html_scratch_element(v->h, "dd", NULL);
    }
  th_part_fact_end(v);
}

static void put_identifiers(const th_study_view *v) {
  th_span org = th_part_text(v, v->id, "orgStudyIdInfo.id");
  uint32_t more = th_part_array(v, v->id, "secondaryIdInfos");
  uint32_t aliases = th_part_array(v, v->id, "nctIdAliases");
  th_part_fact(v, M(identifiers));
  th_html_element(v->h, "dd", NULL, v->nct);
  if (org.n) th_html_element(v->h, "dd", NULL, org);
  if (more)
    for (th_json_each(v->j, more, e)) {
      th_span type = th_part_text(v, e, "type"), domain = th_part_text(v, e, "domain");
      th_html_open(v->h, "dd", NULL);
      th_html_link(v->h, NULL, th_part_text(v, e, "link"), th_part_text(v, e, "id"));
      if (domain.n || (type.n && !th_span_eq(type, TH_SPAN("OTHER")))) {
        th_html_str(v->h, " ");
        th_html_open(v->h, "small", NULL);
        th_buf *s = th_html_scratch(v->h);
        if (domain.n)
          th_buf_span(s, domain);
        else
          th_words_label(v->h->lang, TH_F_SecondaryIdType, type, s);
        th_html_scratch_text(v->h);
        th_html_close(v->h);
      }
      th_html_close(v->h);
    }
  if (aliases)
    for (th_json_each(v->j, aliases, e)) {
      th_html_open(v->h, "dd", NULL);
      th_html_text(v->h, th_json_text(v->j, e));
      th_html_element_str(v->h, "small", NULL, M(tail_former_number));
      th_html_close(v->h);
    }
  th_part_fact_end(v);
}

static void put_contents_link(const th_study_view *v, const char *id, const char *title) {
  th_html_open(v->h, "li", NULL);
  th_html_open(v->h, "a", NULL);
  th_html_attr_str(v->h, "href", id);
  th_html_str(v->h, title);
  th_html_close_n(v->h, 2);
}

static bool has_details(const th_study_view *v) {
  return v->description || v->eligibility || th_part_object(v, v->design, "enrollmentInfo");
}

static void put_contents(const th_study_view *v) {
  th_html_open(v->h, "nav", "contents");
  th_html_attr_str(v->h, "aria-label", M(on_this_page));
  th_html_open(v->h, "ul", NULL);
  if (has_details(v)) put_contents_link(v, "#details", M(who_may_join));
  if (th_part_has_design(v)) put_contents_link(v, "#design", M(trial_design));
  if (v->outcomes) put_contents_link(v, "#outcomes", M(what_is_measured));
  if (th_part_has_timeline(v)) put_contents_link(v, "#timeline", M(dates));
  put_contents_link(v, "#places", M(contacts_and_locations));
  if (th_part_has_people(v)) put_contents_link(v, "#people", M(sponsor_and_oversight));
  if (th_part_has_papers(v)) put_contents_link(v, "#papers", M(documents_and_publications));
  if (v->results) put_contents_link(v, "#results", M(results));
  put_contents_link(v, "#more", M(more_about_the_study));
  if (v->context->similar && v->context->similar->n)
    put_contents_link(v, "#similar", M(similar_trials));
  th_html_close_n(v->h, 2);
}

static void put_facts(const th_study_view *v) {
  th_html_open(v->h, "aside", "facts");
  th_html_attr_str(v->h, "aria-label", M(study_at_a_glance));
  th_html_open(v->h, "dl", NULL);
  put_status(v);
  th_part_fact_markup(v, M(why_it_stopped), th_part_text(v, v->status, "whyStopped"));
  put_conditions(v);
  put_treatments(v);
  th_part_fact_enum(v, M(study_type), TH_F_StudyType, th_part_text(v, v->design, "studyType"));
  put_funders(v);
  put_identifiers(v);
  th_html_close(v->h);
  put_contents(v);
  th_html_close(v->h);
}

/* ---- details and eligibility ---- */

static void put_about(const th_study_view *v) {
  th_span detail = th_part_text(v, v->description, "detailedDescription");
  th_part_markup(v, M(about), th_part_text(v, v->description, "briefSummary"));
  if (detail.n == 0) return;
  th_html_open(v->h, "details", NULL);
  th_html_element_str(v->h, "summary", NULL, M(detailed_description));
  th_html_open(v->h, "div", "prose");
  th_html_foreign(v->h);
  th_html_markup(v->h, detail);
  th_html_close_n(v->h, 2);
}

static void put_who(const th_study_view *v) {
  int64_t count;
  int volunteers = th_part_bool(v, v->eligibility, "healthyVolunteers");
  uint32_t node = v->design ? th_json_path(v->j, v->design, "enrollmentInfo.count") : 0;
  th_html_open(v->h, "dl", "who");
  if (node && th_json_int(v->j, node, &count)) {
    th_words_enrollment(v->h->lang, count, th_part_text(v, v->design, "enrollmentInfo.type"),
                        th_html_scratch(v->h));
    fact_scratch(v, M(enrollment));
  }
  th_part_fact_enum(v, M(sex), TH_F_Sex, th_part_text(v, v->eligibility, "sex"));
  if (v->eligibility) {
    th_words_ages(v->h->lang, th_part_text(v, v->eligibility, "minimumAge"),
                  th_part_text(v, v->eligibility, "maximumAge"), th_html_scratch(v->h));
    fact_scratch(v, M(ages));
  }
  if (volunteers >= 0)
    th_part_fact_text(v, M(volunteers),
                      th_span_of(volunteers ? M(accepts_healthy_volunteers_title)
                                            : M(no_healthy_volunteers_title)));
  th_part_fact_markup(v, M(gender), th_part_text(v, v->eligibility, "genderDescription"));
  th_part_fact_enum(v, M(sampling_method), TH_F_SamplingMethod,
                    th_part_text(v, v->eligibility, "samplingMethod"));
  th_html_close(v->h);
  th_part_markup(v, M(study_population), th_part_text(v, v->eligibility, "studyPopulation"));
}

static void put_details(const th_study_view *v) {
  if (!has_details(v)) return;
  th_part_section(v, "details", M(details_and_patient_eligibility));
  put_about(v);
  put_who(v);
  th_part_criteria(v);
  th_part_section_end(v);
}

/* ---- the whole ---- */

static uint32_t module(const th_study_view *v, uint32_t section, const char *name) {
  return th_part_object(v, section, name);
}

void th_study_view_init(th_study_view *v, th_html *h, const th_json *record,
                        const th_study_context *context) {
  *v = (th_study_view){.h = h, .j = record, .context = context};
  uint32_t protocol = th_json_get(v->j, 0, TH_SPAN("protocolSection"));
  uint32_t documents = th_json_get(v->j, 0, TH_SPAN("documentSection"));
  uint32_t results = th_json_get(v->j, 0, TH_SPAN("resultsSection"));
  v->id = module(v, protocol, "identificationModule");
  v->status = module(v, protocol, "statusModule");
  v->sponsors = module(v, protocol, "sponsorCollaboratorsModule");
  v->oversight = module(v, protocol, "oversightModule");
  v->description = module(v, protocol, "descriptionModule");
  v->conditions = module(v, protocol, "conditionsModule");
  v->design = module(v, protocol, "designModule");
  v->arms = module(v, protocol, "armsInterventionsModule");
  v->outcomes = module(v, protocol, "outcomesModule");
  v->eligibility = module(v, protocol, "eligibilityModule");
  v->places = module(v, protocol, "contactsLocationsModule");
  v->references = module(v, protocol, "referencesModule");
  v->ipd = module(v, protocol, "ipdSharingStatementModule");
  v->results = results && v->j->nodes[results].type == TH_JOBJECT ? results : 0;
  v->documents = module(v, documents, "largeDocumentModule");
  v->nct = th_part_text(v, v->id, "nctId");
}

bool th_study_is_made_up(const th_json *j) {
  uint32_t list = th_json_path(j, 0, "protocolSection.conditionsModule.keywords");
  if (!list || j->nodes[list].type != TH_JARRAY) return false;
  for (th_json_each(j, list, e))
    if (th_span_eq(th_json_text(j, e), TH_SPAN("made-up record"))) return true;
  return false;
}

typedef struct head_writer {
  const th_study_view *v;
  th_span url;
} head_writer;

static void write_more_head(void *ctx) {
  const head_writer *w = ctx;
  th_meta_put(w->v, w->url);
}

int th_study_page(th_html *h, const th_json *record, const th_study_context *context, th_err *err) {
  th_study_view v;
  th_page_frame frame = {.made_up = th_study_is_made_up(record)};
  th_study_view_init(&v, h, record, context);
  char *canonical = context->path ? th_arena_printf(context->arena, "%s", context->path)
                                  : th_arena_printf(context->arena, "/study/%.*s",
                                                    (int)TH_MIN(v.nct.n, 20), v.nct.p);
  char *url = th_arena_printf(context->arena, "%s%s%s", context->base ? context->base : "",
                              th_lang_prefix(h->lang), canonical ? canonical : "");
  if (!canonical || !url) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  head_writer more = {&v, context->base ? th_span_of(url) : (th_span){0}};
  frame.canonical = v.nct.n ? canonical : NULL;
  frame.data_age = context->data_age;
  frame.head = write_more_head;
  frame.head_ctx = &more;
  frame.title = th_part_text(&v, v.id, "briefTitle");
  th_page_begin(h, &frame);
  th_html_open(h, "article", "study");
  put_title(&v);
  put_facts(&v);
  th_html_open(h, "div", "study-body");
  put_details(&v);
  th_part_design(&v);
  th_part_outcomes(&v);
  th_part_timeline(&v);
  th_part_places(&v);
  th_part_people(&v);
  th_part_papers(&v);
  th_part_results(&v);
  th_part_more(&v);
  th_part_similar(&v);
  th_html_close_n(h, 2);
  th_page_end(h, &frame);
  return th_html_finish(h, err);
}
