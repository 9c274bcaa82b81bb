"""A full disk: a limit on the size of files, and a small file system when we may mount one."""
import os
import resource
import subprocess
import time

from lib import DONE, SYSTEM, Skip, by_number, demo, ndjson, repeats, test


def judge(world, data, records, file):
    """After an import that found no room: whole; and with room it goes on."""
    world.run(data, "check", "--deep", codes=(DONE, 1))
    for number, record in world.export(data).items():
        assert records[number] == record
    world.run(data, "import", "-q", file)
    assert world.export(data) == records
    world.run(data, "check", "--deep")


@test
def files_may_not_grow(world):
    records = demo(300, 3)
    file = world.path("in.ndjson", ndjson(records))
    world.run("whole", "import", "-q", file)
    largest = max(os.path.getsize(os.path.join(f, n)) for f, _, names in os.walk(world.path("whole")) for n in names)
    limits = [1, 100, 4096, 20000, 60000]
    count = repeats(10, 120)
    limits += [largest * (i + 1) // count for i in range(count)]
    failed = 0
    for limit in limits:
        subprocess.run(["rm", "-rf", world.path("data")], check=True)
        result = world.run("data", "import", "-q", file, codes=(DONE, SYSTEM),
                           preexec_fn=lambda n=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (n, n)))
        failed += result.code == SYSTEM
        judge(world, "data", by_number(records), file)
    assert failed > len(limits) // 3, "%d of %d limits were too small" % (failed, len(limits))


@test
def the_file_system_is_full(world):
    if os.geteuid() != 0:
        raise Skip("needs root to mount a small file system")
    records = demo(300, 3)
    file = world.path("in.ndjson", ndjson(records))
    small = world.path("small")
    os.mkdir(small)
    for size in ((300, 900) if not repeats(0, 1) else range(50, 2000, 50)):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dk" % size, "none", small], stderr=subprocess.DEVNULL).returncode:
            raise Skip("no file system can be mounted here")
        try:
            result = world.run("small/data", "import", "-q", file, codes=(DONE, SYSTEM))
            if size <= 300:
                assert result.code == SYSTEM and "full" in result.complaint, result.complaint
            subprocess.run(["mount", "-o", "remount,size=20m", small], check=True)
            judge(world, "small/data", by_number(records), file)
        finally:
            for _ in range(20):
                if subprocess.run(["umount", small], stderr=subprocess.DEVNULL).returncode == 0:
                    break
                time.sleep(0.1)


@test
def standard_output_is_full(world):
    if not os.path.exists("/dev/full"):
        raise Skip("no /dev/full")
    world.run("data", "import", "-q", world.path("in.ndjson", ndjson(demo(20, 3))))
    for arguments in (["export"], ["search", "--json"], ["check"], ["stats"], ["demo", "--studies", "5"], ["show", "NCT90000001"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run(world.command("data", arguments), stdout=full, stderr=subprocess.PIPE)
        assert done.returncode == SYSTEM and b"output" in done.stderr or b"write" in done.stderr, (arguments, done)
