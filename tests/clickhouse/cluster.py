#!/usr/bin/env python3
"""Two servers, a Distributed table over both: the report is that of the files; with a shard down it is an error in one
sentence, never half a report.

cluster.py RCA CASE: skips (77) without clickhouse-server."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

wrong = []


def cluster_of(ports):
    shards = "".join(f"<shard><replica><host>127.0.0.1</host><port>{p}</port></replica></shard>" for p in ports)
    return f"<remote_servers><two>{shards}</two></remote_servers>"


def report(rca, *args):
    return subprocess.run([rca, *args, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def distribute(one, other, rca, case, folder):
    """Tables as rca makes them on both; what it is given are Distributed ones over them."""
    for house in (one, other):
        house.ask("CREATE DATABASE shard")
        subprocess.run([rca, "ingest", "--store", house.address("shard"), os.path.join(folder, "nothing")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    one.ask("CREATE DATABASE logs")
    one.ask("CREATE TABLE logs.rca_rows AS shard.rca_rows ENGINE = Distributed(two, shard, rca_rows, source)")
    one.ask("CREATE TABLE logs.rca_rows_sources AS shard.rca_rows_sources ENGINE = Distributed(two, shard, rca_rows_sources, rand())")


def main():
    rca, case = sys.argv[1:3]
    if not server.BINARY:
        print("skipped: clickhouse-server is not installed (apt-get install clickhouse-server)")
        return 77
    folder = tempfile.mkdtemp(prefix="rca-cluster-")
    ports = [server.free_port(), server.free_port()]
    try:
        houses = [server.Server(os.path.join(folder, f"s{i}"), cluster_of(ports), tcp=ports[i]) for i in range(2)]
        with houses[0] as one, houses[1] as other:
            distribute(one, other, rca, case, folder)
            p = subprocess.run([rca, "ingest", "--store", one.address("logs"), case], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if p.returncode:
                wrong.append(f"ingest: {p.stderr!r:.500}")
            parts = [int(h.ask("SELECT count() FROM shard.rca_rows")) for h in (one, other)]
            if min(parts) == 0:
                wrong.append(f"one shard holds nothing: {parts}")
            got, expected = report(rca, "--store", one.address("logs")), report(rca, case)
            if got.stdout != expected.stdout:
                wrong.append(f"report: {got.stderr!r:.500} {got.stdout!r:.300}")
            other.kill()
            p = report(rca, "--store", one.address("logs"))
            if p.returncode != 1 or p.stdout or p.stderr.count(b"\n") != 1 or b"query rca-" not in p.stderr:
                wrong.append(f"a shard down: {p}"[:600])
            print(f"rows on the shards: {parts}; a shard down: {p.stderr.decode().strip()}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for w in wrong:
        print("WRONG", w)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
