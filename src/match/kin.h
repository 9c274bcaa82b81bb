/* What of the criteria a record may speak of at all: a quick "surely not" in front of the exact
 * comparison of every fact of a study with every fact of a patient, which nearly all of them are
 * spared. It never says no where verdict_concept.c would find a relation. */
#ifndef TH_MATCH_KIN_H
#define TH_MATCH_KIN_H

#include "match/lore.h"
#include "match/verdict.h"

typedef struct th_kin th_kin;

/* Of the concepts of a patient made ready: their labels and codes, and the codes of everything that
 * the dictionary has above and below them. In arena, some 16 bytes a code and half a megabyte;
 * borrows patient->lore. Errors: TH_ENOMEM, TH_ELIMIT of the arena. */
int th_kin_make(const th_kin **out, const th_verdict_patient *patient, th_arena *arena,
                th_err *err) TH_MUST_USE;
/* False: no concept of the patient is the same as the criterion's, narrower or broader. */
bool th_kin_may(const th_kin *kin, const th_elig_fact *f);

/* Whether a concept of the dictionary is, or stands above, one of the patient's; the same below. */
bool th_kin_is_above(const th_kin *kin, uint32_t concept_id);
bool th_kin_is_below(const th_kin *kin, uint32_t concept_id);
/* The concepts of the patient that are values by definition (rules.h): n indexes of facts. */
const uint32_t *th_kin_defined(const th_kin *kin, uint32_t *n);

/* Has what is kept of an outline's facts brought near, ahead of judging them. */
void th_kin_fetch(const th_kin *kin, const th_criteria_outline *outline);
/* The verdict on a fact of the criteria book that has nothing to do with the patient: it depends on
 * its kind alone. NULL: it may have, or nothing is known of it (lore.h). *apart: no concept of the
 * patient has to do with it, whatever else may. */
const th_verdict_fact *th_kin_plain(const th_kin *kin, const th_criteria_outline *outline,
                                    uint32_t fact, th_verdict_presume mode, bool *apart);
/* For judging such a fact: th_kin_may is false of all. */
extern const th_kin th_kin_none;

/* The verdict on one that has, or may have, and was judged for another study of the request
 * (th_criteria_ref.says). *known: it is there; else the place is the caller's to fill, and holds
 * until another fact needs it. */
th_verdict_fact *th_kin_verdict(const th_kin *kin, uint64_t says, bool *known);

#endif
