/* The texts of one document becoming its postings.
 *
 *   texts ──tokens──▶ words of the document, told apart in a small table; tokens in their order
 *         ──words───▶ forms of all documents, once a word; their stems, numbered in the document
 *         ──tokens──▶ spots, grouped by stem
 *         ──stems───▶ postings, one behind the other, into the log
 *
 *   posting := u32 term  u32 class * 2 + coded  rest
 *   rest    := varint n  varint n_bits  bits  [varint form{n}]
 *              n: occurrences; bits: n_bits of positions (occurrences.h), from and to whole bytes;
 * coded: forms other than 0 occur; a form is a number among those of its term, in order of
 * appearance
 */
#include "index/builder_private.h"
#include "index/format.h"
#include "text/plain.h"

void th_build_stage_dispose(th_build_stage *s) {
  th_doc_words_dispose(&s->words);
  free(s->padded);
  free(s->tokens);
  free(s->runs);
  free(s->class_words);
  free(s->class_locals);
  th_buf_dispose(&s->class_texts);
  free(s->ids);
  free(s->resolved);
  free(s->locals);
  free(s->spots);
  free(s->positions);
  free(s->bytes);
}

static int no_memory(th_err *err) {
  return th_err_set(err, TH_ENOMEM, "out of memory indexing a record");
}

/* ---- tokens ---- */

/* The text with blanks behind it, for the tokenizer. */
static bool pad_text(th_build_stage *s, th_span text, th_tokens *tokens) {
  if (!TH_BUILD_GROW(s, padded, text.n + TH_PAD)) return false;
  if (text.n) memcpy(s->padded, text.p, text.n);
  memset(s->padded + text.n, ' ', TH_PAD);
  th_tokens_init_padded(tokens, (th_span){s->padded, text.n});
  return true;
}

static inline bool take_word(th_build_stage *s, uint32_t word, uint32_t position) {
  if (TH_UNLIKELY(word == TH_WORD_FULL || !TH_BUILD_GROW(s, tokens, (size_t)s->n_tokens + 1)))
    return false;
  s->tokens[s->n_tokens++] = (th_build_token){word, position};
  return true;
}

/* Tokens of text i; *length is that of the field so far, with one position free between values. */
static bool take_text(th_builder *b, size_t i, uint32_t *length) {
  th_build_stage *s = &b->stage;
  th_tokens tokens;
  th_token token;
  th_plain_word plain;
  uint32_t base = *length ? *length + 1 : 0;
  if (!pad_text(s, b->feed.texts[i].text, &tokens)) return false;
  for (;;) {
    uint32_t word, position;
    if (TH_LIKELY(th_token_plain(&tokens, &plain))) {
      word = th_doc_words_add_short(&s->words, plain.a, plain.b, plain.len);
      position = plain.position;
    } else if (th_token_next(&tokens, &token)) {
      word = th_doc_words_add(&s->words, token.text.p, token.text.n);
      position = token.position;
    } else {
      break;
    }
    if (!take_word(s, word, base + position)) return false;
  }
  if (tokens.position) *length = base + tokens.position;
  th_feed_break(&b->feed, i, tokens.position);
  return true;
}

static bool end_field(th_builder *b, uint16_t field, uint16_t *before, uint32_t length) {
  th_build_stage *s = &b->stage;
  if (length == 0) return true;
  if (!TH_BUILD_GROW(s, runs, (size_t)s->n_runs + 1)) return false;
  s->runs[s->n_runs++] = (th_build_run){field, s->n_tokens};
  s->lengths[field] = length;
  th_buf_varint(&b->lengths, field - *before);
  th_buf_varint(&b->lengths, length);
  *before = field;
  return true;
}

static bool take_texts(th_builder *b) {
  th_build_stage *s = &b->stage;
  const th_feed *f = &b->feed;
  uint16_t before = 0;
  uint32_t length = 0;
  size_t bytes = 0;
  s->n_tokens = s->n_runs = 0;
  for (size_t i = 0; i < f->n_texts; i++)
    bytes += f->texts[i].text.n;
  if (!th_doc_words_begin(&s->words, bytes / 16)) return false;
  for (size_t i = 0; i < f->n_texts; i++) {
    uint16_t field = f->texts[i].field;
    if (!take_text(b, i, &length)) return false;
    if (i + 1 < f->n_texts && f->texts[i + 1].field == field) continue;
    if (!end_field(b, field, &before, length)) return false;
    length = 0;
  }
  return true;
}

/* ---- words ---- */

/* A form seen for the first time gets its stem. */
static bool stem_form(th_builder *b, uint32_t id) {
  bool fresh;
  th_lexeme *form = &b->forms.lexemes[id];
  th_span stem = th_stem(b->stemmer, th_lexicon_text(&b->forms, id));
  if (!stem.p || !TH_BUILD_GROW(b, terms, (size_t)b->stems.n + 1)) return false;
  uint32_t term = th_intern_put(&b->stems, stem, &fresh);
  if (term == TH_INTERN_FULL) return false;
  if (fresh) b->terms[term] = (th_build_term){0};
  form->value[TH_FORM_TERM] = term;
  form->value[TH_FORM_CODE] = b->terms[term].n_forms++;
  return true;
}

/* Number in the document of the stem of a form. */
static uint32_t local_of(th_builder *b, uint32_t term) {
  th_build_stage *s = &b->stage;
  th_build_term *t = &b->terms[term];
  if (t->stamp != s->stamp) {
    t->stamp = s->stamp;
    t->local = s->n_locals;
    s->locals[s->n_locals++] = (th_build_local){.term = term};
  }
  return t->local;
}

/* A stamp of an earlier document must not come again while terms bear it. */
static void next_stamp(th_builder *b) {
  if (++b->stage.stamp) return;
  for (uint32_t t = 0; t < b->stems.n; t++)
    b->terms[t].stamp = 0;
  b->stage.stamp = 1;
}

enum { LOOK_AHEAD = 12 };

static int resolve_words(th_builder *b, th_err *err) {
  th_build_stage *s = &b->stage;
  uint32_t n = s->words.n;
  if (!TH_BUILD_GROW(s, ids, n) || !TH_BUILD_GROW(s, resolved, n) || !TH_BUILD_GROW(s, locals, n) ||
      !th_lexicon_find(&b->forms, s->words.words, n, &s->words.long_texts, s->ids))
    return no_memory(err);
  const th_lexeme *forms = b->forms.lexemes;
  next_stamp(b);
  s->n_locals = 0;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t *value = forms[s->ids[i]].value;
    if (i + LOOK_AHEAD < n) {
      uint32_t next = forms[s->ids[i + LOOK_AHEAD]].value[TH_FORM_TERM];
      if (next < b->stems.n) __builtin_prefetch(&b->terms[next]);
    }
    /* One that failed on the way to its stem is tried again. */
    if (TH_UNLIKELY(value[TH_FORM_TERM] == UINT32_MAX) && !stem_form(b, s->ids[i]))
      return no_memory(err);
    if (TH_UNLIKELY(value[TH_FORM_CODE] >= TH_FORMS_MAX))
      return th_err_set(err, TH_ELIMIT, "a stem has more than %d forms", TH_FORMS_MAX);
    uint32_t local = local_of(b, value[TH_FORM_TERM]);
    s->resolved[i] = (th_build_word){local, (uint16_t)value[TH_FORM_CODE]};
    s->locals[local].end += s->words.words[i].count;
  }
  return 0;
}

/* ---- spots ---- */

/* A term stands but once at a position of a field: a joined form with the stem of its last part is
 * dropped. */
static inline void put_spot(th_build_stage *s, const th_build_token *token, uint16_t field) {
  th_build_word word = s->resolved[token->word];
  th_build_local *local = &s->locals[word.local];
  if (local->end > local->start) {
    const th_build_spot *last = &s->spots[local->end - 1];
    if (TH_UNLIKELY(last->position == token->position && last->field == field)) return;
  }
  s->spots[local->end++] = (th_build_spot){token->position, field, word.form};
}

static bool group_spots(th_build_stage *s) {
  uint32_t at = 0;
  if (!TH_BUILD_GROW(s, spots, s->n_tokens)) return false;
  for (uint32_t i = 0; i < s->n_locals; i++) {
    uint32_t n = s->locals[i].end;
    s->locals[i].start = s->locals[i].end = at;
    at += n;
  }
  for (uint32_t r = 0, i = 0; r < s->n_runs; r++)
    for (; i < s->runs[r].end; i++)
      put_spot(s, &s->tokens[i], s->runs[r].field);
  return true;
}

/* ---- classes ---- */

/* The class of most postings of one field, which are most postings: class + 1, or 0. */
static inline uint32_t *direct_class(th_builder *b, const th_build_local *local) {
  uint32_t n = local->end - local->start;
  const th_build_spot *spots = b->stage.spots + local->start;
  if (n >= TH_BUILD_DIRECT_TF || spots[0].field != spots[n - 1].field) return NULL;
  return &b->direct[spots[0].field][n];
}

/* Writes down the class of the spots: their fields, and how many there are in each. Its last byte
 * is not 0. */
static bool name_class(th_build_stage *s, const th_build_local *local, th_word *word) {
  uint8_t bytes[TH_F_COUNT * 8], *at = bytes;
  memset(bytes, 0, TH_WORD_INLINE);
  uint32_t before = 0;
  for (uint32_t i = local->start, first = i; i < local->end; first = i) {
    uint16_t field = s->spots[i].field;
    while (i < local->end && s->spots[i].field == field)
      i++;
    at = th_varint_put(at, field - before);
    at = th_varint_put(at, i - first);
    before = field;
  }
  *word = th_word_of((const char *)bytes, (size_t)(at - bytes));
  if (word->len <= TH_WORD_INLINE) return true;
  word->text = (uint32_t)s->class_texts.n;
  th_buf_put(&s->class_texts, bytes, word->len);
  return !s->class_texts.error && s->class_texts.n <= UINT32_MAX;
}

static bool find_classes(th_builder *b) {
  th_build_stage *s = &b->stage;
  s->n_classes = 0;
  th_buf_clear(&s->class_texts);
  if (!TH_BUILD_GROW(s, class_words, s->n_locals) || !TH_BUILD_GROW(s, class_locals, s->n_locals))
    return false;
  for (uint32_t i = 0; i < s->n_locals; i++) {
    const uint32_t *direct = direct_class(b, &s->locals[i]);
    if (TH_LIKELY(direct && *direct)) {
      s->locals[i].class_id = *direct - 1;
    } else {
      if (!name_class(s, &s->locals[i], &s->class_words[s->n_classes])) return false;
      s->class_locals[s->n_classes++] = i;
    }
  }
  if (!TH_BUILD_GROW(s, ids, s->n_classes) ||
      !th_lexicon_find(&b->classes, s->class_words, s->n_classes, &s->class_texts, s->ids) ||
      b->classes.n >= UINT32_MAX / 2)
    return false;
  for (uint32_t i = 0; i < s->n_classes; i++) {
    th_build_local *local = &s->locals[s->class_locals[i]];
    uint32_t *direct = direct_class(b, local);
    local->class_id = s->ids[i];
    uint32_t *count = &b->classes.lexemes[local->class_id].value[TH_CLASS_COUNT];
    if (*count == UINT32_MAX) *count = 0;
    if (direct) *direct = local->class_id + 1;
  }
  return true;
}

/* ---- postings ---- */

/* Behind at: 8 bytes beyond what is written are writable. */
static uint8_t *code_positions(th_build_stage *s, uint8_t *at, const th_build_spot *spots,
                               uint32_t n, uint32_t *n_bits) {
  th_bit_sink sink = {at, 0, 0};
  for (uint32_t i = 0; i < n;) {
    uint16_t field = spots[i].field;
    uint32_t tf = 0;
    for (; i < n && spots[i].field == field; i++)
      s->positions[tf++] = spots[i].position;
    th_positions_write(&sink, s->positions, tf, s->lengths[field]);
  }
  *n_bits = (uint32_t)(sink.p - at) * 8 + sink.n;
  return sink.p + (sink.n > 0);
}

/* The number of bits stands before them: where it takes more than one byte, they give way. */
static uint8_t *put_positions(th_build_stage *s, uint8_t *at, const th_build_spot *spots,
                              uint32_t n) {
  uint32_t n_bits;
  uint8_t length[5], *end = code_positions(s, at + 1, spots, n, &n_bits);
  size_t more = (size_t)(th_varint_put(length, n_bits) - length) - 1;
  if (TH_UNLIKELY(more)) memmove(at + 1 + more, at + 1, (size_t)(end - at) - 1);
  memcpy(at, length, more + 1);
  return end + more;
}

static inline bool any_form(const th_build_spot *spots, uint32_t n) {
  unsigned any = 0;
  for (uint32_t i = 0; i < n; i++)
    any |= spots[i].form;
  return any;
}

static bool stage_posting(th_build_stage *s, th_build_local *local) {
  const th_build_spot *spots = s->spots + local->start;
  uint32_t n = local->end - local->start;
  bool coded = any_form(spots, n);
  if (!TH_BUILD_GROW(s, positions, n) ||
      !TH_BUILD_GROW(s, bytes,
                     s->n_bytes + 32 + th_occurrences_room(n) + (coded ? 3 * (size_t)n : 0)))
    return false;
  uint8_t *at = s->bytes + s->n_bytes;
  const uint32_t head[2] = {local->term, local->class_id << 1 | coded};
  memcpy(at, head, sizeof head);
  at = th_varint_put(at + sizeof head, n);
  at = put_positions(s, at, spots, n);
  for (uint32_t i = 0; coded && i < n; i++)
    at = th_varint_put(at, spots[i].form);
  local->n_bytes = (uint32_t)((size_t)(at - s->bytes) - s->n_bytes);
  s->n_bytes = (size_t)(at - s->bytes);
  return true;
}

int th_build_stage_texts(th_builder *b, th_err *err) {
  th_build_stage *s = &b->stage;
  s->n_bytes = 0;
  if (!take_texts(b)) return no_memory(err);
  int rc = resolve_words(b, err);
  if (rc) return rc;
  if (!group_spots(s) || !find_classes(b)) return no_memory(err);
  for (uint32_t i = 0; i < s->n_locals; i++)
    if (!stage_posting(s, &s->locals[i])) return no_memory(err);
  rc = th_log_room(&b->log, s->n_bytes);
  if (rc == TH_ELIMIT) return th_err_set(err, rc, "too many postings in one builder");
  return rc ? no_memory(err) : 0;
}

void th_build_commit_texts(th_builder *b, th_build_doc *doc) {
  doc->postings = th_log_put(&b->log, b->stage.bytes, b->stage.n_bytes);
  doc->n_postings = b->stage.n_locals;
  for (uint32_t i = 0; i < b->stage.n_locals; i++) {
    const th_build_local *local = &b->stage.locals[i];
    b->terms[local->term].df++;
    b->terms[local->term].bytes += local->n_bytes;
    b->classes.lexemes[local->class_id].value[TH_CLASS_COUNT]++;
  }
  b->n_postings += doc->n_postings;
}
