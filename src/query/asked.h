/* Tables that are worked out once they were asked for often enough, and kept within bounds: counts
 * of what is asked for, and the tables, in slots by a hash of what they are of. Readers take no
 * lock. What a table holds is its owner's (hot.h, impacts.h, phrases.h): it begins with a
 * th_asked_table. */
#ifndef TH_QUERY_ASKED_H
#define TH_QUERY_ASKED_H

#include <stdatomic.h>

#include "base/common.h"

typedef struct th_asked_table {
  uint64_t key;   /* what it is of, never 0 */
  uint64_t bytes; /* that it takes of the room */
} th_asked_table;

/* A slot whose key has not come to its table may be taken by another key; one with a table stays.
 */
typedef struct th_asked_slot {
  _Atomic uint64_t key; /* counted here; 0: nobody's */
  _Atomic(th_asked_table *) table;
  _Atomic uint32_t asked; /* TH_ASKED_REFUSED: there will be no table */
} th_asked_slot;
#define TH_ASKED_REFUSED UINT32_MAX

typedef struct th_asked {
  th_asked_slot *slots; /* cleared; borrowed */
  unsigned n;
  uint64_t room;          /* most bytes */
  _Atomic uint64_t bytes; /* of all tables, and those that room was taken for */
} th_asked;

/* Room of so many bytes a document, between two bounds. */
uint64_t th_asked_room(uint64_t a_doc, uint32_t n_docs, uint64_t least, uint64_t most);

#define TH_ASKED_NO_SLOT UINT32_MAX
/* The table of a key, or NULL: then *slot is where it may be counted, TH_ASKED_NO_SLOT when the
 * slots that it may have are all taken by tables. */
const void *th_asked_find(th_asked *a, uint64_t key, unsigned *slot);
/* Counts `times` more for the key in its slot, which becomes the key's. Returns how often it was
 * asked for by now (threads may lose some), or TH_ASKED_REFUSED. */
uint32_t th_asked_count(th_asked *a, unsigned slot, uint64_t key, uint32_t times);
/* The slot's key gets no table, unless th_asked_keep brings one: whoever asks next does not try. */
void th_asked_refuse(th_asked *a, unsigned slot);
/* Takes room for a table, so that threads together do not pass the limit; false: there is none. */
bool th_asked_take_room(th_asked *a, uint64_t bytes);
void th_asked_give_room(th_asked *a, uint64_t bytes);
/* Puts a table, for which room is taken, into its slot: owned by `a` from then on. False: another
 * table is there; the room is given back, the table still the caller's. */
bool th_asked_keep(th_asked *a, unsigned slot, th_asked_table *table);
/* Frees the tables. No reader may be left. */
void th_asked_dispose(th_asked *a, void (*free_table)(th_asked_table *));

#endif
