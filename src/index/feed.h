/* What of a record goes into the index: the texts of its fields, the values of its columns, its
 * sites. A feed is filled from one record at a time and reused. */
#ifndef TH_INDEX_FEED_H
#define TH_INDEX_FEED_H

#include "base/json.h"
#include "index/format.h"
#include "study/catalogue.h"

/* Columns: those of the fields, then those of the breaks of text fields (format.h). */
enum { TH_COLUMN_BREAKS = TH_F_COUNT, TH_COLUMN_COUNT = 2 * TH_F_COUNT };

/* A value that is tokenised. Enums of a search area come with their label, and their v2 name when
 * it has other words. */
typedef struct th_feed_text {
  uint16_t field;
  uint32_t site; /* the site it stands in, from 0; 0 outside of sites */
  th_span text;  /* borrowed from the json, or static */
} th_feed_text;

/* One value of a column. MASK: number of the bit; VALUES: as format.h says; KEYWORD: word. */
typedef struct th_feed_value {
  uint16_t field;
  uint8_t kind; /* th_column_kind */
  int64_t value;
  th_span word; /* borrowed from the json */
} th_feed_value;

typedef struct th_feed_site {
  int32_t lat, lon; /* 1e-6 degrees, TH_NO_POINT */
  uint8_t status;   /* enum value + 1, 0 = absent */
  th_span country, state, city, facility;
} th_feed_site;

typedef struct th_feed {
  th_feed_text *texts; /* ascending by field; in a field in the record's order */
  size_t n_texts, cap_texts;
  th_feed_value *values; /* ascending by field; in a field in the record's order */
  size_t n_values, cap_values;
  th_feed_site *sites;
  size_t n_sites, cap_sites;
  void *scratch; /* owned, for sorting */
  size_t cap_scratch;
  const th_json *json; /* the record being read */
  int error;
} th_feed;

void th_feed_init(th_feed *f);
void th_feed_dispose(th_feed *f);
/* Errors: TH_ENOMEM; TH_EINPUT when a value is not of its field's type. */
int th_feed_read(th_feed *f, const th_json *json, th_err *err) TH_MUST_USE;

/* The positions that text i takes, once it is tokenised: a value of the column of breaks, when the
 * field has one in this record. To be told of all texts in order. Errors: f->error. */
void th_feed_break(th_feed *f, size_t i, uint32_t positions);

/* The kind of column (< TH_COLUMN_COUNT), 0 for none. */
uint8_t th_feed_column_kind(uint16_t column);
/* Whether the breaks of the field tell the site of each value. */
bool th_feed_breaks_by_site(uint16_t field);
/* Whether the words of the field are indexed. */
bool th_feed_has_text(uint16_t field);

#endif
