#include "api/stats_work.h"

#include "base/json.h"
#include "study/nct.h"

bool th_stats_has_values(uint16_t field) {
  uint8_t type = th_fields[field].type;
  return type != TH_FT_STRUCT && type != TH_FT_GEO_POINT &&
         !(th_fields[field].flags & TH_FF_HISTORIC);
}

bool th_stats_has_sizes(uint16_t field) {
  return (th_fields[field].flags & TH_FF_LIST) && !(th_fields[field].flags & TH_FF_HISTORIC);
}

const char *th_stats_type(uint16_t field) {
  switch (th_fields[field].type) {
  case TH_FT_ENUM:
    return "ENUM";
  case TH_FT_BOOL:
    return "BOOLEAN";
  case TH_FT_INT:
    return "INTEGER";
  case TH_FT_NUMBER:
    return "NUMBER";
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
    return "DATE";
  default:
    return "STRING";
  }
}

static int by_frequency(const void *a, const void *b) {
  const th_top_value *x = a, *y = b;
  if (x->entry.count != y->entry.count) return x->entry.count > y->entry.count ? -1 : 1;
  return th_span_cmp(x->text, y->text);
}

static void put_top(th_jout *w, const th_tally *t, th_top_value *top, uint32_t n) {
  th_jout_kv_i64(w, "uniqueValuesCount", (int64_t)th_tally_unique(t));
  if (n == 0) return;
  qsort(top, n, sizeof *top, by_frequency);
  th_jout_key(w, "topValues");
  th_jout_array(w);
  for (uint32_t i = 0; i < n && i < TH_TALLY_TOP; i++) {
    th_jout_object(w);
    th_jout_kv_text(w, "value", top[i].text);
    th_jout_kv_i64(w, "studiesCount", top[i].entry.count);
    th_jout_end_object(w);
  }
  th_jout_end_array(w);
}

static void put_longest(th_jout *w, const th_tally *t, uint32_t nct) {
  char number[TH_NCT_LEN + 1];
  if (!t->longest_len) return;
  th_jout_key(w, "longest");
  th_jout_object(w);
  th_jout_kv_i64(w, "length", (int64_t)t->longest_len);
  th_jout_kv_str(w, "nctId", th_nct_format(nct, number));
  th_jout_kv_text(w, "value", th_buf_view(&t->longest));
  th_jout_end_object(w);
}

static void put_date(th_jout *w, const char *key, const th_date *date) {
  th_buf text;
  th_buf_init(&text, 64);
  th_date_iso(date, &text);
  th_jout_kv_text(w, key, th_buf_view(&text));
  th_buf_dispose(&text);
}

static void put_dates(th_jout *w, const th_tally *t) {
  static const char *const formats[] = {"yyyy", "yyyy-MM", "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm"};
  if (t->precisions) {
    put_date(w, "min", &t->first);
    put_date(w, "max", &t->last_date);
  }
  th_jout_key(w, "formats");
  th_jout_array(w);
  for (unsigned i = 0; i < TH_COUNT(formats); i++)
    if (t->precisions >> i & 1) th_jout_str(w, formats[i]);
  th_jout_end_array(w);
}

static void put_numbers(th_jout *w, const th_tally *t, bool whole) {
  if (!t->numbers) return;
  if (whole) {
    th_jout_kv_i64(w, "min", t->low_int);
    th_jout_kv_i64(w, "max", t->high_int);
  } else {
    th_jout_kv_double(w, "min", t->low);
    th_jout_kv_double(w, "max", t->high);
  }
  th_jout_kv_double(w, "avg", t->sum / (double)t->numbers);
}

void th_stats_put_values(th_buf *out, uint16_t field, const th_tally *t, uint32_t n_live,
                         th_top_value *top, uint32_t n, uint32_t longest_nct) {
  th_jout w;
  th_jout_init(&w, out, false);
  const char *type = th_stats_type(field);
  th_jout_object(&w);
  th_jout_kv_str(&w, "type", type);
  th_jout_kv_str(&w, "piece", th_fields[field].piece);
  th_jout_kv_str(&w, "field", th_fields[field].path);
  th_jout_kv_i64(&w, "missingStudiesCount", n_live > t->studies ? n_live - t->studies : 0);
  switch (type[0]) {
  case 'B':
    th_jout_kv_i64(&w, "trueCount", t->trues);
    th_jout_kv_i64(&w, "falseCount", t->falses);
    break;
  case 'I':
  case 'N':
    put_numbers(&w, t, type[0] == 'I');
    break;
  case 'D':
    put_dates(&w, t);
    break;
  default:
    put_top(&w, t, top, n);
    if (type[0] == 'S') put_longest(&w, t, longest_nct);
  }
  th_jout_end_object(&w);
}
