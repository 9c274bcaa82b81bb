#!/usr/bin/env python3
"""Packs outlines: make_outlines.py OUTPUT.bin OUTPUT.S COUNTRIES.def COUNTRIES OUTLINES REGIONS [COARSE FINE [STATES PICTURE]]

COARSE and FINE are Natural Earth's countries at 1:110 and 1:50 million as TopoJSON (npm world-atlas, public domain); STATES
and PICTURE are the states of the USA, in degrees and as the usual picture with Alaska and Hawaii moved in (npm us-atlas, from
the Census Bureau's boundaries, public domain). What is not given has no outline. The format is the grammar in
src/geo/outline.h; OUTPUT.S puts OUTPUT.bin into the program."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_gazetteer  # noqa: E402  names of countries


def read_arcs(topology, times=100):
    """Arcs are differences of integers; scale and translate make degrees of them, here hundredths: whole numbers
    of 1/times of a unit."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((round((x * scale[0] + shift[0]) * times), round((y * scale[1] + shift[1]) * times)))
        arcs.append(points)
    return arcs


def ring_of(numbers, arcs):
    """A ring is arcs end to end; ~n is arc n backwards. Points that rounding made one are one."""
    ring = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        for point in arc:
            if not ring or ring[-1] != point:
                ring.append(point)
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return ring


def unrolled(ring):
    """A ring that crosses the date line goes on beyond it, and stands once more on the other side."""
    out, turn = [ring[0]], 0
    for (x0, _), (x, y) in zip(ring, ring[1:]):
        turn += 36000 if x - x0 < -18000 else -36000 if x - x0 > 18000 else 0
        out.append((x + turn, y))
    xs = [x for x, _ in out]
    if max(xs) - min(xs) > 36000:  # around a pole
        return []
    copies = [out]
    if max(xs) > 18000:
        copies.append([(x - 36000, y) for x, y in out])
    if min(xs) < -18000:
        copies.append([(x + 36000, y) for x, y in out])
    return [[point for point in copy if -32768 <= point[0] <= 32767] for copy in copies]


def read_layer(path, codes):
    with open(path, encoding="utf-8") as source:
        topology = json.load(source)
    arcs, shapes = read_arcs(topology), []
    for geometry in topology["objects"]["countries"]["geometries"]:
        rings = [ring_of(numbers, arcs) for polygon in polygons_of(geometry) for numbers in polygon]
        rings = [copy for ring in rings if len(ring) > 2 for copy in unrolled(ring) if len(copy) > 2]
        name = geometry["properties"]["name"]
        if rings:
            shapes.append((codes.get(make_gazetteer.key(name), ""), name, rings))
    shapes.sort(key=lambda shape: (shape[0], shape[1]))
    return shapes


def polygons_of(geometry):
    return {"Polygon": lambda g: [g["arcs"]], "MultiPolygon": lambda g: g["arcs"]}[geometry["type"]](geometry)


def read_borders(path):
    """Lines between two states: arcs that two of them share. Coasts and the country's own border are the world's layers'."""
    with open(path, encoding="utf-8") as source:
        topology = json.load(source)
    users = {}
    for at, geometry in enumerate(topology["objects"]["states"]["geometries"]):
        for number in (n for polygon in polygons_of(geometry) for ring in polygon for n in ring):
            users.setdefault(number if number >= 0 else ~number, set()).add(at)
    arcs = read_arcs(topology)
    lines = [simplified(arcs[n], 1) for n in sorted(users) if len(users[n]) == 2]
    return [("US", "", [line for line in lines if len(line) > 1])]


def simplified(line, reach):
    """Douglas and Peucker (1973): points that lie off the line by more than reach stay."""
    if len(line) < 3:
        return line
    (x0, y0), (x1, y1) = line[0], line[-1]
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5

    def off(point):
        x, y = point[0] - x0, point[1] - y0
        return abs(x * (y1 - y0) - y * (x1 - x0)) / length if length else (x * x + y * y) ** 0.5

    far = max(range(1, len(line) - 1), key=lambda i: off(line[i]))
    if off(line[far]) <= reach:
        return [line[0], line[-1]]
    return simplified(line[:far + 1], reach)[:-1] + simplified(line[far:], reach)


def area(ring):
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1]))) / 2


def read_picture(path, regions):
    """The picture's states in tenths of its units, without islands too small to be seen or hit."""
    reach, least = 5, 300
    with open(path, encoding="utf-8") as source:
        topology = json.load(source)
    arcs = [simplified(arc, reach) for arc in read_arcs(topology, 10)]
    codes = {make_gazetteer.key(name): code[3:]
             for code, names in make_gazetteer.read_names(regions, r"^[A-Z]{2}[.][A-Z0-9]+$").items()
             for name in names if code.startswith("US.")}
    shapes = []
    for geometry in topology["objects"]["states"]["geometries"]:
        rings = [ring_of(numbers, arcs) for polygon in polygons_of(geometry) for numbers in polygon]
        rings.sort(key=area, reverse=True)
        rings = [ring for at, ring in enumerate(rings) if len(ring) > 2 and (at == 0 or area(ring) > least)]
        code = codes.get(make_gazetteer.key(geometry["properties"]["name"]))
        if code and rings:
            shapes.append((code, "", rings))
    shapes.sort()
    return shapes


def pack(shapes):
    rings, points, heads, at = b"", [], b"", 0
    n_rings = 0
    for code, _, shape_rings in shapes:
        xs = [x for ring in shape_rings for x, _ in ring]
        ys = [y for ring in shape_rings for _, y in ring]
        heads += struct.pack("<2shhhhHH", code.encode(), min(xs), min(ys), max(xs), max(ys), n_rings, len(shape_rings))
        for ring in shape_rings:
            rings += struct.pack("<II", at, len(ring))
            points.extend(v for point in ring for v in point)
            at += len(ring)
            n_rings += 1
    return (len(shapes), n_rings, at), rings + struct.pack("<%dh" % len(points), *points) + heads + b"\0" * (len(heads) % 4)


def main():
    output, assembly, definitions, aliases, special, regions = sys.argv[1:7]
    codes = {make_gazetteer.key(name): code for source in (make_gazetteer.read_countries(definitions, aliases),
                                                           make_gazetteer.read_names(special, r"^[A-Z]{2}$"))
             for code, names in source.items() for name in names}
    world, states = sys.argv[7:9], sys.argv[9:11]
    layers = [read_layer(path, codes) for path in world] or [[], []]
    layers += [read_borders(states[0]), read_picture(states[1], regions)] if states else [[], []]
    packed = [pack(layer) for layer in layers]
    with open(output, "wb") as out:
        out.write(b"THMAP\0\0\2" + b"".join(struct.pack("<III", *sizes) for sizes, _ in packed))
        for _, data in packed:
            out.write(data)
    make_gazetteer.write_assembly(assembly, "th_outline_data", output)


if __name__ == "__main__":
    main()
