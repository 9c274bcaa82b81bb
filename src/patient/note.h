/* A note while it is being read: its words, and what each stands in. */
#ifndef TH_PATIENT_NOTE_H
#define TH_PATIENT_NOTE_H

#include "patient/internal.h"
#include "patient/lexicon.h"

/* Bit of words before "was negative": a test was done all the same. */
#define TH_CUES_NEGATIVE (1u << 15)
/* Words of a test whose result is told: they name nothing besides. */
#define TH_CUES_TOLD (1u << 14)

/* A sentence, and the section it stands in. */
typedef struct th_sentence {
  uint32_t from, to; /* tokens */
  uint8_t section;   /* th_section */
  th_span header;    /* words of the section's header; empty = none */
} th_sentence;

typedef struct th_note {
  th_reading *r;
  th_span text;
  uint32_t base;    /* of text[0] in the source */
  th_span resource; /* for facts without a section */
  th_elig_tokens v;
  th_sentence *sentences; /* in arena, covering all tokens but headers */
  uint32_t n_sentences;
  uint16_t *cues; /* by token: bits 1 << th_cue, TH_CUES_NEGATIVE, TH_CUES_TOLD */
  bool *spent;    /* by token: the date of a value, and of nothing else */
} th_note;

/* Cuts the tokens into sentences (sentences.c). A sentence ends at a full stop, an empty line, a
 * line that starts a list item, and around headers. */
int th_note_sentences(th_note *note) TH_MUST_USE;
/* Fills note->cues (context.c). */
int th_note_context(th_note *note) TH_MUST_USE;
/* What the cues make asides, kept in the patient (asides.c). */
int th_note_asides(th_note *note) TH_MUST_USE;
/* Age and sex (person.c). */
void th_note_person(th_note *note);
/* Numbers of attributes (values.c). */
void th_note_values(th_note *note);
/* Genes and markers, stages and classes (markers.c). */
void th_note_markers(th_note *note);
/* Infections that tests tell (serology.c). */
void th_note_serology(th_note *note);
/* Concepts (mentions.c). */
int th_note_mentions(th_note *note) TH_MUST_USE;

/* The date that begins at token i, *end behind it (dates.c); a year that stands alone. */
bool th_note_date(const th_note *note, uint32_t i, th_date *out, uint32_t *end);
bool th_note_year(const th_note *note, uint32_t i, th_date *out);

/* The fact said by tokens [from, to) of the note's text, or by bytes. */
void th_note_place(const th_note *note, th_patient_fact *fact, uint32_t from_byte,
                   uint32_t to_byte);
/* Sets certainty, time, experiencer, absent and flags from the cues at the token and the section.
 */
void th_note_apply(const th_note *note, const th_sentence *s, uint32_t token,
                   th_patient_fact *fact);
/* The sentence of a token; *hint is where the last search ended, start with 0 and ask in order. */
const th_sentence *th_note_sentence_of(const th_note *note, uint32_t token, uint32_t *hint);

enum { TH_NOTE_NAME_TOKENS = 64 };

/* A short text as a note of one sentence, its tokens in room; false when it is empty or too long.
 */
bool th_note_of_name(th_reading *r, th_span text, th_elig_token room[TH_NOTE_NAME_TOKENS],
                     th_note *out, th_sentence *s);
/* Adds the fact with place, time and certainty of another. */
void th_note_add_like(th_reading *r, const th_patient_fact *like, th_patient_fact *f);

static inline bool th_note_is(const th_note *note, uint32_t i, const char *word) {
  if (i >= note->v.n || note->v.p[i].kind != TH_ELIG_WORD) return false;
  th_span s = {note->text.p + note->v.p[i].from, note->v.p[i].to - note->v.p[i].from};
  return th_span_eq_nocase(s, th_span_of(word));
}
static inline bool th_note_sign(const th_note *note, uint32_t i, char c) {
  return i < note->v.n && note->v.p[i].kind == TH_ELIG_SIGN && note->v.p[i].key == (unsigned char)c;
}
/* Whether the word at token i is one of those in the list, separated by blanks. */
bool th_note_among(const th_note *note, uint32_t i, const char *words);
static inline bool th_note_number(const th_note *note, uint32_t i) {
  return i < note->v.n && note->v.p[i].kind == TH_ELIG_NUM;
}

#endif
