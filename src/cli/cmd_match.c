/* trialhead match: studies for a patient's note, by relevance.
 *
 * A patient is a guest of this process: notes are never written or logged, messages hold nothing
 * of them, no core is dumped, and memory that held them is overwritten when it is given back. */
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/tty.h"
#include "match/rank.h"
#include "registry/concepts.h"
#include "study/nct.h"

enum {
  NOTES_BYTES_MAX = 1 << 30,
  NOTE_JSON_MAX = 8 << 20,
  ARENA_MAX = 512 << 20,
  ID_MAX = 256,
  MOST_THREADS = 64
};

typedef enum form { FORM_TEXT, FORM_JSON, FORM_TREC } form;

/* One note, and what is printed for it. */
typedef struct guest {
  th_span line; /* JSON of --notes, else empty; borrowed from job.input */
  th_span id, text;
  th_buf out;
  th_err err;
  uint32_t n_found;
} guest;

typedef struct job {
  th_cli *cli;
  th_registry *registry;
  const th_snapshot *snapshot;
  th_concepts dict;
  th_expander expander;
  th_ranker *ranker;
  th_buf input;
  guest *guests;
  size_t n;
  _Atomic size_t next;
  uint64_t most;
  form form;
  bool many;
  th_tty term;
  pthread_mutex_t store; /* one reader of records at a time */
} job;

/* Memory of a thread, used from note to note. */
typedef struct worker {
  job *job;
  th_json_parser *notes, *records;
  th_arena arena;
  th_buf record;
} worker;

/* ---- privacy ---- */

static void keep_private(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak check attaches to its own process */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0x5a); /* free() overwrites, wherever a library keeps a copy */
#endif
}

static void wipe(th_buf *b) {
  if (b->p) explicit_bzero(b->p, b->n);
  th_buf_dispose(b);
}

/* ---- one note ---- */

typedef struct shown {
  char nct[TH_NCT_LEN + 1];
  th_span title, status; /* borrowed from the parsed record */
} shown;

static int read_study(worker *w, const th_ranked *r, th_json *json, shown *out, th_err *err) {
  th_nct_format(r->nct, out->nct);
  th_buf_clear(&w->record);
  pthread_mutex_lock(&w->job->store);
  int rc = th_registry_study(w->job->registry, r->nct, &w->record, NULL, NULL, err);
  pthread_mutex_unlock(&w->job->store);
  if (rc == 0) rc = th_json_parse(w->records, th_buf_view(&w->record), json, err);
  if (rc < 0) return rc;
  out->title = th_json_path_text(json, 0, "protocolSection.identificationModule.briefTitle");
  out->status = th_json_path_text(json, 0, "protocolSection.statusModule.overallStatus");
  return 0;
}

static const char *const demotions[] = {"younger than the study takes",
                                        "older than the study takes",
                                        "not of the sex that the study takes"};

static void put_json_study(th_jout *w, const shown *s, const th_ranked *r, const th_topic *t) {
  th_jout_object(w);
  th_jout_kv_str(w, "nctId", s->nct);
  th_jout_kv_text(w, "briefTitle", s->title);
  th_jout_kv_text(w, "overallStatus", s->status);
  th_jout_kv_double(w, "score", (double)r->score);
  th_jout_key(w, "why");
  th_jout_array(w);
  for (uint32_t i = 0; i < r->n_why; i++)
    th_jout_text(w, t->concepts[r->why[i]].said);
  th_jout_end_array(w);
  if (r->demoted) {
    th_jout_key(w, "demoted");
    th_jout_array(w);
    for (unsigned i = 0; i < TH_COUNT(demotions); i++)
      if (r->demoted >> i & 1) th_jout_str(w, demotions[i]);
    th_jout_end_array(w);
  }
  th_jout_end_object(w);
}

static void put_text_study(th_buf *out, const th_tty *term, const shown *s, const th_ranked *r,
                           const th_topic *t) {
  th_buf line;
  th_buf_init(&line, 1 << 16);
  th_buf_printf(out, "%s%s%s  ", th_tty_style(term, TH_CYAN), s->nct, th_tty_style(term, TH_PLAIN));
  th_tty_wrap(out, s->title, term->width, -13, 13);
  for (uint32_t i = 0; i < r->n_why; i++) {
    th_buf_str(&line, i ? ", " : "");
    th_buf_span(&line, t->concepts[r->why[i]].said);
  }
  for (unsigned i = 0; i < TH_COUNT(demotions); i++)
    if (r->demoted >> i & 1) th_buf_printf(&line, "%s%s", line.n ? "; " : "", demotions[i]);
  th_buf_str(out, th_tty_style(term, TH_DIM));
  if (line.n) th_tty_wrap(out, th_buf_view(&line), term->width, 13, 13);
  th_buf_str(out, th_tty_style(term, TH_PLAIN));
  wipe(&line);
}

static int put_studies(worker *w, guest *g, const th_topic *topic, const th_ranked *list) {
  th_jout out;
  th_json json;
  shown s;
  int rc = 0;
  th_jout_init(&out, &g->out, false);
  if (w->job->form == FORM_JSON) {
    th_jout_object(&out);
    if (g->id.n) th_jout_kv_text(&out, "id", g->id);
    th_jout_key(&out, "studies");
    th_jout_array(&out);
  }
  for (uint32_t i = 0; rc == 0 && i < g->n_found; i++) {
    rc = read_study(w, &list[i], &json, &s, &g->err);
    if (rc == 0 && w->job->form == FORM_JSON) put_json_study(&out, &s, &list[i], topic);
    if (rc == 0 && w->job->form == FORM_TEXT)
      put_text_study(&g->out, &w->job->term, &s, &list[i], topic);
  }
  if (w->job->form == FORM_JSON) {
    th_jout_end_array(&out);
    th_jout_end_object(&out);
  }
  return rc;
}

static void put_trec(guest *g, const th_ranked *list) {
  char nct[TH_NCT_LEN + 1];
  for (uint32_t i = 0; i < g->n_found; i++) {
    th_nct_format(list[i].nct, nct);
    th_buf_span(&g->out, g->id);
    th_buf_printf(&g->out, " Q0 %s %u %.6f trialhead\n", nct, i + 1, (double)list[i].score);
  }
}

/* A name of a patient stands in columns of a run: no blanks in it. */
static int check_id(const job *j, th_span id, th_err *err) {
  if (id.n == 0 && j->form != FORM_TREC && !j->many) return 0;
  if (id.n == 0 || id.n > ID_MAX)
    return th_err_set(err, TH_EINPUT, "an id must have 1 to %d bytes", ID_MAX);
  for (size_t i = 0; i < id.n; i++)
    if ((unsigned char)id.p[i] <= ' ' && j->form == FORM_TREC)
      return th_err_set(err, TH_EINPUT, "an id in a run may not hold blanks");
  return 0;
}

static int read_line(worker *w, guest *g) {
  th_json json;
  uint32_t text;
  int rc = th_json_parse(w->notes, g->line, &json, &g->err);
  if (rc < 0) return rc;
  text = th_json_get(&json, 0, TH_SPAN("text"));
  if (!text || json.nodes[text].type != TH_JSTRING)
    return th_err_set(&g->err, TH_EINPUT, "no \"text\" that is a string");
  g->text = th_json_text(&json, text);
  g->id = th_json_path_text(&json, 0, "_id");
  if (!g->id.n) return th_err_set(&g->err, TH_EINPUT, "no \"_id\" that is a string");
  return 0;
}

static int match_guest(worker *w, guest *g) {
  const job *j = w->job;
  th_patient patient = {0};
  th_patient_options options = {.form = TH_PATIENT_NOTE, .dict = &j->dict};
  th_topic topic = {0};
  th_ranked *list = NULL;
  int rc = g->line.n ? read_line(w, g) : 0;
  if (rc == 0) rc = check_id(j, g->id, &g->err);
  if (rc == 0) rc = th_patient_read(&patient, g->text, &options, &g->err);
  if (rc == 0) rc = th_topic_read(&topic, &patient, &j->dict, th_ranker_tuning(j->ranker), &g->err);
  if (rc == 0)
    rc = th_rank(j->ranker, &topic, (uint32_t)j->most, &w->arena, &list, &g->n_found, &g->err);
  if (rc == 0 && j->form == FORM_TREC) put_trec(g, list);
  if (rc == 0 && j->form != FORM_TREC) rc = put_studies(w, g, &topic, list);
  if (rc == 0 && g->out.error) rc = th_err_set(&g->err, g->out.error, "out of memory");
  th_topic_dispose(&topic);
  th_patient_dispose(&patient);
  th_arena_reset(&w->arena, true);
  return rc;
}

/* Puts the number of the note among all before the message. */
static void name_note(th_err *err, size_t number) {
  th_err plain = *err;
  th_err_clear(err);
  th_err_set(err, plain.code, "note %zu: %s", number, plain.message);
}

static void *work(void *arg) {
  worker w = {.job = arg};
  job *j = arg;
  th_arena_init(&w.arena, ARENA_MAX);
  th_buf_init(&w.record, 0);
  w.notes = th_json_parser_new(NOTE_JSON_MAX, 32);
  w.records = th_json_parser_new(TH_STORE_RECORD_MAX, 256);
  for (size_t i; (i = j->next++) < j->n;) {
    guest *g = &j->guests[i];
    if (!w.notes || !w.records)
      th_err_set(&g->err, TH_ENOMEM, "out of memory");
    else if (match_guest(&w, g) < 0 && g->line.n)
      name_note(&g->err, i + 1);
  }
  th_arena_dispose(&w.arena);
  th_buf_dispose(&w.record);
  th_json_parser_free(w.notes);
  th_json_parser_free(w.records);
  return NULL;
}

/* ---- all notes ---- */

static int read_input(const char *path, th_buf *out, th_err *err) {
  if (strcmp(path, "-")) {
    int rc = th_file_read(out, path, err);
    return rc == TH_ENOTFOUND ? (err->code = TH_EINPUT) : rc; /* not "no study was found" */
  }
  for (;;) {
    char *p = th_buf_room(out, 65536);
    if (!p) return th_err_set(err, out->error, "standard input: %s", th_code_text(out->error));
    ssize_t n = read(0, p, 65536);
    if (n < 0) return th_err_sys(err, "standard input");
    if (n == 0) return 0;
    th_buf_added(out, (size_t)n);
  }
}

/* Each line that holds anything is a note. */
static int split_lines(job *j, th_err *err) {
  size_t lines = 1;
  for (size_t i = 0; i < j->input.n; i++)
    lines += j->input.p[i] == '\n';
  j->guests = calloc(lines, sizeof *j->guests);
  if (!j->guests) return th_err_set(err, TH_ENOMEM, "out of memory");
  for (size_t at = 0, end; at < j->input.n; at = end + 1) {
    char *nl = memchr(j->input.p + at, '\n', j->input.n - at);
    end = nl ? (size_t)(nl - j->input.p) : j->input.n;
    th_span line = th_span_trim((th_span){j->input.p + at, end - at});
    if (line.n) j->guests[j->n++].line = line;
  }
  return 0;
}

static int one_note(job *j, th_err *err) {
  j->guests = calloc(1, sizeof *j->guests);
  if (!j->guests) return th_err_set(err, TH_ENOMEM, "out of memory");
  j->n = 1;
  j->guests[0].text = th_buf_view(&j->input);
  j->guests[0].id = th_span_of(th_cli_value(j->cli, "topic"));
  return 0;
}

static int read_notes(job *j, th_err *err) {
  const char *notes = th_cli_value(j->cli, "notes");
  const char *path = notes ? notes : j->cli->n_operands ? j->cli->operands[0] : "-";
  int rc = read_input(path, &j->input, err);
  if (rc == 0 && !th_utf8_valid(th_buf_view(&j->input)))
    rc = th_err_set(err, TH_EINPUT, "the note is not UTF-8 text");
  if (rc == 0) rc = j->many ? split_lines(j, err) : one_note(j, err);
  for (size_t i = 0; rc == 0 && i < j->n; i++)
    th_buf_init(&j->guests[i].out, 0);
  return rc;
}

static int run_workers(job *j, uint64_t threads, th_err *err) {
  pthread_t thread[MOST_THREADS];
  uint64_t started = 0;
  threads = TH_MIN(TH_MIN(threads, (uint64_t)MOST_THREADS), j->n);
  for (; started + 1 < threads; started++)
    if (pthread_create(&thread[started], NULL, work, j)) break;
  work(j);
  for (uint64_t i = 0; i < started; i++)
    pthread_join(thread[i], NULL);
  for (size_t i = 0; i < j->n; i++)
    if (j->guests[i].err.code) {
      *err = j->guests[i].err;
      return err->code;
    }
  return 0;
}

static int print_all(job *j, th_err *err) {
  th_buf out;
  th_buf_init(&out, 0);
  if (j->form == FORM_JSON && j->many) th_buf_str(&out, "{\"patients\":[");
  for (size_t i = 0; i < j->n; i++) {
    guest *g = &j->guests[i];
    if (j->form == FORM_JSON && i) th_buf_char(&out, ',');
    if (j->form == FORM_TEXT && j->many) {
      th_buf_printf(&out, "%s%s", i ? "\n" : "", th_tty_style(&j->term, TH_BOLD));
      th_tty_clean(&out, g->id);
      th_buf_printf(&out, "%s\n", th_tty_style(&j->term, TH_PLAIN));
    }
    th_buf_span(&out, th_buf_view(&g->out));
  }
  if (j->form == FORM_JSON) th_buf_str(&out, j->many ? "]}\n" : "\n");
  int rc = th_cli_print(&out, err);
  wipe(&out);
  return rc;
}

static int match_all(job *j, uint64_t threads, th_err *err) {
  j->snapshot = th_index_acquire(th_registry_index(j->registry));
  int rc = th_registry_concepts(j->snapshot, &j->dict, err);
  j->expander = th_registry_expander(&j->dict);
  if (rc == 0 && !(j->ranker = th_ranker_new(j->snapshot, &j->dict, &j->expander, NULL, err)))
    rc = err->code;
  if (rc == 0) rc = run_workers(j, threads, err);
  if (rc == 0) rc = print_all(j, err);
  if (j->ranker) th_ranker_free(j->ranker);
  th_index_release(th_registry_index(j->registry), j->snapshot);
  return rc;
}

static int read_options(job *j, uint64_t *threads, th_err *err) {
  const char *format = th_cli_value(j->cli, "format"), *topic = th_cli_value(j->cli, "topic");
  bool note = th_cli_value(j->cli, "note"), trec = format && !strcmp(format, "trec");
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  j->many = th_cli_value(j->cli, "notes");
  if (note == j->many)
    return th_err_set(err, TH_EUSAGE,
                      "say one of --note (a clinical note) and --notes FILE (many)");
  if (j->many && (j->cli->n_operands || topic))
    return th_err_set(err, TH_EUSAGE, "--notes goes without another patient and without --topic");
  if (format && !trec && strcmp(format, "text"))
    return th_err_set(err, TH_EUSAGE, "--format is text or trec");
  if (trec && j->cli->json)
    return th_err_set(err, TH_EUSAGE, "--json and --format trec exclude each other");
  if (trec && !j->many && !topic)
    return th_err_set(err, TH_EUSAGE, "--format trec asks for --topic ID");
  j->form = trec ? FORM_TREC : j->cli->json ? FORM_JSON : FORM_TEXT;
  int rc = th_cli_number(j->cli, "count", trec ? 1000 : 10, 1, 100000, &j->most, err);
  return rc < 0 ? rc
                : th_cli_number(j->cli, "threads", processors > 0 ? (uint64_t)processors : 1, 1,
                                MOST_THREADS, threads, err);
}

static void dispose(job *j) {
  for (size_t i = 0; i < j->n; i++)
    wipe(&j->guests[i].out);
  free(j->guests);
  wipe(&j->input);
  th_registry_close(j->registry);
  pthread_mutex_destroy(&j->store);
}

int th_cmd_match(th_cli *cli) {
  if (th_cli_value(cli, "pairs")) return th_cmd_match_pairs(cli);
  th_err err = {0};
  job j = {.cli = cli, .term = th_tty_of(1), .store = PTHREAD_MUTEX_INITIALIZER};
  uint64_t threads;
  size_t found = 0;
  keep_private();
  th_buf_init(&j.input, NOTES_BYTES_MAX);
  int rc = read_options(&j, &threads, &err);
  if (rc == 0) rc = th_cli_open(cli, TH_REGISTRY_READ, &j.registry, &err);
  if (rc == 0) rc = read_notes(&j, &err);
  if (rc == 0) rc = match_all(&j, threads, &err);
  for (size_t i = 0; i < j.n; i++)
    found += j.guests[i].n_found;
  dispose(&j);
  if (rc < 0) return th_cli_fail(cli, &err);
  return found ? TH_EXIT_DONE : TH_EXIT_NOTHING;
}
