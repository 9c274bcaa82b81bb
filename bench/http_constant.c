/* The yardstick of bench/http and bench/portal: libmicrohttpd as it is, with the threads and the
 * polling of our server, answering every request with the same prepared bytes.
 *
 *   http_constant BYTES THREADS        prints the port, serves until it is killed
 *   http_constant 0 THREADS FILE       the file's bytes, packed anew for each answer as our server
 *                                      packs pages (gzip by libdeflate, level 3) */
#include <arpa/inet.h>
#include <libdeflate.h>
#include <microhttpd.h>
#include <stdbool.h>
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

typedef struct packed_file {
  char *bytes;
  size_t len;
} packed_file;

static enum MHD_Result answer_packed(void *ctx, struct MHD_Connection *connection, const char *url,
                                     const char *method, const char *version, const char *data,
                                     size_t *data_len, void **request) {
  static __thread struct libdeflate_compressor *coder;
  const packed_file *file = ctx;
  (void)url, (void)method, (void)version, (void)data, (void)data_len;
  if (!*request) {
    *request = ctx;
    return MHD_YES;
  }
  if (!coder) coder = libdeflate_alloc_compressor(3);
  size_t cap = coder ? libdeflate_gzip_compress_bound(coder, file->len) : 0;
  char *out = cap ? malloc(cap) : NULL;
  if (!out) return MHD_NO;
  size_t n = libdeflate_gzip_compress(coder, file->bytes, file->len, out, cap);
  struct MHD_Response *response = MHD_create_response_from_buffer(n, out, MHD_RESPMEM_MUST_FREE);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, "Content-Type", "text/html; charset=UTF-8");
  MHD_add_response_header(response, "Content-Encoding", "gzip");
  enum MHD_Result done = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return done;
}

static bool read_file(const char *path, packed_file *out) {
  FILE *f = fopen(path, "rb");
  if (!f || fseek(f, 0, SEEK_END) != 0) return false;
  long len = ftell(f);
  rewind(f);
  out->bytes = len > 0 ? malloc((size_t)len) : NULL;
  out->len = len > 0 ? (size_t)len : 0;
  bool whole = out->bytes && fread(out->bytes, 1, out->len, f) == out->len;
  fclose(f);
  return whole;
}

int main(int argc, char **argv) {
  size_t len = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
  unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2;
  char *bytes = malloc(len + 1);
  packed_file file = {0};
  if (!bytes || (argc > 3 && !read_file(argv[3], &file))) return 1;
  memset(bytes, 'x', len);
  struct MHD_Response *response =
      MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_PERSISTENT);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct MHD_OptionItem pool[] = {
      {threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads, NULL},
      {MHD_OPTION_END, 0, NULL},
  };
  struct MHD_Daemon *daemon = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, file.len ? answer_packed : answer,
      file.len ? (void *)&file : response, MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_CONNECTION_LIMIT,
      4000u, MHD_OPTION_ARRAY, pool, MHD_OPTION_END);
  if (!response || !daemon) return 1;
  MHD_add_response_header(response, "Content-Type", "application/json");
  printf("%u\n", (unsigned)MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
  fflush(stdout);
  for (;;)
    pause();
}
