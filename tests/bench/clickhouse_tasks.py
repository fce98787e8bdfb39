"""The ClickHouse backend on a server of its own (Debian's): ingest beside the server's own INSERT, an analysis beside queries run by hand,
and what it costs when the table grows outside the window."""
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clickhouse"))
import server

from measure import run_once
from tasks import INCIDENT, check_story, wall, window_of

GROWTH = [1, 4, 16]
SHIFT_DAYS = 40  # beyond what an analysis looks back for what is new
COUNTED = re.compile(rb"(\d+) statements, (\d+) bytes in, (\d+) bytes out")

# What a person would ask of the window: failures over time, latency, who fails, what the database says, some lines.
BY_HAND = [
    "SELECT intDiv(start_ns, 10000000000) AS b, route, count(), countIf(status >= 500) FROM rca_rows WHERE {where} AND stream = 1 GROUP BY b, route FORMAT RowBinary",
    "SELECT intDiv(start_ns, 10000000000) AS b, route, quantilesTDigest(0.5, 0.95, 0.99)(duration) FROM rca_rows WHERE {where} AND stream = 1 GROUP BY b, route FORMAT RowBinary",
    "SELECT service, template, severity, count() FROM rca_rows WHERE {where} AND stream = 2 GROUP BY service, template, severity FORMAT RowBinary",
    "SELECT fingerprint, count(), sum(duration), max(rows_examined) FROM rca_rows WHERE {where} AND stream = 3 GROUP BY fingerprint FORMAT RowBinary",
    "SELECT start_ns, text FROM rca_rows WHERE {where} AND status >= 500 ORDER BY start_ns LIMIT 200 FORMAT RowBinary",
]


def post(house, sql, data=None):
    url = f"http://127.0.0.1:{house.http}/" + ("?query=" + urllib.request.quote(sql) if data is not None else "")
    return urllib.request.urlopen(url, data=sql.encode() if data is None else data, timeout=600).read()


def timed(f, times):
    """The least of @times runs, and what the last gave."""
    least = result = None
    for _ in range(times):
        began = time.monotonic()
        result = f()
        took = time.monotonic() - began
        least = took if least is None else min(least, took)
    return least, result


def ingest(bench, house):
    mb = bench.megabytes(INCIDENT)
    began = time.monotonic()
    cost = run_once([bench.rca, "ingest", "--store", house.address(), *map(bench.path, INCIDENT)])
    took = time.monotonic() - began
    bench.expect(cost.status == 0, "ingest into ClickHouse: %s" % cost.err.decode(errors="replace")[-300:])
    rows = int(house.ask("SELECT count() FROM rca_rows"))
    house.ask("CREATE TABLE beside AS rca_rows ENGINE = MergeTree PARTITION BY day ORDER BY (stream, start_ns)")
    native = 0.0
    for stream in range(1, 8):  # a piece at a time: what is compared is the INSERT, not this program's memory
        data = post(house, "SELECT * FROM rca_rows WHERE stream = %d FORMAT Native" % stream)
        native += timed(lambda: post(house, "INSERT INTO beside FORMAT Native", data), 1)[0] if data else 0
    bench.expect(int(house.ask("SELECT count() FROM beside")) == rows, "the INSERT beside it has other rows")
    house.ask("DROP TABLE beside")
    bench.add("clickhouse: ingest", rows / took, "%.0f rows/s (%.1f MB/s)" % (rows / took, mb / took), "INSERT … FORMAT Native", rows / native, "%.0f rows/s" % (rows / native), **cost.numbers())
    bench.add("clickhouse: peak memory of ingest", cost.peak_mb, "%.0f MB" % cost.peak_mb)
    return rows


def analysis(bench, house):
    os.environ["G_MESSAGES_DEBUG"] = "all"
    try:
        cost = bench.run("--utc", "--json", "--store", house.address(), "--window", window_of(bench), by=wall)
    finally:
        del os.environ["G_MESSAGES_DEBUG"]
    found = COUNTED.search(cost.err) or COUNTED.search(cost.out)
    statements, bytes_in = (int(found[1]), int(found[2])) if found else (0, 0)
    bench.expect(statements > 0, "the analysis did not say how many statements it took")
    start = cost.out.find(b'{"schema"')
    return cost, statements, bytes_in, cost.out[start:]


def add_copies(house, first, last):
    """Copies of the newest day's rows on days long before: of the same blocks, so that they count."""
    columns = house.ask("SELECT name FROM system.columns WHERE database = 'default' AND table = 'rca_rows'").split()
    for shift in range(SHIFT_DAYS + first, SHIFT_DAYS + last):
        change = {"day": f"day - {shift}", "start_ns": f"start_ns - {shift} * 86400000000000", "end_ns": f"end_ns - {shift} * 86400000000000"}
        chosen = ", ".join(change.get(c, f"`{c}`") for c in columns)
        house.ask(f"INSERT INTO rca_rows SELECT {chosen} FROM rca_rows WHERE day = (SELECT max(day) FROM rca_rows)")


def growth(bench, house):
    first, copies = None, 0
    for factor in GROWTH:
        add_copies(house, copies, factor - 1)
        copies = factor - 1
        cost, statements, bytes_in, document = analysis(bench, house)
        now = int(house.ask("SELECT count() FROM rca_rows"))
        bench.add("clickhouse: analyze, %d x outside the window" % factor, cost.wall_s, "%.3f s of %d rows" % (cost.wall_s, now),
                  *(("the table as it was", first[0], "%.3f s" % first[0], False) if first else ()), **cost.numbers())
        bench.expect(first is None or document == first[1], "clickhouse: rows outside the window change the answer")
        bench.expect(first is None or bytes_in < 1.1 * first[2], "clickhouse: rows outside the window cross the wire")
        first = first or (cost.wall_s, document, bytes_in)


def measure(bench):
    if not server.BINARY:
        bench.skipped.append("clickhouse-server is not installed: the ClickHouse backend is not measured")
        return
    folder = tempfile.mkdtemp(prefix="rca-bench-clickhouse-")
    try:
        with server.Server(folder) as house:
            rows = ingest(bench, house)
            cost, statements, bytes_in, document = analysis(bench, house)
            check_story(bench, json.loads(document or b'{"incidents": []}'), "clickhouse")
            start = (bench.key["onset"] - 1800) * 10**9
            where = "start_ns >= %d AND start_ns < %d AND day >= toDate(%d) AND day <= toDate(%d)" % (start, start + 2700 * 10**9, start // 10**9 // 86400, (start // 10**9 + 2700) // 86400)
            by_hand, _ = timed(lambda: [post(house, q.format(where=where)) for q in BY_HAND], bench.repeat)
            bench.add("clickhouse: analyze, window", cost.wall_s, "%.3f s, %d statements" % (cost.wall_s, statements), "%d queries by hand" % len(BY_HAND), by_hand, "%.3f s" % by_hand, False, **cost.numbers())
            bench.add("clickhouse: bytes over the wire of an analysis", bytes_in, "%.1f kB of %d rows" % (bytes_in / 1e3, rows))
            growth(bench, house)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
