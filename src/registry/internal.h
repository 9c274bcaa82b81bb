/* What the files of this room share. */
#ifndef TH_REGISTRY_INTERNAL_H
#define TH_REGISTRY_INTERNAL_H

#include "registry/registry.h"

#include <limits.h>
#include <pthread.h>
#include <sys/types.h>

struct th_registry {
  th_store *store;
  th_index *index;
  th_registry_mode mode;
  pthread_mutex_t paths_lock; /* th_index_new_segment_path is one thread's at a time */
  dev_t store_device;         /* of store.db when it was opened */
  ino_t store_file;
  char dir[PATH_MAX];
};

enum {
  TH_RECORD_DEPTH = 64,        /* nesting of a record's JSON; the registry's own is 14 */
  TH_RECORD_MAX = 64 << 20,    /* longest record taken */
  TH_FLUSH_MEMORY = 640 << 20, /* all builders together, then segments are written */
};

#define TH_CRITERIA_PATH "protocolSection.eligibilityModule.eligibilityCriteria"

/* Segment files made and not yet part of a generation. */
typedef struct th_paths {
  char **p;
  size_t n, cap;
} th_paths;
void th_paths_dispose(th_paths *paths, bool unlink_files);
int th_paths_add(th_paths *paths, const char *path) TH_MUST_USE;

/* DIR/index, or DIR/index.new (beside). TH_EUSAGE: too long. */
int th_registry_index_path(const char *dir, bool beside, char out[PATH_MAX],
                           th_err *err) TH_MUST_USE;

/* The next segment's path; may be called from several threads at once. */
void th_registry_segment_path(th_registry *r, char *out, size_t len);
/* What the index remembers of the log's entry seq, so that an index is not taken for that of
 * another store or of another course of its log; 0 for seq 0. TH_ECORRUPT: the log has no such
 * entry. */
int th_registry_mark(th_registry *r, uint64_t seq, uint64_t *mark, th_err *err) TH_MUST_USE;

/* A hash of the imported vocabularies, 0 for none. */
int th_registry_vocabulary_mark(th_registry *r, uint64_t *mark, th_err *err) TH_MUST_USE;

#endif
