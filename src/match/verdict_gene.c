/* Genes and their variants, which no vocabulary of the dictionary has: labels are a gene's name
 * and, behind a blank, its variant ("BRAF V600E"), as both readers write them. */
#include "match/verdict_private.h"

static const struct {
  const char *family, *member;
} families[] = {{"BRCA", "BRCA1"}, {"BRCA", "BRCA2"}, {"RAS", "KRAS"}, {"RAS", "NRAS"}};

th_span th_gene_name(th_span label) {
  const char *blank = label.n ? memchr(label.p, ' ', label.n) : NULL;
  /* "ERBB2 (HER2)" is one name */
  if (blank && (size_t)(blank - label.p) + 1 < label.n && blank[1] == '(') {
    const char *close = memchr(blank, ')', label.n - (size_t)(blank - label.p));
    blank = close ? close + 1 : NULL;
  }
  return blank ? (th_span){label.p, (size_t)(blank - label.p)} : label;
}

th_span th_gene_family(th_span name, size_t i) {
  if (i >= TH_COUNT(families)) return (th_span){0};
  if (th_span_eq(name, th_span_of(families[i].family))) return th_span_of(families[i].member);
  if (th_span_eq(name, th_span_of(families[i].member))) return th_span_of(families[i].family);
  return TH_SPAN("");
}

/* What criteria call receptors of growths whose genes notes call by their short names. */
static const struct {
  const char *gene, *name;
} receptors[] = {{"ER", "estrogen receptor"},
                 {"ER", "oestrogen receptor"},
                 {"PR", "progesterone receptor"},
                 {"ERBB2 (HER2)", "HER2"}};

th_span th_gene_result(th_span label) {
  static const th_span state = TH_SPAN(" positive");
  size_t n = label.n > state.n ? label.n - state.n : 0;
  if (!n || !th_span_eq_nocase((th_span){label.p + n, state.n}, state)) return (th_span){0};
  for (size_t i = 0; i < TH_COUNT(receptors); i++)
    if (th_span_eq_nocase((th_span){label.p, n}, th_span_of(receptors[i].name)))
      return th_span_of(receptors[i].gene);
  return (th_span){0};
}

static bool is_member(th_span name, th_span family) {
  for (size_t i = 0; i < TH_COUNT(families); i++)
    if (th_span_eq(family, th_span_of(families[i].family)) &&
        th_span_eq(name, th_span_of(families[i].member)))
      return true;
  return false;
}

static th_span variant_of(th_span label) {
  th_span name = th_gene_name(label);
  th_span rest = th_span_trim((th_span){label.p + name.n, label.n - name.n});
  if (rest.n > 2 && (rest.p[0] == 'p' || rest.p[0] == 'c') && rest.p[1] == '.')
    rest = (th_span){rest.p + 2, rest.n - 2};
  return rest;
}

/* "V600E" of "V600": what stands there instead. */
static bool substitutes(th_span s, th_span at) {
  char last = at.n ? at.p[at.n - 1] : 0, one = s.n == at.n + 1 ? s.p[at.n] : 0;
  return last >= '0' && last <= '9' && one >= 'A' && one <= 'Z' &&
         th_span_eq_nocase((th_span){s.p, at.n}, at);
}

static bool begins(th_span s, th_span with) {
  if (substitutes(s, with)) return true;
  return s.n > with.n && th_span_eq_nocase((th_span){s.p, with.n}, with) && s.p[with.n] == ' ';
}

th_gene_kin th_gene_relate(th_span criterion, th_span record) {
  th_span a = th_gene_name(criterion), b = th_gene_name(record);
  th_span x = variant_of(criterion), y = variant_of(record);
  if (is_member(b, a)) return x.n ? TH_GENE_OTHER : TH_GENE_NARROWER;
  if (is_member(a, b)) return y.n ? TH_GENE_OTHER : TH_GENE_BROADER;
  if (!th_span_eq_nocase(a, b)) return TH_GENE_OTHER;
  if (th_span_eq_nocase(x, y)) return TH_GENE_SAME;
  if (x.n == 0 || begins(y, x)) return TH_GENE_NARROWER;
  return y.n == 0 || begins(x, y) ? TH_GENE_BROADER : TH_GENE_OTHER;
}
