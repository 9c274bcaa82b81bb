"""Two processes on one data directory: a second import is turned away, a server moves to what an import brought
without restart and without an error, searches go on while the index is rebuilt."""
import http.client
import json
import subprocess
import threading
import time

from lib import DONE, SYSTEM, by_number, demo, ndjson, number_of, repeats, test
from flips import end, serve


@test
def a_second_import_is_turned_away(world):
    first = world.start("data", "import", "--json", "-", stdin=subprocess.PIPE)
    records = demo(40, 9)
    first.stdin.write(ndjson(records[:20]))
    first.stdin.flush()
    file = world.path("more", ndjson(records[20:]))
    until = time.monotonic() + 30
    while True:  # until the first has the store
        second = world.run("data", "import", "--json", file, codes=(DONE, SYSTEM))
        if second.code == SYSTEM or time.monotonic() > until:
            break
    assert second.code == SYSTEM and "another process is writing" in second.complaint, second.complaint
    for arguments in (["index"], ["index", "--rebuild"]):
        assert "another process is writing" in world.run("data", *arguments, codes=(SYSTEM,)).complaint
    out, _ = first.communicate(ndjson(records[20:]))
    assert first.returncode == DONE and json.loads(out)["new"] + json.loads(out)["unchanged"] == 40, out
    world.run("data", "import", "-q", file)
    assert world.export("data") == by_number(records)
    world.run("data", "check", "--deep")


class Hammer(threading.Thread):
    """Keep-alive requests without a pause; every answer must be right for one of the states of the data."""

    def __init__(self, address, number, counts, titles):
        super().__init__()
        self.address, self.number, self.counts, self.titles = address, number, counts, titles
        self.stop, self.wrong, self.n, self.seen = False, [], 0, []

    def ask(self, connection, page):
        connection.request("GET", page)
        response = connection.getresponse()
        body = response.read()
        self.n += 1
        if response.status != 200:
            self.wrong.append((page, response.status, body[:300]))
            return None
        return json.loads(body)

    def run(self):
        try:
            connection = http.client.HTTPConnection(self.address, timeout=60)
            while not self.stop and len(self.wrong) < 3:
                answer = self.ask(connection, "/api/v2/studies?countTotal=true&pageSize=5&fields=NCTId")
                if answer and answer["totalCount"] not in self.counts:
                    self.wrong.append(("count", answer["totalCount"]))
                if answer:
                    self.seen.append(answer["totalCount"])
                study = self.ask(connection, "/api/v2/studies/" + self.number)
                title = study and study["protocolSection"]["identificationModule"]["briefTitle"]
                if study and title not in self.titles:
                    self.wrong.append(("title", title))
                self.ask(connection, "/api/v2/studies?query.term=cancer&pageSize=10")
            connection.close()
        except Exception as why:  # a broken connection is an error, too
            self.wrong.append(repr(why))


def title_of(record):
    return json.loads(record)["protocolSection"]["identificationModule"]["briefTitle"]


@test
def a_server_follows_imports(world):
    steps = [demo(150, 10)]
    for i in range(repeats(4, 30)):
        steps.append(demo(150 + 30 * (i + 1), 11 + i))
    world.run("data", "import", "-q", world.path("in", ndjson(steps[0])))
    number = "NCT90000007"
    titles = {title_of(by_number(s)[number]) for s in steps}
    server, address = serve(world, "data")
    hammers = [Hammer(address, number, {len(s) for s in steps}, titles) for _ in range(2)]
    for h in hammers:
        h.start()
    try:
        for step in steps[1:]:
            world.run("data", "import", "-q", world.path("in", ndjson(step)))
            until = time.monotonic() + 30
            while time.monotonic() < until and any(h.seen[-1:] != [len(step)] for h in hammers):
                assert not any(h.wrong for h in hammers), [h.wrong for h in hammers]
                time.sleep(0.02)
            assert all(h.seen[-1:] == [len(step)] for h in hammers), "the server stayed at %s" % [h.seen[-1:] for h in hammers]
        world.run("data", "index", "--rebuild", "-q")
        world.run("data", "index", "--merge", "-q")
        time.sleep(0.5)
    finally:
        for h in hammers:
            h.stop = True
        for h in hammers:
            h.join()
        err = end(server)
    assert not any(h.wrong for h in hammers), [h.wrong for h in hammers]
    assert server.returncode == 0, err
    assert all(h.seen == sorted(h.seen) for h in hammers), "an older state came back"
    print("%d answers" % sum(h.n for h in hammers))


@test
def searches_while_the_index_is_rebuilt(world):
    records = demo(1500, 12)
    world.run("data", "import", "-q", world.path("in", ndjson(records)))
    rounds = 0
    for _ in range(repeats(3, 40)):
        rebuild = world.start("data", "index", "--rebuild", "-q")
        while rebuild.poll() is None:
            found = world.run("data", "search", "--json", "-n", "1").json
            assert found["total"] == len(records), found["total"]
            assert world.run("data", "show", "--json", "NCT90000003").out
            rounds += 1
        out, err = rebuild.communicate()
        assert rebuild.returncode == 0, err
    assert rounds > 3, rounds
    world.run("data", "check", "--deep")


@test
def a_server_outlives_damage_to_the_manifest(world):
    """It keeps the state it has, says once what is wrong, and follows again when the index is mended."""
    records = demo(50, 15)
    world.run("data", "import", "-q", world.path("in", ndjson(records[:30])))
    server, address = serve(world, "data")
    hammer = Hammer(address, number_of(records[0]), {30, 50}, {title_of(records[0])})
    hammer.start()
    try:
        manifest = world.path("data/index/manifest")
        for damage in (b"rubbish that is no manifest", b""):
            with open(manifest, "wb") as file:
                file.write(damage)
            time.sleep(1.0)
        world.run("data", "index", "--rebuild", "-q")
        world.run("data", "import", "-q", world.path("in", ndjson(records)))
        until = time.monotonic() + 30
        while time.monotonic() < until and hammer.seen[-1:] != [50]:
            time.sleep(0.02)
    finally:
        hammer.stop = True
        hammer.join()
        err = end(server).decode()
    assert not hammer.wrong and server.returncode == 0, (hammer.wrong, err)
    assert hammer.seen[-1:] == [50], "the server did not follow: %s" % err
    assert 1 <= err.count("cannot be read") <= 4, err


@test
def readers_beside_an_import(world):
    """search, show, export, stats and check of other processes while one imports: right or behind, never an error."""
    old, new = demo(400, 13), demo(400, 14)
    allowed = {n: {r, by_number(new)[n]} for n, r in by_number(old).items()}
    world.run("data", "import", "-q", world.path("old", ndjson(old)))
    file, rounds = world.path("new", ndjson(new)), 0
    for _ in range(repeats(2, 30)):
        for name in (file, world.path("old")):
            process = world.start("data", "import", "-q", name)
            while process.poll() is None:
                for number, record in world.export("data").items():
                    assert record in allowed[number]
                assert world.run("data", "search", "--json", "-n", "1").json["total"] == 400
                world.run("data", "stats")
                world.run("data", "check", "--deep")
                rounds += 1
            assert process.returncode == 0, process.communicate()[1]
            process.communicate()
    assert rounds >= 4, rounds


def own_memory(process):
    """Bytes that belong to the process alone and to no file."""
    with open("/proc/%d/smaps_rollup" % process.pid) as file:
        sizes = dict(line.split(":") for line in file if line.startswith(("Private_", "Anonymous")))
    return int(sizes["Anonymous"].split()[0]) * 1024


ASKED = ["/api/v2/studies?query.term=%s&pageSize=10&countTotal=true", "/search?term=%s", "/api/trialhead/v1/facets?query.term=%s",
         "/api/v2/studies?query.cond=%s&aggFilters=phase:3&sort=LastUpdatePostDate", "/study/NCT9000000%d", "/api/v2/studies/NCT9000000%d",
         "/api/trialhead/v1/studies/NCT9000000%d/eligibility", "/api/v2/stats/size", "/"]
WORDS = ("cancer", "asthma", "pain", "study", "heart", "insulin", "placebo", "diabetes")


def fetch(connection, page):
    connection.request("GET", page)
    response = connection.getresponse()
    body = response.read()
    return fetch(connection, response.headers["Location"]) if response.status == 301 else (response.status, body)


@test
def a_server_does_not_grow(world):
    """Mixed requests while imports change every record again and again: no failure, and no more memory at the
    end than when everything had been asked for a while. The long form is ten minutes."""
    states = [world.path("in-%d" % i, ndjson(demo(300, 30 + i))) for i in range(3)]
    world.run("data", "import", "-q", states[0])
    server, address = serve(world, "data")
    connection = http.client.HTTPConnection(address, timeout=60)
    seconds = repeats(12, 600)
    start, imports, asked, memory, importing = time.monotonic(), 0, 0, [], None
    try:
        while time.monotonic() - start < seconds:
            if importing and importing.poll() is not None:
                assert importing.returncode == 0, importing.communicate()
                importing.communicate()
                importing, imports = None, imports + 1
            if not importing:
                importing = world.start("data", "import", "-q", states[(imports + 1) % 3])
            for page in ASKED:
                what = asked % 9 + 1 if "%d" in page else WORDS[asked // 9 % len(WORDS)]
                status, body = fetch(connection, page % what if "%" in page else page)
                assert status == 200 and body, (page, what, status)
                asked += 1
                time.sleep(0.01)
            memory.append(own_memory(server))
        importing.communicate()
        left = own_memory(server)
    finally:
        connection.close()
        err = end(server)
    third = len(memory) // 3
    early, late = max(memory[third : 2 * third]), max(memory[2 * third :])
    print("%d answers beside %d imports; memory of its own %.1f MB at first, then at most %.1f, at last at most %.1f (%.1f)" % (
        asked, imports, memory[0] / 1e6, early / 1e6, late / 1e6, left / 1e6))
    assert server.returncode == 0 and not err, err
    assert imports > 2 and late < early * 1.2 + (4 << 20), (imports, memory[:: max(1, len(memory) // 20)])
