/* The `fields` parameter: which parts of a record a client wants, and cutting them out. */
#ifndef TH_API_PROJECT_H
#define TH_API_PROJECT_H

#include "base/json.h"
#include "study/catalogue.h"

enum { TH_FIELD_WORDS = (TH_F_COUNT + 63) / 64 };

/* A set of fields. whole: with all inside it; path: something inside it is chosen. */
typedef struct th_selection {
  uint64_t whole[TH_FIELD_WORDS], path[TH_FIELD_WORDS];
} th_selection;

void th_selection_add(th_selection *selection, uint16_t field);
/* All fields that an area searches, of those that stand in a record. */
void th_selection_add_area(th_selection *selection, uint16_t area);
/* Adds what the list names, separated by commas or '|': pieces (also older names), dotted paths,
 * search areas, and "@query" for the fields in asked (NULL: that name is not known here). Errors:
 * TH_EUSAGE in the registry's words. */
int th_selection_parse(th_selection *selection, th_span list, const th_selection *asked,
                       th_err *err) TH_MUST_USE;

/* Appends the chosen parts (NULL: all) of a record in its own order and nesting, compact; lists of
 * structs keep an object for each element. Structs that a chosen field would stand in are kept,
 * even when empty. legacy: markup as the classic system had it (classic.h). Errors show in out. */
void th_project(th_buf *out, const th_json *j, const th_selection *selection, bool legacy);
/* Appends a JSON text without line breaks: as it is when it has none, else without the blanks
 * between its tokens. */
void th_json_compact(th_buf *out, th_span json);

#endif
