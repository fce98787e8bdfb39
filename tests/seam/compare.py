#!/usr/bin/env python3
"""Each of the seam's six calls, on both backends, against a computation of its own.

compare.py PROBE [CASES]: writes logs of a small shop, asks PROBE about them as files and as a
store, and compares with what sqlite3 says of the very lines by other regular expressions than
rca's. Then all backends must say the same, byte for byte, of every case below CASES; ClickHouse
where Debian's clickhouse-server is installed."""

import collections
import datetime
import gzip
import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile

UTC = datetime.timezone.utc
T0 = 1795500000
SECOND = 1_000_000_000
wrong = []


def check(what, got, expected):
    if got != expected:
        wrong.append(f"{what}\n  got      {got!r:.600}\n  expected {expected!r:.600}")


def near(what, got, expected, tolerance=1e-6):
    if got is None or abs(got - expected) > tolerance * max(1, abs(expected)):
        wrong.append(f"{what}: got {got}, expected {expected}")


# ---- the shop's logs ----

AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "curl/8.5.0", "kube-probe/1.29"]
STATEMENTS = [
    ("SELECT * FROM orders o JOIN items i ON i.id = o.item_id WHERE o.user_id = {}", "orders"),
    ("UPDATE stock SET n = n - 1 WHERE item_id = {}", "stock"),
]


def iso(t, digits=3):
    return datetime.datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[: -6 + digits] + "Z"


def write_shop(folder):
    rnd = random.Random(7)
    access, apps, db, slow = [], {1: [], 2: []}, [], []
    t = float(T0)
    for i in range(3000):
        t += rnd.expovariate(10)
        client = f"203.0.{rnd.randrange(4)}.{rnd.randrange(1, 60)}"
        agent = AGENTS[2] if i % 97 == 0 else rnd.choice(AGENTS[:2])
        method, path = ("GET", "/healthz") if agent == AGENTS[2] else rnd.choice([("GET", f"/items/{rnd.randrange(1, 900)}"), ("POST", "/cart"), ("GET", f"/users/{rnd.randrange(1, 50)}/orders?page=2")])
        app = 1 + i % 2
        rid = f"{rnd.getrandbits(128):032x}"
        broken = 1200 < i < 1900 and path == "/cart" and rnd.random() < 0.7
        lost = broken and rnd.random() < 0.1
        duration = round(rnd.lognormvariate(-4, 0.8), 3) + (0.6 if broken else 0)
        status = 502 if lost else 500 if broken else 404 if rnd.random() < 0.01 else 200
        end = t + duration
        size = rnd.randrange(10, 5000)
        # the server writes milliseconds of the duration, whole seconds of the time
        access.append((end, f'{client} - - [{datetime.datetime.fromtimestamp(int(end), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")}] "{method} {path} HTTP/1.1" {status} {size} "-" "{agent}" '
                            f'rt={duration:.3f} uct="0.001" urt="{duration:.3f}" ua="10.0.0.{app}:8080" rid={rid}'))
        if lost:
            continue
        version = "1.5.0" if i >= 1000 and app == 1 else "1.5.0" if i >= 1050 else "1.4.9"
        own = max(round((duration - 0.001) * 1000, 1), 0.1)
        record = {"level": "info", "time": iso(end), "service": "shop", "version": version, "msg": "request completed", "method": method, "path": path.split("?")[0], "status": status, "duration_ms": own, "request_id": rid.upper()}
        if broken:
            apps[app].append((end - 0.01, json.dumps({"level": "error", "time": iso(end - 0.01), "service": "shop", "version": version, "msg": f"cannot price basket {rnd.randrange(1000)}", "request_id": rid})))
        apps[app].append((end, json.dumps(record)))
        if i % 3 == 0:
            text, _ = STATEMENTS[i % 2]
            ms = round(duration * 500, 3)
            db.append((end - 0.002, f'{datetime.datetime.fromtimestamp(end - 0.002, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]} UTC [{4000 + i % 5}] app@shop LOG:  duration: {ms:.3f} ms  statement: {text.format(rnd.randrange(10**6))}'))
    for rows in (access, apps[1], apps[2], db):
        rows.sort(key=lambda r: r[0])
    put(folder, "nginx/access.log.1.gz", [line for _, line in access[:1000]])
    put(folder, "nginx/access.log", [line for _, line in access[1000:]])
    put(folder, "app/shop-1.log", [line for _, line in apps[1]])
    put(folder, "app/shop-2.log", [line for _, line in apps[2]])
    put(folder, "db/postgresql.log", [line for _, line in db])


def put(folder, name, lines):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with (gzip.open if name.endswith(".gz") else open)(path, "wt") as f:
        f.write("".join(line + "\n" for line in lines))


# ---- the same lines, read another way ----

ACCESS = re.compile(r'(\S+) - - \[([^]]+)\] "(\S+) (\S+) [^"]*" (\d+) (\d+) "-" "([^"]*)" rt=(\S+) uct="[^"]*" urt="[^"]*" ua="([^"]*)" rid=(\S+)')
POSTGRES = re.compile(r'(\S+ \S+) UTC \[(\d+)\] \S+ LOG:  duration: (\S+) ms  statement: (.*)')


def lines_of(folder, *names):
    for name in names:
        with (gzip.open if name.endswith(".gz") else open)(os.path.join(folder, name), "rt") as f:
            for number, line in enumerate(f, 1):
                yield os.path.join(folder, name), number, line.rstrip("\n")


def fold(method, path):
    return method + " " + re.sub(r"/\d+", "/{}", path.split("?")[0])


def load(folder):
    sql = sqlite3.connect(":memory:")
    sql.execute("create table access (path, line int, start int, end int, client, route, status int, bytes int, agent, duration int, upstream, id)")
    sql.execute("create table app (path, line int, start int, end int, instance, level, version, msg, route, status int, duration int, id)")
    sql.execute("create table db (path, line int, start int, end int, pid int, duration int, statement)")
    for path, number, line in lines_of(folder, "nginx/access.log.1.gz", "nginx/access.log"):
        client, time, method, target, status, size, agent, rt, upstream, rid = ACCESS.fullmatch(line).groups()
        end = int(datetime.datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z").timestamp()) * SECOND
        duration = round(float(rt) * 1000) * 1_000_000
        sql.execute("insert into access values (?,?,?,?,?,?,?,?,?,?,?,?)", (path, number, end - duration, end, client, fold(method, target), int(status), int(size), agent, duration, upstream, rid))
    for i in (1, 2):
        for path, number, line in lines_of(folder, f"app/shop-{i}.log"):
            r = json.loads(line)
            end = round(datetime.datetime.fromisoformat(r["time"].replace("Z", "+00:00")).timestamp() * 1000) * 1_000_000
            duration = round(r["duration_ms"] * 1_000_000) if "duration_ms" in r else None
            sql.execute("insert into app values (?,?,?,?,?,?,?,?,?,?,?,?)", (path, number, end - (duration or 0), end, f"shop-{i}", r["level"], r["version"], re.sub(r"\d+", "{}", r["msg"]),
                                                                            fold(r["method"], r["path"]) if "path" in r else None, r.get("status"), duration, r["request_id"].lower()))
    for path, number, line in lines_of(folder, "db/postgresql.log"):
        time, pid, ms, statement = POSTGRES.fullmatch(line).groups()
        end = round(datetime.datetime.strptime(time, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp() * 1000) * 1_000_000
        duration = round(float(ms) * 1_000_000)
        sql.execute("insert into db values (?,?,?,?,?,?,?)", (path, number, end - duration, end, int(pid), duration, "orders" if "orders" in statement else "stock"))
    return sql


# ---- what rca says ----

def ask(probe, *args):
    out = subprocess.run([probe, *args], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return out, [json.loads(line) for line in out.splitlines()]


def frames(answers, stream, by0, by1=""):
    return {(f["value0"], f["value1"]): f for f in answers if f["call"] == "frame" and f["stream"] == stream and f["by0"] == by0 and f["by1"] == by1}


def buckets(rows, first, width=10 * SECOND):
    counts = collections.Counter()
    for start, amount in rows:
        counts[str((start - first) // width)] += amount
    return {k: v for k, v in counts.items() if v}


def check_frame(what, frame, rows):
    """rows: (start, failed, bytes, duration ns or None)"""
    if frame is None:
        wrong.append(f"{what}: no such series")
        return
    first = frame["start"]
    check(what + " count", frame.get("count", {}), buckets([(r[0], 1) for r in rows], first))
    check(what + " failed", frame.get("failed", {}), buckets([(r[0], 1) for r in rows if r[1]], first))
    if rows and rows[0][2] is not None:
        check(what + " bytes", frame.get("bytes", {}), buckets([(r[0], r[2]) for r in rows], first))
    durations = buckets([(r[0], r[3]) for r in rows if r[3]], first)
    check(what + " durations", sorted(frame.get("duration", {})), sorted(durations))
    for b, ns in durations.items():
        near(f"{what} duration of bucket {b}", frame.get("duration", {}).get(b), ns / 1e9)


def check_sources(answers, sql, folder):
    by_path = {os.path.relpath(s["path"], folder): s for s in answers if s["call"] == "source"}
    for path, table, where in (("nginx/access.log", "access", "1"), ("app/shop-1.log", "app", "instance = 'shop-1'"), ("app/shop-2.log", "app", "instance = 'shop-2'"), ("db/postgresql.log", "db", "1")):
        n, first, last = sql.execute(f"select count(*), min(end), max(end) from {table} where {where}").fetchone()
        s = by_path[path]
        check(f"{path} counts", (s["lines"], s["records"], s["parsed"], s["rejected"]), (n, n, n, 0))
        check(f"{path} extent", (s["first"], s["last"]), (first, last))
    check("5xx", by_path["nginx/access.log"]["http_5xx"], sql.execute("select count(*) from access where status >= 500").fetchone()[0])
    check("errors", by_path["app/shop-1.log"]["errors"], sql.execute("select count(*) from app where instance = 'shop-1' and level = 'error'").fetchone()[0])
    check("slow", by_path["db/postgresql.log"]["slow"], sql.execute("select count(*) from db").fetchone()[0])
    peers = {(p["upstream"], p["instance"]) for p in answers if p["call"] == "peer"}
    check("peers", peers, {("10.0.0.1:8080", "shop-1"), ("10.0.0.2:8080", "shop-2")})
    check("user-facing", [a["user_facing"] for a in answers if a["call"] == "store"], ["access"])


def check_frames(answers, sql):
    everything = "start, status >= 500, bytes, duration"
    whole = frames(answers, "access", "")[("", "")]
    check_frame("access", whole, sql.execute(f"select {everything} from access").fetchall())
    check("clients", whole["distinct_clients"], sql.execute("select count(distinct client) from access").fetchone()[0])
    check("failed clients", whole["distinct_clients_failed"], sql.execute("select count(distinct client) from access where status >= 500").fetchone()[0])
    by_route = frames(answers, "access", "route", "status")
    pairs = sql.execute("select distinct route, status from access").fetchall()
    check("routes", sorted(by_route), sorted((r, str(s)) for r, s in pairs))
    for route, status in pairs:
        check_frame(f"access {route} {status}", by_route.get((route, str(status))), sql.execute(f"select {everything} from access where route = ? and status = ?", (route, status)).fetchall())
    for upstream, in sql.execute("select distinct upstream from access").fetchall():
        check_frame(f"access {upstream}", frames(answers, "access", "upstream").get((upstream, "")), sql.execute(f"select {everything} from access where upstream = ?", (upstream,)).fetchall())
    networks = collections.Counter(re.sub(r"\.\d+$", ".0/24", c) for c, in sql.execute("select client from access"))
    check("networks", {k[0]: int(sum(f["count"].values())) for k, f in frames(answers, "access", "network").items()}, dict(networks))
    probes = sum(sum(f["count"].values()) for k, f in frames(answers, "access", "audience", "agent family").items() if k[0] == "probe")
    check("probes", probes, sql.execute("select count(*) from access where agent like 'kube-probe%'").fetchone()[0])
    for level, kind in (("error", "error"), ("info", "request")):
        rows = sql.execute("select start, case when status is null then level = 'error' else status >= 500 end, null, duration from app where level = ?", (level,)).fetchall()
        check_frame(f"app {kind}", frames(answers, "app", "kind", "severity").get((kind, level)), rows)
    for instance, version in sql.execute("select distinct instance, version from app").fetchall():
        rows = sql.execute("select start, case when status is null then level = 'error' else status >= 500 end, null, duration from app where instance = ? and version = ?", (instance, version)).fetchall()
        check_frame(f"app {instance} {version}", frames(answers, "app", "instance", "version").get((instance, version)), rows)
    templates = {k[0]: int(sum(f["count"].values())) for k, f in frames(answers, "app", "template").items()}
    check("templates", templates, dict(sql.execute("select msg, count(*) from app group by msg").fetchall()))
    statements = {("orders" if "orders" in f["label0"] else "stock"): f for f in frames(answers, "db", "fingerprint").values()}
    for name in ("orders", "stock"):
        check_frame(f"statement {name}", statements.get(name), sql.execute("select start, 0, null, duration from db where statement = ?", (name,)).fetchall())


def check_join(answers, sql):
    sql.execute("create temp table j as select a.id, a.route, a.status >= 500 as bad, exists (select 1 from app p where p.id = a.id) as joined from access a")
    expected = {r[0]: tuple(r[1:]) for r in sql.execute("select route, sum(bad and joined), sum(not bad and joined), sum(bad and not joined), sum(not bad and not joined) from j group by route")}
    got = {r["route"]: (r["bad"] + r["queued"], r["good"], r["bad_unjoined"], r["good_unjoined"]) for r in answers if r["call"] == "join-route" and r["join"] == 0}
    check("join routes", got, expected)
    check("none queued", sum(r["queued"] for r in answers if r["call"] == "join-route" and r["join"] == 0), 0)
    expected = {(m, r): (b, g) for m, r, b, g in sql.execute("select msg, j.route, count(distinct case when bad then j.id end), count(distinct case when not bad then j.id end) from j join app p on p.id = j.id group by msg, j.route")}
    got = {(c["thing"], c["route"]): (c["bad_with"], c["good_with"]) for c in answers if c["call"] == "join-cell" and c["join"] == 0}
    check("join cells", got, expected)
    expected = {(u, r): (b, g) for u, r, b, g in sql.execute("select upstream, route, sum(status >= 500), sum(status < 500) from access group by upstream, route")}
    got = {(c["thing"], c["route"]): (c["bad_with"], c["good_with"]) for c in answers if c["call"] == "join-cell" and c["join"] == 2}
    check("join with itself", got, expected)


def check_rows(answers, sql):
    failed = sql.execute("""select path, line, start, end from (select path, line, start, end from access where status >= 500
        union all select path, line, start, end from app where status >= 500 or (status is null and level = 'error')) order by start limit 40""").fetchall()
    got = [(r["path"], r["line"], r["start"], r["end"]) for r in answers if r["call"] == "row" and r["what"] == "failed"]
    check("failed rows", [r[2:] for r in got], [r[2:] for r in failed])
    check("failed rows, as a set", set(got[:-3]) - set(failed), set())
    slowest = sql.execute("select duration from (select duration from access union all select duration from app union all select duration from db) where duration is not null order by duration desc limit 40").fetchall()
    check("slowest rows", [r["duration"] for r in answers if r["call"] == "row" and r["what"] == "slowest"], [d for d, in slowest])
    ids = [r for r in answers if r["call"] == "row" and r["what"] == "id"]
    n = sql.execute("select (select count(*) from access where id = ?1) + (select count(*) from app where id = ?1)", (ids[0]["id"],)).fetchone()[0] if ids else -1
    check("rows of one id", len(ids), n)


def check_texts(answers):
    cache = {}
    for r in answers:
        if r["call"] != "row":
            continue
        if r["path"] not in cache:
            with (gzip.open if r["path"].endswith(".gz") else open)(r["path"], "rt") as f:
                cache[r["path"]] = f.read().split("\n")
        line = cache[r["path"]][r["line"] - 1]
        check(f"{r['path']}:{r['line']}", r["text"].removesuffix("…"), line[: len(r["text"].removesuffix("…"))])


def check_seen(answers, sql):
    for value, n, first, last in sql.execute("select msg, count(*), min(start), max(start) from app group by msg"):
        got = [(s["count"], s["first"], s["last"]) for s in answers if s["call"] == "seen" and s["stream"] == "app" and s["value"] == value]
        check(f"seen {value}", got, [(n, first, last)])
    never = [s["count"] for s in answers if s["call"] == "seen" and s["value"] == "never seen anywhere"]
    check("never seen", never, [0, 0])


def check_changes(answers, sql):
    flips = [t for t, in sql.execute("select min(end) from app where version = '1.5.0' group by instance")]
    got = [(c["start"], c["end"], c["kind"], c["version"], c["before"], c["seen"]) for c in answers if c["call"] == "change"]
    check("version seen on rows", got, [(min(flips), max(flips), "deploy", "1.5.0", "1.4.9", 1)])


sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clickhouse"))
import server  # noqa: E402

def check_clickhouse(probe, house, name, logs, files):
    house.ask(f"CREATE DATABASE {name}")
    ask(probe, "ingest", house.address(name), logs)
    answer, _ = ask(probe, "local", house.address(name))
    if answer != files:
        a, b = answer.splitlines(), files.splitlines()
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        check(f"{logs}: files and ClickHouse agree", a[at : at + 1], b[at : at + 1])
    house.ask(f"DROP DATABASE {name}")


def compare_cases(probe, cases, folder, house, logs, files):
    if house:
        check_clickhouse(probe, house, "shop", logs, files)
    n = 0
    for case in sorted(os.listdir(cases)) if cases and os.path.isdir(cases) else []:
        path, store = os.path.join(cases, case), os.path.join(folder, case)
        if not os.path.isdir(path):
            continue
        files, _ = ask(probe, "files", path)
        ask(probe, "ingest", store, path)
        check(f"{case}: files and local agree", files == ask(probe, "local", store)[0], True)
        if house:
            check_clickhouse(probe, house, f"case{n}", path, files)
        n += 1
    print(f"{n} cases compared" if n else "no cases at hand: only the shop was compared")
    print("with ClickHouse" if house else "without ClickHouse: clickhouse-server is not installed")


def main():
    probe, cases = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        logs, store = os.path.join(folder, "logs"), os.path.join(folder, "store")
        write_shop(logs)
        sql = load(logs)
        files, answers = ask(probe, "files", logs)
        ask(probe, "ingest", store, logs)
        local, _ = ask(probe, "local", store)
        check("files and local agree", files == local, True)
        house = server.Server(os.path.join(folder, "server")).start() if server.BINARY else None
        try:
            compare_cases(probe, cases, folder, house, logs, files)
        finally:
            if house:
                house.stop()
        for test in (check_frames, check_join, check_rows, check_seen, check_changes):
            test(answers, sql)
        check_sources(answers, sql, logs)
        check_texts(answers)
    for w in wrong[:20]:
        print("WRONG", w)
    print(f"{len(wrong)} differences")
    return 1 if wrong else 0


sys.exit(main())
