#include "api/oas.h"

#include "api/oas_endpoints.h"
#include "base/json.h"
#include "study/catalogue.h"

#include <stdio.h>

/* ---- small pieces ---- */

static void put_ref(th_jout *w, const char *schema) {
  char ref[96];
  snprintf(ref, sizeof ref, "#/components/schemas/%s", schema);
  th_jout_object(w);
  th_jout_kv_str(w, "$ref", ref);
  th_jout_end_object(w);
}

/* An object that is JSON already, as the value of key. */
static void put_raw(th_jout *w, const char *key, const char *json) {
  th_jout_key(w, key);
  th_jout_raw(w, th_span_of(json));
}

/* ---- parameters ---- */

static bool is_list(const th_oas_param *p) {
  return p->kind == TH_OAS_LIST || p->kind == TH_OAS_WORDS || p->kind == TH_OAS_STATUS;
}

static void put_items(th_jout *w, const th_oas_param *p) {
  th_jout_kv_str(w, "type", "array");
  th_jout_kv_i64(w, "minItems", 1);
  th_jout_key(w, "items");
  if (p->kind == TH_OAS_STATUS) {
    put_ref(w, "Status");
    return;
  }
  th_jout_object(w);
  th_jout_kv_str(w, "type", "string");
  if (p->kind == TH_OAS_LIST)
    th_jout_kv_str(w, "pattern", p->more);
  else
    th_jout_kv_words(w, "enum", p->more);
  th_jout_end_object(w);
}

static void put_schema(th_jout *w, const th_oas_param *p) {
  th_jout_key(w, "schema");
  th_jout_object(w);
  if (is_list(p)) {
    put_items(w, p);
  } else if (p->kind == TH_OAS_BOOL) {
    th_jout_kv_str(w, "type", "boolean");
    th_jout_kv_bool(w, "default", false);
  } else if (p->kind == TH_OAS_COUNT) {
    th_jout_kv_str(w, "type", "integer");
    th_jout_kv_str(w, "format", "int32");
    th_jout_kv_i64(w, "minimum", 0);
    th_jout_kv_i64(w, "default", 10);
  } else {
    th_jout_kv_str(w, "type", "string");
    if (p->kind == TH_OAS_PATTERN) th_jout_kv_str(w, "pattern", p->more);
    if (p->kind == TH_OAS_WORD) th_jout_kv_words(w, "enum", p->more);
    if (p->kind == TH_OAS_WORD)
      th_jout_kv_text(w, "default", (th_span){p->more, strcspn(p->more, " ")});
  }
  th_jout_end_object(w);
}

static void put_param(th_jout *w, const th_oas_param *p) {
  th_jout_object(w);
  th_jout_kv_str(w, "name", p->name);
  th_jout_kv_str(w, "in", p->in_path ? "path" : "query");
  th_jout_kv_str(w, "description", p->description);
  th_jout_kv_bool(w, "required", p->in_path);
  if (is_list(p)) {
    th_jout_kv_str(w, "style", "pipeDelimited");
    th_jout_kv_bool(w, "explode", false);
  }
  put_schema(w, p);
  th_jout_end_object(w);
}

/* ---- answers ---- */

static void put_plain(th_jout *w, const char *status, const char *description) {
  th_jout_key(w, status);
  th_jout_object(w);
  th_jout_kv_str(w, "description", description);
  put_raw(w, "content",
          "{\"text/plain\":{\"schema\":{\"$ref\":\"#/components/schemas/errorMessage\"}}}");
  th_jout_end_object(w);
}

static void put_bare(th_jout *w, const char *status, const char *description) {
  th_jout_key(w, status);
  th_jout_object(w);
  th_jout_kv_str(w, "description", description);
  th_jout_end_object(w);
}

static void put_responses(th_jout *w, const th_oas_endpoint *e) {
  th_jout_key(w, "responses");
  th_jout_object(w);
  th_jout_key(w, "200");
  th_jout_object(w);
  th_jout_kv_str(w, "description", "OK");
  th_jout_key(w, "content");
  th_jout_object(w);
  for (unsigned i = 0; i < TH_OAS_TYPES && e->types[i].media; i++) {
    th_jout_key(w, e->types[i].media);
    th_jout_object(w);
    th_jout_key(w, "schema");
    put_ref(w, e->types[i].schema);
    th_jout_end_object(w);
  }
  th_jout_end_object(w);
  th_jout_end_object(w);
  if (e->redirects) put_bare(w, "301", "The number is obsolete: the study has another");
  put_bare(w, "304", "The client holds this state of the data");
  put_plain(w, "400", "Bad request, in a sentence");
  if (e->may_miss) put_plain(w, "404", "Not found, in a sentence");
  put_plain(w, "414", "The address is too long");
  th_jout_end_object(w);
}

static void put_endpoint(th_jout *w, const th_oas_endpoint *e) {
  th_jout_key(w, e->path);
  th_jout_object(w);
  th_jout_key(w, "get");
  th_jout_object(w);
  th_jout_kv_str(w, "operationId", e->id);
  th_jout_kv_str(w, "summary", e->summary);
  th_jout_kv_words(w, "tags", e->tag);
  th_jout_key(w, "parameters");
  th_jout_array(w);
  for (unsigned i = 0; i < e->n_params; i++)
    put_param(w, &e->params[i]);
  th_jout_end_array(w);
  put_responses(w, e);
  th_jout_end_object(w);
  th_jout_end_object(w);
}

/* ---- schemas of records, from the catalogue ---- */

/* The schema of one value of a leaf. */
static void put_leaf(th_jout *w, const th_field *f) {
  switch (f->type) {
  case TH_FT_STRUCT:
  case TH_FT_ENUM:
    put_ref(w, f->type_name);
    return;
  case TH_FT_GEO_POINT:
    put_ref(w, "GeoPoint");
    return;
  case TH_FT_BOOL:
    th_jout_raw(w, TH_SPAN("{\"type\":\"boolean\"}"));
    return;
  case TH_FT_INT:
    th_jout_raw(w, TH_SPAN("{\"type\":\"integer\"}"));
    return;
  case TH_FT_NUMBER:
    th_jout_raw(w, TH_SPAN("{\"type\":\"number\"}"));
    return;
  case TH_FT_DATE:
    th_jout_raw(w, TH_SPAN("{\"type\":\"string\",\"format\":\"date\"}"));
    return;
  case TH_FT_PARTIAL_DATE:
    th_jout_raw(w, TH_SPAN("{\"type\":\"string\",\"pattern\":\"^\\\\d{4}(-\\\\d{2}){0,2}$\"}"));
    return;
  case TH_FT_NCT:
    th_jout_raw(w, TH_SPAN("{\"type\":\"string\",\"pattern\":\"^NCT\\\\d{8}$\"}"));
    return;
  default:
    th_jout_raw(w, TH_SPAN("{\"type\":\"string\"}"));
  }
}

static bool in_records(const th_field *f) {
  return !(f->flags & (TH_FF_INDEXED_ONLY | TH_FF_HISTORIC));
}

/* Several structs share a type: a member that stands in more than one is written once. */
static bool seen_before(const char *type, uint16_t member) {
  for (uint16_t f = 0; f < member; f++) {
    uint16_t up = th_fields[f].parent;
    if (up != TH_F_NONE && strcmp(th_fields[up].type_name, type) == 0 &&
        in_records(&th_fields[f]) && strcmp(th_fields[f].name, th_fields[member].name) == 0)
      return true;
  }
  return false;
}

/* The members of all structs of a type; NULL: the sections of a study. */
static void put_members(th_jout *w, const char *type) {
  th_jout_object(w);
  th_jout_kv_str(w, "type", "object");
  th_jout_key(w, "properties");
  th_jout_object(w);
  for (uint16_t id = 0; id < TH_F_COUNT; id++) {
    const th_field *f = &th_fields[id];
    bool inside = type ? f->parent != TH_F_NONE && !strcmp(th_fields[f->parent].type_name, type)
                       : f->parent == TH_F_NONE;
    if (!inside || !in_records(f) || (type && seen_before(type, id))) continue;
    th_jout_key(w, f->name);
    if (f->flags & TH_FF_LIST) {
      th_jout_object(w);
      th_jout_kv_str(w, "type", "array");
      th_jout_key(w, "items");
    }
    put_leaf(w, f);
    if (f->flags & TH_FF_LIST) th_jout_end_object(w);
  }
  th_jout_end_object(w);
  th_jout_end_object(w);
}

static void put_structs(th_jout *w) {
  for (uint16_t id = 0; id < TH_F_COUNT; id++) {
    const char *type = th_fields[id].type_name;
    bool first = th_fields[id].type == TH_FT_STRUCT;
    for (uint16_t f = 0; f < id && first; f++)
      first = th_fields[f].type != TH_FT_STRUCT || strcmp(th_fields[f].type_name, type) != 0;
    if (!first) continue;
    th_jout_key(w, type);
    put_members(w, type);
  }
}

static void put_enums(th_jout *w) {
  for (uint16_t e = 0; e < TH_E_COUNT; e++) {
    th_jout_key(w, th_enums[e].type);
    th_jout_object(w);
    th_jout_kv_str(w, "type", "string");
    th_jout_key(w, "enum");
    th_jout_array(w);
    for (int i = 0; i < th_enums[e].n; i++)
      th_jout_str(w, th_enums[e].values[i]);
    th_jout_end_array(w);
    th_jout_end_object(w);
  }
}

/* ---- schemas of the other answers ---- */

#define REF(name) "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST_OF(item) "{\"type\":\"array\",\"items\":" item "}"
#define STRING "{\"type\":\"string\"}"
#define INTEGER "{\"type\":\"integer\"}"
#define NUMBER "{\"type\":\"number\"}"
#define BOOLEAN "{\"type\":\"boolean\"}"
#define BINARY "{\"type\":\"string\",\"format\":\"binary\"}"
#define OBJECT(required, properties)                                                               \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[" required                    \
  "],\"properties\":{" properties "}}"
#define FIELD_STATS                                                                                \
  "\"type\":" REF("FieldStatsType") ",\"piece\":" STRING ",\"field\":" STRING                      \
                                    ",\"missingStudiesCount\":" INTEGER
#define FIELD_STATS_REQUIRED "\"type\",\"piece\",\"field\",\"missingStudiesCount\""

static const struct {
  const char *name, *json;
} others[] = {
    {"PagedStudies", OBJECT("\"studies\"", "\"totalCount\":" INTEGER
                                           ",\"studies\":" LIST_OF(REF("Study")) ",\"nextPageToken"
                                                                                 "\":" STRING)},
    {"Csv", STRING},
    {"Ris", STRING},
    {"Zip", BINARY},
    {"Fhir", "{\"type\":\"object\",\"required\":[\"resourceType\"],\"properties\":{"
             "\"resourceType\":{\"type\":\"string\",\"enum\":[\"Bundle\"]}}}"},
    {"errorMessage", STRING},
    {"GeoPoint", OBJECT("\"lat\",\"lon\"", "\"lat\":" NUMBER ",\"lon\":" NUMBER)},
    {"WebLink", OBJECT("\"url\"", "\"label\":" STRING ",\"url\":" STRING)},
    {"FieldNode",
     OBJECT("\"name\",\"piece\",\"sourceType\",\"type\"",
            "\"name\":" STRING ",\"piece\":" STRING ",\"sourceType\":" STRING ",\"type\":" STRING
            ",\"title\":" STRING ",\"rules\":" STRING ",\"nested\":" BOOLEAN ",\"isEnum\":" BOOLEAN
            ",\"synonyms\":" BOOLEAN ",\"indexedOnly\":" BOOLEAN ",\"historicOnly\":" BOOLEAN
            ",\"altPieceNames\":" LIST_OF(STRING) ",\"dedLink\":" REF(
                "WebLink") ",\"children\":" LIST_OF(REF("FieldNode")))},
    {"FieldNodeList", LIST_OF(REF("FieldNode"))},
    {"SearchPart",
     OBJECT("\"pieces\",\"type\",\"isEnum\",\"isSynonyms\",\"weight\"",
            "\"pieces\":" LIST_OF(STRING) ",\"type\":" STRING ",\"isEnum\":" BOOLEAN
                                          ",\"isSynonyms\":" BOOLEAN ",\"weight\":" NUMBER)},
    {"SearchArea",
     OBJECT("\"name\",\"parts\"", "\"name\":" STRING ",\"param\":" STRING ",\"uiLabel\":" STRING
                                  ",\"parts\":" LIST_OF(REF("SearchPart")))},
    {"SearchDocumentList",
     LIST_OF(OBJECT("\"name\",\"areas\"",
                    "\"name\":" STRING ",\"areas\":" LIST_OF(REF("SearchArea"))))},
    {"EnumItem",
     OBJECT("\"value\",\"legacyValue\"",
            "\"value\":" STRING ",\"legacyValue\":" STRING
            ",\"exceptions\":{\"type\":\"object\",\"additionalProperties\":" STRING "}")},
    {"EnumInfoList", LIST_OF(OBJECT("\"type\",\"pieces\",\"values\"",
                                    "\"type\":" STRING ",\"pieces\":" LIST_OF(
                                        STRING) ",\"values\":" LIST_OF(REF("EnumItem"))))},
    {"SizeStats",
     OBJECT("\"averageSizeBytes\",\"largestStudies\",\"percentiles\",\"ranges\",\"totalStudies\"",
            "\"averageSizeBytes\":" INTEGER ",\"totalStudies\":" INTEGER
            ",\"percentiles\":{\"type\":\"object\",\"additionalProperties\":" INTEGER
            "},\"largestStudies\":" LIST_OF(OBJECT(
                "\"id\",\"sizeBytes\"",
                "\"id\":" STRING ",\"sizeBytes\":" INTEGER)) ","
                                                             "\"ranges\":" LIST_OF(OBJECT(
                                                                 "\"sizeRange\",\"studiesCount\"",
                                                                 "\"sizeRange\":" STRING
                                                                 ",\"studiesCount\":" INTEGER)))},
    {"FieldStatsType", "{\"type\":\"string\",\"enum\":[\"ENUM\",\"STRING\",\"DATE\",\"INTEGER\","
                       "\"NUMBER\",\"BOOLEAN\"]}"},
    {"FieldValuesStats",
     OBJECT(
         FIELD_STATS_REQUIRED, FIELD_STATS
         ",\"uniqueValuesCount\":" INTEGER ",\"trueCount\":" INTEGER ",\"falseCount\":" INTEGER
         ",\"min\":{},\"max\":{},\"avg\":" NUMBER
         ",\"formats\":" LIST_OF(STRING) ",\"topValues\":" LIST_OF(OBJECT(
             "\"value\",\"studiesCount\"",
             "\"value\":" STRING
             ",\"studiesCount\":" INTEGER)) ",\"longest\":" OBJECT("\"length\",\"nctId\",\"value\"",
                                                                   "\"length\":" INTEGER
                                                                   ",\"nctId\":" STRING
                                                                   ",\"value\":" STRING))},
    {"FieldValuesStatsList", LIST_OF(REF("FieldValuesStats"))},
    {"ListSizes",
     OBJECT("\"piece\",\"field\",\"uniqueSizesCount\"",
            "\"piece\":" STRING ",\"field\":" STRING ",\"uniqueSizesCount\":" INTEGER
            ",\"minSize\":" INTEGER ",\"maxSize\":" INTEGER ",\"topSizes\":" LIST_OF(OBJECT(
                "\"size\",\"studiesCount\"", "\"size\":" INTEGER ",\"studiesCount\":" INTEGER)))},
    {"ListSizesList", LIST_OF(REF("ListSizes"))},
    {"Version", OBJECT("\"apiVersion\",\"dataTimestamp\"",
                       "\"apiVersion\":" STRING ",\"dataTimestamp\":" STRING)},
};

void th_oas_put(th_buf *out) {
  th_jout w;
  th_jout_init(&w, out, false);
  th_jout_object(&w);
  th_jout_kv_str(&w, "openapi", "3.0.3");
  put_raw(&w, "info",
          "{\"title\":\"Trialhead: the registry's API v2\",\"version\":\"2.0.5\",\"description\":"
          "\"Study records, search and statistics, as ClinicalTrials.gov's own API has them.\"}");
  put_raw(&w, "servers", "[{\"url\":\"/api/v2\",\"description\":\"This server\"}]");
  put_raw(&w, "tags", "[{\"name\":\"Studies\"},{\"name\":\"Stats\"},{\"name\":\"Version\"}]");
  th_jout_key(&w, "paths");
  th_jout_object(&w);
  for (unsigned i = 0; i < th_n_oas_endpoints; i++)
    put_endpoint(&w, &th_oas_endpoints[i]);
  th_jout_end_object(&w);
  th_jout_key(&w, "components");
  th_jout_object(&w);
  th_jout_key(&w, "schemas");
  th_jout_object(&w);
  th_jout_key(&w, "Study");
  put_members(&w, NULL);
  put_structs(&w);
  put_enums(&w);
  for (size_t i = 0; i < TH_COUNT(others); i++)
    put_raw(&w, others[i].name, others[i].json);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
  th_jout_end_object(&w);
}
