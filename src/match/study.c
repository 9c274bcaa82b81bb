#include "match/study.h"

#include <pthread.h>

#include "base/json.h"
#include "match/marks.h"
#include "study/catalogue.h"

enum { DEPTH = 256 };

/* ---- fields ---- */

/* An age in the coarsest unit that it is a whole number of: completed units of it are the same. */
static bool age_of(const th_column *c, uint32_t doc, th_age *out) {
  static const struct {
    int64_t minutes;
    uint8_t unit;
  } units[] = {{TH_AGE_YEAR_MIN, TH_AGE_YEARS},
               {TH_AGE_MONTH_MIN, TH_AGE_MONTHS},
               {7 * 1440, TH_AGE_WEEKS},
               {1440, TH_AGE_DAYS},
               {60, TH_AGE_HOURS},
               {1, TH_AGE_MINUTES}};
  uint32_t first, end;
  if (!c) return false;
  th_column_row(c, doc, &first, &end);
  if (first >= end) return false;
  int64_t v = th_column_value(c, first);
  for (size_t i = 0; i < TH_COUNT(units); i++) {
    if (v % units[i].minutes) continue;
    *out = (th_age){v, (uint32_t)(v / units[i].minutes), units[i].unit};
    return true;
  }
  return false;
}

static uint64_t mask_of(const th_segment *s, uint16_t field, uint32_t doc) {
  const th_column *c = th_segment_column(s, field);
  return c && c->kind == TH_COL_MASK ? th_column_mask(c, doc) : 0;
}

/* The bits of these values of a field. */
static uint64_t bits_of(uint16_t field, const char *const *names, size_t n) {
  uint64_t out = 0;
  for (size_t i = 0; i < n; i++) {
    int v = th_enum_value(th_fields[field].enum_id, th_span_of(names[i]));
    if (v >= 0) out |= 1ull << v;
  }
  return out;
}

static uint64_t bit_female, bit_male, bits_closed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void know_bits(void) {
  static const char *const closed[] = {"ACTIVE_NOT_RECRUITING",
                                       "COMPLETED",
                                       "TERMINATED",
                                       "WITHDRAWN",
                                       "SUSPENDED",
                                       "NO_LONGER_AVAILABLE",
                                       "APPROVED_FOR_MARKETING",
                                       "TEMPORARILY_NOT_AVAILABLE"};
  bit_female = bits_of(TH_F_Sex, (const char *const[]){"FEMALE"}, 1);
  bit_male = bits_of(TH_F_Sex, (const char *const[]){"MALE"}, 1);
  bits_closed = bits_of(TH_F_OverallStatus, closed, TH_COUNT(closed));
}

/* One value, and one of these. */
static bool is_one_of(uint64_t mask, uint64_t bits) {
  return mask & bits && !(mask & (mask - 1));
}

void th_study_limits(th_verdict_study *out, const th_segment *segment, uint32_t doc) {
  pthread_once(&once, know_bits);
  uint64_t sex = mask_of(segment, TH_F_Sex, doc);
  *out = (th_verdict_study){0};
  out->has_min = age_of(th_segment_column(segment, TH_F_MinimumAge), doc, &out->min);
  out->has_max = age_of(th_segment_column(segment, TH_F_MaximumAge), doc, &out->max);
  if (is_one_of(sex, bit_female)) out->sex = 'F';
  if (is_one_of(sex, bit_male)) out->sex = 'M';
  out->no_healthy = mask_of(segment, TH_F_HealthyVolunteers, doc) == 1; /* bit 0: no */
  out->closed = is_one_of(mask_of(segment, TH_F_OverallStatus, doc), bits_closed);
}

/* ---- records ---- */

struct th_study_reader {
  const th_snapshot *snapshot;
  const th_concepts *dict;
  th_criteria_book book;
  th_arena arena; /* the book's */
  th_shelf *shelf;
  th_store *source;
  th_store_reader *store; /* acquired at the first record */
  th_json_parser *json;
  th_concept_matcher *matcher;
  th_buf record;
};

th_study_reader *th_study_reader_new(const th_snapshot *snapshot, const th_concepts *dict,
                                     th_store *store, th_shelf *shelf, th_err *err) {
  th_study_reader *r = calloc(1, sizeof *r);
  if (!r) {
    th_err_set(err, TH_ENOMEM, "out of memory");
    return NULL;
  }
  r->snapshot = snapshot;
  r->dict = dict;
  r->shelf = shelf;
  r->source = store;
  th_buf_init(&r->record, 0);
  th_arena_init(&r->arena, 0);
  if (th_criteria_book_open(&r->book, snapshot, &r->arena, err) == 0) return r;
  th_study_reader_free(r);
  return NULL;
}

void th_study_reader_free(th_study_reader *r) {
  if (!r) return;
  th_store_reader_release(r->store);
  th_json_parser_free(r->json);
  th_concept_matcher_free(r->matcher);
  th_buf_dispose(&r->record);
  th_arena_dispose(&r->arena);
  free(r);
}

/* What reading records needs: not each patient's studies do. */
static int open_store(th_study_reader *r, th_err *err) {
  if (r->store) return 0;
  if (!r->json) r->json = th_json_parser_new(TH_STORE_RECORD_MAX, DEPTH);
  if (!r->json) return th_err_set(err, TH_ENOMEM, "out of memory");
  r->store = th_store_reader_acquire(r->source, err);
  return r->store ? 0 : err->code;
}

/* The record of a document. json->n_nodes 0 when the study is gone from the store. *same: it is the
 * very version that the index shows. */
static int read_record(th_study_reader *r, uint32_t segment, uint32_t doc, th_json *json,
                       bool *same, th_err *err) {
  th_err own = {0};
  th_record record;
  const th_segment *s = r->snapshot->segments[segment];
  *json = (th_json){0};
  *same = false;
  int rc = open_store(r, &own);
  if (rc == 0) rc = th_store_get(r->store, th_segment_nct(s, doc), -1, &r->record, &record, &own);
  if (rc == TH_ENOTFOUND) return 0;
  if (rc == 0) rc = th_json_parse(r->json, record.json, json, &own);
  *same = rc == 0 && record.seq == th_segment_seq(s, doc);
  return rc < 0 ? th_err_set(err, rc, "%s", own.message) : 0;
}

static int copy(th_arena *arena, const th_json *json, const char *path, th_span *out, th_err *err) {
  *out = th_arena_dup(arena, th_json_path_text(json, 0, path));
  return out->p ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
}

/* Out of the record, in arena. *gone: the study is no longer in the store. */
static int read_item(th_study_reader *r, uint32_t segment, uint32_t doc, th_arena *arena,
                     th_shelf_item *out, bool *same, bool *gone, th_err *err) {
  th_json json;
  int rc = read_record(r, segment, doc, &json, same, err);
  *gone = rc == 0 && !json.n_nodes;
  if (rc < 0 || *gone) return rc;
  rc = copy(arena, &json, "protocolSection.identificationModule.briefTitle", &out->title, err);
  if (rc == 0)
    rc = copy(arena, &json, "protocolSection.statusModule.overallStatus", &out->status, err);
  if (rc == 0)
    rc = copy(arena, &json, "protocolSection.eligibilityModule.eligibilityCriteria", &out->criteria,
              err);
  return rc;
}

static int read_book(th_study_reader *r, uint32_t segment, uint32_t doc, bool facts,
                     th_arena *arena, th_criteria_outline *out, th_err *err) {
  int rc = th_criteria_book_outline(&r->book, segment, doc, arena, out, err);
  return rc == 0 && facts ? th_criteria_outline_facts(out, arena, err) : rc;
}

/* Out of the book, or read anew where it has none. */
static int read_text(th_study_reader *r, uint32_t segment, uint32_t doc, th_span text, bool same,
                     th_arena *arena, th_criteria_outline *out, th_err *err) {
  th_err own = {0};
  int rc = same ? read_book(r, segment, doc, true, arena, out, &own) : TH_ENOTFOUND;
  if (rc == 0) return th_criteria_set_text(&out->tree, text, err);
  if (rc != TH_ENOTFOUND) return th_err_set(err, rc, "%s", own.message);
  *out = (th_criteria_outline){0};
  if (!r->matcher) r->matcher = th_concept_matcher_new();
  if (!r->matcher) return th_err_set(err, TH_ENOMEM, "out of memory");
  return th_elig_read_concepts(text, r->dict, r->matcher, arena, &out->tree, err);
}

static int mark(const th_criteria_outline *criteria, th_arena *arena, th_span *out, th_err *err) {
  const uint8_t *marks = th_marks_read(&criteria->tree, arena);
  if (!marks) return th_err_set(err, TH_ENOMEM, "out of memory");
  *out = (th_span){(const char *)marks, th_marks_bytes(&criteria->tree)};
  return 0;
}

/* Off the shelf, or out of the record and then onto the shelf. A study that is gone from the store
 * leaves both empty. */
static int read_shown(th_study_reader *r, uint32_t segment, uint32_t doc, th_arena *arena,
                      th_shelf_item *item, th_criteria_outline *out, th_err *err) {
  bool failed = false, same = true, gone = false;
  *item = (th_shelf_item){0};
  *out = (th_criteria_outline){0};
  bool there = r->shelf && th_shelf_take(r->shelf, segment, doc, arena, item, &failed);
  if (failed) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = there ? 0 : read_item(r, segment, doc, arena, item, &same, &gone, err);
  if (rc < 0 || gone) return rc;
  rc = read_text(r, segment, doc, item->criteria, same, arena, out, err);
  if (rc == 0 && item->marks.n != th_marks_bytes(&out->tree)) {
    rc = mark(out, arena, &item->marks, err);
    if (rc == 0 && same && r->shelf) th_shelf_put(r->shelf, segment, doc, item);
  }
  out->marks = (const uint8_t *)item->marks.p;
  return rc;
}

int th_study_criteria(th_study_reader *r, uint32_t segment, uint32_t doc, th_study_depth depth,
                      th_arena *arena, th_criteria_outline *out, bool *with_text, th_err *err) {
  th_shelf_item item;
  th_err own = {0};
  *with_text = false;
  if (depth != TH_STUDY_TEXT) {
    int rc = read_book(r, segment, doc, depth == TH_STUDY_FACTS, arena, out, &own);
    if (rc != TH_ENOTFOUND) return rc < 0 ? th_err_set(err, rc, "%s", own.message) : 0;
  }
  *with_text = true;
  return read_shown(r, segment, doc, arena, &item, out, err);
}

void th_study_fetch(const th_study_reader *r, uint32_t segment, uint32_t doc) {
  th_criteria_book_fetch(&r->book, segment, doc);
}

int th_study_show(th_study_reader *r, uint32_t segment, uint32_t doc, th_arena *arena,
                  th_study_shown *out, th_err *err) {
  th_shelf_item item;
  int rc = read_shown(r, segment, doc, arena, &item, &out->criteria, err);
  out->title = item.title;
  out->status = item.status;
  return rc;
}
