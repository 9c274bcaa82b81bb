/* A small writer of HTML over a buffer. Safe by construction: text and attribute values are always
 * escaped, attributes always quoted, addresses of links always checked, and every element that was
 * opened is closed in its order. The one way to put HTML through is th_html_markup, which lets
 * study/markup.h write it.
 *
 * Tag and attribute names and classes are literals of ours, never foreign text. Nothing is
 * allocated but the buffers' growth. Errors are sticky: those of the buffer; see th_html_finish. */
#ifndef TH_PORTAL_HTML_H
#define TH_PORTAL_HTML_H

#include "base/buf.h"
#include "base/common.h"
#include "portal/message.h"
#include "query/search.h"

enum { TH_HTML_DEPTH = 48 };

typedef struct th_html {
  th_lang lang;    /* of the reader */
  th_span here;    /* address of the page, without the prefix of its language */
  th_span base;    /* "https://example.org": what stands before it for who is elsewhere */
  th_buf *out;     /* borrowed */
  th_buf *scratch; /* borrowed: where text is put together before it is escaped */
  bool in_tag;     /* attributes may follow */
  bool lost;       /* nested deeper than TH_HTML_DEPTH, or closed once too often: ours to mend */
  int depth;
  const char *open[TH_HTML_DEPTH];
  int error; /* of the markup reader */
} th_html;

void th_html_init(th_html *h, th_lang lang, th_buf *out, th_buf *scratch);
/* 0 when all went well and everything is closed. TH_ENOMEM, TH_ELIMIT; TH_EUSAGE when elements were
 * left open. */
int th_html_finish(th_html *h, th_err *err) TH_MUST_USE;

/* Opens an element; class may be NULL. Attributes may follow until the next call that is none.
 * Elements without an end tag (input, br, link, meta, …) are closed as well; it writes nothing. */
void th_html_open(th_html *h, const char *tag, const char *class);
void th_html_close(th_html *h);
void th_html_close_n(th_html *h, int n);

void th_html_attr(th_html *h, const char *name, th_span value);
void th_html_attr_str(th_html *h, const char *name, const char *value);
void th_html_attr_u64(th_html *h, const char *name, uint64_t value);
/* An attribute without a value: "checked". */
void th_html_flag(th_html *h, const char *name);
/* Says that the open element holds words of a record, which are English; nothing on English pages.
 */
void th_html_foreign(th_html *h);
/* Text and attribute values that are messages (message.h) are written in the reader's language, and
 * addresses of our own pages lead to pages of that language. */

/* href, only to a place that is safe: a path of ours ("/…", not "//…"), a "#…", http, https, mailto
 * or tel. Anything else leaves the attribute out. Returns whether it stands. */
bool th_html_href(th_html *h, th_span url);
/* Where a form of ours goes: a path. */
void th_html_action(th_html *h, const char *path);
bool th_html_is_safe_url(th_span url);

void th_html_text(th_html *h, th_span text);
void th_html_str(th_html *h, const char *text);
void th_html_i64(th_html *h, int64_t v); /* with thin groups: "12,345" */
/* The registry's markup as HTML. */
void th_html_markup(th_html *h, th_span markup);
/* JSON inside a <script> of data. */
void th_html_json(th_html *h, th_span json);
/* Text with the parts [from, to) of the marks in <mark>; marks ascending and apart. */
void th_html_marked(th_html *h, th_span text, const th_mark *marks, size_t n);

/* Words of a record into the open element: in the reader's language where they are among those that
 * many records have (th_say_term), else as they stand, and said to be foreign. Nothing else may
 * stand in the element. */
void th_html_words(th_html *h, th_span words);

/* Open, text, close. */
void th_html_element(th_html *h, const char *tag, const char *class, th_span text);
void th_html_element_str(th_html *h, const char *tag, const char *class, const char *text);
/* A link; only its text when the address is not safe. External ones get rel="noopener nofollow". */
void th_html_link(th_html *h, const char *class, th_span url, th_span text);
void th_html_link_str(th_html *h, const char *class, const char *url, const char *text);

/* The button that sends a form. */
void th_html_submit(th_html *h, const char *class, const char *text);

/* The scratch buffer, emptied; and its contents as text or element. */
th_buf *th_html_scratch(th_html *h);
void th_html_scratch_text(th_html *h);
void th_html_scratch_element(th_html *h, const char *tag, const char *class);

#endif
