"""Variants of recorded cases: what becomes of the same incident when logs are lost, thinned, late, mixed up or joined by
others, and of the quiet time before it when nothing happens. All are deterministic.

A step is a function (folder, records) → records over the stream of one file; a variant is a list of steps, files that
are added, and a window. families(case) yields them all."""
import hashlib, heapq, json, os, random
from datetime import datetime, timedelta, timezone

from records import MONTHS, REQUEST_ID, is_document, move, plain, records, text_of, time_of

import re

REQUESTS = ("app", "nginx", "cdn")  # folders whose records are requests
ADDRESS = re.compile(r"(?<![\d.])(?!127\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])")
HEX = "0123456789abcdef"


def instant(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def spell(t):
    return t.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def chance(text):
    """A number in [0, 1) that is the same for the same text."""
    return int(hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8], 16) / 2 ** 32


def key_of(record):
    m = REQUEST_ID.search(record)
    return m[0] if m else record


# ---- steps ------------------------------------------------------------------

def drop(name):
    return lambda folder, rs: () if folder == name else rs


def thin(share):
    """Keeps a share of the requests, the same ones in all sources; databases, hosts and changes as they are."""
    return lambda folder, rs: (r for r in rs if chance(key_of(r)) < share) if folder in REQUESTS else rs


def skew(name, by):
    """Moves the clock of one folder (None: of all)."""
    return lambda folder, rs: (move(r, by) for r in rs) if name in (None, folder) else rs


def disorder(seconds):
    """Lines arrive up to so many seconds late."""
    def late(folder, rs):
        rng, waiting, now = random.Random(folder), [], 0.0
        for i, r in enumerate(rs):
            now = max(now, time_of(r) or now)
            heapq.heappush(waiting, (now + rng.uniform(0, seconds), i, r))
            while waiting and waiting[0][0] <= now:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]
    return lambda folder, rs: late(folder, rs) if folder in REQUESTS else rs


def cut(end):
    """What was not written yet at @end."""
    def before(rs):
        for r in rs:
            if is_document(r):
                yield r
                continue
            t = time_of(r)
            if t is not None and t > end.timestamp():
                return
            yield r
    return lambda folder, rs: before(rs)


def another(record, k):
    """The same request once more: another id, another client."""
    record = REQUEST_ID.sub(lambda m: m[0].translate(str.maketrans(HEX, HEX[k:] + HEX[:k])), record)
    return ADDRESS.sub(lambda m: m[0].rsplit(".", 1)[0] + ".%d" % ((int(m[0].rsplit(".", 1)[1]) + 85 * k) % 256), record, count=1)


def scale(copies):
    def more(rs):
        for r in rs:
            yield r
            for k in range(1, copies):
                yield another(r, k)
    return lambda folder, rs: more(rs) if folder in REQUESTS + ("db",) else rs


def bots(start, share):
    """From @start on so much more traffic, all from one address, served as well as the rest."""
    def joined(rs):
        for r in rs:
            yield r
            t = time_of(r)
            if t and t >= start.timestamp() and chance(key_of(r) + "bot") < share:
                yield ADDRESS.sub("45.33.32.156", another(r, 3), count=1)
    return lambda folder, rs: joined(rs) if folder in REQUESTS else rs


LOUDER = [('"level": 30', '"level": 40'), ('"level": "info"', '"level": "warn"'), (" INFO ", " WARN "), ("[INFO ]", "[WARN ]"), ('"@m":', '"@l": "Warning", "@m":')]


def noisy(start):
    """From @start on the application writes its everyday lines as warnings."""
    def louder(rs):
        for r in rs:
            t = time_of(r)
            if t and t >= start.timestamp():
                for quiet, loud in LOUDER:
                    if quiet in r and '"@l"' not in r:
                        r = r.replace(quiet, loud, 1)
                        break
            yield r
    return lambda folder, rs: louder(rs) if folder == "app" else rs


# ---- files that are added ---------------------------------------------------

def deploys(*rows):
    """rows: (time, service, version)"""
    lines = (json.dumps({"event": "deployment", "status": "success", "at": spell(t), "environment": "production", "service": s, "version": v, "actor": "ci"}) for t, s, v in sorted(rows))
    return {"deploys/release-train.jsonl": "\n".join(lines) + "\n"}


def jobs(*rows):
    """rows: (time, component, text)"""
    lines = (json.dumps({"event": "job", "at": spell(t), "component": s, "text": x, "actor": "cron"}) for t, s, x in sorted(rows))
    return {"deploys/scheduler.jsonl": "\n".join(lines) + "\n"}


def every(start, end, step, rng):
    t = start + timedelta(seconds=rng.uniform(0, step))
    while t < end:
        yield t
        t += timedelta(seconds=rng.expovariate(1 / step))


def noise(start, end):
    """Sources that have nothing to do with it, as loud before as after."""
    rng = random.Random("noise")
    mail = "".join('{"time":"%s","level":"%s","service":"newsletter","msg":"%s"}\n' % (
        spell(t), *rng.choice((("error", "mailbox %d of 4711 is full" % rng.randrange(900)), ("info", "sent"), ("warn", "greylisted, will try again")))) for t in every(start, end, 2, rng))
    auth = "".join("%s %2d %s bastion sshd[%d]: Failed password for invalid user admin from 45.33.32.%d port %d ssh2\n" % (
        MONTHS[t.month - 1], t.day, t.strftime("%H:%M:%S"), rng.randrange(900, 9000), rng.randrange(256), rng.randrange(1024, 65536)) for t in every(start, end, 3, rng))
    audit = "".join("%s UTC [%d] LOG:  duration: %.3f ms  statement: SELECT id, body FROM audit_trail WHERE id > %d ORDER BY id LIMIT 500\n" % (
        t.strftime("%Y-%m-%d %H:%M:%S.") + "%03d" % (t.microsecond // 1000), 4711, rng.uniform(300, 900), rng.randrange(10 ** 6)) for t in every(start, end, 6, rng))
    return {"mail/newsletter.jsonl": mail, "bastion/auth.log": auth, "archive/postgresql.log": audit,
            "notes/README.txt": "what is here was left by the last shift\nnothing of it has a time\n" * 20}


# ---- variants ---------------------------------------------------------------

class Case:
    def __init__(self, path):
        self.path, self.name = path, os.path.basename(path)
        self.truth = json.load(open(path + "/truth.json"))
        self.start, self.end = instant(self.truth["window"]["start"]), instant(self.truth["window"]["end"])
        self.texts = {}
        for d, _, names in sorted(os.walk(path + "/logs")):
            for n in sorted(names):
                rel = os.path.relpath(os.path.join(d, n), path + "/logs")
                self.texts[plain(rel)] = text_of(os.path.join(d, n))
        self.folders = sorted({rel.split("/")[0] for rel in self.texts})

    @property
    def felt(self):
        return instant(self.truth["symptom"]["onset"])

    @property
    def calm_end(self):
        """Up to here nothing was wrong yet."""
        if not self.truth["incident"]:
            return self.end
        return min([self.felt] + [instant(r["onset"]) for r in self.truth["root"]]) - timedelta(seconds=5)

    @property
    def service(self):
        """What the application calls itself: its log files are named after it."""
        names = sorted({re.sub(r"(-\d+)?\.log.*$", "", rel.split("/")[1]) for rel in self.texts if rel.startswith("app/")})
        return names[0] if names else "web"

    @property
    def failures(self):
        """How many requests failed, or were slow where none failed to speak of."""
        during = (self.truth.get("measured") or {}).get("during") or {}
        failed, slow = during.get("failed") or 0, during.get("slow") or 0
        return failed if failed >= 20 else max(failed, slow)


class Variant:
    def __init__(self, family, name, steps=(), files=None, start=None, end=None, sick=True, share=1.0):
        self.family, self.name, self.steps, self.files = family, name, list(steps), files or {}
        self.start, self.end, self.sick, self.share = start, end, sick, share

    def write(self, case, folder):
        for rel, text in case.texts.items():
            rs = records(text)
            for step in self.steps:
                rs = step(rel.split("/")[0], rs)
            put(os.path.join(folder, rel), rs)
        for rel, text in self.files.items():
            put(os.path.join(folder, rel), [text])


def put(path, parts):
    """Writes a file when there is anything to write."""
    parts = iter(parts)
    first = next(parts, None)
    if first is None:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", errors="surrogateescape", newline="") as f:
        f.write(first)
        f.writelines(parts)


def sick(case):
    yield Variant("as recorded", "as-recorded")
    for f in case.folders if len(case.folders) > 1 else ():
        yield Variant("source dropped", "without-" + f, [drop(f)])
    for s in (0.2, 0.05):
        yield Variant("thinned %g %%" % (100 * s), "thinned-%g" % s, [thin(s)], share=s)
    for f in case.folders:
        for by in (4, -30, 600) if f != "host" else (30,):
            yield Variant("clock skewed", "skewed-%s%+d" % (f, by), [cut(case.end), skew(f, by)])  # no end of the recording is moved into the window
    yield Variant("disordered 12 s", "disordered", [disorder(12)])
    yield Variant("noise sources", "noise", files=noise(case.start, case.end))
    yield Variant("shifted", "shifted-40d", [skew(None, 40 * 86400)], start=case.start + timedelta(days=40), end=case.end + timedelta(days=40))
    yield Variant("scaled", "scaled-3", [scale(3)], share=3)
    yield Variant("window begun inside", "begun-inside", start=case.felt + timedelta(seconds=8))
    at = lambda s: case.felt + timedelta(seconds=s)
    yield Variant("innocent deploys", "innocent-others", files=deploys((at(-9), "label-printer", "0.3.2"), (at(-700), "newsletter", "5.5.1"), (at(3), "thumbnailer", "1.12.0")))
    yield Variant("innocent deploys", "innocent-same", files=deploys((at(-1500), case.service, "0.9.7")))
    yield Variant("innocent deploys", "innocent-same-near", files=deploys((at(-90), case.service, "0.9.8"), (at(-400), case.service, "0.9.7")))
    yield Variant("innocent deploys", "innocent-mixed", files=deploys((at(-1500), case.service, "0.9.7"), (at(-9), "label-printer", "0.3.2"), (at(-120), "newsletter", "5.5.1")))


def quiet(case):
    calm, half = case.calm_end, case.start + (case.calm_end - case.start) / 2
    if calm - case.start < timedelta(seconds=20):
        return
    windows = {"": (case.start, calm), "-first": (case.start, half), "-second": (half, calm)}
    one = lambda name, steps=(), files=None, part="": Variant("quiet", "quiet-" + name + part, [cut(windows[part][1])] + list(steps), files, *windows[part], sick=False)
    yield one("whole")
    yield one("half", part="-first")
    yield one("half", part="-second")
    for s in (0.5, 0.2, 0.05):
        yield one("thinned-%g" % s, [thin(s)])
    yield one("scaled-3", [scale(3)])
    yield one("bots", [bots(half, 0.4)])
    yield one("noisy-level", [noisy(half)])
    yield one("noise", files=noise(case.start, calm))
    yield one("deploys", files=deploys((half, case.service, "9.9.1"), (half + timedelta(seconds=7), "label-printer", "0.3.2")))
    yield one("night-job", files=jobs((half, case.service, "job nightly-report started"), (calm - timedelta(seconds=5), case.service, "job nightly-report finished")))
    yield one("disordered", [disorder(12)])
    for f in case.folders if len(case.folders) > 1 else ():
        if f in REQUESTS:
            yield one("without-" + f, [drop(f)])
    days = timedelta(days=40)
    yield Variant("quiet", "quiet-shifted", [cut(calm), skew(None, 40 * 86400)], None, case.start + days, calm + days, sick=False)


def families(case):
    if case.truth["incident"]:
        yield from sick(case)
    yield from quiet(case)
