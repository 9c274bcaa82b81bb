#include "portal/study_parts.h"

typedef struct site {
  th_span country;
  uint32_t node;
  uint8_t rank; /* sites that take people now come first */
} site;

typedef struct country {
  const site *first;
  size_t n;
  uint8_t rank;
} country;

static uint8_t status_rank(th_span status) {
  static const char *const order[] = {"RECRUITING", "AVAILABLE", "NOT_YET_RECRUITING",
                                      "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING"};
  uint8_t i = 0;
  while (i < TH_COUNT(order) && !th_span_eq(status, th_span_of(order[i])))
    i++;
  return i;
}

static int by_country(const void *a, const void *b) {
  const site *x = a, *y = b;
  int c = th_span_cmp(x->country, y->country);
  if (!c) c = x->rank - y->rank;
  return c ? c : (x->node > y->node) - (x->node < y->node);
}

static int by_rank(const void *a, const void *b) {
  const country *x = a, *y = b;
  if (x->rank != y->rank) return x->rank - y->rank;
  if (x->n != y->n) return x->n < y->n ? 1 : -1;
  return th_span_cmp(x->first->country, y->first->country);
}

/* Sites by country; countries with sites that take people first, then by number of sites. NULL when
 * memory is out. */
static country *sort_sites(const th_study_view *v, uint32_t list, size_t *n_countries) {
  size_t n = v->j->nodes[list].n, at = 0, k = 0;
  site *sites = th_arena_calloc(v->context->arena, n, sizeof *sites);
  country *groups = th_arena_calloc(v->context->arena, n, sizeof *groups);
  if (!sites || !groups) return NULL;
  for (th_json_each(v->j, list, e))
    sites[at++] = (site){.country = th_part_text(v, e, "country"),
                         .node = e,
                         .rank = status_rank(th_part_text(v, e, "status"))};
  qsort(sites, n, sizeof *sites, by_country);
  for (size_t i = 0; i < n; i++) {
    if (i && th_span_eq(sites[i].country, sites[i - 1].country)) {
      groups[k - 1].n++;
      continue;
    }
    groups[k++] = (country){.first = &sites[i], .n = 1, .rank = sites[i].rank};
  }
  qsort(groups, k, sizeof *groups, by_rank);
  *n_countries = k;
  return groups;
}

static void put_address(const th_study_view *v, uint32_t node) {
  static const char *const parts[] = {"city", "state", "zip"};
  th_buf *s = th_html_scratch(v->h);
  for (size_t i = 0; i < TH_COUNT(parts); i++) {
    th_span part = th_part_text(v, node, parts[i]);
    if (part.n && s->n) th_buf_str(s, i == 2 ? " " : ", ");
    th_buf_span(s, part);
  }
  if (s->n) th_html_scratch_element(v->h, "p", "address");
}

static void put_site(const th_study_view *v, uint32_t node) {
  th_span facility = th_part_text(v, node, "facility"), status = th_part_text(v, node, "status");
  uint32_t contacts = th_part_array(v, node, "contacts");
  th_html_open(v->h, "li", NULL);
  if (facility.n) th_html_element(v->h, "p", "facility", facility);
  put_address(v, node);
  if (status.n) th_page_status(v->h, "p", TH_F_LocationStatus, status);
  if (contacts) {
    th_html_open(v->h, "ul", "contacts");
    for (th_json_each(v->j, contacts, e))
      th_part_contact(v, e);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

static void put_country(const th_study_view *v, const country *c, bool open) {
  th_html_open(v->h, "details", "country");
  if (open) th_html_flag(v->h, "open");
  th_html_open(v->h, "summary", NULL);
  th_html_text(v->h, c->first->country.n ? c->first->country : th_span_of(M(country_not_given)));
  th_html_str(v->h, " ");
  th_html_open(v->h, "span", "n");
  th_html_i64(v->h, (int64_t)c->n);
  th_html_close_n(v->h, 2);
  th_html_open(v->h, "ul", "sites");
  for (size_t i = 0; i < c->n; i++)
    put_site(v, c->first[i].node);
  th_html_close_n(v->h, 2);
}

static void put_sites(const th_study_view *v, uint32_t list) {
  size_t n = 0, sites = v->j->nodes[list].n;
  country *groups = sort_sites(v, list, &n);
  if (!groups) v->h->error = TH_ENOMEM;
  for (size_t i = 0; groups && i < n; i++)
    put_country(v, &groups[i], sites <= 12 || i == 0);
}

static void put_central(const th_study_view *v) {
  uint32_t contacts = th_part_array(v, v->places, "centralContacts");
  if (!contacts) return;
  th_html_element_str(v->h, "h3", NULL, M(central_contacts));
  th_html_open(v->h, "ul", "contacts");
  for (th_json_each(v->j, contacts, e))
    th_part_contact(v, e);
  th_html_close(v->h);
}

static void put_officials(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "overallOfficials");
  if (!list) return;
  th_html_element_str(v->h, "h3", NULL, M(study_officials));
  th_html_open(v->h, "ul", "contacts");
  for (th_json_each(v->j, list, e)) {
    th_span role = th_part_text(v, e, "role"), from = th_part_text(v, e, "affiliation");
    th_html_open(v->h, "li", NULL);
    th_html_element(v->h, "span", "name", th_part_text(v, e, "name"));
    th_buf *s = th_html_scratch(v->h);
    if (role.n) {
      th_buf_str(s, ", ");
      th_words_label(v->h->lang, TH_F_OverallOfficialRole, role, s);
    }
    if (from.n) {
      th_buf_str(s, ", ");
      th_buf_span(s, from);
    }
    th_html_scratch_text(v->h);
    th_html_close(v->h);
  }
  th_html_close(v->h);
}

void th_part_places(const th_study_view *v) {
  uint32_t list = th_part_array(v, v->places, "locations");
  th_part_section(v, "places", M(trial_contacts_and_locations));
  th_html_open(v->h, "p", "count");
  th_html_i64(v->h, list ? (int64_t)v->j->nodes[list].n : 0);
  th_html_close(v->h);
  if (!list) th_html_element_str(v->h, "p", "quiet", M(the_record_lists_no_locations));
  put_central(v);
  if (list) put_sites(v, list);
  put_officials(v);
  th_part_section_end(v);
}
