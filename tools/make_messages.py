#!/usr/bin/env python3
"""Writes the texts of the interface as C: make_messages.py HEADER SOURCE ENUMS VIEW PARAMS TERMS EN OTHER…

A file of messages (web/messages/LANGUAGE.txt) has lines

  key "text"          a text of the interface; English has all keys, another language must have the same
  label "English" "text"   the label of a value of the registry's enums, only in the other languages
  term "English" "text"    words that tables of results have in common (TERMS, one a line), only in the other languages

'#' begins a comment, an empty line separates. Texts are UTF-8; \\" and \\\\ stand for themselves. A text begins and
ends with the same blank as the English one, and has the same %-conversions. What is missing, twice there, or not
among the English keys ends the build with its line.

English is one block of texts, so that a message is a pointer into it (M(key) of src/portal/message.h); another
language has a table from the place of a text in that block to its own text."""
import os
import re
import sys

from table_lines import fail, lines_of, quote, unescape

LINE = r'^(label |term |)("(?:[^"\\]|\\.)*"|\w+) "((?:[^"\\]|\\.)*)"$'


def folded(text):
    return "".join(c.lower() if c.isascii() else c for c in text)


def read_terms(path):
    return [folded(found.group()) for _, found in lines_of(path, ".+", "words")]


def read(path):
    texts, labels, terms = {}, {}, {}
    for number, found in lines_of(path, LINE, 'key "text"'):
        kind, key, text = found.groups()
        into = {"": texts, "label ": labels, "term ": terms}[kind]
        key = folded(unescape(key[1:-1])) if into is terms else unescape(key[1:-1]) if kind else key
        if key in into:
            fail(path, number, "%s stands here a second time" % key)
        into[key] = (number, unescape(text))
    return texts, labels, terms


def wanted_labels(enums, view, params):
    """English labels that pages show: those of the enums, as the view words them, of filters and text fields."""
    found = set()
    for path, pattern in ((enums, r'^\s*(?:VALUE|EXCEPT)\(.*"([^"]+)"\)'), (view, r'^\s*\{TH_E_\w+, TH_\w+, "([^"]+)"\}'),
                          (params, r'^\s*X\("\w+", "([^"]+)",'), (params, r'^\s*\{"\w+", "([^"]+)", TH_(?:A|SCOPE)_')):
        with open(path, encoding="utf-8") as source:
            found.update(re.findall(pattern, source.read(), re.M))
    # What stands for itself in every language.
    return {label for label in found if not re.match(r"^[A-Z_0-9]+$", label)}


def check(path, texts, labels, terms, english, wanted, wanted_terms):
    for key, (number, text) in texts.items():
        if key not in english:
            fail(path, number, "there is no English text %s" % key)
        first = english[key][1]
        if re.findall(r"%\w+", text) != re.findall(r"%\w+", first):
            fail(path, number, "%s has other conversions than the English text" % key)
        if (text[:1] == " ") != (first[:1] == " ") or (text[-1:] == " ") != (first[-1:] == " "):
            fail(path, number, "%s begins or ends with another blank than the English text" % key)
    missing = [key for key in english if key not in texts] + ['label "%s"' % w for w in sorted(wanted) if w not in labels]
    missing += ['term "%s"' % w for w in wanted_terms if w not in terms]
    if missing:
        sys.exit("%s lacks: %s" % (path, ", ".join(missing)))
    for term, (number, _) in terms.items():
        if term not in wanted_terms:
            fail(path, number, "%s is none of the terms" % term)


def main():
    header, source, enums, view, params, term_list = sys.argv[1:7]
    files = sys.argv[7:]
    english = read(files[0])[0]
    places, at = {}, 0
    for key, (_, text) in english.items():
        places[key] = at
        at += len(text.encode("utf-8")) + 1
    with open(header, "w", encoding="utf-8") as out:
        out.write("enum {\n%s  TH_MESSAGES_EN_LEN = %d,\n  TH_MESSAGE_TABLES = %d\n};\n" % ("".join("  TH_MO_%s = %d,\n" % p for p in places.items()), at, len(files)))
    with open(source, "w", encoding="utf-8") as out:
        out.write('#include "portal/message.h"\n\nconst char th_messages_en[] =\n')
        out.write("".join("  %s\n" % quote(text + "\0") for _, text in english.values()) + ";\n")
        tables = []
        for path in files[1:]:
            name = os.path.basename(path)[:-4]
            texts, labels, terms = read(path)
            check(path, texts, labels, terms, english, wanted_labels(enums, view, params), read_terms(term_list))
            out.write("static const th_message_text texts_%s[] = {\n%s};\n" % (
                name, "".join("  {%d, %s},\n" % (places[key], quote(texts[key][1])) for key in english)))
            out.write("static const th_message_label labels_%s[] = {\n%s};\n" % (
                name, "".join("  {%s, %s},\n" % (quote(k), quote(labels[k][1])) for k in sorted(labels, key=lambda k: k.encode()))))
            out.write("static const th_message_label terms_%s[] = {\n%s};\n" % (
                name, "".join("  {%s, %s},\n" % (quote(k), quote(terms[k][1])) for k in sorted(terms, key=lambda k: k.encode()))))
            tables.append("  {%s, texts_%s, %d, labels_%s, %d, terms_%s, %d},\n" % (
                quote(name), name, len(english), name, len(labels), name, len(terms)))
        out.write('const th_message_table th_message_tables[] = {\n  {"en", 0, 0, 0, 0, 0, 0},\n%s};\n' % "".join(tables))


if __name__ == "__main__":
    main()
