/* Seats of a desk: one a generation whoever asks, made ready ahead or by the first who sits down,
 * and held by those who sit there when a newer one comes. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "../test.h"

#include "../registry/folder.h"
#include "base/file.h"
#include "native/desk.h"

enum { THREADS = 8, ROUNDS = 20 };

static void import(th_registry *r, uint32_t nct) {
  char path[100];
  const char *paths[] = {path};
  th_import_report report;
  th_err err = {0};
  th_buf record;
  snprintf(path, sizeof path, "%s/in.json", folder);
  th_buf_init(&record, 0);
  th_buf_printf(&record,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"Asthma\"},\"conditionsModule\":{\"conditions\":[\"Asthma\"]},"
                "\"eligibilityModule\":{\"eligibilityCriteria\":\"Inclusion Criteria:\\n- "
                "Asthma\"}}}\n",
                nct);
  assert_int_equal(th_file_replace(path, th_buf_view(&record), &err), 0);
  if (th_registry_import(r, paths, 1, NULL, &report, &err)) fail_msg("%s", err.message);
  th_buf_dispose(&record);
}

static th_registry *open_registry(void) {
  char dir[100];
  th_registry *r;
  th_err err = {0};
  snprintf(dir, sizeof dir, "%s/data", folder);
  if (th_registry_open(&r, dir, TH_REGISTRY_WRITE, &err)) fail_msg("%s", err.message);
  return r;
}

static const th_seat *sit(th_desk *d) {
  const th_seat *seat;
  th_err err = {0};
  if (th_desk_take(d, &seat, &err)) fail_msg("%s", err.message);
  return seat;
}

static uint32_t match(th_registry *r, const th_seat *seat) {
  static const char note[] = "A 40-year-old woman with asthma.";
  th_patient patient;
  th_arena arena;
  th_find_result found;
  th_err err = {0};
  th_patient_options options = th_seat_options(seat);
  th_arena_init(&arena, TH_DESK_MEMORY_MAX);
  if (th_patient_read(&patient, TH_SPAN(note), &options, &err)) fail_msg("%s", err.message);
  th_find_request q = {.patient = &patient, .order = TH_ELIGIBLE_FIRST, .n = 10, .explain = true};
  if (th_find(seat->ranker, th_registry_store(r), &q, &arena, &found, &err))
    fail_msg("%s", err.message);
  uint32_t n = found.n;
  th_find_dispose(&found);
  th_patient_dispose(&patient);
  th_arena_dispose(&arena);
  return n;
}

static void test_generations(void **state) {
  (void)state;
  th_registry *r = open_registry();
  th_desk *d = th_desk_new(r);
  import(r, 1);
  th_desk_warm(d);
  th_desk_warm(d); /* once a generation */
  const th_seat *a = sit(d), *b = sit(d);
  assert_ptr_equal(a, b);
  assert_int_equal(match(r, a), 1);
  import(r, 2);
  th_desk_warm(d);
  const th_seat *c = sit(d);
  assert_ptr_not_equal(a, c);
  assert_int_equal(match(r, a), 1); /* held, it is still what it was */
  assert_int_equal(match(r, c), 2);
  th_desk_give(d, a);
  th_desk_give(d, b);
  th_desk_give(d, c);
  import(r, 3);
  th_desk_warm(d);
  th_desk_free(d); /* while it is made ready */
  th_registry_close(r);
}

static void test_nothing_there(void **state) {
  (void)state;
  th_registry *r = open_registry();
  th_desk *d = th_desk_new(r);
  th_desk_warm(d);
  const th_seat *seat = sit(d);
  assert_int_equal(match(r, seat), 0);
  th_desk_give(d, seat);
  th_desk_free(d);
  th_desk_free(NULL);
  th_registry_close(r);
}

typedef struct crowd {
  th_registry *registry;
  th_desk *desk;
} crowd;

static void *ask(void *arg) {
  const crowd *c = arg;
  for (int i = 0; i < ROUNDS; i++) {
    th_desk_warm(c->desk);
    const th_seat *seat = sit(c->desk);
    assert_true(match(c->registry, seat) >= 1);
    th_desk_give(c->desk, seat);
  }
  return NULL;
}

/* Many ask while generations come. */
static void test_crowd(void **state) {
  (void)state;
  pthread_t threads[THREADS];
  crowd c = {.registry = open_registry()};
  c.desk = th_desk_new(c.registry);
  import(c.registry, 1);
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, ask, &c), 0);
  for (uint32_t nct = 2; nct < 5; nct++)
    import(c.registry, nct);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  const th_seat *seat = sit(c.desk);
  assert_int_equal(match(c.registry, seat), 4);
  th_desk_give(c.desk, seat);
  th_desk_free(c.desk);
  th_registry_close(c.registry);
}

int main(void) {
  const struct CMUnitTest tests[] = {IN_FOLDER(test_generations), IN_FOLDER(test_nothing_there),
                                     IN_FOLDER(test_crowd)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
