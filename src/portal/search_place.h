/* Places in a search: in what was typed into the one box ("asthma Boston", "breast cancer in
 * France"), in the filter "near", and what a page says about them. */
#ifndef TH_PORTAL_SEARCH_PLACE_H
#define TH_PORTAL_SEARCH_PLACE_H

#include "portal/search_state.h"
#include "portal/search_view.h"

/* When the last words of the state's "term" name a place, and other words stand before them, and
 * the address does not say "place=no": the words before are searched (s->words), and the place
 * becomes a filter (s->place, s->place_filter). A country or state: studies with a site in it. A
 * city that the gazetteer knows: studies with a site near it, as far as "within" says (s->has_near,
 * s->spot); of several of that name the one with most studies near. Longer names go before shorter
 * ones. Words that are mostly words stay words. Errors: TH_ENOMEM, TH_ECORRUPT. */
int th_portal_find_place(portal_state *s, const th_snapshot *snapshot, th_known *known,
                         th_err *err) TH_MUST_USE;

/* Something other than plain words: the registry's language, which means what it says. */
bool th_portal_is_expression(th_span text);

/* The filter "near" with the distance that goes along with it: what is asked, else that of the
 * language. Fills s->near and what follows from it. Errors: TH_EUSAGE, TH_ENOMEM. */
int th_portal_read_near(portal_state *s, th_span value, th_query **out, th_err *err) TH_MUST_USE;

/* Which place was understood, how far around it, other places of the name, the way back to words.
 */
void th_portal_put_place(const search_view *v);
/* The filter's fields: a place, and how far from it. */
void th_portal_put_near(const search_view *v);
/* "12 km" or "7 mi", as the language has it. */
void th_portal_words_km(th_lang lang, double km, th_buf *out);

#endif
