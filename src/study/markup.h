/* The registry's markup: CommonMark as its authors use it - paragraphs, nested lists, emphasis, a
 * link now and then, and backslashes before signs that would mean something ("\<65").
 *
 * libcmark reads it (docs/decisions/0003-catalogue-and-markup.md). What it would take time out of
 * proportion for is not given to it: text over TH_MARKUP_MAX bytes, with very many signs that open
 * or close something, or with very deep indentation is shown as plain paragraphs instead. So time
 * stays proportional to length, whoever wrote the text. */
#ifndef TH_STUDY_MARKUP_H
#define TH_STUDY_MARKUP_H

#include "base/buf.h"
#include "base/common.h"

#define TH_MARKUP_MAX (1u << 20)

/* Appends the text as a reader sees it: paragraphs with a blank line between them, list items each
 * on a line of its own with "• " or their number, two blanks deeper for each level; escapes
 * resolved, marks of emphasis left out. Lines are not wrapped. No line break at the end. Errors:
 * TH_ENOMEM, and those of the buffer. */
int th_markup_to_text(th_span markup, th_buf *out, th_err *err) TH_MUST_USE;

/* Appends HTML that is safe in any page: p, ul, ol, li, em, strong, code, br and a; links only to
 * http, https and mailto addresses; HTML in the source shows as text; an image shows as its text.
 * Headings become strong paragraphs. Errors as above. */
int th_markup_to_html(th_span markup, th_buf *out, th_err *err) TH_MUST_USE;

/* Appends the source with its backslash escapes resolved and all else as it is: fast, for words to
 * index. */
void th_markup_unescape(th_span markup, th_buf *out);

/* Appends s with & < > " ' as HTML entities; s is any UTF-8 text. */
void th_html_escape(th_span s, th_buf *out);

#endif
