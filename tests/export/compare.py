#!/usr/bin/env python3
"""What went into a store comes out byte for byte: over folders of logs, and over files made to be nasty.

  compare.py RCA [--store-of DIR]... : each DIR (that exists) is ingested and exported; every file must come back.
Without DIR only the nasty ones are tried.
"""
import argparse
import bz2
import gzip
import lzma
import os
import random
import shutil
import subprocess
import sys
import tempfile


def plain(path):
    """The decompressed bytes of a file, or None when it is an archive of several or a binary format."""
    data = open(path, "rb").read()
    if data[:2] == b"\x1f\x8b":
        return whole(lambda: gzip.decompress(data))
    if data[:6] == b"\xfd7zXZ\x00":
        return whole(lambda: lzma.decompress(data))
    if data[:3] == b"BZh":
        return whole(lambda: bz2.decompress(data))
    if data[:4] == b"\x28\xb5\x2f\xfd":
        done = subprocess.run(["zstd", "-dcq", path], capture_output=True)
        return done.stdout if done.returncode == 0 else None
    return data


def whole(decompress):
    try:
        return decompress()
    except (EOFError, OSError, lzma.LZMAError, ValueError):
        return None  # torn: what stands before the damage is in the store


def files_below(folder):
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(base, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def run(*command):
    return subprocess.run(command, capture_output=True)


def round_trip(rca, folder, compact=False):
    """Ingests and exports @folder; returns (files given back, of them equal, what differs)."""
    work = tempfile.mkdtemp(prefix="rca-export-")
    try:
        store, out = os.path.join(work, "store"), os.path.join(work, "out")
        done = run(rca, "ingest", "--store", store, folder)
        if done.returncode:
            return 0, 0, ["ingest failed: " + done.stderr.decode(errors="replace")[:500]]
        if compact:
            done = run(rca, "store", "compact", "--store", store)
            if done.returncode:
                return 0, 0, ["compact failed: " + done.stderr.decode(errors="replace")[:500]]
        done = run(rca, "export", "--store", store, "--raw", "--out", out)
        wrong = [line for line in done.stderr.decode(errors="replace").splitlines()]
        given = equal = 0
        for path in files_below(folder):
            back = os.path.join(out, path.lstrip("/"))
            want = plain(path)
            if not os.path.isfile(back) or want is None:
                continue
            given += 1
            if open(back, "rb").read() == want:
                equal += 1
            else:
                wrong.append(f"{path}: comes back otherwise")
        return given, equal, wrong
    finally:
        shutil.rmtree(work)


ACCESS = '10.0.%d.%d - - [12/Mar/2024:%02d:%02d:%02d +0000] "GET /p/%d?q=a+b HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11) Firefox/%d.0" 0.%03d 0.%03d %032x\n'


def access(rnd, n):
    lines = []
    for i in range(n):
        rt = rnd.randrange(1000)
        lines.append(ACCESS % (rnd.randrange(9), rnd.randrange(250), i // 3600 % 24, i // 60 % 60, i % 60, rnd.randrange(99), rnd.randrange(9999),
                               rnd.randrange(90, 99), rt, rt - min(rt, 1), rnd.getrandbits(128)))
    return "".join(lines).encode()


def nasty(folder):
    """Files that hold what loggers, rotations and accidents leave."""
    rnd = random.Random(7)
    base = access(rnd, 3000)
    lines = base.splitlines(keepends=True)
    made = {
        "plain.log": base,
        "crlf.log": base.replace(b"\n", b"\r\n"),
        "no-last-newline.log": base[:-1],
        "half-a-line.log": base + b"10.0.0.1 - - [12/Mar/2024:01:0",
        "blank-lines.log": b"\n\n" + b"\n".join(lines) + b"\n \n\t\n\n",
        "banner.log": b"#Software: x\n#Fields: a b c\n\n" + base,
        "nuls.log": b"".join(lines[:100]) + b"\0" * 5000 + b"".join(lines[100:]),
        "nul-in-line.log": b"".join(line.replace(b"GET", b"G\0T") if i % 9 == 0 else line for i, line in enumerate(lines)),
        "invalid-utf8.log": base.replace(b"Firefox", b"F\xff\xfe\xc3(rox", 900),
        "colours.log": b"".join(b"\x1b[31m" + line[:-1] + b"\x1b[0m\n" if i % 3 == 0 else line for i, line in enumerate(lines)),
        "carriage.log": base.replace(b" 200 ", b" \r200 ", 40),
        "mark.log": b"\xef\xbb\xbf" + base,
        "wide-le.log": b"\xff\xfe" + "".join(map(bytes.decode, lines)).replace("Firefox", "Fire\U0001f525f\u00f6x").encode("utf-16-le"),
        "wide-be.log": b"\xfe\xff" + base.decode().encode("utf-16-be"),
        "long-line.log": base + b"x" * 3_000_000 + b"\n" + base,
        "many-words.log": b"".join(b"2024-03-12T00:00:00Z ERROR %s\n" % b" ".join(rnd.choice([b"ab", b"7f0", b"00x", b"-", b"'a'", b'"', b"a=b"]) for _ in range(rnd.randrange(400)))
                                   for _ in range(500)),
        "numbers.log": b"".join(b"2024-03-12 00:00:%02d,%03d INFO n=%s\n" % (i % 60, i, rnd.choice([b"0", b"00", b"1.50", b"9" * 30, b"0x1F", b"-0.0", b"1e9", b"256.1.1.1", b"1.2.3.4.5", b"24:00:00"]))
                                for i in range(999)),
        "random.log": bytes(rnd.choice(b"abc 019.\"'=-:/\n\r\t\\{}[]") for _ in range(300_000)),
        "json.log": b"".join(b'{"time":"2024-03-12T00:00:00.%03dZ","level":"info","msg":"a \\"b\\" %d","id":"%032x","u":"%08x-1234-4abc-8def-%012x","n":null}\n'
                             % (i % 1000, i, rnd.getrandbits(128), rnd.getrandbits(32), rnd.getrandbits(48)) for i in range(3000)),
        "empty-lines-only.log": b"\n" * 1000 + base,
    }
    for name, data in made.items():
        # a folder each: they are no rotated siblings of one another
        where = os.path.join(folder, name.split(".")[0])
        os.makedirs(where)
        open(os.path.join(where, name), "wb").write(data)
    os.makedirs(os.path.join(folder, "rotated"))
    third = len(lines) // 3
    open(os.path.join(folder, "rotated", "a.log.2.gz"), "wb").write(gzip.compress(b"".join(lines[:third])))
    open(os.path.join(folder, "rotated", "a.log.1"), "wb").write(b"".join(lines[third:2 * third]))
    open(os.path.join(folder, "rotated", "a.log"), "wb").write(b"".join(lines[2 * third:]))
    return len(made) + 3


def grows(rca):
    """A file that is read again and again while it grows, also in the middle of a line, comes back whole."""
    work = tempfile.mkdtemp(prefix="rca-export-")
    try:
        rnd, wrong = random.Random(3), []
        data = access(rnd, 4000)
        path, store, out = os.path.join(work, "a.log"), os.path.join(work, "store"), os.path.join(work, "out")
        cuts = sorted(rnd.randrange(len(data)) for _ in range(7)) + [len(data)]
        for cut in cuts:
            open(path, "wb").write(data[:cut])
            if run(rca, "ingest", "--store", store, path).returncode:
                wrong.append("ingest failed")
            shutil.rmtree(out, ignore_errors=True)
            run(rca, "export", "--store", store, "--raw", "--out", out)
            if open(os.path.join(out, path.lstrip("/")), "rb").read() != data[:cut]:
                wrong.append(f"a growing file, {cut} bytes of it: comes back otherwise")
        return wrong
    finally:
        shutil.rmtree(work)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("rca")
    parser.add_argument("folder", nargs="*")
    parser.add_argument("--compact", action="store_true", help="compact the store between")
    options = parser.parse_args()
    failed = False
    with tempfile.TemporaryDirectory(prefix="rca-nasty-") as folder:
        n = nasty(folder)
        given, equal, wrong = round_trip(options.rca, folder, options.compact)
        print(f"nasty files: {equal} of {n} come back")
        failed |= equal != n or bool(wrong)
        for line in wrong:
            print("  " + line)
    for line in grows(options.rca):
        print(line)
        failed = True
    for folder in map(os.path.abspath, options.folder):
        if not os.path.isdir(folder):
            print(f"{folder}: not here, skipped")
            continue
        given, equal, wrong = round_trip(options.rca, folder, options.compact)
        print(f"{folder}: {equal} of {given} files come back")
        failed |= equal != given or given == 0
        for line in wrong:
            print("  " + line)
    return failed


if __name__ == "__main__":
    sys.exit(main())
