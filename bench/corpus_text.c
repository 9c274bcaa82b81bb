/* The text of records for the peers of the benchmarks, one record a line:
 *
 *   corpus_text text|tokens|fields FILE > LINES
 *
 *   line   := nct TAB ( text | token{' '} | part{TAB} ) LF
 *   text   : every text that our index takes, values apart by a blank
 *   tokens : the terms of our index in the order of their positions: folded, stemmed, joined forms
 *            behind the parts they are made of, one and the same term but once at a position
 *   fields : the same by fields of the catalogue, and what our columns hold
 *   part   := piece '=' token{' '}         text of a field
 *           | piece '#' integer{' '}       column of numbers, dates (format.h) or an enum's bits
 *           | piece '@' word               one value of a column of words
 *
 * Tabs and line ends inside become blanks. */
#include "base/json.h"
#include "index/feed.h"
#include "study/nct.h"
#include "study/walk.h"
#include "text/stem.h"
#include "text/token.h"

#include "records.h"

#include <stdio.h>

typedef enum mode { TEXT, TOKENS, FIELDS } mode;

typedef struct writer {
  mode mode;
  th_feed feed;
  th_json_parser *parser;
  th_stemmer *stemmer;
  th_buf out;
  uint64_t records, rejected;
} writer;

static void put_plain(th_buf *out, th_span s) {
  size_t from = out->n;
  th_buf_span(out, s);
  for (size_t i = from; i < out->n && !out->error; i++)
    if ((unsigned char)out->p[i] < ' ') out->p[i] = ' ';
}

/* Terms as builder.c stages them. */
static void put_tokens(writer *w, th_span text) {
  th_tokens tokens;
  th_token token;
  size_t last_at = 0, last_n = 0;
  uint32_t last_position = UINT32_MAX;
  th_tokens_init(&tokens, text);
  while (th_token_next(&tokens, &token)) {
    th_span stem = th_stem(w->stemmer, token.text);
    if (!stem.p) w->out.error = TH_ENOMEM;
    if (w->out.error) return;
    if (token.position == last_position && th_span_eq(stem, (th_span){w->out.p + last_at, last_n}))
      continue;
    last_position = token.position;
    last_at = w->out.n;
    last_n = stem.n;
    th_buf_span(&w->out, stem);
    th_buf_char(&w->out, ' ');
  }
}

static void put_columns(writer *w) {
  const th_feed *f = &w->feed;
  for (size_t i = 0; i < f->n_values;) {
    uint16_t field = f->values[i].field;
    const char *piece = th_fields[field].piece;
    uint64_t mask = 0;
    if (f->values[i].kind == TH_COL_KEYWORD) {
      th_buf_printf(&w->out, "\t%s@", piece);
      put_plain(&w->out, f->values[i++].word);
      continue;
    }
    th_buf_printf(&w->out, "\t%s#", piece);
    bool bits = f->values[i].kind == TH_COL_MASK;
    for (; i < f->n_values && f->values[i].field == field; i++) {
      mask |= bits ? UINT64_C(1) << f->values[i].value : 0;
      if (!bits) th_buf_printf(&w->out, "%lld ", (long long)f->values[i].value);
    }
    if (bits) th_buf_i64(&w->out, (int64_t)mask);
  }
}

static void put_record(writer *w, uint32_t nct) {
  uint16_t field = TH_F_NONE;
  th_buf_printf(&w->out, w->mode == FIELDS ? "NCT%08u" : "NCT%08u\t", nct);
  for (size_t i = 0; i < w->feed.n_texts; i++) {
    const th_feed_text *t = &w->feed.texts[i];
    if (w->mode == FIELDS && t->field != field)
      th_buf_printf(&w->out, "\t%s=", th_fields[t->field].piece);
    field = t->field;
    if (w->mode == TEXT) {
      put_plain(&w->out, t->text);
      th_buf_char(&w->out, ' ');
    } else {
      put_tokens(w, t->text);
    }
  }
  if (w->mode == FIELDS) put_columns(w);
  th_buf_char(&w->out, '\n');
}

static int write_out(writer *w, th_err *err) {
  if (fwrite(w->out.p, 1, w->out.n, stdout) != w->out.n) return th_err_sys(err, "cannot write");
  th_buf_clear(&w->out);
  return 0;
}

static int take_record(void *context, th_span bytes, th_err *err) {
  writer *w = context;
  th_err why = {0};
  th_json json;
  uint32_t nct;
  int rc = th_json_parse(w->parser, bytes, &json, &why);
  if (rc == 0) rc = th_study_check(&json, &nct, &why);
  if (rc == 0) rc = th_feed_read(&w->feed, &json, &why);
  if (rc == 0) put_record(w, nct);
  w->records += rc == 0;
  w->rejected += rc == TH_EINPUT;
  if (rc == TH_EINPUT) return 0;
  if (rc) return th_err_set(err, rc, "%s", why.message);
  if (w->out.error) return th_err_set(err, w->out.error, "out of memory");
  return w->out.n > 1 << 20 ? write_out(w, err) : 0;
}

static int write_all(writer *w, const char *path, th_err *err) {
  int rc = bench_records(path, take_record, w, err);
  if (rc == 0) rc = write_out(w, err);
  if (rc == 0 && fflush(stdout)) rc = th_err_sys(err, "cannot write");
  return rc;
}

int main(int argc, char **argv) {
  static const char *const modes[] = {"text", "tokens", "fields"};
  th_err err = {0};
  writer w = {.mode = TEXT};
  while (argc == 3 && w.mode <= FIELDS && strcmp(argv[1], modes[w.mode]) != 0)
    w.mode++;
  if (argc != 3 || w.mode > FIELDS) {
    fprintf(stderr, "usage: corpus_text text|tokens|fields FILE > LINES\n");
    return 2;
  }
  th_feed_init(&w.feed);
  th_buf_init(&w.out, 0);
  w.parser = th_json_parser_new(64 << 20, 256);
  w.stemmer = th_stemmer_new();
  int rc = w.parser && w.stemmer ? write_all(&w, argv[2], &err)
                                 : th_err_set(&err, TH_ENOMEM, "out of memory");
  if (rc) fprintf(stderr, "corpus_text: %s\n", err.message);
  fprintf(stderr, "corpus_text: %llu records, %llu rejected\n", (unsigned long long)w.records,
          (unsigned long long)w.rejected);
  th_feed_dispose(&w.feed);
  th_buf_dispose(&w.out);
  th_json_parser_free(w.parser);
  th_stemmer_free(w.stemmer);
  return rc == 0 ? 0 : 4;
}
