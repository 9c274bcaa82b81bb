/* trialhead serve: pages and API over HTTP until told to stop. */
#include "api/api.h"
#include "cli/cli.h"
#include "http/server.h"
#include "portal/portal.h"

typedef struct serve {
  th_cli *cli;
  th_registry *registry;
  th_router *router;
  th_api *api;
  th_portal *portal;
  char trouble[sizeof((th_err *)0)->message]; /* said already: not at every look */
} serve;

/* The first line on standard output is the address: scripts wait for it. */
static void on_ready(void *ctx, const char *url) {
  (void)ctx;
  printf("%s\n", url);
  fflush(stdout);
}

/* An import by another process shows as a new generation; requests under way keep the old one. */
static void on_tick(void *ctx) {
  serve *s = ctx;
  th_err err = {0};
  bool changed = false;
  if (th_registry_refresh(s->registry, &changed, &err) == 0)
    err.message[0] = 0;
  else if (strcmp(err.message, s->trouble) != 0 && !s->cli->quiet)
    fprintf(stderr, "trialhead serve: newer data cannot be read: %s\n", err.message);
  memcpy(s->trouble, err.message, sizeof s->trouble);
}

static int mount(serve *s, th_err *err) {
  s->router = th_router_new();
  if (!s->router) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_portal_mount(&s->portal, s->router, s->registry, err);
  return rc < 0 ? rc : th_api_mount(&s->api, s->router, s->registry, err);
}

static int run(serve *s, th_err *err) {
  th_server_config config = {.listen = th_cli_value(s->cli, "listen"),
                             .access_log = th_cli_value(s->cli, "log") != NULL};
  th_server_hooks hooks = {.ready = on_ready, .tick = on_tick, .ctx = s};
  uint64_t threads = 0;
  int rc = th_cli_number(s->cli, "threads", 0, 1, 1024, &threads, err);
  config.threads = (unsigned)threads;
  if (rc == 0) rc = th_cli_open(s->cli, TH_REGISTRY_READ, &s->registry, err);
  if (rc == 0) rc = mount(s, err);
  if (rc == 0) rc = th_server_run(&config, s->router, &hooks, err);
  return rc;
}

int th_cmd_serve(th_cli *cli) {
  th_err err = {0};
  serve s = {.cli = cli};
  int rc = run(&s, &err);
  th_api_free(s.api);
  th_portal_free(s.portal);
  th_router_free(s.router);
  th_registry_close(s.registry);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
