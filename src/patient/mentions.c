/* Concepts of a note: where they stand, how severe, since when. */
#include "eligibility/attributes.h"
#include "eligibility/phrases.h"
#include "patient/note.h"

enum { REACH = 10 }; /* words between a time and what it is said of */

typedef struct mention {
  uint32_t first, behind; /* tokens */
  th_patient_fact fact;
} mention;

typedef struct mentions {
  th_note *note;
  uint32_t token, hint;
  mention *p; /* in arena */
  uint32_t n, cap;
} mentions;

/* "severe", "moderate to severe" in front; "stage IIIB", "NYHA class III", "grade 2" on either
 * side. */
static th_span degree_of(const th_note *note, const th_sentence *s, uint32_t first,
                         uint32_t behind) {
  static const char how[] =
      "mild moderate severe critical advanced refractory uncontrolled well-controlled controlled "
      "poorly-controlled metastatic massive minimal extensive relapsed recurrent terminal "
      "end-stage profound decompensated";
  uint32_t from = first, to = first;
  while (from > s->from && first - from < 4 &&
         (th_note_among(note, from - 1, how) ||
          (from < first && th_note_among(note, from - 1, "to and"))))
    from--;
  while (from < first && th_note_among(note, from, "to and"))
    from++;
  if (from == to && behind + 1 < s->to) {
    uint32_t at = behind + (th_note_sign(note, behind, ',') || th_note_sign(note, behind, '('));
    uint32_t k = at + (th_note_is(note, at, "nyha") ? 1 : 0);
    if (th_note_among(note, k, "stage class grade") && k + 1 < s->to &&
        note->v.p[k + 1].kind != TH_ELIG_SIGN)
      from = at, to = k + 2;
  }
  if (from >= to) return (th_span){0};
  uint32_t a = note->v.p[from].from, b = note->v.p[to - 1].to;
  return th_reading_text(note->r, (th_span){note->text.p + a, b - a});
}

static mention *add_mention(mentions *m) {
  if (m->n == m->cap) {
    uint32_t cap = m->cap ? m->cap * 2 : 64;
    mention *p = th_arena_alloc(m->note->r->arena, cap * sizeof *p);
    if (!p) {
      th_reading_fail(m->note->r, TH_ENOMEM);
      return NULL;
    }
    if (m->n) memcpy(p, m->p, m->n * sizeof *p);
    m->p = p, m->cap = cap;
  }
  return &m->p[m->n++];
}

/* "serum creatinine": what is measured is no drug that is taken. */
static bool is_measure(const th_note *note, const th_sentence *s, uint32_t token,
                       const th_term *t) {
  uint32_t end;
  if (t->category != TH_ELIG_DRUG && t->category != TH_ELIG_FINDING) return false;
  for (uint32_t i = token > s->from ? token - 1 : token; i <= token; i++)
    if (th_elig_phrase_at(note->text, note->v.p, s->to, i, TH_ELIG_F_ATTRIBUTE, &end) >= 0 &&
        end > token && note->v.p[end - 1].to >= t->to)
      return true;
  return false;
}

static void take_term(void *ctx, const th_term *t) {
  mentions *m = ctx;
  th_note *note = m->note;
  while (m->token < note->v.n && note->v.p[m->token].to <= t->from)
    m->token++;
  const th_sentence *s = th_note_sentence_of(note, m->token, &m->hint);
  if (!s || (!t->own && is_measure(note, s, m->token, t))) return; /* also within a header */
  if (note->cues[m->token] & TH_CUES_TOLD) return;
  mention *at = add_mention(m);
  if (!at) return;
  at->first = at->behind = m->token;
  while (at->behind < s->to && note->v.p[at->behind].from < t->to)
    at->behind++;
  th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
  f.category = t->category;
  f.label = t->label;
  f.concept_id = t->concept_id;
  f.absent = t->absent;
  if (t->past) f.time = TH_ELIG_PAST, f.flags |= TH_FACT_HISTORY;
  th_note_apply(note, s, at->first, &f);
  /* "no metastases on MRI": it was done */
  if (f.category == TH_ELIG_PROCEDURE && f.absent && at->first > s->from &&
      th_note_among(note, at->first - 1, "on by per via") &&
      !(at->first > s->from + 1 &&
        th_note_among(note, at->first - 2, "not never longer currently")))
    f.absent = false;
  if (at->behind > at->first) f.degree = degree_of(note, s, at->first, at->behind);
  th_note_place(note, &f, t->from, t->to);
  at->fact = f;
}

/* ---- since when ---- */

typedef struct unit_word {
  const char *words;
  double days;
  uint8_t precision;
} unit_word;

static const unit_word unit_words[] = {{"day days", 1, TH_DATE_DAY},
                                       {"week weeks wk wks", 7, TH_DATE_DAY},
                                       {"month months mo mos", 30.4375, TH_DATE_MONTH},
                                       {"year years yr yrs", 365.25, TH_DATE_YEAR},
                                       {"decade decades", 3652.5, TH_DATE_YEAR}};

static const unit_word *unit_at(const th_note *note, uint32_t i) {
  for (size_t k = 0; k < TH_COUNT(unit_words); k++)
    if (th_note_among(note, i, unit_words[k].words)) return &unit_words[k];
  return NULL;
}

/* So many units ago, give or take half of one. */
static th_date date_ago(const th_note *note, double n, const unit_word *u) {
  int32_t as_of = note->r->p->as_of;
  double half = u->days > 1 ? u->days / 2 : 0;
  double least = n * u->days - half, most = n * u->days + half;
  return (th_date){as_of - (int32_t)floor(most), as_of - (int32_t)(least > 0 ? floor(least) : 0), 0,
                   u->precision};
}

/* "STEMI 2019", "mastectomy (2019)", "RA, diagnosed 2016", and in front of a line: "2019: STEMI".
 * behind: the token behind the mention before it. */
static bool lone_year(const th_note *note, const th_sentence *s, uint32_t i, uint32_t behind,
                      th_date *date) {
  if (!th_note_year(note, i, date)) return false;
  if (i == s->from || i == behind) return true;
  bool joined = th_note_sign(note, i - 1, '(') || th_note_sign(note, i - 1, ',');
  return (joined && i - 1 == behind) ||
         th_note_among(note, i - 1, "diagnosed dx diagnosis in since from circa");
}

/* "last month", "a year ago", "yesterday"; not "in the last month". */
static bool single_time(const th_note *note, const th_sentence *s, uint32_t i, th_date *date,
                        uint32_t *end) {
  static const unit_word day = {"", 1, TH_DATE_DAY};
  const unit_word *u = i + 1 < s->to ? unit_at(note, i + 1) : NULL;
  bool last =
      th_note_is(note, i, "last") &&
      !(i > s->from && th_note_among(note, i - 1, "the this within for over since his her"));
  bool ago = th_note_among(note, i, "a an") && th_note_among(note, i + 2, "ago earlier");
  *end = i + 2 + ago;
  if (u && (last || ago)) return *date = date_ago(note, 1, u), true;
  *end = i + 1;
  if (th_note_is(note, i, "yesterday")) return *date = date_ago(note, 1, &day), true;
  return false;
}

/* "in childhood", "as a child": before the patient was 18, when the age is known. */
static bool early_time(const th_note *note, const th_sentence *s, uint32_t i, th_date *date,
                       uint32_t *end) {
  enum { GROWN_UP = 18 };
  const double year = 365.25;
  bool child = th_note_is(note, i, "as") && th_note_is(note, i + 1, "a") &&
               th_note_among(note, i + 2, "child teenager boy girl baby kid");
  bool early = th_note_is(note, i, "in") && th_note_among(note, i + 1, "childhood infancy");
  *end = i + (child ? 3 : 2);
  if (!(child || early) || *end > s->to) return false;
  int attribute = th_elig_attribute_find(TH_SPAN("age"));
  for (uint32_t k = 0; k < note->r->n_facts; k++) {
    const th_patient_fact *f = &note->r->facts[k];
    if (f->attribute != attribute || !(f->canonical >= GROWN_UP)) continue;
    double most = f->relation == TH_ELIG_BETWEEN ? f->canonical_high : f->canonical + 1;
    int32_t as_of = note->r->p->as_of, birth = as_of - (int32_t)(most * year);
    *date = (th_date){birth, as_of - (int32_t)((f->canonical - GROWN_UP) * year), 0, TH_DATE_YEAR};
    return true;
  }
  return false;
}

/* "three years ago", "for the past 5 days", "x 2 weeks", "2-day history of", "since 2015". *end is
 * the token behind; *forward: said of what follows. */
static bool time_at(const th_note *note, const th_sentence *s, uint32_t i, uint32_t behind,
                    th_date *date, uint32_t *end, bool *forward) {
  const th_elig_token *t = &note->v.p[i];
  *forward = false;
  if (note->spent[i]) return false;
  if (th_note_date(note, i, date, end)) return true;
  if (lone_year(note, s, i, behind, date)) return *end = i + 1, *forward = i == s->from, true;
  if (single_time(note, s, i, date, end) || early_time(note, s, i, date, end)) return true;
  if (t->kind != TH_ELIG_NUM || !(t->value >= 0 && t->value < 4000)) return false;
  bool year = t->flags & TH_ELIG_INTEGER && t->value >= 1900 && t->value < 2200 && i > s->from &&
              th_note_among(note, i - 1, "in since");
  if (year && th_date_parse((th_span){note->text.p + t->from, t->to - t->from}, date))
    return *end = i + 1, true;
  uint32_t k = i + 1 + th_note_sign(note, i + 1, '-');
  const unit_word *u = k < s->to ? unit_at(note, k) : NULL;
  if (!u || t->value > 150) return false;
  *date = date_ago(note, t->value, u);
  *end = k + 1;
  if (th_note_among(note, k + 1, "ago prior earlier before")) return true;
  if (th_note_is(note, k + 1, "history") ||
      (th_note_is(note, k + 1, "of") && i > s->from && !th_note_among(note, i - 1, "age")))
    return *forward = true;
  uint32_t b = i;
  while (b > s->from && i - b < 3 &&
         th_note_among(note, b - 1, "the past last about approximately over nearly almost"))
    b--;
  return b > s->from &&
         (th_note_among(note, b - 1, "for x since over") || th_note_sign(note, b - 1, 'x'));
}

/* Whether the words between say that the time is of something that was done or ended then. */
static bool tells_of_other(const th_note *note, uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++)
    if (th_note_among(note, i,
                      "treated resected removed excised operated ended until till through stopped "
                      "finished completed resolved quit progressed last discharged died"))
      return true;
  return false;
}

/* "cisplatin and etoposide": nothing but joints between two mentions of one sort. */
static bool is_joined(const mentions *m, uint32_t k) {
  enum { JOINTS = 2 };
  const th_note *note = m->note;
  const mention *a = &m->p[k - 1], *b = &m->p[k];
  if (a->fact.category != b->fact.category || b->first <= a->behind ||
      b->first - a->behind > JOINTS)
    return false;
  for (uint32_t i = a->behind; i < b->first; i++)
    if (!th_note_sign(note, i, ',') && !th_note_sign(note, i, '/') && !th_note_sign(note, i, '+') &&
        !th_note_sign(note, i, '&') && !th_note_among(note, i, "and plus"))
      return false;
  return true;
}

/* "treated with cisplatin in 2015": what was done then is not going on. */
static bool was_done(const th_note *note, const th_sentence *s, uint32_t first, uint32_t time_at) {
  enum { NEAR = 4 };
  if (time_at == 0 || !th_note_among(note, time_at - 1, "in during")) return false;
  for (uint32_t k = first; k > s->from && first - k < NEAR; k--)
    if (th_note_among(note, k - 1, "treated received completed given underwent")) return true;
  return false;
}

/* "methotrexate stopped 3 years ago", "prednisone was discontinued in May": nothing else between.
 */
static bool was_ended(const th_note *note, uint32_t from, uint32_t to) {
  bool ended = false;
  for (uint32_t i = from; i < to; i++) {
    bool ends = th_note_among(note, i, "stopped discontinued ended finished completed");
    if (!ends && !th_note_sign(note, i, ',') && !th_note_among(note, i, "was were been has in on"))
      return false;
    ended |= ends;
  }
  return ended;
}

static void set_time(mention *m, th_date date, bool done) {
  if (m->fact.has_begin || m->fact.absent) return;
  m->fact.has_begin = true;
  m->fact.begin = date;
  if (!done || m->fact.category != TH_ELIG_DRUG) return;
  m->fact.has_end = true;
  m->fact.end = date;
  m->fact.time = TH_ELIG_PAST;
}

/* The time is of the nearest mention before it in the sentence, or the next one behind it, and of
 * those that a list joins to one before it. */
static void date_mentions(mentions *m) {
  const th_note *note = m->note;
  uint32_t next = 0;
  for (uint32_t k = 0; k < note->n_sentences; k++) {
    const th_sentence *s = &note->sentences[k];
    for (uint32_t i = s->from; i < s->to; i++) {
      th_date date;
      uint32_t end;
      bool forward;
      while (next < m->n && m->p[next].first < i)
        next++;
      mention *before = next > 0 && m->p[next - 1].first >= s->from ? &m->p[next - 1] : NULL;
      if (!time_at(note, s, i, before ? before->behind : 0, &date, &end, &forward)) continue;
      mention *after = next < m->n && m->p[next].behind <= s->to ? &m->p[next] : NULL;
      if (before && (forward || i - TH_MIN(before->behind, i) > REACH)) before = NULL;
      if (after && after->first - TH_MIN(end, after->first) > REACH) after = NULL;
      mention *of = before ? before : after;
      uint32_t at = i;
      i = end - 1;
      if (!of || of->fact.has_begin || of->fact.absent) continue;
      bool ended =
          of == before && of->fact.category == TH_ELIG_DRUG && was_ended(note, before->behind, at);
      if (of == before && !ended && of->fact.time != TH_ELIG_PAST &&
          tells_of_other(note, before->behind, at))
        continue;
      uint32_t last = (uint32_t)(of - m->p), first = last;
      while (of == before && first > 0 && m->p[first - 1].first >= s->from && is_joined(m, first))
        first--;
      bool done = ended || (of == before && was_done(note, s, m->p[first].first, at));
      for (uint32_t n = first; n <= last; n++)
        set_time(&m->p[n], date, done);
    }
  }
}

int th_note_mentions(th_note *note) {
  mentions m = {.note = note};
  int rc = th_terms_find(note->r, note->text, false, take_term, &m);
  if (rc < 0) return rc;
  date_mentions(&m);
  for (uint32_t i = 0; i < m.n; i++)
    th_reading_add(note->r, &m.p[i].fact);
  return note->r->rc;
}
