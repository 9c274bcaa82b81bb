/* The dictionary: a binary search over the first terms of blocks, then a scan of one block. */
#include "index/segment_private.h"

typedef struct entry {
  uint32_t shared, rest_len;
  const uint8_t *rest;
  uint32_t df;
  uint64_t cf, postings_delta, positions_delta;
  uint32_t n_forms;
  bool stem_first; /* form 0 is the stem, unwritten */
  const uint8_t *forms;
} entry;

static uint64_t place_in(const th_segment *s, const uint8_t *at) {
  return (uint64_t)(at - s->section[TH_SEC_TERMS].p);
}

static bool bad_term(const th_segment *s, const uint8_t *at) {
  return th_segment_damaged(s, TH_DAMAGE_VALUE, TH_SEC_TERMS, place_in(s, at));
}

/* The bytes of a block, hashed. */
static bool block_bytes(const th_segment *s, uint32_t block, const uint8_t **at,
                        const uint8_t **end) {
  const uint8_t *table = s->term_start + 8 * (uint64_t)block;
  if (!th_segment_use_at(s, TH_SEC_TERMS, table, 16)) return false;
  uint64_t from = th_load64(table), to = th_load64(table + 8);
  if (from >= to || to > s->term_len) return bad_term(s, table);
  *at = s->term_bytes + from;
  *end = s->term_bytes + to;
  return th_segment_use_at(s, TH_SEC_TERMS, *at, to - from);
}

/* The lengths before a text that is written without what it shares (head of format.h). */
static bool read_head(const uint8_t **at, const uint8_t *end, uint32_t *shared, uint32_t *rest) {
  uint32_t more;
  if (*at >= end) return false;
  uint8_t lens = *(*at)++;
  *shared = lens & 15;
  *rest = lens >> 4;
  if (*shared == 15) {
    if (!th_varint32(at, end, &more) || more > TH_TERM_MAX) return false;
    *shared += more;
  }
  if (*rest == 15) {
    if (!th_varint32(at, end, &more) || more > TH_TERM_MAX) return false;
    *rest += more;
  }
  return *shared <= TH_TERM_MAX && *rest <= TH_TERM_MAX - *shared && (size_t)(end - *at) >= *rest;
}

static bool skip_forms(const uint8_t **at, const uint8_t *end, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t shared, len;
    if (!read_head(at, end, &shared, &len)) return false;
    *at += len;
  }
  return true;
}

static bool read_numbers(const th_segment *s, const uint8_t **at, const uint8_t *end,
                         bool list_before, entry *e) {
  uint64_t df, more = 0;
  uint32_t forms = 1 << 1 | 1;
  if (!th_varint(at, end, &df) || df >> 2 >= s->n_docs) return false;
  if ((df & 2) && (!th_varint(at, end, &more) || more++ == UINT64_MAX)) return false;
  e->df = (uint32_t)(df >> 2) + 1;
  if (__builtin_add_overflow(e->df, more, &e->cf)) return false;
  e->positions_delta = 0;
  if (!th_varint(at, end, &e->postings_delta) ||
      (list_before && !th_varint(at, end, &e->positions_delta)) ||
      ((df & 1) && (!th_varint32(at, end, &forms) || forms == (1 << 1 | 1))))
    return false;
  e->stem_first = forms & 1;
  e->n_forms = forms >> 1;
  return e->n_forms > 0 && e->n_forms <= TH_FORMS_MAX;
}

/* One term; *at then stands behind it. list_before: the term before it has a list in POSITIONS, or
 * it is the first of its block. shared is checked against the term before by the caller. */
static bool read_entry(const th_segment *s, const uint8_t **at, const uint8_t *end,
                       bool list_before, entry *e) {
  const uint8_t *p = *at;
  bool good = read_head(&p, end, &e->shared, &e->rest_len);
  if (TH_LIKELY(good)) {
    e->rest = p;
    p += e->rest_len;
    good = read_numbers(s, &p, end, list_before, e);
  }
  if (TH_LIKELY(good)) {
    e->forms = p;
    good = skip_forms(&p, end, e->n_forms - e->stem_first);
  }
  if (TH_UNLIKELY(!good)) return bad_term(s, *at);
  *at = p;
  return true;
}

/* Whether a term has a list in POSITIONS of its own. */
static bool has_list(const entry *e) {
  return e->df >= TH_BLOCK;
}

/* Where the lists of the term before `at` end: the next term's deltas say it, in this block or the
 * next; behind the last term the sections end. */
static bool lists_end(const th_segment *s, const entry *e, uint32_t block, const uint8_t *at,
                      const uint8_t *end, uint64_t postings, uint64_t positions,
                      uint64_t *postings_end, uint64_t *positions_end) {
  entry next;
  if (at < end) {
    if (!read_entry(s, &at, end, has_list(e), &next)) return false;
    return !__builtin_add_overflow(postings, next.postings_delta, postings_end) &&
           !__builtin_add_overflow(positions, next.positions_delta, positions_end);
  }
  if (block + 1 == s->n_term_blocks) {
    *postings_end = s->section[TH_SEC_POSTINGS].n;
    *positions_end = s->section[TH_SEC_POSITIONS].n;
    return true;
  }
  if (!block_bytes(s, block + 1, &at, &end) || !read_entry(s, &at, end, true, &next)) return false;
  *postings_end = next.postings_delta;
  *positions_end = next.positions_delta;
  return true;
}

static bool fill_term(const th_segment *s, const entry *e, uint32_t block, const uint8_t *at,
                      const uint8_t *end, uint64_t postings, uint64_t positions, th_term *out) {
  uint64_t postings_end = 0, positions_end = 0;
  if (!lists_end(s, e, block, at, end, postings, positions, &postings_end, &positions_end) ||
      postings > postings_end || postings_end > s->section[TH_SEC_POSTINGS].n ||
      positions > positions_end || positions_end > s->section[TH_SEC_POSITIONS].n ||
      (!has_list(e) && positions != positions_end))
    return bad_term(s, e->rest);
  *out = (th_term){.s = s,
                   .df = e->df,
                   .cf = e->cf,
                   .postings = s->section[TH_SEC_POSTINGS].p + postings,
                   .postings_end = s->section[TH_SEC_POSTINGS].p + postings_end,
                   .positions = s->section[TH_SEC_POSITIONS].p + positions,
                   .positions_end = s->section[TH_SEC_POSITIONS].p + positions_end,
                   .n_forms = e->n_forms,
                   .stem_first = e->stem_first,
                   .forms = e->forms,
                   .forms_end = at};
  return true;
}

/* How a block's first term compares with the stem; *good is false when it cannot be read. */
static int compare_first(const th_segment *s, uint32_t block, th_span stem, bool *good) {
  const uint8_t *table = s->term_start + 8 * (uint64_t)block;
  *good = th_segment_use_at(s, TH_SEC_TERMS, table, 8);
  if (!*good) return 0;
  uint64_t from = th_load64(table), left = from < s->term_len ? s->term_len - from : 0;
  const uint8_t *at = s->term_bytes + (left ? from : 0);
  const uint8_t *end = at + TH_MIN(left, (uint64_t)TH_TERM_MAX + 4);
  uint32_t shared, len;
  *good = left && th_segment_use_at(s, TH_SEC_TERMS, at, (uint64_t)(end - at));
  if (!*good) return bad_term(s, table);
  *good = read_head(&at, end, &shared, &len) && shared == 0;
  if (!*good) return bad_term(s, table);
  return th_span_cmp((th_span){(const char *)at, len}, stem);
}

/* The last block whose first term is <= stem; the first block when there is none. */
static bool find_block(const th_segment *s, th_span stem, uint32_t *out) {
  uint32_t low = 0, high = s->n_term_blocks;
  bool good = true;
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    int c = compare_first(s, mid, stem, &good);
    if (!good) return false;
    if (c <= 0)
      low = mid;
    else
      high = mid;
  }
  *out = low;
  return true;
}

/* Steps over one term of the cursor's block; text and list offsets follow. */
static bool scan_entry(th_term_cursor *c, const uint8_t *end, entry *e) {
  const uint8_t *from = c->at;
  if (!read_entry(c->s, &c->at, end, c->list_before, e)) return false;
  if (e->shared > c->len || (c->in_block == 0 && e->shared != 0) || e->shared + e->rest_len == 0)
    return bad_term(c->s, from);
  memcpy(c->text + e->shared, e->rest, e->rest_len);
  c->len = e->shared + e->rest_len;
  c->text[c->len] = 0;
  if (__builtin_add_overflow(c->postings, e->postings_delta, &c->postings) ||
      __builtin_add_overflow(c->positions, e->positions_delta, &c->positions))
    return bad_term(c->s, from);
  c->list_before = has_list(e);
  c->in_block++;
  return true;
}

static bool enter_block(th_term_cursor *c, uint32_t block, const uint8_t **end) {
  c->block = block;
  c->in_block = 0;
  c->len = 0;
  c->postings = c->positions = 0;
  c->list_before = true;
  return block < c->s->n_term_blocks && block_bytes(c->s, block, &c->at, end);
}

static uint32_t terms_in_block(const th_segment *s, uint32_t block) {
  return TH_MIN((uint32_t)TH_TERM_BLOCK, s->n_terms - block * TH_TERM_BLOCK);
}

static bool block_end(const th_term_cursor *c, const uint8_t **end) {
  const uint8_t *at;
  return block_bytes(c->s, c->block, &at, end);
}

bool th_term_next(th_term_cursor *c) {
  const uint8_t *end;
  entry e;
  if (!c->s || c->block >= c->s->n_term_blocks) return false;
  if (c->in_block == terms_in_block(c->s, c->block)) {
    if (!enter_block(c, c->block + 1, &end)) return false;
  } else if (!block_end(c, &end)) {
    return false;
  }
  if (scan_entry(c, end, &e) &&
      fill_term(c->s, &e, c->block, c->at, end, c->postings, c->positions, &c->term))
    return true;
  c->block = c->s->n_term_blocks; /* damaged: at the end for good */
  return false;
}

/* Puts the cursor back before the term it has just scanned. */
typedef struct mark {
  const uint8_t *at;
  uint64_t postings, positions;
  uint32_t in_block, len;
  bool list_before;
} mark;

static mark mark_of(const th_term_cursor *c) {
  return (mark){c->at, c->postings, c->positions, c->in_block, c->len, c->list_before};
}

/* Scans the cursor's block to the first term >= stem; *cmp tells whether it is equal (0) or not.
 * False when the block has none or is damaged. */
static bool scan_to(th_term_cursor *c, th_span stem, const uint8_t *end, entry *e, int *cmp,
                    mark *before) {
  uint32_t n = terms_in_block(c->s, c->block);
  while (c->in_block < n) {
    *before = mark_of(c);
    if (!scan_entry(c, end, e)) return false;
    *cmp = th_span_cmp((th_span){c->text, c->len}, stem);
    if (*cmp >= 0) return true;
  }
  return false;
}

/* Where a search stands in a block: how much of the stem the last term read begins with, and where
 * that term's lists begin. */
typedef struct scan {
  uint32_t match, before_len;
  uint64_t postings, positions;
  bool list_before;
} scan;

/* One term against the stem: below 0, 0 or above. Front coding tells most of it: a term that shares
 * more with the one before than the stem does is as far below the stem as that one; one that shares
 * less is above. */
static int step(scan *k, const entry *e, th_span stem) {
  if (e->shared != k->match) return e->shared > k->match ? -1 : 1;
  uint32_t at = k->match, i = 0, n = (uint32_t)TH_MIN(e->rest_len, stem.n - at);
  while (i < n && e->rest[i] == (uint8_t)stem.p[at + i])
    i++;
  k->match = at + i;
  if (i < n) return e->rest[i] < (uint8_t)stem.p[at + i] ? -1 : 1;
  return (e->rest_len > i) - (stem.n > at + i);
}

bool th_segment_term(const th_segment *s, th_span stem, th_term *out) {
  const uint8_t *at, *end;
  entry e;
  scan k = {.list_before = true};
  uint32_t block;
  if (s->n_terms == 0 || !find_block(s, stem, &block) || !block_bytes(s, block, &at, &end))
    return false;
  while (at < end) {
    const uint8_t *from = at;
    if (!read_entry(s, &at, end, k.list_before, &e)) return false;
    k.list_before = has_list(&e);
    if (e.shared > k.before_len) return bad_term(s, from);
    k.before_len = e.shared + e.rest_len;
    k.postings += e.postings_delta; /* a sum that wraps around is caught by its bounds below */
    k.positions += e.positions_delta;
    int c = step(&k, &e, stem);
    if (c == 0) return fill_term(s, &e, block, at, end, k.postings, k.positions, out);
    if (c > 0) return false;
  }
  return false;
}

bool th_term_seek(th_term_cursor *c, const th_segment *s, th_span from) {
  const uint8_t *end;
  entry e;
  mark before;
  uint32_t block;
  int cmp;
  c->s = s;
  c->block = s->n_term_blocks;
  if (s->n_terms == 0 || !find_block(s, from, &block) || !enter_block(c, block, &end)) return false;
  if (scan_to(c, from, end, &e, &cmp, &before)) {
    /* The text of the term before, as far as the next one shares it, still stands in c->text. */
    c->at = before.at;
    c->postings = before.postings;
    c->positions = before.positions;
    c->in_block = before.in_block;
    c->len = before.len;
    c->list_before = before.list_before;
    return true;
  }
  if (c->in_block < terms_in_block(s, block)) {
    c->block = s->n_term_blocks; /* damaged */
    return false;
  }
  return block + 1 < s->n_term_blocks;
}

/* ---- surface forms ---- */

/* Form i, those before it having been read, written to text; 0 only when damaged. */
static uint32_t read_form(const th_term *t, th_span stem, uint32_t i, const uint8_t **at,
                          char *text) {
  uint32_t shared, len;
  if (i == 0 && t->stem_first && stem.n <= TH_TERM_MAX) {
    memcpy(text, stem.p, stem.n);
    return (uint32_t)stem.n;
  }
  if (!read_head(at, t->forms_end, &shared, &len) || shared > stem.n || shared + len == 0) {
    bad_term(t->s, *at);
    return 0;
  }
  memcpy(text, stem.p, shared);
  memcpy(text + shared, *at, len);
  *at += len;
  return shared + len;
}

th_span th_term_form(const th_term *t, th_span stem, uint32_t form, char *text) {
  const uint8_t *at = t->forms;
  for (uint32_t i = 0; i < t->n_forms; i++) {
    uint32_t n = read_form(t, stem, i, &at, text);
    if (n == 0) break;
    if (i == form) return (th_span){text, n};
  }
  return (th_span){0};
}

int th_term_find_form(const th_term *t, th_span stem, th_span form) {
  char text[TH_TERM_MAX];
  const uint8_t *at = t->forms;
  for (uint32_t i = 0; i < t->n_forms; i++) {
    uint32_t n = read_form(t, stem, i, &at, text);
    if (n == 0) break;
    if (th_span_eq((th_span){text, n}, form)) return (int)i;
  }
  return -1;
}
