/* Inside: what a tool takes and gives. */
#ifndef TH_MCP_INTERNAL_H
#define TH_MCP_INTERNAL_H

#include "base/arena.h"
#include "base/json.h"
#include "mcp/mcp.h"
#include "native/native.h"

enum { TH_MCP_CANCELLED = 64 };

struct th_mcp {
  th_registry *registry;
  th_router *router; /* the calls of api/ and native/ without a server */
  th_api *api;
  th_native *native;
  th_suggester *suggester;
  th_json_parser *messages, *answers;
  th_arena arena; /* of one request */
  char *cancelled[TH_MCP_CANCELLED];
  unsigned n_cancelled;
};

typedef enum th_tool_kind { TH_TOOL_TEXT, TH_TOOL_INT, TH_TOOL_NUMBER, TH_TOOL_TEXTS } th_tool_kind;

typedef struct th_tool_arg {
  const char *name;
  th_tool_kind kind;
  const char *help;
  bool required;
  int64_t min, max;    /* INT; NUMBER too */
  const char *choices; /* TEXT, TEXTS: separated by blanks; NULL = any */
} th_tool_arg;

typedef struct th_tool_call {
  th_mcp *mcp;
  const th_json *j;
  uint32_t args; /* node of the object, 0 = none given */
  th_buf *data;  /* the result as JSON, one object */
  th_buf *text;  /* and in a few words */
} th_tool_call;

typedef struct th_tool {
  const char *name, *title, *help;
  const th_tool_arg *args;
  unsigned n_args;
  const char *result; /* schema of the data, JSON */
  /* An error's message is what the assistant is told. */
  int (*run)(th_tool_call *call, th_err *err);
} th_tool;

extern const th_tool th_tools[];
extern const unsigned th_n_tools;

/* Checks the arguments against the table: TH_EUSAGE tells what is wrong. */
int th_tool_check(const th_tool *tool, const th_json *j, uint32_t args, th_err *err) TH_MUST_USE;
/* Member of the arguments; 0 when absent or null. */
uint32_t th_tool_arg_node(const th_tool_call *call, const char *name);

/* A text or number of the arguments; empty, `fallback` when it is not given. */
th_span th_tool_text(const th_tool_call *call, const char *name);
int64_t th_tool_int(const th_tool_call *call, const char *name, int64_t fallback);
/* Appends the texts of a list among the arguments. */
void th_tool_join_texts(const th_tool_call *call, const char *name, const char *separator,
                        th_buf *out);

/* A target to ask for: a path, then parameters, empty ones left out. Dispose of it as of any
 * buffer. */
void th_target_begin(th_buf *target, const char *path);
void th_target_add(th_buf *target, const char *name, th_span value);
void th_target_add_number(th_buf *target, const char *name, int64_t value);
/* The arguments by which all tools search alike. TH_EUSAGE, TH_ENOMEM. */
int th_target_add_search(const th_tool_call *call, th_buf *target, th_err *err) TH_MUST_USE;

/* Asks our own API: target as in a request line. The answer's body is in out, parsed in j (borrowed
 * until the next). An answer of 400 and above is TH_EUSAGE with its message. */
int th_mcp_get(th_mcp *mcp, th_span target, th_buf *out, th_json *j, th_err *err) TH_MUST_USE;

/* The same with a body, as POST; nothing of the body is left in memory of ours but the message. */
int th_mcp_post(th_mcp *mcp, th_span target, th_span body, th_buf *out, th_json *j,
                th_err *err) TH_MUST_USE;

#endif
