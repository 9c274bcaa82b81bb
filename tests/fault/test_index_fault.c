/* The index under failing calls: the k-th allocation, write, sync, … fails (once, or from then on),
 * or the process is killed in its place, while segments are published and merged. Afterwards the
 * folder holds a whole generation, at least the last one acknowledged, and nothing else.
 *
 * Runs under fault.c (LD_PRELOAD). TH_FULL=1 tries every k; otherwise an even choice of them. */
#include "../unit/test.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/index/small_segment.h"
#include "base/file.h"
#include "index/index_private.h"

enum { BATCHES = 4, DOCS = 30, STUDIES = 40, SEQ_STEP = 100 };

static bool (*arm)(const char *spec);
static long (*calls)(const char *kind);
static const char *const kinds[] = {"malloc",   "write", "short",  "sync",
                                    "truncate", "open",  "rename", "read"};

static char prepared[64]; /* folder of the segments, made before any call fails */
static uint64_t newest[BATCHES + 1][STUDIES];

static void prepared_path(unsigned batch, char out[400]) {
  snprintf(out, 400, "%s/%u", prepared, batch);
}

static void prepare(void) {
  uint64_t seed = 7;
  char path[400];
  snprintf(prepared, sizeof prepared, "/tmp/th_prepared_XXXXXX");
  assert_non_null(mkdtemp(prepared));
  for (unsigned b = 1; b <= BATCHES; b++) {
    small_docs d;
    small_random(&d, &seed, DOCS, 8, 1, 1);
    memcpy(newest[b], newest[b - 1], sizeof newest[b]);
    for (unsigned i = 0; i < DOCS; i++) {
      uint32_t study = small_draw(&seed, STUDIES);
      d.nct[i] = study;
      d.seq[i] = b * SEQ_STEP - DOCS + i;
      newest[b][study] = d.seq[i];
    }
    prepared_path(b, path);
    small_write(&d, path);
    small_dispose(&d);
  }
}

static void remove_folder(const char *folder) {
  DIR *d = opendir(folder);
  for (struct dirent *e; d && (e = readdir(d));) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    unlink(path);
  }
  if (d) closedir(d);
  rmdir(folder);
}

/* What a snapshot holds is just what its applied_seq says. */
static void judge_snapshot(const th_snapshot *s) {
  const uint64_t *expected = newest[s->applied_seq / SEQ_STEP];
  assert_int_equal(s->applied_seq % SEQ_STEP, 0);
  for (uint32_t study = 0; study < STUDIES; study++) {
    uint32_t segment, doc;
    bool found = th_snapshot_find(s, study, &segment, &doc);
    assert_int_equal(found, expected[study] != 0);
    if (found) assert_int_equal(th_segment_seq(s->segments[segment], doc), expected[study]);
  }
}

static bool publish(th_index *index, unsigned batch) {
  char from[400], path[TH_INDEX_PATH_MAX];
  th_err err = {0};
  const char *added = path;
  prepared_path(batch, from);
  th_index_new_segment_path(index, path, sizeof path);
  assert_int_equal(link(from, path), 0);
  th_index_update u = {.added = &added, .n_added = 1, .applied_seq = batch * SEQ_STEP};
  int rc = th_index_publish(index, &u, &err);
  assert_int_equal(rc, err.code);
  return rc == 0;
}

/* Publishes until something fails, merging in between. The number of the last batch acknowledged
 * goes through the pipe when there is one: that survives the process. */
static unsigned live(const char *folder, int pipe_fd) {
  th_index *index;
  unsigned last = 0;
  if (th_index_open(&index, folder, true, NULL)) return 0;
  for (unsigned b = 1; b <= BATCHES && publish(index, b); b++) {
    last = b;
    if (pipe_fd >= 0 && write(pipe_fd, &b, sizeof b) != sizeof b) _exit(9);
    if (b % 2 == 0 && th_index_merge(index, true, NULL, NULL)) break;
  }
  const th_snapshot *s = th_index_acquire(index);
  assert_true(s->applied_seq >= last * SEQ_STEP);
  if (th_snapshot_state(s, NULL) == 0) judge_snapshot(s);
  th_index_release(index, s);
  th_index_close(index);
  return last;
}

static void fail_on_problem(void *ctx, const char *text) {
  (void)ctx;
  fail_msg("%s", text);
}

static void judge(const char *folder, unsigned last) {
  th_index *index;
  th_err err = {0};
  if (th_index_open(&index, folder, true, &err)) fail_msg("%s", err.message);
  if (th_index_check(folder, true, fail_on_problem, NULL, &err)) fail_msg("%s", err.message);
  const th_snapshot *s = th_index_acquire(index);
  assert_true(s->applied_seq >= last * SEQ_STEP);
  judge_snapshot(s);
  unsigned done = (unsigned)(s->applied_seq / SEQ_STEP);
  th_index_release(index, s);
  while (done < BATCHES)
    assert_true(publish(index, ++done)); /* the next run goes on */
  s = th_index_acquire(index);
  judge_snapshot(s);
  th_index_release(index, s);
  th_index_close(index);
}

static void new_folder(char out[64]) {
  snprintf(out, 64, "/tmp/th_index_XXXXXX");
  assert_non_null(mkdtemp(out));
}

static long count_calls(const char *kind) {
  char folder[64];
  new_folder(folder);
  arm(NULL);
  assert_int_equal(live(folder, -1), BATCHES);
  long n = calls(kind);
  remove_folder(folder);
  return n;
}

static void fail_at(const char *kind, long k, char manner) {
  char spec[64], folder[64];
  new_folder(folder);
  snprintf(spec, sizeof spec, "%s:%ld%c", kind, k, manner);
  assert_true(arm(spec));
  unsigned last = live(folder, -1);
  arm(NULL);
  judge(folder, last);
  remove_folder(folder);
}

static void kill_at(const char *kind, long k, char manner) {
  char spec[64], folder[64];
  int fds[2], status;
  unsigned b, last = 0;
  (void)manner;
  new_folder(folder);
  assert_int_equal(pipe(fds), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    snprintf(spec, sizeof spec, "%s:%ld!", kind, k);
    if (!arm(spec)) _exit(9);
    live(folder, fds[1]);
    _exit(0);
  }
  close(fds[1]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
  while (read(fds[0], &b, sizeof b) == sizeof b)
    last = b;
  close(fds[0]);
  judge(folder, last);
  remove_folder(folder);
}

/* f for each k, or for about `most` of them spread evenly. */
static void each_k(const char *kind, long most, void (*f)(const char *, long, char), char manner) {
  long n = count_calls(kind), step = getenv("TH_FULL") || n <= most ? 1 : n / most;
  for (long k = 1; k <= n; k += step)
    f(kind, k, manner);
}

static void a_call_fails(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    each_k(kinds[i], 50, fail_at, 0);
}

static void all_calls_from_then_on_fail(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    if (strcmp(kinds[i], "short") != 0) /* half a byte would never get written */
      each_k(kinds[i], 20, fail_at, '+');
}

static void the_process_is_killed(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(kinds); i++)
    if (strcmp(kinds[i], "malloc") != 0) each_k(kinds[i], 20, kill_at, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_fails),
      cmocka_unit_test(all_calls_from_then_on_fail),
      cmocka_unit_test(the_process_is_killed),
  };
  *(void **)&arm = dlsym(RTLD_DEFAULT, "th_fault_arm");
  *(void **)&calls = dlsym(RTLD_DEFAULT, "th_fault_calls");
  if (!arm || !calls) {
    fprintf(stderr, "test_index_fault: run me under the fault library (LD_PRELOAD)\n");
    return 1;
  }
  prepare();
  int rc = cmocka_run_group_tests(tests, NULL, NULL);
  remove_folder(prepared);
  return rc;
}
