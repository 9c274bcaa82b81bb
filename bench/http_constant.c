/* The yardstick of bench/http: libmicrohttpd as it is, with the threads and the polling of our
 * server, answering every request with the same prepared bytes.
 *
 *   http_constant BYTES THREADS     prints the port, serves until it is killed */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum MHD_Result answer(void *response, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_len, void **request) {
  (void)url, (void)method, (void)version, (void)data, (void)data_len;
  if (!*request) {
    *request = response;
    return MHD_YES;
  }
  return MHD_queue_response(connection, 200, response);
}

int main(int argc, char **argv) {
  size_t len = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
  unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2;
  char *bytes = malloc(len + 1);
  if (!bytes) return 1;
  memset(bytes, 'x', len);
  struct MHD_Response *response =
      MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_PERSISTENT);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct MHD_OptionItem pool[] = {
      {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  struct MHD_Daemon *daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer, response, MHD_OPTION_SOCK_ADDR, &at,
      MHD_OPTION_CONNECTION_LIMIT, 4000u, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
  if (!response || !daemon) return 1;
  MHD_add_response_header(response, "Content-Type", "application/json");
  printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  fflush(stdout);
  for (;;)
    pause();
}
