/* Sentences and sections of a note.
 *
 *   header := wording of a section (lexicon.c), at the beginning of a line, then ':' or the end of
 *             the line
 */
#include "patient/note.h"

/* Line ends between two tokens, at most 2. */
static unsigned lines_between(const th_note *note, uint32_t i) {
  uint32_t at = i ? note->v.p[i - 1].to : 0, to = note->v.p[i].from;
  unsigned n = 0;
  for (; at < to && n < 2; at++)
    n += note->text.p[at] == '\n';
  return n;
}

static bool ends_line(const th_note *note, uint32_t i) {
  return i >= note->v.n || lines_between(note, i) > 0;
}

/* A list number or sign: "1.", "2)", "-", "*". */
static bool starts_item(const th_note *note, uint32_t i) {
  if (th_note_sign(note, i, '-') || th_note_sign(note, i, '*') || th_note_sign(note, i, ';'))
    return true;
  return th_note_number(note, i) &&
         (th_note_sign(note, i + 1, '.') || th_note_sign(note, i + 1, ')'));
}

static bool starts_upper(const th_note *note, uint32_t i) {
  return note->v.p[i].kind == TH_ELIG_WORD && note->v.p[i].flags & TH_ELIG_UPPER;
}

/* A full stop that ends a sentence: not behind an initial or a title ("C. diff", "Dr. Who"), and
 * followed by a blank. */
static bool is_stop(const th_note *note, uint32_t i) {
  const th_elig_token *t = &note->v.p[i];
  if (t->kind != TH_ELIG_SIGN || (t->key != '.' && t->key != '?' && t->key != '!')) return false;
  if (i + 1 < note->v.n && !(note->v.p[i + 1].flags & TH_ELIG_SPACE_BEFORE)) return false;
  if (t->key != '.' || i == 0) return true;
  if (th_note_among(note, i - 1, "dr mr mrs ms vs approx st e.g i.e pt yr yrs prof no"))
    return false;
  const th_elig_token *w = &note->v.p[i - 1];
  bool initial = w->kind == TH_ELIG_WORD && w->to - w->from == 1 && w->flags & TH_ELIG_UPPER;
  return !initial || i + 1 >= note->v.n || starts_upper(note, i + 1);
}

/* A line goes on in the next one when that starts small or the line is long. */
static bool breaks_line(const th_note *note, uint32_t i, uint32_t line) {
  unsigned lines = lines_between(note, i);
  if (lines == 0) return false;
  if (lines > 1 || starts_item(note, i)) return true;
  uint32_t length = note->v.p[i - 1].to - note->v.p[line].from;
  return th_note_sign(note, i - 1, ':') ||
         (length < 60 && (starts_upper(note, i) || th_note_number(note, i)));
}

static int header_at(const th_note *note, uint32_t i, uint32_t *end) {
  uint32_t e;
  int value = th_lex_find(TH_LEX_SECTION, note->text, note->v.p, note->v.n, i, true, &e);
  if (value < 0) return -1;
  if (th_note_sign(note, e, ':') && !ends_line(note, e)) {
    *end = e + 1;
    return value;
  }
  *end = e;
  return ends_line(note, e) && e - i <= 6 && starts_upper(note, i) ? value : -1;
}

static void add(th_note *note, uint32_t from, uint32_t to, uint8_t section, th_span header) {
  if (from < to) note->sentences[note->n_sentences++] = (th_sentence){from, to, section, header};
}

int th_note_sentences(th_note *note) {
  uint32_t n = note->v.n, from = 0, line = 0;
  uint8_t section = TH_SECTION_CURRENT;
  th_span header = {0};
  note->sentences = th_arena_alloc(note->r->arena, (n + 1) * sizeof *note->sentences);
  if (!note->sentences) return th_reading_fail(note->r, TH_ENOMEM);
  for (uint32_t i = 0; i < n; i++) {
    bool first = i == 0 || lines_between(note, i) > 0;
    uint32_t end;
    int value = first ? header_at(note, i, &end) : -1;
    if (value >= 0) {
      add(note, from, i, section, header);
      section = (uint8_t)value;
      header =
          (th_span){note->text.p + note->v.p[i].from, note->v.p[end - 1].to - note->v.p[i].from};
      if (header.p[header.n - 1] == ':') header.n--;
      header = th_reading_text(note->r, header);
      i = end - 1;
      from = line = end;
      continue;
    }
    if (i > from && breaks_line(note, i, line)) {
      add(note, from, i, section, header);
      from = i;
    }
    if (first) line = i;
    if (!is_stop(note, i)) continue;
    add(note, from, i + 1, section, header);
    from = i + 1;
  }
  add(note, from, n, section, header);
  return note->r->rc;
}
