#!/usr/bin/env python3
"""A writer that is killed, or whose disk is full, at its n-th system call of each kind, for every n.

    ingest.py PROBE RCA

Whatever happened to an ingest, a compaction or a pruning: the store opens without repair, holds the state
before or after whole, and doing it again brings it to the state of one that was never disturbed. Needs strace
(exit 77, "skipped", without it or where it may not trace)."""

import os
import shutil
import subprocess
import sys
import tempfile

CALLS = ["write", "pwrite64", "fsync", "rename", "openat", "ftruncate", "link", "unlink", "flock"]
MOST = 400
PROBE, RCA = sys.argv[1], sys.argv[2]


def lines(first, last, pad=""):
    return "".join(f"2026-11-24T00:{i // 60 % 60:02d}:{i % 60:02d}.000Z ERROR cannot open box {i}{pad}\n" for i in range(first, last))


def write_logs(folder, sizes, pad=""):
    for name, n in sizes.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(lines(0, n, pad))


def quiet(*command, **kw):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)


def answer(store):
    out = subprocess.run([PROBE, "local", store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return out.returncode, out.stdout.replace(store.encode(), b"STORE")


def disturb(name, store, command, calls):
    """@command under each fault at each call of each kind. Returns (runs, wrong)."""
    shutil.copytree(store, store + ".before")
    before = answer(store)
    quiet(*command, check=True)
    after = answer(store)
    runs = wrong = 0
    for call in calls:
        for fault in ("signal=SIGKILL", "error=ENOSPC"):
            for n in range(1, MOST):
                shutil.rmtree(store)
                shutil.copytree(store + ".before", store)
                done = quiet("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{fault}:when={n}", *command)
                runs += 1
                disturbed = answer(store)
                again = quiet(*command)
                # a log, or a library, that could not be opened is a problem of its own, and told
                whole = disturbed in (before, after) or (call, fault) == ("openat", "error=ENOSPC")
                if not whole or again.returncode or answer(store) != after:
                    wrong += 1
                    print(f"WRONG: {name} after {fault} at {call} number {n}: {again.stderr.decode()}", flush=True)
                if fault.startswith("signal") and done.returncode == 0:
                    break
                if not fault.startswith("signal") and (done.returncode == 0 and disturbed == after and n > 3 or n > 12):
                    break  # errors in every place are the unit test's: it knows when none was left
    shutil.rmtree(store + ".before")
    return runs, wrong


def main():
    if not shutil.which("strace") or quiet("strace", "-qq", "-o", "/dev/null", "true").returncode:
        print("no strace to inject faults with: skipped")
        return 77
    runs = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        logs, store = os.path.join(folder, "logs"), os.path.join(folder, "store")
        os.mkdir(logs)
        write_logs(logs, {"a.log": 300, "b.log": 200})
        quiet(PROBE, "ingest", store, logs, check=True)
        write_logs(logs, {"a.log": 400, "b.log": 200, "c.log": 100})
        steps = [("ingest", [PROBE, "ingest", store, logs], CALLS)]
        for n, pad in ((2500, " " + "x" * 300), (5000, " " + "x" * 300)):  # more than stays open: segments to merge and to let go
            steps.append((None, n, pad))
        steps.append(("compact", [RCA, "store", "compact", "--store", store], [c for c in CALLS if c != "openat"]))
        steps.append(("prune", [RCA, "store", "prune", "--store", store, "--max-size", "1"], [c for c in CALLS if c != "openat"]))
        for step in steps:
            if step[0] is None:
                write_logs(logs, {"d.log": step[1]}, step[2])
                quiet(PROBE, "ingest", store, logs, check=True)
                continue
            r, w = disturb(step[0], store, step[1], step[2])
            print(f"{step[0]}: {r} faults, {w} wrong", flush=True)
            runs, wrong = runs + r, wrong + w
    print(f"{runs} faults, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
