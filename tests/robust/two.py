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
