"""kill -9 at random moments: of a first import, of one that changes what is there, of a rebuild of the index."""
import os
import random
import subprocess
import time

from lib import DONE, FORMATS, NOTHING, demo, kill, ndjson, by_number, repeats, test

STUDIES = 700


def stored(world, data):
    """How many changes the store says it holds: what it once said must stay."""
    result = world.run(data, "stats", "--json", codes=(DONE, NOTHING))
    return result.json["versions"] if result.code == DONE else 0


def watch_and_kill(world, data, arguments, seconds):
    """Lets the program live for a while. What another process saw as stored, and what the program itself
    reported at its end, is returned as a number of versions."""
    process = world.start(data, *arguments)
    end = time.monotonic() + seconds
    seen = 0
    if random.random() < 0.7:
        time.sleep(seconds * random.random())
        seen = stored(world, data)
    time.sleep(max(0.0, end - time.monotonic()))
    ended = process.poll() is not None
    out, err = kill(process)
    assert not ended or process.returncode == 0, err.decode()
    return seen, ended


def judge(world, data, seen, allowed):
    """Whole, nothing lost, nothing half."""
    world.run(data, "check", "--deep", codes=(DONE, NOTHING))
    now = stored(world, data)
    assert now >= seen, "%d versions were stored before the kill, %d after it" % (seen, now)
    for number, record in world.export(data).items():
        assert record in allowed[number], "%s is not a record that was imported" % number


def answers(world, data, expected):
    """What a search finds, without anything having been mended."""
    found = world.run(data, "search", "--json", "-n", "1").json["total"]
    assert found == expected, "%d of %d studies are found after the kill" % (found, expected)


def one_death(world, name, arguments, length, base, allowed, expected, finish):
    """One run killed after a random part of its usual length, perhaps again, then finished. A rebuild leaves the index
    that was there."""
    if base:
        world.copy(base, "data")
    else:
        subprocess.run(["rm", "-rf", world.path("data")], check=True)
    before = stored(world, "data")
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        seconds = length * 1.1 * random.random()
        seen, ended = watch_and_kill(world, "data", arguments, seconds)
        try:
            judge(world, "data", max(seen, before), allowed)
            if "--rebuild" in arguments:
                answers(world, "data", len(expected))
            if ended and finish is arguments:
                assert world.export("data") == expected
        except AssertionError as why:
            raise AssertionError("%s killed after %.4f s: %s" % (name, seconds, why))
    world.run("data", *finish)
    assert world.export("data") == expected, name
    world.run("data", "check", "--deep")
    answers(world, "data", len(expected))
    assert not os.path.exists(os.path.join(world.path("data"), "index.new")), name


@test
def killed_while_importing_and_indexing(world):
    old, new = demo(STUDIES, 1), demo(STUDIES + 100, 2)
    changed = [n if i % 3 else o for i, (o, n) in enumerate(zip(old + new[STUDIES:], new))]
    world.run("base", "import", "-q", world.path("old.ndjson", ndjson(old)))
    allowed = {}
    for record_set in (old, changed):
        for number, record in by_number(record_set).items():
            allowed.setdefault(number, set()).add(record)
    files = {}
    for name, pack in FORMATS.items():
        files[name] = (world.path("old." + name, pack(old)), world.path("changed." + name, pack(changed)))
    start = time.monotonic()
    world.run("timed", "import", "-q", files["ndjson"][0])
    length = time.monotonic() - start
    for i in range(repeats(15, 400)):
        name = random.choice(sorted(files))
        first, second = (["import", "-q", f] for f in files[name])
        kind = i % 3
        if kind == 0:
            one_death(world, "first import of " + name, first, length, None, allowed, by_number(old), first)
        elif kind == 1:
            one_death(world, "import of changes as " + name, second, length, "base", allowed, by_number(changed), second)
        else:
            rebuild = ["index", "--rebuild", "-q"]
            one_death(world, "rebuild", rebuild, length * 0.7, "base", allowed, by_number(old), rebuild)
