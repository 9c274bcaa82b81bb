/* FHIR resources by themselves, brought together by the patient that they are about. */
#ifndef TH_COHORT_BULK_H
#define TH_COHORT_BULK_H

#include "base/arena.h"
#include "base/json.h"

typedef enum th_bulk_what {
  TH_BULK_NONE,    /* no resource by itself: a Bundle, an array, a form, or no JSON */
  TH_BULK_PATIENT, /* a Patient */
  TH_BULK_ABOUT,   /* about a patient */
  TH_BULK_DRUG,    /* a Medication: about nobody, named by others */
  TH_BULK_OTHER,   /* of a type that says nothing here, or about nobody */
} th_bulk_what;

/* What a text is; id: of the patient, or of the Medication; drug: the Medication that it names, or
 * empty. Both are borrowed from the parser. */
typedef struct th_bulk_text {
  th_bulk_what what;
  th_span id, drug;
} th_bulk_text;
/* A quick look tells most Bundles and forms; all else is parsed. */
void th_bulk_look(th_bulk_text *out, th_json_parser *parser, th_span text);

typedef struct th_bulk_piece {
  uint64_t hash; /* of id */
  const char *p; /* id, then drug, then the resource; in arena */
  uint32_t id, drug, n;
  uint32_t seq;
  uint8_t what;
} th_bulk_piece;

/* Pieces of one part of the patients: those whose id hashes to `part` among `parts`. */
typedef struct th_bulk {
  th_arena arena;
  th_bulk_piece *pieces; /* owned */
  uint32_t n, cap;
  size_t bytes, max; /* of resources about patients */
  uint64_t first;    /* hash of one of them */
  bool several;      /* not all are of one patient */
  uint32_t seq, part, parts;
  bool any;         /* there was a piece of any part */
  uint32_t n_drugs; /* the last so many pieces are Medications */
} th_bulk;

void th_bulk_init(th_bulk *b, size_t max);
void th_bulk_dispose(th_bulk *b); /* overwritten */
/* Forgets all pieces, for the next part. */
void th_bulk_next(th_bulk *b, uint32_t part);
/* Keeps a copy when it is of the part. When there are more than max bytes in the first part, there
 * are twice as many parts from then on. */
int th_bulk_add(th_bulk *b, const th_bulk_text *what, th_span text, th_err *err) TH_MUST_USE;
/* Puts the pieces in order, those of one patient beside each other. */
void th_bulk_order(th_bulk *b);
/* The patient that begins at piece *at, as a JSON array; *at goes behind it. False at the end. has:
 * whether a Patient is among the *n resources. */
bool th_bulk_patient(const th_bulk *b, uint32_t *at, th_buf *out, bool *has, uint32_t *n);

#endif
