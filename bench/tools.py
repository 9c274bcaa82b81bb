"""What the benchmark scripts share: corpus, building, measuring, and the Lucene peer.

Works in build/bench-work; what is derived from the corpus is kept there between runs. Environment:
TRIALHEAD_BUILD    build folder (build)
TRIALHEAD_SHARED   folder with data/studies.ndjson.zst (../shared); without it made-up records serve
BENCH_CORPUS       any file of records, instead of the above
JAVA_HOME          JDK for Lucene, 21 or newer (else the newest that is installed)
"""
import argparse
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, os.environ.get("TRIALHEAD_BUILD", "build"))
WORK = os.path.join(BUILD, "bench-work")
PROGRAM = os.path.join(BUILD, "trialhead")


def arguments(doc, *more):
    """The options that every benchmark has, and further ones as (name, keywords of add_argument)."""
    parser = argparse.ArgumentParser(description=doc.split("\n\n")[0], epilog=doc)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="few rounds, small corpus: a trial, no figures to quote")
    parser.add_argument("--json", metavar="FILE", help="also write the results there")
    for name, keywords in more:
        parser.add_argument(name, **keywords)
    os.makedirs(WORK, exist_ok=True)
    return parser.parse_args()


def note(text):
    print("# " + text, flush=True)


def processors():
    return len(os.sched_getaffinity(0))


def machine():
    """One line on what it was measured on."""
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        model = re.search(r"^model name\s*:\s*(.*)$", lines.read(), re.M)
    with open("/proc/meminfo", encoding="ascii") as lines:
        memory = int(lines.readline().split()[1]) / 2**20
    note("%d processors, %s, %.0f GB memory, load average %.1f" % (
        processors(), model.group(1) if model else "unknown", memory, os.getloadavg()[0]))


def build(*targets):
    """Builds programs of bench/ and returns their paths."""
    subprocess.run(["ninja", "-C", BUILD, "trialhead"] + ["bench/" + t for t in targets], check=True,
                   stdout=subprocess.DEVNULL)
    return [os.path.join(BUILD, "bench", t) for t in targets]


class Run:
    """A finished command: seconds by the clock, of the processors, its peaks of memory (all that is
    resident, mapped files too; what is its own), its output."""

    def __init__(self, seconds, usage, out, code, own_mb):
        self.seconds, self.out, self.code, self.own_mb = seconds, out, code, own_mb
        self.cpu = usage.ru_utime + usage.ru_stime
        self.peak_mb = usage.ru_maxrss / 1024

    def lines(self):
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


def watch_memory(pid, peak, done):
    """Raises peak[0] to the MB of memory that belong to the process and to no file."""
    while not done.wait(0.02):
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as status:
                found = re.search(r"^RssAnon:\s+(\d+)", status.read(), re.M)
        except OSError:
            return
        peak[0] = max(peak[0], int(found.group(1)) / 1024 if found else 0)


def run(command, allowed=(0,), **keywords):
    start, peak, done = time.monotonic(), [0], threading.Event()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **keywords)
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peak, done))
    watcher.start()
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in allowed:
        sys.exit("%s failed with %d" % (" ".join(command), process.returncode))
    return Run(seconds, usage, out, process.returncode, peak[0])


def to_file(command, path):
    """Output of a command in a file, which appears only when it is whole."""
    with open(path + ".part", "wb") as out:
        subprocess.run(command, stdout=out, check=True)
    os.rename(path + ".part", path)
    return path


def newer(path, *sources):
    return os.path.exists(path) and all(os.path.getmtime(path) >= os.path.getmtime(s) for s in sources)


def real_corpus():
    shared = os.environ.get("TRIALHEAD_SHARED", os.path.join(ROOT, "..", "shared"))
    path = os.environ.get("BENCH_CORPUS", os.path.join(shared, "data", "studies.ndjson.zst"))
    return path if os.path.exists(path) else None


def corpus(quick=False):
    """The file of records that is measured: real ones, else made-up ones; quick: the first 2,000."""
    path = real_corpus()
    if not path:
        note("no real records at hand (TRIALHEAD_SHARED, BENCH_CORPUS): made-up ones serve, which are not comparable")
        path = os.path.join(WORK, "demo.ndjson")
        if not newer(path, PROGRAM):
            to_file([PROGRAM, "demo", "--studies", "15000", "--seed", "1"], path)
    return first(plain(path), 2000) if quick else path


def plain(path):
    """The records unpacked, for programs that read nothing else."""
    if not path.endswith(".zst"):
        return path
    out = os.path.join(WORK, os.path.basename(path)[:-4])
    return out if newer(out, path) else to_file(["zstd", "-dcq", path], out)


def first(path, n):
    out = os.path.join(WORK, "first-%d-%s" % (n, os.path.basename(path)))
    return out if newer(out, path) else to_file(["head", "-n", str(n), path], out)


def text(mode, records):
    """Lines of bench/corpus_text for the records."""
    program, = build("corpus_text")
    out = os.path.join(WORK, "%s.%s" % (os.path.basename(records), mode))
    return out if newer(out, records, program) else to_file([program, mode, records], out)


def fresh(name):
    """A path of the work folder at which there is nothing."""
    path = os.path.join(WORK, name)
    remove(path)
    return path


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.exists(path):
        os.unlink(path)


def import_into(data, records, more=()):
    """`trialhead import` into an empty data directory; records that are refused are no failure."""
    done = run([PROGRAM, "--data", data, "--json", "import"] + list(more) + [records], allowed=(0, 3),
               stderr=subprocess.DEVNULL)
    return done, json.loads(done.out.splitlines()[-1])


def one_segment(data, records):
    """Imports into data and merges the index; the path of its one segment."""
    import_into(data, records)
    run([PROGRAM, "--data", data, "index", "--merge"])
    segments = glob.glob(os.path.join(data, "index", "*.seg"))
    if len(segments) != 1:
        sys.exit("%d segments behind a full merge" % len(segments))
    return segments[0]


def folder_bytes(path):
    return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(path) for f in files)


def median(values):
    return statistics.median(values)


def median_ratio(runs, others, figure):
    """Of runs that took turns: what disturbs one turn disturbs both."""
    return median([figure(a) / figure(b) for a, b in zip(runs, others)])


def verdict(value, goal, at_most=True):
    good = value <= goal if at_most else value >= goal
    return "%s (goal: %s %g)" % ("met" if good else "MISSED", "at most" if at_most else "at least", goal)


def save(options, results):
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(results, out, indent=1)


# ---- Lucene ----

def java_version(home):
    try:
        out = subprocess.run([os.path.join(home, "bin", "javac"), "-version"], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"javac (\d+)", out)
    return int(found.group(1)) if found else 0


def newest_jdk():
    homes = [os.environ["JAVA_HOME"]] if "JAVA_HOME" in os.environ else glob.glob("/usr/lib/jvm/*")
    versions = sorted((java_version(home), home) for home in homes)
    return versions[-1][1] if versions and versions[-1][0] >= 21 else None


def lucene(name="Peer"):
    """The command of bench/lucene/NAME.java, or None with a notice. Lucene may use the vector module,
    as it asks for itself."""
    home = newest_jdk()
    if not home or not shutil.which("mvn"):
        note("Lucene skipped: it needs a JDK of version 21 or newer and Maven")
        return None
    source = os.path.join(ROOT, "bench", "lucene")
    classes, libraries = os.path.join(WORK, "lucene"), os.path.join(WORK, "lucene", "lib")
    peers, pom = sorted(glob.glob(os.path.join(source, "*.java"))), os.path.join(source, "pom.xml")
    path = classes + ":" + libraries + "/*"
    if not newer(os.path.join(classes, "Peer.class"), pom, *peers):
        remove(classes)
        environment = dict(os.environ, JAVA_HOME=home)
        done = subprocess.run(["mvn", "-q", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory=" + libraries],
                              env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            note("Lucene skipped: Maven could not fetch it: " + done.stdout[-300:])
            return None
        subprocess.run([os.path.join(home, "bin", "javac"), "-cp", path, "-d", classes, *peers], check=True)
    return [os.path.join(home, "bin", "java"), "--add-modules", "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED", "-Xmx4g", "-cp", path, name]


def criteria():
    """(number, bytes of the eligibility criteria) of each record of the corpus."""
    with open(plain(corpus(False)), encoding="utf-8") as lines:
        for line in lines:
            protocol = json.loads(line)["protocolSection"]
            text = protocol.get("eligibilityModule", {}).get("eligibilityCriteria", "")
            yield protocol["identificationModule"]["nctId"], text.encode()
