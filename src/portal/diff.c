#include "portal/diff.h"

enum { NONE = -1 };

/* What has changed is marked in two arrays: simple, and runs follow from them in one pass. */
typedef struct differ {
  const uint32_t *a, *b;
  uint8_t *gone, *come;        /* an element of a, of b: is in the other not at all */
  int32_t *forward, *backward; /* farthest x on a diagonal; pointers to diagonal 0 */
  size_t *budget;
} differ;

typedef struct box {
  int32_t a0, a1, b0, b1;
} box;

typedef struct snake {
  int32_t x0, y0, x1, y1; /* within the box */
} snake;

static bool spend(size_t *budget, size_t steps) {
  if (*budget < steps) {
    *budget = 0;
    return false;
  }
  *budget -= steps;
  return true;
}

/* The farthest x on diagonal k with one edit more than v has; NONE outside of the grid. */
static int32_t step(const int32_t *v, int32_t d, int32_t k, int32_t n, int32_t m) {
  if (d == 0) return 0;
  int32_t right = v[k - 1] >= 0 && v[k - 1] < n ? v[k - 1] + 1 : NONE;
  int32_t down = v[k + 1] >= 0 && v[k + 1] - (k + 1) < m ? v[k + 1] : NONE;
  return TH_MAX(right, down);
}

static bool walk_forward(differ *f, const box *c, int32_t d, snake *s) {
  int32_t n = c->a1 - c->a0, m = c->b1 - c->b0, delta = n - m;
  for (int32_t k = -d; k <= d; k += 2) {
    int32_t x = step(f->forward, d, k, n, m), x0 = x;
    f->forward[k] = x;
    if (x < 0) continue;
    while (x < n && x - k < m && f->a[c->a0 + x] == f->b[c->b0 + x - k])
      x++;
    f->forward[k] = x;
    int32_t r = delta - k;
    if ((delta & 1) && r > -d && r < d && f->backward[r] >= 0 && x + f->backward[r] >= n) {
      *s = (snake){x0, x0 - k, x, x - k};
      return true;
    }
  }
  return false;
}

static bool walk_backward(differ *f, const box *c, int32_t d, snake *s) {
  int32_t n = c->a1 - c->a0, m = c->b1 - c->b0, delta = n - m;
  for (int32_t k = -d; k <= d; k += 2) {
    int32_t x = step(f->backward, d, k, n, m), x0 = x;
    f->backward[k] = x;
    if (x < 0) continue;
    while (x < n && x - k < m && f->a[c->a1 - 1 - x] == f->b[c->b1 - 1 - (x - k)])
      x++;
    f->backward[k] = x;
    int32_t r = delta - k;
    if (!(delta & 1) && r >= -d && r <= d && f->forward[r] >= 0 && x + f->forward[r] >= n) {
      *s = (snake){n - x, m - (x - k), n - x0, m - (x0 - k)};
      return true;
    }
  }
  return false;
}

/* A snake in the middle of a shortest path; false when the budget is used up. */
static bool find_middle(differ *f, const box *c, snake *s) {
  int32_t n = c->a1 - c->a0, m = c->b1 - c->b0, most = (n + m + 1) / 2;
  for (int32_t d = 0; d <= most; d++) {
    if (!spend(f->budget, 2 * (size_t)d + 2)) return false;
    f->forward[-d - 1] = f->forward[d + 1] = NONE;
    f->backward[-d - 1] = f->backward[d + 1] = NONE;
    if (walk_forward(f, c, d, s) || walk_backward(f, c, d, s)) return true;
  }
  return false;
}

static void compare(differ *f, box c) {
  snake s;
  while (c.a0 < c.a1 && c.b0 < c.b1 && f->a[c.a0] == f->b[c.b0])
    c.a0++, c.b0++;
  while (c.a0 < c.a1 && c.b0 < c.b1 && f->a[c.a1 - 1] == f->b[c.b1 - 1])
    c.a1--, c.b1--;
  if (c.a0 == c.a1 || c.b0 == c.b1 || !find_middle(f, &c, &s)) {
    memset(f->gone + c.a0, 1, (size_t)(c.a1 - c.a0));
    memset(f->come + c.b0, 1, (size_t)(c.b1 - c.b0));
    return;
  }
  compare(f, (box){c.a0, c.a0 + s.x0, c.b0, c.b0 + s.y0});
  compare(f, (box){c.a0 + s.x1, c.a1, c.b0 + s.y1, c.b1});
}

static size_t collect(const differ *f, size_t n, size_t m, th_diff_run *out) {
  size_t i = 0, j = 0, k = 0;
  while (i < n || j < m) {
    size_t from = i;
    while (i < n && f->gone[i])
      i++;
    if (i > from) out[k++] = (th_diff_run){TH_DIFF_DELETE, from, i - from};
    from = j;
    while (j < m && f->come[j])
      j++;
    if (j > from) out[k++] = (th_diff_run){TH_DIFF_INSERT, from, j - from};
    from = j;
    while (i < n && j < m && !f->gone[i] && !f->come[j])
      i++, j++;
    if (j > from) out[k++] = (th_diff_run){TH_DIFF_SAME, from, j - from};
  }
  return k;
}

int th_diff_ids(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *budget,
                th_arena *arena, th_diff_run **out, size_t *n_out, th_err *err) {
  if (n > 1u << 30 || m > 1u << 30) return th_err_set(err, TH_ELIMIT, "too long to compare");
  size_t side = (n + m + 1) / 2 + 2;
  differ f = {.a = a, .b = b, .budget = budget};
  f.gone = th_arena_calloc(arena, n + m + 1, 1);
  int32_t *v = th_arena_calloc(arena, 4 * side + 2, sizeof *v);
  *out = th_arena_calloc(arena, n + m + 1, sizeof **out);
  if (!f.gone || !v || !*out) return th_err_set(err, TH_ENOMEM, "no memory to compare");
  f.come = f.gone + n;
  f.forward = v + side;
  f.backward = v + 3 * side + 1;
  compare(&f, (box){0, (int32_t)n, 0, (int32_t)m});
  *n_out = collect(&f, n, m, *out);
  return TH_OK;
}

/* ---- words ---- */

static bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         (unsigned char)c >= 0x80;
}

/* The word or sign at `at`; *next: behind its white space. */
static th_span word_at(th_span s, size_t at, size_t *next) {
  size_t end = at;
  while (end < s.n && is_letter(s.p[end]))
    end++;
  if (end == at && end < s.n) end++;
  th_span word = {s.p + at, end - at};
  while (end < s.n && is_space(s.p[end]))
    end++;
  *next = end;
  return word;
}

typedef struct word {
  th_span text;
  uint32_t place;
} word;

static int by_text(const void *x, const void *y) {
  return th_span_cmp(((const word *)x)->text, ((const word *)y)->text);
}

static size_t count_words(th_span s) {
  size_t n = 0;
  for (size_t at = 0; at < s.n; n++)
    (void)word_at(s, at, &at);
  return n;
}

/* Where each word begins, and the end of the text behind the last. */
static void place_words(th_span s, uint32_t *starts, word *words, size_t base) {
  size_t i = 0;
  for (size_t at = 0; at < s.n; i++) {
    starts[i] = (uint32_t)at;
    words[i].text = word_at(s, at, &at);
    words[i].place = (uint32_t)(base + i);
  }
  starts[i] = (uint32_t)s.n;
}

/* Equal words get equal numbers: by sorting, so that no choice of words makes it slow. */
static void number_words(word *words, size_t n, uint32_t *ids) {
  uint32_t id = 0;
  if (n) qsort(words, n, sizeof *words, by_text);
  for (size_t i = 0; i < n; i++) {
    if (i && !th_span_eq(words[i].text, words[i - 1].text)) id++;
    ids[words[i].place] = id;
  }
}

/* White space in front of the first word is of no account. */
static th_span skip_space(th_span s) {
  while (s.n && is_space(*s.p))
    s.p++, s.n--;
  return s;
}

int th_diff_words(th_span a, th_span b, size_t *budget, th_arena *arena, th_diff_part **out,
                  size_t *n_out, th_err *err) {
  th_diff_run *runs;
  size_t n_runs = 0;
  a = skip_space(a), b = skip_space(b);
  if (a.n > 1u << 28 || b.n > 1u << 28)
    return th_err_set(err, TH_ELIMIT, "a text is too long to compare");
  size_t n = count_words(a), m = count_words(b);
  uint32_t *starts_a = th_arena_calloc(arena, n + m + 2, sizeof *starts_a);
  uint32_t *ids = th_arena_calloc(arena, n + m + 1, sizeof *ids);
  word *words = th_arena_calloc(arena, n + m + 1, sizeof *words);
  if (!starts_a || !ids || !words) return th_err_set(err, TH_ENOMEM, "no memory to compare");
  uint32_t *starts_b = starts_a + n + 1;
  place_words(a, starts_a, words, 0);
  place_words(b, starts_b, words + n, n);
  number_words(words, n + m, ids);
  int rc = th_diff_ids(ids, n, ids + n, m, budget, arena, &runs, &n_runs, err);
  if (rc) return rc;
  *out = th_arena_calloc(arena, n_runs + 1, sizeof **out);
  if (!*out) return th_err_set(err, TH_ENOMEM, "no memory to compare");
  for (size_t i = 0; i < n_runs; i++) {
    const uint32_t *starts = runs[i].kind == TH_DIFF_DELETE ? starts_a : starts_b;
    th_span of = runs[i].kind == TH_DIFF_DELETE ? a : b;
    size_t from = starts[runs[i].from], end = starts[runs[i].from + runs[i].n];
    (*out)[i] = (th_diff_part){runs[i].kind, {of.p + from, end - from}, runs[i].n};
  }
  *n_out = n_runs;
  return TH_OK;
}

size_t th_diff_words_end(th_span text, size_t words) {
  size_t at = 0;
  while (words-- && at < text.n)
    (void)word_at(text, at, &at);
  return at;
}

size_t th_diff_words_begin(th_span text, size_t words) {
  size_t all = count_words(text);
  return all <= words ? 0 : th_diff_words_end(text, all - words);
}
