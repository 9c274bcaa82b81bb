/* Places as a list: names in their order, each with its studies and those that recruit. */
#include "portal/places_view.h"
#include "portal/slug.h"
#include "query/names.h"

#include <stdio.h>

/* A place in a list. */
typedef struct entry {
  th_place place;
  th_span shown; /* its name for the reader */
} entry;

void th_places_put_legend(const places_view *v) {
  th_html_open(v->h, "p", "legend");
  th_html_element_str(v->h, "span", "n", "12");
  th_html_str(v->h, M(tail_legend_studies));
  th_html_element_str(v->h, "span", "n open", "3");
  th_html_str(v->h, M(tail_legend_recruiting));
  th_html_close(v->h);
}

static void put_entry(const places_view *v, th_span url, const entry *e) {
  const th_place *place = &e->place;
  th_html_open(v->h, "li", NULL);
  th_html_link(v->h, NULL, url, e->shown);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, place->studies);
  th_html_element_str(v->h, "span", "hidden",
                      place->studies == 1 ? M(tail_study) : M(tail_studies));
  th_html_close(v->h);
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", place->recruiting ? "n open" : "n");
  th_html_i64(v->h, place->recruiting);
  th_html_element_str(v->h, "span", "hidden", M(tail_recruiting));
  th_html_close_n(v->h, 2);
}

/* Names as readers look for them: without case and accents. */
static int by_name(const void *a, const void *b) {
  const entry *x = a, *y = b;
  char p[TH_NAME_MAX], q[TH_NAME_MAX];
  size_t n = th_name_fold(x->shown, p), m = th_name_fold(y->shown, q);
  int c = memcmp(p, q, TH_MIN(n, m));
  return c ? c : (n > m) - (n < m);
}

/* The first letter of a name, without its accent; '#' for what is none. */
static char letter_of(th_span name) {
  char folded[TH_NAME_MAX];
  size_t n = th_name_fold(name, folded);
  return n && folded[0] >= 'a' && folded[0] <= 'z' ? (char)(folded[0] - 32) : '#';
}

static void put_letter_nav(const places_view *v, const entry *places, uint32_t n, const char *of) {
  char id[24], text[2] = {0, 0};
  th_html_open(v->h, "nav", "letters");
  th_html_attr_str(v->h, "aria-label", M(by_letter));
  th_html_open(v->h, "ul", NULL);
  for (uint32_t i = 0; i < n; i++) {
    if (letter_of(places[i].shown) == text[0]) continue;
    text[0] = letter_of(places[i].shown);
    snprintf(id, sizeof id, "#%s-%c", of, text[0] == '#' ? '0' : text[0]);
    th_html_open(v->h, "li", NULL);
    th_html_link_str(v->h, NULL, id, text);
    th_html_close(v->h);
  }
  th_html_close_n(v->h, 2);
}

/* A new list under its letter, when the letter is another than before. */
static void begin_letter(const places_view *v, char *now, th_span name, const char *of,
                         const char *heading) {
  char id[24], text[2] = {letter_of(name), 0};
  if (text[0] == *now) return;
  if (*now) th_html_close(v->h);
  *now = text[0];
  snprintf(id, sizeof id, "%s-%c", of, text[0] == '#' ? '0' : text[0]);
  th_html_open(v->h, heading, "letter");
  th_html_attr_str(v->h, "id", id);
  th_html_str(v->h, text);
  th_html_close(v->h);
  th_html_open(v->h, "ul", "counts two wide");
}

static bool same_slug(const places_view *v, th_span a, th_span b) {
  th_buf *s = &v->w->scratch;
  size_t from = s->n, middle;
  (void)th_slug_put(a, s);
  middle = s->n;
  (void)th_slug_put(b, s);
  bool same = s->n > middle && th_span_eq((th_span){s->p + from, middle - from},
                                          (th_span){s->p + middle, s->n - middle});
  th_buf_truncate(s, from);
  return same;
}

/* Whether a neighbour of the same slug has more studies: the slug is that one's. */
static bool lost_slug(const places_view *v, const entry *places, uint32_t n, uint32_t at) {
  for (int side = -1; side <= 1; side += 2) {
    uint32_t i = at + (uint32_t)side;
    if (i >= n || !same_slug(v, places[i].place.name, places[at].place.name)) continue;
    if (places[i].place.studies > places[at].place.studies ||
        (places[i].place.studies == places[at].place.studies && side < 0))
      return true;
  }
  return false;
}

static th_span entry_path(const places_view *v, const entry *places, uint32_t n, uint32_t at,
                          th_place_level level) {
  const th_span none = {0}, name = places[at].place.name;
  bool by_name = lost_slug(v, places, n, at);
  th_buf *s = th_html_scratch(v->h);
  th_span country = level == TH_PLACE_COUNTRY ? name : v->country;
  th_span state = level == TH_PLACE_COUNTRY ? none : level == TH_PLACE_STATE ? name : v->state;
  th_span city = level == TH_PLACE_CITY ? name : none;
  if (!by_name) return th_places_path(s, country, state, city);
  th_buf_str(s, "/places");
  th_places_put_key(s, "country", country);
  th_places_put_key(s, "state", state);
  th_places_put_key(s, "city", city);
  return th_buf_view(s);
}

int th_places_put_list(const places_view *v, const th_place_counts *counts, th_place_level level,
                       uint32_t most, th_err *err) {
  enum { BY_LETTER = 100 };
  const char *of = level == TH_PLACE_STATE ? "states" : level == TH_PLACE_CITY ? "cities" : "all";
  uint32_t n = TH_MIN(counts->n, most);
  bool letters = n > BY_LETTER;
  char now = 0;
  entry *places = th_arena_calloc(v->rq->arena, (size_t)n + 1, sizeof *places);
  if (!places) return th_err_set(err, TH_ENOMEM, "no memory for a page");
  for (uint32_t i = 0; i < n; i++) {
    places[i].place = counts->places[i];
    places[i].shown = th_places_shown(v, counts->places[i].name, level == TH_PLACE_COUNTRY);
  }
  qsort(places, n, sizeof *places, by_name);
  if (letters)
    put_letter_nav(v, places, n, of);
  else
    th_html_open(v->h, "ul", "counts two wide");
  for (uint32_t i = 0; i < n; i++) {
    if (letters) begin_letter(v, &now, places[i].shown, of, v->country.n ? "h3" : "h2");
    put_entry(v, entry_path(v, places, n, i, level), &places[i]);
  }
  th_html_close(v->h);
  if (counts->n <= most) return TH_OK;
  th_html_open(v->h, "p", "quiet");
  th_html_str(v->h, M(lead_and));
  th_html_i64(v->h, counts->n - most);
  th_html_str(v->h, M(tail_more_with_fewer_studies));
  th_html_close(v->h);
  return TH_OK;
}

int th_places_put_section(const places_view *v, const char *title, const th_place_counts *counts,
                          th_place_level level, uint32_t most, th_err *err) {
  if (!counts->n) return TH_OK;
  th_html_element_str(v->h, "h2", NULL, title);
  return th_places_put_list(v, counts, level, most, err);
}
