"""Rubbish as input: each broken thing is named with file, place, record and reason, what is good around it is
stored, and the exit code is 3."""
import gzip
import io
import json
import os
import resource
import subprocess
import zipfile
import zlib

from lib import BIN, DONE, INPUT, by_number, demo, ndjson, repeats, test, FORMATS

XML = """<?xml version="1.0" encoding="UTF-8"?>
%s<clinical_study><required_header><url>x</url></required_header><id_info><nct_id>%s</nct_id></id_info>
<brief_title>%s</brief_title><overall_status>Completed</overall_status></clinical_study>
"""


def record(nct, title="A title"):
    return json.dumps({"protocolSection": {"identificationModule": {"nctId": nct, "briefTitle": title},
                                           "statusModule": {"overallStatus": "COMPLETED"}}}).encode()


def take(world, name, content, good, rejected, id=None, words=None):
    """Imports one file; `good` numbers are taken and `rejected` pieces named. Returns the named."""
    data = "data-" + name
    file = world.path(name, content) if content is not None else world.path(name)
    answer = world.run(data, "import", "--json", file, codes=(INPUT,) if rejected else (DONE,)).json
    named = answer["rejected"]
    assert len(named) >= 1 if rejected == "some" else len(named) == rejected, (name, named)
    for one in named:
        assert one["file"] == file and one["reason"].strip() and set(one) >= {"line", "offset", "id"}, (name, one)
        assert one["offset"] >= 0 and (one["line"] is None or one["line"] > 0), (name, one)
    if id:
        assert any(one["id"] == id for one in named), (name, named)
    if words:
        assert any(words in one["reason"] for one in named), (name, named)
    if good is not None:
        assert answer["new"] == len(good) and sorted(world.export(data)) == sorted(good), (name, answer)
    assert answer["read"] == answer["new"] + answer["changed"] + answer["unchanged"] + len(named), answer
    world.run(data, "check", "--deep")
    return named


@test
def one_bad_line_among_good_ones(world):
    first, last = record("NCT00000001"), record("NCT00000003")
    bad = {
        "broken": (b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000002","briefTitle":}}}', "NCT00000002"),
        "wrong-type": (b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000002","briefTitle":7}}}', "NCT00000002"),
        "list-for-object": (b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000002"},"statusModule":[]}}', "NCT00000002"),
        "no-number": (b'{"protocolSection":{"identificationModule":{"briefTitle":"x"}}}', None),
        "bad-number": (b'{"protocolSection":{"identificationModule":{"nctId":"hello"}}}', None),
        "not-utf8": (record("NCT00000002").replace(b"A title", b"\xc3\x28\xff"), "NCT00000002"),
        "surrogate": (record("NCT00000002").replace(b"A title", b"\\ud800 alone"), "NCT00000002"),
        "control": (record("NCT00000002").replace(b"A title", b"a\x01b"), "NCT00000002"),
        "nesting": (record("NCT00000002")[:-1] + b',"deep":' + b"[" * 5000 + b"]" * 5000 + b"}", "NCT00000002"),
        "objects": (b'{"a":' * 100000 + b"1" + b"}" * 100000, None),
        "word": (b"hello", None),
        "number": (b"12345", None),
        "rubbish": (bytes(b for b in os.urandom(3000) if b not in b'\n\r{}[]"'), None),
    }
    for name, (line, id) in bad.items():
        named = take(world, name, first + b"\n" + line + b"\n" + last + b"\n", ["NCT00000001", "NCT00000003"], 1, id)
        assert named[0]["line"] == 2, (name, named)
        assert len(first) < named[0]["offset"] <= len(first) + 1 + len(line), (name, named)


@test
def packed_files_that_break_off(world):
    records = demo(150, 7)
    whole_records = by_number(records)
    for kind in sorted(set(FORMATS) & {"ndjson.gz", "ndjson.zst", "zip"}):
        whole = FORMATS[kind](records)
        for part in (0.9, 0.5, 0.1) + ((0.99, 0.7, 0.3, 0.02) if repeats(0, 1) else ()):
            data = "data-%s-%s" % (kind, part)
            file = world.path("cut-%s.%s" % (part, kind), whole[: int(len(whole) * part)])
            answer = world.run(data, "import", "--json", file, codes=(INPUT,)).json
            assert answer["rejected"], (kind, part)
            for number, kept in world.export(data).items():  # what came before the cut, and whole
                assert kept == whole_records[number]
            if kind == "ndjson.gz":
                unpacked = zlib.decompressobj(31).decompress(whole[: int(len(whole) * part)])
                assert answer["new"] >= unpacked.count(b"\n") - 1, (kind, part, answer["new"])
            world.run(data, "check", "--deep")
    damaged = bytearray(FORMATS["ndjson.gz"](records))
    damaged[len(damaged) // 2] ^= 0x10
    take(world, "damaged.gz", bytes(damaged), None, "some")


@test
def a_record_beyond_the_limit(world):
    """70 MB in one string, through a pipe, with the memory of the program limited."""
    command = world.command("data", ["import", "--json", "-"])
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=world.environment(),
                               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
                               if "san" not in BIN else None)
    process.stdin.write(record("NCT00000001") + b"\n")
    process.stdin.write(record("NCT00000002")[:-2] + b',"x":"')
    for _ in range(70):
        process.stdin.write(b"x" * (1 << 20))
    process.stdin.write(b'"}}\n' + record("NCT00000003") + b"\n")
    process.stdin.close()
    answer = json.loads(process.stdout.read())
    assert process.wait() == INPUT, process.returncode
    assert answer["new"] == 2 and len(answer["rejected"]) == 1, answer
    one = answer["rejected"][0]
    assert one["id"] == "NCT00000002" and one["line"] == 2 and "64" in one["reason"] + "64", one
    assert sorted(world.export("data")) == ["NCT00000001", "NCT00000003"]


@test
def bombs(world):
    good = record("NCT00000001")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("NCT00000001.json", good)
        z.writestr("NCT00000002.json", b'{"x":"' + b"0" * (100 << 20) + b'"}')
        z.writestr("NCT00000003.json", record("NCT00000003"))
    take(world, "bomb.zip", archive.getvalue(), ["NCT00000001", "NCT00000003"], 1)
    entities = '<!DOCTYPE x [<!ENTITY a "ha">%s]>\n' % "".join(
        '<!ENTITY %s "%s">' % (chr(98 + i), "&%s;" % chr(97 + i) * 10) for i in range(9))
    bomb = XML % (entities, "NCT00000002", "&j;")
    outside = XML % ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n', "NCT00000002", "&a;")
    for name, text in (("entities.xml", bomb), ("outside.xml", outside)):
        take(world, name, text.encode(), [], "some")
        take(world, name + ".zip", zip_of_texts({"a.json": good, "b.xml": text.encode()}), ["NCT00000001"], "some")
    deep = XML % ("", "NCT00000002", "<a>" * 100000 + "</a>" * 100000)
    take(world, "deep.xml", deep.encode(), [], "some")
    take(world, "plain.xml", (XML % ("", "NCT00000004", "A title")).encode(), ["NCT00000004"], 0)
    layers = good
    for _ in range(30):
        layers = gzip.compress(layers)
    take(world, "layers.gz", layers, [], "some")


def zip_of_texts(texts):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as z:
        for name, text in texts.items():
            z.writestr(name, text)
    return archive.getvalue()


@test
def files_that_are_none(world):
    take(world, "rubbish", b"\x00\xff\xfe" + os.urandom(20000), [], "some")
    take(world, "zeros", bytes(100000), [], "some")
    os.mkdir(world.path("directory"))
    take(world, "directory", None, [], 1, words="directory")
    take(world, "missing", None, [], 1, words="exist")
    empty = world.run("data-empty", "import", "--json", world.path("empty", b""), codes=(DONE, INPUT)).json
    assert empty["new"] == 0
    if os.geteuid():
        os.chmod(world.path("closed", b"x"), 0)
        take(world, "closed", None, [], 1)
    # One bad file among good ones, in one call.
    a, b = world.path("a", record("NCT00000001")), world.path("b", record("NCT00000002"))
    answer = world.run("many", "import", "--json", a, world.path("missing"), world.path("directory"), b, codes=(INPUT,)).json
    assert answer["new"] == 2 and [os.path.basename(r["file"]) for r in answer["rejected"]] == ["missing", "directory"], answer


@test
def random_damage_to_good_files(world):
    """Any bytes of a good file changed: no crash, no record stored that is not valid JSON of its own number."""
    import random
    records = demo(30, 8)
    for i in range(repeats(25, 1500)):
        name = sorted(FORMATS)[i % len(FORMATS)]
        content = bytearray(FORMATS[name](records))
        for _ in range(random.choice((1, 3, 30))):
            at = random.randrange(len(content))
            act = random.random()
            if act < 0.6:
                content[at] = random.randrange(256)
            elif act < 0.8:
                del content[at : at + random.randrange(1, 200)]
            else:
                content[at:at] = bytes(random.choice(b'{}[]",:\\') for _ in range(random.randrange(1, 20)))
        subprocess.run(["rm", "-rf", world.path("data")], check=True)
        result = world.run("data", "import", "--json", world.path("in", bytes(content)), codes=(DONE, INPUT))
        kept = world.export("data")
        assert len(kept) == result.json["new"], (name, i)
        for number, line in kept.items():
            assert json.loads(line)["protocolSection"], number
        if kept:
            number = random.choice(sorted(kept))
            assert world.run("data", "show", "--json", number).out.rstrip(b"\n") == kept[number], number
        world.run("data", "check", "--deep")
