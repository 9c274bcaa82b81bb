#include "cli/guest.h"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "match/find.h"
#include "study/date.h"

void th_guest_keep_private(bool overwrite) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak check attaches to its own process */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
#ifdef M_PERTURB
  if (overwrite) mallopt(M_PERTURB, 0x5a);
#else
  (void)overwrite;
#endif
}

void th_guest_buf(th_buf *b, size_t max) {
  th_buf_init(b, max);
  b->secret = true;
}

int th_guest_day(const th_cli *cli, bool *given, int32_t *day, th_err *err) {
  const char *text = th_cli_value(cli, "as-of");
  th_date date;
  *given = text;
  if (!text) return 0;
  if (!th_date_parse(th_span_of(text), &date))
    return th_err_set(err, TH_EUSAGE, "--as-of takes a date as 2026-03-01");
  *day = date.last_day;
  return 0;
}

int th_guest_presume(const th_cli *cli, th_verdict_presume *out, th_err *err) {
  const char *text = th_cli_value(cli, "presume");
  if (!text || th_find_presume_parse(th_span_of(text), out)) return 0;
  return th_err_set(err, TH_EUSAGE, "--presume is none, consent or silence");
}
