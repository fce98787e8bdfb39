#!/usr/bin/env python3
"""The report out of ClickHouse is that of the files, byte for byte; ingest in pieces, a read-only account and a server
that is killed while it takes rows change nothing.

reports.py RCA CASE [CASES]: CASE is a folder of logs, CASES holds folders with such a `logs` each. Skips (77) without clickhouse-server."""

import datetime
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands
import server

wrong = []


def check(what, got, expected):
    if isinstance(got, str) and got != expected:
        a, b = got.split(", "), expected.split(", ")
        at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
        got, expected = ", ".join(a[at : at + 8]), ", ".join(b[at : at + 8])
    if got != expected:
        wrong.append(f"{what}\n  got      {got!r:.700}\n  expected {expected!r:.700}")


def run(*args, status=0):
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if status is not None and p.returncode != status:
        wrong.append(f"{args}: exit status {p.returncode}: {p.stderr.decode(errors='replace')[:500]}")
    return p


def report(rca, *args):
    return run(rca, *args, "--json").stdout.decode()


def windows(whole):
    """Around the onset, so that baselines are cut, and one that begins inside the incident."""
    onset = datetime.datetime.fromisoformat((whole["incidents"] or [whole["window"]])[0]["start"].replace("Z", "+00:00"))
    for before, after in ((20, 40), (60, 30), (-5, 25)):
        span = [onset - datetime.timedelta(seconds=before), onset + datetime.timedelta(seconds=after)]
        yield "..".join(t.strftime("%Y-%m-%dT%H:%M:%SZ") for t in span)


def compare_case(rca, house, name, logs):
    house.ask(f"CREATE DATABASE {name}")
    run(rca, "ingest", "--store", house.address(name), logs)
    whole = report(rca, logs)
    check(f"{logs}: report", report(rca, "--store", house.address(name)), whole)
    for window in windows(json.loads(whole)):
        check(f"{logs}: report of {window}", report(rca, "--store", house.address(name), "--window", window), report(rca, logs, "--window", window))
    house.ask(f"DROP DATABASE {name}")


def plain_copy(logs, folder):
    """Of @logs without compression: files that can grow."""
    for root, _, files in os.walk(logs):
        for name in files:
            to = os.path.join(folder, os.path.relpath(root, logs), name.removesuffix(".gz"))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            with (gzip.open if name.endswith(".gz") else open)(os.path.join(root, name), "rb") as f, open(to, "wb") as out:
                out.write(f.read())


def rows(house, database):
    return int(house.ask(f"SELECT count() FROM {database}.rca_rows WHERE block IN (SELECT arrayJoin(blocks) FROM {database}.rca_rows_sources)"))


def grow(rca, house, case, folder):
    """Twice the same is once; what is appended is added; a half line waits for its end."""
    logs = os.path.join(folder, "growing")
    plain_copy(case, logs)
    access = os.path.join(logs, "nginx", "access.log")
    whole = open(access, "rb").read()
    cut = whole.index(b"\n", len(whole) // 2) + 20
    with open(access, "wb") as f:
        f.write(whole[:cut])
    house.ask("CREATE DATABASE growing")
    for _ in range(2):
        os.utime(access)
        run(rca, "ingest", "--store", house.address("growing"), logs)
    with open(access, "ab") as f:
        f.write(whole[cut:])
    for _ in range(2):
        run(rca, "ingest", "--store", house.address("growing"), logs)
    lines = int(house.ask("SELECT count() FROM growing.rca_rows WHERE stream = 1 AND kind = 1"))
    check("lines of the log that grew", lines, whole.count(b"\n"))
    check("each line once", int(house.ask("SELECT uniqExact(line) FROM growing.rca_rows WHERE stream = 1 AND kind = 1")), lines)
    check("what grew: report", report(rca, "--store", house.address("growing")), report(rca, logs))


def look_only(rca, house, case):
    house.ask("CREATE DATABASE seen")
    run(rca, "ingest", "--store", house.address("seen"), case)
    expected = report(rca, case)
    commands.check(rca, house.address("seen"), case, house.folder + ".out", wrong)
    os.environ["RCA_CLICKHOUSE_USER"], os.environ["RCA_CLICKHOUSE_PASSWORD"] = "viewer", "only looking"
    check("a read-only account: report", report(rca, "--store", house.address("seen")), expected)
    p = run(rca, "ingest", "--store", house.address("seen"), case, status=1)
    check("a read-only account cannot ingest, and is told", b"may only read" in p.stderr, True)
    os.environ["RCA_CLICKHOUSE_PASSWORD"] = "secret-of-mine"
    p = run(rca, "--store", house.address("seen"), "--json", status=1)
    check("a wrong password is said", b"password" in p.stderr, True)
    check("and not shown", b"secret-of-mine" in p.stderr + p.stdout, False)
    del os.environ["RCA_CLICKHOUSE_USER"], os.environ["RCA_CLICKHOUSE_PASSWORD"]
    p = run(rca, "--store", house.address("seen", "viewer:other-secret@"), "--json", status=1)
    check("nor one of the address", b"other-secret" in p.stderr + p.stdout, False)


def kill_while_it_takes(rca, house, case, folder):
    """A server that dies in the middle: nothing of that ingest is seen; the next one brings all of it once."""
    house.ask("CREATE DATABASE killed")
    for delay in (0.05, 0.3, 0.6, 1.0):
        process = subprocess.Popen([rca, "ingest", "--store", house.address("killed"), case], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(delay)
        house.kill()
        _, error = process.communicate()
        house.start()
        if process.returncode == 0:
            break  # it was done before
        check("killed: one sentence", error.count(b"\n"), 1)
    run(rca, "ingest", "--store", house.address("killed"), case)
    check("killed server: report", report(rca, "--store", house.address("killed")), report(rca, case))
    p = run(rca, "ingest", "--store", house.address("killed"), case)
    check("killed server: nothing twice", b": 0 records" in p.stdout, True)


def refused(rca, folder):
    p = run(rca, "--store", f"clickhouse://127.0.0.1:{server.free_port()}/default", "--json", status=1)
    check("refused: said with the remedy", b"is the server up" in p.stderr and b"(query rca-" in p.stderr, True)
    p = run(rca, "--store", "clickhouse://user:hush@/x", "--json", status=1)
    check("no host: said without the password", b"hush" in p.stderr or b"clickhouse://" not in p.stderr, False)


def main():
    rca, case, cases = sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else ""
    if not server.BINARY:
        print("skipped: clickhouse-server is not installed (apt-get install clickhouse-server)")
        return 77
    folder = tempfile.mkdtemp(prefix="rca-clickhouse-")
    try:
        with server.Server(os.path.join(folder, "server")) as house:
            compare_case(rca, house, "bundled", case)
            names = sorted(n for n in os.listdir(cases) if os.path.isdir(os.path.join(cases, n, "logs"))) if os.path.isdir(cases) else []
            for i, name in enumerate(names):
                compare_case(rca, house, f"case{i}", os.path.join(cases, name, "logs"))
            grow(rca, house, case, folder)
            look_only(rca, house, case)
            kill_while_it_takes(rca, house, case, folder)
        refused(rca, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{1 + len(names)} cases compared")
    for w in wrong[:20]:
        print("WRONG", w)
    print(f"{len(wrong)} differences")
    return 1 if wrong else 0


sys.exit(main())
