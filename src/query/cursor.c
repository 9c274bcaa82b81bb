#include "query/cursor.h"

/* Of a bound of the index, a saturation rounded up to 1/255. */
static uint32_t bound_most(float idf, unsigned bound) {
  return th_cursor_most(idf, (float)bound / 255.0f);
}

static bool has_tail(const th_cursor *c) {
  return c->p.term.df % TH_BLOCK != 0;
}

uint32_t th_cursor_block_most(const th_cursor *c, uint32_t block) {
  if (block >= c->p.n_blocks && c->tail_most) return c->tail_most;
  if (c->w.bound < 0 || block >= c->p.n_blocks) return th_cursor_most(c->idf, 1);
  return bound_most(c->idf, c->p.bounds[(size_t)block * TH_BOUND_AREAS + (unsigned)c->w.bound]);
}

static uint32_t list_most(const th_cursor *c) {
  unsigned bound = 0;
  if (c->w.bound < 0 || has_tail(c)) return th_cursor_most(c->idf, 1);
  for (uint32_t b = 0; b < c->p.n_blocks; b++) {
    unsigned at = c->p.bounds[(size_t)b * TH_BOUND_AREAS + (unsigned)c->w.bound];
    bound = TH_MAX(bound, at);
  }
  return bound_most(c->idf, bound);
}

void th_cursor_start(th_cursor *c, const th_term *term, const th_weights *w, unsigned scope,
                     float idf) {
  c->w = *w;
  c->scope = scope;
  c->idf = idf;
  c->i = 0;
  c->next = 0;
  c->ahead = 0;
  c->tail_most = 0;
  c->absent = !term;
  c->p.n = 0;
  c->most = 0;
  if (!term) return;
  th_postings_init(&c->p, term);
  c->most = list_most(c);
}

/* The first block from `low` on whose last document is >= doc; n_blocks when none is. */
static uint32_t block_of(const th_cursor *c, uint32_t low, uint32_t doc) {
  const th_u32 *last = c->p.last_doc;
  uint32_t step = 1, n = c->p.n_blocks;
  if (low >= n || last[low] >= doc) return low;
  while (low + step < n && last[low + step] < doc) { /* last[low] < doc holds */
    low += step;
    step *= 2;
  }
  uint32_t high = TH_MIN(low + step, n);
  while (low + 1 < high) {
    uint32_t middle = (low + high) / 2;
    if (last[middle] < doc)
      low = middle;
    else
      high = middle;
  }
  return high;
}

/* Blocks all of whose documents are below doc are passed over; they stay undecoded. */
static void pass_blocks(th_cursor *c, uint32_t doc) {
  c->next = block_of(c, c->next, doc);
}

/* Decodes block `next`; false behind the tail. */
static bool decode_next(th_cursor *c) {
  uint32_t target = c->next ? c->p.last_doc[c->next - 1] + 1 : 0;
  c->i = 0;
  if (c->next > c->p.n_blocks || (c->next == c->p.n_blocks && !has_tail(c)) ||
      !th_postings_seek_block(&c->p, target)) {
    c->p.n = 0;
    c->next = c->p.n_blocks + 1;
    return false;
  }
  c->next = c->p.block + 1;
  return true;
}

/* Within the decoded block: i to the first document >= doc. The block's last one is. */
static void seek_in_block(th_cursor *c, uint32_t doc) {
  const uint32_t *docs = c->p.docs;
  uint32_t low = c->i, step = 1;
  if (docs[low] >= doc) return;
  while (low + step < c->p.n && docs[low + step] < doc) {
    low += step;
    step *= 2;
  }
  uint32_t high = TH_MIN(low + step, c->p.n); /* docs[low] < doc; docs[high] >= doc or high = n */
  while (low + 1 < high) {
    uint32_t middle = (low + high) / 2;
    if (docs[middle] < doc)
      low = middle;
    else
      high = middle;
  }
  c->i = high;
}

bool th_cursor_seek(th_cursor *c, uint32_t doc) {
  if (c->absent) return false;
  if (c->i < c->p.n && c->p.docs[c->p.n - 1] >= doc) {
    seek_in_block(c, doc);
    return true;
  }
  pass_blocks(c, doc);
  while (decode_next(c)) {
    if (c->p.docs[c->p.n - 1] < doc) continue; /* only the tail can end before doc */
    seek_in_block(c, doc);
    return true;
  }
  return false;
}

void th_cursor_rewind(th_cursor *c) {
  c->i = c->next = c->ahead = c->p.n = 0;
  c->p.block = UINT32_MAX;
}

bool th_cursor_goto(th_cursor *c, uint32_t doc) {
  if (c->p.n && c->p.docs[0] <= doc) {
    if (c->i >= c->p.n || c->p.docs[c->i] > doc) c->i = 0;
  } else if (c->next) {
    th_cursor_rewind(c);
  }
  return th_cursor_seek(c, doc);
}

/* Documents of the decoded block among n ascending ones: scored and kept. */
static uint32_t thin_in_block(const th_cursor *c, uint32_t *docs, uint32_t *scores, uint32_t n,
                              uint32_t least, uint32_t *out_docs, uint32_t *out_scores) {
  uint8_t at[TH_BLOCK], in_list[TH_BLOCK];
  uint32_t both[TH_BLOCK], classes[TH_BLOCK], scope_docs[TH_BLOCK + 8], add[TH_BLOCK + 8];
  uint32_t found = th_kernels_now->common(docs, n, c->p.docs, c->p.n, at, in_list), kept = 0;
  for (uint32_t k = 0; k < found; k++) {
    both[k] = docs[at[k]];
    classes[k] = c->p.classes[in_list[k]];
  }
  uint32_t m = th_cursor_scores(c, both, classes, found, scope_docs, add);
  for (uint32_t k = 0, i = 0; k < m; k++, i++) {
    while (both[i] != scope_docs[k]) /* not of the scope */
      i++;
    out_docs[kept] = scope_docs[k];
    out_scores[kept] = scores[at[i]] + add[k];
    kept += out_scores[kept] >= least;
  }
  return kept;
}

uint32_t th_cursor_thin(th_cursor *c, uint32_t *docs, uint32_t *scores, uint32_t n,
                        uint32_t least) {
  uint32_t kept = 0;
  for (uint32_t i = 0, end; i < n; i = end) {
    if (!th_cursor_seek(c, docs[i])) break;
    uint32_t last = c->p.docs[c->p.n - 1];
    if (docs[n - 1] <= last) {
      end = n;
    } else {
      for (end = i + 1; docs[end] <= last; end++) {
      }
    }
    kept += thin_in_block(c, docs + i, scores + i, end - i, least, docs + kept, scores + kept);
  }
  return kept;
}

uint32_t th_cursor_range_most(th_cursor *c, uint32_t base, uint32_t last) {
  uint32_t most = 0, b;
  if (c->w.bound < 0) return c->most;
  for (b = c->ahead = block_of(c, c->ahead, base); b < c->p.n_blocks; b++) {
    most = TH_MAX(most, th_cursor_block_most(c, b));
    if (c->p.last_doc[b] >= last) return most;
  }
  return has_tail(c) ? TH_MAX(most, th_cursor_block_most(c, c->p.n_blocks)) : most;
}

bool th_cursor_block(th_cursor *c, uint32_t end, uint32_t floor) {
  if (c->absent) return false;
  for (; c->next <= c->p.n_blocks; c->next++) {
    if (c->next && c->p.last_doc[c->next - 1] + 1 >= end) return false;
    if (!floor || th_cursor_block_most(c, c->next) >= floor) return decode_next(c);
  }
  return false;
}

/* Decodes the tail, which is next, and finds the largest contribution in it. */
static bool decode_tail(th_cursor *c) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8], most = 0;
  if (!decode_next(c)) return false;
  uint32_t n = th_kernels_now->score(c->p.docs, c->p.classes, c->p.n, &c->w, c->idf, docs, scores);
  for (uint32_t i = 0; i < n; i++)
    most = TH_MAX(most, scores[i]);
  c->tail_most = TH_MAX(most, 1);
  return true;
}

/* Whether the decoded block has a posting in [base, end); *beyond: and nothing behind it has. */
static bool decoded_in(th_cursor *c, uint32_t base, uint32_t end, bool *beyond) {
  *beyond = false;
  if (c->i >= c->p.n || c->p.docs[c->p.n - 1] < base) return false;
  seek_in_block(c, base);
  *beyond = c->p.docs[c->p.n - 1] + 1 >= end;
  return c->p.docs[c->i] < end;
}

uint32_t th_cursor_window_most(th_cursor *c, uint32_t base, uint32_t end) {
  uint32_t most = 0, b;
  bool beyond;
  if (c->absent) return 0;
  if (decoded_in(c, base, end, &beyond)) most = th_cursor_block_most(c, c->p.block);
  if (beyond) return most;
  pass_blocks(c, base);
  for (b = c->next; b < c->p.n_blocks; b++) {
    if (b && c->p.last_doc[b - 1] + 1 >= end) return most;
    most = TH_MAX(most, th_cursor_block_most(c, b));
    if (c->p.last_doc[b] + 1 >= end) return most;
  }
  if (b > c->p.n_blocks || !has_tail(c) || (b && c->p.last_doc[b - 1] + 1 >= end)) return most;
  bool in_use = c->i < c->p.n && c->p.docs[c->p.n - 1] >= base;
  if (c->next < c->p.n_blocks || in_use) return th_cursor_most(c->idf, 1);
  if (decode_tail(c) && decoded_in(c, base, end, &beyond)) most = TH_MAX(most, c->tail_most);
  return most;
}

/* Scores postings i.. of the decoded block that lie below end. */
static void add_decoded(th_cursor *c, uint32_t base, uint32_t end, th_level *level) {
  uint32_t docs[TH_BLOCK + 8], scores[TH_BLOCK + 8], from = c->i, to = c->p.n;
  if (c->p.docs[to - 1] >= end) {
    seek_in_block(c, end);
    to = c->i;
  } else {
    c->i = to;
  }
  uint32_t n = th_kernels_now->score(c->p.docs + from, c->p.classes + from, to - from, &c->w,
                                     c->idf, docs, scores);
  for (uint32_t k = 0; k < n; k++) {
    uint32_t at = docs[k] - base;
    level->acc[at] += scores[k];
    level->seen[at] = 1;
  }
}

void th_cursor_window_add(th_cursor *c, uint32_t base, uint32_t end, uint32_t floor,
                          th_level *level) {
  if (c->absent) return;
  if (c->i < c->p.n && c->p.docs[c->p.n - 1] >= base) {
    seek_in_block(c, base);
    add_decoded(c, base, end, level);
    if (c->i < c->p.n) return;
  }
  pass_blocks(c, base);
  while (c->next <= c->p.n_blocks) {
    uint32_t b = c->next;
    if (b && c->p.last_doc[b - 1] + 1 >= end) return;
    if (floor && th_cursor_block_most(c, b) < floor) {
      /* A block that reaches into the next window may be wanted there. */
      if (b == c->p.n_blocks || c->p.last_doc[b] >= end) return;
      c->next++;
      continue;
    }
    if (!decode_next(c)) return;
    if (c->p.docs[c->p.n - 1] < base) { /* a tail that ends before the window */
      c->i = c->p.n;
      continue;
    }
    seek_in_block(c, base);
    add_decoded(c, base, end, level);
    if (c->i < c->p.n) return;
  }
}
