/* Completion and spelling against obvious versions, on random registries in several versions. */
#define _GNU_SOURCE
#include "../test.h"

#include "../chance.h"

#include "base/file.h"
#include "query/suggest.h"
#include "query/suggest_private.h"
#include "registry/registry.h"
#include "text/stem.h"

#include <ftw.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { STUDIES = 400, CONDITIONS_MAX = 4, NAME_MAX_LEN = 80 };

static char folder[64];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at) {
  (void)st, (void)flag, (void)at;
  return remove(path);
}

/* The newest record of each study, as it should be found. */
typedef struct study {
  char conditions[CONDITIONS_MAX][NAME_MAX_LEN];
  unsigned n;
  char title[NAME_MAX_LEN];
} study;
static study studies[STUDIES];

static const char *const parts[] = {"asthma",  "Asthma",   "breast",          "cancer",
                                    "Cancer",  "Krebs",    "crohn's disease", "Sjögren",
                                    "sjogren", "COVID-19", "covid 19",        "of the lung",
                                    "lung",    "type 2",   "diabetes",        "acute (severe)"};
static const char *const words[] = {"remarkable", "hypertension", "metformin", "placebo",
                                    "randomized", "controlled",   "tumours",   "vaccination"};

static void make_name(char out[NAME_MAX_LEN]) {
  size_t n = 0;
  for (uint32_t i = 0, k = 1 + below(3); i < k; i++)
    n += (size_t)snprintf(out + n, NAME_MAX_LEN - n, "%s%s", i ? " " : "",
                          parts[below(TH_COUNT(parts))]);
}

static void make_study(study *s) {
  s->n = below(CONDITIONS_MAX + 1);
  for (unsigned i = 0; i < s->n; i++)
    make_name(s->conditions[i]);
  snprintf(s->title, sizeof s->title, "%s %s", words[below(TH_COUNT(words))],
           words[below(TH_COUNT(words))]);
}

static void put_study(th_buf *b, unsigned nct, const study *s) {
  th_buf_printf(b,
                "{\"protocolSection\":{\"identificationModule\":{\"nctId\":\"NCT%08u\","
                "\"briefTitle\":\"%s\"},\"statusModule\":{\"overallStatus\":\"COMPLETED\"},"
                "\"conditionsModule\":{\"conditions\":[",
                nct, s->title);
  for (unsigned i = 0; i < s->n; i++)
    th_buf_printf(b, "%s\"%s\"", i ? "," : "", s->conditions[i]);
  th_buf_str(b, "]}}}\n");
}

/* Some studies in a new version: what they were is not to be found any more. */
static void import_some(th_registry *r, uint32_t percent) {
  char path[128];
  const char *paths[] = {path};
  th_err err = {0};
  th_buf b;
  th_buf_init(&b, 0);
  for (unsigned i = 0; i < STUDIES; i++) {
    if (below(100) >= percent) continue;
    make_study(&studies[i]);
    put_study(&b, i + 1, &studies[i]);
  }
  snprintf(path, sizeof path, "%s/in.ndjson", folder);
  assert_int_equal(th_file_replace(path, th_buf_view(&b), &err), 0);
  th_import_options options = {.threads = 2};
  th_import_report report;
  if (th_registry_import(r, paths, 1, &options, &report, &err)) fail_msg("%s", err.message);
  th_buf_dispose(&b);
}

static th_registry *open_registry(void) {
  char dir[128];
  th_registry *r;
  th_err err = {0};
  snprintf(folder, sizeof folder, "/tmp/th-suggest-XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(dir, sizeof dir, "%s/data", folder);
  if (th_registry_open(&r, dir, TH_REGISTRY_WRITE, &err)) fail_msg("%s", err.message);
  return r;
}

static void close_registry(th_registry *r) {
  th_registry_close(r);
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- completion ---- */

/* Whether the key begins with the prefix, or a word of it does. */
static bool begins(const char *key, const char *prefix, bool anywhere) {
  size_t n = strlen(prefix);
  for (const char *at = key; at; at = anywhere ? strchr(at, ' ') : NULL) {
    if (*at == ' ') at++;
    if (strncmp(at, prefix, n) == 0) return true;
  }
  return false;
}

static unsigned studies_with(const char *key) {
  char own[TH_KEY_MAX];
  unsigned n = 0;
  for (unsigned i = 0; i < STUDIES; i++) {
    bool has = false;
    for (unsigned k = 0; k < studies[i].n; k++) {
      th_name_key(th_span_of(studies[i].conditions[k]), own);
      has = has || strcmp(own, key) == 0;
    }
    n += has;
  }
  return n;
}

/* Distinct names that match, and the sum of their counts. */
static unsigned matching(const char *prefix, unsigned *sum) {
  static char seen[STUDIES * CONDITIONS_MAX][TH_KEY_MAX];
  unsigned n = 0, all = 0;
  *sum = 0;
  for (unsigned i = 0; i < STUDIES; i++) {
    for (unsigned k = 0; k < studies[i].n; k++) {
      char key[TH_KEY_MAX];
      unsigned s = 0;
      th_name_key(th_span_of(studies[i].conditions[k]), key);
      while (s < all && strcmp(seen[s], key) != 0)
        s++;
      if (s < all) continue;
      memcpy(seen[all++], key, sizeof key);
      unsigned count = studies_with(key);
      if (!begins(key, prefix, count > 1)) continue;
      n++;
      *sum += count;
    }
  }
  return n;
}

static void check_prefix(th_suggester *s, const char *typed) {
  th_arena arena;
  th_completions got;
  th_err err = {0};
  char prefix[TH_KEY_MAX], key[TH_KEY_MAX];
  unsigned sum, n_expected, got_sum = 0;
  th_arena_init(&arena, 0);
  th_name_key(th_span_of(typed), prefix);
  n_expected = matching(prefix, &sum);
  if (th_complete(s, th_span_of(typed), 1u << TH_NAME_CONDITION, TH_COMPLETIONS_MAX, &arena, &got,
                  &err))
    fail_msg("%s", err.message);
  assert_int_equal(got.n, TH_MIN(n_expected, (unsigned)TH_COMPLETIONS_MAX));
  for (uint32_t i = 0; i < got.n; i++) {
    const th_completion *c = &got.items[i];
    th_name_key(c->text, key);
    assert_true(begins(key, prefix, true));
    assert_int_equal(c->count, studies_with(key));
    assert_true(i == 0 || got.items[i - 1].count >= c->count);
    got_sum += c->count;
  }
  if (n_expected <= TH_COMPLETIONS_MAX) assert_int_equal(got_sum, sum);
  /* Fewer are the first of more. */
  th_completions few;
  assert_int_equal(
      th_complete(s, th_span_of(typed), 1u << TH_NAME_CONDITION, 3, &arena, &few, &err), 0);
  assert_int_equal(few.n, TH_MIN(got.n, 3u));
  for (uint32_t i = 0; i < few.n; i++)
    assert_int_equal(few.items[i].count, got.items[i].count);
  th_arena_dispose(&arena);
}

static void completion_is_exact(void **state) {
  (void)state;
  static const char *const typed[] = {"",     "a",      "Asth",    "canc",      "breast ca", "lung",
                                      "cro",  "CROHNS", "covid-1", "covid 19 ", "sjög",      "of",
                                      "2 di", "zzz",    "(sev",    "severe"};
  th_err err = {0};
  th_registry *r = open_registry();
  th_suggester *s = th_suggester_new(th_registry_index(r));
  assert_non_null(s);
  seed = random_start((uint64_t)time(NULL));
  check_prefix(s, "a"); /* nothing there yet */
  for (unsigned round = 0; round < 4; round++) {
    import_some(r, round ? 30 : 100);
    assert_int_equal(th_suggester_update(s, &err), 0);
    for (size_t i = 0; i < TH_COUNT(typed); i++)
      if (strcmp(typed[i], "of") != 0) check_prefix(s, typed[i]); /* no entry begins with "of " */
  }
  th_suggester_free(s);
  close_registry(r);
}

/* Tables of the state before answer until those of the new one are made. */
static void newer_data_shows_in_time(void **state) {
  (void)state;
  th_arena arena;
  th_completions got;
  th_err err = {0};
  th_registry *r = open_registry();
  th_suggester *s = th_suggester_new(th_registry_index(r));
  th_arena_init(&arena, 0);
  seed = 7;
  import_some(r, 100);
  check_prefix(s, "");
  import_some(r, 100);
  bool fresh = false;
  for (int i = 0; i < 500 && !fresh; i++) {
    unsigned sum, n = matching("asthma", &sum), have = 0;
    th_arena_reset(&arena, false);
    assert_int_equal(
        th_complete(s, TH_SPAN("asthma"), 1u << TH_NAME_CONDITION, 100, &arena, &got, &err), 0);
    for (uint32_t k = 0; k < got.n; k++)
      have += got.items[k].count;
    fresh = got.n == n && have == sum;
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
  }
  assert_true(fresh);
  th_arena_dispose(&arena);
  th_suggester_free(s);
  close_registry(r);
}

/* ---- spelling ---- */

/* Optimal string alignment, the plain matrix. */
static unsigned distance(th_span a, th_span b) {
  unsigned d[72][72];
  for (size_t i = 0; i <= a.n; i++)
    for (size_t j = 0; j <= b.n; j++) {
      if (i == 0 || j == 0) {
        d[i][j] = (unsigned)(i + j);
        continue;
      }
      d[i][j] = d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
      d[i][j] = TH_MIN(d[i][j], d[i - 1][j] + 1);
      d[i][j] = TH_MIN(d[i][j], d[i][j - 1] + 1);
      if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
        d[i][j] = TH_MIN(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.n][b.n];
}

static void garble(char *word, unsigned edits) {
  for (unsigned e = 0; e < edits; e++) {
    size_t n = strlen(word), at = below((uint32_t)n);
    switch (below(4)) {
    case 0:
      word[at] = (char)('a' + below(26));
      break;
    case 1:
      memmove(word + at + 1, word + at, n - at + 1);
      word[at] = (char)('a' + below(26));
      break;
    case 2:
      memmove(word + at, word + at + 1, n - at);
      break;
    default:
      if (at + 1 < n) {
        char c = word[at];
        word[at] = word[at + 1];
        word[at + 1] = c;
      }
    }
  }
}

static bool same_stem(th_span a, th_span b) {
  static th_stemmer *stemmer;
  char stem[128];
  if (!stemmer) stemmer = th_stemmer_new();
  assert_non_null(stemmer);
  th_span x = th_stem(stemmer, a);
  size_t n = x.n;
  memcpy(stem, x.p, n);
  return th_span_eq((th_span){stem, n}, th_stem(stemmer, b));
}

/* Every word of the table that is near enough is found when so few are, and nothing else. */
static void check_word(th_suggester *s, const char *typed) {
  th_arena arena;
  th_spelling got;
  th_completions all;
  th_err err = {0};
  unsigned near = 0, most = strlen(typed) < 6 ? 1 : 2;
  th_arena_init(&arena, 0);
  assert_int_equal(
      th_complete(s, TH_SPAN(""), 1u << TH_NAME_WORD, TH_COMPLETIONS_MAX, &arena, &all, &err), 0);
  assert_true(all.n < TH_COMPLETIONS_MAX);
  assert_int_equal(th_suggest(s, th_span_of(typed), &arena, &got, &err), 0);
  for (uint32_t i = 0; i < all.n; i++) {
    unsigned d = distance(all.items[i].text, th_span_of(typed));
    if (same_stem(all.items[i].text, th_span_of(typed))) near = 1000; /* it is a word */
    near += d > 0 && d <= most;
  }
  if (got.n == 0) {
    if (near && near < 1000 && strlen(typed) >= 4) fail_msg("nothing for %s", typed);
    assert_true(th_span_eq(got.text, th_span_of(typed)));
  } else {
    const th_misspelt *m = &got.words[0];
    assert_int_equal(got.n, 1);
    assert_int_equal(m->n, TH_MIN(near, (unsigned)TH_SPELLINGS_MAX));
    for (uint32_t i = 0; i < m->n; i++)
      assert_in_range(distance(m->words[i], th_span_of(typed)), 1, most);
    assert_true(th_span_eq(got.text, m->words[0]));
  }
  th_arena_dispose(&arena);
}

static void expect(th_suggester *s, const char *typed, const char *wanted) {
  th_arena arena;
  th_spelling got;
  th_err err = {0};
  th_arena_init(&arena, 0);
  assert_int_equal(th_suggest(s, th_span_of(typed), &arena, &got, &err), 0);
  assert_string_equal(got.text.p, wanted);
  th_arena_dispose(&arena);
}

static void spelling_finds_what_is_near(void **state) {
  (void)state;
  th_err err = {0};
  th_registry *r = open_registry();
  th_suggester *s = th_suggester_new(th_registry_index(r));
  seed = random_start((uint64_t)time(NULL));
  import_some(r, 100);
  assert_int_equal(th_suggester_update(s, &err), 0);
  for (int i = 0; i < 3000; i++) {
    char typed[64];
    snprintf(typed, sizeof typed, "%s", words[below(TH_COUNT(words))]);
    garble(typed, 1 + below(3));
    check_word(s, typed);
  }
  expect(s, "hypertenson AND metfromin", "hypertension AND metformin");
  expect(s, "  Astma, AREA[Phaze] kancer", "  asthma, AREA[Phaze] cancer");
  expect(s, "metformin", "metformin");
  expect(s, "", "");
  expect(s, "[[ ]] NOT (plcaebo", "[[ ]] NOT (placebo");
  th_suggester_free(s);
  close_registry(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(completion_is_exact),
      cmocka_unit_test(newer_data_shows_in_time),
      cmocka_unit_test(spelling_finds_what_is_near),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
