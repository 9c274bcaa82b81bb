/* The store under failing calls: the k-th allocation, write, sync, … fails (once, or from then on),
 * or the process is killed in its place. Whatever happens, each call returns an error or does what
 * it says, what was acknowledged is there afterwards, and the store checks.
 *
 * Runs under fault.c (LD_PRELOAD). TH_FULL=1 tries every k; otherwise an even choice of them. */
#include "store_world.h"

#include <dlfcn.h>
#include <sys/wait.h>

enum { BATCHES = 4 };

static bool (*arm)(const char *spec);
static long (*calls)(const char *kind);

static const char *const kinds[] = {"malloc",   "write", "short",  "sync",
                                    "truncate", "open",  "rename", "read"};

/* While calls fail the check may well report; afterwards it must not. */
static void ignore_problem(void *ctx, uint32_t nct, const char *text) {
  (void)ctx, (void)nct, (void)text;
}

/* A whole life of a store. Says which batches were acknowledged, through a pipe when there is one:
 * then that survives the process. */
static void live(world *w, bool *acknowledged, int pipe_fd) {
  th_store *store;
  th_err err = {0};
  th_buf out;
  uint64_t last;
  const th_span value = TH_SPAN("2026");
  th_buf_init(&out, 0);
  if (th_store_open(&store, w->folder, TH_STORE_WRITE, &err)) return;
  for (uint32_t b = 1; b <= BATCHES; b++) {
    if (world_put(store, b, NULL)) continue;
    acknowledged[b] = true;
    if (pipe_fd >= 0 && write(pipe_fd, &b, sizeof b) != sizeof b) _exit(9);
  }
  th_store_reader *r = th_store_reader_acquire(store, NULL);
  if (r) {
    int rc = th_store_get(r, batch_nct(1, 0), 1, &out, NULL, NULL);
    assert_true(rc == 0 ? out.n >= RECORD_LEN : out.n == 0);
    /* A failing read may look like a damaged file to SQLite, but never like a missing record. */
    if (acknowledged[1]) assert_int_not_equal(rc, TH_ENOTFOUND);
    rc = th_store_last_seq(r, &last, NULL);
    if (rc == 0) assert_true(last <= BATCHES * (BATCH + 1));
  }
  th_hashes hashes;
  if (r && th_store_hashes(r, &hashes, NULL) == 0) th_hashes_dispose(&hashes);
  if (th_store_meta_set(store, "timestamp", &value, NULL) == 0 && r &&
      th_store_meta_get(r, "timestamp", &out, NULL) == 0)
    assert_true(th_span_eq(th_buf_view(&out), value));
  if (th_store_checkpoint(store, NULL)) th_buf_clear(&out);
  if (r) {
    if (th_store_check(r, true, ignore_problem, NULL, &err)) th_err_clear(&err);
  }
  th_store_reader_release(r);
  /* A batch after the failure: the store is still of use. */
  if (world_put(store, BATCHES + 1, NULL) == 0) {
    acknowledged[BATCHES + 1] = true;
    uint32_t b = BATCHES + 1;
    if (pipe_fd >= 0 && write(pipe_fd, &b, sizeof b) != sizeof b) _exit(9);
  }
  th_store_close(store);
  th_buf_dispose(&out);
}

/* How many calls of a kind a whole life makes. */
static long count_calls(const char *kind) {
  world w;
  bool acknowledged[BATCHES + 2] = {0};
  world_init(&w);
  arm(NULL);
  live(&w, acknowledged, -1);
  long n = calls(kind);
  for (uint32_t b = 1; b <= BATCHES + 1; b++)
    assert_true(acknowledged[b]);
  world_dispose(&w);
  return n;
}

static void fail_at(const char *kind, long k, char manner) {
  char spec[64];
  world w;
  bool acknowledged[BATCHES + 2] = {0};
  world_init(&w);
  snprintf(spec, sizeof spec, "%s:%ld%c", kind, k, manner);
  assert_true(arm(spec));
  live(&w, acknowledged, -1);
  arm(NULL);
  world_judge(&w, acknowledged, BATCHES + 1);
  world_dispose(&w);
}

static void kill_at(const char *kind, long k) {
  char spec[64];
  world w;
  int fds[2], status;
  uint32_t b;
  bool acknowledged[BATCHES + 2] = {0};
  world_init(&w);
  assert_int_equal(pipe(fds), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    snprintf(spec, sizeof spec, "%s:%ld!", kind, k);
    if (!arm(spec)) _exit(9);
    live(&w, acknowledged, fds[1]);
    _exit(0);
  }
  close(fds[1]);
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
  while (read(fds[0], &b, sizeof b) == sizeof b)
    acknowledged[b] = true;
  close(fds[0]);
  world_judge(&w, acknowledged, BATCHES + 1);
  world_dispose(&w);
}

/* Calls f for each k, or for about `most` of them spread evenly. */
static void each_k(long n, long most, void (*f)(const char *, long, char), const char *kind,
                   char manner) {
  long step = getenv("TH_FULL") || n <= most ? 1 : n / most;
  for (long k = 1; k <= n; k += step)
    f(kind, k, manner);
}

static void a_call_fails(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    long n = count_calls(kinds[i]);
    print_message("%s: %ld calls\n", kinds[i], n);
    each_k(n, 120, fail_at, kinds[i], 0);
  }
}

static void all_calls_from_then_on_fail(void **state) {
  (void)state;
  for (size_t i = 0; i < TH_COUNT(kinds); i++) {
    if (strcmp(kinds[i], "short") == 0) continue; /* half a byte would never get written */
    each_k(count_calls(kinds[i]), 40, fail_at, kinds[i], '+');
  }
}

static void kill_instead(const char *kind, long k, char manner) {
  (void)manner;
  kill_at(kind, k);
}

static void killed_instead_of_a_call(void **state) {
  (void)state;
  static const char *const points[] = {"write", "sync", "truncate", "open"};
  for (size_t i = 0; i < TH_COUNT(points); i++)
    each_k(count_calls(points[i]), 60, kill_instead, points[i], '!');
}

int main(void) {
  arm = (bool (*)(const char *))(uintptr_t)dlsym(RTLD_DEFAULT, "th_fault_arm");
  calls = (long (*)(const char *))(uintptr_t)dlsym(RTLD_DEFAULT, "th_fault_calls");
  if (!arm || !calls) {
    fprintf(stderr, "skipped: run this with the fault library in LD_PRELOAD\n");
    return 77;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_call_fails),
      cmocka_unit_test(all_calls_from_then_on_fail),
      cmocka_unit_test(killed_instead_of_a_call),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
