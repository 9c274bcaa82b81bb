/* A small XML document as a tree in an arena: elements with their attributes and text. */
#ifndef TH_INGEST_XML_TREE_H
#define TH_INGEST_XML_TREE_H

#include "base/arena.h"
#include "base/buf.h"

typedef struct th_xml_attr {
  const char *name, *value;
  const struct th_xml_attr *next;
} th_xml_attr;

/* All in arena, UTF-8. text: all character data directly inside, in one piece. */
typedef struct th_xml_node {
  const char *name;
  th_span text;
  const th_xml_attr *attrs;
  struct th_xml_node *first, *last, *next, *parent;
} th_xml_node;

/* Parses one document in any encoding that expat reads. Entity declarations are refused before
 * anything is expanded. Errors: TH_EINPUT with line and byte (not well-formed, entities, deeper
 * than max_depth), TH_ELIMIT (the arena's), TH_ENOMEM. */
int th_xml_parse(th_span xml, unsigned max_depth, th_arena *arena, const th_xml_node **out,
                 th_err *err) TH_MUST_USE;

/* First child of that name; NULL when there is none or node is NULL. */
const th_xml_node *th_xml_child(const th_xml_node *node, const char *name);
/* The next sibling of the same name. */
const th_xml_node *th_xml_again(const th_xml_node *node);
/* By a path of names separated by "/"; alternatives separated by "|", the first that is there. */
const th_xml_node *th_xml_at(const th_xml_node *node, const char *path);
/* Text of what th_xml_at finds, blanks trimmed; empty when there is none. */
th_span th_xml_text(const th_xml_node *node, const char *path);
/* Empty when there is no such attribute. */
th_span th_xml_attribute(const th_xml_node *node, const char *name);

/* for (th_xml_each(node, "name", child)) */
#define th_xml_each(node, name, child)                                                             \
  const th_xml_node *child = th_xml_child(node, name);                                             \
  child;                                                                                           \
  child = th_xml_again(child)

#endif
