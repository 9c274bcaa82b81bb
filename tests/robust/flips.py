"""Damage to the files of a data directory: flipped bits, files cut short, emptied, removed, put in from another
directory. It is found by the check or it is without meaning; answers are right or an error, never wrong."""
import http.client
import os
import random
import subprocess

from lib import DONE, NOTHING, SYSTEM, demo, ndjson, repeats, test

QUERIES = (["cancer"], ["--cond", "asthma OR diabetes"], ['"a study of"'], ["--status", "recruiting", "--sort", "newest"],
           ["--near", "48.85,2.35,500km"], ["study", "--from", "3"])
PAGES = ("/api/v2/studies?query.term=cancer&countTotal=true", "/api/v2/studies/%s", "/api/v2/studies?filter.overallStatus=COMPLETED&pageSize=3")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def make(world, data, seed, again=13):
    """A small registry with two segments, one of them with dead documents."""
    old, new = demo(60, seed), demo(60, seed + 100)
    world.run(data, "import", "-q", world.path("old", ndjson(old)))
    world.run(data, "import", "-q", world.path("new", ndjson(new[:again])))
    return sorted(world.export(data))


def questions(numbers):
    asked = [["search", "--json", "-n", "8"] + q for q in QUERIES]
    asked += [["show", "--json", numbers[1]], ["show", numbers[-1]], ["export", "-q"]]
    return asked


def answers(world, data, asked):
    return [world.run(data, *a, codes=None) for a in asked]


def files_of(folder):
    found = [os.path.join(f, n) for f, _, names in os.walk(folder) for n in names]
    return sorted(f for f in found if os.path.getsize(f))


def judge(world, what, numbers, right, sample):
    """check finds it, or everything is as it was; what is answered is right."""
    checked = world.run("data", "check", "--deep", codes=None)
    assert checked.code in (DONE, NOTHING, SYSTEM), (what, checked.code)
    asked = questions(numbers)
    places = range(len(asked)) if checked.code == DONE else sorted(random.sample(range(len(asked)), sample))
    for i in places:
        result = world.run("data", *asked[i], codes=None)
        same = result.code == right[i].code and result.out == right[i].out
        if checked.code == DONE:
            assert same, "%s: check finds nothing, but: %s\n%s" % (what, result.words, result.complaint)
        elif not same:
            # Lines of an export before the damage are right, too.
            assert result.code == SYSTEM or (result.code == NOTHING and checked.code == NOTHING), \
                "%s: a wrong answer (code %d): %s\n%s" % (what, result.code, result.words, result.complaint)
            assert right[i].out.startswith(result.out), "%s: %s" % (what, result.words)
    return checked.code != DONE


def serve(world, data):
    server = subprocess.Popen(world.command(data, ["serve", "--listen", "127.0.0.1:0", "--threads", "2"]),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=world.environment())
    line = server.stdout.readline().decode()
    return server, (line.strip().split("//")[1].rstrip("/") if line else None)


def ask(address, pages):
    connection = http.client.HTTPConnection(address, timeout=30)
    got = []
    for page in pages:
        connection.request("GET", page)
        response = connection.getresponse()
        got.append((response.status, response.read()))
    connection.close()
    return got


def end(server):
    server.terminate()
    out, err = server.communicate(timeout=60)
    return err


def judge_server(world, what, pages, right):
    server, address = serve(world, "data")
    if address is None:
        _, err = server.communicate(timeout=60)
        assert server.returncode in (NOTHING, SYSTEM) and err, (what, server.returncode)
        return
    got = ask(address, pages)
    end(server)
    assert server.returncode == 0, (what, server.returncode)
    for page, (status, body), (_, expected) in zip(pages, got, right):
        if body != expected:
            assert status == 500, "%s: %s answered %d: %r" % (what, page, status, body[:300])


def flip(path, bit):
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def prepared(world):
    numbers = make(world, "whole", 5)
    right = answers(world, "whole", questions(numbers))
    assert all(r.code == DONE for r in right), [(r.words, r.code) for r in right]
    pages = [p % numbers[2] if "%s" in p else p for p in PAGES]
    server, address = serve(world, "whole")
    served = ask(address, pages)
    end(server)
    assert all(status == 200 for status, _ in served), served
    return numbers, right, pages, served


@test
def flipped_bits(world):
    numbers, right, pages, served = prepared(world)
    names = [os.path.relpath(f, world.path("whole")) for f in files_of(world.path("whole"))]
    assert any(n.endswith(".live") for n in names) and any(n.endswith(".seg") for n in names), names
    found = 0
    count = repeats(90, 3000)
    for i in range(count):
        name = names[i % len(names)] if i % 2 else random.choice(("store.db", "index/000001.seg"))
        if name not in names:
            name = names[i % len(names)]
        world.copy("whole", "data")
        path = os.path.join(world.path("data"), name)
        size = os.path.getsize(path)
        # The head of a file holds more meaning in each bit than the rest.
        bit = random.randrange(min(size, 400) * 8 if random.random() < 0.2 else size * 8)
        flip(path, bit)
        what = "%s, byte %d, bit %d" % (name, bit // 8, bit % 8)
        if i % 8 == 0:
            judge_server(world, what, pages, served)
        was_found = judge(world, what, numbers, right, 3)
        found += was_found
        if not was_found and not name.endswith("-shm"):
            print("without meaning: %s of %d" % (what, size))
    print("%d of %d flips found by check" % (found, count))
    assert found > count * 0.7


@test
def cut_emptied_removed(world):
    numbers, right, pages, served = prepared(world)
    for whole in files_of(world.path("whole")):
        name = os.path.relpath(whole, world.path("whole"))
        size = os.path.getsize(whole)
        for cut in [None, 0, 1, size // 2, size - 1] + [random.randrange(size) for _ in range(repeats(1, 40))]:
            world.copy("whole", "data")
            path = os.path.join(world.path("data"), name)
            if cut is None:
                os.unlink(path)
            else:
                os.truncate(path, cut)
            what = "%s %s of %d" % (name, "removed" if cut is None else "cut to %d" % cut, size)
            was_found = judge(world, what, numbers, right, 3)
            assert was_found or name.endswith(("-shm", "-wal")), what
            if cut in (None, 0):
                judge_server(world, what, pages, served)


@test
def swapped_between_directories(world):
    numbers, right, pages, served = prepared(world)
    make(world, "other", 6, 17)
    there = {os.path.relpath(f, world.path("other")) for f in files_of(world.path("other"))}
    here = {os.path.relpath(f, world.path("whole")) for f in files_of(world.path("whole"))}
    for name in sorted(here & there):
        if name.endswith("-shm") or content(world.path("whole/" + name)) == content(world.path("other/" + name)):
            continue
        world.copy("whole", "data")
        subprocess.run(["rm", "-rf", world.path("data/" + name)], check=True)
        subprocess.run(["cp", "-r", world.path("other/" + name), world.path("data/" + name)], check=True)
        assert judge(world, name + " of another directory", numbers, right, 5), name
        judge_server(world, name + " of another directory", pages, served)
    world.copy("whole", "data")
    subprocess.run(["rm", "-rf", world.path("data/index")], check=True)
    subprocess.run(["cp", "-r", world.path("other/index"), world.path("data/index")], check=True)
    assert judge(world, "index of another directory", numbers, right, 5)
    world.run("data", "index", "--rebuild")
    world.run("data", "check", "--deep")


@test
def damage_to_the_index_is_mended(world):
    """Whatever happens to the index, a rebuild makes it whole again."""
    numbers, right, _, _ = prepared(world)
    for i in range(repeats(12, 300)):
        world.copy("whole", "data")
        name = random.choice([f for f in files_of(world.path("data/index"))])
        act = random.choice(("flip", "cut", "remove", "empty"))
        size = os.path.getsize(name)
        if act == "flip":
            for _ in range(random.choice((1, 50))):
                flip(name, random.randrange(size * 8))
        elif act == "remove":
            os.unlink(name)
        else:
            os.truncate(name, random.randrange(size) if act == "cut" else 0)
        world.run("data", "index", "--rebuild", "-q")
        world.run("data", "check", "--deep")
        for asked, expected in zip(questions(numbers), right):
            got = world.run("data", *asked, codes=None)
            if asked[0] == "search":  # scores depend on the documents, dead ones too: hits do not
                assert got.json["total"] == expected.json["total"], (name, act, asked)
            else:
                assert got.out == expected.out, (name, act, asked)
