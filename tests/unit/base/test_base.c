#define _GNU_SOURCE
#include "../test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void spans(void **state) {
  (void)state;
  assert_true(th_span_eq(TH_SPAN("abc"), th_span_of("abc")));
  assert_true(th_span_eq_nocase(TH_SPAN("AbC"), TH_SPAN("aBc")));
  assert_int_equal(th_span_find(TH_SPAN("hello"), TH_SPAN("lo")), 3);
  assert_int_equal(th_span_find(TH_SPAN("hello"), TH_SPAN("x")), -1);
  assert_int_equal(th_span_trim(TH_SPAN(" \t a b \n")).n, 3);
  assert_true(th_span_cmp(TH_SPAN("ab"), TH_SPAN("abc")) < 0);
}

static void error_keeps_the_first_and_whole_characters(void **state) {
  (void)state;
  th_err err = {0};
  char text[400];
  for (int i = 0; i + 1 < (int)sizeof text; i += 2)
    memcpy(text + i, "\xC3\xA9", 2);
  text[sizeof text - 2] = 0;
  assert_int_equal(th_err_set(&err, TH_EINPUT, "x%s", text), TH_EINPUT);
  assert_int_equal(th_err_set(&err, TH_EIO, "second"), TH_EIO);
  assert_int_equal(err.code, TH_EINPUT);
  assert_int_equal(strlen(err.message) % 2, 1); /* x and whole two-byte characters */
  th_err_at(&err, 7, 2);
  th_err_at(&err, 8, 3);
  assert_int_equal(err.offset, 7);
}

static void arena_limits_and_reuse(void **state) {
  (void)state;
  th_arena a;
  th_arena_init(&a, 1 << 20);
  for (int round = 0; round < 3; round++) {
    size_t got = 0;
    while (th_arena_alloc(&a, 1000))
      got++;
    assert_int_equal(got, (1 << 20) / 1008);
    th_arena_reset(&a, true);
  }
  assert_null(th_arena_calloc(&a, SIZE_MAX / 2, 3));
  assert_null(th_arena_alloc(&a, SIZE_MAX - 3));
  th_span s = th_arena_dup(&a, TH_SPAN("abc"));
  assert_string_equal(s.p, "abc");
  assert_string_equal(th_arena_printf(&a, "%d-%s", 7, "x"), "7-x");
  th_arena_dispose(&a);
}

static void buffer_is_sticky_and_padded(void **state) {
  (void)state;
  th_buf b;
  th_buf_init(&b, 1000);
  th_buf_str(&b, "abc");
  th_buf_i64(&b, INT64_MIN);
  assert_string_equal(b.p, "abc-9223372036854775808");
  for (int i = 0; i < TH_PAD; i++)
    assert_int_equal(b.p[b.n + (size_t)i], 0);
  char big[2000] = {0};
  th_buf_put(&b, big, sizeof big);
  assert_int_equal(b.error, TH_ELIMIT);
  th_buf_str(&b, "more");
  assert_int_equal(b.n, 23);
  th_buf_dispose(&b);
}

static void varints(void **state) {
  (void)state;
  const uint64_t values[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
  th_buf b;
  th_buf_init(&b, 0);
  for (size_t i = 0; i < TH_COUNT(values); i++)
    th_buf_varint(&b, values[i]);
  const uint8_t *at = (const uint8_t *)b.p, *end = at + b.n;
  uint64_t v;
  for (size_t i = 0; i < TH_COUNT(values); i++) {
    assert_true(th_varint_read(&at, end, &v));
    assert_true(v == values[i]);
  }
  assert_false(th_varint_read(&at, end, &v));
  const uint8_t overlong[11] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 2, 0};
  at = overlong;
  assert_false(th_varint_read(&at, overlong + sizeof overlong, &v));
  th_buf_dispose(&b);
}

static void files_are_replaced_whole(void **state) {
  (void)state;
  char folder[] = "/tmp/th-test-XXXXXX", path[64];
  th_err err = {0};
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/x", folder);
  assert_int_equal(th_file_replace(path, TH_SPAN("one"), &err), 0);
  assert_int_equal(th_file_replace(path, TH_SPAN("two!"), &err), 0);
  th_map m;
  assert_int_equal(th_map_open(&m, path, &err), 0);
  assert_int_equal(m.n, 4);
  assert_memory_equal(m.p, "two!", 4);
  th_map_close(&m);
  th_file_writer *w = th_file_writer_new(path, &err);
  th_file_writer_put(w, "three", 5);
  assert_int_equal(th_file_writer_finish(w, false, &err), 0);
  th_buf b;
  th_buf_init(&b, 0);
  assert_int_equal(th_file_read(&b, path, &err), 0);
  assert_true(th_span_eq(th_buf_view(&b), TH_SPAN("two!")));
  th_buf_dispose(&b);
  unlink(path);
  assert_int_equal(th_map_open(&m, path, &err), TH_ENOTFOUND);
  assert_int_equal(rmdir(folder), 0); /* nothing temporary is left */
}

static unsigned count_files(const char *folder) {
  unsigned n = 0;
  DIR *d = opendir(folder);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));)
    n += e->d_name[0] != '.';
  closedir(d);
  return n;
}

static void private_files_have_no_name_till_the_end(void **state) {
  (void)state;
  char folder[] = "/tmp/th-test-XXXXXX", path[64], beside[80];
  th_err err = {0};
  struct stat st;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/x", folder);
  snprintf(beside, sizeof beside, "%s.tmp", path);
  int fd = open(folder, O_TMPFILE | O_WRONLY, 0600); /* not every file system has such files */
  bool nameless = fd >= 0;
  if (nameless) close(fd);
  for (unsigned round = 0; round < 3; round++) { /* no file, an old one, and one in the way */
    if (round == 2) {
      assert_int_equal(th_file_replace(beside, TH_SPAN("old"), &err), 0);
      assert_int_equal(chmod(beside, 0666), 0);
    }
    th_file_writer *w = th_file_writer_new_private(path, &err);
    assert_non_null(w);
    th_file_writer_put(w, "three", 5);
    if (nameless) assert_int_equal(count_files(folder), round);
    assert_int_equal(th_file_writer_finish(w, true, &err), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 5);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(count_files(folder), 1);
  }
  th_file_writer *w = th_file_writer_new_private(path, &err);
  th_file_writer_put(w, "gone", 4);
  assert_int_equal(th_file_writer_finish(w, false, &err), 0);
  assert_int_equal(count_files(folder), 1);
  assert_null(th_file_writer_new_private("/nonexistent/folder/x", &err));
  assert_int_equal(err.code, TH_EIO);
  unlink(path);
  assert_int_equal(rmdir(folder), 0);
}

static void *pop_sum(void *arg) {
  uintptr_t sum = 0;
  for (void *p; (p = th_queue_pop(arg));)
    sum += (uintptr_t)p;
  return (void *)sum;
}

static void queue_hands_over_each_item_once(void **state) {
  (void)state;
  th_queue *q = th_queue_new(3);
  pthread_t t[2];
  for (int i = 0; i < 2; i++)
    assert_int_equal(pthread_create(&t[i], NULL, pop_sum, q), 0);
  for (uintptr_t i = 1; i <= 1000; i++)
    assert_true(th_queue_push(q, (void *)i));
  th_queue_close(q);
  assert_false(th_queue_push(q, q));
  uintptr_t sum = 0;
  for (int i = 0; i < 2; i++) {
    void *part;
    pthread_join(t[i], &part);
    sum += (uintptr_t)part;
  }
  assert_int_equal(sum, 500500);
  th_queue_free(q);
}

/* Every second of many pieces is given up: what lies between the others goes back. */
static void freed_memory_goes_back(void **state) {
  (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  skip(); /* their allocators keep what is freed */
#endif
  enum { PIECES = 2048, BYTES = 32 << 10 };
  static char *piece[PIECES];
  for (int i = 0; i < PIECES; i++) {
    piece[i] = malloc(BYTES);
    assert_non_null(piece[i]);
    memset(piece[i], 1 + i % 100, BYTES);
  }
  assert_false(th_memory_trim(16 << 20));
  for (int i = 0; i < PIECES; i += 2)
    free(piece[i]);
  assert_true(th_memory_trim(16 << 20));
  assert_false(th_memory_trim(16 << 20));
  for (int i = 1; i < PIECES; i += 2) {
    assert_int_equal(piece[i][BYTES - 1], 1 + i % 100);
    free(piece[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(spans),
      cmocka_unit_test(error_keeps_the_first_and_whole_characters),
      cmocka_unit_test(arena_limits_and_reuse),
      cmocka_unit_test(buffer_is_sticky_and_padded),
      cmocka_unit_test(varints),
      cmocka_unit_test(files_are_replaced_whole),
      cmocka_unit_test(private_files_have_no_name_till_the_end),
      cmocka_unit_test(queue_hands_over_each_item_once),
      cmocka_unit_test(freed_memory_goes_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
