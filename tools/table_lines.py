"""What the tools that make C of tables share: lines of a table (make_words, make_glossary, make_messages) and
texts as literals of C. An empty line and one that begins with '#' say nothing; any other has the table's form, or
the build ends with its place."""
import re
import sys


def fail(path, number, why):
    sys.exit("%s:%d: %s" % (path, number, why))


def lines_of(path, form, called):
    """(number, match) of each line of a table; called: how a line should look."""
    form = re.compile(form)
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            found = form.match(line)
            if not found:
                fail(path, number, "not of the form %s" % called)
            yield number, found


def unescape(text):
    return re.sub(r"\\(.)", r"\1", text)


def quote(text):
    """A literal of C; each byte on its own, as a digit behind would be read as one of it."""
    return '"%s"' % "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else "\\%03o" % b for b in text.encode("utf-8"))
