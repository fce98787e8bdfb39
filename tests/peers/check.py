#!/usr/bin/env python3
"""Slow statements, grouped and counted, against what pt-query-digest and pgbadger say of the same files.

    check.py DUMP_STATEMENTS TESTS_DIR

Both of their groupings are translated into ours by the fingerprint of one statement of each of their groups, so
that only which statements go together, and how many there are, is compared, not how a fingerprint is spelt.
Skipped when neither program is there; each is from its Debian package (12.0-1, 3.2.1-1).

Differences that are allowed, all there were over these files and over 23 more of MySQL, MariaDB and Percona:
* pt-query-digest writes "administrator command: Quit" where we keep the command alone;
* it takes the banner that MariaDB prints after FLUSH LOGS for the end of the statement before it (ours is then one
  more of that statement, and theirs a group of its own): such groups are told by "started with:".
Fingerprints are spelt differently throughout (it drops the digits of names: md5 -> md?); which statements go together is the same."""
import collections, glob, gzip, json, os, shutil, subprocess, sys, tempfile

dump, tests = sys.argv[1], sys.argv[2]


def ours(path):
    out = subprocess.run([dump, path], stdout=subprocess.PIPE, check=True, encoding="utf-8", errors="replace").stdout
    groups = collections.Counter()
    for line in out.splitlines():
        count, _, fingerprint = line.split(" ", 2) if line.count(" ") > 1 else (line.split(" ")[0], "", "")
        groups[fingerprint] += int(count)
    return groups


def fingerprint(statement):
    return subprocess.run([dump, "--statement", statement], stdout=subprocess.PIPE, check=True, encoding="utf-8", errors="replace").stdout.rstrip("\n").replace("\n", " ")


def digest(path):
    """[(their fingerprint, one statement, count)] of pt-query-digest"""
    out = subprocess.run(["pt-query-digest", "--no-version-check", "--limit", "100%", "--output", "json", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace").stdout
    document = json.loads(out[out.index("{"):])
    return [(c["fingerprint"], c["example"]["query"], int(c["query_count"])) for c in document["classes"]]


def badger(path, kind):
    """the same of pgbadger"""
    with tempfile.TemporaryDirectory() as home:
        plain = os.path.join(home, "log")
        with (gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")) as i, open(plain, "wb") as o:
            shutil.copyfileobj(i, o)
        out = os.path.join(home, "out.json")
        subprocess.run(["pgbadger", "-q", "-f", kind, "-j", "1", "-t", "10000", "-s", "1", "-o", out, plain], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=home)
        if not os.path.exists(out):
            return []
        with open(out, encoding="utf-8", errors="replace") as f:
            document = json.load(f)
    found = []
    for database in document.get("normalyzed_info", {}).values():
        for normal, group in database.items():
            sample = next((s["query"] for s in group.get("samples", {}).values() if s.get("query")), normal)
            found.append((normal, sample, int(group["count"])))
    return found


def compare(path, theirs):
    """Complaints: counts of ours against theirs, group by group of ours."""
    mine, expected = ours(path), collections.Counter()
    for _, statement, count in theirs:
        statement = statement.removeprefix("administrator command: ").split("\n/usr/sbin/mariadbd, Version: ")[0]
        expected[fingerprint(statement)] += count
    wrong = []
    if sum(mine.values()) != sum(expected.values()):
        wrong.append("%d statements, %d by the peer" % (sum(mine.values()), sum(expected.values())))
    for key in sorted(set(mine) | set(expected)):
        if mine[key] == expected[key]:
            continue
        wrong.append("%d of ours, %d of theirs: %s" % (mine[key], expected[key], key[:140]))
    return wrong


have_digest, have_badger = shutil.which("pt-query-digest"), shutil.which("pgbadger")
if not have_digest and not have_badger:
    print("1..0 # SKIP neither pt-query-digest nor pgbadger is there")
    sys.exit(0)
jobs = []
if have_digest:
    for path in sorted(glob.glob(tests + "/cases/*/logs/db/mysql-slow.log") + glob.glob(tests + "/decoders/mysql-slow*.log")):
        jobs.append((path, digest(path)))
if have_badger:
    for path in sorted(glob.glob(tests + "/cases/*/logs/db/postgresql.csv*")):
        jobs.append((path, badger(path, "csv")))
    for path in sorted(glob.glob(tests + "/cases/*/logs/db/postgresql.json.gz")):
        jobs.append((path, badger(path, "jsonlog")))
failed = 0
for number, (path, theirs) in enumerate(jobs, 1):
    wrong = compare(path, theirs)
    failed += bool(wrong)
    print("%sok %d - %s: %d statements in %d groups" % ("not " if wrong else "", number, os.path.relpath(path, tests), sum(c for _, _, c in theirs), len(theirs)))
    for text in wrong[:12]:
        print("# " + text)
print("1..%d" % len(jobs))
sys.exit(1 if failed else 0)
