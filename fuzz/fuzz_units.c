/* Units from outside: as UCUM, and as people write them behind a number. What is read as written is
 * UCUM, and converts to itself. */
#include <math.h>

#include "base/arena.h"
#include "eligibility/attributes.h"
#include "eligibility/phrases.h"
#include "eligibility/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds) {
  if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  th_arena arena;
  th_elig_measure m;
  if (len > 4096 || th_elig_phrases_ready() < 0) return 0;
  char *copy = malloc(len + 1);
  check(copy != NULL);
  memcpy(copy, data, len);
  th_span text = {copy, len};
  th_arena_init(&arena, 0);
  if (th_elig_ucum_read(text, &m)) check(!isnan(m.factor));
  th_elig_tokens v = {.arena = &arena};
  th_elig_tokenize(text, 0, (uint32_t)len, &v);
  for (uint32_t i = 0; i < v.n; i++) {
    th_elig_unit u;
    uint32_t end = 0;
    double out;
    check(v.p[i].from <= v.p[i].to && v.p[i].to <= len);
    if (!th_elig_unit_read(text, v.p, v.n, i, &u, &end)) continue;
    check(end > i && end <= v.n);
    check(th_elig_ucum_read(th_span_of(u.ucum), &m) && m.factor == u.m.factor);
    for (uint32_t a = 0; a < th_elig_n_attributes; a += 7)
      if (th_elig_convert(a, 1, &u, &out)) check(th_elig_unit_fits(a, &u));
  }
  th_arena_dispose(&arena);
  free(copy);
  return 0;
}
