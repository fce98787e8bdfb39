"""What is measured: each task adds rows to the bench and notes what is wrong."""
import datetime
import json
import re
import shutil
import subprocess

from measure import best, run_once

LOGS = ["access.log", "plain/access.log", "app.jsonl", "postgres.csv", "mysql-slow.log"]
INCIDENT = ["access.log", "app.jsonl", "postgres.csv", "mysql-slow.log", "deploys.jsonl"]
HARD_BYTES = 64 << 20  # zstd -19 runs at 1 MB/s: of larger files the first part is taken


class Bench:
    def __init__(self, rca, folder, key, repeat, hard, families, size):
        self.rca, self.folder, self.key, self.repeat, self.hard = str(rca), folder, key, repeat, hard
        self.families, self.size = families, size
        self.rows, self.wrong, self.skipped = [], [], []
        self.store = folder / "store"

    def path(self, name):
        return str(self.folder / name)

    def megabytes(self, names):
        return sum((self.folder / n).stat().st_size for n in names) / 1e6

    def add(self, what, value, shown, peer=None, peer_value=None, peer_shown=None, more=True, **rest):
        """@more: whether more is better, which decides what the ratio divides."""
        row = {"what": what, "value": value, "shown": shown, **rest}
        if peer:
            row.update(peer=peer, peer_value=peer_value, peer_shown=peer_shown, ratio=(value / peer_value if more else peer_value / value))
        self.rows.append(row)

    def expect(self, true, text):
        if not true:
            self.wrong.append(text)

    def has(self, program):
        if shutil.which(program):
            return True
        text = program + " is not installed: not measured beside it"
        if text not in self.skipped:
            self.skipped.append(text)
        return False

    def run(self, *words, times=None, before=None, ok=(0,), by=lambda cost: cost.cpu_s):
        cost = best([self.rca, *words], times or self.repeat, before, by)
        self.expect(cost.status in ok, "rca %s: exit status %d: %s" % (" ".join(words), cost.status, cost.err.decode(errors="replace")[-300:]))
        return cost

    def clear_store(self):
        shutil.rmtree(self.store, ignore_errors=True)

    def fill_store(self, names):
        return self.run("ingest", "--store", str(self.store), *map(self.path, names), before=self.clear_store)

    def store_mb(self):
        return sum(f.stat().st_size for f in self.store.rglob("*") if f.is_file()) / 1e6


def wall(cost):
    return cost.wall_s


def milliseconds(cost):
    return "%.1f ms (%.0f cpu-ms)" % (cost.wall_s * 1e3, cost.cpu_s * 1e3)


def speed(mb, cost):
    return mb / max(cost.cpu_s, 1e-6)


def zstd_speed(bench, name):
    cost = best(["zstd", "-3", "-q", "-c", "-T1", bench.path(name), "-o", "/dev/null", "-f"], bench.repeat)
    return speed(bench.megabytes([name]), cost)


def zstd_ratio(bench, names, level):
    """Of @names after one another; the first HARD_BYTES of each at level 19."""
    flags = "-19 --long=27 -T1" if level == 19 else "-3 -T1"
    size = packed = 0
    for name in names:
        n = min((bench.folder / name).stat().st_size, HARD_BYTES if level == 19 else 1 << 62)
        out = run_once("head -c %d '%s' | zstd -q %s | wc -c" % (n, bench.path(name), flags)).out
        size, packed = size + n, packed + int(out)
    return size / packed


def ingest_rows(bench, label, names):
    mb = bench.megabytes(names)
    cost = bench.fill_store(names)
    ratio = mb / max(bench.store_mb(), 1e-6)
    mbps = speed(mb, cost)
    zstd = bench.has("zstd")
    if zstd and len(names) == 1:
        peer = zstd_speed(bench, names[0])
        bench.add("ingest " + label, mbps, "%.0f MB/cpu-s" % mbps, "zstd -3", peer, "%.0f MB/cpu-s" % peer, **cost.numbers())
    else:
        bench.add("ingest " + label, mbps, "%.0f MB/cpu-s" % mbps, **cost.numbers())
    bench.add("peak memory of ingest " + label, cost.peak_mb, "%.0f MB" % cost.peak_mb)
    for level in ([3, 19] if bench.hard else [3]) if zstd else []:
        peer = zstd_ratio(bench, names, level)
        name = "zstd -3" if level == 3 else "zstd -19 --long=27"
        bench.add("on disk " + label, ratio, "%.1fx smaller" % ratio, name, peer, "%.1fx smaller" % peer)


def ingest(bench):
    for name in LOGS:
        ingest_rows(bench, name, [name])
    ingest_rows(bench, "access.log + app.jsonl", ["access.log", "app.jsonl"])


def decode_row(bench, name):
    """Decoding alone (rca sources reads all and keeps nothing), in one run with zstd -3 on the same bytes."""
    mb = bench.megabytes([name])
    cost = bench.run("sources", "--json", bench.path(name))
    source = json.loads(cost.out)["sources"][0] if cost.status == 0 else {}
    bench.expect(source.get("rejected", 1) == 0 and source.get("records", 0) > 0, "%s: not all records are understood: %s" % (name, source))
    what, mbps = "decode %s (%s)" % (name, source.get("format")), speed(mb, cost)
    if bench.has("zstd"):
        peer = zstd_speed(bench, name)
        bench.add(what, mbps, "%.0f MB/cpu-s" % mbps, "zstd -3", peer, "%.0f MB/cpu-s" % peer, **cost.numbers())
    else:
        bench.add(what, mbps, "%.0f MB/cpu-s" % mbps, **cost.numbers())


def decode(bench):
    """The corpus's logs, then one log of every family of formats, each a tenth of the corpus."""
    folder = bench.folder / "families"
    subprocess.run([bench.families, folder, str(bench.size / 10)], check=True)
    for name in LOGS + sorted("families/" + f.name for f in folder.iterdir()):
        decode_row(bench, name)


def clock(epoch_s):
    return datetime.datetime.fromtimestamp(epoch_s, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def window_of(bench):
    """Half an hour around the onset: the baseline before it is as long."""
    return "%s..%s" % (clock(bench.key["onset"] - 900), clock(bench.key["onset"] + 900))


def stories(document):
    """What must be the same however the logs are read."""
    return [(i["start"], i["symptom"]["kind"], [(c["kind"], c["subject"]) for c in i["causes"]], i["impact"]["requests"], i["impact"]["failed"]) for i in document["incidents"]]


def check_story(bench, document, how):
    incidents = document["incidents"]
    bench.expect(len(incidents) == 1, "%s: %d incidents, one was planted" % (how, len(incidents)))
    if not incidents:
        return
    first = incidents[0]
    late_s = datetime.datetime.fromisoformat(first["start"].replace("Z", "+00:00")).timestamp() - bench.key["onset"]
    bench.expect(-60 <= late_s <= 240, "%s: the incident begins %.0f s after the planted one" % (how, late_s))
    told = json.dumps(first["causes"])
    bench.expect("order_items" in told or "orders 2.41.0" in told, "%s: neither the slow query nor its deploy is named" % how)


def analyze(bench):
    paths = list(map(bench.path, INCIDENT))
    window = window_of(bench)
    answers = {}
    bench.clear_store()
    bench.run("ingest", "--store", str(bench.store), *paths, times=1)
    for how, words in [("raw files, window", ["--window", window, *paths]), ("raw files, window, 2 jobs", ["--jobs=2", "--window", window, *paths]), ("store, window", ["--store", str(bench.store), "--window", window]), ("raw files, all", paths)]:
        cost = bench.run("--utc", "--json", *words, by=wall)
        answers[how] = json.loads(cost.out or b'{"incidents": []}')
        check_story(bench, answers[how], how)
        bench.add("analyze " + how, cost.wall_s, "%.3f s (%.3f cpu-s)" % (cost.wall_s, cost.cpu_s), **cost.numbers())
        bench.add("peak memory of analyze " + how, cost.peak_mb, "%.0f MB" % cost.peak_mb)
    bench.expect(answers["raw files, window"] == answers["raw files, window, 2 jobs"], "analyze: the answer differs with --jobs")
    bench.expect(stories(answers["raw files, window"]) == stories(answers["store, window"]), "analyze: raw files and store tell different stories")


def count_lines(path, wanted):
    with open(path, "rb") as f:
        return sum(1 for line in f if wanted(line))


def search(bench):
    """Counts must be those of the raw file, whoever counts."""
    name, rare, regex, text = "app.jsonl", bench.key["rare"], bench.key["regex"], bench.key["text"]
    path = bench.path(name)
    compiled = re.compile(regex.encode())
    asked = [("a rare id", ["-F", rare], lambda l: rare.encode() in l), ("a text", ["-F", text], lambda l: text.encode() in l), ("a regex", [regex], lambda l: bool(compiled.search(l)))]
    bench.clear_store()
    bench.run("ingest", "--store", str(bench.store), *map(bench.path, INCIDENT), times=1)
    in_store = run_once([bench.rca, "search", "-c", "--store", str(bench.store), "-F", rare]).status != 2
    if not in_store:
        bench.skipped.append("rca search --store: not in this version")
    if bench.has("zstd"):
        run_once(["zstd", "-3", "-q", "-f", "-k", path, "-o", path + ".zst"])
    for what, pattern, wanted in asked:
        truth = count_lines(path, wanted)
        bench.expect(truth > 0 or what == "a regex", "search: %s is not in the corpus" % what)
        raw = bench.run("search", "-c", *pattern, path, by=wall)
        bench.expect(int(raw.out or -1) == truth, "search %s: rca counts %s lines, there are %d" % (what, raw.out.decode().strip(), truth))
        mine = [("raw", raw)]
        if in_store:
            stored = bench.run("search", "-c", "--store", str(bench.store), *pattern, by=wall)
            everywhere = sum(count_lines(bench.path(n), wanted) for n in INCIDENT)
            bench.expect(int(stored.out or -1) == everywhere, "search %s: %s lines in the store, there are %d" % (what, stored.out.decode().strip(), everywhere))
            mine.append(("store", stored))
        for where, cost in mine:
            if bench.has("rg"):
                peer = best(["rg", "-c", *pattern, path], bench.repeat, by=wall)
                bench.add("search %s, %s" % (what, where), cost.wall_s, milliseconds(cost), "rg on raw", peer.wall_s, milliseconds(peer), more=False, **cost.numbers())
            else:
                bench.add("search %s, %s" % (what, where), cost.wall_s, milliseconds(cost), **cost.numbers())
            if bench.has("rg") and bench.has("zstd"):
                peer = best("zstd -dcq '%s.zst' | rg -c %s '%s'" % (path, "-F" if pattern[0] == "-F" else "", pattern[-1]), bench.repeat, by=wall)
                bench.add("search %s, %s" % (what, where), cost.wall_s, milliseconds(cost), "zstd -dc | rg", peer.wall_s, milliseconds(peer), more=False)


TASKS = {"ingest": ingest, "decode": decode, "analyze": analyze, "search": search}
