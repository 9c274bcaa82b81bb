/* From text to tree: lines, list signs, indentation, headers.
 *
 * One pass over the lines. `open` is the chain of lists that are open; the item read last is
 * pending until the next line says whether it is a leaf or the head of a list of its own. Then it
 * is written, in the order of the text, so a group's node stands before its items and only its end
 * is filled in later. */
#include "eligibility/headers.h"
#include "eligibility/inline.h"
#include "eligibility/internal.h"
#include "eligibility/lead.h"
#include "eligibility/marks.h"
#include "eligibility/pdq.h"

#define NO_NODE UINT32_MAX

enum {
  WIDTH_LEAST = 60, /* of lines that are broken at a width, and at most */
  WIDTH_MOST = 100,
  REGISTRY_WIDTH = 80,
  LINE_SLACK = 4, /* a line is full when a word this much shorter would not have fitted either */
};

typedef struct item {
  uint32_t from, to;
  unsigned indent;
  th_elig_mark mark;
  bool heading, cohort;
} item;

typedef struct list {
  uint32_t group;    /* its node; NO_NODE at the top */
  uint32_t n;        /* items so far, without the lead */
  uint32_t last;     /* node of the item written last; NO_NODE */
  int indent;        /* of its items; -1 before the first */
  th_elig_mark mark; /* of its last item */
  bool heading, caps;
  bool same_level; /* opened by a colon, its items indented like the head */
  bool or_group;   /* made around items joined by "or" */
  uint8_t joint;   /* how its last item is joined to the next */
  bool stated;     /* the lead said how its items combine */
  bool semicolons; /* an item ended in one */
} list;

typedef struct builder {
  th_span text;
  th_elig_nodes *nodes;
  list open[TH_ELIG_DEPTH_MAX + 2];
  int depth; /* index of the innermost list */
  item pending;
  bool has_pending, blank; /* blank: an empty line stands before this one */
  uint32_t width;          /* bytes of a full line; lines are broken there */
  uint8_t kind;
  uint8_t
      section; /* the kind that a header of a section said last; a sentence may have changed it */
  uint32_t count[3]; /* items at the top by kind */
} builder;

static list *inner(builder *b) {
  return &b->open[b->depth];
}

static th_span item_text(const builder *b, const item *it) {
  return (th_span){b->text.p + it->from, it->to - it->from};
}

/* ---- writing nodes ---- */

static void start_list(builder *b, uint32_t group) {
  if (b->depth >= TH_ELIG_DEPTH_MAX) return;
  b->open[++b->depth] = (list){.group = group, .last = NO_NODE, .indent = -1};
}

/* Ends the innermost list: its group reaches to the end of its last item. */
static void end_list(builder *b) {
  list *l = inner(b);
  th_elig_node *p = b->nodes->p;
  if (l->group != NO_NODE && !b->nodes->failed) {
    th_elig_node *g = &p[l->group];
    g->next = b->nodes->n;
    if (l->last != NO_NODE) g->to = p[l->last].to;
  }
  b->depth--;
}

static uint8_t flags_of(const item *it) {
  return (uint8_t)((it->heading ? TH_ELIG_HEADING : 0) | (it->cohort ? TH_ELIG_COHORT : 0));
}

static th_elig_node *add_node(builder *b, uint32_t from, uint32_t to, bool lead) {
  th_elig_node *n = th_elig_node_add(b->nodes);
  if (!n) return NULL;
  list *l = inner(b);
  *n = (th_elig_node){.from = from, .to = to, .kind = b->kind, .next = b->nodes->n};
  n->combine = b->kind == TH_ELIG_EXCLUSION ? TH_ELIG_ANY : TH_ELIG_ALL;
  n->depth = (uint8_t)b->depth;
  if (!lead) n->number = b->depth == 0 ? ++b->count[b->kind] : ++l->n;
  if (!lead) l->last = b->nodes->n - 1;
  return n;
}

/* Puts a group around the item of the innermost list that was written last, so that the next one
 * joins it there. */
static void wrap_last(builder *b) {
  list *l = inner(b);
  uint32_t at = l->last;
  if (b->depth >= TH_ELIG_DEPTH_MAX || at == NO_NODE || !th_elig_node_add(b->nodes)) return;
  th_elig_node *p = b->nodes->p;
  memmove(&p[at + 1], &p[at], (b->nodes->n - 1 - at) * sizeof *p);
  for (uint32_t i = at + 1; i < b->nodes->n; i++) {
    p[i].next++;
    if (p[i].depth < UINT8_MAX) p[i].depth++;
  }
  p[at] = p[at + 1];
  p[at].depth--;
  p[at].combine = TH_ELIG_ANY;
  p[at].flags = TH_ELIG_GROUP;
  p[at + 1].number = 1;
  start_list(b, at);
  list *g = inner(b);
  g->n = 1;
  g->last = at + 1;
  g->or_group = g->stated = true;
  g->indent = l->indent;
  g->mark = l->mark;
}

/* Before another item comes into the innermost list: what "or" behind the last one does. */
static void join(builder *b) {
  list *l = inner(b);
  if (l->or_group && l->joint != TH_ELIG_JOINT_OR) {
    int indent = l->indent;
    end_list(b);
    inner(b)->indent = indent;
    l = inner(b);
  } else if (l->joint == TH_ELIG_JOINT_OR && !l->or_group) {
    if (l->group != NO_NODE && !l->heading && !l->stated)
      b->nodes->p[l->group].combine = TH_ELIG_ANY, l->stated = true;
    else if (l->group == NO_NODE || l->heading)
      wrap_last(b);
  }
  inner(b)->joint = TH_ELIG_NO_JOINT;
}

static void add_pieces(builder *b, const th_elig_piece *pieces, size_t n);

/* The pending item as a leaf, or as several when it holds a list in its line. */
static void write_pending(builder *b) {
  if (!b->has_pending) return;
  b->has_pending = false;
  th_elig_piece pieces[TH_ELIG_PIECES_MAX];
  item *it = &b->pending;
  size_t n = th_elig_inline_split(b->text, it->from, it->to, &it->mark, pieces);
  add_pieces(b, pieces, n);
  th_span text = item_text(b, it);
  if (text.n && text.p[text.n - 1] == ';') inner(b)->semicolons = true;
}

static void set_combine(builder *b, uint32_t group, th_elig_lead lead) {
  if (b->nodes->failed) return;
  th_elig_node *g = &b->nodes->p[group];
  if (lead.stated) {
    g->combine = lead.combine;
    g->at_least = lead.at_least;
  }
  if (lead.optional) {
    g->combine = TH_ELIG_ANY;
    g->flags |= TH_ELIG_OPTIONAL;
  }
}

static void add_leaf(builder *b, const th_elig_piece *p) {
  th_elig_node *n = add_node(b, p->from, p->to, false);
  if (!n) return;
  n->flags = p->flags;
  inner(b)->joint =
      (uint8_t)th_elig_joint_read((th_span){b->text.p + p->from, p->to - p->from}, NULL);
}

/* Pieces of level 1 stand inside the piece of level 0 before them. */
static void add_pieces(builder *b, const th_elig_piece *pieces, size_t n) {
  int base = b->depth;
  for (size_t i = 0; i < n && !b->nodes->failed; i++) {
    const th_elig_piece *p = &pieces[i];
    while (p->level == 0 && b->depth > base)
      end_list(b);
    join(b);
    if (p->level == 0) base = b->depth;
    if (i + 1 == n || pieces[i + 1].level <= p->level || b->depth >= TH_ELIG_DEPTH_MAX) {
      add_leaf(b, p);
      continue;
    }
    th_elig_node *g = add_node(b, p->from, p->to, false);
    if (!g) return;
    g->flags = TH_ELIG_GROUP | p->flags;
    if (p->stated) g->combine = p->combine, g->at_least = p->at_least;
    start_list(b, b->nodes->n - 1);
    inner(b)->stated = p->stated;
    if (!p->bare) add_node(b, p->from, p->to, true);
  }
  if (b->depth > base) {
    uint8_t joint = inner(b)->joint;
    while (b->depth > base)
      end_list(b);
    inner(b)->joint = joint;
  }
}

/* The pending item becomes the head of a list. */
static void write_head(builder *b) {
  item *it = &b->pending;
  b->has_pending = false;
  join(b);
  th_elig_node *g = add_node(b, it->from, it->to, false);
  if (!g) return;
  uint32_t group = b->nodes->n - 1;
  g->flags = (uint8_t)(TH_ELIG_GROUP | flags_of(it));
  if (it->heading) g->combine = b->kind == TH_ELIG_EXCLUSION ? TH_ELIG_ANY : TH_ELIG_ALL;
  start_list(b, group);
  inner(b)->heading = it->heading;
  th_elig_lead lead = th_elig_lead_read(item_text(b, it));
  set_combine(b, group, lead);
  inner(b)->stated = lead.stated;
  add_node(b, it->from, it->to, true);
}

static void close_all(builder *b) {
  write_pending(b);
  while (b->depth > 0)
    end_list(b);
  b->open[0] = (list){.group = NO_NODE, .last = NO_NODE, .indent = -1};
}

/* ---- where a line belongs ---- */

static bool same_style(const th_elig_mark *a, const th_elig_mark *m) {
  if (a->style == TH_ELIG_ROMAN && m->style == TH_ELIG_LOWER) return m->roman == a->value + 1;
  if (a->style != m->style || a->form != m->form) return false;
  return a->style != TH_ELIG_DOTTED || a->dots == m->dots;
}

/* A single letter is the roman number when that continues what stands before, or starts a list. */
static void settle_roman(const builder *b, th_elig_mark *m) {
  if ((m->style != TH_ELIG_LOWER && m->style != TH_ELIG_UPPER) || !m->roman) return;
  const th_elig_mark *p = &b->pending.mark;
  bool letters = false, romans = false;
  for (int i = b->depth; i >= 0; i--) {
    letters |= b->open[i].mark.style == m->style && b->open[i].mark.value + 1 == m->value;
    romans |= b->open[i].mark.style == TH_ELIG_ROMAN && b->open[i].mark.value + 1 == m->roman;
  }
  if (b->has_pending) {
    letters |= p->style == m->style && p->value + 1 == m->value;
    romans |= p->style == TH_ELIG_ROMAN && p->value + 1 == m->roman;
  }
  if (romans || (!letters && m->roman == 1)) {
    m->style = TH_ELIG_ROMAN;
    m->value = m->roman;
  }
}

/* Whether an open list further out has gone on with marks like this one. */
static bool continues_outer(const builder *b, const item *it) {
  for (int i = b->depth; i >= 0; i--) {
    const list *l = &b->open[i];
    if (l->indent < 0 || !same_style(&l->mark, &it->mark)) continue;
    if (it->mark.style == TH_ELIG_BULLET)
      return l->indent >= (int)it->indent - 1 && l->mark.style == TH_ELIG_BULLET;
    if (it->mark.value == l->mark.value + 1) return true;
  }
  return false;
}

/* A short line without an end sign, such as a heading has. */
static bool is_short(th_span s) {
  size_t words = 1;
  if (s.n > 60 || s.n == 0 || memchr(".;,?!", s.p[s.n - 1], 5)) return false;
  for (size_t i = 0; i < s.n; i++)
    words += s.p[i] == ' ';
  return words <= 6 && !(s.p[0] >= 'a' && s.p[0] <= 'z') && !(s.p[0] >= '0' && s.p[0] <= '9');
}

static bool is_child(const builder *b, const item *it) {
  const item *p = &b->pending;
  if (!b->has_pending || it->mark.style == TH_ELIG_PLAIN) return false;
  th_span head = item_text(b, p);
  bool follows = th_elig_lead_follows(head);
  if (p->heading) return true;
  if (p->mark.style == TH_ELIG_PLAIN) {
    if (follows) return true;
    if (it->indent > p->indent + 3 && it->mark.style != TH_ELIG_BULLET) return true;
    const list *l = &b->open[b->depth];
    bool listed = l->last != NO_NODE && l->mark.style != TH_ELIG_PLAIN;
    bool inside = l->last != NO_NODE && (b->nodes->p[l->last].flags & TH_ELIG_GROUP);
    return (listed || inside || l->heading || l->last == NO_NODE) && is_short(head) && b->blank;
  }
  if (it->indent >= p->indent + 2) return true;
  if (it->indent + 1 < p->indent) return false;
  if (same_style(&p->mark, &it->mark))
    return follows && it->mark.style == TH_ELIG_BULLET && it->indent >= p->indent &&
           !b->open[b->depth].same_level;
  if (it->mark.style == TH_ELIG_DOTTED)
    return p->mark.style == TH_ELIG_NUMBER ||
           (p->mark.style == TH_ELIG_DOTTED && it->mark.dots > p->mark.dots);
  if (it->indent < p->indent && !follows) return false;
  bool first = it->mark.style == TH_ELIG_BULLET || it->mark.value == 1;
  return first && !continues_outer(b, it);
}

/* Closes the lists that the item stands outside of. */
static void close_to(builder *b, const item *it) {
  while (b->depth > 0) {
    list *l = inner(b);
    list *outer = &b->open[b->depth - 1];
    if (l->heading) break;
    if (it->mark.style == TH_ELIG_PLAIN) {
      if (l->or_group && l->mark.style == TH_ELIG_PLAIN) break;
      if (it->indent > 1 && l->indent >= 0 && (int)it->indent > l->indent) break;
      end_list(b);
      continue;
    }
    bool deeper = l->indent >= 0 && l->indent > (int)it->indent + 1;
    bool here = same_style(&l->mark, &it->mark) &&
                (it->mark.style == TH_ELIG_BULLET || it->mark.value > l->mark.value);
    if (l->same_level && here && !deeper) {
      /* Items ended in ";" and the last one does not: the list is over. */
      const th_elig_node *last = &b->nodes->p[l->last];
      char end = last->to > last->from ? b->text.p[last->to - 1] : 0;
      if (l->semicolons && end == '.') {
        end_list(b);
        continue;
      }
    }
    if (!deeper && here) break;
    bool outer_fits = outer->indent >= 0 && same_style(&outer->mark, &it->mark) &&
                      outer->indent + 1 >= (int)it->indent &&
                      (it->mark.style == TH_ELIG_BULLET || it->mark.value > outer->mark.value);
    bool outer_plain = outer->mark.style == TH_ELIG_PLAIN && outer->indent >= 0;
    if (!deeper && !outer_fits && !continues_outer(b, it)) break;
    if (!deeper && outer_plain && !outer_fits && l->mark.style == TH_ELIG_BULLET) break;
    end_list(b);
  }
}

static void take_item(builder *b, item it) {
  settle_roman(b, &it.mark);
  if (is_child(b, &it) && b->depth < TH_ELIG_DEPTH_MAX) {
    bool same = b->pending.mark.style == TH_ELIG_BULLET && same_style(&b->pending.mark, &it.mark) &&
                it.indent < b->pending.indent + 2;
    write_head(b);
    inner(b)->same_level = same;
  } else {
    write_pending(b);
    close_to(b, &it);
  }
  list *l = inner(b);
  if (l->indent < 0 || it.mark.style != TH_ELIG_PLAIN) l->indent = (int)it.indent;
  l->mark = it.mark;
  b->pending = it;
  b->has_pending = true;
}

/* ---- headings within a block ---- */

static bool is_caps_heading(th_span s) {
  size_t capitals = 0;
  if (s.n < 5 || s.n > 80 || s.p[s.n - 1] != ':') return false;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] >= 'a' && s.p[i] <= 'z') return false;
    capitals += s.p[i] >= 'A' && s.p[i] <= 'Z';
  }
  return capitals >= 5;
}

static void take_heading(builder *b, item it) {
  write_pending(b);
  while (b->depth > 0)
    end_list(b);
  it.heading = true;
  b->pending = it;
  b->has_pending = true;
  write_head(b);
}

/* ---- lines ---- */

typedef struct line {
  uint32_t from, to; /* without indentation and blanks at the end */
  unsigned indent;
} line;

static line cut_line(const builder *b, uint32_t from, uint32_t end) {
  line l = {from, end, 0};
  const char *p = b->text.p;
  for (; l.from < end; l.from++) {
    if (p[l.from] == ' ')
      l.indent++;
    else if (p[l.from] == '\t')
      l.indent += 4;
    else if (end - l.from >= 2 && !memcmp(p + l.from, "\xC2\xA0", 2))
      l.from++, l.indent++;
    else if (p[l.from] != '\r' && p[l.from] != '\f' && p[l.from] != '\v')
      break;
  }
  while (l.to > l.from && memchr(" \t\r\f\v\n", p[l.to - 1], 6))
    l.to--;
  return l;
}

static bool has_words(th_span s) {
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9')) return true;
    if ((unsigned char)c >= 0xC3 && (unsigned char)c != 0xE2 && (unsigned char)c != 0xEF)
      return true;
  }
  return false;
}

/* Whether the line before was full: the first word of the next did not fit in. Lines of a text that
 * is not broken at a width are whole whatever their length. */
static bool was_full(const builder *b, th_span before, const line *next) {
  size_t last = 0, word = 0, indent = b->pending.indent;
  while (last < before.n && before.p[before.n - 1 - last] != '\n')
    last++;
  if (last == before.n) indent += b->pending.mark.len;
  while (next->from + word < next->to && b->text.p[next->from + word] != ' ')
    word++;
  return last <= b->width && indent + last + 1 + word + LINE_SLACK > b->width;
}

/* Words that no item ends with. */
static bool is_unfinished(th_span s) {
  static const char *const open[] = {"or",  "and",  "of", "with", "the", "a",    "to",   "in",
                                     "for", "than", "by", "from", "as",  "that", "which"};
  size_t n = 0;
  while (n < s.n && s.p[s.n - 1 - n] != ' ' && s.p[s.n - 1 - n] != '\n')
    n++;
  th_span word = {s.p + s.n - n, n};
  for (size_t i = 0; i < TH_COUNT(open); i++)
    if (th_span_eq_nocase(word, th_span_of(open[i]))) return true;
  return n == 1 && (*word.p == '-' || *word.p == '/');
}

/* A parenthesis of the last line that the next one closes. */
static bool is_inside(const builder *b, th_span before, const line *next) {
  int depth = 0;
  for (size_t n = 0; n < before.n && before.p[before.n - 1 - n] != '\n' && depth <= 0; n++)
    depth += (before.p[before.n - 1 - n] == '(') - (before.p[before.n - 1 - n] == ')');
  for (uint32_t i = next->from; i < next->to && depth > 0 && b->text.p[i] != '('; i++)
    if (b->text.p[i] == ')') return true;
  return false;
}

/* "1.73" and "m²", "10" and "^9" on a line of their own. */
static bool is_power(const builder *b, th_span before, const line *next) {
  char end = before.n ? before.p[before.n - 1] : 0;
  const char *p = b->text.p + next->from;
  if (end < '0' || end > '9') return false;
  return *p == '^' || (next->to - next->from > 1 && *p == 'm' && memchr("2^\xC2", p[1], 3));
}

/* A line without a sign that goes on with the item before. */
static bool is_continuation(const builder *b, const line *l) {
  if (!b->has_pending || b->pending.heading) return false;
  th_span before = item_text(b, &b->pending);
  char first = b->text.p[l->from], end = before.n ? before.p[before.n - 1] : 0;
  bool marked = b->pending.mark.style != TH_ELIG_PLAIN;
  if (b->blank)
    return marked && l->indent >= b->pending.indent + 2 && end != ':' && before.n < 4000;
  if (marked && l->indent >= b->pending.indent + 2) return true;
  bool small = first >= 'a' && first <= 'z', full = was_full(b, before, l);
  if (end == '.' || end == ';' || end == ':' || end == '?')
    return small && end != ';' && end != ':';
  if (is_power(b, before, l)) return true;
  if (first == '(' || first == ',' || is_unfinished(before) || is_inside(b, before, l)) return true;
  return full || (small && marked);
}

static void take_words(builder *b, line l) {
  th_span s = {b->text.p + l.from, l.to - l.from};
  item it = {.from = l.from, .to = l.to, .indent = l.indent};
  bool alone = false;
  uint8_t joint = (uint8_t)th_elig_joint_read(s, &alone);
  if (alone) {
    if (!b->has_pending) {
      inner(b)->joint = joint;
      return;
    }
    b->pending.to = l.to;
    return;
  }
  if (th_elig_mark_read(s, false, &it.mark)) {
    it.from += it.mark.len;
    th_span words = {b->text.p + it.from, it.to - it.from};
    th_elig_joint_read(words, &alone);
    if (!has_words(words)) return;
    if (alone && b->has_pending) {
      b->pending.to = l.to;
      return;
    }
    take_item(b, it);
  } else if (is_caps_heading(s)) {
    take_heading(b, it);
  } else if (is_continuation(b, &l)) {
    b->pending.to = l.to;
  } else {
    take_item(b, it);
  }
}

static void take_header(builder *b, uint32_t from, const th_elig_header *h) {
  close_all(b);
  if (!h->keeps) b->kind = h->kind;
  if (!h->keeps && !h->following) b->section = h->kind;
  if (!h->cohort && !h->following) return;
  item it = {.from = from + h->from, .to = from + h->to, .heading = true, .cohort = h->cohort};
  b->pending = it;
  b->has_pending = true;
  if (h->cohort) {
    write_head(b);
    return;
  }
  th_elig_lead lead = th_elig_lead_read(item_text(b, &it));
  b->has_pending = false;
  /* "any of the following" says no more than the block does, "at least two of" does */
  uint8_t usual = b->kind == TH_ELIG_EXCLUSION ? TH_ELIG_ANY : TH_ELIG_ALL;
  if (lead.stated && lead.combine != usual) {
    b->has_pending = true;
    write_head(b);
  }
}

static bool has_word(th_span s, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= s.n; i++)
    if (th_span_eq_nocase((th_span){s.p + i, n}, (th_span){word, n})) return true;
  return false;
}

/* Under "Inclusion Criteria" a list of those who "are excluded" is over where it says whom it takes
 * ("Patients must have:"), or at one of the headings that trial groups give their sections. */
static bool is_back_in_section(th_span s) {
  static const char *const headings[] = {
      "allowed",          "required",         "concurrent medication", "concurrent treatment",
      "prior medication", "prior treatment",  "co-existing condition", "concurrent therapy",
      "prior therapy",    "patient inclusion"};
  if (s.n < 8 || s.n > 120 || s.p[s.n - 1] != ':') return false;
  th_span words = {s.p, s.n - 1};
  for (size_t i = 0; i < TH_COUNT(headings); i++)
    if (th_span_eq_nocase(words, th_span_of(headings[i]))) return true;
  return has_word(words, " must ") && !has_word(words, " not ") && !has_word(words, "exclu");
}

/* The first part of the line, up to a header further in; where the rest begins. */
static uint32_t take_part(builder *b, uint32_t from, uint32_t end) {
  line l = cut_line(b, from, end);
  th_span s = {b->text.p + l.from, l.to - l.from};
  th_elig_mark mark = {0};
  th_elig_header h;
  if (!has_words(s)) {
    b->blank = b->blank || s.n == 0;
    return end;
  }
  bool marked = th_elig_mark_read(s, false, &mark);
  th_span words = {s.p + mark.len, s.n - mark.len};
  if (th_elig_header_read(words, marked, &h)) {
    take_header(b, l.from + mark.len, &h);
    b->blank = true;
    return h.rest < words.n ? l.from + mark.len + h.rest : end;
  }
  bool pdq = !marked && b->kind == TH_ELIG_UNKNOWN && th_elig_pdq_section(s);
  if (pdq) b->section = TH_ELIG_INCLUSION;
  if (pdq || (b->kind != b->section && !marked && is_back_in_section(s))) {
    close_all(b);
    b->kind = b->section;
    b->blank = true;
  }
  size_t inside = th_elig_header_inside(s);
  if (inside < s.n) {
    unsigned indent = l.indent;
    end = l.from + (uint32_t)inside;
    l = cut_line(b, l.from, end);
    l.indent = indent;
  }
  take_words(b, l);
  b->blank = false;
  return end;
}

static void take_line(builder *b, uint32_t from, uint32_t end) {
  if (from == end) b->blank = true;
  while (from < end && !b->nodes->failed)
    from = take_part(b, from, end);
}

/* The longest line, when lines seem to be broken at a width; otherwise the registry's own. */
static uint32_t width_of(th_span text) {
  size_t longest = 0;
  for (size_t i = 0; i < text.n;) {
    const char *eol = memchr(text.p + i, '\n', text.n - i);
    size_t end = eol ? (size_t)(eol - text.p) : text.n;
    longest = TH_MAX(longest, end - i);
    i = end + 1;
  }
  return (uint32_t)(longest < WIDTH_LEAST || longest > WIDTH_MOST ? REGISTRY_WIDTH : longest);
}

void th_elig_structure(th_span text, th_elig_nodes *nodes) {
  builder b = {.text = text, .nodes = nodes, .width = width_of(text)};
  b.open[0] = (list){.group = NO_NODE, .last = NO_NODE, .indent = -1};
  for (size_t i = 0; i < text.n && !nodes->failed;) {
    const char *eol = memchr(text.p + i, '\n', text.n - i);
    size_t end = eol ? (size_t)(eol - text.p) : text.n;
    take_line(&b, (uint32_t)i, (uint32_t)end);
    i = end + 1;
  }
  close_all(&b);
}
