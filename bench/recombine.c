/* Makes a large corpus out of a real one: each record is put together from the modules of several
 * records, under a new NCT number. Words, lengths, dates and places keep their distribution; what
 * must agree within a record stays together (dates with results, conditions with treatments).
 *
 *   recombine --studies N [--seed S] FILE > corpus.ndjson
 *
 * FILE: records in any form that an import takes. The same input, number and seed give
 * the same bytes. Numbers run from NCT20000001 on. */
#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

#include "records.h"

enum { FIRST_NCT = 20000001, MOST_STUDIES = 60000000 };

/* Modules that come from the same record. */
enum { FROM_BASE, FROM_TEXT, FROM_TOPIC, FROM_CRITERIA, FROM_PLACES, FROM_REFERENCES, DONORS };

static const struct {
  const char *name;
  int donor;
} modules[] = {
    {"statusModule", FROM_BASE},
    {"sponsorCollaboratorsModule", FROM_BASE},
    {"oversightModule", FROM_BASE},
    {"descriptionModule", FROM_TEXT},
    {"conditionsModule", FROM_TOPIC},
    {"designModule", FROM_TOPIC},
    {"armsInterventionsModule", FROM_TOPIC},
    {"outcomesModule", FROM_TOPIC},
    {"eligibilityModule", FROM_CRITERIA},
    {"contactsLocationsModule", FROM_PLACES},
    {"referencesModule", FROM_REFERENCES},
    {"ipdSharingStatementModule", FROM_REFERENCES},
};
static const struct {
  const char *name;
  int donor;
} sections[] = {
    {"resultsSection", FROM_BASE},  {"annotationSection", FROM_BASE},
    {"documentSection", FROM_BASE}, {"derivedSection", FROM_TOPIC},
    {"hasResults", FROM_BASE},
};

/* Where the parts of a source record are; n 0 = it has none. */
typedef struct source {
  th_span before, after; /* members of identificationModule round nctId, with their commas */
  th_span module[TH_COUNT(modules)], section[TH_COUNT(sections)];
} source;

typedef struct corpus {
  th_arena texts;
  th_json_parser *parser;
  source *records; /* owned */
  size_t n, cap;
} corpus;

/* SplitMix64, as in the demo: Steele, Lea, Flood, OOPSLA 2014. */
static uint64_t next(uint64_t *state) {
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* ---- reading ---- */

/* A member as it stands in the source, key included. */
static th_span member(const th_json *j, uint32_t object, const char *name) {
  uint32_t value = th_json_get(j, object, th_span_of(name));
  if (!value) return (th_span){0, 0};
  th_span key = th_json_raw(j, value - 1), raw = th_json_raw(j, value);
  return (th_span){key.p, (size_t)(raw.p + raw.n - key.p)};
}

/* False for what has no NCT number. Aliases belong to the real number: records that have some are
 * passed over too. */
static bool take(const th_json *j, source *s) {
  uint32_t protocol = th_json_get(j, 0, TH_SPAN("protocolSection"));
  uint32_t identity = th_json_get(j, protocol, TH_SPAN("identificationModule"));
  uint32_t nct = identity ? th_json_get(j, identity, TH_SPAN("nctId")) : 0;
  if (!nct || th_json_get(j, identity, TH_SPAN("nctIdAliases"))) return false;
  th_span whole = th_json_raw(j, identity), number = th_json_raw(j, nct);
  s->before = (th_span){whole.p, (size_t)(number.p - whole.p)};
  s->after = (th_span){number.p + number.n, (size_t)(whole.p + whole.n - number.p - number.n)};
  for (size_t i = 0; i < TH_COUNT(modules); i++)
    s->module[i] = member(j, protocol, modules[i].name);
  for (size_t i = 0; i < TH_COUNT(sections); i++)
    s->section[i] = member(j, 0, sections[i].name);
  return true;
}

/* The parts of a record stay where they stand, so its text is kept. */
static int take_record(void *context, th_span bytes, th_err *err) {
  corpus *c = context;
  th_json json;
  if (c->n == c->cap) {
    size_t wanted = c->cap ? c->cap * 2 : 4096;
    source *grown = realloc(c->records, wanted * sizeof *grown);
    if (!grown) return th_err_set(err, TH_ENOMEM, "out of memory");
    c->records = grown;
    c->cap = wanted;
  }
  char *text = th_arena_alloc(&c->texts, bytes.n + TH_PAD);
  if (!text) return th_err_set(err, TH_ENOMEM, "out of memory");
  memcpy(text, bytes.p, bytes.n);
  memset(text + bytes.n, 0, TH_PAD);
  int rc = th_json_parse(c->parser, (th_span){text, bytes.n}, &json, err);
  if (rc == 0 && take(&json, &c->records[c->n])) c->n++;
  return rc;
}

static int read_corpus(corpus *c, const char *path, th_err *err) {
  c->parser = th_json_parser_new(64 << 20, 256);
  int rc = c->parser ? bench_records(path, take_record, c, err)
                     : th_err_set(err, TH_ENOMEM, "out of memory");
  if (rc == 0 && c->n == 0) rc = th_err_set(err, TH_EINPUT, "%s holds no records", path);
  th_json_parser_free(c->parser);
  return rc;
}

/* ---- writing ---- */

static void put_record(const corpus *c, uint64_t seed, uint32_t index, th_buf *out) {
  const source *from[DONORS];
  uint64_t state = seed * 0xD1342543DE82EF95u + index;
  for (int d = 0; d < DONORS; d++)
    from[d] = &c->records[next(&state) % c->n];
  th_buf_str(out, "{\"protocolSection\":{\"identificationModule\":");
  th_buf_span(out, from[FROM_BASE]->before);
  th_buf_printf(out, "\"NCT%08u\"", FIRST_NCT + index);
  th_buf_span(out, from[FROM_BASE]->after);
  for (size_t i = 0; i < TH_COUNT(modules); i++) {
    th_span m = from[modules[i].donor]->module[i];
    if (m.n) th_buf_char(out, ','), th_buf_span(out, m);
  }
  th_buf_char(out, '}');
  for (size_t i = 0; i < TH_COUNT(sections); i++) {
    th_span s = from[sections[i].donor]->section[i];
    if (s.n) th_buf_char(out, ','), th_buf_span(out, s);
  }
  th_buf_str(out, "}\n");
}

static int write_all(const corpus *c, uint64_t studies, uint64_t seed, th_err *err) {
  th_buf out;
  int rc = 0;
  th_buf_init(&out, 0);
  for (uint64_t i = 0; rc == 0 && i < studies; i++) {
    put_record(c, seed, (uint32_t)i, &out);
    if (out.n < (1 << 20) && i + 1 < studies) continue;
    if (out.error)
      rc = th_err_set(err, out.error, "out of memory");
    else if (fwrite(out.p, 1, out.n, stdout) != out.n)
      rc = th_err_sys(err, "cannot write");
    th_buf_clear(&out);
  }
  if (rc == 0 && fflush(stdout) != 0) rc = th_err_sys(err, "cannot write");
  th_buf_dispose(&out);
  return rc;
}

/* ---- the command ---- */

static bool number_after(int argc, char **argv, const char *option, uint64_t *out) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], option) == 0) {
      char *end;
      errno = 0;
      *out = strtoull(argv[i + 1], &end, 10);
      return argv[i + 1][0] >= '0' && argv[i + 1][0] <= '9' && *end == 0 && errno == 0;
    }
  return true;
}

int main(int argc, char **argv) {
  uint64_t studies = 0, seed = 1;
  th_err err = {0};
  corpus c = {0};
  if (argc < 4 || !number_after(argc, argv, "--studies", &studies) ||
      !number_after(argc, argv, "--seed", &seed) || studies == 0 || studies > MOST_STUDIES) {
    fprintf(stderr, "usage: recombine --studies N [--seed S] FILE > corpus.ndjson\n");
    return 2;
  }
  th_arena_init(&c.texts, 0);
  int rc = read_corpus(&c, argv[argc - 1], &err);
  if (rc == 0) rc = write_all(&c, studies, seed, &err);
  if (rc < 0) fprintf(stderr, "recombine: %s\n", err.message);
  th_arena_dispose(&c.texts);
  free(c.records);
  return rc == 0 ? 0 : rc == TH_EINPUT ? 3 : 4;
}
