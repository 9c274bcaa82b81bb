/* trialhead serve: pages and API over HTTP until told to stop. */
#include "api/api.h"
#include "cli/cli.h"
#include "cli/guest.h"
#include "http/server.h"
#include "native/desk.h"
#include "native/native.h"
#include "portal/portal.h"
#include "query/warm.h"
#include "registry/ahead.h"
#include "sync/sync.h"

#include <unistd.h>

enum {
  SYNC_LEAST_S = 60,
  SYNC_STOP_S = 20, /* that a sync under way is given at the end */
};

typedef struct serve {
  th_cli *cli;
  th_registry *registry;
  th_router *router;
  th_api *api;
  th_suggester *suggester;
  th_desk *desk;
  th_native *native;
  th_portal *portal;
  th_warmer *warmer;     /* NULL: none is needed to answer */
  uint64_t sync_every_s; /* 0 = never */
  th_sync_options sync_options;
  th_sync_daemon *sync;
  th_buf dir;                                 /* of the data, for the sync */
  char trouble[sizeof((th_err *)0)->message]; /* said already: not at every look */
} serve;

/* ---- a mirror beside the server ---- */

static void log_sync(void *ctx, const char *line) {
  serve *s = ctx;
  if (!s->cli->quiet) fprintf(stderr, "trialhead serve: %s\n", line);
}

static int read_sync_options(serve *s, th_err *err) {
  int rc = th_cli_duration(s->cli, "sync-every", 0, &s->sync_every_s, err);
  if (rc == 0 && s->sync_every_s && s->sync_every_s < SYNC_LEAST_S)
    rc = th_err_set(err, TH_EUSAGE, "--sync-every: not more often than every minute");
  s->sync_options = (th_sync_options){.from = th_cli_value(s->cli, "sync-from"),
                                      .where = th_cli_value(s->cli, "sync-where"),
                                      .contact = th_cli_value(s->cli, "sync-contact"),
                                      .ca = th_cli_value(s->cli, "sync-ca")};
  return rc ? rc : th_cli_data_dir(s->cli, &s->dir, err);
}

/* A server that fetches its studies itself may begin with none. */
static int make_empty(serve *s, th_err *err) {
  th_registry *r = NULL;
  int rc = th_registry_open(&r, s->dir.p, TH_REGISTRY_WRITE, err);
  th_registry_close(r);
  return rc;
}

static int open_registry(serve *s, th_err *err) {
  th_err local = {0};
  int rc = th_cli_open(s->cli, TH_REGISTRY_READ, &s->registry, &local);
  if (rc == TH_ENOTFOUND && s->sync_every_s) {
    th_err_clear(&local);
    rc = make_empty(s, &local);
    if (rc == 0) rc = th_cli_open(s->cli, TH_REGISTRY_READ, &s->registry, &local);
  }
  return rc ? th_err_set(err, rc, "%s", local.message) : 0;
}

/* Here, because the thread must be born where SIGTERM and SIGINT are blocked. */
static void start_sync(serve *s) {
  th_err err = {0};
  if (s->sync_every_s && th_sync_daemon_start(&s->sync, s->dir.p, &s->sync_options, s->sync_every_s,
                                              log_sync, s, &err))
    log_sync(s, err.message);
}

/* What first visitors would wait for: pages, then searches. */
static void make_ahead(void *ctx, const atomic_bool *stop) {
  serve *s = ctx;
  th_err ignored = {0}; /* what fails here fails again, and is said, when somebody asks */
  th_portal_ahead(s->portal, stop);
  if (!atomic_load(stop)) (void)!th_registry_searches_ahead(s->registry, stop, &ignored);
}

/* Here for the same reason. Without it first visitors wait for what it makes ahead. */
static void start_warmer(serve *s) {
  const th_warm_more more = {make_ahead, s};
  th_err err = {0};
  if (th_warmer_start(&s->warmer, th_registry_index(s->registry), s->suggester, &more, &err))
    fprintf(stderr, "trialhead serve: tables are not made ahead: %s\n", err.message);
}

/* ---- the server ---- */

/* The first line on standard output is the address: scripts wait for it. */
static void on_ready(void *ctx, const char *url) {
  serve *s = ctx;
  start_sync(s);
  start_warmer(s);
  th_desk_warm(s->desk);
  printf("%s\n", url);
  fflush(stdout);
}

/* An import by another process shows as a new generation; requests under way keep the old one. */
static void on_tick(void *ctx) {
  serve *s = ctx;
  th_err err = {0};
  bool changed = false;
  if (th_registry_refresh(s->registry, &changed, &err) == 0)
    th_desk_warm(s->desk), err.message[0] = 0;
  else if (strcmp(err.message, s->trouble) != 0 && !s->cli->quiet)
    fprintf(stderr, "trialhead serve: newer data cannot be read: %s\n", err.message);
  memcpy(s->trouble, err.message, sizeof s->trouble);
}

static int mount(serve *s, th_err *err) {
  s->router = th_router_new();
  if (!s->router) return th_err_set(err, TH_ENOMEM, "out of memory");
  s->suggester = th_suggester_new(th_registry_index(s->registry));
  s->desk = th_desk_new(s->registry);
  if (!s->suggester || !s->desk) return th_err_set(err, TH_ENOMEM, "out of memory");
  int rc = th_portal_mount(&s->portal, s->router, s->registry, s->suggester, s->desk,
                           th_cli_value(s->cli, "public-url"), err);
  if (rc == 0) rc = th_api_mount(&s->api, s->router, s->registry, err);
  if (rc < 0) return rc;
  rc = th_native_mount(&s->native, s->router, s->registry, s->api, s->suggester, s->desk, err);
  th_index_on_newer(th_registry_index(s->registry), th_warm_snapshot, NULL);
  return rc;
}

/* The server's limits; what is not given stays 0, the server's default. */
static int read_limits(serve *s, th_server_config *config, th_err *err) {
  static const struct {
    const char *name;
    uint64_t least, most;
  } limits[] = {{"threads", 1, 1024},         {"max-connections", 8, 1000000},
                {"max-url", 1024, 1 << 20},   {"max-headers", 8, 1000},
                {"max-answer", 1, 16 << 10},  {"request-time", 1, 86400},
                {"answer-time", 1, 7 * 86400}};
  uint64_t v[TH_COUNT(limits)] = {0};
  int rc = 0;
  for (size_t i = 0; i < TH_COUNT(limits) && rc == 0; i++)
    rc = th_cli_number(s->cli, limits[i].name, 0, limits[i].least, limits[i].most, &v[i], err);
  config->threads = (unsigned)v[0];
  config->max_connections = (unsigned)v[1];
  config->max_url = (unsigned)v[2];
  config->max_headers = (unsigned)v[3];
  config->max_answer = (size_t)v[4] << 20;
  config->request_ms = (unsigned)v[5] * 1000;
  config->answer_ms = (unsigned)v[6] * 1000;
  return rc;
}

static int run(serve *s, th_err *err) {
  th_server_config config = {.max_body = 1 << 20, /* ten thousand study numbers, and room */
                             .listen = th_cli_value(s->cli, "listen"),
                             .access_log = th_cli_value(s->cli, "log") != NULL};
  th_server_hooks hooks = {.ready = on_ready, .tick = on_tick, .ctx = s};
  int rc = read_limits(s, &config, err);
  if (rc == 0) rc = read_sync_options(s, err);
  if (rc == 0) rc = open_registry(s, err);
  if (rc == 0) rc = mount(s, err);
  if (rc == 0) rc = th_server_run(&config, s->router, &hooks, err);
  return rc;
}

int th_cmd_serve(th_cli *cli) {
  th_err err = {0};
  th_guest_keep_private(false); /* patients are matched here */
  serve s = {.cli = cli};
  th_buf_init(&s.dir, 4096);
  int rc = run(&s, &err);
  if (!th_sync_daemon_stop(s.sync, SYNC_STOP_S)) {
    /* It is in the middle of an import, which is safe to leave at any moment; what it uses is not
     * to be freed. */
    fflush(stdout);
    _exit(rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE);
  }
  th_warmer_stop(s.warmer);
  th_native_free(s.native);
  th_suggester_free(s.suggester);
  th_api_free(s.api);
  th_portal_free(s.portal);
  th_desk_free(s.desk);
  th_router_free(s.router);
  th_registry_close(s.registry);
  th_buf_dispose(&s.dir);
  return rc < 0 ? th_cli_fail(cli, &err) : TH_EXIT_DONE;
}
