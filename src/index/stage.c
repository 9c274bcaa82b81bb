/* The texts of one document becoming its postings.
 *
 *   texts ──tokens──▶ words of the document, told apart in a small table; tokens in their order
 *         ──words───▶ forms of all documents, once a word; their stems, numbered in the document
 *         ──tokens──▶ spots, grouped by stem
 *         ──stems───▶ postings, one behind the other, into the log
 *
 *   posting := u32 term  u32 class * 2 + coded  varint len  rest
 *              len: bytes of the rest
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
  free(s->pending);
  th_buf_dispose(&s->class_texts);
  free(s->ids);
  free(s->resolved);
  free(s->locals);
  free(s->positions);
  free(s->numbers);
  free(s->marks);
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

/* Tokens of text i; *length is that of the field so far, with one position free between values. A
 * text has no more tokens than bytes. */
static bool take_text(th_builder *b, size_t i, uint32_t *length) {
  th_build_stage *s = &b->stage;
  th_span text = b->feed.texts[i].text;
  th_tokens tokens;
  th_token token;
  th_plain_word plain;
  uint32_t base = *length ? *length + 1 : 0, word;
  if (!pad_text(s, text, &tokens) || !TH_BUILD_GROW(s, tokens, s->n_tokens + text.n)) return false;
  th_build_token *out = s->tokens + s->n_tokens;
  for (;;) {
    if (TH_LIKELY(th_token_plain(&tokens, &plain))) {
      word = th_doc_words_add_short(&s->words, plain.a, plain.b, plain.len);
      *out = (th_build_token){word, base + plain.position};
    } else if (th_token_next(&tokens, &token)) {
      word = th_doc_words_add(&s->words, token.text.p, token.text.n);
      *out = (th_build_token){word, base + token.position};
      if (token.flags & TH_TOKEN_JOINED) out->word |= TH_BUILD_JOINED;
    } else {
      break;
    }
    if (TH_UNLIKELY(word == TH_WORD_FULL)) return false;
    out++;
  }
  s->n_tokens = (uint32_t)(out - s->tokens);
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
static inline void put_spot(th_build_stage *s, const th_build_token *token, uint32_t mark) {
  th_build_word word = s->resolved[token->word & ~TH_BUILD_JOINED];
  th_build_local *local = &s->locals[word.local];
  uint32_t at = local->end;
  if (TH_UNLIKELY(token->word & TH_BUILD_JOINED) && at > local->start &&
      s->positions[at - 1] == token->position && s->marks[at - 1] >> 16 == mark >> 16)
    return;
  local->end = at + 1;
  s->positions[at] = token->position;
  s->marks[at] = mark | word.form;
}

static bool group_spots(th_build_stage *s) {
  uint32_t at = 0;
  if (!TH_BUILD_GROW(s, positions, s->n_tokens) || !TH_BUILD_GROW(s, marks, s->n_tokens))
    return false;
  for (uint32_t i = 0; i < s->n_locals; i++) {
    uint32_t n = s->locals[i].end;
    s->locals[i].start = s->locals[i].end = at;
    at += n;
  }
  for (uint32_t r = 0, i = 0; r < s->n_runs; r++)
    for (; i < s->runs[r].end; i++)
      put_spot(s, &s->tokens[i], (uint32_t)s->runs[r].field << 16);
  return true;
}

/* ---- postings ---- */

enum {
  HEAD = 8,
  CLASS_MAX = TH_F_COUNT * 8,
  POSTING_ROOM = 40, /* head, numbers, what is written beyond the bits */
  SPOT_ROOM = 8,     /* position and form */
};

/* What becomes of the spots of a stem besides its bits. */
typedef struct gathered {
  uint32_t n_fields;
  uint16_t field, any_form; /* field: the last */
  uint8_t class_name[CLASS_MAX];
  size_t class_len;
} gathered;

/* Codes the positions, field by field; names the class: its fields, and how many spots there are in
 * each. The name's last byte is not 0. */
static void gather_spots(th_build_stage *s, const th_build_local *local, th_bit_sink *sink,
                         gathered *g) {
  const uint32_t *positions = s->positions, *marks = s->marks;
  uint8_t *name = g->class_name;
  uint32_t any = 0;
  g->n_fields = g->field = 0;
  for (uint32_t i = local->start, first = i; i < local->end; first = i) {
    uint32_t field = marks[i] >> 16;
    for (; i < local->end && marks[i] >> 16 == field; i++)
      any |= marks[i];
    th_positions_write(sink, positions + first, i - first, s->lengths[field]);
    name = th_varint_put(name, field - g->field);
    name = th_varint_put(name, i - first);
    g->field = (uint16_t)field;
    g->n_fields++;
  }
  g->any_form = (uint16_t)any;
  g->class_len = (size_t)(name - g->class_name);
}

/* The class of most postings of one field, which are most postings: class + 1, or 0. */
static inline uint32_t *direct_class(th_builder *b, uint32_t field, uint32_t n) {
  return n < TH_BUILD_DIRECT_TF ? &b->direct[field][n] : NULL;
}

/* Leaves the class of a posting to find_classes. name: TH_WORD_INLINE bytes behind it are writable.
 */
static bool leave_class(th_build_stage *s, uint32_t local, uint8_t *name, size_t len) {
  if (!TH_BUILD_GROW(s, class_words, (size_t)s->n_pending + 1) ||
      !TH_BUILD_GROW(s, pending, (size_t)s->n_pending + 1))
    return false;
  memset(name + len, 0, TH_WORD_INLINE);
  th_word *word = &s->class_words[s->n_pending];
  *word = th_word_of((const char *)name, len);
  s->pending[s->n_pending++] = (th_build_pending){local, s->n_bytes};
  if (word->len <= TH_WORD_INLINE) return true;
  word->text = (uint32_t)s->class_texts.n;
  th_buf_put(&s->class_texts, name, word->len);
  return !s->class_texts.error && s->class_texts.n <= UINT32_MAX;
}

/* The number of bits stands before them: where it takes more than one byte, they give way. `at`:
 * the number's place; returns the end of the bits. */
static inline uint8_t *end_bits(uint8_t *at, const th_bit_sink *sink) {
  uint8_t number[10], *end = th_sink_end(sink);
  uint32_t n_bits = (uint32_t)(sink->p - at - 1) * 8 + sink->n;
  if (TH_LIKELY(n_bits < 0x80)) {
    *at = (uint8_t)n_bits;
    return end;
  }
  size_t n = (size_t)(th_varint_put(number, n_bits) - number);
  memmove(at + n, at + 1, (size_t)(end - at) - 1);
  memcpy(at, number, n);
  return end + n - 1;
}

/* The rest, which begins a byte behind the head, gets its head; where its length takes more than a
 * byte, it gives way. */
static inline void end_posting(th_build_stage *s, th_build_local *local, uint8_t *end, bool coded) {
  uint8_t number[10], *start = s->bytes + s->n_bytes, *rest = start + HEAD + 1;
  const uint32_t head[2] = {local->term, local->class_id << 1 | coded};
  size_t len = (size_t)(end - rest), more = 0;
  memcpy(start, head, sizeof head);
  if (TH_UNLIKELY(len >= 0x80)) {
    more = (size_t)(th_varint_put(number, len) - number) - 1;
    memmove(rest + more, rest, len);
    memcpy(start + HEAD, number, more + 1);
  } else {
    start[HEAD] = (uint8_t)len;
  }
  local->n_bytes = (uint32_t)((size_t)(end - start) + more);
  s->n_bytes += local->n_bytes;
}

static bool stage_several(th_builder *b, uint32_t i) {
  th_build_stage *s = &b->stage;
  th_build_local *local = &s->locals[i];
  uint32_t n = local->end - local->start;
  uint8_t *bits = th_varint_put(s->bytes + s->n_bytes + HEAD + 1, n), *at;
  th_bit_sink sink = {bits + 1, 0, 0};
  gathered g;
  gather_spots(s, local, &sink, &g);
  at = end_bits(bits, &sink);
  for (uint32_t k = local->start; g.any_form && k < local->end; k++)
    at = th_varint_put(at, s->marks[k] & 0xFFFF);
  const uint32_t *direct = g.n_fields == 1 ? direct_class(b, g.field, n) : NULL;
  if (direct && *direct)
    local->class_id = *direct - 1;
  else if (!leave_class(s, i, g.class_name, g.class_len))
    return false;
  end_posting(s, local, at, g.any_form);
  return true;
}

/* The same for one spot, which more than half of the postings have. */
static bool stage_single(th_builder *b, uint32_t i) {
  th_build_stage *s = &b->stage;
  th_build_local *local = &s->locals[i];
  uint32_t mark = s->marks[local->start], field = mark >> 16, form = mark & 0xFFFF;
  uint8_t *at = s->bytes + s->n_bytes + HEAD + 1;
  th_bit_sink sink = {at + 2, 0, 0};
  th_below_put(&sink, s->positions[local->start], s->lengths[field]);
  at[0] = 1;
  at[1] = (uint8_t)((uint32_t)(sink.p - (at + 2)) * 8 + sink.n);
  at = th_sink_end(&sink);
  if (form) at = th_varint_put(at, form);
  uint32_t direct = *direct_class(b, field, 1);
  if (TH_LIKELY(direct)) {
    local->class_id = direct - 1;
  } else {
    uint8_t name[16 + TH_WORD_INLINE], *end = th_varint_put(name, field);
    end = th_varint_put(end, 1);
    if (!leave_class(s, i, name, (size_t)(end - name))) return false;
  }
  end_posting(s, local, at, form);
  return true;
}

/* Gives the pending postings their classes. */
static bool find_classes(th_builder *b) {
  th_build_stage *s = &b->stage;
  if (!TH_BUILD_GROW(s, ids, s->n_pending) ||
      !th_lexicon_find(&b->classes, s->class_words, s->n_pending, &s->class_texts, s->ids) ||
      b->classes.n >= UINT32_MAX / 2)
    return false;
  for (uint32_t i = 0; i < s->n_pending; i++) {
    th_build_local *local = &s->locals[s->pending[i].local];
    uint8_t *at = s->bytes + s->pending[i].at + sizeof(uint32_t);
    uint32_t *count = &b->classes.lexemes[s->ids[i]].value[TH_CLASS_COUNT], coded;
    if (*count == UINT32_MAX) *count = 0;
    local->class_id = s->ids[i];
    memcpy(&coded, at, sizeof coded);
    coded = (coded & 1) | local->class_id << 1;
    memcpy(at, &coded, sizeof coded);
    uint32_t n = local->end - local->start, last = s->marks[local->end - 1] >> 16;
    uint32_t *direct = s->marks[local->start] >> 16 == last ? direct_class(b, last, n) : NULL;
    if (direct) *direct = local->class_id + 1;
  }
  return true;
}

static bool stage_postings(th_builder *b) {
  th_build_stage *s = &b->stage;
  s->n_bytes = s->n_pending = 0;
  th_buf_clear(&s->class_texts);
  if (!TH_BUILD_GROW(s, bytes,
                     (size_t)s->n_locals * POSTING_ROOM + (size_t)s->n_tokens * SPOT_ROOM))
    return false;
  for (uint32_t i = 0; i < s->n_locals; i++)
    if (!(s->locals[i].end - s->locals[i].start == 1 ? stage_single : stage_several)(b, i))
      return false;
  return find_classes(b);
}

int th_build_stage_texts(th_builder *b, th_err *err) {
  th_build_stage *s = &b->stage;
  if (!take_texts(b)) return no_memory(err);
  int rc = resolve_words(b, err);
  if (rc) return rc;
  if (!group_spots(s) || !stage_postings(b)) return no_memory(err);
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
