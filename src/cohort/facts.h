/* The different facts of many criteria, and what they say of each sort of patient.
 *
 * A fact's answer is one byte: its truth in the plain lane and in the presuming one, and its guard,
 * as th_verdict_judge gives them. Of a patient with nothing that bears on the fact it depends on
 * sex and age at most; of one with a single thing that bears on it, on that thing's form (and with
 * TH_NEEDS_DATES on its days). So answers are kept by person and by form, and the judge is asked
 * once for each; for all others it is asked patient by patient. */
#ifndef TH_COHORT_FACTS_H
#define TH_COHORT_FACTS_H

#include "cohort/columns.h"

enum {
  TH_ANSWER_NONE = 0xff, /* not asked yet */
  TH_PERSON_KINDS = 8,   /* sex, and whether surely adult */
  TH_MEMO_FORMS = 1 << 16,
};

#define TH_ANSWER(truth, presumed, guard) ((uint8_t)((truth) | (presumed) << 2 | (guard) << 4))
#define TH_ANSWER_TRUTH(a) ((a)&3)
#define TH_ANSWER_PRESUMED(a) ((a) >> 2 & 3)
#define TH_ANSWER_GUARD(a) ((a) >> 4 & 3)

/* A key that bears on a fact. */
typedef struct th_co_bearing {
  uint32_t key;
  uint8_t *memo; /* answers by form and kind of person; NULL: asked patient by patient */
} th_co_bearing;

typedef struct th_co_fact {
  const th_elig_tree *tree; /* where it was met first */
  const th_elig_fact *f;
  unsigned needs;
  bool by_kind;                  /* answers differ by kind of person */
  uint8_t base[TH_PERSON_KINDS]; /* of a patient with nothing that bears on it */
  uint8_t *by_person;            /* the same by person, when it needs the age; else NULL */
  th_co_bearing *bears;
  uint32_t n_bears;
} th_co_fact;

/* Age and sex of a record, as th_verdict_sum judges them: two bits each, by person. */
typedef struct th_co_field {
  th_verdict_study study; /* its ages and sex alone */
  uint8_t *by_person;
} th_co_field;

typedef struct th_co_facts {
  const th_cohort *c;
  th_verdict_presume presume;
  th_co_fact *facts;
  uint32_t n, cap;
  th_co_field *fields;
  uint32_t n_fields, cap_fields;
  uint32_t *slots, n_slots; /* fact + 1, by what it says */
  th_buf says;              /* what each says, one behind the other */
  uint32_t *says_at;        /* where it ends */
  uint32_t cap_says;
  uint8_t *kind; /* by person */
  uint32_t kind_person[TH_PERSON_KINDS];
  th_patient_fact *keys; /* what th_verdict_bears looks at, by key */
} th_co_facts;

int th_co_facts_init(th_co_facts *s, const th_cohort *c, th_verdict_presume presume,
                     th_err *err) TH_MUST_USE;
void th_co_facts_dispose(th_co_facts *s);
/* The number of the fact among the different ones, of the fields likewise; trees and facts are
 * borrowed. UINT32_MAX: out of memory. */
uint32_t th_co_facts_put(th_co_facts *s, const th_elig_tree *tree, const th_elig_fact *f);
uint32_t th_co_fields_put(th_co_facts *s, const th_verdict_study *study);

/* What a thread needs to ask the judge. */
typedef struct th_co_judge {
  th_patient_fact *facts; /* of the patient that is asked for; owned */
  uint32_t n, cap;
  uint32_t *value, *concepts; /* of th_verdict_patient; owned */
  uint32_t cap_concepts;
  bool *bears; /* by key; owned */
  bool types_known;
  uint32_t types[TH_VERDICT_TYPES][2]; /* of th_verdict_patient, once known */
} th_co_judge;

void th_co_judge_dispose(th_co_judge *j); /* zero is a new one */
/* A fact of the patient that will be asked for; local: its form among the key's. */
bool th_co_judge_add(th_co_judge *j, const th_cohort *c, uint32_t key, uint32_t local,
                     int32_t begin, int32_t end);
/* The answer for a person with the facts that were added, which are then forgotten. TH_ANSWER_NONE:
 * out of memory. */
uint8_t th_co_judge_ask(th_co_judge *j, const th_co_facts *s, const th_co_fact *f, uint32_t person);

/* Once all are put: what bears on fact i; then the answers of persons [from, to). Any number of
 * threads, each with its own facts and persons. */
int th_co_facts_bear(th_co_facts *s, uint32_t i, th_co_judge *j, th_err *err) TH_MUST_USE;
int th_co_facts_persons(th_co_facts *s, uint32_t from, uint32_t to, th_co_judge *j,
                        th_err *err) TH_MUST_USE;

#endif
