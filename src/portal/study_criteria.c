/* The criteria on the study page: the text item by item, what was read of it marked and said in
 * words, and said what was not read. Nothing here needs a script: the words stand behind each item
 * and a box shows or hides all of them. */
#include <math.h>
#include <stdio.h>

#include "eligibility/attributes.h"
#include "eligibility/json.h"
#include "eligibility/sections.h"
#include "portal/study_parts.h"
#include "study/markup.h"

typedef struct list {
  const th_study_view *v;
  th_html *h;
  const th_elig_tree *t;
  uint32_t behind; /* end of what is written so far: list signs and headers follow */
} list;

/* ---- a fact in words ---- */

static void say(const list *l, th_buf *out, const char *message) {
  th_say_put(l->h->lang, message, out);
}

static const char *relation_words(uint8_t relation) {
  switch (relation) {
  case TH_ELIG_LT:
    return M(fact_below);
  case TH_ELIG_LE:
    return M(fact_at_most);
  case TH_ELIG_GT:
    return M(fact_above);
  case TH_ELIG_GE:
    return M(fact_at_least);
  case TH_ELIG_BETWEEN:
    return M(fact_from);
  default:
    return M(fact_exactly);
  }
}

/* UCUM as people write it: years for a, mmHg for mm[Hg], nothing for {score}. */
static void put_unit(const list *l, const char *unit, th_buf *out) {
  static const char *const codes[] = {"a", "mo", "wk", "d", "h"};
  const char *const words[] = {M(fact_years), M(fact_months), M(fact_weeks), M(fact_days),
                               M(fact_hours)};
  for (size_t i = 0; unit && i < TH_COUNT(codes); i++)
    if (strcmp(unit, codes[i]) == 0) {
      th_buf_char(out, ' ');
      say(l, out, words[i]);
      return;
    }
  bool inside = false, first = true;
  for (const char *p = unit; p && *p; p++) {
    inside = *p == '{' || (inside && *p != '}');
    if (inside || strchr("{}[]", *p)) continue;
    if (first && *p != '%') th_buf_char(out, ' ');
    first = false;
    th_buf_char(out, *p);
  }
}

static void put_value(const list *l, const th_elig_fact *f, th_buf *out) {
  th_span name = th_elig_measure_name(l->t, f);
  if (!th_say_term(l->h->lang, name, out)) th_buf_span(out, name);
  th_buf_char(out, ' ');
  say(l, out, relation_words(f->relation));
  th_buf_char(out, ' ');
  bool limit = f->reference == TH_ELIG_ULN || f->reference == TH_ELIG_LLN;
  if (limit && f->value == 1 && !isfinite(f->high)) {
    say(l, out, f->reference == TH_ELIG_ULN ? M(fact_upper_limit) : M(fact_lower_limit));
    return;
  }
  th_elig_number_words(f->value, out);
  if (isfinite(f->high)) {
    say(l, out, f->relation == TH_ELIG_BETWEEN ? M(fact_to) : "\xE2\x80\x93");
    th_elig_number_words(f->high, out);
  }
  if (f->reference == TH_ELIG_ABSOLUTE)
    put_unit(l, f->unit, out);
  else
    say(l, out,
        f->reference == TH_ELIG_ULN   ? M(fact_times_upper)
        : f->reference == TH_ELIG_LLN ? M(fact_times_lower)
                                      : M(fact_of_predicted));
}

static const char *category_words(uint8_t category) {
  const char *const words[] = {
      M(category_condition),     M(category_drug),      M(category_procedure),
      M(category_finding),       M(category_allergy),   M(category_organism),
      M(category_gene),          M(category_pregnancy), M(category_lactation),
      M(category_contraception), M(category_consent),   M(category_language),
      M(category_capacity),      M(category_smoking),   M(category_alcohol),
      M(category_other_trial),   M(category_sex)};
  _Static_assert(TH_COUNT(words) == TH_ELIG_N_CATEGORIES, "a category without words");
  return words[category < TH_COUNT(words) ? category : 0];
}

static void put_concept(const list *l, const th_elig_fact *f, th_buf *out) {
  const char *const times[] = {"", M(fact_now), M(fact_in_the_past), M(fact_planned)};
  say(l, out, category_words(f->category));
  th_buf_str(out, ": ");
  th_buf_span(out, f->label);
  if (f->degree.n) th_buf_str(out, ", "), th_buf_span(out, f->degree);
  if (f->time) say(l, out, times[f->time & 3]);
  if (f->family) say(l, out, M(fact_of_relatives));
}

/* A condition or a time, in the record's own words. */
static void put_quoted(const list *l, const char *message, uint32_t from, uint32_t to,
                       th_buf *out) {
  say(l, out, message);
  th_buf_str(out, "\xE2\x80\x9C");
  th_markup_unescape((th_span){l->t->text.p + from, to - from}, out);
  th_buf_str(out, "\xE2\x80\x9D");
}

static void put_fact(const list *l, uint32_t at) {
  const th_elig_fact *f = &l->t->facts[at];
  char id[24];
  snprintf(id, sizeof id, "read-%u", at + 1);
  th_html_open(l->h, "li", NULL);
  th_html_attr_str(l->h, "id", id);
  th_buf *out = th_html_scratch(l->h);
  if (f->negated) say(l, out, M(fact_not));
  if (f->type == TH_ELIG_NUMERIC)
    put_value(l, f, out);
  else
    put_concept(l, f, out);
  if (f->window.present) put_quoted(l, M(fact_when), f->window.from, f->window.to, out);
  if (f->guard.kind)
    put_quoted(l, f->guard.kind == TH_ELIG_IF ? M(fact_if) : M(fact_unless), f->guard.from,
               f->guard.to, out);
  th_html_scratch_text(l->h);
  th_html_close(l->h);
}

/* What an item names without asking for it, and why. */
static void put_named(const list *l, const th_elig_name *name) {
  const char *const why[] = {M(named_exception), M(named_allowed), M(named_guard),  M(named_part),
                             M(named_people),    M(named_wide),    M(named_measure)};
  _Static_assert(TH_COUNT(why) == TH_ELIG_N_NAMINGS, "a naming without words");
  th_html_open(l->h, "li", "named");
  th_buf *out = th_html_scratch(l->h);
  say(l, out, why[name->why < TH_COUNT(why) ? name->why : 0]);
  if (name->why != TH_ELIG_NAMED_MEASURE) {
    say(l, out, category_words(name->category));
    th_buf_str(out, ": ");
  }
  th_buf_span(out, name->label);
  th_html_scratch_text(l->h);
  th_html_close(l->h);
}

/* ---- the text of an item ---- */

/* Whether the words hold more than backslashes before signs: emphasis, links, paragraphs. */
static bool has_markup(th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\\') {
      i++;
      continue;
    }
    if (memchr("*_`[&!#", s.p[i], 7)) return true;
    if (s.p[i] == '\n' && i + 1 < s.n && s.p[i + 1] == '\n') return true;
  }
  return false;
}

static void put_plain(const list *l, uint32_t from, uint32_t to) {
  if (from >= to) return;
  th_markup_unescape((th_span){l->t->text.p + from, to - from}, th_html_scratch(l->h));
  th_html_scratch_text(l->h);
}

/* A mark leads to what was read there. It begins before the backslash of its first sign. */
static void put_marked(const list *l, const th_elig_node *n) {
  uint32_t at = n->from;
  char link[24];
  for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++) {
    uint32_t from = l->t->facts[i].from, to = l->t->facts[i].to;
    if (from > n->from && l->t->text.p[from - 1] == '\\') from--;
    if (to > n->from && to < n->to && l->t->text.p[to - 1] == '\\') to--;
    if (from < at || from >= to || to > n->to) continue; /* inside of the mark before */
    put_plain(l, at, from);
    snprintf(link, sizeof link, "#read-%u", i + 1);
    th_html_open(l->h, "a", "read");
    th_html_href(l->h, th_span_of(link));
    put_plain(l, from, to);
    th_html_close(l->h);
    at = to;
  }
  put_plain(l, at, n->to);
}

static bool asks_nothing(const th_elig_node *n) {
  return n->number == 0 && n->n_facts == 0;
}

static void put_leaf(list *l, uint32_t at) {
  const th_elig_node *n = &l->t->nodes[at];
  th_span text = th_elig_text(l->t, at);
  bool markup = has_markup(text);
  th_html_open(l->h, markup ? "div" : "span", "said");
  th_html_foreign(l->h);
  if (markup)
    th_html_markup(l->h, text);
  else
    put_marked(l, n);
  th_html_close(l->h);
  l->behind = n->to;
  uint32_t name = th_elig_first_name(l->t, at);
  if (n->n_facts || name < l->t->n_names) {
    th_html_open(l->h, "ul", "said-facts");
    for (uint32_t i = n->fact; i < n->fact + n->n_facts; i++)
      put_fact(l, i);
    for (; name < l->t->n_names && l->t->names[name].node == at; name++)
      put_named(l, &l->t->names[name]);
    th_html_close(l->h);
  } else if (!asks_nothing(n)) {
    th_html_element_str(l->h, "p", "unread", M(nothing_was_read_here));
  }
}

/* ---- items ---- */

/* "3." or "3)" before an item: its number, else 0. */
static unsigned number_before(const list *l, uint32_t at) {
  uint32_t i = l->t->nodes[at].from;
  const char *p = l->t->text.p;
  while (i > l->behind && (p[i - 1] == ' ' || p[i - 1] == '\t'))
    i--;
  if (i <= l->behind || (p[i - 1] != '.' && p[i - 1] != ')')) return 0;
  i -= 1 + (i > l->behind + 1 && p[i - 2] == '\\');
  unsigned number = 0, place = 1;
  for (; i > l->behind && p[i - 1] >= '0' && p[i - 1] <= '9' && place < 10000; i--, place *= 10)
    number += (unsigned)(p[i - 1] - '0') * place;
  return number;
}

static void put_items(list *l, uint32_t first, uint32_t end);

static void put_item(list *l, uint32_t at, unsigned number) {
  const th_elig_node *n = &l->t->nodes[at];
  uint32_t first = at + 1;
  /* Items that were read as one have no words of their own above them, and no sign. */
  bool joined = n->flags & TH_ELIG_GROUP && first < n->next && l->t->nodes[first].number;
  th_html_open(l->h, "li", joined ? "joined" : NULL);
  if (number && !joined) th_html_attr_u64(l->h, "value", number);
  if (n->flags & TH_ELIG_GROUP) {
    if (first < n->next && l->t->nodes[first].number == 0 &&
        !(l->t->nodes[first].flags & TH_ELIG_GROUP)) {
      put_leaf(l, first);
      first = l->t->nodes[first].next;
    }
    if (first < n->next) put_items(l, first, n->next);
  } else {
    put_leaf(l, at);
  }
  l->behind = n->to;
  th_html_close(l->h);
}

static void put_items(list *l, uint32_t first, uint32_t end) {
  unsigned number = number_before(l, first);
  th_html_open(l->h, number ? "ol" : "ul", "items");
  for (uint32_t i = first; i < end; i = l->t->nodes[i].next)
    put_item(l, i, number ? number_before(l, i) : 0);
  th_html_close(l->h);
}

/* ---- sections ---- */

/* "Inclusion Criteria", "Exclusion criteria:", nothing more: the page has its own words for it. */
static bool is_plain_header(th_span header) {
  static const char *const plain[] = {"inclusion criteria", "exclusion criteria", "inclusion",
                                      "exclusion"};
  for (size_t i = 0; i < TH_COUNT(plain); i++)
    if (th_span_eq_nocase(header, th_span_of(plain[i]))) return true;
  return header.n == 0;
}

static void put_heading(const list *l, uint8_t kind, th_span header, bool alone) {
  const char *words = kind == TH_ELIG_INCLUSION   ? M(inclusion_criteria)
                      : kind == TH_ELIG_EXCLUSION ? M(exclusion_criteria)
                                                  : NULL;
  if (words && is_plain_header(header))
    th_html_element_str(l->h, "h3", NULL, words);
  else if (header.n)
    th_html_element(l->h, "h3", NULL, header);
  else if (alone)
    th_html_element_str(l->h, "h3", NULL, M(eligibility_criteria));
}

/* Headers with nothing below them are headings of their own. */
static void put_headers(const list *l, th_span rest) {
  for (th_span next; (next = th_elig_header_line(&rest)).n;)
    th_html_element(l->h, "h3", NULL, next);
}

static void put_section(list *l, const th_elig_section *s) {
  put_headers(l, s->before);
  th_html_open(l->h, "div", s->kind == TH_ELIG_EXCLUSION ? "criteria out" : "criteria");
  put_heading(l, s->kind, s->header, s->first == 0 && s->end == l->t->n_nodes);
  th_html_open(l->h, "div", "prose");
  l->behind = s->from;
  put_items(l, s->first, s->end);
  th_html_close_n(l->h, 2);
}

/* ---- the whole ---- */

static void put_summary(const list *l) {
  int64_t items = 0, read = 0;
  for (uint32_t i = 0; i < l->t->n_nodes; i++) {
    const th_elig_node *n = &l->t->nodes[i];
    if (n->flags & TH_ELIG_GROUP || asks_nothing(n)) continue;
    items++;
    read += n->n_facts > 0;
  }
  th_html_open(l->h, "p", "said-count");
  th_html_str(l->h, M(lead_something_was_read_in));
  th_html_i64(l->h, read);
  th_html_str(l->h, M(mid_of_criteria));
  th_html_i64(l->h, items);
  th_html_str(l->h, M(tail_criteria_only_what_is_marked));
  th_html_close(l->h);
  th_html_open(l->h, "input", "show-read");
  th_html_attr_str(l->h, "type", "checkbox");
  th_html_attr_str(l->h, "id", "show-read");
  th_html_close(l->h);
  th_html_open(l->h, "label", "show-read-label");
  th_html_attr_str(l->h, "for", "show-read");
  th_html_str(l->h, M(show_what_was_read));
  th_html_close(l->h);
}

/* The tree that was read at import, or one of the page's own. */
static const th_elig_tree *tree_of(const th_study_view *v, th_span text) {
  const th_elig_tree *known = v->context->criteria;
  if (known && th_span_eq(known->text, text)) return known;
  th_elig_tree *own = th_arena_calloc(v->context->arena, 1, sizeof *own);
  th_err err = {0};
  return own && th_elig_read(text, v->context->arena, own, &err) == 0 ? own : NULL;
}

/* ---- criteria written as HTML ---- */

/* The name of a tag at the beginning, if it is one that such criteria have. */
static const char *tag_at(th_span s, bool *closes, size_t *len) {
  static const char *const tags[] = {"p", "ul", "ol", "li", "br", "b", "strong", "i", "em"};
  size_t at = 1;
  *closes = at < s.n && s.p[at] == '/';
  at += *closes;
  for (size_t i = 0; i < TH_COUNT(tags); i++) {
    size_t n = strlen(tags[i]);
    if (at + n >= s.n || !th_span_eq_nocase((th_span){s.p + at, n}, th_span_of(tags[i]))) continue;
    size_t end = at + n + (s.p[at + n] == '/' && at + n + 1 < s.n);
    if (s.p[end] != '>') continue;
    *len = end + 1;
    return tags[i];
  }
  return NULL;
}

/* A few records have HTML where the registry's markup is meant: its paragraphs and lists as such
 * markup. The text itself when it has none, or memory is out. */
static th_span without_tags(const th_study_view *v, th_span text) {
  enum { DEEPEST = 8 };
  size_t room = text.n * 9 + 128, n = 0; /* an item of four bytes may be moved in by 32 */
  unsigned depth = 0;
  bool any = th_span_find(text, TH_SPAN("<li>")) >= 0 || th_span_find(text, TH_SPAN("<p>")) >= 0;
  char *out = any ? th_arena_alloc(v->context->arena, room) : NULL;
  if (!out) return text;
  for (size_t at = 0; at < text.n && n + 4 * DEEPEST + 8 < room;) {
    bool closes;
    size_t len;
    const char *tag =
        text.p[at] == '<' ? tag_at((th_span){text.p + at, text.n - at}, &closes, &len) : NULL;
    if (!tag) {
      out[n++] = text.p[at++];
      continue;
    }
    at += len;
    bool nests = strcmp(tag, "ul") == 0 || strcmp(tag, "ol") == 0;
    if (nests && closes && depth) depth--;
    if (nests && !closes && depth < DEEPEST) depth++;
    bool item = strcmp(tag, "li") == 0 && !closes;
    /* A paragraph that begins an item is its line. */
    bool begins = n >= 2 && out[n - 1] == ' ' && out[n - 2] == '*';
    if (item) {
      out[n++] = '\n';
      for (unsigned i = 1; i < depth; i++, n += 4)
        memcpy(out + n, "    ", 4);
      out[n++] = '*', out[n++] = ' ';
    } else if (strcmp(tag, "br") == 0 || (tag[0] == 'p' && !closes && !begins)) {
      out[n++] = '\n';
      if (tag[0] == 'p' && !depth) out[n++] = '\n';
    }
  }
  return th_span_trim((th_span){out, n});
}

void th_part_criteria(const th_study_view *v) {
  th_span text = th_part_text(v, v->eligibility, "eligibilityCriteria");
  text = without_tags(v, text);
  const th_elig_tree *t = text.n ? tree_of(v, text) : NULL;
  if (!text.n) return;
  if (!t || t->n_nodes == 0) { /* no memory, or nothing but headers */
    th_part_markup(v, M(eligibility_criteria), text);
    return;
  }
  list l = {.v = v, .h = v->h, .t = t};
  th_html_open(v->h, "div", "criteria-read");
  put_summary(&l);
  th_elig_section s = {0};
  while (th_elig_section_next(t, &s))
    put_section(&l, &s);
  put_headers(&l, (th_span){text.p + s.to, text.n - s.to});
  th_html_close(v->h);
}
