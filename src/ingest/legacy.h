/* Inside of the legacy converter: rows that map elements to members, and a writer that leaves out
 * what would be empty. */
#ifndef TH_INGEST_LEGACY_H
#define TH_INGEST_LEGACY_H

#include "base/json.h"
#include "ingest/xml_tree.h"
#include "study/catalogue.h"

typedef struct th_legacy {
  th_arena arena;
  unsigned max_depth;
  th_jout w;
  th_buf scratch;
} th_legacy;

/* Opens an object or list ('{', '[') as the member `key` (NULL: as an element); close takes it
 * back when nothing was put into it. */
typedef struct th_legacy_mark {
  size_t from, begin;
  bool need_comma, after_key;
  char kind;
} th_legacy_mark;

th_legacy_mark th_legacy_open(th_legacy *x, const char *key, char kind);
void th_legacy_close(th_legacy *x, th_legacy_mark mark);

typedef enum th_legacy_kind {
  LX_TEXT,
  LX_MARKUP,
  LX_ENUM,
  LX_DATE,        /* "January 5, 2004" → "2004-01-05" */
  LX_DATE_STRUCT, /* the same with its type: {"date", "type"} */
  LX_BOOL,        /* Yes, No */
  LX_INT,
  LX_TEXTS, /* all elements of that name: a list */
  LX_ENUMS,
} th_legacy_kind;

typedef struct th_legacy_row {
  const char *key, *path; /* path as th_xml_at takes it */
  th_legacy_kind kind;
  uint16_t enum_id;
} th_legacy_row;

/* One member for each row whose element is there and says something. */
void th_legacy_rows(th_legacy *x, const th_xml_node *node, const th_legacy_row *rows, size_t n);
/* The same as an object; nothing when no row gave a member. */
void th_legacy_object(th_legacy *x, const char *key, const th_xml_node *node,
                      const th_legacy_row *rows, size_t n);
void th_legacy_text(th_legacy *x, const char *key, th_span s); /* nothing when empty */
/* The v2 spelling; a label that the catalogue does not know is spelt as v2 would. */
void th_legacy_enum(th_legacy *x, const char *key, uint16_t enum_id, th_span s);
void th_legacy_bool(th_legacy *x, const char *key, bool v);

/* A text block of the XML as v2 markup, appended: see legacy_text.c. */
void th_legacy_markup(th_span block, th_buf *out);
/* The resultsSection out of <clinical_results>. */
void th_legacy_results(th_legacy *x, const th_xml_node *results);

#define LX_ROWS(rows) (rows), TH_COUNT(rows)

#endif
