/* What has changed between two versions of a record, field by field, in the words of the pages. */
#ifndef TH_PORTAL_STUDY_DIFF_H
#define TH_PORTAL_STUDY_DIFF_H

#include "base/arena.h"
#include "base/json.h"
#include "portal/html.h"

enum {
  TH_STUDY_DIFF_SHOWN = 400,     /* changes written; further ones are counted */
  TH_STUDY_DIFF_STEPS = 3000000, /* of comparing (diff.h), for a whole page */
};

/* Writes a section (h2) for each module that differs, in the order of the record, and in it every
 * change: what the field is called, and its text with <del> and <ins>. Members of lists are matched
 * by what names them (title, label, place …), so that order alone is no change. What the registry
 * derives from a record is left out, as study pages do. *changes: how many there are. Errors:
 * TH_ENOMEM; those of the page are th_html_finish's. */
int th_study_diff(th_html *h, const th_json *from, const th_json *to, th_arena *arena,
                  unsigned *changes, th_err *err) TH_MUST_USE;
/* The label of a field, in English (a message); NULL when it goes by what it is part of. */
const char *th_study_diff_label(uint16_t field);

#endif
