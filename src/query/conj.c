/* Documents that hold all of several terms, and phrases.
 *
 * The rarest list drives: a block of it is decoded, scored and thinned out by each further list in
 * turn, so that the next list is only asked for what is left. What a list can add is bounded by its
 * blocks that lie where the driving block lies (S. Ding, T. Suel: Faster top-k document retrieval
 * using block-max indexes, 2011): a driving block that cannot reach the least wanted score is not
 * decoded, a document whose score so far and the best of the lists to come cannot reach it is
 * dropped on the way. Phrases are checked with cursors of their own, which go only where they are
 * sent. */
#include "query/exec.h"

static const th_query *word_of(const th_phrase_check *check, uint32_t i) {
  return check->query->kind == TH_N_TERM ? check->query : check->query->parts[i];
}

/* The words of an exact phrase count only in their own forms. */
static int find_forms(th_plan *p, th_phrase_check *check) {
  if (!check->query->exact) return 0;
  check->forms = th_arena_calloc(p->arena, check->n, sizeof *check->forms);
  if (!check->forms) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < check->n; i++) {
    const th_query *word = word_of(check, i);
    const th_cursor *c = &check->cursors[i];
    check->forms[i] =
        c->absent ? -1 : th_term_find_form(&c->p.term, word->term.stem, word->term.form);
  }
  return 0;
}

static uint32_t df_of(const th_cursor *c) {
  return c->absent ? 0 : c->p.term.df;
}

/* Word i among those before it, the rarest first. */
static void put_in_order(th_phrase_check *check, uint32_t i) {
  uint32_t k = i, df = df_of(&check->cursors[i]);
  for (; k > 0 && df_of(&check->cursors[check->order[k - 1]]) > df; k--)
    check->order[k] = check->order[k - 1];
  check->order[k] = i;
}

enum { ASKED_TOGETHER = 32 }; /* a power of two */

/* Where the count of postings begins: anywhere, so that on average each counts, though what is left
 * when the query ends does not. */
static uint32_t any_share(th_thread *t) {
  t->share = t->share * 1664525 + 1013904223; /* W. H. Press et al., Numerical Recipes */
  return t->share >> 16 & (ASKED_TOGETHER - 1);
}

enum { SOONER = 4 }; /* who makes lists ahead asks for the same words again and again */

static const th_flat *find_flat(const th_plan *p, const th_term *term, uint32_t asked) {
  return p->hot ? th_hot_find(p->hot, p->segment, term, SOONER * asked)
                : th_cache_flat(p->segment, term, asked);
}

int th_phrase_make(th_plan *p, const th_op *op, th_phrase_check *out) {
  int rc = 0;
  bool term = op->kind == TH_OP_TERM;
  *out = (th_phrase_check){.query = op->query, .n = term ? 1 : op->n};
  out->cursors = th_arena_calloc(p->arena, out->n, sizeof *out->cursors);
  out->order = th_arena_calloc(p->arena, out->n, sizeof *out->order);
  out->flats = th_arena_calloc(p->arena, out->n, sizeof(th_flat *));
  out->asked = th_arena_calloc(p->arena, out->n, sizeof *out->asked);
  if (!out->cursors || !out->order || !out->flats || !out->asked) return th_plan_no_memory(p);
  th_scope_fields(op->query->scope, out->fields);
  for (uint32_t i = 0; !rc && i < out->n; i++) {
    rc = th_plan_cursor(p, term ? op : op->parts[i], &out->cursors[i]);
    out->width = TH_MAX(out->width, word_of(out, i)->term.at + 1);
    put_in_order(out, i);
    if (rc || out->cursors[i].absent) continue;
    out->flats[i] = find_flat(p, &out->cursors[i].p.term, 0);
    out->asked[i] = any_share(p->thread);
  }
  return rc ? rc : find_forms(p, out);
}

/* ---- lists of phrases ---- */

/* Fewer documents are looked at sooner than they are written down. */
enum { LISTED_MIN = 64 };

/* NULL: no such list can be. */
static th_phrase_name *name_phrase(th_plan *p, const th_phrase_check *check) {
  th_phrase_name *name = th_arena_calloc(p->arena, 1, sizeof *name);
  if (name) name->words = th_arena_calloc(p->arena, check->n, sizeof *name->words);
  if (!name || !name->words) return NULL;
  name->scope = th_scope_shared(check->query->scope);
  name->n = check->n;
  for (uint32_t i = 0; i < check->n; i++)
    name->words[i] =
        (th_phrase_word){check->cursors[i].p.term.postings, word_of(check, i)->term.at};
  name->key = th_phrase_name_key(name);
  return name;
}

static bool is_part(const uint64_t *fields, const uint64_t *of) {
  for (unsigned i = 0; i < (TH_F_COUNT + 63) / 64; i++)
    if (fields[i] & ~of[i]) return false;
  return true;
}

/* The list of the same words in the area of everything, or in what takes synonyms there, if that
 * holds all fields of the scope: the phrase stands nowhere else. NULL: there is none. */
static const th_phrase_list *find_wider(th_asked *set, const th_phrase_name *name) {
  static const unsigned scopes[] = {TH_A_BasicSearch | TH_SCOPE_SYNONYMS, TH_A_BasicSearch};
  uint64_t fields[(TH_F_COUNT + 63) / 64], all[(TH_F_COUNT + 63) / 64];
  const th_phrase_list *found = NULL;
  for (unsigned i = 0; !found && i < TH_COUNT(scopes); i++) {
    th_phrase_name wider = *name;
    unsigned slot;
    wider.scope = th_scope_shared(scopes[i]);
    wider.key = th_phrase_name_key(&wider);
    if (wider.scope == name->scope || !(found = th_phrases_find(set, &wider, &slot))) continue;
    th_scope_fields(name->scope, fields);
    th_scope_fields(wider.scope, all);
    if (!is_part(fields, all)) found = NULL;
  }
  return found;
}

/* The documents of the segment in which the phrase stands. within: nowhere else; NULL: anywhere. */
static int look_everywhere(th_plan *p, const th_query *phrase, const uint64_t *within,
                           uint64_t *out) {
  th_op op, *one = &op;
  th_conj *c = NULL;
  int rc = th_op_unscored(p, phrase, &op);
  if (!rc) rc = th_conj_make(p, &one, 1, &c);
  while (!rc && th_conj_next(p, c, within, UINT32_MAX, 0, &rc))
    for (uint32_t i = 0; i < c->n_found; i++)
      th_bit_set(out, c->docs[i]);
  return rc;
}

static int make_list(th_plan *p, th_asked *set, const th_phrase_check *check,
                     const th_phrase_name *name, const th_phrase_list **out) {
  const th_phrase_list *wider = find_wider(set, name);
  uint64_t *docs = th_bitmap_new(p, false), *within = wider ? th_bitmap_new(p, false) : NULL;
  if (!docs || (wider && !within)) return th_plan_no_memory(p);
  if (wider) th_phrase_list_read(wider, within);
  th_asked_refuse(set, check->slot);
  int rc = look_everywhere(p, check->query, within, docs);
  if (!rc && !th_segment_state(p->segment, NULL))
    *out = th_phrases_keep(set, check->slot, p->segment, name, docs);
  return rc;
}

/* The phrase's list, if it has one or it is time to make it. */
static int find_list(th_plan *p, th_phrase_check *check) {
  const th_phrase_list *list;
  uint32_t rarest = df_of(&check->cursors[check->order[0]]);
  th_asked *set = th_cache_phrases(p->segment);
  int rc = 0;
  check->slot = TH_ASKED_NO_SLOT;
  if (!set || rarest < LISTED_MIN || check->query->anchor || check->query->exact) return 0;
  const th_phrase_name *name = name_phrase(p, check);
  if (!name) return th_plan_no_memory(p);
  list = th_phrases_find(set, name, &check->slot);
  if (!list && check->slot != TH_ASKED_NO_SLOT) {
    check->key = name->key;
    check->looks = any_share(p->thread);
    uint32_t asked = th_asked_count(set, check->slot, name->key, 0);
    if (asked == TH_ASKED_REFUSED)
      check->slot = TH_ASKED_NO_SLOT;
    else if (p->ahead || asked >= rarest)
      rc = make_list(p, set, check, name, &list);
  }
  if (rc || !list || p->ahead) return rc;
  check->stands = th_bitmap_new(p, false);
  if (!check->stands) return th_plan_no_memory(p);
  th_phrase_list_read(list, check->stands);
  return 0;
}

static void count_look(const th_plan *p, th_phrase_check *check) {
  if (check->slot == TH_ASKED_NO_SLOT || ++check->looks < ASKED_TOGETHER) return;
  th_asked *set = th_cache_phrases(p->segment);
  if (set) (void)th_asked_count(set, check->slot, check->key, ASKED_TOGETHER);
  check->looks = 0;
}

static int add_check(th_plan *p, th_conj *c, const th_op *phrase) {
  th_phrase_check *check = &c->checks[c->n_checks++];
  int rc = th_phrase_make(p, phrase, check);
  if (!rc) rc = find_list(p, check);
  if (rc) return rc;
  if (!check->stands) {
    c->n_unknown++;
  } else if (!c->within) {
    c->within = check->stands;
  } else {
    uint64_t *both = th_bitmap_new(p, false);
    if (!both) return th_plan_no_memory(p);
    for (uint32_t w = 0; w < p->n_words; w++)
      both[w] = c->within[w] & check->stands[w];
    c->within = both;
  }
  return 0;
}

static int add_cursor(th_plan *p, th_conj *c, const th_op *term) {
  th_cursor *cursor = th_arena_alloc(p->arena, sizeof *cursor);
  if (!cursor) return th_plan_no_memory(p);
  c->cursors[c->n++] = cursor;
  return th_plan_cursor(p, term, cursor);
}

static int by_length(const void *a, const void *b) {
  const th_cursor *x = *(th_cursor *const *)a, *y = *(th_cursor *const *)b;
  return (df_of(x) > df_of(y)) - (df_of(x) < df_of(y));
}

int th_conj_make(th_plan *p, th_op *const *parts, uint32_t n, th_conj **out) {
  uint32_t terms = 0, phrases = 0;
  int rc = 0;
  for (uint32_t i = 0; i < n; i++) {
    terms += parts[i]->kind == TH_OP_PHRASE ? parts[i]->n : 1;
    phrases += parts[i]->kind == TH_OP_PHRASE;
  }
  th_conj *c = th_arena_alloc(p->arena, sizeof *c);
  if (!c) return th_plan_no_memory(p);
  c->plan = p;
  c->n = c->n_checks = c->n_unknown = c->n_found = 0;
  c->within = NULL;
  c->impacts = NULL;
  c->dense = NULL;
  c->pool = NULL;
  c->pooled = false;
  c->cursors = th_arena_calloc(p->arena, terms, sizeof *c->cursors);
  c->rest = th_arena_calloc(p->arena, terms + 1, sizeof *c->rest);
  c->rest_here = th_arena_calloc(p->arena, terms + 1, sizeof *c->rest_here);
  c->checks = th_arena_calloc(p->arena, phrases ? phrases : 1, sizeof *c->checks);
  if (!c->cursors || !c->rest || !c->rest_here || !c->checks) return th_plan_no_memory(p);
  for (uint32_t i = 0; !rc && i < n; i++) {
    if (parts[i]->kind == TH_OP_TERM) {
      rc = add_cursor(p, c, parts[i]);
      continue;
    }
    for (uint32_t k = 0; !rc && k < parts[i]->n; k++)
      rc = add_cursor(p, c, parts[i]->parts[k]);
    if (!rc) rc = add_check(p, c, parts[i]);
  }
  if (rc) return rc;
  qsort(c->cursors, c->n, sizeof *c->cursors, by_length);
  for (uint32_t i = c->n; i-- > 0;)
    c->rest[i] = c->rest[i + 1] + c->cursors[i]->most;
  *out = c;
  return 0;
}

/* ---- phrases ---- */

/* Places of a word in the document at which its cursor stands. */
static uint32_t word_places(th_plan *p, th_phrase_check *check, uint32_t word,
                            const uint64_t *fields, th_occurrence *out, uint32_t max) {
  th_cursor *c = &check->cursors[word];
  if (check->forms) return th_postings_positions(p->segment, &c->p, c->i, fields, out, max);
  if (!check->flats[word] && ++check->asked[word] >= ASKED_TOGETHER) {
    check->flats[word] = find_flat(p, &c->p.term, ASKED_TOGETHER);
    check->asked[word] = 0;
  }
  if (check->flats[word])
    return th_flat_places(check->flats[word], c->p.block * TH_BLOCK + c->i, fields, out, max);
  return th_postings_places(p->segment, &c->p, c->i, fields, out, max);
}

/* Where a phrase may begin: the field and the position of its first word. */
static int phrase_starts(th_plan *p, th_phrase_check *check, uint32_t word, const uint64_t *fields,
                         unsigned room, uint32_t *n, th_occurrence **out) {
  th_thread *t = p->thread;
  for (;;) {
    th_occurrence *to = t->places[room];
    uint32_t most = t->n_places[room];
    *n = word_places(p, check, word, fields, to, most);
    if (*n < most) break;
    if (!th_thread_more_places(t, room)) return th_plan_no_memory(p);
  }
  *out = t->places[room];
  uint32_t at = word_of(check, word)->term.at, kept = 0;
  for (uint32_t i = 0; i < *n; i++) {
    if ((*out)[i].position < at) continue;
    if (check->forms && (*out)[i].form != check->forms[word]) continue;
    (*out)[kept] = (*out)[i];
    (*out)[kept++].position -= at;
  }
  *n = kept;
  return 0;
}

static inline uint64_t key_of_place(const th_occurrence *o) {
  return (uint64_t)o->field << 32 | o->position;
}

/* Keeps of a what stands in b; both ascending. Which is the smaller nobody can foretell, so nothing
 * jumps by it. */
static uint32_t intersect(th_occurrence *a, uint32_t n, const th_occurrence *b, uint32_t m) {
  uint32_t kept = 0;
  for (uint32_t i = 0, k = 0; i < n && k < m;) {
    uint64_t x = key_of_place(&a[i]), y = key_of_place(&b[k]);
    a[kept] = a[i];
    kept += x == y;
    i += x <= y;
    k += y <= x;
  }
  return kept;
}

/* The fields of the scope that hold all words of the phrase, each at its posting; false when there
 * are none. Most documents that do not hold a phrase of two fields' words are out by this. */
static bool common_fields(const th_plan *p, const th_phrase_check *check,
                          uint64_t fields[(TH_F_COUNT + 63) / 64]) {
  uint64_t any = 0;
  memcpy(fields, check->fields, sizeof check->fields);
  for (uint32_t w = 0; w < check->n; w++) {
    const th_cursor *c = &check->cursors[w];
    uint64_t of_word[(TH_F_COUNT + 63) / 64] = {0};
    th_segment_class_fields(p->segment, c->p.classes[c->i], of_word);
    any = 0;
    for (unsigned i = 0; i < TH_COUNT(of_word); i++)
      any |= fields[i] &= of_word[i];
    if (!any) return false;
  }
  return any != 0;
}

/* Places are so cheap then that classes are not worth a look. */
static bool all_hot(const th_phrase_check *check) {
  for (uint32_t w = 0; w < check->n; w++)
    if (!check->flats[w]) return false;
  return !check->forms;
}

/* Of the fields, those in which any of n places stands. */
static void fields_of(const th_occurrence *places, uint32_t n,
                      uint64_t fields[(TH_F_COUNT + 63) / 64]) {
  memset(fields, 0, (TH_F_COUNT + 63) / 64 * sizeof *fields);
  for (uint32_t i = 0; i < n; i++)
    fields[places[i].field / 64] |= 1ull << (places[i].field % 64);
}

/* Where the phrase begins in the document at which all its cursors are. */
static int phrase_places(th_plan *p, th_phrase_check *check, uint32_t doc, uint32_t *n,
                         th_occurrence **out) {
  uint64_t fields[(TH_F_COUNT + 63) / 64];
  th_occurrence *other = NULL;
  uint32_t m = 0;
  *n = 0;
  if (all_hot(check))
    memcpy(fields, check->fields, sizeof check->fields);
  else if (!common_fields(p, check, fields))
    return 0;
  int rc = phrase_starts(p, check, check->order[0], fields, 0, n, out);
  for (uint32_t w = 1; !rc && *n && w < check->n; w++) {
    fields_of(*out, *n, fields);
    rc = phrase_starts(p, check, check->order[w], fields, 1, &m, &other);
    if (!rc) *n = intersect(*out, *n, other, m);
  }
  if (!rc && *n && check->query->anchor)
    *n = th_anchor_keep(p, doc, check->query->anchor, check->width, *out, *n);
  return rc;
}

static int phrase_stands(th_plan *p, th_phrase_check *check, uint32_t doc, bool *stands) {
  th_occurrence *places = NULL;
  uint32_t n;
  count_look(p, check);
  int rc = phrase_places(p, check, doc, &n, &places);
  *stands = !rc && n > 0;
  return rc;
}

static bool go_to(th_phrase_check *check, uint32_t doc) {
  for (uint32_t w = 0; w < check->n; w++) {
    th_cursor *c = &check->cursors[check->order[w]];
    if (!th_cursor_goto(c, doc) || c->p.docs[c->i] != doc) return false;
  }
  return true;
}

int th_phrase_places(th_plan *p, th_phrase_check *check, uint32_t doc, uint32_t *n,
                     th_occurrence **out) {
  *n = 0;
  *out = NULL;
  return go_to(check, doc) ? phrase_places(p, check, doc, n, out) : 0;
}

int th_conj_stands(th_plan *p, th_conj *c, uint32_t doc, bool *stands) {
  int rc = 0;
  *stands = true;
  for (uint32_t k = 0; !rc && *stands && k < c->n_checks; k++) {
    if (c->checks[k].stands) {
      *stands = th_bit(c->checks[k].stands, doc);
      continue;
    }
    *stands = go_to(&c->checks[k], doc); /* but for damage: they all hold it */
    if (*stands) rc = phrase_stands(p, &c->checks[k], doc, stands);
  }
  return rc;
}

int th_conj_score(th_plan *p, th_conj *c, uint32_t doc, bool *stands, uint32_t *score) {
  th_phrase_check *check = &c->checks[0];
  *score = 0;
  *stands = c->n && (!check->stands || th_bit(check->stands, doc)) && go_to(check, doc);
  for (uint32_t w = 0; *stands && w < check->n; w++) {
    uint32_t add;
    *stands = th_cursor_score(&check->cursors[w], &add);
    *score += add;
  }
  return *stands && !check->stands ? phrase_stands(p, check, doc, stands) : 0;
}

/* ---- batches ---- */

/* Bounds of the lists between two documents; exact to their blocks. */
static uint32_t bound_here(th_conj *c, uint32_t base, uint32_t last) {
  c->rest_here[c->n] = 0;
  for (uint32_t k = c->n; k-- > 1;)
    c->rest_here[k] = c->rest_here[k + 1] + th_cursor_range_most(c->cursors[k], base, last);
  return c->rest_here[1];
}

/* Decodes the next block of the driving list that may hold a score of `least`. */
static bool drive_block(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  th_cursor *d = c->cursors[0];
  memcpy(c->rest_here, c->rest, (c->n + 1) * sizeof *c->rest);
  while (keep && d->next < d->p.n_blocks && !th_match_any_in_block(c->plan, d, d->next, keep))
    d->next++;
  if (!least) return th_cursor_block(d, end, 0);
  for (; d->next <= d->p.n_blocks; d->next++) {
    uint32_t base = d->next ? d->p.last_doc[d->next - 1] + 1 : 0;
    uint32_t last = d->next < d->p.n_blocks ? d->p.last_doc[d->next] : UINT32_MAX - 1;
    uint32_t most = th_cursor_block_most(d, d->next);
    if (base >= end) return false;
    if (most + c->rest[1] < least || most + bound_here(c, base, last) < least) continue;
    return th_cursor_block(d, end, 0);
  }
  return false;
}

/* The next block of the driving list, or what is left of it below end, into the batch. */
static bool drive(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  th_cursor *d = c->cursors[0];
  uint32_t from, to, kept = 0;
  if (d->i >= d->p.n && !drive_block(c, keep, end, least)) return false;
  if (d->p.docs[d->i] >= end) return false;
  from = d->i;
  to = d->p.n;
  if (d->p.docs[to - 1] >= end) {
    to = from;
    while (d->p.docs[to] < end)
      to++;
  }
  d->i = to;
  uint32_t n =
      th_cursor_scores(d, d->p.docs + from, d->p.classes + from, to - from, c->docs, c->scores);
  uint32_t rest = c->rest_here[1];
  for (uint32_t i = 0; i < n; i++) {
    c->docs[kept] = c->docs[i];
    c->scores[kept] = c->scores[i];
    kept += (!keep || th_bit(keep, c->docs[i])) && c->scores[i] + rest >= least;
  }
  c->n_found = kept;
  return true;
}

enum { POOLED_TOGETHER = 256 }; /* candidates, when it takes lists to find them */

int th_conj_want_best(th_plan *p, th_conj *c, const uint64_t *keep, const th_sink *sink) {
  uint32_t n = 0;
  if (c->n == 0 || c->cursors[0]->absent) return 0;
  c->sink = sink;
  c->impacts = th_arena_calloc(p->arena, c->n, sizeof *c->impacts);
  if (!c->impacts) return th_plan_no_memory(p);
  for (uint32_t i = 0; i < c->n; i++) {
    const th_cursor *w = c->cursors[i];
    c->impacts[i] = th_cache_impacts(p->segment, &w->p.term, w->scope, &w->w);
    n += c->impacts[i] != NULL;
  }
  if (n == c->n)
    return th_dense_make(p, c->impacts, c->cursors, c->n, true, keep, sink->cap, &c->dense);
  if (n == (c->impacts[0] != NULL)) return 0;
  c->pool = th_arena_alloc(p->arena, sizeof *c->pool);
  if (!c->pool) return th_plan_no_memory(p);
  th_pool_begin(c->pool, p, sink->cap);
  c->pool_most = n + 1 == c->n && !c->impacts[0] ? TH_POOL : POOLED_TOGETHER;
  return 0;
}

static uint32_t thin(th_conj *c, uint32_t k, uint32_t least) {
  uint32_t rest = c->rest_here[k + 1];
  return th_cursor_thin(c->cursors[k], c->docs, c->scores, c->n_found,
                        least > rest ? least - rest : 0);
}

/* Of the batch, whose scores are those of the words that are `known`, drops what does not hold a
 * further word that has impacts, or cannot reach least by these and the blocks of the others.
 * bound: what is left may come to that. */
static void sieve(th_conj *c, uint32_t least, bool known, uint32_t *bound) {
  uint32_t rest = 0, kept = 0;
  for (uint32_t k = 1; k < c->n && !known; k++)
    if (!c->impacts[k]) rest += c->rest_here[k] - c->rest_here[k + 1];
  for (uint32_t i = 0; i < c->n_found; i++)
    bound[i] = c->scores[i] + rest + 1; /* 0 is none */
  for (uint32_t k = 1; k < c->n; k++) {
    const th_impacts *t = c->impacts[k];
    float one = c->cursors[k]->idf * TH_SCORE_ONE;
    if (t)
      th_kernels_now->sieve(c->docs, c->n_found, t->most, one * t->base, one * t->step, true,
                            bound);
  }
  for (uint32_t i = 0; i < c->n_found; i++) {
    c->docs[kept] = c->docs[i];
    c->scores[kept] = c->scores[i];
    bound[kept] = bound[i];
    kept += bound[i] > least;
  }
  c->n_found = kept;
}

/* Documents of the rarest word and of all that have no impacts; false when there are none left. */
static bool fill_pool(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  uint32_t bound[TH_BLOCK + 8];
  while (c->pool->n + TH_BLOCK <= c->pool_most) {
    if (!drive(c, keep, end, least)) return c->pool->n > 0;
    sieve(c, least, false, bound);
    uint32_t others = 0;
    for (uint32_t k = 1; k < c->n && c->n_found; k++) {
      if (c->impacts[k]) continue;
      c->n_found = th_cursor_thin(c->cursors[k], c->docs, c->scores, c->n_found, 0);
      others++;
    }
    if (others) sieve(c, least, true, bound);
    th_pool_add(c->pool, c->docs, c->scores, bound, c->n_found);
  }
  return true;
}

/* A batch of candidates, the most promising of many first. */
static bool pool_candidates(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  bool rewind;
  if (!c->pooled) {
    if (!fill_pool(c, keep, end, least)) return false;
    th_pool_sort_out(c->pool);
    c->pooled = true;
  }
  c->pooled = th_pool_next(c->pool, least, c->docs, c->scores, &c->n_found, &rewind);
  for (uint32_t k = c->n; k-- > 1;)
    c->rest_here[k] = c->rest_here[k + 1] + (c->impacts[k] ? c->cursors[k]->most : 0);
  for (uint32_t k = 1; k < c->n; k++) {
    if (!c->impacts[k]) continue;
    if (rewind) th_cursor_rewind(c->cursors[k]);
    if (c->n_found) c->n_found = thin(c, k, least);
  }
  return true;
}

/* Drops documents of a batch of dense words that cannot enter: the bounds are nearly the scores, so
 * most of those that would tie with the worst hit are known to, and fall behind it by their number.
 */
static void drop_behind(th_conj *c, uint32_t least) {
  const th_segment *s = c->plan->segment;
  uint32_t worst = th_sink_worst(c->sink), kept = 0;
  for (uint32_t i = 0; i < c->n_found; i++) {
    uint32_t doc = c->docs[i], most = 0;
    for (uint32_t k = 0; k < c->n; k++)
      most += th_dense_most(c->cursors[k]->idf, c->impacts[k], doc);
    c->docs[kept] = doc;
    kept += most > least || (most == least && th_segment_nct(s, doc) < worst);
  }
  c->n_found = kept;
}

/* A batch of dense words. */
static bool dense_candidates(th_conj *c, uint32_t least) {
  bool rewind;
  if (!th_dense_next(c->dense, least, c->docs, &c->n_found, &rewind)) return false;
  if (least) drop_behind(c, least);
  memset(c->scores, 0, c->n_found * sizeof *c->scores);
  memcpy(c->rest_here, c->rest, (c->n + 1) * sizeof *c->rest);
  for (uint32_t k = 0; k < c->n; k++) {
    if (rewind) th_cursor_rewind(c->cursors[k]);
    if (c->n_found) c->n_found = thin(c, k, least);
  }
  return true;
}

void th_conj_seek(th_conj *c, uint32_t from) {
  if (c->n == 0) return;
  th_cursor_seek(c->cursors[0], from);
  memcpy(c->rest_here, c->rest, (c->n + 1) * sizeof *c->rest); /* another block, perhaps */
}

bool th_conj_candidates(th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least) {
  c->n_found = 0;
  if (c->n == 0 || c->cursors[0]->absent || c->rest[0] < least) return false;
  if (c->dense) return dense_candidates(c, least);
  if (c->pool) return pool_candidates(c, keep, end, least);
  if (!drive(c, keep, end, least)) return false;
  for (uint32_t k = 1; k < c->n && c->n_found; k++)
    c->n_found = thin(c, k, least);
  return true;
}

static int check_phrases(th_plan *p, th_conj *c) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < c->n_found; i++) {
    bool stands;
    int rc = th_conj_stands(p, c, c->docs[i], &stands);
    if (rc) return rc;
    c->docs[kept] = c->docs[i];
    c->scores[kept] = c->scores[i];
    kept += stands;
  }
  c->n_found = kept;
  return 0;
}

bool th_conj_next(th_plan *p, th_conj *c, const uint64_t *keep, uint32_t end, uint32_t least,
                  int *rc) {
  if (*rc || !th_conj_candidates(c, keep ? keep : c->within, end, least)) return false;
  if (c->n_checks && c->n_found) *rc = check_phrases(p, c);
  return *rc == 0;
}
