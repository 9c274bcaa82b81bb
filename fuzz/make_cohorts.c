/* Makes the corpus of fuzz_cohort_file anew: make_cohorts FOLDER. Wanted when the format changes.
 */
#define _GNU_SOURCE
#include "cohort_world.h"

#include "demo/patient.h"

static void add(th_cohort *c, uint32_t i, bool fhir) {
  th_patient_options options = {.has_as_of = true, .as_of = AS_OF, .dict = world_dict()};
  th_patient p;
  th_verdict_patient ready;
  th_arena arena;
  th_buf text;
  th_buf_init(&text, 0);
  th_arena_init(&arena, 0);
  th_demo_patient(5, i, fhir, &text);
  if (th_patient_read(&p, th_buf_view(&text), &options, NULL) < 0 ||
      th_verdict_prepare(&ready, &p, world_dict(), &arena, NULL) < 0 ||
      th_cohort_add(c, &ready, NULL) < 0)
    abort();
  th_patient_dispose(&p);
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
}

static void make(const char *folder, const char *name, uint32_t n, bool ids) {
  char path[4096];
  th_buf file;
  th_cohort *c = th_cohort_new(world_dict());
  if (!c) abort();
  if (ids) th_cohort_keep_ids(c);
  for (uint32_t i = 0; i < n; i++)
    add(c, i, i % 2);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  th_buf_init(&file, 0);
  th_buf_char(&file, 'F');
  if (th_cohort_seal(c, NULL) < 0 || th_cohort_save(c, path, NULL) < 0 ||
      th_file_read(&file, path, NULL) < 0 || th_file_replace(path, th_buf_view(&file), NULL) < 0)
    abort();
  th_cohort_free(c);
  th_buf_dispose(&file);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  make(argv[1], "nobody", 0, false);
  make(argv[1], "one", 1, false);
  make(argv[1], "named", 3, true);
  make(argv[1], "some", 12, false);
  return 0;
}
