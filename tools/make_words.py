#!/usr/bin/env python3
"""Writes names in other languages as C: make_words.py OUTPUT ES

A file web/words/LANGUAGE.txt has lines

  ours = theirs

and comments after '#': what people call a condition or a treatment in that language (small letters, words apart by one
blank), and what the registry's records call it, in English, as plain words. Sorted by what stands before the sign without its
accents, each once. What is of another form ends the build with its line."""
import re
import sys
import unicodedata

from table_lines import fail, lines_of, quote

LINE = r"^([^\W_]+(?: [^\W_]+)*) = ([A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*)$"


def folded(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def read(path):
    rows = []
    for number, found in lines_of(path, LINE, "ours = theirs"):
        key = folded(found.group(1))
        if not re.match("^[a-z0-9 ]+$", key) or (rows and rows[-1][0] >= key):
            fail(path, number, "not of the form ours = theirs, or not in order")
        rows.append((key, found.group(2), found.group(1)))
    return rows


def main():
    output, files = sys.argv[1], sys.argv[2:]
    with open(output, "w", encoding="utf-8") as out:
        out.write('#include "portal/lay_words.h"\n\n')
        for path in files:
            rows = read(path)
            code = re.search(r"(\w+)\.txt$", path).group(1)
            out.write("const th_lay_word th_lay_words_%s[] = {\n" % code)
            out.writelines("  {%s, %s, %s},\n" % tuple(map(quote, row)) for row in rows)
            out.write("};\nconst unsigned th_n_lay_words_%s = %d;\n" % (code, len(rows)))


if __name__ == "__main__":
    main()
