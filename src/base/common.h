/* The few things every room uses: spans, error codes and the caller-owned error.
 *
 * A function that can fail returns int: 0 or a negative TH_E code; what went wrong in words, and
 * where, goes into a th_err that the caller owns. The first failure is kept: th_err_set on an
 * error that is already set changes nothing. */
#ifndef TH_BASE_COMMON_H
#define TH_BASE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TH_MUST_USE __attribute__((warn_unused_result))
#define TH_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TH_LIKELY(x) __builtin_expect(!!(x), 1)
#define TH_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define TH_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TH_MIN(a, b) ((a) < (b) ? (a) : (b))
#define TH_MAX(a, b) ((a) > (b) ? (a) : (b))

/* Readable bytes behind the end of every buffer that a vectorised decoder or the JSON parser
 * reads: at least as much as the widest load, and as simdjson asks for (64 in 3.x). */
#define TH_PAD 64

enum {
  TH_OK = 0,
  TH_ENOMEM = -1,    /* memory could not be had */
  TH_EIO = -2,       /* the operating system refused: file, disk, socket */
  TH_EINPUT = -3,    /* foreign input is not what it should be */
  TH_ECORRUPT = -4,  /* our own file does not check */
  TH_ELIMIT = -5,    /* a stated limit was passed */
  TH_EUSAGE = -6,    /* the caller (a person or a client) asked wrongly */
  TH_ENOTFOUND = -7, /* there is no such thing */
  TH_EBUSY = -8,     /* another process holds it */
};

/* Borrowed bytes, not NUL-terminated. p may be NULL only when n is 0. */
typedef struct th_span {
  const char *p;
  size_t n;
} th_span;

#define TH_SPAN(literal) ((th_span){(literal), sizeof(literal) - 1})

static inline th_span th_span_of(const char *s) {
  th_span r = {s, s ? strlen(s) : 0};
  return r;
}
static inline bool th_span_eq(th_span a, th_span b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
/* Bytewise order, shorter first when one is the beginning of the other. */
static inline int th_span_cmp(th_span a, th_span b) {
  size_t n = TH_MIN(a.n, b.n);
  int c = n ? memcmp(a.p, b.p, n) : 0;
  return c ? c : (a.n > b.n) - (a.n < b.n);
}
/* ASCII letters compare equal in both cases. */
bool th_span_eq_nocase(th_span a, th_span b);
bool th_span_starts(th_span s, th_span prefix);
th_span th_span_trim(th_span s); /* ASCII white space off both ends */
/* Offset of the first occurrence of needle in s, or -1. */
ptrdiff_t th_span_find(th_span s, th_span needle);

/* Memory for a large table, at a boundary and with the advice that let the system back it by large
 * pages: fewer of them to find, and to fill at first use. Contents are undefined; free() gives it
 * back. NULL when memory is exhausted. */
void *th_large_alloc(size_t n) TH_MUST_USE;

/* What went wrong, in words, and where; owned by the caller. Zero-initialise. offset and line are
 * -1/0 when they do not apply. */
typedef struct th_err {
  int code;
  int64_t offset; /* byte in the source, meaningful when has_offset */
  int64_t line;   /* from 1; 0 = does not apply */
  bool has_offset;
  char message[768]; /* an enum with all its values fits */
} th_err;

/* Records code and message unless err is NULL or already holds an error; returns code. Text cut to
 * fit, never in the middle of a UTF-8 sequence. */
int th_err_set(th_err *err, int code, const char *fmt, ...) TH_PRINTF(3, 4);
/* The same with ": strerror(errno)" behind it; the code is TH_EIO, or TH_ENOMEM for ENOMEM. */
int th_err_sys(th_err *err, const char *fmt, ...) TH_PRINTF(2, 3);
/* Adds the place to an error that is set and has none yet. */
void th_err_at(th_err *err, int64_t offset, int64_t line);
void th_err_clear(th_err *err);
/* A word for a code: "out of memory", "bad input", … */
const char *th_code_text(int code);

#ifdef __cplusplus
}
#endif
#endif
