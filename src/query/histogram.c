#include "query/histogram.h"

#include "query/exec.h"

bool th_histogram_is_date(uint16_t field) {
  uint8_t type = th_fields[field].type;
  return type == TH_FT_DATE || type == TH_FT_PARTIAL_DATE || type == TH_FT_DATETIME;
}

bool th_histogram_field(uint16_t field) {
  return th_ftype_is_ordered(th_fields[field].type);
}

typedef struct counter {
  const th_histogram_request *wanted;
  th_histogram *out;
  uint32_t *last; /* a bucket: the row that was counted last, + 1 */
  bool date;
  uint32_t at; /* the bucket of the value before: the next is often there too */
} counter;

/* The bucket of a value; n when it lies in none. */
static uint32_t bucket_of(counter *c, int64_t v) {
  const int64_t *b = c->wanted->bounds;
  uint32_t low = 0, high = c->wanted->n;
  if (v >= b[c->at] && v < b[c->at + 1]) return c->at;
  if (v < b[0] || v >= b[high]) return high;
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    if (v < b[mid])
      high = mid;
    else
      low = mid;
  }
  c->at = low;
  return low;
}

static void count_segment(const th_plan *p, counter *c, const uint64_t *found) {
  const th_column *col = th_segment_column(p->segment, c->wanted->field);
  uint32_t with = 0;
  memset(c->last, 0, c->wanted->n * sizeof *c->last);
  if (col && col->kind != TH_COL_VALUES) col = NULL;
  for (th_row r = {0}; col && th_column_next(col, &r);) {
    if (r.doc >= p->n_docs || !th_bit(found, r.doc)) continue;
    with += r.end > r.first;
    for (uint32_t i = r.first; i < r.end; i++) {
      int64_t v = th_column_value(col, i);
      uint32_t b = bucket_of(c, c->date ? v >> 2 : v); /* first day * 4 + precision */
      if (b == c->wanted->n || c->last[b] == r.n) continue;
      c->last[b] = r.n;
      c->out->counts[b]++;
    }
  }
  c->out->missing += (uint32_t)th_kernels_now->count(found, p->n_words) - with;
}

static int make_counters(th_plan *p, const th_histogram_request *requests, unsigned n,
                         th_histogram *out, counter **counters) {
  *counters = th_arena_calloc(p->arena, n ? n : 1, sizeof **counters);
  if (!*counters) return th_plan_no_memory(p);
  for (unsigned i = 0; i < n; i++) {
    if (!th_histogram_field(requests[i].field) || requests[i].n == 0)
      return th_err_set(p->err, TH_EUSAGE, "%s has no values to count in ranges",
                        th_fields[requests[i].field].piece);
    out[i] = (th_histogram){th_arena_calloc(p->arena, requests[i].n, sizeof(uint32_t)), 0};
    counter *c = &(*counters)[i];
    c->wanted = &requests[i];
    c->out = &out[i];
    c->last = th_arena_calloc(p->arena, requests[i].n, sizeof *c->last);
    c->date = th_histogram_is_date(requests[i].field);
    if (!out[i].counts || !c->last) return th_plan_no_memory(p);
  }
  return 0;
}

int th_histogram_count(const th_snapshot *snapshot, const th_query *query,
                       const th_histogram_request *requests, unsigned n, th_arena *arena,
                       th_histogram *out, th_err *err) {
  th_search_request request = {.filter = query};
  th_plan p = {.snapshot = snapshot, .request = &request, .arena = arena, .err = err};
  counter *counters = NULL;
  p.thread = th_thread_get();
  if (!p.thread) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_plan_make(&p);
  if (!rc) rc = make_counters(&p, requests, n, out, &counters);
  for (uint32_t s = 0; !rc && s < snapshot->n_segments; s++) {
    uint64_t *found;
    th_plan_segment(&p, s);
    rc = th_match_keep(&p, &found);
    for (unsigned i = 0; !rc && i < n; i++)
      count_segment(&p, &counters[i], found);
    int state = th_segment_state(p.segment, err);
    rc = state ? state : rc;
  }
  return rc;
}
