/* A record in the words of the reader's language: what study/view.h says in English. All append to
 * a buffer; none fails but by the buffer. */
#ifndef TH_PORTAL_WORDS_H
#define TH_PORTAL_WORDS_H

#include "base/json.h"
#include "portal/message.h"
#include "study/date.h"

void th_words_label(th_lang lang, uint16_t field, th_span value, th_buf *out);
void th_words_phases(th_lang lang, const th_json *j, uint32_t node, th_buf *out);
void th_words_enrollment(th_lang lang, int64_t count, th_span type, th_buf *out);
void th_words_participants(th_lang lang, int64_t count, size_t groups, th_buf *out);
void th_words_arm_type(th_lang lang, th_span type, th_buf *out);
void th_words_ages(th_lang lang, th_span minimum, th_span maximum, th_buf *out);
/* Text of the record; what is no date as it is. */
void th_words_date(th_lang lang, th_span text, th_buf *out);
void th_words_day(th_lang lang, const th_date *date, th_buf *out);
void th_words_masking(th_lang lang, const th_json *j, th_span masking, uint32_t masked,
                      th_buf *out);
/* A country in the reader's language, whatever its spelling; what is no country that is known as it
 * is. Borrowed from the program, or name itself. */
th_span th_words_country(th_lang lang, th_span name);
/* "12,345", "12.345": with the language's sign between thousands. */
void th_words_number(th_lang lang, int64_t v, th_buf *out);
/* A number as a record writes it ("1628.14") in the reader's way ("1,628.14", "1628,14"); all
 * digits stay. What is not a plain number stays as it is. */
void th_words_decimal(th_lang lang, th_span text, th_buf *out);

#endif
