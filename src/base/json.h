/* JSON in: a parsed document as a flat array of nodes, each with the place of its raw bytes.
 * JSON out: a small writer over th_buf.
 *
 * Parsing is simdjson's (docs/decisions/0002-json.md) behind json_shim.cc; it checks grammar, UTF-8
 * and numbers. The node array keeps the order of the source:
 *
 *   object: the node, then for each member its key (a string node) and its value with descendants
 *   array:  the node, then its elements
 *
 * `next` is the index of the first node behind a value and all inside it, so the children of node i
 * are i+1, nodes[i+1].next, … up to (not including) nodes[i].next. The raw bytes of node i are
 * src[off, end): a projection copies them as they are. */
#ifndef TH_BASE_JSON_H
#define TH_BASE_JSON_H

#include "base/buf.h"
#include "base/common.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum th_jtype {
  TH_JNULL,
  TH_JFALSE,
  TH_JTRUE,
  TH_JINT,    /* integer literal that fits int64 */
  TH_JNUMBER, /* any other number */
  TH_JSTRING,
  TH_JARRAY,
  TH_JOBJECT,
} th_jtype;

typedef struct th_jnode {
  uint32_t off, end; /* raw bytes in the source, quotes and braces included */
  uint32_t next;     /* first node behind this value */
  uint32_t n;        /* string: bytes unescaped; object: members; array: elements */
  uint32_t str;      /* string: offset in the string buffer */
  uint8_t type;      /* th_jtype */
  uint8_t reserved[3];
} th_jnode;

/* A parsed document: borrowed until the parser that made it parses again or is freed; src is
 * borrowed from the caller. nodes[0] is the root. */
typedef struct th_json {
  const char *src;
  const th_jnode *nodes;
  uint32_t n_nodes;
  const char *strings;
} th_json;

typedef struct th_json_parser th_json_parser;

/* max_len: longest document accepted (at most 1 GiB); max_depth: deepest nesting. NULL when memory
 * is exhausted. A parser belongs to one thread at a time and is reused. */
th_json_parser *th_json_parser_new(size_t max_len, unsigned max_depth);
void th_json_parser_free(th_json_parser *parser);
/* The same, and what the last document said is overwritten first: for parsers of one document that
 * is nobody's business. The source is the caller's to wipe. */
void th_json_parser_free_wiped(th_json_parser *parser);
/* src must have TH_PAD readable bytes behind its end. Errors: TH_EINPUT (with the byte of the
 * error in err), TH_ELIMIT (length, depth), TH_ENOMEM. */
int th_json_parse(th_json_parser *parser, th_span src, th_json *out, th_err *err) TH_MUST_USE;
/* The byte at which a text stops being a JSON document; its length when only the end is missing.
 * Slow and obvious: used for messages and as the parser's check in tests. */
int64_t th_json_error_offset(th_span src);
/* Invalid UTF-8 anywhere makes it false. */
bool th_utf8_valid(th_span s);

static inline th_span th_json_raw(const th_json *j, uint32_t i) {
  th_span s = {j->src + j->nodes[i].off, j->nodes[i].end - j->nodes[i].off};
  return s;
}
/* The unescaped text of a string node, borrowed from the document; empty for other types. */
static inline th_span th_json_text(const th_json *j, uint32_t i) {
  th_span s = {0, 0};
  if (j->nodes[i].type == TH_JSTRING) s.p = j->strings + j->nodes[i].str, s.n = j->nodes[i].n;
  return s;
}
/* Node of the member `key` of object i; 0 (never a member) when i is no object or has none. The
 * last of several equal keys is the one, as most readers have it. */
uint32_t th_json_get(const th_json *j, uint32_t i, th_span key);
/* A path of keys separated by dots from node i. 0 when there is no such member. */
uint32_t th_json_path(const th_json *j, uint32_t i, const char *path);
/* Text of the string at the path; empty when absent or of another type. */
th_span th_json_path_text(const th_json *j, uint32_t i, const char *path);
bool th_json_int(const th_json *j, uint32_t i, int64_t *out);
bool th_json_number(const th_json *j, uint32_t i, double *out);

/* Whether two values say the same: white space, escapes in strings and the order of an object's
 * members make no difference, the spelling of a number does. Objects of more than
 * TH_JSON_UNORDERED_MAX members, or with a key twice, must have them in one order. Linear but for
 * that. */
enum { TH_JSON_UNORDERED_MAX = 64 };
bool th_json_same(const th_json *a, uint32_t x, const th_json *b, uint32_t y);

/* for (th_json_each(j, node, child)) walks the elements of an array. */
#define th_json_each(j, node, child)                                                               \
  uint32_t child = (node) + 1;                                                                     \
  child < (j)->nodes[node].next;                                                                   \
  child = (j)->nodes[child].next
/* for (th_json_members(j, node, key)) walks the members of an object; the value is key + 1. */
#define th_json_members(j, node, key)                                                              \
  uint32_t key = (node) + 1;                                                                       \
  key < (j)->nodes[node].next;                                                                     \
  key = (j)->nodes[key + 1].next

/* ---- out ---- */

/* A writer of JSON text. Commas are its own affair; keys before values are the caller's. Errors
 * are those of the buffer. pretty: two blanks of indentation, one member a line. */
typedef struct th_jout {
  th_buf *out;
  unsigned depth;
  bool pretty, need_comma, after_key;
} th_jout;

void th_jout_init(th_jout *w, th_buf *out, bool pretty);
void th_jout_object(th_jout *w);
void th_jout_end_object(th_jout *w);
void th_jout_array(th_jout *w);
void th_jout_end_array(th_jout *w);
void th_jout_key_span(th_jout *w, th_span key);
void th_jout_text(th_jout *w, th_span s);
void th_jout_str(th_jout *w, const char *s); /* null for NULL */
void th_jout_i64(th_jout *w, int64_t v);
void th_jout_double(th_jout *w, double v); /* shortest form that reads back; null if not finite */
void th_jout_bool(th_jout *w, bool v);
void th_jout_null(th_jout *w);
void th_jout_raw(th_jout *w, th_span json); /* text that is JSON already */
/* key and value in one. */
void th_jout_kv_span(th_jout *w, th_span key, th_span s);
/* An array of two numbers: from, to. */
void th_jout_kv_range(th_jout *w, th_span key, uint32_t from, uint32_t to);
/* Lengths of literals are known where these are compiled. */
static inline void th_jout_key(th_jout *w, const char *key) {
  th_span k = {key, strlen(key)};
  th_jout_key_span(w, k);
}
static inline void th_jout_kv_text(th_jout *w, const char *key, th_span s) {
  th_span k = {key, strlen(key)};
  th_jout_kv_span(w, k, s);
}
static inline void th_jout_kv_str(th_jout *w, const char *key, const char *s) {
  if (s) {
    th_span v = {s, strlen(s)};
    th_jout_kv_text(w, key, v);
  } else {
    th_jout_key(w, key);
    th_jout_null(w);
  }
}
/* The words of a list separated by single blanks, as an array. */
void th_jout_kv_words(th_jout *w, const char *key, const char *words);
void th_jout_kv_i64(th_jout *w, const char *key, int64_t v);
void th_jout_kv_double(th_jout *w, const char *key, double v);
void th_jout_kv_bool(th_jout *w, const char *key, bool v);

/* Writes a finite number as "d.ddde+XX" with the fewest digits that read back, not terminated;
 * returns its bytes. */
enum { TH_JSON_DIGITS = 32 };
size_t th_json_digits(double v, char out[TH_JSON_DIGITS]);

/* Appends s as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD, so that what
 * we write is always JSON. */
void th_json_quote(th_buf *out, th_span s);

#ifdef __cplusplus
}
#endif
#endif
