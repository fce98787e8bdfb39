#!/usr/bin/env python3
"""Writes an archive of logs with planted incidents, the same bytes for the same arguments.

    archive.py OUT [--days 30] [--rate 0.25] [--seed 1] [--plain] [--healthy]

A shop of two instances behind nginx, on PostgreSQL, with a nightly export and deploys: logs
rotated daily, in gzip. Twelve incidents of five kinds are planted (--healthy: none): three
times the export takes a lock, three times the payment provider stops answering, three times
an instance is gone, two deploys break a route, once the database has no connection left.
Everything else did nothing: the export of the other nights and some twenty deploys. One
statement grows slowly. OUT/truth.json says what was planted; OUT/logs holds the logs."""
import argparse, gzip, json, os, random, time

DAY = 86400
START = 1792800000 - 1792800000 % DAY  # 2026-10-24, a Saturday

# Of 100 requests: how many, method, path ("%d" is filled), statement, what the statement takes (s).
ROUTES = [
    (34, "GET", "/products/%d", "SELECT id, name, price FROM products WHERE id = %d", 0.004),
    (18, "GET", "/search?q=w%d", "SELECT id, name FROM products WHERE name LIKE '%%w%d%%' LIMIT 20", 0.012),
    (16, "GET", "/account/%d/orders", "SELECT id, total FROM orders WHERE customer_id = %d ORDER BY created DESC", 0.008),
    (12, "POST", "/checkout", "INSERT INTO orders (customer_id, total) VALUES (%d, 10)", 0.006),
    (12, "GET", "/quote/%d", None, 0.0),
    (8, "GET", "/reports/%d", "SELECT day, sum(total) FROM order_items WHERE shop_id = %d GROUP BY day", 0.040),
]
PICK = [i for i, r in enumerate(ROUTES) for _ in range(r[0])]
CHECKOUT, QUOTE, REPORTS = 3, 4, 5
LOCKED = (2, 3)          # routes whose statements wait for orders
PROVIDED = (3, 4)        # routes that ask the payment provider
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
          "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Mobile/15E148 Safari/604.1"]
EXPORT_AT = 22 * 3600 + 1800

# (share of the archive's days, hour, minutes, kind)
PLAN = [(0.10, 22.5, 35, "export"), (0.17, 10.2, 40, "provider"), (0.24, 15.6, 35, "instance"), (0.31, 12.4, 45, "deploy"),
        (0.38, 22.5, 40, "export"), (0.45, 18.1, 35, "provider"), (0.52, 9.7, 40, "instance"), (0.59, 23.7, 40, "connections"),
        (0.66, 22.5, 35, "export"), (0.76, 13.3, 45, "provider"), (0.86, 11.0, 35, "instance"), (0.93, 16.2, 40, "deploy")]


def plan(days, healthy):
    incidents = []
    for share, hour, minutes, kind in [] if healthy else PLAN:
        start = START + int(share * days) * DAY + int(hour * 3600) + 7
        incidents.append({"kind": kind, "start": start, "end": start + minutes * 60})
    return incidents


def stamp(t, ms=True):
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t))
    return text + (".%03dZ" % (t % 1 * 1000) if ms else "Z")


def changes(days, incidents, rng):
    """Deploys, rollbacks, the nightly export; and the version of the shop over time."""
    rows, versions, minor = [], [(0, "2.0.0")], 0
    bad = {i["start"] // DAY for i in incidents}
    for d in range(days):
        day = START + d * DAY
        rows.append((day + EXPORT_AT, {"event": "job", "service": "shop", "message": "job nightly-export started"}))
        rows.append((day + EXPORT_AT + 1500 + rng.randrange(300), {"event": "job", "service": "shop", "message": "job nightly-export finished"}))
        if day // DAY not in bad and rng.random() < 0.9:
            minor += 1
            at = day + rng.randrange(9 * 3600, 17 * 3600)
            rows.append((at, {"event": "deploy", "service": "shop", "version": "2.%d.0" % minor, "status": "succeeded"}))
            versions.append((at, "2.%d.0" % minor))
    for i in incidents:
        if i["kind"] != "deploy":
            continue
        before = max(v for v in versions if v[0] < i["start"])[1]
        i["version"] = before.rsplit(".", 1)[0] + ".9"
        rows.append((i["start"] - 4, {"event": "deploy", "service": "shop", "version": i["version"], "status": "succeeded"}))
        rows.append((i["end"], {"event": "rollback", "service": "shop", "version": before, "status": "succeeded"}))
        versions += [(i["start"] - 4, i["version"]), (i["end"], before)]
    return sorted(rows, key=lambda r: r[0]), sorted(versions)


class Day:
    """One day's lines of every log."""

    def __init__(self, rng, day, share, rate, incidents, versions):
        self.rng, self.day, self.share, self.rate, self.incidents, self.versions = rng, day, share, rate, incidents, versions
        self.lines = {"nginx/access.log": [], "nginx/error.log": [], "app/shop-1.log": [], "app/shop-2.log": [], "db/postgresql.log": []}
        self.connection = 100

    def log(self, name, t, text):
        self.lines[name].append((t, text))

    def incident(self, t):
        for i in self.incidents:
            if i["start"] <= t < i["end"]:
                return i
        return None

    def version(self, t):
        return max(v for v in self.versions if v[0] <= t)[1]

    def statement(self, t, seconds, text, pid):
        self.log("db/postgresql.log", t + seconds, "%s UTC [%d] app@shop LOG:  duration: %.3f ms  statement: %s" % (stamp(t + seconds)[:-1].replace("T", " "), pid, seconds * 1000, text))

    def app(self, instance, t, level, rid, msg, **more):
        row = {"level": level, "time": stamp(t), "service": "shop", "version": self.version(t), "msg": msg, "request_id": rid}
        row.update(more)
        self.log("app/shop-%d.log" % instance, t, json.dumps(row))

    def access(self, t, seconds, method, path, status, instance, upstream_status, rid):
        r = self.rng
        self.log("nginx/access.log", t + seconds,
                 '10.%d.%d.%d - - [%s] "%s %s HTTP/1.1" %d %d "-" "%s" %.3f %.3f 127.0.0.1:810%d %s %s'
                 % (r.randrange(3), r.randrange(60), r.randrange(250), time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(t + seconds)), method, path, status, r.randrange(200, 9000),
                    AGENTS[r.randrange(3)], seconds, seconds, instance, upstream_status, rid))

    def request(self, t):
        r = self.rng
        route = PICK[r.randrange(100)]
        _, method, path, sql, base = ROUTES[route]
        n = r.randrange(1, 5000)
        if "%d" in path:
            path = path % n
        rid, instance, pid = "%032x" % r.getrandbits(128), r.randrange(1, 3), 2000 + r.randrange(20)
        bad = self.incident(t)
        kind = bad["kind"] if bad and (r.random() < 0.85 or bad["kind"] == "instance") else None
        took = base * (0.5 + r.expovariate(2)) * ((1 + 2 * self.share) if route == REPORTS else 1)
        rest = 0.004 + r.expovariate(250)
        if route in PROVIDED:
            rest += 0.06 + r.expovariate(40)
        text = sql % n if sql else None
        if kind == "instance" and instance == 2:
            self.log("nginx/error.log", t + 0.001, '%s [error] 31#31: *%d connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.1.9, server: shop, request: "%s %s HTTP/1.1", upstream: "http://127.0.0.1:8102%s", host: "shop"'
                     % (time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(t + 0.001)), n, method, path, path))
            return self.access(t, 0.001, method, path, 502, 2, 502, rid)
        if kind == "export" and route in LOCKED:
            self.log("db/postgresql.log", t + 1.002, "%s UTC [%d] app@shop LOG:  process %d still waiting for RowExclusiveLock on relation 16396 of database 16385 after 1000.1 ms" % (stamp(t + 1.002)[:-1].replace("T", " "), pid, pid))
            self.log("db/postgresql.log", t + 1.0021, "%s UTC [%d] app@shop DETAIL:  Process holding the lock: 4711. Wait queue: %d." % (stamp(t + 1.0021)[:-1].replace("T", " "), pid, pid))
            self.log("db/postgresql.log", t + 1.0022, "%s UTC [%d] app@shop STATEMENT:  %s" % (stamp(t + 1.0022)[:-1].replace("T", " "), pid, text))
            self.log("db/postgresql.log", t + 3.003, "%s UTC [%d] app@shop ERROR:  canceling statement due to statement timeout" % (stamp(t + 3.003)[:-1].replace("T", " "), pid))
            self.log("db/postgresql.log", t + 3.0031, "%s UTC [%d] app@shop STATEMENT:  %s" % (stamp(t + 3.0031)[:-1].replace("T", " "), pid, text))
            self.app(instance, t + 3.005, "error", rid, "QueryCanceled: canceling statement due to statement timeout", method=method, path=path, status=500, duration_ms=3005.0, exception="QueryCanceled")
            return self.access(t, 3.006, method, path, 500, instance, 500, rid)
        if kind == "provider" and route in PROVIDED:
            self.app(instance, t + 5.0, "error", rid, "call to payments.example.net timed out after 5000 ms", peer="payments.example.net", method=method, path=path, status=504, duration_ms=5001.0)
            return self.access(t, 5.002, method, path, 504, instance, 504, rid)
        if kind == "deploy" and route == QUOTE:
            self.app(instance, t + 0.004, "error", rid, "KeyError: 'discount' in quote_total", method=method, path=path, status=500, duration_ms=4.2, exception="KeyError")
            return self.access(t, 0.005, method, path, 500, instance, 500, rid)
        if kind == "connections" and sql and r.random() < 0.6:
            self.log("db/postgresql.log", t + 0.002, "%s UTC [%d] app@shop FATAL:  sorry, too many clients already" % (stamp(t + 0.002)[:-1].replace("T", " "), 9000 + r.randrange(900)))
            self.app(instance, t + 0.003, "error", rid, "OperationalError: FATAL: sorry, too many clients already", method=method, path=path, status=503, duration_ms=3.1, exception="OperationalError")
            return self.access(t, 0.004, method, path, 503, instance, 503, rid)
        if text:
            self.statement(t + rest / 2, took, text, pid)
        if r.random() < 0.0008:  # what always fails a little
            self.app(instance, t + took + rest, "error", rid, "unexpected end of input", method=method, path=path, status=500, duration_ms=round((took + rest) * 1000, 1))
            return self.access(t, took + rest, method, path, 500, instance, 500, rid)
        self.app(instance, t + took + rest, "info", rid, "request completed", method=method, path=path, status=200, duration_ms=round((took + rest) * 1000, 1))
        self.access(t, took + rest + 0.001, method, path, 200, instance, 200, rid)

    def run(self):
        from math import sin, pi
        t = self.day + self.rng.expovariate(self.rate)
        while t < self.day + DAY:
            self.request(t)
            busy = 1 + 0.55 * sin(2 * pi * ((t % DAY) / DAY - 0.33))  # busiest in the afternoon
            t += self.rng.expovariate(self.rate * busy)


def write(path, lines, plain):
    lines.sort(key=lambda line: line[0])
    data = ("\n".join(text for _, text in lines) + "\n").encode() if lines else b""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if plain:
        with open(path, "wb") as f:
            f.write(data)
        return
    with open(path + ".gz", "wb") as raw, gzip.GzipFile("", "wb", 1, raw, 0) as f:
        f.write(data)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out")
    p.add_argument("--days", type=int, default=30)
    p.add_argument("--rate", type=float, default=0.25, help="requests a second, on average")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--plain", action="store_true")
    p.add_argument("--healthy", action="store_true")
    a = p.parse_args()
    incidents = plan(a.days, a.healthy)
    rows, versions = changes(a.days, incidents, random.Random(a.seed))
    for d in range(a.days):
        day = Day(random.Random(a.seed * 1000 + d + 1), START + d * DAY, d / a.days, a.rate, incidents, versions)
        day.run()
        for name, lines in day.lines.items():
            if lines:
                write("%s/logs/%s-%s" % (a.out, name, time.strftime("%Y%m%d", time.gmtime(day.day))), lines, a.plain)
    write(a.out + "/logs/deploys/changes.jsonl", [(t, json.dumps({"time": stamp(t, False), **row})) for t, row in rows], True)
    with open(a.out + "/truth.json", "w") as f:
        json.dump({"days": a.days, "incidents": [{**i, "start": stamp(i["start"], False), "end": stamp(i["end"], False)} for i in incidents]}, f, indent=1)


main()
