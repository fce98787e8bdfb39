#!/usr/bin/env python3
"""Damage the decoders' samples and hand them to rca: it may refuse them, never crash, hang or print half a document.

    mutate.py RCA SAMPLES [ROUNDS [SEED]]

A build with sanitizers makes memory errors crashes too. A file that fails is kept, and its path printed."""
import glob, json, os, random, shutil, subprocess, sys, tempfile

PIECES = [b"[", b"]", b"{", b"}", b'"', b"=", b":", b"::", b"(", b")", b"\0", b"|", b"\\", b"\\u", b" - ", b"\n", b"\n\n", b"\r\n", b"\x1b[", b"\xff\xfe", b"\xc3",
          b"Caused by: ", b"SELECT ", b"GET /", b'"time":', b"9" * 25, b"-1", b"1e999", b"2026-11-24T25:61:61Z"]
STATUSES = (0, 4)  # read, or nothing usable in it
REFUSAL = b"the window is too long for one analysis"  # a damaged year makes decades of it


def damage(r, b):
    for _ in range(r.randrange(1, 30)):
        p, q = r.randrange(len(b) + 1), r.randrange(len(b) + 1)
        kind = r.randrange(7)
        if kind == 0:
            b[p:p + 1] = bytes([r.randrange(256)])
        elif kind == 1:
            del b[p:p + r.randrange(1, 60)]
        elif kind == 2:
            b[p:p] = r.choice(PIECES)
        elif kind == 3:
            b[p:p] = b[q:q + r.randrange(200)]
        elif kind == 4:
            b[p:p] = r.randbytes(10)
        elif kind == 5 and r.random() < 0.2:
            del b[p:]
        elif kind == 6 and r.random() < 0.1:
            b[p:p] = r.choice(PIECES) * 5000
    return b


def complaint(command):
    """What is wrong with how @command ended; None if nothing."""
    try:
        p = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    except subprocess.TimeoutExpired:
        return "no end after 60 s"
    if (p.returncode not in STATUSES and not (p.returncode == 1 and REFUSAL in p.stderr)) or b"Sanitizer" in p.stderr or b"runtime error" in p.stderr or b"CRITICAL" in p.stderr:
        return "exit %d: %s" % (p.returncode, p.stderr.decode(errors="replace")[:2000])
    if p.returncode == 0:
        try:
            json.loads(p.stdout)
        except ValueError as e:
            return "not a document: %s" % e
    if p.returncode != 0 and not p.stderr.strip():
        return "exit %d without a word" % p.returncode
    return None


rca, samples = os.path.abspath(sys.argv[1]), sorted(glob.glob(sys.argv[2] + "/*.*"))
samples = [f for f in samples if os.path.isfile(f) and not f.endswith(".expected")]
rounds, seed = int(sys.argv[3]) if len(sys.argv) > 3 else 300, int(sys.argv[4]) if len(sys.argv) > 4 else 1
home, r, wrong = tempfile.mkdtemp(), random.Random(seed), 0
os.environ.update(XDG_STATE_HOME=home, TZ="UTC", ASAN_OPTIONS="allocator_may_return_null=1") # a length that claims 64 GiB is refused by any malloc
for i in range(rounds):
    sample = r.choice(samples)
    path = "%s/%d-%s" % (home, i, os.path.basename(sample))
    with open(path, "wb") as f, open(sample, "rb") as s:
        f.write(damage(r, bytearray(s.read(20000))))
    bad = complaint([rca] + (["sources"] if i % 2 else []) + ["--json", path])
    if bad:
        wrong += 1
        print("not ok - %s, kept: %s" % (path, bad))
    else:
        os.unlink(path)
if not wrong:
    shutil.rmtree(home)
print("%d damaged files, seed %d, %d wrong" % (rounds, seed, wrong))
sys.exit(1 if wrong or not samples else 0)
