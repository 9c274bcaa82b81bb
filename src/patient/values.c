/* Numbers of a note: an attribute, what may stand between, a quantity. The wordings, units and
 * numbers are those of the criteria's reader. */
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/phrases.h"
#include "eligibility/quantities.h"
#include "patient/note.h"

enum { BETWEEN_MAX = 7 }; /* words between an attribute and its number */

/* Words that do not part a number from what it is of: "hemoglobin level today was found to be about
 * 7.2". */
static bool may_stand_between(const th_note *note, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  if (i && th_note_sign(note, i - 1, ',') && th_note_among(note, i, "a an the")) return false;
  if (th_note_among(note, i, "pre prepregnancy")) return true;
  if (th_note_is(note, i, "pregnancy")) return i > 1 && th_note_sign(note, i - 1, '-');
  if (th_note_sign(note, i, '-') && i && th_note_is(note, i - 1, "pre")) return true;
  if (t->kind == TH_ELIG_SIGN) return memchr(":=(-~[*,", (int)t->key, 8) != NULL;
  return th_note_among(
             note, i,
             "of is was at to be about approximately around level levels score count value "
             "reading today currently currently now noted found measured up a an the "
             "estimated reported recent latest initial last grade class only elevated low "
             "high decreased increased down as status performance has been in with test "
             "result results on admission concentration discharge presentation rest arrival "
             "screening baseline home office clinic rose risen rising fell") &&
         t->kind == TH_ELIG_WORD;
}

static bool is_time(const th_elig_unit *u) {
  static const char *const times[] = {"d", "wk", "mo", "a", "h", "min", "s"};
  for (size_t i = 0; i < TH_COUNT(times); i++)
    if (!strcmp(u->ucum, times[i])) return true;
  return false;
}

static bool takes_time(int attribute) {
  th_elig_unit u = {.ucum = "d"};
  double out;
  return th_elig_ucum_read(TH_SPAN("d"), &u.m) && th_elig_convert((uint32_t)attribute, 1, &u, &out);
}

typedef struct place {
  th_note *note;
  const th_sentence *s;
  uint32_t first; /* token of the attribute */
  const th_elig_quantity *q;
} place;

/* "38 (12.02.2026)", "< 20 on Jan 3, 2026": when it was measured; the tokens are spent. */
static bool dated(th_note *note, uint32_t k, th_date *out) {
  uint32_t end, first = k;
  bool paren = th_note_sign(note, k, '(');
  k += paren;
  if (th_note_among(note, k, "on in from as")) k += 1 + th_note_is(note, k + 1, "of");
  if (k == first) return false;
  if (!th_note_date(note, k, out, &end)) {
    if (!th_note_year(note, k, out)) return false;
    end = k + 1;
  }
  if (paren && !th_note_sign(note, end, ')') && !th_note_sign(note, end, ',')) return false;
  if (out->first_day > note->r->p->as_of) return false;
  for (; k < end; k++)
    note->spent[k] = true;
  return true;
}

/* "2026-02-12: Hb 9.8, K 4.6", "Labs (Feb 2026): …": of all values of the sentence. */
static bool dated_line(const place *at, th_date *out) {
  th_note *note = at->note;
  for (uint32_t i = at->s->from, end; i < at->s->from + 4 && i < at->first; i++) {
    if (!th_note_date(note, i, out, &end) || out->first_day > note->r->p->as_of) continue;
    if (end > at->first || !(th_note_sign(note, end, ':') || th_note_sign(note, end, ')')))
      continue;
    for (; i < end; i++)
      note->spent[i] = true;
    return true;
  }
  return false;
}

static void add_value(const place *at, int attribute, double value, double high) {
  const th_elig_quantity *q = at->q;
  th_note *note = at->note;
  th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
  f.attribute = attribute;
  f.value = value;
  f.relation = q->related ? q->relation : TH_ELIG_EQ;
  if (isfinite(high) && high > value) f.relation = TH_ELIG_BETWEEN, f.high = high;
  if (q->has_unit) f.unit = th_reading_text(note->r, th_span_of(q->unit.ucum));
  f.time = TH_ELIG_CURRENT;
  th_note_apply(note, at->s, at->first, &f);
  f.absent = false; /* "no fever, T 37.2": the number was measured all the same */
  f.has_begin = dated(note, q->end, &f.begin) || dated_line(at, &f.begin);
  th_note_place(note, &f, note->v.p[at->first].from, note->v.p[q->end - 1].to);
  th_measure_canonical(&f);
  if (isfinite(q->other) && f.flags & TH_FACT_IMPLAUSIBLE) {
    th_patient_fact g = f;
    g.value = q->other;
    g.flags &= (uint8_t)~TH_FACT_IMPLAUSIBLE;
    th_measure_canonical(&g);
    if (!(g.flags & TH_FACT_IMPLAUSIBLE)) f = g;
  }
  th_reading_add(note->r, &f);
}

static void take_quantity(const place *at, int attribute) {
  static const char *const pair[] = {"systolic", "diastolic"};
  const th_elig_quantity *q = at->q;
  if (q->reference != TH_ELIG_ABSOLUTE && q->reference != TH_ELIG_PREDICTED) return;
  if (isfinite(q->second) && th_elig_attributes[attribute].scale) { /* MMSE 24/30 */
    add_value(at, attribute, q->value, NAN);
    return;
  }
  if (isfinite(q->second)) {
    if (strcmp(th_elig_attributes[attribute].key, "blood_pressure")) return;
    add_value(at, th_elig_attribute_find(th_span_of(pair[0])), q->value, NAN);
    add_value(at, th_elig_attribute_find(th_span_of(pair[1])), q->second, NAN);
    return;
  }
  if (!strcmp(th_elig_attributes[attribute].key, "blood_pressure"))
    attribute = th_elig_attribute_find(th_span_of(pair[0]));
  if (q->has_unit && is_time(&q->unit) && !takes_time(attribute)) return;
  if (q->has_unit && !th_elig_unit_fits((uint32_t)attribute, &q->unit)) {
    th_reading_skip(at->note->r, TH_SPAN("values in a unit that is not their attribute's"),
                    (th_span){0});
    return;
  }
  add_value(at, attribute, q->value, q->high);
}

/* Ages stand in person.c: only the patient's own counts. */
static bool is_age(int attribute) {
  return !strncmp(th_elig_attributes[attribute].key, "age", 3);
}

/* Names that only notes use, before a number: "Wt 3.2kg", "sat 97%", "resp 18". */
static int shorthand(const th_note *note, uint32_t i) {
  static const struct {
    const char *names, *key;
    double least, most;
  } rows[] = {{"wt", "weight", 0.3, 700},
              {"ht", "height", 0.3, 250},
              {"sat sats o2sat o2sats", "spo2", 30, 100},
              {"resp resps", "respiratory_rate", 4, 120}};
  uint32_t k = i + 1 + (th_note_sign(note, i + 1, ':') || th_note_sign(note, i + 1, '.'));
  if (th_note_among(note, k, "of is")) k++;
  if (!th_note_number(note, k)) return -1;
  for (size_t r = 0; r < TH_COUNT(rows); r++)
    if (th_note_among(note, i, rows[r].names) && note->v.p[k].value >= rows[r].least &&
        note->v.p[k].value <= rows[r].most)
      return th_elig_attribute_find(th_span_of(rows[r].key));
  if (th_note_is(note, i, "o2") && th_note_sign(note, k + 1, '%') && note->v.p[k].value > 30)
    return th_elig_attribute_find(TH_SPAN("spo2"));
  return -1;
}

/* "T 37.2", "Tmax 39", and the above. */
static int short_name(const th_note *note, uint32_t i, uint32_t *end) {
  const th_elig_token *t = &note->v.p[i];
  bool capital = t->kind == TH_ELIG_WORD && t->flags & TH_ELIG_UPPER;
  *end = i + 1;
  int named = shorthand(note, i);
  if (named >= 0) return named;
  if (!(capital && th_note_is(note, i, "t")) && !th_note_among(note, i, "temp tmax")) return -1;
  uint32_t k = i + 1 + (th_note_sign(note, i + 1, ':') || th_note_is(note, i + 1, "of"));
  if (!th_note_number(note, k) || note->v.p[k].value < 30) return -1;
  return th_elig_attribute_find(TH_SPAN("temperature"));
}

/* "98/60 HR 112": the heart's rate is no hours. */
static void drop_label(const th_note *note, int attribute, th_elig_quantity *q) {
  if (!q->has_unit || !is_time(&q->unit) || takes_time(attribute) || q->end < 2) return;
  if (!th_note_among(note, q->end - 1, "hr h") ||
      !th_note_number(note, q->end + th_note_sign(note, q->end, ':')))
    return;
  q->has_unit = false;
  q->end--;
}

/* 5'10", 5 ft 10 in */
static void read_feet(const th_note *note, uint32_t k, th_elig_quantity *q) {
  uint32_t i = k + 1;
  if (!th_note_number(note, k) || !(note->v.p[k].value >= 1 && note->v.p[k].value <= 8)) return;
  if (!th_note_sign(note, i, '\'') && !th_note_among(note, i, "ft feet foot")) return;
  double inches = note->v.p[k].value * 12;
  i++;
  if (th_note_number(note, i) && note->v.p[i].value < 12) {
    inches += note->v.p[i].value;
    i += 1 + (th_note_sign(note, i + 1, '"') || th_note_among(note, i + 1, "in inch inches"));
  }
  q->value = inches;
  q->high = q->other = q->second = NAN;
  q->has_unit = th_elig_ucum_read(TH_SPAN("[in_i]"), &q->unit.m);
  snprintf(q->unit.ucum, sizeof q->unit.ucum, "[in_i]");
  q->end = i;
}

/* Gleason 4+3=7 */
static void read_sum(const th_note *note, uint32_t k, th_elig_quantity *q) {
  if (!th_note_number(note, k) || !th_note_sign(note, k + 1, '+') || !th_note_number(note, k + 2))
    return;
  q->value = note->v.p[k].value + note->v.p[k + 2].value;
  q->high = q->other = q->second = NAN;
  q->has_unit = false;
  q->end = k + 3;
  while (q->end < note->v.n && !th_note_number(note, q->end) && q->end < k + 4)
    q->end++;
  q->end += th_note_number(note, q->end) && note->v.p[q->end].value == q->value;
}

static void mend_quantity(const th_note *note, int attribute, uint32_t k, th_elig_quantity *q) {
  const char *key = th_elig_attributes[attribute].key;
  drop_label(note, attribute, q);
  if (!strcmp(key, "height")) read_feet(note, k, q);
  if (!strcmp(key, "gleason")) read_sum(note, k, q);
}

/* "FEV1 1.1 L (38% predicted)": the same, of what is predicted. */
static void take_percent(const place *at, int attribute, const bool *taken) {
  th_note *note = at->note;
  th_elig_quantity q;
  uint32_t k = at->q->end;
  const char *units = th_elig_attributes[attribute].units;
  if (!units || !strchr(units, '%')) return;
  k += th_note_sign(note, k, '(') || th_note_sign(note, k, ',') || th_note_sign(note, k, '/');
  if (k == at->q->end || !th_note_number(note, k) || !th_note_sign(note, k + 1, '%')) return;
  if (!th_elig_quantity_read(note->text, note->v.p, at->s->to, k, taken, &q) || q.tied) return;
  place second = {note, at->s, at->first, &q};
  take_quantity(&second, attribute);
}

/* "PSA rose from 12.4 to 38.6": the second is the one of now; the token of it, 0: no such words. */
static uint32_t changed_to(const th_note *note, const th_sentence *s, uint32_t i) {
  static const char verbs[] =
      "rose risen increased went rising fell decreased dropped declined improved worsened";
  uint32_t k = i + th_note_among(note, i, "has had");
  if (!th_note_among(note, k, verbs) || !th_note_is(note, k + 1, "from") ||
      !th_note_number(note, k + 2))
    return 0;
  for (uint32_t to = k + 3; to < TH_MIN(s->to, k + 8); to++)
    if (th_note_is(note, to, "to") && th_note_number(note, to + 1)) return to + 1;
  return 0;
}

/* "prednisone in 2015", "LVEF in 2023 55 %": a year, and no value. */
static bool is_year_there(const th_note *note, uint32_t k, const th_elig_quantity *q) {
  th_date ignored;
  return !q->has_unit && k > 0 && th_note_among(note, k - 1, "in since during until from") &&
         th_note_year(note, k, &ignored);
}

static uint32_t value_at(th_note *note, const th_sentence *s, uint32_t i, const bool *taken) {
  uint32_t end;
  th_elig_quantity q;
  int p = th_elig_phrase_at(note->text, note->v.p, s->to, i, TH_ELIG_F_ATTRIBUTE, &end);
  int attribute = p < 0 ? short_name(note, i, &end) : th_elig_phrase_get(p)->value;
  if (p < 0 && attribute < 0) return i + 1;
  if (attribute < 0 || is_age(attribute)) return end;
  uint32_t changed = changed_to(note, s, end), from = changed ? changed : end;
  for (uint32_t k = from; k < s->to && k <= from + BETWEEN_MAX; k++) {
    if (th_elig_quantity_read(note->text, note->v.p, s->to, k, taken, &q)) {
      bool list_number = q.end < s->to && k > end && th_note_sign(note, k - 1, ',') && !q.has_unit;
      if (is_year_there(note, k, &q)) continue;
      if (q.tied || q.age || list_number) break;
      place at = {note, s, i, &q};
      mend_quantity(note, attribute, k, &q);
      take_quantity(&at, attribute);
      take_percent(&at, attribute, taken);
      return q.end > i ? q.end : end;
    }
    if (!may_stand_between(note, k)) break;
  }
  return end;
}

/* "a 40 pack-year history": as above. */
static uint32_t packs_at(th_note *note, const th_sentence *s, uint32_t i) {
  uint32_t k = i + 1 + th_note_sign(note, i + 1, '-');
  if (!th_note_number(note, i) || !th_note_among(note, k, "pack packs ppy pk")) return i;
  k++;
  k += th_note_sign(note, k, '-') || th_note_sign(note, k, '/');
  if (!th_note_among(note, k, "year years yr yrs")) return i;
  th_elig_quantity q = {
      .first = i, .end = k + 1, .value = note->v.p[i].value, .high = NAN, .other = NAN};
  place at = {note, s, i, &q};
  add_value(&at, th_elig_attribute_find(TH_SPAN("pack_years")), q.value, NAN);
  return k + 1;
}

/* "20 cigarettes a day": the number stands before its name, which says how often. */
static uint32_t cigarettes_at(th_note *note, const th_sentence *s, uint32_t i) {
  uint32_t end;
  if (!th_note_number(note, i) || i + 2 >= s->to) return i;
  int p = th_elig_phrase_at(note->text, note->v.p, s->to, i + 1, TH_ELIG_F_ATTRIBUTE, &end);
  int cigarettes = th_elig_attribute_find(TH_SPAN("cigarettes"));
  if (p < 0 || th_elig_phrase_get(p)->value != cigarettes || end == i + 2) return i;
  th_elig_quantity q = {
      .first = i, .end = end, .value = note->v.p[i].value, .high = NAN, .other = NAN};
  place at = {note, s, i, &q};
  add_value(&at, cigarettes, q.value, NAN);
  return end;
}

/* The quantity of one of the units at token i; the token behind it, i when there is none. */
static uint32_t in_unit(const th_note *note, const th_sentence *s, uint32_t i, const char *units,
                        const bool *taken, th_elig_quantity *q) {
  if (!th_note_number(note, i) || !th_note_among(note, i + 1, units)) return i;
  if (!th_elig_quantity_read(note->text, note->v.p, s->to, i, taken, q)) return i;
  return q->has_unit && !q->tied && q->end == i + 2 ? q->end : i;
}

/* "165 cm tall, 90 kg", "170 cm and 65 kg": the unit tells what is measured, of a weight where a
 * height stands before it. */
static uint32_t body_at(th_note *note, const th_sentence *s, uint32_t i, const bool *taken) {
  th_elig_quantity height, weight;
  uint32_t end = in_unit(note, s, i, "cm m meters metres", taken, &height);
  if (end == i) return i;
  bool tall = th_note_is(note, end, "tall");
  uint32_t k = end + tall;
  k += th_note_sign(note, k, ',') || th_note_sign(note, k, '/');
  k += th_note_among(note, k, "and weighs weighing");
  uint32_t behind = in_unit(note, s, k, "kg kgs kilograms lb lbs pounds", taken, &weight);
  if (!tall && behind == k) return i;
  place at = {note, s, i, &height};
  take_quantity(&at, th_elig_attribute_find(TH_SPAN("height")));
  if (behind == k) return end + 1;
  at = (place){note, s, k, &weight};
  take_quantity(&at, th_elig_attribute_find(TH_SPAN("weight")));
  return behind;
}

/* "at 11 weeks gestation", "35-week pregnant": the number stands before its name. */
static uint32_t gestation_at(th_note *note, const th_sentence *s, uint32_t i) {
  uint32_t k = i + 1 + th_note_sign(note, i + 1, '-'), end;
  if (!th_note_number(note, i) || !th_note_among(note, k, "week weeks wk wks")) return i;
  int p = th_elig_phrase_at(note->text, note->v.p, s->to, k, TH_ELIG_F_ATTRIBUTE, &end);
  int gestation = th_elig_attribute_find(TH_SPAN("gestational_age"));
  if (p < 0 || th_elig_phrase_get(p)->value != gestation) return i;
  th_elig_quantity q = {
      .first = i, .end = end, .value = note->v.p[i].value, .high = NAN, .other = NAN};
  place at = {note, s, i, &q};
  add_value(&at, gestation, q.value, NAN);
  return end;
}

/* "24w3d", "24w 3d", "24+3 weeks", "ex-32-weeker", "born at 32 weeks": the days are passed over; of
 * a child it is the age that it was born at. */
static uint32_t weeks_at(th_note *note, const th_sentence *s, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  if (t->kind != TH_ELIG_NUM || !(t->value >= 20 && t->value <= 43)) return i;
  uint32_t k = i + 1, end = 0;
  bool close = k < s->to && !(note->v.p[k].flags & TH_ELIG_SPACE_BEFORE);
  if (close && th_note_among(note, k, "w wk") && th_note_number(note, k + 1) &&
      th_note_among(note, k + 2, "d day days"))
    end = k + 3;
  else if (th_note_sign(note, k, '+') && th_note_number(note, k + 1) &&
           note->v.p[k + 1].value < 7 && th_note_among(note, k + 2, "weeks week wks wk"))
    end = k + 3;
  else if (th_note_among(note, k + th_note_sign(note, k, '-'), "weeker weekers"))
    end = k + th_note_sign(note, k, '-') + 1;
  else if (i > s->from + 1 && th_note_is(note, i - 1, "at") && th_note_is(note, i - 2, "born") &&
           th_note_among(note, k, "weeks week wks wk"))
    end = k + 1;
  if (!end || end > s->to) return i;
  th_elig_quantity q = {.first = i, .end = end, .value = t->value, .high = NAN, .other = NAN};
  place at = {note, s, i, &q};
  add_value(&at, th_elig_attribute_find(TH_SPAN("gestational_age")), t->value, NAN);
  return end;
}

void th_note_values(th_note *note) {
  bool *taken = th_arena_calloc(note->r->arena, note->v.n + 1, 1);
  if (!taken || th_elig_phrases_ready() < 0) {
    th_reading_fail(note->r, TH_ENOMEM);
    return;
  }
  for (uint32_t k = 0; k < note->n_sentences; k++) {
    const th_sentence *s = &note->sentences[k];
    for (uint32_t i = s->from; i < s->to;) {
      uint32_t end = gestation_at(note, s, i);
      if (end == i) end = weeks_at(note, s, i);
      if (end == i) end = packs_at(note, s, i);
      if (end == i) end = cigarettes_at(note, s, i);
      if (end == i) end = body_at(note, s, i, taken);
      i = end > i ? end : value_at(note, s, i, taken);
    }
  }
}
