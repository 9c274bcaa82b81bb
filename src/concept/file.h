/* The dictionary's file.
 *
 *   file     := magic[8]="THCPT\r\n\x01" u64 hash u32 version u32 n_sections u64 bytes u64 basis
 *               section{n_sections} padding, then each section's body
 *   section  := u64 offset u64 bytes, in the order of TH_CONCEPT_SECTION…; offsets are multiples
 * of 8
 *
 * hash is the XXH3-64 of everything behind it, little-endian as all numbers. Bodies:
 *
 *   STRINGS  := (u16 length, bytes)*; a string is named by the offset of its length
 *   SOURCES  := (u32 name, u32 detail, u32 flags)*; flag 1: of the records
 *   CONCEPTS := concept* and one more whose firsts are the ends
 *   concept  := u32 label, u32 first_label, first_code, first_parent, first_child, u32 n_records,
 *               u32 kind
 *   LABELS   := label*, those of a concept together, the preferred one first
 *   label    := u32 text, u32 concept, u32 n_records, u32 nct, u16 source, u16 weight (1000 = 1),
 *               u8 relation, u8 flags, u16 0
 *   CODES    := (u32 text, u32 concept, u32 own)*, those of a concept together
 *   ORDER    := u32 code*, by folded prefix, then bytes, own codes first
 *   PARENTS, CHILDREN := u32 concept*
 *   WORDS    := u32 key*: distinct keys of words
 *   SLOTS    := u64*, a power of two: 0 or (high half of the key's XXH3-64) << 32 | word + 1;
 *               linear probing from the low half
 *   ROOTS    := u32 node* by word, 0 for none
 *   NODES    := node* and one more whose firsts are the ends; node 0 is the root and has no
 *               children of its own (ROOTS has them)
 *   node     := u32 word, u32 first_child, u32 first_hit. Children of a node stand together, by
 *               ascending word
 *   HITS     := u32 label*: of the labels whose words end at a node, the most likely first */
#ifndef TH_CONCEPT_FILE_H
#define TH_CONCEPT_FILE_H

#include "concept/concept.h"

#define TH_CONCEPT_MAGIC "THCPT\r\n\x01"

enum {
  TH_CONCEPT_VERSION = TH_CONCEPT_FILE_VERSION,
  TH_CONCEPT_HASHED_FROM = 16,
  TH_CONCEPT_HEAD = 40,
};

enum {
  TH_CONCEPT_STRINGS,
  TH_CONCEPT_SOURCES,
  TH_CONCEPT_CONCEPTS,
  TH_CONCEPT_LABELS,
  TH_CONCEPT_CODES,
  TH_CONCEPT_ORDER,
  TH_CONCEPT_PARENTS,
  TH_CONCEPT_CHILDREN,
  TH_CONCEPT_WORDS,
  TH_CONCEPT_SLOTS,
  TH_CONCEPT_ROOTS,
  TH_CONCEPT_NODES,
  TH_CONCEPT_HITS,
  TH_CONCEPT_SECTIONS
};

typedef struct th_file_source {
  uint32_t name, detail, flags;
} th_file_source;
typedef struct th_file_concept {
  uint32_t label, first_label, first_code, first_parent, first_child, n_records, kind;
} th_file_concept;
typedef struct th_file_label {
  uint32_t text, concept_id, n_records, nct;
  uint16_t source, weight;
  uint8_t relation, flags;
  uint16_t zero;
} th_file_label;
typedef struct th_file_code {
  uint32_t text, concept_id, own;
} th_file_code;
typedef struct th_file_node {
  uint32_t word, first_child, first_hit;
} th_file_node;

/* ---- what the files of this room share ---- */

/* Empty when the offset is none. */
th_span th_concepts_string(const th_concepts *d, uint32_t at);
/* The word of a key; false when no label has it. */
bool th_concepts_word(const th_concepts *d, th_span key, uint32_t *word);
/* The node below a node (0: the root) by a word; 0 when there is none. */
uint32_t th_concepts_step(const th_concepts *d, uint32_t node, uint32_t word);
/* The labels that end at a node. */
const uint32_t *th_concepts_hits(const th_concepts *d, uint32_t node, uint32_t *n);
/* Order of codes: prefix up to ':' in capitals, then bytes. */
int th_concept_code_cmp(th_span a, th_span b);

#endif
