/* Context of a note's words: what is denied, suspected, past, of relatives. The method is ConText
 * (cues.def names the source): a cue reaches from where it stands to the end of its clause. Reaches
 * are kept as one set of bits that runs along with the words, so that any sentence is read in time
 * linear in its length; only looking back is bounded by BACK_MAX words. */
#include "patient/note.h"

enum { BACK_MAX = 14, PARENS_MAX = 4 };

#define BIT(cue) (1u << (cue))

typedef struct running {
  th_note *note;
  uint32_t from, to; /* the sentence */
  uint32_t last_or;  /* its last "or", or "and" behind a comma */
  unsigned now;      /* bits in force */
  unsigned near;     /* those that end at the next comma */
  unsigned list;     /* those that do unless an "or" comes */
  unsigned held[PARENS_MAX];
  unsigned depth;
} running;

static void clear(running *run) {
  run->now = run->near = run->list = 0;
}

static bool is_plural(const th_note *note, uint32_t i) {
  return th_note_among(note, i, "were are");
}

/* Marks what stands before token i. "A, B and C were negative" reaches over commas. */
static void mark_back(running *run, uint32_t i, unsigned bit) {
  th_note *note = run->note;
  bool commas = is_plural(note, i);
  for (uint32_t k = i, n = 0; k-- > run->from && n < BACK_MAX; n++) {
    if (th_note_sign(note, k, ';') || th_note_sign(note, k, '(') || th_note_sign(note, k, ')'))
      break;
    if (th_note_sign(note, k, ',') && !commas && k + 1 < i) break; /* "tuberculosis, resolved" */
    if (th_note_among(note, k,
                      "has have had is was with but although showed shows reports presents "
                      "presented for admitted revealed on"))
      break;
    note->cues[k] |= (uint16_t)bit;
  }
}

static void take_cue(running *run, const th_lex_cue *cue, uint32_t i) {
  unsigned bit = BIT(cue->cue);
  if (cue->cue == TH_CUE_NOTHING) return;
  if (cue->cue == TH_CUE_STOP) {
    clear(run);
    return;
  }
  if (cue->reach & TH_REACH_BACK)
    mark_back(run, i, cue->cue == TH_CUE_ABSENT ? TH_CUES_NEGATIVE : bit);
  if (!(cue->reach & TH_REACH_FORWARD)) return;
  if (cue->reach & TH_REACH_PAST) bit |= BIT(TH_CUE_HISTORY);
  run->now |= bit;
  run->near = cue->reach & TH_REACH_NEAR ? run->near | bit : run->near & ~bit;
  bool opens = i == run->from; /* "No fever, chills, cough." */
  run->list = cue->reach & TH_REACH_LIST && !opens ? run->list | bit : run->list & ~bit;
}

/* "CT: no hemorrhage": a colon in front of a denial that goes on is none of its own; "stroke: no."
 * is. */
static bool goes_on(const running *run, uint32_t i, uint32_t end) {
  const th_note *note = run->note;
  return (th_note_sign(note, i, ':') || th_note_sign(note, i, '-')) && end < run->to &&
         note->v.p[end].kind != TH_ELIG_SIGN;
}

static bool cue_at(running *run, uint32_t i, uint32_t *end) {
  th_note *note = run->note;
  int row = th_lex_find(TH_LEX_CUE, note->text, note->v.p, run->to, i, false, end);
  if (row < 0 || goes_on(run, i, *end)) return row >= 0 && (*end = i + 1, true);
  take_cue(run, &th_lex_cues[row], i);
  for (uint32_t k = i; k < *end; k++)
    note->cues[k] |= (uint16_t)(run->now & ~BIT(th_lex_cues[row].cue));
  return true;
}

/* A term of our own that begins here and holds more than the cue, as "stopped smoking": the cue is
 * part of it. */
static bool term_at(const running *run, uint32_t i, uint32_t *end) {
  const th_note *note = run->note;
  uint32_t cue_end = i;
  if (th_lex_find(TH_LEX_TERM, note->text, note->v.p, run->to, i, false, end) < 0) return false;
  (void)th_lex_find(TH_LEX_CUE, note->text, note->v.p, run->to, i, false, &cue_end);
  return *end >= cue_end;
}

/* "Mother had", "father: died of", "in her sister". Relatives who only report or come along say
 * nothing. */
static bool relative_at(running *run, uint32_t i, uint32_t *end) {
  th_note *note = run->note;
  if (th_lex_find(TH_LEX_RELATIVE, note->text, note->v.p, run->to, i, false, end) < 0) return false;
  uint32_t e = *end, k = i;
  while (k > run->from && i - k < 3 &&
         th_note_among(note, k - 1, "his her their a the maternal paternal older younger and or"))
    k--;
  if (k > run->from && k < i && th_note_is(note, k - 1, "in"))
    mark_back(run, k - 1, BIT(TH_CUE_FAMILY));
  if (k > run->from && th_note_among(note, k - 1, "by to from")) return true;
  if (th_note_sign(note, e, '(')) e++;
  if (!th_note_among(
          note, e,
          "had has have died dies with who diagnosed suffered suffers was is were are also "
          "passed deceased living alive s/p recently") &&
      !th_note_sign(note, e, ':') && !th_note_sign(note, e, '-'))
    return true;
  run->now |= BIT(TH_CUE_FAMILY);
  run->near &= ~BIT(TH_CUE_FAMILY);
  uint32_t stop;
  int row = th_lex_find(TH_LEX_CUE, note->text, note->v.p, run->to, e, false, &stop);
  if (row >= 0 && th_lex_cues[row].cue == TH_CUE_STOP) *end = stop;
  return true;
}

static void take_sign(running *run, uint32_t i) {
  const th_elig_token *t = &run->note->v.p[i];
  switch (t->key) {
  case ';':
    clear(run);
    break;
  case ',':
    run->now &= ~run->near;
    run->near = 0;
    if (run->last_or == UINT32_MAX || run->last_or <= i) run->now &= ~run->list;
    break;
  case '(':
    if (run->depth < PARENS_MAX) run->held[run->depth] = run->now;
    run->depth++;
    break;
  case ')':
    if (run->depth == 0) break;
    if (--run->depth < PARENS_MAX) run->now = run->held[run->depth];
    break;
  default:
    break;
  }
}

static void find_last_or(running *run) {
  const th_note *note = run->note;
  run->last_or = UINT32_MAX;
  for (uint32_t i = run->from; i < run->to; i++)
    if (th_note_among(note, i, "or nor") ||
        (th_note_is(note, i, "and") && i && th_note_sign(note, i - 1, ',')))
      run->last_or = i;
}

static void read_sentence(th_note *note, const th_sentence *s) {
  running run = {.note = note, .from = s->from, .to = s->to};
  find_last_or(&run);
  for (uint32_t i = s->from, end; i < s->to; i = end) {
    end = i + 1;
    if (note->v.p[i].kind == TH_ELIG_SIGN && !th_note_sign(note, i, ':')) take_sign(&run, i);
    if (term_at(&run, i, &end)) {
      for (uint32_t k = i; k < end; k++)
        note->cues[k] |= (uint16_t)run.now;
      continue;
    }
    if (relative_at(&run, i, &end)) continue;
    if (cue_at(&run, i, &end)) continue;
    note->cues[i] |= (uint16_t)run.now;
  }
}

int th_note_context(th_note *note) {
  for (uint32_t i = 0; i < note->n_sentences; i++)
    read_sentence(note, &note->sentences[i]);
  return note->r->rc;
}
