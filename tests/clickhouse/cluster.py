#!/usr/bin/env python3
"""Two servers, a Distributed table over both: the report is that of the files; with a shard down it is an error in one
sentence, never half a report.

cluster.py RCA CASE: skips (77) without clickhouse-server."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

wrong = []


def cluster_of(ports):
    shards = "".join(f"<shard><replica><host>127.0.0.1</host><port>{p}</port></replica></shard>" for p in ports)
    return f"<remote_servers><two>{shards}</two></remote_servers>"


# Where Debian's zookeeper is installed the servers share one, and the tables are made ON CLUSTER.
KEEPER = "/usr/share/java/zookeeper.jar"


class Keeper:
    def __init__(self, folder):
        self.port, self.folder = server.free_port(), folder
        os.makedirs(folder)
        with open(os.path.join(folder, "zoo.cfg"), "w") as f:
            f.write(f"tickTime=500\ndataDir={folder}\nclientPort={self.port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n")

    def config(self):
        return (f"<zookeeper><node><host>127.0.0.1</host><port>{self.port}</port></node></zookeeper>"
                "<distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>")

    def __enter__(self):
        out = open(os.path.join(self.folder, "out"), "ab")
        jars = ":".join(os.path.join("/usr/share/java", j) for j in os.listdir("/usr/share/java") if j.endswith(".jar"))
        self.process = subprocess.Popen(["java", "-Xmx128m", "-cp", jars, "org.apache.zookeeper.server.ZooKeeperServerMain", os.path.join(self.folder, "zoo.cfg")], stdout=out, stderr=out)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError("zookeeper ended: " + open(os.path.join(self.folder, "out"), errors="replace").read()[-500:])
                time.sleep(0.1)
        raise RuntimeError("zookeeper did not answer within a minute")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def on_cluster(one, other, rca, case):
    """rca makes the tables on all of the cluster: local ones, and Distributed ones over them."""
    for house in (one, other):
        house.ask("CREATE DATABASE made")
    p = subprocess.run([rca, "ingest", "--store", one.address("made") + "?cluster=two", case], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        wrong.append(f"ON CLUSTER: ingest: {p.stderr!r:.500}")
        return
    parts = [int(h.ask("SELECT count() FROM made.rca_rows_local")) for h in (one, other)]
    if min(parts) == 0:
        wrong.append(f"ON CLUSTER: one shard holds nothing: {parts}")
    expected = report(rca, case)
    for house in (one, other):
        got = report(rca, "--store", house.address("made"))
        if got.stdout != expected.stdout:
            wrong.append(f"ON CLUSTER: report: {got.stderr!r:.500} {got.stdout!r:.300}")
    print(f"ON CLUSTER: rows on the shards: {parts}")


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
        keeper = Keeper(os.path.join(folder, "keeper")) if os.path.exists(KEEPER) and shutil.which("java") else None
        more = cluster_of(ports) + (keeper.config() if keeper else "")
        houses = [server.Server(os.path.join(folder, f"s{i}"), more, tcp=ports[i]) for i in range(2)]
        with keeper or contextlib.nullcontext(), houses[0] as one, houses[1] as other:
            if keeper:
                on_cluster(one, other, rca, case)
            else:
                print("without ON CLUSTER: zookeeper is not installed (apt-get install zookeeper)")
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
