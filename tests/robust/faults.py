"""Each call to the system fails in turn (tests/fault) under import, search, export, check and the rebuild: the
program says so and ends with code 4, or does without; what it leaves is whole, and the next run succeeds."""
import os
import shlex
import subprocess

from lib import BIN, ROOT, Skip, demo, ndjson, repeats, test

LIBRARY = os.path.join(os.path.dirname(BIN), "tests", "fault", "libtrialhead-fault.so")
DRIVER = os.path.join(ROOT, "tests", "fault", "each_fault")


def each(world, command, kinds, codes="0 4", setup="", verify="", manner="", most=None):
    if not os.path.exists(LIBRARY):
        raise Skip("no fault library in this build")
    program = shlex.quote(BIN) + ' --data "$WORLD/data" '
    world.path("expected", ndjson(sorted(RECORDS)))
    prepared = program + "import -q " + shlex.quote(world.path("in", ndjson(RECORDS)))
    whole = " && ".join([prepared, program + "check --deep",
                         program + "export -q | cmp - " + shlex.quote(world.path("expected"))])
    line = [DRIVER, "-l", LIBRARY, "-k", kinds, "-n", str(most if most is not None else repeats(6, 0)), "-c", codes,
            "-v", (verify + " && " if verify else "") + whole]
    line += (["-s", prepared] if setup else []) + (["-m", manner] if manner else [])
    command = [BIN, "--data", "$WORLD/data"] + command
    quoted = " ".join(shlex.quote(w).replace("'$WORLD/data'", '"$WORLD/data"') for w in command)
    done = subprocess.run(line + ["--", quoted], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=world.environment({"TRIALHEAD_THREADS": "2"}))
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, text[-3000:]
    print(text.strip().split("\n")[-1])


RECORDS = demo(6, 20)


@test
def import_of_new_records(world):
    check = shlex.quote(BIN) + ' --data "$WORLD/data" check --deep; c=$?; [ $c -le 1 ]'
    # A file that cannot be read is a rejected input, code 3, and not a failure of the system.
    each(world, ["import", "-q", world.path("in", ndjson(RECORDS))], "malloc write short sync truncate rename", verify=check)
    each(world, ["import", "-q", world.path("in")], "open read", codes="0 3 4", verify=check)


@test
def import_killed_at_a_call(world):
    check = shlex.quote(BIN) + ' --data "$WORLD/data" check --deep; c=$?; [ $c -le 1 ]'
    each(world, ["import", "-q", world.path("in", ndjson(RECORDS))], "write sync truncate open rename", codes="0 4 137",
         manner="!", verify=check)


@test
def answers_from_a_registry(world):
    more = repeats([], [["show", "NCT90000001"], ["stats"], ["show", "--history", "NCT90000001"]])
    for command in [["search", "--json", "study"], ["export", "-q"]] + more:
        each(world, command, "malloc open read", setup=True, most=repeats(4, 0))


@test
def check_of_a_registry(world):
    each(world, ["check", "--deep"], "malloc open read", setup=True, most=repeats(4, 0))


@test
def rebuild_of_the_index(world):
    each(world, ["index", "--rebuild", "-q"], "malloc write short sync truncate open rename read", setup=True, most=repeats(3, 0))
