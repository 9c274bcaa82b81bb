/* A study on the terminal: sections with the labels of a study page, wrapped. */
#ifndef TH_CLI_PAGE_H
#define TH_CLI_PAGE_H

#include "base/json.h"
#include "cli/tty.h"

/* Appends the page of the record. Errors: TH_ENOMEM and those of the buffer. */
int th_cli_page(const th_json *record, const th_tty *term, th_buf *out, th_err *err) TH_MUST_USE;

#endif
