/* FHIR R4 and R5, also as International Patient Summary: the record's resources are found first,
 * then each is read by itself, with references resolved within the record.
 *
 *   record := Bundle | array of resources | resource
 *
 * An object with entries is taken for a Bundle also when it does not say so.
 */
#include <stdio.h>

#include "patient/fhir.h"

/* ---- the resources ---- */

static void *grown(th_fhir *f, void *p, uint32_t n, uint32_t *cap, size_t size) {
  if (n < *cap) return p;
  uint32_t more = *cap ? *cap * 2 : 256;
  void *to = th_arena_calloc(f->r->arena, more, size);
  if (!to) return th_reading_fail(f->r, TH_ENOMEM), NULL;
  if (n) memcpy(to, p, n * size);
  *cap = more;
  return to;
}

static void add_entry(th_fhir *f, th_span key, uint32_t node) {
  if (key.n == 0 || f->r->rc < 0) return;
  f->entries = grown(f, f->entries, f->n_entries, &f->cap_entries, sizeof *f->entries);
  if (f->entries) f->entries[f->n_entries++] = (th_fhir_entry){key, node};
}

static th_span name_of(th_fhir *f, uint32_t node) {
  th_span type = th_fhir_str(f, node, "resourceType"), id = th_fhir_str(f, node, "id");
  char *p = th_arena_printf(f->r->arena, "%.*s%s%.*s", (int)type.n, type.p ? type.p : "",
                            id.n ? "/" : "", (int)id.n, id.p ? id.p : "");
  if (!p) return th_reading_fail(f->r, TH_ENOMEM), (th_span){0};
  return th_span_of(p);
}

static int bad(th_fhir *f, uint32_t node, const char *pointer, const char *what) {
  th_err_set(f->r->err, TH_EINPUT, "%s: %s", pointer[0] ? pointer : "the record", what);
  th_err_at(f->r->err, f->j->nodes[node].off, 0);
  f->r->rc = TH_EINPUT;
  return TH_EINPUT;
}

static int add_resource(th_fhir *f, uint32_t node, th_span url, const char *pointer) {
  if (f->j->nodes[node].type != TH_JOBJECT) return bad(f, node, pointer, "a resource is an object");
  th_span type = th_fhir_str(f, node, "resourceType");
  if (type.n == 0) return bad(f, node, pointer, "a resource without a resourceType");
  if (th_span_is(type, "Patient")) {
    th_span old = th_fhir_str(f, f->patient, "id"), now = th_fhir_str(f, node, "id");
    if (f->patient && !th_span_eq(old, now))
      return bad(f, node, pointer, "a second patient: a record is of one");
    f->patient = node;
    f->patient_url = url;
  }
  if (f->n_resources == f->cap_resources) {
    uint32_t cap = f->cap_resources;
    f->places = grown(f, f->places, f->n_resources, &cap, sizeof *f->places);
    f->resources = grown(f, f->resources, f->n_resources, &f->cap_resources, sizeof *f->resources);
    if (!f->places || !f->resources) return f->r->rc;
  }
  f->places[f->n_resources] = th_reading_text(f->r, th_span_of(pointer));
  f->resources[f->n_resources++] = node;
  add_entry(f, url, node);
  add_entry(f, name_of(f, node), node);
  return f->r->rc;
}

enum { POINTER = 128 };

static bool is_bundle(const th_fhir *f, uint32_t node) {
  return f->j->nodes[node].type == TH_JOBJECT &&
         th_span_is(th_fhir_str(f, node, "resourceType"), "Bundle");
}

/* A Bundle within a Bundle is read as if its entries stood in the outer one. Its depth is bounded
 * by that of the JSON. */
static int add_bundle(th_fhir *f, uint32_t bundle, const char *place) {
  const th_json *j = f->j;
  uint32_t entries = th_json_get(j, bundle, TH_SPAN("entry")), i = 0;
  char pointer[POINTER];
  snprintf(pointer, sizeof pointer, "%s/entry", place);
  if (!entries) return bundle ? 0 : bad(f, bundle, pointer, "a Bundle without entries");
  if (j->nodes[entries].type != TH_JARRAY) return bad(f, entries, pointer, "must be an array");
  for (th_json_each(j, entries, at)) {
    snprintf(pointer, sizeof pointer, "%.*s/entry/%u", POINTER - 40, place, i++);
    if (j->nodes[at].type != TH_JOBJECT) return bad(f, at, pointer, "must be an object");
    uint32_t resource = th_fhir_get(f, at, "resource");
    if (!resource) {
      th_reading_skip(f->r, TH_SPAN("entries without a resource"), th_span_of(pointer));
      continue;
    }
    snprintf(pointer + strlen(pointer), 16, "/resource");
    int rc = is_bundle(f, resource)
                 ? add_bundle(f, resource, pointer)
                 : add_resource(f, resource, th_fhir_str(f, at, "fullUrl"), pointer);
    if (rc < 0) return rc;
  }
  return 0;
}

static int add_all(th_fhir *f) {
  const th_json *j = f->j;
  char pointer[64];
  uint32_t i = 0;
  if (j->nodes[0].type == TH_JOBJECT)
    return add_bundle(f, 0, ""); /* a lone resource came in an array */
  if (j->nodes[0].type != TH_JARRAY) return bad(f, 0, "", "a FHIR record is an object or an array");
  for (th_json_each(j, 0, at)) {
    snprintf(pointer, sizeof pointer, "/%u", i++);
    int rc =
        is_bundle(f, at) ? add_bundle(f, at, pointer) : add_resource(f, at, (th_span){0}, pointer);
    if (rc < 0) return rc;
  }
  return 0;
}

static int cmp_entries(const void *a, const void *b) {
  const th_fhir_entry *x = a, *y = b;
  return th_span_cmp(x->key, y->key);
}

/* ---- the patient ---- */

static void read_patient(th_fhir *f) {
  th_patient *p = f->r->p;
  p->id = th_reading_text(f->r, th_fhir_str(f, f->patient, "id"));
  th_span sex = th_fhir_str(f, f->patient, "gender");
  if (th_span_is(sex, "male")) p->sex = 'M';
  if (th_span_is(sex, "female")) p->sex = 'F';
  if (th_span_is(sex, "other")) p->sex = 'O';
  th_span birth = th_fhir_str(f, f->patient, "birthDate");
  if (birth.n) p->has_birth = th_patient_date(birth, &p->birth);
  if (birth.n && !p->has_birth) th_fhir_skip(f, "birth date that is no date");
  uint32_t dead = th_fhir_get(f, f->patient, "deceasedBoolean");
  p->deceased = dead && f->j->nodes[dead].type == TH_JTRUE;
  if (th_fhir_str(f, f->patient, "deceasedDateTime").n) p->deceased = true;
}

/* Whether the resource is about somebody else than the record's patient. */
static bool is_others(const th_fhir *f) {
  uint32_t ref = th_fhir_get(f, f->resource, "subject");
  if (!ref) ref = th_fhir_get(f, f->resource, "patient");
  th_span to = th_fhir_str(f, ref, "reference");
  if (!f->patient || to.n == 0) return false;
  uint32_t node = th_fhir_resolve(f, ref);
  if (node)
    return node != f->patient && th_span_is(th_fhir_str(f, node, "resourceType"), "Patient") &&
           !th_span_eq(th_fhir_str(f, node, "id"), th_fhir_str(f, f->patient, "id"));
  th_span id = th_fhir_str(f, f->patient, "id");
  bool named = to.n > 8 && !memcmp(to.p, "Patient/", 8);
  return named && id.n && !th_span_eq((th_span){to.p + 8, to.n - 8}, id);
}

static void read_one(th_fhir *f, uint32_t i) {
  char what[80];
  f->resource = f->resources[i];
  f->place = f->places[i];
  f->name = name_of(f, f->resource);
  if (f->resource == f->patient) {
    read_patient(f);
    return;
  }
  th_span type = th_fhir_str(f, f->resource, "resourceType");
  if (th_span_is(type, "Patient")) return; /* the same one again */
  if (is_others(f)) {
    th_fhir_skip(f, "resources of another patient");
  } else if (!th_fhir_read_resource(f)) {
    snprintf(what, sizeof what, "%.*s resources", (int)TH_MIN(type.n, (size_t)60), type.p);
    th_fhir_skip(f, what);
  }
}

int th_patient_read_fhir(th_reading *r, const th_json *j) {
  th_fhir f = {.r = r, .j = j};
  int rc = add_all(&f);
  if (rc < 0) return rc;
  if (f.n_entries) qsort(f.entries, f.n_entries, sizeof *f.entries, cmp_entries);
  for (uint32_t i = 0; i < f.n_resources && r->rc == 0; i++)
    read_one(&f, i);
  if (!f.patient && r->rc == 0)
    th_reading_skip(r, TH_SPAN("record without a Patient"), (th_span){0});
  return r->rc;
}
