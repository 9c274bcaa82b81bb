#include "eligibility/infections.h"

#include "eligibility/keys.h"

const char *const th_elig_infection_names[TH_ELIG_N_INFECTIONS] = {
    [TH_ELIG_HIV] = "HIV infection",
    [TH_ELIG_HEPATITIS_B] = "hepatitis B",
    [TH_ELIG_HEPATITIS_C] = "hepatitis C",
    [TH_ELIG_SYPHILIS] = "syphilis",
    [TH_ELIG_LATENT_TUBERCULOSIS] = "latent tuberculosis",
    [TH_ELIG_HELICOBACTER] = "Helicobacter pylori infection",
    [TH_ELIG_DIFFICILE] = "Clostridium difficile infection",
    [TH_ELIG_COVID] = "COVID-19",
    [TH_ELIG_INFLUENZA] = "influenza"};

enum {
  WORDS_MAX = 10,
  LASTING = 1 << TH_ELIG_HIV | 1 << TH_ELIG_HEPATITIS_B | 1 << TH_ELIG_HEPATITIS_C,
};

typedef struct name {
  const th_elig_token *t;
  uint32_t n, at;
  th_elig_infection_test *out;
  bool antibody; /* a test for one */
} name;

static bool among(const name *m, uint32_t i, th_elig_set *set) {
  return i < m->n && th_elig_among(set, &m->t[i]);
}

static bool sign(const name *m, uint32_t i, char c) {
  return i < m->n && th_elig_sign(&m->t[i], c);
}

/* One word that is all of a name, or ends the one of a test. */
static bool took_word(name *m) {
  static th_elig_set hiv = TH_ELIG_SET("hiv|hiv1|hiv2"), hbv = TH_ELIG_SET("hbv");
  static th_elig_set hcv = TH_ELIG_SET("hcv"), syphilis = TH_ELIG_SET("syphilis|treponemal");
  static th_elig_set treponema = TH_ELIG_SET("rpr|vdrl|tppa|tpha|fta");
  static th_elig_set tuberculin =
      TH_ELIG_SET("quantiferon|igra|tspot|tst|ppd|mantoux|tuberculin|qft");
  static th_elig_set flu = TH_ELIG_SET("influenza|flu"), difficile = TH_ELIG_SET("cdiff");
  static th_elig_set b = TH_ELIG_SET("hbsag|hbvsag|hbag");
  static th_elig_set e = TH_ELIG_SET("hbeag");
  static th_elig_set c = TH_ELIG_SET("hcvab|antihcv|hcvrna"),
                     antihiv = TH_ELIG_SET("antihiv|hivab");
  static th_elig_set met = TH_ELIG_SET("hbcab|hbsab|antihbc|antihbs|hbeab|hbc|hbs|hbe|hbvcab");
  static const struct {
    th_elig_set *words;
    th_elig_infection which;
    bool tests, antibody, amount;
  } rows[] = {{&hiv, TH_ELIG_HIV, false, false, false},
              {&hbv, TH_ELIG_HEPATITIS_B, false, false, false},
              {&hcv, TH_ELIG_HEPATITIS_C, false, false, false},
              {&syphilis, TH_ELIG_SYPHILIS, false, false, false},
              {&treponema, TH_ELIG_SYPHILIS, true, false, false},
              {&tuberculin, TH_ELIG_LATENT_TUBERCULOSIS, true, false, false},
              {&flu, TH_ELIG_INFLUENZA, false, false, false},
              {&difficile, TH_ELIG_DIFFICILE, false, false, false},
              {&b, TH_ELIG_HEPATITIS_B, true, false, false},
              {&c, TH_ELIG_HEPATITIS_C, true, false, false},
              {&antihiv, TH_ELIG_HIV, true, false, false},
              {&met, TH_ELIG_HEPATITIS_B, true, true, false},
              {&e, TH_ELIG_HEPATITIS_B, true, false, true}};
  for (size_t k = 0; k < TH_COUNT(rows); k++) {
    if (!among(m, m->at, rows[k].words)) continue;
    m->out->which = 1u << rows[k].which;
    m->out->tests |= rows[k].tests;
    m->out->amount |= rows[k].amount;
    m->antibody |= rows[k].antibody;
    m->at++;
    return true;
  }
  return false;
}

/* "B", "C" behind "hepatitis"; "(B" of "hepatitis (B or C)" too. */
static unsigned type_at(const name *m, uint32_t i) {
  static th_elig_set b = TH_ELIG_SET("b|bs"), c = TH_ELIG_SET("c");
  return among(m, i, &b)   ? 1u << TH_ELIG_HEPATITIS_B
         : among(m, i, &c) ? 1u << TH_ELIG_HEPATITIS_C
                           : 0;
}

static bool took_hepatitis(name *m) {
  static th_elig_set hepatitis = TH_ELIG_SET("hepatitis|hep|hepatiti");
  static th_elig_set joints = TH_ELIG_SET("and|or|,|/|&|and/or");
  uint32_t i = m->at + 1 + sign(m, m->at + 1, '-');
  if (!among(m, m->at, &hepatitis) || !type_at(m, i)) return false;
  for (;;) {
    m->out->which |= type_at(m, i);
    m->at = ++i;
    while (among(m, i, &joints) && i < m->at + 3)
      i++;
    if (i == m->at || !type_at(m, i)) return true;
  }
}

static bool took_immunodeficiency(name *m) {
  static th_elig_set human = TH_ELIG_SET("human"), immune = TH_ELIG_SET("immune|immuno");
  static th_elig_set lack = TH_ELIG_SET("immunodeficiency"), deficiency = TH_ELIG_SET("deficiency");
  static th_elig_set virus = TH_ELIG_SET("virus|viru");
  uint32_t i = m->at + 1;
  if (!among(m, m->at, &human)) return false;
  if (among(m, i, &immune)) {
    i += 1 + sign(m, i + 1, '-');
    if (!among(m, i, &deficiency)) return false;
  } else if (!among(m, i, &lack)) {
    return false;
  }
  if (!among(m, i + 1, &virus)) return false;
  m->out->which = 1u << TH_ELIG_HIV;
  m->at = i + 2;
  return true;
}

/* "H. pylori", "Clostridioides difficile". */
static bool took_germ(name *m) {
  static th_elig_set h = TH_ELIG_SET("h|helicobacter"), pylori = TH_ELIG_SET("pylori");
  static th_elig_set c = TH_ELIG_SET("c|clostridium|clostridioide|clostridioides");
  static th_elig_set difficile = TH_ELIG_SET("difficile|diff");
  uint32_t i = m->at + 1 + sign(m, m->at + 1, '.');
  bool ulcer = among(m, m->at, &h) && among(m, i, &pylori);
  if (!ulcer && !(among(m, m->at, &c) && among(m, i, &difficile))) return false;
  m->out->which = 1u << (ulcer ? TH_ELIG_HELICOBACTER : TH_ELIG_DIFFICILE);
  m->at = i + 1;
  return true;
}

static bool is_count(const name *m, uint32_t i, double n) {
  return i < m->n && m->t[i].kind == TH_ELIG_NUM && m->t[i].value == n;
}

/* "COVID-19", "SARS-CoV-2". */
static bool took_corona(name *m) {
  static th_elig_set covid = TH_ELIG_SET("covid|covid19"), sars = TH_ELIG_SET("sars");
  static th_elig_set cov = TH_ELIG_SET("cov|cov2");
  uint32_t i = m->at + 1;
  if (among(m, m->at, &covid)) {
    uint32_t k = i + sign(m, i, '-');
    m->at = is_count(m, k, 19) ? k + 1 : i;
  } else {
    i += sign(m, i, '-');
    if (!among(m, m->at, &sars) || !among(m, i, &cov)) return false;
    uint32_t k = i + 1 + sign(m, i + 1, '-');
    m->at = is_count(m, k, 2) ? k + 1 : i + 1;
  }
  m->out->which = 1u << TH_ELIG_COVID;
  return true;
}

/* "T-SPOT", "interferon gamma release assay", "TB skin test". */
static bool took_release(name *m) {
  static th_elig_set t = TH_ELIG_SET("t"), spot = TH_ELIG_SET("spot");
  static th_elig_set interferon = TH_ELIG_SET("interferon"), gamma = TH_ELIG_SET("gamma");
  static th_elig_set release = TH_ELIG_SET("release");
  static th_elig_set tb = TH_ELIG_SET("tb|tuberculosis"), skin = TH_ELIG_SET("skin");
  uint32_t i = m->at + 1 + sign(m, m->at + 1, '-');
  if (among(m, m->at, &t) && among(m, i, &spot)) {
    m->at = i + 1;
  } else if (among(m, m->at, &tb) && among(m, i, &skin)) {
    m->at = i + 1;
  } else {
    uint32_t k = i + 1 + sign(m, i + 1, '-');
    if (!among(m, m->at, &interferon) || !among(m, i, &gamma) || !among(m, k, &release))
      return false;
    m->at = k + 1;
  }
  m->out->which = 1u << TH_ELIG_LATENT_TUBERCULOSIS;
  m->out->tests = true;
  return true;
}

static bool is_fill(const name *m, uint32_t i) {
  static th_elig_set fill =
      TH_ELIG_SET("virus|viru|type|viral|e|western|generation|rapid|quantitative|"
                  "qualitative|total|blood|i|ii|and|or|/|+|-|plus|skin|stool|breath|urea|"
                  "nasal|nasopharyngeal");
  static th_elig_set strains = TH_ELIG_SET("a|b");
  const th_elig_token *t = &m->t[i];
  bool type = t->kind == TH_ELIG_NUM && t->flags & TH_ELIG_INTEGER && t->value <= 4;
  bool strain = m->out->which == 1u << TH_ELIG_INFLUENZA && among(m, i, &strains);
  return type || strain || among(m, i, &fill);
}

/* The words behind it that are of the test's name. */
static void take_test(name *m) {
  static th_elig_set tests =
      TH_ELIG_SET("antigen|ag|antibody|antibodie|ab|abs|igg|igm|test|testing|serology|serologie|"
                  "screen|screening|elisa|eia|assay|immunoassay|blot|panel|serum|combo|serostatus|"
                  "p24|titer|sag|eag|cab|sab|toxin|swab|urease");
  static th_elig_set amounts = TH_ELIG_SET("rna|dna|pcr|naat|nat|load|viremia");
  static th_elig_set antibodies = TH_ELIG_SET("antibody|antibodie|ab|abs|igg|igm|cab|sab");
  static th_elig_set antigens = TH_ELIG_SET("antigen|ag|sag|eag");
  static th_elig_set early = TH_ELIG_SET("e|eag");
  static th_elig_set brands = TH_ELIG_SET("tb|gold|.");
  static th_elig_set places = TH_ELIG_SET("core|surface");
  bool antigen = false, e = false;
  for (uint32_t i = m->at, k = 0; k < WORDS_MAX && i < m->n; k++, i++) {
    bool amount = among(m, i, &amounts), test = amount || among(m, i, &tests);
    test |= m->out->which == 1u << TH_ELIG_LATENT_TUBERCULOSIS && among(m, i, &brands);
    if (!test && !among(m, i, &places) && !is_fill(m, i)) break;
    m->out->tests |= test;
    m->out->amount |= amount;
    m->antibody |= among(m, i, &antibodies);
    antigen |= among(m, i, &antigens);
    e |= among(m, i, &early);
    if (test) m->out->end = i + 1;
  }
  m->out->amount |= e && antigen;
  m->out->amount &= (m->out->which & LASTING) != 0;
  bool met = m->out->which == 1u << TH_ELIG_HEPATITIS_B || m->out->which == 1u << TH_ELIG_COVID;
  m->out->immune = met && m->antibody && !antigen && !m->out->amount;
}

bool th_elig_infection_at(const th_elig_token *t, uint32_t n, uint32_t i,
                          th_elig_infection_test *out) {
  static th_elig_set anti = TH_ELIG_SET("anti");
  *out = (th_elig_infection_test){0};
  name m = {.t = t, .n = n, .at = i, .out = out};
  if (among(&m, i, &anti)) {
    m.at += 1 + sign(&m, i + 1, '-');
    m.antibody = out->tests = true;
  }
  if (!took_word(&m) && !took_hepatitis(&m) && !took_immunodeficiency(&m) && !took_germ(&m) &&
      !took_corona(&m) && !took_release(&m))
    return false;
  out->end = m.at;
  take_test(&m);
  return true;
}
