/* The door: form by content, the reading, what follows from it, order, and wiping. */
#include "patient/patient.h"

#include <time.h>

#include "eligibility/attributes.h"
#include "patient/internal.h"

enum { JSON_DEPTH = 128 };

/* ---- which form ---- */

static th_patient_form form_of(th_span s) {
  static const th_span mark = {"\"resourceType\"", 14};
  th_span t = th_span_trim(s);
  if (t.n == 0 || (t.p[0] != '{' && t.p[0] != '[')) return TH_PATIENT_NOTE;
  return th_span_find(t, mark) >= 0 ? TH_PATIENT_FHIR : TH_PATIENT_JSON;
}

/* Resources one a line. */
static bool is_lines(th_span s) {
  s = th_span_trim(s);
  const char *nl = memchr(s.p, '\n', s.n);
  if (s.n == 0 || s.p[0] != '{' || !nl) return false;
  th_span first = th_span_trim((th_span){s.p, (size_t)(nl - s.p)});
  th_span rest = th_span_trim((th_span){nl, s.n - (size_t)(nl - s.p)});
  return rest.n && rest.p[0] == '{' && first.n > 1 && first.p[first.n - 1] == '}';
}

/* The lines become one array; a blank for every line end keeps all bytes where they are, only the
 * two brackets go in front and behind. */
static int join_lines(th_reading *r, th_span in, bool lines) {
  char *p = th_arena_alloc(r->arena, in.n + 2 + TH_PAD);
  if (!p) return th_err_set(r->err, TH_ENOMEM, "out of memory");
  th_span t = th_span_trim(in);
  size_t n = 0;
  p[n++] = '[';
  for (size_t i = 0; i < t.n; i++) {
    if (lines && t.p[i] == '\n') {
      size_t k = i;
      while (k < t.n && (unsigned char)t.p[k] <= ' ')
        k++;
      if (k < t.n) p[n++] = ',';
      i = k - 1;
    } else {
      p[n++] = t.p[i];
    }
  }
  p[n++] = ']';
  memset(p + n, 0, TH_PAD);
  r->p->source = (th_span){p, n};
  return 0;
}

/* Sixteen bits a character would be read as letters with blanks between. */
static bool is_utf16(th_span s) {
  return s.n >= 2 && (!memcmp(s.p, "\xff\xfe", 2) || !memcmp(s.p, "\xfe\xff", 2));
}

static int copy_source(th_reading *r, th_span source) {
  if (is_utf16(source))
    return th_err_set(r->err, TH_EINPUT, "the record is UTF-16 text: save it as UTF-8");
  if (source.n > TH_PATIENT_SOURCE_MAX)
    return th_err_set(r->err, TH_ELIMIT, "the record is longer than %u MB",
                      TH_PATIENT_SOURCE_MAX >> 20);
  if (r->p->form == TH_PATIENT_FHIR && is_lines(source)) return join_lines(r, source, true);
  char *p = th_arena_alloc(r->arena, source.n + TH_PAD);
  if (!p) return th_err_set(r->err, TH_ENOMEM, "out of memory");
  if (source.n) memcpy(p, source.p, source.n);
  memset(p + source.n, 0, TH_PAD);
  r->p->source = (th_span){p, source.n};
  if (r->p->form == TH_PATIENT_NOTE) th_note_bare(p, source.n);
  return 0;
}

/* A resource that stands alone, in no Bundle. */
static bool is_lone(const th_json *j) {
  return j->nodes[0].type == TH_JOBJECT && !th_json_get(j, 0, TH_SPAN("entry")) &&
         !th_span_eq(th_json_path_text(j, 0, "resourceType"), TH_SPAN("Bundle"));
}

static int read_json(th_reading *r) {
  th_json j;
  bool fhir = r->p->form == TH_PATIENT_FHIR;
  th_json_parser *parser = th_json_parser_new(TH_PATIENT_SOURCE_MAX + 2, JSON_DEPTH);
  int rc = parser ? th_json_parse(parser, r->p->source, &j, r->err)
                  : th_err_set(r->err, TH_ENOMEM, "out of memory");
  if (rc == 0 && fhir && is_lone(&j)) {
    rc = join_lines(r, r->p->source, false);
    if (rc == 0) rc = th_json_parse(parser, r->p->source, &j, r->err);
  }
  if (rc == 0) rc = fhir ? th_patient_read_fhir(r, &j) : th_patient_read_form(r, &j);
  th_json_parser_free_wiped(parser);
  return rc;
}

static bool counts(const th_patient_fact *f) {
  return f->type == TH_FACT_VALUE && f->experiencer == TH_OF_PATIENT &&
         f->certainty != TH_CERTAIN_HYPOTHETICAL && !f->absent && isfinite(f->canonical) &&
         !(f->flags & TH_FACT_IMPLAUSIBLE);
}

/* ---- order ---- */

static int cmp_int(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}
static int cmp_double(double a, double b) {
  if (isnan(a) || isnan(b)) return isnan(a) - isnan(b);
  return (a > b) - (a < b);
}

/* What counts first: of the patient, said to be so, stated, plausible, then the newest. */
static int cmp_rank(const th_patient_fact *a, const th_patient_fact *b) {
  int c = cmp_int(a->experiencer, b->experiencer);
  if (!c)
    c = cmp_int(a->certainty == TH_CERTAIN_HYPOTHETICAL, b->certainty == TH_CERTAIN_HYPOTHETICAL);
  if (!c && a->type == TH_FACT_VALUE) c = cmp_int(!counts(a), !counts(b));
  if (!c && a->type == TH_FACT_VALUE)
    c = cmp_int(a->flags & TH_FACT_IMPLAUSIBLE, b->flags & TH_FACT_IMPLAUSIBLE);
  if (!c) c = cmp_int(a->certainty, b->certainty);
  if (!c) c = cmp_int(b->has_begin, a->has_begin);
  if (!c && a->has_begin) c = cmp_int(b->begin.last_day, a->begin.last_day);
  if (!c && a->has_begin) c = cmp_int(b->begin.minute, a->begin.minute);
  return c;
}

/* What it is about, then by rank. */
static int cmp_said(const th_patient_fact *a, const th_patient_fact *b) {
  int c = cmp_int(a->type, b->type);
  if (!c) c = cmp_int(a->attribute, b->attribute);
  if (!c) c = cmp_int(a->category, b->category);
  if (!c && a->type == TH_FACT_CONCEPT) c = th_span_cmp(a->label, b->label);
  if (!c) c = cmp_rank(a, b);
  return c;
}

/* A whole order over everything but the bytes, so that the order of resources makes no difference;
 * facts of one note stand by their place there, the last first. */
static int cmp_facts(const void *x, const void *y) {
  const th_patient_fact *a = x, *b = y;
  int c = cmp_said(a, b);
  if (!c) c = th_span_cmp(a->resource, b->resource);
  if (!c) c = cmp_double(b->value, a->value);
  if (!c) c = th_span_cmp(a->unit, b->unit);
  if (!c) c = cmp_int(a->absent, b->absent);
  if (!c) c = th_span_cmp(a->code, b->code);
  if (!c) c = cmp_int(b->from, a->from);
  return c;
}

static int cmp_note(const void *x, const void *y) {
  const th_patient_fact *a = x, *b = y;
  int c = cmp_said(a, b);
  return c ? c : cmp_int(b->from, a->from);
}

static int cmp_skips(const void *x, const void *y) {
  const th_patient_skip *a = x, *b = y;
  return th_span_cmp(a->what, b->what);
}

/* The age that counts, when no birth date says it: the first that a note tells, or the form's. */
static void settle_age(th_patient *p) {
  const th_patient_fact *f = th_patient_newest(p, th_elig_attribute_find(TH_SPAN("age")));
  if (!isnan(p->age_low) || !f) return;
  p->age_low = f->canonical;
  if (f->relation == TH_ELIG_BETWEEN)
    p->age_high = f->canonical_high;
  else if (f->unit.n == 1 && f->unit.p[0] == 'a' && f->value == floor(f->value))
    p->age_high = f->canonical + 1;
  else
    p->age_high = f->canonical;
}

/* Labels of the dictionary are borrowed until here. */
static void own_labels(th_reading *r) {
  for (uint32_t i = 0; r->dict && i < r->n_facts; i++)
    r->facts[i].label = th_reading_text(r, r->facts[i].label);
}

static void sort_facts(th_reading *r) {
  if (r->n_facts)
    qsort(r->facts, r->n_facts, sizeof *r->facts,
          r->p->form == TH_PATIENT_NOTE ? cmp_note : cmp_facts);
}

/* Sorted also before others are derived, so that of equal ones the same counts in any order. */
static int settle(th_reading *r) {
  th_patient *p = r->p;
  own_labels(r);
  sort_facts(r);
  th_patient_derive(r);
  if (r->rc < 0) return r->rc;
  sort_facts(r);
  if (r->n_skips) qsort(r->skips, r->n_skips, sizeof *r->skips, cmp_skips);
  p->facts = r->facts, p->n_facts = r->n_facts;
  p->skips = r->skips, p->n_skips = r->n_skips;
  settle_age(p);
  return 0;
}

/* ---- the door ---- */

int th_patient_read(th_patient *out, th_span source, const th_patient_options *options,
                    th_err *err) {
  static const th_patient_options none = {0};
  if (!options) options = &none;
  *out = (th_patient){.form = options->form, .age_low = NAN, .age_high = NAN};
  out->as_of = options->has_as_of ? options->as_of : (int32_t)(time(NULL) / 86400);
  th_arena_init(&out->arena, options->memory_max ? options->memory_max : TH_PATIENT_MEMORY_MAX);
  th_reading r = {.p = out, .arena = &out->arena, .dict = options->dict, .err = err};
  if (out->form == TH_PATIENT_AUTO) out->form = form_of(source);
  int rc = copy_source(&r, source);
  if (rc == 0 && out->form == TH_PATIENT_NOTE)
    rc = th_patient_read_note(&r, out->source, 0, (th_span){0});
  else if (rc == 0)
    rc = read_json(&r);
  if (rc == 0) rc = settle(&r);
  th_concept_matcher_free(r.matcher);
  return rc < 0 ? th_err_set(err, rc, "%s", th_code_text(rc)) : 0;
}

void th_patient_dispose(th_patient *p) {
  th_arena_reset(&p->arena, true);
  th_arena_dispose(&p->arena);
  explicit_bzero(p, sizeof *p);
}

uint32_t th_patient_values(const th_patient *p, int attribute, uint32_t *first) {
  uint32_t low = 0, high = p->n_facts, n = 0;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    const th_patient_fact *f = &p->facts[mid];
    if (f->type == TH_FACT_VALUE && f->attribute < attribute)
      low = mid + 1;
    else
      high = mid;
  }
  while (low + n < p->n_facts && p->facts[low + n].type == TH_FACT_VALUE &&
         p->facts[low + n].attribute == attribute)
    n++;
  *first = low;
  return n;
}

const th_patient_fact *th_patient_newest(const th_patient *p, int attribute) {
  uint32_t first;
  if (attribute < 0 || !th_patient_values(p, attribute, &first)) return NULL;
  return counts(&p->facts[first]) ? &p->facts[first] : NULL;
}

bool th_patient_days_ago(const th_patient *p, const th_patient_fact *f, int32_t *least,
                         int32_t *most) {
  if (!f->has_begin) return false;
  *least = p->as_of - f->begin.last_day;
  *most = p->as_of - f->begin.first_day;
  return true;
}

th_span th_patient_words(const th_patient *p, const th_patient_fact *f) {
  if (f->from > f->to || f->to > p->source.n) return (th_span){0};
  return (th_span){p->source.p + f->from, f->to - f->from};
}
