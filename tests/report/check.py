#!/usr/bin/env python3
"""Hold the reports of recorded incidents against their truth, their own lines and each other.

    check.py RCA CASES… — each CASES is a folder of cases (logs/ and truth.json); absent ones are skipped, saying so.

Per case: the document has the members and value sets of rca.report/1; confidences add up to one; the true cause is
never ruled out; a healthy case is silent; rank 1 is a true root; every ref points at a line that exists, whose own time
(read by this script's parser) is the ref's time to the second, and which holds the version, statement or id that its
evidence quotes; the lines of verdicts and of the timeline exist; and the order of PATHs changes no byte."""
import bz2, gzip, json, lzma, os, re, subprocess, sys
from datetime import datetime, timezone

KINDS = "deploy config_change slow_query lock_contention db_connections db_fault app_error resource traffic cdn network upstream instance batch_job cache tls dns unknown".split()
EVIDENCE = "precedence magnitude share dose join novelty recovery counterexample prior".split()
SUSPECTS = "deploy slow_query db_connections resource traffic cdn network upstream".split()
lines_of = {}


def lines(path):
    if path not in lines_of:
        raw = open(path, "rb").read()
        if raw[:4] == b"\x28\xb5\x2f\xfd":
            raw = subprocess.run(["zstd", "-dc", path], stdout=subprocess.PIPE, check=True).stdout
        for magic, module in ((b"\x1f\x8b", gzip), (b"\xfd7zXZ", lzma), (b"BZh", bz2)):
            if raw.startswith(magic):
                raw = module.decompress(raw)
        lines_of[path] = raw.split(b"\n")
    return lines_of[path]


def when(t):
    return datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp()


MONTHS = {m: i + 1 for i, m in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())}


def times(text):
    """All the times that a line writes, as seconds UTC (those without a zone read as UTC)."""
    out = []
    for m in re.finditer(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ]+(\d?\d):(\d\d):(\d\d)", text):
        y, mo, d, h, mi, s = map(int, m.groups())
        out.append(datetime(y, mo, d, h, mi, min(s, 59), tzinfo=timezone.utc).timestamp())
    for m in re.finditer(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)", text):
        out.append(datetime(int(m[3]), MONTHS[m[2]], int(m[1]), int(m[4]), int(m[5]), int(m[6]), tzinfo=timezone.utc).timestamp())
    for m in re.finditer(r"\b([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)", text):
        if m[1] in MONTHS:
            out += [datetime(y, MONTHS[m[1]], int(m[2]), int(m[3]), int(m[4]), int(m[5]), tzinfo=timezone.utc).timestamp() for y in (2025, 2026)]
    for m in re.finditer(r"\b(1[5-9]\d{8})(\d{3})?(?:\.\d+)?\b", text):
        out.append(float(m[1]))
    for m in re.finditer(r"\b(\d\d)(\d\d)(\d\d) +(\d?\d):(\d\d):(\d\d)", text):
        try:
            out.append(datetime(2000 + int(m[1]), int(m[2]), int(m[3]), int(m[4]), int(m[5]), int(m[6]), tzinfo=timezone.utc).timestamp())
        except ValueError:
            pass
    return out


def run(rca, window, paths):
    p = subprocess.run([rca, "--utc", "--window", window, "--json"] + paths, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if p.returncode:
        raise AssertionError("exit %d: %s" % (p.returncode, p.stderr.decode(errors="replace")[-300:]))
    return p.stdout


def check_refs(evidence, problems):
    for e in evidence:
        if e["kind"] not in EVIDENCE:
            problems.append("evidence kind %r" % e["kind"])
        for r in e["refs"]:
            try:
                text = b"\n".join(lines(r["path"])[r["line"] - 1:r["line"] + 30]).decode(errors="replace")
                first = lines(r["path"])[r["line"] - 1].decode(errors="replace")
            except (OSError, IndexError):
                problems.append("%s:%d does not exist" % (r["path"], r["line"]))
                continue
            before = b"\n".join(lines(r["path"])[max(0, r["line"] - 6):r["line"] - 1]).decode(errors="replace")  # git log: the date stands above the text
            have = times(first) or times(text) + times(before)
            if have and not any(abs(t - when(r["time"])) <= 1.01 for t in have):
                problems.append("%s:%d is not of %s: %s" % (r["path"], r["line"], r["time"], first[:120]))


def quoted(cause, e):
    """What the evidence's text says that one of its lines must hold: versions, statements' tables, processes, exceptions."""
    out = []
    if cause["kind"] == "deploy":
        version = cause["subject"].split()[-1]
        if version in e["text"]:
            out.append(version)
    if cause["kind"] == "lock_contention":
        out += re.findall(r"process (\d+)", e["text"])
    if cause["kind"] == "slow_query" and "statement" in e["text"]:
        out += [w for w in re.findall(r"\w+", cause["subject"])]
    if cause["kind"] == "app_error" and re.fullmatch(r"[\w.$]+", cause["subject"]):
        out.append(cause["subject"])
    return out


def check_quotes(cause, problems):
    """A line in refs holds the time and the version, statement or id that its evidence quotes."""
    for e in cause["evidence"]:
        if not e["refs"]:
            continue
        try:
            near = [b"\n".join(lines(r["path"])[max(0, r["line"] - 3):r["line"] + 40]).decode(errors="replace").lower() for r in e["refs"]]
        except (OSError, IndexError):
            continue
        for word in quoted(cause, e):
            if not any(word.lower() in text for text in near):
                problems.append("no line near %s:%d holds %r, which is quoted: %s" % (e["refs"][0]["path"], e["refs"][0]["line"], word, e["text"][:120]))
        clock = re.search(r"\bat (\d\d:\d\d:\d\d)", e["text"])
        if clock and e["kind"] == "precedence":
            day = e["refs"][0]["time"][:11]
            said = when(day + clock[1] + "Z")
            if min(abs(when(r["time"]) - said) for r in e["refs"]) > 5:
                problems.append("no line cited is of %s, which is quoted: %s" % (clock[1], e["text"][:120]))


def words(c):
    return " ".join(str(x) for x in [c["subject"], c["service"]] + [l["subject"] for l in c["chain"]]).lower()


def check(rca, case):
    truth = json.load(open(case + "/truth.json"))
    window = truth["window"]["start"] + ".." + truth["window"]["end"]
    logs = case + "/logs"
    first = run(rca, window, [logs])
    doc, problems = json.loads(first), []
    parts = sorted(os.path.join(logs, d) for d in os.listdir(logs))
    if not run(rca, window, parts) == run(rca, window, parts[::-1]):
        problems.append("the order of PATHs changes the answer")
    if run(rca, window, [logs]) != first:
        problems.append("two runs differ")
    timeline = json.loads(subprocess.run([rca, "timeline", "--window", window, "--format", "json", logs], stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout)
    check_refs([dict(e, kind="prior") for e in timeline["events"]], problems)
    if [e["time"] for e in timeline["events"]] != sorted(e["time"] for e in timeline["events"]):
        problems.append("the timeline is not in order")
    if doc["schema"] != "rca.report/1" or list(doc) != ["schema", "degraded", "window", "incidents", "checked", "sources", "notes"]:
        problems.append("members of the document: %s" % list(doc))
    if not truth["incident"] and doc["incidents"]:
        problems.append("a healthy window alarms: %s" % doc["incidents"][0]["symptom"]["summary"])
    for inc in doc["incidents"]:
        total = sum(c["confidence"] for c in inc["causes"])
        if abs(total - 1) > 0.01:
            problems.append("confidences add up to %.3f" % total)
        if [c["rank"] for c in inc["causes"]] != list(range(1, len(inc["causes"]) + 1)):
            problems.append("ranks %s" % [c["rank"] for c in inc["causes"]])
        verdict = {v["kind"]: v["verdict"] for v in inc["ruled_out"]}
        if list(verdict) != SUSPECTS:
            problems.append("suspects %s" % list(verdict))
        for c in inc["causes"]:
            if c["kind"] not in KINDS or verdict.get(c["kind"]) == "ruled_out":
                problems.append("cause of kind %s" % c["kind"])
            check_refs(c["evidence"], problems)
            check_quotes(c, problems)
        for v in inc["ruled_out"]:
            check_refs(v["evidence"], problems)
        for k in {r["kind"] for r in truth.get("root", [])} | set(truth.get("must_not_rule_out", [])):
            if verdict.get(k) == "ruled_out":
                problems.append("%s is true and ruled out" % k)
        top = inc["causes"][0]
        if truth.get("root") and not any(top["kind"] in [r["kind"]] + r.get("also_ok", []) and all(m.lower() in words(top) for m in r.get("match", [])) for r in truth["root"]):
            problems.append("rank 1 is %s %s" % (top["kind"], top["subject"]))
    if truth["incident"] and not doc["incidents"]:
        problems.append("the incident is not found")
    return problems


def main():
    rca, bad, done = os.path.abspath(sys.argv[1]), 0, 0
    for folder in sys.argv[2:]:
        if not os.path.isdir(folder):
            print("skipped: no %s" % os.path.basename(folder))
            continue
        for name in sorted(os.listdir(folder)):
            case = os.path.join(folder, name)
            if not os.path.exists(case + "/truth.json"):
                continue
            try:
                problems = check(rca, case)
            except (AssertionError, ValueError, KeyError) as e:
                problems = ["%s: %s" % (type(e).__name__, e)]
            done += 1
            bad += bool(problems)
            print("%-24s %s" % (name, "ok" if not problems else "\n  ".join([""] + problems[:8])))
    print("%d cases, %d wrong" % (done, bad))
    return 1 if bad else 0


sys.exit(main())
