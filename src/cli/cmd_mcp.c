/* trialhead mcp: the registry for assistants, over standard input and output. */
#include "cli/cli.h"
#include "cli/guest.h"
#include "mcp/mcp.h"

#include <signal.h>
#include <unistd.h>

int th_cmd_mcp(th_cli *cli) {
  th_err err = {0};
  th_registry *registry = NULL;
  th_mcp *mcp = NULL;
  th_guest_keep_private(true);
  signal(SIGPIPE, SIG_IGN); /* who does not read any more is an error of writing */
  int rc = th_cli_open(cli, TH_REGISTRY_READ, &registry, &err);
  if (rc == 0) rc = th_mcp_new(&mcp, registry, &err);
  if (rc == 0) rc = th_mcp_serve(mcp, STDIN_FILENO, STDOUT_FILENO, &err);
  th_mcp_free(mcp);
  th_registry_close(registry);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
