/* Inside of an open index: what manifest.c reads and writes, generation.c keeps, tiers.c chooses.
 *
 *   manifest := magic[8]="THMAN\r\n\x01" u64 hash u32 version u32 n_segments u64 generation
 *               u64 fingerprint u64 applied_seq u64 next_number u64 applied_mark
 *               u32 n_sides u32 0 entry{n_segments} side{n_sides}
 *   entry    := u64 number u64 bytes u64 head_hash u32 n_docs u32 n_live u64 live_generation
 *               u64 live_hash
 *   side     := u32 kind u32 0 u64 number u64 bytes u64 hash u64 owner u64 basis
 *   live     := magic[8]="THLIV\r\n\x01" u64 hash u64 number u64 generation u32 n_docs u32 n_live
 *               u64 word{ceil(n_docs / 64)}
 *
 * hash is the XXH3-64 of everything behind it. number names the segment file and is never used
 * again; head_hash is the hash at the end of the segment's head, so that no other file can take its
 * place. applied_mark is the caller's (index.h). live_generation 0: all documents are live and
 * there is no bitmap; else the file's name and live_hash tell which bitmap. Bit d of the words:
 * document d is live; bits behind n_docs are 0. A side's hash is the XXH3-64 of the whole file;
 * owner is the number of the segment that it belongs to, 0 for the whole index; kind and basis are
 * its maker's. */
#ifndef TH_INDEX_INDEX_PRIVATE_H
#define TH_INDEX_INDEX_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "base/file.h"
#include "index/index.h"

enum {
  TH_INDEX_VERSION = 3,
  TH_INDEX_PATH_MAX = PATH_MAX,
  TH_INDEX_SEGMENTS_MAX = 1 << 16,
  TH_INDEX_SIDES_MAX = 1 << 17,
  TH_INDEX_SLOTS = 256, /* generations that readers may hold at one time */
};

/* ---- files ---- */

typedef struct th_manifest_entry {
  uint64_t number, bytes, head_hash;
  uint32_t n_docs, n_live;
  uint64_t live_generation, live_hash;
} th_manifest_entry;

typedef struct th_manifest_side {
  uint32_t kind;
  uint64_t number, bytes, hash, owner, basis;
} th_manifest_side;

typedef struct th_manifest {
  uint64_t hash, generation, fingerprint, applied_seq, applied_mark, next_number;
  uint32_t n, n_sides;
  th_manifest_entry *entries; /* owned */
  th_manifest_side *sides;    /* owned */
} th_manifest;

/* Errors: TH_ENOTFOUND, TH_ECORRUPT, TH_EINPUT (another version or analysis); out then holds
 * nothing. */
int th_manifest_read(th_manifest *out, const char *dir, th_err *err) TH_MUST_USE;
int th_manifest_write(th_manifest *m, const char *dir, th_err *err) TH_MUST_USE; /* sets hash */
void th_manifest_dispose(th_manifest *m);
/* The hash that the manifest on disk claims to have, without reading the rest; 0 when there is
 * none. */
uint64_t th_manifest_peek(const char *dir);

/* A live bitmap, counted: generations share those that did not change. */
typedef struct th_live {
  _Atomic uint32_t refs;
  uint64_t number, generation, hash; /* hash 0: not written yet */
  uint32_t n_docs, n_live;
  uint64_t words[];
} th_live;

size_t th_live_words(uint32_t n_docs);
/* from NULL: all live. A copy of the bits with one reference. NULL: out of memory. */
th_live *th_live_new(uint64_t number, uint64_t generation, uint32_t n_docs, const th_live *from);
int th_live_read(th_live **out, const char *dir, const th_manifest_entry *entry,
                 th_err *err) TH_MUST_USE;
int th_live_write(th_live *live, const char *dir, th_err *err) TH_MUST_USE; /* sets hash */
th_live *th_live_hold(th_live *live); /* NULL is all live, and passes */
void th_live_release(th_live *live);

void th_index_segment_path(const char *dir, uint64_t number, char out[TH_INDEX_PATH_MAX]);
void th_index_live_path(const char *dir, uint64_t number, uint64_t generation,
                        char out[TH_INDEX_PATH_MAX]);
void th_index_manifest_path(const char *dir, char out[TH_INDEX_PATH_MAX]);
void th_index_side_path(const char *dir, uint64_t number, char out[TH_INDEX_PATH_MAX]);
bool th_index_side_number(const char *name, uint64_t *number);
/* What a name in the folder is. False: none of the index's files. */
bool th_index_file_number(const char *name, uint64_t *number, uint64_t *live_generation);
/* Removes every file of the index in the folder that m (NULL: nothing) does not name. *highest:
 * the largest segment number met. */
int th_index_sweep(const char *dir, const th_manifest *m, uint64_t *highest,
                   th_err *err) TH_MUST_USE;

/* ---- generations ---- */

/* An open segment, counted by the generations that hold it. */
typedef struct th_part {
  _Atomic uint32_t refs;
  uint64_t number, head_hash;
  th_segment *segment;
} th_part;

/* verify: hash all of it now. */
int th_part_open(th_part **out, const char *dir, uint64_t number, bool verify,
                 th_err *err) TH_MUST_USE;
th_part *th_part_hold(th_part *part);
void th_part_release(th_part *part);

/* A mapped side file, counted likewise. */
typedef struct th_side_file {
  _Atomic uint32_t refs;
  _Atomic int state; /* 0 not hashed yet, 1 good, 2 damaged */
  th_manifest_side entry;
  th_map map;
} th_side_file;

int th_side_open(th_side_file **out, const char *dir, const th_manifest_side *entry,
                 th_err *err) TH_MUST_USE;
/* A file that no manifest names yet: its length and hash are taken from its bytes. */
int th_side_adopt(th_side_file **out, const char *dir, th_manifest_side entry,
                  th_err *err) TH_MUST_USE;
th_side_file *th_side_hold(th_side_file *s);
void th_side_release(th_side_file *s);
int th_side_verify(th_side_file *s, th_err *err) TH_MUST_USE;

typedef struct th_generation {
  th_snapshot snapshot; /* first: readers hold a pointer to it */
  unsigned slot;
  th_manifest manifest; /* of exactly this generation */
  th_part **parts;
  th_live **lives;      /* NULL = all live */
  th_side_file **sides; /* manifest.n_sides */
} th_generation;

/* What will be a generation. Items are counted references. */
typedef struct th_draft_item {
  th_part *part;
  th_live *live;
  bool changed; /* live is this draft's own copy */
} th_draft_item;
typedef struct th_draft {
  uint64_t generation, applied_seq, applied_mark, next_number;
  size_t n, cap;
  th_draft_item *items;
  size_t n_dropped;
  uint64_t *dropped; /* numbers of the segments that th_draft_drop_dead took out */
  size_t n_sides;
  th_side_file **sides;
} th_draft;

int th_draft_init(th_draft *d, const th_generation *from, size_t more, th_err *err) TH_MUST_USE;
void th_draft_dispose(th_draft *d);
/* Takes over both references. */
void th_draft_insert(th_draft *d, size_t at, th_part *part, th_live *live);
void th_draft_remove(th_draft *d, size_t at);
int th_draft_kill(th_draft *d, size_t item, uint32_t doc, th_err *err) TH_MUST_USE;
bool th_draft_is_live(const th_draft *d, size_t item, uint32_t doc);
/* The documents of item i push out older ones of the same study everywhere, and are pushed out by
 * newer ones. */
int th_draft_supersede(th_draft *d, size_t i, th_err *err) TH_MUST_USE;
/* Kills the documents of nct whose seq is below. */
int th_draft_forget(th_draft *d, uint32_t nct, uint64_t seq, th_err *err) TH_MUST_USE;
/* Takes out the segments without any live document. */
void th_draft_drop_dead(th_draft *d);

/* Takes over the reference; one of the same kind and owner goes. */
int th_draft_add_side(th_draft *d, th_side_file *side, th_err *err) TH_MUST_USE;
/* Takes out the sides of segments that are gone, or all. */
void th_draft_drop_sides(th_draft *d, bool all);

/* A generation of the draft's items (their references are copied) without a slot. */
int th_generation_new(th_generation **out, const th_draft *d, th_err *err) TH_MUST_USE;
/* Opens what the manifest names; reuses what `current` (may be NULL) holds already. Takes over m.
 */
int th_generation_load(th_generation **out, const char *dir, th_manifest *m,
                       const th_generation *current, th_err *err) TH_MUST_USE;
void th_generation_free(th_generation *g);

/* ---- the index ---- */

/* Readers count themselves by one atomic addition on `current`: its top byte is a slot, the rest
 * the number of acquisitions since that slot became current. A slot's `left` starts at
 * TH_SLOT_BIAS; each release takes one off; when the slot is no longer current its acquisitions are
 * added and the bias taken off, and from then on who brings it to 0 frees the generation. */
#define TH_SLOT_BIAS (INT64_C(1) << 60)

typedef struct th_slot {
  _Alignas(64) _Atomic int64_t left;
  th_generation *generation;
  _Atomic bool taken;
} th_slot;

struct th_index {
  _Alignas(64) _Atomic uint64_t current;
  th_slot slots[TH_INDEX_SLOTS];
  bool write;
  pthread_mutex_t lock;    /* changes of the current generation */
  pthread_mutex_t merging; /* one merge at a time */
  _Atomic uint64_t next_number;
  uint64_t last_generation; /* the last that a publish tried; under the lock */
  th_index_newer_fn newer;  /* NULL: none */
  void *newer_ctx;
  char dir[TH_INDEX_PATH_MAX];
};

/* ---- merge policy ---- */

typedef struct th_tier_segment {
  uint64_t bytes;
  uint32_t n_docs, n_live;
} th_tier_segment;

/* Which of n segments to merge next: their indexes ascending in chosen (room for n); 0 = nothing is
 * due. all: everything into one. */
size_t th_tiers_choose(const th_tier_segment *segments, size_t n, bool all, size_t *chosen);

#endif
