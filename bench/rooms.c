/* What the rooms at the bottom take for the records of a file, one thread, each beside a hash
 * (XXH3) of the same bytes:
 *
 *   rooms FILE FOLDER [ARCHIVE]
 *
 *   line := measure TAB value TAB unit TAB ( times-of-the-hash | "-" ) LF
 *
 * FILE: records, plain or packed. FOLDER: an empty one, for a store. ARCHIVE: a zip of legacy XML.
 * Each figure is the middle of ROUNDS, but for the store's, which is filled once. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/json.h"
#include "store/store.h"
#include "study/markup.h"
#include "study/walk.h"

#include "records.h"

enum { ROUNDS = 5, SAMPLES = 2000, AT_ONCE = 500 };

typedef struct record {
  th_span json;
  uint32_t nct;
} record;

typedef struct bench {
  const char *file, *folder, *archive;
  th_arena arena;
  th_json_parser *parser;
  record *all;
  size_t n, cap;
  uint64_t bytes;
  double hash; /* seconds for all records */
  uint64_t sink;
} bench;

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
static double seconds(void) {
  return now(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

typedef int (*pass_fn)(bench *b, th_err *err);

/* The middle of some rounds, in seconds of the process. */
static int time_of(bench *b, pass_fn pass, int rounds, double *out, th_err *err) {
  double taken[ROUNDS];
  for (int i = 0; i < rounds; i++) {
    double start = seconds();
    int rc = pass(b, err);
    if (rc < 0) return rc;
    taken[i] = seconds() - start;
  }
  qsort(taken, (size_t)rounds, sizeof *taken, by_value);
  *out = taken[rounds / 2];
  return 0;
}

static void say(const bench *b, const char *what, double value, const char *unit, double taken) {
  printf("%s\t%.4g\t%s\t", what, value, unit);
  if (taken > 0)
    printf("%.1f\n", taken / b->hash);
  else
    printf("-\n");
  fflush(stdout);
}

/* ---- reading the file ---- */

static int keep(void *context, th_span bytes, th_err *err) {
  bench *b = context;
  th_json j;
  record r;
  if (b->n == b->cap) {
    b->cap = b->cap ? b->cap * 2 : 16384;
    b->all = realloc(b->all, b->cap * sizeof *b->all);
    if (!b->all) return th_err_set(err, TH_ENOMEM, "out of memory");
  }
  char *text = th_arena_alloc(&b->arena, bytes.n + TH_PAD);
  if (!text) return th_err_set(err, TH_ENOMEM, "out of memory");
  memcpy(text, bytes.p, bytes.n);
  memset(text + bytes.n, 0, TH_PAD);
  r.json = (th_span){text, bytes.n};
  int rc = th_json_parse(b->parser, r.json, &j, err);
  if (rc == 0) rc = th_study_check(&j, &r.nct, err);
  if (rc < 0) return rc;
  b->all[b->n++] = r;
  b->bytes += bytes.n;
  return 0;
}

static int count_one(void *context, th_span bytes, th_err *err) {
  (void)err;
  *(uint64_t *)context += bytes.n > 0;
  return 0;
}
static int split(bench *b, th_err *err) {
  return bench_records(b->file, count_one, &b->sink, err);
}
static int convert(bench *b, th_err *err) {
  b->sink = 0;
  return bench_records(b->archive, count_one, &b->sink, err);
}

/* ---- one pass over all records ---- */

static int hash_all(bench *b, th_err *err) {
  (void)err;
  for (size_t i = 0; i < b->n; i++)
    b->sink += XXH3_64bits(b->all[i].json.p, b->all[i].json.n);
  return 0;
}

static int parse_all(bench *b, th_err *err) {
  th_json j;
  int rc = 0;
  for (size_t i = 0; i < b->n && rc == 0; i++)
    rc = th_json_parse(b->parser, b->all[i].json, &j, err);
  return rc;
}

static int check_all(bench *b, th_err *err) {
  th_json j;
  uint32_t nct;
  int rc = 0;
  for (size_t i = 0; i < b->n && rc == 0; i++) {
    rc = th_json_parse(b->parser, b->all[i].json, &j, err);
    if (rc == 0) rc = th_study_check(&j, &nct, err);
  }
  return rc;
}

/* Summaries and criteria, the longest texts with markup. */
static const char *const marked_up[] = {"protocolSection.descriptionModule.briefSummary",
                                        "protocolSection.descriptionModule.detailedDescription",
                                        "protocolSection.eligibilityModule.eligibilityCriteria"};

static int read_markup(bench *b, bool convert_it, th_err *err) {
  th_json j;
  th_buf out;
  int rc = 0;
  th_buf_init(&out, 0);
  b->sink = 0;
  for (size_t i = 0; i < b->n && rc == 0; i++) {
    rc = th_json_parse(b->parser, b->all[i].json, &j, err);
    for (size_t k = 0; k < TH_COUNT(marked_up) && rc == 0; k++) {
      th_span text = th_json_path_text(&j, 0, marked_up[k]);
      b->sink += text.n;
      th_buf_clear(&out);
      if (convert_it) rc = th_markup_to_text(text, &out, err);
    }
  }
  th_buf_dispose(&out);
  return rc;
}
static int markup_all(bench *b, th_err *err) {
  return read_markup(b, true, err);
}
static int texts_all(bench *b, th_err *err) {
  return read_markup(b, false, err);
}

static int measure_reading(bench *b, th_err *err) {
  double taken, parse, texts;
  int rc = time_of(b, hash_all, ROUNDS, &b->hash, err);
  say(b, "hash of the bytes", (double)b->bytes / b->hash / 1e6, "MB/s", 0);
  if (rc == 0) rc = time_of(b, split, ROUNDS, &taken, err);
  if (rc == 0) say(b, "split the file, unpacked", (double)b->bytes / taken / 1e6, "MB/s", taken);
  if (rc == 0) rc = time_of(b, parse_all, ROUNDS, &parse, err);
  if (rc == 0) say(b, "parse JSON", (double)b->bytes / parse / 1e6, "MB/s", parse);
  if (rc == 0) rc = time_of(b, check_all, ROUNDS, &taken, err);
  if (rc == 0) say(b, "check a study", (taken - parse) * 1e6 / (double)b->n, "us", taken - parse);
  if (rc == 0) rc = time_of(b, texts_all, ROUNDS, &texts, err);
  if (rc == 0) rc = time_of(b, markup_all, ROUNDS, &taken, err);
  if (rc == 0) say(b, "markup to text", (double)b->sink / (taken - texts) / 1e6, "MB/s", 0);
  if (rc == 0 && b->archive) {
    rc = time_of(b, convert, ROUNDS, &taken, err);
    if (rc == 0)
      say(b, "legacy XML, unpacked and converted", (double)b->sink / taken, "records/s", 0);
  }
  return rc;
}

/* ---- the store ---- */

typedef struct packed {
  th_buf bytes;
  size_t *ends; /* of record i */
  uint32_t *dict;
} packed;

static int pack_all(bench *b, th_store *store, packed *p, th_err *err) {
  th_packer *packer = th_store_packer_new(store, err);
  int rc = packer ? 0 : TH_ENOMEM;
  for (size_t i = 0; i < b->n && rc == 0; i++) {
    rc = th_packer_pack(packer, b->all[i].json, &p->bytes, &p->dict[i], err);
    p->ends[i] = p->bytes.n;
  }
  th_packer_free(packer);
  return rc;
}

static int put_all(bench *b, th_store *store, const packed *p, th_err *err) {
  static th_put puts[AT_ONCE];
  int rc = 0;
  for (size_t i = 0; i < b->n && rc == 0;) {
    size_t n = 0;
    for (; n < AT_ONCE && i < b->n; n++, i++) {
      size_t from = i ? p->ends[i - 1] : 0;
      puts[n] = (th_put){.nct = b->all[i].nct,
                         .json = b->all[i].json,
                         .packed = {p->bytes.p + from, p->ends[i] - from},
                         .dict_id = p->dict[i]};
      th_store_hash(puts[n].json, puts[n].hash);
    }
    rc = th_store_put(store, puts, n, err);
  }
  return rc;
}

static int get_all(bench *b, th_store_reader *reader, th_err *err) {
  th_buf out;
  int rc = 0;
  th_buf_init(&out, 0);
  for (size_t i = 0; i < b->n && rc == 0; i++)
    rc = th_store_get(reader, b->all[(i * 7919) % b->n].nct, -1, &out, NULL, err);
  th_buf_dispose(&out);
  return rc;
}

static int see(void *ctx, const th_record *r) {
  *(uint64_t *)ctx += r->len;
  return 0;
}
static void count_problem(void *ctx, uint32_t nct, const char *text) {
  (void)nct, (void)text;
  ++*(uint64_t *)ctx;
}

static int read_store(bench *b, th_store *store, th_err *err) {
  th_hashes hashes;
  th_store_counts counts = {0};
  th_store_reader *reader = th_store_reader_acquire(store, err);
  if (!reader) return err->code;
  double start = seconds();
  int rc = get_all(b, reader, err);
  say(b, "store: get, at random", (double)b->n / (seconds() - start), "records/s",
      seconds() - start);
  start = seconds();
  if (rc == 0) rc = th_store_scan(reader, 0, UINT32_MAX, see, &b->sink, err);
  say(b, "store: scan of all", (double)b->n / (seconds() - start), "records/s", seconds() - start);
  start = seconds();
  if (rc == 0) rc = th_store_hashes(reader, &hashes, err);
  say(b, "store: hashes of all", (seconds() - start) * 1e3, "ms", 0);
  if (rc == 0) th_hashes_dispose(&hashes);
  for (int deep = 0; deep < 2 && rc == 0; deep++) {
    start = seconds();
    rc = th_store_check(reader, deep, count_problem, &b->sink, err);
    say(b, deep ? "store: check, deep" : "store: check", (seconds() - start) * 1e3, "ms", 0);
  }
  if (rc == 0) rc = th_store_stats(reader, &counts, err);
  say(b, "store: file to packed records", (double)counts.file_bytes / (double)counts.packed_bytes,
      "times", 0);
  th_store_reader_release(reader);
  return rc;
}

static int train(bench *b, th_store *store, th_err *err) {
  th_span samples[SAMPLES];
  uint32_t dict;
  size_t n = TH_MIN(b->n, (size_t)SAMPLES), step = b->n / TH_MAX(n, (size_t)1);
  for (size_t i = 0; i < n; i++)
    samples[i] = b->all[i * step].json;
  double start = seconds();
  int rc = th_store_train(store, samples, n, &dict, err);
  say(b, "store: dictionary of 2,000 samples", (seconds() - start) * 1e3, "ms", 0);
  return rc;
}

static int measure_store(bench *b, th_err *err) {
  th_store *store = NULL;
  packed p = {.ends = calloc(b->n + 1, sizeof *p.ends), .dict = calloc(b->n + 1, sizeof *p.dict)};
  int rc = p.ends && p.dict ? th_store_open(&store, b->folder, TH_STORE_WRITE, err)
                            : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0) rc = train(b, store, err);
  double start = seconds();
  if (rc == 0) rc = pack_all(b, store, &p, err);
  say(b, "store: pack", (double)b->n / (seconds() - start), "records/s", seconds() - start);
  say(b, "store: records to packed", (double)b->bytes / (double)TH_MAX(p.bytes.n, (size_t)1),
      "times", 0);
  start = now(CLOCK_MONOTONIC); /* waits for the disk */
  if (rc == 0) rc = put_all(b, store, &p, err);
  if (rc == 0) rc = th_store_checkpoint(store, err);
  start = now(CLOCK_MONOTONIC) - start;
  say(b, "store: put, 500 at once, synced, by the clock", (double)b->n / start, "records/s", start);
  th_store_close(store); /* takes the log of pending writes into the file */
  store = NULL;
  if (rc == 0) rc = th_store_open(&store, b->folder, TH_STORE_READ, err);
  if (rc == 0) rc = read_store(b, store, err);
  th_store_close(store);
  th_buf_dispose(&p.bytes);
  free(p.ends);
  free(p.dict);
  return rc;
}

int main(int argc, char **argv) {
  th_err err = {0};
  bench b = {.file = argc > 1 ? argv[1] : NULL,
             .folder = argc > 2 ? argv[2] : NULL,
             .archive = argc > 3 ? argv[3] : NULL};
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: rooms FILE FOLDER [ARCHIVE]\n");
    return 2;
  }
  th_arena_init(&b.arena, 0);
  b.parser = th_json_parser_new(64 << 20, 256);
  int rc = b.parser ? bench_records(b.file, keep, &b, &err)
                    : th_err_set(&err, TH_ENOMEM, "out of memory");
  if (rc == 0 && b.n == 0) rc = th_err_set(&err, TH_EINPUT, "%s holds no records", b.file);
  if (rc == 0) rc = measure_reading(&b, &err);
  if (rc == 0) rc = measure_store(&b, &err);
  if (rc < 0) fprintf(stderr, "rooms: %s\n", err.message);
  fprintf(stderr, "# %zu records, %.0f MB\n", b.n, (double)b.bytes / 1e6);
  th_json_parser_free(b.parser);
  th_arena_dispose(&b.arena);
  free(b.all);
  return rc < 0 ? 4 : 0;
}
