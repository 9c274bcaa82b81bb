#define _GNU_SOURCE /* wcwidth */
#include "cli/tty.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/json.h"
#include "base/queue.h"

enum { WIDTH_DEFAULT = 80, WIDTH_LEAST = 40, WIDTH_MOST = 100 };

static unsigned width_of(int fd) {
  const char *columns = getenv("COLUMNS");
  long w = columns ? strtol(columns, NULL, 10) : 0;
  struct winsize size;
  if (w <= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0) w = size.ws_col;
  if (w <= 0) w = WIDTH_DEFAULT;
  return (unsigned)TH_MIN(TH_MAX(w, WIDTH_LEAST), WIDTH_MOST);
}

th_tty th_tty_of(int fd) {
  const char *no_colour = getenv("NO_COLOR"), *name = getenv("TERM");
  th_tty t = {.tty = isatty(fd) == 1, .width = width_of(fd)};
  t.colour = t.tty && !(no_colour && no_colour[0]) && name && strcmp(name, "dumb") != 0;
  return t;
}

const char *th_tty_style(const th_tty *term, th_style style) {
  static const char *const codes[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m",
                                      "\x1b[32m", "\x1b[33m", "\x1b[36m"};
  return term->colour ? codes[style] : "";
}

/* The next character of s: its bytes in *n, its columns; cp is U+FFFD for what is not UTF-8. */
static unsigned next_char(th_span s, size_t *n, uint32_t *cp) {
  const unsigned char *p = (const unsigned char *)s.p;
  *n = 1;
  if (p[0] < 0x80) {
    *cp = p[0];
    return 1;
  }
  size_t len = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : p[0] >= 0xC2 ? 2 : 0;
  *cp = 0xFFFD;
  if (len == 0 || len > s.n || !th_utf8_valid((th_span){s.p, len})) return 1;
  uint32_t v = p[0] & (0xFFu >> (len + 1));
  for (size_t i = 1; i < len; i++)
    v = v << 6 | (p[i] & 0x3F);
  *n = len;
  *cp = v;
  int w = wcwidth((wchar_t)v);
  return w < 0 ? 1 : (unsigned)w;
}

static bool is_control(uint32_t cp) {
  bool direction = (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
  return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || direction;
}

static bool is_blank(uint32_t cp) {
  return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0xA0;
}

unsigned th_tty_cells(th_span s) {
  unsigned cells = 0;
  for (size_t n; s.n; s.p += n, s.n -= n) {
    uint32_t cp;
    cells += next_char(s, &n, &cp);
  }
  return cells;
}

/* Takes the next word off s into out (cleared first), cleaned; false at the end of the text. */
static bool next_word(th_span *s, th_buf *out) {
  th_buf_clear(out);
  while (s->n) {
    size_t n;
    uint32_t cp;
    next_char(*s, &n, &cp);
    if (is_blank(cp)) {
      s->p += n, s->n -= n;
      if (out->n) return true;
      continue;
    }
    if (cp == 0xFFFD || is_control(cp))
      th_buf_str(out, "\xEF\xBF\xBD");
    else
      th_buf_put(out, s->p, n);
    s->p += n, s->n -= n;
  }
  return out->n > 0;
}

void th_tty_clean(th_buf *out, th_span s) {
  th_buf word;
  th_buf_init(&word, 0);
  for (bool first = true; next_word(&s, &word); first = false) {
    if (!first) th_buf_char(out, ' ');
    th_buf_span(out, th_buf_view(&word));
  }
  if (word.error && !out->error) out->error = word.error;
  th_buf_dispose(&word);
}

void th_tty_pad(th_buf *out, th_span s, unsigned width) {
  th_buf clean;
  th_buf_init(&clean, 0);
  th_tty_clean(&clean, s);
  th_span left = th_buf_view(&clean);
  unsigned room = th_tty_cells(left) > width ? width - 1 : width, used = 0;
  for (size_t n; left.n; left.p += n, left.n -= n) {
    uint32_t cp;
    unsigned cells = next_char(left, &n, &cp);
    if (used + cells > room) break;
    th_buf_put(out, left.p, n);
    used += cells;
  }
  if (left.n) th_buf_str(out, "\xE2\x80\xA6"), used++;
  for (; used < width; used++)
    th_buf_char(out, ' ');
  if (clean.error && !out->error) out->error = clean.error;
  th_buf_dispose(&clean);
}

static void put_blanks(th_buf *out, unsigned n) {
  while (n--)
    th_buf_char(out, ' ');
}

void th_tty_wrap(th_buf *out, th_span s, unsigned width, int first, unsigned indent) {
  th_buf word;
  th_buf_init(&word, 0);
  unsigned used = (unsigned)(first < 0 ? -first : first), words = 0;
  if (first > 0) put_blanks(out, used);
  while (next_word(&s, &word)) {
    unsigned cells = th_tty_cells(th_buf_view(&word));
    if (words && used + 1 + cells > width) {
      th_buf_char(out, '\n');
      put_blanks(out, indent);
      used = indent;
      words = 0;
    }
    if (words) th_buf_char(out, ' '), used++;
    th_buf_span(out, th_buf_view(&word));
    used += cells;
    words++;
  }
  th_buf_char(out, '\n');
  if (word.error && !out->error) out->error = word.error;
  th_buf_dispose(&word);
}

void th_tty_count(th_buf *out, uint64_t n) {
  char digits[32];
  int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0) th_buf_char(out, ',');
    th_buf_char(out, digits[i]);
  }
}

void th_progress_start(th_progress *p, const char *unit, bool quiet) {
  double now = th_clock_mono();
  *p = (th_progress){.unit = unit, .start = now, .shown = now, .on = !quiet && isatty(2) == 1};
}

static void put_time_left(th_buf *line, double seconds) {
  if (seconds < 90)
    th_buf_printf(line, ", %.0f s left", seconds);
  else if (seconds < 5400)
    th_buf_printf(line, ", %.0f min left", seconds / 60);
  else
    th_buf_printf(line, ", %.1f h left", seconds / 3600);
}

void th_progress_show(th_progress *p, uint64_t done, double part) {
  if (!p->on) return;
  double now = th_clock_mono(), spent = now - p->start;
  if (spent < 2 || now - p->shown < 0.2) return;
  p->shown = now;
  p->visible = true;
  th_buf line;
  th_buf_init(&line, 512);
  th_buf_str(&line, "\r\x1b[K");
  th_tty_count(&line, done);
  th_buf_printf(&line, " %s, ", p->unit);
  th_tty_count(&line, (uint64_t)((double)done / spent));
  th_buf_str(&line, " a second");
  if (part > 0.001 && part <= 1) {
    th_buf_printf(&line, ", %.0f %%", part * 100);
    put_time_left(&line, spent * (1 - part) / part);
  }
  fwrite(line.p, 1, line.n, stderr);
  fflush(stderr);
  th_buf_dispose(&line);
}

void th_progress_end(th_progress *p) {
  if (p->visible) fputs("\r\x1b[K", stderr);
  p->visible = false;
}
