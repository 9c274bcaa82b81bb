/* The terminal: its width, colour, wrapped and padded text, and a progress line.
 *
 * Text from records may hold anything. What is printed through here has no control bytes left: a
 * study cannot move the cursor or change the title of a window. */
#ifndef TH_CLI_TTY_H
#define TH_CLI_TTY_H

#include "base/buf.h"
#include "base/common.h"

typedef struct th_tty {
  bool tty, colour;
  unsigned width; /* columns to fill: at most 100 so that text stays readable */
} th_tty;

/* What stands behind the file descriptor. Colour only on a terminal, and not when NO_COLOR is set
 * or TERM is "dumb". Width from COLUMNS, else the terminal, else 80. */
th_tty th_tty_of(int fd);

typedef enum th_style { TH_PLAIN, TH_BOLD, TH_DIM, TH_GREEN, TH_YELLOW, TH_CYAN } th_style;
/* The escape sequence that begins a style, and the one that ends it; "" without colour. */
const char *th_tty_style(const th_tty *term, th_style style);

/* Columns that the text takes; bytes that are not UTF-8 take one each. */
unsigned th_tty_cells(th_span s);
/* Appends the text on one line without control bytes: runs of blanks and line ends become one
 * blank, other controls U+FFFD. */
void th_tty_clean(th_buf *out, th_span s);
/* Appends at most `width` columns of the cleaned text, cut with "…", padded with blanks. */
void th_tty_pad(th_buf *out, th_span s, unsigned width);
/* Appends the cleaned text as a paragraph: lines of at most `width` columns, the first behind
 * `first` blanks (already written when negative: that many columns are taken), the others behind
 * `indent` blanks; a line end at the end. A word longer than a line stands alone. */
void th_tty_wrap(th_buf *out, th_span s, unsigned width, int first, unsigned indent);

/* A line on standard error that says how far a long task is, with rate and time left: only on a
 * terminal, and only once the task has taken two seconds. */
typedef struct th_progress {
  const char *unit; /* what is counted: "studies" */
  double start, shown;
  bool on, visible;
} th_progress;

void th_progress_start(th_progress *p, const char *unit, bool quiet);
/* done: things of the unit; part: share of the whole in [0, 1], negative when not known. */
void th_progress_show(th_progress *p, uint64_t done, double part);
void th_progress_end(th_progress *p);
/* "1,234,567" */
void th_tty_count(th_buf *out, uint64_t n);

#endif
