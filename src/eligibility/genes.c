#include "eligibility/genes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "eligibility/keys.h"
#include "eligibility/signs.h"

/* Spellings by the symbol of the HUGO Gene Nomenclature Committee, or, for a marker, as it is
 * commonly called. alone: short words that are believed only beside a variant or a state. */
typedef struct gene {
  const char *name, *spellings;
  bool alone;
} gene;

static const gene genes[] = {
    {"EGFR", "EGFR", true},
    {"ALK", "ALK", false},
    {"ROS1", "ROS1|ROS-1", true},
    {"BRAF", "BRAF|B-RAF|B-Raf|BRaf", true},
    {"KRAS", "KRAS|K-RAS|K-Ras|KRas", true},
    {"NRAS", "NRAS|N-RAS|N-Ras", true},
    {"RAS", "RAS", false},
    {"ERBB2 (HER2)",
     "HER2|HER-2|Her2|Her-2|HER2/neu|HER-2/neu|Her2/neu|Her-2/neu|ERBB2|ErbB2|cerbB-2", true},
    {"BRCA1", "BRCA1|BRCA-1", true},
    {"BRCA2", "BRCA2|BRCA-2", true},
    {"BRCA", "BRCA|BRCA1/2", true},
    {"MET", "MET|c-MET|cMET|c-Met", false},
    {"RET", "RET", false},
    {"NTRK", "NTRK|NTRK1|NTRK2|NTRK3|NTRK1/2/3", true},
    {"PIK3CA", "PIK3CA", true},
    {"PTEN", "PTEN", true},
    {"IDH1", "IDH1|IDH-1", true},
    {"IDH2", "IDH2|IDH-2", true},
    {"FLT3", "FLT3|FLT-3|FLT3-ITD", true},
    {"NPM1", "NPM1", true},
    {"TP53", "TP53|p53|P53", true},
    {"JAK2", "JAK2|JAK-2", true},
    {"KIT", "KIT|c-KIT|c-Kit|cKIT", false},
    {"PDGFRA", "PDGFRA", true},
    {"FGFR", "FGFR|FGFR1|FGFR2|FGFR3", true},
    {"ESR1", "ESR1", true},
    {"ATM", "ATM", false},
    {"STK11", "STK11", true},
    {"Philadelphia chromosome", "Ph|Ph1", false},
    {"BCR-ABL", "BCR-ABL|BCR/ABL|Bcr-Abl|bcr-abl|BCR-ABL1", true},
    {"MYCN", "MYCN|N-MYC|N-myc", true},
    {"PD-L1", "PD-L1|PDL1|PDL-1", true},
    {"MGMT", "MGMT", true},
    {"CFTR", "CFTR", true},
    {"G6PD", "G6PD", true},
    {"UGT1A1", "UGT1A1", true},
    {"CYP2C19", "CYP2C19", true},
    {"CYP2D6", "CYP2D6", true},
    {"DPYD", "DPYD", true},
    {"APOE", "APOE|ApoE", true},
    {"HLA-B27", "HLA-B27|HLAB27", true},
    {"HLA-B*5701", "HLA-B*5701|HLA-B5701|HLA-B*57:01", true},
    {"HLA-A2", "HLA-A2|HLA-A*0201|HLA-A*02:01|HLA-A0201", true},
    {"CD19", "CD19", true},
    {"CD20", "CD20", true},
    {"CD22", "CD22", true},
    {"CD30", "CD30", true},
    {"CD33", "CD33", true},
    {"BCMA", "BCMA", true},
    {"SMN1", "SMN1", true},
    {"DMD", "DMD gene", true},
    {"LDLR", "LDLR", true},
    {"PCSK9", "PCSK9 gene|PCSK9 mutation", true},
    {"hormone receptor", "hormone receptor|Hormone receptor|Hormone Receptor|hormone-receptor",
     true},
    {"ER", "ER", false},
    {"PR", "PR|PgR", false},
};

/* All spellings, those with the same first two bytes one behind another in the order of the table.
 * Most words of a text are told by their first two bytes. */
enum { SPELLINGS_MAX = 160 };
typedef struct spelling {
  const char *p;
  uint8_t n, gene;
  uint8_t next; /* 1 + the next one with the same beginning; 0 = none */
} spelling;

static spelling spellings[SPELLINGS_MAX];
static uint8_t beginnings[1 << 16]; /* 1 + the first spelling; 0 = none */
static bool known;                  /* the tables are filled */
static pthread_once_t spellings_once = PTHREAD_ONCE_INIT;
_Static_assert(TH_COUNT(genes) <= UINT8_MAX && SPELLINGS_MAX <= UINT8_MAX, "places in a byte");

static unsigned beginning(const char *p) {
  return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static void fill_spellings(void) {
  uint8_t n = 0;
  for (size_t k = 0; k < TH_COUNT(genes); k++) {
    for (const char *p = genes[k].spellings; *p && n < SPELLINGS_MAX;) {
      size_t length = strcspn(p, "|");
      spellings[n] = (spelling){.p = p, .n = (uint8_t)length, .gene = (uint8_t)k};
      uint8_t *place = &beginnings[beginning(p)];
      while (*place)
        place = &spellings[*place - 1].next;
      *place = ++n;
      p += length + (p[length] == '|');
    }
  }
  __atomic_store_n(&known, true, __ATOMIC_RELEASE);
}

/* The longest spelling that stands at the start of s, with no letter or digit behind it. */
static const spelling *spelled(th_span s) {
  const spelling *best = NULL;
  if (s.n < 2) return NULL;
  for (uint8_t k = beginnings[beginning(s.p)]; k; k = spellings[k - 1].next) {
    const spelling *x = &spellings[k - 1];
    if ((best && x->n <= best->n) || x->n > s.n || memcmp(s.p, x->p, x->n)) continue;
    unsigned char c = x->n < s.n ? (unsigned char)s.p[x->n] : ' ';
    bool word = (c | 32) >= 'a' && (c | 32) <= 'z';
    if (!word && !(c >= '0' && c <= '9')) best = x;
  }
  return best;
}

static bool is_variant(th_span s) {
  size_t i = 0;
  if (s.n > 2 && (s.p[0] == 'p' || s.p[0] == 'c') && s.p[1] == '.') i = 2;
  size_t digits = 0;
  if (i >= s.n || s.p[i] < 'A' || s.p[i] > 'Z') return false;
  for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
    digits++;
  if (i == s.n) return digits >= 3; /* "V600": whatever stands there instead */
  return digits >= 2 && i + 1 == s.n && s.p[i] >= 'A' && s.p[i] <= 'Z';
}

static bool among(const th_elig_leaf *l, uint32_t i, th_elig_set *set) {
  return i < l->tokens.n && th_elig_among(set, &l->tokens.p[i]);
}

/* "exon 19 deletion"; the token behind it, i when there is none. */
static uint32_t exon_end(const th_elig_leaf *l, uint32_t i) {
  static th_elig_set exon = TH_ELIG_SET("exon");
  static th_elig_set what =
      TH_ELIG_SET("deletion|insertion|skipping|mutation|del|ins|substitution|duplication");
  if (!among(l, i, &exon) || i + 1 >= l->tokens.n || l->tokens.p[i + 1].kind != TH_ELIG_NUM)
    return i;
  return among(l, i + 2, &what) ? i + 3 : i + 2;
}

static void read_behind(const th_elig_leaf *l, th_elig_gene *g) {
  static th_elig_set state = TH_ELIG_SET(
      "mutation|mutated|mutant|positive|amplified|amplification|fusion|rearrangement|rearranged|"
      "translocation|overexpression|overexpressing|expression|gene|alteration|deficiency|deletion|"
      "activating|sensitizing|pathogenic|variant|germline|somatic|loss|expressing|genotype|"
      "carrier|poor|metabolizer|methylated|unmethylated|methylation|status|receptor|aberration|"
      "altered|protein|allele");
  static th_elig_set absent = TH_ELIG_SET("negative|wild|wildtype|unmutated");
  static th_elig_set type = TH_ELIG_SET("type");
  static th_elig_set dash = TH_ELIG_SET("-");
  for (uint32_t i = g->end; i < l->tokens.n && i < g->name_end + 8;) {
    const th_elig_token *t = &l->tokens.p[i];
    uint32_t exon = exon_end(l, i), behind;
    bool absent_sign;
    if (th_elig_sign_of_result(l, i, &behind, &absent_sign)) { /* "HER2+" */
      g->absent = absent_sign;
      g->end = behind;
      return;
    }
    if (among(l, i, &dash)) {
      i++;
      continue;
    }
    if (exon > i || is_variant((th_span){l->text.p + t->from, t->to - t->from})) {
      if (g->variant < g->variant_end) return;
      g->variant = i;
      i = g->variant_end = g->end = exon > i ? exon : i + 1;
    } else if (among(l, i, &absent)) {
      g->absent = true;
      i = g->end = i + 1;
      uint32_t k = i + (among(l, i, &dash) ? 1 : 0);
      if (among(l, k, &type)) i = g->end = k + 1;
    } else if (among(l, i, &state)) {
      i = g->end = i + 1;
    } else {
      return;
    }
  }
}

static bool is_variant_at(const th_elig_leaf *l, uint32_t i) {
  const th_elig_token *t = &l->tokens.p[i];
  return t->kind == TH_ELIG_WORD && is_variant((th_span){l->text.p + t->from, t->to - t->from});
}

/* A gene by its own name. */
static bool named_at(const th_elig_leaf *l, uint32_t i, th_elig_gene *out) {
  const th_elig_token *t = &l->tokens.p[i];
  if (t->kind != TH_ELIG_WORD) return false;
  if (t->from + 1 >= l->to || !beginnings[beginning(l->text.p + t->from)]) return false;
  const spelling *as = spelled((th_span){l->text.p + t->from, l->to - t->from});
  if (!as || (t->from > l->from && l->text.p[t->from - 1] == '-')) return false;
  const gene *found = &genes[as->gene];
  *out = (th_elig_gene){.first = i, .name = found->name};
  for (out->end = i; out->end < l->tokens.n && l->tokens.p[out->end].from < t->from + as->n;)
    out->end++;
  out->name_end = out->end;
  read_behind(l, out);
  return found->alone || out->end > out->name_end;
}

/* "V600K" behind "BRAF V600E or": another variant of the gene that the one before it is of. */
static bool further_variant(const th_elig_leaf *l, uint32_t i, th_elig_gene *out) {
  enum { VARIANTS = 6, NAME = 3 };
  static th_elig_set joints = TH_ELIG_SET("or|and|/|,|and/or");
  th_elig_gene before = {0};
  uint32_t k = i;
  if (!is_variant_at(l, i)) return false;
  for (uint32_t n = 0; n < VARIANTS; n++) {
    uint32_t joint = k;
    while (joint > 1 && k - joint < 2 && among(l, joint - 1, &joints))
      joint--;
    if (joint == k || !is_variant_at(l, joint - 1)) break;
    k = joint - 1;
  }
  bool found = false;
  for (uint32_t back = 1; k < i && back <= NAME && back <= k && !found; back++)
    found = named_at(l, k - back, &before) && before.variant == k;
  if (!found) return false;
  *out = (th_elig_gene){.first = i, .name = before.name, .name_end = i + 1, .end = i + 1};
  read_behind(l, out);
  out->variant = i;
  out->variant_end = i + 1;
  return true;
}

bool th_elig_gene_at(const th_elig_leaf *l, uint32_t i, th_elig_gene *out) {
  if (!__atomic_load_n(&known, __ATOMIC_ACQUIRE)) pthread_once(&spellings_once, fill_spellings);
  return named_at(l, i, out) || further_variant(l, i, out);
}

th_span th_elig_gene_label(const th_elig_leaf *l, const th_elig_gene *g,
                           char out[TH_ELIG_GENE_MAX]) {
  th_span variant = {0};
  if (g->variant < g->variant_end)
    variant = (th_span){l->text.p + l->tokens.p[g->variant].from,
                        l->tokens.p[g->variant_end - 1].to - l->tokens.p[g->variant].from};
  int n = snprintf(out, TH_ELIG_GENE_MAX, "%s%s%.*s", g->name, variant.n ? " " : "",
                   (int)TH_MIN(variant.n, 40u), variant.p ? variant.p : "");
  return (th_span){out, (size_t)TH_MIN(n, TH_ELIG_GENE_MAX - 1)};
}
