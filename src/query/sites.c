/* SEARCH[Location]: what one and the same site of a study satisfies.
 *
 * First the documents that can have such a site at all: every condition asked of the whole
 * document, from inverted lists. Then the sites of these, one by one, until one satisfies the tree.
 * A word is looked for in the names themselves: each country, state, city and facility of the
 * segment is tried once and its answer kept, and so is that of each spot (points.h) when nothing
 * else is asked. Zips and contacts have no numbers of their own: words in them are found by their
 * positions, and the columns of breaks tell at which site a position is.
 *
 * A condition on fields that sites do not have is one on the study that the site belongs to. */
#include "index/feed.h"
#include "query/exec.h"
#include "query/short_text.h"
#include "study/derived.h"

enum { N_NAMES = 4, N_STATUS = 64 };

typedef enum site_op_kind {
  SITE_ALL,
  SITE_AND,
  SITE_OR,
  SITE_NOT,
  SITE_STATUS,
  SITE_NEAR,
  SITE_NAMES, /* words in names, or a whole name */
  SITE_MISSING,
  SITE_STUDY, /* of the study: bits by document */
} site_op_kind;

/* What is known of a name, of a spot: 0 = not tried yet. */
enum { NAME_NO = 1, NAME_YES = 2 };

typedef struct names {
  const uint32_t *ordinals; /* of the sites, + 1; NULL: not looked at */
  const th_column *column;
  uint8_t *known; /* a word of the column */
  bool coded;     /* MISSING: not the name counts but whether it has a code */
} names;

typedef struct site_op {
  site_op_kind kind;
  unsigned cost;
  uint32_t n;
  struct site_op **parts;
  const th_query *query;
  names names[N_NAMES];
  uint64_t status;      /* bit value: sites with this status count; bit 63: those without one */
  const uint64_t *bits; /* SITE_STUDY: by document; else by site: also those count; NULL = none */
  bool point;           /* MISSING: the site's point counts as something */
  th_distances near;    /* NEAR */
} site_op;

typedef struct finder {
  th_plan *plan;
  const th_sites *sites;
  const th_spots *spots; /* and what is known of each; NULL: sites are asked by themselves */
  uint8_t *known;
  uint64_t *documents; /* candidates */
  th_short_text words;
  bool failed; /* memory */
} finder;

static const uint16_t name_fields[N_NAMES] = {TH_F_LocationCountry, TH_F_LocationState,
                                              TH_F_LocationCity, TH_F_LocationFacility};

static bool in_fields(const uint64_t *fields, uint16_t f) {
  return fields[f / 64] >> (f % 64) & 1;
}

/* The scope's fields that stand in a site. False when there are none. */
static bool site_fields(unsigned scope, uint64_t fields[(TH_F_COUNT + 63) / 64]) {
  const th_field *location = &th_fields[TH_F_Location];
  bool any = false;
  th_scope_fields(scope, fields);
  for (uint16_t f = 0; f < TH_F_COUNT; f++) {
    if (f < location->id || f >= location->end)
      fields[f / 64] &= ~(1ull << (f % 64));
    else
      any |= in_fields(fields, f);
  }
  return any;
}

/* ---- the documents that come into question ---- */

static int candidates(th_plan *p, const th_query *q, uint64_t **out) {
  uint64_t *part;
  switch (q->kind) {
  case TH_N_NOT:
  case TH_N_MISSING:
    *out = th_bitmap_new(p, true);
    return *out ? 0 : th_plan_no_memory(p);
  case TH_N_AND:
  case TH_N_OR:
  case TH_N_EITHER:
    *out = th_bitmap_new(p, q->kind == TH_N_AND);
    if (!*out) return th_plan_no_memory(p);
    for (uint32_t i = 0; i < q->n; i++) {
      int rc = candidates(p, q->parts[i], &part);
      if (rc) return rc;
      for (uint32_t w = 0; w < p->n_words; w++)
        (*out)[w] = q->kind == TH_N_AND ? (*out)[w] & part[w] : (*out)[w] | part[w];
    }
    return 0;
  default:
    return th_match(p, q, out);
  }
}

/* Whether the candidates are the answer: any of conditions each of which one field of one site
 * satisfies. */
static bool is_any_of_leaves(const th_query *q) {
  const th_field *location = &th_fields[TH_F_Location];
  switch (q->kind) {
  case TH_N_OR:
  case TH_N_EITHER:
    for (uint32_t i = 0; i < q->n; i++)
      if (!is_any_of_leaves(q->parts[i])) return false;
    return true;
  case TH_N_TERM:
  case TH_N_PHRASE: {
    if (!th_scope_is_field(q->scope)) return false;
    uint16_t f = th_scope_field(q->scope);
    return f > location->id && f < location->end;
  }
  case TH_N_NEAR:
    return true;
  case TH_N_MASK:
    return q->field == TH_F_LocationStatus;
  default:
    return false;
  }
}

/* ---- compiling ---- */

static site_op *compile(finder *f, const th_query *q);

static void *fail(finder *f) {
  f->failed = true;
  return NULL;
}

static uint64_t *site_bitmap(finder *f) {
  return th_arena_calloc(f->plan->arena, f->sites->n / 64 + 1, sizeof(uint64_t));
}

static bool look_at_name(finder *f, site_op *op, unsigned i) {
  const uint32_t *ordinals[N_NAMES] = {f->sites->country, f->sites->state, f->sites->city,
                                       f->sites->facility};
  names *n = &op->names[i];
  n->column = th_segment_column(f->plan->segment, name_fields[i]);
  if (!n->column || n->column->kind != TH_COL_KEYWORD) return true;
  n->ordinals = ordinals[i];
  n->known = th_arena_calloc(f->plan->arena, (size_t)n->column->n_dict + 1, 1);
  op->cost = TH_MAX(op->cost, 4 + 2 * i);
  return n->known || fail(f);
}

/* The site at which each value of a field of a document stands, and the positions that it takes. */
static void each_value(const finder *f, const th_column *c, uint32_t doc, uint32_t row,
                       uint32_t *site, uint32_t *n) {
  int64_t v = th_column_value(c, row);
  *site = f->sites->start[doc] + (uint32_t)(v >> TH_BREAK_SITE_SHIFT);
  if (*site >= f->sites->start[doc + 1]) *site = UINT32_MAX;
  *n = (uint32_t)v & ((1u << TH_BREAK_SITE_SHIFT) - 1);
}

static void set_site(uint64_t *bits, uint32_t site) {
  if (site != UINT32_MAX) th_bit_set(bits, site);
}

/* The sites of the places of a phrase in a document; all of one field, ascending. */
static void set_sites_of(const finder *f, uint32_t doc, const th_occurrence *places, uint32_t n,
                         uint64_t *bits) {
  uint16_t field = places[0].field;
  const th_column *c = th_segment_column(f->plan->segment, (uint16_t)(TH_COLUMN_BREAKS + field));
  uint32_t row, end, from = 0, to = 0, len, site, i = 0;
  if (!c) return;
  th_column_row(c, doc, &row, &end);
  for (; row < end && i < n; row++) {
    each_value(f, c, doc, row, &site, &len);
    if (len == 0) continue;
    from = to ? to + 1 : 0;
    to = from + len;
    for (; i < n && places[i].position < to; i++)
      set_site(bits, site);
  }
}

/* Sites at which the words stand in a zip or a contact. */
static const uint64_t *sites_by_position(finder *f, const th_query *q, const uint64_t *fields) {
  th_op *op = th_arena_calloc(f->plan->arena, 1, sizeof *op);
  uint64_t *bits = site_bitmap(f);
  th_phrase_check check;
  int rc = op && bits ? th_op_unscored(f->plan, q, op) : TH_ENOMEM;
  if (!rc) rc = th_phrase_make(f->plan, op, &check);
  if (rc) return fail(f);
  memcpy(check.fields, fields, sizeof check.fields);
  for (uint32_t w = 0; w < (f->plan->n_docs + 63) / 64; w++) {
    for (uint64_t left = f->documents[w]; left; left &= left - 1) {
      uint32_t doc = 64 * w + (uint32_t)__builtin_ctzll(left), n, end;
      th_occurrence *places;
      if (th_phrase_places(f->plan, &check, doc, &n, &places)) return fail(f);
      for (uint32_t i = 0; i < n; i = end) {
        for (end = i; end < n && places[end].field == places[i].field;)
          end++;
        set_sites_of(f, doc, places + i, end - i, bits);
      }
    }
  }
  return bits;
}

/* Statuses whose words (label and value, as they are indexed) hold the query's. */
static uint64_t statuses_with(finder *f, const th_query *q) {
  uint16_t e = th_fields[TH_F_LocationStatus].enum_id;
  uint64_t mask = 0;
  for (int v = 0; v < th_enums[e].n && v < N_STATUS - 1; v++) {
    const char *label = th_enum_legacy(e, v, TH_F_LocationStatus);
    if (th_short_text_holds(&f->words, th_span_of(label), q) ||
        th_short_text_holds(&f->words, th_span_of(th_enum_name(e, v)), q))
      mask |= 1ull << v;
  }
  return mask;
}

static bool compile_words(finder *f, site_op *op, const th_query *q, const uint64_t *fields) {
  uint64_t placed[(TH_F_COUNT + 63) / 64] = {0};
  bool any = false;
  op->kind = SITE_NAMES;
  for (unsigned i = 0; i < N_NAMES; i++)
    if (in_fields(fields, name_fields[i]) && !look_at_name(f, op, i)) return false;
  /* Its words are indexed because a search area holds it; a field alone asks for values. */
  if (in_fields(fields, TH_F_LocationStatus)) op->status = statuses_with(f, q);
  for (uint16_t k = 0; k < TH_F_COUNT; k++) {
    if (!in_fields(fields, k) || !th_feed_breaks_by_site(k)) continue;
    placed[k / 64] |= 1ull << (k % 64);
    any = true;
  }
  if (any) op->bits = sites_by_position(f, q, placed);
  return !f->failed;
}

/* Sites with anything in their zip or contacts, among the candidates. */
static void set_present(const finder *f, uint16_t field, uint64_t *bits) {
  const th_column *c = th_segment_column(f->plan->segment, (uint16_t)(TH_COLUMN_BREAKS + field));
  for (th_row r = {0}; c && th_column_next(c, &r);) {
    uint32_t site, len;
    if (r.doc >= f->plan->n_docs || !th_bit(f->documents, r.doc)) continue;
    for (uint32_t i = r.first; i < r.end; i++) {
      each_value(f, c, r.doc, i, &site, &len);
      set_site(bits, site);
    }
  }
}

static bool compile_missing(finder *f, site_op *op, const uint64_t *fields) {
  uint64_t *bits = NULL;
  op->kind = SITE_MISSING;
  op->cost = 3;
  for (unsigned i = 0; i < N_NAMES; i++)
    if (in_fields(fields, name_fields[i]) && !look_at_name(f, op, i)) return false;
  if (in_fields(fields, TH_F_LocationCountryCode) && !op->names[0].ordinals) {
    if (!look_at_name(f, op, 0)) return false;
    op->names[0].coded = true;
  }
  if (in_fields(fields, TH_F_LocationStatus)) op->status = ~0ull >> 1;
  op->point = in_fields(fields, TH_F_LocationGeoPoint);
  for (uint16_t k = 0; k < TH_F_COUNT; k++) {
    if (!in_fields(fields, k) || !th_feed_breaks_by_site(k)) continue;
    if (!bits && !(bits = site_bitmap(f))) return fail(f);
    set_present(f, k, bits);
  }
  op->bits = bits;
  return true;
}

static bool compile_study(finder *f, site_op *op, const th_query *q) {
  uint64_t *bits;
  op->kind = SITE_STUDY;
  op->cost = 1;
  if (th_match(f->plan, q, &bits)) return fail(f);
  op->bits = bits;
  return true;
}

static bool compile_parts(finder *f, site_op *op, const th_query *q, site_op_kind kind) {
  op->kind = kind;
  op->n = q->n;
  op->parts = th_arena_calloc(f->plan->arena, q->n + 1, sizeof *op->parts);
  if (!op->parts) return fail(f);
  for (uint32_t i = 0; i < q->n; i++) {
    site_op *part = compile(f, q->parts[i]);
    if (!part) return false;
    op->cost += part->cost;
    /* The cheap ones first: they decide most sites. */
    uint32_t at = i;
    for (; at && op->parts[at - 1]->cost > part->cost; at--)
      op->parts[at] = op->parts[at - 1];
    op->parts[at] = part;
  }
  return true;
}

static bool compile_keyword(finder *f, site_op *op, const th_query *q) {
  op->kind = SITE_NAMES;
  for (unsigned i = 0; i < N_NAMES; i++)
    if (q->field == name_fields[i] || (i == 0 && q->field == TH_F_LocationCountryCode))
      return look_at_name(f, op, i);
  return compile_study(f, op, q);
}

static site_op *compile(finder *f, const th_query *q) {
  uint64_t fields[(TH_F_COUNT + 63) / 64];
  site_op *op = th_arena_calloc(f->plan->arena, 1, sizeof *op);
  bool good = true;
  if (!op) return fail(f);
  op->query = q;
  switch (q->kind) {
  case TH_N_ALL:
    op->kind = SITE_ALL;
    break;
  case TH_N_AND:
    good = compile_parts(f, op, q, SITE_AND);
    break;
  case TH_N_OR:
  case TH_N_EITHER:
    good = compile_parts(f, op, q, SITE_OR);
    break;
  case TH_N_NOT:
    good = compile_parts(f, op, q, SITE_NOT);
    break;
  case TH_N_TERM:
  case TH_N_PHRASE:
    good =
        site_fields(q->scope, fields) ? compile_words(f, op, q, fields) : compile_study(f, op, q);
    break;
  case TH_N_MISSING:
    good = site_fields(q->scope, fields) ? compile_missing(f, op, fields) : compile_study(f, op, q);
    break;
  case TH_N_KEYWORD:
    good = compile_keyword(f, op, q);
    break;
  case TH_N_NEAR:
    op->kind = SITE_NEAR;
    op->cost = 6;
    th_distances_begin(&op->near, f->plan->segment, q->near.lat, q->near.lon, q->near.placed);
    good = th_distances_keep(&op->near, f->plan->arena);
    break;
  case TH_N_MASK:
    if (q->field == TH_F_LocationStatus) {
      op->kind = SITE_STATUS;
      op->cost = 1;
      op->status = q->mask;
      break;
    }
    good = compile_study(f, op, q);
    break;
  default:
    good = compile_study(f, op, q);
  }
  return good ? op : NULL;
}

/* ---- site by site ---- */

static bool has_status(const finder *f, uint32_t site, uint64_t mask) {
  uint8_t status = f->sites->status[site];
  return status && status < N_STATUS && mask >> (status - 1) & 1;
}

static bool is_near(const finder *f, site_op *op, uint32_t site) {
  const th_query *q = op->query;
  uint32_t point = op->near.spots ? th_spots_point(op->near.spots, site, q->near.placed) : 0;
  if (!point || (q->near.site_status && !has_status(f, site, q->near.site_status))) return false;
  return th_distances_point(&op->near, point - 1) <= q->near.km;
}

static bool name_is(const th_query *q, th_span name) {
  char a[TH_NAME_MAX], b[TH_NAME_MAX];
  if (q->field == TH_F_LocationCountryCode) name = th_country_code(name);
  size_t n = th_name_fold(name, a), m = th_name_fold(q->word, b);
  return name.n && n == m && memcmp(a, b, n) == 0;
}

static bool name_counts(finder *f, const th_query *q, const names *n, th_span name) {
  if (q->kind == TH_N_KEYWORD) return name_is(q, name);
  if (q->kind == TH_N_MISSING) return !n->coded || th_country_code(name).n > 0;
  return th_short_text_holds(&f->words, name, q);
}

static bool name_holds(finder *f, const th_query *q, names *n, uint32_t ordinal) {
  uint8_t *known = &n->known[ordinal];
  if (*known == 0)
    *known = name_counts(f, q, n, th_column_word(n->column, ordinal)) ? NAME_YES : NAME_NO;
  return *known == NAME_YES;
}

static bool any_name(finder *f, site_op *op, uint32_t site) {
  for (unsigned i = 0; i < N_NAMES; i++) {
    names *n = &op->names[i];
    uint32_t ordinal = n->ordinals ? n->ordinals[site] : 0;
    if (!ordinal || ordinal > n->column->n_dict) continue;
    if (name_holds(f, op->query, n, ordinal - 1)) return true;
  }
  if (op->status && has_status(f, site, op->status)) return true;
  return op->bits && th_bit(op->bits, site);
}

static bool satisfies(finder *f, site_op *op, uint32_t doc, uint32_t site) {
  switch (op->kind) {
  case SITE_ALL:
    return true;
  case SITE_AND:
    for (uint32_t i = 0; i < op->n; i++)
      if (!satisfies(f, op->parts[i], doc, site)) return false;
    return true;
  case SITE_OR:
    for (uint32_t i = 0; i < op->n; i++)
      if (satisfies(f, op->parts[i], doc, site)) return true;
    return false;
  case SITE_NOT:
    return !satisfies(f, op->parts[0], doc, site);
  case SITE_STATUS:
    return has_status(f, site, op->status);
  case SITE_NEAR:
    return is_near(f, op, site);
  case SITE_NAMES:
    return any_name(f, op, site);
  case SITE_MISSING:
    return !any_name(f, op, site) && !(op->point && f->sites->lat[site] != TH_NO_POINT);
  default:
    return th_bit(op->bits, doc);
  }
}

/* Whether what is asked of a site is the same for all sites of its spot (points.h). */
static bool is_of_spot(const site_op *op) {
  switch (op->kind) {
  case SITE_ALL:
    return true;
  case SITE_AND:
  case SITE_OR:
  case SITE_NOT:
    for (uint32_t i = 0; i < op->n; i++)
      if (!is_of_spot(op->parts[i])) return false;
    return true;
  case SITE_NEAR:
    return !op->query->near.site_status;
  case SITE_NAMES:
  case SITE_MISSING:
    return !op->names[N_NAMES - 1].ordinals && !op->status && !op->bits;
  default:
    return false;
  }
}

/* The answer for a site; for those of a spot looked for but once. */
static bool answer(finder *f, site_op *op, uint32_t doc, uint32_t site) {
  if (!f->known) return satisfies(f, op, doc, site);
  uint8_t *known = &f->known[f->spots->of[site] & ~TH_SITE_RECRUITS];
  if (!*known) *known = satisfies(f, op, doc, site) ? NAME_YES : NAME_NO;
  return *known == NAME_YES;
}

static void match_documents(finder *f, site_op *op, uint64_t *out) {
  f->spots = is_of_spot(op) ? th_cache_spots(f->plan->segment) : NULL;
  if (f->spots) f->known = th_arena_calloc(f->plan->arena, (size_t)f->spots->n_spots + 1, 1);
  for (uint32_t w = 0; w < (f->plan->n_docs + 63) / 64; w++) {
    for (uint64_t left = f->documents[w]; left; left &= left - 1) {
      uint32_t doc = 64 * w + (uint32_t)__builtin_ctzll(left);
      if (doc >= f->plan->n_docs) return;
      for (uint32_t i = f->sites->start[doc]; i < f->sites->start[doc + 1]; i++) {
        if (!answer(f, op, doc, i)) continue;
        th_bit_set(out, doc);
        break;
      }
    }
  }
}

/* Takes out the dead, and what lies behind the last document. */
static void keep_live(const th_plan *p, uint64_t *bits) {
  const uint64_t *live = p->snapshot->live ? p->snapshot->live[p->at] : NULL;
  for (uint32_t w = 0; live && w < (p->n_docs + 63) / 64; w++)
    bits[w] &= live[w];
  if (p->n_docs % 64) bits[p->n_docs / 64] &= (1ull << (p->n_docs % 64)) - 1;
}

int th_match_sites(th_plan *p, const th_query *q, const uint64_t *within, uint64_t *out) {
  finder f = {.plan = p, .sites = th_segment_sites(p->segment)};
  int rc = 0;
  if (!f.sites || f.sites->n == 0) return 0;
  rc = candidates(p, q->parts[0], &f.documents);
  if (rc) return rc;
  keep_live(p, f.documents);
  for (uint32_t w = 0; within && w < p->n_words; w++)
    f.documents[w] &= within[w];
  if (is_any_of_leaves(q->parts[0])) {
    memcpy(out, f.documents, p->n_words * sizeof *out);
    return 0;
  }
  th_short_text_init(&f.words, p->thread->stemmer);
  site_op *op = compile(&f, q->parts[0]);
  if (op) match_documents(&f, op, out);
  if (!op || f.failed || f.words.failed) rc = th_plan_no_memory(p);
  th_short_text_dispose(&f.words);
  return rc;
}
