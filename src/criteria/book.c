/* Opening and reading the criteria book. */
#include "criteria/book.h"

#include <xxhash.h>

#include "criteria/file.h"
#include "criteria/tree.h"
#include "eligibility/attributes.h"

/* ---- what it was made with ---- */

static uint64_t hash_attributes(void) {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < th_elig_n_attributes; i++) {
    const th_elig_attribute *a = &th_elig_attributes[i];
    hash = XXH3_64bits_withSeed(a->key, strlen(a->key) + 1, hash);
    hash = XXH3_64bits_withSeed(a->unit, strlen(a->unit) + 1, hash);
  }
  return hash;
}

/* What decides about a mention: the labels, what they belong to, which one a wording means. The
 * counts change with every import and decide nothing more. */
static uint64_t hash_dictionary(const th_concepts *d) {
  th_label label;
  th_concept c;
  uint64_t hash = XXH3_64bits(d->hits, d->n_hits * sizeof *d->hits);
  hash = XXH3_64bits_withSeed(d->parents, d->n_parents * sizeof *d->parents, hash);
  for (uint32_t i = 0; i < d->n_labels && th_concepts_label(d, i, &label); i++) {
    const uint64_t more = (uint64_t)label.concept_id << 16 | label.flags << 8 | label.relation;
    hash = XXH3_64bits_withSeed(label.text.p, label.text.n, hash ^ more);
  }
  for (uint32_t i = 0; i < d->n_concepts && th_concepts_get(d, i, &c); i++) {
    hash = XXH3_64bits_withSeed(c.label.p, c.label.n, hash ^ c.kind);
    for (uint32_t k = 0; k < c.n_codes; k++) {
      bool own;
      th_span code = th_concepts_code(d, c.first_code + k, &own);
      hash = XXH3_64bits_withSeed(code.p, code.n, hash ^ own);
    }
  }
  return hash | 1;
}

void th_criteria_basis_now(th_criteria_basis *out, const th_concepts *dict) {
  _Static_assert(sizeof TH_ELIG_READER <= TH_CRITERIA_READER_MAX, "the reader's name is too long");
  *out = (th_criteria_basis){.reader = TH_ELIG_READER, .attributes = hash_attributes()};
  if (dict && dict->n_nodes) out->dictionary = hash_dictionary(dict);
}

bool th_criteria_basis_fits(const th_criteria_basis *basis) {
  static const char reader[TH_CRITERIA_READER_MAX] = TH_ELIG_READER;
  return memcmp(basis->reader, reader, sizeof reader) == 0 &&
         basis->attributes == hash_attributes();
}

/* ---- one file ---- */

static int bad_file(th_err *err, const char *what) {
  return th_err_set(err, TH_ECORRUPT, "the criteria book %s", what);
}

/* A section inside of what stands before the foot. */
static bool lies_in(const th_criteria_place *place, size_t n, size_t item) {
  uint64_t end;
  return place->offset >= TH_CRITERIA_HEAD && place->offset % 8 == 0 && place->bytes % item == 0 &&
         !__builtin_add_overflow(place->offset, place->bytes, &end) && end <= n;
}

static int take_sections(th_criteria_file *out, const th_criteria_foot *foot, size_t n,
                         th_err *err) {
  static const size_t items[] = {
      [TH_CRITERIA_STARTS] = 4, [TH_CRITERIA_STRINGS] = 1, [TH_CRITERIA_CONCEPTS] = 8};
  const th_criteria_place *p = foot->places;
  for (int i = 0; i < TH_CRITERIA_SECTIONS; i++)
    if (!lies_in(&p[i], n, items[i])) return bad_file(err, "has a section outside of itself");
  if (p[TH_CRITERIA_STARTS].bytes != ((uint64_t)foot->n_docs + 1) * 4)
    return bad_file(err, "has not as many trees as it says");
  out->n_docs = foot->n_docs;
  out->n_trees = p[TH_CRITERIA_STARTS].offset;
  out->starts = (const uint32_t *)(const void *)(out->bytes + p[TH_CRITERIA_STARTS].offset);
  out->strings = out->bytes + p[TH_CRITERIA_STRINGS].offset;
  out->n_strings = p[TH_CRITERIA_STRINGS].bytes;
  out->concepts = out->bytes + p[TH_CRITERIA_CONCEPTS].offset;
  out->n_concepts = p[TH_CRITERIA_CONCEPTS].bytes;
  out->basis = foot->basis;
  return 0;
}

int th_criteria_file_open(th_criteria_file *out, const void *bytes, size_t n, bool verify,
                          th_err *err) {
  th_criteria_foot foot;
  *out = (th_criteria_file){0};
  if (n < TH_CRITERIA_HEAD + sizeof foot || n % 8 ||
      memcmp(bytes, TH_CRITERIA_MAGIC, TH_CRITERIA_HEAD) != 0)
    return bad_file(err, "is no criteria book");
  memcpy(&foot, (const uint8_t *)bytes + n - sizeof foot, sizeof foot);
  if (verify && XXH3_64bits(bytes, n - sizeof foot.hash) != foot.hash)
    return bad_file(err, "does not match its checksum");
  if (foot.version != TH_CRITERIA_VERSION || !th_criteria_basis_fits(&foot.basis))
    return th_err_set(err, TH_EINPUT, "the criteria book was made by another version");
  out->bytes = bytes;
  int rc = take_sections(out, &foot, n - sizeof foot, err);
  if (rc) *out = (th_criteria_file){0};
  return rc;
}

/* The bytes of a document's tree. */
static int bytes_of(const th_criteria_file *file, uint32_t doc, th_span *out, th_err *err) {
  if (doc >= file->n_docs || file->starts[doc] == file->starts[doc + 1])
    return th_err_set(err, TH_ENOTFOUND, "the criteria book has no such study");
  uint64_t from = (uint64_t)file->starts[doc] * 4, to = (uint64_t)file->starts[doc + 1] * 4;
  if (from < TH_CRITERIA_HEAD || from > to || to > file->n_trees)
    return bad_file(err, "has a tree outside of itself");
  *out = (th_span){(const char *)file->bytes + from, to - from};
  return 0;
}

int th_criteria_file_tree(const th_criteria_file *file, uint32_t doc, th_arena *arena,
                          th_elig_tree *out, th_err *err) {
  th_span bytes;
  *out = (th_elig_tree){0};
  int rc = bytes_of(file, doc, &bytes, err);
  return rc < 0 ? rc : th_criteria_decode(file, bytes, arena, out, err);
}

int th_criteria_file_outline(const th_criteria_file *file, uint32_t segment, uint32_t doc,
                             th_arena *arena, th_criteria_outline *out, th_err *err) {
  th_span bytes;
  *out = (th_criteria_outline){0};
  int rc = bytes_of(file, doc, &bytes, err);
  return rc < 0 ? rc : th_criteria_outline_read(file, bytes, segment, arena, out, err);
}

/* ---- the files of a snapshot ---- */

int th_criteria_file_of(th_criteria_file *out, const th_snapshot *s, uint32_t segment,
                        th_err *err) {
  th_side side;
  th_err why = {0};
  *out = (th_criteria_file){0};
  int rc = th_snapshot_side(s, TH_CRITERIA_SIDE, segment, &side, err);
  if (rc || !side.p) return rc;
  rc = th_criteria_file_open(out, side.p, side.n, false, &why);
  if (rc == TH_EINPUT) return 0; /* the next writer makes it anew */
  if (rc) return th_err_set(err, rc, "%s", why.message);
  if (out->n_docs == th_segment_docs(s->segments[segment])) return 0;
  *out = (th_criteria_file){0};
  return bad_file(err, "is not that of its segment");
}

int th_criteria_book_open(th_criteria_book *out, const th_snapshot *snapshot, th_arena *arena,
                          th_err *err) {
  *out = (th_criteria_book){.snapshot = snapshot};
  th_criteria_file *files = th_arena_calloc(arena, snapshot->n_segments + 1, sizeof *files);
  if (!files) return th_err_set(err, TH_ENOMEM, "out of memory");
  out->files = files;
  for (uint32_t i = 0; i < snapshot->n_segments; i++) {
    int rc = th_criteria_file_of(&files[i], snapshot, i, err);
    if (rc) return rc;
    out->n_missing += files[i].bytes == NULL;
  }
  return 0;
}

static const th_criteria_file *file_of(const th_criteria_book *book, uint32_t segment) {
  static const th_criteria_file none;
  return segment < book->snapshot->n_segments ? &book->files[segment] : &none;
}

int th_criteria_book_doc(const th_criteria_book *book, uint32_t segment, uint32_t doc,
                         th_arena *arena, th_elig_tree *out, th_err *err) {
  return th_criteria_file_tree(file_of(book, segment), doc, arena, out, err);
}

void th_criteria_book_fetch(const th_criteria_book *book, uint32_t segment, uint32_t doc) {
  enum { LINE = 64, MOST = 512 };
  if (segment >= book->snapshot->n_segments || doc >= book->files[segment].n_docs) return;
  const th_criteria_file *f = &book->files[segment];
  uint64_t from = (uint64_t)f->starts[doc] * 4, end = (uint64_t)f->starts[doc + 1] * 4;
  end = TH_MIN(TH_MIN(end, from + MOST), (uint64_t)f->n_trees);
  for (; from < end; from += LINE)
    __builtin_prefetch(f->bytes + from);
}

int th_criteria_book_outline(const th_criteria_book *book, uint32_t segment, uint32_t doc,
                             th_arena *arena, th_criteria_outline *out, th_err *err) {
  return th_criteria_file_outline(file_of(book, segment), segment, doc, arena, out, err);
}

int th_criteria_book_tree(const th_criteria_book *book, uint32_t nct, th_arena *arena,
                          th_elig_tree *out, th_err *err) {
  uint32_t segment = UINT32_MAX, doc = 0;
  if (!th_snapshot_find(book->snapshot, nct, &segment, &doc)) segment = UINT32_MAX;
  return th_criteria_book_doc(book, segment, doc, arena, out, err);
}

int th_criteria_set_text(th_elig_tree *tree, th_span text, th_err *err) {
  uint32_t last = 0;
  for (uint32_t i = 0; i < tree->n_nodes; i++)
    last = TH_MAX(last, tree->nodes[i].to);
  for (uint32_t i = 0; i < tree->n_facts; i++) {
    const th_elig_fact *f = &tree->facts[i];
    last = TH_MAX(last, TH_MAX(TH_MAX(f->to, f->name_to), TH_MAX(f->guard.to, f->window.to)));
    last = TH_MAX(last, f->value_to);
  }
  for (uint32_t i = 0; i < tree->n_names; i++)
    last = TH_MAX(last, tree->names[i].to);
  if (last > text.n) return bad_file(err, "is not of this record");
  tree->text = text;
  return 0;
}

static bool is_live(const th_snapshot *s, uint32_t segment, uint32_t doc) {
  return !s->live[segment] || (s->live[segment][doc / 64] >> (doc % 64) & 1);
}

int th_criteria_book_each(const th_criteria_book *book, th_arena *arena, th_criteria_fn fn,
                          void *ctx, th_err *err) {
  const th_snapshot *s = book->snapshot;
  int rc = 0;
  for (uint32_t i = 0; i < s->n_segments; i++)
    for (uint32_t d = 0; rc == 0 && d < book->files[i].n_docs; d++) {
      th_elig_tree tree;
      th_err why = {0};
      if (!is_live(s, i, d)) continue;
      th_arena_reset(arena, false);
      int got = th_criteria_file_tree(&book->files[i], d, arena, &tree, &why);
      if (got == TH_ENOTFOUND) continue;
      rc = got ? th_err_set(err, got, "%s", why.message)
               : fn(ctx, th_segment_nct(s->segments[i], d), i, d, &tree);
    }
  return rc;
}
