/* One pass over a parsed record, driven by the catalogue.
 *
 * The walk checks the JSON type of every field it knows and calls the visitor for each. What it
 * does not know it steps over and reports as odd: the record's bytes are kept elsewhere, nothing is
 * lost by it. */
#ifndef TH_STUDY_WALK_H
#define TH_STUDY_WALK_H

#include "base/json.h"
#include "study/catalogue.h"

typedef enum th_odd {
  TH_ODD_KEY,  /* a key that the catalogue does not have here */
  TH_ODD_NULL, /* null, which the registry never writes; counts as absent */
  TH_ODD_ENUM, /* a value that the field's enum does not have */
} th_odd;

/* Any of the functions may be NULL. Visitors that can fail keep the failure in ctx. */
typedef struct th_study_visitor {
  /* A leaf, or one element of a list of scalars; node is the value. A geo point comes as its
   * object. item: in which element of the outermost list of structs (th_field.list) it stands, from
   * 0 - the site for all of Location…, the arm for ArmGroup… -, 0 outside of such lists. */
  void (*value)(void *ctx, uint16_t field, uint32_t node, uint32_t item);
  /* Round a struct; node is the object. item: its place in its own list, 0 for a single struct. */
  void (*enter)(void *ctx, uint16_t field, uint32_t node, uint32_t item);
  void (*leave)(void *ctx, uint16_t field, uint32_t node, uint32_t item);
  /* field: the struct (KEY; TH_F_NONE for the record itself) or the field; node: the key (KEY) or
   * the value. */
  void (*odd)(void *ctx, th_odd what, uint16_t field, uint32_t node);
  /* A list, before its elements; node is the array. */
  void (*list)(void *ctx, uint16_t field, uint32_t node);
} th_study_visitor;

/* Errors: TH_EINPUT with the field's path and the byte offset when a value has not the JSON type
 * that its field has. What was visited until then was visited. */
int th_study_walk(const th_json *j, const th_study_visitor *visitor, void *ctx,
                  th_err *err) TH_MUST_USE;

/* Whether the document is a study record: an object with a well-formed NCT number in its place and
 * every known field of its type. *nct (may be NULL) gets the number, also when a type is wrong and
 * 0 when there is none, so that a report can name the record. Errors: TH_EINPUT. */
int th_study_check(const th_json *j, uint32_t *nct, th_err *err) TH_MUST_USE;

/* Latitude and longitude in degrees of a geo point's node; false when it is not one or out of
 * range. */
bool th_study_geo(const th_json *j, uint32_t node, double *lat, double *lon) TH_MUST_USE;

#endif
