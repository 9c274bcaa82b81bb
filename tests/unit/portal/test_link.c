/* Links of the registry lead to the same search: tests/cases/portal/links.txt. */
#include "../test.h"

#include "http/http.h"
#include "portal/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char *unpacked(th_arena *arena, const th_link *link) {
  th_request rq = {0};
  th_buf out;
  char *target = th_arena_printf(arena, "/search?%.*s", (int)link->query.n, link->query.p);
  assert_int_equal(th_request_parse(&rq, TH_SPAN("GET"), th_span_of(target), arena, NULL), 0);
  th_buf_init(&out, 0);
  for (unsigned i = 0; i < rq.n_params; i++) {
    th_buf_str(&out, i ? "&" : "");
    th_buf_span(&out, rq.params[i].name);
    th_buf_char(&out, '=');
    th_buf_span(&out, rq.params[i].value);
  }
  char *text = th_arena_printf(arena, "%.*s", (int)out.n, out.n ? out.p : "");
  th_buf_dispose(&out);
  return text;
}

static void try_link(const char *address, const char *wanted, int line) {
  th_arena arena;
  th_link link;
  th_err err = {0};
  char number[32];
  th_arena_init(&arena, 0);
  if (!th_link_is(th_span_of(address))) fail_msg("line %d: not taken for a link", line);
  int rc = th_link_read(&link, &arena, th_span_of(address), &err);
  if (rc) fail_msg("line %d: %s", line, err.message);
  snprintf(number, sizeof number, "/study/NCT%08u", link.nct);
  const char *got = link.nct ? number : unpacked(&arena, &link);
  if (strcmp(got, wanted) != 0) fail_msg("line %d:\n got %s\nnot %s", line, got, wanted);
  th_arena_dispose(&arena);
}

static void links_lead_to_the_same_search(void **state) {
  (void)state;
  char line[1024], address[1024] = "";
  int n = 0, tried = 0;
  FILE *file = fopen(TH_SOURCE_ROOT "/tests/cases/portal/links.txt", "r");
  assert_non_null(file);
  while (fgets(line, sizeof line, file)) {
    n++;
    line[strcspn(line, "\n")] = 0;
    if (strncmp(line, "link ", 5) == 0) memcpy(address, line + 5, strlen(line + 5) + 1);
    if (strncmp(line, "to", 2) != 0) continue;
    const char *wanted = line + 2 + strspn(line + 2, " ");
    try_link(address, wanted, n);
    tried++;
  }
  fclose(file);
  assert_true(tried > 30);
}

static void other_texts_are_no_links(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "asthma",
                                      "clinicaltrials.gov",
                                      "https://example.org/study/NCT00000102",
                                      "see clinicaltrials.gov/search?cond=a",
                                      "clinicaltrials.gov/search?cond=a b",
                                      "https://clinicaltrials.gov.example.org/study/NCT00000102",
                                      "https://"};
  for (size_t i = 0; i < TH_COUNT(texts); i++)
    if (th_link_is(th_span_of(texts[i]))) fail_msg("taken for a link: %s", texts[i]);
}

/* Any bytes behind the host are read or refused. */
static void rubbish_is_refused(void **state) {
  (void)state;
  unsigned seed = (unsigned)time(NULL);
  print_message("seed %u\n", seed);
  srand(seed);
  for (int i = 0; i < 3000; i++) {
    static const char *const pieces[] = {
        "aggFilters=", "status:",   "rec",    "&",       ",",          ":",
        " ",           "%",         "%2",     "_",       "start=",     "lat=",
        "lng=1",       "state=US:", "phase=", "9",       "recrs=",     "z",
        "\xff",        "=",         "term=",  "strd_s=", "01/31/2020", "filter.geo=distance("};
    th_buf text;
    th_buf_init(&text, 0);
    th_buf_str(&text, "https://clinicaltrials.gov/search?");
    for (int k = rand() % 12; k > 0; k--)
      th_buf_str(&text, pieces[(size_t)rand() % TH_COUNT(pieces)]);
    th_arena arena;
    th_link link;
    th_err err = {0};
    th_arena_init(&arena, 0);
    int rc = th_link_read(&link, &arena, th_buf_view(&text), &err);
    if (rc && rc != TH_EUSAGE) fail_msg("%.*s: %d %s", (int)text.n, text.p, rc, err.message);
    if (!rc) unpacked(&arena, &link);
    th_buf_dispose(&text);
    th_arena_dispose(&arena);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_lead_to_the_same_search),
      cmocka_unit_test(other_texts_are_no_links),
      cmocka_unit_test(rubbish_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
