/* What notes say in letters where criteria ask for a value: genes and markers with their state,
 * stages and classes in Roman numbers, counts in front of their name.
 *
 *   marker := gene (variant | state)+          EGFR exon 19 del, ALK neg, HER2 3+, BRCA1 carrier
 *   state  := '+' | positive | mutated | … | '-' | neg | wild type | WT | "0" … "3+" (HER2)
 *   class  := name roman ('-' roman)?          NYHA II-III, Child-Pugh B, stage IIIB, CKD G3b
 *   count  := number name                      3 prior lines, 9 swollen joints
 *   height := feet '\'' inches                 5'4", 5 foot 4
 *
 * A gene of which nothing is said ("EGFR was tested") is no fact. HER2 by staining: 3+ is positive,
 * 0 and 1+ are negative, 2+ is not told without in situ hybridization (Wolff AC et al., ASCO-CAP
 * guideline update, J Clin Oncol 2018;36:2105). */
#include "eligibility/attributes.h"
#include "eligibility/genes.h"
#include "eligibility/phrases.h"
#include "patient/note.h"

/* ---- genes ---- */

typedef enum marker_state { NOTHING, PRESENT, ABSENT, EQUIVOCAL } marker_state;

static bool glued(const th_note *note, uint32_t i) {
  return i < note->v.n && !(note->v.p[i].flags & TH_ELIG_SPACE_BEFORE);
}

/* "+", "(+)", "-", "(-)" behind a marker. */
static marker_state sign_state(const th_note *note, uint32_t i, uint32_t *end) {
  uint32_t k = i + th_note_sign(note, i, '(');
  marker_state s = th_note_sign(note, k, '+')   ? PRESENT
                   : th_note_sign(note, k, '-') ? ABSENT
                                                : NOTHING;
  if (s == NOTHING) return s;
  if (k > i && !th_note_sign(note, k + 1, ')')) return NOTHING;
  bool parts = k + 1 >= note->v.n || !glued(note, k + 1) || note->v.p[k + 1].kind == TH_ELIG_SIGN;
  if (k == i && s == ABSENT && (!glued(note, k) || !parts)) return NOTHING; /* "HER2 - see above" */
  *end = k + 1 + (k > i);
  return s;
}

/* "3+", "0", "IHC 2+" */
static marker_state staining(const th_note *note, uint32_t i, uint32_t *end) {
  uint32_t k = i + th_note_sign(note, i, '(');
  while (th_note_among(note, k, "ihc score by staining"))
    k++;
  if (!th_note_number(note, k) || !(note->v.p[k].flags & TH_ELIG_INTEGER)) return NOTHING;
  double v = note->v.p[k].value;
  bool plus = th_note_sign(note, k + 1, '+');
  if (v > 3 || (v > 0 && !plus)) return NOTHING;
  *end = k + 1 + plus;
  return v >= 3 ? PRESENT : v == 2 ? EQUIVOCAL : ABSENT;
}

static marker_state word_state(const th_note *note, uint32_t i, uint32_t *end) {
  *end = i + 1;
  if (th_note_among(note, i,
                    "positive pos mutation mutations mutated mutant amplified amplification fusion "
                    "rearrangement rearranged translocation overexpressed overexpression "
                    "overexpressing expressing carrier pathogenic variant mut altered alteration"))
    return PRESENT;
  if (th_note_among(note, i, "negative neg unmutated wildtype wt non-mutated nonmutated"))
    return ABSENT;
  if (th_note_is(note, i, "wild")) {
    *end = i + 1 + th_note_sign(note, i + 1, '-');
    *end += th_note_is(note, *end, "type");
    return ABSENT;
  }
  if (th_note_is(note, i, "not") &&
      th_note_among(note, i + 1, "detected mutated amplified found present rearranged"))
    return *end = i + 2, ABSENT;
  return NOTHING;
}

/* What stands behind the name decides: the last state of "EGFR mutation: negative". */
static marker_state state_behind(const th_note *note, const th_sentence *s, const th_elig_gene *g,
                                 uint32_t *behind) {
  marker_state out = g->variant < g->variant_end ? PRESENT : NOTHING;
  bool her2 = !strncmp(g->name, "ERBB2", 5);
  if (g->absent) out = ABSENT;
  *behind = g->end;
  for (uint32_t i = g->name_end; i < s->to && i < g->name_end + 9;) {
    uint32_t end = i + 1;
    marker_state now = her2 ? staining(note, i, &end) : NOTHING;
    if (now == NOTHING) now = sign_state(note, i, &end);
    if (now == NOTHING) now = word_state(note, i, &end);
    bool filler = i < g->end || th_note_sign(note, i, ':') || th_note_sign(note, i, '-') ||
                  th_note_sign(note, i, '(') || th_note_sign(note, i, '=') ||
                  th_note_among(note, i,
                                "is was status gene receptor germline somatic by testing test "
                                "for came back returned result results exon type");
    if (now == NOTHING && !filler) break;
    if (now != NOTHING) out = now, *behind = end > *behind ? end : *behind;
    i = end;
  }
  return out;
}

/* "EGFR exon 19 deletion", however the deletion is written. */
static th_span label_of(th_note *note, const th_elig_leaf *leaf, const th_elig_gene *g) {
  static const struct {
    const char *from, *to;
  } words[] = {{" del", " deletion"}, {" ins", " insertion"}};
  char bytes[TH_ELIG_GENE_MAX], longer[TH_ELIG_GENE_MAX + 16];
  th_span label = th_elig_gene_label(leaf, g, bytes);
  for (size_t i = 0; i < TH_COUNT(words); i++) {
    size_t n = strlen(words[i].from), m = strlen(words[i].to);
    if (label.n < n || memcmp(label.p + label.n - n, words[i].from, n)) continue;
    memcpy(longer, label.p, label.n - n);
    memcpy(longer + label.n - n, words[i].to, m);
    label = (th_span){longer, label.n - n + m};
    break;
  }
  label = th_reading_text(note->r, label);
  explicit_bzero(bytes, sizeof bytes);
  explicit_bzero(longer, sizeof longer);
  return label;
}

static void add_gene(th_note *note, const th_sentence *s, uint32_t first, uint32_t behind,
                     th_span label, marker_state state) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
  f.category = TH_ELIG_GENE;
  f.label = label;
  th_note_apply(note, s, first, &f);
  /* what the marker's own words say, "negative", is also a cue of context */
  bool denied = note->cues[first] & 1u << TH_CUE_ABSENT;
  f.absent = (state == ABSENT) != denied;
  if (state == EQUIVOCAL) f.certainty = TH_CERTAIN_SUSPECTED, f.absent = false;
  if (f.time == TH_ELIG_PAST) f.time = TH_ELIG_TIME_ANY;
  th_note_place(note, &f, note->v.p[first].from, note->v.p[behind - 1].to);
  th_reading_add(note->r, &f);
}

/* The leaf of the criteria's reader that a sentence is. */
static th_elig_leaf leaf_of(const th_note *note, const th_sentence *s) {
  th_elig_leaf leaf = {.text = note->text};
  leaf.tokens = (th_elig_tokens){.p = note->v.p + s->from, .n = s->to - s->from};
  leaf.from = note->v.p[s->from].from;
  leaf.to = note->v.p[s->to - 1].to;
  return leaf;
}

/* Three receptors in two words. */
static uint32_t triple_at(th_note *note, const th_sentence *s, uint32_t i) {
  static const char *const names[] = {"ER", "PR", "ERBB2 (HER2)"};
  uint32_t k = i + 1 + th_note_sign(note, i + 1, '-');
  if (!th_note_is(note, i, "triple") || !th_note_among(note, k, "negative neg")) return i;
  for (size_t n = 0; n < TH_COUNT(names); n++)
    add_gene(note, s, i, k + 1, th_span_of(names[n]), ABSENT);
  return k + 1;
}

static uint32_t gene_at(th_note *note, const th_sentence *s, th_elig_leaf *leaf, uint32_t i) {
  th_elig_gene g;
  uint32_t behind, off = s->from;
  /* "ER+" and "PR neg" are believed with a sign, which the criteria's reader does not look at */
  static const char *const receptors[] = {"ER", "PR", "ALK", "RET", "MET", "KIT"};
  th_span word = {note->text.p + note->v.p[i].from, note->v.p[i].to - note->v.p[i].from};
  bool found = th_elig_gene_at(leaf, i - off, &g);
  for (size_t k = 0; !found && k < TH_COUNT(receptors); k++)
    if (th_span_eq(word, th_span_of(receptors[k])))
      g = (th_elig_gene){.first = i - off,
                         .end = i + 1 - off,
                         .name_end = i + 1 - off,
                         .name = receptors[k],
                         .variant = 0,
                         .variant_end = 0},
      found = true;
  if (!found) return i;
  th_elig_gene at = g;
  at.name_end += off, at.end += off;
  marker_state state = state_behind(note, s, &at, &behind);
  if (state == NOTHING || !strcmp(g.name, "PD-L1")) return at.name_end;
  add_gene(note, s, i, behind, label_of(note, leaf, &g), state);
  return behind;
}

/* ---- classes ---- */

static int roman(th_span w) {
  static const char *const names[] = {"", "I", "II", "III", "IV", "V"};
  for (int i = 1; i < (int)TH_COUNT(names); i++)
    if (th_span_eq(w, th_span_of(names[i]))) return i;
  return -1;
}

/* Of a stage a letter is worth a tenth and a plain number reaches to its last one, as
 * eligibility/classes.c has them. A letter of Child-Pugh stands for its points. */
static bool class_of(const th_note *note, uint32_t i, const char *key, double *low, double *high) {
  static const double child_low[] = {5, 7, 10}, child_high[] = {6, 9, 15};
  bool stage = !strcmp(key, "cancer_stage"), letters = stage || !strcmp(key, "ckd_stage");
  if (i >= note->v.n || note->v.p[i].kind == TH_ELIG_SIGN) return false;
  th_span w = {note->text.p + note->v.p[i].from, note->v.p[i].to - note->v.p[i].from};
  if (!strcmp(key, "child_pugh")) {
    char c = w.n ? w.p[0] : 0;
    if (c < 'A' || c > 'C' || w.n > 3) return false;
    *low = child_low[c - 'A'], *high = child_high[c - 'A'];
    if (w.n > 1)
      *low = *high = th_span_eq((th_span){w.p + 1, w.n - 1}, TH_SPAN("10")) ? 10 : w.p[1] - '0';
    return *low >= 5 && *low <= 15;
  }
  if (letters && w.n > 1 && (w.p[0] == 'G' || w.p[0] == 'g') && w.p[1] >= '0' && w.p[1] <= '9')
    w.p++, w.n--;
  double part = 0;
  while (stage && w.n > 2 && w.p[w.n - 1] >= '1' && w.p[w.n - 1] <= '3' && w.p[w.n - 2] > '9')
    w.n--; /* IA1 */
  char last = w.n > 1 ? (char)(w.p[w.n - 1] | 32) : 0;
  if (letters && last >= 'a' && last <= 'd') part = (last - 'a' + 1) / 10.0, w.n--;
  int n = w.n == 1 && w.p[0] >= '0' && w.p[0] <= '5' ? w.p[0] - '0' : roman(w);
  if (n < 0) return false;
  *low = stage ? n + part : n;
  *high = stage && part == 0 && n > 0 ? n + 0.9 : *low;
  return true;
}

static void add_class(th_note *note, const th_sentence *s, uint32_t first, uint32_t end,
                      const char *key, double low, double high) {
  th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
  f.attribute = th_elig_attribute_find(th_span_of(key));
  if (f.attribute < 0) return;
  f.value = low;
  if (high > low) f.relation = TH_ELIG_BETWEEN, f.high = high;
  f.time = TH_ELIG_CURRENT;
  th_note_apply(note, s, first, &f);
  if (f.absent) return;
  th_note_place(note, &f, note->v.p[first].from, note->v.p[end - 1].to);
  th_measure_canonical(&f);
  th_reading_add(note->r, &f);
}

/* Diseases whose stages are none of a growth. */
static bool is_of_other_disease(const th_note *note, const th_sentence *s, uint32_t i) {
  uint32_t from = i > s->from + 5 ? i - 5 : s->from;
  for (uint32_t k = from; k < TH_MIN(s->to, i + 7); k++)
    if (th_note_among(
            note, k,
            "ckd kidney renal aki copd gold hypertension retinopathy endometriosis "
            "sarcoidosis prolapse parkinson parkinsons pressure ulcer ulcers sacral decubitus "
            "fibrosis hiv aids labor sleep lymphedema diabetic heart failure keratoconus "
            "rop reflux avn necrosis prematurity cirrhosis nash liver dementia periodontitis hoehn "
            "yahr"))
      return !th_note_among(note, k, "renal kidney liver") ||
             !(th_note_among(note, k + 1, "cell cancer carcinoma tumor") ||
               th_note_among(note, k + 1, "adenocarcinoma metastases"));
  return false;
}

static bool is_of_growth(const th_note *note, const th_sentence *s, uint32_t i) {
  enum { NEAR = 20 };
  for (uint32_t k = i > s->from + NEAR ? i - NEAR : s->from; k < TH_MIN(s->to, i + NEAR); k++)
    if (th_note_among(note, k,
                      "cancer carcinoma adenocarcinoma melanoma lymphoma sarcoma tumor tumour "
                      "malignancy nsclc sclc neoplasm hodgkin myeloma neuroblastoma hcc rcc"))
      return true;
  return false;
}

/* "stage IIIB", "Stage II-III", "stage 4": of digits alone a growth must be near. */
static uint32_t stage_at(th_note *note, const th_sentence *s, uint32_t i) {
  double low, high, more_low, more_high;
  if (!th_note_among(note, i, "stage stages")) return i;
  uint32_t k = i + 1 + th_note_sign(note, i + 1, ':');
  if (!class_of(note, k, "cancer_stage", &low, &high) || is_of_other_disease(note, s, i)) return i;
  if (note->v.p[k].kind == TH_ELIG_NUM && !is_of_growth(note, s, i)) return i;
  uint32_t end = k + 1;
  if ((th_note_sign(note, end, '-') || th_note_among(note, end, "or to")) &&
      class_of(note, end + 1, "cancer_stage", &more_low, &more_high) && more_high > high)
    high = more_high, end += 2;
  add_class(note, s, i, end, "cancer_stage", low, high);
  return end;
}

/* A class behind the name of its scale. Plain numbers are read as those of any value. */
static uint32_t scale_at(th_note *note, const th_sentence *s, uint32_t i) {
  static const char *const scales[] = {"nyha", "child_pugh", "ckd_stage", "gold", "asa"};
  uint32_t end;
  int p = th_elig_phrase_at(note->text, note->v.p, s->to, i, TH_ELIG_F_ATTRIBUTE, &end);
  const char *key = p < 0 ? NULL : th_elig_attributes[th_elig_phrase_get(p)->value].key;
  double low, high, more_low, more_high;
  for (size_t n = 0; key && n < TH_COUNT(scales); n++) {
    if (strcmp(key, scales[n])) continue;
    uint32_t k = end;
    while (k < s->to && k < end + 3 &&
           (th_note_among(note, k, "class stage grade functional fc score") ||
            th_note_sign(note, k, ':') || th_note_sign(note, k, '(')))
      k++;
    bool kidney = !strcmp(key, "ckd_stage");
    if (!class_of(note, k, key, &low, &high)) return i;
    if (note->v.p[k].kind == TH_ELIG_NUM && !kidney) return i;
    if (kidney && k == end && note->v.p[k].kind == TH_ELIG_NUM) return i;
    uint32_t behind = k + 1;
    bool joined = th_note_sign(note, behind, '-') || th_note_sign(note, behind, '/') ||
                  th_note_among(note, behind, "to or");
    if (joined && class_of(note, behind + 1, key, &more_low, &more_high) && more_high > high)
      high = more_high, behind += 2;
    add_class(note, s, i, behind, key, low, high);
    return behind;
  }
  return i;
}

/* ---- numbers in front ---- */

static uint32_t count_at(th_note *note, const th_sentence *s, uint32_t i) {
  static const char *const counted[] = {"prior_therapies", "prior_chemotherapies", "joint_swollen",
                                        "joint_tender",    "exacerbations",        "relapses"};
  uint32_t end;
  const th_elig_token *t = &note->v.p[i];
  if (t->kind != TH_ELIG_NUM || !(t->flags & (TH_ELIG_INTEGER | TH_ELIG_SPELLED)) || t->value > 99)
    return i;
  if (i > s->from && (th_note_sign(note, i - 1, '-') || th_note_sign(note, i - 1, '/') ||
                      th_note_sign(note, i - 1, '.')))
    return i;
  int p = th_elig_phrase_at(note->text, note->v.p, s->to, i + 1, TH_ELIG_F_ATTRIBUTE, &end);
  int a = p < 0 ? -1 : th_elig_phrase_get(p)->value;
  for (size_t n = 0; a >= 0 && n < TH_COUNT(counted); n++)
    if (!strcmp(th_elig_attributes[a].key, counted[n])) {
      add_class(note, s, i, end, counted[n], t->value, NAN);
      return end;
    }
  return i;
}

/* Only with inches: "5 feet" may be how far somebody walks. */
static uint32_t height_at(th_note *note, const th_sentence *s, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  uint32_t k = i + 1;
  if (t->kind != TH_ELIG_NUM || !(t->value >= 2 && t->value <= 7)) return i;
  if (!th_note_sign(note, k, '\'') && !th_note_among(note, k, "ft feet foot")) return i;
  for (uint32_t b = i; b > s->from && i - b < 3; b--) /* read as a value already */
    if (th_note_among(note, b - 1, "height ht")) return i;
  k += 1 + th_note_sign(note, k + 1, '.');
  if (!th_note_number(note, k) || !(note->v.p[k].value >= 0 && note->v.p[k].value < 12)) return i;
  th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
  f.attribute = th_elig_attribute_find(TH_SPAN("height"));
  f.value = t->value * 12 + note->v.p[k].value;
  f.unit = TH_SPAN("[in_i]");
  f.time = TH_ELIG_CURRENT;
  th_note_apply(note, s, i, &f);
  th_note_place(note, &f, t->from, note->v.p[k].to);
  th_measure_canonical(&f);
  th_reading_add(note->r, &f);
  return k + 1;
}

void th_note_markers(th_note *note) {
  if (th_elig_phrases_ready() < 0) {
    th_reading_fail(note->r, TH_ENOMEM);
    return;
  }
  for (uint32_t n = 0; n < note->n_sentences; n++) {
    const th_sentence *s = &note->sentences[n];
    th_elig_leaf leaf = leaf_of(note, s);
    for (uint32_t i = s->from; i < s->to;) {
      uint32_t end = i;
      if (note->v.p[i].kind == TH_ELIG_NUM) {
        end = count_at(note, s, i);
        if (end == i) end = height_at(note, s, i);
      } else if (note->v.p[i].kind == TH_ELIG_WORD) {
        end = triple_at(note, s, i);
        if (end == i) end = gene_at(note, s, &leaf, i);
        if (end == i) end = stage_at(note, s, i);
        if (end == i) end = scale_at(note, s, i);
      }
      i = end > i ? end : i + 1;
    }
  }
}

/* ---- names of structured records ---- */

static marker_state state_said(const th_note *said) {
  marker_state out = NOTHING;
  for (uint32_t i = 0, end; i < said->v.n && out == NOTHING; i++) {
    out = staining(said, i, &end);
    if (out == NOTHING) out = word_state(said, i, &end);
    if (out == NOTHING && th_note_is(said, i, "not")) out = ABSENT;
    if (out == NOTHING && th_note_among(said, i, "detected present yes reactive")) out = PRESENT;
    if (out == NOTHING && th_note_among(said, i, "absent no nonreactive")) out = ABSENT;
  }
  return out;
}

bool th_markers_of_name(th_reading *r, th_span name, th_span said, const th_patient_fact *like) {
  th_elig_token room[TH_NOTE_NAME_TOKENS], more[TH_NOTE_NAME_TOKENS];
  th_note note, answer;
  th_sentence s, ignored;
  th_elig_gene g;
  uint32_t behind;
  bool any = false;
  if (!th_note_of_name(r, name, room, &note, &s)) return false;
  th_elig_leaf leaf = leaf_of(&note, &s);
  marker_state told =
      th_note_of_name(r, said, more, &answer, &ignored) ? state_said(&answer) : NOTHING;
  for (uint32_t i = 0; i < s.to; i++) {
    if (!th_elig_gene_at(&leaf, i, &g) || !strcmp(g.name, "PD-L1")) continue;
    marker_state state = said.n ? told : state_behind(&note, &s, &g, &behind);
    if (state == NOTHING) continue;
    th_patient_fact f = th_patient_fact_new(TH_FACT_CONCEPT);
    f.category = TH_ELIG_GENE;
    f.label = label_of(&note, &leaf, &g);
    f.absent = (state == ABSENT) != like->absent;
    th_note_add_like(r, like, &f);
    if (state == EQUIVOCAL && r->n_facts) r->facts[r->n_facts - 1].certainty = TH_CERTAIN_SUSPECTED;
    any = true;
    i = g.end > i ? g.end - 1 : i;
  }
  return any;
}

bool th_markers_stage(th_reading *r, th_span said, const th_patient_fact *like) {
  th_elig_token room[TH_NOTE_NAME_TOKENS];
  th_note note;
  th_sentence s;
  double low, high;
  if (like->absent || !th_note_of_name(r, said, room, &note, &s)) return false;
  for (uint32_t i = 0; i < s.to; i++) {
    if (!class_of(&note, i, "cancer_stage", &low, &high)) continue;
    if (i > 0 && !th_note_among(&note, i - 1, "stage group")) continue;
    th_patient_fact f = th_patient_fact_new(TH_FACT_VALUE);
    f.attribute = th_elig_attribute_find(TH_SPAN("cancer_stage"));
    f.value = low;
    if (high > low) f.relation = TH_ELIG_BETWEEN, f.high = high;
    th_note_add_like(r, like, &f);
    return true;
  }
  return false;
}
