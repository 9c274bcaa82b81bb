/* Filters over columns and sites. */
#include <math.h>

#include "query/exec.h"
#include "study/date.h"

/* ---- masks ---- */

/* The kernels work on 64 values at a time: the last ones are copied to where so many may be read.
 */
static uint64_t test_values(th_value_kernel *kernel, const th_value_test *t, const th_column *c,
                            uint32_t from, uint32_t n) {
  const uint8_t *values = c->values + (size_t)from * c->width;
  uint64_t wanted = n >= 64 ? UINT64_MAX : (1ull << n) - 1;
  uint8_t few[64 * 4] = {0};
  if (c->n_values - from >= 64) return kernel(values, t) & wanted;
  memcpy(few, values, (size_t)n * c->width);
  return kernel(few, t) & wanted;
}

static unsigned width_index(const th_column *c) {
  return c->width == 4 ? 2 : c->width - 1u;
}

static void mask_of_8_bytes(const th_plan *p, const th_column *c, uint64_t mask, uint64_t *out) {
  for (uint32_t d = 0; d < p->n_docs; d++)
    if (th_column_mask(c, d) & mask) th_bit_set(out, d);
}

void th_match_mask(const th_plan *p, uint16_t field, uint64_t mask, const uint64_t *within,
                   uint64_t *out) {
  const th_column *c = th_segment_column(p->segment, field);
  const th_value_test test = {.mask = (uint32_t)mask};
  if (!c || c->kind != TH_COL_MASK || c->n_values < p->n_docs) return;
  if (c->width > 4) {
    mask_of_8_bytes(p, c, mask, out);
    return;
  }
  th_value_kernel *kernel = th_kernels_now->mask[width_index(c)];
  for (uint32_t d = 0; d < p->n_docs; d += 64)
    if (!within || within[d / 64])
      out[d / 64] |= test_values(kernel, &test, c, d, TH_MIN(64, p->n_docs - d));
}

/* ---- ranges ---- */

/* A value counts when it lies in [low, high] or is one of two more. Dates ask for these: their
 * value is first day * 4 + precision, and a month or year that is only partly in the range begins
 * on the first day of the range's first month or year. */
typedef struct value_set {
  int64_t low, high, month, year;
} value_set;

static bool in_set(const value_set *s, int64_t v) {
  return (v >= s->low && v <= s->high) || v == s->month || v == s->year;
}

static bool is_date(uint16_t field) {
  uint8_t type = th_fields[field].type;
  return type == TH_FT_DATE || type == TH_FT_PARTIAL_DATE || type == TH_FT_DATETIME;
}

enum { DAYS_MAX = 4000000 }; /* beyond year 9999 */

static value_set set_of(const th_query *q) {
  value_set s = {q->range.low, q->range.high, INT64_MIN, INT64_MIN};
  if (q->coded || !is_date(q->field)) return s;
  int64_t low = TH_MAX(q->range.low, -DAYS_MAX), high = TH_MIN(q->range.high, DAYS_MAX);
  low = TH_MIN(low, DAYS_MAX);
  high = TH_MAX(high, -DAYS_MAX);
  s.low = low * 4;
  s.high = high * 4 + 3;
  int year;
  unsigned month, day;
  th_date_civil((int32_t)low, &year, &month, &day);
  if (low <= high && low > -DAYS_MAX && low < DAYS_MAX) {
    s.month = (int64_t)th_date_days(year, month, 1) * 4 + TH_DATE_MONTH;
    s.year = (int64_t)th_date_days(year, 1, 1) * 4 + TH_DATE_YEAR;
  }
  return s;
}

/* The set in the column's own unsigned values, cut to what these can be. */
typedef struct own_set {
  uint64_t low, high, month, year;
} own_set;

/* False when the range holds none of them: rare, the slow way answers it. */
static bool own_set_of(const th_column *c, const value_set *s, own_set *out) {
  uint64_t largest = c->width >= 8 ? UINT64_MAX : (1ull << (8 * c->width)) - 1;
  int64_t top = c->base > INT64_MAX - (int64_t)largest ? INT64_MAX : c->base + (int64_t)largest;
  int64_t lowest = TH_MAX(s->low, c->base), highest = TH_MIN(s->high, top);
  if (lowest > highest) return false;
  out->low = out->month = out->year = (uint64_t)(lowest - c->base);
  out->high = (uint64_t)(highest - c->base);
  if (s->month >= c->base && s->month <= top) out->month = (uint64_t)(s->month - c->base);
  if (s->year >= c->base && s->year <= top) out->year = (uint64_t)(s->year - c->base);
  return true;
}

static void range_lists(const th_plan *p, const th_column *c, const value_set *s, uint64_t *out) {
  for (th_row r = {0}; th_column_next(c, &r);) {
    bool hit = false;
    for (uint32_t i = r.first; i < r.end && !hit; i++)
      hit = in_set(s, th_column_value(c, i));
    if (hit && r.doc < p->n_docs) th_bit_set(out, r.doc);
  }
}

/* The bits of up to 64 rows from r on, to where their documents are. Most rows stand
 * beside their neighbours' documents: eight of them are one piece then. */
static void scatter(const th_plan *p, const th_column *c, uint32_t r, uint64_t hits,
                    uint64_t *out) {
  uint32_t at = c->listed[r];
  if (r + 63 < c->n_rows && c->listed[r + 63] - at == 63 && at + 63 < p->n_docs) {
    out[at / 64] |= hits << (at % 64);
    if (at % 64) out[at / 64 + 1] |= hits >> (64 - at % 64);
    return;
  }
  for (; hits; hits >>= 8, r += 8) {
    uint64_t eight = hits & 0xFF;
    if (!eight) continue;
    uint32_t first = c->listed[r];
    if (r + 7 < c->n_rows && c->listed[r + 7] - first == 7 && first + 7 < p->n_docs) {
      out[first / 64] |= eight << (first % 64);
      if (first % 64 > 56) out[first / 64 + 1] |= eight >> (64 - first % 64);
      continue;
    }
    for (; eight; eight &= eight - 1) {
      uint32_t doc = c->listed[r + (uint32_t)__builtin_ctzll(eight)];
      if (doc < p->n_docs) th_bit_set(out, doc);
    }
  }
}

/* Whether any of the 64 rows from r on may be of a document of `within`. */
static bool rows_in(const th_plan *p, const th_column *c, uint32_t r, const uint64_t *within) {
  uint32_t last = TH_MIN(r + 63, c->n_rows - 1);
  uint32_t from = c->listed ? c->listed[r] / 64 : r / 64,
           to = c->listed ? c->listed[last] / 64 : r / 64;
  if (to >= p->n_words) return true;
  for (uint32_t w = from; w <= to; w++)
    if (within[w]) return true;
  return false;
}

/* The rows of 64 documents at a time. */
static void range_of_set(const th_plan *p, const th_column *c, th_value_kernel *kernel,
                         const th_value_test *test, const uint64_t *within, uint64_t *out) {
  for (uint32_t w = 0, row = 0; w < p->n_words && row < c->n_rows; w++) {
    uint64_t in = c->set[w];
    uint32_t n = TH_MIN(th_ones(in), c->n_rows - row);
    if (in && (!within || within[w]))
      out[w] |= th_kernels_now->deposit(test_values(kernel, test, c, row, n), in);
    row += n;
  }
}

/* One value a row: straight through the array. */
static bool range_rows(const th_plan *p, const th_column *c, const value_set *s,
                       const uint64_t *within, uint64_t *out) {
  own_set in;
  uint32_t n_rows = TH_MIN(c->n_rows, c->n_values);
  bool some = c->listed || c->set;
  if (c->start || c->width > 4 || c->n_values < c->n_rows || (!some && n_rows < p->n_docs))
    return false;
  if (!some) n_rows = p->n_docs;
  if (!own_set_of(c, s, &in)) return false;
  const th_value_test test = {(uint32_t)in.low, (uint32_t)(in.high - in.low), (uint32_t)in.month,
                              (uint32_t)in.year, 0};
  th_value_kernel *kernel = th_kernels_now->range[width_index(c)];
  if (c->set) {
    range_of_set(p, c, kernel, &test, within, out);
    return true;
  }
  for (uint32_t r = 0; r < n_rows; r += 64) {
    if (within && !rows_in(p, c, r, within)) continue;
    uint64_t bits = test_values(kernel, &test, c, r, TH_MIN(64, n_rows - r));
    if (c->listed)
      scatter(p, c, r, bits, out);
    else
      out[r / 64] |= bits;
  }
  return true;
}

void th_match_range(const th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  const th_column *c = th_segment_column(p->segment, q->field);
  value_set s = set_of(q);
  if (q->missing) {
    if (c) th_match_present(p, q->field, out);
    for (uint32_t w = 0; w < p->n_words; w++)
      out[w] = ~out[w];
  }
  if (!c || c->kind != TH_COL_VALUES || s.low > s.high) return;
  if (!range_rows(p, c, &s, within, out)) range_lists(p, c, &s, out);
}

bool th_match_present(const th_plan *p, uint16_t field, uint64_t *out) {
  const th_column *c = th_segment_column(p->segment, field);
  if (!c) return false;
  if (c->kind == TH_COL_MASK) {
    th_match_mask(p, field, UINT64_MAX, NULL, out);
    return true;
  }
  if (c->set) {
    for (uint32_t w = 0; w < (c->n_docs + 63) / 64; w++)
      out[w] |= c->set[w];
    return true;
  }
  for (uint32_t r = 0; c->listed && r < c->n_rows; r += 64)
    scatter(p, c, r, c->n_rows - r >= 64 ? UINT64_MAX : (1ull << (c->n_rows - r)) - 1, out);
  for (uint32_t r = 0; !c->listed && r < TH_MIN(c->n_rows, p->n_docs); r++)
    th_bit_set(out, r);
  return true;
}

/* ---- keywords ---- */

enum { SPELLINGS_MAX = 64 };

static bool one_of(uint32_t v, const uint32_t *set, unsigned n) {
  for (unsigned i = 0; i < n; i++)
    if (set[i] == v) return true;
  return false;
}

/* Row by row: any of n values. */
static void keyword_rows(const th_plan *p, const th_column *c, const uint32_t *set, unsigned n,
                         uint64_t *out) {
  for (th_row r = {0}; th_column_next(c, &r);) {
    for (uint32_t i = r.first; i < r.end; i++) {
      if (!one_of((uint32_t)th_column_value(c, i), set, n)) continue;
      if (r.doc < p->n_docs) th_bit_set(out, r.doc);
      break;
    }
  }
}

/* The document of a row, below n_rows. */
static uint32_t row_doc(const th_column *c, uint32_t row) {
  uint32_t low = 0, high = (c->n_docs + TH_SET_GROUP - 1) / TH_SET_GROUP;
  if (!c->set) return c->listed ? c->listed[row] : row;
  while (high - low > 1) { /* the last group that no more rows stand before */
    uint32_t mid = low + (high - low) / 2;
    if (c->before[mid] <= row)
      low = mid;
    else
      high = mid;
  }
  uint32_t left = row - c->before[low], w = low * (TH_SET_GROUP / 64), n;
  while ((n = th_ones(c->set[w])) <= left)
    left -= n, w++;
  uint64_t bits = c->set[w];
  for (; left; left--)
    bits &= bits - 1;
  return w * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* The row of value i, at or behind row r. */
static uint32_t row_of_value(const th_column *c, uint32_t r, uint32_t i) {
  uint32_t step = 1, low = r, high;
  if (!c->start) return i;
  while (low + step < c->n_rows && th_column_start(c, low + step) <= i)
    low += step, step *= 2;
  high = TH_MIN(low + step, c->n_rows);
  while (high - low > 1) {
    uint32_t mid = low + (high - low) / 2;
    if (th_column_start(c, mid) <= i)
      low = mid;
    else
      high = mid;
  }
  return low;
}

/* Straight through the values, whatever their rows: few of them are those that are asked for. */
static bool keyword_values(const th_plan *p, const th_column *c, const uint32_t *set, unsigned n,
                           uint64_t *out) {
  enum { FEW = 6 };
  if (c->width > 4 || c->base != 0 || n > FEW || c->n_rows == 0) return false;
  th_value_kernel *kernel = th_kernels_now->range[width_index(c)];
  for (uint32_t i = 0, row = 0; i < c->n_values; i += 64) {
    uint32_t m = TH_MIN(64, c->n_values - i);
    uint64_t bits = 0;
    for (unsigned k = 0; k < n; k += 3) {
      uint32_t last = set[n - 1];
      const th_value_test test = {set[k], 0, k + 1 < n ? set[k + 1] : last,
                                  k + 2 < n ? set[k + 2] : last, 0};
      bits |= test_values(kernel, &test, c, i, m);
    }
    for (; bits; bits &= bits - 1) {
      row = row_of_value(c, row, i + (uint32_t)__builtin_ctzll(bits));
      if (row < c->n_rows && row_doc(c, row) < p->n_docs) th_bit_set(out, row_doc(c, row));
    }
  }
  return true;
}

void th_match_ordinals(const th_plan *p, const th_column *c, const uint32_t *set, unsigned n,
                       uint64_t *out) {
  if (!keyword_values(p, c, set, n, out)) keyword_rows(p, c, set, n, out);
}

int th_match_keyword(th_plan *p, const th_query *q, uint64_t *out) {
  uint32_t set[SPELLINGS_MAX];
  const th_column *c = th_segment_column(p->segment, q->field);
  int n = th_cache_find_folded(p->segment, q->field, q->word, set, SPELLINGS_MAX);
  if (n < 0) return th_plan_no_memory(p);
  if (n == 0) return 0;
  if (n > SPELLINGS_MAX) return th_err_set(p->err, TH_ELIMIT, "too many spellings of one name");
  const th_inverted *lists = th_cache_inverted(p->segment, c);
  if (!lists) {
    th_match_ordinals(p, c, set, (unsigned)n, out);
    return 0;
  }
  for (int i = 0; i < n; i++)
    for (uint32_t k = lists->start[set[i]]; k < lists->start[set[i] + 1]; k++)
      th_bit_set(out, lists->docs[k]);
  return 0;
}

/* ---- places ---- */

#define RADIANS (3.14159265358979323846 / 180)

double th_nearest_site_km(const th_sites *sites, uint32_t doc, double lat, double lon) {
  double nearest = -1;
  for (uint32_t i = sites->start[doc]; i < sites->start[doc + 1] && i < sites->n; i++) {
    if (sites->lat[i] == TH_NO_POINT || sites->lon[i] == TH_NO_POINT) continue;
    double km = th_distance_km(lat, lon, sites->lat[i] * 1e-6, sites->lon[i] * 1e-6);
    if (nearest < 0 || km < nearest) nearest = km;
  }
  return nearest;
}

void th_distances_begin(th_distances *d, const th_segment *s, double lat, double lon, bool placed) {
  *d = (th_distances){.sites = th_segment_sites(s), .lat = lat, .lon = lon, .placed = placed};
  if (d->sites) d->spots = th_cache_spots(s);
}

bool th_distances_keep(th_distances *d, th_arena *arena) {
  if (!d->spots) return !d->sites;
  d->km = th_arena_alloc(arena, ((size_t)d->spots->n_points + 1) * sizeof *d->km);
  for (uint32_t i = 0; d->km && i < d->spots->n_points; i++)
    d->km[i] = -1;
  return d->km != NULL;
}

double th_distances_point(th_distances *d, uint32_t point) {
  const th_point *p = &d->spots->point[point];
  if (d->km && d->km[point] >= 0) return d->km[point];
  double km = th_distance_km(d->lat, d->lon, p->lat * 1e-6, p->lon * 1e-6);
  if (d->km) d->km[point] = km;
  return km;
}

double th_distances_nearest(th_distances *d, uint32_t doc) {
  double nearest = -1;
  if (!d->spots) return nearest;
  for (uint32_t i = d->sites->start[doc]; i < d->sites->start[doc + 1] && i < d->sites->n; i++) {
    uint32_t point = th_spots_point(d->spots, i, d->placed);
    if (!point) continue;
    double km = th_distances_point(d, point - 1);
    if (nearest < 0 || km < nearest) nearest = km;
  }
  return nearest;
}

/* A circle, and the box of whole degrees that holds it. */
typedef struct circle {
  double lat, lon, km;
  uint64_t status;
  bool placed;
  int south, north, west, east; /* rows; columns, not yet brought into 0 … 359 */
} circle;

static circle circle_of(const th_query *q) {
  circle c = {.lat = q->near.lat,
              .lon = q->near.lon,
              .km = q->near.km,
              .status = q->near.site_status,
              .placed = q->near.placed};
  double angle =
      c.km / TH_EARTH_KM / RADIANS + 1e-3; /* degrees of latitude, with room for rounding */
  double south = c.lat - angle, north = c.lat + angle, wide = 180;
  if (south > -89 && north < 89) {
    /* Half the width of the circle in longitude: asin(sin r / cos lat). */
    double sine = sin(angle * RADIANS) / cos(c.lat * RADIANS);
    if (sine < 1) wide = asin(sine) / RADIANS + 1e-3;
  }
  c.south = (int)floor(TH_MAX(south, -90) + 90);
  c.north = TH_MIN((int)floor(TH_MIN(north, 90) + 90), TH_GRID_ROWS - 1);
  c.west = (int)floor(c.lon - wide + 180);
  c.east = (int)floor(c.lon + wide + 180);
  if (c.east - c.west >= TH_GRID_COLUMNS) c.west = 0, c.east = TH_GRID_COLUMNS - 1;
  return c;
}

/* Whether a site of the document at this point, by its record, has one of the statuses. */
static bool has_status_at(const th_sites *sites, const th_spots *spots, const circle *c,
                          uint32_t point, uint32_t doc) {
  for (uint32_t i = sites->start[doc]; i < sites->start[doc + 1] && i < sites->n; i++) {
    uint8_t status = sites->status[i];
    if (th_spots_point(spots, i, false) != point + 1 || !status || status > 64) continue;
    if (c->status >> (status - 1) & 1) return true;
  }
  return false;
}

static void match_point(const th_plan *p, const th_spots *spots, const th_sites *sites,
                        const circle *c, uint32_t at, uint64_t *out) {
  const th_point *point = &spots->point[at];
  uint32_t end = c->placed ? point[1].from : point->placed;
  for (uint32_t k = point->from; k < end; k++) {
    uint32_t doc = spots->doc[k];
    if (c->status && !has_status_at(sites, spots, c, at, doc)) continue;
    if (doc < p->n_docs) th_bit_set(out, doc);
  }
}

static void match_cell(const th_plan *p, const th_spots *spots, const th_sites *sites,
                       const circle *c, uint32_t cell, uint64_t *out) {
  for (uint32_t i = spots->start[cell]; i < spots->start[cell + 1]; i++) {
    double lat = spots->point[i].lat * 1e-6, lon = spots->point[i].lon * 1e-6;
    if (th_distance_km(c->lat, c->lon, lat, lon) <= c->km) match_point(p, spots, sites, c, i, out);
  }
}

int th_match_near(th_plan *p, const th_query *q, uint64_t *out) {
  const th_sites *sites = th_segment_sites(p->segment);
  const th_spots *g = sites && sites->n ? th_cache_spots(p->segment) : NULL;
  circle c = circle_of(q);
  if (!sites || !sites->n) return 0;
  if (!g) return th_plan_no_memory(p);
  for (int row = c.south; row <= c.north; row++) {
    for (int column = c.west; column <= c.east; column++) {
      int at = (column % TH_GRID_COLUMNS + TH_GRID_COLUMNS) % TH_GRID_COLUMNS;
      match_cell(p, g, sites, &c, (uint32_t)(row * TH_GRID_COLUMNS + at), out);
    }
  }
  return 0;
}
