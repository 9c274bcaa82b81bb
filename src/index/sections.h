/* The outer frame of a segment file: head, sections with their checksums, padding (format.h). And
 * spools, for sections that grow while another is being written. */
#ifndef TH_INDEX_SECTIONS_H
#define TH_INDEX_SECTIONS_H

#include "base/buf.h"
#include "base/common.h"
#include "index/format.h"

/* Bytes kept in memory up to a limit, behind that in a temporary file beside `path` that has no
 * name any more. Sticky: errors show in th_spool_read. */
typedef struct th_spool {
  th_buf held;
  const char *path; /* borrowed */
  uint64_t n;       /* bytes so far */
  uint64_t in_file;
  size_t limit;
  int fd;
  th_err err;
} th_spool;

void th_spool_init(th_spool *s, const char *path, size_t limit);
void th_spool_dispose(th_spool *s);
void th_spool_put(th_spool *s, const void *p, size_t n);
/* Where the next n bytes go, NULL on failure; th_spool_added says how many of them came. */
char *th_spool_room(th_spool *s, size_t n);
void th_spool_added(th_spool *s, size_t n);
/* Fills the spool with zero bytes up to a multiple of `unit`. */
void th_spool_align(th_spool *s, unsigned unit);

/* A segment being written to path.tmp. Sticky: the first failure stays in err. */
typedef struct th_sections th_sections;

th_sections *th_sections_new(const char *path, th_err *err) TH_MUST_USE;
/* Sections in the order of their ids, CHUNKS left out. */
void th_section_begin(th_sections *w, th_section_id id);
void th_section_put(th_sections *w, const void *p, size_t n);
void th_section_u32(th_sections *w, uint32_t v);
void th_section_u64(th_sections *w, uint64_t v);
/* All bytes of the spool, which stays as it is. */
void th_section_spool(th_sections *w, th_spool *s);
void th_section_end(th_sections *w);
/* 0 or the first failure so far. */
int th_sections_state(const th_sections *w);
void th_sections_fail(th_sections *w, const th_err *err);

typedef struct th_sections_head {
  uint32_t n_docs;
  uint64_t fingerprint, first_seq, last_seq;
} th_sections_head;
/* Writes checksums and head, syncs, renames to path, syncs the folder. Frees w in any case; on
 * failure, or when head is NULL, nothing is left behind. */
int th_sections_finish(th_sections *w, const th_sections_head *head, th_err *err) TH_MUST_USE;
/* Length of a section that has ended. */
uint64_t th_sections_len(const th_sections *w, th_section_id id);

#endif
