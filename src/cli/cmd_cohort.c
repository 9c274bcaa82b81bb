/* trialhead cohort: how many of many patients could join studies, and what keeps the others out.
 *
 * Patients are guests of this process: nothing of them is logged, nothing is written but with
 * --save, no core is dumped, and memory that held them is overwritten when it is given back. */
#include <stdio.h>

#include "base/file.h"
#include "base/queue.h"
#include "cli/cli.h"
#include "cli/cohort_text.h"
#include "cli/guest.h"
#include "cli/where.h"
#include "cohort/load.h"
#include "match/find.h"
#include "match/study.h"
#include "registry/concepts.h"
#include "study/nct.h"

enum {
  SHOWN_REJECTS = 100,
  AT_ONCE = 1024,
  CRITERIA_MAX = 64 << 20,
  MOST_THREADS = 256,
  MOST_LISTED = 1000000
};

typedef struct which {
  uint32_t segment, doc;
} which;

typedef struct job {
  th_cli *cli;
  th_tty term;
  th_registry *registry;
  const th_snapshot *snapshot;
  th_concepts dict;
  th_expander expander;
  th_arena arena; /* of the whole run */
  const th_query *filter;
  th_cohort *cohort;
  th_cohort_load_options load;
  th_cohort_report report;
  th_cohort_options options;
  th_progress progress;
  which *studies; /* owned */
  size_t n;
  uint64_t most;
  uint64_t list;       /* how many who could join are named for a study; 0: nobody */
  bool funnels;        /* studies that were named: each step by step */
  th_cohort_row *rows; /* of the others, best first; owned */
  size_t n_rows;
  th_buf out;
  bool first;            /* no study is printed yet */
  double loaded, judged; /* seconds */
} job;

/* ---- patients ---- */

static void on_reject(void *ctx, const th_reject *r) {
  job *j = ctx;
  if (j->report.rejected > SHOWN_REJECTS) return; /* they are counted, too */
  th_progress_end(&j->progress);
  fprintf(stderr, "trialhead: %s", r->file);
  if (r->entry) fprintf(stderr, ":%s", r->entry);
  if (r->line) fprintf(stderr, ":%lld", (long long)r->line);
  fprintf(stderr, ": %s\n", r->reason);
}

static void on_load(void *ctx, const th_cohort_report *so_far, double part) {
  job *j = ctx;
  th_progress_show(&j->progress, so_far->patients, part);
}

static int load(job *j, th_err *err) {
  const char *path = th_cli_value(j->cli, "patients"), *save = th_cli_value(j->cli, "save");
  double start = th_clock_mono();
  if (th_cohort_is_file(path)) {
    if (j->load.has_as_of || save)
      return th_err_set(err, TH_EUSAGE,
                        "%s is a saved cohort: it has its day, and goes without --as-of and --save",
                        path);
    int rc = th_cohort_open(&j->cohort, path, &j->dict, err);
    j->loaded = th_clock_mono() - start;
    if (rc == 0 && j->list && !th_cohort_has_ids(j->cohort))
      rc = th_err_set(err, TH_EUSAGE,
                      "%s was saved without the patients' ids: read them anew with --list, and "
                      "--save keeps their ids too",
                      path);
    return rc;
  }
  j->cohort = th_cohort_new(&j->dict);
  if (!j->cohort) return th_err_set(err, TH_ENOMEM, "out of memory");
  if (j->list) th_cohort_keep_ids(j->cohort);
  j->load.reject = on_reject;
  j->load.progress = on_load;
  j->load.ctx = j;
  th_progress_start(&j->progress, "patients", j->cli->quiet);
  int rc = th_cohort_load(j->cohort, &path, 1, &j->load, &j->report, err);
  th_progress_end(&j->progress);
  if (rc == TH_ENOTFOUND) err->code = rc = TH_EINPUT; /* not "no study was found" */
  if (rc == 0) rc = th_cohort_seal(j->cohort, err);
  if (rc == 0 && save) rc = th_cohort_save(j->cohort, save, err);
  j->loaded = th_clock_mono() - start;
  return rc;
}

static void say_report(const job *j) {
  const th_cohort_report *r = &j->report;
  if (j->cli->quiet) return;
  if (r->deceased)
    fprintf(stderr, "trialhead: %llu deceased patients passed over\n",
            (unsigned long long)r->deceased);
  if (r->orphans)
    fprintf(stderr, "trialhead: %llu resources of patients that are not there\n",
            (unsigned long long)r->orphans);
  if (r->rejected)
    fprintf(stderr, "trialhead: %llu records could not be read%s\n",
            (unsigned long long)r->rejected,
            r->rejected > SHOWN_REJECTS ? "; the first 100 are named" : "");
}

/* ---- which studies ---- */

static bool add_study(job *j, uint32_t segment, uint32_t doc) {
  if ((j->n & (j->n - 1)) == 0) {
    which *more = realloc(j->studies, (j->n ? j->n * 2 : 1) * sizeof *more);
    if (!more) return false;
    j->studies = more;
  }
  j->studies[j->n++] = (which){segment, doc};
  return true;
}

static int find_named(job *j, const char *list, th_err *err) {
  for (const char *at = list; *at;) {
    char name[64];
    uint32_t nct, segment, doc;
    size_t n = strcspn(at, ",");
    snprintf(name, sizeof name, "%.*s", (int)n, at);
    int rc = th_cli_nct(name, &nct, err);
    if (rc < 0) return rc;
    th_nct_format(nct, name);
    if (!th_snapshot_find(j->snapshot, nct, &segment, &doc))
      return th_err_set(err, TH_ENOTFOUND, "there is no study %s", name);
    if (!add_study(j, segment, doc)) return th_err_set(err, TH_ENOMEM, "out of memory");
    at += n + (at[n] == ',');
  }
  return j->n ? 0 : th_err_set(err, TH_EUSAGE, "--trial wants NCT numbers");
}

static int find_all(job *j, th_err *err) {
  uint64_t **bits;
  int rc = th_cli_where(j->cli, &j->expander, &j->arena, &j->filter, err);
  if (rc == 0) rc = th_search_matches(j->snapshot, j->filter, &j->arena, &bits, err);
  for (uint32_t s = 0; rc == 0 && s < j->snapshot->n_segments; s++)
    for (uint32_t doc = 0; doc < th_segment_docs(j->snapshot->segments[s]); doc++)
      if (bits[s][doc / 64] >> (doc % 64) & 1 && !add_study(j, s, doc))
        rc = th_err_set(err, TH_ENOMEM, "out of memory");
  return rc;
}

/* ---- what comes out ---- */

typedef struct judged {
  th_cohort_trial trial;
  th_elig_tree tree;
  th_cohort_result result;
  th_span title;
  uint32_t nct; /* 0: criteria of a file */
} judged;

/* Who could join the study: text for people as it comes, or members of a JSON array. */
typedef struct listing {
  job *j;
  const judged *s;
  th_jout *w; /* NULL: text */
  uint64_t n;
  th_err err;
} listing;

static bool on_member(void *ctx, const th_cohort_member *m) {
  listing *l = ctx;
  l->n++;
  if (l->w)
    th_cohort_member_json(m, l->w);
  else
    th_cohort_text_member(&l->j->out, &l->j->term, &l->s->trial, &l->s->result, m);
  if (l->j->out.n < 1 << 20) return true;
  bool printed = th_cli_print(&l->j->out, &l->err) == 0;
  th_buf_clear(&l->j->out);
  return printed;
}

static int put_members(job *j, const judged *s, th_jout *w, th_err *err) {
  listing l = {.j = j, .s = s, .w = w};
  int rc = th_cohort_list(j->cohort, &s->trial, &j->options, j->list, on_member, &l, err);
  uint64_t most = s->result.likely + s->result.possible;
  if (rc == 0 && l.err.code) rc = th_err_set(err, l.err.code, "%s", l.err.message);
  if (rc == 0 && !w && l.n < most) {
    th_buf_str(&j->out, "  and ");
    th_tty_count(&j->out, most - l.n);
    th_buf_str(&j->out, " more\n");
  }
  return rc;
}

static int put_json(job *j, const judged *s, th_err *err) {
  char nct[TH_NCT_LEN + 1];
  int rc = 0;
  th_jout w;
  th_jout_init(&w, &j->out, false);
  th_buf_str(&j->out, j->first ? "" : ",");
  th_jout_object(&w);
  if (s->nct) {
    th_nct_format(s->nct, nct);
    th_jout_kv_str(&w, "nctId", nct);
    th_jout_kv_text(&w, "briefTitle", s->title);
  }
  th_cohort_result_json(&s->trial, &s->result, &w);
  if (j->list) {
    th_jout_key(&w, "list");
    th_jout_array(&w);
    rc = put_members(j, s, &w, err);
    th_jout_end_array(&w);
  }
  th_jout_end_object(&w);
  return rc;
}

static int put_text(job *j, const judged *s, th_err *err) {
  char nct[TH_NCT_LEN + 1];
  if (!j->first) th_buf_char(&j->out, '\n');
  if (s->nct) th_nct_format(s->nct, nct);
  th_cohort_text_study(&j->out, &j->term, s->nct ? nct : NULL, s->title, &s->trial, &s->result);
  if (!j->list || s->result.likely + s->result.possible == 0) return 0;
  th_buf_str(&j->out, "\nWho could join:\n");
  return put_members(j, s, NULL, err);
}

static bool is_before(const th_cohort_row *a, const th_cohort_row *b) {
  if (a->likely != b->likely) return a->likely > b->likely;
  if (a->possible != b->possible) return a->possible > b->possible;
  return a->nct < b->nct;
}

/* Among the best so many. */
static int keep_row(job *j, const judged *s, th_err *err) {
  th_cohort_row row = {s->nct, s->result.likely, s->result.possible, 0, {0}, {0}};
  char id[TH_ELIG_ID_MAX];
  th_buf words;
  size_t at = j->n_rows;
  while (at && is_before(&row, &j->rows[at - 1]))
    at--;
  if (at == j->most) return 0;
  const th_cohort_step *most = th_cohort_costliest(&s->result);
  th_buf_init(&words, 0);
  if (most) {
    row.alone = most->alone;
    th_cohort_text_step(&s->trial, most, id, &words);
    row.costliest =
        th_span_of(th_arena_printf(&j->arena, "%s%s%.*s", id, id[0] ? " " : "",
                                   (int)TH_MIN(words.n, (size_t)200), words.p ? words.p : ""));
  }
  th_buf_dispose(&words);
  row.title = th_arena_dup(&j->arena, s->title);
  if (!row.title.p || (most && !row.costliest.p))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  if (j->n_rows < j->most) j->n_rows++;
  memmove(j->rows + at + 1, j->rows + at, (j->n_rows - at - 1) * sizeof *j->rows);
  j->rows[at] = row;
  return 0;
}

static int put_judged(job *j, const judged *s, th_err *err) {
  int rc = 0;
  if (j->cli->json)
    rc = put_json(j, s, err);
  else if (j->funnels)
    rc = put_text(j, s, err);
  else
    rc = keep_row(j, s, err);
  j->first = false;
  if (rc == 0 && j->out.n > 1 << 20) {
    rc = th_cli_print(&j->out, err);
    th_buf_clear(&j->out);
  }
  return rc;
}

/* ---- judging ---- */

static void on_judge(void *ctx, double part) {
  job *j = ctx;
  th_progress_show(&j->progress, (uint64_t)(part * (double)j->n), part);
}

static int judge_some(job *j, judged *some, size_t n, th_arena *arena, th_err *err) {
  th_cohort_trial *trials = th_arena_calloc(arena, n + 1, sizeof *trials);
  th_cohort_result *results = th_arena_calloc(arena, n + 1, sizeof *results);
  if (!trials || !results) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t i = 0; i < n; i++) {
    some[i].trial.tree = &some[i].tree;
    trials[i] = some[i].trial;
  }
  double start = th_clock_mono();
  int rc = th_cohort_run(j->cohort, trials, n, &j->options, results, arena, err);
  j->judged += th_clock_mono() - start;
  for (size_t i = 0; rc == 0 && i < n; i++) {
    some[i].result = results[i];
    rc = put_judged(j, &some[i], err);
  }
  return rc;
}

static int read_study(job *j, th_study_reader *reader, which at, th_arena *arena, judged *out,
                      th_err *err) {
  th_study_shown shown;
  const th_segment *segment = j->snapshot->segments[at.segment];
  *out = (judged){.nct = th_segment_nct(segment, at.doc)};
  int rc = th_study_show(reader, at.segment, at.doc, arena, &shown, err);
  if (rc < 0) return rc;
  out->title = shown.title;
  out->tree = shown.criteria.tree;
  th_study_limits(&out->trial.study, segment, at.doc);
  return 0;
}

static int judge_studies(job *j, th_err *err) {
  th_arena arena;
  judged *some = calloc(AT_ONCE, sizeof *some);
  th_study_reader *reader =
      th_study_reader_new(j->snapshot, &j->dict, th_registry_store(j->registry), NULL, err);
  int rc = !reader ? err->code : some ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  th_arena_init(&arena, 0);
  for (size_t at = 0; rc == 0 && at < j->n; at += AT_ONCE) {
    size_t n = TH_MIN(j->n - at, (size_t)AT_ONCE);
    for (size_t i = 0; rc == 0 && i < n; i++)
      rc = read_study(j, reader, j->studies[at + i], &arena, &some[i], err);
    if (rc == 0) rc = judge_some(j, some, n, &arena, err);
    th_progress_show(&j->progress, at + n, (double)(at + n) / (double)j->n);
    th_arena_reset(&arena, false);
  }
  th_study_reader_free(reader);
  th_arena_dispose(&arena);
  free(some);
  return rc;
}

/* The studies of the table once more, best first, with those who could join each. */
static int list_rows(job *j, th_err *err) {
  th_arena arena;
  uint32_t segment, doc;
  int rc = 0;
  th_study_reader *reader =
      th_study_reader_new(j->snapshot, &j->dict, th_registry_store(j->registry), NULL, err);
  if (!reader) return err->code;
  th_arena_init(&arena, 0);
  for (size_t i = 0; rc == 0 && i < j->n_rows; i++) {
    judged one;
    const th_cohort_row *row = &j->rows[i];
    if (row->likely + row->possible == 0) break;
    if (!th_snapshot_find(j->snapshot, row->nct, &segment, &doc)) continue;
    rc = read_study(j, reader, (which){segment, doc}, &arena, &one, err);
    one.trial.tree = &one.tree;
    if (rc == 0)
      rc = th_cohort_run(j->cohort, &one.trial, 1, &j->options, &one.result, &arena, err);
    if (rc < 0) break;
    th_cohort_text_who(&j->out, &j->term, row);
    rc = put_members(j, &one, NULL, err);
    th_arena_reset(&arena, false);
  }
  th_study_reader_free(reader);
  th_arena_dispose(&arena);
  return rc;
}

static int judge_file(job *j, const char *path, th_err *err) {
  th_buf text;
  th_arena arena;
  judged one = {0};
  th_buf_init(&text, CRITERIA_MAX);
  th_arena_init(&arena, 0);
  int rc = th_file_read(&text, path, err);
  if (rc == TH_ENOTFOUND) err->code = rc = TH_EINPUT;
  if (rc == 0)
    rc = th_elig_read_concepts(th_buf_view(&text), &j->dict, NULL, &arena, &one.tree, err);
  if (rc == 0) rc = judge_some(j, &one, 1, &arena, err);
  th_arena_dispose(&arena);
  th_buf_dispose(&text);
  return rc;
}

/* ---- the whole ---- */

static void put_head(job *j) {
  th_jout w;
  if (!j->cli->json) return;
  th_jout_init(&w, &j->out, false);
  th_buf_printf(&j->out, "{\"patients\":%llu,\"deceased\":%llu,\"rejected\":%llu,\"orphans\":%llu,",
                (unsigned long long)th_cohort_size(j->cohort),
                (unsigned long long)j->report.deceased, (unsigned long long)j->report.rejected,
                (unsigned long long)j->report.orphans);
  th_buf_printf(&j->out, "\"bytes\":%llu,\"loadSeconds\":%.3f,\"studies\":[",
                (unsigned long long)th_cohort_bytes(j->cohort), j->loaded);
}

static int put_foot(job *j, th_err *err) {
  if (j->cli->json) {
    th_buf_printf(&j->out, "],\"judgeSeconds\":%.3f}\n", j->judged);
  } else if (!j->funnels) {
    th_tty_count(&j->out, th_cohort_size(j->cohort));
    th_buf_str(&j->out, " patients, ");
    th_tty_count(&j->out, j->n);
    th_buf_str(&j->out, " studies\n\n");
    th_cohort_text_rows(&j->out, &j->term, j->rows, j->n_rows);
    int rc = j->list ? list_rows(j, err) : 0;
    if (rc < 0) return rc;
  }
  return th_cli_print(&j->out, err);
}

/* Criteria of one's own can do without a data directory. */
static int open_registry(job *j, bool needed, th_err *err) {
  th_err why = {0};
  int rc = th_cli_open(j->cli, TH_REGISTRY_READ, &j->registry, &why);
  if (rc == TH_ENOTFOUND && !needed) {
    fputs("trialhead: no dictionary of concepts (no data directory, or an empty one): conditions "
          "and drugs of criteria are not read\n",
          stderr);
    return 0;
  }
  if (rc < 0) return *err = why, rc;
  j->snapshot = th_index_acquire(th_registry_index(j->registry));
  j->expander = th_registry_expander(&j->dict);
  return th_registry_concepts(j->snapshot, &j->dict, err);
}

static int run(job *j, th_err *err) {
  const char *file = th_cli_value(j->cli, "criteria"), *named = th_cli_value(j->cli, "trial");
  int rc = open_registry(j, !file, err);
  if (rc == 0 && named) rc = find_named(j, named, err);
  if (rc == 0 && !named && !file) rc = find_all(j, err);
  if (rc == 0 && !file && j->n == 0) return th_err_set(err, TH_ENOTFOUND, "no such studies");
  if (rc == 0) rc = load(j, err);
  if (rc < 0) return rc;
  say_report(j);
  if (th_cohort_size(j->cohort) == 0)
    return th_err_set(err, TH_EINPUT, "%s: no patients", th_cli_value(j->cli, "patients"));
  put_head(j);
  j->options.progress = j->n > 1 ? on_judge : NULL;
  j->options.ctx = j;
  th_progress_start(&j->progress, "studies", j->cli->quiet);
  rc = file ? judge_file(j, file, err) : judge_studies(j, err);
  th_progress_end(&j->progress);
  return rc < 0 ? rc : put_foot(j, err);
}

static int read_how(job *j, th_err *err) {
  uint64_t threads;
  j->options.presume = TH_PRESUME_CONSENT;
  int rc = th_guest_presume(j->cli, &j->options.presume, err);
  if (rc == 0) rc = th_guest_day(j->cli, &j->load.has_as_of, &j->load.as_of, err);
  if (rc == 0)
    rc = th_cli_number(j->cli, "threads", th_cpu_count(), 1, MOST_THREADS, &threads, err);
  j->load.threads = j->options.threads = (unsigned)(rc == 0 ? threads : 1);
  return rc;
}

/* What is asked wrongly is said before anything is read. */
static int read_options(job *j, th_err *err) {
  bool named = th_cli_value(j->cli, "trial"), file = th_cli_value(j->cli, "criteria");
  bool all = th_cli_value(j->cli, "all");
  if (!th_cli_value(j->cli, "patients"))
    return th_err_set(err, TH_EUSAGE, "say who: --patients with a file, a folder or -");
  int rc = th_cli_where(j->cli, NULL, &j->arena, &j->filter, err);
  if (rc < 0) return rc;
  if (named + file + (all || j->filter) != 1)
    return th_err_set(err, TH_EUSAGE,
                      "say for which studies: --trial, --criteria, or --all with or without "
                      "filters");
  j->funnels = named || file;
  rc = read_how(j, err);
  if (rc == 0) rc = th_cli_number(j->cli, "count", 20, 1, 100000, &j->most, err);
  if (rc == 0) rc = th_cli_number(j->cli, "list", 0, 1, MOST_LISTED, &j->list, err);
  if (rc == 0 && !(j->rows = calloc(j->most + 1, sizeof *j->rows)))
    return th_err_set(err, TH_ENOMEM, "out of memory");
  return rc;
}

int th_cmd_cohort(th_cli *cli) {
  th_err err = {0};
  job j = {.cli = cli, .term = th_tty_of(1), .first = true};
  th_guest_keep_private(true);
  th_arena_init(&j.arena, 0);
  th_guest_buf(&j.out, 0);
  int rc = read_options(&j, &err);
  if (rc == 0) rc = run(&j, &err);
  th_cohort_free(j.cohort);
  if (j.snapshot) th_index_release(th_registry_index(j.registry), j.snapshot);
  th_registry_close(j.registry);
  th_arena_dispose(&j.arena);
  th_buf_dispose(&j.out);
  free(j.studies);
  free(j.rows);
  if (rc < 0) return th_cli_fail(cli, &err);
  return j.report.rejected ? TH_EXIT_INPUT : TH_EXIT_DONE;
}
