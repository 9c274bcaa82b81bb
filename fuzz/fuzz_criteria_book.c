/* A file of the criteria book of any bytes, and a tree of any bytes over a book's strings: whatever
 * they are, no read leaves them, and what comes out is a tree that can be shown, asked for values
 * and written again to give the same. */
#include "../tests/unit/criteria/same.h"
#include "criteria/encode.h"
#include "criteria/file.h"
#include "criteria/sure.h"
#include "criteria/tree.h"
#include "eligibility/json.h"
#include "eligibility/question.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DOCS_MOST = 64, TEXT = 1 << 16, SHOWN_MOST = 512 };

static void check(bool holds) {
  if (!holds) abort();
}

static int count(void *ctx, const th_limit *limit) {
  check(!(limit->low > limit->high));
  ++*(size_t *)ctx;
  return 0;
}

/* What may be asked of a tree without its text. */
static void ask(const th_elig_tree *tree) {
  size_t n = 0;
  if (tree->n_nodes > SHOWN_MOST || tree->n_facts > SHOWN_MOST) return;
  check(th_criteria_limits(tree, count, &n) == 0);
  for (uint32_t i = 0; i < tree->n_facts && i < 8; i++)
    if (tree->facts[i].type == TH_ELIG_NUMERIC)
      (void)th_criteria_refuses(tree, tree->facts[i].attribute, tree->facts[i].value);
}

static void show(th_elig_tree *tree) {
  static char text[TEXT];
  th_buf out;
  th_jout w;
  th_err err = {0};
  memset(text, 'x', sizeof text);
  if (tree->n_nodes > SHOWN_MOST || tree->n_facts > SHOWN_MOST) return;
  if (th_criteria_set_text(tree, (th_span){text, sizeof text}, &err)) {
    check(err.message[0]);
    return;
  }
  th_buf_init(&out, 1 << 26);
  for (uint32_t i = 0; i < tree->n_nodes; i++) {
    th_elig_question(tree, i, &out);
    th_elig_check(tree, i, &out);
    if (out.n > TEXT) th_buf_clear(&out);
  }
  th_buf_clear(&out);
  th_jout_init(&w, &out, false);
  th_elig_json(tree, NULL, &w);
  size_t n = out.n;
  th_buf_put(&out, "\0", 1);
  check(out.error || th_json_error_offset((th_span){out.p, n}) >= (int64_t)n);
  th_buf_dispose(&out);
}

/* A tree as the reader makes them is written, and read again the same. */
static void write_again(const th_elig_tree *tree, th_arena *arena) {
  th_criteria_names names = {0};
  th_elig_tree again;
  th_buf bytes;
  th_buf_init(&bytes, 1 << 26);
  if (th_criteria_encode(tree, &names, &bytes) && !bytes.error) {
    th_criteria_file file = {.strings = (const uint8_t *)names.strings.p,
                             .n_strings = names.strings.n,
                             .concepts = (const uint8_t *)names.concepts.p,
                             .n_concepts = names.concepts.n};
    check(th_criteria_decode(&file, th_buf_view(&bytes), arena, &again, NULL) == 0);
    check(same_tree(tree, &again));
  }
  th_criteria_names_dispose(&names);
  th_buf_dispose(&bytes);
}

static void use(th_elig_tree *tree, th_arena *arena) {
  ask(tree);
  write_again(tree, arena);
  show(tree);
}

static void read_file(const void *bytes, size_t n, bool verify) {
  th_criteria_file file;
  th_err err = {0};
  th_arena arena;
  if (th_criteria_file_open(&file, bytes, n, verify, &err)) {
    check(err.message[0]);
    return;
  }
  th_arena_init(&arena, 1 << 24);
  for (uint32_t i = 0; i < file.n_docs && i < DOCS_MOST; i++) {
    th_elig_tree tree;
    th_arena_reset(&arena, false);
    th_err_clear(&err);
    int rc = th_criteria_file_tree(&file, i, &arena, &tree, &err);
    check(rc == 0 || err.message[0]);
    if (rc == 0) use(&tree, &arena);
  }
  th_arena_dispose(&arena);
}

/* The foot says that this program made it: corpora outlive versions of the reader. */
static void make_ours(void *bytes, size_t n) {
  th_criteria_foot foot;
  if (n < TH_CRITERIA_HEAD + sizeof foot) return;
  uint8_t *at = (uint8_t *)bytes + n - sizeof foot;
  memcpy(&foot, at, sizeof foot);
  foot.version = TH_CRITERIA_VERSION;
  th_criteria_basis_now(&foot.basis, NULL);
  memcpy(at, &foot, sizeof foot);
}

/* The input as one tree, with strings and concepts that are in order. */
static void read_tree(th_span bytes) {
  static th_criteria_names names;
  th_elig_tree tree;
  th_err err = {0};
  th_arena arena;
  if (!names.strings.n) {
    static const char *const words[] = {"mg/dL", "severe", "Asthma", "MESH:D001249", "wk"};
    for (size_t i = 0; i < TH_COUNT(words); i++)
      (void)th_criteria_name_string(&names, th_span_of(words[i]));
    (void)th_criteria_name_concept(&names, th_span_of(words[2]), th_span_of(words[3]));
    check(!names.failed);
  }
  th_criteria_file file = {.strings = (const uint8_t *)names.strings.p,
                           .n_strings = names.strings.n,
                           .concepts = (const uint8_t *)names.concepts.p,
                           .n_concepts = names.concepts.n};
  th_arena_init(&arena, 1 << 24);
  if (th_criteria_decode(&file, bytes, &arena, &tree, &err) == 0)
    use(&tree, &arena);
  else
    check(err.message[0]);
  th_arena_dispose(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char *copy = malloc(len + 1); /* its end is the end of what may be read */
  check(copy != NULL);
  memcpy(copy, data, len);
  read_tree((th_span){copy, len});
  read_file(copy, len, true);
  make_ours(copy, len);
  read_file(copy, len, false);
  free(copy);
  return 0;
}
