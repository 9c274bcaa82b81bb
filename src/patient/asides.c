/* Which stretches of a note do not speak of what the patient has, by the cues of context.c. Whoever
 * looks for words of the note that are no facts (match/topic.h) needs them. */
#include "patient/note.h"

enum { NOT_SO = 1u << TH_CUE_ABSENT | 1u << TH_CUE_FAMILY | TH_CUES_NEGATIVE };

int th_note_asides(th_note *note) {
  th_patient *p = note->r->p;
  th_patient_aside *list = th_arena_calloc(note->r->arena, note->v.n + 1, sizeof *list);
  uint32_t n = 0;
  if (!list) return th_reading_fail(note->r, TH_ENOMEM);
  for (uint32_t k = 0; k < note->n_sentences; k++) {
    const th_sentence *s = &note->sentences[k];
    bool open = false; /* the last aside reaches to the token before */
    for (uint32_t i = s->from; i < s->to; i++) {
      const th_elig_token *t = &note->v.p[i];
      bool aside = s->section == TH_SECTION_FAMILY || note->cues[i] & NOT_SO;
      if (aside && open) list[n - 1].to = t->to;
      if (aside && !open) list[n++] = (th_patient_aside){t->from, t->to};
      open = aside;
    }
  }
  p->asides = list;
  p->n_asides = n;
  return 0;
}

bool th_patient_is_aside(const th_patient *p, uint32_t at) {
  uint32_t low = 0, high = p->n_asides;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (p->asides[mid].to <= at)
      low = mid + 1;
    else
      high = mid;
  }
  return low < p->n_asides && p->asides[low].from <= at;
}
