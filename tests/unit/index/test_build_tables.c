/* What the builder is put together from: interned strings, lexicons, the log, sorting. */
#include "../test.h"

#include "index/intern.h"
#include "index/lexicon.h"
#include "index/log.h"
#include "index/order.h"

#include <stdio.h>
#include <time.h>

static unsigned seed_now(void) {
  const char *given = getenv("TH_TEST_SEED");
  unsigned seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
  print_message("seed %u\n", seed);
  srand(seed);
  return seed;
}

/* Few letters, so that many are alike, of many lengths about 8 and 16; the last byte is not 0. */
static size_t random_word(char *text) {
  size_t n = 1 + (size_t)(rand() % 20);
  if (rand() % 20 == 0) n = 1 + (size_t)(rand() % 255);
  for (size_t i = 0; i < n; i++)
    text[i] = (char)(i + 1 < n && rand() % 8 == 0 ? 0 : 'a' + rand() % 2);
  return n;
}

static void strings_get_one_number_each(void **state) {
  (void)state;
  th_intern t;
  char text[16];
  bool fresh;
  th_intern_init(&t);
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < 5000; i++) {
      int n = snprintf(text, sizeof text, "w%u", i * 7);
      assert_int_equal(th_intern_put(&t, (th_span){text, (size_t)n}, &fresh), i);
      assert_true(fresh);
    }
    assert_int_equal(th_intern_put(&t, (th_span){NULL, 0}, &fresh), 5000);
    for (uint32_t i = 0; i < 5000; i++) {
      int n = snprintf(text, sizeof text, "w%u", i * 7);
      assert_int_equal(th_intern_put(&t, (th_span){text, (size_t)n}, &fresh), i);
      assert_false(fresh);
      assert_true(th_span_eq(th_intern_text(&t, i), (th_span){text, (size_t)n}));
    }
    th_intern_clear(&t);
  }
  th_intern_dispose(&t);
}

/* Documents of random words: each token must be told its word, each word its lexeme, and the same
 * text the same one in every document. Against th_intern. */
static void words_are_told_apart(void **state) {
  (void)state;
  enum { TOKENS = 3000 };
  static uint32_t numbers[TOKENS], ids[TOKENS];
  static char texts[TOKENS][272];
  static size_t lens[TOKENS];
  th_doc_words doc;
  th_lexicon all;
  th_intern expected;
  seed_now();
  th_doc_words_init(&doc);
  th_lexicon_init(&all);
  th_intern_init(&expected);
  for (int d = 0; d < 30; d++) {
    unsigned counted = 0;
    bool fresh;
    if (d == 20) {
      th_lexicon_clear(&all);
      th_intern_clear(&expected);
    }
    assert_true(th_doc_words_begin(&doc, d % 3 ? 10 : TOKENS));
    for (int i = 0; i < TOKENS; i++) {
      lens[i] = random_word(texts[i]);
      numbers[i] = th_doc_words_add(&doc, texts[i], lens[i]);
      assert_true(numbers[i] < doc.n);
    }
    assert_true(th_lexicon_find(&all, doc.words, doc.n, &doc.long_texts, ids));
    for (uint32_t w = 0; w < doc.n; w++)
      counted += doc.words[w].count;
    assert_int_equal(counted, TOKENS);
    for (int i = 0; i < TOKENS; i++) {
      const th_span text = {texts[i], lens[i]};
      uint32_t id = ids[numbers[i]];
      assert_true(th_span_eq(th_lexicon_text(&all, id), text));
      assert_int_equal(th_intern_put(&expected, text, &fresh), id);
      if (fresh) all.lexemes[id].value[0] = id * 3;
      assert_int_equal(all.lexemes[id].value[0], id * 3);
    }
    assert_int_equal(all.n, expected.n);
  }
  th_doc_words_dispose(&doc);
  th_lexicon_dispose(&all);
  th_intern_dispose(&expected);
}

static void log_keeps_pieces(void **state) {
  (void)state;
  enum { PIECES = 3000 };
  static th_log log;
  static struct {
    uint64_t address;
    size_t n;
    uint8_t first, last;
  } put[PIECES];
  static uint8_t bytes[5 << 20];
  seed_now();
  th_log_init(&log);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < PIECES; i++) {
      size_t n = (size_t)(i % 1000 == 7 ? rand() % (int)sizeof bytes : rand() % 5000);
      if (n) bytes[0] = (uint8_t)rand(), bytes[n - 1] = (uint8_t)rand();
      assert_int_equal(th_log_room(&log, n), 0);
      put[i].address = th_log_put(&log, bytes, n);
      put[i].n = n;
      if (n) put[i].first = bytes[0], put[i].last = bytes[n - 1];
      assert_true(put[i].address < UINT64_C(1) << TH_LOG_ADDRESS_BITS);
    }
    assert_true(th_log_memory(&log) >= TH_LOG_CHUNK);
    for (int i = 0; i < PIECES; i++) {
      if (put[i].n == 0) continue;
      assert_int_equal(*th_log_at(&log, put[i].address), put[i].first);
      assert_int_equal(*th_log_at(&log, put[i].address + put[i].n - 1), put[i].last);
    }
    th_log_clear(&log);
  }
  assert_int_equal(th_log_room(&log, (size_t)1 << TH_LOG_OFFSET_BITS), TH_ELIMIT);
  th_log_dispose(&log);
}

static void texts_are_put_in_order(void **state) {
  (void)state;
  enum { TEXTS = 4000 };
  static th_ordered items[TEXTS], scratch[TEXTS];
  static char texts[TEXTS][272];
  seed_now();
  for (uint32_t n = 0; n <= TEXTS; n = n * 2 + 1) {
    for (uint32_t i = 0; i < n; i++)
      items[i] = (th_ordered){0, texts[i], (uint32_t)random_word(texts[i]) - (i % 50 == 0), i};
    th_order_texts(items, n, scratch);
    for (uint32_t i = 1; i < n; i++)
      assert_true(th_span_cmp((th_span){items[i - 1].text, items[i - 1].len},
                              (th_span){items[i].text, items[i].len}) <= 0);
    for (uint32_t i = 0; i < n; i++)
      items[i].key = (uint64_t)(rand() % 3) << (rand() % 2 ? 40 : 0), items[i].id = i;
    th_order_keys(items, n, scratch);
    for (uint32_t i = 1; i < n; i++)
      assert_true(items[i - 1].key < items[i].key ||
                  (items[i - 1].key == items[i].key && items[i - 1].id < items[i].id));
  }
}

static int by_number(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void numbers_are_put_in_order(void **state) {
  (void)state;
  enum { NUMBERS = 3000 };
  static int64_t numbers[NUMBERS], expected[NUMBERS], scratch[NUMBERS];
  seed_now();
  for (unsigned bits = 1; bits <= 64; bits += 7) {
    for (uint32_t n = 0; n <= NUMBERS; n = n * 2 + 1) {
      for (uint32_t i = 0; i < n; i++) {
        uint64_t wide = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
        numbers[i] = expected[i] = (int64_t)wide >> (64 - bits);
      }
      qsort(expected, n, sizeof *expected, by_number);
      th_order_numbers(numbers, n, scratch);
      assert_memory_equal(numbers, expected, n * sizeof *numbers);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_get_one_number_each), cmocka_unit_test(words_are_told_apart),
      cmocka_unit_test(log_keeps_pieces), cmocka_unit_test(texts_are_put_in_order),
      cmocka_unit_test(numbers_are_put_in_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
