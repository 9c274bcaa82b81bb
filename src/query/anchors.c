/* Phrases at the ends of a value: the columns of breaks (index/format.h) tell where the values of a
 * field with several of them begin and end; a single value takes all of the field's length. */
#include "index/feed.h"
#include "query/exec.h"

/* The values of one field of a document, in order. */
typedef struct values {
  const th_column *column; /* NULL: one value */
  uint32_t at, end;        /* rows of the column yet to come */
  uint32_t mask;           /* bits of a row that are a length */
  uint32_t from, to;       /* positions of the value at hand */
  bool begun;
} values;

static values values_of(const th_plan *p, uint32_t doc, uint16_t field) {
  values v = {.mask = th_feed_breaks_by_site(field) ? (1u << TH_BREAK_SITE_SHIFT) - 1 : UINT32_MAX};
  v.column = th_segment_column(p->segment, (uint16_t)(TH_COLUMN_BREAKS + field));
  if (v.column) th_column_row(v.column, doc, &v.at, &v.end);
  if (v.at == v.end) v.to = th_segment_length(p->segment, doc, field);
  v.begun = v.at == v.end;
  return v;
}

/* Goes on to the value that holds the position; false when there is none. */
static bool find_value(values *v, uint32_t position) {
  while (!v->begun || position >= v->to) {
    if (v->at >= v->end) return false;
    uint32_t n = (uint32_t)th_column_value(v->column, v->at++) & v->mask;
    if (n == 0) continue;
    v->from = v->to ? v->to + 1 : 0;
    v->to = v->from + n;
    v->begun = true;
  }
  return position >= v->from;
}

uint32_t th_anchor_keep(const th_plan *p, uint32_t doc, uint8_t anchor, uint32_t width,
                        th_occurrence *places, uint32_t n) {
  uint32_t kept = 0;
  values v = {0};
  for (uint32_t i = 0; i < n; i++) {
    if (i == 0 || places[i].field != places[i - 1].field) v = values_of(p, doc, places[i].field);
    th_occurrence place = places[i];
    if (!find_value(&v, place.position)) continue;
    if (anchor & TH_ANCHOR_START && place.position != v.from) continue;
    if (anchor & TH_ANCHOR_END && place.position + width != v.to) continue;
    places[kept++] = place;
  }
  return kept;
}
