#!/usr/bin/env python3
"""Packs outlines of countries: make_outlines.py OUTPUT.bin OUTPUT.S COUNTRIES.def COUNTRIES OUTLINES [COARSE FINE]

COARSE and FINE are Natural Earth's countries at 1:110 and 1:50 million as TopoJSON (npm world-atlas, public domain). Without
them there is no outline. The format is the grammar in src/geo/outline.h; OUTPUT.S puts OUTPUT.bin into the program."""
import json
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import make_gazetteer  # noqa: E402  names of countries


def read_arcs(topology):
    """Arcs are differences of integers; scale and translate make degrees of them, here hundredths."""
    scale, shift = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((round((x * scale[0] + shift[0]) * 100), round((y * scale[1] + shift[1]) * 100)))
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
        polygons = {"Polygon": lambda g: [g["arcs"]], "MultiPolygon": lambda g: g["arcs"]}[geometry["type"]](geometry)
        rings = [ring_of(numbers, arcs) for polygon in polygons for numbers in polygon]
        rings = [copy for ring in rings if len(ring) > 2 for copy in unrolled(ring) if len(copy) > 2]
        name = geometry["properties"]["name"]
        if rings:
            shapes.append((codes.get(make_gazetteer.key(name), ""), name, rings))
    shapes.sort(key=lambda shape: (shape[0], shape[1]))
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
    output, assembly, definitions, aliases, special = sys.argv[1:6]
    codes = {make_gazetteer.key(name): code for source in (make_gazetteer.read_countries(definitions, aliases),
                                                           make_gazetteer.read_names(special, r"^[A-Z]{2}$"))
             for code, names in source.items() for name in names}
    layers = [pack(read_layer(path, codes)) for path in sys.argv[6:8]] or [((0, 0, 0), b"")] * 2
    with open(output, "wb") as out:
        out.write(struct.pack("<8sIIIIII", b"THMAP\0\0\1", *layers[0][0], *layers[1][0]))
        for _, data in layers:
            out.write(data)
    make_gazetteer.write_assembly(assembly, "th_outline_data", output)


if __name__ == "__main__":
    main()
