#!/usr/bin/env python3
"""Writes src/text/fold_table.h: what each character beyond ASCII is to the tokenizer and what it
folds to, from Python's unicodedata. Run it again only to follow a newer Unicode version."""
import sys
import unicodedata

SEPARATOR, LETTER, MARK, IDEOGRAPH, CONNECTOR, APOSTROPHE, FOLDS = 0, 1, 2, 3, 4, 5, 8

# Letters whose accent is no separate mark in Unicode, and where case folding is not what readers type.
BY_HAND = {
    "ß": "ss", "ẞ": "ss", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ł": "l", "Ł": "l",
    "þ": "th", "Þ": "th", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ı": "i", "ħ": "h", "Ħ": "h",
    "ŧ": "t", "Ŧ": "t", "ŋ": "n", "Ŋ": "n", "ĸ": "k", "ſ": "s", "ƒ": "f", "ς": "σ", "ϐ": "β", "ϑ": "θ",
    "ϕ": "φ", "ϖ": "π", "ϰ": "κ", "ϱ": "ρ", "ϵ": "ε",
}
CONNECTORS = "\u2010\u2011\u2012\u2013\u2044\u2212\uff0d\uff0f"
APOSTROPHES = "\u2018\u2019\u02bc\u2032\uff07"
DROPPED = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


def ideograph(cp):
    ranges = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x3041, 0x3096), (0x30A1, 0x30FA),
              (0x31F0, 0x31FF), (0xFF66, 0xFF9D), (0x3005, 0x3007))
    return any(a <= cp <= b for a, b in ranges)


def fold(c):
    if c in BY_HAND:
        return BY_HAND[c]
    out = ""
    for d in unicodedata.normalize("NFKD", c).casefold():
        for e in unicodedata.normalize("NFKD", BY_HAND.get(d, d)):
            if not unicodedata.category(e).startswith("M"):
                out += e
    return out


def classify(cp):
    c = chr(cp)
    category = unicodedata.category(c)
    if c in CONNECTORS:
        return CONNECTOR
    if c in APOSTROPHES:
        return APOSTROPHE
    if c in DROPPED:
        return MARK
    if ideograph(cp):
        return IDEOGRAPH
    if category == "Mn":
        return MARK
    if category[0] in "LM" or category in ("Nd", "Nl"):
        # Abjads and Indic scripts lose nothing: only what decomposes to other letters is folded.
        if 0xAC00 <= cp <= 0xD7A3:
            return LETTER
        f = fold(c)
        if not f or not all(unicodedata.category(e)[0] in "LN" for e in f):
            return LETTER if category[0] == "L" else MARK
        return LETTER if f == c else f
    if category == "No":
        digits = fold(c)
        return digits if digits.isdigit() and digits.isascii() else SEPARATOR
    return SEPARATOR


def main():
    pool, places, pages, page_of, index = bytearray(), {}, [], {}, []
    for page in range(1024):
        entries = []
        for cp in range(page * 64, page * 64 + 64):
            value = SEPARATOR if cp < 0x80 or 0xD800 <= cp < 0xF900 else classify(cp)
            if isinstance(value, str):
                text = value.encode()
                if text not in places:
                    places[text] = len(pool)
                    pool.append(len(text))
                    pool.extend(text)
                value = FOLDS + places[text]
            entries.append(value)
        key = tuple(entries)
        if key not in page_of:
            page_of[key] = len(pages)
            pages.append(entries)
        index.append(page_of[key])
    assert len(pages) < 256 and len(pool) + FOLDS < 65536
    ranges, start = [], None
    for cp in range(0x10000, 0x20001):
        letter = cp < 0x20000 and unicodedata.category(chr(cp))[0] in "LN"
        if letter and start is None:
            start = cp
        if not letter and start is not None:
            ranges.append((start, cp - 1))
            start = None
    out = sys.stdout
    out.write("/* Written by tools/make_fold_table.py from Unicode %s; do not edit. */\n" % unicodedata.unidata_version)
    out.write("/* clang-format off */\n#ifndef TH_TEXT_FOLD_TABLE_H\n#define TH_TEXT_FOLD_TABLE_H\n#include <stdint.h>\n")

    def numbers(head, values):
        out.write(head + " = {\n")
        line = " "
        for v in values:
            piece = " %d," % v
            if len(line) + len(piece) > 118:
                out.write(line + "\n")
                line = " "
            line += piece
        out.write(line + "\n};\n")

    numbers("static const uint8_t fold_page_of[1024]", index)
    numbers("static const uint16_t fold_pages[%d]" % (64 * len(pages)), [v for p in pages for v in p])
    numbers("static const uint8_t fold_pool[]", pool)
    numbers("/* Letters and digits between U+10000 and U+1FFFF: first, last. */\nstatic const uint32_t fold_high_letters[]",
            [v for r in ranges for v in r])
    out.write("#endif\n/* clang-format on */\n")


if __name__ == "__main__":
    main()
