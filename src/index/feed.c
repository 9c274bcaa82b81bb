#include "index/feed.h"

#include "index/codec.h"
#include "study/age.h"
#include "study/date.h"
#include "study/derived.h"
#include "study/walk.h"

#include <math.h>

/* ---- what becomes of a field ---- */

static struct {
  uint8_t kind;
  bool text;
} plan[TH_F_COUNT];

static uint8_t kind_of(const th_field *f) {
  if (th_ftype_is_ordered(f->type)) return TH_COL_VALUES;
  switch (f->type) {
  case TH_FT_ENUM:
  case TH_FT_BOOL:
    return TH_COL_MASK;
  case TH_FT_STRUCT: /* the lengths of a list that has no field for them */
    return th_derived_count_field(f->id) == f->id ? TH_COL_VALUES : 0;
  case TH_FT_GEO_POINT:
    return 0;
  default:
    return f->flags & TH_FF_FACET || f->type == TH_FT_KEYWORD ? TH_COL_KEYWORD : 0;
  }
}

/* Runs before main, behind the catalogue's own constructor. */
static void plan_fields(void) {
  for (uint16_t id = 0; id < TH_F_COUNT; id++) {
    uint8_t type = th_fields[id].type;
    plan[id].kind = kind_of(&th_fields[id]);
    plan[id].text =
        type == TH_FT_TEXT || type == TH_FT_MARKUP || type == TH_FT_NCT || type == TH_FT_GEO_NAME;
  }
  for (unsigned a = 0; a < TH_A_COUNT; a++)
    for (unsigned p = 0; p < th_areas[a].n_parts; p++)
      if (th_fields[th_areas[a].parts[p].field].type == TH_FT_ENUM)
        plan[th_areas[a].parts[p].field].text = true;
}
__attribute__((constructor)) static void plan_at_start(void) {
  plan_fields();
}

uint8_t th_feed_column_kind(uint16_t column) {
  if (column < TH_F_COUNT) return plan[column].kind;
  return column < TH_COLUMN_COUNT && plan[column - TH_COLUMN_BREAKS].text ? TH_COL_VALUES : 0;
}
bool th_feed_has_text(uint16_t field) {
  return field < TH_F_COUNT && plan[field].text;
}

/* ---- gathering ---- */

void th_feed_init(th_feed *f) {
  *f = (th_feed){0};
}

void th_feed_dispose(th_feed *f) {
  free(f->texts);
  free(f->values);
  free(f->sites);
  free(f->scratch);
  *f = (th_feed){0};
}

/* Room for one more item; NULL when memory is exhausted, which stays in f->error. */
static void *more(th_feed *f, void **items, size_t *n, size_t *cap, size_t size) {
  if (f->error) return NULL;
  if (*n == *cap) {
    size_t grown = *cap ? *cap * 2 : 64;
    void *p = grown > SIZE_MAX / 2 / size ? NULL : realloc(*items, grown * size);
    if (!p) {
      f->error = TH_ENOMEM;
      return NULL;
    }
    *items = p;
    *cap = grown;
  }
  return (char *)*items + (*n)++ * size;
}

bool th_feed_breaks_by_site(uint16_t field) {
  return field < TH_F_COUNT && th_fields[field].list == TH_F_Location && plan[field].text &&
         (field == TH_F_LocationZip || th_fields[field].parent == TH_F_LocationContact);
}

/* n bytes of scratch; false when memory is exhausted, which stays in f->error. */
static bool scratch_room(th_feed *f, size_t n) {
  if (f->error) return false;
  if (f->cap_scratch >= n) return true;
  void *grown = realloc(f->scratch, n);
  if (!grown) {
    f->error = TH_ENOMEM;
    return false;
  }
  f->scratch = grown;
  f->cap_scratch = n;
  return true;
}

static void add_text(th_feed *f, uint16_t field, th_span text) {
  uint32_t site =
      th_fields[field].list == TH_F_Location && f->n_sites ? (uint32_t)f->n_sites - 1 : 0;
  th_feed_text *t = more(f, (void **)&f->texts, &f->n_texts, &f->cap_texts, sizeof *f->texts);
  if (t) *t = (th_feed_text){field, site, text};
}

static void add_value(th_feed *f, uint16_t field, int64_t value, th_span word) {
  th_feed_value *v = more(f, (void **)&f->values, &f->n_values, &f->cap_values, sizeof *f->values);
  if (v) *v = (th_feed_value){field, th_feed_column_kind(field), value, word};
}

void th_feed_break(th_feed *f, size_t i, uint32_t positions) {
  const th_feed_text *t = &f->texts[i];
  bool by_site = th_feed_breaks_by_site(t->field);
  bool alone =
      (i == 0 || t[-1].field != t->field) && (i + 1 == f->n_texts || t[1].field != t->field);
  int64_t value = positions;
  if (alone && !by_site) return;
  if (by_site) {
    value = TH_MIN(value, (1 << TH_BREAK_SITE_SHIFT) - 1);
    value |= (int64_t)t->site << TH_BREAK_SITE_SHIFT;
  }
  add_value(f, (uint16_t)(TH_COLUMN_BREAKS + t->field), value, (th_span){0, 0});
}

/* Whether label and v2 name are the same words: "Not yet recruiting", "NOT_YET_RECRUITING". */
static bool same_words(const char *label, const char *name) {
  for (; *label && *name; label++, name++) {
    char a = *label, b = *name == '_' ? ' ' : *name;
    if (a >= 'A' && a <= 'Z') a = (char)(a | 0x20);
    if (b >= 'A' && b <= 'Z') b = (char)(b | 0x20);
    if (a != b) return false;
  }
  return *label == *name;
}

static void add_enum(th_feed *f, uint16_t field, th_span spelling) {
  uint16_t enum_id = th_fields[field].enum_id;
  int value = th_enum_value(enum_id, spelling);
  add_value(f, field, value < 0 ? th_enums[enum_id].n : value, (th_span){0, 0});
  if (!plan[field].text) return;
  if (value < 0) {
    add_text(f, field, spelling);
    return;
  }
  const char *label = th_enum_legacy(enum_id, value, field), *name = th_enum_name(enum_id, value);
  add_text(f, field, th_span_of(label));
  if (!same_words(label, name)) add_text(f, field, th_span_of(name));
}

static void add_number(th_feed *f, uint16_t field, uint32_t node) {
  th_span text = th_json_text(f->json, node);
  th_date date;
  th_age age;
  double number;
  int64_t value = 0;
  bool known = false;
  switch (th_fields[field].type) {
  case TH_FT_INT:
    known = th_json_int(f->json, node, &value);
    break;
  case TH_FT_NUMBER:
    if ((known = th_json_number(f->json, node, &number))) value = th_double_key(number);
    break;
  case TH_FT_AGE:
    if ((known = th_age_parse(text, &age))) value = age.minutes;
    break;
  default:
    if ((known = th_date_parse(text, &date))) value = (int64_t)date.first_day * 4 + date.precision;
  }
  if (!known) return;
  add_value(f, field, value, (th_span){0, 0});
  uint16_t year_field = th_derived_year_field(field);
  if (year_field == TH_F_NONE) return;
  int year;
  unsigned month, day;
  th_date_civil(date.first_day, &year, &month, &day);
  add_value(f, year_field, year, (th_span){0, 0});
}

/* ---- what no record holds: counts ---- */

static void on_list(void *ctx, uint16_t field, uint32_t node) {
  th_feed *f = ctx;
  uint16_t count = th_derived_count_field(field);
  uint32_t n = f->json->nodes[node].n;
  if (count != TH_F_NONE && n) add_value(f, count, n, (th_span){0, 0});
}

/* The sum of all values of a field so far; -1 when it has none. */
static int64_t sum_of(const th_feed *f, uint16_t field) {
  int64_t sum = -1;
  for (size_t i = 0; i < f->n_values; i++)
    if (f->values[i].field == field) sum = TH_MAX(sum, 0) + f->values[i].value;
  return sum;
}

static int by_span(const void *a, const void *b) {
  return th_span_cmp(*(const th_span *)a, *(const th_span *)b);
}

static void add_countries(th_feed *f) {
  int64_t n = 0;
  if (f->n_sites == 0 || !scratch_room(f, f->n_sites * sizeof(th_span))) return;
  th_span *names = f->scratch;
  for (size_t i = 0; i < f->n_sites; i++)
    names[i] = f->sites[i].country;
  qsort(names, f->n_sites, sizeof *names, by_span);
  for (size_t i = 0; i < f->n_sites; i++) {
    if (names[i].n == 0 || (i && th_span_eq(names[i], names[i - 1]))) continue;
    n++;
    th_span code = th_country_code(names[i]);
    if (code.n) add_value(f, TH_F_LocationCountryCode, 0, code);
  }
  if (n) add_value(f, TH_F_NumUniqueLocationCountries, n, (th_span){0, 0});
}

static void add_derived(th_feed *f, bool lead) {
  for (unsigned i = 0; i < th_n_derived_sums; i++) {
    int64_t sum = -1;
    for (unsigned k = 0; k < 3 && th_derived_sums[i].parts[k] != TH_F_NONE; k++) {
      int64_t part = sum_of(f, th_derived_sums[i].parts[k]);
      if (part >= 0) sum = TH_MAX(sum, 0) + part;
    }
    if (sum >= 0) add_value(f, th_derived_sums[i].sum, sum, (th_span){0, 0});
  }
  int64_t collaborators = sum_of(f, TH_F_NumCollaborators);
  if (collaborators >= 0 || lead)
    add_value(f, TH_F_NumCollaboratorsPlusLead, TH_MAX(collaborators, 0) + lead, (th_span){0, 0});
  add_countries(f);
}

/* ---- sites ---- */

static void site_value(th_feed *f, uint16_t field, uint32_t node) {
  if (f->n_sites == 0 || f->error) return;
  th_feed_site *s = &f->sites[f->n_sites - 1];
  th_span text = th_json_text(f->json, node);
  double lat, lon;
  int status;
  switch (field) {
  case TH_F_LocationCountry:
    s->country = text;
    break;
  case TH_F_LocationState:
    s->state = text;
    break;
  case TH_F_LocationCity:
    s->city = text;
    break;
  case TH_F_LocationFacility:
    s->facility = text;
    break;
  case TH_F_LocationStatus:
    status = th_enum_value(th_fields[field].enum_id, text);
    s->status = (uint8_t)(status < 0 ? 0 : status + 1);
    break;
  case TH_F_LocationGeoPoint:
    if (th_study_geo(f->json, node, &lat, &lon)) {
      s->lat = (int32_t)lround(lat * 1e6);
      s->lon = (int32_t)lround(lon * 1e6);
    }
    break;
  default:
    break;
  }
}

static void on_enter(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  th_feed *f = ctx;
  (void)node, (void)item;
  if (field != TH_F_Location) return;
  th_feed_site *s = more(f, (void **)&f->sites, &f->n_sites, &f->cap_sites, sizeof *f->sites);
  if (s) *s = (th_feed_site){.lat = TH_NO_POINT, .lon = TH_NO_POINT};
}

static void on_value(void *ctx, uint16_t field, uint32_t node, uint32_t item) {
  th_feed *f = ctx;
  (void)item;
  th_span text = th_json_text(f->json, node);
  uint8_t type = th_fields[field].type;
  if (type == TH_FT_ENUM) {
    add_enum(f, field, text);
  } else {
    if (plan[field].text) add_text(f, field, text);
    if (type == TH_FT_BOOL)
      add_value(f, field, f->json->nodes[node].type == TH_JTRUE, (th_span){0, 0});
    else if (plan[field].kind == TH_COL_VALUES)
      add_number(f, field, node);
    else if (plan[field].kind == TH_COL_KEYWORD && text.n)
      add_value(f, field, 0, text);
  }
  if (th_fields[field].list == TH_F_Location) site_value(f, field, node);
}

/* ---- order ---- */

/* Where the items of each field go, in start; false when they are in order already. */
__attribute__((always_inline)) static inline bool count_fields(const char *items, size_t n,
                                                               size_t size, uint32_t *start) {
  bool sorted = true;
  uint16_t field, last = 0;
  for (size_t i = 0; i < n; i++) {
    memcpy(&field, items + i * size, sizeof field);
    start[field + 1]++;
    sorted &= field >= last;
    last = field;
  }
  for (size_t i = 0; i < TH_COLUMN_COUNT && !sorted; i++)
    start[i + 1] += start[i];
  return !sorted;
}

/* Stable, by the field that each item begins with. Made for each size on its own: items are moved
 * by a few loads and stores then. */
__attribute__((always_inline)) static inline void sort_by_field(th_feed *f, void *items, size_t n,
                                                                size_t size) {
  uint32_t start[TH_COLUMN_COUNT + 1] = {0};
  if (f->error || !count_fields(items, n, size, start) || !scratch_room(f, n * size)) return;
  const char *from = items;
  char *to = f->scratch;
  for (size_t i = 0; i < n; i++, from += size) {
    uint16_t field;
    memcpy(&field, from, sizeof field);
    memcpy(to + start[field]++ * size, from, size);
  }
  memcpy(items, to, n * size);
}

int th_feed_read(th_feed *f, const th_json *json, th_err *err) {
  static const th_study_visitor visitor = {.value = on_value, .enter = on_enter, .list = on_list};
  f->n_texts = f->n_values = f->n_sites = 0;
  f->error = 0;
  f->json = json;
  int rc = th_study_walk(json, &visitor, f, err);
  if (rc == 0) {
    add_derived(f, th_json_path(json, 0, th_fields[TH_F_LeadSponsor].path) != 0);
    sort_by_field(f, f->texts, f->n_texts, sizeof *f->texts);
    sort_by_field(f, f->values, f->n_values, sizeof *f->values);
    rc = f->error;
    if (rc) th_err_set(err, rc, "out of memory reading a record for the index");
  }
  f->json = NULL;
  return rc;
}
