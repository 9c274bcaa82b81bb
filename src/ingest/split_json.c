/* Records out of JSON text, however they are put together:
 *
 *   stream  = [BOM] { value } ;            values behind one another, by lines or not
 *   value   = record | page | list ;
 *   list    = "[" [ value { "," value } ] "]" ;
 *   page    = "{" { ("totalCount" | "nextPageToken") ":" scalar "," }
 *                 "studies" ":" list { "," member } "}" ;
 *   record  = any other object ;
 *
 * What breaks this grammar is a reject, and splitting goes on
 *   - outside of lists with the next line (by lines), or with the next line that begins with a
 * bracket (the rest of a pretty-printed value lies between);
 *   - inside a list with the next {"protocolSection". */
#define _GNU_SOURCE
#include "ingest/split.h"

#include "ingest/batch.h"

#include <stdio.h>

enum { VALUE, OBJECT, AFTER, TO_LINE_END, GARBAGE, RESYNC, TAIL };
enum { LIST, PAGE };

#define KEY_AHEAD 256     /* longest key that is looked for */
#define BLANKS_AHEAD 4096 /* white space that is looked through before a decision */

void th_json_split_init(th_json_split *s, const th_source_limits *limits) {
  *s = (th_json_split){
      .max_record = limits->max_record, .max_depth = limits->max_depth, .line = 1, .state = VALUE};
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t index_of(const th_window *w, int64_t offset) {
  return (size_t)(offset - w->base);
}

static void advance(th_json_split *s, const th_window *w, size_t to) {
  size_t from = index_of(w, s->at);
  for (const char *p = w->p + from; (p = memchr(p, '\n', (size_t)(w->p + to - p))); p++)
    s->line++;
  s->at = w->base + (int64_t)to;
}

/* The value that began at start is broken: what is known of it is kept until it is given out. */
static void note(th_json_split *s, const th_window *w, const char *reason) {
  size_t from = index_of(w, TH_MAX(s->start, w->base)), to = index_of(w, s->at);
  if (!s->id[0] && to > from) th_record_guess_id((th_span){w->p + from, to - from}, s->id);
  if (!s->reason[0]) th_reason_copy(s->reason, sizeof s->reason, reason);
}

static th_split_what give_reject(th_json_split *s, th_piece *out) {
  *out = (th_piece){.start = s->start, .end = s->at, .line = s->start_line};
  memcpy(out->id, s->id, sizeof out->id);
  memcpy(out->reason, s->reason, sizeof out->reason);
  s->id[0] = s->reason[0] = 0;
  s->dropping = false;
  s->keep = s->at;
  return TH_SPLIT_REJECT;
}

static th_split_what reject(th_json_split *s, const th_window *w, const char *reason, int state,
                            th_piece *out) {
  note(s, w, reason);
  s->state = state;
  s->broken_tail = s->n_levels == 0;
  return give_reject(s, out);
}

static th_split_what record(th_json_split *s, int64_t end, th_piece *out) {
  *out = (th_piece){.start = s->start, .end = end, .line = s->start_line};
  s->state = VALUE;
  s->any = true;
  s->keep = s->at;
  return TH_SPLIT_RECORD;
}

static void begin_object(th_json_split *s) {
  s->start = s->at;
  s->start_line = s->line;
  s->at++;
  th_scan_begin(&s->scan, 1, s->n_levels == 0);
  s->state = OBJECT;
}

/* ---- pages ---- */

typedef enum { IS_RECORD, IS_PAGE, UNDECIDED } head_kind;

static size_t pass_blanks(const th_window *w, size_t i) {
  while (i < w->n && is_blank(w->p[i]))
    i++;
  return i;
}

static size_t pass_scalar(const th_window *w, size_t i) {
  bool string = i < w->n && w->p[i] == '"';
  if (string) i++;
  while (i < w->n && (string ? w->p[i] != '"' : !strchr(",}] \t\r\n", w->p[i]))) {
    if (w->p[i] == '\n') break;
    i++;
  }
  return string && i < w->n && w->p[i] == '"' ? i + 1 : i;
}

static bool key_is(const th_window *w, size_t i, const char *quoted) {
  size_t n = strlen(quoted);
  return w->n - i >= n && memcmp(w->p + i, quoted, n) == 0;
}

/* Looks behind the brace at i whether a page begins there; *list: index of the bracket of its
 * studies. */
static head_kind look_at_head(const th_window *w, size_t i, size_t *list) {
  const size_t begin = i;
  const head_kind cut = w->ended || w->n - begin > BLANKS_AHEAD ? IS_RECORD : UNDECIDED;
  for (i++;;) {
    i = pass_blanks(w, i);
    if (i + 16 > w->n && cut == UNDECIDED) return UNDECIDED;
    bool studies = i < w->n && key_is(w, i, "\"studies\"");
    size_t key = studies                                         ? 9
                 : i < w->n && key_is(w, i, "\"totalCount\"")    ? 12
                 : i < w->n && key_is(w, i, "\"nextPageToken\"") ? 15
                                                                 : 0;
    if (!key) return IS_RECORD;
    i = pass_blanks(w, i + key);
    if (i >= w->n) return cut;
    if (w->p[i] != ':') return IS_RECORD;
    i = pass_blanks(w, i + 1);
    if (i >= w->n) return cut;
    if (studies) {
      *list = i;
      return w->p[i] == '[' ? IS_PAGE : IS_RECORD;
    }
    i = pass_blanks(w, pass_scalar(w, i));
    if (i >= w->n) return cut;
    if (w->p[i++] != ',') return IS_RECORD;
  }
}

/* ---- between values ---- */

static th_split_what open_list(th_json_split *s, const th_window *w, int kind, th_piece *out) {
  if (s->n_levels == TH_SPLIT_LEVELS) {
    s->start = s->at++;
    s->start_line = s->line;
    s->n_levels = 0; /* no list of records: what follows it by lines stands for itself again */
    th_split_what r = reject(s, w, "lists are nested too deeply", RESYNC, out);
    s->broken_tail = false;
    return r;
  }
  s->level[s->n_levels++] = (uint8_t)kind;
  s->at++;
  s->any = true;
  return TH_SPLIT_MORE;
}

static void close_list(th_json_split *s) {
  s->at++;
  if (s->level[--s->n_levels] != PAGE) return;
  s->start = s->at;
  s->start_line = s->line;
  th_scan_begin(&s->scan, 1, false);
  s->state = TAIL;
}

static th_split_what at_brace(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t list = 0;
  head_kind kind = look_at_head(w, index_of(w, s->at), &list);
  *wait = kind == UNDECIDED;
  s->broken_tail = false;
  if (kind == IS_RECORD) begin_object(s);
  if (kind != IS_PAGE) return TH_SPLIT_MORE;
  s->start = s->at;
  s->start_line = s->line;
  advance(s, w, list);
  return open_list(s, w, PAGE, out);
}

/* Whether the string at i, on one line, is an element of the list; *end: behind it. Otherwise its
 * quote may be any of a broken record's. */
static bool string_element(const th_window *w, size_t i, size_t *end, bool *wait) {
  const size_t begin = i++;
  while (i < w->n && w->p[i] != '"' && w->p[i] != '\n')
    i += w->p[i] == '\\' ? 2 : 1;
  *end = TH_MIN(i + 1, w->n);
  size_t next = pass_blanks(w, *end);
  *wait = next >= w->n && !w->ended && next - begin < BLANKS_AHEAD;
  return i < w->n && w->p[i] == '"' && next < w->n && next - begin < BLANKS_AHEAD &&
         strchr(",]", w->p[next]);
}

static th_split_what at_list_element(th_json_split *s, const th_window *w, th_piece *out,
                                     bool *wait) {
  size_t i = index_of(w, s->at);
  char c = w->p[i];
  if (c == '{') return at_brace(s, w, out, wait);
  if (c == '[') return open_list(s, w, LIST, out);
  if (c == ']') {
    close_list(s);
    return TH_SPLIT_MORE;
  }
  if (c == ',') {
    s->at++;
    return TH_SPLIT_MORE;
  }
  s->start = s->at;
  s->start_line = s->line;
  size_t end = i;
  bool scalar = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  while (scalar && i < w->n && !strchr(",]}[{\"\n", w->p[i]))
    i++;
  if (c == '"' && string_element(w, i, &end, wait)) {
    scalar = true;
    i = end;
  }
  if (*wait) return TH_SPLIT_MORE;
  if (scalar && i == w->n && !w->ended && w->n - index_of(w, s->at) < BLANKS_AHEAD) {
    *wait = true;
    return TH_SPLIT_MORE;
  }
  advance(s, w, scalar ? i : i + 1);
  return reject(s, w, "a list of records holds something that is no record",
                scalar ? VALUE : RESYNC, out);
}

/* The first byte of a line, or behind a value, that is no blank. */
static th_split_what at_top(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  char c = w->p[i];
  bool line_start = i == 0 ? s->at == 0 : w->p[i - 1] == '\n';
  bool tail = s->broken_tail && !line_start;
  if (c == '{' && !tail) return at_brace(s, w, out, wait);
  if (c == '[' && !tail) {
    s->broken_tail = false;
    return open_list(s, w, LIST, out);
  }
  if (c == '\x1E') { /* record separator of RFC 7464 */
    s->at++;
    return TH_SPLIT_MORE;
  }
  if ((unsigned char)c == 0xEF && (w->n - i >= 3 || w->ended) && w->n - i >= 3 &&
      memcmp(w->p + i, "\xEF\xBB\xBF", 3) == 0) {
    s->at += 3;
    return TH_SPLIT_MORE;
  }
  if ((unsigned char)c == 0xEF && w->n - i < 3 && !w->ended) {
    *wait = true;
    return TH_SPLIT_MORE;
  }
  s->start = s->at;
  s->start_line = s->line;
  s->state = GARBAGE;
  s->dropping = s->broken_tail && (tail || c == '"' || c == '}' || c == ']');
  s->broken_tail = s->dropping;
  return TH_SPLIT_MORE;
}

static th_split_what in_value(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  advance(s, w, pass_blanks(w, index_of(w, s->at)));
  /* One byte before is kept: whether a line begins here. */
  s->keep = s->at > w->base ? s->at - 1 : s->at;
  if (index_of(w, s->at) < w->n)
    return s->n_levels ? at_list_element(s, w, out, wait) : at_top(s, w, out, wait);
  if (!w->ended) {
    *wait = true;
    return TH_SPLIT_MORE;
  }
  if (s->n_levels == 0 || s->lost) return TH_SPLIT_END;
  s->n_levels = 0;
  s->start = s->at;
  s->start_line = s->line;
  th_split_what r = reject(s, w, "the input ends inside a list of records", VALUE, out);
  out->at_end = true;
  return r;
}

/* ---- inside a value ---- */

static void check_limits(th_json_split *s, const th_window *w) {
  char text[96];
  if (s->dropping) return;
  if (s->at - s->start > (int64_t)s->max_record)
    snprintf(text, sizeof text, "the record is longer than the limit of %zu bytes", s->max_record);
  else if (s->scan.deepest > (int64_t)s->max_depth)
    snprintf(text, sizeof text, "the record is nested deeper than the limit of %u levels",
             s->max_depth);
  else
    return;
  note(s, w, text);
  s->dropping = true;
}

static th_split_what object_ended(th_json_split *s, const th_window *w, th_piece *out) {
  if (s->dropping) {
    s->state = VALUE;
    s->any = true;
    return give_reject(s, out);
  }
  s->state = AFTER;
  (void)w;
  return TH_SPLIT_MORE;
}

static th_split_what object_cut(th_json_split *s, const th_window *w, th_piece *out) {
  th_split_what r = reject(s, w, "the input ends inside the record", VALUE, out);
  s->lost = true;
  out->at_end = true;
  return r;
}

static th_split_what in_object(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  s->scan.newlines = 0;
  th_scan_what what = th_scan_run(&s->scan, w->p, &i, w->n, w->ended);
  s->at = w->base + (int64_t)i;
  s->line += s->scan.newlines;
  check_limits(s, w);
  s->keep = s->dropping ? TH_MAX(w->base, s->at - 2 * TH_SCAN_AHEAD) : s->start;
  switch (what) {
  case TH_SCAN_END:
    return object_ended(s, w, out);
  case TH_SCAN_NEWLINE:
    return reject(s, w, "a line ends inside a string", s->n_levels ? RESYNC : VALUE, out);
  case TH_SCAN_START:
    return reject(s, w, "the record is not closed before the next one begins", VALUE, out);
  default:
    break;
  }
  if (w->ended) return object_cut(s, w, out);
  *wait = true;
  return TH_SPLIT_MORE;
}

/* True when text at i goes on as a list of records does: what closes a record too early is
 * followed by a key. */
static bool list_goes_on(const th_window *w, size_t i) {
  i = pass_blanks(w, i);
  if (i >= w->n) return true;
  if (w->p[i] == ']' || w->p[i] == '{') return true;
  if (w->p[i] != ',') return false;
  i = pass_blanks(w, i + 1);
  if (i >= w->n || w->p[i] != '"') return true;
  size_t end = pass_scalar(w, i);
  if (end - i > KEY_AHEAD) return true;
  end = pass_blanks(w, end);
  return end < w->n && w->p[end] != ':';
}

static th_split_what after_in_list(th_json_split *s, const th_window *w, th_piece *out,
                                   bool *wait) {
  size_t i = index_of(w, s->at), next = pass_blanks(w, i);
  if (next < w->n && w->p[next] == ',') next = pass_blanks(w, next + 1);
  *wait = !w->ended && next - i < BLANKS_AHEAD &&
          (next >= w->n || (w->p[next] == '"' && w->n - next < 2 * KEY_AHEAD));
  if (*wait) return TH_SPLIT_MORE;
  if (list_goes_on(w, i)) return record(s, s->at, out);
  s->any = true;
  return reject(s, w, "the record is closed before its end", RESYNC, out);
}

/* Outside of lists a value may be followed by another one, or by the end of its line; anything
 * else belongs to its line, which the parser will not like. */
static th_split_what after_at_top(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t begin = index_of(w, s->at), i = begin;
  while (i < w->n && w->p[i] != '\n' && is_blank(w->p[i]))
    i++;
  *wait = i >= w->n && !w->ended && i - begin < BLANKS_AHEAD;
  if (*wait) return TH_SPLIT_MORE;
  if (i >= w->n || strchr("\n{[\x1E", w->p[i])) return record(s, s->at, out);
  s->state = TO_LINE_END;
  return TH_SPLIT_MORE;
}

static th_split_what in_after(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  s->keep = s->start;
  return s->n_levels ? after_in_list(s, w, out, wait) : after_at_top(s, w, out, wait);
}

static th_split_what to_line_end(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  const char *nl = memchr(w->p + i, '\n', w->n - i);
  s->at = nl ? w->base + (nl - w->p) : w->base + (int64_t)w->n;
  check_limits(s, w);
  s->keep = s->dropping ? s->at : s->start;
  *wait = !nl && !w->ended;
  if (*wait) return TH_SPLIT_MORE;
  if (s->dropping) {
    s->state = VALUE;
    return give_reject(s, out);
  }
  s->broken_tail = true;
  return record(s, s->at, out);
}

/* A line that begins with no bracket. */
static th_split_what in_garbage(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  const char *nl = memchr(w->p + i, '\n', w->n - i);
  bool tail = s->dropping;
  s->at = nl ? w->base + (nl - w->p) : w->base + (int64_t)w->n;
  if (!s->reason[0] && !tail && (nl || w->ended || s->at - s->start > BLANKS_AHEAD))
    note(s, w, "the line is not JSON");
  *wait = !nl && !w->ended;
  s->keep = s->reason[0] || tail ? s->at : s->start;
  if (*wait) return TH_SPLIT_MORE;
  s->state = VALUE;
  s->dropping = false;
  return tail ? TH_SPLIT_MORE : give_reject(s, out);
}

/* ---- finding the way back ---- */

static th_split_what in_resync(th_json_split *s, const th_window *w, bool *wait) {
  size_t i = index_of(w, s->at), stop = w->n;
  if (!w->ended) stop = w->n > TH_SCAN_AHEAD ? w->n - TH_SCAN_AHEAD : 0;
  s->lost = true;
  while (i < stop) {
    const char *brace = memchr(w->p + i, '{', stop - i);
    size_t found = brace ? (size_t)(brace - w->p) : stop;
    bool study = brace && th_scan_is_study(w->p, found, w->n);
    bool line = brace && found > 0 && w->p[found - 1] == '\n';
    if (study || line) {
      advance(s, w, found);
      s->state = VALUE;
      return TH_SPLIT_MORE;
    }
    i = brace ? found + 1 : stop;
  }
  if (index_of(w, s->at) < stop) advance(s, w, stop);
  s->keep = TH_MAX(w->base, s->at - 1);
  *wait = !w->ended;
  if (w->ended) s->state = VALUE;
  return TH_SPLIT_MORE;
}

/* Behind the studies of a page, to its closing brace. */
static th_split_what in_tail(th_json_split *s, const th_window *w, th_piece *out, bool *wait) {
  size_t i = index_of(w, s->at);
  s->scan.newlines = 0;
  th_scan_what what = th_scan_run(&s->scan, w->p, &i, w->n, w->ended);
  s->at = w->base + (int64_t)i;
  s->line += s->scan.newlines;
  s->keep = TH_MAX(w->base, s->at - 2 * TH_SCAN_AHEAD);
  if (what == TH_SCAN_END) {
    s->state = VALUE;
    return TH_SPLIT_MORE;
  }
  if (what != TH_SCAN_MORE)
    return reject(s, w, "the page is broken behind its studies", RESYNC, out);
  *wait = !w->ended;
  if (!w->ended) return TH_SPLIT_MORE;
  s->lost = true;
  th_split_what r = reject(s, w, "the input ends before the page is closed", VALUE, out);
  out->at_end = true;
  return r;
}

th_split_what th_json_split_next(th_json_split *s, const th_window *w, th_piece *out) {
  for (;;) {
    bool wait = false;
    th_split_what r = TH_SPLIT_MORE;
    switch (s->state) {
    case VALUE:
      r = in_value(s, w, out, &wait);
      break;
    case OBJECT:
      r = in_object(s, w, out, &wait);
      break;
    case AFTER:
      r = in_after(s, w, out, &wait);
      break;
    case TO_LINE_END:
      r = to_line_end(s, w, out, &wait);
      break;
    case GARBAGE:
      r = in_garbage(s, w, out, &wait);
      break;
    case RESYNC:
      r = in_resync(s, w, &wait);
      break;
    case TAIL:
      r = in_tail(s, w, out, &wait);
      break;
    }
    if (r != TH_SPLIT_MORE || wait) return r;
  }
}
