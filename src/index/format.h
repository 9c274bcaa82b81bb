/* clang-format off */
/* The segment file: one immutable, memory-mapped piece of the index.
 *
 * All integers are little-endian. Sections are aligned to 64 bytes; TH_PAD zero bytes stand behind
 * the last one, so that vector loads may run over an end; the bytes between two sections are zero
 * too. The sections stand in the order of their ids, each exactly once. The head and CHUNKS are
 * checked when the segment is opened; every other chunk of TH_CHUNK bytes is hashed once, when the
 * first accessor reads in it, and all of them by th_segment_verify (see segment.h).
 *
 *   file      := head section{N} pad
 *   head      := magic[8]="THSEG\r\n\x01" u32 version u32 n_docs u64 fingerprint u64 first_seq
 *                u64 last_seq u32 n_sections u32 reserved entry{n_sections} u64 head_hash
 *   entry     := u32 id u32 reserved u64 offset u64 len u64 hash
 *                hash: XXH3-64 of the section's chunk hashes as they stand in CHUNKS; of CHUNKS
 *                itself: of its bytes. head_hash: XXH3-64 of everything before it. reserved: 0
 *
 *   CHUNKS    := for each other section, by id: u64 hash{ceil(len / TH_CHUNK)}
 *                XXH3-64 of bytes [k * TH_CHUNK, min(len, (k + 1) * TH_CHUNK)) of the section
 *
 * fingerprint names the analysis: catalogue, tokenizer, weights, format. A segment with another
 * fingerprint is not opened but rebuilt from the store.
 *
 * Documents are numbered 0 … n_docs-1 within the segment ("doc"). A document is one version of one
 * study; n_docs is 1 to TH_SEGMENT_MAX_DOCS. Its text is a set of fields; the words of a field
 * stand at positions 0, 1, 2 …; the values of a list follow each other with one position left free
 * between two values. Fields are ids of the catalogue (< TH_F_COUNT); the first field delta of a
 * list counts from 0. Tables `start` count from the first byte behind the table, their last entry
 * is the end.
 *
 *   DOCS      := u32 nct{n_docs} u32 by_nct{n_docs} u32 seq{n_docs}
 *                by_nct: the documents in ascending order of (nct, seq); seq: less the head's first_seq,
 *                differs within one nct
 *   LENGTHS   := u32 start{n_docs+1} bytes; bytes of doc d: varint pairs (field delta, length in
 *                positions, >= 1), ascending by field
 *   NORMS     := for each bounded area (TH_BOUND_AREAS): u8 norm{n_docs}
 *                norm = th_norm_encode of the weighted length of the document in that area
 *
 * A posting is (doc, class). A class says in which fields the term stands in the document and how
 * often in each: the posting lists of all areas and of every single field are one list.
 *
 *   CLASSES   := u32 n_classes u32 start{D + G + 1} bytes      D = min(n_classes, TH_CLASSES_DIRECT),
 *                                                              G = ceil((n_classes - D) / TH_CLASS_GROUP)
 *   class     := varint pairs (field delta, tf >= 1), ascending by field. Class 0 is the most
 *                frequent in the segment, class 1 the next, and so on; equal ones bytewise.
 *                The first D classes have a start each, the others one a group of TH_CLASS_GROUP:
 *   group     := (count(shared) count(more) (gamma((field delta >> 3) + 1) low 3 bits of it
 *                gamma(tf)){more}){<= TH_CLASS_GROUP}, bits from and to whole bytes
 *                shared: pairs in common with the class before in the group, 0 for its first; more:
 *                those that follow; field delta: less 1, but for the first pair of a class
 *   count(v)  := v >> 1 ones, a zero, the low bit of v
 *   gamma(v)  := k = floor(log2 v) ones, a zero, the low k bits of v
 *
 * Terms are stems of folded words, 1 to TH_TERM_MAX bytes, strictly ascending in bytewise order,
 * front-coded in blocks of TH_TERM_BLOCK (all full but the last):
 *
 *   TERMS     := u32 n_terms u32 n_blocks u64 block_start{n_blocks+1} bytes
 *   termblock := term{<= TH_TERM_BLOCK}
 *   term      := head varint ((df - 1) * 4 + (cf > df) * 2 + more) [varint cf - df - 1]
 *                varint postings_delta [varint positions_delta]
 *                [varint (n_forms * 2 + stem_first) form*]
 *   head      := u8 (min(rest_len, 15) * 16 + min(shared, 15)) [varint shared - 15] [varint rest_len - 15]
 *                rest, of rest_len bytes
 *   form      := head, shared being what it shares with the stem
 *                (surface forms, folded but not stemmed, most frequent first, at most TH_TERM_MAX
 *                bytes; the position of a form in this list is its form code. n_forms: 1 to
 *                TH_FORMS_MAX. stem_first: form 0 is the stem itself and is not written. Without
 *                `more` the stem is the only form)
 *
 * shared is 0 at the start of a block; postings_delta and positions_delta are the byte lengths of
 * the PREVIOUS term's lists in the block (absolute offset at the start of a block), so that offsets
 * add up; the last list of a block ends where the next block's first begins, or with the section.
 * A term with df < TH_BLOCK has no list in POSITIONS: behind it, but for the start of a block,
 * positions_delta is left out.
 *
 *   POSTINGS  := list{n_terms}
 *   list      := tail spots                        df < TH_BLOCK, one bit stream
 *              | index block{df / TH_BLOCK} tail   else
 *   index     := u32 last_doc{B} u32 end{B} u8 bound{B * TH_BOUND_AREAS}      B = df / TH_BLOCK
 *                end[i]: where block i ends, from the first block's first byte;
 *                bound[i * TH_BOUND_AREAS + a]: the largest saturation (score.h) of the block's
 *                postings in bounded area a, times 255, rounded up
 *   block     := u8 doc_bits u8 class_bits u8 n_exceptions packed(doc deltas - 1) packed(low class bits)
 *                [u8 high_bits (index in 7 bits, high class bits in high_bits){n_exceptions}]
 *   tail      := (rice(doc delta - 1) class){df % TH_BLOCK}, a bit stream from and to whole bytes
 *   rice(v)   := v >> k ones, a zero, the low k bits of v; k = floor(log2(n_docs / df))
 *   class     := 0 in 2 bits, class in 4 bits | 1, class - 16 in 8 bits | 2, class - 272 in 13 bits
 *              | 3, class in ceil(log2(n_classes)) bits
 *
 * Doc deltas: the first of a list counts from -1 (delta = doc + 1), so every delta is >= 1. In a
 * packed block delta - 1 is stored. packed(): codec.h, TH_BLOCK values of doc_bits (class_bits) each.
 *
 * Positions take just the bits that the field's length asks for:
 *
 *   POSITIONS := poslist{terms with df >= TH_BLOCK}
 *   poslist   := u32 block_end{B} spots{B} [spots of the tail]
 *                (B as above; block_end in bytes from the first bit; each starts at a byte)
 *   spots     := [skip] posting{n}                 n: the postings of the block or tail
 *   skip      := only when n > TH_SPOT_GROUP: w in 5 bits, then for each whole group of TH_SPOT_GROUP
 *                postings but the last group: the length of its postings in bits, in w bits
 *   posting   := occurrences.h: positions by the fields of the class, each within the
 *                field's length, then the forms. A term stands at most once at a position of a field: when a
 *                joined form and one of its parts have one stem, one of them is kept.
 *
 *   COLUMNS   := u32 n_columns column_head{n_columns} data
 *   column_head := u16 field u8 kind u8 width u8 flags u8 reserved[3] i64 base u32 n_rows u32 n_values
 *                u64 docs_off u64 starts_off u64 values_off u64 dict_off u64 dict_len
 *                (64 bytes, ascending by field; offsets from the section's start, multiples of 8,
 *                0 = absent; width 1, 2, 4 or 8)
 *     MASK    : values: uint of `width` bytes a document; bit i = enum value i, highest used bit =
 *               a value the catalogue does not know; booleans: bit 0 false, bit 1 true
 *     VALUES  : docs: the documents that have a row (absent when every document has one):
 *                 u32{n_rows} ascending, or with flag 1, where that is shorter:
 *                 u64 set{ceil(n_docs / 64)} u32 before{ceil(n_docs / 256)}
 *                 set: a bit a document, those beyond n_docs 0; before: rows of earlier 256s
 *               starts: where each row's values begin (absent when each row holds one value):
 *                 u32{n_rows+1}, or with flag 2, where no difference is above 65,535:
 *                 u32 base{n_rows / 64 + 1} u16 low{n_rows+1}; start i = base[i / 64] + low[i]
 *               values: value - base as uint of `width` bytes
 *               integers as they are; dates: first day * 4 + precision (date.h); ages: minutes;
 *               numbers: th_double_key (order-preserving bits of the double)
 *     KEYWORD : as VALUES, the value an ordinal of the dictionary: dict := u32 n u32 start{n+1}
 *               bytes, strings in bytewise order
 *
 *   Columns are numbered by field; behind the fields of the catalogue come the BREAKS columns, number
 *   TH_COLUMN_BREAKS + field, one for each text field, of kind VALUES: where the values of a text lie.
 *   A row holds, for each value of the field in the record's order, how many positions it takes (0: it
 *   takes none, not even the free one before it); a document with one value has no row. For fields of
 *   a site that its numbers in SITES do not give (zip, contacts) every document with a value has a row,
 *   and the number of the value's site, from 0, stands above TH_BREAK_SITE_SHIFT bits of length.
 *   Rows of other VALUES and KEYWORD columns ascend and hold each value once.
 *   The column of a list of structs without a Num… field holds the lengths of its lists.
 *
 *   SITES     := u32 n_sites u32 start{n_docs+1} i32 lat{n} i32 lon{n} u32 country{n} u32 state{n}
 *                u32 city{n} u32 facility{n} u8 status{n}
 *                lat, lon in 1e-6 degrees, TH_NO_POINT when absent; ordinals of the KEYWORD columns
 *                LocationCountry … + 1, 0 = absent; status: enum value + 1, 0 = absent
 */
/* clang-format on */
#ifndef TH_INDEX_FORMAT_H
#define TH_INDEX_FORMAT_H

#include "base/common.h"

enum {
  TH_SEGMENT_VERSION = 5,
  TH_BLOCK = 128,
  TH_TERM_BLOCK = 32,
  TH_CLASSES_DIRECT = 4096,
  TH_CLASS_GROUP = 16,
  TH_SPOT_GROUP = 8,
  TH_TERM_MAX = 255,     /* bytes of a stem or a form */
  TH_FORMS_MAX = 0xFFFF, /* surface forms of a stem */
  TH_CHUNK = 1 << 16,    /* bytes under one checksum */
  TH_SEGMENT_MAX_DOCS = 1 << 24,
  /* Areas with a bound in each block: BasicSearch, ConditionSearch, InterventionSearch,
   * TitleSearch, LocationSearch, and all text. */
  TH_BOUND_AREAS = 6,
  TH_BREAK_SITE_SHIFT = 20,
  TH_COLUMN_SET = 1, /* flags of a column */
  TH_COLUMN_NARROW = 2,
  TH_SET_GROUP = 256, /* documents between two counts of a column's set */
  TH_START_GROUP = 64,
};

#define TH_NO_POINT INT32_MIN
#define TH_SEGMENT_MAGIC "THSEG\r\n\x01"

typedef enum th_section_id {
  TH_SEC_DOCS = 1,
  TH_SEC_LENGTHS,
  TH_SEC_NORMS,
  TH_SEC_CLASSES,
  TH_SEC_TERMS,
  TH_SEC_POSTINGS,
  TH_SEC_POSITIONS,
  TH_SEC_COLUMNS,
  TH_SEC_SITES,
  TH_SEC_CHUNKS,
  TH_SEC_COUNT = TH_SEC_CHUNKS,
} th_section_id;

typedef enum th_column_kind { TH_COL_MASK = 1, TH_COL_VALUES, TH_COL_KEYWORD } th_column_kind;

#endif
