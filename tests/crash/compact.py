#!/usr/bin/env python3
"""A compaction that is killed, or whose disk is full, at its n-th system call of each kind.

compact.py RCA: whatever happened, export gives every byte back, the store is whole, and the next
compaction comes to its end. Needs strace (exit 77, "skipped", without it or where it may not trace)."""

import os
import shutil
import subprocess
import sys
import tempfile

CALLS = ["write", "fsync", "rename", "openat", "link", "unlink"]
FAULTS = ["signal=SIGKILL", "error=ENOSPC"]
TIMES = [1, 2, 3, 4, 6, 9, 13, 18]


def lines(first, last, host):
    return "".join(f"2026-11-24T00:{i // 60 % 60:02d}:{i % 60:02d}.000Z INFO {host} request {i * 2654435761 % 2**128:032x} took {i % 97} ms\n"
                   for i in range(first, last))


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def comes_back(rca, store, out, logs):
    shutil.rmtree(out, ignore_errors=True)
    done = run(rca, "export", "--store", store, "--raw", "--out", out)
    return done.returncode == 0 and all(
        open(out + os.path.join(logs, name), "rb").read() == open(os.path.join(logs, name), "rb").read() for name in os.listdir(logs))


def main():
    rca = sys.argv[1]
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], stderr=subprocess.DEVNULL).returncode:
        print("no strace to inject faults with: skipped")
        return 77
    wrong = runs = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = os.path.realpath(folder)
        logs, store, out = (os.path.join(folder, name) for name in ("logs", "store", "out"))
        os.mkdir(logs)
        for n in (9000, 18000, 27000):  # more than what stays open at a log's end: three segments a source
            for name in ("a.log", "b.log"):
                with open(os.path.join(logs, name), "w") as f:
                    f.write(lines(0, n, name))
            run(rca, "ingest", "--store", store, logs)
        shutil.copytree(store, store + ".before")
        for call in CALLS:
            for fault in FAULTS:
                for n in TIMES:
                    shutil.rmtree(store)
                    shutil.copytree(store + ".before", store)
                    run("strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:{fault}:when={n}", rca, "store", "compact", "--store", store)
                    runs += 1
                    back = comes_back(rca, store, out, logs)
                    again = run(rca, "store", "compact", "--store", store)
                    verdict = run(rca, "store", "verify", "--store", store)
                    if not back or again.returncode or verdict.returncode or not comes_back(rca, store, out, logs):
                        wrong += 1
                        print(f"WRONG after {fault} at {call} number {n}: {back} {again.stderr.decode()} {verdict.stderr.decode()}")
    print(f"{runs} faults, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
