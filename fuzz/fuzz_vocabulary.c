/* A vocabulary's file from outside, unpacked or not known what: read, taken into a draft, written
 * as a dictionary that must open. */
#include "concept/vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void make(const th_vocabulary *v) {
  th_err err = {0};
  th_concepts d;
  th_buf file;
  th_draft_source s = {.name = TH_SPAN("x")};
  th_concept_draft *draft = th_concept_draft_new();
  th_buf_init(&file, 0);
  if (!draft || th_concept_draft_source(draft, &s, &err) != 0) abort();
  if (th_vocabulary_add(draft, 0, th_buf_view(&v->body), &err)) abort();
  if (th_concept_draft_write(draft, 0, &file, &err)) abort();
  if (th_concepts_open(&d, file.p, file.n, true, &err)) abort();
  th_concept_draft_free(draft);
  th_buf_dispose(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_vocabulary v;
  th_err err = {0};
  th_buf text;
  th_buf_init(&text, 0);
  th_buf_put(&text, data, len);
  th_buf_put(&text, "", 0);
  int rc = text.n ? th_vocabulary_read_bytes(&v, "fuzz", th_buf_view(&text), NULL, &err) : -1;
  if (rc == 0) make(&v);
  if (text.n) th_vocabulary_dispose(&v);
  th_buf_dispose(&text);
  return 0;
}
