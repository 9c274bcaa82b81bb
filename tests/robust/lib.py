"""What the robustness tests share: folders of their own, runs of the real program that must not die by a
signal, made-up records and files of them in every format that import reads.

TRIALHEAD_BIN names the program, TRIALHEAD_SEED repeats a run, TH_FULL=1 asks for the long form."""
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("TRIALHEAD_BIN", os.path.join(ROOT, "build", "trialhead")))
FULL = os.environ.get("TH_FULL", "") not in ("", "0")
SEED = int(os.environ.get("TRIALHEAD_SEED", "0")) or int(time.time())
DONE, NOTHING, USAGE, INPUT, SYSTEM = 0, 1, 2, 3, 4  # exit codes
TESTS = []
NUMBER = re.compile(rb'"nctId"\s*:\s*"(NCT\d{8})"')


class Skip(Exception):
    pass


def test(function):
    TESTS.append(function)
    return function


def repeats(default, full):
    return full if FULL else default


class Result:
    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err
        assert code >= 0, "%s: killed by signal %d\n%s" % (self.words, -code, self.complaint[-2000:])

    @property
    def words(self):
        return " ".join(self.command[1:])

    @property
    def complaint(self):
        return self.err.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.out)

    def says_why(self):
        """A failure has words for people, not only a number."""
        assert self.code in (DONE, NOTHING) or self.complaint.strip() or b"problem" in self.out or b"rejected" in self.out, self.words


class World:
    """A folder of its own, gone at the end. Data directories are made in it by name."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="trialhead-robust-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as file:
                file.write(content)
        return path

    def command(self, data, arguments):
        return [BIN, "--data", self.path(data)] + list(arguments)

    def environment(self, extra=None):
        kept = {k: v for k, v in os.environ.items() if k not in ("TRIALHEAD_DATA", "XDG_DATA_HOME", "COLUMNS")}
        return dict(kept, HOME=self.folder, **(extra or {}))

    def start(self, data, *arguments, **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(self.command(data, arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment(), **more)

    def run(self, data, *arguments, codes=(DONE,), input=b"", env=None, timeout=120, **more):
        """codes None: any, as long as no signal ended it."""
        command = self.command(data, arguments)
        done = subprocess.run(command, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(env), timeout=timeout, **more)
        result = Result(command, done.returncode, done.stdout, done.stderr)
        result.says_why()
        assert codes is None or result.code in codes, "%s: exit code %d, not one of %s\n%s" % (
            result.words, result.code, codes, (result.err + result.out)[-2000:].decode("utf-8", "replace"))
        return result

    def export(self, data):
        """The records in the store by NCT number."""
        return by_number(self.run(data, "export", "-q", codes=(DONE, NOTHING)).out.split(b"\n"))

    def copy(self, source, target):
        shutil.rmtree(self.path(target), ignore_errors=True)
        shutil.copytree(self.path(source), self.path(target))


def number_of(record):
    found = NUMBER.search(record)
    if found:
        return found.group(1).decode()
    # In another spelling: "nct 90000001", with escapes.
    told = json.loads(record)["protocolSection"]["identificationModule"]["nctId"]
    return "NCT%08d" % int(re.sub(r"\D", "", told))


def by_number(records):
    return {number_of(r): r for r in records if r}


def demo(studies, seed):
    """Records as bytes, one a study; the same numbers for every seed."""
    done = subprocess.run([BIN, "demo", "--studies", str(studies), "--seed", str(seed)], stdout=subprocess.PIPE, check=True)
    return done.stdout.rstrip(b"\n").split(b"\n")


def zip_of(records):
    import io
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for record in records:
            archive.writestr(number_of(record) + ".json", record)
    return out.getvalue()


def zstd_of(content):
    return subprocess.run(["zstd", "-q", "-1", "-c"], input=content, stdout=subprocess.PIPE, check=True).stdout


def ndjson(records):
    return b"".join(r + b"\n" for r in records)


FORMATS = {
    "ndjson": ndjson,
    "ndjson.gz": lambda records: gzip.compress(ndjson(records), 1),
    "array.json": lambda records: b"[" + b",\n".join(records) + b"]",
    "page.json": lambda records: b'{"totalCount":%d,"studies":[' % len(records) + b",".join(records) + b"]}",
    "zip": zip_of,
}
if shutil.which("zstd"):
    FORMATS["ndjson.zst"] = lambda records: zstd_of(ndjson(records))


def kill(process):
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate()
    return out, err


def main():
    import sys
    import traceback
    names = sys.argv[1:]
    passed = failed = skipped = 0
    print("seed %d%s (TRIALHEAD_SEED repeats it)" % (SEED, ", full" if FULL else ""), flush=True)
    for function in TESTS:
        if names and not any(n in function.__module__ + "." + function.__name__ for n in names):
            continue
        start, what = time.monotonic(), "ok"
        random.seed(SEED)
        try:
            with World() as world:
                function(world)
            passed += 1
        except Skip as why:
            skipped, what = skipped + 1, "skipped: %s" % why
        except Exception:
            failed, what = failed + 1, "FAILED\n" + traceback.format_exc()
        print("%s.%s: %s (%.1f s)" % (function.__module__, function.__name__, what, time.monotonic() - start), flush=True)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed or passed + skipped == 0 else 0
