/* Vocabularies that a user brings: read from their own formats into one normalised form, which the
 * store keeps and the dictionary is made from.
 *
 * Formats, told apart by content: OBO 1.2 and 1.4; OBO Graphs JSON; MeSH descriptors and
 * supplementary records as XML; MeSH trees as lines of "number TAB term" or "term;number"; SSSOM
 * mappings as TSV; tables with a heading line, separated by commas, tabs or semicolons, that have a
 * column with names. Each plain, gzip or zstd, or as the entries of a zip archive. Anything else is
 * refused.
 *
 * The normalised form, one entry behind another:
 *
 *   entry := u8 kind str id str name list(label) list(code) list(str parent)
 *   label := u8 relation str
 *   code  := u8 own str
 *   list  := varint count item{count}
 *   str   := varint bytes byte{bytes} */
#ifndef TH_CONCEPT_VOCABULARY_H
#define TH_CONCEPT_VOCABULARY_H

#include "concept/draft.h"
#include "store/store.h"

typedef struct th_vocabulary_reject {
  const char *file, *entry; /* entry of a zip, or NULL */
  int64_t line;             /* from 1, 0 = unknown */
  int64_t offset;           /* byte of the unpacked text, -1 = unknown */
  const char *reason;
} th_vocabulary_reject;

typedef struct th_vocabulary_options {
  const char *name, *licence, *version; /* instead of what the file says; may be NULL */
  bool has_kind;
  th_concept_kind kind; /* of all that it holds */
  void (*reject)(void *ctx, const th_vocabulary_reject *reject);
  void *ctx;
} th_vocabulary_options;

/* One vocabulary, read. Dispose in any case. */
typedef struct th_vocabulary {
  char name[64], version[64], licence[200];
  const char *format; /* "OBO", "OBO Graphs JSON", … */
  uint64_t read;      /* entries met */
  uint64_t kept;      /* with a name and a code or labels */
  uint64_t skipped;   /* obsolete, without a name, mappings that are not exact, and their like */
  uint64_t rejected;  /* not what the format asks for; each was reported */
  uint64_t labels;
  uint64_t hash[2]; /* XXH3-128 of the file as it is on disk */
  th_buf body;      /* the normalised form */
} th_vocabulary;

/* Reads a file; "-" is not understood. Errors: TH_ENOTFOUND, TH_EIO, TH_ENOMEM, TH_ELIMIT (a file
 * of more than 1 GiB unpacked), TH_EINPUT: the format is unknown or the file holds nothing that
 * could be kept. Entries that are bad do not fail it: they are reported and counted. */
int th_vocabulary_read(th_vocabulary *out, const char *path, const th_vocabulary_options *options,
                       th_err *err) TH_MUST_USE;
/* The same over unpacked bytes with TH_PAD readable behind them; name stands for the file's. */
int th_vocabulary_read_bytes(th_vocabulary *out, const char *name, th_span bytes,
                             const th_vocabulary_options *options, th_err *err) TH_MUST_USE;
void th_vocabulary_dispose(th_vocabulary *v);

/* ---- in the store ---- */

/* Kept as values of the store, "vocabulary/NAME": what th_vocabulary says of itself, and the
 * normalised form packed with zstd. */
typedef struct th_vocabulary_info {
  th_span name, version, licence, format; /* borrowed until the callback returns */
  uint64_t kept, labels, hash[2];
  int64_t imported_utc;
} th_vocabulary_info;
/* Durable on return; takes the place of one of the same name. *replaced: there was one. */
int th_vocabulary_put(th_store *store, const th_vocabulary *v, bool *replaced,
                      th_err *err) TH_MUST_USE;
/* TH_ENOTFOUND when there is none of that name. */
int th_vocabulary_remove(th_store *store, const char *name, th_err *err) TH_MUST_USE;
/* By name; body is empty unless asked for. Anything but 0 from fn ends the walk and is returned. */
typedef int (*th_vocabulary_fn)(void *ctx, const th_vocabulary_info *info, th_span body);
int th_vocabularies_each(th_store_reader *reader, bool with_body, th_vocabulary_fn fn, void *ctx,
                         th_err *err) TH_MUST_USE;

/* Takes a normalised form into a draft. Errors: TH_ECORRUPT, and those of the draft. */
int th_vocabulary_add(th_concept_draft *d, unsigned source, th_span body, th_err *err) TH_MUST_USE;

#endif
