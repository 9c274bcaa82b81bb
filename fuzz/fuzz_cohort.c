/* Patients out of files: forms, Bundles, and resources by themselves that belong together. The byte
 * 0x1e ends one input and begins the next. They are read twice, once with room for everything and
 * once for part after part of the patients: both must come to the same. */
#define _GNU_SOURCE
#include "cohort_world.h"

#include "cohort/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { FILES = 4, LITTLE = 4096 };

typedef struct files {
  int fds[FILES];
  char paths[FILES][32];
  const char *list[FILES];
  size_t n;
} files;

static void split(files *f, const uint8_t *data, size_t len) {
  f->n = 0;
  for (size_t at = 0; f->n < FILES; f->n++) {
    const uint8_t *end = f->n + 1 < FILES ? memchr(data + at, 0x1e, len - at) : NULL;
    size_t n = end ? (size_t)(end - data) - at : len - at;
    f->fds[f->n] = world_file(data + at, n, f->paths[f->n]);
    f->list[f->n] = f->paths[f->n];
    at += n + 1;
    if (!end) {
      f->n++;
      return;
    }
  }
}

static void on_reject(void *ctx, const th_reject *r) {
  if (!r->file || !r->reason[0]) abort();
  ++*(uint64_t *)ctx;
}

static th_cohort *load(const files *f, size_t memory, th_cohort_report *report) {
  uint64_t rejected = 0;
  th_err err = {0};
  th_cohort_load_options options = {.has_as_of = true,
                                    .as_of = AS_OF,
                                    .threads = 1,
                                    .memory_max = memory,
                                    .reject = on_reject,
                                    .ctx = &rejected};
  th_cohort *c = th_cohort_new(world_dict());
  if (!c) return NULL;
  th_cohort_keep_ids(c);
  int rc = th_cohort_load(c, f->list, f->n, &options, report, &err);
  if (rc < 0 && !err.message[0]) abort();
  if (rc == 0) rc = th_cohort_seal(c, NULL);
  if (rc == 0 && (rejected != report->rejected || th_cohort_size(c) != report->patients)) abort();
  if (rc == 0) return c;
  th_cohort_free(c);
  return NULL;
}

static void compare(const th_cohort *a, const th_cohort *b) {
  th_arena arena;
  th_arena_init(&arena, 0);
  th_cohort_result x = world_judge(a, &arena), y = world_judge(b, &arena);
  if (x.likely != y.likely || x.possible != y.possible || x.n_steps != y.n_steps) abort();
  for (uint32_t i = 0; i < x.n_steps; i++)
    if (memcmp(&x.steps[i], &y.steps[i], sizeof x.steps[i])) abort();
  th_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  files f;
  th_cohort_report once, parts;
  split(&f, data, len);
  th_cohort *a = load(&f, 0, &once), *b = load(&f, LITTLE, &parts);
  if (!a != !b) abort();
  if (a && (once.patients != parts.patients || once.deceased != parts.deceased ||
            once.orphans != parts.orphans || once.rejected != parts.rejected))
    abort();
  if (a) compare(a, b);
  th_cohort_free(a);
  th_cohort_free(b);
  for (size_t i = 0; i < f.n; i++)
    close(f.fds[i]);
  return 0;
}
