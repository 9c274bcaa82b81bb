#include "../test.h"

#include "../shared.h"
#include "study/catalogue.h"

#include <stdio.h>

static th_span text_of(const th_json *j, uint32_t node, const char *key) {
  return th_json_path_text(j, node, key);
}
static bool flag_of(const th_json *j, uint32_t node, const char *key) {
  uint32_t at = th_json_get(j, node, th_span_of(key));
  return at && j->nodes[at].type == TH_JTRUE;
}
#define assert_text(is, due)                                                                       \
  do {                                                                                             \
    th_span is_ = (is), due_ = (due);                                                              \
    if (!th_span_eq(is_, due_))                                                                    \
      fail_msg("\"%.*s\", expected \"%.*s\"", (int)is_.n, is_.p, (int)due_.n, due_.p);             \
  } while (0)

/* ---- the tree by itself ---- */

static void tree_hangs_together(void **state) {
  (void)state;
  for (uint16_t id = 0; id < TH_F_COUNT; id++) {
    const th_field *f = &th_fields[id];
    assert_int_equal(f->id, id);
    assert_int_equal(f->depth, f->parent == TH_F_NONE ? 0 : th_fields[f->parent].depth + 1);
    assert_int_equal(f->first_child == TH_F_NONE, f->type != TH_FT_STRUCT);
    assert_true(f->end > id && f->end <= TH_F_COUNT);
    for (uint16_t c = f->first_child, n = 0; c != TH_F_NONE; c = th_fields[c].next_sibling) {
      assert_int_equal(th_fields[c].parent, id);
      assert_true(n++ < 64);
    }
    assert_int_equal(th_field_by_piece(th_span_of(f->piece)), id);
    assert_int_equal(th_field_by_path(th_span_of(f->piece)), id);
    assert_int_equal(th_field_by_path(th_span_of(f->path)), id);
    assert_int_equal(th_field_child(f->parent, th_span_of(f->name)), id);
    assert_int_equal(th_field_by_piece(th_span_of(f->path)),
                     strcmp(f->path, f->piece) ? TH_F_NONE : id);
    assert_int_equal(f->enum_id != TH_E_NONE, f->type == TH_FT_ENUM);
  }
}

static void look_ups(void **state) {
  (void)state;
  assert_int_equal(th_field_by_piece(TH_SPAN("Gender")), TH_F_Sex);
  assert_int_equal(th_field_by_piece(TH_SPAN("FIRST-RECEIVED-DATE")), TH_F_StudyFirstSubmitDate);
  assert_int_equal(th_field_by_piece(TH_SPAN("nctid")), TH_F_NONE);
  assert_int_equal(th_field_by_piece(TH_SPAN("")), TH_F_NONE);
  assert_int_equal(th_field_by_path(TH_SPAN("protocolSection.designModule.phases")), TH_F_Phase);
  assert_int_equal(th_field_by_path(TH_SPAN("protocolSection.designModule.")), TH_F_NONE);
  assert_int_equal(th_field_child(TH_F_NONE, TH_SPAN("hasResults")), TH_F_HasResults);
  assert_int_equal(th_field_child(TH_F_Location, TH_SPAN("city")), TH_F_LocationCity);
  assert_int_equal(th_field_child(TH_F_Location, TH_SPAN("cit")), TH_F_NONE);
  assert_int_equal(th_field_child(TH_F_LocationCity, TH_SPAN("city")), TH_F_NONE);
  assert_int_equal(th_fields[TH_F_LocationContactName].list, TH_F_Location);
  assert_int_equal(th_fields[TH_F_Location].list, TH_F_Location);
  assert_int_equal(th_fields[TH_F_Phase].list, TH_F_NONE);
  assert_true(th_fields[TH_F_Location].flags & TH_FF_NESTED);
  assert_true(th_fields[TH_F_Phase].flags & TH_FF_LIST);
}

static void ordered_types(void **state) {
  static const char *const ordered[] = {"EnrollmentCount", "StartDate", "MinimumAge",
                                        "StudyFirstPostDate"};
  static const char *const not [] = {"BriefTitle",       "OverallStatus", "HasResults",
                                     "LocationGeoPoint", "NCTId",         "LocationCity"};
  (void)state;
  for (size_t i = 0; i < TH_COUNT(ordered); i++)
    assert_true(th_ftype_is_ordered(th_fields[th_field_by_piece(th_span_of(ordered[i]))].type));
  for (size_t i = 0; i < TH_COUNT(not ); i++)
    assert_false(th_ftype_is_ordered(th_fields[th_field_by_piece(th_span_of(not [i]))].type));
}

static void names_are_unique(void **state) {
  (void)state;
  for (uint16_t id = 0; id < TH_F_COUNT; id++)
    for (const char *p = th_fields[id].alt; *p;) {
      size_t n = strcspn(p, " ");
      assert_int_equal(th_field_by_piece((th_span){p, n}), id);
      p += n + (p[n] == ' ');
    }
}

/* ---- enums ---- */

static void enum_spellings(void **state) {
  (void)state;
  static const struct {
    uint16_t enum_id;
    const char *spelling;
    int value;
  } cases[] = {
      {TH_E_Phase, "PHASE1", TH_Phase_PHASE1},
      {TH_E_Phase, "phase 1", TH_Phase_PHASE1},
      {TH_E_Phase, "Early Phase 1", TH_Phase_EARLY_PHASE1},
      {TH_E_Phase, "PHASE", -1},
      {TH_E_Phase, "PHASE11", -1},
      {TH_E_Phase, "", -1},
      {TH_E_DesignAllocation, "n/a", TH_DesignAllocation_NA},
      {TH_E_DateType, "anticipated", TH_DateType_ESTIMATED},
      {TH_E_DateType, "Estimate", TH_DateType_ESTIMATED},
      {TH_E_Status, "Active, not recruiting", TH_Status_ACTIVE_NOT_RECRUITING},
      {TH_E_Status, "Unknown status", TH_Status_UNKNOWN},
      {TH_E_NONE, "YES", -1},
  };
  for (size_t i = 0; i < TH_COUNT(cases); i++)
    assert_int_equal(th_enum_value(cases[i].enum_id, th_span_of(cases[i].spelling)),
                     cases[i].value);
  assert_int_equal(th_enum_value(TH_E_Phase, TH_SPAN("PHASE1\0\0\0")), -1);
  assert_int_equal(th_enum_value(TH_E_Phase, (th_span){"PHASE1X", 6}), TH_Phase_PHASE1);
  assert_string_equal(th_enum_name(TH_E_Sex, TH_Sex_ALL), "ALL");
  assert_null(th_enum_name(TH_E_Sex, 3));
  assert_null(th_enum_legacy(TH_E_Sex, -1, TH_F_NONE));
  assert_string_equal(th_enum_legacy(TH_E_DateType, TH_DateType_ESTIMATED, TH_F_StartDateType),
                      "Anticipated");
  assert_string_equal(th_enum_legacy(TH_E_DateType, TH_DateType_ESTIMATED, TH_F_NONE), "Estimated");
}

/* Every spelling finds its own value: none is shadowed by another's. */
static void enum_spellings_find_back(void **state) {
  (void)state;
  for (uint16_t e = 0; e < TH_E_COUNT; e++)
    for (int i = 0; i < th_enums[e].n; i++) {
      assert_int_equal(th_enum_value(e, th_span_of(th_enums[e].values[i])), i);
      assert_int_equal(th_enum_value(e, th_span_of(th_enums[e].labels[i])), i);
    }
  for (size_t k = 0; k < th_enum_excepts_n; k++)
    assert_int_equal(
        th_enum_value(th_enum_excepts[k].enum_id, th_span_of(th_enum_excepts[k].label)),
        th_enum_excepts[k].value);
}

/* ---- against the published specification ---- */

typedef struct tally {
  const th_json *j;
  unsigned nodes, alts, links;
  bool recorded; /* the older recorded body: has alt names, links and real source types */
} tally;

/* The metadata writes "Organization" twice; the second is this. */
static th_span true_piece(th_span piece, uint16_t id) {
  return id == TH_F_ResponsiblePartyOldOrganization ? TH_SPAN("ResponsiblePartyOldOrganization")
                                                    : piece;
}

static void compare_recorded(tally *t, uint32_t node, const th_field *f) {
  const th_json *j = t->j;
  const char *alt = f->alt;
  uint32_t list = th_json_get(j, node, TH_SPAN("altPieceNames"));
  assert_text(th_span_of(f->source), text_of(j, node, "sourceType"));
  if (list)
    for (th_json_each(j, list, e)) {
      size_t n = strcspn(alt, " ");
      assert_text(((th_span){alt, n}), th_json_text(j, e));
      alt += n + (alt[n] == ' ');
      t->alts++;
    }
  assert_string_equal(alt, "");
  assert_text(th_span_of(f->link_label), text_of(j, node, "dedLink.label"));
  assert_text(th_span_of(f->link_url), text_of(j, node, "dedLink.url"));
  t->links += *f->link_url != 0;
}

static void compare_new(tally *t, uint32_t node, const th_field *f) {
  const th_json *j = t->j;
  char type[80];
  snprintf(type, sizeof type, "%s%s", f->type_name, f->flags & TH_FF_LIST ? "[]" : "");
  assert_text(th_span_of(type), text_of(j, node, "type"));
  assert_text(th_span_of(f->title), text_of(j, node, "title"));
  assert_int_equal(!!(f->flags & TH_FF_INDEXED_ONLY), flag_of(j, node, "indexedOnly"));
}

static void compare_nodes(tally *t, uint32_t list, uint16_t parent) {
  const th_json *j = t->j;
  uint16_t last = 0;
  for (th_json_each(j, list, node)) {
    uint16_t id = th_field_child(parent, text_of(j, node, "name"));
    assert_int_not_equal(id, TH_F_NONE);
    const th_field *f = &th_fields[id];
    assert_true(id >= last); /* in the same order */
    last = id;
    t->nodes++;
    assert_text(th_span_of(f->piece), true_piece(text_of(j, node, "piece"), id));
    assert_int_equal(!!(f->flags & TH_FF_SYNONYMS), flag_of(j, node, "synonyms"));
    assert_int_equal(!!(f->flags & TH_FF_NESTED), flag_of(j, node, "nested"));
    assert_int_equal(f->type == TH_FT_ENUM, flag_of(j, node, "isEnum"));
    if (t->recorded)
      compare_recorded(t, node, f);
    else
      compare_new(t, node, f);
    uint32_t children = th_json_get(j, node, TH_SPAN("children"));
    assert_int_equal(!!children, f->type == TH_FT_STRUCT);
    if (children) compare_nodes(t, children, id);
  }
}

static void fields_are_the_published_ones(void **state) {
  (void)state;
  shared_json s;
  if (!shared_json_open(&s, "spec/api-v2/metadata.json")) skip();
  tally t = {.j = &s.j};
  compare_nodes(&t, 0, TH_F_NONE);
  assert_int_equal(t.nodes, TH_F_COUNT);
  shared_json_close(&s);
  if (!shared_json_open(&s, "spec/api-v2/metadata-recorded.json")) skip();
  t = (tally){.j = &s.j, .recorded = true};
  compare_nodes(&t, 0, TH_F_NONE);
  assert_int_equal(t.nodes, 454);
  assert_true(t.alts > 86 && t.links == 267);
  shared_json_close(&s);
}

static void compare_enum(const th_json *j, uint32_t node, uint16_t e) {
  const th_enum *x = &th_enums[e];
  uint32_t values = th_json_get(j, node, TH_SPAN("values")), pieces, exceptions;
  int n = 0;
  assert_text(th_span_of(x->type), text_of(j, node, "type"));
  for (th_json_each(j, values, v)) {
    assert_true(n < x->n);
    assert_text(th_span_of(x->values[n]), text_of(j, v, "value"));
    assert_text(th_span_of(x->labels[n]), text_of(j, v, "legacyValue"));
    if ((exceptions = th_json_get(j, v, TH_SPAN("exceptions"))))
      for (th_json_members(j, exceptions, key)) {
        uint16_t field = th_field_by_piece(th_json_text(j, key));
        assert_text(th_span_of(th_enum_legacy(e, n, field)), th_json_text(j, key + 1));
      }
    n++;
  }
  assert_int_equal(n, x->n);
  pieces = th_json_get(j, node, TH_SPAN("pieces"));
  uint16_t id = 0;
  for (th_json_each(j, pieces, p)) {
    while (id < TH_F_COUNT && th_fields[id].enum_id != e)
      id++;
    assert_true(id < TH_F_COUNT);
    assert_text(th_span_of(th_fields[id++].piece), th_json_text(j, p));
  }
}

static void enums_are_the_published_ones(void **state) {
  (void)state;
  shared_json s;
  if (!shared_json_open(&s, "spec/api-v2/enums.json")) skip();
  uint16_t e = 0;
  for (th_json_each(&s.j, 0, node))
    compare_enum(&s.j, node, e++);
  assert_int_equal(e, TH_E_COUNT);
  shared_json_close(&s);
}

static void compare_area(const th_json *j, uint32_t node, const th_area *a) {
  uint16_t n = 0;
  assert_text(th_span_of(a->name), text_of(j, node, "name"));
  assert_text(th_span_of(a->param), text_of(j, node, "param"));
  assert_text(th_span_of(a->label), text_of(j, node, "uiLabel"));
  uint32_t parts = th_json_get(j, node, TH_SPAN("parts"));
  for (th_json_each(j, parts, part)) {
    double weight;
    uint32_t pieces = th_json_get(j, part, TH_SPAN("pieces"));
    assert_true(th_json_number(j, th_json_get(j, part, TH_SPAN("weight")), &weight));
    for (th_json_each(j, pieces, p)) {
      assert_true(n < a->n_parts);
      assert_text(th_span_of(th_fields[a->parts[n].field].piece), th_json_text(j, p));
      assert_true(a->parts[n].weight == (float)weight);
      n++;
    }
  }
  assert_int_equal(n, a->n_parts);
}

static void areas_are_the_published_ones(void **state) {
  (void)state;
  shared_json s;
  if (!shared_json_open(&s, "spec/api-v2/search-areas.json")) skip();
  uint32_t areas = th_json_get(&s.j, 1, TH_SPAN("areas"));
  uint16_t a = 0;
  for (th_json_each(&s.j, areas, node))
    compare_area(&s.j, node, &th_areas[a++]);
  assert_int_equal(a, TH_A_COUNT);
  shared_json_close(&s);
}

static void areas_and_columns(void **state) {
  (void)state;
  assert_int_equal(th_area_by_name(TH_SPAN("TitleSearch")), TH_A_TitleSearch);
  assert_int_equal(th_area_by_param(TH_SPAN("cond")), TH_A_ConditionSearch);
  assert_int_equal(th_area_by_param(TH_SPAN("")), TH_A_NONE);
  assert_int_equal(th_area_by_name(TH_SPAN("titlesearch")), TH_A_NONE);
  for (size_t c = 0; c < TH_CSV_COLUMN_COUNT; c++)
    for (const char *p = th_csv_columns[c].pieces; *p;) {
      size_t n = strcspn(p, " ");
      assert_int_not_equal(th_field_by_piece((th_span){p, n}), TH_F_NONE);
      p += n + (p[n] == ' ');
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tree_hangs_together),
      cmocka_unit_test(look_ups),
      cmocka_unit_test(ordered_types),
      cmocka_unit_test(names_are_unique),
      cmocka_unit_test(enum_spellings),
      cmocka_unit_test(enum_spellings_find_back),
      cmocka_unit_test(areas_and_columns),
      cmocka_unit_test(fields_are_the_published_ones),
      cmocka_unit_test(enums_are_the_published_ones),
      cmocka_unit_test(areas_are_the_published_ones),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
