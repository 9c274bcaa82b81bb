/* What the targets of cohorts share: the dictionary, criteria to judge, bytes as a file. */
#ifndef TH_FUZZ_COHORT_WORLD_H
#define TH_FUZZ_COHORT_WORLD_H

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "cohort/cohort.h"
#include "concept/common.h"

enum { AS_OF = 20605 };

/* The dictionary that comes with the program; made once, kept for good. */
static inline const th_concepts *world_dict(void) {
  static th_concepts dict;
  static th_buf bytes;
  if (dict.n_concepts) return &dict;
  th_concept_draft *d = th_concept_draft_new();
  th_buf_init(&bytes, 0);
  if (!d || th_concept_common_add(d, NULL) < 0 || th_concept_draft_write(d, 1, &bytes, NULL) < 0)
    abort();
  th_concept_draft_free(d);
  if (th_concepts_open(&dict, bytes.p, bytes.n, true, NULL) < 0) abort();
  return &dict;
}

/* Criteria that ask for all that a verdict can look at. */
static inline const th_elig_tree *world_tree(void) {
  static const char words[] =
      "Inclusion Criteria:\n\n* Age 18 to 70 years\n* Asthma or diabetes mellitus\n"
      "* Creatinine < 1.3 mg/dL\n* Hemoglobin > 11 g/dL within 12 months\n* Women: not pregnant\n\n"
      "Exclusion Criteria:\n\n* Current smoker\n* Warfarin in the last 30 days\n* Severe asthma\n"
      "* Family history of breast cancer\n* ALT > 2 times ULN\n* Allergy to penicillin\n"
      "* At least 2 of the following:\n  * Hypertension\n  * Stroke\n  * Heart failure\n";
  static th_elig_tree tree;
  static th_arena arena;
  if (tree.n_nodes) return &tree;
  th_arena_init(&arena, 0);
  if (th_elig_read_concepts(th_span_of(words), world_dict(), NULL, &arena, &tree, NULL) < 0 ||
      tree.n_nodes < 10)
    abort();
  return &tree;
}

/* A file of these bytes, that goes when its descriptor is closed. */
static inline int world_file(const uint8_t *data, size_t len, char path[32]) {
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0 || (len && write(fd, data, len) != (ssize_t)len)) abort();
  snprintf(path, 32, "/proc/self/fd/%d", fd);
  return fd;
}

static inline bool world_member(void *ctx, const th_cohort_member *m) {
  uint64_t *n = ctx;
  if (m->id.n > TH_COHORT_ID_MAX || (m->id.n && !m->id.p) || m->number == 0) abort();
  ++*n;
  return true;
}

/* Judges everybody and looks whether the sums add up; the counts are for comparing. */
static inline th_cohort_result world_judge(const th_cohort *c, th_arena *arena) {
  th_cohort_trial trial = {.tree = world_tree(), .study = {.sex = 'F'}};
  th_cohort_options options = {.presume = TH_PRESUME_SILENCE, .threads = 1};
  th_cohort_result out;
  uint64_t listed = 0;
  if (th_cohort_run(c, &trial, 1, &options, &out, arena, NULL) < 0) abort();
  if (out.likely + out.possible + out.excluded != th_cohort_size(c)) abort();
  for (uint32_t i = 0; i < out.n_steps; i++)
    if (out.steps[i].left > th_cohort_size(c) || out.steps[i].alone > out.steps[i].against) abort();
  if (th_cohort_list(c, &trial, &options, UINT64_MAX, world_member, &listed, NULL) < 0) abort();
  if (listed != out.likely + out.possible) abort();
  return out;
}

#endif
