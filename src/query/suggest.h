/* What a person may be about to type, and what they may have meant: names and words of the studies
 * themselves, with the number of studies that have them.
 *
 * Both come from tables that are made from one state of the index and kept in memory: about 60
 * bytes a name that stands in a study. They hold no generation of the index. When the index has
 * moved on, answers come from the tables at hand while new ones are made beside them. */
#ifndef TH_QUERY_SUGGEST_H
#define TH_QUERY_SUGGEST_H

#include "base/arena.h"
#include "base/common.h"
#include "index/index.h"

typedef enum th_name_kind {
  TH_NAME_CONDITION,
  TH_NAME_INTERVENTION, /* names and other names */
  TH_NAME_KEYWORD,
  TH_NAME_SPONSOR, /* leads and collaborators */
  TH_NAME_COUNTRY,
  TH_NAME_STATE,
  TH_NAME_CITY,
  TH_NAME_FACILITY,
  TH_NAME_WORD, /* a word of any text; a stem counts once, in its most frequent form */
  TH_NAME_KINDS
} th_name_kind;

/* "condition", …; kind of such a word: TH_NAME_KINDS when it is none. */
extern const char *const th_name_kinds[TH_NAME_KINDS];
th_name_kind th_name_kind_of(th_span word);

typedef struct th_suggester th_suggester;

/* The index must outlive it. Nothing is made before it is asked for. NULL: out of memory. */
th_suggester *th_suggester_new(th_index *index) TH_MUST_USE;
/* Waits for a table being made. NULL is allowed. */
void th_suggester_free(th_suggester *s);
/* Makes the tables for the state of the index now, unless they are at hand; the calling thread
 * waits. The functions below do this by themselves the first time; later they start a thread.
 * Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_suggester_update(th_suggester *s, th_err *err) TH_MUST_USE;

/* Whether tables are at hand, of this state of the index or one before: the functions below answer
 * at once. */
bool th_suggester_ready(th_suggester *s);

enum { TH_COMPLETIONS_MAX = 100 };

typedef struct th_completion {
  th_span text; /* the spelling that most studies have */
  uint32_t count;
  th_name_kind kind;
} th_completion;

typedef struct th_completions {
  const th_completion *items; /* kind by kind in the order above, most studies first */
  uint32_t n;
} th_completions;

/* Names of the kinds (bit set of 1 << kind) that begin with the text, or in which a word begins
 * with it: at most n (up to TH_COMPLETIONS_MAX) a kind. Case, accents and punctuation do not count;
 * spellings that differ in nothing else are one name. Names that only one study has are found by
 * their beginning alone. count: live studies; for words, studies of all versions in the index. An
 * empty text gives the most frequent ones. Results are in arena. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_complete(th_suggester *s, th_span text, uint32_t kinds, unsigned n, th_arena *arena,
                th_completions *out, th_err *err) TH_MUST_USE;

enum { TH_SPELLINGS_MAX = 8 };

/* One word of a text that no study has, or hardly one, and what may have been meant. */
typedef struct th_misspelt {
  uint32_t from, to; /* bytes of the text */
  uint32_t count;    /* studies that have it as it is */
  uint32_t n;
  th_span words[TH_SPELLINGS_MAX]; /* most likely first */
  uint32_t counts[TH_SPELLINGS_MAX];
} th_misspelt;

typedef struct th_spelling {
  th_span text; /* with the likeliest words in place; as it was when n is 0 */
  uint32_t n;
  const th_misspelt *words;
} th_spelling;

/* Looks at each word of what a person typed (operators of the expression language in upper case and
 * what stands in brackets are left alone; the first 64 words). A word is doubted when no study has
 * its stem, or five at most and a word one edit away stands in a hundred times as many. Edits are
 * insertion, deletion, substitution and transposition of neighbours (optimal string alignment): one
 * in words of four or five letters, two in longer ones; shorter words and those with digits are not
 * looked at. Candidates are ordered by the number of their studies divided by 60 for each edit.
 * Errors as th_complete. */
int th_suggest(th_suggester *s, th_span text, th_arena *arena, th_spelling *out,
               th_err *err) TH_MUST_USE;

#endif
