/* Templates into text. The words that stand for a fact of the study:
 *
 *   {cond} {brief} {second} {field}   condition, its short name, a further condition, the specialty
 *   {drug} {other} {dose} {class}     what is studied
 *   {comp} {compdose}                 what it is compared with
 *   {who} {Who}                       "adults", "children" …; as in a title
 *   {weeks} {n} {sponsor} {acronym} */
#include "demo/plan.h"

static const char *const field_names[DEMO_FIELDS] = {
    "endocrinology",       "cardiology",       "neurology",     "respiratory medicine",
    "infectious diseases", "oncology",         "psychiatry",    "rheumatology",
    "dermatology",         "gastroenterology", "nephrology",    "hematology",
    "women's health",      "pediatrics",       "ophthalmology", "pain medicine"};

static const char *who(const demo_plan *p) {
  if (p->neonates) return "newborn infants";
  if (p->max_age && p->max_age <= 17) return p->min_age >= 12 ? "adolescents" : "children";
  if (p->min_age >= 60) return "older adults";
  if (strcmp(p->sex, "FEMALE") == 0) return "women";
  if (strcmp(p->sex, "MALE") == 0) return "men";
  return p->min_age < 18 ? "adults and children" : "adults";
}

/* "adults and children" → "Adults and Children" */
static void put_title(th_buf *out, const char *words) {
  bool up = true;
  for (; *words; words++) {
    bool and = strncmp(words, "and ", 4) == 0;
    th_buf_char(out, up && !and? (char)(*words & ~0x20) : *words);
    up = *words == ' ';
  }
}

static void put_word(demo_plan *p, th_buf *out, th_span word) {
  const struct {
    th_span name, value;
  } words[] = {
      {TH_SPAN("cond"), th_span_of(p->condition->name)},
      {TH_SPAN("brief"), th_span_of(p->condition->brief)},
      {TH_SPAN("second"), th_span_of(p->second ? p->second->name : p->condition->name)},
      {TH_SPAN("field"), th_span_of(field_names[p->condition->field])},
      {TH_SPAN("drug"), p->treatment.name},
      {TH_SPAN("other"), p->treatment.other},
      {TH_SPAN("dose"), p->treatment.dose},
      {TH_SPAN("class"), p->treatment.class},
      {TH_SPAN("comp"), p->comparator.name},
      {TH_SPAN("compdose"), p->comparator.dose},
      {TH_SPAN("who"), th_span_of(who(p))},
      {TH_SPAN("sponsor"), th_span_of(p->sponsor->name)},
      {TH_SPAN("acronym"), th_span_of(p->acronym)},
  };
  for (size_t i = 0; i < TH_COUNT(words); i++)
    if (th_span_eq(words[i].name, word)) {
      demo_phrase(p, out, words[i].value); /* a dose is a template itself */
      return;
    }
  if (th_span_eq(word, TH_SPAN("Who")))
    put_title(out, who(p));
  else if (th_span_eq(word, TH_SPAN("weeks")))
    th_buf_u64(out, p->weeks);
  else if (th_span_eq(word, TH_SPAN("n")))
    th_buf_u64(out, p->enrolled);
  else
    th_buf_span(out, word); /* a test holds every template to known words */
}

/* "5-10/5": low, high, step. */
static int draw_number(demo_plan *p, th_span range) {
  int v[3] = {0, 0, 1}, at = 0;
  bool fresh = true;
  for (size_t i = 0; i < range.n && at < 3; i++) {
    if (range.p[i] < '0' || range.p[i] > '9') {
      at++;
      fresh = true;
      continue;
    }
    v[at] = (fresh ? 0 : v[at]) * 10 + (range.p[i] - '0');
    fresh = false;
  }
  int steps = v[1] > v[0] && v[2] > 0 ? (v[1] - v[0]) / v[2] : 0;
  return v[0] + v[2] * (int)demo_below(&p->rng, (uint32_t)steps + 1);
}

void demo_tenths(th_buf *out, int v) {
  if (v < 0) th_buf_char(out, '-');
  unsigned a = v < 0 ? 0u - (unsigned)v : (unsigned)v;
  th_buf_u64(out, a / 10);
  th_buf_char(out, '.');
  th_buf_char(out, (char)('0' + a % 10));
}

/* The number, divided by what stands behind the brace; returns how many bytes of that were used. */
static size_t put_number(demo_plan *p, th_buf *out, th_span range, th_span behind) {
  int v = draw_number(p, range);
  bool hundredths = th_span_starts(behind, TH_SPAN("/100"));
  bool tenths = !hundredths && th_span_starts(behind, TH_SPAN("/10")) &&
                !(behind.n > 3 && behind.p[3] >= '0' && behind.p[3] <= '9');
  if (hundredths) {
    th_buf_printf(out, "%d.%02d", v / 100, v % 100);
  } else if (tenths && v % 10) {
    demo_tenths(out, v);
  } else {
    th_buf_u64(out, (uint64_t)(tenths ? v / 10 : v));
  }
  return hundredths ? 4 : tenths ? 3 : 0;
}

static void put_choice(demo_plan *p, th_buf *out, th_span choices) {
  unsigned n = 1;
  for (size_t i = 0; i < choices.n; i++)
    n += choices.p[i] == '|';
  demo_phrase(p, out, demo_part(choices, demo_below(&p->rng, n)));
}

void demo_phrase(demo_plan *p, th_buf *out, th_span s) {
  size_t plain = 0, i = 0;
  while (i < s.n) {
    char c = s.p[i], close = c == '[' ? ']' : c == '{' ? '}' : 0;
    const char *end = close ? memchr(s.p + i, close, s.n - i) : NULL;
    if (!end) {
      i++;
      continue;
    }
    th_buf_put(out, s.p + plain, i - plain);
    th_span inside = {s.p + i + 1, (size_t)(end - s.p) - i - 1};
    i = (size_t)(end - s.p) + 1;
    if (c == '[')
      put_choice(p, out, inside);
    else if (inside.n && inside.p[0] >= '0' && inside.p[0] <= '9')
      i += put_number(p, out, inside, (th_span){s.p + i, s.n - i});
    else
      put_word(p, out, inside);
    plain = i;
  }
  th_buf_put(out, s.p + plain, s.n - plain);
}

void demo_text(th_demo *d, const char *key, const char *template) {
  th_buf_clear(&d->text);
  demo_phrase(&d->plan, &d->text, th_span_of(template));
  th_jout_kv_text(&d->out, key, th_buf_view(&d->text));
}

/* Days to civil date: H. Hinnant, "chrono-compatible low-level date algorithms". */
void demo_date(th_buf *out, int day, bool month) {
  int z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
  unsigned doe = (unsigned)(z - era * 146097);
  unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  unsigned d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
  int y = (int)yoe + era * 400 + (m <= 2);
  char text[11] = {(char)('0' + y / 1000 % 10),
                   (char)('0' + y / 100 % 10),
                   (char)('0' + y / 10 % 10),
                   (char)('0' + y % 10),
                   '-',
                   (char)('0' + m / 10),
                   (char)('0' + m % 10),
                   '-',
                   (char)('0' + d / 10),
                   (char)('0' + d % 10),
                   0};
  th_buf_put(out, text, month ? 7 : 10);
}
