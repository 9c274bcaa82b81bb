/* What matching patients needs of a generation of the index, worked out once and used by any number
 * of threads: a server's API and portal ask the same desk. Beside the snapshot it takes 4 bytes a
 * class of postings and 8 a study for the newest generation (5 MB for 600,000 studies), and
 * TH_SHELF_BYTES for texts shown lately; an older one's as long as a request holds it. */
#ifndef TH_NATIVE_DESK_H
#define TH_NATIVE_DESK_H

#include "match/find.h"
#include "query/expand.h"
#include "registry/registry.h"

typedef struct th_desk th_desk;

/* The registry must outlive it. NULL: out of memory. */
th_desk *th_desk_new(th_registry *registry) TH_MUST_USE;
void th_desk_free(th_desk *desk); /* nobody sits there any more; NULL is allowed */

/* Makes the newest generation ready in a thread of its own, if it is not: ranker, dictionary and
 * what the first match of a patient reads of the index, so that nobody's request waits for it.
 * Returns at once; a server calls it when it starts and whenever a generation is new. */
void th_desk_warm(th_desk *desk);

/* A generation with its dictionary and ranker, held until it is given back. */
typedef struct th_seat {
  const th_snapshot *snapshot;
  th_concepts dict;
  th_expander expander;
  th_ranker *ranker;
  unsigned held;
} th_seat;
/* The newest generation. The first to ask after a change waits while it is made ready; so do those
 * who come meanwhile. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_desk_take(th_desk *desk, const th_seat **out, th_err *err) TH_MUST_USE;
void th_desk_give(th_desk *desk, const th_seat *seat); /* NULL is allowed */
/* The patient's options for a reading at this seat, with the limits of a server: memory of one
 * patient. */
th_patient_options th_seat_options(const th_seat *seat);

enum {
  TH_DESK_BODY_MAX = 16 << 20,    /* bytes of a record that a request brings */
  TH_DESK_MEMORY_MAX = 256 << 20, /* of one patient while it is read */
  TH_DESK_STUDIES_MAX = 100,      /* that one answer explains */
};

#endif
