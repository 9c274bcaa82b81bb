/* A clinical note: the steps, and what they share. */
#include "patient/note.h"

#include "eligibility/phrases.h"

bool th_note_among(const th_note *note, uint32_t i, const char *words) {
  if (i >= note->v.n || note->v.p[i].kind == TH_ELIG_SIGN) return false;
  th_span s = {note->text.p + note->v.p[i].from, note->v.p[i].to - note->v.p[i].from};
  while (*words) {
    size_t n = strcspn(words, " ");
    if (th_span_eq_nocase(s, (th_span){words, n})) return true;
    words += n + (words[n] == ' ');
  }
  return false;
}

void th_note_place(const th_note *note, th_patient_fact *fact, uint32_t from_byte,
                   uint32_t to_byte) {
  fact->from = note->base + from_byte;
  fact->to = note->base + to_byte;
  fact->note_from = from_byte;
  fact->note_to = to_byte;
}

const th_sentence *th_note_sentence_of(const th_note *note, uint32_t token, uint32_t *hint) {
  while (*hint < note->n_sentences && note->sentences[*hint].to <= token)
    ++*hint;
  if (*hint == note->n_sentences || note->sentences[*hint].from > token) return NULL;
  return &note->sentences[*hint];
}

/* What somebody is on: a drug, or what goes on for some time; "on CT" is where something was seen.
 */
static bool may_be_on(const th_patient_fact *fact) {
  static const char *const lasting[] = {"dialysis",  "therapy", "ventilation", "pressure",
                                        "nutrition", "feeding", "oxygenation", "support"};
  if (fact->category == TH_ELIG_DRUG) return true;
  for (size_t i = 0; fact->category == TH_ELIG_PROCEDURE && i < TH_COUNT(lasting); i++) {
    th_span end = th_span_of(lasting[i]);
    if (fact->label.n >= end.n &&
        th_span_eq_nocase((th_span){fact->label.p + fact->label.n - end.n, end.n}, end))
      return true;
  }
  return false;
}

static uint8_t time_of(const th_note *note, uint32_t token, const th_patient_fact *fact,
                       unsigned cues, uint8_t section) {
  bool doing = fact->category == TH_ELIG_PROCEDURE || fact->category == TH_ELIG_DRUG;
  if (may_be_on(fact) && !fact->absent && token &&
      th_note_among(note, token - 1, "on taking receiving"))
    return TH_ELIG_CURRENT;
  if (cues & 1u << TH_CUE_PLANNED) return TH_ELIG_PLANNED;
  if (cues & 1u << TH_CUE_PAST) return TH_ELIG_PAST;
  if (section == TH_SECTION_PLAN && doing) return TH_ELIG_PLANNED;
  if (fact->category == TH_ELIG_PROCEDURE && !fact->absent &&
      (cues & 1u << TH_CUE_HISTORY || section == TH_SECTION_PAST))
    return TH_ELIG_PAST;
  if (section == TH_SECTION_DRUGS && doing) return TH_ELIG_CURRENT;
  return fact->time;
}

void th_note_apply(const th_note *note, const th_sentence *s, uint32_t token,
                   th_patient_fact *fact) {
  unsigned cues = note->cues[token];
  uint8_t section = s ? s->section : TH_SECTION_CURRENT;
  fact->absent |= (cues & 1u << TH_CUE_ABSENT) != 0;
  if (cues & TH_CUES_NEGATIVE && fact->category != TH_ELIG_PROCEDURE) fact->absent = true;
  if (cues & 1u << TH_CUE_SUSPECT) fact->certainty = TH_CERTAIN_SUSPECTED;
  if (cues & 1u << TH_CUE_HYPO) fact->certainty = TH_CERTAIN_HYPOTHETICAL;
  if (cues & 1u << TH_CUE_FAMILY || section == TH_SECTION_FAMILY) fact->experiencer = TH_OF_FAMILY;
  if (cues & (1u << TH_CUE_HISTORY | 1u << TH_CUE_PAST) || section == TH_SECTION_PAST)
    fact->flags |= TH_FACT_HISTORY;
  if (cues & (1u << TH_CUE_PAST | 1u << TH_CUE_PLANNED)) fact->flags |= TH_FACT_STATED_NOW;
  bool drug = fact->category == TH_ELIG_DRUG && fact->type == TH_FACT_CONCEPT;
  if (drug && (cues & 1u << TH_CUE_ALLERGY || section == TH_SECTION_ALLERGIES)) {
    fact->category = TH_ELIG_ALLERGY;
    fact->time = TH_ELIG_CURRENT;
  } else if (fact->type == TH_FACT_CONCEPT) {
    fact->time = time_of(note, token, fact, cues, section);
  }
  fact->resource = s && s->header.n ? s->header : note->resource;
}

int th_patient_read_note(th_reading *r, th_span text, uint32_t base, th_span resource) {
  th_note note = {.r = r, .text = text, .base = base, .resource = resource};
  note.v.arena = r->arena;
  r->p->note = text;
  if (th_lex_ready() < 0) return th_reading_fail(r, TH_ENOMEM);
  th_elig_tokenize(text, 0, (uint32_t)text.n, &note.v);
  note.cues = th_arena_calloc(r->arena, note.v.n + 1, sizeof *note.cues);
  note.spent = th_arena_calloc(r->arena, note.v.n + 1, sizeof *note.spent);
  if (note.v.failed || !note.cues || !note.spent) return th_reading_fail(r, TH_ENOMEM);
  int rc = th_note_sentences(&note);
  if (rc == 0) rc = th_note_context(&note);
  if (rc == 0) rc = th_note_asides(&note);
  if (rc < 0) return rc;
  th_note_person(&note);
  th_note_values(&note);
  th_note_markers(&note);
  th_note_serology(&note);
  rc = th_note_mentions(&note);
  return rc < 0 ? rc : r->rc;
}

/* ---- names and answers of structured records ---- */

void th_note_add_like(th_reading *r, const th_patient_fact *like, th_patient_fact *f) {
  f->resource = like->resource;
  f->from = like->from, f->to = like->to;
  f->has_begin = like->has_begin;
  f->begin = like->begin;
  f->certainty = like->certainty;
  f->time = TH_ELIG_CURRENT;
  if (f->type == TH_FACT_VALUE) th_measure_canonical(f);
  th_reading_add(r, f);
}

bool th_note_of_name(th_reading *r, th_span text, th_elig_token room[TH_NOTE_NAME_TOKENS],
                     th_note *out, th_sentence *s) {
  *out = (th_note){.r = r, .text = text, .v = {.p = room, .cap = TH_NOTE_NAME_TOKENS}};
  if (text.n == 0 || text.n > TH_NOTE_NAME_TOKENS * 4 || th_elig_phrases_ready() < 0) return false;
  th_elig_tokenize(text, 0, (uint32_t)text.n, &out->v);
  *s = (th_sentence){.from = 0, .to = out->v.n};
  return !out->v.failed && out->v.n > 0;
}
