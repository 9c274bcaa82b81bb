/* What the commands share that take patients. A patient is a guest of the process: records are
 * never written or logged, messages hold nothing of them, no core is dumped, and memory that held
 * them is overwritten when it is given back. */
#ifndef TH_CLI_GUEST_H
#define TH_CLI_GUEST_H

#include "cli/cli.h"
#include "match/verdict.h"

/* Nobody may look into this process, and it leaves no core. overwrite: whatever any library frees
 * is overwritten, too; for commands that end soon, since it costs a little with each block. */
void th_guest_keep_private(bool overwrite);

/* A buffer whose memory is overwritten wherever it is given back. */
void th_guest_buf(th_buf *b, size_t max);

/* --as-of: *given and the day, in days as th_date_days. --presume: *out stays as it is without it.
 * TH_EUSAGE. */
int th_guest_day(const th_cli *cli, bool *given, int32_t *day, th_err *err) TH_MUST_USE;
int th_guest_presume(const th_cli *cli, th_verdict_presume *out, th_err *err) TH_MUST_USE;

#endif
