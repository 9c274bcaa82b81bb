/* Made-up patients: what they have is drawn first, then written as a form or as a FHIR Bundle. */
#include "demo/patient.h"

#include <stdio.h>

#include "demo/plan.h"

/* ---- tables ---- */

typedef struct illness {
  const char *name, *code;
  char sex;
  unsigned child, young, middle, old; /* of 10,000 */
  unsigned over;
  const char *drugs;
} illness;

typedef struct laboratory {
  const char *attribute, *display, *loinc, *unit;
  unsigned decimals;
  int women, men, spread, low, high;
  unsigned share;
  const char *shifts;
} laboratory;

typedef struct operation {
  const char *name, *code;
  char sex;
  unsigned young, middle, old;
} operation;

static const illness illnesses[] = {
#define ILLNESS(...) {__VA_ARGS__},
#define LABORATORY(...)
#define OPERATION(...)
#include "demo/patients.def"
#undef ILLNESS
#undef LABORATORY
};
static const laboratory laboratories[] = {
#define ILLNESS(...)
#define LABORATORY(...) {__VA_ARGS__},
#include "demo/patients.def"
#undef LABORATORY
#undef OPERATION
};
static const operation operations[] = {
#define LABORATORY(...)
#define OPERATION(...) {__VA_ARGS__},
#include "demo/patients.def"
};

/* ---- one patient ---- */

enum { N_ILL = TH_COUNT(illnesses), N_LAB = TH_COUNT(laboratories), N_OP = TH_COUNT(operations) };
enum { DRUGS = 48 };

typedef struct drug {
  th_span name;
  int begin;
} drug;

typedef struct plan {
  demo_rng rng;
  uint32_t index;
  char sex;     /* 'F', 'M', 0 = not said */
  int birth;    /* day */
  unsigned age; /* years */
  struct {
    bool has, over;
    int begin, end;
  } ill[N_ILL];
  struct {
    bool has;
    int value, day;
  } lab[N_LAB];
  struct {
    bool has;
    int day;
  } op[N_OP];
  drug drugs[DRUGS];
  unsigned n_drugs;
  int smoking; /* 0 never, 1 former, 2 now, 3 not said */
  bool pregnant, allergy, cancer_in_family;
} plan;

static bool of_ten_thousand(plan *p, unsigned share) {
  return demo_below(&p->rng, 10000) < share;
}

static unsigned by_age(const plan *p, unsigned child, unsigned young, unsigned middle,
                       unsigned old) {
  return p->age < 18 ? child : p->age < 45 ? young : p->age < 65 ? middle : old;
}

/* About normal around 0, with the spread as its standard deviation: the sum of twelve evenly
 * spread numbers. */
static int around(plan *p, int spread) {
  int sum = 0;
  for (int i = 0; i < 12; i++)
    sum += demo_between(&p->rng, -500, 500);
  return sum * spread / 1000;
}

static void draw_person(plan *p) {
  static const unsigned ages[] = {0, 18, 30, 45, 60, 75, 96}, shares[] = {18, 16, 20, 20, 17, 9};
  unsigned at = demo_below(&p->rng, 100), band = 0;
  while (at >= shares[band])
    at -= shares[band++];
  p->sex = demo_chance(&p->rng, 51) ? 'F' : 'M';
  unsigned years = ages[band] + demo_below(&p->rng, ages[band + 1] - ages[band]);
  p->birth = DEMO_TODAY - (int)(years * 365 + years / 4) - 1 - (int)demo_below(&p->rng, 364);
  p->age = years;
}

static int day_since(plan *p, int years) {
  int first = DEMO_TODAY - years * 365;
  return demo_between(&p->rng, first > p->birth ? first : p->birth, DEMO_TODAY - 1);
}

static void draw_illnesses(plan *p) {
  for (unsigned i = 0; i < N_ILL; i++) {
    const illness *x = &illnesses[i];
    if (x->sex && x->sex != p->sex) continue;
    if (!of_ten_thousand(p, by_age(p, x->child, x->young, x->middle, x->old))) continue;
    p->ill[i].has = true;
    p->ill[i].begin = day_since(p, 20);
    p->ill[i].over = demo_chance(&p->rng, x->over);
    p->ill[i].end = demo_between(&p->rng, p->ill[i].begin, DEMO_TODAY - 1);
  }
}

static bool takes(const plan *p, th_span name) {
  for (unsigned i = 0; i < p->n_drugs; i++)
    if (th_span_eq(p->drugs[i].name, name)) return true;
  return false;
}

static unsigned number_of(th_span digits) {
  unsigned v = 0;
  for (size_t i = 0; i < digits.n; i++)
    if (digits.p[i] >= '0' && digits.p[i] <= '9') v = v * 10 + (unsigned)(digits.p[i] - '0');
  return v;
}

static void draw_drugs(plan *p) {
  for (unsigned i = 0; i < N_ILL; i++) {
    if (!p->ill[i].has || p->ill[i].over) continue;
    for (unsigned k = 0; k < demo_lines(illnesses[i].drugs); k++) {
      th_span line = demo_line(illnesses[i].drugs, k), name = demo_part(line, 0);
      bool given = demo_chance(&p->rng, number_of(demo_part(line, 1)));
      if (!given || takes(p, name) || p->n_drugs == DRUGS) continue;
      p->drugs[p->n_drugs++] = (drug){name, demo_between(&p->rng, p->ill[i].begin, DEMO_TODAY - 1)};
    }
  }
}

static int shift_of(const plan *p, const laboratory *l) {
  int sum = 0;
  for (unsigned k = 0; k < demo_lines(l->shifts); k++) {
    th_span line = demo_line(l->shifts, k), by = demo_part(line, 1);
    int v = (int)number_of(by);
    for (unsigned i = 0; i < N_ILL; i++)
      if (p->ill[i].has && !p->ill[i].over &&
          th_span_eq(th_span_of(illnesses[i].name), demo_part(line, 0)))
        sum += by.n && by.p[0] == '-' ? -v : v;
  }
  return sum;
}

static void draw_laboratories(plan *p) {
  for (unsigned i = 0; i < N_LAB; i++) {
    const laboratory *l = &laboratories[i];
    int mean = p->sex == 'F' ? l->women : l->men, shift = shift_of(p, l);
    unsigned share = p->age < 18 ? l->share / 4 : l->share;
    if (l->women == 0 && l->men != 0 && p->sex == 'F') continue; /* men's alone */
    if (!demo_chance(&p->rng, shift ? (share + 100) / 2 : share)) continue;
    int v = mean + shift + around(p, l->spread + (shift < 0 ? -shift : shift) / 3);
    p->lab[i].has = true;
    p->lab[i].value = v < l->low ? l->low : v > l->high ? l->high : v;
    p->lab[i].day = demo_chance(&p->rng, 60) ? day_since(p, 1) : day_since(p, 5);
  }
}

static void draw_rest(plan *p) {
  for (unsigned i = 0; i < N_OP; i++) {
    const operation *x = &operations[i];
    if (x->sex && x->sex != p->sex) continue;
    p->op[i].has = of_ten_thousand(p, by_age(p, 0, x->young, x->middle, x->old));
    if (p->op[i].has) p->op[i].day = day_since(p, 15);
  }
  unsigned smokes = demo_below(&p->rng, 100);
  p->smoking = p->age < 15 || smokes < 8 ? 3 : smokes < 60 ? 0 : smokes < 84 ? 1 : 2;
  p->pregnant = p->sex == 'F' && p->age >= 18 && p->age < 45 && demo_chance(&p->rng, 4);
  p->allergy = demo_chance(&p->rng, 7);
  p->cancer_in_family = demo_chance(&p->rng, 6);
  if (demo_below(&p->rng, 400) == 0) p->sex = 0;
}

static void draw(plan *p, uint64_t seed, uint32_t index) {
  memset(p, 0, sizeof *p);
  demo_rng r = {seed * UINT64_C(0x9E3779B97F4A7C15) ^ UINT64_C(0x70617469656E7473)};
  p->rng.state = demo_next(&r) ^ ((uint64_t)index << 20);
  (void)demo_next(&p->rng);
  p->index = index;
  draw_person(p);
  draw_illnesses(p);
  draw_drugs(p);
  draw_laboratories(p);
  draw_rest(p);
}

/* ---- values ---- */

static th_span date_of(char text[16], int day) {
  th_buf b;
  th_buf_init(&b, 64);
  demo_date(&b, day, false);
  size_t n = TH_MIN(b.n, (size_t)15);
  if (n) memcpy(text, b.p, n);
  text[n] = 0;
  th_buf_dispose(&b);
  return (th_span){text, n};
}

static void put_date(th_jout *w, const char *key, int day) {
  char text[16];
  th_jout_kv_text(w, key, date_of(text, day));
}

static void put_value(th_jout *w, const char *key, const laboratory *l, int v) {
  char text[32];
  if (l->decimals == 0)
    snprintf(text, sizeof text, "%d", v);
  else if (l->decimals == 1)
    snprintf(text, sizeof text, "%d.%d", v / 10, v % 10);
  else
    snprintf(text, sizeof text, "%d.%02d", v / 100, v % 100);
  th_jout_key(w, key);
  th_jout_raw(w, th_span_of(text));
}

static const char *sex_word(const plan *p) {
  return p->sex == 'F' ? "female" : p->sex == 'M' ? "male" : "unknown";
}

static void put_id(th_jout *w, const plan *p) {
  char id[32];
  snprintf(id, sizeof id, "made-up-%07u", p->index + 1);
  th_jout_kv_str(w, "id", id);
}

/* ---- the form ---- */

static void form_named(th_jout *w, th_span name, const char *status, int begin, int end) {
  th_jout_object(w);
  th_jout_kv_text(w, "name", name);
  if (status) th_jout_kv_str(w, "status", status);
  put_date(w, "date", begin);
  if (end) put_date(w, "end", end);
  th_jout_end_object(w);
}

static void form_conditions(const plan *p, th_jout *w) {
  th_jout_key(w, "conditions");
  th_jout_array(w);
  for (unsigned i = 0; i < N_ILL; i++)
    if (p->ill[i].has)
      form_named(w, th_span_of(illnesses[i].name), p->ill[i].over ? "past" : NULL, p->ill[i].begin,
                 p->ill[i].over ? p->ill[i].end : 0);
  th_jout_end_array(w);
}

static void form_procedures(const plan *p, th_jout *w) {
  th_jout_key(w, "procedures");
  th_jout_array(w);
  for (unsigned i = 0; i < N_OP; i++)
    if (p->op[i].has) form_named(w, th_span_of(operations[i].name), NULL, p->op[i].day, 0);
  th_jout_end_array(w);
}

static void form_values(const plan *p, th_jout *w) {
  th_jout_key(w, "values");
  th_jout_array(w);
  for (unsigned i = 0; i < N_LAB; i++) {
    const laboratory *l = &laboratories[i];
    if (!p->lab[i].has) continue;
    th_jout_object(w);
    th_jout_kv_str(w, "attribute", l->attribute);
    put_value(w, "value", l, p->lab[i].value);
    if (l->unit[0]) th_jout_kv_str(w, "unit", l->unit);
    put_date(w, "date", p->lab[i].day);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void put_names(th_jout *w, const char *key, const char *name) {
  th_jout_key(w, key);
  th_jout_array(w);
  th_jout_str(w, name);
  th_jout_end_array(w);
}

static void put_form(const plan *p, th_jout *w) {
  static const char *const smoking[] = {"never", "former", "current"};
  th_jout_object(w);
  put_id(w, p);
  th_jout_kv_bool(w, "madeUp", true);
  th_jout_kv_str(w, "sex", sex_word(p));
  put_date(w, "birthDate", p->birth);
  if (p->pregnant) th_jout_kv_bool(w, "pregnant", true);
  if (p->smoking < 3) th_jout_kv_str(w, "smoking", smoking[p->smoking]);
  form_conditions(p, w);
  th_jout_key(w, "medications");
  th_jout_array(w);
  for (unsigned i = 0; i < p->n_drugs; i++)
    form_named(w, p->drugs[i].name, NULL, p->drugs[i].begin, 0);
  th_jout_end_array(w);
  form_procedures(p, w);
  if (p->allergy) put_names(w, "allergies", "Penicillin");
  if (p->cancer_in_family) put_names(w, "familyHistory", "Breast Cancer");
  form_values(p, w);
  th_jout_end_object(w);
}

/* ---- FHIR R4 ---- */

static void begin_resource(th_jout *w, const plan *p, const char *type, const char *id, unsigned i,
                           const char *subject) {
  char text[48];
  th_jout_object(w);
  th_jout_key(w, "resource");
  th_jout_object(w);
  th_jout_kv_str(w, "resourceType", type);
  snprintf(text, sizeof text, "made-up-%07u-%s%u", p->index + 1, id, i);
  th_jout_kv_str(w, "id", text);
  if (!subject) return;
  snprintf(text, sizeof text, "Patient/made-up-%07u", p->index + 1);
  th_jout_key(w, subject);
  th_jout_object(w);
  th_jout_kv_str(w, "reference", text);
  th_jout_end_object(w);
}

static void end_resource(th_jout *w) {
  th_jout_end_object(w);
  th_jout_end_object(w);
}

static void put_concept(th_jout *w, const char *key, const char *system, const char *code,
                        th_span display) {
  th_jout_key(w, key);
  th_jout_object(w);
  if (code) {
    th_jout_key(w, "coding");
    th_jout_array(w);
    th_jout_object(w);
    th_jout_kv_str(w, "system", system);
    th_jout_kv_str(w, "code", code);
    if (display.n) th_jout_kv_text(w, "display", display);
    th_jout_end_object(w);
    th_jout_end_array(w);
  }
  if (display.n) th_jout_kv_text(w, "text", display);
  th_jout_end_object(w);
}

#define SNOMED "http://snomed.info/sct"
#define LOINC "http://loinc.org"
#define CLINICAL "http://terminology.hl7.org/CodeSystem/condition-clinical"

/* HTEST: the code of health data that is made up for tests. */
static void fhir_patient(const plan *p, th_jout *w) {
  th_jout_object(w);
  th_jout_key(w, "resource");
  th_jout_object(w);
  th_jout_kv_str(w, "resourceType", "Patient");
  put_id(w, p);
  th_jout_key(w, "meta");
  th_jout_raw(w, TH_SPAN("{\"tag\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                         "v3-ActReason\",\"code\":\"HTEST\",\"display\":\"made up\"}]}"));
  th_jout_key(w, "name");
  th_jout_raw(w, TH_SPAN("[{\"family\":\"Example\",\"given\":[\"Made-up\"]}]"));
  th_jout_kv_str(w, "gender", sex_word(p));
  put_date(w, "birthDate", p->birth);
  end_resource(w);
}

static void fhir_conditions(const plan *p, th_jout *w) {
  for (unsigned i = 0; i < N_ILL; i++) {
    if (!p->ill[i].has) continue;
    begin_resource(w, p, "Condition", "c", i, "subject");
    put_concept(w, "clinicalStatus", CLINICAL, p->ill[i].over ? "resolved" : "active",
                (th_span){0});
    put_concept(w, "code", SNOMED, illnesses[i].code, th_span_of(illnesses[i].name));
    put_date(w, "onsetDateTime", p->ill[i].begin);
    if (p->ill[i].over) put_date(w, "abatementDateTime", p->ill[i].end);
    end_resource(w);
  }
}

static void fhir_drugs(const plan *p, th_jout *w) {
  for (unsigned i = 0; i < p->n_drugs; i++) {
    begin_resource(w, p, "MedicationRequest", "m", i, "subject");
    th_jout_kv_str(w, "status", "active");
    th_jout_kv_str(w, "intent", "order");
    put_concept(w, "medicationCodeableConcept", NULL, NULL, p->drugs[i].name);
    put_date(w, "authoredOn", p->drugs[i].begin);
    end_resource(w);
  }
}

static void fhir_values(const plan *p, th_jout *w) {
  for (unsigned i = 0; i < N_LAB; i++) {
    const laboratory *l = &laboratories[i];
    if (!p->lab[i].has) continue;
    begin_resource(w, p, "Observation", "o", i, "subject");
    th_jout_kv_str(w, "status", "final");
    put_concept(w, "code", LOINC, l->loinc, th_span_of(l->display));
    put_date(w, "effectiveDateTime", p->lab[i].day);
    th_jout_key(w, "valueQuantity");
    th_jout_object(w);
    put_value(w, "value", l, p->lab[i].value);
    if (l->unit[0]) {
      th_jout_kv_str(w, "unit", l->unit);
      th_jout_kv_str(w, "system", "http://unitsofmeasure.org");
      th_jout_kv_str(w, "code", l->unit);
    }
    th_jout_end_object(w);
    end_resource(w);
  }
}

static void fhir_answer(const plan *p, th_jout *w, unsigned i, const char *question,
                        const char *words, const char *code, const char *answer) {
  begin_resource(w, p, "Observation", "a", i, "subject");
  th_jout_kv_str(w, "status", "final");
  put_concept(w, "code", LOINC, question, th_span_of(words));
  put_concept(w, "valueCodeableConcept", SNOMED, code, th_span_of(answer));
  end_resource(w);
}

static void fhir_rest(const plan *p, th_jout *w) {
  static const char *const smoking[][2] = {{"266919005", "Never smoked tobacco"},
                                           {"8517006", "Ex-smoker"},
                                           {"449868002", "Smokes tobacco daily"}};
  for (unsigned i = 0; i < N_OP; i++) {
    if (!p->op[i].has) continue;
    begin_resource(w, p, "Procedure", "p", i, "subject");
    th_jout_kv_str(w, "status", "completed");
    put_concept(w, "code", SNOMED, operations[i].code, th_span_of(operations[i].name));
    put_date(w, "performedDateTime", p->op[i].day);
    end_resource(w);
  }
  if (p->smoking < 3)
    fhir_answer(p, w, 0, "72166-2", "Tobacco smoking status", smoking[p->smoking][0],
                smoking[p->smoking][1]);
  if (p->pregnant) fhir_answer(p, w, 1, "82810-3", "Pregnancy status", "77386006", "Pregnant");
  if (p->allergy) {
    begin_resource(w, p, "AllergyIntolerance", "y", 0, "patient");
    put_concept(w, "code", SNOMED, "91936005", TH_SPAN("Allergy to penicillin"));
    end_resource(w);
  }
  if (!p->cancer_in_family) return;
  begin_resource(w, p, "FamilyMemberHistory", "f", 0, "patient");
  th_jout_kv_str(w, "status", "completed");
  th_jout_key(w, "condition");
  th_jout_array(w);
  th_jout_object(w);
  put_concept(w, "code", SNOMED, "254837009", TH_SPAN("Breast Cancer"));
  th_jout_end_object(w);
  th_jout_end_array(w);
  end_resource(w);
}

static void put_bundle(const plan *p, th_jout *w) {
  th_jout_object(w);
  th_jout_kv_str(w, "resourceType", "Bundle");
  th_jout_kv_str(w, "type", "collection");
  th_jout_key(w, "entry");
  th_jout_array(w);
  fhir_patient(p, w);
  fhir_conditions(p, w);
  fhir_drugs(p, w);
  fhir_values(p, w);
  fhir_rest(p, w);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

void th_demo_patient(uint64_t seed, uint32_t index, bool fhir, th_buf *out) {
  plan p;
  th_jout w;
  draw(&p, seed, index);
  th_jout_init(&w, out, false);
  if (fhir)
    put_bundle(&p, &w);
  else
    put_form(&p, &w);
}
