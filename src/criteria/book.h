/* The criteria book: what was read of the criteria of every study, kept beside the index, so that
 * nobody reads the texts again to search by them or to judge a patient. A file a segment (a side
 * file of index/index.h), with a tree for each document that was live when it was written.
 *
 *   file     := magic[8]="THCRT\r\n\x01" tree{…} section{TH_CRITERIA_SECTIONS} foot
 *   foot     := u32 version u32 n_docs basis place{TH_CRITERIA_SECTIONS} u64 hash
 *   basis    := byte reader[16] u64 attributes u64 dictionary u64 vocabularies u64 n_studies
 *   place    := u64 offset u64 bytes
 *               hash: the XXH3-64 of all before it. All numbers are little-endian; trees start at
 *               multiples of 4, sections of 8, with zeros between. reader: TH_ELIG_READER, filled
 *               with zeros
 *
 *   STARTS   := u32{n_docs + 1}     where the document's tree starts, in units of 4 bytes; one that
 *                                   starts where the next does is none
 *   STRINGS  := (u32 n, byte{n}, 0)*      named by the offset of its n
 *   CONCEPTS := (u32 label, u32 code)*    two strings; named by its place
 *
 *   tree     := v n_nodes, v n_facts, node{n_nodes}, fact{n_facts}, v n_names, name{n_names}
 *   node     := u8 kind + 4 combine + 16 depth, u8 flags below 16 + 16 how + 64 (has at_least) +
 * 128 flag 16 z from, v to - from, [v number] [v at_least] [v n_facts | v n_inside] from: from the
 * start of the node before when that is a group, else from its end. how: 0 number follows, 1 it is
 * 0, 2 it is one more than that of the last node of this depth and kind (behind a node that is less
 * deep: 1). n_facts for a leaf, n_inside (nodes) for a group. Facts belong to the leaves in their
 * order fact     := numeric | concept, by bit 0 of the first byte numeric  := u8 0 + 2 negated + 4
 * guard + 8 window + 16 unit + 32 high + 64 canonical
 *               + 128 (canonical unit is not the attribute's), u8 relation + 8 reference
 *               + 32 low included + 64 high included + 128 links, v attribute, number value,
 *               [v unit] [number high] [number low, number high of the canonical] [v unit]
 *               place …
 *   concept  := u8 1 + 2 negated + 4 guard + 8 window + 16 family + 32 degree + 64 time,
 *               u8 category + 32 a result + 64 named + 128 links, v concept, [v degree] place …
 *   name     := v node - the last name's (at first its place in the tree), u8 category
 *               + 128 negated, u8 why, v concept, z from (from the last name's start, for a leaf's
 *               first from the leaf's), v to - from
 *   …        := [u8 links] [guard] [window], for a numeric one then within (its name) within (its
 *               value), for a concept that is named within (its name), for a result within (its
 *               words)
 *   place    := z from (from the last fact's start, for a leaf's first from the leaf's),
 *               v to - from
 *   guard    := u8 kind + 4 (1 F, 2 M) + 16 has_age [number low, number high] within
 *   window   := u8 relation + 8 forward + 16 high + 32 unit + 64 since, number value [number high]
 *               [v unit] within
 *   within   := z from - fact's from, v to - from
 *   number   := v t: 0 none (NAN), 1 then f64, 2 infinity, 3 the fact's value, 4 the fact's
 *               high, else t - 5 = 4 m + d: m / 10^d, m as in z
 *   v        := LEB128; z := v of (n << 1) ^ (n >> 63). unit, degree: a string */
#ifndef TH_CRITERIA_BOOK_H
#define TH_CRITERIA_BOOK_H

#include "base/arena.h"
#include "base/common.h"
#include "concept/concept.h"
#include "eligibility/eligibility.h"
#include "index/index.h"

/* The kind of the side file (index/index.h). */
#define TH_CRITERIA_SIDE 0x54524354u /* "TCRT" */
#define TH_CRITERIA_MAGIC "THCRT\r\n\x01"

enum { TH_CRITERIA_VERSION = 6, TH_CRITERIA_READER_MAX = 16 };

enum {
  TH_CRITERIA_STARTS,
  TH_CRITERIA_STRINGS,
  TH_CRITERIA_CONCEPTS,
  TH_CRITERIA_SECTIONS,
};

/* What a book was made with. */
typedef struct th_criteria_basis {
  char reader[TH_CRITERIA_READER_MAX];
  uint64_t attributes;   /* hash of the table of attributes: facts name its rows */
  uint64_t dictionary;   /* hash of what the dictionary calls things; 0 without one */
  uint64_t vocabularies; /* hash of the imported ones in it */
  uint64_t n_studies;    /* of the index when all of it was last read with one dictionary */
} th_criteria_basis;

/* The basis of what is read now. Hashes all labels of the dictionary: some 30 ns each. */
void th_criteria_basis_now(th_criteria_basis *out, const th_concepts *dict);
/* Whether trees of that basis mean what they say to this program: its reader and its attributes. */
bool th_criteria_basis_fits(const th_criteria_basis *basis);

/* ---- one file ---- */

/* A view; borrows its bytes and needs no disposal. Zero: no file. Any number of threads may use
 * one. */
typedef struct th_criteria_file {
  const uint8_t *bytes;
  const uint32_t *starts;
  const uint8_t *strings, *concepts;
  uint32_t n_docs;
  size_t n_trees; /* bytes up to the first section */
  size_t n_strings, n_concepts;
  th_criteria_basis basis;
} th_criteria_file;

/* bytes: 8-byte aligned, borrowed as long as the view is used. verify: hash all of it. Errors:
 * TH_ECORRUPT; TH_EINPUT for a file of another version, reader or table of attributes. */
int th_criteria_file_open(th_criteria_file *out, const void *bytes, size_t n, bool verify,
                          th_err *err) TH_MUST_USE;
/* The file of a segment of a snapshot, valid as long as that is held; a zero view when it has none
 * that this program can use. Errors: TH_ECORRUPT. */
int th_criteria_file_of(th_criteria_file *out, const th_snapshot *snapshot, uint32_t segment,
                        th_err *err) TH_MUST_USE;
/* As th_criteria_book_tree. */
int th_criteria_file_tree(const th_criteria_file *file, uint32_t doc, th_arena *arena,
                          th_elig_tree *out, th_err *err) TH_MUST_USE;

/* ---- the files of a snapshot ---- */

typedef struct th_criteria_book {
  const th_snapshot *snapshot;
  const th_criteria_file *files; /* one a segment, zero where there is none; in arena */
  uint32_t n_missing;            /* segments without one: not written yet, or another reader's */
} th_criteria_book;

/* Valid as long as snapshot and arena. A few looks a segment; the first time in a generation all
 * bytes are hashed. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_criteria_book_open(th_criteria_book *out, const th_snapshot *snapshot, th_arena *arena,
                          th_err *err) TH_MUST_USE;
/* The tree of a study: what th_elig_read_concepts gave, but for its text, which is empty until
 * th_criteria_set_text; guards in words and JSON need it. In arena; strings are borrowed from the
 * snapshot. About a microsecond and 3 KB of arena. Errors: TH_ENOTFOUND when the book has none,
 * TH_ECORRUPT, TH_ENOMEM. */
int th_criteria_book_tree(const th_criteria_book *book, uint32_t nct, th_arena *arena,
                          th_elig_tree *out, th_err *err) TH_MUST_USE;
/* The same for a document of a segment. */
int th_criteria_book_doc(const th_criteria_book *book, uint32_t segment, uint32_t doc,
                         th_arena *arena, th_elig_tree *out, th_err *err) TH_MUST_USE;

/* Where a fact stands, and the most of what it says. Facts of a book with the same `says` are the
 * same in all but their places and links (64 bits of a hash). */
typedef struct th_criteria_ref {
  const uint8_t *at;
  uint64_t says;
  uint32_t base; /* where its place is counted from */
  uint32_t name; /* its attribute, or its concept: a place for th_criteria_file_concept */
  uint8_t type, category;
  bool negated, guarded, has_degree;
  bool beyond; /* a number beyond one time the limit of normal: "elevated ALT" */
} th_criteria_ref;

/* A tree with its facts unread: who judges many studies reads each fact that they share once.
 * Reading one looks up strings that lie anywhere in the file; an outline is read from the tree's
 * own 360 bytes. */
typedef struct th_criteria_outline {
  th_elig_tree tree;           /* its nodes, and how many facts; without facts and names until
                                * th_criteria_outline_facts */
  const th_criteria_ref *refs; /* a fact each */
  const th_criteria_file *file;
  uint32_t segment;
  const uint8_t *names, *end; /* what stands behind the facts */
  const uint8_t *marks;       /* a byte for each node and each fact, by who judges it with its text
                               * (match/marks.h); NULL: none yet */
} th_criteria_outline;

/* Label and code of a concept. Errors: TH_ECORRUPT. */
int th_criteria_file_concept(const th_criteria_file *file, uint32_t concept, th_span *label,
                             th_span *code, th_err *err) TH_MUST_USE;
/* As th_criteria_book_doc, and as th_criteria_file_tree of a segment's file; what is wrong with a
 * fact is found when that is read. */
int th_criteria_file_outline(const th_criteria_file *file, uint32_t segment, uint32_t doc,
                             th_arena *arena, th_criteria_outline *out, th_err *err) TH_MUST_USE;
int th_criteria_book_outline(const th_criteria_book *book, uint32_t segment, uint32_t doc,
                             th_arena *arena, th_criteria_outline *out, th_err *err) TH_MUST_USE;
/* Has the bytes of a document's tree brought near, ahead of reading it. */
void th_criteria_book_fetch(const th_criteria_book *book, uint32_t segment, uint32_t doc);
/* One fact as the tree has it. Errors: TH_ECORRUPT. */
int th_criteria_outline_fact(const th_criteria_outline *outline, uint32_t i, th_elig_fact *out,
                             th_err *err) TH_MUST_USE;
/* All of them, and the names, into outline->tree, in arena. Errors: TH_ECORRUPT, TH_ENOMEM. */
int th_criteria_outline_facts(th_criteria_outline *outline, th_arena *arena,
                              th_err *err) TH_MUST_USE;

/* Gives a tree the text that it was read from: the criteria of the record with the document's seq
 * (borrowed). TH_ECORRUPT when the tree reaches beyond it. */
int th_criteria_set_text(th_elig_tree *tree, th_span text, th_err *err) TH_MUST_USE;

/* Every tree of a live study, segment by segment; the arena is reset before each. Anything but 0
 * from fn ends the walk and is returned. */
typedef int (*th_criteria_fn)(void *ctx, uint32_t nct, uint32_t segment, uint32_t doc,
                              const th_elig_tree *tree);
int th_criteria_book_each(const th_criteria_book *book, th_arena *arena, th_criteria_fn fn,
                          void *ctx, th_err *err) TH_MUST_USE;

#endif
