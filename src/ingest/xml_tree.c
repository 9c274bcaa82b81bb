#include "ingest/xml_tree.h"

#include <expat.h>

typedef struct builder {
  XML_Parser parser;
  th_arena *arena;
  th_xml_node *root, *open;
  unsigned depth, max_depth;
  th_buf text; /* of the open element, as far as it came since its last child */
  int code;    /* why parsing was stopped */
  const char *why;
} builder;

static void stop(builder *b, int code, const char *why) {
  if (b->code) return;
  b->code = code;
  b->why = why;
  XML_StopParser(b->parser, XML_FALSE);
}

static void out_of_arena(builder *b) {
  stop(b, TH_ELIMIT, "the document is too large");
}

/* Text before a child and behind it is put together. */
static void take_text(builder *b) {
  th_xml_node *node = b->open;
  if (!node || b->text.n == 0) return;
  if (b->text.error) {
    stop(b, b->text.error, "out of memory");
  } else if (node->text.n == 0) {
    node->text = th_arena_dup(b->arena, th_buf_view(&b->text));
    if (!node->text.p) out_of_arena(b);
  } else if (th_span_trim(th_buf_view(&b->text)).n) {
    size_t n = node->text.n + b->text.n;
    char *p = th_arena_alloc(b->arena, n + 1);
    if (!p) {
      out_of_arena(b);
      return;
    }
    memcpy(p, node->text.p, node->text.n);
    memcpy(p + node->text.n, b->text.p, b->text.n);
    p[n] = 0;
    node->text = (th_span){p, n};
  }
  th_buf_clear(&b->text);
}

static const th_xml_attr *take_attrs(builder *b, const XML_Char **atts) {
  const th_xml_attr *list = NULL;
  for (; atts[0]; atts += 2) {
    th_xml_attr *a = th_arena_alloc(b->arena, sizeof *a);
    th_span name = th_arena_dup(b->arena, th_span_of(atts[0]));
    th_span value = th_arena_dup(b->arena, th_span_of(atts[1]));
    if (!a || !name.p || !value.p) {
      out_of_arena(b);
      return NULL;
    }
    *a = (th_xml_attr){name.p, value.p, list};
    list = a;
  }
  return list;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **atts) {
  builder *b = user;
  take_text(b);
  if (++b->depth > b->max_depth) {
    stop(b, TH_EINPUT, "elements are nested too deeply");
    return;
  }
  th_xml_node *node = th_arena_calloc(b->arena, 1, sizeof *node);
  th_span copy = th_arena_dup(b->arena, th_span_of(name));
  if (!node || !copy.p) {
    out_of_arena(b);
    return;
  }
  node->name = copy.p;
  node->attrs = take_attrs(b, atts);
  node->parent = b->open;
  if (!b->open)
    b->root = node;
  else if (b->open->last)
    b->open->last->next = node;
  else
    b->open->first = node;
  if (b->open) b->open->last = node;
  b->open = node;
}

static void XMLCALL on_end(void *user, const XML_Char *name) {
  builder *b = user;
  (void)name;
  take_text(b);
  b->depth--;
  if (b->open) b->open = b->open->parent;
}

static void XMLCALL on_text(void *user, const XML_Char *s, int n) {
  builder *b = user;
  th_buf_put(&b->text, s, (size_t)n);
}

static void XMLCALL on_entity(void *user, const XML_Char *name, int is_parameter,
                              const XML_Char *value, int value_length, const XML_Char *base,
                              const XML_Char *system_id, const XML_Char *public_id,
                              const XML_Char *notation) {
  (void)name, (void)is_parameter, (void)value, (void)value_length;
  (void)base, (void)system_id, (void)public_id, (void)notation;
  stop(user, TH_EINPUT, "the document declares entities, which are not read");
}

static int fail(builder *b, th_err *err) {
  int code = b->code ? b->code : TH_EINPUT;
  if (!b->code && XML_GetErrorCode(b->parser) == XML_ERROR_NO_MEMORY) code = TH_ENOMEM;
  const char *why = b->code ? b->why : XML_ErrorString(XML_GetErrorCode(b->parser));
  th_err_set(err, code, b->code ? "%s" : "not well-formed XML: %s", why);
  th_err_at(err, XML_GetCurrentByteIndex(b->parser), (int64_t)XML_GetCurrentLineNumber(b->parser));
  return code;
}

/* expat takes an int: long documents go in pieces. */
static enum XML_Status feed(XML_Parser parser, th_span xml) {
  const size_t piece = (size_t)1 << 24;
  enum XML_Status status = XML_STATUS_OK;
  do {
    size_t n = TH_MIN(xml.n, piece);
    status = XML_Parse(parser, xml.p, (int)n, n == xml.n);
    xml.p += n;
    xml.n -= n;
  } while (status == XML_STATUS_OK && xml.n);
  return status;
}

int th_xml_parse(th_span xml, unsigned max_depth, th_arena *arena, const th_xml_node **out,
                 th_err *err) {
  builder b = {.arena = arena, .max_depth = max_depth};
  int rc = 0;
  b.parser = XML_ParserCreate(NULL);
  if (!b.parser) return th_err_set(err, TH_ENOMEM, "out of memory");
  th_buf_init(&b.text, 0);
  XML_SetUserData(b.parser, &b);
  XML_SetElementHandler(b.parser, on_start, on_end);
  XML_SetCharacterDataHandler(b.parser, on_text);
  XML_SetEntityDeclHandler(b.parser, on_entity);
  if (feed(b.parser, xml) != XML_STATUS_OK || b.code)
    rc = fail(&b, err);
  else if (!b.root)
    rc = th_err_set(err, TH_EINPUT, "the document has no root element");
  *out = b.root;
  th_buf_dispose(&b.text);
  XML_ParserFree(b.parser);
  return rc;
}

/* ---- reading the tree ---- */

static bool has_name(const char *name, const char *want, size_t n) {
  return strncmp(name, want, n) == 0 && name[n] == 0;
}

static const th_xml_node *child_n(const th_xml_node *node, const char *name, size_t n) {
  if (!node) return NULL;
  const th_xml_node *c = node->first;
  while (c && !has_name(c->name, name, n))
    c = c->next;
  return c;
}

const th_xml_node *th_xml_child(const th_xml_node *node, const char *name) {
  return child_n(node, name, strlen(name));
}

const th_xml_node *th_xml_again(const th_xml_node *node) {
  const th_xml_node *c = node->next;
  while (c && strcmp(c->name, node->name) != 0)
    c = c->next;
  return c;
}

const th_xml_node *th_xml_at(const th_xml_node *node, const char *path) {
  const th_xml_node *at = node;
  for (;;) {
    size_t n = strcspn(path, "/|");
    at = child_n(at, path, n);
    path += n;
    if (*path == '/') {
      path++;
      continue;
    }
    if (at || !*path) return at;
    path++;
    at = node;
  }
}

th_span th_xml_text(const th_xml_node *node, const char *path) {
  const th_xml_node *at = th_xml_at(node, path);
  return at ? th_span_trim(at->text) : (th_span){0};
}

th_span th_xml_attribute(const th_xml_node *node, const char *name) {
  for (const th_xml_attr *a = node ? node->attrs : NULL; a; a = a->next)
    if (strcmp(a->name, name) == 0) return th_span_of(a->value);
  return (th_span){0};
}
