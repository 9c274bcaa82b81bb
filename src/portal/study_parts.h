/* Inside the study page: its parts, one file each, and what they share. */
#ifndef TH_PORTAL_STUDY_PARTS_H
#define TH_PORTAL_STUDY_PARTS_H

#include "portal/glossary.h"
#include "portal/page.h"
#include "portal/study_page.h"
#include "portal/words.h"
#include "study/catalogue.h"
#include "study/view.h"

/* Nodes of the modules; 0 = the record has none. */
typedef struct th_study_view {
  th_html *h;
  const th_json *j;
  const th_study_context *context;
  uint32_t id, status, sponsors, oversight, description, conditions, design, arms, outcomes,
      eligibility, places, references, ipd, results, documents;
  th_span nct; /* text of the record */
} th_study_view;

/* Finds the modules of a record. */
void th_study_view_init(th_study_view *v, th_html *h, const th_json *record,
                        const th_study_context *context);

/* Reading: paths from a node, "" and 0 where something is absent or of another type. */
th_span th_part_text(const th_study_view *v, uint32_t node, const char *path);
uint32_t th_part_array(const th_study_view *v, uint32_t node, const char *path); /* not empty */
uint32_t th_part_object(const th_study_view *v, uint32_t node, const char *path);
/* 1, 0, or -1 when there is no such boolean. */
int th_part_bool(const th_study_view *v, uint32_t node, const char *path);
/* Text or number as it stands. */
th_span th_part_value(const th_study_view *v, uint32_t node, const char *path);

/* A section with its heading; close with th_part_section_end. */
void th_part_section(const th_study_view *v, const char *id, const char *title);
void th_part_section_end(const th_study_view *v);
/* A heading (h3) with its explanation beside it, when the glossary has one. */
void th_part_heading(const th_study_view *v, const char *text);

/* A fact of a list of facts: its label, then values, then the end. The _text, _enum, … forms are
 * whole facts and write nothing when there is no value. */
void th_part_fact(const th_study_view *v, const char *label);
void th_part_fact_end(const th_study_view *v);
void th_part_fact_text(const th_study_view *v, const char *label, th_span value);
/* Words of the record within others: see th_html_words. */
void th_part_words(const th_study_view *v, th_span words);
/* The same as a fact. */
void th_part_fact_words(const th_study_view *v, const char *label, th_span value);
void th_part_fact_enum(const th_study_view *v, const char *label, uint16_t field, th_span value);
void th_part_fact_bool(const th_study_view *v, const char *label, int value);
void th_part_fact_date(const th_study_view *v, const char *label, th_span date, th_span type);
void th_part_fact_markup(const th_study_view *v, const char *label, th_span markup);
/* A heading and markup below it. */
void th_part_markup(const th_study_view *v, const char *heading, th_span markup);
/* A link to the page of a condition, intervention or sponsor (param: cond, intr, spons), else
 * "/search?PARAM=…" for the words as one phrase. */
void th_part_search_link(const th_study_view *v, const char *param, th_span words, th_span shown);
/* Name, role, telephone and e-mail of the contact at node, in one list item. */
void th_part_contact(const th_study_view *v, uint32_t contact);

/* Status, who may join and where, below the title. */
void th_part_glance(const th_study_view *v);
bool th_part_has_design(const th_study_view *v);
void th_part_design(const th_study_view *v);
/* The eligibility criteria, with what was read of them. */
void th_part_criteria(const th_study_view *v);
void th_part_outcomes(const th_study_view *v);
void th_part_places(const th_study_view *v);
void th_part_results(const th_study_view *v);
/* The most frequent events of the lists (0: none) as bars, a bar a group; nothing when there are
 * too few events or too many groups to be looked at. */
void th_part_event_chart(const th_study_view *v, uint32_t groups, uint32_t serious, uint32_t other);
/* What share of those at risk is affected, 0 … 1; negative when the numbers do not say. */
double th_part_share(const th_study_view *v, uint32_t node, const char *n, const char *of);
void th_part_percent(const th_study_view *v, double share); /* "12.5%" as the language has it */
void th_part_bar(const th_study_view *v, double share, double full);
/* Start, completion, posting and today on one axis; then the record's other dates. */
bool th_part_has_timeline(const th_study_view *v);
void th_part_timeline(const th_study_view *v);
/* Sponsor, collaborators, responsible party, oversight. */
bool th_part_has_people(const th_study_view *v);
void th_part_people(const th_study_view *v);
/* Documents, publications, sharing of data. */
bool th_part_has_papers(const th_study_view *v);
void th_part_papers(const th_study_view *v);
/* Official title, keywords, expanded access, where the record comes from and its history. */
void th_part_more(const th_study_view *v);
void th_part_similar(const th_study_view *v);

#endif
