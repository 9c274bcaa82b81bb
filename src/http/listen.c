#define _GNU_SOURCE
#include "http/conn.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

/* "HOST:PORT" with HOST a name, an address, an IPv6 address in brackets, "*" or nothing. */
static int split_address(const char *address, char host[256], char port[6], th_err *err) {
  const char *colon = strrchr(address, ':');
  th_span h = {address, colon ? (size_t)(colon - address) : 0};
  size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;
  if (digits == 0 || digits > 5 || colon[1 + digits] != 0)
    return th_err_set(err, TH_EUSAGE, "not HOST:PORT: %s", address);
  long number = strtol(colon + 1, NULL, 10);
  if (h.n >= 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
    h = (th_span){h.p + 1, h.n - 2};
  else if (memchr(h.p, ':', h.n))
    return th_err_set(err, TH_EUSAGE, "an IPv6 address goes in brackets: [::1]:8080");
  if (th_span_eq(h, TH_SPAN("*"))) h.n = 0;
  if (number > 65535 || h.n > 255) return th_err_set(err, TH_EUSAGE, "not HOST:PORT: %s", address);
  memcpy(host, h.p, h.n);
  host[h.n] = 0;
  snprintf(port, 6, "%ld", number);
  return TH_OK;
}

static int open_socket(int *out, const struct addrinfo *a, th_err *err) {
  int one = 1, zero = 0;
  int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return th_err_sys(err, "no socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (a->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
  if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
    *out = fd;
    return TH_OK;
  }
  int rc = th_err_sys(err, "cannot listen");
  close(fd);
  return rc;
}

static unsigned bound_port(int fd) {
  struct sockaddr_storage at = {0};
  socklen_t len = sizeof at;
  if (getsockname(fd, (struct sockaddr *)&at, &len) != 0) return 0;
  if (at.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
  return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static void write_url(char url[300], const char *host, unsigned port) {
  bool any = !host[0] || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
  const char *shown = any ? "127.0.0.1" : host;
  const char *form = strchr(shown, ':') ? "http://[%s]:%u" : "http://%s:%u";
  snprintf(url, 300, form, shown, port);
}

int th_listen(int *out_fd, const char *address, char url[300], unsigned *port, th_err *err) {
  char host[256], service[6];
  int rc = split_address(address, host, service, err);
  if (rc) return rc;
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  int failed = getaddrinfo(host[0] ? host : NULL, service, &hints, &list);
  if (failed) return th_err_set(err, TH_EUSAGE, "%s: %s", address, gai_strerror(failed));
  th_err last = {0};
  rc = TH_EIO;
  /* All addresses: the IPv6 one first, which takes both families. */
  for (int pass = 0; rc && pass < 2; pass++)
    for (const struct addrinfo *a = list; rc && a; a = a->ai_next) {
      if ((a->ai_family == AF_INET6) != (pass == (host[0] ? 1 : 0))) continue;
      th_err_clear(&last);
      rc = open_socket(out_fd, a, &last);
    }
  freeaddrinfo(list);
  if (rc) return th_err_set(err, rc, "%s: %s", address, last.message);
  *port = bound_port(*out_fd);
  write_url(url, host, *port);
  return TH_OK;
}
