/* What of a mirror needs no network: pace, addresses, sets, pages, state, plans. */
#define _GNU_SOURCE
#include "../test.h"

#include "sync/ids.h"
#include "sync/pace.h"
#include "sync/plan.h"
#include "sync/state.h"
#include "sync/url.h"

#include <ftw.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* ---- pace ---- */

static void back_off_doubles_up_to_a_minute(void **state) {
  (void)state;
  const struct {
    unsigned base, failures;
    uint64_t least, most;
  } cases[] = {{1000, 1, 500, 1000},
               {1000, 2, 1000, 2000},
               {1000, 5, 8000, 16000},
               {1000, 7, 30000, 60000},
               {1000, 99, 30000, 60000},
               {100, 3, 200, 400},
               {0, 9, 0, 0},
               {UINT32_MAX, 1, 30000, 60000}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t chance = 0; chance < 200000; chance++) {
      uint64_t ms = th_sync_backoff_ms(cases[i].base, cases[i].failures, chance);
      least = TH_MIN(least, ms);
      most = TH_MAX(most, ms);
    }
    assert_int_equal(least, cases[i].least);
    assert_int_equal(most, cases[i].most);
    uint64_t ms = th_sync_backoff_ms(cases[i].base, cases[i].failures, UINT64_MAX);
    assert_true(ms >= cases[i].least && ms <= cases[i].most);
  }
}

static void retry_after_in_both_forms(void **state) {
  (void)state;
  const int64_t now = 1445412480; /* Wed, 21 Oct 2015 07:28:00 GMT */
  const struct {
    const char *text;
    bool ok;
    uint64_t ms;
  } cases[] = {{"0", true, 0},
               {"120", true, 120000},
               {"99999999999999999999", true, UINT64_MAX},
               {"Wed, 21 Oct 2015 07:28:30 GMT", true, 30000},
               {"Wed, 21 Oct 2015 07:28:00 GMT", true, 0},
               {"Wed, 21 Oct 2015 07:00:00 GMT", true, 0},
               {"", false, 0},
               {"-1", false, 0},
               {"1.5", false, 0},
               {"12x", false, 0},
               {"soon", false, 0}};
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    uint64_t ms = 7;
    assert_int_equal(th_sync_retry_after(cases[i].text, now, &ms), cases[i].ok);
    assert_int_equal(ms, cases[i].ok ? cases[i].ms : 7);
  }
}

static void timestamps_and_days(void **state) {
  (void)state;
  const char *good[] = {"2026-08-14T09:00:05", "2024-02-29T00:00:00", "1999-12-31T23:59:60"};
  const char *bad[] = {"",
                       "2026-08-14",
                       "2026-08-14T09:00:05Z",
                       "2026-02-29T09:00:05",
                       "2026-13-01T09:00:05",
                       "2026-08-14T24:00:05",
                       "2026-08-14 09:00:05",
                       "2026-08-14T09:60:05",
                       "0000-00-00T00:00:00",
                       "2026-08-1\n\0T09:00:0"};
  for (size_t i = 0; i < TH_COUNT(good); i++)
    assert_true(th_sync_timestamp_ok(th_span_of(good[i])));
  for (size_t i = 0; i < TH_COUNT(bad); i++)
    assert_false(th_sync_timestamp_ok(th_span_of(bad[i])));
  const char *days[][2] = {{"2026-08-14T09:00:05", "2026-08-12"},
                           {"2024-03-01T00:00:00", "2024-02-28"},
                           {"2025-01-01T00:00:00", "2024-12-30"},
                           {"0001-01-01T00:00:00", "0001-01-01"}};
  for (size_t i = 0; i < TH_COUNT(days); i++) {
    char out[11];
    th_sync_day_before(days[i][0], 2, out);
    assert_string_equal(out, days[i][1]);
  }
}

/* ---- addresses ---- */

static void base_addresses(void **state) {
  (void)state;
  const char *cases[][2] = {
      {"https://clinicaltrials.gov/api/v2", "https://clinicaltrials.gov/api/v2"},
      {"https://clinicaltrials.gov/api/v2///", "https://clinicaltrials.gov/api/v2"},
      {"http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v2"},
      {"http://[::1]:8080/", "http://[::1]:8080/api/v2"},
      {"HTTP://h/x", "http://h/x"},
      {"ftp://h/", NULL},
      {"file:///etc/passwd", NULL},
      {"h/x", NULL},
      {"", NULL},
      {"http://u@h/", NULL},
      {"http://u:p@h/", NULL},
      {"http://h/?q", NULL},
      {"http://h/#f", NULL},
      {"http://h:99999/", NULL},
      {"javascript:alert(1)", NULL},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_buf out;
    th_err err = {0};
    th_buf_init(&out, 0);
    int rc = th_sync_url_base(&out, cases[i][0], &err);
    th_buf_char(&out, 0);
    assert_int_equal(rc, cases[i][1] ? 0 : TH_EUSAGE);
    if (cases[i][1]) assert_string_equal(out.p, cases[i][1]);
    th_buf_dispose(&out);
  }
}

static void redirects_stay_on_the_host(void **state) {
  (void)state;
  const struct {
    const char *from, *to;
    bool may;
  } cases[] = {
      {"http://h/a", "http://h/b", true},
      {"http://h/a", "https://h/a", true},
      {"https://h/a", "http://h/a", false},
      {"https://h/a", "https://H/b", true},
      {"https://h/a", "https://h:444/a", false},
      {"http://h:80/a", "http://h/a", true},
      {"http://h/a", "http://other/a", false},
      {"http://h/a", "http://h.evil/a", false},
      {"http://h/a", "http://169.254.169.254/", false},
      {"http://h/a", "file:///etc/passwd", false},
      {"http://h/a", "http://u:p@h/", false},
      {"http://h/a", "", false},
      {"http://h/a", "gopher://h/", false},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_int_equal(th_sync_url_may_follow(cases[i].from, cases[i].to), cases[i].may);
}

static void escapes_all_but_plain(void **state) {
  (void)state;
  th_buf out;
  th_buf_init(&out, 0);
  th_sync_url_escape(&out, (th_span){"aZ9-._~ &=+%/\"\0\xC3\xA9", 17});
  th_buf_char(&out, 0);
  assert_string_equal(out.p, "aZ9-._~%20%26%3D%2B%25%2F%22%00%C3%A9");
  th_buf_dispose(&out);
}

/* ---- sets ---- */

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Against a sorted array; written and read back; the seed is printed. */
static void sets_of_ids(void **state) {
  (void)state;
  enum { N = 5000 };
  static uint32_t all[N];
  unsigned seed = (unsigned)time(NULL);
  th_err err = {0};
  th_ids ids, again;
  th_buf bytes;
  print_message("seed %u\n", seed);
  srandom(seed);
  assert_int_equal(th_ids_init(&ids, &err), 0);
  assert_int_equal(th_ids_init(&again, &err), 0);
  all[0] = 1, all[1] = 99999999, all[2] = 63, all[3] = 64;
  for (size_t i = 4; i < N; i++)
    all[i] = i % 2 ? 1 + (uint32_t)random() % 99999999 : 1 + (uint32_t)random() % 3000;
  for (size_t i = 0; i < N; i++)
    (void)th_ids_add(&ids, all[i]);
  qsort(all, N, sizeof *all, compare_u32);
  size_t n = 0;
  for (size_t i = 0; i < N; i++)
    if (i == 0 || all[i] != all[i - 1]) all[n++] = all[i];
  assert_int_equal(ids.n, n);
  uint32_t at = 0;
  for (size_t i = 0; i < n; i++) {
    at = th_ids_next(&ids, at + 1);
    assert_int_equal(at, all[i]);
    assert_true(th_ids_has(&ids, at));
    assert_false(th_ids_add(&ids, at));
  }
  assert_int_equal(th_ids_next(&ids, at + 1), 0);
  assert_false(th_ids_has(&ids, 4000000000u));
  th_buf_init(&bytes, 0);
  th_ids_write(&ids, &bytes);
  assert_int_equal(th_ids_read(&again, th_buf_view(&bytes), &err), 0);
  assert_int_equal(again.n, n);
  assert_memory_equal(again.bits, ids.bits, 99999999 / 8);
  for (size_t cut = 0; cut < 40; cut++) { /* damage is told, and nothing is read behind the end */
    th_err_clear(&err);
    assert_int_equal(th_ids_read(&again, (th_span){bytes.p, cut}, &err), TH_ECORRUPT);
  }
  bytes.p[random() % (long)bytes.n] ^= 4;
  th_err_clear(&err);
  assert_int_equal(th_ids_read(&again, th_buf_view(&bytes), &err), TH_ECORRUPT);
  th_ids_clear(&ids);
  assert_int_equal(ids.n, 0);
  assert_int_equal(th_ids_next(&ids, 1), 0);
  th_buf_clear(&bytes);
  th_ids_write(&ids, &bytes);
  assert_int_equal(bytes.n, 8);
  th_err_clear(&err);
  assert_int_equal(th_ids_read(&ids, th_buf_view(&bytes), &err), 0);
  th_buf_dispose(&bytes);
  th_ids_dispose(&ids);
  th_ids_dispose(&again);
}

/* ---- pages ---- */

static void pages_right_and_wrong(void **state) {
  (void)state;
  const struct {
    const char *text;
    int rc;
    size_t n;
    int64_t total;
    const char *token, *says;
  } cases[] = {
      {"{\"totalCount\":3,\"studies\":[{},{}],\"nextPageToken\":\"a\\u0062\"}", 0, 2, 3, "ab", ""},
      {"{\"studies\":[]}", 0, 0, -1, "", ""},
      {" \n{\"studies\":[],\"nextPageToken\":null}", 0, 0, -1, "", ""},
      {"<!DOCTYPE html>", TH_EINPUT, 0, 0, "", "HTML"},
      {"", TH_EINPUT, 0, 0, "", "empty"},
      {"  \n", TH_EINPUT, 0, 0, "", "empty"},
      {"{\"studies\":[{},{", TH_EINPUT, 0, 0, "", "cut"},
      {"{}", TH_EINPUT, 0, 0, "", "no list"},
      {"[]", TH_EINPUT, 0, 0, "", "no list"},
      {"7", TH_EINPUT, 0, 0, "", "no list"},
      {"{\"studies\":{}}", TH_EINPUT, 0, 0, "", "no list"},
      {"{\"studies\":[],\"nextPageToken\":7}", TH_EINPUT, 0, 0, "", "no text"},
      {"{\"studies\":[],\"totalCount\":-1}", TH_EINPUT, 0, 0, "", "no count"},
      {"{\"studies\":[],\"totalCount\":\"1\"}", TH_EINPUT, 0, 0, "", "no count"},
      {"{\"studies\":[],\"totalCount\":1e3}", TH_EINPUT, 0, 0, "", "no count"},
  };
  th_json_parser *parser = th_json_parser_new(1 << 20, 16);
  th_buf body;
  th_buf_init(&body, 0);
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_err err = {0};
    th_sync_page page;
    th_buf_clear(&body);
    th_buf_str(&body, cases[i].text);
    assert_int_equal(th_sync_page_read(parser, th_buf_view(&body), &page, &err), cases[i].rc);
    if (cases[i].rc) {
      assert_non_null(strstr(err.message, cases[i].says));
      continue;
    }
    assert_int_equal(page.n, cases[i].n);
    assert_int_equal(page.total, cases[i].total);
    assert_true(th_span_eq(page.token, th_span_of(cases[i].token)));
  }
  th_buf_clear(&body);
  th_buf_str(&body, "{\"studies\":[],\"nextPageToken\":\"");
  for (int i = 0; i <= TH_SYNC_TOKEN_MAX; i++)
    th_buf_char(&body, 'x');
  th_buf_str(&body, "\"}");
  th_sync_page page;
  assert_int_equal(th_sync_page_read(parser, th_buf_view(&body), &page, NULL), TH_EINPUT);
  th_buf_dispose(&body);
  th_json_parser_free(parser);
}

/* ---- state ---- */

static const char from[] = "https://h/api/v2", where[] = "AREA[Phase]PHASE3 AND \"x\"";

static th_sync_state full_state(void) {
  th_sync_state s = {.checked = 1786000000, .ids_walked = 1785000000, .gaps = true};
  memcpy(s.data_timestamp, "2026-08-14T09:00:05", 20);
  memcpy(s.etag, "\"1/2/3\"", 8);
  s.walk.kind = TH_SYNC_CHANGES;
  memcpy(s.walk.since, "2026-08-12", 11);
  memcpy(s.walk.data_timestamp, "2026-08-15T09:00:05", 20);
  memcpy(s.walk.token, "tok\"en", 7);
  s.walk.pages = 12, s.walk.studies = 11987, s.walk.total = 20000;
  memcpy(s.download.data_timestamp, "2026-08-15T09:00:05", 20);
  memcpy(s.download.etag, "\"zip\"", 6);
  s.download.done = true;
  return s;
}

static void state_reads_back(void **state) {
  (void)state;
  th_sync_state s = full_state(), back, none = {0};
  th_buf text;
  th_buf_init(&text, 0);
  th_sync_state_write(&s, from, where, &text);
  assert_true(th_sync_state_read(th_buf_view(&text), from, where, &back));
  assert_memory_equal(&s, &back, sizeof s);
  assert_false(th_sync_state_read(th_buf_view(&text), from, "", &back));
  assert_false(th_sync_state_read(th_buf_view(&text), "https://other/api/v2", where, &back));
  assert_memory_equal(&none, &back, sizeof back);
  for (size_t cut = 0; cut < text.n; cut++)
    assert_false(th_sync_state_read((th_span){text.p, cut}, from, where, &back));
  th_buf_dispose(&text);
  char a[24], b[24], c[24];
  th_sync_state_key(from, where, a);
  th_sync_state_key(from, "", b);
  th_sync_state_key("https://h/api/v3", where, c);
  assert_int_equal(strlen(a), 21);
  assert_string_not_equal(a, b);
  assert_string_not_equal(a, c);
}

static void state_that_is_none(void **state) {
  (void)state;
  const char *bad[] = {"{}",
                       "[]",
                       "null",
                       "{\"from\":\"https://h/api/v2\",\"where\":\"\",\"dataTimestamp\":\"never\"}",
                       "{\"from\":\"https://h/api/v2\",\"where\":\"\",\"etag\":\"a\\u0000b\"}",
                       "{\"from\":\"https://h/api/v2\",\"where\":\"x\"}"};
  th_sync_state s;
  for (size_t i = 0; i < TH_COUNT(bad); i++)
    assert_false(th_sync_state_read(th_span_of(bad[i]), from, "", &s));
  assert_true(th_sync_state_read(
      TH_SPAN(
          "{\"from\":\"https://h/api/v2\",\"where\":\"\",\"checked\":-5,\"walk\":7,\"new\":[]}"),
      from, "", &s));
  assert_int_equal(s.checked, 0);
  assert_int_equal(s.walk.kind, TH_SYNC_NONE);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at) {
  (void)st, (void)flag, (void)at;
  return remove(path);
}

static void state_in_a_store(void **state) {
  (void)state;
  char folder[] = "/tmp/th-sync-XXXXXX";
  th_err err = {0};
  th_store *store = NULL;
  th_sync_state s = full_state(), back, none = {0};
  th_ids ids, members;
  assert_non_null(mkdtemp(folder));
  assert_int_equal(th_ids_init(&ids, &err), 0);
  assert_int_equal(th_ids_init(&members, &err), 0);
  assert_int_equal(th_store_open(&store, folder, TH_STORE_WRITE, &err), 0);
  assert_int_equal(th_sync_state_load(store, from, where, &back, &err), 0);
  assert_memory_equal(&back, &none, sizeof back);
  assert_int_equal(th_sync_members_read(store, from, where, &members, &err), 0);
  assert_int_equal(members.n, 0);
  assert_int_equal(th_sync_state_save(store, from, where, &s, &err), 0);
  for (uint32_t i = 1; i <= 300000; i++)
    (void)th_ids_add(&ids, i * 17);
  assert_int_equal(th_sync_members_write(store, from, where, &ids, &err), 0);
  th_store_close(store);
  assert_int_equal(th_store_open(&store, folder, TH_STORE_READ, &err), 0);
  assert_int_equal(th_sync_state_load(store, from, where, &back, &err), 0);
  assert_memory_equal(&back, &s, sizeof back);
  assert_int_equal(th_sync_state_load(store, from, "", &back, &err), 0);
  assert_memory_equal(&back, &none, sizeof back);
  assert_int_equal(th_sync_members_read(store, from, where, &members, &err), 0);
  assert_int_equal(members.n, 300000);
  th_store_close(store);
  th_ids_dispose(&ids);
  th_ids_dispose(&members);
  assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* ---- plans ---- */

static void plans(void **state) {
  (void)state;
  const char *old = "2026-08-14T09:00:05", *new = "2026-08-17T09:00:05";
  const int64_t now = 1787000000, yesterday = now - 86400, long_ago = now - 8 * 86400;
  const struct {
    const char *name, *here, *etag, *there, *there_etag;
    int64_t ids_walked;
    bool gaps;
    th_sync_options options;
    th_sync_kind read;
    bool download, ids;
    const char *since;
  } cases[] = {
      {"first", "", "", new, "", 0, false, {0}, TH_SYNC_WHOLE, true, false, ""},
      {"first, a part", "", "", new, "", 0, false, {.where = "x"}, TH_SYNC_WHOLE, false, false, ""},
      {"first, pages",
       "",
       "",
       new,
       "",
       0,
       false,
       {.paging = true},
       TH_SYNC_WHOLE,
       false,
       false,
       ""},
      {"first, full", "", "", new, "", 0, false, {.full = true}, TH_SYNC_WHOLE, true, true, ""},
      {"same", old, "a", old, "a", 0, false, {0}, TH_SYNC_NONE, false, false, ""},
      {"same, full",
       old,
       "",
       old,
       "",
       yesterday,
       false,
       {.full = true},
       TH_SYNC_NONE,
       false,
       true,
       ""},
      {"same, gaps", old, "", old, "", yesterday, true, {0}, TH_SYNC_NONE, false, true, ""},
      {"same time, other tag",
       old,
       "a",
       old,
       "b",
       yesterday,
       false,
       {0},
       TH_SYNC_CHANGES,
       false,
       false,
       "2026-08-12"},
      {"same time, no tag",
       old,
       "a",
       old,
       "",
       yesterday,
       false,
       {0},
       TH_SYNC_NONE,
       false,
       false,
       ""},
      {"moved",
       old,
       "",
       new,
       "",
       yesterday,
       false,
       {0},
       TH_SYNC_CHANGES,
       false,
       false,
       "2026-08-12"},
      {"moved, ids due",
       old,
       "",
       new,
       "",
       long_ago,
       false,
       {0},
       TH_SYNC_CHANGES,
       false,
       true,
       "2026-08-12"},
      {"back", new, "", old, "", yesterday, false, {0}, TH_SYNC_CHANGES, false, true, "2026-08-12"},
      {"again",
       old,
       "",
       old,
       "",
       yesterday,
       false,
       {.whole = true},
       TH_SYNC_WHOLE,
       true,
       false,
       ""},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++) {
    th_sync_state s = {.ids_walked = cases[i].ids_walked, .gaps = cases[i].gaps};
    snprintf(s.data_timestamp, sizeof s.data_timestamp, "%s", cases[i].here);
    snprintf(s.etag, sizeof s.etag, "%s", cases[i].etag);
    th_sync_plan p =
        th_sync_plan_make(&s, cases[i].there, cases[i].there_etag, &cases[i].options, now);
    if (p.read != cases[i].read || p.download != cases[i].download || p.ids != cases[i].ids ||
        p.resume || strcmp(p.since, cases[i].since) != 0)
      fail_msg("%s", cases[i].name);
  }
}

static void a_walk_goes_on_only_where_it_was(void **state) {
  (void)state;
  th_sync_options options = {0};
  th_sync_state s = full_state();
  const char *there = "2026-08-15T09:00:05";
  assert_true(th_sync_plan_make(&s, there, "", &options, 0).resume);
  assert_false(th_sync_plan_make(&s, "2026-08-16T09:00:05", "", &options, 0).resume);
  options.whole = true;
  assert_false(th_sync_plan_make(&s, there, "", &options, 0).resume);
  options.whole = false;
  memcpy(s.walk.since, "2026-08-11", 11);
  assert_false(th_sync_plan_make(&s, there, "", &options, 0).resume);
  s = full_state();
  s.walk.token[0] = 0;
  assert_false(th_sync_plan_make(&s, there, "", &options, 0).resume);
  s = full_state();
  s.data_timestamp[0] = 0;
  s.walk.kind = TH_SYNC_WHOLE;
  s.walk.since[0] = 0;
  th_sync_plan p = th_sync_plan_make(&s, there, "", &options, 0);
  assert_true(p.resume);
  assert_false(p.download);
}

static void removals_within_bounds(void **state) {
  (void)state;
  assert_true(th_sync_plan_removals(0, 0));
  assert_true(th_sync_plan_removals(5, 5));
  assert_false(th_sync_plan_removals(6, 299));
  assert_true(th_sync_plan_removals(6, 300));
  assert_true(th_sync_plan_removals(12000, 600000));
  assert_false(th_sync_plan_removals(12001, 600000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(back_off_doubles_up_to_a_minute),
      cmocka_unit_test(retry_after_in_both_forms),
      cmocka_unit_test(timestamps_and_days),
      cmocka_unit_test(base_addresses),
      cmocka_unit_test(redirects_stay_on_the_host),
      cmocka_unit_test(escapes_all_but_plain),
      cmocka_unit_test(sets_of_ids),
      cmocka_unit_test(pages_right_and_wrong),
      cmocka_unit_test(state_reads_back),
      cmocka_unit_test(state_that_is_none),
      cmocka_unit_test(state_in_a_store),
      cmocka_unit_test(plans),
      cmocka_unit_test(a_walk_goes_on_only_where_it_was),
      cmocka_unit_test(removals_within_bounds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
