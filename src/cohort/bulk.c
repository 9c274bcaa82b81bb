#include "cohort/bulk.h"

#include <xxhash.h>

#include "cohort/memory.h"

/* ---- what a text is ---- */

static bool among(th_span s, const char *const *words) {
  for (; *words; words++)
    if (th_span_eq(s, th_span_of(*words))) return true;
  return false;
}

static size_t skip_blanks(th_span s, size_t i) {
  while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\r' || s.p[i] == '\t'))
    i++;
  return i;
}

/* The text of an object's first member when its key is "resourceType"; empty otherwise. */
static th_span first_type(th_span s) {
  static const th_span key = {"\"resourceType\"", 14};
  size_t i = skip_blanks(s, 0);
  if (i >= s.n || s.p[i] != '{') return (th_span){0};
  i = skip_blanks(s, i + 1);
  if (!th_span_starts((th_span){s.p + i, s.n - i}, key)) return (th_span){0};
  i = skip_blanks(s, i + key.n);
  if (i >= s.n || s.p[i] != ':') return (th_span){0};
  i = skip_blanks(s, i + 1);
  if (i >= s.n || s.p[i] != '"') return (th_span){0};
  const char *end = memchr(s.p + i + 1, '"', s.n - i - 1);
  return end ? (th_span){s.p + i + 1, (size_t)(end - s.p) - i - 1} : (th_span){0};
}

/* "Patient/7", "https://host/fhir/Patient/7/_history/2" and "urn:uuid:7" are all 7. */
static th_span id_in(th_span reference) {
  static const th_span urn = {"urn:uuid:", 9}, history = {"/_history/", 10};
  ptrdiff_t old = th_span_find(reference, history);
  if (old >= 0) reference.n = (size_t)old;
  if (th_span_starts(reference, urn)) return (th_span){reference.p + urn.n, reference.n - urn.n};
  for (size_t i = reference.n; i-- > 0;)
    if (reference.p[i] == '/') return (th_span){reference.p + i + 1, reference.n - i - 1};
  return reference;
}

static th_span reference_of(const th_json *j, const char *key) {
  uint32_t at = th_json_get(j, 0, th_span_of(key));
  return at ? id_in(th_json_path_text(j, at, "reference")) : (th_span){0};
}

static const char *const read_types[] = {
    "Condition",       "Observation",        "MedicationRequest",        "MedicationStatement",
    "MedicationUsage", "Procedure",          "MedicationAdministration", "MedicationDispense",
    "Immunization",    "AllergyIntolerance", "FamilyMemberHistory",      NULL};

void th_bulk_look(th_bulk_text *out, th_json_parser *parser, th_span text) {
  static const char *const wholes[] = {"Bundle", NULL};
  static const th_span mark = {"\"resourceType\"", 14};
  th_json j;
  th_span type = first_type(text);
  *out = (th_bulk_text){.what = TH_BULK_NONE};
  if (among(type, wholes) || (!type.n && th_span_find(text, mark) < 0)) return;
  if (th_json_parse(parser, text, &j, NULL) < 0 || j.nodes[0].type != TH_JOBJECT) return;
  type = th_json_path_text(&j, 0, "resourceType");
  if (!type.n || among(type, wholes) || th_json_get(&j, 0, TH_SPAN("entry"))) return;
  bool patient = th_span_eq(type, TH_SPAN("Patient")),
       drug = th_span_eq(type, TH_SPAN("Medication"));
  if (patient || drug) {
    out->id = th_json_path_text(&j, 0, "id");
    out->what = !out->id.n ? TH_BULK_OTHER : patient ? TH_BULK_PATIENT : TH_BULK_DRUG;
    return;
  }
  out->id = reference_of(&j, "subject");
  if (!out->id.n) out->id = reference_of(&j, "patient");
  out->what = out->id.n && among(type, read_types) ? TH_BULK_ABOUT : TH_BULK_OTHER;
  out->drug = reference_of(&j, "medicationReference");
  if (!out->drug.n) out->drug = id_in(th_json_path_text(&j, 0, "medication.reference.reference"));
}

/* ---- keeping ---- */

void th_bulk_init(th_bulk *b, size_t max) {
  *b = (th_bulk){.max = max, .parts = 1};
  th_arena_init(&b->arena, 0);
}

void th_bulk_dispose(th_bulk *b) {
  th_arena_reset(&b->arena, true);
  th_arena_dispose(&b->arena);
  free(b->pieces);
}

void th_bulk_next(th_bulk *b, uint32_t part) {
  th_arena_reset(&b->arena, true);
  b->n = b->n_drugs = 0;
  b->bytes = 0;
  b->several = false;
  b->part = part;
}

static bool is_kept(const th_bulk *b, uint64_t hash, uint8_t what) {
  return what == TH_BULK_DRUG || hash % b->parts == b->part;
}

static size_t size_of(const th_bulk_piece *p) {
  return (size_t)p->id + p->drug + p->n;
}

/* A piece of a patient of the part: what the limit is about. Medications are needed in every part,
 * so more parts would not make them fewer. */
static void count_piece(th_bulk *b, const th_bulk_piece *p) {
  if (p->what == TH_BULK_DRUG) return;
  if (b->bytes && p->hash != b->first) b->several = true;
  if (!b->bytes) b->first = p->hash;
  b->bytes += size_of(p);
}

/* Lets those go that are of the part no longer; copies of the others come to another arena. */
static int halve(th_bulk *b, th_err *err) {
  th_arena kept;
  uint32_t n = 0;
  th_arena_init(&kept, 0);
  b->parts *= 2;
  b->bytes = 0;
  b->several = false;
  for (uint32_t i = 0; i < b->n; i++) {
    th_bulk_piece p = b->pieces[i];
    if (!is_kept(b, p.hash, p.what)) continue;
    p.p = th_arena_dup(&kept, (th_span){p.p, size_of(&p)}).p;
    if (!p.p) {
      th_arena_reset(&kept, true);
      th_arena_dispose(&kept);
      return th_err_set(err, TH_ENOMEM, "out of memory");
    }
    count_piece(b, &p);
    b->pieces[n++] = p;
  }
  b->n = n;
  th_arena_reset(&b->arena, true);
  th_arena_dispose(&b->arena);
  b->arena = kept;
  return 0;
}

int th_bulk_add(th_bulk *b, const th_bulk_text *what, th_span text, th_err *err) {
  th_bulk_piece p = {.hash = XXH3_64bits(what->id.p, what->id.n),
                     .id = (uint32_t)what->id.n,
                     .drug = (uint32_t)what->drug.n,
                     .n = (uint32_t)text.n,
                     .seq = b->seq++,
                     .what = (uint8_t)what->what};
  b->any = true;
  if (!is_kept(b, p.hash, p.what)) return 0;
  char *to = th_arena_alloc(&b->arena, size_of(&p) + 1);
  if (!to || !th_wiped_room((void **)&b->pieces, b->n, &b->cap, sizeof *b->pieces))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  memcpy(to, what->id.p, p.id);
  if (p.drug) memcpy(to + p.id, what->drug.p, p.drug);
  memcpy(to + p.id + p.drug, text.p, p.n);
  p.p = to;
  b->pieces[b->n++] = p;
  count_piece(b, &p);
  bool halves = b->bytes > b->max && b->several && b->part == 0 && b->parts < (1u << 20);
  return halves ? halve(b, err) : 0;
}

/* ---- patients ---- */

static th_span id_of(const th_bulk_piece *p) {
  return (th_span){p->p, p->id};
}

/* By patient; Medications behind all, the Patient before what is about it. */
static int cmp_pieces(const void *x, const void *y) {
  const th_bulk_piece *a = x, *b = y;
  bool drug_a = a->what == TH_BULK_DRUG, drug_b = b->what == TH_BULK_DRUG;
  if (drug_a != drug_b) return drug_a - drug_b;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  int c = th_span_cmp(id_of(a), id_of(b));
  if (c) return c;
  if (a->what != b->what) return a->what < b->what ? -1 : 1;
  return (a->seq > b->seq) - (a->seq < b->seq);
}

void th_bulk_order(th_bulk *b) {
  for (uint32_t i = 0; i < b->n; i++)
    b->n_drugs += b->pieces[i].what == TH_BULK_DRUG;
  if (b->n) qsort(b->pieces, b->n, sizeof *b->pieces, cmp_pieces);
}

static void put_piece(const th_bulk_piece *p, th_buf *out) {
  th_buf_char(out, out->n ? ',' : '[');
  th_buf_put(out, p->p + p->id + p->drug, p->n);
}

static const th_bulk_piece *drug_named(const th_bulk *b, th_span id) {
  th_bulk_piece want = {.hash = XXH3_64bits(id.p, id.n), .what = TH_BULK_DRUG};
  uint32_t low = b->n - b->n_drugs, high = b->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (b->pieces[mid].hash < want.hash)
      low = mid + 1;
    else
      high = mid;
  }
  for (; low < b->n && b->pieces[low].hash == want.hash; low++)
    if (th_span_eq(id_of(&b->pieces[low]), id)) return &b->pieces[low];
  return NULL;
}

bool th_bulk_patient(const th_bulk *b, uint32_t *at, th_buf *out, bool *has, uint32_t *n) {
  uint32_t end = b->n - b->n_drugs, i = *at;
  if (i >= end) return false;
  th_span id = id_of(&b->pieces[i]);
  th_buf_clear(out);
  *has = b->pieces[i].what == TH_BULK_PATIENT;
  for (*n = 0; i < end && th_span_eq(id_of(&b->pieces[i]), id); i++, ++*n) {
    const th_bulk_piece *p = &b->pieces[i];
    put_piece(p, out);
    if (!p->drug) continue;
    const th_bulk_piece *drug = drug_named(b, (th_span){p->p + p->id, p->drug});
    if (drug) put_piece(drug, out);
  }
  th_buf_char(out, ']');
  *at = i;
  return true;
}
