/* trialhead mcp: the registry for assistants, over standard input and output. */
#include "cli/cli.h"
#include "mcp/mcp.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Patients are matched here: no core is dumped, and free() overwrites. */
static void keep_private(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* the leak check attaches to its own process */
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
#ifdef M_PERTURB
  mallopt(M_PERTURB, 0x5a);
#endif
}

int th_cmd_mcp(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_mcp *mcp = NULL;
  keep_private();
  signal(SIGPIPE, SIG_IGN); /* who does not read any more is an error of writing */
  int rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (rc == 0) rc = th_mcp_new(&mcp, registry, &err);
  if (rc == 0) rc = th_mcp_serve(mcp, STDIN_FILENO, STDOUT_FILENO, &err);
  th_mcp_free(mcp);
  th_registry_close(registry);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
