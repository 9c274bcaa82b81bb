/* What all pages have around their contents: head, header with the search box, footer. */
#ifndef TH_PORTAL_PAGE_H
#define TH_PORTAL_PAGE_H

#include "portal/html.h"

typedef struct th_page_frame {
  th_span title;           /* of the document; empty: the site's name alone */
  th_span description;     /* for search engines; empty = none */
  const char *canonical;   /* path of the page, NULL = none */
  const char *here;        /* path of the entry of the navigation that this page is, NULL = none */
  const char *script;      /* one more of web/, NULL = none */
  void (*head)(void *ctx); /* writes more of <head>; NULL = nothing */
  void *head_ctx;
  bool no_box;   /* the page has a search box of its own */
  bool made_up;  /* what is shown is a demonstration: say so on top and in the footer */
  int data_age;  /* days since the data was last brought up; 0 = unknown or today */
  bool no_index; /* not for search engines: results, errors */
} th_page_frame;

/* From <!DOCTYPE> up to and with <main>; the page writes its contents; then the rest. */
void th_page_begin(th_html *h, const th_page_frame *frame);
void th_page_end(th_html *h, const th_page_frame *frame);

/* Ends the start tag of an input of this name with what names its completion has (data-kinds,
 * data-places), if any; web/complete.js reads it. */
void th_page_completes(th_html *h, const char *input);
/* The button that puts a study on the saved list: hidden until web/keep.js shows it. */
void th_page_save_button(th_html *h, th_span nct);
/* The button that copies the page's address: likewise. */
void th_page_copy_button(th_html *h);

/* The badge alone. */
void th_page_badge(th_html *h, uint16_t field, th_span status);
/* A status of a study or site, as a badge whose class says what kind it is. */
void th_page_status(th_html *h, const char *tag, uint16_t field, th_span status);

#endif
