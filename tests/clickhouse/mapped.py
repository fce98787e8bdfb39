#!/usr/bin/env python3
"""Tables of logs with names of their own are asked when the configuration says what their columns mean: the incident is that
of the files. On Debian's old server, which has no Map: what an account that may only read can be asked anywhere.

mapped.py RCA CASE: skips (77) without clickhouse-server."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

wrong = []
ACCESS = re.compile(r'(\S+) - \S+ \[(\d\d)/(\w\w\w)/(\d{4}):(\S+) \+0000\] "(\w+) (\S+) [^"]*" (\d+) (\d+) "[^"]*" "([^"]*)"(.*)')


def content(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", errors="replace") as f:
        return f.read().splitlines()


def fill(house, case):
    """The access log with a column a field, all other logs as lines with the file they are of."""
    house.ask("CREATE DATABASE theirs")
    house.ask("CREATE TABLE theirs.weblog (ts DateTime, app String, code UInt16, verb String, uri String, took_ms Float64, ip String, ua String, sent UInt64, line String, path String) "
              "ENGINE = MergeTree PARTITION BY toDate(ts) ORDER BY (app, ts)")
    rows = []
    for root, _, files in os.walk(case):
        for name in files:
            path = os.path.join(root, name)
            for text in content(path):
                m = ACCESS.match(text) if "access" in name else None
                row = {"app": os.path.basename(root), "path": name.removesuffix(".gz"), "line": text, "ts": "2026-11-24 10:41:00"}
                if m:
                    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split().index(m[3]) + 1
                    took = re.search(r"rt=([\d.]+)", m[11])
                    row = {"app": "web", "ts": f"{m[4]}-{month:02d}-{m[2]} {m[5]}", "ip": m[1], "verb": m[6], "uri": m[7], "code": int(m[8]), "sent": int(m[9]), "ua": m[10],
                           "took_ms": float(took[1]) * 1000 if took else 0}
                rows.append(json.dumps(row))
    house.ask("INSERT INTO theirs.weblog FORMAT JSONEachRow " + "\n".join(rows))


COLUMNS = ("time = ts; service = app; status = if(code = 0, '', toString(code)); method = verb; path = uri; duration = if(code = 0, '', toString(took_ms / 1000)); client = ip; "
           "agent = ua; bytes = if(code = 0, '', toString(sent)); message = line; file = path")


def main():
    rca, case = sys.argv[1:3]
    if not server.BINARY:
        print("skipped: clickhouse-server is not installed (apt-get install clickhouse-server)")
        return 77
    folder = tempfile.mkdtemp(prefix="rca-clickhouse-")
    conf = os.path.join(folder, "rca.conf")
    open(conf, "w").write(f"[rca]\nclickhouse-columns = {COLUMNS}\n")
    run = lambda *args, **more: subprocess.run([rca, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "RCA_CONFIG": conf, **more})
    try:
        with server.Server(os.path.join(folder, "server")) as house:
            fill(house, case)
            address = house.address("theirs", "viewer:only looking@".replace(" ", "%20")) + "?table=weblog"
            got, expected = run("--store", address, "--json"), json.loads(run(case, "--json").stdout)
            document = json.loads(got.stdout or "{}")
            story = lambda d: [(i["symptom"]["kind"], i["causes"][0]["kind"], i["causes"][0]["subject"], i["impact"]["failed"]) for i in d.get("incidents", [])]
            if story(document) != story(expected) or not story(document):
                wrong.append(f"incident: {story(document)} instead of {story(expected)}: {got.stderr.decode()[:600]}")
            if b"clickhouse-columns = time = ts" not in run("config", "show").stdout:
                wrong.append("rca config show does not show it")
            p = run("--store", address, RCA_CLICKHOUSE_COLUMNS="statsu=code")
            if p.returncode != 1 or b"statsu" not in p.stderr or b"status, method" not in p.stderr:
                wrong.append(f"a name that is none: {p}")
            p = run("--store", address, RCA_CLICKHOUSE_COLUMNS="time=ts;status=kode")
            if p.returncode != 1 or b"kode" not in p.stderr or b"query rca-" not in p.stderr:
                wrong.append(f"a column that is not there: {p}")
            print(story(document))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for w in wrong:
        print("WRONG", w)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
