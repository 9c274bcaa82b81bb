/* The Model Context Protocol (modelcontextprotocol.io) over a registry of ours, for assistants on
 * the same machine: JSON-RPC 2.0, one message a line.
 *
 * Revision 2025-11-25, and the older ones 2025-06-18, 2025-03-26 (with batches) and 2024-11-05. Of
 * the protocol: initialize, ping, tools/list, tools/call, and the notifications initialized and
 * cancelled. Answers come in the order of the requests. */
#ifndef TH_MCP_MCP_H
#define TH_MCP_MCP_H

#include "base/buf.h"
#include "registry/registry.h"

/* Bytes of one message; a longer line is refused and passed over. */
#define TH_MCP_LINE_MAX ((size_t)4 << 20)

typedef struct th_mcp th_mcp;

/* The registry must outlive it. One thread at a time. */
int th_mcp_new(th_mcp **out, th_registry *registry, th_err *err) TH_MUST_USE;
void th_mcp_free(th_mcp *mcp); /* NULL is allowed */
/* Answers one message (without its line end; TH_PAD readable bytes behind it): appends a line, or
 * nothing to a notification. Whatever the message is, there is an answer and never a failure;
 * errors (memory) show in out. */
void th_mcp_answer(th_mcp *mcp, th_span message, th_buf *out);
/* The request with this id (raw JSON, as in the message) is not to be answered any more: when it
 * comes later, it is passed over. */
void th_mcp_cancel(th_mcp *mcp, th_span id);
/* Reads messages from one descriptor and writes answers to the other until the first ends. Nothing
 * else is written there. Errors: TH_EIO, TH_ENOMEM. */
int th_mcp_serve(th_mcp *mcp, int from, int to, th_err *err) TH_MUST_USE;

#endif
