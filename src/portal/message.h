/* The interface's texts, in the languages of web/messages/.
 *
 * M(key) is the English text: a pointer into one block of all of them. So a message goes wherever a
 * C string goes - tables, arguments, spans -, and where it is written out th_say finds the text of
 * the reader's language by its place in the block. What is no message is written as it is. */
#ifndef TH_PORTAL_MESSAGE_H
#define TH_PORTAL_MESSAGE_H

#include "base/buf.h"
#include "base/common.h"
#include "portal_messages.h"

/* The languages: the file in web/messages/ and its code by BCP 47, its name in itself, what its
 * pages have before their path. English is the first. */
#define TH_LANGS(X)                                                                                \
  X(EN, "en", "English", "")                                                                       \
  X(ES, "es", "Espa\xC3\xB1ol", "/es")

#define TH_LANG_VALUE(id, code, name, prefix) TH_LANG_##id,
typedef enum th_lang { TH_LANGS(TH_LANG_VALUE) TH_LANG_COUNT } th_lang;
#undef TH_LANG_VALUE

extern const char th_messages_en[];
#define M(key) (th_messages_en + TH_MO_##key)

/* Made by tools/make_messages.py: texts by place, labels by their English text, terms. */
typedef struct th_message_text {
  uint32_t place;
  const char *text;
} th_message_text;
typedef struct th_message_label {
  const char *english, *text;
} th_message_label;
typedef struct th_message_table {
  const char *code; /* "en": of BCP 47 */
  const th_message_text *texts;
  size_t n_texts;
  const th_message_label *labels;
  size_t n_labels;
  const th_message_label *terms; /* by the English text in small letters */
  size_t n_terms;
} th_message_table;
extern const th_message_table th_message_tables[]; /* by th_lang */

/* The text in the language, when it is a message; else the text itself. */
th_span th_say(th_lang lang, th_span text);
const char *th_say_str(th_lang lang, const char *text);
void th_say_put(th_lang lang, const char *text, th_buf *out);
/* The label of a value of the registry in the language; itself when there is no other. */
const char *th_say_label(th_lang lang, const char *english);

/* Words that tables of results have in common (web/terms.txt) in the language, compared without
 * case; small at the beginning when the English is. Appends nothing and is false for other words.
 * English is itself. */
bool th_say_term(th_lang lang, th_span english, th_buf *out);

/* Pages of another language than English have its code before their path: "/es/search". */
th_lang th_lang_of_path(th_span path);
/* In itself: "Español". */
const char *th_lang_name(th_lang lang);
/* "" or "/es". */
const char *th_lang_prefix(th_lang lang);
/* Whether a path (or the pattern of a route) stands once for all languages: what programs read, and
 * what pages are made of. */
bool th_lang_stands_once(th_span path);

#endif
