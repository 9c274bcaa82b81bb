/* The index of a data directory: a set of segments and what is live in them, as immutable
 * generations.
 *
 * Folder: `manifest` (replaced by one atomic rename), `NNNNNN.seg` segments, `NNNNNN-GGGGGG.live`
 * bitmaps, `NNNNNN.side` side files. A generation names the segments, the live bitmap of each
 * (absent = all live), the side files and
 * applied_seq: every change of the store up to that number is in it. The newest seq of an NCT
 * number is live, all older are not. Files that no generation names are removed by the next writer.
 */
#ifndef TH_INDEX_INDEX_H
#define TH_INDEX_INDEX_H

#include "index/segment.h"

typedef struct th_index th_index;

/* One generation, immutable, counted. */
typedef struct th_snapshot {
  uint64_t generation, applied_seq;
  uint64_t applied_mark; /* as th_index_publish was told */
  uint32_t n_segments;
  uint32_t n_docs; /* all documents, live or not: N of the idf */
  uint32_t n_live;
  th_segment *const *segments;
  const uint64_t *const *live; /* bitmap a segment, NULL = all live */
  const uint32_t *live_docs;   /* live documents a segment */
} th_snapshot;

/* Opens (makes when absent and `write`) the index folder. Only one writer: the caller holds the
 * store's write lock. Error TH_EINPUT: made by another analysis, TH_ECORRUPT: damaged; both mean
 * th_index_discard, open again and rebuild. */
int th_index_open(th_index **out, const char *dir, bool write, th_err *err) TH_MUST_USE;
void th_index_close(th_index *index);
/* The current generation; never blocks on a writer. Release when done. */
const th_snapshot *th_index_acquire(th_index *index);
void th_index_release(th_index *index, const th_snapshot *snapshot);
/* The live document of a study; false when there is none. */
bool th_snapshot_find(const th_snapshot *snapshot, uint32_t nct, uint32_t *segment, uint32_t *doc);
/* 0 as long as nothing that was read so far is damaged, else TH_ECORRUPT: whoever computed an
 * answer asks before passing it on (segment.h). */
int th_snapshot_state(const th_snapshot *snapshot, th_err *err) TH_MUST_USE;

/* ---- side files ---- */
/* What other rooms derive from the records and publish with the index: one file of a kind for the
 * whole index, or for a segment of its own. They come and go with generations as segments do; those
 * of a segment go when it goes (a merged segment has none until someone publishes one). */
#define TH_SIDE_WHOLE UINT32_MAX
typedef struct th_side {
  const void *p; /* mapped, page-aligned, as long as the snapshot is held; NULL: there is none */
  size_t n;
  uint64_t basis; /* as its maker said: what it was made from */
  uint64_t number;
} th_side;
/* segment: its index in the snapshot, or TH_SIDE_WHOLE. All bytes are hashed when they are first
 * asked for. TH_ECORRUPT: they are not those that were published. */
int th_snapshot_side(const th_snapshot *snapshot, uint32_t kind, uint32_t segment, th_side *out,
                     th_err *err) TH_MUST_USE;
/* Looks whether another process has published a newer generation and switches to it. */
int th_index_refresh(th_index *index, bool *changed, th_err *err) TH_MUST_USE;
/* Called by th_index_refresh with a newer generation before any reader gets it, so that what the
 * first of them would wait for can be made; those who read the one before are not held up. Set
 * before th_index_refresh is called the first time. */
typedef void (*th_index_newer_fn)(void *ctx, const th_snapshot *snapshot);
void th_index_on_newer(th_index *index, th_index_newer_fn fn, void *ctx);

/* ---- writing ---- */
/* A path for a new segment file that no other has. */
void th_index_new_segment_path(th_index *index, char *out, size_t len);
/* The same for a side file; it is written by the caller (base/file.h). */
void th_index_new_side_path(th_index *index, char *out, size_t len);
/* The path of a segment of a snapshot of this index, as th_index_side.segment wants it. */
void th_index_path_of(const th_index *index, const th_snapshot *snapshot, uint32_t segment,
                      char *out, size_t len);
typedef struct th_index_side {
  uint32_t kind;
  const char *path;    /* from th_index_new_side_path; it takes the place of one of the same kind */
  const char *segment; /* path of the segment it belongs to, or NULL: the whole index */
  uint64_t basis;
} th_index_side;
typedef struct th_index_update {
  const char *const *added; /* paths of new segments, oldest first */
  size_t n_added;
  const uint32_t *removed; /* NCT numbers whose study is gone */
  const uint64_t *removed_seq;
  size_t n_removed;
  uint64_t applied_seq;
  uint64_t applied_mark; /* what the caller would know the change applied_seq by; kept with it */
  bool replace;          /* no segment of the generation before stays */
  const th_index_side *sides;
  size_t n_sides;
} th_index_update;
/* One new generation with the changes applied: newest seq of each study live; a removal kills what
 * has a lower seq. Every byte of the added segments is hashed first. An error leaves the generation
 * before (the added files stay until the next writer opens the index). */
int th_index_publish(th_index *index, const th_index_update *update, th_err *err) TH_MUST_USE;
/* One new generation that differs by side files alone. */
int th_index_publish_sides(th_index *index, const th_index_side *sides, size_t n,
                           th_err *err) TH_MUST_USE;
/* Merges as the tiered policy asks until nothing is due (all: down to one segment). May run in one
 * thread while another publishes: what is superseded meanwhile stays dead. */
int th_index_merge(th_index *index, bool all, const _Atomic bool *stop, th_err *err) TH_MUST_USE;
/* Throws everything away: an empty generation with applied_seq 0. */
int th_index_clear(th_index *index, th_err *err) TH_MUST_USE;
/* Makes an empty index in folder dir that is going to take the place of the one in `before`, which
 * may be missing or damaged: its generations and numbers of files come after that one's, so that a
 * reader of the one never takes a generation of the other for one that it knows. */
int th_index_make_successor(const char *dir, const char *before, th_err *err) TH_MUST_USE;
/* Removes the files of an index that cannot be opened (or of none: no error). The caller holds the
 * store's write lock. */
int th_index_discard(const char *dir, th_err *err) TH_MUST_USE;
/* Calls back for each problem found in manifest, segments (deep: everything decoded) and live
 * bitmaps. Returns TH_ECORRUPT when there was one. */
int th_index_check(const char *dir, bool deep, void (*problem)(void *ctx, const char *text),
                   void *ctx, th_err *err) TH_MUST_USE;

#endif
