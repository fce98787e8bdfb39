#!/usr/bin/env python3
"""rca ingest into ClickHouse in bounded passes, and with --follow: killed at any moment, or the server killed under it, each
line is in the table once; a rotation, a half line and a server that was away lose nothing.

ingest.py RCA CASE: skips (77) without clickhouse-server."""

import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import server

wrong = []
COUNTS = "WHERE block IN (SELECT arrayJoin(blocks) FROM {0}.rca_rows_sources)"


def check(what, got, expected):
    if got != expected:
        wrong.append(f"{what}: got {got!r:.300}, expected {expected!r:.300}")


def run(*args):
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        wrong.append(f"{args}: exit status {p.returncode}: {p.stderr.decode(errors='replace')[:500]}")
    return p


def wait_until(true, seconds=60):
    """Waits for what is to come; that it never comes is for the checks behind it to say."""
    for _ in range(seconds * 10):
        if true():
            return True
        time.sleep(0.1)
    return False


def access_lines(n, start=0):
    """Each line of a path of its own, so that a line that is lost or there twice is seen."""
    line = '10.0.%d.%d - - [24/Nov/2026:%02d:%02d:%02d +0000] "GET /item?n=%d HTTP/1.1" 200 512 "-" "curl/8"\n'
    return "".join(line % (i // 250 % 250, i % 250, 10 + i // 36000, i // 600 % 60, i // 10 % 60, i) for i in range(start, start + n))


def seen(house, database):
    """How many rows count, and how many different lines they are."""
    where = COUNTS.format(database)
    text = house.ask(f"SELECT count(), uniqExact(text) FROM {database}.rca_rows {where}")
    return tuple(map(int, text.split()))


def records(house, database):
    return int(house.ask(f"SELECT sum(records) FROM (SELECT DISTINCT path, run, records FROM {database}.rca_rows_sources)"))


def small_passes(rca, house, case):
    """What comes in many passes is what comes in one: the same rows, the same counts of each source."""
    for name, more in (("whole", ""), ("passes", "?pass_kib=256&gzip=yes")):
        house.ask(f"CREATE DATABASE {name}")
        run(rca, "ingest", "--store", house.address(name) + more, case)
    check("rows of small passes", seen(house, "passes"), seen(house, "whole"))
    sums = "SELECT path, sum(lines), sum(records), sum(parsed), sum(rejected), sum(http_5xx), sum(errors), sum(changes) FROM {}.rca_rows_sources GROUP BY path ORDER BY path"
    check("facts of small passes", house.ask(sums.format("passes")), house.ask(sums.format("whole")))
    if int(house.ask("SELECT uniqExact(run) FROM passes.rca_rows_sources")) < 3:
        wrong.append("there were not several passes")


def killed(rca, house, folder):
    """SIGKILL of rca in the middle, again and again: the next one goes on."""
    n = 60000
    log = os.path.join(folder, "killed.log")
    packed = os.path.join(folder, "packed.log.gz")
    open(log, "w").write(access_lines(n))
    with gzip.open(packed, "wt") as f:
        f.write(access_lines(n, n))
    house.ask("CREATE DATABASE killed")
    address = house.address("killed") + "?pass_kib=512"
    chance = random.Random(8)
    kills = 0
    for _ in range(6):
        process = subprocess.Popen([rca, "ingest", "--store", address, log, packed], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.15 + chance.random())
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
        rows, different = seen(house, "killed") if int(house.ask("EXISTS TABLE killed.rca_rows_sources")) else (0, 0)
        check("killed: twice", rows, different)
    # and the server under it
    process = subprocess.Popen([rca, "ingest", "--store", address, log, packed], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    time.sleep(0.4)
    house.kill()
    process.communicate()
    house.start()
    run(rca, "ingest", "--store", address, log, packed)
    check("killed: all lines once", seen(house, "killed"), (2 * n, 2 * n))
    check("killed: records that are told", records(house, "killed"), 2 * n)
    print(f"killed {kills} times; {house.ask('SELECT count() FROM killed.rca_rows').strip()} rows sent for {2 * n}")


def follow(rca, house, folder):
    """Half lines, a rotation by name alone, a server that goes away and comes back, SIGKILL, SIGTERM."""
    log = os.path.join(folder, "follow.log")
    lines = access_lines(4000).splitlines(True)
    house.ask("CREATE DATABASE follow")
    command = [rca, "ingest", "--follow", "--store", house.address("follow"), log]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with open(log, "w") as f:  # it comes later
        f.write("".join(lines[:1000]) + lines[1000][:30])
    wait_until(lambda: int(house.ask("EXISTS TABLE follow.rca_rows_sources")) and seen(house, "follow")[0] == 1000)
    check("follow: the half line waits", seen(house, "follow"), (1000, 1000))
    with open(log, "a") as f:
        f.write(lines[1000][30:] + "".join(lines[1001:1500]))
    os.rename(log, log + ".1")
    with open(log + ".1", "a") as f:  # its writer has it open still
        f.write("".join(lines[1500:1600]))
    with open(log, "w") as f:
        f.write("".join(lines[1600:2000]))
    wait_until(lambda: seen(house, "follow")[0] == 2000)
    check("follow: a rotation", seen(house, "follow"), (2000, 2000))
    house.kill()
    with open(log, "a") as f:
        f.write("".join(lines[2000:2500]))
    time.sleep(1)
    house.start()
    wait_until(lambda: seen(house, "follow")[0] == 2500)
    check("follow: the server was away", seen(house, "follow"), (2500, 2500))
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with open(log, "a") as f:
        f.write("".join(lines[2500:3000]))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_until(lambda: seen(house, "follow")[0] == 3000)
    with open(log, "a") as f:
        f.write("".join(lines[3000:]))
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate(timeout=60)
    check(f"follow: SIGTERM ends it well ({error.decode(errors='replace')[:200]})", process.returncode, 0)
    check("follow: all lines once", seen(house, "follow"), (4000, 4000))
    check("follow: records that are told", records(house, "follow"), 4000)


def two_at_once(rca, house, folder):
    """Of two that read the same at once, one commits; the other is told and counts for nothing."""
    log = os.path.join(folder, "two.log")
    open(log, "w").write(access_lines(50000))
    house.ask("CREATE DATABASE two")
    run(rca, "ingest", "--store", house.address("two"), os.path.join(folder, "nothing-there"))
    both = []
    for _ in range(2):
        both.append(subprocess.Popen([rca, "ingest", "--store", house.address("two"), log], stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        wait_until(lambda: int(house.ask("SELECT count() FROM two.rca_rows")) > 0)
    said = [p.communicate()[1] for p in both]
    check(f"two at once: lines once ({said})", seen(house, "two"), (50000, 50000))


def main():
    rca, case = sys.argv[1:3]
    if not server.BINARY:
        print("skipped: clickhouse-server is not installed (apt-get install clickhouse-server)")
        return 77
    folder = tempfile.mkdtemp(prefix="rca-clickhouse-")
    try:
        with server.Server(os.path.join(folder, "server")) as house:
            small_passes(rca, house, case)
            killed(rca, house, folder)
            follow(rca, house, folder)
            two_at_once(rca, house, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for w in wrong[:20]:
        print("WRONG", w)
    print(f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
