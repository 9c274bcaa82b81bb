#!/usr/bin/env python3
"""Writes the files of web/ as C: embed_assets.py OUTPUT FILE…

Each file becomes a th_asset (src/portal/assets.h): its bytes, its gzip form, and a path that changes
with the contents, "/assets/NAME.HASH.EXT", so that it may be cached for ever. The output depends on
nothing but the files.
"""
import gzip
import hashlib
import os
import sys

TYPES = {".js": "text/javascript; charset=UTF-8", ".css": "text/css; charset=UTF-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=UTF-8"}


def c_bytes(data):
    lines = []
    for at in range(0, len(data), 24):
        lines.append("  " + ",".join(str(byte) for byte in data[at:at + 24]) + ",")
    return "\n".join(lines)


def main():
    output, files = sys.argv[1], sys.argv[2:]
    arrays, rows = [], []
    for number, path in enumerate(files):
        with open(path, "rb") as source:
            data = source.read()
        packed = gzip.compress(data, 9, mtime=0)
        base, extension = os.path.splitext(os.path.basename(path))
        digest = hashlib.sha256(data).hexdigest()[:12]
        arrays.append("static const unsigned char plain%d[] = {\n%s\n};\n" % (number, c_bytes(data)))
        arrays.append("static const unsigned char packed%d[] = {\n%s\n};\n" % (number, c_bytes(packed)))
        rows.append('  {"%s%s", "/assets/%s.%s%s", "%s", "%s",\n'
                    "   {(const char *)plain%d, %d}, {(const char *)packed%d, %d}},"
                    % (base, extension, base, digest, extension, TYPES[extension], digest,
                       number, len(data), number, len(packed)))
    with open(output, "w", encoding="utf-8") as out:
        out.write('#include "portal/assets.h"\n\n%s\nconst th_asset th_assets[] = {\n%s\n};\n'
                  "const unsigned th_n_assets = %d;\nconst char th_assets_etag[] = \"%s\";\n"
                  % ("\n".join(arrays), "\n".join(rows), len(files), hashlib.sha256("".join(rows).encode()).hexdigest()[:12]))


if __name__ == "__main__":
    main()
