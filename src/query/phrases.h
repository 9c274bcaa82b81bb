/* In which documents of a segment phrases stand that are asked for often: then nobody has to look
 * at places. Made when a phrase was looked for in as many documents as its rarest word has, or
 * ahead (warm.h); kept with the segment, within bounds. What is found is the same with and without.
 */
#ifndef TH_QUERY_PHRASES_H
#define TH_QUERY_PHRASES_H

#include "index/segment.h"
#include "query/asked.h"

/* A phrase of a segment: its words where they stand from the first of them on, in the fields of a
 * scope. Exact forms and anchors have no lists. */
typedef struct th_phrase_word {
  const uint8_t *postings; /* which word it is */
  uint32_t at;
} th_phrase_word;

typedef struct th_phrase_name {
  uint64_t key; /* th_phrase_name_key */
  unsigned scope;
  uint32_t n;
  th_phrase_word *words;
} th_phrase_name;
uint64_t th_phrase_name_key(const th_phrase_name *name);

/* clang-format off */
/* The documents of one phrase, the live and the others.
 *   bytes := bit*       a bit a document of the segment, when that is shorter
 *          | varint*    document - the one before (the first: + 1), 7 bits a byte, the lowest first
 */
/* clang-format on */
typedef struct th_phrase_list {
  th_asked_table table;
  th_phrase_name name; /* its words stand behind the bytes */
  uint32_t n_docs, n_bytes;
  bool bits;
  uint8_t bytes[];
} th_phrase_list;

enum { TH_PHRASE_SLOTS = 4096 };

/* Bytes that the lists of a segment may take. */
uint64_t th_phrases_room(const th_segment *s);
/* The list of a phrase, or NULL: then *slot is as in th_asked_find. */
const th_phrase_list *th_phrases_find(th_asked *set, const th_phrase_name *name, unsigned *slot);
/* Makes a list of the documents in the bitmap and keeps it in the slot of the phrase, which was
 * refused before. NULL: no room, no memory, or another one is there by now. */
const th_phrase_list *th_phrases_keep(th_asked *set, unsigned slot, const th_segment *s,
                                      const th_phrase_name *name, const uint64_t *docs);
/* Sets the bits of its documents. */
void th_phrase_list_read(const th_phrase_list *list, uint64_t *docs);
void th_phrases_dispose(th_asked *set);

#endif
