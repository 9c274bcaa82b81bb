#include "eligibility/units.h"

#include <math.h>
#include <stdio.h>

#include "eligibility/attributes.h"

enum {
  ATOM = 0,
  SLASH = 1 /* only before '/' */,
  BEHIND = 2 /* ends a unit: "daily" */,
  BARE = 3 /* never before '/' */
};

const th_elig_unit_word th_elig_unit_words[] = {
    {"g|gm|gms|gram|gr|gramme", "g", ATOM},
    {"G", "10*9", SLASH},
    {"kg|kilogram|kilo|kgs|kilogramme|kg body weight|kg of body weight", "kg", ATOM},
    {"mg|milligram|mgs|milligramme", "mg", ATOM},
    {"ug|mcg|microgram|microg|mcgs|ugm", "ug", ATOM},
    {"ng|nanogram|nanog", "ng", ATOM},
    {"pg|picogram", "pg", ATOM},
    {"lb|pound|lbs", "[lb_av]", ATOM},
    {"oz|ounce", "[oz_av]", ATOM},
    {"l|liter|lt|ltr|l oxygen|liter oxygen|l of oxygen|liter of oxygen|l o2|liter of o2", "L",
     ATOM},
    {"dl|deciliter|decilitre", "dL", ATOM},
    {"ml|milliliter|cc|mls|mililiter", "mL", ATOM},
    {"ul|mcl|microliter|microl|microlitre|cubic microliter", "uL", ATOM},
    {"fl|femtoliter", "fL", ATOM},
    {"cl", "cL", ATOM},
    {"mol|mole", "mol", ATOM},
    {"mmol|millimole|millimol|mmols", "mmol", ATOM},
    {"umol|micromole|micromol|mcmol|mumol|umols", "umol", ATOM},
    {"mM|millimolar", "mmol/L", BARE},
    {"uM|µM|micromolar", "umol/L", BARE},
    {"nM|nanomolar", "nmol/L", BARE},
    {"pM|picomolar", "pmol/L", BARE},
    {"nmol|nanomole|nanomol", "nmol", ATOM},
    {"pmol|picomole|picomol", "pmol", ATOM},
    {"mosm|mosmol|milliosmole", "mosm", ATOM},
    {"eq|equivalent", "eq", ATOM},
    {"meq|milliequivalent|mequiv|mequivalent", "meq", ATOM},
    {"u|unit", "U", ATOM},
    {"iu|international unit|ui", "[iU]", ATOM},
    {"ku|kua|kau|kilounit|kilo unit|kilo unit of allergen", "k[iU]", ATOM},
    {"kiu|kui", "k[iU]", ATOM},
    {"miu|mui|milli international unit|milli international unit (miu|mu|milliunit|milli iu",
     "m[iU]", ATOM},
    {"uiu|uu|microunit|micro iu|mcu|mciu|microiu|micro international unit|uui", "u[iU]", ATOM},
    {"bethesda unit|BU|bu|bethesda", "[BU]", ATOM},
    {"ukat|microkat|mukat|mckat", "ukat", ATOM},
    {"m|meter|metre", "m", ATOM},
    {"cm|centimeter|centimetre|cms", "cm", ATOM},
    {"mm|millimeter|millimetre|mms", "mm", ATOM},
    {"um|micron|micrometer|micrometre|microm", "um", ATOM},
    {"km|kilometer", "km", ATOM},
    {"inch|inche", "[in_i]", ATOM},
    {"ft|foot|feet", "[ft_i]", ATOM},
    {"m2|square meter|sqm|sq m|meter squared|m squared|square metre|meter square|metre "
     "square|metre squared|m 2|sq meter",
     "m2", ATOM},
    {"cm2|square centimeter|sq cm|centimeter squared|cm squared|square cm|square centimetre", "cm2",
     ATOM},
    {"mm2|square millimeter|sq mm|square mm", "mm2", ATOM},
    {"cm3|cubic centimeter|cubic cm|ccm", "cm3", ATOM},
    {"mm3|cubic millimeter|cmm|mmc|cumm|cu mm|cubic mm|cu millimeter|mmcube|cubic millimetre|mm "
     "cubed|millimeter cubed|uL3|ul3",
     "mm3", ATOM},
    {"s|sec|second", "s", ATOM},
    {"ms|msec|millisecond|msecs|milli second", "ms", ATOM},
    {"min|minute|mins|mn", "min", ATOM},
    {"h|hr|hour|hrs", "h", ATOM},
    {"D|diopter|dioptre|diopters|dioptry|dpt", "[diop]", ATOM},
    {"d|day", "d", ATOM}, /* behind the capital one */
    {"wk|week|wks|completed week|full week", "wk", ATOM},
    {"mo|month|mos|mth|mnth|calendar month", "mo", ATOM},
    {"y|yr|year|yrs|yo|yrs old|calendar year", "a", ATOM},
    {"mmhg|mm hg|torr|mmhb|mm/hg|millimeter of mercury|mm of mercury|millimeter mercury|mmgh|mm "
     "mercury|mm of hg|mhg",
     "mm[Hg]", ATOM},
    {"cmh2o|cm h2o|cmh20|cm h20|cm of water|centimeter of water|cm of h2o|cm water", "cm[H2O]",
     ATOM},
    {"kpa|kilopascal|kilo pascal", "kPa", ATOM},
    {"C|°C|celsius|centigrade|degree celsius|degree c|degree centigrade|deg "
     "c|celcius|degree "
     "celcius|℃",
     "Cel", ATOM},
    {"F|°F|fahrenheit|degree fahrenheit|degree f|oF|o f|deg f|o fahrenheit|farenheit|degree "
     "farenheit",
     "[degF]", ATOM},
    {"giga/l|gpt/l|giga/liter|gpt/liter|giga per liter", "10*9/L", BARE},
    {"t/l|tera/l|tpt/l|tera per liter", "10*12/L", BARE},
    {"mg%|mg %|mg percent|mgm%|mgs%", "mg/dL", BARE},
    {"g%|g %|gm%|gm %|gms%|gram%|gram percent|gm percent|g percent", "g/dL", BARE},
    {"%|percent|per cent|percentage|percents|pct", "%", ATOM},
    {"bpm|beat per minute|beat/minute|beat/min|beat per min|breath per "
     "minute|breath/minute|breath/min|breath per min|b/min|times/minute|times per "
     "minute|times/min|rpm|beats a minute|b.p.m|beat minute|time/min|time per minute|cycle per "
     "minute|cycle/minute|cycle/min|cycle per min",
     "/min", ATOM},
    {"cell|cel", "{cells}", ATOM},
    {"leukocyte|neutrophil|platelet|lymphocyte", "{cells}", SLASH}, /* else the next value's name */
    {"copy|copie|cop|cps|cp|rna copy|dna copy|rna copie|genome copie|c", "{copies}", SLASH},
    {"cfu|colony forming unit|colony|colonie|cfus", "{CFU}", ATOM},
    {"beat", "{beats}", SLASH},
    {"breath", "{breaths}", SLASH},
    {"drink|standard drink|alcoholic drink|glasse|beverage|alcoholic beverage|unit of "
     "alcohol|unit alcohol|glasse of wine|glass of wine|alcohol unit|standard unit",
     "{drink}", ATOM},
    {"cigarette|cig", "{cigarettes}", ATOM},
    {"cup", "{cup}", ATOM},
    {"puff|inhalation", "{puff}", SLASH},
    {"pack year|packyear|py|pack yr|packet year|pack/year|pack per year|pack/yr", "{pack}.a", ATOM},
    {"pack", "{pack}", SLASH},
    {"event|episode|time|attack|parasite|asexual parasite|seizure|apnea", "{events}", SLASH},
    {"point|pt|score point", "{score}", ATOM},
    {"letter|etdrs letter", "{letters}", ATOM},
    {"db|decibel|db hl", "dB", ATOM},
    {"ppb|part per billion", "[ppb]", ATOM},
    {"ppm|part per million", "[ppm]", ATOM},
    {"wood unit|wu|woods unit|woods|wood", "[wood'U]", ATOM},
    {"dyn|dyne", "dyn", SLASH},
    {"hpf|high power field", "[HPF]", ATOM},
    {"k|thousand", "10*3", SLASH},
    {"million|mio|mill", "10*6", SLASH},
    {"fmol", "fmol", ATOM},
    {"°|degree", "deg", ATOM},
    {"gy|gray", "Gy", ATOM},
    {"cgy|centigray|rad", "cGy", ATOM},
    {"kcal|kilocalorie|calorie|kcals|cal", "kcal", ATOM},
    {"mile", "[mi_i]", ATOM},
    {"HU|hounsfield unit", "{HU}", ATOM},
    {"MFI", "{MFI}", ATOM},
    {"daily|a day|each day|qd|per day|every day|once daily|per diem|/day|/24h|in 24 hour|over 24 "
     "hour|in a 24 hour period|in 24h|/24 hr|/24 hour|per 24 hour|over a 24 hour period|in one "
     "day|on a daily basis",
     "/d", BEHIND},
    {"weekly|a week|each week|every week|in a week", "/wk", BEHIND},
};
const uint32_t th_elig_n_unit_words = TH_COUNT(th_elig_unit_words);

/* ---- UCUM ---- */

typedef struct atom {
  const char *code;
  double factor, offset;
  int8_t d[TH_ELIG_DIMENSIONS];
  bool metric;
} atom;

static const atom atoms[] = {
    {"g", 1, 0, {1}, true},
    {"L", 1e-3, 0, {0, 3}, true},
    {"mol", 1, 0, {0, 0, 0, 1}, true},
    {"osm", 1, 0, {0, 0, 0, 1}, true},
    {"eq", 1, 0, {0, 0, 0, 1}, true},
    {"[iU]", 1, 0, {0, 0, 0, 0, 1}, true},
    {"U", 1, 0, {0, 0, 0, 0, 1}, true},
    {"[BU]", 1, 0, {0, 0, 0, 0, 1}, false},
    {"kat", 6e7, 0, {0, 0, 0, 0, 1}, true}, /* mol/s, in umol/min */
    {"m", 1, 0, {0, 1}, true},
    {"s", 1, 0, {0, 0, 1}, true},
    {"min", 60, 0, {0, 0, 1}, false},
    {"h", 3600, 0, {0, 0, 1}, false},
    {"d", 86400, 0, {0, 0, 1}, false},
    {"wk", 604800, 0, {0, 0, 1}, false},
    {"mo", 2629800, 0, {0, 0, 1}, false},
    {"a", 31557600, 0, {0, 0, 1}, false},
    {"m[Hg]", 133322387.415, 0, {1, -1, -2}, true},
    {"m[H2O]", 9806650, 0, {1, -1, -2}, true},
    {"Pa", 1000, 0, {1, -1, -2}, true},
    {"dyn", 0.01, 0, {1, 1, -2}, false},
    {"[wood'U]", 7999343244.9, 0, {1, -4, -1}, false},
    {"Cel", 1, 273.15, {0, 0, 0, 0, 0, 1}, false},
    {"[degF]", 5.0 / 9, 459.67 * 5 / 9, {0, 0, 0, 0, 0, 1}, false},
    {"[in_i]", 0.0254, 0, {0, 1}, false},
    {"[ft_i]", 0.3048, 0, {0, 1}, false},
    {"[lb_av]", 453.59237, 0, {1}, false},
    {"[oz_av]", 28.349523125, 0, {1}, false},
    {"%", 0.01, 0, {0}, false},
    {"deg", 1, 0, {0, 0, 0, 0, 0, 0, 5}, false},
    {"Gy", 1, 0, {0, 2, -2}, true},
    {"cal", 4184, 0, {1, 2, -2}, true},
    {"[mi_i]", 1609.344, 0, {0, 1}, false},
    {"[ppb]", 1e-9, 0, {0, 0, 0, 0, 0, 0, 4}, false},
    {"[ppm]", 1e-6, 0, {0, 0, 0, 0, 0, 0, 4}, false},
    {"[pH]", 1, 0, {0, 0, 0, 0, 0, 0, 1}, false},
    {"dB", 1, 0, {0, 0, 0, 0, 0, 0, 2}, false},
    {"[diop]", 1, 0, {0, 0, 0, 0, 0, 0, 3}, false},
    {"[HPF]", 1, 0, {0}, false},
};

static double prefix_factor(char c) {
  static const char letters[] = "kdcmunpfM";
  static const double factors[] = {1e3, 1e-1, 1e-2, 1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e6};
  const char *p = c ? strchr(letters, c) : NULL;
  return p ? factors[p - letters] : 0;
}

static const atom *find_atom(th_span s) {
  for (size_t i = 0; i < TH_COUNT(atoms); i++)
    if (th_span_eq(s, th_span_of(atoms[i].code))) return &atoms[i];
  return NULL;
}

void th_elig_measure_multiply(th_elig_measure *m, double factor, const int8_t *d, int power) {
  m->factor *= pow(factor, power);
  for (int i = 0; d && i < TH_ELIG_DIMENSIONS; i++)
    m->d[i] = (int8_t)(m->d[i] + d[i] * power);
}

static bool read_number(th_span s, double *out) {
  double v = 0, scale = 0;
  if (s.n > 3 && !memcmp(s.p, "10*", 3)) {
    for (size_t i = 3; i < s.n; i++)
      if (s.p[i] < '0' || s.p[i] > '9' || s.n > 5) return false;
    *out = pow(10, (s.n == 5 ? (s.p[3] - '0') * 10 + s.p[4] : s.p[3]) - '0');
    return true;
  }
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9') return false;
    v = v * 10 + (s.p[i] - '0');
    scale = scale ? scale * 10 : 1;
  }
  *out = v;
  return s.n > 0;
}

static bool read_component(th_span s, int sign, th_elig_measure *m) {
  double v;
  if (s.n == 0) return false;
  if (s.p[0] == '{') return s.p[s.n - 1] == '}';
  if (read_number(s, &v)) return th_elig_measure_multiply(m, v, NULL, sign), true;
  int power = 1;
  const atom *a = find_atom(s);
  if (!a && s.n > 1 && s.p[s.n - 1] >= '2' && s.p[s.n - 1] <= '9') {
    power = s.p[s.n - 1] - '0';
    s.n--;
    a = find_atom(s);
  }
  double prefix = 1;
  if (!a) {
    prefix = prefix_factor(s.p[0]);
    a = prefix > 0 && s.n > 1 ? find_atom((th_span){s.p + 1, s.n - 1}) : NULL;
    if (!a || !a->metric) return false;
  }
  th_elig_measure_multiply(m, prefix * a->factor, a->d, power * sign);
  m->offset = a->offset;
  m->equivalents |= !strcmp(a->code, "eq");
  return true;
}

bool th_elig_ucum_read(th_span s, th_elig_measure *out) {
  th_elig_measure m = {.factor = 1};
  int sign = 1, inner = 1, depth = 0, parts = 0;
  size_t i = 0;
  if (s.n == 0 || s.n >= TH_ELIG_UNIT_MAX) return false;
  if (s.p[0] == '/') sign = -1, i++;
  while (i < s.n) {
    if (s.p[i] == '(' && depth == 0) {
      depth = 1, inner = sign, i++;
      continue;
    }
    size_t from = i;
    bool braces = false;
    while (i < s.n && (braces || !memchr("./()", s.p[i], 4))) {
      braces = (braces || s.p[i] == '{') && s.p[i] != '}';
      i++;
    }
    if (!read_component((th_span){s.p + from, i - from}, sign, &m)) return false;
    parts++;
    if (i < s.n && s.p[i] == ')' && depth == 1) depth = 0, i++;
    if (i == s.n) break;
    if (s.p[i] != '.' && s.p[i] != '/') return false;
    sign = s.p[i] == '/' ? -1 : depth ? inner : 1;
    i++;
    if (i == s.n) return false;
  }
  if (parts > 1) m.offset = 0;
  *out = m;
  return depth == 0 && parts > 0;
}

/* ---- as written ---- */

typedef struct writer {
  char *p;
  size_t n;
  bool full;
} writer;

static void put(writer *w, const char *s) {
  size_t n = strlen(s);
  if (w->n + n + 1 > TH_ELIG_UNIT_MAX) {
    w->full = true;
    return;
  }
  memcpy(w->p + w->n, s, n + 1);
  w->n += n;
}

static bool is_sign(const th_elig_token *t, uint32_t n, uint32_t i, char c) {
  return i < n && t[i].kind == TH_ELIG_SIGN && t[i].key == (unsigned char)c;
}

static bool is_slash(const th_elig_token *t, uint32_t n, uint32_t i) {
  static uint64_t per;
  if (!__atomic_load_n(&per, __ATOMIC_RELAXED))
    __atomic_store_n(&per, th_elig_word_key(TH_SPAN("per")), __ATOMIC_RELAXED);
  return is_sign(t, n, i, '/') || (i < n && t[i].kind == TH_ELIG_WORD && t[i].key == per);
}

/* One atom with its exponent; its row, or NULL. */
static const th_elig_unit_word *read_atom(th_span text, const th_elig_token *t, uint32_t n,
                                          uint32_t i, int *power, uint32_t *end);

#include "eligibility/phrases.h"

static bool is_exponent(const th_elig_token *t) {
  return t->kind == TH_ELIG_NUM && (t->value == 2 || t->value == 3) &&
         !(t->flags & (TH_ELIG_SPELLED | TH_ELIG_SPACE_BEFORE));
}

static const th_elig_unit_word *read_atom(th_span text, const th_elig_token *t, uint32_t n,
                                          uint32_t i, int *power, uint32_t *end) {
  uint32_t e = i;
  *power = 1;
  if (is_sign(t, n, i, '%')) {
    *end = i + 1;
    static const th_elig_unit_word percent = {"%", "%", ATOM};
    return &percent;
  }
  int p = th_elig_phrase_at(text, t, n, i, TH_ELIG_F_UNIT, &e);
  if (p < 0) return NULL;
  const th_elig_unit_word *u = &th_elig_unit_words[th_elig_phrase_get(p)->value];
  if (u->how == SLASH && !is_slash(t, n, e)) return NULL;
  if (u->how == BARE && is_slash(t, n, e)) return NULL;
  if (!strcmp(u->ucum, "m") || !strcmp(u->ucum, "cm") || !strcmp(u->ucum, "mm")) {
    uint32_t x = e + (is_sign(t, n, e, '^') ? 1 : 0);
    if (is_sign(t, n, x, '(') && x + 2 < n && is_exponent(&t[x + 1])) {
      *power = (int)t[x + 1].value;
      e = x + 3;
    } else if (x < n && is_exponent(&t[x])) {
      *power = (int)t[x].value;
      e = x + 1;
    }
  }
  *end = e;
  return u;
}

static void put_atom(writer *w, const th_elig_unit_word *u, int power) {
  put(w, u->ucum);
  if (power > 1) put(w, power == 2 ? "2" : "3");
}

/* What stands behind a slash: "dL", "24h", "1.73 m2", "100 mL". */
static bool read_part(th_span text, const th_elig_token *t, uint32_t n, uint32_t *i, writer *w) {
  uint32_t at = *i, end;
  int power;
  double number = 0;
  if (at < n && t[at].kind == TH_ELIG_NUM && !(t[at].flags & TH_ELIG_SPELLED)) {
    number = t[at].value;
    at++;
    if (is_sign(t, n, at, '-')) at++;
  }
  const th_elig_unit_word *u = read_atom(text, t, n, at, &power, &end);
  if (!u || u->how == BEHIND || u->ucum[0] == '/') return false;
  if (number > 1.69 && number < 1.76 && u->ucum[0] == 'm') {
    put(w, "/{1.73_m2}");
  } else if (number != 0 && number != 1) {
    char text_of[24];
    if (number != floor(number) || number > 100000) return false;
    snprintf(text_of, sizeof text_of, "/(%.0f.", number);
    put(w, text_of);
    put_atom(w, u, power);
    put(w, ")");
  } else {
    put(w, "/");
    put_atom(w, u, power);
  }
  *i = end;
  return true;
}

static bool is_time_row(const th_elig_unit_word *u) {
  static const char *const times[] = {"s", "min", "h", "d", "wk", "mo", "a"};
  for (size_t i = 0; i < TH_COUNT(times); i++)
    if (!strcmp(u->ucum, times[i])) return true;
  return false;
}

bool th_elig_unit_read(th_span text, const th_elig_token *t, uint32_t n, uint32_t i,
                       th_elig_unit *out, uint32_t *end) {
  th_elig_unit unit = {.ucum = ""};
  writer w = {.p = unit.ucum};
  uint32_t at = i, e;
  int power;
  const th_elig_unit_word *u = read_atom(text, t, n, at, &power, &e);
  bool time = false;
  if (u && u->how != BEHIND) {
    bool litre = is_sign(t, n, e, '/') && e + 1 < n && t[e + 1].to - t[e + 1].from == 1 &&
                 (text.p[t[e + 1].from] | 32) == 'l';
    if (!strcmp(u->ucum, "10*9") && !litre) u = &th_elig_unit_words[0];
    put_atom(&w, u, power);
    time = is_time_row(u);
    at = e;
    if (u->ucum[0] == '{' && u->how == ATOM && at < n &&
        !time) { /* "cells x 10^9/L" is elsewhere */
    }
  }
  while (is_slash(t, n, at) && !time) {
    uint32_t next = at + 1;
    if (!read_part(text, t, n, &next, &w)) break;
    at = next;
  }
  if (w.n == 0 || w.full) return false;
  u = time ? NULL : read_atom(text, t, n, at, &power, &e);
  if (u && u->how == BEHIND) put(&w, u->ucum), at = e;
  if (w.full || !th_elig_ucum_read(th_span_of(unit.ucum), &unit.m)) return false;
  *out = unit;
  *end = at;
  return true;
}
