#!/usr/bin/env python3
"""Writes the glossary as C: make_glossary.py OUTPUT MESSAGES EN OTHER…

A file web/glossary/LANGUAGE.txt has lines

  key "term" "explanation" Enum.VALUE

and comments after '#'. The last word, in English only and only where there is one, is the value of the registry
(src/study/enums.def) that the line explains where a page shows it. All languages have the same keys in the same order. A key that is also one of the interface's
messages (MESSAGES, web/messages/en.txt) explains the fact with that label where a study page shows it. What is
missing, twice there or of another form ends the build with its line."""
import re
import sys

from table_lines import fail, lines_of, quote, unescape

LINE = r'^(\w+) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"(?: (\w+)\.(\w+))?$'


def read(path):
    rows = {}
    for number, found in lines_of(path, LINE, 'key "term" "explanation"'):
        key, term, explanation, enum, value = found.groups()
        if key in rows:
            fail(path, number, "%s stands here a second time" % key)
        rows[key] = (key, unescape(term), unescape(explanation), enum, value)
    return list(rows.values())


def main():
    output, messages, files = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(messages, encoding="utf-8") as lines:
        labels = set(re.findall(r'^(\w+) "', lines.read(), re.M))
    languages = [read(path) for path in files]
    for path, rows in zip(files, languages):
        if [row[0] for row in rows] != [row[0] for row in languages[0]]:
            sys.exit("%s: other terms, or in another order, than %s" % (path, files[0]))
    with open(output, "w", encoding="utf-8") as out:
        out.write('#include "portal/glossary.h"\n#include "study/catalogue.h"\n\nconst th_glossary_entry th_glossary[] = {\n')
        for number, row in enumerate(languages[0]):
            key = row[0]
            place = "TH_MO_%s" % key if key in labels else "-1"
            texts = ", ".join("{%s, %s}" % (quote(rows[number][1]), quote(rows[number][2])) for rows in languages)
            value = "TH_E_%s, TH_%s_%s" % (row[3], row[3], row[4]) if row[3] else "TH_E_NONE, -1"
            out.write("  {%s, %s, %s, {%s}},\n" % (quote(key), place, value, texts))
        out.write("};\nconst unsigned th_n_glossary = %d;\n" % len(languages[0]))


if __name__ == "__main__":
    main()
