/* A patient as what to look for: weighted words, concepts, age and sex.
 *
 * Of a note all words count, those of conditions and drugs more; of a record or form without one
 * the names of what it lists. What is denied, hypothetical or of relatives is left out. */
#ifndef TH_MATCH_TOPIC_H
#define TH_MATCH_TOPIC_H

#include "base/arena.h"
#include "base/common.h"
#include "concept/concept.h"
#include "match/tuning.h"
#include "patient/patient.h"

typedef struct th_topic_word {
  th_span stem; /* as the index has it; in arena */
  float weight; /* > 0; the idf is not in it */
} th_topic_word;

typedef struct th_topic_concept {
  th_span said;        /* as the record says it; in arena */
  uint32_t concept_id; /* TH_NO_CONCEPT: the dictionary does not know it */
  th_concept_kind kind;
  float weight;   /* > 0 */
  uint32_t n;     /* mentions */
  uint32_t place; /* of the first mention: bytes from the beginning */
} th_topic_concept;

typedef struct th_topic {
  th_arena arena;             /* owned; wiped */
  const th_topic_word *words; /* by stem, each once */
  uint32_t n_words;
  const th_topic_concept *concepts; /* by falling weight, then by place */
  uint32_t n_concepts;
  char sex;                 /* 'F', 'M', 0 = not said */
  double age_low, age_high; /* years, [low, high); NAN = not said */
} th_topic;

enum {
  TH_TOPIC_NOTE_MAX = 4 << 20, /* bytes; longer notes are refused */
  TH_TOPIC_WORDS_MAX = 1024,   /* the heaviest are kept */
  TH_TOPIC_CONCEPTS_MAX = 48,
  TH_TOPIC_MEMORY_MAX = 256 << 20,
};

/* p, dict: borrowed during the call; dict is the one that p was read with, NULL or empty: then the
 * built-in terms alone are concepts. *out is always left so that th_topic_dispose may be called.
 * The same patient gives the same topic, in any order of the facts. Errors: TH_ELIMIT, TH_ENOMEM.
 * Messages hold nothing of the patient. */
int th_topic_read(th_topic *out, const th_patient *p, const th_concepts *dict,
                  const th_match_tuning *tuning, th_err *err) TH_MUST_USE;
/* Overwrites and frees all. A zeroed topic is allowed. */
void th_topic_dispose(th_topic *topic);

#endif
