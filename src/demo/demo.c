#include "demo/plan.h"

th_demo *th_demo_new(uint64_t seed) {
  th_demo *d = calloc(1, sizeof *d);
  if (!d) return NULL;
  d->seed = seed;
  th_buf_init(&d->text, 1 << 20);
  for (unsigned i = 0; i < DEMO_ARMS; i++)
    th_buf_init(&d->plan.arm[i], 1 << 12);
  return d;
}

void th_demo_free(th_demo *d) {
  if (!d) return;
  th_buf_dispose(&d->text);
  for (unsigned i = 0; i < DEMO_ARMS; i++)
    th_buf_dispose(&d->plan.arm[i]);
  free(d);
}

/* A term with the identifier of a made-up vocabulary: the letter is none that MeSH uses here. */
static void mesh(th_demo *d, th_span term) {
  uint32_t hash = 2166136261u; /* FNV-1a: equal terms have equal numbers */
  for (size_t i = 0; i < term.n; i++)
    hash = (hash ^ (unsigned char)term.p[i]) * 16777619u;
  th_buf_clear(&d->text);
  th_buf_printf(&d->text, "X%06u", hash % 1000000);
  th_jout_object(&d->out);
  th_jout_kv_text(&d->out, "id", th_buf_view(&d->text));
  th_jout_kv_text(&d->out, "term", term);
  th_jout_end_object(&d->out);
}

static void browse(th_demo *d, const char *key, th_span term, const char *ancestors,
                   th_span class) {
  th_jout *w = &d->out;
  th_jout_key(w, key);
  th_jout_object(w);
  th_jout_key(w, "meshes");
  th_jout_array(w);
  mesh(d, term);
  th_jout_end_array(w);
  th_jout_key(w, "ancestors");
  th_jout_array(w);
  for (unsigned i = 0; ancestors && i < demo_lines(ancestors); i++)
    mesh(d, demo_line(ancestors, i));
  if (class.n) mesh(d, class);
  th_jout_end_array(w);
  th_jout_end_object(w);
}

static void derived(th_demo *d) {
  th_jout *w = &d->out;
  const demo_plan *p = &d->plan;
  th_jout_key(w, "derivedSection");
  th_jout_object(w);
  th_jout_key(w, "miscInfoModule");
  th_jout_object(w);
  th_buf_clear(&d->text);
  demo_date(&d->text, DEMO_TODAY, false);
  th_jout_kv_text(w, "versionHolder", th_buf_view(&d->text));
  th_jout_end_object(w);
  browse(d, "conditionBrowseModule", th_span_of(p->condition->mesh), p->condition->ancestors,
         (th_span){0, 0});
  browse(d, "interventionBrowseModule", p->treatment.name, NULL, p->treatment.class);
  th_jout_end_object(w);
}

void th_demo_record(th_demo *d, uint32_t index, th_buf *out) {
  demo_plan_draw(&d->plan, d->seed, index);
  th_jout_init(&d->out, out, false);
  th_jout_object(&d->out);
  demo_protocol(d);
  if (d->plan.has_results) demo_results(d);
  derived(d);
  th_jout_kv_bool(&d->out, "hasResults", d->plan.has_results);
  th_jout_end_object(&d->out);
  if (d->text.error && !out->error) out->error = d->text.error;
  for (unsigned i = 0; i < DEMO_ARMS; i++)
    if (d->plan.arm[i].error && !out->error) out->error = d->plan.arm[i].error;
}
