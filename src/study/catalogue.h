/* The catalogue: what a study record is made of, in one table.
 *
 * fields.def has one row a field ("piece"), enums.def the enums, areas.def the search areas,
 * columns.def the CSV columns, definitions.def the links to the registry's definitions. Everything
 * else here - parents, paths, look-up tables - is worked out from the rows before main() starts,
 * into static memory, and never changes after that: any thread may read it. */
#ifndef TH_STUDY_CATALOGUE_H
#define TH_STUDY_CATALOGUE_H

#include "base/common.h"

typedef enum th_ftype {
  TH_FT_STRUCT,
  TH_FT_TEXT,
  TH_FT_MARKUP,
  TH_FT_NCT,
  TH_FT_ENUM,
  TH_FT_BOOL,
  TH_FT_INT,
  TH_FT_NUMBER,
  TH_FT_DATE,         /* yyyy-MM-dd */
  TH_FT_PARTIAL_DATE, /* yyyy, yyyy-MM or yyyy-MM-dd */
  TH_FT_DATETIME,     /* yyyy-MM-ddTHH:mm */
  TH_FT_AGE,          /* "18 Years" */
  TH_FT_GEO_NAME,
  TH_FT_GEO_POINT, /* {lat, lon} in degrees */
  TH_FT_KEYWORD,   /* text that is only ever matched whole */
} th_ftype;

/* Whether the values of a type have an order: they can be ranges, and are kept as numbers. */
static inline bool th_ftype_is_ordered(uint8_t type) {
  switch (type) {
  case TH_FT_INT:
  case TH_FT_NUMBER:
  case TH_FT_DATE:
  case TH_FT_PARTIAL_DATE:
  case TH_FT_DATETIME:
  case TH_FT_AGE:
    return true;
  default:
    return false;
  }
}

enum {
  TH_FF_LIST = 1,         /* an array in the record */
  TH_FF_SYNONYMS = 2,     /* the registry searches it with synonyms */
  TH_FF_INDEXED_ONLY = 4, /* in no record: counted or computed from it */
  TH_FF_HISTORIC = 8,     /* only in versions of the past */
  TH_FF_NESTED = 16,      /* each element is searched as a document of its own */
  TH_FF_FACET = 32,       /* text that gets a dictionary column, for facets, filters and sorting */
};

/* TH_F_NCTId … in the order of the table, which is the order of a record. */
enum {
#define F(depth, piece, ...) TH_F_##piece,
#include "study/fields.def"
#undef F
  TH_F_COUNT,
  TH_F_NONE = 0xFFFF
};

/* TH_E_Phase …: the enums; and in each, TH_Phase_PHASE1 …: the values. */
enum {
#define ENUM(type) TH_E_##type,
#define VALUE(type, value, label)
#define END(type)
#define EXCEPT(type, value, piece, label)
#include "study/enums.def"
#undef ENUM
#undef VALUE
#undef END
  TH_E_COUNT,
  TH_E_NONE = 0xFFFF
};
#define ENUM(type) enum {
#define VALUE(type, value, label) TH_##type##_##value,
#define END(type)                                                                                  \
  TH_##type##_COUNT                                                                                \
  }                                                                                                \
  ;
#include "study/enums.def"
#undef ENUM
#undef VALUE
#undef END
#undef EXCEPT

/* All strings are NUL-terminated, static, never NULL. */
typedef struct th_field {
  const char *piece, *name, *path; /* "NCTId", "nctId", "protocolSection.….nctId" */
  const char *title, *type_name;   /* type_name without "[]" */
  const char *source, *alt;        /* see fields.def */
  const char *link_label, *link_url;
  uint16_t id, parent;                /* parent: TH_F_NONE for a section */
  uint16_t first_child, next_sibling; /* TH_F_NONE when there is none */
  uint16_t end;                       /* first field behind this one and all inside it */
  uint16_t list;           /* outermost list of structs around it, or itself; TH_F_NONE */
  uint16_t enum_id, flags; /* enum_id: TH_E_NONE unless TH_FT_ENUM */
  uint8_t type, depth;     /* th_ftype */
  uint8_t name_len, path_len;
} th_field;

extern const th_field *const th_fields; /* TH_F_COUNT of them */

/* A field by its piece name or an older one ("Sex", "Gender"). TH_F_NONE when there is none. Case
 * counts in all three, as it does in the registry. */
uint16_t th_field_by_piece(th_span name);
/* The same, or a dotted path ("protocolSection.designModule.phases"). */
uint16_t th_field_by_path(th_span name);
/* The field under `parent` (TH_F_NONE: a section) with this key. A few nanoseconds: it is asked for
 * every key of every record. */
uint16_t th_field_child(uint16_t parent, th_span key);

typedef struct th_enum {
  const char *type;
  const char *const *values; /* as API v2 writes them */
  const char *const *labels; /* classic spelling */
  uint16_t n;
} th_enum;

extern const th_enum th_enums[TH_E_COUNT];

/* Index of the value spelt in the v2 or the classic way (that of any field), any case; -1 when it
 * is none of them. */
int th_enum_value(uint16_t enum_id, th_span spelling);
/* The v2 spelling; NULL when i is out of range. */
const char *th_enum_name(uint16_t enum_id, int i);
/* The classic label as used in `field` (TH_F_NONE: in general); NULL when i is out of range. */
const char *th_enum_legacy(uint16_t enum_id, int i, uint16_t field);

/* A label of one value in one field that differs from the enum's own. */
typedef struct th_enum_except {
  uint16_t enum_id, value, field;
  const char *label;
} th_enum_except;
extern const th_enum_except th_enum_excepts[];
extern const size_t th_enum_excepts_n;

/* TH_A_ConditionSearch …: the search areas. */
enum {
#define AREA(name, param, label) TH_A_##name,
#define PART(piece, weight)
#define END(name)
#include "study/areas.def"
#undef AREA
#undef PART
#undef END
  TH_A_COUNT,
  TH_A_NONE = 0xFFFF
};

typedef struct th_area_part {
  uint16_t field;
  float weight; /* 0 to 1 */
} th_area_part;

typedef struct th_area {
  const char *name, *param, *label; /* param, label: "" when the registry gives none */
  const th_area_part *parts;
  uint16_t n_parts;
} th_area;

extern const th_area th_areas[TH_A_COUNT];

/* TH_A_NONE when there is none. by_param: "cond", without "query.". */
uint16_t th_area_by_name(th_span name);
uint16_t th_area_by_param(th_span param);

/* A column of the CSV form. */
typedef struct th_csv_column {
  const char *title;
  const char *pieces; /* the fields it is made of, separated by blanks */
} th_csv_column;

#define TH_CSV_COLUMN_COUNT 30
extern const th_csv_column th_csv_columns[TH_CSV_COLUMN_COUNT];

#endif
