/* A record while it is being read: facts, what was passed over, texts. */
#include "eligibility/attributes.h"
#include "patient/internal.h"

enum { SKIPS_MAX = 256 }; /* kinds that are told apart: each is looked for among them */

th_patient_fact th_patient_fact_new(th_fact_type type) {
  return (th_patient_fact){.type = (uint8_t)type,
                           .attribute = -1,
                           .relation = TH_ELIG_EQ,
                           .value = NAN,
                           .high = NAN,
                           .canonical = NAN,
                           .canonical_high = NAN,
                           .normal_low = NAN,
                           .normal_high = NAN,
                           .concept_id = TH_NO_CONCEPT};
}

int th_reading_fail(th_reading *r, int code) {
  if (r->rc == 0) r->rc = th_err_set(r->err, code, "%s", th_code_text(code));
  return r->rc;
}

/* Room for one more in an array of the arena; what is given up stays there and is wiped with it. */
static void *grown(th_reading *r, void *p, uint32_t n, uint32_t *cap, size_t size) {
  if (n < *cap) return p;
  uint32_t more = *cap ? *cap * 2 : 64;
  void *to = more > *cap ? th_arena_calloc(r->arena, more, size) : NULL;
  if (!to) {
    th_reading_fail(r, TH_ENOMEM);
    return NULL;
  }
  if (n) memcpy(to, p, n * size);
  *cap = more;
  return to;
}

void th_reading_add(th_reading *r, const th_patient_fact *fact) {
  if (r->rc < 0) return;
  th_patient_fact *facts = grown(r, r->facts, r->n_facts, &r->cap_facts, sizeof *facts);
  if (!facts) return;
  r->facts = facts;
  r->facts[r->n_facts++] = *fact;
}

void th_reading_skip(th_reading *r, th_span what, th_span place) {
  if (r->n_skips >= SKIPS_MAX) what = TH_SPAN("things of further kinds");
  for (uint32_t i = 0; i < r->n_skips; i++) {
    th_patient_skip *s = &r->skips[i];
    if (!th_span_eq(s->what, what)) continue;
    s->n++;
    return;
  }
  if (r->rc < 0) return;
  th_patient_skip *skips = grown(r, r->skips, r->n_skips, &r->cap_skips, sizeof *skips);
  if (!skips) return;
  r->skips = skips;
  what = th_reading_text(r, what);
  place = th_reading_text(r, place);
  if (r->rc == 0) r->skips[r->n_skips++] = (th_patient_skip){what, place, 1};
}

th_span th_reading_text(th_reading *r, th_span s) {
  if (s.n == 0 || r->rc < 0) return (th_span){0};
  th_span copy = th_arena_dup(r->arena, s);
  if (!copy.p) th_reading_fail(r, TH_ENOMEM);
  return copy;
}

bool th_patient_date(th_span s, th_date *out) {
  s = th_span_trim(s);
  if (s.n > 10 && (s.p[10] == 'T' || s.p[10] == ' ')) {
    th_date minute;
    /* Hour and minute order measurements of one day; seconds and the zone do not matter. */
    if (s.n >= 16 && th_date_parse((th_span){s.p, 16}, &minute)) {
      *out = minute;
      return true;
    }
    s.n = 10;
  }
  return th_date_parse(s, out);
}
