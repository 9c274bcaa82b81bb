/* Inside the server: open connections, their deadlines, and the thread that keeps them. */
#ifndef TH_HTTP_CONN_H
#define TH_HTTP_CONN_H

#include "base/buf.h"
#include "base/common.h"
#include "http/gate.h"

#include <stdatomic.h>

/* What belongs to one connection, from accept to close. Its request's part is used by the
 * connection's thread alone; deadline and waiting are also read by the watch. */
typedef struct th_conn {
  struct th_conn *prev, *next; /* the watch's list, under its lock */
  int fd;
  atomic_llong deadline_ms;  /* monotonic; behind it the connection is shut down */
  atomic_bool waiting;       /* for a request: may be closed early when places get scarce */
  int64_t ended_at_deadline; /* the watch's: the deadline when the other side was seen ended */
  /* of the request being read */
  bool seen; /* the header is complete */
  th_buf target, body;
  size_t reserved; /* of the room for large bodies */
  int64_t begun_ms;
  /* while it is put aside to wait for something */
  struct th_conn *parked_prev, *parked_next; /* the server's list */
  bool parked;
  struct MHD_Connection *connection;
  th_gate *gate;
  th_gate_waiter waiter;
} th_conn;

typedef struct th_watch th_watch;

/* max_open: connections admitted; behind 7/8 of it the longest waiting are closed, down to 3/4. */
th_watch *th_watch_start(unsigned max_open, th_err *err) TH_MUST_USE;
void th_watch_stop(th_watch *watch);
/* A new connection, to be in with a request by the deadline; NULL when memory is exhausted. */
th_conn *th_watch_open(th_watch *watch, int fd, int64_t deadline_ms, size_t max_target,
                       size_t max_body);
/* Before the descriptor is closed: afterwards the watch must not touch it. */
void th_watch_close(th_watch *watch, th_conn *conn);
unsigned th_watch_count(const th_watch *watch);
uint64_t th_watch_total(const th_watch *watch);
int64_t th_watch_now_ms(void);

/* Parses "HOST:PORT" and opens a listening socket; *url (room for 300 bytes) becomes its address.
 * Errors: TH_EUSAGE, TH_EIO. */
int th_listen(int *out_fd, const char *address, char url[300], unsigned *port,
              th_err *err) TH_MUST_USE;

#endif
