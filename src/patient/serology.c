/* Tests that tell an infection, and what they are found to be.
 *
 *   result := test { joint test } [":" | "is" | "was" …] state     "HBsAg, anti-HCV: negative"
 *           | state ("for" | "to") test { joint test }             "seronegative for HIV"
 *   state  := positive | reactive | detected | "+" | … | negative | nonreactive | "not detected" |
 * … test   := eligibility/infections.h, with words of a test, or the bare name of an infection
 *
 * A positive test is the infection. None of a virus in the blood does not deny it, and antibodies
 * that only show that somebody met the virus or the vaccine say nothing of it: such results are
 * taken and told as no fact. A test without a result stays with the names of concepts, but for one
 * that is only planned or open. */
#include "eligibility/infections.h"
#include "patient/note.h"

enum { MEMBERS = 8, FILLERS = 5, STATE_BEFORE = 4 };

typedef enum result { NO_RESULT, FOUND, NOT_FOUND, SUPPRESSED, OPEN } result;

typedef struct list {
  struct {
    uint32_t from;
    th_elig_infection_test test;
  } p[MEMBERS];
  uint32_t n, end;
} list;

static bool is_joint(const th_note *note, uint32_t i) {
  return th_note_sign(note, i, ',') || th_note_sign(note, i, '/') || th_note_sign(note, i, '&') ||
         th_note_among(note, i, "and or");
}

/* Whether a member is an illness somebody has, and no part of the list behind it: "chronic
 * hepatitis B, HBeAg negative", "hepatitis C, HIV negative". Lists of bare names say "and" or "or".
 */
static bool is_illness(const th_note *note, const list *l, uint32_t k, bool told) {
  const th_elig_infection_test *t = &l->p[k].test;
  if (t->tests) return false;
  for (uint32_t m = k + 1; m < l->n; m++)
    if (l->p[m].test.which & t->which) return true;
  return !told && k + 1 < l->n && th_note_among(note, l->p[k].from, "hepatitis hep");
}

static void drop_illnesses(const th_note *note, list *l, bool told) {
  uint32_t n = 0;
  while (n < l->n && is_illness(note, l, n, told))
    n++;
  memmove(l->p, l->p + n, (l->n - n) * sizeof *l->p);
  l->n -= n;
}

/* "HBsAg, anti-HCV and HIV Ab" from token i on. */
static bool list_at(const th_note *note, const th_sentence *s, uint32_t i, list *out) {
  bool told = false; /* "and", "or": that it is a list */
  *out = (list){.end = i};
  while (out->n < MEMBERS && th_elig_infection_at(note->v.p, s->to, i, &out->p[out->n].test)) {
    out->p[out->n].from = i;
    out->end = i = out->p[out->n++].test.end;
    while (i < out->end + 2 && is_joint(note, i))
      told |= !th_note_sign(note, i++, ',');
    if (i == out->end) break;
  }
  drop_illnesses(note, out, told);
  return out->n > 0;
}

/* The state that begins at token i. */
static result state_at(const th_note *note, uint32_t i, uint32_t *end) {
  *end = i + 1;
  if (th_note_among(note, i, "positive pos reactive detected present seropositive positivity"))
    return FOUND;
  if (th_note_among(note, i,
                    "negative neg nonreactive undetected absent seronegative nr negativity"))
    return NOT_FOUND;
  if (th_note_among(note, i, "undetectable suppressed")) return SUPPRESSED;
  if (th_note_among(note, i, "pending sent ordered unknown indeterminate equivocal inconclusive"))
    return OPEN;
  uint32_t k = i + 1 + th_note_sign(note, i + 1, '-');
  if (th_note_among(note, i, "non not") && th_note_among(note, k, "reactive detected detectable"))
    return *end = k + 1, NOT_FOUND;
  if (th_note_is(note, i, "not") && th_note_among(note, k, "done performed sent tested available"))
    return *end = k + 1, OPEN;
  k = i + th_note_sign(note, i, '(');
  bool plus = th_note_sign(note, k, '+'), minus = th_note_sign(note, k, '-');
  if (!plus && !minus) return NO_RESULT;
  if (k > i ? !th_note_sign(note, k + 1, ')')
            : (note->v.p[k].flags & TH_ELIG_SPACE_BEFORE) ||
                  (k + 1 < note->v.n && !(note->v.p[k + 1].flags & TH_ELIG_SPACE_BEFORE) &&
                   note->v.p[k + 1].kind != TH_ELIG_SIGN))
    return NO_RESULT;
  return *end = k + 1 + (k > i), plus ? FOUND : NOT_FOUND;
}

static bool is_filler(const th_note *note, uint32_t i) {
  return th_note_sign(note, i, ':') || th_note_sign(note, i, '-') || th_note_sign(note, i, '=') ||
         th_note_among(note, i,
                       "is was were are status result results test tests testing screen screening "
                       "came back returned both all also remains infection");
}

/* "(4th generation)": the token behind it. */
static uint32_t over_aside(const th_note *note, const th_sentence *s, uint32_t i) {
  if (!th_note_sign(note, i, '(')) return i;
  for (uint32_t k = i + 1; k < s->to && k < i + 2 + FILLERS; k++)
    if (th_note_sign(note, k, ')')) return k + 1;
  return i;
}

static result state_behind(const th_note *note, const th_sentence *s, uint32_t i, uint32_t *end) {
  for (uint32_t n = 0; n <= FILLERS && i < s->to; n++, i++) {
    result found = state_at(note, i, end);
    if (found != NO_RESULT && *end <= s->to) return found;
    uint32_t behind = over_aside(note, s, i);
    if (behind == i && !is_filler(note, i)) break;
    if (behind > i) i = behind - 1;
  }
  return NO_RESULT;
}

/* "negative for", "tested positive for": the state whose list begins at token i. */
static result state_before(const th_note *note, const th_sentence *s, uint32_t i, uint32_t *from) {
  uint32_t end;
  *from = i;
  if (i < s->from + 2 || !th_note_among(note, i - 1, "for to")) return NO_RESULT;
  for (uint32_t k = i - 1; k > s->from && i - k < STATE_BEFORE; k--) {
    result found = state_at(note, k - 1, &end);
    if (found == FOUND || found == NOT_FOUND) return *from = k - 1, found;
    if (!th_note_among(note, k - 1, "serology serologies results result test tests screen"))
      return NO_RESULT;
  }
  return NO_RESULT;
}

static void add_infection(th_note *note, const th_sentence *s, uint32_t token, uint32_t from,
                          uint32_t to, int which, bool absent) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
  f.category = TH_ELIG_CONDITION;
  th_terms_name(note->r, th_span_of(th_elig_infection_names[which]), &f);
  th_note_apply(note, s, token, &f);
  f.absent = absent; /* the result's own word is a cue of context too */
  th_note_place(note, &f, from, to);
  th_reading_add(note->r, &f);
}

/* What a result says of an infection. Who is told that no HIV is left in the blood has it. */
static bool is_told(const th_elig_infection_test *t, int which, result state, bool *absent) {
  *absent = state == NOT_FOUND || (state == SUPPRESSED && !t->amount);
  if (!(t->which >> which & 1) || state == OPEN || t->immune) return false;
  return !t->amount || state == FOUND || (state == SUPPRESSED && which == TH_ELIG_HIV);
}

static void add_list(th_note *note, const th_sentence *s, const list *l, result state,
                     uint32_t from, uint32_t to) {
  bool absent;
  for (uint32_t i = from; i < to; i++)
    note->cues[i] |= TH_CUES_TOLD;
  for (uint32_t k = 0; k < l->n; k++) {
    const th_elig_infection_test *t = &l->p[k].test;
    uint32_t end = k + 1 == l->n ? TH_MAX(to, t->end) : t->end;
    for (int which = 0; which < TH_ELIG_N_INFECTIONS; which++)
      if (is_told(t, which, state, &absent))
        add_infection(note, s, l->p[k].from, note->v.p[l->p[k].from].from, note->v.p[end - 1].to,
                      which, absent);
  }
}

void th_note_serology(th_note *note) {
  for (uint32_t n = 0; n < note->n_sentences; n++) {
    const th_sentence *s = &note->sentences[n];
    list l;
    for (uint32_t i = s->from, end, from; i < s->to; i++) {
      if (!list_at(note, s, i, &l)) continue;
      result state = state_behind(note, s, l.end, &end);
      if (state != NO_RESULT) {
        add_list(note, s, &l, state, l.p[0].from, end);
        i = end - 1;
        continue;
      }
      state = state_before(note, s, i, &from);
      if (state != NO_RESULT) add_list(note, s, &l, state, l.p[0].from, l.end);
      i = l.end - 1;
    }
  }
}

bool th_serology_of_name(th_reading *r, th_span name, th_span said, const th_patient_fact *like) {
  th_elig_token room[TH_NOTE_NAME_TOKENS], more[TH_NOTE_NAME_TOKENS];
  th_note note, answer;
  th_sentence s, ignored;
  list l;
  uint32_t end;
  bool absent, any = false;
  if (!th_note_of_name(r, name, room, &note, &s) ||
      !th_note_of_name(r, said, more, &answer, &ignored))
    return false;
  result state = state_at(&answer, 0, &end);
  for (uint32_t i = 0; i < s.to && state != NO_RESULT && !any; i++) {
    if (!list_at(&note, &s, i, &l)) continue;
    for (int which = 0; which < TH_ELIG_N_INFECTIONS; which++) {
      if (!is_told(&l.p[0].test, which, state, &absent)) continue;
      th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
      f.category = TH_ELIG_CONDITION;
      th_terms_name(r, th_span_of(th_elig_infection_names[which]), &f);
      f.absent = absent != like->absent;
      th_note_add_like(r, like, &f);
    }
    any = !l.p[0].test.immune;
  }
  return any;
}
