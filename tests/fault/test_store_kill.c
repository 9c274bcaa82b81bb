/* kill -9 at random moments: a child puts batches and reports each that was acknowledged over a
 * pipe; the parent kills it, opens the store and judges. About 20 times, with TH_FULL=1 500. */
#include "store_world.h"

#include <sys/wait.h>
#include <time.h>

enum { BATCHES_MAX = 80000 };

/* Puts batches for as long as it lives. */
static void work(const world *w, uint32_t first, int fd) {
  th_store *store;
  if (th_store_open(&store, w->folder, TH_STORE_WRITE, NULL)) _exit(2);
  for (uint32_t b = first; b <= BATCHES_MAX; b++) {
    if (world_put(store, b, NULL)) _exit(3);
    if (write(fd, &b, sizeof b) != sizeof b) _exit(4);
  }
  _exit(0);
}

static void sleep_us(long us) {
  struct timespec t = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&t, NULL);
}

/* One life and death; returns the last batch that the store has. */
static uint32_t live_and_die(world *w, bool *acknowledged, uint32_t first, uint64_t *random) {
  int fds[2], status;
  uint32_t b, last = first - 1;
  assert_int_equal(pipe(fds), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(fds[0]);
    work(w, first, fds[1]);
  }
  close(fds[1]);
  sleep_us((long)(test_random(random) % 60000));
  kill(child, SIGKILL);
  assert_int_equal(waitpid(child, &status, 0), child);
  if (!WIFSIGNALED(status)) fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
  while (read(fds[0], &b, sizeof b) == sizeof b) {
    acknowledged[b] = true;
    last = b;
  }
  close(fds[0]);
  /* The one in flight may be there, too. */
  return last + 1;
}

static void what_was_acknowledged_is_there(void **state) {
  (void)state;
  const char *given = getenv("TRIALHEAD_SEED");
  uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL), random = seed * 2 + 1;
  int deaths = getenv("TH_FULL") ? 500 : 20;
  uint32_t total = 0;
  world w;
  print_message("seed %llu (set TRIALHEAD_SEED to repeat)\n", (unsigned long long)seed);
  for (int i = 0; i < deaths;) {
    bool *acknowledged = calloc(BATCHES_MAX + 2, sizeof *acknowledged);
    uint32_t next = 1;
    world_init(&w);
    /* Several deaths of one store, which grows on. */
    for (int j = 0; j < 5 && i < deaths; j++, i++) {
      uint32_t last = live_and_die(&w, acknowledged, next, &random);
      next = world_judge(&w, acknowledged, last) + 1;
    }
    total += next;
    world_dispose(&w);
    free(acknowledged);
  }
  print_message("%d deaths, %u batches\n", deaths, total);
  assert_true(total > (uint32_t)deaths);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_acknowledged_is_there)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
