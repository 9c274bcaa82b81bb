/* Days, months and years as notes write them, from the byte on where a word or number begins.
 *
 *   date  := year '-' month ('-' day)?            2026-02-12
 *          | day '.' month '.' year               12.02.2026
 *          | month '/' day '/' year               2/12/2026; day first where it cannot be a month
 *          | month ('/' | '.') year               03/2019
 *          | (day | day-th)? name ','? (day-th? ','?)? year     10 Jan 2026, March 3rd, 1970
 *   year  := 4 digits from 1900 on; behind two slashes also 2 digits
 *
 * A year alone is none: whoever reads it must know that it is not a dose. */
#include <stdio.h>

#include "patient/note.h"

typedef struct scan {
  const char *p, *end;
} scan;

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
  return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static unsigned digits(scan *s, unsigned *value) {
  unsigned n = 0;
  for (*value = 0; s->p < s->end && is_digit(*s->p) && n < 5; n++)
    *value = *value * 10 + (unsigned)(*s->p++ - '0');
  return n;
}

static bool takes(scan *s, char c) {
  if (s->p >= s->end || *s->p != c) return false;
  s->p++;
  return true;
}

static void blanks(scan *s) {
  while (s->p < s->end && *s->p == ' ')
    s->p++;
}

static unsigned month_name(scan *s) {
  static const char *const names[] = {"january",   "february", "march",    "april",
                                      "may",       "june",     "july",     "august",
                                      "september", "october",  "november", "december"};
  size_t n = 0;
  while (s->p + n < s->end && is_letter(s->p[n]))
    n++;
  th_span word = {s->p, n};
  for (unsigned i = 0; i < TH_COUNT(names); i++) {
    th_span full = th_span_of(names[i]);
    bool sept = i == 8 && n == 4 && th_span_eq_nocase(word, TH_SPAN("sept"));
    if (!th_span_eq_nocase(word, full) && !sept &&
        !(n == 3 && th_span_eq_nocase(word, (th_span){full.p, 3})))
      continue;
    s->p += n;
    (void)takes(s, '.');
    return i + 1;
  }
  return 0;
}

static void ordinal(scan *s) {
  static const char *const ends[] = {"st", "nd", "rd", "th"};
  for (size_t i = 0; i < TH_COUNT(ends); i++)
    if (s->end - s->p >= 2 && th_span_eq_nocase((th_span){s->p, 2}, th_span_of(ends[i]))) s->p += 2;
}

static bool make(unsigned year, unsigned month, unsigned day, th_date *out) {
  char iso[16];
  if (year < 1900 || year > 2200) return false;
  int n = day ? snprintf(iso, sizeof iso, "%04u-%02u-%02u", year, month, day)
              : snprintf(iso, sizeof iso, "%04u-%02u", year, month);
  return n > 0 && (size_t)n < sizeof iso && th_date_parse((th_span){iso, (size_t)n}, out);
}

/* Of two digits the last hundred years up to as_of are meant. */
static unsigned whole_year(unsigned year, unsigned n, int32_t as_of) {
  int now;
  unsigned month, day;
  if (n != 2) return n == 4 ? year : 0;
  th_date_civil(as_of, &now, &month, &day);
  unsigned century = (unsigned)now / 100 * 100;
  return century + year > (unsigned)now ? century + year - 100 : century + year;
}

/* "Jan 2026", "January 10, 2026", behind a day "Jan 2026". */
static bool named(scan *s, unsigned day, th_date *out) {
  unsigned year, n, month = month_name(s);
  if (!month) return false;
  blanks(s);
  (void)takes(s, ',');
  blanks(s);
  n = digits(s, &year);
  if ((n == 1 || n == 2) && !day) {
    day = year;
    ordinal(s);
    (void)takes(s, ',');
    blanks(s);
    n = digits(s, &year);
  }
  return n == 4 && make(year, month, day, out);
}

static bool slashed(scan *s, unsigned first, int32_t as_of, th_date *out) {
  unsigned second, third, n = digits(s, &second);
  if (n == 4) return make(second, first, 0, out);
  if (n == 0 || n > 2 || !takes(s, '/')) return false;
  n = digits(s, &third);
  third = whole_year(third, n, as_of);
  if (!third) return false;
  return first > 12 ? make(third, second, first, out) : make(third, first, second, out);
}

static bool dotted(scan *s, unsigned first, unsigned n_first, th_date *out) {
  unsigned second, third, n = digits(s, &second);
  if (n == 4) return n_first == 2 && make(second, first, 0, out);
  return n > 0 && n <= 2 && takes(s, '.') && digits(s, &third) == 4 &&
         make(third, second, first, out);
}

static bool dashed(scan *s, unsigned year, th_date *out) {
  unsigned month, day;
  if (digits(s, &month) != 2) return false;
  scan at = *s;
  if (takes(&at, '-') && digits(&at, &day) == 2) {
    *s = at;
    return make(year, month, day, out);
  }
  return make(year, month, 0, out);
}

static bool numbered(scan *s, int32_t as_of, th_date *out) {
  unsigned first, n = digits(s, &first);
  if (n == 4) return takes(s, '-') && dashed(s, first, out);
  if (n == 0 || n > 2) return false;
  if (takes(s, '/')) return slashed(s, first, as_of, out);
  if (s->p + 1 < s->end && s->p[0] == '.' && is_digit(s->p[1])) {
    s->p++;
    return dotted(s, first, n, out);
  }
  ordinal(s);
  (void)takes(s, '.');
  blanks(s);
  return first > 0 && named(s, first, out);
}

bool th_note_date(const th_note *note, uint32_t i, th_date *out, uint32_t *end) {
  enum { LONGEST = 40 };
  if (i >= note->v.n || note->v.p[i].kind == TH_ELIG_SIGN) return false;
  uint32_t from = note->v.p[i].from;
  size_t n = TH_MIN(note->text.n - from, (size_t)LONGEST);
  scan s = {note->text.p + from, note->text.p + from + n};
  th_date date;
  if (from && (is_digit(s.p[-1]) || is_letter(s.p[-1]))) return false;
  if (!(is_digit(*s.p) ? numbered(&s, note->r->p->as_of, &date) : named(&s, 0, &date)))
    return false;
  if (s.p < s.end && (is_digit(*s.p) || is_letter(*s.p) || *s.p == '/' || *s.p == '%'))
    return false;
  uint32_t behind = (uint32_t)(s.p - note->text.p), k = i;
  while (k < note->v.n && note->v.p[k].from < behind)
    k++;
  *out = date;
  *end = k;
  return true;
}

bool th_note_year(const th_note *note, uint32_t i, th_date *out) {
  static const char units[] = "mg mcg ug g ml l iu units unit u kcal cells copies patients meters "
                              "metres m ft miles steps calories ng pg mmol cc hours days x times";
  if (!th_note_number(note, i)) return false;
  const th_elig_token *t = &note->v.p[i];
  if (t->to - t->from != 4 || !(t->flags & TH_ELIG_INTEGER) || t->value < 1900) return false;
  if (th_note_among(note, i + 1, units) || th_note_sign(note, i + 1, '/') ||
      th_note_sign(note, i + 1, '%') || th_note_sign(note, i + 1, '.')) {
    bool stop = th_note_sign(note, i + 1, '.') && !th_note_number(note, i + 2);
    bool follows = i + 2 < note->v.n && note->v.p[i + 2].flags & TH_ELIG_SPACE_BEFORE;
    if (!stop && !(th_note_sign(note, i + 1, '.') && follows)) return false;
  }
  return th_date_parse((th_span){note->text.p + t->from, 4}, out) &&
         out->first_day <= note->r->p->as_of;
}
