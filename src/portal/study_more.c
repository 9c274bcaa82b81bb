#include "http/http.h"
#include "portal/slug.h"
#include "portal/study_parts.h"
#include "study/date.h"

/* ---- titles, people ---- */

static void put_titles(const th_study_view *v) {
  th_span official = th_part_text(v, v->id, "officialTitle");
  uint32_t keywords = th_part_array(v, v->conditions, "keywords");
  if (!official.n && !keywords) return;
  th_html_open(v->h, "dl", NULL);
  th_part_fact_words(v, M(official_title), official);
  if (keywords) {
    th_part_fact(v, M(keywords));
    th_buf *s = th_html_scratch(v->h);
    for (th_json_each(v->j, keywords, e)) {
      if (s->n) th_buf_str(s, ", ");
      th_buf_span(s, th_json_text(v->j, e));
    }
    th_html_scratch_element(v->h, "dd", NULL);
    th_part_fact_end(v);
  }
  th_html_close(v->h);
}

static void put_responsible(const th_study_view *v) {
  static const char *const parts[] = {"investigatorFullName", "investigatorTitle",
                                      "investigatorAffiliation", "oldNameTitle", "oldOrganization"};
  uint32_t party = th_part_object(v, v->sponsors, "responsibleParty");
  if (!party) return;
  th_part_fact(v, M(responsible_party));
  th_words_label(v->h->lang, TH_F_ResponsiblePartyType, th_part_text(v, party, "type"),
                 th_html_scratch(v->h));
  if (v->h->scratch->n) th_html_scratch_element(v->h, "dd", NULL);
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span part = th_part_text(v, party, parts[i]);
    if (part.n) th_html_element(v->h, "dd", NULL, part);
  }
  th_part_fact_end(v);
}

bool th_part_has_people(const th_study_view *v) {
  return v->sponsors || v->oversight;
}

void th_part_people(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->sponsors, "collaborators");
  if (!th_part_has_people(v)) return;
  th_part_section(v, "people", M(sponsor_and_oversight));
  th_html_open(v->h, "dl", "grid");
  th_span lead = th_part_text(v, v->sponsors, "leadSponsor.name");
  if (lead.n) {
    th_part_fact(v, M(sponsor));
    th_html_open(v->h, "dd", NULL);
    th_part_search_link(v, "spons", lead, lead);
    th_html_close(v->h);
    th_part_fact_end(v);
  }
  if (list) {
    th_part_fact(v, M(collaborators));
    for (th_json_each(v->j, list, e)) {
      th_span name = th_part_text(v, e, "name");
      th_html_open(v->h, "dd", NULL);
      th_part_search_link(v, "spons", name, name);
      th_html_close(v->h);
    }
    th_part_fact_end(v);
  }
  put_responsible(v);
  th_part_fact_bool(v, M(data_monitoring_committee),
                    th_part_bool(v, v->oversight, "oversightHasDmc"));
  th_part_fact_bool(v, M(drug_regulated_by_the_us),
                    th_part_bool(v, v->oversight, "isFdaRegulatedDrug"));
  th_part_fact_bool(v, M(device_regulated_by_the_us),
                    th_part_bool(v, v->oversight, "isFdaRegulatedDevice"));
  th_part_fact_bool(v, M(device_not_yet_approved),
                    th_part_bool(v, v->oversight, "isUnapprovedDevice"));
  th_part_fact_bool(v, M(pediatric_surveillance_after_marketing),
                    th_part_bool(v, v->oversight, "isPpsd"));
  th_part_fact_bool(v, M(exported_from_the_us), th_part_bool(v, v->oversight, "isUsExport"));
  th_part_fact_bool(v, M(violation_of_fdaaa_801),
                    th_part_bool(v, v->oversight, "fdaaa801Violation"));
  th_html_close(v->h);
  th_part_section_end(v);
}

static void put_expanded_access(const th_study_view *v) {
  uint32_t info = th_part_object(v, v->status, "expandedAccessInfo");
  th_span nct = th_part_text(v, info, "nctId");
  if (th_part_bool(v, info, "hasExpandedAccess") != 1) return;
  th_html_element_str(v->h, "h3", NULL, M(expanded_access));
  th_html_open(v->h, "p", NULL);
  th_html_str(v->h, M(the_treatment_can_be_had));
  th_words_label(v->h->lang, TH_F_ExpandedAccessStatusForNCTId,
                 th_part_text(v, info, "statusForNctId"), th_html_scratch(v->h));
  if (v->h->scratch->n) {
    th_html_str(v->h, " (");
    th_html_scratch_text(v->h);
    th_html_str(v->h, ")");
  }
  if (nct.n) {
    th_html_str(v->h, ": ");
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "/study/");
    th_url_encode(s, nct);
    th_html_link(v->h, NULL, th_buf_view(s), nct);
  }
  th_html_str(v->h, ".");
  th_html_close(v->h);
}

/* ---- references, documents, data ---- */

static void put_reference(const th_study_view *v, uint32_t ref) {
  th_span pmid = th_part_text(v, ref, "pmid"), type = th_part_text(v, ref, "type");
  uint32_t retractions = th_part_array(v, ref, "retractions");
  th_html_open(v->h, "li", NULL);
  th_html_text(v->h, th_part_text(v, ref, "citation"));
  if (pmid.n) {
    th_html_str(v->h, " ");
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "https://pubmed.ncbi.nlm.nih.gov/");
    th_url_encode(s, pmid);
    th_html_open(v->h, "a", NULL);
    (void)th_html_href(v->h, th_buf_view(s));
    th_html_str(v->h, M(lead_pubmed));
    th_html_text(v->h, pmid);
    th_html_close(v->h);
  }
  if (type.n) {
    th_html_str(v->h, " ");
    th_words_label(v->h->lang, TH_F_ReferenceType, type, th_html_scratch(v->h));
    th_html_scratch_element(v->h, "span", "kind");
  }
  if (retractions) {
    th_html_str(v->h, " ");
    th_html_element_str(v->h, "strong", "warning", M(retracted));
    for (th_json_each(v->j, retractions, e)) {
      th_html_str(v->h, " ");
      th_html_text(v->h, th_part_text(v, e, "source"));
    }
  }
  th_html_close(v->h);
}

static void put_references(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->references, "references");
  uint32_t links = th_part_array(v, v->references, "seeAlsoLinks");
  if (list) {
    th_html_element_str(v->h, "h3", NULL, M(publications));
    th_html_open(v->h, "ul", "references");
    for (th_json_each(v->j, list, e))
      put_reference(v, e);
    th_html_close(v->h);
  }
  if (links) {
    th_html_element_str(v->h, "h3", NULL, M(see_also));
    th_html_open(v->h, "ul", "references");
    for (th_json_each(v->j, links, e)) {
      th_span label = th_part_text(v, e, "label"), url = th_part_text(v, e, "url");
      th_html_open(v->h, "li", NULL);
      th_html_link(v->h, NULL, url, label.n ? label : url);
      th_html_close(v->h);
    }
    th_html_close(v->h);
  }
}

static void put_size(th_buf *s, int64_t bytes) {
  if (bytes >= 1000000)
    th_buf_printf(s, ", %.1f MB", (double)bytes / 1e6);
  else if (bytes > 0)
    th_buf_printf(s, ", %d kB", (int)((bytes + 999) / 1000));
}

/* The registry keeps documents under the last two digits of the study's number. */
static void put_document(const th_study_view *v, uint32_t doc) {
  th_span label = th_part_text(v, doc, "label"), file = th_part_text(v, doc, "filename");
  th_span date = th_part_text(v, doc, "date");
  int64_t bytes = 0;
  uint32_t size = th_json_get(v->j, doc, TH_SPAN("size"));
  if (!size || !th_json_int(v->j, size, &bytes)) bytes = 0;
  th_html_open(v->h, "li", NULL);
  th_buf *s = th_html_scratch(v->h);
  if (file.n && v->nct.n == 11) {
    th_buf_printf(s, "https://cdn.clinicaltrials.gov/large-docs/%.2s/", v->nct.p + 9);
    th_url_encode(s, v->nct);
    th_buf_char(s, '/');
    th_url_encode(s, file);
  }
  th_span path = th_arena_dup(v->context->arena, th_buf_view(s));
  th_html_open(v->h, "a", NULL);
  (void)th_html_href(v->h, path);
  th_html_words(v->h, label.n ? label : file);
  th_html_close(v->h);
  s = th_html_scratch(v->h);
  if (date.n) {
    th_buf_str(s, ", ");
    th_words_date(v->h->lang, date, s);
  }
  put_size(s, bytes);
  th_html_scratch_element(v->h, "span", "quiet");
  th_html_close(v->h);
}

static void put_documents(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->documents, "largeDocs");
  if (!list) return;
  th_html_element_str(v->h, "h3", NULL, M(documents));
  th_html_open(v->h, "ul", "references");
  for (th_json_each(v->j, list, e))
    put_document(v, e);
  th_html_close(v->h);
}

static void put_available(const th_study_view *v, uint32_t list) {
  if (!list) return;
  th_html_open(v->h, "ul", "references");
  for (th_json_each(v->j, list, e)) {
    th_span type = th_part_text(v, e, "type"), id = th_part_text(v, e, "id");
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, th_part_text(v, e, "url"), type.n ? type : id);
    if (type.n && id.n) {
      th_html_str(v->h, " ");
      th_html_element(v->h, "span", "quiet", id);
    }
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_sharing(const th_study_view *v) {
  th_span plan = th_part_text(v, v->ipd, "ipdSharing"), url = th_part_text(v, v->ipd, "url");
  uint32_t types = th_part_array(v, v->ipd, "infoTypes");
  uint32_t available = th_part_array(v, v->references, "availIpds");
  if (!v->ipd && !available) return;
  th_html_element_str(v->h, "h3", NULL, M(sharing_of_participants_data));
  th_html_open(v->h, "dl", NULL);
  th_part_fact_enum(v, M(plan_to_share), TH_F_IPDSharing, plan);
  th_part_fact_markup(v, M(plan), th_part_text(v, v->ipd, "description"));
  if (types) {
    th_part_fact(v, M(also_shared));
    for (th_json_each(v->j, types, e)) {
      th_words_label(v->h->lang, TH_F_IPDSharingInfoType, th_json_text(v->j, e),
                     th_html_scratch(v->h));
      th_html_scratch_element(v->h, "dd", NULL);
    }
    th_part_fact_end(v);
  }
  th_part_fact_markup(v, M(time_frame), th_part_text(v, v->ipd, "timeFrame"));
  th_part_fact_markup(v, M(access), th_part_text(v, v->ipd, "accessCriteria"));
  if (url.n) {
    th_part_fact(v, M(address));
    th_html_open(v->h, "dd", NULL);
    th_html_link(v->h, NULL, url, url);
    th_html_close(v->h);
    th_part_fact_end(v);
  }
  th_html_close(v->h);
  put_available(v, available);
}

/* ---- where it comes from ---- */

static void put_history_link(const th_study_view *v) {
  if (v->nct.n == 0) return;
  th_html_str(v->h, ": ");
  th_buf *s = th_html_scratch(v->h);
  th_buf_str(s, "/study/");
  th_url_encode(s, v->nct);
  th_buf_str(s, "/history");
  th_html_link(v->h, NULL, th_buf_view(s), th_span_of(M(history_and_changes)));
}

static void put_record(const th_study_view *v) {
  const th_study_context *c = v->context;
  bool made_up = th_study_is_made_up(v->j);
  th_html_open(v->h, "h3", NULL);
  th_html_attr_str(v->h, "id", "history");
  th_html_str(v->h, M(this_record));
  th_html_close(v->h);
  th_html_open(v->h, "ul", "references");
  if (v->nct.n && !made_up) {
    th_buf *s = th_html_scratch(v->h);
    th_buf_str(s, "https://clinicaltrials.gov/study/");
    th_url_encode(s, v->nct);
    th_html_open(v->h, "li", NULL);
    th_html_link(v->h, NULL, th_buf_view(s), th_span_of(M(at_clinicaltrialsgov)));
    th_html_close(v->h);
  }
  if (c->json) {
    th_html_open(v->h, "li", NULL);
    th_html_link_str(v->h, NULL, c->json, M(as_data_json));
    th_html_close(v->h);
  }
  if (c->versions) {
    th_html_open(v->h, "li", NULL);
    th_html_i64(v->h, c->versions);
    th_html_str(v->h,
                c->versions == 1 ? M(tail_version_is_kept_here) : M(tail_versions_are_kept_here));
    if (c->stored_utc > 0) {
      th_date day = {.precision = TH_DATE_DAY};
      day.first_day = day.last_day = (int32_t)(c->stored_utc / 86400);
      th_words_day(v->h->lang, &day, th_html_scratch(v->h));
      th_html_str(v->h, c->versions == 1 ? M(and_since) : M(and_the_newest_since));
      th_html_scratch_text(v->h);
    }
    put_history_link(v);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

bool th_part_has_papers(const th_study_view *v) {
  return v->references || v->documents || v->ipd;
}

void th_part_papers(const th_study_view *v) {
  if (!th_part_has_papers(v)) return;
  th_part_section(v, "papers", M(documents_and_publications));
  put_documents(v);
  put_references(v);
  put_sharing(v);
  th_part_section_end(v);
}

void th_part_more(const th_study_view *v) {
  th_part_section(v, "more", M(more_about_the_study));
  put_titles(v);
  put_expanded_access(v);
  put_record(v);
  th_part_section_end(v);
}

void th_part_similar(const th_study_view *v) {
  const th_similar_list *list = v->context->similar;
  if (!list || list->n == 0) return;
  th_part_section(v, "similar", M(similar_trials));
  th_html_open(v->h, "ul", "similar");
  for (size_t i = 0; i < list->n; i++) {
    const th_similar *s = &list->of[i];
    th_html_open(v->h, "li", NULL);
    th_slug_study_path(s->nct, s->title, th_html_scratch(v->h));
    th_html_link(v->h, NULL, th_buf_view(v->h->scratch), s->title);
    th_html_str(v->h, " ");
    if (s->status.n) th_page_status(v->h, "span", TH_F_OverallStatus, s->status);
    th_html_close(v->h);
  }
  th_html_close(v->h);
  th_part_section_end(v);
}
