/* The matcher against an obvious one: random labels and texts over few words. */
#include "../test.h"

#include <stdio.h>
#include <time.h>

#include "concept/draft.h"

enum { LABELS = 40, TEXT_WORDS = 60, MOST = 5 };

static const char *const words[] = {"abra", "brum", "crux", "dell", "ergo", "flux"};

typedef struct label {
  unsigned words[MOST], n;
} label;

typedef struct found {
  uint32_t from, to, n_words;
} found;
typedef struct found_list {
  found at[TEXT_WORDS];
  size_t n;
  unsigned most; /* words of a label that is taken */
  bool else_any; /* but when no such label begins there */
} found_list;

static int note(void *ctx, const th_mention *m) {
  found_list *list = ctx;
  if (m->n_words > list->most && !(m->again && list->else_any)) return TH_MENTION_SHORTER;
  list->at[list->n++] = (found){m->from, m->to, m->n_words};
  return 0;
}

static void random_labels(label *labels, th_concept_draft *d) {
  th_err err = {0};
  th_draft_source s = {.name = TH_SPAN("s"), .rank = 1};
  assert_int_equal(th_concept_draft_source(d, &s, &err), 0);
  for (size_t i = 0; i < LABELS; i++) {
    char text[128] = "", code[32];
    labels[i].n = 1 + (unsigned)rand() % MOST;
    for (unsigned k = 0; k < labels[i].n; k++) {
      labels[i].words[k] = (unsigned)rand() % TH_COUNT(words);
      size_t at = strlen(text);
      snprintf(text + at, sizeof text - at, "%s%s", k ? " " : "", words[labels[i].words[k]]);
    }
    snprintf(code, sizeof code, "S:%zu", i);
    int c = th_concept_draft_concept(d, 0, TH_CONCEPT_CONDITION, th_span_of(code), &err);
    th_draft_label l = {.text = th_span_of(text), .relation = TH_LABEL_PREFERRED, .weight = 1};
    assert_int_equal(th_concept_draft_label(d, c, &l, &err), 0);
  }
}

typedef struct text {
  char p[2048];
  size_t n;
  unsigned words[TEXT_WORDS];
  uint32_t from[TEXT_WORDS], to[TEXT_WORDS];
  bool ends[TEXT_WORDS]; /* nothing goes on behind this word */
} text;

static void random_text(text *t) {
  t->n = 0;
  for (size_t i = 0; i < TEXT_WORDS; i++) {
    t->words[i] = (unsigned)rand() % TH_COUNT(words);
    t->from[i] = (uint32_t)t->n;
    t->n += (size_t)snprintf(t->p + t->n, sizeof t->p - t->n, "%s", words[t->words[i]]);
    t->to[i] = (uint32_t)t->n;
    t->ends[i] = rand() % 8 == 0;
    t->n += (size_t)snprintf(t->p + t->n, sizeof t->p - t->n, "%s",
                             t->ends[i] ? (rand() % 2 ? ". " : ", ") : " ");
  }
}

static bool fits(const text *t, size_t at, const label *l) {
  if (at + l->n > TEXT_WORDS) return false;
  for (unsigned k = 0; k < l->n; k++)
    if (t->words[at + k] != l->words[k] || (k + 1 < l->n && t->ends[at + k])) return false;
  return true;
}

static void slow_match(const text *t, const label *labels, found_list *out) {
  out->n = 0;
  for (size_t i = 0; i < TEXT_WORDS;) {
    unsigned best = 0, longest = 0;
    for (size_t k = 0; k < LABELS; k++) {
      if (!fits(t, i, &labels[k])) continue;
      longest = TH_MAX(longest, labels[k].n);
      if (labels[k].n <= out->most) best = TH_MAX(best, labels[k].n);
    }
    if (!best && out->else_any) best = longest;
    if (best) out->at[out->n++] = (found){t->from[i], t->to[i + best - 1], best};
    i += best ? best : 1;
  }
}

static void agrees_with_the_obvious(void **state) {
  (void)state;
  unsigned seed = (unsigned)time(NULL);
  size_t mentions = 0;
  th_concept_matcher *m = th_concept_matcher_new();
  print_message("seed %u\n", seed);
  srand(seed);
  for (int round = 0; round < 200; round++) {
    label labels[LABELS];
    th_err err = {0};
    th_buf file;
    th_concepts dict;
    th_concept_draft *d = th_concept_draft_new();
    th_buf_init(&file, 0);
    random_labels(labels, d);
    assert_int_equal(th_concept_draft_write(d, 0, &file, &err), 0);
    assert_int_equal(th_concepts_open(&dict, file.p, file.n, true, &err), 0);
    for (int k = 0; k < 20; k++) {
      text t;
      found_list fast = {.most = 1 + (unsigned)k % MOST, .else_any = rand() % 2};
      found_list slow = fast;
      random_text(&t);
      assert_int_equal(
          th_concepts_match(&dict, m, (th_span){t.p, t.n}, TH_MATCH_AMBIGUOUS, note, &fast, &err),
          0);
      slow_match(&t, labels, &slow);
      assert_int_equal(fast.n, slow.n);
      assert_memory_equal(fast.at, slow.at, fast.n * sizeof *fast.at);
      mentions += fast.n;
    }
    th_concept_draft_free(d);
    th_buf_dispose(&file);
  }
  th_concept_matcher_free(m);
  assert_true(mentions > 10000);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_obvious)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
