#!/usr/bin/env python3
"""Hostile files: rca reads or refuses each, in bounded memory, says so in a valid document, and goes on.

    hostile.py RCA

Bombs in every compression and archive, endless lines, one line of a million members, nesting, a program, a path, a
statement, a header a line, holes, escapes. What is measured is the peak of the resident set, by the kernel."""
import bz2, gzip, io, json, lzma, os, shutil, subprocess, sys, tarfile, tempfile, zipfile

MOST_MIB = 128
ZEROS = 320 << 20  # beyond RCA_BOUND_BOMB_BYTES
LINE = "203.0.113.9 - - [24/Nov/2026:10:%02d:%02d +0000] \"GET %s HTTP/1.1\" 200 17 \"-\" \"%s\" 0.012\n"
rca = sys.argv[1]


def pour(out, n, block=bytes(1 << 20)):
    for _ in range(n // len(block)):
        out.write(block)


def text(maker):
    def write(path):
        with open(path, "w") as f:
            for piece in maker():
                f.write(piece)
    return write


def through(opener):
    def write(path):
        with opener(path, "wb") as f:
            pour(f, ZEROS)
    return write


def zstd(path):
    p = subprocess.Popen(["zstd", "-q", "-f", "-o", path, "-"], stdin=subprocess.PIPE)
    pour(p.stdin, ZEROS)
    p.stdin.close()
    p.wait()


def tar_gz(path):
    with tarfile.open(path, "w:gz") as t:
        member = tarfile.TarInfo("var/log/app.log")
        member.size = ZEROS
        class Zeros(io.RawIOBase):
            def readinto(self, b):
                b[:] = bytes(len(b))
                return len(b)
            def readable(self):
                return True
        t.addfile(member, io.BufferedReader(Zeros(), 1 << 20))


def zipped(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z, z.open("app.log", "w", force_zip64=True) as f:
        pour(f, ZEROS)


def nested(path):
    """gzip in gzip: each layer stays within the ratio, the two do not."""
    inner = io.BytesIO()
    with gzip.GzipFile(fileobj=inner, mode="wb", mtime=0) as f:
        pour(f, 2 * ZEROS, (b"2026-11-24T10:00:00Z INFO a: the same again and again\n" * 19400)[:1 << 20])
    with gzip.open(path, "wb") as f:
        f.write(inner.getvalue())


def hole(path):
    with open(path, "wb") as f:
        f.write(b"2026-11-24T10:00:00Z INFO a: before\n")
        f.truncate(4 << 30)
        f.seek(0, os.SEEK_END)
        f.write(b"2026-11-24T10:00:01Z INFO a: after\n")


def giant(path):
    with open(path, "wb") as f:
        pour(f, 1 << 29, b"a" * (1 << 20))


BOMBS = {"bomb.log.gz": through(gzip.open), "bomb.log.xz": through(lzma.open), "bomb.log.bz2": through(lambda p, m: bz2.open(p, m, 9)), "bomb.log.zst": zstd,
         "bomb.tar.gz": tar_gz, "bomb.zip": zipped, "nested.log.gz": nested}
OTHERS = {
    "one-line.log": giant,
    "hole.log": hole,
    "members.log": text(lambda: ["{\"time\":\"2026-11-24T10:00:00Z\",\"level\":\"info\",\"msg\":\"x\""] + [",\"k%d\":%d" % (i, i) for i in range(70000)] + ["}\n"] * 1),
    "nesting.log": text(lambda: ("{\"time\":\"2026-11-24T10:00:%02dZ\",\"level\":\"info\",\"msg\":\"x\",\"a\":" % (i % 60) + "[" * 100000 + "]" * 100000 + "}\n" for i in range(20))),
    "document.json": text(lambda: ["{\n\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[\n"] + ["{\"metric\":{\"__name__\":\"m%d\"},\"values\":[[1795480000,\"1\"]]},\n" % i for i in range(300000)]),
    "paths.log": text(lambda: (LINE % (i // 60 % 60, i % 60, "/p/%x/%x" % (i * 2654435761 % 4294967296, i), "ua %d" % i) for i in range(200000))),
    "programs.log": text(lambda: ("Nov 24 10:%02d:%02d host%d prog%d[%d]: text %d\n" % (i // 60 % 60, i % 60, i, i, i, i) for i in range(200000))),
    "statements.log": text(lambda: ("2026-11-24 10:%02d:%02d.123 UTC [%d] LOG:  duration: 512.1 ms  statement: SELECT c%d FROM t%d WHERE x%d = 'a'\n" % (i // 60 % 60, i % 60, i % 90, i, i, i) for i in range(150000))),
    "trace.log": text(lambda: ["2026-11-24T10:00:00Z ERROR a: boom\n"] + ["\tat com.example.Deep%d.call(Deep.java:1)\n" % i for i in range(1000000)]),
    "fields.log": text(lambda: ("time=2026-11-24T10:00:%02dZ level=info msg=x " % (i % 60) + " ".join("k%d_%d=%d" % (i, k, k) for k in range(2000)) + "\n" for i in range(200))),
    "escapes.log": text(lambda: ("2026-11-24T10:00:%02dZ ERROR a: \x1b]52;c;aGk=\x07\x9b31m\u202e </script><script>alert(1)</script> %s\n" % (i % 60, "\x1b[" * 5000) for i in range(200))),
    "blank.log": text(lambda: ["2026-11-24T10:00:00Z INFO a: x\n"] + ["\n" * (1 << 20)] * 64),
}


def run(path):
    """Exit status, output, what was said, peak MiB, seconds of processor."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        pid = os.posix_spawn(rca, [rca, "sources", "--json", path], os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1), (os.POSIX_SPAWN_DUP2, said.fileno(), 2)])
        _, status, usage = os.wait4(pid, 0)
        out.seek(0), said.seek(0)
        return os.waitstatus_to_exitcode(status), out.read(), said.read().decode(errors="replace"), usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def make(write, path):
    """In a process of its own: what this one once held would count as held by every program it starts."""
    pid = os.fork()
    if pid == 0:
        try:
            write(path)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(pid, 0)[1]:
        sys.exit("%s could not be made" % path)


def complaints(name, path):
    code, out, said, mib, seconds = run(path)
    print("# %-14s %4.0f MiB, %5.1f s of processor, exit %d %s" % (name, mib, seconds, code, said.strip()[:150].replace("\n", " ")), flush=True)
    if code not in (0, 4):
        yield "exit status %d: %s" % (code, said[-500:])
        return
    try:
        json.loads(out.decode()) if out else None
    except ValueError as e:
        yield "no valid document: %s" % e
    if mib > MOST_MIB:
        yield "%.0f MiB, more than %d" % (mib, MOST_MIB)
    told = out.decode(errors="replace") + said
    if name in BOMBS and not ("no log does" in told and name in told and "decompress it" in told):
        yield "nobody is told that it is a bomb, of which file, and what to do: %s" % said[:300]


def main():
    wrong = []
    home = tempfile.mkdtemp(prefix="rca-hostile-")
    for number, (name, write) in enumerate({**BOMBS, **OTHERS}.items(), 1):
        path = os.path.join(home, name)
        make(write, path)
        found = list(complaints(name, path))
        print("%sok %d - hostile/%s" % ("not " if found else "", number, name))
        for c in found:
            print("#   " + c)
        wrong += found
        os.unlink(path)
    print("1..%d" % (len(BOMBS) + len(OTHERS)))
    shutil.rmtree(home)
    sys.exit(1 if wrong else 0)


main()
