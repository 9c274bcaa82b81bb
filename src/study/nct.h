/* NCT numbers: "NCT" and eight digits, written by people in many ways, kept as the number. */
#ifndef TH_STUDY_NCT_H
#define TH_STUDY_NCT_H

#include "base/common.h"

#define TH_NCT_MAX 99999999u
#define TH_NCT_LEN 11 /* "NCT00000102" */

/* Reads a whole text of the form ^[Nn][Cc][Tt]0*[1-9]\d{0,7}$ (API v2's pattern of ids). False,
 * and *out untouched, when it has not this form. */
bool th_nct_parse(th_span s, uint32_t *out) TH_MUST_USE;
/* "NCT00000102"; out has room for TH_NCT_LEN + 1 bytes. Returns out. nct <= TH_NCT_MAX. */
char *th_nct_format(uint32_t nct, char out[TH_NCT_LEN + 1]);

/* The next number in a text that a person typed or pasted, from byte `from` on: also "NCT
 * 00000102", "NCT-00000102", "NCT#102", "NCT: 102", but not inside a word and with at most nine
 * digits. False when there is none; else *match is its place in the text. Linear in the text. */
bool th_nct_find(th_span text, size_t from, th_span *match, uint32_t *nct) TH_MUST_USE;

#endif
