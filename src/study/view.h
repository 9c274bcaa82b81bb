/* A record in a reader's words: the wording that study pages use, for the portal and the terminal.
 * All functions append to a buffer or return static text; none fails. */
#ifndef TH_STUDY_VIEW_H
#define TH_STUDY_VIEW_H

#include "base/json.h"
#include "study/catalogue.h"

/* The label of an enum's value in a field, as a page shows it: the classic label, but for the few
 * values that pages word in another way ("Unknown", "None (Open label)", "Industry"). NULL when the
 * value is none of the enum's (show it as it is) or the field is no enum. */
const char *th_view_label(uint16_t field, th_span value);
/* The same appended; unknown values as they are. */
void th_view_put_label(uint16_t field, th_span value, th_buf *out);

/* Phases of a record, joined: "Early Phase 1", "Phase 1/Phase 2", "Not Applicable". node: the array
 * of phases, 0 for none (appends nothing). */
void th_view_phases(const th_json *j, uint32_t node, th_buf *out);
/* "100 estimated patients", "26 patients", "1 patient". type: value of EnrollmentType, may be
 * empty. */
void th_view_enrollment(int64_t count, th_span type, th_buf *out);
/* "100 participants in 2 patient groups"; a negative count, or no groups, leaves that part out. */
void th_view_participants(int64_t count, size_t groups, th_buf *out);
/* "Experimental group", "Active Comparator group"; nothing for an arm without a type. */
void th_view_arm_type(th_span type, th_buf *out);
/* "Accepts Healthy Volunteers" or "No Healthy Volunteers". */
const char *th_view_volunteers(bool accepts);
/* "1 month to 18 years old"; the texts are those of the record, empty when absent. A text that is
 * no age is shown as it is. */
void th_view_ages(th_span minimum, th_span maximum, th_buf *out);
/* "January 5, 2004"; what is no date as it is. */
void th_view_date(th_span date, th_buf *out);
/* "Triple (Participant, Investigator)". masked: the array of WhoMasked, 0 for none. */
void th_view_masking(const th_json *j, th_span masking, uint32_t masked, th_buf *out);

#endif
