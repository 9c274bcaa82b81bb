/* Makes a large corpus out of a real one: each record is put together from the modules of several
 * records, under a new NCT number. Words, lengths, dates and places keep their distribution; what
 * must agree within a record stays together (dates with results, conditions with treatments).
 *
 *   recombine --studies N [--seed S] FILE > corpus.ndjson
 *
 * FILE is NDJSON of API v2 records, plain or packed with zstd. The same input, number and seed give
 * the same bytes. Numbers run from NCT20000001 on. */
#include <errno.h>
#include <stdio.h>
#include <zstd.h>

#include "base/file.h"
#include "base/json.h"

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
  th_buf text;
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

static int unpack(th_span packed, th_buf *out, th_err *err) {
  ZSTD_DStream *stream = ZSTD_createDStream();
  ZSTD_inBuffer in = {packed.p, packed.n, 0};
  size_t left = 1;
  int rc = stream ? 0 : th_err_set(err, TH_ENOMEM, "out of memory");
  while (rc == 0 && (in.pos < in.size || left != 0)) {
    size_t had = in.pos;
    char *room = th_buf_room(out, ZSTD_DStreamOutSize());
    if (!room) {
      rc = th_err_set(err, out->error, "cannot hold the unpacked file");
      break;
    }
    ZSTD_outBuffer to = {room, ZSTD_DStreamOutSize(), 0};
    left = ZSTD_decompressStream(stream, &to, &in);
    th_buf_added(out, to.pos);
    if (ZSTD_isError(left))
      rc = th_err_set(err, TH_EINPUT, "zstd: %s", ZSTD_getErrorName(left));
    else if (to.pos == 0 && in.pos == had && left)
      rc = th_err_set(err, TH_EINPUT, "the file is cut off");
  }
  ZSTD_freeDStream(stream);
  return rc;
}

static int read_text(const char *path, th_buf *out, th_err *err) {
  th_map map;
  int rc = th_map_open(&map, path, err);
  if (rc < 0) return rc;
  static const uint8_t magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
  th_span bytes = {(const char *)map.p, map.n};
  if (map.n >= 4 && memcmp(map.p, magic, 4) == 0)
    rc = unpack(bytes, out, err);
  else
    th_buf_span(out, bytes);
  if (rc == 0 && out->error) rc = th_err_set(err, out->error, "cannot hold the file");
  th_map_close(&map);
  return rc;
}

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

static int read_record(corpus *c, th_json_parser *parser, th_span line, th_err *err) {
  th_json json;
  if (c->n == c->cap) {
    size_t wanted = c->cap ? c->cap * 2 : 4096;
    source *grown = realloc(c->records, wanted * sizeof *grown);
    if (!grown) return th_err_set(err, TH_ENOMEM, "out of memory");
    c->records = grown;
    c->cap = wanted;
  }
  int rc = th_json_parse(parser, line, &json, err);
  if (rc == 0 && take(&json, &c->records[c->n])) c->n++;
  return rc;
}

static int read_corpus(corpus *c, const char *path, th_err *err) {
  th_json_parser *parser = th_json_parser_new(64 << 20, 256);
  int rc = parser ? read_text(path, &c->text, err) : th_err_set(err, TH_ENOMEM, "out of memory");
  th_span left = th_buf_view(&c->text);
  for (int64_t number = 1; rc == 0 && left.n; number++) {
    const char *end = memchr(left.p, '\n', left.n);
    th_span line = {left.p, end ? (size_t)(end - left.p) : left.n};
    if (th_span_trim(line).n) rc = read_record(c, parser, line, err);
    if (rc < 0) th_err_at(err, 0, number);
    left.p += line.n + (end != NULL), left.n -= line.n + (end != NULL);
  }
  if (rc == 0 && c->n == 0) rc = th_err_set(err, TH_EINPUT, "%s holds no records", path);
  th_json_parser_free(parser);
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
  th_buf_init(&c.text, 0);
  int rc = read_corpus(&c, argv[argc - 1], &err);
  if (rc == 0) rc = write_all(&c, studies, seed, &err);
  if (rc < 0)
    fprintf(stderr, "recombine: %s%s%lld\n", err.message, err.line ? ", line " : "",
            (long long)err.line);
  th_buf_dispose(&c.text);
  free(c.records);
  return rc == 0 ? 0 : rc == TH_EINPUT ? 3 : 4;
}
