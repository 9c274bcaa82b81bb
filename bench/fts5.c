/* The SQLite FTS5 peer of the index benchmarks: one table without contents, one transaction. The
 * tokens of our own index come with blanks between them and are cut there and nowhere else.
 *
 * index english|tokens TEXT DB    lines "id TAB text"; prints seconds and bytes as a JSON line
 * search DB QUERIES ROUNDS        lines "OR|AND TAB token token …"; a JSON line a kind */
#define _GNU_SOURCE
#include "base/common.h"
#include "base/queue.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(sqlite3 *db, int rc, int wanted) {
  if (rc == wanted) return;
  fprintf(stderr, "fts5: %s\n", sqlite3_errmsg(db));
  exit(4);
}

static long file_size(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

/* ---- a tokenizer that cuts at blanks ---- */

static int make_blanks(void *ctx, const char **args, int n, Fts5Tokenizer **out) {
  (void)ctx, (void)args, (void)n;
  *out = (Fts5Tokenizer *)&make_blanks; /* it has no state */
  return SQLITE_OK;
}

static void free_blanks(Fts5Tokenizer *tokenizer) {
  (void)tokenizer;
}

static int cut_at_blanks(Fts5Tokenizer *tokenizer, void *ctx, int flags, const char *text, int n,
                         int (*take)(void *, int, const char *, int, int, int)) {
  int rc = SQLITE_OK;
  (void)tokenizer, (void)flags;
  for (int at = 0; at < n && rc == SQLITE_OK; at++) {
    const char *end = memchr(text + at, ' ', (size_t)(n - at));
    int to = end ? (int)(end - text) : n;
    if (to > at) rc = take(ctx, 0, text + at, to - at, at, to);
    at = to;
  }
  return rc;
}

static void add_tokenizer(sqlite3 *db) {
  fts5_api *api = NULL;
  sqlite3_stmt *ask;
  fts5_tokenizer blanks = {make_blanks, free_blanks, cut_at_blanks};
  must(db, sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &ask, NULL), SQLITE_OK);
  sqlite3_bind_pointer(ask, 1, &api, "fts5_api_ptr", NULL);
  sqlite3_step(ask);
  sqlite3_finalize(ask);
  must(db, api ? api->xCreateTokenizer(api, "blanks", NULL, &blanks, NULL) : SQLITE_ERROR,
       SQLITE_OK);
}

/* ---- index ---- */

static int index_lines(const char *kind, const char *text, const char *path) {
  sqlite3 *db;
  sqlite3_stmt *insert;
  char *line = NULL;
  size_t cap = 0;
  long documents = 0;
  FILE *in = fopen(text, "r");
  if (!in) return perror(text), 4;
  unlink(path);
  double start = th_clock_mono();
  must(NULL, sqlite3_open(path, &db), SQLITE_OK);
  add_tokenizer(db);
  must(db, sqlite3_exec(db, "PRAGMA cache_size=-500000", NULL, NULL, NULL), SQLITE_OK);
  must(db,
       sqlite3_exec(db,
                    strcmp(kind, "english") == 0
                        ? "CREATE VIRTUAL TABLE t USING fts5(text, content='', "
                          "tokenize='porter unicode61')"
                        : "CREATE VIRTUAL TABLE t USING fts5(text, content='', "
                          "tokenize='blanks')",
                    NULL, NULL, NULL),
       SQLITE_OK);
  must(db, sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
  must(db, sqlite3_prepare_v2(db, "INSERT INTO t(rowid, text) VALUES(?, ?)", -1, &insert, NULL),
       SQLITE_OK);
  for (ssize_t n; (n = getline(&line, &cap, in)) > 0; documents++) {
    char *tab = memchr(line, '\t', (size_t)n);
    if (!tab) continue;
    sqlite3_bind_int64(insert, 1, strtol(line + 3, NULL, 10));
    sqlite3_bind_text(insert, 2, tab + 1, (int)(line + n - tab - 1 - (line[n - 1] == '\n')),
                      SQLITE_STATIC);
    must(db, sqlite3_step(insert), SQLITE_DONE);
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  double seconds = th_clock_mono() - start;
  /* Outside the time: size and searches are those of an index merged as far as it goes. */
  must(db, sqlite3_exec(db, "INSERT INTO t(t) VALUES('optimize'); VACUUM", NULL, NULL, NULL),
       SQLITE_OK);
  sqlite3_close(db);
  printf(
      "{\"peer\":\"fts5\",\"analysis\":\"%s\",\"documents\":%ld,\"seconds\":%.3f,\"bytes\":%ld}\n",
      kind, documents, seconds, file_size(path));
  free(line);
  fclose(in);
  return 0;
}

/* ---- search ---- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* "a b c" as an FTS5 expression: "a" OR "b" OR "c". */
static void expression(char *out, size_t len, const char *tokens, const char *kind) {
  size_t at = 0;
  bool open = false;
  for (const char *p = tokens; *p && *p != '\n' && at + 16 < len; p++) {
    if (*p == ' ') {
      at += (size_t)snprintf(out + at, len - at, "\" %s ", kind);
      open = false;
      continue;
    }
    if (!open) out[at++] = '"';
    open = true;
    out[at++] = *p;
  }
  snprintf(out + at, len - at, "\"");
}

static int search_kind(sqlite3 *db, const char *queries, const char *kind, int rounds) {
  static double us[1 << 20];
  size_t n = 0, n_queries = 0, cap = 0;
  char *line = NULL, match[4096];
  long hits = 0;
  sqlite3_stmt *select;
  FILE *in = fopen(queries, "r");
  if (!in) return perror(queries), 4;
  must(db,
       sqlite3_prepare_v2(db, "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank LIMIT 10", -1,
                          &select, NULL),
       SQLITE_OK);
  for (int round = 0; round < rounds; round++, rewind(in))
    while (getline(&line, &cap, in) > 0) {
      char *tab = strchr(line, '\t');
      if (!tab || (size_t)(tab - line) != strlen(kind) || strncmp(line, kind, strlen(kind)))
        continue;
      expression(match, sizeof match, tab + 1, kind);
      double start = th_clock_mono();
      sqlite3_bind_text(select, 1, match, -1, SQLITE_STATIC);
      while (sqlite3_step(select) == SQLITE_ROW)
        hits++;
      sqlite3_reset(select);
      if (n < TH_COUNT(us) && (round > 0 || rounds == 1))
        us[n++] = (th_clock_mono() - start) * 1e6; /* the first round warms the cache */
      n_queries += round == 0;
    }
  qsort(us, n, sizeof *us, by_value);
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += us[i];
  printf("{\"peer\":\"fts5\",\"kind\":\"%s\",\"queries\":%zu,\"mean_us\":%.1f,\"p50_us\":%.1f,"
         "\"p99_us\":%.1f,\"hits\":%ld}\n",
         kind, n_queries, sum / (double)TH_MAX(n, 1u), us[n / 2], us[n * 99 / 100], hits);
  sqlite3_finalize(select);
  free(line);
  fclose(in);
  return 0;
}

static int search(const char *path, const char *queries, int rounds) {
  sqlite3 *db;
  must(NULL, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  add_tokenizer(db);
  must(db,
       sqlite3_exec(db, "PRAGMA mmap_size=4294967296; PRAGMA cache_size=-200000", NULL, NULL, NULL),
       SQLITE_OK);
  int rc = search_kind(db, queries, "OR", rounds);
  if (rc == 0) rc = search_kind(db, queries, "AND", rounds);
  sqlite3_close(db);
  return rc;
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "index") == 0) return index_lines(argv[2], argv[3], argv[4]);
  if (argc == 5 && strcmp(argv[1], "search") == 0)
    return search(argv[2], argv[3], (int)strtol(argv[4], NULL, 10));
  fprintf(stderr, "usage: fts5 index english|tokens TEXT DB | fts5 search DB QUERIES ROUNDS\n");
  return 2;
}
