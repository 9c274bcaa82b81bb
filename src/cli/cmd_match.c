/* trialhead match: studies for a patient, with a verdict on each criterion.
 Patients are guests (guest.h). */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "cli/match_text.h"
#include "cli/tty.h"
#include "cli/where.h"
#include "match/explain.h"
#include "registry/concepts.h"
#include "study/nct.h"

enum {
  INPUT_BYTES_MAX = 1 << 30,
  NOTE_JSON_MAX = 8 << 20,
  PATIENT_BYTES_MAX = 256 << 20,
  ARENA_MAX = 512 << 20,
  ID_MAX = 256,
  MOST_THREADS = 64,
  QUESTIONS = 8
};

typedef enum form { FORM_TEXT, FORM_JSON, FORM_TREC } form;

/* One patient, and what is printed for it. */
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
  th_arena arena; /* of the filter */
  const th_query *filter;
  th_buf input;
  guest *guests;
  size_t n;
  _Atomic size_t next;
  uint64_t most;
  th_patient_options options;
  th_find_order order;
  bool has_presume;
  th_verdict_presume presume;
  form form;
  bool many;
  th_tty term;
} job;

/* Memory of a thread, used from note to note. */
typedef struct worker {
  job *job;
  th_json_parser *notes;
  th_arena arena;
} worker;

/* ---- one patient ---- */

/* By relevance the score itself; else a number that falls with the rank, above 1 for those that
 * nothing excludes: programs that score runs sort by it. */
static double run_score(const job *j, const th_found *s) {
  if (j->order == TH_BY_RELEVANCE) return (double)s->ranked.score;
  return s->trial.grade == TH_GRADE_EXCLUDED ? s->value / (1 + s->value) : 1 + s->value;
}

static void put_trec(const job *j, guest *g, const th_find_result *r) {
  char nct[TH_NCT_LEN + 1];
  for (uint32_t i = 0; i < r->n; i++) {
    th_nct_format(r->studies[i].ranked.nct, nct);
    th_buf_span(&g->out, g->id);
    th_buf_printf(&g->out, " Q0 %s %u %.6f trialhead\n", nct, i + 1, run_score(j, &r->studies[i]));
  }
}

static void put_json(guest *g, const th_find_result *r, const th_find_request *request) {
  th_jout w;
  th_jout_init(&w, &g->out, false);
  th_jout_object(&w);
  if (g->id.n) th_jout_kv_text(&w, "id", g->id);
  th_explain_result(r, request, &w);
  th_jout_end_object(&w);
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

static int find_for(worker *w, guest *g, const th_patient *patient) {
  const job *j = w->job;
  bool trec = j->form == FORM_TREC;
  th_find_result found;
  th_find_request request = {.patient = patient,
                             .filter = j->filter,
                             .order = j->order,
                             .presume = j->has_presume ? j->presume : th_find_presume(patient),
                             .n = (uint32_t)j->most,
                             .explain = !trec,
                             .questions = trec ? 0 : QUESTIONS};
  int rc = th_find(j->ranker, th_registry_store(j->registry), &request, &w->arena, &found, &g->err);
  g->n_found = rc == 0 ? found.n : 0;
  if (rc == 0 && trec) put_trec(j, g, &found);
  if (rc == 0 && j->form == FORM_JSON) put_json(g, &found, &request);
  if (rc == 0 && j->form == FORM_TEXT) th_cli_match_text(&found, &j->term, &g->out);
  th_find_dispose(&found);
  return rc;
}

static int match_guest(worker *w, guest *g) {
  th_patient patient = {0};
  int rc = g->line.n ? read_line(w, g) : 0;
  if (rc == 0) rc = check_id(w->job, g->id, &g->err);
  if (rc == 0) rc = th_patient_read(&patient, g->text, &w->job->options, &g->err);
  if (rc == 0) rc = find_for(w, g, &patient);
  if (rc == 0 && g->out.error) rc = th_err_set(&g->err, g->out.error, "out of memory");
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
  w.notes = th_json_parser_new(NOTE_JSON_MAX, 32);
  for (size_t i; (i = j->next++) < j->n;) {
    guest *g = &j->guests[i];
    if (!w.notes)
      th_err_set(&g->err, TH_ENOMEM, "out of memory");
    else if (match_guest(&w, g) < 0 && g->line.n)
      name_note(&g->err, i + 1);
  }
  th_arena_dispose(&w.arena);
  th_json_parser_free_wiped(w.notes);
  return NULL;
}

/* ---- all of them ---- */

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

static int one_patient(job *j, th_err *err) {
  j->guests = calloc(1, sizeof *j->guests);
  if (!j->guests) return th_err_set(err, TH_ENOMEM, "out of memory");
  j->n = 1;
  j->guests[0].text = th_buf_view(&j->input);
  j->guests[0].id = th_span_of(th_cli_value(j->cli, "topic"));
  return 0;
}

static int read_patients(job *j, th_err *err) {
  const char *notes = th_cli_value(j->cli, "notes");
  const char *path = notes ? notes : j->cli->n_operands ? j->cli->operands[0] : "-";
  int rc = th_cli_read(&j->input, path, err);
  if (rc == 0 && !th_utf8_valid(th_buf_view(&j->input)))
    rc = th_err_set(err, TH_EINPUT, "the record is not UTF-8 text");
  if (rc == 0) rc = j->many ? split_lines(j, err) : one_patient(j, err);
  for (size_t i = 0; rc == 0 && i < j->n; i++)
    th_guest_buf(&j->guests[i].out, 0);
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
  th_guest_buf(&out, 0);
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
  th_buf_dispose(&out);
  return rc;
}

static int match_all(job *j, uint64_t threads, th_err *err) {
  j->snapshot = th_index_acquire(th_registry_index(j->registry));
  int rc = th_registry_concepts(j->snapshot, &j->dict, err);
  j->expander = th_registry_expander(&j->dict);
  j->options.dict = &j->dict;
  if (rc == 0) rc = th_cli_where(j->cli, &j->expander, &j->arena, &j->filter, err);
  if (rc == 0 && !(j->ranker = th_ranker_new(j->snapshot, &j->dict, &j->expander, NULL, err)))
    rc = err->code;
  if (rc == 0) rc = run_workers(j, threads, err);
  if (rc == 0) rc = print_all(j, err);
  if (j->ranker) th_ranker_free(j->ranker);
  th_index_release(th_registry_index(j->registry), j->snapshot);
  return rc;
}

/* Which of --note, --fhir and --form; by content without one. */
static int read_form(job *j, th_err *err) {
  static const struct {
    const char *name;
    th_patient_form form;
  } forms[] = {{"note", TH_PATIENT_NOTE}, {"fhir", TH_PATIENT_FHIR}, {"form", TH_PATIENT_JSON}};
  unsigned n = 0;
  j->options.form = j->many ? TH_PATIENT_NOTE : TH_PATIENT_AUTO;
  for (size_t i = 0; i < TH_COUNT(forms); i++) {
    if (!th_cli_value(j->cli, forms[i].name)) continue;
    j->options.form = forms[i].form;
    n++;
  }
  if (n > 1) return th_err_set(err, TH_EUSAGE, "--note, --fhir and --form exclude each other");
  if (j->many && (n || j->cli->n_operands || th_cli_value(j->cli, "topic")))
    return th_err_set(err, TH_EUSAGE, "--notes goes without another patient and without --topic");
  if (!j->many && !n && !j->cli->n_operands)
    return th_err_set(err, TH_EUSAGE, "say who: a file, - for standard input, or --notes FILE");
  return 0;
}

static int read_how(job *j, th_err *err) {
  const char *order = th_cli_value(j->cli, "order");
  if (order && !th_find_order_parse(th_span_of(order), &j->order))
    return th_err_set(err, TH_EUSAGE, "--order is relevance or eligible");
  j->has_presume = th_cli_value(j->cli, "presume");
  int rc = th_guest_presume(j->cli, &j->presume, err);
  return rc < 0 ? rc : th_guest_day(j->cli, &j->options.has_as_of, &j->options.as_of, err);
}

static int read_output(job *j, th_err *err) {
  const char *format = th_cli_value(j->cli, "format");
  bool trec = format && !strcmp(format, "trec");
  if (format && !trec && strcmp(format, "text"))
    return th_err_set(err, TH_EUSAGE, "--format is text or trec");
  if (trec && j->cli->json)
    return th_err_set(err, TH_EUSAGE, "--json and --format trec exclude each other");
  if (trec && !j->many && !th_cli_value(j->cli, "topic"))
    return th_err_set(err, TH_EUSAGE, "--format trec asks for --topic ID");
  j->form = trec ? FORM_TREC : j->cli->json ? FORM_JSON : FORM_TEXT;
  return th_cli_number(j->cli, "count", trec ? 1000 : 10, 1, TH_FIND_MOST, &j->most, err);
}

/* What is asked wrongly is said before anything is opened: the filters too. */
static int read_options(job *j, uint64_t *threads, th_err *err) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  j->many = th_cli_value(j->cli, "notes");
  j->options.memory_max = PATIENT_BYTES_MAX;
  int rc = read_form(j, err);
  if (rc == 0) rc = read_how(j, err);
  if (rc == 0) rc = read_output(j, err);
  if (rc == 0) rc = th_cli_where(j->cli, NULL, &j->arena, &j->filter, err);
  return rc < 0 ? rc
                : th_cli_number(j->cli, "threads", processors > 0 ? (uint64_t)processors : 1, 1,
                                MOST_THREADS, threads, err);
}

static void dispose(job *j) {
  for (size_t i = 0; i < j->n; i++)
    th_buf_dispose(&j->guests[i].out);
  free(j->guests);
  th_buf_dispose(&j->input);
  th_registry_close(j->registry);
  th_arena_dispose(&j->arena);
}

int th_cmd_match(th_cli *cli) {
  if (th_cli_value(cli, "pairs")) return th_cmd_match_pairs(cli);
  th_err err = {0};
  job j = {.cli = cli, .term = th_tty_of(1)};
  uint64_t threads;
  size_t found = 0;
  th_guest_keep_private(true);
  th_guest_buf(&j.input, INPUT_BYTES_MAX);
  th_arena_init(&j.arena, (size_t)1 << 28);
  int rc = read_options(&j, &threads, &err);
  if (rc == 0) rc = th_cli_open(cli, TH_REGISTRY_READ, &j.registry, &err);
  if (rc == 0) rc = read_patients(&j, &err);
  if (rc == 0) rc = match_all(&j, threads, &err);
  for (size_t i = 0; i < j.n; i++)
    found += j.guests[i].n_found;
  dispose(&j);
  if (rc < 0) return th_cli_fail(cli, &err);
  return found ? TH_EXIT_DONE : TH_EXIT_NOTHING;
}
