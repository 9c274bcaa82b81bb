/* A patient's note as what to look for: weighted words, concepts, age and sex.
 *
 * What the note denies or says of relatives is left out. Whoever has read the patient into facts
 * (patient/patient.h) will make the same structure from these; the note itself is all that is
 * needed here. */
#ifndef TH_MATCH_TOPIC_H
#define TH_MATCH_TOPIC_H

#include "base/arena.h"
#include "base/common.h"
#include "concept/concept.h"
#include "match/tuning.h"

typedef struct th_topic_word {
  th_span stem; /* as the index has it; in arena */
  float weight; /* > 0; the idf is not in it */
} th_topic_word;

typedef struct th_topic_concept {
  th_span said; /* as the note says it; in arena */
  uint32_t concept_id;
  th_concept_kind kind;
  float weight;      /* > 0 */
  uint32_t n;        /* mentions */
  uint32_t from, to; /* bytes of the first mention */
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

/* Reads a note, English, UTF-8. dict may be NULL or empty: then words alone count. *out is always
 * left so that th_topic_dispose may be called. The same note gives the same topic, whatever was
 * read before. Errors: TH_ELIMIT, TH_ENOMEM. Messages hold nothing of the note. */
int th_topic_read(th_topic *out, th_span note, const th_concepts *dict,
                  const th_match_tuning *tuning, th_err *err) TH_MUST_USE;
/* Overwrites and frees all. A zeroed topic is allowed. */
void th_topic_dispose(th_topic *topic);

#endif
