#!/usr/bin/env python3
"""The current engine (npm's chdb behind chdb.mjs): the report out of rca's own table there, and out of an otel_logs as the
Collector's exporter made it in 2023, in 2024-25 and makes it in 2026, is that of the files; paths and notes aside.

otel.py RCA CASE [CASES]: skips (77) unless RCA_CHDB names a folder in which `npm install chdb` was done."""

import datetime
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

COMMON = """`TraceId` String CODEC(ZSTD(1)), `SpanId` String CODEC(ZSTD(1)), `SeverityText` LowCardinality(String), `ServiceName` LowCardinality(String) CODEC(ZSTD(1)),
`Body` String CODEC(ZSTD(1)), `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)), `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1))"""
GENERATIONS = {
    "2023": f"""(`Timestamp` DateTime64(9) CODEC(Delta, ZSTD(1)), `TraceFlags` UInt32, `SeverityNumber` Int32, {COMMON}) ENGINE = MergeTree
PARTITION BY toDate(Timestamp) ORDER BY (ServiceName, SeverityText, toUnixTimestamp(Timestamp), TraceId)""",
    "2024": f"""(`Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)), `TimestampTime` DateTime DEFAULT toDateTime(Timestamp), `TraceFlags` UInt8, `SeverityNumber` UInt8,
`ScopeName` String, {COMMON}, INDEX idx_body Body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 8) ENGINE = MergeTree
PARTITION BY toDate(TimestampTime) PRIMARY KEY (ServiceName, TimestampTime) ORDER BY (ServiceName, TimestampTime, Timestamp)""",
    "2026": f"""(`Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)), `TraceFlags` UInt8, `SeverityNumber` UInt8, `EventName` String, {COMMON}) ENGINE = MergeTree
PARTITION BY toDate(Timestamp) ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)""",
}
wrong = []


class Engine:
    def __init__(self, folder):
        self.folder, self.http = folder, server.free_port()

    def __enter__(self):
        shim = os.path.join(os.path.dirname(os.path.abspath(__file__)), "chdb.mjs")
        self.process = subprocess.Popen(["node", shim, self.folder, str(self.http)], cwd=os.environ["RCA_CHDB"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                self.version = self.ask("SELECT version()").strip()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("chdb did not answer within half a minute")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def ask(self, sql, database="default"):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.http}/?database={database}", data=sql.encode(), timeout=120).read().decode()

    def address(self, database):
        return f"clickhouse://127.0.0.1:{self.http}/{database}"


def report(rca, *args):
    p = subprocess.run([rca, *args, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode != 0:
        wrong.append(f"{args}: exit status {p.returncode}: {p.stderr.decode(errors='replace')[:500]}")
        return {}
    return json.loads(p.stdout)


def content(path):
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dcq", path], stdout=subprocess.PIPE, check=True).stdout
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        return f.read()


def without_suffix(text):
    return re.sub(r"\.(gz|zst)\b", "", text)


def bare(value, case):
    """Without sources and notes; paths from below the case."""
    if isinstance(value, dict):
        return {k: bare(v, case) for k, v in value.items() if k not in ("sources", "notes")}
    if isinstance(value, list):
        return [bare(v, case) for v in value]
    return re.sub(r"otel_logs/[^/ ]+/", "", without_suffix(value.replace(case + "/", ""))) if isinstance(value, str) else value


def first_difference(a, b, at=""):
    if isinstance(a, dict) and isinstance(b, dict):
        return next((d for k in {**a, **b} if (d := first_difference(a.get(k), b.get(k), f"{at}.{k}"))), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return next((d for i, (x, y) in enumerate(zip(a, b)) if (d := first_difference(x, y, f"{at}[{i}]"))), None)
    return None if a == b else f"{at}: {a!r:.200} instead of {b!r:.200}"


def compare(what, got, expected, case):
    difference = first_difference(bare(got, case), bare(expected, case))
    if difference or not got:
        wrong.append(f"{what}: {difference}")


def epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def lines_of(case, window):
    """All lines as the filelog receiver sends them; the time a record came at grows along its file."""
    start, end = epoch(window["start"]), epoch(window["end"])
    for root, _, files in sorted(os.walk(case)):
        for name in sorted(files):
            path = os.path.join(root, name)
            lines = content(path).split(b"\n")[:-1]
            for i, line in enumerate(lines):
                t = int((start + (end - start) * i / len(lines)) * 1e9)
                yield t, os.path.basename(root), line.decode("utf-8", "replace"), without_suffix(os.path.relpath(path, case))


def fill_otel(engine, folder, database, case, window, generation):
    engine.ask("DROP TABLE IF EXISTS otel_logs", database)
    engine.ask(f"CREATE TABLE otel_logs {GENERATIONS[generation]}", database)
    path = os.path.join(folder, "rows.json")
    with open(path, "w") as f:
        for t, service, body, file in lines_of(case, window):
            f.write(json.dumps({"Timestamp": f"{t // 10**9}.{t % 10**9:09d}", "ServiceName": service, "Body": body, "LogAttributes": {"log.file.path": file}}) + "\n")
    engine.ask(f"INSERT INTO otel_logs FROM INFILE '{path}' FORMAT JSONEachRow", database)


def main():
    rca, case, cases = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    if not os.path.isdir(os.path.join(os.environ.get("RCA_CHDB", ""), "node_modules", "chdb")) or not shutil.which("node"):
        print("skipped: RCA_CHDB names no folder with npm's chdb")
        return 77
    all_cases = [case] + ([os.path.join(cases, n, "logs") for n in sorted(os.listdir(cases)) if os.path.isdir(os.path.join(cases, n, "logs"))] if os.path.isdir(cases) else [])
    folder = tempfile.mkdtemp(prefix="rca-chdb-")
    try:
        with Engine(folder) as engine:
            for i, logs in enumerate(all_cases):
                engine.ask(f"CREATE DATABASE c{i}")
                expected = report(rca, logs)
                subprocess.run([rca, "ingest", "--store", engine.address(f"c{i}"), logs], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                compare(f"{logs}: own table", report(rca, "--store", engine.address(f"c{i}")), expected, logs)
                for generation in GENERATIONS:
                    fill_otel(engine, folder, f"c{i}", logs, expected["window"], generation)
                    compare(f"{logs}: otel_logs of {generation}", report(rca, "--store", engine.address(f"c{i}") + "?table=otel_logs"), expected, logs)
            print(f"{len(all_cases)} cases compared on ClickHouse {engine.version}, own table and {len(GENERATIONS)} generations of otel_logs")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for w in wrong[:20]:
        print("WRONG", w)
    print(f"{len(wrong)} differences")
    return 1 if wrong else 0


sys.exit(main())
