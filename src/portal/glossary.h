/* Lay explanations of registry terms, from web/glossary/, in the binary. */
#ifndef TH_PORTAL_GLOSSARY_H
#define TH_PORTAL_GLOSSARY_H

#include "portal/html.h"

typedef struct th_glossary_entry {
  const char *key;  /* also its place on the page /glossary */
  int label;        /* place of the message that it explains; -1 = none */
  uint16_t enum_id; /* of the value that it explains; TH_E_NONE = none */
  int value;
  struct {
    const char *term, *text;
  } in[TH_LANG_COUNT];
} th_glossary_entry;

extern const th_glossary_entry th_glossary[];
extern const unsigned th_n_glossary;

/* The explanation of a label of the interface; NULL when there is none. */
const th_glossary_entry *th_glossary_find(const char *label);
/* The explanation behind a label, to be opened by mouse and keyboard without a script; nothing when
 * there is none. */
void th_glossary_hint(th_html *h, const char *label);

/* The same behind a value of an enum field. */
void th_glossary_value_hint(th_html *h, uint16_t field, th_span value);

#endif
