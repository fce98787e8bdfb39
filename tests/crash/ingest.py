#!/usr/bin/env python3
"""A writer that is killed, or whose disk is full, at its n-th system call of each kind.

ingest.py PROBE: whatever happened, the store opens without repair, holds one of the two commits
whole, and the next ingest brings it to the state of one that was never disturbed. Needs strace
(exit 77, "skipped", without it or where it may not trace)."""

import os
import shutil
import subprocess
import sys
import tempfile

CALLS = ["write", "fsync", "rename", "openat", "ftruncate", "link", "unlink"]
FAULTS = ["signal=SIGKILL", "error=ENOSPC"]
TIMES = [1, 2, 3, 4, 5, 6, 8, 11, 15, 20]


def lines(first, last):
    return "".join(f"2026-11-24T00:{i // 60 % 60:02d}:{i % 60:02d}.000Z ERROR cannot open box {i}\n" for i in range(first, last))


def write_logs(folder, sizes):
    for name, n in sizes.items():
        with open(os.path.join(folder, name), "w") as f:
            f.write(lines(0, n))


def answer(probe, store):
    out = subprocess.run([probe, "local", store], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return out.returncode, out.stdout.replace(store.encode(), b"STORE")


def main():
    probe = sys.argv[1]
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        print("no strace to inject faults with: skipped")
        return 77
    wrong = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        logs, store = os.path.join(folder, "logs"), os.path.join(folder, "store")
        os.mkdir(logs)
        write_logs(logs, {"a.log": 300, "b.log": 200})
        subprocess.run([probe, "ingest", store, logs], check=True, stdout=subprocess.DEVNULL)
        before = answer(probe, store)
        shutil.copytree(store, store + ".before")
        write_logs(logs, {"a.log": 400, "b.log": 200, "c.log": 100})
        subprocess.run([probe, "ingest", store, logs], check=True, stdout=subprocess.DEVNULL)
        after = answer(probe, store)
        for call in CALLS:
            for fault in FAULTS:
                for n in TIMES:
                    shutil.rmtree(store)
                    shutil.copytree(store + ".before", store)
                    subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:{fault}:when={n}", probe, "ingest", store, logs],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    runs += 1
                    disturbed = answer(probe, store)
                    again = subprocess.run([probe, "ingest", store, logs], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                    # a log that could not be opened is a problem of its own, and told
                    whole = disturbed in (before, after) or (call, fault) == ("openat", "error=ENOSPC")
                    if not whole or again.returncode or answer(probe, store) != after:
                        wrong += 1
                        print(f"WRONG after {fault} at {call} number {n}: {again.stderr.decode()}")
    print(f"{runs} faults, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
